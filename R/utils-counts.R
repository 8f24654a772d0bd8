# Tables of counts: conversion from what users have to what the engine reads (an
# integer or double matrix, or a dgCMatrix, each without a copy), and the error
# messages for tables that cannot be counts.

.as_counts <- function(count, arg = "count", allow.empty = FALSE,
    num.threads = 1L) {
    count <- .as_count_matrix(count, arg)
    if (!allow.empty && nrow(count) == 0L)
        .stop("'", arg, "' has no rows: it must have samples in rows")
    if (ncol(count) == 0L)
        .stop("'", arg, "' has no columns: it must have taxa in columns")
    problem <- .Call(R_dmm_count_problem, count, num.threads)
    if (is.null(problem) ||
        (allow.empty && problem$problem == "empty_sample"))
        return(count)
    .stop_counts(problem, count, arg)
}

.as_count_matrix <- function(count, arg) {
    if (is.matrix(count)) {
        if (!is.numeric(count))
            .stop("'", arg, "' must hold numbers; found a ", mode(count),
                " matrix")
        return(count)
    }
    if (is.data.frame(count))
        return(.data_frame_counts(count, arg))
    if (inherits(count, "dgCMatrix")) {
        # one read from a file may come before the Matrix package is loaded
        if (!isNamespaceLoaded("Matrix"))
            loadNamespace("Matrix")
        return(count)
    }
    if (inherits(count, "Matrix"))
        return(.sparse_counts(count, arg))
    .stop("'", arg, "' must be a matrix, data.frame or sparse Matrix of ",
        "counts, samples x taxa; found ", .describe(count),
        .container_hint(count, arg))
}

.container_hint <- function(count, arg) {
    if (inherits(count, "SummarizedExperiment"))
        sprintf("; pass t(assay(%s, \"counts\"))", arg)
    else if (inherits(count, "phyloseq"))
        "; pass its otu_table() as a matrix with samples in rows"
    else if (inherits(count, c("DelayedArray", "DelayedMatrix")))
        sprintf("; pass as(%s, \"dgCMatrix\") or as.matrix(%s)", arg, arg)
    else if (is.numeric(count) && is.null(dim(count)))
        sprintf("; for one sample pass matrix(%s, nrow = 1)", arg)
    else
        ""
}

.data_frame_counts <- function(count, arg) {
    # is.numeric() is TRUE for integer64, whose bits are not those of a double
    numeric <- vapply(count, function(column) {
        is.numeric(column) && !inherits(column, "integer64")
    }, logical(1))
    if (!all(numeric)) {
        bad <- names(count)[!numeric]
        .stop("'", arg, "' must be a data.frame of numeric columns; found ",
            class(count[[which(!numeric)[[1L]]]])[[1L]], " in ",
            .first_few(bad), ". Move names to rownames(), drop the others")
    }
    x <- as.matrix(count)
    # as.matrix() of a data.frame without rows is logical
    if (is.logical(x))
        storage.mode(x) <- "double"
    x
}

.sparse_counts <- function(count, arg) {
    if (inherits(count, c("lMatrix", "nMatrix", "indMatrix")))
        .stop("'", arg, "' must hold numbers; found a logical ",
            class(count)[[1L]])
    for (class in c("dMatrix", "generalMatrix", "CsparseMatrix"))
        count <- methods::as(count, class)
    count
}

.stop_counts <- function(problem, count, arg) {
    if (problem$problem == "empty_sample")
        .stop_empty_samples(count, arg)
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

.stop_empty_samples <- function(count, arg) {
    total <- if (is.matrix(count)) rowSums(count) else Matrix::rowSums(count)
    empty <- which(total == 0)
    names <- if (is.null(rownames(count))) empty else rownames(count)[empty]
    one <- length(empty) == 1L
    .stop(if (one) "1 sample (row)" else paste(length(empty), "samples (rows)"),
        " of '", arg, "' ", if (one) "has" else "have", " no counts: ",
        .first_few(names), ".\nRemove them: ", arg, "[rowSums(", arg,
        ") > 0, ]; or pass t(", arg, ") if its rows are taxa")
}
