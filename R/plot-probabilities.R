#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Probabilities:
#' `what = "probabilities"` shows how clearly each sample belongs to a
#' component. A sample is a column, filled by the probabilities of its
#' components. Samples are ordered by their most probable component and then by
#' its probability. The black line is the entropy of each sample, from 0
#' (certain) to 1 (all components equally probable), see [entropy()]. A black
#' mark at the top is an uncertain sample. Uncertain samples are shown again in
#' a panel of their own, with their names if there are 30 or fewer. The argument
#' is
#'
#' * `threshold`: `numeric(1)` between 0 and 1, default 0.9. Samples whose
#'   largest probability is below it are uncertain.
#'
#' The plot's `data` have a row for each sample and component, and the columns
#' `sample`, `component`, `probability`, `assigned` (the most probable
#' component), `entropy`, `uncertain` and `position`, the place in the order.
NULL

utils::globalVariables(c("x", "lower", "upper", "component", "entropy",
    "panel"))

.plot_probabilities <- function(object, threshold = 0.9) {
    threshold <- .check_probability(threshold, "threshold")
    table <- .ordered_probabilities(object, threshold)
    samples <- table[as.integer(table$component) == 1L, ]
    uncertain <- samples$position[samples$uncertain]
    # The uncertain samples are drawn again, to the right of all.
    after <- nrow(samples) + 1L
    steps <- rbind(.steps(table, samples$position, 0L, "all samples"),
        .steps(table, uncertain, after, "uncertain samples"))
    line <- steps[as.integer(steps$component) == 1L, ]
    marks <- data.frame(x = uncertain,
        panel = rep("all samples", length(uncertain)))
    components <- levels(table$component)
    labels <- .component_labels(components,
        width = if (length(components) > 6L) 10L else 16L)
    named <- length(uncertain) > 0L && length(uncertain) <= 30L
    ggplot2::ggplot(table) +
        ggplot2::geom_ribbon(ggplot2::aes(x = x, ymin = lower, ymax = upper,
            fill = component), steps, colour = NA) +
        ggplot2::geom_path(ggplot2::aes(x = x, y = entropy), line,
            colour = "white", linewidth = 0.9) +
        ggplot2::geom_path(ggplot2::aes(x = x, y = entropy), line,
            linewidth = 0.4) +
        ggplot2::geom_tile(ggplot2::aes(x = x, y = 1.06), marks, width = 1,
            height = 0.06, fill = "black") +
        ggplot2::facet_wrap(~ panel, ncol = 1L, scales = "free_x") +
        ggplot2::scale_x_continuous(expand = c(0, 0),
            name = "samples, by component and probability",
            breaks = if (named) after + seq_along(uncertain),
            labels = if (named) .short_names(samples$sample[uncertain], 12L),
            guide = ggplot2::guide_axis(angle = 90, check.overlap = TRUE)) +
        ggplot2::scale_y_continuous(name = "probability, entropy",
            breaks = c(0, 0.5, 1), expand = ggplot2::expansion(c(0, 0.03)),
            guide = ggplot2::guide_axis(check.overlap = TRUE)) +
        .scale_component(components, "fill", labels = labels,
            guide = .key_above(labels)) +
        ggplot2::labs(title = "How clearly samples belong to the components",
            caption = .lines("Line: entropy, as a fraction of its maximum; ",
                "mean ", format(round(mean(samples$entropy), 3L)),
                ". Marks: samples whose largest probability is below ",
                threshold, ", ", length(uncertain), " of ",
                format(nrow(samples), big.mark = ","), ".")) +
        .theme_key_above(panel.grid.major.x = ggplot2::element_blank(),
            strip.text = ggplot2::element_text(
                margin = ggplot2::margin(1, 1, 1, 1)))
}

# A long table of samples and components. The components of a sample follow each
# other.
.ordered_probabilities <- function(object, threshold) {
    z <- mixture.DMN(object)
    labels <- colnames(z)
    class <- .classes(z, labels)
    order <- order(class$.class, -class$.probability)
    repeated <- function(x) rep(x[order], each = ncol(z))
    data.frame(sample = repeated(.sample_names(object)),
        component = factor(rep(labels, nrow(z)), labels),
        probability = as.vector(t(z[order, , drop = FALSE])),
        assigned = repeated(class$.class),
        entropy = repeated(unname(entropy.DMN(object, scale = TRUE,
            by.sample = TRUE))),
        uncertain = repeated(class$.probability < threshold),
        position = rep(seq_along(order), each = ncol(z)))
}

# The outlines of the columns of the samples at some positions: two corners for
# each. They are polygons, one for each component, since thousands of thin
# rectangles would have gaps.
.steps <- function(table, positions, after, panel) {
    rows <- table[table$position %in% positions, ]
    k <- nlevels(rows$component)
    top <- apply(matrix(rows$probability, k), 2L, cumsum)
    x <- after + rep(seq_along(positions), each = k)
    steps <- data.frame(panel = rep(panel, 2L * nrow(rows)),
        component = rep(rows$component, 2L),
        x = c(x - 0.5, x + 0.5), upper = rep(as.vector(top), 2L),
        lower = rep(as.vector(top) - rows$probability, 2L),
        entropy = rep(rows$entropy, 2L))
    steps[order(steps$component, rep(x, 2L), steps$x), ]
}
