#' How well mixtures predict new samples
#'
#' Computes by cross-validation, for each number of components `k`, how well a
#' mixture predicts samples that it was not fitted to. The measure is the
#' log-likelihood of the held-out samples, which compares values of `k` without
#' any approximation.
#'
#' @details
#' The samples are divided at random into `folds` parts of about equal size. The
#' samples of each part are predicted by a fit to all others. The score of a
#' sample is the log of its probability under this fit, a mixture with estimated
#' parameters, in nats. It leaves out the multinomial coefficient, which is the
#' same for all `k` and cancels in differences
#' ([`logLik(fit, newdata)`][logLik.DMN] includes it). Taxa that none of the
#' other samples have keep the smallest parameter that the prior gives them, so
#' that they do not make a prediction impossible.
#'
#' **Per sample.** `sample.loglik` is the mean score. Some samples are harder to
#' predict than others, for all values of `k` alike. This variation is part of
#' `sample.se`, which therefore says how well the level is known, but not which
#' `k` is better. To compare values of `k`, use `sample.difference`, the mean
#' over the samples of the score minus that of the best `k`. Its standard error
#' `sample.difference.se` is the standard deviation of these differences divided
#' by the square root of their number, so that what all `k` have in common
#' cancels. If `sample.difference` is no larger in size than about twice its
#' standard error, the samples do not distinguish this `k` from the best, and
#' the smaller of the two predicts as well. `print()` names the smallest such
#' `k`. The sum of the scores over the samples is an estimate of the expected
#' log predictive density, elpd (Vehtari et al. 2017). It and its differences
#' and standard errors (the `elpd_diff` and `se_diff` of the loo package) are
#' the values per sample times the number of samples.
#'
#' The standard error treats the scores as independent. It ignores that they
#' come from fits that share most of their samples, and that samples from the
#' same subject are alike. It tends to be too small for few samples and for
#' values of `k` that predict nearly alike (Sivula et al. 2020). Each sample has
#' the same weight, but a sample with more counts has larger scores and
#' differences. If depths vary much, the deep samples therefore dominate the
#' means. So does a sample with many counts of a taxon that the others lack. The
#' attribute `"sample.loglik"` has the scores, for tests of your own.
#'
#' If the best `k` is the smallest or the largest that was tried, there is a
#' warning, as by [dmnselect()], because a value beyond may predict better.
#'
#' **Per count.** `loglik` is the sum of the scores of a fold divided by the
#' total of its counts, and then the mean over the folds. The perplexity is
#' `exp(-loglik)`: the number of equally common taxa that would be as hard to
#' predict. In these values, differences between `k` are small if samples are
#' deep. The best `k` is the one with the largest `loglik`, which may not be the
#' best per sample. Standard errors over few folds are rough.
#'
#' @inheritParams dmnstability
#' @param k whole numbers, all different, from 1 to the number of samples
#'     outside the largest fold: the numbers of components to compare.
#' @param folds `numeric(1)`, a whole number from 2 to the number of samples,
#'     default 5: the number of folds.
#' @param ... for `plot()`, graphical parameters; ignored by `print()`;
#'     otherwise not used, and anything in it is an error.
#' @param seed `numeric(1)`, as for [dmn()]: the seed of the folds and the
#'     starts. The default, `NULL`, draws it from R's generator.
#' @return An object of class `dmnperplexity`: a `data.frame` with one row for
#'     each `k` and these columns.
#'
#' * `k`.
#' * `sample.loglik`: the mean held-out log-likelihood per sample, in nats.
#' * `sample.se`: its standard error over the samples.
#' * `sample.difference`: `sample.loglik` minus that of the best `k`; 0 for the
#'   best and negative for the others.
#' * `sample.difference.se`: the standard error of `sample.difference` over the
#'   samples, paired by sample; 0 for the best.
#' * `loglik`: the mean over the folds of the held-out log-likelihood per count.
#' * `se`: its standard error over the folds.
#' * `perplexity`: `exp(-loglik)`.
#' * `difference`: `loglik` minus the largest `loglik`.
#' * `difference.se`: the standard error of `difference` over the folds.
#'
#' If a fit fails, all columns but the first are `NA` for its `k`, and a warning
#' names the `k`, the fold and the error. The result has these attributes.
#'
#' * `"sample.loglik"`: numeric matrix, samples x values of `k`, of the
#'   log-likelihood of each sample in nats, with the names of the samples.
#' * `"sample.fold"`: integer vector, the fold of each sample, with its name.
#' * `"folds"`: numeric matrix, folds x values of `k`, of the log-likelihood per
#'   count.
#' * `"nstart"`: the argument.
#'
#' `print()` shows what is needed to choose `k`; `as.data.frame()` has all
#' columns. It returns `x` invisibly.
#' @section Plots:
#' `autoplot()` and `plot()` draw `sample.difference` against `k`, with bars of
#' one `sample.difference.se` to either side, and mark the two values of `k`
#' that `print()` names. `autoplot()` returns a `ggplot` object, and `plot()`
#' the same invisibly, after drawing it. With graphical parameters, and where
#' ggplot2 is not installed, `plot()` draws by base graphics and returns `x`.
#' @section Errors:
#' It is an error if `count` has fewer than two samples, if `k` or `folds` is
#' outside its range, and if there is no `k` all of whose fits succeed.
#' @references
#' Sivula T, Magnusson M, Matamoros AA, Vehtari A (2020). Uncertainty in
#' Bayesian leave-one-out cross-validation based model comparison.
#' *arXiv* 2008.10296. \doi{10.48550/arXiv.2008.10296}
#'
#' Vehtari A, Gelman A, Gabry J (2017). Practical Bayesian model evaluation
#' using leave-one-out cross-validation and WAIC. *Statistics and Computing* 27,
#' 1413-1432. \doi{10.1007/s11222-016-9696-4}
#' @seealso [dmnselect()], [dmnstability()]
#' @examples
#' p <- dmnperplexity(twins, 1:7, folds = 3, nstart = 2, seed = 1)
#' p
#' plot(p)
#'
#' ## the samples that two components predict better than one, and by how much
#' gain <- attr(p, "sample.loglik")[, "2"] - attr(p, "sample.loglik")[, "1"]
#' head(sort(gain, decreasing = TRUE))
#' @export
dmnperplexity <- function(count, k, folds = 5, ..., nstart = 20L, seed = NULL,
    BPPARAM = BiocParallel::SerialParam(), num.threads = NULL,
    control = dmncontrol(), assay.type = "counts", markers = NULL) {
    if (...length())
        .refuse_dots(..., .what = "dmnperplexity",
            .known = names(formals(dmnperplexity)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    if (missing(k))
        .stop("'k' is missing: pass the numbers of components to look at")
    BPPARAM <- .back_end(BPPARAM, missing(BPPARAM))
    count <- .as_counts(count, assay.type = assay.type, orient = TRUE)
    n <- nrow(count)
    if (n < 2L)
        .stop("'count' must have at least two samples (rows), some to fit and ",
            "some to predict; found ", n)
    folds <- .check_whole(folds, "folds", 2L, n)
    k <- .check_ks(k, 1L, n - as.integer(ceiling(n / folds)),
        "the number of samples outside the largest fold")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        control = .check_control(control),
        markers = .markers_of_jobs(markers, count))
    seeds <- .seed_stream(seed, folds + 1L)
    fold <- .with_seed(seeds[[folds + 1L]],
        sample(rep_len(seq_len(folds), n)))
    jobs <- expand.grid(fold = seq_len(folds), k = k)
    jobs <- lapply(seq_len(nrow(jobs)), function(i) {
        list(k = jobs$k[[i]], fold = jobs$fold[[i]],
            rows = which(fold != jobs$fold[[i]]),
            seed = seeds[[jobs$fold[[i]]]])
    })
    values <- .parallel(jobs, .predict_job, count = count,
        settings = settings, num.threads = num.threads, .lapply = lapply,
        BPPARAM = BPPARAM)
    scored <- .perplexity(.score_matrix(values, jobs, rownames(count), n),
        stats::setNames(fold, rownames(count)), .totals(count)$rows,
        settings$nstart)
    failed <- is.na(scored$sample.loglik)
    .warn_of_edge(.best_ks(scored)[["best"]], k[!failed], k[failed],
        n - max(tabulate(fold)), "the held-out log-likelihood")
    scored
}

# The scores of n samples, samples x values of k. `values` are those of
# .predict_job(); samples of a fit that has failed have NA.
.score_matrix <- function(values, jobs, names, n) {
    k <- unique(vapply(jobs, `[[`, 0L, "k"))
    scores <- matrix(NA_real_, n, length(k), dimnames = list(names, k))
    failed <- vapply(values, is.character, logical(1))
    for (i in which(!failed))
        scores[-jobs[[i]]$rows, as.character(jobs[[i]]$k)] <- values[[i]]
    if (all(is.na(colSums(scores))))
        .stop(values[failed][[1L]])
    if (any(failed))
        warning(paste(values[failed], collapse = "\n"), call. = FALSE)
    scores
}

# The result. `scores` is a value of .score_matrix(), `total` the number of
# counts of each sample.
.perplexity <- function(scores, fold, total, nstart) {
    by_fold <- rowsum(scores, fold) / c(rowsum(total, fold))
    per_sample <- .against_best(scores)
    names(per_sample) <- paste0("sample.", names(per_sample))
    per_count <- .against_best(by_fold)
    structure(data.frame(k = as.integer(colnames(scores)), per_sample,
        per_count[c("loglik", "se")], perplexity = exp(-per_count$loglik),
        per_count[c("difference", "difference.se")]),
        sample.loglik = scores, sample.fold = fold, folds = by_fold,
        nstart = nstart, class = c("dmnperplexity", "data.frame"))
}

# The mean of each column and its difference from the largest mean, with
# standard errors over the rows. NA for columns with missing values.
.against_best <- function(values) {
    se <- function(x) unname(apply(x, 2L, stats::sd)) / sqrt(nrow(x))
    loglik <- unname(colMeans(values))
    best <- which.max(loglik)
    data.frame(loglik = loglik, se = se(values),
        difference = loglik - loglik[[best]],
        difference.se = se(values - values[, best]))
}

# The log-likelihood of each held-out sample, without the multinomial
# coefficient; or text, if the fit fails.
.predict_job <- function(job, count, settings, num.threads) {
    tryCatch({
        fit <- .fit_job(job, count, settings, num.threads)
        .log_marginal(fit, count[-job$rows, , drop = FALSE], num.threads)
    }, error = function(e) {
        paste0("the fit with k = ", job$k, " without fold ", job$fold,
            " failed: ", conditionMessage(e))
    })
}

#' @rdname dmnperplexity
#' @param object,x an object of class `dmnperplexity`.
#' @param digits `numeric(1)`, default 2: the number of significant digits of
#'     the largest standard error. All values in nats are printed with as many
#'     decimals as this takes, from 1 to 6.
#' @export
print.dmnperplexity <- function(x, ..., digits = 2L) {
    of_sample <- paste0("sample.", c("loglik", "difference", "difference.se"))
    scores <- attr(x, "sample.loglik")
    # a part of a result is printed as a data.frame
    if (!identical(as.character(x$k), colnames(scores)) ||
        !all(c(of_sample, "perplexity") %in% names(x)))
        return(NextMethod())
    cat(strwrap(paste0("Prediction of ", .plural(nrow(scores), "sample"),
        " in ", .plural(nrow(attr(x, "folds")), "fold"), ", up to ",
        .plural(attr(x, "nstart"), "start"), " for each fit\n\n",
        "Log-likelihood in nats per sample:"), getOption("width")), sep = "\n")
    table <- as.data.frame(x)[c("k", of_sample, "perplexity")]
    largest <- max(x$sample.difference.se, na.rm = TRUE)
    decimals <- if (largest > 0) digits - 1 - floor(log10(largest)) else 1
    decimals <- min(6, max(1, decimals))
    table[of_sample] <- lapply(table[of_sample], function(value) {
        # + 0 turns -0 into 0
        formatC(round(value, decimals) + 0, format = "f", digits = decimals)
    })
    table$perplexity <- format(table$perplexity, digits = 4L)
    print(table, row.names = FALSE)
    cat("", strwrap(.best_words(x), getOption("width")), sep = "\n")
    invisible(x)
}

# The best k, and the smallest within 2 standard errors of it.
.best_ks <- function(x) {
    near <- which(x$sample.difference >= -2 * x$sample.difference.se)
    c(best = x$k[[which.max(x$sample.loglik)]],
        near = if (length(near)) min(x$k[near]) else NA)
}

.best_words <- function(x) {
    k <- .best_ks(x)
    paste0("best k: ", k[["best"]], if (k[["near"]] < k[["best"]])
        paste("; smallest k within 2 standard errors of it:", k[["near"]])
    else if (k[["best"]] > min(x$k))
        "; no smaller k is within 2 standard errors of it")
}
