#' Heat map of samples grouped by component
#'
#' Draws the counts as a heat map with one column for each sample. The samples
#' are grouped by their most probable component. To the right of each group, a
#' wide column shows the mean proportions of the component. The rows are the
#' taxa in which the components differ most from the average community.
#'
#' @param count counts, samples x taxa, in any of the forms that [dmn()] takes:
#'     the table that both fits were made from.
#' @param fit1 a fit with one component, made by [dmn()] with `k = 1`: the
#'     average community.
#' @param fitN a fit with any number of components.
#' @param ntaxa `numeric(1)`, a whole number >= 1, default 30: the number of
#'     taxa to show. They are ordered by the sum of the absolute differences
#'     between their mean proportions in the components of `fitN` and in `fit1`.
#' @param ... not used; anything in it is an error.
#' @param transform a function that is applied to the counts and the proportions
#'     before they are drawn, by default the square root. It changes neither the
#'     order of the taxa nor the components.
#' @param lblwidth `numeric(1)`, > 0, default `0.2 * nrow(count)`: the width of
#'     the margin for the names of the taxa, in units of one sample's column.
#'     Names that do not fit are written smaller, and those of more than 30
#'     characters without their middle.
#' @param col a vector of colours, for the smallest to the largest value; by
#'     default nine colours from light yellow to dark red. Each group of
#'     samples, and each wide column, has a colour scale of its own.
#' @param missing.taxa `"error"`, the default, or `"zero"`: what to do if the
#'     taxa of `count` are not those of the fits, see
#'     [`predict()`][predict.DMN]. With `"zero"`, `count` can be the table as it
#'     was before rare taxa were removed.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     the counts are in a SummarizedExperiment.
#' @return Invisibly, a list of two elements. `taxa`: the taxa from top to
#'     bottom, by name or, if they have none, by number. `samples`: a list,
#'     named by component, of the samples of each component from left to right,
#'     by name or by number.
#' @details
#' The components are drawn in their order, by decreasing weight. A component
#' that is the most probable one of no sample has only its wide column. Labels
#' set by [componentLabels()] are written above the groups.
#' @section Errors:
#' It is an error if `fit1` has more than one component, if the fits do not have
#' the same taxa in the same order, and if the samples of `count` are not those
#' of `fitN` in the same order.
#' @seealso [dmn()], [mixture()]
#' @examples
#' fits <- lapply(c(1, 4), dmn, count = twins, seed = 1)
#' heatmapdmn(twins, fits[[1]], fits[[2]], 30)
#' @export
heatmapdmn <- function(count, fit1, fitN, ntaxa = 30, ...,
    transform = sqrt, lblwidth = 0.2 * nrow(count), col = .gradient,
    missing.taxa = c("error", "zero"), assay.type = "counts")
{
    .refuse_dots(..., .what = "heatmapdmn", .known = names(formals(heatmapdmn)))
    .check_heatmap_fits(fit1, fitN)
    ntaxa <- .check_whole(ntaxa, "ntaxa")
    if (!is.function(transform))
        .stop("'transform' must be a function such as sqrt; found ",
            .describe(transform))
    missing.taxa <- .check_missing_taxa(missing.taxa)
    taxa <- rownames(fitN@fit$Estimate)
    count <- .align_taxa(.as_count_matrix(count, "count", assay.type),
        fitN@fit$Estimate, "count", missing.taxa)
    .check_heatmap_samples(count, fitN)
    lblwidth <- .check_number(lblwidth, "lblwidth", 0, open = TRUE)

    top <- .leading_differences(fit1, fitN, ntaxa)
    share <- fitted.DMN(fitN, scale = TRUE)[top, , drop = FALSE]
    shown <- as.matrix(count[, top, drop = FALSE])
    member <- split(seq_len(nrow(count)), factor(.assigned(fitN),
        seq_len(ncol(share))))
    .draw_heatmap(transform(shown), transform(share), unname(member),
        .taxon_names(fitN)[top], lblwidth, col,
        if (.has_labels(fitN)) componentLabels(fitN))
    names(member) <- componentLabels(fitN)
    invisible(list(taxa = if (is.null(taxa)) top else taxa[top],
        samples = lapply(member, function(i) {
            if (is.null(rownames(count))) i else rownames(count)[i]
        })))
}

# The taxa that differ most between the components and the average. Taxa that do
# not differ, as in a fit with one component, are ordered by mean proportion.
.leading_differences <- function(fit1, fitN, ntaxa) {
    average <- as.vector(fitted.DMN(fit1, scale = TRUE))
    difference <- rowSums(abs(fitted.DMN(fitN, scale = TRUE) - average))
    # two fits with one component differ only by where EM stopped
    if (ncol(fitN@group) == 1L)
        difference <- 0 * difference
    utils::head(order(difference, average, decreasing = TRUE), ntaxa)
}

# Draws one row of panels: for each component its samples and its mean
# proportions, then the names of the taxa.
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
    title <- function(k) {
        if (!is.null(labels))
            graphics::mtext(labels[[k]], side = 3L, cex = .fitting_size(
                labels[[k]], graphics::par("fin")[[1L]], 0.7))
    }
    for (k in seq_along(member)) {
        if (size[[k]] > 0L) {
            panel(count[member[[k]], rows, drop = FALSE])
            title(k)
        }
        panel(t(share[rows, k, drop = FALSE]))
        if (size[[k]] == 0L)
            title(k)
    }
    names <- .short_names(names)
    at <- if (length(names) == 1L) 0 else
        seq(0, 1, length.out = length(names))
    margin <- graphics::par("din")[[1L]] * lblwidth / sum(width)
    tick <- graphics::par("mgp")[[2L]] * graphics::par("csi")
    graphics::axis(4L, at, names[rows], las = 1L,
        cex.axis = .fitting_size(names, margin - tick, graphics::par("cex")) /
            graphics::par("cex"))
}

# At most `cex`, and less if text would be wider than `width` inches. Devices
# round sizes, hence a tenth less.
.fitting_size <- function(text, width, cex) {
    needed <- max(graphics::strwidth(text, "inches", 1)) / graphics::par("cex")
    min(cex, max(0.9 * width / needed, 0.3))
}

.check_heatmap_fits <- function(fit1, fitN) {
    if (inherits(fit1, "DMN"))
        .check_fit(fit1, "fit1", read = "Estimate")
    if (!inherits(fit1, "DMN") || ncol(fit1@group) != 1L)
        .stop("'fit1' must be a fit of one component, dmn(count, 1); found ",
            if (inherits(fit1, "DMN"))
                .plural(ncol(fit1@group), "component")
            else .describe(fit1))
    if (!inherits(fitN, "DMN"))
        .stop("'fitN' must be a fit made by dmn(); found ", .describe(fitN))
    .check_fit(fitN, "fitN")
    taxa <- rownames(fitN@fit$Estimate)
    if (nrow(fit1@fit$Estimate) != nrow(fitN@fit$Estimate) ||
        !identical(rownames(fit1@fit$Estimate), taxa))
        .stop("'fit1' and 'fitN' must have the same taxa in the same order; ",
            "found ", nrow(fit1@fit$Estimate), " and ",
            nrow(fitN@fit$Estimate), ". Fit both to 'count'")
}

.check_heatmap_samples <- function(count, fitN, arg = "fitN") {
    given <- rownames(count)
    samples <- .samples_of(fitN)
    found <- if (nrow(count) != .n_samples(fitN))
        paste(.plural(nrow(count), "row"), "for",
            .plural(.n_samples(fitN), "sample"))
    else if (!is.null(given) && !is.null(samples) &&
        !identical(given, samples)) {
        i <- which(!mapply(identical, given, samples))[[1L]]
        sprintf("'%s' in place of '%s' in row %d", given[[i]], samples[[i]], i)
    }
    if (!is.null(found))
        .stop("'count' must have the samples of '", arg, "' in its rows, in ",
            "the same order; found ", found,
            ". Pass the table that the fit was made from")
}
