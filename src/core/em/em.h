/* EM: the state of a fit, and one iteration.
 *
 * The counts are const; everything that changes during a fit is in dmm_em.
 */
#ifndef DMM_EM_H
#define DMM_EM_H

#include "counts/chunk.h"
#include "dmm.h"
#include "em/mstep.h"
#include "em/parameters.h"

typedef struct {
    dmm_team *team;
    const dmm_counts *counts;
    const dmm_control *control;
    dmm_chunk *chunk;
    dmm_parameters *parameters;
    dmm_sums *sums;
    dmm_newton *newton;
    double nle;         /* at the parameters; INFINITY until evaluated */
    int iterations;
    int evaluations;
    int converged;
    /* Changes of NLE, for dmm_em_tick(). */
    double last_change;
    int small_changes;
    int shrinking;      /* iterations in a row that changed NLE ever less     */
} dmm_em;

/* Takes the chunk over, even where it fails. */
dmm_status dmm_em_new(dmm_team *team, dmm_chunk *chunk,
                      const dmm_control *control, dmm_em **em);
void dmm_em_free(dmm_em *em);

/* Frees the room of further iterations: of the table and histogram, gradient
 * and Hessian. Parameters, their total sums, z and NLE stay. */
void dmm_em_release_workspace(dmm_em *em);

/* E-step, sums, NLE, gradient and Hessian at the parameters: all of an EM
 * iteration but the step itself, as one task of the team. The histogram is not
 * kept. */
void dmm_em_evaluate(dmm_em *em);

/* From evaluated parameters, a plain EM iteration: weights, one Newton step of
 * lambda, and the evaluation there. */
void dmm_em_step(dmm_em *em);

/* Reports an iteration, asks whether to go on, and says through `settled`
 * whether the fit has converged: |change of NLE| is below the tolerance twice
 * in a row and is not growing (one small change can be a saddle). */
dmm_status dmm_em_tick(dmm_em *em, double change, int *settled);

/* A rise of NLE that is rounding. */
double dmm_em_rounding(double nle);

/* A change of NLE that is none. */
double dmm_em_tolerance(const dmm_em *em);

#endif
