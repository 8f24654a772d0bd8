#include "accelerate.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

/* Acceleration starts after so many EM iterations that changed NLE ever less,
 * but not much less, each. Where EM leaves a saddle (components that begin
 * nearly alike) changes are small as well, but grow: accelerated there, four in
 * ten fits of a table of 10,000 samples ended in worse optima. */
#define LEAST_SHRINKING 3
#define READY_RATIO 0.3
/* Pairs of differences that are kept: as many as fit in a table of all
 * features, which a wide table of counts has few more of than taxa. */
#define MEMORY 8
#define LEAST_MEMORY 3
/* No parameter moves further than this in one step. */
#define LONGEST_STEP 3.0
/* A step is taken when NLE falls by this part of what the gradient promises. */
#define ARMIJO 1e-4
#define MAX_BACKTRACKS 25
/* Failed trials after which the memory is dropped for EM's own direction. */
#define FORGET_AFTER 3
/* A pair is kept when its curvature is positive beyond rounding. */
#define LEAST_CURVATURE 1e-12

int dmm_accelerate_ready(const dmm_em *em, double last_change)
{
    const double per_sample = em->control->accelerate_change_per_sample *
                              (double)em->counts->n_samples;
    const double limit = em->control->accelerate_change > per_sample
                             ? em->control->accelerate_change
                             : per_sample;
    return em->shrinking >= LEAST_SHRINKING && em->last_change < limit &&
           em->last_change > READY_RATIO * last_change;
}

/* Positions and gradients are [lambda (n_taxa_columns x kp) | log weight (kp)];
 * the gradient of merged taxa is summed over them. */
typedef struct {
    dmm_em *em;
    size_t n_lambda;
    size_t n;
    double *x, *gradient, *last_gradient, *direction;
    int memory; /* pairs kept at most */
    double *dx[MEMORY], *dg[MEMORY];
    double curvature[MEMORY]; /* 1 / (dx . dg) */
    int pairs;                /* ever stored   */
    /* k: the component is empty, and its weight stays where EM holds it. */
    unsigned char *held;
} accelerator;

static void accelerator_free(accelerator *a)
{
    dmm_free(a->x);
    dmm_free(a->gradient);
    dmm_free(a->last_gradient);
    dmm_free(a->direction);
    dmm_free(a->held);
    for (int i = 0; i < MEMORY; i++) {
        dmm_free(a->dx[i]);
        dmm_free(a->dg[i]);
    }
}

static int pairs_to_keep(const dmm_dictionary *d)
{
    const size_t pairs = d->n_features / (2 * d->n_taxa_columns);
    if (pairs < LEAST_MEMORY)
        return LEAST_MEMORY;
    return pairs < MEMORY ? (int)pairs : MEMORY;
}

static dmm_status accelerator_init(accelerator *a, dmm_em *em)
{
    const dmm_parameters *p = em->parameters;
    memset(a, 0, sizeof *a);
    a->em = em;
    a->n_lambda = p->n_taxa_columns * p->kp;
    a->n = a->n_lambda + p->kp;
    a->x = DMM_NEW(a->n, double);
    a->gradient = DMM_NEW(a->n, double);
    a->last_gradient = DMM_NEW(a->n, double);
    a->direction = DMM_NEW(a->n, double);
    a->held = DMM_NEW(p->k, unsigned char);
    int complete = a->x && a->gradient && a->last_gradient && a->direction &&
                   a->held;
    a->memory = pairs_to_keep(&em->counts->dictionary);
    for (int i = 0; i < a->memory; i++) {
        a->dx[i] = DMM_NEW(a->n, double);
        a->dg[i] = DMM_NEW(a->n, double);
        complete = complete && a->dx[i] && a->dg[i];
    }
    return complete ? DMM_OK : DMM_ERROR_MEMORY;
}

/* Eight sums in turn, so that additions do not wait for each other. */
static double dot(const double *a, const double *b, size_t n)
{
    double s[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t q = 0; q < 8; q++)
            s[q] += a[i + q] * b[i + q];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

static void get_position(const accelerator *a, double *x)
{
    const dmm_parameters *p = a->em->parameters;
    memcpy(x, p->lambda, a->n_lambda * sizeof *x);
    memcpy(x + a->n_lambda, p->log_weight, p->kp * sizeof *x);
}

/* What a component has by its weight, in samples. */
static double expected_samples(const dmm_em *em, size_t k)
{
    return (double)em->counts->n_samples * exp(em->parameters->log_weight[k]);
}

static int is_empty(const dmm_em *em, size_t k)
{
    return expected_samples(em, k) < 2 * DMM_EMPTY_WEIGHT &&
           em->sums->weight[k] < 2 * DMM_EMPTY_WEIGHT;
}

/* Whether a component has emptied or filled since the start: the weight of an
 * empty one has no gradient, would fall for ever, and is EM's to hold. */
static int emptiness_changed(const accelerator *a)
{
    for (size_t k = 0; k < a->em->parameters->k; k++)
        if (is_empty(a->em, k) != a->held[k])
            return 1;
    return 0;
}

/* Gradient of NLE at the evaluated parameters; in the log weights, which need
 * not be normalised, it is N pi_k - sum z_ik. */
static void get_gradient(const accelerator *a, double *gradient)
{
    const dmm_em *em = a->em;
    const dmm_parameters *p = em->parameters;
    const dmm_dictionary *d = &em->counts->dictionary;
    for (size_t j = 0; j < p->n_taxa_columns; j++)
        for (size_t k = 0; k < p->kp; k++)
            gradient[j * p->kp + k] =
                k < p->k ? d->multiplicity[j] *
                               em->newton->gradient[j * p->kp + k]
                         : 0;
    for (size_t k = 0; k < p->kp; k++)
        gradient[a->n_lambda + k] =
            k < p->k && !a->held[k]
                ? expected_samples(em, k) - em->sums->weight[k]
                : 0;
}

/* x = H0^-1 x with the complete-data Hessian; a weight's is its number of
 * samples, of the two that agree at the optimum their mean, so that the step of
 * a component that empties is bounded. */
static void precondition(const accelerator *a, double *x)
{
    const dmm_em *em = a->em;
    const dmm_parameters *p = em->parameters;
    for (size_t k = 0; k < p->k; k++) {
        dmm_newton_solve(em->newton, p, &em->counts->dictionary, k, x, x);
        x[a->n_lambda + k] /=
            (expected_samples(em, k) + em->sums->weight[k]) / 2 +
            DMM_EMPTY_WEIGHT;
    }
}

static void limit_step(double *direction, size_t n)
{
    double longest = 0;
    for (size_t i = 0; i < n; i++)
        longest = fabs(direction[i]) > longest ? fabs(direction[i]) : longest;
    if (longest <= LONGEST_STEP)
        return;
    for (size_t i = 0; i < n; i++)
        direction[i] *= LONGEST_STEP / longest;
}

/* The two-loop recursion; returns gradient . direction. */
static double find_direction(accelerator *a)
{
    double *d = a->direction;
    double alpha[MEMORY];
    const int kept = a->pairs < a->memory ? a->pairs : a->memory;
    memcpy(d, a->gradient, a->n * sizeof *d);
    for (int age = 0; age < kept; age++) {
        const int i = (a->pairs - 1 - age) % a->memory;
        alpha[i] = a->curvature[i] * dot(a->dx[i], d, a->n);
        for (size_t e = 0; e < a->n; e++)
            d[e] -= alpha[i] * a->dg[i][e];
    }
    precondition(a, d);
    for (int age = kept - 1; age >= 0; age--) {
        const int i = (a->pairs - 1 - age) % a->memory;
        const double beta = a->curvature[i] * dot(a->dg[i], d, a->n);
        for (size_t e = 0; e < a->n; e++)
            d[e] += (alpha[i] - beta) * a->dx[i][e];
    }
    for (size_t e = 0; e < a->n; e++)
        d[e] = -d[e];
    limit_step(d, a->n);
    return dot(a->gradient, d, a->n);
}

/* EM's own direction: what the recursion gives without memory. */
static double forget(accelerator *a)
{
    a->pairs = 0;
    return find_direction(a);
}

static void move(accelerator *a, double length)
{
    dmm_parameters *p = a->em->parameters;
    for (size_t e = 0; e < a->n_lambda; e++)
        p->lambda[e] = a->x[e] + length * a->direction[e];
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] =
            a->x[a->n_lambda + k] + length * a->direction[a->n_lambda + k];
    dmm_parameters_normalise_weights(p);
    dmm_em_evaluate(a->em);
}

/* Moves along the direction until NLE decreases; *slope is gradient .
 * direction, of EM's direction if the memory had to be dropped. Returns the
 * length of the step, 0 when there is none (then the parameters stay). */
static double search(accelerator *a, double *slope)
{
    const double before = a->em->nle;
    double length = 1;
    for (int tries = 1; tries <= MAX_BACKTRACKS; tries++) {
        move(a, length);
        const double now = a->em->nle;
        if (now <= before + ARMIJO * length * *slope + dmm_em_rounding(before))
            return length;
        if (tries == FORGET_AFTER && a->pairs > 0) {
            move(a, 0);
            *slope = forget(a);
            length = 1;
            continue;
        }
        const double vertex = -*slope * length * length /
                              (2 * (now - before - *slope * length));
        if (!(vertex > 0.1 * length))
            length *= 0.1;
        else
            length = vertex < 0.5 * length ? vertex : 0.5 * length;
    }
    move(a, 0);
    return 0;
}

static void remember(accelerator *a, double length)
{
    const int i = a->pairs % a->memory;
    for (size_t e = 0; e < a->n; e++) {
        a->dx[i][e] = length * a->direction[e];
        a->dg[i][e] = a->gradient[e] - a->last_gradient[e];
    }
    const double curvature = dot(a->dx[i], a->dg[i], a->n);
    const double size = sqrt(dot(a->dx[i], a->dx[i], a->n) *
                             dot(a->dg[i], a->dg[i], a->n));
    if (curvature > LEAST_CURVATURE * size) {
        a->curvature[i] = 1 / curvature;
        a->pairs++;
    }
}

dmm_status dmm_accelerate_run(dmm_em *em)
{
    accelerator a;
    dmm_status status = accelerator_init(&a, em);
    if (status != DMM_OK)
        goto done;
    for (size_t k = 0; k < em->parameters->k; k++)
        a.held[k] = (unsigned char)is_empty(em, k);
    get_gradient(&a, a.gradient);
    while (!em->converged && em->iterations < em->control->max_iterations &&
           !emptiness_changed(&a)) {
        const double before = em->nle;
        get_position(&a, a.x);
        double slope = find_direction(&a);
        if (!(slope < 0))
            slope = forget(&a);
        const double length = search(&a, &slope);
        memcpy(a.last_gradient, a.gradient, a.n * sizeof(double));
        get_gradient(&a, a.gradient);
        remember(&a, length);
        status = dmm_em_tick(em, em->nle - before, &em->converged);
        if (status != DMM_OK)
            goto done;
    }
done:
    accelerator_free(&a);
    return status;
}
