# NLE as a function of log(alpha) and gamma.
ref_nle_of_weights <- function(x, w, k) {
    s <- ncol(x)
    multinomial <- sum(lgamma(rowSums(x) + 1) - rowSums(lgamma(x + 1)))
    function(theta) {
        alpha <- matrix(exp(theta[seq_len(k * s)]), s)
        eta <- cbind(0, w %*% matrix(theta[-seq_len(k * s)], ncol(w)))
        joint <- ref_evidence(x, alpha) + eta - apply(eta, 1, ref_log_sum_exp)
        -multinomial - sum(apply(joint, 1, ref_log_sum_exp)) -
            ref_log_prior(alpha)
    }
}

data <- associated()
x <- data$x
fit <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data)

test_that("the optimum and its errors are those of the full likelihood", {
    w <- cbind(1, data$data$bmi)
    nle <- ref_nle_of_weights(x, w, 2)
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
    known <- stats::glm.fit(w, mixture(fit)[, 2],
        family = stats::quasibinomial())
    variance <- solve(crossprod(w, w * known$fitted.values *
        (1 - known$fitted.values)))
    expect_true(all(table$std.error > sqrt(diag(variance))))
})

test_that("so are those of three components and a factor", {
    alpha <- 2 * cbind(c(8, 2, 1, 1), c(1, 8, 2, 1), c(1, 1, 2, 8))
    set.seed(3)
    d <- data.frame(site = factor(rep_len(c("a", "b"), 150)),
        age = stats::runif(150, 2000, 2020))
    eta <- cbind(0, 0.5 - (d$site == "b"), (d$age - 2010) / 10)
    type <- apply(exp(eta), 1, function(p) sample.int(3, 1, prob = p))
    y <- t(vapply(1:150, function(i) stats::rmultinom(1L, 25,
        stats::rgamma(4, alpha[, type[[i]]]))[, 1L], integer(4)))
    f <- dmn(y, 3, seed = 1, nstart = 4, formula = ~ site * age, data = d)
    w <- stats::model.matrix(~ site * age, d)
    m <- f@mixture$Concomitant
    expect_identical(m$assign, attr(w, "assign"))
    expect_equal(unname(m$design), unname(w), ignore_attr = TRUE)
    # in coordinates in which the differences are accurate
    nle <- ref_nle_of_weights(y, .standard(w)$w, 3)
    gamma <- solve(.standard(w)$back, m$coefficients)
    theta <- c(log(f@fit$Estimate), gamma)
    expect_equal(nle(theta), goodnessOfFit(f)[["NLE"]], tolerance = 1e-8)
    expect_lt(max(abs(ref_differences(nle, theta))), 0.02)
    hessian <- stats::optimHess(theta, nle,
        control = list(ndeps = rep(1e-3, length(theta))))
    back <- kronecker(diag(2), .standard(w)$back)
    expected <- back %*% solve(hessian)[13:20, 13:20] %*% t(back)
    expect_equal(sqrt(diag(m$covariance)), sqrt(diag(expected)),
        tolerance = 0.01)
})

test_that("a formula without variables gives the mixture without it", {
    one <- dmn(x, 2, seed = 1, formula = ~ 1)
    plain <- dmn(x, 2, seed = 1)
    expect_equal(goodnessOfFit(one), goodnessOfFit(plain), tolerance = 1e-6)
    expect_equal(mixture(one), mixture(plain), tolerance = 1e-3)
    expect_equal(attr(logLik(one), "df"), attr(logLik(plain), "df"))
    weight <- mixturewt(plain)$pi
    expect_equal(concomitant(one)$estimate, log(weight[[2]] / weight[[1]]),
        tolerance = 1e-3)
})

test_that("three components and a factor: the weights and their criteria", {
    f <- suppressWarnings(dmn(x, 3, seed = 1, nstart = 5,
        formula = ~ bmi + site, data = data$data))
    m <- f@mixture$Concomitant
    expect_identical(dim(m$coefficients), c(4L, 2L))
    weights <- exp(.log_weights_of_fit(f))
    expect_equal(unname(rowSums(weights)), rep(1, 120))
    expect_equal(attr(logLik(f), "df"), 3 * 4 + 2 * 4)
    value <- goodnessOfFit(f)
    expect_equal(value[["BIC"]], value[["NLE"]] + 20 / 2 * log(120))
    expect_equal(value[["AIC"]], value[["NLE"]] + 20)
    expect_equal(value[["Laplace"]],
        value[["NLE"]] + value[["LogDet"]] / 2 - 20 / 2 * log(2 * pi))
    # the score of the weights is 0, but for the prior
    w <- stats::model.matrix(~ bmi + site, data$data)
    expect_lt(max(abs(crossprod(w, mixture(f) - weights))), 1e-2)
    expect_equal(mixturewt(f)$pi, unname(colMeans(mixture(f))),
        tolerance = 1e-6)
    expect_false(is.unsorted(-mixturewt(f)$pi))
    expect_true(validObject(f))
    expect_true(f@mixture$Converged)
})

test_that("coefficients at given probabilities are those of glm()", {
    z <- cbind(1 - data$data$bmi^2 / 10, data$data$bmi^2 / 10)
    z <- pmin(pmax(z, 0.01), 0.99)
    z <- z / rowSums(z)
    w <- .orthogonal(stats::model.matrix(~ bmi + site, data$data))$w
    expected <- suppressWarnings(stats::glm.fit(w, z[, 2],
        family = stats::binomial())$coefficients)
    expect_equal(drop(.fit_weights(w, z)), unname(expected),
        tolerance = 1e-4)
})

test_that("an orthogonal design is the same model", {
    design <- stats::model.matrix(~ poly(bmi, 4, raw = TRUE) * site,
        data$data)
    basis <- .orthogonal(design)
    expect_equal(crossprod(basis$w) / 120, diag(15))
    b <- matrix(seq_len(30), 15)
    expect_equal(basis$w %*% b, design %*% (basis$back %*% b),
        ignore_attr = TRUE)
    # the principal component does not depend on the order of the samples
    rows <- c(50:120, 1:49)
    expect_equal(.orthogonal(design[rows, ])$first, basis$first[rows])
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

test_that("the order of the table, threads and markers do not matter", {
    order <- rev(seq_len(nrow(x)))
    other <- dmn(x[order, 4:1], 2, seed = 1, formula = ~ bmi,
        data = data$data[order, ])
    expect_equal(concomitant(other)$estimate, concomitant(fit)$estimate,
        tolerance = 1e-4)
    expect_equal(goodnessOfFit(other), goodnessOfFit(fit), tolerance = 1e-8)
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
    for (criterion in c("NLE", "Laplace"))
        expect_equal(goodnessOfFit(m)[[criterion]],
            goodnessOfFit(alone)[[criterion]] +
            goodnessOfFit(background)[[criterion]], tolerance = 1e-6)
    expect_equal(goodnessOfFit(m)[["AIC"]], goodnessOfFit(m)[["NLE"]] + 10)
    expect_equal(attr(logLik(m), "df"), 2 * 3 + 2 + 2)
    expect_equal(as.numeric(logLik(m, x)), as.numeric(logLik(m)),
        tolerance = 1e-9)
    expect_equal(min(starts(m)$NLE), goodnessOfFit(m)[["NLE"]],
        tolerance = 1e-6)
})

test_that("threads do not matter in a table that several of them share", {
    y <- large_table(3000, 100, 2)
    d <- data.frame(v = seq_len(3000) %% 7)
    fits <- lapply(1:2, function(n) dmn(y, 2, seed = 1, nstart = 2,
        formula = ~ v, data = d, num.threads = n))
    expect_identical(fits[[1]]@fit, fits[[2]]@fit)
    expect_identical(fits[[1]]@mixture$Concomitant$covariance,
        fits[[2]]@mixture$Concomitant$covariance)
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
    y <- separated()
    expect_warning(f <- dmn(y$x, 2, seed = 1, nstart = 3, formula = ~ site,
        data = y$data), "k = 2.*standard errors .* are not known")
    table <- concomitant(f)
    expect_identical(is.na(table$std.error), table$term == "sitec")
    # the others are those of the fit without that group
    rest <- y$data$site != "c"
    z <- mixture(f)[rest, 2]
    expected <- summary(stats::glm(round(z) ~ droplevels(y$data$site[rest]),
        family = stats::binomial()))$coefficients[, 2]
    expect_equal(table$std.error[1:2], unname(expected), tolerance = 0.01)
    expect_true(is.na(anova(f)$Chisq))
    expect_gt(anova(dmn(y$x, 2, seed = 1, nstart = 3), f)$Chisq[[2]], 10)
})

test_that("an error depends on all coefficients that are not known", {
    # two directions of three, and the third coefficient is part of the unknown
    v <- qr.Q(qr(cbind(c(0, 1, 1), c(1, 0, 0), c(0, 1, -1))))
    info <- v %*% diag(c(1e-9, 4, 25)) %*% t(v)
    value <- .invert_information(info, diag(3))
    expect_identical(which(is.na(diag(value))), 2:3)
    expect_equal(value[1, 1], 1 / 4)
    # in other coordinates, their difference is known
    value <- .invert_information(info, rbind(c(0, 1, -1), c(1, 0, 0)))
    expect_equal(value, diag(c(2 / 25, 1 / 4)))
    value <- .invert_information(diag(c(4, 25)), diag(2))
    expect_equal(value, diag(c(1 / 4, 1 / 25)))
})

test_that("the units of a variable do not matter", {
    base <- concomitant(fit)
    for (unit in c(1e-8, 1e9)) {
        scaled <- data$data
        scaled$bmi <- scaled$bmi * unit + 7 * unit
        f <- dmn(x, 2, seed = 1, formula = ~ bmi, data = scaled)
        expect_equal(concomitant(f)$estimate[[2]] * unit, base$estimate[[2]],
            tolerance = 1e-4)
        expect_equal(concomitant(f)$std.error[[2]] * unit,
            base$std.error[[2]], tolerance = 1e-4)
    }
    time <- as.POSIXct("2020-01-01") + 1e5 * data$data$bmi
    f <- dmn(x, 2, seed = 1, formula = ~ time, data = data.frame(time))
    expect_equal(concomitant(f)$p.value[[2]], base$p.value[[2]],
        tolerance = 1e-3)
})

test_that("nor does the basis of correlated variables", {
    d <- data.frame(v = 2000 + 10 * data$data$bmi)
    of <- function(formula) dmn(x, 2, seed = 1, nstart = 4, formula = formula,
        data = d)
    base <- of(~ poly(v, 3))
    raw <- of(~ poly(v, 3, raw = TRUE))
    expect_equal(mixture(raw), mixture(base), tolerance = 1e-5)
    expect_false(anyNA(concomitant(raw)$std.error))
    # the last coefficients are the same but for their units
    expect_equal(concomitant(raw)$statistic[[4]],
        concomitant(base)$statistic[[4]], tolerance = 1e-3)
    expect_equal(anova(raw)$Chisq, anova(base)$Chisq, tolerance = 1e-3)
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
        w <- .orthogonal(stats::model.matrix(~ v))$w
        best <- .fit_concomitant(cbind(2 - type, type - 1), table$table, w,
            .weights_settings(list(seed = 1L, num.threads = 1L,
                optimizer = "newton", control = dmncontrol()),
                1e-8, 1e-13, 1e-4))
        goodnessOfFit(f)[["NLE"]] - best$GoodnessOfFit[["NLE"]]
    }, 0)
    # from the optimum without the variable alone, 4 of 6 are worse
    expect_lte(sum(worse > 0.1), 1)
})

test_that("samples are sorted by the variables and then by component", {
    z <- matrix(c(0.9, 0.1, 0.8, 0.2), 4, 2)
    z[, 2] <- 1 - z[, 1]
    expect_equal(.sorted_by(1, c(3, 1, 1, 2), z)[, 1], c(0.1, 0.9, 0.9, 0.1))
    expect_equal(.sorted_by(1, c(3, 1, 1, 1), z)[, 1], c(0.1, 0.1, 0.9, 0.1))
    # without a variable, by component alone
    expect_equal(.sorted_by(1, numeric(4), z)[, 1], c(0.9, 0.1, 0.9, 0.1))
})

test_that("samples are reassigned with their own weights", {
    y <- twins[1:100, colSums(twins[1:100, ]) > 0]
    d <- data.frame(bmi = factor(twinsBMI[1:100]))
    f <- suppressWarnings(dmn(y, 3, seed = 1, formula = ~ bmi, data = d))
    # the least NLE of 240 starts of six kinds
    expect_lt(goodnessOfFit(f)[["NLE"]], 13863.36)
})

test_that("starts with variables are those of the fit", {
    expect_identical(starts(fit)$kind[1:4], c("given", rep("sorted", 3)))
    expect_equal(min(starts(fit)$NLE), goodnessOfFit(fit)[["NLE"]],
        tolerance = 1e-6)
    expect_false(anyDuplicated(starts(fit)$seed) > 0L)
    one <- dmn(x, 2, seed = 1, nstart = 1, formula = ~ bmi, data = data$data)
    expect_identical(nrow(starts(one)), 1L)
    expect_output(print(fit), "weights: ~bmi\n.*best of [0-9]+ starts, met")
    all <- dmn(x, 2, seed = 1, nstart = 6, formula = ~ bmi, data = data$data,
        control = dmncontrol(agree = Inf))
    expect_identical(starts(all)$kind,
        c("given", rep("sorted", 3), "labels", "seeds"))
})
