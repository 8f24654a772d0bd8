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

.with_seed <- function(seed, expression) {
    old <- globalenv()[[".Random.seed"]]
    kinds <- RNGkind()
    on.exit({
        # R warns of the "Rounding" sampler, which the user chose
        suppressWarnings(do.call(RNGkind, as.list(kinds)))
        if (is.null(old))
            rm(".Random.seed", envir = globalenv())
        else
            assign(".Random.seed", old, envir = globalenv())
    })
    set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
    expression
}
