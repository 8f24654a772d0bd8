/* Tests of result/table.c: the tables of the two branches of a model with
 * markers, against tables that are collapsed by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"
#include "result/table.h"

/* ---- By hand ------------------------------------------------------------ */

static double rest_of(const table *t, const unsigned char *is_marker, size_t i)
{
    double rest = 0;
    for (size_t j = 0; j < t->columns; j++)
        rest += is_marker[j] ? 0 : t->count[j * t->rows + i];
    return rest;
}

/* The markers and the sum of the others, in the first form only. */
static table collapse(const table *t, const unsigned char *is_marker)
{
    size_t markers = 0;
    for (size_t j = 0; j < t->columns; j++)
        markers += is_marker[j];
    table c = table_new(t->rows, markers + 1);
    size_t to = 0;
    for (size_t j = 0; j < t->columns; j++)
        if (is_marker[j])
            memcpy(c.count + to++ * t->rows, t->count + j * t->rows,
                   t->rows * sizeof *t->count);
    for (size_t i = 0; i < t->rows; i++)
        c.count[to * t->rows + i] = (int)rest_of(t, is_marker, i);
    return c;
}

/* The others, in the samples in which they have counts. */
static table remainder_of(const table *t, const unsigned char *is_marker)
{
    size_t rows = 0, columns = 0;
    for (size_t j = 0; j < t->columns; j++)
        columns += !is_marker[j];
    for (size_t i = 0; i < t->rows; i++)
        rows += rest_of(t, is_marker, i) > 0;
    table b = table_new(rows, columns);
    size_t row = 0;
    for (size_t i = 0; i < t->rows; i++) {
        size_t to = 0;
        if (rest_of(t, is_marker, i) == 0)
            continue;
        for (size_t j = 0; j < t->columns; j++)
            if (!is_marker[j])
                b.count[to++ * rows + row] = t->count[j * t->rows + i];
        row++;
    }
    return b;
}

/* ---- Fits --------------------------------------------------------------- */

static dmm_fit_result *fit(const dmm_table *t, size_t k, size_t n_starts,
                           int threads)
{
    dmm_control control = dmm_control_default();
    control.n_threads = threads;
    dmm_start_record records[8];
    const dmm_start_plan plan = {.n_starts = n_starts};
    size_t made;
    dmm_fit_result *r = NULL;
    CHECK(dmm_table_fit(t, k, &plan, &control, records, &made, &r) == DMM_OK);
    return r;
}

static dmm_fit_result *fit_by_hand(const table *t, size_t k, int canonical,
                                   size_t n_starts)
{
    const dmm_matrix m = table_view(t, DMM_MATRIX_DENSE_INT);
    dmm_table *whole = NULL;
    CHECK(dmm_table_new(&m, canonical, k, 1, &whole) == DMM_OK);
    dmm_fit_result *r = fit(whole, k, n_starts, 1);
    dmm_table_free(whole);
    return r;
}

/* Tolerance 0: the same bits. */
static void check_fits(dmm_fit_result *a, dmm_fit_result *b, double tolerance)
{
    CHECK(a->n_samples == b->n_samples && a->n_taxa == b->n_taxa);
    if (a->n_samples == b->n_samples && a->n_taxa == b->n_taxa) {
        const size_t estimates = a->n_taxa * a->k;
        double largest = 1;
        for (size_t e = 0; e < estimates; e++)
            largest = fmax(largest, b->estimate[e]);
        CHECK_NEAR(a->nle, b->nle, tolerance);
        CHECK_NEAR(a->laplace, b->laplace, 10 * tolerance);
        CHECK_NEAR(a->log_likelihood, b->log_likelihood, 10 * tolerance);
        CHECK_AT_MOST(largest_difference(a->weight, b->weight, a->k),
                      tolerance);
        CHECK_AT_MOST(largest_difference(a->z, b->z, a->n_samples * a->k),
                      10 * tolerance);
        CHECK_AT_MOST(largest_difference(a->estimate, b->estimate, estimates),
                      10 * tolerance * largest);
        CHECK_AT_MOST(largest_difference(a->std_error, b->std_error, estimates),
                      100 * tolerance);
    }
    dmm_fit_free(a);
    dmm_fit_free(b);
}

/* ---- Tests -------------------------------------------------------------- */

typedef struct {
    dmm_table *markers, *background;
} branches;

static branches split(const table *t, dmm_matrix_kind kind, int canonical,
                      const unsigned char *is_marker, size_t k, int threads)
{
    const dmm_matrix m = table_view(t, kind);
    dmm_table *whole = NULL;
    branches x;
    CHECK(dmm_table_new(&m, canonical, k, threads, &whole) == DMM_OK);
    CHECK(dmm_table_split(whole, is_marker, k, threads, &x.markers,
                          &x.background) == DMM_OK);
    dmm_table_free(whole); /* before its branches */
    return x;
}

static void free_branches(branches x)
{
    dmm_table_free(x.background);
    dmm_table_free(x.markers);
}

/* In the order of the matrix, fits are the same to the bit. In canonical order
 * the starts differ, but not the optimum that is found. */
static void test_split(const table *t, const unsigned char *is_marker, size_t k)
{
    table collapsed = collapse(t, is_marker);
    table others = remainder_of(t, is_marker);
    for (size_t i = 0; i < LENGTH(all_kinds); i++)
        for (int canonical = 0; canonical <= 1; canonical++) {
            const size_t n = canonical ? 8 : 1;
            const double tolerance = canonical ? 1e-3 : 0;
            branches x = split(t, all_kinds[i], canonical, is_marker, k, 1);
            CHECK(dmm_table_taxa(x.markers) == collapsed.columns);
            CHECK(dmm_table_taxa(x.background) == others.columns);
            CHECK(x.markers->part == NULL && x.background->part == NULL);
            check_fits(fit(x.markers, k, n, 1),
                       fit_by_hand(&collapsed, k, canonical, n), tolerance);
            check_fits(fit(x.background, 1, 1, 1),
                       fit_by_hand(&others, 1, canonical, 1), tolerance);
            free_branches(x);
        }
    table_free(&collapsed);
    table_free(&others);
}

static void test_splits(void)
{
    table t = table_mixture(120, 14, 3, 100, 300, 1);
    unsigned char is_marker[14] = {0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0};
    test_split(&t, is_marker, 3);
    /* identical taxa on both sides, a taxon without counts on either */
    memcpy(t.count + 3 * t.rows, t.count + 4 * t.rows, t.rows * sizeof(int));
    memcpy(t.count + 5 * t.rows, t.count + 4 * t.rows, t.rows * sizeof(int));
    memset(t.count + 6 * t.rows, 0, t.rows * sizeof(int));
    memset(t.count + 7 * t.rows, 0, t.rows * sizeof(int));
    /* a fifth of the samples has no counts of the background */
    for (size_t i = 0; i < t.rows; i += 5)
        for (size_t j = 0; j < t.columns; j++)
            t.count[j * t.rows + i] *= is_marker[j];
    for (size_t i = 0; i < t.rows; i++)
        t.count[t.rows + i]++;
    table_finish(&t);
    test_split(&t, is_marker, 3);
    test_split(&t, is_marker, 1);
    /* one marker; one other */
    for (size_t j = 0; j < t.columns; j++)
        is_marker[j] = j == 1;
    test_split(&t, is_marker, 2);
    for (size_t j = 0; j < t.columns; j++)
        is_marker[j] = j != 0;
    test_split(&t, is_marker, 3);
    table_free(&t);
}

/* The number of threads does not matter, nor does the order of the matrix. */
static void test_same_result(void)
{
    table t = table_mixture(1500, 40, 3, 60, 400, 0.9), u;
    unsigned char is_marker[40], moved[40];
    size_t row[1500], column[40];
    for (size_t j = 0; j < 40; j++) {
        is_marker[j] = random_below(3) == 0;
        column[j] = (7 * j + 5) % 40;
        moved[column[j]] = is_marker[j];
    }
    u = table_new(t.rows, t.columns);
    for (size_t i = 0; i < t.rows; i++) {
        row[i] = (11 * i + 3) % t.rows;
        for (size_t j = 0; j < t.columns; j++)
            u.count[column[j] * t.rows + row[i]] = t.count[j * t.rows + i];
    }
    table_finish(&u);
    branches one = split(&t, DMM_MATRIX_CSC, 1, is_marker, 3, 1);
    for (int threads = 2; threads <= 3; threads++) {
        branches x = split(&t, DMM_MATRIX_CSC, 1, is_marker, 3, threads);
        check_fits(fit(x.markers, 3, 3, threads), fit(one.markers, 3, 3, 1), 0);
        check_fits(fit(x.background, 1, 1, threads),
                   fit(one.background, 1, 1, 1), 0);
        free_branches(x);
    }
    branches other = split(&u, DMM_MATRIX_CSC, 1, moved, 3, 1);
    dmm_fit_result *a = fit(one.markers, 3, 3, 1);
    dmm_fit_result *b = fit(other.markers, 3, 3, 1);
    CHECK(a->nle == b->nle && a->laplace == b->laplace);
    for (size_t i = 0; i < t.rows; i++)
        for (size_t c = 0; c < 3; c++)
            CHECK(a->z[c * t.rows + i] == b->z[c * t.rows + row[i]]);
    /* markers are numbered in the order of their matrix */
    for (size_t j = 0, n = 0; j < 40; j++) {
        size_t before = 0;
        for (size_t l = 0; l < column[j]; l++)
            before += moved[l];
        if (!is_marker[j])
            continue;
        for (size_t c = 0; c < 3; c++)
            CHECK(a->estimate[c * a->n_taxa + n] ==
                  b->estimate[c * a->n_taxa + before]);
        n++;
    }
    dmm_fit_free(a);
    dmm_fit_free(b);
    free_branches(one);
    free_branches(other);
    table_free(&t);
    table_free(&u);
}

/* The branches of a table so large that starts are made on a part of it. Some
 * samples have no counts of the background. */
static void test_large(void)
{
    table t = table_new(80000, 6);
    const unsigned char is_marker[] = {0, 1, 1, 0, 1, 0};
    size_t without = 0;
    for (size_t i = 0; i < t.rows; i++) {
        t.count[(i % 2 + 1) * t.rows + i] = 1 + (int)random_below(9);
        for (size_t e = 0; e < 4; e++)
            t.count[random_below(6) * t.rows + i]++;
    }
    for (size_t i = 0; i < t.rows; i++)
        without += rest_of(&t, is_marker, i) == 0;
    CHECK(without > 0 && without < t.rows / 2);
    branches x = split(&t, DMM_MATRIX_DENSE_INT, 1, is_marker, 2, 1);
    CHECK(x.markers->part != NULL);
    table collapsed = collapse(&t, is_marker);
    table others = remainder_of(&t, is_marker);
    check_fits(fit(x.markers, 2, 3, 1), fit_by_hand(&collapsed, 2, 1, 3), 0.01);
    check_fits(fit(x.background, 1, 1, 1), fit_by_hand(&others, 1, 1, 1), 0.01);
    free_branches(x);
    table_free(&collapsed);
    table_free(&others);
    table_free(&t);
}

static void test_arguments(void)
{
    table t = table_random(9, 4, 0.7, 20, 0);
    memset(t.count + 2 * t.rows, 0, t.rows * sizeof(int));
    for (size_t i = 0; i < t.rows; i++)
        t.count[i]++;
    table_finish(&t);
    static const unsigned char wrong[][4] = {{0, 0, 0, 0},
                                             {1, 1, 1, 1},
                                             {1, 1, 0, 1}},
                               right[4] = {0, 1, 0, 0};
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    dmm_table *whole = NULL;
    CHECK(dmm_table_new(&m, 1, 2, 1, &whole) == DMM_OK);
    CHECK(dmm_table_taxa(whole) == 4);
    static const size_t ks[] = {0, 2, 10};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        for (size_t l = 0; l < LENGTH(ks); l++) {
            dmm_table *a = whole, *b = whole;
            const unsigned char *chosen = ks[l] == 2 ? wrong[i] : right;
            CHECK(dmm_table_split(whole, chosen, ks[l], 1, &a, &b) ==
                  DMM_ERROR_ARGUMENT);
            CHECK(a == NULL && b == NULL);
        }
    dmm_table_free(whole);
    dmm_table_free(NULL);
    table_free(&t);
}

int main(void)
{
    random_seed(42);
    test_arguments();
    test_splits();
    test_same_result();
    test_large();
    return check_report();
}
