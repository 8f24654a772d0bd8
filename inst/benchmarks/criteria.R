# How often does each criterion choose the true number of components? The tables
# are simulated, with 400 samples, 50 taxa and four components of unequal weight
# that overlap more or less. Each is fitted with k = 1 to 7 and nstart = 5.
#
#   Rscript inst/benchmarks/criteria.R [FILE.md]
#
# The report goes to FILE.md, or is printed. Its criterion `peer` is the Laplace
# approximation at the same optimum, but with DirichletMultinomial's Hessian, in
# which samples are not weighted by their probabilities (see the vignette
# "migrating"). On Twins the log determinants of peer_log_det() agree with those
# that DirichletMultinomial reports to within 1.
library(dmmomp)

n <- 400
taxa <- 50
weights <- c(0.4, 0.3, 0.2, 0.1)
repetitions <- 50

# A table (samples x taxa). The components' log proportions are normal around
# common ones, with standard deviation `spread`; the Dirichlet parameters of
# each sum to 20.
simulate_table <- function(seed, spread) {
    set.seed(seed)
    common <- rnorm(taxa, 0, 1.5)
    alpha <- vapply(weights, function(w) {
        p <- exp(common + rnorm(taxa, 0, spread))
        20 * p / sum(p)
    }, numeric(taxa))
    component <- sample(length(weights), n, TRUE, weights)
    x <- t(vapply(component, function(k) {
        rmultinom(1, 1000, rgamma(taxa, alpha[, k]))[, 1]
    }, integer(taxa)))
    x[, colSums(x) > 0]
}

# For each taxon, the sum over the samples of f(a + x) as DirichletMultinomial
# takes it: unweighted. Samples with weight 0 (those not `on`) add f(a).
peer_sums <- function(f, a, x, on) {
    vapply(seq_along(a), function(j) {
        sum(ifelse(on & x[, j] > 0, f(a[j] + x[, j]), f(a[j])))
    }, numeric(1))
}

# LogDet with DirichletMultinomial's Hessian.
peer_log_det <- function(fit, x) {
    alpha <- fitted(fit)
    z <- mixture(fit)
    total <- rowSums(x)
    one <- function(k) {
        a <- alpha[, k]
        w <- z[, k]
        sum_a <- sum(a)
        first <- sum(w) * digamma(a) - peer_sums(digamma, a, x, w > 0) +
            sum(w * digamma(sum_a + total)) - sum(w) * digamma(sum_a)
        second <- sum(w) * trigamma(a) - peer_sums(trigamma, a, x, w > 0)
        h <- diag(a * (0.1 + first) + a^2 * second) + outer(a, a) *
            (sum(w * trigamma(sum_a + total)) - sum(w) * trigamma(sum_a))
        as.numeric(determinant(h)$modulus)
    }
    weight <- mixturewt(fit)$pi[-1]
    sum(vapply(seq_len(ncol(alpha)), one, numeric(1))) +
        sum(2 * log(nrow(x)) - log(nrow(x) * weight))
}

peer_laplace <- function(fit, x) {
    value <- goodnessOfFit(fit)
    laplace(fit) + (peer_log_det(fit, x) - value[["LogDet"]]) / 2
}

# The k that each criterion chooses for one table.
choose <- function(seed, spread) {
    x <- simulate_table(seed, spread)
    sel <- suppressWarnings(dmnselect(x, 1:7, nstart = 5, seed = seed,
        num.threads = 1))
    c(attr(summary(sel), "best"),
        peer = which.min(vapply(as.list(sel), peer_laplace, numeric(1),
            x = x)))
}

# How often each criterion chose each k.
picked <- function(spread) {
    chosen <- vapply(seq_len(repetitions), choose, numeric(5),
        spread = spread)
    rownames(chosen)[5] <- "peer"
    counts <- apply(chosen, 1, tabulate, nbins = 7)
    data.frame(spread = spread, criterion = colnames(counts),
        t(counts), check.names = FALSE)
}

result <- do.call(rbind, lapply(c(0.4, 0.6, 0.8), picked))
names(result)[3:9] <- paste0("k = ", 1:7)
row <- function(cells) paste0("| ", paste(cells, collapse = " | "), " |")
text <- c("# Criteria on simulated tables", "",
    "Written by criteria.R: of 50 tables with four components, how many times",
    "each criterion was least at each k.", "",
    row(names(result)), row(rep("---", ncol(result))),
    apply(result, 1, function(r) row(trimws(r))))
file <- commandArgs(TRUE)
if (length(file)) writeLines(text, file[[1]]) else writeLines(text)
