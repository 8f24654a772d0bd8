#include "estep.h"

#include <stdint.h>
#include <string.h>

#include "alloc.h"
#include "kernels.h"
#include "settled.h"
#include "threads.h"

dmm_status dmm_chunk_new(const dmm_counts *counts, size_t k, dmm_chunk **result)
{
    *result = NULL;
    const dmm_dictionary *d = &counts->dictionary;
    dmm_chunk *chunk = DMM_NEW(1, dmm_chunk);
    if (!chunk)
        return DMM_ERROR_MEMORY;
    chunk->counts = counts;
    chunk->k = k;
    chunk->kp = dmm_padded_components(k);
    const size_t kp = chunk->kp;
    chunk->z = DMM_NEW2(counts->n_samples, kp, double);
    chunk->table = DMM_NEW2(d->n_features, kp, double);
    chunk->histogram = chunk->table;
    chunk->block_weight = DMM_NEW2(counts->n_blocks, kp, double);
    chunk->block_loglik = DMM_NEW(counts->n_blocks, double);
    chunk->group_lgamma = DMM_NEW2(d->n_groups, kp, double);
    if (!chunk->z || !chunk->table || !chunk->block_weight ||
        !chunk->block_loglik || !chunk->group_lgamma) {
        dmm_chunk_free(chunk);
        return DMM_ERROR_MEMORY;
    }
    *result = chunk;
    return DMM_OK;
}

int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested)
{
    const double kp = (double)dmm_padded_components(k);
    const size_t enough = (size_t)(DMM_SERIAL_WORK / kp) + 1;
    const double work = (double)dmm_matrix_nonzeros(matrix, enough) * kp;
    return dmm_threads_for(requested, work);
}

void dmm_chunk_free(dmm_chunk *chunk)
{
    if (chunk == NULL)
        return;
    dmm_free(chunk->z);
    dmm_chunk_release_table(chunk);
    dmm_free(chunk->block_weight);
    dmm_free(chunk->block_loglik);
    dmm_free(chunk->group_lgamma);
    dmm_free(chunk);
}

void dmm_chunk_release_table(dmm_chunk *chunk)
{
    dmm_free(chunk->table);
    dmm_free(chunk->rooms);
    chunk->table = chunk->histogram = chunk->rooms = NULL;
}

/* Sum over the settled samples of the part of their evidence that one group of
 * columns makes. */
static void settled_evidence(dmm_chunk *chunk, size_t g)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t from = d->begin[d->group[g]] * chunk->kp;
    const size_t to = d->end[d->group[g + 1] - 1] * chunk->kp;
    chunk->settled->group_evidence[g] = dmm_kernels_active()->dot_counts(
        to - from, chunk->settled->histogram + from, chunk->table + from);
}

/* The order in which threads take the groups: those of totals, the last ones
 * and often the longest, come first, so that none is left alone with one. */
static size_t long_groups_first(const dmm_dictionary *d, size_t next)
{
    return d->n_groups - 1 - next;
}

/* The table of log gamma differences at the parameters. */
static void fill_table(const dmm_worker *worker, dmm_chunk *chunk,
                       const dmm_parameters *p)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t next;
    while (dmm_team_next(worker, d->n_groups, &next)) {
        const size_t g = long_groups_first(d, next);
        dmm_kernels_active()->lgamma_table(d, chunk->kp, p->alpha, p->lambda,
                                           d->group[g], d->group[g + 1],
                                           chunk->table);
        if (chunk->settled)
            settled_evidence(chunk, g);
    }
    dmm_team_barrier(worker);
}

/* ---- Passes over the entries ------------------------------------------- */

/* A pass goes over the entries by tiles, so that what it reads and writes is in
 * a second-level cache: the responsibilities of a span of blocks, and one part
 * of the table after another. Bytes of both. */
#define SPAN_BYTES 655360
#define PART_BYTES 131072

/* The responsibilities that stay in that cache while all parts are gone
 * through, and the room of one thread for a part of the histogram. */
#define CACHED_BYTES (2 * SPAN_BYTES)
#define ROOM_BYTES (2 * PART_BYTES)

static double table_bytes(const dmm_chunk *chunk)
{
    return (double)chunk->counts->dictionary.n_features * (double)chunk->kp *
           sizeof(double);
}

/* The taxa groups of a part of the table: it depends on the data only, as the
 * order of a sample's sums depends on it. */
static size_t groups_together(const dmm_chunk *chunk)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const double part =
        (double)d->n_taxa_groups * PART_BYTES / table_bytes(chunk);
    if (part >= (double)d->n_taxa_groups)
        return d->n_taxa_groups;
    return part > 1 ? (size_t)part : 1;
}

/* The blocks of a span, so that all threads get equally many spans. */
static size_t blocks_together(const dmm_chunk *chunk, int n_threads)
{
    const size_t n = chunk->counts->n_blocks, threads = (size_t)n_threads;
    const size_t most = SPAN_BYTES / sizeof(double) /
                        (chunk->counts->block_rows * chunk->kp);
    if (most < 2 ||
        groups_together(chunk) == chunk->counts->dictionary.n_taxa_groups)
        return 1;
    size_t spans = (n + most - 1) / most;
    spans = (spans + threads - 1) / threads * threads;
    return (n + spans - 1) / spans;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A span of blocks, and how many there are for a thread to take. */
typedef struct {
    size_t begin, end;
    size_t blocks;
} span;

static span spans_new(const dmm_worker *worker, const dmm_chunk *chunk)
{
    const span s = {0, 0, blocks_together(chunk, worker->size)};
    return s;
}

/* The next span of blocks that no thread has taken yet. */
static int next_span(const dmm_worker *worker, const dmm_chunk *chunk, span *s)
{
    const size_t n = chunk->counts->n_blocks;
    size_t i;
    if (!dmm_team_next(worker, (n + s->blocks - 1) / s->blocks, &i))
        return 0;
    s->begin = i * s->blocks;
    s->end = lesser(s->begin + s->blocks, n);
    return 1;
}

/* z = start[k] + the totals' part of ev_ik for the rows of one block. */
static void begin_evidence(dmm_chunk *chunk, size_t b, const double *start)
{
    const size_t kp = chunk->kp;
    const dmm_block *block = &chunk->counts->block[b];
    const uint32_t *total = chunk->counts->total_feature + block->first_row;
    double *z = chunk->z + block->first_row * kp;
    for (size_t i = 0; i < block->n_rows; i++) {
        const double *t = chunk->table + (size_t)total[i] * kp;
        for (size_t k = 0; k < kp; k++)
            z[i * kp + k] = start[k] + t[k];
    }
}

/* z = start[k] + ev_ik for the rows of a span of blocks. */
static void span_evidence(dmm_chunk *chunk, const span *s, const double *start)
{
    const dmm_counts *counts = chunk->counts;
    const size_t groups = counts->dictionary.n_taxa_groups;
    const size_t part = groups_together(chunk);
    for (size_t b = s->begin; b < s->end; b++)
        begin_evidence(chunk, b, start);
    for (size_t g = 0; g < groups; g += part)
        for (size_t b = s->begin; b < s->end; b++)
            dmm_kernels_active()->gather(
                &counts->block[b], chunk->kp, g, lesser(g + part, groups),
                chunk->table,
                chunk->z + counts->block[b].first_row * chunk->kp);
}

/* Responsibilities, log-likelihood and weights of a span of blocks. */
static void span_responsibilities(dmm_chunk *chunk, const span *s,
                                  const double *log_weight)
{
    const size_t kp = chunk->kp;
    span_evidence(chunk, s, log_weight);
    for (size_t b = s->begin; b < s->end; b++) {
        const dmm_block *block = &chunk->counts->block[b];
        double *weight = chunk->block_weight + b * kp;
        memset(weight, 0, kp * sizeof *weight);
        chunk->block_loglik[b] = dmm_kernels_active()->softmax(
            block->n_rows, chunk->k, kp, chunk->z + block->first_row * kp,
            weight);
    }
}

/* Adds one block to the histogram of taxa groups [begin, end). */
static void scatter_block(const dmm_chunk *chunk, size_t b, size_t begin,
                          size_t end, double *histogram)
{
    const dmm_block *block = &chunk->counts->block[b];
    dmm_kernels_active()->scatter(block, chunk->kp, begin, end,
                                  chunk->z + block->first_row * chunk->kp,
                                  histogram);
}

/* The histogram of taxa groups [begin, end), all blocks in their order. */
static void scatter_groups(dmm_chunk *chunk, size_t begin, size_t end)
{
    const size_t n = chunk->counts->n_blocks;
    const size_t part = groups_together(chunk);
    const size_t blocks = blocks_together(chunk, 1);
    for (size_t from = 0; from < n; from += blocks)
        for (size_t g = begin; g < end; g += part)
            for (size_t b = from; b < lesser(from + blocks, n); b++)
                scatter_block(chunk, b, g, lesser(g + part, end),
                              chunk->histogram);
}

/* Log-likelihood and weights of the settled samples, or 0. */
static void sum_settled(const dmm_chunk *chunk, const dmm_parameters *p,
                        dmm_sums *sums)
{
    const dmm_settled *s = chunk->settled;
    sums->log_likelihood = 0;
    memset(sums->weight, 0, chunk->kp * sizeof *sums->weight);
    if (s == NULL)
        return;
    for (size_t g = 0; g < chunk->counts->dictionary.n_groups; g++)
        sums->log_likelihood += s->group_evidence[g];
    for (size_t k = 0; k < chunk->k; k++) {
        sums->log_likelihood += s->weight[k] * p->log_weight[k];
        sums->weight[k] = s->weight[k];
    }
}

static void sum_blocks(const dmm_chunk *chunk, const dmm_parameters *p,
                       dmm_sums *sums)
{
    const size_t kp = chunk->kp;
    sum_settled(chunk, p, sums);
    for (size_t b = 0; b < chunk->counts->n_blocks; b++) {
        sums->log_likelihood += chunk->block_loglik[b];
        for (size_t k = 0; k < kp; k++)
            sums->weight[k] += chunk->block_weight[b * kp + k];
    }
}

void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *p, dmm_sums *sums)
{
    fill_table(worker, chunk, p);
    span s = spans_new(worker, chunk);
    while (next_span(worker, chunk, &s))
        span_responsibilities(chunk, &s, p->log_weight);
    if (dmm_team_enter(worker)) {
        sum_blocks(chunk, p, sums);
        dmm_team_leave(worker);
    }
}

void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *p)
{
    fill_table(worker, chunk, p);
    span s = spans_new(worker, chunk);
    /* Feature 0 is padding: its row of the table is 0. */
    while (next_span(worker, chunk, &s))
        span_evidence(chunk, &s, chunk->table);
    dmm_team_barrier(worker);
}

void dmm_estep_weights(const dmm_chunk *chunk, double *weight)
{
    const size_t kp = chunk->kp;
    memset(weight, 0, kp * sizeof *weight);
    for (size_t i = 0; i < chunk->counts->n_samples; i++)
        for (size_t k = 0; k < kp; k++)
            weight[k] += chunk->z[i * kp + k];
}

/* The histogram of features [from, to) before the chunk's samples: that of the
 * settled ones, or 0. */
static void begin_histogram(const dmm_chunk *chunk, size_t from, size_t to,
                            double *histogram)
{
    const size_t kp = chunk->kp, n = (to - from) * kp;
    double *h = histogram + from * kp;
    if (chunk->settled)
        dmm_kernels_active()->from_counts(
            n, chunk->settled->histogram + from * kp, h);
    else
        memset(h, 0, n * sizeof *h);
}

static void totals_histogram(dmm_chunk *chunk)
{
    const dmm_counts *counts = chunk->counts;
    const dmm_dictionary *d = &counts->dictionary;
    const size_t kp = chunk->kp;
    if (d->n_columns == d->n_taxa_columns)
        return;
    begin_histogram(chunk, d->begin[d->n_taxa_columns],
                    d->end[d->n_columns - 1], chunk->histogram);
    for (size_t i = 0; i < counts->n_samples; i++) {
        const size_t f = counts->total_feature[i];
        /* Feature 0, of samples without counts, is no column's: its row stays
         * 0 for the table that comes next. */
        for (size_t k = 0; f > 0 && k < kp; k++)
            chunk->histogram[f * kp + k] += chunk->z[i * kp + k];
    }
}

void dmm_estep_histogram(const dmm_worker *worker, dmm_chunk *chunk)
{
    const dmm_counts *counts = chunk->counts;
    const dmm_dictionary *d = &counts->dictionary;
    const size_t groups = d->n_taxa_groups;
    size_t begin, end;
    dmm_team_share(worker, d->share_work, groups + 1, &begin, &end);
    if (begin < end && end == groups + 1)
        totals_histogram(chunk);
    if (end > groups)
        end = groups;
    if (begin < end) {
        begin_histogram(chunk, d->begin[d->group[begin]],
                        d->end[d->group[end] - 1], chunk->histogram);
        scatter_groups(chunk, begin, end);
    }
    dmm_team_barrier(worker);
}

/* The groups' sums, and those of the columns of totals. */
static void sum_groups(const dmm_chunk *chunk, dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t kp = chunk->kp;
    for (size_t k = 0; k < kp; k++) {
        double lgamma = 0, digamma = 0, trigamma = 0;
        for (size_t g = 0; g < d->n_groups; g++)
            lgamma += chunk->group_lgamma[g * kp + k];
        for (size_t c = d->n_taxa_columns; c < d->n_columns; c++) {
            digamma += sums->digamma[c * kp + k];
            trigamma += sums->trigamma[c * kp + k];
        }
        sums->lgamma[k] = lgamma;
        sums->total_digamma[k] = digamma;
        sums->total_trigamma[k] = trigamma;
    }
}

static void histogram_task(const dmm_worker *worker, void *chunk)
{
    dmm_estep_histogram(worker, chunk);
}

void dmm_estep_run_histogram(dmm_team *team, dmm_chunk *chunk)
{
    dmm_team_do(team, histogram_task, chunk);
}

static void group_sums(const dmm_chunk *chunk, const dmm_parameters *p,
                       const double *histogram, size_t g, dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    dmm_kernels_active()->difference_sums(
        d, chunk->kp, p->alpha, p->lambda, histogram, d->group[g],
        d->group[g + 1], chunk->group_lgamma + g * chunk->kp, sums->digamma,
        sums->trigamma);
}

void dmm_estep_sums(const dmm_worker *worker, dmm_chunk *chunk,
                    const dmm_parameters *p, dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t next;
    while (dmm_team_next(worker, d->n_groups, &next))
        group_sums(chunk, p, chunk->histogram, long_groups_first(d, next),
                   sums);
    if (dmm_team_enter(worker)) {
        sum_groups(chunk, sums);
        dmm_team_leave(worker);
    }
}

/* ---- Histogram and sums in one pass ------------------------------------- */

/* Whether all responsibilities stay in a core's cache, so that a part of the
 * histogram can be finished before the next one. */
static int fits_cache(const dmm_chunk *chunk)
{
    return (double)chunk->counts->n_samples * (double)chunk->kp *
               sizeof(double) <=
           CACHED_BYTES;
}

dmm_status dmm_chunk_add_rooms(dmm_chunk *chunk, int n_threads)
{
    if (!fits_cache(chunk) || table_bytes(chunk) <= CACHED_BYTES)
        return DMM_OK;
    chunk->rooms =
        DMM_NEW2((size_t)n_threads, ROOM_BYTES / sizeof(double), double);
    return chunk->rooms ? DMM_OK : DMM_ERROR_MEMORY;
}

/* Where a thread makes the histogram of features [from, to): feature f's is at
 * [f * kp]. In its own room the histogram does not displace the table, whose
 * place it would have to take from other cores' caches otherwise. */
static double *histogram_room(const dmm_worker *worker, const dmm_chunk *chunk,
                              size_t from, size_t to)
{
    const size_t length = ROOM_BYTES / sizeof(double);
    /* Rows keep their alignment. */
    const size_t first = from - from % DMM_FEATURE_PADDING;
    if (chunk->rooms == NULL || (to - first) * chunk->kp > length)
        return chunk->histogram;
    const double *room = chunk->rooms + (size_t)worker->number * length;
    return (double *)((uintptr_t)room - first * chunk->kp * sizeof(double));
}

/* Histogram and sums of taxa groups [begin, end). */
static void finish_groups(const dmm_worker *worker, dmm_chunk *chunk,
                          const dmm_parameters *p, size_t begin, size_t end,
                          dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t from = d->begin[d->group[begin]];
    const size_t to = d->end[d->group[end] - 1];
    double *histogram = histogram_room(worker, chunk, from, to);
    begin_histogram(chunk, from, to, histogram);
    for (size_t b = 0; b < chunk->counts->n_blocks; b++)
        scatter_block(chunk, b, begin, end, histogram);
    for (size_t g = begin; g < end; g++)
        group_sums(chunk, p, histogram, g, sums);
}

void dmm_estep_histogram_sums(const dmm_worker *worker, dmm_chunk *chunk,
                              const dmm_parameters *p, dmm_sums *sums)
{
    if (!fits_cache(chunk)) {
        dmm_estep_histogram(worker, chunk);
        dmm_estep_sums(worker, chunk, p, sums);
        return;
    }
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t groups = d->n_taxa_groups;
    /* Some parts for each thread, so that none waits long for another. */
    size_t part = lesser(groups_together(chunk),
                         groups / (4 * (size_t)worker->size));
    part = part > 1 ? part : 1;
    size_t next;
    while (dmm_team_next(worker, 1 + (groups + part - 1) / part, &next)) {
        const size_t begin = (next - 1) * part;
        if (next == 0)
            totals_histogram(chunk);
        else
            finish_groups(worker, chunk, p, begin,
                          lesser(begin + part, groups), sums);
    }
    dmm_team_barrier(worker);
    while (dmm_team_next(worker, d->n_groups - groups, &next))
        group_sums(chunk, p, chunk->histogram, groups + next, sums);
    if (dmm_team_enter(worker)) {
        sum_groups(chunk, sums);
        dmm_team_leave(worker);
    }
}
