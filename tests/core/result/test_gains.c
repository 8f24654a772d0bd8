/* Tests of result/gains.c: against the sums over all samples, with the C
 * library's lgamma in long double and bisection, and against refits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/parameters.h"
#include "helpers.h"

typedef struct {
    size_t k;
    double *z, *estimate, *other;
    unsigned char *is_marker;
    double shared;
} given;

/* Identical markers have identical parameters. */
static void equalise(const table *t, given *g)
{
    for (size_t j = 0; j < t->columns; j++)
        for (size_t l = 0; l < j; l++)
            if (g->is_marker[l] &&
                memcmp(t->count + j * t->rows, t->count + l * t->rows,
                       t->rows * sizeof(int)) == 0)
                for (size_t c = 0; c < g->k; c++)
                    g->estimate[c * t->columns + j] =
                        g->estimate[c * t->columns + l];
}

static given given_random(const table *t, size_t k, double markers)
{
    given g = {.k = k, .shared = 1 + 30 * random_uniform()};
    g.z = NEED(t->rows * k, double);
    g.estimate = NEED(t->columns * k, double);
    g.other = NEED(k, double);
    g.is_marker = NEED(t->columns, unsigned char);
    for (size_t i = 0; i < t->rows; i++) {
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += g.z[c * t->rows + i] = pow(random_uniform(), 4) + 1e-9;
        for (size_t c = 0; c < k; c++)
            g.z[c * t->rows + i] /= sum;
    }
    for (size_t c = 0; c < k; c++)
        g.other[c] = 1 + 30 * random_uniform();
    for (size_t j = 0; j < t->columns; j++)
        g.is_marker[j] = random_uniform() < markers;
    for (size_t e = 0; e < t->columns * k; e++)
        g.estimate[e] = 0.1 + 3 * random_uniform();
    equalise(t, &g);
    return g;
}

static void given_free(given *g)
{
    free(g->z);
    free(g->estimate);
    free(g->other);
    free(g->is_marker);
}

static void gains(const table *t, const given *g, dmm_control control,
                  int canonical, dmm_matrix_kind kind, double *gain)
{
    const dmm_matrix m = table_view(t, kind);
    dmm_table *whole = NULL;
    CHECK(dmm_table_new(&m, canonical, g->k, 1, &whole) == DMM_OK);
    const dmm_marker_model model = {.k = g->k,
                                    .z = g->z,
                                    .is_marker = g->is_marker,
                                    .estimate = g->estimate,
                                    .other = g->other,
                                    .shared = g->shared};
    CHECK(dmm_table_gains(whole, &model, &control, gain) == DMM_OK);
    dmm_table_free(whole);
}

/* ---- By hand ------------------------------------------------------------ */

/* E of gains.c for counts x out of n with weights w. The slope of its maximum
 * has one root. */
static double evidence(size_t rows, const double *x, const double *n,
                       const double *w, double o, const dmm_control *control)
{
    const long double eta = control->eta, nu = control->nu, size = o;
    long double low = -DMM_LAMBDA_LIMIT, high = DMM_LAMBDA_LIMIT, lambda = 0;
    long double curvature = 0;
    for (int step = 0; step < 80; step++) {
        lambda = (low + high) / 2;
        const long double a = expl(lambda);
        long double slope = eta - nu * a;
        curvature = nu * a;
        for (size_t i = 0; i < rows; i++) {
            const long double rate = a * logl(size / (size + n[i]));
            slope += w[i] * rate;
            curvature -= w[i] * rate;
            for (long double m = 0; m < x[i]; m++) {
                slope += w[i] * a / (a + m);
                curvature -= w[i] * a * m / ((a + m) * (a + m));
            }
        }
        if (slope > 0)
            low = lambda;
        else
            high = lambda;
    }
    const long double a = expl(lambda);
    long double value = eta * logl(nu) - lgammal(eta) + eta * lambda - nu * a;
    for (size_t i = 0; i < rows; i++) {
        long double term = a * logl(size / (size + n[i]));
        if (x[i] > 0)
            term += lgammal(a + x[i]) - lgammal(a) +
                    x[i] * logl(n[i] / (size + n[i]));
        value += w[i] * term;
    }
    return (double)(value + logl(6.283185307179586477L / curvature) / 2);
}

static double gain_by_hand(const table *t, const given *g,
                           const dmm_control *control, size_t taxon)
{
    const size_t rows = t->rows;
    double *x = NEED(rows, double), *n = NEED(rows, double);
    double *one = NEED(rows, double), counts = 0, others = 0, gain = 0;
    for (size_t i = 0; i < rows; i++) {
        x[i] = t->count[taxon * rows + i];
        one[i] = 1;
        for (size_t j = 0; j < t->columns; j++)
            n[i] += g->is_marker[j] ? 0 : t->count[j * rows + i];
        counts += x[i];
        others += n[i];
        n[i] += g->is_marker[taxon] ? x[i] : 0;
    }
    for (size_t c = 0; c < g->k; c++) {
        const double own = g->estimate[c * t->columns + taxon];
        gain +=
            evidence(rows, x, n, g->z + c * rows,
                     g->other[c] + (g->is_marker[taxon] ? own : 0), control);
    }
    gain -= evidence(
        rows, x, n, one,
        g->shared * (g->is_marker[taxon] ? 1 + counts / fmax(1, others) : 1),
        control);
    free(x);
    free(n);
    free(one);
    return gain;
}

static void check_gains(const table *t, const given *g, dmm_control control)
{
    double *gain = NEED(t->columns, double);
    for (int canonical = 0; canonical <= 1; canonical++) {
        gains(t, g, control, canonical,
              all_kinds[random_below(LENGTH(all_kinds))], gain);
        for (size_t j = 0; j < t->columns; j++) {
            const double expected = gain_by_hand(t, g, &control, j);
            /* the parameter is found to 1e-5, and log(h) / 2 as well */
            CHECK_NEAR(gain[j], expected, 1e-5 * (double)(g->k + 1));
        }
    }
    free(gain);
}

/* Takes the counts of the background from some samples. */
static void empty_background(table *t, const given *g)
{
    for (size_t i = 0; i < t->rows; i += 3) {
        for (size_t j = 0; j < t->columns; j++)
            if (!g->is_marker[j])
                t->count[j * t->rows + i] = 0;
        t->count[i] += g->is_marker[0];
    }
}

static void test_by_hand(void)
{
    static const size_t shapes[][2] = {{1, 2}, {5, 8}, {40, 12}, {70, 15}};
    for (size_t s = 0; s < LENGTH(shapes); s++)
        for (size_t k = 1; k <= 9; k += k < 4 ? 1 : 5) {
            const size_t rows = shapes[s][0];
            dmm_control control = dmm_control_default();
            if (k > rows)
                continue;
            if (k == 2) {
                control.eta = 0.4;
                control.nu = 0.02;
            }
            /* with identical taxa, of which some are markers */
            table t = table_random(rows, shapes[s][1], 0.4, 60, 1);
            given g = given_random(&t, k, 0.4);
            check_gains(&t, &g, control);
            /* no markers: all is background */
            given none = given_random(&t, k, 0);
            check_gains(&t, &none, control);
            given_free(&none);
            /* a taxon without counts; samples without background */
            memset(t.count + rows * (shapes[s][1] - 1), 0, rows * sizeof(int));
            g.is_marker[0] = 1;
            empty_background(&t, &g);
            for (size_t i = 0; i < rows; i++)
                t.count[i]++;
            table_finish(&t);
            equalise(&t, &g);
            check_gains(&t, &g, control);
            g.is_marker[shapes[s][1] - 1] ^= 1;
            equalise(&t, &g);
            check_gains(&t, &g, control);
            given_free(&g);
            table_free(&t);
        }
}

/* ---- The same bits ------------------------------------------------------ */

static void test_threads(void)
{
    table t = table_random(3000, 150, 0.3, 300, 1);
    given g = given_random(&t, 3, 0.3);
    double *one = NEED(t.columns, double), *more = NEED(t.columns, double);
    dmm_control control = dmm_control_default();
    gains(&t, &g, control, 1, DMM_MATRIX_CSC, one);
    CHECK(all_finite(one, t.columns));
    for (int threads = 2; threads <= 3; threads++)
        for (size_t i = 0; i < LENGTH(all_kinds); i++) {
            control.n_threads = threads;
            gains(&t, &g, control, 1, all_kinds[i], more);
            CHECK(memcmp(one, more, t.columns * sizeof *one) == 0);
        }
    free(one);
    free(more);
    given_free(&g);
    table_free(&t);
}

/* ---- Against refits ----------------------------------------------------- */

/* Fits both branches, the mixture from g->z. Sets all of g that depends on the
 * fit, and returns the Laplace criterion of the table. */
static double refit(const dmm_table *whole, const table *t, given *g)
{
    const dmm_control control = dmm_control_default();
    const dmm_start_kind kind = DMM_START_GIVEN;
    const dmm_start_plan plan = {1, &kind, g->z}, usual = {.n_starts = 1};
    dmm_start_record record;
    size_t made;
    dmm_table *table[2];
    dmm_fit_result *m = NULL, *b = NULL;
    CHECK(dmm_table_split(whole, g->is_marker, g->k, 1, &table[0], &table[1]) ==
          DMM_OK);
    CHECK(dmm_table_fit(table[0], g->k, &plan, &control, &record, &made, &m) ==
          DMM_OK);
    CHECK(dmm_table_fit(table[1], 1, &usual, &control, &record, &made, &b) ==
          DMM_OK);
    CHECK(m->converged && b->converged);
    memcpy(g->z, m->z, t->rows * g->k * sizeof *m->z);
    size_t n = 0;
    for (size_t j = 0; j < t->columns; j++)
        if (g->is_marker[j]) {
            for (size_t c = 0; c < g->k; c++)
                g->estimate[c * t->columns + j] =
                    m->estimate[c * m->n_taxa + n];
            n++;
        }
    for (size_t c = 0; c < g->k; c++)
        g->other[c] = m->estimate[c * m->n_taxa + n];
    g->shared = 0;
    for (size_t j = 0; j < b->n_taxa; j++)
        g->shared += b->estimate[j];
    const double laplace = m->laplace + b->laplace;
    dmm_fit_free(m);
    dmm_fit_free(b);
    dmm_table_free(table[0]);
    dmm_table_free(table[1]);
    return laplace;
}

#define TAXA 60

/* Three types that differ in every third taxon. Of these, the odd ones tell
 * them apart and are the markers. Each taxon by itself is moved in or out. */
static void test_refits(void)
{
    table t = table_new(240, TAXA);
    double share[TAXA], sum;
    for (size_t i = 0; i < t.rows; i++) {
        sum = 0;
        for (size_t j = 0; j < TAXA; j++) {
            double a = 0.3 + (double)(j % 7) / 5;
            if (j % 3 == 0 && j / 3 % 3 == i % 3)
                a *= 1 + (double)j / (j % 2 ? 10 : 25);
            sum += share[j] = random_gamma(a);
        }
        for (size_t j = 0; j < TAXA; j++) {
            double reads = 900 * share[j] / sum;
            t.count[j * t.rows + i] = (int)(reads + random_uniform());
        }
    }
    table_finish(&t);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_CSC);
    dmm_table *whole = NULL;
    CHECK(dmm_table_new(&m, 1, 3, 1, &whole) == DMM_OK);
    given g = given_random(&t, 3, 0);
    for (size_t i = 0; i < t.rows; i++)
        for (size_t c = 0; c < 3; c++)
            g.z[c * t.rows + i] = i % 3 == c;
    for (size_t j = 0; j < TAXA; j++)
        g.is_marker[j] = j % 3 == 0 && j % 2;
    const double laplace = refit(whole, &t, &g);
    double gain[TAXA];
    const dmm_marker_model model = {3,          g.z,     g.is_marker,
                                    g.estimate, g.other, g.shared};
    const dmm_control control = dmm_control_default();
    CHECK(dmm_table_gains(whole, &model, &control, gain) == DMM_OK);
    int larger = 0;
    for (size_t j = 0; j < TAXA; j++) {
        given moved = given_random(&t, 3, 0);
        memcpy(moved.z, g.z, 3 * t.rows * sizeof *g.z);
        memcpy(moved.is_marker, g.is_marker, TAXA);
        moved.is_marker[j] ^= 1;
        double less = laplace - refit(whole, &t, &moved);
        less = g.is_marker[j] ? -less : less;
        CHECK_NEAR(gain[j], less, 1.5 + 0.1 * fabs(less));
        larger += fabs(less) > 20;
        given_free(&moved);
    }
    CHECK(larger >= 8);
    given_free(&g);
    dmm_table_free(whole);
    table_free(&t);
}

int main(void)
{
    random_seed(43);
    test_by_hand();
    test_threads();
    test_refits();
    return check_report();
}
