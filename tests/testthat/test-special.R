# Differences over whole counts are finite sums without cancellation:
# lgamma(a + v) - lgamma(a) = sum log(a + i), i = 0 .. v - 1, and likewise for
# digamma and trigamma.
exact <- function(alpha, x) {
    term <- function(f) {
        mapply(function(a, v) sum(f(a + rev(seq_len(v) - 1))), alpha, x)
    }
    list(lgamma = term(log), digamma = term(function(t) 1 / t),
        trigamma = term(function(t) -1 / t^2))
}

relative_error <- function(found, expected, scale = abs(expected)) {
    max(abs(found - expected) / scale)
}

alpha <- 10^c(-30, -12, -5, -2, -1, -0.3, 0, 0.3, 0.7, 0.9, 1, 1.5, 2, 4, 6, 8,
    11, 15)

test_that("differences of special functions are accurate for small counts", {
    grid <- expand.grid(alpha = alpha, x = c(1:12, 17, 40, 100, 1000))
    found <- .Call(R_dmm_special, grid$alpha, as.double(grid$x))
    expected <- exact(grid$alpha, grid$x)
    # that of lgamma passes through 0, so errors are relative to 1 + |value|
    expect_lt(relative_error(found$lgamma, expected$lgamma,
        1 + abs(expected$lgamma)), 5e-14)
    expect_lt(relative_error(found$digamma, expected$digamma), 5e-14)
    expect_lt(relative_error(found$trigamma, expected$trigamma), 5e-14)
})

test_that("differences agree with R's own functions for large counts", {
    grid <- expand.grid(alpha = c(1e-3, 0.1, 1, 7, 8, 9, 30, 1000),
        x = c(5000, 12345, 1e6, 2^31 - 1))
    found <- .Call(R_dmm_special, grid$alpha, grid$x)
    by <- function(f) f(grid$alpha + grid$x) - f(grid$alpha)
    expect_lt(relative_error(found$lgamma, by(lgamma)), 1e-12)
    expect_lt(relative_error(found$digamma, by(digamma)), 1e-12)
    expect_lt(relative_error(found$trigamma, by(trigamma)), 1e-12)
})

test_that("a count of zero has differences of zero", {
    found <- .Call(R_dmm_special, alpha, numeric(length(alpha)))
    for (value in found)
        expect_identical(value, numeric(length(alpha)))
})

test_that("differences are continuous where the method changes", {
    for (edge in c(1, 7, 8, 9, 16)) {
        a <- edge * c(1 - 1e-9, 1, 1 + 1e-9)
        for (v in c(1, 5, 7, 8, 9, 50)) {
            found <- .Call(R_dmm_special, a, rep(v, 3))
            for (value in found)
                expect_lt(max(abs(diff(value))), 1e-7 * max(1, abs(value)))
        }
    }
})
