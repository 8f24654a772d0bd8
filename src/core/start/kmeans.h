/* Soft k-means on the samples' proportions: the usual start of a fit.
 *
 * This is the start of Holmes, Harris & Quince (2012), as DirichletMultinomial
 * makes it. From hard labels, it repeats
 *   centre_k = sum_i z_ik x_i/t_i / sum_i z_ik
 *   z_ik     = exp(-stiffness |x_i/t_i - centre_k|) / sum_l exp(...)
 * until no centre moves further than control->kmeans_tolerance (Euclidean
 * distance of proportions). Near the fixed point the iterations are accelerated
 * by Anderson mixing (mixing.h).
 */
#ifndef DMM_KMEANS_H
#define DMM_KMEANS_H

#include <stdint.h>

#include "base/status.h"
#include "counts/chunk.h"
#include "dmm.h"

/* What a start leaves, besides the responsibilities. */
typedef struct {
    double *centre; /* n_taxa_columns x kp: proportions                 */
    int iterations;
    int converged;
    int reseeded;   /* components that became empty and were given a sample */
} dmm_start;

/* Runs soft k-means from label[i], the component of each sample i. Leaves the
 * responsibilities in chunk->z; the chunk's histogram serves as scratch.
 * Release the start with dmm_start_free(), whatever the status. Fails for lack
 * of memory or with DMM_ERROR_INTERRUPTED. */
dmm_status dmm_kmeans_run(dmm_team *team, dmm_chunk *chunk,
                          const uint32_t *label, const dmm_control *control,
                          dmm_start *start);

void dmm_start_free(dmm_start *start);

#endif
