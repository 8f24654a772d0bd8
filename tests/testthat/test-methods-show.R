test_that("a fit prints DirichletMultinomial's lines and its convergence", {
    fit <- dmn(small_twins(), 2, seed = 1, nstart = 1)
    n <- fit@mixture$Iterations
    expected <- c("class: DMN", "k: 2", "samples x taxa: 40 x 46",
        sprintf("Laplace: %s BIC: %s AIC: %s", format(laplace(fit)),
            format(BIC(fit)), format(AIC(fit))),
        sprintf("converged: yes, %d iterations", n), paste("optimum: one",
            "start; nstart = 20 may find a better one"))
    expect_identical(capture.output(print(fit)), expected)
    expect_identical(capture.output(expect_identical(print(fit), fit)),
        expected)
})

test_that("a fit is printed at the top level", {
    # in a fresh process: if both packages are loaded, show() may be the method
    # of DirichletMultinomial
    output <- fresh_r(c("library(dmmomp)", "fit <- dmn(twins, 1, seed = 1)",
        "fit", "print(fit)"))
    expect_length(output, 12)
    expect_identical(output[1:6], output[7:12])
    expect_match(output[[5]], "^converged: yes, [0-9]+ iterations?$")
    expect_identical(output[[6]], "optimum: one start")
})

test_that("a fit says how often its optimum was met", {
    line <- function(fit) utils::tail(capture.output(print(fit)), 1)
    x <- small_twins()
    three <- dmn(clear_groups(), 4, seed = 1, control = dmncontrol(agree = 3))
    expect_identical(line(three), "optimum: best of 3 starts, met 3 times")
    # a fit with that record of starts
    met <- function(nle, kind, nstart) {
        three@mixture$NStart <- nstart
        n <- length(kind)
        three@mixture$Starts <- list(kind = kind, seed = seq_len(n), NLE = nle,
            iterations = rep(1L, n), converged = rep(TRUE, n))
        line(three)
    }
    kinds <- c("kmeans", "seeds", "labels", "resample")
    expect_identical(met(c(3, 1, 1.005, 2), kinds, 4L),
        "optimum: best of 4 starts, met twice")
    # a resample does not count
    once <- c("optimum: best of 4 starts, met once",
        "; nstart = %d may find a better one")
    expect_identical(met(c(3, 1, 2, 1), kinds, 4L),
        sprintf(paste0(once, collapse = ""), 20L))
    expect_identical(met(c(3, 4, 2, 1), kinds, 4e4),
        paste0(once[[1L]],
            "; a larger dmncontrol(agree =) may find a better one"))
    expect_identical(met(rep(c(3, 4, 2, 1), 5), rep(kinds, 5), 20L),
        paste("optimum: best of 20 starts, met once; nstart = 100",
            "may find a better one"))
    # one component has one optimum
    expect_identical(line(dmn(x, 1, seed = 1, nstart = 1)),
        "optimum: one start")
    expect_identical(line(dmn(x, 1, seed = 1)), "optimum: one start")
    # a fit of an earlier version, with a lone start
    old <- dmn(x, 2, seed = 1, nstart = 1)
    old@mixture$NStart <- NULL
    expect_identical(line(old), paste("optimum: one start; nstart = 20",
        "may find a better one"))
})

test_that("a fit that has not converged prints so", {
    fit <- suppressWarnings(dmn(small_twins(), 3, seed = 1, nstart = 1,
        control = dmncontrol(max.iterations = 1)))
    expect_identical(capture.output(print(fit))[[5]],
        "converged: NO, 1 iteration")
    fit <- suppressWarnings(dmn(small_twins(), 3, seed = 1,
        control = dmncontrol(max.iterations = 1)))
    expect_match(capture.output(print(fit))[[5]],
        "^converged: NO, [0-9]+ iterations?$")
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
