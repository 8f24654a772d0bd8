/* Reads the columns of compressed counts: see columns.h. */
#include "counts/columns.h"

#include "base/alloc.h"
#include "counts/matrix.h"

typedef struct {
    dmm_columns *columns;
    const unsigned char *chosen;
    uint64_t *keys; /* block_rows for each thread */
} building;

static dmm_offset *block_begin(const dmm_columns *columns, size_t b)
{
    return columns->begin +
           b * (columns->counts->dictionary.n_taxa_columns + 1);
}

/* Finds where the entries of each column begin in a block. They are sorted by
 * column. */
static void index_block(const dmm_columns *columns, size_t b)
{
    const dmm_dictionary *d = &columns->counts->dictionary;
    const dmm_block *block = &columns->counts->block[b];
    dmm_offset *begin = block_begin(columns, b), at = {0, 0, 0};
    for (size_t u = 0; u <= d->n_taxa_columns; u++) {
        begin[u] = at;
        if (u == d->n_taxa_columns)
            break;
        while (at.singles < block->n_singles &&
               block->single_feature[at.singles] < d->end[u])
            at.singles++;
        for (; at.runs < block->n_runs &&
               block->run_feature[at.runs] < d->end[u];
             at.runs++)
            at.run_rows += (size_t)block->run_length[at.runs] + 1;
    }
}

/* The keys of a column's entries in a block. */
static size_t read_block(const dmm_columns *columns, size_t b, size_t u,
                         uint64_t *keys)
{
    const double *value = columns->counts->dictionary.value;
    const dmm_block *block = &columns->counts->block[b];
    const dmm_offset *from = block_begin(columns, b) + u, *to = from + 1;
    size_t n = 0, row = from->run_rows;
    for (size_t e = from->singles; e < to->singles; e++)
        keys[n++] = DMM_KEY((uint32_t)value[block->single_feature[e]],
                            block->first_row + block->single_row[e]);
    for (size_t r = from->runs; r < to->runs; r++) {
        const uint32_t count = (uint32_t)value[block->run_feature[r]];
        const size_t end = row + block->run_length[r] + 1;
        for (; row < end; row++)
            keys[n++] = DMM_KEY(count, block->first_row + block->run_row[row]);
    }
    return n;
}

/* The sums of the rest in a block's samples. */
static void sum_block(const building *x, size_t b, uint64_t *keys)
{
    const dmm_counts *counts = x->columns->counts;
    const dmm_block *block = &counts->block[b];
    double *rest = x->columns->rest;
    for (size_t i = block->first_row; i < block->first_row + block->n_rows; i++)
        rest[i] = counts->total[i];
    for (size_t j = 0; j < counts->n_taxa; j++) {
        if (!x->chosen[j])
            continue;
        const size_t n =
            read_block(x->columns, b, counts->column_of_taxon[j], keys);
        for (size_t e = 0; e < n; e++)
            rest[DMM_KEY_ROW(keys[e])] -= DMM_KEY_COUNT(keys[e]);
    }
}

static void build_task(const dmm_worker *worker, void *data)
{
    const building *x = data;
    const dmm_counts *counts = x->columns->counts;
    size_t b;
    while (dmm_team_next(worker, counts->n_blocks, &b)) {
        index_block(x->columns, b);
        sum_block(x, b, x->keys + (size_t)worker->number * counts->block_rows);
    }
    dmm_team_barrier(worker);
}

dmm_status dmm_columns_new(dmm_team *team, const dmm_counts *counts,
                           const unsigned char *chosen, dmm_columns **result)
{
    *result = NULL;
    dmm_status status = DMM_ERROR_MEMORY;
    building x = {.chosen = chosen};
    x.columns = DMM_NEW(1, dmm_columns);
    x.keys = DMM_RESERVE2((size_t)dmm_team_size(team), counts->block_rows,
                          uint64_t);
    if (!x.columns || !x.keys)
        goto done;
    x.columns->counts = counts;
    x.columns->begin =
        DMM_RESERVE2(counts->n_blocks, counts->dictionary.n_taxa_columns + 1,
                     dmm_offset);
    x.columns->rest = DMM_RESERVE(counts->n_samples, double);
    if (!x.columns->begin || !x.columns->rest)
        goto done;
    dmm_team_do(team, build_task, &x);
    status = DMM_OK;
    for (size_t i = 0; i < counts->n_samples; i++)
        if (x.columns->rest[i] > UINT32_MAX)
            status = DMM_ERROR_TOO_LARGE;
done:
    dmm_free(x.keys);
    if (status == DMM_OK)
        *result = x.columns;
    else
        dmm_columns_free(x.columns);
    return status;
}

void dmm_columns_free(dmm_columns *columns)
{
    if (columns == NULL)
        return;
    dmm_free(columns->begin);
    dmm_free(columns->rest);
    dmm_free(columns);
}

dmm_matrix dmm_columns_view(const dmm_columns *columns, const uint32_t *source,
                            size_t n)
{
    const dmm_matrix view = {.kind = DMM_MATRIX_COLUMNS,
                             .rows = columns->counts->n_samples,
                             .columns = n,
                             .compressed = columns,
                             .column_source = source};
    return view;
}

size_t dmm_columns_nonzeros(const dmm_columns *columns, size_t taxon)
{
    const dmm_counts *counts = columns->counts;
    size_t n = 0;
    if (taxon == counts->n_taxa) {
        for (size_t i = 0; i < counts->n_samples; i++)
            n += columns->rest[i] > 0;
        return n;
    }
    const size_t u = counts->column_of_taxon[taxon];
    for (size_t b = 0; b < counts->n_blocks; b++) {
        const dmm_offset *from = block_begin(columns, b) + u, *to = from + 1;
        n += to->singles - from->singles + to->run_rows - from->run_rows;
    }
    return n;
}

size_t dmm_columns_read(const dmm_columns *columns, size_t taxon,
                        uint64_t *keys)
{
    const dmm_counts *counts = columns->counts;
    size_t n = 0;
    if (taxon == counts->n_taxa) {
        for (size_t i = 0; i < counts->n_samples; i++) {
            keys[n] = DMM_KEY((uint32_t)columns->rest[i], i);
            n += columns->rest[i] > 0;
        }
        return n;
    }
    for (size_t b = 0; b < counts->n_blocks; b++)
        n += read_block(columns, b, counts->column_of_taxon[taxon], keys + n);
    return n;
}
