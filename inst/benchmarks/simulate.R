# Simulated tables for the benchmarks: source() it.

# A Dirichlet-multinomial mixture in the manner of the Twins table: a few taxa
# hold most counts (gamma of shape 0.35), components overlap (each multiplies
# the common proportions by exp(normal) of standard deviation `spread`), and
# samples vary around their component like Twins' (`precision`, the sum of the
# Dirichlet parameters). Totals are uniform over `depth`. An integer matrix, n
# samples x s taxa.
simulate_counts <- function(n, s, k, seed, precision = 25, spread = 0.7,
    depth = 1000:5000, shape = 0.35) {
    set.seed(seed)
    base <- rgamma(s, shape, 1)
    alpha <- vapply(seq_len(k), function(i) {
        p <- base * exp(rnorm(s, 0, spread))
        precision * p / sum(p)
    }, numeric(s))
    component <- sample(k, n, TRUE)
    counts <- vapply(seq_len(n), function(i) {
        p <- rgamma(s, alpha[, component[i]])
        rmultinom(1L, depth[sample.int(length(depth), 1L)], p / sum(p))[, 1L]
    }, integer(s))
    t(counts)
}

# The same as a dgCMatrix, in pieces, for tables that are too large when dense.
simulate_sparse <- function(n, s, k, seed, ..., rows = 5000L) {
    loadNamespace("Matrix")
    set.seed(seed)
    starts <- seq(1L, n, by = rows)
    seeds <- sample.int(.Machine$integer.max, length(starts))
    # Every piece draws its own components: a table of several studies.
    pieces <- Map(function(first, seed) {
        counts <- simulate_counts(min(rows, n - first + 1L), s, k, seed, ...)
        storage.mode(counts) <- "double"
        methods::as(counts, "CsparseMatrix")
    }, starts, seeds)
    do.call(rbind, pieces)
}

# Counts without any structure: the tables of the OpenMP scenarios.
uniform_counts <- function(n, s, seed = 1, largest = 99L) {
    set.seed(seed)
    matrix(sample.int(largest + 1L, n * s, TRUE) - 1L, n, s)
}

# A table and the number of components to fit: make() gives the counts, which
# are made then and not before.
benchmark_set <- function(k, counts) {
    force(k)
    list(k = k, make = function() counts)
}

# The three sets next to Twins in the comparison with DirichletMultinomial.
simulated_sets <- list(
    "N=1000 S=100 K=5" = benchmark_set(5L,
        simulate_counts(1000, 100, 5, seed = 1)),
    "N=1000 S=100 K=20" = benchmark_set(20L,
        simulate_counts(1000, 100, 20, seed = 2)),
    "N=10000 S=100 K=5" = benchmark_set(5L,
        simulate_counts(10000, 100, 5, seed = 3)))
