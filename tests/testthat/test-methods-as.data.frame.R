# A data.frame with nothing else: no other class, no attribute.
expect_plain <- function(table, names, n) {
    expect_identical(class(table), "data.frame")
    expect_setequal(names(attributes(table)), c("names", "class", "row.names"))
    expect_identical(names(table), names)
    expect_identical(row.names(table), as.character(seq_len(n)))
    expect_true(all(vapply(table, function(x) is.null(names(x)), logical(1))))
}

test_that("samples are listed with their component", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    table <- as.data.frame(fit)
    expect_plain(table, c("sample", "component", "probability"), 40)
    expect_identical(table$sample, rownames(x))
    assigned <- mixture(fit, assign = TRUE)
    expect_identical(table$component, factor(unname(assigned), 1:3))
    expect_identical(table$probability, unname(apply(mixture(fit), 1, max)))
    componentLabels(fit) <- c("z", "a", "m")
    expect_identical(as.data.frame(fit)$component,
        unname(mixture(fit, assign = TRUE)))
    bare <- as.data.frame(dmn(unname(x), 3, seed = 1))
    expect_identical(bare$sample, as.character(1:40))
    expect_identical(bare$probability, table$probability)
})

test_that("taxa are listed for each component", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    table <- as.data.frame(fit, what = "taxa")
    expect_plain(table, c("component", "taxon", "proportion", "estimate",
        "lower", "upper"), 92)
    expect_identical(table$component, factor(rep(1:2, each = 46)))
    expect_identical(table$taxon, rep(colnames(x), 2))
    expect_identical(table$proportion, as.vector(fitted(fit, scale = TRUE)))
    expect_identical(table$estimate, as.vector(fitted(fit)))
    expect_identical(table$lower, as.vector(fit@fit$Lower))
    expect_identical(table$upper, as.vector(fit@fit$Upper))
    bare <- as.data.frame(dmn(unname(x), 2, seed = 1), what = "taxa")
    expect_identical(bare$taxon, as.character(rep(1:46, 2)))
})

test_that("components are listed with weight, precision and size", {
    fit <- dmn(small_twins(), 3, seed = 1)
    table <- as.data.frame(fit, what = "components")
    expect_plain(table, c("component", "pi", "theta", "samples"), 3)
    expect_identical(table[c("pi", "theta")], mixturewt(fit))
    expect_identical(table$samples,
        tabulate(mixture(fit, assign = TRUE), 3))
    componentLabels(fit) <- c("z", "a", "m")
    expect_identical(as.data.frame(fit, what = "components")$component,
        factor(c("z", "a", "m"), c("z", "a", "m")))
})

test_that("one sample, one taxon and one component make tables", {
    one <- dmn(matrix(4L), 1, seed = 1)
    expect_identical(as.data.frame(one), data.frame(sample = "1",
        component = factor(1), probability = 1))
    expect_identical(as.data.frame(one, what = "taxa")[1:3],
        data.frame(component = factor(1), taxon = "1", proportion = 1))
    expect_identical(as.data.frame(one, what = "components")$samples, 1L)
})

test_that("sweeps, groups and starts make plain tables", {
    x <- small_twins()
    sel <- suppressWarnings(dmnselect(x, 1:3, nstart = 2, seed = 1))
    expect_plain(as.data.frame(sel), names(summary(sel)), 3)
    expect_identical(as.data.frame(sel)$ICL, unname(ICL(sel)))
    expect_identical(nrow(as.data.frame(sel[0])), 0L)

    record <- starts(sel[[3]])
    expect_plain(as.data.frame(record), names(record), nrow(record))
    expect_identical(as.data.frame(record)$NLE, record$NLE)
    expect_identical(row.names(as.data.frame(record[2, ])), "2")

    z <- rep(c("b", "a"), 20)
    groups <- dmngroup(x, z, 1:2, nstart = 1, seed = 1, .lapply = lapply,
        simplify = FALSE)
    columns <- c("group", "k", "samples", "taxa", "NLE", "LogDet", "Laplace",
        "BIC", "AIC")
    table <- as.data.frame(groups)
    expect_plain(table, columns, 4)
    expect_identical(table$group, rep(c("a", "b"), 2))
    expect_identical(table$k, c(1L, 1L, 2L, 2L))
    expect_identical(table$NLE, unname(goodnessOfFit(groups)[, "NLE"]))
    # the names of the fits are groups where nothing else says
    named <- dmngroup(x, z, 1, nstart = 1, seed = 1, .lapply = lapply)
    expect_identical(as.data.frame(named)$group, c("a", "b"))
    names(named) <- NULL
    expect_identical(as.data.frame(named)$group, c(NA_character_, NA))
    expect_plain(as.data.frame(named[0]), columns, 0)
})

test_that("stability and perplexity make plain tables", {
    x <- small_twins()
    stability <- dmnstability(x, 3:2, B = 2, nstart = 1, seed = 1)
    table <- as.data.frame(stability)
    expect_plain(table, c("k", "rand", "component", "samples", "jaccard"), 5)
    expect_identical(table$k, c(2L, 2L, 3L, 3L, 3L))
    expect_identical(table$component, c(1:2, 1:3))
    expect_identical(table$jaccard[4:5],
        colMeans(stability$jaccard[["3"]], na.rm = TRUE)[2:3])
    score <- suppressWarnings(dmnperplexity(x, 1:2, folds = 2, nstart = 1,
        seed = 1))
    expect_plain(as.data.frame(score), names(score), 2)
    expect_identical(as.data.frame(score)$loglik, score$loglik)
})

test_that("data.frame() and functions that call it take the results", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    expect_identical(data.frame(fit), as.data.frame(fit))
    expect_identical(names(data.frame(fit, size = rowSums(x))),
        c("sample", "component", "probability", "size"))
    score <- suppressWarnings(dmnperplexity(x, 1:2, folds = 2, nstart = 1,
        seed = 1))
    expect_plain(cbind(score, a = 1), c(names(score), "a"), 2)
    expect_s3_class(data.frame(starts(fit), stringsAsFactors = TRUE)$kind,
        "factor")
    stability <- dmnstability(x, 2, B = 1, nstart = 1, seed = 1)
    expect_identical(data.frame(stability), as.data.frame(stability))
})

test_that("rows are named, and words made factors, on request", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    table <- as.data.frame(fit, row.names = rownames(x))
    expect_identical(row.names(table), rownames(x))
    expect_identical(row.names(as.data.frame(fit, row.names = 40:1)),
        as.character(40:1))
    table <- as.data.frame(fit, stringsAsFactors = TRUE)
    expect_identical(table$sample, factor(rownames(x)))
    expect_identical(table$component, as.data.frame(fit)$component)
})

test_that("bad arguments are refused", {
    fit <- dmn(small_twins(), 2, seed = 1)
    sel <- suppressWarnings(dmnselect(small_twins(), 1:2, nstart = 1))
    expect_error(as.data.frame(fit, what = "taxon"),
        "'what' must be one of \"samples\", .*; found \"taxon\"")
    expect_error(as.data.frame(fit, "taxa"),
        "'row.names' must be NULL, .* 40 rows; found \"taxa\"")
    expect_error(as.data.frame(sel, row.names = c("a", "a")),
        "2 rows; found 'a' twice")
    expect_error(as.data.frame(sel, row.names = c("a", NA)), "a missing one")
    expect_error(as.data.frame(sel, row.names = c(TRUE, FALSE)),
        "found a logical vector")
    expect_error(as.data.frame(fit, optional = NA), "'optional' must be TRUE")
    expect_error(as.data.frame(fit, stringsAsFactors = 1), "must be TRUE")
    expect_error(as.data.frame(fit, wat = "taxa"), "did you mean 'what'")
    expect_error(as.data.frame(fit, NULL, FALSE, "taxa"), "too many")
    for (x in list(sel, starts(fit)))
        expect_error(as.data.frame(x, what = "taxa"),
            "as.data.frame\\(\\) has no argument 'what'")
})

test_that("the methods are found whatever is attached, in any order", {
    use <- c(
        "data(fit, bestgrp, package = 'dmmomp')",
        "sel <- dmmomp::dmnselect(dmmomp::twins[1:40, ], 1:2, nstart = 1,",
        "    seed = 1)",
        "for (f in list(as.data.frame, base::as.data.frame)) stopifnot(",
        "    identical(names(f(fit[[2]]))[[1]], 'sample'),",
        "    identical(dim(f(fit[[2]], what = 'components')), c(2L, 4L)),",
        "    identical(class(f(sel)), 'data.frame'),",
        "    identical(f(sel)$k, 1:2), is.null(attr(f(sel), 'best')),",
        "    identical(row.names(f(sel, c('a', 'b'))), c('a', 'b')),",
        "    identical(f(bestgrp)$group, c('Lean', 'Obese')),",
        "    inherits(try(f(sel, what = 1), silent = TRUE), 'try-error'),",
        "    inherits(try(f(bestgrp, 1:3), silent = TRUE), 'try-error'))",
        "cat('found\\n')")
    attach <- function(packages) {
        sprintf("suppressPackageStartupMessages(library(%s))", packages)
    }
    ways <- list(character(), "dmmomp", c("S4Vectors", "dmmomp"),
        c("dmmomp", "S4Vectors"))
    if (requireNamespace("DirichletMultinomial", quietly = TRUE))
        ways <- c(ways, list(c("DirichletMultinomial", "dmmomp"),
            c("dmmomp", "DirichletMultinomial")))
    for (way in ways) {
        output <- fresh_r(c(attach(way), use))
        expect_identical(utils::tail(output, 1L), "found",
            label = paste(way, collapse = ", "))
    }
    # the generic of BiocGenerics is not attached with this package
    output <- fresh_r(c("library(dmmomp)",
        "cat(identical(as.data.frame, base::as.data.frame))"))
    expect_identical(output, "TRUE")
})

test_that("fits and groups by DirichletMultinomial make tables", {
    skip_if_not_installed("DirichletMultinomial")
    env <- new.env()
    utils::data(fit, bestgrp, package = "DirichletMultinomial", envir = env)
    table <- as.data.frame(env$fit[[3]])
    expect_identical(levels(table$component), c("1", "2", "3"))
    expect_identical(table$sample, rownames(env$fit[[3]]@group))
    expect_identical(nrow(as.data.frame(env$fit[[3]], what = "taxa")), 390L)
    expect_identical(as.data.frame(env$bestgrp)$group, c("Lean", "Obese"))
})
