/* Tests of result/laplace.c against dense matrices. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"
#include "result/laplace.h"

/* Computes log det H and the diagonal of V, the inverse of H = diag(h) +
 * E a a', by LU decomposition; and, for the logarithms of the shares s = a /
 * sum(a), the diagonal of J V J' with J = I - 1 s', unless `share` is NULL.
 * Returns whether H is positive definite. */
static int dense(const model *m, size_t c, double *log_det, double *variance,
                 double *share)
{
    const size_t n = m->s;
    gsl_matrix *h = need(gsl_matrix_alloc(n, n));
    gsl_matrix *inverse = need(gsl_matrix_alloc(n, n));
    gsl_permutation *order = need(gsl_permutation_alloc(n));
    int sign, positive = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(h, i, j,
                           m->rank_one[c] * exp(m->lambda[c * n + i]) *
                                   exp(m->lambda[c * n + j]) +
                               (i == j ? m->hessian[c * n + i] : 0));
    gsl_linalg_LU_decomp(h, order, &sign);
    *log_det = gsl_linalg_LU_lndet(h);
    gsl_linalg_LU_invert(h, order, inverse);
    for (size_t j = 0; j < n; j++) {
        variance[j] = gsl_matrix_get(inverse, j, j);
        positive = positive && variance[j] > 0 && m->hessian[c * n + j] > 0;
    }
    positive = positive && gsl_linalg_LU_sgndet(h, sign) > 0;
    double theta = 0;
    for (size_t j = 0; j < n; j++)
        theta += exp(m->lambda[c * n + j]);
    for (size_t j = 0; share && j < n; j++) {
        share[j] = 0;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                share[j] += ((a == j) - exp(m->lambda[c * n + a]) / theta) *
                            gsl_matrix_get(inverse, a, b) *
                            ((b == j) - exp(m->lambda[c * n + b]) / theta);
    }
    gsl_matrix_free(h);
    gsl_matrix_free(inverse);
    gsl_permutation_free(order);
    return positive;
}

/* The standard errors, intervals and criteria of a fit, at its optimum. */
static void test_fit(const table *t, size_t k)
{
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_CSC);
    const size_t s = t->columns;
    dmm_control control = dmm_control_default();
    dmm_fit_result *fit = NULL;
    CHECK(dmm_fit(&matrix, k, &control, &fit) == DMM_OK);
    if (fit == NULL)
        return;
    double *lambda = NEED(s * k, double), *variance = NEED(s, double);
    double *share = NEED(s, double);
    for (size_t e = 0; e < s * k; e++)
        lambda[e] = log(fit->estimate[e]);
    model m = model_new(t, k, lambda, fit->weight);
    double log_det = 0;
    const double n = (double)t->rows;
    for (size_t c = 0; c < k; c++) {
        double part;
        CHECK(dense(&m, c, &part, variance, share));
        log_det += part;
        if (c > 0)
            log_det += 2 * log(n) - log(n * fit->weight[c]);
        for (size_t j = 0; j < s; j++) {
            const size_t e = c * s + j;
            /* The reference limits the comparison: it subtracts values of psi
             * and psi_1, and its dense matrix may be ill-conditioned. */
            CHECK_NEAR(fit->std_error[e], sqrt(variance[j]),
                       1e-7 * fit->std_error[e]);
            CHECK_NEAR(fit->share_error[e] * fit->share_error[e], share[j],
                       1e-7 * variance[j]);
            CHECK_NEAR(log(fit->lower[e]), lambda[e] - 2 * fit->std_error[e],
                       1e-10 * (1 + fabs(lambda[e])));
            CHECK_NEAR(log(fit->upper[e]), lambda[e] + 2 * fit->std_error[e],
                       1e-10 * (1 + fabs(lambda[e])));
        }
    }
    const double p = (double)(k * s + k) - 1;
    CHECK_NEAR(fit->log_det, log_det, 1e-7 * (1 + fabs(log_det)));
    CHECK_NEAR(fit->nle, m.nle, 1e-11 * fabs(m.nle));
    CHECK_NEAR(fit->log_likelihood, m.log_likelihood, 1e-11 * fabs(m.nle));
    CHECK_NEAR(fit->laplace,
               fit->nle + fit->log_det / 2 -
                   p / 2 * log(2 * 3.14159265358979323846),
               1e-11 * fabs(fit->nle));
    CHECK_NEAR(fit->bic, fit->nle + p / 2 * log(n), 1e-11 * fabs(fit->nle));
    CHECK_NEAR(fit->aic, fit->nle + p, 1e-11 * fabs(fit->nle));
    model_free(&m);
    free(lambda);
    free(share);
    free(variance);
    dmm_fit_free(fit);
}

/* At any parameters the results are exact where H_k is positive definite, and
 * finite elsewhere. Returns the number of components where it is not. */
static int test_anywhere(const table *t, size_t k, double centre)
{
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_DENSE_DOUBLE);
    const size_t s = t->columns;
    const dmm_control control = dmm_control_default();
    model m = model_random(t, k, centre);
    double *log_det = NEED(k, double), *variance = NEED(s * k, double);
    double *exact = NEED(s, double);
    int indefinite = 0;
    dmm_evaluation e = {.log_det = log_det, .variance = variance};
    CHECK(dmm_evaluate(&matrix, k, m.lambda, m.weight, &control, &e) ==
          DMM_OK);
    for (size_t c = 0; c < k; c++) {
        double part;
        if (!dense(&m, c, &part, exact, NULL)) {
            indefinite++;
            CHECK(isfinite(log_det[c]));
            for (size_t j = 0; j < s; j++)
                CHECK(isfinite(variance[c * s + j]) &&
                      variance[c * s + j] > 0);
            continue;
        }
        CHECK_NEAR(log_det[c], part, 1e-6 * (1 + fabs(part)));
        for (size_t j = 0; j < s; j++)
            CHECK_NEAR(variance[c * s + j], exact[j], 1e-5 * exact[j]);
    }
    model_free(&m);
    free(log_det);
    free(variance);
    free(exact);
    return indefinite;
}

static void test_criteria(void)
{
    /* Computed by hand: N = 10, S = 2, K = 2, P = 5;
     * LogDet = 3 + 2 log 10 - log 2. */
    const double log_weight[2] = {log(0.8), log(0.2)};
    const dmm_criteria c = dmm_laplace_criteria(100, 3, log_weight, 10, 2, 2);
    /* A component with less than one sample counts as having one, so that the
     * criteria do not depend on how much less it has. */
    const double few[2] = {0, log(1e-8)}, fewer[2] = {0, log(1e-12)};
    CHECK(dmm_laplace_criteria(100, 3, few, 10, 2, 2).log_det ==
          dmm_laplace_criteria(100, 3, fewer, 10, 2, 2).log_det);
    CHECK_NEAR(dmm_laplace_criteria(100, 3, few, 10, 2, 2).log_det,
               3 + 2 * log(10), 1e-12);
    const double log_det = 3 + 2 * log(10) - log(2);
    CHECK_NEAR(c.log_det, log_det, 1e-13);
    CHECK_NEAR(c.laplace, 100 + log_det / 2 - 2.5 * 1.8378770664093453, 1e-12);
    CHECK_NEAR(c.bic, 100 + 2.5 * log(10), 1e-12);
    CHECK_NEAR(c.aic, 105, 1e-12);
}

int main(void)
{
    random_seed(19);
    test_criteria();
    int indefinite = 0;
    for (size_t k = 1; k <= 6; k++) {
        table t = table_mixture(60, 12, 3, 20, 200, 0.8);
        test_fit(&t, k);
        for (int i = -3; i <= 4; i++)
            indefinite += test_anywhere(&t, k, i);
        table_free(&t);
        t = table_random(30, 9, 0.5, 40, 1);
        test_fit(&t, k);
        table_free(&t);
    }
    CHECK(indefinite > 0); /* both branches are tested */
    return check_report();
}
