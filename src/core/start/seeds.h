/* Samples far apart, as seeds of components.
 *
 * The distance is Hellinger's, 1 - sum_j sqrt(p_ij p_sj) when squared, which
 * suits compositions: rare taxa count, and zeros need no special care.
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
    double *table;   /* n_features: root * the seed's root proportion     */
    double *seed;    /* columns: square roots of the seed's proportions   */
    double *trial;   /* N: squared distances from the last seed           */
    double *best;    /* N: from the best one of several                   */
    double *nearest; /* N: from the nearest seed                          */
    uint32_t *label; /* N: a component for every sample                   */
} dmm_seeds;

/* Initialises a struct of zeros; release it with dmm_seeds_free() whatever the
 * status. */
dmm_status dmm_seeds_init(dmm_seeds *seeds, dmm_team *team,
                          const dmm_counts *counts, unsigned long seed);
void dmm_seeds_free(dmm_seeds *seeds);

/* Draws k seeds, k <= N: the first uniformly, each next one in proportion to
 * the squared distance from the nearest before it, the best of several such
 * draws (Arthur & Vassilvitskii 2007, SODA: k-means++, the greedy variant).
 * Labels the samples by the nearest seed; no component is empty. */
dmm_status dmm_seeds_draw(dmm_seeds *seeds, size_t k);

/* Divides the samples of component `from`, two at least, between two seeds
 * drawn among them; those nearer to the second get the label `to`. */
void dmm_seeds_split(dmm_seeds *seeds, uint32_t from, uint32_t to);

/* Deals the samples in a random order to k components, k <= N. */
void dmm_seeds_deal(dmm_seeds *seeds, size_t k);

#endif
