/* Better optima by the reassignment of single samples.
 *
 * EM gives a sample to the component under which it has the greatest density at
 * the present parameters. Where taxa are many or components small, a component
 * has adapted to each of its samples so well that none of them ever leaves it,
 * even if the mixture would be better for it. k-means has the same weakness,
 * and Hartigan's method for it (Hartigan 1975; Telgarsky & Vattani 2010,
 * AISTATS) is the remedy here too: what counts are the densities *after* the
 * sample has left one component or joined another, and both have adapted.
 *
 * How much F_k (dmm.h) gains by adapting is estimated taxon by taxon. Near its
 * minimum, F_k as a function of lambda_j is approximately that of a Gamma
 * density,
 *   m (e^u - u) + constant,   u the change of lambda_j,
 * where m is its second derivative. Sample i adds x_j to the counts of taxon j;
 * this changes the slope by -p + q, where
 *   p = alpha (digamma(alpha + x_j) - digamma(alpha)),
 *   q = alpha (digamma(A + t) - digamma(A)),
 * and the last is replaced by its mean over the component's samples. The
 * minimum then moves down by
 *   (m + p) log((m + p) / (m + q)) - p + q
 * if the sample joins, and by the same with -p and -q if it leaves.
 *
 * The estimates only propose moves. Whether they make the NLE less is found out
 * by EM.
 */
#ifndef DMM_REASSIGN_H
#define DMM_REASSIGN_H

#include "em/em.h"

/* Runs EM from em's parameters until it has roughly converged, and goes on to a
 * better optimum if moves of samples find any. `best` is the least NLE of other
 * starts, or INFINITY: moves from that optimum are not tried again, and from
 * one that will hardly become as good they are given up early. Leaves evaluated
 * parameters, from which EM has to run until it converges. Called by thread 0
 * of the team. Errors: those of dmm_converge(). */
dmm_status dmm_reassign(dmm_em *em, double best);

#endif
