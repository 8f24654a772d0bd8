data <- associated()
x <- data$x
fit <- dmn(x, 2, seed = 1, formula = ~ bmi, data = data$data)
new <- x[1:5, ]
rownames(new) <- paste0("n", 1:5)
of_new <- function(data) structure(data[1:5, ], row.names = 1:5)

test_that("other samples have the weights of their variables", {
    expect_equal(predict(fit, x), mixture(fit), tolerance = 1e-5)
    expect_equal(predict(fit, x, data = data$data), mixture(fit),
        tolerance = 1e-5)
    some <- c("s7", "s3")
    expect_equal(predict(fit, x[some, ]), mixture(fit)[some, ],
        tolerance = 1e-5)
    expect_equal(as.numeric(logLik(fit, x)), as.numeric(logLik(fit)),
        tolerance = 1e-9)
    expect_error(predict(fit, new), "'data' is missing: pass the variables of")
    expect_error(logLik(fit, new), "'data' is missing")
    new <- new[1:2, ]
    z <- predict(fit, new, data = data.frame(bmi = c(-50, 50)))
    rises <- concomitant(fit)$estimate[[2]] > 0
    expect_gt(z[1, if (rises) 1 else 2], 0.99)
    expect_gt(z[2, if (rises) 2 else 1], 0.99)
    # weights that are 0 in doubles have a logarithm
    z <- predict(fit, new, data = data.frame(bmi = c(-1e4, 1e4)))
    expect_true(all(is.finite(z)))
    weights <- rbind(exp(.log_weights(cbind(1, c(-1, 1)),
        fit@mixture$Concomitant$coefficients)))
    joint <- ref_evidence(new, fit@fit$Estimate) + log(weights)
    expected <- exp(joint - apply(joint, 1, ref_log_sum_exp))
    given <- data.frame(bmi = c(-1, 1))
    expect_equal(unname(predict(fit, new, data = given)), unname(expected))
    multinomial <- lgamma(rowSums(new) + 1) - rowSums(lgamma(new + 1))
    expect_equal(as.numeric(logLik(fit, new, data = given)),
        sum(multinomial) + sum(apply(joint, 1, ref_log_sum_exp)))
    expect_error(predict(dmn(x, 2, seed = 1), new, data = given),
        "'object' has none")
    expect_equal(dim(residuals(fit, x)), dim(x))
    # drawn components follow the variable
    drawn <- attr(simulate(fit, 1, seed = 1)[[1]], "component")
    expect_gt(abs(stats::cor(drawn, data$data$bmi)), 0.1)
    # other samples of the same names
    other <- x[2:1, ]
    rownames(other) <- rownames(x)[1:2]
    other[1, 1] <- other[1, 1] + 1L
    expect_error(predict(fit, other), "'data' is missing")
    unnamed <- unname(x)
    f <- dmn(unnamed, 2, seed = 1, formula = ~ bmi,
        data = data.frame(bmi = data$data$bmi))
    expect_equal(predict(f, unnamed), mixture(f), tolerance = 1e-5)
    expect_error(predict(f, unnamed[1:5, ]), "'data' is missing")
    expect_identical(dim(predict(fit, x[0, ])), c(0L, 2L))
    augmented <- augment.DMN(fit, given, new)
    expect_identical(nrow(augmented), 2L)
    # of samples of the fit, other information is no variable
    augmented <- augment.DMN(fit, data.frame(run = 1:2), x[1:2, ])
    expect_equal(augmented$.probability, unname(apply(mixture(fit)[1:2, ], 1,
        max)), tolerance = 1e-5)
    expect_error(writeDMN(fit, tempfile()), "no place")
    one <- dmn(x, 1, formula = ~ bmi, data = data$data)
    expect_equal(predict(one, x, data = data$data)[, 1],
        stats::setNames(rep(1, 120), rownames(x)))
    expect_error(dmngroup(x, data$data$site, 1, formula = ~ bmi,
        .lapply = lapply), "no argument 'formula'")
})

test_that("variables of new samples that cannot be used are refused", {
    expect_error(predict(fit, x, data = data$data[120:1, ]), "another order")
    with <- function(bmi) predict(fit, new[1:2, ], data = data.frame(bmi))
    expect_error(with(c("a", "b")), "cannot be used")
    expect_error(with(c(1, Inf)), "must be finite")
    expect_error(with(c(1, 1e300)), "at most 1e.100 in size")
    expect_error(with(c(1, NA)), "no missing values")
    # R would take those of the fit
    bmi <- data$data$bmi
    f <- dmn(x, 2, seed = 1, nstart = 2, formula = ~ bmi)
    others <- x
    rownames(others) <- paste0("n", 1:120)
    expect_error(predict(f, others, data = data.frame(weight = rev(bmi))),
        "the variables of ~bmi; there is no 'bmi'")
    expect_equal(predict(f, x), mixture(f), tolerance = 1e-5)
    site <- data.frame(site = c("a", "z"))
    f <- dmn(x, 2, seed = 1, nstart = 2, formula = ~ site, data = data$data)
    expect_error(predict(f, new[1:2, ], data = site), "new level")
    for (variable in list(data$data$site, as.character(data$data$site))) {
        f <- dmn(x, 2, seed = 1, nstart = 2, formula = ~ v,
            data = data.frame(v = variable))
        expect_no_warning(expect_error(predict(f, new[1:2, ],
            data = data.frame(v = 1:2)), "'v' was fitted with type"))
    }
})

test_that("new samples have the basis and the contrasts of the fit", {
    knot <- 0.2
    d <- data$data
    d$word <- as.character(d$site)
    d$date <- as.Date("2020-01-01") + round(100 * d$bmi)
    d$order <- factor(d$site, ordered = TRUE)
    d$unused <- factor(d$site, levels = c("z", "a", "b", "c"))
    d$high <- d$bmi > 0
    for (formula in c(~ poly(bmi, 2), ~ splines::ns(bmi, knots = knot),
        ~ scale(bmi), ~ word, ~ date, ~ order, ~ unused * bmi, ~ high,
        ~ factor(site, labels = 1:3))) {
        f <- suppressWarnings(dmn(x, 2, seed = 1, nstart = 1,
            formula = formula, data = d))
        expect_equal(unname(predict(f, new, data = of_new(d))),
            unname(mixture(f)[1:5, ]), tolerance = 1e-4,
            label = .formula_text(formula))
    }
    old <- options(contrasts = c("contr.sum", "contr.poly"))
    on.exit(options(old))
    f <- dmn(x, 2, seed = 1, nstart = 1, formula = ~ site, data = d)
    options(old)
    expect_equal(unname(predict(f, new, data = of_new(d))),
        unname(mixture(f)[1:5, ]), tolerance = 1e-4)
})

test_that("a fit is the same from a file, and can be made again", {
    file <- tempfile(fileext = ".rds")
    on.exit(unlink(file))
    saveRDS(fit, file)
    read <- readRDS(file)
    expect_identical(read@group, fit@group)
    expect_equal(predict(read, new, data = of_new(data$data)),
        predict(fit, new, data = of_new(data$data)))
    again <- update(fit, x, data = data$data)
    expect_identical(again@fit, fit@fit)
    expect_identical(again@mixture$Concomitant$covariance,
        fit@mixture$Concomitant$covariance)
    expect_error(update(fit, x), "cannot be used: .*bmi.*Pass them as 'data'")
    plain <- update(fit, x, formula = NULL)
    expect_identical(plain, dmn(x, 2, seed = 1))
    damaged <- fit
    damaged@mixture$Concomitant$design <- NULL
    expect_error(mixture(damaged), "Concomitant must be a list of")
})

test_that("sample variables of a container are used", {
    skip_if_not_installed("SummarizedExperiment")
    variables <- S4Vectors::DataFrame(data$data)
    variables$run <- S4Vectors::Rle(rep(1:4, each = 30))
    se <- SummarizedExperiment::SummarizedExperiment(list(counts = t(x)),
        colData = variables)
    expect_identical(dmn(se, 2, seed = 1, formula = ~ bmi)@fit, fit@fit)
    expect_identical(dim(coef(dmn(se, 2, seed = 1, nstart = 1,
        formula = ~ run), what = "weights")), c(2L, 1L))
    new <- se[, 1:3]
    colnames(new) <- c("p", "q", "r")
    expect_equal(unname(predict(fit, new)), unname(mixture(fit)[1:3, ]),
        tolerance = 1e-5)
    # samples of the fit need no variables, in a container or not
    bare <- SummarizedExperiment::SummarizedExperiment(list(counts = t(x)))
    expect_equal(predict(fit, bare), mixture(fit), tolerance = 1e-5)
    skip_if_not_installed("phyloseq")
    counts <- phyloseq::otu_table(x, taxa_are_rows = FALSE)
    variables <- phyloseq::sample_data(data$data)
    found <- dmn(phyloseq::phyloseq(counts, variables), 2, seed = 1,
        formula = ~ bmi)
    expect_identical(found@fit, fit@fit)
    expect_identical(dmn(x, 2, seed = 1, formula = ~ bmi,
        data = variables)@fit, fit@fit)
})

test_that("what cannot be used is refused", {
    expect_error(dmn(x, 2, data = data$data), "'formula', which is missing")
    expect_error(dmn(x, 2, formula = "bmi"), "'formula' must be a formula")
    expect_error(dmn(x, 2, formula = y ~ bmi), "without a left side")
    expect_error(dmn(x, 2, formula = ~ .), "cannot be used: .*'data'")
    expect_error(dmn(x, 2, formula = ~ nothing, data = data$data),
        "cannot be used: .*nothing")
    expect_error(dmn(x, 2, formula = ~ bmi, data = data$data[1:3, ]),
        "a row for each of the 120 samples")
    expect_error(dmn(x, 2, formula = ~ bmi, data = data$data[120:1, ]),
        "in another order")
    missing <- transform(data$data, bmi = replace(bmi, 4, NA))
    expect_error(dmn(x, 2, formula = ~ bmi, data = missing),
        "no missing values; found 1 NA in bmi")
    infinite <- transform(data$data, bmi = replace(bmi, 4, Inf))
    expect_error(dmn(x, 2, formula = ~ bmi, data = infinite),
        "must be finite .*found Inf in bmi")
    expect_error(dmn(x, 2, formula = ~ bmi + I(2 * bmi), data = data$data),
        "must not depend on each other")
    expect_error(dmn(x, 2, formula = ~ same, data = data.frame(
        same = rep(0.1, 120))), "must not depend on each other")
    expect_error(dmn(x, 2, formula = ~ I(1e300 * bmi), data = data$data),
        "at most 1e.100 in size; found .*e.300")
    expect_error(dmn(x, 2, formula = ~ I(1e-200 * bmi), data = data$data),
        "other units: the range of I\\(1e-200 \\* bmi\\) is ")
    expect_error(dmn(x, 2, formula = ~ 0 + bmi, data = data$data),
        "an intercept")
    expect_error(dmn(x, 2, formula = ~ bmi + offset(bmi), data = data$data),
        "no offset")
    expect_error(dmn(x, 2, formula = ~ text, data = data.frame(
        text = as.character(data$data$bmi))), "fewer terms than")
    expect_error(dmn(x, 2, formula = ~ same, data = data.frame(
        same = factor(rep("a", 120), c("a", "b")))),
        "must have two values or more; found \"a\" only in same. Leave it out")
    expect_error(dmn(x, 2, formula = ~ bmi + text, data = data.frame(
        data$data, text = "b")), "found \"b\" only in text")
})
