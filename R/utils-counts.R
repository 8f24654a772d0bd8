# Checks of count tables, and the error messages for tables that cannot be
# counts. R/dmncounts.R takes them out of their containers.

# Counts as the engine reads them, samples x taxa: an integer or double matrix,
# a dgCMatrix or packed counts, in which all values are counts. `orient`: look
# whether the table is transposed.
.as_counts <- function(count, arg = "count", allow.empty = FALSE,
    num.threads = 1L, assay.type = "counts", orient = FALSE) {
    given <- count
    count <- .as_count_matrix(count, arg, assay.type)
    .check_not_empty(count, arg, allow.empty)
    problem <- .Call(R_dmm_count_problem, count, num.threads)
    if (!is.null(problem) &&
        !(allow.empty && problem$problem == "empty_sample"))
        .stop_counts(problem, count, arg, given)
    if (orient)
        .say_if_transposed(count, arg, given)
    count
}

# The same before the values are checked.
.as_count_matrix <- function(count, arg, assay.type = "counts") {
    if (inherits(count, "SummarizedExperiment"))
        return(dmncounts(count, assay.type = assay.type, arg = arg))
    if (!identical(assay.type, "counts"))
        .stop("'assay.type' chooses an assay of a SummarizedExperiment; '", arg,
            "' is ", .describe(count))
    value <- dmncounts(count, arg = arg)
    known <- is.numeric(value) && is.matrix(value) && !isS4(value) ||
        inherits(value, c("dgCMatrix", "dmnpacked", "dmnparts"))
    if (!known)
        .stop("the method of dmncounts() for class ",
            dQuote(class(count)[[1L]], FALSE), " must return a numeric matrix ",
            "or dgCMatrix; found ", .describe(value))
    value
}

.check_not_empty <- function(count, arg, no.samples = FALSE) {
    if (!no.samples && nrow(count) == 0L)
        .stop("'", arg, "' has no samples (rows)")
    if (ncol(count) == 0L)
        .stop("'", arg, "' has no taxa (columns)")
}

# The totals of taxa vary by orders of magnitude, those of samples less. A table
# of the most abundant taxa of uneven samples may be the other way round.
# Therefore much is asked, and less of a table with far more rows than columns.
.say_if_transposed <- function(count, arg, given) {
    if (min(dim(count)) < 10L)
        return(invisible(NULL))
    spread <- vapply(.totals(count), function(total) {
        stats::sd(log(total[total > 0]))
    }, numeric(1))
    ratio <- spread[["rows"]] / spread[["columns"]]
    tall <- nrow(count) > 10 * ncol(count)
    transposed <- spread[["rows"]] > 1.5 && ratio > 4.5 ||
        tall && spread[["rows"]] > 0.9 && ratio > 2
    if (!isTRUE(transposed))
        return(invisible(NULL))
    fix <- if (inherits(given, "SummarizedExperiment"))
        "Samples must be in the columns of the assay."
    else if (inherits(given, c("phyloseq", "otu_table")))
        paste0("See taxa_are_rows(", arg, ").")
    else
        paste0("Samples must be in rows; if they are in columns, pass t(", arg,
            ").")
    message(structure(class = c("dmn_transposed", "message", "condition"),
        list(call = NULL, message = paste0("'", arg, "' looks transposed: the ",
            "totals of its samples vary like those of taxa, the totals of ",
            "its taxa like those of samples.\n", fix, "\n"))))
}

.stop_counts <- function(problem, count, arg, given = count) {
    if (problem$problem == "empty_sample")
        .stop_empty_samples(count, arg, given)
    at <- .position(problem, count)
    # with 6 digits, a number close to a whole one would look like one
    digits <- if (identical(problem$problem, "fractional")) 15L else 6L
    value <- format(problem$value, digits = digits)
    message <- switch(problem$problem,
        missing = paste0("must have no missing values; found NA ", at,
            ". Use 0 for taxa that were not seen"),
        infinite = paste0("must be finite; found ", value, " ", at),
        negative = paste0("must not be negative; found ", value, " ", at,
            ". Pass counts as they were observed, not log-ratios or others ",
            "made from them"),
        fractional = paste0("must be whole numbers; found ", value, " ", at,
            ". Pass counts as they were observed, not relative abundances"),
        large = paste0("must be at most ", .Machine$integer.max, "; found ",
            value, " ", at),
        paste0("cannot be used (", problem$problem, ") ", at))
    .stop("the counts in '", arg, "' ", message)
}

.position <- function(problem, count) {
    part <- function(what, index, names) {
        if (is.null(names))
            sprintf("%s %d", what, index)
        else
            sprintf("%s %d ('%s')", what, index, names[[index]])
    }
    paste0("in ", part("row", problem$row, rownames(count)), ", ",
        part("column", problem$column, colnames(count)))
}

.stop_empty_samples <- function(count, arg, given) {
    empty <- which(.totals(count)$rows == 0)
    names <- if (is.null(rownames(count))) empty else rownames(count)[empty]
    one <- length(empty) == 1L
    fix <- if (inherits(given, "SummarizedExperiment"))
        sprintf("%s[, colSums(assay(%s)) > 0]", arg, arg)
    else if (inherits(given, c("phyloseq", "otu_table")))
        sprintf("prune_samples(sample_sums(%s) > 0, %s)", arg, arg)
    else if (is.function(given) || is.list(given) && !is.object(given))
        "leave them out of the blocks"
    else
        sprintf("%s[rowSums(%s) > 0, ]; or pass t(%s) if its rows are taxa",
            arg, arg, arg)
    .stop(if (one) "1 sample" else paste(length(empty), "samples"), " (row",
        if (!one) "s", ") of '", arg, "' ", if (one) "has" else "have",
        " no counts: ", .first_few(names), ".\nRemove them: ", fix)
}
