x <- small_twins()
fit <- dmn(x, 3, seed = 1)
many <- dmn(large_table(n = 300, s = 30), 12, seed = 1)
unnamed <- dmn(unname(x), 2, seed = 1)
one <- dmn(x[1, , drop = FALSE], 1, seed = 1)

test_that("the dots are the proportions of the drivers, with their intervals", {
    skip_if_not_installed("ggplot2")
    data <- ggplot2::autoplot(fit, taxa = 5)$data
    share <- fitted(fit, scale = TRUE)
    unit <- share / fit@fit$Estimate
    base <- drop(share %*% mixturewt(fit)$pi)
    top <- head(order(-rowSums(abs(share - base))), 5)
    expect_identical(levels(data$taxon), rownames(share)[top])
    expect_identical(as.character(data$component), rep(c("1", "2", "3"),
        each = 5L))
    expect_equal(data$mean, as.vector(share[top, ]))
    expect_equal(data$lower, as.vector((fit@fit$Lower * unit)[top, ]))
    expect_equal(data$upper, as.vector(pmin((fit@fit$Upper * unit)[top, ], 1)))
    # within a taxon the first component is at the top, and taxa do not mix
    expect_identical(round(data$position), rep(as.numeric(1:5), 3))
    expect_true(all(diff(data$position[data$taxon == levels(data$taxon)[[1L]]])
        > 0))
})

test_that("the bars have all of each component", {
    skip_if_not_installed("ggplot2")
    plot <- ggplot2::autoplot(fit, type = "bars", taxa = 4)
    data <- plot$data
    other <- sprintf("other (%d taxa)", ncol(x) - 4L)
    expect_identical(levels(data$taxon),
        c(drivers(fit, n = 4)$taxon, other))
    expect_equal(as.vector(tapply(data$mean, data$component, sum)), rep(1, 3))
    rest <- data[data$taxon == other, ]
    share <- fitted(fit, scale = TRUE)
    expect_equal(rest$mean, unname(colSums(share[!rownames(share) %in%
        levels(data$taxon), ])))
    expect_true(all(is.na(rest$lower)))
    fill <- ggplot2::ggplot_build(plot)$data[[1L]]$fill
    expect_identical(fill[data$taxon == other], rep(.other_colour, 3L))

    # none are left: no sum
    all <- ggplot2::autoplot(fit, type = "bars", taxa = 1000)$data
    expect_identical(nrow(all), 3L * ncol(x))
    expect_false(any(grepl("^other", levels(all$taxon))))
})

test_that("a taxon called other, or one of two that share a name, stays", {
    skip_if_not_installed("ggplot2")
    named <- x
    colnames(named)[1:3] <- c("Twin", "Twin",
        sprintf("other (%d taxa)", ncol(x) - 30L))
    data <- ggplot2::autoplot(dmn(named, 2, seed = 1), type = "bars",
        taxa = 30)$data
    expect_false(anyDuplicated(data[c("component", "taxon")]) > 0L)
    expect_equal(as.vector(tapply(data$mean, data$component, sum)), rep(1, 2))
})

test_that("one component shows the most abundant taxa", {
    skip_if_not_installed("ggplot2")
    single <- dmn(x, 1, seed = 1)
    share <- fitted(single, scale = TRUE)[, 1]
    expect_identical(levels(ggplot2::autoplot(single, taxa = 6)$data$taxon),
        names(sort(share, decreasing = TRUE))[1:6])
})

test_that("every fit can be drawn", {
    skip_if_not_installed("ggplot2")
    labelled <- many
    componentLabels(labelled) <- paste("a kind of community with number", 1:12)
    for (type in c("dots", "bars")) {
        expect_draws(ggplot2::autoplot(fit, type = type))
        expect_draws(ggplot2::autoplot(many, type = type))
        expect_draws(ggplot2::autoplot(labelled, type = type, taxa = 3))
        expect_draws(ggplot2::autoplot(unnamed, type = type, taxa = 1))
        expect_draws(ggplot2::autoplot(one, type = type))
    }
    expect_identical(ggplot2::autoplot(unnamed, taxa = 1)$data$taxon,
        factor(rep(drivers(unnamed, n = 1)$taxon, 2)))
})

test_that("more than four components have a panel each, in their colours", {
    skip_if_not_installed("ggplot2")
    built <- ggplot2::ggplot_build(ggplot2::autoplot(many))
    expect_identical(nrow(built$layout$layout), 12L)
    dots <- built$data[[2L]]
    expect_identical(tapply(dots$colour, dots$PANEL, unique)[[7L]],
        .colours_of(componentLabels(many))[["7"]])
    together <- ggplot2::ggplot_build(ggplot2::autoplot(fit))
    expect_identical(nrow(together$layout$layout), 1L)
    expect_identical(length(unique(together$data[[2L]]$shape)), 3L)
})

test_that("bad arguments are refused", {
    skip_if_not_installed("ggplot2")
    expect_error(ggplot2::autoplot(fit, taxa = 0),
        "'taxa' must be one whole number >= 1; found 0", fixed = TRUE)
    expect_error(ggplot2::autoplot(fit, type = "pie"),
        "'type' must be one of \"dots\", \"bars\"; found \"pie\"", fixed = TRUE)
    expect_error(ggplot2::autoplot(fit, taxon = 3), "did you mean 'taxa'")
})

test_that("base graphics draw every fit", {
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    before <- graphics::par("mar", "las")
    for (drawn in list(fit, many, unnamed, one))
        expect_silent(.draw_components(drawn))
    expect_identical(graphics::par("mar", "las"), before)
})

test_that("labels of axes are in per cent and even on paper", {
    expect_identical(.percent(c(0, 0.001, 0.25, 1)), c("0", "0.1", "25", "100"))
    expect_identical(.root_breaks(1, 3L), c(0, 0.2, 0.7))
    for (top in seq(0.011, 0.1, by = 0.001))
        expect_lt(max(.root_breaks(top, 2L)), top)
    expect_identical(.root_breaks(0.04, 2L), c(0, 0.03))
    expect_identical(.component_labels(c("a", "b"), c(0.714, 0.286)),
        c(a = "a, 71 %", b = "b, 29 %"))
})

test_that("the pictures are as before", {
    skip_if_not_installed("vdiffr")
    skip_if_not_installed("ggplot2")
    labelled <- dmn(clear_groups(), 3, seed = 1)
    componentLabels(labelled) <- c("first", "second", "third")
    vdiffr::expect_doppelganger("dots", ggplot2::autoplot(labelled, taxa = 8))
    vdiffr::expect_doppelganger("bars",
        ggplot2::autoplot(labelled, taxa = 8, type = "bars"))
})
