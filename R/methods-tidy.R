#' Tidy tables of fits
#'
#' Methods for the generics `tidy()`, `glance()` and `augment()` of the
#' \pkg{generics} package, which \pkg{broom} exports too. `tidy()` returns the
#' parts of an object, `glance()` one line for each model, and `augment()` one
#' line for each sample. Attach \pkg{generics} or \pkg{broom} to call them, or
#' write `generics::tidy(fit)`.
#'
#' @details
#' Columns have the names of broom's glossary where it has one: taxa are in
#' `term`, numbers of samples in `size` or `nobs`, and standard errors in
#' `std.error`. The most probable component is `.class`, as in broom's methods
#' for other mixture models, those of \pkg{mclust} and \pkg{poLCA}. All other
#' names are those that the functions of this package use: `k`, `NLE`,
#' `Laplace`, `ICL` and so on.
#'
#' | call | one row for each | columns |
#' |:-----|:-----------------|:--------|
#' | `tidy(<DMN>)` | component and taxon | `component`, `term`, `estimate`, `std.error`; with `conf.int = TRUE` also `conf.low`, `conf.high` |
#' | `glance(<DMN>)` | fit (one) | `k`, `NLE`, `logLik`, `df`, `Laplace`, `BIC`, `AIC`, `ICL`, `iterations`, `converged`, `starts`, `met`, `nobs` |
#' | `augment(<DMN>)` | sample | `.rownames`, the columns of `data`, `.class`, `.probability`, `.uncertainty` |
#' | `tidy(<DMNSelect>)` | value of `k` | those of `glance(<DMN>)`, `best` |
#' | `glance(<DMNSelect>)` | object: its best fit | those of `glance(<DMN>)`, `criterion` |
#' | `tidy(<DMNGroup>)` | fit, component and taxon | `group`, `k`, those of `tidy(<DMN>)` |
#' | `glance(<DMNGroup>)` | fit | `group`, those of `glance(<DMN>)` |
#' | `augment(<DMNGroup>)` | new sample | those of `augment(<DMN>)`, `.probability.` with the name of each group |
#' | `tidy(<drivers()>)` | component and taxon | `component`, `term`, `estimate`, `conf.low`, `conf.high`, `reference`, `difference`, `cumulative` |
#' | `tidy(<dmnstability>)` | `k` and component | `k`, `component`, `size`, `jaccard` |
#' | `glance(<dmnstability>)` | value of `k` | `k`, `rand`, `resamples`, `nobs` |
#' | `tidy(<dmnperplexity>)` | value of `k` | those of [dmnperplexity()] |
#' | `glance(<dmnperplexity>)` | object: its best `k` | those of `tidy(<dmnperplexity>)`, `folds` |
#'
#' * `component` and `.class`: a factor whose levels are the labels of the
#'   components, see [componentLabels()], or their numbers. For a `DMNGroup`,
#'   the levels of `.class` and of `group` are the groups.
#' * `estimate`: the Dirichlet parameter of the taxon in the component; with
#'   `scale = TRUE` and for `drivers()`, its mean proportion there.
#' * `std.error`: the standard error of the *logarithm* of the Dirichlet
#'   parameter, also with `scale = TRUE`. It is relative to `estimate`: 0.1
#'   means about 10 %.
#' * `conf.low`, `conf.high`: the ends of the interval of
#'   [`confint()`][confint.DMN] for `conf.level`. With `scale = TRUE` they are
#'   divided by the component's precision `theta`, and an upper end above 1 is
#'   set to 1, as `drivers()` does. The ends that `drivers()` and `fit@fit` hold
#'   are those of two standard errors, a `conf.level` of 0.9545.
#' * `NLE` to `ICL`: the values of [goodnessOfFit()], [`logLik()`][logLik.DMN]
#'   and [ICL()]. **`AIC` and `BIC` are the values of `AIC(fit)` and
#'   `BIC(fit)`: on half the usual scale, and with the prior.** Do not compare
#'   them with those of other models. For `logLik`, `df` is the number of
#'   parameters.
#' * `starts`, `met`: how many starts were made, and how many of them met the
#'   best optimum, see [starts()]. Resamples are not counted in `met`, and
#'   k-means starts only once.
#' * `best`: `TRUE` for the fit that [best()] returns, and `criterion` the name
#'   of the criterion by which it is chosen.
#' * `.rownames`: the names of the samples, if they have any.
#' * `.probability`: the probability of `.class`. `.uncertainty`: the sum of
#'   the probabilities of all other classes, which is `1 - .probability`, but
#'   has all digits where it is small.
#' * `reference`, `difference`, `cumulative`: of the taxon, see [drivers()].
#' * `size`: the number of samples of which the component is the most probable.
#'   `jaccard`: its mean Jaccard coefficient. `rand`: the mean adjusted Rand
#'   index. See [dmnstability()].
#' * `tidy(<dmnperplexity>)` has all columns of its object. `se` at the end of a
#'   name becomes `std.error`.
#'
#' For a fit made by DirichletMultinomial, `iterations`, `converged`, `starts`
#' and `met` are `NA`.
#'
#' @param x an object of class [DMN-class], made by [dmn()] or by
#'     DirichletMultinomial, or of class `DMNSelect`, `DMNGroup`,
#'     `dmnstability` or `dmnperplexity`, or a table made by [drivers()].
#' @param conf.int `logical(1)`, default `FALSE`. If `TRUE`, the table has the
#'     columns `conf.low` and `conf.high`.
#' @param conf.level `numeric(1)` between 0 and 1, default 0.95: the probability
#'     that an interval covers.
#' @param scale `logical(1)`, default `FALSE`. If `TRUE`, estimates and
#'     intervals are those of the mean proportions of the taxa, as in
#'     [`fitted(scale = TRUE)`][mixture].
#' @param ... for `tidy()` of a `DMNGroup`, the arguments `conf.int`,
#'     `conf.level` and `scale`; otherwise not used, and anything in it is an
#'     error.
#' @return A tibble, if the \pkg{tibble} package is installed, and otherwise a
#'     `data.frame`. The table above lists rows and columns.
#' @section Errors:
#' It is an error if `data` has not one row for each sample, or if its row names
#' (or its column `.rownames`) are the names of the samples in another order,
#' and if `x` holds no fits. `newdata` is checked as by
#' [`predict()`][predict.DMN].
#' @seealso [summary.DMN()], [starts()]
#' @examples
#' if (requireNamespace("generics", quietly = TRUE)) {
#'     library(generics, warn.conflicts = FALSE)
#'     fit <- dmn(twins, 3, seed = 1)
#'     glance(fit)
#'     tidy(fit, conf.int = TRUE, scale = TRUE)
#'     augment(fit, data.frame(bmi = twinsBMI))
#'
#'     ## all fits of a sweep in one table
#'     tidy(dmnselect(twins, 1:3, nstart = 2, seed = 1))
#' }
#' @method tidy DMN
#' @exportS3Method generics::tidy DMN
tidy.DMN <- function(x, conf.int = FALSE, conf.level = 0.95, scale = FALSE,
    ...) {
    .refuse_dots(..., .what = "tidy", .known = names(formals(tidy.DMN)))
    conf.int <- .check_flag(conf.int, "conf.int")
    conf.level <- .check_probability(conf.level, "conf.level")
    .check_fit(x, "x")
    estimate <- as.vector(fitted.DMN(x, scale = scale))
    labels <- componentLabels(x)
    taxa <- .taxon_names(x)
    table <- data.frame(
        component = factor(rep(labels, each = length(taxa)), labels),
        term = rep(taxa, length(labels)), estimate = estimate,
        std.error = as.vector(.standard_errors(x)))
    if (conf.int) {
        ends <- confint.DMN(x, level = conf.level)
        unit <- estimate / as.vector(x@fit$Estimate)
        table$conf.low <- as.vector(ends[, 1L, ]) * unit
        table$conf.high <- pmin(as.vector(ends[, 2L, ]) * unit,
            if (scale) 1 else Inf)
    }
    .as_tidy(table)
}

# All results are tibbles, as those of broom are, where that package is there.
.as_tidy <- function(table) {
    row.names(table) <- NULL
    if (requireNamespace("tibble", quietly = TRUE))
        tibble::as_tibble(table, .name_repair = "minimal")
    else
        table
}

#' @rdname tidy.DMN
#' @method glance DMN
#' @exportS3Method generics::glance DMN
glance.DMN <- function(x, ...) {
    .refuse_dots(..., .what = "glance", .known = "x")
    .glance_fits(list(x))
}

.glance_fits <- function(fits) {
    table <- .summary_of_fits(fits)
    table$nobs <- vapply(fits, nobs.DMN, integer(1))
    .as_tidy(table)
}

#' @rdname tidy.DMN
#' @param data a `data.frame`, matrix or S4Vectors `DataFrame` of other
#'     information, one row for each sample of the fit or, if there is one, of
#'     `newdata`, in the same order. Its columns come first in the result. The
#'     default, `NULL`, adds none. Columns with the names of those that
#'     `augment()` adds are replaced.
#' @param newdata counts of new samples, samples x taxa, in any of the forms
#'     that [dmn()] takes. The default, `NULL`, means the samples of the fit. A
#'     `DMNGroup` needs them. The counts are not part of the result.
#' @param missing.taxa,assay.type as for [`predict()`][predict.DMN], for
#'     `newdata`.
#' @method augment DMN
#' @exportS3Method generics::augment DMN
augment.DMN <- function(x, data = NULL, newdata = NULL, ...,
    missing.taxa = c("error", "zero"), assay.type = "counts") {
    .refuse_dots(..., .what = "augment", .known = names(formals(augment.DMN)))
    .check_fit(x, "x")
    z <- if (is.null(newdata))
        .group_of(x, "x")
    else
        predict.DMN(x, newdata, missing.taxa = missing.taxa,
            assay.type = assay.type,
            data = if (.has_variables_of(x, data)) data)
    table <- .sample_data(data, z, is.null(newdata))
    .as_tidy(.add_columns(table, .classes(z, componentLabels(x))))
}

.add_columns <- function(table, columns) {
    table[names(columns)] <- columns
    table
}

# `data` as a data.frame with one row for each row of `z`, and the names of the
# samples as its first column.
.sample_data <- function(data, z, of_fit) {
    if (is.null(data))
        data <- matrix(0, nrow(z), 0L)
    table <- .check_data(data, nrow(z))
    given <- if (".rownames" %in% names(table))
        as.character(table$.rownames)
    else if (.row_names_info(table) > 0L)
        row.names(table)
    of <- if (of_fit) "mixture(x)" else "newdata"
    .check_same_order(given, rownames(z), "data", of,
        sprintf("data[rownames(%s), ]", of))
    samples <- if (is.null(rownames(z))) given else rownames(z)
    if (is.null(samples))
        return(table)
    cbind(data.frame(.rownames = samples),
        table[names(table) != ".rownames"])
}

#' @rdname tidy.DMN
#' @method tidy DMNSelect
#' @exportS3Method generics::tidy DMNSelect
tidy.DMNSelect <- function(x, ...) {
    .refuse_dots(..., .what = "tidy", .known = "x")
    table <- .glance_fits(.some_fits(x))
    table$best <- table$k == ncol(best(x)@group)
    table
}

.some_fits <- function(x) {
    if (length(x@listData) == 0L)
        .stop("'x' holds no fits")
    .fits_of(x, arg = "x")
}

#' @rdname tidy.DMN
#' @method glance DMNSelect
#' @exportS3Method generics::glance DMNSelect
glance.DMNSelect <- function(x, ...) {
    .refuse_dots(..., .what = "glance", .known = "x")
    .some_fits(x)
    table <- .glance_fits(list(best(x)))
    table$criterion <- x@metadata$criterion
    table
}

#' @rdname tidy.DMN
#' @method augment DMNSelect
#' @exportS3Method generics::augment DMNSelect
augment.DMNSelect <- function(x, data = NULL, newdata = NULL, ...) {
    .some_fits(x)
    augment.DMN(best(x), data, newdata, ...)
}

#' @rdname tidy.DMN
#' @method tidy DMNGroup
#' @exportS3Method generics::tidy DMNGroup
tidy.DMNGroup <- function(x, ...) {
    fits <- .some_fits(x)
    parts <- lapply(unname(fits), tidy.DMN, ...)
    rows <- vapply(parts, nrow, integer(1))
    .as_tidy(data.frame(group = rep(.group_factor(x), rows),
        k = rep(.fitted_k(fits), rows), do.call(rbind, parts)))
}

# The group of each fit, or its number if the fits have no names.
.group_factor <- function(x) {
    group <- .group_names(x)
    if (is.null(group))
        group <- seq_along(x@listData)
    factor(group, unique(group))
}

#' @rdname tidy.DMN
#' @method glance DMNGroup
#' @exportS3Method generics::glance DMNGroup
glance.DMNGroup <- function(x, ...) {
    .refuse_dots(..., .what = "glance", .known = "x")
    fits <- .some_fits(x)
    .as_tidy(data.frame(group = .group_factor(x), .glance_fits(fits)))
}

#' @rdname tidy.DMN
#' @method augment DMNGroup
#' @exportS3Method generics::augment DMNGroup
augment.DMNGroup <- function(x, data = NULL, newdata, ...,
    missing.taxa = c("error", "zero"), assay.type = "counts") {
    .refuse_dots(..., .what = "augment", .known = names(formals(augment.DMN)))
    if (missing(newdata) || is.null(newdata))
        .stop("'newdata' is missing: pass counts of the samples to classify, ",
            "samples x taxa, as augment(x, newdata = counts)")
    z <- predict.DMNGroup(x, newdata, missing.taxa = missing.taxa,
        assay.type = assay.type)
    each <- as.data.frame(z)
    names(each) <- paste0(".probability.", colnames(z))
    table <- .sample_data(data, z, FALSE)
    .as_tidy(.add_columns(table, c(.classes(z, colnames(z)), each)))
}

#' @rdname tidy.DMN
#' @method tidy dmndrivers
#' @exportS3Method generics::tidy dmndrivers
tidy.dmndrivers <- function(x, ...) {
    .refuse_dots(..., .what = "tidy", .known = "x")
    labels <- sub("^mean\\.", "", grep("^mean\\.", names(x), value = TRUE))
    if (length(labels) == 0L)
        labels <- "1"
    column <- function(name) unlist(x[paste(name, labels, sep = ".")],
        use.names = FALSE)
    .check_columns(x, c("taxon", "reference", "difference", "cumulative",
        outer(c("mean", "lower", "upper"), labels, paste, sep = ".")),
        "drivers")
    repeated <- function(name) rep(x[[name]], length(labels))
    .as_tidy(data.frame(
        component = factor(rep(labels, each = nrow(x)), labels),
        term = repeated("taxon"), estimate = column("mean"),
        conf.low = column("lower"), conf.high = column("upper"),
        reference = repeated("reference"),
        difference = repeated("difference"),
        cumulative = repeated("cumulative")))
}

.check_columns <- function(x, needed, maker) {
    missing <- setdiff(needed, names(x))
    if (length(missing))
        .stop("'x' must have the columns that ", maker, "() gives it; it ",
            "lacks ", .first_few(missing))
}

#' @rdname tidy.DMN
#' @method tidy dmnstability
#' @exportS3Method generics::tidy dmnstability
tidy.dmnstability <- function(x, ...) {
    .refuse_dots(..., .what = "tidy", .known = "x")
    table <- summary.dmnstability(x)
    labels <- unlist(lapply(x$fits, componentLabels), use.names = FALSE)
    .as_tidy(data.frame(k = table$k, component = factor(labels, unique(labels)),
        size = table$samples, jaccard = table$jaccard))
}

#' @rdname tidy.DMN
#' @method glance dmnstability
#' @exportS3Method generics::glance dmnstability
glance.dmnstability <- function(x, ...) {
    .refuse_dots(..., .what = "glance", .known = "x")
    .as_tidy(data.frame(k = .fitted_k(x$fits), rand = colMeans(x$rand),
        resamples = nrow(x$rand), nobs = vapply(x$fits, nobs.DMN, integer(1))))
}

#' @rdname tidy.DMN
#' @method tidy dmnperplexity
#' @exportS3Method generics::tidy dmnperplexity
tidy.dmnperplexity <- function(x, ...) {
    .refuse_dots(..., .what = "tidy", .known = "x")
    # without the attributes
    table <- list2DF(lapply(x, identity))
    names(table) <- sub("(^|\\.)se$", "\\1std.error", names(table))
    .as_tidy(table)
}

#' @rdname tidy.DMN
#' @method glance dmnperplexity
#' @exportS3Method generics::glance dmnperplexity
glance.dmnperplexity <- function(x, ...) {
    .refuse_dots(..., .what = "glance", .known = "x")
    .check_columns(x, c("k", "loglik"), "dmnperplexity")
    score <- intersect(c("sample.loglik", "loglik"), names(x))[[1L]]
    table <- tidy.dmnperplexity(x)[which.max(x[[score]]), ]
    folds <- attr(x, "folds")
    table$folds <- rep_len(if (is.null(folds)) NA_integer_ else nrow(folds),
        nrow(table))
    .as_tidy(table)
}
