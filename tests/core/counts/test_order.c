/* Tests of counts/order.c: permuting the rows and columns of a table of counts
 * does not change the table in canonical order. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "counts/order.h"
#include "helpers.h"

#define AT(t, i, j) ((t)->count[(size_t)(j) * (t)->rows + (size_t)(i)])

typedef struct {
    dmm_matrix matrix;
    dmm_order order;
    dmm_status status;
} build;

static void build_work(dmm_team *team, void *data)
{
    build *b = data;
    b->status = dmm_order_build(team, &b->matrix, &b->order);
}

static int is_permutation(const uint32_t *x, size_t n)
{
    int *seen = NEED(n, int), all = 1;
    for (size_t i = 0; i < n; i++) {
        all &= x[i] < n && !seen[x[i] % n];
        seen[x[i] % n] = 1;
    }
    free(seen);
    return all;
}

/* The counts in canonical order, rows x columns; freed by the caller. */
static int *ordered(const table *t, dmm_matrix_kind kind, int threads)
{
    build b = {.matrix = table_view(t, kind)};
    dmm_team_run(threads, build_work, &b);
    CHECK(b.status == DMM_OK);
    CHECK(is_permutation(b.order.row_place, t->rows));
    CHECK(is_permutation(b.order.column_source, t->columns));
    int *x = NEED(t->rows * t->columns, int);
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++)
            x[j * t->rows + b.order.row_place[i]] =
                AT(t, i, b.order.column_source[j]);
    dmm_order_free(&b.order);
    return x;
}

static void shuffle(size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i-- > 1;) {
        const size_t j = random_below(i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

static table shuffled(const table *t)
{
    table s = table_new(t->rows, t->columns);
    size_t *rows = NEED(t->rows, size_t), *columns = NEED(t->columns, size_t);
    shuffle(rows, t->rows);
    shuffle(columns, t->columns);
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++)
            AT(&s, i, j) = AT(t, rows[i], columns[j]);
    table_finish(&s);
    free(rows);
    free(columns);
    return s;
}

/* Random permutations of the table have the same counts in canonical order.
 * Frees the table. */
static void check_order(const char *name, table t, int permutations)
{
    table_finish(&t);
    int *expected = ordered(&t, DMM_MATRIX_DENSE_INT, 1), same = 0;
    for (int i = 0; i < permutations; i++) {
        table s = shuffled(&t);
        int *x = ordered(&s, all_kinds[(size_t)i % LENGTH(all_kinds)],
                         i % 8 == 7 ? 3 : 1);
        same += memcmp(x, expected, t.rows * t.columns * sizeof *x) == 0;
        free(x);
        table_free(&s);
    }
    CHECK_SAY(same == permutations, "%s, %zu x %zu: %d of %d", name, t.rows,
              t.columns, same, permutations);
    free(expected);
    table_free(&t);
}

/* ---- Tables of counts ---------------------------------------------------- */

/* Copies row or column `from` to `to`. */
static void repeat_row(table *t, size_t from, size_t to)
{
    for (size_t j = 0; j < t->columns; j++)
        AT(t, to, j) = AT(t, from, j);
}

static void repeat_column(table *t, size_t from, size_t to)
{
    for (size_t i = 0; i < t->rows; i++)
        AT(t, i, to) = AT(t, i, from);
}

static void test_counts(void)
{
    for (int i = 0; i < 20; i++) {
        const size_t rows = 20 + random_below(100);
        const size_t columns = 10 + random_below(100);
        check_order("a table of counts",
                    table_random(rows, columns, 0.3, 40, i % 2), 5);
        check_order("a sparse table",
                    table_random(rows, columns, 0.1, 9, i % 2), 5);
        check_order("a mixture",
                    table_mixture(rows, columns, 3, 20, 500, 0.5), 5);
    }
    check_order("a deep table", table_mixture(500, 60, 4, 30, 50000, 1), 2);
    check_order("a wide table", table_random(8, 900, 0.05, 5, 1), 5);
}

/* Duplicates tie, but their order does not matter. */
static void test_duplicates(void)
{
    for (int i = 0; i < 20; i++) {
        table t = table_random(60, 30, 0.3, 20, 0);
        for (int d = 0; d < 30; d++) {
            repeat_row(&t, random_below(60), random_below(60));
            repeat_column(&t, random_below(30), random_below(30));
        }
        check_order("rows and columns that are the same", t, 10);
    }
    table t = table_new(20, 10);
    for (size_t i = 0; i < 20; i++)
        AT(&t, i, 3) = 5;
    check_order("nothing but duplicates", t, 10);
    t = table_new(12, 12);
    for (size_t i = 0; i < 12; i++)
        AT(&t, i, i) = 3;
    check_order("each row with a column of its own", t, 10);
    t = table_new(1, 5);
    AT(&t, 0, 2) = AT(&t, 0, 3) = 1;
    check_order("one row", t, 10);
    t = table_new(5, 1);
    for (size_t i = 0; i < 5; i++)
        AT(&t, i, 0) = (int)(1 + i / 2);
    check_order("one column", t, 10);
}

/* ---- Ties of rows that differ -------------------------------------------- */

/* Each row has counts in two columns, its own and the next, so that all rows
 * are alike. If `marked`, one larger count tells all rows apart, but only after
 * half as many rounds of refinement as there are rows. */
static table cycle(size_t n, int marked)
{
    table t = table_new(n, n);
    for (size_t i = 0; i < n; i++)
        AT(&t, i, i) = AT(&t, i, (i + 1) % n) = 2;
    if (marked)
        AT(&t, 0, 0) = 9;
    return t;
}

/* Pairs of rows, each pair with a column of its own, and a column that all rows
 * have. */
static table pairs(size_t n)
{
    table t = table_new(2 * n, n + 1);
    for (size_t i = 0; i < 2 * n; i++)
        AT(&t, i, i / 2) = AT(&t, i, n) = 1 + (int)(i % 2);
    return t;
}

/* Each row has one count in `filled` random columns, and five in the last. */
static table shallow(size_t rows, size_t columns, size_t filled)
{
    table t = table_new(rows, columns + 1);
    for (size_t i = 0; i < rows; i++) {
        for (size_t f = 0; f < filled; f++)
            AT(&t, i, random_below(columns)) = 1;
        AT(&t, i, columns) = 5;
    }
    return t;
}

/* Rows that tie until one of them has a colour of its own. */
static void test_ties(void)
{
    check_order("a marked cycle", cycle(40, 1), 20);
    check_order("a long marked cycle", cycle(500, 1), 2);
    check_order("a cycle", cycle(30, 0), 20);
    check_order("pairs", pairs(40), 20);
    for (int i = 0; i < 20; i++) {
        check_order("a shallow table", shallow(60, 120, 2), 5);
        check_order("a very shallow table", shallow(60, 200, 1), 5);
    }
}

static void refuse(dmm_team *team, void *data)
{
    dmm_matrix m = table_view(data, DMM_MATRIX_CSC);
    dmm_order order;
    const uint32_t place[1] = {0};
    m.row_place = place;
    CHECK(dmm_order_build(team, &m, &order) == DMM_ERROR_ARGUMENT);
    CHECK(order.row_place == NULL && order.column_source == NULL);
}

int main(void)
{
    random_seed(11);
    test_counts();
    test_duplicates();
    test_ties();
    table one = table_new(1, 1);
    AT(&one, 0, 0) = 1;
    table_finish(&one);
    dmm_team_run(1, refuse, &one);
    table_free(&one);
    return check_report();
}
