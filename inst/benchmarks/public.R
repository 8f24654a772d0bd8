# Tables of counts of other packages, for the studies of starts and of markers.

values <- function(name, package) {
    where <- new.env()
    utils::data(list = name, package = package, envir = where)
    where[[name]]
}

phyloseq_counts <- function(name) {
    x <- values(name, "phyloseq")
    table <- methods::as(phyloseq::otu_table(x), "matrix")
    if (phyloseq::taxa_are_rows(x)) t(table) else table
}

metagenomeseq_counts <- function(name) {
    t(metagenomeSeq::MRcounts(values(name, "metagenomeSeq")))
}

# Keeps the taxa seen in at least `least` samples, and samples with counts.
clean <- function(x, least = 1) {
    x <- as.matrix(x)
    x <- x[, colSums(x > 0) >= least, drop = FALSE]
    x <- x[rowSums(x) > 0, , drop = FALSE]
    storage.mode(x) <- "integer"
    x
}
