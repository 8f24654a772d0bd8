skip_if_not_installed("ggplot2")
skip_if_not_installed("rmarkdown")

skip_without_pandoc <- function() {
    skip_if_not(rmarkdown::pandoc_available("2.0"), "pandoc is not installed")
}

page_of <- function(...) {
    file <- tempfile(fileext = ".html")
    on.exit(unlink(file))
    dmnreport(..., file = file)
    paste(readLines(file, encoding = "UTF-8"), collapse = " ")
}

expect_says <- function(page, text) {
    # a failure does not show the whole page
    expect_true(grepl(text, page, fixed = TRUE), label = text)
}

# All tables of a page, as character matrices without their headers.
tables_of <- function(page) {
    parts <- function(x, tag) {
        found <- regmatches(x, gregexpr(sprintf("(?s)<%s[ >].*?</%s>", tag,
            tag), x, perl = TRUE))[[1L]]
        gsub(sprintf("(?s)^<%s[^>]*>\\s*|\\s*</%s>$", tag, tag), "", found,
            perl = TRUE)
    }
    lapply(parts(page, "table"), function(table) {
        rows <- lapply(parts(table, "tr"), parts, "td")
        do.call(rbind, rows[lengths(rows) > 0L])
    })
}

numbers <- function(x) {
    matrix(as.numeric(gsub(",", "", x)), nrow(x), ncol(x))
}

images <- function(page) lengths(regmatches(page, gregexpr("<img", page)))

titles <- function(page) {
    found <- regmatches(page, gregexpr("<h2[^>]*>[^<]*</h2>", page))[[1L]]
    gsub("<[^>]*>", "", found)
}

groups <- clear_groups()
dimnames(groups) <- list(paste0("s", 1:40), c("<b>bold</b>", "*star*", "a_b_c",
    "$x$ & y", paste0("taxon ", 5:12)))
sel <- dmnselect(groups, 3:5, nstart = 3, seed = 1)
variables <- data.frame(group = rep_len(letters[1:4], 40), "p*h*" = (1:40) / 40,
    check.names = FALSE, row.names = rownames(groups))

test_that("the page shows the values of the accessors", {
    skip_without_pandoc()
    page <- page_of(sel, count = groups, data = variables)
    tables <- tables_of(page)
    expect_length(tables, 4L)
    totals <- rowSums(groups)
    expect_identical(as.vector(numbers(tables[[1L]][, 2L, drop = FALSE])),
        c(40, 12, sum(totals), min(totals), median(totals), max(totals)))
    shown <- summary(sel)
    real <- c("NLE", "logLik", "Laplace", "BIC", "AIC", "ICL")
    whole <- c("k", "df", "iterations", "starts", "met")
    colnames(tables[[2L]]) <- names(shown)
    expect_equal(numbers(tables[[2L]][, real]),
        round(unname(as.matrix(shown[real])), 1L))
    expect_equal(numbers(tables[[2L]][, whole]),
        unname(as.matrix(shown[whole])))
    expect_identical(tables[[2L]][, "converged"],
        as.character(shown$converged))
    weights <- mixturewt(best(sel))
    expect_equal(numbers(tables[[3L]][, 2:4]),
        round(cbind(weights$pi, weights$theta,
            tabulate(mixture(best(sel), assign = TRUE), 4L)), 3L))
    top <- drivers(best(sel))
    expect_equal(as.numeric(tables[[4L]][, 2L]),
        round(100 * top$reference, 2L))
    expect_equal(as.numeric(tables[[4L]][, 6L]), round(100 * top$mean.4, 2L))
    # names are text, not markup
    expect_identical(tables[[4L]][, 1L],
        gsub("<", "&lt;", gsub(">", "&gt;", gsub("&", "&amp;", top$taxon))))
    expect_identical(titles(page), c("Data", "Number of components",
        "Components", "Samples", "Metadata", "Starts", "Methods", "Session"))
    expect_identical(images(page), 9L)
    expect_says(page, "Mixtures with k = 3 to 5 components were fitted")
    expect_says(page, "10.1371/journal.pone.0030126")
})

test_that("the page needs no other file", {
    skip_without_pandoc()
    page <- page_of(sel, stability = dmnstability(groups, 2, B = 2, nstart = 1,
        seed = 1))
    sources <- regmatches(page, gregexpr("src=\"[^\"]{0,10}", page))[[1L]]
    expect_identical(unique(sources), "src=\"data:image")
    expect_false(grepl("<link|<iframe|@import|url\\(|srcset|src='", page))
    # without counts and variables
    expect_true("Stability" %in% titles(page))
    expect_false("Metadata" %in% titles(page))
    expect_identical(images(page), 6L)
    expect_says(page, "The counts were not given")
})

test_that("one fit, even with one component, has a page", {
    skip_without_pandoc()
    page <- page_of(dmn(groups, 1, seed = 1), count = groups, data = 1:40)
    expect_says(page, "A mixture with 1 component was fitted")
    expect_false(grepl("best by the criterion", page))
})

test_that("a fit without probabilities has a page", {
    skip_without_pandoc()
    fits <- lapply(c(TRUE, FALSE), function(keep) {
        dmn(groups, 2, seed = 1, keep.group = keep)
    })
    expect_identical(images(page_of(fits[[2]], count = groups)),
        images(page_of(fits[[1]], count = groups)) - 1L)
})

test_that("nothing but the file is written, and it is not lost", {
    skip_without_pandoc()
    dir <- tempfile()
    dir.create(dir)
    old <- setwd(dir)
    on.exit({
        setwd(old)
        unlink(dir, recursive = TRUE)
    })
    set.seed(1)
    before <- list(.Random.seed, dir(tempdir()), options(), search())
    fit <- dmn(groups, 2, seed = 1, nstart = 1)
    result <- withVisible(dmnreport(fit, "a.html"))
    expect_identical(result, list(value = "a.html", visible = FALSE))
    expect_identical(dir(all.files = TRUE, no.. = TRUE), "a.html")
    expect_identical(list(.Random.seed, dir(tempdir()), options(), search()),
        before)

    writeLines("mine", "b.html")
    expect_error(dmnreport(fit, "b.html"),
        "'file' exists: 'b.html'. Pass overwrite = TRUE", fixed = TRUE)
    expect_error(dmnreport(fit, "b.html", data = 1:3, overwrite = TRUE),
        "'data' must have a value for each of the 40 samples")
    expect_identical(readLines("b.html"), "mine")
    dmnreport(fit, "b.html", overwrite = TRUE)
    expect_gt(file.size("b.html"), 10000)
})

test_that("a report can be made while another document is knitted", {
    skip_without_pandoc()
    dir <- tempfile()
    dir.create(dir)
    on.exit(unlink(dir, recursive = TRUE))
    outer <- file.path(dir, "outer.Rmd")
    writeLines(c("```{r setup}", "fit <- dmn(groups, 2, seed = 1)",
        "dmnreport(fit, file.path(dir, \"inner.html\"))", "```",
        "", "```{r components}", "x <- 1; x + 41", "```"), outer)
    knitr::knit(outer, file.path(dir, "outer.md"), quiet = TRUE,
        envir = environment())
    expect_true(file.exists(file.path(dir, "inner.html")))
    # the options of the outer document are as they were
    text <- readLines(file.path(dir, "outer.md"))
    expect_true("## [1] 42" %in% text)
    expect_true("x <- 1; x + 41" %in% text)
})

test_that("the methods paragraph states the settings", {
    methods <- function(fits, fit = fits[[1L]], ...) {
        dmmomp:::.methods_paragraph(as.list(fits), fit, ...)
    }
    text <- methods(sel, best(sel), sel@metadata)
    for (part in c("12 taxa in 40 samples", "k = 3 to 5", "of up to 3 starts",
        "(agree = NULL)", "The fits took 3 starts, with the seed 1.",
        "shape 0.1 and rate 0.1", "Newton's method", "less than 1e-06",
        "All fits converged", "k = 4, is the one with the least value of",
        as.character(packageVersion("dmmomp")), "Holmes et al. 2012"))
        expect_match(text, part, fixed = TRUE)
    one <- dmn(groups, 2, seed = 7, nstart = 1, optimizer = "bfgs",
        control = dmncontrol(eta = 0.5, nu = 2, tolerance = 1e-4))
    text <- methods(list(one))
    for (part in c("EM was started once, with the seed 7",
        "shape 0.5 and rate 2", "by BFGS", "less than 1e-04"))
        expect_match(text, part, fixed = TRUE)
    expect_match(methods(list(dmn(groups, 2, seed = 1,
        control = dmncontrol(agree = Inf)))), "; all were made", fixed = TRUE)
    expect_match(methods(list(dmn(groups, 2, seed = 1,
        control = dmncontrol(agree = 2)))), "once 2 had ended", fixed = TRUE)
    short <- suppressWarnings(dmn(groups, 2, seed = 1, nstart = 1,
        control = dmncontrol(max.iterations = 1)))
    expect_match(methods(list(short)),
        "did not converge in 1 iteration for k = 2", fixed = TRUE)
    # a sweep by another criterion
    settings <- sel@metadata
    settings$criterion <- "BIC"
    expect_match(methods(sel, best(sel, "BIC"), settings), "(BIC)",
        fixed = TRUE)
})

test_that("a fit by DirichletMultinomial has a page too", {
    skip_without_pandoc()
    skip_if_not_installed("DirichletMultinomial")
    fit <- DirichletMultinomial::dmn(groups, 2, seed = 1)
    page <- page_of(fit, count = groups)
    expect_says(page, "fitted with the R package DirichletMultinomial")
    expect_false("Starts" %in% titles(page))
})

test_that("ranges are short", {
    expect_identical(dmmomp:::.ranges(c(1:5, 8L, 10:11)), "1 to 5, 8, 10, 11")
    expect_identical(dmmomp:::.ranges(3L), "3")
})

test_that("six variables are shown, and others are named", {
    table <- data.frame(id = paste0("s", 1:40), one = "a",
        matrix(1:40, 40, 7), none = NA, far = c(Inf, 1:39),
        day = as.Date("2020-01-01") + 1:40)
    known <- dmmomp:::.report_variables(table, "x", best(sel))
    expect_identical(names(known$shown), paste0("X", 1:6))
    expect_identical(known$left_out, c("id", "one", "X7", "none",
        "far", "day"))
    one <- dmmomp:::.report_variables(rep(c(TRUE, FALSE), 20), "x", best(sel))
    expect_identical(one, list(shown = data.frame(x = factor(rep(c(TRUE, FALSE),
        20))), left_out = character()))
    expect_error(dmmomp:::.report_variables(table["day"], "x", best(sel)),
        "'data' must have a factor")
})

test_that("arguments are checked", {
    file <- tempfile(fileext = ".html")
    expect_error(dmnreport(groups, file),
        "'sel' must be made by dmnselect() or dmn(); found a 40 x 12 matrix",
        fixed = TRUE)
    expect_error(dmnreport(sel), "'file' is missing")
    expect_error(dmnreport(sel, NA_character_), "'file' must be the path")
    expect_error(dmnreport(sel, tempdir()), "is a directory")
    expect_error(dmnreport(sel, "x.pdf"),
        "'file' must end in .html, as the report is a page of HTML; found \"x",
        fixed = TRUE)
    expect_error(dmnreport(sel, file.path(file, "x.html")),
        "'file' must be in a directory that exists")
    expect_error(dmnreport(sel, file, overwrite = NA), "'overwrite' must be")
    expect_error(dmnreport(sel, file, stability = 1),
        "'stability' must be NULL or made by dmnstability(); found 1",
        fixed = TRUE)
    expect_error(dmnreport(sel, file, stabilty = 1),
        "did you mean 'stability'")
    expect_error(without_ggplot(dmnreport(sel, file)),
        "dmnreport() needs the ggplot2 package", fixed = TRUE)
    expect_error(without(".has_pandoc", dmnreport(sel, file)),
        "dmnreport() needs the program pandoc", fixed = TRUE)
    skip_without_pandoc()
    expect_error(dmnreport(sel, file, groups[1:10, ]), "'count'")
    expect_error(dmnreport(sel, file, data = variables[40:1, ]),
        "in another order")
    expect_false(file.exists(file))
})

test_that("the methods paragraph names markers", {
    x <- clear_groups()
    methods <- function(fits) {
        dmmomp:::.methods_paragraph(fits, fits[[1L]],
            list(criterion = "laplace"))
    }
    given <- dmn(x, 1, seed = 1, markers = 1:3)
    expect_match(methods(list(given)), "differ in 3 taxa alone, the markers;")
    selected <- dmn(x, 1, seed = 1, markers = "select")
    expect_match(methods(list(selected)), paste("the Laplace approximation",
        "and the number of sets of as many; given their sum"))
    expect_match(methods(list(selected, dmn(x, 2, seed = 1))), "for each k;")
    divided <- dmn(twins, 1, seed = 1, markers = 1:3,
        control = dmncontrol(background.levels = 2))
    expect_match(methods(list(divided)),
        "from a tree of 3 Dirichlet-multinomials, divided by abundance, in all")
    expect_no_match(methods(list(dmn(x, 1, seed = 1))), "markers")
})

test_that("results show markers and the variables of the weights", {
    skip_without_pandoc()
    data <- associated()
    fit <- dmn(data$x, 2, seed = 1, nstart = 2, markers = c("a", "d"),
        formula = ~ bmi * site, data = data$data)
    page <- page_of(fit)
    expect_true(all(c("Markers", "Weights") %in% titles(page)))
    tables <- tables_of(page)
    has <- function(names) any(vapply(tables, function(x) {
        identical(x[, 1], names)
    }, NA))
    expect_true(has(markers(fit)$taxon))
    expect_true(has(c("bmi", "site", "bmi:site")))
    shown <- Find(function(x) ncol(x) == 8L && "(Intercept)" %in% x[, 2],
        tables)
    expect_identical(shown[, 2], concomitant(fit)$term)
    expect_equal(as.numeric(shown[, 3]), concomitant(fit)$estimate,
        tolerance = 0.01)
    expect_says(page, "differ in 2 taxa of 4")
    # in the methods paragraph as well, as it is
    expect_says(page, "<code>~bmi * site</code>")
    plain <- page_of(dmn(data$x, 2, seed = 1, nstart = 2, formula = ~ 1))
    expect_says(plain, "<code>~1</code>")
    expect_false("Markers" %in% titles(plain))
})
