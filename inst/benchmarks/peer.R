# Compares dmmomp with DirichletMultinomial in one run: the elapsed seconds of a
# dmn() on one thread from the same seed, and the difference in NLE (less is
# better), with one start (nstart = 1), which is that of DirichletMultinomial,
# and with the default. DirichletMultinomial takes seconds to minutes for a fit.
# A second table tells how much time of dmmomp's dmn() is spent in R rather than
# in the C core.
#
#   Rscript inst/benchmarks/peer.R [OPTION...] [plot.png]
#
#   --twins="3;4;5;7"      numbers of components for the Twins table; ""
#                          for none
#   --all                  Twins with 1 to 7 components
#   --sets="N=1000 S=100 K=5;..."   simulated tables (simulate.R); "" for none
#   --repeats=5            fits by dmmomp; the median time is shown
#   --peer-repeats=1       the same for DirichletMultinomial
#   --seed=1
#   --library=DIR          the library that dmmomp is in, if not a usual one
#   --overhead-repeats=101 fits for the second table; 0 leaves it out
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(twins = c(3, 4, 5, 7), all = FALSE,
    sets = names(simulated_sets), repeats = 5, `peer-repeats` = 1, seed = 1,
    library = "", `overhead-repeats` = 101, plot = "peer.png")
if (nzchar(arguments$library))
    .libPaths(c(arguments$library, .libPaths()))
for (package in c("dmmomp", "DirichletMultinomial")) {
    if (!requireNamespace(package, quietly = TRUE))
        stop("this comparison needs the package ", package, call. = FALSE)
}
if (arguments$all)
    arguments$twins <- 1:7

twins <- dmmomp::twins
cases <- lapply(as.integer(arguments$twins), function(k) {
    list(name = "Twins", k = k, counts = twins)
})
for (name in arguments$sets) {
    set <- simulated_sets[[name]]
    if (is.null(set))
        stop("no simulated set \"", name, "\"", call. = FALSE)
    counts <- set$make()
    # DirichletMultinomial needs names.
    dimnames(counts) <- list(paste0("sample", seq_len(nrow(counts))),
        paste0("taxon", seq_len(ncol(counts))))
    cases <- c(cases, list(list(name = name, k = set$k, counts = counts)))
}

# One start, that of DirichletMultinomial.
own_fit <- function(case, nstart = 1L) {
    dmmomp::dmn(case$counts, case$k, seed = arguments$seed, num.threads = 1L,
        nstart = nstart)
}
# Several starts, by default.
default_fit <- function(case) {
    own_fit(case, formals(dmmomp::dmn)$nstart)
}
peer_fit <- function(case) {
    DirichletMultinomial::dmn(case$counts, case$k, seed = arguments$seed)
}
nle <- function(fit) fit@goodnessOfFit[["NLE"]]

# The seconds of each of several fits, and the last fit.
repeated <- function(fit, case, times) {
    seconds <- numeric(times)
    for (i in seq_len(times))
        seconds[i] <- timed(result <- fit(case))
    list(seconds = seconds, fit = result)
}

compare <- function(case) {
    say("%s k=%d ...", case$name, case$k)
    own_fit(case) # so that one-off loading is not timed
    own <- repeated(own_fit, case, arguments$repeats)
    default <- repeated(default_fit, case, arguments$repeats)
    peer <- repeated(peer_fit, case, arguments$`peer-repeats`)
    data.frame(data = case$name, k = case$k, peer = median(peer$seconds),
        own = median(own$seconds), difference = nle(own$fit) - nle(peer$fit),
        default = median(default$seconds),
        gain = nle(default$fit) - nle(peer$fit))
}

results <- do.call(rbind, lapply(cases, compare))
results$ratio <- results$peer / results$own
mean_ratio <- exp(mean(log(results$ratio)))
markdown(data.frame(data = results$data, k = results$k,
    "DirichletMultinomial, s" = sprintf("%.2f", results$peer),
    "dmmomp, s" = sprintf("%.4f", results$own),
    "times as fast" = sprintf("%.0f", results$ratio),
    "difference in NLE" = sprintf("%+.4f", results$difference),
    "default, s" = sprintf("%.4f", results$default),
    "default, times as fast" = sprintf("%.0f", results$peer / results$default),
    "default, difference in NLE" = sprintf("%+.2f", results$gain),
    check.names = FALSE))
cat(sprintf("Geometric mean: %.0f times as fast. NLE %s.\n", mean_ratio,
    if (all(results$difference <= 0.01)) "nowhere worse by more than 0.01"
    else paste("WORSE in", sum(results$difference > 0.01), "cases")))
cat(sprintf("The default: %.0f times as fast (at least %.0f). NLE %s.\n",
    exp(mean(log(results$peer / results$default))),
    min(results$peer / results$default),
    if (all(results$gain <= 0.01)) "nowhere worse by more than 0.01"
    else paste("WORSE in", sum(results$gain > 0.01), "cases")))
cat(sprintf("One thread; median of %g fits by dmmomp %s, of %g by %s %s.\n",
    arguments$repeats, packageVersion("dmmomp"), arguments$`peer-repeats`,
    "DirichletMultinomial", packageVersion("DirichletMultinomial")))

# ---- Time spent in R ---------------------------------------------------------

# The time for checking arguments and for making the result's matrices and
# object: dmn() against the same fits by the C driver. The two take turns, so
# that changes of the machine's speed affect both.
overhead <- function(k, driver, file, rounds = 5L) {
    times <- ceiling(arguments$`overhead-repeats` / rounds)
    case <- list(k = as.integer(k), counts = twins)
    pairs <- vapply(seq_len(rounds), function(i) {
        own <- repeated(own_fit, case, times)$seconds
        core <- run_driver(driver, file, k, arguments$seed, 1L, times)$seconds
        c(own, core)
    }, numeric(times + 1L))
    own <- median(pairs[seq_len(times), ])
    core <- median(pairs[times + 1L, ])
    data.frame(data = "Twins", k = k, "dmn(), ms" = sprintf("%.3f", 1000 * own),
        "engine, ms" = sprintf("%.3f", 1000 * core),
        "R's share" = sprintf("%.1f %%", 100 * (own - core) / own),
        check.names = FALSE)
}
if (length(arguments$twins) && arguments$`overhead-repeats` > 0) {
    driver <- build_program("driver")
    file <- write_counts(twins)
    cat("\nArgument checks and result building:\n")
    markdown(do.call(rbind, lapply(arguments$twins, overhead, driver, file)))
}
machine()

open_plot(arguments$plot, width = 8)
par(mar = c(4.5, 11, 2.5, 1))
order <- rev(seq_len(nrow(results)))
labels <- ifelse(results$data == "Twins", sprintf("Twins k=%d", results$k),
    results$data)
at <- seq_along(order)
plot(range(results$peer, results$own) * c(0.7, 3), range(at) + c(-0.5, 0.5),
    type = "n", log = "x", axes = FALSE, xlab = "seconds for a fit, one thread",
    ylab = "", main = sprintf("%.0f times as fast (geometric mean)",
        mean_ratio))
axis(1)
axis(2, at, labels[order], tick = FALSE, las = 1)
segments(results$own[order], at, results$peer[order], at, col = "grey70",
    lwd = 3)
points(results$own[order], at, pch = 19, col = "#21908C", cex = 1.4)
points(results$peer[order], at, pch = 19, col = "#440154", cex = 1.4)
text(results$peer[order], at, sprintf("x %.0f", results$ratio[order]), pos = 4)
legend("top", c("dmmomp", "DirichletMultinomial"), pch = 19, horiz = TRUE,
    col = c("#21908C", "#440154"), bty = "n")
close_plot(arguments$plot)
