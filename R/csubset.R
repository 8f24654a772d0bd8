#' Select the samples of some groups
#'
#' Keeps the rows of a table of counts whose group is among `val`.
#'
#' @param val the groups to keep: one or more values of `pheno`.
#' @param x counts, samples x taxa: a matrix, data.frame or sparse matrix.
#' @param pheno a vector or factor with one element for each row of `x`: the
#'     group of each sample. Samples whose group is `NA` are left out.
#' @param cidx `logical(1)`, default `TRUE`. If `TRUE`, all taxa are kept. If
#'     `FALSE`, taxa that have no count in the selected samples are dropped.
#' @return The rows of `x` whose `pheno` is among `val`, as a table of the same
#'     kind. It stays a table when it has one row or none.
#' @section Errors:
#' It is an error if `x` is not a table, if `pheno` does not have one element
#' for each row of `x`, or if `val` has a value that is neither a value nor a
#' level of `pheno`.
#' @seealso [dmngroup()]
#' @examples
#' dim(twins)
#' sum(twinsBMI == "Lean")
#' dim(csubset("Lean", twins, twinsBMI))
#' dim(csubset("Lean", twins, twinsBMI, cidx = FALSE))
#' dim(csubset(c("Lean", "Obese"), twins, twinsBMI))
#' @export
csubset <- function(val, x, pheno, cidx = TRUE) {
    if (length(dim(x)) != 2L)
        .stop("'x' must be a table of counts, samples x taxa; found ",
            .describe(x))
    if (!is.atomic(pheno) || length(pheno) != nrow(x))
        .stop("'pheno' must have an element for each of the ",
            .plural(nrow(x), "row"), " of 'x'; found ", length(pheno),
            if (length(pheno) == ncol(x))
                ". Samples must be in the rows of 'x': pass t(x)")
    known <- unique(c(levels(pheno), as.character(pheno)))
    unknown <- setdiff(as.character(val), known)
    if (length(unknown))
        .stop("'val' must be values of 'pheno', ",
            .first_few(sort(known)), "; found ", .first_few(unknown))
    x <- x[pheno %in% val, , drop = FALSE]
    if (.check_flag(cidx, "cidx"))
        return(x)
    total <- if (methods::is(x, "Matrix")) Matrix::colSums(x) else colSums(x)
    x[, total != 0, drop = FALSE]
}
