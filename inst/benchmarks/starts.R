# Is the best of 20 starts of dmn(nstart = 20) as good as the best of 20 seeds
# of the lone start, and in what time? And which kinds of start find the best?
#
#   Rscript inst/benchmarks/starts.R [FILE.md]
#
# Tables from the CRAN and Bioconductor packages vegan, phyloseq and
# metagenomeSeq, and Twins. One thread. Lone starts are made on the table in its
# own order, as dmn(nstart = 1) does.
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

# Taxa seen in at least `least` samples, samples with counts.
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

seconds <- function(expression) system.time(expression)[["elapsed"]]

nle <- function(fit) goodnessOfFit(fit)[["NLE"]]

compare <- function(name, k) {
    x <- tables[[name]]
    lone <- Inf
    time_lone <- seconds(for (seed in 1:20)
        lone <- min(lone, nle(dmn(x, k, seed = seed, num.threads = 1))))
    time_best <- seconds(fit <- dmn(x, k, seed = 1, nstart = 20,
        num.threads = 1))
    table <- starts(fit)
    data.frame(table = name, samples = nrow(x), taxa = ncol(x), k = k,
        lone = lone, best = nle(fit), gain = lone - nle(fit),
        s.lone = time_lone, s.best = time_best,
        found = sum(table$best), by = table$kind[which.min(table$NLE)])
}

markdown <- function(x) {
    x[] <- lapply(x, function(column) {
        if (is.double(column)) sprintf("%.2f", column) else column
    })
    row <- function(cells) paste0("| ", paste(cells, collapse = " | "), " |")
    c(row(names(x)), row(rep("---", ncol(x))), apply(x, 1, row))
}

cases <- expand.grid(k = c(2L, 3L, 5L, 8L), table = names(tables),
    stringsAsFactors = FALSE)
result <- suppressWarnings(do.call(rbind,
    Map(compare, cases$table, cases$k)))

# ---- Kinds of start by themselves ----------------------------------------

# 20 starts of one kind, or of the usual sequence (`kind` NULL); those from
# given labels one by one. Best NLE and seconds.
fit_starts <- getFromNamespace(".fit_starts", "dmmomp")
compress <- getFromNamespace(".compress", "dmmomp")

of_kind <- function(table, k, kind) {
    best <- Inf
    time <- seconds(best <- nle(fit_starts(table, k, 1L, FALSE, 20L, 1L,
        "newton", dmncontrol(), kinds = if (!is.null(kind)) rep(kind, 20))))
    c(best, time)
}

from_labels <- function(table, k, labels) {
    best <- Inf
    time <- seconds(for (label in labels)
        best <- min(best, nle(fit_starts(table, k, 1L, FALSE, 1L, 1L, "newton",
            dmncontrol(), kinds = "given",
            given = diag(k)[label, , drop = FALSE]))))
    c(best, time)
}

# Random hard labels, and Ward's clustering of Hellinger distances.
random_labels <- function(n, k) {
    set.seed(1)
    lapply(1:20, function(i) sample(rep_len(seq_len(k), n)))
}

ward_labels <- function(x, k) {
    list(cutree(hclust(dist(sqrt(x / rowSums(x))), "ward.D2"), k))
}

kinds_of <- function(name, k) {
    x <- tables[[name]]
    table <- compress(x, k, 1L)
    value <- rbind(usual = of_kind(table, k, NULL),
        kmeans = of_kind(table, k, "kmeans"),
        seeds = of_kind(table, k, "seeds"),
        labels = of_kind(table, k, "labels"),
        plain = from_labels(table, k, random_labels(nrow(x), k)),
        ward = from_labels(table, k, ward_labels(x, k)))
    above <- sprintf("%.1f (%.2f s)", value[, 1] - min(value[, 1]), value[, 2])
    names(above) <- rownames(value)
    data.frame(table = name, k = k, t(above))
}

# without the widest, whose fits from random labels take minutes
some <- cases[cases$k == 3L & cases$table != "GlobalPatterns", ]
kinds <- suppressWarnings(do.call(rbind,
    Map(kinds_of, some$table, some$k)))

file <- commandArgs(TRUE)
text <- c("# Twenty starts", "",
    "Written by starts.R. `lone`: least NLE of 20 seeds of the lone start",
    "(`nstart = 1`); `best`: NLE of `nstart = 20`; `gain`: lone - best, above",
    "0 where `nstart = 20` is better; `s.lone`, `s.best`: seconds, one thread;",
    "`found`: starts that ended at the best optimum; `by`: the kind of the",
    "best one.", "", markdown(result), "",
    sprintf(paste("Never worse: %s (%d of %d better by more than 0.01).",
        "Seconds in all: %.1f for the lone starts, %.1f for nstart = 20."),
        all(result$gain > -0.01), sum(result$gain > 0.01), nrow(result),
        sum(result$s.lone), sum(result$s.best)), "",
    "## Kinds by themselves", "",
    "How far the best of 20 starts of one kind is above the best of this row,",
    "and seconds. `usual`: the sequence of `nstart`; `kmeans`, `seeds`,",
    "`labels`: see `?starts`; `plain`: random labels without annealing;",
    "`ward`: one start from Ward's clustering of Hellinger distances.", "",
    markdown(kinds), "",
    R.version.string)
if (length(file)) writeLines(text, file[[1]]) else writeLines(text)
