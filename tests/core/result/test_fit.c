/* Tests of result/fit.c: whole fits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "counts/chunk.h"
#include "em/parameters.h"
#include "helpers.h"
#include "simd/kernels.h"

/* ---- Properties of every result ----------------------------------------- */

static void check_numbers(const dmm_fit_result *r)
{
    CHECK(isfinite(r->nle) && isfinite(r->log_likelihood) &&
          isfinite(r->log_det) && isfinite(r->laplace) && isfinite(r->bic) &&
          isfinite(r->aic));
    CHECK(all_finite(r->weight, r->k));
    CHECK(all_finite(r->z, r->n_samples * r->k));
    for (size_t e = 0; e < r->n_taxa * r->k; e++) {
        /* The limits of a very wide interval may be 0 or infinite. */
        CHECK(isfinite(r->estimate[e]) && r->estimate[e] > 0);
        CHECK(isfinite(r->std_error[e]) && r->std_error[e] > 0);
        CHECK(r->lower[e] >= 0 && r->lower[e] <= r->estimate[e]);
        CHECK(r->upper[e] >= r->estimate[e]);
    }
}

static void check_weights(const dmm_fit_result *r)
{
    double sum = 0;
    int empty = 0;
    for (size_t c = 0; c < r->k; c++) {
        sum += r->weight[c];
        CHECK(r->weight[c] > 0);
        CHECK(c == 0 || r->weight[c] <= r->weight[c - 1]);
        double samples = 0;
        for (size_t i = 0; i < r->n_samples; i++)
            samples += r->z[c * r->n_samples + i];
        empty += samples < DMM_EMPTY_REPORTED;
    }
    CHECK_NEAR(sum, 1, 1e-12);
    CHECK(r->empty == empty);
    for (size_t i = 0; i < r->n_samples; i++) {
        sum = 0;
        for (size_t c = 0; c < r->k; c++)
            sum += r->z[c * r->n_samples + i];
        CHECK_NEAR(sum, 1, 1e-12);
    }
}

/* NLE and z agree with the parameters that are returned. */
static void check_consistent(const dmm_fit_result *r, const table *t,
                             const dmm_matrix *matrix,
                             const dmm_control *control)
{
    /* NLE contains the log factorials of the totals twice, with opposite signs:
     * their rounding is part of its rounding. */
    double factorials = 0;
    for (size_t i = 0; i < t->rows; i++) {
        double total = 0;
        for (size_t j = 0; j < t->columns; j++)
            total += t->count[j * t->rows + i];
        factorials += lgamma(total + 1);
    }
    const double rounding =
        1e-9 + 1e-11 * fabs(r->nle) + 2e-15 * factorials;
    double *lambda = NEED(r->n_taxa * r->k, double);
    double *z = NEED(r->n_samples * r->k, double);
    for (size_t e = 0; e < r->n_taxa * r->k; e++)
        lambda[e] = log(r->estimate[e]);
    dmm_evaluation e = {.z = z};
    CHECK(dmm_evaluate(matrix, r->k, lambda, r->weight, control, &e) ==
          DMM_OK);
    CHECK_NEAR(e.nle, r->nle, rounding);
    CHECK_NEAR(e.log_likelihood, r->log_likelihood, rounding);
    /* Rounding alpha in the result changes lambda. The effect on z grows with
     * the counts. */
    CHECK_AT_MOST(largest_difference(z, r->z, r->n_samples * r->k),
                  1e-6 + 1e-13 * fabs(r->nle) + 2e-15 * factorials);
    free(lambda);
    free(z);
}

static dmm_fit_result *fit_table(const table *t, size_t k, dmm_control control)
{
    dmm_fit_result *r = NULL;
    const dmm_matrix matrix = table_view(t, all_kinds[k % 3]);
    const dmm_status status = dmm_fit(&matrix, k, &control, &r);
    CHECK_SAY(status == DMM_OK && r != NULL, "N %zu S %zu k %zu: %s", t->rows,
              t->columns, k, dmm_status_message(status));
    if (r == NULL)
        return NULL;
    CHECK(r->n_samples == t->rows && r->n_taxa == t->columns && r->k == k);
    CHECK(r->iterations <= control.max_iterations && r->evaluations > 0);
    check_numbers(r);
    check_weights(r);
    check_consistent(r, t, &matrix, &control);
    return r;
}

static void test_all(const table *t, size_t k)
{
    dmm_control control = dmm_control_default();
    dmm_fit_free(fit_table(t, k, control));
    control.accelerate = 0;
    control.max_iterations = 300;
    control.seed = 7;
    dmm_fit_free(fit_table(t, k, control));
    control.optimizer = DMM_OPTIMIZER_BFGS;
    control.max_iterations = 10;
    dmm_fit_free(fit_table(t, k, control));
}

static void buffers_work(dmm_team *team, void *data)
{
    const dmm_matrix matrix = table_view(data, DMM_MATRIX_CSC);
    dmm_counts *counts = build_counts(team, &matrix, DMM_TAXA_MERGED, 5);
    dmm_chunk *chunk = NULL;
    CHECK(dmm_chunk_new(counts, 5, &chunk) == DMM_OK);
    CHECK(dmm_chunk_add_buffers(chunk, 1) == DMM_OK);
    CHECK(dmm_chunk_lanes(chunk) > 1);
    dmm_chunk_free(chunk);
    dmm_counts_free(counts);
}

/* On a table so large that threads have buffers for the histogram, both
 * optimisers reach the optimum, with one thread and with two. */
static void test_large(void)
{
    table t = table_mixture(600, 120, 5, 60, 60000, 1);
    double nle[2][2];
    dmm_team_run(1, buffers_work, &t);
    for (int threads = 1; threads <= 2; threads++)
        for (int bfgs = 0; bfgs <= 1; bfgs++) {
            dmm_control control = dmm_control_default();
            control.n_threads = threads;
            control.optimizer =
                bfgs ? DMM_OPTIMIZER_BFGS : DMM_OPTIMIZER_NEWTON;
            dmm_fit_result *r = fit_table(&t, 5, control);
            CHECK(r->converged);
            nle[threads - 1][bfgs] = r->nle;
            dmm_fit_free(r);
        }
    CHECK(nle[0][0] == nle[1][0] && nle[0][1] == nle[1][1]);
    CHECK_NEAR(nle[0][0], nle[0][1], 1e-3);
    table_free(&t);
}

/* ---- Degenerate tables -------------------------------------------------- */

static table table_constant(size_t rows, size_t columns, int count)
{
    table t = table_new(rows, columns);
    for (size_t e = 0; e < rows * columns; e++)
        t.count[e] = count;
    table_finish(&t);
    return t;
}

static void test_constant_tables(void)
{
    static const int counts[] = {1, 2, 1000, DMM_MAX_COUNT};
    static const size_t shapes[][2] = {{1, 1}, {1, 7}, {6, 1}, {6, 5}};
    for (size_t c = 0; c < LENGTH(counts); c++) {
        for (size_t i = 0; i < LENGTH(shapes); i++) {
            table t = table_constant(shapes[i][0], shapes[i][1], counts[c]);
            for (size_t k = 1; k <= t.rows; k += t.rows > 1 ? 1 : 9)
                test_all(&t, k);
            table_free(&t);
        }
    }
}

/* Each sample has one count: the terms of totals and taxa cancel in part. */
static void test_singletons(void)
{
    table t = table_new(12, 12);
    for (size_t i = 0; i < 12; i++)
        t.count[i * 12 + i] = 1;
    table_finish(&t);
    for (size_t k = 1; k <= 12; k += 3)
        test_all(&t, k);
    test_all(&t, 12);
    table_free(&t);
}

static void test_degenerate_tables(void)
{
    /* As many components as samples; then duplicate samples; then a taxon
     * without counts. */
    table t = table_random(9, 6, 0.6, 40, 0);
    for (size_t k = 1; k <= 9; k++)
        test_all(&t, k);
    for (size_t j = 0; j < t.columns; j++)
        for (size_t i = 5; i < 9; i++)
            t.count[j * 9 + i] = t.count[j * 9];
    table_finish(&t);
    for (size_t k = 1; k <= 9; k += 2)
        test_all(&t, k);
    for (size_t i = 0; i < t.rows; i++) {
        t.count[2 * t.rows + i] = 0;
        t.count[i] += t.count[i] == 0;
    }
    table_finish(&t);
    for (size_t k = 1; k <= 9; k += 2)
        test_all(&t, k);
    table_free(&t);

    /* Small and huge counts in the same table. */
    t = table_random(20, 8, 0.7, DMM_MAX_COUNT, 0);
    for (size_t k = 1; k <= 8; k++)
        test_all(&t, k);
    table_free(&t);

    /* Many more taxa than samples. */
    t = table_random(6, 400, 0.05, 9, 1);
    for (size_t k = 1; k <= 4; k++)
        test_all(&t, k);
    table_free(&t);

    /* Samples of 1 and of 2^31 - 1 counts, each with counts in only one
     * taxon. */
    t = table_new(10, 4);
    for (size_t i = 0; i < 10; i++)
        t.count[i % 4 * 10 + i] = i % 3 ? 1 : DMM_MAX_COUNT;
    table_finish(&t);
    for (size_t k = 1; k <= 10; k += 3)
        test_all(&t, k);
    table_free(&t);
}

/* Priors at the ends of the sensible range. */
static void test_priors(void)
{
    static const double priors[][2] = {
        {0.1, 0.1}, {1e-3, 1e-3}, {10, 0.01}, {0.5, 100}, {1e-8, 1e-8}};
    table t = table_mixture(40, 10, 2, 20, 80, 0.8);
    for (size_t i = 0; i < LENGTH(priors); i++) {
        dmm_control control = dmm_control_default();
        control.eta = priors[i][0];
        control.nu = priors[i][1];
        for (size_t k = 1; k <= 3; k++)
            dmm_fit_free(fit_table(&t, k, control));
    }
    table_free(&t);
}

/* ---- The same result ---------------------------------------------------- */

#define SAME(field, n) \
    CHECK(memcmp(a->field, b->field, (n) * sizeof *a->field) == 0)

static void check_same(const dmm_fit_result *a, const dmm_fit_result *b)
{
    const size_t s = a->n_taxa, k = a->k;
    CHECK(a->nle == b->nle && a->log_likelihood == b->log_likelihood &&
          a->log_det == b->log_det && a->laplace == b->laplace &&
          a->bic == b->bic && a->aic == b->aic);
    CHECK(a->iterations == b->iterations && a->evaluations == b->evaluations &&
          a->kmeans_iterations == b->kmeans_iterations &&
          a->converged == b->converged && a->reseeded == b->reseeded &&
          a->empty == b->empty);
    SAME(weight, k);
    SAME(z, a->n_samples * k);
    SAME(estimate, s * k);
    SAME(lower, s * k);
    SAME(upper, s * k);
    SAME(std_error, s * k);
}

/* The number of threads does not change a bit of the result, on a table that is
 * large enough for threads to be used. */
static void test_threads(const table *t, size_t k, dmm_control control)
{
    static const int threads[] = {2, 3, 5, 8};
    dmm_fit_result *one = NULL;
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_DENSE_INT);
    CHECK((double)dmm_matrix_nonzeros(&matrix, SIZE_MAX) *
              (double)dmm_padded_components(k) >=
          DMM_SERIAL_WORK);
    CHECK(dmm_fit(&matrix, k, &control, &one) == DMM_OK);
    if (one == NULL)
        return;
    CHECK(one->n_threads == 1);
    for (size_t i = 0; i < LENGTH(threads); i++) {
        dmm_fit_result *more = NULL;
        control.n_threads = threads[i];
        CHECK(dmm_fit(&matrix, k, &control, &more) == DMM_OK);
        if (more == NULL)
            continue;
        const dmm_threads_info info = dmm_threads_query();
        CHECK(more->n_threads ==
              (info.openmp ? threads[i] < info.thread_limit ? threads[i]
                                                            : info.thread_limit
                           : 1));
        check_same(one, more);
        dmm_fit_free(more);
    }
    dmm_fit_free(one);
}

static void test_same_result(void)
{
    const char *names[MAX_KERNEL_NAMES];
    const size_t kernels = kernel_names(names);
    table t = table_mixture(2500, 90, 4, 60, 400, 0.8);
    dmm_control control = dmm_control_default();
    control.max_iterations = 60;
    for (size_t i = 0; i < kernels; i++) {
        CHECK(dmm_kernels_select(names[i]) == DMM_OK);
        test_threads(&t, 3 + 2 * i, control);
    }
    control.accelerate = 0;
    control.max_iterations = 15;
    test_threads(&t, 4, control);
    control.optimizer = DMM_OPTIMIZER_BFGS;
    control.max_iterations = 3;
    test_threads(&t, 9, control);

    /* A table so large that passes are divided into spans and parts
     * (counts/chunk.h). */
    table large = table_random(12500, 64, 0.3, 300, 0);
    control = dmm_control_default();
    control.max_iterations = 4;
    test_threads(&large, 8, control);
    table_free(&large);

    /* Every kind of matrix gives the same fit, and so does a second run. */
    control = dmm_control_default();
    control.max_iterations = 20;
    dmm_fit_result *first = NULL;
    for (size_t i = 0; i < 2 * LENGTH(all_kinds); i++) {
        const dmm_matrix matrix = table_view(&t, all_kinds[i % 3]);
        dmm_fit_result *r = NULL;
        CHECK(dmm_fit(&matrix, 3, &control, &r) == DMM_OK);
        if (first == NULL) {
            first = r;
            continue;
        }
        check_same(first, r);
        dmm_fit_free(r);
    }
    dmm_fit_free(first);
    table_free(&t);
}

/* The kernels agree but for rounding. */
static void test_kernels_agree(void)
{
    const char *names[MAX_KERNEL_NAMES];
    const size_t kernels = kernel_names(names);
    table t = table_mixture(150, 20, 3, 30, 200, 0.9);
    double nle = 0;
    for (size_t i = 0; i < kernels; i++) {
        CHECK(dmm_kernels_select(names[i]) == DMM_OK);
        dmm_fit_result *r = fit_table(&t, 3, dmm_control_default());
        if (r == NULL)
            continue;
        CHECK(r->converged);
        if (i == 0)
            nle = r->nle;
        CHECK_NEAR(r->nle, nle, 1e-4);
        dmm_fit_free(r);
    }
    table_free(&t);
}

/* Both optimisers find clear clusters. */
static void test_clusters(void)
{
    table t = table_mixture(90, 20, 3, 200, 500, 1);
    dmm_control control = dmm_control_default();
    for (int optimizer = 0; optimizer < 2; optimizer++) {
        control.optimizer = (dmm_optimizer)optimizer;
        control.seed = 3;
        dmm_fit_result *r = fit_table(&t, 3, control);
        if (r == NULL)
            continue;
        for (size_t c = 0; c < 3; c++) {
            CHECK_NEAR(r->weight[c], 1.0 / 3, 0.02);
            /* Sample i belongs to cluster i % 3. */
            size_t own = 0;
            for (size_t i = 1; i < 3; i++)
                own = r->z[c * 90 + i] > r->z[c * 90 + own] ? i : own;
            for (size_t i = 0; i < 90; i++)
                CHECK_NEAR(r->z[c * 90 + i], i % 3 == own, 0.05);
        }
        dmm_fit_free(r);
    }
    table_free(&t);
}

/* The log-likelihood without the multinomial coefficients at the parameters of
 * a fit, with log probabilities of the components for each sample; z at the
 * same. */
static double log_likelihood_at(const table *t, const dmm_fit_result *r,
                                const double *log_prior, double *z)
{
    double *lambda = NEED(r->n_taxa * r->k, double), sum = 0;
    for (size_t e = 0; e < r->n_taxa * r->k; e++)
        lambda[e] = log(r->estimate[e]);
    model m = model_new(t, r->k, lambda, r->weight);
    const size_t n = r->n_samples;
    for (size_t i = 0; i < n; i++) {
        double largest = -INFINITY, total = 0;
        for (size_t c = 0; c < r->k; c++) {
            const double joint = log_prior[c * n + i] + m.evidence[c * n + i];
            z[c * n + i] = joint;
            largest = joint > largest ? joint : largest;
        }
        for (size_t c = 0; c < r->k; c++)
            total += exp(z[c * n + i] - largest);
        for (size_t c = 0; c < r->k; c++)
            z[c * n + i] = exp(z[c * n + i] - largest) / total;
        sum += largest + log(total);
    }
    sum += m.log_multinomial;
    model_free(&m);
    free(lambda);
    return sum;
}

/* From random components of samples that have weights of their own, their
 * reassignment finds better optima than EM alone. */
static void test_reassign(void)
{
    const size_t n = 40, k = 3;
    table t = table_mixture(n, 400, 3, 20, 150, 0.4);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    double *z = NEED(n * k, double), *prior = NEED(n * k, double);
    const dmm_control control = dmm_control_default();
    const dmm_start_kind given = DMM_START_GIVEN;
    dmm_start_plan plan = {.n_starts = 1, .kinds = &given, .given = z,
                           .log_prior = prior};
    dmm_table *compressed = NULL;
    dmm_start_record record;
    size_t made;
    int better = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < k; c++)
            prior[c * n + i] = log(i % k == c ? 0.6 : 0.2);
    CHECK(dmm_table_new(&matrix, 1, k, 1, &compressed) == DMM_OK);
    for (int trial = 0; trial < 10; trial++) {
        double nle[2];
        for (size_t i = 0; i < n; i++) {
            const size_t own = (size_t)((double)k * random_uniform());
            for (size_t c = 0; c < k; c++)
                z[c * n + i] = c == own;
        }
        for (plan.reassign = 0; plan.reassign < 2; plan.reassign++) {
            dmm_fit_result *r = NULL;
            CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made,
                                &r) == DMM_OK);
            CHECK(r->converged);
            nle[plan.reassign] = r->nle;
            dmm_fit_free(r);
        }
        CHECK_AT_MOST(nle[1], nle[0] + 1e-5);
        better += nle[1] < nle[0] - 0.01;
    }
    CHECK(better > 2);
    dmm_table_free(compressed);
    free(prior);
    free(z);
    table_free(&t);
}

/* A fit in which each sample has weights of its own. Its components keep the
 * order of those it starts from. */
static void test_log_prior(size_t k, int canonical)
{
    const size_t n = 60;
    table t = table_mixture(n, 9, 3, 20, 50, 0.4);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    dmm_control control = dmm_control_default();
    dmm_table *compressed = NULL;
    dmm_fit_result *plain = NULL, *same = NULL, *own = NULL;
    dmm_start_record record;
    size_t made;
    double *prior = NEED(n * k, double), *z = NEED(n * k, double);
    dmm_start_plan plan = {.n_starts = 1};
    CHECK(dmm_table_new(&matrix, canonical, k, 1, &compressed) == DMM_OK);
    CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made,
                        &plain) == DMM_OK);
    plan.log_prior = prior;
    CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made, &own) ==
          DMM_ERROR_ARGUMENT);
    const dmm_start_kind given = DMM_START_GIVEN;
    plan.kinds = &given;
    plan.given = plain->z;
    for (size_t e = 0; e < n * k; e++)
        prior[e] = log(plain->weight[e / n]);
    CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made,
                        &same) == DMM_OK);
    CHECK_NEAR(same->nle, plain->nle, 1e-4);

    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += prior[c * n + i] = 0.05 + random_uniform();
        for (size_t c = 0; c < k; c++)
            prior[c * n + i] = log(prior[c * n + i] / sum);
    }
    plan.given = same->z;
    for (control.n_threads = 1; control.n_threads < 4; control.n_threads++) {
        dmm_fit_free(own);
        CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made,
                            &own) == DMM_OK);
        CHECK(own->converged);
        CHECK_NEAR(log_likelihood_at(&t, own, prior, z), own->log_likelihood,
                   1e-8);
        CHECK_AT_MOST(largest_difference(z, own->z, n * k), 1e-8);
        for (size_t c = 0; c < k; c++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += own->z[c * n + i];
            CHECK_NEAR(own->weight[c], sum / (double)n, 1e-8);
        }
    }
    /* Plain iterations stay there. */
    plan.given = own->z;
    control.accelerate = 0;
    control.tolerance = 1e-10;
    control.max_iterations = 100000;
    dmm_fit_free(same);
    CHECK(dmm_table_fit(compressed, k, &plan, &control, &record, &made,
                        &same) == DMM_OK);
    CHECK_NEAR(same->nle, own->nle, 1e-5);
    dmm_fit_free(plain);
    dmm_fit_free(same);
    dmm_fit_free(own);
    dmm_table_free(compressed);
    free(prior);
    free(z);
    table_free(&t);
}

/* What a compact result says of each sample is that of the same fit with all
 * responsibilities, in whatever order the table is compressed. */
static void test_compact(size_t k, int canonical)
{
    const size_t n = 70;
    table t = table_mixture(n, 8, 3, 10, 30, 0.4);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_CSC);
    dmm_control control = dmm_control_default();
    dmm_table *compressed = NULL;
    dmm_fit_result *whole = NULL, *compact = NULL;
    dmm_start_record records[3];
    size_t made;
    const dmm_start_plan plan = {.n_starts = 3};
    CHECK(dmm_table_new(&matrix, canonical, k, 1, &compressed) == DMM_OK);
    CHECK(dmm_table_fit(compressed, k, &plan, &control, records, &made,
                        &whole) == DMM_OK);
    control.compact = 1;
    CHECK(dmm_table_fit(compressed, k, &plan, &control, records, &made,
                        &compact) == DMM_OK);
    CHECK(whole->assigned == NULL && compact->z == NULL);
    CHECK(compact->nle == whole->nle);
    CHECK(memcmp(compact->estimate, whole->estimate,
                 8 * k * sizeof(double)) == 0);
    double entropy = 0;
    for (size_t i = 0; i < n; i++) {
        size_t greatest = 0;
        double others = 0;
        for (size_t c = 0; c < k; c++) {
            const double z = whole->z[c * n + i];
            greatest = z > whole->z[greatest * n + i] ? c : greatest;
            entropy -= z > 0 ? z * log(z) : 0;
        }
        for (size_t c = 0; c < k; c++)
            others += c == greatest ? 0 : whole->z[c * n + i];
        CHECK(compact->assigned[i] == (double)greatest);
        CHECK(compact->assigned[n + i] == others);
    }
    CHECK_NEAR(compact->entropy, entropy, 1e-12);
    dmm_fit_free(whole);
    dmm_fit_free(compact);
    dmm_table_free(compressed);
    table_free(&t);
}

/* ---- Starts ------------------------------------------------------------- */

typedef struct {
    size_t calls, expected;
    double nle[20];
    int in_order, phases;
} heard;

static void hear_start(const dmm_start_record *record, size_t made,
                       size_t expected, void *user)
{
    heard *h = user;
    h->nle[h->calls++] = record->nle;
    h->in_order = h->in_order && made == h->calls && expected >= made &&
                  expected <= 20;
    h->expected = expected;
}

static void hear_phase(dmm_phase phase, int iteration, double value, void *user)
{
    (void)value;
    ((heard *)user)->phases += phase == DMM_PHASE_EM && iteration == 0;
}

/* The end of each of several starts is reported, with the number that will be
 * made. */
static void test_start_made(int agree)
{
    table t = table_mixture(200, 30, 3, 20, 300, 0.5);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    dmm_control control = dmm_control_default();
    dmm_start_plan plan = {.n_starts = 20};
    dmm_start_record records[20];
    heard h = {.in_order = 1};
    dmm_table *compressed;
    dmm_fit_result *r;
    size_t made;
    control.agree = agree;
    control.start_made = hear_start;
    control.progress = hear_phase;
    control.user = &h;
    CHECK(dmm_table_new(&matrix, 1, 3, 1, &compressed) == DMM_OK);
    CHECK(dmm_table_fit(compressed, 3, &plan, &control, records, &made, &r) ==
          DMM_OK);
    CHECK(h.calls == made && h.in_order && h.expected == made);
    CHECK(agree == 0 ? made == 20 : made < 20);
    CHECK(h.phases >= (int)made);
    for (size_t i = 0; i < made; i++)
        CHECK(h.nle[i] == records[i].nle);
    dmm_fit_free(r);
    h = (heard){.in_order = 1};
    plan.n_starts = 1;
    CHECK(dmm_table_fit(compressed, 3, &plan, &control, records, &made, &r) ==
          DMM_OK);
    CHECK(h.calls == 0);
    dmm_fit_free(r);
    dmm_table_free(compressed);
    table_free(&t);
}

static void test_arguments(void)
{
    table t = table_random(5, 5, 0.5, 9, 0);
    const dmm_matrix matrix = table_view(&t, DMM_MATRIX_DENSE_INT);
    const dmm_control control = dmm_control_default();
    dmm_fit_result *r = (dmm_fit_result *)&t;
    CHECK(dmm_fit(&matrix, 0, &control, &r) == DMM_ERROR_ARGUMENT);
    CHECK(r == NULL);
    r = (dmm_fit_result *)&t;
    CHECK(dmm_fit(&matrix, 6, &control, &r) == DMM_ERROR_ARGUMENT);
    CHECK(r == NULL);
    dmm_fit_free(NULL);
    for (int status = DMM_OK; status <= DMM_ERROR_NUMERIC; status++)
        CHECK(dmm_status_message((dmm_status)status)[0] != 0);
    CHECK(dmm_status_message((dmm_status)99)[0] != 0);
    table_free(&t);
}

int main(void)
{
    random_seed(24);
    test_arguments();
    test_clusters();
    test_constant_tables();
    test_singletons();
    test_degenerate_tables();
    test_priors();
    test_kernels_agree();
    test_same_result();
    test_large();
    for (size_t k = 1; k <= 3; k++)
        for (int canonical = 0; canonical < 2; canonical++)
            test_log_prior(k, canonical);
    test_reassign();
    for (size_t k = 1; k <= 4; k++)
        for (int canonical = 0; canonical < 2; canonical++)
            test_compact(k, canonical);
    test_start_made(0);
    test_start_made(3);
    return check_report();
}
