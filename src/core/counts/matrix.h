/* The user's count table as it lies in memory: dense or compressed sparse.
 *
 * A dmm_matrix is a view; it owns nothing. Samples are rows, taxa columns, and
 * dense tables are in column-major order, as in R.
 */
#ifndef DMM_MATRIX_H
#define DMM_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    DMM_MATRIX_DENSE_INT,    /* `integers`, rows x columns            */
    DMM_MATRIX_DENSE_DOUBLE, /* `doubles`, rows x columns             */
    DMM_MATRIX_CSC           /* `doubles` at `row_index`, by `column_start` */
} dmm_matrix_kind;

typedef struct {
    dmm_matrix_kind kind;
    size_t rows;             /* N, samples */
    size_t columns;          /* S, taxa    */
    const int *integers;
    const double *doubles;
    const int *row_index;    /* CSC: ascending within a column, 0-based  */
    const int *column_start; /* CSC: columns + 1 offsets into row_index  */
    /* Both NULL, or the order in which dmm_matrix_column() shows the table: the
     * place of each of its rows, and which of its columns is in each place. */
    const uint32_t *row_place;     /* rows    */
    const uint32_t *column_source; /* columns */
} dmm_matrix;

/* The largest count: larger ones are refused, not truncated. */
#define DMM_MAX_COUNT 2147483647

typedef enum {
    DMM_PROBLEM_NONE = 0,
    DMM_PROBLEM_MISSING,     /* NA or NaN                           */
    DMM_PROBLEM_INFINITE,
    DMM_PROBLEM_NEGATIVE,
    DMM_PROBLEM_FRACTIONAL,
    DMM_PROBLEM_LARGE,       /* above DMM_MAX_COUNT                 */
    DMM_PROBLEM_EMPTY_SAMPLE /* a row without any count             */
} dmm_problem_kind;

typedef struct {
    dmm_problem_kind kind;
    size_t row;    /* 0-based */
    size_t column; /* 0-based; 0 for an empty sample */
    double value;
} dmm_problem;

/* Looks for the first entry that is not a count, in column-major order, and
 * then for the first sample without counts. One pass over the table, by up to
 * n_threads threads; needs memory for one byte a row and thread. */
dmm_status dmm_matrix_check(const dmm_matrix *matrix, int n_threads,
                            dmm_problem *problem);

/* An entry of a column as one number: the count in the upper 32 bits, the row
 * in the lower ones, so that sorting keys sorts by count and then by row. */
#define DMM_KEY(count, row) (((uint64_t)(count) << 32) + (uint64_t)(row))
#define DMM_KEY_COUNT(key) ((uint32_t)((key) >> 32))
#define DMM_KEY_ROW(key) ((uint32_t)(key))

/* The number of entries that are not 0, or, where there are many, some number
 * that is at least `enough`: the count goes no further. */
size_t dmm_matrix_nonzeros(const dmm_matrix *matrix, size_t enough);

/* The keys of one column's nonzero counts, by ascending row, into `keys`, which
 * has room for one more than there are rows. Returns how many. The table must
 * have passed dmm_matrix_check() (empty samples may be there). */
size_t dmm_matrix_column(const dmm_matrix *matrix, size_t column,
                         uint64_t *keys);

#endif
