#' The taxa that distinguish the components
#'
#' A table of the taxa, ordered by how much they contribute to the difference
#' between the components and a reference, such as a fit with one component.
#' mothur's `get.communitytype` writes this table to its summary file.
#'
#' @details
#' The difference of a taxon is the sum, over the components, of the absolute
#' difference between its mean proportion in the component and in the
#' reference. The intervals are those of the Dirichlet parameters (see
#' [DMN-class]) divided by the component's precision `theta`; an upper end above
#' 1 is set to 1.
#'
#' @param object an object of class [DMN-class]; for `autoplot()`, a table made
#'     by `drivers()`.
#' @param x a table made by `drivers()`.
#' @param ... not used, and anything in it is an error.
#' @param reference what to compare the components with. `NULL`, the default:
#'     the mean of the components of `object`, weighted by their weights. Or a
#'     fit with one component to the same taxa. Or one of the components of
#'     `object`, by number or by label.
#' @param n `numeric(1)`, a whole number >= 1, default 30: the largest number of
#'     taxa to list.
#' @return A `data.frame` of class `dmndrivers` with one row for each taxon, in
#'     decreasing order of difference (and of `reference`, where differences are
#'     equal), and these columns.
#'     [`generics::tidy()`][tidy.DMN] makes it a long table.
#'
#' * `taxon`: the name of the taxon, or its number if taxa have no names.
#' * `reference`: its mean proportion in the reference.
#' * `mean.1`, `lower.1`, `upper.1`, and so on for each component: its mean
#'   proportion in the component, and the ends of an approximate 95 % interval.
#'   If the components have labels ([componentLabels()]), these replace the
#'   numbers.
#' * `difference`: see above.
#' * `cumulative`: the sum of the differences of this taxon and of those above
#'   it, as a fraction of the sum over all taxa.
#' `autoplot()`: a `ggplot` object, of the differences from the reference, with
#' their intervals. `plot()` draws it and returns it invisibly. Both need the
#' \pkg{ggplot2} package, and [`autoplot(fit, "drivers")`][autoplot.DMN] makes
#' the same plot of a fit.
#' @section Errors:
#' It is an error if `reference` is a fit that has more than one component or
#' lacks taxa of `object`, or is not one of the components of `object`.
#' @seealso [writeDMN()], [mixturewt()], [`fitted()`][mixture]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' drivers(fit, n = 5)
#'
#' ## against the fit with one component
#' top <- drivers(fit, dmn(twins, 1, seed = 1), n = 5)
#' top
#' if (requireNamespace("ggplot2", quietly = TRUE))
#'     plot(top)
#' @export
drivers <- function(object, reference = NULL, n = 30) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "drivers")
    .check_fit(object, read = "Estimate")
    n <- .check_whole(n, "n")
    share <- unname(fitted.DMN(object, scale = TRUE))
    base <- .reference_share(object, reference, share)
    difference <- rowSums(abs(share - base))
    order <- .driver_order(share, base)
    total <- sum(difference)
    cumulative <- if (total > 0)
        cumsum(difference[order]) / total
    else
        rep(1, length(order))
    top <- utils::head(order, n)
    table <- data.frame(taxon = .taxon_names(object)[top],
        reference = base[top],
        .share_columns(object, share)[top, , drop = FALSE],
        difference = difference[top],
        cumulative = utils::head(cumulative, n), row.names = NULL,
        # labels stay as they are
        check.names = FALSE)
    structure(table, class = c("dmndrivers", "data.frame"))
}

# Taxa by how much the components differ from the reference and, where they do
# so equally, by the reference.
.driver_order <- function(share, base) {
    order(rowSums(abs(share - base)), base, decreasing = TRUE)
}

.taxon_names <- function(object) {
    names <- rownames(object@fit$Estimate)
    if (is.null(names))
        names <- as.character(seq_len(nrow(object@fit$Estimate)))
    names
}

# The columns mean.1, lower.1, upper.1, mean.2, ... of all taxa; labels, where
# there are any, replace the numbers.
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
    .check_fit(reference, "reference", read = "Estimate")
    if (ncol(reference@group) != 1L)
        .stop("'reference' must have one component; found ",
            ncol(reference@group))
    share <- fitted.DMN(reference, scale = TRUE)
    share <- stats::setNames(as.vector(share), rownames(share))
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
