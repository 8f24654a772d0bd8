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
    starts <- seq.int(1L, by = rows, length.out = ceiling(nrow(x) / rows))
    blocks <- lapply(starts, function(start) {
        end <- min(start + rows - 1L, nrow(x))
        block <- read(start:end)
        problem <- .Call(R_dmm_count_problem, block, 1L)
        if (!is.null(problem) && problem$problem != "empty_sample") {
            problem$row <- problem$row + start - 1L
            .stop_counts(problem, x, arg)
        }
        .Call(R_dmm_pack, block, NULL, NULL)
    })
    .new_packed(blocks, dim(x), dimnames(x))
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
