/* A compressed table, dmm_table of dmm.h, and the way between its order and
 * that of the user's matrix.
 */
#ifndef DMM_TABLE_H
#define DMM_TABLE_H

#include "counts/counts.h"
#include "counts/order.h"
#include "dmm.h"

/* Starts of a large table are made on a random part of it, which has at least
 * so many samples for each component. inst/benchmarks/starts.md shows why. */
#define DMM_SAMPLES_EACH 50

struct dmm_table {
    dmm_counts *counts;
    dmm_counts *part; /* of some of the samples, for starts; or NULL */
    /* row_place[i]: the place of the matrix' row i in counts, or NULL: i.
     * column_source[j]: the taxon of the matrix at place j in counts, or NULL:
     * j. */
    dmm_order order;
};

/* Puts a result in the order of the matrix. */
dmm_status dmm_table_restore(const dmm_table *table, dmm_fit_result *result);

/* A copy of responsibilities, n_samples x k, in the order of the table instead
 * of that of the matrix; NULL without memory. */
double *dmm_table_place(const dmm_table *table, const double *z, size_t k);

#endif
