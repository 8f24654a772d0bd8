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

# Scales that give a component the same colour in every plot.
.scale_component <- function(labels, aesthetics = c("colour", "fill"),
    name = "component", ...) {
    ggplot2::scale_colour_manual(values = .colours_of(labels), name = name,
        aesthetics = aesthetics, limits = labels, ...)
}

# A title or caption broken into lines of about `width` characters.
.lines <- function(..., width = 80L) {
    paste(strwrap(paste0(...), width), collapse = "\n")
}

# Names of at most `width` characters, all different: a long one loses its
# middle.
.short_names <- function(names, width = 30L) {
    long <- nchar(names) > width
    head <- substr(names, 1L, (width - 2L) %/% 2L)
    tail <- substring(names, nchar(names) - (width - 3L) %/% 2L + 1L)
    # three dots, because a pdf has no sign for an ellipsis
    short <- ifelse(long, paste0(head, "...", tail), names)
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
