#' The class of a fitted mixture
#'
#' [dmn()] returns an object of this S4 class. Its four slots have the names,
#' types and order of the class `DMN` in the \pkg{DirichletMultinomial}
#' package, so the accessor functions of either package work on the objects of
#' both. Read the slots through the accessors: [mixture()], [mixturewt()],
#' `fitted()`, [goodnessOfFit()] and [laplace()].
#'
#' @slot goodnessOfFit named `numeric(5)`: `NLE`, `LogDet`, `Laplace`, `BIC`
#'     and `AIC`. See [goodnessOfFit()] for what each of them is.
#' @slot group numeric matrix, samples x components: the posterior
#'     probability that each sample belongs to each component. The row names
#'     are the sample names of the counts. The column names are the numbers of
#'     the components, or their labels (see [componentLabels()]).
#' @slot mixture list. `Weight`: numeric, the weights of the components in
#'     decreasing order; they sum to 1. Fits made by this package have further
#'     elements: `LogLik` (the log-likelihood), `Iterations` (of EM),
#'     `Evaluations` (of the likelihood), `KmeansIterations`, `Converged`,
#'     `Reseeded` (how many components were empty after the k-means start and
#'     were restarted), `Empty` (how many components expect less than a tenth of
#'     a sample in the final fit), `Seed`, `Optimizer` and `Control` (see
#'     [dmncontrol()]). The best of several starts also has `NStart` and
#'     `Starts`, see [starts()].
#' @slot fit list of numeric matrices, taxa x components. `Estimate` holds the
#'     Dirichlet parameters, `Lower` and `Upper` the ends of their approximate
#'     95 % intervals, `exp(log(Estimate) -/+ 2 StdErr)`. Fits made by this
#'     package also have `StdErr`, the standard error of `log(Estimate)`. The
#'     row names are the taxa, and the column names are those of `group`.
#'
#' @section With DirichletMultinomial:
#' The matrices in DirichletMultinomial's objects have no column names. The
#' functions of this package add them to what they return.
#'
#' An object saved by one package can be loaded where only the other is
#' installed. Both packages can be loaded at once, in either order. When both
#' are *attached*, `predict(fit, newdata)` calls DirichletMultinomial's method,
#' which takes the columns of `newdata` in the order that they have. To call the
#' method of this package, which matches the columns by name, use
#' `stats::predict()`.
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

# An object whose class attribute names this package could not be loaded where
# only DirichletMultinomial is installed. With ".GlobalEnv", R finds the class
# in whichever of the two packages is loaded.
.empty_dmn <- local({
    object <- .DMN()
    attr(class(object), "package") <- ".GlobalEnv"
    object
})

# Makes an object from a result of the engine, which is valid. The checks of
# new() would take as long as a small fit.
.new_dmn <- function(goodnessOfFit, group, mixture, fit) {
    object <- .empty_dmn
    slot(object, "goodnessOfFit", check = FALSE) <- goodnessOfFit
    slot(object, "group", check = FALSE) <- group
    slot(object, "mixture", check = FALSE) <- mixture
    slot(object, "fit", check = FALSE) <- fit
    object
}
