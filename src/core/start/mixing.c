#include "start/mixing.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define MEMORY DMM_MIXING_MEMORY
/* Added to the diagonal of the normal equations, relative to their trace. */
#define RIDGE 1e-12
/* A residual this many times the least one makes the mixing forget. */
#define GROWTH 2.0

struct dmm_mixing {
    size_t rows;
    size_t width;
    const double *weight;
    int memory;
    double *residual;                /* g(x) - x                        */
    /* Ring buffers of pairs: the differences of g and of the residual between
     * two steps. Between calls the slot `current` holds the last g and residual
     * themselves, from which the next call makes the differences. */
    double *dg[MEMORY], *dr[MEMORY];
    double product[MEMORY][MEMORY];  /* dr[i] . dr[j]                   */
    double least;                    /* least norm of a residual        */
    int started;                     /* `current` holds a step          */
    int pairs;                       /* pairs kept                      */
    int current;                     /* slot of the next pair           */
};

dmm_status dmm_mixing_new(size_t rows, size_t width, const double *weight,
                          int memory, dmm_mixing **result)
{
    *result = NULL;
    dmm_mixing *m = DMM_NEW(1, dmm_mixing);
    if (!m)
        return DMM_ERROR_MEMORY;
    m->rows = rows;
    m->width = width;
    m->weight = weight;
    m->memory = memory;
    m->residual = DMM_NEW2(rows, width, double);
    int complete = m->residual != NULL;
    for (int i = 0; i < memory; i++) {
        m->dg[i] = DMM_NEW2(rows, width, double);
        m->dr[i] = DMM_NEW2(rows, width, double);
        complete = complete && m->dg[i] && m->dr[i];
    }
    if (!complete) {
        dmm_mixing_free(m);
        return DMM_ERROR_MEMORY;
    }
    dmm_mixing_reset(m);
    *result = m;
    return DMM_OK;
}

void dmm_mixing_free(dmm_mixing *m)
{
    if (m == NULL)
        return;
    dmm_free(m->residual);
    for (int i = 0; i < m->memory; i++) {
        dmm_free(m->dg[i]);
        dmm_free(m->dr[i]);
    }
    dmm_free(m);
}

void dmm_mixing_reset(dmm_mixing *m)
{
    m->started = 0;
    m->pairs = 0;
    m->current = 0;
    m->least = INFINITY;
}

/* The weighted inner product. */
static double dot(const dmm_mixing *m, const double *a, const double *b)
{
    double sum = 0;
    for (size_t j = 0; j < m->rows; j++) {
        double row = 0;
        for (size_t k = 0; k < m->width; k++)
            row += a[j * m->width + k] * b[j * m->width + k];
        sum += m->weight[j] * row;
    }
    return sum;
}

/* Adds the pair of differences from the last step, if there was one. */
static void remember(dmm_mixing *m, const double *g)
{
    const int i = m->current;
    if (!m->started)
        return;
    for (size_t e = 0; e < m->rows * m->width; e++) {
        m->dg[i][e] = g[e] - m->dg[i][e];
        m->dr[i][e] = m->residual[e] - m->dr[i][e];
    }
    m->pairs += m->pairs < m->memory;
    m->current = (i + 1) % m->memory;
    for (int j = 0; j < m->pairs; j++)
        m->product[i][j] = m->product[j][i] = dot(m, m->dr[i], m->dr[j]);
}

/* Coefficients of the combination of residual differences that is nearest to
 * the residual, by least squares. Returns 0 where there is none: no pairs are
 * kept, or their normal equations cannot be solved. */
static int solve(const dmm_mixing *m, double *coefficient)
{
    const size_t n = (size_t)m->pairs;
    double matrix[MEMORY * MEMORY], rhs[MEMORY], trace = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            matrix[i * n + j] = m->product[i][j];
        rhs[i] = dot(m, m->dr[i], m->residual);
        trace += m->product[i][i];
    }
    if (n == 0 || !(trace > 0))
        return 0;
    for (size_t i = 0; i < n; i++)
        matrix[i * n + i] += RIDGE * trace;
    gsl_matrix_view a = gsl_matrix_view_array(matrix, n, n);
    gsl_vector_view b = gsl_vector_view_array(rhs, n);
    gsl_vector_view c = gsl_vector_view_array(coefficient, n);
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    const int solved = gsl_linalg_cholesky_decomp1(&a.matrix) == GSL_SUCCESS &&
                       gsl_linalg_cholesky_solve(&a.matrix, &b.vector,
                                                 &c.vector) == GSL_SUCCESS;
    gsl_set_error_handler(handler);
    return solved;
}

void dmm_mixing_step(dmm_mixing *m, const double *x, double *g)
{
    const size_t n = m->rows * m->width;
    double coefficient[MEMORY];
    for (size_t e = 0; e < n; e++)
        m->residual[e] = g[e] - x[e];
    const double norm = sqrt(dot(m, m->residual, m->residual));
    if (norm > GROWTH * m->least)
        dmm_mixing_reset(m);
    if (norm < m->least)
        m->least = norm;
    remember(m, g);
    const int pairs = solve(m, coefficient) ? m->pairs : 0;
    /* The slot `current` may hold the oldest pair. Its dr is no longer needed,
     * but its dg is until the sum below is done: g waits in m->residual. */
    memcpy(m->dr[m->current], m->residual, n * sizeof *g);
    memcpy(m->residual, g, n * sizeof *g);
    for (int i = 0; i < pairs; i++)
        for (size_t e = 0; e < n; e++)
            g[e] -= coefficient[i] * m->dg[i][e];
    memcpy(m->dg[m->current], m->residual, n * sizeof *g);
    m->started = 1;
}
