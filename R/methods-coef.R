#' Parameters of a fitted mixture and their intervals
#'
#' @details
#' Intervals are those of a normal approximation in `log(alpha)`, taken back:
#' `exp(log(alpha) -/+ q StdErr)`, `q` the normal quantile of `level`. The
#' standard errors are from the Hessian at the optimum, given each sample's
#' probabilities of belonging to the components. The slots `fit@fit$Lower`
#' and `fit@fit$Upper` are the same with `q = 2`.
#'
#' A fit made by DirichletMultinomial holds no standard errors; they are worked
#' out from its upper ends, which are wrong, or missing (`NaN`), for more than
#' one component (see [goodnessOfFit()]).
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @return `coef()`: a numeric matrix, taxa x components, of Dirichlet
#'     parameters, as `fitted()` gives.
#'
#'     `confint()`: a numeric array, taxa x 2 x components: the lower and upper
#'     ends, whose names are their probabilities in per cent.
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
    object@fit$Estimate
}

#' @rdname coef.DMN
#' @param parm the taxa to give intervals for: names, or numbers. All, where it
#'     is missing.
#' @param level `numeric(1)` between 0 and 1, default 0.95: the probability
#'     that an interval covers.
#' @importFrom stats confint
#' @export
confint.DMN <- function(object, parm, level = 0.95, ...) {
    .refuse_dots(..., .what = "confint", .known = names(formals(confint.DMN)))
    if (!.is_number(level) || level <= 0 || level >= 1)
        .stop("'level' must be one number between 0 and 1; found ",
            .describe(level))
    estimate <- object@fit$Estimate
    taxa <- .check_parm(if (missing(parm)) NULL else parm, estimate)
    estimate <- estimate[taxa, , drop = FALSE]
    half <- stats::qnorm((1 + level) / 2) *
        .standard_errors(object)[taxa, , drop = FALSE]
    tail <- (1 - level) / 2
    ends <- paste(format(100 * c(tail, 1 - tail), trim = TRUE,
        digits = 3L, scientific = FALSE), "%")
    # components last: taxa x components x ends, turned
    value <- array(c(estimate * exp(-half), estimate * exp(half)),
        c(dim(estimate), 2L))
    value <- aperm(value, c(1L, 3L, 2L))
    dimnames(value) <- list(rownames(estimate), ends, colnames(estimate))
    value
}

# Of log(alpha), taxa x components.
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
