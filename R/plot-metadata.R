# The components of a fit against a variable of the samples.

#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Against metadata:
#' `what = "metadata"` shows the components against a variable of the samples,
#' `data`. Each sample is put into its most probable component.
#'
#' If the variable is a factor, character or logical, there is a bar for each of
#' its values, with the shares of the components in the samples that have it.
#' The numbers in the bars are samples. Pearson's chi-squared test compares the
#' values. Where counts are too small for its approximation, which is where an
#' expected count is below 1 or more than a fifth of them are below 5, the
#' p-value comes from 9,999 random tables with the same margins, and is called a
#' Monte Carlo p-value. The same data always give the same p-value, and R's
#' generator keeps its state. Samples without a value have a bar, named
#' `missing`, and are left out of the test.
#'
#' If the variable is a number, there is a box for each component, with a point
#' for each sample or, for more than 1,000 samples, the outline of a density.
#' The Kruskal-Wallis test compares the components. Samples without a value are
#' left out.
#'
#' **What the tests assume.** They take the most probable components as if they
#' were known, and so ignore how uncertain they are: see [mixture()] and
#' [entropy()]. They also assume that the samples are independent. Several
#' samples of one person or of one family, such as those of [twins], are not,
#' and the p-values are then too small.
#'
#' `p$data` of the plot `p` has a row for each value and component, or for each
#' sample.
#'
#' Arguments:
#'
#' * `data`: for `"metadata"`, a factor or a character, logical or numeric
#'   vector with one element for each sample of the fit, in the same order. Or
#'   what holds such a variable: a data.frame or DataFrame with a row for each
#'   sample, a SummarizedExperiment or a phyloseq.
#' * `variable`: `character(1)`: for `"metadata"`, the name of the variable if
#'   `data` holds several.
#' * `nlevels`: `numeric(1)`, a whole number >= 1, default 12: for
#'   `"metadata"`, the number of values that have a bar. They are the most
#'   frequent ones. The test uses all. The bars of more than 12 have no
#'   numbers.
#' @examples
#' plot(fit, "metadata", data = twinsBMI)
#' ## the number of reads is a variable of the samples too
#' plot(fit, "metadata", data = rowSums(twins))
NULL

utils::globalVariables(c("component", "level", "count", "middle", "ink",
    "share", "value"))

.plot_metadata <- function(object, data, variable = NULL, nlevels = 12, ...) {
    if (missing(data))
        .stop("'data' is missing: pass a variable with a value for each sample")
    nlevels <- .check_whole(nlevels, "nlevels")
    data <- .variable_of_samples(data, variable, object)
    component <- .classes_of(object)$.class
    if (is.factor(data))
        .plot_levels(component, data, variable, nlevels)
    else
        .plot_values(component, data, variable, .samples_of(object))
}

# The variable as a factor without empty levels or a plain numeric vector.
.variable_of_samples <- function(data, variable, object) {
    table <- if (is.data.frame(data) || inherits(data, "DFrame")) data else
        .sample_variables(data)
    if (is.null(table) && !is.null(variable))
        .stop("'variable' names a variable of a data.frame or of another ",
            "container; 'data' is ", .describe(data))
    if (!is.null(table)) {
        variable <- .check_choice(variable, "variable", names(table))
        rows <- rownames(table)
        data <- table[[variable]]
    } else {
        rows <- names(data)
    }
    .check_variable(data, .n_samples(object))
    .check_same_order(rows, .samples_of(object), "data", "mixture(object)",
        paste0("data[rownames(mixture(object))", if (!is.null(table)) ", ",
            "]"))
    if (is.numeric(data)) as.double(data) else factor(data)
}

.check_variable <- function(data, n) {
    known <- is.null(dim(data)) && (is.factor(data) || is.character(data) ||
        is.logical(data) || is.numeric(data))
    if (!known)
        .stop("'data' must be a factor or a character, logical or numeric ",
            "vector; found ", .describe(data))
    if (length(data) != n)
        .stop("'data' must have a value for each of the ", .plural(n, "sample"),
            " of the fit; found ", .plural(length(data), "value"))
    if (all(is.na(data)))
        .stop("'data' must have values; all are NA")
    if (is.numeric(data) && any(is.infinite(data)))
        .stop("'data' must be finite or NA; found ",
            data[is.infinite(data)][[1L]])
}

# ---- a factor ----

.plot_levels <- function(component, data, variable, nlevels) {
    shown <- .level_shares(component, data)
    size <- shown$n[!duplicated(shown$level)]
    kept <- levels(shown$level)[sort(utils::head(order(-size), nlevels))]
    left_out <- nlevels(shown$level) - length(kept)
    shown <- shown[shown$level %in% kept, ]
    shown$level <- factor(shown$level, kept)
    fills <- .colours_of(levels(component))
    shown$ink <- .ink_on(fills[as.integer(shown$component)])
    missing <- sum(is.na(data))
    n <- shown$n[match(kept, shown$level)]
    # a number is written where its segment is about as wide as its digits
    room <- shown[length(kept) <= 12L &
        shown$share > 0.025 + 0.025 * nchar(shown$count), ]
    ggplot2::ggplot(shown, ggplot2::aes(share, level)) +
        ggplot2::geom_col(ggplot2::aes(fill = component), width = 0.85,
            colour = "white", linewidth = 0.2, orientation = "y",
            position = ggplot2::position_stack(reverse = TRUE)) +
        ggplot2::geom_text(ggplot2::aes(middle, label = count, colour = ink),
            data = room, size = .text_size(0.7), check_overlap = TRUE) +
        ggplot2::scale_colour_identity() +
        .scale_component(levels(component), "fill",
            labels = .short_names(levels(component), 20L)) +
        ggplot2::scale_x_continuous(
            labels = function(x) paste0(100 * x, "%"),
            expand = ggplot2::expansion(c(0, 0.03))) +
        ggplot2::scale_y_discrete(limits = rev(kept),
            labels = rev(.with_size(kept, n))) +
        ggplot2::guides(y = ggplot2::guide_axis(check.overlap = TRUE),
            fill = .small_keys()) +
        ggplot2::labs(x = "share of the samples", y = variable,
            title = paste("Components by",
                if (is.null(variable)) "group" else variable),
            subtitle = .metadata_test(component, data)$text,
            caption = .lines("Each sample is in its most probable component. ",
                if (nrow(room)) "Numbers: samples. ",
                if (left_out) paste0("Shown are the ", length(kept),
                    " most frequent of ", left_out + length(kept), " values. "),
                if (missing) paste0(.plural(missing, "sample"),
                    " without a value: not in the test. "),
                .test_caption)) +
        .theme(panel.grid.major.y = ggplot2::element_blank())
}

.test_caption <- paste("The test takes components as known and samples as",
    "independent.")

# A data.frame with a row for each level and component. `n` are the samples of
# the level, `middle` is where the segment's number is written.
.level_shares <- function(component, data) {
    level <- addNA(data, ifany = TRUE)
    if (anyNA(levels(level)))
        levels(level) <- make.unique(c(levels(data), "missing"))
    table <- table(component, level)
    share <- prop.table(table, 2L)
    cumulative <- apply(share, 2L, cumsum)
    data.frame(
        level = factor(rep(levels(level), each = nrow(table)), levels(level)),
        component = factor(rep(rownames(table), ncol(table)), rownames(table)),
        count = as.vector(table),
        n = rep(colSums(table), each = nrow(table)),
        share = as.vector(share),
        middle = as.vector(cumulative) - as.vector(share) / 2)
}

# ---- a number ----

.plot_values <- function(component, data, variable, samples) {
    shown <- data.frame(
        sample = if (is.null(samples)) seq_along(data) else samples,
        component = component, value = data)[!is.na(data), ]
    size <- tabulate(shown$component, nlevels(component))
    many <- nrow(shown) > 1000L
    missing <- length(data) - nrow(shown)
    plot <- ggplot2::ggplot(shown, ggplot2::aes(value, component,
        colour = component, fill = component))
    layers <- if (many)
        .density_layers(shown)
    else
        list(ggplot2::geom_boxplot(alpha = 0.25, width = 0.7,
            outlier.shape = NA, orientation = "y"),
            ggplot2::geom_point(size = if (nrow(shown) > 200L) 0.5 else 1,
            alpha = 0.6, position = ggplot2::position_jitter(width = 0,
            height = 0.25, seed = 1L)))
    plot + layers + .scale_component(levels(component), guide = "none") +
        ggplot2::scale_y_discrete(limits = rev(levels(component)),
            labels = rev(.with_size(levels(component), size))) +
        ggplot2::guides(y = ggplot2::guide_axis(check.overlap = TRUE),
            x = ggplot2::guide_axis(check.overlap = TRUE)) +
        ggplot2::labs(x = if (is.null(variable)) "value" else variable,
            y = "component (samples)",
            title = paste(if (is.null(variable)) "Values" else variable,
                "by component"),
            subtitle = .metadata_test(component, data)$text,
            caption = .lines("Boxes: quartiles and median. ", if (many)
                "Outlines: densities. " else "Points: samples. ",
                "Each sample is in its most probable component. ",
                if (missing) paste0(.plural(missing, "sample"),
                " without a value: left out. "), .test_caption)) +
        .theme(panel.grid.major.y = ggplot2::element_blank())
}

# A density needs two different values.
.density_layers <- function(shown) {
    range <- vapply(split(shown$value, shown$component), function(x) {
        if (length(x)) diff(range(x)) else 0
    }, numeric(1))
    list(ggplot2::geom_violin(scale = "width", width = 0.9, alpha = 0.25,
        linewidth = 0.3, orientation = "y",
        data = shown[range[as.integer(shown$component)] > 0, ]),
        ggplot2::geom_boxplot(fill = "white", width = 0.3, outlier.size = 0.3,
            linewidth = 0.3, orientation = "y"))
}

# ---- the tests ----

# The test of `data` against the components: its `method`, `statistic`, `df`,
# `p` and a `text` that names them. Without a test, `p` is NA and `text` says
# why.
.metadata_test <- function(component, data) {
    known <- !is.na(data)
    component <- factor(component[known])
    if (nlevels(component) < 2L)
        return(.no_test("the samples with a value are in one component"))
    if (is.factor(data))
        return(.chi_squared(table(component, factor(data[known]))))
    if (length(unique(data[known])) < 2L)
        return(.no_test("all values are equal"))
    test <- stats::kruskal.test(data[known], component)
    .named_test("Kruskal-Wallis test", "H", test, "p")
}

.no_test <- function(reason) {
    list(method = NA_character_, statistic = NA_real_, df = NA_real_,
        p = NA_real_, text = paste("No test:", reason))
}

# The rule of Cochran (1954, doi:10.2307/3001616) says when the approximation
# holds.
.chi_squared <- function(table) {
    if (ncol(table) < 2L)
        return(.no_test("all values are equal"))
    expected <- outer(rowSums(table), colSums(table)) / sum(table)
    if (any(expected < 1) || mean(expected < 5) > 0.2)
        return(.named_test("Chi-squared test", "X2", .with_seed(1L,
            stats::chisq.test(table, simulate.p.value = TRUE, B = 9999L)),
            "Monte Carlo p"))
    statistic <- sum((table - expected)^2 / expected)
    df <- (nrow(table) - 1L) * (ncol(table) - 1L)
    .named_test("Chi-squared test", "X2", list(statistic = statistic,
        parameter = df, p.value = stats::pchisq(statistic, df,
        lower.tail = FALSE)), "p")
}

.named_test <- function(method, name, test, p) {
    statistic <- unname(test$statistic)
    df <- unname(test$parameter)
    list(method = method, statistic = statistic, df = df, p = test$p.value,
        text = sprintf("%s: %s = %s%s, %s %s", method, name,
            format(signif(statistic, 3L)),
            if (is.na(df)) "" else sprintf(", df = %d", df), p,
            .p_text(test$p.value)))
}

.p_text <- function(p) {
    if (p < 1e-4) "< 0.0001" else
        paste("=", format(signif(p, 2L), scientific = FALSE))
}

# ---- what plots share ----

# Names for an axis, with the number of samples of each.
.with_size <- function(names, size) {
    sprintf("%s (%d)", .short_names(names, 20L), as.integer(size))
}

# The size of text in a panel, as a share of that of the user's theme.
.text_size <- function(share) {
    ggplot2::theme_get()$text$size * share / ggplot2::.pt
}

# Small keys, so that a legend of 12 components fits a small plot.
.small_keys <- function() {
    ggplot2::guide_legend(ncol = 1L, keyheight = 0.7, keywidth = 0.7)
}

# Black or white, whichever is read more easily on a colour. The weights are
# those of luma, ITU-R BT.601.
.ink_on <- function(colours) {
    luma <- c(0.299, 0.587, 0.114) %*% grDevices::col2rgb(colours)
    ifelse(luma > 140, "black", "white")[1L, ]
}
