/* Tests of em/bfgs.c: BFGS finds the minimum that Newton's method finds. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"

static double *responsibilities(size_t n, size_t k)
{
    double *z = NEED(n * k, double);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += z[c * n + i] = random_gamma(0.3) + 1e-12;
        for (size_t c = 0; c < k; c++)
            z[c * n + i] /= sum;
    }
    return z;
}

static void test_minimum(const table *t, size_t k, double start)
{
    const dmm_matrix matrix = table_view(t, all_kinds[k % 3]);
    const size_t s = t->columns;
    double *z = responsibilities(t->rows, k);
    double *newton = NEED(s * k, double), *bfgs = NEED(s * k, double);
    double *f_newton = NEED(k, double), *f_bfgs = NEED(k, double);
    int newton_iterations = -1, bfgs_iterations = -1;
    for (size_t e = 0; e < s * k; e++)
        newton[e] = bfgs[e] = start + random_normal();
    dmm_control control = dmm_control_default();
    CHECK(dmm_maximize(&matrix, k, z, &control, newton, f_newton,
                       &newton_iterations) == DMM_OK);
    control.optimizer = DMM_OPTIMIZER_BFGS;
    CHECK(dmm_maximize(&matrix, k, z, &control, bfgs, f_bfgs,
                       &bfgs_iterations) == DMM_OK);
    CHECK(newton_iterations > 0 && bfgs_iterations > 0);

    double *weight = NEED(k, double);
    for (size_t c = 0; c < k; c++)
        weight[c] = 1.0 / (double)k;
    model m = model_new(t, k, bfgs, weight);
    memcpy(m.z, z, t->rows * k * sizeof *z);
    model_derivatives(&m, t);
    for (size_t c = 0; c < k; c++) {
        /* BFGS stops at a gradient norm of 1e-5, or earlier where its line
         * search fails. Its F is then above the minimum by about g^2 / h, where
         * the curvature h is at least 1e-2 here. */
        CHECK_NEAR(f_bfgs[c], f_newton[c],
                   1e-5 + 1e-10 * fabs(f_newton[c]));
        CHECK_AT_MOST(f_newton[c],
                      f_bfgs[c] + 1e-9 + 1e-11 * fabs(f_newton[c]));
        CHECK_NEAR(f_bfgs[c], m.objective[c], 1e-11 * (1 + fabs(f_bfgs[c])));
        for (size_t j = 0; j < s; j++)
            CHECK_AT_MOST(fabs(m.gradient[c * s + j]), 2e-2);
    }
    CHECK_AT_MOST(largest_difference(newton, bfgs, s * k), 2e-2);
    model_free(&m);
    free(weight);
    free(z);
    free(newton);
    free(bfgs);
    free(f_newton);
    free(f_bfgs);
}

static int handler_called;

static void handler(const char *reason, const char *file, int line, int code)
{
    (void)reason;
    (void)file;
    (void)line;
    (void)code;
    handler_called++;
}

int main(void)
{
    random_seed(18);
    /* The caller's GSL error handler is neither called nor lost. */
    gsl_set_error_handler(handler);
    for (size_t k = 1; k <= 6; k++) {
        table t = k % 2 ? table_mixture(40, 10, 3, 20, 100, 0.6)
                        : table_random(30, 8, 0.5, 30, 1);
        test_minimum(&t, k, 0);
        test_minimum(&t, k, -3);
        test_minimum(&t, k, 3);
        table_free(&t);
    }
    table t = table_random(30, 1, 1, 30, 0);
    test_minimum(&t, 2, 0);
    table_free(&t);
    CHECK(handler_called == 0);
    CHECK(gsl_set_error_handler(NULL) == handler);
    return check_report();
}
