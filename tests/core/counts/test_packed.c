/* Tests of counts/packed.c: any selection of rows and columns comes back as it
 * was packed, and bytes that are not those of a packed block are refused. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "counts/packed.h"
#include "helpers.h"

static unsigned char *pack(const dmm_matrix *m, const dmm_selection *selection,
                           size_t *size)
{
    CHECK(dmm_pack(m, selection, size, NULL) == DMM_OK);
    unsigned char *bytes = NEED(*size, unsigned char);
    const size_t needed = *size;
    CHECK(dmm_pack(m, selection, size, bytes) == DMM_OK && *size == needed);
    return bytes;
}

/* Compares a packed block with the counts that were selected, and says how many
 * are not 0. */
static void check_block(const table *t, const dmm_selection *selection,
                        const dmm_packed *view)
{
    uint64_t *keys = NEED(view->rows, uint64_t);
    unsigned char *marked = NEED(view->rows, unsigned char);
    size_t nonzeros = 0;
    CHECK(view->rows == selection->n_rows);
    CHECK(view->columns == selection->n_columns);
    for (size_t j = 0; j < view->columns; j++) {
        const size_t n = dmm_packed_column(view, j, keys);
        size_t e = 0, wrong = 0;
        for (size_t i = 0; i < view->rows; i++) {
            const size_t column = selection->column[j];
            const int x = column == DMM_NO_COLUMN
                              ? 0
                              : t->count[column * t->rows + selection->row[i]];
            if (x == 0)
                continue;
            wrong += e >= n || DMM_KEY_ROW(keys[e]) != view->first_row + i ||
                     DMM_KEY_COUNT(keys[e]) != (uint32_t)x;
            e++;
        }
        CHECK(wrong == 0 && e == n);
        CHECK(dmm_packed_check(view, j, marked));
        nonzeros += n;
    }
    CHECK(view->n_nonzeros == nonzeros);
    for (size_t i = 0; i < view->rows; i++) {
        int any = 0;
        for (size_t j = 0; j < view->columns; j++)
            any |= selection->column[j] != DMM_NO_COLUMN &&
                   t->count[selection->column[j] * t->rows +
                            selection->row[i]] != 0;
        CHECK(any == marked[i]);
    }
    free(keys);
    free(marked);
}

/* Packs random rows, repeated and in any order, and random columns, of each
 * kind of matrix. */
static void test_selections(const table *t)
{
    for (size_t k = 0; k < LENGTH(all_kinds); k++) {
        const dmm_matrix m = table_view(t, all_kinds[k]);
        size_t row[40], column[20], size;
        const dmm_selection selection = {.n_rows = random_below(40),
                                         .n_columns = random_below(20),
                                         .row = row,
                                         .column = column};
        for (size_t i = 0; i < selection.n_rows; i++)
            row[i] = random_below(t->rows);
        for (size_t j = 0; j < selection.n_columns; j++)
            column[j] = random_below(4) ? random_below(t->columns)
                                        : DMM_NO_COLUMN;
        unsigned char *bytes = pack(&m, &selection, &size);
        dmm_packed view;
        CHECK(dmm_packed_view(bytes, size, &view) == DMM_OK);
        view.first_row = 100;
        check_block(t, &selection, &view);
        /* cut short, or too long */
        for (size_t less = 1; less <= size; less += 1 + size / 50)
            CHECK(dmm_packed_view(bytes, size - less, &view) ==
                  DMM_ERROR_ARGUMENT);
        free(bytes);
    }
}

/* Each width of counts takes the bytes that packed.h says. */
static void test_widths(void)
{
    static const struct {
        int count;
        size_t width;
    } cases[] = {{1, 1},     {255, 1},       {256, 2},
                 {65535, 2}, {65536, 4}, {DMM_MAX_COUNT, 4}};
    for (size_t c = 0; c < LENGTH(cases); c++) {
        table t = table_new(3, 1);
        t.count[0] = 1;
        t.count[2] = cases[c].count;
        table_finish(&t);
        const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
        const size_t row[] = {0, 1, 2}, column[] = {0};
        const dmm_selection all = {3, 1, row, column};
        size_t size;
        unsigned char *bytes = pack(&m, &all, &size);
        CHECK(size == 3 * 8 + 2 * 4 + 1 + 2 * (2 + cases[c].width));
        dmm_packed view;
        CHECK(dmm_packed_view(bytes, size, &view) == DMM_OK);
        check_block(&t, &all, &view);
        free(bytes);
        table_free(&t);
    }
}

static void test_too_many_rows(void)
{
    table t = table_new(2, 1);
    t.count[0] = t.count[1] = 1;
    table_finish(&t);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    const size_t n = DMM_MAX_PACKED_ROWS + 1, column[] = {0};
    size_t *row = NEED(n, size_t), size;
    dmm_selection selection = {n, 1, row, column};
    CHECK(dmm_pack(&m, &selection, &size, NULL) == DMM_ERROR_ARGUMENT);
    selection.n_rows = n - 1;
    unsigned char *bytes = pack(&m, &selection, &size);
    dmm_packed view;
    CHECK(dmm_packed_view(bytes, size, &view) == DMM_OK);
    CHECK(view.n_nonzeros == n - 1);
    free(bytes);
    free(row);
    table_free(&t);
}

/* Bytes that have been changed are refused, by the view or by the check, or
 * still are those of counts; nothing outside them is read or written (which the
 * sanitizers see). */
static void test_damage(const table *t)
{
    const dmm_matrix m = table_view(t, DMM_MATRIX_CSC);
    size_t row[10], column[6], size;
    const dmm_selection selection = {10, 6, row, column};
    for (size_t i = 0; i < 10; i++)
        row[i] = random_below(t->rows);
    for (size_t j = 0; j < 6; j++)
        column[j] = random_below(t->columns);
    unsigned char *bytes = pack(&m, &selection, &size);
    size_t refused = 0;
    for (size_t i = 0; i < 2000; i++) {
        const size_t at = random_below(size);
        const unsigned char kept = bytes[at];
        bytes[at] = (unsigned char)random_below(256);
        dmm_packed view;
        int valid = dmm_packed_view(bytes, size, &view) == DMM_OK;
        unsigned char *marked =
            NEED(valid ? view.rows : 0, unsigned char);
        for (size_t j = 0; valid && j < view.columns; j++)
            valid = dmm_packed_check(&view, j, marked);
        refused += !valid;
        free(marked);
        bytes[at] = kept;
    }
    CHECK(refused > 0);
    free(bytes);
}

int main(void)
{
    random_seed(1);
    for (size_t i = 0; i < 40; i++) {
        static const int largest[] = {3, 300, 100000, DMM_MAX_COUNT};
        table t = table_random(1 + random_below(60), 1 + random_below(30), 0.4,
                               largest[i % LENGTH(largest)], i % 2 == 0);
        table_finish(&t);
        test_selections(&t);
        test_damage(&t);
        table_free(&t);
    }
    test_widths();
    test_too_many_rows();
    return check_report();
}
