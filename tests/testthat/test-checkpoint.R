checkpointed <- function(path, k = 1:3, x = small_twins(), nstart = 2, ...) {
    suppressWarnings(dmnselect(x, k, nstart, checkpoint = path, ...))
}

test_that("a second call reads what is there and fits the rest", {
    path <- tempfile()
    first <- checkpointed(path)
    times <- file.mtime(.checkpoint_file(path, 1:3))
    said <- capture_messages(second <- checkpointed(path, k = 1:4,
        verbose = TRUE))
    expect_match(said[[1L]], "k = 1, 2, 3 (kept): 3 of 4", fixed = TRUE)
    expect_identical(file.mtime(.checkpoint_file(path, 1:3)), times)
    expect_identical(as.list(second)[1:3], as.list(first))
    expect_identical(second@metadata$seed, first@metadata$seed)
    expect_identical(second[[4]], dmn(small_twins(), 4,
        seed = first@metadata$seed, nstart = 2))
})

test_that("a directory of other data or arguments is refused", {
    path <- tempfile()
    checkpointed(path, seed = 1)
    x <- small_twins()
    expect_error(checkpointed(path, x = x[-1, ]), "other data")
    expect_error(checkpointed(path, x = x[, rev(seq_len(ncol(x)))]),
        "other data")
    expect_error(checkpointed(path, nstart = 3), "another 'nstart'")
    expect_error(checkpointed(path, seed = 2), "another 'seed'")
    expect_error(checkpointed(path, control = dmncontrol(eta = 0.2)),
        "another 'control'")
    other <- tempfile()
    dir.create(other)
    writeLines("x", file.path(other, "notes.txt"))
    expect_error(checkpointed(other), "new directory")
})

test_that("a damaged file is fitted again, with a warning", {
    path <- tempfile()
    first <- checkpointed(path, seed = 1)
    writeBin(raw(10), .checkpoint_file(path, 2))
    expect_warning(second <- dmnselect(small_twins(), 1:3, 2,
        checkpoint = path), "k = 2 is fitted again")
    expect_identical(second, first)
})

test_that("nothing finished is lost when the process is killed", {
    skip_on_os("windows")
    skip_on_cran()
    path <- tempfile()
    k <- 1:12
    ready <- tempfile()
    script <- c("library(dmmomp)", sprintf("file.create(\"%s\")", ready),
        sprintf(paste("dmnselect(twins, 1:12, nstart = 20, seed = 1,",
            "checkpoint = \"%s\")"), path))
    set.seed(1)
    kept <- tools::md5sum(character())
    for (i in 1:10) {
        # as fresh_r(), but killed meanwhile
        skip_if_not(file.exists(system.file("Meta", "package.rds",
            package = "dmmomp")), "dmmomp is not installed")
        file <- tempfile(fileext = ".R")
        writeLines(c(sprintf(".libPaths(%s)",
            paste(deparse(.libPaths()), collapse = "")), script), file)
        system(sprintf(paste("%s --vanilla %s >/dev/null 2>&1 &",
            "while ! test -e %s && kill -0 $!; do sleep 0.02; done;",
            "sleep %.2f; kill -9 $!"),
            shQuote(file.path(R.home("bin"), "Rscript")), shQuote(file),
            shQuote(ready), stats::runif(1, 0, 0.5)), ignore.stderr = TRUE)
        unlink(ready)
        Sys.sleep(0.1)
        unlink(file)
        now <- tools::md5sum(list.files(path, "^k-.*rds$", full.names = TRUE))
        expect_identical(now[names(kept)], kept)
        for (one in names(now))
            expect_s4_class(readRDS(one), "DMN")
        kept <- now
    }
    expect_gt(length(kept), 0)
    whole <- suppressWarnings(dmnselect(twins, k, 20, seed = 1,
        checkpoint = path))
    now <- tools::md5sum(list.files(path, "^k-.*rds$", full.names = TRUE))
    expect_identical(now[names(kept)], kept)
    expect_identical(list.files(path, "part$"), character())
    expect_identical(whole, suppressWarnings(dmnselect(twins, k, 20,
        seed = 1)))
})

test_that("a directory is known by its counts, and others' files stay", {
    dir <- tempfile("checkpoint")
    dir.create(dir)
    on.exit(unlink(dir, recursive = TRUE))
    x <- twins[1:20, ]
    first <- dmnselect(x, 1:2, nstart = 1, seed = 1, checkpoint = dir)
    sparse <- Matrix::Matrix(x * 1.0, sparse = TRUE)
    again <- suppressWarnings(dmnselect(sparse, 1:2, nstart = 1, seed = 1,
        checkpoint = dir))
    expect_identical(laplace(again[[2]]), laplace(first[[2]]))
    rownames(x) <- 1:20
    y <- x
    rownames(y) <- paste0("", 1:20)
    expect_identical(.fingerprint(x), .fingerprint(y))
    expect_false(.fingerprint(x) == .fingerprint(x[, 130:1]))
    mine <- file.path(dir, c("data.part", "k-0002.rds.99999.part"))
    file.create(mine)
    expect_error(dmnselect(twins[1:21, ], 1:2, nstart = 1, seed = 1,
        checkpoint = dir), "other data")
    expect_true(all(file.exists(mine)))
    suppressWarnings(dmnselect(sparse, 1:2, nstart = 1, seed = 1,
        checkpoint = dir))
    expect_identical(file.exists(mine), c(TRUE, FALSE))
    writeLines("nothing", file.path(dir, "dmnselect.rds"))
    expect_error(dmnselect(sparse, 1:2, nstart = 1, seed = 1,
        checkpoint = dir), "is damaged")
})
