# addDMN(): sample variables and metadata in the containers of other packages.

fit <- dmn(twins, 3, seed = 1, nstart = 2)

test_that("a SummarizedExperiment gets variables and the fit", {
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(twins)),
        colData = data.frame(bmi = twinsBMI))
    se <- addDMN(se, fit)
    data <- SummarizedExperiment::colData(se)
    expect_identical(names(data), c("bmi", "dmn", "dmn.probability", "dmn.1",
        "dmn.2", "dmn.3"))
    z <- unname(mixture(fit))
    expect_identical(as.integer(data$dmn), max.col(z, "first"))
    expect_identical(levels(data$dmn), c("1", "2", "3"))
    expect_identical(data$dmn.probability, apply(z, 1, max))
    expect_identical(data$dmn.2, z[, 2])
    stored <- S4Vectors::metadata(se)
    expect_identical(stored$DMN, list("3" = fit))
    expect_true(all(vapply(stored$DMN, is, logical(1), "DMN")))
    expect_identical(stored$DMM$dmm[[stored$DMM$best.index]], fit)
    expect_identical(stored$DMM$best, 3L)
    expect_identical(stored$DMM$prob, mixture(fit))
    # again, with labels: replaced, not added
    componentLabels(fit) <- c("a", "b c", "d")
    again <- SummarizedExperiment::colData(addDMN(se, fit))
    expect_identical(levels(again$dmn), c("a", "b c", "d"))
    expect_true(all(c("dmn.a", "dmn.b c") %in% names(again)))
})

test_that("a sweep is stored as a whole", {
    skip_if_not_installed("SummarizedExperiment")
    sel <- suppressWarnings(dmnselect(twins, 1:3, nstart = 1, seed = 1))
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(twins)))
    stored <- S4Vectors::metadata(addDMN(se, sel))
    expect_identical(stored$DMN, as.list(sel))
    expect_identical(names(stored$DMM$dmm), c("1", "2", "3"))
    expect_identical(stored$DMM$best, ncol(mixture(best(sel))))
    expect_identical(stored$DMM$dmm[[stored$DMM$best]], best(sel))
    # as miaViz's plotDMNFit() reads it
    expect_identical(unname(vapply(stored$DMM$dmm,
        function(d) ncol(mixture(d)), numeric(1))), c(1, 2, 3))
    skip_if_not_installed("DirichletMultinomial")
    expect_identical(vapply(stored$DMM$dmm, DirichletMultinomial::laplace,
        numeric(1)), laplace(sel))
})

test_that("a phyloseq gets sample variables", {
    skip_if_not_installed("phyloseq")
    table <- phyloseq::otu_table(t(twins), taxa_are_rows = TRUE)
    data <- data.frame(bmi = twinsBMI, row.names = rownames(twins))
    ps <- phyloseq::phyloseq(table, phyloseq::sample_data(data))
    got <- phyloseq::sample_data(addDMN(ps, fit, prefix = "type"))
    expect_identical(names(got), c("bmi", "type", "type.probability", "type.1",
        "type.2", "type.3"))
    expect_identical(as.integer(got$type), unname(mixture(fit, assign = TRUE)))
    # without sample variables; phyloseq() of one component is an otu_table
    bare <- phyloseq::phyloseq(table, phyloseq::tax_table(matrix("x",
        ncol(twins), 1, dimnames = list(colnames(twins), "Kingdom"))))
    got <- phyloseq::sample_data(addDMN(bare, fit))
    expect_identical(as.integer(got$dmn), unname(mixture(fit, assign = TRUE)))
})

test_that("a phyloseq without a fit is refused", {
    skip_if_not_installed("phyloseq")
    ps <- phyloseq::otu_table(twins, taxa_are_rows = FALSE)
    ps <- phyloseq::phyloseq(ps, phyloseq::sample_data(data.frame(twinsBMI,
        row.names = rownames(twins))))
    expect_error(addDMN(ps), "'fit' is missing: pass a fit made by dmn()")
})

test_that("samples are matched by name", {
    skip_if_not_installed("SummarizedExperiment")
    part <- dmn(twins[-(1:2), ], 2, seed = 1, nstart = 1)
    se <- SummarizedExperiment::SummarizedExperiment(
        list(counts = t(twins)[, nrow(twins):1]))
    expect_message(se <- addDMN(se, part), "2 samples of 'x' not in 'fit'")
    dmn <- SummarizedExperiment::colData(se)$dmn
    names(dmn) <- colnames(se)
    expect_true(all(is.na(dmn[rownames(twins)[1:2]])))
    expect_identical(as.integer(dmn[rownames(twins)[-(1:2)]]),
        unname(mixture(part, assign = TRUE)))
    unnamed <- SummarizedExperiment::SummarizedExperiment(
        list(counts = unname(t(twins))))
    expect_error(addDMN(unnamed, part), "must have the 276 samples")
    expect_identical(
        as.integer(SummarizedExperiment::colData(addDMN(unnamed, fit))$dmn),
        unname(mixture(fit, assign = TRUE)))
    colnames(se) <- paste0("s", seq_len(ncol(se)))
    expect_error(addDMN(se, fit), "must have samples of 'fit'")
})

test_that("what cannot be added is refused", {
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(twins)))
    expect_error(addDMN(twins, fit), "'x' must be a SummarizedExperiment")
    expect_error(addDMN(se, list(fit)), "'fit' must be made by dmn()")
    expect_error(addDMN(se), "'fit' is missing: pass a fit made by dmn()")
    expect_error(addDMN(se, fit, prefix = ""), "'prefix' must be one string")
    expect_error(addDMN(se, fit, name = "x"), "has no argument 'name'")
})

test_that("samples with the same name keep their own types", {
    skip_if_not_installed("SummarizedExperiment")
    x <- twins
    type <- mixture(fit, assign = TRUE)
    other <- which(type != type[[1L]])[[1L]]
    rownames(x)[other] <- rownames(x)[1L]
    doubled <- dmn(x, 3, seed = 1, nstart = 2)
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(x)))
    expect_identical(
        as.integer(SummarizedExperiment::colData(addDMN(se, doubled))$dmn),
        unname(mixture(doubled, assign = TRUE)))
    expect_error(addDMN(se[, -3], doubled), "some names occur twice in 'fit'")
})

test_that("the variables of an earlier fit are removed", {
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(twins)),
        colData = data.frame(dmnx = twinsBMI))
    two <- dmn(twins, 2, seed = 1, nstart = 1)
    data <- SummarizedExperiment::colData(addDMN(addDMN(se, fit), two))
    expect_identical(names(data), c("dmnx", "dmn", "dmn.probability", "dmn.1",
        "dmn.2"))
    both <- addDMN(addDMN(se, fit, prefix = "three"), two)
    expect_true(all(c("three.3", "dmn.2") %in%
        names(SummarizedExperiment::colData(both))))
    componentLabels(two) <- c("probability", "b")
    expect_error(addDMN(se, two), "no component with the label")
    expect_error(addDMN(se[, 0], fit), "'x' has no samples")
})
