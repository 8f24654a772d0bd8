#' How stable a clustering is
#'
#' Fits mixtures to resamples of the samples, and compares the components of
#' each with those of the fit to all samples. Components that are found again in
#' most resamples are stable.
#'
#' @details
#' Each resample is a fraction of the samples, drawn without replacement. With
#' `bootstrap = TRUE` it is drawn with replacement and has as many samples as
#' the table. A resample is fitted by the best of `nstart` starts. This fit is
#' compared with the fit to all samples on the samples in the resample, each of
#' them counted once, by two measures:
#'
#' * the adjusted Rand index (Hubert and Arabie 1985) of the two assignments.
#'   It is 1 where they agree, about 0 where they agree by chance only, and 1
#'   where both have a single cluster;
#' * for each component, the greatest Jaccard coefficient with any cluster of
#'   the resample (Hennig 2007). As a rule of thumb, a component with a mean
#'   below 0.6 is not found again, and one with a mean above 0.85 is very
#'   stable. It is `NA` where the resample holds none of the component's
#'   samples.
#'
#' Seeds and resamples are drawn before any fit, so that the result does not
#' depend on the number of workers. Each worker uses one thread, or
#' `num.threads`, which is lowered if the workers on a machine would use more
#' threads than it has cores.
#'
#' @param count counts, samples x taxa, in any of the forms that [dmn()] takes.
#' @param k whole numbers, all different, from 2 to the number of samples in a
#'     resample: the numbers of components to compare.
#' @param B `numeric(1)`, a whole number >= 1, default 50: the number of
#'     resamples for each `k`.
#' @param fraction `numeric(1)` between 0 and 1, default 0.8: the fraction of
#'     the samples that a resample has. Not used with `bootstrap = TRUE`.
#' @param bootstrap `logical(1)`, default `FALSE`. If `TRUE`, resamples are
#'     drawn with replacement.
#' @param nstart `numeric(1)`, a whole number >= 1, default 20: the largest
#'     number of starts for each fit, see [starts()].
#' @param seed `numeric(1)`, as for [dmn()]: the seed of the resamples and the
#'     starts. The default, `NULL`, draws it from R's generator.
#' @param ... for `plot()`, graphical parameters; otherwise not used, and
#'     anything in it is an error.
#' @param BPPARAM,num.threads,control,assay.type as for [dmnselect()], with the
#'     same defaults.
#' @param markers `NULL`, the default, taxa, or `"select"`: the taxa in which
#'     components differ, see [markers()]. They are selected anew in each fit,
#'     from its samples alone.
#' @return An object of class `dmnstability`: a list of three elements.
#'
#' * `rand`: a numeric matrix, resamples x values of `k`, of adjusted Rand
#'   indices.
#' * `jaccard`: a list, named by `k`, of numeric matrices, resamples x
#'   components, of Jaccard coefficients.
#' * `fits`: a list, named by `k`, of the fits to all samples.
#'
#' `summary()` returns a `data.frame` with one row for each component of each
#' `k`. Its columns are `k`; `rand`, the mean adjusted Rand index; `component`;
#' `samples`, the number of samples in the component; and `jaccard`, the mean
#' Jaccard coefficient over the resamples.
#' @section Plots:
#' `autoplot()` and `plot()` draw, above, the adjusted Rand index of each
#' resample and a box for each `k`; and below, for each component, the mean of
#' its Jaccard coefficients and a bar over the middle half of them.
#' `autoplot()` returns a `ggplot` object, and `plot()` the same invisibly,
#' after drawing it. Its data has one row for each value. With graphical
#' parameters, and where ggplot2 is not installed, `plot()` draws by base
#' graphics and returns `x`.
#' @section Errors:
#' It is an error if `k` has values that are not whole numbers
#' from 2 to the number of samples in a resample, if `fraction` is not between 0
#' and 1 or leaves fewer than two samples in a resample, and if in a resample no
#' taxon but the `markers` has counts, or too few taxa to choose them from. The
#' message names the resample, and no fit is made.
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
    bootstrap = FALSE, nstart = 20L, seed = NULL,
    BPPARAM = BiocParallel::SerialParam(), num.threads = NULL,
    control = dmncontrol(), assay.type = "counts", markers = NULL) {
    if (...length())
        .refuse_dots(..., .what = "dmnstability",
            .known = names(formals(dmnstability)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    if (missing(k))
        .stop("'k' is missing: pass the numbers of components to look at")
    BPPARAM <- .back_end(BPPARAM, missing(BPPARAM))
    count <- .as_counts(count, assay.type = assay.type, orient = TRUE)
    B <- .check_whole(B, "B")
    bootstrap <- .check_flag(bootstrap, "bootstrap")
    size <- .resample_size(nrow(count), fraction, bootstrap)
    k <- .check_ks(k, 2L, size, "the number of samples in a resample")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        control = .check_control(control),
        markers = .markers_of_jobs(markers, count))
    seeds <- .seed_stream(seed, B + 1L)
    rows <- .with_seed(seeds[[B + 1L]], lapply(seq_len(B), function(b) {
        sample.int(nrow(count), size, replace = bootstrap)
    }))
    .check_resamples(settings$markers, count, rows)
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
    if (n < 2L)
        .stop("'count' must have two samples or more; found ", n)
    if (bootstrap)
        return(n)
    size <- as.integer(round(.check_probability(fraction, "fraction") * n))
    if (size < 2L)
        .stop("'fraction' must leave two samples or more in a resample; found ",
            fraction, ", which leaves ", size, " of ", n, ". Raise it")
    size
}

# Resamples may lack the taxa that markers need.
.check_resamples <- function(markers, count, rows) {
    for (b in if (!is.null(markers)) seq_along(rows))
        tryCatch(.check_markers(markers, count[rows[[b]], , drop = FALSE]),
            error = function(e) .stop("resample ", b, " of ", length(rows),
                ": ", conditionMessage(e), ". Draw larger resamples, choose ",
                "other markers, or try another seed"))
}

# A fit to the rows `job$rows`, with all taxa, those without counts in these
# rows included.
.fit_job <- function(job, count, settings, num.threads) {
    x <- count[job$rows, , drop = FALSE]
    dmn(x, job$k, seed = job$seed, nstart = settings$nstart,
        num.threads = num.threads, control = settings$control,
        markers = settings$markers)
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

# For each of the k clusters of x, its greatest Jaccard coefficient with any
# cluster of y.
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
        .check_fit(object$fits[[k]], sprintf("object$fits[[\"%s\"]]", k),
            "group")
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
#' @param digits `numeric(1)`, default 3: the number of significant digits to
#'     print.
#' @export
print.dmnstability <- function(x, ..., digits = 3L) {
    cat("Stability over ", .plural(nrow(x$rand), "resample"), "\n", sep = "")
    print(summary.dmnstability(x), digits = digits, row.names = FALSE)
    invisible(x)
}
