/* Tests of start/reassign.c: the reassignment of samples ends at better optima
 * than EM alone, and never at worse ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "check.h"
#include "em/converge.h"
#include "helpers.h"
#include "start/reassign.h"
#include "start/starts.h"

/* NLEs of the same optimum differ by less than this. */
#define SAME_OPTIMUM 0.01

/* Sample i belongs to group i % groups. With the chance `different`, a taxon is
 * about twice as frequent in one of the groups as in the others. With few
 * samples and many taxa, EM ends at many different optima. */
static table overlapping_groups(size_t rows, size_t columns, size_t groups,
                                double different, uint64_t seed)
{
    table t = table_new(rows, columns);
    dmm_random random = {seed};
    for (size_t j = 0; j < columns; j++) {
        const size_t own = dmm_random_uniform(&random) < different
                               ? dmm_random_below(&random, groups)
                               : groups;
        const size_t most = 1 + dmm_random_below(&random, 12);
        for (size_t i = 0; i < rows; i++) {
            const size_t range = i % groups == own ? 2 * most : most;
            const size_t x = dmm_random_below(&random, range + 4);
            t.count[j * rows + i] = x < 4 ? 0 : (int)x - 3;
        }
    }
    for (size_t i = 0; i < rows; i++)
        t.count[i]++; /* no sample is empty */
    table_finish(&t);
    return t;
}

/* ---- Runs --------------------------------------------------------------- */

/* A start, with the reassignment of samples or without it, and EM. A test sets
 * the first part, and run_make() the others. */
typedef struct {
    const table *t;
    size_t k;
    dmm_start_kind kind;
    unsigned long seed;
    const double *given; /* for DMM_START_GIVEN             */
    int reassign;
    double best; /* for dmm_reassign()              */
    dmm_control control;
    int threads;
    /* Just after dmm_reassign(): */
    dmm_status status;
    double rough_nle;
    int evaluations; /* that it took                    */
    /* In the end: */
    double nle;
    double *lambda; /* n_taxa_columns x kp             */
    double *z;      /* N x kp                          */
    size_t n_lambda, n_z, kp, n_blocks;
} run;

static void run_free(run *r)
{
    free(r->lambda);
    free(r->z);
}

static run run_new(const table *t, size_t k, int reassign)
{
    run r = {.t = t, .k = k, .reassign = reassign, .seed = 1, .threads = 1};
    r.best = INFINITY;
    r.control = dmm_control_default();
    return r;
}

/* A run from given responsibilities, which stay the caller's. */
static run run_given(const table *t, size_t k, int reassign, const double *z)
{
    run r = run_new(t, k, reassign);
    r.kind = DMM_START_GIVEN;
    r.given = z;
    return r;
}

/* What the interrupt callback does once dmm_reassign() has begun. */
typedef struct {
    int active, calls, stop_at;
} watch;

static int interrupt(void *user)
{
    watch *w = user;
    if (!w->active)
        return 0;
    return ++w->calls == w->stop_at;
}

static void reassign(run *r, dmm_em *em)
{
    const int before = em->evaluations;
    watch *w = r->control.user;
    if (w)
        w->active = 1;
    r->status = dmm_reassign(em, r->best);
    if (w)
        w->active = 0;
    CHECK(em->control == &r->control);
    r->rough_nle = em->nle;
    r->evaluations = em->evaluations - before;
}

static void keep_results(run *r, const dmm_em *em)
{
    const dmm_parameters *p = em->parameters;
    r->nle = em->nle;
    r->kp = p->kp;
    r->n_blocks = em->counts->n_blocks;
    r->n_lambda = p->n_taxa_columns * p->kp;
    r->n_z = em->counts->n_samples * p->kp;
    r->lambda = NEED(r->n_lambda, double);
    r->z = NEED(r->n_z, double);
    memcpy(r->lambda, p->lambda, r->n_lambda * sizeof *r->lambda);
    memcpy(r->z, em->chunk->z, r->n_z * sizeof *r->z);
}

static void run_work(dmm_team *team, void *data)
{
    run *r = data;
    const dmm_matrix m = table_view(r->t, DMM_MATRIX_DENSE_INT);
    const dmm_origin origin = {NULL, r->given};
    dmm_counts *counts = build_counts(team, &m, DMM_TAXA_MERGED, r->k);
    dmm_em *em = NULL;
    dmm_start start;
    CHECK(dmm_starts_make(team, counts, r->k, &r->control, r->kind, r->seed,
                          &origin, &em, &start) == DMM_OK);
    r->status = DMM_OK;
    if (r->reassign)
        reassign(r, em);
    if (r->status == DMM_OK) {
        CHECK(dmm_converge(em) == DMM_OK);
        CHECK(isfinite(em->nle));
        if (r->reassign)
            CHECK_AT_MOST(em->nle, r->rough_nle + dmm_em_rounding(em->nle));
        keep_results(r, em);
    }
    dmm_em_free(em);
    dmm_counts_free(counts);
}

static void run_make(run *r)
{
    dmm_team_run(r->threads, run_work, r);
}

/* ---- Better optima ------------------------------------------------------ */

/* Returns by how much NLE is less if samples are reassigned. */
static double gain(const table *t, size_t k, dmm_start_kind kind,
                   unsigned long seed)
{
    run plain = run_new(t, k, 0), better = run_new(t, k, 1);
    plain.kind = better.kind = kind;
    plain.seed = better.seed = seed;
    run_make(&plain);
    run_make(&better);
    const double difference = plain.nle - better.nle;
    CHECK_SAY(difference > -1e-3, "%zu groups, kind %d, seed %lu: %g worse", k,
              (int)kind, seed, -difference);
    run_free(&plain);
    run_free(&better);
    return difference;
}

/* From no start is the end worse, and from many it is much better. */
static void test_better_optima(void)
{
    static const dmm_start_kind kinds[] = {DMM_START_KMEANS, DMM_START_SEEDS};
    for (size_t groups = 2; groups <= 4; groups++) {
        int starts = 0, better = 0;
        for (uint64_t round = 1; round <= 2; round++) {
            table t = overlapping_groups(40, 400, groups, 1, round);
            for (unsigned long seed = 1; seed <= 5; seed++)
                for (size_t i = 0; i < LENGTH(kinds); i++) {
                    starts++;
                    better += gain(&t, groups, kinds[i], seed) > 1;
                }
            table_free(&t);
        }
        /* Two groups are found from most starts without reassignment. */
        CHECK_SAY(groups == 2 || better > starts / 4,
                  "%zu groups: better from %d of %d starts", groups, better,
                  starts);
    }
}

/* Sets of moves that make NLE greater are undone. From the best optimum that
 * was found, moves can only fail; without EM iterations NLE is then greater. */
static void test_undone(void)
{
    for (uint64_t round = 1; round <= 10; round++) {
        table t = overlapping_groups(40, 100, 4, 0.3, round);
        double *z = NEED(t.rows * 4, double);
        run found = run_new(&t, 4, 1);
        found.kind = DMM_START_SEEDS;
        run_make(&found);
        for (size_t c = 0; c < 4; c++)
            for (size_t i = 0; i < t.rows; i++)
                z[c * t.rows + i] = found.z[i * found.kp + c];
        run plain = run_given(&t, 4, 0, z), better = run_given(&t, 4, 1, z);
        plain.control.max_iterations = better.control.max_iterations = 0;
        run_make(&plain);
        run_make(&better);
        CHECK_AT_MOST(better.nle, plain.nle + dmm_em_rounding(plain.nle));
        run_free(&found);
        run_free(&plain);
        run_free(&better);
        free(z);
        table_free(&t);
    }
}

/* Tables on which there is little to find, or nothing. */
static void test_other_tables(void)
{
    table t = table_mixture(80, 15, 3, 20, 150, 0.8);
    for (size_t k = 1; k <= 6; k++)
        (void)gain(&t, k, DMM_START_KMEANS, k);
    for (size_t i = 1; i < t.rows; i++) /* equal samples */
        for (size_t j = 0; j < t.columns; j++)
            t.count[j * t.rows + i] = t.count[j * t.rows];
    table_finish(&t);
    (void)gain(&t, 3, DMM_START_KMEANS, 1);
    table_free(&t);
    t = table_random(30, 12, 0.4, 2147483647, 1); /* merged taxa */
    for (size_t k = 1; k <= 4; k++)
        (void)gain(&t, k, DMM_START_SEEDS, k);
    table_free(&t);
}

/* As many components as samples, and one component. */
static void test_extremes(void)
{
    table t = overlapping_groups(12, 30, 3, 1, 1);
    (void)gain(&t, 12, DMM_START_KMEANS, 1);
    (void)gain(&t, 12, DMM_START_SEEDS, 1);
    CHECK_NEAR(gain(&t, 1, DMM_START_KMEANS, 1), 0, 1e-3);
    table_free(&t);
    t = overlapping_groups(1, 30, 1, 1, 1);
    CHECK_NEAR(gain(&t, 1, DMM_START_KMEANS, 1), 0, 1e-3);
    table_free(&t);
}

/* ---- Moves -------------------------------------------------------------- */

/* Responsibilities in which each sample is in its group, and the first `wrong`
 * samples are in the next one. */
static double *group_responsibilities(size_t rows, size_t groups, size_t wrong)
{
    double *z = NEED(rows * groups, double);
    for (size_t i = 0; i < rows; i++)
        z[(i + (i < wrong)) % groups * rows + i] = 1;
    return z;
}

/* The number of samples that are not in their group. */
static size_t count_wrong(const run *r)
{
    size_t wrong = 0;
    for (size_t i = 0; i < r->t->rows; i++)
        wrong += !(r->z[i * r->kp + i % r->k] > 0.5);
    return wrong;
}

/* EM leaves all samples in the components where they are. Reassignment finds
 * exactly those that are not in their group, which takes good estimates of the
 * gains, and moves them all at once. */
static void test_moves(size_t groups, double different, uint64_t seed)
{
    table t = overlapping_groups(40, 400, groups, different, seed);
    double right_nle = 0;
    int evaluations = 0;
    for (size_t wrong = 0; wrong <= 6; wrong += 2) {
        double *z = group_responsibilities(t.rows, groups, wrong);
        run plain = run_given(&t, groups, 0, z);
        run better = run_given(&t, groups, 1, z);
        run_make(&plain);
        run_make(&better);
        CHECK_SAY(count_wrong(&plain) == wrong, "%zu of %zu are left",
                  count_wrong(&plain), wrong);
        CHECK_SAY(count_wrong(&better) == 0, "%zu of %zu are left",
                  count_wrong(&better), wrong);
        if (wrong == 0) {
            right_nle = plain.nle;
            evaluations = better.evaluations;
        }
        CHECK(wrong == 0 || plain.nle > right_nle + 1);
        CHECK_NEAR(better.nle, right_nle, SAME_OPTIMUM);
        /* EM runs once without moves, and otherwise at least twice. */
        CHECK_SAY(wrong == 0 || better.evaluations > evaluations + 2,
                  "%d and %d evaluations", better.evaluations, evaluations);
        CHECK_SAY(better.evaluations <= 4 * evaluations,
                  "%d and %d evaluations", better.evaluations, evaluations);
        run_free(&plain);
        run_free(&better);
        free(z);
    }
    table_free(&t);
}

/* Moves are not tried from the best optimum, and given up early from one that
 * is much worse than the best. */
static void test_best(void)
{
    table t = overlapping_groups(40, 400, 4, 0.3, 2);
    double *z = group_responsibilities(t.rows, 4, 6);
    run plain = run_given(&t, 4, 0, z), all = run_given(&t, 4, 1, z);
    run same = all, hopeless = all;
    run_make(&plain);
    run_make(&all);
    same.best = plain.nle;
    run_make(&same);
    CHECK_NEAR(same.nle, plain.nle, 1e-3);
    CHECK_SAY(same.evaluations <= 8, "%d evaluations", same.evaluations);
    /* From this start, several sets of moves are accepted one after the other.
     * If the best is out of reach, only the first is made. */
    hopeless.best = -1e9;
    run_make(&hopeless);
    CHECK(hopeless.nle < plain.nle - 1);
    CHECK(all.nle < hopeless.nle - 1);
    CHECK_SAY(same.evaluations < hopeless.evaluations &&
                  hopeless.evaluations < all.evaluations,
              "%d, %d and %d evaluations", same.evaluations,
              hopeless.evaluations, all.evaluations);
    run_free(&plain);
    run_free(&all);
    run_free(&same);
    run_free(&hopeless);
    free(z);
    table_free(&t);
}

/* Moves are found with either optimiser of EM, with acceleration or without it,
 * and even without EM iterations. */
static void test_controls(void)
{
    table t = overlapping_groups(40, 400, 3, 0.6, 1);
    double *z = group_responsibilities(t.rows, 3, 4);
    for (int i = 0; i < 3; i++) {
        run r = run_given(&t, 3, 1, z);
        if (i == 0)
            r.control.optimizer = DMM_OPTIMIZER_BFGS;
        r.control.accelerate = i == 1;
        r.control.max_iterations = i == 2 ? 0 : 10;
        run_make(&r);
        CHECK_SAY(count_wrong(&r) == 0, "control %d: %zu are left", i,
                  count_wrong(&r));
        run_free(&r);
    }
    free(z);
    table_free(&t);
}

/* ---- Threads and interrupts --------------------------------------------- */

/* The number of threads does not change a bit, on a table of at least so many
 * blocks of rows. */
static void check_threads(const table *t, size_t k, size_t blocks)
{
    static const int threads[] = {2, 3, 5};
    run one = run_new(t, k, 1), plain = run_new(t, k, 0);
    one.kind = plain.kind = DMM_START_SEEDS;
    run_make(&one);
    run_make(&plain);
    CHECK_SAY(one.n_blocks >= blocks, "%zu blocks", one.n_blocks);
    CHECK(one.nle < plain.nle - 1); /* there are moves */
    for (size_t i = 0; i < LENGTH(threads); i++) {
        run more = run_new(t, k, 1);
        more.kind = one.kind;
        more.threads = threads[i];
        run_make(&more);
        CHECK(more.nle == one.nle && more.rough_nle == one.rough_nle);
        CHECK(more.evaluations == one.evaluations);
        CHECK(more.n_z == one.n_z && more.n_lambda == one.n_lambda);
        CHECK(!memcmp(more.z, one.z, one.n_z * sizeof *one.z));
        CHECK(!memcmp(more.lambda, one.lambda,
                      one.n_lambda * sizeof *one.lambda));
        run_free(&more);
    }
    run_free(&one);
    run_free(&plain);
}

static void test_threads(void)
{
    table t = overlapping_groups(40, 400, 4, 0.5, 1);
    check_threads(&t, 4, 1);
    table_free(&t);
    t = overlapping_groups(700, 60, 9, 1, 1);
    check_threads(&t, 20, 3);
    table_free(&t);
}

/* An interrupt at any call ends it there. */
static void test_interrupts(void)
{
    table t = overlapping_groups(40, 400, 3, 0.6, 1);
    double *z = group_responsibilities(t.rows, 3, 4);
    run r = run_given(&t, 3, 1, z);
    watch w = {0};
    r.control.interrupt = interrupt;
    r.control.user = &w;
    run_make(&r);
    CHECK(r.status == DMM_OK && count_wrong(&r) == 0);
    run_free(&r);
    const int calls = w.calls;
    CHECK(calls > 4);
    for (int stop = 1; stop <= calls; stop++) {
        run stopped = r;
        stopped.lambda = stopped.z = NULL;
        w = (watch){.stop_at = stop};
        run_make(&stopped);
        CHECK(stopped.status == DMM_ERROR_INTERRUPTED);
        CHECK_SAY(w.calls == stop, "%d calls, not %d", w.calls, stop);
        run_free(&stopped);
    }
    free(z);
    table_free(&t);
}

int main(void)
{
    random_seed(26);
    test_better_optima();
    test_undone();
    test_other_tables();
    test_extremes();
    test_moves(3, 0.6, 1);
    test_moves(4, 0.7, 2);
    test_best();
    test_controls();
    test_threads();
    test_interrupts();
    return check_report();
}
