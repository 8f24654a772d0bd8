/* The first M-step: turns a start, which is responsibilities and centres, into
 * parameters for EM.
 */
#ifndef DMM_FIRST_MSTEP_H
#define DMM_FIRST_MSTEP_H

#include "em/em.h"
#include "start/kmeans.h"

/* Takes the responsibilities in em's chunk and start->centre. Each alpha_k
 * begins as the component's centre times a moment estimate of A_k; then the
 * M-step runs to convergence at these responsibilities. The weights are set as
 * well, and progress reports DMM_PHASE_SETUP. */
dmm_status dmm_first_mstep(dmm_em *em, const dmm_start *start);

#endif
