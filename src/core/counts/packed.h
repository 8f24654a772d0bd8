/* Packed counts: consecutive samples of a count table in few bytes.
 *
 * A table that is read block by block, from a file for example, is packed
 * block by block as well, so that it is never in memory as a whole otherwise. A
 * dmm_matrix of kind DMM_MATRIX_PACKED presents several packed blocks as one
 * table. Counts below 256 take 3 bytes for each nonzero entry.
 *
 * A packed block is one array of bytes, which may be copied and kept, and moved
 * to another process of the same byte order: a header of three 64-bit numbers
 * (rows, columns, nonzero entries), then 32-bit offsets, one for each column
 * and one for the end, into the bytes that follow. The bytes of a column with n
 * nonzero counts are the width of its counts (1, 2 or 4), n rows of 16 bits,
 * ascending, and n counts of that width. A column without counts has no bytes.
 */
#ifndef DMM_PACKED_H
#define DMM_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "counts/matrix.h"

/* The most rows of a packed block. */
#define DMM_MAX_PACKED_ROWS 65536

/* A view of a packed block. */
struct dmm_packed {
    size_t first_row;  /* of the table; the caller sets it */
    size_t rows, columns, n_nonzeros;
    const uint32_t *start;      /* columns + 1 offsets into data */
    const unsigned char *data;
};

/* Which rows and columns of a matrix are packed, and in which order. A row may
 * be chosen several times. A column of DMM_NO_COLUMN is one without counts. */
#define DMM_NO_COLUMN SIZE_MAX
typedef struct {
    size_t n_rows, n_columns;
    const size_t *row;
    const size_t *column;
} dmm_selection;

/* Packs a selection of a matrix that has passed dmm_matrix_check(), except that
 * samples without counts are allowed. At most DMM_MAX_PACKED_ROWS rows may be
 * selected. If bytes is NULL, only *size is set, to the number of bytes needed;
 * otherwise it must be that number. DMM_ERROR_ARGUMENT if the result has more
 * than UINT32_MAX bytes. */
dmm_status dmm_pack(const dmm_matrix *matrix, const dmm_selection *selection,
                    size_t *size, unsigned char *bytes);

/* Sets a view of `size` bytes, which must be aligned for 64-bit numbers.
 * DMM_ERROR_ARGUMENT if their header and offsets are not those of a packed
 * block. */
dmm_status dmm_packed_view(const unsigned char *bytes, size_t size,
                           dmm_packed *view);

/* Whether the entries of a column are as described above. Marks the rows that
 * have a count; `marked` has an element for each row of the block. */
int dmm_packed_check(const dmm_packed *packed, size_t column,
                     unsigned char *marked);

/* Writes the keys (matrix.h) of a column's counts, with rows of the table, and
 * returns their number. */
size_t dmm_packed_column(const dmm_packed *packed, size_t column,
                         uint64_t *keys);

#endif
