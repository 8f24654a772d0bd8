/* The kinds of start, and their seeds.
 *
 *   kmeans  random labels, then soft k-means: dmm_fit()'s start (kmeans.h).
 *   seeds   samples with the nearest of k that are far apart (seeds.h), then
 *           annealing from a high temperature.
 *   labels  samples dealt to the components at random, then annealing from a
 *           very high temperature.
 *   move    the best fit so far with a component dissolved, its samples going
 *           to the next best one, and another split in two, both halves with
 *           its parameters; then annealing from a low temperature.
 *   resample  the best fit so far after some EM iterations on half of the
 *           samples, drawn at random.
 *   given   the caller's responsibilities.
 *
 * Annealing (Ueda & Nakano 1998, Neural Networks 11:271) is EM with
 * responsibilities in proportion to (pi_k exp(ev_ik))^beta, beta growing to 1:
 * where counts are large or taxa many, plain EM is stuck with whatever hard
 * assignment it begins with. The larger the differences of log density between
 * components, the hotter it begins; it ends as soon as the responsibilities are
 * 0 or 1, or, for resample, no longer change. Moves are those of
 * split-and-merge EM (Ueda, Nakano, Ghahramani & Hinton 2000, Neural
 * Computation 12:2109). inst/benchmarks/starts.md compares the kinds.
 */
#ifndef DMM_STARTS_H
#define DMM_STARTS_H

#include "dmm.h"
#include "em/em.h"
#include "start/kmeans.h"

/* The seed of start number `number` of a fit: below 2^32; `seed` itself, to 32
 * bits, for number 0. */
unsigned long dmm_start_seed(unsigned long seed, size_t number);

/* The kind of start number `number` in the usual sequence. */
dmm_start_kind dmm_start_usual(size_t number);

/* What a start may begin from. */
typedef struct {
    const dmm_em *best;  /* for DMM_START_MOVE and _RESAMPLE, which without
                            it are as DMM_START_SEEDS; may be NULL           */
    const double *given; /* n_samples x k, in the order of the counts, for
                            DMM_START_GIVEN; else may be NULL                */
} dmm_origin;

/* A new em at the parameters of a start; *start has no centres any more. The
 * origin may be NULL for k-means and for those that begin with labels. */
dmm_status dmm_starts_make(dmm_team *team, const dmm_counts *counts, size_t k,
                           const dmm_control *control, dmm_start_kind kind,
                           unsigned long seed, const dmm_origin *origin,
                           dmm_em **em, dmm_start *start);

#endif
