test_that("the class has DirichletMultinomial's four slots in their order", {
    expect_identical(getSlots("DMN"), c(goodnessOfFit = "numeric",
        group = "matrix", mixture = "list", fit = "list"))
    skip_if_not_installed("DirichletMultinomial")
    same <- fresh_r(c(
        "suppressPackageStartupMessages(library(DirichletMultinomial))",
        "peer <- getSlots(getClass('DMN'))",
        "own <- getSlots(getClass('DMN', where = asNamespace('dmmomp')))",
        "cat(identical(own, peer))"))
    expect_identical(utils::tail(same, 1), "TRUE")
})

test_that("a fit is a valid object whose class names no package", {
    fit <- dmn(small_twins(), 2, seed = 1)
    expect_true(isVirtualClass("DMN") == FALSE)
    expect_true(is(fit, "DMN"))
    expect_true(inherits(fit, "DMN"))
    expect_true(validObject(fit))
    expect_identical(attr(class(fit), "package"), ".GlobalEnv")
})

test_that("making fits does not change the empty object they start from", {
    one <- dmn(small_twins(), 1, seed = 1)
    two <- dmn(small_twins(), 2, seed = 1)
    expect_identical(dim(mixture(one)), c(40L, 1L))
    expect_identical(dim(mixture(two)), c(40L, 2L))
    expect_length(.empty_dmn@mixture, 0)
})

test_that("an inconsistent object is invalid, and the error has both sizes", {
    fit <- dmn(small_twins(), 2, seed = 1)
    bad <- fit
    bad@goodnessOfFit <- bad@goodnessOfFit[-1]
    expect_error(validObject(bad), "goodnessOfFit must have .* lacks NLE")
    bad <- fit
    bad@mixture$Weight <- 1
    expect_error(validObject(bad),
        "Weight must be a number for each of the 2 components .* found 1")
    bad <- fit
    bad@fit$Upper <- bad@fit$Upper[-1, ]
    expect_error(validObject(bad),
        "fit\\$Upper must be a double matrix, 46 taxa .* found a 45 x 2")
})

test_that("both packages can be loaded together, in either order", {
    skip_if_not_installed("DirichletMultinomial")
    packages <- c("dmmomp", "DirichletMultinomial")
    for (order in list(packages, rev(packages))) {
        output <- fresh_r(c(
            sprintf("suppressPackageStartupMessages(library(%s))", order),
            "x <- twins[1:40, ]",
            "x <- x[, colSums(x) > 20]",
            "own <- dmmomp::dmn(x, 2, seed = 1)",
            "peer <- DirichletMultinomial::dmn(x, 2, seed = 1)",
            "for (fit in list(own, peer)) {",
            "    stopifnot(is(fit, 'DMN'), validObject(fit))",
            "    for (p in c('dmmomp', 'DirichletMultinomial')) {",
            "        from <- function(f) getExportedValue(p, f)",
            "        wt <- from('mixturewt')(fit)",
            "        stopifnot(identical(wt$pi, fit@mixture$Weight),",
            "            all.equal(wt$theta, unname(colSums(fit@fit$Estimate))",
            "            ))",
            "        # names are added to what the peer leaves without",
            "        z <- from('mixture')(fit)",
            "        stopifnot(identical(unname(z), unname(fit@group)),",
            "            identical(rownames(z), rownames(x)))",
            "        if (p == 'dmmomp')",
            "            stopifnot(identical(colnames(z), c('1', '2')))",
            "        assigned <- from('mixture')(fit, assign = TRUE)",
            "        stopifnot(identical(assigned,",
            "            apply(fit@group, 1, which.max)))",
            "        stopifnot(identical(from('goodnessOfFit')(fit),",
            "            fit@goodnessOfFit))",
            "        stopifnot(from('laplace')(fit) ==",
            "            fit@goodnessOfFit[['Laplace']])",
            "    }",
            "    share <- sweep(fit@fit$Estimate, 2,",
            "        colSums(fit@fit$Estimate), '/')",
            "    for (f in list(fitted, stats::fitted)) {",
            "        stopifnot(all.equal(f(fit), fit@fit$Estimate,",
            "            check.attributes = FALSE))",
            "        stopifnot(all.equal(f(fit, scale = TRUE), share,",
            "            check.attributes = FALSE))",
            "    }",
            "    for (f in list(AIC, stats::AIC))",
            "        stopifnot(f(fit) == fit@goodnessOfFit[['AIC']])",
            "    for (f in list(BIC, stats::BIC))",
            "        stopifnot(f(fit) == fit@goodnessOfFit[['BIC']])",
            "    for (f in list(predict, stats::predict))",
            "        stopifnot(all.equal(unname(f(fit, x)),",
            "            unname(fit@group), tolerance = 1e-4))",
            "    # aligned by name, by this package's method",
            "    stopifnot(all.equal(stats::predict(fit, x[, ncol(x):1]),",
            "        dmmomp::mixture(fit), tolerance = 1e-4))",
            "    stopifnot(nobs(fit) == 40)",
            "    stopifnot(inherits(logLik(fit), 'logLik'))",
            "    stopifnot(inherits(summary(fit), 'summary.DMN'))",
            "    out <- capture.output(show(fit))",
            "    stopifnot(any(grepl('samples x taxa: 40 x 46', out)))",
            "    stopifnot(any(grepl('^class: DMN', out)))",
            "}",
            "cat('both work\n')"))
        expect_identical(output, "both work", label = order[[1]])
    }
})

test_that("a saved fit can be used with only DirichletMultinomial loaded", {
    skip_if_not_installed("DirichletMultinomial")
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    fit <- dmn(small_twins(), 2, seed = 1)
    saveRDS(fit, file)
    output <- fresh_r(c(
        "suppressPackageStartupMessages(library(DirichletMultinomial))",
        sprintf("fit <- readRDS(%s)", deparse(file)),
        "fit",
        "stopifnot(!'dmmomp' %in% loadedNamespaces())",
        "stopifnot(validObject(fit), identical(mixture(fit), fit@group))",
        "x <- fitted(fit, scale = TRUE)",
        "cat(format(laplace(fit), digits = 15))"))
    expect_match(output[[1]], "^class: DMN")
    expect_equal(as.numeric(utils::tail(output, 1)), laplace(fit))
})

test_that("a fit by DirichletMultinomial can be read, and its values agree", {
    skip_if_not_installed("DirichletMultinomial")
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    fresh_r(c("x <- dmmomp::twins[1:40, ]",
        "x <- x[, colSums(x) > 20]",
        "fits <- lapply(1:3, DirichletMultinomial::dmn, count = x, seed = 1)",
        sprintf("saveRDS(fits, %s)", deparse(file))))
    peers <- readRDS(file)
    x <- small_twins()
    for (k in 1:3) {
        peer <- peers[[k]]
        own <- dmn(x, k, seed = 1, nstart = 1)
        expect_lt(goodnessOfFit(own)[["NLE"]],
            goodnessOfFit(peer)[["NLE"]] + 0.01)
        expect_equal(goodnessOfFit(own)[c("NLE", "BIC", "AIC")],
            goodnessOfFit(peer)[c("NLE", "BIC", "AIC")], tolerance = 1e-5)
        expect_lt(max(abs(mixturewt(own)$pi - sort(mixturewt(peer)$pi,
            decreasing = TRUE))), 1e-3)
        expect_equal(as.numeric(logLik(peer)), ref_loglik(x, fitted(peer),
            peer@mixture$Weight), tolerance = 1e-8)
        expect_equal(predict(peer, x), mixture(peer), tolerance = 1e-4)
        expect_null(summary(peer)$algorithm)
    }
    # for k > 1, DirichletMultinomial's Laplace differs
    expect_lt(abs(laplace(peers[[1]]) - laplace(dmn(x, 1, seed = 1))), 0.1)
})

test_that("log evidence has DirichletMultinomial's sign and values", {
    skip_if_not_installed("DirichletMultinomial")
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    fit <- dmn(small_twins(), 2, seed = 1)
    saveRDS(fit, file)
    fresh_r(c(sprintf("fit <- readRDS(%s)", deparse(file)),
        "x <- dmmomp::twins[1:40, rownames(fit@fit$Estimate)]",
        "peer <- DirichletMultinomial::predict(fit, x, logevidence = TRUE)",
        sprintf("saveRDS(peer, %s)", deparse(file))))
    expect_equal(predict(fit, small_twins(), logevidence = TRUE),
        readRDS(file), tolerance = 1e-10, ignore_attr = "dimnames")
})
