#' Fit a Dirichlet-multinomial mixture
#'
#' Fits the mixture of Dirichlet-multinomials of Holmes, Harris and Quince
#' (2012) with `k` components to a table of counts: each component is a kind
#' of community, a Dirichlet distribution of taxon proportions, and each
#' sample is drawn from one of them.
#'
#' @details
#' Sample i's counts `x`, of total `t`, have under component k, whose
#' Dirichlet parameters are `alpha` with sum `A`, the evidence
#'
#' `sum(lgamma(alpha + x) - lgamma(alpha)) + lgamma(A) - lgamma(A + t)`
#'
#' (on the log scale, without the multinomial coefficient). The fit is the
#' maximum of the posterior in `log(alpha)`, with a Gamma prior on each
#' `alpha` (see [dmncontrol()]), found as follows.
#'
#' 1. Every sample is put in a component at random, by `seed`, with the
#'    generator that DirichletMultinomial uses (GSL's `mt19937`): the same
#'    seed starts both packages in the same place.
#' 2. Soft k-means on the relative abundances moves the components apart. One
#'    that empties is restarted at the sample that the others explain worst.
#' 3. EM alternates between the posterior probabilities of the components for
#'    each sample and, given them, the parameters of each component
#'    (Newton's method in `log(alpha)`, or BFGS), and is accelerated when near
#'    its limit. The NLE never increases.
#' 4. The components are sorted by decreasing weight, and the Hessian at the
#'    optimum gives the standard errors and the Laplace approximation.
#'
#' EM finds a local optimum, which depends on `seed` and on the order of the
#' samples: for a final result use `nstart`, and [dmnselect()] to compare
#' values of `k`.
#'
#' With `nstart > 1` the fit is the best of so many starts, by NLE. They are
#' made on the samples and taxa in an order that depends on the counts alone:
#' a table with its rows and columns in another order gives the same fit. The
#' first start is as above but in that order, the others are of several kinds:
#' see [starts()]. Samples that refinement by their counts and taxa does not tell
#' apart keep the order of the table; that matters only where such samples
#' differ, as they do in combinatorial designs.
#'
#' The result is the same, to the last bit, for any `num.threads` and for
#' any kind of table that holds the same counts.
#'
#' @param count counts, samples x taxa: an integer matrix, a double matrix or
#'     data.frame of whole numbers, or a sparse matrix of the \pkg{Matrix}
#'     package (a `dgCMatrix` is used as it is, without making it dense;
#'     others are converted to one). Whole numbers from 0 to 2147483647, no
#'     `NA`, and at least one count in each row. Row and column names, where
#'     there are any, name the samples and taxa of the result.
#' @param k `numeric(1)`, a whole number from 1 to the number of samples: how
#'     many components to fit.
#' @param verbose `logical(1)`, default `FALSE`. Report progress?
#' @param seed `numeric(1)` from -2147483647 to 2147483647, truncated to a whole
#'     number: where to start. The default is drawn from R's generator, so that
#'     `set.seed()` before `dmn()` makes a fit reproducible.
#' @param ... not used: makes the arguments after it match by full name only.
#'     Anything in it is an error.
#' @param nstart `numeric(1)`, a whole number >= 1, default 1: how many starts
#'     to make, of which the best is kept. With the default the start is that of
#'     DirichletMultinomial.
#' @param num.threads `numeric(1)`, a whole number >= 1: how many threads
#'     to use at most. See [dmnthreads()] for the default.
#' @param optimizer `character(1)`. How the parameters of a component are
#'     found: `"newton"` (the default), or `"bfgs"`, GSL's
#'     `vector_bfgs2` on the same function: slow, for comparison.
#' @param control the list made by [dmncontrol()]: tolerances, limits, prior.
#' @return An object of class [DMN-class]. Read it with [mixture()],
#'     [mixturewt()], `fitted()`, [goodnessOfFit()], [laplace()],
#'     [`AIC()`][AIC.DMN], [`logLik()`][AIC.DMN], [`predict()`][predict.DMN]
#'     and [`summary()`][summary.DMN].
#'
#'     A fit that has not converged comes with a warning, and so does one with
#'     components that hold no sample; `fit@mixture$Converged` and
#'     `fit@mixture$Empty` tell.
#' @section Errors:
#' Arguments that cannot be used are refused with a message that names the
#' argument and says what was found: missing, infinite, negative or
#' fractional counts (relative abundances are not counts), samples without
#' counts, a `k` that is not one whole number between 1 and the number of
#' samples, a missing seed, unknown arguments.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' fit
#' mixturewt(fit)
#'
#' ## the best of ten starts
#' dmn(twins, 3, seed = 1, nstart = 10)
#'
#' ## choose the number of components by the Laplace approximation
#' fits <- lapply(1:4, dmn, count = twins, seed = 1)
#' lplc <- vapply(fits, laplace, numeric(1))
#' fits[[which.min(lplc)]]
#' @importFrom stats runif
#' @useDynLib dmmomp, .registration = TRUE
#' @export
dmn <- function(count, k, verbose = FALSE,
    seed = runif(1, 0, .Machine$integer.max), ..., nstart = 1L,
    num.threads = dmnthreads(), optimizer = c("newton", "bfgs"),
    control = dmncontrol()) {
    if (...length())
        .refuse_dots(..., .what = "dmn", .known = names(formals(dmn)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    verbose <- .check_flag(verbose, "verbose")
    seed <- .check_seed(seed)
    nstart <- .check_whole(nstart, "nstart")
    num.threads <- .check_threads(num.threads)
    optimizer <- .check_choice(optimizer, "optimizer", c("newton", "bfgs"))
    control <- .check_control(control)
    count <- .as_counts(count, num.threads = num.threads)
    if (missing(k))
        .stop("'k' is missing: pass the number of components to fit")
    k <- .check_k(k, count)

    if (verbose)
        message(sprintf("dmn, k=%d", k))
    if (nstart > 1L) {
        table <- .compress(count, k, num.threads)
        fit <- .fit_starts(table, k, seed, verbose, nstart, num.threads,
            optimizer, control)
        return(.warn_of_fit(fit))
    }
    raw <- .Call(R_dmm_fit, count, k, seed, verbose, num.threads, optimizer,
        control)
    .warn_of_fit(.as_dmn(raw, dimnames(count), seed, optimizer, control))
}

.warn_of_fit <- function(fit) {
    mixture <- fit@mixture
    k <- length(mixture$Weight)
    if (!mixture$Converged)
        .warn_not_converged(k, mixture$Iterations)
    if (mixture$Empty > 0L)
        .warn_empty(k, mixture$Empty)
    fit
}

.check_k <- function(k, count) {
    n <- nrow(count)
    if (.is_whole(k, 1, n))
        return(as.integer(k))
    hint <- if (length(k) > 1L)
        "; for several, lapply(k, dmn, count = count)"
    else if (.is_whole(k, n + 1, ncol(count)))
        "; 'count' must have samples in rows: is it transposed?"
    else
        ""
    .stop("'k' must be one whole number from 1 to the number of samples, ", n,
        "; found ", .describe(k), hint)
}

.as_dmn <- function(raw, dimnames, seed, optimizer, control) {
    # DirichletMultinomial's: rows are named, components are not
    by_sample <- if (!is.null(dimnames[[1L]])) list(dimnames[[1L]], NULL)
    by_taxon <- if (!is.null(dimnames[[2L]])) list(dimnames[[2L]], NULL)
    named <- function(x, names) {
        dimnames(x) <- names
        x
    }
    .new_dmn(goodnessOfFit = raw$GoodnessOfFit,
        group = named(raw$Group, by_sample),
        # No number of threads here: the result does not depend on it, and
        # two fits that are the same are identical().
        mixture = list(Weight = raw$Weight, LogLik = raw$LogLik,
            Iterations = raw$Iterations, Evaluations = raw$Evaluations,
            KmeansIterations = raw$KmeansIterations,
            Converged = raw$Converged, Reseeded = raw$Reseeded,
            Empty = raw$Empty, Seed = seed, Optimizer = optimizer,
            Control = control),
        fit = list(Lower = named(raw$Lower, by_taxon),
            Estimate = named(raw$Estimate, by_taxon),
            Upper = named(raw$Upper, by_taxon),
            StdErr = named(raw$StdErr, by_taxon)))
}

.warn_not_converged <- function(k, iterations) {
    warning("dmn(k = ", k, ") has not converged in ",
        .plural(iterations, "iteration"), ": its values are not those of an ",
        "optimum. Raise 'max.iterations' in control = dmncontrol()",
        call. = FALSE)
}

.warn_empty <- function(k, n) {
    warning("dmn(k = ", k, "): ", .plural(n, "component"), " hold",
        if (n == 1L) "s", " no sample: fewer components describe these counts ",
        "as well", call. = FALSE)
}

# Does what R does when the user interrupts it: the engine has freed its memory
# and come back, and nothing is left to return.
.interrupt <- function() {
    signalCondition(structure(list(message = "", call = NULL),
        class = c("interrupt", "condition")))
    invokeRestart("abort")
}
