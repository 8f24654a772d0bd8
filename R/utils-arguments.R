# Checks of arguments. Every error message is one sentence that names the
# argument and says what was expected, what was found and how to correct it.

.stop <- function(...) stop(..., call. = FALSE)

.plural <- function(n, one, many = paste0(one, "s")) {
    paste(format(n, big.mark = ",", scientific = FALSE),
        if (n == 1) one else many)
}

# `what`, an argument's name or a function, needs an optional package.
.needs <- function(package, what) {
    if (!requireNamespace(package, quietly = TRUE))
        .stop(if (grepl("()", what, fixed = TRUE)) what
            else sQuote(what, FALSE), " needs the ", package,
            " package: install it by BiocManager::install(\"", package, "\")")
}

# Quotes the first few of some names and, if there are more, their number.
.first_few <- function(x, n = 5L) {
    shown <- paste0("'", utils::head(x, n), "'", collapse = ", ")
    if (length(x) > n)
        shown <- paste0(shown, ", ... (", length(x), " in all)")
    shown
}

# Describes in a few words what a user passed, for the end of a message.
.describe <- function(x) {
    if (is.null(x))
        "NULL"
    else if (length(dim(x)) == 2L)
        sprintf("a %d x %d %s", nrow(x), ncol(x), class(x)[[1L]])
    else if (!is.atomic(x) || !is.null(dim(x)) || is.object(x))
        sprintf("an object of class %s", dQuote(class(x)[[1L]], FALSE))
    else if (length(x) != 1L)
        sprintf("a %s vector of length %d", mode(x), length(x))
    else if (is.character(x))
        dQuote(x, FALSE)
    else
        format(x)
}

.is_number <- function(x) {
    is.numeric(x) && length(x) == 1L && !is.na(x)
}

.is_whole <- function(x, lower, upper) {
    .is_number(x) && x == trunc(x) && x >= lower && x <= upper
}

.check_flag <- function(x, arg) {
    if (!is.logical(x) || length(x) != 1L || is.na(x))
        .stop("'", arg, "' must be TRUE or FALSE; found ", .describe(x))
    as.vector(x)
}

# Returns x if it is one finite number with `x >= lower` or, if `open`,
# `x > lower`.
.check_number <- function(x, arg, lower = -Inf, open = FALSE) {
    ok <- .is_number(x) && is.finite(x) &&
        (if (open) x > lower else x >= lower)
    if (!ok)
        .stop("'", arg, "' must be one number ", if (open) "> " else ">= ",
            lower, "; found ", .describe(x))
    as.double(x)
}

.check_probability <- function(x, arg) {
    if (!.is_number(x) || x <= 0 || x >= 1)
        .stop("'", arg, "' must be one number between 0 and 1; found ",
            .describe(x))
    x
}

.check_whole <- function(x, arg, lower = 1L, upper = .Machine$integer.max,
    hint = "") {
    if (!.is_whole(x, lower, upper))
        .stop("'", arg, "' must be one whole number ", .range(lower, upper),
            "; found ", .describe(x), hint)
    as.integer(x)
}

.range <- function(lower, upper) {
    if (upper == .Machine$integer.max)
        paste(">=", lower)
    else
        sprintf("from %s to %s", lower, upper)
}

.check_choice <- function(x, arg, choices) {
    # the default, c("first", "second"), left as it is means the first
    if (identical(x, choices))
        return(choices[[1L]])
    if (!is.character(x) || length(x) != 1L || is.na(x) || !x %in% choices)
        .stop("'", arg, "' must be one of ",
            paste0('"', choices, '"', collapse = ", "), "; found ",
            .describe(x))
    x
}

# Returns the numbers of components, sorted. `what` says in a message what the
# largest allowed number, `most`, is, if there is one.
.check_ks <- function(k, least = 1L, most = .Machine$integer.max,
    what = NULL) {
    bad <- if (!is.numeric(k) || length(k) == 0L)
        .describe(k)
    else
        .bad_k(k, least, most)
    if (length(bad))
        .stop("'k' must be different whole numbers ", .range(least, most),
            if (!is.null(what)) paste0(", ", what), "; found ", bad,
            if (least < most)
                paste0(": pass, say, k = ", least, ":", min(most, 7L)))
    sort(as.integer(k))
}

# Describes the first value that is not allowed; NULL if all are.
.bad_k <- function(k, least, most) {
    ok <- is.finite(k) & k == trunc(k) & k >= least & k <= most
    if (!all(ok))
        format(k[!ok][[1L]])
    else if (anyDuplicated(k))
        paste(k[[anyDuplicated(k)]], "twice")
}

# For functions that have `...` only for the sake of a generic, or so that the
# arguments after it must be named: anything in `...` is an error. Here `...`
# comes first, so that no argument of a user matches `.what` or `.known` by part
# of its name.
.refuse_dots <- function(..., .what, .known) {
    if (...length() == 0L)
        return(invisible(NULL))
    given <- names(substitute(list(...)))[-1L]
    given <- given[nzchar(given)]
    if (length(given) == 0L)
        .stop(.what, "() was given ", .plural(...length(), "argument"),
            " too many, without a name; name every argument after the first")
    known <- setdiff(.known, "...")
    near <- .nearest(given[[1L]], known)
    .stop(.what, "() has no argument '", given[[1L]], "'; ",
        if (is.na(near)) {
            paste0("it takes ", paste0("'", known, "'", collapse = ", "))
        } else {
            paste0("did you mean '", near, "'?")
        })
}

.nearest <- function(name, known) {
    part <- grepl(name, known, fixed = TRUE)
    if (any(part))
        return(known[part][[1L]])
    distance <- utils::adist(name, known, ignore.case = TRUE)
    if (min(distance) <= 2)
        known[[which.min(distance)]]
    else
        NA_character_
}
