/* One step over a chunk of samples: responsibilities, histogram, sums.
 *
 * A chunk is a compressed count table with the room that a step over it needs.
 * Responsibilities z are [sample * kp + component], the table of log gamma
 * differences and the histogram (sum of z over the samples that have a feature)
 * are [feature * kp + component].
 *
 * The dmm_estep_ functions that take a worker are called by all threads of a
 * team.
 */
#ifndef DMM_ESTEP_H
#define DMM_ESTEP_H

#include "counts.h"
#include "parameters.h"
#include "status.h"
#include "threads.h"

typedef struct dmm_settled dmm_settled; /* settled.h */

typedef struct {
    const dmm_counts *counts;
    dmm_settled *settled; /* samples that are left out of counts, or NULL;
                             not the chunk's to free                      */
    size_t k;
    size_t kp;
    double *z;
    /* The table and the histogram have one room and take turns in it: the table
     * is spent once z is made, the histogram when its sums are. */
    double *table;
    double *histogram;
    double *rooms;          /* of dmm_chunk_add_rooms(), or NULL */
    double *block_weight;   /* n_blocks x kp      */
    double *block_loglik;   /* n_blocks           */
    double *group_lgamma;   /* n_groups x kp      */
} dmm_chunk;

dmm_status dmm_chunk_new(const dmm_counts *counts, size_t k,
                         dmm_chunk **chunk);
void dmm_chunk_free(dmm_chunk *chunk);

/* Room for dmm_estep_histogram_sums() by up to n_threads threads, where it is
 * faster with some. */
dmm_status dmm_chunk_add_rooms(dmm_chunk *chunk, int n_threads);

/* Frees the table, histogram and rooms, when no more steps are taken. */
void dmm_chunk_release_table(dmm_chunk *chunk);

/* The threads to use for steps over a table with k components, at most
 * `requested`. */
int dmm_estep_threads(const dmm_matrix *matrix, size_t k, int requested);

/* E-step at fresh parameters: z, and sums' log-likelihood and weights. */
void dmm_estep_responsibilities(const dmm_worker *worker, dmm_chunk *chunk,
                                const dmm_parameters *parameters,
                                dmm_sums *sums);

/* weight[k] = sum of z over the samples, kp of them. */
void dmm_estep_weights(const dmm_chunk *chunk, double *weight);

/* Histogram of z. Every thread walks all blocks for its own range of columns,
 * so that nothing is private and nothing is merged. */
void dmm_estep_histogram(const dmm_worker *worker, dmm_chunk *chunk);

/* The same as one task; for the team's thread 0. */
void dmm_estep_run_histogram(dmm_team *team, dmm_chunk *chunk);

/* Sums of lgamma, digamma and trigamma differences at fresh parameters, for
 * the histogram at hand. */
void dmm_estep_sums(const dmm_worker *worker, dmm_chunk *chunk,
                    const dmm_parameters *parameters, dmm_sums *sums);

/* Histogram of z and its sums, the same bits as by the two functions above, in
 * one pass where z fits a core's cache. The histogram may not be kept. */
void dmm_estep_histogram_sums(const dmm_worker *worker, dmm_chunk *chunk,
                              const dmm_parameters *parameters,
                              dmm_sums *sums);

/* Log evidence ev_ik of all samples into z, instead of responsibilities. */
void dmm_estep_evidence(const dmm_worker *worker, dmm_chunk *chunk,
                        const dmm_parameters *parameters);

#endif
