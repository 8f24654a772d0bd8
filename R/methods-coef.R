#' Parameters of a fitted mixture and their intervals
#'
#' `coef()` returns the Dirichlet parameters of a fit, and `confint()` their
#' approximate confidence intervals.
#'
#' @details
#' The intervals come from a normal approximation in `log(alpha)`. Their ends
#' are `exp(log(alpha) -/+ q StdErr)`, where `q` is the normal quantile that
#' belongs to `level`. The standard errors are computed from the Hessian at the
#' optimum, given the posterior probabilities of the components for each sample.
#' The slots `fit@fit$Lower` and `fit@fit$Upper` are the ends with `q = 2`.
#'
#' A fit made by DirichletMultinomial holds no standard errors. They are
#' computed from its upper ends, which for more than one component are wrong or
#' missing (`NaN`), see [goodnessOfFit()].
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @return `coef()`: a numeric matrix, taxa x components, of Dirichlet
#'     parameters, the same as `fitted()`.
#'
#' `confint()`: a numeric array, taxa x 2 x components. The second dimension is
#' the lower and the upper end, named by their probabilities in per cent; the
#' third has the names of the components, see [componentLabels()].
#' @section Errors:
#' It is an error if `parm` has taxa that are not in the fit, and if `level` is
#' not between 0 and 1.
#' @seealso [mixture()], [summary.DMN()]
#' @examples
#' fit <- dmn(twins, 2, seed = 1)
#' head(coef(fit))
#' ci <- confint(fit, c("Bacteroides", "Prevotella"), level = 0.9)
#' ci
#' ci["Prevotella", , 2]
#' @importFrom stats coef
#' @export
coef.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "coef", .known = "object")
    fitted.DMN(object)
}

#' @rdname coef.DMN
#' @param parm the taxa to give intervals for, by name or by number. If it is
#'     missing, intervals are given for all taxa.
#' @param level `numeric(1)` between 0 and 1, default 0.95: the probability
#'     that an interval covers.
#' @importFrom stats confint
#' @export
confint.DMN <- function(object, parm, level = 0.95, ...) {
    .refuse_dots(..., .what = "confint", .known = names(formals(confint.DMN)))
    level <- .check_probability(level, "level")
    estimate <- fitted.DMN(object)
    taxa <- .check_parm(if (missing(parm)) NULL else parm, estimate)
    estimate <- estimate[taxa, , drop = FALSE]
    half <- stats::qnorm((1 + level) / 2) *
        .standard_errors(object)[taxa, , drop = FALSE]
    tail <- (1 - level) / 2
    ends <- paste(format(100 * c(tail, 1 - tail), trim = TRUE,
        digits = 3L, scientific = FALSE), "%")
    # from taxa x components x ends to taxa x ends x components
    value <- array(c(estimate * exp(-half), estimate * exp(half)),
        c(dim(estimate), 2L))
    value <- aperm(value, c(1L, 3L, 2L))
    dimnames(value) <- list(rownames(estimate), ends, colnames(estimate))
    value
}

# Standard errors of log(alpha), taxa x components.
.standard_errors <- function(object) {
    fit <- object@fit
    if (is.null(fit$StdErr)) log(fit$Upper / fit$Estimate) / 2 else fit$StdErr
}

.check_parm <- function(parm, estimate) {
    taxa <- rownames(estimate)
    if (is.null(parm))
        return(seq_len(nrow(estimate)))
    known <- if (is.character(parm)) parm %in% taxa
        else is.numeric(parm) & parm %in% seq_len(nrow(estimate))
    if (!all(known))
        .stop("'parm' must be taxa of 'object', by name or by number from 1 ",
            "to ", nrow(estimate), "; found ", .first_few(parm[!known]))
    parm
}
