# The plot of a sweep: the criteria against k.

#' @rdname dmnselect
#' @param scale `character(1)`: `"free"`, the default, has a panel for each
#'     criterion, each with its own axis; `"difference"` has one panel with the
#'     differences of each criterion from its least value.
#' @param starts `logical(1)`, default `TRUE`: whether the plot shows the starts
#'     that ended elsewhere.
#' @section Plots:
#' `autoplot()` and `plot()` draw the criteria against `k`. The least value of
#' each is marked. The starts of a fit that ended at other optima are small
#' points. They are as far above the fit as their NLE is: that is their
#' criterion for AIC and BIC, and close to it for the others. Starts
#' that would take more than a fifth of a panel, and those made on a part of the
#' samples (see [starts()]), are left out, and the caption says so.
#'
#' In the data of the plot, `value` is the criterion and `difference` its
#' difference from the least one; `at` is the place on the axis of `k`. With
#' `scale = "difference"`, the criteria are side by side about each `k`.
#' @method autoplot DMNSelect
#' @exportS3Method ggplot2::autoplot DMNSelect
autoplot.DMNSelect <- function(object, criterion = .criteria_choices,
    scale = c("free", "difference"), starts = TRUE, ...) {
    .need_ggplot("autoplot()")
    .refuse_dots(..., .what = "autoplot",
        .known = names(formals(autoplot.DMNSelect)))
    fits <- .fits_to_plot(object, criterion, "object")
    .plot_criteria(fits, criterion, scale, starts)
}

#' @rdname dmnselect
#' @param y not used.
#' @export
plot.DMNSelect <- function(x, y, criterion = .criteria_choices,
    scale = c("free", "difference"), starts = TRUE, ...) {
    fits <- .fits_to_plot(x, criterion, "x")
    .plot_by(x, function() .plot_criteria(fits, criterion, scale, starts),
        function() .draw_criteria(fits, criterion, scale, ...),
        base = ...length() > 0L)
}

.fits_to_plot <- function(x, criterion, arg) {
    if (!is.character(criterion) || length(criterion) == 0L ||
        !all(criterion %in% .criteria_choices))
        .stop("'criterion' must be among ",
            paste0('"', .criteria_choices, '"', collapse = ", "), "; found ",
            .describe(criterion))
    fits <- .fits_of(x, if ("ICL" %in% criterion) "group", arg)
    if (length(fits) == 0L)
        .stop("'", arg, "' holds no fits to plot")
    fits
}

.plot_criteria <- function(fits, criterion, scale, starts) {
    scale <- .check_choice(scale, "scale", c("free", "difference"))
    starts <- .check_flag(starts, "starts")
    table <- .criteria_table(fits, unique(criterion))
    table$y <- if (scale == "free") table$value else table$difference
    table$at <- if (scale == "free") table$k else .beside(table)
    others <- .other_starts(fits, table, scale)
    if (!starts)
        others$shown <- others$shown[0L, ]
    least <- table[table$least, ]
    names <- sub("laplace", "Laplace", levels(table$criterion))
    best <- least$k[match(levels(table$criterion), least$criterion)]
    labels <- stats::setNames(ifelse(is.na(best), names,
        paste0(names, ", best k: ", best)), levels(table$criterion))
    free <- scale == "free"
    # a line of one point is a message of ggplot2
    line <- if (length(fits) > 1L) ggplot2::geom_line(na.rm = TRUE)
    point <- function(...) ggplot2::geom_point(..., na.rm = TRUE)
    plot <- ggplot2::ggplot(table, ggplot2::aes(.data$at, .data$y)) + line +
        .scale_k(table$k) + .theme() +
        ggplot2::labs(title = "Criteria by number of components",
            y = if (free) "criterion (less is better)"
                else "difference from the least",
            caption = .lines("Filled: the least. ",
                if (nrow(others$shown))
                    "Small: other starts, as far above as their NLE. ",
                if (starts) others$note))
    if (free)
        plot + point(data = others$shown, size = 0.5, colour = .accent) +
            point(shape = 21L, fill = "white", size = 1.2) +
            point(data = least, size = 2) +
            ggplot2::facet_wrap("criterion", scales = "free_y",
                labeller = ggplot2::as_labeller(labels))
    else
        plot + ggplot2::aes(colour = .data$criterion,
            shape = .data$criterion, linetype = .data$criterion) +
            point(data = others$shown, size = 0.5) +
            point(fill = "white", size = 1.2) +
            point(ggplot2::aes(fill = .data$criterion), least, size = 2) +
            .scale_criterion(labels)
}

# Places about each k, a fortieth of the axis apart, since BIC and ICL may be
# the same.
.beside <- function(table) {
    apart <- min(0.15, (1 + diff(range(table$k))) / 40)
    table$k + apart * (as.integer(table$criterion) -
        (nlevels(table$criterion) + 1) / 2)
}

# A criterion keeps its colour and shape whichever others are drawn. ICL has a
# dashed line, through which that of BIC is seen.
.scale_criterion <- function(labels) {
    at <- match(names(labels), .criteria_choices)
    list(ggplot2::scale_colour_manual(NULL, labels = labels,
        values = .colours_of(.criteria_choices)[at],
        aesthetics = c("colour", "fill")),
        ggplot2::scale_shape_manual(NULL, labels = labels,
            values = c(21L, 22L, 24L, 25L)[at]),
        ggplot2::scale_linetype_manual(NULL, labels = labels,
            values = c("solid", "solid", "solid", "dashed")[at]))
}

# One row for each criterion and k.
.criteria_table <- function(fits, criterion) {
    parts <- lapply(criterion, function(name) {
        value <- unname(.criterion_values(fits, name))
        # Laplace can be NaN in fits made by DirichletMultinomial
        least <- which.min(value)
        data.frame(criterion = factor(name, criterion), k = .fitted_k(fits),
            value = value, difference = value - value[least][1L],
            least = seq_along(value) %in% least)
    })
    do.call(rbind, parts)
}

# The starts that did not end at the best optimum of their k, at `y` on the
# scale of each criterion; and a note on those left out.
.other_starts <- function(fits, table, scale) {
    above <- lapply(fits, function(fit) {
        # fits made by DirichletMultinomial have no record
        nle <- .starts_of(fit)$NLE
        above <- nle - min(Inf, nle)
        above[is.finite(above) & above > .same_optimum]
    })
    part <- lengths(above) > 0L & vapply(fits, function(fit) {
        any(.starts_of(fit)$samples != .n_samples(fit))
    }, logical(1))
    above[part] <- list(numeric())
    n <- rep(lengths(above), length.out = nrow(table))
    shown <- table[rep(seq_len(nrow(table)), n), ]
    shown$y <- shown$y + rep(unlist(above), length.out = nrow(shown))
    panel <- if (scale == "free") table$criterion else rep(1, nrow(table))
    limit <- stats::ave(table$y, panel, FUN = function(y) {
        y <- y[is.finite(y)]
        if (length(unique(y)) < 2L) Inf else max(y) + diff(range(y)) / 4
    })
    inside <- which(shown$y <= rep(limit, n))
    note <- c(if (length(inside) < nrow(shown)) "Some far above are left out.",
        if (any(part)) paste0("Starts of k = ", paste(.fitted_k(fits)[part],
            collapse = ", "), " were made on a part of the samples and are ",
            "left out."))
    list(shown = shown[inside, ], note = paste(note, collapse = " "))
}

#' @importFrom graphics legend matplot points
.draw_criteria <- function(fits, criterion, scale, ...) {
    scale <- .check_choice(scale, "scale", c("free", "difference"))
    k <- .fitted_k(fits)
    values <- matrix(unlist(lapply(criterion, .criterion_values,
        fits = fits)), length(k))
    least <- apply(values, 2L, which.min)
    if (scale == "difference")
        values <- sweep(values, 2L, values[cbind(least, seq_along(criterion))])
    colour <- .qualitative[2L * match(criterion, .criteria_choices)]
    # BIC is seen through ICL
    lty <- ifelse(criterion == "ICL", 2, 1)
    settings <- list(x = k, y = values, type = "b", lty = lty, lwd = 1,
        pch = 1, col = colour, xlab = "number of components, k",
        ylab = if (scale == "free") "criterion (less is better)"
            else "difference from the least")
    given <- list(...)
    settings[names(given)] <- given
    do.call(matplot, settings)
    # one for each criterion; matplot() splits strings, as "bl"
    of_each <- function(name) {
        value <- settings[[name]]
        if (name %in% c("type", "pch") && is.character(value))
            value <- strsplit(paste(value, collapse = ""), "")[[1L]]
        rep_len(value, length(criterion))
    }
    points(k[least], values[cbind(least, seq_along(criterion))], pch = 19,
        col = of_each("col"))
    type <- of_each("type")
    legend("topleft", legend = criterion, bty = "n", inset = 0.02,
        col = of_each("col"),
        lty = ifelse(type %in% c("p", "n"), 0, of_each("lty")),
        lwd = of_each("lwd"),
        pch = ifelse(type %in% c("p", "b", "o"), of_each("pch"), NA))
}
