# How good are the starts of dmn(nstart =)? The script asks:
# - Is dmn(nstart = 20) as good as the best of 20 seeds with nstart = 1, and how
#   long does it take?
# - Which kinds of start (see ?starts) find the best fit?
# - Does a start from the fit with k - 1 components help?
# - Do different seeds, and different orders of the samples, give the same fit?
#
#   Rscript inst/benchmarks/starts.R [FILE.md]
#
# The report goes to FILE.md, or is printed. The tables are Twins and some of
# the CRAN and Bioconductor packages vegan, phyloseq and metagenomeSeq, all of
# which are needed. Fits use one thread. Those with nstart = 1 are made on the
# table in its own order, as dmn() does. Seconds are of processor time, which
# other programs disturb less than elapsed time.
library(dmmomp)

values <- function(name, package) {
    where <- new.env()
    utils::data(list = name, package = package, envir = where)
    where[[name]]
}

phyloseq_counts <- function(name) {
    x <- values(name, "phyloseq")
    table <- methods::as(phyloseq::otu_table(x), "matrix")
    if (phyloseq::taxa_are_rows(x)) t(table) else table
}

metagenomeseq_counts <- function(name) {
    t(metagenomeSeq::MRcounts(values(name, "metagenomeSeq")))
}

# Keeps the taxa seen in at least `least` samples, and samples with counts.
clean <- function(x, least = 1) {
    x <- x[, colSums(x > 0) >= least, drop = FALSE]
    x <- x[rowSums(x) > 0, , drop = FALSE]
    storage.mode(x) <- "integer"
    x
}

suppressMessages({
    requireNamespace("phyloseq")
    requireNamespace("metagenomeSeq")
})
tables <- list(twins = twins,
    BCI = clean(as.matrix(values("BCI", "vegan"))),
    mite = clean(as.matrix(values("mite", "vegan"))),
    dune = clean(as.matrix(values("dune", "vegan"))),
    GlobalPatterns = clean(phyloseq_counts("GlobalPatterns"), 5),
    soilrep = clean(phyloseq_counts("soilrep"), 8),
    lungData = clean(metagenomeseq_counts("lungData"), 5),
    mouseData = clean(metagenomeseq_counts("mouseData"), 5))

processor <- function(expression) {
    sum(system.time(expression)[c("user.self", "sys.self")])
}

nle <- function(fit) goodnessOfFit(fit)[["NLE"]]

fit_starts <- getFromNamespace(".fit_starts", "dmmomp")
compress <- getFromNamespace(".compress", "dmmomp")

# The best of `nstart` starts on a compressed table: of the given kinds, or of
# the usual sequence.
starts_of <- function(table, k, seed, nstart = 20L, kinds = NULL,
    given = NULL, control = dmncontrol()) {
    suppressWarnings(fit_starts(table, k, as.integer(seed), FALSE, nstart, 1L,
        "newton", control, kinds = kinds, given = given))
}

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
file <- commandArgs(TRUE)
text <- "# Starts"
report <- function(...) {
    text <<- c(text, "", ...)
    if (length(file)) writeLines(text, file[[1]])
}

# ---- nstart = 20 and 20 seeds of the lone start --------------------------

masters <- 1:3

compare <- function(name, k) {
    x <- tables[[name]]
    fit <- function(...) suppressWarnings(dmn(x, k, ..., num.threads = 1))
    lone <- numeric()
    best <- numeric()
    time_lone <- median(replicate(3, processor(
        lone <<- vapply(1:20, function(s) nle(fit(seed = s)), 0))))
    time_best <- median(vapply(masters, function(s) {
        processor(best[s] <<- nle(fit(seed = s, nstart = 20)))
    }, 0))
    data.frame(table = name, samples = nrow(x), taxa = ncol(x), k = k,
        lone = min(lone), best = min(best), worst = max(best),
        gain = min(lone) - max(best), s.lone = time_lone,
        s.best = time_best)
}

cases <- expand.grid(k = c(2L, 3L, 5L, 8L), table = names(tables),
    stringsAsFactors = FALSE)
result <- do.call(rbind, Map(compare, cases$table, cases$k))
by_table <- do.call(rbind, lapply(names(tables), function(name) {
    r <- result[result$table == name, ]
    data.frame(table = name, least.gain = min(r$gain), s.lone = sum(r$s.lone),
        s.best = sum(r$s.best), worse = sum(r$gain < -0.01))
}))
report("Written by starts.R.", "",
    "## nstart = 20 and 20 seeds of the lone start", "",
    "`lone`: least NLE of seeds 1 to 20 with `nstart = 1`; `best`, `worst`:",
    "NLE of `nstart = 20` with seeds 1 to 3; `gain`: lone - worst, above 0",
    "where `nstart = 20` is better with each of them; `s.lone`, `s.best`:",
    "seconds of one processor for 20 lone fits, and for one fit with",
    "`nstart = 20`, the medians of three.", "", markdown(result), "",
    "Over the values of k:", "", markdown(by_table), "",
    sprintf("Worse in %d of %d rows, better by more than 0.01 in %d.",
        sum(result$gain < -0.01), nrow(result), sum(result$gain > 0.01)))

# ---- Kinds of start by themselves ----------------------------------------

# The NLE of the best of several fits, each from given labels.
from_labels <- function(table, k, labels) {
    min(vapply(labels, function(label) {
        nle(starts_of(table, k, 1, 1L, "given",
            diag(k)[label, , drop = FALSE]))
    }, 0))
}

random_labels <- function(n, k, seed) {
    set.seed(seed)
    lapply(1:20, function(i) sample(rep_len(seq_len(k), n)))
}

# Labels by Ward's clustering of Hellinger distances.
ward_labels <- function(x, k) {
    list(cutree(hclust(dist(sqrt(x / rowSums(x))), "ward.D2"), k))
}

# Labels for k components from a fit with k - 1: the component of least
# precision is split between two of its samples, drawn at random.
split_labels <- function(x, fit) {
    label <- mixture(fit, assign = TRUE)
    label <- as.integer(label)
    size <- tabulate(label, ncol(fitted(fit)))
    theta <- colSums(fitted(fit))
    worst <- which.min(ifelse(size > 1, theta, Inf))
    root <- sqrt(x / rowSums(x))
    members <- which(label == worst)
    two <- members[sample.int(length(members), 2)]
    near <- root[members, , drop = FALSE] %*% t(root[two, , drop = FALSE])
    label[members[near[, 2] > near[, 1]]] <- ncol(fitted(fit)) + 1L
    label[two[2]] <- ncol(fitted(fit)) + 1L
    label
}

# The NLE of the best fit from 20 runs of 5 EM iterations, each from a k-means
# start, of which the best 4 are continued to convergence.
short_runs <- function(table, k, seed) {
    short <- dmncontrol(max.iterations = 5)
    fits <- lapply(20 * seed + 1:20, function(s) {
        starts_of(table, k, s, 1L, "kmeans", control = short)
    })
    first <- order(vapply(fits, nle, 0))[1:4]
    min(vapply(fits[first], function(fit) {
        nle(starts_of(table, k, 1, 1L, "given", unname(mixture(fit))))
    }, 0))
}

# NLE and seconds of each kind of start by itself, on one table.
kinds_of <- function(name, k, seed) {
    x <- tables[[name]]
    table <- compress(x, k, 1L)
    fewer <- starts_of(table, k - 1L, seed)
    one_kind <- function(kind) {
        nle(starts_of(table, k, seed, kinds = rep(kind, 20)))
    }
    try <- list(usual = function() nle(starts_of(table, k, seed)),
        kmeans = function() one_kind("kmeans"),
        seeds = function() one_kind("seeds"),
        labels = function() one_kind("labels"),
        plain = function() {
            from_labels(table, k, random_labels(nrow(x), k, seed))
        },
        ward = function() from_labels(table, k, ward_labels(x, k)),
        split = function() {
            set.seed(seed)
            from_labels(table, k,
                replicate(20, split_labels(x, fewer), simplify = FALSE))
        },
        short = function() short_runs(table, k, seed))
    do.call(rbind, lapply(names(try), function(kind) {
        best <- Inf
        time <- processor(best <- try[[kind]]())
        data.frame(kind = kind, table = name, k = k, seed = seed, nle = best,
            s = time)
    }))
}

# Without the widest table, which takes as long as all others.
narrower <- setdiff(names(tables), "GlobalPatterns")
some <- expand.grid(seed = masters, k = c(3L, 5L, 8L), table = narrower,
    stringsAsFactors = FALSE)
kinds <- do.call(rbind, Map(kinds_of, some$table, some$k, some$seed))
known <- result[match(paste(kinds$table, kinds$k),
    paste(result$table, result$k)), ]
least <- pmin(known$best, known$lone,
    ave(kinds$nle, kinds$table, kinds$k, FUN = min))
kinds$gap <- kinds$nle - least
kinds$kind <- factor(kinds$kind, unique(kinds$kind))
each <- aggregate(cbind(gap, s) ~ kind + k + table, kinds, median)
each$cell <- sprintf("%.1f (%.2f s)", each$gap, each$s)
wide <- reshape(each[c("kind", "k", "table", "cell")], direction = "wide",
    idvar = c("table", "k"), timevar = "kind")
names(wide) <- sub("^cell[.]", "", names(wide))
summary_of <- do.call(rbind, lapply(levels(kinds$kind), function(kind) {
    r <- kinds[kinds$kind == kind, ]
    data.frame(kind = kind, fits = nrow(r), at.best = sum(r$gap < 0.01),
        median.gap = median(r$gap), worst.gap = max(r$gap),
        seconds = sum(r$s), best.per.second = sum(r$gap < 0.01) / sum(r$s))
}))
report("## Kinds by themselves", "",
    "How far the best of 20 starts of one kind is above the best known NLE,",
    "and seconds: medians of three seeds. `usual`: the sequence of `nstart`;",
    "`kmeans`, `seeds`, `labels`: see `?starts`; `plain`: random labels",
    "without annealing; `ward`: one start from Ward's clustering of Hellinger",
    "distances; `split`: the component of least precision of the best fit with",
    "k - 1, divided between two of its samples (that fit's time is not",
    "counted); `short`: 20 runs of 5 EM iterations from `kmeans`, the best 4",
    "continued. Without GlobalPatterns, which takes as long as all others.",
    "", markdown(wide[c("table", "k", levels(kinds$kind))]), "",
    "Over all of them; `at.best`: fits within 0.01 of the best known. `ward`",
    "is one start, the same for each seed, and needs the distances of all",
    "pairs of samples; no other kind is better per second than `usual`.", "",
    markdown(summary_of))

# ---- From k - 1 to k -----------------------------------------------------

# Fits with k = 2 to 8 and nstart = 20. If `warm`, the fourth start of each
# begins from the fit with one component less.
sweep_of <- function(name, seed, warm) {
    x <- tables[[name]]
    table <- compress(x, 8L, 1L)
    usual <- starts(starts_of(table, 2L, seed))$kind
    set.seed(seed)
    fit <- starts_of(table, 1L, seed)
    best <- numeric()
    time <- processor(for (k in 2:8) {
        kinds <- if (warm) replace(usual, 4, "given")
        fit <- starts_of(table, k, seed, kinds = kinds, given = if (warm)
            diag(k)[split_labels(x, fit), , drop = FALSE])
        best <- c(best, nle(fit))
    })
    data.frame(table = name, seed = seed, k = 2:8, nle = best, s = time / 7)
}

sweeps <- expand.grid(seed = masters, table = narrower,
    stringsAsFactors = FALSE)
cold <- do.call(rbind, Map(sweep_of, sweeps$table, sweeps$seed, FALSE))
warm <- do.call(rbind, Map(sweep_of, sweeps$table, sweeps$seed, TRUE))
gain <- cold$nle - warm$nle
warmth <- do.call(rbind, lapply(narrower, function(name) {
    on <- cold$table == name
    data.frame(table = name, fits = sum(on), better = sum(gain[on] > 0.01),
        worse = sum(gain[on] < -0.01), mean.gain = mean(gain[on]),
        s.cold = sum(cold$s[on]), s.warm = sum(warm$s[on]))
}))
report("## From k - 1 to k", "",
    "Sweeps of k = 2 to 8, `nstart = 20`, three seeds, with the fourth start",
    "of each fit from the fit with one component less (`split` above), and",
    "without: fits that it made better and worse, the mean gain in NLE, and",
    "seconds. Without GlobalPatterns.", "", markdown(warmth), "",
    sprintf("Better in %d of %d fits, worse in %d. Sign test: p = %.2f.",
        sum(warmth$better), sum(warmth$fits), sum(warmth$worse),
        binom.test(sum(warmth$better),
            max(1, sum(warmth$better + warmth$worse)))$p.value),
    "`dmnselect()` makes no such starts: its fits are those of `dmn()`.")

# ---- Twins: seeds and shuffles -------------------------------------------

# Fits with k = 1 to 10: their NLE, and the k and clusters chosen by Laplace.
twins_sweep <- function(x, seed) {
    fits <- lapply(1:10, dmn, count = x, seed = seed, nstart = 20,
        num.threads = 1)
    best <- fits[[which.min(vapply(fits, laplace, 0))]]
    list(nle = vapply(fits, nle, 0), chosen = ncol(mixture(best)),
        clusters = mixture(best, assign = TRUE)[rownames(twins)])
}

by_seed <- suppressWarnings(lapply(1:20, twins_sweep, x = twins))
set.seed(1)
by_shuffle <- suppressWarnings(lapply(1:20, function(i) {
    twins_sweep(twins[sample(nrow(twins)), ], 1)
}))
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
    "k = 1 to 10, `nstart = 20`: how many of 20 seeds ended within 0.01 of the",
    "best NLE of all of them, and how far the others were above it.", "",
    markdown(data.frame(k = 1:10, best = apply(nles, 1, min),
        seeds.at.best = as.integer(rowSums(nles - apply(nles, 1, min) < 0.01)),
        worst.gap = apply(nles, 1, max) - apply(nles, 1, min))), "",
    paste0("Best k by Laplace over 20 seeds: ", chosen(by_seed), ";"),
    paste0("over 20 shuffles of the samples with seed 1: ",
        chosen(by_shuffle), "."),
    sprintf("The same clusters as seed 1: %d of 20 seeds, %d of 20 shuffles.",
        same(by_seed), same(by_shuffle)), "", R.version.string)
if (!length(file)) writeLines(text)
