skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot

set.seed(1)
member <- stats::runif(60) < 0.4
score <- stats::rnorm(60) + member
fine <- roc(member, score)
ties <- roc(member, round(score))

# The area under the line through some points.
trapezoids <- function(table) {
    x <- table$FalsePositive
    y <- table$TruePostive
    sum(diff(x) * (y[-1] + y[-length(y)]) / 2)
}

test_that("the line that is drawn has the area that is written", {
    for (curve in list(fine, ties, roc(member, rep(0, 60)))) {
        plot <- autoplot(curve)
        expect_equal(trapezoids(plot$data), attr(curve, "AUC"))
        expect_identical(plot$labels$subtitle,
            sprintf("area under the curve %.3f", attr(curve, "AUC")))
        expect_draws(plot)
    }
    table <- autoplot(fine)$data
    expect_identical(table$TruePostive, c(0, fine$TruePostive))
    expect_identical(table$FalsePositive, c(0, fine$FalsePositive))
    expect_identical(table$obs, c(Inf, sort(score, decreasing = TRUE)))
    # one point for each threshold
    expect_identical(autoplot(ties)$data$obs,
        c(Inf, sort(unique(round(score)), decreasing = TRUE)))
})

test_that("several curves are drawn, named by their variables or by labels", {
    plot <- autoplot(fine, ties)
    expect_identical(levels(plot$data$curve), c("fine", "ties"))
    expect_identical(levels(autoplot(fine, roc(member, score),
        fine)$data$curve), c("fine", "curve 2", "fine 1"))
    labels <- c("one group", "two groups")
    plot <- autoplot(fine, ties, labels = labels)
    expect_identical(levels(plot$data$curve), labels)
    legend <- plot$scales$get_scales("colour")$get_labels(labels)
    expect_identical(unname(legend), sprintf("%s (%.3f)", labels,
        c(attr(fine, "AUC"), attr(ties, "AUC"))))
    expect_draws(plot)
    curves <- rep(list(fine), 12)
    plot <- do.call(autoplot, c(curves, list(labels = paste(strrep("a", 60),
        1:12))))
    expect_draws(plot)
    for (label in levels(plot$data$curve))
        expect_equal(trapezoids(plot$data[plot$data$curve == label, ]),
            attr(fine, "AUC"))
    expect_draws(do.call(autoplot, curves))
})

test_that("what is not a whole curve is refused", {
    expect_error(autoplot(rbind(fine, ties)), paste("'object' must be all of",
        "a curve made by roc\\(\\); found 120 rows"))
    expect_error(autoplot(fine, ties[1:3, ]), "argument 2 must be all of")
    expect_error(autoplot(fine[1]), "'object' must be all of")
    expect_error(autoplot(fine, data.frame(x = 1)), paste("argument 2 must be",
        "a curve made by roc\\(\\); found a 1 x 1 data.frame"))
    expect_error(autoplot(fine, label = "x"), "did you mean 'labels'?")
    expect_error(autoplot(fine, ties, labels = "x"), "for 2 curves; found")
    expect_error(autoplot(fine, ties, labels = c("x", "x")), "found one twice")
    expect_error(autoplot(fine, labels = NA), "'labels' must be")
    expect_error(without_ggplot(autoplot(fine)), "needs the ggplot2 package")
})

test_that("a curve is used as a data.frame in scripts", {
    first <- fine
    first$Label <- "first"
    second <- ties
    second$Label <- "second"
    both <- rbind(first, second)
    expect_identical(dim(both), c(120L, 3L))
    expect_identical(both$TruePostive[1:60], fine$TruePostive)
    expect_draws(autoplot(first, second))
    undrawn({
        expect_null(plot(TruePostive ~ FalsePositive, fine, type = "l"))
        expect_invisible(plot(fine[, 2:1], type = "l"))
        expect_silent(lines(ties[, 2:1]))
    })
})

test_that("plot() draws by ggplot2, and a data.frame where it must", {
    undrawn({
        value <- withVisible(plot(fine, ties))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(fine, ties)$data)
        named <- plot(fine, ties, labels = c("a", "b"))
        expect_identical(levels(named$data$curve), c("a", "b"))
        limits <- function(...) {
            expect_identical(plot(...), ..1)
            graphics::par("usr")[1:2]
        }
        # the first column is on the x axis
        expect_equal(limits(fine, xlim = c(0, 2)), c(-0.08, 2.08))
        expect_equal(limits(fine[1:9, ]), range(fine$TruePostive[1:9]) +
            c(-1, 1) * 0.04 * diff(range(fine$TruePostive[1:9])))
        expect_equal(without_ggplot(limits(fine, type = "l")),
            range(fine$TruePostive) + c(-1, 1) * 0.04 *
            diff(range(fine$TruePostive)))
        expect_silent(lines(ties))
        expect_silent(points(ties))
    })
})

test_that("the plot stays as it is", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    vdiffr::expect_doppelganger("roc", autoplot(
        roc(c(1, 1, 0, 1, 0, 0, 1, 0), 8:1),
        roc(c(1, 1, 0, 1, 0, 0, 1, 0), c(4, 3, 3, 2, 2, 2, 1, 0)),
        labels = c("one group", "two groups")))
})
