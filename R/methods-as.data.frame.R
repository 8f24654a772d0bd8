#' Results as data frames
#'
#' `as.data.frame()` makes a plain `data.frame` of a fit or of another result of
#' this package, for functions that take nothing else: to join it to the data of
#' the samples, to write it to a file or to plot it.
#'
#' @param x an object of class [DMN-class], [DMNSelect][dmnselect],
#'     [DMNGroup][dmngroup], [dmnstarts][starts],
#'     [dmnstability][dmnstability()], [dmnperplexity][dmnperplexity()] or
#'     [dmnplan][dmnplan()].
#' @param row.names `NULL`, the default, or names of the rows of the result, all
#'     different.
#' @param optional `logical(1)`. It is there because [data.frame()] sets it, and
#'     has no effect.
#' @param ... not used; anything in it is an error.
#' @param what `character(1)`: `"samples"` (the default), `"taxa"` or
#'     `"components"`, the rows of the result.
#' @param stringsAsFactors `logical(1)`, default `FALSE`. If `TRUE`, character
#'     columns become factors.
#' @return A `data.frame` without other classes or attributes.
#'
#' For a fit, `component` is a factor. Its levels are the labels of the
#' components in their order, or their numbers, see [componentLabels()].
#'
#' * With `what = "samples"`, one row for each sample and columns `sample`, its
#'   name or, if samples have no names, its number; `component`, its most
#'   probable component; and `probability`, that of this component. All
#'   probabilities are in [mixture()].
#' * With `what = "taxa"`, one row for each component and taxon and columns
#'   `component`, `taxon`, `proportion`, `estimate`, `lower` and `upper`: the
#'   mean proportion of the taxon in the component, and the Dirichlet parameter
#'   with the ends of its interval. These are the columns of the table `taxa` of
#'   [`summary()`][summary.DMN].
#' * With `what = "components"`, one row for each component and columns
#'   `component`, `pi`, `theta` and `samples`: its weight, its precision (see
#'   [mixturewt()]), and the number of samples of which it is the most probable
#'   component.
#'
#' For other objects, the columns are these.
#'
#' * [dmnselect()]: those of `summary()`, with one row for each fit.
#' * [dmngroup()]: those of `summary()` after `group`, the group of the fit.
#' * [dmnstability()]: those of `summary()`, with one row for each component of
#'   each `k`.
#' * [starts()], [dmnperplexity()] and [dmnplan()]: those of the object.
#' @section Errors:
#' It is an error if there is not one name in `row.names` for each row, or if
#' some are missing or the same.
#' @seealso [mixture()], [`summary()`][summary.DMN], [drivers()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' componentLabels(fit) <- c("Bacteroides", "Mixed", "Prevotella")
#' samples <- as.data.frame(fit)
#' head(samples, 3)
#' samples[samples$probability < 0.6, ]
#' as.data.frame(fit, what = "components")
#' taxa <- as.data.frame(fit, what = "taxa")
#' taxa[taxa$taxon == "Prevotella", ]
#'
#' as.data.frame(starts(fit))
#' @method as.data.frame DMN
#' @export
as.data.frame.DMN <- function(x, row.names = NULL, optional = FALSE, ...,
    what = c("samples", "taxa", "components"), stringsAsFactors = FALSE) {
    .refuse_dots(..., .what = "as.data.frame",
        .known = names(formals(as.data.frame.DMN)))
    what <- .check_choice(what, "what", c("samples", "taxa", "components"))
    .check_fit(x, "x")
    table <- switch(what, samples = .samples_table(x), taxa = .taxa_table(x),
        components = data.frame(component = .component_factor(x),
            .components_table(x), row.names = NULL))
    .plain_table(table, row.names, optional, stringsAsFactors)
}

# The components in their order.
.component_factor <- function(fit) {
    labels <- componentLabels(fit)
    factor(labels, labels)
}

.samples_table <- function(fit) {
    class <- .classes_of(fit)
    data.frame(sample = .sample_names(fit), component = class$.class,
        probability = class$.probability)
}

.taxa_table <- function(fit) {
    share <- fitted.DMN(fit, scale = TRUE)
    data.frame(component = rep(.component_factor(fit), each = nrow(share)),
        taxon = rep(.taxon_names(fit), ncol(share)),
        proportion = as.vector(share),
        estimate = as.vector(fit@fit$Estimate),
        lower = as.vector(fit@fit$Lower), upper = as.vector(fit@fit$Upper))
}

# The columns of `table` alone, without other classes and attributes.
.plain_table <- function(table, row.names, optional, stringsAsFactors) {
    .check_flag(optional, "optional")
    attributes(table) <- list(names = names(table), class = "data.frame",
        row.names = attr(table, "row.names"))
    if (.check_flag(stringsAsFactors, "stringsAsFactors")) {
        words <- vapply(table, is.character, logical(1))
        table[words] <- lapply(table[words], factor)
    }
    if (!is.null(row.names))
        row.names(table) <- .check_row_names(row.names, nrow(table))
    table
}

.check_row_names <- function(x, n) {
    found <- if (!(is.character(x) || is.numeric(x)) || length(x) != n)
        .describe(x)
    else if (anyNA(x))
        "a missing one"
    else if (anyDuplicated(x))
        paste0("'", x[[anyDuplicated(x)]], "' twice")
    if (!is.null(found))
        .stop("'row.names' must be NULL, or different names for ",
            .plural(n, "row"), "; found ", found)
    x
}

#' @rdname as.data.frame.DMN
#' @method as.data.frame DMNSelect
#' @export
as.data.frame.DMNSelect <- function(x, row.names = NULL, optional = FALSE,
    ..., stringsAsFactors = FALSE) {
    .refuse_dots(..., .what = "as.data.frame",
        .known = names(formals(as.data.frame.DMNSelect)))
    .plain_table(summary.DMNSelect(x), row.names, optional, stringsAsFactors)
}

#' @rdname as.data.frame.DMN
#' @method as.data.frame DMNGroup
#' @export
as.data.frame.DMNGroup <- function(x, row.names = NULL, optional = FALSE,
    ..., stringsAsFactors = FALSE) {
    .refuse_dots(..., .what = "as.data.frame",
        .known = names(formals(as.data.frame.DMNGroup)))
    group <- .group_names(x)
    if (is.null(group))
        group <- rep(NA_character_, length(x@listData))
    table <- data.frame(group = group, summary.DMNGroup(x), row.names = NULL)
    .plain_table(table, row.names, optional, stringsAsFactors)
}

#' @rdname as.data.frame.DMN
#' @method as.data.frame dmnstability
#' @export
as.data.frame.dmnstability <- function(x, row.names = NULL, optional = FALSE,
    ..., stringsAsFactors = FALSE) {
    .refuse_dots(..., .what = "as.data.frame",
        .known = names(formals(as.data.frame.dmnstability)))
    .plain_table(summary.dmnstability(x), row.names, optional,
        stringsAsFactors)
}

#' @rdname as.data.frame.DMN
#' @method as.data.frame dmnstarts
#' @export
as.data.frame.dmnstarts <- function(x, row.names = NULL, optional = FALSE,
    ..., stringsAsFactors = FALSE) {
    .refuse_dots(..., .what = "as.data.frame",
        .known = names(formals(as.data.frame.dmnstarts)))
    .plain_table(x, row.names, optional, stringsAsFactors)
}

#' @rdname as.data.frame.DMN
#' @method as.data.frame dmnperplexity
#' @export
as.data.frame.dmnperplexity <- as.data.frame.dmnstarts

#' @rdname as.data.frame.DMN
#' @method as.data.frame dmnplan
#' @export
as.data.frame.dmnplan <- as.data.frame.dmnstarts

# Where S4Vectors is attached, as.data.frame() is the generic of BiocGenerics.
# Without these methods it would call S4Vectors' own for lists. They are not
# exported: that would attach the generic with this package.
#' @importMethodsFrom S4Vectors as.data.frame
#' @importFrom methods setMethod
#' @noRd
setMethod("as.data.frame", "DMNSelect", function(x, row.names = NULL,
    optional = FALSE, ...) as.data.frame.DMNSelect(x, row.names, optional, ...))

setMethod("as.data.frame", "DMNGroup", function(x, row.names = NULL,
    optional = FALSE, ...) as.data.frame.DMNGroup(x, row.names, optional, ...))
