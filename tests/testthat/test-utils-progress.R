control <- dmncontrol()

# What the reporter says at each call, with a clock that goes on by one second.
said_by <- function(calls, nstart, dynamic = FALSE, step = 1) {
    now <- 0
    clock <- function() now <<- now + step
    report <- .fit_reporter(3L, nstart, control, dynamic, clock)
    lines <- character()
    printed <- capture.output(lines <- capture_messages({
        for (call in calls)
            do.call(report, call)
        report("end")
    }))
    list(lines = lines, printed = printed)
}

em <- function(n, rate = 0.1) {
    c(list(list("EM", 0, 0)), lapply(seq_len(n), function(i) {
        list("EM", i, 1e4 * rate^i)
    }))
}

test_that("the share of a lone start is that of the decimals of the NLE", {
    state <- .fit_state(1L, control)
    expect_identical(state$share(), 0)
    shares <- vapply(em(11), function(call) {
        do.call(state$add, c(call, NA))
        state$share()
    }, numeric(1))
    # the change falls from 1e3 to 1e-6, the tolerance, by a decimal each
    expect_equal(shares[2:10], (0:8) / 9)
    expect_identical(shares[11:12], c(0.95, 0.95))
    # a change that grows again, and one that is not finite
    state$add("EM", 12, 1, NA)
    state$add("EM", 13, NaN, NA)
    expect_identical(state$share(), 0.95)
})

test_that("the share of several starts follows the number expected", {
    state <- .fit_state(20L, control)
    state$add("start", 1, 500, 9)
    expect_equal(state$share(), 1 / 9)
    expect_match(state$text(), "^start 2 of about 9, begins, NLE 500.00$")
    state$add("start", 2, 400, 4)
    expect_equal(state$share(), 1 / 2)
    expect_match(state$text(), "NLE 400.00")
    for (call in em(20))
        do.call(state$add, c(call, NA))
    expect_equal(state$share(), (2 + 0.95) / 4)
    state$add("start", 3, 600, 4)
    expect_equal(state$share(), 3 / 4)
    expect_match(state$text(), "NLE 400.00")
    # a large table goes on with all of its samples
    state$add("start", 4, 400, 4)
    for (call in em(20))
        do.call(state$add, c(call, NA))
    expect_lt(state$share(), 1)
    expect_match(state$text(), "^all samples, EM iteration 20, NLE 400.00$")
    # without a limit by agreement
    state <- .fit_state(20L, dmncontrol(agree = Inf))
    state$add("EM", 0, 0, NA)
    expect_identical(state$share(), 0)
})

test_that("logs get few lines, without carriage returns", {
    calls <- em(60, 0.7)
    said <- said_by(calls, 20L)
    expect_length(said$lines, 6L)
    expect_false(any(grepl("\r", said$lines)))
    expect_match(said$lines, "^  .*start 1 of about 3, EM.*\n$")
    expect_match(said$lines, "^  about ([0-9]+ s|[0-9] min) left: ")
    expect_identical(said$printed, character())
    # an iteration a second; the changes take log(1e-6 / 7e3) / log(0.7) = 64
    # iterations to the tolerance, a third of the fit: 11 s (1 - x) / x, with
    # x = 3 / 64
    expect_match(said$lines[[1L]], "about 4 min left: .* iteration 10\n$")
    # a fit of less than ten seconds says nothing
    expect_identical(said_by(em(60), 20L, step = 0.01)$lines, character())
    # a lone start prints what DirichletMultinomial prints
    said <- said_by(calls, 1L)
    expect_identical(said$printed[[1L]], "  Expectation Maximization")
    expect_match(said$printed[[2L]], "^    iteration 10 change [0-9.]+$")
    expect_length(said$printed, 7)
})

test_that("a bar is one line, and leaves none", {
    said <- said_by(em(12), 1L, dynamic = TRUE)
    text <- paste(said$lines, collapse = "")
    expect_false(grepl("\n", text))
    drawn <- strsplit(text, "\r")[[1L]][-1L]
    expect_true(all(nchar(drawn) < getOption("width")))
    expect_match(drawn[[1L]], "^k=3 \\[ {20}\\] EM")
    expect_match(drawn[[6L]], "^k=3 \\[={9} {11}\\] about [0-9]+ s left: EM")
    # the last one is blank, and the cursor goes back
    expect_match(drawn[[length(drawn)]], "^ +$")
    expect_identical(said$lines[[length(said$lines)]], "\r")
    expect_identical(said$printed, character())
    # nothing is wiped out if nothing was drawn
    expect_identical(said_by(list(), 1L, dynamic = TRUE)$lines, character())
})

test_that("a bar is drawn only where somebody can see it", {
    # output of tests is captured, or not interactive
    capture.output(x <- .is_dynamic())
    expect_false(x)
})

test_that("handlers of progressr receive the progress of a fit", {
    skip_if_not_installed("progressr")
    old <- options(progressr.enable = TRUE)
    on.exit(options(old))
    amount <- numeric()
    text <- character()
    withCallingHandlers(said_by(em(11), 1L), progression = function(p) {
        if (p$type == "update") {
            amount <<- c(amount, p$amount)
            text <<- c(text, conditionMessage(p))
        }
    })
    expect_identical(sum(amount), 95)
    expect_true(all(amount >= 0))
    expect_match(text, "^k = 3: .*EM")
})

test_that("an error in the report ends the fit as an R error", {
    x <- small_twins()
    table <- .compress(x, 2L, 1L)$table
    settings <- list(seed = 1L, num.threads = 1L, optimizer = "newton",
        control = dmncontrol())
    expect_error(.Call(R_dmm_table_fit, table, 2L, 20L, NULL, NULL, NULL, FALSE,
        1L, function(...) stop("no more"), 1L, "newton", dmncontrol(), TRUE,
        NULL),
        "no more")
    heard <- list()
    fit <- .Call(R_dmm_table_fit, table, 2L, 20L, NULL, NULL, NULL, FALSE, 1L,
        function(...) heard[[length(heard) + 1L]] <<- list(...), 1L, "newton",
        dmncontrol(), TRUE, NULL)
    expect_identical(fit, .call_fit(table, 2L, 20L, settings))
    starts <- Filter(function(x) x[[1L]] == "start", heard)
    expect_identical(vapply(starts, `[[`, 0, 3L), fit$starts$NLE)
    expect_identical(vapply(starts, `[[`, 0, 2L),
        as.double(seq_along(fit$starts$NLE)))
    expect_true("EM" %in% vapply(heard, `[[`, "", 1L))
})
