# Fits from several starts, and the record of each start.

# A table compressed once for fits with up to `k` components, in canonical
# order. `dimnames` are the names for the results of its fits.
.compress <- function(count, k, num.threads) {
    list(table = .Call(R_dmm_table, count, TRUE, k, num.threads),
        dimnames = dimnames(count))
}

# The best of `nstart` starts as a DMN. `kinds` is the kind of each start, or
# NULL for the usual sequence. `given` is a matrix, samples x components, of
# responsibilities for starts of kind "given".
.fit_starts <- function(table, k, seed, verbose, nstart, num.threads,
    optimizer, control, kinds = NULL, given = NULL) {
    # one component has one optimum
    n <- if (k == 1L) 1L else nstart
    raw <- .Call(R_dmm_table_fit, table$table, k, n, kinds, given, seed,
        verbose && n == 1L, num.threads, optimizer, control)
    fit <- .as_dmn(raw$fit, table$dimnames, seed, optimizer, control)
    # @<- would look for the class where this package may not be attached
    slot(fit, "mixture", check = FALSE) <- c(fit@mixture,
        list(NStart = nstart, Starts = raw$starts))
    if (verbose)
        .report_starts(raw$starts)
    fit
}

.report_starts <- function(starts) {
    message(sprintf("  %d of %s found NLE %.3f", sum(.at_best(starts$NLE)),
        .plural(length(starts$NLE), "start"), min(starts$NLE)))
}

# The largest difference in NLE between starts that have found the same optimum.
# EM stops much closer to an optimum than this, and other optima are further
# away.
.same_optimum <- 0.01

.at_best <- function(nle) nle <= min(nle) + .same_optimum

#' The starts of a fit
#'
#' Returns a table of the starts that [dmn()] made with `nstart > 1`. If many
#' starts found the best optimum, more of them would hardly find a better one.
#'
#' @details
#' The starts are of these kinds, in the order in which they are made.
#'
#' * `kmeans`, the first start: random labels, then soft k-means. It is the
#'   start of a fit with `nstart = 1`, except for the order of the samples.
#' * `seeds`, the second: `k` samples that lie far apart in Hellinger distance
#'   are chosen (k-means++), and each other sample joins the nearest of them.
#'   Then follows annealing: EM in which the posterior probabilities of the
#'   components are first made nearly equal, and less so from step to step.
#' * `labels`, the third: random labels, then slower annealing. The fourth and
#'   the fifth start are of the kinds `seeds` and `labels` again.
#' * `resample`: the best fit so far, after some EM iterations on half of the
#'   samples, drawn at random.
#' * `move`, every fourth of the starts after the fifth: the best fit so far
#'   with one component dissolved and another one split in two.
#'
#' After each start EM runs until it converges. Annealing begins at a higher
#' temperature if the log densities of the components differ more. It ends once
#' the component of every sample is certain, or after a fixed number of steps.
#' `inst/benchmarks/starts.md` in the package's sources compares the kinds.
#'
#' The seed of each start is derived from the seed of the fit, so that the first
#' `n` starts are the same for any `nstart >= n`. A fit with one component has
#' one optimum, and therefore one start.
#'
#' @param object an object of class [DMN-class] made by [dmn()].
#' @return A `data.frame` with one row for each start and these columns.
#'
#' * `start`: its number.
#' * `kind`: its kind.
#' * `seed`: its seed.
#' * `NLE`: the NLE where it ended, `Inf` if it failed.
#' * `iterations`: the number of EM iterations.
#' * `converged`: whether EM converged.
#' * `best`: whether it ended within 0.01 of the best NLE.
#' @section Errors:
#' It is an error if `object` is not a fit, or was made by DirichletMultinomial,
#' which does not record its starts.
#' @references
#' Arthur D, Vassilvitskii S (2007). k-means++: the advantages of careful
#' seeding. *Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete
#' Algorithms*, 1027-1035.
#'
#' Ueda N, Nakano R (1998). Deterministic annealing EM algorithm. *Neural
#' Networks* 11, 271-282. \doi{10.1016/S0893-6080(97)00133-0}
#'
#' Ueda N, Nakano R, Ghahramani Z, Hinton GE (2000). SMEM algorithm for mixture
#' models. *Neural Computation* 12, 2109-2128.
#' \doi{10.1162/089976600300015088}
#' @seealso [dmn()], [dmnselect()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1, nstart = 8)
#' starts(fit)
#' @export
starts <- function(object) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "starts")
    mixture <- object@mixture
    x <- mixture$Starts
    if (is.null(x)) {
        if (is.null(mixture$Converged))
            .stop("'object' was made by DirichletMultinomial, which does not ",
                "record its starts")
        x <- list(kind = "kmeans", seed = as.double(mixture$Seed),
            NLE = object@goodnessOfFit[["NLE"]],
            iterations = mixture$Iterations, converged = mixture$Converged)
    }
    data.frame(start = seq_along(x$kind), kind = x$kind, seed = x$seed,
        NLE = x$NLE, iterations = x$iterations, converged = x$converged,
        best = .at_best(x$NLE))
}
