.print_dmn <- function(object) {
    cat("class: DMN\n")
    if (.print_damage(list(object)))
        return(invisible(NULL))
    value <- object@goodnessOfFit
    cat(sprintf("k: %d", ncol(object@group)),
        sprintf("samples x taxa: %d x %d", .n_samples(object),
            nrow(object@fit$Estimate)),
        .marker_line(object),
        .weights_line(object),
        paste("Laplace:", format(value[["Laplace"]]), "BIC:",
            format(value[["BIC"]]), "AIC:", format(value[["AIC"]])),
        .convergence(object@mixture),
        .optimum(object),
        sep = "\n")
}

# A line on the markers, or NULL for a fit without them.
.marker_line <- function(object) {
    if (!.has_markers(object))
        return(NULL)
    n <- length(object@mixture$Markers$taxa)
    paste0("markers: ", n, " of ", .plural(nrow(object@fit$Estimate), "taxon",
        "taxa"), if (object@mixture$Markers$selected) ", selected",
        if (nrow(object@mixture$Markers$division))
            paste("; background in", max(object@mixture$Markers$level),
                "levels"))
}

# What the weights depend on, or NULL if they are constant. A long formula takes
# several lines.
.weights_line <- function(object) {
    if (.has_concomitant(object))
        .wrapped(paste("weights:",
            .formula_text(object@mixture$Concomitant$formula)))
}

.wrapped <- function(text) strwrap(text, getOption("width"), exdent = 4L)

# A line on the starts, or NULL for a fit by DirichletMultinomial.
.optimum <- function(object) {
    starts <- .starts_of(object)
    if (is.null(starts))
        return(NULL)
    paste0("optimum: ", .met(starts), .advice(object))
}

# Says what to do if nothing confirms the optimum.
.advice <- function(object) {
    starts <- .starts_of(object)
    if (ncol(object@group) == 1L || .times_met(starts) > 1L)
        return("")
    nstart <- object@mixture$NStart
    n <- length(starts$NLE)
    more <- if (n == 1L && (is.null(nstart) || nstart == 1L))
        "nstart = 20"
    else if (n < nstart)
        "a larger dmncontrol(agree =)"
    else
        paste("nstart =", format(5 * nstart, scientific = FALSE))
    paste0("; ", more, " may find a better one")
}

# One line of text, or NULL for a fit by DirichletMultinomial, which does not
# record whether it converged.
.convergence <- function(mixture) {
    if (is.null(mixture$Converged))
        return(NULL)
    paste0("converged: ", if (mixture$Converged) "yes" else "NO", ", ",
        .plural(mixture$Iterations, "iteration"),
        if (mixture$Reseeded > 0L) paste0(", ",
            .plural(mixture$Reseeded, "emptied component"), " restarted"),
        if (mixture$Empty > 0L) paste0(", ",
            .plural(mixture$Empty, "component"), " without samples"))
}

#' @rdname DMN-class
#' @param object,x an object of class `DMN`.
#' @param ... ignored.
#' @importFrom methods show
#' @exportMethod show
setMethod("show", "DMN", function(object) .print_dmn(object))

#' @rdname DMN-class
#' @export
print.DMN <- function(x, ...) {
    .print_dmn(x)
    invisible(x)
}
