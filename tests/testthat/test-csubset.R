test_that("a subset has the samples of the groups, and all or seen taxa", {
    lean <- csubset("Lean", twins, twinsBMI)
    expect_identical(lean, twins[twinsBMI == "Lean", ])
    seen <- csubset("Lean", twins, twinsBMI, cidx = FALSE)
    expect_identical(seen, lean[, colSums(lean) > 0])
    expect_lt(ncol(seen), 130)
    two <- csubset(c("Obese", "Lean"), twins, as.character(twinsBMI))
    expect_identical(two, twins[twinsBMI != "Overwt", ])
})

test_that("a subset of one sample, or of none, is still a table", {
    pheno <- c("a", rep("b", 277))
    expect_identical(csubset("a", twins, pheno), twins[1, , drop = FALSE])
    expect_identical(csubset("c", twins, factor(pheno, c("a", "b", "c"))),
        twins[0, ])
    expect_identical(csubset("a", twins, replace(pheno, 2:278, NA)),
        twins[1, , drop = FALSE])
})

test_that("sparse matrices and data frames keep their class", {
    sparse <- as_sparse(twins)
    found <- csubset("Lean", sparse, twinsBMI, cidx = FALSE)
    expect_s4_class(found, "dgCMatrix")
    expect_identical(unname(as.matrix(found)),
        unname(csubset("Lean", twins, twinsBMI, cidx = FALSE) + 0))
    expect_identical(csubset("Lean", as.data.frame(twins), twinsBMI),
        as.data.frame(twins)[twinsBMI == "Lean", ])
})

test_that("values, groups and tables that do not fit together are refused", {
    expect_error(csubset("Lena", twins, twinsBMI), paste("'val' must be values",
        "of 'pheno', 'Lean', 'Obese', 'Overwt'; found 'Lena'"))
    expect_error(csubset("Lean", twins, twinsBMI[-1]),
        "'pheno' must have an element for each of the 278 rows of 'x'")
    expect_error(csubset("Lean", t(twins), twinsBMI), "pass t(x)", fixed = TRUE)
    expect_error(csubset("Lean", 1:3, twinsBMI), "'x' must be a table")
    expect_error(csubset("Lean", twins, twinsBMI, cidx = NA), "'cidx' must be")
})
