# Independent fits, several at once: by any function with the arguments of
# lapply(), or by a BiocParallel back-end. What is random is drawn before, in
# the parent, so that results do not depend on how the work is spread.

#' @importFrom parallel mclapply
NULL

# `FUN(x, num.threads, ...)` for each x. `lapply.args`: arguments of `.lapply`
# itself, as mc.cores. Work that leaves this process gets one thread.
.parallel <- function(X, FUN, ..., num.threads = NULL, .lapply,
    lapply.args = list(), BPPARAM = NULL) {
    if (!is.null(BPPARAM)) {
        .lapply <- .bplapply
        lapply.args <- list(BPPARAM = BPPARAM)
    }
    done <- do.call(.lapply, c(list(X = X, FUN = .job, work = FUN, ...,
        num.threads = num.threads, parent = Sys.getpid()), lapply.args))
    .collect(done, length(X))
}

# In another process warnings would be lost and errors come back as text, or as
# a list with gaps: they are carried to the parent instead.
.job <- function(x, work, ..., num.threads, parent) {
    here <- Sys.getpid() == parent
    if (is.null(num.threads))
        num.threads <- if (here) dmnthreads() else 1L
    if (here)
        return(list(value = work(x, ..., num.threads = num.threads)))
    warnings <- character()
    tryCatch({
        value <- withCallingHandlers(work(x, ..., num.threads = num.threads),
            warning = function(w) {
                warnings <<- c(warnings, conditionMessage(w))
                invokeRestart("muffleWarning")
            })
        list(value = value, warnings = warnings)
    }, error = function(e) list(error = conditionMessage(e)))
}

.collect <- function(done, n) {
    failed <- length(done) != n ||
        !all(vapply(done, is.list, logical(1)))
    if (failed)
        .stop("a parallel worker ended early",
            .worker_words(done), "; try fewer workers, or .lapply = lapply")
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
    if (!requireNamespace("BiocParallel", quietly = TRUE))
        .stop("'BPPARAM' needs the BiocParallel package; install it, or use ",
            "'.lapply'")
    if (!methods::is(BPPARAM, "BiocParallelParam"))
        .stop("'BPPARAM' must be a BiocParallel back-end such as ",
            "BiocParallel::MulticoreParam(2); found ", .describe(BPPARAM))
    if (!BiocParallel::bpisup(BPPARAM) &&
        !methods::is(BPPARAM, "MulticoreParam")) {
        BiocParallel::bpstart(BPPARAM)
        on.exit(BiocParallel::bpstop(BPPARAM))
    }
    BiocParallel::bplapply(X, FUN, ..., BPPARAM = BPPARAM)
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

# One seed for each of `n` fits: the same for all where one was given, as
# DirichletMultinomial does.
.draw_seeds <- function(n, seed = NULL) {
    if (is.null(seed))
        trunc(stats::runif(n, 0, .Machine$integer.max))
    else
        rep(.check_seed(seed), n)
}
