# Where does the time of a fit go? It has five phases: compressing the counts,
# the k-means start, the first M-step, EM, and the criteria with the standard
# errors. Times are medians over repeated fits by the C driver.
#
#   Rscript inst/benchmarks/phases.R [OPTION...] [plot.png]
#
#   --repeats=21   fits of each table
#   --seed=1
#   --threads=1
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(repeats = 21, seed = 1, threads = 1,
    plot = "phases.png")

driver <- build_program("driver")
sets <- c(list("Twins K=4" = benchmark_set(4L, read_twins()),
        "Twins K=7" = benchmark_set(7L, read_twins())),
    simulated_sets, list("N=20000 S=1000 K=5, sparse" = benchmark_set(5L,
        simulate_sparse(20000, 1000, 5, seed = 4, depth = 100:1000))))
phases <- c(prepare = "prepare", kmeans = "k-means", mstep = "first M-step",
    em = "EM", laplace = "Laplace")

runs <- do.call(rbind, lapply(names(sets), function(name) {
    say("%s ...", name)
    file <- write_counts(sets[[name]]$make())
    on.exit(unlink(file))
    run <- run_driver(driver, file, sets[[name]]$k, arguments$seed,
        arguments$threads, arguments$repeats)
    cbind(set = name, run)
}))

# Shares are of the sum of the phases' medians, which need not be the median of
# the whole fit.
parts <- as.matrix(runs[names(phases)])
percent <- 100 * parts / rowSums(parts)
cat("Milliseconds of a whole fit, and the share of its phases:\n")
markdown(data.frame(data = runs$set, ms = sprintf("%.2f", 1000 * runs$seconds),
    setNames(as.data.frame(matrix(sprintf("%.0f %%", percent), nrow(percent))),
        phases),
    "k-means iterations" = runs$kmeans_iterations,
    "EM evaluations" = runs$evaluations,
    "ms of an evaluation" = sprintf("%.3f", 1000 * runs$em / runs$evaluations),
    check.names = FALSE))
machine(runs$kernels[1L])

open_plot(arguments$plot, width = 8)
par(mar = c(7, 14, 2.5, 1))
barplot(t(percent[rev(seq_len(nrow(percent))), ]), horiz = TRUE,
    names.arg = rev(sprintf("%s: %.1f ms", runs$set, 1000 * runs$seconds)),
    col = hcl.colors(length(phases), "viridis"), xlab = "share of the time, %",
    main = "The phases of a fit", legend.text = phases,
    args.legend = list(x = "bottom", inset = c(0, -0.36), horiz = TRUE,
        bty = "n", cex = 0.8), cex.names = 0.8)
close_plot(arguments$plot)
