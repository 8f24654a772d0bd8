/* Tests of em/accelerate.c: acceleration reaches the optimum of plain EM in
 * fewer evaluations. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "em/accelerate.h"
#include "helpers.h"

typedef struct {
    int runs, same, worse, evaluations, plain_evaluations;
} tally;

/* Two runs are at the same optimum if their NLE differs by at most SAME. A run
 * is worse if its NLE exceeds that of plain EM by more than STOPPED_EARLY. */
#define SAME 1e-4
#define STOPPED_EARLY 0.01

/* Compares accelerated with plain EM from the same start. Plain EM has a much
 * smaller tolerance than the default, to end at its optimum: when NLE changes
 * by 1e-6, it may be a thousand times that above the optimum. */
static void compare(const table *t, size_t k, unsigned long seed, tally *all)
{
    const dmm_matrix matrix = table_view(t, all_kinds[seed % 3]);
    dmm_control control = dmm_control_default();
    dmm_fit_result *fast = NULL, *plain = NULL;
    control.seed = seed;
    CHECK(dmm_fit(&matrix, k, &control, &fast) == DMM_OK);
    control.accelerate = 0;
    control.tolerance = 1e-9;
    control.max_iterations = 50000;
    CHECK(dmm_fit(&matrix, k, &control, &plain) == DMM_OK);
    if (fast == NULL || plain == NULL)
        goto done;
    CHECK_SAY(fast->converged,
              "N %zu S %zu k %zu seed %lu: NLE %.9f after %d, plain EM "
              "%.9f after %d",
              t->rows, t->columns, k, seed, fast->nle, fast->iterations,
              plain->nle, plain->iterations);
    CHECK(plain->converged);
    /* The weight of an empty component is held; it does not vanish. */
    CHECK((double)t->rows * fast->weight[k - 1] > DMM_EMPTY_WEIGHT / 10);
    all->runs++;
    all->same += fabs(fast->nle - plain->nle) <= SAME;
    all->worse += fast->nle > plain->nle + STOPPED_EARLY;
    if (fabs(fast->nle - plain->nle) > SAME)
        printf("N %zu S %zu k %zu seed %lu: %.6f, plain EM %.6f\n", t->rows,
               t->columns, k, seed, fast->nle, plain->nle);
    all->evaluations += fast->evaluations;
    all->plain_evaluations += plain->evaluations;
done:
    dmm_fit_free(fast);
    dmm_fit_free(plain);
}

/* EM is ready when the change of NLE is small, by itself or for that many
 * samples, and has decreased slowly for some iterations. */
static void test_ready(void)
{
    const dmm_counts few = {.n_samples = 10}, many = {.n_samples = 10000000};
    dmm_control control = dmm_control_default();
    dmm_em em = {.iterations = 10, .last_change = 0.5, .shrinking = 3};
    em.counts = &few;
    em.control = &control;
    control.accelerate_change = 1;
    control.accelerate_change_per_sample = 1e-3;
    CHECK(dmm_accelerate_ready(&em, 0.6));
    CHECK(!dmm_accelerate_ready(&em, 50));
    em.last_change = 2000;
    CHECK(!dmm_accelerate_ready(&em, 2100));
    em.counts = &many;
    CHECK(dmm_accelerate_ready(&em, 2100));
    em.last_change = 20000;
    CHECK(!dmm_accelerate_ready(&em, 21000));
    em.last_change = 0.5;
    em.shrinking = 0; /* grown: EM is leaving a saddle */
    CHECK(!dmm_accelerate_ready(&em, 0.6));
}

/* Fits mixtures of this separation with fewer components than they have, as
 * many, and more. */
static tally compare_mixtures(double separation, unsigned long rounds)
{
    tally all = {0, 0, 0, 0, 0};
    for (unsigned long round = 0; round < rounds; round++) {
        table t = table_mixture(60 + random_below(60), 8 + random_below(20),
                                2 + round % 3, 10 + 10 * (double)(round % 4),
                                100, separation);
        for (size_t k = 2; k <= 4; k++)
            compare(&t, k, round + 1, &all);
        table_free(&t);
    }
    printf("separation %g: the same optimum in %d of %d, worse in %d; %d "
           "evaluations, plain EM %d\n",
           separation, all.same, all.runs, all.worse, all.evaluations,
           all.plain_evaluations);
    return all;
}

int main(void)
{
    static const double separations[] = {0.9, 0.5, 0.25};
    random_seed(21);
    test_ready();
    for (size_t i = 0; i < LENGTH(separations); i++) {
        const tally all = compare_mixtures(separations[i], 16);
        /* With too many components there are several optima. Acceleration may
         * end in another one, better or worse, but rarely does. */
        CHECK(24 * all.worse <= all.runs);
        CHECK(10 * all.same >= 9 * all.runs);
        CHECK(2 * all.evaluations < all.plain_evaluations);
    }
    /* Components that are nearly alike: some become empty during the fit. */
    tally all = compare_mixtures(0.1, 24);
    CHECK(10 * all.same >= 9 * all.runs);
    CHECK(20 * all.worse <= all.runs);
    CHECK(2 * all.evaluations < all.plain_evaluations);

    table t = table_random(50, 10, 0.4, 30, 1);
    all = (tally){0, 0, 0, 0, 0};
    compare(&t, 2, 1, &all);
    compare(&t, 5, 2, &all);
    CHECK(all.same == 2);
    table_free(&t);
    return check_report();
}
