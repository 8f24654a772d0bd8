# How does the cost of a fit grow with N, S, K and the density of the table?
# Each is varied alone, from N = 2000, S = 200, K = 5 and totals near 1000.
# Times are those of a whole fit, and of one evaluation of EM, since the number
# of evaluations depends on the data. They are medians, on one thread.
#
#   Rscript inst/benchmarks/scaling.R [OPTION...] [plot.png]
#
#   --repeats=5   fits of each table
#   --seed=1
#   --only=N;S    what to vary, of N, S, K and density (default: all)
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(repeats = 5, seed = 1,
    only = c("N", "S", "K", "density"), plot = "scaling.png")

driver <- build_program("driver")
base <- list(n = 2000, s = 200, k = 5, depth = 1000)
# Density is varied through the totals: larger totals leave fewer zeros.
steps <- list(
    N = list(n = c(500, 1000, 2000, 4000, 8000, 16000, 32000)),
    S = list(s = c(25, 50, 100, 200, 400, 800, 1600, 3200)),
    K = list(k = c(1, 2, 3, 4, 5, 8, 9, 16, 17, 24, 32)),
    density = list(depth = c(30, 100, 300, 1000, 3000, 10000, 30000)))

run_step <- function(name, value) {
    setting <- base
    setting[[names(steps[[name]])]] <- value
    # Five components in the data, however many are fitted.
    counts <- simulate_counts(setting$n, setting$s, 5, seed = 11,
        depth = round(setting$depth * c(0.7, 1.3)))
    file <- write_counts(counts)
    on.exit(unlink(file))
    run <- run_driver(driver, file, setting$k, arguments$seed, 1L,
        arguments$repeats)
    features <- sum(apply(counts, 2L, function(x) length(unique(x[x > 0]))))
    cbind(varied = name, run, density = density_of(counts),
        nonzeros = sum(counts > 0), features = features)
}

runs <- do.call(rbind, lapply(arguments$only, function(name) {
    say("%s ...", name)
    do.call(rbind, lapply(steps[[name]][[1L]], run_step, name = name))
}))
runs$evaluation <- runs$em / runs$evaluations

# The exponent with which an evaluation's time grows: the slope of log time on
# the log of what is varied, over the upper half of the steps.
slope <- function(r) {
    x <- r[[r$varied[1L]]]
    upper <- seq_along(x) > length(x) / 2
    unname(coef(lm(log(r$evaluation[upper]) ~ log(x[upper])))[2L])
}
by_what <- split(runs, factor(runs$varied, arguments$only))
cat("An evaluation is an E-step with all sums of the M-step. Features are the",
    "distinct pairs of a taxon and a count.\n")
markdown(data.frame(varied = runs$varied, N = runs$N, S = runs$S, K = runs$K,
    density = sprintf("%.3f", runs$density), nonzeros = runs$nonzeros,
    features = runs$features, evaluations = runs$evaluations,
    "fit, ms" = sprintf("%.2f", 1000 * runs$seconds),
    "evaluation, ms" = sprintf("%.3f", 1000 * runs$evaluation),
    "ns per nonzero and component" =
        sprintf("%.2f", 1e9 * runs$evaluation / runs$nonzeros / runs$K),
    check.names = FALSE))
for (r in by_what)
    cat(sprintf("Cost of an evaluation grows as %s^%.2f.\n", r$varied[1L],
        slope(r)))
machine(runs$kernels[1L])

open_plot(arguments$plot, width = 9, height = 7)
par(mfrow = c(2, 2))
for (r in by_what) {
    what <- r$varied[1L]
    plot(r[[what]], 1000 * r$evaluation, log = "xy", type = "b", pch = 19,
        xlab = what, ylab = "one evaluation, ms",
        main = sprintf("%s (exponent %.2f)", what, slope(r)))
}
close_plot(arguments$plot)
