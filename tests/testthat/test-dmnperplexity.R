test_that("the held-out log-likelihood is that of the model", {
    x <- small_twins()
    p <- dmnperplexity(x, 1:2, folds = 4, nstart = 2, seed = 1)
    expect_identical(p$k, 1:2)
    expect_equal(p$perplexity, exp(-p$loglik))
    expect_equal(p$loglik, unname(colMeans(attr(p, "folds"))))
    job <- list(k = 2L, rows = 1:30, seed = 1L)
    settings <- list(nstart = 2L, control = dmncontrol())
    fit <- dmn(x[1:30, ], 2, seed = 1, nstart = 2)
    held <- x[31:40, ]
    multinomial <- sum(lgamma(rowSums(held) + 1)) - sum(lgamma(held + 1))
    expected <- (ref_loglik(held, fitted(fit), fit@mixture$Weight) -
        multinomial) / sum(held)
    expect_equal(.predict_job(job, x, settings, 1L), expected)
    expect_equal(.predict_job(job, as_sparse(x), settings, 1L), expected)
})

test_that("differences from the best k are paired by fold", {
    p <- dmnperplexity(small_twins(), 3:1, folds = 4, nstart = 2, seed = 1)
    folds <- attr(p, "folds")
    best <- which.max(p$loglik)
    for (i in seq_len(3)[-best]) {
        test <- stats::t.test(folds[, i], folds[, best], paired = TRUE)
        expect_equal(p$difference[[i]], unname(test$estimate))
        expect_equal(p$difference.se[[i]], test$stderr)
    }
    expect_identical(p$difference[[best]], 0)
    expect_identical(p$difference.se[[best]], 0)
    expect_true(all(p$difference[-best] < 0))
    # pairing takes out what the folds have in common
    expect_true(all(p$difference.se < p$se / 2))
})

test_that("the fits are those of dmn() with its default", {
    x <- small_twins()
    p <- dmnperplexity(x, 2, folds = 2, seed = 5)
    expect_identical(p, dmnperplexity(x, 2, folds = 2, nstart = 20, seed = 5))
    job <- list(k = 2L, rows = 1:30, seed = 1L)
    fit <- dmn(x[1:30, ], 2, seed = 1)
    held <- x[31:40, ]
    expect_equal(.predict_job(job, x, list(nstart = 20L,
        control = dmncontrol()), 1L),
        sum(logLik(fit, held)) / sum(held) - (sum(lgamma(rowSums(held) + 1)) -
            sum(lgamma(held + 1))) / sum(held))
})

test_that("a seed fixes the result, and plot() draws it", {
    x <- small_twins()
    p <- dmnperplexity(x, 1:2, folds = 2, nstart = 1, seed = 5)
    expect_identical(p, dmnperplexity(x, 1:2, folds = 2, nstart = 1, seed = 5))
    if (requireNamespace("BiocParallel", quietly = TRUE))
        expect_identical(p, dmnperplexity(x, 1:2, folds = 2, nstart = 1,
            seed = 5, BPPARAM = BiocParallel::SerialParam()))
    expect_error(dmnperplexity(x, 1:2, BPPARAM = 2), "'BPPARAM'")
    file <- tempfile(fileext = ".pdf")
    on.exit(unlink(file))
    grDevices::pdf(file)
    expect_identical(plot(p), p)
    grDevices::dev.off()
})

test_that("arguments that cannot be used are refused", {
    x <- small_twins()
    expect_error(dmnperplexity(x), "'k' is missing")
    expect_error(dmnperplexity(x, 1:2, folds = 1), "'folds'")
    expect_error(dmnperplexity(x[1, , drop = FALSE], 1), "two samples")
    expect_error(dmnperplexity(x, 1:39),
        "to 32, .* outside the largest fold; found 33: pass, say, k = 1:7")
})
