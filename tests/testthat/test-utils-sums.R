# Sums over parts, in this process and by workers.

small_parts <- function(x = dmmomp::twins, rows = 50, room = Inf,
    directory = "") {
    with_part_rows(rows, dmmomp:::.as_parts(x, "counts", 3L, 1L,
        dmmomp:::.new_store(directory, room)))
}

parameters <- function(taxa = 130, k = 3) {
    list(lambda = matrix(sin(seq_len(taxa * k)), taxa),
        log.weight = log(seq_len(k) / sum(seq_len(k))))
}

test_that("each worker has its share of consecutive parts", {
    shares <- dmmomp:::.shares
    expect_identical(shares(list("a"), 4), list(list(images = list("a"),
        before = 0)))
    for (n in c(2, 7, 64, 1000)) for (workers in c(1, 2, 3, 8, 64)) {
        x <- shares(as.list(seq_len(n)), workers)
        expect_identical(length(x), as.integer(min(n, workers)))
        images <- lapply(x, `[[`, "images")
        expect_identical(unlist(images), seq_len(n))
        expect_lte(diff(range(lengths(images))), 1)
        expect_equal(vapply(x, `[[`, 0, "before"),
            cumsum(lengths(images)) - lengths(images))
    }
})

test_that("sums are added up in the same order by any workers", {
    set.seed(1)
    # the last bits depend on the order
    sums <- runif(1000) * 10^runif(1000, -5, 5)
    push <- dmmomp:::.push_node
    nodes_of <- function(at) {
        Reduce(push, lapply(at, function(i) {
            list(level = 0, at = i, sums = sums[[i + 1]])
        }), list())
    }
    in_order <- function(nodes) {
        dmmomp:::.sum_all(function(...) nodes)
    }
    pairs <- sums[1:13]
    # 13 parts: 8, 4, and 1
    eight <- ((pairs[1] + pairs[2]) + (pairs[3] + pairs[4])) +
        ((pairs[5] + pairs[6]) + (pairs[7] + pairs[8]))
    four <- (pairs[9] + pairs[10]) + (pairs[11] + pairs[12])
    expect_identical(in_order(nodes_of(0:12)), (eight + four) + pairs[13])
    for (n in c(1:40, 1000)) {
        expected <- in_order(nodes_of(seq_len(n) - 1))
        expect_equal(expected, sum(sums[seq_len(n)]), tolerance = 1e-14)
        for (workers in c(2:9, 64)) {
            shares <- dmmomp:::.shares(as.list(seq_len(n)), workers)
            nodes <- lapply(shares, function(share) {
                nodes_of(share$before + seq_along(share$images) - 1)
            })
            expect_lte(max(lengths(nodes)), 1 + 2 * log2(n))
            expect_identical(in_order(unlist(nodes, recursive = FALSE)),
                expected)
        }
    }
})

test_that("sums over parts are those of the model", {
    p <- parameters()
    expected <- .Call(dmmomp:::R_dmm_evaluate, twins, p$lambda,
        exp(p$log.weight), dmncontrol(), 1L)
    for (rows in c(1, 50, 278)) {
        parts <- unclass(small_parts(rows = rows))
        call <- dmmomp:::.new_part_caller(parts$images, 1L, 0, NULL)
        sums <- dmmomp:::.sum_all(call, p$lambda, p$log.weight)
        expect_equal(sums[[1]] + sum(parts$log.multinomial), expected$LogLik,
            tolerance = 1e-12)
        expect_equal(sums[2:4], colSums(expected$Group), tolerance = 1e-10)
        expect_identical(sum(parts$rows), 278)
    }
})

test_that("an image that is damaged or absent is an error", {
    parts <- unclass(small_parts())
    p <- parameters()
    sums <- function(image) {
        dmmomp:::.sum_parts(list(image), 0, p$lambda, p$log.weight, 1L, 0)
    }
    image <- parts$images[[1]]
    expect_length(sums(image)[[1]]$sums, 1 + 9 + 2 * 390)
    expect_error(sums(image[-1]), "damaged or incomplete")
    expect_error(sums(raw(0)), "damaged or incomplete")
    expect_error(sums(replace(image, 7, as.raw(9))), "damaged or incomplete")
    expect_error(sums(tempfile()), "workers must see the directory 'scratch'")
    expect_error(dmmomp:::.sum_parts(list(image), 0, p$lambda[-1, ],
        p$log.weight, 1L, 0), "'lambda' must be a double matrix of 130 x 3")
})

test_that("a worker keeps images as far as there is room", {
    directory <- new_directory()
    parts <- unclass(small_parts(room = 0, directory = directory))
    kept <- dmmomp:::.kept_images
    read <- dmmomp:::.read_image
    size <- file.size(unlist(parts$images))
    rm(list = ls(kept), envir = kept)
    first <- read(parts$images[[1]], size[[1]])
    read(parts$images[[2]], size[[1]])
    expect_identical(ls(kept), parts$images[[1]])
    unlink(parts$images[[1]])
    expect_identical(read(parts$images[[1]], size[[1]]), first)
    # those of another fit make room
    other <- new_directory()
    file.copy(parts$images[[2]], other)
    read(file.path(other, basename(parts$images[[2]])), Inf)
    expect_identical(dirname(ls(kept)), other)
    rm(list = ls(kept), envir = kept)
})

test_that("the bits do not depend on the workers", {
    skip_on_cran()
    skip_if_not_installed("BiocParallel")
    fit <- function(...) {
        with_part_rows(50, dmn(twins, 3, seed = 1, nstart = 3, ...))
    }
    expected <- fit(memory = "1GB")
    expect_identical(fit(BPPARAM = BiocParallel::SerialParam()), expected)
    snow <- BiocParallel::SnowParam(2)
    BiocParallel::bpstart(snow)
    on.exit(BiocParallel::bpstop(snow))
    expect_identical(fit(BPPARAM = snow), expected)
    expect_identical(fit(BPPARAM = snow, memory = "2GB"), expected)
    few <- fit(BPPARAM = snow, keep.group = FALSE)
    expect_identical(mixture(few, assign = TRUE),
        mixture(expected, assign = TRUE))
    expect_identical(fit(BPPARAM = BiocParallel::SnowParam(3)), expected)
    skip_on_os("windows")
    expect_identical(fit(BPPARAM = BiocParallel::MulticoreParam(2)), expected)
    # more workers than parts
    expect_identical(fit(BPPARAM = BiocParallel::MulticoreParam(8)), expected)
})

test_that("settings of a back-end are as they were", {
    skip_on_cran()
    skip_if_not_installed("BiocParallel")
    snow <- BiocParallel::SnowParam(2, tasks = 1L, progressbar = TRUE)
    BiocParallel::bpstart(snow)
    on.exit(try(BiocParallel::bpstop(snow), silent = TRUE))
    settings <- function() {
        list(BiocParallel::bpexportvariables(snow),
            BiocParallel::bpexportglobals(snow),
            BiocParallel::bpprogressbar(snow), BiocParallel::bptasks(snow))
    }
    before <- settings()
    inside <- NULL
    fit <- function(save) {
        with_internals(with_part_rows(50, dmn(twins, 3, seed = 1, nstart = 3,
            BPPARAM = snow)), .save_parameters = save)
    }
    fit(function(...) inside <<- settings())
    expect_identical(inside, list(FALSE, FALSE, FALSE, 0L))
    expect_identical(settings(), before)
    expect_error(fit(function(...) stop("boom")), "boom")
    expect_identical(settings(), before)
    expect_error(dmn(twins, 2, BPPARAM = BiocParallel::SnowParam(2, log = TRUE,
        resultdir = tempdir())), "'BPPARAM' must not have a 'resultdir'")
})

test_that("a worker that dies is named, and the fit goes on", {
    skip_on_cran()
    skip_on_os("windows")
    skip_if_not_installed("BiocParallel")
    snow <- BiocParallel::SnowParam(2)
    BiocParallel::bpstart(snow)
    on.exit(try(BiocParallel::bpstop(snow), silent = TRUE))
    process <- unlist(BiocParallel::bplapply(1:2, function(i) Sys.getpid(),
        BPPARAM = snow))
    directory <- tempfile()
    fit <- function(...) {
        with_part_rows(50, dmn(twins, 3, seed = 1, nstart = 3, ...))
    }
    # kills a worker after the first iteration from the chosen start
    calls <- 0
    save <- dmmomp:::.save_parameters
    error <- with_internals(tryCatch(fit(checkpoint = directory,
        BPPARAM = snow), error = conditionMessage),
        .save_parameters = function(...) {
            calls <<- calls + 1
            if (calls == 1) {
                tools::pskill(process[[1]], tools::SIGKILL)
                Sys.sleep(0.2)
            }
            save(...)
        })
    expect_match(error, "^workers? [12].* of 'BPPARAM' ended early")
    expect_match(error, "the same call will go on from the last iteration")
    whole <- fit(memory = "1GB")
    # the back-end can be used again
    expect_false(BiocParallel::bpisup(snow))
    resumed <- fit(checkpoint = directory, BPPARAM = snow)
    expect_lt(resumed@mixture$Evaluations, whole@mixture$Evaluations)
    expect_equal(goodnessOfFit(resumed), goodnessOfFit(whole),
        tolerance = 1e-9)
    expect_identical(starts(resumed)$NLE, starts(whole)$NLE)
})

test_that("an error in a worker is that of the call", {
    skip_on_cran()
    skip_if_not_installed("BiocParallel")
    directory <- new_directory()
    parts <- unclass(small_parts(room = 0, directory = directory))
    p <- parameters()
    snow <- BiocParallel::SnowParam(2)
    BiocParallel::bpstart(snow)
    on.exit(try(BiocParallel::bpstop(snow), silent = TRUE))
    call <- dmmomp:::.new_part_caller(parts$images, 1L, 0, snow, "this will")
    unlink(parts$images[[2]])
    expect_error(dmmomp:::.sum_all(call, p$lambda, p$log.weight),
        "a worker of 'BPPARAM' failed: .*\n\\(this will go on from")
})

test_that("connections at a port are found, at both ends", {
    skip_on_cran()
    skip_on_os("windows")
    port <- NULL
    for (try in 20000 + 97 * 1:50) {
        server <- tryCatch(serverSocket(try), error = function(e) NULL)
        if (!is.null(server)) {
            port <- as.integer(try)
            break
        }
    }
    skip_if(is.null(port))
    on.exit(close(server))
    send <- function(port) .Call(dmmomp:::R_dmm_send_at_once, port)
    expect_identical(send(1L), 0L)
    one <- socketConnection(port = port, blocking = FALSE, open = "r+b")
    on.exit(close(one), add = TRUE)
    other <- socketAccept(server, blocking = FALSE, open = "r+b", timeout = 5)
    on.exit(close(other), add = TRUE)
    expect_gte(send(port), 2L)
    # they still work
    writeBin(1:3, one)
    expect_true(socketSelect(list(other), FALSE, 5))
    expect_identical(readBin(other, "integer", 3L), 1:3)
    expect_error(send(c(1L, 2L)), "'port' must be one whole number")
})
