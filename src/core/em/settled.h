/* Settled samples: those that EM need not look at again before its end.
 *
 * A sample whose second-best responsibility is below exp(-60) belongs to its
 * component alone, to double precision, and it stays so while parameters move
 * little. Such samples enter an iteration through their histogram only: what is
 * left to walk are the blocks of the others. A full E-step in the end confirms
 * that all are where they were.
 */
#ifndef DMM_SETTLED_H
#define DMM_SETTLED_H

#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/chunk.h"

struct dmm_settled {
    const dmm_counts *all;  /* the chunk's counts while nothing is settled */
    dmm_counts unsettled;   /* the other samples; borrows the dictionary    */
    uint32_t *component;    /* by sample: its component, or DMM_UNSETTLED   */
    int32_t *histogram;     /* n_features x kp: of the settled samples      */
    double *weight;         /* kp: settled samples by component             */
    double *group_evidence; /* n_groups: sum of their ev by group           */
};

#define DMM_UNSETTLED UINT32_MAX

/* Settles samples by the responsibilities at hand, if that saves enough work:
 * the chunk then walks the others only, with its z compacted to them. Otherwise
 * chunk->settled stays NULL. */
dmm_status dmm_settled_begin(dmm_team *team, dmm_chunk *chunk);

/* The chunk walks all samples again; it is the caller's to make their z. The
 * settled samples are returned, to be confirmed, and freed by the caller. */
dmm_settled *dmm_settled_end(dmm_chunk *chunk);

/* Whether all settled samples still belong to their component alone; with
 * responsibilities of all samples in chunk->z. */
int dmm_settled_confirmed(const dmm_settled *settled, const dmm_chunk *chunk);

void dmm_settled_free(dmm_settled *settled);

#endif
