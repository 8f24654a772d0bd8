# The same counts in every container give the same fit, from one start, which
# takes the table in its own order, and from several.
both_fits <- function(count, ...) {
    lapply(c(1, 3), function(nstart) {
        dmn(count, 2, seed = 3, nstart = nstart, ...)
    })
}

# small_twins() in containers of one package.
delayed_containers <- function(x) {
    sparse <- as_sparse(x)
    c(list(DelayedArray::DelayedArray(x), DelayedArray::DelayedArray(sparse),
        # delayed operations
        t(DelayedArray::DelayedArray(t(x))),
        DelayedArray::DelayedArray(rbind(x, x))[seq_len(nrow(x)), ]))
}

with_block_size <- function(bytes, code) {
    old <- DelayedArray::getAutoBlockSize()
    on.exit(suppressMessages(DelayedArray::setAutoBlockSize(old)))
    suppressMessages(DelayedArray::setAutoBlockSize(bytes))
    code
}

test_that("DelayedMatrix gives the same fit for any size of its blocks", {
    skip_if_not_installed("DelayedArray")
    x <- small_twins()
    reference <- both_fits(x)
    for (bytes in c(1e8, 20 * ncol(x) * 8, 1))
        for (container in delayed_containers(x))
            with_block_size(bytes,
                expect_identical(both_fits(container), reference))
})

test_that("HDF5Matrix and TENxMatrix give the same fit", {
    skip_if_not_installed("HDF5Array")
    x <- small_twins()
    reference <- both_fits(x)
    h5 <- HDF5Array::writeHDF5Array(x, with.dimnames = TRUE)
    expect_identical(both_fits(h5), reference)
    transposed <- HDF5Array::writeHDF5Array(t(x), with.dimnames = TRUE)
    with_block_size(1e4, expect_identical(both_fits(t(transposed)), reference))
    skip_if_not_installed("rhdf5")
    # the format of 10x Genomics: columns are samples
    file <- tempfile(fileext = ".h5")
    on.exit(unlink(file))
    sparse <- as_sparse(t(x))
    rhdf5::h5createFile(file)
    rhdf5::h5createGroup(file, "matrix")
    parts <- list(data = as.integer(sparse@x), indices = sparse@i,
        indptr = sparse@p, shape = dim(sparse), barcodes = colnames(sparse),
        genes = rownames(sparse))
    for (part in names(parts))
        rhdf5::h5write(parts[[part]], file, paste0("matrix/", part))
    # HDF5Array needs this, which other calls change
    rhdf5::h5errorHandling("normal")
    tenx <- HDF5Array::TENxMatrix(file, "matrix")
    for (bytes in c(1e8, 1e4, 1))
        with_block_size(bytes, expect_identical(both_fits(t(tenx)), reference))
})

# Blocks of so many samples, in a list.
in_blocks <- function(x, size, make = identity) {
    lapply(unname(split(seq_len(nrow(x)), (seq_len(nrow(x)) - 1) %/% size)),
        function(i) make(x[i, , drop = FALSE]))
}

# A function that returns the elements of a list and then NULL.
iterator <- function(blocks) {
    i <- 0
    function() {
        i <<- i + 1
        if (i <= length(blocks)) blocks[[i]]
    }
}

test_that("a list or function of blocks gives the same fit for any size", {
    x <- small_twins()
    reference <- both_fits(x)
    nothing <- x[0, ]
    blocks <- list(in_blocks(x, 40), in_blocks(x, 7), in_blocks(x, 1),
        in_blocks(x, 9, as_sparse), in_blocks(x + 0, 13, as.data.frame),
        # lists in lists
        list(in_blocks(x[1:20, ], 6), in_blocks(x[21:40, ], 11)),
        list(nothing, x[1:3, ], nothing, as_sparse(x[4, , drop = FALSE]),
            dmncounts(in_blocks(x[5:40, ], 10)), nothing))
    for (block in blocks) {
        for (threads in 1:2)
            expect_identical(both_fits(block, num.threads = threads), reference)
        expect_identical(as.matrix(dmncounts(iterator(block))), x)
        expect_identical(dmn(iterator(block), 2, seed = 3), dmn(x, 2, seed = 3))
    }
    halves <- list(in_blocks(x[1:20, ], 6), iterator(in_blocks(x[21:40, ], 11)))
    expect_identical(as.matrix(dmncounts(halves)), x)
    # names are not needed, and those of the list are not used
    bare <- both_fits(unname(x))
    expect_identical(both_fits(in_blocks(unname(x), 7)), bare)
    named <- in_blocks(x, 20)
    expect_identical(both_fits(list(a = named[[1]], b = named[[2]])), reference)
    skip_if_not_installed("SummarizedExperiment")
    skip_if_not_installed("DelayedArray")
    expect_identical(both_fits(list(DelayedArray::DelayedArray(x[1:25, ]),
        SummarizedExperiment::SummarizedExperiment(
            list(counts = t(x[26:40, ]))))), reference)
})

test_that("functions that take counts take a function of blocks", {
    x <- small_twins()
    make <- function() iterator(in_blocks(x, 9))
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    expect_identical(predict(fit, make()), predict(fit, x))
    expect_identical(residuals(fit, make()), residuals(fit, x))
    select <- function(count) {
        suppressWarnings(dmnselect(count, 1:2, nstart = 2, seed = 1))
    }
    expect_identical(select(make()), select(x))
    group <- rep(c("a", "b"), 20)
    in_groups <- function(count) {
        dmngroup(count, group, 1, seed = 1, nstart = 1, .lapply = lapply)
    }
    expect_identical(in_groups(make()), in_groups(x))
})

test_that("blocks that do not belong together are refused, by name", {
    x <- small_twins()
    bad <- function(block, message) {
        first <- x[1:20, ]
        expect_error(dmn(list(first, first, block), 1),
            gsub("BLOCK", "count[[3]]", gsub("FIRST", "count[[1]]", message)),
            fixed = TRUE)
        expect_error(dmn(iterator(list(first, first, block)), 1),
            gsub("BLOCK", "block 3 of count",
                gsub("FIRST", "block 1 of count", message)), fixed = TRUE)
    }
    bad(x[, -1], sprintf(paste("'BLOCK' must have the %d taxa (columns) of",
        "'FIRST'; found %d"), ncol(x), ncol(x) - 1))
    turned <- x[, ncol(x):1]
    bad(turned, sprintf(paste("'BLOCK' must have the taxa of 'FIRST' in the",
        "same order; found '%s' in place of '%s' in column 1"),
        colnames(turned)[1], colnames(x)[1]))
    renamed <- x
    colnames(renamed)[5] <- NA
    bad(renamed, sprintf("found 'NA' in place of '%s' in column 5",
        colnames(x)[5]))
    bare <- x
    colnames(bare) <- NULL
    bad(bare, paste("'BLOCK' has no names of taxa, 'FIRST' has them: give them",
        "to all blocks or to none"))
    bare <- x
    rownames(bare) <- NULL
    bad(bare, "'BLOCK' has no names of samples, 'FIRST' has them")
    expect_error(dmn(list(bare, x), 1),
        "'count[[2]]' has names of samples, 'count[[1]]' has none",
        fixed = TRUE)
    expect_error(dmn(list(unname(x), bare), 1),
        "'count[[2]]' has names of taxa, 'count[[1]]' has none", fixed = TRUE)
    half <- x + 0
    half[7, 3] <- 0.5
    bad(half, paste("the counts in 'BLOCK' must be whole numbers; found 0.5 in",
        sprintf("row 7 ('%s'), column 3", rownames(x)[7])))
    bad(as_sparse(-x), "the counts in 'BLOCK' must not be negative")
    bad(x > 0, "'BLOCK' must hold numbers; found a logical matrix")
    bad(data.frame(sample = "a", b = 1), "found character in 'sample'")
    bad(dmn(x, 1), "'BLOCK' must be counts, samples x taxa")
    empty <- x
    empty[4, ] <- 0L
    expect_error(dmn(in_blocks(empty, 3), 1), paste0("1 sample (row) of ",
        "'count' has no counts: '", rownames(x)[4], "'.\nRemove them: leave ",
        "them out of the blocks"), fixed = TRUE)
    expect_error(dmn(list(x[0, ]), 1), "'count' has no samples (rows)",
        fixed = TRUE)
})

test_that("lists and functions that are no tables are refused", {
    x <- small_twins()
    start <- paste("'count' must be counts, samples x taxa, in a matrix,",
        "data.frame or another container that ?dmncounts lists, or a list of",
        "such tables, blocks of samples; found ")
    list_error <- function(list, found) {
        expect_error(dmn(list, 1), paste0(start, found), fixed = TRUE)
    }
    list_error(list(), "an empty list")
    list_error(list(1, 2), "a list with 1 as element 1")
    list_error(list(counts = x, sex = "f"),
        "a list with \"f\" as element 2 ('sex')")
    list_error(list(x, NULL), "a list with NULL as element 2")
    list_error(list(x, 1:3),
        "a list with a numeric vector of length 3 as element 2")
    expect_error(dmn(mean, 1), paste("'count' must be counts, or a function",
        "without arguments that returns the next block of samples at each",
        "call; found a function of 'x'"), fixed = TRUE)
    expect_error(dmn(function(a = 1, ...) NULL, 1), paste("'count' must return",
        "blocks of samples, and NULL after the last; found NULL at its first"))
    expect_error(dmn(function() 3, 1),
        "'block 1 of count' must be counts, samples x taxa")
    expect_error(dmn(function() stop("the file is gone"), 1),
        "the file is gone")
    used <- iterator(in_blocks(x, 30))
    dmn(used, 1)
    expect_error(dmn(used, 1), "must be made again")
    expect_error(dmncounts(list(x), assay = "a"), "no argument 'assay'")
    expect_error(dmncounts(used, assay = "a"), "no argument 'assay'")
    expect_error(dmn(list(x), 1, assay.type = "raw"),
        "'assay.type' chooses an assay of a SummarizedExperiment")
})

test_that("experiments give the same fit", {
    skip_if_not_installed("SummarizedExperiment")
    x <- small_twins()
    reference <- both_fits(x)
    make <- function(...) {
        SummarizedExperiment::SummarizedExperiment(list(...))
    }
    for (counts in list(t(x), t(x + 0), as_sparse(t(x))))
        expect_identical(both_fits(make(other = counts * 2L, counts = counts)),
            reference)
    expect_identical(both_fits(make(counts = t(x), raw = t(x)),
        assay.type = "raw"), reference)
    if (requireNamespace("DelayedArray", quietly = TRUE))
        expect_identical(both_fits(make(
            counts = DelayedArray::DelayedArray(t(x)))), reference)
    skip_if_not_installed("SingleCellExperiment")
    expect_identical(both_fits(SingleCellExperiment::SingleCellExperiment(
        list(counts = as_sparse(t(x))))), reference)
})

test_that("phyloseq and otu_table give the same fit in either orientation", {
    skip_if_not_installed("phyloseq")
    x <- small_twins()
    reference <- both_fits(x)
    by_row <- phyloseq::otu_table(x, taxa_are_rows = FALSE)
    by_column <- phyloseq::otu_table(t(x), taxa_are_rows = TRUE)
    taxonomy <- phyloseq::tax_table(matrix(colnames(x), ncol(x), 1,
        dimnames = list(colnames(x), "Genus")))
    for (container in list(by_row, by_column,
        phyloseq::phyloseq(by_row, taxonomy),
        phyloseq::phyloseq(by_column, taxonomy)))
        expect_identical(both_fits(container), reference)
})

test_that("every function that takes counts takes containers", {
    skip_if_not_installed("SummarizedExperiment")
    skip_if_not_installed("DelayedArray")
    x <- small_twins()
    group <- rep(c("a", "b"), length.out = nrow(x))
    make <- function(counts, ...) {
        SummarizedExperiment::SummarizedExperiment(list(counts = counts),
            colData = data.frame(group = group, row.names = rownames(x)))
    }
    fit1 <- dmn(x, 1, seed = 1)
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    calls <- function(count) {
        set.seed(1)
        grDevices::pdf(NULL)
        on.exit(grDevices::dev.off())
        few <- list(nstart = 2, seed = 1)
        suppressWarnings(list(
            select = do.call(dmnselect, c(list(count, 1:2), few)),
            stability = do.call(dmnstability,
                c(list(count, 2, B = 3, bootstrap = TRUE), few)),
            perplexity = do.call(dmnperplexity, c(list(count, 1:2, 3), few)),
            group = dmngroup(count, group, 1:2, .lapply = lapply, nstart = 1),
            cv = cvdmngroup(3, count, c(a = 1, b = 1), group, nstart = 1,
                .lapply = lapply),
            predict = predict(fit, count), loglik = logLik(fit, count),
            residuals = residuals(fit, count),
            heat = heatmapdmn(count, fit1, fit, 10)))
    }
    reference <- calls(x)
    for (container in list(make(t(x)), DelayedArray::DelayedArray(x),
        list(x[1:13, ], as_sparse(x[-(1:13), ])),
        make(DelayedArray::DelayedArray(as_sparse(t(x))))))
        expect_identical(calls(container), reference)
})

test_that("'group' and 'z' may name a sample variable", {
    x <- small_twins()
    group <- factor(rep(c("b", "a", "b"), length.out = nrow(x)))
    both <- function(count, group) {
        set.seed(1)
        list(dmngroup(count, group, 1, .lapply = lapply, nstart = 1),
            cvdmngroup(3, count, c(a = 1, b = 1), group, nstart = 1,
                .lapply = lapply))
    }
    reference <- both(x, group)
    data <- data.frame(type = group, site = 1, row.names = rownames(x))
    containers <- list()
    if (requireNamespace("SummarizedExperiment", quietly = TRUE))
        containers$se <- SummarizedExperiment::SummarizedExperiment(
            list(counts = t(x)), colData = data)
    if (requireNamespace("phyloseq", quietly = TRUE))
        containers$ps <- phyloseq::phyloseq(phyloseq::otu_table(x, FALSE),
            phyloseq::sample_data(data))
    skip_if(length(containers) == 0L)
    for (container in containers) {
        expect_identical(both(container, "type"), reference)
        expect_identical(both(container, group), reference)
        expect_error(dmngroup(container, "tpye", 1),
            "'group' must be a sample variable of 'count' \\('type', 'site'\\)")
        expect_error(cvdmngroup(3, container, c(a = 1, b = 1), "x"),
            "'z' must be a sample variable")
    }
    expect_error(dmngroup(x, "type", 1), "'count' has no sample variables")
})

test_that("a table with a column of sample names says how to move it", {
    x <- small_twins()[1:20, 1:3]
    table <- data.frame(name = rownames(x), x)
    expect_error(dmn(table, 1), paste0("found character in 'name'.\nIf it ",
        "holds the sample names: data.frame(count, row.names = \"name\", ",
        "check.names = FALSE)"), fixed = TRUE)
    # the advice works
    count <- table
    expect_identical(dmncounts(data.frame(count, row.names = "name",
        check.names = FALSE)), x)
    for (name in c("X", "...1", "rowname", "Row.names", "SampleID", "sample_id",
        "#SampleID", "X.SampleID", "sample",
        "Samples", "id", "subject.id")) {
        table <- stats::setNames(data.frame(seq_len(nrow(x)), x),
            c(name, colnames(x)))
        expect_error(dmncounts(table), "found sample names in")
    }
    # names of taxa are not taken for them
    for (name in c("Sampleia", "Candidatus", "Id1", "subjectus", "named"))
        expect_silent(dmncounts(stats::setNames(data.frame(x),
            c(name, "b", "c"))))
    skip_if_not_installed("tibble")
    tibble <- tibble::as_tibble(x, rownames = "sample")
    expect_error(dmn(tibble, 1), "row.names = \"sample\"")
    count <- tibble
    expect_identical(dmncounts(data.frame(count, row.names = "sample",
        check.names = FALSE)), x)
    expect_identical(unname(dmncounts(tibble[-1])), unname(x))
})

test_that("values that are no counts are refused, with their place", {
    skip_if_not_installed("DelayedArray")
    x <- small_twins() + 0
    at <- sprintf("in row 30 \\('%s'\\), column 4 \\('%s'\\)", rownames(x)[30],
        colnames(x)[4])
    for (value in c(0.5, -1, NA, 2^31)) {
        x[30, 4] <- value
        for (container in list(DelayedArray::DelayedArray(x),
            DelayedArray::DelayedArray(as_sparse(x))))
            with_block_size(4 * ncol(x) * 8, expect_error(dmn(container, 1),
                paste0("the counts in 'count' .*", at)))
    }
    x[30, ] <- 0
    expect_error(dmn(DelayedArray::DelayedArray(x), 1),
        "1 sample \\(row\\) of 'count' has no counts: 'TS118'")
    if (requireNamespace("SummarizedExperiment", quietly = TRUE))
        expect_error(dmn(SummarizedExperiment::SummarizedExperiment(
            list(counts = t(x))), 1),
            "Remove them: count[, colSums(assay(count)) > 0]", fixed = TRUE)
    if (requireNamespace("phyloseq", quietly = TRUE))
        expect_error(dmn(phyloseq::otu_table(x, FALSE), 1),
            "prune_samples(sample_sums(count) > 0, count)", fixed = TRUE)
    expect_error(dmn(DelayedArray::DelayedArray(x > 0), 1),
        "'count' must hold numbers; found a logical DelayedMatrix")
})

test_that("assays that are not there are refused", {
    skip_if_not_installed("SummarizedExperiment")
    x <- small_twins()
    se <- SummarizedExperiment::SummarizedExperiment(list(abundance = t(x)))
    expect_error(dmn(se, 1), paste("'assay.type' must be the name of an assay",
        "of 'count' ('abundance'); found \"counts\""), fixed = TRUE)
    expect_error(dmn(se, 1, assay.type = 1), "'assay.type' must be the name")
    expect_error(dmn(x, 1, assay.type = "abundance"),
        "'assay.type' chooses an assay of a SummarizedExperiment")
    expect_identical(dmncounts(se, assay.type = "abundance"), x)
    expect_error(dmncounts(se, assay = "abundance"), "no argument 'assay'")
})

test_that("another package can add a container by one method", {
    x <- small_twins()
    registerS3method("dmncounts", "my_container", function(x, ...) x$table,
        envir = asNamespace("dmmomp"))
    container <- structure(list(table = x), class = "my_container")
    expect_identical(both_fits(container), both_fits(x))
    container$table <- "a"
    expect_error(dmn(container, 1), paste("the method of dmncounts() for class",
        "\"my_container\" must return"), fixed = TRUE)
})

test_that("a container that was saved needs no library() call", {
    skip_if_not_installed("SingleCellExperiment")
    x <- small_twins()
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    saveRDS(SingleCellExperiment::SingleCellExperiment(list(counts = t(x))),
        file)
    nle <- fresh_r(c("x <- readRDS(", deparse(file), ")",
        "fit <- suppressMessages(dmmomp::dmn(x, 2, seed = 3))",
        "cat(format(dmmomp::goodnessOfFit(fit)[['NLE']], digits = 15))"))
    expect_equal(as.numeric(utils::tail(nle, 1)),
        goodnessOfFit(dmn(x, 2, seed = 3))[["NLE"]], tolerance = 1e-14)
})

test_that("a table that looks transposed draws one message", {
    x <- twins
    turned <- t(x)[colSums(x) > 0, ]
    expect_message(dmn(turned, 1), "'count' looks transposed",
        class = "dmn_transposed")
    expect_message(dmn(as_sparse(turned), 1), class = "dmn_transposed")
    expect_no_message(dmn(x, 1), class = "dmn_transposed")
    # the fits to parts of the table do not repeat it
    group <- rep(1:2, length.out = nrow(turned))
    messages <- testthat::capture_messages(
        dmngroup(turned, group, 1, .lapply = lapply, nstart = 1))
    expect_length(messages, 1L)
    # the fix depends on the container
    skip_if_not_installed("phyloseq")
    expect_message(dmn(phyloseq::otu_table(turned, FALSE), 1),
        "See taxa_are_rows\\(count\\)", class = "dmn_transposed")
    skip_if_not_installed("SummarizedExperiment")
    expect_message(dmn(SummarizedExperiment::SummarizedExperiment(
        list(counts = t(turned))), 1), "in the columns of the assay",
        class = "dmn_transposed")
})

test_that("a sparse matrix of SparseArray is made a dgCMatrix", {
    skip_if(nzchar(system.file(package = "SparseArray")))
    # stands for the class of that package, which this R may not have
    where <- new.env(parent = globalenv())
    class <- methods::setClass("SVT_SparseMatrix",
        slots = c(type = "character", table = "matrix"), where = where)
    on.exit(methods::removeClass("SVT_SparseMatrix", where = where))
    methods::setAs("SVT_SparseMatrix", "dgCMatrix",
        function(from) as_sparse(from@table), where = where)
    x <- small_twins()
    expect_identical(both_fits(class(type = "integer", table = x)),
        both_fits(x))
    expect_error(dmn(class(type = "logical", table = x), 1),
        "'count' must hold numbers; found a logical SVT_SparseMatrix")
})
