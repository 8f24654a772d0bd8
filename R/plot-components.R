#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Components:
#' `what = "components"` shows the mean proportions of the leading taxa in each
#' component. These are the taxa that tell the components apart, in the order of
#' [drivers()]. The arguments are
#'
#' * `taxa`: `numeric(1)`, a whole number >= 1: the number of taxa to show, by
#'   default 20, or 10 as bars. A small picture has room for 10.
#' * `type`: `character(1)`. With `"dots"`, the default, a dot is a mean
#'   proportion, and its line the approximate 95 % interval of [drivers()]. The
#'   scale is the square root, on which rare taxa can be read too. More than
#'   four components have a panel each. With `"bars"`, each component is a bar,
#'   in which all other taxa are summed as "other".
#'
#' The plot's `data` have the columns `component`, `taxon`, `mean`, `lower` and
#' `upper`. The last two are `NA` for the sum "other". `position` is the place
#' of a dot on the axis of taxa.
NULL

utils::globalVariables(c("component", "taxon", "lower", "upper", "position"))

.plot_components <- function(object, taxa = if (type == "dots") 20 else 10,
    type = c("dots", "bars")) {
    type <- .check_choice(type, "type", c("dots", "bars"))
    taxa <- .check_whole(taxa, "taxa")
    if (type == "dots")
        .component_dots(object, taxa)
    else
        .component_bars(object, taxa)
}

# A long table of the mean proportions of the leading taxa. The levels of
# `taxon` are in the order of drivers() and all different.
.leading_shares <- function(object, taxa) {
    table <- .long_drivers(drivers(object, n = taxa))
    table[c("component", "taxon", "mean", "lower", "upper")]
}

# The sum of the shown taxa in each component.
.shown_share <- function(shares) {
    pmin(as.vector(tapply(shares$mean, shares$component, sum)), 1)
}

.component_dots <- function(object, taxa) {
    shares <- .leading_shares(object, taxa)
    weight <- object@mixture$Weight
    labels <- .component_labels(levels(shares$component), weight)
    k <- length(labels)
    together <- k <= 4L
    shares$position <- as.integer(shares$taxon) + if (together)
        0.7 * ((as.integer(shares$component) - 0.5) / k - 0.5)
    else
        0
    beside <- if (together) 1L else k
    shapes <- if (together) c(16, 17, 15, 18)[seq_len(k)] else rep(16, k)
    key <- if (together) .key_above(labels) else "none"
    ggplot2::ggplot(shares, ggplot2::aes(x = mean, y = position, xmin = lower,
        xmax = upper, colour = component, shape = component)) +
        ggplot2::geom_linerange(linewidth = 0.4, na.rm = TRUE) +
        ggplot2::geom_point(size = 1.2) +
        (if (!together) .facet_component(names(labels), weight)) +
        ggplot2::scale_x_sqrt(name = "mean proportion (%), square-root scale",
            breaks = function(limits) .root_breaks(limits[[2L]],
                .breaks_beside(beside)),
            labels = .percent, limits = c(0, NA),
            guide = .guide_beside(beside)) +
        .scale_taxa(levels(shares$taxon)) +
        .scale_component(names(labels), "colour", labels = labels,
            guide = key) +
        ggplot2::scale_shape_manual(name = "component", labels = labels,
            values = shapes, limits = names(labels), guide = key) +
        ggplot2::labs(title = "Mean proportions of taxa in the components",
            caption = .lines(.shown_taxa(object, shares),
                "Lines: approximate 95 % intervals. At the top: components ",
                "and their weights.")) +
        .theme_key_above()
}

.component_bars <- function(object, taxa) {
    shares <- .leading_shares(object, taxa)
    caption <- .shown_taxa(object, shares)
    colours <- .colours_of_taxa(nlevels(shares$taxon))
    if (nlevels(shares$taxon) < nrow(object@fit$Estimate)) {
        shares <- .add_other(shares, nrow(object@fit$Estimate))
        colours <- c(colours, .other_colour)
    }
    labels <- .component_labels(levels(shares$component),
        object@mixture$Weight)
    taxa <- levels(shares$taxon)
    # The colours are those of taxa: components are told by their bars.
    ggplot2::ggplot(shares, ggplot2::aes(x = mean, y = component,
        fill = taxon)) +
        ggplot2::geom_col(width = 0.8, colour = "white", linewidth = 0.2,
            position = ggplot2::position_stack(reverse = TRUE)) +
        ggplot2::scale_x_continuous(name = "mean proportion (%)",
            labels = .percent, expand = ggplot2::expansion(c(0, 0.03))) +
        ggplot2::scale_y_discrete(name = "component, weight",
            limits = rev(names(labels)), labels = labels,
            guide = ggplot2::guide_axis(check.overlap = TRUE)) +
        ggplot2::scale_fill_manual(name = NULL, limits = taxa,
            values = stats::setNames(colours, taxa),
            labels = .short_names(taxa)) +
        ggplot2::labs(title = "Composition of the components",
            caption = .lines(caption)) +
        .theme(panel.grid.major.y = ggplot2::element_blank(),
            legend.key.size = ggplot2::unit(8, "pt"))
}

.add_other <- function(shares, all) {
    taxa <- levels(shares$taxon)
    names <- make.unique(c(taxa, sprintf("other (%s)",
        .plural(all - length(taxa), "taxon", "taxa"))))
    other <- data.frame(component = unique(shares$component),
        taxon = utils::tail(names, 1L), mean = 1 - .shown_share(shares),
        lower = NA_real_, upper = NA_real_)
    shares$taxon <- as.character(shares$taxon)
    shares <- rbind(shares, other)
    shares$taxon <- factor(shares$taxon, names)
    shares
}

.shown_taxa <- function(object, shares) {
    share <- unique(.percent(signif(range(.shown_share(shares)), 2L)))
    sprintf("%d of %s (%s %% of a component), the most different first. ",
        nlevels(shares$taxon),
        .plural(nrow(object@fit$Estimate), "taxon", "taxa"),
        paste(share, collapse = " to "))
}

# Ten different colours, or more that fall steadily in lightness. A reader then
# goes by the order, which is the same in all bars and in the legend.
.colours_of_taxa <- function(n) {
    if (n <= length(.qualitative))
        .qualitative[seq_len(n)]
    else
        grDevices::hcl.colors(n, "Viridis")
}

# The dots by base graphics, for plot() where ggplot2 is not installed.
.draw_components <- function(x, taxa = 20L) {
    shares <- .leading_shares(x, taxa)
    components <- levels(shares$component)
    .draw_means(levels(shares$taxon), matrix(shares$mean,
        ncol = length(components)), .component_labels(components,
        x@mixture$Weight, width = 10L))
}

# Mean proportions of taxa, taxa x series, by base graphics: a row for each
# taxon and a kind of point for each series.
.draw_means <- function(taxa, means, labels) {
    names <- .short_names(taxa)
    root <- sqrt(means)
    rows <- rev(seq_along(names))
    n <- length(labels)
    shapes <- rep_len(c(16, 17, 15, 18), n)
    colours <- unname(.colours_of(labels))
    old <- graphics::par(las = 1, mar = c(4.5, 1 + max(nchar(names)) / 2.5,
        1.5 + ceiling(n / 4), 1))
    on.exit(graphics::par(old))
    graphics::plot.new()
    graphics::plot.window(c(0, max(root)), range(rows))
    abline(h = rows, col = "grey90")
    graphics::matpoints(root, rows, pch = shapes, col = colours)
    breaks <- .root_breaks(max(root)^2, 5L)
    axis(1, sqrt(breaks), .percent(breaks))
    axis(2, rows, names, tick = FALSE, cex.axis = 0.7)
    graphics::title(xlab = "mean proportion (%), square-root scale")
    legend(graphics::grconvertX(0.02, "nfc"), graphics::grconvertY(1, "nfc"),
        labels, pch = shapes, col = colours, cex = 0.8, bty = "n",
        ncol = min(n, 4L), xpd = NA)
}
