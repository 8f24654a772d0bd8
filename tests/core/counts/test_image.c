/* Images hold the counts, wherever they lie. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "counts/image.h"
#include "helpers.h"
#include "simd/kernels.h"

typedef struct {
    const dmm_matrix *matrix;
    dmm_counts *counts;
} building;

static void build(dmm_team *team, void *data)
{
    building *x = data;
    CHECK(dmm_counts_build(team, x->matrix, DMM_TAXA_SEPARATE, 8,
                           &x->counts) == DMM_OK);
}

static void check_array(const void *a, const void *b, size_t bytes)
{
    CHECK(bytes == 0 || memcmp(a, b, bytes) == 0);
}

#define CHECK_ARRAY(x, y, field, n) \
    check_array((x)->field, (y)->field, (n) * sizeof *(x)->field)

static void check_equal(const dmm_counts *a, const dmm_counts *b)
{
    const dmm_dictionary *d = &a->dictionary, *e = &b->dictionary;
    CHECK(a->n_samples == b->n_samples && a->n_taxa == b->n_taxa);
    CHECK(a->n_blocks == b->n_blocks && a->n_nonzeros == b->n_nonzeros);
    CHECK(a->log_multinomial == b->log_multinomial);
    CHECK_ARRAY(a, b, column_of_taxon, a->n_taxa);
    CHECK_ARRAY(a, b, total, a->n_samples);
    CHECK_ARRAY(a, b, total_feature, a->n_samples);
    CHECK(d->n_features == e->n_features && d->n_columns == e->n_columns);
    CHECK_ARRAY(d, e, begin, d->n_columns);
    CHECK_ARRAY(d, e, end, d->n_columns);
    CHECK_ARRAY(d, e, n_small, d->n_columns);
    CHECK_ARRAY(d, e, multiplicity, d->n_columns);
    CHECK_ARRAY(d, e, value, d->n_features);
    CHECK_ARRAY(d, e, column, d->n_features);
    CHECK_ARRAY(d, e, group, d->n_groups + 1);
    CHECK_ARRAY(d, e, share_work, d->n_taxa_groups + 2);
    for (size_t i = 0; i < a->n_blocks; i++) {
        const dmm_block *x = &a->block[i], *y = &b->block[i];
        CHECK(x->first_row == y->first_row && x->n_rows == y->n_rows);
        CHECK_ARRAY(x, y, single_feature, x->n_singles);
        CHECK_ARRAY(x, y, single_row, x->n_singles);
        CHECK_ARRAY(x, y, run_feature, x->n_runs);
        CHECK_ARRAY(x, y, run_length, x->n_runs);
        CHECK_ARRAY(x, y, run_row, x->n_run_rows);
        CHECK_ARRAY(x, y, group_offset, d->n_taxa_groups + 1);
    }
}

/* An image is used where it was written and at another address. */
static void test_image(size_t rows, size_t columns, double density)
{
    table t = table_random(rows, columns, density, 300, 1);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    building x = {&m, NULL};
    dmm_counts *read;
    dmm_team_run(1, build, &x);
    const size_t size = dmm_image_size(x.counts);
    unsigned char *image = NEED(size, unsigned char);
    unsigned char *moved = NEED(size, unsigned char);
    dmm_image_write(x.counts, image);
    CHECK(dmm_image_open(image, size, &read) == DMM_OK);
    check_equal(x.counts, read);
    dmm_image_close(read);
    memcpy(moved, image, size);
    memset(image, 0xff, size);
    CHECK(dmm_image_open(moved, size, &read) == DMM_OK);
    check_equal(x.counts, read);
    dmm_image_close(read);
    dmm_counts_free(x.counts);
    free(image);
    free(moved);
    table_free(&t);
}

/* What is no image, or not all of one, is refused. */
static void test_refused(void)
{
    table t = table_random(20, 10, 0.5, 20, 0);
    const dmm_matrix m = table_view(&t, DMM_MATRIX_DENSE_INT);
    building x = {&m, NULL};
    dmm_counts *read;
    dmm_team_run(1, build, &x);
    const size_t size = dmm_image_size(x.counts);
    unsigned char *image = NEED(size + 8, unsigned char);
    dmm_image_write(x.counts, image);
    for (size_t less = 1; less < size; less = 3 * less + 1) {
        CHECK(dmm_image_open(image, size - less, &read) == DMM_ERROR_ARGUMENT);
        CHECK(read == NULL);
    }
    CHECK(dmm_image_open(image, 0, &read) == DMM_ERROR_ARGUMENT);
    memmove(image + 1, image, size);
    CHECK(dmm_image_open(image + 1, size, &read) == DMM_ERROR_ARGUMENT);
    memmove(image, image + 1, size);
    CHECK(dmm_image_open(image, size, &read) == DMM_OK);
    dmm_image_close(read);
    image[7] ^= 1;
    CHECK(dmm_image_open(image, size, &read) == DMM_ERROR_ARGUMENT);
    dmm_counts_free(x.counts);
    free(image);
    table_free(&t);
}

int main(void)
{
    random_seed(1);
    test_image(1, 1, 1);
    test_image(30, 12, 0.3);
    test_image(700, 60, 0.1);
    test_image(3000, 90, 0.5);
    test_refused();
    return check_report();
}
