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
    .new_packed(unclass(x)$blocks, dim(x), value)
}

#' @export
length.dmnpacked <- function(x) prod(as.double(dim(x)))

# Takes rows and columns by number, name or logical vector. A column of NA has
# no counts.
#' @export
`[.dmnpacked` <- function(x, i, j, ..., drop = FALSE) {
    number <- function(index, n, names) {
        all <- seq_len(n)
        names(all) <- names
        as.integer(unname(all[index]))
    }
    dim <- dim(x)
    names <- dimnames(x)
    i <- if (missing(i)) seq_len(dim[[1L]]) else
        number(i, dim[[1L]], names[[1L]])
    j <- if (missing(j)) NULL else number(j, dim[[2L]], names[[2L]])
    parts <- split(i, (seq_along(i) - 1L) %/% .most_packed_rows)
    blocks <- lapply(unname(parts), function(rows) {
        .Call(R_dmm_pack, x, rows, j)
    })
    columns <- if (is.null(j)) seq_len(dim[[2L]]) else j
    .new_packed(blocks, c(length(i), length(columns)),
        if (!is.null(names)) list(names[[1L]][i], names[[2L]][columns]))
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
# list(rows, columns).
.totals <- function(count) {
    if (inherits(count, "dmnpacked"))
        .Call(R_dmm_packed_totals, count)
    else if (is.matrix(count))
        list(rows = rowSums(count), columns = colSums(count))
    else
        list(rows = Matrix::rowSums(count), columns = Matrix::colSums(count))
}
