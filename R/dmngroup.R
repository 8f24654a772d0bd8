#' Classify samples by a mixture for each group
#'
#' `dmngroup()` fits Dirichlet-multinomial mixtures to each group of samples,
#' for example to lean and to obese people. The result is a generative
#' classifier: `predict()` gives the probability that a new sample belongs to
#' each group.
#'
#' @details
#' 1. The samples are split by `group`.
#' 2. Each group is fitted by [dmn()] with each number of components in `k`.
#' 3. With `simplify = TRUE`, the fit with the lowest [laplace()] is kept for
#'    each group.
#'
#' The probability that a new sample with counts x belongs to group g is
#' proportional to `n_g p(x | g)`. Here `n_g` is the number of samples in the
#' group, and `p(x | g)` is the probability of the counts under its mixture: the
#' sum, over the components, of weight times evidence.
#'
#' Fits are made in parallel; a fit that runs in another process uses one
#' thread. All seeds are drawn before the work is distributed, so that after
#' `set.seed()` the result does not depend on how it is distributed.
#'
#' @param count counts, samples x taxa, in any of the forms that [dmn()]
#'     takes. Every group is fitted with all taxa.
#' @param group a factor, or a vector that is made one, with one element for
#'     each sample: its group. Or the name of a sample variable, if `count` is a
#'     SummarizedExperiment (a column of its `colData`) or a phyloseq. There
#'     must be at least two groups. Levels without samples are dropped.
#' @param k for `dmngroup()`, whole numbers >= 1: the numbers of components to
#'     try in each group. For `AIC()`, `numeric(1)`, default 2: the penalty for
#'     each parameter, see [AIC.DMN()].
#' @param ... for `dmngroup()`, arguments of [dmn()], and arguments of `.lapply`
#'     such as `mc.cores = 2`. A `seed` is used for every fit; without it each
#'     fit has a seed of its own. For `fitted()`, the argument `scale` of
#'     [`fitted()`][mixture]. The other methods do not use it.
#' @param simplify `logical(1)`, default `TRUE`. If `TRUE`, only the best fit of
#'     each group is kept.
#' @param .lapply a function with the arguments of [lapply()] that makes the
#'     fits, by default `parallel::mclapply`. Arguments of `mclapply()` whose
#'     names begin with `mc.` are accepted with any function, and ignored if it
#'     does not have them.
#' @param BPPARAM `NULL`, the default, or a \pkg{BiocParallel} back-end, which
#'     is used in place of `.lapply`. A back-end that is not running is started
#'     for this call and stopped at its end.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     the counts are in a SummarizedExperiment.
#' @return `dmngroup()`: an object of class `DMNGroup`, a list of fits (see
#'     [DMN-class]) named by group. With `simplify = FALSE` it holds all fits,
#'     with the groups changing fastest, named by group and number of
#'     components, as in `Lean.1`; then `S4Vectors::mcols()` of it has the
#'     columns `group` and `k`.
#'
#' `predict()`: a numeric matrix, new samples x groups, of probabilities; each
#' row sums to 1. With `assign = TRUE`, a character vector of the most probable
#' groups, named by sample.
#'
#' `summary()`: a `data.frame` with one row for each fit and columns `k`,
#' `samples`, `taxa` and the criteria of [goodnessOfFit()].
#'
#' `fitted()`, `mixture()` and `mixturewt()`: a list with the function's value
#' for each fit. `goodnessOfFit()`: a numeric matrix, fits x criteria.
#' `laplace()`, `AIC()` and `BIC()`: a numeric vector with the names of the
#' fits.
#'
#' `autoplot()`: a `ggplot` object. `plot()` draws it and returns it invisibly.
#' Without the \pkg{ggplot2} package, `plot()` draws the means of the groups by
#' base graphics and returns `x` invisibly.
#' @section Errors:
#' It is an error if `group` has missing values or fewer than two groups, if it
#' is named by sample in another order than the rows of `count`, if a value of
#' `k` is larger than the number of samples in the smallest group, and if `k` is
#' named by groups, as in [cvdmngroup()].
#' `predict()` refuses an object that has several fits for a group, and new
#' samples whose taxa are not those of the fits, unless
#' `missing.taxa = "zero"`. In that case the fits must all have the same taxa:
#' the groups could not be compared if each were given other counts.
#' `autoplot()` refuses an object that has several fits for a group, and fits
#' whose taxa differ.
#' @section With DirichletMultinomial:
#' The class has the shape of DirichletMultinomial's, and the methods here work
#' on its objects. DirichletMultinomial classifies by two groups only, and takes
#' the columns of `newdata` in the order that they have. Where it is attached,
#' the method of this package is called as `stats::predict()`.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @seealso [cvdmngroup()] for the error to expect on new samples; [roc()].
#' @examples
#' keep <- c("Lean", "Obese")
#' count <- csubset(keep, twins, twinsBMI)
#' pheno <- factor(twinsBMI[rownames(count)], levels = keep)
#' set.seed(1)
#' groups <- dmngroup(count, pheno, k = 1:3, .lapply = lapply)
#' groups
#' groups[["Obese"]]
#' lapply(groups, mixturewt)
#' head(predict(groups, count), 3)
#' table(pheno, predict(groups, count, assign = TRUE))
#' if (requireNamespace("ggplot2", quietly = TRUE))
#'     plot(groups)
#'
#' ## three groups
#' set.seed(1)
#' three <- dmngroup(twins, twinsBMI, k = 1:2, .lapply = lapply)
#' table(twinsBMI, predict(three, twins, assign = TRUE))
#' @aliases DMNGroup DMNGroup-class
#' @export
dmngroup <- function(count, group, k, ..., simplify = TRUE,
    .lapply = parallel::mclapply, BPPARAM = NULL, assay.type = "counts") {
    if (missing(count) || missing(group) || missing(k))
        .stop("dmngroup() needs 'count', 'group' and 'k': a table of counts, ",
            "the group of each sample, and numbers of components to try")
    dots <- .sort_dots(list(...), .lapply, BPPARAM, "dmngroup")
    simplify <- .check_flag(simplify, "simplify")
    group <- .sample_variable(group, count, "group")
    count <- .as_counts(count, assay.type = assay.type, orient = TRUE)
    group <- .check_group(group, count, "group")
    k <- .check_group_ks(k, group)

    job <- expand.grid(group = levels(group), k = k, stringsAsFactors = FALSE)
    job$seed <- .draw_seeds(nrow(job), dots$seed)
    fits <- .parallel(seq_len(nrow(job)), .fit_group, job = job, count = count,
        group = group, arguments = dots$dmn, num.threads = dots$num.threads,
        .lapply = .lapply, lapply.args = dots$lapply, BPPARAM = BPPARAM)
    if (simplify)
        return(.new_dmngroup(.best_of_groups(fits, job$group, levels(group))))
    names(fits) <- paste(job$group, job$k, sep = ".")
    .new_dmngroup(fits, S4Vectors::DataFrame(group = job$group, k = job$k,
        row.names = names(fits)))
}

.fit_group <- function(i, job, count, group, arguments, num.threads) {
    rows <- which(group == job$group[[i]])
    do.call(dmn, c(list(count = count[rows, , drop = FALSE], k = job$k[[i]],
        seed = job$seed[[i]], num.threads = num.threads), arguments))
}

.best_of_groups <- function(fits, group, levels) {
    criterion <- vapply(fits, laplace, numeric(1))
    best <- lapply(split(seq_along(fits), factor(group, levels)), function(i) {
        fits[[i[[which.min(criterion[i])]]]]
    })
    best
}

# `group` as a factor without empty levels, one element for each row of `count`.
.check_group <- function(group, count, arg) {
    if (!is.atomic(group) || length(group) != nrow(count))
        .stop("'", arg, "' must have an element for each of the ",
            .plural(nrow(count), "sample"), " (rows) of 'count'; found ",
            if (is.atomic(group)) .plural(length(group), "element")
            else .describe(group))
    if (anyNA(group))
        .stop("'", arg, "' must have no missing values; found ",
            .plural(sum(is.na(group)), "NA", "NA"),
            ". Leave out those samples, as count[!is.na(", arg, "), ] does in ",
            "a matrix")
    .check_same_order(names(group), rownames(count), arg)
    group <- factor(group)
    if (nlevels(group) < 2L)
        .stop("'", arg, "' must have two groups or more; found ",
            .first_few(levels(group)), " only. For one, use dmn()")
    group
}

.check_group_ks <- function(k, group) {
    size <- table(group)
    most <- min(size)
    ok <- is.numeric(k) && length(k) > 0L && !anyNA(k) &&
        all(k == trunc(k) & k >= 1)
    if (!ok)
        .stop("'k' must be whole numbers >= 1; found ",
            if (is.numeric(k) && length(k) > 1L)
                .first_few(k) else .describe(k))
    named <- intersect(names(k), names(size))
    if (length(named))
        .stop("'k' must have the numbers to try in every group, without names ",
            "of groups; found ", .first_few(named), ". Pass unname(k), or fit ",
            "each group by dmn()")
    if (any(k > most))
        .stop("'k' must be at most ", most, ", the number of samples in group ",
            .first_few(names(size)[[which.min(size)]]), "; found ", max(k))
    unique(as.integer(k))
}

#' @rdname dmngroup
#' @param object an object of class `DMNGroup`.
#' @param newdata counts of new samples, samples x taxa, in any of the forms
#'     that [dmn()] takes. Taxa are matched by name, see
#'     [`predict()`][predict.DMN].
#' @param assign `logical(1)`, default `FALSE`. If `TRUE`, `predict()` returns
#'     the most probable group of each sample, and `mixture()` the most probable
#'     component of each sample in the fit of its group, instead of
#'     probabilities.
#' @param missing.taxa `"error"`, the default, or `"zero"`: what to do if the
#'     taxa of `newdata` are not those of the fits, see
#'     [`predict()`][predict.DMN].
#' @param num.threads `numeric(1)`, a whole number >= 1: the number of threads
#'     to use at most. [dmnthreads()] describes the default.
#' @export
predict.DMNGroup <- function(object, newdata, ..., assign = FALSE,
    missing.taxa = c("error", "zero"), num.threads = dmnthreads(),
    assay.type = "counts") {
    .refuse_dots(..., .what = "predict",
        .known = names(formals(predict.DMNGroup)))
    if (missing(newdata))
        .stop("'newdata' is missing: pass a table of counts, samples x taxa")
    assign <- .check_flag(assign, "assign")
    missing.taxa <- .check_missing_taxa(missing.taxa)
    num.threads <- .check_threads(num.threads)
    group <- .groups_of(object)
    fits <- .fits_of(object, "Estimate")
    newdata <- .as_new_samples(newdata, assay.type = assay.type)
    if (missing.taxa == "zero")
        newdata <- .align_to_groups(newdata, fits)
    joint <- lapply(fits, function(fit) {
        log(.n_samples(fit)) + .log_marginal(fit, newdata, num.threads)
    })
    joint <- matrix(unlist(joint), nrow(newdata), length(joint),
        dimnames = list(rownames(newdata), group))
    if (assign) {
        best <- group[max.col(joint, ties.method = "first")]
        return(structure(best, names = rownames(joint)))
    }
    exp(joint - .log_sum_exp(joint))
}

# Aligned once, so that unknown taxa are reported once.
.align_to_groups <- function(newdata, fits) {
    first <- fits[[1L]]@fit$Estimate
    same <- vapply(fits, function(fit) {
        setequal(rownames(fit@fit$Estimate), rownames(first))
    }, logical(1))
    if (!all(same))
        .stop("missing.taxa = \"zero\" needs fits with the same taxa; those ",
            "in 'object' differ in them. Fit all groups to the same table")
    .align_taxa(newdata, first, missing.taxa = "zero")
}

# log p(x | fit) of each sample x, without the multinomial coefficient.
.log_marginal <- function(fit, newdata, num.threads) {
    evidence <- -predict.DMN(fit, newdata, logevidence = TRUE,
        num.threads = num.threads)
    .log_sum_exp(evidence + rep(log(fit@mixture$Weight),
        each = nrow(evidence)))
}

# log(sum(exp(x))) of each row.
.log_sum_exp <- function(x) {
    largest <- x[cbind(seq_len(nrow(x)), max.col(x, ties.method = "first"))]
    largest + log(rowSums(exp(x - largest)))
}

# The group of each fit, or NULL if the fits have no names.
.group_names <- function(object) {
    group <- object@elementMetadata$group
    if (is.null(group)) names(object@listData) else group
}

# The same. There must be one fit for each group, and two groups or more.
.groups_of <- function(object) {
    group <- .group_names(object)
    if (length(group) < 2L)
        .stop("'object' must have a fit for each of two named groups or more; ",
            "found ", .plural(length(group), "group"))
    if (anyDuplicated(group))
        .stop("'object' must have one fit for each group; found several of ",
            .first_few(unique(group[duplicated(group)])),
            ". Use dmngroup(simplify = TRUE), or choose: object[c(...)]")
    group
}

.each_fit <- function(object, read, FUN, ...) {
    lapply(.fits_of(object, read), FUN, ...)
}

.value_of_each <- function(object, read, FUN, ...) {
    vapply(.fits_of(object, read), FUN, numeric(1), ...)
}

#' @rdname dmngroup
#' @method summary DMNGroup
#' @export
summary.DMNGroup <- function(object, ...) {
    fits <- .fits_of(object, NULL)
    table <- data.frame(
        k = vapply(fits, function(fit) ncol(fit@group), integer(1)),
        samples = vapply(fits, .n_samples, integer(1)),
        taxa = vapply(fits, function(fit) nrow(fit@fit$Estimate), integer(1)))
    cbind(table, goodnessOfFit.DMNGroup(object))
}

#' @rdname dmngroup
#' @export
goodnessOfFit.DMNGroup <- function(object, ...) {
    .refuse_dots(..., .what = "goodnessOfFit", .known = "object")
    fits <- .fits_of(object, NULL)
    values <- vapply(fits, function(fit) fit@goodnessOfFit[.criteria],
        numeric(length(.criteria)))
    matrix(values, length(fits), length(.criteria), byrow = TRUE,
        dimnames = list(names(fits), .criteria))
}

#' @rdname dmngroup
#' @export
laplace.DMNGroup <- function(object, ...) {
    .value_of_each(object, NULL, laplace, ...)
}

#' @rdname dmngroup
#' @export
AIC.DMNGroup <- function(object, ..., k = 2) {
    .refuse_dots(..., .what = "AIC", .known = c("object", "k"))
    .value_of_each(object, NULL, AIC.DMN, k = k)
}

#' @rdname dmngroup
#' @export
BIC.DMNGroup <- function(object, ...) {
    .refuse_dots(..., .what = "BIC", .known = "object")
    .value_of_each(object, NULL, BIC.DMN)
}

#' @rdname dmngroup
#' @export
fitted.DMNGroup <- function(object, ...) {
    .each_fit(object, "Estimate", fitted.DMN, ...)
}

#' @rdname dmngroup
#' @export
mixture.DMNGroup <- function(object, ..., assign = FALSE) {
    .each_fit(object, "group", mixture.DMN, ..., assign = assign)
}

#' @rdname dmngroup
#' @export
mixturewt.DMNGroup <- function(object, ...) {
    .each_fit(object, "Estimate", mixturewt.DMN, ...)
}
