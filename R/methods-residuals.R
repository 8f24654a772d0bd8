#' Residuals of a fitted mixture
#'
#' Measures how far each count is from what the mixture expects, to check the
#' model: a taxon or sample with many large residuals is not described well.
#'
#' @details
#' Let `z` be the posterior probabilities of the components for a sample, `t`
#' the total of its counts, `p` the mean proportions of a taxon in the
#' components, and `A` the sums of the parameters of the components. Under the
#' mixture, the count `x` of the taxon in the sample has the mean
#' `mu = t sum(z p)` and the variance
#'
#' `sum(z t p (1 - p) (t + A) / (1 + A)) + t^2 (sum(z p^2) - sum(z p)^2)`
#'
#' where the sums are over the components.
#'
#' * `"pearson"` residuals are `(x - mu) / sqrt(variance)`.
#' * `"deviance"` residuals are like those of a generalised linear model:
#'   `sign(x - mu) sqrt(2 (l1 - l0))`. In a Dirichlet-multinomial the count of
#'   one taxon has a beta-binomial distribution, and `l0` is the log probability
#'   of the count under the mixture of these, with weights `z`. `l1` is the same
#'   with the taxon's mean proportion in every component set to the observed
#'   one, `x / t`, and with the same `A`. Because counts are discrete, `l1 - l0`
#'   can be negative; it is then set to 0. For rare taxa these residuals are
#'   less skewed than Pearson's.
#'
#' For fits with [markers()], the variances are those of their model, and
#' deviance residuals of taxa of the background are given the sum of the
#' background.
#'
#' @param object an object of class [DMN-class].
#' @param counts counts, samples x taxa, in any of the forms that [dmn()]
#'     takes: the table that the fit was made from, which the fit does not hold,
#'     or new samples. Taxa are matched by name, see
#'     [`predict()`][predict.DMN].
#' @param missing.taxa `"error"`, the default, or `"zero"`: what to do if the
#'     taxa of `counts` are not those of the fit, see
#'     [`predict()`][predict.DMN].
#' @param type `character(1)`, `"pearson"` (the default) or `"deviance"`.
#' @param ... not used; anything in it is an error.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     the counts are in a SummarizedExperiment.
#' @param data `NULL`, the default, or a data.frame with a row for each sample
#'     of `counts` and the variables of a fit made with `formula`, see
#'     [concomitant()]. Samples of the fit, known by their names, need none.
#' @return A numeric matrix, samples x taxa, with the row names of `counts` and
#'     the taxa in the order of the fit. The values have no unit, and most are
#'     between -2 and 2 if the model holds. The matrix is dense, even if
#'     `counts` is sparse.
#' @section Errors:
#' It is an error if `counts` is missing, if its taxa are not those of the fit,
#' unless `missing.taxa = "zero"`, and if it has a sample without counts in the
#' taxa of the fit.
#' @seealso [`simulate()`][simulate.DMN], for the distribution of any
#'     statistic under the model.
#' @examples
#' fit <- dmn(twins, 4, seed = 1)
#' r <- residuals(fit, twins)
#' mean(abs(r) > 2)
#' ## the genera that the mixture describes worst
#' head(sort(colMeans(r^2), decreasing = TRUE))
#' @importFrom stats residuals
#' @export
residuals.DMN <- function(object, counts, ...,
    type = c("pearson", "deviance"), missing.taxa = c("error", "zero"),
    assay.type = "counts", data = NULL) {
    .refuse_dots(..., .what = "residuals",
        .known = names(formals(residuals.DMN)))
    if (missing(counts))
        .stop("'counts' is missing: pass the table that the fit was made ",
            "from, which the fit does not hold")
    type <- .check_choice(type, "type", c("pearson", "deviance"))
    missing.taxa <- .check_missing_taxa(missing.taxa)
    .check_fit(object, read = "Estimate")
    alpha <- object@fit$Estimate
    data <- .variables_for(object, data, counts)
    counts <- .align_taxa(.as_new_samples(counts, "counts", assay.type), alpha,
        "counts", missing.taxa)
    counts <- .as_counts(counts, "counts")
    z <- predict.DMN(object, counts, data = data)
    x <- as.matrix(counts)
    moments <- .mixture_moments(z, rowSums(x), object)
    difference <- x - moments$mean
    value <- if (type == "pearson")
        difference / sqrt(moments$variance)
    else
        sign(difference) * sqrt(.deviance(x, z, object))
    # a taxon whose mean proportion is 1 has no variance
    value[moments$variance == 0] <- 0
    dimnames(value) <- dimnames(counts)
    value
}

# The mean and variance of each count.
.mixture_moments <- function(z, total, object) {
    alpha <- object@fit$Estimate
    size <- rep(colSums(alpha), each = nrow(alpha))
    share <- alpha / size
    spread <- share * (1 - share) / (1 + size)
    chosen <- .is_marker(object)
    # the variance of component k is t^2 spread + t size spread
    first <- size * spread
    if (!is.null(chosen)) {
        background <- .background_spread(object, !chosen)
        spread[!chosen, ] <- background$square
        first[!chosen, ] <- background$linear
    }
    mean <- z %*% t(share)
    within <- total * (total * (z %*% t(spread)) + z %*% t(first))
    between <- total^2 * pmax(z %*% t(share^2) - mean^2, 0)
    list(mean = total * mean, variance = within + between)
}

# The same two parts for the taxa of a background. Where a node of the tree has
# y reads, its parameters have the sum b, and q is the mean proportion of one
# category in it, the second moment of the category's count is
# q (1 - q) E(y^2 + b y) / (1 + b) + q^2 E(y^2). For the total t of a sample,
# E(y) is `mean` t, and E(y^2) is `square` t^2 + `linear` t.
.background_spread <- function(object, background) {
    size <- colSums(object@fit$Estimate)
    share <- colSums(object@fit$Estimate[background, , drop = FALSE]) / size
    spread <- share * (1 - share) / (1 + size)
    y <- list(mean = share, square = spread + share^2, linear = size * spread)
    left <- seq_len(sum(background))
    value <- list(square = matrix(0, length(left), length(size)))
    value$linear <- value$square
    for (level in .levels_of(object)) {
        sums <- if (!is.null(level$sums)) .split_moments(y, level$sums)
        own <- if (is.null(sums)) y else lapply(sums, function(x) x[2L, ])
        own <- .split_moments(own, level$alpha)
        taxa <- left[level$chosen]
        value$square[taxa, ] <- own$square - own$mean^2
        value$linear[taxa, ] <- own$linear
        left <- left[!level$chosen]
        y <- lapply(sums, function(x) x[1L, ])
    }
    value
}

.split_moments <- function(y, alpha) {
    b <- sum(alpha)
    q <- alpha / b
    list(mean = outer(q, y$mean),
        square = outer(q * (1 - q) / (1 + b) + q^2, y$square),
        linear = outer(q * (1 - q) / (1 + b), y$linear + b * y$mean) +
            outer(q^2, y$linear))
}

.deviance <- function(x, z, object) {
    if (!.has_markers(object))
        return(.branch_deviance(x, rowSums(x), z, object@fit$Estimate))
    branch <- .branch_parameters(object)
    chosen <- branch$chosen
    value <- x
    markers <- branch$markers
    rest <- rowSums(x[, !chosen, drop = FALSE])
    value[, chosen] <- .branch_deviance(cbind(x[, chosen, drop = FALSE], rest),
        rowSums(x), z, markers)[, -nrow(markers)]
    left <- which(!chosen)
    for (level in branch$levels) {
        own <- left[level$chosen]
        counts <- x[, own, drop = FALSE]
        value[, own] <- .branch_deviance(counts, rowSums(counts),
            matrix(1, nrow(x), 1L), cbind(level$alpha))
        left <- left[!level$chosen]
    }
    value
}

.branch_deviance <- function(x, total, z, alpha) {
    observed <- fitted <- matrix(-Inf, nrow(x), ncol(x))
    for (k in seq_len(ncol(alpha))) {
        size <- sum(alpha[, k])
        weight <- log(z[, k])
        # the binomial coefficients cancel
        fitted <- .log_add(fitted, weight + .log_beta_binomial(x, total,
            rep(alpha[, k], each = nrow(x)), size))
        observed <- .log_add(observed, weight + .log_beta_binomial(x, total,
            size * x / pmax(total, 1), size))
    }
    2 * pmax(observed - fitted, 0)
}

# log(exp(a) + exp(b)) of two arrays, which may hold -Inf.
.log_add <- function(a, b) {
    sum <- pmax(a, b)
    finite <- is.finite(sum)
    sum[finite] <- sum[finite] +
        log1p(exp(-abs(a[finite] - b[finite])))
    sum
}

# Log probability of `x` reads of a taxon out of `total`, without the binomial
# coefficient. The parameters are `a` for the taxon and `size - a` for the
# others.
.log_beta_binomial <- function(x, total, a, size) {
    rising <- function(a, n) {
        value <- lgamma(a + n) - lgamma(a)
        value[n == 0] <- 0
        value
    }
    # gives the result the dimensions of `x`
    value <- x
    value[] <- rising(a, as.vector(x)) +
        rising(size - a, as.vector(total - x)) -
        rep(rising(rep(size, length(total)), total), ncol(x))
    value
}
