# Simulated tables for the benchmark scripts, which source this file through
# common.R.

# An integer matrix, n samples x s taxa, drawn from a mixture of k
# Dirichlet-multinomials that resembles the Twins table:
# - A few taxa hold most counts: proportions common to all components are drawn
#   from a gamma distribution of shape `shape`.
# - Components overlap: each multiplies the common proportions by exp(normal)
#   with standard deviation `spread`.
# - Samples vary around their component: `precision` is the sum of the Dirichlet
#   parameters.
# - Totals are drawn uniformly from `depth`.
# Tables with the same `seed` and different `sample.seed` have different samples
# of the same components.
simulate_counts <- function(n, s, k, seed, precision = 25, spread = 0.7,
    depth = 1000:5000, shape = 0.35, sample.seed = NULL) {
    set.seed(seed)
    base <- rgamma(s, shape, 1)
    alpha <- vapply(seq_len(k), function(i) {
        p <- base * exp(rnorm(s, 0, spread))
        precision * p / sum(p)
    }, numeric(s))
    if (!is.null(sample.seed))
        set.seed(sample.seed)
    component <- sample(k, n, TRUE)
    counts <- vapply(seq_len(n), function(i) {
        p <- rgamma(s, alpha[, component[i]])
        rmultinom(1L, depth[sample.int(length(depth), 1L)], p / sum(p))[, 1L]
    }, integer(s))
    t(counts)
}

# A table that is too large as a dense matrix: a dgCMatrix made of pieces of
# `rows` samples from simulate_counts(). Every piece draws its own components,
# as if the table were of several studies.
simulate_sparse <- function(n, s, k, seed, ..., rows = 5000L) {
    loadNamespace("Matrix")
    set.seed(seed)
    starts <- seq(1L, n, by = rows)
    seeds <- sample.int(.Machine$integer.max, length(starts))
    pieces <- Map(function(first, seed) {
        counts <- simulate_counts(min(rows, n - first + 1L), s, k, seed, ...)
        storage.mode(counts) <- "double"
        methods::as(counts, "CsparseMatrix")
    }, starts, seeds)
    do.call(rbind, pieces)
}

# Uniform counts from 0 to `largest`, without any structure.
uniform_counts <- function(n, s, seed = 1, largest = 99L) {
    set.seed(seed)
    matrix(sample.int(largest + 1L, n * s, TRUE) - 1L, n, s)
}

# A table and the number of components to fit to it. `counts` is evaluated when
# make() is called, not before.
benchmark_set <- function(k, counts) {
    force(k)
    list(k = k, make = function() counts)
}

# The simulated tables of the comparison with DirichletMultinomial (peer.R).
simulated_sets <- list(
    "N=1000 S=100 K=5" = benchmark_set(5L,
        simulate_counts(1000, 100, 5, seed = 1)),
    "N=1000 S=100 K=20" = benchmark_set(20L,
        simulate_counts(1000, 100, 20, seed = 2)),
    "N=10000 S=100 K=5" = benchmark_set(5L,
        simulate_counts(10000, 100, 5, seed = 3)))

# A model for tables that are drawn in blocks, block by block and fast: k
# components of s taxa as in simulate_counts(), with the precision at which a
# sample has `nonzeros` counts above 0, on average, of a mean total of `total`.
large_mixture <- function(s, k, nonzeros, seed, total = 1000, spread = 0.7,
    shape = 0.35) {
    set.seed(seed)
    share <- rgamma(s, shape, 1) * exp(matrix(rnorm(s * k, 0, spread), s))
    share <- share / rep(colSums(share), each = s)
    expected <- function(log_precision) {
        precision <- exp(log_precision)
        mean(colSums(1 - (1 + total / precision)^(-precision * share)))
    }
    precision <- exp(uniroot(function(x) expected(x) - nonzeros,
        c(-3, 12))$root)
    list(alpha = precision * share, scale = total / precision)
}

# n samples of such a model as a dgCMatrix, sorted by component. The counts are
# negative binomial with a common scale, which given their total are
# Dirichlet-multinomial. Each is a Poisson number of logarithmic variables, which
# are drawn and added up.
draw_large <- function(n, model) {
    k <- ncol(model$alpha)
    odds <- model$scale / (1 + model$scale)
    value <- seq_len(ceiling(-40 / log(odds)))
    chance <- cumsum(-odds^value / value / log1p(-odds))
    component <- sort(sample.int(k, n, TRUE))
    terms <- rpois(n, sum(model$alpha[, 1L]) * log1p(model$scale))
    column <- unlist(lapply(seq_len(k), function(i) {
        sample.int(nrow(model$alpha), sum(terms[component == i]), TRUE,
            model$alpha[, i])
    }))
    Matrix::sparseMatrix(i = rep.int(seq_len(n), terms), j = column,
        x = findInterval(runif(sum(terms)), chance) + 1,
        dims = c(n, nrow(model$alpha)))
}
