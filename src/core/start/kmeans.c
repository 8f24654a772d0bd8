#include "start/kmeans.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "em/estep.h"
#include "simd/kernels.h"
#include "start/mixing.h"

/* When Anderson mixing begins: once every centre moves less than MIXING_MOVE
 * (proportions), and moves have shrunk for MIXING_SLOWDOWNS iterations in a
 * row. By then the centres approach one fixed point, and mixing does not change
 * which one. Centres that leave a saddle would move further each time. Mixing
 * ends when a move is MIXING_RISE times the one before. */
#define MIXING_MOVE 1e-3
#define MIXING_SLOWDOWNS 8
#define MIXING_RISE 4
/* The mixing remembers at least this many steps, and more where they fit in a
 * table of features (dmm_dictionary_pairs()). */
#define LEAST_MIXING_MEMORY 2

/* N is the number of samples, U that of taxa columns. */
typedef struct {
    dmm_chunk *chunk;
    double stiffness;
    double tolerance;
    int slowdowns;         /* iterations in a row with a shrinking move     */
    int final;             /* the limit of iterations is reached            */
    int last;              /* final, or the centres have converged          */
    double *inverse_total; /* N: 1 / t_i                                    */
    double *square;        /* N: |x_i/t_i|^2                                */
    double *centre;        /* U x kp                                        */
    double *next;          /* U x kp: the centres being computed            */
    double *scaled;        /* U x kp: multiplicity * centre                 */
    double *centre_square; /* kp: |centre_k|^2                              */
    double *weight;        /* kp: sum over samples of z                     */
    double *part;          /* n_taxa_groups x 2 kp: a group's share of the
                              squared moves, and of centre_square          */
    dmm_mixing *mixing;    /* of the centres                                */
    double move;           /* the largest move of a centre                  */
} kmeans;

static void kmeans_free(kmeans *m)
{
    dmm_free(m->inverse_total);
    dmm_free(m->square);
    dmm_free(m->centre);
    dmm_free(m->next);
    dmm_free(m->scaled);
    dmm_free(m->centre_square);
    dmm_free(m->weight);
    dmm_free(m->part);
    dmm_mixing_free(m->mixing);
}

static dmm_status kmeans_init(kmeans *m, dmm_chunk *chunk,
                              const dmm_control *control)
{
    const dmm_counts *counts = chunk->counts;
    const size_t kp = chunk->kp, n = counts->n_samples;
    const size_t columns = counts->dictionary.n_taxa_columns;
    memset(m, 0, sizeof *m);
    m->chunk = chunk;
    m->stiffness = control->stiffness;
    m->tolerance = control->kmeans_tolerance;
    m->inverse_total = DMM_NEW(n, double);
    m->square = DMM_NEW(n, double);
    m->centre = DMM_NEW2(columns, kp, double);
    m->next = DMM_NEW2(columns, kp, double);
    m->scaled = DMM_NEW2(columns, kp, double);
    m->centre_square = DMM_NEW(kp, double);
    m->weight = DMM_NEW(kp, double);
    m->part = DMM_NEW2(counts->dictionary.n_taxa_groups, 2 * kp, double);
    if (!m->inverse_total || !m->square || !m->centre || !m->next ||
        !m->scaled || !m->centre_square || !m->weight || !m->part)
        return DMM_ERROR_MEMORY;
    const int memory = dmm_dictionary_pairs(
        &counts->dictionary, LEAST_MIXING_MEMORY, DMM_MIXING_MEMORY);
    return dmm_mixing_new(columns, kp, counts->dictionary.multiplicity, memory,
                          &m->mixing);
}

/* 1/t and the sums of squared proportions of one block's samples. */
static void normalise_block(kmeans *m, size_t b, const double *squared_count)
{
    const dmm_counts *counts = m->chunk->counts;
    const dmm_block *block = &counts->block[b];
    double *inverse = m->inverse_total + block->first_row;
    double *square = m->square + block->first_row;
    dmm_kernels_active()->gather(block, 1, 0, counts->dictionary.n_taxa_groups,
                                 squared_count, square);
    for (size_t i = 0; i < block->n_rows; i++) {
        const double t = counts->total[block->first_row + i];
        inverse[i] = t > 0 ? 1 / t : 0;
        square[i] *= inverse[i] * inverse[i];
    }
}

/* Fills inverse_total and square. The squares are summed by the kernel that
 * sums the evidence, over a table of squared counts. */
static void normalise_task(const dmm_worker *worker, void *data)
{
    kmeans *m = data;
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    double *squared_count = m->chunk->histogram;
    size_t begin, end, b;
    dmm_team_split(worker, d->n_features, &begin, &end);
    for (size_t f = begin; f < end; f++)
        squared_count[f] =
            d->multiplicity[d->column[f]] * d->value[f] * d->value[f];
    dmm_team_barrier(worker);
    while (dmm_team_next(worker, m->chunk->counts->n_blocks, &b))
        normalise_block(m, b, squared_count);
}

/* Multiplies the rows of z by 1/t, so that sums of z times counts are sums of z
 * times proportions. */
static void scale_rows(const kmeans *m, const dmm_block *block)
{
    const size_t kp = m->chunk->kp;
    double *z = m->chunk->z + block->first_row * kp;
    for (size_t i = 0; i < block->n_rows; i++)
        for (size_t k = 0; k < kp; k++)
            z[i * kp + k] *= m->inverse_total[block->first_row + i];
}

/* Sums the blocks' weights, in the order of the blocks. */
static void sum_weights(kmeans *m)
{
    const size_t kp = m->chunk->kp;
    memset(m->weight, 0, kp * sizeof *m->weight);
    for (size_t b = 0; b < m->chunk->counts->n_blocks; b++)
        for (size_t k = 0; k < kp; k++)
            m->weight[k] += m->chunk->block_weight[b * kp + k];
}

/* Divides a group's sums in `next` by the weights, which makes them centres,
 * and takes the group's share of the squared moves and squares. */
static void update_group(kmeans *m, size_t g)
{
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    const size_t kp = m->chunk->kp;
    double *moved = m->part + 2 * g * kp, *squared = moved + kp;
    for (size_t k = 0; k < kp; k++)
        moved[k] = squared[k] = 0;
    for (size_t j = d->group[g]; j < d->group[g + 1]; j++) {
        const double multiplicity = d->multiplicity[j];
        double *next = m->next + j * kp;
        const double *centre = m->centre + j * kp;
        for (size_t k = 0; k < kp; k++) {
            const double c = m->weight[k] > 0 ? next[k] / m->weight[k] : 0;
            const double difference = c - centre[k];
            moved[k] += multiplicity * difference * difference;
            squared[k] += multiplicity * c * c;
            next[k] = c;
            m->scaled[j * kp + k] = multiplicity * c;
        }
    }
}

/* The largest move and centre_square, from the groups' shares. */
static void sum_moves(kmeans *m)
{
    const size_t kp = m->chunk->kp;
    const size_t groups = m->chunk->counts->dictionary.n_taxa_groups;
    const double before = m->move;
    m->move = 0;
    for (size_t k = 0; k < kp; k++) {
        double moved = 0, square = 0;
        for (size_t g = 0; g < groups; g++) {
            moved += m->part[2 * g * kp + k];
            square += m->part[(2 * g + 1) * kp + k];
        }
        m->move = sqrt(moved) > m->move ? sqrt(moved) : m->move;
        m->centre_square[k] = square;
    }
    /* Mixed centres move irregularly: only a large rise may end the mixing. */
    const int mixing = m->slowdowns >= MIXING_SLOWDOWNS;
    m->slowdowns = m->move < (mixing ? MIXING_RISE : 1) * before
                       ? m->slowdowns + 1
                       : 0;
}

/* Corrects the next centres by mixing, and recomputes what is derived from
 * them. */
static void mix_centres(kmeans *m)
{
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    const size_t kp = m->chunk->kp;
    dmm_mixing_step(m->mixing, m->centre, m->next);
    memset(m->centre_square, 0, kp * sizeof(double));
    for (size_t j = 0; j < d->n_taxa_columns; j++)
        for (size_t k = 0; k < kp; k++) {
            const double c = m->next[j * kp + k];
            m->scaled[j * kp + k] = d->multiplicity[j] * c;
            m->centre_square[k] += d->multiplicity[j] * c * c;
        }
}

/* Makes the next centres the current ones, mixed where mixing has begun. The
 * last ones are not mixed. */
static void accept_centres(kmeans *m)
{
    m->last = m->final || m->move <= m->tolerance;
    if (!m->last && m->slowdowns >= MIXING_SLOWDOWNS && m->move < MIXING_MOVE)
        mix_centres(m);
    else
        dmm_mixing_reset(m->mixing);
    double *old = m->centre;
    m->centre = m->next;
    m->next = old;
}

/* Computes the centres from the responsibilities divided by t, and how far they
 * moved. Called by all threads of a team. */
static void update_centres(const dmm_worker *worker, kmeans *m)
{
    const dmm_counts *counts = m->chunk->counts;
    const dmm_dictionary *d = &counts->dictionary;
    const size_t kp = m->chunk->kp;
    size_t begin, end;
    while (dmm_chunk_next_groups(worker, m->chunk, d->n_taxa_groups, &begin,
                                 &end)) {
        const size_t from = d->group[begin], to = d->group[end];
        memset(m->next + from * kp, 0, (to - from) * kp * sizeof(double));
        for (size_t b = 0; b < counts->n_blocks; b++)
            dmm_kernels_active()->scatter_counts(
                &counts->block[b], d, kp, begin, end,
                m->chunk->z + counts->block[b].first_row * kp, m->next);
    }
    dmm_team_barrier(worker);
    dmm_team_split(worker, d->n_taxa_groups, &begin, &end);
    for (size_t g = begin; g < end; g++)
        update_group(m, g);
    if (dmm_team_enter(worker)) {
        sum_moves(m);
        accept_centres(m);
        dmm_team_leave(worker);
    }
}

/* Computes the responsibilities of one block from the centres. They are left
 * divided by t for the next iteration, unless this is the last. */
static void update_block(kmeans *m, size_t b)
{
    dmm_chunk *chunk = m->chunk;
    const dmm_kernels *kernels = dmm_kernels_active();
    const dmm_block *block = &chunk->counts->block[b];
    const size_t kp = chunk->kp;
    double *z = chunk->z + block->first_row * kp;
    double *weight = chunk->block_weight + b * kp;
    memset(z, 0, block->n_rows * kp * sizeof *z);
    memset(weight, 0, kp * sizeof *weight);
    kernels->gather_counts(block, &chunk->counts->dictionary, kp, m->scaled, z);
    kernels->scaled_distance(block->n_rows, kp, -m->stiffness,
                             m->inverse_total + block->first_row,
                             m->square + block->first_row, m->centre_square,
                             z);
    kernels->softmax(block->n_rows, chunk->k, kp, z, weight);
    if (!m->last)
        scale_rows(m, block);
}

static void iterate_task(const dmm_worker *worker, void *data)
{
    kmeans *m = data;
    size_t b;
    update_centres(worker, m);
    while (dmm_team_next(worker, m->chunk->counts->n_blocks, &b))
        update_block(m, b);
    if (dmm_team_enter(worker)) {
        sum_weights(m);
        dmm_team_leave(worker);
    }
}

static void centres_task(const dmm_worker *worker, void *data)
{
    update_centres(worker, data);
}

/* Hard responsibilities from the labels, divided by t. */
static void set_labels(kmeans *m, const uint32_t *label)
{
    dmm_chunk *chunk = m->chunk;
    const dmm_counts *counts = chunk->counts;
    const size_t kp = chunk->kp;
    memset(chunk->z, 0, counts->n_samples * kp * sizeof(double));
    memset(m->weight, 0, kp * sizeof(double));
    for (size_t i = 0; i < counts->n_samples; i++) {
        chunk->z[i * kp + label[i]] = 1;
        m->weight[label[i]] += 1;
    }
    for (size_t b = 0; b < counts->n_blocks; b++)
        scale_rows(m, &counts->block[b]);
}

/* The squared distance of sample i from its nearest centre. `dot` is N x kp:
 * inner products of counts and centres. */
static double nearest_square(const kmeans *m, const double *dot, size_t i)
{
    double nearest = INFINITY;
    for (size_t k = 0; k < m->chunk->k; k++) {
        const double d = m->square[i] + m->centre_square[k] -
                         2 * m->inverse_total[i] * dot[i * m->chunk->kp + k];
        nearest = d < nearest ? d : nearest;
    }
    return nearest;
}

/* The component with the largest responsibility for a sample. */
static size_t owner(const dmm_chunk *chunk, size_t i)
{
    const double *z = chunk->z + i * chunk->kp;
    size_t best = 0;
    for (size_t k = 1; k < chunk->k; k++)
        if (z[k] > z[best])
            best = k;
    return best;
}

/* The sample furthest from its nearest centre, of those whose component keeps
 * another sample without it; of all if there is none such. Samples with a
 * negative distance have been given away and are passed over. */
static size_t worst_sample(const kmeans *m, const double *distance)
{
    const size_t n = m->chunk->counts->n_samples;
    size_t worst = n, alone = 0;
    for (size_t i = 0; i < n; i++) {
        if (distance[i] > distance[alone])
            alone = i;
        if (distance[i] >= 0 && m->weight[owner(m->chunk, i)] > 1.5 &&
            (worst == n || distance[i] > distance[worst]))
            worst = i;
    }
    return worst < n ? worst : alone;
}

/* Makes a sample the only member of a component. */
static void give_sample(kmeans *m, size_t i, size_t component)
{
    double *z = m->chunk->z + i * m->chunk->kp;
    for (size_t k = 0; k < m->chunk->k; k++) {
        m->weight[k] -= z[k];
        z[k] = k == component;
    }
    m->weight[component] = 1;
}

/* Gives each empty component the sample that is furthest from its nearest
 * centre and has not been given to another. */
static dmm_status reseed_empty(kmeans *m, int *reseeded)
{
    dmm_chunk *chunk = m->chunk;
    const dmm_counts *counts = chunk->counts;
    const size_t kp = chunk->kp, n = counts->n_samples;
    int empty = 0;
    for (size_t k = 0; k < chunk->k; k++)
        empty += m->weight[k] < DMM_EMPTY_WEIGHT;
    *reseeded = 0;
    if (!empty)
        return DMM_OK;
    double *dot = DMM_NEW2(n, kp, double);
    double *distance = DMM_NEW(n, double);
    if (!dot || !distance) {
        dmm_free(dot);
        dmm_free(distance);
        return DMM_ERROR_MEMORY;
    }
    for (size_t b = 0; b < counts->n_blocks; b++)
        dmm_kernels_active()->gather_counts(
            &counts->block[b], &counts->dictionary, kp, m->scaled,
            dot + counts->block[b].first_row * kp);
    for (size_t i = 0; i < n; i++)
        distance[i] = fmax(nearest_square(m, dot, i), 0);
    for (size_t k = 0; k < chunk->k; k++) {
        if (m->weight[k] >= DMM_EMPTY_WEIGHT)
            continue;
        const size_t worst = worst_sample(m, distance);
        distance[worst] = -1; /* not chosen twice */
        give_sample(m, worst, k);
        (*reseeded)++;
    }
    dmm_free(dot);
    dmm_free(distance);
    return DMM_OK;
}

/* Recomputes the centres from the responsibilities in chunk->z, which are left
 * as they are. */
static dmm_status recompute_centres(dmm_team *team, kmeans *m)
{
    dmm_chunk *chunk = m->chunk;
    const dmm_counts *counts = chunk->counts;
    const size_t kp = chunk->kp, length = counts->n_samples * kp;
    double *z = DMM_NEW(length, double);
    if (!z)
        return DMM_ERROR_MEMORY;
    memcpy(z, chunk->z, length * sizeof *z);
    dmm_estep_weights(chunk, m->weight);
    for (size_t b = 0; b < counts->n_blocks; b++)
        scale_rows(m, &counts->block[b]);
    m->final = 1;
    dmm_team_do(team, centres_task, m);
    memcpy(chunk->z, z, length * sizeof *z);
    dmm_free(z);
    return DMM_OK;
}

dmm_status dmm_kmeans_run(dmm_team *team, dmm_chunk *chunk,
                          const uint32_t *label, const dmm_control *control,
                          dmm_start *start)
{
    kmeans m;
    memset(start, 0, sizeof *start);
    dmm_status status = kmeans_init(&m, chunk, control);
    if (status != DMM_OK)
        goto done;
    if (control->progress)
        control->progress(DMM_PHASE_START, 0, 0, control->user);
    dmm_team_do(team, normalise_task, &m);
    set_labels(&m, label);
    while (!start->converged && !m.final) {
        if (control->interrupt && control->interrupt(control->user)) {
            status = DMM_ERROR_INTERRUPTED;
            goto done;
        }
        start->iterations++;
        m.final = start->iterations >= control->kmeans_iterations;
        dmm_team_do(team, iterate_task, &m);
        start->converged = m.move <= m.tolerance;
        if (control->progress)
            control->progress(DMM_PHASE_START, start->iterations, m.move,
                              control->user);
    }
    status = reseed_empty(&m, &start->reseeded);
    if (status == DMM_OK && start->reseeded > 0)
        status = recompute_centres(team, &m);
    if (status != DMM_OK)
        goto done;
    start->centre = m.centre;
    m.centre = NULL;
done:
    kmeans_free(&m);
    return status;
}

void dmm_start_free(dmm_start *start)
{
    dmm_free(start->centre);
    start->centre = NULL;
}
