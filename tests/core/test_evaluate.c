/* Tests of core/evaluate.c. */
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

/* Against the model written out, which has long double and GSL's psi. */
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

/* The Hessian by central differences of the core's own gradient, at fixed z:
 * dmm_evaluate() takes z from the parameters, so that k is 1 here. */
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
        /* -dNLE = dlambda . gradient, as k = 1 and the prior is in both. */
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
        /* Outputs that are not asked for. */
        dmm_evaluation none = {.nle = 0};
        CHECK(dmm_evaluate(&matrix, k, m.lambda, m.weight, &control, &none) ==
              DMM_OK);
        CHECK(none.nle == x.e.nle);
        evaluation_free(&x);
        if (i == 0)
            check_hessian(t, &matrix);
    }
    /* Other priors. */
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

int main(void)
{
    random_seed(22);
    for (size_t k = 1; k <= 6; k++) {
        table t = table_random(5 + random_below(20), 1 + random_below(10), 0.5,
                               50, 1);
        test_table(&t, k, (double)k - 3);
        table_free(&t);
    }
    return check_report();
}
