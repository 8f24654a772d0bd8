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
#' **Fit.** The fit begins at the best optimum of the mixture without variables
#' and, if `nstart > 1`, at two single starts and, in three ways, at samples
#' sorted by the variables; the best optimum is the fit. EM runs at the present
#' weights, then Newton's method finds the coefficients at the present
#' probabilities of the components, and so on until NLE changes by less than
#' 1e-8. There is no prior on the coefficients; where variables separate
#' components, a ridge of a millionth of a sample keeps them finite, and
#' standard errors may be unknown, with a warning.
#'
#' **Standard errors** come from the full information of the model: they account
#' for what is not known of the components and of the samples' membership. The
#' score of the coefficients at the best parameters of the components is
#' differenced numerically.
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
#' `anova()` is given fits that are not of the same samples and components.
#' [dmn()] refuses variables with missing or infinite values, terms that depend
#' on each other linearly, and a formula without an intercept.
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
#' @seealso [dmn()]
#' @examples
#' data <- data.frame(bmi = relevel(factor(twinsBMI), "Lean"))
#' fit <- dmn(twins, 3, seed = 1, formula = ~ bmi, data = data)
#' concomitant(fit)
#' anova(fit)
#' anova(dmn(twins, 3, seed = 1), fit)
#' @name concomitant
NULL

# Concomitant variables: mixtures whose weights depend on variables of the
# samples. `mixture$Concomitant` of such a fit is a list of
#
#   formula, terms, xlevels, contrasts, assign   of the variables, as in lm()
#   total                                counts of the samples
#   coefficients                         terms x components but the first
#   covariance                           of the same, by component
#   weights                              samples x components: the weights

.has_concomitant <- function(object) !is.null(object@mixture$Concomitant)

.formula_text <- function(formula) paste(deparse(formula), collapse = " ")

# ---- The design --------------------------------------------------------------

# The checked arguments `formula` and `data`: NULL, or a list with the design,
# samples x terms. `count` is as the user gave it, and `samples` its row names.
.check_concomitant <- function(formula, data, count, n, samples) {
    if (is.null(formula)) {
        if (!is.null(data))
            .stop("'data' has the variables of 'formula', which is missing")
        return(NULL)
    }
    if (!inherits(formula, "formula") || length(formula) != 2L)
        .stop("'formula' must be a formula without a left side, such as ",
            "~ bmi + age; found ", if (inherits(formula, "formula"))
                .formula_text(formula)
            else .describe(formula))
    if (is.null(data))
        data <- .sample_variables(count)
    if (!is.null(data))
        data <- .check_variables(data, n, samples, "count")
    frame <- .model_frame(stats::terms(formula, data = data), data, n)
    .design(frame, formula, n)
}

# `data` as a data.frame whose rows are the samples of the argument `of`.
.check_variables <- function(data, n, samples, of) {
    table <- .check_data(data, n)
    given <- if (.row_names_info(table) > 0L) row.names(table)
    .check_same_order(given, samples, "data", of,
        sprintf("data[rownames(%s), ]", of))
    table
}

.model_frame <- function(terms, data, n, xlevels = NULL) {
    frame <- .use_variables({
        frame <- stats::model.frame(terms, data, na.action = stats::na.pass,
            xlev = xlevels, drop.unused.levels = is.null(xlevels))
        classes <- attr(terms, "dataClasses")
        if (!is.null(classes))
            stats::.checkMFClasses(classes, frame)
        frame
    })
    missing <- vapply(frame, anyNA, NA)
    if (any(missing))
        .stop("the variables of 'formula' must have no missing values; found ",
            .plural(sum(is.na(frame[[which(missing)[[1L]]]])), "NA", "NA"),
            " in ", names(frame)[missing][[1L]], ". Leave out those samples")
    if (length(frame) && nrow(frame) != n)
        .stop("the variables of 'formula' must have a value for each of the ",
            .plural(n, "sample"), "; found ", nrow(frame))
    frame
}

# What R says of variables that it cannot use.
.use_variables <- function(code) {
    tryCatch(code, error = function(e) {
        .stop("the variables of 'formula' cannot be used: ",
            conditionMessage(e))
    })
}

.model_matrix <- function(terms, frame, n, contrasts = NULL) {
    w <- .use_variables(stats::model.matrix(terms, if (length(frame)) frame
        else data.frame(row.names = seq_len(n)), contrasts.arg = contrasts))
    bad <- !is.finite(w)
    if (any(bad))
        .stop("the variables of 'formula' must be finite; found ",
            w[bad][[1L]], " in ", colnames(w)[colSums(bad) > 0][[1L]])
    w
}

.design <- function(frame, formula, n) {
    terms <- attr(frame, "terms")
    if (attr(terms, "intercept") == 0L)
        .stop("'formula' must have an intercept: leave out the 0 or - 1")
    if (!is.null(attr(terms, "offset")))
        .stop("'formula' must have no offset()")
    w <- .model_matrix(terms, frame, n)
    if (ncol(w) >= n)
        .stop("'formula' must have fewer terms than there are samples, ", n,
            "; found ", ncol(w), ". Is a number given as text?")
    rank <- qr(.standard(w)$w)$rank
    if (rank < ncol(w))
        .stop("the terms of 'formula' must not depend on each other linearly; ",
            "found ", ncol(w), " terms of rank ", rank, " (",
            .first_few(colnames(w)), ")")
    list(formula = formula, terms = terms,
        xlevels = stats::.getXlevels(terms, frame),
        contrasts = attr(w, "contrasts"), assign = attr(w, "assign"),
        design = w)
}

# The design with columns of mean 0 and standard deviation 1, but for the
# intercept, so that the units of variables do not matter. Coefficients b of it
# are back %*% b of the design.
.standard <- function(w) {
    mean <- c(0, colMeans(w[, -1L, drop = FALSE]))
    spread <- c(1, apply(w[, -1L, drop = FALSE], 2L, stats::sd))
    spread[spread == 0] <- 1
    back <- diag(1 / spread, ncol(w))
    back[1L, ] <- back[1L, ] - mean / spread
    list(w = (w - rep(mean, each = nrow(w))) / rep(spread, each = nrow(w)),
        back = back)
}

# ---- Multinomial logits ------------------------------------------------------

# log of the weights, samples x components; those of the first component have
# coefficients 0.
.log_weights <- function(w, gamma) {
    eta <- cbind(0, w %*% gamma)
    eta - .log_sum_exp(eta)
}

# The information of `gamma` if the components were known, by component.
.weights_information <- function(w, pi) {
    k <- ncol(pi) - 1L
    q <- ncol(w)
    info <- matrix(0, k * q, k * q)
    for (a in seq_len(k))
        for (b in seq_len(a)) {
            v <- pi[, a + 1L] * ((a == b) - pi[, b + 1L])
            at <- list((a - 1L) * q + seq_len(q), (b - 1L) * q + seq_len(q))
            info[at[[1L]], at[[2L]]] <- crossprod(w, w * v)
            info[at[[2L]], at[[1L]]] <- t(info[at[[1L]], at[[2L]]])
        }
    info
}

# The maximum of sum(z log pi) over `gamma`, by Newton's method. A ridge of a
# millionth of a sample keeps it finite where the variables separate the
# components.
.fit_weights <- function(w, z) {
    gamma <- matrix(0, ncol(w), ncol(z) - 1L)
    ridge <- 1e-6 * diag(length(gamma))
    value <- function(gamma) {
        sum(z * .log_weights(w, gamma)) - 5e-7 * sum(gamma^2)
    }
    now <- value(gamma)
    for (step in seq_len(100L)) {
        pi <- exp(.log_weights(w, gamma))
        score <- crossprod(w, (z - pi)[, -1L, drop = FALSE]) - 1e-6 * gamma
        move <- solve(.weights_information(w, pi) + ridge, as.vector(score))
        size <- 1
        repeat {
            trial <- gamma + size * move
            then <- value(trial)
            if (then >= now - 1e-12 * abs(now) || size < 1e-10)
                break
            size <- size / 2
        }
        gamma <- trial
        gain <- then - now
        now <- then
        if (gain < 1e-12 * (1 + abs(now)))
            break
    }
    gamma
}

# ---- The fit -----------------------------------------------------------------

# EM alternates between the components, given the weights of each sample, and
# the weights, given the probabilities of the components, until NLE changes by
# less than this.
.weights_tolerance <- 1e-8
.weights_rounds <- 500L

# One fit of the components at given log weights, from responsibilities z.
.fit_at_weights <- function(pointer, log_weights, z, settings) {
    .call_fit(pointer, ncol(z), 1L, settings, "given", z, log_weights)$fit
}

# From responsibilities z to the optimum: a raw fit with `Coefficients`, whose
# components are by decreasing weight.
.fit_concomitant <- function(z, pointer, w, settings) {
    nle <- Inf
    iterations <- 0L
    for (round in seq_len(.weights_rounds)) {
        gamma <- .fit_weights(w, z)
        raw <- .fit_at_weights(pointer, .log_weights(w, gamma), z, settings)
        # the order of the components may have changed
        z <- raw$Group
        iterations <- iterations + raw$Iterations
        change <- nle - raw$GoodnessOfFit[["NLE"]]
        nle <- raw$GoodnessOfFit[["NLE"]]
        if (abs(change) < max(.weights_tolerance, 1e-13 * abs(nle)))
            break
    }
    raw$Converged <- raw$Converged && round < .weights_rounds
    raw$Iterations <- iterations
    raw$Coefficients <- .fit_weights(w, z)
    raw
}

# The starts with the variables, beside that from the optimum without them.
.weights_starts <- c("seeds", "labels")

# Samples are sorted into groups of equal size (1), and into groups of which the
# first are larger (2) or smaller (0.5).
.sorted_sizes <- c(1, 2, 0.5)

# The best optimum from several responsibilities: those of the fit without
# variables, of single starts, and of samples sorted by the variables.
.best_concomitant <- function(pointer, w, fit, settings) {
    k <- ncol(fit@group)
    from <- list(unname(fit@group))
    if (fit@mixture$NStart > 1L)
        from <- c(from, .from_starts(pointer, k, settings),
            lapply(.sorted_sizes, .sorted_by, w = w, k = k))
    runs <- lapply(from, .fit_concomitant, pointer = pointer, w = w,
        settings = settings)
    nle <- vapply(runs, function(run) run$GoodnessOfFit[["NLE"]], 0)
    runs[[which.min(nle)]]
}

.from_starts <- function(pointer, k, settings) {
    lapply(seq_along(.weights_starts), function(i) {
        # a seed for each, derived from that of the fit
        settings$seed <- as.integer((settings$seed + 7919 * i) %%
            .Machine$integer.max)
        .call_fit(pointer, k, 1L, settings, .weights_starts[[i]])$fit$Group
    })
}

# Responsibilities of k groups along the first principal component of the
# variables, most of each sample in its own.
.sorted_by <- function(size, w, k) {
    first <- if (ncol(w) > 1L)
        drop(w %*% c(0, svd(w[, -1L, drop = FALSE], 0, 1)$v))
    else
        numeric(nrow(w))
    place <- rank(first, ties.method = "average") / nrow(w)
    group <- ceiling(place^size * k)
    z <- matrix(0.2 / k, nrow(w), k)
    own <- cbind(seq_len(nrow(w)), pmin(pmax(group, 1), k))
    z[own] <- z[own] + 0.8
    z
}

# ---- Errors ------------------------------------------------------------------

# The step of differences, in standard errors of the coefficients if the
# components were known, and at most in log odds for a standard deviation of the
# variable.
.difference_step <- 0.1

# Coefficients of standardised variables whose errors would be larger even if
# the components were known: the variable separates components, and they are as
# good as infinite.
.largest_error <- 10

# The covariance of the coefficients, by component; `w` is standardised. The
# score of the coefficients at the best parameters of the components is that of
# the profile likelihood. Its derivative, by central differences, is the
# information, which accounts for what is not known of the components and of the
# samples' membership.
.weights_covariance <- function(pointer, w, raw, settings) {
    gamma <- raw$Coefficients
    known <- .weights_information(w, exp(.log_weights(w, gamma)))
    ridge <- 1e-6 * diag(length(gamma))
    error <- sqrt(diag(solve(known + ridge)))
    finite <- which(error < .largest_error)
    covariance <- matrix(NA_real_, length(gamma), length(gamma))
    settings$control[c("tolerance", "relative.tolerance")] <- list(1e-11, 0)
    settings$control$max.iterations <- 10000L
    score <- function(gamma) {
        log_weights <- .log_weights(w, gamma)
        z <- .fit_at_weights(pointer, log_weights, raw$Group, settings)$Group
        # components of nearly equal weight may change places
        to <- max.col(crossprod(raw$Group, z), ties.method = "first")
        if (!anyDuplicated(to))
            z <- z[, to]
        as.vector(crossprod(w, (z - exp(log_weights))[, -1L, drop = FALSE]))
    }
    info <- vapply(finite, function(i) {
        step <- min(.difference_step / sqrt(known[i, i]), .difference_step)
        move <- replace(numeric(length(gamma)), i, step)
        (score(gamma - move) - score(gamma + move))[finite] / (2 * step)
    }, numeric(length(finite)))
    info <- matrix(info, length(finite))
    value <- tryCatch(chol2inv(chol((info + t(info)) / 2)),
        error = function(e) NULL)
    if (!is.null(value))
        covariance[finite, finite] <- value
    if (is.null(value) || length(finite) < length(gamma))
        warning("some standard errors of the coefficients of 'formula' are ",
            "not known: the variables separate components, so that the ",
            "coefficients are as good as infinite, or the components are not ",
            "told apart", call. = FALSE)
    covariance
}

# The same for the coefficients of the design as it was given. What depends on
# an unknown one is not known.
.transform_covariance <- function(covariance, back, k) {
    all <- kronecker(diag(k), back)
    known <- !is.na(diag(covariance))
    part <- all[, known, drop = FALSE]
    value <- part %*% covariance[known, known, drop = FALSE] %*% t(part)
    lost <- rowSums(all[, !known, drop = FALSE] != 0) > 0
    value[lost, ] <- NA
    value[, lost] <- NA
    value
}

# ---- The fit as dmn() returns it ---------------------------------------------

# One component has no weights to explain.
.add_concomitant <- function(table, fit, concomitant, settings) {
    k <- ncol(fit@group)
    if (k == 1L)
        return(fit)
    names <- colnames(concomitant$design)
    standard <- .standard(concomitant$design)
    w <- standard$w
    parts <- .concomitant_parts(table, fit, settings)
    raw <- .best_concomitant(parts$pointer, w, fit, settings)
    with <- parts$finish(raw)
    concomitant$design <- NULL
    concomitant$coefficients <- matrix(standard$back %*% raw$Coefficients,
        ncol(w), dimnames = list(names, colnames(with@group)[-1L]))
    concomitant$covariance <- .transform_covariance(
        .weights_covariance(parts$pointer, w, raw, settings), standard$back,
        k - 1L)
    concomitant$weights <- exp(.log_weights(w, raw$Coefficients))
    dimnames(concomitant$weights) <- dimnames(with@group)
    mixture <- with@mixture
    mixture[c("NStart", "Starts")] <- fit@mixture[c("NStart", "Starts")]
    mixture$Concomitant <- concomitant
    slot(with, "mixture", check = FALSE) <- mixture
    slot(with, "goodnessOfFit", check = FALSE) <- .with_slopes(
        with@goodnessOfFit, (k - 1) * (ncol(w) - 1), nrow(w))
    with
}

# The table of the mixture, all taxa or those of the first branch, and a
# function that makes a DMN of a raw fit to it.
.concomitant_parts <- function(table, fit, settings) {
    chosen <- .is_marker(fit)
    if (is.null(chosen))
        return(list(pointer = table$table, finish = function(raw) {
            .as_dmn(raw, table$dimnames, settings$seed, settings$optimizer,
                settings$control)
        }))
    parts <- .Call(R_dmm_table_split, table$table, chosen, ncol(fit@group),
        settings$num.threads)
    list(pointer = parts$markers, finish = function(raw) {
        background <- .call_fit(parts$background, 1L, 1L, settings)
        branches <- list(chosen = chosen, markers = raw,
            background = background$fit, starts = list(NLE = numeric()))
        .join_branches(table, branches, .gains(table, branches, settings),
            fit@mixture$Markers$selected, settings)
    })
}

# Criteria with `more` coefficients than constant weights have. Each counts
# log(N) / 2, as with a prior that is worth one sample (Kass and Wasserman
# 1995).
.with_slopes <- function(value, more, n) {
    value[["LogDet"]] <- value[["LogDet"]] + more * log(2 * pi * n)
    value[c("Laplace", "BIC")] <- value[c("Laplace", "BIC")] + more * log(n) / 2
    value[["AIC"]] <- value[["AIC"]] + more
    value
}

# ---- New samples -------------------------------------------------------------

# log of the weights for other samples, or NULL if they are constant. Without
# `data`, samples of the fit, known by name and total, have those that they had
# there.
.log_weights_of <- function(object, count, data, arg = "newdata") {
    x <- object@mixture$Concomitant
    if (is.null(x)) {
        if (!is.null(data) && ncol(object@group) > 1L)
            .stop("'data' has the variables of a fit made with 'formula'; ",
                "'object' has none")
        return(NULL)
    }
    n <- nrow(count)
    if (n == 0L)
        return(matrix(0, 0L, ncol(object@group)))
    if (is.null(data)) {
        at <- .samples_of_fit(x, count)
        if (anyNA(at))
            .stop("'data' is missing: pass the variables of ",
                .formula_text(x$formula), " for the samples ",
                "of '", arg, "'")
        return(log(unname(x$weights[at, , drop = FALSE])))
    }
    frame <- .model_frame(x$terms, .check_variables(data, n, rownames(count),
        arg), n, x$xlevels)
    .log_weights(.model_matrix(x$terms, frame, n, x$contrasts),
        x$coefficients)
}

# The argument `data` of functions of a fit: by default the sample variables of
# the container of new counts, if the fit has use for them.
.variables_for <- function(object, data, count) {
    if (is.null(data) && .has_concomitant(object))
        .sample_variables(count)
    else
        data
}

# Which samples of the fit those of `count` are, or NA.
.samples_of_fit <- function(x, count) {
    total <- .totals(count)$rows
    names <- rownames(x$weights)
    at <- if (!is.null(rownames(count)) && !is.null(names) &&
        !anyDuplicated(names))
        match(rownames(count), names)
    else if (nrow(count) == nrow(x$weights) &&
        identical(rownames(count), names))
        seq_len(nrow(count))
    else
        rep(NA_integer_, nrow(count))
    at[is.na(at) | x$total[at] != total] <- NA
    at
}

# ---- Reading -----------------------------------------------------------------

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
    error <- sqrt(diag(x$covariance))
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
    rows <- lapply(seq_along(labels), function(i) {
        at <- rep(x$assign == i, k)
        estimate <- as.vector(x$coefficients)[at]
        covariance <- x$covariance[at, at]
        chisq <- if (anyNA(covariance)) NA_real_
            else drop(estimate %*% solve(covariance, estimate))
        data.frame(Df = sum(at), Chisq = chisq,
            "Pr(>Chisq)" = stats::pchisq(chisq, sum(at), lower.tail = FALSE),
            check.names = FALSE)
    })
    table <- do.call(rbind, rows)
    if (is.null(table))
        .stop("'object' has no variables to test: its formula is ",
            .formula_text(x$formula))
    row.names(table) <- labels
    structure(table, heading = paste0("Wald tests of what the weights of ",
        k + 1L, " components depend on\n"), class = c("anova", "data.frame"))
}

# What fits must have in common to be compared.
.comparable <- function(fit) {
    list(dim(fit@group), .samples_of(fit), dim(fit@fit$Estimate),
        rownames(fit@fit$Estimate), sort(fit@mixture$Markers$taxa),
        fit@mixture$Control[c("eta", "nu")])
}

.variables_of <- function(fit) {
    attr(fit@mixture$Concomitant$terms, "term.labels")
}

# Likelihood ratio tests of nested fits with the same components.
.ratio_table <- function(fits) {
    for (fit in fits)
        .check_fit(fit, read = NULL)
    df <- vapply(fits, .parameters, numeric(1))
    fits <- fits[order(df)]
    df <- sort(df)
    same <- vapply(fits, function(fit) {
        identical(.comparable(fit), .comparable(fits[[1L]]))
    }, NA)
    if (!all(same))
        .stop("anova() compares fits of the same samples and taxa with the ",
            "same number of components, markers and prior; for others use ",
            "laplace()")
    labels <- lapply(fits, .variables_of)
    nested <- mapply(function(a, b) all(a %in% b), labels[-length(fits)],
        labels[-1L])
    if (!all(nested) || any(diff(df) <= 0))
        .stop("anova() compares nested formulas, of which each has the ",
            "variables of the one before and more; for others use laplace()")
    nle <- vapply(fits, function(fit) fit@goodnessOfFit[["NLE"]], numeric(1))
    chisq <- c(NA, -2 * diff(nle))
    if (any(chisq < -0.01, na.rm = TRUE))
        warning("a fit with more variables has a worse optimum than one with ",
            "fewer: raise 'nstart', or try other seeds", call. = FALSE)
    more <- c(NA, diff(df))
    table <- data.frame(NLE = nle, Df = more, Chisq = chisq,
        "Pr(>Chisq)" = stats::pchisq(pmax(chisq, 0), more, lower.tail = FALSE),
        check.names = FALSE)
    row.names(table) <- make.unique(vapply(fits, function(fit) {
        if (.has_concomitant(fit))
            .formula_text(fit@mixture$Concomitant$formula)
        else
            "~ 1"
    }, ""))
    structure(table, heading = paste0("Likelihood ratio tests of the weights ",
        "of ", ncol(fits[[1L]]@group), " components\n"),
        class = c("anova", "data.frame"))
}
