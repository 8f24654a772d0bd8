/* The compressed count table that a fit reads. It is const once it is built.
 *
 * The table is dictionary-encoded by column. A *feature* is a pair of a column
 * and a count that occurs in it; zeros are left out. The *dictionary* lists the
 * features of all columns, and a nonzero entry of the table is stored as the
 * number of its feature and its row. The E- and M-step need lgamma, digamma and
 * trigamma once for each feature and component, instead of once for each entry.
 *
 * Identical taxa are merged into one *column* with a multiplicity. The samples'
 * totals t_i are further columns after those of the taxa. Their term of the
 * evidence, lgamma(A_k) - lgamma(A_k + t_i), has the form of a taxon's term
 * with the opposite sign, so the columns of totals have a multiplicity of -1,
 * and A_k in place of alpha.
 *
 * Columns are divided into *groups* and rows into *blocks*. Both divisions
 * depend on the data only, never on the number of threads, and sums over groups
 * and blocks are taken in their order. Results are therefore identical to the
 * bit for any number of threads.
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

/* Features with counts below this use the product form of the special
 * functions, others use Stirling's series (see simd/special_template.h). */
#define DMM_SMALL_COUNT 8

/* Unused features before the first group and after every group: a kernel may
 * write one vector past the last feature of a group. */
#define DMM_FEATURE_PADDING 8

/* Columns and their features. The features of a column are contiguous and
 * sorted by count. Within a group, the features of consecutive columns are
 * contiguous; DMM_FEATURE_PADDING unused features follow each group. */
typedef struct {
    size_t n_taxa_columns;  /* U: distinct taxa columns                     */
    size_t n_columns;       /* U plus the columns of totals                 */
    size_t n_features;      /* D: features and padding                      */
    size_t *begin;          /* n_columns: first feature of a column         */
    size_t *end;            /* n_columns: one past its last feature         */
    uint32_t *n_small;      /* n_columns: features below DMM_SMALL_COUNT    */
    double *multiplicity;   /* n_columns: taxa merged in it, or -1 (totals) */
    double *value;          /* n_features: the count; 0 in the padding      */
    uint32_t *column;       /* n_features: the column it belongs to         */
    size_t n_groups;        /* taxa groups, then one for each totals column */
    size_t n_taxa_groups;
    size_t *group;          /* n_groups + 1: first column of a group        */
    double *share_work;     /* n_taxa_groups + 2, for dmm_share(): the cost
                               of a pass over the entries, in entries,
                               cumulated over the taxa groups and, last, the
                               totals                                       */
} dmm_dictionary;

/* A block: the nonzero entries of consecutive rows, sorted by column and then
 * by count.
 *
 * If at least DMM_RUN_LENGTH rows of the block have the same feature, they form
 * a *run*, for which the feature and the number of rows are stored only once.
 * The entries of rarer features are *singles*, each stored as a feature and a
 * row. Rows are numbered from the first of the block, in 16 bits. group_offset
 * says where the singles, runs and run rows of a taxa group begin. */
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
    size_t n_nonzeros;        /* nonzero entries of the table */
    size_t n_entries;         /* those that are stored, after merging taxa */
    double log_multinomial;   /* sum_i log multinomial(t_i; x_i) */
} dmm_counts;

/* Sets a block's sizes and allocates the arrays of its entries. */
dmm_status dmm_block_allocate(dmm_block *block, dmm_offset size);

/* Frees these arrays and the group offsets. */
void dmm_block_release(dmm_block *block);

/* Whether identical taxa share a column. They do in a fit, in which they get
 * the same parameters, but not where the parameters are given. */
typedef enum { DMM_TAXA_SEPARATE, DMM_TAXA_MERGED } dmm_taxa;

/* Compresses a table that has passed dmm_matrix_check(), except that samples
 * without counts are allowed. `vector_length` is the padded number of
 * components for which the size of the blocks is chosen: it decides how many
 * rows of responsibilities fit the cache. */
dmm_status dmm_counts_build(dmm_team *team, const dmm_matrix *matrix,
                            dmm_taxa taxa, size_t vector_length,
                            dmm_counts **counts);

void dmm_counts_free(dmm_counts *counts);

/* How many pairs of vectors over the taxa columns a limited-memory method
 * should keep: from `least` to `most`, and within that so many that the pairs
 * and one more vector take no more memory than an array over all features. This
 * matters for wide tables, which have few more features than taxa. If the
 * samples are elsewhere and there are no features, `most`. */
int dmm_dictionary_pairs(const dmm_dictionary *dictionary, int least, int most);

#endif
