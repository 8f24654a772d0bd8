#' Settings of the fitting algorithm
#'
#' Collects the tolerances and limits of [dmn()], and its prior. The defaults
#' suit tables of any size. Change them to converge more tightly or to stop
#' sooner.
#'
#' @param tolerance `numeric(1)`, >= 0, default 1e-6. EM has converged when two
#'     iterations in a row change the NLE (the negative log posterior, see
#'     [goodnessOfFit()]) by less than this, or by less than
#'     `relative.tolerance` times its absolute value.
#' @param relative.tolerance `numeric(1)`, >= 0, default 1e-13. See `tolerance`.
#'     It is the larger of the two limits, and so the one that counts, if the
#'     NLE is above `tolerance / relative.tolerance`, by default 1e7.
#' @param max.iterations `numeric(1)`, a whole number >= 1, default 2000. EM
#'     stops after this many iterations, with a warning if it has not converged.
#'     With several starts EM runs several times from each, and the limit is for
#'     each run.
#' @param kmeans.tolerance `numeric(1)`, >= 0, default 1e-6. The soft k-means
#'     start ends when no centre moves by more than this distance, in units of
#'     relative abundance.
#' @param kmeans.iterations `numeric(1)`, a whole number >= 1, default 1000: the
#'     largest number of iterations of the k-means start.
#' @param stiffness `numeric(1)`, > 0, default 50: the stiffness of the soft
#'     k-means. The larger it is, the closer are its assignments to 0 and 1.
#' @param eta,nu `numeric(1)`, > 0, default 0.1 each: shape and rate of the
#'     Gamma prior of each Dirichlet parameter. The defaults are those of Holmes
#'     et al. (2012). Criteria can only be compared between fits with the same
#'     `eta` and `nu`.
#' @param accelerate `logical(1)`, default `TRUE`. If `TRUE`, EM is accelerated
#'     once it is near its optimum. `FALSE` is plain EM, which takes more
#'     iterations and usually ends at the same optimum. The two can end at
#'     different optima if components overlap.
#' @param agree `NULL`, the default, or `numeric(1)`, a whole number >= 1 or
#'     `Inf`: if there may be several starts, no more are made when so many have
#'     ended at the best optimum, see [starts()]. `Inf` makes all. `NULL` means
#'     3, and all in small tables. It is kept as `NA`.
#' @param background.levels `numeric(1)`, a whole number >= 1, default 1: into
#'     how many levels the background of a fit with [markers()] may be divided
#'     by abundance. Only divisions that lower Laplace are made.
#' @return A list of class `dmncontrol` with one element for each argument.
#' @section Errors:
#' A setting outside its range is an error that names the setting and says what
#' was found.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @seealso [dmn()]
#' @examples
#' dmncontrol(max.iterations = 5000)
#' dmn(twins[1:50, ], 2, seed = 1, control = dmncontrol(tolerance = 1e-3))
#' @export
dmncontrol <- function(tolerance = 1e-6, relative.tolerance = 1e-13,
    max.iterations = 2000, kmeans.tolerance = 1e-6, kmeans.iterations = 1000,
    stiffness = 50, eta = 0.1, nu = 0.1, accelerate = TRUE,
    agree = NULL, background.levels = 1) {
    structure(list(
        tolerance = .check_number(tolerance, "tolerance", 0),
        relative.tolerance =
            .check_number(relative.tolerance, "relative.tolerance", 0),
        max.iterations =
            as.double(.check_whole(max.iterations, "max.iterations")),
        kmeans.tolerance =
            .check_number(kmeans.tolerance, "kmeans.tolerance", 0),
        kmeans.iterations =
            as.double(.check_whole(kmeans.iterations, "kmeans.iterations")),
        stiffness = .check_number(stiffness, "stiffness", 0, open = TRUE),
        eta = .check_number(eta, "eta", 0, open = TRUE),
        nu = .check_number(nu, "nu", 0, open = TRUE),
        accelerate = .check_flag(accelerate, "accelerate"),
        agree = .check_agree(agree),
        background.levels =
            as.double(.check_whole(background.levels, "background.levels"))
    ), class = "dmncontrol")
}

.check_agree <- function(x) {
    if (is.null(x) || identical(x, NA_real_))
        return(NA_real_)
    if (identical(x, Inf))
        return(Inf)
    if (!.is_whole(x, 1, .Machine$integer.max))
        .stop("'agree' must be NULL, one whole number >= 1, or Inf; found ",
            .describe(x))
    as.double(x)
}

.check_control <- function(control) {
    known <- names(formals(dmncontrol))
    if (!is.list(control) || is.data.frame(control) ||
        (length(control) > 0L && is.null(names(control))))
        .stop("'control' must be made by dmncontrol(); found ",
            .describe(control))
    if (anyDuplicated(names(control)))
        .stop("'control' must have each setting once; found two of '",
            names(control)[anyDuplicated(names(control))], "'")
    unknown <- setdiff(names(control), known)
    if (length(unknown))
        .stop("'control' has no setting ", .first_few(unknown),
            "; see ?dmncontrol")
    # settings may have been changed since dmncontrol() checked them
    do.call(dmncontrol, unclass(control))
}

#' @rdname dmncontrol
#' @param x an object made by `dmncontrol()`.
#' @param ... ignored.
#' @export
print.dmncontrol <- function(x, ...) {
    cat("settings of dmn():\n")
    cat(sprintf("  %-18s %s\n", names(x), vapply(x,
        function(value) if (is.na(value)) "NULL" else format(value), "")),
        sep = "")
    invisible(x)
}
