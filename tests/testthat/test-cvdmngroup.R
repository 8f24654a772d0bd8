cv_table <- function() {
    x <- small_twins()
    list(count = x, z = rep(c("a", "b"), length.out = nrow(x)))
}

test_that("each sample is classified by fits made without its fold", {
    t <- cv_table()
    set.seed(3)
    found <- cvdmngroup(4, t$count, c(b = 2, a = 1), t$z, seed = 1,
        .lapply = lapply)
    expect_identical(names(found), c("group", "b", "a"))
    expect_identical(rownames(found), rownames(t$count))
    expect_identical(as.vector(table(found$group)), rep(10L, 4))
    expect_equal(found$a + found$b, rep(1, 40))
    for (i in 1:4) {
        test <- found$group == i
        fits <- lapply(c(b = 2, a = 1), function(k) NULL)
        for (g in names(fits))
            fits[[g]] <- dmn(t$count[!test & t$z == g, ], c(b = 2, a = 1)[[g]],
                seed = 1)
        joint <- vapply(fits, function(fit) {
            log(nobs(fit)) + apply(ref_joint(t$count[test, ], fitted(fit),
                fit@mixture$Weight), 1, ref_log_sum_exp)
        }, numeric(10))
        expected <- exp(joint - apply(joint, 1, ref_log_sum_exp))
        expect_lt(ref_error(as.matrix(found[test, -1]), expected), 1e-9)
    }
})

test_that("fold sizes differ by at most one, and names are not needed", {
    t <- cv_table()
    set.seed(1)
    found <- cvdmngroup(7, unname(t$count), c(a = 1, b = 1), t$z,
        .lapply = lapply)
    expect_identical(sort(as.vector(table(found$group))),
        rep(5:6, c(2, 5)))
    expect_identical(rownames(found), as.character(1:40))
    odd <- cvdmngroup(2, t$count, c("a b" = 1, "1" = 1),
        ifelse(t$z == "a", "a b", "1"), .lapply = lapply)
    expect_identical(names(odd), c("group", "a b", "1"))
})

test_that("three groups are cross-validated", {
    set.seed(1)
    found <- cvdmngroup(3, twins, c(Lean = 1, Obese = 2, Overwt = 1), twinsBMI,
        .lapply = lapply)
    expect_identical(names(found), c("group", levels(twinsBMI)))
    expect_equal(rowSums(found[-1]), stats::setNames(rep(1, 278),
        rownames(twins)))
})

test_that("set.seed() fixes the result, and progress is reported", {
    t <- cv_table()
    run <- function(...) {
        set.seed(7)
        cvdmngroup(3, t$count, c(a = 1, b = 2), t$z, .lapply = lapply, ...)
    }
    expect_identical(run(), run())
    utils::capture.output(
        expect_message(run(verbose = TRUE), "cross-validation group 2"))
})

test_that("arguments that cannot be used are refused", {
    t <- cv_table()
    cv <- function(ncv = 4, k = c(a = 1, b = 1), z = t$z, ...) {
        cvdmngroup(ncv, t$count, k, z, ..., .lapply = lapply)
    }
    expect_error(cvdmngroup(4, t$count), "needs 'ncv', 'count', 'k' and 'z'")
    expect_error(cv(1), "'ncv' must be one whole number from 2 to 40; found 1")
    expect_error(cv(41), "'ncv' must be one whole number from 2 to 40")
    expect_error(cv(k = c(1, 1)), paste("'k' must be numbers named by the",
        "values of 'z', as c(a = 1, b = 1); found"), fixed = TRUE)
    expect_error(cv(k = c(a = 1, c = 1)), "found the names 'a', 'c'")
    expect_error(cv(k = c(a = 1, b = 0)), "found 0 for group 'b'")
    expect_error(cv(k = c(a = 1, b = 25)),
        "group 'b' has too few samples: a part of 'ncv' leaves 1[0-9] of 20")
    expect_error(cv(z = t$z[-1]), "'z' must have an element for each")
    expect_error(cv(verbos = TRUE), "mean 'verbose'")
})

test_that("'k' may be a list of numbers", {
    x <- twins[1:12, ]
    z <- rep(c("A", "B"), 6)
    set.seed(1)
    one <- cvdmngroup(3, x, list(A = 1, B = 1), z, .lapply = lapply)
    set.seed(1)
    expect_identical(one,
        cvdmngroup(3, x, c(A = 1, B = 1), z, .lapply = lapply))
})
