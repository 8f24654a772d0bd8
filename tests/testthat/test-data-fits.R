test_that("the shipped fits are those that this version makes", {
    shipped <- new.env()
    data(fit, bestgrp, xval, package = "dmmomp", envir = shipped)
    # EM stops within its tolerance of the optimum, at a point that depends on
    # the processor's instruction set. Of the criteria, LogDet varies most with
    # it.
    for (k in c(1, 4))
        expect_equal(goodnessOfFit(shipped$fit[[k]]),
            goodnessOfFit(dmn(twins, k, seed = 1)), tolerance = 1e-5)
    expect_identical(which.min(vapply(shipped$fit, laplace, 0)), 4L)
    for (fit in c(shipped$fit, as.list(shipped$bestgrp)))
        for (m in c(list(fit@group), fit@fit))
            expect_identical(colnames(m), as.character(seq_len(ncol(m))))
    expect_identical(summary(shipped$bestgrp)$k, c(1L, 3L))
    expect_identical(names(shipped$xval), c("group", "Lean", "Obese"))
    keep <- rownames(csubset(c("Lean", "Obese"), twins, twinsBMI))
    expect_identical(rownames(shipped$xval), keep)
    expect_identical(sort(shipped$xval$group), 1:254)
})

test_that("attaching the package adds no objects with common names", {
    expect_false(any(c("fit", "bestgrp", "xval") %in%
        getNamespaceExports("dmmomp")))
    output <- fresh_r(c("library(dmmomp)", "exists('fit')", "exists('twins')"))
    expect_identical(output, c("[1] FALSE", "[1] TRUE"))
})
