/* Labels for starts: from seeds that lie far apart, or at random.
 *
 * A seed is a sample, and the other samples take the label of the seed nearest
 * to them. The distance between samples i and s with proportions p is
 * Hellinger's; its square is 1 - sum_j sqrt(p_ij p_sj). It suits compositions:
 * rare taxa count, and zeros need no special care.
 *
 * The functions are called by thread 0 of a team; all its threads compute
 * distances.
 */
#ifndef DMM_SEEDS_H
#define DMM_SEEDS_H

#include "base/random.h"
#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

typedef struct {
    dmm_team *team;
    const dmm_counts *counts;
    dmm_random random;
    double *root;    /* n_features: multiplicity * sqrt(count)            */
    double *table;   /* n_features: root times `seed` of its column       */
    double *seed;    /* n_taxa_columns: square roots of the proportions of
                        the sample that distances are taken from          */
    double *trial;   /* N: squared distances from that sample             */
    double *best;    /* N: squared distances from the best candidate      */
    double *nearest; /* N: squared distances from the nearest seed        */
    uint32_t *label; /* N: the component of each sample                   */
} dmm_seeds;

/* Initialises *seeds, which must be all zeros. Release it with dmm_seeds_free()
 * whatever the status. */
dmm_status dmm_seeds_init(dmm_seeds *seeds, dmm_team *team,
                          const dmm_counts *counts, unsigned long seed);
void dmm_seeds_free(dmm_seeds *seeds);

/* Draws k seeds, k <= N, by the greedy variant of k-means++ (Arthur &
 * Vassilvitskii 2007, SODA). The first is drawn uniformly. For each further one
 * several candidates are drawn, with probabilities proportional to the squared
 * distance from the nearest seed so far, and the candidate that leaves the
 * least sum of squared distances is taken. Each sample gets the label of its
 * nearest seed; no component is empty. */
dmm_status dmm_seeds_draw(dmm_seeds *seeds, size_t k);

/* Splits the component `from`, which must have at least two samples, between
 * two seeds drawn from its samples. Those nearer to the second seed get the
 * label `to`; neither component is empty. */
void dmm_seeds_split(dmm_seeds *seeds, uint32_t from, uint32_t to);

/* Labels the samples at random, k <= N, so that the components' sizes differ by
 * one at most. */
void dmm_seeds_deal(dmm_seeds *seeds, size_t k);

#endif
