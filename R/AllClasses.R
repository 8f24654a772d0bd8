#' The class of a fitted mixture
#'
#' [dmn()] returns an object of this S4 class. Its four slots have the names,
#' types and order of the class of the same name in the
#' \pkg{DirichletMultinomial} package, so that either package's accessors
#' work on either's objects. Read them through the accessors: [mixture()],
#' [mixturewt()], `fitted()`, [goodnessOfFit()] and [laplace()].
#'
#' @slot goodnessOfFit named `numeric(5)`: `NLE`, `LogDet`, `Laplace`, `BIC`
#'     and `AIC`. See [goodnessOfFit()] for what each is and its scale.
#' @slot group numeric matrix, samples x components: the posterior
#'     probability that each sample belongs to each component. Row names are
#'     those of the counts.
#' @slot mixture list. `Weight`: numeric, one weight for each component, in
#'     decreasing order, summing to 1. Fits made by this package then have
#'     `LogLik` (the log-likelihood), `Iterations` (of EM), `Evaluations` (of
#'     the likelihood), `KmeansIterations`, `Converged`, `Reseeded` (how many
#'     components emptied in the start and were restarted), `Empty` (how many
#'     expect less than a tenth of a sample in the end), `Seed`, `Optimizer` and
#'     `Control` (see [dmncontrol()]); the best of several starts also has
#'     `NStart` and `Starts`, see [starts()].
#' @slot fit list of numeric matrices, taxa x components: `Lower`,
#'     `Estimate` and `Upper`, the Dirichlet parameters and the ends of their
#'     approximate 95 % intervals, `exp(log(Estimate) -/+ 2 StdErr)`. Fits
#'     made by this package then have `StdErr`, the standard error of
#'     `log(Estimate)`. Row names are the taxa.
#'
#' @section With DirichletMultinomial:
#' An object saved by one package opens where only the other is installed.
#' Both can be loaded at once, in either order. When both are *attached*,
#' `predict(fit, newdata)` finds DirichletMultinomial's method, which takes
#' the columns of `newdata` as they come; call `stats::predict()` for this
#' package's, which aligns them by name.
#'
#' @return Objects of class `DMN` are returned by [dmn()].
#' @examples
#' fit <- dmn(twins, 2, seed = 1)
#' is(fit, "DMN")
#' slotNames(fit)
#' names(fit@mixture)
#' @name DMN-class
#' @aliases DMN
#' @importFrom methods new setClass setMethod slot<-
#' @exportClass DMN
NULL

.criteria <- c("NLE", "LogDet", "Laplace", "BIC", "AIC")

.valid_criteria <- function(object) {
    missing <- setdiff(.criteria, names(object@goodnessOfFit))
    if (length(missing))
        paste("'goodnessOfFit' lacks", paste(missing, collapse = ", "))
}

.valid_weight <- function(object) {
    k <- length(object@mixture$Weight)
    if (k != ncol(object@group))
        sprintf("'group' has %d columns, 'mixture$Weight' has length %d",
            ncol(object@group), k)
}

.valid_fit <- function(object) {
    expected <- c(NROW(object@fit$Estimate), ncol(object@group))
    dims <- lapply(object@fit[c("Lower", "Estimate", "Upper")], dim)
    bad <- !vapply(dims, identical, logical(1), expected)
    if (any(bad))
        sprintf("'fit$%s' must be a matrix of taxa x components, %d x %d",
            c("Lower", "Estimate", "Upper")[bad], expected[1L], expected[2L])
}

.DMN <- setClass("DMN",
    slots = c(goodnessOfFit = "numeric", group = "matrix", mixture = "list",
        fit = "list"),
    validity = function(object) {
        problems <- c(.valid_criteria(object), .valid_weight(object),
            .valid_fit(object))
        if (length(problems)) problems else TRUE
    })

# A class that names this package could not be opened where only
# DirichletMultinomial is installed; this one opens with either or both.
.empty_dmn <- local({
    object <- .DMN()
    attr(class(object), "package") <- ".GlobalEnv"
    object
})

# For what the engine made, which is valid: new() would spend a tenth of a
# millisecond, some fits' whole time, to find that out.
.new_dmn <- function(goodnessOfFit, group, mixture, fit) {
    object <- .empty_dmn
    slot(object, "goodnessOfFit", check = FALSE) <- goodnessOfFit
    slot(object, "group", check = FALSE) <- group
    slot(object, "mixture", check = FALSE) <- mixture
    slot(object, "fit", check = FALSE) <- fit
    object
}
