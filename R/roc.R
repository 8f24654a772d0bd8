#' Receiver operating characteristic
#'
#' Computes the rates of true and false positives of a classifier. Samples whose
#' score is above a threshold are called positive, and the threshold is lowered
#' from one sample to the next.
#'
#' @param exp `logical`, or numeric 0 and 1, without `NA`: whether each sample
#'     is a member of the group. There must be members and others.
#' @param obs numeric, as long as `exp`, without `NA`: the probability, or any
#'     other score, that the sample is a member.
#' @param ... for `roc()`, not used; anything in it is an error.
#' @return A `data.frame` with one row for each sample, in decreasing order of
#'     `obs`. The column `TruePostive` is the fraction of the members that are
#'     found up to that sample, and `FalsePositive` the fraction of the others.
#'     `TruePostive` is spelt as in DirichletMultinomial, because scripts rely
#'     on it.
#'
#' Its attribute `"AUC"` is the area under the curve: the probability that a
#' member has a greater `obs` than another sample, where ties count half. The
#' attribute `"obs"` has the values of `obs` in the order of the rows. The class
#' is `c("dmnroc", "data.frame")`, so that it can be used like any `data.frame`.
#'
#' `autoplot()`: a `ggplot` object of one or more curves, with their areas.
#' Samples with the same `obs` are passed at once, in a straight line. `plot()`
#' draws it and returns it invisibly. With graphical parameters, as in
#' `plot(curve, type = "l")`, for some rows of a curve and where ggplot2 is not
#' installed, `plot()` is that of a `data.frame`, to which `lines()` and
#' `points()` can add, and returns `x`.
#' @section Errors:
#' It is an error if `exp` or `obs` has missing values, if they differ in
#' length, and if `exp` has only members or none. For `autoplot()`, it is an
#' error if ggplot2 is not installed, and if a curve lacks rows or has been
#' joined to another by `rbind()`.
#' @references
#' Fawcett T (2006). An introduction to ROC analysis. *Pattern Recognition
#' Letters* 27, 861-874. \doi{10.1016/j.patrec.2005.10.010}
#' @seealso [dmngroup()], [cvdmngroup()]
#' @examples
#' set.seed(1)
#' keep <- c("Lean", "Obese")
#' count <- csubset(keep, twins, twinsBMI)
#' pheno <- twinsBMI[rownames(count)]
#' groups <- dmngroup(count, pheno, k = 1, .lapply = lapply)
#' curve <- roc(pheno == "Obese", predict(groups, count)[, "Obese"])
#' attr(curve, "AUC")
#' plot(curve)
#' ## by base graphics
#' plot(TruePostive ~ FalsePositive, curve, type = "l")
#'
#' ## a curve for each of several groups, or of several classifiers
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'     one <- roc(pheno == "Obese", count[, "Prevotella"])
#'     ggplot2::autoplot(curve, one, labels = c("mixtures", "one genus"))
#' }
#' @order 1
#' @export
roc <- function(exp, obs, ...) {
    .refuse_dots(..., .what = "roc", .known = c("exp", "obs"))
    if (is.numeric(exp) && all(exp %in% 0:1))
        exp <- exp == 1
    .check_roc(exp, obs)
    order <- order(obs, decreasing = TRUE)
    member <- exp[order]
    structure(data.frame(
        TruePostive = unname(cumsum(member) / sum(member)),
        FalsePositive = unname(cumsum(!member) / sum(!member))),
        AUC = .area_under_roc(exp, obs), obs = unname(obs[order]),
        class = c("dmnroc", "data.frame"))
}

# From ranks (Mann and Whitney), so that ties count half in any order.
.area_under_roc <- function(exp, obs) {
    n <- as.double(sum(exp))
    (sum(rank(obs)[exp]) - n * (n + 1) / 2) / (n * sum(!exp))
}

.check_roc <- function(exp, obs) {
    if (!is.logical(exp) || anyNA(exp))
        .stop("'exp' must be TRUE or FALSE for each sample, without NA; found ",
            if (is.logical(exp)) .plural(sum(is.na(exp)), "NA", "NA")
            else .describe(exp), ". Pass for example pheno == \"Obese\"")
    if (!is.numeric(obs) || anyNA(obs))
        .stop("'obs' must be numeric, without NA; found ",
            if (is.numeric(obs)) .plural(sum(is.na(obs)), "NA", "NA")
            else .describe(obs))
    if (length(exp) != length(obs))
        .stop("'exp' and 'obs' must have the same length; found ", length(exp),
            " and ", length(obs))
    if (!any(exp) || all(exp))
        .stop("'exp' must hold both TRUE and FALSE; found ",
            if (length(exp) == 0L) "no samples"
            else paste("only", exp[[1L]]))
}
