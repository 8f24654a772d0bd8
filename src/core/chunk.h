/* A chunk of samples: a compressed count table with the room that steps over it
 * need, and how a step is cut for caches and threads.
 *
 * Responsibilities z are [sample * kp + component], the table of log gamma
 * differences and the histogram (sum of z over the samples that have a feature)
 * are [feature * kp + component].
 *
 * A pass over the entries goes by tiles, so that what it reads and writes is in
 * a second-level cache: the responsibilities of a *span* of blocks, and one
 * *part* of the table, some groups of taxa, after another.
 *
 * Where all responsibilities are in cache, a thread finishes one part after
 * another, in a *room* of its own. To share the evidence of a sample among
 * threads it is a sum over *lanes*, which are groups of taxa as well.
 */
#ifndef DMM_CHUNK_H
#define DMM_CHUNK_H

#include "counts.h"
#include "status.h"
#include "threads.h"

typedef struct dmm_settled dmm_settled; /* settled.h */

typedef struct {
    const dmm_counts *counts;
    dmm_settled *settled; /* samples that are left out of counts, or NULL;
                             not the chunk's to free                      */
    size_t k;
    size_t kp;
    double *z;
    /* The table and the histogram are one array and take turns in it: the table
     * is spent once z is made, the histogram when its sums are. With rooms, it
     * may hold neither. */
    double *table;
    double *histogram;
    /* Of dmm_chunk_add_rooms(), or NULL: a room of room_length for each thread,
     * and the evidence of the lanes but the first one. */
    double *rooms;
    size_t room_length;
    double *lanes;
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

/* Room for steps by up to n_threads threads to be faster with, where there is a
 * way: a thread finishes a part of the table or the histogram in its room while
 * it is in cache. Changes the order of a sample's sums in large tables. */
dmm_status dmm_chunk_add_rooms(dmm_chunk *chunk, int n_threads);

/* Frees the table, histogram and rooms, when no more steps are taken. */
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

/* Where a thread makes its part of the table or the histogram, of taxa groups
 * from `begin` on: feature f's row is at [f * kp]. In its own room it does not
 * write to lines that are in other cores' caches; without rooms it is the
 * chunk's table. */
double *dmm_chunk_room(const dmm_worker *worker, const dmm_chunk *chunk,
                       size_t begin);

/* Lanes depend on the data only: a table beside which their sums are not small,
 * or without rooms, has one. */
#define DMM_LANES 4

typedef struct {
    size_t begin, end; /* taxa groups                                     */
    double *sum;       /* N x kp, of the evidence: z itself in lane 0, to
                          which the others are added in the end           */
} dmm_lane;

size_t dmm_chunk_lanes(const dmm_chunk *chunk);
dmm_lane dmm_chunk_lane(const dmm_chunk *chunk, size_t i);

#endif
