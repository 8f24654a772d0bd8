/* Tests of em/settled.c: leaving out settled samples reduces the work of an
 * iteration and does not change its results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/converge.h"
#include "em/em.h"
#include "em/histogram.h"
#include "em/settled.h"
#include "helpers.h"
#include "start/first_mstep.h"

/* NLE, weights, gradient and histogram at the parameters of an em. */
typedef struct {
    double nle;
    double *weight, *gradient, *histogram;
    size_t kp, n_gradient, n_histogram;
} snapshot;

static snapshot take(dmm_em *em)
{
    snapshot s = {.kp = em->chunk->kp};
    const dmm_dictionary *d = &em->counts->dictionary;
    s.n_gradient = d->n_taxa_columns * s.kp;
    s.n_histogram = d->n_features * s.kp;
    dmm_em_evaluate(em);
    s.nle = em->nle;
    s.weight = NEED(s.kp, double);
    s.gradient = NEED(s.n_gradient, double);
    s.histogram = NEED(s.n_histogram, double);
    memcpy(s.weight, em->sums->weight, s.kp * sizeof(double));
    memcpy(s.gradient, em->newton->gradient, s.n_gradient * sizeof(double));
    dmm_histogram_run(em->team, em->chunk);
    /* Padding between columns may hold anything. */
    for (size_t c = 0; c < d->n_columns; c++)
        memcpy(s.histogram + d->begin[c] * s.kp,
               em->chunk->histogram + d->begin[c] * s.kp,
               (d->end[c] - d->begin[c]) * s.kp * sizeof(double));
    return s;
}

static void snapshot_free(snapshot *s)
{
    free(s->weight);
    free(s->gradient);
    free(s->histogram);
}

static void compare(const snapshot *a, const snapshot *b)
{
    /* The sums are the same, but in another order. */
    CHECK_NEAR(a->nle, b->nle, 1e-12 * fabs(a->nle));
    CHECK_AT_MOST(largest_difference(a->weight, b->weight, a->kp), 1e-9);
    CHECK_AT_MOST(largest_difference(a->gradient, b->gradient, a->n_gradient),
                  1e-7);
    CHECK_AT_MOST(
        largest_difference(a->histogram, b->histogram, a->n_histogram), 1e-9);
}

typedef struct {
    const table *t;
    size_t k;
    size_t left; /* unsettled samples, out */
    int settled; /* out */
    int buffers; /* out */
} job;

static size_t unsettled_entries(const dmm_counts *c)
{
    size_t n = 0;
    for (size_t b = 0; b < c->n_blocks; b++)
        n += c->block[b].n_singles + c->block[b].n_run_rows;
    return n;
}

/* Runs a fit to convergence, lets its samples settle, and compares evaluations
 * with and without the settled samples. */
static void settle_work(dmm_team *team, void *data)
{
    job *x = data;
    const dmm_matrix m = table_view(x->t, DMM_MATRIX_DENSE_INT);
    dmm_control control = dmm_control_default();
    dmm_counts *counts = build_counts(team, &m, DMM_TAXA_MERGED, x->k);
    dmm_start start;
    uint32_t *label = NEED(x->t->rows, uint32_t);
    for (size_t i = 0; i < x->t->rows; i++)
        label[i] = (uint32_t)(i % x->k); /* any labels will do */
    dmm_em *em = new_em(team, counts, x->k, &control);
    CHECK(dmm_kmeans_run(team, em->chunk, label, &control, &start) == DMM_OK);
    CHECK(dmm_first_mstep(em, &start) == DMM_OK);
    control.accelerate = 0;
    CHECK(dmm_converge(em) == DMM_OK);
    snapshot all = take(em);
    CHECK(dmm_settled_begin(team, em->chunk) == DMM_OK);
    x->settled = em->chunk->settled != NULL;
    x->buffers = em->chunk->buffers != NULL;
    if (x->settled) {
        const dmm_counts *rest = em->chunk->counts;
        x->left = rest->n_samples;
        CHECK(rest != counts && rest->n_samples < counts->n_samples);
        CHECK(unsettled_entries(rest) <= counts->n_entries);
        double settled = 0;
        for (size_t c = 0; c < x->k; c++)
            settled += em->chunk->settled->weight[c];
        CHECK(settled == (double)(counts->n_samples - rest->n_samples));
        snapshot some = take(em);
        compare(&all, &some);
        snapshot_free(&some);
        dmm_settled *s = dmm_settled_end(em->chunk);
        CHECK(em->chunk->settled == NULL && em->chunk->counts == counts);
        snapshot again = take(em);
        CHECK(again.nle == all.nle);
        CHECK(dmm_settled_confirmed(s, em->chunk));
        /* A settled sample whose responsibilities have changed is noticed. */
        for (size_t i = 0; i < counts->n_samples; i++)
            if (s->component[i] != DMM_UNSETTLED) {
                double *z = em->chunk->z + i * em->chunk->kp;
                z[s->component[i]] = 0.5;
                z[(s->component[i] + 1) % x->k] = 0.5;
                break;
            }
        CHECK(!dmm_settled_confirmed(s, em->chunk));
        dmm_settled_free(s);
        snapshot_free(&again);
    }
    snapshot_free(&all);
    free(label);
    dmm_start_free(&start);
    dmm_em_free(em);
    dmm_counts_free(counts);
}

/* EM with and without settled samples ends at the same optimum. */
static void test_fit(const table *t, size_t k)
{
    const dmm_matrix m = table_view(t, DMM_MATRIX_CSC);
    dmm_control control = dmm_control_default();
    dmm_fit_result *fast = NULL, *plain = NULL;
    CHECK(dmm_fit(&m, k, &control, &fast) == DMM_OK);
    control.accelerate = 0; /* no samples settle */
    CHECK(dmm_fit(&m, k, &control, &plain) == DMM_OK);
    CHECK(fast->converged && plain->converged);
    CHECK_NEAR(fast->nle, plain->nle, 1e-3);
    CHECK_AT_MOST(largest_difference(fast->weight, plain->weight, k), 1e-4);
    dmm_fit_free(fast);
    dmm_fit_free(plain);
}

int main(void)
{
    random_seed(21);
    int settled = 0;
    for (int threads = 1; threads <= 2; threads++) {
        /* Components far apart: most samples settle. */
        table t = table_mixture(1500, 60, 3, 60, 2000, 1);
        job x = {.t = &t, .k = 3};
        dmm_team_run(threads, settle_work, &x);
        settled += x.settled;
        test_fit(&t, 3);
        table_free(&t);
        /* So many features that threads have buffers for the histogram. */
        t = table_mixture(1500, 300, 6, 60, 20000, 1);
        x = (job){.t = &t, .k = 6};
        dmm_team_run(threads, settle_work, &x);
        settled += x.settled;
        CHECK(x.buffers);
        table_free(&t);
        /* Components nearly alike: no sample settles. */
        t = table_mixture(1500, 60, 3, 20, 30, 0.05);
        x = (job){.t = &t, .k = 3};
        dmm_team_run(threads, settle_work, &x);
        CHECK(!x.settled);
        table_free(&t);
        /* The table is too small for settling to pay. */
        t = table_mixture(60, 20, 2, 60, 500, 1);
        x = (job){.t = &t, .k = 2};
        dmm_team_run(threads, settle_work, &x);
        CHECK(!x.settled);
        table_free(&t);
    }
    CHECK(settled == 4);
    dmm_settled_free(NULL);
    return check_report();
}
