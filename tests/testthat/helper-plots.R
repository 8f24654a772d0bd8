# Expects a plot by ggplot2 that is drawn without a warning, such as that of
# rows left out.
expect_draws <- function(plot) {
    expect_s3_class(plot, "ggplot")
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_silent(print(plot))
}
