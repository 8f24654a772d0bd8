/* An order of samples and taxa that depends on the counts alone.
 *
 * Two tables that differ only in the order of their rows and columns are the
 * same table in canonical order, so that a fit made in it, its random numbers
 * and its rounding included, is the same for both.
 *
 * Samples and taxa have colours, 64-bit hashes. A taxon's new colour is a sum
 * over its nonzero counts of a hash of the count and the sample's colour, and
 * a sample's likewise of the taxa's: sums of integers, the same in any order.
 * A few rounds of that tell the samples of most tables apart, but for those
 * with the same counts, whose order does not matter. Where others still tie,
 * as in tables with a symmetry, the graph of what ties is ordered by itself
 * (refine.h).
 *
 * That takes a bounded number of steps. In a table that needs more, the order
 * is canonical still where samples that look alike by the counts around them
 * are alike, so that a permutation of the table exchanges them, but may depend
 * on the order of the table where they are not. Tables of cycles of thousands
 * of samples do not come to that, nor do Latin squares up to order 11; those of
 * order 12 do, where 144 samples look alike.
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
