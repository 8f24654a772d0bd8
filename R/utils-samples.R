# Samples: what a fit says of them, their variables, and the order in which they
# are given.

# A fit made with keep.group = FALSE is *compact*: its `group` has no rows, and
# `mixture$Assigned` is a list of
#
#   component    the most probable component of each sample, named by sample
#   uncertainty  the sum of the probabilities of all others
#   entropy      of all samples, see entropy()
.is_compact <- function(fit) !is.null(fit@mixture$Assigned)

.n_samples <- function(fit) {
    if (.is_compact(fit))
        length(fit@mixture$Assigned$component)
    else
        nrow(fit@group)
}

# The names of the samples of a fit, or NULL.
.samples_of <- function(fit) {
    if (.is_compact(fit))
        names(fit@mixture$Assigned$component)
    else
        rownames(fit@group)
}

# The same, to show.
.sample_names <- function(fit) {
    .shown_names(.samples_of(fit), .n_samples(fit), "sample")
}

# Names of n samples or taxa to show. Where there are none, their numbers; also
# for names that are NA, as genera often are; and bytes that are no text are
# written as such.
.shown_names <- function(names, n, what) {
    if (is.null(names))
        return(as.character(seq_len(n)))
    unnamed <- is.na(names)
    names[unnamed] <- paste(what, which(unnamed))
    broken <- !validEnc(names)
    names[broken] <- iconv(names[broken], "UTF-8", "UTF-8", sub = "byte")
    names
}

# The probabilities of all components for each sample.
.group_of <- function(fit, arg = "object") {
    if (.is_compact(fit))
        .stop("'", arg, "' was fitted with keep.group = FALSE and has no ",
            "probabilities of samples. predict(", arg, ", count) computes ",
            "them; mixture(", arg, ", assign = TRUE) has the most probable ",
            "components")
    fit@group
}

# The number of the most probable component of each sample.
.assigned <- function(fit) {
    if (.is_compact(fit))
        unname(fit@mixture$Assigned$component)
    else
        max.col(unname(fit@group), ties.method = "first")
}

# The most probable component of each sample, its probability, and the sum of
# those of all others.
.classes_of <- function(fit) {
    labels <- componentLabels(fit)
    if (!.is_compact(fit))
        return(.classes(fit@group, labels))
    uncertainty <- fit@mixture$Assigned$uncertainty
    data.frame(.class = factor(labels[.assigned(fit)], labels),
        .probability = 1 - uncertainty, .uncertainty = uncertainty)
}

# The values of the sample variable that `name` names, if the container has
# sample variables; otherwise `name` itself.
.sample_variable <- function(name, x, arg) {
    data <- .sample_variables(x)
    if (!is.character(name) || length(name) != 1L)
        return(name)
    if (is.null(data) && NROW(x) == 1L)
        return(name)
    if (is.null(data))
        .stop("'", arg, "' must have an element for each sample; found ",
            .describe(name), ", and 'count' has no sample variables")
    if (!name %in% names(data))
        .stop("'", arg, "' must be a sample variable of 'count' (",
            .first_few(names(data)), "); found ", .describe(name))
    value <- data[[name]]
    # colData may hold run-length encoded variables
    if (isS4(value)) as.vector(value) else value
}

# The sample variables of a container, in a list of columns with row names, or
# NULL if it has none.
.sample_variables <- function(x) {
    if (inherits(x, "SummarizedExperiment"))
        SummarizedExperiment::colData(x)
    else if (inherits(x, "phyloseq"))
        phyloseq::sample_data(x, errorIfNULL = FALSE)
}

# A table of samples as a data.frame.
.check_data <- function(data, n) {
    if (!is.data.frame(data) && !is.matrix(data) &&
        !inherits(data, "DataFrame"))
        .stop("'data' must be a data.frame, matrix or DataFrame; found ",
            .describe(data))
    if (nrow(data) != n)
        .stop("'data' must have a row for each of the ", .plural(n, "sample"),
            "; found ", .plural(nrow(data), "row"))
    # phyloseq's sample_data
    if (isS4(data) && methods::is(data, "data.frame"))
        data <- methods::as(data, "data.frame")
    # column names stay as they are, and a matrix without any is given some
    as.data.frame(data, optional = !is.matrix(data))
}

# `names` must be `samples` in the same order: elements that are taken by
# position would otherwise go to other samples. Names that are not names of
# samples at all are left alone.
.check_same_order <- function(names, samples, arg, of = "count",
    right = paste0(arg, "[rownames(count)]")) {
    if (is.null(names) || is.null(samples) || identical(names, samples) ||
        !any(names %in% samples))
        return(invisible(NULL))
    if (!all(samples %in% names))
        .stop("'", arg, "' is named by sample and must name every row of '",
            of, "'; there is no ", .first_few(setdiff(samples, names)))
    .stop("'", arg, "' is named by sample in another order than the rows of '",
        of, "'; pass ", right)
}
