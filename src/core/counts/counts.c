/* Compresses a count table: see counts.h for what is built.
 *
 * The builder reads the user's table column by column, two or three times:
 *
 *   1. The first pass takes a hash of every taxon and adds up the samples'
 *      totals. Identical taxa are then merged into columns, samples sorted by
 *      total, and columns divided into groups and rows into blocks.
 *   2. The second pass sorts the entries of every column by count, which gives
 *      its features. A group's sorted columns are written to a *stream*: for
 *      every feature its count, its number of rows and these rows, ascending.
 *      The entries of each group and block are counted.
 *   3. When it is known where all features and entries go, the streams are
 *      stored in the dictionary and the blocks. Streams that would take too
 *      much memory are not kept after the second pass, but made again for this.
 *
 * Threads share the passes by columns or groups.
 */
#include "counts/counts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "simd/kernels.h"

/* The largest number of taxa groups: enough for many threads, and few enough
 * that their padding and partial sums cost next to nothing. */
#define MAX_TAXA_GROUPS 64
/* Features in a column of totals; only the last one may have fewer. */
#define TOTALS_FEATURES 512
/* Bytes of responsibilities in a block: half of a second-level cache. */
#define BLOCK_BYTES 262144
/* A table that is large enough for several threads is divided into a multiple
 * of this many blocks, so that threads get equal shares; into fewer if blocks
 * would have fewer than MIN_BLOCK_ROWS rows. */
#define BLOCKS_MULTIPLE 8
#define MIN_BLOCK_ROWS 128
/* The streams of tables with up to this many entries are kept between the
 * second and the third pass (they take 4 to 12 bytes for an entry). */
#define MAX_KEPT_ENTRIES ((size_t)1 << 23)
/* The cost of a column in addition to that of its entries, in entries. */
#define COLUMN_WORK 8

/* ---- Sorting keys by count ------------------------------------------- */

/* Fewer keys than this are sorted by insertion. */
#define INSERTION_LENGTH 48
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

/* Sorts n keys by their bits from `shift` upwards; keys that are equal in these
 * keep their order. Longer arrays are radix-sorted from the least significant
 * digit up to the highest bit of `largest`, the largest key. `scratch` must
 * hold n keys. */
static void sort_keys(uint64_t *keys, uint64_t *scratch, size_t n, int shift,
                      uint64_t largest)
{
    if (n < INSERTION_LENGTH) {
        for (size_t i = 1; i < n; i++) {
            const uint64_t key = keys[i];
            size_t j = i;
            for (; j > 0 && keys[j - 1] >> shift > key >> shift; j--)
                keys[j] = keys[j - 1];
            keys[j] = key;
        }
        return;
    }
    uint64_t *from = keys, *to = scratch;
    for (largest >>= shift; largest > 0; largest >>= DIGIT_BITS) {
        size_t start[DIGITS + 1] = {0};
        for (size_t i = 0; i < n; i++)
            start[(from[i] >> shift & (DIGITS - 1)) + 1]++;
        for (int d = 0; d < DIGITS; d++)
            start[d + 1] += start[d];
        for (size_t i = 0; i < n; i++)
            to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
        shift += DIGIT_BITS;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

static uint64_t largest_key(const uint64_t *keys, size_t n)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = keys[i] > largest ? keys[i] : largest;
    return largest;
}

/* ---- The builder ------------------------------------------------------ */

/* The most numbers that a stream has for an entry: a feature with one row takes
 * three. */
#define MAX_STREAM 3

typedef struct {
    const dmm_matrix *matrix;
    dmm_counts *counts;
    dmm_taxa taxa;
    dmm_team *team;
    int n_threads;
    /* by taxon */
    size_t *n_entries; /* its nonzero counts                             */
    uint64_t *hash;    /* of its keys                                    */
    /* by taxa column */
    uint32_t *taxon;   /* the first taxon that was merged in it          */
    size_t *distinct;  /* its number of features                         */
    /* by taxa group */
    size_t *n_before;  /* entries in the groups before it; last, all     */
    uint32_t *stream;  /* the streams of all groups, or NULL             */
    dmm_offset *at;    /* groups x blocks: how many entries there are,
                          then where the next one goes                   */
    double *frequency; /* by feature: entries that have it               */
    /* by thread */
    uint64_t **keys;   /* space for the keys of two columns              */
    uint32_t **buffer; /* if stream is NULL: space for any group's       */
    int64_t **total;   /* by sample: total over the thread's taxa        */
} builder;

static void builder_free(builder *b)
{
    dmm_free(b->n_entries);
    dmm_free(b->hash);
    dmm_free(b->taxon);
    dmm_free(b->distinct);
    dmm_free(b->n_before);
    dmm_free(b->stream);
    dmm_free(b->at);
    dmm_free(b->frequency);
    for (int t = 0; t < b->n_threads; t++) {
        if (b->keys)
            dmm_free(b->keys[t]);
        if (b->buffer)
            dmm_free(b->buffer[t]);
        if (b->total)
            dmm_free(b->total[t]);
    }
    dmm_free(b->keys);
    dmm_free(b->buffer);
    dmm_free(b->total);
}

static size_t keys_length(const builder *b)
{
    return b->matrix->rows + 1;
}

static dmm_status builder_init(builder *b)
{
    const size_t taxa = b->matrix->columns;
    const size_t threads = (size_t)b->n_threads;
    b->n_entries = DMM_NEW(taxa, size_t);
    b->hash = DMM_NEW(taxa, uint64_t);
    b->taxon = DMM_NEW(taxa, uint32_t);
    b->keys = DMM_NEW(threads, uint64_t *);
    b->total = DMM_NEW(threads, int64_t *);
    if (!b->n_entries || !b->hash || !b->taxon || !b->keys || !b->total)
        return DMM_ERROR_MEMORY;
    for (size_t t = 0; t < threads; t++) {
        b->keys[t] = DMM_NEW2(2, keys_length(b), uint64_t);
        b->total[t] = DMM_NEW(b->counts->n_samples, int64_t);
        if (!b->keys[t] || !b->total[t])
            return DMM_ERROR_MEMORY;
    }
    return DMM_OK;
}

/* Reads a taxon: finds its number of entries and hash, and adds its counts to
 * the samples' totals. */
static void read_taxon(builder *b, size_t j, int thread)
{
    int64_t *total = b->total[thread];
    uint64_t *keys = b->keys[thread];
    const size_t n = dmm_matrix_column(b->matrix, j, keys);
    uint64_t hash = n;
    for (size_t e = 0; e < n; e++) {
        total[DMM_KEY_ROW(keys[e])] += DMM_KEY_COUNT(keys[e]);
        hash = (hash ^ keys[e]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    b->n_entries[j] = n;
    b->hash[j] = hash;
}

/* The first pass. The totals are sums of integers and therefore exact,
 * whichever thread reads which taxon. */
static void read_task(const dmm_worker *worker, void *data)
{
    builder *b = data;
    size_t j;
    while (dmm_team_next(worker, b->matrix->columns, &j))
        read_taxon(b, j, worker->number);
    if (dmm_team_enter(worker)) {
        for (int t = 1; t < b->n_threads; t++)
            for (size_t i = 0; i < b->counts->n_samples; i++)
                b->total[0][i] += b->total[t][i];
        dmm_team_leave(worker);
    }
}

/* Whether taxa i and j are to share a column. Uses the keys of thread 0. */
static int same_taxon(builder *b, size_t i, size_t j)
{
    if (b->taxa == DMM_TAXA_SEPARATE || b->hash[i] != b->hash[j] ||
        b->n_entries[i] != b->n_entries[j])
        return 0;
    uint64_t *x = b->keys[0], *y = x + keys_length(b);
    if (b->n_entries[i] == 0)
        return 1;
    const size_t n = dmm_matrix_column(b->matrix, i, x);
    dmm_matrix_column(b->matrix, j, y);
    return memcmp(x, y, n * sizeof *x) == 0;
}

/* Where the search for a taxon in the hash table begins. Taxa that stay
 * separate begin at different places: if many are identical, as those without
 * counts are, their hashes would make each of them pass all the others. */
static size_t first_slot(const builder *b, size_t j)
{
    return b->taxa == DMM_TAXA_SEPARATE ? j : (size_t)b->hash[j];
}

/* Makes the taxa columns and their multiplicities, by a hash table of the taxa.
 * Columns are numbered by the first appearance of their taxa. */
static dmm_status merge_taxa(builder *b)
{
    dmm_counts *counts = b->counts;
    const size_t taxa = counts->n_taxa;
    size_t slots = 16;
    while (slots < 2 * taxa)
        slots *= 2;
    uint32_t *slot = DMM_NEW(slots, uint32_t); /* column + 1, or 0: free */
    double *multiplicity = DMM_NEW(taxa, double);
    counts->column_of_taxon = DMM_NEW(taxa, uint32_t);
    if (!slot || !multiplicity || !counts->column_of_taxon) {
        dmm_free(slot);
        dmm_free(multiplicity);
        return DMM_ERROR_MEMORY;
    }
    uint32_t columns = 0;
    for (size_t j = 0; j < taxa; j++) {
        size_t at = first_slot(b, j) & (slots - 1);
        while (slot[at] && !same_taxon(b, b->taxon[slot[at] - 1], j))
            at = (at + 1) & (slots - 1);
        if (!slot[at]) {
            b->taxon[columns] = (uint32_t)j;
            slot[at] = ++columns;
        }
        counts->column_of_taxon[j] = slot[at] - 1;
        multiplicity[slot[at] - 1] += 1;
        counts->n_nonzeros += b->n_entries[j];
    }
    for (size_t u = 0; u < columns; u++)
        counts->n_entries += b->n_entries[b->taxon[u]];
    counts->dictionary.n_taxa_columns = columns;
    counts->dictionary.multiplicity = multiplicity;
    dmm_free(slot);
    return DMM_OK;
}

/* ---- Totals ----------------------------------------------------------- */

typedef struct {
    uint32_t *row;   /* samples by increasing total */
    size_t n_values; /* distinct totals above 0     */
} totals_order;

/* Sorts the samples by their totals, which have up to 63 bits: by the lower 32
 * bits, and then by the others. */
static dmm_status order_totals(builder *b, totals_order *order)
{
    const size_t n = b->counts->n_samples;
    const int64_t *total = b->total[0];
    uint64_t *keys = DMM_NEW(n, uint64_t), *scratch = DMM_NEW(n, uint64_t);
    order->row = DMM_NEW(n, uint32_t);
    if (!keys || !scratch || !order->row) {
        dmm_free(keys);
        dmm_free(scratch);
        return DMM_ERROR_MEMORY;
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = DMM_KEY((uint32_t)total[i], i);
    sort_keys(keys, scratch, n, 32, largest_key(keys, n));
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = DMM_KEY_ROW(keys[i]);
        keys[i] = DMM_KEY((uint64_t)total[row] >> 32, row);
    }
    sort_keys(keys, scratch, n, 32, largest_key(keys, n));
    order->n_values = 0;
    for (size_t i = 0; i < n; i++) {
        order->row[i] = DMM_KEY_ROW(keys[i]);
        const int64_t t = total[order->row[i]];
        order->n_values +=
            t > 0 && (i == 0 || t != total[order->row[i - 1]]);
    }
    dmm_free(keys);
    dmm_free(scratch);
    return DMM_OK;
}

/* ---- Dictionary ------------------------------------------------------- */

/* Divides the taxa columns into groups of about equal work, and adds a group
 * for each column of totals. */
static dmm_status cut_groups(builder *b)
{
    dmm_dictionary *d = &b->counts->dictionary;
    const size_t columns = d->n_taxa_columns;
    const size_t totals = d->n_columns - columns;
    const size_t groups =
        columns < MAX_TAXA_GROUPS ? columns : MAX_TAXA_GROUPS;
    d->group = DMM_NEW(groups + totals + 1, size_t);
    if (!d->group)
        return DMM_ERROR_MEMORY;
    double all = 0;
    for (size_t u = 0; u < columns; u++)
        all += (double)(b->n_entries[b->taxon[u]] + COLUMN_WORK);
    double work = 0;
    size_t g = 0;
    for (size_t u = 0; u < columns; u++) {
        /* A new group begins where its share of the work does, or where only
         * one column is left for each of the remaining groups. */
        if (u > d->group[g] && g + 1 < groups &&
            (work >= all * (double)(g + 1) / (double)groups ||
             columns - u <= groups - 1 - g))
            d->group[++g] = u;
        work += (double)(b->n_entries[b->taxon[u]] + COLUMN_WORK);
    }
    d->n_taxa_groups = g + 1;
    d->n_groups = d->n_taxa_groups + totals;
    for (size_t t = 0; t <= totals; t++)
        d->group[d->n_taxa_groups + t] = columns + t;
    return DMM_OK;
}

/* Fills share_work with the cumulated costs of the groups. */
static dmm_status cumulate_work(builder *b)
{
    dmm_dictionary *d = &b->counts->dictionary;
    const size_t groups = d->n_taxa_groups;
    d->share_work = DMM_NEW(groups + 2, double);
    if (!d->share_work)
        return DMM_ERROR_MEMORY;
    for (size_t g = 0; g < groups; g++) {
        double work = 0;
        for (size_t u = d->group[g]; u < d->group[g + 1]; u++)
            work += (double)(b->n_entries[b->taxon[u]] + 2 * b->distinct[u]);
        d->share_work[g + 1] = d->share_work[g] + work;
    }
    d->share_work[groups + 1] =
        d->share_work[groups] + (double)b->counts->n_samples;
    return DMM_OK;
}

/* Decides where the features of each column begin and end. */
static dmm_status place_features(builder *b, const totals_order *order)
{
    dmm_dictionary *d = &b->counts->dictionary;
    size_t at = DMM_FEATURE_PADDING, left = order->n_values;
    for (size_t g = 0; g < d->n_groups; g++) {
        for (size_t c = d->group[g]; c < d->group[g + 1]; c++) {
            size_t n;
            if (c < d->n_taxa_columns) {
                n = b->distinct[c];
            } else {
                n = left < TOTALS_FEATURES ? left : TOTALS_FEATURES;
                left -= n;
            }
            d->begin[c] = at;
            at += n;
            d->end[c] = at;
        }
        at += DMM_FEATURE_PADDING;
    }
    if (at > UINT32_MAX)
        return DMM_ERROR_TOO_LARGE;
    d->n_features = at;
    d->value = DMM_NEW(at, double);
    d->column = DMM_NEW(at, uint32_t);
    return d->value && d->column ? DMM_OK : DMM_ERROR_MEMORY;
}

/* Fills in the features of the totals and each sample's one, going through the
 * samples by increasing total. */
static void fill_totals_features(builder *b, const totals_order *order)
{
    dmm_counts *counts = b->counts;
    dmm_dictionary *d = &counts->dictionary;
    size_t n_values = 0, f = 0;
    int64_t before = 0;
    for (size_t i = 0; i < counts->n_samples; i++) {
        const uint32_t row = order->row[i];
        const int64_t t = b->total[0][row];
        if (t == 0)
            continue;
        if (t != before) {
            const size_t c = d->n_taxa_columns + n_values / TOTALS_FEATURES;
            f = d->begin[c] + n_values % TOTALS_FEATURES;
            d->value[f] = (double)t;
            d->column[f] = (uint32_t)c;
            d->n_small[c] += t < DMM_SMALL_COUNT;
            n_values++;
            before = t;
        }
        counts->total_feature[row] = (uint32_t)f;
        b->frequency[f] += 1;
    }
    for (size_t i = 0; i < counts->n_samples; i++)
        counts->total[i] = (double)b->total[0][i];
}

typedef struct {
    const dmm_dictionary *dictionary;
    const double *frequency;
    double *one, *zero; /* n_columns: alpha and lambda                  */
    double *sums;       /* 2 x n_columns: derivatives, which are unused */
    double *part;       /* n_groups: sums of log factorials             */
} factorials;

static void factorials_task(const dmm_worker *worker, void *data)
{
    const factorials *x = data;
    const dmm_dictionary *d = x->dictionary;
    size_t g;
    while (dmm_team_next(worker, d->n_groups, &g))
        dmm_kernels_active()->difference_sums(
            d, 1, x->one, x->zero, x->frequency, d->group[g], d->group[g + 1],
            &x->part[g], x->sums, x->sums + d->n_columns);
}

/* Computes sum_i log multinomial(t_i; x_i) with the kernel of the M-step: for
 * alpha = 1 the log gamma differences are log factorials, and the multiplicity
 * of -1 gives those of the totals their sign. */
static dmm_status sum_log_factorials(builder *b)
{
    const dmm_dictionary *d = &b->counts->dictionary;
    factorials x = {.dictionary = d, .frequency = b->frequency};
    x.one = DMM_NEW(d->n_columns, double);
    x.zero = DMM_NEW(d->n_columns, double);
    x.sums = DMM_NEW2(2, d->n_columns, double);
    x.part = DMM_NEW(d->n_groups, double);
    dmm_status status = DMM_ERROR_MEMORY;
    if (!x.one || !x.zero || !x.sums || !x.part)
        goto done;
    for (size_t c = 0; c < d->n_columns; c++)
        x.one[c] = 1;
    dmm_team_do(b->team, factorials_task, &x);
    double total = 0;
    for (size_t g = 0; g < d->n_groups; g++)
        total += x.part[g];
    b->counts->log_multinomial = -total;
    status = DMM_OK;
done:
    dmm_free(x.one);
    dmm_free(x.zero);
    dmm_free(x.sums);
    dmm_free(x.part);
    return status;
}

/* Adds the columns of totals to those of taxa, and groups both. */
static dmm_status build_columns(builder *b, const totals_order *order)
{
    dmm_counts *counts = b->counts;
    dmm_dictionary *d = &counts->dictionary;
    d->n_columns = d->n_taxa_columns +
                   (order->n_values + TOTALS_FEATURES - 1) / TOTALS_FEATURES;
    double *multiplicity = DMM_NEW(d->n_columns, double);
    d->begin = DMM_NEW(d->n_columns, size_t);
    d->end = DMM_NEW(d->n_columns, size_t);
    d->n_small = DMM_NEW(d->n_columns, uint32_t);
    b->distinct = DMM_NEW(d->n_taxa_columns, size_t);
    counts->total = DMM_NEW(counts->n_samples, double);
    counts->total_feature = DMM_NEW(counts->n_samples, uint32_t);
    if (!multiplicity || !d->begin || !d->end || !d->n_small ||
        !b->distinct || !counts->total || !counts->total_feature) {
        dmm_free(multiplicity);
        return DMM_ERROR_MEMORY;
    }
    for (size_t c = 0; c < d->n_columns; c++)
        multiplicity[c] = c < d->n_taxa_columns ? d->multiplicity[c] : -1;
    dmm_free(d->multiplicity);
    d->multiplicity = multiplicity;
    return cut_groups(b);
}

/* ---- Blocks ----------------------------------------------------------- */

/* Chooses the number of blocks and their rows, a multiple of 8. */
static void choose_blocks(dmm_counts *counts, size_t vector_length)
{
    const size_t n = counts->n_samples;
    size_t rows = BLOCK_BYTES / (sizeof(double) * vector_length);
    if (rows > DMM_MAX_BLOCK_ROWS)
        rows = DMM_MAX_BLOCK_ROWS;
    if (rows < 8)
        rows = 8;
    size_t blocks = (n + rows - 1) / rows;
    if ((double)counts->n_entries * (double)vector_length >= DMM_SERIAL_WORK) {
        const size_t most = n / MIN_BLOCK_ROWS;
        const size_t shared = (blocks + BLOCKS_MULTIPLE - 1) /
                              BLOCKS_MULTIPLE * BLOCKS_MULTIPLE;
        if (most > blocks)
            blocks = shared < most ? shared : most;
    }
    rows = (n + blocks - 1) / blocks;
    rows = (rows + 7) / 8 * 8;
    counts->block_rows = rows;
    counts->n_blocks = (n + rows - 1) / rows;
}

/* Writes the features of a column, whose keys are sorted, to *stream, and moves
 * *stream past their end. Returns their number. */
static size_t write_features(const uint64_t *keys, size_t n, uint32_t **stream)
{
    uint32_t *to = *stream;
    size_t features = 0;
    for (size_t e = 0; e < n; features++) {
        const uint32_t count = DMM_KEY_COUNT(keys[e]);
        uint32_t *head = to;
        to += 2;
        for (; e < n && DMM_KEY_COUNT(keys[e]) == count; e++)
            *to++ = DMM_KEY_ROW(keys[e]);
        head[0] = count;
        head[1] = (uint32_t)(to - head - 2);
    }
    *stream = to;
    return features;
}

/* Where a thread keeps a group's stream. */
static uint32_t *stream_buffer(const builder *b, size_t group, int thread)
{
    return b->stream ? b->stream + MAX_STREAM * b->n_before[group]
                     : b->buffer[thread];
}

/* Makes a group's stream, and counts the features of its columns. */
static void make_stream(builder *b, size_t group, int thread)
{
    const dmm_dictionary *d = &b->counts->dictionary;
    uint64_t *keys = b->keys[thread];
    uint32_t *to = stream_buffer(b, group, thread);
    for (size_t u = d->group[group]; u < d->group[group + 1]; u++) {
        const size_t n = dmm_matrix_column(b->matrix, b->taxon[u], keys);
        sort_keys(keys, keys + keys_length(b), n, 32, largest_key(keys, n));
        b->distinct[u] = write_features(keys, n, &to);
    }
}

/* Adds the n rows of feature `f`, which ascend, to their blocks. In each block
 * they form a run or are singles, and at[block] is increased by their number.
 * With `store` they are also written to the block, from at[block] on. */
static void walk_feature(dmm_counts *counts, size_t f, const uint32_t *rows,
                         size_t n, dmm_offset *at, int store)
{
    const uint32_t block_rows = (uint32_t)counts->block_rows;
    for (size_t e = 0; e < n;) {
        const uint32_t index = rows[e] / block_rows;
        const uint32_t first = index * block_rows;
        size_t end = e + 1;
        while (end < n && rows[end] - first < block_rows)
            end++;
        dmm_block *block = &counts->block[index];
        dmm_offset *o = &at[index];
        if (end - e < DMM_RUN_LENGTH) {
            for (; store && e < end; e++, o->singles++) {
                block->single_feature[o->singles] = (uint32_t)f;
                block->single_row[o->singles] = (uint16_t)(rows[e] - first);
            }
            o->singles += end - e;
        } else {
            if (store) {
                block->run_feature[o->runs] = (uint32_t)f;
                block->run_length[o->runs] = (uint16_t)(end - e - 1);
            }
            o->runs++;
            for (; store && e < end; e++, o->run_rows++)
                block->run_row[o->run_rows] = (uint16_t)(rows[e] - first);
            o->run_rows += end - e;
        }
        e = end;
    }
}

/* Counts the entries of a group in each block: b->at. */
static void count_group(builder *b, size_t group, const uint32_t *stream)
{
    dmm_counts *counts = b->counts;
    const dmm_dictionary *d = &counts->dictionary;
    dmm_offset *at = b->at + group * counts->n_blocks;
    for (size_t u = d->group[group]; u < d->group[group + 1]; u++)
        for (size_t i = 0; i < b->distinct[u]; i++) {
            walk_feature(counts, 0, stream + 2, stream[1], at, 0);
            stream += 2 + stream[1];
        }
}

/* Stores the entries of a group from b->at on, and its features' values,
 * columns and frequencies. */
static void store_group(builder *b, size_t group, const uint32_t *stream)
{
    dmm_counts *counts = b->counts;
    dmm_dictionary *d = &counts->dictionary;
    dmm_offset *at = b->at + group * counts->n_blocks;
    for (size_t u = d->group[group]; u < d->group[group + 1]; u++)
        for (size_t f = d->begin[u]; f < d->end[u]; f++) {
            d->value[f] = stream[0];
            d->column[f] = (uint32_t)u;
            d->n_small[u] += stream[0] < DMM_SMALL_COUNT;
            b->frequency[f] = stream[1];
            walk_feature(counts, f, stream + 2, stream[1], at, 1);
            stream += 2 + stream[1];
        }
}

/* The second pass. */
static void stream_task(const dmm_worker *worker, void *data)
{
    builder *b = data;
    size_t g;
    while (dmm_team_next(worker, b->counts->dictionary.n_taxa_groups, &g)) {
        make_stream(b, g, worker->number);
        count_group(b, g, stream_buffer(b, g, worker->number));
    }
}

/* The third pass. */
static void store_task(const dmm_worker *worker, void *data)
{
    builder *b = data;
    size_t g;
    while (dmm_team_next(worker, b->counts->dictionary.n_taxa_groups, &g)) {
        if (b->stream == NULL)
            make_stream(b, g, worker->number);
        store_group(b, g, stream_buffer(b, g, worker->number));
    }
}

/* Allocates the streams of all groups, or a buffer for each thread. */
static dmm_status make_buffers(builder *b)
{
    const size_t groups = b->counts->dictionary.n_taxa_groups;
    if (b->counts->n_entries <= MAX_KEPT_ENTRIES) {
        b->stream =
            DMM_RESERVE2(MAX_STREAM, b->n_before[groups], uint32_t);
        return b->stream ? DMM_OK : DMM_ERROR_MEMORY;
    }
    size_t largest = 0;
    for (size_t g = 0; g < groups; g++) {
        const size_t n = b->n_before[g + 1] - b->n_before[g];
        largest = n > largest ? n : largest;
    }
    b->buffer = DMM_NEW((size_t)b->n_threads, uint32_t *);
    for (int t = 0; b->buffer && t < b->n_threads; t++) {
        b->buffer[t] = DMM_RESERVE2(MAX_STREAM, largest, uint32_t);
        if (!b->buffer[t])
            return DMM_ERROR_MEMORY;
    }
    return b->buffer ? DMM_OK : DMM_ERROR_MEMORY;
}

/* Runs the second pass: makes every group's stream, and counts the features of
 * the columns and the entries of every group and block. */
static dmm_status build_streams(builder *b)
{
    dmm_counts *counts = b->counts;
    const dmm_dictionary *d = &counts->dictionary;
    const size_t groups = d->n_taxa_groups;
    counts->block = DMM_NEW(counts->n_blocks, dmm_block);
    b->at = DMM_NEW2(groups, counts->n_blocks, dmm_offset);
    b->n_before = DMM_NEW(groups + 1, size_t);
    if (!counts->block || !b->at || !b->n_before)
        return DMM_ERROR_MEMORY;
    for (size_t g = 0; g < groups; g++) {
        b->n_before[g + 1] = b->n_before[g];
        for (size_t u = d->group[g]; u < d->group[g + 1]; u++)
            b->n_before[g + 1] += b->n_entries[b->taxon[u]];
    }
    const dmm_status status = make_buffers(b);
    if (status == DMM_OK)
        dmm_team_do(b->team, stream_task, b);
    return status;
}

dmm_status dmm_block_allocate(dmm_block *block, dmm_offset size)
{
    block->n_singles = size.singles;
    block->n_runs = size.runs;
    block->n_run_rows = size.run_rows;
    block->single_feature = DMM_RESERVE(block->n_singles, uint32_t);
    block->single_row = DMM_RESERVE(block->n_singles, uint16_t);
    block->run_feature = DMM_RESERVE(block->n_runs, uint32_t);
    block->run_length = DMM_RESERVE(block->n_runs, uint16_t);
    block->run_row = DMM_RESERVE(block->n_run_rows, uint16_t);
    return block->single_feature && block->single_row && block->run_feature &&
                   block->run_length && block->run_row
               ? DMM_OK
               : DMM_ERROR_MEMORY;
}

void dmm_block_release(dmm_block *block)
{
    dmm_free(block->single_feature);
    dmm_free(block->single_row);
    dmm_free(block->run_feature);
    dmm_free(block->run_length);
    dmm_free(block->run_row);
    dmm_free(block->group_offset);
}

/* Turns the numbers of a block's entries by group into the places where each
 * group's entries begin, and allocates the block. */
static dmm_status place_entries(builder *b, size_t index)
{
    dmm_counts *counts = b->counts;
    dmm_block *block = &counts->block[index];
    const size_t groups = counts->dictionary.n_taxa_groups;
    block->first_row = index * counts->block_rows;
    block->n_rows = index + 1 < counts->n_blocks
                        ? counts->block_rows
                        : counts->n_samples - block->first_row;
    block->group_offset = DMM_NEW(groups + 1, dmm_offset);
    if (!block->group_offset)
        return DMM_ERROR_MEMORY;
    dmm_offset sum = {0, 0, 0};
    for (size_t g = 0; g < groups; g++) {
        dmm_offset *at = &b->at[g * counts->n_blocks + index];
        const dmm_offset n = *at;
        *at = block->group_offset[g] = sum;
        sum.singles += n.singles;
        sum.runs += n.runs;
        sum.run_rows += n.run_rows;
    }
    block->group_offset[groups] = sum;
    return dmm_block_allocate(block, sum);
}

/* Runs the third pass: lays out the features and entries, and stores them. */
static dmm_status store(builder *b, const totals_order *order)
{
    dmm_counts *counts = b->counts;
    dmm_status status = place_features(b, order);
    if (status == DMM_OK)
        status = cumulate_work(b);
    for (size_t i = 0; status == DMM_OK && i < counts->n_blocks; i++)
        status = place_entries(b, i);
    if (status != DMM_OK)
        return status;
    b->frequency = DMM_NEW(counts->dictionary.n_features, double);
    if (!b->frequency)
        return DMM_ERROR_MEMORY;
    dmm_team_do(b->team, store_task, b);
    fill_totals_features(b, order);
    return sum_log_factorials(b);
}

static dmm_status build(builder *b, size_t vector_length)
{
    totals_order order = {NULL, 0};
    dmm_status status = builder_init(b);
    if (status != DMM_OK)
        return status;
    dmm_team_do(b->team, read_task, b);
    status = merge_taxa(b);
    if (status == DMM_OK)
        status = order_totals(b, &order);
    if (status == DMM_OK)
        status = build_columns(b, &order);
    if (status == DMM_OK) {
        choose_blocks(b->counts, vector_length);
        status = build_streams(b);
    }
    if (status == DMM_OK)
        status = store(b, &order);
    dmm_free(order.row);
    return status;
}

/* ---- Public functions ------------------------------------------------- */

dmm_status dmm_counts_build(dmm_team *team, const dmm_matrix *matrix,
                            dmm_taxa taxa, size_t vector_length,
                            dmm_counts **result)
{
    *result = NULL;
    if (matrix->rows == 0 || matrix->columns == 0 || vector_length == 0)
        return DMM_ERROR_ARGUMENT;
    if (matrix->rows > UINT32_MAX || matrix->columns > UINT32_MAX - 1)
        return DMM_ERROR_TOO_LARGE;
    dmm_counts *counts = DMM_NEW(1, dmm_counts);
    if (!counts)
        return DMM_ERROR_MEMORY;
    counts->n_samples = dmm_matrix_places(matrix);
    counts->n_taxa = matrix->columns;
    builder b = {.matrix = matrix, .counts = counts, .taxa = taxa};
    b.team = team;
    b.n_threads = dmm_team_size(team);
    const dmm_status status = build(&b, vector_length);
    builder_free(&b);
    if (status != DMM_OK) {
        dmm_counts_free(counts);
        return status;
    }
    *result = counts;
    return DMM_OK;
}

void dmm_counts_free(dmm_counts *counts)
{
    if (counts == NULL)
        return;
    dmm_dictionary *d = &counts->dictionary;
    dmm_free(d->begin);
    dmm_free(d->end);
    dmm_free(d->n_small);
    dmm_free(d->multiplicity);
    dmm_free(d->value);
    dmm_free(d->column);
    dmm_free(d->group);
    dmm_free(d->share_work);
    for (size_t i = 0; counts->block && i < counts->n_blocks; i++)
        dmm_block_release(&counts->block[i]);
    dmm_free(counts->block);
    dmm_free(counts->column_of_taxon);
    dmm_free(counts->total);
    dmm_free(counts->total_feature);
    dmm_free(counts);
}

int dmm_dictionary_pairs(const dmm_dictionary *d, int least, int most)
{
    const size_t columns = d->n_taxa_columns;
    if (d->n_features == 0)
        return most;
    const size_t pairs = (d->n_features - columns) / (2 * columns);
    if (pairs < (size_t)least)
        return least;
    return pairs < (size_t)most ? (int)pairs : most;
}
