/* Times the kernels of the special functions on one thread. A Markdown table
 * gives, for each instruction set that this machine has, the nanoseconds per
 * feature and component (the best of several repetitions) of
 *   T      the table of lgamma differences (lgamma_table)
 *   T+P+Q  the sums of lgamma, digamma and trigamma differences
 *          (difference_sums)
 *
 * To build and run it on x86-64, from the root of the package:
 *
 *   cc -O2 -DDMM_HAVE_VECTOR -DDMM_HAVE_AVX2 -DDMM_HAVE_AVX512 \
 *       -Isrc/core -o /tmp/kernels \
 *       inst/benchmarks/kernels.c src/core/simd/*.c \
 *       src/core/base/alloc.c -lm && /tmp/kernels
 *
 * On other processors leave out DMM_HAVE_AVX2 and DMM_HAVE_AVX512. The columns
 * of the table are for four kinds of data:
 *   large      columns of 256 counts from 8 on, alpha from e^-6 to e^2, as of
 *              typical taxa
 *   ratio      the same with alpha from e^3 to e^8, as of the columns of totals
 *   short      columns of 8 counts from 8 on, which show the cost of a column
 *              itself; alpha as in "large"
 *   small      columns of the counts 1 to 7; alpha as in "large"
 */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "simd/kernels.h"

#define REPETITIONS 200
#define MINIMUM_TIME 2e-4 /* seconds of one repetition */

typedef struct {
    const char *name;
    size_t columns;
    size_t features; /* in each column */
    double first_count;
    double log_alpha_from;
    double log_alpha_to;
} kind;

static const kind kinds[] = {
    {"large", 64, 256, 8, -6, 2},
    {"ratio", 64, 256, 8, 3, 8},
    {"short", 512, 8, 8, -6, 2},
    {"small", 512, 7, 1, -6, 2},
};

static const size_t paddings[] = {1, 2, 4, 8, 16};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* One group of columns that have the same counts, and parameters for them. */
typedef struct {
    dmm_dictionary dictionary;
    double *alpha, *lambda, *table, *histogram;
    double *lgamma, *digamma, *trigamma;
    double evaluations; /* features x components */
} problem;

static problem problem_new(const kind *kind, size_t kp)
{
    problem p;
    dmm_dictionary *d = &p.dictionary;
    const size_t n = kind->columns, features = n * kind->features;
    const size_t padded = features + DMM_FEATURE_PADDING;
    *d = (dmm_dictionary){.n_taxa_columns = n,
                          .n_columns = n,
                          .n_features = padded,
                          .begin = need(DMM_NEW(n, size_t)),
                          .end = need(DMM_NEW(n, size_t)),
                          .n_small = need(DMM_NEW(n, uint32_t)),
                          .multiplicity = need(DMM_NEW(n, double)),
                          .value = need(DMM_NEW(padded, double))};
    p.alpha = need(DMM_NEW2(n, kp, double));
    p.lambda = need(DMM_NEW2(n, kp, double));
    p.table = need(DMM_NEW2(padded, kp, double));
    p.histogram = need(DMM_NEW2(padded, kp, double));
    p.lgamma = need(DMM_NEW(kp, double));
    p.digamma = need(DMM_NEW2(n, kp, double));
    p.trigamma = need(DMM_NEW2(n, kp, double));
    p.evaluations = (double)(features * kp);
    for (size_t j = 0; j < n; j++) {
        d->begin[j] = j * kind->features;
        d->end[j] = d->begin[j] + kind->features;
        d->n_small[j] =
            kind->first_count < DMM_SMALL_COUNT ? (uint32_t)kind->features : 0;
        d->multiplicity[j] = 1;
        for (size_t f = 0; f < kind->features; f++)
            d->value[d->begin[j] + f] = kind->first_count + (double)f;
    }
    for (size_t i = 0; i < n * kp; i++) {
        const double u = (double)(i * 7919 % 1000) / 1000;
        p.lambda[i] = kind->log_alpha_from +
                      u * (kind->log_alpha_to - kind->log_alpha_from);
        p.alpha[i] = exp(p.lambda[i]);
    }
    for (size_t i = 0; i < features * kp; i++)
        p.histogram[i] = (double)(i % 11);
    return p;
}

static void problem_free(problem *p)
{
    dmm_free(p->dictionary.begin);
    dmm_free(p->dictionary.end);
    dmm_free(p->dictionary.n_small);
    dmm_free(p->dictionary.multiplicity);
    dmm_free(p->dictionary.value);
    dmm_free(p->alpha);
    dmm_free(p->lambda);
    dmm_free(p->table);
    dmm_free(p->histogram);
    dmm_free(p->lgamma);
    dmm_free(p->digamma);
    dmm_free(p->trigamma);
}

static void evaluate(const dmm_kernels *kernels, problem *p, size_t kp,
                     int sums)
{
    if (sums)
        kernels->difference_sums(&p->dictionary, kp, p->alpha, p->lambda,
                                 p->histogram, 0, p->dictionary.n_columns,
                                 p->lgamma, p->digamma, p->trigamma);
    else
        kernels->lgamma_table(&p->dictionary, kp, p->alpha, p->lambda, 0,
                              p->dictionary.n_columns, p->table);
}

/* Nanoseconds per feature and component. */
static double cost(const dmm_kernels *kernels, problem *p, size_t kp, int sums)
{
    size_t calls = 1;
    double best = INFINITY;
    for (int r = 0; r < REPETITIONS;) {
        const double start = now();
        for (size_t i = 0; i < calls; i++)
            evaluate(kernels, p, kp, sums);
        const double time = now() - start;
        if (time < MINIMUM_TIME) {
            calls *= 2;
            continue;
        }
        if (time / (double)calls < best)
            best = time / (double)calls;
        r++;
    }
    return 1e9 * best / p->evaluations;
}

int main(void)
{
    static const char *const names[] = {"plain", "baseline", "avx2", "avx512"};
    printf("| instructions | kp |");
    for (size_t c = 0; c < LENGTH(kinds); c++)
        printf(" %s T | %s T+P+Q |", kinds[c].name, kinds[c].name);
    printf("\n|---|---|");
    for (size_t c = 0; c < LENGTH(kinds); c++)
        printf("---|---|");
    printf("\n");
    for (size_t s = 0; s < LENGTH(names); s++) {
        const dmm_kernels *kernels = dmm_kernels_find(names[s]);
        if (kernels == NULL)
            continue;
        for (size_t i = 0; i < LENGTH(paddings); i++) {
            const size_t kp = paddings[i];
            printf("| %s | %zu |", kernels->name, kp);
            for (size_t c = 0; c < LENGTH(kinds); c++) {
                problem p = problem_new(&kinds[c], kp);
                printf(" %.2f |", cost(kernels, &p, kp, 0));
                printf(" %.2f |", cost(kernels, &p, kp, 1));
                problem_free(&p);
            }
            printf("\n");
            fflush(stdout);
        }
    }
    return 0;
}
