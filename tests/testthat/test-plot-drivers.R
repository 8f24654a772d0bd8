skip_if_not_installed("ggplot2")

x <- small_twins()
fit <- dmn(x, 3, seed = 1)
componentLabels(fit) <- c("a", "b", "c")

test_that("dots are differences from the reference, on a root scale", {
    share <- fitted(fit, scale = TRUE)
    bases <- list(drop(share %*% mixturewt(fit)$pi), share[, "b"])
    for (i in 1:2) {
        plot <- ggplot2::autoplot(fit, "drivers",
            reference = list(NULL, "b")[[i]], taxa = 7)
        data <- plot$data
        difference <- share - bases[[i]]
        top <- head(order(-rowSums(abs(difference))), 7)
        expect_identical(levels(data$taxon), rownames(share)[top])
        expect_equal(data$mean - data$reference, as.vector(difference[top, ]))
        dots <- ggplot2::ggplot_build(plot)$data[[3L]]
        expect_equal(dots$x, as.vector(sign(difference[top, ]) *
            sqrt(abs(difference[top, ]))))
        expect_equal(dots$y, -rep(1:7, 3))
        expect_identical(dots$shape, ifelse(data$lower > data$reference |
            data$upper < data$reference, 19, 21))
    }
})

test_that("the title names the reference", {
    title <- function(...) ggplot2::autoplot(fit, "drivers", ...)$labels$title
    expect_identical(title(), "Difference from the average community")
    expect_identical(title(reference = 2), "Difference from component b")
    expect_identical(title(reference = "c"), "Difference from component c")
    expect_identical(title(reference = dmn(x, 1, seed = 1)),
        "Difference from the fit with one component")
})

test_that("a table of drivers() gives the same dots", {
    table <- drivers(fit, n = 6)
    expect_identical(ggplot2::autoplot(table)$data,
        ggplot2::autoplot(fit, "drivers", taxa = 6)$data)
    expect_draws(ggplot2::autoplot(table))
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_invisible(plot(table))
    expect_s3_class(plot(table), "ggplot")
})

test_that("intervals that a fit lacks are left out, and do not fill a dot", {
    table <- drivers(fit, n = 2)
    table$lower.a[[1L]] <- NaN
    expect_draws(ggplot2::autoplot(table))
    expect_false(ggplot2::autoplot(table)$data$excludes[[1L]])
})

test_that("every fit can be drawn", {
    many <- dmn(large_table(n = 300, s = 30), 12, seed = 1)
    expect_draws(ggplot2::autoplot(many, "drivers"))
    componentLabels(many) <- paste("a kind of community with number", 1:12)
    expect_draws(ggplot2::autoplot(many, "drivers", taxa = 1))
    expect_draws(ggplot2::autoplot(dmn(x, 1, seed = 1), "drivers"))
    expect_draws(ggplot2::autoplot(dmn(unname(x), 2, seed = 1), "drivers"))
    expect_draws(ggplot2::autoplot(dmn(x[1, , drop = FALSE], 1, seed = 1),
        "drivers"))
})

test_that("bad arguments are refused", {
    expect_error(ggplot2::autoplot(fit, "drivers", taxa = 1.5),
        "'taxa' must be one whole number >= 1; found 1.5", fixed = TRUE)
    expect_error(ggplot2::autoplot(fit, "drivers", reference = "d"),
        "'reference' must be NULL, a fit")
    table <- drivers(fit)
    expect_error(ggplot2::autoplot(table[0L, ]), "'object' has no taxa to plot")
    expect_error(ggplot2::autoplot(table[c("taxon", "mean.a")]), "it lacks")
    expect_error(ggplot2::autoplot(table, taxa = 3), "no argument 'taxa'")
})

test_that("the picture is as before", {
    skip_if_not_installed("vdiffr")
    vdiffr::expect_doppelganger("drivers", ggplot2::autoplot(dmn(clear_groups(),
        3, seed = 1), "drivers", taxa = 8))
})

test_that("without ggplot2 the means are drawn", {
    table <- drivers(dmn(twins, 3, seed = 1, nstart = 1), n = 6)
    expect_identical(without_ggplot(plot(table)), table)
    expect_error(without_ggplot(plot(table[0, ])), "no taxa to plot")
})
