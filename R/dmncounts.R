#' Counts in any container
#'
#' Takes the counts out of what users hold them in, as samples x taxa. [dmn()]
#' and all other functions that take counts call this generic. Call it yourself
#' to convert a large table once for several calls.
#'
#' @details
#' * **Matrices and data.frames**, tibbles included, have samples in rows. A
#'   column of sample names must become row names first.
#' * **Sparse matrices** of the \pkg{Matrix} package and of \pkg{SparseArray}
#'   have samples in rows. A `dgCMatrix` is used as it is; the others are
#'   converted to one.
#' * **DelayedMatrix, HDF5Matrix, TENxMatrix** have samples in rows; `t(x)`
#'   costs nothing if they do not. They are read in blocks of samples, of the
#'   size that `DelayedArray::setAutoBlockSize()` sets, and each block is
#'   packed: the counts take about 3 bytes for each that is not 0, and the table
#'   as a whole is never in memory otherwise. A sparse block is read as a sparse
#'   matrix.
#' * **A list or a function** holds a table in blocks of samples. The elements
#'   of a list are the blocks. A function is called without arguments; it
#'   returns the next block at each call, and `NULL` after the last, so that
#'   only one block is in memory at a time. A block is a table in any of these
#'   containers, with the same taxa in the same order. Blocks are packed as they
#'   come. They may be of any size; those of about 10,000 samples suit best. All
#'   or none have names of samples and of taxa.
#' * **SummarizedExperiment**, **SingleCellExperiment** and
#'   **TreeSummarizedExperiment** have samples in columns. The assay that
#'   `assay.type` names is taken, in whatever container it is.
#' * **phyloseq** and **otu_table** say themselves whether taxa are in rows.
#'
#' The same counts give the same fit, to the last bit, in any container.
#'
#' **A table that looks transposed.** The totals of taxa mostly vary by orders
#' of magnitude, and the totals of samples much less. If that is the other way
#' round in a table of at least 10 samples and taxa, there is a message. This is
#' a guess: transposed tables of a few abundant taxa draw none, and tables of
#' very uneven samples of similar taxa may draw one. Its class is
#' `"dmn_transposed"`, for `suppressMessages(..., classes = "dmn_transposed")`.
#'
#' **Another container.** A package can add its own with one method,
#' `dmncounts.CLASS(x, ...)`, registered by `S3method(dmmomp::dmncounts, CLASS)`
#' in its NAMESPACE. The method returns a numeric matrix or a `dgCMatrix`,
#' samples x taxa with their names, or the value of another method, for example
#' of `dmncounts()` for a DelayedMatrix. The argument `assay.type` of [dmn()]
#' and others is for SummarizedExperiments only; users pass other arguments of
#' the method as in `dmn(dmncounts(x, ...), 3)`.
#'
#' @param x a container of counts, see above.
#' @param ... for methods; anything that the method does not know is an error.
#' @param assay.type `character(1)`, default `"counts"`: the name of the assay
#'     of a SummarizedExperiment to take.
#' @param arg `character(1)`: what error messages call `x`.
#' @return A numeric matrix, a `dgCMatrix`, or, for a DelayedMatrix, a list or a
#'     function, an object of class `dmnpacked`, which has `dim()`,
#'     `dimnames()`, `as.matrix()` and `[` like a matrix. Samples are in rows,
#'     taxa in columns. Row and column names are those of the container.
#' @section Errors:
#' It is an error if `x` is not one of these containers, if it holds no numbers,
#' if a data.frame has a column that is not numeric or that is named like a
#' column of sample names (`"sample"`, `"SampleID"`, `"sample_id"` and the
#' like), and if there is no such assay. Blocks are checked for values that are
#' no counts when they are read; [dmn()] checks those of other containers. It is
#' an error if a block has other taxa than the first one. The message names the
#' block, as in `'x[[3]]'` or `'block 3 of x'`.
#' @seealso [dmn()]
#' @examples
#' ## a data.frame with a column of sample names
#' table <- data.frame(sample = c("a", "b"), Bacteroides = c(3, 0),
#'     Prevotella = c(1, 5))
#' dmncounts(data.frame(table, row.names = "sample"))
#'
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = t(twins)))
#'     dim(dmncounts(se))
#'     dmn(se, 2, seed = 1)
#' }
#'
#' ## a table in blocks: three in a list, and one file after another
#' dmncounts(list(twins[1:100, ], twins[101:200, ], twins[201:278, ]))
#' files <- file.path(tempdir(), paste0("counts", 1:2, ".rds"))
#' saveRDS(twins[1:150, ], files[1])
#' saveRDS(twins[151:278, ], files[2])
#' read_next <- function() {
#'     if (length(files) == 0) return(NULL)
#'     block <- readRDS(files[1])
#'     files <<- files[-1]
#'     block
#' }
#' dmn(read_next, 2, seed = 1)
#' @export
dmncounts <- function(x, ...) UseMethod("dmncounts")

#' @rdname dmncounts
#' @export
dmncounts.default <- function(x, ..., arg = "x") {
    # class "table" and others that are made on a matrix
    if (is.matrix(x) && !isS4(x))
        return(dmncounts.matrix(x, ..., arg = arg))
    # A class is known to inherit from another one only where its package is
    # loaded. One that was read from a file may come before.
    package <- attr(class(x), "package")
    if (isS4(x) && !is.null(package) && !isNamespaceLoaded(package) &&
        requireNamespace(package, quietly = TRUE))
        return(dmncounts(x, ..., arg = arg))
    .stop("'", arg, "' must be counts, samples x taxa, in a matrix, ",
        "data.frame or another container that ?dmncounts lists; found ",
        .describe(x), if (is.numeric(x) && is.null(dim(x)))
            sprintf("; for one sample pass matrix(%s, nrow = 1)", arg))
}

#' @rdname dmncounts
#' @export
dmncounts.matrix <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    if (isS4(x))
        x <- methods::as(x, "matrix")
    # is.numeric() is TRUE for integer64, whose bits are not those of a double
    if (!is.numeric(x) || inherits(x, "integer64"))
        .stop("'", arg, "' must hold numbers; found ",
            if (is.numeric(x)) "an integer64" else paste("a", mode(x)),
            " matrix")
    x
}

#' @rdname dmncounts
#' @export
dmncounts.data.frame <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    .check_data_frame(x, arg)
    x <- as.matrix(x)
    # as.matrix() of a data.frame without rows is logical
    if (is.logical(x))
        storage.mode(x) <- "double"
    x
}

#' @rdname dmncounts
#' @export
dmncounts.list <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    .check_list_of_blocks(x, arg)
    i <- 0L
    .join_blocks(function() {
        i <<- i + 1L
        if (i <= length(x))
            list(block = x[[i]], name = sprintf("%s[[%d]]", arg, i))
    }, arg)
}

#' @rdname dmncounts
#' @export
dmncounts.function <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    needed <- vapply(formals(x), identical, logical(1), quote(expr = ))
    needed <- setdiff(names(needed)[needed], "...")
    if (length(needed))
        .stop("'", arg, "' must be counts, or a function without arguments ",
            "that returns the next block of samples at each call; found a ",
            "function of ", .first_few(needed))
    i <- 0L
    value <- .join_blocks(function() {
        i <<- i + 1L
        block <- x()
        if (!is.null(block))
            list(block = block, name = sprintf("block %d of %s", i, arg))
    }, arg)
    if (is.null(value))
        .stop("'", arg, "' must return blocks of samples, and NULL after the ",
            "last; found NULL at its first call. A function that has returned ",
            "its blocks already must be made again")
    value
}

#' @rdname dmncounts
#' @export
dmncounts.Matrix <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    if (inherits(x, c("lMatrix", "nMatrix", "indMatrix")))
        .stop("'", arg, "' must hold numbers; found a logical ", class(x)[[1L]])
    for (class in c("dMatrix", "generalMatrix", "CsparseMatrix"))
        x <- methods::as(x, class)
    x
}

#' @rdname dmncounts
#' @export
dmncounts.dgCMatrix <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    # one read from a file may come before the Matrix package is loaded
    loadNamespace("Matrix")
    x
}

#' @rdname dmncounts
#' @export
dmncounts.SVT_SparseMatrix <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    .check_type(methods::slot(x, "type"), x, arg)
    methods::as(x, "dgCMatrix")
}

#' @rdname dmncounts
#' @export
dmncounts.DelayedMatrix <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    .needs("DelayedArray", arg)
    .check_type(DelayedArray::type(x), x, arg)
    sparse <- DelayedArray::is_sparse(x)
    # a number of a sparse table is 8 times as rare, or more, than a cell
    cells <- DelayedArray::getAutoBlockSize() / 8 * if (sparse) 8 else 1
    rows <- min(max(1, floor(cells / max(1L, ncol(x)))), .most_packed_rows)
    # as(x, "dgCMatrix") would make x dense on the way, and lose NA
    read <- if (sparse) function(i) {
        methods::as(DelayedArray::extract_sparse_array(x, list(i, NULL)),
            "dgCMatrix")
    } else function(i) as.matrix(x[i, , drop = FALSE])
    .pack(x, as.integer(rows), read, arg)
}

# Matrix's generic has the methods for all S4 containers.
#' @rdname dmncounts
#' @importFrom Matrix t
#' @export
dmncounts.SummarizedExperiment <- function(x, ..., assay.type = "counts",
    arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "assay.type", "arg"))
    dmncounts(.assay_of(x, assay.type, arg), arg = arg)
}

# The assay, samples in rows. It is not read if it is in a file.
.assay_of <- function(x, assay.type, arg) {
    .needs("SummarizedExperiment", arg)
    known <- SummarizedExperiment::assayNames(x)
    if (!is.character(assay.type) || length(assay.type) != 1L ||
        !nzchar(assay.type) || !assay.type %in% known)
        .stop("'assay.type' must be the name of an assay of '", arg, "' (",
            if (length(known)) .first_few(known) else
                paste0("it has none: assayNames(", arg, ") <- \"counts\""),
            "); found ", .describe(assay.type))
    counts <- SummarizedExperiment::assay(x, assay.type)
    if (is.data.frame(counts) || inherits(counts, "DataFrame"))
        counts <- as.matrix(counts)
    t(counts)
}

#' @rdname dmncounts
#' @export
dmncounts.phyloseq <- function(x, ..., arg = "x") {
    .needs("phyloseq", arg)
    dmncounts(phyloseq::otu_table(x), ..., arg = arg)
}

#' @rdname dmncounts
#' @export
dmncounts.otu_table <- function(x, ..., arg = "x") {
    .needs("phyloseq", arg)
    counts <- methods::as(x, "matrix")
    if (phyloseq::taxa_are_rows(x))
        counts <- t(counts)
    dmncounts(counts, ..., arg = arg)
}

#' @rdname dmncounts
#' @export
dmncounts.dmnpacked <- function(x, ..., arg = "x") {
    .refuse_dots(..., .what = "dmncounts", .known = c("x", "arg"))
    x
}

# A list that holds something else than tables is not one of blocks, whatever
# else it is.
.check_list_of_blocks <- function(x, arg) {
    is_block <- vapply(x, function(block) {
        is.object(block) || length(dim(block)) == 2L || is.list(block) ||
            is.function(block)
    }, logical(1))
    if (length(x) > 0L && all(is_block))
        return(invisible(NULL))
    bad <- which(!is_block)
    .stop("'", arg, "' must be counts, samples x taxa, in a matrix, ",
        "data.frame or another container that ?dmncounts lists, or a list of ",
        "such tables, blocks of samples; found ",
        if (length(x) == 0L) "an empty list"
        else paste0("a list with ", .describe(x[[bad[[1L]]]]), " as element ",
            bad[[1L]], if (!is.null(names(x)))
                paste0(" (", sQuote(names(x)[[bad[[1L]]]], FALSE), ")")))
}

# Refuses an array whose type is not that of numbers.
.check_type <- function(type, x, arg) {
    if (!type %in% c("integer", "double", "numeric"))
        .stop("'", arg, "' must hold numbers; found a ", type, " ",
            class(x)[[1L]])
}

# ---- data.frames --------------------------------------------------------

# What a column of sample names is called, by read.csv(), readr and merge() too.
.sample_column <- paste0("^[#X.]*(samples?|subjects?)?[._ ]?(id|name)s?$|",
    "^samples?$|^X$|^[.]{3}1$|^row[._]?names?$")

.check_data_frame <- function(x, arg) {
    # is.numeric() is TRUE for integer64, whose bits are not those of a double
    numeric <- vapply(x, function(column) {
        is.numeric(column) && is.null(dim(column)) &&
            !inherits(column, "integer64")
    }, logical(1))
    names <- grepl(.sample_column, names(x), ignore.case = TRUE)
    bad <- which(!numeric | names)
    if (length(bad) == 0L)
        return(invisible(NULL))
    first <- bad[[1L]]
    column <- x[[first]]
    is_names <- numeric[[first]] || is.character(column) || is.factor(column)
    fix <- sprintf("data.frame(%s, row.names = \"%s\", check.names = FALSE)",
        arg, names(x)[[first]])
    .stop("'", arg, "' must be a data.frame of counts, numeric columns; found ",
        if (numeric[[first]]) "sample names" else class(column)[[1L]],
        " in ", .first_few(names(x)[bad]),
        if (inherits(column, "integer64"))
            ". Make them doubles by as.numeric()"
        else if (length(bad) > 1L || !is_names)
            ". Move sample names to rownames(), drop the other columns"
        else
            paste0(".\nIf it holds the sample names: ", fix))
}
