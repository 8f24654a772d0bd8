test_that("a fit prints DirichletMultinomial's lines and its convergence", {
    fit <- dmn(small_twins(), 2, seed = 1)
    n <- fit@mixture$Iterations
    expected <- c("class: DMN", "k: 2", "samples x taxa: 40 x 46",
        sprintf("Laplace: %s BIC: %s AIC: %s", format(laplace(fit)),
            format(BIC(fit)), format(AIC(fit))),
        sprintf("converged: yes, %d iterations", n))
    expect_identical(capture.output(print(fit)), expected)
    expect_identical(capture.output(expect_identical(print(fit), fit)),
        expected)
})

test_that("a fit is printed at the top level", {
    # in a fresh process: if both packages are loaded, show() may be the method
    # of DirichletMultinomial
    output <- fresh_r(c("library(dmmomp)", "fit <- dmn(twins, 1, seed = 1)",
        "fit", "print(fit)"))
    expect_length(output, 10)
    expect_identical(output[1:5], output[6:10])
    expect_match(output[[5]], "^converged: yes, [0-9]+ iterations?$")
})

test_that("a fit that has not converged prints so", {
    fit <- suppressWarnings(dmn(small_twins(), 3, seed = 1,
        control = dmncontrol(max.iterations = 1)))
    expect_identical(utils::tail(capture.output(print(fit)), 1),
        "converged: NO, 1 iteration")
})

test_that("restarted and empty components are printed where known", {
    expect_identical(.convergence(list(Converged = TRUE, Iterations = 3L,
        Reseeded = 1L, Empty = 0L)),
        "converged: yes, 3 iterations, 1 emptied component restarted")
    expect_identical(.convergence(list(Converged = TRUE, Iterations = 3L,
        Reseeded = 0L, Empty = 2L)),
        "converged: yes, 3 iterations, 2 components without samples")
    expect_null(.convergence(list(Weight = 1)))
    fit <- dmn(small_twins(), 2, seed = 1)
    fit@mixture <- fit@mixture["Weight"]
    expect_length(capture.output(print(fit)), 4)
})
