# The plot of how stable a clustering is.

#' @rdname dmnstability
#' @method autoplot dmnstability
#' @exportS3Method ggplot2::autoplot dmnstability
autoplot.dmnstability <- function(object, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot", .known = "object")
    .plot_stability(object)
}

#' @rdname dmnstability
#' @export
plot.dmnstability <- function(x, ...) {
    .plot_by(x, function() .plot_stability(x),
        function() .draw_stability(x, ...), base = ...length() > 0L)
}

.plot_stability <- function(x) {
    table <- .stability_table(x)
    ks <- colnames(x$rand)
    rand <- table[is.na(table$component), ]
    jaccard <- .stability_bars(x, levels(table$measure))
    components <- as.character(seq_len(max(as.integer(ks))))
    ggplot2::ggplot(table, ggplot2::aes(.data$at, .data$value)) +
        ggplot2::facet_grid("measure") +
        ggplot2::geom_hline(ggplot2::aes(yintercept = .data$value),
            data.frame(measure = jaccard$measure[[1L]], value = c(0.6, 0.85)),
            linetype = "dotted") +
        ggplot2::geom_boxplot(ggplot2::aes(group = .data$k), rand,
            width = 0.5, outlier.shape = NA) +
        ggplot2::geom_point(data = rand, size = 0.5, alpha = 0.4,
            position = ggplot2::position_jitter(0.12, 0, seed = 1)) +
        ggplot2::geom_linerange(ggplot2::aes(ymin = .data$lower,
            ymax = .data$upper, colour = .data$component), jaccard) +
        ggplot2::geom_point(ggplot2::aes(colour = .data$component), jaccard,
            size = 1) +
        # their order tells them apart
        .scale_component(components, guide = "none") +
        ggplot2::scale_x_continuous("number of components, k",
            breaks = seq_along(ks), labels = ks, minor_breaks = NULL,
            guide = ggplot2::guide_axis(check.overlap = TRUE),
            limits = c(0.5, length(ks) + 0.5), expand = c(0, 0)) +
        ggplot2::expand_limits(y = 0:1) +
        ggplot2::labs(title = "Agreement with the fit to all samples",
            y = "agreement", caption = .lines("Above: ",
                .plural(nrow(x$rand), "resample"), ". Below: mean and middle ",
                "half for each component, 1 on the left. Dotted: 0.6 (found ",
                "again) and 0.85 (very stable).")) +
        .theme()
}

# One row for each value: of both measures, k, component and resample. `at` is
# the place on the axis.
.stability_table <- function(x) {
    measures <- c("adjusted Rand", "Jaccard")
    long <- function(values, measure, k, component) {
        n <- nrow(values)
        at <- match(k, colnames(x$rand))
        data.frame(measure = factor(measures[[measure]], measures),
            k = as.integer(k), component = rep(component, each = n),
            resample = rep(seq_len(n), ncol(values)),
            at = if (anyNA(component)) at
                else rep(.spread(at, length(component)), each = n),
            value = as.vector(values))
    }
    parts <- lapply(colnames(x$rand), function(k) {
        jaccard <- x$jaccard[[k]]
        rbind(long(x$rand[, k, drop = FALSE], 1L, k, NA_integer_),
            long(jaccard, 2L, k, seq_len(ncol(jaccard))))
    })
    table <- do.call(rbind, parts)
    # where a resample holds none of the component's samples
    table[!is.na(table$value), ]
}

# Places for the components of one k about its own.
.spread <- function(at, n) {
    at + (seq_len(n) - (n + 1) / 2) * min(0.15, 0.8 / n)
}

# For each component the mean and the quartiles of its Jaccard coefficients.
.stability_bars <- function(x, measures) {
    parts <- lapply(colnames(x$rand), function(k) {
        jaccard <- x$jaccard[[k]]
        quartile <- function(p) {
            apply(jaccard, 2L, stats::quantile, p, na.rm = TRUE, names = FALSE)
        }
        n <- ncol(jaccard)
        data.frame(measure = factor("Jaccard", measures), k = as.integer(k),
            component = factor(seq_len(n)),
            at = .spread(match(k, colnames(x$rand)), n),
            value = .mean_jaccard(jaccard), lower = quartile(0.25),
            upper = quartile(0.75))
    })
    bars <- do.call(rbind, parts)
    bars[!is.na(bars$value), ]
}

#' @importFrom graphics axis boxplot mtext text
.draw_stability <- function(x, ...) {
    at <- seq_len(ncol(x$rand))
    settings <- list(x = as.data.frame(x$rand, optional = TRUE),
        at = at - 0.2, boxwex = 0.3, xaxt = "n",
        xlim = range(at) + c(-1, 1) / 2,
        xlab = "number of components, k", ylab = "agreement with all samples",
        ylim = range(0, 1, x$rand), col = .gradient[[3L]])
    given <- list(...)
    settings[names(given)] <- given
    do.call(boxplot, settings)
    axis(1, at, colnames(x$rand))
    for (i in at) {
        jaccard <- .mean_jaccard(x$jaccard[[i]])
        n <- length(jaccard)
        text(i + seq(0.05, 0.4, length.out = n), jaccard, seq_len(n),
            cex = 0.8)
    }
    mtext("boxes: adjusted Rand index; 1, 2, ...: mean Jaccard of component",
        line = 0.3, cex = 0.8)
}
