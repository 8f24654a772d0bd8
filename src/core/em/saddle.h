/* Leaving saddles of NLE: points where components are alike.
 *
 * EM keeps components with equal parameters equal, even where a mixture in
 * which they differ has a lower NLE. Such a point is a saddle. Near it EM moves
 * so slowly that it seems to have converged. To leave it, the small differences
 * that remain between such components are enlarged; in a few EM iterations
 * from there, the differences that decrease NLE grow further.
 */
#ifndef DMM_SADDLE_H
#define DMM_SADDLE_H

#include "em/em.h"

/* From evaluated parameters, with z of all samples: looks for components that
 * are alike and enlarges their differences. *left says whether that has led to
 * a lower NLE; otherwise the parameters are what they were. They are evaluated
 * in both cases. The EM iterations taken here are not counted in em->iterations
 * and do not call the control's callbacks. The only error is DMM_ERROR_MEMORY,
 * with the parameters unchanged. Called by the team's thread 0. */
dmm_status dmm_saddle_leave(dmm_em *em, int *left);

#endif
