test_that("a summary has the documented parts", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 7)
    s <- summary(fit, taxa = 3)
    expect_s3_class(s, "summary.DMN")
    expect_identical(s$size, c(samples = 40L, taxa = 46L, components = 2L))
    expect_identical(s$criteria, goodnessOfFit(fit))
    expect_identical(s$logLik, logLik(fit))
    expect_identical(s$components[c("pi", "theta")], mixturewt(fit))
    expect_identical(s$components$samples,
        as.integer(table(factor(mixture(fit, assign = TRUE), 1:2))))
    expect_identical(s$algorithm[c("converged", "seed", "optimizer")],
        list(converged = TRUE, seed = 7L, optimizer = "newton"))
})

test_that("the leading taxa are those with the largest proportions", {
    fit <- dmn(small_twins(), 2, seed = 1)
    leading <- summary(fit, taxa = 3)$taxa
    expect_identical(leading$component, rep(1:2, each = 3))
    share <- fitted(fit, scale = TRUE)
    for (k in 1:2) {
        top <- sort(share[, k], decreasing = TRUE)[1:3]
        part <- leading[leading$component == k, ]
        expect_identical(part$taxon, names(top))
        expect_identical(part$proportion, unname(top))
        expect_identical(part$lower, unname(fit@fit$Lower[names(top), k]))
        expect_identical(part$upper, unname(fit@fit$Upper[names(top), k]))
    }
    expect_identical(nrow(summary(fit, taxa = 1000)$taxa), 2L * 46L)
    unnamed <- summary(dmn(unname(small_twins()), 1, seed = 1), taxa = 1)
    expect_match(unnamed$taxa$taxon, "^[0-9]+$")
})

test_that("a summary prints size, convergence, likelihood and taxa", {
    fit <- dmn(small_twins(), 2, seed = 1)
    printed <- capture.output(print(summary(fit, taxa = 2)))
    expect_identical(printed[[1]],
        "Dirichlet-multinomial mixture: 2 components, 40 samples, 46 taxa")
    expect_match(printed[[2]],
        "^converged: yes, [0-9]+ iterations \\(seed 1, newton\\)$")
    expect_match(printed[[3]], "^log-likelihood -[0-9.]+ \\(df 93\\)$")
    expect_true("leading taxa (mean proportion):" %in% printed)
    expect_match(utils::tail(printed, 1), "^  2: [A-Z][a-z]+ [0-9.]+%, ")
})

test_that("a fit without a record of the algorithm has a summary", {
    fit <- dmn(small_twins(), 2, seed = 1)
    fit@mixture <- fit@mixture["Weight"]
    s <- summary(fit)
    expect_null(s$algorithm)
    expect_match(capture.output(print(s))[[2]], "^log-likelihood")
})

test_that("arguments are checked", {
    fit <- dmn(small_twins(), 1, seed = 1)
    expect_error(summary(fit, taxa = 0), "'taxa' must be one whole number")
    expect_error(summary(fit, n = 3), "summary\\(\\) has no argument 'n'")
})
