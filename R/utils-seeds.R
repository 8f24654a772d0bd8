# Seeds of R's generator and of the engine.

# Truncates the seed as as.integer() does, so that the default, runif(), gives
# the start that it gives in DirichletMultinomial.
.check_seed <- function(seed) {
    largest <- .Machine$integer.max
    if (!.is_number(seed) || abs(seed) > largest)
        .stop("'seed' must be one number from -", largest, " to ", largest,
            "; found ", .describe(seed))
    as.integer(seed)
}

# One seed for each of `n` fits. If a seed is given, all fits get it, as in
# DirichletMultinomial.
.draw_seeds <- function(n, seed = NULL) {
    if (is.null(seed))
        trunc(stats::runif(n, 0, .Machine$integer.max))
    else
        rep(.check_seed(seed), n)
}

# `n` seeds drawn from `seed` without changing the state of R's generator, or
# from that generator if `seed` is NULL.
.seed_stream <- function(seed, n) {
    if (is.null(seed))
        return(as.integer(.draw_seeds(n)))
    .with_seed(.check_seed(seed), as.integer(.draw_seeds(n)))
}

# Evaluates `expression` with the state that R's default generator has for a
# seed, and restores that of the user's.
.with_seed <- function(seed, expression) {
    withr::with_seed(seed, expression, .rng_kind = "Mersenne-Twister",
        .rng_normal_kind = "Inversion", .rng_sample_kind = "Rejection")
}
