/* From counts to a fit: dmm_fit() and dmm_table_fit() of dmm.h.
 *
 * A table is compressed once (table.h), in canonical order if that is asked
 * for. Each start makes parameters (start/), and EM takes them to convergence
 * (em/). The best run becomes the result (result.h), back in the order of the
 * caller's matrix. dmm_fit() does the same with a single start.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "counts/counts.h"
#include "dmm.h"
#include "em/converge.h"
#include "em/em.h"
#include "result/result.h"
#include "result/table.h"
#include "simd/kernels.h"
#include "start/kmeans.h"
#include "start/reassign.h"
#include "start/starts.h"

/* The best FINALISTS optima on a part of the samples go on to EM_STEPS
 * iterations on all samples, and the best of these to convergence. */
#define FINALISTS 2
#define EM_STEPS 3

/* By default, starts end when so many have met the best optimum. If a table has
 * fewer nonzero counts than SMALL_TABLE, divided by the number of components,
 * all are made: they take milliseconds, and in tables of a few dozen samples
 * the best optimum may be met by one start in ten. */
#define USUAL_AGREE 3
#define SMALL_TABLE 8192

/* NLEs that differ by no more are of the same optimum. EM stops much closer to
 * an optimum than this, and other optima are further away. */
#define SAME_OPTIMUM 0.01

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
        .agree = DMM_AGREE_USUAL,
        .seed = 1,
        .n_threads = 1,
    };
    return control;
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

static void run_swap(run *a, run *b)
{
    const run swap = *a;
    *a = *b;
    *b = swap;
}

typedef struct {
    const dmm_table *table;
    const dmm_counts *counts; /* that starts are made on */
    dmm_counts *elsewhere;    /* all samples, if the plan has parts */
    run finalist[FINALISTS];  /* the best of these starts           */
    size_t k;
    const dmm_start_plan *plan;
    const double *given;     /* in the order of the table             */
    const double *log_prior; /* the same, n_samples x kp by row; NULL */
    const dmm_control *control;
    dmm_start_record *records;
    size_t n_made;
    dmm_fit_result *result;
    dmm_status status;
} job;

/* EM to convergence. Each of several starts goes on to the optimum that the
 * reassignment of samples finds. An empty component is not filled where samples
 * have weights of their own. */
static dmm_status converge(const job *x, dmm_em *em, unsigned long seed,
                           double best)
{
    if (x->plan->n_starts == 1 && !x->plan->reassign)
        return dmm_converge(em);
    int filled = 1;
    dmm_status status = dmm_reassign(em, best);
    while (status == DMM_OK && filled) {
        filled = 0;
        status = dmm_converge(em);
        if (status == DMM_OK && !x->log_prior && em->nle < best - SAME_OPTIMUM)
            status = dmm_start_fill(em, seed, &filled);
    }
    return status;
}

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
        .samples = x->counts->n_samples,
        .nle = INFINITY,
    };
    dmm_status status =
        dmm_starts_make(team, x->counts, x->k, control, record->kind,
                        record->seed, &origin, &r->em, &r->start);
    if (r->em)
        r->em->chunk->log_prior = x->log_prior;
    if (status == DMM_OK)
        status =
            converge(x, r->em, record->seed, best ? best->nle : INFINITY);
    if (r->em == NULL)
        return status;
    record->iterations = r->em->iterations;
    record->evaluations = r->em->evaluations;
    record->converged = status == DMM_OK && r->em->converged;
    if (status == DMM_OK)
        record->nle = r->em->nle;
    return status;
}

/* Puts a run among the best `n` ones, which are different optima in the order
 * of NLE, and releases the run that is not among them any more. */
static void rank(run *best, size_t n, run r)
{
    for (size_t i = 0; i < n && r.em; i++) {
        if (best[i].em && r.em->nle >= best[i].em->nle - SAME_OPTIMUM &&
            r.em->nle <= best[i].em->nle + SAME_OPTIMUM) {
            if (r.em->nle < best[i].em->nle)
                run_swap(&r, &best[i]);
            break;
        }
        if (!best[i].em || r.em->nle < best[i].em->nle)
            run_swap(&r, &best[i]);
    }
    run_free(&r);
    for (size_t i = 0; i < n; i++)
        if (best[i].em)
            dmm_chunk_release_table(best[i].em->chunk);
}

/* How many of the starts made so far have ended at the best optimum. Those that
 * say little are left out: resamples began close to it, and k-means mostly ends
 * in the same place. Only the first of its starts counts. */
static size_t count_met(const job *x, double best)
{
    size_t met = 0, kmeans = 0;
    for (size_t i = 0; i < x->n_made; i++) {
        const dmm_start_record *record = &x->records[i];
        if (record->nle > best + SAME_OPTIMUM ||
            record->kind == DMM_START_RESAMPLE)
            continue;
        met += record->kind != DMM_START_KMEANS || kmeans++ == 0;
    }
    return met;
}

/* The number of starts that there will be, if so many of those made so far have
 * met the best optimum and others meet it as often. */
static size_t expect_starts(const job *x, size_t met, size_t agree)
{
    const size_t most = x->plan->n_starts;
    if (met >= agree)
        return x->n_made;
    const double all = met > 0 ? ceil((double)x->n_made * (double)agree /
                                      (double)met)
                               : INFINITY;
    return all < (double)most ? (size_t)all : most;
}

/* Makes starts until the best optimum has been met control->agree times, and at
 * most plan->n_starts; the best n of their optima go to best[]. A start that
 * fails with DMM_ERROR_NUMERIC is recorded and passed over; if all do,
 * best[0].em is NULL and that status is returned. Any other failure ends the
 * fit. */
static dmm_status run_starts(dmm_team *team, job *x,
                             const dmm_control *control, run *best, size_t n)
{
    dmm_status status = DMM_OK, failure = DMM_OK;
    size_t agree = SIZE_MAX;
    if (control->agree > 0)
        agree = (size_t)control->agree;
    else if (control->agree == DMM_AGREE_USUAL &&
             x->counts->n_nonzeros >= SMALL_TABLE / x->k)
        agree = USUAL_AGREE;
    size_t met = 0;
    while (x->n_made < x->plan->n_starts && met < agree) {
        run r;
        status = run_start(team, x, x->n_made, control, best->em, &r);
        x->n_made++;
        if (status == DMM_OK)
            rank(best, n, r);
        else
            run_free(&r);
        if (status == DMM_ERROR_NUMERIC)
            failure = status;
        else if (status != DMM_OK)
            return status;
        if (best->em)
            met = count_met(x, best->em->nle);
        if (control->start_made && x->plan->n_starts > 1)
            control->start_made(&x->records[x->n_made - 1], x->n_made,
                                expect_starts(x, met, agree), control->user);
    }
    return best->em ? DMM_OK : failure;
}

/* ---- From a part of the samples to all ---------------------------------- */

/* Copies the parameters of a fit to a part of the samples. Taxa that share a
 * column in the whole table do so in the part, but not the other way round. */
static void spread_parameters(const dmm_em *from, dmm_em *to)
{
    const dmm_parameters *p = from->parameters;
    const size_t kp = p->kp;
    for (size_t t = 0; t < to->counts->n_taxa; t++)
        memcpy(to->parameters->lambda + to->counts->column_of_taxon[t] * kp,
               p->lambda + from->counts->column_of_taxon[t] * kp,
               kp * sizeof *p->lambda);
    memcpy(to->parameters->log_weight, p->log_weight,
           kp * sizeof *p->log_weight);
}

/* A few iterations from the parameters of each of n runs on the part; em keeps
 * the best result. Returns the run that it came from, or n if all failed. */
static size_t choose_finalist(dmm_em *em, const run *finalist, size_t n,
                              dmm_position *position)
{
    size_t chosen = n;
    double least = INFINITY;
    for (size_t i = 0; i < n && finalist[i].em; i++) {
        spread_parameters(finalist[i].em, em);
        dmm_em_evaluate(em);
        for (int step = 0; step < EM_STEPS; step++)
            dmm_em_step(em);
        if (em->nle < least) {
            least = em->nle;
            chosen = i;
            dmm_position_keep(position, em->parameters);
        }
    }
    if (chosen < n)
        dmm_position_restore(position, em->parameters);
    return chosen;
}

/* The state of a fit to all samples. */
static dmm_status begin_on_all(dmm_team *team, const job *x,
                               const dmm_control *control, dmm_em **em)
{
    dmm_chunk *chunk;
    dmm_gather *gather;
    dmm_status status;
    if (x->plan->parts == NULL) {
        status = dmm_chunk_new(x->table->counts, x->k, &chunk);
        return status == DMM_OK ? dmm_em_new(team, chunk, control, em) : status;
    }
    status = dmm_gather_new(x->plan->parts, x->elsewhere->n_taxa, x->k,
                            x->table->order.column_source, &gather);
    if (status == DMM_OK)
        status = dmm_em_new_gathered(team, x->elsewhere, x->k, control, gather,
                                     em);
    return status;
}

/* Sets best's parameters to the best of the finalists, after a few iterations
 * on all samples. */
static dmm_status begin_at_finalist(job *x, run *best)
{
    dmm_position position = {NULL, NULL};
    dmm_status status = dmm_position_init(&position, best->em->parameters);
    if (status == DMM_OK) {
        const size_t chosen =
            choose_finalist(best->em, x->finalist, FINALISTS, &position);
        if (chosen < FINALISTS)
            best->start = x->finalist[chosen].start;
        else if (best->em->gather)
            status = dmm_gather_status(best->em->gather);
        if (chosen == FINALISTS && status == DMM_OK)
            status = DMM_ERROR_NUMERIC;
    }
    dmm_position_release(&position);
    return status;
}

/* Takes the best of the starts on the part to convergence on all samples, and
 * makes the result. */
static void finish_on_all(dmm_team *team, void *data)
{
    job *x = data;
    run best = {0};
    x->status = begin_on_all(team, x, x->control, &best.em);
    if (x->status == DMM_OK && x->plan->parts && x->plan->parts->lambda)
        dmm_gather_begin(best.em->gather, best.em->parameters);
    else if (x->status == DMM_OK)
        x->status = begin_at_finalist(x, &best);
    if (x->status == DMM_OK && x->plan->parts && x->plan->parts->chosen)
        x->plan->parts->chosen(x->plan->parts->user);
    if (x->status == DMM_OK)
        x->status = dmm_converge(best.em);
    if (x->status == DMM_OK)
        x->status = dmm_result_make(best.em, &best.start, &x->result);
    run_free(&best);
}

/* Makes the starts. If they are made on all samples, the best of them is the
 * result. */
static void starts_work(dmm_team *team, void *data)
{
    job *x = data;
    const int on_all = x->counts == x->table->counts && !x->plan->parts;
    x->status =
        run_starts(team, x, x->control, x->finalist, on_all ? 1 : FINALISTS);
    if (x->status == DMM_OK && on_all)
        x->status = dmm_result_make(x->finalist[0].em, &x->finalist[0].start,
                                    &x->result);
    else if (x->status == DMM_OK && !x->plan->parts)
        finish_on_all(team, x);
}

/* The team of the starts ends before sums are gathered: these are computed by
 * other teams. */
static void fit(job *x)
{
    const dmm_parts *parts = x->plan->parts;
    const double work = (double)x->table->counts->n_nonzeros *
                        (double)dmm_padded_components(x->k);
    if (!parts || !parts->lambda)
        dmm_team_run(dmm_threads_for(x->control->n_threads, work), starts_work,
                     x);
    if (parts && x->status == DMM_OK)
        x->status = dmm_gather_counts(parts, x->table->counts->n_taxa,
                                      &x->elsewhere);
    if (parts && x->status == DMM_OK)
        dmm_team_run(1, finish_on_all, x);
    dmm_counts_free(x->elsewhere);
    for (size_t i = 0; i < FINALISTS; i++)
        run_free(&x->finalist[i]);
}

/* The plan's log_prior as a chunk has it; NULL without memory. */
static double *place_prior(const dmm_table *table, const double *log_prior,
                           size_t k)
{
    const size_t n = table->counts->n_samples, kp = dmm_padded_components(k);
    double *by_column = dmm_table_place(table, log_prior, k);
    double *placed = DMM_NEW2(n, kp, double);
    for (size_t i = 0; by_column && placed && i < n; i++)
        for (size_t c = 0; c < k; c++)
            placed[i * kp + c] = by_column[c * n + i];
    if (!by_column) {
        dmm_free(placed);
        placed = NULL;
    }
    dmm_free(by_column);
    return placed;
}

dmm_status dmm_table_fit(const dmm_table *table, size_t k,
                         const dmm_start_plan *plan, const dmm_control *control,
                         dmm_start_record *records, size_t *n_made,
                         dmm_fit_result **result)
{
    *result = NULL;
    *n_made = 0;
    const dmm_counts *counts = table->counts;
    double *given = NULL, *log_prior = NULL;
    if (k == 0 || k > counts->n_samples || plan->n_starts == 0 ||
        (plan->log_prior && (plan->n_starts > 1 || !plan->given)) ||
        (plan->parts && (plan->given ||
                         control->optimizer != DMM_OPTIMIZER_NEWTON)))
        return DMM_ERROR_ARGUMENT;
    job x = {.table = table, .k = k, .plan = plan, .control = control};
    x.records = records;
    x.counts = counts;
    if (plan->n_starts > 1 && !plan->given && table->part &&
        k <= table->part->n_samples / DMM_SAMPLES_EACH)
        x.counts = table->part;
    if (plan->given) {
        x.given = given = dmm_table_place(table, plan->given, k);
        x.status = given ? DMM_OK : DMM_ERROR_MEMORY;
    }
    if (x.status == DMM_OK && plan->log_prior) {
        x.log_prior = log_prior = place_prior(table, plan->log_prior, k);
        x.status = log_prior ? DMM_OK : DMM_ERROR_MEMORY;
    }
    if (x.status == DMM_OK)
        fit(&x);
    dmm_free(given);
    dmm_free(log_prior);
    *n_made = x.n_made;
    if (x.status == DMM_OK)
        x.status = dmm_table_restore(table, x.result);
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
    size_t made;
    dmm_table *table;
    *result = NULL;
    dmm_status status =
        dmm_table_new(matrix, 0, k, control->n_threads, &table);
    if (status == DMM_OK)
        status = dmm_table_fit(table, k, &plan, control, &record, &made,
                               result);
    dmm_table_free(table);
    return status;
}
