library(testthat)
library(dmmomp)

test_check("dmmomp")
