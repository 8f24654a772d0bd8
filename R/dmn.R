#' Fit a Dirichlet-multinomial mixture
#'
#' Fits the mixture of Dirichlet-multinomials of Holmes, Harris and Quince
#' (2012) with `k` components to a table of counts. Each component is a
#' community type, described by a Dirichlet distribution of taxon proportions,
#' and each sample is drawn from one of the components.
#'
#' @details
#' Let `x` be the counts of a sample and `t` their sum, and let `alpha` be the
#' Dirichlet parameters of a component and `A` their sum. The component's *log
#' evidence* for the sample is the log probability of the counts given the
#' component, without the multinomial coefficient:
#'
#' `sum(lgamma(alpha + x) - lgamma(alpha)) + lgamma(A) - lgamma(A + t)`
#'
#' The fit is a maximum of the posterior in `log(alpha)`, with a Gamma prior on
#' each `alpha` (see [dmncontrol()]). With `nstart = 1` it is found as follows.
#'
#' 1. Each sample is assigned to a component at random. The random numbers come
#'    from the generator that DirichletMultinomial uses (GSL's `mt19937`), so
#'    the same `seed` starts both packages in the same place.
#' 2. Soft k-means on the relative abundances moves the components apart. A
#'    component that is empty afterwards is restarted at the sample that the
#'    others explain worst.
#' 3. EM alternates between two steps until it converges. The E-step computes
#'    the posterior probability of each component for each sample, and the
#'    M-step uses these to update the parameters of each component, by Newton's
#'    method in `log(alpha)` or by BFGS. Near its optimum EM is accelerated. The
#'    NLE, the negative log posterior, never increases.
#' 4. The components are sorted by decreasing weight. The Hessian at the
#'    optimum, given the posterior probabilities of the components for each
#'    sample, gives the standard errors and the Laplace approximation (see
#'    [goodnessOfFit()]).
#'
#' EM finds a local optimum, which depends on `seed` and on the order of the
#' samples. The default is therefore the best of several starts of different
#' kinds, of which the first is the one described above. From each optimum, it
#' is tried whether single samples are better off in other components.
#' [starts()] describes all this, and shows what is known about the optimum of
#' a fit. Use [dmnselect()] to compare values of `k`.
#'
#' With `nstart > 1`, starts are made on the samples and taxa in an order that
#' depends on the counts alone, so that a table with its rows and columns in
#' another order gives the same fit. The order is found by colour refinement,
#' and samples that it cannot tell apart are taken in the order of the table.
#' That can matter only in tables as regular as a combinatorial design, and in
#' very large ones where many samples have little more than a rare taxon.
#'
#' The result is the same, to the last bit, for any `num.threads` and for
#' any kind of table that holds the same counts.
#'
#' @param count counts, samples x taxa, in a matrix, data.frame, sparse matrix,
#'     DelayedMatrix, SummarizedExperiment, phyloseq or another of the
#'     containers that [dmncounts()] lists. The counts must be whole numbers
#'     from 0 to 2147483647 without `NA`, and each sample must have at least one
#'     that is not 0. The names of samples and taxa, if there are any, are those
#'     of the result. Components are named by their numbers until they have
#'     labels, see [componentLabels()].
#' @param k `numeric(1)`, a whole number from 1 to the number of samples: the
#'     number of components to fit.
#' @param verbose `logical(1)`, default `FALSE`. If `TRUE`, progress is shown: a
#'     bar with the time left in a terminal or RStudio, and elsewhere lines, one
#'     every ten seconds. If the \pkg{progressr} package is installed, its
#'     handlers receive the progress too. The time left assumes that starts go
#'     on meeting the best optimum as often as they did, and that the change of
#'     the NLE goes on to shrink as fast.
#' @param seed `numeric(1)` from -2147483647 to 2147483647, truncated to a whole
#'     number: the seed of the random start. The default is drawn from R's
#'     generator, so that `set.seed()` before `dmn()` makes a fit reproducible.
#' @param ... not used. The arguments after it are matched by full name only,
#'     and anything in it is an error.
#' @param nstart `numeric(1)`, a whole number >= 1, default 20: the largest
#'     number of starts. Fewer are made if they agree, see `agree` of
#'     [dmncontrol()]. With `nstart = 1` the start is that of
#'     DirichletMultinomial.
#' @param num.threads `numeric(1)`, a whole number >= 1: the number of threads
#'     to use at most. [dmnthreads()] describes the default.
#' @param optimizer `character(1)`: the method of the M-step. `"newton"`, the
#'     default, is Newton's method. `"bfgs"` is GSL's `vector_bfgs2` on the same
#'     function; it is slow, and meant for comparisons.
#' @param control a list made by [dmncontrol()], by default with all settings
#'     at their defaults: the tolerances, limits and prior.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     `count` is a SummarizedExperiment.
#' @param markers `NULL`, the default: the classic mixture, in which components
#'     differ in all taxa. Otherwise they differ in the markers alone, see
#'     [markers()]: taxa by name, by number or as `TRUE` and `FALSE` for each,
#'     or `"select"`, to choose them.
#' @param formula `NULL`, the default, or a formula without a left side, such as
#'     `~ bmi + age`: the variables of the samples on which the weights of the
#'     components depend, see [concomitant()].
#' @param data a data.frame or DataFrame with a row for each sample and the
#'     variables of `formula`. The default, `NULL`, is the sample variables of
#'     `count` if it is a SummarizedExperiment or phyloseq, and otherwise the
#'     variables that the formula sees.
#' @param keep.group `logical(1)`, default `TRUE`. If `FALSE`, the fit does not
#'     hold the probability of each component for each sample, 8 bytes each, but
#'     only the most probable component of each sample and the sum of the
#'     probabilities of the others, 12 bytes for a sample. See below.
#' @param memory `NULL`, the default: the counts are in memory, compressed. Or
#'     about how much this process may take, `"8GB"` or a number of bytes, at
#'     least 1 GB: what has no room is in files and read again in each
#'     iteration. See below.
#' @param BPPARAM `NULL`, the default, or a BiocParallel back-end such as
#'     `SnowParam(8)`, whose workers hold parts of the counts. See below.
#' @param scratch `character(1)`: a directory for files of the fit with `memory`
#'     or `BPPARAM`, by default that of the R session. Workers must see it by
#'     the same path. The files are removed at the end.
#' @param checkpoint `NULL`, the default, or a directory, which is made if need
#'     be, in which the best parameters so far are kept. The same call goes on
#'     from there. See below.
#' @return An object of class [DMN-class]. Read it with [mixture()],
#'     [mixturewt()], `fitted()`, [goodnessOfFit()], [laplace()],
#'     [`AIC()`][AIC.DMN], [`logLik()`][AIC.DMN], [`predict()`][predict.DMN]
#'     and [`summary()`][summary.DMN].
#'
#' There is a warning if the fit has not converged, and if it has empty
#' components, which expect less than a tenth of a sample.
#' `fit@mixture$Converged` and `fit@mixture$Empty` hold the same information.
#' @section Large tables:
#' A table that does not fit in memory can be passed as a DelayedMatrix, or as
#' a list or function of blocks of samples. It is packed block by block, into
#' about 3 bytes for each count that is not 0, and then compressed, into about
#' 2 bytes. The packed counts are freed before the fit, unless `count` is itself
#' the value of [dmncounts()], which the caller still holds. In addition the fit
#' takes 8 bytes for each sample and component while it runs, and as much again
#' for the probabilities in its result.
#'
#' With `keep.group = FALSE` the result has `mixture(fit, assign = TRUE)`,
#' [entropy()], [ICL()] and everything that is not about single samples.
#' Functions that need all probabilities are an error that says so: `mixture()`
#' without `assign`, `entropy(by.sample = TRUE)`, `augment()`, [addDMN()],
#' [writeDMN()] and the plot of probabilities. `predict(fit, count)` computes
#' them. It is an error with `markers` or `formula`.
#' @section Larger than memory:
#' With `memory`, `BPPARAM` or `checkpoint` the counts are compressed in parts,
#' as they are read: each of 65,536 samples, or of fewer with more than 4,096
#' taxa. A part may lie in memory, in a file of `scratch`, or in a worker. An
#' iteration of EM needs sums over the samples only, which are added up over the
#' parts. The parts and the order of sums depend on the table alone: the result
#' is the same, to the last bit, for any `memory` and any number of workers and
#' threads, on processors of the same kind. It is that of the fit in memory
#' within the tolerance of EM.
#'
#' Starts are made in this process, on 20,000 samples (or 50 for each component,
#' if that is more) that are drawn by lot, and the two best optima are continued
#' on all samples. This includes fits with `nstart = 1`, whose start is then not
#' that of DirichletMultinomial. A fit with other samples in the lot, for
#' instance because rows are in another order, may end at another optimum.
#'
#' * With `memory`, a quarter of it is for parts. The rest is for R and its
#'   packages, for the block that is being read, for starts and for the result.
#'   A large block of the user's list or function, and a result with the
#'   probabilities of many samples, can take more than that: see `keep.group`.
#' * With `BPPARAM`, the parts are written to `scratch`. A worker reads its own
#'   and keeps them, up to a quarter of `memory` if that is given. In an
#'   iteration it gets the parameters, and returns sums. Start the workers by
#'   `bpstart()` where there are several fits. Workers on one machine share its
#'   cores.
#' * If a worker ends early, the call is an error that names it. With
#'   `checkpoint`, the same call goes on from the last iteration (or, if none
#'   was made after the starts, makes these again), with any number of workers
#'   or none. It reads the counts again, and refuses others.
#'
#' These fits need Newton's method, and have neither `markers` nor `formula`.
#' @section Errors:
#' An argument that cannot be used is refused with a message that names it and
#' says what was found. This applies to missing, infinite, negative or
#' fractional counts (relative abundances are not counts), to samples without
#' counts, to a `k` that is not one whole number from 1 to the number of
#' samples, to a seed that is `NA`, and to unknown arguments.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' fit
#' mixturewt(fit)
#' starts(fit)
#'
#' ## a single start, that of DirichletMultinomial
#' dmn(twins, 3, seed = 1, nstart = 1)
#'
#' ## choose the number of components by the Laplace approximation
#' fits <- lapply(1:4, dmn, count = twins, seed = 1)
#' lplc <- vapply(fits, laplace, numeric(1))
#' fits[[which.min(lplc)]]
#' @importFrom stats runif
#' @useDynLib dmmomp, .registration = TRUE
#' @export
dmn <- function(count, k, verbose = FALSE,
    seed = runif(1, 0, .Machine$integer.max), ..., nstart = 20L,
    num.threads = dmnthreads(), optimizer = c("newton", "bfgs"),
    control = dmncontrol(), assay.type = "counts", markers = NULL,
    formula = NULL, data = NULL, keep.group = TRUE, memory = NULL,
    BPPARAM = NULL, scratch = tempdir(), checkpoint = NULL) {
    if (...length())
        .refuse_dots(..., .what = "dmn", .known = names(formals(dmn)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    verbose <- .check_flag(verbose, "verbose")
    drawn <- missing(seed)
    seed <- .check_seed(seed)
    nstart <- .check_whole(nstart, "nstart")
    num.threads <- .check_threads(num.threads)
    optimizer <- .check_choice(optimizer, "optimizer", c("newton", "bfgs"))
    control <- .check_control(control)
    keep.group <- .check_keep_group(keep.group, markers, formula)
    memory <- .check_memory(memory)
    settings <- list(seed = seed, num.threads = num.threads,
        optimizer = optimizer, control = control)
    if (is.finite(memory) || !is.null(BPPARAM) || !is.null(checkpoint)) {
        .refuse_in_parts(markers, formula, optimizer)
        if (missing(k))
            .stop("'k' is missing: pass the number of components to fit")
        return(.warn_of_fit(.dmn_in_parts(count, k, if (!drawn) seed, nstart,
            settings, verbose, keep.group, assay.type, memory,
            .back_end(BPPARAM), scratch, checkpoint)))
    }
    given <- count
    count <- .as_counts(count, num.threads = num.threads,
        assay.type = assay.type, orient = TRUE)
    if (missing(k))
        .stop("'k' is missing: pass the number of components to fit")
    k <- .check_k(k, count)
    markers <- .check_markers(markers, count)
    concomitant <- .check_concomitant(formula, data, given,
        .named_totals(count))
    given <- NULL

    if (verbose)
        message(sprintf("dmn, k=%d", k))
    table <- .compress(count, k, num.threads, nstart, markers, concomitant)
    on.exit(.Call(R_dmm_table_free, table$table))
    # frees packed counts, which nothing needs any more, before the fit
    if (inherits(count, "dmnpacked")) {
        count <- NULL
        gc()
    }
    if (nstart == 1L && is.null(markers) && is.null(concomitant)) {
        raw <- .call_fit(table$table, k, 1L, settings, verbose = verbose,
            keep.group = keep.group)$fit
        fit <- .as_dmn(raw, table$dimnames, seed, optimizer, control)
        return(.warn_of_fit(.add_to_mixture(fit, NStart = 1L)))
    }
    .warn_of_fit(.fit_compressed(table, k, seed, verbose, nstart, num.threads,
        optimizer, control, keep.group))
}

.check_keep_group <- function(keep.group, markers, formula = NULL) {
    keep.group <- .check_flag(keep.group, "keep.group")
    if (!keep.group && !(is.null(markers) && is.null(formula)))
        .stop("'keep.group' must be TRUE for fits with '",
            if (is.null(formula)) "markers" else "formula",
            "', which need the probabilities of the samples; found FALSE")
    keep.group
}

.warn_of_fit <- function(fit) {
    mixture <- fit@mixture
    k <- length(mixture$Weight)
    if (!mixture$Converged)
        .warn_not_converged(k, mixture$Iterations)
    if (mixture$Empty > 0L)
        .warn_empty(k, mixture$Empty)
    if (anyNA(mixture$Concomitant$covariance))
        .warn_of_errors(k)
    fit
}

# `count` is NULL where its samples are not known yet.
.check_k <- function(k, count = NULL) {
    known <- !is.null(count)
    n <- if (known) nrow(count) else .Machine$integer.max
    if (.is_whole(k, 1, n))
        return(as.integer(k))
    hint <- if (length(k) > 1L)
        "; for several, lapply(k, dmn, count = count)"
    else if (known && .is_whole(k, n + 1, ncol(count)))
        "; is 'count' transposed?"
    .stop("'k' must be one whole number ",
        if (known) paste0("from 1 to the number of samples, ", n) else ">= 1",
        "; found ", .describe(k), hint)
}

# @<- would look for the class where this package may not be attached.
.add_to_mixture <- function(fit, ...) {
    slot(fit, "mixture", check = FALSE) <- c(fit@mixture, list(...))
    fit
}

.as_dmn <- function(raw, dimnames, seed, optimizer, control) {
    components <- as.character(seq_along(raw$Weight))
    compact <- !is.null(raw$Assigned)
    if (compact)
        names(raw$Assigned$component) <- dimnames[[1L]]
    named <- function(x, rows) {
        dimnames(x) <- list(rows, components)
        x
    }
    .new_dmn(goodnessOfFit = .with_slopes(raw$GoodnessOfFit, raw$Concomitant),
        group = named(raw$Group, if (!compact) dimnames[[1L]]),
        # The number of threads is not kept: two fits that differ in it alone
        # must be identical().
        mixture = c(list(Weight = raw$Weight, LogLik = raw$LogLik,
            Iterations = raw$Iterations, Evaluations = raw$Evaluations,
            KmeansIterations = raw$KmeansIterations,
            Converged = raw$Converged, Reseeded = raw$Reseeded,
            Empty = raw$Empty, Seed = seed, Optimizer = optimizer,
            Control = control),
            if (compact) list(Assigned = raw$Assigned),
            if (!is.null(raw$Concomitant))
                list(Concomitant = raw$Concomitant)),
        fit = lapply(raw[c("Lower", "Estimate", "Upper", "StdErr")], named,
            dimnames[[2L]]))
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

# Does what R does when the user interrupts it. The engine has already freed its
# memory and returned, without a result.
.interrupt <- function() {
    signalCondition(structure(list(message = "", call = NULL),
        class = c("interrupt", "condition")))
    invokeRestart("abort")
}
