group_param <- function(...) DmmompParam(..., nstart = 2, seed = 1)

test_that("settings are kept, of the types that the engine takes", {
    skip_if_not_installed("bluster")
    param <- DmmompParam(k = c(4, 2), type = "BIC", nstart = 3, seed = 7.9,
        num.threads = 2, control = list(eta = 0.2))
    expect_true(is(param, "BlusterParam"))
    expect_identical(attr(class(param), "package"), "dmmomp")
    expect_identical(param[["k"]], c(2L, 4L))
    expect_identical(param[["type"]], "BIC")
    expect_identical(param[["nstart"]], 3L)
    expect_identical(param[["seed"]], 7L)
    expect_identical(param[["num.threads"]], 2L)
    expect_identical(param[["BPPARAM"]], NULL)
    expect_identical(param[["control"]], dmncontrol(eta = 0.2))
    expect_true(validObject(param))
})

test_that("the defaults are those of dmnselect()", {
    skip_if_not_installed("bluster")
    set.seed(5)
    param <- DmmompParam()
    set.seed(5)
    expect_identical(param[["seed"]], dmn(clear_groups(), 1)@mixture$Seed)
    expect_equal(param[["k"]], eval(formals(dmnselect)$k))
    expect_identical(param[["type"]], "laplace")
    expect_identical(param[["nstart"]], formals(dmnselect)$nstart)
    expect_identical(param[["num.threads"]], NULL)
    expect_identical(param[["control"]], dmncontrol())
})

test_that("[[<- changes a setting, and makes the constructor's checks", {
    skip_if_not_installed("bluster")
    param <- group_param(2)
    param[["k"]] <- c(5, 3)
    expect_identical(param[["k"]], c(3L, 5L))
    param[["num.threads"]] <- 1
    expect_identical(param[["num.threads"]], 1L)
    param[["num.threads"]] <- NULL
    expect_identical(param[["num.threads"]], NULL)
    param[["BPPARAM"]] <- BiocParallel::SnowParam(2)
    expect_s4_class(param[["BPPARAM"]], "SnowParam")
    param[["BPPARAM"]] <- BiocParallel::SerialParam()
    expect_identical(param, local({
        other <- group_param(2)
        other[["k"]] <- c(3, 5)
        other
    }))
    expect_error(param[["k"]] <- 2.5,
        "'k' must be different whole numbers >= 1; found 2.5")
    expect_error(param[["type"]] <- "DIC", "'type' must be one of .*\"DIC\"")
    expect_error(param[["nstarts"]] <- 3, "nstarts")
})

test_that("settings that cannot be used are refused", {
    skip_if_not_installed("bluster")
    expect_error(DmmompParam(1.5), "'k' must be different whole .* found 1.5")
    expect_error(DmmompParam(0:3), "'k' must be .* >= 1; found 0")
    expect_error(DmmompParam(c(2, 2)), "found 2 twice")
    expect_error(DmmompParam(NULL), "'k' must be .* found NULL")
    expect_error(DmmompParam("2"), "'k' must be .* found \"2\"")
    expect_error(DmmompParam(NA_real_), "'k' must be .* found NA")
    expect_error(DmmompParam(type = "laplac"), "'type' must be one of")
    expect_error(DmmompParam(nstart = 0), "'nstart' must be .* found 0")
    expect_error(DmmompParam(seed = NULL), "'seed' must be .* found NULL")
    expect_error(DmmompParam(num.threads = 0), "'num.threads' must be")
    expect_error(DmmompParam(BPPARAM = 2), "'BPPARAM' must be .* found 2")
    expect_error(DmmompParam(control = list(et = 1)), "no setting 'et'")
})

test_that("validObject() names every slot that was spoilt", {
    skip_if_not_installed("bluster")
    param <- group_param(2)
    param@k <- c(3L, 3L)
    param@nstart <- -1L
    message <- tryCatch(validObject(param), error = conditionMessage)
    expect_match(message, "'k' must be different .* found 3 twice")
    expect_match(message, "'nstart' must be one whole number >= 1; found -1")
})

test_that("show() prints each setting", {
    skip_if_not_installed("bluster")
    param <- DmmompParam(2:4, seed = 3, BPPARAM = BiocParallel::SnowParam(2),
        control = dmncontrol(eta = 0.2, agree = 4))
    expect_identical(capture.output(param), c("class: DmmompParam",
        "k: 2, 3, 4", "type: laplace", "nstart: 20", "seed: 3",
        "num.threads: NULL", "BPPARAM: SnowParam",
        "control: eta = 0.2, agree = 4", "markers: NULL"))
    expect_output(show(group_param(2)),
        "BPPARAM: NULL\ncontrol: dmncontrol\\(\\)")
})

test_that("clusterRows() selects markers as dmnselect() does", {
    skip_if_not_installed("bluster")
    x <- clear_groups()
    param <- DmmompParam(k = 2, seed = 1, nstart = 2, markers = "select")
    expect_output(show(param), "markers: select")
    found <- bluster::clusterRows(x, param, full = TRUE)
    expected <- dmnselect(x, 2, seed = 1, nstart = 2, markers = "select")
    expect_identical(found$objects$dmm[["2"]], expected[["2"]])
    expect_error(DmmompParam(markers = list("a")), "'markers' must be NULL")
})

test_that("clusterRows() finds groups, and agrees with dmn()", {
    skip_if_not_installed("bluster")
    x <- clear_groups()
    rownames(x) <- paste0("s", seq_len(nrow(x)))
    clusters <- bluster::clusterRows(x, group_param(4))
    expect_identical(levels(clusters), as.character(1:4))
    expect_identical(names(clusters), rownames(x))
    truth <- rep_len(1:4, nrow(x))
    expect_identical(rowSums(table(clusters, truth) > 0),
        c("1" = 1, "2" = 1, "3" = 1, "4" = 1))
    fit <- dmn(x, 4, nstart = 2, seed = 1)
    expect_identical(unname(clusters),
        factor(apply(unname(mixture(fit)), 1, which.max)))
})

test_that("every kind of table gives the same clusters", {
    skip_if_not_installed("bluster")
    x <- small_twins()
    clusters <- bluster::clusterRows(x, group_param(2))
    expect_identical(bluster::clusterRows(as_sparse(x), group_param(2)),
        clusters)
    expect_identical(bluster::clusterRows(as.data.frame(x), group_param(2)),
        clusters)
    expect_identical(bluster::clusterRows(unname(x), group_param(2)),
        unname(clusters))
})

test_that("of several k, the one that is best by 'type' is taken", {
    skip_if_not_installed("bluster")
    # the Laplace approximation is best at 4, AIC at 2, BIC and ICL at 1
    x <- twins[1:100, ]
    x <- x[, colSums(x) > 50]
    k <- c(1, 2, 4, 5)
    chosen <- integer()
    fits <- lapply(k, dmn, count = x, nstart = 2, seed = 1)
    values <- list(laplace = laplace, BIC = BIC, AIC = AIC, ICL = ICL)
    for (type in names(values)) {
        out <- bluster::clusterRows(x, group_param(k, type), full = TRUE)
        expect_identical(names(out), c("clusters", "objects"))
        objects <- out$objects
        expect_identical(names(objects),
            c("dmm", "best", "best.index", "prob", "seed"))
        expect_identical(names(objects$dmm), c("1", "2", "4", "5"))
        expect_equal(objects$dmm, fits, ignore_attr = TRUE)
        index <- which.min(vapply(fits, values[[type]], numeric(1)))
        expect_identical(objects$best.index, index)
        expect_identical(objects$best, as.integer(k[[index]]))
        expect_identical(colnames(objects$prob),
            as.character(seq_len(k[[index]])))
        expect_identical(unname(objects$prob), unname(mixture(fits[[index]])))
        expect_identical(objects$seed, 1L)
        expect_identical(out$clusters,
            bluster::clusterRows(x, group_param(k, type)))
        chosen[[type]] <- objects$best
    }
    expect_identical(chosen, c(laplace = 4L, BIC = 1L, AIC = 2L, ICL = 1L))
})

test_that("a component without samples is no level", {
    skip_if_not_installed("bluster")
    x <- matrix(c(5L, 5L, 5L, 1L, 1L, 1L), 3)
    out <- suppressWarnings(bluster::clusterRows(x, group_param(3),
        full = TRUE))
    expect_identical(ncol(out$objects$prob), 3L)
    expect_identical(levels(out$clusters),
        as.character(sort(unique(max.col(out$objects$prob, "first")))))
    expect_lt(nlevels(out$clusters), 3)
})

test_that("the seed of the object decides, not the state of R's generator", {
    skip_if_not_installed("bluster")
    x <- small_twins()
    param <- DmmompParam(3, nstart = 2)
    first <- bluster::clusterRows(x, param, full = TRUE)
    runif(1)
    expect_identical(bluster::clusterRows(x, param, full = TRUE), first)
    expect_identical(first$objects$seed, param[["seed"]])
    param[["control"]] <- dmncontrol(eta = 1)
    other <- bluster::clusterRows(x, param, full = TRUE)
    expect_identical(other$objects$dmm[["3"]],
        dmn(x, 3, nstart = 2, seed = param[["seed"]],
            control = dmncontrol(eta = 1)))
})

test_that("errors of clusterRows() name its arguments", {
    skip_if_not_installed("bluster")
    x <- clear_groups()
    expect_error(bluster::clusterRows(-x, group_param(2)),
        "the counts in 'x' must not be negative")
    expect_error(bluster::clusterRows(x[1:3, ], group_param(2:4)),
        "'k' must be .* from 1 to 3, the number of samples; found 4")
    expect_error(bluster::clusterRows(x, group_param(2), full = NA),
        "'full' must be TRUE or FALSE")
    expect_warning(bluster::clusterRows(x, group_param(1:2)),
        "the best k by laplace, 2, is the largest")
})

test_that("clusterSweep() sets k and type", {
    skip_if_not_installed("bluster")
    x <- clear_groups()
    out <- bluster::clusterSweep(x, group_param(), k = c(2, 4),
        type = c("laplace", "BIC"), full = TRUE)
    expect_identical(dim(out$clusters), c(40L, 4L))
    expect_identical(out$clusters[["k.4_type.BIC"]],
        bluster::clusterRows(x, group_param(4)))
    expect_identical(out$objects[["k.2_type.BIC"]]$best, 2L)
    expect_error(bluster::clusterSweep(x, group_param(), k = 2.5),
        "'k' must be different whole numbers >= 1; found 2.5")
})

test_that("bootstrapStability() finds clear groups stable", {
    skip_if_not_installed("bluster")
    set.seed(1)
    stability <- bluster::bootstrapStability(clear_groups(), iterations = 3,
        BLUSPARAM = group_param(4))
    expect_equal(stability[upper.tri(stability, diag = TRUE)], rep(1, 10))
})

test_that("workers in other sessions give the same clusters", {
    skip_if_not_installed("bluster")
    old <- show_workers_library()
    on.exit(Sys.setenv(R_LIBS = old))
    snow <- BiocParallel::SnowParam(2)
    BiocParallel::bpstart(snow)
    on.exit(BiocParallel::bpstop(snow), add = TRUE)
    x <- small_twins()
    # doubles: a worker must call the method that converts them
    expect_identical(
        bluster::clusterSweep(x, group_param(), k = c(2, 3), BPPARAM = snow),
        bluster::clusterSweep(x, group_param(), k = c(2, 3)))
    expect_identical(
        bluster::clusterRows(x, group_param(1:3, BPPARAM = snow), full = TRUE),
        bluster::clusterRows(x, group_param(1:3), full = TRUE))
})

test_that("packages may be loaded in any order, or when R meets an object", {
    skip_if_not_installed("bluster")
    path <- tempfile()
    on.exit(unlink(path))
    x <- small_twins()
    saveRDS(list(x = x, param = group_param(2)), path)
    expect_lt(file.size(path), 20000)
    expected <- paste(table(bluster::clusterRows(x, group_param(2))),
        collapse = " ")
    read <- sprintf("saved <- readRDS(%s)", deparse(path))
    new <- "saved$param <- DmmompParam(2, nstart = 2, seed = 1)"
    # in the first two, R looks for a method before the class is defined
    for (lines in list(read,
        c("library(bluster)", read, "saved$param[['k']] <- 2"),
        c("library(dmmomp)", read, "saved$param", "library(bluster)", new),
        c("library(bluster)", "library(dmmomp)", read, new))) {
        output <- fresh_r(c("options(warn = 2)", lines,
            "cat(table(bluster::clusterRows(saved$x, saved$param)))"))
        expect_identical(utils::tail(output, 1), expected)
    }
})

test_that("bluster is loaded by DmmompParam() only, which asks for it", {
    output <- fresh_r(c("library(dmmomp)",
        "invisible(dmn(twins[1:20, ], 1, seed = 1))",
        "stopifnot(!isNamespaceLoaded('bluster'))",
        "real <- loadNamespace",
        "hidden <- function(package, ...) {",
        "    if (as.character(package)[[1L]] == 'bluster')",
        "        stop('bluster is hidden')",
        "    real(package, ...)",
        "}",
        "unlockBinding('loadNamespace', baseenv())",
        "assign('loadNamespace', hidden, baseenv())",
        "cat(tryCatch(DmmompParam(2), error = conditionMessage), '\\n')",
        # as if bluster had been installed since
        "assign('loadNamespace', real, baseenv())",
        "if (requireNamespace('bluster', quietly = TRUE))",
        "    stopifnot(is(DmmompParam(2), 'BlusterParam'))"))
    expect_match(utils::tail(output, 1),
        "needs the bluster package: install it by BiocManager::install",
        fixed = TRUE)
})
