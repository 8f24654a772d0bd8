data <- associated()
x <- data$x
fit <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data)
plain <- dmn(x, 2, seed = 1)

test_that("concomitant() gives the coefficients with their intervals", {
    table <- concomitant(fit, level = 0.9)
    expect_identical(table$component, c("2", "2"))
    expect_identical(table$term, c("(Intercept)", "bmi"))
    expect_identical(table$estimate, as.vector(coef(fit, what = "weights")))
    expect_equal(table$statistic, table$estimate / table$std.error)
    expect_equal(table$p.value, 2 * stats::pnorm(-abs(table$statistic)))
    ends <- confint(fit, level = 0.9, what = "weights")
    expect_equal(table$conf.low, unname(ends[, 1, 1]))
    expect_equal(table$conf.high, unname(ends[, 2, 1]))
    labelled <- fit
    componentLabels(labelled) <- c("a", "b")
    expect_identical(concomitant(labelled)$component, c("b", "b"))
    expect_error(concomitant(plain), "constant weights")
    expect_error(concomitant(dmn(x, 1, formula = ~ bmi, data = data$data)),
        "one component")
    expect_error(concomitant(1), "must be a fit")
    expect_error(concomitant(fit, level = 2), "'level'")
})

test_that("the Wald test of one coefficient is that of its standard error", {
    wald <- anova(fit)
    one <- concomitant(fit)[2, ]
    expect_identical(row.names(wald), "bmi")
    expect_equal(wald$Chisq, one$statistic^2)
    expect_equal(wald[["Pr(>Chisq)"]], one$p.value)
    f <- dmn(x, 2, seed = 1, nstart = 4, formula = ~ bmi + site,
        data = data$data)
    wald <- anova(f)
    expect_identical(row.names(wald), c("bmi", "site"))
    expect_identical(wald$Df, c(1, 2))
    m <- f@mixture$Concomitant
    expect_equal(wald$Chisq[[2]], drop(m$coefficients[3:4] %*%
        solve(m$covariance[3:4, 3:4]) %*% m$coefficients[3:4]))
    # units of a millionth, where a covariance is singular in doubles
    tiny <- transform(data$data, bmi = bmi * 1e-6)
    curve <- function(data) anova(dmn(x, 2, seed = 1, nstart = 4,
        formula = ~ poly(bmi, 3, raw = TRUE), data = data))
    expect_equal(curve(tiny)$Chisq, curve(data$data)$Chisq, tolerance = 1e-3)
    expect_error(anova(dmn(x, 2, seed = 1, nstart = 2, formula = ~ 1)),
        "no variables to test")
    expect_error(anova(plain), "constant weights")
})

test_that("likelihood ratio tests compare nested fits", {
    table <- anova(fit, plain)
    expect_identical(table$Df, c(NA, 1))
    expect_equal(table$Chisq[[2]], 2 * (table$NLE[[1]] - table$NLE[[2]]))
    expect_equal(table[["Pr(>Chisq)"]][[2]],
        stats::pchisq(table$Chisq[[2]], 1, lower.tail = FALSE))
    of <- function(formula, data = associated()$data, k = 2, ...) {
        suppressWarnings(dmn(x, k, seed = 1, nstart = 2, formula = formula,
            data = data, ...))
    }
    # what counts are the columns, not the names
    curve <- anova(fit, of(~ poly(bmi, 2)))
    expect_identical(curve$Df, c(NA, 1))
    expect_identical(anova(of(~ bmi:site), fit)$Df, c(NA, 2))
    other <- transform(data$data, bmi = rev(bmi))
    expect_error(anova(fit, of(~ bmi + site, other)), "nested formulas")
    expect_error(anova(fit, of(~ site)), "nested formulas")
    expect_error(anova(fit, fit), "nested formulas")
    expect_error(anova(plain, of(~ 1)), "nested formulas")
    # other counts of samples with the same names
    expect_error(anova(fit, dmn(2L * x, 2, seed = 1, nstart = 2,
        formula = ~ bmi + site, data = data$data)), "same samples and taxa")
    expect_error(anova(fit, of(~ bmi + site, k = 3)), "same number of")
    expect_error(anova(fit, dmn(x[, 1:3], 2, seed = 1, nstart = 2)),
        "same samples and taxa")
    expect_error(anova(fit, of(~ 1, control = dmncontrol(nu = 5))), "prior")
    expect_error(anova(fit, 1), "compares fits")
    worse <- fit
    worse@goodnessOfFit[["NLE"]] <- plain@goodnessOfFit[["NLE"]] + 1
    expect_warning(anova(plain, worse), "has a worse optimum")
})

test_that("formulas are printed within the width of the page", {
    old <- options(width = 60)
    on.exit(options(old))
    long <- ~ bmi + site + I(bmi^2) + I(bmi^3) + log(bmi + 10) + bmi:site
    f <- suppressWarnings(dmn(x, 2, seed = 1, nstart = 2, formula = long,
        data = data$data))
    for (shown in list(f, summary(f), anova(fit, f))) {
        lines <- capture.output(print(shown))
        # the formula takes two lines
        at <- grep("~bmi", lines)
        expect_lte(max(nchar(lines[c(at, at + 1L)])), 60)
        expect_match(gsub(" +", " ", paste(lines, collapse = " ")),
            "~bmi + site + I(bmi^2) + I(bmi^3) + log(bmi + 10) + bmi:site",
            fixed = TRUE)
    }
    expect_match(capture.output(print(anova(plain, fit))), "Model 2: ~bmi",
        all = FALSE)
})
