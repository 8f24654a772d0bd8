#' Classify new samples
#'
#' Computes the probability that each of some new samples belongs to each
#' component of a fitted mixture.
#'
#' @param object an object of class [DMN-class], made by [dmn()] or by
#'     DirichletMultinomial.
#' @param newdata counts of new samples, samples x taxa, in any of the forms
#'     that [dmn()] takes, or a vector for one sample. If both the fit and
#'     `newdata` have names of taxa, the columns are matched by name, in any
#'     order, and both must have the same taxa. Otherwise the columns must be
#'     the taxa of the fit in the same order.
#' @param ... not used; anything in it is an error.
#' @param logevidence `logical(1)`, default `FALSE`. If `TRUE`, the log evidence
#'     is returned instead of the posterior probability. **Its sign is the
#'     opposite of what its name says**: the result is *minus* the log
#'     probability of the counts given the component, without the multinomial
#'     coefficient and without the weight of the component. The component that
#'     explains a sample best therefore has the lowest value.
#'     DirichletMultinomial returns these values, and scripts written for it
#'     rely on them.
#' @param assign `logical(1)`, default `FALSE`. If `TRUE`, the most probable
#'     component of each sample is returned instead of the probabilities.
#' @param num.threads `numeric(1)`, a whole number >= 1: the number of threads
#'     to use at most. [dmnthreads()] describes the default.
#' @return A numeric matrix, new samples x components, with the row names of
#'     `newdata`. Its column names are the numbers of the components, or their
#'     labels, see [componentLabels()]. With `assign = TRUE`, an integer vector
#'     of components named by sample, or a factor if the components have labels
#'     other than their numbers. A sample without counts has log evidence 0, and
#'     its probabilities are the weights of the components. The samples that the
#'     model was fitted to have the probabilities of `mixture(object)`.
#' @section Errors:
#' It is an error if `newdata` lacks a taxon of the fit, or has one that the fit
#' does not know. The message names the taxa. No taxon is dropped or filled in
#' silently. `assign` and `logevidence` cannot both be `TRUE`.
#' @section With DirichletMultinomial:
#' Where DirichletMultinomial is attached too, `predict()` calls its method,
#' which takes the columns in the order that they have. The method of this
#' package is called as `stats::predict()`.
#' @seealso [mixture()]
#' @examples
#' train <- twins[1:200, ]
#' test <- twins[201:278, ]
#' fit <- dmn(train, 2, seed = 1)
#' head(predict(fit, test))
#' table(predict(fit, test, assign = TRUE))
#'
#' ## the order of the columns does not matter
#' all.equal(predict(fit, test[, ncol(test):1]), predict(fit, test))
#' @importFrom stats predict
#' @export
predict.DMN <- function(object, newdata, ..., logevidence = FALSE,
    assign = FALSE, num.threads = dmnthreads()) {
    .refuse_dots(..., .what = "predict", .known = names(formals(predict.DMN)))
    if (missing(newdata))
        .stop("'newdata' is missing: pass a table of counts, samples x taxa; ",
            "for the samples of the fit itself use mixture()")
    logevidence <- .check_flag(logevidence, "logevidence")
    assign <- .check_flag(assign, "assign")
    if (assign && logevidence)
        .stop("'assign' and 'logevidence' cannot both be TRUE: samples are ",
            "assigned by their posterior probability")
    num.threads <- .check_threads(num.threads)
    estimate <- object@fit$Estimate
    newdata <- .as_new_samples(newdata)
    newdata <- .align_taxa(newdata, rownames(estimate), nrow(estimate))
    newdata <- .as_counts(newdata, "newdata", allow.empty = TRUE,
        num.threads = num.threads)

    value <- if (nrow(newdata) == 0L)
        matrix(0, 0L, ncol(estimate))
    else
        .Call(R_dmm_predict, estimate, object@mixture$Weight, newdata,
            logevidence, num.threads)
    # 0 - x rather than -x, so that a sample without counts has 0 and not -0
    if (logevidence)
        value <- 0 - value
    dimnames(value) <- list(rownames(newdata), componentLabels(object))
    if (assign) .most_probable(value) else value
}

.as_new_samples <- function(newdata, arg = "newdata") {
    if (is.numeric(newdata) && is.null(dim(newdata)))
        newdata <- matrix(newdata, nrow = 1L,
            dimnames = if (!is.null(names(newdata)))
                list(NULL, names(newdata)))
    .as_count_matrix(newdata, arg)
}

# The columns of `newdata` in the order of `taxa`, the names of a fit's taxa. If
# either has no names, the columns stay as they are.
.align_taxa <- function(newdata, taxa, size, arg = "newdata") {
    given <- colnames(newdata)
    if (is.null(taxa) || is.null(given)) {
        if (ncol(newdata) != size)
            .stop("'", arg, "' must have a column for each of the ",
                .plural(size, "taxon", "taxa"), " of 'object'; found ",
                .plural(ncol(newdata), "column"),
                .transposed_hint(nrow(newdata) == size))
        return(newdata)
    }
    if (identical(given, taxa))
        return(newdata)
    .check_taxa(given, taxa, rownames(newdata), arg)
    newdata[, match(taxa, given), drop = FALSE]
}

.transposed_hint <- function(transposed) {
    if (transposed) "; is it transposed? Samples must be in rows" else ""
}

.check_taxa <- function(given, taxa, samples, arg) {
    if (!any(taxa %in% given) && all(taxa %in% samples))
        .stop("'", arg, "' has the taxa of the fit in its rows; samples must ",
            "be in rows: pass t(", arg, ")")
    .check_same_taxa(setdiff(taxa, given), setdiff(given, taxa), arg)
    doubled <- unique(c(given[duplicated(given)], taxa[duplicated(taxa)]))
    if (length(doubled))
        .stop("'", arg, "' cannot be matched by name, as some taxa occur ",
            "twice: ", .first_few(doubled))
}

.check_same_taxa <- function(missing, extra, arg) {
    problems <- c(
        if (length(missing))
            paste0("lacks ", .plural(length(missing), "taxon", "taxa"),
                " of the fit: ", .first_few(missing)),
        if (length(extra))
            paste0("has ", .plural(length(extra), "taxon", "taxa"),
                " unknown to the fit: ", .first_few(extra)))
    if (!is.null(problems))
        .stop("'", arg, "' ", paste(problems, collapse = "; it "),
            ".\nGive it the taxa of rownames(fitted(object)), ",
            "with 0 for those not seen")
}
