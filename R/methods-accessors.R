#' Read a fitted mixture
#'
#' Functions that return the parts of a fit: which component each sample belongs
#' to, how large each component is, and which taxa it is made of.
#'
#' @param object an object of class [DMN-class], made by [dmn()] or by
#'     DirichletMultinomial. For a list of fits use `lapply(fits, mixture)`.
#' @param ... not used for a fit, and anything in it is an error; methods for
#'     other classes may use it.
#' @param assign `logical(1)`, default `FALSE`. If `TRUE`, the most probable
#'     component of each sample is returned instead of the probabilities.
#' @param scale `logical(1)`, default `FALSE`. If `TRUE`, the parameters of each
#'     component are divided by their sum `theta`. They then are the mean
#'     proportions of the taxa in that component, and each column sums to 1.
#' @return
#' `mixture()`: a numeric matrix, samples x components, of the posterior
#' probability that each sample belongs to each component. A fit made with
#' `keep.group = FALSE` does not hold it. The row names are
#' the samples, and the column names the components: their numbers, or their
#' labels, see [componentLabels()]. With `assign = TRUE`, an integer vector
#' named by sample: the most probable component, and the first of them if
#' several are equally probable. It is a factor if the components have labels
#' other than their numbers.
#'
#' `mixturewt()`: a `data.frame` with one row for each component, in decreasing
#' order of weight. The row names are the components. The column `pi` is the
#' weight of the component. The column `theta` is the sum of its Dirichlet
#' parameters, its precision: the smaller it is, the more the samples of that
#' component vary.
#'
#' `fitted()`: a numeric matrix, taxa x components, of Dirichlet parameters.
#' The row names are the taxa, and the column names those of `mixture()`. The
#' ends of their approximate 95 % intervals are `object@fit$Lower` and
#' `object@fit$Upper`.
#' @section Errors:
#' It is an error if `object` is not a fit. The message says how to apply the
#' function to a list of fits. Every function that reads a fit also refuses one
#' that is damaged, such as one from a file of which a part is missing, and says
#' what is wrong with it.
#' @seealso [dmn()], [goodnessOfFit()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' head(mixture(fit), 3)
#' table(mixture(fit, assign = TRUE))
#' mixturewt(fit)
#'
#' ## the leading genera of the first component, in per cent
#' share <- fitted(fit, scale = TRUE)[, 1]
#' head(round(100 * sort(share, decreasing = TRUE), 1))
#' @export
mixture <- function(object, ..., assign = FALSE) UseMethod("mixture")

#' @rdname mixture
#' @export
mixture.DMN <- function(object, ..., assign = FALSE) {
    .refuse_dots(..., .what = "mixture", .known = c("object", "assign"))
    assign <- .check_flag(assign, "assign")
    .check_fit(object, read = "group")
    if (!assign)
        return(.named_components(.group_of(object)))
    .name_assigned(.assigned(object), .samples_of(object),
        colnames(object@group))
}

#' @rdname mixture
#' @export
mixture.default <- function(object, ..., assign = FALSE) {
    .stop_not_a_fit(object, "mixture")
}

# The most probable class of each sample, its probability, and the sum of those
# of all others, from `z`, samples x classes, of probabilities.
.classes <- function(z, labels) {
    z <- unname(z)
    class <- max.col(z, ties.method = "first")
    chosen <- cbind(seq_along(class), class)
    table <- data.frame(.class = factor(labels[class], labels),
        .probability = z[chosen])
    # 1 - .probability would be 0 for most samples
    z[chosen] <- 0
    table$.uncertainty <- rowSums(z)
    table
}

.most_probable <- function(group) {
    .name_assigned(max.col(group, ties.method = "first"), rownames(group),
        colnames(group))
}

# Numbers of components, with names of samples, as mixture() returns them.
.name_assigned <- function(assigned, samples, components) {
    if (.are_labels(components))
        assigned <- factor(components[assigned], components)
    names(assigned) <- samples
    assigned
}

.stop_not_a_fit <- function(object, what) {
    is_list <- is.list(object) && length(object) > 0L &&
        all(vapply(object, inherits, logical(1), "DMN"))
    found <- if (inherits(object, "DMNSelect")) "fits made by dmnselect()"
        else if (inherits(object, "DMNGroup")) "fits made by dmngroup()"
        else if (is_list) "a list of fits"
    .stop("'object' must be a fit made by dmn(); found ",
        if (is.null(found)) .describe(object) else paste0(found, "; use ",
            if (inherits(object, "DMNSelect")) "best(object), or ",
            "lapply(object, ", what, ")"))
}

#' @rdname mixture
#' @export
mixturewt <- function(object, ...) UseMethod("mixturewt")

#' @rdname mixture
#' @export
mixturewt.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "mixturewt", .known = "object")
    .check_fit(object, read = "Estimate")
    table <- as.data.frame(.Call(R_dmm_mixture_weights, object@fit$Estimate,
        object@mixture$Weight))
    if (.has_labels(object))
        row.names(table) <- colnames(object@group)
    table
}

#' @rdname mixture
#' @export
mixturewt.default <- function(object, ...) {
    .stop_not_a_fit(object, "mixturewt")
}

#' @rdname mixture
#' @importFrom stats fitted
#' @export
fitted.DMN <- function(object, ..., scale = FALSE) {
    .refuse_dots(..., .what = "fitted", .known = c("object", "scale"))
    scale <- .check_flag(scale, "scale")
    .check_fit(object, read = "Estimate")
    estimate <- .named_components(object@fit$Estimate)
    if (!scale)
        return(estimate)
    estimate / rep(mixturewt(object)$theta, each = nrow(estimate))
}
