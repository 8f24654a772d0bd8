/* The E-step: log evidence ev_ik and responsibilities z_ik of a chunk's samples
 * (dmm.h).
 *
 * First the threads compute the log gamma difference of every feature and
 * component (chunk->table), taking groups of columns one by one. Then they take
 * spans of blocks (chunk.h): a sample's evidence is the sum of the table's rows
 * for its features, and z follows from it.
 *
 * The functions that take a worker are called by all threads of a team. The
 * table overwrites the histogram, because they share one array.
 */
#ifndef DMM_ESTEP_H
#define DMM_ESTEP_H

#include "base/threads.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* The number of threads, at most `requested`, to use for steps over a table
 * with k components. */
int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested);

/* The E-step at fresh parameters. Sets chunk->z, sums->log_likelihood and
 * sums->weight; the latter two include the settled samples. */
void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *parameters,
                                dmm_sums *sums);

/* weight[k] = sum of z over the chunk's samples. `weight` has kp elements. */
void dmm_estep_weights(const dmm_chunk *chunk, double *weight);

/* Sets chunk->z to the log evidence ev_ik instead of responsibilities. Needs
 * fresh parameters. */
void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *parameters);

#endif
