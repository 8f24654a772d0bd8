/* Helpers for the tests of the core: random tables and a reference model.
 *
 * The reference model is that of dmm.h, evaluated entry by entry with the C
 * library's lgamma in long double and GSL's psi. It is slow and simple and
 * shares no code with the core.
 */
#ifndef DMM_HELPERS_H
#define DMM_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/threads.h"
#include "counts/counts.h"
#include "counts/matrix.h"
#include "counts/packed.h"
#include "dmm.h"
#include "em/em.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Returns `memory`; ends the program if it is NULL. */
void *need(void *memory);
/* Zeroed memory for `count` elements and one more, so that it is never
 * empty. */
#define NEED(count, type) ((type *)need(calloc((count) + 1, sizeof(type))))

/* Whether a team that asks for n threads gets n threads from the runtime. */
int gives_threads(int n);

/* ---- Random numbers: the same on every machine -------------------------- */

void random_seed(uint64_t seed);
uint64_t random_bits(void);
double random_uniform(void); /* in (0, 1) */
size_t random_below(size_t n);
double random_normal(void);
double random_gamma(double shape);

/* ---- Count tables ------------------------------------------------------- */

/* A table in each form that a dmm_matrix can view. A test fills in `count` and
 * calls table_finish(), which makes the others from it. */
typedef struct {
    size_t rows, columns;
    int *count; /* rows x columns, column-major */
    double *doubles;
    double *csc_value;
    int *csc_row;
    int *csc_start;
    size_t n_packed; /* blocks of PACKED_ROWS samples */
    dmm_packed *packed;
    unsigned char **packed_bytes;
} table;

#define PACKED_ROWS 5

static const dmm_matrix_kind all_kinds[] = {
    DMM_MATRIX_DENSE_INT, DMM_MATRIX_DENSE_DOUBLE, DMM_MATRIX_CSC,
    DMM_MATRIX_PACKED};

/* A table of zeros, without the other forms. */
table table_new(size_t rows, size_t columns);
void table_free(table *t);

/* Makes the other forms from `count`. */
void table_finish(table *t);
dmm_matrix table_view(const table *t, dmm_matrix_kind kind);

/* Each entry is nonzero with probability `density`, and then from 1 to
 * `largest`, small counts being more frequent. Every sample has at least one
 * count. With `duplicates`, about a third of the columns repeat an earlier
 * one. */
table table_random(size_t rows, size_t columns, double density, int largest,
                   int duplicates);

/* A sample from a Dirichlet-multinomial mixture of k components of equal weight
 * and precision theta: row i is drawn from component i % k, with `depth` counts
 * on average. Separation 0 makes the components alike, 1 very different. */
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
    double size;       /* sum over samples of the |terms| of the evidence,
                          averaged over components: in double, the rounding
                          of the log-likelihood is a few 1e-16 of this       */
} model;

/* Random parameters, at which the model is not evaluated (which takes long for
 * a large table): lambda is normal around `centre`, and the weights sum to
 * 1. */
model model_unevaluated(const table *t, size_t k, double centre);
/* A model evaluated at random parameters. */
model model_random(const table *t, size_t k, double centre);
/* A model evaluated at the given parameters. */
model model_new(const table *t, size_t k, const double *lambda,
                const double *weight);
void model_free(model *m);

/* Computes all other fields from lambda and weight. */
void model_evaluate(model *m, const table *t);
/* Computes objective, gradient, hessian and rank_one from lambda and z. */
void model_derivatives(model *m, const table *t);
/* F_k of dmm.h for component c, at lambda and z. */
double model_objective(const model *m, const table *t, size_t c);

/* Gives equal columns of the table equal parameters, and evaluates again. */
void model_equalise(model *m, const table *t);

/* The sum over samples of log t_i! - sum_j log x_ij!. */
long double table_log_multinomial(const table *t);

/* ---- Teams -------------------------------------------------------------- */

/* Compresses a table with a team; ends the program when that fails. */
dmm_counts *build_counts(dmm_team *team, const dmm_matrix *matrix,
                         dmm_taxa taxa, size_t k);

/* A new dmm_em over all samples; ends the program when that fails. */
dmm_em *new_em(dmm_team *team, const dmm_counts *counts, size_t k,
               const dmm_control *control);

/* The names of the kernels that this machine can run; returns how many. */
#define MAX_KERNEL_NAMES 4
size_t kernel_names(const char *names[MAX_KERNEL_NAMES]);

/* ---- A step over the samples ------------------------------------------- */

/* The state of a test of one EM step. The test sets the first three fields, and
 * its team work makes the others. */
typedef struct {
    const table *t;
    const model *m;
    dmm_taxa taxa;
    dmm_counts *counts;
    dmm_chunk *chunk;
    dmm_parameters *p;
    dmm_sums *sums;
} step;

/* A team task, whose data is a step: E-step, histogram and sums at the
 * parameters of the step. */
void step_task(const dmm_worker *worker, void *step);

/* ---- Comparisons -------------------------------------------------------- */

/* The largest |a[i] - b[i]|; INFINITY if one of them is NaN. */
double largest_difference(const double *a, const double *b, size_t n);
int all_finite(const double *x, size_t n);

#endif
