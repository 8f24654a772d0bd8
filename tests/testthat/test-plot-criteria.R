skip_if_not_installed("ggplot2")
autoplot <- ggplot2::autoplot
sel <- suppressWarnings(dmnselect(small_twins(), 1:3, 4, seed = 1))

# The same sweep with given starts: NLE above the best, on `samples` samples.
with_starts <- function(sel, above, samples = 40L) {
    sel@listData <- Map(function(fit, above) {
        nle <- goodnessOfFit(fit)[["NLE"]] + above
        fit@mixture$Starts <- list(kind = rep("labels", length(nle)),
            seed = seq_along(nle), samples = rep(samples, length(nle)),
            NLE = nle, iterations = rep(1L, length(nle)),
            converged = rep(TRUE, length(nle)))
        fit
    }, sel@listData, above)
    sel
}

# The data of the small points.
others_in <- function(plot) {
    data <- lapply(plot$layers, function(layer) layer$data)
    data[[which(vapply(plot$layers, function(layer) {
        identical(layer$aes_params$size, 0.5)
    }, NA))]]
}

test_that("the data has each criterion of each k", {
    table <- autoplot(sel)$data
    value <- c(laplace(sel), BIC(sel), AIC(sel), ICL(sel))
    expect_identical(table$value, unname(value))
    expect_identical(table$k, rep(1:3, 4))
    expect_identical(levels(table$criterion),
        c("laplace", "BIC", "AIC", "ICL"))
    least <- vapply(split(value, rep(1:4, each = 3)), min, 0)
    expect_equal(table$difference, unname(value - rep(least, each = 3)))
    expect_identical(table$least, table$difference == 0)
    expect_identical(table$k[table$least],
        unname(attr(summary(sel), "best")))
    expect_identical(table$at, table$k)
    two <- autoplot(sel, c("ICL", "BIC", "ICL"), "difference")$data
    expect_equal(two$at, c(1:3 - 0.0375, 1:3 + 0.0375))
    expect_identical(levels(two$criterion), c("ICL", "BIC"))
    expect_identical(two$y, two$difference)
    expect_identical(two$value, unname(c(ICL(sel), BIC(sel))))
})

test_that("starts are as far above each criterion as their NLE", {
    given <- with_starts(sel, list(0, c(0, 0.005, 4), c(3, 0, 1e5, Inf)))
    plot <- autoplot(given, c("laplace", "AIC"))
    shown <- others_in(plot)
    expect_identical(shown$k, c(2L, 3L, 2L, 3L))
    expect_equal(shown$y, unname(c(laplace(sel)[2:3] + 4:3,
        AIC(sel)[2:3] + 4:3)))
    expect_match(caption_of(plot), "far above are left out")
    few <- others_in(autoplot(given, "BIC", "difference"))
    expect_equal(few$y, unname(BIC(sel)[2:3] - min(BIC(sel))) + 4:3)
    bare <- autoplot(given, starts = FALSE)
    expect_identical(nrow(others_in(bare)), 0L)
    expect_identical(caption_of(bare), "Filled: the least.")
    # those on a part of the samples have another scale
    part <- autoplot(with_starts(sel, list(0, c(0, 4), 0), 20L))
    expect_identical(nrow(others_in(part)), 0L)
    expect_match(caption_of(part),
        "Starts of k = 2 were made on a part of the samples")
})

test_that("any sweep is drawn", {
    expect_draws(autoplot(sel))
    expect_draws(autoplot(sel, scale = "difference"))
    expect_draws(autoplot(sel[2]))
    expect_draws(autoplot(sel[2], "BIC", "difference"))
    many <- sel
    many@listData <- suppressWarnings(lapply(1:14, dmn, count = clear_groups(),
        nstart = 2, seed = 1))
    expect_draws(autoplot(many))
    one <- suppressWarnings(dmnselect(matrix(3:1, 1), 1, seed = 1))
    expect_draws(autoplot(one))
    # fits by DirichletMultinomial have no starts, and may lack Laplace
    peer <- sel
    peer@listData <- lapply(peer@listData, function(fit) {
        fit@mixture <- fit@mixture["Weight"]
        fit@goodnessOfFit[c("Laplace", "LogDet")] <- NaN
        fit
    })
    plot <- autoplot(peer)
    expect_draws(plot)
    expect_identical(sum(plot$data$least), 3L)
    expect_draws(autoplot(peer, scale = "difference"))
})

test_that("plot() draws by ggplot2, and by base graphics where it must", {
    undrawn({
        value <- withVisible(plot(sel, criterion = "BIC"))
        expect_false(value$visible)
        expect_identical(value$value$data, autoplot(sel, "BIC")$data)
        expect_identical(plot(sel, criterion = "BIC", main = "title"), sel)
        limits <- graphics::par("usr")[3:4]
        expect_equal(limits, range(BIC(sel)) +
            c(-1, 1) * 0.04 * diff(range(BIC(sel))))
        expect_identical(without_ggplot(plot(sel, scale = "difference")), sel)
        expect_equal(graphics::par("usr")[[3]], -0.04 *
            max(autoplot(sel)$data$difference))
    })
    expect_error(without_ggplot(autoplot(sel)), "needs the ggplot2 package")
})

test_that("the legend has the settings that lines are drawn with", {
    # the colours, the dashes and the letters of the picture
    drawn <- function(...) {
        file <- tempfile(fileext = ".pdf")
        on.exit(unlink(file))
        grDevices::pdf(file, compress = FALSE)
        plot(sel, ..., xlab = "", ylab = "")
        grDevices::dev.off()
        lines <- readLines(file, warn = FALSE)
        found <- function(pattern) {
            hits <- grep(pattern, lines, value = TRUE)
            setdiff(sub(pattern, "\\1", hits), c("0.000 0.000 0.000", ""))
        }
        list(colours = found("^([0-9. ]+) (RG|rg|SCN|scn)$"),
            dashes = length(found("^.*\\[ *([0-9. ]*)\\] 0 d$")),
            letters = sum(grepl("\\([a-d]\\) Tj", lines)))
    }
    red <- "1.000 0.000 0.000"
    # a letter for each criterion at each k, and one in the legend
    expect_identical(drawn(col = "red", lty = 3, pch = "abcd"),
        list(colours = red, dashes = 1L, letters = 16L))
    expect_identical(drawn(col = "red", type = "p", pch = c("a", "b")),
        list(colours = red, dashes = 0L, letters = 16L))
    expect_identical(drawn(col = "red", type = "l", lty = "dashed"),
        list(colours = red, dashes = 1L, letters = 0L))
    expect_length(drawn(col = 2:5)$colours, 4)
})

test_that("arguments that cannot be used are refused", {
    for (draw in list(plot, autoplot)) {
        expect_error(draw(sel, criterion = "other"), "'criterion' must be")
        expect_error(draw(sel, criterion = character()), "'criterion'")
        expect_error(draw(sel, scale = "log"), "'scale' must be one of")
        expect_error(draw(sel, starts = NA), "'starts' must be TRUE")
        expect_error(draw(sel[0]), "no fits")
    }
    expect_error(autoplot(sel, critereon = "BIC"), "did you mean 'criterion'")
})

test_that("the plots stay as they are", {
    skip_if_not_installed("vdiffr")
    skip_on_cran()
    fixed <- sel
    fixed@listData <- Map(function(fit, NLE) {
        fit@goodnessOfFit[] <- NLE + c(0, 5, 10, 30, 20)
        fit
    }, fixed@listData, c(500, 450, 460))
    fixed <- with_starts(fixed, list(0, c(0, 8), c(0, 5, 20)))
    criterion <- c("laplace", "BIC", "AIC")
    vdiffr::expect_doppelganger("criteria", autoplot(fixed, criterion))
    vdiffr::expect_doppelganger("criteria-difference",
        autoplot(fixed, criterion, "difference"))
})
