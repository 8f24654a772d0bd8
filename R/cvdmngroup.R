#' Cross-validate a classifier
#'
#' Estimates how well the mixtures of [dmngroup()] classify samples that they
#' were not fitted to. The samples are divided at random into `ncv` parts, the
#' *folds*, and each fold is classified by mixtures fitted to the others.
#'
#' @details
#' For each fold, the samples outside it are fitted by [dmn()], group by group,
#' with the number of components that `k` gives for the group. The samples in
#' the fold are then classified as by [`predict()`][predict.DMNGroup]. With
#' `ncv = nrow(count)` this is leave-one-out cross-validation.
#'
#' The folds and the seeds of all fits are drawn before the work is distributed.
#' After `set.seed()` the result is therefore the same for any `.lapply` or
#' `BPPARAM`.
#'
#' @inheritParams dmngroup
#' @param ncv `numeric(1)`, a whole number from 2 to `nrow(count)`: the number
#'     of folds. Their sizes differ by one sample at most.
#' @param k whole numbers >= 1 named by group: the number of components for each
#'     group, such as `c(Lean = 1, Obese = 3)`.
#' @param z a factor, or a vector that is made one, with one element for each
#'     sample: its true group. Or the name of a sample variable, as for
#'     [dmngroup()]. Its values are the names of `k`.
#' @param ... arguments of [dmn()], and arguments of `.lapply` such as
#'     `mc.cores = 2`. A `seed` is used for every fit; without it each fit has a
#'     seed of its own.
#' @param verbose `logical(1)`, default `FALSE`. If `TRUE`, the progress of the
#'     folds and of their fits is printed.
#' @return A `data.frame` with one row for each sample, in the order of the rows
#'     of `count` and with their names. The column `group`, an integer from 1
#'     to `ncv`, is the fold in which the sample was classified. After it comes
#'     one column for each group, in the order of `k`: the probability that the
#'     sample belongs to that group.
#' @section Errors:
#' It is an error if the names of `k` are not the groups in `z`, and if a fold
#' leaves fewer samples of a group than it has components to fit. In the second
#' case use more folds or fewer components.
#' @section With DirichletMultinomial:
#' There, the rows come fold by fold. Scripts that use the row names, as in
#' `pheno[rownames(xval)]`, need no change.
#' @inherit dmngroup references
#' @seealso [dmngroup()], [roc()]
#' @examples
#' keep <- c("Lean", "Obese")
#' count <- csubset(keep, twins, twinsBMI)
#' pheno <- factor(twinsBMI[rownames(count)], levels = keep)
#' set.seed(1)
#' xval <- cvdmngroup(5, count, c(Lean = 1, Obese = 2), pheno,
#'     .lapply = lapply)
#' head(xval)
#'
#' ## the fraction of samples that are classified correctly
#' mean(ifelse(xval$Obese > 0.5, "Obese", "Lean") == pheno)
#' @export
cvdmngroup <- function(ncv, count, k, z, ..., verbose = FALSE,
    .lapply = parallel::mclapply, BPPARAM = NULL, assay.type = "counts") {
    if (missing(ncv) || missing(count) || missing(k) || missing(z))
        .stop("cvdmngroup() needs 'ncv', 'count', 'k' and 'z': how many ",
            "parts, a table of counts, components of each group, and the ",
            "group of each sample")
    dots <- .sort_dots(list(...), .lapply, BPPARAM, "cvdmngroup")
    verbose <- .check_flag(verbose, "verbose")
    z <- .sample_variable(z, count, "z")
    count <- .as_counts(count, assay.type = assay.type, orient = TRUE)
    n <- nrow(count)
    ncv <- .check_whole(ncv, "ncv", 2L, n)
    z <- .check_group(z, count, "z")
    k <- .check_named_k(k, z)

    fold <- sample(rep_len(seq_len(ncv), n))
    .check_training(fold, k, z)
    seed <- matrix(.draw_seeds(ncv * length(k), dots$seed), ncv)
    probability <- .parallel(seq_len(ncv), .classify_fold, fold = fold,
        count = count, k = k, z = z, seed = seed, verbose = verbose,
        arguments = dots$dmn, num.threads = dots$num.threads,
        .lapply = .lapply, lapply.args = dots$lapply, BPPARAM = BPPARAM)
    .in_order_of_samples(probability, fold, rownames(count))
}

.classify_fold <- function(i, fold, count, k, z, seed, verbose, arguments,
    num.threads) {
    if (verbose)
        message(sprintf("cross-validation group %d", i))
    train <- fold != i
    fits <- lapply(seq_along(k), function(g) {
        rows <- which(train & z == names(k)[[g]])
        do.call(dmn, c(list(count = count[rows, , drop = FALSE], k = k[[g]],
            seed = seed[i, g], verbose = verbose, num.threads = num.threads),
            arguments))
    })
    names(fits) <- names(k)
    predict.DMNGroup(.new_dmngroup(fits), count[!train, , drop = FALSE],
        num.threads = num.threads)
}

.in_order_of_samples <- function(probability, fold, samples) {
    # do.call() gives the rows fold by fold, in the order of split()
    order <- unlist(split(seq_along(fold), fold), use.names = FALSE)
    table <- do.call(rbind, probability)
    table[order, ] <- table
    table <- data.frame(group = fold, table, check.names = FALSE,
        row.names = NULL)
    if (!is.null(samples))
        row.names(table) <- make.unique(.shown_names(samples,
            length(samples), "sample"))
    table
}

.check_named_k <- function(k, z) {
    groups <- levels(z)
    if (is.list(k) && all(lengths(k) == 1L))
        k <- unlist(k)
    if (!is.numeric(k) || is.null(names(k)) || !setequal(names(k), groups) ||
        anyDuplicated(names(k)))
        .stop("'k' must be numbers named by the values of 'z', as c(",
            paste(groups, "= 1", collapse = ", "), "); found ",
            if (is.null(names(k))) .describe(k)
            else paste("the names", .first_few(names(k))))
    ok <- !is.na(k) & k == trunc(k) & k >= 1
    if (!all(ok))
        .stop("'k' must be whole numbers >= 1; found ", k[!ok][[1L]],
            " for group '", names(k)[!ok][[1L]], "'")
    k
}

# Stops unless every fold leaves as many samples of each group as it has
# components.
.check_training <- function(fold, k, z) {
    left <- vapply(names(k), function(g) {
        sum(z == g) - max(tabulate(fold[z == g], max(fold)))
    }, numeric(1))
    short <- left < k
    if (any(short))
        .stop("group '", names(k)[short][[1L]], "' has too few samples: a ",
            "part of 'ncv' leaves ", left[short][[1L]], " of ",
            sum(z == names(k)[short][[1L]]), " to fit ",
            .plural(k[short][[1L]], "component"), " to. Use more parts")
}
