skip_if_not_installed("generics")
skip_if_not_installed("tibble")

tidy <- generics::tidy
glance <- generics::glance
augment <- generics::augment

x <- small_twins()
fit <- dmn(x, 3, seed = 1)

test_that("tidy() of a fit has its estimates by component and taxon", {
    table <- tidy(fit)
    expect_s3_class(table, "tbl_df")
    expect_named(table, c("component", "term", "estimate", "std.error"))
    expect_identical(nrow(table), 3L * ncol(x))
    expect_identical(levels(table$component), c("1", "2", "3"))
    for (row in c(1L, ncol(x) + 2L, 3L * ncol(x))) {
        taxon <- table$term[[row]]
        k <- as.integer(table$component[[row]])
        column <- match(taxon, rownames(fit@fit$Estimate))
        expect_identical(table$estimate[[row]], fit@fit$Estimate[[column, k]])
        expect_identical(table$std.error[[row]], fit@fit$StdErr[[column, k]])
    }
    share <- tidy(fit, scale = TRUE)
    expect_equal(unname(tapply(share$estimate, share$component, sum)),
        array(c(1, 1, 1)))
    expect_equal(share$estimate, as.vector(fitted(fit, scale = TRUE)))
    expect_identical(share$std.error, table$std.error)
})

test_that("intervals have the level that is asked for", {
    table <- tidy(fit, conf.int = TRUE, conf.level = 0.8)
    expect_named(table, c("component", "term", "estimate", "std.error",
        "conf.low", "conf.high"))
    expect_equal(table$conf.low,
        exp(log(table$estimate) + qnorm(0.1) * table$std.error))
    expect_equal(table$conf.high,
        exp(log(table$estimate) - qnorm(0.1) * table$std.error))
    two <- tidy(fit, conf.int = TRUE, conf.level = 2 * pnorm(2) - 1)
    expect_equal(two$conf.low, as.vector(fit@fit$Lower))
    expect_equal(two$conf.high, as.vector(fit@fit$Upper))

    share <- tidy(fit, conf.int = TRUE, scale = TRUE)
    plain <- tidy(fit, conf.int = TRUE)
    theta <- rep(mixturewt(fit)$theta, each = ncol(x))
    expect_equal(share$conf.low, plain$conf.low / theta)
    expect_equal(share$conf.high, pmin(plain$conf.high / theta, 1))
    wide <- tidy(fit, conf.int = TRUE, scale = TRUE, conf.level = 1 - 1e-15)
    expect_identical(max(wide$conf.high), 1)
    expect_gt(max(tidy(fit, conf.int = TRUE, conf.level = 0.999)$conf.high), 1)
})

test_that("glance() of a fit has the values of the accessors", {
    line <- glance(fit)
    expect_s3_class(line, "tbl_df")
    expect_identical(nrow(line), 1L)
    expect_named(line, c("k", "NLE", "logLik", "df", "Laplace", "BIC", "AIC",
        "ICL", "iterations", "converged", "starts", "met", "nobs"))
    expect_identical(line$k, 3L)
    expect_identical(line$AIC, AIC(fit))
    expect_identical(line$BIC, BIC(fit))
    expect_identical(line$Laplace, laplace(fit))
    expect_identical(line$ICL, ICL(fit))
    expect_identical(line$NLE, goodnessOfFit(fit)[["NLE"]])
    expect_identical(line$logLik, as.numeric(logLik(fit)))
    expect_identical(line$df, attr(logLik(fit), "df"))
    expect_identical(line$nobs, nobs(fit))
    expect_identical(line$iterations, fit@mixture$Iterations)
    expect_true(line$converged)
    expect_identical(line$starts, nrow(starts(fit)))
    expect_output(print(fit), sprintf("best of %d starts, met (%s)",
        line$starts, paste(line$met, "times|once|twice")))
})

test_that("augment() has a line for each sample", {
    bmi <- data.frame(bmi = twinsBMI[1:40], row.names = rownames(x))
    table <- augment(fit, bmi)
    expect_s3_class(table, "tbl_df")
    expect_named(table, c(".rownames", "bmi", ".class", ".probability",
        ".uncertainty"))
    expect_identical(table$.rownames, rownames(x))
    expect_identical(table$bmi, bmi$bmi)
    expect_identical(as.character(table$.class),
        unname(as.character(mixture(fit, assign = TRUE))))
    expect_equal(table$.probability, unname(apply(mixture(fit), 1L, max)))
    expect_equal(table$.uncertainty, 1 - table$.probability)
    # digits that 1 - .probability has not
    expect_true(all(table$.uncertainty > 0))
    expect_identical(augment(fit), table[names(table) != "bmi"])

    new <- augment(fit, newdata = x[5:1, rev(seq_len(ncol(x)))])
    expect_equal(new, augment(fit)[5:1, ])
    expect_identical(augment(fit, bmi[5:1, , drop = FALSE],
        newdata = x[5:1, ])$bmi, bmi$bmi[5:1])
    expect_identical(nrow(augment(fit, newdata = x[0L, ])), 0L)

    one <- augment(dmn(x, 1, seed = 1))
    expect_identical(unique(one$.uncertainty), 0)
    expect_identical(levels(one$.class), "1")
})

test_that("labels are the levels, and samples need no names", {
    labelled <- fit
    componentLabels(labelled) <- c("A.1", "B b", "mean.C")
    expect_identical(levels(tidy(labelled)$component),
        componentLabels(labelled))
    expect_identical(as.integer(tidy(labelled)$component),
        as.integer(tidy(fit)$component))
    expect_identical(levels(augment(labelled)$.class),
        componentLabels(labelled))
    bare <- dmn(unname(x), 2, seed = 1)
    expect_identical(tidy(bare)$term,
        rep(as.character(seq_len(ncol(x))), 2L))
    expect_named(augment(bare), c(".class", ".probability", ".uncertainty"))
    named <- augment(bare, data.frame(a = 1:40, row.names = rownames(x)))
    expect_identical(named$.rownames, rownames(x))
})

test_that("'data' may be of several classes, and must be in order", {
    bmi <- data.frame(`a b` = 1:40, row.names = rownames(x),
        check.names = FALSE)
    expected <- augment(fit, bmi)
    expect_identical(expected$`a b`, 1:40)
    expect_identical(augment(fit, as.matrix(bmi)), expected)
    expect_identical(augment(fit, S4Vectors::DataFrame(bmi,
        check.names = FALSE)), expected)
    expect_identical(augment(fit, tibble::tibble(`a b` = 1:40)), expected)
    expect_identical(augment(fit, unname(as.matrix(bmi)))$V1, 1:40)
    # twice gives the same columns
    expect_identical(augment(fit, expected), expected)

    expect_error(augment(fit, bmi[40:1, , drop = FALSE]),
        "'data' is named by sample in another order.*rownames\\(mixture\\(x")
    expect_error(augment(fit, expected[40:1, ]), "in another order")
    expect_error(augment(fit, bmi[1:2, , drop = FALSE], newdata = x[2:1, ]),
        "in another order.*data\\[rownames\\(newdata\\), \\]")
    expect_error(augment(fit, bmi[c(1:39, 1), , drop = FALSE]),
        "must name every row of 'mixture\\(x\\)'; there is no 'TS")
    expect_error(augment(fit, bmi[1:3, , drop = FALSE]),
        "a row for each of the 40 samples; found 3 rows")
    expect_error(augment(fit, 1:40), "must be a data.frame")
})

test_that("a fit by DirichletMultinomial has NA for what it does not hold", {
    skip_if_not_installed("DirichletMultinomial")
    peer <- DirichletMultinomial::dmn(x, 2, seed = 1)
    line <- glance(peer)
    expect_identical(names(line), names(glance(fit)))
    expect_identical(vapply(line, typeof, ""), vapply(glance(fit), typeof, ""))
    expect_identical(names(line)[is.na(unlist(line))],
        c("iterations", "converged", "starts", "met"))
    expect_identical(line$AIC, peer@goodnessOfFit[["AIC"]])
    table <- tidy(peer, conf.int = TRUE)
    expect_identical(table$estimate, as.vector(peer@fit$Estimate))
    expect_identical(as.integer(augment(peer)$.class),
        unname(mixture(peer, assign = TRUE)))
    both <- DirichletMultinomial::dmngroup(x[1:40, ],
        factor(rep(c("a", "b"), 20)), k = 1, .lapply = lapply)
    expect_identical(as.character(glance(both)$group), c("a", "b"))
    expect_identical(nrow(tidy(both)), 2L * ncol(x))
})

test_that("a sweep has a row for each fit, and one for the best", {
    sweep <- suppressWarnings(dmnselect(x, c(1, 3, 2), nstart = 2, seed = 1))
    table <- tidy(sweep)
    expect_identical(table$k, 1:3)
    expect_equal(as.data.frame(table[names(summary(sweep))]),
        as.data.frame(unclass(summary(sweep))))
    expect_identical(table[names(glance(fit))],
        do.call(rbind, lapply(as.list(sweep), glance)), ignore_attr = TRUE)
    expect_identical(table$k[table$best], ncol(mixture(best(sweep))))
    line <- glance(sweep)
    expect_identical(line[names(line) != "criterion"], glance(best(sweep)))
    expect_identical(line$criterion, "laplace")
    expect_error(tidy(sweep[0]), "'x' holds no fits")
    expect_error(glance(sweep[0]), "'x' holds no fits")
})

test_that("a classifier has the group of each fit first", {
    group <- factor(rep(c("b", "a"), 20), c("b", "a"))
    set.seed(1)
    fits <- dmngroup(x, group, k = 1:2, .lapply = lapply)
    table <- tidy(fits, conf.int = TRUE)
    expect_identical(names(table)[1:3], c("group", "k", "component"))
    expect_identical(levels(table$group), c("b", "a"))
    part <- table[table$group == "a", -(1:2)]
    expect_equal(part[-1L], tidy(fits[["a"]], conf.int = TRUE)[-1L])
    expect_error(tidy(fits, level = 1), "has no argument 'level'")

    lines <- glance(fits)
    expect_identical(as.character(lines$group), c("b", "a"))
    expect_identical(lines$AIC, unname(AIC(fits)))

    new <- augment(fits, data.frame(group = group), newdata = x)
    z <- predict(fits, x)
    expect_identical(new$group, group)
    expect_identical(as.character(new$.class),
        unname(predict(fits, x, assign = TRUE)))
    expect_identical(new$.probability.a, unname(z[, "a"]))
    expect_identical(new$.probability.b, unname(z[, "b"]))
    expect_identical(new$.probability, unname(pmax(z[, 1L], z[, 2L])))
    expect_equal(new$.uncertainty, unname(pmin(z[, 1L], z[, 2L])))
    expect_error(augment(fits), "'newdata' is missing")
    expect_error(augment(fits, x), "'newdata' is missing")

    all <- dmngroup(x, group, k = 1:2, simplify = FALSE, .lapply = lapply)
    expect_identical(as.character(glance(all)$group), c("b", "a", "b", "a"))
    expect_identical(unique(tidy(all)[1:2])$k, c(1L, 1L, 2L, 2L))
    names(fits) <- NULL
    expect_identical(as.character(glance(fits)$group), c("1", "2"))
})

test_that("tidy() of drivers() is long", {
    labelled <- fit
    componentLabels(labelled) <- c("A.1", "B b", "mean.C")
    for (object in list(fit, labelled)) {
        wide <- drivers(object, n = 4)
        expect_identical(class(wide), c("dmndrivers", "data.frame"))
        long <- tidy(wide)
        expect_named(long, c("component", "term", "estimate", "conf.low",
            "conf.high", "reference", "difference", "cumulative"))
        labels <- componentLabels(object)
        expect_identical(levels(long$component), labels)
        for (label in labels) {
            part <- long[long$component == label, ]
            expect_identical(part$term, wide$taxon)
            expect_identical(part$estimate, wide[[paste0("mean.", label)]])
            expect_identical(part$conf.low, wide[[paste0("lower.", label)]])
            expect_identical(part$conf.high, wide[[paste0("upper.", label)]])
            expect_identical(part$cumulative, wide$cumulative)
        }
        first <- tidy(wide[1, ])
        expect_identical(first, long[long$term == wide$taxon[[1L]], ])
    }
    share <- tidy(fit, scale = TRUE)
    long <- tidy(drivers(fit, n = 1000))
    key <- function(table) paste(table$component, table$term)
    expect_equal(long$estimate,
        share$estimate[match(key(long), key(share))])
    expect_error(tidy(wide[1:4]), "drivers\\(\\) gives it; it lacks")
    expect_error(tidy(wide["taxon"]), "it lacks.*'mean.1'")
})

test_that("drivers() behaves as a data.frame", {
    wide <- drivers(fit, n = 2)
    plain <- as.data.frame(unclass(wide))
    expect_identical(as.data.frame(wide), plain)
    expect_identical(capture.output(print(wide[1:3])),
        capture.output(print(plain[1:3])))
})

test_that("stability has a row for each component, and one for each k", {
    object <- dmnstability(x, 2:3, B = 3, nstart = 1, seed = 1)
    table <- tidy(object)
    expected <- summary(object)
    expect_named(table, c("k", "component", "size", "jaccard"))
    expect_identical(table$k, expected$k)
    expect_identical(as.integer(table$component), expected$component)
    expect_identical(table$size, expected$samples)
    expect_identical(table$jaccard, expected$jaccard)
    lines <- glance(object)
    expect_identical(lines$k, 2:3)
    expect_equal(lines$rand, unname(colMeans(object$rand)))
    expect_identical(lines$resamples, c(3L, 3L))
    expect_identical(lines$nobs, c(40L, 40L))
})

test_that("perplexity has a row for each k, and one for the best", {
    object <- suppressWarnings(dmnperplexity(x, 1:3, folds = 3, nstart = 1,
        seed = 1))
    table <- tidy(object)
    expect_identical(class(table), class(tidy(fit)))
    expect_identical(dim(table), dim(object))
    expect_identical(table$k, object$k)
    expect_identical(table$loglik, object$loglik)
    expect_identical(table$std.error, object$se)
    expect_identical(table$difference.std.error, object$difference.se)
    expect_null(attr(table, "folds"))
    line <- glance(object)
    expect_identical(nrow(line), 1L)
    expect_identical(line[names(table)], table[match(line$k, table$k), ])
    expect_identical(line$folds, 3L)
    score <- intersect(c("sample.loglik", "loglik"), names(object))[[1L]]
    expect_identical(line[[score]], max(object[[score]]))
    expect_error(glance(object["k"]), "it lacks 'loglik'")
})

test_that("arguments are checked", {
    expect_error(tidy(fit, conf.int = 1), "'conf.int' must be TRUE or FALSE")
    expect_error(tidy(fit, conf.level = 1), "'conf.level' must be one number")
    expect_error(tidy(fit, scale = NA), "'scale' must be TRUE or FALSE")
    expect_error(tidy(fit, exponentiate = TRUE), "no argument 'exponentiate'")
    expect_error(glance(fit, 1), "1 argument too many")
    expect_error(augment(fit, type.predict = 1), "no argument 'type.predict'")
    expect_error(augment(fit, newdata = x[, -1L]), "lacks 1 taxon")
})

test_that("the methods work with broom attached", {
    skip_if_not_installed("broom")
    output <- fresh_r(c("library(dmmomp)",
        "stopifnot(!isNamespaceLoaded('generics'))",
        "fit <- dmn(twins[1:40, ], 2, seed = 1)",
        "first <- generics::tidy(fit)",
        "suppressMessages(library(broom))",
        "stopifnot(identical(tidy(fit), first))",
        "stopifnot(identical(glance(fit)$AIC, AIC(fit)))",
        "stopifnot(nrow(augment(fit)) == 40)",
        "cat('done')"))
    expect_identical(utils::tail(output, 1L), "done")
})

test_that("without tibble the tables are data frames", {
    verbs <- c("tidy(fit)", "glance(fit)", "augment(fit)",
        "augment(fit, newdata = x)", "tidy(sweep)", "glance(sweep)",
        "tidy(group)", "glance(group)", "augment(group, newdata = x)",
        "tidy(drivers(fit))", "tidy(stability)", "glance(stability)",
        "tidy(perplexity)", "glance(perplexity)")
    output <- fresh_r(c("suppressMessages(library(dmmomp))",
        "library(generics, warn.conflicts = FALSE)",
        "x <- twins[1:30, colSums(twins[1:30, ]) > 50]",
        "fit <- dmn(x, 2, seed = 1)",
        "sweep <- suppressWarnings(dmnselect(x, 1:2, nstart = 1, seed = 1))",
        "group <- dmngroup(x, rep(1:2, 15), k = 1, .lapply = lapply)",
        "stability <- dmnstability(x, 2, B = 2, nstart = 1, seed = 1)",
        "perplexity <- dmnperplexity(x, 1, 2, nstart = 1, seed = 1)",
        sprintf("tables <- lapply(expression(%s), eval, globalenv())",
            paste(verbs, collapse = ", ")),
        "f <- dmmomp:::.as_tidy",
        "environment(f) <- list2env(list(requireNamespace = function(...) {",
        "    FALSE }), parent = asNamespace('dmmomp'))",
        "utils::assignInNamespace('.as_tidy', f, 'dmmomp')",
        sprintf("plain <- lapply(expression(%s), eval, globalenv())",
            paste(verbs, collapse = ", ")),
        "for (i in seq_along(plain)) {",
        "    stopifnot(identical(class(plain[[i]]), 'data.frame'))",
        "    stopifnot(.row_names_info(plain[[i]]) < 0)",
        "    stopifnot(identical(plain[[i]], as.data.frame(tables[[i]])))",
        "}",
        "cat('done')"))
    expect_identical(utils::tail(output, 1L), "done")
})

test_that("augment() passes on what predict() needs for new samples", {
    skip_if_not_installed("generics")
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    few <- x[1:5, -(2:4)]
    expect_error(generics::augment(fit, newdata = few), "lacks 3 taxa")
    found <- generics::augment(fit, newdata = few, missing.taxa = "zero")
    filled <- x[1:5, ]
    filled[, 2:4] <- 0L
    expect_equal(found$.probability,
        unname(apply(predict(fit, filled), 1, max)))
    sel <- suppressWarnings(dmnselect(x, 1:2, nstart = 1, seed = 1))
    expect_identical(generics::augment(sel), generics::augment(best(sel)))
})
