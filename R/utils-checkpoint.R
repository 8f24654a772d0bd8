# Finished fits kept in a directory. There is one file for each k, and one file
# for the key: the data and arguments that the fits belong to. The file of a fit
# holds the key too. A file is written under another name, flushed to the disk
# and then renamed, so that it is either absent or complete.

.checkpoint_key <- "dmnselect.rds"

# The names of files that are being written; the number is that of the process.
.part_pattern <- "^(dmnselect|k-[0-9]+)[.]rds[.][0-9]+[.]part$"

# Returns a list of the directory's path and its key. `settings` are compared
# with those in the directory. If `seed` is NULL, it is the directory's.
.open_checkpoint <- function(path, count, settings, seed) {
    .check_directory(path, "checkpoint")
    path <- normalizePath(path)
    file <- file.path(path, .checkpoint_key)
    key <- c(list(data = .fingerprint(count)), settings)
    # left by processes that were killed while they wrote
    parts <- list.files(path, .part_pattern)
    if (file.exists(file)) {
        old <- .read_key(file)
        if (is.null(seed))
            seed <- old$seed
        key$seed <- as.integer(seed)
        .check_key(old, key, path)
    } else {
        others <- setdiff(list.files(path), parts)
        if (length(others))
            .stop("'checkpoint' must be a new directory or one that ",
                "dmnselect() has made; found ", .first_few(others, 3L),
                " in '", path, "'")
        key$seed <- as.integer(if (is.null(seed)) .draw_seeds(1L) else seed)
        .write_atomically(file, serialize(key, NULL))
    }
    unlink(file.path(path, parts))
    list(path = path, key = key)
}

.check_key <- function(old, key, path) {
    if (!identical(old$data, key$data))
        .stop("the directory '", path, "' holds fits of other data; pass ",
            "those, or another 'checkpoint'")
    changed <- names(key)[!vapply(names(key), function(name) {
        identical(old[[name]], key[[name]])
    }, logical(1))]
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

# A checksum of the table's contents and names. It is the same for a dense and a
# sparse table, in any session and any version of R.
.fingerprint <- function(count) {
    if (is.matrix(count)) {
        index <- which(count != 0) - 1
        value <- count[index + 1]
    } else {
        column <- rep(seq_len(ncol(count)) - 1, diff(count@p))
        keep <- count@x != 0
        index <- (column * nrow(count) + count@i)[keep]
        value <- count@x[keep]
    }
    file <- tempfile("dmmomp")
    on.exit(unlink(file))
    connection <- file(file, "wb")
    for (numbers in list(dim(count), index, value))
        writeBin(as.double(numbers), connection, endian = "little")
    for (names in list(rownames(count), colnames(count)))
        writeBin(c(length(names), enc2utf8(as.character(names))), connection)
    close(connection)
    unname(tools::md5sum(file))
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
