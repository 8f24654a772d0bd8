skip_if_not_installed("ggplot2")

fit_of_groups <- function(k = 4) dmn(clear_groups(), k, seed = 1, nstart = 1)

# Draws a plot into nothing. A warning fails the test.
expect_draws <- function(plot) {
    expect_s3_class(plot, "ggplot")
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_silent(ggplot2::ggplotGrob(plot))
}

metadata <- function(...) {
    ggplot2::autoplot(..., what = "metadata")
}

test_that("bars are the shares of the components in each value", {
    fit <- dmn(small_twins(), 2, seed = 1, nstart = 1)
    componentLabels(fit) <- c("A", "B")
    bmi <- twinsBMI[1:40]
    bmi[c(2, 9)] <- NA
    p <- metadata(fit, data = bmi)
    expect_draws(p)
    assigned <- mixture(fit, assign = TRUE)
    expect_identical(levels(p$data$component), c("A", "B"))
    for (i in seq_len(nrow(p$data))) {
        row <- p$data[i, ]
        here <- if (row$level == "missing") is.na(bmi) else
            bmi %in% row$level
        expect_equal(row$n, sum(here))
        expect_equal(row$count, sum(here & assigned == row$component))
        expect_equal(row$share, row$count / row$n)
    }
    expect_equal(sum(p$data$count), 40)
    expect_match(gsub("\n", " ", p$labels$caption),
        "2 samples without a value: not in the test")
    # the numbers are in the middle of their segments
    a <- p$data[p$data$component == "A", ]
    expect_equal(a$middle, a$share / 2)
    b <- p$data[p$data$component == "B", ]
    expect_equal(b$middle, a$share + b$share / 2)
})

test_that("character and logical vectors are factors", {
    fit <- fit_of_groups()
    x <- rep(c("u", "v"), 20)
    a <- metadata(fit, data = x)
    expect_identical(a$data, metadata(fit, data = factor(x))$data)
    l <- metadata(fit, data = x == "v")
    expect_identical(l$data$count, a$data$count)
    expect_identical(levels(l$data$level), c("FALSE", "TRUE"))
    # a value that is called "missing" is not what is missing
    both <- metadata(fit, data = rep(c("missing", NA), 20))
    expect_identical(levels(both$data$level), c("missing", "missing.1"))
})

test_that("the chi-squared test is R's", {
    set.seed(1)
    component <- factor(sample(3, 200, TRUE))
    value <- factor(sample(c("a", "b", "c"), 200, TRUE))
    found <- .metadata_test(component, value)
    expected <- chisq.test(table(component, value))
    expect_equal(found$statistic, unname(expected$statistic))
    expect_equal(found$p, expected$p.value)
    expect_equal(found$df, 4)
    expect_match(found$text, "^Chi-squared test: X2 = .*, df = 4, p = 0")
    # without Yates's correction
    two <- .metadata_test(factor(component == 1), factor(value == "a"))
    expect_equal(two$p, chisq.test(component == 1, value == "a",
        correct = FALSE)$p.value)
})

test_that("small counts have a Monte Carlo p-value near the exact one", {
    component <- factor(rep(1:2, c(8, 6)))
    value <- factor(c("a", "a", "a", "a", "a", "a", "b", "b",
        "a", "b", "b", "b", "b", "b"))
    set.seed(5)
    before <- .Random.seed
    found <- .metadata_test(component, value)
    expect_identical(.Random.seed, before)
    expect_identical(.metadata_test(component, value), found)
    expect_match(found$text, "Monte Carlo p =")
    # for a 2 x 2 table with these margins, chi-squared orders the tables as
    # the number of a's in component 1 does on either side
    a <- 1:7
    chi <- vapply(a, function(n) {
        x <- matrix(c(n, 7 - n, 8 - n, n - 1), 2)
        suppressWarnings(chisq.test(x, correct = FALSE)$statistic)
    }, numeric(1))
    exact <- sum(dhyper(a, 8, 6, 7)[chi >= chi[[6]] - 1e-8])
    expect_lt(abs(found$p - exact), 4 * sqrt(exact * (1 - exact) / 9999))
})

test_that("samples without a value are not in the tests", {
    component <- factor(rep(1:3, each = 20))
    value <- factor(rep(c("a", "b", "b"), 20))
    number <- as.numeric(seq_along(component) %% 7)
    gone <- c(3, 30, 31)
    expect_identical(.metadata_test(component, replace(value, gone, NA)),
        .metadata_test(component[-gone], value[-gone]))
    expect_identical(.metadata_test(component, replace(number, gone, NA)),
        .metadata_test(component[-gone], number[-gone]))
})

test_that("numbers are drawn by component, with the Kruskal-Wallis test", {
    fit <- fit_of_groups()
    age <- replace(as.numeric(1:40), 7, NA)
    p <- metadata(fit, data = age)
    expect_draws(p)
    assigned <- mixture(fit, assign = TRUE)
    expect_equal(p$data$value, age[-7])
    expect_equal(p$data$sample, (1:40)[-7])
    expect_equal(as.integer(p$data$component), unname(assigned[-7]))
    found <- .metadata_test(factor(assigned), age)
    expected <- kruskal.test(age, assigned)
    expect_equal(found$p, expected$p.value)
    expect_match(p$labels$subtitle, "^Kruskal-Wallis test: H = .*, df = 3, p ")
    expect_match(gsub("\n", " ", p$labels$caption),
        "1 sample without a value: left out")
})

test_that("drawing jitters the points without touching R's generator", {
    p <- metadata(fit_of_groups(), data = as.numeric(1:40))
    set.seed(1)
    before <- .Random.seed
    expect_draws(p)
    expect_identical(.Random.seed, before)
})

test_that("more than 1,000 samples are drawn as densities", {
    x <- clear_groups()[rep(1:40, 30), ]
    fit <- dmn(x, 4, seed = 1, nstart = 1)
    value <- as.numeric(seq_len(1200))
    # a component with one value has no density
    value[mixture(fit, assign = TRUE) == 2] <- 3
    p <- metadata(fit, data = value)
    expect_draws(p)
    expect_match(p$labels$caption, "Outlines: densities")
    violins <- p$layers[[1]]$data
    expect_false("2" %in% violins$component)
})

test_that("degenerate variables and fits have a plot without a test", {
    fit <- fit_of_groups()
    one <- dmn(clear_groups(), 1, seed = 1)
    for (data in list(rep("a", 40), rep(3, 40))) {
        p <- metadata(fit, data = data)
        expect_draws(p)
        expect_identical(p$labels$subtitle, "No test: all values are equal")
    }
    for (data in list(rep(c("a", "b"), 20), 1:40)) {
        p <- metadata(one, data = data)
        expect_draws(p)
        expect_match(p$labels$subtitle, "No test: .* in one component")
    }
    alone <- dmn(rbind(c(3, 4, 5)), 1, seed = 1)
    expect_draws(metadata(alone, data = "a"))
    expect_draws(metadata(alone, data = 1))
    expect_draws(metadata(fit, data = c(1, rep(NA, 39))))
})

test_that("12 components with long labels are drawn", {
    fit <- suppressWarnings(dmn(clear_groups(), 12, seed = 1, nstart = 1))
    componentLabels(fit) <- strrep(letters[1:12], 60)
    p <- metadata(fit, data = rep(c("a", "b"), 20))
    expect_draws(p)
    expect_identical(levels(p$data$component), strrep(letters[1:12], 60))
    expect_draws(metadata(fit, data = 1:40))
})

test_that("the most frequent values are shown, and all are tested", {
    fit <- fit_of_groups()
    x <- factor(paste0("g", rep(1:20, 2)))
    x[1:3] <- "g19"
    p <- metadata(fit, data = x, nlevels = 2)
    expect_draws(p)
    expect_identical(levels(p$data$level), c("g10", "g19"))
    expect_match(p$labels$caption, "2 most frequent of 20")
    expect_identical(p$labels$subtitle, metadata(fit, data = x)$labels$subtitle)
})

test_that("variables are taken out of containers by name", {
    fit <- dmn(small_twins(), 2, seed = 1, nstart = 1)
    bmi <- twinsBMI[1:40]
    plain <- metadata(fit, data = bmi)$data
    table <- data.frame(age = 1:40, bmi = unname(bmi),
        row.names = rownames(small_twins()))
    p <- metadata(fit, data = table, variable = "bmi")
    expect_identical(p$data, plain)
    expect_identical(p$labels$title, "Components by bmi")
    expect_identical(metadata(fit, data = S4Vectors::DataFrame(table),
        variable = "bmi")$data, plain)
    expect_error(metadata(fit, data = table), paste("'variable' must be one",
        "of \"age\", \"bmi\"; found NULL"))
    expect_error(metadata(fit, data = table, variable = "x"), "found \"x\"")
    expect_error(metadata(fit, data = bmi, variable = "x"),
        "'data' is an object of class \"factor\"")
    expect_error(metadata(fit, data = table[40:1, ], variable = "bmi"),
        "another order .* pass data\\[rownames\\(mixture\\(object\\)\\), \\]")
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(
        list(counts = t(small_twins())),
        colData = S4Vectors::DataFrame(table))
    expect_identical(metadata(fit, data = se, variable = "bmi")$data, plain)
})

test_that("variables that cannot be used are refused", {
    fit <- fit_of_groups()
    expect_error(metadata(fit), "'data' is missing")
    expect_error(metadata(fit, data = 1:39),
        "each of the 40 samples of the fit; found 39 values")
    expect_error(metadata(fit, data = list(1)), "must be a factor or .*list")
    expect_error(metadata(fit, data = NULL), "found NULL")
    expect_error(metadata(fit, data = matrix(0, 40, 2)), "a 40 x 2 matrix")
    expect_error(metadata(fit, data = Sys.Date() + 1:40), "\"Date\"")
    expect_error(metadata(fit, data = c(Inf, 2:40)), "finite or NA; found Inf")
    expect_error(metadata(fit, data = rep(NA, 40)), "all are NA")
    expect_error(metadata(fit, data = 1:40, nlevels = 0), "'nlevels'")
    named <- dmn(small_twins(), 2, seed = 1, nstart = 1)
    expect_error(metadata(named, data = rev(twinsBMI[1:40])),
        "pass data\\[rownames\\(mixture\\(object\\)\\)\\]")
})

test_that("p-values are written with two digits and no exponent", {
    expect_identical(.p_text(0.03456), "= 0.035")
    expect_identical(.p_text(0.00012), "= 0.00012")
    expect_identical(.p_text(1e-5), "< 0.0001")
    expect_identical(.p_text(1), "= 1")
})

test_that("numbers in bars are read on their colours", {
    expect_identical(.ink_on(c("#FFFFFF", "#332288", "#F0E442")),
        c("black", "white", "black"))
})

test_that("the pictures are as before", {
    skip_if_not_installed("vdiffr")
    fit <- fit_of_groups()
    value <- rep(c("lean", "obese", NA), c(12, 24, 4))
    vdiffr::expect_doppelganger("metadata, factor", metadata(fit, data = value))
    vdiffr::expect_doppelganger("metadata, number",
        metadata(fit, data = as.numeric(1:40)^1.5))
})
