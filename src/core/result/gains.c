/* By how much each taxon gains as a marker: dmm_table_gains() of dmm.h.
 *
 * Take taxon j from the sum of the background, x_iB. By the properties of the
 * Dirichlet-multinomial, x_ij given x_iB is then beta-binomial: as a marker
 * with parameters (a_kj, o_k - a_kj), where o_k is the component's parameter of
 * the background, and in the background with (b_j, beta_0 - b_j). If o_k and
 * beta_0 stay as they are, the parameters of the other taxa do so too, and all
 * that changes is this factor of the likelihood. For a taxon that is not most
 * of the background, a beta-binomial distribution is close to a negative
 * binomial one,
 *
 *   log p(x) = lgamma(a + x) - lgamma(a)
 *              + a log(o / (o + n)) + x log(n / (o + n))
 *
 * up to terms without a and o, with n = x_iB. Its sums over the samples, with
 * weights z_ik, are sums over features (counts.h). The parameter is maximised
 * over, with its prior, and integrated out by Laplace's approximation:
 *
 *   gain_j = sum_k E(z_k, o_k) - E(1, beta_0),
 *   E = max_lambda [log p + log prior] + log(2 pi / h) / 2
 *
 * For a marker, its counts and parameters are first put back into the
 * background. The gain of a change of one taxon agrees with that of two fits to
 * a few per cent (tests/core/result/test_gains.c).
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "counts/chunk.h"
#include "counts/columns.h"
#include "dmm.h"
#include "em/histogram.h"
#include "em/parameters.h"
#include "result/table.h"
#include "simd/kernels.h"

static const double LOG_2_PI = 1.83787706640934548356;

/* lambda is maximised by Newton's method, until no component moves by more than
 * STEP_TOLERANCE. That leaves an error of its square in the maximum, and one of
 * about its size in log(h) / 2. */
#define STEP_TOLERANCE 1e-5
#define LARGEST_STEP 2.0
#define MAX_STEPS 100

/* With at least so many components, each column has full vectors of them. */
#define LEAST_COMPONENTS 8

/* Space for one marker. */
typedef struct {
    uint64_t *keys; /* N        */
    double *count;  /* N        */
} scratch;

typedef struct {
    const dmm_table *table;
    const dmm_marker_model *model;
    dmm_prior prior;
    const double *z;       /* N x k, in the order of the table               */
    /* The model's k components and, last, the one that stands for all. Arrays
     * over columns and components are [column * kp + component]. */
    size_t k, kp;
    dmm_chunk *chunk;
    dmm_columns *columns;
    unsigned char *chosen; /* n_taxa: markers, in the order of the table     */
    size_t *marker;        /* n_taxa_columns: a marker in the column, or
                              n_taxa                                         */
    unsigned char *mixed;  /* n_taxa_columns: has others than markers        */
    double *size;          /* kp: o_k, and beta_0                            */
    double *weight;        /* kp: sum_i w x_iB                               */
    double *absent;        /* kp: sum_i w log(o / (o + x_iB))                */
    double *present;       /* columns x kp:
                              sum_i w x_ij log(x_iB / (o + x_iB))            */
    double *block_absent;  /* n_blocks x kp                                  */
    double *block_weight;  /* n_blocks x kp                                  */
    double *lambda, *alpha, *digamma, *trigamma; /* columns x kp             */
    scratch *scratch;      /* by thread                                      */
    double *background_gain, *marker_gain; /* n_taxa_columns                 */
} job;

static size_t taxon_at(const job *x, size_t place)
{
    const uint32_t *source = x->table->order.column_source;
    return source ? source[place] : place;
}

/* ---- Sums over the samples ---------------------------------------------- */

/* w, in the place of responsibilities. */
static double *set_weights(const job *x)
{
    const size_t n = x->table->counts->n_samples;
    double *w = x->chunk->z;
    memset(w, 0, n * x->kp * sizeof *w);
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < x->k; c++)
            w[i * x->kp + c] = x->z[c * n + i];
        w[i * x->kp + x->k] = 1;
    }
    return w;
}

/* Multiplies the weights of a block by log(x_iB / (o + x_iB)), and adds up what
 * is the same for all taxa. */
static void weigh_block(job *x, size_t b)
{
    const dmm_block *block = &x->table->counts->block[b];
    double *absent = x->block_absent + b * x->kp;
    double *weight = x->block_weight + b * x->kp;
    for (size_t i = 0; i < block->n_rows; i++) {
        const size_t row = block->first_row + i;
        const double n = x->columns->rest[row];
        double *w = x->chunk->z + row * x->kp;
        for (size_t c = 0; c <= x->k; c++) {
            const double o = x->size[c];
            weight[c] += w[c] * n;
            absent[c] += w[c] * log(o / (o + n));
            w[c] = n > 0 ? w[c] * log(n / (o + n)) : 0;
        }
    }
}

static void sums_task(const dmm_worker *worker, void *data)
{
    job *x = data;
    const dmm_counts *counts = x->table->counts;
    const dmm_dictionary *d = &counts->dictionary;
    size_t next;
    dmm_histogram_make(worker, x->chunk);
    while (dmm_team_next(worker, counts->n_blocks, &next))
        weigh_block(x, next);
    if (dmm_team_enter(worker)) {
        for (size_t b = 0; b < counts->n_blocks; b++)
            for (size_t c = 0; c <= x->k; c++) {
                x->absent[c] += x->block_absent[b * x->kp + c];
                x->weight[c] += x->block_weight[b * x->kp + c];
            }
        dmm_team_leave(worker);
    }
    while (dmm_team_next(worker, d->n_taxa_groups, &next))
        for (size_t b = 0; b < counts->n_blocks; b++)
            dmm_kernels_active()->scatter_counts(
                &counts->block[b], d, x->kp, next, next + 1,
                x->chunk->z + counts->block[b].first_row * x->kp, x->present);
    dmm_team_barrier(worker);
}

/* ---- One column --------------------------------------------------------- */

/* sum_i w x_ij for one component. */
static double sum_counts(const job *x, size_t u, size_t c)
{
    const dmm_dictionary *d = &x->table->counts->dictionary;
    double sum = 0;
    for (size_t f = d->begin[u]; f < d->end[u]; f++)
        sum += d->value[f] * x->chunk->histogram[f * x->kp + c];
    return sum;
}

/* Does a Newton step for every component, from the sums at the current lambda,
 * and returns the largest. value[c] receives E before the step. */
static double column_step(job *x, size_t u, const double *absent,
                          const double *present, double *value)
{
    const double eta = x->prior.eta, nu = x->prior.nu;
    const double multiplicity =
        x->table->counts->dictionary.multiplicity[u];
    double largest = 0;
    for (size_t c = 0; c <= x->k; c++) {
        const size_t at = u * x->kp + c;
        const double a = x->alpha[at];
        const double slope = x->digamma[at] + absent[c] - nu;
        const double g = a * slope + eta;
        const double h = (g < 0 ? -g : 0) + eta - a * a * x->trigamma[at];
        const double step = fmax(-LARGEST_STEP, fmin(LARGEST_STEP, g / h));
        value[c] = value[c] / multiplicity + present[c] +
                   a * (absent[c] - nu) + eta * (x->lambda[at] + log(nu)) -
                   lgamma(eta) + (LOG_2_PI - log(h)) / 2;
        x->lambda[at] = fmax(-DMM_LAMBDA_LIMIT,
                             fmin(DMM_LAMBDA_LIMIT, x->lambda[at] + step));
        x->alpha[at] = exp(x->lambda[at]);
        largest = fmax(largest, fabs(step));
    }
    return largest;
}

/* The gain of a column. `value` has kp elements. */
static double column_gain(job *x, size_t u, const double *size,
                          const double *weight, const double *absent,
                          const double *present, double *value)
{
    for (size_t c = 0; c < x->kp; c++) {
        const size_t at = u * x->kp + c;
        x->lambda[at] = 0;
        if (c <= x->k)
            x->lambda[at] = log(size[c] * (sum_counts(x, u, c) + 1e-3) /
                                (weight[c] + 1));
        x->alpha[at] = exp(x->lambda[at]);
    }
    double moved = INFINITY;
    for (int step = 0; step < MAX_STEPS && moved > STEP_TOLERANCE; step++) {
        dmm_kernels_active()->difference_sums(
            &x->table->counts->dictionary, x->kp, x->alpha, x->lambda,
            x->chunk->histogram, u, u + 1, value, x->digamma, x->trigamma);
        moved = column_step(x, u, absent, present, value);
    }
    double gain = -value[x->k];
    for (size_t c = 0; c < x->k; c++)
        gain += value[c];
    return gain;
}

/* The gain of a marker: the same with its counts back in the background.
 * `own` has 5 kp elements. */
static double marker_gain(job *x, size_t u, size_t taxon, scratch *s,
                          double *own)
{
    const dmm_marker_model *m = x->model;
    const size_t n = x->table->counts->n_samples, kp = x->kp;
    const size_t taxa = x->table->counts->n_taxa;
    double *size = own, *weight = own + kp, *absent = own + 2 * kp;
    double *present = own + 3 * kp, *value = own + 4 * kp;
    memset(own, 0, 5 * kp * sizeof *own);
    for (size_t c = 0; c <= x->k; c++) {
        const double sum = sum_counts(x, u, c);
        weight[c] = x->weight[c] + sum;
        size[c] = c < x->k
                      ? x->size[c] + m->estimate[c * taxa + taxon_at(x, taxon)]
                      : x->size[c] * (1 + sum / fmax(1, x->weight[c]));
    }
    memset(s->count, 0, n * sizeof *s->count);
    const size_t entries = dmm_columns_read(x->columns, taxon, s->keys);
    for (size_t e = 0; e < entries; e++)
        s->count[DMM_KEY_ROW(s->keys[e])] = DMM_KEY_COUNT(s->keys[e]);
    for (size_t i = 0; i < n; i++) {
        const double count = s->count[i];
        const double total = x->columns->rest[i] + count;
        const double log_total = total > 0 ? log(total) : 0;
        for (size_t c = 0; c <= x->k; c++) {
            const double w = c < x->k ? x->z[c * n + i] : 1;
            const double log_sum = log(size[c] + total);
            absent[c] -= w * log_sum;
            present[c] += w * count * (log_total - log_sum);
            value[c] += w;
        }
    }
    for (size_t c = 0; c <= x->k; c++)
        absent[c] += value[c] * log(size[c]);
    return column_gain(x, u, size, weight, absent, present, value);
}

static void gains_task(const dmm_worker *worker, void *data)
{
    job *x = data;
    const dmm_counts *counts = x->table->counts;
    const dmm_dictionary *d = &counts->dictionary;
    scratch *s = &x->scratch[worker->number];
    double *own = s->count + counts->n_samples; /* 5 kp */
    size_t g;
    while (dmm_team_next(worker, d->n_taxa_groups, &g))
        for (size_t u = d->group[g]; u < d->group[g + 1]; u++) {
            if (x->mixed[u])
                x->background_gain[u] =
                    column_gain(x, u, x->size, x->weight, x->absent,
                                x->present + u * x->kp, own);
            if (x->marker[u] < counts->n_taxa)
                x->marker_gain[u] = marker_gain(x, u, x->marker[u], s, own);
        }
    dmm_team_barrier(worker);
}

/* ---- The job ------------------------------------------------------------ */

static void job_free(job *x, int n_threads)
{
    dmm_chunk_free(x->chunk);
    dmm_columns_free(x->columns);
    dmm_free(x->chosen);
    dmm_free(x->marker);
    dmm_free(x->mixed);
    dmm_free(x->size);
    dmm_free(x->weight);
    dmm_free(x->absent);
    dmm_free(x->present);
    dmm_free(x->block_absent);
    dmm_free(x->block_weight);
    dmm_free(x->lambda);
    dmm_free(x->alpha);
    dmm_free(x->digamma);
    dmm_free(x->trigamma);
    for (int t = 0; x->scratch && t < n_threads; t++) {
        dmm_free(x->scratch[t].keys);
        dmm_free(x->scratch[t].count);
    }
    dmm_free(x->scratch);
    dmm_free(x->background_gain);
    dmm_free(x->marker_gain);
}

static dmm_status job_init(job *x, dmm_team *team)
{
    const dmm_counts *counts = x->table->counts;
    const size_t columns = counts->dictionary.n_columns;
    const size_t threads = (size_t)dmm_team_size(team);
    const size_t least = LEAST_COMPONENTS;
    dmm_status status = dmm_chunk_new(
        counts, x->k + 1 > least ? x->k + 1 : least, &x->chunk);
    if (status != DMM_OK)
        return status;
    const size_t kp = x->kp = x->chunk->kp;
    x->chosen = DMM_NEW(counts->n_taxa, unsigned char);
    x->marker = DMM_NEW(columns, size_t);
    x->mixed = DMM_NEW(columns, unsigned char);
    x->size = DMM_NEW(kp, double);
    x->weight = DMM_NEW(kp, double);
    x->absent = DMM_NEW(kp, double);
    x->present = DMM_NEW2(columns, kp, double);
    x->block_absent = DMM_NEW2(counts->n_blocks, kp, double);
    x->block_weight = DMM_NEW2(counts->n_blocks, kp, double);
    x->lambda = DMM_NEW2(columns, kp, double);
    x->alpha = DMM_NEW2(columns, kp, double);
    x->digamma = DMM_NEW2(columns, kp, double);
    x->trigamma = DMM_NEW2(columns, kp, double);
    x->background_gain = DMM_NEW(columns, double);
    x->marker_gain = DMM_NEW(columns, double);
    x->scratch = DMM_NEW(threads, scratch);
    if (!x->chosen || !x->marker || !x->mixed || !x->size || !x->weight ||
        !x->absent || !x->present || !x->block_absent || !x->block_weight ||
        !x->lambda || !x->alpha || !x->digamma || !x->trigamma ||
        !x->background_gain || !x->marker_gain || !x->scratch)
        return DMM_ERROR_MEMORY;
    for (size_t t = 0; t < threads; t++) {
        x->scratch[t].keys = DMM_RESERVE(counts->n_samples + 1, uint64_t);
        x->scratch[t].count = DMM_RESERVE(counts->n_samples + 5 * kp, double);
        if (!x->scratch[t].keys || !x->scratch[t].count)
            return DMM_ERROR_MEMORY;
    }
    return DMM_OK;
}

/* Notes where the markers are in the compressed counts. Identical taxa that are
 * all markers have the same parameters, so that one of them is enough. */
static void find_markers(job *x)
{
    const dmm_counts *counts = x->table->counts;
    for (size_t u = 0; u < counts->dictionary.n_taxa_columns; u++)
        x->marker[u] = counts->n_taxa;
    for (size_t j = 0; j < counts->n_taxa; j++) {
        const size_t u = counts->column_of_taxon[j];
        x->chosen[j] = x->model->is_marker[taxon_at(x, j)] != 0;
        if (x->chosen[j])
            x->marker[u] = j;
        else
            x->mixed[u] = 1;
    }
}

typedef struct {
    job job;
    double *gain;
    dmm_status status;
} call;

static void work(dmm_team *team, void *data)
{
    call *y = data;
    job *x = &y->job;
    const dmm_counts *counts = x->table->counts;
    y->status = job_init(x, team);
    if (y->status == DMM_OK) {
        find_markers(x);
        y->status = dmm_columns_new(team, counts, x->chosen, &x->columns);
    }
    if (y->status == DMM_OK) {
        for (size_t c = 0; c < x->k; c++)
            x->size[c] = x->model->other[c];
        x->size[x->k] = x->model->shared;
        set_weights(x);
        dmm_team_do(team, sums_task, x);
        dmm_team_do(team, gains_task, x);
        for (size_t j = 0; j < counts->n_taxa; j++) {
            const size_t u = counts->column_of_taxon[j];
            y->gain[taxon_at(x, j)] =
                x->chosen[j] ? x->marker_gain[u] : x->background_gain[u];
        }
    }
    job_free(x, dmm_team_size(team));
}

dmm_status dmm_table_gains(const dmm_table *table,
                           const dmm_marker_model *model,
                           const dmm_control *control, double *gain)
{
    double *z = dmm_table_place(table, model->z, model->k);
    if (!z)
        return DMM_ERROR_MEMORY;
    call y = {.gain = gain};
    y.job = (job){.table = table, .model = model, .z = z, .k = model->k};
    y.job.prior.eta = control->eta;
    y.job.prior.nu = control->nu;
    const double entries = (double)table->counts->n_nonzeros;
    dmm_team_run(dmm_threads_for(control->n_threads,
                                 entries * (double)(model->k + 1)),
                 work, &y);
    dmm_free(z);
    return y.status;
}
