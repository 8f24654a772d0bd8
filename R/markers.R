# Fits with markers: the choice of the markers, and their page.

#' Fits in which the components differ in some taxa only
#'
#' With the argument `markers` of [dmn()] and other functions, the components
#' differ in some taxa, the markers, and have all others in common, the
#' background. `markers()` returns the markers of such a fit.
#'
#' @details In the classic mixture each component has its own parameter for each
#' taxon. In a wide table this costs so much that the criteria prefer one
#' component, even if there are types that differ plainly in a few dozen taxa.
#'
#' **Model.** Let `x` be the counts of a sample, `M` the markers and `B` the
#' background, and `y` the sum of the counts of `B`.
#'
#' * The counts of the markers, and `y` as one more, come from a mixture of `k`
#'   Dirichlet-multinomials over `|M| + 1` categories.
#' * Given `y`, the counts of `B` come from one Dirichlet-multinomial, which is
#'   the same for all components.
#'
#' This is a Dirichlet-tree multinomial (Wang and Zhao 2017) with a branch that
#' the components share. The likelihood is the product of those of the two
#' branches, with their multinomial coefficients. Log-likelihood, NLE, LogDet
#' and Laplace are therefore sums over two fits, and comparable over `k` and
#' `M`, also with those of the classic mixture. The number of parameters is `P =
#' k (|M| + 1) + k - 1 + |B|`. The two branches have precisions of their own.
#' This alone can make the evidence much better, even for `k = 1`, where the
#' markers tell no types apart and are no more than the taxa of the first
#' branch.
#'
#' Raftery and Dean (2006) choose variables for Gaussian mixtures in the same
#' spirit, and Dang et al. (2022) taxa for Dirichlet-multinomial mixtures, by a
#' variational method in which the other taxa have parameters common to all
#' components in a single distribution.
#'
#' **Selection.** With `markers = "select"` the score of a set of markers is
#' Laplace of the fit plus the log of the number of sets with as many markers,
#' `log(choose(n, m))` for `m` of the `n` taxa that have counts. It takes all
#' numbers of markers as equally probable beforehand, and all sets of a number
#' (Scott and Berger 2010). Otherwise a search over many taxa would find many
#' that gain a little by chance. The markers are those with the smallest score
#' that a search finds:
#'
#' 1. The gain of each taxon is computed at a fit: by how much Laplace would
#'    increase without the taxon among the markers, or decrease with it, if all
#'    other parameters stayed as they are. Only the taxon's share in its branch
#'    is fitted again. A beta-binomial distribution is approximated by a
#'    negative binomial one here, as is right for taxa that are not most of the
#'    background.
#' 2. All taxa by whose move the score would fall are moved at once. If the
#'    score of the fit after it, which is exact, is not smaller, the third of
#'    them with the largest gains is moved, and so on, down to one. This is
#'    repeated until no move helps.
#' 3. This is done from several first sets of markers: the taxa that gain at a
#'    classic fit, the markers of a fit with one component, and the most
#'    abundant taxa, 4, 8, 16 and so on as long as it helps, all but the rarest,
#'    which is nearly the classic mixture, and numbers between these where the
#'    best was found.
#' 4. For the best set, taxa with more than a tenth of the counts of the
#'    background are also tried one by one, whatever their gain.
#' 5. On the best set as many starts are made as `nstart` says. If they find a
#'    better optimum, the search goes on there, for at most five rounds.
#'
#' There is no guarantee that no better set exists. Criteria such as [laplace()]
#' are those of the fit, without the number of sets. The fits of [dmnselect()]
#' take 10 to 30 times as long as without markers, and a single one 10 to 90
#' times (`inst/benchmarks/markers.md` in the package's sources). For each `k`
#' another set may be best: the fits of [dmnselect()] have their own. Where
#' folds or resamples are fitted, as by [dmnperplexity()], [cvdmngroup()] and
#' [dmnstability()], markers are selected anew in each of them, without the
#' samples that are left out.
#'
#' **Levels of the background.** With `control = dmncontrol(background.levels =
#' 2)` or more, the background may be divided into its most abundant taxa and
#' the others. The sums of the two come from one Dirichlet-multinomial, and the
#' counts of each, given its sum, from one of its own, so that abundant and rare
#' taxa can vary by different amounts. Halves, quarters, eighths and so on of
#' the taxa are tried, and that with the smallest Laplace is split off if it is
#' an improvement. The others may be divided again. The components, the markers
#' and their gains stay as they are; the log-likelihood and the criteria change,
#' with two more parameters for each division. On seven of eight public tables
#' two levels predict held-out samples better, and nowhere worse.
#'
#' **When not to use it.** If the types differ in nearly all taxa, or the table
#' has few, there is nothing to gain. With thousands of taxa and a few dozen
#' samples the mixture may still predict worse than the classic one although its
#' Laplace is better. Compare the two by [dmnperplexity()];
#' `inst/benchmarks/markers.md` has such a table. The choice of the markers is
#' part of the fit, but intervals do not account for it. Markers are the taxa
#' that tell the components apart in this model, not those that are associated
#' with a phenotype.
#'
#' **What the functions return.** A fit with markers has all taxa. `fitted()`
#' and `coef()` have a row for each: for a taxon of the background, the
#' component's parameter of the whole background times the taxon's mean
#' proportion in it. Mean proportions, `fitted(scale = TRUE)` and [drivers()],
#' are therefore what they are in any fit. `theta` of [mixturewt()] is the
#' precision of the first branch. Standard errors and intervals of the
#' background add the variances of the logarithms of both factors. `predict()`,
#' `logLik()`, `simulate()` and the plots use the two branches. `residuals()` of
#' taxa of the background are those given the sum of the background, or of its
#' level, for `type = "deviance"`, and given the total of the sample for `type =
#' "pearson"`. Functions of DirichletMultinomial do not know markers: do not
#' pass these fits to its `predict()`.
#'
#' @param object an object of class [DMN-class] made with the argument
#'     `markers`.
#' @param ... not used; anything in it is an error.
#' @return A `data.frame` with one row for each marker, by decreasing gain, and
#'     these columns.
#'
#' * `taxon`: its name, or its number if the taxa have no names.
#' * `gain`: by about how much Laplace, in nats, would be greater if the taxon
#'   were in the background and all other parameters stayed as they are. Fitted
#'   again, the others would make up for a part of the gain of a strong marker.
#'   For most markers that were selected it is more than the choice of one more
#'   marker costs in the score, and may be negative for those that were given.
#' @section Errors:
#' It is an error if `object` is not a fit, and if it has no markers.
#' @references Dang T, Kumaishi K, Usui E, Kobori S, Sato T, Toda Y, Yamasaki Y,
#' Tsujimoto H, Ichihashi Y, Iwata H (2022). Stochastic variational variable
#' selection for high-dimensional microbiome data. *Microbiome* 10, 236.
#' \doi{10.1186/s40168-022-01439-0}
#'
#' Raftery AE, Dean N (2006). Variable selection for model-based clustering.
#' *Journal of the American Statistical Association* 101, 168-178.
#' \doi{10.1198/016214506000000113}
#'
#' Scott JG, Berger JO (2010). Bayes and empirical-Bayes multiplicity adjustment
#' in the variable-selection problem. *Annals of Statistics* 38, 2587-2619.
#' \doi{10.1214/10-AOS792}
#'
#' Wang T, Zhao H (2017). A Dirichlet-tree multinomial regression model for
#' associating dietary nutrients with gut microorganisms. *Biometrics* 73,
#' 792-801. \doi{10.1111/biom.12654}
#' @seealso [dmn()], [dmnselect()], [drivers()]
#' @examples
#' fit <- dmn(twins, 4, seed = 1, markers = "select")
#' fit
#' head(markers(fit))
#'
#' ## the classic mixture of the same table
#' laplace(dmn(twins, 4, seed = 1))
#'
#' ## markers that are known beforehand
#' dmn(twins, 2, seed = 1, markers = c("Bacteroides", "Prevotella"))
#' @name markers
NULL

# The checked argument `markers`: NULL, or list(chosen, total), which taxa are
# markers (NULL: they are to be selected) and the totals of all taxa.
.check_markers <- function(markers, count) {
    if (is.null(markers))
        return(NULL)
    taxa <- ncol(count)
    totals <- .totals(count)
    total <- totals$columns
    if (sum(total > 0) < 2L)
        .stop("'markers' needs two taxa with counts or more; found ",
            sum(total > 0))
    select <- identical(markers, "select")
    chosen <- if (select) logical(taxa) else
        .marker_index(markers, colnames(count), taxa)
    # the sum of the background is a count too
    if (any(totals$rows > .Machine$integer.max))
        .rest_of(count, chosen, "count")
    if (select)
        return(list(chosen = NULL, total = total))
    if (!any(chosen))
        .stop("'markers' must have at least one taxon; found none")
    if (sum(total[!chosen]) == 0)
        .stop("'markers' must leave taxa with counts for the background; ",
            "found ", if (all(chosen)) "all taxa"
            else "all taxa that have counts",
            ". Without a background, leave 'markers' out")
    list(chosen = chosen, total = total)
}

# What can be said of the argument without a table.
.check_marker_type <- function(markers) {
    if (!is.null(markers) && !(is.atomic(markers) && is.null(dim(markers))))
        .stop("'markers' must be NULL, \"select\" or taxa by name, by number ",
            "or as TRUE and FALSE for each; found ", .describe(markers))
    markers
}

.marker_index <- function(markers, names, taxa) {
    if (is.factor(markers))
        markers <- as.character(markers)
    if (is.logical(markers) && length(markers) == taxa && !anyNA(markers))
        return(as.vector(markers))
    known <- if (is.character(markers)) markers %in% names
        else if (is.numeric(markers)) markers %in% seq_len(taxa)
        else FALSE
    if (!is.null(dim(markers)) || !all(known))
        .stop("'markers' must be \"select\", or taxa of 'count' by name, by ",
            "number from 1 to ", taxa, " or as TRUE and FALSE for each; found ",
            if (is.null(dim(markers)) &&
                (is.character(markers) || is.numeric(markers)))
                .first_few(markers[!known]) else .describe(markers))
    if (is.character(markers) && anyDuplicated(names[names %in% markers]))
        .stop("'markers' must be taxa whose names are unique; 'count' has ",
            "several columns named ", .first_few(names[names %in% markers &
                duplicated(names)]), ". Pass their numbers")
    chosen <- logical(taxa)
    chosen[if (is.character(markers)) match(markers, names) else markers] <-
        TRUE
    chosen
}

# The argument `markers` for fits to some of the samples: checked with all of
# them, and by itself NULL, "select" or which taxa are markers.
.markers_of_jobs <- function(markers, count) {
    checked <- .check_markers(markers, count)
    if (is.null(checked) || is.null(checked$chosen)) markers else checked$chosen
}

# A fit with the markers, and the variables if any, of a compressed table.
.fit_markers <- function(table, k, nstart, settings) {
    markers <- table$markers
    selected <- is.null(markers$chosen)
    branches <- if (selected)
        .select_markers(table, markers$total, k, nstart, settings)
    else
        .fit_branches(table, markers$chosen, k, nstart, settings)
    if (!is.null(table$concomitant)) {
        parts <- .split_table(table$table, branches$chosen, k, settings)
        found <- .add_concomitant(list(fit = branches$markers,
            starts = branches$starts), parts$markers, table$concomitant,
            nstart, settings)
        branches[c("markers", "starts")] <- found
    }
    gain <- .gains(table, branches, settings)
    .join_branches(table, branches, gain, selected, settings)
}

# ---- Selection --------------------------------------------------------------

# Sets of markers are compared by their score: Laplace, and the log of the
# number of sets of as many markers. All numbers of markers are then equally
# probable beforehand, and all sets of a number (Scott and Berger 2010). Without
# this, a search over thousands of taxa finds many that gain a little by chance.
.fit_set <- function(search, chosen, nstart = search$nstart, given = NULL) {
    branches <- .fit_branches(search$table, chosen, search$k, nstart,
        search$settings, given)
    branches$score <- branches$laplace + lchoose(search$taxa, sum(chosen))
    branches
}

# By how much the score falls if a taxon is a marker, all else being equal. Taxa
# without counts do not count, and are none.
.score_gains <- function(search, branches) {
    n <- search$taxa
    others <- sum(branches$chosen) - branches$chosen
    gain <- .gains(search$table, branches, search$settings) -
        log((n - others) / (others + 1))
    replace(gain, search$total == 0, 0)
}

# Fits whose scores differ by no more are taken as equally good.
.same_score <- 0.01

# The starts that the search makes on one set of markers, at most.
.search_starts <- 5L

# The best set of markers that is found from several first sets: that which the
# fit without markers suggests, the best one for one component, and abundant
# taxa. Then as many starts as the user wants are made for the best set. If they
# find a better optimum, the search goes on from there.
.select_markers <- function(table, total, k, nstart, settings) {
    search <- list(table = table, total = total, taxa = sum(total > 0), k = k,
        nstart = min(nstart, .search_starts), settings = settings)
    found <- list()
    if (k > 1L)
        found <- list(.improve(search, .first_markers(search)),
            .from_markers(search, .markers_of_one(table, total, settings)))
    found <- c(found, .from_all_abundant(search))
    best <- found[[which.min(.scores(found))]]
    best <- .finish_search(search, .improve(search, best, alone = TRUE),
        nstart)
    if (k == 1L)
        table$kept$one <- best$chosen
    best
}

# The best markers for one component, which a sweep over k needs for each.
.markers_of_one <- function(table, total, settings) {
    if (is.null(table$kept$one))
        .select_markers(table, total, 1L, 1L, settings)
    table$kept$one
}

.scores <- function(branches) vapply(branches, `[[`, numeric(1), "score")

.from_markers <- function(search, chosen) {
    .improve(search, .fit_set(search, chosen))
}

# From the 4, 8, 16 and so on most abundant taxa, all but the rarest, and
# numbers between those about the best. Beyond 128, the series ends when three
# in turn are no better than the best before them.
.from_all_abundant <- function(search) {
    most <- search$taxa - 1L
    numbers <- 4L * 2L^seq(0L, max(0, floor(log2(most / 4))))
    found <- list()
    for (n in numbers)
        if (n <= 128L || length(found) - which.min(.scores(found)) < 3L)
            found <- c(found, list(.from_abundant(n, search)))
    found <- c(found, list(.from_abundant(most, search)))
    best <- which.min(.scores(found))
    at <- if (best < length(found)) numbers[[best]] else most
    c(found, lapply(round(at * sqrt(c(0.5, 2))), .from_abundant, search))
}

# Taxa with the same total are taken together, so that the order of the table
# does not matter.
.from_abundant <- function(n, search) {
    total <- search$total
    least <- sort(total, decreasing = TRUE)[[min(n, length(total))]]
    chosen <- total >= least & total > 0
    if (sum(total[!chosen]) == 0)
        chosen <- total > min(total[total > 0])
    if (!any(chosen))
        chosen[[which.max(total)]] <- TRUE # all totals are equal
    .from_markers(search, chosen)
}

# The taxa that gain as markers if the components are those of a fit without
# markers.
.first_markers <- function(search) {
    settings <- search$settings
    pointer <- search$table$table
    one <- .call_fit(pointer, 1L, 1L, settings)$fit
    classic <- .call_fit(pointer, search$k, search$nstart, settings)$fit
    gain <- .Call(R_dmm_table_gains, pointer, classic$Group,
        logical(length(search$total)), classic$Estimate,
        colSums(classic$Estimate), sum(one$Estimate), settings$control,
        settings$num.threads)
    .fit_set(search, .both_branches(gain > 0, gain, search$total), 1L,
        classic$Group)
}

# `chosen` with at least one marker, and one taxon with counts that is none.
.both_branches <- function(chosen, gain, total) {
    if (!any(chosen))
        chosen[[which.max(gain)]] <- TRUE
    if (sum(total[!chosen]) == 0) {
        seen <- which(total > 0)
        chosen[[seen[[which.min(gain[seen])]]]] <- FALSE
    }
    chosen
}

# Moves taxa in and out by their gains until no move helps. All that gain are
# moved at once; if the evidence is not better, the third of them that gain
# most, and so on, down to one. `alone`: abundant taxa are tried one by one too.
.improve <- function(search, branches, alone = FALSE) {
    repeat {
        gain <- .score_gains(search, branches)
        moves <- which((gain > 0) != branches$chosen)
        moves <- moves[order(abs(gain[moves]), decreasing = TRUE)]
        better <- NULL
        while (length(moves) && is.null(better)) {
            better <- .try_moves(search, branches, moves)
            moves <- moves[seq_len((length(moves) + 1L) %/% 3L)]
        }
        for (taxon in if (alone) .abundant(search, branches))
            if (is.null(better))
                better <- .try_moves(search, branches, taxon)
        if (is.null(better))
            return(branches)
        branches <- better
    }
}

# The gains of taxa with a large share of the background are inaccurate. These
# are those with more than a tenth of its counts, at most ten.
.abundant <- function(search, branches) {
    rest <- sum(search$total[!branches$chosen])
    utils::head(order(search$total, decreasing = TRUE),
        min(10L, sum(search$total > 0.1 * rest)))
}

# The fit after the moves, or NULL if it is no better.
.try_moves <- function(search, branches, moves) {
    chosen <- branches$chosen
    chosen[moves] <- !chosen[moves]
    if (!any(chosen) || sum(search$total[!chosen]) == 0)
        return(NULL)
    moved <- .fit_set(search, chosen, 1L, branches$markers$Group)
    if (moved$score < branches$score - .same_score) moved
}

# The rounds of all starts at the end of a search.
.last_rounds <- 5L

.finish_search <- function(search, best, nstart) {
    if (search$k == 1L || nstart == 1L)
        return(best)
    for (round in seq_len(.last_rounds)) {
        fresh <- .fit_set(search, best$chosen, nstart)
        if (fresh$score > best$score + .same_score) {
            # the search itself found what no start does
            best$starts <- Map(c, fresh$starts, best$starts)
            return(best)
        }
        if (fresh$score > best$score - .same_score)
            return(fresh)
        best <- .improve(search, fresh, alone = TRUE)
        if (identical(best$chosen, fresh$chosen))
            return(best)
    }
    best
}

# ---- Reading -----------------------------------------------------------------

#' @rdname markers
#' @export
markers <- function(object, ...) UseMethod("markers")

#' @rdname markers
#' @export
markers.DMN <- function(object, ...) {
    .refuse_dots(..., .what = "markers", .known = "object")
    .check_fit(object, read = NULL)
    if (!.has_markers(object))
        .stop("'object' has no markers: its components differ in all taxa. ",
            "Fit it by dmn(count, k, markers = \"select\")")
    x <- object@mixture$Markers
    data.frame(taxon = .taxon_names(object)[x$taxa], gain = x$gain)
}

#' @rdname markers
#' @export
markers.default <- function(object, ...) .stop_not_a_fit(object, "markers")
