test_that("the best of several starts is at least as good as each", {
    fit <- dmn(twins, 3, seed = 1, nstart = 8,
        control = dmncontrol(agree = Inf))
    expect_defined(fit, 3)
    table <- starts(fit)
    expect_identical(class(table), c("dmnstarts", "data.frame"))
    expect_identical(names(table), c("start", "kind", "seed", "samples", "NLE",
        "iterations", "converged", "best"))
    expect_identical(table$samples, rep(278L, 8))
    expect_identical(table$start, 1:8)
    expect_identical(min(table$NLE), goodnessOfFit(fit)[["NLE"]])
    expect_true(any(table$best))
    expect_gt(length(unique(round(table$NLE, 2))), 1)
    expect_identical(anyDuplicated(table$seed), 0L)
    expect_identical(table$kind, c("kmeans", "seeds", "labels", "move",
        "labels", "resample", "seeds", "move"))
})

test_that("the first starts do not depend on the number of starts", {
    x <- small_twins()
    all <- dmncontrol(agree = Inf)
    few <- starts(dmn(x, 2, seed = 3, nstart = 4, control = all))
    many <- starts(dmn(x, 2, seed = 3, nstart = 9, control = all))
    expect_identical(nrow(many), 9L)
    expect_identical(few[1:7], many[1:4, 1:7])
})

test_that("starts end when they agree", {
    # a small table has all starts
    expect_identical(nrow(starts(dmn(clear_groups(), 4, seed = 1))), 20L)
    x <- large_table(3000, 60, 2)
    table <- starts(dmn(x, 2, seed = 1))
    expect_lt(nrow(table), 20L)
    expect_identical(.times_met(table), 3L)
    all <- starts(dmn(x, 2, seed = 1, control = dmncontrol(agree = Inf)))
    expect_identical(nrow(all), 20L)
    expect_equal(all[seq_len(nrow(table)), ], table, ignore_attr = TRUE)
    expect_identical(nrow(starts(dmn(x, 2, seed = 1, nstart = 2))), 2L)
})

test_that("resamples do not count as having met an optimum", {
    met <- function(nle, kind) .times_met(list(NLE = nle, kind = kind))
    kinds <- c("kmeans", "seeds", "labels", "resample", "kmeans", "move")
    # nor do k-means starts after the first
    expect_identical(met(c(1, 1, 1, 1, 1, 1), kinds), 4L)
    expect_identical(met(c(1, 2, 2, 2, 1, 2), kinds), 1L)
    expect_identical(met(c(2, 1, 1.009, 1, 1.02, 2), kinds), 2L)
    # one that has found it counts as one
    expect_identical(met(c(2, 2, 2, 1, 2, 2), kinds), 1L)
    expect_identical(met(c(2, 2, 2, 1, 1, 2), kinds), 1L)
    # failed starts
    expect_identical(met(c(Inf, 1, Inf, Inf, Inf, 1), kinds), 2L)
    expect_identical(met(5, "kmeans"), 1L)
})

test_that("starts on a very large table are made on a part of it", {
    set.seed(2)
    n <- 80000
    mean <- rbind(c(20, 5, 5, 1, 1, 1), c(1, 1, 5, 20, 5, 1),
        c(5, 1, 1, 1, 5, 20))
    group <- sample(3, n, TRUE)
    x <- matrix(rpois(6 * n, mean[group, ]), n)
    x[, 1] <- x[, 1] + 1L
    fit <- dmn(x, 3, seed = 1)
    table <- starts(fit)
    expect_identical(unique(table$samples), 20000L)
    expect_identical(nrow(table), 3L)
    expect_true(all(table$best))
    expect_identical(nrow(mixture(fit)), 80000L)
    expect_defined(fit, 3)
    expect_true(fit@mixture$Converged)
    found <- table(mixture(fit, assign = TRUE), group)
    expect_gt(sum(apply(found, 1, max)), 0.98 * n)
    # as good as EM on all samples
    expect_lt(goodnessOfFit(fit)[["NLE"]], goodnessOfFit(dmn(x, 3, seed = 1,
        nstart = 1))[["NLE"]] + 0.01)
    rows <- rev(seq_len(n))
    other <- dmn(x[rows, 6:1], 3, seed = 1, num.threads = 2)
    expect_identical(goodnessOfFit(other), goodnessOfFit(fit))
    expect_identical(mixture(other), mixture(fit)[rows, ])
    expect_identical(starts(other), table)
    # one sample fewer is not that large
    expect_identical(unique(starts(dmn(x[-1, ], 3, seed = 1,
        nstart = 2))$samples), 79999L)
    expect_identical(starts(dmn(x, 3, seed = 1, nstart = 1))$samples, 80000L)
})

test_that("a fit from one start has a table of one row", {
    fit <- dmn(small_twins(), 2, seed = 1, nstart = 1)
    expect_null(fit@mixture$Starts)
    expect_identical(fit@mixture$NStart, 1L)
    expect_identical(starts(fit)$kind, "kmeans")
    expect_identical(starts(fit)$samples, 40L)
    expect_identical(starts(fit)$NLE, goodnessOfFit(fit)[["NLE"]])
    one <- starts(dmn(small_twins(), 1, seed = 1, nstart = 5))
    expect_identical(nrow(one), 1L)
    expect_s3_class(one, c("dmnstarts", "data.frame"), exact = TRUE)
})

test_that("the order of samples and taxa does not change a bit of a fit", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1, nstart = 6)
    set.seed(1)
    for (i in 1:10) {
        rows <- sample(nrow(x))
        columns <- sample(ncol(x))
        y <- x[rows, columns]
        if (i %% 2 == 0)
            y <- as_sparse(y)
        other <- dmn(y, 3, seed = 1, nstart = 6)
        expect_identical(goodnessOfFit(other), goodnessOfFit(fit))
        expect_identical(mixture(other), mixture(fit)[rows, ])
        expect_identical(fitted(other), fitted(fit)[columns, ])
        expect_identical(starts(other), starts(fit))
    }
    # names have no effect
    y <- unname(as.matrix(y))
    expect_identical(unname(mixture(dmn(y, 3, seed = 1, nstart = 6))),
        unname(mixture(other)))
})

test_that("the order of samples that tie does not change the fit", {
    x <- diag(4L, 8)
    set.seed(1)
    # dmn() warns that such a table has no clusters
    fit <- suppressWarnings(dmn(x, 2, seed = 1, nstart = 4))
    rows <- sample(8)
    other <- suppressWarnings(dmn(x[rows, ], 2, seed = 1, nstart = 4))
    expect_identical(goodnessOfFit(other), goodnessOfFit(fit))
    y <- small_twins()[rep(1:10, 3), ]
    rownames(y) <- NULL
    fit <- dmn(y, 2, seed = 1, nstart = 4)
    rows <- sample(30)
    expect_identical(mixture(dmn(y[rows, ], 2, seed = 1, nstart = 4)),
        mixture(fit)[rows, ])
})

test_that("the order does not matter in tables in which samples look alike", {
    banded <- function(n, width, count) {
        x <- matrix(0, n, n + width - 1)
        for (i in seq_len(n))
            x[i, i + seq_len(width) - 1] <- count
        x
    }
    expect_order <- function(x, exact = FALSE) {
        # some of them have no clusters, and dmn() says so
        fit <- suppressWarnings(dmn(x, 3, seed = 1, nstart = 5))
        z <- unname(mixture(fit))
        set.seed(1)
        for (i in 1:5) {
            rows <- sample(nrow(x))
            columns <- sample(ncol(x))
            y <- x[rows, columns]
            other <- suppressWarnings(dmn(y, 3, seed = 1, nstart = 5))
            expect_identical(goodnessOfFit(other), goodnessOfFit(fit))
            expect_identical(starts(other), starts(fit))
            w <- unname(mixture(other))
            if (exact)
                expect_identical(w, z[rows, ])
            # those that a symmetry exchanges may have changed places
            expect_identical(apply(w, 2, sort), apply(z, 2, sort))
        }
    }
    marked <- banded(60, 4, 3)
    marked[1, 1] <- 9
    expect_order(marked, exact = TRUE)
    expect_order(banded(40, 2, 5))
    expect_order(kronecker(diag(6), matrix(2, 3, 3) + diag(3)))
    circulant <- banded(30, 3, 4)
    circulant[, 1:2] <- circulant[, 1:2] + circulant[, 31:32]
    expect_order(circulant[, 1:30])
})

test_that("a fit from several starts does not depend on threads", {
    x <- large_table()
    one <- dmn(x, 3, seed = 1, nstart = 4, num.threads = 1)
    for (threads in 2:3)
        expect_identical(one,
            dmn(x, 3, seed = 1, nstart = 4, num.threads = threads))
    rows <- rev(seq_len(nrow(x)))
    expect_identical(mixture(dmn(x[rows, ], 3, seed = 1, nstart = 4)),
        mixture(one)[rows, ])
})

test_that("seeds and permutations of twins agree on k and on the clusters", {
    skip_on_cran()
    sweep <- function(x, seed) {
        fits <- lapply(3:5, dmn, count = x, seed = seed, nstart = 20)
        fits[[which.min(vapply(fits, laplace, numeric(1)))]]
    }
    first <- sweep(twins, 1)
    expect_identical(ncol(mixture(first)), 4L)
    clusters <- mixture(first, assign = TRUE)
    set.seed(1)
    for (i in 1:20) {
        by_seed <- sweep(twins, i)
        expect_identical(mixture(by_seed, assign = TRUE), clusters)
        rows <- sample(nrow(twins))
        columns <- sample(ncol(twins))
        shuffled <- sweep(twins[rows, columns], 1)
        expect_identical(mixture(shuffled)[rownames(twins), ],
            mixture(first))
    }
})

test_that("arguments that cannot be used are refused", {
    expect_error(dmn(twins, 2, nstart = 0), "'nstart' must be one whole")
    expect_error(dmn(twins, 2, nstart = c(1, 2)), "'nstart' must be one whole")
    expect_error(starts(1), "'object' must be a fit")
    expect_error(starts(list(dmn(small_twins(), 1))), "lapply")
})

test_that("each kind of start can be asked for by itself", {
    x <- small_twins()
    table <- .compress(x, 2L, 1L)
    one <- function(kind, given = NULL) {
        .fit_starts(table, 2L, 1L, FALSE, 1L, 1L, "newton", dmncontrol(),
            kinds = kind, given = given)
    }
    for (kind in c("kmeans", "seeds", "labels"))
        expect_defined(one(kind), 2)
    fit <- one("seeds")
    again <- one("given", given = unname(mixture(fit)))
    expect_equal(goodnessOfFit(again), goodnessOfFit(fit), tolerance = 1e-7)
    expect_error(one("other"), "no kind of start")
    expect_error(one("given", matrix(1, 3, 2)), "given")
})
