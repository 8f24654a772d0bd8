skip_if_not_installed("ggplot2")

x <- small_twins()
fit <- dmn(x, 3, seed = 1)
# Probabilities that are known, and of which several are uncertain.
known <- fit
z <- cbind("1" = c(0.6, 1, 0.3, 0.2), "2" = c(0.3, 0, 0.5, 0.1),
    "3" = c(0.1, 0, 0.2, 0.7))[rep_len(1:4, 40), ]
z[5, ] <- c(0.95, 0.05, 0)
rownames(z) <- rownames(fit@group)
known@group <- z

test_that("samples are ordered by component and then by probability", {
    data <- ggplot2::autoplot(known, "probabilities")$data
    order <- order(max.col(z), -apply(z, 1, max))
    expect_identical(unique(data$sample), rownames(z)[order])
    expect_identical(data$probability, as.vector(t(z[order, ])))
    expect_identical(data$position, rep(1:40, each = 3L))
    expect_identical(data$component, factor(rep(1:3, 40), 1:3))
    expect_identical(data$assigned,
        factor(rep(max.col(z)[order], each = 3L), 1:3))
    terms <- ifelse(z > 0, -z * log(z), 0)
    expect_equal(data$entropy,
        rep(unname(rowSums(terms))[order] / log(3), each = 3L))
    expect_identical(data$uncertain,
        rep(unname(apply(z, 1, max) < 0.9)[order], each = 3L))
})

test_that("the columns of a sample are its probabilities, one on the other", {
    plot <- ggplot2::autoplot(known, "probabilities")
    built <- ggplot2::ggplot_build(plot)$data
    ribbon <- built[[1L]]
    data <- plot$data
    last <- data[data$position == 40L, ]
    corner <- ribbon[ribbon$PANEL == 1 & ribbon$x == 40.5, ]
    expect_equal(corner$ymax, cumsum(last$probability))
    expect_equal(corner$ymin, cumsum(c(0, last$probability[1:2])))
    expect_identical(nrow(ribbon[ribbon$PANEL == 1, ]), 2L * 3L * 40L)
    # the marks, and the second panel, are the uncertain samples
    uncertain <- unique(data$position[data$uncertain])
    expect_equal(built[[4L]]$x, uncertain)
    expect_identical(nrow(ribbon[ribbon$PANEL == 2, ]),
        2L * 3L * length(uncertain))
    line <- built[[3L]]
    expect_equal(line$y[line$PANEL == 2], rep(data$entropy[data$uncertain &
        data$component == "1"], each = 2L))
})

test_that("uncertain samples are named if they are few", {
    names <- function(...) {
        layout <- ggplot2::ggplot_build(ggplot2::autoplot(known,
            "probabilities", ...))$layout
        scales <- layout$panel_scales_x
        labels <- scales[[length(scales)]]$get_labels()
        labels[!is.na(labels)]
    }
    data <- ggplot2::autoplot(known, "probabilities", threshold = 0.55)$data
    expect_identical(names(threshold = 0.55),
        unique(data$sample[data$uncertain]))
    expect_identical(sum(z[, 2] == 0.5), length(names(threshold = 0.55)))
    known@group[] <- 1 / 3
    expect_length(names(), 0L)
})

test_that("the caption counts the uncertain samples", {
    caption <- function(...) {
        plot <- ggplot2::autoplot(..., what = "probabilities")
        gsub("\n", " ", plot$labels$caption)
    }
    expect_match(caption(known), "below 0.9, 29 of 40.", fixed = TRUE)
    expect_match(caption(known, threshold = 0.55), "below 0.55, 10 of 40.",
        fixed = TRUE)
})

test_that("every fit can be drawn", {
    many <- dmn(large_table(n = 300, s = 30), 12, seed = 1)
    expect_draws(ggplot2::autoplot(fit, "probabilities"))
    expect_draws(ggplot2::autoplot(known, "probabilities"))
    expect_draws(ggplot2::autoplot(many, "probabilities"))
    componentLabels(many) <- paste("a kind of community with number", 1:12)
    expect_draws(ggplot2::autoplot(many, "probabilities", threshold = 0.999))
    expect_draws(ggplot2::autoplot(dmn(x, 1, seed = 1), "probabilities"))
    unnamed <- dmn(unname(x), 2, seed = 1)
    expect_draws(ggplot2::autoplot(unnamed, "probabilities"))
    expect_setequal(ggplot2::autoplot(unnamed, "probabilities")$data$sample,
        as.character(1:40))
    expect_draws(ggplot2::autoplot(dmn(x[1, , drop = FALSE], 1, seed = 1),
        "probabilities"))
})

test_that("bad arguments are refused", {
    for (bad in list(0, 1, NA, "0.9", c(0.5, 0.9)))
        expect_error(ggplot2::autoplot(fit, "probabilities", threshold = bad),
            "'threshold' must be one number between 0 and 1")
    expect_error(ggplot2::autoplot(fit, "probabilities", taxa = 3),
        "no argument 'taxa'")
})

test_that("the picture is as before", {
    skip_if_not_installed("vdiffr")
    vdiffr::expect_doppelganger("probabilities",
        ggplot2::autoplot(known, "probabilities", threshold = 0.7))
})
