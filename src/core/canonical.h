/* An order of samples and taxa that depends on the counts alone.
 *
 * Two tables that differ only in the order of their rows and columns are the
 * same table in canonical order, so that a fit made in it, its random numbers
 * and its rounding included, is the same for both.
 *
 * Samples and taxa have colours, 64-bit hashes. A taxon's new colour is a sum
 * over its nonzero counts of a hash of the count and the sample's colour, and
 * a sample's likewise of the taxa's: sums of integers, the same in any order.
 * Some rounds of that tell all samples and taxa apart but those with the same
 * counts (whose order does not matter) and those that a relabelling of the
 * whole table exchanges.
 */
#ifndef DMM_CANONICAL_H
#define DMM_CANONICAL_H

#include <stdint.h>

#include "matrix.h"
#include "status.h"
#include "threads.h"

typedef struct {
    uint32_t *row_place;     /* rows: where a row of the table comes          */
    uint32_t *column_source; /* columns: the table's column in each place     */
} dmm_canonical;

/* The order of a table that has passed dmm_matrix_check() and is not a view
 * itself. Release it with dmm_canonical_free(). */
dmm_status dmm_canonical_build(dmm_team *team, const dmm_matrix *matrix,
                               dmm_canonical *canonical);
void dmm_canonical_free(dmm_canonical *canonical);

#endif
