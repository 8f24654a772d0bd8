# What a container costs. A table that an HDF5 file holds is read by a new R
# process, in blocks, and fitted; others have the same counts in memory. For
# each the script prints the seconds to take the counts out of the container and
# for the fit, and the peak memory of the process beyond that of a process that
# has loaded the packages only. All fits must be the same, to the last bit.
#
#   Rscript inst/benchmarks/containers.R [OPTION...]
#
#   --n=200000 --s=500     samples and taxa
#   --density="0.2;0.98"   fractions of counts that are not 0, a table for each
#   --k=4                  components
#   --library=DIR          the library that dmmomp is in, if not a usual one
source(file.path(dirname(sub("^--file=", "",
    grep("^--file=", commandArgs(), value = TRUE))), "common.R"))
arguments <- read_arguments(n = 200000, s = 500, density = c(0.2, 0.98), k = 4,
    library = "", plot = "")
if (nzchar(arguments$library))
    .libPaths(c(arguments$library, .libPaths()))
stopifnot(requireNamespace("dmmomp"), requireNamespace("HDF5Array"))

# Writes counts of `k` types to a file, 10,000 samples at a time. The level of
# the means decides how many counts are 0.
write_table <- function(file, n, s, k, density, chunk = c(1000L, 50L)) {
    set.seed(1)
    mean <- matrix(rgamma(k * s, 0.5, 1), k)
    level <- uniroot(function(x) mean(1 - exp(-exp(x) * mean)) - density,
        c(-20, 60))$root
    mean <- exp(level) * mean
    rhdf5::h5createFile(file)
    rhdf5::h5createDataset(file, "counts", c(n, s), storage.mode = "integer",
        chunk = pmin(chunk, c(n, s)), level = 3)
    for (first in seq(1, n, 10000)) {
        rows <- first:min(first + 9999, n)
        type <- sample.int(k, length(rows), TRUE)
        # overdispersed, as counts of real samples are
        share <- matrix(rgamma(length(rows) * s, 2, 2), length(rows))
        x <- matrix(rpois(length(share), pmin(mean[type, ] * share, 1e5)),
            length(rows))
        x[, 1L] <- x[, 1L] + 1L # no sample is empty
        rhdf5::h5write(x, file, "counts", index = list(rows, seq_len(s)))
    }
}

# The containers: R code that makes `count` from `file`.
containers <- c(
    HDF5Matrix = "HDF5Array::HDF5Array(file, 'counts')",
    "integer matrix" = "rhdf5::h5read(file, 'counts')",
    dgCMatrix = "methods::as(Matrix::Matrix(rhdf5::h5read(file, 'counts') + 0,
        sparse = TRUE), 'CsparseMatrix')")

# Runs a process and returns what it prints.
run_container <- function(code, file, k) {
    run_lines(c(
        "suppressMessages({library(HDF5Array); library(dmmomp)})",
        sprintf("file <- %s", dQuote(file, FALSE)),
        "before <- memory('VmHWM')",
        sprintf("count <- %s", code),
        "made <- memory('VmHWM')",
        "read <- system.time(dmncounts(count))[['elapsed']]",
        "invisible(gc())",
        sprintf("fit <- system.time(x <- dmn(count, %d, seed = 1))", k),
        "cat(sprintf('%.1f %.1f %.0f %.0f %.0f %s', read, fit[['elapsed']],",
        "    before, made - before, memory('VmHWM'),",
        "    unname(tools::md5sum({f <- tempfile(); saveRDS(x, f); f}))))"))
}

results <- do.call(rbind, lapply(arguments$density, function(density) {
    file <- tempfile(fileext = ".h5")
    on.exit(unlink(file))
    say("writing %g x %g, density %g ...", arguments$n, arguments$s, density)
    write_table(file, arguments$n, arguments$s, arguments$k, density)
    rows <- lapply(names(containers), function(name) {
        if (name == "dgCMatrix" && density > 0.5)
            return(NULL)
        say("%s ...", name)
        got <- run_container(containers[[name]], file, arguments$k)
        data.frame(container = name, density = density,
            `dmncounts(), s` = got[1L], `dmn(), s` = got[2L],
            `packages, MB` = got[3L], `container, MB` = got[4L],
            `peak, MB` = got[5L], digest = got[6L], check.names = FALSE)
    })
    do.call(rbind, rows)
}))
same <- tapply(results$digest, results$density, function(x) {
    length(unique(x)) == 1L
})
results$digest <- NULL
markdown(results)
cat("\nAll containers give the same fit: ", if (all(same)) "yes" else "NO",
    "\n\n", sep = "")
machine()
