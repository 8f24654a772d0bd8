mstep <- function(x, lambda, z, optimizer, num.threads = 1L) {
    .Call(R_dmm_mstep, x, lambda, z, dmncontrol(), optimizer, num.threads)
}

cases <- list(
    plain = ref_table(n = 40, taxa = 6, k = 2),
    `empty taxon` = local({
        t <- ref_table(n = 30, taxa = 5, k = 2)
        t$x <- cbind(t$x, 0L)
        t
    }),
    `three components` = ref_table(n = 60, taxa = 8, k = 3, seed = 4))

for (name in names(cases))
    # soft assignments, so that every sample counts in every component
    cases[[name]]$z <- local({
        z <- cases[[name]]$z * 0.8 + 0.1
        z / rowSums(z)
    })

test_that("both optimisers find the optimum that optim() finds", {
    for (name in names(cases)) {
        x <- cases[[name]]$x
        z <- cases[[name]]$z
        start <- matrix(0, ncol(x), ncol(z))
        for (optimizer in c("newton", "bfgs")) {
            found <- mstep(x, start, z, optimizer)
            for (k in seq_len(ncol(z))) {
                label <- paste(name, optimizer, k)
                lambda <- ref_mstep(x, start[, k], z[, k])
                best <- ref_objective(x, lambda, z[, k])
                expect_lt(abs(found$Objective[[k]] - best), 1e-6 * abs(best),
                    label = label)
                expect_lt(max(abs(exp(found$Lambda[, k]) - exp(lambda))), 1e-2,
                    label = label)
                expect_equal(found$Objective[[k]],
                    ref_objective(x, found$Lambda[, k], z[, k]),
                    tolerance = 1e-10, label = label)
            }
        }
    }
})

test_that("Newton's method ends where the gradient vanishes", {
    for (name in names(cases)) {
        x <- cases[[name]]$x
        z <- cases[[name]]$z
        found <- mstep(x, matrix(0, ncol(x), ncol(z)), z, "newton")
        for (k in seq_len(ncol(z)))
            expect_lt(max(abs(ref_gradient(x, found$Lambda[, k], z[, k]))),
                1e-2, label = name)
        expect_gt(found$Iterations, 0L)
    }
})

test_that("Newton's method reaches the optimum from far away", {
    x <- cases$plain$x
    z <- cases$plain$z
    best <- mstep(x, matrix(0, ncol(x), 2), z, "newton")$Objective
    for (level in c(-14, -5, 5, 12)) {
        found <- mstep(x, matrix(level, ncol(x), 2), z, "newton")
        expect_equal(found$Objective, best, tolerance = 1e-7, label = level)
    }
})

test_that("the M-step does not depend on the number of threads", {
    x <- large_table()
    set.seed(1)
    z <- matrix(rexp(nrow(x) * 4), nrow(x))
    z <- z / rowSums(z)
    start <- matrix(0, ncol(x), 4)
    expect_identical(mstep(x, start, z, "newton", 2L),
        mstep(x, start, z, "newton", 1L))
})
