/* A chunk: a compressed count table together with the workspace of an EM
 * iteration on it. The functions below also say how an iteration is divided
 * into tiles that fit the caches, and among threads.
 *
 * The responsibilities z are at [sample * kp + component], where kp is the
 * padded number of components (simd/kernels.h). The *table* of log gamma
 * differences and the *histogram*, the sum of z over the samples that have a
 * feature, are at [feature * kp + component].
 *
 * The E- and M-step pass over all entries of the count table. An entry combines
 * a row of z with a row of the table or histogram, so a pass proceeds by tiles
 * that fit a second-level cache: the responsibilities of a *span*, which is
 * some consecutive blocks of samples, and a *part* of the table or histogram,
 * which is that of some consecutive groups of taxa columns. (counts.h defines
 * feature, block and group.)
 */
#ifndef DMM_CHUNK_H
#define DMM_CHUNK_H

#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

typedef struct dmm_settled dmm_settled; /* em/settled.h */

typedef struct {
    const dmm_counts *counts;
    dmm_settled *settled; /* samples that are left out of counts, or NULL;
                             not freed with the chunk                     */
    size_t k;
    size_t kp;
    double *z;              /* n_samples x kp     */
    /* The log probabilities of the components for each sample before its counts
     * are seen, n_samples x kp, in place of the log weights; or NULL. Not freed
     * with the chunk. */
    const double *log_prior;
    /* The table and the histogram share one array of n_features x kp: the table
     * is not needed after z has been computed from it, nor the histogram after
     * the sums of the M-step have. */
    double *table;
    double *histogram;
    /* Made by dmm_chunk_add_buffers(), or NULL: buffer_length doubles for each
     * thread. */
    double *buffers;
    size_t buffer_length;
    double *lanes;          /* sums of lanes 1 .. DMM_LANES - 1, or NULL */
    double *block_weight;   /* n_blocks x kp      */
    double *block_loglik;   /* n_blocks           */
    double *group_lgamma;   /* n_groups x kp      */
} dmm_chunk;

/* A chunk for k components; the counts must outlive it. There is no z for
 * counts without blocks, whose samples are elsewhere (em/gather.h). z and the
 * table are not initialised: the code that first fills z must write all kp
 * components of all samples. */
dmm_status dmm_chunk_new(const dmm_counts *counts, size_t k,
                         dmm_chunk **chunk);
void dmm_chunk_free(dmm_chunk *chunk);

/* Sets z from responsibilities at [component * n_samples + sample]. */
void dmm_chunk_set_responsibilities(dmm_chunk *chunk, const double *given);

/* Copies z to result[component * n_samples + sample]. Component c of the result
 * is component order[c] of z; an order of NULL leaves the components as they
 * are. */
void dmm_chunk_get_responsibilities(const dmm_chunk *chunk, const size_t *order,
                                    double *result);

/* Reduces z to the most probable component of each sample, in `assigned` as in
 * dmm_fit_result, with components in an order as above. Returns the entropy. */
double dmm_chunk_assign(const dmm_chunk *chunk, const size_t *order,
                        double *assigned);

/* Allocates for each of n_threads threads a buffer for a part of the histogram,
 * if all responsibilities stay in cache and the whole histogram does not. A
 * thread that computes a part and its sums in its own buffer does not write to
 * cache lines that other cores hold. Makes lanes as well, if the table is so
 * large that they are small beside it; they change the order of a sample's
 * sums. */
dmm_status dmm_chunk_add_buffers(dmm_chunk *chunk, int n_threads);

/* Frees the table, the histogram, the buffers and the lanes when no more
 * iterations will follow. */
void dmm_chunk_release_table(dmm_chunk *chunk);

/* ---- Tiles, and the division of loops ----------------------------------- */

static inline size_t dmm_lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The index of the greatest of k values, the first of equal ones, that of index
 * `but` left out; but = k leaves out none. At least one value must remain. */
static inline size_t dmm_greatest(const double *value, size_t k, size_t but)
{
    size_t at = but == 0 ? 1 : 0;
    for (size_t c = at + 1; c < k; c++)
        if (c != but && value[c] > value[at])
            at = c;
    return at;
}

/* The i-th group of columns in the order in which threads take them one by one.
 * It begins with the last groups, those of the totals: they are often the
 * longest, and no thread should be left alone with one at the end. */
size_t dmm_chunk_group(const dmm_chunk *chunk, size_t i);

/* The number of taxa groups in a part. It depends on the data only, not on the
 * number of threads, because it decides the order in which a sample's evidence
 * is summed. */
size_t dmm_chunk_part(const dmm_chunk *chunk);

/* Shares a loop over n groups of columns, each of which takes a pass over all
 * samples, between the threads: stores the next range [*begin, *end) and
 * returns nonzero, or returns 0 when none is left. If all responsibilities are
 * in cache, the ranges are short, so that no thread waits long for another.
 * Otherwise there is one range of about equal cost, which may be empty, for
 * each thread. n is the number of taxa groups, or one more; the additional
 * group stands for all columns of totals. */
int dmm_chunk_next_groups(const dmm_worker *worker, const dmm_chunk *chunk,
                          size_t n, size_t *begin, size_t *end);

/* The number of blocks in a span. It is chosen so that all threads get the same
 * number of spans. */
size_t dmm_chunk_span(const dmm_chunk *chunk, int n_threads);

/* Whether all responsibilities stay in a core's cache during a pass. */
int dmm_chunk_is_cached(const dmm_chunk *chunk);

/* Where a thread computes the part of the histogram that begins with taxa group
 * `begin`: in its buffer or, without buffers, in the chunk's histogram. The
 * result is indexed like the histogram, by [feature * kp + component]. */
double *dmm_chunk_buffer(const dmm_worker *worker, const dmm_chunk *chunk,
                         size_t begin);

/* ---- Lanes -------------------------------------------------------------- */

/* The evidence of a sample may be a sum over *lanes*, each of a quarter of the
 * taxa. Small tables have few blocks: taken lane by lane they are shared more
 * evenly. Whether a chunk has lanes depends on the data only. */
#define DMM_LANES 4

/* DMM_LANES, or 1. */
size_t dmm_chunk_lanes(const dmm_chunk *chunk);

/* The taxa groups [*begin, *end) of a lane. */
void dmm_chunk_lane_groups(const dmm_chunk *chunk, size_t lane, size_t *begin,
                           size_t *end);

/* Where a lane is summed, n_samples x kp: z itself for lane 0. */
double *dmm_chunk_lane_sum(const dmm_chunk *chunk, size_t lane);

#endif
