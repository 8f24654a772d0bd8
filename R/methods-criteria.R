#' How well a mixture fits
#'
#' The criteria by which fits are compared, all on a scale of which less is
#' better, and the log-likelihood.
#'
#' @details
#' With N samples, S taxa and K components there are `P = K S + K - 1`
#' parameters.
#'
#' * `NLE` is the negative log *posterior*: minus the log-likelihood, minus
#'   the log density of the Gamma prior in `log(alpha)` (see [dmncontrol()]).
#' * `LogDet` is the log-determinant of the Hessian of the NLE. For each weight
#'   `pi` but the largest it contains `2 log(N) - log(N pi)`; there `N pi`, the
#'   samples that a component expects, counts as 1 where it is less.
#' * `Laplace = NLE + LogDet / 2 - P / 2 log(2 pi)` approximates minus the log
#'   of the model's evidence. Holmes et al. (2012) choose the number of
#'   components by it.
#' * `BIC = NLE + P / 2 log(N)` and `AIC = NLE + P`. **They are on half the
#'   usual scale, and hold the prior**, as in the paper and in
#'   DirichletMultinomial. Compare them with one another, not with those of
#'   other models. For the usual ones: `-2 * logLik(fit) + 2 * attr(logLik(fit),
#'   "df")`.
#'
#' `logLik()` is the plain log-likelihood, with the multinomial coefficients
#' and without the prior. Of fits made by DirichletMultinomial, which do not
#' hold it, it is worked out from the NLE and the estimates.
#'
#' `Laplace` and `LogDet` of more than one component differ from
#' DirichletMultinomial's, whose Hessian does not weigh the samples by their
#' probabilities; the determinant here is exact.
#'
#' @param object an object of class [DMN-class]. For a list of fits use
#'     `vapply(fits, laplace, numeric(1))`.
#' @param newdata counts of other samples, samples x taxa, in any of the forms
#'     that [dmn()] takes; taxa are matched by name, see
#'     [`predict()`][predict.DMN]. Missing, for the samples of the fit.
#' @param ... for `AIC()` and `BIC()`, more fits to compare with `object`; for
#'     the others anything in it is an error.
#' @param k `numeric(1)`, the penalty for each parameter on the usual scale:
#'     the result is `NLE + k / 2 P`.
#' @return
#' `goodnessOfFit()`: a named `numeric(5)`, `NLE`, `LogDet`, `Laplace`, `BIC`
#' and `AIC`. `laplace()`, `AIC()`, `BIC()`: that element, `numeric(1)`. Given
#' several fits, `AIC()` and `BIC()` return a `data.frame` with a row for
#' each and columns `df` and `AIC` or `BIC`.
#'
#' `logLik()`: an object of class `logLik` with attributes `df`, P, and `nobs`,
#' the number of samples: N, or that of `newdata`. `nobs()`: N, `integer(1)`.
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
#' ## on samples that the fit has not seen: the mean of each
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
    object@goodnessOfFit[["Laplace"]]
}

#' @rdname goodnessOfFit
#' @export
laplace.default <- function(object, ...) .stop_not_a_fit(object, "laplace")

.parameters <- function(object) {
    estimate <- object@fit$Estimate
    ncol(estimate) * nrow(estimate) + ncol(estimate) - 1
}

# One value, or the table that stats::AIC() makes of several fits.
.criterion <- function(name, value, call, object, ...) {
    fits <- list(object, ...)
    if (length(fits) == 1L)
        return(value(object))
    is_fit <- vapply(fits, inherits, logical(1), "DMN")
    if (!all(is_fit))
        .stop(name, "() compares fits made by dmn(); found ",
            .describe(fits[[which(!is_fit)[[1L]]]]))
    table <- data.frame(df = vapply(fits, .parameters, numeric(1)),
        value = vapply(fits, value, numeric(1)))
    names(table)[[2L]] <- name
    row.names(table) <- .fit_labels(call, length(fits))
    table
}

# The expressions that a call gave for the fits; numbers where they are not
# expressions but, as from do.call(), the fits themselves.
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
logLik.DMN <- function(object, newdata, ...) {
    .refuse_dots(..., .what = "logLik", .known = c("object", "newdata"))
    if (!missing(newdata))
        return(.loglik_of_new(object, newdata))
    value <- object@mixture$LogLik
    if (is.null(value))
        value <- .loglik_from_nle(object)
    structure(value, df = .parameters(object), nobs = nrow(object@group),
        class = "logLik")
}

# A sample without counts has log-likelihood 0, and the engine wants none.
.loglik_of_new <- function(object, newdata) {
    estimate <- object@fit$Estimate
    newdata <- .align_taxa(.as_new_samples(newdata), rownames(estimate),
        nrow(estimate))
    newdata <- .as_counts(newdata, "newdata", allow.empty = TRUE)
    total <- if (is.matrix(newdata)) rowSums(newdata) else
        Matrix::rowSums(newdata)
    filled <- newdata[total > 0, , drop = FALSE]
    value <- if (nrow(filled) == 0L) 0 else
        .Call(R_dmm_evaluate, filled, log(estimate), object@mixture$Weight,
            dmncontrol(), .check_threads(dmnthreads()))$LogLik
    structure(value, df = .parameters(object), nobs = nrow(newdata),
        class = "logLik")
}

# NLE = -logLik - log prior. The constants are those of DirichletMultinomial,
# whose fits are the ones that lack a log-likelihood.
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
    nrow(object@group)
}
