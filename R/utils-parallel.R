# Independent fits in parallel, by any function with the arguments of lapply()
# or by a BiocParallel back-end. All random numbers are drawn beforehand, in the
# parent process, so that results do not depend on how the work is distributed.

#' @importFrom parallel mclapply
NULL

# Returns the back-end to use, or NULL to fit in this process. `default` is
# whether the caller's argument was missing. Its default is then not evaluated,
# so that the package works without BiocParallel.
.back_end <- function(BPPARAM, default = FALSE) {
    if (default || is.null(BPPARAM))
        return(NULL)
    if (!methods::is(BPPARAM, "BiocParallelParam"))
        .stop("'BPPARAM' must be a BiocParallel back-end such as ",
            "BiocParallel::MulticoreParam(2); found ", .describe(BPPARAM))
    if (!requireNamespace("BiocParallel", quietly = TRUE))
        .stop("'BPPARAM' needs the BiocParallel package; install it, or leave ",
            "'BPPARAM' out")
    if (methods::is(BPPARAM, "SerialParam")) NULL else BPPARAM
}

# How many workers share the cores of one machine. The jobs of a batch scheduler
# have cores of their own.
.workers <- function(BPPARAM) {
    if (is.null(BPPARAM) || methods::is(BPPARAM, "BatchtoolsParam"))
        return(1L)
    hosts <- BiocParallel::bpworkers(BPPARAM)
    if (is.character(hosts))
        max(table(hosts))
    else
        max(1L, as.integer(BiocParallel::bpnworkers(BPPARAM)))
}

# Calls `FUN(x, num.threads, ...)` for each x and returns the list of values.
# `lapply.args` are arguments of `.lapply` itself, such as mc.cores. If
# `num.threads` is NULL, work in another process uses one thread.
.parallel <- function(X, FUN, ..., num.threads = NULL, .lapply,
    lapply.args = list(), BPPARAM = NULL) {
    back_end <- .back_end(BPPARAM)
    if (!is.null(BPPARAM)) {
        .lapply <- if (is.null(back_end)) lapply else .bplapply
        lapply.args <- if (!is.null(back_end)) list(BPPARAM = back_end)
    }
    done <- do.call(.lapply, c(list(X = X, FUN = .job, work = FUN, ...,
        num.threads = num.threads, parent = Sys.getpid(),
        workers = .workers(back_end)), lapply.args))
    .collect(done, length(X))
}

# Calls `FUN(x, num.threads, ...)` for each number x, in this order. As soon as
# a call ends, also with an error, `take(x, result)` gets the list that .job()
# returns, so that finished results are kept if another call fails or the user
# interrupts. No call is started once `more()` is FALSE. `BPPARAM` is a value of
# .back_end().
.parallel_each <- function(X, FUN, take, more, ..., num.threads, BPPARAM) {
    begun <- 0L
    iterate <- function() {
        if (begun == length(X) || !more())
            return(NULL)
        begun <<- begun + 1L
        X[[begun]]
    }
    awaited <- X
    reduce <- function(before, result) {
        awaited <<- setdiff(awaited, result$x)
        take(result$x, result)
        before
    }
    if (length(X) == 0L || !more())
        return(invisible(NULL))
    job <- function(.apply, ...) {
        .apply(..., work = FUN, num.threads = num.threads,
            parent = Sys.getpid(), workers = .workers(BPPARAM))
    }
    if (is.null(BPPARAM)) {
        while (!is.null(x <- iterate()))
            reduce(NULL, job(.named_job, x, ...))
    } else {
        failed <- tryCatch({
            .or_stop(BPPARAM, job(BiocParallel::bpiterate, iterate,
                .in_worker, .find_package, .named_job, ..., REDUCE = reduce,
                init = 0L, BPPARAM = BPPARAM))
            NULL
        }, error = conditionMessage)
        if (!is.null(failed))
            for (x in awaited)
                take(x, list(error = paste("a parallel worker ended early, or",
                    "could not be used:", failed)))
    }
    invisible(NULL)
}

.named_job <- function(x, ...) {
    c(list(x = x), tryCatch(.job(x, ...),
        error = function(e) list(error = conditionMessage(e))))
}

# Calls `work` and returns a list with its value. In another process warnings
# would be lost, and errors would come back as text or as gaps in the list of
# results; there the list carries warnings, errors and interrupts to the parent.
# `workers` is the number of workers that share the cores of this machine.
.job <- function(x, work, ..., num.threads, parent, workers = 1L) {
    here <- Sys.getpid() == parent
    if (is.null(num.threads))
        num.threads <- if (here) dmnthreads() else 1L
    if (here)
        return(list(value = .in_job(work(x, ..., num.threads = num.threads))))
    num.threads <- .share_of_threads(num.threads, workers)
    warnings <- character()
    tryCatch({
        value <- withCallingHandlers(
            .in_job(work(x, ..., num.threads = num.threads)),
            warning = function(w) {
                warnings <<- c(warnings, conditionMessage(w))
                invokeRestart("muffleWarning")
            })
        list(value = value, warnings = warnings)
    }, error = function(e) list(error = conditionMessage(e)),
        interrupt = function(e) list(interrupted = TRUE))
}

# Evaluates `code`, a fit to a part of a table, without the message that the
# table looks transposed: the caller has looked at the whole table.
.in_job <- function(code) {
    withCallingHandlers(code,
        dmn_transposed = function(m) invokeRestart("muffleMessage"))
}

# The threads of one of several workers that share the cores of a machine.
.share_of_threads <- function(num.threads, workers) {
    if (workers > 1L)
        min(num.threads, max(1L, .cores() %/% workers))
    else
        num.threads
}

# The cores that this process may use, whatever number of threads is set.
.cores <- function() {
    min(.thread_limits(NULL)[c("processors", "check")], na.rm = TRUE)
}

.collect <- function(done, n) {
    failed <- length(done) != n ||
        !all(vapply(done, is.list, logical(1)))
    if (failed)
        .stop("a parallel worker ended early",
            .worker_words(done), "; try fewer workers, or .lapply = lapply")
    if (any(vapply(done, function(x) isTRUE(x$interrupted), logical(1))))
        .interrupt()
    errors <- unlist(lapply(done, `[[`, "error"))
    if (length(errors))
        .stop(errors[[1L]], if (length(errors) > 1L)
            sprintf("\n(and in %s)", .plural(length(errors) - 1L,
                "more fit")))
    for (text in unlist(lapply(done, `[[`, "warnings")))
        warning(text, call. = FALSE)
    lapply(done, `[[`, "value")
}

.worker_words <- function(done) {
    words <- Filter(is.character, done)
    if (length(words)) paste0(": ", trimws(words[[1L]][[1L]])) else ""
}

.bplapply <- function(X, FUN, ..., BPPARAM) {
    .or_stop(BPPARAM,
        BiocParallel::bplapply(X, .in_worker, .find_package, FUN, ...,
            BPPARAM = BPPARAM))
}

# What a back-end calls in a worker. It is compiled there at each call, unlike
# its arguments, so that it must be short.
.in_worker <- function(x, .find, .call, ...) {
    .find()
    .call(x, ...)
}

# Functions of the package arrive in a worker even if it is not installed there.
.find_package <- function() {
    if (!requireNamespace("dmmomp", quietly = TRUE))
        stop("install the dmmomp package on ", Sys.info()[["nodename"]],
            ", or let workers find it, by R_LIBS")
}

# Evaluates `code`, which uses the back-end. If it is interrupted or fails, the
# back-end is stopped: workers still at work would hand their results to the
# next call that uses them. A back-end that is not running is started for this
# call, and stopped in any case. Otherwise the processes that a MulticoreParam
# forks would outlive an interrupt, and the next call, perhaps for other data,
# would get what they return.
.or_stop <- function(BPPARAM, code) {
    start <- !BiocParallel::bpisup(BPPARAM) &&
        BiocParallel::bpschedule(BPPARAM) &&
        BiocParallel::bpnworkers(BPPARAM) > 1L
    finished <- FALSE
    # bpstop() fails where a worker has died
    on.exit(if (start || !finished) {
        try(BiocParallel::bpstop(BPPARAM), silent = TRUE)
        .drop_workers(BPPARAM)
    })
    if (start)
        BiocParallel::bpstart(BPPARAM)
    value <- code
    finished <- TRUE
    value
}

# bpstop() leaves a back-end up if a worker has died. Without their connections
# the others end too.
.drop_workers <- function(BPPARAM) {
    if (!methods::is(BPPARAM, "SnowParam") || !BiocParallel::bpisup(BPPARAM))
        return(invisible(NULL))
    try({
        nodes <- BiocParallel::bpbackend(BPPARAM)
        for (i in seq_along(nodes))
            try(close(nodes[[i]]$con), silent = TRUE)
        BiocParallel::bpbackend(BPPARAM) <- nodes[0L]
    }, silent = TRUE)
}

# Sorts the `...` of a function that fits in parallel into arguments of .lapply
# and arguments of dmn(). Settings of mclapply() are accepted and ignored with
# other functions. Anything else is an error.
.sort_dots <- function(dots, .lapply, BPPARAM, what) {
    if (!is.function(.lapply))
        .stop("'.lapply' must be a function such as lapply or ",
            "parallel::mclapply; found ", .describe(.lapply))
    given <- names(dots)
    if (is.null(given))
        given <- character(length(dots))
    of_lapply <- setdiff(names(formals(args(.lapply))), c("X", "FUN", "..."))
    of_dmn <- setdiff(names(formals(dmn)), c("count", "k", "...", "formula",
        "data", "memory", "BPPARAM", "scratch", "checkpoint"))
    to_lapply <- given %in% of_lapply & !given %in% of_dmn
    to_dmn <- given %in% of_dmn
    ignored <- startsWith(given, "mc.") & !to_lapply
    unknown <- dots[!to_lapply & !to_dmn & !ignored]
    if (length(unknown))
        do.call(.refuse_dots, c(unknown, list(.what = what,
            .known = c(names(formals(what)), of_dmn))))
    list(lapply = if (is.null(BPPARAM)) dots[to_lapply] else list(),
        dmn = dots[to_dmn & !given %in% c("num.threads", "seed")],
        num.threads = dots$num.threads, seed = dots$seed)
}
