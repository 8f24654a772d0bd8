# Rscript .ci/check-results.R CHECK-DIRECTORY COUNTS-FILE
#
# Reads the log of R CMD check in CHECK-DIRECTORY. Writes a line "PASSED FAILED
# 0 NAME" to COUNTS-FILE with the numbers of checks that passed and failed, and
# prints those that failed. A NOTE, WARNING or ERROR is a failure, except the
# NOTEs listed below. .ci/run uses this script.

# Each entry is the start of a check's name and a text that its NOTE contains.
allowed_notes <- list(
    # The package has not been submitted yet.
    c("CRAN incoming feasibility", "New submission"),
    # The repositories' indices cannot be read without a network.
    c("package dependencies", "unable to access index for repository"))

arguments <- commandArgs(trailingOnly = TRUE)
checks <- tools::check_packages_in_dir_details(
    logs = file.path(arguments[1L], "00check.log"), drop_ok = FALSE)

is_allowed <- function(check) {
    check$Status == "NOTE" && any(vapply(allowed_notes, function(note) {
        startsWith(check$Check, note[1L]) &&
            grepl(note[2L], check$Output, fixed = TRUE)
    }, logical(1L)))
}

passed <- vapply(seq_len(nrow(checks)), function(i) {
    checks$Status[i] %in% c("OK", "SKIPPED", "INFO") || is_allowed(checks[i, ])
}, logical(1L))

for (i in which(!passed)) {
    cat("FAILED: checking", checks$Check[i], "...", checks$Status[i], "\n")
}
writeLines(paste(sum(passed), sum(!passed), 0L, "R CMD check"), arguments[2L])
