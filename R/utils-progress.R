# The progress of a single fit, for verbose = TRUE.

# So many meetings of the best optimum end the starts, as USUAL_AGREE of
# src/core/result/fit.c says.
.usual_agree <- 3

# `agree` of a control, or what it is by default.
.agree_of <- function(control) {
    if (is.na(control$agree)) .usual_agree else control$agree
}

# Returns a function for the engine to call with what it does: `what` is
#
#   "kmeans", "setup", "EM", "Hessian"  a phase of a start. `number` is 0 at its
#       beginning and then that of the iteration, `value` the largest move of a
#       centre or the change of the NLE
#   "start"  the end of one of several starts: `number` have been made, `value`
#       is its NLE, and there will be `expected` starts if the best optimum goes
#       on being met as often
#   "end"    the end of the fit
#
# In a terminal or RStudio it draws a bar. Elsewhere it prints lines, and for a
# lone start those that DirichletMultinomial prints. The handlers of progressr
# receive the progress too, if it is installed.
.fit_reporter <- function(k, nstart, control, dynamic = .is_dynamic(),
    clock = function() proc.time()[["elapsed"]]) {
    signal <- if (requireNamespace("progressr", quietly = TRUE))
        progressr::progressor(steps = 100, envir = parent.frame())
    show <- if (dynamic) .show_bar() else .show_lines(clock())
    state <- .fit_state(nstart, control)
    begun <- shown <- clock()
    sent <- 0
    function(what, number = 0, value = 0, expected = NA) {
        if (what == "end")
            return(show(NULL))
        state$add(what, number, value, expected)
        if (!dynamic && nstart == 1L)
            .print_phase(what, number, value)
        now <- clock()
        if (now - shown < 0.1)
            return(invisible(NULL))
        shown <<- now
        share <- state$share()
        left <- if (share > 0.02) (now - begun) * (1 - share) / share
        text <- paste0(if (!is.null(left))
            sprintf("about %s left: ", .duration(left)), state$text())
        show(text, share, k, now)
        if (!is.null(signal)) {
            step <- max(0, floor(100 * share) - sent)
            sent <<- sent + step
            signal(sprintf("k = %d: %s", k, text), amount = step)
        }
        invisible(NULL)
    }
}

# What a fit has done: add() takes what the engine reports, share() is the share
# of the work that is done and text() says it. EM gains a decimal of the NLE in
# about as many iterations as it took for the one before, so that its share is
# that of the logarithms of the changes.
.fit_state <- function(nstart, control) {
    expected <- min(nstart, .agree_of(control))
    made <- within <- iteration <- largest <- 0
    best <- Inf
    phase <- ""
    last <- max(control$tolerance, 1e-8)
    list(add = function(what, number, value, more) {
        if (what == "start") {
            made <<- number
            expected <<- more
            best <<- min(best, value)
            within <<- 0
        } else {
            phase <<- what
            iteration <<- number
        }
        if (what == "EM" && number > 0 && is.finite(value)) {
            largest <<- max(largest, value, 2 * last)
            gained <- log(largest / max(value, last)) / log(largest / last)
            within <<- max(within, min(gained, 0.95))
        } else if (what %in% c("EM", "start")) {
            largest <<- 0
        }
    }, share = function() {
        # the fit of a large table goes on with all samples after its starts
        all <- made >= expected
        (made + within) / (expected + all)
    }, text = function() {
        at <- switch(phase, kmeans = "soft k-means", EM = "EM",
            setup = "first M-step", Hessian = "standard errors", "begins")
        paste0(if (nstart > 1L && made < expected)
            sprintf("start %d of about %d, ", made + 1, expected),
            if (nstart > 1L && made >= expected) "all samples, ", at,
            if (iteration > 0) sprintf(" iteration %d", iteration),
            if (is.finite(best)) sprintf(", NLE %.2f", best))
    })
}

# What DirichletMultinomial prints: phases, and every tenth iteration.
.print_phase <- function(what, number, value) {
    title <- c(kmeans = "Soft kmeans",
        setup = "Expectation Maximization setup",
        EM = "Expectation Maximization", Hessian = "Hessian")
    if (number == 0)
        cat("  ", title[[what]], "\n", sep = "")
    else if (number %% 10 == 0)
        cat(sprintf("    iteration %d change %f\n", number, value))
}

# Whether a line can be overwritten, and somebody may be looking at it.
.is_dynamic <- function() {
    interactive() && sink.number() == 0L && sink.number("message") == 2L &&
        !isTRUE(getOption("knitr.in.progress")) &&
        (isatty(stderr()) || identical(.Platform$GUI, "RStudio"))
}

# A bar in one line, which is drawn over the one before. NULL wipes it out.
.show_bar <- function() {
    length <- 0L
    draw <- function(line) {
        line <- substr(line, 1L, getOption("width") - 1L)
        message("\r", formatC(line, width = -length), appendLF = FALSE)
        length <<- nchar(line)
    }
    function(text, share = 0, k = 0L, now = 0) {
        if (is.null(text)) {
            if (length > 0L) {
                draw("")
                message("\r", appendLF = FALSE)
            }
            return(invisible(NULL))
        }
        full <- round(20 * share)
        draw(sprintf("k=%d [%s%s] %s", k, strrep("=", full),
            strrep(" ", 20 - full), text))
    }
}

# A line every ten seconds.
.show_lines <- function(last) {
    function(text, share = 0, k = 0L, now = 0) {
        if (!is.null(text) && now - last >= 10) {
            last <<- now
            message("  ", text)
        }
    }
}
