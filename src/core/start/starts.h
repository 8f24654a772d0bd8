/* The starts of a fit: parameters from which EM runs to convergence.
 *
 * A fit with several starts makes them one after the other and keeps the best
 * result (result/fit.c). There are six kinds:
 *
 *   kmeans    Random labels, then soft k-means (kmeans.h). dmm_fit() uses it.
 *   seeds     k samples that lie far apart are drawn as seeds, and each sample
 *             joins its nearest (seeds.h).
 *   labels    Random labels. Annealing begins at a very high temperature.
 *   move      From the best fit so far, one component is removed, and its
 *             samples go to their next best components. Another component is
 *             split in two, and both halves begin with its parameters.
 *             Annealing begins at a low temperature.
 *   resample  From the best fit so far, some EM iterations on a random half of
 *             the samples.
 *   given     The caller's responsibilities.
 *
 * Annealing (Ueda & Nakano 1998, Neural Networks 11:271) is EM with
 * responsibilities proportional to (pi_k exp(ev_ik))^beta, where beta, the
 * inverse temperature, grows towards 1. It is needed because plain EM hardly
 * leaves a hard assignment of the samples where counts are large or taxa are
 * many. The more the components' log densities differ, the higher the
 * temperature that annealing begins with. It ends early when all
 * responsibilities are nearly 0 or 1. The iterations of resample are plain EM;
 * they end early when the weights no longer change.
 *
 * Moves are those of split-and-merge EM (Ueda, Nakano, Ghahramani & Hinton
 * 2000, Neural Computation 12:2109). inst/benchmarks/starts.md compares the
 * kinds.
 */
#ifndef DMM_STARTS_H
#define DMM_STARTS_H

#include "dmm.h"
#include "em/em.h"
#include "start/kmeans.h"

/* The seed of start `number`, 0 for the first, of a fit with the seed `seed`.
 * It is below 2^32; start 0 has the low 32 bits of `seed` itself. */
unsigned long dmm_start_seed(unsigned long seed, size_t number);

/* The kind of start `number` where the caller does not choose the kinds. */
dmm_start_kind dmm_start_usual(size_t number);

/* What a start may begin from. */
typedef struct {
    const dmm_em *best;  /* the best fit so far, for DMM_START_MOVE and
                            _RESAMPLE; where it is NULL, they are
                            DMM_START_SEEDS                                  */
    const double *given; /* responsibilities for DMM_START_GIVEN: n_samples x k,
                            samples in the order of the counts; or NULL      */
} dmm_origin;

/* Makes a start: *em is a new state of EM at its parameters, which the caller
 * releases with dmm_em_free(), even where the status is an error. *start tells
 * how it went; it holds no memory. `origin` may be NULL for kinds that do not
 * use it. DMM_START_MOVE and _RESAMPLE need two components; for k = 1 they are
 * DMM_START_SEEDS. Called by thread 0 of the team. */
dmm_status dmm_starts_make(dmm_team *team, const dmm_counts *counts, size_t k,
                           const dmm_control *control, dmm_start_kind kind,
                           unsigned long seed, const dmm_origin *origin,
                           dmm_em **em, dmm_start *start);

/* Where a component of a converged fit is empty, gives it half of another one:
 * of those among the largest, that whose split makes NLE least, if it makes it
 * less at all. *filled says
 * whether; EM has then to run until it converges. Leaves evaluated parameters.
 * `seed` is that of the seeds for the splits. Called by thread 0 of the
 * team. */
dmm_status dmm_start_fill(dmm_em *em, unsigned long seed, int *filled);

#endif
