/* A count table as it is in memory: the user's dense matrix, sparse matrix in
 * compressed column format (CSC) or packed blocks of samples (packed.h), or
 * columns of compressed counts (columns.h).
 *
 * A dmm_matrix is a view, which owns no memory. Samples are rows and taxa are
 * columns. Dense tables are in column-major order, as in R. The functions check
 * a table and read it column by column.
 */
#ifndef DMM_MATRIX_H
#define DMM_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    DMM_MATRIX_DENSE_INT,    /* `integers`, rows x columns            */
    DMM_MATRIX_DENSE_DOUBLE, /* `doubles`, rows x columns             */
    DMM_MATRIX_CSC,          /* `doubles` at `row_index`, by `column_start` */
    DMM_MATRIX_PACKED,       /* `packed`, n_packed blocks of samples  */
    DMM_MATRIX_COLUMNS       /* `compressed`, with `column_source`    */
} dmm_matrix_kind;

typedef struct dmm_packed dmm_packed;   /* packed.h  */
typedef struct dmm_columns dmm_columns; /* columns.h */

typedef struct {
    dmm_matrix_kind kind;
    size_t rows;             /* N, samples */
    size_t columns;          /* S, taxa    */
    const int *integers;
    const double *doubles;
    const int *row_index;    /* CSC: ascending within a column, 0-based  */
    const int *column_start; /* CSC: columns + 1 offsets into row_index  */
    const dmm_packed *packed; /* n_packed blocks of consecutive rows     */
    size_t n_packed;
    const dmm_columns *compressed;
    /* The order in which dmm_matrix_column() presents the table; or NULL. */
    const uint32_t *row_place;     /* rows: the new place of each row, or
                                      DMM_NO_PLACE: the row is left out      */
    size_t places;                 /* rows that have a place; 0: all         */
    const uint32_t *column_source; /* columns: the column for each new place */
} dmm_matrix;

#define DMM_NO_PLACE UINT32_MAX

/* The number of rows that dmm_matrix_column() presents. */
static inline size_t dmm_matrix_places(const dmm_matrix *matrix)
{
    return matrix->places ? matrix->places : matrix->rows;
}

/* The largest count (2^31 - 1). Larger ones are refused, not truncated. */
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

/* Looks for the first entry of a user's table, in column-major order, that is
 * not a count, and if there is none for the first sample without counts.
 * *problem says what was found; its kind is DMM_PROBLEM_NONE for a valid table.
 * Takes one pass over the table, with up to n_threads threads, and one byte of
 * memory for each row and thread. DMM_ERROR_ARGUMENT if the offsets or rows of
 * a CSC table, or the entries of a packed one, are not as described. */
dmm_status dmm_matrix_check(const dmm_matrix *matrix, int n_threads,
                            dmm_problem *problem);

/* The *key* of an entry of a column: the count in the upper 32 bits and the row
 * in the lower ones, so that sorting keys sorts by count and then by row. */
#define DMM_KEY(count, row) (((uint64_t)(count) << 32) + (uint64_t)(row))
#define DMM_KEY_COUNT(key) ((uint32_t)((key) >> 32))
#define DMM_KEY_ROW(key) ((uint32_t)(key))

/* The number of nonzero entries. If there are `enough` or more, counting stops
 * early, and the result is any number from `enough` to that of all. */
size_t dmm_matrix_nonzeros(const dmm_matrix *matrix, size_t enough);

/* Writes the keys of a column's nonzero counts, by ascending row, and returns
 * their number. `keys` must hold one more element than there are rows, of those
 * left out as well. The table must have passed dmm_matrix_check(), except that
 * samples without counts are allowed. */
size_t dmm_matrix_column(const dmm_matrix *matrix, size_t column,
                         uint64_t *keys);

#endif
