# The colours of all plots.

# Amounts: nine colours of YlOrRd, by ColorBrewer (Harrower and Brewer 2003,
# doi:10.1179/000870403235002042). Their lightness falls steadily, so that they
# are told apart without their hues.
.gradient <- c("#FFFFCC", "#FFEDA0", "#FED976", "#FEB24C", "#FD8D3C",
    "#FC4E2A", "#E31A1C", "#BD0026", "#800026")

# Ten colours of Paired, by ColorBrewer. Scripts written for
# DirichletMultinomial use them by this name.
.qualitative <- c("#A6CEE3", "#1F78B4", "#B2DF8A", "#33A02C", "#FB9A99",
    "#E31A1C", "#FDBF6F", "#FF7F00", "#CAB2D6", "#6A3D9A")

# Categories, such as components: six colours of Okabe and Ito (2008), without
# their yellow, which is faint on white, and their black. The other six were
# found by a search, so that all twelve are as different as the six are: by 12
# or more in CIEDE2000 as seen with deuteranopia and protanopia (Machado et al.
# 2009, doi:10.1109/TVCG.2009.113), 11 with tritanopia and 18 without.
.categories <- c("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9",
    "#D55E00", "#3D05B4", "#661100", "#004D40", "#934463", "#6F5C37",
    "#4C305C")

# What is drawn over black lines.
.accent <- .categories[[6L]]

# Palettes of grDevices::hcl.colors() for sample variables, taken in turn. They
# run from dark to light, so that few levels are told apart by lightness alone.
.factor_palettes <- c("Viridis", "Plasma", "Mako", "Rocket")
.number_palettes <- c("Purples", "Greens", "Blues", "Oranges")

# Anything that is put together from the rest.
.other_colour <- "#BBBBBB"

# Colours for categories, named by them. A category has the colour of its place,
# so that a component has the same in every plot.
.colours_of <- function(names) {
    n <- length(names)
    colours <- if (n <= length(.categories))
        .categories[seq_len(n)]
    else
        grDevices::hcl.colors(n, "Dark 3")
    stats::setNames(colours, names)
}
