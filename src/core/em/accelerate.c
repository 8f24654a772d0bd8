#include "em/accelerate.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "simd/kernels.h"

/* Acceleration begins after this many iterations in a row that each changed NLE
 * less than the one before, and when the last of these changes is more than
 * READY_RATIO of the one before it. Where EM leaves a saddle, changes are small
 * as well, but they grow; accelerated there, fits end in worse optima. */
#define LEAST_SHRINKING 3
#define READY_RATIO 0.3
/* The most and least pairs of differences that L-BFGS remembers. */
#define MEMORY 8
#define LEAST_MEMORY 3
/* The largest change of a lambda or log weight in one step. */
#define LONGEST_STEP 3.0
/* Armijo condition: a step is accepted when NLE falls by at least this fraction
 * of the decrease that the slope predicts. */
#define ARMIJO 1e-4
#define MAX_BACKTRACKS 25
/* Failed trials of a step after which all pairs are dropped. */
#define FORGET_AFTER 3
/* A pair is kept when the cosine of the angle between its two differences is
 * larger than this, that is, positive beyond rounding. */
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

/* Positions and gradients are [lambda (n_taxa_columns x kp) | log weight
 * (kp)]. */
typedef struct {
    dmm_em *em;
    size_t n_lambda;
    size_t n;
    double *gradient;  /* em->newton's, then that of the log weights */
    double *direction; /* the buffer of em->newton's step            */
    /* A ring of pairs: the changes of position and gradient over the last
     * steps. During a step, its own slot holds the position and gradient at
     * which the step begins. */
    double *dx[MEMORY], *dg[MEMORY];
    double curvature[MEMORY]; /* 1 / (dx . dg)            */
    int memory;               /* slots of the ring        */
    int pairs;                /* pairs in it              */
    int current;              /* the slot of this step    */
    /* k: whether the component is empty, or samples have weights of their own.
     * If so, the gradient in its log weight is taken as 0, so that steps leave
     * the weight alone. */
    unsigned char *held;
} accelerator;

static void accelerator_free(accelerator *a)
{
    dmm_free(a->held);
    for (int i = 0; i < MEMORY; i++) {
        dmm_free(a->dx[i]);
        dmm_free(a->dg[i]);
    }
}

static dmm_status accelerator_init(accelerator *a, dmm_em *em)
{
    const dmm_parameters *p = em->parameters;
    memset(a, 0, sizeof *a);
    a->em = em;
    a->n_lambda = p->n_taxa_columns * p->kp;
    a->n = a->n_lambda + p->kp;
    a->gradient = em->newton->gradient;
    a->direction = em->newton->step;
    a->held = DMM_NEW(p->k, unsigned char);
    int complete = a->held != NULL;
    a->memory =
        dmm_dictionary_pairs(&em->counts->dictionary, LEAST_MEMORY, MEMORY);
    for (int i = 0; i < a->memory; i++) {
        a->dx[i] = DMM_NEW(a->n, double);
        a->dg[i] = DMM_NEW(a->n, double);
        complete = complete && a->dx[i] && a->dg[i];
    }
    return complete ? DMM_OK : DMM_ERROR_MEMORY;
}

static void get_position(const accelerator *a, double *x)
{
    const dmm_parameters *p = a->em->parameters;
    memcpy(x, p->lambda, a->n_lambda * sizeof *x);
    memcpy(x + a->n_lambda, p->log_weight, p->kp * sizeof *x);
}

/* N pi_k. */
static double expected_samples(const dmm_em *em, size_t k)
{
    return (double)em->counts->n_samples * exp(em->parameters->log_weight[k]);
}

static int is_empty(const dmm_em *em, size_t k)
{
    return expected_samples(em, k) < 2 * DMM_EMPTY_WEIGHT &&
           em->sums->weight[k] < 2 * DMM_EMPTY_WEIGHT;
}

/* Whether a component has become empty, or an empty one has gained samples,
 * since acceleration began. The log weight of an empty component would decrease
 * without end; plain EM holds it at DMM_EMPTY_WEIGHT. */
static int emptiness_changed(const accelerator *a)
{
    for (size_t k = 0; k < a->em->parameters->k; k++)
        if (!a->em->chunk->log_prior && is_empty(a->em, k) != a->held[k])
            return 1;
    return 0;
}

/* The gradient of NLE in the log weights at evaluated parameters:
 * N pi_k - sum_i z_ik. The log weights are taken as free variables, and move()
 * normalises them. */
static void find_weights_gradient(accelerator *a)
{
    const dmm_em *em = a->em;
    const dmm_parameters *p = em->parameters;
    for (size_t k = 0; k < p->kp; k++)
        a->gradient[a->n_lambda + k] =
            k < p->k && !a->held[k]
                ? expected_samples(em, k) - em->sums->weight[k]
                : 0;
}

/* x = H0^-1 x, where H0 is the complete-data Hessian. For a log weight it is
 * the component's number of samples. At the optimum N pi_k and sum_i z_ik are
 * the same number; elsewhere their mean is taken, which bounds the step of a
 * component that is losing its samples. */
static void precondition(const accelerator *a, double *x)
{
    const dmm_em *em = a->em;
    const dmm_parameters *p = em->parameters;
    dmm_newton_solve(em->newton, p, &em->counts->dictionary, x, x);
    for (size_t k = 0; k < p->k; k++)
        x[a->n_lambda + k] /=
            (expected_samples(em, k) + em->sums->weight[k]) / 2 +
            DMM_EMPTY_WEIGHT;
}

/* Shortens the whole direction, so that it stays a descent direction. */
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

/* The slot of the pair that is `age` steps old. */
static int pair_of(const accelerator *a, int age)
{
    return (a->current - age + a->memory) % a->memory;
}

/* L-BFGS's two-loop recursion. Returns the slope, gradient . direction. */
static double find_direction(accelerator *a)
{
    const dmm_kernels *kernels = dmm_kernels_active();
    double *d = a->direction;
    double alpha[MEMORY];
    memcpy(d, a->gradient, a->n * sizeof *d);
    for (int age = 1; age <= a->pairs; age++) {
        const int i = pair_of(a, age);
        alpha[i] = a->curvature[i] * kernels->dot(a->n, a->dx[i], d);
        kernels->add_scaled(a->n, -alpha[i], a->dg[i], d);
    }
    precondition(a, d);
    for (int age = a->pairs; age > 0; age--) {
        const int i = pair_of(a, age);
        const double beta =
            a->curvature[i] * kernels->dot(a->n, a->dg[i], d);
        kernels->add_scaled(a->n, alpha[i] - beta, a->dx[i], d);
    }
    for (size_t e = 0; e < a->n; e++)
        d[e] = -d[e];
    limit_step(d, a->n);
    return kernels->dot(a->n, a->gradient, d);
}

/* Drops all pairs, which leaves -H0^-1 gradient as the direction: about that of
 * a plain EM iteration. Returns the slope. */
static double forget(accelerator *a)
{
    a->pairs = 0;
    return find_direction(a);
}

/* Stores where the step begins, in the slot of the oldest pair if the ring is
 * full. */
static void begin_step(accelerator *a)
{
    get_position(a, a->dx[a->current]);
    memcpy(a->dg[a->current], a->gradient, a->n * sizeof(double));
    if (a->pairs == a->memory)
        a->pairs--;
}

/* Evaluates the parameters at `length` times the direction from where the step
 * began. */
static void move(accelerator *a, double length)
{
    dmm_parameters *p = a->em->parameters;
    const double *x = a->dx[a->current];
    memcpy(p->lambda, x, a->n_lambda * sizeof *x);
    dmm_kernels_active()->add_scaled(a->n_lambda, length, a->direction,
                                     p->lambda);
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] =
            x[a->n_lambda + k] + length * a->direction[a->n_lambda + k];
    dmm_parameters_normalise_weights(p);
    dmm_em_evaluate(a->em);
    find_weights_gradient(a);
}

/* Backtracking line search. Drops the pairs and begins again when the first
 * trials fail; *slope, on entry that of the direction, is then that of the new
 * one. Returns the length of the accepted step, or 0 when there is none, with
 * the parameters where the step began. */
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
        /* The minimum of the parabola through both NLEs with this slope. */
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

/* Makes a pair of the step that was taken, and keeps it if its curvature is
 * positive, as BFGS requires. */
static void remember(accelerator *a, double length)
{
    const dmm_kernels *kernels = dmm_kernels_active();
    double *dx = a->dx[a->current], *dg = a->dg[a->current];
    for (size_t e = 0; e < a->n; e++) {
        dx[e] = length * a->direction[e];
        dg[e] = a->gradient[e] - dg[e];
    }
    const double curvature = kernels->dot(a->n, dx, dg);
    const double size =
        sqrt(kernels->dot(a->n, dx, dx) * kernels->dot(a->n, dg, dg));
    if (curvature > LEAST_CURVATURE * size) {
        a->curvature[a->current] = 1 / curvature;
        a->current = (a->current + 1) % a->memory;
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
        a.held[k] = em->chunk->log_prior || is_empty(em, k);
    find_weights_gradient(&a);
    while (!em->converged && em->iterations < em->control->max_iterations &&
           !emptiness_changed(&a)) {
        const double before = em->nle;
        double slope = find_direction(&a);
        if (!(slope < 0))
            slope = forget(&a);
        begin_step(&a);
        const double length = search(&a, &slope);
        remember(&a, length);
        status = dmm_em_tick(em, em->nle - before, &em->converged);
        if (status != DMM_OK)
            goto done;
    }
done:
    accelerator_free(&a);
    return status;
}
