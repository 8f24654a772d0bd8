test_that("rates accumulate from the greatest probability down", {
    found <- roc(c(TRUE, FALSE, TRUE, FALSE), c(0.9, 0.7, 0.3, 0.1))
    expect_identical(names(found), c("TruePostive", "FalsePositive"))
    expect_identical(found$TruePostive, c(0.5, 0.5, 1, 1))
    expect_identical(found$FalsePositive, c(0, 0.5, 0.5, 1))
    expect_identical(attr(found, "AUC"), 0.75)
    expect_s3_class(found, c("dmnroc", "data.frame"), exact = TRUE)
    expect_identical(attr(roc(c(TRUE, FALSE), c(a = 1, b = 2)), "obs"), c(2, 1))
    # ties stay in the order of the samples
    expect_identical(roc(c(FALSE, TRUE), c(1, 1))$FalsePositive, c(1, 1))
})

test_that("AUC is the share of pairs in the right order, ties counting half", {
    set.seed(1)
    member <- stats::runif(60) < 0.4
    score <- round(stats::rnorm(60) + member, 1)
    pairs <- outer(score[member], score[!member], "-")
    expect_equal(attr(roc(member, score), "AUC"),
        mean((pairs > 0) + (pairs == 0) / 2))
    expect_equal(attr(roc(member, -score), "AUC"),
        1 - attr(roc(member, score), "AUC"))
    expect_identical(attr(roc(member, 1 * member), "AUC"), 1)
})

test_that("samples without a curve are refused", {
    expect_error(roc(c(1, 3), c(1, 0)), "'exp' must be TRUE or FALSE")
    expect_error(roc(c(TRUE, NA), c(1, 0)), "without NA; found 1 NA")
    expect_error(roc(c(TRUE, TRUE), c(1, 0)), "found only TRUE")
    expect_error(roc(c(TRUE, FALSE), 1), "the same length; found 2 and 1")
    expect_error(roc(c(TRUE, FALSE), c(1, NaN)), "'obs' must be numeric")
    expect_error(roc(c(TRUE, FALSE), c("a", "b")), "'obs' must be numeric")
    expect_error(roc(logical(), numeric()), "found no samples")
    expect_error(roc(c(TRUE, FALSE), 2:1, 3), "too many")
})

test_that("'exp' may be 0 and 1 in place of FALSE and TRUE", {
    obs <- c(0.9, 0.2, 0.7, 0.1)
    expect_identical(roc(c(1, 0, 1, 0), obs),
        roc(c(TRUE, FALSE, TRUE, FALSE), obs))
    expect_error(roc(c(1, 2, 1, 0), obs), "'exp'")
})
