# How much faster are several threads? A fit of each size is timed with 1, 2, 4
# and 8 threads, as far as the machine has as many processors. The report gives
# - the gain: how many times as fast as one thread a fit is;
# - the gain of running as many fits at once, with one thread each, which is the
#   most that threads could reach on this machine;
# - whether the results are the same bits for all numbers of threads.
# Last, one and two threads are compared while another program uses one of two
# cores.
#
# The speed of a machine changes with its load and its clock. Therefore the
# numbers of threads take turns within a round, in alternating order. A gain
# compares times of one round; its median and quartiles over the rounds are
# shown.
#
#   Rscript inst/benchmarks/threads.R [OPTION...] [plot.png]
#
#   --sizes="100x20x3;1000x50x5"   sizes of tables as N x S x K; the counts are
#                                  uniform from 0 to 99, except 10000x500x10,
#                                  which is a simulated mixture
#   --threads="1;2;4;8"
#   --rounds=5
#   --repeats=5                    fits in each round; their median is used
#   --seed=1
#   --busy                         only the test with a busy core
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(
    sizes = c("100x20x3", "1000x50x5", "5000x100x5", "1000x50x10",
        "10000x50x5", "1000x50x20", "10000x500x10"),
    threads = c(1, 2, 4, 8), rounds = 5, repeats = 5, seed = 1, busy = FALSE,
    plot = "threads.png")

# The most that two threads may take, in times of one thread's seconds, while
# another program uses one of the two cores.
BUSY_LIMIT <- 1.3
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

# Mean seconds of a fit with one thread while `count` such fits run at once.
at_once <- function(file, k, count) {
    fit <- paste(shQuote(c(driver, file, k, arguments$seed, 1L,
        arguments$repeats)), collapse = " ")
    lines <- system(paste(c(rep(fit, count), "wait"), collapse = " & "),
        intern = TRUE)
    mean(as.numeric(sub(".* seconds=([^ ]*).*", "\\1", lines)))
}

# Runs all rounds for one size. Returns matrices [threads, round] of the seconds
# of a fit and, if `control`, of as many fits at once; the numbers of threads
# that were used; and whether all results are the same bits.
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

# The median of each row.
medians <- function(x) {
    apply(x, 1L, stats::median)
}

# How many times as fast as the first row each row of seconds [threads, round]
# is, by round; `work` multiplies the work done in each row.
gains <- function(seconds, work = 1) {
    work * rep(seconds[1L, ], each = nrow(seconds)) / seconds
}

# "median (quartile to quartile)" of each row except the first.
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

# Evaluates `code` while another program spins on the given core. That program
# ends by itself after a while, even if this script is killed.
with_busy_core <- function(core, code) {
    pid <- as.integer(system(sprintf(
        "timeout 600 taskset -c %d sh -c 'while :; do :; done' %s & echo $!",
        core, "</dev/null >/dev/null 2>&1"), intern = TRUE))
    on.exit(tools::pskill(pid))
    force(code)
}

# Seconds of one and two threads on two cores, one of which another program
# uses.
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
