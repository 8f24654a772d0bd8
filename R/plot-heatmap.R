# The heat map of autoplot(<DMN>). All cells are rasters: between thousands of
# narrow tiles the background would show.

utils::globalVariables(c("x", "y", "shade"))

# More samples than this are drawn as means of neighbours.
.most_columns <- 3000L

# Names of samples are shown for at most so many, and a sample variable has at
# most so many colours.
.most_named_samples <- 40L
.most_levels <- 9L

#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Heat map:
#' `autoplot(object, "heatmap", count = count)` shows the proportions of taxa in
#' samples. Columns are samples, grouped by their most probable component and
#' ordered by its probability, with the most certain sample of each component on
#' the left. Rows are the taxa that differ most between the components, in the
#' order of [drivers()]; with one component, the most abundant taxa. A bar above
#' shows the components, and further bars show the columns of `data`, each with
#' its own colours and key. Samples without a value are grey. Of a variable with
#' more than nine levels, all but the eight most frequent are put together.
#'
#' Above 3,000 samples, each column is the mean of neighbours of the same
#' component; the caption says of how many. It has their most frequent level and
#' the mean of their numbers. Up to 40 samples are named.
#'
#' The data of the plot have a row for each column and taxon: `sample` (of
#' several, the first), `samples` (their number), `component`, `taxon`,
#' `proportion`, the place `x`, `y`, and `shade`, the transformed proportion.
#' The bars have the aesthetics `fill_component`, `fill_1`, `fill_2` and so on.
#' A scale such as `scale_fill_manual(aesthetics = "fill_1")` changes their
#' colours.
#'
#' Arguments:
#'
#' * `count`: counts, samples x taxa, in any of the forms that [dmn()] takes:
#'   the table that the fit was made from, which the fit does not hold.
#' * `data`: for the heat map, what to show of the samples: a `data.frame`,
#'   matrix or `DataFrame` with a row for each sample of `count`, in the same
#'   order. Its columns are factors, character, logical or numeric. If `count`
#'   is a SummarizedExperiment or phyloseq object, also the names of some of
#'   its sample variables. `NULL`, the default, shows none.
#' * `taxa`: `numeric(1)`, a whole number >= 1: the largest number of taxa, by
#'   default 30 for the heat map and 500 for the ordination.
#' * `transform`: `character(1)`: what the colours of the heat map are
#'   proportional to, the square root (`"sqrt"`, the default) or the logarithm
#'   (`"log"`) of the proportions. The logarithm of a proportion of 0 is that
#'   of half the smallest other proportion shown, or of 1e-6 if that is more.
#' * `missing.taxa`: `"error"`, the default, or `"zero"`: what to do if the
#'   taxa of `count` are not those of the fit, see
#'   [`predict()`][predict.DMN].
#' * `assay.type`: `character(1)`, default `"counts"`: the assay to take if
#'   the counts are in a SummarizedExperiment.
#' @examples
#'
#' ## the samples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     plot(fit, "heatmap", count = twins, data = data.frame(bmi = twinsBMI))
#'     plot(fit, "ordination", count = twins)
#' }
NULL

.plot_heatmap <- function(object, count, data = NULL, taxa = 30,
    transform = c("sqrt", "log"), missing.taxa = c("error", "zero"),
    assay.type = "counts") {
    taxa <- .check_whole(taxa, "taxa")
    transform <- .check_choice(transform, "transform", c("sqrt", "log"))
    given <- .counts_of_fit(object, count, "heatmap", missing.taxa, assay.type)
    notes <- .sample_notes(data, count, .samples_of(object), nrow(given))
    labels <- componentLabels(object)
    columns <- .heatmap_columns(object, .most_columns)
    top <- .heatmap_taxa(object, taxa)
    share <- as.matrix(given[, top, drop = FALSE]) / .totals(given)$rows
    cells <- .heatmap_cells(share, columns, labels, .taxon_names(object)[top])
    colours <- .shades(cells$proportion, transform)
    cells$shade <- colours$shade
    bars <- c(list(component = factor(labels, labels)[columns$component]),
        lapply(notes, .bin_values, columns))
    height <- max(1, round(length(top) / 30))
    at <- length(top) + 0.5 * height +
        (rev(seq_along(bars)) - 1) * 1.4 * height

    ggplot2::ggplot(cells, ggplot2::aes(x, y)) +
        .cells("fill", quote(shade)) +
        ggplot2::scale_fill_gradientn(name = "proportion", colours = .gradient,
            breaks = colours$breaks, labels = colours$labels,
            limits = colours$limits, guide = .bar_guide("fill", 1L)) +
        .heatmap_bars(bars, columns$x, at, height, labels) +
        .heatmap_x(columns, labels,
            if (!is.null(.samples_of(object))) .sample_names(object)) +
        ggplot2::scale_y_continuous(name = NULL, expand = c(0, 0),
            breaks = c(rev(seq_along(top)), at + height / 2 + 0.5),
            labels = c(.short_names(.taxon_names(object)[top], 24L),
                .short_names(names(bars), 20L)),
            guide = ggplot2::guide_axis(check.overlap = TRUE)) +
        ggplot2::labs(title = "Samples by component",
            caption = .heatmap_caption(object, columns, share, notes)) +
        .theme(panel.grid.major = ggplot2::element_blank(),
            panel.background = ggplot2::element_blank(),
            axis.ticks = ggplot2::element_blank(),
            legend.key.size = .text_sizes(0.85),
            legend.title = ggplot2::element_text(size = ggplot2::rel(0.8)),
            legend.spacing.y = .text_sizes(0.2),
            legend.margin = ggplot2::margin(2, 0, 2, 0))
}

# ---- counts and taxa, also for the ordination ---------------------------

# `count` as the engine reads it, with the samples and the taxa of the fit.
.counts_of_fit <- function(object, count, what, missing.taxa, assay.type) {
    if (missing(count))
        .stop("'count' is missing: pass the table that the fit was made from ",
            "as autoplot(object, \"", what, "\", count = count)")
    missing.taxa <- .check_missing_taxa(missing.taxa)
    count <- .align_taxa(.as_count_matrix(count, "count", assay.type),
        object@fit$Estimate, "count", missing.taxa)
    .check_heatmap_samples(count, object, "object")
    .as_counts(count)
}

# The numbers of the `n` taxa that come first in drivers().
.heatmap_taxa <- function(object, n) {
    share <- fitted.DMN(object, scale = TRUE)
    base <- .reference_share(object, NULL, share)
    utils::head(.driver_order(share, base), n)
}

# ---- samples ------------------------------------------------------------

# The columns of the heat map: `order`, the samples from left to right, and
# `bin`, the column of each of these; for each column its `size`, `component`
# and place `x`. Between components some places are free.
.heatmap_columns <- function(object, most) {
    class <- .classes_of(object)
    assigned <- as.integer(class$.class)
    order <- order(assigned, class$.uncertainty)
    n <- length(order)
    per_bin <- ceiling(n / most)
    number <- stats::ave(seq_len(n), assigned[order], FUN = seq_along) - 1L
    new <- number %% per_bin == 0L
    component <- assigned[order][new]
    gap <- max(1, round(length(component) / 150))
    breaks <- cumsum(c(0L, diff(component) != 0L))
    bin <- cumsum(new)
    list(order = order, bin = bin, size = tabulate(bin), component = component,
        x = seq_along(component) + gap * breaks, per_bin = per_bin)
}

# The value of a sample variable in each column.
.bin_values <- function(x, columns) {
    x <- x[columns$order]
    if (columns$per_bin == 1)
        return(x)
    parts <- split(x, columns$bin)
    if (is.factor(x)) {
        most <- vapply(parts, function(part) {
            if (all(is.na(part))) NA_integer_ else which.max(table(part))
        }, integer(1))
        return(factor(levels(x)[most], levels(x)))
    }
    mean <- vapply(parts, mean, numeric(1), na.rm = TRUE)
    replace(unname(mean), is.nan(mean), NA)
}

# The sample variables to show, a list of factors and numbers.
.sample_notes <- function(data, count, samples, n) {
    if (is.null(data))
        return(list())
    if (is.character(data) && is.null(dim(data)))
        notes <- .named_variables(data, count)
    else {
        notes <- .check_data(data, n)
        given <- if (.row_names_info(notes) > 0L) row.names(notes)
        .check_same_order(given, samples, "data",
            right = "data[rownames(count), ]")
    }
    Map(.as_note, as.list(notes), names(notes))
}

.named_variables <- function(names, count) {
    known <- .sample_variables(count)
    if (is.null(known))
        .stop("'data' must be a data.frame with a row for each sample; names ",
            "of sample variables need a SummarizedExperiment or phyloseq ",
            "object as 'count', found ", .describe(count))
    bad <- setdiff(names, names(known))
    if (length(bad))
        .stop("'data' must be sample variables of 'count', ",
            .first_few(names(known)), "; found ", .first_few(bad))
    names <- unique(names)
    stats::setNames(lapply(names, function(name) known[[name]]), names)
}

.as_note <- function(x, name) {
    if (is.numeric(x) && is.null(dim(x)) && !is.object(x))
        return(replace(as.double(x), !is.finite(x), NA))
    if (!is.factor(x) && !is.character(x) && !is.logical(x))
        .stop("the columns of 'data' must be factors, character, logical or ",
            "numbers; found ", .describe(x), " in '", name, "'")
    x <- droplevels(as.factor(x))
    if (nlevels(x) > .most_levels) {
        rare <- names(sort(table(x), decreasing = TRUE))[-seq_len(
            .most_levels - 1L)]
        kept <- setdiff(levels(x), rare)
        other <- utils::tail(make.unique(c(kept,
            .plural(length(rare), "other"))), 1L)
        levels(x)[levels(x) %in% rare] <- other
        x <- factor(x, c(kept, other))
    }
    x
}

# ---- cells --------------------------------------------------------------

# One row for each column and taxon. `share`: samples x taxa.
.heatmap_cells <- function(share, columns, labels, taxa) {
    samples <- .shown_names(rownames(share), nrow(share), "sample")
    first <- columns$order[!duplicated(columns$bin)]
    share <- share[columns$order, , drop = FALSE]
    if (columns$per_bin > 1)
        share <- rowsum(share, columns$bin) / columns$size
    n <- length(taxa)
    data.frame(sample = rep(samples[first], n),
        samples = rep(columns$size, n),
        component = rep(factor(labels, labels)[columns$component], n),
        taxon = rep(taxa, each = length(first)),
        proportion = as.vector(share), x = rep(columns$x, n),
        y = rep(rev(seq_along(taxa)), each = length(first)))
}

# The transformed proportions, with the breaks and labels of their key.
.shades <- function(proportion, transform) {
    if (transform == "sqrt") {
        most <- max(sqrt(proportion), 0.01)
        # pretty() makes too few or too many for so short a key
        step <- c(0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
        breaks <- seq(0, most, by = step[most / step < 5][[1L]])
        return(list(shade = sqrt(proportion), breaks = breaks,
            labels = .percent_sign(breaks^2), limits = c(0, most)))
    }
    positive <- proportion[proportion > 0]
    least <- max(min(positive, 1) / 2, 1e-6)
    most <- max(positive, 2 * least)
    # the label of the first power must not touch that of 0
    first <- ceiling(log10(least) + 0.25 * log10(most / least))
    last <- floor(log10(most) + 1e-9)
    powers <- if (first <= last) first:last else log10(most)
    list(shade = log10(pmax(proportion, least)),
        breaks = c(log10(least), powers),
        labels = c("0", .percent_sign(10^powers)),
        limits = log10(c(least, most)))
}

# ---- layers and scales --------------------------------------------------

# A layer of cells of size 1, coloured by `value`, a quoted name. The aesthetic
# of their colour can have any name, so that layers have their own scales and
# keys: a plot has one scale for each aesthetic.
.cells <- function(aesthetic, value, data = NULL) {
    parent <- ggplot2::GeomRaster
    filled <- function(data) {
        data$fill <- data[[aesthetic]]
        data
    }
    geom <- ggplot2::ggproto(NULL, parent,
        default_aes = do.call(ggplot2::aes, stats::setNames(
            list(.other_colour, NA), c(aesthetic, "alpha"))),
        # that of GeomRaster warns of free places
        setup_data = function(data, params) {
            transform(data, xmin = x - 0.5, xmax = x + 0.5, ymin = y - 0.5,
                ymax = y + 0.5)
        },
        draw_panel = function(self, data, panel_params, coord,
            interpolate = FALSE, hjust = 0.5, vjust = 0.5) {
            parent$draw_panel(filled(data), panel_params, coord,
                interpolate = interpolate, hjust = hjust, vjust = vjust)
        },
        draw_key = function(data, params, size) {
            ggplot2::draw_key_rect(filled(data), params, size)
        })
    mapping <- c(list(x = quote(x), y = quote(y)),
        stats::setNames(list(value), aesthetic))
    ggplot2::layer(geom = geom, stat = "identity", position = "identity",
        data = data, mapping = do.call(ggplot2::aes, mapping),
        params = list(interpolate = FALSE))
}

# The bars above the heat map, each with its scale. `at`: their lower ends.
.heatmap_bars <- function(bars, x, at, height, labels) {
    # not their names, of which one may be "component"
    names <- c("fill_component", sprintf("fill_%d", seq_along(bars)[-1L] - 1L))
    # the number of each bar among those of factors, or among those of numbers
    factor <- vapply(bars, is.factor, NA)
    turn <- stats::ave(seq_along(bars), factor, FUN = seq_along)
    scales <- c(
        list(.scale_component(labels, names[[1L]], drop = FALSE,
            labels = .short_names(labels, 20L),
            # numbers that are left out above their bars are no loss
            # the names are at the top as well, and a key of many has no room
            guide = if (.are_labels(labels) && length(labels) <= 6L)
                .key_guide(length(labels), 2L)
            else "none")),
        lapply(seq_along(bars)[-1L], function(i) {
            .scale_note(bars[[i]], names[[i]], names(bars)[[i]],
                turn[[i]] - factor[[i]], i + 1L)
        }))
    cells <- lapply(seq_along(bars), function(i) {
        .cells(names[[i]], quote(value), data.frame(x = rep(x, height),
            y = rep(at[[i]] + seq_len(height), each = length(x)),
            value = rep(bars[[i]], height)))
    })
    c(cells, scales)
}

# The scale of a sample variable. `turn`: its number among those of its kind.
.scale_note <- function(value, aesthetic, name, turn, order) {
    palette <- function(of) of[[(turn - 1L) %% length(of) + 1L]]
    name <- .short_names(name, 20L)
    if (is.factor(value)) {
        level <- levels(value)
        return(ggplot2::scale_fill_manual(name = name, limits = level,
            values = stats::setNames(grDevices::hcl.colors(length(level),
                palette(.factor_palettes)), level),
            labels = .short_names(level, 20L), aesthetics = aesthetic,
            na.value = .other_colour, guide = .key_guide(length(level), order)))
    }
    known <- value[!is.na(value)]
    breaks <- if (length(known)) pretty(range(known), 3L) else c(0, 1)
    ggplot2::scale_fill_gradientn(name = name, aesthetics = aesthetic,
        breaks = breaks, limits = range(breaks),
        colours = grDevices::hcl.colors(9L, palette(.number_palettes),
            rev = TRUE), na.value = .other_colour,
        guide = .bar_guide(aesthetic, order))
}

.key_guide <- function(n, order) {
    ggplot2::guide_legend(order = order, ncol = if (n > 6L) 2L else 1L)
}

.bar_guide <- function(aesthetic, order) {
    ggplot2::guide_colourbar(order = order, available_aes = aesthetic,
        barheight = .text_sizes(3.5), barwidth = .text_sizes(0.7))
}

# A length in multiples of the size of the theme's text.
.text_sizes <- function(n) {
    ggplot2::unit(n * ggplot2::theme_get()$text$size, "pt")
}

# Components on top; the names of few samples below.
.heatmap_x <- function(columns, labels, samples) {
    middle <- tapply(columns$x, columns$component, mean)
    names <- .short_names(labels[as.integer(names(middle))], 14L)
    # names that are long for a small picture are written upwards
    angle <- if (sum(nchar(names) + 2L) > 50L) 90
    named <- if (!is.null(samples) &&
        length(columns$order) <= .most_named_samples)
        ggplot2::sec_axis(~ ., breaks = columns$x,
            labels = .short_names(samples[columns$order], 12L),
            guide = ggplot2::guide_axis(angle = 90, check.overlap = TRUE))
    else
        ggplot2::waiver()
    ggplot2::scale_x_continuous(name = NULL, position = "top",
        expand = c(0, 0), breaks = as.vector(middle),
        labels = names, sec.axis = named,
        guide = ggplot2::guide_axis(check.overlap = TRUE, angle = angle))
}

.heatmap_caption <- function(object, columns, share, notes) {
    n <- length(columns$order)
    all <- nrow(object@fit$Estimate)
    .lines(.plural(n, "sample"), ", grouped by most probable component and ",
        "ordered by its probability",
        if (columns$per_bin > 1)
            paste0("; a column is the mean of up to ", columns$per_bin),
        ". ", if (ncol(share) < all) paste0(ncol(share), " of "),
        .plural(all, "taxon", "taxa"),
        if (ncol(share) < all) paste0(", ",
            if (ncol(object@group) > 1L)
                "those that differ most between components"
            else "the most abundant", ", which hold ",
            .percent_sign(mean(rowSums(share)), 2L), " of a sample on average"),
        ".", if (anyNA(unlist(notes))) " Grey: no value.")
}
