# README.md is at the root of the sources, and not in an installed package.
readme <- function() {
    file <- file.path("..", "..", "README.md")
    skip_if_not(file.exists(file), "README.md is not here")
    readLines(file, encoding = "UTF-8")
}

# The lines of each code block of a language.
code_blocks <- function(lines, language) {
    fence <- grep("^```", lines)
    open <- fence[c(TRUE, FALSE)]
    close <- fence[c(FALSE, TRUE)]
    blocks <- Map(function(from, to) lines[seq_len(to - from - 1L) + from],
        open, close)
    blocks[lines[open] == paste0("```", language)]
}

# A block as knitr would print it: each expression, followed by its output after
# "#> ".
run_block <- function(block) {
    code <- block[!startsWith(block, "#>")]
    expressions <- parse(text = code, keep.source = TRUE)
    env <- new.env(parent = globalenv())
    printed <- lapply(expressions, function(expression) {
        utils::capture.output({
            result <- withVisible(eval(expression, env))
            if (result$visible)
                print(result$value)
        })
    })
    ends <- vapply(attr(expressions, "srcref"), `[`, 1L, 3L)
    unlist(Map(function(line, output) c(line, sprintf("#> %s", output)),
        split(code, findInterval(seq_along(code), ends, left.open = TRUE)),
        printed), use.names = FALSE)
}

test_that("the R code of the README prints what the README shows", {
    blocks <- code_blocks(readme(), "r")
    expect_gt(length(blocks), 0L)
    old <- options(width = 80)
    on.exit(options(old))
    for (block in blocks)
        expect_identical(trimws(run_block(block), "right"),
            trimws(block, "right"))
})

test_that("the pages, pictures and vignettes that the README names exist", {
    lines <- readme()
    root <- file.path("..", "..")
    paths <- sub("\\).*", "", unlist(regmatches(lines,
        gregexpr("(?<=\\]\\()[^)]+", lines, perl = TRUE))))
    paths <- paths[!grepl("^https?://", paths)]
    expect_true("man/figures/components.png" %in% paths)
    # the tarball lacks pages for developers
    paths <- setdiff(paths, "CONTRIBUTING.md")
    expect_identical(paths[!file.exists(file.path(root, paths))], character())
    vignettes <- regmatches(lines, regexpr('(?<=vignette\\(")[^"]+', lines,
        perl = TRUE))
    expect_true(all(file.exists(file.path(root, "vignettes",
        paste0(vignettes, ".Rmd")))))
    expect_lte(length(lines), 150L)
    expect_identical(grep("^[A-Z]+$", lines, value = TRUE), character())
})
