# Parts: a table that is not in memory as a whole, or not in this process, as
# images of consecutive samples (src/core/counts/image.h). An image is a raw
# vector, or the path of a file that holds one; R/utils-sums.R adds up over
# them. An object of class dmnparts has these elements:
#
#   dim, dimnames    of the table
#   images           a list of raw vectors and paths, in the order of samples
#   rows             the number of samples of each
#   log.multinomial  the same, summed over the samples of each
#   sample           packed counts of the samples on which starts are made
#
# Parts depend on the table only, neither on the memory nor on the workers, and
# so do the bits of a fit.

# ---- Arguments ---------------------------------------------------------------

# Bytes per unit, as in "8GB".
.units <- c(B = 1, KB = 2^10, MB = 2^20, GB = 2^30, TB = 2^40)

# R with the packages that a fit loads takes about a quarter of this.
.least_memory <- 2^30

# `memory` in bytes, or Inf for NULL.
.check_memory <- function(memory) {
    if (is.null(memory))
        return(Inf)
    bytes <- NA_real_
    if (is.character(memory) && length(memory) == 1L) {
        form <- "^ *([0-9]+[.]?[0-9]*) *([KMGT]?B) *$"
        if (grepl(form, toupper(memory)))
            bytes <- as.numeric(sub(form, "\\1", toupper(memory))) *
                .units[[sub(form, "\\2", toupper(memory))]]
    } else if (.is_number(memory)) {
        bytes <- memory
    }
    if (!is.finite(bytes) || bytes < .least_memory)
        .stop("'memory' must be a number of bytes, or such as \"8GB\", of at ",
            "least 1GB; found ", if (is.character(memory) &&
                length(memory) == 1L) dQuote(memory, FALSE)
            else .describe(memory))
    bytes
}

# What fits in parts cannot do.
.refuse_in_parts <- function(markers, formula, optimizer) {
    what <- if (!is.null(markers)) "'markers'" else if (!is.null(formula))
        "'formula'" else if (optimizer != "newton") "optimizer = \"bfgs\""
    if (!is.null(what))
        .stop("'memory', 'BPPARAM' and 'checkpoint' cannot be used with ",
            what, ": leave it out, or them")
}

# ---- Making parts ------------------------------------------------------------

# Cells of a part, and the most samples.
.part_cells <- 2^28
.most_part_rows <- 65536

.part_rows <- function(taxa) {
    max(1, min(.most_part_rows, floor(.part_cells / taxa)))
}

# The number of samples on which starts are made, as in large tables in memory:
# PART_SAMPLES and DMM_SAMPLES_EACH of src/core/result/table.{c,h}.
.start_samples <- function(k) max(20000, 50 * k)

# Where images are kept: add() takes one and returns it, or the path of the file
# that it was written to. Images stay in memory until they take `room` bytes;
# none does if they are for workers, with `room` 0.
.new_store <- function(directory, room) {
    taken <- 0
    n <- 0L
    list(room = room, add = function(image) {
        n <<- n + 1L
        if (taken + length(image) <= room) {
            taken <<- taken + length(image)
            return(image)
        }
        file <- file.path(directory, sprintf("part-%06d.bin", n))
        written <- tryCatch(suppressWarnings({
            writeBin(image, file)
            file.size(file) == length(image)
        }), error = function(e) FALSE)
        if (!isTRUE(written))
            .stop("cannot write '", file, "': the disk must have room, and ",
                "the directory be yours to write to; pass another 'scratch'")
        file
    })
}

# Takes blocks of samples as a packer does (R/utils-packed.R), and makes parts.
.new_part_maker <- function(columns, k, num.threads, store) {
    rows <- .part_rows(columns)
    most <- .start_samples(k)
    waiting <- .new_packer(columns)
    total <- 0
    images <- list()
    about <- matrix(0, 0L, 3L)
    # the samples that the lots have fallen on, so far
    drawn <- .new_packer(columns)
    lots <- numeric()
    cutoff <- Inf
    draw <- function(part) {
        new <- .Call(R_dmm_lots, total, nrow(part))
        chosen <- which(new <= cutoff)
        if (length(chosen) == 0L)
            return(invisible(NULL))
        drawn$add(.choose_packed(part, chosen))
        lots <<- c(lots, new[chosen])
        if (length(lots) > most)
            cutoff <<- sort(lots, partial = most)[[most]]
    }
    make <- function(part) {
        problem <- .Call(R_dmm_count_problem, part, num.threads)
        if (!is.null(problem)) {
            empty <- which(.totals(part)$rows == 0)
            .stop(.plural(length(empty), "sample"), " of 'count' ",
                if (length(empty) == 1L) "has" else "have", " no counts: ",
                if (length(empty) == 1L) "row " else "rows ",
                .first_few(total + empty), ".\nLeave them out of the table")
        }
        image <- .Call(R_dmm_part, part, k, num.threads)
        about <<- rbind(about, .Call(R_dmm_part_about, image))
        images[[length(images) + 1L]] <<- store$add(image)
        draw(part)
        total <<- total + nrow(part)
        # the more R holds, the more garbage it leaves: here, parts
        if (is.finite(store$room) && length(part) > 1e6)
            gc()
    }
    # makes a part of the first samples that wait, `rows` at most
    flush <- function() {
        n <- waiting$rows()
        size <- min(n, rows)
        all <- .new_packed(waiting$blocks(), as.integer(c(n, columns)), NULL)
        waiting <<- .new_packer(columns)
        if (size < n) {
            waiting$add(.choose_packed(all, seq.int(size + 1, n)))
            all <- .choose_packed(all, seq_len(size))
        }
        make(all)
    }
    list(
        add = function(x) {
            waiting$add(x)
            while (waiting$rows() >= rows)
                flush()
        },
        columns = columns,
        rows = function() total + waiting$rows(),
        table = function(dimnames) {
            if (waiting$rows() > 0)
                flush()
            all <- drawn$table(list(NULL, dimnames[[2L]]))
            structure(list(dim = c(total, columns), dimnames = dimnames,
                images = images, rows = about[, 1L],
                log.multinomial = about[, 3L],
                sample = if (length(lots)) all[which(lots <= cutoff), ]),
                class = "dmnparts")
        })
}

#' @export
dim.dmnparts <- function(x) unclass(x)$dim

#' @export
dimnames.dmnparts <- function(x) unclass(x)$dimnames

# The argument `count` of dmn() in parts, for fits of k components.
.as_parts <- function(count, assay.type, k, num.threads, store) {
    new <- function(columns) .new_part_maker(columns, k, num.threads, store)
    value <- .with_packer(new, .as_count_matrix(count, "count", assay.type))
    if (!inherits(value, "dmnparts")) {
        # a container that is in memory
        value <- .as_counts(value, num.threads = num.threads, orient = TRUE)
        maker <- new(ncol(value))
        rows <- .part_rows(ncol(value))
        for (start in seq(1, nrow(value), by = rows))
            maker$add(value[seq.int(start, min(start + rows - 1, nrow(value))),
                , drop = FALSE])
        value <- maker$table(dimnames(value))
    }
    .check_not_empty(value, "count")
    value
}

# ---- Fits --------------------------------------------------------------------

# A fit as dmn() returns it. `call` is a value of .new_part_caller(), and
# `kept` one of .open_fit_checkpoint(), or NULL.
.fit_parts <- function(parts, k, nstart, settings, verbose, keep.group, call,
    kept) {
    x <- unclass(parts)
    table <- .compress(x$sample, k, settings$num.threads, nstart)
    on.exit(.Call(R_dmm_table_free, table$table))
    sums <- function(lambda, log.weight, chosen) {
        value <- .sum_all(call, lambda, log.weight)
        # before, they may be those of an optimum that is given up
        if (chosen)
            .save_parameters(kept, lambda, log.weight, value[[1L]], settings)
        value
    }
    found <- .call_fit(table$table, k, nstart, settings, verbose = verbose,
        parts = list(samples = x$dim[[1L]],
            log.multinomial = sum(x$log.multinomial), sums = sums,
            start = kept$start))
    raw <- .add_posterior(found$fit, call, !keep.group)
    # a fit that goes on has made no starts: these are for their record
    starts <- if (is.null(kept$start)) found$starts
        else .call_fit(table$table, k, nstart, settings)$starts
    fit <- .as_dmn(raw, x$dimnames, settings$seed, settings$optimizer,
        settings$control)
    if (verbose)
        message("  ", .met(starts), sprintf(", NLE %.3f",
            raw$GoodnessOfFit[["NLE"]]))
    .add_to_mixture(fit, NStart = nstart, Starts = starts)
}

# `raw`, whose fit is to sums, with what it says of the samples.
.add_posterior <- function(raw, call, compact) {
    found <- call(.posterior_of_parts, lambda = log(raw$Estimate),
        log.weight = log(raw$Weight), compact = compact)
    if (!compact) {
        raw$Group <- do.call(rbind, found)
        return(raw)
    }
    raw$Group <- matrix(0, 0L, length(raw$Weight))
    raw$Assigned <- list(
        component = unlist(lapply(found, `[[`, "component")),
        uncertainty = unlist(lapply(found, `[[`, "uncertainty")),
        entropy = sum(vapply(found, `[[`, 0, "entropy")))
    raw
}

# dmn() for tables in parts. `memory` is in bytes, and BPPARAM a value of
# .back_end().
.dmn_in_parts <- function(count, k, seed, nstart, settings, verbose, keep.group,
    assay.type, memory, BPPARAM, scratch, checkpoint) {
    force(count) # which may itself read blocks, not for parts
    if (methods::is(BPPARAM, "BatchtoolsParam"))
        .stop("'BPPARAM' must be a back-end whose workers stay, such as ",
            "SnowParam(); jobs of a batch scheduler are for dmnselect()")
    if (!is.null(BPPARAM) && !is.na(BiocParallel::bpresultdir(BPPARAM)))
        .stop("'BPPARAM' must not have a 'resultdir': the sums of each ",
            "iteration are needed here; set bpresultdir(BPPARAM) <- NA")
    if (!is.null(checkpoint))
        checkpoint <- .own_directory(checkpoint, .fit_checkpoint, "dmn()")
    .check_directory(scratch, "scratch")
    directory <- tempfile("dmn-", normalizePath(scratch))
    if (!dir.create(directory, showWarnings = FALSE))
        .stop("'scratch' must be a directory that is yours to write to; ",
            "found '", scratch, "'")
    on.exit(unlink(directory, recursive = TRUE))
    # The rest is for R, for reading, for starts and for the result. The system
    # may keep what is in files in memory that nobody else wants.
    room <- memory / 4
    store <- .new_store(directory, if (is.null(BPPARAM)) room else 0)
    k <- .check_k(k)
    parts <- .as_parts(count, assay.type, k, settings$num.threads, store)
    count <- NULL
    k <- .check_k(k, parts)
    if (verbose)
        message(sprintf("dmn, k=%d: %s", k, .plural(length(
            unclass(parts)$images), "part")))
    kept <- if (!is.null(checkpoint))
        .open_fit_checkpoint(checkpoint, parts, k, nstart, seed, settings)
    if (!is.null(kept))
        settings$seed <- kept$key$seed
    call <- .new_part_caller(unclass(parts)$images, settings$num.threads,
        room, BPPARAM, if (is.null(kept))
            "with 'checkpoint', the same call would"
        else
            "the same call will")
    fit <- function() {
        .fit_parts(parts, k, nstart, settings, verbose, keep.group, call, kept)
    }
    if (is.null(BPPARAM))
        fit()
    else
        .or_stop(BPPARAM, .with_plain_calls(BPPARAM, fit()))
}
