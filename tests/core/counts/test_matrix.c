/* Tests of counts/matrix.c: entries that are not counts are found, all kinds of
 * matrix give the same columns, and views give columns in their order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"

/* ---- Problems ----------------------------------------------------------- */

static dmm_problem check_table(const table *t, dmm_matrix_kind kind)
{
    dmm_problem problem = {.kind = DMM_PROBLEM_LARGE, .row = 9, .column = 9};
    const dmm_matrix m = table_view(t, kind);
    CHECK(dmm_matrix_check(&m, 1, &problem) == DMM_OK);
    return problem;
}

typedef struct {
    double value;
    dmm_problem_kind kind;
} bad_value;

/* Puts `bad` in place of a random nonzero entry, in each kind of matrix, and
 * expects that it is found there. */
static void test_bad_value(const table *t, bad_value bad, int is_integer)
{
    size_t e;
    do {
        e = random_below(t->rows * t->columns);
    } while (t->count[e] == 0);
    const size_t row = e % t->rows, column = e / t->rows;
    const int kept = t->count[e];
    int at = t->csc_start[column];
    while (t->csc_row[at] != (int)row)
        at++;
    t->doubles[e] = t->csc_value[at] = bad.value;
    if (is_integer)
        t->count[e] = (int)bad.value;
    for (size_t k = 0; k < LENGTH(all_kinds); k++) {
        /* packed counts have been checked before */
        if ((all_kinds[k] == DMM_MATRIX_DENSE_INT && !is_integer) ||
            all_kinds[k] == DMM_MATRIX_PACKED)
            continue;
        const dmm_problem p = check_table(t, all_kinds[k]);
        CHECK_SAY(p.kind == bad.kind, "%g: problem %d", bad.value, p.kind);
        CHECK(p.row == row && p.column == column);
        CHECK(p.value == bad.value || isnan(bad.value));
    }
    t->count[e] = kept;
    t->doubles[e] = t->csc_value[at] = kept;
}

static void test_bad_values(const table *t)
{
    static const bad_value doubles[] = {
        {NAN, DMM_PROBLEM_MISSING},
        {INFINITY, DMM_PROBLEM_INFINITE},
        {-INFINITY, DMM_PROBLEM_INFINITE},
        {-1, DMM_PROBLEM_NEGATIVE},
        {-0.5, DMM_PROBLEM_NEGATIVE},
        {-1e-300, DMM_PROBLEM_NEGATIVE},
        {-1e300, DMM_PROBLEM_NEGATIVE},
        {0.5, DMM_PROBLEM_FRACTIONAL},
        {1e-300, DMM_PROBLEM_FRACTIONAL},
        {2147483646.5, DMM_PROBLEM_FRACTIONAL},
        {2147483647.5, DMM_PROBLEM_FRACTIONAL},
        {2147483648.0, DMM_PROBLEM_LARGE},
        {4294967297.0, DMM_PROBLEM_LARGE}, /* truncates to 1 */
        {1e300, DMM_PROBLEM_LARGE},
    };
    static const bad_value integers[] = {{-1, DMM_PROBLEM_NEGATIVE},
                                         {-2147483647, DMM_PROBLEM_NEGATIVE}};
    for (size_t i = 0; i < LENGTH(doubles); i++)
        test_bad_value(t, doubles[i], 0);
    for (size_t i = 0; i < LENGTH(integers); i++)
        test_bad_value(t, integers[i], 1);
}

/* R's NA_integer_ is a missing value. */
static void test_missing_integer(void)
{
    int x[6] = {1, 2, 3, 4, -2147483647 - 1, -1};
    const dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT,
                          .rows = 2,
                          .columns = 3,
                          .integers = x};
    dmm_problem p;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_MISSING && p.row == 0 && p.column == 2);
}

/* The first bad entry in column-major order is reported, and bad entries before
 * empty samples. */
static void test_order(void)
{
    double x[12] = {1, 0, 2, 1, 0, NAN, -1, 0, 3, 0.5, 0, 3};
    const dmm_matrix m = {.kind = DMM_MATRIX_DENSE_DOUBLE,
                          .rows = 3,
                          .columns = 4,
                          .doubles = x};
    dmm_problem p;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_MISSING && p.row == 2 && p.column == 1);
    x[5] = 0;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_NEGATIVE && p.row == 0 && p.column == 2);
    x[6] = 0;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_FRACTIONAL && p.row == 0 && p.column == 3);
    x[9] = 1;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == 1 && p.column == 0);
    x[4] = -0.0; /* equals 0: no count */
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == 1);
    x[7] = DMM_MAX_COUNT;
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_NONE);
    CHECK(dmm_matrix_nonzeros(&m, SIZE_MAX) == 7);
}

static void test_empty_samples(const table *t)
{
    const size_t row = random_below(t->rows);
    int *kept = NEED(t->columns, int);
    table emptied = table_new(t->rows, t->columns);
    memcpy(emptied.count, t->count, t->rows * t->columns * sizeof(int));
    for (size_t j = 0; j < t->columns; j++)
        emptied.count[j * t->rows + row] = 0;
    table_finish(&emptied);
    for (size_t k = 0; k < LENGTH(all_kinds); k++) {
        CHECK(check_table(t, all_kinds[k]).kind == DMM_PROBLEM_NONE);
        const dmm_problem p = check_table(&emptied, all_kinds[k]);
        CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == row &&
              p.column == 0);
    }
    table_free(&emptied);
    free(kept);
}

/* The first empty sample is reported. Every sample has only one count, in a
 * column of its own, the first sample in the last column. From sample `without`
 * on, only every third sample keeps its count. */
static void test_first_empty_sample(void)
{
    const size_t n = 9;
    for (size_t without = 0; without <= n; without++) {
        table t = table_new(n, n);
        for (size_t i = 0; i < n; i++)
            t.count[(n - 1 - i) * n + i] = i < without || i % 3 == 0;
        table_finish(&t);
        for (size_t k = 0; k < LENGTH(all_kinds); k++) {
            const dmm_problem p = check_table(&t, all_kinds[k]);
            const size_t first = without + (without % 3 == 0);
            if (first < n)
                CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == first);
            else
                CHECK(p.kind == DMM_PROBLEM_NONE);
        }
        table_free(&t);
    }
    dmm_problem p;
    const dmm_matrix no_samples = {.kind = DMM_MATRIX_DENSE_INT, .columns = 2};
    CHECK(dmm_matrix_check(&no_samples, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_NONE);
}

/* ---- Large tables ------------------------------------------------------- */

/* Any number of threads reports what one thread reports. */
static void check_threads(const dmm_matrix *m, dmm_status status,
                          dmm_problem_kind kind)
{
    dmm_problem one;
    CHECK(dmm_matrix_check(m, 1, &one) == status);
    CHECK(one.kind == kind);
    for (int threads = 2; threads <= 5; threads++) {
        dmm_problem p;
        CHECK(dmm_matrix_check(m, threads, &p) == status);
        CHECK(p.kind == one.kind && p.row == one.row &&
              p.column == one.column &&
              memcmp(&p.value, &one.value, sizeof p.value) == 0);
    }
}

/* The table is large enough for several threads to be used. */
static void test_threads(void)
{
    const size_t n = 4000, columns = 500;
    table t = table_new(n, columns);
    for (size_t e = 0; e < n * columns; e++)
        t.count[e] = 1 + (int)(e % 7);
    /* The only counts of two samples are in the last column. */
    for (size_t j = 0; j + 1 < columns; j++)
        t.count[j * n + 2] = t.count[j * n + 3] = 0;
    table_finish(&t);
    dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_DOUBLE);
    double *x = NEED(n * columns, double);
    memcpy(x, m.doubles, n * columns * sizeof *x);
    m.doubles = x;
    check_threads(&m, DMM_OK, DMM_PROBLEM_NONE);
    x[(columns - 1) * n + 3] = 0;
    check_threads(&m, DMM_OK, DMM_PROBLEM_EMPTY_SAMPLE);
    for (size_t i = 0; i < 20; i++) {
        const size_t late = random_below(n * columns);
        const size_t early = random_below(late + 1);
        const double was_late = x[late], was_early = x[early];
        x[late] = 0.5;
        x[early] = -1; /* before the other, or in its place */
        check_threads(&m, DMM_OK, DMM_PROBLEM_NEGATIVE);
        x[late] = was_late;
        x[early] = was_early;
    }
    free(x);

    /* Rows of a sparse table that are not in order are reported even where they
     * come after a bad entry. */
    m = table_view(&t, DMM_MATRIX_CSC);
    check_threads(&m, DMM_OK, DMM_PROBLEM_NONE);
    const size_t entries = (size_t)m.column_start[columns];
    int *row = NEED(entries, int);
    x = NEED(entries, double);
    memcpy(row, m.row_index, entries * sizeof *row);
    memcpy(x, m.doubles, entries * sizeof *x);
    m.row_index = row;
    m.doubles = x;
    x[5] = NAN;
    check_threads(&m, DMM_OK, DMM_PROBLEM_MISSING);
    row[entries - 1] = row[entries - 2];
    check_threads(&m, DMM_ERROR_ARGUMENT, DMM_PROBLEM_NONE);
    free(row);
    free(x);
    table_free(&t);
}

/* ---- Invalid CSC -------------------------------------------------------- */

static void test_csc(void)
{
    const double x[4] = {1, 2, 0, 4};
    int row[4] = {0, 2, 1, 2}, start[4] = {0, 2, 2, 4};
    const dmm_matrix m = {.kind = DMM_MATRIX_CSC,
                          .rows = 3,
                          .columns = 3,
                          .doubles = x,
                          .row_index = row,
                          .column_start = start};
    dmm_problem p;
    /* A valid table. Its stored zero is not a count, so that row 1 is empty. */
    CHECK(dmm_matrix_check(&m, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == 1);
    CHECK(dmm_matrix_nonzeros(&m, SIZE_MAX) == 3);

    static const struct {
        int row[4], start[4];
    } invalid[] = {
        {{0, 2, 1, 2}, {1, 2, 2, 4}},  /* does not begin at 0     */
        {{0, 2, 1, 2}, {-1, 2, 2, 4}}, /* begins below 0          */
        {{0, 2, 1, 2}, {0, 2, 1, 4}},  /* offsets decrease        */
        {{0, 2, 1, 2}, {0, -2, 2, 4}}, /* a negative offset       */
        {{2, 0, 1, 2}, {0, 2, 2, 4}},  /* rows not ascending      */
        {{0, 0, 1, 2}, {0, 2, 2, 4}},  /* a row twice             */
        {{-1, 2, 1, 2}, {0, 2, 2, 4}}, /* a negative row          */
        {{0, 3, 1, 2}, {0, 2, 2, 4}},  /* a row past the last     */
    };
    for (size_t i = 0; i < LENGTH(invalid); i++) {
        memcpy(row, invalid[i].row, sizeof row);
        memcpy(start, invalid[i].start, sizeof start);
        CHECK_SAY(dmm_matrix_check(&m, 1, &p) == DMM_ERROR_ARGUMENT,
                  "table %zu", i);
    }

    /* Without entries, the arrays of entries may be NULL. */
    const int none[4] = {0, 0, 0, 0};
    const dmm_matrix empty = {.kind = DMM_MATRIX_CSC,
                              .rows = 3,
                              .columns = 3,
                              .column_start = none};
    CHECK(dmm_matrix_check(&empty, 1, &p) == DMM_OK);
    CHECK(p.kind == DMM_PROBLEM_EMPTY_SAMPLE && p.row == 0);
    CHECK(dmm_matrix_nonzeros(&empty, SIZE_MAX) == 0);
}

/* ---- Columns ------------------------------------------------------------ */

static void test_columns(const table *t)
{
    size_t nonzeros = 0;
    uint64_t *keys = NEED(t->rows + 1, uint64_t);
    for (size_t e = 0; e < t->rows * t->columns; e++)
        nonzeros += t->count[e] != 0;
    for (size_t k = 0; k < LENGTH(all_kinds); k++) {
        const dmm_matrix m = table_view(t, all_kinds[k]);
        CHECK(dmm_matrix_nonzeros(&m, SIZE_MAX) == nonzeros);
        for (size_t enough = 1; enough <= nonzeros; enough++) {
            const size_t n = dmm_matrix_nonzeros(&m, enough);
            CHECK(n >= enough && n <= nonzeros);
        }
        for (size_t j = 0; j < t->columns; j++) {
            const int *column = t->count + j * t->rows;
            const size_t n = dmm_matrix_column(&m, j, keys);
            size_t e = 0;
            for (size_t i = 0; i < t->rows; i++) {
                if (column[i] == 0)
                    continue;
                CHECK(e < n && DMM_KEY_ROW(keys[e]) == i &&
                      DMM_KEY_COUNT(keys[e]) == (uint32_t)column[i]);
                e++;
            }
            CHECK(e == n);
        }
    }
    free(keys);
}

/* ---- Views -------------------------------------------------------------- */

/* A random order of 0 .. n - 1. */
static uint32_t *random_order(size_t n)
{
    uint32_t *order = NEED(n, uint32_t);
    for (size_t i = 0; i < n; i++) {
        const size_t j = random_below(i + 1);
        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
    return order;
}

/* A view of `places` rows in random order, and of the columns in random order.
 * Its columns are those of a table that has only these rows. */
static void test_view(const table *t, size_t places)
{
    uint32_t *row = random_order(t->rows), *column = random_order(t->columns);
    uint32_t *place = NEED(t->rows, uint32_t);
    uint64_t *keys = NEED(t->rows + 1, uint64_t);
    uint64_t *expected = NEED(t->rows + 1, uint64_t);
    table seen = table_new(places, t->columns);
    for (size_t i = 0; i < t->rows; i++)
        place[row[i]] = i < places ? (uint32_t)i : DMM_NO_PLACE;
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < places; i++)
            seen.count[j * places + i] = t->count[column[j] * t->rows + row[i]];
    table_finish(&seen);
    for (size_t k = 0; k < LENGTH(all_kinds); k++) {
        const dmm_matrix only = table_view(&seen, all_kinds[k]);
        dmm_matrix m = table_view(t, all_kinds[k]);
        CHECK(dmm_matrix_places(&m) == t->rows);
        m.row_place = place;
        m.places = places;
        m.column_source = column;
        CHECK(dmm_matrix_places(&m) == places);
        for (size_t j = 0; j < t->columns; j++) {
            const size_t n = dmm_matrix_column(&m, j, keys);
            CHECK(n == dmm_matrix_column(&only, j, expected));
            CHECK(memcmp(keys, expected, n * sizeof *keys) == 0);
        }
    }
    table_free(&seen);
    free(row);
    free(column);
    free(place);
    free(keys);
    free(expected);
}

static void test_views(void)
{
    for (int round = 0; round < 40; round++) {
        const size_t rows = 1 + random_below(round % 4 ? 60 : 3000);
        table t = table_random(rows, 1 + random_below(9), random_uniform(),
                               round % 2 ? 2147483647 : 20, 0);
        test_view(&t, rows);
        test_view(&t, 1 + random_below(rows));
        test_view(&t, 1);
        table_free(&t);
    }
    table large = table_random(70000, 2, 0.8, 20, 0); /* places of 3 bytes */
    test_view(&large, 69000);
    test_view(&large, 300);
    table_free(&large);
}

int main(void)
{
    random_seed(11);
    test_missing_integer();
    test_order();
    test_first_empty_sample();
    test_threads();
    test_csc();
    test_views();
    for (int round = 0; round < 60; round++) {
        table t = table_random(1 + random_below(40), 1 + random_below(30),
                               random_uniform(), round % 2 ? 2147483647 : 20,
                               round % 3 == 0);
        test_bad_values(&t);
        test_empty_samples(&t);
        test_columns(&t);
        table_free(&t);
    }
    return check_report();
}
