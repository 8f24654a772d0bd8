# How much memory does a fit need? The peak is what a fit adds, its result
# included, to the memory of the C driver after it has read the table and made
# another fit. It is compared with the limit
#
#   6 bytes for each nonzero count + 8 (N + 3 D) K bytes
#
# where D is the number of distinct pairs of a taxon and a nonzero count, with
# identical taxa counted once, plus the number of distinct totals of samples.
# The limit has no term for memory that grows with the number of taxa alone: the
# four S x K matrices of the result, and eleven or more arrays over the distinct
# taxa. The result of a table with few samples and very many taxa exceeds the
# limit by itself.
#
# Peaks are medians over several runs of the driver, since Linux counts pages in
# batches and can be wrong by 128 kB in either direction.
#
#   Rscript inst/benchmarks/memory.R [--threads=1] [--runs=7] [plot.png]
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(threads = 1, runs = 7, plot = "memory.png")

driver <- build_program("driver")
Sys.setenv(DMM_WARM_UP = 1)
sets <- c(list("Twins" = benchmark_set(4L, read_twins())),
    setNames(simulated_sets, rep("mixture", length(simulated_sets))),
    list("uniform" = benchmark_set(5L, uniform_counts(10000, 50)),
        "mixture" = benchmark_set(10L,
            simulate_counts(10000, 500, 10, seed = 5, spread = 0.5)),
        "wide" = benchmark_set(4L,
            simulate_counts(200, 5000, 4, seed = 7, shape = 0.1)),
        "very wide" = benchmark_set(3L,
            simulate_counts(60, 30000, 3, seed = 7, shape = 0.1)),
        "large, sparse" = benchmark_set(5L,
            simulate_sparse(100000, 1000, 5, seed = 4, depth = 100:1000)),
        "large, sparse" = benchmark_set(16L,
            simulate_sparse(100000, 1000, 5, seed = 4, depth = 100:1000)),
        "very long" = benchmark_set(3L,
            simulate_sparse(400000, 100, 3, seed = 9, depth = 50:200))))

# The number of nonzero counts, and D.
sizes <- function(x) {
    loadNamespace("Matrix")
    x <- methods::as(x + 0, "CsparseMatrix")
    column <- rep(seq_len(ncol(x)), diff(x@p))
    parts <- split(seq_along(x@x), factor(column, seq_len(ncol(x))))
    distinct <- !duplicated(lapply(parts, function(i) list(x@i[i], x@x[i])))
    features <- vapply(parts[distinct], function(i) length(unique(x@x[i])), 0L)
    c(nonzeros = length(x@x),
        features = sum(features) + length(unique(Matrix::rowSums(x))))
}

results <- do.call(rbind, lapply(seq_along(sets), function(i) {
    say("%s ...", names(sets)[i])
    counts <- sets[[i]]$make()
    size <- sizes(counts)
    file <- write_counts(counts)
    on.exit(unlink(file))
    runs <- lapply(seq_len(arguments$runs), function(run)
        run_driver(driver, file, sets[[i]]$k, 1L, arguments$threads, 1L))
    run <- runs[[1L]]
    run$peak_kb <- stats::median(vapply(runs, `[[`, 0, "peak_kb"))
    limit <- 6 * size[["nonzeros"]] +
        8 * (run$N + 3 * size[["features"]]) * run$K
    data.frame(data = names(sets)[i], run[c("N", "S", "K")], t(size),
        peak = 1024 * run$peak_kb, limit = limit,
        result = 8 * (4 * run$S + run$N) * run$K)
}))
MB <- function(x) sprintf("%.2f", x / 1e6)
markdown(data.frame(results[c("data", "N", "S", "K", "nonzeros")],
    D = results$features, "result, MB" = MB(results$result),
    "peak, MB" = MB(results$peak),
    "limit, MB" = MB(results$limit),
    "peak / limit" = sprintf("%.2f", results$peak / results$limit),
    "bytes per nonzero" = sprintf("%.1f", results$peak / results$nonzeros),
    check.names = FALSE))
machine()

open_plot(arguments$plot)
range <- range(results$peak, results$limit) / 1e6
plot(results$limit / 1e6, results$peak / 1e6, log = "xy",
    xlim = range * c(0.8, 4), ylim = range, pch = 19, xlab = "limit, MB",
    ylab = "measured peak, MB",
    main = "Peak memory of a fit")
abline(0, 1, lty = 2)
labels <- with(results, sprintf("%s %gx%gx%g", data, N, S, K))
text(results$limit / 1e6, results$peak / 1e6, labels, pos = 4, cex = 0.6)
close_plot(arguments$plot)
