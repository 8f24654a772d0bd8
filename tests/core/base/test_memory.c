/* Tests of all functions of dmm.h when memory is short.
 *
 * This program replaces base/alloc.c by an allocator that counts its blocks and
 * can fail. Whichever allocation fails, and wherever a fit is interrupted, the
 * function must return the error and release all memory.
 */
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "helpers.h"

/* ---- The allocator ------------------------------------------------------ */

static atomic_long held;        /* blocks that are not freed               */
static atomic_long requests;    /* since begin()                           */
static long failing = LONG_MAX; /* the number of the request that fails    */
static int only_one;            /* if 0, all later requests fail as well   */

/* Request `at` is to fail, and all later ones unless `one`. */
static void begin(long at, int one)
{
    held = 0;
    requests = 0;
    failing = at;
    only_one = one;
}

int dmm_multiply_overflows(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > (size_t)-1 / b)
        return 1;
    *product = a * b;
    return 0;
}

void *dmm_calloc(size_t count, size_t size)
{
    size_t bytes;
    const long request = atomic_fetch_add(&requests, 1);
    if (request == failing || (request > failing && !only_one) ||
        dmm_multiply_overflows(count, size, &bytes))
        return NULL;
    /* Space to align the block and for a vector past its end. The byte before
     * it holds its offset, for dmm_free(). */
    char *block = calloc(bytes + 3 * DMM_ALIGNMENT, 1);
    if (block == NULL)
        return NULL;
    held++;
    size_t shift = DMM_ALIGNMENT - (uintptr_t)block % DMM_ALIGNMENT;
    block[shift - 1] = (char)shift;
    return block + shift;
}

void *dmm_calloc2(size_t rows, size_t columns, size_t size)
{
    size_t count;
    if (dmm_multiply_overflows(rows, columns, &count))
        return NULL;
    return dmm_calloc(count, size);
}

/* Filled with NaN, so that a result shows a use of memory before it is
 * written. */
void *dmm_reserve2(size_t rows, size_t columns, size_t size)
{
    void *memory = dmm_calloc2(rows, columns, size);
    if (memory)
        memset(memory, 0xff, rows * columns * size);
    return memory;
}

void dmm_free(void *memory)
{
    if (memory == NULL)
        return;
    held--;
    free((char *)memory - ((char *)memory)[-1]);
}

/* ---- Calls -------------------------------------------------------------- */

typedef struct {
    dmm_matrix matrix;
    size_t k;
    dmm_control control;
    double *z, *lambda, *weight;
} job;

static job job_new(const table *t, dmm_matrix_kind kind, size_t k)
{
    job x = {.matrix = table_view(t, kind), .k = k};
    x.control = dmm_control_default();
    x.z = NEED(t->rows * k, double);
    x.lambda = NEED(t->columns * k, double);
    x.weight = NEED(k, double);
    for (size_t c = 0; c < k; c++)
        x.weight[c] = 1 / (double)k;
    for (size_t e = 0; e < t->columns * k; e++)
        x.lambda[e] = 0.5;
    return x;
}

static void job_free(job *x)
{
    free(x->z);
    free(x->lambda);
    free(x->weight);
}

typedef dmm_status (*call)(job *x);

static dmm_status call_check(job *x)
{
    dmm_problem problem;
    return dmm_matrix_check(&x->matrix, 1, &problem);
}

static dmm_status call_fit(job *x)
{
    dmm_fit_result *r = NULL;
    const dmm_status status = dmm_fit(&x->matrix, x->k, &x->control, &r);
    CHECK((status == DMM_OK) == (r != NULL));
    dmm_fit_free(r);
    return status;
}

/* All kinds of start, to the last. The later ones begin from the best of the
 * earlier ones. Between them and after them samples are reassigned, and empty
 * components filled. */
static dmm_status call_table(job *x)
{
    static const dmm_start_kind kinds[] = {
        DMM_START_KMEANS, DMM_START_SEEDS, DMM_START_LABELS,
        DMM_START_GIVEN,  DMM_START_MOVE,  DMM_START_RESAMPLE};
    dmm_start_record records[LENGTH(kinds)];
    for (size_t e = 0; e < x->matrix.rows * x->k; e++)
        x->z[e] = 1 / (double)x->k;
    const dmm_start_plan plan = {LENGTH(kinds), kinds, x->z};
    dmm_control control = x->control;
    dmm_table *compressed = NULL;
    dmm_fit_result *r = NULL;
    size_t made = 0;
    control.agree = 0;
    dmm_status status = dmm_table_new(&x->matrix, 1, x->k,
                                      x->control.n_threads, &compressed);
    CHECK((status == DMM_OK) == (compressed != NULL));
    if (status == DMM_OK)
        status = dmm_table_fit(compressed, x->k, &plan, &control, records,
                               &made, &r);
    CHECK((status == DMM_OK) == (r != NULL));
    CHECK(status != DMM_OK || made == LENGTH(kinds));
    dmm_fit_free(r);
    dmm_table_free(compressed);
    return status;
}

static dmm_status call_predict(job *x)
{
    return dmm_predict(&x->matrix, x->k, x->lambda, x->weight, 0,
                       x->control.n_threads, x->z);
}

static dmm_status call_evaluate(job *x)
{
    dmm_evaluation e = {.z = x->z};
    return dmm_evaluate(&x->matrix, x->k, x->lambda, x->weight, &x->control,
                        &e);
}

static dmm_status call_maximize(job *x)
{
    double objective[8];
    int iterations;
    for (size_t e = 0; e < x->matrix.rows * x->k; e++)
        x->z[e] = 1 / (double)x->k;
    for (size_t e = 0; e < x->matrix.columns * x->k; e++)
        x->lambda[e] = 0.5;
    return dmm_maximize(&x->matrix, x->k, x->z, &x->control, x->lambda,
                        objective, &iterations);
}

static void test_failures(call function, job *x)
{
    begin(LONG_MAX, 0);
    CHECK(function(x) == DMM_OK);
    CHECK(held == 0);
    const long all = requests;
    CHECK(all > 0);
    /* Fail every allocation of a short call; of a long one, the first ones, and
     * then fewer and fewer of the others. With threads a call takes long: fail
     * some, now with all later ones and now without. */
    const int threads = x->control.n_threads > 1;
    const long step = threads ? 1 + all / 15 : 1;
    int turn = 0;
    for (long at = 0; at < all; at += step + (at > 150) * (at / 20)) {
        turn++;
        for (int one = 0; one < 2; one++) {
            if (threads && one != turn % 2)
                continue;
            begin(at, one);
            const dmm_status status = function(x);
            CHECK_SAY(status == DMM_ERROR_MEMORY, "request %ld of %ld: %s", at,
                      all, dmm_status_message(status));
            CHECK_SAY(held == 0, "request %ld of %ld: %ld blocks left", at,
                      all, (long)held);
        }
    }
    begin(LONG_MAX, 0);
}

/* ---- Interrupts --------------------------------------------------------- */

static int calls, stop_at;

static int interrupt(void *user)
{
    (void)user;
    return ++calls == stop_at;
}

static void test_interrupts(job *x)
{
    x->control.interrupt = interrupt;
    calls = 0;
    stop_at = 0;
    begin(LONG_MAX, 0);
    CHECK(call_fit(x) == DMM_OK);
    const int all = calls;
    CHECK(all > 0);
    const int step = x->control.n_threads > 1 ? 1 + all / 8 : 1;
    for (stop_at = 1; stop_at <= all; stop_at += step) {
        calls = 0;
        CHECK(call_fit(x) == DMM_ERROR_INTERRUPTED);
        CHECK(held == 0);
    }
    x->control.interrupt = NULL;
}

static void test_table(const table *t, size_t k, int n_threads)
{
    static const call functions[] = {call_check,    call_fit,
                                     call_table,    call_predict,
                                     call_evaluate, call_maximize};
    for (size_t i = 0; i < LENGTH(all_kinds); i++) {
        job x = job_new(t, all_kinds[i], k);
        x.control.n_threads = n_threads;
        x.control.max_iterations = 100;
        for (size_t f = 0; f < LENGTH(functions); f++)
            test_failures(functions[f], &x);
        if (n_threads == 1) {
            x.control.optimizer = DMM_OPTIMIZER_BFGS;
            x.control.max_iterations = 3;
            test_failures(call_fit, &x);
            test_failures(call_maximize, &x);
            x.control.optimizer = DMM_OPTIMIZER_NEWTON;
            x.control.max_iterations = 100;
        }
        test_interrupts(&x);
        job_free(&x);
        if (n_threads > 1)
            break;
    }
}

/* Every allocation of one evaluation and one prediction. */
static void test_evaluation(const table *t, size_t k)
{
    job x = job_new(t, DMM_MATRIX_CSC, k);
    test_failures(call_evaluate, &x);
    test_failures(call_predict, &x);
    job_free(&x);
}

int main(void)
{
    random_seed(25);
    table t = table_mixture(40, 10, 2, 20, 80, 0.8);
    test_table(&t, 3, 1);
    table_free(&t);
    t = table_random(7, 5, 0.5, 9, 1); /* components become empty */
    test_table(&t, 7, 1);
    table_free(&t);
    /* With two threads, and samples that settle. */
    t = table_mixture(2300, 30, 2, 100, 300, 1);
    test_table(&t, 7, 2);
    table_free(&t);
    /* With buffers for the histogram. */
    t = table_mixture(400, 90, 2, 100, 50000, 1);
    test_table(&t, 5, 2);
    test_evaluation(&t, 5);
    table_free(&t);
    return check_report();
}
