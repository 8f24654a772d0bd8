/* An image is a header, the counts with their pointers, and then the arrays in
 * a fixed order. One function visits them all: to add up their sizes, to copy
 * them to an image, or to point to them in one.
 */
#include "counts/image.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

/* "dmm" and a version of the layout. It reads as another number on a machine
 * of the other byte order. */
#define MAGIC UINT64_C(0x646d6d0000000001)

typedef struct {
    uint64_t magic;
    uint64_t bytes;       /* of the whole image           */
    uint64_t struct_size; /* of dmm_counts and dmm_block: */
    uint64_t block_size;  /* these differ by machine      */
} header;

typedef enum { MEASURE, WRITE, OPEN } purpose;

typedef struct {
    purpose purpose;
    unsigned char *image; /* NULL to measure; only read to open */
    size_t at;            /* where the next array begins        */
} cursor;

static size_t padded(size_t bytes)
{
    return (bytes + DMM_IMAGE_ALIGNMENT - 1) / DMM_IMAGE_ALIGNMENT *
           DMM_IMAGE_ALIGNMENT;
}

/* Visits an array: returns where it is, in the image if that is to be opened.
 */
static void *visit(cursor *c, void *array, size_t bytes)
{
    unsigned char *place = c->image ? c->image + c->at : NULL;
    c->at += padded(bytes);
    if (c->purpose == WRITE && bytes > 0)
        memcpy(place, array, bytes);
    return c->purpose == OPEN ? (void *)place : array;
}

#define VISIT(c, field, n) \
    ((field) = visit((c), (field), (n) * sizeof *(field)))

static void visit_dictionary(cursor *c, dmm_dictionary *d)
{
    VISIT(c, d->begin, d->n_columns);
    VISIT(c, d->end, d->n_columns);
    VISIT(c, d->n_small, d->n_columns);
    VISIT(c, d->multiplicity, d->n_columns);
    VISIT(c, d->value, d->n_features);
    VISIT(c, d->column, d->n_features);
    VISIT(c, d->group, d->n_groups + 1);
    VISIT(c, d->share_work, d->n_taxa_groups + 2);
}

static void visit_block(cursor *c, dmm_block *b, size_t taxa_groups)
{
    VISIT(c, b->single_feature, b->n_singles);
    VISIT(c, b->single_row, b->n_singles);
    VISIT(c, b->run_feature, b->n_runs);
    VISIT(c, b->run_length, b->n_runs);
    VISIT(c, b->run_row, b->n_run_rows);
    VISIT(c, b->group_offset, taxa_groups + 1);
}

/* The arrays of *x, but for x->block itself, whose elements hold pointers. */
static void visit_arrays(cursor *c, dmm_counts *x)
{
    VISIT(c, x->column_of_taxon, x->n_taxa);
    visit_dictionary(c, &x->dictionary);
    VISIT(c, x->total, x->n_samples);
    VISIT(c, x->total_feature, x->n_samples);
    for (size_t b = 0; b < x->n_blocks; b++)
        visit_block(c, &x->block[b], x->dictionary.n_taxa_groups);
}

static size_t places_of_structs(const dmm_counts *counts)
{
    return padded(sizeof(header)) + padded(sizeof *counts) +
           padded(counts->n_blocks * sizeof *counts->block);
}

size_t dmm_image_size(const dmm_counts *counts)
{
    cursor c = {MEASURE, NULL, places_of_structs(counts)};
    dmm_counts copy = *counts; /* only read: its pointers stay the same */
    visit_arrays(&c, &copy);
    /* A kernel may read a vector past the end of the last array. */
    return c.at + DMM_ALIGNMENT;
}

void dmm_image_write(const dmm_counts *counts, void *image)
{
    const header h = {MAGIC, dmm_image_size(counts), sizeof *counts,
                      sizeof *counts->block};
    cursor c = {WRITE, image, 0};
    dmm_counts copy = *counts;
    memset(image, 0, h.bytes);
    memcpy(image, &h, sizeof h);
    c.at = padded(sizeof h);
    visit(&c, &copy, sizeof copy);
    visit(&c, copy.block, copy.n_blocks * sizeof *copy.block);
    visit_arrays(&c, &copy);
}

/* Whether an image begins at `image` that is `size` bytes long. */
static int is_image(const void *image, size_t size)
{
    header h;
    if (size < sizeof h + sizeof(dmm_counts))
        return 0;
    memcpy(&h, image, sizeof h);
    return h.magic == MAGIC && h.bytes == size &&
           h.struct_size == sizeof(dmm_counts) &&
           h.block_size == sizeof(dmm_block) &&
           (uintptr_t)image % DMM_IMAGE_ALIGNMENT == 0;
}

dmm_status dmm_image_open(const void *image, size_t size, dmm_counts **result)
{
    *result = NULL;
    if (!is_image(image, size))
        return DMM_ERROR_ARGUMENT;
    dmm_counts *counts = DMM_NEW(1, dmm_counts);
    if (!counts)
        return DMM_ERROR_MEMORY;
    const unsigned char *from =
        (const unsigned char *)image + padded(sizeof(header));
    memcpy(counts, from, sizeof *counts);
    counts->block = DMM_NEW(counts->n_blocks, dmm_block);
    if (!counts->block) {
        dmm_free(counts);
        return DMM_ERROR_MEMORY;
    }
    memcpy(counts->block, from + padded(sizeof *counts),
           counts->n_blocks * sizeof *counts->block);
    /* Nothing is written through the cursor. */
    cursor c = {OPEN, (unsigned char *)(uintptr_t)image,
                places_of_structs(counts)};
    visit_arrays(&c, counts);
    *result = counts;
    return DMM_OK;
}

void dmm_image_close(dmm_counts *counts)
{
    if (counts == NULL)
        return;
    dmm_free(counts->block);
    dmm_free(counts);
}
