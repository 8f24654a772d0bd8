#' Picture of samples by component
#'
#' A heat map of the counts: a column for each sample, the samples grouped by
#' their most probable component, and beside each group a wide column with the
#' component's mean proportions. The rows are the taxa in which the components
#' differ most from the average community.
#'
#' @param count counts, samples x taxa: the table that both fits were made
#'     from.
#' @param fit1 a fit of one component, made by [dmn()] with `k = 1`: the
#'     average community.
#' @param fitN a fit of any number of components.
#' @param ntaxa `numeric(1)`, a whole number >= 1, default 30: how many taxa
#'     to show. They are ordered by the sum of the absolute differences between
#'     their mean proportions in the components of `fitN` and in `fit1`.
#' @param ... not used; anything in it is an error.
#' @param transform a function of the counts, and of the proportions, that are
#'     shown; the square root by default. It changes neither the order of
#'     the taxa nor the components.
#' @param lblwidth `numeric(1)` > 0, default `0.2 * nrow(count)`: the width of
#'     the margin for the names of the taxa, in samples.
#' @param col colours from the least to the greatest value, by default nine
#'     from light yellow to dark red. Each group, and each wide column, has a
#'     scale of its own.
#' @return Invisibly, a list: `taxa`, the taxa from top to bottom, by name or,
#'     where they have none, by number; `samples`, a list with the samples of
#'     each component from left to right.
#' @details
#' Components come in their order, by decreasing weight. One that holds no
#' sample has its wide column only. Labels set by [componentLabels()] are
#' written above.
#' @seealso [dmn()], [mixture()]
#' @examples
#' fits <- lapply(c(1, 4), dmn, count = twins, seed = 1)
#' heatmapdmn(twins, fits[[1]], fits[[2]], 30)
#' @export
heatmapdmn <- function(count, fit1, fitN, ntaxa = 30, ...,
    transform = sqrt, lblwidth = 0.2 * nrow(count), col = .gradient)
{
    .refuse_dots(..., .what = "heatmapdmn", .known = names(formals(heatmapdmn)))
    .check_heatmap_fits(fit1, fitN)
    ntaxa <- .check_whole(ntaxa, "ntaxa")
    if (!is.function(transform))
        .stop("'transform' must be a function such as sqrt; found ",
            .describe(transform))
    taxa <- rownames(fitN@fit$Estimate)
    count <- .align_taxa(.as_count_matrix(count, "count"), taxa,
        nrow(fitN@fit$Estimate), "count")
    .check_heatmap_samples(count, fitN)
    lblwidth <- .check_number(lblwidth, "lblwidth", 0, open = TRUE)

    top <- .leading_differences(fit1, fitN, ntaxa)
    share <- fitted.DMN(fitN, scale = TRUE)[top, , drop = FALSE]
    shown <- as.matrix(count[, top, drop = FALSE])
    member <- split(seq_len(nrow(count)), factor(.assigned(fitN),
        seq_len(ncol(share))))
    .draw_heatmap(transform(shown), transform(share), unname(member),
        if (is.null(taxa)) as.character(top) else taxa[top], lblwidth, col,
        colnames(fitN@group))
    names(member) <- componentLabels(fitN)
    invisible(list(taxa = if (is.null(taxa)) top else taxa[top],
        samples = lapply(member, function(i) {
            if (is.null(rownames(count))) i else rownames(count)[i]
        })))
}

# The taxa that differ most between the components and the average. Those that
# do not differ, as all of one component, come by their share.
.leading_differences <- function(fit1, fitN, ntaxa) {
    average <- as.vector(fitted.DMN(fit1, scale = TRUE))
    difference <- rowSums(abs(fitted.DMN(fitN, scale = TRUE) - average))
    # what two optima of one component differ by is no difference
    if (ncol(fitN@group) == 1L)
        difference <- 0 * difference
    utils::head(order(difference, average, decreasing = TRUE), ntaxa)
}

# One row of panels: samples and mean of each component, and the names.
.draw_heatmap <- function(count, share, member, names, lblwidth, col, labels) {
    mean_width <- 0.15 * nrow(count) / length(member)
    size <- lengths(member)
    width <- c(rbind(size, mean_width), lblwidth)
    graphics::layout(t(seq_along(width[width > 0])),
        widths = width[width > 0])
    old <- graphics::par(mar = c(1, 0, 1, 0))
    on.exit({
        graphics::par(old)
        graphics::layout(1L)
    })
    rows <- rev(seq_along(names))
    panel <- function(z) {
        graphics::image(z, col = col, xaxt = "n", yaxt = "n")
    }
    for (k in seq_along(member)) {
        if (size[[k]] > 0L)
            panel(count[member[[k]], rows, drop = FALSE])
        if (!is.null(labels) && size[[k]] > 0L)
            graphics::mtext(labels[[k]], side = 3L, cex = 0.7)
        panel(t(share[rows, k, drop = FALSE]))
        if (!is.null(labels) && size[[k]] == 0L)
            graphics::mtext(labels[[k]], side = 3L, cex = 0.7)
    }
    at <- if (length(names) == 1L) 0 else
        seq(0, 1, length.out = length(names))
    graphics::axis(4L, at, names[rows], las = 1L)
}

.check_heatmap_fits <- function(fit1, fitN) {
    if (!inherits(fit1, "DMN") || ncol(fit1@group) != 1L)
        .stop("'fit1' must be a fit of one component, dmn(count, 1); found ",
            if (inherits(fit1, "DMN"))
                .plural(ncol(fit1@group), "component")
            else .describe(fit1))
    if (!inherits(fitN, "DMN"))
        .stop("'fitN' must be a fit made by dmn(); found ", .describe(fitN))
    taxa <- rownames(fitN@fit$Estimate)
    if (nrow(fit1@fit$Estimate) != nrow(fitN@fit$Estimate) ||
        !identical(rownames(fit1@fit$Estimate), taxa))
        .stop("'fit1' and 'fitN' must have the same taxa in the same order; ",
            "found ", nrow(fit1@fit$Estimate), " and ",
            nrow(fitN@fit$Estimate), ". Fit both to 'count'")
}

.check_heatmap_samples <- function(count, fitN) {
    same <- nrow(count) == nrow(fitN@group) &&
        (is.null(rownames(count)) || is.null(rownames(fitN@group)) ||
            identical(rownames(count), rownames(fitN@group)))
    if (!same)
        .stop("'count' must have the samples of 'fitN' in its rows, in the ",
            "same order; found ", .plural(nrow(count), "row"), " for ",
            .plural(nrow(fitN@group), "sample"),
            ". Pass the table that the fit was made from")
}
