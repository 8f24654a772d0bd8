/* Tests of em/em.c: one iteration against the reference model of helpers.h, and
 * the test of convergence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/em.h"
#include "helpers.h"

/* ---- One iteration ------------------------------------------------------ */

typedef struct {
    const table *t;
    const model *m;
} iteration;

/* At the parameters of the model, NLE is that of the model. A step then sets
 * the weights to the mean responsibilities, and adds the Newton step to
 * lambda. */
static void iteration_work(dmm_team *team, void *data)
{
    const iteration *x = data;
    const model *m = x->m;
    const dmm_matrix matrix = table_view(x->t, DMM_MATRIX_CSC);
    const dmm_control control = dmm_control_default();
    dmm_counts *counts = build_counts(team, &matrix, DMM_TAXA_SEPARATE, m->k);
    dmm_em *em = new_em(team, counts, m->k, &control);
    const size_t kp = em->chunk->kp, length = counts->n_taxa * kp;
    double *lambda = NEED(length, double);
    dmm_parameters_set(em->parameters, counts, m->lambda, m->weight);
    CHECK(em->nle == INFINITY && em->iterations == 0);
    dmm_em_evaluate(em);
    CHECK(em->evaluations == 1);
    CHECK_NEAR(em->nle, m->nle, 1e-12 * (fabs(m->nle) + m->size));
    memcpy(lambda, em->parameters->lambda, length * sizeof *lambda);
    dmm_em_step(em);
    CHECK(em->evaluations == 2 && isfinite(em->nle));
    for (size_t c = 0; c < m->k; c++) {
        double mean = 0;
        for (size_t i = 0; i < m->n; i++)
            mean += m->z[c * m->n + i] / (double)m->n;
        /* Empty components are held at DMM_EMPTY_WEIGHT. */
        CHECK_NEAR(exp(em->parameters->log_weight[c]), mean,
                   1e-10 + (double)m->k * DMM_EMPTY_WEIGHT / (double)m->n);
        for (size_t j = 0; j < m->s; j++) {
            const size_t at = counts->column_of_taxon[j] * kp + c;
            CHECK_NEAR(em->parameters->lambda[at],
                       lambda[at] + em->newton->step[at], 0);
        }
    }
    dmm_em_release_workspace(em);
    CHECK(em->chunk->table == NULL && em->newton->gradient == NULL);
    dmm_em_free(em);
    dmm_counts_free(counts);
    free(lambda);
}

static void test_iteration(void)
{
    for (size_t k = 1; k <= 9; k += 2) {
        table t = table_mixture(60, 12, 3, 20, 150, 0.8);
        model m = model_random(&t, k, 0);
        iteration x = {&t, &m};
        dmm_team_run(1 + (int)(k % 4 == 1), iteration_work, &x);
        model_free(&m);
        table_free(&t);
    }
}

/* ---- Convergence -------------------------------------------------------- */

static void test_tick(void)
{
    const dmm_control control = dmm_control_default();
    dmm_em em = {.control = &control, .nle = 100, .last_change = INFINITY};
    static const struct {
        double change;
        int settled;
    } steps[] = {
        {-1, 0},    {-1e-7, 0}, {-1, 0},     {-5e-7, 0},
        {-9e-7, 0}, /* small, but larger than the last one */
        {-8e-7, 0}, {7e-7, 1},
    };
    for (size_t i = 0; i < LENGTH(steps); i++) {
        int settled = -1;
        CHECK(dmm_em_tick(&em, steps[i].change, &settled) == DMM_OK);
        CHECK_SAY(settled == steps[i].settled, "step %zu", i);
        CHECK(em.iterations == (int)i + 1);
    }
    int settled;
    em.nle = NAN;
    CHECK(dmm_em_tick(&em, NAN, &settled) == DMM_ERROR_NUMERIC);
    CHECK(!settled);
}

int main(void)
{
    random_seed(20);
    test_iteration();
    test_tick();
    dmm_em_free(NULL);
    return check_report();
}
