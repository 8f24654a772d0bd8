# Seeds of R's generator and of the engine.

# Truncated like any number given as an integer seed, so that the default,
# runif(), starts where DirichletMultinomial's does.
.check_seed <- function(seed) {
    largest <- .Machine$integer.max
    if (!.is_number(seed) || abs(seed) > largest)
        .stop("'seed' must be one number from -", largest, " to ", largest,
            "; found ", .describe(seed))
    as.integer(seed)
}

# One seed for each of `n` fits: the same for all where one was given, as
# DirichletMultinomial does.
.draw_seeds <- function(n, seed = NULL) {
    if (is.null(seed))
        trunc(stats::runif(n, 0, .Machine$integer.max))
    else
        rep(.check_seed(seed), n)
}

# Seeds from a seed, and what is drawn from one, without touching the state of
# R's generator where a seed was given.
.seed_stream <- function(seed, n) {
    if (is.null(seed))
        return(as.integer(.draw_seeds(n)))
    .with_seed(.check_seed(seed), as.integer(.draw_seeds(n)))
}

.with_seed <- function(seed, expression) {
    old <- globalenv()[[".Random.seed"]]
    kinds <- RNGkind()
    on.exit({
        # R warns of the "Rounding" sampler, which was the user's choice
        suppressWarnings(do.call(RNGkind, as.list(kinds)))
        if (is.null(old))
            rm(".Random.seed", envir = globalenv())
        else
            assign(".Random.seed", old, envir = globalenv())
    })
    set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
    expression
}
