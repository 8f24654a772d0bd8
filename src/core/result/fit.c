/* From counts to a fit: dmm_fit(), dmm_table_new(), dmm_table_fit() of dmm.h.
 *
 * A table is compressed once (counts/), in canonical order if that is asked
 * for. Each start makes parameters (start/), and EM takes them to convergence
 * (em/). The best run becomes the result (result.h), back in the order of the
 * caller's matrix. dmm_fit() does the same with a single start.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "counts/counts.h"
#include "counts/order.h"
#include "dmm.h"
#include "em/converge.h"
#include "em/em.h"
#include "em/estep.h"
#include "result/result.h"
#include "simd/kernels.h"
#include "start/kmeans.h"
#include "start/starts.h"

/* In canonical order, blocks of rows are sized for at least this many padded
 * components. Sums depend on the blocks; fits with up to so many components are
 * then the same whatever the largest k of a sweep is. */
#define LEAST_VECTOR_LENGTH 8

dmm_control dmm_control_default(void)
{
    const dmm_control control = {
        .eta = 0.1,
        .nu = 0.1,
        .stiffness = 50,
        .kmeans_tolerance = 1e-6,
        .kmeans_iterations = 1000,
        .tolerance = 1e-6,
        .relative_tolerance = 1e-13,
        .max_iterations = 2000,
        .accelerate = 1,
        .accelerate_change = 0.1,
        .accelerate_change_per_sample = 1e-5,
        .optimizer = DMM_OPTIMIZER_NEWTON,
        .seed = 1,
        .n_threads = 1,
    };
    return control;
}

struct dmm_table {
    dmm_counts *counts;
    dmm_order order; /* its arrays are NULL for the matrix's own order */
};

/* ---- Tables ----------------------------------------------------------- */

typedef struct {
    const dmm_matrix *matrix;
    int canonical;
    size_t vector_length;
    dmm_table *table;
    dmm_status status;
} compression;

static void compress(dmm_team *team, void *data)
{
    compression *x = data;
    dmm_matrix view = *x->matrix;
    x->status = DMM_OK;
    if (x->canonical) {
        x->status =
            dmm_order_build(team, x->matrix, &x->table->order);
        view.row_place = x->table->order.row_place;
        view.column_source = x->table->order.column_source;
    }
    if (x->status == DMM_OK)
        x->status = dmm_counts_build(team, &view, DMM_TAXA_MERGED,
                                     x->vector_length, &x->table->counts);
}

dmm_status dmm_table_new(const dmm_matrix *matrix, int canonical,
                         size_t largest_k, int n_threads, dmm_table **result)
{
    *result = NULL;
    if (largest_k == 0 || largest_k > matrix->rows)
        return DMM_ERROR_ARGUMENT;
    compression x = {.matrix = matrix, .canonical = canonical};
    x.vector_length = dmm_padded_components(largest_k);
    if (canonical && x.vector_length < LEAST_VECTOR_LENGTH)
        x.vector_length = LEAST_VECTOR_LENGTH;
    x.table = DMM_NEW(1, dmm_table);
    if (!x.table)
        return DMM_ERROR_MEMORY;
    const int team = dmm_estep_threads(matrix, largest_k, n_threads);
    dmm_team_run(team, compress, &x);
    if (x.status != DMM_OK) {
        dmm_table_free(x.table);
        return x.status;
    }
    *result = x.table;
    return DMM_OK;
}

void dmm_table_free(dmm_table *table)
{
    if (table == NULL)
        return;
    dmm_counts_free(table->counts);
    dmm_order_free(&table->order);
    dmm_free(table);
}

/* ---- Back to the order of the matrix ----------------------------------- */

/* Permutes each column of a rows x columns array in place. With `place`,
 * element i becomes what was at place[i]; otherwise it moves to source[i]. */
static dmm_status reorder(double *values, size_t rows, size_t columns,
                          const uint32_t *place, const uint32_t *source)
{
    double *copy = DMM_NEW(rows, double);
    if (!copy)
        return DMM_ERROR_MEMORY;
    for (size_t c = 0; c < columns; c++) {
        double *column = values + c * rows;
        memcpy(copy, column, rows * sizeof *copy);
        for (size_t i = 0; i < rows; i++)
            if (place)
                column[i] = copy[place[i]];
            else
                column[source[i]] = copy[i];
    }
    dmm_free(copy);
    return DMM_OK;
}

static dmm_status restore_order(const dmm_table *table, dmm_fit_result *r)
{
    double *by_taxon[] = {r->estimate, r->lower, r->upper, r->std_error};
    const dmm_order *order = &table->order;
    if (order->row_place == NULL)
        return DMM_OK;
    dmm_status status =
        reorder(r->z, r->n_samples, r->k, order->row_place, NULL);
    for (size_t i = 0; i < 4 && status == DMM_OK; i++)
        status = reorder(by_taxon[i], r->n_taxa, r->k, NULL,
                         order->column_source);
    return status;
}

/* Copies responsibilities from the order of the matrix to that of the table. */
static dmm_status place_given(const dmm_table *table, const double *z,
                              size_t k, double **placed)
{
    const size_t n = table->counts->n_samples;
    const uint32_t *place = table->order.row_place;
    *placed = DMM_NEW2(n, k, double);
    if (!*placed)
        return DMM_ERROR_MEMORY;
    for (size_t c = 0; c < k; c++)
        for (size_t i = 0; i < n; i++)
            (*placed)[c * n + (place ? place[i] : i)] = z[c * n + i];
    return DMM_OK;
}

/* ---- Fits ------------------------------------------------------------- */

/* A run of EM and the start that it began with. */
typedef struct {
    dmm_em *em;
    dmm_start start;
} run;

static void run_free(run *r)
{
    dmm_em_free(r->em);
    memset(r, 0, sizeof *r);
}

typedef struct {
    const dmm_table *table;
    size_t k;
    const dmm_start_plan *plan;
    const double *given; /* in the order of the table */
    const dmm_control *control;
    dmm_start_record *records;
    dmm_fit_result *result;
    dmm_status status;
} job;

/* Makes start `number` and runs EM from it to convergence. Fills its record,
 * and *r, which the caller releases whatever the status. */
static dmm_status run_start(dmm_team *team, const job *x, size_t number,
                            const dmm_control *control, const dmm_em *best,
                            run *r)
{
    dmm_start_record *record = &x->records[number];
    const dmm_origin origin = {best, x->given};
    memset(r, 0, sizeof *r);
    *record = (dmm_start_record){
        .kind =
            x->plan->kinds ? x->plan->kinds[number] : dmm_start_usual(number),
        .seed = dmm_start_seed(control->seed, number),
        .nle = INFINITY,
    };
    dmm_status status =
        dmm_starts_make(team, x->table->counts, x->k, control, record->kind,
                        record->seed, &origin, &r->em, &r->start);
    if (status == DMM_OK)
        status = dmm_converge(r->em);
    if (r->em == NULL)
        return status;
    record->iterations = r->em->iterations;
    record->evaluations = r->em->evaluations;
    record->converged = status == DMM_OK && r->em->converged;
    if (status == DMM_OK)
        record->nle = r->em->nle;
    return status;
}

/* Runs all starts; the one with the least NLE goes to *best. A start that fails
 * with DMM_ERROR_NUMERIC is recorded and passed over; if all do, best->em is
 * NULL and that status is returned. Any other failure ends the fit. */
static dmm_status run_starts(dmm_team *team, job *x,
                             const dmm_control *control, run *best)
{
    dmm_status status = DMM_OK, failure = DMM_OK;
    for (size_t number = 0; number < x->plan->n_starts; number++) {
        run r;
        status = run_start(team, x, number, control, best->em, &r);
        if (status == DMM_OK && (!best->em || r.em->nle < best->em->nle)) {
            const run swap = *best;
            *best = r;
            r = swap;
            dmm_chunk_release_table(best->em->chunk);
        }
        run_free(&r);
        if (status == DMM_ERROR_NUMERIC)
            failure = status;
        else if (status != DMM_OK)
            return status;
    }
    return best->em ? DMM_OK : failure;
}

static void fit_work(dmm_team *team, void *data)
{
    job *x = data;
    run best = {0};
    dmm_control control = *x->control;
    if (x->plan->n_starts > 1)
        control.progress = NULL;
    x->status = run_starts(team, x, &control, &best);
    if (x->status == DMM_OK)
        x->status = dmm_result_make(best.em, &best.start, &x->result);
    run_free(&best);
}

dmm_status dmm_table_fit(const dmm_table *table, size_t k,
                         const dmm_start_plan *plan, const dmm_control *control,
                         dmm_start_record *records, dmm_fit_result **result)
{
    *result = NULL;
    const dmm_counts *counts = table->counts;
    double *given = NULL;
    if (k == 0 || k > counts->n_samples || plan->n_starts == 0)
        return DMM_ERROR_ARGUMENT;
    job x = {.table = table, .k = k, .plan = plan, .control = control};
    x.records = records;
    if (plan->given) {
        x.status = place_given(table, plan->given, k, &given);
        x.given = given;
    }
    if (x.status == DMM_OK) {
        const double work = (double)counts->n_nonzeros *
                            (double)dmm_padded_components(k);
        dmm_team_run(dmm_threads_for(control->n_threads, work), fit_work, &x);
    }
    dmm_free(given);
    if (x.status == DMM_OK)
        x.status = restore_order(table, x.result);
    if (x.status != DMM_OK) {
        dmm_fit_free(x.result);
        return x.status;
    }
    *result = x.result;
    return DMM_OK;
}

dmm_status dmm_fit(const dmm_matrix *matrix, size_t k,
                   const dmm_control *control, dmm_fit_result **result)
{
    const dmm_start_plan plan = {.n_starts = 1}; /* k-means */
    dmm_start_record record;
    dmm_table *table;
    *result = NULL;
    dmm_status status =
        dmm_table_new(matrix, 0, k, control->n_threads, &table);
    if (status == DMM_OK)
        status = dmm_table_fit(table, k, &plan, control, &record, result);
    dmm_table_free(table);
    return status;
}
