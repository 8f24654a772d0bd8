#' Cross-validate a classifier
#'
#' How well mixtures for groups classify samples that they have not seen: the
#' samples are cut into `ncv` parts at random, and each part is classified by
#' mixtures fitted to the others.
#'
#' @details
#' In each of the `ncv` folds the other samples of each group are fitted by
#' [dmn()] with the number of components that `k` has for the group, and the
#' fold's own are classified as by [`predict()`][predict.DMNGroup]. With `ncv =
#' nrow(count)` that is leave-one-out cross-validation.
#'
#' Folds and seeds are drawn before the work is spread, so that after
#' `set.seed()` the result is the same with any `.lapply` or `BPPARAM`.
#'
#' @inheritParams dmngroup
#' @param ncv `numeric(1)`, a whole number from 2 to `nrow(count)`: the number
#'     of parts, which differ by one sample at most.
#' @param k whole numbers named by group: the number of components of each
#'     group, as `c(Lean = 1, Obese = 3)`.
#' @param z a factor, or a vector to make one of, with an element for each row
#'     of `count`: the true group of each sample. Its values are the names of
#'     `k`.
#' @param verbose `logical(1)`, default `FALSE`. Report progress?
#' @return A `data.frame` with a row for each sample, in the order of the rows
#'     of `count` and named as they are. Its column `group`, an integer from 1
#'     to `ncv`, says in which fold the sample was classified; then follows
#'     for each group, in the order of `k`, a column with the probability that
#'     the sample belongs to it.
#' @section With DirichletMultinomial:
#' There, rows come fold by fold. Scripts that use the row names, as
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
#' ## the share of samples that are classified rightly
#' mean(ifelse(xval$Obese > 0.5, "Obese", "Lean") == pheno)
#' @export
cvdmngroup <- function(ncv, count, k, z, ..., verbose = FALSE,
    .lapply = parallel::mclapply, BPPARAM = NULL) {
    if (missing(ncv) || missing(count) || missing(k) || missing(z))
        .stop("cvdmngroup() needs 'ncv', 'count', 'k' and 'z': how many ",
            "parts, a table of counts, components of each group, and the ",
            "group of each sample")
    dots <- .sort_dots(list(...), .lapply, BPPARAM, "cvdmngroup")
    verbose <- .check_flag(verbose, "verbose")
    count <- .as_counts(count)
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
    # the folds' rows, one after another, are those of split()
    order <- unlist(split(seq_along(fold), fold), use.names = FALSE)
    table <- do.call(rbind, probability)
    table[order, ] <- table
    table <- data.frame(group = fold, table, check.names = FALSE,
        row.names = NULL)
    if (!is.null(samples))
        row.names(table) <- make.unique(samples)
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

# Every fold must leave enough samples of each group to fit.
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
