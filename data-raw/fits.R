# Makes data/fit.rda, data/bestgrp.rda and data/xval.rda with the installed
# dmmomp. Run from the package's root:  Rscript data-raw/fits.R
library(dmmomp)

fit <- lapply(1:7, dmn, count = twins, seed = 1)

keep <- c("Lean", "Obese")
count <- csubset(keep, twins, twinsBMI)
pheno <- factor(twinsBMI[rownames(count)], levels = keep)
bestgrp <- dmngroup(count, pheno, k = 1:5, seed = 1, .lapply = lapply)

set.seed(1)
xval <- cvdmngroup(nrow(count), count, c(Lean = 1, Obese = 3), pheno,
                   seed = 1, .lapply = lapply)

stopifnot(
    which.min(vapply(fit, laplace, numeric(1))) == 4L,
    all(vapply(fit, function(x) x@mixture$Converged, logical(1))),
    identical(summary(bestgrp)$k, c(Lean = 1L, Obese = 3L)) ||
        identical(summary(bestgrp)$k, c(1L, 3L)),
    identical(rownames(xval), rownames(count)), !anyNA(xval))

# Version 2 is read by every R since 1.4.
for (name in c("fit", "bestgrp", "xval"))
    save(list = name, file = file.path("data", paste0(name, ".rda")),
         compress = "xz", version = 2L)
