/* The canonical order by colour refinement: see order.h. */
#include "counts/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* The work of all rounds, a second or two: in rows and columns, which are
 * sorted in each round, with ENTRIES_PER_ROW nonzero counts like one of them.
 * The first LEAST_ROUNDS are made in any case; most tables need no more. */
#define MOST_WORK ((size_t)1 << 24)
#define ENTRIES_PER_ROW 4
#define LEAST_ROUNDS 4

/* A row or column to be sorted by colour, then by places, then by index. */
typedef struct {
    uint64_t colour;
    uint64_t places; /* a column's counts and the places of its rows, hashed;
                        0 for rows                                           */
    uint32_t index;
} entry;

typedef struct {
    const dmm_matrix *matrix;
    uint64_t *row_colour;      /* rows                                      */
    uint64_t *column_colour;   /* columns                                   */
    uint64_t *column_places;   /* columns: see entry                        */
    uint64_t *row_counts;      /* rows: a hash of the row's counts          */
    size_t colours;            /* of columns and rows, after a round        */
    size_t rounds_left;
    const uint32_t *row_place; /* rows; NULL until they are known           */
    entry *entries;            /* space for all rows or all columns         */
    int n_threads;
    uint64_t **row_sum;        /* by thread: rows; the hashes of a row's
                                  entries in the thread's columns, summed   */
    uint64_t **keys;           /* by thread: space for a column's keys      */
} colouring;

/* Computes a column's colour from those of its rows, and adds it to the sums
 * that will be the rows' next colours. The order of columns and rows does not
 * matter, as sums of hashes do not depend on it. */
static void colour_column(colouring *c, size_t j, int thread)
{
    const uint64_t *keys = c->keys[thread];
    const size_t n = dmm_matrix_column(c->matrix, j, c->keys[thread]);
    uint64_t sum = n;
    for (size_t e = 0; e < n; e++)
        sum += dmm_hash_entry(DMM_KEY_COUNT(keys[e]),
                              c->row_colour[DMM_KEY_ROW(keys[e])]);
    c->column_colour[j] = dmm_hash(sum);
    for (size_t e = 0; e < n; e++)
        c->row_sum[thread][DMM_KEY_ROW(keys[e])] +=
            dmm_hash_entry(DMM_KEY_COUNT(keys[e]), c->column_colour[j]);
}

static void colour_task(const dmm_worker *worker, void *data)
{
    colouring *c = data;
    size_t j;
    while (dmm_team_next(worker, c->matrix->columns, &j))
        colour_column(c, j, worker->number);
}

/* Fills column_places. */
static void places_task(const dmm_worker *worker, void *data)
{
    colouring *c = data;
    uint64_t *keys = c->keys[worker->number];
    size_t j;
    while (dmm_team_next(worker, c->matrix->columns, &j)) {
        const size_t n = dmm_matrix_column(c->matrix, j, keys);
        c->column_places[j] = n;
        for (size_t e = 0; e < n; e++)
            c->column_places[j] +=
                dmm_hash_entry(DMM_KEY_COUNT(keys[e]),
                               c->row_place[DMM_KEY_ROW(keys[e])]);
    }
}

static int compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->colour != y->colour)
        return x->colour < y->colour ? -1 : 1;
    if (x->places != y->places)
        return x->places < y->places ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Sorts the entries of n rows or columns; places may be NULL. */
static void sort_entries(colouring *c, size_t n, const uint64_t *colour,
                         const uint64_t *places)
{
    for (size_t i = 0; i < n; i++)
        c->entries[i] =
            (entry){colour[i], places ? places[i] : 0, (uint32_t)i};
    qsort(c->entries, n, sizeof *c->entries, compare);
}

/* The number of different colours among sorted entries. */
static size_t count_colours(const entry *entries, size_t n)
{
    size_t colours = 1;
    for (size_t i = 1; i < n; i++)
        colours += entries[i].colour != entries[i - 1].colour;
    return colours;
}

/* Takes the rows' sums as their hashes. */
static void collect_rows(colouring *c, uint64_t *hash)
{
    for (size_t i = 0; i < c->matrix->rows; i++) {
        uint64_t sum = 0;
        for (int t = 0; t < c->n_threads; t++) {
            sum += c->row_sum[t][i];
            c->row_sum[t][i] = 0;
        }
        hash[i] = dmm_hash(sum);
    }
}

/* Rounds of refinement until the colours are stable, or no rounds are left.
 * Leaves the sorted rows in c->entries. */
static void refine(dmm_team *team, colouring *c)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    size_t before;
    do {
        before = c->colours;
        dmm_team_do(team, colour_task, c);
        sort_entries(c, columns, c->column_colour, NULL);
        c->colours = count_colours(c->entries, columns);
        collect_rows(c, c->row_colour);
        sort_entries(c, rows, c->row_colour, NULL);
        c->colours += count_colours(c->entries, rows);
        c->rounds_left--;
    } while (c->colours > before && c->rounds_left > 0);
}

/* ---- Ties --------------------------------------------------------------- */

static void counts_task(const dmm_worker *worker, void *data)
{
    colouring *c = data;
    uint64_t *keys = c->keys[worker->number];
    size_t j;
    while (dmm_team_next(worker, c->matrix->columns, &j)) {
        const size_t n = dmm_matrix_column(c->matrix, j, keys);
        for (size_t e = 0; e < n; e++)
            c->row_sum[worker->number][DMM_KEY_ROW(keys[e])] +=
                dmm_hash_entry(DMM_KEY_COUNT(keys[e]), j);
    }
}

/* The first row of the first colour that rows with different counts have, or
 * the number of rows. */
static size_t tied_row(const colouring *c)
{
    const size_t rows = c->matrix->rows;
    size_t first = 0;
    for (size_t i = 1; i < rows; i++) {
        const entry *x = &c->entries[first], *y = &c->entries[i];
        if (x->colour != y->colour)
            first = i;
        else if (c->row_counts[x->index] != c->row_counts[y->index])
            return x->index;
    }
    return rows;
}

/* Gives the first of some tied rows a colour of its own and refines again,
 * until no rows with different counts tie, or no rounds are left. */
static void break_ties(dmm_team *team, colouring *c)
{
    const size_t rows = c->matrix->rows;
    size_t row;
    dmm_team_do(team, counts_task, c);
    collect_rows(c, c->row_counts);
    while (c->rounds_left > 0 && (row = tied_row(c)) < rows) {
        c->row_colour[row] = dmm_hash(c->row_colour[row] + 1);
        refine(team, c);
    }
}

/* ---- The order ---------------------------------------------------------- */

static dmm_status colouring_init(colouring *c)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    const size_t threads = (size_t)c->n_threads;
    c->row_colour = DMM_NEW(rows, uint64_t);
    c->column_colour = DMM_NEW(columns, uint64_t);
    c->column_places = DMM_NEW(columns, uint64_t);
    c->row_counts = DMM_NEW(rows, uint64_t);
    c->entries = DMM_NEW(rows > columns ? rows : columns, entry);
    c->row_sum = DMM_NEW(threads, uint64_t *);
    c->keys = DMM_NEW(threads, uint64_t *);
    if (!c->row_colour || !c->column_colour || !c->column_places ||
        !c->row_counts || !c->entries || !c->row_sum || !c->keys)
        return DMM_ERROR_MEMORY;
    for (size_t t = 0; t < threads; t++) {
        c->row_sum[t] = DMM_NEW(rows, uint64_t);
        c->keys[t] = DMM_NEW(rows + 1, uint64_t);
        if (!c->row_sum[t] || !c->keys[t])
            return DMM_ERROR_MEMORY;
    }
    return DMM_OK;
}

static void colouring_free(colouring *c)
{
    dmm_free(c->row_colour);
    dmm_free(c->column_colour);
    dmm_free(c->column_places);
    dmm_free(c->row_counts);
    dmm_free(c->entries);
    for (int t = 0; t < c->n_threads; t++) {
        if (c->row_sum)
            dmm_free(c->row_sum[t]);
        if (c->keys)
            dmm_free(c->keys[t]);
    }
    dmm_free(c->row_sum);
    dmm_free(c->keys);
}

static void find_order(dmm_team *team, colouring *c, dmm_order *order)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    const size_t entries = dmm_matrix_nonzeros(c->matrix, SIZE_MAX);
    c->rounds_left = LEAST_ROUNDS +
                     MOST_WORK / (rows + columns + entries / ENTRIES_PER_ROW);
    refine(team, c);
    if (count_colours(c->entries, rows) < rows)
        break_ties(team, c);
    for (size_t i = 0; i < rows; i++)
        order->row_place[c->entries[i].index] = (uint32_t)i;
    c->row_place = order->row_place;
    dmm_team_do(team, places_task, c);
    sort_entries(c, columns, c->column_colour, c->column_places);
    for (size_t j = 0; j < columns; j++)
        order->column_source[j] = c->entries[j].index;
}

dmm_status dmm_order_build(dmm_team *team, const dmm_matrix *matrix,
                           dmm_order *order)
{
    colouring c = {.matrix = matrix, .n_threads = dmm_team_size(team)};
    memset(order, 0, sizeof *order);
    if (matrix->rows > UINT32_MAX || matrix->columns > UINT32_MAX ||
        matrix->row_place || matrix->column_source)
        return DMM_ERROR_ARGUMENT;
    order->row_place = DMM_NEW(matrix->rows, uint32_t);
    order->column_source = DMM_NEW(matrix->columns, uint32_t);
    dmm_status status = colouring_init(&c);
    if (!order->row_place || !order->column_source)
        status = DMM_ERROR_MEMORY;
    if (status == DMM_OK)
        find_order(team, &c, order);
    else
        dmm_order_free(order);
    colouring_free(&c);
    return status;
}

void dmm_order_free(dmm_order *order)
{
    dmm_free(order->row_place);
    dmm_free(order->column_source);
    memset(order, 0, sizeof *order);
}
