test_that("the criteria have the documented scale", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    value <- goodnessOfFit(fit)
    expect_identical(names(value), c("NLE", "LogDet", "Laplace", "BIC", "AIC"))
    p <- 2 * ncol(x) + 1
    expect_equal(value[["AIC"]], value[["NLE"]] + p)
    expect_equal(value[["BIC"]], value[["NLE"]] + p / 2 * log(nrow(x)))
    expect_equal(value[["Laplace"]],
        value[["NLE"]] + value[["LogDet"]] / 2 - p / 2 * log(2 * pi))
    expect_identical(laplace(fit), value[["Laplace"]])
    expect_identical(AIC(fit), value[["AIC"]])
    expect_identical(BIC(fit), value[["BIC"]])
    expect_identical(stats::AIC(fit), value[["AIC"]])
    expect_equal(AIC(fit, k = log(nobs(fit))), BIC(fit))
})

test_that("logLik() is the plain log-likelihood, with df and nobs", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    value <- logLik(fit)
    expect_s3_class(value, "logLik")
    expect_equal(as.numeric(value),
        ref_loglik(x, fitted(fit), fit@mixture$Weight), tolerance = 1e-12)
    expect_equal(attr(value, "df"), 2 * ncol(x) + 1)
    expect_identical(attr(value, "nobs"), nrow(x))
    expect_identical(nobs(fit), nrow(x))
    # stats::AIC() of a logLik object is the usual AIC
    expect_equal(AIC(value), -2 * as.numeric(value) + 2 * (2 * ncol(x) + 1))
})

test_that("logLik() is computed where the fit does not have it", {
    fit <- dmn(small_twins(), 2, seed = 1)
    bare <- fit
    bare@mixture <- bare@mixture["Weight"]
    expect_equal(as.numeric(logLik(bare)), as.numeric(logLik(fit)),
        tolerance = 1e-12)
})

test_that("AIC() and BIC() compare several fits in a table", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1)
    two <- dmn(x, 2, seed = 1)
    table <- AIC(one, two)
    expect_identical(table, data.frame(df = c(ncol(x), 2 * ncol(x) + 1),
        AIC = c(AIC(one), AIC(two)), row.names = c("one", "two")))
    expect_identical(names(BIC(one, two)), c("df", "BIC"))
    expect_identical(BIC(one, two)$BIC, c(BIC(one), BIC(two)))
    expect_identical(rownames(AIC(one, two, one, k = 3)),
        c("one", "two", "one.1"))
    expect_identical(rownames(do.call(AIC, list(one, two))), c("1", "2"))
})

test_that("criteria refuse other objects and unknown arguments", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(laplace(list(fit)), "use lapply(object, laplace)",
        fixed = TRUE)
    expect_error(goodnessOfFit(1), "'object' must be a fit made by dmn()",
        fixed = TRUE)
    expect_error(laplace(fit, 2), "too many")
    expect_error(goodnessOfFit(fit, k = 2), "has no argument 'k'")
    expect_error(AIC(fit, 3), "compares fits made by dmn(); found 3",
        fixed = TRUE)
    expect_error(AIC(fit, k = NA), "'k' must be one number")
    expect_error(logLik(fit, REML = TRUE), "has no argument 'REML'")
})

test_that("the log-likelihood of new samples is that of the model", {
    t <- ref_table(n = 30)
    fit <- dmn(t$x, 2, seed = 1)
    new <- ref_table(n = 12, seed = 5)$x
    found <- logLik(fit, new)
    expect_equal(as.numeric(found),
        ref_loglik(new, fitted(fit), fit@mixture$Weight))
    expect_identical(attributes(found),
        list(df = 13, nobs = 12L, class = "logLik"))
    expect_equal(logLik(fit, t$x), logLik(fit))
    # taxa are matched by name; sparse tables, single samples and samples
    # without counts are allowed
    expect_identical(logLik(fit, as_sparse(new[, 6:1])), found)
    each <- vapply(1:12, function(i) as.numeric(logLik(fit, new[i, ])), 0)
    expect_equal(sum(each), as.numeric(found))
    expect_equal(as.numeric(logLik(fit, rbind(new, 0L))), as.numeric(found))
    expect_identical(as.numeric(logLik(fit, new[1, ] * 0L)), 0)
    expect_error(logLik(fit, new[, -1]), "'newdata' lacks 1 taxon of the fit")
    expect_error(logLik(fit, newdta = new), "mean 'newdata'")
})

test_that("missing.taxa = \"zero\" gives the value of an aligned table", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    aligned <- x[1:5, ]
    aligned[, 3:4] <- 0L
    given <- cbind(x[1:5, c(46:5, 2:1)], p = 3L, q = 0L)
    expect_error(logLik(fit, given), "lacks 2 taxa .* has 2 taxa unknown")
    for (form in list(given, as.data.frame(given), as_sparse(given))) {
        expect_message(found <- logLik(fit, form, missing.taxa = "zero"),
            "2 taxa unknown to the fit, left out with .* 'p', 'q'")
        expect_identical(found, logLik(fit, aligned))
    }
    # of a sample that has only unknown taxa
    lone <- c(p = 4L, stats::setNames(0L, colnames(x)[[1]]))
    expect_identical(as.numeric(suppressMessages(logLik(fit, lone,
        missing.taxa = "zero"))), 0)
})
