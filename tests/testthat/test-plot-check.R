# The statistics of one group, written out.
slow_statistics <- function(x, top) {
    share <- x / rowSums(x)
    shannon <- apply(share, 1, function(p) -sum(p[p > 0] * log(p[p > 0])))
    c(richness = mean(apply(x, 1, function(v) sum(v > 0))),
        zeros = mean(x[, top] == 0), shannon = mean(shannon),
        variance = if (nrow(x) > 1)
            sum(apply(share[, top, drop = FALSE], 2, var)) else NA)
}

# Counts from a fit with known parameters.
known_fit <- function(n = 60, seed = 1) {
    x <- ref_table(n, taxa = 12, k = 2, total = 300, seed = seed)
    list(x = x$x, fit = dmn(x$x, 2, seed = 1, nstart = 1))
}

numbers <- function(fit, x, nsim = 40, nsamples = NULL, ntaxa = 5) {
    .with_seed(1, .model_check(fit, x, nsim, nsamples, ntaxa))
}

test_that("statistics are those of their definitions", {
    x <- ref_table(23, taxa = 9, k = 2)$x
    x[, 3] <- 0L
    group <- factor(rep(c(1, 3, 4), c(10, 12, 1)), 1:4)
    top <- c(5, 3, 8)
    found <- .statistics_of(t(x), group, top)
    expect_identical(dim(found), c(4L, 4L))
    expect_true(all(is.na(found[2, ])))
    for (g in c(1, 3, 4))
        expect_equal(found[g, ], slow_statistics(x[group == g, , drop = FALSE],
            top))
})

test_that("p-values are two-sided, count the data and are at most 1", {
    observed <- matrix(c(10, 5, 0, NA), 1)
    drawn <- array(rbind(1:39, 1:39, 0, NA), c(1, 4, 39))
    found <- .compare(observed, drawn, factor(c(1, 1)), "1")
    # 30 of 39 are at least 10 and 10 at most 10; 5 at most 5; all equal 0
    expect_equal(found$p, c(2 * 11 / 40, 2 * 6 / 40, 1))
    expect_identical(as.character(found$statistic),
        c("richness", "zeros", "shannon"))
    expect_equal(found$lower, c(1.95, 1.95, 0))
    expect_equal(found$upper, c(38.05, 38.05, 0))
    expect_equal(found$median, c(20, 20, 0))
    # the smallest
    far <- .compare(matrix(100, 1, 4), array(1:4, c(1, 4, 39)), factor(1), "1")
    expect_equal(far$p, rep(2 / 40, 4))
})

test_that("drawn tables have the totals, components and means of the model", {
    set.seed(1)
    alpha <- cbind(c(5, 1, 1), c(1, 1, 5))
    size <- rep(c(10L, 50L), 1500)
    z <- rep(c(0, 0.3, 1), each = 1000)
    draw <- function(k, size) .draw_sample(alpha[, k], size)
    x <- .draw_table(draw, cbind(z, 1), size, nrow(alpha))
    expect_identical(dim(x), c(3L, 3000L))
    expect_equal(colSums(x), size)
    share <- t(x) / size
    for (p in c(0, 0.3, 1)) {
        expected <- p * alpha[, 1] / 7 + (1 - p) * alpha[, 2] / 7
        expect_lt(max(abs(colMeans(share[z == p, ]) - expected)), 0.05)
    }
    one <- .draw_table(draw, matrix(1, 4, 1), size[1:4], nrow(alpha))
    expect_equal(colSums(one), size[1:4])
})

test_that("the observed numbers are those of the counts", {
    data <- known_fit()
    found <- numbers(data$fit, data$x)$data
    share <- fitted(data$fit, scale = TRUE) %*% mixturewt(data$fit)$pi
    top <- order(share, decreasing = TRUE)[1:5]
    assigned <- mixture(data$fit, assign = TRUE)
    for (k in 1:2) {
        part <- found[found$component == k, ]
        expect_equal(setNames(part$observed, part$statistic),
            slow_statistics(data$x[assigned == k, ], top))
        expect_equal(part$samples, rep(sum(assigned == k), 4))
    }
    expect_true(all(found$lower <= found$median & found$median <= found$upper))
})

test_that("p-values of data from the model are not small", {
    p <- unlist(lapply(1:8, function(seed) {
        data <- known_fit(seed = seed)
        numbers(data$fit, data$x)$data$p
    }))
    # 64 p-values: uniform ones would have 3 at the smallest, 2 / 41
    expect_lte(sum(p < 0.05), 6)
    expect_gt(mean(p), 0.4)
})

test_that("zeros that the model does not have are flagged", {
    data <- known_fit(100)
    set.seed(2)
    x <- data$x
    common <- order(colSums(x), decreasing = TRUE)[1:5]
    x[, common][sample(500, 150)] <- 0L
    expect_true(all(rowSums(x) > 0))
    # by the fit that does not know of them, and by one that does
    p <- numbers(data$fit, x)$data
    expect_true(all(p$p[p$statistic %in% c("zeros", "richness")] == 2 / 41))
    refit <- dmn(x, 2, seed = 1, nstart = 1)
    expect_true(any(numbers(refit, x)$data$p == 2 / 41))
})

test_that("samples with fewer taxa are flagged", {
    data <- known_fit(100)
    # rare counts are dropped, as filters of reads do
    x <- data$x
    x[x < 8] <- 0L
    p <- numbers(data$fit, x)$data
    p <- p[p$statistic == "richness", ]
    expect_true(all(p$observed < p$lower))
    expect_true(all(p$p == 2 / 41))
})

test_that("of a large table some samples of each component are used", {
    group <- rep(1:3, c(500, 50, 4))
    # a table that takes too long: at most 64 samples
    most <- .most_samples(group, 1000, NULL, 5000)
    expect_identical(most, 21L)
    set.seed(1)
    used <- .some_of_each(group, most)
    expect_identical(tabulate(group[used]), c(21L, 21L, 4L))
    expect_false(is.unsorted(used))
    expect_false(anyDuplicated(used) > 0)
    # a group of one is not sampled from 1 to its place
    expect_setequal(.some_of_each(c(1, 1, 1, 2), 1)[2], 4)
    # a table that is fast is used as a whole
    expect_identical(.some_of_each(group, .most_samples(group, 100, NULL, 40)),
        seq_along(group))
    expect_identical(.most_samples(group, 100, 2, 50), 1L)

    data <- known_fit()
    check <- numbers(data$fit, data$x, nsamples = 20)
    expect_identical(check$most, 10L)
    expect_identical(check$samples, c(10L, 10L))
    expect_identical(unique(check$data$samples), 10L)
    expect_identical(numbers(data$fit, data$x)$most, Inf)
})

check <- function(..., nsim = 20) {
    ggplot2::autoplot(..., what = "check", nsim = nsim)
}

expect_draws <- function(plot) {
    expect_s3_class(plot, "ggplot")
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_silent(ggplot2::ggplotGrob(plot))
}

test_that("the plot has the numbers", {
    skip_if_not_installed("ggplot2")
    data <- known_fit()
    p <- check(data$fit, count = data$x, seed = 1, ntaxa = 5)
    expect_draws(p)
    expect_equal(p$data[, names(p$data) != "text"],
        numbers(data$fit, data$x, 20)$data, ignore_attr = TRUE)
    expect_match(gsub("\n", " ", p$labels$caption), "20 tables drawn")
    expect_no_match(p$labels$caption, "At most")
    few <- check(data$fit, count = data$x, seed = 1, nsamples = 8,
        statistic = c("shannon", "richness"))
    expect_draws(few)
    expect_identical(levels(few$data$statistic), c("shannon", "richness"))
    expect_match(gsub("\n", " ", few$labels$caption),
        "At most 4 samples of each component")
})

test_that("a seed gives the same numbers and leaves R's generator alone", {
    skip_if_not_installed("ggplot2")
    data <- known_fit()
    set.seed(3)
    before <- .Random.seed
    a <- check(data$fit, count = data$x, seed = 9)$data
    expect_identical(.Random.seed, before)
    expect_identical(check(data$fit, count = data$x, seed = 9)$data, a)
    free <- check(data$fit, count = data$x)$data
    expect_false(identical(.Random.seed, before))
    set.seed(3)
    expect_identical(check(data$fit, count = data$x)$data, free)
})

test_that("small, sparse and large fits are drawn", {
    skip_if_not_installed("ggplot2")
    x <- clear_groups()
    one <- dmn(x, 1, seed = 1)
    expect_draws(check(one, count = x))
    expect_identical(check(one, count = as_sparse(x), seed = 1)$data,
        check(one, count = x, seed = 1)$data)
    many <- suppressWarnings(dmn(x, 12, seed = 1, nstart = 1))
    componentLabels(many) <- strrep(letters[1:12], 60)
    expect_draws(check(many, count = x))
    # one sample has no variance; one taxon is in all samples
    alone <- dmn(rbind(c(3, 4, 5)), 1, seed = 1)
    p <- check(alone, count = rbind(c(3, 4, 5)))
    expect_draws(p)
    expect_false("variance" %in% p$data$statistic)
    taxon <- dmn(cbind(c(3, 4, 5)), 1, seed = 1)
    p <- check(taxon, count = cbind(c(3, 4, 5)))
    expect_draws(p)
    expect_equal(p$data$p, rep(1, 4))
    expect_equal(p$data$observed, c(1, 0, 0, 0))
    # a statistic that cannot be computed for any component
    expect_error(check(alone, count = rbind(c(3, 4, 5)),
        statistic = "variance"), "two samples")
})

test_that("bad arguments are refused", {
    skip_if_not_installed("ggplot2")
    data <- known_fit()
    expect_error(check(data$fit), "'count' is missing")
    expect_error(check(data$fit, count = data$x, nsim = 19),
        "'nsim' must be one whole number >= 20; found 19")
    expect_error(check(data$fit, count = data$x, statistic = "mean"),
        "'statistic' must be some of .*; found \"mean\"")
    expect_error(check(data$fit, count = data$x, statistic = 1), "found 1")
    expect_error(check(data$fit, count = data$x, statistic = character()),
        "length 0")
    expect_error(check(data$fit, count = data$x, ntaxa = 0), "'ntaxa'")
    expect_error(check(data$fit, count = data$x, nsamples = 0), "'nsamples'")
    expect_error(check(data$fit, count = data$x, seed = "a"), "'seed'")
    expect_error(check(data$fit, count = data$x[, -1]), "lacks 1 taxon")
    expect_error(check(data$fit, count = data$x, nsin = 3),
        "did you mean 'nsim'")
    empty <- data$x
    empty[3, ] <- 0L
    expect_error(check(data$fit, count = empty), "1 sample .* no counts")
})

test_that("the picture is as before", {
    skip_if_not_installed("ggplot2")
    skip_if_not_installed("vdiffr")
    data <- known_fit()
    vdiffr::expect_doppelganger("check",
        check(data$fit, count = data$x, seed = 1))
})
