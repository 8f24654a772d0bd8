# Rscript tools/demo.R [OUTPUT-DIRECTORY]
#
# Fits Dirichlet-multinomial mixtures with 1 to 7 components to the 278 samples
# of the Twins study (Turnbaugh et al. 2009), as Holmes, Harris & Quince (2012)
# did. Prints the criteria and the best fit, and draws two plots. tools/demo.sh
# installs the package and then runs this script.

library(dmmomp)

output <- c(commandArgs(trailingOnly = TRUE), ".")[1L]
components <- 1:7
seed <- 1

fit_one <- function(k) {
    if (isatty(stdout()))
        cat(sprintf("\rfitting k = %d of %d ", k, max(components)))
    else
        cat(sprintf("fitting k = %d of %d\n", k, max(components)))
    flush(stdout())
    seconds <- system.time(
        sweep <- dmnselect(twins, k, seed = seed))[["elapsed"]]
    list(sweep = sweep, seconds = seconds)
}

print_criteria <- function(fits, seconds, best) {
    criteria <- do.call(rbind, lapply(fits, goodnessOfFit))
    iterations <- vapply(fits, function(fit) fit@mixture$Iterations, 1)
    cat(sprintf("%3s %10s %8s %10s %10s %10s %10s %8s\n", "k", "NLE",
        "LogDet", "Laplace", "BIC", "AIC", "iterations", "seconds"))
    cat(sprintf("%3d %10.2f %8.2f %10.2f %10.2f %10.2f %10d %8.3f%s\n",
        components, criteria[, "NLE"], criteria[, "LogDet"],
        criteria[, "Laplace"], criteria[, "BIC"], criteria[, "AIC"],
        as.integer(iterations), seconds,
        ifelse(seq_along(fits) == best, "  <- best", "")), sep = "")
}

print_components <- function(fit, n = 10L) {
    weights <- mixturewt(fit)
    samples <- tabulate(mixture(fit, assign = TRUE), nrow(weights))
    share <- fitted(fit, scale = TRUE)
    for (k in seq_len(nrow(weights))) {
        cat(sprintf("\nComponent %d: weight %.3f, theta %.1f, %d samples\n",
            k, weights$pi[k], weights$theta[k], samples[k]))
        leading <- head(order(share[, k], decreasing = TRUE), n)
        cat(sprintf("    %-32s %5.1f %%\n", rownames(share)[leading],
            100 * share[leading, k]), sep = "")
    }
}

# Opens a PNG device, or a PDF device if this R can draw PNG only with a display
# and there is none. Returns the file's path.
open_plot <- function(name) {
    file <- file.path(output, paste0(name, ".png"))
    if (capabilities("cairo")) {
        png(file, width = 1600, height = 1200, res = 200, type = "cairo")
    } else if (capabilities("png") && nzchar(Sys.getenv("DISPLAY"))) {
        png(file, width = 1600, height = 1200, res = 200)
    } else {
        file <- file.path(output, paste0(name, ".pdf"))
        pdf(file, width = 8, height = 6)
    }
    file
}

# Draws a fit or a sweep: by ggplot2 where it is installed. Returns the file's
# path.
save_plot <- function(x, name) {
    file <- open_plot(name)
    on.exit(dev.off())
    plot(x)
    file
}

cat(sprintf("Twins study: %d samples x %d genera; seed %d, threads: %d\n",
    nrow(twins), ncol(twins), seed, as.integer(dmnthreads())))
results <- lapply(components, fit_one)
sweep <- do.call(c, lapply(results, `[[`, "sweep"))
fits <- as.list(sweep)
seconds <- vapply(results, `[[`, 1, "seconds")
if (isatty(stdout()))
    cat("\r")
cat(sprintf("fitted k = %d to %d in %.2f seconds\n\n", min(components),
    max(components), sum(seconds)))

best <- which.min(laplace(sweep))
print_criteria(fits, seconds, best)
cat(sprintf("\nThe best number of components, by Laplace: %d\n",
    components[best]))
print_components(fits[[best]])

files <- c(save_plot(sweep, "fit-curve"), save_plot(fits[[best]], "components"))
cat(sprintf("\nPlots:\n%s\n", paste0("    ", normalizePath(files),
    collapse = "\n")))
