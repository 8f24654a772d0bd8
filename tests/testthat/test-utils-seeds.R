test_that("seeds are truncated, and must be single finite numbers", {
    expect_identical(.check_seed(12.7), 12L)
    expect_identical(.check_seed(-3), -3L)
    expect_identical(.check_seed(2147483646.9), 2147483646L)
    for (bad in list(NA, NaN, Inf, 3e9, "1", NULL, 1:2))
        expect_error(.check_seed(bad), "'seed' must be one number from .*found")
})

test_that(".with_seed() leaves R's generator as it was", {
    kinds <- RNGkind()
    set.seed(1) # there may be no state yet
    seed <- .Random.seed
    on.exit({
        do.call(RNGkind, as.list(kinds))
        assign(".Random.seed", seed, globalenv())
    })
    RNGkind("Wichmann-Hill", "Box-Muller", "Rejection")
    set.seed(5)
    before <- .Random.seed
    expect_identical(.with_seed(1, runif(1)), .with_seed(1, runif(1)))
    expect_identical(.Random.seed, before)
    expect_identical(RNGkind(), c("Wichmann-Hill", "Box-Muller", "Rejection"))
    # where no number has been drawn yet
    rm(".Random.seed", envir = globalenv())
    .with_seed(1, runif(1))
    expect_false(exists(".Random.seed", globalenv(), inherits = FALSE))
})
