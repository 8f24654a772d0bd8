# A check of a fit: the counts against counts drawn from the fit.

#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Model check:
#' `what = "check"` compares the counts with tables drawn from the fit. If the
#' model holds, the counts look like one of them.
#'
#' 1. For each sample, a component is drawn from the sample's posterior
#'    probabilities, and then counts from this component's
#'    Dirichlet-multinomial, with as many reads as the sample has. This is done
#'    `nsim` times.
#' 2. A statistic is computed from the samples of each component, for the counts
#'    and for each drawn table. The samples of a component are those of which it
#'    is the most probable one, in the counts and in the drawn tables alike.
#' 3. The p-value is two-sided. It is twice the share of tables, the counts
#'    included, whose statistic is at least as far out as that of the counts, on
#'    the side where that share is smaller, and at most 1.
#'
#' The statistics are
#'
#' * `"richness"`: the number of taxa found in a sample, on average;
#' * `"zeros"`: the share of zeros among the counts of the `ntaxa` most abundant
#'   taxa. Rare taxa, whose zeros are seen in the richness, are not among them;
#' * `"shannon"`: the Shannon diversity of a sample in nats, on average;
#' * `"variance"`: how much the samples differ, as the sum of the variances of
#'   the proportions of the `ntaxa` most abundant taxa. It needs two samples.
#'
#' This is a posterior predictive check in which the estimate stands for the
#' posterior distribution of the parameters (plug-in), or in other words a
#' parametric bootstrap without refitting. The counts are compared with an
#' estimate that was made from them. The check is therefore conservative:
#' p-values are closer to 1 than those of a test, so that a large one says
#' little (Robins et al. 2000). There are as many p-values as points; a few
#' small ones among many are no surprise.
#'
#' Drawing takes time. Of a large table, only so many samples of each component
#' are used, chosen at random, that it takes a few seconds; the caption says how
#' many. `nsamples` changes this.
#'
#' `p$data` of the plot `p` has a row for each statistic and component, with the
#' columns `statistic`, `component`, `samples`, `observed`, `median`, `lower`
#' and `upper` (the limits of the middle 95 % of the drawn values), and `p`.
#'
#' Arguments:
#'
#' * `count`: for `"check"`, counts, samples x taxa, in any of the forms that
#'   [dmn()] takes: the table that the fit was made from, which the fit does
#'   not hold, or new samples. Taxa are matched by name, see
#'   [`predict()`][predict.DMN].
#' * `statistic`: `character`: for `"check"`, one or more of `"richness"`,
#'   `"zeros"`, `"shannon"` and `"variance"`. The default is all.
#' * `nsim`: `numeric(1)`, a whole number >= 20, default 100: for `"check"`,
#'   the number of tables to draw. The smallest p-value is `2 / (nsim + 1)`.
#' * `nsamples`: `numeric(1)`, a whole number >= 1: for `"check"`, the largest
#'   number of samples to use. The default, `NULL`, is as many as can be drawn
#'   in a few seconds, and at least 64.
#' * `seed`: `numeric(1)`: for `"check"`, a seed for the draws; the state of
#'   R's generator is restored afterwards. With `NULL`, the default, the
#'   generator continues from its present state.
#' * `assay.type`, `missing.taxa`: for plots that take `count`, see
#'   [`predict()`][predict.DMN].
#' @references
#' Gelman A, Meng XL, Stern H (1996). Posterior predictive assessment of model
#' fitness via realized discrepancies. *Statistica Sinica* 6, 733-807.
#'
#' Robins JM, van der Vaart A, Ventura V (2000). Asymptotic distribution of P
#' values in composite null models. *Journal of the American Statistical
#' Association* 95, 1143-1156. \doi{10.1080/01621459.2000.10474310}
#' @examples
#' plot(fit, "check", count = twins, nsim = 20, seed = 1)
NULL

utils::globalVariables(c("component", "observed", "median", "lower", "upper",
    "p", "text"))

.statistics <- c("richness", "zeros", "shannon", "variance")

.plot_check <- function(object, count, statistic = .statistics, nsim = 100,
    nsamples = NULL, ntaxa = 20, seed = NULL, missing.taxa = "error",
    assay.type = "counts", ...) {
    if (missing(count))
        .stop("'count' is missing: pass the table that the fit was made from, ",
            "which the fit does not hold")
    bad <- if (is.character(statistic)) setdiff(statistic, .statistics)
    if (!is.character(statistic) || length(statistic) == 0L || length(bad))
        .stop("'statistic' must be some of ",
            paste0('"', .statistics, '"', collapse = ", "), "; found ",
            if (length(bad)) dQuote(bad[[1L]], FALSE)
            else .describe(statistic))
    nsim <- .check_whole(nsim, "nsim", 20L)
    ntaxa <- .check_whole(ntaxa, "ntaxa")
    if (!is.null(nsamples))
        nsamples <- .check_whole(nsamples, "nsamples")
    missing.taxa <- .check_missing_taxa(missing.taxa)
    count <- .align_taxa(.as_new_samples(count, "count", assay.type),
        object@fit$Estimate, "count", missing.taxa)
    count <- .as_counts(count, "count")
    make <- function() {
        .model_check(object, count, nsim, nsamples, ntaxa)
    }
    check <- if (is.null(seed)) make() else
        .with_seed(.check_seed(seed), make())
    .draw_check(check, statistic, componentLabels(object), nsim)
}

.draw_check <- function(check, statistic, labels, nsim) {
    shown <- check$data
    shown <- shown[shown$statistic %in% statistic, ]
    if (nrow(shown) == 0L)
        .stop("the variance needs two samples of a component; none has two")
    shown$statistic <- factor(shown$statistic, statistic)
    title <- c(richness = "taxa in a sample", shannon = "Shannon diversity",
        zeros = sprintf("zeros in %s", .plural(check$ntaxa, "taxon", "taxa")),
        variance = sprintf("variance of %s",
            .plural(check$ntaxa, "taxon", "taxa")))
    size <- check$samples
    many <- sum(size > 0L) > 6L
    # room for the text to the right
    expand <- c(0.08, if (many) 0.7 else 0.35)
    shown$text <- sprintf(ifelse(shown$p < 0.01, "%.3f", "%.2f"), shown$p)
    ggplot2::ggplot(shown, ggplot2::aes(y = component)) +
        ggplot2::geom_linerange(ggplot2::aes(xmin = lower, xmax = upper),
            linewidth = 2, colour = .other_colour) +
        ggplot2::geom_point(ggplot2::aes(x = median), shape = 124, size = 2) +
        ggplot2::geom_point(ggplot2::aes(x = observed, fill = component),
            shape = 23, size = 1.6) +
        ggplot2::geom_text(ggplot2::aes(x = Inf, label = text,
            fontface = ifelse(p < 0.05, "bold", "plain")), hjust = 1.1,
            size = .text_size(0.65), check_overlap = TRUE) +
        ggplot2::facet_wrap("statistic", scales = "free_x",
            nrow = if (many) 1L, labeller = ggplot2::as_labeller(title,
                ggplot2::label_wrap_gen(if (many) 14L else 30L))) +
        ggplot2::scale_x_continuous(expand = ggplot2::expansion(expand),
            breaks = .breaks_within(expand, if (many) 2L else 3L)) +
        ggplot2::scale_y_discrete(limits = rev(labels[size > 0L]),
            labels = rev(.with_size(labels, size)[size > 0L])) +
        .scale_component(labels, "fill", guide = "none") +
        ggplot2::guides(x = ggplot2::guide_axis(check.overlap = TRUE),
            y = ggplot2::guide_axis(check.overlap = TRUE)) +
        ggplot2::labs(x = NULL, y = "component (samples)",
            title = "The counts against the fit",
            caption = .check_caption(check, nsim)) +
        .theme(panel.grid.major.y = ggplot2::element_blank())
}

# About `n` breaks of an axis, none of them where it was expanded for text. With
# 2 they are no more.
.breaks_within <- function(expand, n) {
    function(limits) {
        width <- diff(limits) / (1 + sum(expand))
        lower <- limits[[1L]] + expand[[1L]] * width
        breaks <- pretty(c(lower, lower + width), n)
        breaks <- breaks[breaks > limits[[1L]] & breaks < lower + 1.1 * width]
        if (n == 2L && length(breaks)) range(breaks) else breaks
    }
}

.check_caption <- function(check, nsim) {
    .lines("Diamonds: the counts. Bars and ticks: the middle 95% and the ",
        "median of ", nsim, " tables drawn from the fit. Numbers: two-sided ",
        "posterior predictive p-values with the estimate plugged in ",
        "(conservative), bold below 0.05.", if (check$most < Inf)
        sprintf(" At most %d samples of each component, chosen at random.",
            check$most))
}

# The numbers behind the plot: `data`, a data.frame with a row for each
# statistic and component; `samples`, how many of each component were used;
# `most`, the limit on these, or Inf; `ntaxa`, the number of taxa that "zeros"
# and "variance" are made from. `count` has the taxa of the fit.
.model_check <- function(object, count, nsim, nsamples, ntaxa) {
    alpha <- object@fit$Estimate
    z <- predict.DMN(object, count)
    group <- max.col(z, ties.method = "first")
    most <- .most_samples(group, nsim, nsamples, nrow(alpha))
    used <- .some_of_each(group, most)
    group <- factor(group[used], seq_len(ncol(z)))
    observed <- t(as.matrix(count[used, , drop = FALSE]))
    size <- as.integer(colSums(observed))
    share <- alpha %*% (object@mixture$Weight / colSums(alpha))
    top <- utils::head(order(share, decreasing = TRUE), ntaxa)

    cumulative <- z[used, , drop = FALSE] %*%
        upper.tri(diag(ncol(z)), diag = TRUE)
    statistics <- function(x) .statistics_of(x, group, top)
    draw <- .drawer(object)
    drawn <- vapply(seq_len(nsim), function(i) {
        statistics(.draw_table(draw, cumulative, size, nrow(alpha)))
    }, matrix(0, nlevels(group), length(.statistics)))
    list(data = .compare(statistics(observed), drawn, group,
        componentLabels(object)), samples = tabulate(group, ncol(z)),
        most = if (length(used) < nrow(z)) most else Inf, ntaxa = length(top))
}

# At most so many samples of each component are drawn. Drawing a sample takes
# about as long as 60 taxa of it; 6 million taxa take about 2 seconds.
.most_samples <- function(group, nsim, nsamples, taxa) {
    if (is.null(nsamples))
        nsamples <- max(64, 6e6 / (nsim * (taxa + 60)))
    if (nsamples >= length(group))
        return(length(group))
    as.integer(max(1, nsamples %/% length(unique(group))))
}

.some_of_each <- function(group, most) {
    if (max(tabulate(group)) <= most)
        return(seq_along(group))
    chosen <- lapply(split(seq_along(group), group), function(i) {
        i[sample.int(length(i), min(most, length(i)))]
    })
    sort(unlist(chosen, use.names = FALSE))
}

# Counts, taxa x samples. Row i of `cumulative` are the cumulative probabilities
# of the components of sample i.
.draw_table <- function(draw, cumulative, size, taxa) {
    n <- length(size)
    below <- cumulative[, -ncol(cumulative), drop = FALSE] < stats::runif(n)
    component <- 1L + as.integer(rowSums(below))
    count <- vapply(seq_len(n), function(i) {
        draw(component[[i]], size[[i]])
    }, integer(taxa))
    matrix(count, taxa)
}

# The statistics of a table, taxa x samples: a matrix, groups x statistics, with
# NA where a group is too small.
.statistics_of <- function(x, group, top) {
    total <- colSums(x)
    size <- tabulate(group, nlevels(group))
    means <- function(values) {
        rowsum(values, group)[as.character(which(size > 0L)), , drop = FALSE] /
            size[size > 0L]
    }
    part <- x[top, , drop = FALSE]
    share <- t(part) / total
    centre <- means(share)[as.character(group), , drop = FALSE]
    distance <- rowSums((share - centre)^2)
    value <- matrix(NA_real_, nlevels(group), length(.statistics),
        dimnames = list(NULL, .statistics))
    value[size > 0L, ] <- means(cbind(colSums(x > 0), colMeans(part == 0),
        log(total) - colSums(x * log(pmax(x, 1))) / total, distance))
    value[, "variance"] <- value[, "variance"] * size / (size - 1)
    value[size < 2L, "variance"] <- NA
    value
}

# `drawn`: groups x statistics x tables.
.compare <- function(observed, drawn, group, labels) {
    nsim <- dim(drawn)[[3L]]
    drawn <- matrix(drawn, ncol = nsim)
    observed <- as.vector(observed)
    kept <- which(!is.na(observed))
    limits <- apply(drawn[kept, , drop = FALSE], 1L, stats::quantile,
        c(0.5, 0.025, 0.975), names = FALSE)
    # equal up to rounding is equal
    slack <- 1e-9 * abs(observed)
    tail <- pmin(rowSums(drawn >= observed - slack),
        rowSums(drawn <= observed + slack))
    place <- expand.grid(component = seq_along(labels),
        statistic = .statistics)[kept, ]
    data.frame(statistic = place$statistic,
        component = factor(labels[place$component], labels),
        samples = tabulate(group, length(labels))[place$component],
        observed = observed[kept], median = limits[1L, ],
        lower = limits[2L, ], upper = limits[3L, ],
        p = pmin(1, 2 * (tail[kept] + 1) / (nsim + 1)))
}
