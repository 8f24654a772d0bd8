# The number of threads set by dmnthreads(n), or NULL where none is set.
.state <- new.env(parent = emptyenv())
.state$threads <- NULL

#' Number of threads
#'
#' Gets or sets how many threads this package's functions use when their
#' argument `num.threads` is not given, and shows what limits that number.
#' Results are the same, to the last bit, for any number of threads.
#'
#' If no number has been set, it is the smallest of
#' * the number of processors that this process may use;
#' * the number that OpenMP gives, which is the value that `OMP_NUM_THREADS` had
#'   when R started;
#' * the present value of the environment variable `OMP_NUM_THREADS`, so that
#'   `Sys.setenv(OMP_NUM_THREADS = 2)` in a script lowers it;
#' * `OMP_THREAD_LIMIT`.
#'
#' A number set by `dmnthreads(n)` replaces the first three. In some situations
#' the number is lowered further, whether it was set or not. It is 2 at most
#' while `R CMD check` limits the number of cores (`_R_CHECK_LIMIT_CORES_`). It
#' is 1 in a process forked from another, as by `parallel::mclapply()`, and if
#' the package was built without OpenMP.
#'
#' Small tables are fitted on one thread whatever the number is, because
#' starting other threads would take longer than the work.
#'
#' The print method also shows which vector instructions are used. By default
#' these are the widest that the processor has: `"avx512"`, `"avx2"`,
#' `"baseline"` (SSE2 or NEON), or `"plain"` if the compiler supports none of
#' these. To choose another set, give its name to the environment variable
#' `DMMOMP_SIMD` before the package is loaded; a set that the machine does not
#' have is ignored. The last digits of results may depend on the instructions.
#'
#' @param n missing, to get the number; `numeric(1)`, a whole number >= 1, to
#'     set it; or `NULL`, to return to the default.
#' @return The number of threads, an integer of class `dmnthreads`. With `n`,
#'     the number before the call, invisibly: pass it to `dmnthreads()` to
#'     restore the earlier state, be it a number or the default.
#'
#' The object has three attributes. `"limits"` is a named integer vector of the
#' limits, `NA` for those that do not apply. `"limited.by"`, `character(1)`, is
#' the name of the limit that counts. `"instructions"`, `character(1)`, is the
#' name of the vector instructions. The print method shows all of them.
#' @section Errors:
#' It is an error if `n` is neither `NULL` nor one whole number >= 1.
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

# All limits. Of several that are equal, the first is named as the one that
# counts. `requested` is NULL or an integer.
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

# The first number of a list such as "4,2", which has one for each level of
# nesting. NA if the variable is unset or not a number; OpenMP ignores such a
# value too.
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
