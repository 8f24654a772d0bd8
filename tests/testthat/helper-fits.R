# Tables and fits that several files use, and what every fit must satisfy.

# 40 samples of the Twins study, the genera seen more than 20 times in them:
# small enough for the peer to fit in a moment.
small_twins <- function() {
    x <- dmmomp::twins[1:40, ]
    x[, colSums(x) > 20]
}

# N x S, of k kinds of community that overlap, so that EM takes some iterations;
# large enough for the engine to use more than one thread, see expect_threads().
large_table <- function(n = 12000, s = 100, k = 3) {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(42)
    common <- rexp(s)^2
    alpha <- t(replicate(k, common * exp(rnorm(s, 0, 0.3)))) / 2
    share <- matrix(rgamma(n * s, alpha[rep_len(seq_len(k), n), ]), n, s)
    count <- matrix(rpois(n * s, 150 * share / rowSums(share)), n, s)
    count[, 1] <- count[, 1] + 1L
    count
}

# That a fit of that table to which `n` threads are given uses as many, without
# which it could not show that results do not depend on them.
expect_threads <- function(count, k, n = 2L) {
    skip_if_not(.Call(R_dmm_threads)$openmp, "built without OpenMP")
    used <- .Call(R_dmm_fit, count, as.integer(k), 1L, FALSE, n, "newton",
        dmncontrol())$Threads
    expect_identical(used, n)
}

# As a sparse matrix of counts, of a class of the Matrix package.
as_sparse <- function(x, class = "CsparseMatrix") {
    as(Matrix::Matrix(x + 0, sparse = TRUE, doDiag = FALSE), class)
}

expect_defined <- function(fit, k) {
    numbers <- c(goodnessOfFit(fit), mixture(fit), fit@mixture$Weight,
        fit@mixture$LogLik, unlist(fit@fit))
    expect_true(all(is.finite(numbers)))
    expect_identical(ncol(mixture(fit)), as.integer(k))
    expect_equal(unname(rowSums(mixture(fit))), rep(1, nobs(fit)),
        tolerance = 1e-12)
    expect_equal(sum(fit@mixture$Weight), 1, tolerance = 1e-12)
    expect_false(is.unsorted(rev(fit@mixture$Weight)))
    expect_true(all(fit@fit$Estimate > 0))
    expect_true(all(fit@fit$Lower <= fit@fit$Estimate))
    expect_true(all(fit@fit$Estimate <= fit@fit$Upper))
}

# Runs lines of R in a fresh process that sees the same libraries, and returns
# its output. A process that hangs or fails is an error that shows the output.
fresh_r <- function(lines, timeout = 120) {
    # under load_all() a fresh process would not find this package
    skip_if_not(file.exists(system.file("Meta", "package.rds",
        package = "dmmomp")), "dmmomp is not installed")
    script <- tempfile(fileext = ".R")
    on.exit(unlink(script))
    writeLines(c(sprintf(".libPaths(%s)",
        paste(deparse(.libPaths()), collapse = "")), lines), script)
    output <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"),
        c("--vanilla", shQuote(script)), stdout = TRUE, stderr = TRUE,
        timeout = timeout))
    status <- attr(output, "status")
    if (!is.null(status))
        stop("status ", status, ":\n", paste(output, collapse = "\n"))
    output
}
