# Rscript .ci/check-results.R CHECK-DIRECTORY COUNTS-FILE
#
# Writes to COUNTS-FILE the numbers of R CMD check's checks that passed and
# failed. Every NOTE, WARNING and ERROR is a failure unless listed here.

# What a NOTE may say, by the start of the check's name, and why.
allowed_notes <- list(
    # No name has been registered yet.
    c("CRAN incoming feasibility", "New submission"),
    # Without network the repositories' lists cannot be read.
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
