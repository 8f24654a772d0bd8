#!/usr/bin/env python3
"""Computes the polynomials of src/core/simd/special_template.h.

Prints the coefficients of each polynomial, constant term first, and the largest
error that is left once they are rounded to double. Needs mpmath; takes some
seconds.

Each polynomial p approximates a function f: among those of its degree it
minimises the largest |w (f - p)| over an interval, found by Remez's exchange
algorithm. The weight w is chosen so that w (f - p) is the error of the special
function that p is a part of.
"""

from mpmath import atanh, cos, exp, log, loggamma, lu_solve, matrix, mp, mpf
from mpmath import pi, psi, sqrt

mp.dps = 50
GRID_POINTS = 1500
EXCHANGES = 12


def evaluate(coefficients, x):
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * x + c
    return value


def minimax(f, w, low, high, degree):
    """The coefficients as doubles, and the largest weighted error."""
    low, high = mpf(low), mpf(high)
    n = degree + 2
    middle, radius = (low + high) / 2, (high - low) / 2

    def chebyshev(count):
        return [middle - radius * cos(pi * (2 * i + 1) / (2 * count))
                for i in range(count)]

    grid = chebyshev(GRID_POINTS)
    f_grid, w_grid = [f(x) for x in grid], [w(x) for x in grid]
    nodes = chebyshev(n)
    for _ in range(EXCHANGES):
        # Solve p(x) + (-1)^i error / w(x) = f(x) at the nodes x.
        equations, values = matrix(n, n), matrix(n, 1)
        for i, x in enumerate(nodes):
            for power in range(degree + 1):
                equations[i, power] = x**power
            equations[i, degree + 1] = (-1)**i / w(x)
            values[i] = f(x)
        coefficients = list(lu_solve(equations, values))[:degree + 1]
        error = [w_grid[i] * (f_grid[i] - evaluate(coefficients, grid[i]))
                 for i in range(GRID_POINTS)]
        # The next nodes: the largest error in each interval of one sign.
        extrema = []
        for i, e in enumerate(error):
            if extrema and (e > 0) == (error[extrema[-1]] > 0):
                if abs(e) > abs(error[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n:
            first, last = abs(error[extrema[0]]), abs(error[extrema[-1]])
            extrema.pop(0 if first < last else -1)
        if len(extrema) < n:
            break
        nodes = [grid[i] for i in extrema]
    rounded = [float(c) for c in coefficients]
    worst = max(abs(w_grid[i] * (f_grid[i] - evaluate(
        [mpf(c) for c in rounded], grid[i]))) for i in range(GRID_POINTS))
    return rounded, float(worst)


def show(name, *arguments):
    coefficients, error = minimax(*arguments)
    print(f"{name}: error {error:.1e}")
    for c in coefficients:
        print(f"    {c!r}")


def exp_rest(r):
    """exp(r) = 1 + r + r^2 exp_rest(r)"""
    return (exp(r) - 1 - r) / r**2 if abs(r) > mpf(10)**-12 else mpf(1) / 2


def log_rest(s):
    """2 atanh(g / 2) = g + g s log_rest(s), s = g^2"""
    g = sqrt(s)
    return (2 * atanh(g / 2) - g) / (g * s)


def stirling_0(u):
    """lgamma's rest is i stirling_0(u), i = 1 / y, u = i^2"""
    y = 1 / sqrt(u)
    return y * (loggamma(y) - (y - mpf(1) / 2) * log(y) + y - log(2 * pi) / 2)


def stirling_1(u):
    """digamma's rest is -(i / 2 + u stirling_1(u))"""
    y = 1 / sqrt(u)
    return (log(y) - 1 / (2 * y) - psi(0, y)) * y**2


def stirling_2(u):
    """trigamma's rest is u / 2 + u i stirling_2(u)"""
    y = 1 / sqrt(u)
    return (psi(1, y) - 1 / y - 1 / (2 * y**2)) * y**3


if __name__ == "__main__":
    half_ln_2 = log(mpf(2)) / 2 * mpf("1.0001")
    largest_s = (2 * (sqrt(2) - 1) / (sqrt(2) + 1))**2 * mpf("1.0000001")
    largest_u = mpf(1) / 64  # y >= 8
    # The errors printed are, in this order, those of exp, of the logarithm
    # relative to g, of lgamma, of digamma differences relative to 1/4 (about
    # the least of them), and of trigamma relative to u.
    show("v_exp", exp_rest, lambda r: (r + mpf(10)**-4)**2, -half_ln_2,
         half_ln_2, 9)
    show("v_log_fraction", log_rest, lambda s: s, mpf(10)**-9, largest_s, 5)
    show("v_stirling_0", stirling_0, sqrt, mpf(10)**-7, largest_u, 4)
    show("v_stirling_1", stirling_1, lambda u: 4 * u, mpf(10)**-7, largest_u,
         4)
    show("v_stirling_2", stirling_2, sqrt, mpf(10)**-7, largest_u, 5)
