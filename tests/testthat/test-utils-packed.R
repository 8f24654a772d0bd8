# Packed counts behave like the matrix that they were made from.

random_table <- function(n, s, largest) {
    set.seed(n * s)
    value <- pmin(floor(stats::rexp(n * s)^4 * largest / 100), largest)
    matrix(as.integer(value), n, s, dimnames = list(paste0("s", seq_len(n)),
        paste0("t", seq_len(s))))
}

test_that("the counts come back, whatever their size", {
    for (largest in c(3, 300, 1e5, .Machine$integer.max)) {
        x <- random_table(33, 12, largest)
        p <- packed(x)
        expect_identical(as.matrix(p), x)
        expect_identical(dim(p), dim(x))
        expect_identical(dimnames(p), dimnames(x))
        expect_equal(length(p), length(x))
        totals <- list(rows = unname(rowSums(x)), columns = unname(colSums(x)))
        for (form in list(p, x, x + 0, as_sparse(x)))
            expect_identical(.totals(form), totals)
        expect_identical(as.matrix(packed(unname(x + 0))), unname(x))
    }
})

test_that("rows and columns are chosen as from a matrix", {
    x <- random_table(50, 20, 1000)
    p <- packed(x)
    rows <- list(3:9, c(40, 2, 2, 17), -(1:45), c("s7", "s1"), integer(),
        rownames(x) > "s3", rep(1:50, 3))
    columns <- list(1:20, c(5, 1), -3, "t4", rep(c(TRUE, FALSE), 10))
    for (i in rows) {
        expect_identical(as.matrix(p[i, , drop = FALSE]),
            x[i, , drop = FALSE])
        for (j in columns)
            expect_identical(as.matrix(p[i, j, drop = FALSE]),
                x[i, j, drop = FALSE])
    }
    for (j in columns)
        expect_identical(as.matrix(p[, j, drop = FALSE]), x[, j, drop = FALSE])
    # a column of NA has no counts
    expect_identical(unname(as.matrix(.choose_packed(p, j = c(2L, NA, 1L)))),
        unname(cbind(x[, 2], 0L, x[, 1])))
    for (j in list("t44", NA, 21, 1e10, rep(TRUE, 21)))
        expect_error(p[, j], "there are 20 taxa; no such one")
    for (i in list("x", NA, 51, c(1, NA), rep(TRUE, 51)))
        expect_error(p[i, ], "there are 50 samples; no such one")
    expect_error(t(p), "transpose the table before")
    expect_error(rownames(p) <- letters, "'value' must be names for 50 samples")
    turned <- p
    colnames(turned) <- rev(colnames(p))
    expect_identical(colnames(turned), rev(colnames(x)))
    # more samples than one block holds
    many <- rep(1:50, 1500)
    expect_identical(as.matrix(p[many, 1:2]), x[many, 1:2])
})

test_that("packed counts take 3 bytes for a small count", {
    x <- matrix(1L, 60000, 50)
    size <- as.numeric(utils::object.size(packed(x, 20000L)))
    expect_lt(size, 3.1 * length(x))
    expect_output(print(packed(x, 20000L)),
        "packed counts: 60000 samples x 50 taxa, 8.6 Mb", fixed = TRUE)
})

test_that("packed counts can be sent to another process", {
    x <- random_table(33, 12, 300)
    p <- unserialize(serialize(packed(x), NULL))
    expect_identical(as.matrix(p), x)
    keep <- rowSums(x) > 0
    expect_identical(dmn(p[keep, ], 2, seed = 1), dmn(x[keep, ], 2, seed = 1))
})

test_that("damaged packed counts are refused", {
    x <- random_table(33, 12, 300) + 1L
    p <- packed(x)
    damage <- function(change) {
        y <- unclass(p)
        y <- change(y)
        class(y) <- "dmnpacked"
        refused <- "not a valid object|dmmomp:"
        expect_error(dmn(y, 1), refused)
        expect_error(y[1:5, ], refused)
        expect_error(as.matrix(y), refused)
        expect_error(.totals(y), refused)
    }
    damage(function(y) { y$blocks[[2]] <- y$blocks[[2]][1:30]; y })
    damage(function(y) { y$blocks <- y$blocks[-1]; y })
    damage(function(y) { y$dim <- c(33L, 13L); y })
    damage(function(y) { y$blocks[[1]][25:40] <- as.raw(255); y })
    # rows outside the table
    data <- 24 + 4 * (ncol(x) + 1)
    damage(function(y) { y$blocks[[1]][data + 2:9] <- as.raw(255); y })
})

test_that("small blocks are joined, and large ones divided", {
    x <- random_table(300, 40, 5)
    x[rbinom(length(x), 1, 0.8) == 1] <- 0L
    whole <- packed(x, 300L)
    bytes <- function(p) sum(lengths(unclass(p)$blocks))
    # a block of one sample is mostly offsets, 164 bytes
    set.seed(1)
    sizes <- list(rep(1, 300), rep(7, 43), c(rep(c(1, 30, 2), 9), rep(1, 3)),
        sample(c(rep(1, 100), rep(20, 10))), 300:1)
    for (size in sizes) {
        ends <- pmin(cumsum(size), 300)
        packer <- .new_packer(40)
        for (i in seq_len(which(ends == 300)[[1L]]))
            packer$add(x[seq(c(0, ends)[[i]] + 1, ends[[i]]), , drop = FALSE])
        p <- packer$table(dimnames(x))
        expect_identical(packer$rows(), 300)
        expect_identical(as.matrix(p), x)
        expect_lt(bytes(p), 1.4 * bytes(whole))
    }
    # rows sorted by decreasing number of counts
    sorted <- x[order(rowSums(x > 0), decreasing = TRUE), ]
    p <- dmncounts(lapply(1:300, function(i) sorted[i, , drop = FALSE]))
    expect_identical(as.matrix(p), sorted)
    expect_lt(bytes(p), 1.4 * bytes(whole))
    # a block has at most 65536 samples
    tall <- matrix(1:2, 140000, 1)
    for (blocks in list(list(tall), list(tall[1:100, , drop = FALSE],
        tall[-(1:100), , drop = FALSE]))) {
        p <- dmncounts(blocks)
        rows <- vapply(unclass(p)$blocks, .rows_of_block, numeric(1))
        expect_identical(sum(rows), 140000)
        expect_lte(max(rows), 65536)
        expect_identical(as.matrix(p), tall)
    }
})
