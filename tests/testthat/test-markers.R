# The argument `markers`, the choice of markers, and what prints and keeps them.

table <- marker_table()
x <- table$x
fit <- dmn(x, 2, seed = 1, markers = table$markers)
selected <- dmn(x, 2, seed = 1, markers = "select")

# A table of k types that differ in a few of many taxa. `component` says the
# type of each sample, and `markers` are the taxa that differ.
few_differ <- function(n, taxa, differ, k, seed) {
    set.seed(seed)
    base <- stats::rgamma(taxa, 0.3)
    chosen <- sample(taxa, differ)
    alpha <- vapply(seq_len(k), function(i) {
        p <- replace(base, chosen, base[chosen] *
            exp(stats::rnorm(differ, 0, log(3))))
        60 * p / sum(p)
    }, numeric(taxa))
    component <- rep(seq_len(k), length.out = n)
    count <- t(vapply(component, function(i) {
        p <- stats::rgamma(taxa, alpha[, i])
        as.integer(stats::rmultinom(1, 3000, p))
    }, integer(taxa)))
    list(x = count, component = component, markers = chosen)
}

adjusted_rand <- function(a, b) {
    t <- base::table(a, b)
    pairs <- function(n) sum(n * (n - 1) / 2)
    expected <- pairs(rowSums(t)) * pairs(colSums(t)) / pairs(sum(t))
    (pairs(t) - expected) /
        ((pairs(rowSums(t)) + pairs(colSums(t))) / 2 - expected)
}

# ---- The argument ------------------------------------------------------------

test_that("markers are given by name, number, factor or for each taxon", {
    names <- colnames(x)[table$markers]
    for (how in list(names, rev(names), which(table$markers),
        which(table$markers) + 0, factor(names), c(names, names),
        stats::setNames(table$markers, colnames(x))))
        expect_identical(dmn(x, 2, seed = 1, markers = how), fit)
    unnamed <- dmn(unname(x), 2, seed = 1, markers = which(table$markers))
    expect_identical(goodnessOfFit(unnamed), goodnessOfFit(fit))
    expect_identical(markers(unnamed)$taxon[1:2],
        sub("taxon", "", markers(fit)$taxon[1:2]))
    # a taxon of this name can be a marker by its number
    odd <- x
    colnames(odd)[[2]] <- "select"
    expect_identical(dmn(odd, 2, seed = 1, markers = 2)@goodnessOfFit,
        dmn(x, 2, seed = 1, markers = 2)@goodnessOfFit)
})

test_that("markers that cannot be used are refused", {
    one_of <- paste0("'markers' must be \"select\", or taxa of 'count' by ",
        "name, by number from 1 to 13 or as TRUE and FALSE for each; found ")
    refused <- function(markers, message, count = x) {
        expect_error(dmn(count, 2, markers = markers), message, fixed = TRUE)
    }
    refused(c("taxon2", "other"), paste0(one_of, "'other'"))
    refused(c(2, 14), paste0(one_of, "'14'"))
    refused(0, paste0(one_of, "'0'"))
    refused(-2, paste0(one_of, "'-2'"))
    refused(1.5, paste0(one_of, "'1.5'"))
    refused(NA_character_, one_of)
    refused(NA_real_, one_of)
    refused(c("select", "taxon2"), paste0(one_of, "'select'"))
    refused(TRUE, one_of)
    refused(replace(table$markers, 1, NA), one_of)
    refused(list("taxon2"), one_of)
    refused(matrix(2), one_of)
    refused("taxon2", one_of, unname(x))
    none <- "'markers' must have at least one taxon; found none"
    refused(character(), none)
    refused(integer(), none)
    refused(logical(13), none)
    left <- paste("'markers' must leave taxa with counts for the background;",
        "found ")
    refused(rep(TRUE, 13), paste0(left, "all taxa. Without a background,"))
    refused(2:13, paste0(left, "all taxa that have counts. Without"))
    few <- "'markers' needs two taxa with counts or more; found 1"
    for (markers in list("select", 2))
        refused(markers, few, cbind(a = 0L, b = 1:9, c = 0L))
    expect_error(dmnselect(x, 1:2, markers = 14), one_of, fixed = TRUE)
    expect_error(dmnstability(x, 2, markers = 14), one_of, fixed = TRUE)
    expect_error(dmnperplexity(x, 2, markers = 14), one_of, fixed = TRUE)
    expect_error(dmngroup(x, gl(2, 25), 1, markers = 14), one_of, fixed = TRUE)
    expect_error(cvdmngroup(2, x, c("1" = 1, "2" = 1), gl(2, 25),
        markers = 14), one_of, fixed = TRUE)
})

# ---- Reading -----------------------------------------------------------------

test_that("markers() lists the markers by their gains", {
    found <- markers(fit)
    expect_identical(names(found), c("taxon", "gain"))
    expect_setequal(found$taxon, colnames(x)[table$markers])
    expect_false(is.unsorted(rev(found$gain)))
    # a gain is about what is lost without the marker
    for (i in 1:2) {
        less <- dmn(x, 2, seed = 1, markers = setdiff(found$taxon,
            found$taxon[[i]]))
        expect_equal(laplace(less) - laplace(fit), found$gain[[i]],
            tolerance = 0.35)
    }
    expect_error(markers(dmn(x, 2, seed = 1)), paste("'object' has no markers:",
        "its components differ in all taxa. Fit it by dmn(count, k,",
        "markers = \"select\")"), fixed = TRUE)
    expect_error(markers(fit, 2), "markers")
    expect_error(markers(1), "'object' must be")
})

test_that("prints say how many markers there are", {
    # without the numbers that depend on rounding
    hidden <- "-?[0-9]+[.][0-9]+|[0-9]+(?= iterations| times)"
    expect_snapshot({
        fit
        selected
        summary(fit)
        markers(selected)
    }, transform = function(lines) gsub(hidden, "#", lines, perl = TRUE))
    suppressMessages(expect_message(dmn(x, 2, seed = 1, markers = 2,
        verbose = TRUE), "markers: 1 of 13 taxa; "))
})

test_that("accessors take fits with markers", {
    expect_identical(dim(coef(fit)), c(13L, 2L))
    expect_identical(dim(confint(fit)), c(13L, 2L, 2L))
    expect_identical(rownames(fitted(fit)), colnames(x))
    d <- drivers(fit, n = 13)
    share <- fitted(fit, scale = TRUE)
    expect_equal(d$mean.1, unname(share[d$taxon, 1]))
    expect_equal(d$difference, unname(rowSums(abs(share -
        drop(share %*% mixturewt(fit)$pi)))[d$taxon]))
    expect_true(all(d$lower.1 <= d$mean.1 & d$mean.1 <= d$upper.1))
    labelled <- fit
    componentLabels(labelled) <- c("low", "high")
    expect_true(validObject(labelled))
    expect_identical(colnames(predict(labelled, x)), c("low", "high"))
    expect_identical(unname(predict(labelled, x)), unname(predict(fit, x)))
    expect_identical(levels(attr(simulate(labelled, seed = 1)[[1]],
        "component")), c("low", "high"))
    expect_identical(markers(labelled), markers(fit))
    expect_identical(starts(fit)$NLE[[1]] >= goodnessOfFit(fit)[["NLE"]] - 0.1,
        TRUE)
    path <- tempfile(fileext = ".rds")
    saveRDS(fit, path)
    expect_identical(readRDS(path), fit)
})

test_that("update() makes the fit again", {
    expect_identical(update(fit, x), fit)
    expect_identical(update(selected, x), selected)
    expect_identical(update(fit, x[, 13:1])@goodnessOfFit, fit@goodnessOfFit)
    expect_identical(update(fit, x, markers = "select"), selected)
    expect_identical(update(fit, x, markers = NULL), dmn(x, 2, seed = 1))
    expect_identical(update(fit, x, k = 3),
        dmn(x, 3, seed = 1, markers = table$markers))
    lone <- dmn(x, 2, seed = 1, markers = 2, nstart = 1)
    expect_identical(update(lone, x), lone)
    unnamed <- dmn(unname(x), 2, seed = 1, markers = table$markers)
    expect_identical(update(unnamed, unname(x)), unnamed)
})

test_that("writeDMN() refuses markers", {
    dir <- tempfile()
    expect_error(writeDMN(fit, dir), "'object' has markers, for which the")
    one <- suppressWarnings(dmnselect(x, 1:2, nstart = 2, seed = 1,
        markers = 2))
    expect_error(writeDMN(one, dir), "'object' has markers, for which the")
    expect_false(dir.exists(dir))
})

# ---- Selection ---------------------------------------------------------------

test_that("the markers are those that tell types apart", {
    expect_true(selected@mixture$Markers$selected)
    expect_false(fit@mixture$Markers$selected)
    expect_lte(laplace(selected), laplace(fit) + 0.01)
    expect_identical(adjusted_rand(mixture(selected, assign = TRUE),
        table$component), 1)
    expect_lt(ref_error(goodnessOfFit(selected) /
        ref_marker_criteria(x, selected), 1), 1e-10)
    # a fit to the markers that were selected is the same
    again <- dmn(x, 2, seed = 1, markers = markers(selected)$taxon)
    expect_equal(laplace(again), laplace(selected), tolerance = 1e-8)
    # with one start the search begins in canonical order as well
    lone <- dmn(x, 2, seed = 1, nstart = 1, markers = "select")
    expect_equal(laplace(lone), laplace(selected), tolerance = 1e-3)
})

test_that("types that differ in few of many taxa are found", {
    t <- few_differ(150, 400, 40, 4, seed = 1)
    classic <- suppressWarnings(dmnselect(t$x, 1:2, nstart = 3, seed = 1))
    expect_identical(ncol(mixture(best(classic))), 1L)
    sel <- suppressWarnings(dmnselect(t$x, 1:5, nstart = 2, seed = 1,
        markers = "select"))
    expect_identical(ncol(mixture(best(sel))), 4L)
    expect_lt(laplace(best(sel)), laplace(best(classic)) - 100)
    expect_gt(adjusted_rand(mixture(best(sel), assign = TRUE), t$component),
        0.9)
    found <- as.integer(markers(best(sel))$taxon)
    expect_gt(mean(found %in% t$markers), 0.8)
    expect_false(is.unsorted(rev(markers(best(sel))$gain)))
})

test_that("one type is one component", {
    t <- few_differ(80, 60, 0, 1, seed = 2)
    sel <- suppressWarnings(dmnselect(t$x, 1:3, nstart = 3, seed = 1,
        markers = "select"))
    expect_identical(ncol(mixture(best(sel))), 1L)
})

test_that("no first taxa of drivers() are better markers", {
    found <- dmn(twins, 3, nstart = 5, seed = 1, markers = "select")
    ranked <- drivers(dmn(twins, 3, nstart = 5, seed = 1), n = 130)$taxon
    for (n in c(1, 5, 20, 40, 80)) {
        prefix <- dmn(twins, 3, nstart = 5, seed = 1,
            markers = utils::head(ranked, n))
        expect_lte(laplace(found), laplace(prefix))
    }
})

# ---- Other functions ---------------------------------------------------------

test_that("dmnselect() makes the fits of dmn(), here and in workers", {
    given <- colnames(x)[table$markers]
    for (markers in list(given, "select")) {
        sel <- suppressWarnings(dmnselect(x, 1:3, nstart = 3, seed = 1,
            markers = markers))
        for (k in 1:3)
            expect_identical(sel[[k]], suppressWarnings(dmn(x, k, seed = 1,
                nstart = 3, markers = markers)))
        expect_identical(summary(sel)$df[[2]],
            attr(logLik(sel[[2]]), "df") + 0)
    }
    skip_on_cran()
    skip_if_not_installed("BiocParallel")
    old <- show_workers_library()
    on.exit(Sys.setenv(R_LIBS = old))
    expect_identical(suppressWarnings(dmnselect(x, 1:3, nstart = 3, seed = 1,
        markers = "select", BPPARAM = BiocParallel::SnowParam(2))), sel)
})

test_that("a checkpoint is kept for the same markers only", {
    dir <- tempfile()
    on.exit(unlink(dir, recursive = TRUE))
    sweep <- function(markers) {
        suppressWarnings(dmnselect(x, 1:2, nstart = 2, seed = 1,
            checkpoint = dir, markers = markers))
    }
    first <- sweep(table$markers)
    # the same markers in another form
    expect_identical(sweep(which(table$markers)), first)
    for (other in list(NULL, "select", 2:4))
        expect_error(sweep(other), "made with another 'markers'")
    unlink(dir, recursive = TRUE)
    expect_identical(sweep("select"), sweep("select"))
    expect_error(sweep(2), "made with another 'markers'")
    unlink(dir, recursive = TRUE)
    sweep(NULL)
    expect_error(sweep(2), "made with another 'markers'")
})

test_that("functions of groups, folds and resamples take markers", {
    group <- factor(rep(c("a", "b"), length.out = nrow(x)))
    for (markers in list(table$markers, colnames(x)[table$markers], "select")) {
        g <- suppressWarnings(dmngroup(x, group, k = 1:2, nstart = 2, seed = 1,
            markers = markers))
        for (f in as.list(g))
            expect_true(.has_markers(f))
        expect_gt(mean(predict(g, x, assign = TRUE) == group), 0.9)
    }
    cv <- cvdmngroup(5, x, c(a = 1, b = 1), group, nstart = 2, seed = 1,
        markers = table$markers)
    expect_identical(dim(cv), c(50L, 3L))
    expect_true(all(is.finite(as.matrix(cv[, 2:3]))))
    cv <- cvdmngroup(2, x, c(a = 1, b = 1), group, nstart = 2, seed = 1,
        markers = "select")
    expect_true(all(is.finite(as.matrix(cv[, 2:3]))))
    for (markers in list(table$markers, "select")) {
        s <- suppressWarnings(dmnstability(x, 2, B = 3, nstart = 2, seed = 1,
            markers = markers))
        expect_s3_class(s, "dmnstability")
        p <- suppressWarnings(dmnperplexity(x, 1:2, folds = 2, nstart = 2,
            seed = 1, markers = markers))
        expect_true(all(is.finite(unlist(Filter(is.numeric,
            as.data.frame(p))))))
    }
})

test_that("a background that sums to more than a count is refused", {
    huge <- matrix(.Machine$integer.max - 0:11, 4, 3)
    for (markers in list(1, "select"))
        expect_error(dmn(huge, 1, seed = 1, markers = markers),
            "'count' of the taxa that are not markers must sum to at most")
    fit <- dmn(huge, 1, seed = 1, markers = 1:2)
    expect_equal(unname(predict(fit, huge)), matrix(1, 4, 1))
})
