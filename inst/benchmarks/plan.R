# How long a fit takes and how much memory it needs: fits the constants of
# dmnplan(), and compares its plans with fits of tables that were not used for
# them. Times are those of the processor, on one thread.
#
#   Rscript inst/benchmarks/plan.R [OPTION...]
#
#   --only="fit;check"   what to do
#   --repeats=3          plans and fits of a table that is checked, in turns
#   --library=DIR        the library that dmmomp is in, if not a usual one
#
# "fit" prints the constants as R/dmnplan.R has them.
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(only = c("fit", "check"), repeats = 3, library = "",
    plot = "")
if (nzchar(arguments$library))
    .libPaths(c(arguments$library, .libPaths()))
stopifnot(requireNamespace("dmmomp"), requireNamespace("Matrix"))
plan <- asNamespace("dmmomp")

# A large sparse table whose samples are in a random order.
shuffled <- function(n, s, k, nonzeros, seed) {
    set.seed(seed)
    draw_large(n, large_mixture(s, k, nonzeros, seed))[sample.int(n), ]
}

# N, S and K vary, and the density through the totals.
train <- list(
    benchmark_set(c(2L, 5L), simulate_counts(2000, 200, 5, 1,
        depth = 700:1300)),
    benchmark_set(2:3, simulate_counts(4000, 200, 5, 2)),
    benchmark_set(8L, simulate_counts(4000, 200, 5, 3)),
    benchmark_set(c(4L, 9L), simulate_counts(10000, 100, 5, 4,
        depth = 700:1300)),
    benchmark_set(5L, simulate_counts(1500, 1600, 5, 5, depth = 700:1300)),
    benchmark_set(12L, simulate_counts(1500, 300, 10, 6, spread = 0.5)),
    benchmark_set(16L, simulate_counts(1500, 150, 16, 7)),
    benchmark_set(24L, simulate_counts(1000, 100, 10, 8, depth = 700:1300)),
    benchmark_set(c(2L, 4L), simulate_counts(3000, 300, 5, 9,
        depth = 10000:30000)),
    benchmark_set(c(2L, 6L), simulate_counts(6000, 400, 6, 10, depth = 50:100)),
    benchmark_set(c(2L, 4L), simulate_counts(250, 3000, 4, 11, shape = 0.1)),
    benchmark_set(c(2L, 5L), simulate_counts(200, 100, 5, 16)),
    benchmark_set(c(3L, 6L), simulate_counts(400, 60, 5, 17)),
    benchmark_set(3L, uniform_counts(5000, 40)),
    benchmark_set(6L, shuffled(20000, 400, 6, 30, 12)),
    benchmark_set(c(2L, 4L, 6L), shuffled(60000, 300, 4, 25, 13)))
train_finish <- list(
    benchmark_set(4L, shuffled(100000, 300, 4, 25, 14)),
    benchmark_set(8L, shuffled(100000, 500, 8, 40, 15)))

# Not used for the constants.
check <- list(
    benchmark_set(4L, read_twins()),
    benchmark_set(6L, simulate_counts(600, 700, 4, 51, shape = 0.2)),
    benchmark_set(4L, simulate_counts(15000, 120, 4, 52, depth = 2000:6000)),
    benchmark_set(7L, simulate_counts(2000, 350, 6, 53, spread = 0.7)),
    benchmark_set(5L, simulate_counts(9000, 450, 5, 54, depth = 150:500)),
    benchmark_set(12L, simulate_counts(4000, 100, 10, 55)),
    benchmark_set(8L, shuffled(30000, 600, 8, 50, 56)),
    benchmark_set(5L, shuffled(150000, 700, 5, 50, 57)))

processor <- function() sum(proc.time()[1:2])

settings <- function(agree, seed = 1L) {
    list(seed = seed, num.threads = 1L, optimizer = "newton",
        control = dmmomp::dmncontrol(agree = agree))
}

# A linear model with costs that are not negative, of relative errors.
fit_costs <- function(terms, seconds) {
    x <- terms / seconds
    scale <- colMeans(x)
    x <- sweep(x, 2L, scale, "/")
    found <- optim(rep(1 / ncol(x), ncol(x)), function(b) sum((x %*% b - 1)^2),
        function(b) drop(2 * crossprod(x, x %*% b - 1)), method = "L-BFGS-B",
        lower = 0, control = list(maxit = 10000, factr = 10))
    setNames(found$par / scale, colnames(terms))
}

# The processor's time of a call, in units of the small fit: the median of
# three, each of calls for a tenth of a second at least.
steady <- function(run) {
    median(vapply(1:3, function(i) {
        unit <- plan$.plan_unit()
        n <- 0
        begun <- processor()
        while (processor() - begun < 0.1) {
            run()
            n <- n + 1
        }
        (processor() - begun) / n / unit
    }, 0))
}

# The evaluations of so many starts.
starts_on <- function(counts, k, n) {
    table <- plan$.compress(plan$.as_counts(counts, allow.empty = TRUE), k,
        1L)$table
    on.exit(.Call(plan$R_dmm_table_free, table))
    plan$.call_fit(table, k, n, settings(Inf))$starts$evaluations
}

# Rows of the costs' data for a table: compressing it for one start and for
# several, and the starts for each k.
measure <- function(set) {
    counts <- set$make()
    size <- plan$.size_of_sample(counts, nrow(counts))
    size$cells <- if (is.matrix(counts)) prod(dim(counts)) else 0
    size$sample <- NULL
    whole <- plan$.part_of(size)
    compressed <- lapply(c(1L, 20L), function(nstart) {
        seconds <- steady(function() {
            table <- plan$.compress(plan$.as_counts(counts), max(set$k), 1L,
                nstart)
            .Call(plan$R_dmm_table_free, table$table)
        })
        c(plan$.compress_terms(whole, nstart > 1L), seconds = seconds)
    })
    started <- lapply(set$k, function(k) {
        table <- plan$.compress(plan$.as_counts(counts), k, 1L)$table
        made <- NULL
        seconds <- steady(function() made <<- plan$.call_fit(table, k, 7L,
            settings(Inf))$starts$evaluations)
        .Call(plan$R_dmm_table_free, table)
        c(plan$.evaluation_terms(whole, k), seconds = seconds /
            sum(made + plan$.plan_costs$start), k = k,
            level = plan$.level(made))
    })
    samples <- plan$.spaced(nrow(counts),
        plan$.pilot_samples(nrow(counts), ncol(counts)))
    starts <- lapply(set$k, function(k) {
        on_all <- starts_on(counts, k, 20L)
        on_some <- starts_on(counts[samples, ], k, 7L)
        c(first = mean(on_all[1:3]) / mean(on_all[-(1:3)]),
            pilot = plan$.level(on_some) / plan$.level(on_all))
    })
    list(compressed = do.call(rbind, compressed),
        started = do.call(rbind, started), starts = do.call(rbind, starts),
        features = c(each = size$entries / size$columns,
            features = size$features / size$columns))
}

# Evaluations on all samples after the starts on a part.
measure_finish <- function(set) {
    counts <- set$make()
    size <- plan$.part_of(plan$.size_of_sample(counts, nrow(counts)))
    table <- plan$.compress(plan$.as_counts(counts), set$k, 1L)$table
    unit <- plan$.plan_unit()
    end <- NULL
    control <- settings(3)
    .Call(plan$R_dmm_table_fit, table, set$k, 20L, NULL, NULL, NULL, FALSE, 1L,
        function(what, ...) if (what == "start") end <<- processor(), 1L,
        "newton", control$control, TRUE, NULL)
    (processor() - end) / unit /
        sum(plan$.plan_costs$evaluation * plan$.evaluation_terms(size, set$k))
}

print_costs <- function(name, costs) {
    cat(sprintf("%s <- c(%s)\n", name, paste(names(costs), "=",
        signif(costs, 3L), collapse = ", ")))
}

if ("fit" %in% arguments$only) {
    measured <- lapply(seq_along(train), function(i) {
        say("table %d of %d ...", i, length(train))
        measure(train[[i]])
    })
    gather <- function(what) do.call(rbind, lapply(measured, `[[`, what))
    compressed <- gather("compressed")
    n <- ncol(compressed)
    compress <- fit_costs(compressed[, -n], compressed[, n])
    started <- gather("started")
    n <- match("seconds", colnames(started))
    evaluation <- fit_costs(started[, seq_len(n - 1L)], started[, n])
    features <- log(gather("features"))
    heaps <- unname(coef(lm(features[, 2L] ~ features[, 1L])))
    typical <- unname(coef(lm(log(started[, "level"]) ~
        log(started[, "k"]))))
    print_costs(".plan_features", c(first = exp(heaps[1L]), growth = heaps[2L]))
    print_costs(".plan_typical", c(first = exp(typical[1L]),
        growth = typical[2L]))
    starts <- gather("starts")
    cat(sprintf(".plan_first <- %.2f\n", exp(mean(log(starts[, "first"])))))
    print_costs("compress", compress)
    print_costs("evaluation", evaluation)
    cat(sprintf("Evaluations of the pilot / of a fit: %.2f to %.2f\n",
        min(starts[, "pilot"]), max(starts[, "pilot"])))
    ratio <- function(terms, costs, seconds)
        range(terms %*% costs / seconds)
    cat(sprintf("Fitted / measured: compressing %.2f to %.2f, ",
        ratio(compressed[, names(compress)], compress,
            compressed[, "seconds"])[1L],
        ratio(compressed[, names(compress)], compress,
            compressed[, "seconds"])[2L]))
    cat(sprintf("an evaluation %.2f to %.2f\n",
        ratio(started[, names(evaluation)], evaluation,
            started[, "seconds"])[1L],
        ratio(started[, names(evaluation)], evaluation,
            started[, "seconds"])[2L]))
    # the costs of this run, for the last constant
    costs <- plan$.plan_costs
    costs$evaluation <- evaluation
    unlockBinding(".plan_costs", plan)
    assign(".plan_costs", costs, plan)
    cat("finish =", signif(mean(vapply(train_finish, measure_finish, 0)), 2L),
        "\n")
    machine()
}

# Plans and fits a table in a new process, and in another one for its peak.
# Returns expected and measured values.
run_check <- function(set, repeats) {
    data <- tempfile(fileext = ".rds")
    on.exit(unlink(data))
    saveRDS(set$make(), data)
    lines <- c("library(dmmomp); loadNamespace('Matrix')",
        "processor <- function() sum(proc.time()[1:2])",
        sprintf("x <- readRDS(%s)", dQuote(data, FALSE)),
        sprintf("k <- %dL", set$k),
        "plan <- asNamespace('dmmomp')",
        "if (nzchar(Sys.getenv('MALLOC_TRIM_THRESHOLD_'))) {",
        "    run <- function() dmn(x, k, num.threads = 1, seed = 1)",
        "    invisible(run()); invisible(gc())",
        "    cat('5', file = '/proc/self/clear_refs')",
        "    before <- memory('VmRSS')",
        "    invisible(run())",
        "    cat(2^20 * (memory('VmHWM') - before))",
        "    quit('no')",
        "}",
        sprintf("rows <- lapply(1:%d, function(i) {", as.integer(repeats)),
        "    t0 <- processor()",
        "    p <- dmnplan(x, k, num.threads = 1)",
        "    t1 <- processor()",
        "    counts <- plan$.as_counts(x)",
        "    table <- plan$.compress(counts, k, 1L)$table",
        "    t2 <- processor()",
        "    ends <- t2",
        "    fit <- .Call(plan$R_dmm_table_fit, table, k, 20L, NULL, NULL,",
        "        NULL, FALSE, i, function(what, ...)",
        "        if (what == 'start') ends <<- c(ends, processor()),",
        "        1L, 'newton', dmncontrol(agree = Inf), TRUE, NULL)",
        "    t3 <- processor()",
        "    s <- dmn(x, k, num.threads = 1, seed = i)",
        "    t4 <- processor()",
        "    made <- nrow(starts(s))",
        "    later <- if (p$most > p$least) (p$most - p$least) / 17 else 0",
        "    c(plan = t1 - t0, p$compress, t2 - t1, p$start,",
        "        (ends[21] - t2) / 20, made,",
        "        p$least + (made - 3) * later, t4 - t3, p$peak, 0,",
        "        p$evaluations, mean(fit$starts$evaluations[1:3]))",
        "})",
        "size <- attr(dmnplan(x, k, num.threads = 1), 'size')",
        "cat(size$samples, size$taxa, size$nonzeros,",
        "    apply(do.call(rbind, rows), 2, median))")
    got <- as.numeric(run_lines(lines))
    # glibc returns what is freed, so that a second fit shows what it takes
    got[13L] <- as.numeric(run_lines(lines, environment = c(
        "MALLOC_TRIM_THRESHOLD_=0", "MALLOC_MMAP_THRESHOLD_=4096")))
    got
}

if ("check" %in% arguments$only) {
    rows <- lapply(seq_along(check), function(i) {
        say("check %d of %d ...", i, length(check))
        got <- run_check(check[[i]], arguments$repeats)
        say("%s", paste(signif(got, 3L), collapse = " "))
        pair <- function(i, form) sprintf(paste(form, "/", form), got[i],
            got[i + 1L])
        data.frame(N = got[1L], S = got[2L], k = check[[i]]$k,
            density = sprintf("%.3f", got[3L] / got[1L] / got[2L]),
            "plan, s" = sprintf("%.2f", got[4L]),
            "compress, s" = pair(5L, "%.3f"),
            evaluations = pair(14L, "%.0f"),
            "start, s" = pair(7L, "%.3f"), starts = got[9L],
            "fit, s" = pair(10L, "%.2f"),
            "peak, MB" = sprintf("%.1f / %.1f", got[12L] / 1e6,
                got[13L] / 1e6),
            "start, ratio" = sprintf("%.2f", got[7L] / got[8L]),
            "fit, ratio" = sprintf("%.2f", got[10L] / got[11L]),
            "peak, ratio" = sprintf("%.2f", got[12L] / got[13L]),
            check.names = FALSE)
    })
    cat("Expected / measured.\n")
    markdown(do.call(rbind, rows))
    machine()
}
