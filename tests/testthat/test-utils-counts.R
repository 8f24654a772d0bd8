# From one start, which takes the table in its own order, and from several.
both_fits <- function(count) {
    lapply(c(1, 3), function(nstart) dmn(count, 2, seed = 3, nstart = nstart))
}

same_fits <- function(count, reference) {
    expect_identical(both_fits(count), reference)
}

test_that("the same counts give the same fit in every kind of table", {
    x <- small_twins()
    reference <- both_fits(x)
    same_fits(x + 0, reference)
    same_fits(as.data.frame(x), reference)
    same_fits(as.data.frame(x + 0), reference)
    same_fits(as.table(x), reference)
    for (class in c("CsparseMatrix", "RsparseMatrix", "TsparseMatrix",
        "unpackedMatrix"))
        same_fits(as_sparse(x, class), reference)
})

test_that("a sparse table may store zeros", {
    x <- small_twins()
    sparse <- as_sparse(x)
    stored <- sparse
    stored@x[seq(1, length(stored@x), by = 7)] <- 0
    same_fits(stored, both_fits(as.matrix(stored)))
    # without row and column names
    sparse@Dimnames <- list(NULL, NULL)
    bare <- both_fits(sparse)
    expect_identical(bare, both_fits(unname(x)))
    expect_null(rownames(mixture(bare[[1]])))
    expect_null(rownames(mixture(bare[[2]])))
})

test_that("symmetric and diagonal matrices of the Matrix package are read", {
    x <- crossprod(matrix(c(1, 0, 2, 3, 1, 0), 3))
    expect_s4_class(symmetric <- Matrix::Matrix(x), "dsyMatrix")
    expect_identical(dmn(symmetric, 1, seed = 1), dmn(x, 1, seed = 1))
    expect_identical(dmn(Matrix::Diagonal(3, 2), 1, seed = 1),
        dmn(diag(2, 3), 1, seed = 1))
})

test_that("a sparse matrix from a file needs no library() call", {
    x <- small_twins()
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    saveRDS(as_sparse(x), file)
    nle <- fresh_r(c("x <- readRDS(", deparse(file), ")",
        "fit <- dmmomp::dmn(x, 2, seed = 3)",
        "p <- predict(fit, x[, ncol(x):1])",
        "stopifnot(all.equal(p, dmmomp::mixture(fit), tolerance = 1e-8))",
        "cat(format(dmmomp::goodnessOfFit(fit)[['NLE']], digits = 15))"))
    expect_equal(as.numeric(utils::tail(nle, 1)),
        goodnessOfFit(dmn(x, 2, seed = 3))[["NLE"]], tolerance = 1e-14)
})

test_that("dmn() does not change its arguments", {
    x <- small_twins()
    sparse <- as_sparse(x)
    copies <- list(x + 0L, sparse)
    copies[[2]]@x <- copies[[2]]@x + 0
    dmn(x, 2, seed = 1)
    dmn(sparse, 2, seed = 1)
    expect_identical(copies, list(x, sparse))
})

test_that("objects that are not tables of numbers are refused", {
    expect_error(dmn(1:3, 1), paste("'count' must be counts, samples x taxa,",
        "in a matrix, data.frame or another container that ?dmncounts lists;",
        "found a numeric vector of length 3; for one sample pass",
        "matrix(count, nrow = 1)"), fixed = TRUE)
    expect_error(dmn(NULL, 1), "'count' must be counts, .*; found NULL")
    expect_error(dmn(array(1, c(2, 2, 2)), 1), "found an object of class")
    expect_error(dmn(matrix("1", 2, 2), 1),
        "'count' must hold numbers; found a character matrix")
    expect_error(dmn(matrix(TRUE, 2, 2), 1), "found a logical matrix")
    expect_error(dmn(Matrix::Matrix(diag(3) > 0, sparse = TRUE), 1),
        "'count' must hold numbers; found a logical")
    expect_error(dmn(data.frame(site = "a", n = 1), 1), paste("'count' must be",
        "a data.frame of counts, numeric columns; found character in 'site'"))
    wide <- structure(list(n = structure(1, class = "integer64")),
        class = "data.frame", row.names = 1L)
    expect_error(dmn(wide, 1), "found integer64 in 'n'")
})

test_that("tables without rows or columns are refused", {
    expect_error(dmn(matrix(0L, 0, 3), 1),
        "'count' has no samples (rows)", fixed = TRUE)
    expect_error(dmn(matrix(0L, 3, 0), 1),
        "'count' has no taxa (columns)", fixed = TRUE)
})

test_that("entries that are not counts are refused, and located", {
    x <- matrix(c(3, 1, 4, 1, 5, 9), 2,
        dimnames = list(c("s1", "s2"), c("a", "b", "c")))
    at <- "in row 2 ('s2'), column 2 ('b')"
    bad <- function(value, message) {
        x[2, 2] <- value
        expect_error(dmn(x, 1), message, fixed = TRUE)
        expect_error(dmn(as_sparse(x), 1), message, fixed = TRUE)
        expect_error(dmn(as.data.frame(x), 1), message, fixed = TRUE)
    }
    bad(NA, paste("the counts in 'count' must have no missing values; found",
        "NA", at))
    bad(NaN, "must have no missing values")
    bad(Inf, paste("must be finite; found Inf", at))
    bad(-Inf, paste("must be finite; found -Inf", at))
    bad(-1, paste("must not be negative; found -1", at))
    bad(-2, paste("must not be negative; found -2", at))
    bad(0.25, paste("must be whole numbers; found 0.25", at))
    bad(0.25, "not relative abundances")
    bad(2^31, paste("must be at most 2147483647; found 2147483648", at))
    expect_error(dmn(unname(x) / 2, 1), "in row 1, column 1. Pass")
    for (value in c(NA, -1L)) {
        y <- matrix(1:4, 2)
        y[1, 2] <- value
        expect_error(dmn(y, 1), "in row 1, column 2. ")
    }
})

test_that("the largest integer is a valid count", {
    x <- matrix(c(.Machine$integer.max, 5L, 7L, 2L), 2)
    fit <- dmn(x, 1, seed = 1)
    expect_defined(fit, 1)
    expect_identical(dmn(x + 0, 1, seed = 1), fit)
})

test_that("samples without counts are refused, and listed", {
    x <- small_twins()[1:10, ]
    x["TS1.2", ] <- 0L
    expect_error(dmn(x, 1), "1 sample (row) of 'count' has no counts: 'TS1.2'",
        fixed = TRUE)
    x[1:7, ] <- 0L
    expect_error(dmn(as_sparse(x), 1), "7 samples (rows) of 'count' have",
        fixed = TRUE)
    expect_error(dmn(x, 1), "... (7 in all)", fixed = TRUE)
    expect_error(dmn(unname(x), 1), "no counts: '1', '2', '3'")
    expect_error(dmn(x, 1), "count[rowSums(count) > 0, ]", fixed = TRUE)
})
