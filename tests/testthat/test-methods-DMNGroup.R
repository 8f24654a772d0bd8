test_that("functions of one fit refuse a classifier, and say what to use", {
    groups <- dmngroup(small_twins(), rep(c("a", "b"), 20), 1, seed = 1,
        .lapply = lapply)
    expect_error(drivers(groups), paste("found fits made by dmngroup(); use",
        "lapply(object, drivers)"), fixed = TRUE)
    for (what in list(ICL, entropy, coef, logLik, residuals, starts,
        componentLabels))
        expect_error(what(groups), "use lapply(object, ", fixed = TRUE)
    expect_length(lapply(groups, drivers), 2)
})

test_that("a classifier works where the package is loaded but not attached", {
    output <- fresh_r(c(
        "x <- dmmomp::twins",
        "g <- dmmomp::dmngroup(x, dmmomp::twinsBMI, 1, .lapply = lapply)",
        "stopifnot(length(g) == 3, names(g)[[2]] == 'Obese',",
        "    inherits(g[['Lean']], 'DMN'), identical(g$Lean, g[[1]]),",
        "    inherits(g[c('Lean', 'Obese')], 'DMNGroup'),",
        "    length(g[-1]) == 2, length(as.list(g)) == 3,",
        "    is.numeric(sapply(g, dmmomp::laplace)),",
        "    nrow(summary(g)) == 3, is.null(g$none))",
        "stopifnot(inherits(try(g['none'], silent = TRUE), 'try-error'))",
        "stopifnot(ncol(predict(g, x)) == 3)",
        "h <- g; h[['Lean']] <- g[['Obese']]; h$Overwt <- g$Lean",
        "stopifnot(identical(h$Lean, g$Obese), identical(h[[3]], g$Lean),",
        "    inherits(h, 'DMNGroup'), inherits(try(h$Lean <- 3, silent =",
        "    TRUE), 'try-error'))",
        "names(h) <- c('a', 'b', 'c')",
        "stopifnot(identical(h$a, g$Obese), nrow(summary(h)) == 3)",
        "g",
        "library(dmmomp)",
        "stopifnot(length(lapply(g, mixturewt)) == 3, is(g, 'SimpleList'))",
        "g[['Lean']]"))
    expect_identical(output[[1]], "class: DMNGroup")
    expect_true("class: DMN" %in% output)
})

test_that("summary() and predict() work where S4Vectors is attached", {
    output <- fresh_r(c(
        "suppressPackageStartupMessages(library(S4Vectors))",
        "library(dmmomp)",
        "data(bestgrp, fit)",
        "stopifnot(is.data.frame(summary(bestgrp)))",
        "stopifnot(inherits(summary(fit[[2]]), 'summary.DMN'))",
        "print(dim(predict(bestgrp, twins)))"))
    expect_identical(output, "[1] 278   2")
})
