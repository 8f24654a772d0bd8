#' Settings of the fitting algorithm
#'
#' The tolerances and limits of [dmn()], and the prior. The defaults suit
#' tables of any size; change them to look closer or to stop sooner.
#'
#' @param tolerance `numeric(1)`, >= 0. EM has converged when the NLE (the
#'     negative log posterior, see [goodnessOfFit()]) changes by less than
#'     this, or by less than `relative.tolerance` of itself, twice running.
#' @param relative.tolerance `numeric(1)`, >= 0. See `tolerance`: it is the
#'     one that counts where the NLE is above `tolerance /
#'     relative.tolerance`, 1e7 by default.
#' @param max.iterations `numeric(1)`, a whole number >= 1: the EM iterations
#'     after which to stop, with a warning, where the fit has not converged.
#' @param kmeans.tolerance `numeric(1)`, >= 0. The soft k-means start ends
#'     when no centre moves by more than this, in units of relative abundance.
#' @param kmeans.iterations `numeric(1)`, a whole number >= 1: the most
#'     iterations of the k-means start.
#' @param stiffness `numeric(1)`, > 0: stiffness of the soft k-means; the
#'     larger, the nearer to hard assignments.
#' @param eta,nu `numeric(1)`, > 0: shape and rate of the Gamma prior of each
#'     Dirichlet parameter. The defaults, 0.1 and 0.1, are those of Holmes et
#'     al. (2012); other values give criteria that compare only with fits made
#'     with the same ones.
#' @param accelerate `logical(1)`. Accelerate EM once it is near its limit?
#'     `FALSE` is plain EM: more iterations, and usually the same optimum (the
#'     two can part where components overlap).
#' @return A list of class `dmncontrol` with one element for each argument.
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
    stiffness = 50, eta = 0.1, nu = 0.1, accelerate = TRUE) {
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
        accelerate = .check_flag(accelerate, "accelerate")
    ), class = "dmncontrol")
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
    # settings may have been changed after they were made
    do.call(dmncontrol, unclass(control))
}

#' @rdname dmncontrol
#' @param x an object made by `dmncontrol()`.
#' @param ... ignored.
#' @export
print.dmncontrol <- function(x, ...) {
    cat("settings of dmn():\n")
    cat(sprintf("  %-18s %s\n", names(x), vapply(x, format, "")), sep = "")
    invisible(x)
}
