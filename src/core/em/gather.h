/* Sums that are gathered from parts of the samples, for a fit to a table that
 * is not in memory, or not in this process: the caller's dmm_parts (dmm.h)
 * computes them.
 *
 * The state of EM is then that of a fit, but its counts have no samples. They
 * only say which taxa there are, each in a column of its own.
 */
#ifndef DMM_GATHER_H
#define DMM_GATHER_H

#include "dmm.h"
#include "em/parameters.h"

typedef struct dmm_gather dmm_gather;

/* Counts of parts->n_samples samples that are elsewhere, with n_taxa taxa. The
 * caller frees them by dmm_counts_free(). */
dmm_status dmm_gather_counts(const dmm_parts *parts, size_t n_taxa,
                             dmm_counts **counts);

/* column_source[j] is the taxon of `parts` in column j, or j if it is NULL. It
 * and `parts` have to outlive the result. */
dmm_status dmm_gather_new(const dmm_parts *parts, size_t n_taxa, size_t k,
                          const uint32_t *column_source, dmm_gather **gather);
void dmm_gather_free(dmm_gather *gather);

/* Sets the parameters to those at which `parts` say that the fit is to begin. */
void dmm_gather_begin(const dmm_gather *gather, dmm_parameters *parameters);

/* Computes the sums at the parameters, all but sums->lgamma. After a failure
 * they are NaN, and further calls do nothing. Called by the team's thread 0,
 * between tasks. */
void dmm_gather_sums(dmm_gather *gather, const dmm_parameters *parameters,
                     dmm_sums *sums);

/* DMM_OK, or that of the first call that failed. */
dmm_status dmm_gather_status(const dmm_gather *gather);

/* Where the sums of dmm_part_sums() are. */
typedef struct {
    double *log_likelihood; /* 1                                     */
    double *weight;         /* k                                     */
    double *total_digamma;  /* k                                     */
    double *total_trigamma; /* k                                     */
    double *digamma;        /* n_taxa x k, as lambda is: [taxon + n_taxa * k] */
    double *trigamma;       /* n_taxa x k                            */
} dmm_sums_layout;

dmm_sums_layout dmm_layout_sums(double *sums, size_t n_taxa, size_t k);

#endif
