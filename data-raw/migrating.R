# Makes inst/extdata/migrating.csv, DirichletMultinomial's values that
# vignettes/migrating.Rmd shows where that package is not installed, by running
# the vignette where it is. From the package's root, with dmmomp installed:
#   Rscript data-raw/migrating.R
stopifnot(requireNamespace("DirichletMultinomial"))
page <- new.env()
rmarkdown::render("vignettes/migrating.Rmd", envir = page, quiet = TRUE,
                  output_dir = tempdir(), intermediates_dir = tempdir())
write.csv(page$theirs, "inst/extdata/migrating.csv", row.names = FALSE)
