/* Tests of start/rng.c: the labels are those of GSL's mt19937. */
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_rng.h>

#include "check.h"
#include "helpers.h"
#include "start/rng.h"

enum { N = 1000 };

static void test_against_gsl(unsigned long seed, size_t k)
{
    uint32_t label[N + 1] = {0};
    label[N] = 99;
    CHECK(dmm_rng_labels(seed, N, k, label) == DMM_OK);
    CHECK(label[N] == 99);
    gsl_rng *rng = need(gsl_rng_alloc(gsl_rng_mt19937));
    gsl_rng_set(rng, seed);
    for (size_t i = 0; i < N; i++) {
        CHECK(label[i] < k);
        CHECK(label[i] == gsl_rng_uniform_int(rng, (unsigned long)k));
    }
    gsl_rng_free(rng);
}

/* The first labels of seed 1 and k = 4 as literals. They follow from the
 * generator's first outputs, 1791095845, 4282876139, ..., and would change with
 * another generator, or if GSL mapped its outputs to integers in another
 * way. */
static void test_written_down(void)
{
    static const uint32_t expected[] = {1, 3, 2, 3, 0};
    uint32_t label[LENGTH(expected)];
    CHECK(dmm_rng_labels(1, LENGTH(label), 4, label) == DMM_OK);
    for (size_t i = 0; i < LENGTH(expected); i++)
        CHECK_SAY(label[i] == expected[i], "label %zu is %u", i, label[i]);
}

int main(void)
{
    /* A generator and seed chosen by GSL's environment variables must have no
     * effect. */
    setenv("GSL_RNG_TYPE", "taus", 1);
    setenv("GSL_RNG_SEED", "77", 1);
    gsl_rng_env_setup();
    static const unsigned long seeds[] = {0, 1, 2, 123456789, 4294967295};
    static const size_t ks[] = {1, 2, 3, 4, 7, 33, N};
    for (size_t s = 0; s < LENGTH(seeds); s++)
        for (size_t i = 0; i < LENGTH(ks); i++)
            test_against_gsl(seeds[s], ks[i]);
    test_written_down();

    uint32_t first[N], second[N];
    CHECK(dmm_rng_labels(5, N, 4, first) == DMM_OK);
    CHECK(dmm_rng_labels(5, N, 4, second) == DMM_OK);
    CHECK(memcmp(first, second, sizeof first) == 0);
    CHECK(dmm_rng_labels(6, N, 4, second) == DMM_OK);
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK(dmm_rng_labels(5, 0, 4, second) == DMM_OK);
    return check_report();
}
