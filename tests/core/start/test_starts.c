/* Tests of start/starts.c and dmm_table_fit(): canonical order, seeds, the best
 * of several starts, how many are made, and the part of a large table that they
 * are made on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "check.h"
#include "counts/order.h"
#include "dmm.h"
#include "em/converge.h"
#include "helpers.h"
#include "start/starts.h"

/* NLEs that differ by no more are of the same optimum (result/fit.c). */
#define SAME_OPTIMUM 0.01

#define N 60
#define S 25
#define K 3

/* Counts around K profiles. Rows 7 and 8 are equal, and so are columns 3
 * and 4. */
static int *make_counts(void)
{
    int *x = malloc(N * S * sizeof *x);
    dmm_random random = {42};
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < S; j++)
            x[j * N + i] =
                (int)dmm_random_below(&random, (j + i) % K == 0 ? 40 : 4);
    for (size_t j = 0; j < S; j++)
        x[j * N + 8] = x[j * N + 7];
    memcpy(x + 4 * N, x + 3 * N, N * sizeof *x);
    for (size_t i = 0; i < N; i++)
        x[i] += 1;
    return x;
}

static dmm_matrix view(const int *x)
{
    dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT, .rows = N, .columns = S};
    m.integers = x;
    return m;
}

static void shuffle(size_t *order, size_t n, dmm_random *random)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i-- > 1;) {
        const size_t j = dmm_random_below(random, i + 1);
        const size_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* Fits with control->agree as it is; *made is the number of starts made. */
static dmm_fit_result *fit_some(const dmm_matrix *m, size_t k,
                                const dmm_start_plan *plan,
                                const dmm_control *control,
                                dmm_start_record *records, size_t *made)
{
    dmm_table *t = NULL;
    dmm_fit_result *r = NULL;
    CHECK(dmm_table_new(m, plan->n_starts > 1, k, control->n_threads, &t) ==
          DMM_OK);
    *made = SIZE_MAX;
    CHECK(dmm_table_fit(t, k, plan, control, records, made, &r) == DMM_OK);
    CHECK(*made >= 1 && *made <= plan->n_starts);
    dmm_table_free(t);
    return need(r);
}

/* Fits from all starts of the usual kinds. */
static dmm_fit_result *fit(const dmm_matrix *m, size_t k, size_t n_starts,
                           int threads, dmm_start_record *records)
{
    size_t made;
    dmm_control control = dmm_control_default();
    control.n_threads = threads;
    control.agree = 0;
    const dmm_start_plan plan = {.n_starts = n_starts};
    dmm_fit_result *r = fit_some(m, k, &plan, &control, records, &made);
    CHECK(made == n_starts);
    return r;
}

/* One start in the order of the table gives the same bits as dmm_fit(). */
static void test_lone_start(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_start_record record;
    dmm_control control = dmm_control_default();
    dmm_fit_result *expected = NULL;
    dmm_fit_result *r = fit(&m, K, 1, 1, &record);
    CHECK(dmm_fit(&m, K, &control, &expected) == DMM_OK);
    CHECK(r->nle == expected->nle && r->laplace == expected->laplace);
    CHECK(!memcmp(r->z, expected->z, N * K * sizeof(double)));
    CHECK(!memcmp(r->lower, expected->lower, S * K * sizeof(double)));
    CHECK(record.kind == DMM_START_KMEANS && record.seed == control.seed);
    CHECK(record.nle == r->nle && record.iterations == r->iterations);
    dmm_fit_free(r);
    dmm_fit_free(expected);
}

/* Permuting rows and columns does not change a bit of a fit from several
 * starts. */
static void test_permutations(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_start_record first[9], other[9];
    dmm_fit_result *r = fit(&m, K, 9, 1, first);
    dmm_random random = {7};
    int *shuffled = malloc(N * S * sizeof *shuffled);
    for (int round = 0; round < 5; round++) {
        size_t rows[N], columns[S];
        shuffle(rows, N, &random);
        shuffle(columns, S, &random);
        for (size_t j = 0; j < S; j++)
            for (size_t i = 0; i < N; i++)
                shuffled[j * N + i] = x[columns[j] * N + rows[i]];
        const dmm_matrix s = view(shuffled);
        dmm_fit_result *q = fit(&s, K, 9, 1 + round % 3, other);
        CHECK(q->nle == r->nle && q->laplace == r->laplace);
        int same = 1;
        for (size_t k = 0; k < K; k++) {
            for (size_t i = 0; i < N; i++)
                same &= q->z[k * N + i] == r->z[k * N + rows[i]];
            for (size_t j = 0; j < S; j++)
                same &= q->estimate[k * S + j] ==
                            r->estimate[k * S + columns[j]] &&
                        q->upper[k * S + j] == r->upper[k * S + columns[j]];
        }
        CHECK(same);
        for (size_t i = 0; i < 9; i++)
            CHECK(first[i].nle == other[i].nle &&
                  first[i].kind == other[i].kind &&
                  first[i].iterations == other[i].iterations);
        dmm_fit_free(q);
    }
    double least = first[0].nle;
    for (size_t i = 1; i < 9; i++)
        least = first[i].nle < least ? first[i].nle : least;
    CHECK(least == r->nle);
    dmm_fit_free(r);
    free(shuffled);
}

/* As many components as samples, one component, and one sample. */
static void test_extremes(const int *x)
{
    dmm_matrix m = view(x);
    dmm_start_record records[6];
    dmm_fit_result *r = fit(&m, N, 6, 1, records);
    CHECK(r->nle == r->nle);
    dmm_fit_free(r);
    r = fit(&m, 1, 6, 1, records);
    for (int i = 1; i < 6; i++)
        CHECK_NEAR(records[i].nle, records[0].nle, 1e-4);
    dmm_fit_free(r);
    int one[S];
    for (int j = 0; j < S; j++)
        one[j] = j;
    m.integers = one;
    m.rows = 1;
    r = fit(&m, 1, 2, 1, records);
    CHECK(r->z[0] == 1);
    dmm_fit_free(r);
}

static void test_given(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_table *t = NULL;
    dmm_fit_result *r = NULL, *again = NULL;
    dmm_start_record record;
    const dmm_start_kind given = DMM_START_GIVEN;
    size_t made = 9;
    const dmm_control control = dmm_control_default();
    dmm_start_plan plan = {.n_starts = 1, .kinds = &given};
    CHECK(dmm_table_new(&m, 1, K, 1, &t) == DMM_OK);
    CHECK(dmm_table_fit(t, K, &plan, &control, &record, &made, &r) ==
          DMM_ERROR_ARGUMENT);
    CHECK(r == NULL && made == 1);
    plan.kinds = NULL;
    CHECK(dmm_table_fit(t, K, &plan, &control, &record, &made, &r) == DMM_OK);
    plan.kinds = &given;
    plan.given = r->z;
    CHECK(dmm_table_fit(t, K, &plan, &control, &record, &made, &again) ==
          DMM_OK);
    CHECK_NEAR(again->nle, r->nle, 1e-4);
    dmm_fit_free(r);
    dmm_fit_free(again);
    dmm_table_free(t);
}

/* ---- Kinds of start ----------------------------------------------------- */

/* A team's work on compressed counts. A test sets the fields that it needs. */
typedef struct {
    const dmm_matrix *matrix;
    size_t k;
    const double *given;
    unsigned long seed;
    dmm_control control;
} work;

/* A new start; the caller frees it. */
static dmm_em *make_start(dmm_team *team, const work *w,
                          const dmm_counts *counts, dmm_start_kind kind,
                          const dmm_em *best)
{
    const dmm_origin origin = {best, w->given};
    dmm_start start;
    dmm_em *em = NULL;
    CHECK(dmm_starts_make(team, counts, w->k, &w->control, kind, w->seed,
                          &origin, &em, &start) == DMM_OK);
    return need(em);
}

/* The steps of annealing, which are counted as evaluations: up to 15 for labels
 * and 4 for a move. A resample has up to 8, but ends early, since nothing
 * changes after the first step. Seeds have none. */
static void anneal_work(dmm_team *team, void *data)
{
    const work *w = data;
    dmm_counts *counts = build_counts(team, w->matrix, DMM_TAXA_MERGED, w->k);
    dmm_em *best = make_start(team, w, counts, DMM_START_SEEDS, NULL);
    CHECK_SAY(best->evaluations == 0, "%d evaluations", best->evaluations);
    CHECK(dmm_converge(best) == DMM_OK);
    dmm_em *em = make_start(team, w, counts, DMM_START_LABELS, NULL);
    CHECK_SAY(em->evaluations > 3 && em->evaluations <= 15, "%d evaluations",
              em->evaluations);
    dmm_em_free(em);
    em = make_start(team, w, counts, DMM_START_RESAMPLE, best);
    CHECK_SAY(em->evaluations >= 1 && em->evaluations <= 3, "%d evaluations",
              em->evaluations);
    dmm_em_free(em);
    em = make_start(team, w, counts, DMM_START_MOVE, best);
    CHECK_SAY(em->evaluations >= 1 && em->evaluations <= 4, "%d evaluations",
              em->evaluations);
    dmm_em_free(em);
    dmm_em_free(best);
    dmm_counts_free(counts);
}

/* The counts leave no doubt about the components: every kind of start finds
 * them, and annealing ends before its last step. */
static void test_certain_samples(void)
{
    enum { n = 40, s = 30, groups = 3 };
    int *x = malloc(n * s * sizeof *x);
    for (size_t j = 0; j < s; j++)
        for (size_t i = 0; i < n; i++)
            x[j * n + i] = j % groups == i % groups ? 5000 + (int)(i * j) : 0;
    dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT, .rows = n, .columns = s};
    m.integers = x;
    const dmm_start_kind kinds[] = {DMM_START_SEEDS, DMM_START_LABELS,
                                    DMM_START_RESAMPLE, DMM_START_MOVE};
    const dmm_start_plan plan = {.n_starts = 4, .kinds = kinds};
    dmm_control control = dmm_control_default();
    dmm_start_record records[4];
    size_t made;
    control.agree = 0;
    dmm_fit_result *r = fit_some(&m, groups, &plan, &control, records, &made);
    CHECK(made == 4);
    for (size_t i = 0; i < made; i++) {
        CHECK(records[i].kind == kinds[i] && records[i].samples == n);
        CHECK_NEAR(records[i].nle, r->nle, SAME_OPTIMUM);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < groups; k++)
            CHECK_NEAR(r->z[k * n + i], r->z[k * n + i % groups], 1e-9);
    dmm_fit_free(r);
    work w = {.matrix = &m, .k = groups, .seed = 1, .control = control};
    dmm_team_run(1, anneal_work, &w);
    free(x);
}

/* ---- Empty components --------------------------------------------------- */

typedef struct {
    work start; /* in which some components are empty */
    int filled; /* expected                           */
} filling;

static double least_weight(const dmm_em *em)
{
    double least = INFINITY;
    for (size_t c = 0; c < em->chunk->k; c++)
        least = fmin(least, em->sums->weight[c]);
    return least;
}

static void fill_work(dmm_team *team, void *data)
{
    const filling *f = data;
    const work *w = &f->start;
    const size_t k = w->k;
    dmm_counts *counts = build_counts(team, w->matrix, DMM_TAXA_MERGED, k);
    dmm_em *em = make_start(team, w, counts, DMM_START_GIVEN, NULL);
    CHECK(dmm_converge(em) == DMM_OK);
    CHECK(least_weight(em) < (k > 1 ? DMM_EMPTY_REPORTED : INFINITY));
    const double before = em->nle;
    const int evaluations = em->evaluations;
    int filled = 9;
    CHECK(dmm_start_fill(em, w->seed, &filled) == DMM_OK);
    CHECK_SAY(filled == f->filled, "filled %d, k %zu, seed %lu", filled, k,
              w->seed);
    if (k == 1)
        CHECK(em->evaluations == evaluations);
    if (filled) {
        CHECK(em->nle < before - dmm_em_tolerance(em));
        CHECK(dmm_converge(em) == DMM_OK);
        CHECK(em->nle < before - 1);
    } else {
        CHECK(em->nle == before);
    }
    /* No component is empty any more: nothing is left to do. */
    if (filled && least_weight(em) > 1) {
        const double nle = em->nle;
        CHECK(dmm_start_fill(em, w->seed, &filled) == DMM_OK);
        CHECK(filled == 0 && em->nle == nle);
    }
    dmm_em_free(em);
    dmm_counts_free(counts);
}

/* All samples of group i % k are in component[i % k]. */
static void check_fill(const dmm_matrix *m, size_t k, const size_t *component,
                       int filled)
{
    double *given = NEED(m->rows * k, double);
    for (size_t i = 0; i < m->rows; i++)
        given[component[i % k] * m->rows + i] = 1;
    filling f = {.start = {.matrix = m, .k = k, .given = given}};
    f.start.control = dmm_control_default();
    f.filled = filled;
    for (f.start.seed = 1; f.start.seed <= 5; f.start.seed++)
        dmm_team_run(1 + (int)(f.start.seed % 3), fill_work, &f);
    free(given);
}

/* An empty component gets half of another one that has samples of several
 * groups, but not of one that has samples of a single group. */
static void test_fill(const int *x)
{
    static const size_t last_empty[] = {0, 1, 1, 1}, all_in_1[] = {1, 1, 1, 1};
    static const size_t first_empty[] = {1, 2, 2};
    const dmm_matrix m = view(x);
    check_fill(&m, K, last_empty, 1);
    check_fill(&m, K, first_empty, 1);
    check_fill(&m, K, all_in_1, 1);
    for (int round = 0; round < 4; round++) {
        table t = table_new(60, 6);
        for (size_t e = 0; e < t.rows * t.columns; e++)
            t.count[e] = 4 + (int)random_below(3);
        table_finish(&t);
        const dmm_matrix one = table_view(&t, DMM_MATRIX_CSC);
        check_fill(&one, 2, all_in_1, 0);
        check_fill(&one, 3, all_in_1, 0);
        check_fill(&one, 1, last_empty, 0);
        table_free(&t);
    }
}

/* ---- Starts that agree -------------------------------------------------- */

/* Whether all bytes are still those that were set. */
static int is_untouched(const void *memory, size_t bytes)
{
    const unsigned char *byte = memory;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i] != 0xa5)
            return 0;
    return 1;
}

/* How many of the first n starts count as having met the best of them. */
static size_t count_met(const dmm_start_record *records, size_t n)
{
    double best = INFINITY;
    size_t met = 0;
    int kmeans = 0;
    for (size_t i = 0; i < n; i++)
        best = fmin(best, records[i].nle);
    for (size_t i = 0; i < n; i++)
        if (records[i].nle <= best + SAME_OPTIMUM) {
            met += records[i].kind != DMM_START_RESAMPLE &&
                   records[i].kind != DMM_START_KMEANS;
            kmeans |= records[i].kind == DMM_START_KMEANS;
        }
    return met + (size_t)kmeans;
}

/* Returns how many of 20 starts are made, and checks that the last of them is
 * the one with which enough agree. */
static size_t count_made(const dmm_matrix *m, size_t k, int agree,
                         const dmm_start_kind *kinds, unsigned long seed)
{
    dmm_start_record records[20];
    size_t made;
    dmm_control control = dmm_control_default();
    const dmm_start_plan plan = {.n_starts = 20, .kinds = kinds};
    control.agree = agree;
    control.seed = seed;
    memset(records, 0xa5, sizeof records);
    dmm_fit_result *r = fit_some(m, k, &plan, &control, records, &made);
    for (size_t n = 1; n < made; n++)
        CHECK(agree == 0 || count_met(records, n) < (size_t)agree);
    if (made < 20)
        CHECK(count_met(records, made) == (size_t)agree);
    double least = INFINITY;
    for (size_t i = 0; i < made; i++)
        least = fmin(least, records[i].nle);
    CHECK(r->nle == least);
    CHECK(is_untouched(records + made, (20 - made) * sizeof *records));
    dmm_fit_free(r);
    return made;
}

static void test_agree(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_start_record records[20];
    size_t made;
    /* By default, all starts are made in a small table. In others three that
     * agree are enough. */
    const dmm_control control = dmm_control_default();
    const dmm_start_plan plan = {.n_starts = 20};
    dmm_fit_result *r = fit_some(&m, K, &plan, &control, records, &made);
    CHECK_SAY(made == 20, "%zu starts", made);
    CHECK(count_met(records, made) > 3);
    dmm_fit_free(r);
    table large = table_mixture(2000, 30, 2, 20, 1000, 1);
    const dmm_matrix larger = table_view(&large, DMM_MATRIX_CSC);
    r = fit_some(&larger, 2, &plan, &control, records, &made);
    CHECK_SAY(made < 20 && count_met(records, made) == 3, "%zu starts", made);
    dmm_fit_free(r);
    table_free(&large);
    /* Every start finds the groups. */
    for (int agree = 1; agree <= 3; agree++)
        CHECK(count_made(&m, K, agree, NULL, 1) == (size_t)agree);
    CHECK(count_made(&m, K, 0, NULL, 1) == 20);
    CHECK(count_made(&m, K, 1000, NULL, 1) == 20);
    /* Those that begin with half of the samples of the best do not count. */
    dmm_start_kind kinds[20] = {DMM_START_KMEANS, DMM_START_RESAMPLE,
                                DMM_START_RESAMPLE, DMM_START_SEEDS,
                                DMM_START_RESAMPLE, DMM_START_LABELS};
    CHECK(count_made(&m, K, 2, kinds, 1) == 4);
    CHECK(count_made(&m, K, 3, kinds, 1) == 6);
    /* Starts that end at different optima. */
    table t = table_mixture(60, 60, 4, 20, 100, 0.5);
    const dmm_matrix hard = table_view(&t, DMM_MATRIX_CSC);
    size_t sum = 0;
    for (unsigned long seed = 1; seed <= 4; seed++)
        sum += count_made(&hard, 5, 3, NULL, seed);
    CHECK_SAY(sum > 4 * 3, "%zu starts", sum);
    table_free(&t);
}

/* ---- Parts of large tables ---------------------------------------------- */

#define MANY 80000
#define FEW 7

/* Groups of samples with counts in all taxa. */
static int *make_many(void)
{
    int *x = NEED(MANY * FEW, int);
    dmm_random random = {5};
    for (size_t i = 0; i < MANY; i++) {
        const double often = 0.3 + 0.5 * dmm_random_uniform(&random);
        for (size_t draw = 0; draw < 12; draw++) {
            const size_t own = i % K * 2 + dmm_random_below(&random, 3);
            const size_t j = dmm_random_uniform(&random) < often
                                 ? own
                                 : dmm_random_below(&random, FEW);
            x[j * MANY + i]++;
        }
    }
    return x;
}

/* The rows of `from` in the given order. */
static int *reorder_rows(const int *from, const size_t *order)
{
    int *x = NEED(MANY * FEW, int);
    for (size_t j = 0; j < FEW; j++)
        for (size_t i = 0; i < MANY; i++)
            x[j * MANY + i] = from[j * MANY + order[i]];
    return x;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Starts of a large table are made on a part of it, which does not depend on
 * the order of the rows. The fit is to the whole table. */
static void test_part(void)
{
    int *x = make_many();
    size_t *order = NEED(MANY, size_t), made, other_made;
    dmm_random random = {8};
    dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT, .rows = MANY, .columns = FEW};
    dmm_start_record records[20], other_records[20];
    const dmm_start_plan plan = {.n_starts = 20};
    dmm_control control = dmm_control_default();
    m.integers = x;
    dmm_fit_result *r = fit_some(&m, K, &plan, &control, records, &made);
    dmm_fit_result *lone = NULL;
    CHECK(made == 3 && r->converged && r->n_samples == MANY);
    for (size_t i = 0; i < made; i++) {
        CHECK(records[i].samples == 20000 && records[i].converged);
        CHECK_NEAR(records[i].nle, records[0].nle, SAME_OPTIMUM);
        /* About a quarter, since NLE is about a sum over the samples. */
        CHECK_NEAR(records[i].nle / r->nle, 0.25, 0.01);
    }
    double sum = 0;
    for (size_t e = 0; e < MANY * K; e++)
        sum += r->z[e];
    CHECK_NEAR(sum, MANY, 1e-6);
    CHECK(dmm_fit(&m, K, &control, &lone) == DMM_OK);
    CHECK_AT_MOST(r->nle, lone->nle + SAME_OPTIMUM);
    dmm_fit_free(lone);

    shuffle(order, MANY, &random);
    int *shuffled = reorder_rows(x, order);
    m.integers = shuffled;
    control.n_threads = 3;
    dmm_fit_result *q =
        fit_some(&m, K, &plan, &control, other_records, &other_made);
    CHECK(q->n_threads == (gives_threads(3) ? 3 : 1));
    CHECK(q->nle == r->nle && q->laplace == r->laplace);
    CHECK(!memcmp(q->lower, r->lower, FEW * K * sizeof *q->lower));
    int same = other_made == made;
    for (size_t i = 0; i < made; i++)
        same &= other_records[i].nle == records[i].nle &&
                other_records[i].iterations == records[i].iterations;
    CHECK(same);
    /* Equal samples may change places, and their z may differ by rounding. */
    double difference = 0;
    for (size_t k = 0; k < K; k++) {
        for (size_t i = 0; i < MANY; i++)
            difference = fmax(difference, fabs(q->z[k * MANY + i] -
                                               r->z[k * MANY + order[i]]));
        qsort(q->z + k * MANY, MANY, sizeof *q->z, compare_doubles);
        qsort(r->z + k * MANY, MANY, sizeof *r->z, compare_doubles);
    }
    CHECK_AT_MOST(difference, 1e-13);
    CHECK(!memcmp(q->z, r->z, MANY * K * sizeof *q->z));
    dmm_fit_free(q);
    dmm_fit_free(r);
    free(shuffled);

    /* A single start is made on all samples, and so are those of a smaller
     * table, and those from given responsibilities. */
    control = dmm_control_default();
    control.max_iterations = 3;
    const dmm_start_kind kinds[] = {DMM_START_GIVEN, DMM_START_SEEDS};
    double *given = NEED(MANY * K, double);
    for (size_t i = 0; i < MANY; i++)
        given[i % K * MANY + i] = 1;
    m.integers = x;
    const dmm_start_plan plans[] = {
        {.n_starts = 1}, {.n_starts = 2, .kinds = kinds, .given = given}};
    for (size_t p = 0; p < LENGTH(plans); p++) {
        r = fit_some(&m, K, &plans[p], &control, records, &made);
        CHECK(made == plans[p].n_starts);
        for (size_t i = 0; i < made; i++)
            CHECK(records[i].samples == MANY);
        CHECK(r->n_samples == MANY);
        dmm_fit_free(r);
    }
    for (size_t j = 1; j < FEW; j++)
        memmove(x + j * (MANY - 1), x + j * MANY, (MANY - 1) * sizeof *x);
    m.rows = MANY - 1;
    r = fit_some(&m, K, &(dmm_start_plan){.n_starts = 2}, &control, records,
                 &made);
    CHECK(made == 2 && records[0].samples == MANY - 1);
    dmm_fit_free(r);
    free(given);
    free(order);
    free(x);
}

/* ---- Interrupts, seeds -------------------------------------------------- */

static int stop(void *calls)
{
    return ++*(int *)calls > 20;
}

static void test_interrupt(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_table *t = NULL;
    dmm_fit_result *r = NULL;
    dmm_start_record records[50];
    size_t made = 99;
    dmm_control control = dmm_control_default();
    int calls = 0;
    const dmm_start_plan plan = {.n_starts = 50};
    control.agree = 0;
    control.interrupt = stop;
    control.user = &calls;
    CHECK(dmm_table_new(&m, 1, K, 1, &t) == DMM_OK);
    CHECK(dmm_table_fit(t, K, &plan, &control, records, &made, &r) ==
          DMM_ERROR_INTERRUPTED);
    CHECK(r == NULL && made >= 1 && made < 50);
    CHECK(dmm_table_fit(t, 0, &plan, &control, records, &made, &r) ==
          DMM_ERROR_ARGUMENT);
    CHECK(made == 0);
    CHECK(dmm_table_fit(t, N + 1, &plan, &control, records, &made, &r) ==
          DMM_ERROR_ARGUMENT);
    dmm_table_free(t);
    CHECK(dmm_table_new(&m, 1, N + 1, 1, &t) == DMM_ERROR_ARGUMENT);
}

static void test_seeds(void)
{
    CHECK(dmm_start_seed(5, 0) == 5);
    for (size_t i = 0; i < 100; i++) {
        CHECK(dmm_start_seed(5, i) <= 0xffffffffUL);
        for (size_t j = 0; j < i; j++)
            CHECK(dmm_start_seed(5, i) != dmm_start_seed(5, j));
    }
    CHECK(dmm_start_seed(5, 1) != dmm_start_seed(6, 1));
    const dmm_start_kind usual[] = {
        DMM_START_KMEANS, DMM_START_SEEDS,  DMM_START_LABELS,
        DMM_START_MOVE,   DMM_START_LABELS, DMM_START_RESAMPLE,
        DMM_START_SEEDS,  DMM_START_MOVE,   DMM_START_KMEANS};
    for (size_t i = 0; i < 9; i++)
        CHECK(dmm_start_usual(i) == usual[i]);
}

int main(void)
{
    random_seed(27);
    int *x = make_counts();
    test_lone_start(x);
    test_permutations(x);
    test_extremes(x);
    test_given(x);
    test_certain_samples();
    test_fill(x);
    test_agree(x);
    test_part();
    test_interrupt(x);
    test_seeds();
    free(x);
    return check_report();
}
