#' dmmomp: fast Dirichlet-multinomial mixtures
#'
#' Clusters samples of microbiome counts, or of any other table of counts,
#' with mixtures of Dirichlet-multinomials (Holmes, Harris and Quince 2012).
#' The functions and objects have the names and shapes of those in the
#' \pkg{DirichletMultinomial} package.
#'
#' * Take counts from their container, and write a fit back to it:
#'   [dmncounts()], [addDMN()].
#' * Fit a mixture: [dmn()], with settings from [dmncontrol()] and threads from
#'   [dmnthreads()]. Time and memory before the start: [dmnplan()].
#' * Fit components that differ in few taxa: `dmn(markers =)`, [markers()];
#'   weights that depend on variables of the samples: `dmn(formula =)`,
#'   [concomitant()].
#' * Choose the number of components: [dmnselect()], [starts()],
#'   [dmnstability()], [dmnperplexity()], [laplace()], [goodnessOfFit()],
#'   `AIC()`, `BIC()`, `logLik()`, [ICL()].
#' * Read a fit: [mixture()], [mixturewt()], [`fitted()`][mixture],
#'   [`summary()`][summary.DMN], [`confint()`][confint.DMN], [drivers()],
#'   [writeDMN()], [`as.data.frame()`][as.data.frame.DMN], [DMN-class].
#' * Use the mixtures elsewhere: [DmmompParam()] for bluster,
#'   [`tidy()`][tidy.DMN], [`glance()`][tidy.DMN] and [`augment()`][tidy.DMN]
#'   for broom.
#' * Name and draw the components: [componentLabels()],
#'   [`plot()`][plot.DMN], [heatmapdmn()]. Show all of it on one page:
#'   [dmnreport()].
#' * Classify samples: [`predict()`][predict.DMN]; with known groups
#'   [dmngroup()], [cvdmngroup()], [roc()].
#' * Check the model: [`residuals()`][residuals.DMN],
#'   [`simulate()`][simulate.DMN], [rdmn()].
#' * Data: [twins], [twinsBMI].
#'
#' `vignette("dmmomp")` introduces these functions, `vignette("choosing-k")`
#' shows how to choose the number of components, `vignette("markers")` is about
#' types that differ in few taxa, `vignette("containers")` is for users of
#' phyloseq and TreeSummarizedExperiment, `vignette("large")` for those whose
#' tables do not fit in memory, and `vignette("migrating")` for those of
#' DirichletMultinomial or pyDMM.
#'
#' @return No value: this page describes the package.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @examples
#' fits <- lapply(1:4, dmn, count = twins, seed = 1)
#' lplc <- vapply(fits, laplace, numeric(1))
#' best <- fits[[which.min(lplc)]]
#' mixturewt(best)
#' @keywords internal
"_PACKAGE"
