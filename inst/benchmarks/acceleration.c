/* Compares rules for when EM's acceleration starts: fits one table with each
 * rule from each of several seeds. acceleration.R runs this program and makes a
 * table of its output.
 *
 *   acceleration FILE K SEEDS MAX_ITERATIONS RULE...
 *
 * FILE is a table (see input.h), K the number of components, and seeds are
 * 1 to SEEDS. RULE is NAME:CHANGE:PER_SAMPLE:RELATIVE. Acceleration may start
 * once the NLE changes by less than the largest of CHANGE, PER_SAMPLE x N and
 * RELATIVE x |NLE|, where NLE is the one that the first rule ended with from
 * the same seed. A rule of zeros never accelerates.
 *
 * Prints a line for each seed and rule. Seconds are for EM alone, which is all
 * that the rules affect. They are processor time, which other programs disturb
 * less than elapsed time.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../src/core/dmm.h"
#include "input.h"

typedef struct {
    char name[32];
    double change, per_sample, relative;
} rule;

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The processor times at which EM began and ended. */
typedef struct {
    double begin, end;
} em_time;

static void note_time(dmm_phase phase, int iteration, double value, void *user)
{
    em_time *time = user;
    (void)value;
    if (phase == DMM_PHASE_EM && iteration == 0)
        time->begin = processor_time();
    if (phase == DMM_PHASE_HESSIAN && iteration == 0)
        time->end = processor_time();
}

static int read_rule(const char *text, rule *r)
{
    return sscanf(text, "%31[^:]:%lf:%lf:%lf", r->name, &r->change,
                  &r->per_sample, &r->relative) != 4;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr,
                "usage: acceleration FILE K SEEDS MAX_ITERATIONS RULE...\n");
        return 2;
    }
    dmm_matrix matrix;
    if (input_read(argv[1], &matrix)) {
        fprintf(stderr, "cannot read %s\n", argv[1]);
        return 1;
    }
    const size_t k = strtoul(argv[2], NULL, 10);
    const unsigned long seeds = strtoul(argv[3], NULL, 10);
    printf("seed rule NLE evaluations iterations converged seconds\n");
    for (unsigned long seed = 1; seed <= seeds; seed++) {
        double first_nle = 0;
        for (int a = 5; a < argc; a++) {
            rule r;
            if (read_rule(argv[a], &r)) {
                fprintf(stderr, "not a rule: %s\n", argv[a]);
                return 2;
            }
            dmm_control control = dmm_control_default();
            control.seed = seed;
            control.max_iterations = atoi(argv[4]);
            em_time time = {0};
            control.progress = note_time;
            control.user = &time;
            control.accelerate_change =
                fmax(r.change, r.relative * fabs(first_nle));
            control.accelerate_change_per_sample = r.per_sample;
            control.accelerate =
                control.accelerate_change > 0 || r.per_sample > 0;
            dmm_fit_result *fit = NULL;
            const dmm_status status = dmm_fit(&matrix, k, &control, &fit);
            if (status != DMM_OK) {
                fprintf(stderr, "%s\n", dmm_status_message(status));
                return 1;
            }
            if (a == 5)
                first_nle = fit->nle;
            printf("%lu %s %.13g %d %d %d %.6f\n", seed, r.name, fit->nle,
                   fit->evaluations, fit->iterations, fit->converged,
                   time.end - time.begin);
            fflush(stdout);
            dmm_fit_free(fit);
        }
    }
    input_free(&matrix);
    return 0;
}
