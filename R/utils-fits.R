# Checks of fits. A fit may be damaged: changed by hand, or read from an old or
# broken file. AllClasses.R has the rules.

# Every public function that reads a fit calls this first. `read`: which of the
# large parts, "Estimate" and "group", have values that the caller uses. To look
# at these takes as long as a sum over them.
.check_fit <- function(object, arg = "object", read = c("Estimate", "group")) {
    problem <- .damage(object, read)
    if (!is.null(problem))
        .stop("'", arg, "' is damaged: ", problem)
    invisible(object)
}

# The fits that a DMNGroup or a DMNSelect holds, each of them checked.
.fits_of <- function(object, read = c("Estimate", "group"), arg = "object") {
    fits <- object@listData
    names <- if (is.null(names(fits))) seq_along(fits) else
        dQuote(names(fits), FALSE)
    for (i in seq_along(fits)) {
        part <- sprintf("%s[[%s]]", arg, names[[i]])
        if (!inherits(fits[[i]], "DMN"))
            .stop("'", part, "' must be a fit made by dmn(); found ",
                .describe(fits[[i]]))
        .check_fit(fits[[i]], part, read)
    }
    fits
}

# What a fit says of the table that it was made from.
.table_of <- function(fit) {
    list(.n_samples(fit), .samples_of(fit), nrow(fit@fit$Estimate),
        rownames(fit@fit$Estimate))
}

# Whether fits were made from one table, as far as they say. Fits without
# variables do not hold the totals of their samples.
.same_table <- function(fits) {
    totals <- lapply(fits, function(fit) fit@mixture$Concomitant$total)
    .all_same(lapply(fits, .table_of)) &&
        .all_same(Filter(Negate(is.null), totals))
}

.all_same <- function(x) {
    all(vapply(x, identical, NA, x[[1L]]))
}

# For print methods, which do not fail: prints what is wrong with the fits, if
# anything, and returns whether it did.
.print_damage <- function(fits) {
    problems <- unlist(lapply(fits, .damage))
    if (length(problems) == 0L)
        return(FALSE)
    where <- if (is.null(names(problems))) "" else
        paste0(" (", names(problems), ")")
    cat(paste0("damaged", where, ": ", problems), sep = "\n")
    TRUE
}
