# Directories, and files that are written completely or not at all.

# `path` must be a directory; it is created if it does not exist.
.check_directory <- function(path, arg) {
    if (!is.character(path) || length(path) != 1L || is.na(path) ||
        !nzchar(path))
        .stop("'", arg, "' must be the path of one directory; found ",
            .describe(path))
    if (dir.exists(path))
        return(invisible(NULL))
    if (file.exists(path))
        .stop("'", arg, "' must be a directory, new or not; '", path,
            "' is a file. Pass another path")
    # the message below says what dir.create()'s warning would
    if (!suppressWarnings(dir.create(path, recursive = TRUE)))
        .stop("'", arg, "' cannot be made: '", path, "'; what is above it ",
            "must be a directory that is yours to write to")
}

# Writes `bytes` to `file`. They are flushed to the disk under another name
# before the file is renamed: otherwise a power cut could leave the name without
# the contents. If the disk is full, R may write less without an error, hence
# the comparison of sizes; saveRDS() leaves an empty file then.
.write_atomically <- function(file, bytes) {
    force(bytes)
    part <- paste0(file, ".", Sys.getpid(), ".part")
    on.exit(unlink(part))
    written <- tryCatch(suppressWarnings({
        writeBin(bytes, part)
        file.size(part) == length(bytes) && .Call(R_dmm_flush, part) &&
            file.rename(part, file)
    }), error = function(e) FALSE)
    if (!isTRUE(written))
        .stop("cannot write '", file, "': the disk must have room, and the ",
            "directory be yours to write to")
    # flushes the new name; some systems, such as Windows, cannot
    .Call(R_dmm_flush, dirname(file))
    invisible(NULL)
}
