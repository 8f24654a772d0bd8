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

test_that("what = \"weights\" gives those of the variables", {
    data <- associated()
    f <- suppressWarnings(dmn(data$x, 3, seed = 1, nstart = 2,
        formula = ~ bmi + site, data = data$data))
    componentLabels(f) <- c("p", "q", "r")
    value <- coef(f, what = "weights")
    terms <- c("(Intercept)", "bmi", "siteb", "sitec")
    expect_identical(dimnames(value), list(terms, c("q", "r")))
    expect_identical(unname(value), unname(f@mixture$Concomitant$coefficients))
    # these are the weights
    eta <- cbind(0, stats::model.matrix(~ bmi + site, data$data) %*% value)
    expect_equal(unname(exp(eta) / rowSums(exp(eta))),
        unname(exp(.log_weights_of_fit(f))))
    all <- confint(f, what = "weights", level = 0.9)
    expect_identical(dimnames(all), list(terms, c("5 %", "95 %"), c("q", "r")))
    error <- sqrt(diag(f@mixture$Concomitant$covariance))
    expect_equal(as.vector(all[, 2, ] - all[, 1, ]),
        2 * stats::qnorm(0.95) * error)
    # the separated site has an estimate, and no interval
    middle <- (all[, 1, ] + all[, 2, ]) / 2
    expect_identical(which(is.na(middle)), 8L)
    expect_equal(middle[-8], value[-8])
    expect_identical(confint(f, c("sitec", "bmi"), 0.9, what = "weights"),
        all[c(4, 2), , , drop = FALSE])
    expect_error(confint(f, "age", what = "weights"),
        "'parm' must be terms .* found 'age'")
    expect_error(coef(f, what = "w"), "'what' must be one of")
    plain <- dmn(data$x, 2, seed = 1, nstart = 2)
    expect_error(coef(plain, what = "weights"), "constant weights")
    expect_error(confint(plain, what = "weights"), "constant weights")
})
