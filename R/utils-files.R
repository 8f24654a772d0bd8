# Directories, and files that are written whole or not at all.

# `path` must be a directory, and is made where there is none.
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
    # the warning says the same
    if (!suppressWarnings(dir.create(path, recursive = TRUE)))
        .stop("'", arg, "' cannot be made: '", path, "'; what is above it ",
            "must be a directory that is yours to write to")
}

# The file is given its name when its contents are on the disk: else a power cut
# could leave the name without them. Where the disk is full R may write less and
# not say so: what saveRDS() writes then is an empty file.
.write_atomically <- function(file, bytes) {
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
    # the name; not every system can, or needs to
    .Call(R_dmm_flush, dirname(file))
    invisible(NULL)
}
