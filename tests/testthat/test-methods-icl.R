test_that("entropy() and ICL() meet their definition", {
    fit <- dmn(small_twins(), 3, seed = 1)
    z <- mixture(fit)
    term <- ifelse(z > 0, -z * log(z), 0)
    expect_equal(entropy(fit), sum(term))
    expect_equal(entropy(fit, by.sample = TRUE), rowSums(term))
    expect_equal(entropy(fit, scale = TRUE), sum(term) / (40 * log(3)))
    expect_equal(entropy(fit, by.sample = TRUE, scale = TRUE),
        rowSums(term) / log(3))
    expect_equal(ICL(fit), BIC(fit) + entropy(fit))
})

test_that("scaled entropy is 0 if z is 0 or 1, and 1 if all z are equal", {
    fit <- dmn(small_twins(), 2, seed = 1)
    fit@group[] <- rep(0:1, each = 40)
    expect_identical(entropy(fit, scale = TRUE), 0)
    fit@group[] <- 0.5
    expect_equal(entropy(fit, scale = TRUE), 1)
    one <- dmn(small_twins(), 1, seed = 1)
    expect_identical(entropy(one, scale = TRUE), 0)
    expect_identical(ICL(one), BIC(one))
})

test_that("bad arguments are refused", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(ICL(list(fit)), "found a list of fits; use lapply")
    expect_error(entropy(1), "'object' must be a fit made by dmn()")
    expect_error(entropy(fit, scale = NA), "'scale' must be TRUE or FALSE")
    expect_error(ICL(fit, 2), "too many")
})
