# Fits with given markers: their numbers, against the model written out in R.

table <- marker_table()
x <- table$x
fit <- dmn(x, 2, seed = 1, markers = table$markers)

test_that("the criteria are those of the whole table", {
    fits <- list(fit, dmn(x, 1, seed = 1, markers = "taxon5"),
        suppressWarnings(dmn(x, 3, seed = 1, nstart = 3, markers = c(2, 8))),
        dmn(x, 2, seed = 1, markers = seq_len(13) != 4))
    for (f in fits) {
        expect_lt(ref_error(goodnessOfFit(f) / ref_marker_criteria(x, f), 1),
            1e-10)
        expect_equal(as.numeric(logLik(f)), sum(ref_marker_logliks(x, f)),
            tolerance = 1e-12)
    }
    control <- dmncontrol(eta = 0.7, nu = 0.02)
    f <- dmn(x, 2, seed = 1, markers = table$markers, control = control)
    expect_lt(ref_error(goodnessOfFit(f) /
        ref_marker_criteria(x, f, 0.7, 0.02), 1), 1e-10)
})

test_that("the number of parameters is that of both branches", {
    # 4 markers and the sum of the others, a weight, 9 others
    expect_identical(attr(logLik(fit), "df"), 2 * 5 + 1 + 9)
    expect_identical(attr(logLik(dmn(x, 1, markers = 5)), "df"), 2 + 12)
    expect_equal(AIC(fit, k = log(nrow(x))), BIC(fit))
})

test_that("the gradient is 0, and errors are those of the Hessians", {
    b <- ref_branches(x, fit)
    for (k in 1:2) {
        g <- ref_gradient(b$x, log(b$alpha[, k]), mixture(fit)[, k])
        expect_lt(max(abs(g)), 1e-2)
    }
    nle <- function(v) {
        ref_nle(b$x, matrix(exp(v), ncol = 2), fit@mixture$Weight)
    }
    expect_lt(max(abs(ref_differences(nle, log(c(b$alpha))))), 1e-2)
    # samples without counts of the background add nothing
    nle <- function(v) ref_nle(b$background, cbind(exp(v)), 1)
    expect_lt(max(abs(ref_differences(nle, log(c(b$beta))))), 1e-2)

    markers <- fit@mixture$Markers
    expected <- ref_std_err(b$x, b$alpha, mixture(fit))
    n <- length(markers$taxa)
    expect_equal(unname(fit@fit$StdErr[markers$taxa, ]), expected[1:n, ],
        tolerance = 1e-6)
    expect_equal(markers$other[, "StdErr"], expected[n + 1, ],
        tolerance = 1e-6)
    shared <- ref_std_err(b$background, b$beta, cbind(rep(1, nrow(x))))
    expect_equal(markers$background[, "StdErr"], drop(shared),
        tolerance = 1e-6)
    # the parameter of a background taxon in a component is a product, of that
    # of the whole background and the taxon's share in it
    covariance <- solve(ref_hessian(b$background, log(drop(b$beta)),
        rep(1, nrow(x))))
    taxa <- length(b$beta)
    jacobian <- diag(taxa) - rep(drop(b$beta) / sum(b$beta), each = taxa)
    of_share <- diag(jacobian %*% covariance %*% t(jacobian))
    expect_equal(unname(fit@fit$StdErr[-markers$taxa, ]),
        sqrt(outer(of_share, expected[n + 1, ]^2, `+`)), tolerance = 1e-6)
    half <- stats::qnorm(0.95)
    expect_equal(confint(fit, level = 0.9)[, 2, ],
        fit@fit$Estimate * exp(half * fit@fit$StdErr))
})

test_that("mean proportions are those of the model", {
    b <- ref_branches(x, fit)
    share <- sweep(b$alpha, 2, colSums(b$alpha), "/")
    mean <- matrix(0, ncol(x), 2)
    taxa <- fit@mixture$Markers$taxa
    mean[taxa, ] <- share[-5, ]
    mean[-taxa, ] <- outer(drop(b$beta) / sum(b$beta), share[5, ])
    expect_equal(unname(fitted(fit, scale = TRUE)), mean)
    expect_equal(colSums(fitted(fit)), colSums(b$alpha))
    expect_equal(mixturewt(fit)$theta, unname(colSums(b$alpha)))
})

test_that("a lone start is that of a fit to the collapsed table", {
    chosen <- table$markers
    collapsed <- cbind(x[, chosen], rest = rowSums(x[, !chosen]))
    expected <- dmn(collapsed, 2, seed = 3, nstart = 1)
    others <- dmn(x[-50, !chosen], 1, seed = 3, nstart = 1)
    found <- dmn(x, 2, seed = 3, nstart = 1, markers = chosen)
    expect_identical(mixture(found), mixture(expected))
    expect_identical(mixturewt(found)$pi, mixturewt(expected)$pi)
    expect_identical(found@fit$Estimate[chosen, ],
        expected@fit$Estimate[1:4, ])
    expect_identical(found@mixture$Markers$other[, "Estimate"],
        unname(expected@fit$Estimate["rest", ]))
    expect_identical(found@mixture$Markers$background[, "Estimate"],
        unname(others@fit$Estimate[, 1]))
    expect_equal(laplace(found), laplace(expected) + laplace(others))
    expect_equal(starts(found)$NLE, goodnessOfFit(found)[["NLE"]])
})

# ---- New samples -------------------------------------------------------------

test_that("predict() and logLik() take new samples in any container", {
    new <- marker_table(seed = 2)$x
    new[1, ] <- 0L
    new[2, ] <- c(0L, 5L, integer(11)) # a marker alone
    new[3, ] <- c(7L, integer(12))     # another taxon alone
    expect_predicted(fit, new)
    expect_predicted(dmn(x, 1, seed = 1, markers = 5), new)
    expect_predicted(dmn(x, 2, seed = 1, markers = seq_len(13) != 4), new)
    expect_equal(predict(fit, x), mixture(fit), tolerance = 1e-7)
    expect_equal(predict(fit, new[5, ]), predict(fit, new)[5, , drop = FALSE],
        ignore_attr = TRUE)
    expect_equal(dim(predict(fit, new[0, ])), c(0L, 2L))
    expect_equal(as.numeric(logLik(fit, new[1, , drop = FALSE])), 0)
    expect_identical(predict(fit, x, num.threads = 2), predict(fit, x))
    missing <- x[, -c(3, 8)]
    filled <- x
    filled[, c(3, 8)] <- 0L
    expect_identical(predict(fit, missing, missing.taxa = "zero"),
        predict(fit, filled))
})

test_that("a sum of the background that is no count is refused", {
    new <- rbind(replace(integer(13), c(3, 4), .Machine$integer.max))
    expect_error(predict(fit, new), paste("counts in 'newdata' of the taxa",
        "that are not markers must sum to at most 2147483647 in a sample;",
        "found 4294967294"))
})

test_that("simulate() draws from the model", {
    size <- rep(c(20, 400), length.out = nrow(x))
    drawn <- simulate(fit, nsim = 60, seed = 1, size = size)
    expect_identical(simulate(fit, nsim = 60, seed = 1, size = size), drawn)
    expect_identical(dimnames(drawn[[1]]), dimnames(x))
    component <- unlist(lapply(drawn, attr, "component"))
    all <- do.call(rbind, drawn)
    expect_identical(unname(rowSums(all)), rep(size, 60))
    for (k in 1:2) {
        share <- all[component == k, ] / rep(size, 60)[component == k]
        error <- apply(share, 2, stats::sd) / sqrt(nrow(share))
        difference <- colMeans(share) - fitted(fit, scale = TRUE)[, k]
        # the first taxon is too rare
        expect_lt(max(abs(difference / error)[-1]), 4.5)
    }
})

test_that("Pearson residuals have the mean and variance of simulations", {
    z <- predict(fit, x)
    for (i in c(1, 2)) {
        one <- fit
        one@mixture$Weight <- unname(z[i, ])
        total <- sum(x[i, ])
        draws <- simulate(one, nsim = 500, seed = i, size = total)
        draws <- do.call(rbind, draws)[, -1]
        found <- .mixture_moments(z[i, , drop = FALSE], total, fit)
        expect_equal(unname(found$mean[, -1]), unname(colMeans(draws)),
            tolerance = 0.03)
        expect_lt(max(abs(found$variance[, -1] / apply(draws, 2, stats::var) -
            1)), 0.08)
        expect_equal(unname(residuals(fit, x)[i, -1]),
            unname((x[i, -1] - found$mean[, -1]) / sqrt(found$variance[, -1])))
    }
    # the sum of all taxa does not vary
    for (k in 1:2) {
        s <- .mixture_moments(diag(2)[k, , drop = FALSE], 100, fit)
        expect_equal(sum(s$mean), 100)
    }
})

test_that("deviance residuals meet their definition", {
    found <- residuals(fit, x, type = "deviance")
    b <- ref_branches(x, fit)
    beta_binomial <- function(x, n, a, size) {
        if (a == 0) return(1 * (x == 0))
        if (a == size) return(1 * (x == n))
        exp(lchoose(n, x) + lbeta(x + a, n - x + size - a) -
            lbeta(a, size - a))
    }
    deviance <- function(x, n, z, alpha, j) {
        size <- colSums(alpha)
        if (n == 0)
            return(0)
        p <- vapply(seq_along(z), function(k) {
            z[[k]] * c(beta_binomial(x, n, size[[k]] * x / n, size[[k]]),
                beta_binomial(x, n, alpha[j, k], size[[k]]))
        }, numeric(2))
        sqrt(2 * max(log(sum(p[1, ]) / sum(p[2, ])), 0))
    }
    taxa <- fit@mixture$Markers$taxa
    others <- setdiff(seq_len(ncol(x)), taxa)
    for (i in c(1, 2, 17, 50)) {
        for (j in seq_along(taxa))
            expect_equal(abs(found[[i, taxa[[j]]]]), deviance(b$x[[i, j]],
                sum(x[i, ]), mixture(fit)[i, ], b$alpha, j), tolerance = 1e-5)
        for (j in seq_along(others))
            expect_equal(abs(found[[i, others[[j]]]]),
                deviance(b$background[[i, j]], sum(b$background[i, ]), 1,
                    b$beta, j), tolerance = 1e-5)
    }
})

# ---- The same fit ------------------------------------------------------------

# Expects the same fit, with its samples and taxa in another order.
expect_same_fit <- function(found, expected) {
    i <- rownames(expected@group)
    j <- rownames(expected@fit$Estimate)
    expect_identical(found@goodnessOfFit, expected@goodnessOfFit)
    expect_identical(found@group[i, , drop = FALSE], expected@group)
    expect_identical(lapply(found@fit, `[`, j, , drop = FALSE), expected@fit)
    expect_identical(markers(found), markers(expected))
}

test_that("the order of the table, its container and threads do not matter", {
    for (how in list(colnames(x)[table$markers], "select")) {
        first <- dmn(x, 2, seed = 1, nstart = 5, markers = how)
        for (seed in 1:3) {
            set.seed(seed)
            y <- x[sample(nrow(x)), sample(ncol(x))]
            expect_same_fit(dmn(y, 2, seed = 1, nstart = 5, markers = how),
                first)
        }
        for (y in list(x + 0, as.data.frame(x), as_sparse(x), packed(x)))
            expect_identical(dmn(y, 2, seed = 1, nstart = 5, markers = how),
                first)
    }
    large <- marker_table(2500, 40, 3)
    one <- dmn(large$x, 3, seed = 1, nstart = 2, markers = large$markers,
        num.threads = 1)
    expect_identical(dmn(large$x, 3, seed = 1, nstart = 2,
        markers = large$markers, num.threads = 2), one)
})

# ---- Small tables ------------------------------------------------------------

test_that("the smallest tables can be fitted", {
    two <- cbind(a = c(5L, 1L, 0L, 7L), b = c(0L, 2L, 9L, 1L))
    for (k in 1:2) for (markers in list("a", "b", "select")) {
        f <- suppressWarnings(dmn(two, k, seed = 1, markers = markers))
        expect_defined(f, k)
        expect_true(validObject(f))
        expect_lt(ref_error(goodnessOfFit(f) / ref_marker_criteria(two, f), 1),
            1e-9)
        # one background taxon has no freedom, so its parameter has the mode of
        # the prior
        expect_equal(f@mixture$Markers$background[, "Estimate"][[1]], 1,
            tolerance = 1e-4)
    }
    # taxa without counts on both sides
    f <- suppressWarnings(dmn(cbind(two, c = 0L, d = 0L, e = 3L), 2, seed = 1,
        markers = c("a", "c")))
    expect_defined(f, 2)
    # as many components as samples
    expect_defined(suppressWarnings(dmn(two, 4, seed = 1, markers = "a")), 4)
})

# ---- Damaged fits ------------------------------------------------------------

test_that("damage to the markers is found", {
    message <- paste("mixture\\$Markers must be a list of taxa, gain,",
        "selected, other, background, level, division for some of the 13 taxa")
    expect_true(validObject(fit))
    change <- function(...) {
        bad <- fit
        bad@mixture$Markers <- utils::modifyList(bad@mixture$Markers, list(...))
        bad
    }
    m <- fit@mixture$Markers
    damaged <- list(change(taxa = c(1, 1, 2, 3)), change(taxa = c(2, 5, 8, 14)),
        change(taxa = 1:3), change(taxa = letters[1:4]), change(gain = 1),
        change(taxa = integer()), change(taxa = 1:13), change(other = NULL),
        change(selected = NULL), change(selected = NA),
        change(gain = letters[1:4]),
        change(other = m$other[1, , drop = FALSE]),
        change(other = replace(m$other, 1, -1)),
        change(other = replace(m$other, 1, NA)),
        change(other = unname(m$other)),
        change(background = m$background[-1, ]),
        change(background = replace(m$background, 2, Inf)))
    for (bad in damaged) {
        expect_error(validObject(bad), message)
        expect_error(predict(bad, x), message)
        expect_error(markers(bad), message)
    }
    bad <- fit
    bad@mixture$Markers <- 1:3
    expect_error(validObject(bad), message)
})
