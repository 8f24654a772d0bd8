# What does it take to fit tables that are read in blocks? Each case is a new R
# process, for which the script prints the seconds, by the clock and of the
# processor, and the peak of its resident memory (VmHWM), packages included.
# Seconds are without those for drawing a table that a function returns. Cases
# of the same table must give the same fit, to the last bit.
#
#   Rscript inst/benchmarks/streaming.R [OPTION...]
#
#   --n=1000000           samples of the tables in files
#   --blocks-n=10000000   samples that a function returns in blocks
#   --s=1000 --k=4        taxa, and components of the data and of the fit
#   --nonzeros=100        counts above 0 in a sample, on average
#   --threads=2           of a fit
#   --only="HDF5Matrix;TENxMatrix;dgCMatrix;function"   the tables to measure
#   --folder=DIR          where the files are, or are made (default: a new one)
#   --library=DIR         the library that dmmomp is in, if not a usual one
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
tables <- c("HDF5Matrix", "TENxMatrix", "dgCMatrix", "function")
arguments <- read_arguments(n = 1e6, "blocks-n" = 1e7, s = 1000, k = 4,
    nonzeros = 100, threads = 2, only = tables, folder = tempfile("streaming"),
    library = "", plot = "")
if (nzchar(arguments$library))
    .libPaths(c(arguments$library, .libPaths()))
stopifnot(requireNamespace("dmmomp"), requireNamespace("HDF5Array"))
dir.create(arguments$folder, FALSE, TRUE)

# Samples in a block that is drawn.
block_rows <- 50000

model <- large_mixture(arguments$s, arguments$k, arguments$nonzeros, seed = 1)

# Writes the same table to two files, block by block: as an HDF5 matrix, in
# chunks of 1,000 x 100, and in the format of 10x Genomics, which stores the
# counts above 0 by sample.
write_files <- function(dense, tenx, n, s) {
    create <- function(file, name, dim, chunk, ...) {
        rhdf5::h5createDataset(file, name, dim, storage.mode = "integer",
            chunk = chunk, level = 3, ...)
    }
    rhdf5::h5createFile(dense)
    create(dense, "counts", c(n, s), pmin(c(1000, 100), c(n, s)))
    rhdf5::h5createFile(tenx)
    rhdf5::h5createGroup(tenx, "matrix")
    parts <- c("matrix/data", "matrix/indices")
    for (part in parts)
        create(tenx, part, 0, 1e5, maxdims = rhdf5::H5Sunlimited())
    starts <- list(0)
    stored <- 0
    set.seed(2)
    for (first in seq(1, n, block_rows)) {
        rows <- first:min(first + block_rows - 1, n)
        x <- draw_large(length(rows), model)
        all <- as.matrix(x)
        storage.mode(all) <- "integer"
        rhdf5::h5write(all, dense, "counts", index = list(rows, seq_len(s)))
        by_sample <- Matrix::t(x)
        at <- stored + seq_along(by_sample@x)
        for (part in parts)
            rhdf5::h5set_extent(tenx, part, stored + length(at))
        rhdf5::h5write(as.integer(by_sample@x), tenx, parts[[1L]], list(at))
        rhdf5::h5write(by_sample@i, tenx, parts[[2L]], list(at))
        starts <- c(starts, list(stored + by_sample@p[-1L]))
        stored <- stored + length(at)
    }
    rhdf5::h5write(unlist(starts), tenx, "matrix/indptr")
    rhdf5::h5write(as.integer(c(s, n)), tenx, "matrix/shape")
}

dense <- file.path(arguments$folder, "dense.h5")
tenx <- file.path(arguments$folder, "tenx.h5")
if (any(arguments$only != "function") && !file.exists(tenx)) {
    say("writing %g x %g ...", arguments$n, arguments$s)
    write_files(dense, tenx, arguments$n, arguments$s)
}
saveRDS(list(model = model, n = arguments[["blocks-n"]], rows = block_rows),
    settings <- file.path(arguments$folder, "settings.rds"))

# R code that makes `count`; for what is not in a file, that is not measured.
code <- c(
    HDF5Matrix = "HDF5Array::HDF5Array(dense, 'counts')",
    TENxMatrix = "t(HDF5Array::TENxMatrix(tenx, 'matrix'))",
    dgCMatrix = "local({
        x <- t(HDF5Array::TENxMatrix(tenx, 'matrix'))
        do.call(rbind, lapply(seq(1, nrow(x), 50000), function(first)
            methods::as(DelayedArray::extract_sparse_array(x, list(first:min(
                first + 49999, nrow(x)), NULL)), 'dgCMatrix')))
    })",
    "function" = "local({
        settings <- readRDS(settings)
        set.seed(2)
        left <- settings$n
        function() {
            if (left <= 0)
                return(NULL)
            rows <- min(settings$rows, left)
            left <<- left - rows
            time <- system.time(x <- draw_large(rows, settings$model))
            drawing <<- drawing + c(time[['elapsed']], sum(time[1:2]))
            x
        }
    })")

# What is done with it. Reading is what dmncounts() does without packing.
steps <- c(
    read = "sparse <- DelayedArray::is_sparse(count)
        cells <- DelayedArray::getAutoBlockSize() / 8 * if (sparse) 8 else 1
        rows <- min(65536, floor(cells / ncol(count)))
        for (first in seq(1, nrow(count), rows)) {
            i <- first:min(first + rows - 1, nrow(count))
            block <- if (sparse) methods::as(DelayedArray::extract_sparse_array(
                count, list(i, NULL)), 'dgCMatrix')
            else as.matrix(count[i, ])
            block <- NULL
        }",
    dmncounts = "invisible(dmncounts(count))",
    dmn = "fit <- dmn(count, k, seed = 1, nstart = 1, num.threads = threads)",
    compact = "fit <- dmn(count, k, seed = 1, nstart = 1,
        num.threads = threads, keep.group = FALSE)")

# Runs a step in a process of its own.
run_step <- function(table, step) {
    k <- arguments$k
    threads <- arguments$threads
    run_lines(c(
        "suppressMessages({library(HDF5Array); library(dmmomp)})",
        sprintf("source(%s)", dQuote(file.path(benchmark_folder, "simulate.R"),
            FALSE)),
        vapply(c("dense", "tenx", "settings", "k", "threads"), function(name)
            paste(name, "<-", deparse(get(name))), ""),
        sprintf("count <- %s", code[[table]]),
        "invisible(gc())",
        "before <- memory('VmHWM')",
        "fit <- NULL",
        "drawing <- c(0, 0)",
        sprintf("time <- system.time({ %s })", steps[[step]]),
        "fit <- if (!is.null(fit)) fit@fit$Estimate",
        "time <- c(time[['elapsed']], sum(time[1:2])) - drawing",
        "cat(sprintf('%.1f %.1f %.1f %.0f %.0f %s', time[1], time[2],",
        "    drawing[2], before, memory('VmHWM'),",
        "    unname(tools::md5sum({f <- tempfile(); saveRDS(fit, f); f}))))"))
}

results <- do.call(rbind, lapply(arguments$only, function(table) {
    made <- names(steps)
    if (table == "dgCMatrix")
        made <- c("dmn", "compact")
    if (table == "function")
        made <- "compact"
    do.call(rbind, lapply(made, function(step) {
        say("%s, %s ...", table, step)
        got <- run_step(table, step)
        row <- data.frame(table = table, step = step, seconds = got[[1L]],
            "processor, s" = got[[2L]], "drawing, s" = got[[3L]],
            "before, MB" = got[[4L]], "peak, MB" = got[[5L]],
            check.names = FALSE)
        say("%s", paste(row, collapse = "  "))
        cbind(row, digest = got[[6L]])
    }))
}))
fitted <- results$step %in% c("dmn", "compact")
same <- tapply(results$digest[fitted], results$table[fitted] == "function",
    function(x) length(unique(x)) == 1L)
results$digest <- NULL
markdown(results)
cat("All fits of the same table are the same: ", if (all(same)) "yes" else "NO",
    "\n\n", sep = "")
machine()
