skip_if_not_installed("ggplot2")

table <- ref_table()
x <- table$x
p <- x / rowSums(x)
fit <- dmn(x, 2, seed = 1)

bray_curtis <- function(p) {
    d <- matrix(0, nrow(p), nrow(p))
    for (i in seq_len(nrow(p))) for (j in seq_len(nrow(p)))
        d[i, j] <- sum(abs(p[i, ] - p[j, ])) / sum(p[i, ] + p[j, ])
    d
}

# Coordinates are known up to the signs of the axes.
expect_same_axes <- function(found, expected) {
    expect_equal(abs(unname(cor(found, expected))[cbind(1:2, 1:2)]), c(1, 1))
    expect_equal(unname(colSums(found^2)), unname(colSums(expected^2)))
}

test_that("principal coordinates are those of Bray-Curtis dissimilarities", {
    plot <- autoplot.DMN(fit, "ordination", count = x)
    reference <- cmdscale(bray_curtis(p), 2, eig = TRUE)
    expect_same_axes(as.matrix(plot$data[c("axis1", "axis2")]),
        reference$points)
    share <- 100 * reference$eig[1:2] / sum(reference$eig)
    expect_identical(plot$labels$x,
        sprintf("PCoA 1 (%s %%)", format(share[[1]], digits = 2)))
    expect_identical(plot$labels$y,
        sprintf("PCoA 2 (%s %%)", format(share[[2]], digits = 2)))
    expect_identical(plot$data$sample, rownames(x))
    expect_identical(as.integer(plot$data$component),
        unname(mixture(fit, assign = TRUE)))
    expect_equal(plot$data$probability, unname(apply(mixture(fit), 1, max)))
})

test_that("components are placed where samples like them are", {
    both <- .pcoa(p, p[c(3, 7), ])
    expect_equal(both$components, both$samples[c(3, 7), ])
    both <- .hellinger(p, p[c(3, 7), ])
    expect_equal(both$components, both$samples[c(3, 7), ])

    layers <- .plot_ordination(fit, x, "hellinger")$layers
    centres <- Filter(function(layer) "label" %in% names(layer$data), layers)
    expect_length(centres, 3L)
    share <- t(fitted(fit, scale = TRUE))
    expected <- .hellinger(p, share)$components
    expect_equal(as.matrix(centres[[1]]$data[c("axis1", "axis2")]),
        expected, ignore_attr = TRUE)
})

test_that("Hellinger axes are principal components of square roots", {
    plot <- .plot_ordination(fit, x, "hellinger")
    reference <- prcomp(sqrt(p))
    expect_same_axes(as.matrix(plot$data[c("axis1", "axis2")]),
        reference$x[, 1:2])
    expect_identical(plot$labels$x, sprintf("PC 1 (%s %%)",
        format(100 * summary(reference)$importance[2, 1], digits = 2)))
})

test_that("taxa beyond the limit are put together", {
    kept <- order(-colSums(x))[1:2]
    lumped <- cbind(p[, kept], 1 - rowSums(p[, kept]))
    for (count in list(x, as_sparse(x))) {
        plot <- .plot_ordination(fit, count, taxa = 2)
        expect_same_axes(as.matrix(plot$data[c("axis1", "axis2")]),
            cmdscale(bray_curtis(lumped), 2))
    }
    expect_match(gsub("\n", " ", plot$labels$caption),
        "40 samples, 6 taxa, the 4 rarest put together.", fixed = TRUE)
})

test_that("above 1,000 samples the default is Hellinger, and says so", {
    rows <- rep(1:40, 26)
    many <- fit
    many@group <- unname(fit@group[rows, ])
    plot <- .plot_ordination(many, unname(x)[rows, ])
    expect_match(plot$labels$x, "^PC 1")
    expect_match(gsub("\n", " ", plot$labels$caption),
        "(Hellinger), used above 1,000 samples; 1,040 samples", fixed = TRUE)
})

test_that("ellipses hold 95 % of a normal distribution", {
    points <- cbind(c(1, 4, 2, 8, 5), c(2, 1, 7, 3, 3))
    ellipse <- as.matrix(.ellipse(points))
    distance <- mahalanobis(ellipse, colMeans(points), cov(points))
    expect_equal(pchisq(distance, 2), rep(0.95, 61))
    # points on a line
    expect_true(all(is.finite(unlist(.ellipse(cbind(1:5, 0))))))

    groups <- function(n) {
        data.frame(component = factor(rep(1:2, c(n, 20))),
            axis1 = rnorm(n + 20), axis2 = rnorm(n + 20))
    }
    set.seed(1)
    expect_identical(as.character(unique(
        .ellipse_layer(groups(9))$data$component)), "2")
    expect_length(unique(.ellipse_layer(groups(10))$data$component), 2L)
})

test_that("labels do not cover each other or the marks", {
    set.seed(1)
    x <- runif(12, 0.4, 0.6)
    y <- runif(12, 0.4, 0.6)
    place <- .apart(x, y, rep(0.05, 12), 0.1)
    for (i in 1:12) {
        other <- seq_len(12)[-i]
        expect_true(all(abs(place[i, 1] - place[other, 1]) > 0.05 - 1e-6 |
            abs(place[i, 2] - place[other, 2]) > 0.1 - 1e-6))
        expect_true(all(abs(place[i, 1] - x) > 0.04 - 1e-6 |
            abs(place[i, 2] - y) > 0.075 - 1e-6))
    }
    # alone, a label is just above its mark
    expect_equal(.apart(0.5, 0.5, 0.05, 0.1), cbind(x = 0.5, y = 0.6))
    # equal centres end, too
    expect_true(all(is.finite(.apart(rep(0, 12), rep(0, 12), rep(1, 12), 0.1))))
})

test_that("long labels are replaced by numbers, which the key explains", {
    boxes <- function(plot) {
        Filter(function(layer) "label" %in% names(layer$data),
            plot$layers)[[1]]$data$label
    }
    named <- fit
    componentLabels(named) <- c("Bacteroides", "Prevotella")
    plot <- .plot_ordination(named, x)
    expect_identical(boxes(plot), c("Bacteroides", "Prevotella"))
    expect_identical(plot$scales$get_scales("colour")$guide, "none")
    componentLabels(named) <- c("Bacteroides", strrep("Prevotella ", 5))
    plot <- .plot_ordination(named, x)
    expect_identical(boxes(plot), c("1", "2"))
    expect_identical(plot$scales$get_scales("colour")$get_labels(),
        c("1 Bacteroides", "2 Prevotel...evotella "))
})

test_that("plots of unusual fits are built", {
    one <- matrix(c(3L, 5L, 0L), 1, dimnames = list("a", c("x", "y", "z")))
    for (method in c("pcoa", "hellinger")) {
        plot <- .plot_ordination(dmn(one, 1, seed = 1), one, method)
        expect_identical(plot$data[1, c("axis1", "axis2")],
            data.frame(axis1 = 0, axis2 = 0))
        expect_match(plot$labels$x, "(0 %)", fixed = TRUE)
        builds(plot)
        # one taxon; samples that are all the same
        single <- x[, 1, drop = FALSE] + 1L
        builds(.plot_ordination(dmn(single, 1, seed = 1), single, method))
        same <- unname(x)[rep(1, 5), ]
        builds(.plot_ordination(dmn(same, 1, seed = 1), same, method))
        bare <- unname(x)
        twelve <- suppressWarnings(dmn(bare, 12, seed = 1))
        builds(.plot_ordination(twelve, bare, method))
    }
})

test_that("bad arguments are refused", {
    expect_error(autoplot.DMN(fit, "ordination"),
        "'count' is missing: .* \"ordination\"")
    expect_error(.plot_ordination(fit, x, "nmds"), "\"pcoa\", \"hellinger\"")
    expect_error(.plot_ordination(fit, x, taxa = "all"), "'taxa' must be one")
    expect_error(.plot_ordination(fit, x[-1, ]), "samples of 'object'")
    expect_error(.plot_ordination(fit, x[, -1]), "lacks 1 taxon")
})

test_that("the picture stays as it is", {
    skip_if_not_installed("vdiffr")
    # other versions place text and keys differently
    skip_if_not(utils::packageVersion("ggplot2") < "3.5.0")
    vdiffr::expect_doppelganger("ordination", .plot_ordination(fit, x))
})
