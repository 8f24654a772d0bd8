test_that("the defaults are the documented ones", {
    control <- dmncontrol()
    expect_s3_class(control, "dmncontrol")
    expect_identical(unclass(control), list(tolerance = 1e-6,
        relative.tolerance = 1e-13, max.iterations = 2000,
        kmeans.tolerance = 1e-6, kmeans.iterations = 1000, stiffness = 50,
        eta = 0.1, nu = 0.1, accelerate = TRUE, agree = NA_real_,
        background.levels = 1))
})

test_that("every setting is checked", {
    expect_error(dmncontrol(tolerance = -1), "'tolerance' must be .*>= 0")
    expect_error(dmncontrol(relative.tolerance = NA), "'relative.tolerance'")
    expect_error(dmncontrol(max.iterations = 0), "'max.iterations' .*found 0")
    expect_error(dmncontrol(max.iterations = 1.5), "one whole number")
    expect_error(dmncontrol(kmeans.tolerance = "a"), "'kmeans.tolerance'")
    expect_error(dmncontrol(kmeans.iterations = 0), "'kmeans.iterations'")
    expect_error(dmncontrol(stiffness = 0), "'stiffness' .*> 0; found 0")
    expect_error(dmncontrol(eta = 0), "'eta' must be one number > 0")
    expect_error(dmncontrol(nu = -1), "'nu' must be one number > 0")
    expect_error(dmncontrol(accelerate = NA), "'accelerate'")
    for (bad in list(0, -1, 2.5, NA, -Inf, "3", c(1, 2), 3e9))
        expect_error(dmncontrol(agree = bad), "^'agree' must be .*; found ")
    expect_identical(dmncontrol(agree = 5L)$agree, 5)
    expect_identical(dmncontrol(agree = Inf)$agree, Inf)
})

test_that("'agree' says when starts end", {
    x <- small_twins()
    record <- function(agree, nstart = 20) {
        fit <- dmn(x, 3, seed = 1, nstart = nstart,
            control = dmncontrol(agree = agree))
        expect_identical(fit@mixture$Control$agree, as.double(agree))
        table <- starts(fit)
        expect_identical(min(table$NLE), goodnessOfFit(fit)[["NLE"]])
        table
    }
    all <- record(Inf)
    expect_identical(nrow(all), 20L)
    before <- 0
    for (agree in c(1, 2, 3, 4, 5, 20)) {
        some <- record(agree)
        n <- nrow(some)
        expect_gte(n, before)
        before <- n
        # the same starts; `best` refers to those that were made
        same <- setdiff(names(all), "best")
        expect_identical(some[same], all[seq_len(n), same])
        met <- .times_met(some)
        expect_true(met == agree || met < agree && n == 20)
        # one start fewer would not have been enough
        if (n > 1)
            expect_lt(.times_met(some[-n, ]), max(agree, 2))
    }
    expect_identical(nrow(record(1)), 1L)
    expect_identical(record(Inf, 7)[1:7, same], all[1:7, same])
    # a lone start is not compared with any
    expect_identical(nrow(starts(dmn(x, 3, seed = 1, nstart = 1,
        control = dmncontrol(agree = 2)))), 1L)
})

test_that("'control' may be a plain list of settings, and nothing else", {
    expect_identical(.check_control(list(eta = 0.2)), dmncontrol(eta = 0.2))
    expect_identical(.check_control(list()), dmncontrol())
    x <- ref_table()$x
    expect_error(dmn(x, 1, control = list(tol = 1)),
        "'control' has no setting 'tol'; see ?dmncontrol", fixed = TRUE)
    expect_error(dmn(x, 1, control = list(eta = -1)), "'eta' must be")
    expect_error(dmn(x, 1, control = 3),
        "'control' must be made by dmncontrol(); found 3", fixed = TRUE)
    expect_error(dmn(x, 1, control = list(1)), "'control' must be made by")
})

test_that("settings reach the engine", {
    t <- ref_table()
    flat <- dmn(t$x, 1, seed = 1, control = dmncontrol(eta = 0.5, nu = 0.2))
    alpha <- fitted(flat)
    expect_equal(goodnessOfFit(flat)[["NLE"]],
        ref_nle(t$x, alpha, 1, eta = 0.5, nu = 0.2), tolerance = 1e-10)
    expect_lt(max(abs(ref_gradient(t$x, log(alpha[, 1]), rep(1, nrow(t$x)),
        eta = 0.5, nu = 0.2))), 1e-3)
    expect_identical(flat@mixture$Control$eta, 0.5)
})

test_that("plain and accelerated EM reach the same optimum", {
    t <- ref_table(n = 60)
    plain <- dmn(t$x, 2, seed = 1, nstart = 1,
        control = dmncontrol(accelerate = FALSE))
    fast <- dmn(t$x, 2, seed = 1, nstart = 1)
    expect_equal(goodnessOfFit(plain), goodnessOfFit(fast), tolerance = 1e-6)
})

test_that("a control object prints its settings", {
    printed <- capture.output(print(dmncontrol(eta = 0.25)))
    expect_identical(printed[[1]], "settings of dmn():")
    expect_true("  eta                0.25" %in% printed)
    expect_true("  agree              NULL" %in% printed)
    expect_length(printed, 12)
    expect_output(print(dmncontrol(agree = Inf)), "agree +Inf")
})

test_that("settings changed after dmncontrol() are checked by dmn()", {
    control <- dmncontrol()
    control$max.iterations <- -3
    expect_error(dmn(twins[1:20, ], 2, seed = 1, control = control),
        "max.iterations")
    control <- dmncontrol()
    control$eta <- -5
    expect_error(dmn(twins[1:20, ], 2, seed = 1, control = control), "eta")
    expect_error(dmn(twins[1:20, ], 2, seed = 1,
        control = list(tolerance = 1, tolerance = 2)),
        "each setting once; found two of 'tolerance'")
    empty <- structure(list(), class = "dmncontrol")
    expect_identical(dmn(twins[1:20, ], 2, seed = 1, control = empty),
        dmn(twins[1:20, ], 2, seed = 1))
})
