/* Acceleration of EM near its optimum: limited-memory BFGS (L-BFGS) on the
 * negative log posterior NLE.
 *
 * Near an optimum EM converges linearly and often slowly. There, L-BFGS steps
 * in lambda and the log weights replace EM's own. They need little more than
 * what an EM iteration computes anyway:
 *
 * - By Fisher's identity the gradient of NLE in lambda is the gradient of the
 *   M-step's F_k at the current responsibilities.
 * - The initial inverse Hessian is that of the complete-data problem: the
 *   M-step's Hessian for lambda (diagonal plus rank one, mstep.h) and a
 *   diagonal one for the log weights.
 *
 * No accepted step raises NLE by more than rounding.
 */
#ifndef DMM_ACCELERATE_H
#define DMM_ACCELERATE_H

#include "em/em.h"

/* Whether acceleration may begin after the iteration that dmm_em_tick() has
 * just counted. It may when the change of NLE is small (dmm_control's
 * accelerate_change and accelerate_change_per_sample), when changes have been
 * shrinking for some iterations, and when the latest change is not much smaller
 * than the one before it, `last_change`. Acceleration that begins earlier can
 * lead to another, worse optimum than EM alone. */
int dmm_accelerate_ready(const dmm_em *em, double last_change);

/* Iterates from evaluated parameters to convergence or the limit of
 * iterations. Stops early when a component becomes empty or an empty one gains
 * samples: plain EM has to go on from there. Leaves evaluated parameters.
 * Errors: DMM_ERROR_MEMORY, and those of dmm_em_tick(). Called by the team's
 * thread 0. */
dmm_status dmm_accelerate_run(dmm_em *em);

#endif
