# Rscript tools/run-testthat.R TEST-DIRECTORY COUNTS-FILE
#
# Runs the tests in TEST-DIRECTORY against the installed dmmomp. Writes one line
# to COUNTS-FILE: the numbers of expectations that passed, of failures (errors
# included) and of skipped tests. tools/test.sh uses it.

arguments <- commandArgs(trailingOnly = TRUE)

reporter <- testthat::SummaryReporter$new(show_praise = FALSE,
    max_reports = Inf)
results <- testthat::test_dir(arguments[1L], package = "dmmomp",
    load_package = "installed", reporter = reporter, stop_on_failure = FALSE)
table <- as.data.frame(results)

failed <- sum(table$failed) + sum(table$error)
writeLines(paste(sum(table$passed), failed, sum(table$skipped)),
    arguments[2L])
