# Sums over the samples of a table in parts (R/utils-parts.R), which are all
# that an iteration needs (dmm_part_sums() of src/core/dmm.h). They are computed
# in this process or by the workers of a back-end, each of which has consecutive
# parts.
#
# Sums are added up as in a binary tree over the parts: those of parts 1 and 2,
# 3 and 4, then of 1 to 4 and 5 to 8, and so on. A worker adds up as far as it
# has both halves, and returns a few vectors however many parts it has; the rest
# is added up here. The bits do not depend on the workers.

# Adds a node to `nodes`, which are in order and none of them has its other half
# there. A node has the sums of 2^level parts, before which 2^level * at come.
.push_node <- function(nodes, node) {
    while (length(nodes) > 0L) {
        before <- nodes[[length(nodes)]]
        if (before$level != node$level || before$at %% 2 == 1)
            break
        node <- list(level = node$level + 1, at = before$at / 2,
            sums = before$sums + node$sums)
        nodes[[length(nodes)]] <- NULL
    }
    c(nodes, list(node))
}

# Reads an image that is in a file.
.open_image <- function(image) {
    if (is.raw(image))
        return(image)
    bytes <- file.size(image)
    if (is.na(bytes))
        .stop("cannot read '", image, "': it must not be removed, and workers ",
            "must see the directory 'scratch' by the same path")
    readBin(image, "raw", bytes)
}

# What a worker keeps between iterations: images by the path of their file.
.kept_images <- new.env()

.read_image <- function(image, room) {
    if (is.raw(image))
        return(image)
    bytes <- .kept_images[[image]]
    if (is.null(bytes)) {
        bytes <- .open_image(image)
        # those of an earlier fit are in another directory
        old <- ls(.kept_images)
        rm(list = old[dirname(old) != dirname(image)], envir = .kept_images)
        taken <- sum(lengths(mget(ls(.kept_images), .kept_images)))
        if (taken + length(bytes) <= room)
            assign(image, bytes, .kept_images)
    }
    bytes
}

# The nodes of consecutive parts, before which there are `before`.
.sum_parts <- function(images, before, lambda, log.weight, num.threads, room) {
    nodes <- list()
    for (i in seq_along(images))
        nodes <- .push_node(nodes, list(level = 0, at = before + i - 1,
            sums = .Call(R_dmm_part_sums, .read_image(images[[i]], room),
                lambda, log.weight, num.threads)))
    nodes
}

# The sums over all parts. `call` is a value of .new_part_caller().
.sum_all <- function(call, lambda, log.weight) {
    nodes <- Reduce(.push_node, call(.sum_parts, lambda = lambda,
        log.weight = log.weight), list())
    Reduce(`+`, lapply(nodes, `[[`, "sums"))
}

# The responsibilities of the samples of each part, or their assignments.
.posterior_of_parts <- function(images, before, lambda, log.weight, num.threads,
    room, compact) {
    lapply(images, function(image) {
        z <- .Call(R_dmm_part_posterior, .read_image(image, room), lambda,
            log.weight, compact, num.threads)
        # the last use of it
        if (!is.raw(image))
            rm(list = intersect(image, ls(.kept_images)), envir = .kept_images)
        if (compact)
            list(component = as.integer(z[, 1L]), uncertainty = z[, 2L],
                entropy = attr(z, "entropy"))
        else
            z
    })
}

# Calls `work`, one of the functions above, in a worker, which shares the cores
# of its machine with others. `port` is given in a worker's first call.
.work_on_share <- function(share, work, ..., num.threads, workers, port) {
    if (!is.na(port))
        .Call(R_dmm_send_at_once, port)
    work(share$images, share$before, ...,
        num.threads = .share_of_threads(num.threads, workers))
}

# Consecutive images for each of some workers: list(images, before).
.shares <- function(images, workers) {
    n <- length(images)
    worker <- floor((seq_len(n) - 1) * min(n, workers) / n)
    lapply(unname(split(seq_len(n), worker)), function(i) {
        list(images = images[i], before = i[[1L]] - 1)
    })
}

# A function that calls FUN(images, before, ...) for all parts, in this process
# or by a back-end, and returns what the calls return, in one list. `room`:
# bytes of images to keep in a worker. `hope`: what a message about a worker
# says of the next call.
.new_part_caller <- function(images, num.threads, room, BPPARAM, hope = NULL) {
    if (is.null(BPPARAM))
        return(function(FUN, ...) {
            FUN(images, 0, ..., num.threads = num.threads, room = 0)
        })
    shares <- .shares(images, BiocParallel::bpnworkers(BPPARAM))
    port <- .port_of(BPPARAM)
    workers <- .workers(BPPARAM)
    function(FUN, ...) {
        if (!is.na(port))
            .Call(R_dmm_send_at_once, port)
        value <- tryCatch(BiocParallel::bplapply(shares, .in_worker,
            .find_package, .work_on_share, work = FUN, ...,
            num.threads = num.threads, room = room, workers = workers,
            port = port, BPPARAM = BPPARAM),
            error = function(e) .stop_worker(e, BPPARAM, hope))
        port <<- NA_integer_
        unlist(value, recursive = FALSE)
    }
}

# Evaluates `code`, calls of functions that are in this package. They need
# nothing of what a user has, for which a back-end would search at each call;
# each worker has one task; and an iteration is too short for a bar.
.with_plain_calls <- function(BPPARAM, code) {
    if (methods::is(BPPARAM, "SnowParam")) {
        given <- list(BiocParallel::bpexportvariables(BPPARAM),
            BiocParallel::bpexportglobals(BPPARAM),
            BiocParallel::bpprogressbar(BPPARAM),
            BiocParallel::bptasks(BPPARAM))
        set <- function(to) {
            BiocParallel::bpexportvariables(BPPARAM) <- to[[1L]]
            BiocParallel::bpexportglobals(BPPARAM) <- to[[2L]]
            BiocParallel::bpprogressbar(BPPARAM) <- to[[3L]]
            BiocParallel::bptasks(BPPARAM) <- to[[4L]]
        }
        on.exit(set(given))
        set(list(FALSE, FALSE, FALSE, 0L))
    }
    code
}

# The port by which workers are connected, or NA.
.port_of <- function(BPPARAM) {
    port <- tryCatch(as.integer(BPPARAM$port), error = function(e) integer())
    if (length(port) == 1L) port else NA_integer_
}

.stop_worker <- function(e, BPPARAM, hope) {
    gone <- .gone_workers(BPPARAM)
    .stop(if (is.null(gone))
        paste0("a worker of 'BPPARAM' failed: ", conditionMessage(e))
        else paste(gone, "of 'BPPARAM' ended early"), if (!is.null(hope))
            paste0("\n(", hope, " go on from the last iteration)"))
}

# Names the workers whose connections are closed, or NULL. The back-end cannot
# be used afterwards: a byte of a result may be lost.
.gone_workers <- function(BPPARAM) {
    nodes <- tryCatch(BiocParallel::bpbackend(BPPARAM),
        error = function(e) NULL)
    gone <- which(vapply(seq_along(nodes), function(i) {
        tryCatch({
            connection <- nodes[[i]]$con
            socketSelect(list(connection), FALSE, 0) &&
                length(readBin(connection, "raw", 1L)) == 0L
        }, error = function(e) FALSE)
    }, NA))
    if (length(gone))
        paste0(if (length(gone) == 1L) "worker " else "workers ",
            paste(gone, collapse = ", "), " (", paste(unique(vapply(
                nodes[gone], function(node) format(node$host), "")),
                collapse = ", "), ")")
}
