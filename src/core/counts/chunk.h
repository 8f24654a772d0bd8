/* A chunk of samples: a compressed count table with the room that steps over it
 * need, and how a step is cut for caches and threads.
 *
 * Responsibilities z are [sample * kp + component], the table of log gamma
 * differences and the histogram (sum of z over the samples that have a feature)
 * are [feature * kp + component].
 *
 * A pass over the entries goes by tiles that fit a second-level cache: the
 * responsibilities of a *span* of blocks, and a *part* of the table, which is a
 * number of groups of taxa.
 */
#ifndef DMM_CHUNK_H
#define DMM_CHUNK_H

#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

typedef struct dmm_settled dmm_settled; /* settled.h */

typedef struct {
    const dmm_counts *counts;
    dmm_settled *settled; /* samples that are left out of counts, or NULL;
                             not the chunk's to free                      */
    size_t k;
    size_t kp;
    double *z;
    /* The table and the histogram are one array and take turns in it: the table
     * is not needed once z is made, nor the histogram when its sums are. */
    double *table;
    double *histogram;
    /* Of dmm_chunk_add_buffers(), or NULL: buffer_length for each thread. */
    double *buffers;
    size_t buffer_length;
    double *block_weight;   /* n_blocks x kp      */
    double *block_loglik;   /* n_blocks           */
    double *group_lgamma;   /* n_groups x kp      */
} dmm_chunk;

/* z and the table hold anything at first: who makes z makes all kp components
 * of all samples. */
dmm_status dmm_chunk_new(const dmm_counts *counts, size_t k,
                         dmm_chunk **chunk);
void dmm_chunk_free(dmm_chunk *chunk);

/* z from responsibilities that are [component * n_samples + sample]. */
void dmm_chunk_set_responsibilities(dmm_chunk *chunk, const double *given);

/* Copies z to [component * n_samples + sample], component order[c] as c; NULL
 * keeps the order. */
void dmm_chunk_get_responsibilities(const dmm_chunk *chunk, const size_t *order,
                                    double *result);

/* Gives each of up to n_threads threads a buffer for a part of the histogram,
 * where all responsibilities are in cache and the histogram is not: a thread
 * that sums a part up while it is in its own buffer does not write to cache
 * lines of other cores. Results do not depend on it. */
dmm_status dmm_chunk_add_buffers(dmm_chunk *chunk, int n_threads);

/* Frees the table, histogram and buffers, when no more steps are taken. */
void dmm_chunk_release_table(dmm_chunk *chunk);

/* ---- Cuts --------------------------------------------------------------- */

static inline size_t dmm_lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The group of columns that is the i-th for threads to take: those of totals,
 * the last ones and often the longest, come first, so that no thread is left
 * alone with one. */
size_t dmm_chunk_group(const dmm_chunk *chunk, size_t i);

/* The taxa groups of a part of the table: it depends on the data only, as the
 * order of a sample's sums depends on it. */
size_t dmm_chunk_part(const dmm_chunk *chunk);

/* Shares a loop over the first n groups of columns, of which each takes a sum
 * over all samples: [*begin, *end) are a thread's next. Where responsibilities
 * are in cache they are few, so that no thread waits long for another, and
 * otherwise a thread's share of all. n is the number of taxa groups, or one
 * more for the columns of totals together. */
int dmm_chunk_next_groups(const dmm_worker *worker, const dmm_chunk *chunk,
                          size_t n, size_t *begin, size_t *end);

/* The blocks of a span, so that all threads get equally many spans. */
size_t dmm_chunk_span(const dmm_chunk *chunk, int n_threads);

/* Whether all responsibilities are in cache during a pass. */
int dmm_chunk_is_cached(const dmm_chunk *chunk);

/* Where a thread makes a part of the histogram, of taxa groups from `begin` on:
 * feature f's row is at [f * kp]. In its buffer or, without buffers, in the
 * chunk's histogram. */
double *dmm_chunk_buffer(const dmm_worker *worker, const dmm_chunk *chunk,
                         size_t begin);

#endif
