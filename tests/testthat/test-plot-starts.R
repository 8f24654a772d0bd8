skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot

# A table of starts with these NLE.
starts_of <- function(nle, kind = rep_len(.start_kinds[1:5], length(nle))) {
    structure(data.frame(start = seq_along(nle), kind = kind,
        seed = seq_along(nle), samples = rep(40L, length(nle)), NLE = nle,
        iterations = rep(9L, length(nle)), converged = is.finite(nle),
        best = .at_best(nle)), class = c("dmnstarts", "data.frame"))
}

test_that("the data is the table without the starts that failed", {
    table <- starts(dmn(small_twins(), 3, seed = 1))
    plot <- autoplot(table)
    expect_identical(plot$data$NLE, table$NLE)
    expect_identical(as.character(plot$data$kind), table$kind)
    expect_identical(plot$labels$subtitle, .met(table))
    expect_match(caption_of(plot), "On 40 samples")
    failed <- starts_of(c(5, Inf, 3, 4))
    plot <- autoplot(failed)
    expect_identical(plot$data$start, c(1L, 3L, 4L))
    expect_match(caption_of(plot), "1 start failed")
    line <- Filter(function(layer) inherits(layer$geom, "GeomHline"),
        plot$layers)
    expect_identical(line[[1]]$data$yintercept, 3)
})

test_that("any table is drawn", {
    expect_draws(autoplot(starts_of(c(5, 3, 4))))
    expect_draws(autoplot(starts_of(5)))
    expect_draws(autoplot(starts_of(rep(5, 300))))
    expect_draws(autoplot(starts_of(c(Inf, 5))))
    expect_draws(autoplot(starts_of(5:6, c("given", "new"))))
    expect_draws(autoplot(starts(dmn(matrix(3:1, 1), 1, seed = 1))))
})

test_that("plot() draws by ggplot2, and by base graphics where it must", {
    table <- starts_of(c(5, Inf, 3, 4))
    undrawn({
        value <- withVisible(plot(table))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(table)$data)
        expect_identical(plot(table, main = "title", pch = 3,
            ylim = c(0, 1e5)), table)
        value <- without_ggplot(withVisible(plot(table)))
        expect_false(value$visible)
        expect_identical(value$value, table)
        expect_silent(without_ggplot(plot(starts_of(5))))
    })
    expect_error(without_ggplot(autoplot(table)), "needs the ggplot2 package")
})

test_that("a part of a table that cannot be drawn is refused", {
    table <- starts_of(c(5, Inf))
    for (draw in list(plot, autoplot)) {
        expect_error(draw(table[c("start", "NLE")]), "columns that starts")
        expect_error(draw(table[2, ]), "found only failed ones")
        expect_error(draw(table[0, ]), "found no starts")
    }
    expect_error(autoplot(table, what = 1), "has no argument 'what'")
})

test_that("the plot stays as it is", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    vdiffr::expect_doppelganger("starts",
        autoplot(starts_of(c(512, 505.5, 520, 505.5, 530, 505.5, 508))))
})
