#' Choose the number of components
#'
#' Fits mixtures with several numbers of components `k` to one table, each by
#' the best of `nstart` starts, and compares them by a criterion. Such a series
#' of fits is called a *sweep* below.
#'
#' @details
#' Every fit is that of [`dmn(count, k, nstart = nstart, seed = seed)`][dmn].
#' With `nstart > 1` it therefore does not depend on the order of the samples or
#' taxa. The table is compressed once for all fits. No fit starts from the one
#' with `k - 1` components: starts that divide one of its components find no
#' better optima (`inst/benchmarks/starts.md` in the package's sources).
#'
#' The criteria are described in [goodnessOfFit()] and [ICL()]; lower values are
#' better. If the best `k` is the smallest or the largest that was fitted, there
#' is a warning, because the optimum may lie beyond.
#'
#' **Progress.** With `verbose = TRUE`, a line with an estimate of the time left
#' is printed when a fit is finished, by this process or by a worker. If the
#' \pkg{progressr} package is installed, its handlers receive the progress too.
#'
#' **Interrupts and errors.** After Ctrl-C, the fits that are finished are
#' returned with a warning. The same happens when the fit of one `k` ends with
#' an error; the warning then names that `k` and repeats the error message. If
#' no fit is finished, the error is raised. In the result,
#' `S4Vectors::metadata(x)` has `missing`, the values of `k` that were not
#' fitted, and `why`: `"interrupted"`, `"error"` or `"early.stop"`. An interrupt
#' does not reach the workers in some settings, for example where R is not run
#' in a terminal. Workers then finish their current fits first; a second
#' interrupt does not wait for them.
#'
#' **Checkpoints.** With `checkpoint = "directory"`, each fit is saved when it
#' is finished. It is written to a file of another name, flushed to the disk and
#' renamed, so that a power cut leaves either the complete file or none. The
#' same call again reads the saved fits and makes the others; it may ask for
#' more values of `k`. A directory with fits of other data or with other
#' arguments is refused. A file that is damaged, or that belongs to other data
#' or arguments, is fitted again, with a warning. Only one call at a time may
#' use a directory.
#'
#' **Parallel fits.** With a \pkg{BiocParallel} back-end of several workers, the
#' values of `k` are distributed over them. Each fit then uses one thread, or
#' `num.threads`, and is kept as soon as it is finished. Without a back-end,
#' fits are made one after another, each with `num.threads` threads. The result
#' is the same. The workers on one machine together use no more threads than it
#' has cores: a larger `num.threads` is lowered to the number of cores divided
#' by the number of workers.
#'
#' @param count counts, samples x taxa, in any of the forms that [dmn()] takes.
#' @param k whole numbers from 1 to the number of samples, all different: the
#'     numbers of components to fit. The default is 1 to 7.
#' @param nstart `numeric(1)`, a whole number >= 1, default 20: the largest
#'     number of starts for each fit, see [starts()].
#' @param criterion `character(1)`: `"laplace"` (the default), `"BIC"`,
#'     `"AIC"` or `"ICL"`. `autoplot()` and `plot()` take several, and draw
#'     all by default.
#' @param BPPARAM a \pkg{BiocParallel} back-end such as
#'     `BiocParallel::MulticoreParam(2)`. With the default, any `SerialParam` or
#'     `NULL`, fits are made in this process. The default does not need
#'     \pkg{BiocParallel} to be installed.
#' @param checkpoint `NULL` (the default) or `character(1)`: a directory to save
#'     finished fits in. It is created if need be.
#' @param ... for `plot()`, graphical parameters; for `c()`, more objects of
#'     class `DMNSelect`; otherwise not used, and anything in it is an error.
#' @param seed `numeric(1)`, as for [dmn()]: the seed of all fits. The default,
#'     `NULL`, takes the seed of the checkpoint if there is one, and draws it
#'     from R's generator otherwise.
#' @param early.stop `numeric(1)`, a whole number >= 1 or `Inf`, the default.
#'     The sweep stops after this many values of `k` in a row that are worse, by
#'     `criterion`, than the best before them. `Inf` fits all.
#' @param verbose `logical(1)`, default `FALSE`. If `TRUE`, progress is printed.
#' @param num.threads `NULL` (the default) or `numeric(1)`, a whole number >= 1:
#'     the number of threads for each fit. `NULL` means that of [dmnthreads()]
#'     in this process, and one thread in a worker.
#' @param optimizer,control,assay.type as for [dmn()], with the same defaults.
#' @param markers `NULL`, the default, taxa, or `"select"`: the taxa in which
#'     components differ, see [markers()]. They are selected anew for each `k`.
#' @param formula,data as for [dmn()]: the variables of the samples on which the
#'     weights of the components depend, see [concomitant()]. The criteria are
#'     comparable with those of fits without them. The fit with `k = 1` has no
#'     weights to explain.
#' @param keep.group `logical(1)`, default `TRUE`. `FALSE` keeps of each sample
#'     only the most probable component and how uncertain it is, see [dmn()].
#' @return `dmnselect()`: an object of class `DMNSelect`, a `SimpleList` of
#'     [DMN-class] objects named by `k`, in increasing order of `k`. It can be
#'     used like a list of fits: `lapply(sel, mixturewt)`,
#'     `sapply(sel, laplace)`, `sel[["3"]]`.
#'
#' `laplace()`, `AIC()`, `BIC()` and `ICL()`: a numeric vector named by `k`.
#' `goodnessOfFit()`: a numeric matrix, fits x criteria, see [goodnessOfFit()].
#' Functions that read one fit, such as [mixture()] or [drivers()], take
#' `best(sel)`.
#'
#' `best()`: the fit that is best by a criterion; the default is the criterion
#' that the object was made with.
#'
#' `summary()`: a `data.frame` with one row for each fit and columns `k`, `NLE`,
#' `logLik`, `df`, `Laplace`, `BIC`, `AIC`, `ICL`, `iterations`, `converged`,
#' `starts`, and `met`, the number of starts that ended within 0.01 of the best
#' NLE, counted as [starts()] says. Its attribute `"best"` holds the
#' best `k` by each criterion.
#'
#' `autoplot()`: a `ggplot` object, see Plots. `plot()`: the same, invisibly,
#' after drawing it. With graphical parameters, and where ggplot2 is not
#' installed, `plot()` draws by base graphics, without the starts, and returns
#' `x`.
#'
#' `c()`: the fits of several sweeps of the same table in one object, which
#' keeps the settings of the first.
#' @section Errors:
#' It is an error if `k` has values that are not whole numbers from 1 to the
#' number of samples, or has one twice, if `checkpoint` holds files of another
#' origin, and, for `c()`, if two sweeps have the same `k` or are of different
#' tables, by the names and numbers of their samples and taxa.
#' @seealso [dmn()], [starts()]
#' @examples
#' sel <- dmnselect(twins, 1:5, nstart = 3, seed = 1)
#' sel
#' summary(sel)
#' plot(sel)
#' plot(sel, criterion = c("laplace", "BIC"), scale = "difference")
#' best(sel)
#' laplace(sel)
#' @name dmnselect
#' @aliases DMNSelect DMNSelect-class
#' @export
dmnselect <- function(count, k = 1:7, nstart = 20L,
    criterion = c("laplace", "BIC", "AIC", "ICL"),
    BPPARAM = BiocParallel::SerialParam(), checkpoint = NULL, ...,
    seed = NULL, early.stop = Inf, verbose = FALSE, num.threads = NULL,
    optimizer = c("newton", "bfgs"), control = dmncontrol(),
    assay.type = "counts", markers = NULL, keep.group = TRUE, formula = NULL,
    data = NULL) {
    if (...length())
        .refuse_dots(..., .what = "dmnselect",
            .known = names(formals(dmnselect)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    criterion <- .check_choice(criterion, "criterion", .criteria_choices)
    given <- count
    count <- .as_counts(count, assay.type = assay.type, orient = TRUE)
    k <- .check_ks(k, 1L, nrow(count), "the number of samples")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        optimizer = .check_choice(optimizer, "optimizer",
            c("newton", "bfgs")),
        control = .check_control(control))
    settings$markers <- .check_markers(markers, count)
    concomitant <- .check_concomitant(formula, data, given,
        .named_totals(count))
    given <- NULL
    settings$concomitant <- .without_environment(concomitant)
    # absent where it is TRUE, as it is from checkpoints of earlier versions
    if (!.check_keep_group(keep.group, markers, formula))
        settings$keep.group <- FALSE
    if (!is.null(seed))
        seed <- .check_seed(seed)
    if (!is.null(num.threads))
        num.threads <- .check_threads(num.threads)
    early.stop <- .check_early_stop(early.stop)
    verbose <- .check_flag(verbose, "verbose")
    BPPARAM <- .back_end(BPPARAM, missing(BPPARAM))
    kept <- NULL
    if (!is.null(checkpoint)) {
        kept <- .open_checkpoint(checkpoint, count, settings, seed)
        seed <- kept$key$seed
    }
    settings$seed <- if (is.null(seed))
        .check_seed(.draw_seeds(1L))
    else
        seed
    sweep <- .sweep(count, k, settings, criterion, kept, early.stop, BPPARAM,
        num.threads, .progress(k, verbose))
    sweep$fits <- lapply(sweep$fits, .with_formula, concomitant)
    settings$concomitant <- NULL
    settings$formula <- formula
    .finish_sweep(sweep, k, nrow(count), criterion, settings)
}

.check_early_stop <- function(x) {
    if (identical(x, Inf)) Inf else .check_whole(x, "early.stop")
}

# ---- Fitting ------------------------------------------------------------

# Returns list(fits, why, errors): the finished fits by k, why others are
# missing, and by k the messages of those that failed.
.sweep <- function(count, k, settings, criterion, kept, early.stop, BPPARAM,
    num.threads, report) {
    fits <- stats::setNames(vector("list", length(k)), k)
    if (!is.null(kept))
        fits[] <- lapply(k, .read_fit, kept = kept)
    todo <- k[vapply(fits, is.null, logical(1))]
    errors <- character()
    interrupted <- FALSE
    take <- function(k, result) {
        name <- as.character(k)
        if (!is.null(result$error)) {
            errors[[name]] <<- result$error
        } else if (isTRUE(result$interrupted)) {
            interrupted <<- TRUE
            return()
        } else {
            suspendInterrupts({
                fits[[name]] <<- result$value
                .try_to_save(result$value, kept, k)
            })
        }
        report(k)
    }
    last <- function() {
        .stop_after(fits[setdiff(names(fits), names(errors))], criterion,
            early.stop)
    }
    report(setdiff(k, todo))
    tryCatch(.sweep_all(todo, take, function() !interrupted && is.na(last()),
        count, max(k), settings, num.threads, BPPARAM),
        interrupt = function(e) interrupted <<- TRUE)
    end <- last()
    stopped <- !is.na(end)
    if (stopped) {
        fits[k > end] <- list(NULL)
        errors <- errors[as.integer(names(errors)) < end]
    }
    list(fits = fits[!vapply(fits, is.null, logical(1))],
        why = c(if (interrupted) "interrupted", if (length(errors)) "error",
            if (stopped) "early.stop"), errors = errors)
}

# Fits in this process share one compressed table; a fit in a worker makes its
# own.
.sweep_all <- function(k, take, more, count, largest, settings, num.threads,
    BPPARAM) {
    if (!is.null(BPPARAM))
        return(.parallel_each(k, .fit_alone, take, more, count = count,
            largest = largest, settings = settings, num.threads = num.threads,
            BPPARAM = BPPARAM))
    table <- NULL
    fit_here <- function(k, num.threads) {
        if (is.null(table))
            table <<- .select_table(count, largest, settings,
                as.integer(num.threads))
        .fit_one(k, table, settings, as.integer(num.threads))
    }
    .parallel_each(k, fit_here, take, more, num.threads = num.threads,
        BPPARAM = NULL)
}

# A fit that cannot be saved, for example because the disk is full, stays in the
# result, with a warning.
.try_to_save <- function(fit, kept, k) {
    if (is.null(kept))
        return(invisible(NULL))
    tryCatch(.save_fit(fit, kept, k), error = function(e) {
        warning("k = ", k, " is not in the checkpoint: ", conditionMessage(e),
            call. = FALSE)
    })
}

# With a lone start the table keeps its order, as in dmn().
.select_table <- function(count, largest, settings, num.threads) {
    .compress(count, largest, num.threads, settings$nstart, settings$markers,
        settings$concomitant)
}

.fit_one <- function(k, table, settings, num.threads) {
    .fit_compressed(table, k, settings$seed, FALSE, settings$nstart,
        num.threads, settings$optimizer, settings$control,
        is.null(settings$keep.group))
}

.fit_alone <- function(k, count, largest, settings, num.threads) {
    num.threads <- as.integer(num.threads)
    table <- .select_table(count, largest, settings, num.threads)
    .fit_one(k, table, settings, num.threads)
}

# The k of the last fit to keep, or NA where the sweep goes on. `fits` are named
# by k and NULL where they are not made yet; those after the first NULL do not
# count.
.stop_after <- function(fits, criterion, early.stop) {
    made <- !vapply(fits, is.null, logical(1))
    first <- if (all(made)) length(fits) else which.min(made) - 1L
    if (first == 0L || !is.finite(early.stop))
        return(NA_integer_)
    value <- .criterion_values(fits[seq_len(first)], criterion)
    since <- seq_len(first) - vapply(seq_len(first), function(i) {
        which.min(value[seq_len(i)])
    }, integer(1))
    over <- which(since >= early.stop)
    if (length(over) && over[[1L]] < length(fits))
        as.integer(names(fits)[[over[[1L]]]])
    else
        NA_integer_
}

.finish_sweep <- function(sweep, k, n, criterion, settings) {
    fits <- sweep$fits
    failed <- sweep$errors
    if (length(fits) == 0L && "interrupted" %in% sweep$why)
        .interrupt()
    if (length(fits) == 0L)
        .stop(failed[[1L]])
    if (length(failed))
        warning("not fitted because of an error: ",
            paste0("k = ", names(failed), ": ", failed, collapse = "\n"),
            call. = FALSE)
    if ("interrupted" %in% sweep$why)
        warning("interrupted: the result has ", .plural(length(fits), "fit"),
            " of ", length(k), call. = FALSE)
    lapply(fits, .warn_of_fit)
    settings$criterion <- criterion
    settings$missing <- setdiff(k, .fitted_k(fits))
    settings$why <- sweep$why
    selected <- .new_dmnselect(fits, settings)
    .warn_of_edge(ncol(best(selected)@group), .fitted_k(fits),
        settings$missing, n, criterion)
    selected
}

# Warns where the optimum may lie beyond the k that were fitted. `n` is the
# largest k that is possible, such as the number of samples.
.warn_of_edge <- function(chosen, k, missing, n, criterion) {
    if (length(k) < 2L)
        return(invisible(NULL))
    lower <- chosen == min(k) && chosen > 1L
    upper <- chosen == max(k) && chosen < n && !any(missing > chosen)
    if (lower || upper)
        warning("the best k by ", criterion, ", ", chosen, ", is the ",
            if (lower) "least" else "largest", " that was fitted: the ",
            "optimum may lie beyond. Fit ",
            if (lower) "smaller" else "larger", " values of 'k' too",
            call. = FALSE)
}

# ---- Progress -----------------------------------------------------------

# Returns a function to call with the values of k that are finished. Those of
# its first call were kept by a checkpoint. The time left is estimated in
# proportion to the sum of the k that remain.
.progress <- function(k, verbose) {
    signal <- if (requireNamespace("progressr", quietly = TRUE))
        progressr::progressor(steps = length(k), envir = parent.frame())
    begun <- proc.time()[["elapsed"]]
    done <- integer()
    fitted <- 0
    first <- TRUE
    function(finished) {
        done <<- c(done, finished)
        if (!first)
            fitted <<- fitted + sum(finished)
        kept <- first && length(finished) > 0L
        first <<- FALSE
        if (length(finished) == 0L)
            return(invisible(NULL))
        spent <- proc.time()[["elapsed"]] - begun
        left <- spent * sum(setdiff(k, done)) / max(fitted, 1)
        text <- paste0("k = ", paste(finished, collapse = ", "),
            if (kept) " (kept)", ": ", length(done), " of ", length(k),
            if (!kept && length(done) < length(k))
                sprintf(", about %s left", .duration(left)))
        if (!is.null(signal))
            signal(text, amount = length(finished))
        if (verbose)
            message("dmnselect, ", text)
    }
}

.duration <- function(seconds) {
    if (seconds < 100)
        sprintf("%.0f s", seconds)
    else if (seconds < 6000)
        sprintf("%.0f min", seconds / 60)
    else
        sprintf("%.1f h", seconds / 3600)
}
