test_that("Pearson residuals use the mixture's mean and variance", {
    t <- ref_table(n = 20, k = 2)
    fit <- dmn(t$x, 2, seed = 1)
    z <- mixture(fit)
    alpha <- fitted(fit)
    for (i in c(1, 8, 17)) {
        # simulate the mixture of this one sample
        total <- sum(t$x[i, ])
        set.seed(i)
        draws <- rdmn(20000, alpha, z[i, ], total)
        expected <- (t$x[i, ] - colMeans(draws)) / apply(draws, 2, stats::sd)
        found <- residuals(fit, t$x)[i, ]
        expect_lt(max(abs(found - expected)), 0.05 * (1 + max(abs(expected))))
    }
})

test_that("deviance residuals meet their definition", {
    t <- ref_table(n = 12, k = 2)
    fit <- dmn(t$x, 2, seed = 1)
    z <- mixture(fit)
    alpha <- fitted(fit)
    size <- colSums(alpha)
    beta_binomial <- function(x, n, a, b) {
        if (a == 0) return(1 * (x == 0))
        if (b == 0) return(1 * (x == n))
        exp(lchoose(n, x) + lbeta(x + a, n - x + b) - lbeta(a, b))
    }
    found <- residuals(fit, t$x, type = "deviance")
    for (i in 1:12) for (j in 1:6) {
        x <- t$x[i, j]
        n <- sum(t$x[i, ])
        p0 <- p1 <- 0
        for (k in 1:2) {
            p0 <- p0 + z[i, k] * beta_binomial(x, n, alpha[j, k],
                size[k] - alpha[j, k])
            p1 <- p1 + z[i, k] * beta_binomial(x, n, size[k] * x / n,
                size[k] * (1 - x / n))
        }
        expect_equal(abs(found[i, j]), sqrt(2 * max(log(p1 / p0), 0)),
            tolerance = 1e-6)
    }
    pearson <- residuals(fit, t$x)
    expect_true(all(sign(found) == sign(pearson) | found == 0))
})

test_that("residuals of draws from the model have a mean square near 1", {
    alpha <- cbind(c(9, 3, 2, 4, 5), c(2, 2, 6, 3, 3))
    set.seed(1)
    x <- rdmn(1000, alpha, c(0.7, 0.3), 300)
    fit <- dmn(x, 2, seed = 1)
    for (type in c("pearson", "deviance")) {
        r <- residuals(fit, x, type = type)
        expect_lt(abs(mean(r^2) - 0.95), 0.15)
        expect_lt(mean(abs(r) > 3), 0.01)
    }
    # samples that do not follow the model
    strange <- x[, c(3, 1, 2, 5, 4)]
    expect_gt(mean(residuals(fit, strange)^2), 1.3)
})

test_that("sparse, small and extreme tables have finite, named residuals", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    r <- residuals(fit, x)
    expect_identical(dimnames(r), dimnames(x))
    expect_equal(residuals(fit, as_sparse(x[, ncol(x):1])), r)
    expect_equal(unname(residuals(fit, x[2, ])), unname(r[2, , drop = FALSE]))
    for (type in c("pearson", "deviance"))
        expect_true(all(is.finite(residuals(fit, x, type = type))))
    one <- dmn(matrix(5:9, 5), 1, seed = 1)
    for (type in c("pearson", "deviance"))
        expect_identical(residuals(one, matrix(1:3, 3), type = type),
            matrix(0, 3, 1))
    huge <- x
    huge[1, 1] <- .Machine$integer.max
    for (type in c("pearson", "deviance"))
        expect_true(all(is.finite(residuals(fit, huge, type = type))))
})

test_that("bad arguments are refused", {
    x <- small_twins()
    fit <- dmn(x, 1, seed = 1)
    expect_error(residuals(fit), "'counts' is missing")
    expect_error(residuals(fit, x[, -1]), "'counts' lacks 1 taxon")
    expect_error(residuals(fit, x / 2), "counts in 'counts' must be whole")
    expect_error(residuals(fit, x, type = "raw"), "'type' must be one of")
    expect_error(residuals(fit, x, typ = "pearson"), "mean 'type'|argument")
})

test_that("residuals of a table with other taxa are those of the aligned", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    aligned <- x
    aligned[, 3] <- 0L
    given <- cbind(x[, c(46:4, 2:1)], other = 1L)
    expect_message(found <- residuals(fit, given, missing.taxa = "zero"),
        "'counts' has 1 taxon unknown to the fit")
    expect_identical(found, residuals(fit, aligned))
    expect_identical(suppressMessages(residuals(fit, as_sparse(given),
        missing.taxa = "zero")), found)
    given[2, 1:45] <- 0L
    expect_message(expect_error(residuals(fit, given, missing.taxa = "zero"),
        "has no counts"), "1 sample without other counts")
})
