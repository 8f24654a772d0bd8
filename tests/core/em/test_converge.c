/* Tests of em/converge.c: NLE decreases, fits that converge are stationary, and
 * the callbacks are called as dmm.h says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/converge.h"
#include "helpers.h"
#include "start/first_mstep.h"
#include "start/rng.h"

/* ---- NLE by iteration --------------------------------------------------- */

typedef struct {
    const table *t;
    size_t k;
    dmm_control control;
    dmm_em *em;
    double last_nle;
    int calls, rises;
    dmm_status status;
} run;

/* The interrupt callback, called after every iteration. Counts the iterations
 * and those in which NLE rises. */
static int observe(void *user)
{
    run *r = user;
    if (r->em == NULL || r->em->evaluations == 0)
        return 0; /* the fit is still in its start */
    r->calls++;
    if (r->em->nle > r->last_nle + dmm_em_rounding(r->last_nle))
        r->rises++;
    r->last_nle = r->em->nle;
    return 0;
}

static void converge_work(dmm_team *team, void *data)
{
    run *r = data;
    const dmm_matrix m = table_view(r->t, DMM_MATRIX_DENSE_INT);
    dmm_counts *counts = build_counts(team, &m, DMM_TAXA_MERGED, r->k);
    uint32_t *label = NEED(r->t->rows, uint32_t);
    dmm_start start;
    dmm_em *em = new_em(team, counts, r->k, &r->control);
    CHECK(em->nle == INFINITY && em->iterations == 0);
    CHECK(dmm_rng_labels(r->control.seed, r->t->rows, r->k, label) == DMM_OK);
    CHECK(dmm_kmeans_run(team, em->chunk, label, &r->control, &start) ==
          DMM_OK);
    CHECK(dmm_first_mstep(em, &start) == DMM_OK);
    r->em = em;
    r->last_nle = INFINITY;
    r->status = dmm_converge(em);
    CHECK(r->status == DMM_OK);
    CHECK(r->rises == 0);
    /* BFGS calls it in each of its own iterations as well. */
    CHECK(r->control.optimizer == DMM_OPTIMIZER_BFGS
              ? r->calls >= em->iterations
              : r->calls == em->iterations);
    CHECK(em->evaluations > em->iterations);
    CHECK(em->converged || em->iterations == r->control.max_iterations);
    dmm_em_free(em);
    dmm_start_free(&start);
    dmm_counts_free(counts);
    free(label);
}

static void test_monotone(const table *t, size_t k, dmm_control control)
{
    run r = {.t = t, .k = k, .control = control};
    r.control.interrupt = observe;
    r.control.user = &r;
    dmm_team_run(1 + (int)(k % 2), converge_work, &r);
}

/* ---- Stationary --------------------------------------------------------- */

/* At the parameters of a fit, a Newton step promises a decrease of at most
 * 1e-3: EM stops when NLE changes by less than 1e-6, and where it converges
 * linearly at a rate of up to 0.999, at most 1000 times that is left. The
 * weights are the means of z. */
static void check_stationary(const table *t, size_t k, dmm_control control)
{
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_CSC);
    const size_t s = t->columns, n = t->rows;
    dmm_fit_result *fit = NULL;
    CHECK(dmm_fit(&matrix, k, &control, &fit) == DMM_OK);
    if (fit == NULL)
        return;
    CHECK_SAY(fit->converged, "k %zu, %d iterations", k, fit->iterations);
    double *lambda = NEED(s * k, double);
    for (size_t e = 0; e < s * k; e++)
        lambda[e] = log(fit->estimate[e]);
    model m = model_new(t, k, lambda, fit->weight);
    double promise = 0;
    for (size_t c = 0; c < k; c++) {
        double s1 = 0, s2 = 0, g2 = 0, mean = 0;
        for (size_t j = 0; j < s; j++) {
            const double a = fit->estimate[c * s + j];
            const double h = fmax(m.hessian[c * s + j], 1e-3);
            const double g = m.gradient[c * s + j];
            s1 += a * a / h;
            s2 += a * g / h;
            g2 += g * g / h;
        }
        const double den = fmax(1 + m.rank_one[c] * s1, 1e-3);
        promise += 0.5 * (g2 - m.rank_one[c] * s2 * s2 / den);
        for (size_t i = 0; i < n; i++)
            mean += m.z[c * n + i] / (double)n;
        CHECK_NEAR(fit->weight[c], mean, 1e-3);
        CHECK_AT_MOST(largest_difference(fit->z + c * n, m.z + c * n, n),
                      1e-9);
    }
    CHECK_AT_MOST(promise, 1e-3);
    model_free(&m);
    free(lambda);
    dmm_fit_free(fit);
}

/* ---- Callbacks ---------------------------------------------------------- */

typedef struct {
    int interrupts, stop_at;
    int reports;
    int in_order;
    dmm_phase phase;
    int iteration;
} watch;

static int interrupt(void *user)
{
    watch *w = user;
    w->in_order = w->in_order && (!w->stop_at || w->interrupts < w->stop_at);
    return ++w->interrupts == w->stop_at;
}

static void progress(dmm_phase phase, int iteration, double value, void *user)
{
    watch *w = user;
    w->reports++;
    /* Each phase begins with iteration 0, and phases follow in order. */
    if (w->reports == 1)
        w->in_order = phase == DMM_PHASE_START && iteration == 0;
    else if (phase != w->phase)
        w->in_order = w->in_order && iteration == 0 && phase == w->phase + 1;
    else
        w->in_order = w->in_order && iteration == w->iteration + 1;
    w->in_order = w->in_order && isfinite(value) && value >= 0;
    w->phase = phase;
    w->iteration = iteration;
}

static void test_callbacks(const table *t, dmm_control control)
{
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_DENSE_INT);
    watch w = {0};
    dmm_fit_result *fit = NULL;
    control.progress = progress;
    control.interrupt = interrupt;
    control.user = &w;
    CHECK(dmm_fit(&matrix, 3, &control, &fit) == DMM_OK);
    if (fit == NULL)
        return;
    CHECK(w.in_order);
    CHECK(w.phase == DMM_PHASE_HESSIAN);
    CHECK(w.reports == fit->kmeans_iterations + fit->iterations + 4);
    const int iterations = fit->kmeans_iterations + fit->iterations;
    CHECK(control.optimizer == DMM_OPTIMIZER_BFGS ? w.interrupts > iterations
                                                  : w.interrupts == iterations);
    dmm_fit_free(fit);
    /* A fit that is interrupted at any call ends there. Leaks would show under
     * the address sanitizer and in test_memory.c. */
    const int calls = w.interrupts;
    for (int stop = 1; stop <= calls; stop += 1 + calls / 40) {
        w = (watch){.stop_at = stop};
        fit = (dmm_fit_result *)&w;
        CHECK(dmm_fit(&matrix, 3, &control, &fit) == DMM_ERROR_INTERRUPTED);
        CHECK(fit == NULL);
        CHECK(w.interrupts == stop && w.in_order);
    }
}

/* A fit never exceeds the limit of iterations, and has converged if it ends
 * before the limit. */
static void test_limit(const table *t, dmm_control control)
{
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_DENSE_INT);
    for (int limit = 0; limit < 12; limit++) {
        dmm_fit_result *fit = NULL;
        control.max_iterations = limit;
        CHECK(dmm_fit(&matrix, 3, &control, &fit) == DMM_OK);
        if (fit == NULL)
            continue;
        CHECK(fit->iterations <= limit);
        CHECK(fit->iterations == limit || fit->converged);
        CHECK(!fit->converged || limit > 1);
        CHECK(isfinite(fit->nle) && isfinite(fit->laplace));
        CHECK(all_finite(fit->std_error, fit->n_taxa * fit->k));
        dmm_fit_free(fit);
    }
}

int main(void)
{
    random_seed(20);
    for (size_t k = 1; k <= 5; k++) {
        table t = k % 2 ? table_mixture(80, 15, 3, 20, 150, 0.8)
                        : table_random(50, 10, 0.4, 30, 1);
        for (int i = 0; i < 3; i++) {
            dmm_control control = dmm_control_default();
            control.accelerate = i == 0;
            control.seed = k;
            /* Plain EM takes thousands of iterations on tables without
             * clusters. */
            control.max_iterations = 20000;
            if (i == 2) {
                control.optimizer = DMM_OPTIMIZER_BFGS;
                control.max_iterations = 40;
            }
            test_monotone(&t, k, control);
            if (i < 2)
                check_stationary(&t, k, control);
            if (k == 3) {
                control.max_iterations = 200;
                test_callbacks(&t, control);
                test_limit(&t, control);
            }
        }
        table_free(&t);
    }
    return check_report();
}
