#' Write a fit as text files
#'
#' Writes a fit, or a sweep, as tab-separated tables in the manner of mothur's
#' `get.communitytype`.
#'
#' @details
#' The files, of which those with `mix` are about one fit, are
#'
#' * `dmn.fit`: a row for each fit, with columns `K`, `NLE`, `logDet`, `BIC`,
#'   `AIC` and `Laplace`;
#' * `dmn.mix.design`: the most probable component of each sample, as
#'   `Partition_1`, or its label;
#' * `dmn.mix.posterior`: the probability of each component for each sample;
#' * `dmn.mix.relabund`: the mean proportion of each taxon in each component,
#'   with the ends of an approximate 95 % interval (`LCI`, `UCI`);
#' * `dmn.mix.parameters`: each component's difference from the reference, the
#'   sum over the taxa of absolute differences of proportions (`Dif2Ref`), its
#'   precision `theta` and its weight `pi`;
#' * `dmn.mix.summary`: all taxa of [drivers()].
#'
#' Files of these names in `dir` are replaced, each when it is complete. Names
#' of samples, taxa and components stand as they are, and so must have no tab
#' and no line break.
#'
#' @param object an object of class [DMN-class], or one made by
#'     [dmnselect()], of which the best fit is written, and all are in
#'     `dmn.fit`.
#' @param dir `character(1)`: the directory, created if need be.
#' @param reference as for [drivers()]; of a sweep that has a fit with one
#'     component, the default is that one.
#' @return The names of the files, invisibly.
#' @seealso [drivers()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' dir <- tempfile()
#' writeDMN(fit, dir)
#' list.files(dir)
#' readLines(file.path(dir, "dmn.mix.parameters"))
#' @export
writeDMN <- function(object, dir, reference = NULL) {
    fits <- list(object)
    fit <- object
    if (inherits(object, "DMNSelect")) {
        fit <- best(object)
        fits <- as.list(object)
        if (is.null(reference))
            reference <- fits[["1"]]
    }
    if (!inherits(fit, "DMN"))
        .stop_not_a_fit(object, "writeDMN")
    if (missing(dir))
        .stop("'dir' is missing: pass the directory to write to")
    tables <- list(fit = .fit_table(fits), mix.design = .design_table(fit),
        mix.posterior = .posterior_table(fit),
        mix.relabund = .relabund_table(fit),
        mix.parameters = .parameters_table(fit, reference),
        mix.summary = drivers(fit, reference, nrow(fit@fit$Estimate)))
    for (table in tables)
        .check_words(table)
    .check_directory(dir, "dir")
    files <- file.path(dir, paste0("dmn.", names(tables)))
    for (i in seq_along(tables))
        .write_atomically(files[[i]], .table_bytes(tables[[i]]))
    invisible(files)
}

.table_bytes <- function(table) {
    connection <- rawConnection(raw(), "w")
    on.exit(close(connection))
    utils::write.table(table, connection, sep = "\t", quote = FALSE,
        row.names = FALSE)
    rawConnectionValue(connection)
}

# Nothing would tell a tab in a name from one between columns.
.check_words <- function(table) {
    words <- c(names(table), unlist(Filter(is.character, table)))
    bad <- grepl("[\t\r\n]", words)
    if (any(bad))
        .stop("'object' has names with a tab or a line break, which the files ",
            "cannot hold; rename ",
            .first_few(encodeString(unique(words[bad])), 3L))
}

# Creates it where there is none.
.check_directory <- function(path, arg) {
    if (!is.character(path) || length(path) != 1L || is.na(path) ||
        !nzchar(path))
        .stop("'", arg, "' must be the path of one directory; found ",
            .describe(path))
    if (!dir.exists(path) && !dir.create(path, recursive = TRUE))
        .stop("'", arg, "' cannot be created: '", path, "'")
}

.fit_table <- function(fits) {
    value <- function(name) {
        vapply(fits, function(fit) fit@goodnessOfFit[[name]], numeric(1))
    }
    data.frame(K = .fitted_k(fits), NLE = value("NLE"),
        logDet = value("LogDet"), BIC = value("BIC"), AIC = value("AIC"),
        Laplace = value("Laplace"))
}

.sample_names <- function(fit) {
    names <- rownames(fit@group)
    if (is.null(names)) as.character(seq_len(nrow(fit@group))) else names
}

.partitions <- function(fit) {
    labels <- colnames(fit@group)
    if (is.null(labels))
        labels <- paste0("Partition_", seq_len(ncol(fit@group)))
    labels
}

.design_table <- function(fit) {
    assigned <- max.col(unname(fit@group), ties.method = "first")
    data.frame(sample = .sample_names(fit),
        partition = .partitions(fit)[assigned])
}

.posterior_table <- function(fit) {
    group <- unname(fit@group)
    colnames(group) <- .partitions(fit)
    data.frame(sample = .sample_names(fit), group, check.names = FALSE)
}

.relabund_table <- function(fit) {
    share <- unname(fitted.DMN(fit, scale = TRUE))
    table <- .share_columns(fit, share)
    names(table) <- paste0(rep(.partitions(fit), each = 3L),
        c("", "_LCI", "_UCI"))
    data.frame(taxon = .taxon_names(fit), table, check.names = FALSE)
}

.parameters_table <- function(fit, reference) {
    share <- unname(fitted.DMN(fit, scale = TRUE))
    base <- .reference_share(fit, reference, share)
    weights <- mixturewt(fit)
    data.frame(partition = .partitions(fit),
        Dif2Ref = colSums(abs(share - base)), theta = weights$theta,
        pi = weights$pi)
}
