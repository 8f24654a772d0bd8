# Sums over the samples of a table in parts (R/utils-parts.R), which are all
# that an iteration needs (dmm_part_sums() of src/core/dmm.h). They are computed
# in this process or by the workers of a back-end.
#
# Parts are gathered in at most .most_bundles bundles of consecutive parts. The
# sums of a bundle are added up in its worker, in order, and those of the
# bundles here. The bits do not depend on the workers.

.most_bundles <- 64L

# A list of the images of each bundle.
.bundles <- function(images) {
    n <- length(images)
    bundle <- floor((seq_len(n) - 1) * min(n, .most_bundles) / n)
    unname(split(images, bundle))
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

.sum_bundle <- function(images, lambda, log.weight, num.threads, room) {
    sums <- 0
    for (image in images)
        sums <- sums + .Call(R_dmm_part_sums, .read_image(image, room), lambda,
            log.weight, num.threads)
    sums
}

# The responsibilities of a bundle's samples, or their assignments.
.posterior_bundle <- function(images, lambda, log.weight, num.threads, room,
    compact) {
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
# of its machine with others.
.work_on_bundle <- function(images, work, ..., num.threads, workers, port) {
    if (!is.na(port))
        .Call(R_dmm_send_at_once, port)
    work(images, ..., num.threads = .share_of_threads(num.threads, workers))
}

# A function that calls FUN(bundle, ...) for all bundles, in this process or by
# a back-end, and returns the list of values. `room`: bytes of images to keep in
# a worker. `hope`: what a message about a worker says of the next call.
.new_bundle_caller <- function(images, num.threads, room, BPPARAM,
    hope = NULL) {
    bundles <- .bundles(images)
    if (is.null(BPPARAM))
        return(function(FUN, ...) {
            lapply(bundles, FUN, ..., num.threads = num.threads, room = 0)
        })
    port <- .port_of(BPPARAM)
    function(FUN, ...) {
        if (!is.na(port))
            .Call(R_dmm_send_at_once, port)
        tryCatch(.with_few_exports(BPPARAM,
            BiocParallel::bplapply(bundles, .work_on_bundle, work = FUN, ...,
                num.threads = num.threads, room = room,
                workers = .workers(BPPARAM), port = port, BPPARAM = BPPARAM)),
            error = function(e) .stop_worker(e, BPPARAM, hope))
    }
}

# Evaluates `code`, a call of functions that are in this package. They need
# nothing of what a user has, for which a back-end would search at each call,
# and an iteration is too short for a bar.
.with_few_exports <- function(BPPARAM, code) {
    if (methods::is(BPPARAM, "SnowParam")) {
        export <- BiocParallel::bpexportvariables(BPPARAM)
        bar <- BiocParallel::bpprogressbar(BPPARAM)
        on.exit({
            BiocParallel::bpexportvariables(BPPARAM) <- export
            BiocParallel::bpprogressbar(BPPARAM) <- bar
        })
        BiocParallel::bpexportvariables(BPPARAM) <- FALSE
        BiocParallel::bpprogressbar(BPPARAM) <- FALSE
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
