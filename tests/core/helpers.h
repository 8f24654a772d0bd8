/* What the tests of the core share: random tables and a model written out.
 *
 * The model here is the one of dmm.h, evaluated entry by entry with the C
 * library's lgamma in long double and GSL's psi: slow and plain, with no code
 * in common with the core.
 */
#ifndef DMM_HELPERS_H
#define DMM_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/threads.h"
#include "counts/counts.h"
#include "counts/matrix.h"
#include "dmm.h"
#include "em/em.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Ends the program when there is no memory: a test cannot go on. */
void *need(void *memory);
#define NEED(count, type) ((type *)need(calloc((count) + 1, sizeof(type))))

/* Whether the runtime gives n threads to a team that asks for them. */
int gives_threads(int n);

/* ---- Random numbers: the same on every machine -------------------------- */

void random_seed(uint64_t seed);
uint64_t random_bits(void);
double random_uniform(void); /* in (0, 1) */
size_t random_below(size_t n);
double random_normal(void);
double random_gamma(double shape);

/* ---- Count tables ------------------------------------------------------- */

/* A table in all its forms; the integers are filled in first. */
typedef struct {
    size_t rows, columns;
    int *count; /* rows x columns, column-major */
    double *doubles;
    double *csc_value;
    int *csc_row;
    int *csc_start;
} table;

static const dmm_matrix_kind all_kinds[] = {
    DMM_MATRIX_DENSE_INT, DMM_MATRIX_DENSE_DOUBLE, DMM_MATRIX_CSC};

/* Zeros. */
table table_new(size_t rows, size_t columns);
void table_free(table *t);

/* Makes the other forms from the integers. */
void table_finish(table *t);
dmm_matrix table_view(const table *t, dmm_matrix_kind kind);

/* Entries that are not 0 with probability `density`, then 1..largest with small
 * ones more frequent; every sample has a count, and a third of the columns
 * after the first repeat earlier ones if `duplicates`. */
table table_random(size_t rows, size_t columns, double density, int largest,
                   int duplicates);

/* A Dirichlet-multinomial mixture of k components of equal weight: `depth`
 * counts a sample on average, precision theta; separation 0 makes the
 * components alike, 1 very different. */
table table_mixture(size_t rows, size_t columns, size_t k, double theta,
                    double depth, double separation);

/* ---- The model ---------------------------------------------------------- */

typedef struct {
    size_t n, s, k;
    double eta, nu;
    double *lambda;    /* s x k, column-major                                */
    double *weight;    /* k                                                  */
    double *evidence;  /* n x k                                              */
    double *z;         /* n x k                                              */
    double log_multinomial, log_likelihood, nle;
    double *objective; /* k                                                  */
    double *gradient;  /* s x k                                              */
    double *hessian;   /* s x k: the diagonal part                           */
    double *rank_one;  /* k                                                  */
    double size;       /* sum of |terms| of the log-likelihood: its rounding
                          in double is a few 1e-16 of it                     */
} model;

/* Random parameters: lambda normal around `centre`, weights of sum 1. */
model model_random(const table *t, size_t k, double centre);
/* Given ones. */
model model_new(const table *t, size_t k, const double *lambda,
                const double *weight);
void model_free(model *m);

/* Everything from lambda and weight. */
void model_evaluate(model *m, const table *t);
/* objective, gradient, hessian, rank_one from lambda and z. */
void model_derivatives(model *m, const table *t);
/* F_c at lambda and z. */
double model_objective(const model *m, const table *t, size_t c);

/* log n_i! - sum log x_ij! summed over the samples. */
long double table_log_multinomial(const table *t);

/* ---- Teams -------------------------------------------------------------- */

/* Compresses a table with a team; ends the program when that fails. */
dmm_counts *build_counts(dmm_team *team, const dmm_matrix *matrix,
                         dmm_taxa taxa, size_t k);

/* An em over a table's samples; ends the program when that fails. */
dmm_em *new_em(dmm_team *team, const dmm_counts *counts, size_t k,
               const dmm_control *control);

/* The names of the kernels that this machine can run; returns how many. */
#define MAX_KERNEL_NAMES 4
size_t kernel_names(const char *names[MAX_KERNEL_NAMES]);

/* ---- A step over the samples ------------------------------------------- */

/* What a test of a step works on; the last four are made by its work. */
typedef struct {
    const table *t;
    const model *m;
    dmm_taxa taxa;
    dmm_counts *counts;
    dmm_chunk *chunk;
    dmm_parameters *p;
    dmm_sums *sums;
} step;

/* A task: E-step, histogram and its sums at the step's parameters. */
void step_task(const dmm_worker *worker, void *step);

/* ---- Comparisons -------------------------------------------------------- */

/* The largest |a - b|; NaN anywhere gives INFINITY. */
double largest_difference(const double *a, const double *b, size_t n);
int all_finite(const double *x, size_t n);

#endif
