/* The functions that R calls by .Call() and that init.c registers. Their
 * arguments and values are documented where they are defined, in the r_*.c
 * files. */
#ifndef DMM_ENTRIES_H
#define DMM_ENTRIES_H

#define R_NO_REMAP
#include <Rinternals.h>

SEXP R_dmm_count_problem(SEXP count, SEXP num_threads);
SEXP R_dmm_table(SEXP count, SEXP canonical, SEXP largest_k,
                 SEXP num_threads);
SEXP R_dmm_table_split(SEXP table, SEXP markers, SEXP largest_k,
                       SEXP num_threads);
SEXP R_dmm_table_gains(SEXP table, SEXP z, SEXP markers, SEXP estimate,
                       SEXP other, SEXP shared, SEXP control, SEXP num_threads);
SEXP R_dmm_table_fit(SEXP table, SEXP k, SEXP nstart, SEXP kinds, SEXP given,
                     SEXP log_prior, SEXP reassign, SEXP seed, SEXP report,
                     SEXP num_threads, SEXP optimizer, SEXP control,
                     SEXP keep_group, SEXP parts);
SEXP R_dmm_part(SEXP count, SEXP k, SEXP num_threads);
SEXP R_dmm_part_about(SEXP image);
SEXP R_dmm_part_sums(SEXP image, SEXP lambda, SEXP log_weight,
                     SEXP num_threads);
SEXP R_dmm_part_posterior(SEXP image, SEXP lambda, SEXP log_weight,
                          SEXP compact, SEXP num_threads);
SEXP R_dmm_lots(SEXP first, SEXP n);
SEXP R_dmm_send_at_once(SEXP port);
SEXP R_dmm_table_free(SEXP table);
SEXP R_dmm_evaluate(SEXP count, SEXP lambda, SEXP weight, SEXP control,
                    SEXP num_threads);
SEXP R_dmm_mstep(SEXP count, SEXP lambda, SEXP z, SEXP control, SEXP optimizer,
                 SEXP num_threads);
SEXP R_dmm_pack(SEXP count, SEXP rows, SEXP columns);
SEXP R_dmm_unpack(SEXP count);
SEXP R_dmm_totals(SEXP count);
SEXP R_dmm_predict(SEXP estimate, SEXP weight, SEXP newdata, SEXP logevidence,
                   SEXP num_threads);
SEXP R_dmm_mixture_weights(SEXP estimate, SEXP weight);
SEXP R_dmm_special(SEXP alpha, SEXP x);
SEXP R_dmm_threads(void);
SEXP R_dmm_flush(SEXP path);

#endif
