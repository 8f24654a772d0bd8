#' Names of the components
#'
#' Components have numbers, by decreasing weight. `componentLabels()` gives
#' them names, which all tables, predictions and plots of the fit then show.
#'
#' @details
#' The labels become the column names of [mixture()], `fitted()` and
#' [`predict()`][predict.DMN], and the row names of [mixturewt()]. With labels,
#' `mixture(fit, assign = TRUE)` and `predict(fit, newdata, assign = TRUE)` are
#' factors. Their levels are the labels in the order of the components.
#' [`summary()`][summary.DMN] and [heatmapdmn()] show the labels too.
#'
#' @param object an object of class [DMN-class].
#' @param value the labels: a character vector of different values, without `NA`
#'     or empty strings, or `NULL` to remove all labels. If it has no names, it
#'     must have one label for each component. If it has names, each label is
#'     given to the component in its name, which is a component's number or
#'     present label; the other components keep their labels.
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
    labels <- colnames(object@group)
    if (is.null(labels))
        labels <- as.character(seq_len(ncol(object@group)))
    labels
}

#' @rdname componentLabels
#' @export
`componentLabels<-` <- function(object, value) {
    current <- componentLabels(object)
    if (!is.null(value))
        value <- .check_labels(value, current)
    # They are kept as column names, and so appear wherever the columns do, also
    # in the results of DirichletMultinomial's accessors.
    slot(object, "group", check = FALSE) <-
        .name_columns(object@group, value)
    slot(object, "fit", check = FALSE) <-
        lapply(object@fit, .name_columns, value)
    object
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

.name_columns <- function(x, names) {
    rows <- rownames(x)
    dimnames(x) <- if (!is.null(rows) || !is.null(names)) list(rows, names)
    x
}
