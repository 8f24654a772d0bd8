#' Write a report of a sweep
#'
#' Writes one HTML page that shows the result of [dmnselect()] or of [dmn()]:
#' how `k` was chosen, what the components are made of, and which samples they
#' hold. The page ends with a methods paragraph for a paper. It is a single file
#' that needs no other, so that it can be sent to others.
#'
#' @details
#' The page has these sections.
#'
#' * *Data*: the numbers of samples, taxa and counts.
#' * *Number of components*: the table of `summary(sel)` and the plot of the
#'   criteria. If `sel` is a single fit, its criteria.
#' * *Components*: the table of [mixturewt()], and the plots `"components"` and
#'   `"drivers"` of [`autoplot()`][autoplot.DMN].
#' * *Markers*, of a fit with [markers()]: the first of them by gain.
#' * *Weights*, of a fit with `formula`: the table of [concomitant()] and the
#'   tests of `anova()`.
#' * *Samples*: the plot `"probabilities"`, unless the fit was made with
#'   `keep.group = FALSE`; with `count`, the plots `"heatmap"` and
#'   `"ordination"`.
#' * *Metadata*, with `data`: the plot `"metadata"` of each variable.
#' * *Starts*: the plot of [starts()] for the fit, if it has several. A fit made
#'   by DirichletMultinomial does not record them.
#' * *Stability*, with `stability`: its summary and plot.
#' * *Methods*: a paragraph that states the settings of the fits, with
#'   references.
#' * *Session*: the versions of R and of the packages.
#'
#' All but *Number of components* and *Stability* describe one fit, `best(sel)`.
#' Plots have the theme of [ggplot2::theme_set()]. The page is made in a
#' temporary directory, and `file` is written when it is complete.
#'
#' @param sel an object made by [dmnselect()], or a fit of class [DMN-class].
#' @param file `character(1)`: the path of the file to write, such as
#'     `"report.html"`: it ends in `.html` or `.htm`. Its directory must exist.
#' @param count `NULL`, the default, or counts, samples x taxa, in any of the
#'     forms that [dmn()] takes: the table that `sel` was made from. The fits do
#'     not hold it.
#' @param data `NULL`, the default, or variables of the samples, in the same
#'     order: a data.frame or DataFrame with a row for each sample, a
#'     SummarizedExperiment, a phyloseq, or one factor or character, logical or
#'     numeric vector. The first six columns of these types are shown. Columns
#'     with one value, and those with another word for each sample, such as
#'     names, are left out. The page says which columns are not shown.
#' @param ... not used. The arguments after it are matched by full name only,
#'     and anything in it is an error.
#' @param stability `NULL`, the default, or an object made by
#'     [dmnstability()].
#' @param overwrite `logical(1)`, default `FALSE`. If `TRUE`, a file of this
#'     name is replaced. Otherwise it is an error if there is one.
#' @param assay.type `character(1)`, default `"counts"`: the assay to take if
#'     `count` is a SummarizedExperiment.
#' @return The path `file`, invisibly.
#' @section Errors:
#' The packages ggplot2 and rmarkdown, and the program pandoc, which comes with
#' RStudio, are needed; it is an error if one of them is missing. It is also an
#' error if `file` does not end in `.html` or `.htm`, if it exists, unless
#' `overwrite` is `TRUE`, and if `count` or `data` have not the samples of
#' `sel`. No file is written then.
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#' @seealso [dmnselect()], [autoplot.DMN()], [writeDMN()] for tables
#' @examples
#' \donttest{
#' if (requireNamespace("ggplot2", quietly = TRUE) &&
#'     requireNamespace("rmarkdown", quietly = TRUE) &&
#'     rmarkdown::pandoc_available("2.0")) {
#'     sel <- dmnselect(twins, 1:4, nstart = 3, seed = 1)
#'     file <- tempfile(fileext = ".html")
#'     dmnreport(sel, file, count = twins, data = twinsBMI)
#'     if (interactive())
#'         browseURL(file)
#' }
#' }
#' @export
dmnreport <- function(sel, file, count = NULL, data = NULL, ...,
    stability = NULL, overwrite = FALSE, assay.type = "counts") {
    if (...length())
        .refuse_dots(..., .what = "dmnreport",
            .known = names(formals(dmnreport)))
    name <- substitute(data)
    name <- if (is.symbol(name)) as.character(name) else "group"
    if (!inherits(sel, "DMNSelect") && !inherits(sel, "DMN"))
        .stop("'sel' must be made by dmnselect() or dmn(); found ",
            .describe(sel))
    .check_report_file(file, missing(file), .check_flag(overwrite, "overwrite"))
    if (!is.null(stability) && !inherits(stability, "dmnstability"))
        .stop("'stability' must be NULL or made by dmnstability(); found ",
            .describe(stability))
    .need_ggplot("dmnreport()")
    .needs("rmarkdown", "dmnreport()")
    if (!.has_pandoc())
        .stop("dmnreport() needs the program pandoc, 2.0 or later: install it ",
            "from https://pandoc.org, or run R in RStudio, which has it")
    report <- .report_of(sel, count, data, name, stability, assay.type)
    .write_atomically(file, .render_report(report))
    invisible(file)
}

.has_pandoc <- function() rmarkdown::pandoc_available("2.0")

.check_report_file <- function(file, missing, overwrite) {
    if (missing)
        .stop("'file' is missing: pass the path of the HTML file to write")
    if (!is.character(file) || length(file) != 1L || is.na(file) ||
        !nzchar(file))
        .stop("'file' must be the path of one file; found ", .describe(file))
    if (dir.exists(file))
        .stop("'file' must be the path of a file; '", file,
            "' is a directory. Pass file.path(\"", file, "\", \"report.html\")")
    if (!grepl("[.]html?$", file, ignore.case = TRUE))
        .stop("'file' must end in .html, as the report is a page of HTML; ",
            "found \"", basename(file), "\"")
    if (!dir.exists(dirname(file)))
        .stop("'file' must be in a directory that exists; there is no '",
            dirname(file), "'")
    if (!overwrite && file.exists(file))
        .stop("'file' exists: '", file, "'. Pass overwrite = TRUE to replace ",
            "it, or another path")
}

# The largest number of variables of the samples that a report shows.
.most_variables <- 6L

# What the template shows. All arguments are checked here, since an error while
# the page is made would not name them.
.report_of <- function(sel, count, data, name, stability, assay.type) {
    sweep <- inherits(sel, "DMNSelect")
    fits <- if (sweep) .fits_of(sel) else list(sel)
    fit <- if (sweep) best(sel) else sel
    .check_fit(fit)
    if (!is.null(count))
        count <- .counts_of_fit(fit, count, "heatmap", "error", assay.type)
    variables <- .report_variables(data, name, fit)
    list(sel = if (sweep) sel, fit = fit, count = count,
        edge = if (sweep) .edge_of(sel, fit),
        size = .report_size(fit, count), fits = .summary_of_fits(fits),
        components = .components_table(fit),
        markers = if (.has_markers(fit)) markers(fit),
        weights = if (.has_concomitant(fit)) concomitant(fit),
        tests = if (.has_variables(fit)) as.data.frame(anova(fit)),
        data = variables$shown, left_out = variables$left_out,
        starts = if (length(.starts_of(fit)$NLE) > 1L) starts(fit),
        stability = stability, methods = .methods_paragraph(fits, fit,
            if (sweep) sel@metadata))
}

# What dmnselect() warned of, if the best k is the least or the largest.
.edge_of <- function(sel, fit) {
    settings <- sel@metadata
    tryCatch({
        .warn_of_edge(ncol(fit@group), .fitted_k(sel@listData),
            settings$missing, .n_samples(fit), settings$criterion)
        NULL
    }, warning = conditionMessage)
}

.report_size <- function(fit, count) {
    size <- c(Samples = .n_samples(fit), Taxa = nrow(fit@fit$Estimate))
    if (!is.null(count)) {
        totals <- .totals(count)$rows
        size <- c(size, "Counts in all" = sum(totals),
            "Counts in a sample, least" = min(totals),
            "Counts in a sample, median" = stats::median(totals),
            "Counts in a sample, most" = max(totals))
    }
    data.frame(names(size), format(size, big.mark = ",", trim = TRUE,
        scientific = FALSE, drop0trailing = TRUE))
}

# `shown`, the variables as a data.frame or NULL, and `left_out`, the names of
# the others.
.report_variables <- function(data, name, fit) {
    if (is.null(data))
        return(NULL)
    table <- if (is.data.frame(data) || inherits(data, "DFrame")) data else
        .sample_variables(data)
    if (is.null(table)) {
        shown <- list(.variable_of_samples(data, NULL, fit))
        names(shown) <- name
        left_out <- character()
    } else {
        fine <- vapply(names(table), function(name) {
            .can_be_shown(table[[name]])
        }, logical(1))
        known <- utils::head(names(table)[fine], .most_variables)
        if (length(known) == 0L)
            .stop("'data' must have a factor, character, logical or numeric ",
                "column with different values, not only names; found ",
                .describe(data))
        shown <- lapply(known, .variable_of_samples, data = table, object = fit)
        names(shown) <- known
        left_out <- setdiff(names(table), known)
    }
    list(shown = data.frame(shown, check.names = FALSE), left_out = left_out)
}

# Whether the plot "metadata" takes a column and has something to show.
.can_be_shown <- function(x) {
    word <- is.factor(x) || is.character(x) || is.logical(x)
    if (!is.null(dim(x)) || !(word || is.numeric(x)))
        return(FALSE)
    values <- unique(x[!is.na(x)])
    fine <- if (word) length(values) < length(x) else all(is.finite(values))
    fine && length(values) > 1L
}

# ---- the methods paragraph ----

.criteria_names <- c(
    laplace = "the Laplace approximation to the negative log model evidence",
    BIC = "the Bayesian information criterion (BIC)",
    AIC = "Akaike's information criterion (AIC)",
    ICL = "the integrated completed likelihood (ICL)")

# `settings` are those of a sweep. A fit alone has its own.
.methods_paragraph <- function(fits, fit, settings = NULL) {
    k <- .fitted_k(fits)
    mixture <- fit@mixture
    known <- !is.null(mixture$Converged)
    control <- mixture$Control
    paste(c(
        sprintf(paste("The counts of %s in %s were modelled by mixtures of",
            "Dirichlet-multinomials (Holmes et al. 2012)%s."),
            .plural(nrow(fit@fit$Estimate), "taxon", "taxa"),
            .plural(.n_samples(fit), "sample"),
            if (known) .package_cited()
            else ", fitted with the R package DirichletMultinomial"),
        if (length(k) > 1L)
            paste0("Mixtures with k = ", .ranges(k), " components were fitted.")
        else
            paste0("A mixture with ", .plural(k, "component"), " was fitted."),
        .markers_sentence(fit, length(k) > 1L), .weights_sentence(fits),
        if (known) c(.starts_sentence(fits, mixture), sprintf(paste(
            "Each Dirichlet parameter had a Gamma prior with shape %s and",
            "rate %s."), format(control$eta), format(control$nu)),
            .em_sentence(fits, mixture)),
        if (length(k) > 1L)
            sprintf(paste("The number of components, k = %d, is the one with",
                "the least value of %s."), ncol(fit@group),
                .criteria_names[[settings$criterion]]),
        "Each sample was assigned to its most probable component."),
        collapse = " ")
}

# `fit` is one of several fits or not.
.markers_sentence <- function(fit, several) {
    if (!.has_markers(fit))
        return(NULL)
    markers <- fit@mixture$Markers
    levels <- max(markers$level)
    paste0("The components differ in ", .plural(length(markers$taxa), "taxon",
        "taxa"), " alone, the markers",
        if (markers$selected) paste0(", which were selected by the Laplace ",
            "approximation and the number of sets of as many",
            if (several) " for each k"),
        "; given their sum, the counts of the other taxa come from ",
        if (levels == 1) "one Dirichlet-multinomial" else paste("a tree of",
            2 * levels - 1, "Dirichlet-multinomials, divided by abundance,"),
        " in all components.")
}

# One component has no weights to explain, so that some of the fits may have no
# variables.
.weights_sentence <- function(fits) {
    fit <- Find(.has_concomitant, fits)
    if (!is.null(fit))
        paste0("The weights of the components depend on variables of the ",
            "samples by multinomial logits, with the formula `",
            .formula_text(fit@mixture$Concomitant$formula), "`.")
}

.package_cited <- function() {
    package <- utils::citation("dmmomp")
    package <- package[[length(package)]]
    sprintf(" with the R package dmmomp, version %s (%s %s)",
        utils::packageVersion("dmmomp"), format(package$author), package$year)
}

.starts_sentence <- function(fits, mixture) {
    made <- range(vapply(fits, function(fit) length(.starts_of(fit)$NLE), 1L))
    if (identical(mixture$NStart, 1L))
        return(sprintf("EM was started once, with the seed %s.",
            format(mixture$Seed)))
    agree <- mixture$Control$agree
    rule <- if (is.na(agree))
        paste0("no more were made once 3 had ended at the best optimum",
            if (is.null(mixture$Concomitant))
                ", but all in small tables (agree = NULL)")
    else if (is.finite(agree))
        sprintf("no more were made once %d had ended at the best optimum",
            as.integer(agree))
    else
        "all were made"
    sprintf(paste("Each fit is that with the least negative log posterior of",
        "up to %d starts of EM; %s. The fits took %s, with the seed %s."),
        mixture$NStart, rule,
        if (made[[1L]] == made[[2L]]) .plural(made[[1L]], "start")
        else sprintf("%d to %d starts", made[[1L]], made[[2L]]),
        format(mixture$Seed))
}

.em_sentence <- function(fits, mixture) {
    failed <- !vapply(fits, function(fit) isTRUE(fit@mixture$Converged), TRUE)
    control <- mixture$Control
    paste0("The M-step was by ", if (mixture$Optimizer == "newton")
        "Newton's method" else "BFGS", ", and EM ended when the negative log ",
        "posterior changed by less than ", format(control$tolerance),
        " or by less than ", format(control$relative.tolerance),
        " of its value in two iterations in a row. ", if (any(failed))
            paste0("EM did not converge in ", .plural(control$max.iterations,
                "iteration"), " for k = ", .ranges(.fitted_k(fits)[failed]),
                ".")
        else if (length(fits) > 1L) "All fits converged." else
            "The fit converged.")
}

# Whole numbers in words, as "1 to 5, 8".
.ranges <- function(k) {
    runs <- split(k, cumsum(c(1L, diff(k) != 1L)))
    paste(vapply(runs, function(run) {
        if (length(run) > 2L)
            paste(run[[1L]], "to", run[[length(run)]])
        else
            paste(run, collapse = ", ")
    }, ""), collapse = ", ")
}

# ---- the page ----

# The bytes of the page.
.render_report <- function(report) {
    dir <- tempfile("dmnreport")
    dir.create(dir)
    # a document that is being knitted and calls this may have the same labels
    old <- options(knitr.duplicate.label = "allow")
    on.exit({
        options(old)
        unlink(dir, recursive = TRUE)
    })
    template <- file.path(dir, "report.Rmd")
    file.copy(system.file("rmarkdown", "report.Rmd", package = "dmmomp"),
        template)
    page <- rmarkdown::render(template, output_file = "report.html",
        output_dir = dir, intermediates_dir = dir, knit_root_dir = dir,
        params = list(report = report), quiet = TRUE,
        envir = new.env(parent = topenv()))
    readBin(page, "raw", file.size(page))
}

# For the template: a table as HTML, in which names of users are no markup.
.html_table <- function(table, ...) {
    knitr::raw_html(paste(knitr::kable(table, format = "html", ...),
        collapse = "\n"))
}

# For the template: text as HTML.
.html_text <- function(...) {
    text <- paste0(...)
    for (special in list(c("&", "&amp;"), c("<", "&lt;"), c(">", "&gt;")))
        text <- gsub(special[[1L]], special[[2L]], text, fixed = TRUE)
    knitr::raw_html(paste0("<p>", text, "</p>"))
}
