/* The start of a fit: soft k-means on the samples' proportions.
 *
 * Holmes, Harris & Quince's start, as DirichletMultinomial makes it: random
 * hard labels, then
 *   centre_k = sum_i z_ik x_i/t_i / sum_i z_ik
 *   z_ik     = exp(-stiffness |x_i/t_i - centre_k|) / sum_l ...
 * until no centre moves further than `tolerance` (Euclidean).
 */
#ifndef DMM_KMEANS_H
#define DMM_KMEANS_H

#include <stdint.h>

#include "base/status.h"
#include "counts/chunk.h"
#include "dmm.h"

typedef struct {
    double *centre; /* n_taxa_columns x kp: proportions                 */
    int iterations;
    int converged;
    int reseeded;   /* components that had emptied and were given a sample */
} dmm_start;

/* Runs soft k-means from `label` (a component for every sample). Leaves the
 * responsibilities in chunk->z. Release the start with dmm_start_free(). */
dmm_status dmm_kmeans_run(dmm_team *team, dmm_chunk *chunk,
                          const uint32_t *label, const dmm_control *control,
                          dmm_start *start);

void dmm_start_free(dmm_start *start);

#endif
