#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Drivers:
#' `what = "drivers"` shows by how much the mean proportions of the leading taxa
#' in each component differ from a reference, in the order of [drivers()]. Lines
#' are the approximate 95 % intervals of `drivers()`, less the reference, which
#' is taken as known. A dot is filled if its interval excludes the reference.
#' The scale is the square root of the difference, with its sign. The arguments
#' are
#'
#' * `reference`: that of [drivers()]. The default, `NULL`, is the average
#'   community.
#' * `taxa`: `numeric(1)`, a whole number >= 1, default 15: the number of taxa
#'   to show.
#'
#' The plot's `data` have the columns `component`, `taxon`, `mean`, `lower`,
#' `upper` and `reference`, those of `drivers()`, and `excludes`: whether the
#' interval excludes the reference. `position` is the place on the axis of taxa.
NULL

utils::globalVariables(c("component", "taxon", "mean", "lower", "upper",
    "reference", "excludes", "position"))

.plot_drivers <- function(object, reference = NULL, taxa = 15) {
    taxa <- .check_whole(taxa, "taxa")
    table <- drivers(object, reference, taxa)
    against <- if (is.null(reference))
        "the average community"
    else if (inherits(reference, "DMN"))
        "the fit with one component"
    else if (is.character(reference))
        paste("component", reference)
    else
        paste("component", componentLabels(object)[[reference]])
    .differences(table, against, sprintf("%d of %s, the most different first",
        nrow(table), .plural(nrow(object@fit$Estimate), "taxon", "taxa")),
        object@mixture$Weight)
}

#' @rdname drivers
#' @exportS3Method ggplot2::autoplot dmndrivers
#' @method autoplot dmndrivers
autoplot.dmndrivers <- function(object, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot", .known = "object")
    if (nrow(object) == 0L)
        .stop("'object' has no taxa to plot")
    .differences(object, "the reference",
        .plural(nrow(object), "taxon", "taxa"))
}

#' @rdname drivers
#' @export
plot.dmndrivers <- function(x, ...) {
    .plot_by(x, function() autoplot.dmndrivers(x, ...),
        function() .draw_drivers(x))
}

# The means of the components, and the reference.
.draw_drivers <- function(x) {
    if (nrow(x) == 0L)
        .stop("'x' has no taxa to plot")
    table <- .long_drivers(x)
    n <- nlevels(table$taxon)
    .draw_means(levels(table$taxon), cbind(matrix(table$mean, n),
        table$reference[seq_len(n)]),
        c(.short_names(levels(table$component), 10L), "reference"))
}

# The long form of a table made by drivers(). The levels of `taxon` are in the
# order of the table and all different.
.long_drivers <- function(x) {
    table <- as.data.frame(tidy.dmndrivers(x))
    taxa <- make.unique(as.character(x$taxon))
    data.frame(component = table$component,
        taxon = factor(rep(taxa, nlevels(table$component)), taxa),
        mean = table$estimate, lower = table$conf.low, upper = table$conf.high,
        reference = table$reference)
}

# `x`: a table made by drivers(). `against` and `shown`: the reference and the
# number of taxa, in words.
.differences <- function(x, against, shown, weight = NULL) {
    table <- .long_drivers(x)
    table$excludes <- with(table, !is.na(lower) & !is.na(upper) &
        (lower > reference | upper < reference))
    table$position <- as.integer(table$taxon)
    root <- function(x) sign(x) * sqrt(abs(x))
    components <- levels(table$component)
    n <- length(components)
    ggplot2::ggplot(table, ggplot2::aes(y = position,
        x = root(mean - reference), xmin = root(lower - reference),
        xmax = root(upper - reference), colour = component)) +
        ggplot2::geom_vline(xintercept = 0, colour = "grey60") +
        ggplot2::geom_linerange(linewidth = 0.4, na.rm = TRUE) +
        ggplot2::geom_point(ggplot2::aes(shape = excludes), size = 1.2,
            stroke = 0.4, fill = "white") +
        .facet_component(components, weight) +
        ggplot2::scale_x_continuous(
            name = "difference (percentage points), square-root scale",
            breaks = function(limits) {
                breaks <- sqrt(.root_breaks(max(limits^2), .breaks_beside(n)))
                sort(unique(c(if (n <= 8L) -breaks, breaks)))
            }, labels = function(x) .percent(x * abs(x)),
            guide = .guide_beside(n)) +
        .scale_taxa(levels(table$taxon)) +
        .scale_component(components, "colour", guide = "none") +
        ggplot2::scale_shape_manual(values = c("FALSE" = 21, "TRUE" = 19),
            guide = "none") +
        ggplot2::labs(title = paste("Difference from", against),
            caption = .lines(shown, ". Lines: approximate 95 % intervals; ",
                "dots are filled where these exclude the reference.",
                if (!is.null(weight))
                    " At the top: components and their weights.")) +
        .theme()
}
