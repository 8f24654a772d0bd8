# When may EM's acceleration start? Acceleration from too far away can end in a
# worse optimum than plain EM. This script compares rules: never (plain EM), or
# once the NLE changes by less than a constant, than a constant times the number
# of samples, or than a fraction of the NLE. A rule is acceptable if in 95 % of
# the runs its NLE exceeds plain EM's, from the same seed, by 0.01 at most. The
# acceptable rule that takes the least time is the best.
#
#   Rscript inst/benchmarks/acceleration.R [OPTION...] [plot.png]
#
#   --seeds=20          runs for each table
#   --sets=NAME;NAME    the tables to use (default: all). Some come from the
#                       packages vegan, phyloseq and metagenomeSeq, and are left
#                       out where these are not installed.
#   --iterations=10000  largest number of EM iterations
#   --jobs=1            number of tables worked on at the same time
#   --save=FILE.rds     save the runs to a file
#   --load=FILE;FILE    make the report from saved runs instead
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(seeds = 20, sets = character(), iterations = 10000,
    jobs = 1, save = "", load = character(), plot = "acceleration.png")

TOLERATED <- 0.01 # NLE

# Limits of the change of the NLE: a constant, one that is multiplied by N, one
# that is multiplied by |NLE|. The largest of the three products counts.
rules <- list(
    "plain EM"         = c(0, 0, 0),
    "0.1"              = c(0.1, 0, 0),
    "1"                = c(1, 0, 0),
    "10"               = c(10, 0, 0),
    "at once"          = c(Inf, 0, 0),
    "1e-4 N"           = c(0, 1e-4, 0),
    "1e-3 N"           = c(0, 1e-3, 0),
    "max(0.1, 1e-5 N)" = c(0.1, 1e-5, 0), # dmn()'s default
    "max(0.1, 1e-4 N)" = c(0.1, 1e-4, 0),
    "max(0.1, 1e-3 N)" = c(0.1, 1e-3, 0),
    "1e-6 NLE"         = c(0, 0, 1e-6),
    "1e-5 NLE"         = c(0, 0, 1e-5))

# ---- Tables ------------------------------------------------------------------

# Keeps the taxa seen in at least `least` samples, and samples with counts.
trim <- function(x, least = 1L) {
    x <- x[, colSums(x > 0) >= least, drop = FALSE]
    x <- x[rowSums(x) > 0, , drop = FALSE]
    storage.mode(x) <- "integer"
    x
}

from_package <- function(name, package) {
    if (!requireNamespace(package, quietly = TRUE))
        return(NULL)
    place <- new.env()
    utils::data(list = name, package = package, envir = place)
    place[[name]]
}

from_vegan <- function(name, ...) {
    x <- from_package(name, "vegan")
    if (!is.null(x)) trim(as.matrix(x), ...)
}

from_phyloseq <- function(name, ...) {
    x <- from_package(name, "phyloseq")
    if (is.null(x))
        return(NULL)
    table <- phyloseq::otu_table(x)
    counts <- methods::as(table, "matrix")
    trim(if (phyloseq::taxa_are_rows(table)) t(counts) else counts, ...)
}

from_metagenomeseq <- function(name, ...) {
    x <- from_package(name, "metagenomeSeq")
    if (!is.null(x)) trim(t(metagenomeSeq::MRcounts(x)), ...)
}

sets <- list(
    "Twins k=3"        = benchmark_set(3L, read_twins()),
    "Twins k=5"        = benchmark_set(5L, read_twins()),
    "Twins k=7"        = benchmark_set(7L, read_twins()),
    "BCI k=3"          = benchmark_set(3L, from_vegan("BCI")),
    "mite k=3"         = benchmark_set(3L, from_vegan("mite")),
    "dune k=2"         = benchmark_set(2L, from_vegan("dune")),
    "Twins k=12"       = benchmark_set(12L, read_twins()),
    "BCI k=6"          = benchmark_set(6L, from_vegan("BCI")),
    "GlobalPatterns k=4" = benchmark_set(4L, from_phyloseq("GlobalPatterns")),
    "soilrep k=3"      = benchmark_set(3L, from_phyloseq("soilrep")),
    "lung k=3"         = benchmark_set(3L, from_metagenomeseq("lungData")),
    "mouse k=4"        = benchmark_set(4L, from_metagenomeseq("mouseData")),
    "overlap N=2000 S=200 k=6" = benchmark_set(6L,
        simulate_counts(2000, 200, 6, seed = 6, spread = 0.4)),
    "faint N=2000 S=100 k=5" = benchmark_set(5L,
        simulate_counts(2000, 100, 5, seed = 9, spread = 0.25)),
    "too many N=1000 S=100 k=10" = benchmark_set(10L,
        simulate_counts(1000, 100, 3, seed = 10, spread = 0.4)),
    "unstructured N=1000 S=50 k=5" = benchmark_set(5L,
        uniform_counts(1000, 50)),
    "wide N=200 S=5000 k=4" = benchmark_set(4L,
        trim(simulate_counts(200, 5000, 4, seed = 7, shape = 0.1))),
    "shallow N=1000 S=300 k=5" = benchmark_set(5L,
        trim(simulate_counts(1000, 300, 5, seed = 8, depth = 50:300))),
    "large N=10000 S=500 k=10" = benchmark_set(10L,
        simulate_counts(10000, 500, 10, seed = 5, spread = 0.5)))
sets <- c(sets, simulated_sets)

# ---- Runs --------------------------------------------------------------------

run_set <- function(name, program) {
    counts <- sets[[name]]$make()
    if (is.null(counts)) {
        say("%s: left out, its package is not installed", name)
        return(NULL)
    }
    file <- write_counts(counts)
    on.exit(unlink(file))
    lines <- system2(program, c(file, sets[[name]]$k, arguments$seeds,
        arguments$iterations, shQuote(sprintf("%d:%g:%g:%g",
            seq_along(rules), vapply(rules, `[`, 0, 1L),
            vapply(rules, `[`, 0, 2L), vapply(rules, `[`, 0, 3L)))),
        stdout = TRUE)
    runs <- read.table(text = lines, header = TRUE)
    say("%s (%d x %d): done", name, nrow(counts), ncol(counts))
    cbind(set = name, size = sprintf("%d x %d", nrow(counts), ncol(counts)),
        runs)
}

if (length(arguments$load)) {
    runs <- do.call(rbind, lapply(arguments$load, readRDS))
} else {
    program <- build_program("acceleration")
    chosen <- if (length(arguments$sets)) arguments$sets else names(sets)
    stopifnot("unknown set" = all(chosen %in% names(sets)))
    runs <- do.call(rbind, parallel::mclapply(chosen, run_set, program,
        mc.cores = arguments$jobs, mc.preschedule = FALSE))
    if (nzchar(arguments$save))
        saveRDS(runs, arguments$save)
}

# ---- Tables and plot ---------------------------------------------------------

plain <- runs[runs$rule == 1L, ]
at <- match(paste(runs$set, runs$seed), paste(plain$set, plain$seed))
runs$excess <- runs$NLE - plain$NLE[at]
runs$saved <- runs$evaluations / plain$evaluations[at]

# One row of the table by rule; every run has the same weight.
summarise <- function(r) {
    by_set <- tapply(r$excess > TOLERATED, r$set, mean)
    data.frame(
        "not worse" = sprintf("%.1f %%", 100 * mean(r$excess <= TOLERATED)),
        better = sprintf("%.1f %%", 100 * mean(r$excess < -TOLERATED)),
        "worst set" = sprintf("%.0f %%", 100 * (1 - max(by_set))),
        "mean difference" = sprintf("%+.3f", mean(r$excess)),
        unconverged = sum(!r$converged),
        evaluations = sum(r$evaluations),
        "of plain EM's" = sprintf("%.3f", exp(mean(log(r$saved)))),
        "EM, s" = sprintf("%.1f", sum(r$seconds)),
        check.names = FALSE)
}
by_rule <- do.call(rbind, lapply(split(runs, runs$rule), summarise))
by_rule <- cbind(rule = names(rules)[as.integer(rownames(by_rule))], by_rule)
cat("NLE against plain EM's from the same seed:", nrow(plain), "runs of",
    length(unique(runs$set)), "tables.", "A set's worst share is its share of",
    "runs not worse; evaluations of plain EM's is a geometric mean; seconds",
    "are the processor's in EM.\n")
markdown(by_rule)

cat("Evaluations, mean over seeds, and the runs that are worse:\n")
cell <- function(r) {
    worse <- sum(r$excess > TOLERATED)
    paste0(round(mean(r$evaluations)), if (worse) sprintf(" (%d)", worse))
}
shown <- seq_len(8L)
by_set <- do.call(rbind, lapply(unique(runs$set), function(name) {
    r <- runs[runs$set == name, ]
    values <- vapply(shown, function(i) cell(r[r$rule == i, ]), "")
    names(values) <- names(rules)[shown]
    data.frame(table = name, size = r$size[1L], t(values),
        check.names = FALSE)
}))
markdown(by_set)

passing <- tapply(runs$excess <= TOLERATED, runs$rule, mean) >= 0.95
seconds <- tapply(runs$seconds, runs$rule, sum)
best <- names(which.min(seconds[passing]))
cat(sprintf("Least time of the rules that pass: %s\n",
    names(rules)[as.integer(best)]))
machine()

open_plot(arguments$plot)
share <- 100 * tapply(runs$excess <= TOLERATED, runs$rule, mean)
plot(seconds, share, log = "x", pch = 19, xlab = "processor time in EM, s",
    ylab = "runs no worse than plain EM, %",
    ylim = c(min(share, 90), 104), xlim = range(seconds) * c(0.8, 1.3),
    main = "When to switch EM's acceleration on")
abline(h = 95, lty = 2)
# Many rules have the same share; slanted names do not overlap.
text(seconds, share + 0.3, names(rules)[as.integer(names(share))], srt = 60,
    adj = 0, cex = 0.7)
close_plot(arguments$plot)
