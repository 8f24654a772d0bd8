test_that("accessors return values of the documented shapes", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    expect_identical(dimnames(mixture(fit)), list(rownames(x), c("1", "2")))
    expect_identical(dim(mixture(fit)), c(nrow(x), 2L))
    expect_identical(dimnames(fitted(fit)), list(colnames(x), c("1", "2")))
    expect_identical(dim(fitted(fit)), c(ncol(x), 2L))
    weight <- mixturewt(fit)
    expect_identical(names(weight), c("pi", "theta"))
    expect_identical(rownames(weight), c("1", "2"))
    expect_identical(weight$pi, fit@mixture$Weight)
    expect_equal(weight$theta, unname(colSums(fitted(fit))),
        tolerance = 1e-14)
})

test_that("samples are assigned to the most probable component", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    expect_identical(mixture(fit, assign = TRUE),
        apply(mixture(fit), 1, which.max))
    one <- dmn(x, 1, seed = 1)
    expect_identical(mixture(one, assign = TRUE),
        setNames(rep(1L, nrow(x)), rownames(x)))
    expect_null(names(mixture(dmn(unname(x), 2, seed = 1), assign = TRUE)))
    # ties go to the first component
    expect_identical(.most_probable(matrix(c(0.5, 0.2, 0.5, 0.8), 2)),
        c(1L, 2L))
})

test_that("scaled parameters are proportions", {
    fit <- dmn(small_twins(), 3, seed = 1)
    share <- fitted(fit, scale = TRUE)
    expect_equal(unname(colSums(share)), rep(1, 3), tolerance = 1e-14)
    expect_equal(sweep(share, 2, mixturewt(fit)$theta, "*"), fitted(fit),
        tolerance = 1e-14)
})

test_that("a table with one taxon or one sample keeps its dimensions", {
    one_taxon <- dmn(matrix(c(5L, 3L, 8L), 3), 1, seed = 1)
    expect_identical(dim(fitted(one_taxon)), c(1L, 1L))
    expect_equal(fitted(one_taxon, scale = TRUE),
        matrix(1, dimnames = list(NULL, "1")))
    one_sample <- dmn(matrix(c(5L, 3L, 8L), 1), 1, seed = 1)
    expect_identical(mixture(one_sample),
        matrix(1, dimnames = list(NULL, "1")))
    expect_identical(mixture(one_sample, assign = TRUE), 1L)
})

test_that("accessors refuse other objects and unknown arguments", {
    fit <- dmn(small_twins(), 2, seed = 1)
    expect_error(mixture(list(fit, fit)), paste("'object' must be a fit made",
        "by dmn(); found a list of fits; use lapply(object, mixture)"),
        fixed = TRUE)
    expect_error(mixturewt(list(fit)), "lapply(object, mixturewt)",
        fixed = TRUE)
    expect_error(mixture(3), "'object' must be .*; found 3")
    expect_error(mixturewt(NULL), "'object' must be .*; found NULL")
    expect_error(mixture(fit, asign = TRUE), "did you mean 'assign'?",
        fixed = TRUE)
    expect_error(mixture(fit, assign = NA), "'assign' must be TRUE or FALSE")
    expect_error(fitted(fit, scale = 1), "'scale' must be TRUE or FALSE")
    expect_error(fitted(fit, scaled = TRUE), "did you mean 'scale'?",
        fixed = TRUE)
    expect_error(mixturewt(fit, 1), "too many")
})
