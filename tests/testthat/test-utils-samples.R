# Fits made with keep.group = FALSE say the same as the others, or say what they
# lack.

both_kinds <- function(k, nstart = 3, x = small_twins(), ...) {
    lapply(c(TRUE, FALSE), function(keep) {
        dmn(x, k, seed = 1, nstart = nstart, keep.group = keep, ...)
    })
}

without_group <- function(fit) {
    fit@group <- fit@group[0, , drop = FALSE]
    fit@mixture$Assigned <- NULL
    fit
}

test_that("only the group is left out", {
    for (nstart in c(1, 3))
        for (k in 1:3) {
            fits <- both_kinds(k, nstart)
            expect_identical(dim(fits[[2]]@group), c(0L, k))
            expect_identical(without_group(fits[[2]]), without_group(fits[[1]]))
            expect_true(validObject(fits[[2]]))
        }
})

test_that("accessors that need no more give the same", {
    for (k in c(1, 3)) {
        fits <- both_kinds(k)
        # the assignment and the uncertainty come from the same numbers
        group <- fits[[1]]@group
        kept <- fits[[2]]@mixture$Assigned
        expect_identical(kept$component, mixture(fits[[1]], assign = TRUE))
        expect_identical(names(kept), c("component", "uncertainty", "entropy"))
        group[cbind(seq_len(nrow(group)), kept$component)] <- 0
        expect_equal(kept$uncertainty, unname(rowSums(group)),
            tolerance = 1e-14)
        same <- list(function(fit) mixture(fit, assign = TRUE), mixturewt,
            fitted, nobs, logLik, BIC, summary, starts, drivers,
            componentLabels, function(fit) simulate(fit, seed = 1),
            function(fit) utils::capture.output(print(fit)),
            function(fit) {
                componentLabels(fit) <- letters[seq_len(ncol(fit@group))]
                mixture(fit, assign = TRUE)
            })
        for (read in same)
            expect_identical(read(fits[[2]]), read(fits[[1]]))
        close <- list(ICL, entropy, function(fit) entropy(fit, scale = TRUE),
            as.data.frame, .classes_of)
        for (read in close)
            expect_equal(read(fits[[2]]), read(fits[[1]]), tolerance = 1e-14)
    }
    # samples without names
    fits <- both_kinds(2, x = unname(small_twins()))
    expect_identical(mixture(fits[[2]], assign = TRUE),
        mixture(fits[[1]], assign = TRUE))
    expect_identical(as.data.frame(fits[[2]])$sample, as.character(1:40))
})

test_that("the same fit comes from any number of threads and any container", {
    x <- large_table(3000)
    fits <- lapply(1:3, function(threads) {
        dmn(x, 3, seed = 1, nstart = 2, keep.group = FALSE,
            num.threads = threads)
    })
    expect_identical(fits[[2]], fits[[1]])
    expect_identical(fits[[3]], fits[[1]])
    expect_identical(dmn(list(x[1:100, ], as_sparse(x[-(1:100), ])), 3,
        seed = 1, nstart = 2, keep.group = FALSE), fits[[1]])
})

test_that("plots of samples need no more", {
    skip_if_not_installed("ggplot2")
    x <- small_twins()
    fits <- both_kinds(2)
    bmi <- dmmomp::twinsBMI[1:40]
    for (draw in list(
        function(fit) plot(fit, what = "metadata", data = bmi),
        function(fit) plot(fit, what = "heatmap", count = x),
        function(fit) plot(fit, what = "ordination", count = x))) {
        grDevices::pdf(NULL)
        data <- lapply(fits, function(fit) draw(fit)$data)
        grDevices::dev.off()
        expect_equal(data[[2]], data[[1]], tolerance = 1e-12)
    }
})

test_that("what needs the probabilities says how to get them", {
    x <- small_twins()
    fits <- both_kinds(2)
    fit <- fits[[2]]
    says <- paste("'object' was fitted with keep.group = FALSE and has no",
        "probabilities of samples. predict(object, count) computes them")
    expect_error(mixture(fit), says, fixed = TRUE)
    expect_error(entropy(fit, by.sample = TRUE), says, fixed = TRUE)
    expect_error(writeDMN(fit, tempfile()), says, fixed = TRUE)
    # the advice works
    expect_equal(predict(fit, x), mixture(fits[[1]]), tolerance = 1e-8)
    if (requireNamespace("generics", quietly = TRUE))
        expect_error(generics::augment(fit), "'x' was fitted with keep.group")
    if (requireNamespace("ggplot2", quietly = TRUE))
        expect_error(plot(fit, what = "probabilities"), says, fixed = TRUE)
    skip_if_not_installed("SummarizedExperiment")
    expect_error(addDMN(SummarizedExperiment::SummarizedExperiment(
        list(counts = t(x))), fit), "'fit' was fitted with keep.group")
})

test_that("keep.group is checked", {
    x <- small_twins()
    for (bad in list(NA, 0, "no", NULL))
        expect_error(dmn(x, 2, keep.group = bad),
            "'keep.group' must be TRUE or FALSE")
    expect_error(dmn(x, 2, markers = "select", keep.group = FALSE),
        "'keep.group' must be TRUE for fits with 'markers'")
    expect_error(dmnselect(x, 2, markers = 1:3, keep.group = FALSE),
        "'keep.group' must be TRUE for fits with 'markers'")
    expect_error(dmn(x, 2, formula = ~ a, keep.group = FALSE),
        "'keep.group' must be TRUE for fits with 'formula'")
})

test_that("update() and sweeps keep it, and checkpoints tell it apart", {
    x <- small_twins()
    fit <- both_kinds(2)[[2]]
    expect_identical(update(fit, x), fit)
    expect_gt(nrow(update(fit, x, keep.group = TRUE)@group), 0)
    folder <- tempfile()
    on.exit(unlink(folder, recursive = TRUE))
    sweep <- function(keep, ...) {
        suppressWarnings(dmnselect(x, 1:3, nstart = 3, seed = 1,
            keep.group = keep, ...))
    }
    fits <- sweep(FALSE, checkpoint = folder)
    expect_identical(fits[["2"]], fit)
    expect_equal(ICL(fits), ICL(sweep(TRUE)), tolerance = 1e-14)
    expect_identical(sweep(FALSE, checkpoint = folder), fits)
    expect_error(sweep(TRUE, checkpoint = folder), "another 'keep.group'")
})

test_that("a damaged compact fit is refused", {
    fit <- both_kinds(2)[[2]]
    damage <- function(part, value) {
        fit@mixture$Assigned[[part]] <- value
        fit
    }
    shape <- "mixture\\$Assigned must be a list of component, uncertainty and"
    kept <- fit@mixture$Assigned
    expect_error(nobs(damage("entropy", NULL)), shape)
    expect_error(nobs(damage("component", kept$component[-1])), shape)
    expect_error(nobs(damage("uncertainty", integer())), shape)
    values <- "components from 1 to 2 and uncertainties from 0 to 1"
    for (bad in list(3L, 0L, NA))
        expect_error(mixture(damage("component",
            replace(kept$component, 7, bad)), assign = TRUE), values)
    for (bad in list(-0.1, 1, NaN))
        expect_error(mixture(damage("uncertainty",
            replace(kept$uncertainty, 7, bad)), assign = TRUE), values)
    fit@mixture$Assigned <- NULL
    expect_error(nobs(fit), "group must be a matrix of samples x components")
})

test_that("samples and taxa without names are shown by number", {
    expect_identical(.shown_names(NULL, 2L, "taxon"), c("1", "2"))
    expect_identical(.shown_names(c("a", NA, "b", NA), 4L, "taxon"),
        c("a", "taxon 2", "b", "taxon 4"))
    skip_if_not(l10n_info()[["UTF-8"]])
    expect_identical(.shown_names(c("\u00e9", "\xff\xfe"), 2L, "taxon"),
        c("\u00e9", "<ff><fe>"))
})

test_that("names that are NA or no text leave nothing out", {
    x <- small_twins()
    top <- order(colSums(x), decreasing = TRUE)[1:3]
    colnames(x)[top] <- c(NA, NA, "\xff\xfe")
    rownames(x)[1:2] <- NA
    fit <- dmn(x, 2, seed = 1, nstart = 2)
    # nothing of the user's is changed
    expect_identical(rownames(fitted(fit)), colnames(x))
    expect_identical(rownames(mixture(fit)), rownames(x))
    shown <- c(paste("taxon", top[1:2]), "<ff><fe>")
    skip_if_not(l10n_info()[["UTF-8"]])
    expect_true(all(shown %in% drivers(fit, n = 50)$taxon))
    expect_output(print(drivers(fit)), shown[[1]], fixed = TRUE)
    expect_identical(as.data.frame(fit)$sample[1:2],
        c("sample 1", "sample 2"))
    parts <- cvdmngroup(2, x, c(a = 1, b = 1), rep_len(c("a", "b"), nrow(x)),
        nstart = 1, .lapply = lapply)
    expect_identical(rownames(parts)[1:2], c("sample 1", "sample 2"))
    png(tempfile())
    on.exit(dev.off())
    heatmapdmn(x, dmn(x, 1, seed = 1), fit)
    skip_if_not_installed("ggplot2")
    for (what in c("components", "drivers"))
        expect_no_warning(print(ggplot2::autoplot(fit, what)))
    expect_no_warning(print(ggplot2::autoplot(fit, type = "bars")))
    expect_no_warning(print(ggplot2::autoplot(fit, "heatmap", count = x)))
    taxa <- levels(ggplot2::autoplot(fit, taxa = 30)$data$taxon)
    expect_true(all(shown %in% taxa))
})
