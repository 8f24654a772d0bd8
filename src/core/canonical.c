#include "canonical.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"
#include "refine.h"

/* Most samples are told apart by the second round; what ties after the last
 * one is ordered as a graph. */
#define ROUNDS 3

/* Of a row or column that has none. */
#define NO_VERTEX UINT32_MAX

typedef struct {
    uint64_t colour;
    uint64_t second; /* between equal colours */
    uint32_t index;  /* between equal seconds */
} entry;

/* What a pass over the table makes. */
typedef enum {
    PASS_COLOURS,  /* the columns' colours from the rows', and the rows' next */
    PASS_IDENTITY, /* hashes of what is where in the table, of both           */
    PASS_PLACES    /* of the columns, of what is where in the rows' order     */
} pass;

typedef struct {
    const dmm_matrix *matrix;
    uint64_t *row_colour;       /* rows                                      */
    uint64_t *column_colour;    /* columns                                   */
    uint64_t *row_second;       /* rows: identity, then order in a colour    */
    uint64_t *column_second;    /* columns: identity, then that of the places */
    unsigned char *row_tied;    /* rows: whether others have the same colour */
    unsigned char *column_tied; /* columns                                   */
    uint32_t *row_vertex;       /* rows                                      */
    uint32_t *column_vertex;    /* columns                                   */
    entry *entries;             /* the larger of rows and columns            */
    uint64_t **row_sum;         /* by thread: rows                           */
    uint64_t **keys;            /* by thread: the keys of one column         */
    const uint32_t *row_place;  /* rows, for PASS_PLACES                     */
    int n_threads;
    pass pass;
} colouring;

/* What a row adds to a column for a count. */
static uint64_t row_part(const colouring *c, uint32_t row)
{
    switch (c->pass) {
    case PASS_COLOURS:
        return c->row_colour[row];
    case PASS_IDENTITY:
        return row;
    case PASS_PLACES:
        return c->row_place[row];
    }
    return 0;
}

/* One column's hash from its rows', and its part of the rows' next ones. */
static void hash_column(colouring *c, size_t j, int thread)
{
    uint64_t *keys = c->keys[thread], *row_sum = c->row_sum[thread];
    const size_t n = dmm_matrix_column(c->matrix, j, keys);
    uint64_t sum = n;
    for (size_t e = 0; e < n; e++)
        sum += dmm_hash_entry(DMM_KEY_COUNT(keys[e]),
                              row_part(c, DMM_KEY_ROW(keys[e])));
    if (c->pass == PASS_COLOURS)
        c->column_colour[j] = dmm_hash(sum);
    else
        c->column_second[j] = sum;
    if (c->pass == PASS_PLACES)
        return;
    const uint64_t part = c->pass == PASS_COLOURS ? c->column_colour[j] : j;
    for (size_t e = 0; e < n; e++)
        row_sum[DMM_KEY_ROW(keys[e])] +=
            dmm_hash_entry(DMM_KEY_COUNT(keys[e]), part);
}

static void pass_task(const dmm_worker *worker, void *data)
{
    colouring *c = data;
    size_t j;
    while (dmm_team_next(worker, c->matrix->columns, &j))
        hash_column(c, j, worker->number);
}

/* Takes the rows' sums as their next hashes. */
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

/* A round: the columns' colours from the rows', and the rows' from those. */
static void colour_rows(dmm_team *team, colouring *c)
{
    c->pass = PASS_COLOURS;
    dmm_team_do(team, pass_task, c);
    collect_rows(c, c->row_colour);
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

/* n entries of `colour` and `second`, all 0 where that is NULL, in order. */
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

/* Where the entries of the colour at `begin` end. */
static size_t colour_end(const entry *entries, size_t n, size_t begin)
{
    size_t end = begin + 1;
    while (end < n && entries[end].colour == entries[begin].colour)
        end++;
    return end;
}

/* ---- What still ties -------------------------------------------------- */

/* The graph of the rows and columns that tie, and of the counts between them:
 * the others have their part in the colours. */
typedef struct {
    dmm_graph graph;
    uint64_t *colour; /* these are the graph's */
    size_t *first;
    uint32_t *to, *count;
    uint32_t *place; /* n */
} ties;

static void ties_free(ties *t)
{
    dmm_free(t->colour);
    dmm_free(t->first);
    dmm_free(t->to);
    dmm_free(t->count);
    dmm_free(t->place);
}

static int any_tied(const entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (entries[i].colour == entries[i - 1].colour)
            return 1;
    return 0;
}

/* Whether neighbours in order that share a colour have different counts. */
static int colours_mixed(const entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (entries[i].colour == entries[i - 1].colour &&
            entries[i].second != entries[i - 1].second)
            return 1;
    return 0;
}

static int alike(const entry *x, const entry *y)
{
    return x->colour == y->colour && x->second == y->second;
}

/* Whether a row's or column's colour is another's too. */
static void mark_tied(const entry *entries, size_t n, unsigned char *tied)
{
    for (size_t i = 0, end; i < n; i = end) {
        end = colour_end(entries, n, i);
        for (size_t e = i; e < end; e++)
            tied[entries[e].index] = end - i > 1;
    }
}

/* Numbers those of n rows (side 0) or columns (side 1) that tie; of some that
 * have the same counts, the first, for all. */
static void number_tied(ties *t, const entry *entries, size_t n,
                        const unsigned char *tied, uint64_t side,
                        uint32_t *vertex)
{
    for (size_t i = 0, end; i < n; i = end) {
        const uint32_t first = entries[i].index;
        for (end = i; end < n && alike(&entries[i], &entries[end]); end++)
            vertex[entries[end].index] = NO_VERTEX;
        if (!tied[first])
            continue;
        const uint32_t alike_ones = (uint32_t)(end - i);
        vertex[first] = (uint32_t)t->graph.n;
        t->colour[t->graph.n++] =
            dmm_hash(dmm_hash_entry(alike_ones, entries[i].colour) + side);
    }
}

/* Counts the edges at each vertex v, in first[v + 2]; or with `store` writes
 * them, from first[v + 1] on, which then is where they end. */
static void walk_edges(colouring *c, ties *t, int store)
{
    for (size_t j = 0; j < c->matrix->columns; j++) {
        const uint32_t v = c->column_vertex[j];
        if (v == NO_VERTEX)
            continue;
        const size_t n = dmm_matrix_column(c->matrix, j, c->keys[0]);
        for (size_t e = 0; e < n; e++) {
            const uint32_t w = c->row_vertex[DMM_KEY_ROW(c->keys[0][e])];
            if (w == NO_VERTEX)
                continue;
            if (!store) {
                t->first[v + 2]++;
                t->first[w + 2]++;
                continue;
            }
            const size_t at_v = t->first[v + 1]++, at_w = t->first[w + 1]++;
            t->to[at_v] = w;
            t->to[at_w] = v;
            t->count[at_v] = t->count[at_w] = DMM_KEY_COUNT(c->keys[0][e]);
        }
    }
}

static dmm_status build_graph(colouring *c, ties *t)
{
    const size_t n = t->graph.n;
    t->first = DMM_NEW(n + 2, size_t);
    t->place = DMM_NEW(n, uint32_t);
    if (!t->first || !t->place)
        return DMM_ERROR_MEMORY;
    walk_edges(c, t, 0);
    for (size_t v = 0; v < n; v++)
        t->first[v + 2] += t->first[v + 1];
    t->to = DMM_NEW(t->first[n + 1], uint32_t);
    t->count = DMM_NEW(t->first[n + 1], uint32_t);
    if (!t->to || !t->count)
        return DMM_ERROR_MEMORY;
    walk_edges(c, t, 1);
    t->graph.colour = t->colour;
    t->graph.first = t->first;
    t->graph.to = t->to;
    t->graph.count = t->count;
    return DMM_OK;
}

/* Sorts rows that have been sorted by colour, and not all told apart by it. */
static dmm_status order_tied(dmm_team *team, colouring *c)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    entry *entries = c->entries;
    ties t = {.place = NULL};
    dmm_status status = DMM_ERROR_MEMORY;
    c->pass = PASS_IDENTITY;
    dmm_team_do(team, pass_task, c);
    collect_rows(c, c->row_second);
    sort_entries(entries, rows, c->row_colour, c->row_second);
    if (!colours_mixed(entries, rows))
        return DMM_OK;
    if (columns > NO_VERTEX - rows)
        return DMM_ERROR_TOO_LARGE;
    /* One more round, for the columns to know the rows that do not tie and the
     * rows the columns. */
    mark_tied(entries, rows, c->row_tied);
    colour_rows(team, c);
    sort_entries(entries, rows, c->row_colour, c->row_second);
    t.colour = DMM_NEW(rows + columns, uint64_t);
    if (!t.colour)
        goto done;
    number_tied(&t, entries, rows, c->row_tied, 0, c->row_vertex);
    sort_entries(entries, columns, c->column_colour, c->column_second);
    mark_tied(entries, columns, c->column_tied);
    number_tied(&t, entries, columns, c->column_tied, 1, c->column_vertex);
    status = build_graph(c, &t);
    if (status == DMM_OK)
        status = dmm_refine_order(&t.graph, t.place);
    if (status != DMM_OK)
        goto done;
    sort_entries(entries, rows, c->row_colour, c->row_second);
    for (size_t i = 0; i < rows; i++) {
        const uint32_t row = entries[i].index, v = c->row_vertex[row];
        if (i > 0 && alike(&entries[i], &entries[i - 1]))
            c->row_second[row] = c->row_second[entries[i - 1].index];
        else
            c->row_second[row] = v == NO_VERTEX ? 0 : t.place[v];
    }
    sort_entries(entries, rows, c->row_colour, c->row_second);
done:
    ties_free(&t);
    return status;
}

/* ---- The order -------------------------------------------------------- */

static dmm_status colouring_init(colouring *c)
{
    const size_t rows = c->matrix->rows, columns = c->matrix->columns;
    const size_t threads = (size_t)c->n_threads;
    c->row_colour = DMM_NEW(rows, uint64_t);
    c->column_colour = DMM_NEW(columns, uint64_t);
    c->row_second = DMM_NEW(rows, uint64_t);
    c->column_second = DMM_NEW(columns, uint64_t);
    c->row_tied = DMM_NEW(rows, unsigned char);
    c->column_tied = DMM_NEW(columns, unsigned char);
    c->row_vertex = DMM_NEW(rows, uint32_t);
    c->column_vertex = DMM_NEW(columns, uint32_t);
    c->entries = DMM_NEW(rows > columns ? rows : columns, entry);
    c->row_sum = DMM_NEW(threads, uint64_t *);
    c->keys = DMM_NEW(threads, uint64_t *);
    if (!c->row_colour || !c->column_colour || !c->row_second ||
        !c->column_second || !c->row_tied || !c->column_tied ||
        !c->row_vertex || !c->column_vertex || !c->entries || !c->row_sum ||
        !c->keys)
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
    dmm_free(c->row_second);
    dmm_free(c->column_second);
    dmm_free(c->row_tied);
    dmm_free(c->column_tied);
    dmm_free(c->row_vertex);
    dmm_free(c->column_vertex);
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

dmm_status dmm_canonical_build(dmm_team *team, const dmm_matrix *matrix,
                               dmm_canonical *canonical)
{
    const size_t rows = matrix->rows, columns = matrix->columns;
    colouring c = {.matrix = matrix, .n_threads = dmm_team_size(team)};
    memset(canonical, 0, sizeof *canonical);
    if (rows > UINT32_MAX || columns > UINT32_MAX || matrix->row_place ||
        matrix->column_source)
        return DMM_ERROR_ARGUMENT;
    canonical->row_place = DMM_NEW(rows, uint32_t);
    canonical->column_source = DMM_NEW(columns, uint32_t);
    dmm_status status = colouring_init(&c);
    if (!canonical->row_place || !canonical->column_source)
        status = DMM_ERROR_MEMORY;
    if (status != DMM_OK)
        goto done;
    for (int round = 0; round < ROUNDS; round++)
        colour_rows(team, &c);
    sort_entries(c.entries, rows, c.row_colour, NULL);
    if (any_tied(c.entries, rows))
        status = order_tied(team, &c);
    if (status != DMM_OK)
        goto done;
    for (size_t i = 0; i < rows; i++)
        canonical->row_place[c.entries[i].index] = (uint32_t)i;
    /* The rows' places tell all columns apart that differ. */
    c.row_place = canonical->row_place;
    c.pass = PASS_PLACES;
    dmm_team_do(team, pass_task, &c);
    sort_entries(c.entries, columns, c.column_colour, c.column_second);
    for (size_t j = 0; j < columns; j++)
        canonical->column_source[j] = c.entries[j].index;
done:
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
