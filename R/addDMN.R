#' Write a fit back to where its counts came from
#'
#' Adds the community type of each sample, and its probabilities, to the sample
#' variables of a SummarizedExperiment or phyloseq, and the fit itself to the
#' metadata of the former.
#'
#' @details
#' Samples are matched by name. Samples of `x` that the fit does not have, such
#' as those without counts, get `NA`, and a message says how many they are.
#' Without names, `x` must have the samples of the fit in the same order. Sample
#' variables whose names begin with `prefix` and a dot, as those of an earlier
#' fit do, are removed first.
#'
#' In a SummarizedExperiment, `S4Vectors::metadata(x)` gets two elements, which
#' replace those of an earlier call, whatever its `prefix`.
#'
#' * `DMN`: a list of the fits, where mia's `getDMN()` and `bestDMNFit()` and
#'   miaViz's `plotDMNFit()` look by default.
#' * `DMM`: the list that `mia::addCluster(x, bluster::DmmParam(), full = TRUE)`
#'   makes: `dmm`, the list of fits named by k; `best`, the best k;
#'   `best.index`, its place in `dmm`; `prob`, the posterior probabilities,
#'   samples x components; and `seed`. `plotDMNFit(x, name = "DMM")` reads it.
#'
#' A phyloseq has no place for the fit.
#'
#' @param x a SummarizedExperiment (or one of the classes that extend it, such
#'     as TreeSummarizedExperiment) or a phyloseq: the container of the counts
#'     that the fit was made from.
#' @param fit an object of class [DMN-class] made by [dmn()], or the result of
#'     [dmnselect()], of which the [best()] fit gives the sample variables.
#' @param ... for methods; anything that the method does not know is an error.
#' @param prefix `character(1)`, default `"dmn"`: what the names of the new
#'     sample variables begin with.
#' @return `x` with these sample variables added.
#'
#' * `dmn`: a factor, the most probable component of each sample. Its levels are
#'   the numbers of the components, or their labels ([componentLabels()]).
#' * `dmn.probability`: numeric, the probability of that component.
#' * `dmn.1`, `dmn.2` and so on: numeric, the probability of each component.
#' @section Errors:
#' It is an error if `x` is of another class, if no sample of `x` is one of the
#' fit, and, where one of them has no names of samples, if their numbers differ.
#' @seealso [dmn()], [mixture()]
#' @examples
#' if (requireNamespace("SummarizedExperiment", quietly = TRUE)) {
#'     se <- SummarizedExperiment::SummarizedExperiment(
#'         list(counts = t(twins)), colData = data.frame(bmi = twinsBMI))
#'     fit <- dmn(se, 3, seed = 1)
#'     se <- addDMN(se, fit)
#'     data <- SummarizedExperiment::colData(se)
#'     print(table(data$bmi, data$dmn))
#' }
#' @export
addDMN <- function(x, fit, ...) UseMethod("addDMN")

#' @rdname addDMN
#' @export
addDMN.default <- function(x, fit, ...) {
    .stop("'x' must be a SummarizedExperiment or phyloseq; found ",
        .describe(x), ". For a table of the samples use as.data.frame(fit)")
}

#' @rdname addDMN
#' @export
addDMN.SummarizedExperiment <- function(x, fit, ..., prefix = "dmn") {
    .refuse_dots(..., .what = "addDMN", .known = c("x", "fit", "prefix"))
    .needs("SummarizedExperiment", "x")
    fits <- .fits_to_add(fit)
    new <- .new_variables(.best_of(fit), colnames(x), ncol(x), prefix)
    data <- .without_earlier(SummarizedExperiment::colData(x), prefix)
    data[names(new)] <- new
    x <- SummarizedExperiment::`colData<-`(x, value = data)
    metadata <- S4Vectors::metadata(x)
    metadata$DMN <- fits
    metadata$DMM <- .dmm_objects(fits, .best_of(fit))
    S4Vectors::`metadata<-`(x, value = metadata)
}

#' @rdname addDMN
#' @export
addDMN.phyloseq <- function(x, fit, ..., prefix = "dmn") {
    .refuse_dots(..., .what = "addDMN", .known = c("x", "fit", "prefix"))
    .needs("phyloseq", "x")
    samples <- phyloseq::sample_names(x)
    .fits_to_add(fit)
    new <- .new_variables(.best_of(fit), samples, length(samples), prefix)
    data <- phyloseq::sample_data(x, errorIfNULL = FALSE)
    data <- if (is.null(data))
        data.frame(new, row.names = samples, check.names = FALSE)
    else {
        data <- .without_earlier(methods::as(data, "data.frame"), prefix)
        data[names(new)] <- new
        data
    }
    phyloseq::`sample_data<-`(x, phyloseq::sample_data(data))
}

# The fits as a plain list, named by k.
.fits_to_add <- function(fit) {
    if (missing(fit))
        .stop("'fit' is missing: pass a fit made by dmn() or dmnselect()")
    if (inherits(fit, "DMNSelect"))
        return(.fits_of(fit, arg = "fit"))
    if (!inherits(fit, "DMN"))
        .stop("'fit' must be made by dmn() or dmnselect(); found ",
            .describe(fit))
    .check_fit(fit, "fit")
    stats::setNames(list(fit), ncol(fit@group))
}

.best_of <- function(fit) if (inherits(fit, "DMNSelect")) best(fit) else fit

# What bluster's DmmParam returns as objects.
.dmm_objects <- function(fits, best) {
    k <- .fitted_k(fits)
    list(dmm = fits, best = ncol(best@group),
        best.index = match(ncol(best@group), k), prob = mixture(best),
        seed = best@mixture$Seed)
}

# The sample variables without those that addDMN() has made before.
.without_earlier <- function(data, prefix) {
    data[!(names(data) == prefix |
        startsWith(names(data), paste0(prefix, ".")))]
}

# The sample variables, in the order of the `n` samples of the container.
.new_variables <- function(fit, samples, n, prefix) {
    if (!is.character(prefix) || length(prefix) != 1L || is.na(prefix) ||
        !nzchar(prefix))
        .stop("'prefix' must be one string that is not empty; found ",
            .describe(prefix))
    at <- .match_samples(samples, n, .samples_of(fit), .n_samples(fit))
    labels <- componentLabels(fit)
    if ("probability" %in% labels)
        .stop("'fit' must have no component with the label \"probability\", ",
            "the name of a variable that addDMN() makes")
    class <- .classes_of(fit)
    group <- .group_of(fit, "fit")
    new <- c(list(class$.class, class$.probability),
        lapply(seq_along(labels), function(k) unname(group[, k])))
    names(new) <- paste0(prefix, c("", ".probability", paste0(".", labels)))
    lapply(new, function(column) column[at])
}

# For each sample of the container, its place in the fit, or NA.
.match_samples <- function(samples, n, fitted, n_fitted) {
    if (is.null(samples) || is.null(fitted)) {
        if (n != n_fitted)
            .stop("'x' must have the ", .plural(n_fitted, "sample"),
                " of 'fit'; found ", .plural(n, "sample"),
                ". To match them by name, both must have names of samples")
        return(seq_len(n))
    }
    if (identical(samples, fitted))
        return(seq_len(n))
    if (anyDuplicated(fitted))
        .stop("samples cannot be matched by name, as some names occur twice ",
            "in 'fit': ", .first_few(unique(fitted[duplicated(fitted)])))
    at <- match(samples, fitted)
    if (n == 0L)
        .stop("'x' has no samples")
    if (all(is.na(at)))
        .stop("'x' must have samples of 'fit', such as ",
            .first_few(fitted, 2L), "; found ", .first_few(samples, 2L))
    if (anyNA(at))
        message(.plural(sum(is.na(at)), "sample"), " of 'x' not in 'fit', ",
            "NA in the new variables: ", .first_few(samples[is.na(at)]))
    at
}
