#include "helpers.h"

#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "em/estep.h"
#include "em/histogram.h"
#include "simd/kernels.h"
#include "em/parameters.h"

void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

int gives_threads(int n)
{
#ifdef _OPENMP
    return omp_get_thread_limit() >= n && omp_get_max_active_levels() > 0 &&
           !omp_get_dynamic();
#else
    return n == 1;
#endif
}

/* ---- Random numbers ----------------------------------------------------- */

static uint64_t state = 1;

void random_seed(uint64_t seed)
{
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* splitmix64 */
uint64_t random_bits(void)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

double random_uniform(void)
{
    return ((double)(random_bits() >> 12) + 0.5) * 0x1p-52;
}

size_t random_below(size_t n)
{
    return (size_t)(random_bits() % n);
}

double random_normal(void)
{
    return sqrt(-2 * log(random_uniform())) *
           cos(6.283185307179586 * random_uniform());
}

/* The method of Marsaglia and Tsang. */
double random_gamma(double shape)
{
    if (shape < 1)
        return random_gamma(shape + 1) * pow(random_uniform(), 1 / shape);
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = random_normal(), v = 1 + c * x;
        if (v > 0 && log(random_uniform()) <
                         0.5 * x * x + d * (1 - v * v * v + 3 * log(v)))
            return d * v * v * v;
    }
}

/* ---- Count tables ------------------------------------------------------- */

table table_new(size_t rows, size_t columns)
{
    table t = {.rows = rows, .columns = columns};
    t.count = NEED(rows * columns, int);
    return t;
}

static void free_forms(table *t)
{
    free(t->doubles);
    free(t->csc_value);
    free(t->csc_row);
    free(t->csc_start);
    for (size_t b = 0; b < t->n_packed; b++)
        free(t->packed_bytes[b]);
    free(t->packed);
    free(t->packed_bytes);
}

/* Packs PACKED_ROWS samples at a time, each block from a copy of its rows:
 * dmm_pack() reads all rows of its matrix. */
static void pack_table(table *t)
{
    int *copy = NEED(PACKED_ROWS * t->columns, int);
    size_t row[PACKED_ROWS], *column = NEED(t->columns, size_t);
    for (size_t i = 0; i < PACKED_ROWS; i++)
        row[i] = i;
    for (size_t j = 0; j < t->columns; j++)
        column[j] = j;
    t->n_packed = (t->rows + PACKED_ROWS - 1) / PACKED_ROWS;
    t->packed = NEED(t->n_packed, dmm_packed);
    t->packed_bytes = NEED(t->n_packed, unsigned char *);
    for (size_t b = 0; b < t->n_packed; b++) {
        const size_t first = b * PACKED_ROWS, left = t->rows - first;
        const size_t rows = left < PACKED_ROWS ? left : PACKED_ROWS;
        const dmm_matrix m = {.kind = DMM_MATRIX_DENSE_INT,
                              .rows = rows,
                              .columns = t->columns,
                              .integers = copy};
        const dmm_selection all = {rows, t->columns, row, column};
        for (size_t j = 0; j < t->columns; j++)
            memcpy(copy + j * rows, t->count + j * t->rows + first,
                   rows * sizeof *copy);
        size_t size;
        if (dmm_pack(&m, &all, &size, NULL) != DMM_OK)
            abort();
        t->packed_bytes[b] = NEED(size, unsigned char);
        if (dmm_pack(&m, &all, &size, t->packed_bytes[b]) != DMM_OK ||
            dmm_packed_view(t->packed_bytes[b], size, &t->packed[b]) != DMM_OK)
            abort();
        t->packed[b].first_row = first;
    }
    free(copy);
    free(column);
}

void table_free(table *t)
{
    free_forms(t);
    free(t->count);
    memset(t, 0, sizeof *t);
}

void table_finish(table *t)
{
    const size_t cells = t->rows * t->columns;
    size_t nonzeros = 0;
    free_forms(t);
    for (size_t e = 0; e < cells; e++)
        nonzeros += t->count[e] != 0;
    t->doubles = NEED(cells, double);
    t->csc_value = NEED(nonzeros, double);
    t->csc_row = NEED(nonzeros, int);
    t->csc_start = NEED(t->columns + 1, int);
    nonzeros = 0;
    for (size_t j = 0; j < t->columns; j++) {
        for (size_t i = 0; i < t->rows; i++) {
            const int x = t->count[j * t->rows + i];
            t->doubles[j * t->rows + i] = x;
            if (x == 0)
                continue;
            t->csc_value[nonzeros] = x;
            t->csc_row[nonzeros++] = (int)i;
        }
        t->csc_start[j + 1] = (int)nonzeros;
    }
    pack_table(t);
}

dmm_matrix table_view(const table *t, dmm_matrix_kind kind)
{
    dmm_matrix m = {.kind = kind, .rows = t->rows, .columns = t->columns};
    if (kind == DMM_MATRIX_DENSE_INT) {
        m.integers = t->count;
    } else if (kind == DMM_MATRIX_DENSE_DOUBLE) {
        m.doubles = t->doubles;
    } else if (kind == DMM_MATRIX_PACKED) {
        m.packed = t->packed;
        m.n_packed = t->n_packed;
    } else {
        m.doubles = t->csc_value;
        m.row_index = t->csc_row;
        m.column_start = t->csc_start;
    }
    return m;
}

/* Gives each empty sample a count of 1 in a random taxon. */
static void fill_empty_samples(table *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        int any = 0;
        for (size_t j = 0; j < t->columns; j++)
            any |= t->count[j * t->rows + i];
        if (!any)
            t->count[random_below(t->columns) * t->rows + i] = 1;
    }
}

table table_random(size_t rows, size_t columns, double density, int largest,
                   int duplicates)
{
    table t = table_new(rows, columns);
    for (size_t j = 0; j < columns; j++) {
        int *column = t.count + j * rows;
        if (duplicates && j > 0 && random_below(3) == 0) {
            memcpy(column, t.count + random_below(j) * rows,
                   rows * sizeof *column);
            continue;
        }
        for (size_t i = 0; i < rows; i++) {
            if (random_uniform() < density)
                column[i] =
                    (int)exp(random_uniform() * log((double)largest + 0.99));
        }
    }
    fill_empty_samples(&t);
    table_finish(&t);
    return t;
}

/* The first index whose cumulated sum exceeds u. */
static size_t find_part(const double *cumulated, size_t n, double u)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (cumulated[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

table table_mixture(size_t rows, size_t columns, size_t k, double theta,
                    double depth, double separation)
{
    table t = table_new(rows, columns);
    double *centre = NEED(k * columns, double);
    double *cumulated = NEED(columns, double);
    for (size_t c = 0; c < k; c++) {
        double sum = 0;
        for (size_t j = 0; j < columns; j++) {
            const double common = 1.0 / (double)(j + 1);
            const double own = random_gamma(0.5);
            centre[c * columns + j] =
                (1 - separation) * common + separation * own + 1e-6;
            sum += centre[c * columns + j];
        }
        for (size_t j = 0; j < columns; j++)
            centre[c * columns + j] /= sum;
    }
    for (size_t i = 0; i < rows; i++) {
        const double *p = centre + i % k * columns;
        double sum = 0;
        for (size_t j = 0; j < columns; j++)
            cumulated[j] = sum += random_gamma(theta * p[j]) + 1e-300;
        const size_t total = 1 + (size_t)(2 * depth * random_uniform());
        for (size_t e = 0; e < total; e++)
            t.count[find_part(cumulated, columns, sum * random_uniform()) *
                        rows +
                    i]++;
    }
    free(centre);
    free(cumulated);
    table_finish(&t);
    return t;
}

/* ---- The model ---------------------------------------------------------- */

static model model_empty(const table *t, size_t k)
{
    const size_t n = t->rows, s = t->columns;
    model m = {.n = n, .s = s, .k = k, .eta = 0.1, .nu = 0.1};
    m.lambda = NEED(s * k, double);
    m.weight = NEED(k, double);
    m.evidence = NEED(n * k, double);
    m.z = NEED(n * k, double);
    m.objective = NEED(k, double);
    m.gradient = NEED(s * k, double);
    m.hessian = NEED(s * k, double);
    m.rank_one = NEED(k, double);
    return m;
}

model model_unevaluated(const table *t, size_t k, double centre)
{
    model m = model_empty(t, k);
    double sum = 0;
    for (size_t c = 0; c < k; c++)
        sum += m.weight[c] = 0.1 + random_uniform();
    for (size_t c = 0; c < k; c++)
        m.weight[c] /= sum;
    for (size_t e = 0; e < m.s * k; e++)
        m.lambda[e] = centre + 1.5 * random_normal();
    return m;
}

model model_random(const table *t, size_t k, double centre)
{
    model m = model_unevaluated(t, k, centre);
    model_evaluate(&m, t);
    return m;
}

model model_new(const table *t, size_t k, const double *lambda,
                const double *weight)
{
    model m = model_empty(t, k);
    memcpy(m.lambda, lambda, m.s * k * sizeof *lambda);
    memcpy(m.weight, weight, k * sizeof *weight);
    model_evaluate(&m, t);
    return m;
}

void model_free(model *m)
{
    free(m->lambda);
    free(m->weight);
    free(m->evidence);
    free(m->z);
    free(m->objective);
    free(m->gradient);
    free(m->hessian);
    free(m->rank_one);
}

/* Returns ev_ic, and adds the absolute values of its terms to *size. */
static long double evidence(const model *m, const table *t, size_t i, size_t c,
                            double *size)
{
    long double alpha_sum = 0, total = 0, sum = 0;
    for (size_t j = 0; j < m->s; j++) {
        const long double a = expl((long double)m->lambda[c * m->s + j]);
        const int x = t->count[j * m->n + i];
        alpha_sum += a;
        total += x;
        if (x == 0)
            continue;
        const long double term = lgammal(a + x) - lgammal(a);
        sum += term;
        *size += (double)fabsl(term);
    }
    const long double last = lgammal(alpha_sum) - lgammal(alpha_sum + total);
    *size += (double)fabsl(last);
    return sum + last;
}

void model_equalise(model *m, const table *t)
{
    for (size_t j = 0; j < t->columns; j++) {
        for (size_t l = 0; l < j; l++) {
            if (memcmp(t->count + j * t->rows, t->count + l * t->rows,
                       t->rows * sizeof(int)) != 0)
                continue;
            for (size_t c = 0; c < m->k; c++)
                m->lambda[c * m->s + j] = m->lambda[c * m->s + l];
            break;
        }
    }
    model_evaluate(m, t);
}

long double table_log_multinomial(const table *t)
{
    /* Kahan summation, so that the sum is accurate even where long double is no
     * wider than double. */
    long double sum = 0, lost = 0;
    for (size_t i = 0; i < t->rows; i++) {
        long double total = 0;
        for (size_t j = 0; j <= t->columns; j++) {
            long double term;
            if (j < t->columns) {
                const int x = t->count[j * t->rows + i];
                total += x;
                term = x > 1 ? -lgammal((long double)x + 1) : 0;
            } else {
                term = lgammal(total + 1);
            }
            const long double y = term - lost, next = sum + y;
            lost = (next - sum) - y;
            sum = next;
        }
    }
    return sum;
}

void model_evaluate(model *m, const table *t)
{
    long double log_likelihood = 0, prior = 0;
    m->size = 0;
    m->log_multinomial = (double)table_log_multinomial(t);
    for (size_t i = 0; i < m->n; i++) {
        long double largest = -INFINITY, sum = 0;
        double size = 0;
        for (size_t c = 0; c < m->k; c++) {
            const long double ev = evidence(m, t, i, c, &size);
            const long double x = ev + logl((long double)m->weight[c]);
            m->evidence[c * m->n + i] = (double)ev;
            largest = x > largest ? x : largest;
        }
        m->size += size / (double)m->k;
        for (size_t c = 0; c < m->k; c++)
            sum += (long double)m->weight[c] *
                   expl((long double)m->evidence[c * m->n + i] - largest);
        for (size_t c = 0; c < m->k; c++)
            m->z[c * m->n + i] =
                (double)((long double)m->weight[c] *
                         expl((long double)m->evidence[c * m->n + i] -
                              largest) /
                         sum);
        log_likelihood += logl(sum) + largest;
    }
    for (size_t e = 0; e < m->s * m->k; e++)
        prior += (long double)m->eta * logl((long double)m->nu) -
                 lgammal((long double)m->eta) +
                 (long double)m->eta * (long double)m->lambda[e] -
                 (long double)m->nu * expl((long double)m->lambda[e]);
    m->log_likelihood =
        (double)(log_likelihood + (long double)m->log_multinomial);
    m->nle = (double)(-log_likelihood - (long double)m->log_multinomial -
                      prior);
    model_derivatives(m, t);
}

double model_objective(const model *m, const table *t, size_t c)
{
    long double sum = 0;
    double size = 0;
    for (size_t i = 0; i < m->n; i++) {
        const double z = m->z[c * m->n + i];
        if (z > 0)
            sum -= (long double)z * evidence(m, t, i, c, &size);
    }
    for (size_t j = 0; j < m->s; j++) {
        const long double l = m->lambda[c * m->s + j];
        sum += (long double)m->nu * expl(l) - (long double)m->eta * l;
    }
    return (double)sum;
}

void model_derivatives(model *m, const table *t)
{
    double *total = NEED(m->n, double);
    for (size_t j = 0; j < m->s; j++)
        for (size_t i = 0; i < m->n; i++)
            total[i] += t->count[j * m->n + i];
    for (size_t c = 0; c < m->k; c++) {
        const double *z = m->z + c * m->n;
        double theta = 0, b = 0, e = 0;
        for (size_t j = 0; j < m->s; j++)
            theta += exp(m->lambda[c * m->s + j]);
        const double psi = gsl_sf_psi(theta), psi_1 = gsl_sf_psi_1(theta);
        for (size_t i = 0; i < m->n; i++) {
            b += z[i] * (gsl_sf_psi(theta + total[i]) - psi);
            e += z[i] * (gsl_sf_psi_1(theta + total[i]) - psi_1);
        }
        m->rank_one[c] = e;
        for (size_t j = 0; j < m->s; j++) {
            const double a = exp(m->lambda[c * m->s + j]);
            const double psi_a = gsl_sf_psi(a), psi_1_a = gsl_sf_psi_1(a);
            double p = 0, q = 0;
            for (size_t i = 0; i < m->n; i++) {
                const int x = t->count[j * m->n + i];
                if (x == 0)
                    continue;
                p += z[i] * (gsl_sf_psi(a + x) - psi_a);
                q += z[i] * (gsl_sf_psi_1(a + x) - psi_1_a);
            }
            m->gradient[c * m->s + j] = a * (m->nu - p + b) - m->eta;
            m->hessian[c * m->s + j] = a * (m->nu - p + b) - a * a * q;
        }
        m->objective[c] = model_objective(m, t, c);
    }
    free(total);
}

/* ---- Teams -------------------------------------------------------------- */

dmm_counts *build_counts(dmm_team *team, const dmm_matrix *matrix,
                         dmm_taxa taxa, size_t k)
{
    dmm_counts *counts = NULL;
    const dmm_status status = dmm_counts_build(
        team, matrix, taxa, dmm_padded_components(k), &counts);
    if (status != DMM_OK) {
        fprintf(stderr, "%s\n", dmm_status_message(status));
        exit(2);
    }
    return counts;
}

dmm_em *new_em(dmm_team *team, const dmm_counts *counts, size_t k,
               const dmm_control *control)
{
    dmm_chunk *chunk = NULL;
    dmm_em *em = NULL;
    dmm_status status = dmm_chunk_new(counts, k, &chunk);
    if (status == DMM_OK)
        status = dmm_em_new(team, chunk, control, &em);
    if (status != DMM_OK) {
        fprintf(stderr, "%s\n", dmm_status_message(status));
        exit(2);
    }
    return em;
}

size_t kernel_names(const char *names[MAX_KERNEL_NAMES])
{
    static const char *const all[MAX_KERNEL_NAMES] = {"plain", "baseline",
                                                      "avx2", "avx512"};
    size_t n = 0;
    for (size_t i = 0; i < MAX_KERNEL_NAMES; i++) {
        if (dmm_kernels_find(all[i]) != NULL)
            names[n++] = all[i];
    }
    return n;
}

/* ---- A step over the samples ------------------------------------------- */

void step_task(const dmm_worker *worker, void *data)
{
    step *s = data;
    dmm_parameters_refresh(worker, s->p, &s->counts->dictionary);
    dmm_estep_responsibilities(worker, s->chunk, s->p, s->sums);
    dmm_histogram_make(worker, s->chunk);
    dmm_histogram_sums(worker, s->chunk, s->p, s->sums);
}

/* ---- Comparisons -------------------------------------------------------- */

double largest_difference(const double *a, const double *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs(a[i] - b[i]);
        if (!(difference <= largest))
            largest = isnan(difference) ? INFINITY : difference;
    }
    return largest;
}

int all_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return 0;
    }
    return 1;
}
