# Expected time and memory of a fit, before it is made.

#' Time and memory that a fit will take
#'
#' Says what [dmn()] or [dmnselect()] will take, before they are called: seconds
#' for compressing the table, for a start and for the whole fit, and bytes at
#' the peak.
#'
#' @details
#' **Table or dimensions.** Of a table, samples, taxa and counts above 0 are
#' found out, and a *pilot* is made: up to 7 starts for each `k` on 1,000 to
#' 4,000 of the samples. They show how long an iteration of EM takes, and how
#' many a start takes, which depends on the data more than on anything else:
#' overlapping components, or more of them than there are types, take ten times
#' as many as clear ones. Starts are not alike: those of a fit of three may take
#' three times as long, or as short, as the average. The pilot takes about a
#' tenth of the time of a fit, less for large tables, and more if there are
#' nearly as many components as samples in it. Samples without counts, which
#' [dmn()] refuses, are left out. If
#' only the dimensions are given, the number of iterations and the number of
#' different counts are those of simulated tables, and times may be wrong by a
#' factor of 5.
#'
#' A DelayedMatrix, or a list of blocks, is not read as a whole: counts above 0
#' and the different counts of each taxon are those of the samples of the pilot,
#' which are taken from eight places of the table, or from each block. Reading
#' the file is not part of the times. A function that returns blocks could be
#' read only once: give the dimensions.
#'
#' **Times** are the costs of a linear model: of an iteration for each count
#' above 0 and each different count of a taxon, once and times the number of
#' components, which is rounded up to 1, 2, 4 or a multiple of 8.
#' The costs of starts are in units of the pilot, and others, or all without a
#' table, of a small fit that is made at each call for a tenth of a second, so
#' that they hold for other machines, and for one that is idle otherwise. A
#' second thread and those after it are taken to be worth 0.9 of the first.
#' `inst/benchmarks/plan.R` in the package's sources fits the costs, and
#' compares them with fits of other sizes (`plan.md`).
#'
#' **Memory** is computed from the engine's data structures, without the 2 MB or
#' so of R's own objects. It is what is added to the table that is already in
#' memory, and includes the packed counts of a table that is read in blocks.
#'
#' Fits with `markers` or `formula` take more of both, and are not covered.
#'
#' @param count counts, samples x taxa, in any of the forms that [dmn()] takes
#'     but a function; or `c(samples, taxa)`, the dimensions of a table.
#' @param k whole numbers from 1 to the number of samples, all different: the
#'     numbers of components to fit.
#' @param nstart `numeric(1)`, a whole number >= 1, default 20: the largest
#'     number of starts, see [starts()].
#' @param num.threads `numeric(1)`, a whole number >= 1: the number of threads.
#'     [dmnthreads()] describes the default.
#' @param ... not used by `dmnplan()`, and anything in it is an error; ignored
#'     by `print()`.
#' @param density `numeric(1)`, above 0 and at most 1, default 0.1: the share of
#'     counts above 0, if `count` is the dimensions. Otherwise it is measured.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     `count` is a SummarizedExperiment.
#' @return An object of class `dmnplan`: a `data.frame` with one row for each
#'     `k` and these columns.
#'
#' * `k`.
#' * `compress`: seconds to check and compress the table, which [dmnselect()]
#'   does once for all `k`.
#' * `start`: seconds for a start, on average over `nstart`.
#' * `least`, `most`: seconds for the whole fit with the fewest starts, which
#'   are 3 unless the table is small, and with `nstart`. With 80,000 samples or
#'   more, starts are made on a part of them (see [starts()]).
#' * `table`, `workspace`, `result`: bytes of the compressed table, of what the
#'   fit takes in addition while it runs, and of its result.
#' * `peak`: the most bytes at any time.
#' * `evaluations`: how many times each of the first starts is expected to pass
#'   over the table.
#'
#' Its attributes are `"size"`, a list with the numbers of samples, taxa and
#' counts above 0 (`nonzeros`) and whether a pilot was made (`pilot`);
#' `"nstart"`; `"num.threads"`; and `"memory"`, the bytes of this machine, `NA`
#' if that is not known.
#'
#' `print()` also says what can be done if the table or the peak is too large.
#' @section Errors:
#' It is an error if `count` is neither a table nor two whole numbers, if it is
#' a function, and if an argument is outside its range.
#' @seealso [dmn()], [dmnselect()], [dmncounts()]
#' @examples
#' dmnplan(twins, 1:4)
#'
#' ## a table that does not exist yet
#' dmnplan(c(1e6, 2000), 10, density = 0.05, num.threads = 8)
#' @export
dmnplan <- function(count, k, nstart = 20L, num.threads = dmnthreads(), ...,
    density = 0.1, assay.type = "counts") {
    if (...length())
        .refuse_dots(..., .what = "dmnplan", .known = names(formals(dmnplan)))
    if (missing(count))
        .stop("'count' is missing: pass a table of counts, samples x taxa, or ",
            "its dimensions, c(samples, taxa)")
    if (missing(k))
        .stop("'k' is missing: pass the numbers of components to fit")
    nstart <- .check_whole(nstart, "nstart")
    num.threads <- .check_threads(num.threads)
    dims <- is.numeric(count) && is.null(dim(count))
    if (!dims && !missing(density))
        .stop("'density' is for dimensions; that of a table is measured")
    size <- if (dims)
        .size_of_dims(count, density)
    else
        .size_of_table(count, assay.type)
    k <- .check_ks(k, 1L, size$n, "the number of samples")
    starts <- if (dims)
        .typical_evaluations(k)
    else
        .pilot(size$sample, k, nstart)
    .plan(size, k, starts, nstart, num.threads, .plan_unit())
}

# ---- The size of a table ------------------------------------------------
#
# A size has the numbers of samples `n`, taxa `s`, different columns `columns`,
# counts above 0 `nonzeros` and `entries` (the same in different columns), and
# the different counts of the columns and of the totals in `seen` samples,
# `features` and `totals`, which grow with the powers `growth` of the number of
# samples. `cells` is the number of cells to look at in a dense table, and
# `packed` says whether it is read in blocks. `sample` has the counts of the
# pilot, and `pilot` is their size.

# Constants of simulated tables, fitted by inst/benchmarks/plan.R: the different
# counts of a taxon that has x above 0 are first x^growth, and starts after the
# first three, with k components, take typical[[1]] k^typical[[2]] evaluations.
.plan_features <- c(first = 4.71, growth = 0.441)
.plan_typical <- c(first = 13.3, growth = 0.772)

.size_of_dims <- function(dims, density) {
    ok <- length(dims) == 2L && all(is.finite(dims)) &&
        all(dims == trunc(dims)) && all(dims >= 1) &&
        all(dims <= .Machine$integer.max)
    if (!ok)
        .stop("'count' must be a table of counts, or its dimensions, ",
            "c(samples, taxa), two whole numbers from 1 to 2147483647; found ",
            if (is.numeric(dims) && length(dims) == 2L)
                paste0("c(", paste(format(dims, trim = TRUE), collapse = ", "),
                    ")")
            else .describe(dims))
    density <- .check_number(density, "density", 0, open = TRUE)
    if (density > 1)
        .stop("'density' must be a share, at most 1; found ", density)
    n <- dims[[1L]] + 0
    s <- dims[[2L]] + 0
    nonzeros <- max(n, n * s * density)
    each <- nonzeros / s
    features <- min(each, .plan_features[["first"]] *
        each^.plan_features[["growth"]])
    list(n = n, s = s, columns = s, nonzeros = nonzeros, entries = nonzeros,
        seen = n, features = s * features, totals = n^0.8,
        growth = c(.plan_features[["growth"]], 0.8), cells = 0,
        packed = FALSE, sample = NULL)
}

# Of a table in memory, all is looked at but the different counts; of others,
# the samples of the pilot.
.size_of_table <- function(count, assay.type) {
    if (is.function(count) || is.list(count) && !is.object(count) &&
        any(vapply(count, is.function, NA)))
        .stop("'count' must not be a function, whose blocks could then not be ",
            "read again: pass the dimensions, c(samples, taxa), and 'density'")
    blocks <- is.list(count) && !is.object(count)
    if (blocks)
        .check_list_of_blocks(count, "count")
    parts <- lapply(if (blocks) count else list(count), .samples_in_rows,
        assay.type = assay.type)
    n <- sum(vapply(parts, nrow, 0L) + 0)
    most <- .pilot_samples(n, ncol(parts[[1L]]))
    whole <- most >= n
    sample <- if (!whole) lapply(parts, function(x) {
        x[.spaced(nrow(x), ceiling(most * nrow(x) / n),
            if (inherits(x, "DelayedMatrix")) 8L), , drop = FALSE]
    })
    given <- if (whole) count else if (blocks) sample else sample[[1L]]
    sample <- .as_counts(given, if (whole) "count" else "count[sample, ]",
        allow.empty = !whole, assay.type = if (whole) assay.type else "counts")
    size <- .size_of_sample(sample, n)
    size$pilot <- .part_of(size, size$seen)
    size$pilot$base <- NULL
    size$packed <- blocks || inherits(parts[[1L]], "DelayedMatrix")
    x <- parts[[1L]]
    if (!blocks && is.matrix(x)) {
        size$cells <- size$n * size$s
        nonzeros <- sum(vapply(seq_len(ncol(x)), function(j) sum(x[, j] != 0),
            0))
    } else {
        nonzeros <- if (!blocks && inherits(x, "dgCMatrix")) sum(x@x != 0)
    }
    if (!is.null(nonzeros)) {
        size$entries <- size$entries * nonzeros / size$nonzeros
        size$nonzeros <- nonzeros + 0
    }
    size
}

# A table, samples in rows: in memory, or a DelayedMatrix, which is not read.
.samples_in_rows <- function(count, assay.type) {
    x <- if (inherits(count, "SummarizedExperiment"))
        .assay_of(count, assay.type, "count")
    else
        count
    if (inherits(x, "DelayedMatrix"))
        return(x)
    .as_count_matrix(count, "count", assay.type)
}

# How many samples a pilot takes: enough for starts to be like those on all, and
# no more than can be looked at as a dense matrix.
.pilot_samples <- function(n, s) {
    most <- max(200, min(4000, 2e7 / s))
    min(n, most, max(1000, n / 5))
}

# Which m of n samples to take: at equal distances, or in so many runs.
.spaced <- function(n, m, runs = NULL) {
    if (m >= n)
        return(seq_len(n))
    if (is.null(runs))
        return(unique(floor(seq(1, n, length.out = m))))
    length <- ceiling(m / runs)
    first <- floor(seq(1, max(1, n - length + 1), length.out = runs))
    unique(as.vector(outer(seq_len(length) - 1, first, `+`)))
}

.size_of_sample <- function(count, n) {
    taxa <- ncol(count)
    x <- if (inherits(count, "dmnpacked")) as.matrix(count) else count
    x <- methods::as(methods::as(x + 0, "CsparseMatrix"), "generalMatrix")
    total <- Matrix::rowSums(x)
    column <- rep(seq_len(taxa), diff(x@p))
    above <- x@x > 0
    row <- x@i[above] + 1L
    column <- column[above]
    value <- x@x[above]
    parts <- split(seq_along(row), factor(column, seq_len(taxa)))
    distinct <- !duplicated(lapply(parts, function(i) list(row[i], value[i])))
    kept <- distinct[column]
    # a pair of a taxon and a count as one number
    features <- column[kept] * 2^31 + value[kept]
    odd <- row[kept] %% 2L == 1L
    all <- c(length(unique(features)), length(unique(total[total > 0])))
    half <- c(length(unique(features[odd])),
        length(unique(total[total > 0 & seq_along(total) %% 2L == 1L])))
    growth <- log2(all / half)
    share <- n / nrow(x)
    list(n = n, s = taxa, columns = sum(distinct),
        nonzeros = length(row) * share, entries = sum(kept) * share,
        seen = nrow(x) + 0, features = all[[1L]], totals = all[[2L]],
        growth = pmin(1, pmax(0, ifelse(is.finite(growth), growth, 0))),
        cells = 0, packed = FALSE, sample = count)
}

# By how much the power of growth is less for e times as many samples, in
# simulated tables.
.growth_falls <- 0.065

# The size of n of the samples, or of all; `base` is the one it is made from.
.part_of <- function(size, n = size$n) {
    base <- if (is.null(size$base)) size else size$base
    part <- base
    part$nonzeros <- base$nonzeros * n / base$n
    part$entries <- base$entries * n / base$n
    distance <- pmin(log(n / base$seen), base$growth / .growth_falls)
    more <- exp(base$growth * distance - .growth_falls * distance^2 / 2)
    part$features <- min(part$entries, base$features * more[[1L]])
    part$totals <- min(n, base$totals * more[[2L]])
    part$n <- n
    part$base <- base
    part
}

# ---- Iterations ---------------------------------------------------------

# The first three starts, which are always made, take so many times as many
# evaluations as later ones in simulated tables (inst/benchmarks/plan.R).
.plan_first <- 1.5

# What starts take, for each k: the evaluations of the first three and of later
# ones, and the seconds of an evaluation with `k` components in the pilot, or NA
# without one.
.starts_taken <- function(level, each = NA, k = NA) {
    list(first = level * .plan_first, later = level, each = each, k = k)
}

.typical_evaluations <- function(k) {
    lapply(.plan_typical[["first"]] * k^.plan_typical[["growth"]],
        .starts_taken)
}

# The same of starts on a sample of the table.
.pilot <- function(count, k, nstart) {
    starts <- min(nstart, 7L)
    empty <- .totals(count)$rows == 0
    if (all(empty))
        .stop("the samples of 'count' that the pilot takes have no counts: ",
            "pass the dimensions, c(samples, taxa), and 'density'")
    if (any(empty))
        count <- count[!empty, , drop = FALSE]
    k <- pmin(k, nrow(count))
    table <- .compress(count, max(k), 1L, nstart)$table
    on.exit(.Call(R_dmm_table_free, table))
    settings <- list(seed = 1L, num.threads = 1L, optimizer = "newton",
        control = dmncontrol(agree = Inf))
    lapply(k, function(k) {
        made <- NULL
        seconds <- .spent_each(0.05, function() {
            made <<- .call_fit(table, k, starts, settings)$starts$evaluations
        })
        .starts_taken(.level(made), seconds / sum(made + .plan_costs$start), k)
    })
}

# The mean of the evaluations of later starts, from those of all. Now and then
# one takes ten times as many as the others, which says little of the next.
.level <- function(made) {
    first <- seq_along(made) <= .usual_agree
    each <- made / ifelse(first, .plan_first, 1)
    mean(pmin(each, 3 * stats::median(each)))
}

# ---- Time ---------------------------------------------------------------

# Costs in units of .plan_unit(), by inst/benchmarks/plan.R: of compressing a
# table and of one evaluation. What a start does besides takes as long as
# `start` evaluations, and what follows starts on a part of the samples as
# `finish` ones on all.
.plan_costs <- list(
    compress = c(entry = 8.02e-6, ordered = 2.94e-5, cell = 7.74e-7,
        ordered_cell = 2.31e-6, sample = 5.57e-5),
    evaluation = c(entry = 1.4e-6, entry_k = 9.21e-8, feature = 2.29e-6,
        feature_k = 1.87e-6),
    start = 1.5, finish = 17)

# What .plan_costs$compress are the costs of. `canonical`: for several starts.
.compress_terms <- function(size, canonical) {
    c(entry = size$nonzeros, ordered = canonical * size$nonzeros,
        cell = size$cells, ordered_cell = canonical * size$cells,
        sample = size$n + size$s)
}

# What .plan_costs$evaluation are the costs of.
.evaluation_terms <- function(size, k) {
    kp <- .padded(k)
    features <- size$features + size$totals
    c(entry = size$entries, entry_k = size$entries * kp, feature = features,
        feature_k = features * kp)
}

# Components as the engine pads them (src/core/simd/kernels.h).
.padded <- function(k) ifelse(k > 4, ceiling(k / 8) * 8, ifelse(k == 3, 4, k))

# Seconds of a small fit, which is always the same, of the processor: programs
# that run beside it do not count.
.plan_unit <- function() {
    x <- outer(1:800, 1:50, function(i, j) {
        value <- (i * i + 3 * i * j + 7 * j * j) %% 101
        ifelse(value > 30, 0, 1 + value %/% (1 + j %% 7))
    })
    storage.mode(x) <- "integer"
    table <- .compress(x, 5L, 1L, 1L)$table
    on.exit(.Call(R_dmm_table_free, table))
    settings <- list(seed = 1L, num.threads = 1L, optimizer = "newton",
        control = dmncontrol(tolerance = 0, relative.tolerance = 0,
            max.iterations = 10, accelerate = FALSE))
    .spent_each(0.1, function() .call_fit(table, 5L, 1L, settings, "labels"))
}

# Seconds of the processor of a call, which is repeated for at least `seconds`.
.spent_each <- function(seconds, call) {
    spent <- function() sum(proc.time()[c("user.self", "sys.self")])
    begun <- spent()
    n <- 0
    while (n == 0 || spent() - begun < seconds) {
        call()
        n <- n + 1
    }
    (spent() - begun) / n
}

# How many times as fast several threads are; small tables have one.
.plan_speed <- function(threads, work) {
    if (work < 4e5) 1 else 1 + 0.9 * (threads - 1)
}

# ---- Memory -------------------------------------------------------------

# Bytes of a compressed table (src/core/counts/counts.h) whose blocks are sized
# for kp components. By Heaps' law with exponent b, of the features of a block
# b are in one row, b (1 - b) / 2 in two and b (1 - b) (2 - b) / 6 in three;
# these are singles, the others runs.
.compressed_bytes <- function(size, kp) {
    rows <- .block_rows(size, kp)
    blocks <- ceiling(size$n / rows)
    block <- .part_of(size, min(rows, size$n))
    b <- size$growth[[1L]]
    few <- c(b, b * (1 - b) / 2, b * (1 - b) * (2 - b) / 6)
    singles <- min(block$entries, block$features * sum(few * 1:3))
    runs <- block$features * (1 - sum(few))
    columns <- size$columns + size$totals / 512
    blocks * (6 * singles + 6 * runs + 2 * (block$entries - singles) +
        65 * 24 + 128) + 12 * (size$features + size$totals) + 12 * size$n +
        4 * size$s + 28 * columns
}

# As choose_blocks() of src/core/counts/counts.c.
.block_rows <- function(size, kp) {
    rows <- min(65536, max(8, floor(262144 / (8 * kp))))
    blocks <- ceiling(size$n / rows)
    most <- floor(size$n / 128)
    if (size$entries * kp >= 4e5 && most > blocks)
        blocks <- min(ceiling(blocks / 8) * 8, most)
    ceiling(ceiling(size$n / blocks) / 8) * 8
}

# Bytes that compressing takes in addition to the table.
.compress_bytes <- function(size, canonical, threads) {
    streams <- if (size$entries <= 2^23)
        4 * size$entries + 8 * size$features
    else
        threads * 12 * size$entries / 64
    rows <- size$n * (24 * threads + 20)
    order <- if (canonical) size$n * (32 + 16 * threads) + 16 * size$s else 0
    8 * size$features + max(order, streams + rows)
}

# Bytes of the workspace of a fit with kp components: z and arrays of its size,
# the table of log gamma differences and others, parameters, their sums, and the
# pairs of the acceleration (src/core/counts/chunk.h, em/, start/reassign.h). Of
# several starts, not all arrays are there at the same time: their numbers agree
# with peaks (inst/benchmarks/plan.md).
.fit_bytes <- function(size, kp, several) {
    features <- size$features + size$totals
    pairs <- floor((features / size$columns - 1) / 2)
    pairs <- min(8, max(3, pairs))
    arrays <- if (several)
        4 * size$n + 1.6 * features + (12 + 2 * pairs) * size$columns
    else
        size$n + max(size$n, 1.25 * features) + (8 + 2 * pairs) * size$columns
    8 * kp * arrays + if (several) 40 * size$n else 16 * size$n
}

# ---- The plan -----------------------------------------------------------

# `starts`: a value of .starts_taken() for each k. `unit`: seconds.
.plan <- function(size, k, starts, nstart, threads, unit) {
    canonical <- nstart > 1L
    whole <- .part_of(size)
    # LEAST_PARTS of src/core/result/table.c
    samples <- .start_samples(max(k))
    in_part <- canonical && max(k) > 1L && size$n >= 4 * samples
    part <- if (in_part) .part_of(size, samples)
    # blocks are sized for the largest k
    length <- .padded(max(k, if (canonical) 8))
    table <- .compressed_bytes(whole, length) +
        if (in_part) .compressed_bytes(part, length) else 0
    packed <- if (size$packed) 3 * size$nonzeros else 0
    speed <- function(k, on) .plan_speed(threads, on$nonzeros * .padded(k))
    compress <- unit / speed(max(k), whole) *
        sum(.plan_costs$compress * .compress_terms(whole, canonical))
    cost <- function(k, on) {
        sum(.plan_costs$evaluation * .evaluation_terms(on, k))
    }
    rows <- Map(function(k, starts) {
        several <- canonical && k > 1L
        on <- if (in_part && several) part else whole
        evaluation <- function(table) cost(k, table) / speed(k, table) *
            if (is.na(starts$each)) unit
            else starts$each / cost(starts$k, size$pilot)
        start <- (c(starts$first, starts$later) + .plan_costs$start) *
            evaluation(on)
        seconds <- function(n) sum(start * c(min(n, .usual_agree),
            max(0, n - .usual_agree)))
        finish <- if (in_part && several)
            .plan_costs$finish * evaluation(whole) else 0
        most <- if (several) nstart else 1L
        # SMALL_TABLE of src/core/result/fit.c
        least <- if (size$nonzeros < 8192 / k) most else
            min(most, .usual_agree)
        workspace <- .fit_bytes(on, .padded(k), several)
        result <- 8 * k * (size$n + 4 * size$s)
        if (in_part && several)
            workspace <- max(workspace, .fit_bytes(whole, .padded(k), FALSE))
        # the engine's result and R's copy
        made <- table + max(workspace, 2 * result + 8 * size$n * k)
        data.frame(k = k, compress = compress, start = seconds(most) / most,
            least = compress + seconds(least) + finish,
            most = compress + seconds(most) + finish, table = table,
            workspace = workspace, result = result,
            peak = max(made, packed + table +
                .compress_bytes(whole, canonical, threads)),
            evaluations = starts$first)
    }, k, starts)
    structure(do.call(rbind, rows), class = c("dmnplan", "data.frame"),
        size = list(samples = size$n, taxa = size$s, nonzeros = size$nonzeros,
            pilot = !is.null(size$sample)), nstart = nstart,
        num.threads = threads, memory = .machine_memory())
}

# Bytes of memory of this machine or of the container that it is; NA if it does
# not say.
.machine_memory <- function() {
    read <- function(file, pattern = "[0-9]+") {
        line <- tryCatch(suppressWarnings(readLines(file, 1L)),
            error = function(e) "")
        found <- regmatches(line, regexpr(pattern, line))
        if (length(found)) as.numeric(found) else NA_real_
    }
    memory <- 1024 * read("/proc/meminfo")
    if (is.na(memory) && identical(Sys.info()[["sysname"]], "Darwin"))
        memory <- suppressWarnings(as.numeric(tryCatch(system2("sysctl",
            c("-n", "hw.memsize"), stdout = TRUE, stderr = FALSE),
            error = function(e) NA)))
    limit <- read("/sys/fs/cgroup/memory.max")
    if (!is.na(memory) && !is.na(limit)) min(memory, limit) else memory
}

#' @rdname dmnplan
#' @param x an object made by `dmnplan()`.
#' @export
print.dmnplan <- function(x, ...) {
    size <- attr(x, "size")
    columns <- c("k", "compress", "start", "least", "most", "table",
        "workspace", "result", "peak")
    # a part of a result is printed as a data.frame
    if (is.null(size) || !all(columns %in% names(x)))
        return(NextMethod())
    cat(strwrap(sprintf(paste("Plan for %s x %s, %s above 0 (%s %%), up to %s,",
        "%s"), .plural(size$samples, "sample"),
        .plural(size$taxa, "taxon", "taxa"),
        .plural(signif(size$nonzeros, 3L), "count"),
        format(signif(100 * size$nonzeros / size$samples / size$taxa, 2L)),
        .plural(attr(x, "nstart"), "start"),
        .plural(attr(x, "num.threads"), "thread")), getOption("width")), "",
        sep = "\n")
    table <- data.frame(k = x$k, compress = .seconds(x$compress),
        start = .seconds(x$start),
        fit = .from_to(x$least, x$most),
        table = .bytes(x$table), workspace = .bytes(x$workspace),
        result = .bytes(x$result), peak = .bytes(x$peak))
    print(table, row.names = FALSE)
    notes <- .plan_notes(x)
    for (note in notes)
        cat("", strwrap(note, getOption("width")), sep = "\n")
    invisible(x)
}

.plan_notes <- function(x) {
    size <- attr(x, "size")
    memory <- attr(x, "memory")
    peak <- max(x$peak)
    over <- !is.na(memory) && peak > memory
    c(if (nrow(x) > 1L) {
        once <- (nrow(x) - 1L) * x$compress[[1L]]
        paste0("All of them by dmnselect(): ", .from_to(sum(x$least) - once,
            sum(x$most) - once), ".")
    }, if (!size$pilot) paste0("The iterations of a start are those of ",
        "simulated tables. Yours may take several times as many, or fewer: ",
        "pass the table to find out."),
    if (over) paste0("The peak, ", .bytes(peak), ", is more than the ",
        .bytes(memory), " of this machine. keep.group = FALSE saves ",
        .bytes(8 * max(x$k) * size$samples - 12 * size$samples),
        " of the result",
        ", and a table in blocks (see ?dmncounts) is not in memory besides."),
    if (size$nonzeros > .Machine$integer.max) paste0("A sparse matrix of R ",
        "holds at most 2,147,483,647 counts above 0: pass the table in blocks ",
        "(see ?dmncounts)."))
}

.seconds <- function(x) {
    vapply(x, function(seconds) {
        if (seconds < 10)
            paste(format(signif(seconds, 2L), scientific = FALSE), "s")
        else
            .duration(seconds)
    }, "")
}

.from_to <- function(least, most) {
    ifelse(.seconds(least) == .seconds(most), .seconds(most),
        paste(.seconds(least), "to", .seconds(most)))
}

.bytes <- function(x) {
    vapply(x, function(bytes) format(structure(bytes, class = "object_size"),
        units = "auto", standard = "SI", digits = 1L), "")
}
