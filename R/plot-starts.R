# The plot of the starts of a fit.

#' @rdname starts
#' @method autoplot dmnstarts
#' @exportS3Method ggplot2::autoplot dmnstarts
autoplot.dmnstarts <- function(object, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot", .known = "object")
    .plot_starts(.check_starts(object, "object"))
}

#' @rdname starts
#' @param x a table made by `starts()`.
#' @param ... for `plot()`, graphical parameters; otherwise not used, and
#'     anything in it is an error.
#' @export
plot.dmnstarts <- function(x, ...) {
    .check_starts(x, "x")
    .plot_by(x, function() .plot_starts(x), function() .draw_starts(x, ...),
        base = ...length() > 0L)
}

.check_starts <- function(x, arg) {
    if (!all(c("start", "kind", "samples", "NLE") %in% names(x)))
        .stop("'", arg, "' must have the columns that starts() gives it; ",
            "found ", .first_few(names(x)))
    if (!any(is.finite(x$NLE)))
        .stop("'", arg, "' must have starts that did not fail; found ",
            if (nrow(x)) "only failed ones" else "no starts")
    x
}

# In the order in which they are first made.
.start_kinds <- c("kmeans", "seeds", "labels", "resample", "move", "given",
    "sorted")

.plot_starts <- function(x) {
    table <- as.data.frame(x)
    table$kind <- factor(table$kind, union(.start_kinds, table$kind))
    failed <- sum(!is.finite(table$NLE))
    table <- table[is.finite(table$NLE), ]
    kinds <- levels(table$kind)
    ggplot2::ggplot(table, ggplot2::aes(.data$start, .data$NLE,
        colour = .data$kind, shape = .data$kind)) +
        ggplot2::geom_hline(yintercept = min(table$NLE), linetype = "dotted") +
        ggplot2::geom_point() +
        # shapes as well, so that the kinds are told apart without colours
        ggplot2::scale_colour_manual(values = .colours_of(kinds)) +
        ggplot2::scale_shape_manual(values = stats::setNames(
            rep_len(c(16L, 17L, 15L, 3L, 8L, 4L, 18L), length(kinds)),
            kinds)) +
        ggplot2::scale_x_continuous(breaks = function(limits) {
            at <- pretty(limits)
            at[at == trunc(at) & at >= 1]
        }) +
        ggplot2::labs(title = "Where the starts ended", subtitle = .met(x),
            y = "NLE (less is better)", colour = NULL, shape = NULL,
            caption = .lines("Dotted: the least NLE. On ",
                .plural(max(table$samples), "sample"), ".",
                if (failed) paste0(" ", .plural(failed, "start"),
                    " failed."))) +
        .theme()
}

#' @importFrom graphics abline
.draw_starts <- function(x, ...) {
    shown <- is.finite(x$NLE)
    kinds <- unique(x$kind)
    colour <- .qualitative[match(x$kind, kinds)]
    settings <- list(x = x$start[shown], y = x$NLE[shown], pch = 19,
        col = colour[shown], xlab = "start", ylab = "NLE (less is better)",
        main = .met(x), ylim = range(x$NLE[shown],
            # room for the legend
            max(x$NLE[shown]) + 0.2 * diff(range(x$NLE[shown]))))
    given <- list(...)
    settings[names(given)] <- given
    do.call(graphics::plot, settings)
    abline(h = min(x$NLE), lty = 3)
    graphics::legend("top", legend = kinds, horiz = TRUE,
        col = .qualitative[seq_along(kinds)], pch = 19, bty = "n")
}
