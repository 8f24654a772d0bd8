#include "em/bfgs.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "simd/kernels.h"

/* GSL's settings: length of the first step, accuracy of the line search, norm
 * of the gradient at convergence, and the most iterations. */
#define FIRST_STEP 0.1
#define LINE_TOLERANCE 0.1
#define GRADIENT_TOLERANCE 1e-5
#define MAX_ITERATIONS 2000

/* The problem of one component. Arrays are copies without padding: kp is 1. */
typedef struct {
    const dmm_dictionary *dictionary;
    dmm_prior prior;
    double *histogram; /* n_features */
    double *lambda;    /* n_columns  */
    double *alpha;     /* n_columns  */
    double *digamma;   /* n_columns  */
    double *trigamma;  /* n_columns  */
} component;

static void component_free(component *c)
{
    dmm_free(c->histogram);
    dmm_free(c->lambda);
    dmm_free(c->alpha);
    dmm_free(c->digamma);
    dmm_free(c->trigamma);
}

static dmm_status component_init(component *c, const dmm_chunk *chunk,
                                 const dmm_parameters *p, size_t k)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    memset(c, 0, sizeof *c);
    c->dictionary = d;
    c->prior = p->prior;
    c->histogram = DMM_NEW(d->n_features, double);
    c->lambda = DMM_NEW(d->n_columns, double);
    c->alpha = DMM_NEW(d->n_columns, double);
    c->digamma = DMM_NEW(d->n_columns, double);
    c->trigamma = DMM_NEW(d->n_columns, double);
    if (!c->histogram || !c->lambda || !c->alpha || !c->digamma ||
        !c->trigamma)
        return DMM_ERROR_MEMORY;
    for (size_t f = 0; f < d->n_features; f++)
        c->histogram[f] = chunk->histogram[f * chunk->kp + k];
    return DMM_OK;
}

/* F_k at lambda = x. Leaves alpha and the digamma sums for
 * component_gradient(). */
static double component_objective(component *c, const gsl_vector *x)
{
    const dmm_dictionary *d = c->dictionary;
    double theta = 0, sum = 0, lgamma = 0;
    for (size_t j = 0; j < d->n_taxa_columns; j++) {
        double l = gsl_vector_get(x, j);
        l = l < DMM_LAMBDA_LIMIT ? l : DMM_LAMBDA_LIMIT;
        c->lambda[j] = l > -DMM_LAMBDA_LIMIT ? l : -DMM_LAMBDA_LIMIT;
        c->alpha[j] = exp(c->lambda[j]);
        theta += d->multiplicity[j] * c->alpha[j];
        sum += d->multiplicity[j] * c->lambda[j];
    }
    for (size_t j = d->n_taxa_columns; j < d->n_columns; j++) {
        c->alpha[j] = theta;
        c->lambda[j] = log(theta);
    }
    for (size_t g = 0; g < d->n_groups; g++) {
        double part;
        dmm_kernels_active()->difference_sums(
            d, 1, c->alpha, c->lambda, c->histogram, d->group[g],
            d->group[g + 1], &part, c->digamma, c->trigamma);
        lgamma += part;
    }
    return c->prior.nu * theta - c->prior.eta * sum - lgamma;
}

static void component_gradient(const component *c, gsl_vector *gradient)
{
    const dmm_dictionary *d = c->dictionary;
    double totals = 0;
    for (size_t j = d->n_taxa_columns; j < d->n_columns; j++)
        totals += c->digamma[j];
    for (size_t j = 0; j < d->n_taxa_columns; j++)
        gsl_vector_set(gradient, j,
                       d->multiplicity[j] *
                           (c->alpha[j] *
                                (c->prior.nu - c->digamma[j] + totals) -
                            c->prior.eta));
}

static double call_f(const gsl_vector *x, void *c)
{
    return component_objective(c, x);
}

static void call_df(const gsl_vector *x, void *c, gsl_vector *gradient)
{
    component_objective(c, x);
    component_gradient(c, gradient);
}

static void call_fdf(const gsl_vector *x, void *c, double *f,
                     gsl_vector *gradient)
{
    *f = component_objective(c, x);
    component_gradient(c, gradient);
}

typedef struct {
    dmm_chunk *chunk;
    dmm_parameters *p;
    const dmm_control *control;
    atomic_int interrupted;
    dmm_status *status; /* k */
    int *iterations;    /* k */
} bfgs;

/* Whether the user wants to stop. Only thread 0, the thread that called
 * dmm_bfgs_run(), may call the callback; the others read its answer. */
static int interrupted(bfgs *b, const dmm_worker *worker)
{
    if (atomic_load(&b->interrupted))
        return 1;
    if (worker->number != 0 || b->control->interrupt == NULL ||
        !b->control->interrupt(b->control->user))
        return 0;
    atomic_store(&b->interrupted, 1);
    return 1;
}

/* Iterates until the gradient is small or GSL reports an error, which is
 * GSL_ENOPROG where rounding keeps F_k from decreasing further. */
static dmm_status iterate(bfgs *b, const dmm_worker *worker,
                          gsl_multimin_fdfminimizer *minimiser, int *iterations)
{
    int going = GSL_CONTINUE;
    while (going == GSL_CONTINUE && *iterations < MAX_ITERATIONS) {
        if (interrupted(b, worker))
            return DMM_ERROR_INTERRUPTED;
        if (gsl_multimin_fdfminimizer_iterate(minimiser) != GSL_SUCCESS)
            break;
        (*iterations)++;
        going = gsl_multimin_test_gradient(minimiser->gradient,
                                           GRADIENT_TOLERANCE);
    }
    return isfinite(minimiser->f) ? DMM_OK : DMM_ERROR_NUMERIC;
}

static dmm_status minimise(bfgs *b, const dmm_worker *worker, size_t k)
{
    dmm_parameters *p = b->p;
    const size_t n = p->n_taxa_columns;
    component c;
    gsl_multimin_fdfminimizer *minimiser = NULL;
    gsl_vector *x = NULL;
    dmm_status status = component_init(&c, b->chunk, p, k);
    if (status != DMM_OK)
        goto done;
    status = DMM_ERROR_MEMORY;
    minimiser = gsl_multimin_fdfminimizer_alloc(
        gsl_multimin_fdfminimizer_vector_bfgs2, n);
    x = gsl_vector_alloc(n);
    if (!minimiser || !x)
        goto done;
    for (size_t j = 0; j < n; j++)
        gsl_vector_set(x, j, p->lambda[j * p->kp + k]);
    gsl_multimin_function_fdf problem = {call_f, call_df, call_fdf, n, &c};
    status = DMM_ERROR_NUMERIC;
    if (gsl_multimin_fdfminimizer_set(minimiser, &problem, x, FIRST_STEP,
                                      LINE_TOLERANCE) != GSL_SUCCESS)
        goto done;
    status = iterate(b, worker, minimiser, &b->iterations[k]);
    for (size_t j = 0; status == DMM_OK && j < n; j++)
        p->lambda[j * p->kp + k] = gsl_vector_get(minimiser->x, j);
done:
    if (x)
        gsl_vector_free(x);
    if (minimiser)
        gsl_multimin_fdfminimizer_free(minimiser);
    component_free(&c);
    return status;
}

static void minimise_task(const dmm_worker *worker, void *data)
{
    bfgs *b = data;
    size_t k;
    while (dmm_team_next(worker, b->p->k, &k))
        b->status[k] = minimise(b, worker, k);
}

dmm_status dmm_bfgs_run(dmm_team *team, dmm_chunk *chunk, dmm_parameters *p,
                        const dmm_control *control, int *iterations)
{
    bfgs b = {.chunk = chunk, .p = p, .control = control};
    dmm_status status = DMM_ERROR_MEMORY;
    *iterations = 0;
    b.status = DMM_NEW(p->k, dmm_status);
    b.iterations = DMM_NEW(p->k, int);
    if (!b.status || !b.iterations)
        goto done;
    /* GSL's default handler calls abort(). */
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    dmm_team_do(team, minimise_task, &b);
    gsl_set_error_handler(handler);
    status = DMM_OK;
    for (size_t k = 0; k < p->k; k++) {
        if (status == DMM_OK)
            status = b.status[k];
        if (b.iterations[k] > *iterations)
            *iterations = b.iterations[k];
    }
done:
    dmm_free(b.status);
    dmm_free(b.iterations);
    return status;
}
