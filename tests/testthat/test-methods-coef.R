test_that("confidence intervals are normal on the log scale", {
    fit <- dmn(small_twins(), 2, seed = 1)
    expect_identical(coef(fit), fitted(fit))
    found <- confint(fit)
    expect_identical(dim(found), c(nrow(coef(fit)), 2L, 2L))
    expect_identical(dimnames(found),
        list(rownames(coef(fit)), c("2.5 %", "97.5 %"), c("1", "2")))
    q <- stats::qnorm(0.975)
    expect_equal(found[, 1, ], coef(fit) * exp(-q * fit@fit$StdErr))
    expect_equal(found[, 2, ], coef(fit) * exp(q * fit@fit$StdErr))
    # the limits in the slots are 2 standard errors from the estimate
    two <- confint(fit, level = 2 * stats::pnorm(2) - 1)
    expect_equal(two[, 1, ], fit@fit$Lower)
    expect_equal(two[, 2, ], fit@fit$Upper)
})

test_that("taxa are chosen by name or number", {
    fit <- dmn(small_twins(), 2, seed = 1)
    taxa <- rownames(coef(fit))
    all <- confint(fit, level = 0.9)
    expect_identical(dimnames(all)[[2]], c("5 %", "95 %"))
    expect_identical(confint(fit, taxa[3:2], 0.9), all[3:2, , , drop = FALSE])
    expect_identical(confint(fit, 3:2, 0.9), all[3:2, , , drop = FALSE])
    componentLabels(fit) <- c("p", "q")
    expect_identical(dimnames(confint(fit))[[3]], c("p", "q"))
    expect_identical(colnames(coef(fit)), c("p", "q"))
})

test_that("without standard errors, the fit's own limits are used", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expected <- confint(fit)
    fit@fit$StdErr <- NULL
    expect_equal(confint(fit), expected)
})

test_that("bad arguments are refused", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(confint(fit, level = 95), "between 0 and 1; found 95")
    expect_error(confint(fit, "None"), "'parm' must be taxa .* found 'None'")
    expect_error(confint(fit, 1000), "found '1000'")
    expect_error(confint(fit, levels = 0.9), "mean 'level'")
    expect_error(coef(fit, 2), "too many")
})

test_that("limits at high levels have unrounded names", {
    fit <- dmn(twins[1:40, ], 1, seed = 1)
    expect_identical(dimnames(confint(fit, level = 0.9999))[[2L]],
        c("0.005 %", "99.995 %"))
    expect_identical(dimnames(confint(fit, level = 0.95))[[2L]],
        c("2.5 %", "97.5 %"))
})
