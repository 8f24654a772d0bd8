/* A libFuzzer target. The bytes become a small table of any kind, which is
 * checked, fitted from one start or several, and predicted. Every table that
 * passes the check must give a fit of finite numbers, and the same fit with
 * several threads. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "counts/counts.h"
#include "dmm.h"
#include "em/converge.h"
#include "em/em.h"
#include "simd/kernels.h"
#include "start/reassign.h"
#include "start/starts.h"

#define MAX_ROWS 24
#define MAX_COLUMNS 24
#define MAX_STARTS 8
/* The threads of the team in fit_threads(). dmm_table_fit() would use one
 * thread, since tables of this size are below DMM_SERIAL_WORK. */
#define THREADS 3

typedef struct {
    const uint8_t *byte;
    size_t left;
} bytes;

static unsigned next(bytes *b)
{
    if (b->left == 0)
        return 0;
    b->left--;
    return *b->byte++;
}

/* Most entries are 0 or small counts; the others are large counts or values
 * that are not counts. */
static double next_entry(bytes *b)
{
    const unsigned x = next(b);
    if (x < 96)
        return 0;
    if (x < 224)
        return x - 95;
    switch (x) {
    case 224:
        return NAN;
    case 225:
        return INFINITY;
    case 226:
        return -1;
    case 227:
        return 0.5;
    case 228:
        return 2147483648.0;
    case 229:
        return -INFINITY;
    case 230:
        return -0.0;
    case 231:
        return 2147483647;
    default:
        return ldexp(1 + next(b) / 256.0, (int)(x - 232) + 8) >= 2147483647
                   ? 2147483647
                   : floor(ldexp(1 + next(b) / 256.0, (int)(x - 232) + 8));
    }
}

static void require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "failed: %s\n", what);
    abort();
}

#define REQUIRE(expression) require(!!(expression), #expression)

static void require_finite(const double *x, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        require(isfinite(x[i]), what);
}

/* A matrix whose arrays have exactly its size, so that the address sanitizer
 * notices reads past their end. */
typedef struct {
    dmm_matrix matrix;
    int *integers, *row, *start;
    double *doubles;
} owned;

static void *room(size_t n, size_t size)
{
    void *memory = calloc(n > 0 ? n : 1, size);
    if (memory == NULL)
        exit(0);
    return memory;
}

static void make_dense(owned *o, bytes *b)
{
    const size_t n = o->matrix.rows * o->matrix.columns;
    o->integers = room(n, sizeof(int));
    o->doubles = room(n, sizeof(double));
    for (size_t e = 0; e < n; e++) {
        const double x = next_entry(b);
        o->doubles[e] = x;
        o->integers[e] = isnan(x)                      ? INT32_MIN
                         : x >= -1e9 && x < 2147483648 ? (int)x
                                                       : -5;
    }
    o->matrix.integers = o->integers;
    o->matrix.doubles = o->doubles;
}

/* A CSC matrix. Its rows and offsets are valid for most inputs. */
static void make_sparse(owned *o, bytes *b)
{
    const size_t columns = o->matrix.columns;
    int n = 0;
    o->start = room(columns + 1, sizeof(int));
    o->row = room(o->matrix.rows * columns, sizeof(int));
    o->doubles = room(o->matrix.rows * columns, sizeof(double));
    for (size_t j = 0; j < columns; j++) {
        for (size_t i = 0; i < o->matrix.rows; i++) {
            const double x = next_entry(b);
            if (x == 0 && next(b) < 250)
                continue; /* else a stored 0 */
            o->row[n] = (int)i;
            o->doubles[n++] = x;
        }
        o->start[j + 1] = n;
    }
    /* Now and then, invalidate a row or an offset. Offsets stay within the
     * arrays. */
    if (n > 0 && next(b) == 255)
        o->row[next(b) % (unsigned)n] = (int)next(b) - 10;
    if (next(b) == 255)
        o->start[next(b) % (columns + 1)] = (int)(next(b) % (unsigned)(n + 1));
    o->doubles = realloc(o->doubles, (size_t)(n + 1) * sizeof(double));
    if (o->doubles == NULL)
        exit(0);
    o->matrix.row_index = o->row;
    o->matrix.column_start = o->start;
    o->matrix.doubles = o->doubles;
}

static void predict(const owned *o, const dmm_fit_result *fit)
{
    const size_t n = o->matrix.rows * fit->k;
    double *z = room(n, sizeof(double));
    REQUIRE(dmm_predict(&o->matrix, fit->k, fit->estimate, fit->weight, 0, 1,
                        z) == DMM_OK);
    for (size_t e = 0; e < n; e++)
        REQUIRE(z[e] >= 0 && z[e] <= 1 + 1e-12);
    REQUIRE(dmm_predict(&o->matrix, fit->k, fit->estimate, fit->weight, 1, 1,
                        z) == DMM_OK);
    require_finite(z, n, "evidence is finite");
    free(z);
}

/* Checks and frees a result. */
static void check_result(const owned *o, dmm_fit_result *r)
{
    const size_t s = r->n_taxa, k = r->k;
    double sum = 0;
    for (size_t c = 0; c < k; c++)
        sum += r->weight[c];
    REQUIRE(fabs(sum - 1) < 1e-9);
    REQUIRE(r->weight[k - 1] > 0);
    REQUIRE(isfinite(r->nle) && isfinite(r->laplace) && isfinite(r->bic));
    require_finite(r->z, r->n_samples * k, "z is finite");
    require_finite(r->estimate, s * k, "estimate is finite");
    require_finite(r->std_error, s * k, "std_error is finite");
    for (size_t e = 0; e < s * k; e++)
        REQUIRE(r->estimate[e] > 0 && r->std_error[e] > 0);
    predict(o, r);
    dmm_fit_free(r);
}

static void fit(const owned *o, size_t k, const dmm_control *control)
{
    dmm_fit_result *r = NULL;
    const dmm_status status = dmm_fit(&o->matrix, k, control, &r);
    if (k > o->matrix.rows) {
        REQUIRE(status == DMM_ERROR_ARGUMENT && r == NULL);
        return;
    }
    REQUIRE(status == DMM_OK);
    check_result(o, r);
}

/* ---- Several starts ----------------------------------------------------- */

typedef struct {
    dmm_start_kind kinds[MAX_STARTS];
    double *given;
    dmm_start_plan plan;
} starts;

/* The kinds of the starts, or the usual sequence of kinds, and random
 * responsibilities for DMM_START_GIVEN. At least one in each row is not 0. */
static void make_starts(starts *x, bytes *b, size_t n_starts, size_t rows,
                        size_t k)
{
    const int usual = next(b) % 4 == 0;
    memset(x, 0, sizeof *x);
    x->given = room(rows * k, sizeof(double));
    for (size_t i = 0; i < n_starts; i++)
        x->kinds[i] = (dmm_start_kind)(next(b) % DMM_START_KINDS);
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += x->given[c * rows + i] = next(b) + (c == i % k);
        for (size_t c = 0; c < k; c++)
            x->given[c * rows + i] /= sum;
    }
    x->plan = (dmm_start_plan){n_starts, usual ? NULL : x->kinds,
                               usual ? NULL : x->given};
}

static dmm_fit_result *fit_table(const dmm_matrix *matrix, int canonical,
                                 size_t k, const starts *x,
                                 const dmm_control *control)
{
    dmm_table *table = NULL;
    dmm_fit_result *r = NULL;
    dmm_start_record records[MAX_STARTS];
    size_t made;
    REQUIRE(dmm_table_new(matrix, canonical, k, 1, &table) == DMM_OK);
    REQUIRE(dmm_table_fit(table, k, &x->plan, control, records, &made, &r) ==
            DMM_OK);
    REQUIRE(made >= 1 && made <= x->plan.n_starts);
    REQUIRE(control->agree > 0 || made == x->plan.n_starts);
    double least = INFINITY;
    for (size_t i = 0; i < made; i++)
        least = fmin(least, records[i].nle);
    REQUIRE(least == r->nle);
    dmm_table_free(table);
    return r;
}

static void fit_starts(const owned *o, bytes *b, size_t k, size_t n_starts,
                       const dmm_control *control)
{
    starts x;
    const int canonical = next(b) % 4 > 0;
    make_starts(&x, b, n_starts, o->matrix.rows, k);
    dmm_fit_result *r = fit_table(&o->matrix, canonical, k, &x, control);
    check_result(o, r);
    free(x.given);
}

/* ---- Threads ------------------------------------------------------------ */

typedef struct {
    const dmm_matrix *matrix;
    size_t k;
    const starts *starts;
    const dmm_control *control;
    double nle[MAX_STARTS];
} team_fit;

/* Runs the starts in order. A start may begin from the fit before it. */
static void run_starts(dmm_team *team, void *data)
{
    team_fit *x = data;
    dmm_counts *counts = NULL;
    dmm_em *best = NULL;
    REQUIRE(dmm_counts_build(team, x->matrix, DMM_TAXA_MERGED,
                             dmm_padded_components(x->k), &counts) == DMM_OK);
    for (size_t i = 0; i < x->starts->plan.n_starts; i++) {
        const dmm_origin origin = {best, x->starts->given};
        dmm_em *em = NULL;
        dmm_start start;
        REQUIRE(dmm_starts_make(team, counts, x->k, x->control,
                                x->starts->kinds[i], (unsigned long)i, &origin,
                                &em, &start) == DMM_OK);
        int filled;
        REQUIRE(dmm_reassign(em, best ? best->nle : INFINITY) == DMM_OK);
        const double nle = em->nle;
        REQUIRE(dmm_converge(em) == DMM_OK);
        REQUIRE(em->nle <= nle + dmm_em_rounding(nle));
        REQUIRE(dmm_start_fill(em, (unsigned long)i, &filled) == DMM_OK);
        x->nle[i] = em->nle;
        dmm_em_free(best);
        best = em;
    }
    dmm_em_free(best);
    dmm_counts_free(counts);
}

static void fit_threads(const owned *o, bytes *b, size_t k, size_t n_starts,
                        const dmm_control *control)
{
    starts x;
    make_starts(&x, b, n_starts, o->matrix.rows, k);
    team_fit one = {&o->matrix, k, &x, control, {0}}, several = one;
    dmm_team_run(1, run_starts, &one);
    dmm_team_run(THREADS, run_starts, &several);
    REQUIRE(!memcmp(one.nle, several.nle, sizeof one.nle));
    free(x.given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kernels[] = {"plain", "baseline", "avx2",
                                          "avx512"};
    bytes b = {data, size};
    owned o = {.integers = NULL};
    dmm_control control = dmm_control_default();
    const unsigned flags = next(&b);
    o.matrix.kind = (dmm_matrix_kind)(flags % 3);
    control.accelerate = (flags & 8) == 0;
    control.optimizer = flags & 16 ? DMM_OPTIMIZER_BFGS : DMM_OPTIMIZER_NEWTON;
    control.max_iterations = flags & 16 ? 1 : 100;
    control.agree = flags & 4 ? 0 : 2;
    if (flags & 32)
        control.eta = control.nu = 1e-3;
    (void)dmm_kernels_select(kernels[flags >> 6]); /* may be missing */
    o.matrix.rows = 1 + next(&b) % MAX_ROWS;
    o.matrix.columns = 1 + next(&b) % MAX_COLUMNS;
    const size_t k = next(&b) % 12;
    const unsigned how = next(&b);
    control.seed = next(&b);
    if (o.matrix.kind == DMM_MATRIX_CSC)
        make_sparse(&o, &b);
    else
        make_dense(&o, &b);
    dmm_problem problem;
    if (dmm_matrix_check(&o.matrix, 1, &problem) == DMM_OK &&
        problem.kind == DMM_PROBLEM_NONE && k > 0) {
        const size_t n_starts = 1 + how / 32;
        if (how % 4 == 0 || k > o.matrix.rows)
            fit(&o, k, &control);
        else if (how % 32 == 1)
            fit_threads(&o, &b, k, n_starts, &control);
        else
            fit_starts(&o, &b, k, n_starts, &control);
    }
    free(o.integers);
    free(o.doubles);
    free(o.row);
    free(o.start);
    return 0;
}
