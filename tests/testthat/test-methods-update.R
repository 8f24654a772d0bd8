test_that("update() repeats a fit, or makes it with other settings", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 4, control = dmncontrol(eta = 0.2))
    expect_identical(update(fit, x), fit)
    expect_identical(update(fit, x, k = 3),
        dmn(x, 3, seed = 4, control = dmncontrol(eta = 0.2)))
    expect_identical(update(fit, x[1:30, ], seed = 5, optimizer = "bfgs"),
        dmn(x[1:30, ], 2, seed = 5, optimizer = "bfgs",
            control = dmncontrol(eta = 0.2)))
})

test_that("update() takes only k from a fit by DirichletMultinomial", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    fit@mixture <- fit@mixture["Weight"]
    expect_identical(update(fit, x, seed = 1), dmn(x, 2, seed = 1, nstart = 1))
})

test_that("update() makes as many starts as the fit had", {
    x <- small_twins()
    lone <- dmn(x, 2, seed = 1, nstart = 1)
    expect_identical(lone@mixture$NStart, 1L)
    expect_identical(update(lone, x), lone)
    expect_identical(update(lone, x, nstart = 20), dmn(x, 2, seed = 1))
    several <- dmn(x, 2, seed = 1, control = dmncontrol(agree = 2))
    expect_identical(several@mixture$NStart, 20L)
    expect_identical(update(several, x), several)
    expect_identical(update(several, x, nstart = 1, control = dmncontrol()),
        lone)
    # one component needs one start, and more are made for more components
    one <- dmn(x, 1, seed = 1)
    expect_identical(one@mixture$NStart, 20L)
    expect_identical(update(one, x, k = 2), dmn(x, 2, seed = 1))
    # fits of earlier versions from a lone start did not record it
    old <- lone
    old@mixture$NStart <- NULL
    expect_identical(update(old, x), lone)
})

test_that("bad arguments are refused", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(update(fit), "'count' is missing")
    expect_error(update(fit, small_twins(), 3), "too many")
    expect_error(update(fit, small_twins(), sed = 3), "mean 'seed'")
})
