# `fit` with the part `name` of the slot `slot` set to `value`, or the slot
# itself if `name` is NULL.
damaged <- function(fit, slot, name, value) {
    part <- value
    if (!is.null(name)) {
        part <- methods::slot(fit, slot)
        part[name] <- list(value)
        if (!is.list(methods::slot(fit, slot)))
            part <- unlist(part)
    }
    attr(fit, slot) <- part
    fit
}

# Each kind of damage: what of a fit is wrong ("shape", "Estimate" or "group"),
# the damaged fit, and what the message says.
kinds_of_damage <- function(fit) {
    estimate <- fit@fit$Estimate
    group <- fit@group
    at <- function(x, value) replace(x, nrow(x) + 3L, value)
    kind <- function(what, message, slot, name, value) {
        list(what = what, message = message,
            fit = damaged(fit, slot, name, value))
    }
    where <- sprintf(" for taxon '%s', component 2", rownames(estimate)[[3]])
    weight <- paste("mixture$Weight must be a number for each of the 2",
        "components (columns of group); found ")
    list(
        kind("Estimate", paste0("fit$Estimate must be positive numbers; found ",
            "NaN", where), "fit", "Estimate", at(estimate, NaN)),
        kind("Estimate", paste0("found NA", where), "fit", "Estimate",
            at(estimate, NA)),
        kind("Estimate", paste0("found Inf", where), "fit", "Estimate",
            at(estimate, Inf)),
        kind("Estimate", paste0("found 0", where), "fit", "Estimate",
            at(estimate, 0)),
        kind("Estimate", paste0("found -2", where), "fit", "Estimate",
            at(estimate, -2)),
        kind("group", "group must be probabilities; found NaN for sample",
            "group", NULL, at(group, NaN)),
        kind("group", "found 1.5 for sample", "group", NULL, at(group, 1.5)),
        kind("group", "found -1 for sample", "group", NULL, at(group, -1)),
        kind("shape", paste("fit$Estimate must be a double matrix, taxa x 2",
            "components; found NULL"), "fit", "Estimate", NULL),
        kind("shape", "2 components; found a character vector of length 92",
            "fit", "Estimate", as.character(estimate)),
        kind("shape", "2 components; found a 46 x 2 integer matrix", "fit",
            "Estimate", array(1L, dim(estimate))),
        kind("shape", "2 components; found a 46 x 1 double matrix", "fit",
            "Estimate", estimate[, 1, drop = FALSE]),
        kind("shape", "2 components; found a 0 x 2 double matrix", "fit",
            "Estimate", estimate[0, ]),
        kind("shape", paste("fit$Lower must be a double matrix, 46 taxa x 2",
            "components; found NULL"), "fit", "Lower", NULL),
        kind("shape", "fit$Upper must be a double matrix, 46 taxa x",
            "fit", "Upper", estimate[-1, ]),
        kind("shape", "fit$StdErr must be a double matrix, 46 taxa x",
            "fit", "StdErr", 1),
        kind("shape", paste0(weight, "NULL"), "mixture", "Weight", NULL),
        kind("shape", paste0(weight, "1"), "mixture", "Weight", 1),
        kind("shape", paste("mixture$Weight must be numbers >= 0; found NaN",
            "for component 2"), "mixture", "Weight", c(1, NaN)),
        kind("shape", "found -0.5 for component 2", "mixture", "Weight",
            c(1.5, -0.5)),
        kind("shape", "mixture$Weight must sum to 1; found a sum of 1.2",
            "mixture", "Weight", c(0.7, 0.5)),
        kind("shape", paste("for each of the 3 components (columns of group);",
            "found a numeric vector of length 2"), "group", NULL,
            cbind(group, 0)),
        kind("shape", paste("group must be a matrix of samples x components;",
            "found a 0 x 2 matrix"), "group", NULL, group[0, ]),
        kind("shape", "slot group must be a numeric matrix; found",
            "group", NULL, as.data.frame(group)),
        kind("shape", paste("goodnessOfFit must have the elements NLE,",
            "LogDet, Laplace, BIC, AIC; it lacks LogDet"), "goodnessOfFit",
            NULL, fit@goodnessOfFit[-2]),
        kind("shape", "it lacks NLE, LogDet, Laplace, BIC, AIC",
            "goodnessOfFit", NULL, unname(fit@goodnessOfFit)),
        kind("shape", "goodnessOfFit must be finite; found NaN for Laplace",
            "goodnessOfFit", "Laplace", NaN),
        kind("shape", "slot fit must be a list; found NULL", "fit", NULL, NULL),
        kind("shape", "slot mixture must be a list; found 3", "mixture", NULL,
            3),
        kind("shape", "slot goodnessOfFit must be numeric; found \"a\"",
            "goodnessOfFit", NULL, "a"),
        kind("shape", "mixture$LogLik must be one finite number; found NaN",
            "mixture", "LogLik", NaN),
        kind("shape", "mixture$Converged must be TRUE or FALSE; found NA",
            "mixture", "Converged", NA),
        kind("shape", "mixture$Empty must be one number; found NULL",
            "mixture", "Empty", NULL),
        kind("shape", paste("mixture$Starts must be a list of kind, seed,",
            "NLE, iterations, converged of the same length, without NA; found",
            "kind 1, NLE 2"), "mixture", "Starts",
            list(kind = "kmeans", NLE = c(1, 2))),
        kind("shape", "without NA; found 3", "mixture", "Starts", 3))
}

# The public functions that take one fit: what they read, and a call.
readers <- function(x, one) {
    estimate <- "Estimate"
    both <- c("Estimate", "group")
    groups <- dmngroup(x, rep(1:2, 20), 1, seed = 1, nstart = 1,
        .lapply = lapply)
    in_group <- function(fit) {
        groups[["1"]] <- fit
        groups
    }
    sweep <- suppressWarnings(dmnselect(x, 2:3, nstart = 1, seed = 1))
    in_sweep <- function(fit) {
        sweep@listData[["2"]] <- fit
        sweep
    }
    list(
        goodnessOfFit = list(NULL, goodnessOfFit),
        laplace = list(NULL, laplace),
        AIC = list(NULL, AIC),
        AIC.k = list(NULL, function(fit) AIC(fit, k = 3)),
        AIC.several = list(NULL, function(fit) AIC(one, fit)),
        BIC = list(NULL, BIC),
        nobs = list(NULL, nobs),
        logLik = list(estimate, logLik),
        logLik.new = list(estimate, function(fit) logLik(fit, x)),
        mixture = list("group", mixture),
        assigned = list("group", function(fit) mixture(fit, assign = TRUE)),
        mixturewt = list(estimate, mixturewt),
        fitted = list(estimate, fitted),
        share = list(estimate, function(fit) fitted(fit, scale = TRUE)),
        coef = list(estimate, coef),
        confint = list(estimate, confint),
        componentLabels = list(NULL, componentLabels),
        labelled = list(NULL, function(fit) {
            componentLabels(fit) <- c("a", "b")
            componentLabels(fit)
        }),
        drivers = list(estimate, drivers),
        heatmapdmn = list(both, function(fit) heatmapdmn(x, one, fit)),
        predict = list(estimate, function(fit) predict(fit, x)),
        residuals = list(estimate, function(fit) residuals(fit, x)),
        simulate = list(estimate, function(fit) simulate(fit, seed = 1)),
        summary = list(both, summary),
        update = list(NULL, function(fit) update(fit, x, nstart = 1)),
        entropy = list("group", entropy),
        ICL = list("group", ICL),
        starts = list(NULL, starts),
        writeDMN = list(both, function(fit) {
            basename(writeDMN(fit, file.path(tempdir(), "damaged")))
        }),
        group.predict = list(estimate, function(fit) {
            predict(in_group(fit), x)
        }),
        # where both packages are loaded, summary() may be the other's method
        group.summary = list(NULL, function(fit) {
            summary.DMNGroup(in_group(fit))
        }),
        group.fitted = list(estimate, function(fit) fitted(in_group(fit))),
        group.mixture = list("group", function(fit) mixture(in_group(fit))),
        group.mixturewt = list(estimate, function(fit) {
            mixturewt(in_group(fit))
        }),
        group.laplace = list(NULL, function(fit) laplace(in_group(fit))),
        group.AIC = list(NULL, function(fit) AIC(in_group(fit))),
        group.goodnessOfFit = list(NULL, function(fit) {
            goodnessOfFit(in_group(fit))
        }),
        best = list(NULL, function(fit) {
            best(in_sweep(fit), "BIC")@mixture$Seed
        }),
        best.ICL = list("group", function(fit) {
            best(in_sweep(fit), "ICL")@mixture$Seed
        }),
        sweep.summary = list(both, function(fit) summary(in_sweep(fit))),
        sweep.ICL = list("group", function(fit) ICL(in_sweep(fit))),
        sweep.plot = list("group", function(fit) {
            plot(in_sweep(fit))
            1
        }),
        sweep.join = list(NULL, function(fit) length(c(in_sweep(fit)))),
        sweep.write = list(both, function(fit) {
            basename(writeDMN(in_sweep(fit), file.path(tempdir(), "sweep")))
        }))
}

# The value of a call, or the message of its error or warning.
outcome <- function(call, fit) {
    tryCatch(call(fit), error = conditionMessage, warning = function(w) {
        paste("a warning:", conditionMessage(w))
    })
}

test_that("every function that reads a fit says how it is damaged", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1, nstart = 1)
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    kinds <- kinds_of_damage(fit)
    functions <- readers(x, one)
    for (name in names(functions)) {
        reads <- functions[[name]][[1]]
        call <- functions[[name]][[2]]
        intact <- call(fit)
        wrong <- Filter(function(kind) {
            found <- outcome(call, kind$fit)
            # what the function does not read does not change its value
            if (!kind$what %in% c("shape", reads))
                return(!identical(found, intact))
            !is.character(found) || length(found) != 1L ||
                !grepl("^'[^']+' is damaged: [^\n]+$", found) ||
                !grepl(kind$message, found, fixed = TRUE)
        }, kinds)
        expect_identical(vapply(wrong, `[[`, "", "message"), character(),
            label = name)
    }
})

test_that("the message names the argument or the element that is damaged", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1, nstart = 1)
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    bad <- damaged(fit, "mixture", "Weight", NULL)
    expect_error(heatmapdmn(x, damaged(one, "fit", "Upper", NULL), fit),
        "^'fit1' is damaged")
    expect_error(heatmapdmn(x, one, bad), "^'fitN' is damaged")
    expect_error(drivers(fit, damaged(one, "fit", "Upper", NULL)),
        "^'reference' is damaged")
    expect_error(AIC(fit, one, bad), "^'..2' is damaged")
    groups <- dmngroup(x, rep(c("p", "q"), 20), 1, seed = 1, nstart = 1,
        .lapply = lapply)
    groups$q <- bad
    expect_error(laplace(groups), "^'object\\[\\[\"q\"\\]\\]' is damaged")
    groups@listData$q <- 1
    expect_error(summary.DMNGroup(groups),
        "[[\"q\"]]' must be a fit made by dmn()", fixed = TRUE)
    stability <- dmnstability(x, 2, B = 1, nstart = 1, seed = 1)
    stability$fits[["2"]]@group[3] <- NA
    expect_error(summary(stability),
        "^'object\\$fits\\[\\[\"2\"\\]\\]' is damaged: .* found NA for sample")
})

test_that("print() of damaged fits says so and does not fail", {
    x <- small_twins()
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    groups <- dmngroup(x, rep(c("p", "q"), 20), 1, seed = 1, nstart = 1,
        .lapply = lapply)
    sweep <- suppressWarnings(dmnselect(x, 1:2, nstart = 1, seed = 1))
    for (kind in kinds_of_damage(fit)) {
        # where both packages are loaded, show() may be the other's method
        said <- capture.output(print.DMN(kind$fit))
        expect_identical(said[[1]], "class: DMN")
        expect_match(said[[2]], "^damaged: ")
        expect_match(said[[2]], kind$message, fixed = TRUE)
        groups@listData$q <- sweep@listData[["2"]] <- kind$fit
        said <- capture.output(print.DMNGroup(groups))
        expect_identical(said[[1]], "class: DMNGroup")
        expect_match(said[[2]], "^damaged \\(q\\): ")
        said <- capture.output(print(sweep))
        expect_identical(said[[1]], "class: DMNSelect")
        expect_match(said[[2]], "^damaged \\(2\\): ")
    }
})

test_that("the class has the same rules", {
    # validObject() may use the other package's class where both are loaded
    validity <- getClass("DMN", where = asNamespace("dmmomp"))@validity
    fit <- dmn(small_twins(), 2, seed = 1)
    expect_true(validity(fit))
    for (kind in kinds_of_damage(fit))
        expect_match(validity(kind$fit), kind$message, fixed = TRUE)
})

test_that("what DirichletMultinomial leaves out is no damage", {
    x <- small_twins()
    one <- dmn(x, 1, seed = 1, nstart = 1)
    fit <- dmn(x, 2, seed = 1, nstart = 1)
    peer <- fit
    peer@mixture <- peer@mixture["Weight"]
    peer@fit <- peer@fit[c("Lower", "Estimate", "Upper")]
    peer@fit$Lower[5, 2] <- peer@fit$Upper[5, 2] <- NaN
    peer@goodnessOfFit[c("LogDet", "Laplace")] <- NaN
    expect_null(.damage(peer))
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    functions <- readers(x, one)
    # these have columns that only fits by this package fill
    for (name in setdiff(names(functions), c("starts", "sweep.summary",
        "sweep.plot", "laplace", "group.laplace")))
        expect_no_error(functions[[name]][[2]](peer))
    expect_match(capture.output(print.DMN(peer))[[2]], "k: 2")
    expect_false(anyNA(predict(peer, x)))
})
