#' Plots of a fit
#'
#' `autoplot()` of the \pkg{ggplot2} package makes one of the plots below and
#' returns it, so that you can add to it. `plot()` draws it.
#'
#' @details
#' A component has the same colour in every plot. The colours are told apart
#' with the common kinds of colour blindness. The theme is that of
#' [ggplot2::theme_set()], and any `theme_*()` can be added.
#'
#' @param object,x an object of class [DMN-class].
#' @param what `character(1)`: the plot, one of `"components"` (the default),
#'     `"drivers"`, `"probabilities"`, `"heatmap"`, `"ordination"`, `"metadata"`
#'     and `"check"`.
#' @param ... arguments of the plot, see its section. Anything that it does not
#'     know is an error.
#' @return `autoplot()`: a `ggplot` object. `plot()`: the same, invisibly, after
#'     drawing it. Without \pkg{ggplot2}, `plot()` draws the components by base
#'     graphics and returns `x` invisibly.
#' @section Errors:
#' It is an error if ggplot2 is not installed, other than for `plot(fit)`, and
#' if a plot that needs the counts or the sample data does not get them.
#' @seealso [dmnselect()], [starts()], [dmnstability()] and [dmnperplexity()],
#'     whose results have plots of their own; [heatmapdmn()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' plot(fit)
#' @name autoplot.DMN
#' @exportS3Method ggplot2::autoplot DMN
#' @method autoplot DMN
autoplot.DMN <- function(object, what = names(.plots_of_fits), ...) {
    .need_ggplot("autoplot()")
    what <- .check_choice(what, "what", names(.plots_of_fits))
    .check_fit(object)
    make <- get(.plots_of_fits[[what]])
    known <- setdiff(names(formals(make)), c("object", "..."))
    given <- names(list(...))
    unknown <- if (is.null(given)) list(...) else
        list(...)[!given %in% known]
    if (length(unknown))
        do.call(.refuse_dots, c(unknown, list(.known = known,
            .what = sprintf("the plot \"%s\" of autoplot", what))))
    make(object, ...)
}

# The functions that make them.
.plots_of_fits <- c(components = ".plot_components",
    drivers = ".plot_drivers", probabilities = ".plot_probabilities",
    heatmap = ".plot_heatmap", ordination = ".plot_ordination",
    metadata = ".plot_metadata", check = ".plot_check")

#' @rdname autoplot.DMN
#' @export
plot.DMN <- function(x, what = names(.plots_of_fits), ...) {
    .plot_by(x, function() autoplot.DMN(x, what, ...), function() {
        if (!identical(what, names(.plots_of_fits)) &&
            !identical(what, "components"))
            .need_ggplot(sprintf("plot(what = \"%s\")", what))
        .draw_components(x)
    })
}
