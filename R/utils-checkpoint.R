# Finished fits kept in a directory. There is one file for each k, and one file
# for the key: the data and arguments that the fits belong to. The file of a fit
# holds the key too. A file is written under another name, flushed to the disk
# and then renamed, so that it is either absent or complete.

.checkpoint_key <- "dmnselect.rds"

# The names of files that are being written; the number is that of the process.
.part_pattern <- "^(dmn|dmnselect|k-[0-9]+)[.]rds[.][0-9]+[.]part$"

# The full path of a directory in which `maker` has made the file `key`, or
# which is new.
.own_directory <- function(path, key, maker) {
    .check_directory(path, "checkpoint")
    path <- normalizePath(path)
    others <- grep(.part_pattern, list.files(path), invert = TRUE, value = TRUE)
    if (length(others) && !key %in% others)
        .stop("'checkpoint' must be a new directory or one that ", maker,
            " has made; found ", .first_few(others, 3L), " in '", path, "'")
    path
}

# Removes what processes left that were killed while they wrote.
.drop_parts <- function(path) {
    unlink(list.files(path, .part_pattern, full.names = TRUE))
}

# Returns a list of the directory's path and its key. `settings` are compared
# with those in the directory. If `seed` is NULL, it is the directory's.
.open_checkpoint <- function(path, count, settings, seed) {
    path <- .own_directory(path, .checkpoint_key, "dmnselect()")
    file <- file.path(path, .checkpoint_key)
    key <- c(list(data = .fingerprint(count)), settings)
    if (file.exists(file)) {
        old <- .read_key(file)
        if (is.null(seed))
            seed <- old$seed
        key$seed <- as.integer(seed)
        .check_key(old, key, path)
    } else {
        key$seed <- as.integer(if (is.null(seed)) .draw_seeds(1L) else seed)
        .write_atomically(file, serialize(key, NULL))
    }
    .drop_parts(path)
    list(path = path, key = key)
}

.check_key <- function(old, key, path) {
    if (!identical(old$data, key$data))
        .stop("the directory '", path, "' holds fits of other data; pass ",
            "those, or another 'checkpoint'")
    settings <- union(names(key), names(old))
    changed <- settings[!vapply(settings, function(name) {
        identical(old[[name]], key[[name]])
    }, logical(1))]
    # the design that both make
    changed <- sub("^concomitant$", "formula' or 'data", changed)
    if (length(changed))
        .stop("the directory '", path, "' holds fits made with another ",
            paste0("'", changed, "'", collapse = ", "),
            "; use the same, or another 'checkpoint'")
}

.read_key <- function(file) {
    key <- tryCatch(readRDS(file), error = function(e) NULL,
        warning = function(w) NULL)
    if (!is.list(key) || is.null(key$data))
        .stop("'", file, "' is damaged: remove it and the fits beside it, or ",
            "use another 'checkpoint'")
    key
}

# A checksum of the table's contents and names. It is the same for any container
# of the counts, in any session and any version of R.
.fingerprint <- function(count) {
    .checksum(function(connection) {
        write <- function(numbers) {
            writeBin(as.double(numbers), connection, endian = "little")
        }
        write(dim(count))
        # columns at a time, so that packed counts are never in memory as a
        # whole
        columns <- max(1, 1e7 %/% max(1L, nrow(count)))
        parts <- split(seq_len(ncol(count)),
            (seq_len(ncol(count)) - 1) %/% columns)
        for (j in parts)
            write(.nonzeros(count, j)$index)
        for (j in parts)
            write(.nonzeros(count, j)$value)
        for (names in list(rownames(count), colnames(count)))
            .write_names(names, connection)
    })
}

# The checksum of what `write(connection)` writes.
.checksum <- function(write) {
    file <- tempfile("dmmomp")
    on.exit(unlink(file))
    connection <- file(file, "wb")
    tryCatch(write(connection), finally = close(connection))
    unname(tools::md5sum(file))
}

.write_names <- function(names, connection) {
    writeBin(c(length(names), enc2utf8(as.character(names))), connection)
}

# The places of the nonzero counts of consecutive columns, from 0 by column, and
# the counts.
.nonzeros <- function(count, columns) {
    first <- (columns[[1L]] - 1) * nrow(count)
    if (inherits(count, "dgCMatrix")) {
        at <- seq.int(count@p[[columns[[1L]]]] + 1,
            length.out = count@p[[max(columns) + 1L]] -
                count@p[[columns[[1L]]]])
        column <- rep(columns - columns[[1L]], diff(count@p)[columns])
        keep <- count@x[at] != 0
        return(list(index = first + (column * nrow(count) + count@i[at])[keep],
            value = count@x[at][keep]))
    }
    x <- as.matrix(count[, columns, drop = FALSE])
    at <- which(x != 0)
    list(index = first + at - 1, value = x[at])
}

.checkpoint_file <- function(path, k) {
    file.path(path, sprintf("k-%04d.rds", k))
}

# `kept` is what .open_checkpoint() returned.
.save_fit <- function(fit, kept, k) {
    .write_atomically(.checkpoint_file(kept$path, k),
        serialize(list(key = kept$key, fit = fit), NULL))
}

# The saved fit with k components, or NULL if there is none, if it cannot be
# read, or if it has another key; the last two with a warning.
.read_fit <- function(kept, k) {
    file <- .checkpoint_file(kept$path, k)
    if (!file.exists(file))
        return(NULL)
    saved <- tryCatch(readRDS(file), error = function(e) NULL,
        warning = function(w) NULL)
    fit <- if (is.list(saved)) saved$fit
    if (!inherits(fit, "DMN") || ncol(fit@group) != k)
        problem <- "cannot be read"
    else if (!identical(saved$key, kept$key))
        problem <- "holds a fit to other data or with other arguments"
    else
        return(fit)
    warning("'", file, "' ", problem, ": k = ", k, " is fitted again",
        call. = FALSE)
    NULL
}

# ---- Checkpoints of one fit --------------------------------------------------

# A fit in parts (R/utils-parts.R) keeps its best parameters so far in one file,
# with the key: the data and arguments that they belong to.

.fit_checkpoint <- "dmn.rds"

# Returns a list of the file, its key, the best value so far (an environment),
# and `start`, the parameters in the file, or NULL. The seed is that of the file
# if the caller did not give one, which is NULL.
.open_fit_checkpoint <- function(path, parts, k, nstart, seed, settings) {
    file <- file.path(path, .fit_checkpoint)
    x <- unclass(parts)
    # the last digits depend on the processor
    key <- list(data = list(x$dim, x$rows, signif(x$log.multinomial, 12L),
        .fingerprint(x$sample), .checksum(function(connection) {
            .write_names(x$dimnames[[1L]], connection)
        })), k = k, nstart = nstart, control = settings$control)
    saved <- NULL
    if (file.exists(file)) {
        saved <- .read_key(file)
        if (is.null(seed))
            seed <- saved$seed
        key$seed <- as.integer(seed)
        .check_key(saved[setdiff(names(saved), c("value", "start"))], key, path)
        start <- saved$start
        if (!identical(dim(start$lambda), c(as.integer(x$dim[[2L]]), k)) ||
            length(start$log.weight) != k ||
            !all(is.finite(unlist(start))))
            .stop("'", file, "' is damaged: remove it, or use another ",
                "'checkpoint'")
    } else {
        key$seed <- as.integer(if (is.null(seed)) settings$seed else seed)
    }
    .drop_parts(path)
    best <- new.env()
    best$value <- if (is.null(saved)) -Inf else saved$value
    list(file = file, key = key, best = best, start = saved$start)
}

# Keeps the parameters of an iteration if they are the best so far. `loglik` is
# the log-likelihood but for a constant.
.save_parameters <- function(kept, lambda, log.weight, loglik, settings) {
    if (is.null(kept))
        return(invisible(NULL))
    value <- loglik + sum(settings$control$eta * lambda -
        settings$control$nu * exp(lambda))
    if (!is.finite(value) || value <= kept$best$value)
        return(invisible(NULL))
    kept$best$value <- value
    .write_atomically(kept$file, serialize(c(kept$key, list(value = value,
        start = list(lambda = lambda, log.weight = log.weight))), NULL))
}
