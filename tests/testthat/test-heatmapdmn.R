# Draws on a null device, and expects that heatmapdmn() restores the graphical
# parameters. Returns its value.
draw <- function(...) {
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    before <- graphics::par("mar", "mfrow")
    value <- heatmapdmn(...)
    expect_identical(graphics::par("mar", "mfrow"), before)
    value
}

test_that("taxa are in order of difference, samples by component", {
    fits <- lapply(c(1, 4), dmn, count = twins, seed = 1)
    found <- draw(twins, fits[[1]], fits[[2]], 30)
    difference <- rowSums(abs(fitted(fits[[2]], scale = TRUE) -
        as.vector(fitted(fits[[1]], scale = TRUE))))
    expect_identical(found$taxa,
        names(sort(difference, decreasing = TRUE))[1:30])
    expect_identical(found$taxa[1:4],
        c("Bacteroides", "Uknown", "Faecalibacterium", "Prevotella"))
    assigned <- mixture(fits[[2]], assign = TRUE)
    expect_identical(unname(found$samples),
        lapply(1:4, function(k) names(assigned)[assigned == k]))
    # columns in another order, and a sparse table
    expect_identical(draw(as_sparse(twins[, 130:1]), fits[[1]], fits[[2]]),
        found)
})

test_that("tables without names, few taxa and one component can be drawn", {
    x <- unname(small_twins())
    one <- dmn(x, 1, seed = 1)
    two <- dmn(x, 2, seed = 1)
    expect_type(draw(x, one, two, 10)$taxa, "integer")
    expect_length(draw(x, one, two, 1000)$taxa, ncol(x))
    expect_length(draw(x, one, two, 1, transform = log1p)$taxa, 1)
    found <- draw(x, one, one, 5, lblwidth = 3, col = c("white", "black"))
    expect_identical(found$taxa, order(fitted(one), decreasing = TRUE)[1:5])
    expect_identical(unname(found$samples), list(1:40))
})

test_that("a component without samples can be drawn", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1)
    three <- dmn(x, 2, seed = 1)
    three@group <- cbind(three@group, 0)
    three@mixture$Weight <- c(three@mixture$Weight, 0)
    three@fit <- lapply(three@fit, function(m) cbind(m, m[, 1]))
    found <- draw(x, one, three)
    expect_length(found$samples, 3)
    expect_length(found$samples[[3]], 0)
    componentLabels(three) <- c("x", "y", "z")
    expect_identical(names(draw(x, one, three)$samples), c("x", "y", "z"))
})

test_that("labels are drawn, numbers of components are not", {
    x <- small_twins()
    colnames(x) <- paste0("t", seq_len(ncol(x)))
    one <- dmn(x, 1, seed = 1)
    two <- dmn(x, 2, seed = 1)
    # the words of the picture
    words <- function(fit) {
        file <- tempfile(fileext = ".pdf")
        on.exit(unlink(file))
        grDevices::pdf(file, compress = FALSE, useKerning = FALSE)
        found <- heatmapdmn(x, one, fit, 5)
        grDevices::dev.off()
        text <- grep("Tj$", readLines(file, warn = FALSE), value = TRUE)
        setdiff(sub(".*\\((.*)\\) *Tj$", "\\1", text), found$taxa)
    }
    expect_identical(words(two), character())
    componentLabels(two) <- c("x", "y")
    expect_identical(words(two), c("x", "y"))
})

test_that("names are written as small as their room needs", {
    undrawn({
        graphics::plot.new()
        for (old in c(1, 0.66)) {
            graphics::par(cex = old)
            text <- c("a name", "a longer name")
            size <- .fitting_size(text, 0.5, 1)
            expect_lt(size, 1)
            expect_equal(max(strwidth(text, "inches", size / old)), 0.45,
                tolerance = 0.1)
            expect_identical(.fitting_size(text, 5, 0.7), 0.7)
            expect_identical(.fitting_size(text, -1, 0.7), 0.3)
        }
    })
})

test_that("fits, tables and settings that cannot be drawn are refused", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1)
    two <- dmn(x, 2, seed = 1)
    expect_error(heatmapdmn(x, two, two),
        "'fit1' must be a fit of one component, .* found 2 components")
    expect_error(heatmapdmn(x, one, list(two)), "'fitN' must be a fit made by")
    expect_error(heatmapdmn(x[-1, ], one, two),
        "must have the samples of 'fitN' .* found 39 rows for 40 samples")
    expect_error(heatmapdmn(x[c(1, 3, 2, 4:40), ], one, two),
        sprintf("in the same order; found '%s' in place of '%s' in row 2",
            rownames(x)[[3]], rownames(x)[[2]]))
    expect_error(heatmapdmn(x[, -1], one, two), "'count' lacks 1 taxon")
    expect_error(heatmapdmn(x, dmn(x[, -1], 1, seed = 1), two),
        "must have the same taxa")
    expect_error(heatmapdmn(x, one, two, 0), "'ntaxa' must be")
    expect_error(heatmapdmn(x, one, two, transform = "sqrt"), "'transform'")
    expect_error(heatmapdmn(x, one, two, lblwidth = 0), "'lblwidth' must be")
    expect_error(heatmapdmn(x, one, two, labelwidth = 2), "'lblwidth'")
})

test_that("the table before rare taxa were removed can be drawn", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1)
    two <- dmn(x, 2, seed = 1)
    raw <- twins[1:40, ]
    expect_error(draw(raw, one, two), "unknown to the fit")
    expect_message(found <- draw(raw, one, two, missing.taxa = "zero"),
        sprintf("'count' has %d taxa unknown", ncol(raw) - ncol(x)))
    expect_identical(found, draw(x, one, two))
})
