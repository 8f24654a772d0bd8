skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot

# The result for the scores of six samples in two folds, for k = 1, 2, ...
result_of <- function(...) {
    scores <- cbind(...)
    dimnames(scores) <- list(NULL, seq_len(ncol(scores)))
    .perplexity(scores, rep(1:2, 3), rep(100, 6), 1L)
}
rising <- result_of(c(-60, -50, -70, -55, -65, -62),
    c(-50, -45, -61, -52, -55, -59), c(-40, -42, -49, -41, -45, -50),
    c(-39, -42.5, -49, -40.5, -45, -50))
role_of <- function(plot) as.character(plot$data$role)

test_that("bars are a standard error, and the two values of k are marked", {
    table <- autoplot(rising)$data
    expect_identical(table$k, 1:4)
    scores <- attr(rising, "sample.loglik")
    gain <- scores - scores[, 4]
    expect_equal(table$sample.difference, unname(colMeans(gain)))
    se <- unname(apply(gain, 2, sd)) / sqrt(6)
    expect_equal(table$upper - table$sample.difference, se)
    expect_equal(table$sample.difference - table$lower, se)
    expect_identical(role_of(autoplot(rising)),
        c("other", "other", "smallest within 2 se", "best"))
    # as print() says
    expect_identical(.best_ks(rising), c(best = 4L, near = 3L))
    expect_identical(role_of(autoplot(rising[1:3, ])),
        c("other", "other", "best"))
})

test_that("any result is drawn", {
    expect_draws(autoplot(rising))
    expect_draws(autoplot(rising[1, ]))
    expect_draws(autoplot(do.call(result_of, lapply(1:14, function(k) {
        -(60:55) / k
    }))))
    expect_draws(autoplot(dmnperplexity(unname(small_twins()[1:2, ]), 1,
        folds = 2, seed = 1)))
    failed <- result_of(c(-60:-55), NA, -(59:54))
    plot <- autoplot(failed)
    expect_draws(plot)
    expect_identical(plot$data$k, c(1L, 3L))
    expect_match(caption_of(plot), "Not fitted: k = 2.")
})

test_that("plot() draws by ggplot2, and by base graphics where it must", {
    undrawn({
        value <- withVisible(plot(rising))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(rising)$data)
        expect_identical(without_ggplot(plot(rising)), rising)
        limits <- graphics::par("usr")[3:4]
        bars <- range(rising$sample.difference - rising$sample.difference.se,
            rising$sample.difference + rising$sample.difference.se)
        expect_equal(limits, bars + c(-1, 1) * 0.04 * diff(bars))
        expect_identical(plot(rising[1, ], main = "one"), rising[1, ])
        failed <- result_of(c(-60:-55), NA)
        expect_identical(without_ggplot(plot(failed)), failed)
    })
    expect_error(without_ggplot(autoplot(rising)), "needs the ggplot2 package")
})

test_that("a part of a result that cannot be drawn is refused", {
    for (draw in list(plot, autoplot)) {
        expect_error(draw(rising[c("k", "loglik")]), "must have the columns k")
        expect_error(draw(rising[0, ]), "found no rows")
    }
    expect_error(autoplot(rising, 1:3), "too many")
})

test_that("the plot stays as it is", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    vdiffr::expect_doppelganger("perplexity", autoplot(rising))
})
