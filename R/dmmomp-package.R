#' dmmomp: fast Dirichlet-multinomial mixtures
#'
#' Clusters samples of microbiome counts, or of any other table of counts,
#' with mixtures of Dirichlet-multinomials (Holmes, Harris and Quince 2012).
#' Functions and objects have the names and shapes of those in the
#' \pkg{DirichletMultinomial} package.
#'
#' * Fit: [dmn()], with settings from [dmncontrol()] and threads from
#'   [dmnthreads()].
#' * Choose: [dmnselect()], [starts()], [dmnstability()], [dmnperplexity()],
#'   [laplace()], [goodnessOfFit()], `AIC()`, `BIC()`, `logLik()`,
#'   [ICL()].
#' * Read: [mixture()], [mixturewt()], [`fitted()`][mixture],
#'   [`summary()`][summary.DMN], [`confint()`][confint.DMN], [drivers()],
#'   [writeDMN()], [DMN-class].
#' * Name and draw: [componentLabels()], [heatmapdmn()].
#' * Classify: [`predict()`][predict.DMN], by group [dmngroup()],
#'   [cvdmngroup()], [roc()].
#' * Check: [`residuals()`][residuals.DMN], [`simulate()`][simulate.DMN],
#'   [rdmn()].
#' * Data: [twins], [twinsBMI].
#'
#' `vignette("dmmomp")` is a first walk through them, `vignette("migrating")`
#' is for those who come from DirichletMultinomial or pyDMM.
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
