#' How stable a clustering is
#'
#' Fits a mixture to resamples of the samples, and compares the components of
#' each with those of the fit to all: do the same clusters come back?
#'
#' @details
#' Each resample is a fraction of the samples, drawn without replacement, or
#' with `bootstrap = TRUE` as many as there are, with replacement. It is fitted
#' by the best of `nstart` starts, and compared with the fit to all samples on
#' the samples that it holds, each taken once:
#'
#' * the adjusted Rand index (Hubert and Arabie 1985) of the two assignments,
#'   1 where they agree and about 0 where they do so by chance. Where both have
#'   one cluster it is 1;
#' * for each component, the greatest Jaccard coefficient with a cluster of the
#'   resample (Hennig 2007). As a rule of thumb, a mean below 0.6 is a cluster
#'   that does not come back, one above 0.85 a very stable one. `NA` where the
#'   resample holds none of the component's samples.
#'
#' Seeds and resamples are drawn before any fit, so that results do not depend
#' on the number of workers. Each worker uses one thread, or `num.threads`,
#' lowered where the workers of a machine would use more than its cores.
#'
#' @param count counts, samples x taxa, as for [dmn()].
#' @param k whole numbers from 2 to the number of samples in a resample: the
#'     numbers of components to look at.
#' @param B `numeric(1)`, a whole number >= 1, default 50: resamples for each
#'     `k`.
#' @param fraction `numeric(1)` between 0 and 1, default 0.8: the part of the
#'     samples in a resample.
#' @param bootstrap `logical(1)`, default `FALSE`. Draw with replacement?
#' @param nstart `numeric(1)`, a whole number >= 1, default 3: starts for each
#'     fit.
#' @param seed `numeric(1)`: of the resamples and starts. The default is drawn
#'     from R's generator.
#' @param ... for `dmnstability()`, not used; for `plot()`, graphical
#'     parameters.
#' @param BPPARAM,num.threads,control as for [dmnselect()].
#' @return An object of class `dmnstability`, a list of `rand`, a numeric matrix
#'     of resamples x values of `k`; `jaccard`, a list by `k` of numeric
#'     matrices, resamples x components; and `fits`, those to all samples. Its
#'     `summary()` is a `data.frame` with a row for each component of each `k`
#'     and columns `k`, `rand`, the mean adjusted Rand index, `component`,
#'     `samples` and `jaccard`, the mean over the resamples. `plot()` draws the
#'     adjusted Rand indices of the resamples as a box for each `k`, and beside
#'     it each component's number at its mean Jaccard coefficient.
#' @references
#' Hennig C (2007). Cluster-wise assessment of cluster stability.
#' *Computational Statistics & Data Analysis* 52, 258-271.
#' \doi{10.1016/j.csda.2006.11.025}
#'
#' Hubert L, Arabie P (1985). Comparing partitions. *Journal of Classification*
#' 2, 193-218. \doi{10.1007/BF01908075}
#' @seealso [dmnselect()], [dmnperplexity()]
#' @examples
#' stability <- dmnstability(twins, 2:3, B = 5, nstart = 2, seed = 1)
#' stability
#' plot(stability)
#' @export
dmnstability <- function(count, k, B = 50, fraction = 0.8, ...,
    bootstrap = FALSE, nstart = 3L, seed = NULL,
    BPPARAM = BiocParallel::SerialParam(), num.threads = NULL,
    control = dmncontrol()) {
    if (...length())
        .refuse_dots(..., .what = "dmnstability",
            .known = names(formals(dmnstability)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    if (missing(k))
        .stop("'k' is missing: pass the numbers of components to look at")
    BPPARAM <- .back_end(BPPARAM, missing(BPPARAM))
    count <- .as_counts(count)
    B <- .check_whole(B, "B")
    bootstrap <- .check_flag(bootstrap, "bootstrap")
    size <- .resample_size(nrow(count), fraction, bootstrap)
    k <- .check_ks(k, 2L, size, "the number of samples in a resample")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        control = .check_control(control))
    seeds <- .seed_stream(seed, B + 1L)
    rows <- .with_seed(seeds[[B + 1L]], lapply(seq_len(B), function(b) {
        sample.int(nrow(count), size, replace = bootstrap)
    }))
    rows <- c(list(seq_len(nrow(count))), rows)
    jobs <- expand.grid(b = seq_along(rows), k = k)
    jobs <- lapply(seq_len(nrow(jobs)), function(i) {
        list(k = jobs$k[[i]], rows = rows[[jobs$b[[i]]]],
            seed = seeds[[(jobs$b[[i]] + B - 1L) %% (B + 1L) + 1L]])
    })
    fits <- .parallel(jobs, .fit_job, count = count, settings = settings,
        num.threads = num.threads, .lapply = lapply, BPPARAM = BPPARAM)
    parts <- split(seq_along(jobs), rep(k, each = B + 1L))
    .stability(lapply(parts[as.character(k)], function(i) fits[i]), rows, k)
}

.resample_size <- function(n, fraction, bootstrap) {
    if (bootstrap)
        return(n)
    if (!.is_number(fraction) || fraction <= 0 || fraction >= 1)
        .stop("'fraction' must be one number between 0 and 1; found ",
            .describe(fraction))
    max(1L, as.integer(round(fraction * n)))
}

# A fit to some of the rows; what is not seen in them is left out.
.fit_job <- function(job, count, settings, num.threads) {
    x <- count[job$rows, , drop = FALSE]
    dmn(x, job$k, seed = job$seed, nstart = settings$nstart,
        num.threads = num.threads, control = settings$control)
}

.stability <- function(fits, rows, k) {
    rand <- vapply(fits, function(of_k) {
        whole <- .assigned(of_k[[1L]])
        vapply(seq_along(rows)[-1L], function(b) {
            once <- !duplicated(rows[[b]])
            .adjusted_rand(whole[rows[[b]][once]],
                .assigned(of_k[[b]])[once])
        }, numeric(1))
    }, numeric(length(rows) - 1L))
    jaccard <- lapply(fits, function(of_k) {
        whole <- .assigned(of_k[[1L]])
        values <- lapply(seq_along(rows)[-1L], function(b) {
            once <- !duplicated(rows[[b]])
            .best_jaccard(whole[rows[[b]][once]],
                .assigned(of_k[[b]])[once], ncol(of_k[[1L]]@group))
        })
        do.call(rbind, values)
    })
    rand <- matrix(rand, length(rows) - 1L, length(k),
        dimnames = list(NULL, k))
    structure(list(rand = rand, jaccard = jaccard,
        fits = lapply(fits, `[[`, 1L)), class = "dmnstability")
}

.adjusted_rand <- function(x, y) {
    pairs <- function(n) sum(n * (n - 1) / 2)
    table <- table(x, y)
    both <- pairs(table)
    first <- pairs(rowSums(table))
    second <- pairs(colSums(table))
    all <- pairs(length(x))
    expected <- if (all > 0) first * second / all else 0
    most <- (first + second) / 2
    if (most == expected) 1 else (both - expected) / (most - expected)
}

# For each of k clusters of x its greatest Jaccard coefficient with one of y.
.best_jaccard <- function(x, y, k) {
    both <- table(factor(x, seq_len(k)), y)
    union <- outer(rowSums(both), colSums(both), `+`) - both
    value <- apply(both / union, 1L, max)
    value[rowSums(both) == 0] <- NA
    unname(value)
}

#' @rdname dmnstability
#' @param object,x an object of class `dmnstability`.
#' @method summary dmnstability
#' @export
summary.dmnstability <- function(object, ...) {
    .refuse_dots(..., .what = "summary", .known = "object")
    parts <- lapply(names(object$jaccard), function(k) {
        jaccard <- object$jaccard[[k]]
        data.frame(k = as.integer(k), rand = mean(object$rand[, k]),
            component = seq_len(ncol(jaccard)),
            samples = tabulate(.assigned(object$fits[[k]]), ncol(jaccard)),
            jaccard = .mean_jaccard(jaccard))
    })
    do.call(rbind, parts)
}

# NA, not NaN, for a component of which no resample holds a sample.
.mean_jaccard <- function(jaccard) {
    value <- colMeans(jaccard, na.rm = TRUE)
    value[is.nan(value)] <- NA
    value
}

#' @rdname dmnstability
#' @param digits `numeric(1)`: significant digits to print.
#' @export
print.dmnstability <- function(x, ..., digits = 3L) {
    cat("Stability over ", .plural(nrow(x$rand), "resample"), "\n", sep = "")
    print(summary.dmnstability(x), digits = digits, row.names = FALSE)
    invisible(x)
}

#' @rdname dmnstability
#' @importFrom graphics axis boxplot mtext text
#' @export
plot.dmnstability <- function(x, ...) {
    at <- seq_len(ncol(x$rand))
    settings <- list(x = as.data.frame(x$rand, optional = TRUE),
        at = at - 0.2, boxwex = 0.3, xaxt = "n",
        xlim = range(at) + c(-1, 1) / 2,
        xlab = "number of components, k", ylab = "agreement with all samples",
        ylim = range(0, 1, x$rand), col = .gradient[[3L]])
    given <- list(...)
    settings[names(given)] <- given
    do.call(boxplot, settings)
    axis(1, at, colnames(x$rand))
    for (i in at) {
        jaccard <- .mean_jaccard(x$jaccard[[i]])
        n <- length(jaccard)
        text(i + seq(0.05, 0.4, length.out = n), jaccard, seq_len(n),
            cex = 0.8)
    }
    mtext("boxes: adjusted Rand index; 1, 2, ...: mean Jaccard of component",
        line = 0.3, cex = 0.8)
    invisible(x)
}
