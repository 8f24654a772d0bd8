#' Names of the components
#'
#' Components are named by their numbers, by decreasing weight.
#' `componentLabels()` returns their names, and its replacement function gives
#' them labels, which all tables, predictions and plots of the fit then show.
#'
#' @details
#' The names are the column names of [mixture()], `fitted()` and
#' [`predict()`][predict.DMN], and the row names of [mixturewt()]. With labels
#' other than the numbers, `mixture(fit, assign = TRUE)` and
#' `predict(fit, newdata, assign = TRUE)` are factors. Their levels are the
#' labels in the order of the components. [`summary()`][summary.DMN] and
#' [heatmapdmn()] show the labels too.
#'
#' @param object an object of class [DMN-class].
#' @param value the labels: a character vector of different values, without `NA`
#'     or empty strings, or `NULL` to go back to the numbers. If it has no
#'     names, it must have one label for each component. If it has names, each
#'     label is given to the component in its name, which is a component's
#'     number or present label; the other components keep their labels.
#' @return `componentLabels()`: a character vector with one element for each
#'     component: its label, or its number if it has none. The replacement
#'     function: the fit with the new labels.
#' @section Errors:
#' It is an error if labels are missing, empty or used twice, if there are not
#' as many as components, and if a name of `value` is not a component.
#' @seealso [mixture()], [mixturewt()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' componentLabels(fit)
#' componentLabels(fit) <- c("Bacteroides", "Mixed", "Prevotella")
#' mixturewt(fit)
#' head(mixture(fit), 3)
#' table(mixture(fit, assign = TRUE), twinsBMI)
#'
#' ## change one of them
#' componentLabels(fit) <- c("2" = "Diverse")
#' componentLabels(fit)
#' componentLabels(fit) <- NULL
#' @export
componentLabels <- function(object) {
    if (!inherits(object, "DMN"))
        .stop_not_a_fit(object, "componentLabels")
    .check_fit(object, read = NULL)
    colnames(.named_components(object@group))
}

#' @rdname componentLabels
#' @export
`componentLabels<-` <- function(object, value) {
    current <- componentLabels(object)
    value <- if (is.null(value))
        as.character(seq_along(current))
    else
        .check_labels(value, current)
    named <- function(x) {
        colnames(x) <- value
        x
    }
    # They are kept as column names, and so appear wherever the columns do, also
    # in the results of DirichletMultinomial's accessors.
    slot(object, "group", check = FALSE) <- named(object@group)
    slot(object, "fit", check = FALSE) <- lapply(object@fit, named)
    object
}

# Whether names of components are labels. Those that are their numbers are not,
# nor is NULL, which is what matrices made by DirichletMultinomial have.
.are_labels <- function(names) {
    !is.null(names) && !identical(names, as.character(seq_along(names)))
}

.has_labels <- function(object) .are_labels(colnames(object@group))

# A matrix with one column for each component, named by number if it has no
# names, as in DirichletMultinomial's objects.
.named_components <- function(x) {
    if (is.null(colnames(x)))
        colnames(x) <- as.character(seq_len(ncol(x)))
    x
}

# Returns one label for each component.
.check_labels <- function(value, current) {
    if (!is.character(value))
        .stop("'value' must be character labels; found ", .describe(value))
    if (!is.null(names(value)))
        value <- .partial_labels(value, current)
    if (length(value) != length(current))
        .stop("'value' must be a label for each of the ",
            .plural(length(current), "component"), "; found ",
            .plural(length(value), "label"),
            ". To set some of them, name them: c(\"2\" = \"label\")")
    if (anyNA(value) || !all(nzchar(value)))
        .stop("'value' must have no missing and no empty labels; found one ",
            "for component ", which(is.na(value) | !nzchar(value))[[1L]])
    if (anyDuplicated(value))
        .stop("'value' must be different labels; found ",
            .first_few(unique(value[duplicated(value)])), " twice")
    as.vector(value)
}

.partial_labels <- function(value, current) {
    component <- match(names(value), current)
    number <- match(names(value), as.character(seq_along(current)))
    component[is.na(component)] <- number[is.na(component)]
    if (anyNA(component))
        .stop("the names of 'value' must be components, from 1 to ",
            length(current), ", or their labels; found ",
            .first_few(names(value)[is.na(component)]))
    if (anyDuplicated(component))
        .stop("'value' must name each component once; found ",
            .first_few(names(value)[duplicated(component)]), " twice")
    current[component] <- value
    unname(current)
}
