# What are markers worth? The script compares dmnselect(markers = "select") with
# classic fits in three parts:
# - simulation: tables whose types differ in a share of the taxa. Which k does
#   the Laplace criterion choose, are the types found, and the markers?
# - tables: the held-out log-likelihood of public tables, and the time.
# - levels: the held-out log-likelihood of public tables where the background
#   may have several levels.
#
#   Rscript inst/benchmarks/markers.R > markers.md
#
# Options, with their defaults (several values are separated by semicolons):
#   --parts=simulation;tables;levels
#   --samples=50;150;500 --taxa=100;500;2000 --shares=0.05;0.2;1 --types=1;2;4;6
#   --models=dm;logistic-normal;two-precisions --repetitions=20
#   --nstart=20 --cores=1
#   --rows=FILE.csv   keeps the results of the simulated tables. Tables that it
#                     has are not simulated again, so that the study can be made
#                     in pieces: without repetitions it is only reported.
#   --tables=twins;BCI;mite;dune;family;soilrep;lungData;mouseData
#
# `shares` are of informative taxa. The models other than dm have one type. The
# public tables are of dmmomp, vegan, phyloseq and metagenomeSeq. Seconds are of
# processor time. The whole grid was run in pieces, with --nstart=5 (markers.md).
suppressMessages(library(dmmomp))
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
source(file.path(benchmark_folder, "public.R"))
options <- read_arguments(parts = c("simulation", "tables", "levels"),
    samples = c(50L, 150L, 500L), taxa = c(100L, 500L, 2000L),
    shares = c(0.05, 0.2, 1), types = c(1L, 2L, 4L, 6L),
    models = c("dm", "logistic-normal", "two-precisions"), repetitions = 20L,
    nstart = 20L, cores = 1L, rows = "",
    tables = c("twins", "BCI", "mite", "dune", "family", "soilrep",
        "lungData", "mouseData"), plot = "")

processor <- function(expression) {
    sum(system.time(expression)[c("user.self", "sys.self")])
}

# Warnings that the best k is the first or the last are expected here.
select <- function(x, k, markers = NULL) {
    suppressWarnings(dmnselect(x, k, nstart = options$nstart, seed = 1,
        num.threads = 1, markers = markers))
}

rounded <- function(x, digits) {
    number <- vapply(x, is.double, NA)
    x[number] <- lapply(x[number], round, digits)
    x
}

# ---- Simulation --------------------------------------------------------------

reads <- 2000:5000
precision <- 60
log_fold <- log(3)

# list(x, type, informative) of n samples of k types. A share of the taxa, drawn
# at random whatever their abundance, is multiplied by exp(normal) in each type.
# The models of one type are
# - logistic-normal: all log proportions vary with standard deviation 1;
# - two-precisions: two groups of taxa, whose shares of the reads vary as in a
#   Dirichlet of precision 60, and within which the precisions are 120 and 15.
simulate_types <- function(model, n, s, share, k, seed) {
    set.seed(seed)
    base <- rgamma(s, 0.3)
    informative <- seq_len(s) %in% if (k > 1)
        sample(s, max(1, round(share * s)))
    alpha <- vapply(seq_len(k), function(i) {
        p <- base * ifelse(informative, exp(rnorm(s, 0, log_fold)), 1)
        precision * p / sum(p)
    }, numeric(s))
    group <- sample(rep_len(1:2, s))
    dirichlet <- function(a) {
        p <- rgamma(length(a), a)
        if (sum(p) > 0) p / sum(p) else a / sum(a)
    }
    draw <- list(dm = function(a) dirichlet(a),
        "logistic-normal" = function(a) a * exp(rnorm(s)),
        "two-precisions" = function(a) {
            size <- rowsum(a, group)[, 1]
            part <- dirichlet(size)
            for (g in 1:2) {
                a[group == g] <- part[[g]] *
                    dirichlet(c(120, 15)[[g]] * a[group == g] / size[[g]])
            }
            a
        })[[model]]
    type <- sample(k, n, TRUE)
    x <- t(vapply(type, function(i) {
        rmultinom(1, sample(reads, 1), draw(alpha[, i]))[, 1]
    }, integer(s)))
    seen <- colSums(x) > 0
    list(x = x[, seen], type = type, informative = informative[seen])
}

# The adjusted Rand index of Hubert and Arabie; 1 if both have one group.
adjusted_rand <- function(a, b) {
    pairs <- function(n) sum(n * (n - 1) / 2)
    both <- table(a, b)
    rows <- pairs(rowSums(both))
    columns <- pairs(colSums(both))
    chance <- rows * columns / pairs(length(a))
    if (rows + columns == 2 * chance) return(1)
    (pairs(both) - chance) / ((rows + columns) / 2 - chance)
}

# Laplace and the log of the number of sets of as many markers.
score <- function(fit) laplace(fit) + log_sets(fit)

# A row for each method. The sweeps are over k up to two more than there are.
study <- function(case) {
    d <- simulate_types(case$model, case$n, case$s, case$share, case$k,
        case$repetition)
    common <- colMeans(d$x > 0) >= 0.5
    one <- function(method, x, fit, seconds, marked = FALSE) {
        row <- data.frame(case, method = method, chosen = ncol(mixture(fit)),
            rand = adjusted_rand(mixture(fit, assign = TRUE), d$type),
            laplace = laplace(fit), by.score = NA, markers = NA,
            precision = NA, recall = NA, recall.reads = NA, seconds = seconds)
        if (marked) {
            found <- seq_len(ncol(x)) %in% match(markers(fit)$taxon,
                colnames(x))
            both <- found & d$informative
            row$markers <- sum(found)
            row$precision <- sum(both) / sum(found)
            row$recall <- sum(both) / sum(d$informative)
            row$recall.reads <- sum(x[, both]) / sum(x[, d$informative])
        }
        row
    }
    colnames(d$x) <- paste0("t", seq_len(ncol(d$x)))
    k <- seq_len(case$k + 2L)
    seconds <- c(processor(classic <- select(d$x, k)),
        processor(marked <- select(d$x, k, "select")),
        processor(few <- select(d$x[, common, drop = FALSE], k)))
    rows <- rbind(one("classic", d$x, best(classic), seconds[[1]]),
        one("markers", d$x, best(marked), seconds[[2]], TRUE),
        one("prevalence", d$x, best(few), seconds[[3]]))
    rows$by.score[[2]] <- which.min(vapply(marked, score, numeric(1)))
    rows
}

# The cases, by repetition, so that a study that is stopped has all of them.
simulation_cases <- function() {
    cases <- expand.grid(share = options$shares, k = options$types,
        s = options$taxa, n = options$samples, model = options$models,
        repetition = seq_len(options$repetitions), stringsAsFactors = FALSE)
    cases$share[cases$k == 1] <- 0
    cases <- unique(cases)
    cases[cases$model == "dm" | cases$k == 1,
        c("model", "n", "s", "share", "k", "repetition")]
}

case_names <- function(x) {
    do.call(paste, x[c("model", "n", "s", "share", "k", "repetition")])
}

simulated_rows <- function() {
    cases <- simulation_cases()
    file <- options$rows
    done <- if (file.exists(file)) read.csv(file)
    if (!is.null(done))
        cases <- cases[!case_names(cases) %in% case_names(done), ]
    new <- parallel::mclapply(seq_len(nrow(cases)), function(i) {
        rows <- study(cases[i, ])
        if (nzchar(file))
            write.table(rows, file, sep = ",", row.names = FALSE,
                append = file.exists(file), col.names = !file.exists(file))
        rows
    }, mc.cores = options$cores, mc.preschedule = FALSE)
    rbind(done, do.call(rbind, new))
}

# A row for each method and value of the columns `by`.
summary_of <- function(rows, by) {
    groups <- split(rows, rows[c("method", rev(by))], drop = TRUE)
    rounded(do.call(rbind, c(make.row.names = FALSE,
        lapply(groups, function(r) {
            data.frame(r[1, by, drop = FALSE], method = r$method[[1]],
                tables = nrow(r), right = 100 * mean(r$chosen == r$k),
                fewer = 100 * mean(r$chosen < r$k),
                more = 100 * mean(r$chosen > r$k),
                right.score = 100 * mean(r$by.score == r$k),
                rand = mean(r$rand),
                precision = mean(r$precision), recall = mean(r$recall),
                recall.reads = mean(r$recall.reads),
                seconds = median(r$seconds))
        }))), 2)
}

# The classic rows, with what the same tables gain by markers.
against_classic <- function(rows) {
    classic <- rows[rows$method == "classic", ]
    other <- rows[rows$method == "markers", ]
    other <- other[match(case_names(classic), case_names(other)), ]
    classic$gain <- other$rand - classic$rand
    classic$evidence <- classic$laplace - other$laplace
    classic
}

compare_with_classic <- function(rows, by) {
    pairs <- against_classic(rows)
    rounded(do.call(rbind, c(make.row.names = FALSE,
        lapply(split(pairs, pairs[rev(by)], drop = TRUE), function(r) {
            data.frame(r[1, by, drop = FALSE], tables = nrow(r),
                rand.gain = mean(r$gain), se = sd(r$gain) / sqrt(nrow(r)),
                better = sum(r$gain > 0.05), worse = sum(r$gain < -0.05),
                evidence.better = sum(r$evidence > 0.01),
                evidence.worse = sum(r$evidence < -0.01))
        }))), 3)
}

report_simulation <- function(rows) {
    cat("## Simulated tables\n\n")
    cat("`right`, `fewer`, `more`: percent of the tables in which Laplace",
        "chose the\ntrue k, fewer or more, of 1 to two more than the true k.",
        "`right.score`: the same\nfor Laplace and the log of the number of",
        "sets of markers. `rand`: mean adjusted Rand\nindex with the types.",
        "`precision`, `recall`: of the",
        "markers as informative taxa;\n`recall.reads`: the share of the",
        "informative taxa's reads that markers have.\n`prevalence`: the",
        "classic fit to the taxa in at least half of the samples.\n`seconds`:",
        "median of the whole sweep.\n")
    cat("\n### One type\n")
    columns <- c("model", "n", "s", "method", "tables", "right", "more",
        "right.score", "seconds")
    one <- rows[rows$k == 1, ]
    markdown(summary_of(one, "model")[columns[-(2:3)]])
    markdown(summary_of(one, c("model", "n", "s"))[columns])
    many <- rows[rows$k > 1, ]
    for (by in c("k", "n", "s", "share")) {
        cat("\n### Several types: by", by, "\n")
        markdown(summary_of(many, by))
    }
    cat("\n### Several types: by k, n and share\n")
    markdown(summary_of(many, c("k", "n", "share")))
    cat("\n### Markers against classic\n\n")
    cat("The adjusted Rand index with markers minus that of the classic fit,",
        "with its\nstandard error, the numbers of tables in which it is larger",
        "or smaller by more\nthan 0.05, and in which the Laplace criterion of",
        "the chosen fit is better or\nworse.\n")
    markdown(compare_with_classic(many, "share"))
    markdown(compare_with_classic(many, c("share", "k", "n")))
}

# ---- Public tables -----------------------------------------------------------

# GlobalPatterns by family; taxa whose family is not known are left out.
family_counts <- function() {
    rank <- values("GlobalPatterns", "phyloseq")@tax_table@.Data[, 1:5]
    known <- !is.na(rank[, 5])
    x <- phyloseq_counts("GlobalPatterns")[, known]
    t(rowsum(t(x), apply(rank[known, ], 1, paste, collapse = ";")))
}

public_tables <- function() {
    make <- list(twins = function() clean(twins),
        BCI = function() clean(values("BCI", "vegan")),
        mite = function() clean(values("mite", "vegan")),
        dune = function() clean(values("dune", "vegan")),
        family = function() clean(family_counts()),
        soilrep = function() clean(phyloseq_counts("soilrep"), 3),
        lungData = function() clean(metagenomeseq_counts("lungData"), 8),
        mouseData = function() clean(metagenomeseq_counts("mouseData"), 14))
    suppressMessages({
        requireNamespace("phyloseq")
        requireNamespace("metagenomeSeq")
    })
    lapply(make[options$tables], function(f) f())
}

held_out <- function(x, markers = NULL, k = 1:6, control = dmncontrol()) {
    attr(dmnperplexity(x, k, folds = 5, nstart = options$nstart, seed = 1,
        num.threads = 1, markers = markers, control = control),
        "sample.loglik")
}

# The log of the number of sets with as many markers, in nats. The Laplace
# criterion plus this takes all sizes, and all sets of one size, as equally
# likely before the data are seen, as the extended BIC of Chen and Chen (2008)
# does.
log_sets <- function(fit) lchoose(nrow(fitted(fit)), nrow(markers(fit)))

# A row of the report for one table.
compare_table <- function(name, x) {
    say("%s: %d x %d", name, nrow(x), ncol(x))
    seconds <- c(processor(classic <- select(x, 1:6)),
        processor(marked <- select(x, 1:6, "select")))
    k <- c(ncol(mixture(best(classic))), ncol(mixture(best(marked))))
    scores <- list(held_out(x), held_out(x, "select"))
    chosen <- Map(function(s, k) s[, as.character(k)], scores, k)
    top <- lapply(scores, function(s) s[, which.max(colMeans(s))])
    se <- function(d) sd(d) / sqrt(length(d))
    lone <- processor(dmn(x, k[[2]], nstart = 1, seed = 1, num.threads = 1))
    one <- processor(dmn(x, k[[2]], nstart = options$nstart, seed = 1,
        num.threads = 1))
    markers <- processor(dmn(x, k[[2]], nstart = options$nstart, seed = 1,
        num.threads = 1, markers = "select"))
    list(fit = data.frame(table = name, samples = nrow(x), taxa = ncol(x),
        k = k[[1]], k.markers = k[[2]],
        markers = nrow(markers(best(marked))), laplace = laplace(best(classic)),
        laplace.gain = laplace(best(classic)) - laplace(best(marked)),
        laplace.gain.1 = laplace(classic[["1"]]) - laplace(marked[["1"]]),
        log.sets = log_sets(best(marked))),
        held = data.frame(table = name, classic = mean(chosen[[1]]),
            gain = mean(chosen[[2]] - chosen[[1]]),
            se = se(chosen[[2]] - chosen[[1]]),
            k.best = which.max(colMeans(scores[[1]])),
            k.best.markers = which.max(colMeans(scores[[2]])),
            best.gain = mean(top[[2]] - top[[1]]),
            best.se = se(top[[2]] - top[[1]]),
            gain.1 = mean(scores[[2]][, "1"] - scores[[1]][, "1"]),
            se.1 = se(scores[[2]][, "1"] - scores[[1]][, "1"])),
        types = data.frame(table = name,
            classic = mean(chosen[[1]] - scores[[1]][, "1"]),
            se = se(chosen[[1]] - scores[[1]][, "1"]),
            markers = mean(chosen[[2]] - scores[[2]][, "1"]),
            markers.se = se(chosen[[2]] - scores[[2]][, "1"])),
        time = data.frame(table = name, seconds = seconds[[1]],
            seconds.markers = seconds[[2]],
            cost.sweep = seconds[[2]] / seconds[[1]],
            cost = markers / one, cost.lone = markers / lone))
}

report_tables <- function(tables) {
    rows <- Map(compare_table, names(tables), tables)
    table_of <- function(part, digits) {
        markdown(rounded(do.call(rbind, c(make.row.names = FALSE,
            lapply(unname(rows), `[[`, part))), digits))
    }
    cat("## Public tables\n\n")
    cat("`k` is chosen by Laplace from 1 to 6, without and with markers.",
        "`laplace.gain`: how\nmuch lower the criterion is with markers.",
        "`laplace.gain.1`: the same with k = 1\nin both, which is what two",
        "branches are worth where no types are told",
        "apart.\n`log.sets`: the log of the number of sets of as many markers.",
        "\n")
    table_of("fit", 1)
    cat("Five-fold held-out log-likelihood in nats per sample. `classic`: of",
        "the classic\nfit with the k above; `gain`: how much larger it is with",
        "markers and their k,\nwith the standard error of the paired",
        "differences. `best.gain`: the same for the\nk that are best by the",
        "held-out log-likelihood itself. `gain.1`: of k = 1 with\nmarkers",
        "over k = 1 without.\n")
    table_of("held", 2)
    cat("What more than one type is worth: held-out log-likelihood of the k",
        "chosen by\nLaplace minus that of k = 1, of classic fits and of fits",
        "with markers.\n")
    table_of("types", 2)
    cat("Seconds of the sweep over k = 1 to 6, and what it costs with markers",
        "in units of\nthe classic one. `cost`, `cost.lone`: one fit with",
        "markers and `k.markers`, in\nclassic fits with the same `nstart`, and",
        "with `nstart = 1`.\n")
    table_of("time", 2)
}

# ---- Levels ------------------------------------------------------------------

# Held-out log-likelihoods, samples x levels, with the k that Laplace chooses.
# The markers do not depend on the levels.
level_scores <- function(name, x) {
    k <- ncol(mixture(best(select(x, 1:6, "select"))))
    say("%s: k = %d", name, k)
    scores <- vapply(1:4, function(n) {
        held_out(x, "select", k, dmncontrol(background.levels = n))[, 1]
    }, numeric(nrow(x)))
    scores[, -1] - scores[, 1]
}

report_levels <- function(tables) {
    cat("## Levels\n\n")
    cat("Five-fold held-out log-likelihood, nats per sample, of a background",
        "of up to two,\nthree and four levels, minus that of one (standard",
        "error). `wins`: tables with a\ngain; `clear wins`, `clear losses`:",
        "by more than twice its standard error.\n")
    gains <- Map(level_scores, names(tables), tables)
    mean_of <- vapply(gains, colMeans, numeric(3))
    se_of <- vapply(gains, function(d) apply(d, 2, sd) / sqrt(nrow(d)),
        numeric(3))
    cells <- sprintf("%.2f (%.2f)", mean_of, se_of)
    cells <- matrix(cells, nrow(mean_of), dimnames = list(NULL, names(tables)))
    markdown(data.frame(levels = c("two", "three", "four"), cells,
        wins = rowSums(mean_of > 0), clear.wins = rowSums(mean_of > 2 * se_of),
        clear.losses = rowSums(mean_of < -2 * se_of), check.names = FALSE))
}

cat("# Markers\n\nWritten by markers.R.\n\n")
if ("simulation" %in% options$parts) report_simulation(simulated_rows())
if (any(c("tables", "levels") %in% options$parts)) {
    tables <- public_tables()
    if ("tables" %in% options$parts) report_tables(tables)
    if ("levels" %in% options$parts) report_levels(tables)
}
machine()
