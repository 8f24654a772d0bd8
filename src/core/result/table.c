/* Compresses tables: dmm_table_new() and dmm_table_split() of dmm.h. */
#include "result/table.h"

#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/threads.h"
#include "counts/columns.h"
#include "em/estep.h"
#include "simd/kernels.h"

/* The samples of the part on which starts are made, unless DMM_SAMPLES_EACH
 * asks for more, and how many times as many a table has at least that has a
 * part. */
#define PART_SAMPLES 20000
#define LEAST_PARTS 4

/* In canonical order, blocks of rows are sized for at least this many padded
 * components. Sums depend on the blocks; fits with up to so many components are
 * then the same whatever the largest k of a sweep is. */
#define LEAST_VECTOR_LENGTH 8

/* ---- Compression -------------------------------------------------------- */

static size_t vector_length(size_t k, int canonical)
{
    const size_t length = dmm_padded_components(k);
    return canonical && length < LEAST_VECTOR_LENGTH ? LEAST_VECTOR_LENGTH
                                                     : length;
}

/* Draws `most` of n places at random and numbers them; the others are
 * DMM_NO_PLACE. */
static void draw_places(uint32_t *place, size_t n, size_t most)
{
    dmm_random random = {1};
    size_t drawn = 0;
    for (size_t i = 0; i < n; i++) {
        const double chance = (double)(most - drawn) / (double)(n - i);
        place[i] = dmm_random_uniform(&random) < chance ? (uint32_t)drawn++
                                                        : DMM_NO_PLACE;
    }
}

/* Compresses a random part of a large table in canonical order. The part does
 * not depend on the order of the matrix. One component has one optimum and
 * needs no starts. */
static dmm_status compress_part(dmm_team *team, dmm_matrix view,
                                size_t largest_k, dmm_counts **part)
{
    size_t samples = DMM_SAMPLES_EACH * largest_k;
    samples = samples > PART_SAMPLES ? samples : PART_SAMPLES;
    if (largest_k == 1 || view.rows < LEAST_PARTS * samples)
        return DMM_OK;
    uint32_t *place = DMM_NEW(view.rows, uint32_t);
    uint32_t *row_place = DMM_NEW(view.rows, uint32_t);
    dmm_status status = DMM_ERROR_MEMORY;
    if (place && row_place) {
        draw_places(place, view.rows, samples);
        for (size_t i = 0; i < view.rows; i++)
            row_place[i] = place[view.row_place ? view.row_place[i] : i];
        view.row_place = row_place;
        view.places = samples;
        status = dmm_counts_build(team, &view, DMM_TAXA_MERGED,
                                  vector_length(largest_k, 1), part);
    }
    dmm_free(place);
    dmm_free(row_place);
    return status;
}

/* Compresses what a view presents and, in canonical order, a part of it. */
static dmm_status compress_view(dmm_team *team, const dmm_matrix *view,
                                int canonical, size_t largest_k,
                                dmm_table *table)
{
    dmm_status status = DMM_OK;
    if (canonical)
        status = compress_part(team, *view, largest_k, &table->part);
    if (status == DMM_OK)
        status = dmm_counts_build(team, view, DMM_TAXA_MERGED,
                                  vector_length(largest_k, canonical),
                                  &table->counts);
    return status;
}

typedef struct {
    const dmm_matrix *matrix;
    int canonical;
    size_t largest_k;
    dmm_table *table;
    dmm_status status;
} compression;

static void compress(dmm_team *team, void *data)
{
    compression *x = data;
    dmm_matrix view = *x->matrix;
    x->status = DMM_OK;
    if (x->canonical) {
        x->status = dmm_order_build(team, x->matrix, &x->table->order);
        view.row_place = x->table->order.row_place;
        view.column_source = x->table->order.column_source;
    }
    if (x->status == DMM_OK)
        x->status =
            compress_view(team, &view, x->canonical, x->largest_k, x->table);
}

dmm_status dmm_table_new(const dmm_matrix *matrix, int canonical,
                         size_t largest_k, int n_threads, dmm_table **result)
{
    *result = NULL;
    if (largest_k == 0 || largest_k > matrix->rows)
        return DMM_ERROR_ARGUMENT;
    compression x = {.matrix = matrix, .canonical = canonical};
    x.largest_k = largest_k;
    x.table = DMM_NEW(1, dmm_table);
    if (!x.table)
        return DMM_ERROR_MEMORY;
    const int team = dmm_estep_threads(matrix, largest_k, n_threads);
    dmm_team_run(team, compress, &x);
    if (x.status != DMM_OK) {
        dmm_table_free(x.table);
        return x.status;
    }
    *result = x.table;
    return DMM_OK;
}

void dmm_table_free(dmm_table *table)
{
    if (table == NULL)
        return;
    dmm_counts_free(table->counts);
    dmm_counts_free(table->part);
    dmm_order_free(&table->order);
    dmm_free(table);
}

size_t dmm_table_taxa(const dmm_table *table)
{
    return table->counts->n_taxa;
}

/* ---- Two branches ------------------------------------------------------- */

typedef struct {
    const dmm_table *table;
    const unsigned char *is_marker; /* by taxon of the matrix */
    size_t n_markers, largest_k;
    dmm_columns *columns;
    uint32_t *number; /* n_taxa of the matrix: a taxon's number in its branch */
    uint32_t *source; /* n_taxa + 1: the columns of the branch being made */
    dmm_table *markers, *background;
    dmm_status status;
} splitting;

static size_t taxon_at(const dmm_table *table, size_t place)
{
    return table->order.column_source ? table->order.column_source[place]
                                      : place;
}

/* A table of the columns x->source, of which `n` are taxa. */
static dmm_status make_branch(dmm_team *team, splitting *x, dmm_matrix *view,
                              size_t n, size_t largest_k, dmm_table *branch)
{
    branch->order.column_source = DMM_NEW(view->columns, uint32_t);
    if (!branch->order.column_source)
        return DMM_ERROR_MEMORY;
    for (size_t j = 0; j < view->columns; j++)
        branch->order.column_source[j] =
            j < n ? x->number[taxon_at(x->table, x->source[j])] : (uint32_t)n;
    return compress_view(team, view, x->table->order.row_place != NULL,
                         largest_k, branch);
}

/* The taxa of a branch in the order of the table; returns their number. */
static size_t list_taxa(const splitting *x, int markers)
{
    size_t n = 0;
    for (size_t j = 0; j < x->table->counts->n_taxa; j++)
        if (!x->is_marker[taxon_at(x->table, j)] == !markers)
            x->source[n++] = (uint32_t)j;
    return n;
}

static dmm_status make_markers(dmm_team *team, splitting *x)
{
    const dmm_order *order = &x->table->order;
    const size_t rows = x->table->counts->n_samples;
    const size_t n = list_taxa(x, 1);
    x->source[n] = (uint32_t)x->table->counts->n_taxa;
    if (order->row_place) {
        x->markers->order.row_place = DMM_NEW(rows, uint32_t);
        if (!x->markers->order.row_place)
            return DMM_ERROR_MEMORY;
        memcpy(x->markers->order.row_place, order->row_place,
               rows * sizeof *order->row_place);
    }
    dmm_matrix view = dmm_columns_view(x->columns, x->source, n + 1);
    return make_branch(team, x, &view, n, x->largest_k, x->markers);
}

/* Samples without counts of the background are left out: they have no part in
 * its likelihood. */
static dmm_status make_background(dmm_team *team, splitting *x)
{
    const size_t rows = x->table->counts->n_samples;
    const size_t n = list_taxa(x, 0);
    uint32_t *place = DMM_NEW(rows, uint32_t);
    if (!place)
        return DMM_ERROR_MEMORY;
    dmm_matrix view = dmm_columns_view(x->columns, x->source, n);
    for (size_t i = 0; i < rows; i++)
        place[i] =
            x->columns->rest[i] > 0 ? (uint32_t)view.places++ : DMM_NO_PLACE;
    view.row_place = place;
    const dmm_status status =
        view.places ? make_branch(team, x, &view, n, 1, x->background)
                    : DMM_ERROR_ARGUMENT;
    dmm_free(place);
    return status;
}

/* Numbers the taxa of each branch in the order of the matrix, and marks the
 * chosen ones in the order of the table. */
static void number_taxa(const splitting *x, unsigned char *chosen)
{
    uint32_t next[2] = {0, 0};
    for (size_t j = 0; j < x->table->counts->n_taxa; j++)
        x->number[j] = next[x->is_marker[j] != 0]++;
    for (size_t j = 0; j < x->table->counts->n_taxa; j++)
        chosen[j] = x->is_marker[taxon_at(x->table, j)] != 0;
}

static void split(dmm_team *team, void *data)
{
    splitting *x = data;
    const size_t taxa = x->table->counts->n_taxa;
    unsigned char *chosen = DMM_NEW(taxa, unsigned char);
    x->number = DMM_NEW(taxa, uint32_t);
    x->source = DMM_NEW(taxa + 1, uint32_t);
    x->status = DMM_ERROR_MEMORY;
    if (chosen && x->number && x->source) {
        number_taxa(x, chosen);
        x->status =
            dmm_columns_new(team, x->table->counts, chosen, &x->columns);
    }
    if (x->status == DMM_OK)
        x->status = make_markers(team, x);
    if (x->status == DMM_OK)
        x->status = make_background(team, x);
    dmm_columns_free(x->columns);
    dmm_free(chosen);
    dmm_free(x->number);
    dmm_free(x->source);
}

dmm_status dmm_table_split(const dmm_table *table,
                           const unsigned char *is_marker, size_t largest_k,
                           int n_threads, dmm_table **markers,
                           dmm_table **background)
{
    const dmm_counts *counts = table->counts;
    splitting x = {.table = table, .is_marker = is_marker};
    *markers = *background = NULL;
    for (size_t j = 0; j < counts->n_taxa; j++)
        x.n_markers += is_marker[j] != 0;
    if (x.n_markers == 0 || x.n_markers == counts->n_taxa || largest_k == 0 ||
        largest_k > counts->n_samples)
        return DMM_ERROR_ARGUMENT;
    x.largest_k = largest_k;
    x.markers = DMM_NEW(1, dmm_table);
    x.background = DMM_NEW(1, dmm_table);
    x.status = DMM_ERROR_MEMORY;
    if (x.markers && x.background)
        dmm_team_run(dmm_threads_for(n_threads, (double)counts->n_nonzeros *
                                                    (double)largest_k),
                     split, &x);
    if (x.status != DMM_OK) {
        dmm_table_free(x.markers);
        dmm_table_free(x.background);
        return x.status;
    }
    *markers = x.markers;
    *background = x.background;
    return DMM_OK;
}

/* ---- The order of the matrix -------------------------------------------- */

/* Permutes each column of a rows x columns array in place. With `place`,
 * element i becomes what was at place[i]; otherwise it moves to source[i]. */
static dmm_status reorder(double *values, size_t rows, size_t columns,
                          const uint32_t *place, const uint32_t *source)
{
    double *copy = DMM_NEW(rows, double);
    if (!copy)
        return DMM_ERROR_MEMORY;
    for (size_t c = 0; c < columns; c++) {
        double *column = values + c * rows;
        memcpy(copy, column, rows * sizeof *copy);
        for (size_t i = 0; i < rows; i++)
            if (place)
                column[i] = copy[place[i]];
            else
                column[source[i]] = copy[i];
    }
    dmm_free(copy);
    return DMM_OK;
}

dmm_status dmm_table_restore(const dmm_table *table, dmm_fit_result *r)
{
    double *by_taxon[] = {r->estimate, r->lower, r->upper, r->std_error,
                          r->share_error};
    const dmm_order *order = &table->order;
    dmm_status status = DMM_OK;
    if (order->row_place && r->assigned)
        status = reorder(r->assigned, r->n_samples, 2, order->row_place, NULL);
    else if (order->row_place && r->z)
        status = reorder(r->z, r->n_samples, r->k, order->row_place, NULL);
    for (size_t i = 0; order->column_source && i < 5 && status == DMM_OK; i++)
        status =
            reorder(by_taxon[i], r->n_taxa, r->k, NULL, order->column_source);
    return status;
}

double *dmm_table_place(const dmm_table *table, const double *z, size_t k)
{
    const size_t n = table->counts->n_samples;
    const uint32_t *place = table->order.row_place;
    double *placed = DMM_NEW2(n, k, double);
    for (size_t c = 0; placed && c < k; c++)
        for (size_t i = 0; i < n; i++)
            placed[c * n + (place ? place[i] : i)] = z[c * n + i];
    return placed;
}
