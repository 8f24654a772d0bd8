# The plot of receiver operating characteristics.

#' @rdname roc
#' @param object a curve made by `roc()`; for `autoplot()`, `...` are more
#'     curves to draw beside it.
#' @param labels `NULL`, the default, or `character`, all different, one for
#'     each curve. The default is the names of the variables that were passed.
#' @method autoplot dmnroc
#' @exportS3Method ggplot2::autoplot dmnroc
autoplot.dmnroc <- function(object, ..., labels = NULL) {
    .need_ggplot("autoplot()")
    curves <- list(object, ...)
    if (any(nzchar(names(curves))))
        .refuse_dots(..., .what = "autoplot",
            .known = names(formals(autoplot.dmnroc)))
    for (i in seq_along(curves))
        .check_curve(curves[[i]], i)
    labels <- .curve_labels(labels, as.list(substitute(list(object, ...)))[-1L])
    .plot_roc(curves, labels)
}

#' @rdname roc
#' @param x a curve made by `roc()`; for `plot()`, `...` are more curves, or
#'     graphical parameters.
#' @export
plot.dmnroc <- function(x, ..., labels = NULL) {
    curves <- list(x, ...)
    passed <- as.list(substitute(list(x, ...)))[-1L]
    .plot_by(x, function() .plot_roc(curves, .curve_labels(labels, passed)),
        function() graphics::plot(as.data.frame(x), ...),
        base = !all(vapply(curves, .is_curve, logical(1))))
}

# Rows taken out or joined by rbind() are no longer a curve.
.is_curve <- function(x) {
    inherits(x, "dmnroc") &&
        all(c("TruePostive", "FalsePositive") %in% names(x)) &&
        length(attr(x, "obs")) == nrow(x)
}

.check_curve <- function(x, i) {
    arg <- if (i == 1L) "'object'" else paste("argument", i)
    if (!inherits(x, "dmnroc"))
        .stop(arg, " must be a curve made by roc(); found ", .describe(x))
    if (!.is_curve(x))
        .stop(arg, " must be all of a curve made by roc(); found ",
            .plural(nrow(x), "row"), " of ", .first_few(names(x)),
            ". Pass several curves as autoplot(first, second)")
}

.curve_labels <- function(labels, passed) {
    n <- length(passed)
    if (is.null(labels)) {
        labels <- paste("curve", seq_len(n))
        named <- vapply(passed, is.name, logical(1))
        labels[named] <- vapply(passed[named], as.character, character(1))
        return(make.unique(labels, sep = " "))
    }
    labels <- as.character(labels)
    if (length(labels) != n || anyNA(labels) || anyDuplicated(labels))
        .stop("'labels' must be different names for ", .plural(n, "curve"),
            "; found ", if (anyDuplicated(labels)) "one twice"
            else .describe(labels))
    labels
}

.plot_roc <- function(curves, labels) {
    table <- do.call(rbind, Map(.curve_table, curves, labels))
    table$curve <- factor(table$curve, labels)
    several <- length(curves) > 1L
    area <- formatC(vapply(curves, attr, numeric(1), "AUC"), 3L, format = "f")
    ggplot2::ggplot(table, ggplot2::aes(.data$FalsePositive,
        .data$TruePostive, colour = .data$curve)) +
        ggplot2::geom_abline(linetype = "dotted") +
        ggplot2::geom_path() +
        ggplot2::scale_colour_manual("curve (area)",
            values = .colours_of(labels), labels = stats::setNames(paste0(
                .short_names(labels, 20L), " (", area, ")"), labels),
            guide = if (several) "legend" else "none") +
        ggplot2::coord_equal(xlim = 0:1, ylim = 0:1) +
        ggplot2::labs(title = "Receiver operating characteristic",
            subtitle = if (!several) paste("area under the curve", area),
            x = "false positives (fraction of others)",
            y = "true positives (fraction of members)") +
        .theme(legend.key.height = ggplot2::unit(0.7, "lines"))
}

# The corners of a curve: samples that tie are passed at once, so that the line
# has the area that "AUC" says.
.curve_table <- function(x, label) {
    obs <- attr(x, "obs")
    last <- !duplicated(obs, fromLast = TRUE)
    data.frame(curve = label, obs = c(Inf, obs[last]),
        FalsePositive = c(0, x$FalsePositive[last]),
        TruePostive = c(0, x$TruePostive[last]))
}
