skip_if_not_installed("ggplot2")

table <- ref_table()
x <- table$x
fit <- dmn(x, 2, seed = 1)

# The keys of a plot: the titles of its guides.
keys <- function(plot) {
    scales <- ggplot2::ggplot_build(plot)$plot$scales$scales
    guided <- Filter(function(scale) !identical(scale$guide, "none") &&
        grepl("^fill", scale$aesthetics[[1L]]), scales)
    vapply(guided, function(scale) as.character(scale$name), "")
}

# The values of the bar with an aesthetic, from left to right.
bar <- function(plot, aesthetic) {
    has <- vapply(plot$layers, function(layer) {
        aesthetic %in% names(layer$mapping)
    }, NA)
    data <- plot$layers[[which(has)]]$data
    expect_false(is.unsorted(data$x, strictly = TRUE))
    data$value
}

test_that("the cells are proportions, sorted by component and certainty", {
    data <- autoplot.DMN(fit, "heatmap", count = x, taxa = 4)$data
    expect_identical(nrow(data), 40L * 4L)
    z <- unname(fit@group)
    expected <- do.call(rbind, lapply(1:2, function(k) {
        own <- which(apply(z, 1, which.max) == k)
        cbind(own[order(z[own, 3 - k])], k)
    }))
    first <- data[seq_len(40), ]
    expect_identical(first$sample, rownames(x)[expected[, 1]])
    expect_identical(as.integer(first$component), as.integer(expected[, 2]))
    # a free place between the components
    n1 <- sum(expected[, 2] == 1)
    expect_equal(first$x, c(seq_len(n1), (n1 + 2):41))

    expect_identical(unique(data$taxon), drivers(fit, n = 4)$taxon)
    expect_identical(unique(data$y), 4:1)
    proportion <- x / rowSums(x)
    expect_equal(data$proportion,
        unname(proportion[cbind(data$sample, data$taxon)]))
    expect_equal(data$shade, sqrt(data$proportion))
})

test_that("proportions are of all counts of a sample", {
    wide <- cbind(x, rare = 1L)
    data <- .plot_heatmap(fit, wide, missing.taxa = "zero") |>
        suppressMessages()
    one <- data$data[data$data$sample == "s1", ]
    expect_equal(sum(one$proportion), 1)
    expect_error(.plot_heatmap(fit, wide), "unknown to the fit: 'rare'")
})

test_that("logarithms of 0 are those of half the smallest proportion", {
    data <- .plot_heatmap(fit, x, transform = "log")$data
    least <- min(data$proportion[data$proportion > 0])
    expect_true(any(data$proportion == 0))
    expect_equal(data$shade,
        ifelse(data$proportion > 0, log10(data$proportion), log10(least / 2)))
    shades <- .shades(c(0, 1e-9, 0.2), "log")
    expect_equal(shades$shade, c(-6, -6, log10(0.2)))
    expect_identical(shades$labels, c("0", "0.01 %", "0.1 %", "1 %", "10 %"))
    expect_identical(.shades(c(0, 0.7), "sqrt")$labels,
        c("0 %", "4 %", "16 %", "36 %", "64 %"))
    # nothing but zeros, or but one value
    for (p in list(c(0, 0), 1, 0.3)) for (how in c("sqrt", "log")) {
        shades <- .shades(p, how)
        expect_true(all(is.finite(unlist(shades[c("shade", "breaks")]))))
        expect_identical(length(shades$breaks), length(shades$labels))
        expect_lt(shades$limits[[1]], shades$limits[[2]])
    }
})

test_that("samples above the limit are drawn as means of neighbours", {
    columns <- .heatmap_columns(fit, 10)
    size <- tabulate(.assigned(fit))
    expect_identical(columns$per_bin, 4)
    expect_identical(length(columns$size), sum(ceiling(size / 4)) |>
        as.integer())
    expect_identical(sum(columns$size), 40L)
    share <- (x / rowSums(x))[, 1:2]
    cells <- .heatmap_cells(share, columns, c("1", "2"), c("a", "b"))
    for (i in seq_along(columns$size)) {
        own <- columns$order[columns$bin == i]
        expect_identical(unique(.assigned(fit)[own]), columns$component[[i]])
        two <- cells[c(i, i + length(columns$size)), ]
        expect_equal(two$proportion, unname(colMeans(share[own, ,
            drop = FALSE])))
        expect_identical(two$sample, rep(rownames(x)[own[[1]]], 2))
    }
    value <- factor(rep(c("u", "v", NA, "v"), 10))
    number <- c(NA, 1:39)
    levels <- .bin_values(value, columns)
    means <- .bin_values(number, columns)
    for (i in seq_along(columns$size)) {
        own <- columns$order[columns$bin == i]
        counts <- table(value[own])
        expect_equal(counts[[as.character(levels[[i]])]], max(counts))
        expect_equal(means[[i]], mean(number[own], na.rm = TRUE))
    }
    expect_identical(.bin_values(rep(NA_real_, 40), columns),
        rep(NA_real_, length(columns$size)))
    expect_true(all(is.na(.bin_values(factor(rep(NA, 40)), columns))))
})

test_that("the caption says how many samples and taxa are shown", {
    caption <- function(...) gsub("\n", " ", .plot_heatmap(...)$labels$caption)
    expect_match(caption(fit, x, taxa = 4),
        "^40 samples, .* 4 of 6 taxa, those that differ most")
    expect_match(caption(fit, x), "by its probability. 6 taxa.$")
    many <- .heatmap_columns(fit, 10)
    expect_match(gsub("\n", " ", .heatmap_caption(fit, many, x, list())),
        "a column is the mean of up to 4. 6 taxa")
})

test_that("bars show sample variables in the order of the columns", {
    data <- data.frame(sex = rep(c("m", "f"), 20), age = c(NA, 2:40),
        component = rep(c(TRUE, FALSE), each = 20))
    plot <- .plot_heatmap(fit, x, data)
    order <- match(plot$data$sample[1:40], rownames(x))
    expect_identical(bar(plot, "fill_component"), plot$data$component[1:40])
    expect_identical(bar(plot, "fill_1"), factor(data$sex)[order])
    expect_identical(bar(plot, "fill_2"), as.double(data$age)[order])
    expect_identical(bar(plot, "fill_3"), factor(data$component)[order])
    expect_identical(keys(plot), c("proportion", "sex", "age", "component"))
    expect_match(plot$labels$caption, "Grey: no value", fixed = TRUE)
    builds(plot)
    # their colours can be changed
    builds(suppressMessages(plot + ggplot2::scale_fill_manual(
        aesthetics = "fill_1", values = c(m = "red", f = "blue"))))

    labelled <- fit
    componentLabels(labelled) <- c("Bacteroides", "Prevotella")
    expect_identical(keys(.plot_heatmap(labelled, x)),
        c("proportion", "component"))
})

test_that("sample variables come from a table or from the container", {
    data <- data.frame(age = 1:40, row.names = rownames(x))
    expected <- bar(.plot_heatmap(fit, x, data), "fill_1")
    as_given <- function(count, data) {
        expect_identical(bar(.plot_heatmap(fit, count, data), "fill_1"),
            expected)
    }
    as_given(x, as.matrix(data))
    as_given(as_sparse(x), S4Vectors::DataFrame(data))
    if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
        se <- SummarizedExperiment::SummarizedExperiment(
            list(counts = t(x)), colData = data)
        as_given(se, "age")
        expect_error(.plot_heatmap(fit, se, "sex"),
            "'data' must be sample variables of 'count', 'age'; found 'sex'")
    }
    if (requireNamespace("phyloseq", quietly = TRUE)) {
        ps <- phyloseq::phyloseq(phyloseq::otu_table(x, FALSE),
            phyloseq::sample_data(data))
        as_given(ps, "age")
    }
})

test_that("rare levels are put together", {
    many <- factor(rep(letters[1:20], 20:1))
    lumped <- .as_note(many, "many")
    expect_identical(levels(lumped), c(letters[1:8], "12 others"))
    expect_identical(sum(lumped == "12 others"), sum(12:1))
    # a level that has the name already stays
    levels(many)[[1]] <- "12 others"
    expect_identical(levels(.as_note(many, "many")),
        c("12 others", letters[2:8], "12 others.1"))
    expect_identical(.as_note(c(1, Inf, NaN), "x"), c(1, NA, NA))
    expect_identical(levels(.as_note(factor("b", c("a", "b")), "x")), "b")
})

test_that("plots of unusual fits are built", {
    one <- matrix(c(3L, 5L, 0L), 1, dimnames = list("a", c("x", "y", "z")))
    fit1 <- dmn(one, 1, seed = 1)
    data <- data.frame(all_na = NA_real_, none = NA, constant = 2)
    for (how in c("sqrt", "log"))
        builds(.plot_heatmap(fit1, one, data, transform = how))
    builds(.plot_heatmap(dmn(one[, 1, drop = FALSE], 1, seed = 1),
        one[, 1, drop = FALSE]))

    bare <- unname(x)
    builds(.plot_heatmap(suppressWarnings(dmn(bare, 12, seed = 1)), bare))
    plot <- .plot_heatmap(dmn(bare, 1, seed = 1), bare, taxa = 2)
    expect_identical(unique(plot$data$taxon),
        as.character(order(-fitted(dmn(bare, 1, seed = 1)))[1:2]))
    builds(plot)
    # a component without samples
    moved <- fit
    moved@group[] <- rep(c(1, 0), each = 40)
    builds(.plot_heatmap(moved, x))
})

test_that("bad arguments are refused", {
    expect_error(autoplot.DMN(fit, "heatmap"), "'count' is missing")
    expect_error(.plot_heatmap(fit, x[-1, ]),
        "samples of 'object' .* found 39 rows for 40 samples")
    expect_error(.plot_heatmap(fit, x / 2), "must be whole numbers")
    expect_error(.plot_heatmap(fit, x, taxa = 0), "'taxa' must be one whole")
    expect_error(.plot_heatmap(fit, x, transform = "cube"), "\"sqrt\", \"log\"")
    expect_error(.plot_heatmap(fit, x, 1:40),
        "'data' must be a data.frame, matrix or DataFrame; found a numeric")
    expect_error(.plot_heatmap(fit, x, "age"), "found a 40 x 6 matrix")
    expect_error(.plot_heatmap(fit, x, data.frame(a = 1:3)),
        "a row for each of the 40 samples; found 3 rows")
    expect_error(.plot_heatmap(fit, x, data.frame(a = 1:40,
        row.names = rev(rownames(x)))), "in another order")
    expect_error(.plot_heatmap(fit, x, data.frame(day = rep(Sys.Date(), 40))),
        "found an object of class \"Date\" in 'day'")
    expect_error(autoplot.DMN(fit, "heatmap", count = x, ntaxa = 3),
        "no argument 'ntaxa'; did you mean 'taxa'")
})

test_that("the picture stays as it is", {
    skip_if_not_installed("vdiffr")
    # other versions place text and keys differently
    skip_if_not(utils::packageVersion("ggplot2") < "3.5.0")
    data <- data.frame(sex = rep(c("m", "f", NA, "f"), 10), age = 1:40)
    vdiffr::expect_doppelganger("heat map", .plot_heatmap(fit, x, data))
})
