test_that("on a full disk the old file is kept", {
    skip_if_not(file.exists("/dev/full"))
    file <- tempfile()
    writeLines("old", file)
    part <- paste0(file, ".", Sys.getpid(), ".part")
    file.symlink("/dev/full", part)
    expect_error(.write_atomically(file, raw(1e5)), "cannot write .* room")
    file.symlink("/dev/full", part)
    expect_error(.write_atomically(file, raw(1)), "cannot write")
    expect_identical(readLines(file), "old")
})

test_that("written files and their directories can be flushed to disk", {
    file <- tempfile()
    expect_false(.Call(R_dmm_flush, file))
    .write_atomically(file, charToRaw("x\n"))
    expect_true(.Call(R_dmm_flush, file))
    expect_identical(readLines(file), "x")
    expect_error(.Call(R_dmm_flush, 1), "one string")
    skip_on_os("windows")
    expect_true(.Call(R_dmm_flush, dirname(file)))
})

test_that("an error while bytes are made is not one of the disk", {
    file <- tempfile()
    expect_error(.write_atomically(file, stop("no bytes")), "^no bytes$")
    expect_false(file.exists(file))
})
