test_that("the held-out log-likelihood is that of the model", {
    x <- small_twins()
    p <- suppressWarnings(dmnperplexity(x, 1:2, folds = 4, nstart = 2,
        seed = 1))
    expect_identical(p$k, 1:2)
    expect_equal(p$perplexity, exp(-p$loglik))
    expect_equal(p$loglik, unname(colMeans(attr(p, "folds"))))
    job <- list(k = 2L, rows = 1:30, seed = 1L)
    settings <- list(nstart = 2L, control = dmncontrol())
    fit <- dmn(x[1:30, ], 2, seed = 1, nstart = 2)
    held <- x[31:40, ]
    expected <- apply(ref_joint(held, fitted(fit), fit@mixture$Weight), 1,
        ref_log_sum_exp)
    names(expected) <- rownames(held)
    expect_equal(.predict_job(job, x, settings, 1L), expected)
    expect_equal(.predict_job(job, as_sparse(x), settings, 1L), expected)
})

test_that("scores of samples are those of slow fits to the other folds", {
    table <- ref_table(n = 24)
    p <- suppressWarnings(dmnperplexity(table$x, 1:2, folds = 3, seed = 1))
    fold <- attr(p, "sample.fold")
    expect_named(fold, rownames(table$x))
    expect_equal(tabulate(fold), c(8, 8, 8))
    expected <- matrix(0, 24, 2, dimnames = list(rownames(table$x), 1:2))
    for (f in 1:3) {
        held <- fold == f
        for (k in 1:2) {
            z <- if (k == 1) matrix(1, 24, 1) else table$z
            fit <- ref_em(table$x[!held, ], z[!held, , drop = FALSE])
            expected[held, k] <- apply(ref_joint(table$x[held, ], fit$alpha,
                fit$weight), 1, ref_log_sum_exp)
        }
    }
    expect_equal(attr(p, "sample.loglik"), expected, tolerance = 1e-6)
    by_fold <- rowsum(expected, fold) / c(rowsum(rowSums(table$x), fold))
    expect_equal(attr(p, "folds"), by_fold, tolerance = 1e-6)
})

# Expects what holds for the columns of `found`, given the values that were
# averaged, rows x values of k.
expect_paired <- function(found, values) {
    best <- which.max(colMeans(values))
    expect_equal(found$loglik, unname(colMeans(values)))
    for (i in seq_len(ncol(values))) {
        expect_equal(found$se[[i]], stats::t.test(values[, i])$stderr)
        if (i == best)
            next
        test <- stats::t.test(values[, i], values[, best], paired = TRUE)
        expect_equal(found$difference[[i]], unname(test$estimate))
        expect_equal(found$difference.se[[i]], test$stderr)
    }
    expect_identical(found$difference[[best]], 0)
    expect_identical(found$difference.se[[best]], 0)
    expect_true(all(found$difference[-best] < 0))
    # pairing takes out what all k have in common
    expect_true(all(found$difference.se < found$se / 2))
}

test_that("differences from the best k are paired by sample and by fold", {
    p <- dmnperplexity(small_twins(), 3:1, folds = 4, nstart = 2, seed = 1)
    expect_paired(p, attr(p, "folds"))
    of_sample <- p[startsWith(names(p), "sample.")]
    names(of_sample) <- sub("sample.", "", names(of_sample), fixed = TRUE)
    expect_paired(of_sample, attr(p, "sample.loglik"))
})

test_that("the fits are those of dmn() with its default", {
    x <- small_twins()
    p <- dmnperplexity(x, 2, folds = 2, seed = 5)
    expect_identical(p, dmnperplexity(x, 2, folds = 2, nstart = 20, seed = 5))
    job <- list(k = 2L, rows = 1:30, seed = 1L)
    fit <- dmn(x[1:30, ], 2, seed = 1)
    held <- x[31:40, ]
    multinomial <- sum(lgamma(rowSums(held) + 1)) - sum(lgamma(held + 1))
    expect_equal(sum(.predict_job(job, x, list(nstart = 20L,
        control = dmncontrol()), 1L)),
        as.numeric(logLik(fit, held)) - multinomial)
})

test_that("a seed fixes the result for any threads and workers", {
    x <- small_twins()
    again <- function(...) {
        suppressWarnings(dmnperplexity(x, 1:2, folds = 2, nstart = 1, seed = 5,
            ...))
    }
    p <- again()
    expect_identical(again(), p)
    expect_identical(again(num.threads = 2), p)
    expect_error(dmnperplexity(x, 1:2, BPPARAM = 2), "'BPPARAM'")
    skip_if_not_installed("BiocParallel")
    expect_identical(again(BPPARAM = BiocParallel::SerialParam()), p)
    skip_on_os("windows")
    expect_identical(again(BPPARAM = BiocParallel::MulticoreParam(2)), p)
})

# A result made of given scores, samples x values of k.
result_of <- function(scores, k = seq_len(ncol(scores))) {
    colnames(scores) <- k
    .perplexity(scores, rep_len(1:2, nrow(scores)), rep(100, nrow(scores)), 20L)
}

test_that("print() shows differences at the scale of their errors", {
    common <- c(-300, -500, -900, -400)
    p <- result_of(cbind(common - 20, common - c(1, 1, 2, 0),
        common + c(1, -1, 1, -1), common))
    out <- capture.output(expect_identical(print(p), p))
    expect_identical(out, c(
        "Prediction of 4 samples in 2 folds, up to 20 starts for each fit", "",
        "Log-likelihood in nats per sample:",
        paste(" k sample.loglik sample.difference sample.difference.se",
            "perplexity"),
        " 1       -545.00            -20.00                 0.58      232.8",
        " 2       -526.00             -1.00                 0.91      192.5",
        " 3       -525.00              0.00                 0.00      190.6",
        " 4       -525.00              0.00                 0.58      190.6",
        "", "best k: 3; smallest k within 2 standard errors of it: 2"))
    expect_match(capture.output(print(p, digits = 4))[[6]], "-1.0000 +0.9129")
    level <- result_of(cbind(common, common + c(10, -10, 0.01, -0.02)))
    expect_output(print(level), "\n 2 +-525.0 +0.0 +4.1 ")
    old <- options(width = 40)
    on.exit(options(old))
    expect_true(all(nchar(capture.output(print(p))) <= 40))
})

test_that("print() names the best k and no other where there is none", {
    common <- c(-300, -500, -900, -400)
    p <- result_of(cbind(common - 20, common), k = c(2, 5))
    expect_output(print(p),
        "\nbest k: 5; no smaller k is within 2 standard errors of it$")
    expect_output(print(result_of(cbind(common, common - 20))), "\nbest k: 1$")
    one <- result_of(cbind(common), k = 3)
    expect_output(print(one), "\n 3 +-525.0 +0.0 +0.0 .*\nbest k: 3$")
})

test_that("a part of a result is printed as a data.frame", {
    p <- result_of(cbind(c(-300, -500), c(-301, -498), c(-302, -503)))
    for (part in list(p[1:2, ], p[3:1, ], p[c("k", "loglik")],
        p[startsWith(names(p), "sample.")])) {
        expect_identical(capture.output(print(part)),
            capture.output(print(as.data.frame(part))))
    }
})

test_that("one k, two samples and unnamed tables have finite values", {
    x <- unname(small_twins()[1:2, ])
    p <- dmnperplexity(x, 1, folds = 2, seed = 1)
    expect_true(all(is.finite(unlist(p))))
    expect_identical(p$sample.difference, 0)
    expect_identical(p$sample.difference.se, 0)
    scores <- attr(p, "sample.loglik")
    expect_identical(dimnames(scores), list(NULL, "1"))
    expect_null(names(attr(p, "sample.fold")))
    expect_equal(p$sample.se, abs(diff(c(scores))) / 2)
})

test_that("taxa that the other folds lack are predicted, if badly", {
    x <- cbind(small_twins()[1:20, ], new = 0L)
    before <- suppressWarnings(dmnperplexity(x, 1:2, folds = 4, nstart = 2,
        seed = 1))
    x[3, "new"] <- 500L
    p <- suppressWarnings(dmnperplexity(x, 1:2, folds = 4, nstart = 2,
        seed = 1))
    expect_true(all(is.finite(unlist(p))))
    fold <- attr(p, "sample.fold")
    change <- attr(p, "sample.loglik") - attr(before, "sample.loglik")
    expect_true(all(change[3, ] < -1000))
    # the fit to the other folds is as before
    same <- fold == fold[[3]] & seq_along(fold) != 3
    expect_equal(unname(change[same, ]), matrix(0, sum(same), 2))
})

test_that("totals of more counts than an integer holds are right", {
    x <- rbind(c(2e9, 1e9), c(1e9, 2e9), c(2e9, 2e9), c(1e9, 1e9))
    storage.mode(x) <- "integer"
    p <- dmnperplexity(x, 1, folds = 2, seed = 1)
    scores <- attr(p, "sample.loglik")[, 1]
    fold <- attr(p, "sample.fold")
    expect_equal(unname(attr(p, "folds")[, 1]), vapply(1:2, function(f) {
        sum(scores[fold == f]) / sum(as.numeric(x[fold == f, ]))
    }, 0))
})

test_that("a k that fails is NA, and the others are kept", {
    x <- small_twins()
    job <- function(k, fold) {
        list(k = k, fold = fold, rows = if (fold == 1) 21:40 else 1:20,
            seed = 1L)
    }
    jobs <- list(job(1L, 1L), job(1L, 2L), job(2L, 1L), job(2L, 2L))
    settings <- list(nstart = 1L, control = dmncontrol())
    values <- lapply(jobs, .predict_job, x, settings, 1L)
    whole <- .score_matrix(values, jobs, rownames(x), 40L)
    expect_identical(unname(whole), unname(cbind(c(values[[1]], values[[2]]),
        c(values[[3]], values[[4]]))))
    # more components than samples
    jobs[[4]]$rows <- 1L
    jobs[[4]]$k <- 2L
    values[[4]] <- .predict_job(jobs[[4]], x, settings, 1L)
    expect_match(values[[4]],
        "^the fit with k = 2 without fold 2 failed: 'k' must be")
    expect_warning(scores <- .score_matrix(values, jobs, rownames(x), 40L),
        "^the fit with k = 2 without fold 2 failed: ")
    expect_identical(is.na(scores[, "2"]), rep(c(FALSE, TRUE), each = 20),
        ignore_attr = TRUE)
    expect_identical(scores[, "1"], whole[, "1"])

    p <- .perplexity(scores, rep(1:2, each = 20), rowSums(x), 1L)
    expect_true(all(is.na(p[2, -1])))
    expect_false(any(vapply(p[2, ], is.nan, NA)))
    expect_identical(p$sample.loglik[[1]], mean(whole[, 1]))
    expect_identical(p$sample.difference[[1]], 0)
    expect_output(print(p), "\n 2 +NA +NA +NA +NA\n\nbest k: 1$")
    values[[1]] <- "one failed"
    expect_error(.score_matrix(values, jobs, NULL, 40L), "^one failed$")
})

test_that("a best k at the edge of the range gives a warning", {
    x <- small_twins()
    expect_warning(dmnperplexity(x, 1:2, folds = 2, nstart = 1, seed = 1),
        "best k by the held-out log-likelihood, 2, is the largest")
    expect_warning(dmnperplexity(x, c(2, 12), folds = 2, nstart = 1, seed = 1),
        "log-likelihood, 2, is the least")
    expect_silent(dmnperplexity(x, 2, folds = 2, nstart = 1, seed = 1))
})

test_that("arguments that cannot be used are refused", {
    x <- small_twins()
    expect_error(dmnperplexity(x), "'k' is missing")
    expect_error(dmnperplexity(x, 1:2, folds = 1), "'folds'")
    expect_error(dmnperplexity(x[1, , drop = FALSE], 1), "two samples")
    expect_error(dmnperplexity(x, 1:39),
        "to 32, .* outside the largest fold; found 33: pass, say, k = 1:7")
})
