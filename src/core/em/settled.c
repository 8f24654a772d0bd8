#include "em/settled.h"

#include <string.h>

#include "base/alloc.h"
#include "em/histogram.h"

/* A sample's responsibilities for all components but one must sum to less than
 * this: exp(-60) to settle it, and exp(-37) to confirm it at the end. */
#define SETTLED_REST 8.75651076269652e-27
#define CONFIRMED_REST 8.533047625744066e-17
/* Settling costs several passes over the entries. It is worth them when at most
 * this share of the samples is left, in a table with at least this much work in
 * an iteration (stored entries times padded components). */
#define MOST_UNSETTLED 0.7
#define LEAST_WORK 2e5

/* The component outside of which a sample's responsibilities sum to less than
 * `rest`, or DMM_UNSETTLED. */
static uint32_t only_component(const double *z, size_t k, double rest)
{
    uint32_t only = DMM_UNSETTLED;
    double others = 0;
    for (size_t c = 0; c < k; c++)
        if (z[c] < rest)
            others += z[c];
        else if (only == DMM_UNSETTLED)
            only = (uint32_t)c;
        else
            return DMM_UNSETTLED;
    return others < rest ? only : DMM_UNSETTLED;
}

/* Sets s->component; returns the number of unsettled samples. */
static size_t find_settled(dmm_settled *s, const dmm_chunk *chunk)
{
    size_t unsettled = 0;
    for (size_t i = 0; i < chunk->counts->n_samples; i++) {
        s->component[i] = only_component(chunk->z + i * chunk->kp, chunk->k,
                                         SETTLED_REST);
        unsettled += s->component[i] == DMM_UNSETTLED;
    }
    return unsettled;
}

/* Computes the settled samples' histogram and weights. Overwrites z. */
static dmm_status sum_settled(dmm_team *team, dmm_settled *s, dmm_chunk *chunk)
{
    const size_t kp = chunk->kp;
    const dmm_dictionary *d = &s->all->dictionary;
    const size_t length = d->n_features * kp;
    s->histogram = DMM_NEW(length, int32_t);
    s->weight = DMM_NEW(kp, double);
    s->group_evidence = DMM_NEW(d->n_groups, double);
    if (!s->histogram || !s->weight || !s->group_evidence)
        return DMM_ERROR_MEMORY;
    memset(chunk->z, 0, s->all->n_samples * kp * sizeof(double));
    for (size_t i = 0; i < s->all->n_samples; i++)
        if (s->component[i] != DMM_UNSETTLED) {
            chunk->z[i * kp + s->component[i]] = 1;
            s->weight[s->component[i]] += 1;
        }
    dmm_histogram_run(team, chunk);
    /* The padding after a group is undefined: it must not be converted. */
    for (size_t g = 0; g < d->n_groups; g++)
        for (size_t i = d->begin[d->group[g]] * kp;
             i < d->end[d->group[g + 1] - 1] * kp; i++)
            s->histogram[i] = (int32_t)chunk->histogram[i];
    return DMM_OK;
}

/* ---- The blocks of the other samples ---------------------------------- */

/* Copies a block without the rows of settled samples. */
typedef struct {
    const dmm_settled *settled;
    const dmm_block *from;
    dmm_block *to;
    uint16_t *row; /* the new number of each row that is kept */
} filter;

static int keeps(const filter *x, uint16_t row)
{
    return x->settled->component[x->from->first_row + row] == DMM_UNSETTLED;
}

/* Numbers the rows that are kept; returns how many there are. */
static size_t number_rows(filter *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->from->n_rows; i++)
        if (keeps(x, (uint16_t)i))
            x->row[i] = (uint16_t)n++;
    return n;
}

/* Goes through the entries of one taxa group. Counts those in kept rows in *at
 * and, if `store`, writes them to where *at points. Runs stay runs even when
 * fewer than DMM_RUN_LENGTH of their rows are kept. */
static void filter_group(filter *x, size_t group, dmm_offset *at, int store)
{
    const dmm_block *from = x->from;
    const dmm_offset *begin = &from->group_offset[group], *end = begin + 1;
    for (size_t e = begin->singles; e < end->singles; e++) {
        if (!keeps(x, from->single_row[e]))
            continue;
        if (store) {
            x->to->single_feature[at->singles] = from->single_feature[e];
            x->to->single_row[at->singles] = x->row[from->single_row[e]];
        }
        at->singles++;
    }
    const uint16_t *row = from->run_row + begin->run_rows;
    for (size_t r = begin->runs; r < end->runs; r++) {
        const size_t length = (size_t)from->run_length[r] + 1;
        size_t kept = 0;
        for (size_t e = 0; e < length; e++) {
            if (!keeps(x, row[e]))
                continue;
            if (store)
                x->to->run_row[at->run_rows + kept] = x->row[row[e]];
            kept++;
        }
        if (kept > 0) {
            if (store) {
                x->to->run_feature[at->runs] = from->run_feature[r];
                x->to->run_length[at->runs] = (uint16_t)(kept - 1);
            }
            at->runs++;
            at->run_rows += kept;
        }
        row += length;
    }
}

/* One pass sizes the copy, a second one writes it. */
static dmm_status filter_block(filter *x, size_t groups)
{
    dmm_block *to = x->to;
    dmm_offset at = {0, 0, 0};
    to->n_rows = number_rows(x);
    to->group_offset = DMM_NEW(groups + 1, dmm_offset);
    if (!to->group_offset)
        return DMM_ERROR_MEMORY;
    for (size_t g = 0; g < groups; g++) {
        to->group_offset[g] = at;
        filter_group(x, g, &at, 0);
    }
    to->group_offset[groups] = at;
    const dmm_status status = dmm_block_allocate(to, at);
    if (status != DMM_OK)
        return status;
    for (size_t g = 0; g < groups; g++) {
        at = to->group_offset[g];
        filter_group(x, g, &at, 1);
    }
    return DMM_OK;
}

/* Makes s->unsettled, the counts of the n unsettled samples. */
static dmm_status filter_samples(dmm_settled *s, size_t n)
{
    const dmm_counts *all = s->all;
    dmm_counts *to = &s->unsettled;
    to->n_samples = n;
    to->n_taxa = all->n_taxa;
    to->dictionary = all->dictionary;
    to->n_blocks = all->n_blocks;
    to->block_rows = all->block_rows;
    to->block = DMM_NEW(all->n_blocks, dmm_block);
    to->total_feature = DMM_NEW(n, uint32_t);
    uint16_t *row = DMM_NEW(all->block_rows, uint16_t);
    dmm_status status =
        to->block && to->total_feature && row ? DMM_OK : DMM_ERROR_MEMORY;
    size_t first_row = 0;
    for (size_t b = 0; status == DMM_OK && b < all->n_blocks; b++) {
        filter x = {s, &all->block[b], &to->block[b], row};
        to->block[b].first_row = first_row;
        status = filter_block(&x, all->dictionary.n_taxa_groups);
        first_row += to->block[b].n_rows;
    }
    for (size_t i = 0, at = 0; status == DMM_OK && i < all->n_samples; i++)
        if (s->component[i] == DMM_UNSETTLED)
            to->total_feature[at++] = all->total_feature[i];
    dmm_free(row);
    return status;
}

/* ---- Public functions ------------------------------------------------- */

dmm_status dmm_settled_begin(dmm_team *team, dmm_chunk *chunk)
{
    const dmm_counts *all = chunk->counts;
    dmm_status status = DMM_OK;
    if ((double)all->n_entries * (double)chunk->kp < LEAST_WORK ||
        all->n_samples > INT32_MAX)
        return DMM_OK;
    dmm_settled *s = DMM_NEW(1, dmm_settled);
    if (!s)
        return DMM_ERROR_MEMORY;
    s->all = all;
    s->component = DMM_NEW(all->n_samples, uint32_t);
    if (!s->component) {
        status = DMM_ERROR_MEMORY;
        goto unused;
    }
    const size_t unsettled = find_settled(s, chunk);
    if ((double)unsettled > MOST_UNSETTLED * (double)all->n_samples)
        goto unused;
    status = sum_settled(team, s, chunk);
    if (status == DMM_OK)
        status = filter_samples(s, unsettled);
    if (status != DMM_OK)
        goto unused;
    chunk->counts = &s->unsettled;
    chunk->settled = s;
    return DMM_OK;
unused:
    dmm_settled_free(s);
    return status;
}

dmm_settled *dmm_settled_end(dmm_chunk *chunk)
{
    dmm_settled *s = chunk->settled;
    if (s != NULL)
        chunk->counts = s->all;
    chunk->settled = NULL;
    return s;
}

int dmm_settled_confirmed(const dmm_settled *s, const dmm_chunk *chunk)
{
    for (size_t i = 0; i < chunk->counts->n_samples; i++)
        if (s->component[i] != DMM_UNSETTLED &&
            only_component(chunk->z + i * chunk->kp, chunk->k,
                           CONFIRMED_REST) != s->component[i])
            return 0;
    return 1;
}

void dmm_settled_free(dmm_settled *s)
{
    if (s == NULL)
        return;
    for (size_t b = 0; s->unsettled.block && b < s->unsettled.n_blocks; b++)
        dmm_block_release(&s->unsettled.block[b]);
    dmm_free(s->unsettled.block);
    dmm_free(s->unsettled.total_feature);
    dmm_free(s->component);
    dmm_free(s->histogram);
    dmm_free(s->weight);
    dmm_free(s->group_evidence);
    dmm_free(s);
}
