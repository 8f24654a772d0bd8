# Colours of plots, from ColorBrewer (Harrower and Brewer 2003,
# doi:10.1179/000870403235002042): nine of YlOrRd for amounts, and ten of Paired
# for categories. Scripts written for DirichletMultinomial use `.qualitative` by
# this name.

.gradient <- c("#FFFFCC", "#FFEDA0", "#FED976", "#FEB24C", "#FD8D3C",
    "#FC4E2A", "#E31A1C", "#BD0026", "#800026")

.qualitative <- c("#A6CEE3", "#1F78B4", "#B2DF8A", "#33A02C", "#FB9A99",
    "#E31A1C", "#FDBF6F", "#FF7F00", "#CAB2D6", "#6A3D9A")
