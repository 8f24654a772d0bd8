#' Write a fit as mothur's files
#'
#' Writes a fit, or a sweep, as the tab-separated files of mothur's
#' `get.communitytype`: a script that reads those reads these.
#'
#' @details
#' The names are mothur's without what it puts before `dmm`, the name of the
#' table and its label. There are, for each fit, of `k` components,
#'
#' * `dmm.k.mix.posterior`, a row for each sample: its name, below an empty
#'   header, and `Partition_1`, ..., the probability of each component;
#' * `dmm.k.mix.relabund`, a row for each taxon, in the order of the table:
#'   `Taxon`; then for each component, in per cent, the taxon's mean share,
#'   below the component's name and precision theta, as `Partition_1_23.5036`,
#'   and the ends of an approximate 95 % interval, `Partition_1_LCI` and
#'   `Partition_1_UCI`;
#'
#' for all fits
#'
#' * `dmm.mix.fit`, a row for each: `K`, `NLE`, `logDet`, `BIC`, `AIC` and
#'   `Laplace`, see [goodnessOfFit()];
#'
#' and about one, the best,
#'
#' * `dmm.mix.design`, a row for each sample and no header: its name, and its
#'   most probable component, as `Partition_1`;
#' * `dmm.mix.parameters`, a row for each component: `Part`, its number;
#'   `Dif2Ref_i`, its difference from the reference, the sum over the taxa of
#'   the absolute differences of their mean shares, in per cent; `theta_i`,
#'   its precision; `pi_i`, its weight, between 0 and 1;
#' * `dmm.mix.summary`, a row for each taxon, by decreasing difference: `OTU`,
#'   its name; in per cent, `P0.mean`, its mean share in the reference, for
#'   each component `P1.mean`, `P1.lci` and `P1.uci`, its mean share and
#'   interval, and `Difference`, the sum over the components of the absolute
#'   differences from the reference; and `CumFraction`, the fraction, to 1, of
#'   all taxa's differences that this one and those above it make. See
#'   [drivers()].
#'
#' Samples come sorted by name, as mothur sorts them, and where they have no
#' names in the order of the table. The labels of [componentLabels()] stand in
#' place of `Partition_1`, but not of the numbers of `dmm.mix.parameters` and
#' `dmm.mix.summary`.
#'
#' Files of these names in `dir` are replaced, each when it is complete. Names
#' of samples, taxa and components stand as they are, and so must have no tab
#' and no line break.
#'
#' @section Differences from mothur's values:
#' * Components come by decreasing weight; mothur's come in no such order.
#' * Numbers have up to 15 digits where mothur rounds to 2 or 4 decimals.
#' * `logDet`, and so `Laplace`, differ a little at the same optimum: 184.59 for
#'   mothur's 184.44, with two components of 60 samples and 40 taxa of [twins].
#'   The other values there, intervals included, agreed to mothur's rounding.
#'   From other starts a fit may end at another optimum.
#' * Intervals end at 100 % at most.
#' * mothur's reference is its fit with one component. Of a sweep that has
#'   one that is the default here too; of a lone fit it is the mean of the
#'   components, unless `reference` says another.
#'
#' @param object an object of class [DMN-class], or one made by
#'     [dmnselect()].
#' @param dir `character(1)`: the directory, created if need be.
#' @param reference as for [drivers()]; of a sweep that has a fit with one
#'     component, the default is that one.
#' @return The names of the files, invisibly.
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
        fit <- best(object)
        fits <- as.list(object)
        if (is.null(reference))
            reference <- fits[["1"]]
    }
    if (!inherits(fit, "DMN"))
        .stop_not_a_fit(object, "writeDMN")
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

# With a header where the columns have names.
.table_bytes <- function(table) {
    connection <- rawConnection(raw(), "w")
    on.exit(close(connection))
    utils::write.table(table, connection, sep = "\t", quote = FALSE,
        row.names = FALSE, col.names = !is.null(names(table)))
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

# By the bytes of their names, whatever the locale.
.sample_order <- function(fit) {
    names <- rownames(fit@group)
    if (is.null(names))
        seq_len(nrow(fit@group))
    else
        order(names, method = "radix")
}

.partitions <- function(fit) {
    labels <- colnames(fit@group)
    if (is.null(labels))
        labels <- paste0("Partition_", seq_len(ncol(fit@group)))
    labels
}

.design_table <- function(fit) {
    table <- data.frame(.sample_names(fit), .partitions(fit)[.assigned(fit)])
    unname(table[.sample_order(fit), ])
}

.posterior_table <- function(fit) {
    table <- data.frame(.sample_names(fit), unname(fit@group))
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
