/* Tests of start/mixing.c on linear and mildly nonlinear fixed-point
 * iterations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"
#include "start/mixing.h"

#define ROWS 12
#define WIDTH 2
#define LENGTH_X (ROWS * WIDTH)

/* g(x) = A x + b + bend x^2 with a diagonal A of slow and fast modes. If bend
 * is 0, the fixed point is b / (1 - a). */
typedef struct {
    double a[LENGTH_X], b[LENGTH_X], bend;
} map;

static map map_random(double slowest, double bend)
{
    map m = {.bend = bend};
    for (size_t i = 0; i < LENGTH_X; i++) {
        m.a[i] = i == 0 ? slowest : slowest * random_uniform();
        m.b[i] = random_normal();
    }
    return m;
}

/* g = g(x); returns |g - x|. */
static double apply(const map *m, const double *x, double *g)
{
    double move = 0;
    for (size_t i = 0; i < LENGTH_X; i++) {
        g[i] = m->a[i] * x[i] + m->b[i] + m->bend * x[i] * x[i];
        move += (g[i] - x[i]) * (g[i] - x[i]);
    }
    return sqrt(move);
}

/* Returns the number of iterations until x moves by less than 1e-9. `mixing`
 * may be NULL. */
static int iterate(const map *m, dmm_mixing *mixing, double *x)
{
    double g[LENGTH_X];
    memset(x, 0, sizeof g);
    for (int i = 1; i < 100000; i++) {
        if (apply(m, x, g) < 1e-9)
            return i;
        if (mixing)
            dmm_mixing_step(mixing, x, g);
        memcpy(x, g, sizeof g);
    }
    return 100000;
}

static void test_maps(double slowest, double bend, double speedup)
{
    double weight[ROWS], plain[LENGTH_X], mixed[LENGTH_X];
    for (size_t j = 0; j < ROWS; j++)
        weight[j] = 1 + (double)random_below(3);
    const map m = map_random(slowest, bend);
    const int before = iterate(&m, NULL, plain);
    for (int memory = 1; memory <= DMM_MIXING_MEMORY; memory++) {
        dmm_mixing *mixing = NULL;
        CHECK(dmm_mixing_new(ROWS, WIDTH, weight, memory, &mixing) == DMM_OK);
        const int after = iterate(&m, mixing, mixed);
        CHECK_SAY(after <= before, "memory %d: %d and %d", memory, after,
                  before);
        if (memory == DMM_MIXING_MEMORY)
            CHECK_SAY(after * speedup <= before, "%d and %d", after, before);
        /* The last move bounds the distance by 1 / (1 - slowest). */
        CHECK_AT_MOST(largest_difference(plain, mixed, LENGTH_X),
                      4e-9 / (1 - slowest));
        /* A reset restores the initial state, so that all iterations repeat
         * exactly. */
        dmm_mixing_reset(mixing);
        double again[LENGTH_X];
        CHECK(iterate(&m, mixing, again) == after);
        CHECK(memcmp(again, mixed, sizeof again) == 0);
        dmm_mixing_free(mixing);
    }
}

/* Steps of length 0 leave g as it is, and repeated equal steps keep it
 * finite. */
static void test_degenerate(void)
{
    const double weight[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    double x[LENGTH_X] = {0}, g[LENGTH_X] = {0};
    dmm_mixing *mixing = NULL;
    CHECK(dmm_mixing_new(ROWS, WIDTH, weight, 3, &mixing) == DMM_OK);
    for (int i = 0; i < 5; i++) {
        dmm_mixing_step(mixing, x, g); /* at the fixed point already */
        for (size_t e = 0; e < LENGTH_X; e++)
            CHECK(g[e] == 0);
    }
    dmm_mixing_reset(mixing);
    for (int i = 0; i < 5; i++) {
        for (size_t e = 0; e < LENGTH_X; e++)
            g[e] = 1; /* the same step again and again */
        dmm_mixing_step(mixing, x, g);
        CHECK(all_finite(g, LENGTH_X));
    }
    dmm_mixing_free(mixing);
    dmm_mixing_free(NULL);
}

int main(void)
{
    random_seed(20);
    test_maps(0.5, 0, 1);
    test_maps(0.9, 0, 2);
    test_maps(0.99, 0, 5);
    test_maps(0.9, 1e-4, 2);
    test_degenerate();
    return check_report();
}
