/* Tests of em/saddle.c: EM does not end at a saddle, where components are
 * alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/converge.h"
#include "em/em.h"
#include "em/saddle.h"
#include "helpers.h"
#include "start/first_mstep.h"

/* A fit that starts from responsibilities of 1/k with a little noise. */
typedef struct {
    const table *t;
    size_t k;
    double noise;
    dmm_optimizer optimizer;
    double nle;    /* out */
    int converged; /* out */
    double spread; /* out: largest difference of z between components */
} job;

static void run_work(dmm_team *team, void *data)
{
    job *x = data;
    const dmm_matrix m = table_view(x->t, DMM_MATRIX_DENSE_INT);
    dmm_control control = dmm_control_default();
    control.optimizer = x->optimizer;
    dmm_counts *counts = build_counts(team, &m, DMM_TAXA_MERGED, x->k);
    dmm_start start = {0};
    dmm_em *em = new_em(team, counts, x->k, &control);
    const size_t kp = em->chunk->kp, n = counts->n_samples;
    uint32_t *label = NEED(n, uint32_t);
    CHECK(dmm_kmeans_run(team, em->chunk, label, &control, &start) == DMM_OK);
    for (size_t i = 0; i < n; i++) {
        double sum = 0, *z = em->chunk->z + i * kp;
        for (size_t c = 0; c < x->k; c++)
            sum += z[c] = 1 + x->noise * random_uniform();
        for (size_t c = 0; c < x->k; c++)
            z[c] /= sum;
    }
    for (size_t j = 0; j < counts->dictionary.n_taxa_columns; j++)
        for (size_t c = 1; c < x->k; c++) /* the same for all */
            start.centre[j * kp + c] = start.centre[j * kp];
    CHECK(dmm_first_mstep(em, &start) == DMM_OK);
    CHECK(dmm_converge(em) == DMM_OK);
    x->nle = em->nle;
    x->converged = em->converged;
    x->spread = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 1; c < x->k; c++)
            x->spread = fmax(x->spread, fabs(em->chunk->z[i * kp + c] -
                                             em->chunk->z[i * kp]));
    free(label);
    dmm_start_free(&start);
    dmm_em_free(em);
    dmm_counts_free(counts);
}

static double usual_nle(const table *t, size_t k)
{
    const dmm_matrix m = table_view(t, DMM_MATRIX_DENSE_INT);
    dmm_control control = dmm_control_default();
    dmm_fit_result *fit = NULL;
    CHECK(dmm_fit(&m, k, &control, &fit) == DMM_OK);
    const double nle = fit ? fit->nle : INFINITY;
    dmm_fit_free(fit);
    return nle;
}

static void test_two_kinds(dmm_optimizer optimizer)
{
    /* Two components far apart: a fit of one component is far worse than of
     * two. */
    table t = table_mixture(120, 20, 2, 50, 400, 1);
    const double one = usual_nle(&t, 1), two = usual_nle(&t, 2);
    CHECK(two < one - 100);
    for (double noise = 1e-2; noise > 1e-9; noise /= 100) {
        job x = {.t = &t, .k = 2, .noise = noise, .optimizer = optimizer};
        dmm_team_run(1, run_work, &x);
        CHECK(x.converged);
        CHECK_SAY(x.nle <= two + 1e-3, "noise %g: %.6f, not %.6f", noise,
                  x.nle, two);
        CHECK(x.spread > 0.99);
    }
    table_free(&t);
}

/* All samples are the same, so that components which differ cannot be better:
 * EM converges with equal ones. */
static void test_one_kind(void)
{
    table t = table_new(30, 6);
    for (size_t i = 0; i < t.rows; i++)
        for (size_t j = 0; j < t.columns; j++)
            t.count[j * t.rows + i] = (int)(3 * j + 1);
    table_finish(&t);
    for (size_t k = 2; k <= 3; k++) {
        job x = {.t = &t, .k = k, .noise = 1e-3};
        dmm_team_run(1, run_work, &x);
        CHECK(x.converged);
        CHECK(isfinite(x.nle));
    }
    table_free(&t);
}

int main(void)
{
    random_seed(22);
    test_two_kinds(DMM_OPTIMIZER_NEWTON);
    test_two_kinds(DMM_OPTIMIZER_BFGS);
    test_one_kind();
    return check_report();
}
