checkpointed <- function(path, k = 1:3, x = small_twins(), nstart = 2, ...) {
    suppressWarnings(dmnselect(x, k, nstart, checkpoint = path, ...))
}

test_that("a second call reads the saved fits and makes the others", {
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

test_that("a checkpoint of other data or arguments is refused", {
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
    expect_error(checkpointed(""), "'checkpoint' must be the path")
    file <- file.path(other, "notes.txt")
    expect_no_warning(expect_error(dmnselect(small_twins(), 1:2,
        checkpoint = file), "'checkpoint' must be a directory.* is a file"))
    expect_identical(readLines(file), "x")
    expect_no_warning(expect_error(dmnselect(small_twins(), 1:2,
        checkpoint = file.path(file, "deep")), "'checkpoint' cannot be made"))
})

test_that("a damaged fit is made again, with a warning", {
    path <- tempfile()
    first <- checkpointed(path, seed = 1)
    writeBin(raw(10), .checkpoint_file(path, 2))
    expect_warning(second <- dmnselect(small_twins(), 1:3, 2,
        checkpoint = path), "k = 2 is fitted again")
    expect_identical(second, first)
})

test_that("a fit of other data or with another seed is made again", {
    path <- tempfile()
    first <- checkpointed(path, seed = 1)
    other <- tempfile()
    checkpointed(other, seed = 2)
    copy <- function(from, k, to = k) {
        file.copy(.checkpoint_file(from, k), .checkpoint_file(path, to),
            overwrite = TRUE)
    }
    copy(other, 2)
    expect_warning(second <- dmnselect(small_twins(), 1:3, 2,
        checkpoint = path), "other data or with other .*: k = 2 is fitted")
    expect_identical(second, first)
    more <- tempfile()
    checkpointed(more, x = small_twins()[-1, ], seed = 1)
    copy(more, 3)
    expect_warning(third <- dmnselect(small_twins(), 1:3, 2,
        checkpoint = path), "other data or with other .*: k = 3 is fitted")
    expect_identical(third, first)
    copy(path, 2, to = 3)
    expect_warning(dmnselect(small_twins(), 1:3, 2, checkpoint = path),
        "cannot be read: k = 3 is fitted again")
})

test_that("a fit that has not converged warns again when it is read", {
    path <- tempfile()
    for (i in 1:2)
        expect_match(capture_warnings(dmnselect(small_twins(), 1:3, 2,
            seed = 1, checkpoint = path,
            control = dmncontrol(max.iterations = 1))), "has not converged",
            all = FALSE)
})

test_that("a fit that cannot be saved is returned, with a warning", {
    skip_on_os("windows")
    path <- tempfile()
    # a directory takes the place of the file
    checkpointed(path, k = 1, seed = 1)
    dir.create(file.path(.checkpoint_file(path, 2), "full"), recursive = TRUE)
    told <- capture_warnings(sel <- dmnselect(small_twins(), 1:3, 2,
        checkpoint = path))
    expect_match(told, "k = 2 is not in the checkpoint: cannot write",
        all = FALSE)
    expect_identical(length(sel), 3L)
    expect_identical(list.files(path, "part$"), character())
})

test_that("on a full disk no file of a fit is left behind", {
    skip_if_not(file.exists("/dev/full"))
    path <- tempfile()
    kept <- .open_checkpoint(path, small_twins(), list(), 1)
    file.symlink("/dev/full", paste0(.checkpoint_file(kept$path, 1), ".",
        Sys.getpid(), ".part"))
    expect_error(.save_fit(dmn(small_twins(), 1, seed = 1), kept, 1),
        "cannot write")
    expect_identical(list.files(path), .checkpoint_key)
})

# Evaluates `call` in another process, which is killed after so many seconds
# from the time when the package is loaded.
killed_after <- function(seconds, call) {
    ready <- tempfile()
    file <- tempfile(fileext = ".R")
    on.exit(unlink(c(file, ready)))
    writeLines(c(sprintf(".libPaths(%s)",
        paste(deparse(.libPaths()), collapse = "")), "library(dmmomp)",
        sprintf("file.create(\"%s\")", ready), call), file)
    system(sprintf(paste("{ %s --vanilla %s &",
        "while ! test -e %s && kill -0 $!; do sleep 0.02; done;",
        "sleep %.2f; kill -9 $!; wait $!; } >/dev/null 2>&1"),
        shQuote(file.path(R.home("bin"), "Rscript")), shQuote(file),
        shQuote(ready), seconds))
}

test_that("no finished fit is lost when the process is killed", {
    skip_on_os("windows")
    skip_on_cran()
    skip_if_not_installed_here()
    sweep <- function(...) {
        suppressWarnings(dmnselect(twins, 1:7, 4, seed = 1, ...))
    }
    duration <- system.time(whole <- sweep())[["elapsed"]]
    set.seed(1)
    # moments spread over the duration of the sweep
    moments <- (seq_len(10) - stats::runif(10)) / 10
    finished <- vapply(moments, function(moment) {
        path <- tempfile()
        on.exit(unlink(path, recursive = TRUE))
        killed_after(moment * duration, sprintf(paste("dmnselect(twins, 1:7,",
            "4, seed = 1, checkpoint = \"%s\")"), path))
        files <- function() list.files(path, "^k-.*rds$", full.names = TRUE)
        kept <- files()
        before <- file.info(kept)[c("size", "mtime")]
        sums <- tools::md5sum(kept)
        said <- capture_messages(resumed <- sweep(checkpoint = path,
            verbose = TRUE))
        # no file is damaged, and no saved fit is made again
        expect_identical(sum(grepl("(kept)", said, fixed = TRUE)),
            as.integer(length(kept) > 0))
        expect_identical(length(said) - (length(kept) > 0),
            7L - length(kept))
        expect_identical(file.info(kept)[c("size", "mtime")], before)
        expect_identical(tools::md5sum(kept), sums)
        expect_identical(resumed, whole)
        expect_identical(length(files()), 7L)
        expect_identical(list.files(path, "part$"), character())
        length(kept)
    }, integer(1))
    # in some runs the process was killed between its first and last fit
    expect_true(any(finished > 0L & finished < 7L))
})

test_that("a checkpoint is known by its counts, and foreign files are kept", {
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

# ---- One fit in parts ----------------------------------------------------

test_that("a fit goes on from its checkpoint, and refuses that of another", {
    directory <- tempfile()
    x <- small_twins()
    fit <- function(count = x, k = 2, ...) {
        dmn(count, k, nstart = 2, checkpoint = directory, ...)
    }
    first <- fit(seed = 5)
    expect_identical(list.files(directory), "dmn.rds")
    again <- fit()
    expect_identical(again@mixture$Seed, 5L)
    expect_equal(goodnessOfFit(again), goodnessOfFit(first), tolerance = 1e-9)
    expect_lte(again@mixture$Iterations, 3)
    expect_identical(starts(again), starts(first))
    expect_error(fit(k = 3), "another 'k'")
    expect_error(fit(seed = 6), "another 'seed'")
    expect_error(fit(control = dmncontrol(eta = 0.2)), "another 'control'")
    expect_error(fit(x[-1, ]), "fits of other data")
    expect_error(fit(unname(x)), "fits of other data")
    changed <- x
    changed[1, 1] <- changed[1, 1] + 1L
    expect_error(fit(changed), "fits of other data")
    writeLines("damaged", file.path(directory, "dmn.rds"))
    expect_error(fit(), "is damaged")
    unlink(file.path(directory, "dmn.rds"))
    writeLines("mine", file.path(directory, "notes.txt"))
    expect_error(fit(),
        "must be a new directory or one that dmn\\(\\) has made")
    expect_identical(list.files(directory), "notes.txt")
})

test_that("the best parameters so far are kept", {
    kept <- list(file = tempfile(), key = list(data = 1, seed = 1L),
        best = new.env())
    kept$best$value <- -Inf
    settings <- list(control = dmncontrol())
    lambda <- matrix(1:4 / 4, 2)
    save <- function(loglik, weight) {
        dmmomp:::.save_parameters(kept, lambda, log(weight), loglik, settings)
        readRDS(kept$file)$start$log.weight
    }
    expect_equal(exp(save(-10, c(0.4, 0.6))), c(0.4, 0.6))
    expect_equal(exp(save(-11, c(0.5, 0.5))), c(0.4, 0.6))
    expect_equal(exp(save(NaN, c(0.5, 0.5))), c(0.4, 0.6))
    expect_equal(exp(save(-9, c(0.3, 0.7))), c(0.3, 0.7))
    expect_null(dmmomp:::.save_parameters(NULL, lambda, 0, 1, settings))
})

test_that("a fit that fails before its start is chosen makes starts again", {
    x <- unname(twins)
    fit <- function(..., sums = dmmomp:::.sum_parts) {
        with_internals(dmn(x, 4, seed = 1, nstart = 5, ...),
            .start_samples = function(k) 60, .most_part_rows = 100,
            .sum_parts = sums)
    }
    whole <- fit(memory = "1GB")
    directory <- tempfile()
    sum_parts <- dmmomp:::.sum_parts
    calls <- 0
    expect_error(fit(checkpoint = directory, sums = function(...) {
        calls <<- calls + 1
        if (calls > 2) stop("no more")
        sum_parts(...)
    }), "no more")
    expect_identical(list.files(directory), character())
    expect_identical(goodnessOfFit(fit(checkpoint = directory)),
        goodnessOfFit(whole))
})
