# Functions that the benchmark scripts share: reading options, building and
# running the programs of the Makefile, tables in Markdown, plots. A script in
# this folder sources it, and it sources simulate.R.

script_file <- function() {
    file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
    # Rscript writes blanks in this argument as "~+~".
    gsub("~+~", " ", file[1L], fixed = TRUE)
}
benchmark_folder <- dirname(normalizePath(script_file()))
source(file.path(benchmark_folder, "simulate.R"))

# Reads the script's arguments and returns a list of them. `...` names the
# options and gives their defaults, whose types the values get. Options are
# written --name=value, or --name for a flag; several values are separated by
# semicolons. An argument without dashes is the path of the plot. --help prints
# the comment at the top of the script.
read_arguments <- function(..., plot) {
    values <- list(..., plot = plot)
    for (argument in commandArgs(TRUE)) {
        if (argument %in% c("-h", "--help"))
            print_help()
        if (!startsWith(argument, "-")) {
            values$plot <- argument
            next
        }
        parts <- regmatches(argument,
            regexec("^--([a-z-]+)(=(.*))?$", argument))[[1L]]
        if (length(parts) == 0L || !parts[2L] %in% names(values))
            stop("unknown option ", argument, "; see --help", call. = FALSE)
        old <- values[[parts[2L]]]
        new <- if (nzchar(parts[3L])) strsplit(parts[4L], ";")[[1L]] else "TRUE"
        values[[parts[2L]]] <- methods::as(new, class(old)[1L])
    }
    values
}

print_help <- function() {
    lines <- readLines(script_file())
    lines <- lines[!startsWith(lines, "#!")]
    lines <- lines[seq_len(which(!startsWith(lines, "#"))[1L] - 1L)]
    writeLines(sub("^# ?", "", lines))
    quit(status = 0L)
}

# A message in the manner of sprintf(), to stderr.
say <- function(...) message(sprintf(...))

# Prints a data frame as a Markdown table, columns of numbers to the right.
markdown <- function(x) {
    numbers <- vapply(x, is.numeric, NA)
    x[numbers] <- lapply(x[numbers], format, scientific = FALSE, trim = TRUE,
        drop0trailing = TRUE)
    numeric <- vapply(x, function(column) all(grepl("^[-+0-9.]", column)), NA)
    lines <- rbind(names(x), ifelse(numeric, "--:", "---"), as.matrix(x))
    lines <- apply(lines, 1L, paste, collapse = " | ")
    writeLines(c("", paste0("| ", trimws(lines), " |"), ""))
}

# Prints a line on the machine that the numbers were taken on.
machine <- function(kernels = NULL) {
    model <- R.version$platform
    load <- NA
    if (file.exists("/proc/cpuinfo")) {
        model <- sub(".*: *", "", grep("^model name",
            readLines("/proc/cpuinfo"), value = TRUE)[1L])
        load <- scan("/proc/loadavg", n = 1L, quiet = TRUE)
    }
    cat(sprintf("%s, %d cores%s; %s; load average at the end %.2f\n", model,
        parallel::detectCores(),
        if (is.null(kernels)) "" else paste0(", ", kernels, " kernels"),
        R.version.string, load))
}

open_plot <- function(path, width = 7, height = 5) {
    png(path, width = width, height = height, units = "in", res = 120)
    par(mar = c(4.5, 4.5, 2.5, 1), las = 1)
}

close_plot <- function(path) {
    dev.off()
    say("The plot is in %s", path)
}

# Elapsed seconds of an expression.
timed <- function(expression) {
    start <- Sys.time()
    force(expression)
    as.numeric(Sys.time() - start, units = "secs")
}

# Runs lines of R code in a process of its own, with this one's library, and
# returns the words of the last line that it prints. In it memory("VmHWM") is the
# peak of its resident memory, and memory() of another field of
# /proc/self/status that; in MB of 2^20 bytes. `before` is put before the command
# in the shell; `environment` is variables of the process.
run_lines <- function(lines, before = "", environment = character()) {
    script <- tempfile(fileext = ".R")
    on.exit(unlink(script))
    writeLines(c(
        sprintf(".libPaths(c(%s))", paste(dQuote(.libPaths(), FALSE),
            collapse = ", ")),
        "memory <- function(field) { status <- readLines('/proc/self/status')",
        "    as.numeric(gsub('[^0-9]', '', grep(field, status,",
        "        value = TRUE))) / 1024 }", lines), script)
    output <- system(paste0(before, paste(c(environment, "exec"),
        collapse = " "), " ", shQuote(file.path(R.home("bin"), "Rscript")), " ",
        shQuote(script)), intern = TRUE)
    strsplit(utils::tail(output, 1L), " ")[[1L]]
}

# ---- The core without R ------------------------------------------------------

# Builds a program of the Makefile and returns its path. The environment
# variable BUILD names the folder to build in (default: ./build).
build_program <- function(name) {
    build <- Sys.getenv("BUILD", file.path(benchmark_folder, "build"))
    dir.create(build, FALSE, TRUE)
    build <- normalizePath(build)
    say("Building %s ...", name)
    status <- system2("make", c("-s", "-j2", "-C", shQuote(benchmark_folder),
        paste0("BUILD=", shQuote(build)), name))
    if (status != 0L)
        stop("make ", name, " has failed", call. = FALSE)
    file.path(build, name)
}

# Writes a matrix of integers or a dgCMatrix to a file for the programs and
# returns its path. input.h describes the format.
write_counts <- function(x, file = tempfile(fileext = ".counts")) {
    connection <- file(file, "wb")
    on.exit(close(connection))
    if (is.matrix(x)) {
        writeBin(c(dim(x), as.integer(x)), connection)
    } else {
        writeBin(c(-nrow(x), ncol(x), x@p, x@i), connection)
        writeBin(x@x, connection)
    }
    file
}

# Runs the driver (driver.c) on a file of write_counts() and returns its output
# as a data frame of one row. `prefix` is a command to run the driver with, such
# as taskset and its arguments.
run_driver <- function(driver, file, k, seed = 1L, threads = 1L, repeats = 5L,
    prefix = character()) {
    command <- c(prefix, driver, file, k, seed, threads, repeats)
    line <- system2(command[1L], shQuote(command[-1L]), stdout = TRUE)
    pairs <- strsplit(strsplit(line, " ")[[1L]], "=")
    values <- lapply(pairs, `[`, 2L)
    names(values) <- vapply(pairs, `[`, "", 1L)
    numbers <- !names(values) %in% c("kernels", "digest")
    values[numbers] <- lapply(values[numbers], as.numeric)
    as.data.frame(values)
}

# The Twins table, read from the text file so that dmmomp is not needed.
read_twins <- function() {
    file <- file.path(benchmark_folder, "..", "extdata", "Twins.csv")
    x <- t(as.matrix(read.csv(file, row.names = 1L, check.names = FALSE)))
    storage.mode(x) <- "integer"
    x
}

# The share of counts that are not 0.
density_of <- function(x) {
    if (is.matrix(x)) mean(x > 0) else length(x@x) / prod(dim(x))
}
