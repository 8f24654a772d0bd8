#' Fit again with other settings
#'
#' Fits a mixture with the settings of an earlier fit, some of them changed.
#'
#' @param object an object of class [DMN-class].
#' @param count counts, samples x taxa, in any of the forms that [dmn()] takes:
#'     the table that the fit was made from, which the fit does not hold, or
#'     another.
#' @param ... the arguments of [dmn()] to change, by name. The others are those
#'     of the fit: `k`, `seed`, `nstart`, `optimizer`, `control`, `markers` and
#'     `formula`. The variables of `formula` are not part of a fit: pass `data`.
#'     Nor are `memory`, `BPPARAM`, `scratch` and `checkpoint`.
#'     A fit made by DirichletMultinomial holds only `k`.
#' @return An object of class [DMN-class]. Its components have no labels (see
#'     [componentLabels()]), because they may not be the components of `object`.
#' @section Errors:
#' It is an error if `count` is missing, and if `...` has an argument that
#' [dmn()] does not have.
#' @seealso [dmn()]
#' @examples
#' fit <- dmn(twins, 2, seed = 1)
#' update(fit, twins, k = 3)
#'
#' ## the same again
#' identical(update(fit, twins), fit)
#' @importFrom stats update
#' @export
update.DMN <- function(object, count, ...) {
    if (missing(count))
        .stop("'count' is missing: pass the table that the fit was made from, ",
            "which the fit does not hold")
    changed <- list(...)
    known <- setdiff(names(formals(dmn)), c("count", "..."))
    if (length(changed) && (is.null(names(changed)) ||
        !all(names(changed) %in% known)))
        .refuse_dots(..., .what = "update", .known = known)
    .check_fit(object, read = NULL)
    mixture <- object@mixture
    settings <- list(k = ncol(object@group), seed = mixture$Seed,
        nstart = if (is.null(mixture$NStart)) 1L else mixture$NStart,
        optimizer = mixture$Optimizer,
        control = mixture$Control, markers = .marker_argument(object),
        formula = mixture$Concomitant$formula)
    if (.is_compact(object))
        settings$keep.group <- FALSE
    settings <- settings[!vapply(settings, is.null, logical(1))]
    settings[names(changed)] <- changed
    do.call(dmn, c(list(count = count), settings))
}

# The argument `markers` that a fit was made with: names, or numbers if the taxa
# have no names.
.marker_argument <- function(object) {
    if (!.has_markers(object))
        return(NULL)
    if (object@mixture$Markers$selected)
        return("select")
    taxa <- sort(object@mixture$Markers$taxa)
    names <- rownames(object@fit$Estimate)
    if (is.null(names)) taxa else names[taxa]
}
