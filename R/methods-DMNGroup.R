# The class of a classifier: a list of fits, with the shape of the class of the
# same name in DirichletMultinomial. The page of dmngroup() documents it.

#' @importClassesFrom S4Vectors SimpleList
#' @importFrom methods new setClass slot<-
#' @exportClass DMNGroup
.DMNGroup <- setClass("DMNGroup", contains = "SimpleList",
    prototype = methods::prototype(elementType = "DMN"))

# As with DMN, an object whose class attribute names this package could not be
# loaded where only DirichletMultinomial is installed.
.empty_dmngroup <- local({
    object <- .DMNGroup()
    attr(class(object), "package") <- ".GlobalEnv"
    object
})

# `about`: NULL, or a DataFrame with one row for each fit.
.new_dmngroup <- function(fits, about = NULL) {
    object <- .empty_dmngroup
    slot(object, "listData", check = FALSE) <- fits
    slot(object, "elementMetadata", check = FALSE) <- about
    object
}

.print_dmngroup <- function(object) {
    cat("class: DMNGroup\n")
    if (.print_damage(object@listData))
        return(invisible(NULL))
    cat("summary:\n")
    print(summary.DMNGroup(object))
}

#' @rdname dmngroup
#' @importFrom methods setMethod show
#' @exportMethod show
setMethod("show", "DMNGroup", function(object) .print_dmngroup(object))

#' @rdname dmngroup
#' @param x an object of class `DMNGroup`.
#' @export
print.DMNGroup <- function(x, ...) {
    .print_dmngroup(x)
    invisible(x)
}

# R finds SimpleList's methods for a class of .GlobalEnv only where this package
# is attached. The methods below do the same where it is only loaded.

#' @export
length.DMNGroup <- function(x) length(x@listData)

#' @export
names.DMNGroup <- function(x) names(x@listData)

#' @export
as.list.DMNGroup <- function(x, ...) x@listData

#' @export
`[[.DMNGroup` <- function(x, i, ...) x@listData[[i, ...]]

#' @export
`$.DMNGroup` <- function(x, name) x@listData[[name]]

#' @export
`[.DMNGroup` <- function(x, i) {
    number <- seq_along(x@listData)
    names(number) <- names(x@listData)
    chosen <- unname(number[i])
    if (anyNA(chosen))
        .stop("no such fit: ", .first_few(i[is.na(chosen)]),
            "; the object has ", .plural(length(number), "fit"))
    about <- x@elementMetadata
    .new_dmngroup(x@listData[chosen],
        if (!is.null(about)) about[chosen, , drop = FALSE])
}

#' @export
`[[<-.DMNGroup` <- function(x, i, value) {
    if (!inherits(value, "DMN"))
        .stop("an element of a DMNGroup must be a fit by dmn(); found ",
            .describe(value))
    fits <- x@listData
    fits[[i]] <- value
    about <- if (length(fits) == length(x@listData)) x@elementMetadata
    .new_dmngroup(fits, about)
}

#' @export
`$<-.DMNGroup` <- function(x, name, value) {
    x[[name]] <- value
    x
}

#' @export
`names<-.DMNGroup` <- function(x, value) {
    fits <- x@listData
    names(fits) <- value
    .new_dmngroup(fits, x@elementMetadata)
}

# The default methods of these return NULL, or fail with a message that does not
# mention lapply().

#' @export
coef.DMNGroup <- function(object, ...) .stop_not_a_fit(object, "coef")

#' @export
logLik.DMNGroup <- function(object, ...) .stop_not_a_fit(object, "logLik")

#' @export
residuals.DMNGroup <- function(object, ...) {
    .stop_not_a_fit(object, "residuals")
}

# Where S4Vectors is attached, summary() is its generic. Without this method it
# would call its own for lists.
#' @rdname dmngroup
#' @importMethodsFrom S4Vectors summary
#' @exportMethod summary
setMethod("summary", "DMNGroup",
    function(object, ...) summary.DMNGroup(object, ...))
