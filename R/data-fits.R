#' Fits of the Twins study
#'
#' Results on [twins] that examples start from, with the names that they have
#' in DirichletMultinomial, so that its scripts' `data(fit)`, `data(bestgrp)`
#' and `data(xval)` work.
#'
#' @format
#' `fit`: a list of seven fits, of 1 to 7 components, made by
#' [`dmn(twins, k, seed = 1)`][dmn].
#'
#' `bestgrp`: an object of class [DMNGroup], the classifier of lean and obese
#' people made by [dmngroup()] with `k = 1:5`.
#'
#' `xval`: a `data.frame` of 254 rows, the leave-one-out cross-validation of a
#' classifier with one component for lean and three for obese people, made by
#' [cvdmngroup()].
#'
#' They are made by `data-raw/fits.R` in the package's sources.
#' @return Not applicable: these are data.
#' @source See [twins].
#' @examples
#' data(fit)
#' fit[[4]]
#' plot(vapply(fit, laplace, numeric(1)), type = "b")
#' data(bestgrp)
#' bestgrp
#' data(xval)
#' head(xval, 3)
#' @usage
#' data(fit)
#' data(bestgrp)
#' data(xval)
#' @docType data
#' @keywords datasets
#' @name fit
#' @aliases fit bestgrp xval
NULL
