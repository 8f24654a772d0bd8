two_kinds <- function() {
    alpha <- cbind(c(9, 3, 1, 1, 0.5), c(1, 2, 6, 1, 0.2))
    rownames(alpha) <- letters[1:5]
    alpha
}

test_that("draws have the moments of the Dirichlet-multinomial", {
    set.seed(1)
    alpha <- two_kinds()[, 1]
    n <- 20000
    x <- rdmn(n, alpha, size = 30)
    expect_identical(dim(x), c(20000L, 5L))
    expect_type(x, "integer")
    expect_identical(colnames(x), letters[1:5])
    expect_true(all(rowSums(x) == 30))
    share <- alpha / sum(alpha)
    variance <- 30 * share * (1 - share) * (30 + sum(alpha)) /
        (1 + sum(alpha))
    expect_lt(max(abs(colMeans(x) - 30 * share) / sqrt(variance / n)), 4)
    expect_lt(max(abs(apply(x, 2, stats::var) / variance - 1)), 0.05)
})

test_that("components are drawn by weight, and returned", {
    set.seed(2)
    x <- rdmn(5000, two_kinds(), c(3, 1), 10)
    component <- attr(x, "component")
    expect_lt(abs(mean(component == 1) - 0.75), 4 * sqrt(0.1875 / 5000))
    expect_gt(mean(x[component == 2, "c"]), mean(x[component == 1, "c"]))
    alpha <- two_kinds()
    colnames(alpha) <- c("A", "B")
    named <- rdmn(20, alpha, c(0, 1), 10)
    expect_identical(attr(named, "component"),
        factor(rep("B", 20), c("A", "B")))
    # numbers are no names of components
    colnames(alpha) <- c("1", "2")
    expect_identical(attr(rdmn(20, alpha, c(0, 1), 10), "component"),
        rep(2L, 20))
})

test_that("sizes are exact, also for tiny parameters and small tables", {
    set.seed(3)
    expect_identical(rowSums(rdmn(4, c(1, 2), size = c(1, 5, 9, 2000))),
        c(1, 5, 9, 2000))
    # these proportions would all be 0 if they were not kept as logarithms
    tiny <- rdmn(200, rep(1e-6, 10), size = 50)
    expect_true(all(rowSums(tiny) == 50))
    expect_gt(length(unique(max.col(tiny))), 5)
    # where even that underflows, one taxon has all counts, with a probability
    # in proportion to alpha
    least <- rdmn(600, c(1e-320, 3e-320), size = 50)
    expect_true(all(least %in% c(0L, 50L)))
    expect_gt(sum(least[, 2L] == 50L), 380)
    expect_lt(sum(least[, 2L] == 50L), 520)
    expect_identical(dim(rdmn(0, c(1, 2), size = 5)), c(0L, 2L))
    expect_identical(as.vector(rdmn(3, 2, size = 7)), rep(7L, 3))
})

test_that("set.seed() and seed make draws reproducible", {
    fit <- dmn(small_twins(), 2, seed = 1)
    set.seed(5)
    first <- simulate(fit, 2, size = 50)
    set.seed(5)
    expect_identical(simulate(fit, 2, size = 50), first)
    set.seed(8)
    state <- .Random.seed
    one <- simulate(fit, seed = 9)
    expect_identical(.Random.seed, state)
    expect_identical(simulate(fit, seed = 9), one)
    expect_identical(as.numeric(attr(one, "seed")), 9)
})

test_that("a simulated table has the names and sizes of the fitted table", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    found <- simulate(fit, 2, size = rowSums(x))
    expect_identical(names(found), c("sim_1", "sim_2"))
    expect_identical(dimnames(found[[1]]), dimnames(x))
    expect_type(attr(found[[1]], "component"), "integer")
    expect_equal(rowSums(found[[2]]), rowSums(x))
    componentLabels(fit) <- c("p", "q")
    expect_identical(levels(attr(simulate(fit)[[1]], "component")),
        c("p", "q"))
})

test_that("fitting 2,000 simulated samples recovers the parameters", {
    fit <- dmn(twins, 4, seed = 1)
    set.seed(11)
    x <- rdmn(2000, fitted(fit), fit@mixture$Weight, size = 2000)
    again <- dmn(x, 4, seed = 1, num.threads = 2)
    expect_true(again@mixture$Converged)
    # components are matched by the samples that they share
    shared <- table(attr(x, "component"), mixture(again, assign = TRUE))
    match <- max.col(shared)
    expect_setequal(match, 1:4)
    expect_lt(max(abs(again@mixture$Weight[match] - fit@mixture$Weight)),
        0.03)
    correlation <- diag(stats::cor(fitted(fit, scale = TRUE),
        fitted(again, scale = TRUE)[, match]))
    expect_gt(min(correlation), 0.95)
    expect_gt(sum(diag(shared[, match])) / 2000, 0.95)
})

test_that("arguments that cannot be used are refused", {
    alpha <- two_kinds()
    expect_error(rdmn(3, alpha), "'size' is missing")
    expect_error(rdmn(-1, alpha, size = 5), "'n' must be")
    expect_error(rdmn(3, -alpha, size = 5), "'alpha' must be finite and > 0")
    expect_error(rdmn(3, "a", size = 5), "'alpha' must be a matrix of numbers")
    expect_error(rdmn(3, alpha, 1, 5),
        "'weight' must be a number for each of the 2 components")
    expect_error(rdmn(3, alpha, c(0, 0), 5), "not all 0")
    expect_error(rdmn(3, alpha, c(NA, 1), 5), "'weight' must be finite")
    expect_error(rdmn(3, alpha, size = 1:2), "one for each of the 3 samples")
    expect_error(rdmn(3, alpha, size = 0), "whole numbers from 1 to")
    expect_error(rdmn(3, alpha, size = 2.5), "found 2.5")
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(simulate(fit, 0), "'nsim' must be")
    expect_error(simulate(fit, sizes = 9), "mean 'size'")
    expect_error(simulate(fit, seed = "a"), "'seed' must be")
})
