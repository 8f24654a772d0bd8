test_that("the fits that are shipped are those of this version", {
    for (k in c(1, 4))
        expect_equal(goodnessOfFit(dmmomp::fit[[k]]),
            goodnessOfFit(dmn(twins, k, seed = 1)), tolerance = 1e-7)
    expect_identical(which.min(vapply(dmmomp::fit, laplace, 0)), 4L)
    expect_identical(summary(dmmomp::bestgrp)$k, c(1L, 3L))
    expect_identical(names(dmmomp::xval), c("group", "Lean", "Obese"))
    keep <- rownames(csubset(c("Lean", "Obese"), twins, twinsBMI))
    expect_identical(rownames(dmmomp::xval), keep)
    expect_identical(sort(dmmomp::xval$group), 1:254)
})
