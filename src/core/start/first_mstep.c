#include "start/first_mstep.h"

#include <math.h>

#include "base/alloc.h"
#include "em/bfgs.h"
#include "em/estep.h"
#include "em/histogram.h"

/* Before scaling by A_k: lambda of a taxon whose proportion in the centre is 0
 * (DirichletMultinomial's value), and the least lambda of any taxon. */
#define ABSENT_LAMBDA (-10.0)
#define LEAST_LAMBDA (-14.0)
/* Limits of the moment estimate of A_k, in counts. */
#define LEAST_THETA 0.1
#define MOST_THETA 1e6
/* The first M-step ends at a Newton step that promises to decrease F_k by less
 * than this, or after so many steps. */
#define START_TOLERANCE 1e-7
#define START_ITERATIONS 100

typedef struct {
    const dmm_chunk *chunk;
    double *pairs; /* n_groups x kp: sum over the samples and a group's columns
                      of z x (x - 1), from the histogram */
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

/* Moment estimate of A_k from the histogram and the centre p. The ratio
 *   R = sum z x(x-1) / sum z t(t-1)
 * is sum p^2 + (1 - sum p^2) / (A + 1) in expectation; solved for A, this is
 *   A = (1 - R) / (R - sum p^2). */
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

static dmm_status set_lambda(dmm_em *em, const dmm_start *start)
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

dmm_status dmm_first_mstep(dmm_em *em, const dmm_start *start)
{
    int iterations;
    if (em->control->progress)
        em->control->progress(DMM_PHASE_SETUP, 0, 0, em->control->user);
    dmm_histogram_run(em->team, em->chunk);
    const dmm_status status = set_lambda(em, start);
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
