/* EM: the state of a fit, and one iteration.
 *
 * The counts are const; everything that changes during a fit is in dmm_em.
 *
 * Parameters are *evaluated* when z, the sums over the samples, NLE, and the
 * gradient and Hessian of the M-step belong to them. An iteration takes a step
 * from evaluated parameters and evaluates the new ones.
 *
 * All functions are called by the team's thread 0, between tasks.
 */
#ifndef DMM_EM_H
#define DMM_EM_H

#include "counts/chunk.h"
#include "dmm.h"
#include "em/gather.h"
#include "em/mstep.h"
#include "em/parameters.h"

/* Owns chunk, parameters, sums, newton and gather. */
typedef struct {
    dmm_team *team;
    const dmm_counts *counts; /* of all samples; chunk->counts leaves out the
                                 settled ones (settled.h)                   */
    const dmm_control *control;
    dmm_chunk *chunk;
    dmm_parameters *parameters;
    dmm_sums *sums;
    dmm_newton *newton;
    dmm_gather *gather; /* where the samples are, or NULL: in the chunk     */
    double nle;         /* at the parameters; INFINITY until evaluated */
    int iterations;
    int evaluations;
    int converged;
    /* Absolute changes of NLE, for dmm_em_tick(): */
    double last_change;
    int small_changes;  /* iterations in a row below the tolerance            */
    int shrinking;      /* iterations in a row that changed NLE ever less     */
} dmm_em;

/* A fit of chunk->k components to the chunk's counts. Takes over the chunk and
 * frees it on failure as well; team, counts and control have to outlive the
 * result. The only error is DMM_ERROR_MEMORY. */
dmm_status dmm_em_new(dmm_team *team, dmm_chunk *chunk,
                      const dmm_control *control, dmm_em **em);
void dmm_em_free(dmm_em *em);

/* The same for a fit of k components to samples that are elsewhere, and to
 * counts by dmm_gather_counts(). Takes over `gather` as it does the chunk. Only
 * iterations by Newton's method are possible. */
dmm_status dmm_em_new_gathered(dmm_team *team, const dmm_counts *counts,
                               size_t k, const dmm_control *control,
                               dmm_gather *gather, dmm_em **em);

/* Whether the samples are in the chunk and have no weights of their own:
 * otherwise none is settled (settled.h) and no saddle is left (saddle.h). */
int dmm_em_is_plain(const dmm_em *em);

/* Frees the workspace that only further iterations need: the table and the
 * histogram, the gradient and the Hessian. The parameters, the sums by
 * component, z, NLE and the buffer newton->step stay. */
void dmm_em_release_workspace(dmm_em *em);

/* Evaluates the parameters: refresh, E-step, sums, NLE, gradient and Hessian,
 * as one task of the team. This is all of an EM iteration except the step. The
 * histogram is not kept. */
void dmm_em_evaluate(dmm_em *em);

/* Sets chunk->z to the joint log densities log(pi_k exp(ev_ik)), as one task of
 * the team. The parameters are fresh afterwards, but not evaluated. */
void dmm_em_joint(dmm_em *em);

/* Sets the weights and lambda for the responsibilities in the chunk: the M-step
 * from em's lambda, of at most `steps` Newton steps, to `tolerance`
 * (dmm_mstep_run()). The only error is DMM_ERROR_MEMORY. */
dmm_status dmm_em_adapt(dmm_em *em, double tolerance, int steps);

/* A plain EM iteration from evaluated parameters: sets the weights, takes one
 * Newton step in lambda, and evaluates the result. NLE may rise. */
void dmm_em_step(dmm_em *em);

/* Counts an iteration that changed NLE by `change`, reports it to the control's
 * progress callback and calls its interrupt callback. *settled says whether the
 * fit has converged: the absolute change has been below the tolerance, and not
 * growing, twice in a row. (A single small change can be a saddle.) Errors:
 * DMM_ERROR_INTERRUPTED; that of sums which could not be gathered;
 * DMM_ERROR_NUMERIC when NLE is not finite. */
dmm_status dmm_em_tick(dmm_em *em, double change, int *settled);

/* The largest rise of NLE, from `nle`, that counts as rounding error. */
double dmm_em_rounding(double nle);

/* Changes of NLE below this count towards convergence. */
double dmm_em_tolerance(const dmm_em *em);

#endif
