variables <- c("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "_R_CHECK_LIMIT_CORES_")

# Evaluates `code` with these values of the variables above (those not named are
# unset) and without a number set by dmnthreads(n).
with_environment <- function(values, code) {
    before <- Sys.getenv(variables, unset = NA)
    old <- dmnthreads(NULL)
    on.exit({
        Sys.unsetenv(variables)
        known <- before[!is.na(before)]
        if (length(known))
            do.call(Sys.setenv, as.list(known))
        dmnthreads(old)
    })
    Sys.unsetenv(variables)
    values <- values[nzchar(values)]
    if (length(values))
        do.call(Sys.setenv, as.list(values))
    force(code)
}

openmp <- .Call(R_dmm_threads)$openmp

test_that("the OpenMP runtime and the instruction set are described", {
    runtime <- .Call(R_dmm_threads)
    expect_named(runtime, c("openmp", "processors", "max.threads",
        "thread.limit", "forked", "instruction.set"))
    expect_gte(runtime$processors, 1L)
    expect_gte(runtime$max.threads, 1L)
    expect_gte(runtime$thread.limit, 1L)
    expect_false(runtime$forked)
    expect_true(nzchar(runtime$instruction.set))
})

test_that("the default is the least of the limits", {
    n <- with_environment(character(), dmnthreads())
    limits <- attr(n, "limits")
    expect_identical(as.integer(n), min(limits, na.rm = TRUE))
    expect_identical(limits[[attr(n, "limited.by")]], as.integer(n))
    expect_lte(as.integer(n), .Call(R_dmm_threads)$processors)
    expect_identical(as.integer(with_environment(c(OMP_NUM_THREADS = "1"),
        dmnthreads())), 1L)
    expect_identical(as.integer(with_environment(c(OMP_THREAD_LIMIT = "1"),
        dmnthreads())), 1L)
})

test_that("dmnthreads(n) replaces the default, within hard limits", {
    skip_if_not(openmp, "built without OpenMP")
    with_environment(c(OMP_NUM_THREADS = "1"), {
        dmnthreads(3)
        expect_identical(as.integer(dmnthreads()), 3L)
        expect_identical(attr(dmnthreads(), "limited.by"), "dmnthreads")
    })
    with_environment(c(OMP_THREAD_LIMIT = "2"), {
        dmnthreads(3)
        expect_identical(as.integer(dmnthreads()), 2L)
        expect_identical(attr(dmnthreads(), "limited.by"), "OMP_THREAD_LIMIT")
    })
    for (value in c("TRUE", "true", "warn"))
        with_environment(c("_R_CHECK_LIMIT_CORES_" = value), {
            dmnthreads(3)
            expect_identical(as.integer(dmnthreads()), 2L)
        })
    with_environment(c("_R_CHECK_LIMIT_CORES_" = "false"), {
        dmnthreads(3)
        expect_identical(as.integer(dmnthreads()), 3L)
    })
})

test_that("dmnthreads(n) returns the number before, which restores it", {
    with_environment(character(), {
        default <- dmnthreads()
        expect_invisible(old <- dmnthreads(1))
        expect_identical(old, default)
        expect_identical(as.integer(dmnthreads()), 1L)
        second <- dmnthreads(2)
        dmnthreads(second)
        expect_identical(as.integer(dmnthreads()), 1L)
        # a default is restored as a default
        dmnthreads(old)
        expect_identical(dmnthreads(), default)
    })
})

test_that("a number of threads must be one whole number >= 1", {
    for (bad in list(0, -1, 1.5, NA, "2", 1:2, Inf)) {
        expect_error(dmnthreads(bad), "'n' must be one whole number >= 1")
        expect_error(dmn(twins, 1, num.threads = bad),
            "'num.threads' must be one whole number >= 1; found")
    }
    expect_error(dmn(twins, 1, num.threads = NULL), "found NULL")
})

test_that("environment variables are read as OpenMP reads them", {
    expect_identical(.omp_number("4"), 4L)
    expect_identical(.omp_number(" 4,2"), 4L)
    for (value in c("", "0", "-2", "two", "1e3", "99999999999"))
        expect_identical(.omp_number(value), NA_integer_)
})

test_that("the number prints with its limits", {
    with_environment(character(), {
        dmnthreads(1)
        printed <- capture.output(print(dmnthreads()))
        expect_identical(printed[[1]], "1 thread")
        skip_if_not(openmp, "built without OpenMP")
        expect_match(printed, "dmnthreads\\(n\\) +1 <- the limit", all = FALSE)
    })
    expect_identical(format(dmnthreads()), format(as.integer(dmnthreads())))
})

test_that("fits in a forked child run, with one thread", {
    skip_on_os("windows")
    # in a fresh process with a time limit, since a failure would be a hang
    output <- fresh_r(c("library(dmmomp)",
        "set.seed(1)",
        "n <- 4000",
        "x <- matrix(rpois(n * 120, rep(3 * rexp(120), each = n)) + 1L, n)",
        "# the parent has run two threads before it forks",
        "table <- dmmomp:::.compress(x, 3L, 2L, 1L)$table",
        "used <- dmmomp:::.call_fit(table, 3L, 1L, list(seed = 1L,",
        "    num.threads = 2L, optimizer = 'newton',",
        "    control = dmncontrol()))$fit$Threads",
        "stopifnot(used == if (.Call(dmmomp:::R_dmm_threads)$openmp) 2 else 1)",
        "one <- dmn(x, 3, seed = 1, num.threads = 2)",
        "child <- parallel::mclapply(1:2, function(i) list(",
        "    threads = as.integer(dmnthreads()),",
        "    fit = dmn(x, 3, seed = 1, num.threads = 2)), mc.cores = 2)",
        "for (i in 1:2) {",
        "    stopifnot(identical(child[[i]]$fit, one))",
        "    stopifnot(child[[i]]$threads == 1)",
        "}",
        "cat('same\n')"))
    expect_identical(utils::tail(output, 1), "same")
})

test_that("a number of threads beyond any machine's is reduced", {
    # libgomp ends the process if it cannot start the threads asked for
    x <- large_table()[1:3000, ]
    expect_identical(dmn(x, 2, seed = 1, num.threads = .Machine$integer.max),
        dmn(x, 2, seed = 1, num.threads = 1))
})

test_that("the vector instructions are reported, and can be chosen", {
    skip_on_cran()
    widest <- attr(dmnthreads(), "instructions")
    expect_true(widest %in% c("plain", "baseline", "avx2", "avx512"))
    expect_output(print(dmnthreads()),
        paste0("vector instructions +", widest))
    output <- fresh_r(c("Sys.setenv(DMMOMP_SIMD = 'plain')",
        "dmmomp::dmnthreads()",
        "cat(dmmomp::dmn(dmmomp::twins, 2, seed = 1)@goodnessOfFit[['NLE']])"))
    expect_true(any(grepl("vector instructions +plain", output)))
    expect_equal(as.numeric(output[[length(output)]]),
        dmn(twins, 2, seed = 1)@goodnessOfFit[["NLE"]], tolerance = 1e-6)
})
