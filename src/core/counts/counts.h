/* The compressed count table: what a fit reads, const once it is built.
 *
 * Identical columns (taxa) are merged into one *column* with a multiplicity.
 * A *feature* is a pair (column, distinct nonzero count in it): everything that
 * the E- and M-step need of lgamma, digamma and trigamma is evaluated once for
 * a feature and component, not once for an entry. The samples' totals t_i are
 * further columns of multiplicity -1 behind the real ones, whose "alpha" is
 * A_k = sum_j alpha_kj (the Dirichlet-multinomial's lgamma(A) - lgamma(A + t)
 * has the form of a taxon's term with the opposite sign).
 *
 * Columns are cut into *groups* and rows into *blocks*; both cuts depend on the
 * data only, never on the number of threads, and every sum over them is taken
 * in their order: results are the same bits for any number of threads.
 *
 * See dmm.h for the model and the letters N, S, K.
 */
#ifndef DMM_COUNTS_H
#define DMM_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/matrix.h"

/* A feature whose count is below this uses the product form of the special
 * functions, others Stirling's series (see special_template.h). */
#define DMM_SMALL_COUNT 8

/* Features of padding between column groups: a kernel may write one vector
 * past the last feature of a group. */
#define DMM_FEATURE_PADDING 8

/* Columns and their features. The features of a column are contiguous and by
 * increasing count; the features of consecutive columns of a group are
 * contiguous as well; DMM_FEATURE_PADDING unused features follow a group. */
typedef struct {
    size_t n_taxa_columns;  /* U: distinct taxa columns                     */
    size_t n_columns;       /* U plus the columns of totals                 */
    size_t n_features;      /* D: features and padding                      */
    size_t *begin;          /* n_columns: first feature of a column         */
    size_t *end;            /* n_columns: behind its last feature           */
    uint32_t *n_small;      /* n_columns: features below DMM_SMALL_COUNT    */
    double *multiplicity;   /* n_columns: taxa merged in it, or -1 (totals) */
    double *value;          /* n_features: the count; 0 in the padding      */
    uint32_t *column;       /* n_features: the column it belongs to         */
    size_t n_groups;        /* groups of columns: taxa groups, then totals  */
    size_t n_taxa_groups;
    size_t *group;          /* n_groups + 1: first column of a group        */
    double *share_work;     /* n_taxa_groups + 2: cumulated cost of a pass
                               over the entries of a taxa group, and last of
                               one over the totals, to share among threads  */
} dmm_dictionary;

/* The nonzero entries of consecutive rows, by column and then by count.
 *
 * Rows with one feature in common are a *run* if there are at least
 * DMM_RUN_LENGTH of them in the block: the feature and the number of rows are
 * stored once. Shorter ones are *singles*. Rows count from the block's first.
 * The offsets by group say where a taxa group's singles, runs and run rows
 * begin. */
#define DMM_RUN_LENGTH 4
#define DMM_MAX_BLOCK_ROWS 65536

typedef struct {
    size_t singles;
    size_t runs;
    size_t run_rows;
} dmm_offset;

typedef struct {
    size_t first_row;
    size_t n_rows;
    size_t n_singles;
    size_t n_runs;
    size_t n_run_rows;
    uint32_t *single_feature; /* n_singles  */
    uint16_t *single_row;     /* n_singles  */
    uint32_t *run_feature;    /* n_runs     */
    uint16_t *run_length;     /* n_runs: rows in the run, minus one */
    uint16_t *run_row;        /* n_run_rows */
    dmm_offset *group_offset; /* n_taxa_groups + 1 */
} dmm_block;

typedef struct {
    size_t n_samples;         /* N */
    size_t n_taxa;            /* S */
    uint32_t *column_of_taxon; /* S: the merged column of a taxon */
    dmm_dictionary dictionary;
    size_t n_blocks;
    size_t block_rows;        /* rows of all blocks but the last */
    dmm_block *block;
    double *total;            /* N: t_i */
    uint32_t *total_feature;  /* N: feature of t_i among the totals columns; if
                                 t_i = 0, feature 0 (a padding one, count 0) */
    size_t n_nonzeros;        /* of the table */
    size_t n_entries;         /* stored, after merging columns */
    double log_multinomial;   /* sum_i log multinomial coefficient */
} dmm_counts;

/* Sets a block's sizes and makes room for its entries; releases it all, the
 * group offsets included. */
dmm_status dmm_block_allocate(dmm_block *block, dmm_offset size);
void dmm_block_release(dmm_block *block);

/* Whether identical taxa may share a column. They may in a fit, where they have
 * the same parameters, but not where parameters are given. */
typedef enum { DMM_TAXA_SEPARATE, DMM_TAXA_MERGED } dmm_taxa;

/* Compresses a table that has passed dmm_matrix_check() (samples without counts
 * are allowed here). `vector_length` is the padded number of components that
 * the blocks are made for: it decides how many rows fit the cache. */
dmm_status dmm_counts_build(dmm_team *team, const dmm_matrix *matrix,
                            dmm_taxa taxa, size_t vector_length,
                            dmm_counts **counts);

void dmm_counts_free(dmm_counts *counts);

/* How many pairs of vectors over the taxa columns, from `least` to `most`, an
 * algorithm should remember: as many as fit in a table of all features, one
 * vector less, since a wide table of counts has few more features than taxa. */
int dmm_dictionary_pairs(const dmm_dictionary *dictionary, int least, int most);

#endif
