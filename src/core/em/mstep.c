#include "em/mstep.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "em/histogram.h"

/* Armijo condition: a step is accepted when F_k falls by at least this fraction
 * of the decrease that the slope predicts. */
#define ARMIJO 1e-4
/* Relative rise of F_k that counts as rounding error. */
#define OBJECTIVE_ROUNDING 1e-12
#define MAX_BACKTRACKS 30

dmm_status dmm_newton_new(const dmm_parameters *p, const dmm_dictionary *d,
                          dmm_sums *sums, dmm_newton **result)
{
    *result = NULL;
    dmm_newton *newton = DMM_NEW(1, dmm_newton);
    if (!newton)
        return DMM_ERROR_MEMORY;
    newton->k = p->k;
    newton->kp = p->kp;
    newton->gradient = sums->digamma;
    newton->curvature = sums->trigamma;
    newton->step = DMM_NEW2(p->n_taxa_columns + 1, p->kp, double);
    newton->s2 = DMM_NEW(p->kp, double);
    newton->rank_one = DMM_NEW(p->kp, double);
    newton->den = DMM_NEW(p->kp, double);
    newton->decrease = DMM_NEW(p->kp, double);
    newton->part = DMM_NEW2(d->n_taxa_groups, 2 * p->kp, double);
    if (!newton->step || !newton->s2 || !newton->rank_one || !newton->den ||
        !newton->decrease || !newton->part) {
        dmm_newton_free(newton);
        return DMM_ERROR_MEMORY;
    }
    *result = newton;
    return DMM_OK;
}

void dmm_newton_free(dmm_newton *newton)
{
    if (newton == NULL)
        return;
    dmm_free(newton->step);
    dmm_free(newton->s2);
    dmm_free(newton->rank_one);
    dmm_free(newton->den);
    dmm_free(newton->decrease);
    dmm_free(newton->part);
    dmm_free(newton);
}

/* Gradient and curvature of one group of taxa, and its partial sums s1, s2. */
static void group_gradient(dmm_newton *newton, const dmm_parameters *p,
                           const dmm_dictionary *d, const dmm_sums *sums,
                           size_t group)
{
    const size_t kp = p->kp;
    const double eta = p->prior.eta, nu = p->prior.nu;
    double *s1 = newton->part + 2 * group * kp, *s2 = s1 + kp;
    for (size_t k = 0; k < kp; k++)
        s1[k] = s2[k] = 0;
    for (size_t j = d->group[group]; j < d->group[group + 1]; j++) {
        const double m = d->multiplicity[j];
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            const double a = p->alpha[at];
            const double g =
                m *
                (a * (nu - sums->digamma[at] + sums->total_digamma[k]) - eta);
            const double q =
                sums->trigamma[at] < 0 ? -sums->trigamma[at] : 0;
            const double h = (g > 0 ? g : 0) + m * (eta + a * a * q);
            const double ratio = m * (a / h);
            newton->gradient[at] = g;
            newton->curvature[at] = h;
            s1[k] += ratio * (m * a);
            s2[k] += ratio * g;
        }
        for (size_t k = newton->k; k < kp; k++)
            newton->gradient[j * kp + k] = 0;
    }
}

/* Step of one group of taxa, and its part of the predicted decrease. */
static void group_step(dmm_newton *newton, const dmm_parameters *p,
                       const dmm_dictionary *d, size_t group)
{
    const size_t kp = p->kp;
    double *decrease = newton->part + 2 * group * kp;
    double *correction = decrease + kp;
    for (size_t k = 0; k < kp; k++) {
        decrease[k] = 0;
        correction[k] =
            newton->rank_one[k] * newton->s2[k] / newton->den[k];
    }
    for (size_t j = d->group[group]; j < d->group[group + 1]; j++) {
        const double m = d->multiplicity[j];
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            const double g = newton->gradient[at];
            double step =
                (correction[k] * (m * p->alpha[at]) - g) /
                newton->curvature[at];
            step = step < DMM_NEWTON_LONGEST ? step : DMM_NEWTON_LONGEST;
            step = step > -DMM_NEWTON_LONGEST ? step : -DMM_NEWTON_LONGEST;
            newton->step[at] = step;
            decrease[k] -= g * step;
        }
    }
}

/* Adds up s1 and s2 over the groups, and damps the rank-one term. */
static void sum_rank_one(dmm_newton *newton, const dmm_sums *sums,
                         size_t groups)
{
    const size_t kp = newton->kp;
    for (size_t k = 0; k < kp; k++) {
        double s1 = 0, s2 = 0;
        for (size_t g = 0; g < groups; g++) {
            s1 += newton->part[2 * g * kp + k];
            s2 += newton->part[(2 * g + 1) * kp + k];
        }
        newton->s2[k] = s2;
        newton->rank_one[k] = sums->total_trigamma[k];
        newton->den[k] = 1 + newton->rank_one[k] * s1;
        if (newton->den[k] < DMM_NEWTON_LEAST_DEN) {
            newton->den[k] = DMM_NEWTON_LEAST_DEN;
            newton->rank_one[k] = (DMM_NEWTON_LEAST_DEN - 1) / s1;
        }
    }
}

void dmm_newton_model(const dmm_worker *worker, dmm_newton *newton,
                      const dmm_parameters *p, const dmm_dictionary *d,
                      const dmm_sums *sums)
{
    size_t begin, end;
    dmm_team_split(worker, d->n_taxa_groups, &begin, &end);
    for (size_t g = begin; g < end; g++)
        group_gradient(newton, p, d, sums, g);
    if (dmm_team_enter(worker)) {
        sum_rank_one(newton, sums, d->n_taxa_groups);
        dmm_team_leave(worker);
    }
}

void dmm_newton_step(const dmm_worker *worker, dmm_newton *newton,
                     const dmm_parameters *p, const dmm_dictionary *d)
{
    const size_t kp = p->kp, groups = d->n_taxa_groups;
    size_t begin, end;
    dmm_team_split(worker, groups, &begin, &end);
    for (size_t g = begin; g < end; g++)
        group_step(newton, p, d, g);
    if (dmm_team_enter(worker)) {
        for (size_t k = 0; k < kp; k++) {
            newton->decrease[k] = 0;
            for (size_t g = 0; g < groups; g++)
                newton->decrease[k] += newton->part[2 * g * kp + k];
        }
        dmm_team_leave(worker);
    }
}

/* The curvature leaves out a negative g, which the exact diagonal includes. */
double dmm_newton_diagonal(const dmm_newton *newton, size_t at)
{
    const double g = newton->gradient[at];
    return newton->curvature[at] + (g < 0 ? g : 0);
}

void dmm_newton_solve(dmm_newton *newton, const dmm_parameters *p,
                      const dmm_dictionary *d, const double *rhs, double *x)
{
    const size_t kp = p->kp;
    double *correction = newton->part;
    for (size_t k = 0; k < kp; k++)
        correction[k] = 0;
    for (size_t j = 0; j < d->n_taxa_columns; j++)
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            correction[k] += d->multiplicity[j] * p->alpha[at] * rhs[at] /
                             newton->curvature[at];
        }
    for (size_t k = 0; k < kp; k++)
        correction[k] *= newton->rank_one[k] / newton->den[k];
    for (size_t j = 0; j < d->n_taxa_columns; j++)
        for (size_t k = 0; k < kp; k++) {
            const size_t at = j * kp + k;
            const double a = d->multiplicity[j] * p->alpha[at];
            x[at] = (rhs[at] - correction[k] * a) / newton->curvature[at];
        }
}

/* ---- To convergence --------------------------------------------------- */

/* A line search of all components at once, each with its own step length. */
typedef struct {
    double *before;    /* n_taxa_columns x kp: lambda before the step */
    double *objective; /* kp: F_k before the step                     */
    double *length;    /* kp: of the trial step                       */
    unsigned char *done;     /* kp: converged                         */
    unsigned char *accepted; /* kp: the trial step is accepted        */
} line_search;

static dmm_status line_search_init(line_search *s, const dmm_parameters *p)
{
    s->before = DMM_NEW2(p->n_taxa_columns, p->kp, double);
    s->objective = DMM_NEW(p->kp, double);
    s->length = DMM_NEW(p->kp, double);
    s->done = DMM_NEW(p->kp, unsigned char);
    s->accepted = DMM_NEW(p->kp, unsigned char);
    return s->before && s->objective && s->length && s->done && s->accepted
               ? DMM_OK
               : DMM_ERROR_MEMORY;
}

static void line_search_free(line_search *s)
{
    dmm_free(s->before);
    dmm_free(s->objective);
    dmm_free(s->length);
    dmm_free(s->done);
    dmm_free(s->accepted);
}

/* For a component whose Newton step predicts no decrease: replaces it by the
 * step of Minka's fixed-point iteration (2000, here with the prior),
 *   alpha <- (alpha P + eta) / (nu + B) = alpha - g / (m (nu + B)),
 * which never raises F_k. */
static void fixed_point_step(dmm_newton *newton, const dmm_parameters *p,
                             const dmm_dictionary *d, const dmm_sums *sums,
                             size_t k)
{
    const size_t kp = p->kp;
    const double slope = p->prior.nu + sums->total_digamma[k];
    const double least = p->prior.eta / slope;
    newton->decrease[k] = 0;
    for (size_t j = 0; j < d->n_taxa_columns; j++) {
        const size_t at = j * kp + k;
        const double next = p->alpha[at] - newton->gradient[at] /
                                               (d->multiplicity[j] * slope);
        newton->step[at] =
            log(next > least ? next : least) - p->lambda[at];
        newton->decrease[k] -= newton->gradient[at] * newton->step[at];
    }
}

/* F_k at fresh parameters and their sums. */
static double objective(const dmm_parameters *p, const dmm_sums *sums, size_t k)
{
    return dmm_parameters_penalty(p, k) - sums->lgamma[k];
}

/* The data of an M-step's tasks. */
typedef struct {
    dmm_chunk *chunk;
    dmm_parameters *p;
    dmm_sums *sums;
    dmm_newton *newton;
} mstep;

static void sums_task(const dmm_worker *worker, void *data)
{
    const mstep *m = data;
    dmm_parameters_refresh(worker, m->p, &m->chunk->counts->dictionary);
    dmm_histogram_sums(worker, m->chunk, m->p, m->sums);
}

static void step_task(const dmm_worker *worker, void *data)
{
    const mstep *m = data;
    const dmm_dictionary *d = &m->chunk->counts->dictionary;
    dmm_newton_model(worker, m->newton, m->p, d, m->sums);
    dmm_newton_step(worker, m->newton, m->p, d);
}

static void set_lambda(dmm_parameters *p, const line_search *s,
                       const dmm_newton *newton, size_t k, double length)
{
    const size_t kp = p->kp;
    for (size_t j = 0; j < p->n_taxa_columns; j++)
        p->lambda[j * kp + k] =
            s->before[j * kp + k] + length * newton->step[j * kp + k];
}

/* Backtracking line search of all components that are not done. A component
 * whose F_k no trial decreases is done and keeps its lambda. Leaves fresh
 * parameters and their sums. */
static void search(dmm_team *team, line_search *s, mstep *m)
{
    dmm_parameters *p = m->p;
    const double *decrease = m->newton->decrease;
    int tries = 0;
    for (size_t k = 0; k < p->k; k++) {
        s->accepted[k] = s->done[k];
        s->length[k] = 1;
    }
    for (int open = 1; open; tries++) {
        for (size_t k = 0; k < p->k; k++)
            if (!s->accepted[k])
                set_lambda(p, s, m->newton, k, s->length[k]);
        dmm_team_do(team, sums_task, m);
        open = 0;
        for (size_t k = 0; k < p->k; k++) {
            if (s->accepted[k])
                continue;
            const double f = objective(p, m->sums, k);
            if (f <= s->objective[k] - ARMIJO * s->length[k] * decrease[k] +
                         OBJECTIVE_ROUNDING * fabs(s->objective[k])) {
                s->accepted[k] = 1;
                continue;
            }
            open = 1;
            s->length[k] *= tries < 2 ? 0.5 : 0.25;
            if (tries >= MAX_BACKTRACKS) {
                s->length[k] = 0;
                s->done[k] = s->accepted[k] = 1;
                set_lambda(p, s, m->newton, k, 0);
            }
        }
    }
}

dmm_status dmm_mstep_run(dmm_team *team, dmm_chunk *chunk, dmm_parameters *p,
                         dmm_sums *sums, dmm_newton *newton, double tolerance,
                         int max_iterations, int *iterations)
{
    const dmm_dictionary *d = &chunk->counts->dictionary;
    mstep m = {chunk, p, sums, newton};
    line_search s;
    int iteration = 0;
    const dmm_status status = line_search_init(&s, p);
    if (status != DMM_OK)
        goto done;
    dmm_team_do(team, sums_task, &m);
    dmm_team_do(team, step_task, &m);
    for (; iteration < max_iterations; iteration++) {
        int open = 0;
        for (size_t k = 0; k < p->k; k++) {
            if (s.done[k])
                continue;
            if (!(newton->decrease[k] > 0))
                fixed_point_step(newton, p, d, sums, k);
            s.done[k] = !(newton->decrease[k] > 2 * tolerance);
            open += !s.done[k];
            s.objective[k] = objective(p, sums, k);
        }
        if (!open)
            break;
        memcpy(s.before, p->lambda,
               p->n_taxa_columns * p->kp * sizeof *s.before);
        search(team, &s, &m);
        dmm_team_do(team, step_task, &m);
    }
done:
    line_search_free(&s);
    *iterations = iteration;
    return status;
}
