test_that("adjusted Rand index and Jaccard coefficient meet their definition", {
    x <- c(1, 1, 1, 2, 2, 2)
    expect_identical(.adjusted_rand(x, 3 - x), 1)
    expect_equal(.adjusted_rand(x, c(1, 1, 2, 2, 3, 3)), 0.24242424,
        tolerance = 1e-6)
    expect_identical(.adjusted_rand(rep(1, 5), rep(2, 5)), 1)
    expect_equal(.best_jaccard(x, c(1, 1, 2, 2, 2, 2), 3), c(2 / 3, 3 / 4, NA))
})

test_that("well-separated clusters are found again in every resample", {
    set.seed(1)
    x <- rbind(matrix(rpois(300, rep(c(30, 5, 1), each = 100)), 30),
        matrix(rpois(300, rep(c(1, 5, 30), each = 100)), 30))
    s <- dmnstability(x, 2:3, B = 4, nstart = 2, seed = 1)
    expect_identical(dim(s$rand), c(4L, 2L))
    expect_identical(unname(s$rand[, "2"]), rep(1, 4))
    expect_equal(s$jaccard[["2"]], matrix(1, 4, 2))
    table <- summary(s)
    expect_identical(table$k, c(2L, 2L, 3L, 3L, 3L))
    expect_true(all(table$jaccard > 0 & table$jaccard <= 1))
    b <- dmnstability(x, 2, B = 2, bootstrap = TRUE, nstart = 1, seed = 1)
    expect_identical(unname(b$rand[, 1]), c(1, 1))
    expect_output(print(s), "4 resamples")
})

test_that("a seed fixes the result for any workers; R's state is kept", {
    x <- small_twins()
    set.seed(3)
    before <- .Random.seed
    one <- dmnstability(x, 2, B = 3, nstart = 2, seed = 1)
    expect_identical(.Random.seed, before)
    expect_identical(one, dmnstability(x, 2, B = 3, nstart = 2, seed = 1,
        BPPARAM = NULL))
    skip_if_not_installed("BiocParallel")
    skip_on_os("windows")
    expect_identical(one, dmnstability(x, 2, B = 3, nstart = 2, seed = 1,
        BPPARAM = BiocParallel::MulticoreParam(2)))
})

test_that("by default, fits are made from several starts", {
    x <- clear_groups()
    s <- dmnstability(x, 4, B = 2, seed = 1)
    expect_identical(s, dmnstability(x, 4, B = 2, nstart = 20, seed = 1))
    expect_identical(unname(s$rand[, 1]), c(1, 1))
})

test_that("arguments that cannot be used are refused", {
    x <- small_twins()
    expect_error(dmnstability(x), "'k' is missing")
    expect_error(dmnstability(x, 1:2), "from 2 to 32, .* found 1: .* k = 2:7$")
    expect_error(dmnstability(x, 39), "in a resample; found 39")
    expect_error(dmnstability(x, 2, fraction = 1), "'fraction'")
    expect_error(dmnstability(x, 2, fraction = 0.03),
        "'fraction' must .* found 0.03, which leaves 1 of 40. Raise it")
    expect_error(dmnstability(x[1, , drop = FALSE], 2),
        "'count' must have two samples or more; found 1")
    expect_error(dmnstability(x, 2, B = 0), "'B'")
    expect_error(dmnstability(x, 2, b = 3), "no argument 'b'")
})

test_that("a component that no resample holds has NA, not NaN", {
    jaccard <- cbind(c(1, NA), c(NA_real_, NA))
    expect_identical(.mean_jaccard(jaccard), c(1, NA))
})

test_that("a resample without a background is named before any fit", {
    x <- cbind(a = 1:20, b = 20:1, c = 0L)
    x[[1, 3]] <- 5L
    expect_error(dmnstability(x, 2, B = 20, seed = 1, nstart = 1,
        markers = c("a", "b")),
        "resample [0-9]+ of 20: 'markers' must leave taxa with counts")
    x[, 2] <- 0L
    expect_error(dmnstability(x, 2, B = 20, seed = 1, nstart = 1,
        markers = "select"), "resample [0-9]+ of 20: 'markers' needs two taxa")
})
