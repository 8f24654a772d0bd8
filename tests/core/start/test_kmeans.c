/* Tests of start/kmeans.c against the same method on a dense table, without
 * mixing ("the plain method"). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"
#include "simd/kernels.h"
#include "start/kmeans.h"
#include "start/rng.h"

/* ---- The plain method --------------------------------------------------- */

typedef struct {
    size_t n, s, k;
    double *x;      /* n x s: proportions  */
    double *z;      /* n x k               */
    double *centre; /* s x k               */
    double *weight; /* k                   */
    int iterations;
    int converged;
    double last_move, move; /* of the last two iterations */
} plain;

static plain plain_new(const table *t, size_t k)
{
    plain p = {.n = t->rows, .s = t->columns, .k = k};
    p.x = NEED(p.n * p.s, double);
    p.z = NEED(p.n * k, double);
    p.centre = NEED(p.s * k, double);
    p.weight = NEED(k, double);
    for (size_t i = 0; i < p.n; i++) {
        double total = 0;
        for (size_t j = 0; j < p.s; j++)
            total += t->count[j * p.n + i];
        for (size_t j = 0; j < p.s; j++)
            p.x[j * p.n + i] = t->count[j * p.n + i] / total;
    }
    return p;
}

static void plain_free(plain *p)
{
    free(p->x);
    free(p->z);
    free(p->centre);
    free(p->weight);
}

/* Computes the centres of z; that of an empty component is 0. Returns the
 * longest move of a centre. */
static double plain_centres(plain *p)
{
    double furthest = 0;
    for (size_t c = 0; c < p->k; c++) {
        double moved = 0;
        p->weight[c] = 0;
        for (size_t i = 0; i < p->n; i++)
            p->weight[c] += p->z[c * p->n + i];
        for (size_t j = 0; j < p->s; j++) {
            double sum = 0;
            for (size_t i = 0; i < p->n; i++)
                sum += p->z[c * p->n + i] * p->x[j * p->n + i];
            sum = p->weight[c] > 0 ? sum / p->weight[c] : 0;
            const double move = sum - p->centre[c * p->s + j];
            p->centre[c * p->s + j] = sum;
            moved += move * move;
        }
        furthest = fmax(furthest, sqrt(moved));
    }
    return furthest;
}

static double plain_distance(const plain *p, size_t i, size_t c)
{
    double sum = 0;
    for (size_t j = 0; j < p->s; j++) {
        const double d = p->x[j * p->n + i] - p->centre[c * p->s + j];
        sum += d * d;
    }
    return sqrt(sum);
}

static void plain_responsibilities(plain *p, double stiffness)
{
    for (size_t i = 0; i < p->n; i++) {
        double least = INFINITY, sum = 0;
        for (size_t c = 0; c < p->k; c++)
            least = fmin(least, plain_distance(p, i, c));
        for (size_t c = 0; c < p->k; c++)
            sum += p->z[c * p->n + i] =
                exp(-stiffness * (plain_distance(p, i, c) - least));
        for (size_t c = 0; c < p->k; c++)
            p->z[c * p->n + i] /= sum;
    }
}

static void plain_run(plain *p, const uint32_t *label,
                      const dmm_control *control)
{
    for (size_t i = 0; i < p->n; i++)
        p->z[label[i] * p->n + i] = 1;
    while (!p->converged && p->iterations < control->kmeans_iterations) {
        p->iterations++;
        p->last_move = p->move;
        p->move = plain_centres(p);
        plain_responsibilities(p, control->stiffness);
        p->converged = p->move <= control->kmeans_tolerance;
    }
}

/* ---- The comparison ----------------------------------------------------- */

typedef struct {
    const table *t;
    size_t k;
    dmm_control control;
    const uint32_t *label;
    dmm_taxa taxa;
    dmm_status status;
    dmm_start start;
    double *z;      /* n x k, out */
    double *centre; /* s x k, out */
} start_run;

static void start_work(dmm_team *team, void *data)
{
    start_run *r = data;
    const dmm_matrix m = table_view(r->t, all_kinds[r->k % 3]);
    const size_t n = r->t->rows, s = r->t->columns;
    dmm_counts *counts = build_counts(team, &m, r->taxa, r->k);
    dmm_chunk *chunk = NULL;
    CHECK(dmm_chunk_new(counts, r->k, &chunk) == DMM_OK);
    r->status = dmm_kmeans_run(team, chunk, r->label, &r->control, &r->start);
    if (r->status == DMM_OK) {
        for (size_t c = 0; c < r->k; c++) {
            for (size_t i = 0; i < n; i++)
                r->z[c * n + i] = chunk->z[i * chunk->kp + c];
            for (size_t j = 0; j < s; j++)
                r->centre[c * s + j] =
                    r->start.centre[counts->column_of_taxon[j] * chunk->kp +
                                    c];
        }
    } else {
        CHECK(r->start.centre == NULL);
    }
    dmm_start_free(&r->start);
    dmm_chunk_free(chunk);
    dmm_counts_free(counts);
}

static start_run run_start(const table *t, size_t k, const uint32_t *label,
                           dmm_control control, int threads)
{
    start_run r = {.t = t, .k = k, .control = control, .label = label};
    r.z = NEED(t->rows * k, double);
    r.centre = NEED(t->columns * k, double);
    r.taxa = DMM_TAXA_MERGED;
    dmm_team_run(threads, start_work, &r);
    return r;
}

static void run_free(start_run *r)
{
    free(r->z);
    free(r->centre);
}

/* Whether a move is so near the tolerance that rounding decides on which side
 * it is. The core computes distances from inner products, with errors of about
 * 1e-8 near 0. */
static int near_tolerance(double move, double tolerance)
{
    return fabs(move - tolerance) < 1e-3 * tolerance;
}

/* For this many iterations the core does not mix its centres: mixing begins
 * after MIXING_SLOWDOWNS moves that shrink (kmeans.c). */
#define UNMIXED 10

/* Before mixing begins, the core makes the iterations of the plain method. */
static void compare_path(const table *t, size_t k, const plain *p,
                         const start_run *r)
{
    if (near_tolerance(p->move, 1e-6) || near_tolerance(p->last_move, 1e-6))
        return;
    CHECK_SAY(r->start.iterations == p->iterations, "%d and %d",
              r->start.iterations, p->iterations);
    CHECK(r->start.converged == p->converged);
    /* Distances near 0 have errors of 1e-8, which z multiplies by the
     * stiffness. */
    CHECK_AT_MOST(largest_difference(r->z, p->z, t->rows * k), 5e-6);
    CHECK_AT_MOST(largest_difference(r->centre, p->centre, t->columns * k),
                  1e-6);
}

/* With mixing, the core ends at the same fixed point, at least as near to it,
 * and hardly later than the plain method. The caller leaves out tables on which
 * the plain method does not converge. */
static void compare_end(const table *t, size_t k, const uint32_t *label,
                        dmm_control control, const plain *p,
                        const start_run *r)
{
    plain end = plain_new(t, k);
    control.kmeans_tolerance = 1e-10;
    control.kmeans_iterations = 20000;
    plain_run(&end, label, &control);
    CHECK(r->start.converged);
    CHECK_SAY(r->start.iterations <= p->iterations + 2, "%d and %d",
              r->start.iterations, p->iterations);
    const double core =
        largest_difference(r->centre, end.centre, t->columns * k);
    const double plain =
        largest_difference(p->centre, end.centre, t->columns * k);
    CHECK_SAY(core <= plain + 1e-5, "%g and %g", core, plain);
    plain_free(&end);
}

static void compare(const table *t, size_t k, unsigned long seed,
                    dmm_control control)
{
    uint32_t *label = NEED(t->rows, uint32_t);
    CHECK(dmm_rng_labels(seed, t->rows, k, label) == DMM_OK);
    plain p = plain_new(t, k);
    plain_run(&p, label, &control);
    start_run r = run_start(t, k, label, control, 1 + (int)(seed % 2));
    CHECK(r.status == DMM_OK);
    if (r.start.reseeded == 0 && p.iterations <= UNMIXED)
        compare_path(t, k, &p, &r);
    else if (r.start.reseeded == 0 && p.converged)
        compare_end(t, k, label, control, &p, &r);
    plain_free(&p);
    run_free(&r);
    free(label);
}

/* ---- Empty components --------------------------------------------------- */

/* After the start no component is empty, and each centre is the mean of its
 * samples. */
static void test_reseeding(void)
{
    /* Samples 1 to 3 are far from each other and from the rest, which are
     * alike. All samples start in component 0, so that the other components are
     * empty. */
    table t = table_new(20, 4);
    for (size_t i = 0; i < t.rows; i++)
        t.count[i] = 100;
    for (size_t i = 1; i < 4; i++) {
        t.count[i] = 0;
        t.count[i * t.rows + i] = 50;
    }
    table_finish(&t);
    uint32_t label[20] = {0};
    dmm_control control = dmm_control_default();
    control.stiffness = 1e4; /* hard assignments */
    for (size_t k = 1; k <= 6; k++) {
        start_run r = run_start(&t, k, label, control, 1);
        CHECK(r.status == DMM_OK && all_finite(r.z, t.rows * k) &&
              all_finite(r.centre, t.columns * k));
        CHECK(r.start.reseeded >= 0 && r.start.reseeded < (int)k);
        for (size_t i = 0; i < t.rows; i++) {
            double sum = 0;
            for (size_t c = 0; c < k; c++)
                sum += r.z[c * t.rows + i];
            CHECK_NEAR(sum, 1, 1e-12);
        }
        for (size_t c = 0; c < k; c++) {
            double weight = 0;
            for (size_t i = 0; i < t.rows; i++)
                weight += r.z[c * t.rows + i];
            CHECK_SAY(weight > 0.5, "k %zu, component %zu holds %g", k, c,
                      weight);
            for (size_t j = 0; j < t.columns; j++) {
                double sum = 0;
                for (size_t i = 0; i < t.rows; i++)
                    if (t.count[j * t.rows + i])
                        sum += r.z[c * t.rows + i];
                /* Each sample has all its counts in one taxon. */
                CHECK_NEAR(r.centre[c * t.columns + j], sum / weight, 1e-9);
            }
        }
        run_free(&r);
    }
    table_free(&t);
}

/* ---- Limits, interrupt, progress ---------------------------------------- */

typedef struct {
    int calls, stop_at, progress, order;
} watch;

static int interrupt(void *user)
{
    watch *w = user;
    return ++w->calls == w->stop_at;
}

static void progress(dmm_phase phase, int iteration, double value, void *user)
{
    watch *w = user;
    w->order = w->order && phase == DMM_PHASE_START &&
               iteration == w->progress && value >= 0;
    w->progress++;
}

static void test_callbacks(const table *t)
{
    uint32_t *label = NEED(t->rows, uint32_t);
    CHECK(dmm_rng_labels(3, t->rows, 3, label) == DMM_OK);
    watch w = {.order = 1};
    dmm_control control = dmm_control_default();
    control.progress = progress;
    control.interrupt = interrupt;
    control.user = &w;
    start_run r = run_start(t, 3, label, control, 2);
    CHECK(r.status == DMM_OK && w.order);
    CHECK(w.progress == r.start.iterations + 1);
    CHECK(w.calls == r.start.iterations);
    const int iterations = r.start.iterations;
    run_free(&r);
    for (int stop = 1; stop <= iterations; stop++) {
        w = (watch){.order = 1, .stop_at = stop};
        r = run_start(t, 3, label, control, 2);
        CHECK(r.status == DMM_ERROR_INTERRUPTED);
        CHECK(w.calls == stop && w.progress == stop);
        run_free(&r);
    }
    control.interrupt = NULL;
    control.progress = NULL;
    for (int limit = 0; limit < 4; limit++) {
        control.kmeans_iterations = limit;
        r = run_start(t, 3, label, control, 2);
        CHECK(r.status == DMM_OK);
        CHECK(r.start.iterations == (limit > 0 ? limit : 1));
        CHECK(!r.start.converged || limit >= iterations);
        CHECK(all_finite(r.z, t->rows * 3));
        run_free(&r);
    }
    free(label);
}

int main(void)
{
    const char *names[MAX_KERNEL_NAMES];
    const size_t kernels = kernel_names(names);
    random_seed(16);
    dmm_control control = dmm_control_default();
    for (unsigned long round = 0; round < 24; round++) {
        CHECK(dmm_kernels_select(names[round % kernels]) == DMM_OK);
        table t = round % 3 == 0
                      ? table_random(40 + random_below(30), 12, 0.5, 40, 1)
                      : table_mixture(60, 15, 3, 30, 200, 0.9);
        compare(&t, 1 + (size_t)round % 9, round, control);
        control.stiffness = 5;
        compare(&t, 3, round, control);
        control.stiffness = 50;
        if (round == 1)
            test_callbacks(&t);
        table_free(&t);
    }
    table t = table_mixture(2300, 8, 3, 30, 50, 0.9); /* several blocks */
    compare(&t, 4, 1, control);
    compare(&t, 3, 2, control);
    table_free(&t);
    test_reseeding();
    return check_report();
}
