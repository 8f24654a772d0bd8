/* Tests of em/estep.c: an E-step and the sums made after it agree with the
 * reference model of helpers.h, for every class of padding and every
 * instruction set. */
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/estep.h"
#include "em/histogram.h"
#include "helpers.h"
#include "simd/kernels.h"

static void evidence_task(const dmm_worker *worker, void *data)
{
    step *s = data;
    dmm_parameters_refresh(worker, s->p, &s->counts->dictionary);
    dmm_estep_evidence(worker, s->chunk, s->p);
}

/* The kernels evaluate each term of the evidence with an error of 1e-14 of it.
 * model.size is the sum of all terms of all samples, and so bounds that of one
 * sample. */
static double tolerance_of_evidence(const model *m)
{
    return 2e-14 * (1 + m->size);
}

static void check_responsibilities(const step *s)
{
    const model *m = s->m;
    const double tolerance = tolerance_of_evidence(m);
    const size_t kp = s->chunk->kp;
    double *sums = NEED(m->k, double);
    double worst = 0;
    for (size_t c = 0; c < m->k; c++) {
        for (size_t i = 0; i < m->n; i++) {
            const double z = s->chunk->z[i * kp + c];
            const double error = fabs(z - m->z[c * m->n + i]);
            worst = error <= worst ? worst : error;
            sums[c] += m->z[c * m->n + i];
        }
        CHECK_NEAR(s->sums->weight[c], sums[c],
                   (double)m->n * (tolerance + 1e-15));
    }
    CHECK_AT_MOST(worst, tolerance + 1e-15);
    for (size_t c = m->k; c < kp; c++) {
        CHECK(s->sums->weight[c] == 0);
        for (size_t i = 0; i < m->n; i++)
            CHECK(s->chunk->z[i * kp + c] == 0);
    }
    CHECK_NEAR(s->sums->log_likelihood + s->counts->log_multinomial,
               m->log_likelihood,
               tolerance + 2e-14 * fabs(m->log_multinomial));
    free(sums);
}

/* The histogram is the sum of z over the samples that have a feature. */
static void check_histogram(const step *s)
{
    const dmm_dictionary *d = &s->counts->dictionary;
    const size_t kp = s->chunk->kp, n = s->t->rows;
    double worst = 0;
    for (size_t j = 0; j < s->t->columns; j++) {
        const size_t column = s->counts->column_of_taxon[j];
        for (size_t f = d->begin[column]; f < d->end[column]; f++) {
            for (size_t c = 0; c < kp; c++) {
                double sum = 0;
                for (size_t i = 0; i < n; i++)
                    if (s->t->count[j * n + i] == (int)d->value[f])
                        sum += s->chunk->z[i * kp + c];
                const double error =
                    fabs(sum - s->chunk->histogram[f * kp + c]);
                worst = error <= worst ? worst : error;
            }
        }
    }
    /* Sums of at most n numbers of at most 1, rounded in another order. */
    CHECK_AT_MOST(worst, 1e-15 * (double)(n * n));
}

/* Checks the sums of differences. The reference subtracts values of GSL's psi
 * and psi_1, so that its error is 1e-15 of these values, which are about 1/a
 * and 1/a^2 for small a. */
static void check_sums(const step *s)
{
    const model *m = s->m;
    const size_t kp = s->chunk->kp;
    const double tolerance = tolerance_of_evidence(m);
    for (size_t c = 0; c < m->k; c++) {
        double theta = 0, b = 0, e = 0, ev = 0, n = 0, largest = 0;
        for (size_t j = 0; j < m->s; j++)
            theta += exp(m->lambda[c * m->s + j]);
        for (size_t i = 0; i < m->n; i++) {
            const double z = m->z[c * m->n + i];
            const double t = s->counts->total[i];
            b += z * (gsl_sf_psi(theta + t) - gsl_sf_psi(theta));
            e += z * (gsl_sf_psi_1(theta + t) - gsl_sf_psi_1(theta));
            ev += z * m->evidence[c * m->n + i];
            n += z;
            largest = fmax(largest, fabs(m->evidence[c * m->n + i]));
        }
        const double rough = 1e-13 * (1 + n) + (double)m->n * tolerance;
        CHECK_NEAR(s->sums->total_digamma[c], b,
                   rough * (1 + 1 / theta + log(1 + theta) * 4 + 50));
        CHECK_NEAR(s->sums->total_trigamma[c], e,
                   rough * (1 + 1 / theta) * (1 + 1 / theta) * 2);
        CHECK_NEAR(s->sums->lgamma[c], ev,
                   rough * (1 + largest) + tolerance * (double)m->n);
        for (size_t j = 0; j < m->s; j++) {
            const size_t at = s->counts->column_of_taxon[j] * kp + c;
            const double a = exp(m->lambda[c * m->s + j]);
            double p = 0, q = 0;
            for (size_t i = 0; i < m->n; i++) {
                const int x = s->t->count[j * m->n + i];
                const double z = m->z[c * m->n + i];
                if (x == 0)
                    continue;
                p += z * (gsl_sf_psi(a + x) - gsl_sf_psi(a));
                q += z * (gsl_sf_psi_1(a + x) - gsl_sf_psi_1(a));
            }
            const double rougher = rough * (1 + 1 / a);
            CHECK_NEAR(s->sums->digamma[at], p, rougher * 50);
            CHECK_NEAR(s->sums->trigamma[at], q, rougher * (1 + 1 / a) * 2);
        }
    }
}

static void check_evidence(const step *s)
{
    const model *m = s->m;
    double worst = 0;
    for (size_t c = 0; c < m->k; c++)
        for (size_t i = 0; i < m->n; i++) {
            const double error =
                fabs(s->chunk->z[i * s->chunk->kp + c] -
                     m->evidence[c * m->n + i]);
            worst = error <= worst ? worst : error;
        }
    CHECK_AT_MOST(worst, tolerance_of_evidence(m));
}

/* A merged column has one set of parameters, so that the model must have the
 * same for all of its taxa: see equalise(). */
static void set_parameters(step *s)
{
    dmm_parameters_set(s->p, s->counts, s->m->lambda, s->m->weight);
}

static void step_work(dmm_team *team, void *data)
{
    step *s = data;
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_CSC);
    s->counts = build_counts(team, &matrix, s->taxa, s->m->k);
    CHECK(dmm_chunk_new(s->counts, s->m->k, &s->chunk) == DMM_OK);
    CHECK(dmm_parameters_new(s->counts, s->m->k, (dmm_prior){0.1, 0.1},
                             &s->p) == DMM_OK);
    CHECK(dmm_sums_new(s->p, &s->sums) == DMM_OK);
    set_parameters(s);
    /* The step is run twice: nothing must be left over from the first time. */
    dmm_team_do(team, step_task, s);
    dmm_team_do(team, step_task, s);
    check_responsibilities(s);
    check_histogram(s);
    check_sums(s);
    dmm_team_do(team, evidence_task, s);
    check_evidence(s);
    dmm_sums_free(s->sums);
    dmm_parameters_free(s->p);
    dmm_chunk_free(s->chunk);
    dmm_counts_free(s->counts);
}

static void test_all_kernels(const table *t, size_t k, double centre)
{
    const char *names[MAX_KERNEL_NAMES];
    const size_t n = kernel_names(names);
    model m = model_random(t, k, centre);
    model_equalise(&m, t);
    for (size_t i = 0; i < n; i++) {
        CHECK(dmm_kernels_select(names[i]) == DMM_OK);
        step s = {.t = t, .m = &m, .taxa = (dmm_taxa)((k + i) % 2)};
        dmm_team_run(1 + (int)(i % 2), step_work, &s);
    }
    model_free(&m);
}

/* The evidence of samples without counts is 0, whatever z held before. */
static void test_empty_samples(void)
{
    const size_t rows = 40, columns = 7;
    table t = table_new(rows, columns);
    for (size_t e = 0; e < rows * columns; e++)
        t.count[e] = e % rows % 4 ? (int)random_below(20) : 0;
    table_finish(&t);
    test_all_kernels(&t, 3, 0);
    test_all_kernels(&t, 8, 0);
    table_free(&t);
}

/* ---- Lanes -------------------------------------------------------------- */

static void lanes_work(dmm_team *team, void *data)
{
    step *s = data;
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_CSC);
    const size_t n = s->t->rows;
    s->counts = build_counts(team, &matrix, DMM_TAXA_SEPARATE, s->m->k);
    CHECK(dmm_chunk_new(s->counts, s->m->k, &s->chunk) == DMM_OK);
    CHECK(dmm_parameters_new(s->counts, s->m->k, (dmm_prior){0.1, 0.1},
                             &s->p) == DMM_OK);
    CHECK(dmm_sums_new(s->p, &s->sums) == DMM_OK);
    dmm_parameters_set(s->p, s->counts, s->m->lambda, s->m->weight);
    double *without = NEED(n * s->chunk->kp, double);
    dmm_team_do(team, evidence_task, s);
    memcpy(without, s->chunk->z, n * s->chunk->kp * sizeof *without);
    CHECK(dmm_chunk_lanes(s->chunk) == 1);
    CHECK(dmm_chunk_add_buffers(s->chunk, dmm_team_size(team)) == DMM_OK);
    CHECK(dmm_chunk_lanes(s->chunk) == DMM_LANES);
    dmm_team_do(team, step_task, s);
    check_responsibilities(s);
    check_histogram(s);
    dmm_team_do(team, evidence_task, s);
    check_evidence(s);
    CHECK_AT_MOST(largest_difference(without, s->chunk->z, n * s->chunk->kp),
                  tolerance_of_evidence(s->m));
    free(without);
    dmm_sums_free(s->sums);
    dmm_parameters_free(s->p);
    dmm_counts_free(s->counts);
}

/* With lanes the evidence is that of the reference model, and the same bits for
 * any number of threads. */
static void test_lanes(void)
{
    table t = table_random(900, 150, 0.5, 3000, 0);
    model m = model_random(&t, 8, 0);
    double *first = NULL;
    for (int threads = 1; threads <= 6; threads++) {
        step s = {.t = &t, .m = &m};
        dmm_team_run(threads, lanes_work, &s);
        const size_t bytes = t.rows * s.chunk->kp * sizeof *first;
        if (first == NULL) {
            first = NEED(t.rows * s.chunk->kp, double);
            memcpy(first, s.chunk->z, bytes);
        }
        CHECK(memcmp(first, s.chunk->z, bytes) == 0);
        dmm_chunk_free(s.chunk);
    }
    free(first);
    model_free(&m);
    table_free(&t);
}

int main(void)
{
    random_seed(15);
    for (size_t k = 1; k <= 33; k++) {
        table t = table_random(5 + random_below(30), 1 + random_below(20), 0.4,
                               k % 3 ? 200 : 2000000, 1);
        test_all_kernels(&t, k, (double)(k % 5) - 2.5);
        table_free(&t);
    }
    /* More than one block. The rows of a block depend on the number of
     * components. */
    table t = table_random(2200, 5, 0.4, 9, 1);
    test_all_kernels(&t, 16, 0);
    test_all_kernels(&t, 3, 2);
    table_free(&t);
    /* Several columns of totals. */
    t = table_random(900, 4, 0.9, 100000, 0);
    test_all_kernels(&t, 2, 0);
    table_free(&t);
    test_empty_samples();
    test_lanes();
    return check_report();
}
