#' Choose the number of components
#'
#' Fits mixtures with several numbers of components `k`, each by the best of
#' `nstart` starts, to one table, and compares them by a criterion.
#'
#' @details
#' Every fit is that of [`dmn(count, k, nstart = nstart, seed =
#' seed)`][dmn], and so does not depend on the order of the samples or taxa
#' when `nstart > 1`. The table is compressed once for all of them. No fit is
#' begun from that of `k - 1`: such a start, by dividing a component, made 11
#' of 147 fits to seven tables better and 12 worse, in the same time.
#'
#' The criteria are those of [goodnessOfFit()] and [ICL()]; the less, the
#' better. A warning says where the best `k` is at the edge of the range: then
#' the optimum may lie beyond.
#'
#' **Progress.** With `verbose = TRUE`, a line for each fit when it is finished,
#' by a worker as well, with an estimate of the time left. Where the
#' \pkg{progressr} package is installed, its handlers get the progress as well.
#'
#' **Interrupts and errors.** After Ctrl-C the finished fits are returned, with
#' a warning, and so they are where the fit of one `k` ends with an error: the
#' warning names that `k` and says what the error was. Where nothing was
#' finished there is the error itself. `S4Vectors::metadata(x)` has `why`, as
#' `"interrupted"` or `"error"`, and `missing`, the `k` that were not fitted.
#' Workers that an interrupt does not reach, as where R is run by another
#' program than a terminal, end the fits that they are at first: a second
#' interrupt does not wait for them.
#'
#' **Checkpoints.** With `checkpoint = "directory"` each fit is saved when it is
#' finished: written under another name, brought to the disk and renamed, so
#' that a power cut leaves either the whole file or none. The same call again
#' reads what is there and fits the rest; more values of `k` may be asked
#' for. A directory of other data or arguments is refused, and a file in
#' it that is damaged, or was made for others, is fitted again, with a warning.
#' One call at a time may use a directory.
#'
#' **Parallel fits.** With a \pkg{BiocParallel} back-end of several workers,
#' values of `k` are spread over them, one thread each, and each fit is kept
#' as soon as it comes. Without, each fit uses `num.threads`. The result is the
#' same. Workers of one machine do not use more threads together than it has
#' cores: a larger `num.threads` is lowered to the cores divided by the workers.
#'
#' @param count counts, samples x taxa, as for [dmn()].
#' @param k whole numbers from 1 to the number of samples, all different: the
#'     numbers of components to fit.
#' @param nstart `numeric(1)`, a whole number >= 1: starts for each fit. See
#'     [starts()].
#' @param criterion `character(1)`: `"laplace"` (the default), `"BIC"`,
#'     `"AIC"` or `"ICL"`. `plot()` draws all that are given.
#' @param BPPARAM a \pkg{BiocParallel} back-end such as
#'     `BiocParallel::MulticoreParam(2)`. The default, any `SerialParam` and
#'     `NULL` fit in this process; the default does not need that package.
#' @param checkpoint `NULL` or `character(1)`, a directory for finished fits.
#' @param ... for `plot()`, graphical parameters; otherwise not used.
#' @param seed `numeric(1)`, as for [dmn()], for all fits. The default is drawn
#'     from R's generator, or is that of the checkpoint.
#' @param early.stop `numeric(1)`: stop after so many values of `k` running are
#'     worse than the best before them. The default, `Inf`, fits all.
#' @param verbose `logical(1)`, default `FALSE`. Report progress?
#' @param num.threads `NULL`, for the default of [dmnthreads()], or for one in
#'     workers; or a whole number >= 1: threads for each fit.
#' @param optimizer,control as for [dmn()].
#' @return `dmnselect()`: an object of class `DMNSelect`, a `SimpleList` of
#'     [DMN-class] objects named by `k`, in increasing order. It can be used
#'     where a list of fits was: `lapply(sel, mixturewt)`, `sapply(sel,
#'     laplace)`, `sel[["3"]]`.
#'
#'     `laplace()`, `AIC()`, `BIC()`, `ICL()`: a numeric vector named by `k`.
#'     `goodnessOfFit()`: a matrix, fits x criteria. See [goodnessOfFit()]. For
#'     what is about one fit, as [mixture()] or [drivers()], pass `best(sel)`.
#'
#'     `best()`: the fit that is best by a criterion, by default that of the
#'     object.
#'
#'     `summary()`: a `data.frame` with a row for each fit and columns `k`,
#'     `NLE`, `logLik`, `df`, `Laplace`, `BIC`, `AIC`, `ICL`, `iterations`,
#'     `converged`, `starts` and `found`, how many of them ended within 0.01 of
#'     the best NLE. Its attribute `"best"` holds the best `k` by each
#'     criterion.
#'
#'     `plot()`: `x`, invisibly, after drawing the criteria against `k`.
#'
#'     `c()`: the fits of several sweeps of the same table as one, which keeps
#'     the settings of the first. The same `k` twice is refused.
#' @seealso [dmn()], [starts()]
#' @examples
#' sel <- dmnselect(twins, 1:5, nstart = 3, seed = 1)
#' sel
#' summary(sel)
#' plot(sel, criterion = c("laplace", "BIC"))
#' best(sel)
#' laplace(sel)
#' @name dmnselect
#' @aliases DMNSelect DMNSelect-class
#' @export
dmnselect <- function(count, k = 1:7, nstart = 5L,
    criterion = c("laplace", "BIC", "AIC", "ICL"),
    BPPARAM = BiocParallel::SerialParam(), checkpoint = NULL, ...,
    seed = NULL, early.stop = Inf, verbose = FALSE, num.threads = NULL,
    optimizer = c("newton", "bfgs"), control = dmncontrol()) {
    if (...length())
        .refuse_dots(..., .what = "dmnselect",
            .known = names(formals(dmnselect)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa")
    criterion <- .check_choice(criterion, "criterion", .criteria_choices)
    count <- .as_counts(count)
    k <- .check_ks(k, 1L, nrow(count), "the number of samples")
    settings <- list(nstart = .check_whole(nstart, "nstart"),
        optimizer = .check_choice(optimizer, "optimizer",
            c("newton", "bfgs")),
        control = .check_control(control))
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
    .finish_sweep(sweep, k, nrow(count), criterion, settings)
}

.check_early_stop <- function(x) {
    if (identical(x, Inf)) Inf else .check_whole(x, "early.stop")
}

# ---- Fitting ------------------------------------------------------------

# list(fits, why, errors): finished fits by k, why others are missing, and the
# messages of those that failed, by k.
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

# In this process all use one compressed table; each worker makes its own.
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

# A fit that cannot be saved, as on a full disk, is still a fit.
.try_to_save <- function(fit, kept, k) {
    if (is.null(kept))
        return(invisible(NULL))
    tryCatch(.save_fit(fit, kept, k), error = function(e) {
        warning("k = ", k, " is not in the checkpoint: ", conditionMessage(e),
            call. = FALSE)
    })
}

# A lone start keeps the order of the table, as dmn() does.
.select_table <- function(count, largest, settings, num.threads) {
    list(table = .Call(R_dmm_table, count, settings$nstart > 1L, largest,
        num.threads), dimnames = dimnames(count))
}

.fit_one <- function(k, table, settings, num.threads) {
    .fit_starts(table, k, settings$seed, FALSE, settings$nstart, num.threads,
        settings$optimizer, settings$control)
}

.fit_alone <- function(k, count, largest, settings, num.threads) {
    num.threads <- as.integer(num.threads)
    table <- .select_table(count, largest, settings, num.threads)
    .fit_one(k, table, settings, num.threads)
}

# The k of the last fit to keep, NA where the sweep goes on. `fits` are named by
# k; those that are not made yet come after those that are.
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

# There are at most as many components as samples, n, and nothing beyond.
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

# A function to call with the k that are finished. The time left is estimated by
# the sum of the k to come.
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
