/* The canonical order of samples and taxa, which depends on the counts alone.
 *
 * If two tables differ only in the order of their rows and columns, putting
 * both in canonical order makes them equal. A fit to the reordered table, with
 * its random numbers and its rounding, is then the same for both.
 *
 * The order comes from colour refinement. Samples and taxa have colours, which
 * are 64-bit hashes. In each round, a taxon's new colour is a hash of its
 * nonzero counts and the colours of the samples that have them; then a
 * sample's new colour is a hash of its counts and the colours of their taxa.
 * Round by round, more of the samples and taxa that differ get different
 * colours. Refinement ends when the colours are stable, that is when a round
 * has not increased their number. Samples are ordered by colour, and taxa by
 * colour and then by the places of their samples.
 *
 * Samples with the same counts have the same colour, and their order does not
 * matter. If others still have the same colour, as two pairs of samples may
 * that share one rare taxon each, the first of them in the table gets a colour
 * of its own, and refinement goes on. Where a symmetry of the table exchanges
 * such samples, as it does there, it does not matter which one is the first.
 * In tables without one, such as combinatorial designs, the result depends on
 * the order of the table; so it does in a table in which the number of rounds,
 * which is bounded, does not suffice.
 */
#ifndef DMM_ORDER_H
#define DMM_ORDER_H

#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/matrix.h"

typedef struct {
    uint32_t *row_place;     /* rows: the new place of each row             */
    uint32_t *column_source; /* columns: the column for each new place      */
} dmm_order;

/* Finds the order of a table that has passed dmm_matrix_check() and has no
 * order of its own (row_place and column_source are NULL). The caller releases
 * it with dmm_order_free(). */
dmm_status dmm_order_build(dmm_team *team, const dmm_matrix *matrix,
                           dmm_order *order);
void dmm_order_free(dmm_order *order);

#endif
