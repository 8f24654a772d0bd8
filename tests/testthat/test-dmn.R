nle <- function(fit) goodnessOfFit(fit)[["NLE"]]

# The optima that DirichletMultinomial finds on the Twins study from most seeds,
# and the Laplace criterion at those of k = 1 to 4.
reference <- data.frame(k = 1:7,
    nle = c(39162.11, 38854.53, 38898.14, 38953.69, 39160.62, 39369.37,
        39633.51),
    laplace = c(39227.36, 38872.68, 38822.44, 38781.10, NA, NA, NA))

test_that("lone starts on the Twins study are DirichletMultinomial's", {
    for (k in reference$k) {
        fits <- lapply(1:5, function(seed)
            dmn(twins, k, seed = seed, nstart = 1))
        for (fit in fits) {
            expect_defined(fit, k)
            expect_true(fit@mixture$Converged)
        }
        best <- fits[[which.min(vapply(fits, nle, numeric(1)))]]
        expect_lt(nle(best), reference$nle[[k]] + 0.01)
        if (!is.na(reference$laplace[[k]])) {
            expect_equal(nle(best), reference$nle[[k]], tolerance = 1e-6)
            expect_lt(abs(laplace(best) - reference$laplace[[k]]), 0.05)
        }
    }
})

test_that("Laplace chooses four components for the Twins study", {
    fits <- lapply(1:7, dmn, count = twins, seed = 1, nstart = 1)
    expect_identical(which.min(vapply(fits, laplace, numeric(1))), 4L)
    weight <- mixturewt(fits[[4]])$pi
    expect_lt(max(abs(weight - c(0.311, 0.303, 0.220, 0.167))), 1e-3)
    fits <- lapply(1:6, dmn, count = twins, seed = 1)
    expect_identical(which.min(vapply(fits, laplace, numeric(1))), 4L)
})

test_that("the default is as good as a lone start, and better if that is bad", {
    for (k in 2:5)
        for (seed in 1:3)
            expect_lt(nle(dmn(twins, k, seed = seed)),
                nle(dmn(twins, k, seed = seed, nstart = 1)) + 1e-3)
    # few samples of many taxa, where EM stays wherever it begins
    set.seed(1)
    x <- matrix(rpois(24 * 600, rep(rexp(600)^2, each = 24) *
        exp(rnorm(24 * 600, 0, 0.8))), 24)
    gain <- vapply(1:3, function(seed) {
        nle(dmn(x, 3, seed = seed, nstart = 1)) - nle(dmn(x, 3, seed = seed))
    }, numeric(1))
    expect_gt(min(gain), -1e-3)
    expect_gt(max(gain), 1)
})

test_that("the default does not depend on the order, nor on threads", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 2, num.threads = 1)
    set.seed(1)
    for (threads in 1:3) {
        rows <- sample(nrow(x))
        columns <- sample(ncol(x))
        other <- dmn(x[rows, columns], 3, seed = 2, num.threads = threads)
        expect_identical(mixture(other), mixture(fit)[rows, ])
        expect_identical(fitted(other), fitted(fit)[columns, ])
        expect_identical(goodnessOfFit(other), goodnessOfFit(fit))
        expect_identical(other@mixture, fit@mixture)
    }
    expect_identical(dmn(x, 3, seed = 2, nstart = 20), fit)
})

test_that("a fit of a small table is the optimum of plain EM", {
    for (k in 1:3) {
        t <- ref_table(n = 45, taxa = 6, k = max(k, 2), seed = 2)
        z <- if (k == 1) matrix(1, 45, 1) else t$z
        expected <- ref_em(t$x, z)
        fits <- lapply(1:5, function(seed) dmn(t$x, k, seed = seed))
        fit <- fits[[which.min(vapply(fits, nle, numeric(1)))]]
        expect_lt(nle(fit), expected$nle + 1e-4)
        skip_if(nle(fit) < expected$nle - 0.01, "the reference is worse")
        expect_lt(max(abs(fit@mixture$Weight - expected$weight)), 1e-3)
        expect_lt(max(abs(log(fitted(fit)) - log(expected$alpha))), 1e-2)
        expect_lt(max(abs(mixture(fit) - expected$z)), 1e-3)
    }
})

test_that("the parts of a fit agree with each other and with the model", {
    fit <- dmn(twins, 3, seed = 1)
    x <- twins
    alpha <- fitted(fit)
    weight <- fit@mixture$Weight
    expect_equal(nle(fit), ref_nle(x, alpha, weight), tolerance = 1e-10)
    expect_equal(fit@mixture$LogLik, ref_loglik(x, alpha, weight),
        tolerance = 1e-10)
    expect_equal(unname(mixture(fit)), ref_posterior(x, alpha, weight),
        tolerance = 1e-6)
    expect_equal(weight, unname(colMeans(mixture(fit))), tolerance = 1e-5)
    names <- list(colnames(x), c("1", "2", "3"))
    expect_identical(dimnames(fit@group), list(rownames(x), names[[2L]]))
    expect_identical(names(fit@fit), c("Lower", "Estimate", "Upper", "StdErr"))
    for (part in names(fit@fit))
        expect_identical(dimnames(fit@fit[[part]]), names)
    expect_identical(names(fit@mixture)[[1]], "Weight")
})

test_that("the two optimisers reach the same fit", {
    x <- small_twins()
    for (k in 1:2) {
        newton <- dmn(x, k, seed = 1, nstart = 1)
        bfgs <- dmn(x, k, seed = 1, nstart = 1, optimizer = "bfgs")
        expect_equal(goodnessOfFit(bfgs), goodnessOfFit(newton),
            tolerance = 1e-5)
        expect_identical(bfgs@mixture$Optimizer, "bfgs")
    }
})

test_that("a fit does not depend on the number of threads", {
    x <- large_table()
    sparse <- as_sparse(x)
    for (k in c(2, 3, 5)) {
        fit <- function(x, threads) {
            dmn(x, k, seed = 1, nstart = 1, num.threads = threads)
        }
        one <- fit(x, 1)
        expect_gt(one@mixture$Iterations, 5)
        expect_identical(fit(x, 2), one)
        expect_identical(fit(sparse, 2), one)
        expect_threads(x, k)
    }
    expect_identical(dmn(twins, 4, seed = 1, num.threads = 2),
        dmn(twins, 4, seed = 1, num.threads = 1))
})

test_that("a seed fixes the fit, and by default R's generator draws it", {
    x <- small_twins()
    set.seed(11)
    first <- dmn(x, 3)
    after <- runif(1)
    set.seed(11)
    seed <- runif(1, 0, .Machine$integer.max)
    expect_identical(after, runif(1))
    expect_identical(first, dmn(x, 3, seed = seed))
    expect_identical(first@mixture$Seed, as.integer(seed))
    # a fit with a given seed leaves R's generator alone
    set.seed(11)
    dmn(x, 3, seed = 5)
    expect_identical(runif(1, 0, .Machine$integer.max), seed)
})

test_that("idioms of scripts written for DirichletMultinomial work", {
    x <- small_twins()
    fits <- NULL
    printed <- capture.output(said <- capture_messages(
        fits <- lapply(1:3, dmn, count = x, verbose = TRUE)))
    expect_identical(said[c(1, 3, 5)], sprintf("dmn, k=%d\n", 1:3))
    expect_match(said[[2]], "^  one start, NLE [0-9.]+\n$")
    expect_match(said[c(4, 6)],
        "^  best of [0-9]+ starts, met (once|twice|[0-9]+ times), NLE [0-9.]+")
    expect_length(said, 6)
    printed <- capture.output(said <- capture_messages(
        lapply(1:3, dmn, count = x, verbose = TRUE, nstart = 1)))
    expect_identical(said, sprintf("dmn, k=%d\n", 1:3))
    for (line in c("  Soft kmeans", "  Expectation Maximization setup",
        "  Expectation Maximization", "  Hessian"))
        expect_identical(sum(printed == line), 3L, label = line)
    lplc <- sapply(fits, laplace)
    expect_true(is.numeric(lplc) && length(lplc) == 3)
    best <- fits[[which.min(lplc)]]
    expect_s4_class(best, "DMN")
    expect_identical(head(mixture(best), 3), mixture(best)[1:3, , drop = FALSE])
    expect_identical(best@fit$Estimate, fitted(best))
    expect_silent(dmn(x, 2, FALSE, 1))
})

test_that("fits can run in forked processes", {
    skip_on_os("windows")
    x <- small_twins()
    fits <- parallel::mclapply(1:3, dmn, count = x, seed = 1, mc.cores = 2)
    expect_identical(fits, lapply(1:3, dmn, count = x, seed = 1))
})

test_that("the order of the taxa does not matter", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    turned <- dmn(x[, rev(colnames(x))], 2, seed = 1, nstart = 1)
    expect_equal(goodnessOfFit(turned), goodnessOfFit(fit), tolerance = 1e-8)
    expect_equal(fitted(turned)[colnames(x), ], fitted(fit), tolerance = 1e-3)
})

test_that("a fit of a wide sparse table finds its two communities", {
    set.seed(8)
    n <- 60
    s <- 20000
    # two communities, which share a tenth of their taxa
    taxa <- lapply(seq_len(n), function(i) {
        half <- (i %% 2) * s / 2
        sort(c(sample(s / 2, 540) + half, sample(s / 2, 60) + s / 2 - half))
    })
    x <- Matrix::sparseMatrix(rep(seq_len(n), lengths(taxa)), unlist(taxa),
        x = rpois(600 * n, 5) + 1, dims = c(n, s))
    fit <- dmn(x, 2, seed = 1)
    expect_defined(fit, 2)
    expect_true(fit@mixture$Converged)
    assigned <- mixture(fit, assign = TRUE)
    expect_identical(assigned, rep(assigned[1:2], n / 2))
    expect_false(assigned[[1]] == assigned[[2]])
    expect_equal(predict(fit, x), mixture(fit), tolerance = 1e-8)
})

test_that("fits of degenerate tables are finite and consistent", {
    x <- ref_table(n = 20, taxa = 5)$x
    # some of these fits may stop before they converge, and warn
    fit <- function(x, k) {
        for (nstart in c(1, 20)) {
            fit <- suppressWarnings(dmn(x, k, seed = 1, nstart = nstart))
            expect_defined(fit, k)
        }
        fit
    }
    # duplicated samples, and fewer kinds of sample than components
    fit(x[rep(1:20, 3), ], 2)
    fit(x[rep(1:2, 10), ], 5)
    fit(x[rep(1L, 12), ], 4)
    # a taxon without counts: the prior determines its parameters
    absent <- fit(cbind(x, 0L), 2)
    expect_lt(max(fitted(absent)[6, ]), min(fitted(absent)[1:5, ]))
    # one taxon: the evidence is 0 for every alpha, and only the prior counts
    one <- fit(x[, 1, drop = FALSE] + 1L, 1)
    expect_equal(fitted(one)[[1]], 1, tolerance = 1e-3)
    fit(x[, 1, drop = FALSE] + 1L, 2)
    # one sample; as many components as samples
    fit(x[1, , drop = FALSE], 1)
    fit(matrix(7L), 1)
    fit(x[1:6, ], 6)
    # a sample with one read; samples that have nothing in common
    fit(rbind(x, c(0L, 0L, 1L, 0L, 0L)), 3)
    fit(diag(5L, 6), 3)
    # totals of very different size
    fit(rbind(x[1:10, ], x[11:20, ] * 100000L), 2)
})

test_that("components that are empty in the end give a warning", {
    # more components than distinct samples
    x <- ref_table(n = 3, taxa = 4)$x[rep(1:3, 5), ]
    some <- FALSE
    for (nstart in c(1, 20))
        for (seed in 1:10) {
            warned <- capture_warnings(
                fit <- dmn(x, 6, seed = seed, nstart = nstart))
            expect_defined(fit, 6)
            # a component with less than a tenth of a sample is empty
            empty <- sum(colSums(fit@group) < 0.1)
            expect_identical(fit@mixture$Empty, empty)
            expect_identical(sum(grepl("no sample: fewer components", warned)),
                as.integer(empty > 0))
            some <- some || empty > 0
        }
    expect_true(some)
    expect_warning(.warn_empty(6, 1L), "1 component holds no sample")
    expect_warning(.warn_empty(6, 2L), "2 components hold no sample")
})

test_that("by default, a component is empty only where it is of no use", {
    x <- clear_groups()
    # a lone start that merges two of the four groups
    expect_warning(lone <- dmn(x, 4, seed = 6, nstart = 1), "no sample")
    expect_identical(lone@mixture$Empty, 1L)
    for (seed in 1:10) {
        expect_no_warning(fit <- dmn(x, 4, seed = seed))
        expect_identical(fit@mixture$Empty, 0L)
        expect_lt(nle(fit), nle(lone) - 100)
        found <- table(mixture(fit, assign = TRUE), rep_len(1:4, 40))
        expect_identical(dim(found), c(4L, 4L))
        expect_identical(sort(as.vector(found)), rep(c(0L, 10L), c(12, 4)))
    }
    # the prior makes components that no group needs more likely empty
    expect_warning(more <- dmn(x, 7, seed = 1), "no sample: fewer components")
    expect_gt(more@mixture$Empty, 0)
})

test_that("an interrupted fit interrupts R", {
    after <- FALSE
    condition <- tryCatch({
        .interrupt()
        after <- TRUE
    }, interrupt = identity)
    expect_s3_class(condition, "interrupt")
    expect_false(after)
})

test_that("a fit that has not converged warns, and records it", {
    control <- dmncontrol(max.iterations = 2)
    expect_warning(fit <- dmn(twins, 4, seed = 1, nstart = 1,
        control = control), paste(
        "dmn(k = 4) has not converged in 2 iterations: its values are not",
        "those of an optimum. Raise 'max.iterations' in control =",
        "dmncontrol()"), fixed = TRUE)
    expect_false(fit@mixture$Converged)
    expect_identical(fit@mixture$Iterations, 2L)
    expect_defined(fit, 4)
    warned <- capture_warnings(fit <- dmn(twins, 4, seed = 1,
        control = control))
    expect_match(warned, paste("has not converged in",
        fit@mixture$Iterations, "iterations"))
    expect_false(fit@mixture$Converged)
    expect_defined(fit, 4)
})

test_that("k must be one whole number from 1 to the number of samples", {
    x <- small_twins()[1:20, ]
    for (bad in list(0, -1, 2.5, NA, NaN, Inf, "2", NULL, 21, 1e10, list(1)))
        expect_error(dmn(x, bad), paste("'k' must be one whole number from 1",
            "to the number of samples, 20; found"))
    expect_error(dmn(x, 1:3), paste("found a numeric vector of length 3; for",
        "several, lapply(k, dmn, count = count)"), fixed = TRUE)
    # the hint is given only where there are as many taxa as k
    expect_error(dmn(x, 25), "is 'count' transposed?", fixed = TRUE)
    expect_error(dmn(x, 1000), "found 1000$")
    expect_error(dmn(x), "'k' is missing: pass the number of components")
    expect_identical(dmn(x, 2L, seed = 1), dmn(x, 2, seed = 1))
})

test_that("every argument is checked, and the message names it", {
    x <- small_twins()
    expect_error(dmn(), "'count' is missing")
    expect_error(dmn(x, 1, verbose = NA), "'verbose' must be TRUE or FALSE")
    expect_error(dmn(x, 1, verbose = "yes"), "found \"yes\"")
    expect_error(dmn(x, 1, seed = NA), "'seed' must be one number .*found NA")
    expect_error(dmn(x, 1, seed = NULL), "'seed' must be .*found NULL")
    expect_error(dmn(x, 1, optimizer = "nlm"),
        "'optimizer' must be one of \"newton\", \"bfgs\"; found \"nlm\"")
    expect_error(dmn(x, 1, threads = 2),
        "dmn() has no argument 'threads'; did you mean 'num.threads'?",
        fixed = TRUE)
    expect_error(dmn(x, 1, num.thread = 2), "did you mean 'num.threads'")
    expect_error(dmn(x, 1, FALSE, 1, 2), "dmn() was given 1 argument too many",
        fixed = TRUE)
    condition <- tryCatch(dmn(x, 0), error = identity)
    expect_null(conditionCall(condition))
})

test_that("a time limit ends a fit with R's own error", {
    skip_on_cran()
    message <- tryCatch({
        setTimeLimit(elapsed = 0.2, transient = TRUE)
        for (i in 1:10000)
            dmn(twins, 5, seed = i, num.threads = 1,
                control = dmncontrol(accelerate = FALSE))
        "no limit"
    }, error = conditionMessage)
    setTimeLimit()
    expect_match(message, "time limit")
    # later fits work as before
    expect_identical(dim(mixture(dmn(twins, 2, seed = 1))), c(278L, 2L))
})

test_that("criteria of fits with an unneeded component agree with each other", {
    set.seed(31)
    x <- matrix(rpois(8 * 5, 3) + 1L, 8)
    fits <- suppressWarnings(lapply(list(dmncontrol(),
        dmncontrol(accelerate = FALSE), dmncontrol(tolerance = 1e-8)),
        function(control) dmn(x, 6, seed = 4, nstart = 1, control = control)))
    nle <- vapply(fits, function(fit) goodnessOfFit(fit)[["NLE"]], 0)
    same <- abs(nle - nle[[1L]]) < 1e-3
    lplc <- vapply(fits, laplace, 0)
    expect_lt(max(abs(lplc - lplc[[1L]])[same]), 0.5)
    expect_true(all(is.finite(lplc)))
})
