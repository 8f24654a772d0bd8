#' How clearly a mixture parts the samples
#'
#' `entropy()` measures how uncertain the assignment of the samples to the
#' components is, and `ICL()`, the integrated completed likelihood, takes that
#' into account in choosing the number of components.
#'
#' @details
#' With the probabilities `z` of [mixture()], the entropy is `-sum(z log(z))`.
#' It is 0 where each sample belongs to one component for certain, and `N
#' log(K)` for N samples and K components where nothing is known.
#'
#' `ICL = BIC + entropy` (Biernacki, Celeux and Govaert 2000). As [BIC.DMN()],
#' it is on half the usual scale and holds the prior; less is better. It
#' prefers components that lie apart, and so often fewer than BIC does.
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @return `ICL()`: `numeric(1)`.
#'
#'     `entropy()`: `numeric(1)`, in nats; with `scale = TRUE`, between 0 and 1,
#'     and 0 for one component. With `by.sample = TRUE`, a numeric vector named
#'     by sample.
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
#' ## the samples that lie between components
#' head(sort(entropy(fits[[4]], by.sample = TRUE), decreasing = TRUE))
#' @export
ICL <- function(object, ...) UseMethod("ICL")

#' @rdname ICL
#' @export
ICL.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "ICL", .known = "object")
    object@goodnessOfFit[["BIC"]] + entropy.DMN(object)
}

#' @rdname ICL
#' @export
ICL.default <- function(object, ...) .stop_not_a_fit(object, "ICL")

#' @rdname ICL
#' @export
entropy <- function(object, ...) UseMethod("entropy")

#' @rdname ICL
#' @param scale `logical(1)`, default `FALSE`. Divide by the largest possible,
#'     the logarithm of the number of components for each sample?
#' @param by.sample `logical(1)`, default `FALSE`. Return each sample's entropy
#'     rather than the sum?
#' @export
entropy.DMN <- function(object, ..., scale = FALSE, by.sample = FALSE) {
    .refuse_dots(..., .what = "entropy", .known = names(formals(entropy.DMN)))
    scale <- .check_flag(scale, "scale")
    by.sample <- .check_flag(by.sample, "by.sample")
    z <- object@group
    term <- -z * log(z)
    term[z == 0] <- 0
    value <- rowSums(term)
    if (scale && ncol(z) > 1L)
        value <- value / log(ncol(z))
    if (by.sample)
        value
    else if (scale)
        mean(value)
    else
        sum(value)
}

#' @rdname ICL
#' @export
entropy.default <- function(object, ...) .stop_not_a_fit(object, "entropy")
