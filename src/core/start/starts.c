#include "start/starts.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "em/histogram.h"
#include "simd/kernels.h"
#include "start/first_mstep.h"
#include "start/rng.h"
#include "start/seeds.h"

/* How annealing proceeds: at most `steps` EM iterations, in which the inverse
 * temperature grows from `beta` towards 1 by a constant factor. */
typedef struct {
    double beta;
    int steps;
} schedule;

static const schedule anneal_labels = {0.002, 15};
static const schedule anneal_move = {0.1, 4};
static const schedule anneal_resample = {1, 8}; /* plain EM */

/* Annealing begins with beta so small that the mean over the samples of
 * beta * (log density of the best component - that of the next best) is at most
 * this. Many counts of many taxa make the differences large. */
#define FIRST_ODDS 3.0

/* Annealing ends early when the mean over the samples of 1 - max_k z_ik is
 * below CERTAIN, since further cooling only makes it smaller. Plain EM
 * iterations end early when no component's weight (in samples) changes by STILL
 * or more. */
#define CERTAIN 1e-6
#define STILL 1e-3

/* The M-step in each iteration of annealing takes at most NEWTON_STEPS Newton
 * steps, and ends at one that promises a smaller decrease of F_k than
 * NEWTON_TOLERANCE. */
#define NEWTON_STEPS 3
#define NEWTON_TOLERANCE 1e-7
/* Newton steps of the M-step after a move, at most. */
#define ADAPT_STEPS 100

/* A component that is empty is given half of another one: of the largest SPLITS
 * ones, that whose split has the least NLE after FILL_NEWTON_STEPS Newton steps
 * and FILL_EM_STEPS EM iterations. It has to gain FILL_GAIN. */
#define SPLITS 8
#define FILL_NEWTON_STEPS 10
#define FILL_EM_STEPS 3
#define FILL_GAIN 0.01

unsigned long dmm_start_seed(unsigned long seed, size_t number)
{
    const uint64_t low = (uint64_t)seed & UINT32_MAX;
    dmm_random random = {low << 32 ^ (uint64_t)number};
    return (unsigned long)(number == 0 ? low : dmm_random_bits(&random) >> 32);
}

dmm_start_kind dmm_start_usual(size_t number)
{
    static const dmm_start_kind first[] = {DMM_START_KMEANS, DMM_START_SEEDS,
                                           DMM_START_LABELS};
    if (number < sizeof first / sizeof *first)
        return first[number];
    static const dmm_start_kind later[] = {
        DMM_START_KMEANS, DMM_START_RESAMPLE, DMM_START_SEEDS, DMM_START_MOVE,
        DMM_START_LABELS, DMM_START_RESAMPLE, DMM_START_SEEDS, DMM_START_MOVE};
    return later[number % 8];
}

/* ---- Responsibilities ------------------------------------------------- */

/* Hard responsibilities. */
static void set_labels(dmm_chunk *chunk, const uint32_t *label)
{
    const size_t n = chunk->counts->n_samples;
    memset(chunk->z, 0, n * chunk->kp * sizeof *chunk->z);
    for (size_t i = 0; i < n; i++)
        chunk->z[i * chunk->kp + label[i]] = 1;
}

/* ---- Centres ---------------------------------------------------------- */

/* N is the number of samples, U that of taxa columns. */
typedef struct {
    dmm_chunk *chunk;
    double *z;      /* N x kp: responsibilities divided by t */
    double *centre; /* U x kp: sums, then means              */
} centring;

static void centre_task(const dmm_worker *worker, void *data)
{
    const centring *c = data;
    const dmm_counts *counts = c->chunk->counts;
    const dmm_dictionary *d = &counts->dictionary;
    size_t begin, end;
    while (dmm_chunk_next_groups(worker, c->chunk, d->n_taxa_groups, &begin,
                                 &end))
        for (size_t b = 0; b < counts->n_blocks; b++)
            dmm_kernels_active()->scatter_counts(
                &counts->block[b], d, c->chunk->kp, begin, end,
                c->z + counts->block[b].first_row * c->chunk->kp, c->centre);
}

/* start->centre: the means of the samples' proportions, weighted by the
 * responsibilities in em's chunk. */
static dmm_status find_centres(dmm_em *em, dmm_start *start)
{
    const dmm_counts *counts = em->counts;
    const size_t n = counts->n_samples, kp = em->chunk->kp;
    const size_t columns = counts->dictionary.n_taxa_columns;
    centring c = {.chunk = em->chunk};
    double *weight = DMM_NEW(kp, double);
    c.z = DMM_NEW2(n, kp, double);
    c.centre = DMM_NEW2(columns, kp, double);
    start->centre = c.centre;
    dmm_status status = DMM_ERROR_MEMORY;
    if (!weight || !c.z || !c.centre)
        goto done;
    for (size_t i = 0; i < n; i++) {
        const double t = counts->total[i];
        for (size_t k = 0; k < kp; k++) {
            const double z = em->chunk->z[i * kp + k];
            weight[k] += z;
            c.z[i * kp + k] = t > 0 ? z / t : 0;
        }
    }
    dmm_team_do(em->team, centre_task, &c);
    for (size_t j = 0; j < columns; j++)
        for (size_t k = 0; k < kp; k++)
            c.centre[j * kp + k] =
                weight[k] > 0 ? c.centre[j * kp + k] / weight[k] : 0;
    start->converged = 1;
    status = DMM_OK;
done:
    dmm_free(weight);
    dmm_free(c.z);
    return status;
}

/* Parameters from the responsibilities in em's chunk alone. */
static dmm_status begin(dmm_em *em, dmm_start *start)
{
    const dmm_status status = find_centres(em, start);
    return status == DMM_OK ? dmm_first_mstep(em, start) : status;
}

/* ---- Annealing -------------------------------------------------------- */

typedef struct {
    dmm_em *em;
    double beta;
    const double *counted; /* N: 1 for samples that count, else 0;
                              NULL: all count                        */
    double *block_doubt;   /* n_blocks: sum over samples of 1 - max z */
    double doubt;          /* mean over all samples of 1 - max z     */
    double change;         /* largest change of a component's weight */
} annealing;

/* Sets the rows of z that do not count to 0, and sums the others to weight[k].
 */
static void leave_out(const double *counted, size_t n, size_t kp, double *z,
                      double *weight)
{
    memset(weight, 0, kp * sizeof *weight);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < kp; k++) {
            z[i * kp + k] *= counted[i];
            weight[k] += z[i * kp + k];
        }
}

static double sum_doubt(size_t n, size_t kp, const double *z)
{
    double doubt = 0;
    for (size_t i = 0; i < n; i++) {
        double most = 0;
        for (size_t k = 0; k < kp; k++)
            most = z[i * kp + k] > most ? z[i * kp + k] : most;
        doubt += 1 - most;
    }
    return doubt;
}

/* Weights, their largest change, and doubt, from the blocks' sums in order. */
static void gather(annealing *a)
{
    const dmm_chunk *chunk = a->em->chunk;
    const dmm_counts *counts = a->em->counts;
    a->change = 0;
    for (size_t k = 0; k < chunk->kp; k++) {
        double sum = 0;
        for (size_t b = 0; b < counts->n_blocks; b++)
            sum += chunk->block_weight[b * chunk->kp + k];
        const double change = fabs(sum - a->em->sums->weight[k]);
        a->change = change > a->change ? change : a->change;
        a->em->sums->weight[k] = sum;
    }
    a->doubt = 0;
    for (size_t b = 0; b < counts->n_blocks; b++)
        a->doubt += a->block_doubt[b] / (double)counts->n_samples;
}

/* Tempered responsibilities from the joint log densities in z, their weights
 * and their histogram. */
static void temper_task(const dmm_worker *worker, void *data)
{
    annealing *a = data;
    dmm_chunk *chunk = a->em->chunk;
    const dmm_counts *counts = a->em->counts;
    const size_t kp = chunk->kp;
    size_t b;
    while (dmm_team_next(worker, counts->n_blocks, &b)) {
        const dmm_block *block = &counts->block[b];
        double *z = chunk->z + block->first_row * kp;
        double *weight = chunk->block_weight + b * kp;
        for (size_t i = 0; i < block->n_rows * kp; i++)
            z[i] *= a->beta;
        memset(weight, 0, kp * sizeof *weight);
        dmm_kernels_active()->softmax(block->n_rows, chunk->k, kp, z, weight);
        a->block_doubt[b] = sum_doubt(block->n_rows, kp, z);
        if (a->counted)
            leave_out(a->counted + block->first_row, block->n_rows, kp, z,
                      weight);
    }
    if (dmm_team_enter(worker)) {
        gather(a);
        dmm_team_leave(worker);
    }
    dmm_histogram_make(worker, chunk);
}

/* The mean over the samples of the best component's joint log density less that
 * of the next best; k > 1. */
static double mean_odds(const dmm_chunk *chunk)
{
    const size_t n = chunk->counts->n_samples, k = chunk->k;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double *z = chunk->z + i * chunk->kp;
        const size_t first = dmm_greatest(z, k, k);
        sum += z[first] - z[dmm_greatest(z, k, first)];
    }
    return sum / (double)n;
}

/* The beta to begin with: that of the schedule, or a smaller one by FIRST_ODDS.
 * chunk->z holds joint log densities. */
static double first_beta(const dmm_chunk *chunk, double beta)
{
    const double odds = beta < 1 && chunk->k > 1 ? mean_odds(chunk) : 0;
    return odds * beta > FIRST_ODDS ? FIRST_ODDS / odds : beta;
}

/* Anneals from the parameters that em has. `counted` is 1 for samples that
 * count and 0 for others, or NULL if all do. */
static dmm_status anneal(dmm_em *em, const schedule *s, const double *counted)
{
    const dmm_control *control = em->control;
    annealing a = {.em = em, .counted = counted};
    double ratio = 1;
    a.block_doubt = DMM_NEW(em->counts->n_blocks, double);
    dmm_status status = a.block_doubt ? DMM_OK : DMM_ERROR_MEMORY;
    for (int step = 0; step < s->steps && status == DMM_OK; step++) {
        int iterations;
        if (control->interrupt && control->interrupt(control->user)) {
            status = DMM_ERROR_INTERRUPTED;
            break;
        }
        dmm_em_joint(em);
        if (step == 0) {
            a.beta = first_beta(em->chunk, s->beta);
            ratio = pow(1 / a.beta, 1.0 / s->steps);
        }
        dmm_team_do(em->team, temper_task, &a);
        if (s->beta == 1 && step > 0 && a.change < STILL)
            break;
        dmm_parameters_set_weights(em->parameters, em->sums->weight);
        status = dmm_mstep_run(em->team, em->chunk, em->parameters, em->sums,
                               em->newton, NEWTON_TOLERANCE, NEWTON_STEPS,
                               &iterations);
        em->evaluations++;
        if (s->beta < 1 && step > 0 && a.doubt < CERTAIN)
            break;
        a.beta *= ratio;
    }
    dmm_free(a.block_doubt);
    return status;
}

static void copy_parameters(const dmm_em *from, dmm_em *to)
{
    const dmm_parameters *p = from->parameters;
    memcpy(to->parameters->lambda, p->lambda,
           p->n_taxa_columns * p->kp * sizeof *p->lambda);
    memcpy(to->parameters->log_weight, p->log_weight,
           p->kp * sizeof *p->log_weight);
}

/* ---- Moves ------------------------------------------------------------ */

/* Draws the component to remove. A component's loss is the sum, over the
 * samples for which it is best, of its joint log density less that of the next
 * best. In the order of increasing loss, components have probabilities
 * proportional to 1, 1/2, 1/3, ... `loss` and `order` are scratch of k elements
 * each. chunk->z holds joint log densities. */
static size_t choose_gone(dmm_random *random, const dmm_chunk *chunk,
                          double *loss, size_t *order)
{
    const size_t k = chunk->k;
    memset(loss, 0, k * sizeof *loss);
    for (size_t i = 0; i < chunk->counts->n_samples; i++) {
        const double *z = chunk->z + i * chunk->kp;
        const size_t first = dmm_greatest(z, k, k);
        loss[first] += z[first] - z[dmm_greatest(z, k, first)];
    }
    double sum = 0;
    for (size_t c = 0; c < k; c++) {
        size_t at = c;
        for (; at > 0 && loss[order[at - 1]] > loss[c]; at--)
            order[at] = order[at - 1];
        order[at] = c;
        sum += 1 / (double)(c + 1);
    }
    double left = dmm_random_uniform(random) * sum;
    for (size_t c = 0; c + 1 < k; c++) {
        left -= 1 / (double)(c + 1);
        if (left < 0)
            return order[c];
    }
    return order[k - 1];
}

/* Draws the component to split from those with at least two samples: with equal
 * chance either in proportion to their sizes or uniformly. */
static size_t choose_split(dmm_seeds *s, const size_t *size, size_t k)
{
    const int by_size = dmm_random_uniform(&s->random) < 0.5;
    size_t sum = 0;
    for (size_t c = 0; c < k; c++)
        sum += size[c] < 2 ? 0 : by_size ? size[c] : 1;
    size_t left = dmm_random_below(&s->random, sum);
    for (size_t c = 0; c < k; c++) {
        const size_t part = size[c] < 2 ? 0 : by_size ? size[c] : 1;
        if (left < part)
            return c;
        left -= part;
    }
    return 0;
}

/* Copies the parameters of component `from` to component `to`. */
static void copy_component(dmm_parameters *p, size_t from, size_t to)
{
    for (size_t j = 0; j < p->n_taxa_columns; j++)
        p->lambda[j * p->kp + to] = p->lambda[j * p->kp + from];
}

/* A move from the best fit. Sets em's parameters, in which both halves of the
 * split component have those of the whole, and the labels s->label. */
static dmm_status move_labels(dmm_em *em, const dmm_em *best, dmm_seeds *s)
{
    const size_t n = em->counts->n_samples, k = em->chunk->k;
    double *loss = DMM_NEW(k, double);
    size_t *order = DMM_NEW(k, size_t), *size = DMM_NEW(k, size_t);
    dmm_status status = DMM_ERROR_MEMORY;
    if (!loss || !order || !size)
        goto done;
    copy_parameters(best, em);
    dmm_em_joint(em);
    const size_t gone = choose_gone(&s->random, em->chunk, loss, order);
    for (size_t i = 0; i < n; i++) {
        const size_t to =
            dmm_greatest(em->chunk->z + i * em->chunk->kp, k, gone);
        s->label[i] = (uint32_t)to;
        size[to]++;
    }
    /* k - 1 components share n >= k samples, so one of them has two. */
    const size_t split = choose_split(s, size, k);
    dmm_seeds_split(s, (uint32_t)split, (uint32_t)gone);
    copy_component(em->parameters, split, gone);
    status = DMM_OK;
done:
    dmm_free(loss);
    dmm_free(order);
    dmm_free(size);
    return status;
}

/* ---- Empty components ------------------------------------------------- */

static size_t find_empty(const dmm_em *em)
{
    size_t c = 0;
    while (c < em->chunk->k && em->sums->weight[c] >= DMM_EMPTY_REPORTED)
        c++;
    return c;
}

/* Splits component `from` between itself and component `to`, from the
 * parameters that em has and the labels in s, which it changes. */
static dmm_status split(dmm_em *em, dmm_seeds *s, size_t from, size_t to)
{
    dmm_seeds_split(s, (uint32_t)from, (uint32_t)to);
    copy_component(em->parameters, from, to);
    set_labels(em->chunk, s->label);
    dmm_status status = dmm_em_adapt(em, NEWTON_TOLERANCE, FILL_NEWTON_STEPS);
    if (status == DMM_OK)
        dmm_em_evaluate(em);
    for (int i = 0; status == DMM_OK && i < FILL_EM_STEPS; i++)
        dmm_em_step(em);
    return status;
}

/* The largest component that has not been `tried`, or k if none has two
 * samples. */
static size_t next_largest(const size_t *size, const unsigned char *tried,
                           size_t k)
{
    size_t at = k;
    for (size_t c = 0; c < k; c++)
        if (!tried[c] && size[c] >= 2 && (at == k || size[c] > size[at]))
            at = c;
    return at;
}

/* Gives component `empty` half of the component whose split makes NLE least, if
 * it is then less than before. *filled says whether. `label` has the component
 * of each sample. */
static dmm_status fill(dmm_em *em, dmm_seeds *s, const uint32_t *label,
                       size_t empty, int *filled)
{
    const size_t n = em->counts->n_samples, k = em->chunk->k;
    const dmm_control *control = em->control;
    const double enough = em->nle - FILL_GAIN;
    double least = enough;
    dmm_position from = {NULL, NULL}, best = {NULL, NULL};
    size_t *size = DMM_NEW(k, size_t);
    unsigned char *tried = DMM_NEW(k, unsigned char);
    dmm_status status = dmm_position_init(&from, em->parameters);
    if (status == DMM_OK)
        status = dmm_position_init(&best, em->parameters);
    if (!size || !tried)
        status = DMM_ERROR_MEMORY;
    if (status != DMM_OK)
        goto done;
    for (size_t i = 0; i < n; i++)
        size[label[i]]++;
    dmm_position_keep(&from, em->parameters);
    dmm_position_keep(&best, em->parameters);
    tried[empty] = 1;
    for (int i = 0; i < SPLITS && status == DMM_OK; i++) {
        const size_t c = next_largest(size, tried, k);
        if (c == k)
            break;
        tried[c] = 1;
        if (control->interrupt && control->interrupt(control->user)) {
            status = DMM_ERROR_INTERRUPTED;
            break;
        }
        memcpy(s->label, label, n * sizeof *label);
        dmm_position_restore(&from, em->parameters);
        status = split(em, s, c, empty);
        if (status == DMM_OK && em->nle < least) {
            least = em->nle;
            dmm_position_keep(&best, em->parameters);
        }
    }
    if (status == DMM_OK) {
        dmm_position_restore(&best, em->parameters);
        dmm_em_evaluate(em);
        *filled = least < enough;
    }
done:
    dmm_free(size);
    dmm_free(tried);
    dmm_position_release(&from);
    dmm_position_release(&best);
    return status;
}

dmm_status dmm_start_fill(dmm_em *em, unsigned long seed, int *filled)
{
    const size_t n = em->counts->n_samples, k = em->chunk->k;
    const size_t empty = find_empty(em);
    dmm_seeds s = {0};
    *filled = 0;
    if (empty == k || k < 2)
        return DMM_OK;
    uint32_t *label = DMM_NEW(n, uint32_t);
    dmm_status status = dmm_seeds_init(&s, em->team, em->counts, seed);
    if (!label)
        status = DMM_ERROR_MEMORY;
    if (status == DMM_OK) {
        for (size_t i = 0; i < n; i++)
            label[i] =
                (uint32_t)dmm_greatest(em->chunk->z + i * em->chunk->kp, k, k);
        status = fill(em, &s, label, empty, filled);
    }
    dmm_free(label);
    dmm_seeds_free(&s);
    return status;
}

/* ---- Starts ----------------------------------------------------------- */

/* Responsibilities and centres by k-means from random labels. */
static dmm_status run_kmeans(dmm_team *team, dmm_chunk *chunk,
                             const dmm_control *control, unsigned long seed,
                             dmm_start *start)
{
    const size_t n = chunk->counts->n_samples;
    uint32_t *label = DMM_NEW(n, uint32_t);
    if (!label)
        return DMM_ERROR_MEMORY;
    dmm_status status = dmm_rng_labels(seed, n, chunk->k, label);
    if (status == DMM_OK)
        status = dmm_kmeans_run(team, chunk, label, control, start);
    dmm_free(label);
    return status;
}

/* The kinds that begin with labels. Seeds are not annealed: annealing takes
 * most of them to the same optimum, which need not be the best. */
static dmm_status make_labelled(dmm_em *em, dmm_start_kind kind,
                                unsigned long seed, const dmm_em *best,
                                dmm_start *start)
{
    const schedule *annealed = &anneal_labels;
    dmm_seeds s = {0};
    dmm_status status = dmm_seeds_init(&s, em->team, em->counts, seed);
    if (status != DMM_OK)
        goto done;
    if (kind == DMM_START_MOVE) {
        annealed = &anneal_move;
        status = move_labels(em, best, &s);
    } else if (kind == DMM_START_SEEDS) {
        status = dmm_seeds_draw(&s, em->chunk->k);
    } else {
        dmm_seeds_deal(&s, em->chunk->k);
    }
    if (status != DMM_OK)
        goto done;
    set_labels(em->chunk, s.label);
    status = kind == DMM_START_MOVE
                 ? dmm_em_adapt(em, NEWTON_TOLERANCE, ADAPT_STEPS)
                 : begin(em, start);
    if (status == DMM_OK && kind != DMM_START_SEEDS)
        status = anneal(em, annealed, NULL);
done:
    dmm_seeds_free(&s);
    return status;
}

/* EM iterations from the best fit on a random half of the samples. */
static dmm_status make_resample(dmm_em *em, unsigned long seed,
                                const dmm_em *best)
{
    const size_t n = em->counts->n_samples;
    dmm_random random = {seed};
    double *half = DMM_NEW(n, double);
    if (!half)
        return DMM_ERROR_MEMORY;
    for (size_t i = 0; i < n; i++)
        half[i] = dmm_random_uniform(&random) < 0.5;
    copy_parameters(best, em);
    const dmm_status status = anneal(em, &anneal_resample, half);
    dmm_free(half);
    return status;
}

/* Brings a new em to the parameters of a start. For DMM_START_KMEANS, k-means
 * has been run before. */
static dmm_status make(dmm_em *em, dmm_start_kind kind, unsigned long seed,
                       const dmm_origin *origin, dmm_start *start)
{
    switch (kind) {
    case DMM_START_KMEANS:
        return dmm_first_mstep(em, start);
    case DMM_START_RESAMPLE:
        return make_resample(em, seed, origin->best);
    case DMM_START_GIVEN:
        dmm_chunk_set_responsibilities(em->chunk, origin->given);
        return begin(em, start);
    case DMM_START_MOVE:
        return make_labelled(em, kind, seed, origin->best, start);
    case DMM_START_SEEDS:
    case DMM_START_LABELS:
        return make_labelled(em, kind, seed, NULL, start);
    case DMM_START_KINDS:
        break;
    }
    return DMM_ERROR_ARGUMENT;
}

dmm_status dmm_starts_make(dmm_team *team, const dmm_counts *counts, size_t k,
                           const dmm_control *control, dmm_start_kind kind,
                           unsigned long seed, const dmm_origin *origin,
                           dmm_em **em, dmm_start *start)
{
    dmm_chunk *chunk;
    const dmm_em *best = origin ? origin->best : NULL;
    *em = NULL;
    memset(start, 0, sizeof *start);
    /* A move needs a fit to begin from, and a second component. */
    if ((kind == DMM_START_MOVE || kind == DMM_START_RESAMPLE) &&
        (best == NULL || k < 2))
        kind = DMM_START_SEEDS;
    if (kind == DMM_START_GIVEN && (!origin || !origin->given))
        return DMM_ERROR_ARGUMENT;
    dmm_status status = dmm_chunk_new(counts, k, &chunk);
    if (status != DMM_OK)
        return status;
    /* Before em is allocated, to keep the peak of memory low. */
    if (kind == DMM_START_KMEANS)
        status = run_kmeans(team, chunk, control, seed, start);
    if (status == DMM_OK)
        status = dmm_em_new(team, chunk, control, em);
    else
        dmm_chunk_free(chunk);
    if (status == DMM_OK)
        status = make(*em, kind, seed, origin, start);
    dmm_start_free(start);
    return status;
}
