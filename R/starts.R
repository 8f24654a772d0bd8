# Fits from several starts, and the record of each start.

# A table compressed once for fits with up to `k` components. It is in canonical
# order, unless one start is to be that of DirichletMultinomial. `dimnames` are
# the names for the results of its fits, `markers` is a value of
# .check_markers(), and `concomitant` one of .check_concomitant(). `kept` is for
# what fits with other k need again.
.compress <- function(count, k, num.threads, nstart = 2L, markers = NULL,
    concomitant = NULL) {
    selects <- !is.null(markers) && is.null(markers$chosen)
    list(table = .Call(R_dmm_table, count, nstart > 1L || selects, k,
        num.threads), dimnames = dimnames(count), markers = markers,
        concomitant = concomitant, kept = new.env())
}

# The best of up to `nstart` starts, with the markers and the variables of the
# table if it has any.
.fit_compressed <- function(table, k, seed, verbose, nstart, num.threads,
    optimizer, control, keep.group = TRUE) {
    if (is.null(table$markers))
        return(.fit_starts(table, k, seed, verbose, nstart, num.threads,
            optimizer, control, keep.group = keep.group))
    fit <- .fit_markers(table, k, nstart, list(seed = seed,
        num.threads = num.threads, optimizer = optimizer, control = control))
    if (verbose)
        message("  ", .marker_line(fit), "; ", .met(fit@mixture$Starts),
            sprintf(", NLE %.3f", fit@goodnessOfFit[["NLE"]]))
    .add_to_mixture(fit, NStart = nstart)
}

# Calls the engine: list(fit, starts), raw, of the best of up to `nstart` starts
# on a compressed table. `kinds` is the kind of each start, or NULL for the
# usual sequence; `given` and `log_weights` are for starts of kind "given",
# samples x components: responsibilities, and the log weights of each sample, or
# NULL. `reassign`: whether a lone start reassigns samples, as each of several
# does. `settings`: seed, num.threads, optimizer, control. Without `keep.group`
# the fit is compact (R/utils-samples.R). `parts`: see R/utils-parts.R.
.call_fit <- function(pointer, k, nstart, settings, kinds = NULL, given = NULL,
    log_weights = NULL, reassign = FALSE, verbose = FALSE, keep.group = TRUE,
    parts = NULL) {
    # one component has one optimum
    nstart <- if (k == 1L) 1L else nstart
    report <- if (verbose) .fit_reporter(k, nstart, settings$control)
    if (verbose)
        on.exit(report("end"), add = TRUE)
    .Call(R_dmm_table_fit, pointer, k, nstart, kinds, given, log_weights,
        reassign, settings$seed, report, settings$num.threads,
        settings$optimizer, settings$control, keep.group,
        parts)
}

# The best of up to `nstart` starts as a DMN. `kinds` is the kind of each start,
# or NULL for the usual sequence. `given` is a matrix, samples x components, of
# responsibilities for starts of kind "given".
.fit_starts <- function(table, k, seed, verbose, nstart, num.threads,
    optimizer, control, kinds = NULL, given = NULL, keep.group = TRUE) {
    settings <- list(seed = seed, num.threads = num.threads,
        optimizer = optimizer, control = control)
    raw <- .call_fit(table$table, k, nstart, settings, kinds, given,
        verbose = verbose, keep.group = keep.group)
    raw <- .add_concomitant(raw, table$table, table$concomitant, nstart,
        settings)
    fit <- .as_dmn(raw$fit, table$dimnames, seed, optimizer, control)
    fit <- .add_to_mixture(fit, NStart = nstart, Starts = raw$starts)
    if (verbose)
        message("  ", .met(raw$starts), sprintf(", NLE %.3f",
            min(raw$starts$NLE)))
    fit
}

# The largest difference in NLE between starts that have found the same optimum.
# EM stops much closer to an optimum than this, and other optima are further
# away.
.same_optimum <- 0.01

.at_best <- function(nle) nle <= min(nle) + .same_optimum

# How many starts have met the best optimum. Resamples, which begin close to it,
# and all but one of the kinds that mostly end in the same place, do not count,
# except where they alone have found it.
.times_met <- function(starts) {
    kind <- starts$kind[.at_best(starts$NLE)]
    alike <- kind %in% c("kmeans", "sorted")
    max(1L, sum(!alike & kind != "resample") + length(unique(kind[alike])))
}

# What is known about the optimum, in one line.
.met <- function(starts) {
    n <- length(starts$NLE)
    if (n == 1L)
        return("one start")
    met <- .times_met(starts)
    paste0("best of ", n, " starts, met ",
        if (met == 1L) "once" else if (met == 2L) "twice"
        else paste(met, "times"))
}

#' The starts of a fit
#'
#' Returns a table of the starts that [dmn()] made, which shows how sure it is
#' that the best optimum has been found. If many starts met it, more of them
#' would hardly find a better one.
#'
#' @details
#' The starts are of these kinds, in the order in which they are made.
#'
#' * `kmeans`, the first start: random labels, then soft k-means. It is the
#'   start of a fit with `nstart = 1`, except for the order of the samples.
#' * `seeds`, the second: `k` samples that lie far apart in Hellinger distance
#'   are chosen (k-means++), and each other sample joins the nearest of them.
#' * `labels`, the third: random labels, and then annealing: EM in which the
#'   posterior probabilities of the components are first made nearly equal, and
#'   less so from step to step.
#' * `move`, `labels`, `resample` and `seeds` in turn are the starts after
#'   these, with `kmeans` in every second place of `labels`. `move` is the best
#'   fit so far with one component dissolved and another one split in two, and a
#'   little annealing. `resample` is the best fit so far, after some EM
#'   iterations on half of the samples, drawn at random.
#' * `given` is the last row of a fit with selected [markers()], if the search
#'   for them has found an optimum that no start on the last markers meets.
#'
#' A fit with `formula` has starts of its own, see [concomitant()]. The first,
#' `given`, is the best optimum without variables; `sorted` are samples sorted
#' by the variables; and `labels` and `seeds` are as above.
#'
#' After each start EM runs until it converges. It then tries to reassign
#' samples: with many taxa or few samples, a component adapts to each of its
#' samples so well that EM leaves the sample there even if the mixture would be
#' better otherwise. As in Hartigan's method for k-means, each sample is
#' compared with the components as they would be without it or with it, and
#' those that are better off elsewhere are moved. What EM makes of this is kept
#' if its NLE is less. A component that has become empty is given half of one of
#' the largest components, that whose split lowers the NLE most, if any does.
#'
#' **When starts end.** No more starts are made when the best optimum has been
#' met `agree` times, 3 by default (see [dmncontrol()]), or when there have been
#' `nstart`. Resamples are not counted, because they begin close to the best
#' optimum, and k-means and sorted starts only once, because they mostly end in
#' the same place. If starts were independent, one that ends at that optimum or
#' a better one would by then end at a better one with probability `1 / (agree +
#' 2)`, one in five. This is Laplace's rule of succession, the case of two
#' outcomes of the stopping rules of Boender and Rinnooy Kan (1987). But moves
#' begin from the best fit, and a better optimum may be rarer: where much
#' depends on it, raise `agree` and `nstart`. In small tables, those with fewer
#' than `8192 / k` counts that are not 0, all `nstart` starts are made unless
#' `agree` is given: they take little time, and the best optimum of a few dozen
#' samples may be rare.
#'
#' **Large tables.** With 80,000 samples or more, starts are made on 20,000
#' samples drawn at random (the same for any seed), or on 50 for each component
#' if that is more and the table is four times as large. The two best optima are
#' continued on all samples, and the better of them is the fit.
#'
#' Annealing begins at a higher temperature if the log densities of the
#' components differ more. It ends once the component of every sample is
#' certain, or after a fixed number of steps. `inst/benchmarks/starts.md` in the
#' package's sources compares all this with alternatives.
#'
#' The seed of each start is derived from the seed of the fit, so that the first
#' `n` starts are the same for any `nstart >= n`. A fit with one component has
#' one optimum, and therefore one start.
#'
#' @param object an object of class [DMN-class] made by [dmn()]; for
#'     `autoplot()`, a table made by `starts()`.
#' @return A `data.frame` of class `dmnstarts` with one row for each start and
#' these columns.
#'
#' * `start`: its number.
#' * `kind`: its kind.
#' * `seed`: its seed.
#' * `samples`: the number of samples that it was made on.
#' * `NLE`: the NLE where it ended, `Inf` if it failed. That of a part of the
#'   samples is not comparable with that of the fit.
#' * `iterations`: the number of EM iterations.
#' * `converged`: whether EM converged.
#' * `best`: whether it ended within 0.01 of the best NLE.
#'
#' @section Plots:
#' `autoplot()` and `plot()` draw the NLE of each start that did not fail, and a
#' line at the best. `autoplot()` returns a `ggplot` object, and `plot()` the
#' same invisibly, after drawing it. With graphical parameters, and where
#' ggplot2 is not installed, `plot()` draws by base graphics and returns `x`.
#' @section Errors:
#' It is an error if `object` is not a fit, or was made by DirichletMultinomial,
#' which does not record its starts.
#' @references
#' Arthur D, Vassilvitskii S (2007). k-means++: the advantages of careful
#' seeding. *Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete
#' Algorithms*, 1027-1035.
#'
#' Boender CGE, Rinnooy Kan AHG (1987). Bayesian stopping rules for multistart
#' global optimization methods. *Mathematical Programming* 37, 59-80.
#' \doi{10.1007/BF02591684}
#'
#' Hartigan JA (1975). *Clustering Algorithms*. Wiley, New York.
#'
#' Telgarsky M, Vattani A (2010). Hartigan's method: k-means clustering without
#' Voronoi. *Proceedings of the 13th International Conference on Artificial
#' Intelligence and Statistics*, 820-827.
#'
#' Ueda N, Nakano R (1998). Deterministic annealing EM algorithm. *Neural
#' Networks* 11, 271-282. \doi{10.1016/S0893-6080(97)00133-0}
#'
#' Ueda N, Nakano R, Ghahramani Z, Hinton GE (2000). SMEM algorithm for mixture
#' models. *Neural Computation* 12, 2109-2128.
#' \doi{10.1162/089976600300015088}
#' @seealso [dmn()], [dmnselect()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' starts(fit)
#' plot(starts(fit))
#' @order 1
#' @export
starts <- function(object) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "starts")
    .check_fit(object, read = NULL)
    x <- .starts_of(object)
    if (is.null(x))
        .stop("'object' was made by DirichletMultinomial, which does not ",
            "record its starts")
    # fits of earlier versions have no number of samples
    samples <- if (is.null(x$samples)) .n_samples(object) else x$samples
    structure(data.frame(start = seq_along(x$kind), kind = x$kind,
        seed = x$seed, samples = samples, NLE = x$NLE,
        iterations = x$iterations, converged = x$converged,
        best = .at_best(x$NLE)), class = c("dmnstarts", "data.frame"))
}

# The record of a fit's starts, or NULL for a fit by DirichletMultinomial.
.starts_of <- function(object) {
    mixture <- object@mixture
    if (!is.null(mixture$Starts))
        return(mixture$Starts)
    if (!is.null(mixture$Converged))
        list(kind = "kmeans", seed = as.double(mixture$Seed),
            samples = .n_samples(object),
            NLE = object@goodnessOfFit[["NLE"]],
            iterations = mixture$Iterations, converged = mixture$Converged)
}
