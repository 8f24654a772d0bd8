# Tables, fits and expectations that several test files use.

# The first 40 samples of the Twins study, with the genera of more than 20 reads
# in them. DirichletMultinomial, too, fits this table in a moment.
small_twins <- function() {
    x <- dmmomp::twins[1:40, ]
    x[, colSums(x) > 20]
}

# 40 samples of 12 taxa in four groups that have few counts in common: those of
# sample i are in taxa 3g - 2 to 3g for the most part, where g is i modulo 4.
clear_groups <- function() {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(1)
    mean <- matrix(0.5, 4, 12)
    mean[cbind(rep(1:4, each = 3), 1:12)] <- 30
    matrix(rpois(40 * 12, mean[rep_len(1:4, 40), ]), 40)
}

# n samples of k types that differ in every third of the taxa, which `markers`
# marks: in type i, the parameters of every k-th of these are `fold` times as
# large. The first taxon has no counts, and the last sample none of the taxa
# that are not markers.
marker_table <- function(n = 50, taxa = 13, k = 2, fold = 6, total = 300,
    seed = 1) {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(seed)
    differ <- seq_len(taxa) %% 3 == 2
    base <- stats::rgamma(taxa, 2) + 0.3
    base[[1]] <- 0
    component <- rep(seq_len(k), length.out = n)
    alpha <- vapply(seq_len(k), function(i) {
        base * ifelse(differ & (seq_len(taxa) %/% 3) %% k == i - 1, fold, 1)
    }, base)
    x <- t(vapply(component, function(i) {
        p <- stats::rgamma(taxa, alpha[, i])
        as.integer(stats::rmultinom(1, total + i, p))
    }, integer(taxa)))
    x[n, !differ] <- 0L
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("taxon", seq_len(taxa)))
    list(x = x, component = component, markers = differ)
}

# An n x s table from k communities that overlap, so that EM takes several
# iterations. It is large enough for the engine to use more than one thread: see
# expect_threads().
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

# Expects that a fit of `count` that is given `n` threads uses as many.
# Otherwise a test could not show that results do not depend on their number.
expect_threads <- function(count, k, n = 2L) {
    skip_if_not(.Call(R_dmm_threads)$openmp, "built without OpenMP")
    k <- as.integer(k)
    used <- .call_fit(.compress(count, k, n, 1L)$table, k, 1L,
        list(seed = 1L, num.threads = n, optimizer = "newton",
            control = dmncontrol()))$fit$Threads
    expect_identical(used, n)
}

# `x` as a sparse matrix of a class of the Matrix package.
as_sparse <- function(x, class = "CsparseMatrix") {
    as(Matrix::Matrix(x + 0, sparse = TRUE, doDiag = FALSE), class)
}

# `x` in packed blocks of some samples.
packed <- function(x, rows = 7L) {
    .pack(x, rows, function(i) x[i, , drop = FALSE], "x")
}

# Expects what holds for every fit of k components.
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

# Runs lines of R in a fresh process with the same library paths, and returns
# its output. It is an error if the process fails or takes longer than `timeout`
# seconds; the message shows the output.
fresh_r <- function(lines, timeout = 120) {
    skip_if_not_installed_here()
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

# Under load_all() another process would not find this package.
skip_if_not_installed_here <- function() {
    skip_if_not(file.exists(system.file("Meta", "package.rds",
        package = "dmmomp")), "dmmomp is not installed")
}

# Lets worker processes find the installed package; skips the test if it is not
# installed. Returns the value of R_LIBS to set again.
show_workers_library <- function() {
    skip_on_cran()
    skip_if_not_installed_here()
    old <- Sys.getenv("R_LIBS")
    Sys.setenv(R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep))
    old
}

# A table of two types, of which the second is more frequent where `bmi` is
# high, its types, and the variables of the samples.
associated <- function(n = 120, slope = 0.8, seed = 2) {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(seed)
    alpha <- cbind(c(6, 3, 2, 1), c(2, 3, 3, 5))
    bmi <- stats::rnorm(n)
    type <- 1 + (stats::runif(n) < stats::plogis(0.3 + slope * bmi))
    x <- t(vapply(seq_len(n), function(i) {
        p <- stats::rgamma(4, alpha[, type[[i]]])
        stats::rmultinom(1L, 30, p / sum(p))[, 1L]
    }, integer(4)))
    dimnames(x) <- list(paste0("s", seq_len(n)), letters[1:4])
    list(x = x, type = type, data = data.frame(bmi = bmi,
        site = factor(rep_len(c("a", "b", "c"), n)), row.names = rownames(x)))
}

# 150 samples of two types at three sites, of which the third has the first type
# only.
separated <- function() {
    old <- if (exists(".Random.seed", globalenv()))
        get(".Random.seed", globalenv())
    on.exit(if (!is.null(old)) assign(".Random.seed", old, globalenv()))
    set.seed(4)
    site <- factor(rep(c("a", "b", "c"), 50))
    type <- ifelse(site == "c", 1, 1 + (stats::runif(150) <
        ifelse(site == "a", 0.4, 0.6)))
    alpha <- cbind(c(6, 3, 2, 1), c(1, 2, 3, 6))
    x <- t(vapply(1:150, function(i) {
        p <- stats::rgamma(4, 5 * alpha[, type[[i]]])
        stats::rmultinom(1L, 200, p)[, 1L]
    }, integer(4)))
    list(x = x, type = type, data = data.frame(site))
}

# Evaluates `code` while functions and constants of the package have other
# values. (Newer versions of testthat have this too.)
with_internals <- function(code, ...) {
    values <- list(...)
    space <- asNamespace("dmmomp")
    old <- mget(names(values), space)
    set <- function(values) {
        for (name in names(values)) {
            unlockBinding(name, space)
            assign(name, values[[name]], space)
            lockBinding(name, space)
        }
    }
    on.exit(set(old))
    set(values)
    code
}

# The same with parts of at most so many samples.
with_part_rows <- function(rows, code) {
    with_internals(code, .most_part_rows = rows)
}

# An empty directory.
new_directory <- function() {
    path <- tempfile("dmmomp-")
    dir.create(path)
    path
}
