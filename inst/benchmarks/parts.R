# What does it take to fit a table that is larger than memory, or whose parts
# are with workers? The table is drawn once, in blocks that are files, and a
# function returns them. The script prints
#
#   1. fits in memory and with dmn(memory =): seconds by the clock and of the
#      processor, the peak of resident memory (VmHWM), and NLE. Each is a
#      process of its own, packages included, and may be given a limit of its
#      virtual memory (ulimit -v).
#   2. iterations by 1, 2 and 4 socket workers, of one thread each: the time,
#      the work of the worker that needs longest, what is beyond it, the time
#      of an iteration without work, and bytes; and whether fits are the same to
#      the last bit.
#
#   Rscript inst/benchmarks/parts.R [OPTION...]
#
#   --n=1000000 --s=1000   samples and taxa
#   --k=4                  components of the data and of the fit
#   --nonzeros=100         counts above 0 in a sample, on average
#   --threads=2            of a fit in this process
#   --memory="none;1GB"    of the fits of part 1
#   --limit=0              of their virtual memory in GB; 0: none
#   --workers="1;2;4"      of part 2
#   --folder=DIR           where the blocks are, or are made
#   --library=DIR          the library that dmmomp is in, if not a usual one
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(n = 1e6, s = 1000, k = 4, nonzeros = 100,
    threads = 2, memory = c("none", "1GB"), limit = 0, workers = c(1, 2, 4),
    folder = tempfile("parts"), library = "", plot = "")
if (nzchar(arguments$library))
    .libPaths(c(arguments$library, .libPaths()))
stopifnot(requireNamespace("dmmomp"), requireNamespace("BiocParallel"))
dir.create(arguments$folder, FALSE, TRUE)
Sys.setenv(R_LIBS = paste(.libPaths(), collapse = ":"))

# ---- The table ---------------------------------------------------------------

block_rows <- 50000
blocks <- file.path(arguments$folder,
    sprintf("block-%04d.rds", seq_len(ceiling(arguments$n / block_rows))))
if (!all(file.exists(blocks))) {
    say("drawing %g x %g ...", arguments$n, arguments$s)
    model <- large_mixture(arguments$s, arguments$k, arguments$nonzeros,
        seed = 1)
    set.seed(2)
    left <- arguments$n
    for (block in blocks) {
        rows <- min(block_rows, left)
        left <- left - rows
        saveRDS(draw_large(rows, model), block, compress = FALSE)
    }
}

# R code for a function that returns the blocks in turn.
reader <- c(
    sprintf("blocks <- list.files('%s', '^block-', full.names = TRUE)",
        arguments$folder),
    "at <- 0",
    "count <- function() { at <<- at + 1",
    "    if (at <= length(blocks)) readRDS(blocks[[at]]) }")

# ---- Memory ------------------------------------------------------------------

run_fit <- function(memory) {
    more <- if (memory != "none") sprintf(", memory = '%s'", memory) else ""
    run_lines(c("suppressMessages(library(dmmomp))", reader,
        sprintf(paste0("time <- system.time(fit <- dmn(count, %g, seed = 1, ",
            "nstart = 3, num.threads = %g, keep.group = FALSE%s))"),
            arguments$k, arguments$threads, more),
        "cat(sprintf('%.1f %.1f %.0f %.0f %.6f', time[['elapsed']],",
        "    sum(time[1:2]), memory('VmHWM'), memory('VmPeak'),",
        "    goodnessOfFit(fit)[['NLE']]))"),
        before = if (arguments$limit > 0)
            sprintf("ulimit -v %.0f; ", arguments$limit * 2^20) else "")
}

if (length(arguments$memory)) {
    fits <- do.call(rbind, lapply(arguments$memory, function(memory) {
        say("memory: %s ...", memory)
        got <- run_fit(memory)
        data.frame(memory = memory, seconds = got[1L], "processor, s" = got[2L],
            "peak, MB" = got[3L], "virtual, MB" = got[4L], NLE = got[5L],
            check.names = FALSE)
    }))
    markdown(fits)
}

# ---- Workers -----------------------------------------------------------------

# Iterations whose median is reported.
repeats <- 31

# What a worker does in an iteration, with the seconds that it takes for it.
timed_sums <- function(images, before, ...) {
    seconds <- system.time(gcFirst = FALSE,
        nodes <- dmmomp:::.sum_parts(images, before, ...))[["elapsed"]]
    list(list(nodes = nodes, seconds = seconds))
}

# The same message back without the work.
no_sums <- function(images, before, lambda, ...) {
    list(list(nodes = list(list(level = 0, at = before,
        sums = numeric(1 + 3 * ncol(lambda) + 2 * length(lambda)))),
        seconds = 0))
}
environment(timed_sums) <- environment(no_sums) <- .BaseNamespaceEnv

# Medians over calls of `call`: milliseconds of the whole and of the worker that
# needs longest, their difference, and the bytes of the sums.
time_calls <- function(call, FUN, parameters) {
    one <- function() {
        all <- system.time(gcFirst = FALSE, value <- call(FUN,
            lambda = parameters$lambda,
            log.weight = parameters$log.weight))[["elapsed"]]
        work <- max(vapply(value, `[[`, 0, "seconds"))
        c(all = 1000 * all, work = 1000 * work, beyond = 1000 * (all - work),
            bytes = length(serialize(lapply(value, `[[`, "nodes"), NULL)))
    }
    one()
    apply(replicate(repeats, one()), 1L, stats::median)
}

if (length(arguments$workers)) {
    eval(parse(text = reader))
    scratch <- tempfile("scratch", arguments$folder)
    dir.create(scratch)
    say("making parts ...")
    parts <- unclass(dmmomp:::.as_parts(count, "counts",
        as.integer(arguments$k), as.integer(arguments$threads),
        dmmomp:::.new_store(scratch, 0)))
    set.seed(3)
    parameters <- list(lambda = matrix(rnorm(arguments$s * arguments$k),
        arguments$s), log.weight = log(rep(1 / arguments$k, arguments$k)))
    kept <- lapply(parts$images, dmmomp:::.open_image)
    here <- time_calls(dmmomp:::.new_part_caller(kept, 1L, 0, NULL), timed_sums,
        parameters)
    kept <- NULL
    rows <- do.call(rbind, lapply(arguments$workers, function(workers) {
        say("%g workers ...", workers)
        back_end <- BiocParallel::SnowParam(workers)
        BiocParallel::bpstart(back_end)
        on.exit(BiocParallel::bpstop(back_end))
        call <- dmmomp:::.new_part_caller(parts$images, 1L, Inf, back_end)
        times <- dmmomp:::.with_plain_calls(back_end, list(
            sums = time_calls(call, timed_sums, parameters),
            none = time_calls(call, no_sums, parameters)))
        bytes <- times$sums[["bytes"]] +
            workers * length(serialize(parameters, NULL))
        eval(parse(text = reader), globalenv())
        time <- system.time(fit <- dmmomp::dmn(count, arguments$k, seed = 1,
            nstart = 3, num.threads = 1, keep.group = FALSE,
            BPPARAM = back_end, scratch = arguments$folder))
        data.frame(workers = workers, "iteration, ms" = times$sums[["all"]],
            "work, ms" = times$sums[["work"]],
            "beyond it, ms" = times$sums[["beyond"]],
            "without work, ms" = times$none[["all"]], "MB" = bytes / 2^20,
            "fit, s" = time[["elapsed"]], evaluations =
                fit@mixture$Evaluations,
            digest = unname(tools::md5sum({
                saveRDS(fit@fit, file <- tempfile())
                file
            })), check.names = FALSE)
    }))
    cat(sprintf("%d parts; images of %.0f MB; an iteration here %.0f ms\n",
        length(parts$images), sum(file.size(unlist(parts$images))) / 2^20,
        here[["all"]]))
    unlink(scratch, recursive = TRUE)
    same <- length(unique(rows$digest)) == 1L
    rows$digest <- NULL
    numbers <- vapply(rows, is.numeric, NA)
    rows[numbers] <- lapply(rows[numbers], signif, 3)
    markdown(rows)
    cat("Fits are the same for any number of workers: ",
        if (same) "yes" else "NO", "\n\n", sep = "")
}
machine()
