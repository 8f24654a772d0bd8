# The number of threads asked for with dmnthreads(n); NULL where it was not.
.state <- new.env(parent = emptyenv())
.state$threads <- NULL

#' Number of threads
#'
#' Gets or sets how many threads this package's functions use where their
#' argument `num.threads` is not given, and says what limits that number.
#' Results do not depend on it, to the last bit.
#'
#' Until it is set the number is the smallest of
#' * the processors that this process may use;
#' * what OpenMP gives, which is `OMP_NUM_THREADS` as it was when R started;
#' * the environment variable `OMP_NUM_THREADS` as it is now, so that
#'   `Sys.setenv(OMP_NUM_THREADS = 2)` in a script lowers it;
#' * `OMP_THREAD_LIMIT`.
#'
#' A number set by `dmnthreads(n)` replaces the first three. Whether set or
#' not, it is 2 at most while `R CMD check` limits cores
#' (`_R_CHECK_LIMIT_CORES_`), and 1 in a process forked from another, as by
#' `parallel::mclapply()`, and where the package was built without OpenMP.
#' Small tables are fitted on one thread whatever the number: starting others
#' would take longer than the work. While other programs take the cores, so that
#' threads wait for each other, a fit goes on on one thread.
#'
#' The print method also names the vector instructions in use: the widest that
#' the processor has of `"avx512"`, `"avx2"` and `"baseline"` (SSE2 or NEON), or
#' `"plain"` where the compiler knew none. The environment variable
#' `DMMOMP_SIMD`, set to one of these before the package is loaded, chooses one
#' that the machine has. The last digits of results may depend on it.
#'
#' @param n missing, to get the number; a whole number >= 1, to set it; `NULL`
#'     to return to the default.
#' @return The number of threads, an integer of class `dmnthreads` whose
#'     `print` method shows the limits; its attribute `"limits"` is a named
#'     integer vector of them, `NA` where there is none, and `"limited.by"`
#'     names the one that counts; `"instructions"`, `character(1)`, names the
#'     vector instructions. With `n`, the number before, invisibly: pass it to
#'     `dmnthreads()` to restore it, a default as a default.
#' @seealso [dmn()]
#' @examples
#' dmnthreads()
#'
#' old <- dmnthreads(1)
#' dmnthreads()
#' dmnthreads(old)
#' @export
dmnthreads <- function(n) {
    if (missing(n))
        return(.threads())
    old <- .threads()
    .state$threads <- if (is.null(n) || .is_default_threads(n))
        NULL
    else
        .check_whole(n, "n")
    invisible(old)
}

.is_default_threads <- function(n) {
    inherits(n, "dmnthreads") && is.na(attr(n, "limits")[["dmnthreads"]])
}

.threads <- function() {
    limits <- .thread_limits(.state$threads)
    least <- which.min(limits)
    structure(limits[[least]], limits = limits,
        limited.by = names(limits)[[least]],
        instructions = .Call(R_dmm_threads)$instruction.set,
        class = "dmnthreads")
}

# In the order in which they are named when several are equal. `requested` is
# NULL or an integer.
.thread_limits <- function(requested) {
    runtime <- .Call(R_dmm_threads)
    environment <- Sys.getenv(
        c("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "_R_CHECK_LIMIT_CORES_"),
        names = FALSE)
    check <- nzchar(environment[[3L]]) &&
        tolower(environment[[3L]]) != "false"
    asked <- if (is.null(requested)) NA_integer_ else requested
    default <- is.null(requested)
    c(openmp = if (runtime$openmp) NA_integer_ else 1L,
        forked = if (runtime$forked) 1L else NA_integer_,
        check = if (check) 2L else NA_integer_,
        OMP_THREAD_LIMIT = min(.omp_number(environment[[2L]]),
            runtime$thread.limit, na.rm = TRUE),
        dmnthreads = asked,
        OMP_NUM_THREADS = if (default) .omp_number(environment[[1L]]) else
            NA_integer_,
        runtime = if (default) runtime$max.threads else NA_integer_,
        processors = if (default) runtime$processors else NA_integer_)
}

# The first of a list such as "4,2" (one for each level of nesting); NA where
# the variable is unset or not a number, as OpenMP ignores it too.
.omp_number <- function(value) {
    if (!nzchar(value))
        return(NA_integer_)
    first <- trimws(sub(",.*", "", value))
    if (grepl("^[1-9][0-9]{0,8}$", first)) as.integer(first) else NA_integer_
}

.check_threads <- function(num.threads) {
    if (inherits(num.threads, "dmnthreads"))
        return(as.integer(num.threads))
    .check_whole(num.threads, "num.threads")
}

#' @rdname dmnthreads
#' @param x a number returned by `dmnthreads()`.
#' @param ... ignored.
#' @export
print.dmnthreads <- function(x, ...) {
    limits <- attr(x, "limits")
    label <- c(openmp = "built without OpenMP",
        forked = "forked process", check = "_R_CHECK_LIMIT_CORES_",
        OMP_THREAD_LIMIT = "OMP_THREAD_LIMIT", dmnthreads = "dmnthreads(n)",
        OMP_NUM_THREADS = "OMP_NUM_THREADS", runtime = "OpenMP, at its start",
        processors = "processors")
    cat(.plural(as.integer(x), "thread"), "\n", sep = "")
    present <- names(limits)[!is.na(limits) &
        limits < .Machine$integer.max]
    mark <- ifelse(present == attr(x, "limited.by"), " <- the limit", "")
    cat(sprintf("  %-22s %d%s\n", label[present], limits[present], mark),
        sep = "")
    cat(sprintf("  %-22s %s\n", "vector instructions",
        attr(x, "instructions")))
    invisible(x)
}

#' @rdname dmnthreads
#' @export
format.dmnthreads <- function(x, ...) format(as.integer(x), ...)
