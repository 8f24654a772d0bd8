#' How well a mixture fits
#'
#' The criteria by which fits are compared, and the log-likelihood. For all the
#' criteria, lower values are better.
#'
#' @details
#' A fit with K components to N samples and S taxa has `P = K S + K - 1`
#' parameters, fewer if it has [markers()], and more if it has
#' [concomitant()] variables.
#'
#' * `NLE` is the negative log *posterior*: minus the log-likelihood, minus
#'   the log density of the Gamma prior in `log(alpha)` (see [dmncontrol()]).
#' * `LogDet` is the log-determinant of the Hessian given the posterior
#'   probabilities of the components for each sample, as in the paper: that of
#'   each component in `log(alpha)`, with the terms of the samples weighted by
#'   these probabilities, which are taken as fixed. It has a term
#'   `2 log(N) - log(N w)` for the weight w of every component except the
#'   largest. In this term `N w`, the number of samples that the component
#'   expects, is replaced by 1 if it is smaller. Where components overlap, the
#'   determinant of the Hessian of the NLE itself is smaller.
#' * `Laplace = NLE + LogDet / 2 - P log(2 pi) / 2` approximates minus the log
#'   of the model's evidence. Holmes et al. (2012) choose the number of
#'   components by it.
#' * `BIC = NLE + P log(N) / 2` and `AIC = NLE + P`. **They are on half the
#'   usual scale and include the prior**, as in the paper and in
#'   DirichletMultinomial. Compare them with one another, but not with the AIC
#'   or BIC of other models. The usual AIC is
#'   `-2 * logLik(fit) + 2 * attr(logLik(fit), "df")`.
#'
#' `logLik()` is the plain log-likelihood, with the multinomial coefficients and
#' without the prior. Fits made by DirichletMultinomial do not hold it; for
#' those it is computed from the NLE and the estimates.
#'
#' For more than one component, `Laplace` and `LogDet` differ from those of
#' DirichletMultinomial, whose Hessian does not weight the samples by their
#' posterior probabilities. Here each term has its weight, and no term is left
#' out.
#' `vignette("migrating")` compares the two.
#'
#' @param object an object of class [DMN-class]. For a list of fits use
#'     `vapply(fits, laplace, numeric(1))`.
#' @param newdata counts of other samples, samples x taxa, in any of the forms
#'     that [dmn()] takes. Taxa are matched by name, see
#'     [`predict()`][predict.DMN]. If it is missing, the samples of the fit are
#'     used.
#' @param missing.taxa `"error"`, the default, or `"zero"`: what to do if the
#'     taxa of `newdata` are not those of the fit, see
#'     [`predict()`][predict.DMN]. With `"zero"`, the result is the
#'     log-likelihood of the counts in the taxa of the fit. It is not comparable
#'     with that of a table from which other taxa were left out.
#' @param ... for `AIC()` and `BIC()`, more fits to compare with `object`; for
#'     the others it is not used, and anything in it is an error.
#' @param k `numeric(1)`, >= 0, default 2: the penalty for each parameter on the
#'     usual scale. The result is `NLE + k P / 2`.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     the counts are in a SummarizedExperiment.
#' @param data `NULL`, the default, or a data.frame with a row for each sample
#'     of `newdata` and the variables of a fit made with `formula`, see
#'     [concomitant()]. Samples of the fit, known by their names, need none.
#' @return
#' `goodnessOfFit()`: a named `numeric(5)` of `NLE`, `LogDet`, `Laplace`, `BIC`
#' and `AIC`. `laplace()`, `AIC()` and `BIC()`: one of these, `numeric(1)`. For
#' several fits, `AIC()` and `BIC()` return a `data.frame` with one row for each
#' fit, and columns `df` and `AIC` or `BIC`.
#'
#' `logLik()`: an object of class `logLik`. Its attribute `df` is P, and its
#' attribute `nobs` the number of samples, N or that of `newdata`. `nobs()`:
#' `integer(1)`, N.
#' @section Errors:
#' It is an error if `object` is not a fit, and if the taxa of `newdata` are not
#' those of the fit, unless `missing.taxa = "zero"`.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @seealso [dmn()]
#' @examples
#' fits <- lapply(1:3, dmn, count = twins, seed = 1)
#' goodnessOfFit(fits[[3]])
#' vapply(fits, laplace, numeric(1))
#' logLik(fits[[3]])
#'
#' ## the mean log-likelihood of samples that the fit has not seen
#' train <- dmn(twins[1:200, ], 3, seed = 1)
#' logLik(train, twins[201:278, ]) / 78
#'
#' AIC(fits[[1]], fits[[2]], fits[[3]])
#' @export
goodnessOfFit <- function(object, ...) UseMethod("goodnessOfFit")

#' @rdname goodnessOfFit
#' @export
goodnessOfFit.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "goodnessOfFit", .known = "object")
    .check_fit(object, read = NULL)
    object@goodnessOfFit
}

#' @rdname goodnessOfFit
#' @export
goodnessOfFit.default <- function(object, ...) {
    .stop_not_a_fit(object, "goodnessOfFit")
}

#' @rdname goodnessOfFit
#' @export
laplace <- function(object, ...) UseMethod("laplace")

#' @rdname goodnessOfFit
#' @export
laplace.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "laplace", .known = "object")
    .check_fit(object, read = NULL)
    object@goodnessOfFit[["Laplace"]]
}

#' @rdname goodnessOfFit
#' @export
laplace.default <- function(object, ...) .stop_not_a_fit(object, "laplace")

.parameters <- function(object) {
    estimate <- object@fit$Estimate
    k <- ncol(estimate)
    taxa <- nrow(estimate)
    of_weights <- if (.has_concomitant(object))
        length(object@mixture$Concomitant$coefficients)
    else
        k - 1
    if (!.has_markers(object))
        return(k * taxa + of_weights)
    markers <- length(object@mixture$Markers$taxa)
    k * (markers + 1) + of_weights + taxa - markers +
        nrow(object@mixture$Markers$division)
}

# The value of one fit, or for several fits a table like that of stats::AIC().
.criterion <- function(name, value, call, object, ...) {
    fits <- list(object, ...)
    .check_fit(object, read = NULL)
    if (length(fits) == 1L)
        return(value(object))
    is_fit <- vapply(fits, inherits, logical(1), "DMN")
    if (!all(is_fit))
        .stop(name, "() compares fits made by dmn(); found ",
            .describe(fits[[which(!is_fit)[[1L]]]]))
    for (i in seq_along(fits)[-1L])
        .check_fit(fits[[i]], paste0("..", i - 1L), read = NULL)
    table <- data.frame(df = vapply(fits, .parameters, numeric(1)),
        value = vapply(fits, value, numeric(1)))
    names(table)[[2L]] <- name
    row.names(table) <- .fit_labels(call, length(fits))
    table
}

# The names of the fits in a table: the expressions in the call, or numbers
# where the call holds the fits themselves, as a call made by do.call() does.
.fit_labels <- function(call, n) {
    given <- as.list(call)[-1L]
    given <- given[!names(given) %in% "k"]
    if (length(given) != n || !all(vapply(given, is.language, logical(1))))
        return(as.character(seq_len(n)))
    make.unique(vapply(given, function(x) deparse(x, nlines = 1L)[[1L]], ""))
}

#' @rdname goodnessOfFit
#' @importFrom stats AIC
#' @export
AIC.DMN <- function(object, ..., k = 2) {
    k <- .check_number(k, "k", 0)
    .criterion("AIC", function(fit) {
        if (k == 2)
            return(fit@goodnessOfFit[["AIC"]])
        fit@goodnessOfFit[["NLE"]] + k / 2 * .parameters(fit)
    }, match.call(), object, ...)
}

#' @rdname goodnessOfFit
#' @importFrom stats BIC
#' @export
BIC.DMN <- function(object, ...) {
    .criterion("BIC", function(fit) fit@goodnessOfFit[["BIC"]],
        match.call(), object, ...)
}

#' @rdname goodnessOfFit
#' @importFrom stats logLik
#' @export
logLik.DMN <- function(object, newdata, ...,
    missing.taxa = c("error", "zero"), assay.type = "counts", data = NULL) {
    .refuse_dots(..., .what = "logLik", .known = names(formals(logLik.DMN)))
    missing.taxa <- .check_missing_taxa(missing.taxa)
    .check_fit(object, read = "Estimate")
    if (!missing(newdata))
        return(.loglik_of_new(object, .as_new_samples(newdata,
            assay.type = assay.type), missing.taxa,
            .variables_for(object, data, newdata)))
    value <- object@mixture$LogLik
    if (is.null(value))
        value <- .loglik_from_nle(object)
    structure(value, df = .parameters(object), nobs = .n_samples(object),
        class = "logLik")
}

.loglik_of_new <- function(object, newdata, missing.taxa, data) {
    estimate <- object@fit$Estimate
    newdata <- .align_taxa(newdata, estimate, missing.taxa = missing.taxa)
    newdata <- .as_counts(newdata, "newdata", allow.empty = TRUE)
    log_weights <- .log_weights_of(object, newdata, data)
    value <- .count_loglik(object, newdata)
    if (!is.null(log_weights)) {
        # in place of the weights that .count_loglik() has used
        evidence <- .predict_counts(object, newdata, TRUE,
            .check_threads(dmnthreads()))
        value <- value + sum(.log_sum_exp(evidence + log_weights) -
            .log_sum_exp(evidence + rep(log(object@mixture$Weight),
                each = nrow(evidence))))
    }
    structure(value, df = .parameters(object), nobs = nrow(newdata),
        class = "logLik")
}

# The log-likelihood of counts that have the taxa of the fit.
.count_loglik <- function(object, count) {
    if (!.has_markers(object))
        return(.evaluate_loglik(count, object@fit$Estimate,
            object@mixture$Weight))
    branch <- .branch_parameters(object)
    parts <- .split_counts(count, branch$chosen)
    .evaluate_loglik(parts$markers, branch$markers, object@mixture$Weight) +
        .sum_over_levels(branch$levels, parts$background,
            function(count, alpha) .evaluate_loglik(count, alpha, 1))
}

# Samples without counts have log-likelihood 0. They are left out because the
# engine does not accept them.
.evaluate_loglik <- function(count, alpha, weight) {
    filled <- count[.totals(count)$rows > 0, , drop = FALSE]
    if (nrow(filled) == 0L)
        return(0)
    .Call(R_dmm_evaluate, filled, log(alpha), weight, dmncontrol(),
        .check_threads(dmnthreads()))$LogLik
}

# NLE = -logLik - log prior. The defaults are the prior of DirichletMultinomial,
# because only its fits lack the log-likelihood.
.loglik_from_nle <- function(object, eta = 0.1, nu = 0.1) {
    alpha <- object@fit$Estimate
    prior <- length(alpha) * (eta * log(nu) - lgamma(eta)) -
        nu * sum(alpha) + eta * sum(log(alpha))
    -object@goodnessOfFit[["NLE"]] - prior
}

#' @rdname goodnessOfFit
#' @importFrom stats nobs
#' @export
nobs.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "nobs", .known = "object")
    .check_fit(object, read = NULL)
    .n_samples(object)
}
