/* Tests of counts/counts.c: a compressed table holds exactly the counts of the
 * table that it is made from. counts.h defines columns, features, groups,
 * blocks, runs and singles. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/parameters.h"
#include "helpers.h"

/* ---- Properties of every compressed table ------------------------------- */

/* Columns, groups and features are laid out as counts.h says. */
static void check_dictionary(const table *t, const dmm_counts *counts)
{
    const dmm_dictionary *d = &counts->dictionary;
    double taxa = 0;
    CHECK(d->group[0] == 0 && d->group[d->n_groups] == d->n_columns);
    CHECK(d->group[d->n_taxa_groups] == d->n_taxa_columns);
    CHECK(d->n_taxa_groups >= 1 && d->n_taxa_groups <= d->n_taxa_columns);
    size_t at = DMM_FEATURE_PADDING;
    int good = 1;
    for (size_t g = 0; g < d->n_groups; g++) {
        good = good && d->group[g] < d->group[g + 1];
        for (size_t c = d->group[g]; c < d->group[g + 1]; c++) {
            good = good && d->begin[c] == at && d->end[c] >= at;
            uint32_t small = 0;
            for (size_t f = d->begin[c]; f < d->end[c]; f++) {
                good = good && d->column[f] == c && d->value[f] >= 1;
                good = good &&
                       (f == d->begin[c] || d->value[f] > d->value[f - 1]);
                small += d->value[f] < DMM_SMALL_COUNT;
            }
            good = good && small == d->n_small[c];
            at = d->end[c];
            if (c < d->n_taxa_columns)
                taxa += d->multiplicity[c];
            else
                good = good && d->multiplicity[c] == -1 &&
                       d->end[c] > d->begin[c];
        }
        for (size_t f = 0; f < DMM_FEATURE_PADDING; f++)
            good = good && d->value[at + f] == 0;
        at += DMM_FEATURE_PADDING;
    }
    CHECK(good);
    CHECK(at == d->n_features);
    CHECK(taxa == (double)t->columns);
    for (size_t f = 0; f < DMM_FEATURE_PADDING; f++)
        CHECK(d->value[f] == 0);

    CHECK(d->share_work[0] == 0);
    for (size_t g = 0; g <= d->n_taxa_groups; g++)
        CHECK(d->share_work[g + 1] >= d->share_work[g]);
    CHECK(d->share_work[d->n_taxa_groups + 1] > 0);
}

/* A walk over the entries of a block. It rebuilds the table and counts the
 * singles and runs of each feature. */
typedef struct {
    const dmm_counts *counts;
    const dmm_block *block;
    int64_t *merged; /* rows x taxa columns: the table being rebuilt */
    uint32_t *singles; /* by feature, in this block */
    uint32_t *runs;    /* by feature, in this block */
    int good;
} walk;

static void take(walk *w, size_t group, uint32_t feature, uint16_t row)
{
    const dmm_dictionary *d = &w->counts->dictionary;
    if (feature >= d->n_features || row >= w->block->n_rows) {
        w->good = 0;
        return;
    }
    const size_t c = d->column[feature];
    w->good = w->good && feature >= d->begin[c] && feature < d->end[c] &&
              c >= d->group[group] && c < d->group[group + 1];
    int64_t *cell = &w->merged[c * w->counts->n_samples +
                               w->block->first_row + row];
    w->good = w->good && *cell == 0; /* one entry for each cell */
    *cell += (int64_t)d->value[feature];
}

static void walk_block(walk *w)
{
    const dmm_dictionary *d = &w->counts->dictionary;
    const dmm_block *b = w->block;
    const dmm_offset *o = b->group_offset;
    const uint16_t *row = b->run_row;
    w->good = w->good && o[0].singles == 0 && o[0].runs == 0 &&
              o[0].run_rows == 0;
    memset(w->singles, 0, d->n_features * sizeof *w->singles);
    memset(w->runs, 0, d->n_features * sizeof *w->runs);
    for (size_t g = 0; g < d->n_taxa_groups; g++) {
        w->good = w->good && o[g].singles <= o[g + 1].singles &&
                  o[g].runs <= o[g + 1].runs &&
                  row == b->run_row + o[g].run_rows;
        for (size_t e = o[g].singles; e < o[g + 1].singles; e++) {
            const uint32_t f = b->single_feature[e];
            /* Singles are sorted by feature and then by row: scatter_counts
             * relies on it. */
            w->good = w->good &&
                      (e == o[g].singles || f > b->single_feature[e - 1] ||
                       (f == b->single_feature[e - 1] &&
                        b->single_row[e] > b->single_row[e - 1]));
            take(w, g, f, b->single_row[e]);
            w->singles[f]++;
        }
        for (size_t r = o[g].runs; r < o[g + 1].runs; r++) {
            const uint32_t f = b->run_feature[r];
            const size_t length = (size_t)b->run_length[r] + 1;
            w->good = w->good && length >= DMM_RUN_LENGTH;
            w->good = w->good &&
                      (r == o[g].runs || f > b->run_feature[r - 1]);
            for (size_t e = 0; e < length; e++, row++) {
                w->good = w->good && (e == 0 || row[0] > row[-1]);
                take(w, g, f, *row);
            }
            w->runs[f]++;
        }
    }
    /* The rows of a feature in a block are either one run, or singles that are
     * too few for a run. */
    for (size_t f = 0; f < d->n_features; f++)
        w->good = w->good && w->runs[f] <= 1 &&
                  w->singles[f] < (w->runs[f] ? 1 : DMM_RUN_LENGTH);
    w->good = w->good && o[d->n_taxa_groups].singles == b->n_singles &&
              o[d->n_taxa_groups].runs == b->n_runs &&
              o[d->n_taxa_groups].run_rows == b->n_run_rows &&
              row == b->run_row + b->n_run_rows;
}

/* The blocks cover all rows in order, and their entries rebuild the table. */
static void check_entries(const table *t, const dmm_counts *counts)
{
    const dmm_dictionary *d = &counts->dictionary;
    walk w = {.counts = counts, .good = 1};
    w.merged = NEED(t->rows * d->n_taxa_columns, int64_t);
    w.singles = NEED(d->n_features, uint32_t);
    w.runs = NEED(d->n_features, uint32_t);
    size_t first = 0, entries = 0, nonzeros = 0;
    for (size_t b = 0; b < counts->n_blocks; b++) {
        w.block = &counts->block[b];
        CHECK(w.block->first_row == first);
        CHECK(w.block->n_rows == counts->block_rows ||
              (b + 1 == counts->n_blocks && w.block->n_rows > 0 &&
               w.block->n_rows < counts->block_rows));
        CHECK(w.block->n_rows <= DMM_MAX_BLOCK_ROWS);
        first += w.block->n_rows;
        entries += w.block->n_singles + w.block->n_run_rows;
        walk_block(&w);
    }
    CHECK(w.good);
    CHECK(first == t->rows);
    CHECK(entries == counts->n_entries);
    int same = 1;
    for (size_t j = 0; j < t->columns; j++) {
        const size_t c = counts->column_of_taxon[j];
        same = same && c < d->n_taxa_columns;
        for (size_t i = 0; same && i < t->rows; i++) {
            const int x = t->count[j * t->rows + i];
            same = w.merged[c * t->rows + i] == x;
            nonzeros += x != 0;
        }
    }
    CHECK(same);
    CHECK(!same || nonzeros == counts->n_nonzeros);
    free(w.merged);
    free(w.singles);
    free(w.runs);
}

static void check_totals(const table *t, const dmm_counts *counts)
{
    const dmm_dictionary *d = &counts->dictionary;
    int good = 1;
    for (size_t i = 0; i < t->rows; i++) {
        int64_t total = 0;
        for (size_t j = 0; j < t->columns; j++)
            total += t->count[j * t->rows + i];
        const size_t f = counts->total_feature[i];
        good = good && counts->total[i] == (double)total;
        if (total == 0)
            good = good && f == 0;
        else
            good = good && f < d->n_features &&
                   d->column[f] >= d->n_taxa_columns &&
                   d->value[f] == (double)total;
    }
    CHECK(good);
}

/* Merged taxa share a column if and only if their counts are the same. Separate
 * taxa never share one. */
static void check_merging(const table *t, const dmm_counts *counts,
                          dmm_taxa taxa)
{
    int good = 1;
    const size_t bytes = t->rows * sizeof(int);
    for (size_t j = 0; j < t->columns && j < 60; j++) {
        for (size_t l = 0; l < j; l++) {
            const int same = memcmp(t->count + j * t->rows,
                                    t->count + l * t->rows, bytes) == 0;
            good = good && (counts->column_of_taxon[j] ==
                            counts->column_of_taxon[l]) ==
                               (same && taxa == DMM_TAXA_MERGED);
        }
    }
    CHECK(good);
    if (taxa == DMM_TAXA_SEPARATE)
        CHECK(counts->dictionary.n_taxa_columns == t->columns);
}

/* Each difference T of log gamma has an error of at most 1e-14 of 1 + |T|.
 * Rounding in sums of at most a few thousand of them adds less than as much
 * again. */
static void check_log_multinomial(const table *t, const dmm_counts *counts)
{
    const double exact = (double)table_log_multinomial(t);
    double size = 1;
    for (size_t i = 0; i < t->rows; i++)
        size += 2 * lgamma(counts->total[i] + 1) + (double)t->columns;
    CHECK_NEAR(counts->log_multinomial, exact, 2e-14 * size);
}

static void check_counts(const table *t, const dmm_counts *counts,
                         dmm_taxa taxa)
{
    CHECK(counts->n_samples == t->rows && counts->n_taxa == t->columns);
    check_dictionary(t, counts);
    check_entries(t, counts);
    check_totals(t, counts);
    check_merging(t, counts, taxa);
    check_log_multinomial(t, counts);
}

/* ---- Tables ------------------------------------------------------------- */

typedef struct {
    const table *t;
    size_t k;
} request;

#define SAME(field, n) \
    CHECK(a->field && b->field &&                                              \
          memcmp(a->field, b->field, (n) * sizeof *a->field) == 0)

/* Compares everything in two compressed tables, which are made from other kinds
 * of matrix or by other numbers of threads. */
static void check_same(const dmm_counts *a, const dmm_counts *b)
{
    const dmm_dictionary *d = &a->dictionary;
    CHECK(d->n_features == b->dictionary.n_features &&
          d->n_columns == b->dictionary.n_columns &&
          d->n_groups == b->dictionary.n_groups && a->n_blocks == b->n_blocks);
    if (d->n_features != b->dictionary.n_features ||
        d->n_columns != b->dictionary.n_columns ||
        d->n_groups != b->dictionary.n_groups || a->n_blocks != b->n_blocks)
        return;
    SAME(dictionary.value, d->n_features);
    SAME(dictionary.column, d->n_features);
    SAME(dictionary.begin, d->n_columns);
    SAME(dictionary.end, d->n_columns);
    SAME(dictionary.multiplicity, d->n_columns);
    SAME(dictionary.group, d->n_groups + 1);
    SAME(dictionary.share_work, d->n_taxa_groups + 2);
    SAME(column_of_taxon, a->n_taxa);
    SAME(total, a->n_samples);
    SAME(total_feature, a->n_samples);
    CHECK(a->log_multinomial == b->log_multinomial);
    for (size_t i = 0; i < a->n_blocks; i++) {
        CHECK(a->block[i].n_singles == b->block[i].n_singles &&
              a->block[i].n_run_rows == b->block[i].n_run_rows);
        if (a->block[i].n_singles != b->block[i].n_singles ||
            a->block[i].n_run_rows != b->block[i].n_run_rows)
            return;
        SAME(block[i].single_feature, a->block[i].n_singles);
        SAME(block[i].single_row, a->block[i].n_singles);
        SAME(block[i].run_feature, a->block[i].n_runs);
        SAME(block[i].run_length, a->block[i].n_runs);
        SAME(block[i].run_row, a->block[i].n_run_rows);
        SAME(block[i].group_offset, d->n_taxa_groups + 1);
    }
}

static dmm_counts *first_counts; /* which later ones must equal */

static void test_work(dmm_team *team, void *data)
{
    const request *r = data;
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        const dmm_matrix m = table_view(r->t, all_kinds[i]);
        dmm_counts *counts = build_counts(team, &m, DMM_TAXA_MERGED, r->k);
        if (first_counts == NULL) {
            check_counts(r->t, counts, DMM_TAXA_MERGED);
            first_counts = counts;
            continue;
        }
        check_same(first_counts, counts);
        dmm_counts_free(counts);
    }
    const dmm_matrix m = table_view(r->t, all_kinds[r->k % LENGTH(all_kinds)]);
    dmm_counts *counts = build_counts(team, &m, DMM_TAXA_SEPARATE, r->k);
    check_counts(r->t, counts, DMM_TAXA_SEPARATE);
    dmm_counts_free(counts);
}

static void test_table(const table *t, size_t k)
{
    request r = {t, k};
    first_counts = NULL;
    dmm_team_run(1, test_work, &r);
    dmm_team_run(3, test_work, &r);
    dmm_counts_free(first_counts);
}

/* ---- Rows that are left out ---------------------------------------------- */

/* Some rows of a table, by their places, and a table of only these rows. */
typedef struct {
    const table *t;
    const uint32_t *place;
    const table *only;
} selection;

static void select_work(dmm_team *team, void *data)
{
    const selection *s = data;
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        const dmm_matrix only = table_view(s->only, all_kinds[i]);
        dmm_matrix m = table_view(s->t, all_kinds[i]);
        m.row_place = s->place;
        m.places = s->only->rows;
        for (int taxa = 0; taxa < 2; taxa++) {
            dmm_counts *a = build_counts(team, &only, (dmm_taxa)taxa, 3);
            dmm_counts *b = build_counts(team, &m, (dmm_taxa)taxa, 3);
            CHECK(a->n_samples == b->n_samples && a->n_taxa == b->n_taxa &&
                  a->n_nonzeros == b->n_nonzeros &&
                  a->n_entries == b->n_entries);
            check_counts(s->only, b, (dmm_taxa)taxa);
            check_same(a, b);
            dmm_counts_free(a);
            dmm_counts_free(b);
        }
    }
}

/* A view that leaves out rows gives the counts of a table of the others. Taxa
 * that differ only in rows left out are merged. */
static void test_selections(void)
{
    for (int round = 0; round < 30; round++) {
        const size_t rows = 2 + random_below(round % 5 ? 60 : 2000);
        table t = table_random(rows, 2 + random_below(30), 0.4,
                               round % 2 ? 3 : 100000, round % 3 == 0);
        uint32_t *place = NEED(rows, uint32_t);
        size_t places = 0;
        for (size_t i = 0; i < rows; i++)
            place[i] = i == rows / 2 || random_below(3) == 0
                           ? (uint32_t)places++
                           : DMM_NO_PLACE;
        for (size_t i = 0; round % 2 && i < rows; i++) /* in reverse order */
            if (place[i] != DMM_NO_PLACE)
                place[i] = (uint32_t)places - 1 - place[i];
        table only = table_new(places, t.columns);
        for (size_t j = 0; j < t.columns; j++)
            for (size_t i = 0; i < rows; i++)
                if (place[i] != DMM_NO_PLACE)
                    only.count[j * places + place[i]] = t.count[j * rows + i];
        table_finish(&only);
        selection s = {&t, place, &only};
        dmm_team_run(1 + round % 3, select_work, &s);
        free(place);
        table_free(&only);
        table_free(&t);
    }
}

/* ---- Random tables ------------------------------------------------------ */

static void test_random_tables(void)
{
    static const size_t ks[] = {1, 2, 3, 4, 7, 16, 40};
    static const double densities[] = {0.02, 0.2, 0.6, 1};
    static const int largest[] = {1, 3, 30, 100000, 2147483647};
    for (int round = 0; round < 90; round++) {
        const size_t rows = 1 + random_below(round % 9 ? 90 : 900);
        const size_t columns = 1 + random_below(round % 10 ? 40 : 300);
        table t = table_random(rows, columns, densities[random_below(4)],
                               largest[random_below(5)], round % 2);
        test_table(&t, ks[random_below(LENGTH(ks))]);
        table_free(&t);
    }
}

static void test_edges(void)
{
    /* One cell, one row, one column, and a small table. */
    static const size_t shapes[][2] = {{1, 1}, {1, 200}, {200, 1}, {5, 5}};
    for (size_t i = 0; i < LENGTH(shapes); i++) {
        table t = table_random(shapes[i][0], shapes[i][1], 0.7, 50, 0);
        test_table(&t, 1);
        memset(t.count, 0, t.rows * t.columns * sizeof(int));
        table_finish(&t);
        test_table(&t, 2); /* all samples empty, which is allowed */
        for (size_t e = 0; e < t.rows * t.columns; e++)
            t.count[e] = DMM_MAX_COUNT;
        table_finish(&t);
        test_table(&t, 3);
        table_free(&t);
    }
    /* Some samples are empty, and so are the first and the last column. */
    table t = table_random(60, 20, 0.4, 9, 1);
    for (size_t i = 0; i < t.rows; i++) {
        t.count[i] = t.count[19 * t.rows + i] = 0;
        for (size_t j = 0; i % 7 == 0 && j < t.columns; j++)
            t.count[j * t.rows + i] = 0;
    }
    table_finish(&t);
    test_table(&t, 5);
    table_free(&t);
}

/* Totals above 2^32 that sort differently by their lower 32 bits, and more
 * distinct totals than one column of totals holds. */
static void test_totals(void)
{
    table t = table_new(1500, 6);
    for (size_t i = 0; i < t.rows; i++) {
        for (size_t j = 0; j < t.columns; j++)
            t.count[j * t.rows + i] =
                random_below(3) ? 2147483647 - (int)random_below(1000)
                                : (int)random_below(5);
        t.count[i] += t.count[i] == 0;
    }
    table_finish(&t);
    test_table(&t, 2);
    table_free(&t);

    /* Numbers of distinct totals around multiples of TOTALS_FEATURES, the most
     * that one column of totals holds. */
    static const size_t distinct[] = {511, 512, 513, 1024, 1025};
    for (size_t d = 0; d < LENGTH(distinct); d++) {
        t = table_new(1100, 2);
        for (size_t i = 0; i < t.rows; i++)
            t.count[i] = 1 + (int)(i % distinct[d]);
        table_finish(&t);
        test_table(&t, 1);
        table_free(&t);
    }
}

/* More rows than the longest block holds, and features whose rows span several
 * blocks. */
static void test_long_tables(void)
{
    table t = table_random(150000, 3, 0.5, 5, 0);
    test_table(&t, 1);
    table_free(&t);
    t = table_random(5000, 12, 0.3, 6, 1);
    test_table(&t, 33);
    test_table(&t, 16);
    table_free(&t);
    /* Features with about as many rows as make a run. */
    for (size_t rows = 1; rows <= 12; rows++) {
        t = table_new(rows, 4);
        for (size_t i = 0; i < rows; i++) {
            t.count[i] = 1;
            t.count[rows + i] = 1 + (int)(i % 2);
            t.count[2 * rows + i] = i < rows - 1 ? 7 : 8;
            t.count[3 * rows + i] = (int)i;
        }
        table_finish(&t);
        test_table(&t, 4);
        table_free(&t);
    }
}

/* A table of more than MAX_KEPT_ENTRIES entries, for which the builder does not
 * keep the rows of features between its passes. */
static void large_work(dmm_team *team, void *data)
{
    const table *t = data;
    const dmm_matrix dense = table_view(t, DMM_MATRIX_DENSE_INT);
    const dmm_matrix sparse = table_view(t, DMM_MATRIX_CSC);
    dmm_counts *a = build_counts(team, &dense, DMM_TAXA_MERGED, 3);
    dmm_counts *b = build_counts(team, &sparse, DMM_TAXA_MERGED, 3);
    CHECK(a->n_entries > (size_t)1 << 23 && a->n_entries < a->n_nonzeros);
    check_same(a, b);
    check_counts(t, a, DMM_TAXA_MERGED);
    dmm_counts_free(a);
    dmm_counts_free(b);
}

static void test_large_table(void)
{
    const size_t rows = 900, columns = 9500; /* 8.6e6 > 2^23 */
    table t = table_new(rows, columns);
    for (size_t e = 0; e < rows * columns; e++)
        t.count[e] = 1 + (int)random_below(1 + random_below(60));
    for (size_t i = 0; i < rows; i++)
        t.count[17 * rows + i] = (int)random_below(50);
    memcpy(t.count + 99 * rows, t.count + 17 * rows, rows * sizeof(int));
    table_finish(&t);
    dmm_team_run(2, large_work, &t);
    table_free(&t);
}

/* Identical taxa that stay separate must not be compared with each other pair
 * by pair: a prediction may have very many taxa that no new sample has. */
static void separate_work(dmm_team *team, void *data)
{
    const dmm_matrix *m = data;
    dmm_counts *counts = build_counts(team, m, DMM_TAXA_SEPARATE, 1);
    CHECK(counts->dictionary.n_taxa_columns == m->columns);
    dmm_counts_free(counts);
}

static void test_many_equal_taxa(void)
{
    const size_t columns = 200000; /* 2e10 pairs */
    const double one = 1;
    const int row = 0;
    int *start = NEED(columns + 1, int);
    for (size_t j = 1; j <= columns; j++)
        start[j] = 1;
    dmm_matrix m = {.kind = DMM_MATRIX_CSC, .rows = 1, .columns = columns};
    m.doubles = &one;
    m.row_index = &row;
    m.column_start = start;
    dmm_team_run(1, separate_work, &m);
    free(start);
}

static void refuse_work(dmm_team *team, void *data)
{
    const int x[1] = {1};
    dmm_counts *counts = data;
    dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT, .rows = 0, .columns = 1};
    m.integers = x;
    CHECK(dmm_counts_build(team, &m, DMM_TAXA_MERGED, 1, &counts) ==
              DMM_ERROR_ARGUMENT &&
          counts == NULL);
    m.rows = 1;
    m.columns = 0;
    CHECK(dmm_counts_build(team, &m, DMM_TAXA_MERGED, 1, &counts) ==
          DMM_ERROR_ARGUMENT);
    m.columns = 1;
    CHECK(dmm_counts_build(team, &m, DMM_TAXA_MERGED, 0, &counts) ==
          DMM_ERROR_ARGUMENT);
#if SIZE_MAX > UINT32_MAX
    m.rows = (size_t)UINT32_MAX + 1;
    CHECK(dmm_counts_build(team, &m, DMM_TAXA_MERGED, 1, &counts) ==
          DMM_ERROR_TOO_LARGE);
    m.rows = 1;
    m.columns = UINT32_MAX;
    CHECK(dmm_counts_build(team, &m, DMM_TAXA_MERGED, 1, &counts) ==
          DMM_ERROR_TOO_LARGE);
#endif
    dmm_counts_free(NULL);
}

int main(void)
{
    random_seed(14);
    dmm_team_run(1, refuse_work, NULL);
    test_edges();
    test_random_tables();
    test_selections();
    test_totals();
    test_long_tables();
    test_many_equal_taxa();
    test_large_table();
    return check_report();
}
