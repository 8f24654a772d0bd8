#include "start/reassign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "em/converge.h"
#include "simd/kernels.h"

/* EM converges to this tolerance or that of the control, and NLE has to be less
 * by this for a set of moves to be accepted. */
#define ENOUGH 0.01
/* If a set of moves fails, the best of them are tried: one in KEPT of them. The
 * search ends after FAILURES sets that failed. */
#define KEPT 3
#define FAILURES 3
/* It also ends where NLE is above the best by more than HOPELESS times what the
 * last set of moves gained. */
#define HOPELESS 5
/* Newton steps after a set of moves. */
#define ADAPT_STEPS 2
#define ADAPT_TOLERANCE 1e-7
/* p is the derivative of the log gamma difference by lambda, which is taken as
 * a difference over twice this. */
#define HALF_WIDTH 1e-3

typedef struct {
    size_t sample;
    size_t from, to;
    double gain;
} move;

typedef struct {
    dmm_em *em;
    double sign;      /* 1: samples join; -1: they leave                     */
    double *lambda;   /* n_columns x kp: shifted                             */
    double *alpha;    /* n_columns x kp: the same                            */
    double *mean;     /* kp: of digamma(A + t) - digamma(A) over the samples */
    double *second;   /* n_taxa_columns x kp: m                              */
    double *log_rate; /* n_taxa_columns x kp: log(m +- q)                    */
    double *absent;   /* n_taxa_columns x kp: m (log m - log(m +- q) - 1)    */
    double *scratch;  /* n_features x kp                                     */
    double *zero;     /* n_taxa_groups x kp: gains with x = 0, summed        */
    double *sum;      /* kp: of these                                        */
    double *gain[2];  /* N x kp: by which F_k gains if a sample joins, leaves */
    /* The best position so far: */
    dmm_position position;
    double *z;        /* N x kp */
    double nle;
    move *moves;      /* N */
} search;

static dmm_status search_init(search *s, dmm_em *em)
{
    const dmm_dictionary *d = &em->counts->dictionary;
    const size_t kp = em->chunk->kp, n = em->counts->n_samples;
    s->em = em;
    s->lambda = DMM_NEW2(d->n_columns, kp, double);
    s->alpha = DMM_NEW2(d->n_columns, kp, double);
    s->mean = DMM_NEW(kp, double);
    s->second = DMM_NEW2(d->n_taxa_columns, kp, double);
    s->log_rate = DMM_NEW2(d->n_taxa_columns, kp, double);
    s->absent = DMM_NEW2(d->n_taxa_columns, kp, double);
    s->scratch = DMM_NEW2(d->n_features, kp, double);
    s->zero = DMM_NEW2(d->n_taxa_groups, kp, double);
    s->sum = DMM_NEW(kp, double);
    s->gain[0] = DMM_NEW2(n, kp, double);
    s->gain[1] = DMM_NEW2(n, kp, double);
    s->z = DMM_NEW2(n, kp, double);
    s->moves = DMM_NEW(n, move);
    if (!s->lambda || !s->alpha || !s->mean || !s->second || !s->log_rate ||
        !s->absent || !s->scratch || !s->zero || !s->sum || !s->gain[0] ||
        !s->gain[1] || !s->z || !s->moves)
        return DMM_ERROR_MEMORY;
    return dmm_position_init(&s->position, em->parameters);
}

static void search_free(search *s)
{
    dmm_free(s->lambda);
    dmm_free(s->alpha);
    dmm_free(s->mean);
    dmm_free(s->second);
    dmm_free(s->log_rate);
    dmm_free(s->absent);
    dmm_free(s->scratch);
    dmm_free(s->zero);
    dmm_free(s->sum);
    dmm_free(s->gain[0]);
    dmm_free(s->gain[1]);
    dmm_free(s->z);
    dmm_free(s->moves);
    dmm_position_release(&s->position);
}

/* ---- Gains ------------------------------------------------------------ */

/* The log gamma differences of a group's features with lambda shifted. */
static void shifted_table(search *s, size_t g, double shift, double *table)
{
    const dmm_dictionary *d = &s->em->counts->dictionary;
    const dmm_parameters *p = s->em->parameters;
    const double factor = exp(shift);
    for (size_t at = d->group[g] * p->kp; at < d->group[g + 1] * p->kp; at++) {
        s->lambda[at] = p->lambda[at] + shift;
        s->alpha[at] = p->alpha[at] * factor;
    }
    dmm_kernels_active()->lgamma_table(d, p->kp, s->alpha, s->lambda,
                                       d->group[g], d->group[g + 1], table);
}

/* m, and what of a gain is the same for all counts of a column. */
static void group_columns(search *s, size_t g)
{
    const dmm_em *em = s->em;
    const dmm_dictionary *d = &em->counts->dictionary;
    const dmm_kernels *kernels = dmm_kernels_active();
    const size_t kp = em->chunk->kp, from = d->group[g] * kp;
    const size_t length = d->group[g + 1] * kp - from;
    const double eta = em->parameters->prior.eta;
    double *zero = s->zero + g * kp;
    /* `alpha` holds m +- q, and `lambda` log m. */
    for (size_t j = d->group[g]; j < d->group[g + 1]; j++)
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            const double m =
                k < em->chunk->k
                    ? em->newton->curvature[at] / d->multiplicity[j]
                    : eta;
            const double rate =
                m + s->sign * em->parameters->alpha[at] * s->mean[k];
            s->second[at] = m > eta ? m : eta;
            s->alpha[at] = rate > eta / 2 ? rate : eta / 2;
        }
    kernels->log_array(length, s->alpha + from, s->log_rate + from);
    kernels->log_array(length, s->second + from, s->lambda + from);
    memset(zero, 0, kp * sizeof *zero);
    for (size_t j = d->group[g]; j < d->group[g + 1]; j++)
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            s->absent[at] =
                s->second[at] * (s->lambda[at] - s->log_rate[at] - 1);
            zero[k] += d->multiplicity[j] * (s->absent[at] + s->alpha[at]);
        }
}

/* chunk->table[f][k]: the gain with the feature's count, less that with 0. */
static void group_features(search *s, size_t g)
{
    const dmm_em *em = s->em;
    const dmm_dictionary *d = &em->counts->dictionary;
    const size_t kp = em->chunk->kp;
    const size_t from = d->begin[d->group[g]] * kp;
    const size_t to = d->end[d->group[g + 1] - 1] * kp;
    const double eta = em->parameters->prior.eta;
    double *table = em->chunk->table;
    shifted_table(s, g, HALF_WIDTH, table);
    shifted_table(s, g, -HALF_WIDTH, s->scratch);
    group_columns(s, g);
    for (size_t f = from / kp; f < to / kp; f++) {
        const size_t j = d->column[f];
        const double scale =
            s->sign / (2 * HALF_WIDTH * d->multiplicity[j]);
        for (size_t k = 0; k < kp; k++) {
            const size_t at = f * kp + k;
            const double shape = s->second[j * kp + k] +
                                 scale * (table[at] - s->scratch[at]);
            table[at] = shape > eta ? shape : eta;
        }
    }
    dmm_kernels_active()->log_array(to - from, table + from,
                                    s->scratch + from);
    for (size_t f = from / kp; f < to / kp; f++) {
        const size_t j = d->column[f];
        for (size_t k = 0; k < kp; k++) {
            const size_t at = f * kp + k, c = j * kp + k;
            table[at] = d->multiplicity[j] *
                        (table[at] * (s->scratch[at] - s->log_rate[c] - 1) -
                         s->absent[c]);
        }
    }
}

static void gains_task(const dmm_worker *worker, void *data)
{
    search *s = data;
    dmm_chunk *chunk = s->em->chunk;
    const dmm_counts *counts = s->em->counts;
    const size_t groups = counts->dictionary.n_taxa_groups, kp = chunk->kp;
    double *gain = s->gain[s->sign < 0];
    size_t next;
    while (dmm_team_next(worker, groups, &next))
        group_features(s, next);
    if (dmm_team_enter(worker)) {
        memset(s->sum, 0, kp * sizeof *s->sum);
        for (size_t g = 0; g < groups; g++)
            for (size_t k = 0; k < kp; k++)
                s->sum[k] += s->zero[g * kp + k];
        dmm_team_leave(worker);
    }
    while (dmm_team_next(worker, counts->n_blocks, &next)) {
        const dmm_block *block = &counts->block[next];
        double *rows = gain + block->first_row * kp;
        for (size_t i = 0; i < block->n_rows; i++)
            memcpy(rows + i * kp, s->sum, kp * sizeof *rows);
        dmm_kernels_active()->gather(block, kp, 0, groups, chunk->table, rows);
    }
    dmm_team_barrier(worker);
}

/* ---- Moves ------------------------------------------------------------ */

/* By decreasing gain. */
static int compare(const void *a, const void *b)
{
    const move *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain < y->gain ? 1 : -1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* Finds the samples that are better off in another component. Their number is
 * returned, and em's parameters are no longer evaluated. */
static size_t find_moves(search *s)
{
    dmm_em *em = s->em;
    const size_t k = em->chunk->k, kp = em->chunk->kp;
    size_t n = 0;
    for (size_t c = 0; c < k; c++) {
        const double weight = em->sums->weight[c];
        s->mean[c] = em->sums->total_digamma[c] / (weight > 1 ? weight : 1);
    }
    for (s->sign = 1; s->sign >= -1; s->sign -= 2)
        dmm_team_do(em->team, gains_task, s);
    dmm_em_joint(em);
    for (size_t i = 0; i < em->counts->n_samples; i++) {
        double *score = em->chunk->z + i * kp;
        const size_t own = dmm_greatest(s->z + i * kp, k, k);
        for (size_t c = 0; c < k; c++)
            score[c] += c == own ? -s->gain[1][i * kp + c]
                                 : s->gain[0][i * kp + c];
        const size_t to = dmm_greatest(score, k, k);
        if (to != own) {
            const move found = {i, own, to, score[to] - score[own]};
            s->moves[n++] = found;
        }
    }
    qsort(s->moves, n, sizeof *s->moves, compare);
    return n;
}

static void keep(search *s)
{
    const dmm_em *em = s->em;
    dmm_position_keep(&s->position, em->parameters);
    memcpy(s->z, em->chunk->z,
           em->counts->n_samples * em->chunk->kp * sizeof *s->z);
    s->nle = em->nle;
}

/* Makes the first n moves, and lets the components adapt. */
static dmm_status make_moves(search *s, size_t n)
{
    dmm_em *em = s->em;
    dmm_chunk *chunk = em->chunk;
    dmm_position_restore(&s->position, em->parameters);
    memcpy(chunk->z, s->z,
           em->counts->n_samples * chunk->kp * sizeof *chunk->z);
    for (size_t m = 0; m < n; m++) {
        double *z = chunk->z + s->moves[m].sample * chunk->kp;
        const double moved = z[s->moves[m].from];
        z[s->moves[m].from] = z[s->moves[m].to];
        z[s->moves[m].to] = moved;
    }
    return dmm_em_adapt(em, ADAPT_TOLERANCE, ADAPT_STEPS);
}

/* Tries the moves that were found, and fewer and fewer of them. */
static dmm_status try_moves(search *s, size_t n, int *failures, int *better)
{
    *better = 0;
    for (; n > 0 && *failures < FAILURES; n /= KEPT, ++*failures) {
        dmm_status status = make_moves(s, n);
        if (status == DMM_OK)
            status = dmm_converge(s->em);
        if (status != DMM_OK && status != DMM_ERROR_NUMERIC)
            return status;
        if (status == DMM_OK && s->em->nle < s->nle - ENOUGH) {
            *better = 1;
            return DMM_OK;
        }
    }
    return DMM_OK;
}

dmm_status dmm_reassign(dmm_em *em, double best)
{
    const dmm_control *given = em->control;
    dmm_control rough = *given;
    search s = {0};
    int failures = 0, better = 1;
    dmm_status status = search_init(&s, em);
    if (status != DMM_OK)
        goto done;
    rough.optimizer = DMM_OPTIMIZER_NEWTON;
    rough.tolerance = ENOUGH > given->tolerance ? ENOUGH : given->tolerance;
    em->control = &rough;
    status = dmm_converge(em);
    better = em->chunk->k > 1 && fabs(em->nle - best) > ENOUGH;
    keep(&s);
    while (status == DMM_OK && better) {
        const double before = s.nle;
        status = try_moves(&s, find_moves(&s), &failures, &better);
        if (status == DMM_OK && better) {
            keep(&s);
            better = s.nle - best <= HOPELESS * (before - s.nle);
        }
    }
    if (status == DMM_OK) {
        dmm_position_restore(&s.position, em->parameters);
        dmm_em_evaluate(em);
    }
    em->control = given;
done:
    search_free(&s);
    return status;
}
