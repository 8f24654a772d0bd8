.onLoad <- function(libname, pkgname) {
    .promise_param_class(parent.env(topenv()))
}
