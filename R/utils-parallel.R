# Independent fits, several at once: by any function with the arguments of
# lapply(), or by a BiocParallel back-end. What is random is drawn before, in
# the parent, so that results do not depend on how the work is spread.

#' @importFrom parallel mclapply
NULL

# The back-end to use, NULL to fit in this process. `default`: whether the
# caller's argument was missing; its default is then not looked at, so that the
# package works without BiocParallel.
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

# How many workers share the cores of a machine. Jobs of a scheduler have cores
# of their own.
.workers <- function(BPPARAM) {
    if (is.null(BPPARAM) || methods::is(BPPARAM, "BatchtoolsParam"))
        return(1L)
    hosts <- BiocParallel::bpworkers(BPPARAM)
    if (is.character(hosts))
        max(table(hosts))
    else
        max(1L, as.integer(BiocParallel::bpnworkers(BPPARAM)))
}

# `FUN(x, num.threads, ...)` for each x. `lapply.args`: arguments of `.lapply`
# itself, as mc.cores. Work that leaves this process gets one thread where no
# number was asked for.
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

# `FUN(x, num.threads, ...)` for each number x, begun in this order. `take(x,
# result)` gets the list that .job() makes when it comes, an error too, so that
# what is finished is there when another fails or the user interrupts. Nothing
# more is begun once `more()` is FALSE. `BPPARAM` as .back_end() returns it.
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
                .named_job, ..., REDUCE = reduce, init = 0L,
                BPPARAM = BPPARAM))
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

# In another process warnings would be lost and errors come back as text, or as
# a list with gaps: they are carried to the parent instead. `workers` share the
# cores of a machine.
.job <- function(x, work, ..., num.threads, parent, workers = 1L) {
    here <- Sys.getpid() == parent
    if (is.null(num.threads))
        num.threads <- if (here) dmnthreads() else 1L
    if (here)
        return(list(value = work(x, ..., num.threads = num.threads)))
    if (workers > 1L)
        num.threads <- min(num.threads, max(1L, .cores() %/% workers))
    warnings <- character()
    tryCatch({
        value <- withCallingHandlers(work(x, ..., num.threads = num.threads),
            warning = function(w) {
                warnings <<- c(warnings, conditionMessage(w))
                invokeRestart("muffleWarning")
            })
        list(value = value, warnings = warnings)
    }, error = function(e) list(error = conditionMessage(e)),
        interrupt = function(e) list(interrupted = TRUE))
}

# Those that this process may use, whatever number of threads is set.
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
        BiocParallel::bplapply(X, FUN, ..., BPPARAM = BPPARAM))
}

# Workers that are left at work by an interrupt would hand their results to
# whoever uses them next: a back-end that the user has started is stopped then.
# One that is not is started for this call: the processes that a MulticoreParam
# forks otherwise outlive an interrupt, and the next call, of other data
# perhaps, would get what they return.
.or_stop <- function(BPPARAM, code) {
    start <- !BiocParallel::bpisup(BPPARAM) &&
        BiocParallel::bpschedule(BPPARAM) &&
        BiocParallel::bpnworkers(BPPARAM) > 1L
    finished <- FALSE
    # which fails where a worker has died
    on.exit(if (start || !finished)
        try(BiocParallel::bpstop(BPPARAM), silent = TRUE))
    if (start)
        BiocParallel::bpstart(BPPARAM)
    value <- code
    finished <- TRUE
    value
}

# `...` of a function that fits in parallel, sorted: what .lapply takes, and
# what dmn() does. Settings of mclapply() are accepted, and not needed, with
# other functions. Anything else is refused.
.sort_dots <- function(dots, .lapply, BPPARAM, what) {
    if (!is.function(.lapply))
        .stop("'.lapply' must be a function such as lapply or ",
            "parallel::mclapply; found ", .describe(.lapply))
    given <- names(dots)
    if (is.null(given))
        given <- character(length(dots))
    of_lapply <- setdiff(names(formals(args(.lapply))), c("X", "FUN", "..."))
    of_dmn <- setdiff(names(formals(dmn)), c("count", "k", "..."))
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
