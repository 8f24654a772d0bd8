#include "em/saddle.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Components k and l are alike when z_ik / pi_k and z_il / pi_l differ by less
 * than this for every sample. */
#define ALIKE 0.01
/* Components with less weight than this, in samples, are never alike. */
#define LEAST_WEIGHT 1.0
/* Differences are enlarged so that the largest deviation of a lambda from the
 * mean is FIRST_SIZE and, if that fails, SIZE_FACTOR times that, and so on for
 * SIZES trials. A trial fails when NLE is not lower within ITERATIONS plain EM
 * iterations. */
#define FIRST_SIZE 1.0
#define SIZE_FACTOR 0.1
#define SIZES 3
#define ITERATIONS 30
/* Deviations of lambda up to this are rounding error and give no direction. */
#define LEAST_DIFFERENCE 1e-11

static int alike(const dmm_em *em, size_t k, size_t l)
{
    const dmm_parameters *p = em->parameters;
    const double inverse_k = exp(-p->log_weight[k]);
    const double inverse_l = exp(-p->log_weight[l]);
    const double *z = em->chunk->z;
    for (size_t i = 0; i < em->counts->n_samples; i++, z += p->kp)
        if (!(fabs(z[k] * inverse_k - z[l] * inverse_l) < ALIKE))
            return 0;
    return 1;
}

/* Sets leader[k] to the first component that k is like, or to k itself if there
 * is none. Returns the number of components with another one as leader. */
static size_t find_alike(const dmm_em *em, size_t *leader)
{
    size_t n = 0;
    for (size_t k = 0; k < em->parameters->k; k++) {
        leader[k] = k;
        for (size_t l = 0; l < k && leader[k] == k; l++)
            if (leader[l] == l && em->sums->weight[k] > LEAST_WEIGHT &&
                em->sums->weight[l] > LEAST_WEIGHT && alike(em, k, l))
                leader[k] = l;
        n += leader[k] != k;
    }
    return n;
}

/* difference = lambda minus its mean over the components with the same leader,
 * weighted by samples. It is 0 for a component that is like no other. Returns
 * the largest absolute difference. */
static double find_differences(const dmm_em *em, const size_t *leader,
                               double *difference)
{
    const dmm_parameters *p = em->parameters;
    const size_t kp = p->kp, n = p->n_taxa_columns * kp;
    double largest = 0;
    memset(difference, 0, n * sizeof *difference);
    for (size_t l = 0; l < p->k; l++) {
        double weight = 0;
        for (size_t k = l; k < p->k; k++)
            weight += leader[k] == l ? em->sums->weight[k] : 0;
        for (size_t j = 0; j < p->n_taxa_columns; j++) {
            double mean = 0;
            for (size_t k = l; k < p->k; k++)
                if (leader[k] == l)
                    mean += em->sums->weight[k] * p->lambda[j * kp + k];
            mean /= weight;
            for (size_t k = l; k < p->k; k++)
                if (leader[k] == l) {
                    const double d = p->lambda[j * kp + k] - mean;
                    difference[j * kp + k] = d;
                    largest = fabs(d) > largest ? fabs(d) : largest;
                }
        }
    }
    return largest;
}

/* Tries the sizes in turn: enlarges the differences and iterates until NLE is
 * lower than at the saddle. Returns 1 if a trial succeeds; otherwise goes back
 * to the saddle and returns 0. */
static int enlarge(dmm_em *em, const dmm_position *saddle,
                   const double *difference, double largest)
{
    dmm_parameters *p = em->parameters;
    const size_t n = p->n_taxa_columns * p->kp;
    const double enough = em->nle - dmm_em_rounding(em->nle);
    double size = FIRST_SIZE;
    for (int i = 0; i < SIZES && size > largest; i++, size *= SIZE_FACTOR) {
        dmm_position_restore(saddle, p);
        for (size_t e = 0; e < n; e++)
            p->lambda[e] += (size / largest - 1) * difference[e];
        dmm_em_evaluate(em);
        for (int j = 0; j < ITERATIONS && !(em->nle < enough); j++)
            dmm_em_step(em);
        if (em->nle < enough)
            return 1;
    }
    dmm_position_restore(saddle, p);
    dmm_em_evaluate(em);
    return 0;
}

dmm_status dmm_saddle_leave(dmm_em *em, int *left)
{
    const dmm_parameters *p = em->parameters;
    dmm_status status = DMM_ERROR_MEMORY;
    dmm_position saddle = {NULL, NULL};
    double *difference = NULL;
    *left = 0;
    size_t *leader = DMM_NEW(p->k, size_t);
    if (!leader)
        goto done;
    status = DMM_OK;
    if (find_alike(em, leader) == 0)
        goto done;
    status = dmm_position_init(&saddle, p);
    difference = DMM_NEW2(p->n_taxa_columns, p->kp, double);
    if (!difference)
        status = DMM_ERROR_MEMORY;
    if (status != DMM_OK)
        goto done;
    dmm_position_keep(&saddle, p);
    const double largest = find_differences(em, leader, difference);
    if (largest > LEAST_DIFFERENCE)
        *left = enlarge(em, &saddle, difference, largest);
done:
    dmm_free(leader);
    dmm_position_release(&saddle);
    dmm_free(difference);
    return status;
}
