# Makes R/sysdata.rda, from which the package exports both objects, and
# data/twins.rda and data/twinsBMI.rda, for data(), from the text files in
# inst/extdata. Lazy data would put all that data() offers, an object named
# 'fit' too, in the way of users. Run from the package's root:
#   Rscript data-raw/twins.R
#
# Source: Turnbaugh et al. (2009) Nature 457:480-484, as tabulated by genus
# and used by Holmes, Harris & Quince (2012) PLoS ONE 7(2):e30126.

counts_by_taxon <- as.matrix(read.csv("inst/extdata/Twins.csv",
    row.names = 1L, check.names = FALSE))
bmi <- read.csv("inst/extdata/twins_bmi.csv")

# The file has taxa in its rows; dmn() takes samples in rows.
twins <- t(counts_by_taxon)
storage.mode(twins) <- "integer"

# By name, so that the phenotypes follow the samples whatever either
# file's order is.
rows <- match(rownames(twins), bmi$sample)
twinsBMI <- factor(bmi$bmi[rows], levels = c("Lean", "Obese", "Overwt"))
names(twinsBMI) <- rownames(twins)

stopifnot(
    identical(dim(twins), c(278L, 130L)),
    all(twins == t(counts_by_taxon)), !anyNA(twins), all(twins >= 0L),
    !anyDuplicated(rownames(twins)), !anyDuplicated(colnames(twins)),
    !anyDuplicated(bmi$sample), nrow(bmi) == nrow(twins),
    setequal(bmi$sample, rownames(twins)), !anyNA(twinsBMI))

# Version 2 is read by every R since 1.4.
save(twins, file = "data/twins.rda", compress = "xz", version = 2L)
save(twinsBMI, file = "data/twinsBMI.rda", compress = "xz", version = 2L)
save(twins, twinsBMI, file = "R/sysdata.rda", compress = "xz", version = 2L)

# The classes as scripts for DirichletMultinomial read them: 0, 1, 2.
writeLines(as.character(as.integer(twinsBMI) - 1L), "inst/extdata/TwinStudy.t")
