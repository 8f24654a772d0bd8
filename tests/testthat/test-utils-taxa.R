# Parameters of taxa a to d.
parameters <- function() matrix(1, 4, 2, dimnames = list(letters[1:4], NULL))

# Taxa d, x and b: two of the fit and one unknown.
other_taxa <- function() {
    matrix(c(1L, 0L, 2L, 0L, 3L, 5L), 2,
        dimnames = list(c("s1", "s2"), c("d", "x", "b")))
}

zero_fill <- function(newdata, arg = "newdata") {
    .align_taxa(newdata, parameters(), arg, missing.taxa = "zero")
}

test_that("tables are filled and cut without a change of their kind", {
    expected <- matrix(c(0L, 0L, 3L, 5L, 0L, 0L, 1L, 0L), 2,
        dimnames = list(c("s1", "s2"), letters[1:4]))
    dense <- suppressMessages(zero_fill(other_taxa()))
    expect_identical(dense, expected)
    sparse <- suppressMessages(zero_fill(as_sparse(other_taxa())))
    expect_s4_class(sparse, "dgCMatrix")
    expect_true(validObject(sparse))
    expect_identical(as.matrix(sparse), expected + 0)
    # stored zeros at most
    expect_lte(length(sparse@x), 3L)
    expect_identical(dim(suppressMessages(zero_fill(other_taxa()[0, ]))),
        c(0L, 4L))
})

test_that("a wide sparse table stays small", {
    n <- 1000
    s <- 1e5
    taxa <- paste0("t", seq_len(s))
    x <- Matrix::sparseMatrix(i = seq_len(n), j = seq_len(n), x = 1,
        dims = c(n, n), dimnames = list(NULL, taxa[seq_len(n)]))
    found <- .align_taxa(x, matrix(1, s, 1, dimnames = list(taxa, NULL)),
        missing.taxa = "zero")
    expect_identical(dim(found), as.integer(c(n, s)))
    expect_length(found@x, n)
})

test_that("the message has the unknown taxa and their share of the counts", {
    # 2 of 11 counts
    expect_message(zero_fill(other_taxa(), "count"), paste("'count' has 1",
        "taxon unknown to the fit, left out with 18.2 % of the counts: 'x'"),
        fixed = TRUE)
    many <- cbind(other_taxa(), matrix(0L, 2, 9,
        dimnames = list(NULL, paste0("y", 1:9))))
    expect_message(zero_fill(many), paste("10 taxa unknown to the fit, left",
        "out with 18.2 % of the counts: 'x', 'y1', 'y2', 'y3', 'y4', ... (10",
        "in all)"), fixed = TRUE)
    # sums that are larger than an integer
    large <- other_taxa()
    large[] <- .Machine$integer.max
    expect_message(zero_fill(large), "33.3 % of the counts")
    unnamed <- other_taxa()
    rownames(unnamed) <- NULL
    unnamed[1, c("d", "b")] <- 0L
    unnamed[1, "x"] <- 2L
    expect_message(zero_fill(unnamed), "1 sample without other counts: '1'",
        fixed = TRUE)
})

test_that("what is left out must be counts too", {
    for (bad in list(NA, -1L)) {
        x <- other_taxa()
        x[2, "x"] <- bad
        expect_error(zero_fill(x), "in row 2 ('s2'), column 2 ('x')",
            fixed = TRUE)
        expect_error(zero_fill(as_sparse(x)), "row 2 ('s2'), column 2 ('x')",
            fixed = TRUE)
    }
})

test_that("tables that cannot be matched are refused", {
    x <- other_taxa()
    for (mode in c("error", "zero")) {
        align <- function(newdata) {
            .align_taxa(newdata, parameters(), missing.taxa = mode)
        }
        none <- x
        colnames(none) <- c("x", "y", "z")
        expect_error(align(none), paste("'newdata' has no taxon of the fit.",
            "It has 'x', 'y', 'z'; the fit has 'a', 'b', 'c', ... (4 in all)"),
            fixed = TRUE)
        expect_error(align(t(x)), "pass t(newdata)", fixed = TRUE)
        expect_error(align(unname(x)), paste("must have a column for each of",
            "the 4 taxa of 'object'; found 3 columns"))
        double <- cbind(x, matrix(0L, 2, 3,
            dimnames = list(NULL, c("a", "c", "b"))))
        double <- double[, -2]
        expect_error(align(double), "occur twice: 'b'")
    }
    double <- cbind(x, x = 1L)
    colnames(double)[[4]] <- "x"
    expect_error(zero_fill(double), "occur twice: 'x'")
    # missing and empty names are unknown taxa
    odd <- x
    colnames(odd) <- c("d", NA, "")
    expect_message(found <- zero_fill(odd), "2 taxa unknown")
    expect_identical(found[, "d"], x[, "d"])
    expect_identical(sum(found), sum(x[, "d"]))
})
