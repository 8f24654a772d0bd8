# What the plots by ggplot2 share. ggplot2 is optional. A function that makes a
# plot begins with .need_ggplot(), and its plots keep the theme of the user:
# they add to it, and set no complete theme.

.has_ggplot <- function() requireNamespace("ggplot2", quietly = TRUE)

.need_ggplot <- function(what) {
    if (!.has_ggplot())
        .stop(what, " needs the ggplot2 package: install it by ",
            "install.packages(\"ggplot2\")")
}

# For plot methods: draws what `make()` returns, by ggplot2 if it is installed
# and by `draw()` otherwise, or if `base`: where graphical parameters are given.
# Returns the plot, or `x`, invisibly.
.plot_by <- function(x, make, draw, base = FALSE) {
    if (base || !.has_ggplot()) {
        draw()
        return(invisible(x))
    }
    plot <- make()
    print(plot)
    invisible(plot)
}

# The pronoun in aes(.data$column), which ggplot2 defines where it is used.
utils::globalVariables(".data")

# Small changes of the user's theme.
.theme <- function(...) {
    ggplot2::theme(panel.grid.minor = ggplot2::element_blank(),
        plot.title.position = "plot", plot.caption.position = "plot",
        plot.caption = ggplot2::element_text(hjust = 0), ...)
}

# Scales that give a component the same colour in every plot. `...` may have
# `labels`, what the key shows instead of the names of the components.
.scale_component <- function(components, aesthetics = c("colour", "fill"),
    name = "component", ...) {
    ggplot2::scale_colour_manual(values = .colours_of(components), name = name,
        aesthetics = aesthetics, limits = components, ...)
}

# A title or caption broken into lines of about `width` characters.
.lines <- function(..., width = 80L) {
    paste(strwrap(paste0(...), width), collapse = "\n")
}

# Names of at most `width` characters, all different: a long one loses its
# middle. The dots are three, since pdf() cannot draw an ellipsis.
.short_names <- function(names, width = 30L) {
    long <- nchar(names) > width
    head <- (width - 3L) %/% 2L
    short <- ifelse(long, paste0(substr(names, 1L, head), "...",
        substring(names, nchar(names) - width + head + 4L)), names)
    doubled <- short %in% short[duplicated(short)]
    if (any(doubled & long))
        short[long] <- make.unique(c(short[!long], short[long]),
            sep = " ")[sum(!long) + seq_len(sum(long))]
    short
}

# The axis of numbers of components: all of them if they are few.
.scale_k <- function(k) {
    breaks <- unique(sort(k))
    if (length(breaks) > 12L) {
        breaks <- pretty(breaks)
        breaks <- breaks[breaks == trunc(breaks) & breaks >= 1]
    }
    ggplot2::scale_x_continuous("number of components, k", breaks = breaks,
        guide = ggplot2::guide_axis(check.overlap = TRUE),
        # one k alone has no range
        expand = ggplot2::expansion(0.05, if (length(breaks) == 1L) 0.5 else 0))
}

# Labels of an axis of proportions, or of their differences, in per cent.
.percent <- function(x, digits = 3L) {
    format(100 * x, digits = digits, drop0trailing = TRUE, trim = TRUE,
        scientific = FALSE)
}

.percent_sign <- function(...) paste(.percent(...), "%")

# Where an axis of square roots, which ends at `top`, has labels: `n` places
# that are even on paper. The last is below `top` after rounding, too.
.root_breaks <- function(top, n) {
    unique(signif(top * seq(0, 0.85, length.out = n)^2, 1L))
}

# How many labels an axis has in one of `n` panels side by side, and the guide
# that writes them: upwards in narrow panels, so that they do not touch those of
# the next.
.breaks_beside <- function(n) if (n <= 2L) 5L else if (n <= 8L) 3L else 2L

.guide_beside <- function(n) {
    ggplot2::guide_axis(check.overlap = TRUE, angle = if (n > 8L) 90)
}

# What a plot calls the components: short names, with the weights if there are
# any. Named by component.
.component_labels <- function(components, weight = NULL, sep = ", ",
    width = 16L) {
    labels <- .short_names(components, width)
    if (!is.null(weight))
        labels <- paste0(labels, sep, round(100 * weight), " %")
    stats::setNames(labels, components)
}

# One panel for each of `names`, side by side, by the column `by`. `label` makes
# the labels, given a width for names and what to write between a name and a
# number. Labels that are long for their panel are written upwards.
.facet_beside <- function(by, names, label) {
    n <- length(names)
    upwards <- n > 8L || (n > 4L && max(nchar(names)) > 6L)
    labels <- if (upwards) label(10L, ", ") else label(16L, "\n")
    list(ggplot2::facet_grid(cols = ggplot2::vars(.data[[by]]),
        labeller = ggplot2::as_labeller(stats::setNames(labels, names))),
        if (upwards) ggplot2::theme(strip.text.x =
            ggplot2::element_text(angle = 90, hjust = 0)))
}

.facet_component <- function(components, weight = NULL) {
    .facet_beside("component", components, function(width, sep) {
        .component_labels(components, weight, sep, width)
    })
}

# A key above the plot, in as many rows as its labels need on a narrow page.
.key_above <- function(labels) {
    ggplot2::guide_legend(title = NULL, byrow = TRUE,
        nrow = ceiling(sum(nchar(labels) + 6) / 75))
}

.theme_key_above <- function(...) {
    .theme(legend.position = "top", legend.justification = "left",
        legend.key.size = ggplot2::unit(8, "pt"),
        legend.margin = ggplot2::margin(), ...)
}

# A y axis of taxa, the first of which has position 1 and is at the top. Labels
# that would overlap are left out.
.scale_taxa <- function(taxa) {
    ggplot2::scale_y_reverse(name = NULL, breaks = seq_along(taxa),
        labels = .short_names(taxa), expand = ggplot2::expansion(add = 0.6),
        guide = ggplot2::guide_axis(check.overlap = TRUE))
}
