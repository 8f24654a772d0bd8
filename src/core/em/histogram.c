#include "em/histogram.h"

#include <string.h>

#include "em/settled.h"
#include "simd/kernels.h"

/* Initialises the histogram of features [from, to) to that of the settled
 * samples, or to 0 without them. */
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

/* Adds one block to the histogram of taxa groups [begin, end). */
static void scatter_block(const dmm_chunk *chunk, size_t b, size_t begin,
                          size_t end, double *histogram)
{
    const dmm_block *block = &chunk->counts->block[b];
    dmm_kernels_active()->scatter(block, chunk->kp, begin, end,
                                  chunk->z + block->first_row * chunk->kp,
                                  histogram);
}

/* Computes the histogram of taxa groups [begin, end) tile by tile (chunk.h).
 * Blocks are added in their order, so that results do not depend on the tiles
 * or threads. */
static void scatter_groups(dmm_chunk *chunk, size_t begin, size_t end)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t n = chunk->counts->n_blocks;
    const size_t part = dmm_chunk_part(chunk);
    const size_t blocks = dmm_chunk_span(chunk, 1);
    begin_histogram(chunk, d->begin[d->group[begin]],
                    d->end[d->group[end] - 1], chunk->histogram);
    for (size_t from = 0; from < n; from += blocks)
        for (size_t g = begin; g < end; g += part)
            for (size_t b = from; b < dmm_lesser(from + blocks, n); b++)
                scatter_block(chunk, b, g, dmm_lesser(g + part, end),
                              chunk->histogram);
}

/* Computes the histogram of all columns of totals. */
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
        /* Samples without counts have feature 0, which is in no column. */
        for (size_t k = 0; f > 0 && k < kp; k++)
            chunk->histogram[f * kp + k] += chunk->z[i * kp + k];
    }
}

/* Takes the next taxa groups [*begin, *end) for a thread to compute the
 * histogram of; 0 when all are taken. The totals are shared in the same loop,
 * as one more group: the thread that takes them computes their histogram here.
 */
static int next_taxa_groups(const dmm_worker *worker, dmm_chunk *chunk,
                            size_t *begin, size_t *end)
{
    const size_t groups = chunk->counts->dictionary.n_taxa_groups;
    while (dmm_chunk_next_groups(worker, chunk, groups + 1, begin, end)) {
        if (*begin < *end && *end > groups)
            totals_histogram(chunk);
        *end = dmm_lesser(*end, groups);
        if (*begin < *end)
            return 1;
    }
    return 0;
}

void dmm_histogram_make(const dmm_worker *worker, dmm_chunk *chunk)
{
    size_t begin, end;
    while (next_taxa_groups(worker, chunk, &begin, &end))
        scatter_groups(chunk, begin, end);
    dmm_team_barrier(worker);
}

static void histogram_task(const dmm_worker *worker, void *chunk)
{
    dmm_histogram_make(worker, chunk);
}

void dmm_histogram_run(dmm_team *team, dmm_chunk *chunk)
{
    dmm_team_do(team, histogram_task, chunk);
}

/* ---- Sums --------------------------------------------------------------- */

/* Adds up the groups' sums and those of the columns of totals. */
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

/* Has one thread add up the groups when all threads are done. */
static void finish_sums(const dmm_worker *worker, const dmm_chunk *chunk,
                        dmm_sums *sums)
{
    if (dmm_team_enter(worker)) {
        sum_groups(chunk, sums);
        dmm_team_leave(worker);
    }
}

/* Computes the sums of one group of columns. */
static void group_sums(const dmm_chunk *chunk, const dmm_parameters *p,
                       const double *histogram, size_t g, dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    dmm_kernels_active()->difference_sums(
        d, chunk->kp, p->alpha, p->lambda, histogram, d->group[g],
        d->group[g + 1], chunk->group_lgamma + g * chunk->kp, sums->digamma,
        sums->trigamma);
}

void dmm_histogram_sums(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *p, dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t next;
    while (dmm_team_next(worker, d->n_groups, &next))
        group_sums(chunk, p, chunk->histogram, dmm_chunk_group(chunk, next),
                   sums);
    finish_sums(worker, chunk, sums);
}

/* ---- Both in one pass --------------------------------------------------- */

/* Computes the histogram of taxa groups [begin, end), in the thread's buffer if
 * it has one, and the sums from it. */
static void finish_groups(const dmm_worker *worker, dmm_chunk *chunk,
                          const dmm_parameters *p, size_t begin, size_t end,
                          dmm_sums *sums)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t from = d->begin[d->group[begin]];
    const size_t to = d->end[d->group[end] - 1];
    double *histogram = dmm_chunk_buffer(worker, chunk, begin);
    begin_histogram(chunk, from, to, histogram);
    for (size_t b = 0; b < chunk->counts->n_blocks; b++)
        scatter_block(chunk, b, begin, end, histogram);
    for (size_t g = begin; g < end; g++)
        group_sums(chunk, p, histogram, g, sums);
}

void dmm_histogram_make_sums(const dmm_worker *worker, dmm_chunk *chunk,
                             const dmm_parameters *p, dmm_sums *sums)
{
    if (!dmm_chunk_is_cached(chunk)) {
        dmm_histogram_make(worker, chunk);
        dmm_histogram_sums(worker, chunk, p, sums);
        return;
    }
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t begin, end, next;
    while (next_taxa_groups(worker, chunk, &begin, &end))
        finish_groups(worker, chunk, p, begin, end, sums);
    dmm_team_barrier(worker);
    while (dmm_team_next(worker, d->n_groups - d->n_taxa_groups, &next))
        group_sums(chunk, p, chunk->histogram, d->n_taxa_groups + next, sums);
    finish_sums(worker, chunk, sums);
}
