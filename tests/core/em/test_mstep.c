/* Tests of em/mstep.c: Newton's method finds the minimum of F_k over lambda at
 * fixed responsibilities. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/histogram.h"
#include "em/mstep.h"
#include "helpers.h"

typedef struct {
    const table *t;
    model *m;
    dmm_taxa taxa;
    dmm_counts *counts;
    dmm_chunk *chunk;
    dmm_parameters *p;
    dmm_sums *sums;
    dmm_newton *newton;
    int iterations;
} mstep;

static void setup(dmm_team *team, mstep *s)
{
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_DENSE_INT);
    const size_t k = s->m->k;
    s->counts = build_counts(team, &matrix, s->taxa, k);
    CHECK(dmm_chunk_new(s->counts, k, &s->chunk) == DMM_OK);
    CHECK(dmm_parameters_new(s->counts, k,
                             (dmm_prior){s->m->eta, s->m->nu}, &s->p) ==
          DMM_OK);
    CHECK(dmm_sums_new(s->p, &s->sums) == DMM_OK);
    CHECK(dmm_newton_new(s->p, &s->counts->dictionary, s->sums,
                         &s->newton) == DMM_OK);
    dmm_parameters_set(s->p, s->counts, s->m->lambda, s->m->weight);
    for (size_t i = 0; i < s->m->n; i++)
        for (size_t c = 0; c < k; c++)
            s->chunk->z[i * s->chunk->kp + c] = s->m->z[c * s->m->n + i];
}

static void teardown(mstep *s)
{
    dmm_newton_free(s->newton);
    dmm_sums_free(s->sums);
    dmm_parameters_free(s->p);
    dmm_chunk_free(s->chunk);
    dmm_counts_free(s->counts);
}

static void direction_task(const dmm_worker *worker, void *data)
{
    mstep *s = data;
    const dmm_dictionary *d = &s->counts->dictionary;
    dmm_parameters_refresh(worker, s->p, d);
    dmm_histogram_make(worker, s->chunk);
    dmm_histogram_sums(worker, s->chunk, s->p, s->sums);
    dmm_newton_model(worker, s->newton, s->p, d, s->sums);
    dmm_newton_step(worker, s->newton, s->p, d);
}

/* ---- Gradient and direction --------------------------------------------- */

/* The gradient or curvature of one taxon. Merged taxa have equal parts of that
 * of their column. */
static double of_taxon(const mstep *s, const double *values, size_t j, size_t c)
{
    const size_t column = s->counts->column_of_taxon[j];
    return values[column * s->p->kp + c] /
           s->counts->dictionary.multiplicity[column];
}

/* Compares the gradient with that of the model, and with central differences of
 * its F. With a step of 1e-4, these have an error of 1e-8 times the third
 * derivative, which is of the order of the counts, and a rounding error of
 * 1e-16 |F| / 1e-4. */
static void check_gradient(const mstep *s)
{
    model *m = s->m;
    const double step = 1e-4;
    for (size_t c = 0; c < m->k; c++) {
        for (size_t j = 0; j < m->s; j++) {
            double *lambda = &m->lambda[c * m->s + j];
            const double g = of_taxon(s, s->newton->gradient, j, c);
            const double kept = *lambda;
            const double exact = m->gradient[c * m->s + j];
            const double scale = 1 + fabs(m->hessian[c * m->s + j]) +
                                 exp(kept) * (double)m->n;
            CHECK_NEAR(g, exact, 1e-11 * scale);
            /* The curvature is the Hessian's diagonal with 0 in place of a
             * negative gradient. */
            CHECK_NEAR(of_taxon(s, s->newton->curvature, j, c),
                       m->hessian[c * m->s + j] + fmax(-exact, 0),
                       1e-10 * scale * (1 + exp(kept)));
            *lambda = kept + step;
            const double above = model_objective(m, s->t, c);
            *lambda = kept - step;
            const double below = model_objective(m, s->t, c);
            *lambda = kept;
            CHECK_NEAR(g, (above - below) / (2 * step),
                       1e-7 * scale + 1e-11 * fabs(above));
        }
    }
}

/* The step solves H step = -g with H = diag(h) + E a a'. The reference solves
 * it by LU decomposition. */
static void check_direction(const mstep *s)
{
    const model *m = s->m;
    dmm_newton *w = s->newton;
    const size_t n = m->s, kp = s->p->kp;
    gsl_matrix *h = need(gsl_matrix_alloc(n, n));
    gsl_vector *g = need(gsl_vector_alloc(n)), *x = need(gsl_vector_alloc(n));
    gsl_permutation *order = need(gsl_permutation_alloc(n));
    double *solved = NEED(s->p->n_taxa_columns * kp, double);
    for (size_t c = 0; c < m->k; c++) {
        int sign;
        for (size_t i = 0; i < n; i++) {
            const size_t at = s->counts->column_of_taxon[i] * kp + c;
            gsl_vector_set(g, i, -of_taxon(s, w->gradient, i, c));
            for (size_t j = 0; j < n; j++) {
                const size_t to = s->counts->column_of_taxon[j] * kp + c;
                gsl_matrix_set(h, i, j,
                               w->rank_one[c] * s->p->alpha[at] *
                                       s->p->alpha[to] +
                                   (i == j ? of_taxon(s, w->curvature, i, c)
                                           : 0));
            }
            CHECK(w->curvature[at] > 0);
        }
        CHECK(w->den[c] >= 0.99 * DMM_NEWTON_LEAST_DEN);
        CHECK(w->rank_one[c] <= 0);
        gsl_linalg_LU_decomp(h, order, &sign);
        gsl_linalg_LU_solve(h, order, g, x);
        dmm_newton_solve(w, s->p, &s->counts->dictionary, w->gradient, solved);
        double promised = 0;
        for (size_t j = 0; j < n; j++) {
            const size_t at = s->counts->column_of_taxon[j] * kp + c;
            const double exact = gsl_vector_get(x, j);
            const double clipped = fmax(fmin(exact, DMM_NEWTON_LONGEST),
                                        -DMM_NEWTON_LONGEST);
            /* den may be as small as 1e-3, which costs three digits. */
            CHECK_NEAR(w->step[at], clipped, 1e-9 * (1 + fabs(exact)));
            CHECK_NEAR(solved[at], -exact, 1e-9 * (1 + fabs(exact)));
            promised -= of_taxon(s, w->gradient, j, c) * w->step[at];
        }
        CHECK_NEAR(w->decrease[c], promised, 1e-10 * (1 + fabs(promised)));
    }
    gsl_matrix_free(h);
    gsl_vector_free(g);
    gsl_vector_free(x);
    gsl_permutation_free(order);
    free(solved);
}

/* ---- To the minimum ----------------------------------------------------- */

static void copy_lambda(mstep *s)
{
    for (size_t c = 0; c < s->m->k; c++)
        for (size_t j = 0; j < s->m->s; j++)
            s->m->lambda[c * s->m->s + j] =
                s->p->lambda[s->counts->column_of_taxon[j] * s->p->kp + c];
}

static void direction_work(dmm_team *team, void *data)
{
    mstep *s = data;
    setup(team, s);
    dmm_team_do(team, direction_task, s);
    check_gradient(s);
    check_direction(s);
    teardown(s);
}

/* F decreases, and at the end no step promises more than the tolerance. */
static void minimum_work(dmm_team *team, void *data)
{
    mstep *s = data;
    model *m = s->m;
    double *before = NEED(m->k, double);
    setup(team, s);
    dmm_team_do(team, direction_task, s);
    for (size_t c = 0; c < m->k; c++)
        before[c] = model_objective(m, s->t, c);
    CHECK(dmm_mstep_run(team, s->chunk, s->p, s->sums, s->newton, 1e-12, 300,
                        &s->iterations) == DMM_OK);
    CHECK(s->iterations < 300);
    copy_lambda(s);
    model_derivatives(m, s->t);
    for (size_t c = 0; c < m->k; c++) {
        CHECK_AT_MOST(m->objective[c],
                      before[c] + 1e-11 * (1 + fabs(before[c])));
        CHECK_NEAR(dmm_parameters_penalty(s->p, c) - s->sums->lgamma[c],
                   m->objective[c], 1e-11 * (1 + fabs(m->objective[c])));
        for (size_t j = 0; j < m->s; j++) {
            /* At the end a step promises a decrease of at most 2e-12, which
             * bounds g^2 / h. The rounding of F, 1e-12 of it, adds to this. */
            const double limit =
                sqrt((4e-12 + 4e-12 * fabs(m->objective[c])) *
                     of_taxon(s, s->newton->curvature, j, c) / 1e-3);
            CHECK_AT_MOST(fabs(m->gradient[c * m->s + j]), limit);
        }
    }
    /* A second run from the minimum has nothing to do. */
    int again = -1;
    CHECK(dmm_mstep_run(team, s->chunk, s->p, s->sums, s->newton, 1e-6, 300,
                        &again) == DMM_OK);
    CHECK_SAY(again <= 1, "%d iterations", again);
    teardown(s);
    free(before);
}

/* Starts far from the minimum, with one component that has no samples. Its
 * minimum is the mode of the prior in lambda, alpha = eta / nu. */
static void test_starts(const table *t, size_t k)
{
    static const double centres[] = {-20, -5, 0, 5, 12};
    for (size_t i = 0; i < LENGTH(centres); i++) {
        model m = model_random(t, k, 0);
        for (size_t e = 0; e < m.s * k; e++)
            m.lambda[e] += centres[i];
        model_equalise(&m, t);
        for (size_t r = 0; r < m.n; r++)
            for (size_t c = 0; c < k; c++)
                m.z[c * m.n + r] = c == r % k;
        if (k > 1)
            for (size_t r = 0; r < m.n; r++) {
                m.z[r] += m.z[(k - 1) * m.n + r];
                m.z[(k - 1) * m.n + r] = 0;
            }
        mstep s = {.t = t, .m = &m, .taxa = (dmm_taxa)(i % 2)};
        dmm_team_run(1 + (int)(i % 2), minimum_work, &s);
        for (size_t j = 0; k > 1 && j < m.s; j++)
            CHECK_NEAR(m.lambda[(k - 1) * m.s + j], log(m.eta / m.nu), 1e-4);
        model_free(&m);
    }
}

int main(void)
{
    random_seed(17);
    static const size_t ks[] = {1, 2, 3, 5, 9};
    for (size_t i = 0; i < LENGTH(ks); i++) {
        table t = i % 2 ? table_mixture(40, 14, 3, 20, 150, 0.7)
                        : table_random(30, 12, 0.5, 60, 1);
        model m = model_random(&t, ks[i], (double)i - 2);
        model_equalise(&m, &t);
        mstep s = {.t = &t, .m = &m, .taxa = (dmm_taxa)(i % 2)};
        dmm_team_run(1, direction_work, &s);
        model_free(&m);
        test_starts(&t, ks[i]);
        table_free(&t);
    }
    /* Huge counts, from far away, where den is damped; and a single taxon. */
    table t = table_random(25, 6, 0.8, 2147483647, 0);
    test_starts(&t, 2);
    table_free(&t);
    t = table_random(25, 1, 1, 50, 0);
    test_starts(&t, 2);
    table_free(&t);
    dmm_newton_free(NULL);
    return check_report();
}
