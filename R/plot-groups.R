# The plot of a classifier: what tells its groups apart.

#' @rdname dmngroup
#' @section Plots:
#' `autoplot()` and `plot()` show the taxa whose mean proportions differ most
#' between the groups, in a panel for each group. A bar is the mean proportion
#' of a taxon in the group: that of its components, by their weights. A tick is
#' the mean over all groups, by their numbers of samples. Dots are the means of
#' the components, and the area of a dot is the weight of the component. The
#' components of a group are numbered by weight; those with the same number in
#' two groups are not the same. The scale is the square root.
#'
#' The plot's `data` have the columns `group`, `taxon`, `component`, `weight`,
#' `mean`, `group.mean` and `average`, the last two of which are the bar and the
#' tick. `position` is the place of the taxon on its axis.
#' @param taxa `numeric(1)`, a whole number >= 1, default 15: the number of taxa
#'     to show. A small picture has room for 10.
#' @method autoplot DMNGroup
#' @exportS3Method ggplot2::autoplot DMNGroup
autoplot.DMNGroup <- function(object, taxa = 15, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot",
        .known = names(formals(autoplot.DMNGroup)))
    taxa <- .check_whole(taxa, "taxa")
    group <- .groups_of(object)
    .plot_groups(stats::setNames(.fits_of(object, "Estimate"), group), taxa)
}

#' @rdname dmngroup
#' @export
plot.DMNGroup <- function(x, taxa = 15, ...) {
    .plot_by(x, function() autoplot.DMNGroup(x, taxa, ...),
        function() .draw_groups(x, taxa))
}

# The means of the groups.
.draw_groups <- function(x, taxa) {
    taxa <- .check_whole(taxa, "taxa")
    table <- .group_table(stats::setNames(.fits_of(x, "Estimate"),
        .groups_of(x)), taxa)
    table <- table[table$component == levels(table$component)[[1L]], ]
    .draw_means(levels(table$taxon), matrix(table$group.mean,
        ncol = nlevels(table$group)), .short_names(levels(table$group), 10L))
}

.plot_groups <- function(fits, taxa) {
    table <- .group_table(fits, taxa)
    groups <- levels(table$group)
    components <- levels(table$component)
    n <- length(groups)
    several <- length(components) > 1L
    bars <- table[table$component == components[[1L]], ]
    ggplot2::ggplot(table, ggplot2::aes(.data$mean, .data$position)) +
        ggplot2::geom_rect(ggplot2::aes(xmin = 0, xmax = .data$group.mean,
            ymin = .data$position - 0.4, ymax = .data$position + 0.4), bars,
            fill = .other_colour) +
        ggplot2::geom_point(ggplot2::aes(.data$average), bars, shape = 124,
            size = 2) +
        (if (several) ggplot2::geom_point(ggplot2::aes(size = .data$weight,
            fill = .data$component), shape = 21, colour = "white",
            stroke = 0.2)) +
        .facet_beside("group", groups, function(width, sep) {
            size <- vapply(fits, .n_samples, integer(1))
            paste0(.short_names(groups, width), sep, size)
        }) +
        ggplot2::scale_x_sqrt(name = "mean proportion (%), square-root scale",
            breaks = function(limits) .root_breaks(limits[[2L]],
                .breaks_beside(n)),
            labels = .percent, limits = c(0, NA),
            guide = .guide_beside(n)) +
        .scale_taxa(levels(table$taxon)) +
        ggplot2::scale_size_area(max_size = 2.5, guide = "none") +
        .scale_component(components, "fill",
            guide = .key_above(components)) +
        ggplot2::labs(title = "What tells the groups apart",
            caption = .lines(nlevels(table$taxon), " of ", .plural(
                nrow(fits[[1L]]@fit$Estimate), "taxon", "taxa"), ", the most ",
                "different first. Bars: the groups (samples). Ticks: all ",
                "groups.", if (several)
                    " Dots: components, with area by weight.")) +
        .theme_key_above()
}

# One row for each group, component and leading taxon. `fits` are named by
# group.
.group_table <- function(fits, taxa) {
    shares <- .shares_of_groups(fits)
    weights <- lapply(fits, function(fit) fit@mixture$Weight)
    means <- mapply(function(share, weight) share %*% weight, shares, weights)
    size <- vapply(fits, .n_samples, integer(1))
    average <- drop(means %*% (size / sum(size)))
    top <- utils::head(.driver_order(means, average), taxa)
    names <- make.unique(.taxon_names(fits[[1L]])[top])
    most <- seq_len(max(lengths(weights)))
    parts <- lapply(seq_along(fits), function(g) {
        k <- seq_along(weights[[g]])
        data.frame(group = factor(names(fits)[[g]], names(fits)),
            taxon = rep(factor(names, names), length(k)),
            component = factor(rep(k, each = length(top)), most),
            weight = rep(weights[[g]], each = length(top)),
            mean = as.vector(shares[[g]][top, ]),
            group.mean = means[top, g], average = average[top],
            position = seq_along(top), row.names = NULL)
    })
    do.call(rbind, parts)
}

.shares_of_groups <- function(fits) {
    taxa <- dimnames(fits[[1L]]@fit$Estimate)[1L]
    shares <- lapply(fits, function(fit) unname(fitted.DMN(fit, scale = TRUE)))
    same <- vapply(fits, function(fit) {
        identical(dimnames(fit@fit$Estimate)[1L], taxa) &&
            nrow(fit@fit$Estimate) == nrow(shares[[1L]])
    }, logical(1))
    if (!all(same))
        .stop("the fits in 'object' must have the same taxa in the same order ",
            "to be drawn; those of ", .first_few(names(fits)[!same]),
            " differ. Fit all groups to the same table")
    shares
}
