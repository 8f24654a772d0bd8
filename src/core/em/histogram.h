/* The histogram of responsibilities: for every feature and component the sum of
 * z over the samples that have the feature; and what it is made for, the sums
 * of lgamma, digamma and trigamma differences of an EM iteration.
 *
 * The functions that take a worker are called by all threads of a team.
 */
#ifndef DMM_HISTOGRAM_H
#define DMM_HISTOGRAM_H

#include "base/threads.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* Histogram of z. Every thread walks all blocks for its own range of columns,
 * so that nothing is private and nothing is merged. */
void dmm_histogram_make(const dmm_worker *worker, dmm_chunk *chunk);

/* The same as one task; for the team's thread 0. */
void dmm_histogram_run(dmm_team *team, dmm_chunk *chunk);

/* Sums of lgamma, digamma and trigamma differences at fresh parameters, for
 * the histogram at hand. */
void dmm_histogram_sums(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *parameters, dmm_sums *sums);

/* Histogram of z and its sums, the same bits as by the two functions above, in
 * one pass where z fits a core's cache. Afterwards chunk->histogram may hold
 * anything: who reads it has to make it. */
void dmm_histogram_make_sums(const dmm_worker *worker, dmm_chunk *chunk,
                             const dmm_parameters *parameters, dmm_sums *sums);

#endif
