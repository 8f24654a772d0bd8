/* Columns read back from compressed counts.
 *
 * A table made of some of the taxa of another is compressed from the other's
 * compressed counts, so that the user's table need not be read again, or kept.
 * For this the columns of compressed counts are presented as a dmm_matrix of
 * kind DMM_MATRIX_COLUMNS, whose rows are the samples in the order of the
 * counts.
 *
 * Some taxa may be *chosen*. The sum of all other taxa, the *rest*, is then one
 * more column.
 */
#ifndef DMM_COLUMNS_H
#define DMM_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

struct dmm_columns {
    const dmm_counts *counts;
    dmm_offset *begin; /* n_blocks x (n_taxa_columns + 1): where the entries of
                          a column begin in a block                          */
    double *rest;      /* N: the sum of the taxa that are not chosen         */
};

/* `chosen` has an element for each taxon of the counts, nonzero if it is
 * chosen. The counts must outlive the columns. DMM_ERROR_TOO_LARGE if a sum
 * exceeds UINT32_MAX. */
dmm_status dmm_columns_new(dmm_team *team, const dmm_counts *counts,
                           const unsigned char *chosen, dmm_columns **columns);
void dmm_columns_free(dmm_columns *columns);

/* A view of n columns: source[i] is a taxon of the counts or, for the rest,
 * their number of taxa. */
dmm_matrix dmm_columns_view(const dmm_columns *columns, const uint32_t *source,
                            size_t n);

/* The number of nonzero counts of a taxon, or of the rest. */
size_t dmm_columns_nonzeros(const dmm_columns *columns, size_t taxon);

/* Writes the keys (matrix.h) of the nonzero counts of a taxon, or of the rest,
 * block by block, within a block in no particular order. Returns their number.
 */
size_t dmm_columns_read(const dmm_columns *columns, size_t taxon,
                        uint64_t *keys);

#endif
