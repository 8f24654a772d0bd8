# Weights that depend on variables of the samples: multinomial logits, their fit
# together with the components, and the errors of their coefficients. A design w
# is samples x terms, and coefficients gamma are terms x components but the
# first, whose coefficients are 0.

# ---- Multinomial logits ------------------------------------------------------

# log of the weights, samples x components.
.log_weights <- function(w, gamma) {
    eta <- cbind(0, w %*% gamma)
    eta - .log_sum_exp(eta)
}

# A penalty of this times the sum of squares of the coefficients keeps them
# finite where variables separate components. It is a normal prior with standard
# deviation 100, in log odds for a standard deviation of a variable.
.ridge <- 1 / (2 * 100^2)

# The coefficients at which sum(z log pi) is largest.
.fit_weights <- function(w, z) {
    as_matrix <- function(gamma) matrix(gamma, ncol(w), ncol(z) - 1L)
    value <- function(gamma) {
        .ridge * sum(gamma^2) - sum(z * .log_weights(w, as_matrix(gamma)))
    }
    gradient <- function(gamma) {
        2 * .ridge * gamma +
            .weights_gradient(w, .log_weights(w, as_matrix(gamma)), z)
    }
    as_matrix(.minimum(numeric(ncol(w) * (ncol(z) - 1L)), value, gradient,
        nrow(w), 1e-8, 1000L)$par)
}

# The gradient of -sum(z log pi) in the coefficients.
.weights_gradient <- function(w, log_weights, z) {
    as.vector(crossprod(w, (exp(log_weights) - z)[, -1L]))
}

# The least value of a function of the coefficients for n samples, by BFGS,
# until the value changes by less than `change`. The first guess of the second
# derivatives is n / 10: it would be n pi_k (1 - pi_k) if the components were
# known, and is less.
.minimum <- function(from, value, gradient, n, change, iterations) {
    relative <- max(change / abs(value(from)), 1e-14)
    stats::optim(from, value, gradient, method = "BFGS", control = list(
        fnscale = n / 10, maxit = iterations, reltol = relative))
}

# A design in which the columns have mean square 1 and are orthogonal, so that
# neither units nor correlations of the variables matter. Coefficients b of it
# are back %*% b of the design. `first`, for each sample, is the first principal
# component of the standardised variables.
.orthogonal <- function(design) {
    standard <- .standard(design)
    w <- standard$w
    parts <- qr(w)
    size <- sqrt(nrow(w))
    list(w = size * qr.Q(parts),
        back = standard$back %*% backsolve(qr.R(parts), diag(size, ncol(w))),
        first = .first_component(w[, -1L, drop = FALSE]))
}

# The sign of a component is that which makes its first coefficient positive;
# rounding makes equal samples equal.
.first_component <- function(x) {
    if (ncol(x) == 0L)
        return(numeric(nrow(x)))
    v <- svd(x, 0, 1)$v
    round(drop(x %*% (v * sign(v[abs(v) > 1e-6][[1L]]))), 8L)
}

# ---- The fit -----------------------------------------------------------------

# The raw fit of the components at coefficients `gamma`, from responsibilities
# z, with the coefficients, and `Value` and `Gradient`, of NLE with the penalty.
.fit_at_weights <- function(gamma, z, pointer, w, settings, reassign = FALSE) {
    log_weights <- .log_weights(w, gamma)
    raw <- .call_fit(pointer, ncol(z), 1L, settings, "given", z, log_weights,
        reassign)$fit
    raw$Coefficients <- gamma
    raw$Value <- raw$GoodnessOfFit[["NLE"]] + .ridge * sum(gamma^2)
    raw$Gradient <- .weights_gradient(w, log_weights, raw$Group) +
        2 * .ridge * as.vector(gamma)
    raw
}

# From the raw fit `from` to the next optimum: NLE is a function of the
# coefficients if the components are the best for them, and BFGS finds its
# minimum.
.descend <- function(from, pointer, w, settings) {
    best <- last <- from
    iterations <- from$Iterations
    at <- function(gamma) {
        if (any(gamma != last$Coefficients)) {
            gamma <- matrix(gamma, ncol(w))
            last <<- .fit_at_weights(gamma, best$Group, pointer, w, settings)
            iterations <<- iterations + last$Iterations
            if (last$Value < best$Value)
                best <<- last
        }
        last
    }
    search <- .minimum(as.vector(from$Coefficients),
        function(gamma) at(gamma)$Value, function(gamma) at(gamma)$Gradient,
        nrow(w), settings$change, settings$control$max.iterations)
    best$Converged <- best$Converged && search$convergence == 0L
    best$Iterations <- iterations
    best
}

# From responsibilities z to an optimum, and on to better ones as long as the
# reassignment of samples finds them.
.fit_concomitant <- function(z, pointer, w, settings) {
    next_one <- .fit_at_weights(.fit_weights(w, z), z, pointer, w, settings)
    best <- list(Value = Inf)
    repeat {
        next_one <- .descend(next_one, pointer, w, settings)
        if (next_one$Value > best$Value - .same_optimum)
            return(best)
        best <- next_one
        next_one <- .fit_at_weights(best$Coefficients, best$Group, pointer, w,
            settings, reassign = TRUE)
        next_one$Iterations <- best$Iterations + next_one$Iterations
    }
}

# Samples are sorted into groups of equal size (1), and into groups of which the
# first are larger (2) or smaller (0.5).
.sorted_sizes <- c(1, 2, 0.5)

# The responsibilities of start `number` with variables: those of the fit
# without them, `z`; of samples sorted by them; and then of single starts
# without them, of these kinds in turn.
.start_with_variables <- function(number, z, pointer, basis, settings) {
    k <- ncol(z)
    if (number == 1L)
        return(list(kind = "given", z = z))
    number <- number - 1L
    if (number <= length(.sorted_sizes))
        return(list(kind = "sorted", z = .sorted_by(.sorted_sizes[[number]],
            basis$first, z)))
    kind <- c("labels", "seeds")[[1L + number %% 2L]]
    list(kind = kind,
        z = .call_fit(pointer, k, 1L, settings, kind)$fit$Group)
}

# The best of up to `nstart` starts with variables: the raw fit, with the record
# of the starts. They end as those without variables do (see starts()).
.best_concomitant <- function(z, pointer, basis, nstart, settings) {
    agree <- .agree_of(settings$control)
    best <- list(Value = Inf)
    record <- NULL
    for (number in seq_len(nstart)) {
        # a seed for each, derived from that of the fit
        settings$seed <- as.integer((settings$seed + 7919) %%
            .Machine$integer.max)
        start <- .start_with_variables(number, z, pointer, basis, settings)
        run <- .fit_concomitant(start$z, pointer, basis$w, settings)
        record <- rbind(record, data.frame(kind = start$kind,
            seed = settings$seed, samples = nrow(z),
            NLE = run$GoodnessOfFit[["NLE"]], iterations = run$Iterations,
            converged = run$Converged))
        if (run$Value < best$Value)
            best <- run
        if (.times_met(record) >= agree)
            break
    }
    best$Starts <- as.list(record)
    best
}

# Responsibilities of as many groups as `z` has components, most of each sample
# in its own. Samples are sorted by `first`, and by the components of `z` where
# that is the same.
.sorted_by <- function(size, first, z) {
    k <- ncol(z)
    own <- max.col(z, ties.method = "first")
    place <- rank(rank(first) * (k + 1) + own) / nrow(z)
    sorted <- matrix(0.2 / k, nrow(z), k)
    own <- cbind(seq_len(nrow(z)), pmin(pmax(ceiling(place^size * k), 1), k))
    sorted[own] <- sorted[own] + 0.8
    sorted
}

# The raw fit with its components by decreasing weight, closer to its optimum.
.finish_weights <- function(raw, pointer, w, settings) {
    order <- order(raw$Weight, decreasing = TRUE)
    gamma <- cbind(0, raw$Coefficients)[, order, drop = FALSE]
    sorted <- .fit_at_weights(gamma[, -1L, drop = FALSE] - gamma[, 1L],
        raw$Group[, order], pointer, w, settings)
    sorted$Iterations <- raw$Iterations + sorted$Iterations
    .descend(sorted, pointer, w, settings)
}

# ---- Errors ------------------------------------------------------------------

# The step of differences changes the log odds of no sample by more than this.
.difference_step <- 0.05

# If less is known of a direction in the coefficients of the orthogonal design
# than this error says, the variables separate components, and the coefficients
# are as good as infinite.
.largest_error <- 10

# The covariance of the coefficients of the design, by component. The score of
# the coefficients at the best parameters of the components is that of the
# profile likelihood. Its derivative, by central differences, is the
# information, which accounts for what is not known of the components and of the
# samples' membership.
.weights_covariance <- function(raw, pointer, basis, settings) {
    gamma <- raw$Coefficients
    step <- rep(.difference_step / apply(abs(basis$w), 2L, max), ncol(gamma))
    gradient <- function(i, step) {
        .fit_at_weights(replace(gamma, i, gamma[[i]] + step), raw$Group,
            pointer, basis$w, settings)$Gradient
    }
    info <- vapply(seq_along(gamma), function(i) {
        (gradient(i, step[[i]]) - gradient(i, -step[[i]])) / (2 * step[[i]])
    }, numeric(length(gamma)))
    .invert_information(matrix(info, length(gamma)),
        kronecker(diag(ncol(gamma)), basis$back))
}

# The covariance of back %*% x, where `info` is the information on x. It is NA
# for what depends on directions that are not known.
.invert_information <- function(info, back) {
    parts <- eigen((info + t(info)) / 2, symmetric = TRUE)
    known <- parts$values > .largest_error^-2
    back <- back %*% parts$vectors
    variance <- back^2 / rep(pmax(parts$values, 2 * .ridge), each = nrow(back))
    lost <- rowSums(variance[, !known, drop = FALSE]) > rowSums(variance) / 2
    back <- back[, known, drop = FALSE]
    covariance <- back %*% (t(back) / parts$values[known])
    covariance[lost, ] <- covariance[, lost] <- NA
    covariance
}

.warn_of_errors <- function(k) {
    warning("dmn(k = ", k, "): some standard errors of the coefficients of ",
        "'formula' are not known: the variables separate components, so that ",
        "the coefficients are as good as infinite, or the components are not ",
        "told apart", call. = FALSE)
}

# ---- The whole model ---------------------------------------------------------

# `settings` for fits with weights: EM goes on until NLE changes by less than
# `tolerance` and, relative to it, `relative`, so that NLE is smooth in the
# coefficients; the search for these until it changes by less than `change`.
.weights_settings <- function(settings, tolerance, relative, change) {
    control <- settings$control
    settings$control$tolerance <- min(control$tolerance, tolerance)
    settings$control$relative.tolerance <-
        min(control$relative.tolerance, relative)
    settings$change <- change
    settings
}

# `found`, list(fit, starts), a raw fit with constant weights and its starts, or
# the same with weights that depend on variables. `concomitant` is NULL or a
# design. One component has no weights to explain.
.add_concomitant <- function(found, pointer, concomitant, nstart, settings) {
    k <- ncol(found$fit$Group)
    if (is.null(concomitant) || k == 1L)
        return(found)
    basis <- .orthogonal(concomitant$design)
    best <- .best_concomitant(found$fit$Group, pointer, basis, nstart,
        .weights_settings(settings, 1e-8, 1e-13, 1e-4))
    settings <- .weights_settings(settings, 1e-10, 1e-14, 1e-8)
    fit <- .finish_weights(best, pointer, basis$w, settings)
    concomitant$coefficients <- matrix(basis$back %*% fit$Coefficients,
        ncol(basis$w), dimnames = list(colnames(concomitant$design),
            seq_len(k)[-1L]))
    concomitant$covariance <- .weights_covariance(fit, pointer, basis, settings)
    fit$Concomitant <- concomitant
    list(fit = fit, starts = best$Starts)
}

# Criteria with the coefficients that constant weights do not have. Each counts
# log(N) / 2, as with a prior that is worth one sample (Kass and Wasserman
# 1995).
.with_slopes <- function(value, concomitant) {
    if (is.null(concomitant))
        return(value)
    n <- nrow(concomitant$design)
    more <- length(concomitant$coefficients) - ncol(concomitant$coefficients)
    value[["LogDet"]] <- value[["LogDet"]] + more * log(2 * pi * n)
    value[c("Laplace", "BIC")] <- value[c("Laplace", "BIC")] + more * log(n) / 2
    value[["AIC"]] <- value[["AIC"]] + more
    value
}
