/* Tests of result/evaluate.c: evaluations of the model at given parameters, and
 * predictions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"

typedef struct {
    double *z, *objective, *gradient, *diagonal, *rank_one, *log_det, *variance;
    dmm_evaluation e;
} evaluation;

static evaluation evaluation_new(const table *t, size_t k)
{
    evaluation x;
    x.z = NEED(t->rows * k, double);
    x.objective = NEED(k, double);
    x.gradient = NEED(t->columns * k, double);
    x.diagonal = NEED(t->columns * k, double);
    x.rank_one = NEED(k, double);
    x.log_det = NEED(k, double);
    x.variance = NEED(t->columns * k, double);
    x.e = (dmm_evaluation){0, 0, x.z, x.objective, x.gradient, x.diagonal,
                           x.rank_one, x.log_det, x.variance};
    return x;
}

static void evaluation_free(evaluation *x)
{
    free(x->z);
    free(x->objective);
    free(x->gradient);
    free(x->diagonal);
    free(x->rank_one);
    free(x->log_det);
    free(x->variance);
}

/* Compares an evaluation with the reference model, which uses long double and
 * GSL's psi. */
static void check_evaluation(const table *t, const model *m,
                             const evaluation *x)
{
    const size_t n = t->rows, s = t->columns, k = m->k;
    const double rough = 2e-14 * (1 + m->size);
    CHECK_NEAR(x->e.log_likelihood, m->log_likelihood,
               rough + 2e-14 * fabs(m->log_multinomial));
    CHECK_NEAR(x->e.nle, m->nle, 2 * rough + 1e-13 * fabs(m->nle));
    CHECK_AT_MOST(largest_difference(x->z, m->z, n * k), rough + 1e-14);
    for (size_t c = 0; c < k; c++) {
        CHECK_NEAR(x->objective[c], m->objective[c],
                   (double)n * rough + 1e-12 * fabs(m->objective[c]));
        CHECK_NEAR(x->rank_one[c], m->rank_one[c],
                   (double)n * rough + 1e-9 * fabs(m->rank_one[c]));
        for (size_t j = 0; j < s; j++) {
            const size_t e = c * s + j;
            const double a = exp(m->lambda[e]);
            const double scale = (1 + a) * (1 + a) * (double)n;
            CHECK_NEAR(x->gradient[e], m->gradient[e],
                       scale * (rough + 1e-12));
            CHECK_NEAR(x->diagonal[e], m->hessian[e],
                       scale * (rough + 1e-12));
        }
    }
}

/* Compares the Hessian with central differences of the core's own gradient.
 * Both are at fixed z, which dmm_evaluate() computes from the parameters: k is
 * 1 here, so that z is always 1. */
static void check_hessian(const table *t, const dmm_matrix *matrix)
{
    const size_t s = t->columns;
    const double step = 1e-5, weight = 1;
    const dmm_control control = dmm_control_default();
    model m = model_random(t, 1, 0);
    evaluation x = evaluation_new(t, 1), above = evaluation_new(t, 1),
               below = evaluation_new(t, 1);
    CHECK(dmm_evaluate(matrix, 1, m.lambda, &weight, &control, &x.e) ==
          DMM_OK);
    for (size_t j = 0; j < s; j++) {
        const double kept = m.lambda[j];
        m.lambda[j] = kept + step;
        dmm_evaluate(matrix, 1, m.lambda, &weight, &control, &above.e);
        m.lambda[j] = kept - step;
        dmm_evaluate(matrix, 1, m.lambda, &weight, &control, &below.e);
        m.lambda[j] = kept;
        /* As k is 1, the gradient of NLE is that of F. Both contain the
         * prior. */
        CHECK_NEAR((above.e.nle - below.e.nle) / (2 * step), x.gradient[j],
                   1e-6 * (1 + fabs(x.gradient[j])) +
                       1e-10 * fabs(x.e.nle));
        for (size_t i = 0; i < s; i++) {
            const double exact = (above.gradient[i] - below.gradient[i]) /
                                 (2 * step);
            const double h =
                x.rank_one[0] * exp(m.lambda[i]) * exp(m.lambda[j]) +
                (i == j ? x.diagonal[j] : 0);
            CHECK_NEAR(h, exact, 1e-5 * (1 + fabs(x.diagonal[i]) +
                               fabs(x.diagonal[j])));
        }
    }
    model_free(&m);
    evaluation_free(&x);
    evaluation_free(&above);
    evaluation_free(&below);
}

static void test_table(const table *t, size_t k, double centre)
{
    dmm_control control = dmm_control_default();
    model m = model_random(t, k, centre);
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        const dmm_matrix matrix = table_view(t, all_kinds[i]);
        evaluation x = evaluation_new(t, k);
        control.n_threads = 1 + (int)i;
        CHECK(dmm_evaluate(&matrix, k, m.lambda, m.weight, &control, &x.e) ==
              DMM_OK);
        check_evaluation(t, &m, &x);
        /* Outputs that are NULL are left out. */
        dmm_evaluation none = {.nle = 0};
        CHECK(dmm_evaluate(&matrix, k, m.lambda, m.weight, &control, &none) ==
              DMM_OK);
        CHECK(none.nle == x.e.nle);
        evaluation_free(&x);
        if (i == 0)
            check_hessian(t, &matrix);
    }
    /* Another prior, and invalid arguments. */
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_CSC);
    evaluation x = evaluation_new(t, k);
    control.eta = m.eta = 1.7;
    control.nu = m.nu = 0.03;
    model_evaluate(&m, t);
    CHECK(dmm_evaluate(&matrix, k, m.lambda, m.weight, &control, &x.e) ==
          DMM_OK);
    check_evaluation(t, &m, &x);
    CHECK(dmm_evaluate(&matrix, 0, m.lambda, m.weight, &control, &x.e) ==
          DMM_ERROR_ARGUMENT);
    int iterations;
    CHECK(dmm_maximize(&matrix, 0, x.z, &control, m.lambda, x.objective,
                       &iterations) == DMM_ERROR_ARGUMENT);
    evaluation_free(&x);
    model_free(&m);
}

/* ---- Predictions -------------------------------------------------------- */

static double *exponentials(const double *lambda, size_t n)
{
    double *alpha = NEED(n, double);
    for (size_t e = 0; e < n; e++)
        alpha[e] = exp(lambda[e]);
    return alpha;
}

static void test_prediction(const table *t, size_t k, double centre)
{
    const size_t n = t->rows, s = t->columns;
    model m = model_random(t, k, centre);
    double *alpha = exponentials(m.lambda, s * k);
    double *result = NEED(n * k, double);
    const double rough = 2e-14 * (1 + m.size);
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        const dmm_matrix matrix = table_view(t, all_kinds[i]);
        CHECK(dmm_predict(&matrix, k, alpha, m.weight, 1, 1 + (int)i,
                          result) == DMM_OK);
        CHECK_AT_MOST(largest_difference(result, m.evidence, n * k), rough);
        CHECK(dmm_predict(&matrix, k, alpha, m.weight, 0, 1 + (int)i,
                          result) == DMM_OK);
        CHECK_AT_MOST(largest_difference(result, m.z, n * k), rough + 1e-14);
    }
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_CSC);
    CHECK(dmm_predict(&matrix, 0, alpha, m.weight, 0, 1, result) ==
          DMM_ERROR_ARGUMENT);
    free(alpha);
    free(result);
    model_free(&m);
}

/* A sample without counts has an evidence of 0, and its posterior is the
 * weights. */
static void test_empty_samples(void)
{
    table t = table_random(20, 6, 0.5, 30, 0);
    for (size_t j = 0; j < t.columns; j++)
        for (size_t i = 0; i < t.rows; i += 4)
            t.count[j * t.rows + i] = 0;
    table_finish(&t);
    test_prediction(&t, 3, 0);
    model m = model_random(&t, 3, 0);
    double *alpha = exponentials(m.lambda, t.columns * 3);
    double *z = NEED(t.rows * 3, double);
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        const dmm_matrix matrix = table_view(&t, all_kinds[i]);
        CHECK(dmm_predict(&matrix, 3, alpha, m.weight, 0, 1, z) == DMM_OK);
        for (size_t c = 0; c < 3; c++)
            CHECK_NEAR(z[c * t.rows + 4], m.weight[c], 1e-15);
        CHECK(dmm_predict(&matrix, 3, alpha, m.weight, 1, 1, z) == DMM_OK);
        for (size_t c = 0; c < 3; c++)
            CHECK(z[c * t.rows + 4] == 0);
    }
    /* A table in which all samples are empty. */
    memset(t.count, 0, t.rows * t.columns * sizeof(int));
    table_finish(&t);
    test_prediction(&t, 2, 0);
    free(alpha);
    free(z);
    model_free(&m);
    table_free(&t);
}

/* Samples that no component is likely to have produced still have probabilities
 * that sum to 1. */
static void test_extremes(void)
{
    table t = table_random(30, 5, 0.9, 2147483647, 0);
    double alpha[10] = {1e-30, 1e-30, 1e-30, 1e-30, 1e-30,
                        1e30,  1e30,  1e30,  1e30,  1e-30};
    const double weight[2] = {1 - 1e-12, 1e-12};
    double z[60];
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    CHECK(dmm_predict(&matrix, 2, alpha, weight, 0, 1, z) == DMM_OK);
    for (size_t i = 0; i < t.rows; i++) {
        CHECK(z[i] >= 0 && z[i] <= 1);
        CHECK_NEAR(z[i] + z[t.rows + i], 1, 1e-14);
    }
    CHECK(dmm_predict(&matrix, 2, alpha, weight, 1, 1, z) == DMM_OK);
    CHECK(all_finite(z, 60));
    table_free(&t);
}

/* The posterior of a fit's own samples is its z. */
static void test_fit(void)
{
    table t = table_mixture(300, 20, 3, 30, 200, 0.8);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    const dmm_control control = dmm_control_default();
    dmm_fit_result *fit = NULL;
    CHECK(dmm_fit(&matrix, 3, &control, &fit) == DMM_OK);
    double *z = NEED(t.rows * 3, double);
    CHECK(dmm_predict(&matrix, 3, fit->estimate, fit->weight, 0, 1, z) ==
          DMM_OK);
    CHECK_AT_MOST(largest_difference(z, fit->z, t.rows * 3), 1e-10);
    free(z);
    dmm_fit_free(fit);
    table_free(&t);
}

/* On a table large enough for several threads, any number of threads gives the
 * same bits. */
static void test_threads(void)
{
    const size_t k = 5;
    table t = table_random(3000, 40, 0.6, 300, 1);
    double *lambda = NEED(t.columns * k, double);
    for (size_t e = 0; e < t.columns * k; e++)
        lambda[e] = random_normal();
    double *alpha = exponentials(lambda, t.columns * k);
    const double weight[5] = {0.4, 0.3, 0.1, 0.1, 0.1};
    double *one = NEED(t.rows * k, double), *more = NEED(t.rows * k, double);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    CHECK((double)dmm_matrix_nonzeros(&matrix, SIZE_MAX) * 8 >=
          DMM_SERIAL_WORK);
    for (int log_evidence = 0; log_evidence < 2; log_evidence++) {
        CHECK(dmm_predict(&matrix, k, alpha, weight, log_evidence, 1, one) ==
              DMM_OK);
        for (int threads = 2; threads <= 8; threads += 3) {
            CHECK(dmm_predict(&matrix, k, alpha, weight, log_evidence,
                              threads, more) == DMM_OK);
            CHECK(memcmp(one, more, t.rows * k * sizeof *one) == 0);
        }
    }
    free(lambda);
    free(alpha);
    free(one);
    free(more);
    table_free(&t);
}

/* In a table so large that a pass over it is divided into spans and parts
 * (counts/chunk.h), samples have the evidence that they have in a small table
 * of their own. */
static void test_tiles(void)
{
    const size_t k = 8, rows = 12500, columns = 64, few = 100;
    table t = table_random(rows, columns, 0.3, 300, 0);
    double *lambda = NEED(columns * k, double), weight[8];
    for (size_t e = 0; e < columns * k; e++)
        lambda[e] = random_normal();
    for (size_t c = 0; c < k; c++)
        weight[c] = 1 / (double)k;
    double *alpha = exponentials(lambda, columns * k);
    double *all = NEED(rows * k, double), *some = NEED(few * k, double);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    CHECK(dmm_predict(&matrix, k, alpha, weight, 1, 2, all) == DMM_OK);
    table small = table_new(few, columns);
    for (size_t first = 0; first < rows; first += 2480) {
        for (size_t j = 0; j < columns; j++)
            memcpy(small.count + j * few, t.count + j * rows + first,
                   few * sizeof(int));
        table_finish(&small);
        const dmm_matrix own = table_view(&small, DMM_MATRIX_DENSE_INT);
        CHECK(dmm_predict(&own, k, alpha, weight, 1, 1, some) == DMM_OK);
        for (size_t c = 0; c < k; c++)
            for (size_t i = 0; i < few; i++) {
                const double x = some[c * few + i];
                CHECK_NEAR(all[c * rows + first + i], x, 1e-13 * fabs(x));
            }
    }
    table_free(&small);
    table_free(&t);
    free(lambda);
    free(alpha);
    free(all);
    free(some);
}

int main(void)
{
    random_seed(22);
    for (size_t k = 1; k <= 6; k++) {
        table t = table_random(5 + random_below(20), 1 + random_below(10), 0.5,
                               50, 1);
        test_table(&t, k, (double)k - 3);
        table_free(&t);
    }
    for (size_t k = 1; k <= 10; k++) {
        table t = table_random(1 + random_below(40), 1 + random_below(30), 0.4,
                               k % 2 ? 100 : 2147483647, 1);
        test_prediction(&t, k, (double)k - 5);
        table_free(&t);
    }
    test_empty_samples();
    test_extremes();
    test_fit();
    test_threads();
    test_tiles();
    return check_report();
}
