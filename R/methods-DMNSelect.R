# The class of a sweep over k: a list of fits. The page of dmnselect() documents
# it.

#' @rdname dmnselect
#' @importClassesFrom S4Vectors SimpleList
#' @importFrom methods new setClass
#' @exportClass DMNSelect
.DMNSelect <- setClass("DMNSelect", contains = "SimpleList",
    prototype = methods::prototype(elementType = "DMN"))

.criteria_choices <- c("laplace", "BIC", "AIC", "ICL")

# `settings` (nstart, seed, criterion, ...) become the object's metadata.
.new_dmnselect <- function(fits, settings) {
    new("DMNSelect", listData = fits, metadata = settings)
}

#' @rdname dmnselect
#' @importMethodsFrom S4Vectors c
#' @exportMethod c
setMethod("c", "DMNSelect", function(x, ...) {
    sweeps <- list(x, ...)
    if (!all(vapply(sweeps, inherits, logical(1), "DMNSelect")))
        .stop("only objects made by dmnselect() can be joined to one")
    fits <- do.call(c, lapply(unname(sweeps), .fits_of, read = NULL))
    k <- .fitted_k(fits)
    if (anyDuplicated(k))
        .stop("a 'k' may be in one of the sweeps only; found k = ",
            k[[anyDuplicated(k)]], " twice. Leave it out of one, as x[\"",
            k[[1L]], "\"] takes one out")
    if (!.same_table(fits)) {
        sizes <- unique(vapply(fits, function(fit) {
            paste(.plural(.n_samples(fit), "sample"), "x",
                .plural(nrow(fit@fit$Estimate), "taxon", "taxa"))
        }, ""))
        .stop("sweeps to be joined must be of the same table; found ",
            if (length(sizes) > 1L) paste(sizes, collapse = " and ")
            else "other samples or taxa", ". Make all by dmnselect(count, k)")
    }
    settings <- x@metadata
    missing <- unlist(lapply(sweeps, function(one) one@metadata$missing))
    settings$missing <- setdiff(missing, k)
    if (length(settings$missing) == 0L)
        settings$why <- NULL
    .new_dmnselect(fits[order(k)], settings)
})

#' @export
as.list.DMNSelect <- function(x, ...) x@listData

.criterion_values <- function(fits, criterion) {
    value <- switch(criterion, laplace = laplace, BIC = BIC.DMN,
        AIC = AIC.DMN, ICL = ICL)
    vapply(fits, value, numeric(1))
}

.fitted_k <- function(fits) {
    vapply(fits, function(fit) ncol(fit@group), integer(1), USE.NAMES = FALSE)
}

#' @rdname dmnselect
#' @param object,x an object of class `DMNSelect`.
#' @export
best <- function(object, criterion) {
    if (!inherits(object, "DMNSelect"))
        .stop("'object' must be made by dmnselect(); found ",
            .describe(object))
    criterion <- if (missing(criterion))
        object@metadata$criterion
    else
        .check_choice(criterion, "criterion", .criteria_choices)
    fits <- .fits_of(object, if (identical(criterion, "ICL")) "group")
    if (length(fits) == 0L)
        .stop("'object' holds no fits")
    fits[[which.min(.criterion_values(fits, criterion))]]
}

#' @rdname dmnselect
#' @export
goodnessOfFit.DMNSelect <- function(object, ...) {
    goodnessOfFit.DMNGroup(object, ...)
}

#' @rdname dmnselect
#' @export
laplace.DMNSelect <- function(object, ...) laplace.DMNGroup(object, ...)

#' @rdname dmnselect
#' @export
AIC.DMNSelect <- function(object, ...) AIC.DMNGroup(object, ...)

#' @rdname dmnselect
#' @export
BIC.DMNSelect <- function(object, ...) BIC.DMNGroup(object, ...)

#' @rdname dmnselect
#' @export
ICL.DMNSelect <- function(object, ...) {
    .value_of_each(object, "group", ICL, ...)
}

# The default methods of these return NULL, or fail with a message that does not
# mention best().

#' @export
fitted.DMNSelect <- function(object, ...) .stop_not_a_fit(object, "fitted")

#' @export
coef.DMNSelect <- function(object, ...) .stop_not_a_fit(object, "coef")

#' @export
logLik.DMNSelect <- function(object, ...) .stop_not_a_fit(object, "logLik")

#' @export
residuals.DMNSelect <- function(object, ...) {
    .stop_not_a_fit(object, "residuals")
}

#' @export
predict.DMNSelect <- function(object, ...) .stop_not_a_fit(object, "predict")

#' @rdname dmnselect
#' @method summary DMNSelect
#' @export
summary.DMNSelect <- function(object, ...) {
    .refuse_dots(..., .what = "summary", .known = "object")
    fits <- .fits_of(object)
    structure(.summary_of_fits(fits),
        class = c("summary.DMNSelect", "data.frame"),
        best = .best_by_criterion(fits))
}

# The criteria and the run of each fit. Those made by DirichletMultinomial have
# no record of their run, and NA in its columns.
.summary_of_fits <- function(fits) {
    value <- function(name) {
        vapply(fits, function(fit) fit@goodnessOfFit[[name]], numeric(1))
    }
    records <- lapply(fits, .starts_of)
    of_run <- function(x, FUN, type) {
        vapply(seq_along(fits), function(i) {
            if (is.null(records[[i]])) NA else FUN(x[[i]])
        }, type)
    }
    table <- data.frame(k = .fitted_k(fits), NLE = value("NLE"),
        logLik = vapply(fits, function(fit) as.numeric(logLik.DMN(fit)),
            numeric(1)),
        df = vapply(fits, .parameters, numeric(1)),
        Laplace = value("Laplace"), BIC = value("BIC"), AIC = value("AIC"),
        ICL = .criterion_values(fits, "ICL"),
        iterations = of_run(fits, function(fit) fit@mixture$Iterations,
            integer(1)),
        converged = of_run(fits, function(fit) fit@mixture$Converged,
            logical(1)),
        starts = of_run(records, function(x) length(x$NLE), integer(1)),
        met = of_run(records, .times_met, integer(1)))
    row.names(table) <- NULL
    table
}

# The best k by each criterion, NA where there are no fits.
.best_by_criterion <- function(fits) {
    k <- .fitted_k(fits)
    vapply(.criteria_choices, function(criterion) {
        k[which.min(.criterion_values(fits, criterion))][1L]
    }, integer(1))
}

#' @rdname dmnselect
#' @importMethodsFrom S4Vectors summary
#' @exportMethod summary
setMethod("summary", "DMNSelect",
    function(object, ...) summary.DMNSelect(object, ...))

#' @rdname dmnselect
#' @param digits `numeric(1)`, default 1: the number of decimal places to print.
#' @export
print.summary.DMNSelect <- function(x, ..., digits = 1L) {
    table <- as.data.frame(unclass(x))
    real <- setdiff(names(table)[vapply(table, is.double, logical(1))], "df")
    table[real] <- lapply(table[real], round, digits)
    print(table, row.names = FALSE)
    unsure <- x$k[x$k > 1L & x$met == 1L]
    if (length(unsure))
        cat("best optimum met only once: k = ", paste(unsure, collapse = ", "),
            "; more starts may find a better one\n", sep = "")
    chosen <- attr(x, "best")
    if (!is.null(chosen) && !anyNA(chosen))
        cat("best k: ", paste0(names(chosen), " ", chosen, collapse = ", "),
            "\n", sep = "")
    invisible(x)
}

.print_dmnselect <- function(object) {
    settings <- object@metadata
    fits <- object@listData
    cat("class: DMNSelect\n")
    if (.print_damage(fits))
        return(invisible(NULL))
    cat(.plural(length(fits), "fit"),
        if (length(fits)) ": k = ", paste(.fitted_k(fits), collapse = ", "),
        " (nstart ", settings$nstart, ", seed ", settings$seed, ")\n", sep = "")
    lines <- unique(unlist(lapply(fits, .marker_line)))
    if (length(lines) > 1L)
        cat("markers: of each k its own\n")
    else if (length(lines))
        cat(lines, "\n", sep = "")
    # one component has no weights to explain
    cat(paste0(unlist(unique(lapply(fits, .weights_line))), "\n"), sep = "")
    if (length(fits))
        cat("best k by ", settings$criterion, ": ",
            ncol(best(object)@group), "\n", sep = "")
    if (length(settings$missing))
        cat("not fitted: k = ", paste(settings$missing, collapse = ", "), " (",
            paste(settings$why, collapse = ", "), ")\n", sep = "")
}

#' @rdname dmnselect
#' @importFrom methods setMethod show
#' @exportMethod show
setMethod("show", "DMNSelect", function(object) .print_dmnselect(object))

#' @rdname dmnselect
#' @export
print.DMNSelect <- function(x, ...) {
    .print_dmnselect(x)
    invisible(x)
}
