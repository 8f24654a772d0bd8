# Packed counts: a table that is read block by block, in few bytes. An object of
# class dmnpacked has three elements: `dim`, `dimnames`, and `blocks`, raw
# vectors that hold consecutive samples (src/core/counts/packed.h). The engine
# reads it like a matrix. It can be sent to a worker, and its rows and columns
# can be chosen by `[`.

# The most samples that a block can have.
.most_packed_rows <- 65536L

.new_packed <- function(blocks, dim, dimnames) {
    structure(list(dim = dim, dimnames = dimnames, blocks = blocks),
        class = "dmnpacked")
}

# Packs a table of which `read(i)` returns the samples i as a matrix or
# dgCMatrix, `rows` samples at a time. `x` has its dimensions and names.
.pack <- function(x, rows, read, arg) {
    packer <- .take_packer()(ncol(x))
    for (start in seq(1, by = rows, length.out = ceiling(nrow(x) / rows))) {
        block <- read(seq.int(start, min(start + rows - 1, nrow(x))))
        .check_block_values(block, start - 1L, x, arg)
        packer$add(block)
    }
    packer$table(dimnames(x))
}

# Stops at a value that is no count. `block` are the samples of `x` after the
# first `before`.
.check_block_values <- function(block, before, x, arg) {
    problem <- .Call(R_dmm_count_problem, block, 1L)
    if (is.null(problem) || problem$problem == "empty_sample")
        return(invisible(NULL))
    problem$row <- problem$row + before
    .stop_counts(problem, x, arg)
}

# A block with fewer bytes for each taxon, of which 4 are an offset, is joined
# with others.
.least_bytes <- 64

# Packs the blocks of a table as they come: add() takes a matrix, dgCMatrix or
# packed counts, and table() returns all. A block of few samples takes more
# bytes for the offsets of its taxa than for its counts, so that small blocks
# are joined: the last two, if the last one is more than half as large as the
# one before, which moves each count only a few times.
.new_packer <- function(columns) {
    blocks <- list()
    rows <- numeric()
    join <- function() {
        n <- length(blocks)
        while (n > 1L && 2 * length(blocks[[n]]) > length(blocks[[n - 1L]]) &&
            length(blocks[[n - 1L]]) < .least_bytes * columns &&
            rows[[n]] + rows[[n - 1L]] <= .most_packed_rows) {
            rows[[n - 1L]] <<- rows[[n]] + rows[[n - 1L]]
            blocks[[n - 1L]] <<- .Call(R_dmm_pack, .new_packed(
                blocks[c(n - 1L, n)], as.integer(c(rows[[n - 1L]], columns)),
                NULL), NULL, NULL)
            n <- n - 1L
            blocks <<- blocks[seq_len(n)]
            rows <<- rows[seq_len(n)]
        }
    }
    list(
        add = function(x) {
            packed <- if (inherits(x, "dmnpacked")) x else .choose_packed(x)
            for (block in unclass(packed)$blocks) {
                blocks[[length(blocks) + 1L]] <<- block
                rows[[length(blocks)]] <<- .rows_of_block(block)
                join()
            }
        },
        columns = columns,
        rows = function() sum(rows),
        blocks = function() blocks,
        table = function(dimnames) {
            # what was read takes as much memory as the packed counts
            gc()
            .new_packed(blocks, as.integer(c(sum(rows), columns)), dimnames)
        })
}

# What makes the packer that a method of dmncounts() gives blocks to.
.packing <- new.env()
.packing$new <- .new_packer

# Evaluates `code`. The first method in it that reads blocks gives them to
# `new(columns)`, which takes them as a packer does.
.with_packer <- function(new, code) {
    on.exit(.packing$new <- .new_packer)
    .packing$new <- new
    code
}

# Called before blocks are read: these may be tables in blocks themselves, or
# made by code of the user's that reads others.
.take_packer <- function() {
    new <- .packing$new
    .packing$new <- .new_packer
    new
}

# The number of samples of a packed block. Its first 8 bytes hold it, half of
# which, the first or the last, are 0.
.rows_of_block <- function(block) sum(readBin(block, "integer", 2L))

# ---- Tables in blocks ---------------------------------------------------

# Joins blocks of samples, which `read()` returns in turn, each as a list of
# the block and of what messages call it, and then NULL. NULL if there are none.
.join_blocks <- function(read, arg) {
    new <- .take_packer()
    first <- packer <- NULL
    samples <- list()
    repeat {
        # the block before is freed first
        block <- NULL
        part <- read()
        if (is.null(part))
            break
        name <- part$name
        block <- .as_count_matrix(part$block, name)
        part <- NULL
        if (is.null(packer)) {
            packer <- new(ncol(block))
            taxa <- list(names = colnames(block), arg = name)
        }
        .check_same_taxa_in_order(block, packer$columns, taxa, name)
        # a matrix without rows has no row names
        if (nrow(block) == 0L)
            next
        if (is.null(first))
            first <- list(names = rownames(block), arg = name)
        if (is.null(rownames(block)) != is.null(first$names))
            .stop_unlike_names("samples", rownames(block), name, first)
        if (packer$rows() + nrow(block) > .Machine$integer.max)
            .stop("'", arg, "' must have at most ", .Machine$integer.max,
                " samples; found more in '", name, "'")
        if (!inherits(block, "dmnpacked"))
            .check_block_values(block, 0L, block, name)
        packer$add(block)
        samples[[length(samples) + 1L]] <- rownames(block)
    }
    if (is.null(packer))
        return(NULL)
    samples <- unlist(samples)
    packer$table(if (!is.null(samples) || !is.null(taxa$names))
        list(samples, taxa$names))
}

# `like`: names of the first block, and what messages call it.
.stop_unlike_names <- function(what, names, name, like) {
    .stop("'", name, "' has ", if (is.null(names)) "no ", "names of ", what,
        ", '", like$arg, "' has ", if (is.null(names)) "them" else "none",
        ": give them to all blocks or to none")
}

.check_same_taxa_in_order <- function(block, columns, like, name) {
    if (ncol(block) != columns)
        .stop("'", name, "' must have the ", .plural(columns, "taxon", "taxa"),
            " (columns) of '", like$arg, "'; found ", ncol(block))
    given <- colnames(block)
    if (identical(given, like$names))
        return(invisible(NULL))
    if (is.null(given) || is.null(like$names))
        .stop_unlike_names("taxa", given, name, like)
    at <- which(given != like$names | is.na(given) | is.na(like$names))[[1L]]
    .stop("'", name, "' must have the taxa of '", like$arg, "' in the same ",
        "order; found '", given[[at]], "' in place of '", like$names[[at]],
        "' in column ", at)
}

#' @export
dim.dmnpacked <- function(x) unclass(x)$dim

#' @export
dimnames.dmnpacked <- function(x) unclass(x)$dimnames

#' @export
`dimnames<-.dmnpacked` <- function(x, value) {
    fits <- is.null(value) || length(value) == 2L &&
        all(lengths(value) == dim(x) | vapply(value, is.null, NA))
    if (!fits)
        .stop("'value' must be names for ", nrow(x), " samples and ", ncol(x),
            " taxa; found ", paste(lengths(value), collapse = " and "))
    .new_packed(unclass(x)$blocks, dim(x), value)
}

#' @export
length.dmnpacked <- function(x) prod(as.double(dim(x)))

# Takes rows and columns by number, name or logical vector.
#' @export
`[.dmnpacked` <- function(x, i, j, ..., drop = FALSE) {
    number <- function(index, n, names, what) {
        all <- stats::setNames(seq_len(n), names)
        chosen <- unname(all[index])
        if (anyNA(chosen))
            .stop("there are ", n, " ", what, "; no such one: ",
                .first_few(if (is.logical(index)) which(is.na(chosen))
                    else index[is.na(chosen)]))
        chosen
    }
    names <- dimnames(x)
    .choose_packed(x,
        if (!missing(i)) number(i, nrow(x), names[[1L]], "samples"),
        if (!missing(j)) number(j, ncol(x), names[[2L]], "taxa"))
}

# The rows i and columns j, NULL for all. A column of NA has no counts.
.choose_packed <- function(x, i = NULL, j = NULL) {
    dim <- dim(x)
    names <- dimnames(x)
    if (is.null(i))
        i <- seq_len(dim[[1L]])
    parts <- split(i, (seq_along(i) - 1L) %/% .most_packed_rows)
    blocks <- lapply(unname(parts), function(rows) {
        .Call(R_dmm_pack, x, rows, j)
    })
    columns <- if (is.null(j)) seq_len(dim[[2L]]) else j
    .new_packed(blocks, c(length(i), length(columns)),
        if (!is.null(names)) list(names[[1L]][i], names[[2L]][columns]))
}

#' @method t dmnpacked
#' @exportS3Method base::t dmnpacked
t.dmnpacked <- function(x) {
    .stop("packed counts have samples in rows; transpose the table before ",
        "dmncounts() instead")
}

#' @export
as.matrix.dmnpacked <- function(x, ...) {
    value <- .Call(R_dmm_unpack, x)
    dimnames(value) <- dimnames(x)
    value
}

#' @export
print.dmnpacked <- function(x, ...) {
    cat("packed counts: ", nrow(x), " samples x ", ncol(x), " taxa, ",
        format(utils::object.size(x), units = "auto"), "\n", sep = "")
    invisible(x)
}

# The totals of the samples and of the taxa of any table that the engine reads:
# list(rows, columns). Its values must be counts.
.totals <- function(count) .Call(R_dmm_totals, count)
