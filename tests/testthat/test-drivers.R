fit <- dmn(small_twins(), 3, seed = 1)
one <- dmn(small_twins(), 1, seed = 1)

test_that("drivers() agrees with a table computed step by step", {
    p0 <- fitted(one, scale = TRUE)
    p <- fitted(fit, scale = TRUE)
    diff <- rowSums(abs(p - as.vector(p0)))
    o <- order(diff, decreasing = TRUE)
    table <- drivers(fit, one, n = 5)
    expect_identical(table$taxon, rownames(p)[o][1:5])
    expect_equal(table$difference, unname(diff[o][1:5]))
    expect_equal(table$cumulative, unname(cumsum(diff[o]) / sum(diff))[1:5])
    expect_equal(table$reference, unname(p0[o[1:5], 1]))
    expect_equal(table$mean.2, unname(p[o[1:5], 2]))
    theta <- mixturewt(fit)$theta
    expect_equal(table$upper.3,
        pmin(unname(fit@fit$Upper[o[1:5], 3] / theta[3]), 1))
    expect_true(all(table$lower.1 <= table$mean.1))
})

test_that("the reference may be the mean, a component or another fit", {
    all <- drivers(fit, n = 1000)
    expect_identical(nrow(all), nrow(fitted(fit)))
    expect_equal(all$cumulative[nrow(all)], 1)
    p <- fitted(fit, scale = TRUE)
    expect_equal(all$reference,
        unname(drop(p %*% fit@mixture$Weight))[match(all$taxon,
            rownames(p))])
    expect_equal(drivers(fit, 2)$reference, drivers(fit, 2)$mean.2)
    x <- small_twins()
    shuffled <- dmn(x[, rev(seq_len(ncol(x)))], 1, seed = 1)
    expect_equal(drivers(fit, shuffled), drivers(fit, one),
        tolerance = 1e-6)
    labelled <- fit
    componentLabels(labelled) <- c("a", "b", "c")
    expect_equal(unname(as.list(drivers(labelled, "b"))),
        unname(as.list(drivers(fit, 2))))
    expect_identical(unique(drivers(one)$difference), 0)
})

test_that("fits that cannot be compared are refused", {
    expect_error(drivers(1), "must be a fit")
    expect_error(drivers(fit, 4), "'reference' must be NULL")
    expect_error(drivers(fit, fit), "must have one component; found 3")
    expect_error(drivers(fit, dmn(twins, 1, seed = 1)), "the taxa of 'object'")
    expect_error(drivers(fit, n = 0), "'n'")
})

test_that("upper limits of proportions are at most 1", {
    wide <- fit
    wide@fit$Upper[] <- wide@fit$Estimate * 1e6
    table <- drivers(wide, n = 1000)
    expect_identical(unique(table$upper.1), 1)
    expect_true(all(table$lower.1 >= 0))
})

test_that("component labels name the columns", {
    fit <- dmn(twins[1:60, ], 2, seed = 1)
    plain <- drivers(fit, n = 3)
    componentLabels(fit) <- c("P", "Q")
    labelled <- drivers(fit, n = 3)
    expect_true(all(c("mean.P", "upper.Q") %in% names(labelled)))
    expect_identical(unname(as.list(plain)), unname(as.list(labelled)))
})

test_that("fits with one taxon are compared by its name", {
    x <- matrix(c(5L, 3L, 8L), 3, dimnames = list(NULL, "a"))
    fit <- dmn(x, 1, seed = 1)
    bare <- dmn(unname(x), 1, seed = 1)
    for (reference in list(NULL, fit, bare))
        expect_identical(drivers(fit, reference)$reference, 1)
    expect_identical(drivers(bare, fit)$taxon, "1")
    colnames(x) <- "b"
    expect_error(drivers(fit, dmn(x, 1, seed = 1)), "lacks taxa .*: 'a'")
})

test_that("taxa that share a name keep their own reference", {
    x <- twins[1:60, ]
    colnames(x)[c(21L, 124L)] <- "same"
    object <- dmn(x, 2, seed = 1)
    reference <- dmn(x, 1, seed = 1)
    table <- drivers(object, reference, n = 1000)
    expect_setequal(table$reference,
        unname(fitted(reference, scale = TRUE)[, 1L]))
    expect_error(drivers(object, dmn(x[, 130:1], 1, seed = 1)),
        "another order.*share a name: 'same'")
})

test_that("a table is printed in per cent, within the width of the page", {
    printed <- function(x, ...) capture.output(print(x, ...))
    set.seed(1)
    x <- rdmn(60, cbind(c(5, 1, 3, 2), c(1, 6, 2, 2)), size = 300)
    colnames(x) <- paste(strrep("a", 60), 1:4)
    two <- drivers(dmn(x, 2, seed = 1))
    lines <- printed(two)
    expect_lte(max(nchar(lines)), 80)
    expect_match(lines[[1]], "4 taxa in the reference")
    # one row for each taxon, with the interval of each component
    rows <- tail(lines, 4)
    numbers <- regmatches(rows, gregexpr("[0-9]+\\.[0-9]", rows))
    percent <- function(i) sprintf("%.1f", 100 * unlist(two[i, c("reference",
        "mean.1", "lower.1", "upper.1", "mean.2", "lower.2", "upper.2",
        "cumulative")]))
    for (i in 1:4)
        expect_identical(numbers[[i]], percent(i))
    expect_match(printed(two, digits = 3), sprintf("%.3f",
        100 * two$mean.1[[1]]), fixed = TRUE, all = FALSE)
    # the intervals give way to other components
    many <- drivers(suppressWarnings(dmn(x, 12, seed = 1)))
    lines <- printed(many)
    expect_lte(max(nchar(lines)), 80)
    expect_length(lines, 4 + 1 + 1 + 1)
    expect_no_match(lines, "interval|cum")
    expect_invisible(print(two))
    # parts
    expect_length(printed(two[2:3, ]), length(printed(two)) - 2L)
    expect_match(printed(two["taxon"]), "taxon$", all = FALSE)
    expect_match(printed(two[0L, ]), "<0 rows>", all = FALSE)
})
