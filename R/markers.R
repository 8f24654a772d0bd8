# Fits with markers: the choice of the markers, and the page of markers().

# The checked argument `markers`: NULL, or list(chosen, total), which taxa are
# markers (NULL: they are to be selected) and the totals of all taxa.
.check_markers <- function(markers, count) {
    if (is.null(markers))
        return(NULL)
    taxa <- ncol(count)
    total <- .totals(count)$columns
    if (sum(total > 0) < 2L)
        .stop("'markers' needs two taxa with counts or more; found ",
            sum(total > 0))
    if (identical(markers, "select"))
        return(list(chosen = NULL, total = total))
    chosen <- .marker_index(markers, colnames(count), taxa)
    if (!any(chosen))
        .stop("'markers' must have at least one taxon; found none")
    if (sum(total[!chosen]) == 0)
        .stop("'markers' must leave taxa with counts for the background; ",
            "found ", if (all(chosen)) "all taxa"
            else "all taxa that have counts",
            ". Without a background, leave 'markers' out")
    list(chosen = chosen, total = total)
}

.marker_index <- function(markers, names, taxa) {
    if (is.factor(markers))
        markers <- as.character(markers)
    if (is.logical(markers) && length(markers) == taxa && !anyNA(markers))
        return(as.vector(markers))
    known <- if (is.character(markers)) markers %in% names
        else if (is.numeric(markers)) markers %in% seq_len(taxa)
        else FALSE
    if (!is.null(dim(markers)) || !all(known))
        .stop("'markers' must be \"select\", or taxa of 'count' by name, by ",
            "number from 1 to ", taxa, " or as TRUE and FALSE for each; found ",
            if (is.character(markers) || is.numeric(markers))
                .first_few(markers[!known]) else .describe(markers))
    chosen <- logical(taxa)
    chosen[if (is.character(markers)) match(markers, names) else markers] <-
        TRUE
    chosen
}

# The argument `markers` for fits to some of the samples: checked with all of
# them, and by itself NULL, "select" or which taxa are markers.
.markers_of_jobs <- function(markers, count) {
    checked <- .check_markers(markers, count)
    if (is.null(checked) || is.null(checked$chosen)) markers else checked$chosen
}

# A fit with the markers of a compressed table.
.fit_markers <- function(table, k, nstart, settings) {
    markers <- table$markers
    selected <- is.null(markers$chosen)
    branches <- if (selected)
        .select_markers(table, markers$total, k, nstart, settings)
    else
        .fit_branches(table, markers$chosen, k, nstart, settings)
    gain <- .gains(table, branches, settings)
    .join_branches(table, branches, gain, selected, settings)
}

# ---- Selection --------------------------------------------------------------

# Fits whose Laplace criteria differ by no more are taken as equally good.
.same_laplace <- 0.01

# The starts that the search makes on one set of markers, at most.
.search_starts <- 5L

# The best set of markers that is found from several first sets: that which the
# fit without markers suggests, and the most abundant taxa, 4, 8, 16 and so on,
# and between these where the best was found. Then as many starts as the user
# wants are made for the best set. If they find a better optimum, the search goes
# on from there.
.select_markers <- function(table, total, k, nstart, settings) {
    search <- list(table = table, total = total, k = k,
        nstart = min(nstart, .search_starts), settings = settings)
    best <- if (k > 1L) .improve(search, .first_markers(search))
    tried <- 4L * 2L^seq(0L, max(0, floor(log2((length(total) - 1) / 4))))
    tried <- unique(pmin(tried, length(total) - 1L))
    found <- lapply(tried, .from_abundant, search = search)
    value <- vapply(found, `[[`, numeric(1), "laplace")
    at <- tried[[which.min(value)]]
    between <- setdiff(pmin(round(at * sqrt(c(0.5, 2))), length(total) - 1L),
        c(0, tried))
    found <- c(if (!is.null(best)) list(best), found,
        lapply(between, .from_abundant, search = search))
    value <- vapply(found, `[[`, numeric(1), "laplace")
    best <- found[[which.min(value)]]
    .finish_search(search, best, nstart)
}

# Taxa with the same total are taken together, so that the order of the table
# does not matter.
.from_abundant <- function(n, search) {
    total <- search$total
    chosen <- total >= sort(total, decreasing = TRUE)[[n]] & total > 0
    if (sum(total[!chosen]) == 0)
        chosen <- total > min(total[total > 0])
    if (!any(chosen))
        chosen[[1L]] <- TRUE
    .improve(search, .fit_branches(search$table, chosen, search$k,
        search$nstart, search$settings))
}

# The taxa that gain as markers if the components are those of a fit without
# markers.
.first_markers <- function(search) {
    settings <- search$settings
    fit <- function(k, nstart) {
        .Call(R_dmm_table_fit, search$table$table, k, nstart, NULL, NULL,
            settings$seed, FALSE, settings$num.threads, settings$optimizer,
            settings$control)$fit
    }
    one <- fit(1L, 1L)
    classic <- fit(search$k, search$nstart)
    gain <- .Call(R_dmm_table_gains, search$table$table, classic$Group,
        logical(length(search$total)), classic$Estimate,
        colSums(classic$Estimate), sum(one$Estimate), settings$control,
        settings$num.threads)
    .fit_branches(search$table, .both_branches(gain > 0, gain, search$total),
        search$k, 1L, settings, classic$Group)
}

# `chosen` with at least one marker, and one taxon with counts that is none.
.both_branches <- function(chosen, gain, total) {
    if (!any(chosen))
        chosen[[which.max(gain)]] <- TRUE
    if (sum(total[!chosen]) == 0) {
        seen <- which(total > 0)
        chosen[[seen[[which.min(gain[seen])]]]] <- FALSE
    }
    chosen
}

# Moves taxa in and out by their gains until no move helps. All that gain are
# moved at once; if the evidence is not better, the third of them that gain most,
# and so on.
.improve <- function(search, branches) {
    repeat {
        gain <- .gains(search$table, branches, search$settings)
        moves <- which((gain > 0) != branches$chosen)
        moves <- moves[order(abs(gain[moves]), decreasing = TRUE)]
        better <- NULL
        while (length(moves) && is.null(better)) {
            better <- .try_moves(search, branches, moves)
            moves <- moves[seq_len(length(moves) %/% 3L)]
        }
        if (is.null(better))
            return(branches)
        branches <- better
    }
}

# The fit after the moves, or NULL if it is no better.
.try_moves <- function(search, branches, moves) {
    chosen <- branches$chosen
    chosen[moves] <- !chosen[moves]
    if (!any(chosen) || sum(search$total[!chosen]) == 0)
        return(NULL)
    moved <- .fit_branches(search$table, chosen, search$k, 1L, search$settings,
        branches$markers$Group)
    if (moved$laplace < branches$laplace - .same_laplace) moved
}

# The rounds of all starts at the end of a search.
.last_rounds <- 5L

.finish_search <- function(search, best, nstart) {
    if (search$k == 1L || nstart == 1L)
        return(best)
    for (round in seq_len(.last_rounds)) {
        fresh <- .fit_branches(search$table, best$chosen, search$k, nstart,
            search$settings)
        if (fresh$laplace > best$laplace + .same_laplace) {
            # the search itself found what no start does
            best$starts <- Map(c, fresh$starts, best$starts)
            return(best)
        }
        if (fresh$laplace > best$laplace - .same_laplace)
            return(fresh)
        best <- .improve(search, fresh)
        if (identical(best$chosen, fresh$chosen))
            return(best)
    }
    best
}

# ---- Reading -----------------------------------------------------------------

#' @rdname markers
#' @export
markers <- function(object, ...) UseMethod("markers")

#' @rdname markers
#' @export
markers.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "markers", .known = "object")
    .check_fit(object, read = NULL)
    if (!.has_markers(object))
        .stop("'object' has no markers: its components differ in all taxa. ",
            "Fit it by dmn(count, k, markers = \"select\")")
    x <- object@mixture$Markers
    data.frame(taxon = .taxon_names(object)[x$taxa], gain = x$gain)
}

#' @rdname markers
#' @export
markers.default <- function(object, ...) .stop_not_a_fit(object, "markers")
