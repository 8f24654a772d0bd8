/* Canonical order: a table is the same one, however its rows and columns were
 * ordered, and whatever symmetries it has. */
#include <stdlib.h>
#include <string.h>

#include "canonical.h"
#include "check.h"
#include "helpers.h"

#define AT(t, i, j) ((t)->count[(size_t)(j) * (t)->rows + (size_t)(i)])

typedef struct {
    dmm_matrix matrix;
    dmm_canonical canonical;
    dmm_status status;
} build;

static void build_work(dmm_team *team, void *data)
{
    build *b = data;
    b->status = dmm_canonical_build(team, &b->matrix, &b->canonical);
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

/* The counts in canonical order. */
static int *ordered(const table *t, dmm_matrix_kind kind, int threads)
{
    build b = {.matrix = table_view(t, kind)};
    dmm_team_run(threads, build_work, &b);
    CHECK(b.status == DMM_OK);
    CHECK(is_permutation(b.canonical.row_place, t->rows));
    CHECK(is_permutation(b.canonical.column_source, t->columns));
    int *x = NEED(t->rows * t->columns, int);
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++)
            x[j * t->rows + b.canonical.row_place[i]] =
                AT(t, i, b.canonical.column_source[j]);
    dmm_canonical_free(&b.canonical);
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

/* Some permutations have the same counts in order; frees the table. */
static void check_order(const char *name, table t, int permutations)
{
    table_finish(&t);
    int *expected = ordered(&t, DMM_MATRIX_DENSE_INT, 1), same = 0;
    for (int i = 0; i < permutations; i++) {
        table s = shuffled(&t);
        int *x = ordered(&s, all_kinds[i % 3], i % 8 == 7 ? 3 : 1);
        same += memcmp(x, expected, t.rows * t.columns * sizeof *x) == 0;
        free(x);
        table_free(&s);
    }
    CHECK_SAY(same == permutations, "%s, %zu x %zu: %d of %d", name, t.rows,
              t.columns, same, permutations);
    free(expected);
    table_free(&t);
}

/* ---- Tables with symmetries --------------------------------------------- */

/* Each row has `count` in `width` columns from its own on. */
static table band(size_t rows, size_t width, int count)
{
    table t = table_new(rows, rows + width - 1);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            AT(&t, i, i + j) = count;
    return t;
}

/* Rows and columns alternate in cycles of those lengths, which 0 ends. */
static table cycles(const size_t *lengths)
{
    size_t n = 0;
    for (size_t l = 0; lengths[l]; l++)
        n += lengths[l];
    table t = table_new(n, n);
    for (size_t l = 0, at = 0; lengths[l]; at += lengths[l++])
        for (size_t i = 0; i < lengths[l]; i++) {
            AT(&t, at + i, at + i) = 2;
            AT(&t, at + i, at + (i + 1) % lengths[l]) = 2;
        }
    return t;
}

/* Blocks of `size` x `size` ones on the diagonal, `other` elsewhere. */
static table blocks(size_t n, size_t size, int other)
{
    table t = table_new(n * size, n * size);
    for (size_t i = 0; i < t.rows; i++)
        for (size_t j = 0; j < t.columns; j++)
            AT(&t, i, j) = i / size == j / size ? 1 : other;
    return t;
}

/* The ends of `edges`, pairs that a negative number ends, among n vertices:
 * an edge is a row. */
static table incidence(const int *edges, size_t n)
{
    size_t rows = 0;
    while (edges[2 * rows] >= 0)
        rows++;
    table t = table_new(rows, n);
    for (size_t i = 0; i < rows; i++)
        AT(&t, i, edges[2 * i]) = AT(&t, i, edges[2 * i + 1]) = 1;
    return t;
}

/* The rook's graph of 16 squares, where `rook`, or else Shrikhande's: strongly
 * regular with the same parameters, and not the same. From `at` on. */
static void add_squares(table *t, int rook, size_t at)
{
    for (int x = 0; x < 16; x++)
        for (int y = 0; y < 16; y++) {
            const int a = (x / 4 - y / 4 + 4) % 4, b = (x - y + 16) % 4;
            const int next =
                rook ? (a == 0) != (b == 0)
                     : x != y && ((a == 0 && b % 2) || (b == 0 && a % 2) ||
                                  (a == b && a % 2));
            AT(t, at + (size_t)x, at + (size_t)y) = next;
        }
}

static table add_hub(table t)
{
    table u = table_new(t.rows, t.columns + 1);
    memcpy(u.count, t.count, t.rows * t.columns * sizeof *t.count);
    for (size_t i = 0; i < t.rows; i++)
        AT(&u, i, t.columns) = 7;
    table_free(&t);
    return u;
}

static void test_symmetric(void)
{
    /* Frucht's graph and Petersen's: each vertex has three edges, and no two
     * vertices are alike, or all are. */
    static const int frucht[] = {0, 1,  1, 2,  2, 3, 3,  4,  4,  5,  5, 6, 6,
                                 7, 7,  8, 8,  9, 9, 10, 10, 11, 11, 0, 0, 7,
                                 1, 11, 2, 10, 3, 5, 4,  9,  6,  8,  -1};
    static const int petersen[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0,
                                   5, 1, 6, 2, 7, 3, 8, 4, 9, 5, 7,
                                   7, 9, 9, 6, 6, 8, 8, 5, -1};
    table t = band(60, 4, 3);
    AT(&t, 0, 0) = 9;
    check_order("a band with a mark", t, 50);
    check_order("a band", band(40, 2, 5), 50);
    check_order("a wide band", band(61, 7, 1), 50);
    check_order("a diagonal", blocks(30, 1, 0), 20);
    check_order("a diagonal in a background", blocks(30, 1, 3), 20);
    check_order("blocks", blocks(8, 3, 0), 20);
    check_order("blocks in a background", blocks(8, 3, 2), 20);
    check_order("nothing but ones", blocks(1, 12, 0), 20);
    check_order("a cycle", cycles((const size_t[]){30, 0}), 50);
    check_order("cycles that refinement cannot tell apart",
                cycles((const size_t[]){3, 6, 3, 4, 5, 4, 3, 2, 0}), 50);
    check_order("such cycles with a taxon in common",
                add_hub(cycles((const size_t[]){3, 6, 3, 4, 5, 0})), 50);
    check_order("a graph without symmetries", incidence(frucht, 12), 50);
    check_order("the Petersen graph", incidence(petersen, 10), 50);
    for (int rooks = 0; rooks < 4; rooks++) {
        t = table_new(48, 48);
        for (int i = 0; i < 3; i++)
            add_squares(&t, i < rooks, (size_t)i * 16);
        check_order("strongly regular graphs", t, 20);
    }
}

/* Tables in which any two columns look alike to all others. */
static void test_designs(void)
{
    /* Triples of 13 points, such that any two points are in one. */
    table t = table_new(26, 13);
    for (int i = 0; i < 13; i++) {
        static const int base[2][3] = {{0, 1, 4}, {0, 2, 7}};
        for (int b = 0; b < 2; b++)
            for (int p = 0; p < 3; p++)
                AT(&t, 13 * b + i, (base[b][p] + i) % 13) = 1;
    }
    check_order("a triple system", t, 20);
    /* A Latin square of order 7: cells with a row, a column and a symbol. */
    t = table_new(49, 21);
    for (int i = 0; i < 49; i++)
        AT(&t, i, i / 7) = AT(&t, i, 7 + i % 7) =
            AT(&t, i, 14 + (i / 7 + i % 7) % 7) = 1;
    check_order("a Latin square", t, 20);
}

/* Rows that are the same, of classes that refinement does not tell apart but by
 * how many there are. */
static void test_alike(void)
{
    table t = table_new(60, 12);
    for (size_t i = 0; i < 60; i++) {
        const size_t block = i < 10 ? 0 : i < 20 ? 1 : i < 35 ? 2 : 3;
        for (size_t j = 0; j < 3; j++)
            AT(&t, i, 3 * block + j) = 4;
    }
    check_order("rows that are the same", t, 50);
    t = table_new(40, 20);
    for (size_t i = 0; i < 40; i++) {
        AT(&t, i, i % 10) = AT(&t, i, (i + 1) % 10) = 1;
        AT(&t, i, 10 + i % 10) = AT(&t, i, 10 + (i + 1) % 10) = 1;
    }
    check_order("cycles of rows and columns of which there are several", t, 50);
    t = table_new(20, 10);
    for (size_t i = 0; i < 20; i++)
        AT(&t, i, 3) = 5;
    check_order("empty columns", t, 10);
    t = table_new(1, 5);
    AT(&t, 0, 2) = AT(&t, 0, 3) = 1;
    check_order("one row", t, 10);
    t = table_new(5, 1);
    for (size_t i = 0; i < 5; i++)
        AT(&t, i, 0) = (int)(1 + i / 2);
    check_order("one column", t, 10);
}

/* Small tables of few different counts, where most have a symmetry, and regular
 * ones: sums of random permutations. */
static void test_random(void)
{
    for (int i = 0; i < 150; i++) {
        table t = table_new(6, 5);
        for (size_t e = 0; e < 30; e++)
            t.count[e] = (int)random_below(i % 2 ? 2 : 3);
        for (size_t j = 0; j < 6; j++)
            AT(&t, j, j % 5) += 1;
        check_order("a small table", t, 50);
    }
    for (int i = 0; i < 60; i++) {
        const size_t n = 4 + random_below(20);
        size_t *order = NEED(n, size_t);
        table t = table_new(n, n);
        for (int p = 0; p < 2 + i % 3; p++) {
            shuffle(order, n);
            for (size_t j = 0; j < n; j++)
                AT(&t, j, order[j]) += 1;
        }
        free(order);
        check_order("a regular table", t, 20);
    }
    check_order("a table of counts", table_random(80, 30, 0.3, 40, 1), 20);
}

/* Rounds that go from end to end would take as many as there are rows. */
static void test_long(void)
{
    check_order("a long band", band(1500, 3, 1), 2);
    check_order("a long diagonal", blocks(1500, 1, 0), 2);
    check_order("a long cycle", cycles((const size_t[]){1500, 0}), 2);
    check_order("many cycles",
                cycles((const size_t[]){300, 200, 300, 100, 200, 400, 0}), 2);
}

/* Tables that differ stay different. */
static void test_different(void)
{
    table one = cycles((const size_t[]){3, 3, 0});
    table two = cycles((const size_t[]){6, 0});
    table_finish(&one);
    table_finish(&two);
    int *x = ordered(&one, DMM_MATRIX_CSC, 1);
    int *y = ordered(&two, DMM_MATRIX_CSC, 1);
    CHECK(memcmp(x, y, 36 * sizeof *x) != 0);
    free(x);
    free(y);
    table_free(&one);
    table_free(&two);
}

static void refuse(dmm_team *team, void *data)
{
    dmm_matrix m = table_view(data, DMM_MATRIX_CSC);
    dmm_canonical canonical;
    const uint32_t order[1] = {0};
    m.row_place = order;
    CHECK(dmm_canonical_build(team, &m, &canonical) == DMM_ERROR_ARGUMENT);
    CHECK(canonical.row_place == NULL && canonical.column_source == NULL);
}

int main(void)
{
    random_seed(11);
    test_symmetric();
    test_designs();
    test_alike();
    test_random();
    test_long();
    test_different();
    table one = band(1, 1, 1);
    table_finish(&one);
    dmm_team_run(1, refuse, &one);
    table_free(&one);
    return check_report();
}
