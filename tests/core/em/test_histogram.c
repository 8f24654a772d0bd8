/* Tests of em/histogram.c: the histogram is the sum of the responsibilities
 * taken entry by entry, and the sums made from it are the same in one pass and
 * in two. test_estep.c compares both with the reference model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/estep.h"
#include "em/histogram.h"
#include "helpers.h"

#define LARGEST 300

/* The histogram of a table so large that a pass over it is divided into spans
 * and parts (counts/chunk.h). */
static void tiles_work(dmm_team *team, void *data)
{
    step *s = data;
    const size_t k = 8, n = s->t->rows, columns = s->t->columns;
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_DENSE_INT);
    double *lambda = NEED(columns * k, double), weight[8];
    double *expected = NEED((LARGEST + 1) * k, double);
    for (size_t e = 0; e < columns * k; e++)
        lambda[e] = 0.1 * random_normal();
    for (size_t c = 0; c < k; c++)
        weight[c] = 1 / (double)k;
    s->counts = build_counts(team, &matrix, DMM_TAXA_SEPARATE, k);
    CHECK(dmm_chunk_new(s->counts, k, &s->chunk) == DMM_OK);
    CHECK(dmm_parameters_new(s->counts, k, (dmm_prior){0.1, 0.1}, &s->p) ==
          DMM_OK);
    CHECK(dmm_sums_new(s->p, &s->sums) == DMM_OK);
    dmm_parameters_set(s->p, s->counts, lambda, weight);
    dmm_team_do(team, step_task, s);
    const dmm_dictionary *d = &s->counts->dictionary;
    for (size_t j = 0; j < columns; j++) {
        memset(expected, 0, (LARGEST + 1) * k * sizeof *expected);
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < k; c++)
                expected[(size_t)s->t->count[j * n + i] * k + c] +=
                    s->chunk->z[i * k + c];
        const size_t column = s->counts->column_of_taxon[j];
        for (size_t f = d->begin[column]; f < d->end[column]; f++)
            CHECK_AT_MOST(largest_difference(s->chunk->histogram + f * k,
                                             expected +
                                                 (size_t)d->value[f] * k,
                                             k),
                          1e-9);
    }
    dmm_sums_free(s->sums);
    dmm_parameters_free(s->p);
    dmm_chunk_free(s->chunk);
    dmm_counts_free(s->counts);
    free(lambda);
    free(expected);
}

static void test_tiles(void)
{
    table t = table_random(12500, 64, 0.3, LARGEST, 0);
    step s = {.t = &t};
    dmm_team_run(2, tiles_work, &s);
    table_free(&t);
}

/* ---- Histogram and sums in one pass ------------------------------------- */

static void responsibilities_task(const dmm_worker *worker, void *data)
{
    step *s = data;
    dmm_parameters_refresh(worker, s->p, &s->counts->dictionary);
    dmm_estep_responsibilities(worker, s->chunk, s->p, s->sums);
}

static void one_pass_task(const dmm_worker *worker, void *data)
{
    step *s = data;
    dmm_histogram_make_sums(worker, s->chunk, s->p, s->sums);
}

static void two_passes_task(const dmm_worker *worker, void *data)
{
    step *s = data;
    dmm_histogram_make(worker, s->chunk);
    dmm_histogram_sums(worker, s->chunk, s->p, s->sums);
}

/* Fills the sums with NaN, so that a value which is not written is noticed. */
static void spoil(const step *s)
{
    const size_t kp = s->p->kp;
    for (size_t e = 0; e < s->p->n_columns * kp; e++)
        s->sums->digamma[e] = s->sums->trigamma[e] = NAN;
    for (size_t k = 0; k < kp; k++)
        s->sums->lgamma[k] = s->sums->total_digamma[k] =
            s->sums->total_trigamma[k] = NAN;
}

/* One pass and two passes give the same bits, with buffers and without. */
static void passes_work(dmm_team *team, void *data)
{
    step *s = data;
    const size_t k = s->m->k;
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_CSC);
    dmm_sums *one = NULL, *two = NULL;
    s->counts = build_counts(team, &matrix, DMM_TAXA_SEPARATE, k);
    CHECK(dmm_chunk_new(s->counts, k, &s->chunk) == DMM_OK);
    CHECK(dmm_parameters_new(s->counts, k, (dmm_prior){0.1, 0.1}, &s->p) ==
          DMM_OK);
    CHECK(dmm_sums_new(s->p, &one) == DMM_OK);
    CHECK(dmm_sums_new(s->p, &two) == DMM_OK);
    dmm_parameters_set(s->p, s->counts, s->m->lambda, s->m->weight);
    s->sums = two;
    dmm_team_do(team, responsibilities_task, s);
    spoil(s);
    dmm_team_do(team, two_passes_task, s);
    for (int buffers = 0; buffers <= 1; buffers++) {
        if (buffers)
            CHECK(dmm_chunk_add_buffers(s->chunk, dmm_team_size(team)) ==
                  DMM_OK);
        s->sums = one;
        spoil(s);
        dmm_team_do(team, one_pass_task, s);
        const size_t bytes = s->p->n_columns * s->p->kp * sizeof(double);
        CHECK(memcmp(one->digamma, two->digamma, bytes) == 0);
        CHECK(memcmp(one->trigamma, two->trigamma, bytes) == 0);
        CHECK(memcmp(one->lgamma, two->lgamma, k * sizeof(double)) == 0);
        CHECK(memcmp(one->total_digamma, two->total_digamma,
                     k * sizeof(double)) == 0);
        CHECK(memcmp(one->total_trigamma, two->total_trigamma,
                     k * sizeof(double)) == 0);
    }
    dmm_sums_free(one);
    dmm_sums_free(two);
    dmm_parameters_free(s->p);
    dmm_chunk_free(s->chunk);
    dmm_counts_free(s->counts);
}

/* A large table, whose longest column does not fit a buffer if there are many
 * components; a small table; and one whose responsibilities do not fit a
 * cache. */
static void test_one_pass(void)
{
    const size_t rows[] = {1500, 60, 50000}, columns[] = {200, 20, 3};
    const size_t components[] = {1, 2, 3, 8, 40};
    for (size_t i = 0; i < 3; i++) {
        table t = table_random(rows[i], columns[i], 0.4, 5000, 0);
        for (size_t r = 0; r < rows[i]; r++)
            t.count[r] = (int)r;
        table_finish(&t);
        for (size_t c = i == 0 ? 3 : 0; c < 5; c++) {
            model m = model_unevaluated(&t, components[c], 0);
            step s = {.t = &t, .m = &m};
            for (int threads = 1; threads <= 3; threads++)
                dmm_team_run(threads, passes_work, &s);
            model_free(&m);
        }
        table_free(&t);
    }
}

int main(void)
{
    random_seed(16);
    test_tiles();
    test_one_pass();
    return check_report();
}
