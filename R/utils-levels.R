# The background of a fit with markers may have levels, by abundance. A level
# has the most abundant taxa that are left, and the sum of all others as one
# more category. The next level is one Dirichlet-multinomial for these others
# given their sum, and so on; the last has no others. `mixture$Markers` holds
#
#   background  taxa x 2: Estimate and StdErr (of its log) of the parameter of
#               each taxon of the background in its level
#   level       the number of its level
#   rest        levels but the last x 2: the same of the sum of the others
#
# A background is one level unless dmncontrol(background.levels) allows more.

# ---- Fits ---------------------------------------------------------------------

# The levels of the background of a fit of the branches: for each, list(taxa,
# fit) with the numbers of its taxa in the background. It is divided for as long
# as the evidence is better, into at most as many levels as the settings say.
.fit_levels <- function(table, branches, total, settings) {
    chosen <- branches$chosen
    last <- list(taxa = seq_len(sum(!chosen)), fit = branches$background)
    levels <- list()
    most <- settings$control$background.levels
    pointer <- if (most > 1L)
        .Call(R_dmm_table_split, table$table, chosen, 1L,
            settings$num.threads)$background
    while (length(levels) + 1L < most) {
        found <- .divide_level(pointer, last, total[!chosen], settings)
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
        parts <- .Call(R_dmm_table_split, pointer, upper, 1L,
            settings$num.threads)
        fits <- lapply(parts[c("markers", "background")], function(p)
            .call_fit(p, 1L, 1L, settings)$fit)
        laplace <- fits$markers$GoodnessOfFit[["Laplace"]] +
            fits$background$GoodnessOfFit[["Laplace"]]
        if (laplace < least) {
            least <- laplace
            best <- list(pointer = parts$background,
                upper = list(taxa = level$taxa[upper], fit = fits$markers),
                lower = list(taxa = level$taxa[!upper], fit = fits$background))
        }
    }
    best
}

# What a fit holds of a background with these levels, and for each taxon its
# share in the background and the standard error of the share's log.
.join_levels <- function(levels) {
    n <- length(unlist(lapply(levels, `[[`, "taxa")))
    background <- cbind(Estimate = numeric(n), StdErr = 0)
    level <- integer(n)
    rest <- background[0L, , drop = FALSE]
    share <- variance <- numeric(n)
    above <- 1
    error <- 0
    for (i in seq_along(levels)) {
        taxa <- levels[[i]]$taxa
        fit <- levels[[i]]$fit
        alpha <- drop(fit$Estimate)
        own <- seq_along(taxa)
        pair <- cbind(Estimate = alpha, StdErr = drop(fit$StdErr))
        background[taxa, ] <- pair[own, ]
        rest <- rbind(rest, pair[-own, , drop = FALSE])
        level[taxa] <- i
        share[taxa] <- above * alpha[own] / sum(alpha)
        variance[taxa] <- error + fit$ShareErr[own]^2
        above <- above * alpha[[length(alpha)]] / sum(alpha)
        error <- error + fit$ShareErr[[length(alpha)]]^2
    }
    list(background = background, level = level, rest = rest, share = share,
        share.error = sqrt(variance))
}

# ---- Reading --------------------------------------------------------------------

# The levels of the background of a fit, from the first on: for each, which of
# the taxa that are left it has, and the parameters of these and, but for the
# last, of the sum of the others.
.levels_of <- function(object) {
    markers <- object@mixture$Markers
    last <- max(markers$level)
    lapply(seq_len(last), function(i) {
        own <- markers$level == i
        list(chosen = own[markers$level >= i], last = i == last,
            alpha = matrix(c(markers$background[own, "Estimate"],
                if (i < last) markers$rest[i, "Estimate"])))
    })
}

# The sum over the levels of `value(counts, alpha)`, for counts of the
# background.
.sum_over_levels <- function(levels, count, value) {
    sum <- 0
    for (level in levels) {
        parts <- if (level$last) list(markers = count) else
            .split_counts(count, level$chosen)
        sum <- sum + value(parts$markers, level$alpha)
        count <- parts$background
    }
    sum
}
