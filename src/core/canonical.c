#include "canonical.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* A sample's colour then depends on counts up to five steps away (to a taxon,
 * to that taxon's samples, ...); most are told apart by the second round. */
#define ROUNDS 3

typedef struct {
    uint64_t colour;
    uint64_t second; /* between equal colours */
    uint32_t index;  /* between equal seconds */
} entry;

typedef struct {
    const dmm_matrix *matrix;
    uint64_t *row_colour;
    uint64_t *column_colour;
    uint64_t *column_second;
    uint64_t **row_sum; /* by thread: rows                   */
    uint64_t **keys;    /* by thread: the keys of one column */
    int n_threads;
    int places; /* whether row_colour holds places: the last pass */
} colouring;

static uint64_t hash(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

/* Of a count, which is not 0, and of the colour beside it. */
static uint64_t hash_entry(uint32_t count, uint64_t colour)
{
    return hash(colour + UINT64_C(0x9e3779b97f4a7c15) * count);
}

/* One column's colour from its rows', and its part of the rows' next ones. */
static void colour_column(colouring *c, size_t j, int thread)
{
    uint64_t *keys = c->keys[thread], *row_sum = c->row_sum[thread];
    const size_t n = dmm_matrix_column(c->matrix, j, keys);
    uint64_t sum = n;
    for (size_t e = 0; e < n; e++)
        sum += hash_entry(DMM_KEY_COUNT(keys[e]),
                          c->row_colour[DMM_KEY_ROW(keys[e])]);
    if (c->places) {
        c->column_second[j] = sum;
        return;
    }
    const uint64_t colour = hash(sum);
    c->column_colour[j] = colour;
    for (size_t e = 0; e < n; e++)
        row_sum[DMM_KEY_ROW(keys[e])] +=
            hash_entry(DMM_KEY_COUNT(keys[e]), colour);
}

static void colour_task(const dmm_worker *worker, void *data)
{
    colouring *c = data;
    size_t j;
    while (dmm_team_next(worker, c->matrix->columns, &j))
        colour_column(c, j, worker->number);
}

static void next_row_colours(colouring *c)
{
    for (size_t i = 0; i < c->matrix->rows; i++) {
        uint64_t sum = 0;
        for (int t = 0; t < c->n_threads; t++) {
            sum += c->row_sum[t][i];
            c->row_sum[t][i] = 0;
        }
        c->row_colour[i] = hash(sum);
    }
}

static int compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->colour != y->colour)
        return x->colour < y->colour ? -1 : 1;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The entries of `second`, all 0 where it is NULL, in order. */
static void sort_entries(entry *entries, size_t n, const uint64_t *colour,
                         const uint64_t *second)
{
    for (size_t i = 0; i < n; i++) {
        entries[i].colour = colour[i];
        entries[i].second = second ? second[i] : 0;
        entries[i].index = (uint32_t)i;
    }
    qsort(entries, n, sizeof *entries, compare);
}

static dmm_status colouring_init(colouring *c)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    const size_t threads = (size_t)c->n_threads;
    c->row_colour = DMM_NEW(rows, uint64_t);
    c->column_colour = DMM_NEW(columns, uint64_t);
    c->column_second = DMM_NEW(columns, uint64_t);
    c->row_sum = DMM_NEW(threads, uint64_t *);
    c->keys = DMM_NEW(threads, uint64_t *);
    if (!c->row_colour || !c->column_colour || !c->column_second ||
        !c->row_sum || !c->keys)
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
    dmm_free(c->column_second);
    for (int t = 0; t < c->n_threads; t++) {
        if (c->row_sum)
            dmm_free(c->row_sum[t]);
        if (c->keys)
            dmm_free(c->keys[t]);
    }
    dmm_free(c->row_sum);
    dmm_free(c->keys);
}

dmm_status dmm_canonical_build(dmm_team *team, const dmm_matrix *matrix,
                               dmm_canonical *canonical)
{
    const size_t rows = matrix->rows, columns = matrix->columns;
    colouring c = {.matrix = matrix, .n_threads = dmm_team_size(team)};
    memset(canonical, 0, sizeof *canonical);
    if (rows > UINT32_MAX || columns > UINT32_MAX || matrix->row_place ||
        matrix->column_source)
        return DMM_ERROR_ARGUMENT;
    entry *entries = DMM_NEW(rows > columns ? rows : columns, entry);
    canonical->row_place = DMM_NEW(rows, uint32_t);
    canonical->column_source = DMM_NEW(columns, uint32_t);
    dmm_status status = colouring_init(&c);
    if (!entries || !canonical->row_place || !canonical->column_source)
        status = DMM_ERROR_MEMORY;
    if (status != DMM_OK)
        goto done;
    for (int round = 0; round < ROUNDS; round++) {
        dmm_team_do(team, colour_task, &c);
        next_row_colours(&c);
    }
    sort_entries(entries, rows, c.row_colour, NULL);
    for (size_t i = 0; i < rows; i++)
        canonical->row_place[entries[i].index] = (uint32_t)i;
    /* Taxa of one colour by the places of their samples: a table whose samples
     * were ordered by chance, as those of a diagonal one, is then in order. */
    for (size_t i = 0; i < rows; i++)
        c.row_colour[i] = canonical->row_place[i];
    c.places = 1;
    dmm_team_do(team, colour_task, &c);
    sort_entries(entries, columns, c.column_colour, c.column_second);
    for (size_t j = 0; j < columns; j++)
        canonical->column_source[j] = entries[j].index;
done:
    dmm_free(entries);
    colouring_free(&c);
    if (status != DMM_OK)
        dmm_canonical_free(canonical);
    return status;
}

void dmm_canonical_free(dmm_canonical *canonical)
{
    dmm_free(canonical->row_place);
    dmm_free(canonical->column_source);
    memset(canonical, 0, sizeof *canonical);
}
