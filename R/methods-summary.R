#' Summarise a fitted mixture
#'
#' Returns what is usually reported of a fit in one object, which has a print
#' method: the criteria, the components, and the leading taxa of each component.
#'
#' @param object an object of class [DMN-class].
#' @param ... not used; anything in it is an error.
#' @param taxa `numeric(1)`, a whole number >= 1, default 5: the number of
#'     leading taxa to list for each component.
#' @return A list of class `summary.DMN` with these elements.
#'
#' * `size`: named `integer(3)`, the numbers of `samples`, `taxa` and
#'   `components`.
#' * `criteria`: the values of [goodnessOfFit()].
#' * `logLik`: see [`logLik()`][logLik.DMN].
#' * `components`: a `data.frame` with one row for each component. Its columns
#'   are `pi` and `theta` (see [mixturewt()]) and `samples`, the number of
#'   samples of which it is the most probable component.
#' * `taxa`: a `data.frame` of the leading taxa, with columns `component`,
#'   `taxon`, `proportion` (the mean proportion in that component), and
#'   `estimate`, `lower` and `upper` (the Dirichlet parameter and its interval).
#' * `algorithm`: a list of `converged`, `iterations`, `reseeded`, `empty`,
#'   `seed` and `optimizer`. It is `NULL` for a fit made by
#'   DirichletMultinomial, which does not hold them.
#' @seealso [dmn()], [goodnessOfFit()], [mixturewt()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' summary(fit, taxa = 3)
#' summary(fit)$components
#' @method summary DMN
#' @export
summary.DMN <- function(object, ..., taxa = 5) {
    .refuse_dots(..., .what = "summary", .known = c("object", "taxa"))
    taxa <- .check_whole(taxa, "taxa")
    .check_fit(object)
    components <- .components_table(object)
    mixture <- object@mixture
    structure(list(
        size = c(samples = .n_samples(object),
            taxa = nrow(object@fit$Estimate), components = nrow(components)),
        criteria = object@goodnessOfFit,
        logLik = stats::logLik(object),
        components = components,
        taxa = .leading_taxa(object, taxa),
        markers = c(.marker_line(object), .weights_line(object)),
        algorithm = if (!is.null(mixture$Converged))
            list(converged = mixture$Converged,
                iterations = mixture$Iterations, reseeded = mixture$Reseeded,
                empty = mixture$Empty, seed = mixture$Seed,
                optimizer = mixture$Optimizer)
    ), class = "summary.DMN")
}

# mixturewt() and the number of samples of each component.
.components_table <- function(fit) {
    table <- mixturewt(fit)
    table$samples <- tabulate(.assigned(fit), nrow(table))
    table
}

.leading_taxa <- function(object, n) {
    table <- .taxa_table(object)
    leading <- lapply(split(seq_len(nrow(table)), table$component),
        function(rows) {
            order <- order(table$proportion[rows], decreasing = TRUE)
            rows[utils::head(order, n)]
        })
    table <- table[unlist(leading), ]
    row.names(table) <- NULL
    if (!.has_labels(object))
        table$component <- as.integer(table$component)
    table
}

#' @rdname summary.DMN
#' @param x an object made by `summary()`.
#' @param digits `numeric(1)`, default 4: the number of significant digits to
#'     print.
#' @export
print.summary.DMN <- function(x, ..., digits = 4L) {
    cat(sprintf("Dirichlet-multinomial mixture: %s, %s, %s\n",
        .plural(x$size[["components"]], "component"),
        .plural(x$size[["samples"]], "sample"),
        .plural(x$size[["taxa"]], "taxon", "taxa")))
    if (length(x$markers))
        cat(x$markers, sep = "\n")
    if (!is.null(x$algorithm))
        cat(.convergence(list(Converged = x$algorithm$converged,
            Iterations = x$algorithm$iterations,
            Reseeded = x$algorithm$reseeded, Empty = x$algorithm$empty)),
            sprintf(" (seed %d, %s)\n", x$algorithm$seed,
                x$algorithm$optimizer), sep = "")
    cat(sprintf("log-likelihood %.2f (df %d)\n\n", as.numeric(x$logLik),
        as.integer(attr(x$logLik, "df"))))
    print(round(x$criteria, 2L))
    cat("\ncomponents:\n")
    print(x$components, digits = digits)
    cat("\nleading taxa (mean proportion):\n")
    for (part in split(x$taxa, x$taxa$component))
        cat(strwrap(paste0(part$component[[1L]], ": ", paste0(part$taxon,
            sprintf(" %.1f%%", 100 * part$proportion), collapse = ", ")),
            exdent = 4L, indent = 2L, width = 78L), sep = "\n")
    invisible(x)
}
