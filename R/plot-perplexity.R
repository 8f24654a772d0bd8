# The plot of the prediction of held-out samples.

#' @rdname dmnperplexity
#' @method autoplot dmnperplexity
#' @exportS3Method ggplot2::autoplot dmnperplexity
autoplot.dmnperplexity <- function(object, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot", .known = "object")
    .plot_perplexity(.check_perplexity(object, "object"))
}

#' @rdname dmnperplexity
#' @export
plot.dmnperplexity <- function(x, ...) {
    .check_perplexity(x, "x")
    .plot_by(x, function() .plot_perplexity(x),
        function() .draw_perplexity(x, ...), base = ...length() > 0L)
}

# A part of a result may lack what is drawn.
.check_perplexity <- function(x, arg) {
    need <- c("k", "sample.loglik", "sample.difference",
        "sample.difference.se")
    if (!all(need %in% names(x)))
        .stop("'", arg, "' must have the columns ",
            paste(need, collapse = ", "), "; found ", .first_few(names(x)))
    if (!any(is.finite(x$sample.difference)))
        .stop("'", arg, "' must have a k all of whose fits succeeded; found ",
            if (nrow(x)) "none" else "no rows")
    x
}

.plot_perplexity <- function(x) {
    table <- as.data.frame(x)
    failed <- table$k[is.na(table$sample.difference)]
    table <- table[!is.na(table$sample.difference), ]
    roles <- c("best", "smallest within 2 se", "other")
    chosen <- .best_ks(x)
    table$role <- factor(roles[ifelse(table$k == chosen[["best"]], 1L,
        ifelse(table$k == chosen[["near"]], 2L, 3L))], roles)
    table$lower <- table$sample.difference - table$sample.difference.se
    table$upper <- table$sample.difference + table$sample.difference.se
    shown <- roles[1:2][roles[1:2] %in% table$role]
    scores <- attr(x, "sample.loglik")
    ggplot2::ggplot(table, ggplot2::aes(.data$k, .data$sample.difference)) +
        ggplot2::geom_hline(yintercept = 0, linetype = "dotted") +
        (if (nrow(table) > 1L) ggplot2::geom_line()) +
        ggplot2::geom_linerange(ggplot2::aes(ymin = .data$lower,
            ymax = .data$upper)) +
        ggplot2::geom_point(ggplot2::aes(shape = .data$role,
            colour = .data$role, size = .data$role)) +
        ggplot2::scale_shape_manual(NULL, breaks = shown,
            values = stats::setNames(c(19L, 17L, 19L), roles)) +
        ggplot2::scale_colour_manual(NULL, breaks = shown,
            values = stats::setNames(c(.categories[1:2], "black"), roles)) +
        ggplot2::scale_size_manual(NULL, breaks = shown,
            values = stats::setNames(c(2, 2, 1), roles)) +
        .scale_k(table$k) +
        ggplot2::labs(title = "Prediction of held-out samples",
            y = "difference from the best\n(nats per sample)",
            caption = .lines("Bars: one standard error (se) of the difference ",
                "to either side",
                if (!is.null(scores)) paste0("; ", .plural(nrow(scores),
                    "sample")), ".",
                if (length(failed)) paste0(" Not fitted: k = ",
                    paste(failed, collapse = ", "), "."))) +
        .theme(legend.position = "bottom",
            legend.key.height = ggplot2::unit(0.7, "lines"))
}

#' @importFrom graphics abline axis segments
.draw_perplexity <- function(x, ...) {
    lower <- x$sample.difference - x$sample.difference.se
    upper <- x$sample.difference + x$sample.difference.se
    settings <- list(x = x$k, y = x$sample.difference, type = "b", pch = 19,
        xaxt = "n", xlab = "number of components, k",
        ylab = "difference (nats per sample)",
        main = "Held-out log-likelihood, difference from the best",
        ylim = range(lower, upper, finite = TRUE))
    given <- list(...)
    settings[names(given)] <- given
    do.call(graphics::plot, settings)
    axis(1, x$k)
    abline(h = 0, lty = 3)
    segments(x$k, lower, x$k, upper)
}
