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
#'     order. Otherwise the columns must be the taxa of the fit in the same
#'     order.
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
#' @param missing.taxa `character(1)`: what to do if the names of the taxa in
#'     `newdata` are not those of the fit. `"error"`, the default, is an error.
#'     `"zero"` fills in 0 for taxa that `newdata` lacks, and leaves out those
#'     that the fit does not know; see below.
#' @param num.threads `numeric(1)`, a whole number >= 1: the number of threads
#'     to use at most. [dmnthreads()] describes the default.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     the counts are in a SummarizedExperiment.
#' @param data `NULL`, the default, or a data.frame with a row for each sample
#'     of `newdata` and the variables of a fit made with `formula`, see
#'     [concomitant()]. Samples of the fit, known by their names, need none.
#' @return A numeric matrix, new samples x components, with the row names of
#'     `newdata`. Its column names are the numbers of the components, or their
#'     labels, see [componentLabels()]. With `assign = TRUE`, an integer vector
#'     of components named by sample, or a factor if the components have labels
#'     other than their numbers. A sample without counts has log evidence 0, and
#'     its probabilities are the weights of the components. The samples that the
#'     model was fitted to have the probabilities of `mixture(object)`.
#' @section Other taxa than those of the fit:
#' With `missing.taxa = "zero"`, a taxon of the fit that `newdata` lacks has no
#' counts in any new sample. **0 means that the taxon was looked for and not
#' found**, which is evidence against the components in which it is common. This
#' is right for a table from which taxa without counts were removed. It is wrong
#' for taxa that the new study could not have found, for example because of
#' other primers or another reference database. In that case fit the mixture to
#' the taxa that both studies have.
#'
#' Taxa that the fit does not know have no parameters, and are left out. The
#' results are then conditional on the counts of the known taxa: in a
#' Dirichlet-multinomial, the counts of some of the taxa, given their sum, have
#' a Dirichlet-multinomial distribution with the parameters of these taxa. What
#' the other counts say about a sample is not used. A message gives the number
#' of the taxa left out and their share of all counts. If the share is large,
#' the new samples may be of a kind that no component describes. A sample whose
#' counts are all in unknown taxa becomes a sample without counts; the message
#' says how many there are.
#' @section Errors:
#' With `missing.taxa = "error"`, it is an error if `newdata` lacks a taxon of
#' the fit, or has one that the fit does not know. The message names the taxa.
#' With either value it is an error if no taxon is in both, if names of taxa
#' occur twice, and if there are no names to match by and the numbers of taxa
#' differ. `assign` and `logevidence` cannot both be `TRUE`.
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
#'
#' ## a table without the genera that none of its samples have
#' found <- test[, colSums(test) > 0]
#' ncol(test) - ncol(found)
#' all.equal(predict(fit, found, missing.taxa = "zero"), predict(fit, test))
#' @importFrom stats predict
#' @export
predict.DMN <- function(object, newdata, ..., logevidence = FALSE,
    assign = FALSE, missing.taxa = c("error", "zero"),
    num.threads = dmnthreads(), assay.type = "counts", data = NULL) {
    .refuse_dots(..., .what = "predict", .known = names(formals(predict.DMN)))
    if (missing(newdata))
        .stop("'newdata' is missing: pass a table of counts, samples x taxa; ",
            "for the samples of the fit itself use mixture()")
    logevidence <- .check_flag(logevidence, "logevidence")
    assign <- .check_flag(assign, "assign")
    if (assign && logevidence)
        .stop("'assign' and 'logevidence' cannot both be TRUE: samples are ",
            "assigned by their posterior probability")
    missing.taxa <- .check_missing_taxa(missing.taxa)
    num.threads <- .check_threads(num.threads)
    .check_fit(object, read = "Estimate")
    estimate <- object@fit$Estimate
    data <- .variables_for(object, data, newdata)
    newdata <- .align_taxa(.as_new_samples(newdata, assay.type = assay.type),
        estimate, missing.taxa = missing.taxa)
    newdata <- .as_counts(newdata, "newdata", allow.empty = TRUE,
        num.threads = num.threads)

    value <- if (nrow(newdata) == 0L)
        matrix(0, 0L, ncol(estimate))
    else
        .predict_counts(object, newdata, logevidence, num.threads, data)
    # 0 - x rather than -x, so that a sample without counts has 0 and not -0
    if (logevidence)
        value <- 0 - value
    dimnames(value) <- list(rownames(newdata), componentLabels(object))
    if (assign) .most_probable(value) else value
}

.as_new_samples <- function(newdata, arg = "newdata",
    assay.type = "counts") {
    if (is.numeric(newdata) && is.null(dim(newdata)))
        newdata <- matrix(newdata, nrow = 1L,
            dimnames = if (!is.null(names(newdata)))
                list(NULL, names(newdata)))
    .as_count_matrix(newdata, arg, assay.type)
}

# The log evidence or the posterior probabilities of counts that have the taxa
# of the fit. The background is the same in all components.
.predict_counts <- function(object, count, logevidence, num.threads,
    data = NULL) {
    log_weights <- if (!logevidence) .log_weights_of(object, count, data)
    if (!is.null(log_weights)) {
        joint <- log_weights + .predict_counts(object, count, TRUE, num.threads)
        return(exp(joint - .log_sum_exp(joint)))
    }
    weight <- object@mixture$Weight
    if (!.has_markers(object))
        return(.Call(R_dmm_predict, object@fit$Estimate, weight, count,
            logevidence, num.threads))
    branch <- .branch_parameters(object)
    parts <- .split_counts(count, branch$chosen)
    value <- .Call(R_dmm_predict, branch$markers, weight, parts$markers,
        logevidence, num.threads)
    if (!logevidence)
        return(value)
    value + .sum_over_levels(branch$levels, parts$background,
        function(count, alpha)
            drop(.Call(R_dmm_predict, alpha, 1, count, TRUE, num.threads)))
}
