# The background of a fit with markers may be divided by abundance into levels.
# The reads of the background come from one Dirichlet-multinomial for the sum of
# the first level, which has the most abundant taxa, and the sum of all others;
# the reads of the first level, given their sum, from another; those of the
# others from a third, or they are divided again. `mixture$Markers` holds
#
#   background  taxa x 2: Estimate and StdErr (of its log) of the parameter of
#               each taxon of the background in its level
#   level       the number of its level
#   division    2 x divisions rows: for each, the same of the sum of the levels
#               below it, and of the sum of the level above it
#
# A background is one level unless dmncontrol(background.levels) allows more.

# ---- Fits --------------------------------------------------------------------

# The levels of the background of a fit of the branches: for each, list(taxa,
# fit, sums) with the numbers of its taxa in the background, their fit, and for
# all but the last the fit of the sums. It is divided for as long as the
# evidence is better, into at most as many levels as the settings say.
.fit_levels <- function(table, branches, settings) {
    chosen <- branches$chosen
    total <- table$markers$total[!chosen]
    last <- list(taxa = seq_len(sum(!chosen)), fit = branches$background)
    levels <- list()
    most <- settings$control$background.levels
    pointer <- if (most > 1L)
        .split_table(table$table, chosen, 1L, settings)$background
    while (length(levels) + 1L < most) {
        found <- .divide_level(pointer, last, total, settings)
        if (is.null(found))
            break
        levels <- c(levels, list(found$upper))
        last <- found$lower
        pointer <- found$pointer
    }
    c(levels, list(last))
}

# The best division of a level into its most abundant taxa, a half, a quarter
# and so on to one, and the others; or NULL if the level by itself is as good.
.divide_level <- function(pointer, level, total, settings) {
    total <- total[level$taxa]
    ordered <- sort(total[total > 0], decreasing = TRUE)
    numbers <- unique(length(ordered) %/% 2^seq_len(log2(length(ordered))))
    best <- NULL
    least <- level$fit$GoodnessOfFit[["Laplace"]] - .same_score
    for (n in numbers) {
        # taxa with the same total stay together
        upper <- total >= ordered[[n]]
        if (!any(total[!upper] > 0))
            next
        found <- .fit_division(pointer, upper, settings)
        if (found$laplace < least) {
            least <- found$laplace
            best <- list(pointer = found$pointer,
                upper = list(taxa = level$taxa[upper], fit = found$fits$upper,
                    sums = found$fits$sums),
                lower = list(taxa = level$taxa[!upper],
                    fit = found$fits$lower))
        }
    }
    best
}

.fit_division <- function(pointer, upper, settings) {
    # the upper taxa with the sum of the others, which is then split off
    first <- .split_table(pointer, upper, 1L, settings)
    second <- .split_table(first$markers,
        rep(c(FALSE, TRUE), c(sum(upper), 1L)), 1L, settings)
    fits <- lapply(list(upper = second$background, lower = first$background,
        sums = second$markers), function(p) .call_fit(p, 1L, 1L, settings)$fit)
    list(fits = fits, pointer = first$background,
        laplace = sum(vapply(fits, function(fit)
            fit$GoodnessOfFit[["Laplace"]], 0)))
}

# What a fit holds of a background with these levels, and for each taxon its
# share in the background and the standard error of the share's log.
.join_levels <- function(levels) {
    n <- length(unlist(lapply(levels, `[[`, "taxa")))
    pair <- function(fit) cbind(Estimate = drop(fit$Estimate),
        StdErr = drop(fit$StdErr))
    background <- cbind(Estimate = numeric(n), StdErr = 0)
    level <- integer(n)
    division <- background[0L, , drop = FALSE]
    share <- variance <- numeric(n)
    # of the sum of the levels from this one on
    left <- 1
    error <- 0
    for (i in seq_along(levels)) {
        taxa <- levels[[i]]$taxa
        fit <- levels[[i]]$fit
        sums <- levels[[i]]$sums
        own <- if (is.null(sums)) 1 else
            sums$Estimate[[2L]] / sum(sums$Estimate)
        own_error <- if (is.null(sums)) 0 else sums$ShareErr[[2L]]^2
        background[taxa, ] <- pair(fit)
        level[taxa] <- i
        share[taxa] <- left * own * drop(fit$Estimate) / sum(fit$Estimate)
        variance[taxa] <- error + own_error + drop(fit$ShareErr)^2
        if (!is.null(sums)) {
            division <- rbind(division, pair(sums))
            left <- left * (1 - own)
            error <- error + sums$ShareErr[[1L]]^2
        }
    }
    list(background = background, level = level, division = division,
        share = share, share.error = sqrt(variance))
}

# ---- Reading -----------------------------------------------------------------

# The levels of the background of a fit, from the first on: for each, which of
# the taxa that are left it has, and their parameters. `sums` are those of the
# sum of the levels below and of its own, or NULL for the last.
.levels_of <- function(object) {
    markers <- object@mixture$Markers
    last <- max(markers$level)
    lapply(seq_len(last), function(i) {
        own <- markers$level == i
        list(chosen = own[markers$level >= i],
            alpha = markers$background[own, "Estimate"],
            sums = if (i < last)
                markers$division[2L * i - 1:0, "Estimate"])
    })
}

# The sum over the nodes of the levels of `value(counts, alpha)`, for counts of
# the background.
.sum_over_levels <- function(levels, count, value) {
    sum <- 0
    for (level in levels) {
        if (is.null(level$sums))
            return(sum + value(count, cbind(level$alpha)))
        first <- .split_counts(count, level$chosen)
        second <- .split_counts(first$markers,
            rep(c(FALSE, TRUE), c(length(level$alpha), 1L)))
        sum <- sum + value(second$markers, cbind(level$sums)) +
            value(second$background, cbind(level$alpha))
        count <- first$background
    }
}
