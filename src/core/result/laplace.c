#include "result/laplace.h"

#include <math.h>

static const double LOG_2_PI = 1.83787706640934548356;

/* Log determinant and variances of component k. If H_k is not found positive
 * definite, by h > 0 and den > 0, the M-step's model is used. */
static void component_curvature(const dmm_newton *newton,
                                const dmm_parameters *p,
                                const dmm_dictionary *d, const dmm_sums *sums,
                                size_t k, double *log_det, double *variance,
                                double *share_variance)
{
    const size_t kp = p->kp, columns = p->n_taxa_columns;
    int exact = 1;
    double s1 = 0, sum = 0;
    for (size_t j = 0; j < columns && exact; j++) {
        const size_t at = j * kp + k;
        const double m = d->multiplicity[j];
        const double h = dmm_newton_diagonal(newton, at) / m;
        const double a = p->alpha[at];
        exact = h > 0;
        s1 += m * a * (a / h);
        sum += m * log(h > 0 ? h : 1);
    }
    double e = sums->total_trigamma[k], den = 1 + e * s1;
    exact = exact && den > 0;
    if (!exact) {
        e = newton->rank_one[k];
        den = newton->den[k];
        s1 = sum = 0;
        for (size_t j = 0; j < columns; j++) {
            const double m = d->multiplicity[j];
            const double h = newton->curvature[j * kp + k] / m;
            const double a = p->alpha[j * kp + k];
            s1 += m * a * (a / h);
            sum += m * log(h);
        }
    }
    *log_det = sum + log(den);
    /* With V = H_k^-1, V alpha = (alpha / h) / den. */
    const double theta = p->theta[k], of_theta = s1 / (theta * theta * den);
    for (size_t j = 0; j < columns; j++) {
        const size_t at = j * kp + k;
        const double h = (exact ? dmm_newton_diagonal(newton, at)
                                : newton->curvature[at]) /
                         d->multiplicity[j];
        const double ratio = p->alpha[at] / h;
        variance[at] = 1 / h - e * ratio * ratio / den;
        if (share_variance)
            share_variance[at] = fmax(
                0, variance[at] - 2 * ratio / (theta * den) + of_theta);
    }
}

void dmm_laplace_curvature(const dmm_newton *newton, const dmm_parameters *p,
                           const dmm_dictionary *d, const dmm_sums *sums,
                           double *log_det, double *variance,
                           double *share_variance)
{
    for (size_t k = 0; k < p->k; k++)
        component_curvature(newton, p, d, sums, k, &log_det[k], variance,
                            share_variance);
}

dmm_criteria dmm_laplace_criteria(double nle, double log_det,
                                  const double *log_weight, size_t n_samples,
                                  size_t n_taxa, size_t k)
{
    const double n = (double)n_samples;
    const double parameters =
        (double)k * (double)n_taxa + (double)k - 1;
    dmm_criteria c;
    for (size_t i = 1; i < k; i++) {
        const double log_samples = log(n) + log_weight[i];
        log_det += 2 * log(n) - (log_samples > 0 ? log_samples : 0);
    }
    c.log_det = log_det;
    c.laplace = nle + log_det / 2 - parameters / 2 * LOG_2_PI;
    c.bic = nle + parameters / 2 * log(n);
    c.aic = nle + parameters;
    return c;
}
