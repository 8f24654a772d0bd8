# What the plots by ggplot2 share. ggplot2 is optional. A function that makes a
# plot begins with .need_ggplot(), and its plots keep the theme of the user: they
# add to it, and set no complete theme.

.has_ggplot <- function() requireNamespace("ggplot2", quietly = TRUE)

.need_ggplot <- function(what) {
    if (!.has_ggplot())
        .stop(what, " needs the ggplot2 package: install it by ",
            "install.packages(\"ggplot2\")")
}

# For plot methods: draws what `make()` returns, by ggplot2 if it is installed
# and by `draw()` otherwise. Returns the plot, or `x`, invisibly.
.plot_by <- function(x, make, draw) {
    if (!.has_ggplot()) {
        draw()
        return(invisible(x))
    }
    plot <- make()
    print(plot)
    invisible(plot)
}

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
    head <- substr(names, 1L, (width - 1L) %/% 2L)
    tail <- substring(names, nchar(names) - width %/% 2L + 1L)
    short <- ifelse(long, paste0(head, "\u2026", tail), names)
    doubled <- short %in% short[duplicated(short)]
    if (any(doubled & long))
        short[long] <- make.unique(c(short[!long], short[long]),
            sep = " ")[sum(!long) + seq_len(sum(long))]
    short
}
