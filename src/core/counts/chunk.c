/* The workspace of EM iterations, and how they are divided: see chunk.h. */
#include "counts/chunk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "simd/kernels.h"

/* Samples that are transposed together, so that their rows of z and their
 * places in the columns of the result stay in cache. */
#define TILE_ROWS 16

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
    const size_t rows = counts->n_blocks > 0 ? counts->n_samples : 0;
    chunk->z = DMM_RESERVE2(rows, kp, double);
    chunk->table = DMM_RESERVE2(d->n_features, kp, double);
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

void dmm_chunk_set_responsibilities(dmm_chunk *chunk, const double *given)
{
    const size_t n = chunk->counts->n_samples;
    memset(chunk->z, 0, n * chunk->kp * sizeof *chunk->z);
    for (size_t k = 0; k < chunk->k; k++)
        for (size_t i = 0; i < n; i++)
            chunk->z[i * chunk->kp + k] = given[k * n + i];
}

void dmm_chunk_get_responsibilities(const dmm_chunk *chunk, const size_t *order,
                                    double *result)
{
    const size_t n = chunk->counts->n_samples, kp = chunk->kp;
    for (size_t first = 0; first < n; first += TILE_ROWS) {
        const size_t end = dmm_lesser(first + TILE_ROWS, n);
        for (size_t c = 0; c < chunk->k; c++) {
            const double *z = chunk->z + (order ? order[c] : c);
            for (size_t i = first; i < end; i++)
                result[c * n + i] = z[i * kp];
        }
    }
}

double dmm_chunk_assign(const dmm_chunk *chunk, const size_t *order,
                        double *assigned)
{
    const size_t n = chunk->counts->n_samples, k = chunk->k;
    double entropy = 0;
    for (size_t i = 0; i < n; i++) {
        const double *z = chunk->z + i * chunk->kp;
        size_t greatest = 0;
        double others = 0, sum = 0;
        for (size_t c = 1; c < k; c++)
            if (z[order ? order[c] : c] > z[order ? order[greatest] : greatest])
                greatest = c;
        for (size_t c = 0; c < k; c++) {
            const double p = z[order ? order[c] : c];
            if (c != greatest)
                others += p;
            if (p > 0)
                sum -= p * log(p);
        }
        assigned[i] = (double)greatest;
        assigned[n + i] = others;
        entropy += sum;
    }
    return entropy;
}

void dmm_chunk_release_table(dmm_chunk *chunk)
{
    dmm_free(chunk->table);
    dmm_free(chunk->buffers);
    dmm_free(chunk->lanes);
    chunk->table = chunk->histogram = chunk->buffers = chunk->lanes = NULL;
}

/* ---- Tiles, and the division of loops ----------------------------------- */

/* Bytes of the responsibilities of a span, and of a part of the table: together
 * they fit a second-level cache. */
#define SPAN_BYTES 655360
#define PART_BYTES 131072

/* Bytes of responsibilities that stay in a core's cache while it passes over
 * all parts of a table. */
#define CACHED_BYTES (2 * SPAN_BYTES)

size_t dmm_chunk_group(const dmm_chunk *chunk, size_t i)
{
    return chunk->counts->dictionary.n_groups - 1 - i;
}

static double responsibilities_bytes(const dmm_chunk *chunk)
{
    return (double)chunk->counts->n_samples * (double)chunk->kp *
           sizeof(double);
}

int dmm_chunk_is_cached(const dmm_chunk *chunk)
{
    return responsibilities_bytes(chunk) <= CACHED_BYTES;
}

static double table_bytes(const dmm_chunk *chunk)
{
    return (double)chunk->counts->dictionary.n_features * (double)chunk->kp *
           sizeof(double);
}

size_t dmm_chunk_part(const dmm_chunk *chunk)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const double part =
        (double)d->n_taxa_groups * PART_BYTES / table_bytes(chunk);
    if (part >= (double)d->n_taxa_groups)
        return d->n_taxa_groups;
    return part > 1 ? (size_t)part : 1;
}

int dmm_chunk_next_groups(const dmm_worker *worker, const dmm_chunk *chunk,
                          size_t n, size_t *begin, size_t *end)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t size = (size_t)worker->size;
    size_t next;
    if (!dmm_chunk_is_cached(chunk)) {
        if (!dmm_team_next(worker, size, &next))
            return 0;
        dmm_share(next, size, d->share_work, n, begin, end);
        return 1;
    }
    size_t part =
        dmm_lesser(dmm_chunk_part(chunk), d->n_taxa_groups / (4 * size));
    part = part > 1 ? part : 1;
    if (!dmm_team_next(worker, (n + part - 1) / part, &next))
        return 0;
    *begin = next * part;
    *end = dmm_lesser(*begin + part, n);
    return 1;
}

size_t dmm_chunk_span(const dmm_chunk *chunk, int n_threads)
{
    const size_t n = chunk->counts->n_blocks, threads = (size_t)n_threads;
    const size_t most = SPAN_BYTES / sizeof(double) /
                        (chunk->counts->block_rows * chunk->kp);
    if (most < 2 ||
        dmm_chunk_part(chunk) == chunk->counts->dictionary.n_taxa_groups)
        return 1;
    size_t spans = (n + most - 1) / most;
    spans = (spans + threads - 1) / threads * threads;
    return (n + spans - 1) / spans;
}

/* ---- Buffers ------------------------------------------------------------ */

/* Bytes of the largest buffer that stays in cache together with z. */
#define MOST_BUFFER_BYTES 524288

/* The first feature in a buffer for the part that begins with taxa group
 * `begin`. It is rounded down, so that rows are aligned as they are in the
 * histogram. */
static size_t buffer_start(const dmm_chunk *chunk, size_t begin)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t from = d->begin[d->group[begin]];
    return from - from % DMM_FEATURE_PADDING;
}

/* The number of doubles that a buffer for any part of the histogram needs. */
static size_t largest_part(const dmm_chunk *chunk)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t part = dmm_chunk_part(chunk);
    size_t largest = 0;
    for (size_t g = 0; g < d->n_taxa_groups; g++) {
        const size_t end = dmm_lesser(g + part, d->n_taxa_groups);
        const size_t n = d->end[d->group[end] - 1] - buffer_start(chunk, g);
        largest = n > largest ? n : largest;
    }
    /* A kernel may write a vector past the end of a group. */
    return (largest + DMM_FEATURE_PADDING) * chunk->kp;
}

dmm_status dmm_chunk_add_buffers(dmm_chunk *chunk, int n_threads)
{
    const size_t length = largest_part(chunk);
    if (!dmm_chunk_is_cached(chunk) || table_bytes(chunk) <= CACHED_BYTES ||
        (double)length * sizeof(double) > MOST_BUFFER_BYTES)
        return DMM_OK;
    chunk->buffer_length = (length + 7) / 8 * 8;
    chunk->buffers =
        DMM_RESERVE2((size_t)n_threads, chunk->buffer_length, double);
    if (!chunk->buffers)
        return DMM_ERROR_MEMORY;
    if (DMM_LANES * responsibilities_bytes(chunk) > table_bytes(chunk))
        return DMM_OK;
    chunk->lanes = DMM_RESERVE2((DMM_LANES - 1) * chunk->counts->n_samples,
                                chunk->kp, double);
    return chunk->lanes ? DMM_OK : DMM_ERROR_MEMORY;
}

double *dmm_chunk_buffer(const dmm_worker *worker, const dmm_chunk *chunk,
                         size_t begin)
{
    if (chunk->buffers == NULL)
        return chunk->histogram;
    /* The address is moved back so that features can be used as indices. A
     * pointer before its array is undefined in C, hence the integer. */
    const double *buffer =
        chunk->buffers + (size_t)worker->number * chunk->buffer_length;
    return (double *)((uintptr_t)buffer -
                      buffer_start(chunk, begin) * chunk->kp * sizeof(double));
}

/* ---- Lanes -------------------------------------------------------------- */

size_t dmm_chunk_lanes(const dmm_chunk *chunk)
{
    return chunk->lanes == NULL ? 1 : DMM_LANES;
}

void dmm_chunk_lane_groups(const dmm_chunk *chunk, size_t lane, size_t *begin,
                           size_t *end)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    dmm_share(lane, dmm_chunk_lanes(chunk), d->share_work, d->n_taxa_groups,
              begin, end);
}

double *dmm_chunk_lane_sum(const dmm_chunk *chunk, size_t lane)
{
    const size_t length = chunk->counts->n_samples * chunk->kp;
    return lane == 0 ? chunk->z : chunk->lanes + (lane - 1) * length;
}
