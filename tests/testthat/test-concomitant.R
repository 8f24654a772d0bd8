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
    f <- suppressWarnings(dmn(x, 3, seed = 1, nstart = 5,
        formula = ~ bmi + site, data = data$data))
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
    by_site <- dmn(x, 2, seed = 1, nstart = 2, formula = ~ site,
        data = data$data)
    expect_error(anova(fit, by_site), "nested formulas")
    expect_error(anova(fit, fit), "nested formulas")
    expect_error(anova(fit, dmn(x[, 1:3], 2, seed = 1, nstart = 2)),
        "same samples and taxa")
    expect_error(anova(fit, suppressWarnings(dmn(x, 2, seed = 1, nstart = 2,
        control = dmncontrol(nu = 5)))), "prior")
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
    expect_error(predict(dmn(x, 2, seed = 1), new, data = given),
        "'object' has none")
    expect_equal(dim(residuals(fit, x)), dim(x))
    # drawn components follow the variable
    drawn <- attr(simulate(fit, 1, seed = 1)[[1]], "component")
    expect_gt(abs(stats::cor(drawn, data$data$bmi)), 0.1)
    # variables in another order, of another type, or not finite
    expect_error(predict(fit, x, data = data$data[120:1, ]), "another order")
    expect_error(predict(fit, new, data = data.frame(bmi = c("a", "b"))),
        "cannot be used")
    expect_error(predict(fit, new, data = data.frame(bmi = c(1, Inf))),
        "must be finite")
    # other samples of the same names
    other <- x[2:1, ]
    rownames(other) <- rownames(x)[1:2]
    other[1, 1] <- other[1, 1] + 1L
    expect_error(predict(fit, other), "'data' is missing")
    unnamed <- unname(x)
    f <- dmn(unnamed, 2, seed = 1, formula = ~ bmi,
        data = data.frame(bmi = data$data$bmi))
    expect_equal(predict(f, unnamed), mixture(f), tolerance = 1e-5)
    expect_error(predict(f, unnamed[1:5, ]), "'data' is missing")
    expect_identical(dim(predict(fit, x[0, ])), c(0L, 2L))
    augmented <- augment.DMN(fit, data.frame(bmi = c(-1, 1)), new)
    expect_identical(nrow(augmented), 2L)
    expect_error(writeDMN(fit, tempfile()), "no place")
    one <- dmn(x, 1, formula = ~ bmi, data = data$data)
    expect_equal(predict(one, x, data = data$data)[, 1],
        stats::setNames(rep(1, 120), rownames(x)))
    expect_error(concomitant(one), "one component")
    expect_error(dmngroup(x, data$data$site, 1, formula = ~ bmi,
        .lapply = lapply), "no argument 'formula'")
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
    new <- se[, 1:3]
    colnames(new) <- c("p", "q", "r")
    expect_equal(unname(predict(fit, new)), unname(mixture(fit)[1:3, ]),
        tolerance = 1e-5)
    skip_if_not_installed("phyloseq")
    counts <- phyloseq::otu_table(x, taxa_are_rows = FALSE)
    variables <- phyloseq::sample_data(data$data)
    found <- dmn(phyloseq::phyloseq(counts, variables), 2, seed = 1,
        formula = ~ bmi)
    expect_identical(found@fit, fit@fit)
    expect_identical(dmn(x, 2, seed = 1, formula = ~ bmi,
        data = variables)@fit, fit@fit)
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

    # a group without one of the types has a coefficient without an error
    set.seed(4)
    site <- factor(rep(c("a", "b", "c"), 50))
    type <- ifelse(site == "c", 1, 1 + (stats::runif(150) <
        ifelse(site == "a", 0.4, 0.6)))
    alpha <- cbind(c(6, 3, 2, 1), c(1, 2, 3, 6))
    y <- t(vapply(1:150, function(i) {
        p <- stats::rgamma(4, 5 * alpha[, type[[i]]])
        stats::rmultinom(1L, 200, p)[, 1L]
    }, integer(4)))
    expect_warning(f <- dmn(y, 2, seed = 1, nstart = 3, formula = ~ site,
        data = data.frame(site)), "standard errors .* are not known")
    table <- concomitant(f)
    expect_true(is.na(table$std.error[table$term == "sitec"]))
    expect_true(is.na(anova(f)$Chisq))
    expect_gt(anova(dmn(y, 2, seed = 1, nstart = 3), f)$Chisq[[2]], 10)
})

test_that("the units of a variable do not matter", {
    base <- concomitant(fit)
    for (unit in c(1e-8, 1e9)) {
        scaled <- data$data
        scaled$bmi <- scaled$bmi * unit + 7 * unit
        f <- dmn(x, 2, seed = 1, formula = ~ bmi, data = scaled)
        expect_equal(concomitant(f)$estimate[[2]] * unit, base$estimate[[2]],
            tolerance = 1e-5)
        expect_equal(concomitant(f)$std.error[[2]] * unit,
            base$std.error[[2]], tolerance = 1e-4)
    }
    time <- as.POSIXct("2020-01-01") + 1e5 * data$data$bmi
    f <- dmn(x, 2, seed = 1, formula = ~ time, data = data.frame(time))
    expect_equal(concomitant(f)$p.value[[2]], base$p.value[[2]],
        tolerance = 1e-3)
})

test_that("several starts find what one does not", {
    worse <- vapply(1:6, function(seed) {
        set.seed(seed)
        alpha <- cbind(c(4, 3, 2, 2), c(2.5, 3, 3, 2.5))
        v <- stats::rnorm(100)
        type <- 1 + (stats::runif(100) < stats::plogis(4 * v))
        y <- t(vapply(1:100, function(i) {
            stats::rmultinom(1L, 30, stats::rgamma(4, alpha[, type[[i]]]))[, 1L]
        }, integer(4)))
        f <- suppressWarnings(dmn(y, 2, seed = 1, formula = ~ v,
            data = data.frame(v)))
        table <- .compress(y, 2L, 1L)
        w <- .standard(stats::model.matrix(~ v))$w
        best <- .fit_concomitant(cbind(2 - type, type - 1), table$table, w,
            list(seed = 1L, num.threads = 1L, optimizer = "newton",
                control = dmncontrol()))
        goodnessOfFit(f)[["NLE"]] - best$GoodnessOfFit[["NLE"]]
    }, 0)
    # from the optimum without the variable alone, 4 of 6 are worse
    expect_lte(sum(worse > 0.1), 1)
})

test_that("what cannot be used is refused", {
    expect_error(dmn(x, 2, data = data$data), "'formula', which is missing")
    expect_error(dmn(x, 2, formula = "bmi"), "'formula' must be a formula")
    expect_error(dmn(x, 2, formula = y ~ bmi), "without a left side")
    expect_error(dmn(x, 2, formula = ~ nothing, data = data$data),
        "cannot be used: .*nothing")
    expect_error(dmn(x, 2, formula = ~ bmi, data = data$data[1:3, ]),
        "a row for each of the 120 samples")
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
    expect_error(dmn(x, 2, formula = ~ bmi + offset(bmi), data = data$data),
        "no offset")
    expect_error(dmn(x, 2, formula = ~ text, data = data.frame(
        text = as.character(data$data$bmi))), "fewer terms than")
    expect_error(dmn(x, 2, formula = ~ same, data = data.frame(
        same = factor(rep("a", 120)))), "cannot be used")
    expect_error(concomitant(dmn(x, 2, seed = 1)), "constant weights")
    expect_error(concomitant(1), "must be a fit")
    expect_error(concomitant(fit, level = 2), "'level'")
    one <- dmn(x, 1, formula = ~ bmi, data = data$data)
    expect_null(one@mixture$Concomitant)
    damaged <- fit
    damaged@mixture$Concomitant$weights <- NULL
    expect_error(mixture(damaged), "Concomitant must be a list of")
})
