/* Parts of a table: their sums are those of the whole, and a fit to sums is
 * that of the samples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"

/* A table in parts of so many samples. */
typedef struct {
    size_t n, taxa, k;
    dmm_part **part;
    int threads;
    int calls, fail_at; /* the call that fails, or 0 */
} parts_of;

static dmm_matrix rows_of(const table *t, size_t from, size_t to, int *count)
{
    const size_t n = to - from;
    for (size_t j = 0; j < t->columns; j++)
        memcpy(count + j * n, t->count + j * t->rows + from, n * sizeof *count);
    dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT, .rows = n};
    m.columns = t->columns;
    m.integers = count;
    return m;
}

static parts_of cut(const table *t, size_t rows, size_t k)
{
    parts_of p = {.n = (t->rows + rows - 1) / rows, .taxa = t->columns, .k = k};
    int *count = NEED(rows * t->columns, int);
    p.part = NEED(p.n, dmm_part *);
    p.threads = 1;
    for (size_t i = 0; i < p.n; i++) {
        const size_t end = (i + 1) * rows;
        const dmm_matrix m =
            rows_of(t, i * rows, end < t->rows ? end : t->rows, count);
        CHECK(dmm_part_new(&m, k, 1, &p.part[i]) == DMM_OK);
    }
    free(count);
    return p;
}

static void parts_free(parts_of *p)
{
    for (size_t i = 0; i < p->n; i++)
        dmm_part_free(p->part[i]);
    free(p->part);
}

static dmm_status add_sums(void *user, const double *lambda,
                           const double *log_weight, double *sums)
{
    parts_of *p = user;
    const size_t length = dmm_sums_length(p->taxa, p->k);
    double *one = NEED(length, double);
    dmm_status status = DMM_OK;
    if (++p->calls == p->fail_at)
        status = DMM_ERROR_INTERRUPTED;
    memset(sums, 0, length * sizeof *sums);
    for (size_t i = 0; i < p->n && status == DMM_OK; i++) {
        status = dmm_part_sums(p->part[i], p->k, lambda, log_weight,
                               p->threads, one);
        for (size_t e = 0; e < length; e++)
            sums[e] += one[e];
    }
    free(one);
    return status;
}

static dmm_parts all_parts(parts_of *p)
{
    dmm_parts parts = {.sums = add_sums, .user = p};
    for (size_t i = 0; i < p->n; i++) {
        const dmm_part_info info = dmm_part_about(p->part[i]);
        CHECK(info.n_taxa == p->taxa);
        parts.n_samples += info.n_samples;
        parts.log_multinomial += info.log_multinomial;
    }
    return parts;
}

/* Sums and responsibilities are those that the model has at the parameters. */
static void test_sums(size_t rows, size_t k, int threads)
{
    const size_t n = 130, s = 17;
    table t = table_random(n, s, 0.4, 500, 1);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    parts_of p = cut(&t, rows, k);
    p.threads = threads;
    const dmm_parts parts = all_parts(&p);
    double *lambda = NEED(s * k, double), *log_weight = NEED(k, double);
    double *weight = NEED(k, double), *z = NEED(n * k, double);
    double *gradient = NEED(s * k, double), *rank_one = NEED(k, double);
    double *sums = NEED(dmm_sums_length(s, k), double);
    for (size_t i = 0; i < s * k; i++)
        lambda[i] = random_normal();
    for (size_t c = 0; c < k; c++) {
        weight[c] = 1 / (double)k;
        log_weight[c] = log(weight[c]);
    }
    dmm_evaluation e = {.z = z, .gradient = gradient,
                        .hessian_rank_one = rank_one};
    const dmm_control control = dmm_control_default();
    CHECK(dmm_evaluate(&m, k, lambda, weight, &control, &e) == DMM_OK);
    CHECK(add_sums(&p, lambda, log_weight, sums) == DMM_OK);
    CHECK_NEAR(sums[0] + parts.log_multinomial, e.log_likelihood, 1e-9);
    const double *total = sums + 1 + k, *digamma = sums + 1 + 3 * k;
    for (size_t c = 0; c < k; c++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += z[c * n + i];
        CHECK_NEAR(sums[1 + c], sum, 1e-9);
        CHECK_NEAR(total[k + c], rank_one[c], 1e-9);
        for (size_t j = 0; j < s; j++) {
            const double a = exp(lambda[c * s + j]);
            const double g =
                a * (control.nu - digamma[c * s + j] + total[c]) - control.eta;
            CHECK_NEAR(g, gradient[c * s + j], 1e-8);
        }
    }
    size_t before = 0;
    for (size_t i = 0; i < p.n; i++) {
        const size_t size = dmm_part_about(p.part[i]).n_samples;
        double *own = NEED(size * k, double), *two = NEED(size * 2, double);
        double entropy, sum = 0;
        CHECK(dmm_part_posterior(p.part[i], k, lambda, log_weight, 0, threads,
                                 own, &entropy) == DMM_OK);
        CHECK(dmm_part_posterior(p.part[i], k, lambda, log_weight, 1, threads,
                                 two, &entropy) == DMM_OK);
        for (size_t r = 0; r < size; r++) {
            const size_t best = (size_t)two[r];
            for (size_t c = 0; c < k; c++) {
                const double x = own[c * size + r];
                CHECK_NEAR(x, z[c * n + before + r], 1e-10);
                CHECK_AT_MOST(x, own[best * size + r]);
                sum -= x > 0 ? x * log(x) : 0;
            }
            CHECK_NEAR(two[size + r], 1 - own[best * size + r], 1e-12);
        }
        CHECK_NEAR(entropy, sum, 1e-9);
        before += size;
        free(own);
        free(two);
    }
    free(lambda);
    free(log_weight);
    free(weight);
    free(z);
    free(gradient);
    free(rank_one);
    free(sums);
    parts_free(&p);
    table_free(&t);
}

static dmm_fit_result *fit(const dmm_table *table, size_t k, size_t n_starts,
                           const dmm_parts *parts, dmm_status expected)
{
    const dmm_control control = dmm_control_default();
    const dmm_start_plan plan = {.n_starts = n_starts, .parts = parts};
    dmm_start_record *records = NEED(n_starts, dmm_start_record);
    dmm_fit_result *r;
    size_t made;
    CHECK(dmm_table_fit(table, k, &plan, &control, records, &made, &r) ==
          expected);
    free(records);
    return r;
}

static void check_near_arrays(const double *a, const double *b, size_t n,
                              double tolerance)
{
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR(a[i], b[i], tolerance * (1 + fabs(b[i])));
}

/* A fit to parts is that to the table, for parts of any size; its starts are
 * made on the table or on some samples of it. */
static void test_fit(size_t rows, size_t k, size_t n_starts, int canonical)
{
    const size_t n = 300, s = 20;
    table t = table_mixture(n, s, k, 40, 400, 0.8);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    int *some = NEED(n / 2 * s, int);
    const dmm_matrix half = rows_of(&t, 0, n / 2, some);
    dmm_table *whole, *sample;
    CHECK(dmm_table_new(&m, canonical, k, 1, &whole) == DMM_OK);
    CHECK(dmm_table_new(&half, canonical, k, 1, &sample) == DMM_OK);
    parts_of p = cut(&t, rows, k);
    const dmm_parts parts = all_parts(&p);
    dmm_fit_result *a = fit(whole, k, n_starts, NULL, DMM_OK);
    dmm_fit_result *b = fit(whole, k, n_starts, &parts, DMM_OK);
    dmm_fit_result *c = fit(sample, k, n_starts, &parts, DMM_OK);
    const dmm_fit_result *both[] = {b, c};
    for (size_t i = 0; i < 2; i++) {
        const dmm_fit_result *r = both[i];
        CHECK(r->converged && r->n_samples == n && !r->z && !r->assigned);
        CHECK_NEAR(r->nle, a->nle, 1e-5);
        CHECK_NEAR(r->log_likelihood, a->log_likelihood, 1e-2);
        CHECK_NEAR(r->laplace, a->laplace, 1e-2);
        CHECK_NEAR(r->bic, a->bic, 1e-4);
        check_near_arrays(r->weight, a->weight, k, 1e-4);
        check_near_arrays(r->estimate, a->estimate, s * k, 5e-3);
        check_near_arrays(r->std_error, a->std_error, s * k, 5e-3);
    }
    /* The sums end the fit when they fail, at any time. */
    p.calls = 0;
    dmm_fit_free(fit(sample, k, n_starts, &parts, DMM_OK));
    const int calls = p.calls;
    for (p.fail_at = 1; p.fail_at <= calls; p.fail_at++) {
        p.calls = 0;
        CHECK(fit(sample, k, n_starts, &parts, DMM_ERROR_INTERRUPTED) == NULL);
        CHECK(p.calls == p.fail_at);
    }
    dmm_fit_free(a);
    dmm_fit_free(b);
    dmm_fit_free(c);
    parts_free(&p);
    dmm_table_free(whole);
    dmm_table_free(sample);
    free(some);
    table_free(&t);
}

/* A fit goes on where another one ended. */
static void test_start(void)
{
    const size_t n = 300, s = 20, k = 3;
    table t = table_mixture(n, s, k, 40, 400, 0.8);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    dmm_table *whole;
    CHECK(dmm_table_new(&m, 1, k, 1, &whole) == DMM_OK);
    parts_of p = cut(&t, 70, k);
    dmm_parts parts = all_parts(&p);
    dmm_fit_result *a = fit(whole, k, 3, &parts, DMM_OK);
    double *lambda = NEED(s * k, double), *log_weight = NEED(k, double);
    for (size_t i = 0; i < s * k; i++)
        lambda[i] = log(a->estimate[i]);
    for (size_t c = 0; c < k; c++)
        log_weight[c] = log(a->weight[c]);
    parts.lambda = lambda;
    parts.log_weight = log_weight;
    dmm_fit_result *b = fit(whole, k, 3, &parts, DMM_OK);
    CHECK_NEAR(b->nle, a->nle, 1e-6);
    CHECK_AT_MOST(b->iterations, 4);
    check_near_arrays(b->estimate, a->estimate, s * k, 1e-4);
    dmm_fit_free(a);
    dmm_fit_free(b);
    free(lambda);
    free(log_weight);
    dmm_table_free(whole);
    parts_free(&p);
    table_free(&t);
}

/* An image gives the same bits as the part that it is of. */
static void test_image(void)
{
    const size_t n = 90, s = 12, k = 3, length = dmm_sums_length(s, k);
    table t = table_random(n, s, 0.5, 60, 0);
    parts_of p = cut(&t, n, k);
    const size_t size = dmm_part_size(p.part[0]);
    unsigned char *image = NEED(size, unsigned char);
    double *lambda = NEED(s * k, double), *log_weight = NEED(k, double);
    double *a = NEED(length, double), *b = NEED(length, double);
    dmm_part *opened;
    dmm_part_write(p.part[0], image);
    CHECK(dmm_part_open(image, size, &opened) == DMM_OK);
    CHECK(dmm_part_sums(p.part[0], k, lambda, log_weight, 1, a) == DMM_OK);
    CHECK(dmm_part_sums(opened, k, lambda, log_weight, 1, b) == DMM_OK);
    CHECK(memcmp(a, b, length * sizeof *a) == 0);
    CHECK(dmm_part_sums(opened, 0, lambda, log_weight, 1, b) ==
          DMM_ERROR_ARGUMENT);
    dmm_part_free(opened);
    CHECK(dmm_part_open(image, size - 1, &opened) == DMM_ERROR_ARGUMENT);
    free(image);
    free(lambda);
    free(log_weight);
    free(a);
    free(b);
    parts_free(&p);
    table_free(&t);
}

int main(void)
{
    random_seed(1);
    for (size_t k = 1; k <= 5; k += 2) {
        test_sums(130, k, 1);
        test_sums(40, k, 2);
        test_sums(1, k, 1);
    }
    test_fit(300, 1, 1, 0);
    test_fit(70, 2, 1, 0);
    test_fit(70, 3, 3, 1);
    test_fit(11, 2, 5, 1);
    test_start();
    test_image();
    return check_report();
}
