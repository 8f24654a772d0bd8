# A table of two types; the second is more frequent where `bmi` is high.
associated <- function(n = 120, slope = 0.8, seed = 2) {
    set.seed(seed)
    alpha <- cbind(c(6, 3, 2, 1), c(2, 3, 3, 5))
    bmi <- stats::rnorm(n)
    type <- 1 + (stats::runif(n) < stats::plogis(0.3 + slope * bmi))
    x <- t(vapply(seq_len(n), function(i) {
        p <- stats::rgamma(4, alpha[, type[[i]]])
        stats::rmultinom(1L, 30, p / sum(p))[, 1L]
    }, integer(4)))
    dimnames(x) <- list(paste0("s", seq_len(n)), letters[1:4])
    list(x = x, type = type, data = data.frame(bmi = bmi,
        site = factor(rep_len(c("a", "b", "c"), n)), row.names = rownames(x)))
}

# NLE as a function of log(alpha) and gamma, for two components.
ref_nle_of_weights <- function(x, w) {
    function(theta) {
        alpha <- matrix(exp(theta[seq_len(2 * ncol(x))]), ncol(x))
        gamma <- theta[-seq_len(2 * ncol(x))]
        second <- stats::plogis(drop(w %*% gamma))
        joint <- ref_evidence(x, alpha) + log(cbind(1 - second, second))
        multinomial <- lgamma(rowSums(x) + 1) - rowSums(lgamma(x + 1))
        -sum(multinomial) - sum(apply(joint, 1, ref_log_sum_exp)) -
            ref_log_prior(alpha)
    }
}

data <- associated()
x <- data$x
fit <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data)

test_that("the optimum and its errors are those of the full likelihood", {
    w <- cbind(1, data$data$bmi)
    nle <- ref_nle_of_weights(x, w)
    table <- concomitant(fit)
    theta <- c(log(fit@fit$Estimate), table$estimate)
    expect_equal(nle(theta), goodnessOfFit(fit)[["NLE"]], tolerance = 1e-10)
    expect_lt(max(abs(ref_differences(nle, theta))), 1e-2)
    best <- stats::optim(theta, nle, method = "BFGS",
        control = list(reltol = 1e-14, maxit = 500))
    expect_lt(goodnessOfFit(fit)[["NLE"]] - best$value, 1e-5)
    expect_equal(table$estimate, best$par[9:10], tolerance = 1e-3)
    hessian <- stats::optimHess(best$par, nle,
        control = list(ndeps = rep(1e-3, 10)))
    expect_equal(table$std.error, sqrt(diag(solve(hessian)))[9:10],
        tolerance = 1e-3)
    # larger than if the membership of the samples were known
    known <- .weights_information(w, fit@mixture$Concomitant$weights)
    expect_true(all(table$std.error > sqrt(diag(solve(known)))))
})

test_that("a formula without variables gives the mixture without it", {
    one <- dmn(x, 2, seed = 1, formula = ~ 1)
    plain <- dmn(x, 2, seed = 1)
    expect_equal(goodnessOfFit(one), goodnessOfFit(plain), tolerance = 1e-6)
    expect_equal(mixture(one), mixture(plain), tolerance = 1e-3)
    expect_equal(attr(logLik(one), "df"), attr(logLik(plain), "df"))
    weight <- mixturewt(plain)$pi
    expect_equal(concomitant(one)$estimate, log(weight[[2]] / weight[[1]]),
        tolerance = 1e-4)
    expect_error(anova(one), "no variables to test")
})

test_that("three components and a factor: the weights and their criteria", {
    f <- dmn(x, 3, seed = 1, nstart = 5, formula = ~ bmi + site,
        data = data$data)
    m <- f@mixture$Concomitant
    expect_identical(dim(m$coefficients), c(4L, 2L))
    expect_equal(rowSums(m$weights), stats::setNames(rep(1, 120), rownames(x)))
    expect_equal(attr(logLik(f), "df"), 3 * 4 + 2 * 4)
    value <- goodnessOfFit(f)
    expect_equal(value[["BIC"]], value[["NLE"]] + 20 / 2 * log(120))
    expect_equal(value[["AIC"]], value[["NLE"]] + 20)
    expect_equal(value[["Laplace"]],
        value[["NLE"]] + value[["LogDet"]] / 2 - 20 / 2 * log(2 * pi))
    # the score of the weights is 0
    w <- stats::model.matrix(~ bmi + site, data$data)
    expect_lt(max(abs(crossprod(w, mixture(f) - m$weights))), 1e-3)
    expect_equal(mixturewt(f)$pi, unname(colMeans(mixture(f))),
        tolerance = 1e-4)
    tests <- anova(f)
    expect_identical(row.names(tests), c("bmi", "site"))
    expect_identical(tests$Df, c(2L, 4L))
    componentLabels(f) <- c("a", "b", "c")
    expect_identical(unique(concomitant(f)$component), c("b", "c"))
    expect_true(validObject(f))
})

test_that("coefficients by Newton's method are those of glm()", {
    z <- cbind(1 - data$data$bmi^2 / 10, data$data$bmi^2 / 10)
    z <- pmin(pmax(z, 0.01), 0.99)
    z <- z / rowSums(z)
    w <- stats::model.matrix(~ bmi + site, data$data)
    expected <- suppressWarnings(stats::glm.fit(w, z[, 2],
        family = stats::binomial())$coefficients)
    expect_equal(drop(.fit_weights(w, z)), unname(expected),
        tolerance = 1e-5)
})

test_that("the variable is found, and a test of nested fits agrees", {
    table <- anova(dmn(x, 2, seed = 1), fit)
    expect_identical(table$Df, c(NA, 1))
    expect_equal(table$Chisq[[2]], 2 * (table$NLE[[1]] - table$NLE[[2]]))
    expect_equal(table[["Pr(>Chisq)"]][[2]],
        stats::pchisq(table$Chisq[[2]], 1, lower.tail = FALSE))
    wald <- anova(fit)
    one <- concomitant(fit)[2, ]
    expect_equal(wald$Chisq, one$statistic^2)
    expect_equal(wald[["Pr(>Chisq)"]], one$p.value)
    expect_error(anova(fit, dmn(x, 3, seed = 1, nstart = 2)), "same number of")
    expect_error(anova(fit, 1), "compares fits")
    expect_output(print(fit), "weights: ~bmi")
    expect_output(print(summary(fit)), "weights: ~bmi")
})

test_that("the interval of a slope covers it as often as it says", {
    skip_on_cran()
    hits <- vapply(1:40, function(seed) {
        d <- associated(200, 0.8, seed)
        f <- dmn(d$x, 2, seed = 1, nstart = 3, formula = ~ bmi, data = d$data)
        ci <- concomitant(f)[2, c("conf.low", "conf.high")]
        # the second component may be either type
        sign <- sign(stats::cor(mixture(f)[, 2], d$type))
        abs(ci[[1]] + ci[[2]] - 2 * sign * 0.8) < ci[[2]] - ci[[1]]
    }, NA)
    expect_gt(sum(hits), 33)
})

test_that("other samples have the weights of their variables", {
    expect_equal(predict(fit, x), mixture(fit), tolerance = 1e-5)
    expect_equal(predict(fit, x, data = data$data), mixture(fit),
        tolerance = 1e-5)
    some <- c("s7", "s3")
    expect_equal(predict(fit, x[some, ]), mixture(fit)[some, ],
        tolerance = 1e-5)
    expect_equal(as.numeric(logLik(fit, x)), as.numeric(logLik(fit)),
        tolerance = 1e-9)
    new <- x[1:2, ]
    rownames(new) <- c("p", "q")
    expect_error(predict(fit, new), "'data' is missing: pass the variables of")
    expect_error(logLik(fit, new), "'data' is missing")
    z <- predict(fit, new, data = data.frame(bmi = c(-50, 50)))
    rises <- concomitant(fit)$estimate[[2]] > 0
    expect_gt(z[1, if (rises) 1 else 2], 0.99)
    expect_gt(z[2, if (rises) 2 else 1], 0.99)
    weights <- rbind(exp(.log_weights(cbind(1, c(-1, 1)),
        fit@mixture$Concomitant$coefficients)))
    joint <- ref_evidence(new, fit@fit$Estimate) + log(weights)
    expected <- exp(joint - apply(joint, 1, ref_log_sum_exp))
    given <- data.frame(bmi = c(-1, 1))
    expect_equal(unname(predict(fit, new, data = given)), unname(expected))
    multinomial <- lgamma(rowSums(new) + 1) - rowSums(lgamma(new + 1))
    expect_equal(as.numeric(logLik(fit, new, data = given)),
        sum(multinomial) + sum(apply(joint, 1, ref_log_sum_exp)))
    expect_error(predict(dmn(x, 1), new, data = given), "'object' has none")
    expect_equal(dim(residuals(fit, x)), dim(x))
    # drawn components follow the variable
    drawn <- attr(simulate(fit, 1, seed = 1)[[1]], "component")
    expect_gt(abs(stats::cor(drawn, data$data$bmi)), 0.1)
    again <- update(fit, x, data = data$data)
    expect_identical(again@mixture$Concomitant$coefficients,
        fit@mixture$Concomitant$coefficients)
})

test_that("the order of the table, threads and markers do not matter", {
    order <- rev(seq_len(nrow(x)))
    other <- dmn(x[order, 4:1], 2, seed = 1, formula = ~ bmi,
        data = data$data[order, ])
    expect_equal(concomitant(other)$estimate, concomitant(fit)$estimate,
        tolerance = 1e-8)
    two <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data,
        num.threads = 2)
    expect_identical(two@fit, fit@fit)
    m <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data,
        markers = c("a", "d"))
    collapsed <- cbind(x[, c("a", "d")], other = x[, "b"] + x[, "c"])
    alone <- dmn(collapsed, 2, seed = 1, formula = ~ bmi, data = data$data)
    expect_equal(concomitant(m)$estimate, concomitant(alone)$estimate,
        tolerance = 1e-3)
    background <- dmn(x[rowSums(x[, 2:3]) > 0, 2:3], 1)
    expect_equal(laplace(m), laplace(alone) + laplace(background),
        tolerance = 1e-6)
    expect_equal(attr(logLik(m), "df"), 2 * 3 + 2 + 2)
    expect_equal(as.numeric(logLik(m, x)), as.numeric(logLik(m)),
        tolerance = 1e-9)
})

test_that("sample variables of a container are used", {
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(x)),
        colData = data$data)
    expect_identical(dmn(se, 2, seed = 1, formula = ~ bmi)@fit, fit@fit)
})

test_that("variables that separate the components are survived", {
    clear <- rbind(matrix(c(90, 5, 5), 30, 3, byrow = TRUE),
        matrix(c(5, 5, 90), 30, 3, byrow = TRUE))
    clear <- clear + matrix(stats::rpois(180, 2), 60)
    known <- data.frame(type = rep(0:1, each = 30))
    f <- suppressWarnings(dmn(clear, 2, seed = 1, formula = ~ type,
        data = known))
    expect_true(all(is.finite(concomitant(f)$estimate)))
    expect_true(all(is.finite(goodnessOfFit(f))))
})

test_that("what cannot be used is refused", {
    expect_error(dmn(x, 2, data = data$data), "'formula', which is missing")
    expect_error(dmn(x, 2, formula = "bmi"), "'formula' must be a formula")
    expect_error(dmn(x, 2, formula = y ~ bmi), "without a left side")
    expect_error(dmn(x, 2, formula = ~ nothing, data = data$data),
        "cannot be used: .*nothing")
    expect_error(dmn(x, 2, formula = ~ bmi, data = data$data[1:3, ]),
        "must name every row")
    expect_error(dmn(x, 2, formula = ~ bmi, data = data$data[120:1, ]),
        "in another order")
    missing <- transform(data$data, bmi = replace(bmi, 4, NA))
    expect_error(dmn(x, 2, formula = ~ bmi, data = missing),
        "no missing values; found 1 NA in bmi")
    infinite <- transform(data$data, bmi = replace(bmi, 4, Inf))
    expect_error(dmn(x, 2, formula = ~ bmi, data = infinite), "finite; found")
    expect_error(dmn(x, 2, formula = ~ bmi + I(2 * bmi), data = data$data),
        "must not depend on each other")
    expect_error(dmn(x, 2, formula = ~ 0 + bmi, data = data$data),
        "an intercept")
    expect_error(concomitant(dmn(x, 2, seed = 1)), "constant weights")
    expect_error(concomitant(1), "must be a fit")
    expect_error(concomitant(fit, level = 2), "'level'")
    one <- dmn(x, 1, formula = ~ bmi, data = data$data)
    expect_null(one@mixture$Concomitant)
    damaged <- fit
    damaged@mixture$Concomitant$weights <- NULL
    expect_error(mixture(damaged), "Concomitant must be a list of")
})
