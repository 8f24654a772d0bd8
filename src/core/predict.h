/* Log evidence and posterior probabilities of new samples: see dmm_predict()
 * in dmm.h. */
#ifndef DMM_PREDICT_H
#define DMM_PREDICT_H

#include "chunk.h"
#include "dmm.h"

/* Copies z (samples x kp, a sample's components together) to n_samples x k in
 * column-major order, component order[c] as column c; NULL keeps the order. */
void dmm_predict_copy(const dmm_chunk *chunk, const size_t *order,
                      double *result);

#endif
