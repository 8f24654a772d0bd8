/* The E-step: log evidence and responsibilities of a chunk's samples.
 *
 * The functions that take a worker are called by all threads of a team.
 */
#ifndef DMM_ESTEP_H
#define DMM_ESTEP_H

#include "base/threads.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* The threads to use for steps over a table with k components, at most
 * `requested`. */
int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested);

/* E-step at fresh parameters: z, and sums' log-likelihood and weights. */
void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *parameters,
                                dmm_sums *sums);

/* weight[k] = sum of z over the samples, kp of them. */
void dmm_estep_weights(const dmm_chunk *chunk, double *weight);

/* Log evidence ev_ik of all samples into z, instead of responsibilities. */
void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *parameters);

#endif
