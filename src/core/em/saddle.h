/* Leaving saddles: components that EM has left alike.
 *
 * Components with the same parameters stay the same, and NLE does not change,
 * though a mixture in which they differ is better: EM is at a saddle, and near
 * one it moves too little to be told from an optimum. What is left of the
 * components' differences is enlarged, and a few iterations from there let
 * those prevail in which EM would have left.
 */
#ifndef DMM_SADDLE_H
#define DMM_SADDLE_H

#include "em/em.h"

/* At evaluated parameters: enlarges the differences of components that are
 * alike, if that decreases NLE. *left says whether it did; the parameters are
 * evaluated either way. */
dmm_status dmm_saddle_leave(dmm_em *em, int *left);

#endif
