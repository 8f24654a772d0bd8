skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot

# A result with these values; the fits are not drawn.
stability_of <- function(rand, jaccard) {
    names(jaccard) <- vapply(jaccard, ncol, 0L)
    colnames(rand) <- names(jaccard)
    structure(list(rand = rand, jaccard = jaccard, fits = NULL),
        class = "dmnstability")
}
two <- stability_of(cbind(c(0.9, 1, 0.8), c(0.2, -0.1, 0.6)),
    list(cbind(c(1, 0.9, 0.95), c(0.8, 0.7, 0.9)),
        cbind(c(0.9, 0.8, 1), c(0.5, NA, 0.7), NA_real_)))

test_that("the data has a row for each value that there is", {
    table <- autoplot(two)$data
    rand <- table[table$measure == "adjusted Rand", ]
    expect_identical(rand$value, as.vector(two$rand))
    expect_identical(rand$k, rep(2:3, each = 3))
    expect_identical(rand$resample, rep(1:3, 2))
    jaccard <- table[table$measure == "Jaccard", ]
    expect_identical(jaccard$value[jaccard$k == 2],
        as.vector(two$jaccard[["2"]]))
    expect_identical(jaccard$component[jaccard$k == 3], c(1L, 1L, 1L, 2L, 2L))
    expect_identical(jaccard$resample[jaccard$k == 3], c(1:3, 1L, 3L))
    # those of one k are about its place, in order, and apart from the next
    expect_equal(unique(jaccard$at), c(0.925, 1.075, 1.85, 2))
    expect_lt(max(.spread(1, 12)), 1.5)
    expect_equal(mean(.spread(1, 12)), 1)
})

test_that("the bars are the middle half about the mean", {
    bars <- .stability_bars(two, c("adjusted Rand", "Jaccard"))
    expect_identical(as.character(bars$component), c("1", "2", "1", "2"))
    expect_equal(bars$value, c(0.95, 0.8, 0.9, 0.6))
    expect_equal(bars$lower, c(0.925, 0.75, 0.85, 0.55))
    expect_equal(bars$upper, c(0.975, 0.85, 0.95, 0.65))
})

test_that("any result is drawn, and keeps R's state", {
    expect_draws(autoplot(two))
    expect_draws(autoplot(stability_of(matrix(1), list(matrix(1, 1, 2)))))
    expect_draws(autoplot(stability_of(matrix(0.5, 9, 2),
        list(matrix(0.5, 9, 12), matrix(1, 9, 14)))))
    set.seed(1)
    before <- .Random.seed
    undrawn(plot(two))
    expect_identical(.Random.seed, before)
})

test_that("plot() draws by ggplot2, and by base graphics where it must", {
    undrawn({
        value <- withVisible(plot(two))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(two)$data)
        expect_identical(plot(two, main = "title"), two)
        expect_identical(without_ggplot(plot(two)), two)
    })
    # replace text(), to see the numbers of the components that it is given
    drawn <- list()
    draw_with <- .draw_stability
    text <- function(...) {
        drawn <<- c(drawn, list(list(...)))
    }
    environment(draw_with) <- list2env(list(text = text),
        parent = environment(.draw_stability))
    undrawn(draw_with(two))
    expect_equal(lapply(drawn, `[[`, 2L), lapply(two$jaccard, .mean_jaccard),
        ignore_attr = TRUE)
    expect_identical(lapply(drawn, `[[`, 3L), list(1:2, 1:3))
    expect_error(without_ggplot(autoplot(two)), "needs the ggplot2 package")
    expect_error(autoplot(two, k = 2), "has no argument 'k'")
})

test_that("the plot stays as it is", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    vdiffr::expect_doppelganger("stability", autoplot(two))
})
