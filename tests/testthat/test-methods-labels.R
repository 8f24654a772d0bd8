labelled <- function() {
    fit <- dmn(small_twins(), 3, seed = 1)
    componentLabels(fit) <- c("Bact", "Prev", "Rumi")
    fit
}

test_that("components are named by their numbers until they have labels", {
    fit <- dmn(small_twins(), 3, seed = 1)
    expect_identical(componentLabels(fit), c("1", "2", "3"))
    expect_false(.has_labels(fit))
    expect_true(.has_labels(labelled()))
    expect_identical(componentLabels(labelled()), c("Bact", "Prev", "Rumi"))
    again <- labelled()
    componentLabels(again) <- NULL
    expect_identical(again, fit)
})

test_that("labels that are the numbers are no labels, in another order are", {
    x <- small_twins()
    fit <- labelled()
    componentLabels(fit) <- c("1", "2", "3")
    expect_identical(fit, dmn(x, 3, seed = 1))
    expect_type(mixture(fit, assign = TRUE), "integer")
    expect_type(predict(fit, x, assign = TRUE), "integer")
    componentLabels(fit) <- c("1", "3", "2")
    assigned <- mixture(fit, assign = TRUE)
    expect_identical(levels(assigned), c("1", "3", "2"))
    expect_identical(predict(fit, x, assign = TRUE), assigned)
    expect_identical(rownames(mixturewt(fit)), c("1", "3", "2"))
})

test_that("names are added for a fit whose matrices have none", {
    x <- small_twins()
    fit <- dmn(x, 3, seed = 1)
    bare <- fit
    colnames(bare@group) <- NULL
    bare@fit <- lapply(bare@fit, function(m) {
        colnames(m) <- NULL
        m
    })
    for (read in list(mixture, fitted, coef, confint, mixturewt, drivers,
        function(fit) fitted(fit, scale = TRUE),
        function(fit) mixture(fit, assign = TRUE),
        function(fit) predict(fit, x),
        function(fit) predict(fit, x, assign = TRUE),
        function(fit) summary(fit)[c("components", "taxa")]))
        expect_identical(read(bare), read(fit))
    componentLabels(bare) <- c("Bact", "Prev", "Rumi")
    expect_identical(bare, labelled())
    componentLabels(bare) <- NULL
    expect_identical(bare, fit)
})

test_that("tables and predictions show the labels", {
    fit <- labelled()
    x <- small_twins()
    labels <- c("Bact", "Prev", "Rumi")
    expect_identical(colnames(mixture(fit)), labels)
    expect_identical(colnames(fitted(fit)), labels)
    expect_identical(colnames(fitted(fit, scale = TRUE)), labels)
    expect_identical(rownames(mixturewt(fit)), labels)
    expect_identical(colnames(predict(fit, x)), labels)
    expect_identical(colnames(predict(fit, unname(x))), labels)
    expect_identical(colnames(predict(fit, x, logevidence = TRUE)), labels)
    expect_identical(colnames(fit@fit$Lower), labels)
    assigned <- mixture(fit, assign = TRUE)
    plain <- dmn(x, 3, seed = 1)
    expect_s3_class(assigned, "factor")
    expect_identical(levels(assigned), labels)
    expect_identical(names(assigned), rownames(x))
    expect_identical(as.integer(assigned),
        unname(mixture(plain, assign = TRUE)))
    expect_identical(predict(fit, x, assign = TRUE), assigned)
    table <- summary(fit, taxa = 2)
    expect_identical(rownames(table$components), labels)
    expect_identical(as.character(table$taxa$component), rep(labels, each = 2))
    expect_identical(table$components$samples,
        summary(plain)$components$samples)
    expect_match(capture.output(print(table)), "^  Prev: ", all = FALSE)
})

test_that("single labels are set by number or by present label", {
    fit <- labelled()
    componentLabels(fit) <- c("3" = "Other", Bact = "First")
    expect_identical(componentLabels(fit), c("First", "Prev", "Other"))
    fresh <- dmn(small_twins(), 3, seed = 1)
    componentLabels(fresh) <- c("2" = "Prev")
    expect_identical(componentLabels(fresh), c("1", "Prev", "3"))
    # two labels are swapped in one call
    componentLabels(fit) <- c(First = "Prev", Prev = "First")
    expect_identical(componentLabels(fit), c("Prev", "First", "Other"))
})

test_that("labels that do not name the components are refused", {
    fit <- labelled()
    set <- function(value) componentLabels(fit) <- value
    expect_error(set(1:3), "'value' must be character labels; found")
    expect_error(set(factor(c("a", "b", "c"))), "must be character")
    expect_error(set(c("a", "b")),
        "'value' must be a label for each of the 3 components; found 2 labels")
    expect_error(set(character()), "found 0 labels")
    expect_error(set(c("a", "b", "a")), "different labels; found 'a' twice")
    expect_error(set(c("1" = "Rumi")), "different labels; found 'Rumi'")
    expect_error(set(c("4" = "a")), "components, from 1 to 3, or their labels")
    expect_error(set(c("1" = "a", "1" = "b")), "once; found '1' twice")
    expect_error(set(c("a", NA, "b")), "found one for component 2")
    expect_error(set(c("a", "b", "")), "found one for component 3")
    expect_error(componentLabels(list(fit)), "found a list of fits")
})

test_that("labels can be set where the package is not attached", {
    output <- fresh_r(c(
        "fit <- dmmomp::dmn(dmmomp::twins[1:40, ], 2, seed = 1)",
        "dmmomp::componentLabels(fit) <- c('p', 'q')",
        "print(rownames(dmmomp::mixturewt(fit)))"))
    expect_identical(output, '[1] "p" "q"')
})
