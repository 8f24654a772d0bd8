#include "em/estep.h"

#include <string.h>

#include "em/settled.h"
#include "simd/kernels.h"

int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested)
{
    const double kp = (double)dmm_padded_components(k);
    /* Entries need counting only up to where the work is worth sharing. */
    const size_t enough = (size_t)(DMM_SERIAL_WORK / kp) + 1;
    const double work = (double)dmm_matrix_nonzeros(matrix, enough) * kp;
    return dmm_threads_for(requested, work);
}

/* The contribution of one group of columns to the evidence of the settled
 * samples, each for its component, summed over these samples. */
static void settled_group(const dmm_chunk *chunk, size_t g)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    const size_t from = d->begin[d->group[g]] * chunk->kp;
    const size_t to = d->end[d->group[g + 1] - 1] * chunk->kp;
    chunk->settled->group_evidence[g] = dmm_kernels_active()->dot_counts(
        to - from, chunk->settled->histogram + from, chunk->table + from);
}

/* Computes the table of log gamma differences at the parameters, and the
 * settled samples' evidence. Feature 0, the total of samples without counts, is
 * in no group; its row is set to 0. */
static void fill_table(const dmm_worker *worker, dmm_chunk *chunk,
                       const dmm_parameters *p)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t next;
    if (worker->number == 0)
        memset(chunk->table, 0, chunk->kp * sizeof *chunk->table);
    while (dmm_team_next(worker, d->n_groups, &next)) {
        const size_t g = dmm_chunk_group(chunk, next);
        dmm_kernels_active()->lgamma_table(d, chunk->kp, p->alpha, p->lambda,
                                           d->group[g], d->group[g + 1],
                                           chunk->table);
        if (chunk->settled)
            settled_group(chunk, g);
    }
    dmm_team_barrier(worker);
}

/* ---- Evidence ----------------------------------------------------------- */

/* The span of blocks [begin, end) that a thread works on. */
typedef struct {
    size_t begin, end;
    size_t blocks; /* in a span; the last one may have fewer */
} span;

static span spans_new(const dmm_worker *worker, const dmm_chunk *chunk)
{
    const span s = {0, 0, dmm_chunk_span(chunk, worker->size)};
    return s;
}

/* Takes the next span; 0 when all are taken. */
static int next_span(const dmm_worker *worker, const dmm_chunk *chunk, span *s)
{
    const size_t n = chunk->counts->n_blocks;
    size_t i;
    if (!dmm_team_next(worker, (n + s->blocks - 1) / s->blocks, &i))
        return 0;
    s->begin = i * s->blocks;
    s->end = dmm_lesser(s->begin + s->blocks, n);
    return 1;
}

/* What a sample's evidence is added to: start[i * step + k], where i is the
 * sample, or the same for all samples if step is 0. */
typedef struct {
    const double *start;
    size_t step;
} origin;

/* Initialises z of a block's samples to their origin plus the part of ev_ik
 * that comes from the totals. */
static void begin_evidence(dmm_chunk *chunk, size_t b, origin o)
{
    const size_t kp = chunk->kp;
    const dmm_block *block = &chunk->counts->block[b];
    const uint32_t *total = chunk->counts->total_feature + block->first_row;
    double *z = chunk->z + block->first_row * kp;
    for (size_t i = 0; i < block->n_rows; i++) {
        const double *t = chunk->table + (size_t)total[i] * kp;
        const double *start = o.start + (block->first_row + i) * o.step;
        for (size_t k = 0; k < kp; k++)
            z[i * kp + k] = start[k] + t[k];
    }
}

/* A lane's part of origin + ev_ik for the samples of a span, tile by tile
 * (chunk.h). Lane 0 has the origin and the totals' part. */
static void span_evidence(dmm_chunk *chunk, const span *s, size_t lane,
                          origin o)
{
    const size_t part = dmm_chunk_part(chunk), kp = chunk->kp;
    double *sum = dmm_chunk_lane_sum(chunk, lane);
    size_t begin, end;
    dmm_chunk_lane_groups(chunk, lane, &begin, &end);
    for (size_t b = s->begin; b < s->end; b++) {
        const dmm_block *block = &chunk->counts->block[b];
        if (lane == 0)
            begin_evidence(chunk, b, o);
        else
            memset(sum + block->first_row * kp, 0,
                   block->n_rows * kp * sizeof *sum);
    }
    for (size_t g = begin; g < end; g += part)
        for (size_t b = s->begin; b < s->end; b++) {
            const dmm_block *block = &chunk->counts->block[b];
            dmm_kernels_active()->gather(
                block, kp, g, dmm_lesser(g + part, end), chunk->table,
                sum + block->first_row * kp);
        }
}

/* Adds the sums of the other lanes to z, for the samples of a block. */
static void add_lanes(dmm_chunk *chunk, size_t b)
{
    const dmm_block *block = &chunk->counts->block[b];
    const size_t from = block->first_row * chunk->kp;
    const size_t length = block->n_rows * chunk->kp;
    for (size_t lane = 1; lane < dmm_chunk_lanes(chunk); lane++)
        dmm_kernels_active()->add_scaled(
            length, 1, dmm_chunk_lane_sum(chunk, lane) + from,
            chunk->z + from);
}

/* Turns z of a block from log pi_k + ev_ik to responsibilities, and computes
 * the block's log-likelihood and weights. */
static void block_responsibilities(dmm_chunk *chunk, size_t b)
{
    const size_t kp = chunk->kp;
    const dmm_block *block = &chunk->counts->block[b];
    double *weight = chunk->block_weight + b * kp;
    memset(weight, 0, kp * sizeof *weight);
    chunk->block_loglik[b] = dmm_kernels_active()->softmax(
        block->n_rows, chunk->k, kp, chunk->z + block->first_row * kp, weight);
}

/* Initialises the sums with the settled samples, or to 0 without them. */
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

/* Adds up log-likelihood and weights in the order of the blocks, so that
 * results do not depend on the threads. */
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

/* A thread finishes a span that it takes, while z is in its cache. */
static void span_by_span(const dmm_worker *worker, dmm_chunk *chunk, origin o,
                         int finish)
{
    span s = spans_new(worker, chunk);
    while (next_span(worker, chunk, &s)) {
        span_evidence(chunk, &s, 0, o);
        for (size_t b = s.begin; finish && b < s.end; b++)
            block_responsibilities(chunk, b);
    }
}

/* Threads take the blocks of all lanes one by one, and then the blocks to add
 * the lanes up. */
static void lane_by_lane(const dmm_worker *worker, dmm_chunk *chunk, origin o,
                         int finish)
{
    const size_t n = chunk->counts->n_blocks;
    size_t next;
    while (dmm_team_next(worker, dmm_chunk_lanes(chunk) * n, &next)) {
        const span block = {next % n, next % n + 1, 1};
        span_evidence(chunk, &block, next / n, o);
    }
    dmm_team_barrier(worker);
    while (dmm_team_next(worker, n, &next)) {
        add_lanes(chunk, next);
        if (finish)
            block_responsibilities(chunk, next);
    }
}

/* z = origin + ev_ik for all samples and, if `finish`, the responsibilities.
 * There is no barrier at the end. */
static void find_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                          const dmm_parameters *p, origin o, int finish)
{
    fill_table(worker, chunk, p);
    if (dmm_chunk_lanes(chunk) > 1)
        lane_by_lane(worker, chunk, o, finish);
    else
        span_by_span(worker, chunk, o, finish);
}

void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *p, dmm_sums *sums)
{
    const origin weights = {p->log_weight, 0};
    const origin priors = {chunk->log_prior, chunk->kp};
    find_evidence(worker, chunk, p, chunk->log_prior ? priors : weights, 1);
    if (dmm_team_enter(worker)) {
        sum_blocks(chunk, p, sums);
        dmm_team_leave(worker);
    }
}

void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *p)
{
    const origin zeros = {chunk->table, 0}; /* row 0 */
    find_evidence(worker, chunk, p, zeros, 0);
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
