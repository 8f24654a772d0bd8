/* Tests of em/parameters.c: padding, what is derived from lambda, and
 * weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "em/parameters.h"
#include "helpers.h"
#include "simd/kernels.h"

static void test_padding(void)
{
    for (size_t k = 1; k <= 200; k++) {
        const size_t kp = dmm_padded_components(k);
        CHECK(kp >= k);
        CHECK(kp == 1 || kp == 2 || kp == 4 || kp % 8 == 0);
        /* No smaller padded number is at least k. */
        for (size_t less = k; less < kp; less++)
            CHECK(!(less == 1 || less == 2 || less == 4 || less % 8 == 0));
    }
}

static void refresh_task(const dmm_worker *worker, void *data)
{
    void **both = data;
    dmm_parameters_refresh(worker, both[0], both[1]);
}

static void refresh(dmm_team *team, dmm_parameters *p, dmm_counts *counts)
{
    void *both[2] = {p, &counts->dictionary};
    dmm_team_do(team, refresh_task, both);
}

/* theta, lambda_sum, the columns of totals, prior and penalty are those of the
 * single taxa, merged or not. */
static void check_refreshed(const table *t, const model *m,
                            const dmm_parameters *p, const dmm_counts *counts)
{
    double prior = 0;
    for (size_t c = 0; c < m->k; c++) {
        double theta = 0, sum = 0;
        for (size_t j = 0; j < t->columns; j++) {
            const size_t at = counts->column_of_taxon[j] * p->kp + c;
            const double a = exp(p->lambda[at]);
            /* exp_array is accurate to 4e-16. */
            CHECK_NEAR(p->alpha[at], a, 1e-15 * a);
            theta += a;
            sum += p->lambda[at];
        }
        CHECK_NEAR(p->theta[c], theta, 1e-14 * theta);
        CHECK_NEAR(p->lambda_sum[c], sum, 1e-12 * (double)t->columns * 80);
        for (size_t j = p->n_taxa_columns; j < p->n_columns; j++) {
            CHECK(p->alpha[j * p->kp + c] == p->theta[c]);
            CHECK_NEAR(p->lambda[j * p->kp + c], log(theta), 1e-13);
        }
        const double penalty = m->nu * theta - m->eta * sum;
        CHECK_NEAR(dmm_parameters_penalty(p, c), penalty,
                   1e-13 * (m->nu * theta + fabs(m->eta * sum)) + 1e-12);
        prior -= penalty;
    }
    prior += (double)(t->columns * m->k) *
             (m->eta * log(m->nu) - lgamma(m->eta));
    CHECK_NEAR(dmm_parameters_log_prior(p, t->columns), prior,
               1e-12 * (1 + fabs(prior)));
}

typedef struct {
    const table *t;
    size_t k;
    double centre;
} setting;

static void test_set(dmm_team *team, void *data)
{
    const setting *s = data;
    const dmm_matrix matrix = table_view(s->t, DMM_MATRIX_DENSE_INT);
    dmm_counts *counts =
        build_counts(team, &matrix, DMM_TAXA_SEPARATE, s->k);
    model m = model_random(s->t, s->k, s->centre);
    dmm_parameters *p = NULL;
    CHECK(dmm_parameters_new(counts, s->k, (dmm_prior){m.eta, m.nu}, &p) ==
          DMM_OK);
    dmm_parameters_set(p, counts, m.lambda, m.weight);
    refresh(team, p, counts);
    for (size_t c = 0; c < s->k; c++) {
        CHECK_NEAR(p->log_weight[c], log(m.weight[c]), 1e-15);
        for (size_t j = 0; j < s->t->columns; j++)
            CHECK(p->lambda[counts->column_of_taxon[j] * p->kp + c] ==
                  m.lambda[c * s->t->columns + j]);
    }
    check_refreshed(s->t, &m, p, counts);
    dmm_parameters_free(p);
    dmm_counts_free(counts);

    /* A merged column counts with its multiplicity, and lambda is clamped. */
    counts = build_counts(team, &matrix, DMM_TAXA_MERGED, s->k);
    CHECK(dmm_parameters_new(counts, s->k, (dmm_prior){m.eta, m.nu}, &p) ==
          DMM_OK);
    for (size_t i = 0; i < p->n_taxa_columns * p->kp; i++)
        p->lambda[i] = 3 * random_normal();
    p->lambda[0] = INFINITY;
    p->lambda[(p->n_taxa_columns - 1) * p->kp + s->k - 1] =
        p->n_taxa_columns * s->k > 1 ? -1e300 : 1;
    refresh(team, p, counts);
    CHECK(p->lambda[0] == DMM_LAMBDA_LIMIT || p->n_taxa_columns * s->k == 1);
    if (p->n_taxa_columns * s->k > 1)
        CHECK(p->lambda[(p->n_taxa_columns - 1) * p->kp + s->k - 1] ==
              -DMM_LAMBDA_LIMIT);
    check_refreshed(s->t, &m, p, counts);
    dmm_parameters_free(p);
    dmm_counts_free(counts);
    model_free(&m);
}

static void test_weights(dmm_team *team, void *data)
{
    const table *t = data;
    const dmm_matrix matrix = table_view(t, DMM_MATRIX_CSC);
    dmm_counts *counts = build_counts(team, &matrix, DMM_TAXA_MERGED, 5);
    dmm_parameters *p = NULL;
    CHECK(dmm_parameters_new(counts, 5, (dmm_prior){0.1, 0.1}, &p) == DMM_OK);
    const double weight[8] = {3, 5, 0, 1e-30, 2};
    dmm_parameters_set_weights(p, weight);
    const double all = 10 + 2 * DMM_EMPTY_WEIGHT;
    double sum = 0;
    for (size_t c = 0; c < 5; c++) {
        const double w =
            weight[c] > DMM_EMPTY_WEIGHT ? weight[c] : DMM_EMPTY_WEIGHT;
        CHECK_NEAR(p->log_weight[c], log(w / all), 1e-14);
        sum += exp(p->log_weight[c]);
    }
    CHECK_NEAR(sum, 1, 1e-15);
    for (size_t c = 5; c < 8; c++)
        CHECK(p->log_weight[c] == 0);

    /* Normalising keeps the ratios, however large the logs are. */
    static const double shifts[] = {0, 5, -700, 1e4};
    for (size_t i = 0; i < LENGTH(shifts); i++) {
        for (size_t c = 0; c < 5; c++)
            p->log_weight[c] = shifts[i] - (double)c;
        dmm_parameters_normalise_weights(p);
        sum = 0;
        for (size_t c = 0; c < 5; c++) {
            sum += exp(p->log_weight[c]);
            /* The bound is the rounding of the shifted logs. */
            CHECK_NEAR(p->log_weight[c] - p->log_weight[0], -(double)c,
                       1e-15 * (1 + fabs(shifts[i])) * 4);
        }
        CHECK_NEAR(sum, 1, 1e-14 + 1e-15 * fabs(shifts[i]));
    }
    dmm_parameters_free(p);
    dmm_counts_free(counts);
}

int main(void)
{
    random_seed(12);
    test_padding();
    static const size_t ks[] = {1, 2, 3, 4, 5, 8, 11, 17};
    for (size_t i = 0; i < LENGTH(ks); i++) {
        table t = table_random(1 + random_below(30), 1 + random_below(90), 0.3,
                               40, 1);
        setting s = {&t, ks[i], (double)i - 3};
        dmm_team_run(1 + (int)i % 3, test_set, &s);
        dmm_team_run(1, test_weights, &t);
        table_free(&t);
    }
    dmm_parameters_free(NULL);
    dmm_sums_free(NULL);
    return check_report();
}
