# What the tests of plots share.

# Runs `code` with plots drawn to no file.
undrawn <- function(code) {
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    code
}

# Expects a plot by ggplot2 that is drawn without a warning, such as that of
# rows left out, or a message.
expect_draws <- function(plot) {
    expect_s3_class(plot, "ggplot")
    undrawn(expect_silent(print(plot)))
}

# The caption of a plot in one line.
caption_of <- function(plot) gsub("\n", " ", plot$labels$caption)

# Runs `code` as if ggplot2 were not installed.
without_ggplot <- function(code) {
    namespace <- asNamespace("dmmomp")
    replace <- function(value) {
        unlockBinding(".has_ggplot", namespace)
        assign(".has_ggplot", value, namespace)
        lockBinding(".has_ggplot", namespace)
    }
    old <- get(".has_ggplot", namespace)
    on.exit(replace(old))
    replace(function() FALSE)
    code
}
