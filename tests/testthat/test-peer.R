# Tests this package as a replacement for DirichletMultinomial, here called the
# peer, in the version that is installed: with the peer's vignette and examples,
# in which only the package's name is changed, with its objects, and with its
# values.

renamed <- function(lines) {
    gsub("DirichletMultinomial", "dmmomp", lines, fixed = TRUE)
}

peer_data <- function(name) {
    skip_if_not_installed("DirichletMultinomial")
    # skip_if_not_installed() also loads S4Vectors, which the object needs
    env <- new.env()
    utils::data(list = name, package = "DirichletMultinomial", envir = env)
    get(name, env)
}

# Evaluates an expression after `lines` in a fresh process where only the peer
# is loaded.
peer_value <- function(lines, value) {
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    fresh_r(c("suppressPackageStartupMessages(library(DirichletMultinomial))",
        lines, sprintf("saveRDS(%s, %s)", value, deparse(file))))
    readRDS(file)
}

test_that("DirichletMultinomial's vignette runs without its cached results", {
    skip_on_cran()
    skip_on_os("windows")
    for (package in c("DirichletMultinomial", "lattice", "xtable"))
        skip_if_not_installed(package)
    source <- system.file("doc", "DirichletMultinomial.R",
        package = "DirichletMultinomial")
    skip_if(source == "", "the vignette's code is not installed")
    code <- renamed(readLines(source))
    expect_true(any(code == "full <- FALSE"))
    code[code == "full <- FALSE"] <- "full <- TRUE"
    dir <- tempfile("vignette")
    dir.create(dir)
    on.exit(unlink(dir, recursive = TRUE))
    seconds <- system.time(output <- fresh_r(c(
        sprintf("setwd(%s)", deparse(dir)), "options(mc.cores = 2)",
        # seeds are drawn in forked children, too
        "RNGkind(\"L'Ecuyer-CMRG\")", "set.seed(1)", code,
        "stopifnot(length(fit) == 7, which.min(lplc) == 4)",
        "stopifnot(inherits(bestgrp, 'DMNGroup'), nrow(xval) == 254)",
        "saveRDS(list(meandiff = meandiff, df = df, both = both,",
        "    bestgrp = summary(bestgrp), xval = xval), 'values.rds')"),
        timeout = 600))[["elapsed"]]
    # with the peer it takes hours
    expect_lt(seconds, 300)
    figures <- paste0(c("taxon-counts", "min-laplace", "fitted", "heatmap1",
        "roc"), ".pdf")
    expect_true(all(file.size(file.path(dir, figures)) > 3000))
    expect_true(any(grepl("\\begin{table}", output, fixed = TRUE)))
    expect_true(any(grepl("^class: DMNGroup", output)))
    expect_true(any(grepl("predict(bestgrp, count, assign = TRUE)", output,
        fixed = TRUE)))
    values <- readRDS(file.path(dir, "values.rds"))
    expect_length(values$meandiff, 4)
    expect_identical(rownames(values$df)[1:4],
        c("Bacteroides", "Uknown", "Faecalibacterium", "Prevotella"))
    expect_identical(dim(values$both), c(508L, 3L))
    expect_identical(values$bestgrp$k, c(1L, 3L))
    # The peer ships a cross-validation, made with other seeds. Each of its fits
    # is from one start; here several find better optima.
    peer <- peer_data("xval")[rownames(values$xval), ]
    expect_gt(stats::cor(peer$Obese, values$xval$Obese), 0.95)
    expect_lte(sum((peer$Obese > 0.5) != (values$xval$Obese > 0.5)), 13)
})

test_that("DirichletMultinomial's cross-validation is repeated", {
    skip_on_cran()
    peer <- peer_data("xval")
    keep <- c("Lean", "Obese")
    count <- csubset(keep, twins, twinsBMI)
    group <- factor(twinsBMI[rownames(count)], keep)
    set.seed(1)
    lone <- cvdmngroup(nrow(count), count, c(Lean = 1, Obese = 3), group,
        nstart = 1, mc.cores = 2)
    peer <- peer[rownames(lone), ]
    expect_gt(stats::cor(peer$Obese, lone$Obese), 0.999)
    expect_lte(sum((peer$Obese > 0.5) != (lone$Obese > 0.5)), 3)
})

test_that("the examples of DirichletMultinomial's help pages run", {
    skip_if_not_installed("DirichletMultinomial")
    pages <- tools::Rd_db("DirichletMultinomial")
    code <- lapply(pages, function(page) {
        file <- tempfile(fileext = ".R")
        on.exit(unlink(file))
        tools::Rd2ex(page, file)
        if (!file.exists(file))
            return(NULL)
        c("## next page", renamed(readLines(file)))
    })
    expect_gt(sum(lengths(code) > 0), 8)
    dir <- tempfile("examples")
    dir.create(dir)
    on.exit(unlink(dir, recursive = TRUE))
    output <- fresh_r(c(sprintf("setwd(%s)", deparse(dir)),
        "library(dmmomp)", unlist(code), "cat('all ran\\n')"))
    expect_identical(utils::tail(output, 1), "all ran")
    expect_true(any(grepl("^ *TruePostive FalsePositive$", output)))
})

test_that("groups by either package work in either order of loading", {
    skip_if_not_installed("DirichletMultinomial")
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    groups <- dmngroup(twins, twinsBMI, 1, seed = 1, .lapply = lapply)
    saveRDS(groups[c("Lean", "Obese")], file)
    use <- c(
        "data(bestgrp, package = 'DirichletMultinomial')",
        "library(methods)",
        "data(twins, package = 'dmmomp')",
        sprintf("ours <- readRDS(%s)", deparse(file)),
        "for (g in list(ours, bestgrp)) {",
        "    stopifnot(is(g, 'DMNGroup'), is(g, 'SimpleList'),",
        "        length(g) == 2, identical(names(g), c('Lean', 'Obese')),",
        "        is(g[['Lean']], 'DMN'), is(g['Lean'], 'DMNGroup'),",
        "        identical(names(lapply(g, mixturewt)), names(g)),",
        "        identical(sapply(g, laplace),",
        "            sapply(as.list(g), function(f)",
        "                f@goodnessOfFit[['Laplace']])),",
        "        is.data.frame(summary(g)), nrow(summary(g)) == 2)",
        "    stopifnot(isTRUE(validObject(g)))",
        "    for (f in list(predict, stats::predict))",
        "        stopifnot(identical(dim(f(g, twins)), c(278L, 2L)),",
        "            all.equal(rowSums(f(g, twins)), rep(1, 278),",
        "                check.attributes = FALSE))",
        "    out <- capture.output(show(g))",
        "    stopifnot(grepl('^class: DMNGroup', out[[1]]))",
        "}",
        "stopifnot(all.equal(predict(ours, twins),",
        "    stats::predict(ours, twins), tolerance = 1e-6))",
        "x <- twins[1:40, ]",
        "x <- x[, colSums(x) > 50]",
        "z <- rep(c('a', 'b'), 20)",
        "for (make in list(dmmomp::dmngroup,",
        "    DirichletMultinomial::dmngroup)) {",
        "    g <- make(x, z, k = 1, .lapply = lapply)",
        "    stopifnot(is(g, 'DMNGroup'), nrow(summary(g)) == 2,",
        "        is.matrix(predict(g, x)), is.matrix(stats::predict(g, x)))",
        "}",
        "cat('both work\\n')")
    both <- c("dmmomp", "DirichletMultinomial")
    for (order in list(both, rev(both))) {
        output <- fresh_r(c(sprintf(
            "suppressPackageStartupMessages(library(%s))", order), use))
        expect_identical(utils::tail(output, 1), "both work")
    }
})

# Makes `dir` a library of links to the peer and the packages that it needs, in
# which this package is missing. Returns `dir`.
library_without <- function(dir) {
    db <- utils::installed.packages(.libPaths())
    needed <- c("DirichletMultinomial", unlist(tools::package_dependencies(
        "DirichletMultinomial", db, recursive = TRUE)))
    base <- rownames(db)[db[, "Priority"] %in% "base"]
    for (package in setdiff(needed, base))
        file.symlink(system.file(package = package), file.path(dir, package))
    dir
}

test_that("saved objects work where only DirichletMultinomial is installed", {
    skip_if_not_installed("DirichletMultinomial")
    skip_on_os("windows")
    dir <- tempfile("library")
    dir.create(dir)
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(c(dir, file), recursive = TRUE))
    library_without(dir)
    fit <- dmn(twins, 2, seed = 1)
    data(bestgrp, package = "dmmomp", envir = environment())
    labelled <- fit
    componentLabels(labelled) <- c("p", "q")
    saveRDS(list(one = dmn(twins, 1, seed = 1), fit = fit,
        labelled = labelled, x = twins, groups = bestgrp), file)
    script <- tempfile(fileext = ".R")
    writeLines(c(
        sprintf(".libPaths(%s, include.site = FALSE)", deparse(dir)),
        "stopifnot(!nzchar(system.file(package = 'dmmomp')))",
        "suppressPackageStartupMessages(library(DirichletMultinomial))",
        sprintf("o <- readRDS(%s)", deparse(file)),
        "for (f in list(o$fit, o$labelled)) {",
        "    print(f)",
        "    f",
        "    stopifnot(is(f, 'DMN'), dim(mixture(f)) == c(278, 2),",
        "        length(mixture(f, assign = TRUE)) == 278,",
        "        dim(mixturewt(f)) == c(2, 2), is.numeric(laplace(f)),",
        "        length(goodnessOfFit(f)) == 5, is.numeric(AIC(f)),",
        "        is.numeric(BIC(f)), is.matrix(fitted(f, scale = TRUE)),",
        "        is.matrix(predict(f, o$x)),",
        "        identical(mixture(f, assign = TRUE),",
        "            apply(f@group, 1, which.max)))",
        "    names <- colnames(f@group)",
        "    for (m in list(mixture(f), fitted(f), fitted(f, scale = TRUE)))",
        "        stopifnot(identical(colnames(m), names))",
        "    stopifnot(identical(rownames(mixturewt(f)), names))",
        "}",
        "stopifnot(identical(colnames(o$fit@group), c('1', '2')))",
        "stopifnot(identical(rownames(mixturewt(o$labelled)),",
        "    c('p', 'q')))",
        "print(o$groups)",
        "stopifnot(is(o$groups, 'DMNGroup'), is(o$groups[[1]], 'DMN'),",
        "    is.data.frame(summary(o$groups)),",
        "    ncol(predict(o$groups, o$x)) == 2,",
        "    length(lapply(o$groups, mixturewt)) == 2)",
        "pdf(NULL)",
        "heatmapdmn(o$x, o$one, o$fit, 5)",
        "one <- dmn(o$x[, colSums(o$x) > 2000], 1)",
        "cat('opened\\n')"), script)
    # environment variables must not add the usual libraries
    output <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"),
        c("--vanilla", shQuote(script)), stdout = TRUE, stderr = TRUE,
        env = c("R_LIBS=", "R_LIBS_USER=", "R_LIBS_SITE=")))
    expect_identical(utils::tail(output, 1), "opened")
})

test_that("fits saved by DirichletMultinomial are read, labelled and used", {
    fits <- peer_data("fit")
    best <- fits[[4]]
    expect_identical(dim(mixturewt(best)), c(4L, 2L))
    # its matrices have no column names
    expect_null(colnames(best@group))
    numbers <- as.character(1:4)
    for (read in list(mixture, fitted, coef,
        function(fit) fitted(fit, scale = TRUE),
        function(fit) predict(fit, twins)))
        expect_identical(colnames(read(best)), numbers)
    expect_identical(componentLabels(best), numbers)
    expect_identical(dimnames(confint(best))[[3L]], numbers)
    expect_identical(mixture(best, assign = TRUE),
        apply(best@group, 1, which.max))
    expect_equal(ICL(best), BIC(best) + entropy(best))
    expect_identical(dim(residuals(best, twins)), dim(twins))
    # as new data, the samples have the likelihood of the fit
    expect_equal(as.numeric(logLik(best, twins)), as.numeric(logLik(best)),
        tolerance = 1e-7)
    expect_equal(predict(best, twins), mixture(best), tolerance = 1e-4)
    one <- fits[[1]]
    expect_equal(confint(one, level = 2 * stats::pnorm(2) - 1)[, 1, 1],
        one@fit$Lower[, 1], tolerance = 1e-5)
    componentLabels(best) <- letters[1:4]
    expect_identical(rownames(mixturewt(best)), letters[1:4])
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_length(heatmapdmn(twins, one, best)$taxa, 30)
    # close to the fit made here
    again <- update(one, twins, seed = 1)
    expect_equal(goodnessOfFit(again)[["NLE"]], goodnessOfFit(one)[["NLE"]],
        tolerance = 1e-7)
})

test_that("groups, probabilities and ROC are DirichletMultinomial's", {
    peer <- peer_data("bestgrp")
    keep <- c("Lean", "Obese")
    count <- csubset(keep, twins, twinsBMI)
    member <- twinsBMI[rownames(count)] == "Obese"
    theirs <- peer_value(c(
        "data(bestgrp)",
        "fl <- system.file('extdata', 'Twins.csv',",
        "    package = 'DirichletMultinomial')",
        "count <- t(as.matrix(read.csv(fl, row.names = 1)))",
        sprintf("count <- count[%s, ]",
            paste(deparse(rownames(count)), collapse = "")),
        sprintf("member <- %s", paste(deparse(unname(member)),
            collapse = "")),
        "p <- predict(bestgrp, count)"),
        "list(p = p, roc = roc(member, p[, 'Obese']),
            a = predict(bestgrp, count, assign = TRUE))")
    # both packages predict from the same fits, and differ by rounding only
    expect_equal(predict(peer, count), theirs$p, tolerance = 1e-9)
    expect_identical(unname(predict(peer, count, assign = TRUE)), theirs$a)
    expect_equal(roc(unname(member), theirs$p[, "Obese"]), theirs$roc,
        ignore_attr = c("AUC", "obs", "class"))
    # fits made here differ, because the peer stops a little early
    groups <- dmngroup(count, twinsBMI[rownames(count)], 1:5, seed = 1,
        nstart = 1, .lapply = lapply)
    expect_identical(summary(groups)$k, summary(peer)$k)
    expect_equal(summary(groups)$NLE, summary(peer)$NLE, tolerance = 1e-7)
    ours <- predict(groups, count)
    expect_lt(max(abs(ours - theirs$p)), 1e-3)
    expect_lt(abs(attr(roc(member, ours[, "Obese"]), "AUC") -
        attr(roc(unname(member), theirs$p[, "Obese"]), "AUC")), 1e-3)
    expect_lt(max(abs(roc(member, ours[, "Obese"]) - theirs$roc)), 0.02)
})
