/* Packed counts (R/utils-packed.R), which hold tables that are read block by
 * block; and the totals of any table. */
#include <string.h>

#include "core/counts/packed.h"
#include "entries.h"
#include "glue.h"

/* 1-based indices below `limit` + 1 as 0-based ones; NA becomes `missing`. All
 * in their order for R's NULL. */
static size_t *read_indices(SEXP index, size_t limit, size_t missing,
                            size_t *n)
{
    const int all = index == R_NilValue;
    if (!all && TYPEOF(index) != INTSXP)
        Rf_error("an index of packed counts must be integer");
    *n = all ? limit : (size_t)XLENGTH(index);
    size_t *result = (size_t *)R_alloc(*n + 1, sizeof *result);
    for (size_t i = 0; i < *n; i++) {
        const int at = all ? (int)i + 1 : INTEGER(index)[i];
        result[i] = at == NA_INTEGER ? missing : (size_t)at - 1;
        if (result[i] >= limit && !(at == NA_INTEGER && missing > limit))
            Rf_error("an index of packed counts must be from 1 to %.0f",
                     (double)limit);
    }
    return result;
}

/* A view of a table whose values are counts. Packed blocks are checked, because
 * a damaged one could lead outside its arrays; other tables must have been. */
static dmm_matrix checked_matrix(SEXP count)
{
    const dmm_matrix m = glue_matrix(count);
    dmm_problem problem;
    if (m.kind == DMM_MATRIX_PACKED)
        glue_check(dmm_matrix_check(&m, 1, &problem));
    return m;
}

/* The bytes of a packed block with the chosen rows and columns of `count`, as a
 * raw vector. `rows` and `columns` are integer vectors or NULL for all; a
 * column of NA has no counts. */
SEXP R_dmm_pack(SEXP count, SEXP rows, SEXP columns)
{
    const dmm_matrix m = checked_matrix(count);
    dmm_selection selection;
    selection.row = read_indices(rows, m.rows, m.rows, &selection.n_rows);
    selection.column =
        read_indices(columns, m.columns, DMM_NO_COLUMN, &selection.n_columns);
    size_t size;
    glue_check(dmm_pack(&m, &selection, &size, NULL));
    SEXP bytes = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)size));
    glue_check(dmm_pack(&m, &selection, &size, RAW(bytes)));
    UNPROTECT(1);
    return bytes;
}

/* Space for the keys of a column. */
static uint64_t *key_space(const dmm_matrix *m)
{
    return (uint64_t *)R_alloc(m->rows + 1, sizeof(uint64_t));
}

/* The counts as an integer matrix. */
SEXP R_dmm_unpack(SEXP count)
{
    const dmm_matrix m = checked_matrix(count);
    uint64_t *keys = key_space(&m);
    SEXP x = PROTECT(Rf_allocMatrix(INTSXP, (int)m.rows, (int)m.columns));
    int *to = INTEGER(x);
    memset(to, 0, (size_t)XLENGTH(x) * sizeof *to);
    for (size_t j = 0; j < m.columns; j++) {
        const size_t n = dmm_matrix_column(&m, j, keys);
        for (size_t e = 0; e < n; e++)
            to[j * m.rows + DMM_KEY_ROW(keys[e])] = (int)DMM_KEY_COUNT(keys[e]);
    }
    UNPROTECT(1);
    return x;
}

/* list(rows, columns): the totals of the rows and of the columns. */
SEXP R_dmm_totals(SEXP count)
{
    const dmm_matrix m = checked_matrix(count);
    uint64_t *keys = key_space(&m);
    const char *names[] = {"rows", "columns", ""};
    SEXP list = PROTECT(glue_list(names));
    double *row = REAL(
        glue_set(list, 0, Rf_allocVector(REALSXP, (R_xlen_t)m.rows)));
    double *column = REAL(
        glue_set(list, 1, Rf_allocVector(REALSXP, (R_xlen_t)m.columns)));
    memset(row, 0, m.rows * sizeof *row);
    for (size_t j = 0; j < m.columns; j++) {
        const size_t n = dmm_matrix_column(&m, j, keys);
        column[j] = 0;
        for (size_t e = 0; e < n; e++) {
            const double x = DMM_KEY_COUNT(keys[e]);
            row[DMM_KEY_ROW(keys[e])] += x;
            column[j] += x;
        }
    }
    UNPROTECT(1);
    return list;
}
