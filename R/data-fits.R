#' Fits of the Twins study
#'
#' Results on [twins] that examples can start from. They have the names that
#' they have in DirichletMultinomial, so that `data(fit)`, `data(bestgrp)` and
#' `data(xval)` work in scripts written for it.
#'
#' @format
#' `fit`: a list of seven fits with 1 to 7 components, made by
#' [`dmn(twins, k, seed = 1)`][dmn].
#'
#' `bestgrp`: an object of class [DMNGroup], the classifier of lean and obese
#' people that [dmngroup()] makes with `k = 1:5`.
#'
#' `xval`: a `data.frame` of 254 rows, the leave-one-out cross-validation of a
#' classifier with one component for lean and three for obese people, made by
#' [cvdmngroup()].
#'
#' The script `data-raw/fits.R` in the package's sources makes all three.
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
