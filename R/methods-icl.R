#' How clearly a mixture separates the samples
#'
#' `entropy()` measures how uncertain the assignment of the samples to the
#' components is. `ICL()`, the integrated completed likelihood, is a criterion
#' for the number of components that takes this uncertainty into account.
#'
#' @details
#' The entropy is `-sum(z log(z))`, where `z` are the posterior probabilities of
#' [mixture()]. It is 0 if each sample belongs to one component for certain. Its
#' largest value is `N log(K)` for N samples and K components, when all
#' components are equally probable for every sample.
#'
#' `ICL = BIC + entropy` (Biernacki, Celeux and Govaert 2000). Like
#' [BIC.DMN()], it is on half the usual scale and includes the prior, and lower
#' values are better. It favours components that are well separated, and so
#' often chooses fewer of them than BIC.
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @return `ICL()`: `numeric(1)`.
#'
#' `entropy()`: `numeric(1)`, in nats. With `scale = TRUE` it is between 0 and
#' 1, and 0 for a fit with one component. With `by.sample = TRUE`, a numeric
#' vector named by sample.
#' @references
#' Biernacki C, Celeux G, Govaert G (2000). Assessing a mixture model for
#' clustering with the integrated completed likelihood. *IEEE Transactions on
#' Pattern Analysis and Machine Intelligence* 22, 719-725.
#' \doi{10.1109/34.865189}
#' @seealso [goodnessOfFit()]
#' @examples
#' fits <- lapply(1:4, dmn, count = twins, seed = 1)
#' vapply(fits, ICL, numeric(1))
#' vapply(fits, entropy, numeric(1), scale = TRUE)
#'
#' ## the samples whose component is least certain
#' head(sort(entropy(fits[[4]], by.sample = TRUE), decreasing = TRUE))
#' @export
ICL <- function(object, ...) UseMethod("ICL")

#' @rdname ICL
#' @export
ICL.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "ICL", .known = "object")
    .check_fit(object, read = "group")
    object@goodnessOfFit[["BIC"]] + entropy.DMN(object)
}

#' @rdname ICL
#' @export
ICL.default <- function(object, ...) .stop_not_a_fit(object, "ICL")

#' @rdname ICL
#' @export
entropy <- function(object, ...) UseMethod("entropy")

#' @rdname ICL
#' @param scale `logical(1)`, default `FALSE`. If `TRUE`, the entropy is divided
#'     by its largest possible value, the logarithm of the number of components
#'     for each sample.
#' @param by.sample `logical(1)`, default `FALSE`. If `TRUE`, the entropy of
#'     each sample is returned instead of the sum.
#' @export
entropy.DMN <- function(object, ..., scale = FALSE, by.sample = FALSE) {
    .refuse_dots(..., .what = "entropy", .known = names(formals(entropy.DMN)))
    scale <- .check_flag(scale, "scale")
    by.sample <- .check_flag(by.sample, "by.sample")
    .check_fit(object, read = "group")
    k <- ncol(object@group)
    unit <- if (scale && k > 1L) log(k) else 1
    if (by.sample)
        return(.entropies(.group_of(object)) / unit)
    value <- if (.is_compact(object))
        object@mixture$Assigned$entropy
    else
        sum(.entropies(object@group))
    value / (if (scale) unit * .n_samples(object) else 1)
}

.entropies <- function(z) {
    term <- -z * log(z)
    term[z == 0] <- 0
    rowSums(term)
}

#' @rdname ICL
#' @export
entropy.default <- function(object, ...) .stop_not_a_fit(object, "entropy")
