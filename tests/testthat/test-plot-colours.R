# Linear RGB, 3 x colours.
linear <- function(colours) {
    x <- grDevices::col2rgb(colours) / 255
    ifelse(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055)^2.4)
}

# How colours look with deuteranopia and protanopia, by Machado et al. (2009).
seen <- list(all = diag(3), deutan = rbind(
    c(0.367322, 0.860646, -0.227968), c(0.280085, 0.672501, 0.047413),
    c(-0.011820, 0.042940, 0.968881)), protan = rbind(
    c(0.152286, 1.052583, -0.204868), c(0.114503, 0.786281, 0.099216),
    c(-0.003882, -0.048116, 1.051998)))

# The least distance between two colours, in CIE Lab.
least_distance <- function(colours, matrix) {
    x <- pmin(pmax(matrix %*% linear(colours), 0), 1)
    x <- ifelse(x <= 0.0031308, 12.92 * x, 1.055 * x^(1 / 2.4) - 0.055)
    min(dist(grDevices::convertColor(t(x), "sRGB", "Lab")))
}

test_that("categories are told apart with colour blindness, and on white", {
    for (matrix in seen)
        expect_gt(least_distance(.categories, matrix), 14)
    luminance <- drop(c(0.2126, 0.7152, 0.0722) %*% linear(.categories))
    expect_gt(min(1.05 / (luminance + 0.05)), 2.2)
})

test_that("a category has the colour of its place", {
    expect_identical(.colours_of(c("x", "y")),
        c(x = .categories[[1]], y = .categories[[2]]))
    expect_identical(anyDuplicated(.colours_of(1:12)), 0L)
    expect_identical(anyDuplicated(.colours_of(1:30)), 0L)
})
