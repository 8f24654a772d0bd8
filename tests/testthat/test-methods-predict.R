test_that("predictions for the fit's own samples are its probabilities", {
    for (k in c(1, 2, 4)) {
        fit <- dmn(twins, k, seed = 1)
        expect_equal(predict(fit, twins), mixture(fit), tolerance = 1e-8)
    }
})

test_that("columns are matched by name in every kind of table", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    new <- x[1:7, ]
    expected <- predict(fit, new)
    shuffled <- new[, c(5:ncol(x), 4:1)]
    expect_identical(predict(fit, shuffled), expected)
    expect_identical(predict(fit, as.data.frame(shuffled)), expected)
    expect_identical(predict(fit, shuffled + 0), expected)
    expect_identical(predict(fit, as_sparse(shuffled)), expected)
    triplets <- as_sparse(shuffled, "TsparseMatrix")
    expect_identical(predict(fit, triplets), expected)
})

test_that("without names, columns are taken in order", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    expected <- predict(fit, x)
    expect_identical(colnames(expected), c("1", "2"))
    rownames(expected) <- NULL
    expect_identical(predict(fit, unname(x)), expected)
    expect_identical(predict(dmn(unname(x), 2, seed = 1), x),
        predict(fit, x))
})

test_that("posterior and evidence are those of the model", {
    t <- ref_table(n = 30)
    fit <- dmn(t$x, 2, seed = 1)
    new <- ref_table(n = 12, seed = 5)$x
    expect_lt(ref_error(unname(predict(fit, new)), ref_posterior(new,
        fitted(fit), fit@mixture$Weight)), 1e-10)
    # minus the log evidence, as in DirichletMultinomial
    expect_lt(ref_error(unname(predict(fit, new, logevidence = TRUE)),
        -ref_evidence(new, fitted(fit))), 1e-10)
})

test_that("an extreme sample has a finite posterior", {
    fit <- dmn(small_twins(), 2, seed = 1)
    huge <- 0 * small_twins()[1, ]
    huge[[1]] <- .Machine$integer.max
    value <- predict(fit, huge)
    expect_equal(sum(value), 1)
    expect_true(all(is.finite(predict(fit, huge, logevidence = TRUE))))
})

test_that("without counts, the posterior is the weights and evidence is 0", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    empty <- x[1:2, ] * 0L
    expect_equal(unname(predict(fit, empty)),
        rbind(fit@mixture$Weight, fit@mixture$Weight), tolerance = 1e-12)
    evidence <- predict(fit, empty, logevidence = TRUE)
    expect_identical(evidence,
        matrix(0, 2, 3, dimnames = list(rownames(empty), c("1", "2", "3"))))
    # identical() does not tell -0 from 0, but 1 / -0 is -Inf
    expect_true(all(1 / evidence == Inf))
})

test_that("a vector is one sample", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    expected <- predict(fit, x[3, , drop = FALSE])
    rownames(expected) <- NULL
    expect_identical(predict(fit, x[3, ]), expected)
    expect_identical(predict(fit, rev(x[3, ])), expected)
    expect_identical(predict(fit, unname(x[3, ])), expected)
    expect_identical(dim(predict(fit, x[0, ])), c(0L, 2L))
})

test_that("samples are assigned by posterior probability", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    expect_identical(predict(fit, x, assign = TRUE),
        mixture(fit, assign = TRUE))
    expect_error(predict(fit, x, assign = TRUE, logevidence = TRUE),
        "'assign' and 'logevidence' cannot both be TRUE")
})

test_that("taxa that do not match are refused, and named", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    taxa <- colnames(x)
    expect_error(predict(fit, x[, -(1:2)]), paste0("'newdata' lacks 2 taxa of ",
        "the fit: '", taxa[[1]], "', '", taxa[[2]], "'."), fixed = TRUE)
    expect_error(predict(fit, x[, -1]), "lacks 1 taxon of the fit")
    expect_error(predict(fit, cbind(x, Extra = 1L)),
        "'newdata' has 1 taxon unknown to the fit: 'Extra'", fixed = TRUE)
    renamed <- x
    colnames(renamed)[[1]] <- "Other"
    expect_error(predict(fit, renamed), paste0("'newdata' lacks 1 taxon of ",
        "the fit: '", taxa[[1]], "'; it has 1 taxon unknown to the fit: ",
        "'Other'"), fixed = TRUE)
    expect_error(predict(fit, x[, c(seq_along(taxa), 1)]), paste0("'newdata' ",
        "cannot be matched by name, as some taxa occur twice: '", taxa[[1]],
        "'"), fixed = TRUE)
    expect_error(predict(fit, t(x)), "samples must be in rows: pass t(newdata)",
        fixed = TRUE)
    expect_error(predict(fit, unname(x[, 1:5])), paste("'newdata' must have a",
        "column for each of the", ncol(x), "taxa of 'object'; found 5 columns"),
        fixed = TRUE)
    expect_error(predict(fit, unname(t(x))), "is it transposed?", fixed = TRUE)
})

test_that("new counts and arguments are checked", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    expect_error(predict(fit), "'newdata' is missing: .* use mixture()")
    expect_error(predict(fit, x / 2), "the counts in 'newdata' must be whole")
    expect_error(predict(fit, -x), "the counts in 'newdata' must not be neg")
    expect_error(predict(fit, replace(x, 1, NA)),
        "the counts in 'newdata' must have no missing values")
    expect_error(predict(fit, "a"), "'newdata' must be counts, samples x taxa")
    expect_error(predict(fit, x, logevidence = NA), "'logevidence' must be")
    expect_error(predict(fit, x, logevidnce = TRUE), "mean 'logevidence'?")
    expect_error(predict(fit, x, num.threads = 0), "'num.threads' must be")
})

test_that("entries that are not counts are reported before empty samples", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    bad <- x
    bad[1, ] <- 0L
    bad[9, 9] <- -1L
    expect_error(predict(fit, bad), "must not be negative; found -1")
    expect_error(predict(fit, as_sparse(bad)), "must not be negative")
})

test_that("prediction does not depend on the number of threads", {
    x <- large_table()
    fit <- dmn(x[1:100, ], 3, seed = 1)
    expect_identical(predict(fit, x, num.threads = 1),
        predict(fit, x, num.threads = 2))
})

test_that("predictions for a data frame without rows have no rows", {
    fit <- dmn(twins[1:40, ], 2, seed = 1)
    expect_identical(dim(predict(fit, as.data.frame(twins[0, ]))), c(0L, 2L))
})

test_that("missing.taxa = \"zero\" predicts as from an aligned table", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    new <- x[c(9, 2, 30, 17), ]
    aligned <- new
    aligned[, c(2, 7, 46)] <- 0L
    given <- cbind(other = c(1L, 0L, 5L, 2L), new[, 46:1][, -c(1, 40, 45)])
    expected <- predict(fit, aligned)
    evidence <- predict(fit, aligned, logevidence = TRUE)
    forms <- list(given, given + 0, as.data.frame(given), as_sparse(given),
        as_sparse(given, "TsparseMatrix"))
    for (form in forms) {
        expect_message(found <- predict(fit, form, missing.taxa = "zero"),
            "'newdata' has 1 taxon unknown to the fit")
        expect_identical(found, expected)
        expect_identical(suppressMessages(predict(fit, form,
            logevidence = TRUE, missing.taxa = "zero")), evidence)
    }
    # one sample
    expect_identical(suppressMessages(predict(fit, given[3, ],
        missing.taxa = "zero")),
        matrix(expected[3, ], 1, dimnames = list(NULL, c("1", "2", "3"))))
    # neither filling in nor reordering is reported
    expect_no_message(found <- predict(fit, given[, -1],
        missing.taxa = "zero"))
    expect_identical(found, expected)
    expect_identical(predict(fit, x, missing.taxa = "zero"), predict(fit, x))
    expect_identical(suppressMessages(predict(fit, given[0, ],
        missing.taxa = "zero")), predict(fit, x[0, ]))
    expect_error(predict(fit, x, missing.taxa = "drop"),
        "'missing.taxa' must be one of \"error\", \"zero\"; found \"drop\"")
})

test_that("a sample that only unknown taxa have counts of becomes empty", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1)
    new <- cbind(x[1:3, ], p = c(0L, 4L, 7L), q = 0L)
    new[2, colnames(x)] <- 0L
    rownames(new) <- c("a", "b", "c")
    for (form in list(new, as_sparse(new))) {
        expect_message(found <- predict(fit, form, missing.taxa = "zero"),
            paste0("left out with ", format(1100 / sum(new), digits = 3),
                " % of the counts: 'p', 'q'.\n1 sample without other ",
                "counts: 'b'"), fixed = TRUE)
        expect_equal(unname(found[2, ]), fit@mixture$Weight,
            tolerance = 1e-12)
        expect_identical(rownames(found), rownames(new))
    }
    # samples that were empty before are not reported
    new["b", ] <- 0L
    said <- capture_messages(predict(fit, new, missing.taxa = "zero"))
    expect_no_match(said, "without other counts")
    # no counts at all
    said <- capture_messages(predict(fit, 0L * new, missing.taxa = "zero"))
    expect_match(said, "left out with 0 % of the counts")
})
