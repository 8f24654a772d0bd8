/* Parts of a table (R/utils-parts.R): images of compressed counts, which are
 * raw vectors in R, and a fit to sums over them. */
#include <string.h>

#include "core/base/random.h"
#include "entries.h"
#include "glue.h"

static void finalise_part(SEXP owner)
{
    dmm_part_free(R_ExternalPtrAddr(owner));
    R_ClearExternalPtr(owner);
}

/* Opens an image; `owner` will own the part. */
static dmm_part *open_part(SEXP image, SEXP owner)
{
    dmm_part *part;
    const int is_raw = TYPEOF(image) == RAWSXP;
    if (!is_raw || dmm_part_open(RAW(image), (size_t)XLENGTH(image), &part) ==
                       DMM_ERROR_ARGUMENT)
        Rf_error("dmmomp: a part of the table is damaged or incomplete");
    if (part == NULL)
        glue_check(DMM_ERROR_MEMORY);
    R_SetExternalPtrAddr(owner, part);
    return part;
}

/* The image of a part with the samples of `count`, for fits of k components. */
SEXP R_dmm_part(SEXP count, SEXP k, SEXP num_threads)
{
    const dmm_matrix m = glue_matrix(count);
    const int components = glue_int(k, "k");
    const int threads = glue_int(num_threads, "num.threads");
    SEXP owner = PROTECT(glue_owner(finalise_part));
    dmm_part *part;
    glue_check(dmm_part_new(&m, components > 0 ? (size_t)components : 0,
                            threads, &part));
    R_SetExternalPtrAddr(owner, part);
    SEXP image = PROTECT(
        Rf_allocVector(RAWSXP, (R_xlen_t)dmm_part_size(part)));
    dmm_part_write(part, RAW(image));
    finalise_part(owner);
    UNPROTECT(2);
    return image;
}

/* c(samples, taxa, log multinomial) of a part. */
SEXP R_dmm_part_about(SEXP image)
{
    SEXP owner = PROTECT(glue_owner(finalise_part));
    const dmm_part_info info = dmm_part_about(open_part(image, owner));
    finalise_part(owner);
    SEXP about = PROTECT(Rf_allocVector(REALSXP, 3));
    REAL(about)[0] = (double)info.n_samples;
    REAL(about)[1] = (double)info.n_taxa;
    REAL(about)[2] = info.log_multinomial;
    UNPROTECT(2);
    return about;
}

/* Parameters of R, taxa x components and by component. */
typedef struct {
    size_t k;
    const double *lambda, *log_weight;
} given;

static given read_parameters(const dmm_part *part, SEXP lambda, SEXP log_weight)
{
    given p;
    p.k = (size_t)XLENGTH(log_weight);
    p.lambda = glue_real_matrix(lambda, dmm_part_about(part).n_taxa, p.k,
                                "lambda");
    p.log_weight = glue_real_matrix(log_weight, p.k, 1, "log.weight");
    return p;
}

/* dmm_part_sums(). */
SEXP R_dmm_part_sums(SEXP image, SEXP lambda, SEXP log_weight, SEXP num_threads)
{
    const int threads = glue_int(num_threads, "num.threads");
    SEXP owner = PROTECT(glue_owner(finalise_part));
    const dmm_part *part = open_part(image, owner);
    const given p = read_parameters(part, lambda, log_weight);
    const size_t length = dmm_sums_length(dmm_part_about(part).n_taxa, p.k);
    SEXP sums = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)length));
    glue_check(dmm_part_sums(part, p.k, p.lambda, p.log_weight, threads,
                             REAL(sums)));
    finalise_part(owner);
    UNPROTECT(2);
    return sums;
}

/* The responsibilities of a part's samples; or if `compact` the most probable
 * components, from 1, the probabilities of all others, and their entropy as an
 * attribute. */
SEXP R_dmm_part_posterior(SEXP image, SEXP lambda, SEXP log_weight,
                          SEXP compact, SEXP num_threads)
{
    const int threads = glue_int(num_threads, "num.threads");
    const int assign = Rf_asLogical(compact) == TRUE;
    double entropy;
    SEXP owner = PROTECT(glue_owner(finalise_part));
    const dmm_part *part = open_part(image, owner);
    const given p = read_parameters(part, lambda, log_weight);
    const size_t n = dmm_part_about(part).n_samples;
    SEXP z = PROTECT(
        Rf_allocMatrix(REALSXP, (int)n, assign ? 2 : (int)p.k));
    glue_check(dmm_part_posterior(part, p.k, p.lambda, p.log_weight, assign,
                                  threads, REAL(z), &entropy));
    finalise_part(owner);
    for (size_t i = 0; assign && i < n; i++)
        REAL(z)[i] += 1;
    if (assign)
        Rf_setAttrib(z, Rf_install("entropy"), Rf_ScalarReal(entropy));
    UNPROTECT(2);
    return z;
}

/* A random number in [0, 1) for each of n samples, the first of which is number
 * `first` of its table. It depends on nothing else. */
SEXP R_dmm_lots(SEXP first, SEXP n)
{
    const int length = glue_int(n, "n");
    const double start = glue_double(first, "first");
    SEXP lots = PROTECT(Rf_allocVector(REALSXP, length));
    for (int i = 0; i < length; i++) {
        dmm_random random = {(uint64_t)(start + i) *
                             UINT64_C(0xd1342543de82ef95)};
        REAL(lots)[i] = dmm_random_uniform(&random);
    }
    UNPROTECT(1);
    return lots;
}

/* ---- Fits to sums ------------------------------------------------------- */

static SEXP call_sums(void *data)
{
    glue_parts *x = data;
    SEXP lambda =
        PROTECT(Rf_allocMatrix(REALSXP, (int)x->n_taxa, (int)x->k));
    SEXP log_weight = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)x->k));
    memcpy(REAL(lambda), x->lambda, x->n_taxa * x->k * sizeof(double));
    memcpy(REAL(log_weight), x->log_weight, x->k * sizeof(double));
    SEXP chosen = PROTECT(Rf_ScalarLogical(x->chosen));
    SEXP call = PROTECT(Rf_lang4(x->function, lambda, log_weight, chosen));
    SEXP sums = PROTECT(Rf_eval(call, R_BaseEnv));
    const size_t length = dmm_sums_length(x->n_taxa, x->k);
    memcpy(x->sums, glue_real_matrix(sums, length, 1, "sums"),
           length * sizeof(double));
    UNPROTECT(5);
    return R_NilValue;
}

/* dmm_parts' sums by a function of R. */
static dmm_status sums_by_r(void *user, const double *lambda,
                            const double *log_weight, double *sums)
{
    glue_parts *x = user;
    x->lambda = lambda;
    x->log_weight = log_weight;
    x->sums = sums;
    glue_guard_call(x->guard, call_sums, x);
    return x->guard->jumped ? DMM_ERROR_INTERRUPTED : DMM_OK;
}

static void note_chosen(void *user)
{
    ((glue_parts *)user)->chosen = 1;
}

void glue_read_parts(SEXP list, size_t n_taxa, size_t k, glue_guard *guard,
                     glue_parts *x)
{
    x->n_taxa = n_taxa;
    x->k = k;
    x->guard = guard;
    x->chosen = 0;
    x->function = glue_element(list, "sums");
    x->parts = (dmm_parts){
        .n_samples = (size_t)glue_double(glue_element(list, "samples"),
                                         "samples"),
        .log_multinomial =
            glue_double(glue_element(list, "log.multinomial"),
                        "log.multinomial"),
        .sums = sums_by_r,
        .chosen = note_chosen,
        .user = x};
    SEXP start = glue_element(list, "start");
    if (start == R_NilValue)
        return;
    x->parts.lambda = glue_real_matrix(glue_element(start, "lambda"), n_taxa,
                                       k, "lambda");
    x->parts.log_weight = glue_real_matrix(
        glue_element(start, "log.weight"), k, 1, "log.weight");
}
