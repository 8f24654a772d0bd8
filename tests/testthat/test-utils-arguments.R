test_that("values are described in a few words", {
    expect_identical(.describe(NULL), "NULL")
    expect_identical(.describe(NA), "NA")
    expect_identical(.describe(2.5), "2.5")
    expect_identical(.describe("a"), "\"a\"")
    expect_identical(.describe(1:3), "a numeric vector of length 3")
    expect_identical(.describe(character()), "a character vector of length 0")
    expect_identical(.describe(matrix(0, 2, 3)), "a 2 x 3 matrix")
    expect_identical(.describe(data.frame(a = 1)), "a 1 x 1 data.frame")
    expect_identical(.describe(factor("a")), "an object of class \"factor\"")
    expect_identical(.describe(list(1)), "an object of class \"list\"")
    expect_identical(.describe(sum), "an object of class \"function\"")
})

test_that("a long list of names is cut, and its length is given", {
    expect_identical(.first_few(c("a", "b")), "'a', 'b'")
    expect_identical(.first_few(letters, 2), "'a', 'b', ... (26 in all)")
})

test_that("numbers of things are written out, and one is singular", {
    expect_identical(.plural(1, "taxon", "taxa"), "1 taxon")
    expect_identical(.plural(0L, "fit"), "0 fits")
    expect_identical(.plural(1e5, "sample"), "100,000 samples")
})

test_that("flags must be TRUE or FALSE", {
    expect_true(.check_flag(TRUE, "x"))
    expect_false(.check_flag(c(a = FALSE), "x"))
    expect_error(.check_flag(NA, "x"), "'x' must be TRUE or FALSE; found NA")
    expect_error(.check_flag(1, "x"), "'x' must be TRUE or FALSE; found 1")
    expect_error(.check_flag(c(TRUE, TRUE), "x"), "logical vector of length 2")
})

test_that("numbers must be finite, single and within bounds", {
    expect_identical(.check_number(1L, "x", 0), 1)
    expect_identical(.check_number(0, "x", 0), 0)
    expect_error(.check_number(0, "x", 0, open = TRUE),
        "'x' must be one number > 0; found 0")
    expect_error(.check_number(-1, "x", 0),
        "'x' must be one number >= 0; found -1")
    for (bad in list(NA_real_, NaN, Inf, "1", NULL, 1:2))
        expect_error(.check_number(bad, "x", 0), "'x' must be one number")
})

test_that("whole numbers must be whole, single and within bounds", {
    expect_identical(.check_whole(3, "x"), 3L)
    expect_error(.check_whole(0, "x"),
        "'x' must be one whole number >= 1; found 0")
    expect_error(.check_whole(9, "x", 1, 4),
        "'x' must be one whole number from 1 to 4; found 9")
    for (bad in list(NA, 2.5, Inf, 3e9, "1", NULL, 1:2, list(1)))
        expect_error(.check_whole(bad, "x"), "'x' must be one whole number")
})

test_that("the default vector of choices means its first element", {
    expect_identical(.check_choice(c("a", "b"), "x", c("a", "b")), "a")
    expect_identical(.check_choice("b", "x", c("a", "b")), "b")
    for (bad in list("c", NA_character_, 1, c("b", "a"), NULL))
        expect_error(.check_choice(bad, "x", c("a", "b")),
            "'x' must be one of \"a\", \"b\"; found")
})

test_that("unknown arguments are refused by name", {
    f <- function(count, ..., num.threads, seed) {
        .refuse_dots(..., .what = "f", .known = names(formals(f)))
    }
    expect_null(f(1))
    expect_error(f(1, threads = 2),
        "f() has no argument 'threads'; did you mean 'num.threads'?",
        fixed = TRUE)
    expect_error(f(1, sede = 2), "did you mean 'seed'?", fixed = TRUE)
    expect_error(f(1, quiet = TRUE),
        "f() has no argument 'quiet'; it takes 'count', 'num.threads', 'seed'",
        fixed = TRUE)
    expect_error(f(1, k = 2), "f() has no argument 'k'", fixed = TRUE)
    expect_error(f(1, 2),
        "f() was given 1 argument too many, without a name", fixed = TRUE)
})
