# The variables of the samples on which weights depend: the arguments `formula`
# and `data`, and the design that they make, samples x terms. A design is part
# of `mixture$Concomitant` of a fit, a list of
#
#   formula, terms, xlevels, contrasts, assign   as in lm()
#   variables     names of the variables that have a value for each sample
#   total         counts of the samples
#   design        samples x terms
#   coefficients  terms x components but the first
#   covariance    of the same, by component

.has_concomitant <- function(object) !is.null(object@mixture$Concomitant)

# ... and whether the weights depend on anything.
.has_variables <- function(object) {
    length(attr(object@mixture$Concomitant$terms, "term.labels")) > 0L
}

.formula_text <- function(formula) {
    gsub(" +", " ", paste(deparse(formula), collapse = " "))
}

# ---- The design --------------------------------------------------------------

# The checked arguments `formula` and `data`: NULL, or a design. `count` is as
# the user gave it, and `totals` those of its samples, named by them.
.check_concomitant <- function(formula, data, count, totals) {
    n <- length(totals)
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
        data <- .check_variables(data, n, names(totals), "count")
    terms <- .use_variables(stats::terms(formula, data = data), data)
    x <- .design(.model_frame(terms, data, n), formula, n)
    x$variables <- .own_variables(terms, data, n)
    x$total <- unname(totals)
    dimnames(x$design) <- list(names(totals), colnames(x$design))
    x
}

.named_totals <- function(count) {
    stats::setNames(.totals(count)$rows, rownames(count))
}

# A design without the environment of its formula, to be sent to a worker or
# saved: this may hold all that a user has.
.without_environment <- function(concomitant) {
    if (!is.null(concomitant)) {
        environment(concomitant$formula) <- baseenv()
        environment(concomitant$terms) <- baseenv()
    }
    concomitant
}

# A fit with the formula of the design that it was made with.
.with_formula <- function(fit, concomitant) {
    parts <- c("formula", "terms")
    mixture <- fit@mixture
    if (!is.null(mixture$Concomitant))
        mixture$Concomitant[parts] <- concomitant[parts]
    slot(fit, "mixture", check = FALSE) <- mixture
    fit
}

# `data` as a data.frame whose rows are the samples of the argument `of`.
.check_variables <- function(data, n, samples, of) {
    table <- .check_data(data, n)
    given <- if (.row_names_info(table) > 0L) row.names(table)
    .check_same_order(given, samples, "data", of,
        sprintf("data[rownames(%s), ]", of))
    table
}

# The variables with a value for each of n samples, in `data` or where the
# formula was made; the other names are constants.
.own_variables <- function(terms, data, n) {
    names <- all.vars(terms)
    names[vapply(names, function(name) {
        name %in% names(data) ||
            NROW(get0(name, environment(terms))) == n
    }, NA)]
}

.model_frame <- function(terms, data, n, xlevels = NULL) {
    make <- function() {
        stats::model.frame(terms, data, na.action = stats::na.pass,
            xlev = xlevels, drop.unused.levels = is.null(xlevels))
    }
    frame <- .use_variables({
        classes <- attr(terms, "dataClasses")
        # R warns of what is not a factor; this is the error that says so
        if (!is.null(classes))
            stats::.checkMFClasses(classes, suppressWarnings(make()))
        make()
    }, data)
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
.use_variables <- function(code, data) {
    tryCatch(code, error = function(e) {
        .stop("the variables of 'formula' cannot be used: ",
            conditionMessage(e),
            if (is.null(data)) ". Pass them as 'data'")
    })
}

# R does not name a factor of one level.
.check_values <- function(frame) {
    values <- lapply(frame, function(x) {
        if (is.factor(x) || is.character(x)) unique(as.character(x))
    })
    one <- values[lengths(values) == 1L]
    if (length(one))
        .stop("the variables of 'formula' must have two values or more; found ",
            .describe(one[[1L]]), " only in ", names(one)[[1L]],
            ". Leave it out")
}

.model_matrix <- function(terms, frame, n, contrasts = NULL) {
    w <- .use_variables(stats::model.matrix(terms, if (length(frame)) frame
        else data.frame(row.names = seq_len(n)), contrasts.arg = contrasts),
        frame)
    bad <- !is.finite(w) | abs(w) > .largest_variable
    if (any(bad))
        .stop("the variables of 'formula' must be finite and at most ",
            .largest_variable, " in size; found ", w[bad][[1L]], " in ",
            colnames(w)[colSums(bad) > 0][[1L]])
    w
}

# Products of larger variables, or coefficients of smaller ones, overflow.
.largest_variable <- 1e100

.design <- function(frame, formula, n) {
    terms <- attr(frame, "terms")
    if (attr(terms, "intercept") == 0L)
        .stop("'formula' must have an intercept: leave out the 0 or - 1")
    if (!is.null(attr(terms, "offset")))
        .stop("'formula' must have no offset()")
    .check_values(frame)
    w <- .model_matrix(terms, frame, n)
    if (ncol(w) >= n)
        .stop("'formula' must have fewer terms than there are samples, ", n,
            "; found ", ncol(w), ". Is a number given as text?")
    range <- apply(w, 2L, function(x) diff(range(x)))
    small <- range > 0 & range < 1 / .largest_variable
    if (any(small))
        .stop("the variables of 'formula' must have other units: the range of ",
            colnames(w)[small][[1L]], " is ", format(range[small][[1L]]))
    rank <- .rank(w)
    if (rank < ncol(w))
        .stop("the terms of 'formula' must not depend on each other linearly; ",
            "found ", ncol(w), " terms of rank ", rank, " (",
            .first_few(colnames(w)), ")")
    list(formula = formula, terms = terms,
        xlevels = stats::.getXlevels(terms, frame),
        contrasts = attr(w, "contrasts"), assign = attr(w, "assign"),
        design = w)
}

# The columns of a design but the first with mean 0 and standard deviation 1, so
# that the units of variables do not matter. Coefficients b of them are
# back %*% b of the design.
.standard <- function(w) {
    mean <- c(0, colMeans(w[, -1L, drop = FALSE]))
    spread <- c(1, apply(w[, -1L, drop = FALSE], 2L, stats::sd))
    spread[spread == 0] <- 1
    back <- diag(1 / spread, ncol(w))
    back[1L, ] <- back[1L, ] - mean / spread
    list(w = (w - rep(mean, each = nrow(w))) / rep(spread, each = nrow(w)),
        back = back)
}

.rank <- function(w) qr(.standard(w)$w)$rank

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
    if (nrow(count) == 0L)
        return(matrix(0, 0L, ncol(object@group)))
    .log_weights(if (is.null(data))
        x$design[.samples_of_fit(x, count, arg), , drop = FALSE]
    else
        .new_design(x, count, data, arg), x$coefficients)
}

.new_design <- function(x, count, data, arg) {
    n <- nrow(count)
    data <- .check_variables(data, n, rownames(count), arg)
    # R would look for them where the formula was made
    absent <- setdiff(x$variables, names(data))
    if (length(absent))
        .stop("'data' must have the variables of ", .formula_text(x$formula),
            "; there is no ", .first_few(absent))
    frame <- .model_frame(x$terms, data, n, x$xlevels)
    .model_matrix(x$terms, frame, n, x$contrasts)
}

# The argument `data` of functions of a fit: by default the sample variables of
# the container of new counts, if they are those of the fit.
.variables_for <- function(object, data, count) {
    if (!is.null(data) || !.has_concomitant(object))
        return(data)
    found <- .sample_variables(count)
    if (.has_variables_of(object, found)) found
}

# Whether `data` has the variables of a fit made with `formula`.
.has_variables_of <- function(object, data) {
    .has_concomitant(object) && !is.null(data) &&
        all(object@mixture$Concomitant$variables %in% colnames(data))
}

# The same for the samples of a fit that has variables.
.log_weights_of_fit <- function(object) {
    x <- object@mixture$Concomitant
    .log_weights(x$design, x$coefficients)
}

# Which samples of the fit those of `count` are.
.samples_of_fit <- function(x, count, arg) {
    names <- rownames(x$design)
    at <- if (is.null(names) || anyDuplicated(names)) {
        if (nrow(count) == nrow(x$design) && identical(rownames(count), names))
            seq_along(x$total)
    } else {
        match(rownames(count), names)
    }
    if (length(at) != nrow(count) || anyNA(at) ||
        any(x$total[at] != .totals(count)$rows))
        .stop("'data' is missing: pass the variables of ",
            .formula_text(x$formula), " for the samples of '", arg, "'")
    at
}
