#' Draw samples from a mixture
#'
#' `rdmn()` draws counts from a mixture of Dirichlet-multinomials with given
#' parameters, and `simulate()` from a fitted mixture.
#'
#' @details
#' For each sample, a component is drawn by `weight`. Then the proportions of
#' the taxa are drawn from the Dirichlet distribution whose parameters are the
#' component's column of `alpha`, and finally `size` reads by these proportions.
#' The gamma variates from which the proportions are made are drawn on the log
#' scale. This keeps them from all becoming 0 where parameters are far below 1.
#'
#' @param n `numeric(1)`, a whole number >= 0: the number of samples to draw.
#' @param alpha Dirichlet parameters, finite and > 0: a numeric matrix, taxa x
#'     components, or a numeric vector for one component.
#' @param weight numeric, >= 0 and not all 0, one for each component. The
#'     weights are divided by their sum. With `NULL`, the default, all
#'     components have the same weight.
#' @param size whole numbers >= 1: the number of reads in each sample, either
#'     one number for all samples or one for each. With `rowSums(count)`, the
#'     new samples have the numbers of reads of those in `count`. The default of
#'     `simulate()` is 1,000, because a fit does not hold the numbers of reads
#'     of its samples.
#' @return `rdmn()`: an integer matrix of counts, samples x taxa. Its column
#'     names are the row names of `alpha`. Its attribute `"component"` is the
#'     component that each sample was drawn from: an integer vector, or a factor
#'     if the columns of `alpha` have names other than their numbers.
#'
#' `simulate()`: a list of `nsim` such matrices, named `sim_1`, `sim_2` and so
#' on, each with as many rows as the fit has samples. Its attribute `"seed"` is
#' `seed`, or, if that is `NULL`, the state of R's generator before the call, as
#' for [stats::simulate()].
#' @section Errors:
#' It is an error if `alpha`, `weight` or `size` has values outside its range,
#' or another length than is described above.
#' @seealso [dmn()], [residuals.DMN()]
#' @examples
#' ## two kinds of community
#' alpha <- cbind(c(9, 3, 1, 1), c(1, 2, 6, 1))
#' rownames(alpha) <- c("a", "b", "c", "d")
#' set.seed(1)
#' count <- rdmn(200, alpha, weight = c(0.7, 0.3), size = 500)
#' head(count, 3)
#' fit <- dmn(count, 2, seed = 1)
#' mixturewt(fit)
#' table(attr(count, "component"), mixture(fit, assign = TRUE))
#'
#' ## is the NLE of the data among the NLEs of data drawn from the fit?
#' drawn <- simulate(fit, nsim = 3, seed = 1, size = 500)
#' vapply(drawn, function(x) dmn(x, 2, seed = 1)@goodnessOfFit[["NLE"]], 0)
#' goodnessOfFit(fit)[["NLE"]]
#' @export
rdmn <- function(n, alpha, weight = NULL, size) {
    n <- .check_whole(n, "n", 0L)
    alpha <- .check_alpha(alpha)
    weight <- .check_weight(weight, ncol(alpha))
    if (missing(size))
        .stop("'size' is missing: pass the number of reads of each sample")
    size <- .check_size(size, n)
    .draw_mixture(n, function(k, size) .draw_sample(alpha[, k], size), weight,
        size, alpha)
}

# n samples, of which `draw(k, size)` draws one from component k. `weight` may
# have a row for each sample. `alpha` has the number and the names of the taxa
# and components.
.draw_mixture <- function(n, draw, weight, size, alpha) {
    component <- if (is.matrix(weight))
        vapply(seq_len(n), function(i) {
            sample.int(ncol(alpha), 1L, prob = weight[i, ])
        }, 1L)
    else
        sample.int(ncol(alpha), n, replace = TRUE, prob = weight)
    count <- vapply(seq_len(n), function(i) draw(component[[i]], size[[i]]),
        integer(nrow(alpha)))
    count <- matrix(count, n, nrow(alpha), byrow = TRUE,
        dimnames = if (!is.null(rownames(alpha))) list(NULL, rownames(alpha)))
    if (.are_labels(colnames(alpha)))
        component <- factor(colnames(alpha)[component], colnames(alpha))
    structure(count, component = component)
}

# A function that draws the counts of one sample from component k of a fit.
.drawer <- function(object) {
    alpha <- object@fit$Estimate
    if (!.has_markers(object))
        return(function(k, size) .draw_sample(alpha[, k], size))
    branch <- .branch_parameters(object)
    rest <- nrow(branch$markers)
    function(k, size) {
        drawn <- .draw_sample(branch$markers[, k], size)
        count <- integer(length(branch$chosen))
        count[branch$chosen] <- drawn[-rest]
        count[!branch$chosen] <- .draw_levels(branch$levels, drawn[[rest]])
        count
    }
}

# The counts of the background, of which there are `size`.
.draw_levels <- function(levels, size) {
    count <- integer(length(levels[[1L]]$chosen))
    left <- seq_along(count)
    for (level in levels) {
        sums <- if (is.null(level$sums)) c(0L, size) else
            .draw_sample(level$sums, size)
        count[left[level$chosen]] <- .draw_sample(level$alpha, sums[[2L]])
        size <- sums[[1L]]
        left <- left[!level$chosen]
    }
    count
}

# log(gamma(alpha)) = log(gamma(alpha + 1)) + log(uniform) / alpha does not
# underflow (Marsaglia and Tsang 2000, doi:10.1145/358407.358414, section 6).
# With alpha below 1e-308 it can be -Inf for all taxa. Then the taxon with the
# largest log(uniform) / alpha gets all reads.
.draw_sample <- function(alpha, size) {
    s <- length(alpha)
    log_gamma <- log(stats::rgamma(s, alpha + 1))
    log_uniform <- log(stats::runif(s))
    log_gamma <- log_gamma + log_uniform / alpha
    largest <- max(log_gamma)
    proportion <- if (is.finite(largest))
        exp(log_gamma - largest)
    else
        seq_len(s) == which.min(log(-log_uniform) - log(alpha))
    stats::rmultinom(1L, size, proportion)
}

#' @rdname rdmn
#' @param object an object of class [DMN-class].
#' @param nsim `numeric(1)`, a whole number >= 1, default 1: the number of
#'     tables to draw.
#' @param seed `numeric(1)`, a seed for `set.seed()`; the state of R's generator
#'     is restored afterwards. With `NULL`, the default, the generator continues
#'     from its present state.
#' @param ... not used; anything in it is an error.
#' @importFrom stats simulate
#' @export
simulate.DMN <- function(object, nsim = 1, seed = NULL, ..., size = 1000) {
    .refuse_dots(..., .what = "simulate", .known = names(formals(simulate.DMN)))
    nsim <- .check_whole(nsim, "nsim")
    if (!is.null(seed))
        seed <- .check_seed(seed)
    .check_fit(object, read = "Estimate")
    if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE))
        stats::runif(1)
    state <- get(".Random.seed", envir = globalenv())
    if (!is.null(seed)) {
        withr::local_seed(seed)
        state_used <- structure(seed, kind = as.list(RNGkind()))
    } else {
        state_used <- state
    }
    n <- .n_samples(object)
    size <- .check_size(size, n)
    draw <- .drawer(object)
    weight <- if (.has_concomitant(object))
        exp(.log_weights_of_fit(object))
    else
        object@mixture$Weight
    tables <- lapply(seq_len(nsim), function(i) {
        count <- .draw_mixture(n, draw, weight, size, object@fit$Estimate)
        rownames(count) <- .samples_of(object)
        count
    })
    names(tables) <- paste0("sim_", seq_len(nsim))
    structure(tables, seed = state_used)
}

.check_alpha <- function(alpha) {
    if (is.numeric(alpha) && is.null(dim(alpha)))
        alpha <- matrix(alpha, dimnames = if (!is.null(names(alpha)))
            list(names(alpha), NULL))
    if (!is.matrix(alpha) || !is.numeric(alpha) || length(alpha) == 0L)
        .stop("'alpha' must be a matrix of numbers, taxa x components, or a ",
            "vector; found ", .describe(alpha))
    bad <- !(is.finite(alpha) & alpha > 0)
    if (any(bad))
        .stop("'alpha' must be finite and > 0; found ", alpha[bad][[1L]])
    alpha
}

.check_weight <- function(weight, k) {
    if (is.null(weight))
        return(rep(1, k))
    if (!is.numeric(weight) || length(weight) != k)
        .stop("'weight' must be a number for each of the ",
            .plural(k, "component"), " (columns) of 'alpha'; found ",
            .describe(weight))
    if (!all(is.finite(weight) & weight >= 0) || sum(weight) <= 0)
        .stop("'weight' must be finite, >= 0 and not all 0; found ",
            .first_few(weight))
    as.double(weight)
}

.check_size <- function(size, n) {
    if (!is.numeric(size) || !length(size) %in% c(1L, n))
        .stop("'size' must be one number of reads, or one for each of the ",
            .plural(n, "sample"), "; found ", .describe(size))
    bad <- is.na(size) | size < 1 | size != trunc(size) |
        size > .Machine$integer.max
    if (any(bad))
        .stop("'size' must be whole numbers from 1 to ",
            .Machine$integer.max, "; found ", size[bad][[1L]])
    rep_len(as.integer(size), n)
}
