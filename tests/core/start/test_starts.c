/* Tests of start/starts.c and dmm_table_fit(): canonical order, seeds, and the
 * best of several starts. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "check.h"
#include "counts/order.h"
#include "dmm.h"
#include "start/starts.h"

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

static dmm_fit_result *fit(const dmm_matrix *m, size_t k, size_t n_starts,
                           int threads, dmm_start_record *records)
{
    dmm_table *table = NULL;
    dmm_fit_result *r = NULL;
    dmm_control control = dmm_control_default();
    control.n_threads = threads;
    const dmm_start_plan plan = {.n_starts = n_starts};
    CHECK(dmm_table_new(m, n_starts > 1, k, threads, &table) == DMM_OK);
    CHECK(dmm_table_fit(table, k, &plan, &control, records, &r) == DMM_OK);
    dmm_table_free(table);
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
    dmm_table *table = NULL;
    dmm_fit_result *r = NULL, *again = NULL;
    dmm_start_record record;
    const dmm_start_kind given = DMM_START_GIVEN;
    const dmm_control control = dmm_control_default();
    dmm_start_plan plan = {.n_starts = 1, .kinds = &given};
    CHECK(dmm_table_new(&m, 1, K, 1, &table) == DMM_OK);
    CHECK(dmm_table_fit(table, K, &plan, &control, &record, &r) ==
          DMM_ERROR_ARGUMENT);
    plan.kinds = NULL;
    CHECK(dmm_table_fit(table, K, &plan, &control, &record, &r) == DMM_OK);
    plan.kinds = &given;
    plan.given = r->z;
    CHECK(dmm_table_fit(table, K, &plan, &control, &record, &again) == DMM_OK);
    CHECK_NEAR(again->nle, r->nle, 1e-4);
    dmm_fit_free(r);
    dmm_fit_free(again);
    dmm_table_free(table);
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
    const dmm_control control = dmm_control_default();
    dmm_start_record records[4];
    dmm_table *table = NULL;
    dmm_fit_result *r = NULL;
    CHECK(dmm_table_new(&m, 1, groups, 1, &table) == DMM_OK);
    CHECK(dmm_table_fit(table, groups, &plan, &control, records, &r) ==
          DMM_OK);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < groups; k++)
            CHECK_NEAR(r->z[k * n + i], r->z[k * n + i % groups], 1e-9);
    dmm_fit_free(r);
    /* With no EM iterations, the evaluations of a resample start are those of
     * its annealing steps, up to 8, and one more. Here it stops early, since
     * nothing changes after the first step. */
    dmm_control alone = control;
    alone.max_iterations = 0;
    CHECK(dmm_table_fit(table, groups, &plan, &alone, records, &r) == DMM_OK);
    CHECK_SAY(records[2].evaluations <= 4, "%d evaluations",
              records[2].evaluations);
    dmm_fit_free(r);
    dmm_table_free(table);
    free(x);
}

static int stop(void *calls)
{
    return ++*(int *)calls > 20;
}

static void test_interrupt(const int *x)
{
    const dmm_matrix m = view(x);
    dmm_table *table = NULL;
    dmm_fit_result *r = NULL;
    dmm_start_record records[50];
    dmm_control control = dmm_control_default();
    int calls = 0;
    const dmm_start_plan plan = {.n_starts = 50};
    control.interrupt = stop;
    control.user = &calls;
    CHECK(dmm_table_new(&m, 1, K, 1, &table) == DMM_OK);
    CHECK(dmm_table_fit(table, K, &plan, &control, records, &r) ==
          DMM_ERROR_INTERRUPTED);
    CHECK(r == NULL);
    CHECK(dmm_table_fit(table, 0, &plan, &control, records, &r) ==
          DMM_ERROR_ARGUMENT);
    CHECK(dmm_table_fit(table, N + 1, &plan, &control, records, &r) ==
          DMM_ERROR_ARGUMENT);
    dmm_table_free(table);
    CHECK(dmm_table_new(&m, 1, N + 1, 1, &table) == DMM_ERROR_ARGUMENT);
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
        DMM_START_KMEANS,   DMM_START_SEEDS,    DMM_START_LABELS,
        DMM_START_SEEDS,    DMM_START_LABELS,   DMM_START_RESAMPLE,
        DMM_START_RESAMPLE, DMM_START_RESAMPLE, DMM_START_MOVE};
    for (size_t i = 0; i < 9; i++)
        CHECK(dmm_start_usual(i) == usual[i]);
}

int main(void)
{
    int *x = make_counts();
    test_lone_start(x);
    test_permutations(x);
    test_extremes(x);
    test_given(x);
    test_certain_samples();
    test_interrupt(x);
    test_seeds();
    free(x);
    return check_report();
}
