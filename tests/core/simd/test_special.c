/* Tests of simd/special.c, of the kernels (simd/kernels.h) for every
 * instruction set that this machine has, and of the choice among them. Kernels
 * that work on blocks of entries are tested with the E-step and the
 * histogram. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

#include "base/alloc.h"
#include "check.h"
#include "reference.h"
#include "simd/kernels.h"
#include "simd/special.h"

/* Bounds of the errors. T, P and Q are the differences of lgamma, digamma and
 * trigamma. Errors of T are relative to 1 + |T|, all others to the value. T is
 * least accurate where log alpha nearly cancels the rest. */
#define BOUND_T (1e-14 + REFERENCE_SLACK)
#define BOUND_P (5e-15 + REFERENCE_SLACK)
#define BOUND_Q (1e-14 + REFERENCE_SLACK)
#define BOUND_EXP (4e-16 + REFERENCE_SLACK)
#define BOUND_LOG (6e-16 + REFERENCE_SLACK)

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *const kernel_names[] = {"plain", "baseline", "avx2",
                                           "avx512"};
static const size_t paddings[] = {1, 2, 4, 8, 16, 24};

static const double counts[] = {
    1,   2,   3,   4,    5,     6,      7,   8,   9,
    10,  11,  12,  13,   15,    16,     17,  23,  33,
    100, 333, 1e3, 4096, 10007, 123456, 1e6, 1e9, 2147483647,
};
#define N_COUNTS LENGTH(counts)
#define N_SMALL_COUNTS 7

/* The number of alphas, a multiple of every padding. */
#define N_ALPHAS 960

/* A linear congruential generator: the tests are the same on every machine. */
static uint64_t random_state = 20240607;

static double random_uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) +
                   UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) * 0x1p-53;
}

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

/* ---- Dictionaries of one group ------------------------------------------ */

static dmm_dictionary dictionary_new(size_t n_columns, size_t n_features)
{
    const size_t padded = n_features + DMM_FEATURE_PADDING;
    dmm_dictionary d = {
        .n_taxa_columns = n_columns,
        .n_columns = n_columns,
        .n_features = padded,
        .begin = need(DMM_NEW(n_columns, size_t)),
        .end = need(DMM_NEW(n_columns, size_t)),
        .n_small = need(DMM_NEW(n_columns, uint32_t)),
        .multiplicity = need(DMM_NEW(n_columns, double)),
        .value = need(DMM_NEW(padded, double)),
    };
    return d;
}

static void dictionary_free(dmm_dictionary *d)
{
    dmm_free(d->begin);
    dmm_free(d->end);
    dmm_free(d->n_small);
    dmm_free(d->multiplicity);
    dmm_free(d->value);
}

/* Gives column j n counts in ascending order; its features follow those of
 * column j - 1. */
static void dictionary_set(dmm_dictionary *d, size_t j, size_t n,
                           const double *value, double multiplicity)
{
    d->begin[j] = j == 0 ? 0 : d->end[j - 1];
    d->end[j] = d->begin[j] + n;
    d->n_small[j] = 0;
    d->multiplicity[j] = multiplicity;
    for (size_t f = 0; f < n; f++) {
        d->value[d->begin[j] + f] = value[f];
        d->n_small[j] += value[f] < DMM_SMALL_COUNT;
    }
}

/* ---- Accuracy, feature by feature ---------------------------------------- */

static double alphas[N_ALPHAS];
static reference_differences *references; /* N_ALPHAS x N_COUNTS */

static void make_references(void)
{
    static const double special[] = {
        1e-30, 1e15, 1,  2,     0.5,  7,     8,  7.999999999999999,
        9,     16,   12, 15.99, 16.1, 1e-16, 40, 8.000000000000002,
    };
    for (size_t i = 0; i < N_ALPHAS; i++) {
        /* Half are spread over the whole range, half over the range of most
         * fits. */
        const double u = random_uniform();
        alphas[i] = i < LENGTH(special) ? special[i]
                    : i % 2             ? pow(10, -30 + 45 * u)
                                        : pow(10, -2 + 4 * u);
    }
    /* Neighbours share a vector: the alphas are alike in every second group of
     * 24, and mixed in the others. */
    for (size_t i = 0; i < N_ALPHAS; i++) {
        if (i / 24 % 2)
            alphas[i] = alphas[i - i % 24] * (1 + 0.3 * random_uniform());
        if (alphas[i] > 1e15)
            alphas[i] = 1e15;
    }
    references = need(DMM_NEW2(N_ALPHAS, N_COUNTS, reference_differences));
    for (size_t i = 0; i < N_ALPHAS; i++) {
        for (size_t c = 0; c < N_COUNTS; c++)
            references[i * N_COUNTS + c] =
                reference_difference(alphas[i], counts[c]);
    }
}

static double relative_error(double value, reference exact, double offset)
{
    const double size = fabs((double)exact) + offset;
    return fabs((double)((reference)value - exact)) / size;
}

typedef struct {
    double t, p, q;
} errors;

static void raise(double *largest, double error)
{
    if (!(error <= *largest)) /* NaN counts as large */
        *largest = error;
}

/* The largest errors over all alphas and the counts [count_begin, count_end).
 */
static errors kernel_errors(const dmm_kernels *kernels, size_t kp,
                            size_t count_begin, size_t count_end)
{
    const size_t n_counts = count_end - count_begin;
    const size_t n_columns = N_ALPHAS / kp, n_features = n_columns * n_counts;
    const size_t padded = n_features + DMM_FEATURE_PADDING;
    dmm_dictionary d = dictionary_new(n_columns, n_features);
    double *lambda = need(DMM_NEW(N_ALPHAS, double));
    double *alpha = need(DMM_NEW(N_ALPHAS, double));
    double *table = need(DMM_NEW2(padded, kp, double));
    double *histogram = need(DMM_NEW2(padded, kp, double));
    double *lgamma = need(DMM_NEW(kp, double));
    double *digamma = need(DMM_NEW(N_ALPHAS, double));
    double *trigamma = need(DMM_NEW(N_ALPHAS, double));
    errors worst = {0, 0, 0};

    for (size_t j = 0; j < n_columns; j++)
        dictionary_set(&d, j, n_counts, counts + count_begin, 1);
    for (size_t i = 0; i < N_ALPHAS; i++) {
        alpha[i] = alphas[i];
        lambda[i] = log(alphas[i]);
    }

    kernels->lgamma_table(&d, kp, alpha, lambda, 0, n_columns, table);
    for (size_t i = 0; i < N_ALPHAS; i++) {
        const size_t j = i / kp, k = i % kp;
        for (size_t c = 0; c < n_counts; c++) {
            const reference exact =
                references[i * N_COUNTS + count_begin + c].lgamma;
            const double t = table[(d.begin[j] + c) * kp + k];
            raise(&worst.t, relative_error(t, exact, 1));
        }
    }

    for (size_t c = 0; c < n_counts; c++) {
        memset(histogram, 0, padded * kp * sizeof *histogram);
        for (size_t j = 0; j < n_columns; j++) {
            for (size_t k = 0; k < kp; k++)
                histogram[(d.begin[j] + c) * kp + k] = 1;
        }
        kernels->difference_sums(&d, kp, alpha, lambda, histogram, 0, n_columns,
                                 lgamma, digamma, trigamma);
        for (size_t i = 0; i < N_ALPHAS; i++) {
            const reference_differences exact =
                references[i * N_COUNTS + count_begin + c];
            raise(&worst.p, relative_error(digamma[i], exact.digamma, 0));
            raise(&worst.q, relative_error(trigamma[i], exact.trigamma, 0));
        }
        /* T from the sums, one column at a time. */
        for (size_t j = 0; j < n_columns; j++) {
            kernels->difference_sums(&d, kp, alpha, lambda, histogram, j, j + 1,
                                     lgamma, digamma, trigamma);
            for (size_t k = 0; k < kp; k++) {
                const reference exact =
                    references[(j * kp + k) * N_COUNTS + count_begin + c]
                        .lgamma;
                raise(&worst.t, relative_error(lgamma[k], exact, 1));
            }
        }
    }

    dictionary_free(&d);
    dmm_free(lambda);
    dmm_free(alpha);
    dmm_free(table);
    dmm_free(histogram);
    dmm_free(lgamma);
    dmm_free(digamma);
    dmm_free(trigamma);
    return worst;
}

static void test_kernel_errors(const dmm_kernels *kernels)
{
    static const size_t ranges[][2] = {
        {0, N_COUNTS},              /* small and large     */
        {0, N_SMALL_COUNTS},        /* small only          */
        {N_SMALL_COUNTS, N_COUNTS}, /* large only          */
        {3, N_SMALL_COUNTS + 1},    /* one large, no 1     */
    };
    errors worst = {0, 0, 0};
    for (size_t i = 0; i < LENGTH(paddings); i++) {
        for (size_t r = 0; r < LENGTH(ranges); r++) {
            const errors e =
                kernel_errors(kernels, paddings[i], ranges[r][0], ranges[r][1]);
            CHECK_AT_MOST(e.t, BOUND_T);
            CHECK_AT_MOST(e.p, BOUND_P);
            CHECK_AT_MOST(e.q, BOUND_Q);
            raise(&worst.t, e.t);
            raise(&worst.p, e.p);
            raise(&worst.q, e.q);
        }
    }
    printf("%-8s errors: T %.1e of 1 + |T|, P %.1e, Q %.1e\n", kernels->name,
           worst.t, worst.p, worst.q);
}

/* T for v from 8 to 28 at alphas where it is nearly 0, which are near
 * 1 / Gamma(v). */
static void test_zero_of_t(const dmm_kernels *kernels)
{
    enum { COUNTS = 21, COLUMNS = 100, ROUNDS = 20 };
    double value[COUNTS], worst = 0, worst_scalar = 0;
    dmm_dictionary d = dictionary_new(COLUMNS, COLUMNS * COUNTS);
    double *alpha = need(DMM_NEW2(COLUMNS, 8, double));
    double *lambda = need(DMM_NEW2(COLUMNS, 8, double));
    double *table = need(DMM_NEW2(d.n_features, 8, double));
    for (size_t f = 0; f < COUNTS; f++)
        value[f] = DMM_SMALL_COUNT + (double)f;
    for (size_t j = 0; j < COLUMNS; j++)
        dictionary_set(&d, j, COUNTS, value, 1);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < 8 * COLUMNS; i++) {
            alpha[i] = exp(-lgamma(value[i % COUNTS]) +
                           0.6 * random_uniform() - 0.3);
            lambda[i] = log(alpha[i]);
            /* One large alpha makes its whole vector take the other form
             * (v_form). */
            if (round % 2 && i % 8 == 0)
                lambda[i] = log(alpha[i] = 100 * (1 + random_uniform()));
        }
        kernels->lgamma_table(&d, 8, alpha, lambda, 0, COLUMNS, table);
        for (size_t i = 0; i < 8 * COLUMNS; i++) {
            const size_t f = d.begin[i / 8] + i % COUNTS;
            const double v = value[i % COUNTS];
            const reference exact = reference_difference(alpha[i], v).lgamma;
            CHECK(alpha[i] > 1 || fabs((double)exact) < 1);
            raise(&worst, relative_error(table[8 * f + i % 8], exact, 1));
            raise(&worst_scalar,
                  relative_error(dmm_lgamma_difference(alpha[i], v), exact, 1));
        }
    }
    CHECK_AT_MOST(worst, BOUND_T);
    CHECK_AT_MOST(worst_scalar, BOUND_T);
    printf("%-8s errors: T at its zeros %.1e, special.c's %.1e\n",
           kernels->name, worst, worst_scalar);
    dictionary_free(&d);
    dmm_free(alpha);
    dmm_free(lambda);
    dmm_free(table);
}

/* ---- Columns of all shapes ------------------------------------------------
 */

/* Compares the table and the sums of columns with 0 to 8 small and 0 to 9 large
 * features, several multiplicities, and padding, with sums of values from
 * special.c. Nothing is written where it must not be, and computing the columns
 * in parts gives the same bits. */
static void test_column_shapes(const dmm_kernels *kernels, size_t kp)
{
    enum { COLUMNS = 160, MAX_FEATURES = 18 };
    const size_t k_used = kp > 2 ? kp - 1 : kp;
    const double untouched = -1234.5;
    dmm_dictionary d = dictionary_new(COLUMNS, COLUMNS * MAX_FEATURES);
    const size_t padded = d.n_features;
    double *alpha = need(DMM_NEW2(COLUMNS, kp, double));
    double *lambda = need(DMM_NEW2(COLUMNS, kp, double));
    double *table = need(DMM_NEW2(padded, kp, double));
    double *table_parts = need(DMM_NEW2(padded, kp, double));
    double *histogram = need(DMM_NEW2(padded, kp, double));
    double *sums = need(DMM_NEW2(2 * COLUMNS + 1, kp, double));
    double *parts = need(DMM_NEW2(2 * COLUMNS + 1, kp, double));
    double *exact = need(DMM_NEW2(3, kp, double));
    size_t end, j = 0;

    for (j = 0; j < COLUMNS; j++) {
        double value[MAX_FEATURES];
        size_t n = 0;
        double v = 0;
        const size_t small = j % 9, large = j / 9 % 10;
        for (v = 1; v < DMM_SMALL_COUNT && n < small; v++) {
            if (random_uniform() < 0.7)
                value[n++] = v;
        }
        v = DMM_SMALL_COUNT - 1;
        for (size_t i = 0; i < large; i++) {
            v += 1 + floor(20 * random_uniform() * random_uniform());
            value[n++] = v;
        }
        dictionary_set(&d, j, n, value, j % 3 ? 1 : j % 2 ? -1 : 5);
        for (size_t k = 0; k < kp; k++) {
            lambda[j * kp + k] = k < k_used ? -8 + 14 * random_uniform() : 0;
            alpha[j * kp + k] = exp(lambda[j * kp + k]);
        }
    }
    end = d.end[COLUMNS - 1];
    /* The end of the histogram must not be used. */
    for (size_t f = 0; f < padded; f++) {
        for (size_t k = 0; k < kp; k++)
            histogram[f * kp + k] = f >= end      ? NAN
                                    : k >= k_used ? 0
                                                  : 3 * random_uniform();
    }
    for (size_t i = 0; i < padded * kp; i++)
        table[i] = table_parts[i] = untouched;

    kernels->lgamma_table(&d, kp, alpha, lambda, 0, COLUMNS, table);
    const size_t overrun = kernels->width > kp ? kernels->width - kp : 0;
    for (size_t i = end * kp + overrun; i < padded * kp; i++)
        CHECK(table[i] == untouched);
    for (j = 0; j < COLUMNS; j++)
        kernels->lgamma_table(&d, kp, alpha, lambda, j, j + 1, table_parts);
    CHECK(memcmp(table, table_parts, end * kp * sizeof *table) == 0);
    for (j = 0; j < COLUMNS; j++) {
        for (size_t f = d.begin[j]; f < d.end[j]; f++) {
            for (size_t k = 0; k < kp; k++) {
                const double t =
                    d.multiplicity[j] *
                    dmm_lgamma_difference(alpha[j * kp + k], d.value[f]);
                CHECK_NEAR(table[f * kp + k], t, 1e-14 * (1 + fabs(t)));
            }
        }
    }

    kernels->difference_sums(&d, kp, alpha, lambda, histogram, 0, COLUMNS, sums,
                             sums + kp, sums + (1 + COLUMNS) * kp);
    memset(exact, 0, 3 * kp * sizeof *exact);
    double size = 1;
    for (j = 0; j < COLUMNS; j++) {
        for (size_t k = 0; k < kp; k++) {
            const double a = alpha[j * kp + k];
            double t = 0, p = 0, q = 0;
            for (size_t f = d.begin[j]; f < d.end[j]; f++) {
                const double w = histogram[f * kp + k];
                t += w * dmm_lgamma_difference(a, d.value[f]);
                p += w * dmm_digamma_difference(a, d.value[f]);
                q += w * dmm_trigamma_difference(a, d.value[f]);
                size += w * fabs(dmm_lgamma_difference(a, d.value[f]));
            }
            exact[k] += d.multiplicity[j] * t;
            CHECK_NEAR(sums[(1 + j) * kp + k], p, 1e-14 * fabs(p));
            CHECK_NEAR(sums[(1 + COLUMNS + j) * kp + k], q, 1e-14 * fabs(q));
        }
    }
    for (size_t k = 0; k < kp; k++) {
        CHECK_NEAR(sums[k], exact[k], 1e-14 * size);
        if (k >= k_used)
            CHECK(sums[k] == 0);
    }

    kernels->difference_sums(&d, kp, alpha, lambda, histogram, 0, COLUMNS / 3,
                             parts, parts + kp, parts + (1 + COLUMNS) * kp);
    kernels->difference_sums(&d, kp, alpha, lambda, histogram, COLUMNS / 3,
                             COLUMNS, parts, parts + kp,
                             parts + (1 + COLUMNS) * kp);
    CHECK(memcmp(sums + kp, parts + kp, 2 * COLUMNS * kp * sizeof *sums) == 0);

    dictionary_free(&d);
    dmm_free(alpha);
    dmm_free(lambda);
    dmm_free(table);
    dmm_free(table_parts);
    dmm_free(histogram);
    dmm_free(sums);
    dmm_free(parts);
    dmm_free(exact);
}

/* ---- Exponential and logarithm --------------------------------------------
 */

typedef void (*array_function)(size_t n, const double *x, double *y);

/* For every length up to 40, nothing is written past the end, and working in
 * place gives the same result. */
static void test_array_lengths(array_function function, double scale)
{
    enum { MAX = 40 };
    double x[MAX + 1], y[MAX + 1], z[MAX + 1];
    for (size_t n = 0; n <= MAX; n++) {
        for (size_t i = 0; i <= MAX; i++) {
            x[i] = scale * (0.01 + random_uniform());
            y[i] = -1;
            z[i] = i < n ? x[i] : -1;
        }
        function(n, x, y);
        function(n, z, z);
        CHECK(y[n] == -1);
        CHECK(memcmp(y, z, sizeof y) == 0);
    }
}

static double exp_reference_error(double x, double y)
{
    return relative_error(y, REFERENCE_EXP((reference)x), 0);
}

static double log_reference_error(double x, double y)
{
    return relative_error(y, REFERENCE_LOG((reference)x), 1e-300);
}

static void test_exp_log(const dmm_kernels *kernels)
{
    enum { N = 40000 };
    double *x = need(DMM_NEW(N, double)), *y = need(DMM_NEW(N, double));
    double worst_exp = 0, worst_log = 0;

    for (size_t i = 0; i < N; i++) {
        const double u = random_uniform();
        x[i] = i % 2 ? -708 + 1417 * u : 40 * u * u * u - 20;
    }
    static const double exp_edges[] = {0,      -0.0,   709,    -708, 1e-300,
                                       -1e-17, 0.3466, 0.3465, 1,    -1};
    memcpy(x, exp_edges, sizeof exp_edges);
    kernels->exp_array(N, x, y);
    for (size_t i = 0; i < N; i++)
        raise(&worst_exp, exp_reference_error(x[i], y[i]));
    CHECK_AT_MOST(worst_exp, BOUND_EXP);
    CHECK(y[0] == 1 && y[1] == 1);

    /* Arguments whose exp is flushed to zero, and NaN. */
    static const double low[] = {-708.1, -745, -1e4, -1e300, -INFINITY};
    for (size_t i = 0; i < LENGTH(low); i++) {
        for (size_t k = 0; k < 9; k++)
            x[k] = low[i];
        kernels->exp_array(9, x, y);
        for (size_t k = 0; k < 9; k++)
            CHECK_SAY(y[k] == 0 && !signbit(y[k]), "exp(%g)", low[i]);
    }
    for (size_t k = 0; k < 9; k++)
        x[k] = NAN;
    kernels->exp_array(9, x, y);
    for (size_t k = 0; k < 9; k++)
        CHECK(isnan(y[k]));

    for (size_t i = 0; i < N; i++) {
        const double u = random_uniform();
        x[i] = i % 3 == 0   ? exp(-708 + 1417 * u)
               : i % 3 == 1 ? 0.5 + u
                            : 1 + 1e-6 * (u - 0.5);
    }
    static const double log_edges[] = {
        1, DBL_MIN, DBL_MAX, 2, 0.5, 0.70710678118654752, 1.4142135623730951,
        4};
    memcpy(x, log_edges, sizeof log_edges);
    kernels->log_array(N, x, y);
    for (size_t i = 0; i < N; i++)
        raise(&worst_log, log_reference_error(x[i], y[i]));
    CHECK_AT_MOST(worst_log, BOUND_LOG);
    CHECK(y[0] == 0);

    test_array_lengths(kernels->exp_array, 5);
    test_array_lengths(kernels->log_array, 5);
    printf("%-8s errors: exp %.1e, log %.1e\n", kernels->name, worst_exp,
           worst_log);
    dmm_free(x);
    dmm_free(y);
}

/* ---- Products of arrays ---------------------------------------------------
 */

/* For every length up to 80, which is more than two iterations of the widest
 * kernels, and from unaligned addresses: results are exact for small whole
 * numbers, and nothing is written past the end. */
static void test_products(const dmm_kernels *kernels)
{
    enum { MAX = 80 };
    double x[MAX + 3], y[MAX + 3], z[MAX + 3];
    int32_t counts[MAX + 3];
    for (size_t n = 0; n <= MAX; n++) {
        const size_t from = n % 3;
        double sum = 0;
        for (size_t i = 0; i < MAX + 3; i++) {
            counts[i] = (int32_t)(100 * random_uniform());
            x[i] = counts[i];
            y[i] = z[i] = floor(100 * random_uniform()) - 50;
        }
        for (size_t i = from; i < from + n; i++)
            sum += x[i] * y[i];
        CHECK(kernels->dot(n, x + from, y + from) == sum);
        CHECK(kernels->dot_counts(n, counts + from, y + from) == sum);
        kernels->add_scaled(n, -2.5, x + from, z + from);
        for (size_t i = 0; i < MAX + 3; i++)
            CHECK(z[i] ==
                  y[i] - (i >= from && i < from + n ? 2.5 * x[i] : 0));
        memcpy(z, y, sizeof z);
        kernels->from_counts(n, counts + from, z + from);
        for (size_t i = 0; i < MAX + 3; i++)
            CHECK(z[i] == (i >= from && i < from + n ? x[i] : y[i]));
    }
    counts[0] = INT32_MAX;
    kernels->from_counts(1, counts, z);
    CHECK(z[0] == INT32_MAX);
}

/* ---- Counts ---------------------------------------------------------------
 */

/* A value that is not a count is found at every place, in arrays of every
 * length up to 80 and at unaligned addresses. */
static void test_are_counts(const dmm_kernels *kernels)
{
    enum { MAX = 80 };
    static const double counts[] = {
        0, -0.0, 1, 2, 100, 65536, 1073741824, DMM_MAX_COUNT};
    static const double bad[] = {
        NAN, INFINITY, -INFINITY, -1, -1e-300, 1e-300, 0.5, 0.99999999999999989,
        1.0000000000000002, DMM_MAX_COUNT - 0.5, DMM_MAX_COUNT + 0.5,
        DMM_MAX_COUNT + 1.0, 4503599627370496.0, 4503599627370497.5, 1e300};
    static const int bad_int[] = {-1, -2147483647, -2147483647 - 1};
    double x[MAX + 3];
    int whole[MAX + 3];
    for (size_t n = 0; n <= MAX; n++) {
        const size_t from = n % 3;
        for (size_t i = 0; i < MAX + 3; i++) {
            const int inside = i >= from && i < from + n;
            const size_t any = (size_t)(LENGTH(counts) * random_uniform());
            x[i] = inside ? counts[any] : NAN;
            whole[i] = inside ? (int)x[i] : -1;
        }
        CHECK(kernels->are_counts(n, x + from));
        CHECK(kernels->are_counts_int(n, whole + from));
        unsigned missed = 0;
        for (size_t i = from; i < from + n; i++) {
            const double count = x[i];
            for (size_t b = 0; b < LENGTH(bad); b++) {
                x[i] = bad[b];
                missed += kernels->are_counts(n, x + from) != 0;
            }
            x[i] = count;
            for (size_t b = 0; b < LENGTH(bad_int); b++) {
                whole[i] = bad_int[b];
                missed += kernels->are_counts_int(n, whole + from) != 0;
            }
            whole[i] = (int)count;
        }
        CHECK_SAY(missed == 0, "%s: %u of length %zu", kernels->name, missed,
                  n);
    }
}

/* ---- special.c ------------------------------------------------------------
 */

static void test_scalars(void)
{
    errors worst = {0, 0, 0};
    for (size_t i = 0; i < N_ALPHAS; i++) {
        for (size_t c = 0; c < N_COUNTS; c++) {
            const double a = alphas[i], x = counts[c];
            const reference_differences *exact = &references[i * N_COUNTS + c];
            raise(&worst.t, relative_error(dmm_lgamma_difference(a, x),
                                           exact->lgamma, 1));
            raise(&worst.p, relative_error(dmm_digamma_difference(a, x),
                                           exact->digamma, 0));
            raise(&worst.q, relative_error(dmm_trigamma_difference(a, x),
                                           exact->trigamma, 0));
        }
    }
    CHECK_AT_MOST(worst.t, BOUND_T);
    CHECK_AT_MOST(worst.p, BOUND_P);
    CHECK_AT_MOST(worst.q, BOUND_Q);
    printf("scalar   errors: T %.1e of 1 + |T|, P %.1e, Q %.1e\n", worst.t,
           worst.p, worst.q);

    /* A count of 0, and counts that are not whole. */
    static const double fractions[] = {0.25, 0.5, 1.5, 3.75, 7.9, 8.5, 100.25};
    for (size_t i = 0; i < N_ALPHAS; i++) {
        const double a = alphas[i];
        CHECK(dmm_lgamma_difference(a, 0) == 0);
        CHECK(dmm_digamma_difference(a, 0) == 0);
        CHECK(dmm_trigamma_difference(a, 0) == 0);
        for (size_t c = 0; c < LENGTH(fractions); c++) {
            const double x = fractions[c];
            const double allowed =
                (1e-14 + REFERENCE_SLACK) * (x < 8 ? 1 + 8 / x : 1);
            const reference_differences exact = reference_difference(a, x);
            CHECK_AT_MOST(
                relative_error(dmm_lgamma_difference(a, x), exact.lgamma, 1),
                allowed);
            CHECK_AT_MOST(
                relative_error(dmm_digamma_difference(a, x), exact.digamma, 0),
                allowed);
            CHECK_AT_MOST(relative_error(dmm_trigamma_difference(a, x),
                                         exact.trigamma, 0),
                          allowed);
        }
    }
}

/* Where little cancels when GSL's values are subtracted, the core agrees with
 * them. So does reference.h, which is compared with nothing else. */
static void test_against_gsl(void)
{
    for (int i = 0; i < 400; i++) {
        const double a = pow(10, -3 + 4 * random_uniform());
        const double x = floor(1 + 300 * random_uniform());
        const double t = gsl_sf_lngamma(a + x) - gsl_sf_lngamma(a);
        const double p = gsl_sf_psi(a + x) - gsl_sf_psi(a);
        const double q = gsl_sf_psi_1(a + x) - gsl_sf_psi_1(a);
        const reference_differences r = reference_difference(a, x);
        CHECK_NEAR(dmm_lgamma_difference(a, x), t, 1e-12 * (1 + fabs(t)));
        CHECK_NEAR((double)r.lgamma, t, 1e-12 * (1 + fabs(t)));
        CHECK_NEAR(dmm_digamma_difference(a, x), p, 1e-12 * (1 + fabs(p)));
        CHECK_NEAR((double)r.digamma, p, 1e-12 * (1 + fabs(p)));
        CHECK_NEAR(dmm_trigamma_difference(a, x), q, 1e-12 * (1 + fabs(q)));
        CHECK_NEAR((double)r.trigamma, q, 1e-12 * (1 + fabs(q)));
    }
}

/* ---- Choice of the kernels -------------------------------------------------
 */

static void test_dispatch(void)
{
    const dmm_kernels *widest = NULL;
    for (size_t i = 0; i < LENGTH(kernel_names); i++) {
        const dmm_kernels *kernels = dmm_kernels_find(kernel_names[i]);
        if (kernels == NULL) {
            CHECK(dmm_kernels_select(kernel_names[i]) == DMM_ERROR_ARGUMENT);
            continue;
        }
        CHECK(strcmp(kernels->name, kernel_names[i]) == 0);
        CHECK(widest == NULL || kernels->width > widest->width);
        widest = kernels;
        CHECK(dmm_kernels_select(kernel_names[i]) == DMM_OK);
        CHECK(dmm_kernels_active() == kernels);
    }
    CHECK(dmm_kernels_find("plain") != NULL);
    CHECK(dmm_kernels_find("no such kernels") == NULL);
    CHECK(dmm_kernels_find("") == NULL);
    CHECK(dmm_kernels_find(NULL) == NULL);
    CHECK(dmm_kernels_select("no such kernels") == DMM_ERROR_ARGUMENT);
    CHECK(dmm_kernels_active() == widest);
}

/* The very first calls come from several threads at once, which the thread
 * sanitizer watches. */
static void test_first_choice(void)
{
    enum { CALLS = 64 };
    const dmm_kernels *seen[CALLS];
#ifdef _OPENMP
#pragma omp parallel for num_threads(4) schedule(static, 1)
#endif
    for (int i = 0; i < CALLS; i++)
        seen[i] = dmm_kernels_active();
    for (int i = 0; i < CALLS; i++)
        CHECK(seen[i] != NULL && seen[i] == dmm_kernels_active());
}

/* The choice is made once in a process. The program therefore runs itself
 * again, with DMMOMP_SIMD set and the name of the expected kernels as its
 * argument. */
static void test_environment(const char *program)
{
    static const char *const wishes[] = {"plain",  "baseline", "avx2",
                                         "avx512", "unknown",  ""};
    const char *widest = "plain";
    for (size_t i = 0; i < LENGTH(kernel_names); i++) {
        if (dmm_kernels_find(kernel_names[i]) != NULL)
            widest = kernel_names[i];
    }
    for (size_t i = 0; i < LENGTH(wishes); i++) {
        char command[1000];
        const char *expected =
            dmm_kernels_find(wishes[i]) != NULL ? wishes[i] : widest;
        const int length =
            snprintf(command, sizeof command, "DMMOMP_SIMD='%s' '%s' %s",
                     wishes[i], program, expected);
        CHECK(length > 0 && (size_t)length < sizeof command);
        CHECK_SAY(system(command) == 0, "%s", command);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return strcmp(dmm_kernels_active()->name, argv[1]) != 0;

    test_first_choice();
    gsl_set_error_handler_off();
    make_references();
    for (size_t i = 0; i < LENGTH(kernel_names); i++) {
        const dmm_kernels *kernels = dmm_kernels_find(kernel_names[i]);
        if (kernels == NULL) {
            printf("%s: not on this machine\n", kernel_names[i]);
            continue;
        }
        test_kernel_errors(kernels);
        test_zero_of_t(kernels);
        for (size_t k = 0; k < LENGTH(paddings); k++)
            test_column_shapes(kernels, paddings[k]);
        test_exp_log(kernels);
        test_products(kernels);
        test_are_counts(kernels);
    }
    test_scalars();
    test_against_gsl();
    test_dispatch();
    test_environment(argv[0]);
    dmm_free(references);
    return check_report();
}
