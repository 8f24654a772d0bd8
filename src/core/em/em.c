#include "em/em.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "em/estep.h"
#include "em/histogram.h"

dmm_status dmm_em_new(dmm_team *team, dmm_chunk *chunk,
                      const dmm_control *control, dmm_em **result)
{
    *result = NULL;
    dmm_em *em = DMM_NEW(1, dmm_em);
    if (!em) {
        dmm_chunk_free(chunk);
        return DMM_ERROR_MEMORY;
    }
    em->team = team;
    em->counts = chunk->counts;
    em->control = control;
    em->chunk = chunk;
    em->nle = INFINITY;
    em->last_change = INFINITY;
    const dmm_prior prior = {control->eta, control->nu};
    dmm_status status =
        dmm_parameters_new(em->counts, chunk->k, prior, &em->parameters);
    if (status == DMM_OK)
        status = dmm_sums_new(em->parameters, &em->sums);
    if (status == DMM_OK)
        status = dmm_newton_new(em->parameters, &em->counts->dictionary,
                                em->sums, &em->newton);
    if (status == DMM_OK)
        status = dmm_chunk_add_buffers(chunk, dmm_team_size(team));
    if (status != DMM_OK) {
        dmm_em_free(em);
        return status;
    }
    *result = em;
    return DMM_OK;
}

dmm_status dmm_em_new_gathered(dmm_team *team, const dmm_counts *counts,
                               size_t k, const dmm_control *control,
                               dmm_gather *gather, dmm_em **em)
{
    dmm_chunk *chunk;
    *em = NULL;
    dmm_status status = dmm_chunk_new(counts, k, &chunk);
    if (status == DMM_OK)
        status = dmm_em_new(team, chunk, control, em);
    if (status == DMM_OK)
        (*em)->gather = gather;
    else
        dmm_gather_free(gather);
    return status;
}

void dmm_em_free(dmm_em *em)
{
    if (em == NULL)
        return;
    dmm_gather_free(em->gather);
    dmm_chunk_free(em->chunk);
    dmm_parameters_free(em->parameters);
    dmm_newton_free(em->newton);
    dmm_sums_free(em->sums);
    dmm_free(em);
}

void dmm_em_release_workspace(dmm_em *em)
{
    dmm_chunk_release_table(em->chunk);
    dmm_sums_release(em->sums);
    em->newton->gradient = em->newton->curvature = NULL;
}

int dmm_em_is_plain(const dmm_em *em)
{
    return !em->chunk->log_prior && !em->gather;
}

/* ---- Iterations ------------------------------------------------------- */

static void refresh_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    dmm_parameters_refresh(worker, em->parameters, &em->counts->dictionary);
}

static void model_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    dmm_newton_model(worker, em->newton, em->parameters,
                     &em->counts->dictionary, em->sums);
}

static void evaluate_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    refresh_task(worker, em);
    dmm_estep_responsibilities(worker, em->chunk, em->parameters, em->sums);
    dmm_histogram_make_sums(worker, em->chunk, em->parameters, em->sums);
    model_task(worker, em);
}

static void move_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    const dmm_dictionary *d = &em->counts->dictionary;
    dmm_newton_step(worker, em->newton, em->parameters, d);
    dmm_parameters_move(worker, em->parameters, d, em->newton->step);
}

static void step_task(const dmm_worker *worker, void *em)
{
    move_task(worker, em);
    evaluate_task(worker, em);
}

/* Does what evaluate_task() does, with samples that are elsewhere. */
static void gather(dmm_em *em)
{
    dmm_team_do(em->team, refresh_task, em);
    dmm_gather_sums(em->gather, em->parameters, em->sums);
    dmm_team_do(em->team, model_task, em);
}

static void finish_evaluation(dmm_em *em)
{
    em->nle = -(em->counts->log_multinomial + em->sums->log_likelihood) -
              dmm_parameters_log_prior(em->parameters, em->counts->n_taxa);
    em->evaluations++;
}

void dmm_em_evaluate(dmm_em *em)
{
    if (em->gather)
        gather(em);
    else
        dmm_team_do(em->team, evaluate_task, em);
    finish_evaluation(em);
}

void dmm_em_step(dmm_em *em)
{
    dmm_parameters_set_weights(em->parameters, em->sums->weight);
    dmm_team_do(em->team, em->gather ? move_task : step_task, em);
    if (em->gather)
        gather(em);
    finish_evaluation(em);
}

static void joint_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    const dmm_counts *counts = em->counts;
    const size_t kp = em->chunk->kp;
    dmm_parameters_refresh(worker, em->parameters, &counts->dictionary);
    dmm_estep_evidence(worker, em->chunk, em->parameters);
    size_t b;
    while (dmm_team_next(worker, counts->n_blocks, &b)) {
        const dmm_block *block = &counts->block[b];
        const size_t first = block->first_row * kp;
        const double *prior = em->chunk->log_prior;
        double *z = em->chunk->z + first;
        for (size_t i = 0; i < block->n_rows; i++)
            for (size_t k = 0; k < kp; k++)
                z[i * kp + k] += prior ? prior[first + i * kp + k]
                                       : em->parameters->log_weight[k];
    }
    dmm_team_barrier(worker);
}

void dmm_em_joint(dmm_em *em)
{
    dmm_team_do(em->team, joint_task, em);
}

dmm_status dmm_em_adapt(dmm_em *em, double tolerance, int steps)
{
    int iterations;
    dmm_histogram_run(em->team, em->chunk);
    dmm_estep_weights(em->chunk, em->sums->weight);
    dmm_parameters_set_weights(em->parameters, em->sums->weight);
    return dmm_mstep_run(em->team, em->chunk, em->parameters, em->sums,
                         em->newton, tolerance, steps, &iterations);
}

double dmm_em_rounding(double nle)
{
    return 1e-9 + 1e-14 * fabs(nle);
}

double dmm_em_tolerance(const dmm_em *em)
{
    const double relative = em->control->relative_tolerance * fabs(em->nle);
    return relative > em->control->tolerance ? relative
                                             : em->control->tolerance;
}

dmm_status dmm_em_tick(dmm_em *em, double change, int *settled)
{
    const dmm_control *control = em->control;
    em->iterations++;
    change = fabs(change);
    const double limit = dmm_em_tolerance(em);
    const int growing =
        change > 1.5 * em->last_change + dmm_em_rounding(em->nle);
    em->small_changes = change < limit && !growing ? em->small_changes + 1 : 0;
    em->shrinking = change < em->last_change ? em->shrinking + 1 : 0;
    em->last_change = change;
    *settled = em->small_changes >= 2;
    if (control->progress)
        control->progress(DMM_PHASE_EM, em->iterations, change, control->user);
    if (control->interrupt && control->interrupt(control->user))
        return DMM_ERROR_INTERRUPTED;
    if (em->gather && dmm_gather_status(em->gather) != DMM_OK)
        return dmm_gather_status(em->gather);
    return isfinite(em->nle) ? DMM_OK : DMM_ERROR_NUMERIC;
}
