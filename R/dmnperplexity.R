#' How well mixtures predict new samples
#'
#' Computes by cross-validation, for each number of components `k`, how well a
#' mixture predicts samples that it was not fitted to. The measure is the
#' log-likelihood of the held-out samples, which compares values of `k` without
#' any approximation.
#'
#' @details
#' The samples are divided at random into `folds` parts of about equal size. The
#' samples of each part are predicted by a fit to all others. The prediction is
#' scored by the log probability of the samples under the mixture, divided by
#' the total of their counts. It leaves out the multinomial coefficient, which
#' is the same for all `k`. The perplexity is `exp(-x)` of the mean score `x`:
#' the number of equally common taxa that would be as hard to predict. Taxa that
#' none of the other samples have keep the smallest parameter that the prior
#' gives them, so that they do not make a prediction impossible.
#'
#' Some folds are harder to predict than others, for all values of `k` alike.
#' This variation is part of `se`, which therefore says how well the level of
#' `loglik` is known, but not which `k` is better. To compare values of `k`,
#' use `difference` and `difference.se`, in which the variation that all have in
#' common cancels. If `difference` is no larger in size than about twice
#' `difference.se`, the folds do not distinguish this `k` from the best, and the
#' smaller of the two predicts as well. Standard errors are rough if there are
#' few folds, because the fits share most of their samples.
#'
#' @inheritParams dmnstability
#' @param k whole numbers, all different, from 1 to the number of samples
#'     outside the largest fold: the numbers of components to compare.
#' @param folds `numeric(1)`, a whole number from 2 to the number of samples,
#'     default 5: the number of folds.
#' @param ... for `plot()`, graphical parameters; otherwise not used, and
#'     anything in it is an error.
#' @param seed `numeric(1)`, as for [dmn()]: the seed of the folds and the
#'     starts. The default, `NULL`, draws it from R's generator.
#' @return An object of class `dmnperplexity`: a `data.frame` with one row for
#'     each `k` and these columns.
#'
#' * `k`.
#' * `loglik`: the mean over the folds of the held-out log-likelihood per count.
#' * `se`: its standard error over the folds.
#' * `perplexity`: `exp(-loglik)`.
#' * `difference`: `loglik` minus that of the best `k`; 0 for the best and
#'   negative for the others.
#' * `difference.se`: the standard error of `difference` over the folds.
#'
#' Its attribute `"folds"` is the numeric matrix of the values of each fold,
#' folds x values of `k`. `plot()` draws `loglik` against `k`, with bars of one
#' `difference.se` to either side, and returns `x` invisibly.
#' @section Errors:
#' It is an error if `count` has fewer than two samples, and if `k` or `folds`
#' is outside its range.
#' @seealso [dmnselect()], [dmnstability()]
#' @examples
#' dmnperplexity(twins, 1:3, folds = 3, nstart = 2, seed = 1)
#' @export
dmnperplexity <- function(count, k, folds = 5, ..., nstart = 20L, seed = NULL,
    BPPARAM = BiocParallel::SerialParam(), num.threads = NULL,
    control = dmncontrol()) {
    if (...length())
        .refuse_dots(..., .what = "dmnperplexity",
            .known = names(formals(dmnperplexity)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    if (missing(k))
        .stop("'k' is missing: pass the numbers of components to look at")
    BPPARAM <- .back_end(BPPARAM, missing(BPPARAM))
    count <- .as_counts(count)
    n <- nrow(count)
    if (n < 2L)
        .stop("'count' must have at least two samples (rows), some to fit and ",
            "some to predict; found ", n)
    folds <- .check_whole(folds, "folds", 2L, n)
    k <- .check_ks(k, 1L, n - as.integer(ceiling(n / folds)),
        "the number of samples outside the largest fold")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        control = .check_control(control))
    seeds <- .seed_stream(seed, folds + 1L)
    fold <- .with_seed(seeds[[folds + 1L]],
        sample(rep_len(seq_len(folds), n)))
    jobs <- expand.grid(fold = seq_len(folds), k = k)
    jobs <- lapply(seq_len(nrow(jobs)), function(i) {
        list(k = jobs$k[[i]], rows = which(fold != jobs$fold[[i]]),
            seed = seeds[[jobs$fold[[i]]]])
    })
    values <- .parallel(jobs, .predict_job, count = count,
        settings = settings, num.threads = num.threads, .lapply = lapply,
        BPPARAM = BPPARAM)
    values <- matrix(unlist(values), folds, length(k),
        dimnames = list(NULL, k))
    loglik <- unname(colMeans(values))
    best <- which.max(loglik)
    structure(data.frame(k = k, loglik = loglik, se = .fold_se(values),
        perplexity = exp(-loglik), difference = loglik - loglik[[best]],
        difference.se = .fold_se(values - values[, best])), folds = values,
        class = c("dmnperplexity", "data.frame"))
}

# The standard error of the mean of each column, over the folds.
.fold_se <- function(values) {
    unname(apply(values, 2L, stats::sd)) / sqrt(nrow(values))
}

# The held-out log-likelihood per count. The evidence leaves out the multinomial
# coefficient.
.predict_job <- function(job, count, settings, num.threads) {
    fit <- .fit_job(job, count, settings, num.threads)
    held <- count[-job$rows, , drop = FALSE]
    evidence <- .Call(R_dmm_predict, fit@fit$Estimate, fit@mixture$Weight,
        held, TRUE, as.integer(num.threads))
    joint <- evidence + rep(log(fit@mixture$Weight), each = nrow(evidence))
    sum(.log_sum_exp(joint)) / sum(held)
}

#' @rdname dmnperplexity
#' @param x an object of class `dmnperplexity`.
#' @importFrom graphics segments
#' @export
plot.dmnperplexity <- function(x, ...) {
    settings <- list(x = x$k, y = x$loglik, type = "b", pch = 19,
        xlab = "number of components, k",
        ylab = "held-out log-likelihood per count",
        ylim = range(x$loglik - x$difference.se, x$loglik + x$difference.se,
            finite = TRUE))
    given <- list(...)
    settings[names(given)] <- given
    do.call(graphics::plot, settings)
    segments(x$k, x$loglik - x$difference.se, x$k,
        x$loglik + x$difference.se)
    invisible(x)
}
