sweep_small <- function(k = 1:3, nstart = 3, seed = 1, ...) {
    suppressWarnings(dmnselect(small_twins(), k, nstart, ..., seed = seed))
}

test_that("a sweep holds the fits that dmn() makes, in order of k", {
    sel <- sweep_small(k = c(3, 1, 2))
    expect_s4_class(sel, "DMNSelect")
    expect_true(is(sel, "SimpleList"))
    expect_identical(names(sel), c("1", "2", "3"))
    for (k in 1:3)
        expect_identical(sel[[k]],
            dmn(small_twins(), k, seed = 1, nstart = 3))
    expect_identical(sapply(sel, laplace),
        vapply(as.list(sel), laplace, numeric(1)))
    lone <- sweep_small(k = 2:3, nstart = 1)
    expect_identical(goodnessOfFit(lone[["3"]]),
        goodnessOfFit(dmn(small_twins(), 3, seed = 1, nstart = 1)))
})

test_that("by default, dmnselect() makes the fits of dmn() in any worker", {
    x <- small_twins()
    expected <- lapply(c("1" = 1, "2" = 2, "3" = 3), dmn, count = x, seed = 1)
    back_ends <- list(NULL)
    if (requireNamespace("BiocParallel", quietly = TRUE) &&
        .Platform$OS.type != "windows")
        back_ends[[2L]] <- BiocParallel::MulticoreParam(2)
    for (back_end in back_ends) {
        sel <- suppressWarnings(dmnselect(x, 1:3, seed = 1,
            BPPARAM = back_end))
        expect_identical(as.list(sel), expected)
        expect_identical(sel@metadata$nstart, 20L)
    }
    one <- suppressWarnings(dmnselect(x, 3, seed = 1,
        control = dmncontrol(agree = 1)))
    expect_identical(nrow(starts(one[["3"]])), 1L)
})

test_that("a best k at the edge of the range gives a warning", {
    expect_warning(dmnselect(twins, 2:3, 2, seed = 1), "largest .* 'k' too")
    expect_warning(dmnselect(twins, 4:6, 4, seed = 1), "least .* 'k' too")
    expect_silent(dmnselect(twins, 3:5, 4, seed = 1))
})

test_that("early.stop ends a sweep after that many worse values of k", {
    x <- small_twins()
    all <- sweep_small(k = 1:6)
    value <- vapply(as.list(all), laplace, numeric(1))
    some <- sweep_small(k = 1:6, early.stop = 2)
    expected <- min(which.min(value) + 2, 6)
    expect_identical(length(some), as.integer(expected))
    expect_identical(some@metadata$missing,
        setdiff(1:6, seq_len(expected)))
    fits <- list("1" = all[[1]], "2" = NULL, "3" = NULL)
    expect_identical(.stop_after(fits, "laplace", Inf), NA_integer_)
    expect_identical(.stop_after(fits, "laplace", 1), NA_integer_)
})

test_that("workers give the same fits", {
    skip_if_not_installed("BiocParallel")
    skip_on_os("windows")
    multicore <- BiocParallel::MulticoreParam(2)
    expect_identical(sweep_small(BPPARAM = multicore), sweep_small())
    expect_identical(sweep_small(k = 1:6, BPPARAM = multicore,
        early.stop = 1), sweep_small(k = 1:6, early.stop = 1))
    expect_identical(sweep_small(BPPARAM = BiocParallel::SerialParam()),
        sweep_small())
    said <- capture_messages(sweep_small(BPPARAM = multicore, verbose = TRUE))
    expect_length(said, 3L)
    expect_match(said[[1L]], "1 of 3, about .* left")
})

# Evaluates `code` with a function of the package replaced.
with_function <- function(name, value, code) {
    namespace <- asNamespace("dmmomp")
    old <- get(name, namespace)
    put <- function(x) {
        unlockBinding(name, namespace)
        assign(name, x, namespace)
        lockBinding(name, namespace)
    }
    put(value)
    on.exit(put(old))
    force(code)
}

# Evaluates `code`, in which a fit of two components first calls happens().
with_trouble <- function(happens, code) {
    real <- .fit_one
    with_function(".fit_one", function(k, ...) {
        if (k == 2) happens()
        real(k, ...)
    }, code)
}

back_ends <- function() {
    c(list(NULL), if (requireNamespace("BiocParallel", quietly = TRUE) &&
        .Platform$OS.type != "windows") BiocParallel::MulticoreParam(2))
}

test_that("after an error at one k the other fits are returned", {
    fine <- sweep_small()
    for (back_end in back_ends()) {
        told <- capture_warnings(sel <- with_trouble(
            function() stop("out of memory"),
            dmnselect(small_twins(), 1:3, 3, seed = 1, BPPARAM = back_end)))
        expect_match(told, "error: k = 2: out of memory", all = FALSE)
        expect_identical(as.list(sel), as.list(fine)[c("1", "3")])
        expect_identical(sel@metadata$why, "error")
        expect_identical(sel@metadata$missing, 2L)
        expect_output(print(sel), "not fitted: k = 2 (error)", fixed = TRUE)
        # a failed fit does not count as a worse value of k
        some <- with_trouble(function() stop("out of memory"),
            sweep_small(k = 1:6, early.stop = 1, BPPARAM = back_end))
        expect_true(all(c("error", "early.stop") %in% some@metadata$why))
        expect_error(with_trouble(function() stop("out of memory"),
            sweep_small(k = 2, BPPARAM = back_end)), "^out of memory$")
    }
})

test_that("after an interrupt of a worker the finished fits are returned", {
    fine <- sweep_small()
    finished <- tempfile()
    interrupt <- function() {
        # wait until the other worker has made its first fit
        limit <- Sys.time() + 60
        while (!file.exists(finished) && Sys.time() < limit)
            Sys.sleep(0.01)
        signalCondition(structure(class = c("interrupt", "condition"),
            list(message = "", call = NULL)))
    }
    for (back_end in back_ends()) {
        unlink(finished)
        said <- function(m) {
            if (grepl("k = 1: ", conditionMessage(m), fixed = TRUE))
                file.create(finished)
            invokeRestart("muffleMessage")
        }
        told <- capture_warnings(withCallingHandlers(message = said,
            sel <- with_trouble(interrupt, dmnselect(small_twins(), 1:3, 3,
                seed = 1, BPPARAM = back_end, verbose = TRUE))))
        expect_true(file.exists(finished))
        expect_match(told, "interrupted: the result has", all = FALSE)
        expect_identical(sel@metadata$why, "interrupted")
        expect_true("1" %in% names(sel))
        expect_false("2" %in% names(sel))
        expect_identical(as.list(sel), as.list(fine)[names(sel)])
    }
})

test_that("the largest possible k, or one below a missing k, is no edge", {
    expect_warning(.warn_of_edge(3L, 1:3, integer(), 40L, "BIC"), "largest")
    expect_silent(.warn_of_edge(3L, 1:3, integer(), 3L, "BIC"))
    expect_silent(.warn_of_edge(3L, 1:3, 4L, 40L, "BIC"))
    expect_warning(.warn_of_edge(3L, c(1L, 3L), 2L, 40L, "BIC"), "largest")
})

test_that("progress is reported if 'verbose' is TRUE", {
    said <- capture_messages(sweep_small(verbose = TRUE))
    expect_match(said[[1L]], "k = 1: 1 of 3, about .* left")
    expect_match(said[[3L]], "k = 3: 3 of 3\n$")
    expect_silent(sweep_small())
    expect_identical(.duration(3), "3 s")
    expect_identical(.duration(600), "10 min")
    expect_identical(.duration(7200), "2.0 h")
})

test_that("after an interrupt the finished fits are returned", {
    skip_on_os("windows")
    script <- c("library(dmmomp)",
        "assign(\"n\", 0, globalenv())",
        "options(dmmomp.test = TRUE)",
        "x <- do.call(rbind, rep(list(twins), 40)) + 0L",
        "me <- Sys.getpid()",
        "system(sprintf(\"(sleep 3; kill -INT %d) &\", me))",
        "sel <- withCallingHandlers(",
        "    dmnselect(x, 1:60, nstart = 20, seed = 1, num.threads = 1),",
        "    warning = function(w) {",
        "        message(\"W: \", conditionMessage(w))",
        "        invokeRestart(\"muffleWarning\")",
        "    })",
        "message(\"fits \", length(sel) > 0 && length(sel) < 60)")
    output <- fresh_r(script)
    expect_true(any(grepl("W: interrupted: the result has", output)))
    expect_true(any(grepl("fits TRUE", output)))
})

test_that("arguments that cannot be used are refused", {
    x <- small_twins()
    expect_error(dmnselect(), "'count' is missing")
    expect_error(dmnselect(x, 0:2), paste("'k' must be different whole",
        "numbers from 1 to 40, the number of samples; found 0: pass, say,",
        "k = 1:7"))
    expect_error(dmnselect(x[1:5, ]), "; found 6: pass, say, k = 1:5$")
    expect_error(dmnselect(x, c(3, 2, 1, 2)), "; found 2 twice: pass")
    expect_error(dmnselect(x, c(2, NA, 1.5)), "; found NA: pass")
    expect_error(dmnselect(x, c(2, 1.5)), "; found 1.5: pass")
    expect_error(dmnselect(x, "2"), "; found \"2\": pass")
    expect_error(dmnselect(x[1, , drop = FALSE], 2), "; found 2$")
    expect_error(dmnselect(x, 1:2, nstart = 0), "'nstart'")
    expect_error(dmnselect(x, 1:2, criterion = "DIC"), "'criterion'")
    expect_error(dmnselect(x, 1:2, early.stop = 0), "'early.stop'")
    expect_error(dmnselect(x, 1:2, seed = NA), "'seed'")
    expect_error(dmnselect(x, 1:2, checkpoint = 3), "'checkpoint'")
    expect_error(dmnselect(x, 1:2, nstarts = 3), "did you mean 'nstart'")
    expect_error(dmnselect(x, 1:2, BPPARAM = 3), "'BPPARAM'")
})

test_that("a sweep works where the package is loaded but not attached", {
    output <- fresh_r(c(
        "x <- dmmomp::twins[1:30, 1:20]",
        "fit <- dmmomp::dmn(x, 2, nstart = 2, seed = 1)",
        "sel <- dmmomp::dmnselect(x, 1:2, nstart = 2, seed = 1)",
        "stopifnot(all.equal(sel[[2L]], fit))",
        "summary(sel); sel[1L]; c(sel[1L], sel[2L])",
        "show(dmmomp::best(sel)); show(sel)",
        "cat(\"all done\\n\")"))
    expect_true("all done" %in% output)
})

test_that("workers in other sessions give the same fits", {
    skip_if_not_installed("BiocParallel")
    old <- show_workers_library()
    on.exit(Sys.setenv(R_LIBS = old))
    snow <- BiocParallel::SnowParam(2)
    expect_identical(sweep_small(BPPARAM = snow, nstart = 20),
        sweep_small(nstart = 20))
})

test_that("k is chosen with the variables of formula", {
    data <- associated()
    x <- data$x
    # which has an environment that no worker has
    sweep <- local({
        large <- numeric(1e5)
        formula <- ~ bmi
        function(...) suppressWarnings(dmnselect(x, 1:3, 2, ..., seed = 1,
            formula = formula))
    })
    sel <- sweep(data = data$data)
    expect_identical(sel[["1"]], dmn(x, 1, seed = 1, nstart = 2))
    expect_identical(sel[["2"]], dmn(x, 2, seed = 1, nstart = 2, data =
        data$data, formula = S4Vectors::metadata(sel)$formula))
    expect_output(print(sel), "weights: ~bmi\n")
    expect_null(S4Vectors::metadata(sweep_small(k = 1:2))$formula)
    path <- tempfile()
    on.exit(unlink(path, recursive = TRUE))
    expect_identical(sweep(data = data$data, checkpoint = path), sel)
    expect_lt(max(file.size(.checkpoint_file(path, 1:3))), 1e5)
    expect_identical(sweep(data = data$data, checkpoint = path), sel)
    other <- transform(data$data, bmi = rev(bmi))
    expect_error(sweep(data = other, checkpoint = path),
        "another 'formula' or 'data'; use")
    expect_error(suppressWarnings(dmnselect(x, 1:3, 2, seed = 1,
        checkpoint = path)), "another 'formula' or 'data'; use")
    expect_error(dmnselect(x, 1:3, data = data$data), "'formula', which is")
    skip_if_not_installed("BiocParallel")
    skip_on_os("windows")
    expect_identical(sweep(data = data$data,
        BPPARAM = BiocParallel::MulticoreParam(2)), sel)
})
