fit_groups <- function(...) {
    x <- small_twins()
    set.seed(1)
    dmngroup(x, rep(c("a", "b"), length.out = nrow(x)), 1:2, ...)
}

test_that("results do not depend on how the work is spread", {
    skip_on_os("windows")
    expected <- fit_groups(.lapply = lapply)
    expect_identical(fit_groups(.lapply = parallel::mclapply, mc.cores = 2),
        expected)
    expect_identical(fit_groups(mc.cores = 2, mc.preschedule = FALSE), expected)
    # mclapply()'s settings do no harm elsewhere
    expect_identical(fit_groups(.lapply = lapply, mc.cores = 2), expected)
    x <- small_twins()
    cv <- function(...) {
        set.seed(2)
        cvdmngroup(5, x, c(a = 1, b = 2), rep(c("a", "b"), 20), ...)
    }
    expect_identical(cv(mc.cores = 2), cv(.lapply = lapply))
})

test_that("a BiocParallel back-end is used, and left as it was", {
    skip_if_not_installed("BiocParallel")
    expected <- fit_groups(.lapply = lapply)
    expect_identical(fit_groups(BPPARAM = BiocParallel::SerialParam()),
        expected)
    skip_on_cran()
    skip_on_os("windows")
    expect_identical(fit_groups(BPPARAM = BiocParallel::MulticoreParam(2),
        mc.cores = 2), expected)
    snow <- BiocParallel::SnowParam(2)
    old <- Sys.getenv("R_LIBS")
    Sys.setenv(R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep))
    on.exit(Sys.setenv(R_LIBS = old))
    skip_if_not(file.exists(system.file("Meta", "package.rds",
        package = "dmmomp")), "dmmomp is not installed")
    expect_identical(fit_groups(BPPARAM = snow), expected)
    expect_false(BiocParallel::bpisup(snow))
    BiocParallel::bpstart(snow)
    expect_identical(fit_groups(BPPARAM = snow), expected)
    expect_true(BiocParallel::bpisup(snow))
    BiocParallel::bpstop(snow)
})

test_that("a back-end that is none is refused", {
    skip_if_not_installed("BiocParallel")
    expect_error(fit_groups(BPPARAM = 2),
        "'BPPARAM' must be a BiocParallel back-end .* found 2")
})

test_that("work that leaves the process gets one thread", {
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

test_that("warnings and errors come back from other processes", {
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

test_that("a fit that does not converge in a child says so", {
    skip_on_os("windows")
    told <- capture_warnings(fit_groups(mc.cores = 2,
        control = dmncontrol(max.iterations = 1)))
    expect_match(told, "has not converged")
})
