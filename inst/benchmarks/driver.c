/* Fits a mixture without R: to time the core and its threads on any machine.
 *
 *   cd inst/benchmarks && make driver
 *   ./driver FILE K SEED THREADS [REPEATS]
 *
 * FILE holds int32 N, int32 S and N x S int32 counts in column-major order; in
 * R: writeBin(c(dim(x), x), "FILE") for an integer matrix x. Prints the median
 * and the least of the repeats' seconds.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/core/dmm.h"
#include "../../src/core/kernels.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int *read_counts(const char *path, size_t *rows, size_t *columns)
{
    int32_t size[2];
    int *counts = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fread(size, sizeof *size, 2, file) != 2)
        goto done;
    *rows = (size_t)size[0];
    *columns = (size_t)size[1];
    counts = malloc(*rows * *columns * sizeof *counts);
    if (counts && fread(counts, sizeof *counts, *rows * *columns, file) !=
                      *rows * *columns) {
        free(counts);
        counts = NULL;
    }
done:
    if (file)
        fclose(file);
    return counts;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: driver FILE K SEED THREADS [REPEATS]\n");
        return 2;
    }
    dmm_matrix matrix = {.kind = DMM_MATRIX_DENSE_INT};
    int *counts = read_counts(argv[1], &matrix.rows, &matrix.columns);
    if (counts == NULL) {
        fprintf(stderr, "cannot read %s\n", argv[1]);
        return 1;
    }
    matrix.integers = counts;
    dmm_control control = dmm_control_default();
    const size_t k = strtoul(argv[2], NULL, 10);
    control.seed = strtoul(argv[3], NULL, 10);
    control.n_threads = atoi(argv[4]);
    const char *rule = getenv("DMM_ACCELERATE");
    if (rule != NULL) {
        control.accelerate_change = strtod(rule, NULL);
        control.accelerate = control.accelerate_change > 0;
    }
    rule = getenv("DMM_ACCELERATE_PER_SAMPLE");
    if (rule != NULL)
        control.accelerate_change_per_sample = strtod(rule, NULL);
    int repeats = argc > 5 ? atoi(argv[5]) : 1;
    if (repeats < 1)
        repeats = 1;
    double *seconds = malloc((size_t)repeats * sizeof *seconds);
    dmm_fit_result *fit = NULL;
    for (int r = 0; r < repeats; r++) {
        dmm_fit_free(fit);
        const double start = now();
        const dmm_status status = dmm_fit(&matrix, k, &control, &fit);
        seconds[r] = now() - start;
        if (status != DMM_OK) {
            fprintf(stderr, "%s\n", dmm_status_message(status));
            return 1;
        }
    }
    qsort(seconds, (size_t)repeats, sizeof *seconds, ascending);
    printf("N %zu S %zu K %zu threads %d %s: NLE %.6f Laplace %.4f LogDet %.4f "
           "converged %d EM %d (%d evaluations) k-means %d reseeded %d empty "
           "%d; seconds median %.6f least %.6f\n",
           matrix.rows, matrix.columns, k, fit->n_threads,
           dmm_kernels_active()->name, fit->nle, fit->laplace, fit->log_det,
           fit->converged, fit->iterations, fit->evaluations,
           fit->kmeans_iterations, fit->reseeded, fit->empty,
           seconds[repeats / 2], seconds[0]);
    dmm_fit_free(fit);
    free(seconds);
    free(counts);
    return 0;
}
