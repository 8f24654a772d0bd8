#' How well mixtures predict new samples
#'
#' The log-likelihood of samples that a mixture was not fitted to, for each
#' count, by cross-validation over `k`: a choice of `k` that needs no
#' approximation.
#'
#' @details
#' The samples are dealt at random to `folds` parts. Each part's samples are
#' predicted by the fit to the others: the log of their probability under the
#' mixture, without the multinomial coefficient, which is the same for all `k`,
#' divided by the number of their counts. The perplexity is `exp(-x)` of that:
#' the number of equally common taxa that would be as hard to predict. Taxa
#' that are in none of the other samples keep the least parameter that the
#' prior gives them, and so do not make a prediction impossible.
#'
#' Some folds are harder to predict than others, by all `k` alike: `se` holds
#' that, and so says how well the level is known, but not which `k` is better.
#' For that compare `difference` with `difference.se`, in which what the folds
#' have in common cancels: where the one is not larger than about twice the
#' other, the folds do not tell `k` and the best apart, and the smaller of the
#' two predicts as well. With few folds, which share most of the samples that
#' they are fitted to, standard errors are rough.
#'
#' @inheritParams dmnstability
#' @param k whole numbers from 1 to the number of samples outside the largest
#'     part.
#' @param folds `numeric(1)`, a whole number from 2 to the number of samples,
#'     default 5.
#' @param ... not used, or for `plot()` graphical parameters.
#' @return An object of class `dmnperplexity`, a `data.frame` with a row for
#'     each `k` and columns `k`; `loglik`, the mean over the folds of the
#'     held-out log-likelihood for each count; `se`, its standard error over the
#'     folds; `perplexity`; `difference`, `loglik` minus that of the best `k`,
#'     0 there and below 0 elsewhere; and `difference.se`, the standard error
#'     of that over the folds. Its attribute `"folds"` is the matrix of values,
#'     folds x values of `k`. `plot()` draws `loglik` against `k`, with bars of
#'     a `difference.se` to either side.
#' @seealso [dmnselect()], [dmnstability()]
#' @examples
#' dmnperplexity(twins, 1:3, folds = 3, nstart = 2, seed = 1)
#' @export
dmnperplexity <- function(count, k, folds = 5, ..., nstart = 3L, seed = NULL,
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

# Of the mean of each column, over the folds.
.fold_se <- function(values) {
    unname(apply(values, 2L, stats::sd)) / sqrt(nrow(values))
}

# Held-out log-likelihood for each count. The evidence lacks the multinomial
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
