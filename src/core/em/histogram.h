/* The histogram of responsibilities, and the sums that the M-step needs of it.
 *
 * The histogram holds, for every feature and component, the sum of z over the
 * samples that have the feature. A feature is a column and a count in it
 * (counts.h), so that a sum over the samples such as
 *   P_j = sum_i z_ik (digamma(alpha_kj + x_ij) - digamma(alpha_kj))
 * becomes a sum over the features of column j, weighted by the histogram. The
 * special functions are evaluated once for a feature, not for a sample.
 *
 * Settled samples (settled.h) are included. The functions that take a worker
 * are called by all threads of a team. The histogram overwrites the E-step's
 * table, because they share one array.
 */
#ifndef DMM_HISTOGRAM_H
#define DMM_HISTOGRAM_H

#include "base/threads.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* Computes the histogram of z. Each thread goes through all blocks for the
 * groups of columns that it takes: no two threads write to the same element,
 * and there are no private histograms to add up. */
void dmm_histogram_make(const dmm_worker *worker, dmm_chunk *chunk);

/* dmm_histogram_make() as one task, for the team's thread 0. */
void dmm_histogram_run(dmm_team *team, dmm_chunk *chunk);

/* Computes the sums of lgamma, digamma and trigamma differences from the
 * current histogram, at fresh parameters. */
void dmm_histogram_sums(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *parameters, dmm_sums *sums);

/* Does what the two functions above do, with the same bits as result. Where all
 * of z fits a core's cache it does so in one pass, and each part of the
 * histogram is summed while it is in cache. chunk->histogram is undefined
 * afterwards: callers that need it call dmm_histogram_make() again. */
void dmm_histogram_make_sums(const dmm_worker *worker, dmm_chunk *chunk,
                             const dmm_parameters *parameters, dmm_sums *sums);

#endif
