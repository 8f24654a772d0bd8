# The ordination of autoplot(<DMN>).

utils::globalVariables(c("axis1", "axis2", "component", "x", "y", "label"))

# The distances of more samples take more than a second or two.
.most_distances <- 1000L

# A component with fewer samples has no ellipse.
.least_for_ellipse <- 10L

#' @name autoplot.DMN
#' @rdname autoplot.DMN
#' @section Ordination:
#' `autoplot(object, "ordination", count = count)` shows the samples on two
#' axes, coloured by their most probable component. A diamond is at the mean
#' proportions of each component, with its label or, if labels are long, its
#' number, which the key explains. A component with 10 samples or more has an
#' ellipse, which would hold 95 % of a bivariate normal distribution with the
#' mean and the covariance of its points.
#'
#' With `method = "pcoa"`, the axes are those of a principal coordinate analysis
#' of the Bray-Curtis dissimilarities between proportions, and the components
#' are placed by Gower's (1968) formula for additional points. With
#' `method = "hellinger"`, they are the principal components of the square roots
#' of the proportions, on which those of the components are projected (Legendre
#' and Gallagher 2001). The default is the first for up to 1,000 samples and the
#' second above. The per cents are of the sum of all eigenvalues. Taxa beyond
#' the number `taxa`, in the order of their total counts, are put together.
#'
#' The data of the plot have a row for each sample: `sample`, `component`,
#' `probability`, `axis1` and `axis2`.
#'
#' Arguments:
#'
#' * `method`: `character(1)`: the kind of ordination, `"pcoa"` or
#'   `"hellinger"`, see there.
#' @references
#' Gower, J. C. (1968). Adding a point to vector diagrams in multivariate
#' analysis. *Biometrika* 55, 582-585. \doi{10.1093/biomet/55.3.582}
#'
#' Legendre, P. and Gallagher, E. D. (2001). Ecologically meaningful
#' transformations for ordination of species data. *Oecologia* 129, 271-280.
#' \doi{10.1007/s004420100716}
NULL

.plot_ordination <- function(object, count, method = c("pcoa", "hellinger"),
    taxa = 500, missing.taxa = c("error", "zero"), assay.type = "counts") {
    taxa <- .check_whole(taxa, "taxa")
    kinds <- c("pcoa", "hellinger")
    many <- identical(method, kinds) &&
        .n_samples(object) > .most_distances
    method <- if (many) "hellinger" else .check_choice(method, "method", kinds)
    given <- .counts_of_fit(object, count, "ordination", missing.taxa,
        assay.type)
    labels <- componentLabels(object)
    table <- .lumped_proportions(given, fitted.DMN(object, scale = TRUE), taxa)
    axes <- if (method == "pcoa") .pcoa(table$samples, table$components) else
        .hellinger(table$samples, table$components)
    class <- .classes_of(object)
    points <- data.frame(
        sample = .shown_names(rownames(given), nrow(given), "sample"),
        component = class$.class, probability = class$.probability,
        axis1 = axes$samples[, 1L], axis2 = axes$samples[, 2L])
    few <- nrow(points) <= 300L
    fit <- all(nchar(labels) <= if (length(labels) > 6L) 4L else 14L)
    short <- if (fit) labels else as.character(seq_along(labels))
    names <- if (fit) labels else paste(short, .short_names(labels, 20L))
    key <- function(...) if (fit) "none" else
        ggplot2::guide_legend(ncol = ceiling(length(labels) / 12), ...)

    ggplot2::ggplot(points, ggplot2::aes(axis1, axis2)) +
        ggplot2::geom_point(ggplot2::aes(colour = component, shape = component),
            size = if (few) 1.2 else 0.6, alpha = if (few) 0.8 else 0.5) +
        .ellipse_layer(points) +
        .centre_layers(points, axes$components, labels, short) +
        .scale_component(labels, "colour", labels = names,
            guide = key(override.aes = list(size = 2, alpha = 1))) +
        .scale_component(labels, "fill", guide = "none") +
        ggplot2::scale_shape_manual(name = "component", limits = labels,
            labels = names, values = .component_shapes(labels),
            guide = key()) +
        ggplot2::labs(title = "Ordination of the samples",
            x = .axis_title(method, axes$share, 1L),
            y = .axis_title(method, axes$share, 2L),
            caption = .ordination_caption(points, method, table$lumped,
                ncol(given), many)) +
        .theme(legend.key.size = .text_sizes(1))
}

# ---- coordinates --------------------------------------------------------

# Proportions of at most `most` taxa and, in one more column, of all others.
.lumped_proportions <- function(count, share, most) {
    totals <- .totals(count)
    kept <- utils::head(order(totals$columns, decreasing = TRUE), most)
    x <- as.matrix(count[, kept, drop = FALSE]) / totals$rows
    share <- t(unname(share)[kept, , drop = FALSE])
    lumped <- ncol(count) - length(kept)
    if (lumped > 0L) {
        x <- cbind(x, pmax(1 - rowSums(x), 0))
        share <- cbind(share, pmax(1 - rowSums(share), 0))
    }
    list(samples = unname(x), components = share, lumped = lumped)
}

# Principal coordinates of the rows of `x`, proportions, and those of `extra`.
# For proportions, the Bray-Curtis dissimilarity is half the Manhattan distance.
.pcoa <- function(x, extra) {
    n <- nrow(x)
    squared <- (as.matrix(stats::dist(x, "manhattan")) / 2)^2
    mean <- rowMeans(squared)
    product <- (mean + rep(mean, each = n) - squared - mean(mean)) / 2
    axes <- .first_axes(product)
    samples <- axes$vectors * rep(sqrt(axes$values), each = n)
    # an axis without variation has eigenvalue 0
    scale <- ifelse(axes$values > 0, 1 / axes$values, 0)
    own <- diag(product)
    components <- t(vapply(seq_len(nrow(extra)), function(k) {
        to <- (colSums(abs(t(x) - extra[k, ])) / 2)^2
        drop(crossprod(samples, own - to)) * scale / 2
    }, numeric(2)))
    list(samples = samples, components = components, share = axes$share)
}

# Principal components of the square roots of `x`, and projections of those of
# `extra`.
.hellinger <- function(x, extra) {
    x <- sqrt(x)
    centre <- colMeans(x)
    axes <- .first_axes(crossprod(x - rep(centre, each = nrow(x))))
    project <- function(x) (x - rep(centre, each = nrow(x))) %*% axes$vectors
    list(samples = project(x), components = project(sqrt(extra)),
        share = axes$share)
}

# The first two eigenvectors of a symmetric matrix, with the largest element of
# each positive; their eigenvalues, not negative; and what share they are of
# the sum of all.
.first_axes <- function(matrix) {
    n <- nrow(matrix)
    both <- eigen(matrix, symmetric = TRUE)
    values <- c(both$values, 0)[1:2]
    vectors <- cbind(both$vectors, 0)[, 1:2, drop = FALSE]
    # what rounding leaves of 0
    values[values < 1e-12 * n] <- 0
    largest <- apply(abs(vectors), 2L, which.max)
    sign <- ifelse(vectors[cbind(largest, 1:2)] < 0, -1, 1)
    total <- sum(diag(matrix))
    list(vectors = vectors * rep(sign, each = n), values = values,
        share = if (total > 1e-12 * n) values / total else c(0, 0))
}

# ---- layers and scales --------------------------------------------------

.ellipse_layer <- function(points) {
    parts <- lapply(split(points, points$component), function(part) {
        if (nrow(part) < .least_for_ellipse)
            return(NULL)
        data.frame(component = part$component[[1L]],
            .ellipse(cbind(part$axis1, part$axis2)))
    })
    data <- do.call(rbind, unname(parts))
    if (is.null(data))
        return(NULL)
    ggplot2::geom_path(ggplot2::aes(x, y, colour = component), data,
        linewidth = 0.4, show.legend = FALSE)
}

# 61 points of the ellipse that holds 95 % of the normal distribution with the
# mean and the covariance of `points`.
.ellipse <- function(points) {
    shape <- eigen(stats::cov(points), symmetric = TRUE)
    angle <- seq(0, 2 * pi, length.out = 61L)
    circle <- sqrt(stats::qchisq(0.95, 2)) * cbind(cos(angle), sin(angle))
    half <- shape$vectors %*% diag(sqrt(pmax(shape$values, 0)))
    ellipse <- circle %*% t(half) + rep(colMeans(points), each = 61L)
    data.frame(x = ellipse[, 1L], y = ellipse[, 2L])
}

# A mark at each component's mean proportions, and its label in a box near it,
# which covers neither other labels nor marks.
.centre_layers <- function(points, centres, labels, short) {
    data <- data.frame(component = factor(labels, labels), label = short,
        axis1 = centres[, 1L], axis2 = centres[, 2L])
    unit <- c(.extent(points$axis1, data$axis1),
        .extent(points$axis2, data$axis2))
    # a small picture is 40 characters wide and 10 lines high
    place <- .apart(data$axis1 / unit[[1L]], data$axis2 / unit[[2L]],
        (nchar(short) + 1) / 40, 0.1)
    data$x <- place[, 1L] * unit[[1L]]
    data$y <- place[, 2L] * unit[[2L]]
    colours <- .colours_of(labels)
    light <- colSums(grDevices::col2rgb(colours) * c(0.3, 0.59, 0.11)) > 130
    list(
        ggplot2::geom_segment(ggplot2::aes(xend = x, yend = y), data,
            linewidth = 0.3),
        ggplot2::geom_label(ggplot2::aes(x, y, label = label,
            fill = component), data, colour = ifelse(light, "black", "white"),
            size = 0.8 * ggplot2::theme_get()$text$size / ggplot2::.pt,
            label.padding = .text_sizes(0.2), show.legend = FALSE),
        ggplot2::geom_point(ggplot2::aes(fill = component), data, shape = 23,
            size = 2, show.legend = FALSE))
}

.extent <- function(...) {
    extent <- diff(range(...))
    if (extent > 0) extent else 1
}

# The centres of boxes above the points x and y. They are moved up where one
# covers a point, and apart where two overlap, for at most 500 rounds.
.apart <- function(x, y, width, height) {
    at <- list(x = x, y = y)
    y <- y + height
    for (round in 1:500) {
        before <- c(x, y)
        for (i in seq_along(x)) {
            # a point is a mark of 0.03 x 0.05
            covered <- abs(x[[i]] - at$x) < (width[[i]] + 0.03) / 2 - 1e-9 &
                abs(y[[i]] - at$y) < (height + 0.05) / 2 - 1e-9
            if (any(covered))
                y[[i]] <- max(at$y[covered]) + (height + 0.05) / 2
            for (j in seq_len(i - 1L)) {
                across <- (width[[i]] + width[[j]]) / 2 - abs(x[[i]] - x[[j]])
                along <- height - abs(y[[i]] - y[[j]])
                if (min(across, along) <= 1e-9)
                    next
                if (across < along)
                    x[c(i, j)] <- x[c(i, j)] + across / 2 *
                        if (x[[i]] < x[[j]]) c(-1, 1) else c(1, -1)
                else
                    y[c(i, j)] <- y[c(i, j)] + along / 2 *
                        if (y[[i]] < y[[j]]) c(-1, 1) else c(1, -1)
            }
        }
        if (identical(before, c(x, y)))
            break
    }
    cbind(x, y)
}

# Up to six components have shapes of their own.
.component_shapes <- function(labels) {
    n <- length(labels)
    stats::setNames(if (n <= 6L) c(16, 17, 15, 3, 4, 8)[seq_len(n)] else
        rep(16, n), labels)
}

.axis_title <- function(method, share, i) {
    sprintf("%s %d (%s)", if (method == "pcoa") "PCoA" else "PC", i,
        .percent_sign(share[[i]], 2L))
}

.ordination_caption <- function(points, method, lumped, taxa, many) {
    size <- table(points$component)
    .lines(if (method == "pcoa")
        "Principal coordinates of Bray-Curtis dissimilarities"
    else
        "Principal components of square roots of proportions (Hellinger)",
        if (many) paste0(", used above ", format(.most_distances,
            big.mark = ","), " samples"),
        "; ", .plural(nrow(points), "sample"), ", ",
        .plural(taxa, "taxon", "taxa"),
        if (lumped > 0L) paste0(", the ", format(lumped, big.mark = ","),
            " rarest put together"),
        ". Diamonds: mean proportions of the components.",
        if (any(size >= .least_for_ellipse)) paste0(" Ellipses: 95 % of a ",
            "normal distribution with the mean and covariance of the points."))
}
