sel <- suppressWarnings(dmnselect(small_twins(), 1:3, 3, seed = 1))

test_that("summary() has a row for each k", {
    table <- summary(sel)
    expect_identical(table$k, 1:3)
    expect_equal(table$Laplace, unname(sapply(sel, laplace)))
    expect_equal(table$ICL, unname(sapply(sel, ICL)))
    expect_equal(table$df, c(1, 2, 3) * nrow(fitted(sel[[1]])) + 0:2)
    expect_identical(table$starts, c(1L, 3L, 3L))
    expect_identical(table$met,
        vapply(as.list(sel), function(fit) .times_met(starts(fit)), 1L,
            USE.NAMES = FALSE))
    expect_true(all(table$met >= 1 & table$met <= table$starts))
    expect_identical(names(attr(table, "best")),
        c("laplace", "BIC", "AIC", "ICL"))
    expect_output(print(table), "best k: laplace")
    expect_error(summary(sel, 3), "too many")
})

test_that("summary() says where the best optimum was met only once", {
    table <- summary(sel)
    table$met <- c(1L, 1L, 1L)
    # k = 1 has one optimum
    expect_output(print(table),
        "best optimum met only once: k = 2, 3; more starts may", fixed = TRUE)
    table$met <- c(1L, 2L, 1L)
    expect_output(print(table), "met only once: k = 3;")
    table$met <- c(1L, 2L, 3L)
    expect_no_match(capture.output(print(table)), "once")
})

test_that("best() returns the fit with the least value of the criterion", {
    for (criterion in c("laplace", "BIC", "AIC", "ICL")) {
        value <- .criterion_values(as.list(sel), criterion)
        expect_identical(best(sel, criterion), sel[[which.min(value)]])
    }
    expect_identical(best(sel), best(sel, "laplace"))
    expect_error(best(as.list(sel)), "dmnselect")
    expect_error(best(sel, "other"), "'criterion'")
    expect_error(best(sel[0]), "no fits")
})

test_that("the criteria of a sweep are named by k", {
    fits <- as.list(sel)
    expect_identical(laplace(sel), vapply(fits, laplace, 0))
    expect_identical(names(laplace(sel)), c("1", "2", "3"))
    expect_identical(AIC(sel), vapply(fits, AIC, 0))
    expect_identical(AIC(sel, k = 3), vapply(fits, AIC, 0, k = 3))
    expect_identical(BIC(sel), vapply(fits, BIC, 0))
    expect_identical(ICL(sel), vapply(fits, ICL, 0))
    expect_identical(goodnessOfFit(sel)["2", ], goodnessOfFit(sel[["2"]]))
    expect_error(AIC(sel, sel), "too many")
    expect_error(laplace(sel, 1), "too many")
})

test_that("functions of one fit refuse a sweep, and say how to choose a fit", {
    expect_error(mixture(sel), paste("found fits made by dmnselect(); use",
        "best(object), or lapply(object, mixture)"), fixed = TRUE)
    for (what in list(drivers, mixturewt, fitted, coef, logLik, residuals,
        predict, entropy, starts, componentLabels))
        expect_error(what(sel), "use best(object)", fixed = TRUE)
})

test_that("a sweep can be printed and subset", {
    expect_output(print(sel), "3 fits: k = 1, 2, 3")
    expect_output(show(sel), "best k by laplace")
    expect_s4_class(sel[2:3], "DMNSelect")
})

test_that("an empty sweep can be printed", {
    none <- sel[0]
    expect_output(print(none), "0 fits (nstart 3, seed 1)", fixed = TRUE)
    table <- summary(none)
    expect_identical(nrow(table), 0L)
    expect_identical(names(table), names(summary(sel)))
    expect_true(all(is.na(attr(table, "best"))))
    expect_output(print(table), "k")
})

test_that("c() joins sweeps in order of k, and refuses one k twice", {
    joined <- c(sel[3], sel[1:2])
    expect_identical(as.list(joined), as.list(sel))
    expect_identical(joined@metadata, sel@metadata)
    expect_error(c(sel, sel[2]), "one of the sweeps only; found k = 2 twice")
    expect_error(c(sel, as.list(sel)), "made by dmnselect")
    expect_identical(c(sel[0], sel)@listData, sel@listData)
    part <- sel[1:2]
    part@metadata[c("missing", "why")] <- list(3:4, "interrupted")
    all <- c(part, sel[3])
    expect_identical(all@metadata$missing, 4L)
    expect_identical(all@metadata$why, "interrupted")
})

test_that("c() refuses sweeps of different tables", {
    sweep <- function(x, ...) dmnselect(x, 4, 1, seed = 1, ...)
    x <- small_twins()
    expect_error(c(sel, sweep(x[1:30, ])), paste("of the same table; found 40",
        "samples x 46 taxa and 30 samples x 46 taxa"))
    expect_error(c(sel, sweep(x[40:1, ])), "found other samples or taxa")
    expect_error(c(sel, sweep(x[, -1])), "and 40 samples x 45 taxa")
    expect_identical(names(c(sel, sweep(x, keep.group = FALSE))),
        as.character(1:4))
    # fits with variables hold the totals of their samples
    with <- function(x, k) {
        dmnselect(x, k, 1, seed = 1, formula = ~ v, data = data.frame(v = 1:40))
    }
    one <- with(x, 2)
    x[1, 1] <- x[1, 1] + 1L
    expect_length(c(one, with(small_twins(), 3)), 2)
    expect_error(c(one, with(x, 3)), "found other samples or taxa")
})
