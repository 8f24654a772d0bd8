# The model with markers has two branches: a mixture over the markers and the
# sum of all other taxa, and one Dirichlet-multinomial over these others, the
# background, given their sum. `mixture$Markers` of such a fit is a list of
#
#   taxa        numbers of the markers, by decreasing gain
#   gain        of each of them, see markers()
#   selected    whether they were chosen by markers = "select"
#   other       components x 2, Estimate and StdErr (of its log): the
#               parameters of the sum of the background
#   background, level, division  see R/utils-levels.R
#
# `fit$Estimate` has a row for each taxon. Those of the background are `other`
# times the mean proportions in the background, so that mean proportions of all
# taxa are what they are in any fit.

.has_markers <- function(object) !is.null(object@mixture$Markers)

# Which taxa are markers, or NULL for a fit without them.
.is_marker <- function(object) {
    if (.has_markers(object))
        seq_len(nrow(object@fit$Estimate)) %in% object@mixture$Markers$taxa
}

# ---- Fits of the two branches ---------------------------------------------

# `settings` of a fit: seed, num.threads, optimizer, control. `given` is NULL,
# or the responsibilities to start from. Returns the raw results of both
# branches, `chosen`, and the Laplace criterion of the whole table.
.fit_branches <- function(table, chosen, k, nstart, settings, given = NULL) {
    parts <- .split_table(table$table, chosen, k, settings)
    markers <- if (is.null(given))
        .call_fit(parts$markers, k, nstart, settings)
    else
        .call_fit(parts$markers, k, 1L, settings, "given", given)
    background <- .call_fit(parts$background, 1L, 1L, settings)
    list(chosen = chosen, markers = markers$fit, starts = markers$starts,
        background = background$fit,
        laplace = markers$fit$GoodnessOfFit[["Laplace"]] +
            background$fit$GoodnessOfFit[["Laplace"]])
}

# The compressed tables of both branches, for fits with up to `k` components:
# `markers`, the chosen taxa and the sum of the others, and `background`.
.split_table <- function(pointer, chosen, k, settings) {
    .Call(R_dmm_table_split, pointer, chosen, k, settings$num.threads)
}

# The gain of each taxon as a marker, given a fit of the branches.
.gains <- function(table, branches, settings) {
    chosen <- branches$chosen
    alpha <- branches$markers$Estimate
    other <- nrow(alpha)
    estimate <- matrix(0, length(chosen), ncol(alpha))
    estimate[chosen, ] <- alpha[-other, ]
    .Call(R_dmm_table_gains, table$table, branches$markers$Group, chosen,
        estimate, alpha[other, ], sum(branches$background$Estimate),
        settings$control, settings$num.threads)
}

# A fit as dmn() returns it.
.join_branches <- function(table, branches, gain, selected, settings) {
    chosen <- branches$chosen
    m <- branches$markers
    levels <- .fit_levels(table, branches, settings)
    b <- .join_levels(levels)
    fits <- unlist(lapply(levels, `[`, c("fit", "sums")), recursive = FALSE)
    fits <- fits[!vapply(fits, is.null, NA)]
    other <- nrow(m$Estimate)
    k <- ncol(m$Estimate)
    # a matrix of all taxa from those of the branches
    all <- function(markers, background) {
        x <- matrix(0, length(chosen), k)
        x[chosen, ] <- markers[-other, ]
        x[!chosen, ] <- background
        x
    }
    estimate <- all(m$Estimate, b$share %o% m$Estimate[other, ])
    error <- all(m$StdErr, sqrt(outer(b$share.error^2, m$StdErr[other, ]^2,
        `+`)))
    raw <- m
    raw$GoodnessOfFit <- .sum_of_criteria(m, fits, sum(chosen), length(chosen))
    for (fit in fits) {
        raw$LogLik <- raw$LogLik + fit$LogLik
        raw$Converged <- raw$Converged && fit$Converged
    }
    raw$Estimate <- estimate
    raw$StdErr <- error
    raw$Lower <- estimate * exp(-2 * error)
    raw$Upper <- estimate * exp(2 * error)
    fit <- .as_dmn(raw, table$dimnames, settings$seed, settings$optimizer,
        settings$control)
    taxa <- which(chosen)[order(gain[chosen], decreasing = TRUE)]
    starts <- branches$starts
    starts$NLE <- starts$NLE + raw$GoodnessOfFit[["NLE"]] -
        m$GoodnessOfFit[["NLE"]]
    .add_to_mixture(fit, Starts = starts, Markers = c(list(taxa = taxa,
        gain = gain[taxa], selected = selected,
        other = cbind(Estimate = m$Estimate[other, ],
            StdErr = m$StdErr[other, ])),
        b[c("background", "level", "division")]))
}

# P is that of .parameters(). `fits` are those of the background: one, and two
# more for each division.
.sum_of_criteria <- function(m, fits, markers, taxa) {
    value <- Reduce(`+`, lapply(fits, `[[`, "GoodnessOfFit"), m$GoodnessOfFit)
    k <- ncol(m$Estimate)
    parameters <- k * (markers + 1) + k - 1 + taxa - markers +
        length(fits) - 1
    value[["BIC"]] <- value[["NLE"]] + parameters / 2 * log(nrow(m$Group))
    value[["AIC"]] <- value[["NLE"]] + parameters
    value
}

# ---- Counts of the two branches --------------------------------------------

# The parameters of the mixture branch, markers and then the sum of the others,
# and the levels of the background.
.branch_parameters <- function(object) {
    chosen <- .is_marker(object)
    list(chosen = chosen,
        markers = unname(rbind(object@fit$Estimate[chosen, , drop = FALSE],
            object@mixture$Markers$other[, "Estimate"])),
        levels = .levels_of(object))
}

# Counts with the taxa of a fit, split into the tables of the branches.
.split_counts <- function(count, chosen, arg = "newdata") {
    if (inherits(count, "dmnpacked"))
        return(list(markers = .append_rest(
            as.matrix(count[, which(chosen)]),
            .rest_of(count, chosen, arg)),
            background = count[, which(!chosen)]))
    list(markers = .append_rest(count[, chosen, drop = FALSE],
        .rest_of(count, chosen, arg)),
        background = count[, !chosen, drop = FALSE])
}

.rest_of <- function(count, chosen, arg) {
    rest <- .totals(count[, which(!chosen), drop = FALSE])$rows
    if (any(rest > .Machine$integer.max))
        .stop("the counts in '", arg, "' of the taxa that are not markers ",
            "must sum to at most ", .Machine$integer.max, " in a sample; ",
            "found ", max(rest))
    rest
}

.append_rest <- function(x, rest) {
    if (is.matrix(x))
        return(unname(cbind(x, rest)))
    at <- which(rest > 0)
    x@i <- c(x@i, at - 1L)
    x@p <- c(x@p, x@p[[length(x@p)]] + length(at))
    x@x <- c(x@x, rest[at])
    x@Dim <- x@Dim + 0:1
    x@Dimnames <- list(NULL, NULL)
    x
}
