/* Tests of counts/chunk.c: how a pass is divided into spans, parts and buffers,
 * which chunk.h defines. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "counts/chunk.h"
#include "em/parameters.h"
#include "helpers.h"
#include "simd/kernels.h"

typedef struct {
    const table *t;
    size_t k;
    int buffers; /* whether buffers are expected */
    size_t lanes;
} job;

/* A part that begins at any taxa group lies within the buffer of its thread,
 * with space for DMM_FEATURE_PADDING more rows past its end, and rows stay
 * aligned. */
static void check_buffers(const dmm_chunk *chunk, dmm_team *team)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t part = dmm_chunk_part(chunk), kp = chunk->kp;
    for (int me = 0; me < dmm_team_size(team); me++) {
        const dmm_worker worker = {team, me, dmm_team_size(team)};
        const double *buffer =
            chunk->buffers + (size_t)me * chunk->buffer_length;
        CHECK((uintptr_t)buffer % 64 == 0);
        for (size_t g = 0; g < d->n_taxa_groups; g++) {
            const size_t end = dmm_lesser(g + part, d->n_taxa_groups);
            const uintptr_t base =
                (uintptr_t)dmm_chunk_buffer(&worker, chunk, g);
            const size_t row = kp * sizeof(double);
            const uintptr_t first = base + d->begin[d->group[g]] * row;
            const uintptr_t last = base + d->end[d->group[end] - 1] * row;
            CHECK(base % 64 == 0);
            CHECK(first >= (uintptr_t)buffer);
            CHECK(last + 8 * row <=
                  (uintptr_t)(buffer + chunk->buffer_length));
        }
    }
}

/* The lanes have all taxa groups, in order, and sums of their own. */
static void check_lanes(const dmm_chunk *chunk)
{
    const size_t n = dmm_chunk_lanes(chunk);
    const size_t length = chunk->counts->n_samples * chunk->kp;
    size_t before = 0;
    for (size_t i = 0; i < n; i++) {
        size_t begin = 99, end = 99;
        dmm_chunk_lane_groups(chunk, i, &begin, &end);
        CHECK(begin == before && begin <= end);
        CHECK(dmm_chunk_lane_sum(chunk, i) ==
              (i == 0 ? chunk->z : chunk->lanes + (i - 1) * length));
        before = end;
    }
    CHECK(before == chunk->counts->dictionary.n_taxa_groups);
}

typedef struct {
    const dmm_chunk *chunk;
    size_t n;
    unsigned *taken; /* n: how often each group was given out; a thread
                        writes only to groups that it was given        */
    size_t largest[8]; /* by thread: the most groups taken at once */
} groups_loop;

static void groups_task(const dmm_worker *worker, void *data)
{
    groups_loop *l = data;
    size_t begin, end;
    while (dmm_chunk_next_groups(worker, l->chunk, l->n, &begin, &end)) {
        for (size_t g = begin; g < end; g++)
            l->taken[g]++;
        if (end - begin > l->largest[worker->number])
            l->largest[worker->number] = end - begin;
    }
    dmm_team_barrier(worker);
}

/* Each group is given out exactly once, with and without the group of totals.
 * Where all responsibilities are in cache, a thread takes only a few groups at
 * a time. */
static void check_next_groups(const dmm_chunk *chunk, dmm_team *team)
{
    const size_t groups = chunk->counts->dictionary.n_taxa_groups;
    for (size_t n = groups; n <= groups + 1; n++) {
        groups_loop l = {.chunk = chunk, .n = n, .taken = NEED(n, unsigned)};
        dmm_team_do(team, groups_task, &l);
        for (size_t g = 0; g < n; g++)
            CHECK(l.taken[g] == 1);
        for (int me = 0; dmm_chunk_is_cached(chunk) && me < 8; me++)
            CHECK(l.largest[me] <= dmm_chunk_part(chunk) &&
                  l.largest[me] <= 1 + groups / 4);
        free(l.taken);
    }
}

static void cut_work(dmm_team *team, void *data)
{
    const job *x = data;
    const dmm_matrix matrix = table_view(x->t, DMM_MATRIX_CSC);
    dmm_counts *counts = build_counts(team, &matrix, DMM_TAXA_MERGED, x->k);
    const dmm_dictionary *d = &counts->dictionary;
    dmm_chunk *chunk = NULL;
    CHECK(dmm_chunk_new(counts, x->k, &chunk) == DMM_OK);
    CHECK(chunk->kp == dmm_padded_components(x->k));
    CHECK(chunk->buffers == NULL && chunk->lanes == NULL);
    const dmm_worker worker = {team, 0, dmm_team_size(team)};
    CHECK(dmm_chunk_buffer(&worker, chunk, 0) == chunk->histogram);
    CHECK(dmm_chunk_part(chunk) >= 1 &&
          dmm_chunk_part(chunk) <= d->n_taxa_groups);
    for (int threads = 1; threads <= 5; threads++) {
        const size_t span = dmm_chunk_span(chunk, threads);
        CHECK(span >= 1 && span <= counts->n_blocks);
    }
    unsigned char *taken = NEED(d->n_groups, unsigned char);
    for (size_t i = 0; i < d->n_groups; i++)
        taken[dmm_chunk_group(chunk, i)]++;
    for (size_t g = 0; g < d->n_groups; g++)
        CHECK(taken[g] == 1);
    free(taken);
    check_next_groups(chunk, team);
    CHECK(dmm_chunk_add_buffers(chunk, dmm_team_size(team)) == DMM_OK);
    CHECK_SAY((chunk->buffers != NULL) == x->buffers &&
                  dmm_chunk_lanes(chunk) == x->lanes,
              "%zu x %zu, k = %zu, %zu features", x->t->rows, x->t->columns,
              x->k, d->n_features);
    if (chunk->buffers)
        check_buffers(chunk, team);
    check_lanes(chunk);
    dmm_chunk_release_table(chunk);
    CHECK(chunk->table == NULL && chunk->buffers == NULL &&
          chunk->lanes == NULL);
    dmm_chunk_free(chunk);
    dmm_counts_free(counts);
}

static void test_cut(size_t rows, size_t columns, int largest, size_t k,
                     int buffers, size_t lanes)
{
    table t = table_random(rows, columns, 0.5, largest, 0);
    job x = {.t = &t, .k = k, .buffers = buffers, .lanes = lanes};
    for (int threads = 1; threads <= 3; threads++)
        dmm_team_run(threads, cut_work, &x);
    table_free(&t);
}

int main(void)
{
    random_seed(14);
    test_cut(40, 10, 50, 3, 0, 1);             /* the histogram is in cache */
    test_cut(900, 150, 3000, 8, 1, DMM_LANES); /* it is not                 */
    test_cut(900, 150, 3000, 5, 1, DMM_LANES);
    test_cut(9000, 20, 3000, 8, 1, 1);         /* few taxa                  */
    test_cut(30000, 40, 3000, 8, 0, 1);        /* z is not in cache         */
    test_cut(2000, 3, 1000000, 40, 0, 1);      /* columns exceed a buffer   */
    dmm_chunk_free(NULL);
    return check_report();
}
