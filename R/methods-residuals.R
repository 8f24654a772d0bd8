#' Residuals of a fitted mixture
#'
#' How far each count is from what the mixture expects of it, for checking the
#' model: taxa or samples with many large residuals are not described by it.
#'
#' @details
#' Given sample i's probabilities `z` of belonging to each component, taxon j
#' has under the mixture the mean `mu = t sum(z p)`, where `t` is the
#' sample's total and `p` are the taxon's mean proportions in the components,
#' and, with `A` the sums of the components' parameters, the variance
#'
#' `sum(z t p (1 - p) (t + A) / (1 + A)) + t^2 (sum(z p^2) - sum(z p)^2)`
#'
#' * `"pearson"` residuals are `(x - mu) / sqrt(variance)`.
#' * `"deviance"` residuals are like those of a generalised linear model,
#'   `sign(x - mu) sqrt(2 (l1 - l0))`. Each count's log probability `l0` is
#'   that of a mixture, by `z`, of beta-binomials, which the counts of one taxon
#'   are in a Dirichlet-multinomial, and `l1` the same with the taxon's mean
#'   proportions all moved to the one observed, `x / t`, and the same `A`. A
#'   negative `l1 - l0`, which the discreteness of counts can cause, counts
#'   as 0. They are less skewed than Pearson's for rare taxa.
#'
#' @param object an object of class [DMN-class].
#' @param counts counts, samples x taxa, in any of the forms that [dmn()]
#'     takes: those of the fit, which does not hold them, or new ones. Taxa are
#'     matched by name, see [`predict()`][predict.DMN].
#' @param type `character(1)`, `"pearson"` (the default) or `"deviance"`.
#' @param ... not used; anything in it is an error.
#' @return A numeric matrix, samples x taxa, with the names of `counts`. Values
#'     have no unit; most are between -2 and 2 where the model holds. The
#'     result is not sparse where `counts` are.
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
    type = c("pearson", "deviance")) {
    .refuse_dots(..., .what = "residuals",
        .known = names(formals(residuals.DMN)))
    if (missing(counts))
        .stop("'counts' is missing: pass the table that the fit was made ",
            "from, which the fit does not hold")
    type <- .check_choice(type, "type", c("pearson", "deviance"))
    alpha <- object@fit$Estimate
    counts <- .align_taxa(.as_new_samples(counts, "counts"), rownames(alpha),
        nrow(alpha), "counts")
    counts <- .as_counts(counts, "counts")
    z <- predict.DMN(object, counts)
    x <- as.matrix(counts)
    moments <- .mixture_moments(z, rowSums(x), alpha)
    difference <- x - moments$mean
    value <- if (type == "pearson")
        difference / sqrt(moments$variance)
    else
        sign(difference) * sqrt(.deviance(x, z, alpha))
    # a taxon that holds all reads, in one component, has no variance
    value[moments$variance == 0] <- 0
    dimnames(value) <- dimnames(counts)
    value
}

.mixture_moments <- function(z, total, alpha) {
    size <- rep(colSums(alpha), each = nrow(alpha))
    share <- alpha / size
    spread <- share * (1 - share) / (1 + size)
    mean <- z %*% t(share)
    within <- total * (total * (z %*% t(spread)) + z %*% t(size * spread))
    between <- total^2 * pmax(z %*% t(share^2) - mean^2, 0)
    list(mean = total * mean, variance = within + between)
}

.deviance <- function(x, z, alpha) {
    total <- rowSums(x)
    observed <- fitted <- matrix(-Inf, nrow(x), ncol(x))
    for (k in seq_len(ncol(alpha))) {
        size <- sum(alpha[, k])
        weight <- log(z[, k])
        # the binomial coefficients cancel
        fitted <- .log_add(fitted, weight + .log_beta_binomial(x, total,
            rep(alpha[, k], each = nrow(x)), size))
        observed <- .log_add(observed, weight + .log_beta_binomial(x, total,
            size * x / total, size))
    }
    2 * pmax(observed - fitted, 0)
}

# log(exp(a) + exp(b)), with `a` an array that may hold -Inf, as `b`
.log_add <- function(a, b) {
    sum <- pmax(a, b)
    finite <- is.finite(sum)
    sum[finite] <- sum[finite] +
        log1p(exp(-abs(a[finite] - b[finite])))
    sum
}

# Without the binomial coefficient; `a` of the reads `x`, `size - a` of others.
.log_beta_binomial <- function(x, total, a, size) {
    rising <- function(a, n) {
        value <- lgamma(a + n) - lgamma(a)
        value[n == 0] <- 0
        value
    }
    # dimensions by `x`
    value <- x
    value[] <- rising(a, as.vector(x)) +
        rising(size - a, as.vector(total - x)) -
        rep(rising(rep(size, length(total)), total), ncol(x))
    value
}
