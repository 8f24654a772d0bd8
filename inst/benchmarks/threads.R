# What threads gain: N x S x K on 1, 2, 4, 8 threads as far as the machine has
# that many processors, in rounds in which the numbers of threads take turns,
# forwards and backwards: other programs and a processor's clock come and go, so
# that a gain is that within a round, and its median and quartiles are shown;
# what the machine gains where as many fits run at once, on a thread each, which
# is what threads could gain at best; and whether the results are the same bits.
# Then the same with a core taken by another program.
#
#   Rscript inst/benchmarks/threads.R [OPTION...] [plot.png]
#
#   --sizes="100x20x3;1000x50x5"   scenarios; of uniform counts 0..99, but for
#                                  10000x500x10, a simulated mixture
#   --threads="1;2;4;8" by default
#   --rounds=5 by default
#   --repeats=5                    fits in a round, of which the median counts
#   --seed=1 by default
#   --busy                         only the test with a busy core
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(
    sizes = c("100x20x3", "1000x50x5", "5000x100x5", "1000x50x10",
        "10000x50x5", "1000x50x20", "10000x500x10"),
    threads = c(1, 2, 4, 8), rounds = 5, repeats = 5, seed = 1, busy = FALSE,
    plot = "threads.png")

BUSY_LIMIT <- 1.3     # two threads against one, with one of two cores busy
MIXTURE <- "10000x500x10"

driver <- build_program("driver")
processors <- parallel::detectCores()
threads <- sort(arguments$threads[arguments$threads <= processors])

make_table <- function(size, n, s) {
    if (size == MIXTURE)
        simulate_counts(n, s, 10, seed = 5, spread = 0.5)
    else
        uniform_counts(n, s)
}

# Seconds of a fit on one thread while `count` of them run.
at_once <- function(file, k, count) {
    fit <- paste(shQuote(c(driver, file, k, arguments$seed, 1L,
        arguments$repeats)), collapse = " ")
    lines <- system(paste(c(rep(fit, count), "wait"), collapse = " & "),
        intern = TRUE)
    mean(as.numeric(sub(".* seconds=([^ ]*).*", "\\1", lines)))
}

# Rounds of runs with each number of threads: their seconds and those of as many
# fits at once, [threads, round], the threads used, and whether all results are
# the same.
in_turns <- function(size, threads, ..., control = FALSE) {
    n <- as.integer(strsplit(size, "x")[[1L]])
    file <- write_counts(make_table(size, n[1L], n[2L]))
    on.exit(unlink(file))
    one <- function(count) {
        run <- run_driver(driver, file, n[3L], arguments$seed, count,
            arguments$repeats, ...)
        data.frame(run[c("threads", "seconds", "digest")],
            at_once = if (control) at_once(file, n[3L], count) else NA)
    }
    runs <- lapply(seq_len(arguments$rounds), function(round) {
        turn <- seq_along(threads)
        if (round %% 2L == 0L)
            turn <- rev(turn)
        do.call(rbind, lapply(threads[turn], one))[order(turn), ]
    })
    by_round <- function(name) {
        matrix(vapply(runs, `[[`, numeric(length(threads)), name),
            length(threads))
    }
    digests <- unlist(lapply(runs, `[[`, "digest"))
    list(size = size, threads = runs[[1L]]$threads,
        seconds = by_round("seconds"), at_once = by_round("at_once"),
        same = length(unique(digests)) == 1L)
}

medians <- function(x) {
    apply(x, 1L, stats::median)
}

# How many times as fast, by round: seconds [threads, round] against the first
# row, for as many times the work.
gains <- function(seconds, work = 1) {
    work * rep(seconds[1L, ], each = nrow(seconds)) / seconds
}

# "median (quartile to quartile)" of each row but the first
show_gains <- function(x) {
    vapply(seq_len(nrow(x))[-1L], function(i) {
        q <- stats::quantile(x[i, ], c(0.5, 0.25, 0.75))
        sprintf("%.2f (%.2f to %.2f)", q[1L], q[2L], q[3L])
    }, "")
}

run_size <- function(size) {
    say("%s ...", size)
    in_turns(size, threads, control = TRUE)
}

# `code` while a program spins on the given core. It ends by itself, should this
# script be killed.
with_busy_core <- function(core, code) {
    pid <- as.integer(system(sprintf(
        "timeout 600 taskset -c %d sh -c 'while :; do :; done' %s & echo $!",
        core, "</dev/null >/dev/null 2>&1"), intern = TRUE))
    on.exit(tools::pskill(pid))
    force(code)
}

# Two cores, of which another program has one: seconds of one and two threads.
run_busy <- function(size) {
    say("%s with a busy core ...", size)
    seconds <- with_busy_core(0L,
        in_turns(size, 1:2, prefix = c("taskset", "-c", "0,1"))$seconds)
    ratio <- stats::median(seconds[2L, ] / seconds[1L, ])
    seconds <- medians(seconds)
    data.frame("N x S x K" = size, "1 thread, s" = sprintf("%.4f", seconds[1L]),
        "2 threads, s" = sprintf("%.4f", seconds[2L]),
        ratio = sprintf("%.2f", ratio),
        holds = if (ratio <= BUSY_LIMIT) "yes" else "NO",
        check.names = FALSE)
}

if (!arguments$busy) {
    by_size <- lapply(arguments$sizes, run_size)
    summary <- do.call(rbind, lapply(by_size, function(r) {
        times <- as.list(sprintf("%.4f", medians(r$seconds)))
        names(times) <- sprintf("%d thread%s, s", threads,
            ifelse(threads == 1, "", "s"))
        gain <- as.list(show_gains(gains(r$seconds)))
        names(gain) <- sprintf("gain of %d", threads[-1L])
        most <- as.list(show_gains(gains(r$at_once, threads)))
        names(most) <- sprintf("of %d fits at once", threads[-1L])
        do.call(data.frame, c("N x S x K" = r$size, times, gain, most,
            used = paste(r$threads, collapse = ", "),
            "same bits" = if (r$same) "yes" else "NO", check.names = FALSE))
    }))
    cat("Seconds of a whole fit, medians; gains: median and quartiles of the",
        "rounds; \"used\": the threads that the engine took, fewer than asked",
        "for where a fit is too small to share; \"fits at once\": what the",
        "machine gains by running so many, on a thread each.\n")
    markdown(summary)
    open_plot(arguments$plot)
    sizes <- arguments$sizes
    gain <- lapply(by_size, function(r) medians(gains(r$seconds)))
    plot(range(threads), range(unlist(gain), threads), type = "n", log = "xy",
        xlab = "threads", ylab = "times as fast as one thread", axes = FALSE,
        main = "One fit on several threads")
    axis(1, threads)
    axis(2)
    abline(0, 1, lty = 3)
    for (i in seq_along(sizes))
        lines(threads, gain[[i]], type = "b", pch = i, col = i)
    legend("topleft", sizes, pch = seq_along(sizes), col = seq_along(sizes),
        bty = "n", cex = 0.8, title = "N x S x K")
    close_plot(arguments$plot)
}
if (processors < 2L || !nzchar(Sys.which("taskset"))) {
    say("No test with a busy core: it needs two processors and taskset.")
} else {
    cat("With one of two cores taken by another program; two threads may take",
        BUSY_LIMIT, "times as long as one:\n")
    markdown(do.call(rbind, lapply(c("1000x50x5", "5000x100x5", "10000x50x5"),
        run_busy)))
}
machine()
