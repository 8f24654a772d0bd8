#' Write a fit in mothur's file formats
#'
#' Writes a fit, or the fits of [dmnselect()], to the tab-separated files of
#' mothur's `get.communitytype`, so that a script that reads mothur's files can
#' read these.
#'
#' @details
#' The file names are mothur's without its prefix, which is the name of the
#' table and its label. For each fit, with `k` components, there are two files.
#'
#' * `dmm.k.mix.posterior` has one row for each sample. The first column, with
#'   an empty header, is its name; then `Partition_1` and so on are the
#'   probabilities of the components.
#' * `dmm.k.mix.relabund` has one row for each taxon, in the order of the table.
#'   The first column is `Taxon`. Then follow three columns for each component,
#'   in per cent: the taxon's mean proportion, and the ends of an approximate
#'   95 % interval, `Partition_1_LCI` and `Partition_1_UCI`. The header of the
#'   mean has the name and the precision theta of the component, as in
#'   `Partition_1_23.5036`.
#'
#' One file describes all fits.
#'
#' * `dmm.mix.fit` has one row for each fit and columns `K`, `NLE`, `logDet`,
#'   `BIC`, `AIC` and `Laplace`, see [goodnessOfFit()].
#'
#' Three files describe one fit, the best.
#'
#' * `dmm.mix.design` has one row for each sample and no header: its name, and
#'   its most probable component, as in `Partition_1`.
#' * `dmm.mix.parameters` has one row for each component. `Part` is its number.
#'   `Dif2Ref_i` is its difference from the reference: the sum over the taxa of
#'   the absolute differences of the mean proportions, in per cent. `theta_i` is
#'   its precision, and `pi_i` its weight, between 0 and 1.
#' * `dmm.mix.summary` has one row for each taxon, in decreasing order of
#'   difference. `OTU` is its name. The next columns are in per cent: `P0.mean`,
#'   its mean proportion in the reference; `P1.mean`, `P1.lci` and `P1.uci`, and
#'   so on for each component, its mean proportion and interval; and
#'   `Difference`, the sum over the components of the absolute differences from
#'   the reference. `CumFraction`, from 0 to 1, is the fraction of the
#'   differences of all taxa that this taxon and those above it make up. See
#'   [drivers()].
#'
#' Samples are sorted by name, as in mothur's files; if they have no names, they
#' keep the order of the table. Labels set by [componentLabels()] replace
#' `Partition_1` and so on, but not the numbers in `dmm.mix.parameters` and
#' `dmm.mix.summary`.
#'
#' Files of these names in `dir` are replaced, each of them once the new file is
#' complete. Names of samples, taxa and components are written without quotes.
#'
#' @section Differences from mothur's values:
#' * Components are sorted by decreasing weight; mothur's are in no such order.
#' * Numbers have up to 15 digits; mothur rounds to 2 or 4 decimal places.
#' * At the same optimum, `logDet`, and with it `Laplace`, differs a little from
#'   mothur's. The other values agree to mothur's rounding. From other starts, a
#'   fit may end at another optimum.
#' * Upper ends of intervals are at most 100 %.
#' * mothur's reference is its fit with one component. For the fits of
#'   [dmnselect()] that is the default here too, if they include one. For a
#'   single fit the default is the mean of its components.
#'
#' @param object an object of class [DMN-class], or one made by
#'     [dmnselect()].
#' @param dir `character(1)`: the directory to write to. It is created if need
#'     be.
#' @param reference as for [drivers()]. The default, `NULL`, is the fit with one
#'     component if `object` is made by [dmnselect()] and has one, and the
#'     weighted mean of the components otherwise.
#' @return The paths of the files, invisibly.
#' @section Errors: It is an error if a name of a sample, taxon or component has
#' a tab or a line break, which would break the files, and if a file cannot be
#' written. It is also an error if a fit has [markers()] or
#' [concomitant()] variables, for which the format
#' has no place.
#' @seealso [drivers()]
#' @examples
#' fit <- dmn(twins, 3, seed = 1)
#' dir <- tempfile()
#' basename(writeDMN(fit, dir))
#' read.table(file.path(dir, "dmm.mix.parameters"), header = TRUE)
#' relabund <- read.table(file.path(dir, "dmm.3.mix.relabund"), header = TRUE,
#'     row.names = 1)
#' colSums(relabund[c(1, 4, 7)])
#' @export
writeDMN <- function(object, dir, reference = NULL) {
    fits <- list(object)
    fit <- object
    if (inherits(object, "DMNSelect")) {
        fits <- .fits_of(object)
        fit <- best(object)
        if (is.null(reference))
            reference <- fits[["1"]]
    }
    if (!inherits(fit, "DMN"))
        .stop_not_a_fit(object, "writeDMN")
    .check_fit(fit)
    if (any(vapply(fits, .has_markers, logical(1))))
        .stop("'object' has markers, for which the format has no place: its ",
            "files would be read as a fit in which all taxa differ. Use ",
            "as.data.frame(), markers() and drivers()")
    if (any(vapply(fits, .has_concomitant, logical(1))))
        .stop("'object' has weights that depend on variables, for which the ",
            "format has no place. Use as.data.frame() and concomitant()")
    if (missing(dir))
        .stop("'dir' is missing: pass the directory to write to")
    k <- .fitted_k(fits)
    tables <- c(list(mix.fit = .fit_table(fits)),
        stats::setNames(lapply(fits, .posterior_table),
            paste0(k, ".mix.posterior")),
        stats::setNames(lapply(fits, .relabund_table),
            paste0(k, ".mix.relabund")),
        list(mix.design = .design_table(fit),
            mix.parameters = .parameters_table(fit, reference),
            mix.summary = .summary_table(fit, reference)))
    for (table in tables)
        .check_words(table)
    .check_directory(dir, "dir")
    files <- file.path(dir, paste0("dmm.", names(tables)))
    for (i in seq_along(tables))
        .write_atomically(files[[i]], .table_bytes(tables[[i]]))
    invisible(files)
}

# The bytes of a table's file. It has a header if the columns have names.
.table_bytes <- function(table) {
    connection <- rawConnection(raw(), "w")
    on.exit(close(connection))
    utils::write.table(table, connection, sep = "\t", quote = FALSE,
        row.names = FALSE, col.names = !is.null(names(table)))
    rawConnectionValue(connection)
}

# The files have no quotes, so a tab in a name would look like the next column.
.check_words <- function(table) {
    words <- c(names(table), unlist(Filter(is.character, table)))
    bad <- grepl("[\t\r\n]", words)
    if (any(bad))
        .stop("'object' has names with a tab or a line break, which the files ",
            "cannot hold; rename ",
            .first_few(encodeString(unique(words[bad])), 3L))
}

.fit_table <- function(fits) {
    value <- function(name) {
        vapply(fits, function(fit) fit@goodnessOfFit[[name]], numeric(1))
    }
    data.frame(K = .fitted_k(fits), NLE = value("NLE"),
        logDet = value("LogDet"), BIC = value("BIC"), AIC = value("AIC"),
        Laplace = value("Laplace"))
}

# Samples sorted by the bytes of their names, in any locale.
.sample_order <- function(fit) {
    names <- .samples_of(fit)
    if (is.null(names))
        seq_len(.n_samples(fit))
    else
        order(names, method = "radix")
}

.partitions <- function(fit) {
    labels <- componentLabels(fit)
    if (.has_labels(fit)) labels else paste0("Partition_", labels)
}

.design_table <- function(fit) {
    table <- data.frame(.sample_names(fit), .partitions(fit)[.assigned(fit)])
    unname(table[.sample_order(fit), ])
}

.posterior_table <- function(fit) {
    table <- data.frame(.sample_names(fit), unname(.group_of(fit)))
    names(table) <- c("", .partitions(fit))
    table[.sample_order(fit), ]
}

.relabund_table <- function(fit) {
    share <- unname(fitted.DMN(fit, scale = TRUE))
    table <- data.frame(.taxon_names(fit), 100 * .share_columns(fit, share))
    ends <- rbind(sprintf("%.4f", mixturewt(fit)$theta), "LCI", "UCI")
    names(table) <- c("Taxon",
        paste(rep(.partitions(fit), each = 3L), ends, sep = "_"))
    table
}

.parameters_table <- function(fit, reference) {
    share <- unname(fitted.DMN(fit, scale = TRUE))
    base <- .reference_share(fit, reference, share)
    weights <- mixturewt(fit)
    data.frame(Part = seq_len(nrow(weights)),
        Dif2Ref_i = 100 * colSums(abs(share - base)), theta_i = weights$theta,
        pi_i = weights$pi)
}

.summary_table <- function(fit, reference) {
    table <- drivers(fit, reference, nrow(fit@fit$Estimate))
    share <- !names(table) %in% c("taxon", "cumulative")
    table[share] <- 100 * table[share]
    columns <- outer(c("mean", "lci", "uci"), seq_len(ncol(fit@group)),
        function(what, k) paste0("P", k, ".", what))
    names(table) <- c("OTU", "P0.mean", columns, "Difference", "CumFraction")
    table
}
