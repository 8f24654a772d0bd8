#' Parameters of a fitted mixture and their intervals
#'
#' `coef()` returns the Dirichlet parameters of a fit, or the coefficients of
#' the variables on which its weights depend, and `confint()` their approximate
#' confidence intervals.
#'
#' @details
#' For `what = "weights"`, see [concomitant()]: coefficients are log
#' odds relative to the first component, and the intervals are symmetric.
#'
#' The intervals of Dirichlet parameters come from a normal approximation in
#' `log(alpha)`. Their ends are `exp(log(alpha) -/+ q StdErr)`, where `q` is the
#' normal quantile that belongs to `level`. The standard errors are computed
#' from the Hessian at the optimum, given the posterior probabilities of the
#' components for each sample (see [goodnessOfFit()]). That these are not known
#' themselves is not in them: where components overlap, the intervals are too
#' narrow. The slots `fit@fit$Lower` and `fit@fit$Upper` are the ends with
#' `q = 2`.
#'
#' A fit made by DirichletMultinomial holds no standard errors. They are
#' computed from its upper ends, which for more than one component are wrong or
#' missing (`NaN`), see [goodnessOfFit()].
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @param what `character(1)`: `"alpha"`, the default, for the Dirichlet
#'     parameters, or `"weights"` for the coefficients of a fit made with
#'     `formula`.
#' @return `coef()`: a numeric matrix, taxa x components, of Dirichlet
#'     parameters, the same as `fitted()`. With `what = "weights"`, a numeric
#'     matrix, terms x components but the first.
#'
#' `confint()`: a numeric array, taxa x 2 x components, or terms x 2 x
#' components but the first. The second dimension is the lower and the upper
#' end, named by their probabilities in per cent; the third has the names of the
#' components, see [componentLabels()]. Ends are `NA` where the standard error
#' is not known.
#' @section Errors:
#' It is an error if `parm` has taxa or terms that are not in
#' the fit, if `level` is not between 0 and 1, and, with `what = "weights"`, if
#' the fit has constant weights or one component.
#' @seealso [mixture()], [summary.DMN()], [concomitant()]
#' @examples
#' fit <- dmn(twins, 2, seed = 1)
#' head(coef(fit))
#' ci <- confint(fit, c("Bacteroides", "Prevotella"), level = 0.9)
#' ci
#' ci["Prevotella", , 2]
#'
#' ## the log odds of the component for obese subjects, relative to others
#' data <- data.frame(obese = twinsBMI == "Obese")
#' fit <- dmn(twins, 2, seed = 1, formula = ~ obese, data = data)
#' coef(fit, what = "weights")
#' confint(fit, "obeseTRUE", what = "weights")
#' @importFrom stats coef
#' @export
coef.DMN <- function(object, ..., what = c("alpha", "weights")) {
    .refuse_dots(..., .what = "coef", .known = c("object", "what"))
    if (.check_what(what) == "alpha")
        return(fitted.DMN(object))
    value <- .concomitant_of(object)$coefficients
    colnames(value) <- componentLabels(object)[-1L]
    value
}

.check_what <- function(what) .check_choice(what, "what", c("alpha", "weights"))

#' @rdname coef.DMN
#' @param parm the taxa or terms to give intervals for, by name or by number. If
#'     it is missing, intervals are given for all.
#' @param level `numeric(1)` between 0 and 1, default 0.95: the probability
#'     that an interval covers.
#' @importFrom stats confint
#' @export
confint.DMN <- function(object, parm, level = 0.95, ...,
    what = c("alpha", "weights")) {
    .refuse_dots(..., .what = "confint", .known = names(formals(confint.DMN)))
    level <- .check_probability(level, "level")
    what <- .check_what(what)
    estimate <- coef.DMN(object, what = what)
    rows <- .check_parm(if (missing(parm)) NULL else parm, estimate,
        if (what == "alpha") "taxa" else "terms")
    error <- if (what == "alpha") .standard_errors(object) else
        .weights_errors(object@mixture$Concomitant)
    half <- stats::qnorm((1 + level) / 2) * error[rows, , drop = FALSE]
    estimate <- estimate[rows, , drop = FALSE]
    ends <- if (what == "alpha")
        c(estimate * exp(-half), estimate * exp(half))
    else
        c(estimate - half, estimate + half)
    # from rows x components x ends to rows x ends x components
    value <- aperm(array(ends, c(dim(estimate), 2L)), c(1L, 3L, 2L))
    dimnames(value) <- list(rownames(estimate), .end_names(level),
        colnames(estimate))
    value
}

# The lower and the upper end of an interval, by their probabilities.
.end_names <- function(level) {
    tail <- (1 - level) / 2
    paste(format(100 * c(tail, 1 - tail), trim = TRUE, digits = 3L,
        scientific = FALSE), "%")
}

# Standard errors of log(alpha), taxa x components.
.standard_errors <- function(object) {
    fit <- object@fit
    if (is.null(fit$StdErr)) log(fit$Upper / fit$Estimate) / 2 else fit$StdErr
}

# The same of the coefficients of the weights, terms x components but the first.
.weights_errors <- function(concomitant) {
    value <- concomitant$coefficients
    value[] <- sqrt(diag(concomitant$covariance))
    value
}

# `what` says what the rows of `estimate` are.
.check_parm <- function(parm, estimate, what) {
    if (is.null(parm))
        return(seq_len(nrow(estimate)))
    known <- if (is.character(parm)) parm %in% rownames(estimate)
        else is.numeric(parm) & parm %in% seq_len(nrow(estimate))
    if (!all(known))
        .stop("'parm' must be ", what, " of 'object', by name or by number ",
            "from 1 to ", nrow(estimate), "; found ", .first_few(parm[!known]))
    parm
}
