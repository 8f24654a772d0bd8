/* Fits a mixture with the C core, without R, and prints times and memory: for
 * the scripts in this folder, profilers and debuggers.
 *
 *   make -C inst/benchmarks driver
 *   inst/benchmarks/build/driver FILE K SEED THREADS [REPEATS]
 *
 * FILE is a table (see input.h), for example inst/extdata/Twins.csv. The fit is
 * repeated REPEATS times (once by default), and one line of name=value pairs is
 * printed:
 *   seconds, least    median and least elapsed time of a fit
 *   prepare, kmeans, mstep, em, laplace
 *                     median elapsed times of the phases of a fit
 *   peak_kb           what the first fit adds to the memory in use at its peak,
 *                     its result included
 *   digest            a hash of all bits of the result
 * and the sizes, criteria and numbers of iterations of the fit.
 *
 * Environment variables:
 *   DMM_ACCELERATE, DMM_ACCELERATE_PER_SAMPLE
 *       EM's acceleration starts once the NLE changes by less than the first,
 *       or by less than the second times N. If the first is 0 or less, EM is
 *       not accelerated.
 *   DMM_MAX_ITERATIONS
 *       The largest number of EM iterations.
 *   DMM_KMEANS_TOLERANCE
 *       The k-means start ends when no centre moves further than this.
 *   DMM_WARM_UP
 *       If set, peak_kb leaves out the pages of the program itself: an extra
 *       fit before the first one brings them in, and large blocks are returned
 *       to the system when they are freed, which takes time. If not set, all
 *       memory is kept between the repeats, so that times are stable: whether
 *       glibc by itself would keep it can depend on a few kilobytes.
 *   DMMOMP_SIMD
 *       The kernels to use (see dmm_kernels_active() in simd/kernels.h).
 */
#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "../../src/core/dmm.h"
#include "../../src/core/simd/kernels.h"
#include "input.h"

/* The phases of dmm_phase, preceded by the compression of the table. */
enum { PREPARE, KMEANS, FIRST_MSTEP, EM, LAPLACE, PHASES };
static const char *phase_name[PHASES] = {"prepare", "kmeans", "mstep", "em",
                                         "laplace"};

/* When each phase began, and last when the fit ended: seconds of now(). */
typedef struct {
    double begin[PHASES + 1];
} stopwatch;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void note_phase(dmm_phase phase, int iteration, double value, void *user)
{
    static const int begins[] = {[DMM_PHASE_START] = KMEANS,
                                 [DMM_PHASE_SETUP] = FIRST_MSTEP,
                                 [DMM_PHASE_EM] = EM,
                                 [DMM_PHASE_HESSIAN] = LAPLACE};
    (void)value;
    if (iteration == 0)
        ((stopwatch *)user)->begin[begins[phase]] = now();
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Kilobytes from the line `what` of /proc/self/status. It is preferred to
 * getrusage(), whose peak includes that of the program that started this one;
 * where there is no /proc, getrusage()'s peak is returned whatever is asked. */
static double memory_kb(const char *what)
{
    char line[256];
    double kb = -1;
    const size_t length = strlen(what);
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
        return (double)usage.ru_maxrss / 1024;
#else
        return (double)usage.ru_maxrss;
#endif
    }
    while (fgets(line, sizeof line, file))
        if (strncmp(line, what, length) == 0)
            kb = strtod(line + length, NULL);
    fclose(file);
    return kb;
}

/* Has the C library keep freed memory for the next fit, if it is glibc. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

/* Makes a fit that is not measured, to bring in the program's own pages. Then
 * freed memory is returned to the system (glibc) and the recorded peak is reset
 * (Linux). */
static dmm_status warm_up(const dmm_matrix *matrix, size_t k,
                          const dmm_control *control)
{
    dmm_fit_result *fit = NULL;
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
    const dmm_status status = dmm_fit(matrix, k, control, &fit);
    dmm_fit_free(fit);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
    return status;
}

/* FNV-1a hash of the values' bytes, continued from `hash`. */
static uint64_t digest(uint64_t hash, const double *values, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)values;
    for (size_t i = 0; i < n * sizeof *values; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t digest_fit(const dmm_fit_result *fit)
{
    const double numbers[] = {fit->nle,     fit->log_likelihood,
                              fit->log_det, fit->laplace,
                              fit->bic,     fit->aic};
    const size_t parameters = fit->n_taxa * fit->k;
    uint64_t hash = UINT64_C(14695981039346656037);
    hash = digest(hash, numbers, sizeof numbers / sizeof *numbers);
    hash = digest(hash, fit->weight, fit->k);
    hash = digest(hash, fit->z, fit->n_samples * fit->k);
    hash = digest(hash, fit->estimate, parameters);
    hash = digest(hash, fit->lower, parameters);
    hash = digest(hash, fit->upper, parameters);
    return digest(hash, fit->std_error, parameters);
}

static void apply_environment(dmm_control *control)
{
    const char *value = getenv("DMM_ACCELERATE");
    if (value != NULL) {
        control->accelerate_change = strtod(value, NULL);
        control->accelerate = control->accelerate_change > 0;
    }
    value = getenv("DMM_ACCELERATE_PER_SAMPLE");
    if (value != NULL)
        control->accelerate_change_per_sample = strtod(value, NULL);
    value = getenv("DMM_MAX_ITERATIONS");
    if (value != NULL)
        control->max_iterations = atoi(value);
    value = getenv("DMM_KMEANS_TOLERANCE");
    if (value != NULL)
        control->kmeans_tolerance = strtod(value, NULL);
}

static void report(const dmm_matrix *matrix, const dmm_fit_result *fit,
                   double *seconds, double *phase[PHASES], size_t repeats,
                   double peak_kb)
{
    printf("N=%zu S=%zu K=%zu threads=%d kernels=%s", matrix->rows,
           matrix->columns, fit->k, fit->n_threads, dmm_kernels_active()->name);
    printf(" NLE=%.13g Laplace=%.13g LogDet=%.13g converged=%d iterations=%d "
           "evaluations=%d kmeans_iterations=%d reseeded=%d empty=%d",
           fit->nle, fit->laplace, fit->log_det, fit->converged,
           fit->iterations, fit->evaluations, fit->kmeans_iterations,
           fit->reseeded, fit->empty);
    printf(" seconds=%.6f", median(seconds, repeats));
    printf(" least=%.6f", seconds[0]);
    for (int p = 0; p < PHASES; p++)
        printf(" %s=%.6f", phase_name[p], median(phase[p], repeats));
    printf(" peak_kb=%.0f digest=%016llx\n", peak_kb,
           (unsigned long long)digest_fit(fit));
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: driver FILE K SEED THREADS [REPEATS]\n");
        return 2;
    }
    dmm_matrix matrix;
    if (input_read(argv[1], &matrix)) {
        fprintf(stderr, "cannot read %s\n", argv[1]);
        return 1;
    }
    stopwatch watch;
    dmm_control control = dmm_control_default();
    const size_t k = strtoul(argv[2], NULL, 10);
    control.seed = strtoul(argv[3], NULL, 10);
    control.n_threads = atoi(argv[4]);
    control.progress = note_phase;
    control.user = &watch;
    apply_environment(&control);
    const int asked = argc > 5 ? atoi(argv[5]) : 1;
    const size_t repeats = asked < 1 ? 1 : (size_t)asked;
    double *times = calloc((PHASES + 1) * repeats, sizeof *times);
    double *phase[PHASES];
    for (size_t p = 0; p < PHASES; p++)
        phase[p] = times + (p + 1) * repeats;
    dmm_fit_result *fit = NULL;
    dmm_status status = DMM_OK;
    if (getenv("DMM_WARM_UP"))
        status = warm_up(&matrix, k, &control);
    else
        keep_memory();
    if (status != DMM_OK) {
        fprintf(stderr, "%s\n", dmm_status_message(status));
        return 1;
    }
    const double before_kb = memory_kb("VmRSS:");
    double peak_kb = 0;
    for (size_t r = 0; r < repeats; r++) {
        dmm_fit_free(fit);
        watch.begin[PREPARE] = now();
        status = dmm_fit(&matrix, k, &control, &fit);
        watch.begin[PHASES] = now();
        if (status != DMM_OK) {
            fprintf(stderr, "%s\n", dmm_status_message(status));
            return 1;
        }
        if (r == 0)
            peak_kb = memory_kb("VmHWM:") - before_kb;
        times[r] = watch.begin[PHASES] - watch.begin[PREPARE];
        for (size_t p = 0; p < PHASES; p++)
            phase[p][r] = watch.begin[p + 1] - watch.begin[p];
    }
    report(&matrix, fit, times, phase, repeats, peak_kb);
    dmm_fit_free(fit);
    free(times);
    input_free(&matrix);
    return 0;
}
