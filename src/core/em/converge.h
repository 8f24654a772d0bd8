/* EM to convergence: plain iterations, which step back where NLE rises, then
 * their acceleration, over the samples that have not settled; and on from a
 * saddle where it ends at one.
 */
#ifndef DMM_CONVERGE_H
#define DMM_CONVERGE_H

#include "em/em.h"

/* From a start's parameters to convergence or the limit of iterations. */
dmm_status dmm_converge(dmm_em *em);

#endif
