#' The taxa that make the components
#'
#' A table of the taxa by how much they contribute to the difference of the
#' components from a reference, as from a fit with one component: what the
#' files of mothur's `get.communitytype` call the summary.
#'
#' @details
#' A taxon's difference is the sum over the components of the absolute
#' difference between its mean proportion in the component and in the
#' reference. Intervals are those of the Dirichlet parameter (see
#' [DMN-class]), divided by the component's precision `theta`, and end at 1.
#'
#' @param object an object of class [DMN-class].
#' @param reference `NULL`, for the mean of the components, weighted by their
#'     weights; or a fit with one component of the same taxa; or the number or
#'     the label of a component of `object`.
#' @param n `numeric(1)`, a whole number >= 1, default 30: how many taxa to
#'     list, at most.
#' @return A `data.frame` with a row for each taxon, by decreasing difference,
#'     and columns `taxon`; `reference`, its mean proportion there; for each
#'     component `mean`, `lower` and `upper`, its mean proportion and the ends
#'     of an approximate 95 % interval, named as `mean.1`, or by its label
#'     ([componentLabels()]); `difference`; and
#'     `cumulative`, the fraction of the differences of all taxa that this one
#'     and those before it make.
#' @seealso [writeDMN()], [mixturewt()], [`fitted()`][mixture]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' drivers(fit, n = 5)
#'
#' ## against the fit with one component
#' drivers(fit, dmn(twins, 1, seed = 1), n = 5)
#' @export
drivers <- function(object, reference = NULL, n = 30) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "drivers")
    n <- .check_whole(n, "n")
    share <- unname(fitted.DMN(object, scale = TRUE))
    base <- .reference_share(object, reference, share)
    difference <- rowSums(abs(share - base))
    order <- order(difference, decreasing = TRUE)
    total <- sum(difference)
    cumulative <- if (total > 0)
        cumsum(difference[order]) / total
    else
        rep(1, length(order))
    top <- utils::head(order, n)
    data.frame(taxon = .taxon_names(object)[top], reference = base[top],
        .share_columns(object, share)[top, , drop = FALSE],
        difference = difference[top],
        cumulative = utils::head(cumulative, n), row.names = NULL)
}

.taxon_names <- function(object) {
    names <- rownames(object@fit$Estimate)
    if (is.null(names))
        names <- as.character(seq_len(nrow(object@fit$Estimate)))
    names
}

# mean.1, lower.1, upper.1, mean.2, ... of all taxa; with labels, those.
.share_columns <- function(object, share) {
    estimate <- object@fit$Estimate
    scale <- share / estimate
    columns <- lapply(seq_len(ncol(share)), function(k) {
        cbind(share[, k], object@fit$Lower[, k] * scale[, k],
            pmin(object@fit$Upper[, k] * scale[, k], 1))
    })
    table <- as.data.frame(do.call(cbind, columns))
    names(table) <- paste(c("mean", "lower", "upper"),
        rep(componentLabels(object), each = 3L), sep = ".")
    table
}

.reference_share <- function(object, reference, share) {
    if (is.null(reference))
        return(drop(share %*% object@mixture$Weight))
    if (inherits(reference, "DMN"))
        return(.fit_share(object, reference))
    labels <- componentLabels(object)
    chosen <- if (is.character(reference) && length(reference) == 1L)
        match(reference, labels)
    else if (.is_whole(reference, 1, ncol(share)))
        as.integer(reference)
    else
        NA_integer_
    if (is.na(chosen))
        .stop("'reference' must be NULL, a fit with one component or one of ",
            "the components of 'object', ", paste(labels, collapse = ", "),
            "; found ", .describe(reference))
    share[, chosen]
}

.fit_share <- function(object, reference) {
    if (ncol(reference@group) != 1L)
        .stop("'reference' must have one component; found ",
            ncol(reference@group))
    share <- fitted.DMN(reference, scale = TRUE)[, 1L]
    if (length(share) != nrow(object@fit$Estimate))
        .stop("'reference' must have the taxa of 'object', ",
            nrow(object@fit$Estimate), "; found ", length(share))
    ours <- rownames(object@fit$Estimate)
    if (is.null(ours) || is.null(names(share)) ||
        identical(ours, names(share)))
        return(unname(share))
    if (anyDuplicated(ours))
        .stop("'reference' has the taxa in another order, and some of ",
            "'object' share a name: ",
            .first_few(unique(ours[duplicated(ours)])))
    at <- match(ours, names(share))
    if (anyNA(at))
        .stop("'reference' lacks taxa of 'object': ",
            .first_few(ours[is.na(at)]))
    unname(share[at])
}
