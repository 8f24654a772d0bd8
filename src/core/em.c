#include "em.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "bfgs.h"
#include "estep.h"
#include "histogram.h"
#include "threads.h"

/* lambda of a taxon that a centre lacks, before scaling: DirichletMultinomial's
 * value; and the least one. */
#define ABSENT_LAMBDA (-10.0)
#define LEAST_LAMBDA (-14.0)
/* Limits of the moment estimate of A_k. */
#define LEAST_THETA 0.1
#define MOST_THETA 1e6
/* The first M-step: steps that promise less than this end it. */
#define START_TOLERANCE 1e-7
#define START_ITERATIONS 100

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

void dmm_em_free(dmm_em *em)
{
    if (em == NULL)
        return;
    dmm_chunk_free(em->chunk);
    dmm_parameters_free(em->parameters);
    dmm_newton_free(em->newton);
    dmm_sums_free(em->sums);
    dmm_free(em);
}

void dmm_em_release_room(dmm_em *em)
{
    dmm_chunk_release_table(em->chunk);
    dmm_sums_release(em->sums);
    em->newton->gradient = em->newton->curvature = NULL;
}

/* ---- Start ------------------------------------------------------------ */

/* What the histogram says of the components' precision. */
typedef struct {
    const dmm_chunk *chunk;
    double *pairs; /* n_groups x kp: sum z x (x - 1) over samples and columns */
} moments;

static void pairs_task(const dmm_worker *worker, void *data)
{
    const moments *m = data;
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    const size_t kp = m->chunk->kp;
    size_t g;
    while (dmm_team_next(worker, d->n_groups, &g)) {
        double *pairs = m->pairs + g * kp;
        for (size_t c = d->group[g]; c < d->group[g + 1]; c++)
            for (size_t f = d->begin[c]; f < d->end[c]; f++) {
                const double *z = m->chunk->histogram + f * kp;
                const double x = d->value[f];
                const double n = fabs(d->multiplicity[c]) * x * (x - 1);
                for (size_t k = 0; k < kp; k++)
                    pairs[k] += n * z[k];
            }
    }
    dmm_team_barrier(worker);
}

/* Moment estimate of A_k from the histogram and the centre: with
 *   R = sum z x(x-1) / sum z t(t-1),  R = sum p^2 + (1 - sum p^2) / (A + 1)
 * in expectation, so that A = (1 - R) / (R - sum p^2). */
static double moment_theta(const moments *m, const double *centre, size_t k)
{
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    const size_t kp = m->chunk->kp;
    double taxa = 0, totals = 0, p = 0, p2 = 0;
    for (size_t g = 0; g < d->n_taxa_groups; g++)
        taxa += m->pairs[g * kp + k];
    for (size_t g = d->n_taxa_groups; g < d->n_groups; g++)
        totals += m->pairs[g * kp + k];
    for (size_t j = 0; j < d->n_taxa_columns; j++) {
        const double x = centre[j * kp + k];
        p += d->multiplicity[j] * x;
        p2 += d->multiplicity[j] * x * x;
    }
    const double ratio = totals > 0 ? taxa / totals : 1;
    const double square = p > 0 ? p2 / (p * p) : 0;
    const double excess = ratio - square;
    const double theta = excess > 1e-12 ? (1 - ratio) / excess : MOST_THETA;
    if (!(theta > LEAST_THETA))
        return LEAST_THETA;
    return theta < MOST_THETA ? theta : MOST_THETA;
}

static dmm_status set_start(dmm_em *em, const dmm_start *start)
{
    dmm_parameters *p = em->parameters;
    moments m = {.chunk = em->chunk};
    m.pairs = DMM_NEW2(em->counts->dictionary.n_groups, p->kp, double);
    if (!m.pairs)
        return DMM_ERROR_MEMORY;
    dmm_team_do(em->team, pairs_task, &m);
    for (size_t k = 0; k < p->k; k++) {
        const double shift = log(moment_theta(&m, start->centre, k));
        for (size_t j = 0; j < p->n_taxa_columns; j++) {
            const double x = start->centre[j * p->kp + k];
            const double lambda = x > 0 ? log(x) : ABSENT_LAMBDA;
            p->lambda[j * p->kp + k] =
                shift + (lambda > LEAST_LAMBDA ? lambda : LEAST_LAMBDA);
        }
    }
    dmm_free(m.pairs);
    return DMM_OK;
}

dmm_status dmm_em_start(dmm_em *em, const dmm_start *start)
{
    int iterations;
    if (em->control->progress)
        em->control->progress(DMM_PHASE_SETUP, 0, 0, em->control->user);
    dmm_histogram_run(em->team, em->chunk);
    const dmm_status status = set_start(em, start);
    if (status != DMM_OK)
        return status;
    dmm_estep_weights(em->chunk, em->sums->weight);
    dmm_parameters_set_weights(em->parameters, em->sums->weight);
    if (em->control->optimizer == DMM_OPTIMIZER_BFGS)
        return dmm_bfgs_run(em->team, em->chunk, em->parameters, em->control,
                            &iterations);
    return dmm_mstep_run(em->team, em->chunk, em->parameters, em->sums,
                         em->newton, START_TOLERANCE, START_ITERATIONS,
                         &iterations);
}

/* ---- Iterations ------------------------------------------------------- */

static void evaluate_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    const dmm_dictionary *d = &em->counts->dictionary;
    dmm_parameters_refresh(worker, em->parameters, d);
    dmm_estep_responsibilities(worker, em->chunk, em->parameters, em->sums);
    dmm_histogram_make_sums(worker, em->chunk, em->parameters, em->sums);
    dmm_newton_model(worker, em->newton, em->parameters, d, em->sums);
}

static void step_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    const dmm_dictionary *d = &em->counts->dictionary;
    dmm_newton_step(worker, em->newton, em->parameters, d);
    dmm_parameters_move(worker, em->parameters, d, em->newton->step);
    evaluate_task(worker, em);
}

static void finish_evaluation(dmm_em *em)
{
    em->nle = -(em->counts->log_multinomial + em->sums->log_likelihood) -
              dmm_parameters_log_prior(em->parameters, em->counts->n_taxa);
    em->evaluations++;
}

void dmm_em_evaluate(dmm_em *em)
{
    dmm_team_do(em->team, evaluate_task, em);
    finish_evaluation(em);
}

void dmm_em_step(dmm_em *em)
{
    dmm_parameters_set_weights(em->parameters, em->sums->weight);
    dmm_team_do(em->team, step_task, em);
    finish_evaluation(em);
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
    return isfinite(em->nle) ? DMM_OK : DMM_ERROR_NUMERIC;
}
