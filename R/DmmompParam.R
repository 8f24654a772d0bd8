#' Cluster samples through bluster
#'
#' An object of class `DmmompParam` makes [bluster::clusterRows()], and the
#' functions that call it, such as [bluster::clusterSweep()],
#' [bluster::bootstrapStability()] and `mia::addCluster()`, cluster the samples
#' by a mixture of Dirichlet-multinomials. The \pkg{bluster} package, from
#' Bioconductor, must be installed.
#'
#' @details
#' `clusterRows(x, param)` calls [`dmnselect(x, k)`][dmnselect] with the
#' settings in `param` and takes the best fit by the criterion `type`. Each
#' sample is assigned to its most probable component. `x` is a table of counts,
#' samples x taxa, in any of the forms that [dmn()] takes. The samples of a
#' SummarizedExperiment are in columns, so they are the rows of `t(assay(x))`;
#' `mia::addCluster()` transposes if it is told to cluster the samples.
#'
#' `param[["k"]]` gets a setting and `param[["k"]] <- 2:5` changes it, after the
#' checks that `DmmompParam()` makes. `clusterSweep()` changes settings in this
#' way. There, `k = 2:5` means four clusterings, with one number of components
#' each, and `DmmompParam(k = 2:5)` one clustering, with the best number.
#'
#' The seed is a part of the object. All clusterings with one object therefore
#' have the same seed, also those that workers make, and the same counts give
#' the same result.
#'
#' A worker of `clusterSweep(BPPARAM = )` is a process of its own, which does
#' not know of the others. Set `num.threads = 1` there, unless the workers are
#' forked, as those of a `MulticoreParam` are.
#'
#' @param k whole numbers >= 1, all different: the numbers of components to
#'     choose from. The default is 1 to 7. In `clusterRows()`, none may be
#'     larger than the number of samples.
#' @param type `character(1)`: the criterion for the choice, `"laplace"` (the
#'     default), `"BIC"`, `"AIC"` or `"ICL"`; see [goodnessOfFit()] and [ICL()].
#' @param nstart `numeric(1)`, a whole number >= 1, default 20: the largest
#'     number of starts for each fit, see [starts()].
#' @param seed `numeric(1)`, as for [dmn()]: the seed of all fits. The default
#'     is drawn from R's generator when the object is made, so that `set.seed()`
#'     before `DmmompParam()` makes the clusters reproducible.
#' @param num.threads `NULL` (the default) or `numeric(1)`, a whole number >= 1:
#'     the number of threads for each fit, as for [dmnselect()].
#' @param BPPARAM a \pkg{BiocParallel} back-end, over whose workers the values
#'     of `k` are distributed, as in [dmnselect()]. With `NULL`, the default, or
#'     any `SerialParam`, which is kept as `NULL`, fits are made in the process
#'     that calls `clusterRows()`.
#' @param control a list made by [dmncontrol()], by default with all settings at
#'     their defaults.
#' @param markers `NULL`, the default, taxa, or `"select"`: the taxa in which
#'     components differ, see [markers()].
#' @return `DmmompParam()`: an object of the S4 class `DmmompParam`, which
#'     extends bluster's virtual class `BlusterParam`. It has a slot for each
#'     argument.
#'
#' `clusterRows(x, param)`: a factor with the number of the component of each
#' sample. It has the row names of `x`, if there are any. Its levels are the
#' components that have samples.
#'
#' `clusterRows(x, param, full = TRUE)`: a list of `clusters`, this factor, and
#' `objects`, a list with elements
#' * `dmm`: the fits, a list of [DMN-class] objects named by `k`;
#' * `best`: `integer(1)`, the number of components of the best fit;
#' * `best.index`: `integer(1)`, the position of the best fit in `dmm`. It
#'   differs from `best` unless `k` is 1, 2, 3 and so on;
#' * `prob`: numeric matrix, samples x components, the probabilities of the
#'   components in the best fit, as given by [mixture()];
#' * `seed`: `integer(1)`, the seed of the fits.
#' @section Errors:
#' It is an error if bluster is not installed, or if a setting is not as
#' described above: a `k` of 2.5, for example, is refused, not truncated.
#' `clusterRows()` refuses what [dmnselect()] does, and warns as it does if the
#' best `k` is at an end of the range.
#' @seealso [dmnselect()]; [dmnstability()] resamples without bluster.
#' @examples
#' if (requireNamespace("bluster", quietly = TRUE)) {
#'     param <- DmmompParam(k = 1:4, nstart = 3, seed = 1)
#'     param
#'     clusters <- bluster::clusterRows(twins, param)
#'     table(clusters, twinsBMI)
#'
#'     param[["k"]] <- 3
#'     out <- bluster::clusterRows(twins, param, full = TRUE)
#'     out$objects$dmm[["3"]]
#'     head(out$objects$prob, 3)
#' }
#' @aliases DmmompParam-class show,DmmompParam-method
#'     [[<-,DmmompParam-method clusterRows,ANY,DmmompParam-method
#' @importFrom stats runif
#' @export
DmmompParam <- function(k = 1:7, type = c("laplace", "BIC", "AIC", "ICL"),
    nstart = 20L, seed = runif(1, 0, .Machine$integer.max),
    num.threads = NULL, BPPARAM = NULL, control = dmncontrol(),
    markers = NULL) {
    .needs("bluster", "DmmompParam()")
    settings <- list(k = k, type = type, nstart = nstart, seed = seed,
        num.threads = num.threads, BPPARAM = BPPARAM, control = control,
        markers = markers)
    class <- get(.param_class, envir = topenv())
    do.call(new, c(list(class), Map(.check_setting, names(settings),
        settings)))
}

# Returns the value that the slot `name` of a DmmompParam gets.
.check_setting <- function(name, value) {
    switch(name,
        k = .check_ks(value),
        type = .check_choice(value, name, .criteria_choices),
        nstart = .check_whole(value, name),
        seed = .check_seed(value),
        num.threads = if (!is.null(value)) .check_threads(value),
        BPPARAM = .back_end(value),
        control = .check_control(value),
        markers = .check_marker_type(value),
        value)
}

# ---- The class ----------------------------------------------------------

# The variable in which R looks for the definition of the class.
.param_class <- methods::classMetaName("DmmompParam")

# The class extends one of bluster, which is optional and slow to load. So it is
# defined when it is needed first: by DmmompParam(), or by R for an object that
# was saved or sent to a worker. For the latter, R loads this package and looks
# for the definition in its namespace, then in `imports`, the environment of
# what it imports. In the namespace itself R would force the promise when it
# loads the package.
.promise_param_class <- function(imports) {
    delayedAssign(.param_class, .define_param_class(), assign.env = imports)
}

# Returns the definition. It is kept, with the methods, in an environment of its
# own, because the namespace is locked by then. This environment must not see
# the promise, in which setClass() would look for an earlier definition.
#
# The methods are those of a virtual class in between. If the class is defined
# while R is looking for a method for an object, R has already looked for one of
# the object's own class, and goes on with those that it extends.
.define_param_class <- function() {
    .needs("bluster", "DmmompParam()")
    where <- new.env(parent = baseenv())
    where$.packageName <- utils::packageName()
    methods::setClass("DmmompParamBase",
        contains = c(structure("BlusterParam", package = "bluster"), "VIRTUAL"),
        slots = c(k = "integer", type = "character", nstart = "integer",
            seed = "integer", num.threads = "ANY", BPPARAM = "ANY",
            control = "ANY", markers = "ANY"), validity = .valid_param,
        where = where)
    methods::setClass("DmmompParam", contains = "DmmompParamBase",
        where = where)
    methods::setMethod("show", "DmmompParamBase",
        function(object) .print_param(object), where = where)
    methods::setMethod("[[<-", "DmmompParamBase",
        function(x, i, j, ..., value) {
            slot(x, i) <- .check_setting(i, value)
            x
        }, where = where)
    methods::setMethod(bluster::clusterRows, c("ANY", "DmmompParamBase"),
        function(x, BLUSPARAM, full = FALSE) {
            .cluster_rows(x, BLUSPARAM, full)
        }, where = where)
    where[[.param_class]]
}

.valid_param <- function(object) {
    problems <- lapply(names(formals(DmmompParam)), function(name) {
        tryCatch({
            .check_setting(name, methods::slot(object, name))
            NULL
        }, error = conditionMessage)
    })
    if (length(unlist(problems))) unlist(problems) else TRUE
}

.print_param <- function(object) {
    control <- object@control
    changed <- !mapply(identical, control, dmncontrol())
    settings <- list(k = object@k, type = object@type, nstart = object@nstart,
        seed = object@seed, num.threads = object@num.threads,
        BPPARAM = class(object@BPPARAM)[[1L]],
        control = if (any(changed))
            paste(names(control), "=", control)[changed]
        else
            "dmncontrol()", markers = object@markers)
    settings[lengths(settings) == 0L] <- "NULL"
    cat("class: ", class(object)[[1L]], "\n", sep = "")
    cat(sprintf("%s: %s\n", names(settings),
        vapply(settings, paste, "", collapse = ", ")), sep = "")
}

.cluster_rows <- function(x, param, full) {
    full <- .check_flag(full, "full")
    x <- .as_counts(x, "x")
    sweep <- dmnselect(x, param@k, param@nstart, param@type, param@BPPARAM,
        seed = param@seed, num.threads = param@num.threads,
        control = param@control, markers = param@markers)
    best <- best(sweep)
    clusters <- factor(stats::setNames(.assigned(best), rownames(x)))
    if (!full)
        return(clusters)
    list(clusters = clusters, objects = .dmm_objects(as.list(sweep), best))
}
