#' The class of a fitted mixture
#'
#' [dmn()] returns an object of this S4 class. Its four slots have the names,
#' types and order of the class `DMN` in the \pkg{DirichletMultinomial}
#' package, so the accessor functions of either package work on the objects of
#' both. Read the slots through the accessors: [mixture()], [mixturewt()],
#' `fitted()`, [goodnessOfFit()] and [laplace()].
#'
#' @slot goodnessOfFit named `numeric(5)`: `NLE`, `LogDet`, `Laplace`, `BIC`
#'     and `AIC`. See [goodnessOfFit()] for what each of them is.
#' @slot group numeric matrix, samples x components: the posterior
#'     probability that each sample belongs to each component. The row names
#'     are the sample names of the counts. The column names are the numbers of
#'     the components, or their labels (see [componentLabels()]). It has no rows
#'     in a fit made with `keep.group = FALSE`.
#' @slot mixture list. `Weight`: numeric, the weights of the components in
#'     decreasing order; they sum to 1. Fits made by this package have further
#'     elements: `LogLik` (the log-likelihood), `Iterations` (of EM),
#'     `Evaluations` (of the likelihood), `KmeansIterations`, `Converged`,
#'     `Reseeded` (how many components were empty after the k-means start and
#'     were restarted), `Empty` (how many components expect less than a tenth of
#'     a sample in the final fit), `Seed`, `Optimizer` and `Control` (see
#'     [dmncontrol()]). The best of several starts also has `NStart` and
#'     `Starts`, see [starts()]. Fits with markers have `Markers`, see
#'     [markers()], those with `formula` have `Concomitant`, see
#'     [concomitant()], and those made with `keep.group = FALSE` have
#'     `Assigned`: the most probable component of each sample, the sum of the
#'     probabilities of the others, and the entropy.
#' @slot fit list of numeric matrices, taxa x components. `Estimate` holds the
#'     Dirichlet parameters, `Lower` and `Upper` the ends of their approximate
#'     95 % intervals, `exp(log(Estimate) -/+ 2 StdErr)`. Fits made by this
#'     package also have `StdErr`, the standard error of `log(Estimate)`. The
#'     row names are the taxa, and the column names are those of `group`.
#'
#' @section With DirichletMultinomial:
#' The matrices in DirichletMultinomial's objects have no column names. The
#' functions of this package add them to what they return.
#'
#' An object saved by one package can be loaded where only the other is
#' installed. Both packages can be loaded at once, in either order. When both
#' are *attached*, `predict(fit, newdata)` calls DirichletMultinomial's method,
#' which takes the columns of `newdata` in the order that they have. To call the
#' method of this package, which matches the columns by name, use
#' `stats::predict()`.
#'
#' @return Objects of class `DMN` are returned by [dmn()].
#' @examples
#' fit <- dmn(twins, 2, seed = 1)
#' is(fit, "DMN")
#' slotNames(fit)
#' names(fit@mixture)
#' @name DMN-class
#' @aliases DMN
#' @importFrom methods new setClass setMethod slot<-
#' @exportClass DMN
NULL

.criteria <- c("NLE", "LogDet", "Laplace", "BIC", "AIC")

# The rules for a fit, those of validObject() and of .check_fit(). Each function
# returns NULL or says what is wrong, and relies on the rules before it; see
# .damage(). NaN is allowed in the intervals, LogDet and Laplace of fits made by
# DirichletMultinomial, which can be NaN there.

# `@` would fail on an object from a file that lacks a slot.
.valid_slots <- function(object) {
    slots <- attributes(object)
    ok <- c(goodnessOfFit = is.numeric(slots$goodnessOfFit),
        group = is.matrix(slots$group) && is.numeric(slots$group),
        mixture = is.list(slots$mixture), fit = is.list(slots$fit))
    if (all(ok))
        return(NULL)
    wrong <- names(ok)[!ok][[1L]]
    paste0("slot ", wrong, " must be ", switch(wrong,
        goodnessOfFit = "numeric", group = "a numeric matrix", "a list"),
        "; found ", .describe(slots[[wrong]]))
}

.valid_group <- function(object) {
    compact <- .is_compact(object)
    if (ncol(object@group) == 0L || (nrow(object@group) == 0L) != compact)
        paste0("group must be a matrix of ", if (compact) "0 " else "samples ",
            "x components; found ", .describe(object@group))
}

# See R/utils-samples.R.
.valid_assigned <- function(object) {
    if (!.is_compact(object))
        return(NULL)
    x <- object@mixture$Assigned
    ok <- is.list(x) && is.integer(x$component) && length(x$component) > 0L &&
        is.double(x$uncertainty) &&
        length(x$uncertainty) == length(x$component) &&
        .is_number(x$entropy)
    if (!ok)
        paste0("mixture$Assigned must be a list of component, uncertainty and ",
            "entropy; found ", if (is.list(x)) paste(names(x), lengths(x),
                collapse = ", ") else .describe(x))
}

.valid_weight <- function(object) {
    weight <- object@mixture$Weight
    k <- ncol(object@group)
    if (!is.double(weight) || length(weight) != k)
        return(paste0("mixture$Weight must be a number for each of the ",
            .plural(k, "component"), " (columns of group); found ",
            .describe(weight)))
    bad <- which(!(is.finite(weight) & weight >= 0))
    if (length(bad))
        paste0("mixture$Weight must be numbers >= 0; found ",
            format(weight[[bad[[1L]]]]), " for component ", bad[[1L]])
    else if (abs(sum(weight) - 1) > 1e-6)
        paste0("mixture$Weight must sum to 1; found a sum of ",
            format(sum(weight)))
}

.valid_criteria <- function(object) {
    value <- object@goodnessOfFit
    missing <- setdiff(.criteria, names(value))
    if (length(missing))
        return(paste("goodnessOfFit must have the elements",
            paste0(paste(.criteria, collapse = ", "), "; it lacks"),
            paste(missing, collapse = ", ")))
    ours <- !is.null(object@mixture$Converged)
    value <- value[if (ours) .criteria else c("NLE", "BIC", "AIC")]
    bad <- which(!is.finite(value))
    if (length(bad))
        paste0("goodnessOfFit must be finite; found ", value[[bad[[1L]]]],
            " for ", names(value)[[bad[[1L]]]])
}

.valid_fit <- function(object) {
    fit <- object@fit
    k <- ncol(object@group)
    taxa <- max(1L, nrow(fit$Estimate))
    parts <- c("Estimate", "Lower", "Upper", if (!is.null(fit$StdErr)) "StdErr")
    for (part in parts) {
        x <- fit[[part]]
        if (!is.double(x) || !identical(dim(x), c(taxa, k)))
            return(.wrong_matrix(x, part, if (part == "Estimate") "taxa"
                else .plural(taxa, "taxon", "taxa"), k))
    }
}

.wrong_matrix <- function(x, part, taxa, k) {
    paste0("fit$", part, " must be a double matrix, ", taxa, " x ",
        .plural(k, "component"), "; found ",
        if (is.matrix(x)) sprintf("a %d x %d %s matrix", nrow(x), ncol(x),
            typeof(x))
        else .describe(x))
}

# The next two: what fits made by DirichletMultinomial do not record.
.valid_record <- function(object) {
    mixture <- object@mixture
    is_flag <- function(x) isTRUE(x) || isFALSE(x)
    wrong <- function(part, ok, what) {
        if (!ok(mixture[[part]]))
            paste0("mixture$", part, " must be ", what, "; found ",
                .describe(mixture[[part]]))
    }
    problems <- c(
        if (!is.null(mixture$LogLik))
            wrong("LogLik", function(x) .is_number(x) && is.finite(x),
                "one finite number"),
        if (!is.null(mixture$Converged))
            c(wrong("Converged", is_flag, "TRUE or FALSE"),
                unlist(lapply(c("Iterations", "Reseeded", "Empty", "Seed"),
                    wrong, ok = .is_number, what = "one number"))))
    if (length(problems)) problems[[1L]]
}

.valid_starts <- function(object) {
    starts <- object@mixture$Starts
    if (is.null(starts))
        return(NULL)
    parts <- c("kind", "seed", "NLE", "iterations", "converged")
    size <- if (is.list(starts)) lengths(starts)
    if (!all(parts %in% names(size)) || any(size != size[["NLE"]]) ||
        !.are_numbers(starts$NLE))
        paste0("mixture$Starts must be a list of ",
            paste(parts, collapse = ", "), " of the same length, without NA; ",
            "found ", if (is.null(size)) .describe(starts)
            else paste(names(size), size, collapse = ", "))
}

.are_numbers <- function(x) is.numeric(x) && length(x) > 0L && !anyNA(x)

# See R/utils-branches.R.
.valid_markers <- function(object) {
    markers <- object@mixture$Markers
    if (is.null(markers))
        return(NULL)
    parts <- c("taxa", "gain", "selected", "other", "background",
        "level", "division")
    taxa <- nrow(object@fit$Estimate)
    size <- if (is.list(markers)) length(markers$taxa)
    are <- function(x, n) is.numeric(x) && identical(dim(x), c(n, 2L)) &&
        identical(colnames(x), c("Estimate", "StdErr")) &&
        all(is.finite(x)) && all(x[, "Estimate"] > 0)
    ok <- is.list(markers) && all(parts %in% names(markers)) &&
        is.numeric(markers$taxa) && size > 0L && size < taxa &&
        all(markers$taxa %in% seq_len(taxa)) &&
        !anyDuplicated(markers$taxa) && .are_numbers(markers$gain) &&
        length(markers$gain) == size &&
        (isTRUE(markers$selected) || isFALSE(markers$selected)) &&
        are(markers$other, ncol(object@group)) &&
        are(markers$background, taxa - size) &&
        .are_numbers(markers$level) &&
        length(markers$level) == taxa - size &&
        setequal(markers$level, seq_len(max(markers$level))) &&
        are(markers$division, 2L * (as.integer(max(markers$level)) - 1L))
    if (!ok)
        paste0("mixture$Markers must be a list of ",
            paste(parts, collapse = ", "), " for some of the ",
            .plural(taxa, "taxon", "taxa"))
}

# See R/utils-design.R.
.valid_concomitant <- function(object) {
    x <- object@mixture$Concomitant
    if (is.null(x))
        return(NULL)
    parts <- c("formula", "terms", "design", "coefficients", "covariance")
    k <- ncol(object@group)
    ok <- is.list(x) && all(parts %in% names(x)) &&
        is.matrix(x$coefficients) && ncol(x$coefficients) == k - 1L &&
        identical(dim(x$covariance), rep(length(x$coefficients), 2L)) &&
        identical(dim(x$design), c(nrow(object@group), nrow(x$coefficients))) &&
        all(is.finite(x$coefficients)) && all(is.finite(x$design))
    if (!ok)
        paste0("mixture$Concomitant must be a list of ",
            paste(parts, collapse = ", "), " for ", .plural(k, "component"))
}

# The values of the two parts that grow with the table. min() and max() need no
# copy of the numbers, unlike is.finite().
.valid_estimates <- function(object) {
    x <- object@fit$Estimate
    # min() is NaN or NA if a number is
    if (isTRUE(min(x) > 0) && max(x) < Inf)
        return(NULL)
    paste("fit$Estimate must be positive numbers; found",
        .first_bad(x, is.finite(x) & x > 0, "taxon"))
}

.valid_probabilities <- function(object) {
    if (.is_compact(object)) {
        x <- object@mixture$Assigned
        k <- ncol(object@group)
        # min() and max() are NA if a number is
        if (isTRUE(min(x$component) >= 1L) && max(x$component) <= k &&
            isTRUE(min(x$uncertainty) >= 0) && max(x$uncertainty) < 1)
            return(NULL)
        return(paste0("mixture$Assigned must hold components from 1 to ", k,
            " and uncertainties from 0 to 1"))
    }
    x <- object@group
    # rounding can make them exceed 1 a little
    if (isTRUE(min(x) >= 0) && max(x) < 1 + 1e-6)
        return(NULL)
    paste("group must be probabilities; found",
        .first_bad(x, is.finite(x) & x >= 0 & x <= 1, "sample"))
}

# The first number in `x` that is not `ok`, and where it is.
.first_bad <- function(x, ok, row) {
    at <- which(!ok, arr.ind = TRUE, useNames = FALSE)[1L, ]
    name <- rownames(x)[at[[1L]]]
    sprintf("%s for %s %s, component %d", format(x[[at[[1L]], at[[2L]]]]), row,
        if (is.null(name)) at[[1L]] else sQuote(name, FALSE), at[[2L]])
}

# What is wrong with a fit in a few words, or NULL. The values of its large
# parts are looked at only if `read` names these.
.damage <- function(object, read = c("Estimate", "group")) {
    rules <- c(.valid_slots, .valid_group, .valid_assigned, .valid_weight,
        .valid_criteria, .valid_fit, .valid_record, .valid_starts,
        .valid_markers, .valid_concomitant,
        if ("Estimate" %in% read) .valid_estimates,
        if ("group" %in% read) .valid_probabilities)
    for (rule in rules) {
        problem <- rule(object)
        if (!is.null(problem))
            return(problem)
    }
}

.DMN <- setClass("DMN",
    slots = c(goodnessOfFit = "numeric", group = "matrix", mixture = "list",
        fit = "list"),
    validity = function(object) {
        problem <- .damage(object)
        if (is.null(problem)) TRUE else problem
    })

# An object whose class attribute names this package could not be loaded where
# only DirichletMultinomial is installed. With ".GlobalEnv", R finds the class
# in whichever of the two packages is loaded.
.empty_dmn <- local({
    object <- .DMN()
    attr(class(object), "package") <- ".GlobalEnv"
    object
})

# Makes an object from a result of the engine, which is valid. The checks of
# new() would take as long as a small fit.
.new_dmn <- function(goodnessOfFit, group, mixture, fit) {
    object <- .empty_dmn
    slot(object, "goodnessOfFit", check = FALSE) <- goodnessOfFit
    slot(object, "group", check = FALSE) <- group
    slot(object, "mixture", check = FALSE) <- mixture
    slot(object, "fit", check = FALSE) <- fit
    object
}
