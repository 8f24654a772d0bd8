/* Settled samples: samples that accelerated iterations can leave out.
 *
 * A sample is *settled* when its responsibilities for all components but one
 * sum to less than exp(-60). In double precision it then belongs to that
 * component alone, and it keeps doing so while the parameters move little.
 *
 * With z of 0 and 1, what the settled samples add to the sums of an iteration
 * follows from their histogram and their number in each component, which are
 * computed once. An iteration then passes only over the entries of
 * the other samples. A full E-step at the end confirms that the settled samples
 * still belong to their components.
 */
#ifndef DMM_SETTLED_H
#define DMM_SETTLED_H

#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/chunk.h"

struct dmm_settled {
    const dmm_counts *all;  /* the counts of all samples; borrowed          */
    dmm_counts unsettled;   /* the counts of the others. Borrows all's
                               dictionary; has only the fields that passes
                               over the entries read                        */
    uint32_t *component;    /* by sample: its component, or DMM_UNSETTLED   */
    int32_t *histogram;     /* n_features x kp: of the settled samples      */
    double *weight;         /* kp: number of settled samples by component   */
    double *group_evidence; /* n_groups: their ev_ik at the current
                               parameters, summed by group of columns;
                               the E-step sets it                           */
};

#define DMM_UNSETTLED UINT32_MAX

/* Finds the settled samples by chunk->z, the responsibilities of all samples.
 * If leaving them out saves enough work, sets chunk->settled, and chunk->counts
 * to the other samples; z and the histogram are then undefined until the next
 * E-step. Otherwise chunk->settled stays NULL and z as it is. The only error is
 * DMM_ERROR_MEMORY, which leaves chunk->counts but may leave z undefined.
 * Called by the team's thread 0. */
dmm_status dmm_settled_begin(dmm_team *team, dmm_chunk *chunk);

/* Gives the chunk the counts of all samples again; the caller has to make their
 * z by an E-step. Returns the settled samples, or NULL if there were none. They
 * belong to the caller, for dmm_settled_confirmed() and dmm_settled_free(). */
dmm_settled *dmm_settled_end(dmm_chunk *chunk);

/* Whether all settled samples still belong to their component alone, by
 * responsibilities of all samples in chunk->z. The limit here is exp(-37),
 * which is below the unit roundoff of double precision. */
int dmm_settled_confirmed(const dmm_settled *settled, const dmm_chunk *chunk);

void dmm_settled_free(dmm_settled *settled);

#endif
