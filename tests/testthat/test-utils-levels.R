# The levels of the background, against fits to collapsed tables and the model
# written out in R.

# A table whose background has three levels of different precision.
level_table <- function(n = 60, seed = 1) {
    set.seed(seed)
    draw <- function(alpha, size) {
        p <- stats::rgamma(length(alpha), alpha) + 1e-9
        drop(stats::rmultinom(1, size, p))
    }
    x <- t(vapply(seq_len(n), function(i) {
        top <- draw(if (i %% 2) c(9, 3, 20) else c(2, 10, 20), 600)
        first <- draw(c(90, 60), top[[3]])
        second <- draw(c(10, 8), first[[2]])
        as.integer(c(top[1:2], draw(c(30, 20, 25, 15), first[[1]]),
            draw(c(0.3, 0.2, 0.3, 0.2, 0.2), second[[1]]),
            draw(rep(6, 5), second[[2]])))
    }, integer(16)))
    dimnames(x) <- list(paste0("s", seq_len(n)), paste0("t", 1:16))
    x
}

levels <- function(n) dmncontrol(background.levels = n)
x <- level_table()
x[4, 3:16] <- 0L   # no background
x[5, 7:16] <- 0L   # some taxa of it alone
fits <- lapply(1:4, function(n) {
    dmn(x, 2, seed = 1, markers = c("t1", "t2"), control = levels(n))
})
fit <- fits[[3]]

test_that("levels are by abundance, as many as help and are allowed", {
    number <- vapply(fits, function(f) max(f@mixture$Markers$level), 0)
    expect_identical(number[1:3], c(1, 2, 3))
    for (f in fits) {
        m <- f@mixture$Markers
        total <- colSums(x)[-m$taxa]
        expect_false(is.unsorted(m$level[order(total, decreasing = TRUE)]))
        expect_true(validObject(f))
    }
    expect_true(all(diff(vapply(fits[1:3], laplace, 0)) < -1))
    expect_lte(laplace(fits[[4]]), laplace(fit))
    # one Dirichlet-multinomial has no levels
    set.seed(1)
    plain <- rdmn(80, cbind(stats::rgamma(12, 1) * 5 + 0.2), size = 500)
    one <- dmn(plain, 1, seed = 1, markers = 1, control = levels(3))
    expect_identical(one@goodnessOfFit,
        dmn(plain, 1, seed = 1, markers = 1)@goodnessOfFit)
    # the components are not concerned
    expect_identical(mixture(fit), mixture(fits[[1]]))
    expect_identical(markers(fit), markers(fits[[1]]))
})

test_that("the criteria are sums over the levels", {
    for (f in fits) {
        n <- max(f@mixture$Markers$level)
        expect_identical(attr(logLik(f), "df"), 6 + 1 + 14 + 2 * (n - 1))
        expect_equal(as.numeric(logLik(f)), sum(ref_marker_logliks(x, f)),
            tolerance = 1e-12)
        expect_lt(ref_error(goodnessOfFit(f) / ref_marker_criteria(x, f), 1),
            1e-10)
    }
})

test_that("shares and their errors are those of the levels", {
    m <- fit@mixture$Markers
    # shares in a node, their squared errors, and the errors of parameters
    of <- function(node) {
        share <- unname(drop(node$alpha) / sum(node$alpha))
        covariance <- unname(solve(ref_hessian(node$x, log(drop(node$alpha)),
            rep(1, nrow(x)))))
        s <- length(share)
        jacobian <- diag(s) - rep(share, each = s)
        expect_equal(unname(node$error), sqrt(diag(covariance)),
            tolerance = 1e-6)
        list(share = share, square = diag(jacobian %*% covariance %*%
            t(jacobian)))
    }
    parts <- lapply(ref_nodes(x, fit), of)
    above <- m$other[1, "Estimate"] / sum(fit@fit$Estimate[, 1])
    error <- m$other[1, "StdErr"]^2
    for (i in 1:3) {
        own <- setdiff(seq_len(16), m$taxa)[m$level == i]
        sums <- if (i < 3) parts[[3 + i]] else
            list(share = 0:1, square = c(0, 0))
        expect_equal(unname(fitted(fit, scale = TRUE)[own, 1]),
            unname(above * sums$share[[2]] * parts[[i]]$share))
        expect_equal(unname(fit@fit$StdErr[own, 1]),
            unname(sqrt(error + sums$square[[2]] + parts[[i]]$square)),
            tolerance = 1e-6)
        above <- above * sums$share[[1]]
        error <- error + sums$square[[1]]
    }
    expect_equal(colSums(fitted(fit, scale = TRUE)), c("1" = 1, "2" = 1))
})

test_that("new samples are read level by level, in any container", {
    new <- level_table(30, seed = 2)
    new[1, ] <- 0L
    new[2, 3:16] <- 0L
    expect_predicted(fit, new)
})

test_that("residuals have the mean and variance of simulations", {
    z <- rbind(c(1, 0), c(0.3, 0.7))
    for (i in 1:2) {
        one <- fit
        one@mixture$Weight <- z[i, ]
        drawn <- simulate(one, nsim = 400, seed = i, size = 500)
        all <- do.call(rbind, drawn)
        expect_true(all(rowSums(all) == 500))
        moments <- .mixture_moments(z[i, , drop = FALSE], 500, fit)
        error <- sqrt(drop(moments$variance) / nrow(all))
        expect_lt(max(abs(colMeans(all) - drop(moments$mean)) / error), 4.5)
        expect_equal(drop(moments$variance), apply(all, 2, stats::var),
            tolerance = 0.03, ignore_attr = TRUE)
    }
    r <- residuals(fit, x, type = "deviance")
    for (j in c(1, 3)) {
        node <- ref_nodes(x, fit)[[j]]
        own <- setdiff(seq_len(16), fit@mixture$Markers$taxa)
        own <- own[fit@mixture$Markers$level == j][[1]]
        count <- node$x[, 1]
        i <- count > 0 & count < rowSums(node$x)
        count <- count[i]
        n <- rowSums(node$x)[i]
        size <- sum(node$alpha)
        log_density <- function(a) {
            lbeta(count + a, n - count + size - a) - lbeta(a, size - a)
        }
        expected <- log_density(size * count / n) -
            log_density(node$alpha[[1]])
        expect_equal(unname(r[i, own])^2, pmax(2 * expected, 0),
            tolerance = 1e-8)
        expect_gt(sum(expected > 0), 10)
    }
})

test_that("weights with variables leave the levels as they are", {
    fit <- dmn(x, 2, seed = 1, nstart = 2, markers = 1:2, control = levels(3),
        formula = ~ odd, data = data.frame(odd = seq_len(60) %% 2 +
            rep(0:2, 20)))
    expect_identical(fit@mixture$Markers[c("background", "level", "division")],
        fits[[3]]@mixture$Markers[c("background", "level", "division")])
    expect_equal(as.numeric(logLik(fit)), as.numeric(logLik(fit, x)))
})

test_that("the order of the table and threads do not matter", {
    set.seed(1)
    y <- x[sample(nrow(x)), sample(ncol(x))]
    again <- dmn(y, 2, seed = 1, markers = c("t1", "t2"), control = levels(3),
        num.threads = 2)
    expect_identical(again@goodnessOfFit, fit@goodnessOfFit)
    expect_identical(again@fit$Estimate[colnames(x), ], fit@fit$Estimate)
    expect_identical(update(fit, x), fit)
})

test_that("levels work with selected markers, and the smallest tables", {
    f <- dmn(twins, 2, seed = 1, nstart = 2, markers = "select",
        control = levels(2))
    expect_true(validObject(f))
    expect_output(print(f), "selected; background in 2 levels")
    two <- cbind(a = c(5L, 1L, 0L, 7L), b = c(0L, 2L, 9L, 1L))
    expect_true(validObject(dmn(two, 1, seed = 1, markers = 1,
        control = levels(3))))
    # taxa without counts, and equal totals
    three <- cbind(two, c = 0L, d = c(12L, 0L, 0L, 0L), e = 0L)
    expect_true(validObject(dmn(three, 1, seed = 1, markers = 1,
        control = levels(3))))
    expect_error(dmncontrol(background.levels = 0),
        "'background.levels' must be one whole number >= 1; found 0")
})

test_that("damage to the levels is found", {
    m <- fit@mixture$Markers
    damaged <- list(list(level = 1:3), list(level = rep(2, 14)),
        list(level = replace(m$level, 1, NA)), list(division = NULL),
        list(division = m$division[1:2, ]))
    for (part in damaged) {
        bad <- fit
        bad@mixture$Markers <- utils::modifyList(m, part)
        expect_error(validObject(bad), "mixture\\$Markers must be a list")
    }
})
