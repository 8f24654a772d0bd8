#include "em/converge.h"

#include <math.h>

#include "em/accelerate.h"
#include "em/bfgs.h"
#include "em/histogram.h"
#include "em/saddle.h"
#include "em/settled.h"

/* Halvings of a step that raises NLE, before it is undone. */
#define MAX_HALVINGS 20

/* To be called after a jump of the parameters, from which on the earlier
 * changes of NLE say nothing about convergence. */
static void restart_convergence(dmm_em *em)
{
    em->converged = 0;
    em->small_changes = 0;
    em->shrinking = 0;
    em->last_change = INFINITY;
}

/* Moves the parameters half of the way back to where the iteration began. */
static void go_half_back(dmm_parameters *p, const dmm_position *o)
{
    for (size_t i = 0; i < p->n_taxa_columns * p->kp; i++)
        p->lambda[i] = (p->lambda[i] + o->lambda[i]) / 2;
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] = (p->log_weight[k] + o->log_weight[k]) / 2;
    dmm_parameters_normalise_weights(p);
}

/* The M-step, and the evaluation of its parameters. */
static dmm_status step(dmm_em *em)
{
    int iterations;
    dmm_status status = DMM_OK;
    if (em->control->optimizer == DMM_OPTIMIZER_NEWTON) {
        dmm_em_step(em);
        return status;
    }
    dmm_parameters_set_weights(em->parameters, em->sums->weight);
    dmm_histogram_run(em->team, em->chunk); /* evaluation does not keep it */
    status = dmm_bfgs_run(em->team, em->chunk, em->parameters, em->control,
                          &iterations);
    if (status == DMM_OK)
        dmm_em_evaluate(em);
    return status;
}

/* One EM iteration from evaluated parameters to evaluated parameters. A single
 * Newton step can raise NLE, unlike a full M-step: it is then halved until it
 * does not. */
static dmm_status iterate(dmm_em *em, dmm_position *o)
{
    dmm_parameters *p = em->parameters;
    const double before = em->nle;
    const double limit = before + dmm_em_rounding(before);
    dmm_position_keep(o, p);
    const dmm_status status = step(em);
    if (status != DMM_OK)
        return status;
    for (int halving = 0; halving <= MAX_HALVINGS && !(em->nle <= limit);
         halving++) {
        if (halving < MAX_HALVINGS)
            go_half_back(p, o);
        else
            dmm_position_restore(o, p);
        dmm_em_evaluate(em);
    }
    return DMM_OK;
}

static int may_accelerate(const dmm_em *em)
{
    return em->control->accelerate &&
           em->control->optimizer == DMM_OPTIMIZER_NEWTON &&
           em->parameters->k > 1;
}

/* Plain EM iterations to convergence or the limit of iterations, or until
 * acceleration may begin; *ready says whether that was the reason. */
static dmm_status iterate_plainly(dmm_em *em, int *ready)
{
    dmm_position origin;
    dmm_status status = dmm_position_init(&origin, em->parameters);
    *ready = 0;
    while (status == DMM_OK && !em->converged && !*ready &&
           em->iterations < em->control->max_iterations) {
        const double before = em->nle, last_change = em->last_change;
        status = iterate(em, &origin);
        if (status == DMM_OK)
            status = dmm_em_tick(em, em->nle - before, &em->converged);
        *ready = may_accelerate(em) && !em->converged &&
                 dmm_accelerate_ready(em, last_change);
    }
    dmm_position_release(&origin);
    return status;
}

/* Accelerated iterations without the settled samples, then an evaluation with
 * all samples. If EM has converged, but the evaluation gives another NLE or a
 * settled sample has changed, begins again from there. Returns with all samples
 * in the chunk. With weights of each sample all stay in it. */
static dmm_status finish_accelerated(dmm_em *em)
{
    if (!dmm_em_is_plain(em))
        return dmm_accelerate_run(em);
    for (int confirmed = 0; !confirmed;) {
        dmm_status status = dmm_settled_begin(em->team, em->chunk);
        if (status != DMM_OK)
            return status;
        if (em->chunk->settled == NULL)
            return dmm_accelerate_run(em);
        dmm_em_evaluate(em);
        status = dmm_accelerate_run(em);
        const double settled_nle = em->nle;
        dmm_settled *settled = dmm_settled_end(em->chunk);
        if (status == DMM_OK)
            dmm_em_evaluate(em);
        confirmed = status != DMM_OK || !em->converged ||
                    (fabs(em->nle - settled_nle) < dmm_em_tolerance(em) &&
                     dmm_settled_confirmed(settled, em->chunk));
        dmm_settled_free(settled);
        if (status != DMM_OK)
            return status;
        if (!confirmed)
            restart_convergence(em);
    }
    return DMM_OK;
}

/* Plain and accelerated iterations, from evaluated parameters to convergence or
 * the limit of iterations. */
static dmm_status iterate_to_end(dmm_em *em)
{
    while (!em->converged && em->iterations < em->control->max_iterations) {
        int ready;
        dmm_status status = iterate_plainly(em, &ready);
        if (status == DMM_OK && ready)
            status = finish_accelerated(em);
        if (status != DMM_OK)
            return status;
    }
    return DMM_OK;
}

static dmm_status converge(dmm_em *em)
{
    const dmm_control *control = em->control;
    dmm_em_evaluate(em);
    for (int at_saddle = 1; at_saddle;) {
        dmm_status status = iterate_to_end(em);
        at_saddle = 0;
        if (status == DMM_OK && em->converged && dmm_em_is_plain(em) &&
            em->iterations < control->max_iterations)
            status = dmm_saddle_leave(em, &at_saddle);
        if (status != DMM_OK)
            return status;
        if (at_saddle)
            restart_convergence(em);
    }
    return DMM_OK;
}

dmm_status dmm_converge(dmm_em *em)
{
    const int before = em->iterations;
    if (em->control->progress)
        em->control->progress(DMM_PHASE_EM, 0, 0, em->control->user);
    em->iterations = 0; /* their limit is for each call */
    restart_convergence(em);
    const dmm_status status = converge(em);
    em->iterations += before;
    if (em->chunk->log_prior)
        dmm_parameters_set_weights(em->parameters, em->sums->weight);
    return status;
}
