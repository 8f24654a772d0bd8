#' The taxa that distinguish the components
#'
#' A table of the taxa, ordered by how much they contribute to the difference
#' between the components and a reference, such as a fit with one component.
#' mothur's `get.communitytype` writes this table to its summary file.
#'
#' @details
#' The difference of a taxon is the sum, over the components, of the absolute
#' difference between its mean proportion in the component and in the
#' reference. The intervals are those of the Dirichlet parameters (see
#' [DMN-class]) divided by the component's precision `theta`; an upper end above
#' 1 is set to 1.
#'
#' @param object an object of class [DMN-class]; for `autoplot()`, a table made
#'     by `drivers()`.
#' @param x a table made by `drivers()`.
#' @param ... not used. For plots, anything in it is an error.
#' @param reference what to compare the components with. `NULL`, the default:
#'     the mean of the components of `object`, weighted by their weights. Or a
#'     fit with one component to the same taxa. Or one of the components of
#'     `object`, by number or by label.
#' @param n `numeric(1)`, a whole number >= 1, default 30: the largest number of
#'     taxa to list.
#' @return A `data.frame` of class `dmndrivers` with one row for each taxon, in
#'     decreasing order of difference (and of `reference`, where differences are
#'     equal), and these columns.
#'     [`generics::tidy()`][tidy.DMN] makes it a long table.
#'
#' * `taxon`: the name of the taxon, or its number if taxa have no names. A
#'   taxon whose name is `NA` is `"taxon"` and its number.
#' * `reference`: its mean proportion in the reference.
#' * `mean.1`, `lower.1`, `upper.1`, and so on for each component: its mean
#'   proportion in the component, and the ends of an approximate 95 % interval.
#'   If the components have labels ([componentLabels()]), these replace the
#'   numbers.
#' * `difference`: see above.
#' * `cumulative`: the sum of the differences of this taxon and of those above
#'   it, as a fraction of the sum over all taxa.
#'
#' `print()` shows the means in per cent, with the intervals if there is room,
#' and returns `x` invisibly; `as.data.frame()` has all columns.
#'
#' `autoplot()`: a `ggplot` object, of the differences from the reference, with
#' their intervals. `plot()` draws it and returns it invisibly. Without the
#' \pkg{ggplot2} package, `plot()` draws the means by base graphics and returns
#' `x` invisibly. [`autoplot(fit, "drivers")`][autoplot.DMN] makes the same plot
#' of a fit.
#' @section Errors:
#' It is an error if `reference` is a fit that has more than one component or
#' lacks taxa of `object`, or is not one of the components of `object`.
#' @seealso [writeDMN()], [mixturewt()], [`fitted()`][mixture]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' drivers(fit, n = 5)
#'
#' ## against the fit with one component
#' top <- drivers(fit, dmn(twins, 1, seed = 1), n = 5)
#' top
#' if (requireNamespace("ggplot2", quietly = TRUE))
#'     plot(top)
#' @export
drivers <- function(object, reference = NULL, n = 30) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "drivers")
    .check_fit(object, read = "Estimate")
    n <- .check_whole(n, "n")
    share <- unname(fitted.DMN(object, scale = TRUE))
    base <- .reference_share(object, reference, share)
    difference <- rowSums(abs(share - base))
    order <- .driver_order(share, base)
    total <- sum(difference)
    cumulative <- if (total > 0)
        cumsum(difference[order]) / total
    else
        rep(1, length(order))
    top <- utils::head(order, n)
    table <- data.frame(taxon = .taxon_names(object)[top],
        reference = base[top],
        .share_columns(object, share)[top, , drop = FALSE],
        difference = difference[top],
        cumulative = utils::head(cumulative, n), row.names = NULL,
        # labels stay as they are
        check.names = FALSE)
    structure(table, class = c("dmndrivers", "data.frame"))
}

#' @rdname drivers
#' @param digits `numeric(1)`, default 1: for `print()`, the number of decimal
#'     places of per cent.
#' @export
print.dmndrivers <- function(x, ..., digits = 1L) {
    labels <- sub("^mean\\.", "", grep("^mean\\.", names(x), value = TRUE))
    # a part of a table is printed as a data.frame
    if (nrow(x) == 0L || length(labels) == 0L || !all(c("taxon", "reference",
        "cumulative", outer(c("lower", "upper"), labels, paste, sep = ".")) %in%
        names(x)))
        return(NextMethod())
    taxon <- as.character(x$taxon)
    room <- function(cells) {
        width <- mapply(function(name, cell) max(nchar(c(name, cell))),
            names(cells), cells)
        getOption("width") - 2L - sum(width + 1L)
    }
    # intervals, and then "cum.", only if they leave room for names of taxa
    cells <- .driver_cells(x, labels, TRUE, digits)
    intervals <- room(cells) >= min(max(nchar(taxon)), 16L)
    if (!intervals)
        cells <- .driver_cells(x, labels, FALSE, digits)
    if (room(cells) < 10L)
        cells$cum. <- NULL
    cat(strwrap(paste0("Mean proportions (%) of ", .plural(nrow(x), "taxon",
        "taxa"), " in the reference (ref.) and the components",
        if (intervals) ", with approximate 95 % intervals",
        if (!is.null(cells$cum.))
            "; cum.: cumulative share of all differences (%)"),
        getOption("width")), "", sep = "\n")
    taxon <- .short_names(taxon, max(10L, min(room(cells), 40L)))
    table <- data.frame(format(taxon), cells, check.names = FALSE)
    names(table)[[1L]] <- format("taxon", width = max(nchar(taxon)))
    print(table, row.names = FALSE)
    invisible(x)
}

# The columns of numbers as text.
.driver_cells <- function(x, labels, intervals, digits) {
    text <- function(name) {
        formatC(100 * x[[name]], digits = digits, format = "f")
    }
    components <- lapply(labels, function(label) {
        mean <- text(paste0("mean.", label))
        if (!intervals)
            return(mean)
        ends <- lapply(c("lower.", "upper."), function(end) {
            format(text(paste0(end, label)), justify = "right")
        })
        paste0(mean, " (", ends[[1L]], "-", ends[[2L]], ")")
    })
    names(components) <- .short_names(labels, if (intervals) 16L else 8L)
    c(list(ref. = text("reference")), components,
        list(cum. = text("cumulative")))
}

# Taxa by how much the components differ from the reference and, where they do
# so equally, by the reference.
.driver_order <- function(share, base) {
    order(rowSums(abs(share - base)), base, decreasing = TRUE)
}

.taxon_names <- function(object) {
    estimate <- object@fit$Estimate
    .shown_names(rownames(estimate), nrow(estimate), "taxon")
}

# The columns mean.1, lower.1, upper.1, mean.2, ... of all taxa; labels, where
# there are any, replace the numbers.
.share_columns <- function(object, share) {
    estimate <- object@fit$Estimate
    scale <- share / estimate
    columns <- lapply(seq_len(ncol(share)), function(k) {
        cbind(share[, k], object@fit$Lower[, k] * scale[, k],
            pmin(object@fit$Upper[, k] * scale[, k], 1))
    })
    # names of taxa need not be possible names of rows
    table <- as.data.frame(unname(do.call(cbind, columns)))
    names(table) <- paste(c("mean", "lower", "upper"),
        rep(componentLabels(object), each = 3L), sep = ".")
    table
}

.reference_share <- function(object, reference, share) {
    if (is.null(reference))
        return(drop(share %*% object@mixture$Weight))
    if (inherits(reference, "DMN"))
        return(.fit_share(object, reference))
    labels <- componentLabels(object)
    chosen <- if (is.character(reference) && length(reference) == 1L)
        match(reference, labels)
    else if (.is_whole(reference, 1, ncol(share)))
        as.integer(reference)
    else
        NA_integer_
    if (is.na(chosen))
        .stop("'reference' must be NULL, a fit with one component or one of ",
            "the components of 'object', ", paste(labels, collapse = ", "),
            "; found ", .describe(reference))
    share[, chosen]
}

.fit_share <- function(object, reference) {
    .check_fit(reference, "reference", read = "Estimate")
    if (ncol(reference@group) != 1L)
        .stop("'reference' must have one component; found ",
            ncol(reference@group))
    share <- fitted.DMN(reference, scale = TRUE)
    share <- stats::setNames(as.vector(share), rownames(share))
    if (length(share) != nrow(object@fit$Estimate))
        .stop("'reference' must have the taxa of 'object', ",
            nrow(object@fit$Estimate), "; found ", length(share))
    ours <- rownames(object@fit$Estimate)
    if (is.null(ours) || is.null(names(share)) ||
        identical(ours, names(share)))
        return(unname(share))
    if (anyDuplicated(ours))
        .stop("'reference' has the taxa in another order, and some of ",
            "'object' share a name: ",
            .first_few(unique(ours[duplicated(ours)])))
    at <- match(ours, names(share))
    if (anyNA(at))
        .stop("'reference' lacks taxa of 'object': ",
            .first_few(ours[is.na(at)]))
    unname(share[at])
}
