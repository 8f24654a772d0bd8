skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot

# three components of 8, 9 and 10 samples in "a", and one of 10 in "b": the
# order of components of the same size would depend on the last bits
kept <- -c(1, 2, 5)
count <- clear_groups()[kept, ]
dimnames(count) <- list(NULL, paste0("taxon", 1:12))
group <- ifelse(rep_len(1:4, 40) == 4, "b", "a")[kept]
fits <- lapply(c(a = 3, b = 1), function(k) {
    dmn(count[group == c("a", "b")[[(k == 1) + 1]], ], k, seed = 1)
})
groups <- dmngroup(count, group, 1, .lapply = lapply)
groups[["a"]] <- fits$a
groups[["b"]] <- fits$b

test_that("the data are the means of groups and components", {
    data <- autoplot(groups, taxa = 5)$data
    share <- lapply(fits, fitted, scale = TRUE)
    mean <- cbind(a = share$a %*% mixturewt(fits$a)$pi, b = share$b)
    average <- drop(mean %*% c(27, 10)) / 37
    top <- head(order(-rowSums(abs(mean - average))), 5)
    expect_identical(levels(data$taxon), colnames(count)[top])
    expect_identical(nrow(data), 20L)
    in_a <- data[data$group == "a", ]
    expect_equal(in_a$mean, as.vector(share$a[top, ]))
    expect_identical(in_a$component, factor(rep(1:3, each = 5)))
    expect_equal(in_a$weight, rep(mixturewt(fits$a)$pi, each = 5))
    expect_equal(in_a$group.mean, unname(rep(mean[top, 1], 3)))
    expect_equal(in_a$average, unname(rep(average[top], 3)))
    in_b <- data[data$group == "b", ]
    expect_equal(in_b$mean, in_b$group.mean)
    expect_equal(in_b$mean, unname(share$b[top, ]))
})

test_that("bars are groups, and the area of a dot is a weight", {
    layers <- ggplot2::ggplot_build(autoplot(groups, taxa = 5))$data
    bars <- layers[[1]]
    expect_identical(nrow(bars), 10L)
    data <- autoplot(groups, taxa = 5)$data
    expect_equal(bars$xmax^2, data$group.mean[data$component == 1])
    dots <- layers[[3]]
    expect_equal(dots$x^2, data$mean)
    expect_equal(dots$size^2 / dots$size[[1]]^2,
        data$weight / data$weight[[1]])
    expect_identical(dots$fill, unname(
        dmmomp:::.colours_of(levels(data$component))[data$component]))
})

test_that("any classifier is drawn", {
    expect_draws(autoplot(groups))
    expect_draws(autoplot(groups, taxa = 1))
    one <- dmngroup(unname(count), group, 1, .lapply = lapply)
    expect_draws(autoplot(one))
    expect_no_match(caption_of(autoplot(one)), "Dots")
    many <- dmngroup(count, rep_len(paste("a group with a long name", 1:10),
        nrow(count)), 1, .lapply = lapply)
    expect_draws(autoplot(many))
    undrawn({
        value <- withVisible(plot(groups, taxa = 3))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(groups, 3)$data)
    })
})

test_that("what cannot be drawn is refused", {
    several <- groups[c(1, 2, 2)]
    expect_error(autoplot(several), "one fit for each group; found several")
    expect_error(autoplot(groups["a"]), "two named groups or more")
    other <- groups
    other[["b"]] <- dmn(count[group == "b", 12:1], 1, seed = 1)
    expect_error(plot(other), "same order to be drawn; those of 'b' differ")
    other[["b"]] <- dmn(unname(count[group == "b", -1]), 1, seed = 1)
    expect_error(plot(other), "must have the same taxa")
    expect_error(autoplot(groups, taxa = 0), "'taxa' must be")
    expect_error(autoplot(groups, n = 3), "no argument 'n'")
    expect_error(plot(groups, n = 3), "no argument 'n'")
})

test_that("the picture is as before", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    vdiffr::expect_doppelganger("groups", autoplot(groups, taxa = 6))
})

test_that("without ggplot2 the means of the groups are drawn", {
    count <- csubset(c("Lean", "Obese"), twins, twinsBMI)
    groups <- dmngroup(count, twinsBMI[rownames(count)], k = 1, seed = 1,
        .lapply = lapply)
    expect_identical(without_ggplot(plot(groups, taxa = 4)), groups)
    expect_error(without_ggplot(plot(groups, taxa = 0)), "'taxa'")
})
