#include "estep.h"

#include <string.h>

#include "kernels.h"
#include "settled.h"

int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested)
{
    const double kp = (double)dmm_padded_components(k);
    const size_t enough = (size_t)(DMM_SERIAL_WORK / kp) + 1;
    const double work = (double)dmm_matrix_nonzeros(matrix, enough) * kp;
    return dmm_threads_for(requested, work);
}

/* The table of log gamma differences of groups [begin, end) of columns at the
 * parameters. */
static void fill_groups(const dmm_chunk *chunk, const dmm_parameters *p,
                        size_t begin, size_t end, double *table)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    for (size_t g = begin; g < end; g++)
        dmm_kernels_active()->lgamma_table(d, chunk->kp, p->alpha, p->lambda,
                                           d->group[g], d->group[g + 1], table);
}

/* The sums over the settled samples of the parts of their evidence that groups
 * [begin, end) make. */
static void settled_groups(const dmm_chunk *chunk, size_t begin, size_t end,
                           const double *table)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    for (size_t g = begin; chunk->settled && g < end; g++) {
        const size_t from = d->begin[d->group[g]] * chunk->kp;
        const size_t to = d->end[d->group[g + 1] - 1] * chunk->kp;
        chunk->settled->group_evidence[g] = dmm_kernels_active()->dot_counts(
            to - from, chunk->settled->histogram + from, table + from);
    }
}

/* The last n groups of the table, of which the totals' are the very last; and
 * its row 0, which is 0: that of samples without counts. */
static void fill_table(const dmm_worker *worker, dmm_chunk *chunk,
                       const dmm_parameters *p, size_t n)
{
    size_t next;
    if (worker->number == 0)
        memset(chunk->table, 0, chunk->kp * sizeof *chunk->table);
    while (dmm_team_next(worker, n, &next)) {
        const size_t g = dmm_chunk_group(chunk, next);
        fill_groups(chunk, p, g, g + 1, chunk->table);
        settled_groups(chunk, g, g + 1, chunk->table);
    }
    dmm_team_barrier(worker);
}

/* ---- Evidence ----------------------------------------------------------- */

/* A span of blocks, and how many there are for a thread to take. */
typedef struct {
    size_t begin, end;
    size_t blocks;
} span;

static span spans_new(const dmm_worker *worker, const dmm_chunk *chunk)
{
    const span s = {0, 0, dmm_chunk_span(chunk, worker->size)};
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
    s->end = dmm_lesser(s->begin + s->blocks, n);
    return 1;
}

/* The rows of one block before a lane's evidence: start[k] + the totals' part
 * of ev_ik in the first lane, 0 in the others. */
static void begin_evidence(dmm_chunk *chunk, size_t b, const double *start,
                           const dmm_lane *l)
{
    const size_t kp = chunk->kp;
    const dmm_block *block = &chunk->counts->block[b];
    const uint32_t *total = chunk->counts->total_feature + block->first_row;
    double *sum = l->sum + block->first_row * kp;
    if (l->sum != chunk->z) {
        memset(sum, 0, block->n_rows * kp * sizeof *sum);
        return;
    }
    for (size_t i = 0; i < block->n_rows; i++) {
        const double *t = chunk->table + (size_t)total[i] * kp;
        for (size_t k = 0; k < kp; k++)
            sum[i * kp + k] = start[k] + t[k];
    }
}

_Static_assert(DMM_LANES <= DMM_OFFERS, "each lane can be handed over");

/* Adds one block's evidence of taxa groups [begin, end). */
static void gather_block(const dmm_chunk *chunk, size_t b, size_t begin,
                         size_t end, const double *table, double *sum)
{
    const dmm_block *block = &chunk->counts->block[b];
    dmm_kernels_active()->gather(block, chunk->kp, begin, end, table,
                                 sum + block->first_row * chunk->kp);
}

/* Adds the other lanes' evidence of one block to the first's. */
static void sum_lanes(dmm_chunk *chunk, size_t b)
{
    const dmm_block *block = &chunk->counts->block[b];
    const size_t from = block->first_row * chunk->kp;
    const size_t length = block->n_rows * chunk->kp;
    double *z = chunk->z + from;
    for (size_t i = 1; i < dmm_chunk_lanes(chunk); i++) {
        const double *sum = dmm_chunk_lane(chunk, i).sum + from;
        dmm_kernels_active()->add_scaled(length, 1, sum, z);
    }
}

/* A lane's evidence of the rows of a span of blocks, from the whole table. */
static void span_evidence(dmm_chunk *chunk, const span *s, const double *start,
                          const dmm_lane *l)
{
    const size_t part = dmm_chunk_part(chunk);
    for (size_t b = s->begin; b < s->end; b++)
        begin_evidence(chunk, b, start, l);
    for (size_t g = l->begin; g < l->end; g += part)
        for (size_t b = s->begin; b < s->end; b++)
            gather_block(chunk, b, g, dmm_lesser(g + part, l->end),
                         chunk->table, l->sum);
}

/* Responsibilities, log-likelihood and weights of a block from its evidence. */
static void block_responsibilities(dmm_chunk *chunk, size_t b)
{
    const size_t kp = chunk->kp;
    const dmm_block *block = &chunk->counts->block[b];
    double *weight = chunk->block_weight + b * kp;
    memset(weight, 0, kp * sizeof *weight);
    chunk->block_loglik[b] = dmm_kernels_active()->softmax(
        block->n_rows, chunk->k, kp, chunk->z + block->first_row * kp, weight);
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

/* z = start[k] + ev_ik of all samples; then, if `finish`, their
 * responsibilities. The thread that has a span of blocks does both. */
static void span_by_span(const dmm_worker *worker, dmm_chunk *chunk,
                         const dmm_parameters *p, const double *start,
                         int finish)
{
    const dmm_lane all = dmm_chunk_lane(chunk, 0);
    fill_table(worker, chunk, p, chunk->counts->dictionary.n_groups);
    span s = spans_new(worker, chunk);
    while (next_span(worker, chunk, &s)) {
        span_evidence(chunk, &s, start, &all);
        for (size_t b = s.begin; finish && b < s.end; b++)
            block_responsibilities(chunk, b);
    }
}

/* The lanes' evidence, for other numbers of threads than lanes_by_threads():
 * they make the table together and take the blocks of the lanes one by one. */
static void lanes_by_blocks(const dmm_worker *worker, dmm_chunk *chunk,
                            const dmm_parameters *p, const double *start)
{
    const size_t n = chunk->counts->n_blocks;
    size_t next;
    fill_table(worker, chunk, p, chunk->counts->dictionary.n_groups);
    while (dmm_team_next(worker, DMM_LANES * n, &next)) {
        const dmm_lane l = dmm_chunk_lane(chunk, next / n);
        const span s = {next % n, next % n + 1, 1};
        span_evidence(chunk, &s, start, &l);
    }
}

/* Adds the evidence of blocks [from, to) of taxa groups [begin, end). */
static void gather_blocks(const dmm_chunk *chunk, size_t from, size_t to,
                          size_t begin, size_t end, const double *table,
                          double *sum)
{
    for (size_t b = from; b < to; b++)
        gather_block(chunk, b, begin, end, table, sum);
}

/* Blocks that a thread keeps of a lane which it hands over: half of them. */
static size_t blocks_kept(const dmm_chunk *chunk)
{
    return chunk->counts->n_blocks / 2;
}

/* A lane's evidence, for which a thread makes the table part by part in its
 * room. Another thread may ask for some of the blocks, to make the rest of the
 * table for them as well: before a part, or in the middle of it. */
static void do_lane(const dmm_worker *worker, dmm_chunk *chunk,
                    const dmm_parameters *p, const double *start, size_t lane)
{
    const dmm_lane l = dmm_chunk_lane(chunk, lane);
    const size_t part = dmm_chunk_part(chunk), kept = blocks_kept(chunk);
    size_t n = chunk->counts->n_blocks;
    for (size_t b = 0; b < n; b++)
        begin_evidence(chunk, b, start, &l);
    for (size_t begin = l.begin; begin < l.end; begin += part) {
        const size_t end = dmm_lesser(begin + part, l.end);
        double *table = dmm_chunk_room(worker, chunk, begin);
        fill_groups(chunk, p, begin, end, table);
        settled_groups(chunk, begin, end, table);
        if (end == l.end || kept == 0)
            dmm_team_keep(worker, lane);
        if (dmm_team_hand_over(worker, lane, begin))
            n = kept;
        gather_blocks(chunk, 0, kept, begin, end, table, l.sum);
        if (dmm_team_hand_over(worker, lane, begin))
            n = kept;
        gather_blocks(chunk, kept, n, begin, end, table, l.sum);
    }
    dmm_team_keep(worker, lane); /* one without groups, too */
}

/* Helps with a lane, if it is another thread's and not nearly done. */
static void help_lane(const dmm_worker *worker, dmm_chunk *chunk,
                      const dmm_parameters *p, size_t lane)
{
    const dmm_lane l = dmm_chunk_lane(chunk, lane);
    const size_t part = dmm_chunk_part(chunk);
    size_t begin;
    if (!dmm_team_ask(worker, lane, &begin))
        return;
    for (; begin < l.end; begin += part) {
        const size_t end = dmm_lesser(begin + part, l.end);
        double *table = dmm_chunk_room(worker, chunk, begin);
        fill_groups(chunk, p, begin, end, table);
        gather_blocks(chunk, blocks_kept(chunk), chunk->counts->n_blocks, begin,
                      end, table, l.sum);
    }
}

/* The lanes' evidence, for as many threads as get equally many: each makes the
 * table of its lanes itself. */
static void lanes_by_threads(const dmm_worker *worker, dmm_chunk *chunk,
                             const dmm_parameters *p, const double *start)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    size_t next;
    fill_table(worker, chunk, p, d->n_groups - d->n_taxa_groups);
    while (dmm_team_next(worker, DMM_LANES, &next))
        do_lane(worker, chunk, p, start, next);
    for (size_t lane = 0; lane < DMM_LANES; lane++)
        help_lane(worker, chunk, p, lane);
}

/* The same as span_by_span(), lane by lane. */
static void lane_by_lane(const dmm_worker *worker, dmm_chunk *chunk,
                         const dmm_parameters *p, const double *start,
                         int finish)
{
    size_t b;
    if (DMM_LANES % worker->size == 0)
        lanes_by_threads(worker, chunk, p, start);
    else
        lanes_by_blocks(worker, chunk, p, start);
    dmm_team_barrier(worker);
    while (dmm_team_next(worker, chunk->counts->n_blocks, &b)) {
        sum_lanes(chunk, b);
        if (finish)
            block_responsibilities(chunk, b);
    }
}

static void find_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                          const dmm_parameters *p, const double *start,
                          int finish)
{
    if (chunk->lanes)
        lane_by_lane(worker, chunk, p, start, finish);
    else
        span_by_span(worker, chunk, p, start, finish);
}

void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *p, dmm_sums *sums)
{
    find_evidence(worker, chunk, p, p->log_weight, 1);
    if (dmm_team_enter(worker)) {
        sum_blocks(chunk, p, sums);
        dmm_team_leave(worker);
    }
}

void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *p)
{
    find_evidence(worker, chunk, p, chunk->table, 0); /* row 0 is 0 */
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
