/* Acceleration of EM near its optimum: limited-memory BFGS on NLE itself.
 *
 * By Fisher's identity the gradient of NLE in lambda is the M-step's gradient
 * at the current responsibilities, so that an EM iteration's evaluation gives
 * it for nothing. The Hessian of the complete-data problem (the M-step's,
 * diagonal plus rank one, and the weights') is the initial inverse Hessian.
 * Every accepted step decreases NLE.
 */
#ifndef DMM_ACCELERATE_H
#define DMM_ACCELERATE_H

#include "em/em.h"

/* Whether EM is near enough to its optimum for acceleration not to change the
 * basin it ends in: the last change of NLE is small and of the size of the one
 * before it, `last_change`. */
int dmm_accelerate_ready(const dmm_em *em, double last_change);

/* From evaluated parameters to convergence, the limit of iterations, or where
 * a component empties (or is no longer empty): then EM has to go on. */
dmm_status dmm_accelerate_run(dmm_em *em);

#endif
