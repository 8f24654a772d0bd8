#include "start/seeds.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "simd/kernels.h"

/* Candidates drawn for each seed after the first. */
#define DRAWS 3

dmm_status dmm_seeds_init(dmm_seeds *s, dmm_team *team,
                          const dmm_counts *counts, unsigned long seed)
{
    const dmm_dictionary *d = &counts->dictionary;
    const size_t n = counts->n_samples;
    s->team = team;
    s->counts = counts;
    s->random.state = (uint64_t)seed;
    s->root = DMM_NEW(d->n_features, double);
    s->table = DMM_NEW(d->n_features, double);
    s->seed = DMM_NEW(d->n_taxa_columns, double);
    s->trial = DMM_NEW(n, double);
    s->best = DMM_NEW(n, double);
    s->nearest = DMM_NEW(n, double);
    s->label = DMM_NEW(n, uint32_t);
    if (!s->root || !s->table || !s->seed || !s->trial || !s->best ||
        !s->nearest || !s->label)
        return DMM_ERROR_MEMORY;
    for (size_t c = 0; c < d->n_taxa_columns; c++)
        for (size_t f = d->begin[c]; f < d->end[c]; f++)
            s->root[f] = d->multiplicity[c] * sqrt(d->value[f]);
    return DMM_OK;
}

void dmm_seeds_free(dmm_seeds *s)
{
    dmm_free(s->root);
    dmm_free(s->table);
    dmm_free(s->seed);
    dmm_free(s->trial);
    dmm_free(s->best);
    dmm_free(s->nearest);
    dmm_free(s->label);
}

/* ---- Distances -------------------------------------------------------- */

/* 1 for a sample without counts, so that it can be divided by. */
static double root_total(const dmm_counts *counts, size_t i)
{
    return counts->total[i] > 0 ? sqrt(counts->total[i]) : 1;
}

/* The square roots of one sample's proportions into s->seed. */
static void read_seed(dmm_seeds *s, size_t sample)
{
    const dmm_counts *counts = s->counts;
    const dmm_dictionary *d = &counts->dictionary;
    const dmm_block *block = &counts->block[sample / counts->block_rows];
    const size_t row = sample - block->first_row;
    const double scale = 1 / root_total(counts, sample);
    memset(s->seed, 0, d->n_taxa_columns * sizeof *s->seed);
    for (size_t e = 0; e < block->n_singles; e++)
        if (block->single_row[e] == row) {
            const uint32_t f = block->single_feature[e];
            s->seed[d->column[f]] = scale * sqrt(d->value[f]);
        }
    for (size_t r = 0, e = 0; r < block->n_runs; r++)
        for (size_t end = e + block->run_length[r] + 1u; e < end; e++)
            if (block->run_row[e] == row) {
                const uint32_t f = block->run_feature[r];
                s->seed[d->column[f]] = scale * sqrt(d->value[f]);
            }
}

static void distance_task(const dmm_worker *worker, void *data)
{
    dmm_seeds *s = data;
    const size_t groups = s->counts->dictionary.n_taxa_groups;
    size_t b;
    while (dmm_team_next(worker, s->counts->n_blocks, &b)) {
        const dmm_block *block = &s->counts->block[b];
        double *trial = s->trial + block->first_row;
        memset(trial, 0, block->n_rows * sizeof *trial);
        dmm_kernels_active()->gather(block, 1, 0, groups, s->table, trial);
        for (size_t i = 0; i < block->n_rows; i++) {
            const double affinity =
                trial[i] / root_total(s->counts, block->first_row + i);
            trial[i] = affinity < 1 ? 1 - affinity : 0;
        }
    }
}

/* Sets s->trial to the squared distances of all samples from one of them. */
static void measure(dmm_seeds *s, size_t sample)
{
    const dmm_dictionary *d = &s->counts->dictionary;
    read_seed(s, sample);
    for (size_t c = 0; c < d->n_taxa_columns; c++)
        for (size_t f = d->begin[c]; f < d->end[c]; f++)
            s->table[f] = s->root[f] * s->seed[c];
    dmm_team_do(s->team, distance_task, s);
    s->trial[sample] = 0;
}

/* ---- k seeds ---------------------------------------------------------- */

/* Draws a sample with probability proportional to the squared distance from its
 * nearest seed, which is 0 for the seeds themselves. Where all distances are 0,
 * any sample that is not a seed yet (`taken`). */
static size_t draw(dmm_seeds *s, const unsigned char *taken)
{
    const size_t n = s->counts->n_samples;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += s->nearest[i];
    double left = dmm_random_uniform(&s->random) * sum;
    size_t last = n;
    for (size_t i = 0; i < n && !(left < 0); i++)
        if (s->nearest[i] > 0) {
            last = i;
            left -= s->nearest[i];
        }
    if (last < n)
        return last;
    size_t i = dmm_random_below(&s->random, n);
    while (taken[i])
        i = (i + 1) % n;
    return i;
}

/* The sum of squared distances from the nearest seed, if the sample that
 * s->trial was measured from became a seed. */
static double potential(const dmm_seeds *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->counts->n_samples; i++)
        sum += s->trial[i] < s->nearest[i] ? s->trial[i] : s->nearest[i];
    return sum;
}

/* Chooses the next seed and leaves the squared distances from it in s->best. */
static size_t next_seed(dmm_seeds *s, const unsigned char *taken)
{
    size_t chosen = 0;
    double least = INFINITY;
    for (int t = 0; t < DRAWS; t++) {
        const size_t sample = draw(s, taken);
        measure(s, sample);
        const double sum = potential(s);
        if (!(sum < least))
            continue;
        least = sum;
        chosen = sample;
        double *swap = s->best;
        s->best = s->trial;
        s->trial = swap;
    }
    return chosen;
}

/* Makes `sample` the seed of component `label`, which also takes the samples
 * nearer to it than to the earlier seeds. Those seeds keep their labels. */
static void claim(dmm_seeds *s, size_t sample, uint32_t label,
                  unsigned char *taken)
{
    for (size_t i = 0; i < s->counts->n_samples; i++)
        if (!taken[i] && s->best[i] < s->nearest[i]) {
            s->nearest[i] = s->best[i];
            s->label[i] = label;
        }
    taken[sample] = 1;
    s->nearest[sample] = 0;
    s->label[sample] = label;
}

dmm_status dmm_seeds_draw(dmm_seeds *s, size_t k)
{
    const size_t n = s->counts->n_samples;
    unsigned char *taken = DMM_NEW(n, unsigned char);
    if (!taken)
        return DMM_ERROR_MEMORY;
    for (size_t i = 0; i < n; i++)
        s->nearest[i] = INFINITY;
    size_t sample = dmm_random_below(&s->random, n);
    measure(s, sample);
    memcpy(s->best, s->trial, n * sizeof *s->best);
    for (size_t c = 0; c < k; c++) {
        if (c > 0)
            sample = next_seed(s, taken);
        claim(s, sample, (uint32_t)c, taken);
    }
    dmm_free(taken);
    return DMM_OK;
}

/* ---- Splitting, random labels ----------------------------------------- */

/* Draws a sample of one component, which must not be empty, uniformly. */
static size_t draw_member(dmm_seeds *s, uint32_t component)
{
    const size_t n = s->counts->n_samples;
    size_t members = 0;
    for (size_t i = 0; i < n; i++)
        members += s->label[i] == component;
    size_t left = dmm_random_below(&s->random, members);
    for (size_t i = 0; i < n; i++)
        if (s->label[i] == component && left-- == 0)
            return i;
    return 0;
}

void dmm_seeds_split(dmm_seeds *s, uint32_t from, uint32_t to)
{
    const size_t n = s->counts->n_samples;
    const size_t first = draw_member(s, from);
    measure(s, first);
    memcpy(s->best, s->trial, n * sizeof *s->best);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += s->label[i] == from ? s->best[i] : 0;
    double left = dmm_random_uniform(&s->random) * sum;
    size_t second = n;
    for (size_t i = 0; i < n && !(left < 0); i++)
        if (s->label[i] == from && s->best[i] > 0) {
            second = i;
            left -= s->best[i];
        }
    /* All samples are at distance 0: take any other. */
    for (size_t i = 0; i < n && second == n; i++)
        if (s->label[i] == from && i != first)
            second = i;
    measure(s, second);
    for (size_t i = 0; i < n; i++)
        if (s->label[i] == from && s->trial[i] < s->best[i])
            s->label[i] = to;
    s->label[second] = to;
}

void dmm_seeds_deal(dmm_seeds *s, size_t k)
{
    const size_t n = s->counts->n_samples;
    for (size_t i = 0; i < n; i++)
        s->label[i] = (uint32_t)(i % k);
    for (size_t i = n; i-- > 1;) {
        const size_t j = dmm_random_below(&s->random, i + 1);
        const uint32_t swap = s->label[i];
        s->label[i] = s->label[j];
        s->label[j] = swap;
    }
}
