fit <- dmn(small_twins(), 2, seed = 1)

written <- function(object, ...) {
    dir <- tempfile()
    writeDMN(object, dir, ...)
    dir
}

# Reads a file with a header as scripts read those of mothur.
read_mothur <- function(dir, name, ...) {
    utils::read.table(file.path(dir, paste0("dmm.", name)), header = TRUE,
        sep = "\t", check.names = FALSE, ...)
}

read_design <- function(dir) {
    utils::read.table(file.path(dir, "dmm.mix.design"), header = FALSE,
        sep = "\t")
}

header <- function(dir, name) {
    readLines(file.path(dir, paste0("dmm.", name)), 1L)
}

test_that("the files and their headers are mothur's", {
    dir <- file.path(tempfile(), "deep")
    files <- writeDMN(fit, dir)
    expect_setequal(basename(files), list.files(dir))
    expect_setequal(basename(files), c("dmm.mix.fit", "dmm.2.mix.posterior",
        "dmm.2.mix.relabund", "dmm.mix.design", "dmm.mix.parameters",
        "dmm.mix.summary"))
    expect_identical(header(dir, "mix.fit"),
        "K\tNLE\tlogDet\tBIC\tAIC\tLaplace")
    expect_identical(header(dir, "2.mix.posterior"),
        "\tPartition_1\tPartition_2")
    theta <- sprintf("%.4f", mixturewt(fit)$theta)
    expect_identical(header(dir, "2.mix.relabund"),
        sprintf(paste0("Taxon\tPartition_1_%s\tPartition_1_LCI\tPartition_1_",
            "UCI\tPartition_2_%s\tPartition_2_LCI\tPartition_2_UCI"),
            theta[[1L]], theta[[2L]]))
    expect_identical(header(dir, "mix.parameters"),
        "Part\tDif2Ref_i\ttheta_i\tpi_i")
    expect_identical(header(dir, "mix.summary"),
        paste0("OTU\tP0.mean\tP1.mean\tP1.lci\tP1.uci\tP2.mean\tP2.lci\t",
            "P2.uci\tDifference\tCumFraction"))
})

test_that("the files hold the fit, in mothur's units and order", {
    dir <- written(fit)
    group <- mixture(fit)
    sorted <- sort(rownames(group), method = "radix")
    expect_false(identical(sorted, rownames(group)))

    posterior <- read_mothur(dir, "2.mix.posterior", row.names = 1L)
    expect_identical(rownames(posterior), sorted)
    expect_equal(as.matrix(posterior), group[sorted, ], ignore_attr = TRUE,
        tolerance = 1e-12)
    design <- read_design(dir)
    expect_identical(design[[1L]], sorted)
    expect_identical(design[[2L]], paste0("Partition_",
        mixture(fit, assign = TRUE)[sorted]))

    share <- 100 * fitted(fit, scale = TRUE)
    relabund <- read_mothur(dir, "2.mix.relabund", row.names = 1L)
    expect_identical(rownames(relabund), rownames(share))
    expect_equal(as.matrix(relabund[c(1, 4)]), share, ignore_attr = TRUE,
        tolerance = 1e-12)
    expect_equal(unname(colSums(relabund[c(1, 4)])), c(100, 100))
    expect_true(all(relabund[c(2, 5)] <= relabund[c(1, 4)] &
        relabund[c(1, 4)] <= relabund[c(3, 6)] & relabund[c(3, 6)] <= 100))

    parameters <- read_mothur(dir, "mix.parameters")
    expect_identical(parameters$Part, 1:2)
    expect_equal(parameters[c("pi_i", "theta_i")], mixturewt(fit),
        ignore_attr = TRUE, tolerance = 1e-12)
    expect_equal(read_mothur(dir, "mix.fit")$Laplace, laplace(fit))

    summary <- read_mothur(dir, "mix.summary")
    taxa <- drivers(fit, n = 1e6)
    expect_identical(summary$OTU, taxa$taxon)
    expect_equal(unname(summary[c(2:9)]), unname(100 * taxa[2:9]))
    expect_equal(summary$CumFraction, taxa$cumulative)
    expect_equal(sum(parameters$Dif2Ref_i), sum(summary$Difference))
    expect_equal(summary$P2.mean, relabund[summary$OTU, 4L])
    expect_equal(unname(colSums(summary[c("P0.mean", "P1.mean", "P2.mean")])),
        rep(100, 3))
})

test_that("a sweep writes all of its fits, and the best one's summary", {
    sel <- suppressWarnings(dmnselect(unname(as.matrix(small_twins())), 1:2, 2,
        seed = 1))
    dir <- written(sel)
    expect_identical(read_mothur(dir, "mix.fit")$K, 1:2)
    for (k in 1:2) {
        posterior <- read_mothur(dir, paste0(k, ".mix.posterior"))
        # without names, samples are in the order of the table
        expect_identical(posterior[[1L]], 1:40)
        expect_equal(as.matrix(posterior[-1L]), mixture(sel[[k]]),
            ignore_attr = TRUE)
        relabund <- read_mothur(dir, paste0(k, ".mix.relabund"))
        expect_equal(relabund[[2L]],
            unname(100 * fitted(sel[[k]], scale = TRUE)[, 1L]))
    }
    expect_identical(nrow(read_mothur(dir, "mix.parameters")),
        ncol(mixture(best(sel))))
    expect_equal(read_mothur(dir, "mix.summary")$P0.mean,
        100 * drivers(best(sel), sel[["1"]], 1e6)$reference)
})

test_that("component labels name the partitions", {
    componentLabels(fit) <- c("rich", "poor")
    dir <- written(fit)
    expect_setequal(read_design(dir)[[2L]], c("rich", "poor"))
    expect_identical(header(dir, "2.mix.posterior"), "\trich\tpoor")
    expect_match(header(dir, "2.mix.relabund"),
        "^Taxon\trich_[0-9.]+\trich_LCI\trich_UCI\tpoor_")
    expect_match(header(dir, "mix.summary"), "P2.mean")
    expect_identical(read_mothur(dir, "mix.parameters")$Part, 1:2)
})

test_that("objects, paths and names that cannot be written are refused", {
    expect_error(writeDMN(1, tempdir()), "must be a fit")
    expect_error(writeDMN(fit), "'dir' is missing")
    expect_error(writeDMN(fit, 3), "'dir' .* found 3")
    expect_error(writeDMN(fit, ""), "'dir' must be the path")
    file <- tempfile()
    writeLines("mine", file)
    expect_no_warning(expect_error(writeDMN(fit, file),
        "'dir' must be a directory, new or not; '.*' is a file"))
    dir <- tempfile()
    x <- small_twins()
    colnames(x)[[1L]] <- "a\tb"
    odd <- dmn(x, 1, seed = 1)
    expect_error(writeDMN(odd, dir), "tab or a line break.* 'a\\\\tb'$")
    x <- small_twins()
    rownames(x)[[3L]] <- "c\nd"
    expect_error(writeDMN(dmn(x, 1, seed = 1), dir), "line break.* 'c\\\\nd'$")
    expect_identical(list.files(dir), character())
    odd <- fit
    componentLabels(odd) <- c("one\ntwo", "b")
    expect_error(writeDMN(odd, dir), "tab or a line break")
})

test_that("a refused call makes no directory", {
    dir <- tempfile()
    expect_error(writeDMN(dmn(twins[1:40, ], 2, seed = 1), dir,
        reference = 3), "'reference'")
    expect_false(dir.exists(dir))
})
