/* Tests of counts/columns.c: what was compressed is read back. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "counts/columns.h"
#include "helpers.h"

typedef struct {
    const table *t;
    dmm_matrix_kind kind;
    dmm_taxa taxa;
    size_t k; /* the larger, the more blocks */
    const unsigned char *chosen;
    size_t blocks;
    dmm_status status; /* expected */
} reading;

/* Count i of a taxon or, for taxon = S, of the rest. */
static double count_at(const reading *x, size_t i, size_t taxon)
{
    const table *t = x->t;
    double sum = 0;
    if (taxon < t->columns)
        return t->count[taxon * t->rows + i];
    for (size_t j = 0; j < t->columns; j++)
        sum += x->chosen[j] ? 0 : t->count[j * t->rows + i];
    return sum;
}

/* Keys hold the counts of a taxon, each once; place[i] is the row of sample i,
 * or DMM_NO_PLACE. */
static void check_keys(const reading *x, size_t taxon, const uint32_t *place,
                       const uint64_t *keys, size_t n)
{
    const size_t rows = x->t->rows;
    double *found = NEED(rows, double);
    size_t nonzeros = 0, wrong = 0;
    for (size_t e = 0; e < n; e++) {
        if (DMM_KEY_ROW(keys[e]) >= rows || DMM_KEY_COUNT(keys[e]) == 0)
            wrong++;
        else
            found[DMM_KEY_ROW(keys[e])] += DMM_KEY_COUNT(keys[e]);
    }
    for (size_t i = 0; i < rows; i++) {
        if (place && place[i] == DMM_NO_PLACE)
            continue;
        const double expected = count_at(x, i, taxon);
        wrong += found[place ? place[i] : i] != expected;
        nonzeros += expected != 0;
    }
    CHECK_SAY(wrong == 0 && n == nonzeros, "taxon %zu: %zu wrong, %zu of %zu",
              taxon, wrong, n, nonzeros);
    free(found);
}

static int ascend(const uint64_t *keys, size_t n)
{
    for (size_t e = 1; e < n; e++)
        if (DMM_KEY_ROW(keys[e - 1]) >= DMM_KEY_ROW(keys[e]))
            return 0;
    return 1;
}

/* A view of some of the columns, in another order, whose rows are in another
 * order or in part left out. */
static void check_view(const reading *x, const dmm_columns *columns,
                       const uint32_t *place, size_t places)
{
    const size_t taxa = x->t->columns;
    uint32_t *source = NEED(taxa + 1, uint32_t);
    uint64_t *keys = NEED(x->t->rows, uint64_t);
    size_t n = 0, nonzeros = 0;
    for (size_t j = taxa + 1; j-- > 0;)
        if (j == taxa || random_below(3))
            source[n++] = (uint32_t)j;
    dmm_matrix view = dmm_columns_view(columns, source, n);
    CHECK(view.rows == x->t->rows && view.columns == n);
    for (size_t j = 0; j < n; j++)
        nonzeros += dmm_columns_nonzeros(columns, source[j]);
    CHECK(dmm_matrix_nonzeros(&view, SIZE_MAX) == nonzeros);
    view.row_place = place;
    view.places = places;
    CHECK(dmm_matrix_places(&view) == (places ? places : x->t->rows));
    for (size_t j = 0; j < n; j++) {
        const size_t length = dmm_matrix_column(&view, j, keys);
        check_keys(x, source[j], place, keys, length);
        CHECK(ascend(keys, length));
    }
    free(source);
    free(keys);
}

static void check_views(const reading *x, const dmm_columns *columns)
{
    const size_t rows = x->t->rows;
    uint32_t *place = NEED(rows, uint32_t);
    size_t places = 0;
    check_view(x, columns, NULL, 0);
    for (size_t i = 0; i < rows; i++)
        place[i] = (uint32_t)(rows - 1 - i);
    check_view(x, columns, place, 0);
    for (size_t i = 0; i < rows; i++)
        place[i] =
            i == 0 || random_below(2) ? (uint32_t)places++ : DMM_NO_PLACE;
    check_view(x, columns, place, places);
    free(place);
}

static void read_work(dmm_team *team, void *data)
{
    reading *x = data;
    const dmm_matrix matrix = table_view(x->t, x->kind);
    dmm_counts *counts = build_counts(team, &matrix, x->taxa, x->k);
    dmm_columns *columns = (dmm_columns *)x;
    x->blocks = counts->n_blocks;
    CHECK(dmm_columns_new(team, counts, x->chosen, &columns) == x->status);
    if (x->status == DMM_OK) {
        uint64_t *keys = NEED(x->t->rows, uint64_t);
        for (size_t j = 0; j <= x->t->columns; j++) {
            const size_t n = dmm_columns_read(columns, j, keys);
            check_keys(x, j, NULL, keys, n);
            CHECK(dmm_columns_nonzeros(columns, j) == n);
        }
        check_views(x, columns);
        free(keys);
    } else {
        CHECK(columns == NULL);
    }
    dmm_columns_free(columns);
    dmm_counts_free(counts);
}

/* Reads with one and more threads, with identical taxa merged or not. */
static size_t read_all(const table *t, dmm_matrix_kind kind, size_t k,
                       const unsigned char *chosen)
{
    size_t blocks = 0;
    for (int threads = 1; threads <= 3; threads++) {
        reading x = {.t = t, .kind = kind, .k = k, .chosen = chosen};
        x.taxa = threads == 2 ? DMM_TAXA_SEPARATE : DMM_TAXA_MERGED;
        dmm_team_run(threads, read_work, &x);
        blocks = x.blocks;
    }
    return blocks;
}

/* Tables of all sizes and kinds, with identical taxa and taxa without counts,
 * of which none, all or some are chosen. */
static void test_tables(void)
{
    static const size_t shapes[][2] = {{1, 1},  {1, 9},    {9, 1},   {7, 30},
                                       {64, 8}, {200, 20}, {999, 13}};
    size_t most = 0;
    for (size_t s = 0; s < LENGTH(shapes); s++)
        for (size_t i = 0; i < 12; i++) {
            const size_t rows = shapes[s][0], columns = shapes[s][1];
            table t = table_random(rows, columns, 0.1 + 0.07 * (double)i,
                                   i % 3 ? 30 : DMM_MAX_COUNT / 40, 1);
            if (columns > 2 && i % 2) {
                memset(t.count + rows, 0, rows * sizeof *t.count);
                table_finish(&t);
            }
            unsigned char *chosen = NEED(columns, unsigned char);
            for (size_t j = 0; j < columns; j++)
                chosen[j] = i == 0 ? 0 : i == 1 ? 1 : random_below(2) != 0;
            const size_t blocks = read_all(&t, all_kinds[i % LENGTH(all_kinds)],
                                           i % 2 ? 3 : 2000, chosen);
            most = blocks > most ? blocks : most;
            free(chosen);
            table_free(&t);
        }
    CHECK(most > 20);
}

/* A sum of up to 2^32 - 1 is a count, a larger one is refused. */
static void test_large_sums(void)
{
    table t = table_new(3, 4);
    const unsigned char chosen[] = {0, 1, 0, 0};
    for (size_t e = 0; e < 12; e++)
        t.count[e] = 5;
    t.count[1] = t.count[7] = DMM_MAX_COUNT;
    t.count[10] = 1;
    table_finish(&t);
    reading x = {.t = &t, .k = 2, .chosen = chosen};
    dmm_team_run(1, read_work, &x);
    t.count[10] = 2;
    table_finish(&t);
    x.status = DMM_ERROR_TOO_LARGE;
    dmm_team_run(1, read_work, &x);
    table_free(&t);
}

int main(void)
{
    random_seed(41);
    dmm_columns_free(NULL);
    test_tables();
    test_large_sums();
    return check_report();
}
