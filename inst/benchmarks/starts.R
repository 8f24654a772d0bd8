# How good is the default of dmn(), and what does it cost? The script compares
# it, on public and simulated tables, with one start (nstart = 1) and with the
# best of many starts. It also asks
# - which kinds of start (see ?starts) find the best optimum,
# - whether starts on a part of the samples are as good in large tables,
# - whether different seeds, and different orders of the samples, give the same
#   fit of Twins.
#
#   Rscript inst/benchmarks/starts.R [FILE.md [CORES [SEEDS [STARTS]]]]
#
# The report goes to FILE.md, or is printed. CORES processes are used (1), with
# one thread each. SEEDS is the number of seeds (10), and STARTS the number of
# starts for comparison (500). The public tables are Twins and some of the CRAN
# and Bioconductor packages vegan, phyloseq and metagenomeSeq, all of which are
# needed. Seconds are of processor time, which other programs disturb less than
# elapsed time. It takes about an hour on two cores.
library(dmmomp)

folder <- dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "simulate.R"))
source(file.path(folder, "public.R"))
arguments <- commandArgs(TRUE)
option <- function(i, default) {
    if (length(arguments) >= i) as.integer(arguments[[i]]) else default
}
cores <- option(2, 1L)
seeds <- seq_len(option(3, 10L))
many_starts <- option(4, 500L)

# ---- Tables --------------------------------------------------------------

suppressMessages({
    requireNamespace("phyloseq")
    requireNamespace("metagenomeSeq")
})
# The simulated tables have 3 to 12 components that are hard, less hard and easy
# to separate.
tables <- list(twins = twins,
    BCI = clean(as.matrix(values("BCI", "vegan"))),
    mite = clean(as.matrix(values("mite", "vegan"))),
    dune = clean(as.matrix(values("dune", "vegan"))),
    GlobalPatterns = clean(phyloseq_counts("GlobalPatterns"), 5),
    soilrep = clean(phyloseq_counts("soilrep"), 8),
    lungData = clean(metagenomeseq_counts("lungData"), 5),
    mouseData = clean(metagenomeseq_counts("mouseData"), 5),
    "simulated, 3" = simulate_counts(600, 100, 3, 11),
    "simulated, 5 close" = simulate_counts(600, 100, 5, 12, spread = 0.5),
    "simulated, 8 far" = simulate_counts(600, 100, 8, 13, spread = 1),
    "simulated, 12" = simulate_counts(600, 100, 12, 14),
    "simulated, wide" = simulate_counts(60, 10000, 4, 15,
        depth = 5000:20000, precision = 200),
    "simulated, long" = simulate_counts(2000, 50, 5, 16, spread = 0.4))
# The number of components that a simulated table has.
true_k <- c("simulated, 3" = 3, "simulated, 5 close" = 5,
    "simulated, 8 far" = 8, "simulated, 12" = 12, "simulated, wide" = 4,
    "simulated, long" = 5)

# ---- Report --------------------------------------------------------------

markdown <- function(x) {
    x[] <- lapply(x, function(column) {
        if (is.double(column)) sprintf("%.2f", column) else format(column)
    })
    row <- function(cells) {
        paste0("| ", paste(trimws(cells), collapse = " | "), " |")
    }
    c(row(names(x)), row(rep("---", ncol(x))), apply(x, 1, row))
}

# Adds to the report and writes it anew, so that its first parts are kept if the
# script is stopped.
text <- c("# Starts", "", "Written by starts.R.")
report <- function(...) {
    text <<- c(text, "", ...)
    if (length(arguments)) writeLines(text, arguments[[1]])
}

processor <- function(expression) {
    sum(system.time(expression)[c("user.self", "sys.self")])
}

nle <- function(fit) goodnessOfFit(fit)[["NLE"]]

# ---- The default, one start and many starts -------------------------------

# One table and k: a row for each seed, and the kinds of many
# starts.
study <- function(name, k) {
    x <- tables[[name]]
    fit <- function(...) suppressWarnings(dmn(x, k, ..., num.threads = 1))
    many <- starts(fit(seed = 0, nstart = many_starts,
        control = dmncontrol(agree = Inf)))
    fits <- do.call(rbind, lapply(seeds, function(seed) {
        s_lone <- processor(lone <- fit(seed = seed, nstart = 1))
        s_default <- processor(default <- fit(seed = seed))
        data.frame(seed = seed, lone = nle(lone), default = nle(default),
            starts = nrow(starts(default)),
            s.lone = s_lone, s.default = s_default)
    }))
    best <- min(many$NLE, fits$lone, fits$default)
    many$hit <- many$NLE < best + 0.01
    list(fits = cbind(table = name, k = k, best = best, fits),
        kinds = cbind(table = name, k = k,
            aggregate(hit ~ kind, many, mean)))
}

cases <- expand.grid(k = c(2L, 3L, 5L, 8L, 12L), table = names(tables),
    stringsAsFactors = FALSE)
samples <- vapply(tables, nrow, 0L)
cases <- cases[samples[cases$table] >= 5 * cases$k, ]
# the longest first
cases <- cases[order(-cases$k * lengths(tables)[cases$table]), ]
studies <- parallel::mclapply(seq_len(nrow(cases)), function(i) {
    study(cases$table[[i]], cases$k[[i]])
}, mc.cores = cores, mc.preschedule = FALSE)
fits <- do.call(rbind, lapply(studies, `[[`, "fits"))
fits$hit <- fits$default < fits$best + 0.01
fits$lone.hit <- fits$lone < fits$best + 0.01
fits$cost <- fits$s.default / ave(fits$s.lone, fits$table, fits$k,
    FUN = median)

by_case <- do.call(rbind, lapply(names(tables), function(name) {
    do.call(rbind, lapply(split(fits[fits$table == name, ],
        fits$k[fits$table == name]), function(r) {
        data.frame(table = name, samples = samples[[name]],
            taxa = ncol(tables[[name]]), k = r$k[[1]], best = r$best[[1]],
            hits = sum(r$hit), lone.hits = sum(r$lone.hit),
            gap = median(r$default - r$best),
            lone.gap = median(r$lone - r$best),
            starts = as.integer(median(r$starts)), s.lone = median(r$s.lone),
            s.default = median(r$s.default), cost = median(r$cost))
    }))
}))
row.names(by_case) <- NULL
over <- function(label, r) {
    data.frame(fits = label, number = nrow(r), hits = 100 * mean(r$hit),
        lone.hits = 100 * mean(r$lone.hit),
        better = 100 * mean(r$default < r$lone - 0.01),
        worse = 100 * mean(r$default > r$lone + 0.01),
        cost = median(r$cost), cost.90 = quantile(r$cost, 0.9, names = FALSE))
}
simulated <- fits[fits$table %in% names(true_k), ]
totals <- rbind(over("all", fits),
    do.call(rbind, lapply(split(fits, fits$k), function(r) {
        over(paste("k =", r$k[[1]]), r)
    })),
    over("simulated, true k or next to it",
        simulated[abs(simulated$k - true_k[simulated$table]) <= 1, ]))
report(sprintf("## The default, one start and %d starts", many_starts), "",
    sprintf("%d seeds, k = 2, 3, 5, 8, 12 where there are at least 5 k rows.",
        length(seeds)),
    sprintf("`best`: the least NLE of %d starts and of all other fits; `hits`:",
        many_starts),
    "in how many of the seeds the default ended within 0.01 of it;",
    "`lone.hits`: the same with `nstart = 1`; `gap`, `lone.gap`: how far they",
    "ended above it;",
    "`starts`: how many the default made; `s.lone`, `s.default`: seconds;",
    "`cost`: the default's seconds in units of one start. Medians of seeds.",
    "", markdown(by_case), "",
    "Together, in percent of the fits; `better` and `worse`: than one start",
    "with the same seed, by more than 0.01; `cost.90`: 90th percentile.", "",
    markdown(totals))

# ---- Kinds ----------------------------------------------------------------

kinds <- do.call(rbind, lapply(studies, `[[`, "kinds"))
kinds <- aggregate(hit ~ kind, kinds, function(x) {
    c(mean = 100 * mean(x), some = 100 * mean(x > 0))
})
report("## Kinds of start", "",
    sprintf("Of %d starts for each table and k:", many_starts),
    "the percentage that ended at the best optimum, a mean",
    "over the tables and k, and the percentage of tables and k in which any",
    "start of the kind did. `resample` and `move` begin from the best fit so",
    "far.", "", markdown(data.frame(kind = kinds$kind,
        at.best = kinds$hit[, "mean"], any.at.best = kinds$hit[, "some"])))

# ---- Large tables ---------------------------------------------------------

# Components shared by all samples, unlike in simulate_sparse().
large <- function(n, k, spread) {
    set.seed(1)
    pieces <- sample.int(1e6, n / 10000)
    do.call(rbind, lapply(pieces, function(seed) {
        x <- simulate_counts(10000, 300, k, 1, spread = spread,
            depth = 500:2000, sample.seed = seed)
        storage.mode(x) <- "double"
        methods::as(x, "CsparseMatrix")
    }))
}
loadNamespace("Matrix")
sizes <- expand.grid(spread = c(0.4, 1), k = c(8L, 20L))
big <- do.call(rbind, Map(function(k, spread) {
    x <- large(200000, k, spread)
    fit <- function(...) suppressWarnings(dmn(x, k, seed = 1, ...,
        num.threads = 1))
    s_lone <- processor(lone <- fit(nstart = 1))
    s_default <- processor(default <- fit())
    data.frame(k = k, spread = spread, starts = nrow(starts(default)),
        lone = nle(lone), default = nle(default), s.lone = s_lone,
        s.default = s_default, cost = s_default / s_lone)
}, sizes$k, sizes$spread))
report("## Large tables", "",
    "200,000 simulated samples x 300 taxa, components close (0.4) and far (1):",
    "the default, whose starts are made on 20,000 samples, and one start on",
    "all.", "", markdown(big))

# ---- Twins: seeds and shuffles -------------------------------------------

# Fits with k = 1 to 10: their NLE, and the k and clusters chosen by Laplace.
twins_sweep <- function(x, seed) {
    fits <- lapply(1:10, dmn, count = x, seed = seed, num.threads = 1)
    best <- fits[[which.min(vapply(fits, laplace, 0))]]
    list(nle = vapply(fits, nle, 0), chosen = ncol(mixture(best)),
        clusters = mixture(best, assign = TRUE)[rownames(twins)])
}

by_seed <- suppressWarnings(parallel::mclapply(1:20, twins_sweep, x = twins,
    mc.cores = cores))
set.seed(1)
rows <- replicate(20, sample(nrow(twins)), simplify = FALSE)
by_shuffle <- suppressWarnings(parallel::mclapply(rows, function(i) {
    twins_sweep(twins[i, ], 1)
}, mc.cores = cores))
nles <- vapply(by_seed, `[[`, numeric(10), "nle")
chosen <- function(sweeps) {
    table <- table(vapply(sweeps, `[[`, 0L, "chosen"))
    paste0(names(table), " (", table, " times)", collapse = ", ")
}
same <- function(sweeps) {
    sum(vapply(sweeps, function(s) {
        identical(s$clusters, by_seed[[1]]$clusters)
    }, NA))
}
report("## Twins: seeds and shuffles", "",
    "k = 1 to 10: how many of 20 seeds ended within 0.01 of the best NLE of",
    "all, and how far the others were above it.", "",
    markdown(data.frame(k = 1:10, best = apply(nles, 1, min),
        seeds.at.best = as.integer(rowSums(nles - apply(nles, 1, min) < 0.01)),
        worst.gap = apply(nles, 1, max) - apply(nles, 1, min))), "",
    paste0("Best k by Laplace over 20 seeds: ", chosen(by_seed), ";"),
    paste0("over 20 shuffles of the samples with seed 1: ",
        chosen(by_shuffle), "."),
    sprintf("The same clusters as seed 1: %d of 20 seeds, %d of 20 shuffles.",
        same(by_seed), same(by_shuffle)), "", R.version.string)
if (!length(arguments)) writeLines(text)
