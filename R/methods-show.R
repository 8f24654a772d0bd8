.print_dmn <- function(object) {
    value <- object@goodnessOfFit
    cat("class: DMN",
        sprintf("k: %d", ncol(object@group)),
        sprintf("samples x taxa: %d x %d", nrow(object@group),
            nrow(object@fit$Estimate)),
        paste("Laplace:", format(value[["Laplace"]]), "BIC:",
            format(value[["BIC"]]), "AIC:", format(value[["AIC"]])),
        .convergence(object@mixture),
        sep = "\n")
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
