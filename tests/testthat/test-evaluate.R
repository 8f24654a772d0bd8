# Compares one evaluation of the model by the engine with the reference in
# helper-reference.R and with finite differences.

evaluate <- function(x, lambda, weight, num.threads = 1L,
    control = dmncontrol()) {
    .Call(R_dmm_evaluate, x, lambda, weight, control, num.threads)
}

# Parameters away from an optimum, so that no term vanishes by chance.
some_parameters <- function(s, k, seed = 3) {
    set.seed(seed)
    weight <- sort(runif(k) + 0.2, decreasing = TRUE)
    list(lambda = matrix(rnorm(s * k, -0.5, 1.2), s, k),
        weight = weight / sum(weight))
}

tables <- list(
    plain = ref_table(n = 40, taxa = 6, k = 2)$x,
    `one taxon` = matrix(c(4L, 0L, 9L, 1L) + 1L, 4),
    `one sample` = matrix(c(3L, 0L, 7L, 1L), 1),
    `empty taxa` = cbind(0L, ref_table(n = 15, taxa = 4)$x, 0L),
    `equal taxa` = ref_table(n = 15, taxa = 4)$x[, c(1, 2, 1, 3, 4, 1, 2)],
    `equal samples` = ref_table(n = 6, taxa = 5)$x[rep(1:6, 4), ],
    `large counts` = ref_table(n = 12, taxa = 5)$x * 1000003L,
    `many zeros` = twins[seq(1, 278, by = 9), ])

test_that("NLE, log-likelihood and posterior agree with the reference", {
    for (name in names(tables)) {
        x <- tables[[name]]
        for (k in c(1, 2, 3, 5, 8, 11)) {
            p <- some_parameters(ncol(x), k)
            found <- evaluate(x, p$lambda, p$weight)
            alpha <- exp(p$lambda)
            label <- sprintf("%s, k = %d", name, k)
            nle <- ref_nle(x, alpha, p$weight)
            loglik <- ref_loglik(x, alpha, p$weight)
            z <- ref_posterior(x, alpha, p$weight)
            # rounding of the reference's own sums of lgamma(), which matters
            # for the large counts only
            lost <- .Machine$double.eps * sum(lgamma(rowSums(x) + 1))
            expect_lt(abs(found$NLE - nle), 1e-10 * abs(nle) + lost,
                label = label)
            expect_lt(abs(found$LogLik - loglik), 1e-10 * abs(loglik) + lost,
                label = label)
            expect_lt(max(abs(found$Group - z)), 1e-10 + lost, label = label)
        }
    }
})

test_that("objective, gradient and Hessian agree with the reference", {
    for (name in names(tables)) {
        x <- tables[[name]]
        for (k in c(1, 3)) {
            p <- some_parameters(ncol(x), k)
            found <- evaluate(x, p$lambda, p$weight)
            for (i in seq_len(k)) {
                label <- sprintf("%s, component %d of %d", name, i, k)
                lambda <- p$lambda[, i]
                z <- found$Group[, i]
                expect_lt(ref_error(found$Objective[[i]],
                    ref_objective(x, lambda, z)), 1e-10, label = label)
                expect_lt(ref_error(found$Gradient[, i],
                    ref_gradient(x, lambda, z)), 1e-10, label = label)
                a <- exp(lambda)
                dense <- ref_hessian(x, lambda, z)
                h <- outer(a, a) * found$HessianRankOne[[i]]
                diag(h) <- diag(h) + found$HessianDiagonal[, i]
                expect_lt(ref_error(h, dense), 1e-10, label = label)
            }
        }
    }
})

test_that("the gradient agrees with finite differences of NLE", {
    for (name in c("plain", "empty taxa", "equal taxa", "many zeros")) {
        x <- tables[[name]]
        for (k in c(1, 3)) {
            p <- some_parameters(ncol(x), k)
            nle <- function(v) {
                evaluate(x, matrix(v, ncol(x)), p$weight)$NLE
            }
            gradient <- evaluate(x, p$lambda, p$weight)$Gradient
            numeric <- ref_differences(nle, as.vector(p$lambda), 1e-3)
            expect_lt(ref_error(as.vector(gradient), as.vector(numeric)), 1e-6,
                label = sprintf("%s, k = %d", name, k))
        }
    }
})

test_that("the Hessian agrees with finite differences of the gradient", {
    for (name in c("plain", "empty taxa", "equal taxa", "large counts")) {
        x <- tables[[name]]
        # one component, so that z is 1 for any lambda
        p <- some_parameters(ncol(x), 1)
        gradient <- function(v) {
            evaluate(x, matrix(v, ncol(x)), 1)$Gradient[, 1]
        }
        found <- evaluate(x, p$lambda, 1)
        a <- exp(p$lambda[, 1])
        h <- outer(a, a) * found$HessianRankOne
        diag(h) <- diag(h) + found$HessianDiagonal[, 1]
        expect_lt(ref_error(h, ref_differences(gradient, p$lambda[, 1], 1e-3)),
            1e-6, label = name)
    }
})

test_that("log-determinant and variances agree with an LU decomposition", {
    x <- small_twins()
    for (k in c(1, 2, 3)) {
        fit <- dmn(x, k, seed = 1)
        lambda <- unname(log(fitted(fit)))
        found <- evaluate(x, lambda, fit@mixture$Weight)
        for (i in seq_len(k)) {
            dense <- ref_hessian(x, lambda[, i], found$Group[, i])
            lu <- determinant(dense, logarithm = TRUE)
            expect_identical(as.integer(lu$sign), 1L)
            expect_lt(ref_error(found$LogDet[[i]], as.numeric(lu$modulus)),
                1e-10)
            variance <- unname(diag(solve(dense)))
            expect_lt(max(abs(found$Variance[, i] / variance - 1)), 1e-10)
        }
    }
})

test_that("criteria and standard errors agree with dense matrices", {
    x <- small_twins()
    for (k in 1:3) {
        fit <- dmn(x, k, seed = 1)
        alpha <- unname(fitted(fit))
        expected <- ref_criteria(x, alpha, fit@mixture$Weight)
        expect_lt(max(abs(goodnessOfFit(fit) / expected - 1)), 1e-9)
        z <- ref_posterior(x, alpha, fit@mixture$Weight)
        error <- ref_std_err(x, alpha, z)
        # a fit's z and its parameters are at most half an EM step apart
        expect_lt(max(abs(fit@fit$StdErr / error - 1)), 1e-5)
        expect_equal(fit@fit$Lower, alpha * exp(-2 * fit@fit$StdErr),
            tolerance = 1e-12)
        expect_equal(fit@fit$Upper, alpha * exp(2 * fit@fit$StdErr),
            tolerance = 1e-12)
    }
})

test_that("sparse and dense tables evaluate to the same bits", {
    for (x in tables) {
        p <- some_parameters(ncol(x), 3)
        dense <- evaluate(x, p$lambda, p$weight)
        expect_identical(evaluate(x + 0, p$lambda, p$weight), dense)
        expect_identical(evaluate(as_sparse(x), p$lambda, p$weight),
            dense)
    }
})

test_that("evaluation does not depend on the number of threads", {
    x <- large_table()
    for (k in c(2, 4, 9)) {
        p <- some_parameters(ncol(x), k)
        one <- evaluate(x, p$lambda, p$weight, 1L)
        expect_identical(evaluate(x, p$lambda, p$weight, 2L), one)
        expect_identical(evaluate(as_sparse(x), p$lambda, p$weight,
            2L), one)
    }
})

test_that("extreme parameters give finite values", {
    x <- tables$plain
    for (level in c(-60, -14, 14, 30)) {
        lambda <- matrix(level, ncol(x), 2)
        lambda[1, 2] <- level + 1
        found <- evaluate(x, lambda, c(0.5, 0.5))
        expect_true(all(is.finite(c(found$NLE, found$LogLik, found$Group,
            found$Objective, found$Gradient))), label = level)
        expect_equal(rowSums(found$Group), rep(1, nrow(x)))
    }
})
