/* EM from the parameters of a start to convergence:
 *
 * 1. Plain EM iterations. A step that raises NLE is halved until it does not.
 * 2. Once the changes of NLE are small, accelerated iterations (accelerate.h).
 *    They leave out the samples that have settled (settled.h).
 * 3. If EM has converged to a saddle (saddle.h), it is moved off the saddle,
 *    and iterations go on at 1.
 */
#ifndef DMM_CONVERGE_H
#define DMM_CONVERGE_H

#include "em/em.h"

/* Iterates from em's parameters, which need not be evaluated, to convergence or
 * the limit of iterations; em->converged says which. Leaves evaluated
 * parameters when it returns DMM_OK. Called by the team's thread 0. */
dmm_status dmm_converge(dmm_em *em);

#endif
