sized <- function(x) .part_of(.size_of_table(x, "counts"))

test_that("a plan has a row for each k, and its parts add up", {
    x <- dmnplan(twins, c(4, 1, 2), nstart = 10, num.threads = 1)
    expect_s3_class(x, c("dmnplan", "data.frame"), exact = TRUE)
    expect_identical(x$k, c(1L, 2L, 4L))
    expect_identical(names(x), c("k", "compress", "start", "least", "most",
        "table", "workspace", "result", "peak", "evaluations"))
    expect_true(all(is.finite(unlist(x))) && all(unlist(x) > 0))
    expect_identical(attr(x, "size"), list(samples = 278L + 0, taxa = 130L,
        nonzeros = sum(twins > 0) + 0, pilot = TRUE))
    # one component has one start; this table is not small for k >= 2
    expect_equal(x$most[[1]], x$compress[[1]] + x$start[[1]])
    expect_equal(x$most[3], x$compress[3] + 10 * x$start[3])
    expect_true(all(x$least[-1] < x$most[-1]))
    expect_equal(x$result, 8 * x$k * (278 + 4 * 130))
    # in a small table all starts are made
    small <- dmnplan(small_twins()[1:20, ], 3)
    expect_equal(small$least, small$most)
    one <- dmnplan(twins, 3, nstart = 1)
    expect_equal(one$most, one$compress + one$start)
})

test_that("the size of a table is that of its counts", {
    x <- large_table(5000, 20)
    x <- cbind(x, x[, 3], 0L)
    whole <- .size_of_sample(x, nrow(x))
    expect_identical(c(whole$n, whole$s, whole$columns), c(5000L, 22L, 21L))
    expect_equal(whole$nonzeros, sum(x > 0))
    expect_equal(whole$entries, sum(x[, -21] > 0))
    pairs <- sum(apply(x[, -21], 2, function(v) length(unique(v[v > 0]))))
    expect_identical(whole$features, pairs)
    expect_identical(whole$totals, length(unique(rowSums(x))))
    # from a sample: counts above 0 are exact in memory, others close
    part <- .size_of_table(x, "counts")
    expect_identical(part$seen, 1000)
    expect_equal(part$nonzeros, sum(x > 0))
    expect_equal(.part_of(part)$features, pairs, tolerance = 0.3)
    expect_identical(part$cells, 5000 * 22)
    for (other in list(as_sparse(x), packed(x, 1000L), as.data.frame(x),
        list(x[1:2000, ], x[2001:5000, ]))) {
        got <- .size_of_table(other, "counts")
        expect_equal(got$nonzeros, sum(x > 0), tolerance = 0.02)
        expect_equal(got$features, part$features, tolerance = 0.05)
        expect_identical(got$packed, is.list(other) && !is.object(other))
    }
})

test_that("the memory of a compressed table is that of its structures", {
    x <- large_table(6000, 60)
    size <- .part_of(.size_of_sample(x, nrow(x)))
    rows <- .block_rows(size, 8)
    expect_identical(rows %% 8, 0)
    # the bytes of entries and dictionary, from the counts of each block
    bytes <- 12 * (size$features + size$totals) + 12 * nrow(x)
    for (i in split(seq_len(nrow(x)), (seq_len(nrow(x)) - 1) %/% rows)) {
        y <- x[i, ]
        n <- table(col(y)[y > 0], y[y > 0])
        n <- n[n > 0]
        bytes <- bytes + 6 * sum(n[n < 4]) + 6 * sum(n >= 4) +
            2 * sum(n[n >= 4])
    }
    expect_equal(.compressed_bytes(size, 8), bytes, tolerance = 0.15)
    expect_gt(.compressed_bytes(size, 8), 2 * sum(x > 0))
})

test_that("a table that is not in memory is sampled, not read", {
    skip_if_not_installed("DelayedArray")
    x <- large_table(8000, 15)
    delayed <- DelayedArray::DelayedArray(x)
    got <- .size_of_table(delayed, "counts")
    expect_true(got$packed)
    expect_lte(got$seen, 1608)
    expect_equal(got$nonzeros, sum(x > 0), tolerance = 0.03)
    # runs from eight places
    rows <- .spaced(8000, 1600, 8L)
    expect_length(rows, 1600)
    expect_identical(range(rows), c(1, 8000))
    expect_identical(sum(diff(rows) > 1), 7L)
    skip_if_not_installed("SummarizedExperiment")
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(delayed)))
    expect_equal(.size_of_table(se, "counts")$features, got$features)
    expect_error(dmnplan(se, 2, assay.type = "x"), "'assay.type' must be")
})

test_that("starts of large tables are planned on a part of the samples", {
    time <- function(n, k = 4, ...) {
        .plan(.size_of_dims(c(n, 100), 0.3), k,
            .typical_evaluations(k), 20L, 1L, 1, ...)
    }
    below <- time(79999)
    above <- time(80000)
    expect_lt(above$start, below$start / 3)
    expect_equal(time(1e6)$start, above$start, tolerance = 0.1)
    expect_gt(time(1e6)$least, 4 * above$least)
    # with 500 components, 25,000 samples
    expect_gt(time(99999, 500)$start, 3 * time(1e5, 500)$start)
    # a start is linear in evaluations and falls with threads
    size <- .size_of_dims(c(5e4, 100), 0.3)
    one <- .plan(size, 4, .typical_evaluations(4), 20L, 1L, 1)
    four <- .plan(size, 4, .typical_evaluations(4), 20L, 4L, 1)
    expect_equal(four$start, one$start / 3.7)
    expect_equal(.plan(size, 4, .typical_evaluations(4), 20L, 1L, 2)$most,
        2 * one$most)
    # tables that are too small for threads
    expect_identical(.plan_speed(8, 1e5), 1)
})

test_that("a plan is in proportion to a fit", {
    # evaluations do not depend on the machine
    x <- large_table(3000, 40)
    planned <- .pilot(.size_of_table(x, "counts")$sample, 3L, 20L)[[1]]
    used <- dmn(x, 3, seed = 1, control = dmncontrol(agree = Inf))
    used <- mean(used@mixture$Starts$evaluations[1:3])
    expect_gt(planned[["first"]], used / 3)
    expect_lt(planned[["first"]], used * 3)
    expect_gt(planned$each, 0)
    pilot <- function(...) lapply(.pilot(...), `[`, c("first", "later"))
    expect_identical(pilot(x[1:500, ], 3L, 20L), pilot(x[1:500, ], 3L, 20L))
    # samples without counts are left out
    expect_identical(pilot(x[1:4, ], 6L, 2L), pilot(x[1:4, ], 4L, 2L))
    y <- rbind(0L, x[1:500, ])
    expect_identical(pilot(y, 2L, 20L), pilot(x[1:500, ], 2L, 20L))
})

test_that("numbers of counts do not overflow", {
    x <- as_sparse(small_twins())
    size <- .size_of_table(x, "counts")
    expect_type(size$nonzeros, "double")
    expect_type(size$seen, "double")
    expect_type(attr(dmnplan(x, 2), "size")$nonzeros, "double")
    expect_identical(dmnplan(c(100000L, 100000L), 5L)$table,
        dmnplan(c(1e5, 1e5), 5)$table)
})

test_that("an evaluation takes what it took in the pilot", {
    size <- .size_of_dims(c(5e4, 100), 0.3)
    size$pilot <- .part_of(size, 5e3)
    plan <- function(each, k = 4) {
        .plan(size, 4, list(.starts_taken(30, each, k)), 20L, 1L, 1)
    }
    expect_equal(plan(2e-3)$start, 2 * plan(1e-3)$start)
    # ten times as many samples
    expect_gt(plan(1e-3)$start, 5 * 31.5 * 1e-3)
    expect_lt(plan(1e-3)$start, 20 * 31.5 * 1e-3)
    # a pilot that was too small for so many components
    expect_gt(plan(1e-3, 2)$start, 1.1 * plan(1e-3)$start)
    # and one with other counts than the table has on average
    x <- as_sparse(large_table(6000, 40))
    x[.spaced(6000, 1200), -(1:4)] <- 0
    x <- methods::as(x, "CsparseMatrix")
    y <- .size_of_table(x, "counts")
    expect_equal(y$nonzeros, sum(x > 0))
    expect_lt(y$pilot$entries, 0.3 * y$nonzeros * 1200 / 6000)
})

test_that("a pilot without counts is an error that says so", {
    x <- Matrix::sparseMatrix(i = 2:3, j = 1:2, x = c(5, 6),
        dims = c(6000, 50))
    expect_error(dmnplan(x, 2), "the pilot takes have no counts: pass the dim")
})

test_that("a start that takes much longer than others counts for three", {
    expect_equal(.level(c(15, 15, 15, 10, 10, 10)), 10)
    expect_equal(.level(c(15, 15, 15, 10, 10, 10, 700)), (6 * 10 + 30) / 7)
    expect_equal(.level(3), 2)
})

test_that("R's random numbers are left alone", {
    set.seed(3)
    before <- .Random.seed
    dmnplan(small_twins(), 2)
    dmnplan(c(1000, 100), 2)
    expect_identical(.Random.seed, before)
    expect_gt(.plan_unit(), 0)
})

test_that("a plan prints its rows and what can be done", {
    x <- dmnplan(c(3e6, 10000), c(5, 10), density = 0.08, num.threads = 4)
    attr(x, "memory") <- 4e9
    out <- paste(capture.output(result <- withVisible(print(x))),
        collapse = " ")
    expect_false(result$visible)
    expect_match(out, "Plan for 3,000,000 samples x 10,000 taxa, 2,400,000,000",
        fixed = TRUE)
    expect_match(out, "(8 %), up to 20 starts, 4 threads", fixed = TRUE)
    expect_match(out, "is more than the 4 GB of this machine")
    expect_match(out, "keep.group = FALSE saves 204 MB")
    expect_match(out, "at most 2,147,483,647 counts above 0")
    expect_match(out, "pass the table to find out")
    expect_match(out, "All of them by dmnselect(): ", fixed = TRUE)
    one <- capture.output(print(dmnplan(c(1, 1), 1)))
    expect_match(one[[1]], "Plan for 1 sample x 1 taxon, 1 count above 0")
    expect_output(print(dmnplan(c(1e5, 10), 1)), "100,000 samples x 10 taxa")
    # no hints where there is nothing to say
    x <- dmnplan(small_twins(), 2)
    attr(x, "memory") <- NA_real_
    expect_length(.plan_notes(x), 0)
    # parts and data frames
    expect_output(print(x[c("k", "peak")]), "k +peak")
    expect_identical(class(as.data.frame(x)), "data.frame")
    expect_identical(.seconds(c(0.0123, 4.56, 75, 600, 36000)),
        c("0.012 s", "4.6 s", "75 s", "10 min", "10.0 h"))
    memory <- .machine_memory()
    expect_true(is.na(memory) || memory > 1e8)
})

test_that("arguments are checked", {
    expect_error(dmnplan(), "'count' is missing: pass a table of counts")
    expect_error(dmnplan(twins), "'k' is missing")
    expect_error(dmnplan(c(10, 20, 30), 2), "c(samples, taxa), two whole",
        fixed = TRUE)
    for (bad in list(c(0, 5), c(1.5, 2), c(NA, 2), c(3, Inf), c(3e9, 2)))
        expect_error(dmnplan(bad, 1), "two whole numbers .*; found c\\(")
    expect_error(dmnplan(7, 1), "found 7")
    expect_error(dmnplan(c(10, 20), 11),
        "from 1 to 10, the number of samples")
    expect_error(dmnplan(twins, 0), "'k' must be different whole numbers")
    expect_error(dmnplan(c(10, 20), 1, density = 0), "'density' must be one")
    expect_error(dmnplan(c(10, 20), 1, density = 1.5), "at most 1; found 1.5")
    expect_error(dmnplan(twins, 1, density = 0.5), "table is measured")
    expect_error(dmnplan(function() NULL, 1), "must not be a function")
    expect_error(dmnplan(list(twins, function() NULL), 1), "not be a function")
    expect_error(dmnplan(twins, 1, nstart = 0), "'nstart' must be one whole")
    expect_error(dmnplan(twins, 1, theads = 1), "no argument 'theads'")
    expect_error(dmnplan("twins", 1), "'count' must be counts")
    x <- twins
    x[3, 2] <- -1
    expect_error(dmnplan(x, 1), "must not be negative; found -1 in row 3")
})
