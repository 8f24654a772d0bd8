# Tables in parts: what is made of them, and fits to them.

nle_of <- function(fit) goodnessOfFit(fit)[["NLE"]]

# Evaluates `code` with parts in files, but for `room` bytes.
with_files <- function(room, code) {
    store <- dmmomp:::.new_store
    with_internals(code, .new_store = function(directory, ignored) {
        store(directory, room)
    })
}

test_that("memory is read with its unit", {
    bytes <- dmmomp:::.check_memory
    expect_identical(bytes(NULL), Inf)
    expect_identical(bytes("8GB"), 8 * 2^30)
    expect_identical(bytes(" 1.5 tb"), 1.5 * 2^40)
    expect_identical(bytes("2048MB"), 2^31)
    expect_identical(bytes(3e9), 3e9)
    for (bad in list("8", "8XB", "-8GB", "GB", "500MB", 100, NA, Inf, NaN, "",
        c("1GB", "2GB"), TRUE, list(1)))
        expect_error(dmn(twins, 2, memory = bad), "^'memory' must be a number")
})

test_that("a fit in parts is that of the table, for parts of any size", {
    whole <- dmn(twins, 4, seed = 1)
    one <- dmn(twins, 4, seed = 1, memory = "1GB")
    expect_s4_class(one, "DMN")
    expect_true(validObject(one))
    expect_equal(nle_of(one), nle_of(whole), tolerance = 1e-12)
    expect_equal(laplace(one), laplace(whole), tolerance = 1e-9)
    expect_equal(mixture(one), mixture(whole), tolerance = 1e-4)
    expect_equal(fitted(one), fitted(whole), tolerance = 1e-3)
    expect_identical(dimnames(mixture(one)), dimnames(mixture(whole)))
    expect_identical(starts(one)$kind, starts(whole)$kind)
    expect_identical(starts(one)$NLE, starts(whole)$NLE)
    for (rows in c(1, 50, 277)) {
        parts <- with_part_rows(rows, dmn(twins, 4, seed = 1, memory = "1GB"))
        expect_equal(nle_of(parts), nle_of(whole), tolerance = 1e-12)
        expect_equal(mixture(parts), mixture(one), tolerance = 1e-5)
    }
})

test_that("a fit in parts has the bits of any container, budget and threads", {
    skip_if_not_installed("Matrix")
    fit <- function(count, ...) {
        with_part_rows(30, dmn(count, 3, seed = 2, nstart = 3, memory = "1GB",
            ...))
    }
    x <- twins[1:101, ]
    expected <- fit(x)
    expect_identical(fit(methods::as(x + 0, "dgCMatrix")), expected)
    expect_identical(fit(as.data.frame(x)), expected)
    expect_identical(fit(dmncounts(list(x))), expected)
    for (size in c(1, 7, 30, 64, 101)) {
        blocks <- split(seq_len(101), (0:100) %/% size)
        expect_identical(fit(lapply(blocks, function(i) x[i, , drop = FALSE])),
            expected)
    }
    i <- 0
    expect_identical(fit(function() {
        i <<- i + 1
        if (i <= 101) x[i, , drop = FALSE]
    }), expected)
    # blocks that are read in blocks
    expect_identical(fit(list(list(x[1:20, ], x[21:50, ]), x[51:101, ])),
        expected)
    left <- TRUE
    expect_identical(fit(function() {
        if (left) {
            left <<- FALSE
            dmncounts(list(x[1:60, ], x[61:101, ]))
        }
    }), expected)
    expect_identical(fit(x, num.threads = 2), expected)
    expect_identical(with_files(1e5, fit(x)), expected)
})

test_that("parts are kept in memory as far as there is room, then in files", {
    directory <- new_directory()
    small <- dmmomp:::.new_store(directory, 25)
    images <- lapply(list(10, 10, 10, 5, 1), function(n) {
        small$add(as.raw(seq_len(n)))
    })
    expect_identical(vapply(images, is.raw, NA), c(TRUE, TRUE, FALSE, TRUE,
        FALSE))
    expect_identical(dmmomp:::.open_image(images[[3]]), as.raw(1:10))
    expect_identical(dmmomp:::.open_image(images[[4]]), as.raw(1:5))
    expect_error(dmmomp:::.new_store(file.path(directory, "none"), 0)$add(
        raw(3)), "cannot write .*none.*'scratch'")
})

test_that("scratch is left as it was", {
    scratch <- new_directory()
    fit <- function(...) {
        with_files(0, dmn(small_twins(), ..., memory = "1GB",
            scratch = scratch))
    }
    fit(2, seed = 1)
    expect_identical(list.files(scratch), character())
    expect_error(fit(99),
        "'k' must be one whole number from 1 to the number of samples, 40")
    expect_identical(list.files(scratch), character())
    expect_error(dmn(small_twins(), 2, memory = "1GB", scratch = 3),
        "'scratch' must be the path of one directory")
})

test_that("a fit in parts may keep assignments only", {
    all <- with_part_rows(50, dmn(twins, 3, seed = 1, memory = "1GB"))
    few <- with_part_rows(50, dmn(twins, 3, seed = 1, memory = "1GB",
        keep.group = FALSE))
    expect_true(validObject(few))
    expect_identical(mixture(few, assign = TRUE), mixture(all, assign = TRUE))
    expect_equal(entropy(few), entropy(all), tolerance = 1e-10)
    expect_identical(goodnessOfFit(few), goodnessOfFit(all))
})

test_that("starts are made on samples that are drawn by lot", {
    few <- function(rows, code) {
        with_internals(code, .start_samples = function(k) 60,
            .most_part_rows = rows)
    }
    fit <- few(25, dmn(twins, 2, seed = 1, memory = "1GB"))
    expect_identical(unique(starts(fit)$samples), 60L)
    expect_equal(nle_of(fit), nle_of(dmn(twins, 2, seed = 1)),
        tolerance = 1e-12)
    parts <- function(rows) {
        few(rows, dmmomp:::.as_parts(twins, "counts", 2L, 1L,
            dmmomp:::.new_store("", Inf)))
    }
    sample <- unclass(parts(25))$sample
    expect_identical(as.matrix(unclass(parts(100))$sample),
        as.matrix(sample))
    # samples of the table, in its order, none twice
    key <- function(x) apply(x, 1, paste, collapse = " ")
    at <- match(key(as.matrix(sample)), key(unname(twins)))
    expect_identical(length(at), 60L)
    expect_false(is.unsorted(at, strictly = TRUE))
})

test_that("lots are uniform, and depend on the number of the sample alone", {
    lots <- .Call(dmmomp:::R_dmm_lots, 0, 10000L)
    expect_identical(.Call(dmmomp:::R_dmm_lots, 9990, 10L), lots[9991:10000])
    expect_true(all(lots >= 0 & lots < 1))
    expect_gt(stats::ks.test(lots, "punif")$p.value, 0.001)
    expect_lt(abs(stats::cor(lots[-1], lots[-10000])), 0.03)
    expect_true(all(is.finite(.Call(dmmomp:::R_dmm_lots, 1e12, 3L))))
})

test_that("k = 1, and as many components as samples, can be fitted in parts", {
    x <- small_twins()
    expect_equal(nle_of(dmn(x, 1, memory = "1GB")), nle_of(dmn(x, 1)),
        tolerance = 1e-12)
    few <- x[1:4, ]
    a <- suppressWarnings(dmn(few, 4, seed = 1, memory = "1GB"))
    b <- suppressWarnings(dmn(few, 4, seed = 1))
    expect_equal(nle_of(a), nle_of(b), tolerance = 1e-9)
})

test_that("what cannot be fitted in parts is refused", {
    expect_error(dmn(twins, 2, memory = "1GB", markers = "select"),
        "cannot be used with 'markers'")
    expect_error(dmn(twins, 2, checkpoint = tempdir(), formula = ~1),
        "cannot be used with 'formula'")
    expect_error(dmn(twins, 2, memory = "1GB", optimizer = "bfgs"),
        "cannot be used with optimizer = \"bfgs\"")
    expect_error(dmn(twins, memory = "1GB"), "'k' is missing")
    expect_error(dmn(twins, c(2, 3), memory = "1GB"),
        "'k' must be one whole number")
    expect_error(dmn(twins, 2, BPPARAM = 2), "'BPPARAM' must be a BiocParallel")
})

test_that("counts that cannot be used are named by their place in the table", {
    x <- unname(twins[1:90, ])
    x[c(70, 71), ] <- 0L
    expect_error(with_part_rows(30, dmn(list(x[1:45, ], x[46:90, ]), 2,
        memory = "1GB")), "2 samples of 'count' have no counts: rows '70', '7")
    x[70:71, 1] <- 1L
    x[80, 5] <- -1L
    expect_error(dmn(list(x[1:45, ], x[46:90, ]), 2, memory = "1GB"),
        "must not be negative")
    expect_error(dmn(x, 2, memory = "1GB"), "must not be negative")
    expect_error(dmn(list(twins, twins[, -1]), 2, memory = "1GB"),
        "must have the 130 taxa")
    expect_error(dmn("a", 2, memory = "1GB"), "'count' must be counts")
    # nothing is left of a call that failed
    expect_s3_class(dmncounts(list(twins)), "dmnpacked")
})
