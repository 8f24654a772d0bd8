# What the tests of plots share.

# Runs `code` with plots drawn to no file.
undrawn <- function(code) {
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    code
}

# Expects a plot that is laid out without a warning or message.
builds <- function(plot) {
    # text is measured on a device
    undrawn(expect_no_warning(expect_no_message(ggplot2::ggplotGrob(plot))))
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
without_ggplot <- function(code) without(".has_ggplot", code)

# Runs `code` while the package's function `has` returns FALSE.
without <- function(has, code) {
    namespace <- asNamespace("dmmomp")
    replace <- function(value) {
        unlockBinding(has, namespace)
        assign(has, value, namespace)
        lockBinding(has, namespace)
    }
    old <- get(has, namespace)
    on.exit(replace(old))
    replace(function() FALSE)
    code
}
