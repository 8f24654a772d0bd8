#' Weights that depend on variables of the samples
#'
#' With `formula`, [dmn()] fits a mixture in which the weights of the components
#' depend on variables of the samples, such as a diagnosis or an age.
#' `concomitant()` returns how they do, with standard errors, and `anova()`
#' tests it. The question whether a community type is associated with a variable
#' is then answered in the model, not by a test on samples that were assigned to
#' components as if this were certain.
#'
#' @details
#' **Model.** The weight of component k for a sample with the variables w, which
#' begin with 1 for the intercept, is
#'
#' `pi_k = exp(w' gamma_k) / sum_l exp(w' gamma_l)`
#'
#' with `gamma_1 = 0`: coefficients are log odds relative to the first, the
#' largest component. This is a mixture with concomitant variables (Dayton and
#' Macready 1988; Gruen and Leisch 2008). The components themselves do not
#' depend on the variables. `mixture()`, `predict()` and the other functions use
#' the weights of each sample; those of [mixturewt()] are the means over the
#' samples.
#'
#' **Fit.** With the best components for them, NLE is a function of the
#' coefficients, of which BFGS finds the minimum. The components are fitted by
#' EM at the present weights, and the variables are made orthogonal, so that
#' neither their units nor their correlations matter. Then samples are
#' reassigned as in any fit (see [starts()]), and the search goes on from there
#' if this makes NLE less. The first start is the best optimum of the mixture
#' without variables, the next three are samples sorted by the first principal
#' component of the variables into groups of different sizes, and those after
#' these single starts without variables. There are up to `nstart`, and no more
#' once the best optimum has been met `agree` times; [starts()] shows them. This
#' takes about as long as 3 to 20 fits without variables.
#'
#' The coefficients have a weak prior, which NLE does not include: normal with a
#' standard deviation of 100, in log odds for a standard deviation of an
#' orthogonal variable. It keeps them finite where variables separate
#' components.
#'
#' **Standard errors** come from the full information of the model: they account
#' for what is not known of the components and of the samples' membership. The
#' score of the coefficients at the best parameters of the components is
#' differenced numerically. Where the variables separate components, likelihood
#' increases as coefficients become infinite. The errors of all coefficients
#' that depend on such a direction are not known: they are `NA`, with a warning,
#' and so are their Wald tests. Likelihood ratio tests are then what is left.
#'
#' **Criteria.** With K components, S taxa and q terms there are
#' `K S + (K - 1) q` parameters. In Laplace each of the `(K - 1) (q - 1)`
#' coefficients of variables counts `log(N) / 2`, as with a prior that is worth
#' one sample (Kass and Wasserman 1995), so that `formula = ~ 1` is the mixture
#' without variables.
#'
#' @param object an object of class [DMN-class] made with the argument
#'     `formula`.
#' @param level `numeric(1)` between 0 and 1, default 0.95: the probability that
#'     an interval covers.
#' @param ... for `anova()`, more fits to compare with `object`, with the same
#'     samples, number of components and markers; a fit without variables is
#'     one with `~ 1`. For `concomitant()` not used; anything in it is an error.
#' @return `concomitant()`: a `data.frame` with one row for each component but
#' the first and each term, and the columns `component`, `term`, `estimate`,
#' `std.error`, `statistic`, `p.value`, `conf.low` and `conf.high`, in log odds
#' relative to the first component.
#'
#' `anova()`: a `data.frame` of class `anova`. For one fit, a Wald test of each
#' variable over all components; for several, likelihood ratio tests of each
#' against the one before, by increasing number of parameters.
#' @section Errors: It is an error if `object` has no variables, and if
#' `anova()` is given fits that are not of the same samples and components, or
#' of which one is not part of the next: what is compared are the columns of the
#' designs, not the names of the variables.
#' [dmn()] refuses variables with missing or infinite values, terms that depend
#' on each other linearly, and a formula without an intercept. `predict()` and
#' others refuse new samples with levels that no sample of the fit had.
#' @references
#' Dayton CM, Macready GB (1988). Concomitant-variable latent-class models.
#' *Journal of the American Statistical Association* 83, 173-178.
#' \doi{10.1080/01621459.1988.10478584}
#'
#' Gruen B, Leisch F (2008). FlexMix version 2: finite mixtures with concomitant
#' variables and varying and constant parameters. *Journal of Statistical
#' Software* 28(4), 1-35. \doi{10.18637/jss.v028.i04}
#'
#' Kass RE, Wasserman L (1995). A reference Bayesian test for nested hypotheses
#' and its relationship to the Schwarz criterion. *Journal of the American
#' Statistical Association* 90, 928-934. \doi{10.1080/01621459.1995.10476592}
#' @seealso [dmn()], [dmnselect()] for several numbers of components, and
#' [`coef(fit, what = "weights")`][coef.DMN] for the coefficients as a matrix
#' @examples
#' data <- data.frame(bmi = relevel(factor(twinsBMI), "Lean"))
#' fit <- dmn(twins, 3, seed = 1, formula = ~ bmi, data = data)
#' concomitant(fit)
#' anova(fit)
#' anova(dmn(twins, 3, seed = 1), fit)
#' @name concomitant
NULL

#' @rdname concomitant
#' @export
concomitant <- function(object, ...) UseMethod("concomitant")

#' @rdname concomitant
#' @export
concomitant.DMN <- function(object, ..., level = 0.95) {
    .refuse_dots(..., .what = "concomitant", .known = c("object", "level"))
    level <- .check_probability(level, "level")
    x <- .concomitant_of(object)
    estimate <- as.vector(x$coefficients)
    error <- as.vector(.weights_errors(x))
    half <- stats::qnorm((1 + level) / 2) * error
    data.frame(component = rep(componentLabels(object)[-1L],
            each = nrow(x$coefficients)),
        term = rep(rownames(x$coefficients), ncol(x$coefficients)),
        estimate = estimate, std.error = error, statistic = estimate / error,
        p.value = 2 * stats::pnorm(-abs(estimate / error)),
        conf.low = estimate - half, conf.high = estimate + half)
}

#' @rdname concomitant
#' @export
concomitant.default <- function(object, ...) {
    .stop_not_a_fit(object, "concomitant")
}

.concomitant_of <- function(object) {
    .check_fit(object, read = NULL)
    if (ncol(object@group) == 1L)
        .stop("'object' has one component, whose weight is 1")
    if (!.has_concomitant(object))
        .stop("'object' has constant weights: fit it by dmn(count, k, ",
            "formula = ~ variable, data = data)")
    object@mixture$Concomitant
}

#' @rdname concomitant
#' @importFrom stats anova
#' @export
anova.DMN <- function(object, ...) {
    fits <- list(object, ...)
    is_fit <- vapply(fits, inherits, logical(1), "DMN")
    if (!all(is_fit))
        .stop("anova() compares fits made by dmn(); found ",
            .describe(fits[[which(!is_fit)[[1L]]]]))
    if (length(fits) == 1L)
        return(.wald_table(object))
    .ratio_table(fits)
}

# A test of each variable, over all components.
.wald_table <- function(object) {
    x <- .concomitant_of(object)
    labels <- attr(x$terms, "term.labels")
    k <- ncol(x$coefficients)
    if (!.has_variables(object))
        .stop("'object' has no variables to test: its formula is ",
            .formula_text(x$formula))
    tests <- vapply(seq_along(labels), function(i) {
        at <- which(rep(x$assign == i, k))
        c(length(at), .wald_statistic(x$coefficients[at],
            x$covariance[at, at, drop = FALSE]))
    }, numeric(2))
    table <- data.frame(Df = tests[1L, ], Chisq = tests[2L, ],
        "Pr(>Chisq)" = stats::pchisq(tests[2L, ], tests[1L, ],
            lower.tail = FALSE), check.names = FALSE, row.names = labels)
    structure(table, heading = paste0("Wald tests of what the weights of ",
        k + 1L, " components depend on\n"), class = c("anova", "data.frame"))
}

# NA if a standard error is not known. Scaled, so that units do not matter.
.wald_statistic <- function(estimate, covariance) {
    if (anyNA(covariance))
        return(NA_real_)
    z <- estimate / sqrt(diag(covariance))
    drop(z %*% solve(stats::cov2cor(covariance), z))
}

# What fits must have in common to be compared.
.comparable <- function(fit) {
    list(.table_of(fit), dim(fit@group), sort(fit@mixture$Markers$taxa),
        fit@mixture$Control[c("eta", "nu")])
}

# Whether each of some designs, by increasing number of columns, is part of the
# next: its terms are linear combinations of those of the next.
.are_nested <- function(designs) {
    columns <- vapply(designs, ncol, 1L)
    both <- Map(cbind, designs[-1L], designs[-length(designs)])
    all(diff(columns) > 0L, vapply(both, .rank, 1L) == columns[-1L])
}

# Likelihood ratio tests of nested fits with the same components.
.ratio_table <- function(fits) {
    for (fit in fits)
        .check_fit(fit, read = NULL)
    fits <- fits[order(vapply(fits, .parameters, numeric(1)))]
    of_variables <- lapply(fits, function(fit) fit@mixture$Concomitant)
    if (!.all_same(lapply(fits, .comparable)) || !.same_table(fits))
        .stop("anova() compares fits of the same samples and taxa with the ",
            "same number of components, markers and prior; for others use ",
            "laplace()")
    one <- matrix(1, .n_samples(fits[[1L]]), 1L)
    if (!.are_nested(lapply(of_variables, function(x) {
        if (is.null(x)) one else x$design
    })))
        .stop("anova() compares nested formulas, of which each has the ",
            "variables of the one before and more; for others use laplace()")
    nle <- vapply(fits, function(fit) fit@goodnessOfFit[["NLE"]], numeric(1))
    chisq <- c(NA, -2 * diff(nle))
    if (any(chisq < -0.01, na.rm = TRUE))
        warning("a fit with more variables has a worse optimum than one with ",
            "fewer: raise 'nstart', or try other seeds", call. = FALSE)
    more <- c(NA, diff(vapply(fits, .parameters, numeric(1))))
    table <- data.frame(NLE = nle, Df = more, Chisq = chisq,
        "Pr(>Chisq)" = stats::pchisq(pmax(chisq, 0), more, lower.tail = FALSE),
        check.names = FALSE)
    formulas <- vapply(of_variables, function(x) {
        if (is.null(x)) "~1" else .formula_text(x$formula)
    }, "")
    structure(table, heading = c(paste0("Likelihood ratio tests of the ",
        "weights of ", ncol(fits[[1L]]@group), " components\n"),
        paste(c(.wrapped(paste0("Model ", seq_along(fits), ": ", formulas)),
            ""), collapse = "\n")), class = c("anova", "data.frame"))
}
