lean_obese <- function() {
    keep <- c("Lean", "Obese")
    count <- csubset(keep, twins, twinsBMI)
    list(count = count, group = factor(twinsBMI[rownames(count)], keep))
}

# A small table in two groups, which is fitted in a moment.
small_groups <- function() {
    x <- small_twins()
    list(count = x, group = rep(c("a", "b"), length.out = nrow(x)))
}

test_that("each group gets its best fit, and the result is a list", {
    t <- lean_obese()
    groups <- dmngroup(t$count, t$group, k = 1:3, seed = 1, .lapply = lapply)
    expect_s4_class(groups, "DMNGroup")
    expect_true(methods::is(groups, "SimpleList"))
    expect_identical(names(groups), c("Lean", "Obese"))
    expect_length(groups, 2)
    expect_identical(summary(groups)$k, c(1L, 3L))
    for (g in names(groups)) {
        rows <- t$count[t$group == g, ]
        fits <- lapply(1:3, function(k) dmn(rows, k, seed = 1))
        best <- fits[[which.min(vapply(fits, laplace, 0))]]
        expect_identical(groups[[g]], best)
    }
    expect_identical(groups$Lean, groups[[1]])
    expect_identical(names(groups["Obese"]), "Obese")
    expect_s4_class(groups["Obese"], "DMNGroup")
    expect_identical(lapply(groups, laplace), as.list(laplace(groups)))
})

test_that("dmn()'s default number of starts is used, or the one given", {
    t <- small_groups()
    rows <- t$count[t$group == "a", ]
    groups <- dmngroup(t$count, t$group, 2, seed = 1, .lapply = lapply)
    expect_identical(groups$a, dmn(rows, 2, seed = 1))
    expect_identical(groups$a@mixture$NStart, 20L)
    lone <- dmngroup(t$count, t$group, 2, seed = 1, nstart = 1,
        .lapply = lapply)
    expect_identical(lone$a, dmn(rows, 2, seed = 1, nstart = 1))
})

test_that("accessors and summary() give the values of each fit", {
    t <- small_groups()
    groups <- dmngroup(t$count, t$group, 2, seed = 3, .lapply = lapply)
    fits <- as.list(groups)
    expect_identical(fitted(groups), lapply(fits, fitted))
    expect_identical(fitted(groups, scale = TRUE),
        lapply(fits, fitted, scale = TRUE))
    expect_identical(mixture(groups), lapply(fits, mixture))
    expect_identical(mixture(groups, assign = TRUE),
        lapply(fits, mixture, assign = TRUE))
    expect_identical(mixturewt(groups), lapply(fits, mixturewt))
    expect_identical(goodnessOfFit(groups)["b", ], goodnessOfFit(fits$b))
    expect_identical(AIC(groups), vapply(fits, AIC, 0))
    expect_identical(AIC(groups, k = 3), vapply(fits, AIC, 0, k = 3))
    expect_identical(BIC(groups), vapply(fits, BIC, 0))
    table <- summary(groups)
    expect_identical(names(table), c("k", "samples", "taxa", "NLE", "LogDet",
        "Laplace", "BIC", "AIC"))
    expect_identical(rownames(table), c("a", "b"))
    expect_identical(table$samples, c(20L, 20L))
    expect_match(capture.output(print(groups))[[1]], "class: DMNGroup")
    expect_identical(capture.output(show(groups))[-1],
        capture.output(print(groups))[-1])
})

test_that("probabilities are those of Bayes' rule over the groups", {
    t <- ref_table(n = 45, k = 3, seed = 2)
    group <- c("one", "two", "three")[t$component]
    # a group without clusters leaves one of its two components empty
    groups <- suppressWarnings(dmngroup(t$x, group, c(1, 2), seed = 1,
        .lapply = lapply))
    new <- ref_table(n = 9, seed = 7)$x
    joint <- vapply(as.list(groups), function(fit) {
        log(nobs(fit)) + apply(ref_joint(new, fitted(fit), fit@mixture$Weight),
            1, ref_log_sum_exp)
    }, numeric(9))
    expected <- exp(joint - apply(joint, 1, ref_log_sum_exp))
    found <- predict(groups, new)
    expect_lt(ref_error(found, expected), 1e-10)
    expect_identical(dimnames(found),
        list(rownames(new), c("one", "three", "two")))
    expect_equal(unname(rowSums(found)), rep(1, 9))
    assigned <- predict(groups, new, assign = TRUE)
    expect_identical(unname(assigned), colnames(found)[max.col(found)])
    expect_identical(names(assigned), rownames(new))
    # taxa are matched by name, in any kind of table, also for one sample
    expect_identical(predict(groups, as_sparse(new[, 6:1])), found)
    expect_equal(unname(predict(groups, new[4, ])),
        unname(found[4, , drop = FALSE]))
})

test_that("three groups of the Twins study are classified", {
    groups <- dmngroup(twins, twinsBMI, 1:2, seed = 1, .lapply = lapply)
    found <- predict(groups, twins)
    expect_identical(colnames(found), levels(twinsBMI))
    expect_equal(unname(rowSums(found)), rep(1, 278))
    right <- mean(predict(groups, twins, assign = TRUE) == twinsBMI)
    # predicting "Obese" for all samples would be right for 0.69 of them
    expect_gt(right, 0.75)
})

test_that("simplify = FALSE keeps all fits", {
    t <- small_groups()
    all <- dmngroup(t$count, t$group, 1:2, seed = 1, simplify = FALSE,
        .lapply = lapply)
    expect_identical(names(all), c("a.1", "b.1", "a.2", "b.2"))
    expect_identical(vapply(as.list(all), function(x) ncol(mixture(x)), 1L),
        c(a.1 = 1L, b.1 = 1L, a.2 = 2L, b.2 = 2L))
    expect_identical(S4Vectors::mcols(all)$group, c("a", "b", "a", "b"))
    expect_error(predict(all, t$count), paste("one fit for each group; found",
        "several of 'a', 'b'. Use dmngroup(simplify = TRUE)"), fixed = TRUE)
    chosen <- predict(all[c("a.2", "b.1")], t$count)
    expect_identical(colnames(chosen), c("a", "b"))
    expect_identical(predict(all[2:3], t$count)[, c("a", "b")], chosen)
    expect_error(predict(all[1], t$count), "two named groups or more")
})

test_that("set.seed() fixes the result", {
    t <- small_groups()
    run <- function() {
        set.seed(7)
        dmngroup(t$count, t$group, 1:2, .lapply = lapply)
    }
    expect_identical(run(), run())
})

test_that("empty levels are dropped, and dmn()'s arguments are passed on", {
    t <- small_groups()
    group <- factor(t$group, c("b", "none", "a"))
    groups <- dmngroup(t$count, group, 1, optimizer = "bfgs",
        control = dmncontrol(eta = 0.2), num.threads = 1, .lapply = lapply)
    expect_identical(names(groups), c("b", "a"))
    expect_identical(groups$a@mixture$Optimizer, "bfgs")
    expect_identical(groups$a@mixture$Control$eta, 0.2)
    utils::capture.output(expect_message(dmngroup(t$count, group, 1,
        verbose = TRUE, .lapply = lapply), "dmn, k=1"))
})

test_that("arguments that cannot be used are refused", {
    t <- small_groups()
    fit <- function(count = t$count, group = t$group, k = 1, ...) {
        dmngroup(count, group, k, ..., .lapply = lapply)
    }
    expect_error(dmngroup(t$count, t$group), "needs 'count', 'group' and 'k'")
    expect_error(fit(group = t$group[-1]), paste("'group' must have an element",
        "for each of the 40 samples (rows) of 'count'; found 39"), fixed = TRUE)
    expect_error(fit(group = replace(t$group, 3, NA)),
        "'group' must have no missing values; found 1 NA")
    expect_error(fit(group = rep("a", 40)), "two groups or more; found 'a'")
    expect_error(fit(group = list(1)), "found an object of class \"list\"")
    named <- stats::setNames(t$group, rev(rownames(t$count)))
    expect_error(fit(group = named), "pass group[rownames(count)]",
        fixed = TRUE)
    names(named)[[1L]] <- "nobody"
    expect_error(fit(group = named), "must name every row")
    expect_error(fit(k = 0), "'k' must be whole numbers >= 1; found 0")
    expect_error(fit(k = c(1, 1.5)), "'k' must be whole numbers")
    expect_error(fit(k = c(a = 1, b = 2)), paste("without names of groups;",
        "found 'a', 'b'. Pass unname(k), or"), fixed = TRUE)
    expect_length(fit(k = c(first = 1)), 2)
    expect_error(fit(k = 21),
        "'k' must be at most 20, the number of samples in group 'a'; found 21")
    expect_error(fit(sed = 1), "did you mean 'seed'?")
    expect_error(fit(1, 2), "must|too many")
    expect_error(fit(count = t$count / 2), "must be whole numbers")
    expect_error(fit(simplify = 2), "'simplify' must be TRUE or FALSE")
    expect_error(dmngroup(t$count, t$group, 1, .lapply = "lapply"),
        "'.lapply' must be a function")
    groups <- fit()
    expect_error(predict(groups), "'newdata' is missing")
    expect_error(predict(groups, t$count[, -1]), "lacks 1 taxon")
    expect_error(predict(groups, t$count, asign = TRUE), "mean 'assign'")
})

test_that("new samples with other taxa are aligned once for all groups", {
    t <- small_groups()
    groups <- dmngroup(t$count, t$group, 2, seed = 1, .lapply = lapply)
    aligned <- t$count[1:6, ]
    aligned[, 2] <- 0L
    given <- cbind(t$count[1:6, c(46:3, 1)], other = 9L)
    expect_error(predict(groups, given), "lacks 1 taxon")
    for (form in list(given, as_sparse(given))) {
        said <- capture_messages(found <- predict(groups, form,
            missing.taxa = "zero"))
        expect_length(said, 1)
        expect_match(said, "1 taxon unknown to the fit")
        expect_identical(found, predict(groups, aligned))
        expect_identical(suppressMessages(predict(groups, form, assign = TRUE,
            missing.taxa = "zero")), predict(groups, aligned, assign = TRUE))
    }
    # fits of other taxa would each be given other counts
    groups$b <- dmn(t$count[t$group == "b", -1], 1, seed = 1)
    expect_error(predict(groups, given, missing.taxa = "zero"),
        "needs fits with the same taxa")
    # another order of the taxa does not matter
    groups$b <- dmn(t$count[t$group == "b", 46:1], 2, seed = 1)
    expect_identical(suppressMessages(predict(groups, given,
        missing.taxa = "zero")), predict(groups, aligned))
})
