# A reference implementation of the model, as simple as possible, with which
# tests compare the engine: sums of lgamma(), dense Hessians, optim(). It is
# slow, and accurate on small tables. Rows of `x` are samples; columns of
# `alpha` and `z` are components; `lambda` is log(alpha). The equations are
# those of Holmes, Harris and Quince (2012).

ref_evidence <- function(x, alpha) {
    one <- function(xi, a) {
        sum(lgamma(a + xi) - lgamma(a)) + lgamma(sum(a)) -
            lgamma(sum(a) + sum(xi))
    }
    ev <- matrix(0, nrow(x), ncol(alpha))
    for (i in seq_len(nrow(x)))
        for (k in seq_len(ncol(alpha)))
            ev[i, k] <- one(x[i, ], alpha[, k])
    ev
}

ref_log_sum_exp <- function(v) max(v) + log(sum(exp(v - max(v))))

ref_joint <- function(x, alpha, weight) {
    sweep(ref_evidence(x, alpha), 2, log(weight), "+")
}

ref_posterior <- function(x, alpha, weight) {
    joint <- ref_joint(x, alpha, weight)
    exp(joint - apply(joint, 1, ref_log_sum_exp))
}

ref_loglik <- function(x, alpha, weight) {
    multinomial <- lgamma(rowSums(x) + 1) - rowSums(lgamma(x + 1))
    sum(multinomial) + sum(apply(ref_joint(x, alpha, weight), 1,
        ref_log_sum_exp))
}

# The log density of all log(alpha), where each alpha has a Gamma(eta, nu)
# prior.
ref_log_prior <- function(alpha, eta = 0.1, nu = 0.1) {
    sum(dgamma(alpha, eta, nu, log = TRUE) + log(alpha))
}

ref_nle <- function(x, alpha, weight, eta = 0.1, nu = 0.1) {
    -ref_loglik(x, alpha, weight) - ref_log_prior(alpha, eta, nu)
}

# F_k, which the M-step minimises over lambda = lambda[, k] at given z = z[, k].
ref_objective <- function(x, lambda, z, eta = 0.1, nu = 0.1) {
    alpha <- exp(lambda)
    -sum(z * ref_evidence(x, cbind(alpha))) + nu * sum(alpha) -
        eta * sum(lambda)
}

ref_gradient <- function(x, lambda, z, eta = 0.1, nu = 0.1) {
    a <- exp(lambda)
    total <- digamma(sum(a) + rowSums(x)) - digamma(sum(a))
    taxon <- vapply(seq_along(a), function(j) {
        sum(z * (digamma(a[[j]] + x[, j]) - digamma(a[[j]])))
    }, numeric(1))
    a * (nu - taxon + sum(z * total)) - eta
}

ref_hessian <- function(x, lambda, z, eta = 0.1, nu = 0.1) {
    a <- exp(lambda)
    h <- outer(a, a) * sum(z * (trigamma(sum(a) + rowSums(x)) -
        trigamma(sum(a))))
    curvature <- vapply(seq_along(a), function(j) {
        sum(z * (trigamma(a[[j]] + x[, j]) - trigamma(a[[j]])))
    }, numeric(1))
    diag(h) <- diag(h) + ref_gradient(x, lambda, z, eta, nu) + eta -
        a^2 * curvature
    h
}

ref_criteria <- function(x, alpha, weight, eta = 0.1, nu = 0.1) {
    n <- nrow(x)
    k <- length(weight)
    p <- length(alpha) + k - 1
    z <- ref_posterior(x, alpha, weight)
    by_component <- vapply(seq_len(k), function(i) {
        h <- ref_hessian(x, log(alpha[, i]), z[, i], eta, nu)
        as.numeric(determinant(h, logarithm = TRUE)$modulus)
    }, numeric(1))
    logdet <- sum(by_component) +
        sum(2 * log(n) - log(pmax(n * weight[-1], 1)))
    nle <- ref_nle(x, alpha, weight, eta, nu)
    c(NLE = nle, LogDet = logdet,
        Laplace = nle + logdet / 2 - p / 2 * log(2 * pi),
        BIC = nle + p / 2 * log(n), AIC = nle + p)
}

ref_std_err <- function(x, alpha, z) {
    columns <- lapply(seq_len(ncol(alpha)), function(k) {
        sqrt(diag(solve(ref_hessian(x, log(alpha[, k]), z[, k]))))
    })
    unname(do.call(cbind, columns))
}

ref_mstep <- function(x, lambda, z) {
    best <- lambda
    # three runs, because a single run of BFGS stops a little short
    for (run in 1:3)
        best <- stats::optim(best, ref_objective, ref_gradient, x = x, z = z,
            method = "BFGS", control = list(maxit = 1000, reltol = 1e-15))$par
    best
}

# Plain EM to convergence, from posterior probabilities z.
ref_em <- function(x, z, tolerance = 1e-9) {
    lambda <- matrix(0, ncol(x), ncol(z))
    for (k in seq_len(ncol(z)))
        lambda[, k] <- log(pmax(1e-6,
            colSums(z[, k] * x / rowSums(x)) / sum(z[, k])))
    before <- Inf
    repeat {
        for (k in seq_len(ncol(z)))
            lambda[, k] <- ref_mstep(x, lambda[, k], z[, k])
        weight <- colMeans(z)
        nle <- ref_nle(x, exp(lambda), weight)
        if (abs(before - nle) < tolerance)
            break
        before <- nle
        z <- ref_posterior(x, exp(lambda), weight)
    }
    order <- order(weight, decreasing = TRUE)
    list(nle = nle, alpha = exp(lambda)[, order, drop = FALSE],
        weight = weight[order], z = z[, order, drop = FALSE])
}

# Central differences of f at v, one column for each element of v.
ref_differences <- function(f, v, step = 1e-4) {
    columns <- lapply(seq_along(v), function(j) {
        d <- replace(numeric(length(v)), j, step)
        (8 * (f(v + d) - f(v - d)) - (f(v + 2 * d) - f(v - 2 * d))) /
            (12 * step)
    })
    do.call(cbind, columns)
}

# The largest error, relative to the largest expected value or to 1.
ref_error <- function(found, expected) {
    max(abs(found - expected)) / max(1, abs(expected))
}

# ---- Markers -----------------------------------------------------------------

# The tables and parameters of the two branches of a fit with markers: those of
# a mixture over the markers and the sum of the others, and of the others, for
# a background of one level.
ref_branches <- function(x, fit) {
    taxa <- fit@mixture$Markers$taxa
    x <- as.matrix(x)
    background <- x[, -taxa, drop = FALSE]
    list(x = cbind(x[, taxa, drop = FALSE], rowSums(background)),
        alpha = rbind(fit@fit$Estimate[taxa, , drop = FALSE],
            fit@mixture$Markers$other[, "Estimate"]),
        background = background,
        beta = cbind(fit@mixture$Markers$background[, "Estimate"]))
}

# The nodes of the background: those of its levels, and then those of the sums.
# Each has counts, parameters and standard errors of their logs.
ref_nodes <- function(x, fit) {
    m <- fit@mixture$Markers
    x <- unname(as.matrix(x)[, -m$taxa, drop = FALSE])
    last <- max(m$level)
    c(lapply(seq_len(last), function(i) {
        list(x = x[, m$level == i, drop = FALSE],
            alpha = cbind(m$background[m$level == i, "Estimate"]),
            error = m$background[m$level == i, "StdErr"])
    }), lapply(seq_len(last - 1), function(i) {
        list(x = cbind(rowSums(x[, m$level > i, drop = FALSE]),
                rowSums(x[, m$level == i, drop = FALSE])),
            alpha = cbind(m$division[2 * i - 1:0, "Estimate"]),
            error = m$division[2 * i - 1:0, "StdErr"])
    }))
}

# The log evidence of each sample's counts of the background.
ref_background <- function(x, fit) {
    Reduce(`+`, lapply(ref_nodes(x, fit), function(node) {
        drop(ref_evidence(node$x, node$alpha))
    }))
}

# The log-likelihood of each sample.
ref_marker_logliks <- function(x, fit) {
    b <- ref_branches(x, fit)
    joint <- ref_joint(b$x, b$alpha, fit@mixture$Weight)
    lgamma(rowSums(x) + 1) - rowSums(lgamma(x + 1)) +
        apply(joint, 1, ref_log_sum_exp) + ref_background(x, fit)
}

# The criteria of all of the table.
ref_marker_criteria <- function(x, fit, eta = 0.1, nu = 0.1) {
    b <- ref_branches(x, fit)
    n <- nrow(x)
    k <- ncol(b$alpha)
    p <- length(b$alpha) + k - 1
    nle <- -sum(ref_marker_logliks(x, fit)) - ref_log_prior(b$alpha, eta, nu)
    logdet <- ref_criteria(b$x, b$alpha, fit@mixture$Weight, eta,
        nu)[["LogDet"]]
    for (node in ref_nodes(x, fit)) {
        p <- p + length(node$alpha)
        nle <- nle - ref_log_prior(node$alpha, eta, nu)
        logdet <- logdet + ref_criteria(node$x, node$alpha, 1, eta,
            nu)[["LogDet"]]
    }
    c(NLE = nle, LogDet = logdet,
        Laplace = nle + logdet / 2 - p / 2 * log(2 * pi),
        BIC = nle + p / 2 * log(n), AIC = nle + p)
}

# Checks functions of new samples of a fit with markers, in all containers.
expect_predicted <- function(fit, new) {
    b <- ref_branches(new, fit)
    evidence <- ref_evidence(b$x, b$alpha) + ref_background(new, fit)
    posterior <- ref_posterior(b$x, b$alpha, fit@mixture$Weight)
    for (counts in list(new, as_sparse(new), packed(new), new[, ncol(new):1])) {
        expect_equal(unname(predict(fit, counts)), unname(posterior),
            tolerance = 1e-9)
        expect_equal(unname(predict(fit, counts, logevidence = TRUE)),
            -unname(evidence), tolerance = 1e-10)
        expect_equal(as.numeric(logLik(fit, counts)),
            sum(ref_marker_logliks(new, fit)), tolerance = 1e-11)
    }
}

# A small table with names, drawn from known components. `z` are its true
# responsibilities.
ref_table <- function(n = 40, taxa = 6, k = 2, total = 200, seed = 1) {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(seed)
    alpha <- matrix(stats::rgamma(taxa * k, 0.6) * 6 + 0.05, taxa, k)
    component <- rep(seq_len(k), length.out = n)
    x <- t(vapply(component, function(i) {
        p <- stats::rgamma(taxa, alpha[, i]) + 1e-12
        as.integer(stats::rmultinom(1, total + i, p))
    }, integer(taxa)))
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("taxon", seq_len(taxa)))
    list(x = x, alpha = alpha, component = component,
        z = 1 * outer(component, seq_len(k), "=="))
}
