/* An order of samples and taxa that depends on the counts alone.
 *
 * Two tables that differ only in the order of their rows and columns are the
 * same table in this order. A fit made in it, its random numbers and its
 * rounding included, is the same for both.
 *
 * The order comes from colour refinement. Samples and taxa have colours, which
 * are 64-bit hashes. A taxon's colour is a hash of its nonzero counts and of the
 * colours of the samples that have them; a sample's is a hash of its counts and
 * of the colours of its taxa. Each round tells more of them apart, until the
 * colours are stable: a round has told nothing more apart. Samples are ordered by
 * colour, and taxa by colour and then by the places of their samples.
 *
 * Samples that still tie keep the order of the table. Those with the same counts
 * always tie, and their order does not matter. Others tie only in tables with a
 * symmetry that counts of reads do not have, such as combinatorial designs; the
 * order of those may depend on the order of the table.
 */
#ifndef DMM_ORDER_H
#define DMM_ORDER_H

#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/matrix.h"

typedef struct {
    uint32_t *row_place;     /* rows: the place of each of the table's rows     */
    uint32_t *column_source; /* columns: the table's column in each place       */
} dmm_order;

/* The order of a table that has passed dmm_matrix_check() and is not reordered
 * itself. Release it with dmm_order_free(). */
dmm_status dmm_order_build(dmm_team *team, const dmm_matrix *matrix,
                           dmm_order *order);
void dmm_order_free(dmm_order *order);

#endif
