fit <- dmn(small_twins(), 2, seed = 1)

read_back <- function(dir, name) {
    utils::read.table(file.path(dir, name), header = TRUE, sep = "\t",
        check.names = FALSE)
}

test_that("the files hold the fit", {
    dir <- file.path(tempfile(), "deep")
    files <- writeDMN(fit, dir)
    expect_setequal(basename(files), list.files(dir))
    expect_length(files, 6)
    posterior <- read_back(dir, "dmn.mix.posterior")
    expect_equal(as.matrix(posterior[, -1]), mixture(fit),
        ignore_attr = TRUE, tolerance = 1e-8)
    expect_identical(posterior$sample, rownames(mixture(fit)))
    design <- read_back(dir, "dmn.mix.design")
    expect_identical(design$partition,
        paste0("Partition_", mixture(fit, assign = TRUE)))
    relabund <- read_back(dir, "dmn.mix.relabund")
    expect_equal(relabund$Partition_2,
        unname(fitted(fit, scale = TRUE)[, 2]), tolerance = 1e-8)
    parameters <- read_back(dir, "dmn.mix.parameters")
    expect_equal(parameters[, c("pi", "theta")], mixturewt(fit),
        ignore_attr = TRUE, tolerance = 1e-8)
    expect_equal(read_back(dir, "dmn.fit")$Laplace, laplace(fit))
    summary <- read_back(dir, "dmn.mix.summary")
    expect_equal(summary$difference, drivers(fit, n = 1e6)$difference)
    expect_equal(sum(parameters$Dif2Ref), sum(summary$difference))
})

test_that("a sweep writes all of its fits and the best one", {
    sel <- suppressWarnings(dmnselect(unname(as.matrix(small_twins())), 1:2, 2,
        seed = 1))
    dir <- tempfile()
    writeDMN(sel, dir)
    expect_identical(read_back(dir, "dmn.fit")$K, 1:2)
    expect_identical(nrow(read_back(dir, "dmn.mix.parameters")),
        ncol(mixture(best(sel))))
    expect_equal(read_back(dir, "dmn.mix.summary")$reference,
        drivers(best(sel), sel[["1"]], 1e6)$reference)
})

test_that("labels name the partitions", {
    componentLabels(fit) <- c("rich", "poor")
    dir <- tempfile()
    writeDMN(fit, dir)
    expect_setequal(read_back(dir, "dmn.mix.design")$partition,
        c("rich", "poor"))
})

test_that("what cannot be written is refused", {
    expect_error(writeDMN(1, tempdir()), "must be a fit")
    expect_error(writeDMN(fit), "'dir' is missing")
    expect_error(writeDMN(fit, 3), "'dir' .* found 3")
    expect_error(writeDMN(fit, ""), "'dir' must be the path")
    dir <- tempfile()
    x <- small_twins()
    colnames(x)[[1L]] <- "a\tb"
    odd <- dmn(x, 1, seed = 1)
    expect_error(writeDMN(odd, dir), "tab or a line break.* 'a\\\\tb'$")
    expect_identical(list.files(dir), character())
    odd <- fit
    componentLabels(odd) <- c("one\ntwo", "b")
    expect_error(writeDMN(odd, dir), "tab or a line break")
})

test_that("what is refused leaves no directory", {
    dir <- tempfile()
    expect_error(writeDMN(dmn(twins[1:40, ], 2, seed = 1), dir,
        reference = 3), "'reference'")
    expect_false(dir.exists(dir))
})
