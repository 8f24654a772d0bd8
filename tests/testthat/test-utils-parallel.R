fit_groups <- function(...) {
    x <- small_twins()
    set.seed(1)
    dmngroup(x, rep(c("a", "b"), length.out = nrow(x)), 1:2, ...)
}

# The results of .parallel_each(), named by x. took() is called with those that
# have arrived.
each <- function(work, ..., BPPARAM = NULL, num.threads = NULL,
    more = function() TRUE, took = function(got) NULL) {
    environment(work) <- globalenv()
    got <- list()
    .parallel_each(1:4, work, function(x, result) {
        got[[as.character(x)]] <<- result
        took(got)
    }, more, ..., BPPARAM = BPPARAM, num.threads = num.threads)
    got
}

test_that("results do not depend on how the work is distributed", {
    skip_on_os("windows")
    expected <- fit_groups(.lapply = lapply)
    expect_identical(fit_groups(.lapply = parallel::mclapply, mc.cores = 2),
        expected)
    expect_identical(fit_groups(mc.cores = 2, mc.preschedule = FALSE), expected)
    # settings of mclapply() are ignored elsewhere
    expect_identical(fit_groups(.lapply = lapply, mc.cores = 2), expected)
    x <- small_twins()
    cv <- function(...) {
        set.seed(2)
        cvdmngroup(5, x, c(a = 1, b = 2), rep(c("a", "b"), 20), ...)
    }
    expect_identical(cv(mc.cores = 2), cv(.lapply = lapply))
})

test_that("a BiocParallel back-end is used, and left in the state it had", {
    skip_if_not_installed("BiocParallel")
    expected <- fit_groups(.lapply = lapply)
    expect_identical(fit_groups(BPPARAM = BiocParallel::SerialParam()),
        expected)
    skip_on_cran()
    skip_on_os("windows")
    expect_identical(fit_groups(BPPARAM = BiocParallel::MulticoreParam(2),
        mc.cores = 2), expected)
    snow <- BiocParallel::SnowParam(2)
    old <- show_workers_library()
    on.exit(Sys.setenv(R_LIBS = old))
    expect_identical(fit_groups(BPPARAM = snow), expected)
    expect_false(BiocParallel::bpisup(snow))
    got <- each(function(x, num.threads) {
        if (x == 2) stop("no fit")
        if (x == 4) signalCondition(structure(class = c("interrupt",
            "condition"), list(message = "", call = NULL)))
        c(x, num.threads)
    }, BPPARAM = snow, num.threads = 1000L)
    expect_identical(got[["1"]]$value, c(1L, max(1L, .cores() %/% 2L)))
    expect_identical(got[["2"]]$error, "no fit")
    expect_identical(got[["3"]]$value[[1L]], 3L)
    expect_true(got[["4"]]$interrupted)
    BiocParallel::bpstart(snow)
    expect_identical(fit_groups(BPPARAM = snow), expected)
    expect_true(BiocParallel::bpisup(snow))
    BiocParallel::bpstop(snow)
})

test_that("each result is handed over by itself, and so are errors", {
    work <- function(x, num.threads) if (x == 2) stop("no fit") else x
    back_ends <- list(NULL)
    if (requireNamespace("BiocParallel", quietly = TRUE) &&
        .Platform$OS.type != "windows")
        back_ends[[2L]] <- BiocParallel::MulticoreParam(2)
    for (back_end in back_ends) {
        got <- each(work, BPPARAM = back_end)
        expect_setequal(names(got), 1:4)
        expect_identical(got[["2"]]$error, "no fit")
        expect_identical(got[["4"]]$value, 4L)
        n <- 0
        some <- each(work, BPPARAM = back_end, more = function() {
            n <<- n + 1
            n <= 2
        })
        expect_lte(length(some), 2L)
        expect_length(each(work, BPPARAM = back_end,
            more = function() FALSE), 0L)
    }
})

test_that("results that arrive before a worker dies are kept", {
    skip_if_not_installed("BiocParallel")
    skip_on_os("windows")
    arrived <- tempfile()
    on.exit(unlink(arrived))
    got <- suppressWarnings(each(function(x, num.threads, arrived) {
        if (x == 3) {
            limit <- Sys.time() + 60
            while (!file.exists(arrived) && Sys.time() < limit)
                Sys.sleep(0.01)
            tools::pskill(Sys.getpid(), tools::SIGKILL)
        }
        x
    }, arrived = arrived, BPPARAM = BiocParallel::MulticoreParam(2),
        took = function(got) {
            if (all(c("1", "2") %in% names(got)))
                file.create(arrived)
        }))
    expect_identical(got[["1"]]$value, 1L)
    expect_identical(got[["2"]]$value, 2L)
    expect_match(got[["3"]]$error, "a parallel worker ended early")
})

test_that("results of interrupted work do not reach the next call", {
    skip_on_os("windows")
    skip_if_not_installed("BiocParallel")
    back_end <- BiocParallel::MulticoreParam(2)
    late <- function(x, num.threads) {
        if (x > 1)
            Sys.sleep(0.5)
        -x
    }
    told <- tryCatch(.parallel_each(1:4, late,
        function(x, result) signalCondition(structure(class = c("interrupt",
            "condition"), list(message = "", call = NULL))),
        function() TRUE, BPPARAM = back_end, num.threads = 1L),
        interrupt = function(e) "interrupted")
    expect_identical(told, "interrupted")
    got <- suppressWarnings(each(function(x, num.threads) {
        Sys.sleep(0.5)
        x
    }, BPPARAM = back_end))
    expect_setequal(names(got), 1:4)
    for (x in names(got))
        expect_identical(got[[x]]$value, as.integer(x))
    expect_false(BiocParallel::bpisup(back_end))
})

test_that("an interrupt stops the workers", {
    skip_if_not_installed("BiocParallel")
    skip_on_os("windows")
    back_end <- BiocParallel::bpstart(BiocParallel::MulticoreParam(2))
    told <- tryCatch(.parallel_each(1:4, function(x, num.threads) x,
        function(x, result) signalCondition(structure(class = c("interrupt",
            "condition"), list(message = "", call = NULL))),
        function() TRUE, num.threads = NULL, BPPARAM = back_end),
        interrupt = function(e) "interrupted")
    expect_identical(told, "interrupted")
    expect_false(BiocParallel::bpisup(back_end))
})

test_that("workers on the same host share its cores", {
    skip_if_not_installed("BiocParallel")
    expect_identical(.workers(NULL), 1L)
    expect_identical(.workers(BiocParallel::SnowParam(3)), 3L)
    hosts <- c("a", "a", "b")
    expect_identical(.workers(BiocParallel::SnowParam(hosts)), 2L)
    elsewhere <- function(asked, workers) {
        .job(1, function(x, num.threads) num.threads, num.threads = asked,
            parent = -1L, workers = workers)$value
    }
    expect_identical(elsewhere(1000L, 1L), 1000L)
    expect_equal(elsewhere(1000L, 2L), max(1, .cores() %/% 2))
    expect_equal(elsewhere(1000L, 1000L), 1)
    expect_identical(elsewhere(NULL, 2L), 1L)
})

test_that("SerialParam, NULL and the default work in this process", {
    expect_null(.back_end(NULL))
    expect_null(.back_end(stop("not looked at"), default = TRUE))
    skip_if_not_installed("BiocParallel")
    expect_null(.back_end(BiocParallel::SerialParam()))
    here <- .parallel(1:2, function(x, num.threads) Sys.getpid(),
        .lapply = parallel::mclapply, BPPARAM = BiocParallel::SerialParam())
    expect_identical(unique(unlist(here)), Sys.getpid())
})

test_that("BiocParallel is needed for back-ends only", {
    output <- fresh_r(c("library(dmmomp)",
        "real <- loadNamespace",
        "hidden <- function(package, ...) {",
        "    if (as.character(package)[[1L]] == 'BiocParallel')",
        "        stop('BiocParallel is hidden')",
        "    real(package, ...)",
        "}",
        "unlockBinding('loadNamespace', baseenv())",
        "assign('loadNamespace', hidden, baseenv())",
        "stopifnot(!requireNamespace('BiocParallel', quietly = TRUE))",
        "x <- twins[1:40, ]",
        "sel <- suppressWarnings(dmnselect(x, 1:2, 1, seed = 1))",
        "s <- dmnstability(x, 2, B = 1, nstart = 1, seed = 1)",
        "p <- dmnperplexity(x, 1, folds = 2, nstart = 1, seed = 1)",
        "cat(length(sel), dim(s$rand), nrow(p), '\\n')"))
    expect_identical(trimws(utils::tail(output, 1)), "2 1 1 1")
})

test_that("workers without the package are an error that says so", {
    skip_on_cran()
    skip_if_not_installed("BiocParallel")
    x <- small_twins()
    calls <- list(function(...) dmn(x, 2, seed = 1, nstart = 2, ...),
        function(...) dmnselect(x, 1:2, seed = 1, nstart = 2, ...),
        function(...) dmnstability(x, 2, seed = 1, nstart = 2, B = 2, ...))
    for (call in calls) {
        snow <- BiocParallel::SnowParam(2)
        withr::with_envvar(c(R_LIBS = "", R_LIBS_USER = "", R_LIBS_SITE = ""),
            BiocParallel::bpstart(snow))
        found <- unlist(BiocParallel::bplapply(1:2, function(i) {
            requireNamespace("dmmomp", quietly = TRUE)
        }, BPPARAM = snow))
        if (any(found))
            BiocParallel::bpstop(snow)
        skip_if(any(found))
        expect_error(call(BPPARAM = snow),
            "install the dmmomp package on .* R_LIBS")
        expect_false(BiocParallel::bpisup(snow))
    }
})

test_that("a 'BPPARAM' that is no back-end is refused", {
    skip_if_not_installed("BiocParallel")
    expect_error(fit_groups(BPPARAM = 2),
        "'BPPARAM' must be a BiocParallel back-end .* found 2")
})

test_that("work in another process gets one thread, or as many as asked", {
    skip_on_os("windows")
    threads <- function(x, num.threads) c(num.threads, Sys.getpid())
    here <- .parallel(1:2, threads, .lapply = lapply)
    expect_identical(here[[1]], c(as.integer(dmnthreads()), Sys.getpid()))
    there <- .parallel(1:2, threads, .lapply = parallel::mclapply,
        lapply.args = list(mc.cores = 2))
    expect_false(there[[1]][[2]] == Sys.getpid())
    expect_identical(there[[1]][[1]], 1L)
    asked <- .parallel(1:2, threads, num.threads = 2L,
        .lapply = parallel::mclapply, lapply.args = list(mc.cores = 2))
    expect_identical(asked[[2]][[1]], 2L)
})

test_that("warnings and errors in other processes are raised here", {
    skip_on_os("windows")
    fork <- function(work) {
        .parallel(1:3, function(x, num.threads) work(x),
            .lapply = parallel::mclapply, lapply.args = list(mc.cores = 2))
    }
    expect_warning(value <- fork(function(x) {
        if (x == 2) warning("odd count")
        x
    }), "odd count")
    expect_identical(value, list(1L, 2L, 3L))
    expect_error(fork(function(x) if (x > 1) stop("no fit") else x),
        "no fit\n(and in 1 more fit)", fixed = TRUE)
    expect_error(suppressWarnings(fork(function(x) {
        if (x == 2) tools::pskill(Sys.getpid(), tools::SIGKILL)
        x
    })), "a parallel worker ended early")
})

test_that("a fit in a forked child that has not converged warns", {
    skip_on_os("windows")
    told <- capture_warnings(fit_groups(mc.cores = 2,
        control = dmncontrol(max.iterations = 1)))
    expect_match(told, "has not converged")
})
