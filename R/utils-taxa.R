# Aligning the taxa of a table with those of a fit.

.check_missing_taxa <- function(x) {
    .check_choice(x, "missing.taxa", c("error", "zero"))
}

# The columns of `newdata` in the order of the rows of `estimate`, a fit's
# parameters. If either has no names, the columns stay as they are. With
# `missing.taxa = "zero"`, taxa that `newdata` lacks are filled with 0 and taxa
# unknown to the fit are left out; otherwise both are errors.
.align_taxa <- function(newdata, estimate, arg = "newdata",
    missing.taxa = "error") {
    taxa <- rownames(estimate)
    given <- colnames(newdata)
    if (is.null(taxa) || is.null(given)) {
        .check_number_of_taxa(newdata, nrow(estimate), arg)
        return(newdata)
    }
    if (identical(given, taxa))
        return(newdata)
    .check_common_taxa(given, taxa, rownames(newdata), arg)
    lacking <- setdiff(taxa, given)
    unknown <- which(!given %in% taxa)
    .check_different_taxa(given, taxa, arg)
    if (missing.taxa == "error")
        .check_same_taxa(lacking, given[unknown], arg)
    if (length(unknown))
        .report_unknown_taxa(newdata, unknown, arg)
    if (inherits(newdata, "dmnpacked")) {
        newdata <- .choose_packed(newdata, j = match(taxa, given))
        colnames(newdata) <- taxa
        return(newdata)
    }
    newdata <- .fill_taxa(newdata, lacking)
    newdata[, match(taxa, colnames(newdata)), drop = FALSE]
}

# `newdata`, dense or sparse, with columns of zeros for the taxa `lacking`.
.fill_taxa <- function(newdata, lacking) {
    if (length(lacking) == 0L)
        return(newdata)
    size <- c(nrow(newdata), length(lacking))
    names <- list(NULL, lacking)
    zeros <- if (is.matrix(newdata))
        matrix(0L, size[[1L]], size[[2L]], dimnames = names)
    else
        Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(),
            dims = size, dimnames = names)
    cbind(newdata, zeros)
}

# Says which columns, `unknown`, are left out, and what goes with them. Entries
# that are not counts are an error in these columns too.
.report_unknown_taxa <- function(newdata, unknown, arg) {
    .as_counts(newdata, arg, allow.empty = TRUE)
    total <- .totals(newdata)$rows
    left_out <- .totals(newdata[, unknown, drop = FALSE])$rows
    share <- if (any(total > 0)) 100 * sum(left_out) / sum(total) else 0
    emptied <- which(total > 0 & left_out == total)
    samples <- rownames(newdata)
    message("'", arg, "' has ", .plural(length(unknown), "taxon", "taxa"),
        " unknown to the fit, left out with ", format(share, digits = 3L),
        " % of the counts: ", .first_few(colnames(newdata)[unknown]),
        if (length(emptied)) paste0(".\n", .plural(length(emptied), "sample"),
            " without other counts: ",
            .first_few(if (is.null(samples)) emptied else samples[emptied])))
}

.check_number_of_taxa <- function(newdata, size, arg) {
    if (ncol(newdata) != size)
        .stop("'", arg, "' must have a column for each of the ",
            .plural(size, "taxon", "taxa"), " of 'object'; found ",
            .plural(ncol(newdata), "column"),
            if (nrow(newdata) == size)
                "; is it transposed?")
}

.check_common_taxa <- function(given, taxa, samples, arg) {
    if (any(taxa %in% given))
        return(invisible(NULL))
    if (any(taxa %in% samples))
        .stop("'", arg, "' has the taxa of the fit in its rows; samples must ",
            "be in rows: pass t(", arg, ")")
    .stop("'", arg, "' has no taxon of the fit. It has ",
        if (length(given)) .first_few(given, 3L) else "no taxa",
        "; the fit has ", .first_few(taxa, 3L))
}

.check_different_taxa <- function(given, taxa, arg) {
    doubled <- unique(c(given[duplicated(given)], taxa[duplicated(taxa)]))
    if (length(doubled))
        .stop("'", arg, "' cannot be matched by name, as some taxa occur ",
            "twice: ", .first_few(doubled))
}

.check_same_taxa <- function(missing, unknown, arg) {
    problems <- c(
        if (length(missing))
            paste0("lacks ", .plural(length(missing), "taxon", "taxa"),
                " of the fit: ", .first_few(missing)),
        if (length(unknown))
            paste0("has ", .plural(length(unknown), "taxon", "taxa"),
                " unknown to the fit: ", .first_few(unknown)))
    if (!is.null(problems))
        .stop("'", arg, "' ", paste(problems, collapse = "; it "),
            ".\nGive it the taxa of rownames(fitted(object)), or pass ",
            "missing.taxa = \"zero\"")
}
