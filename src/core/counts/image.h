/* Images: compressed counts as one piece of memory without pointers, which can
 * be written to a file or sent to another process, and be used where it lies.
 * It is for machines of the same kind as the one that made it.
 */
#ifndef DMM_IMAGE_H
#define DMM_IMAGE_H

#include <stddef.h>

#include "base/status.h"
#include "counts/counts.h"

/* The alignment that an image needs, in bytes. */
#define DMM_IMAGE_ALIGNMENT 8

/* The number of bytes of the image of some counts. */
size_t dmm_image_size(const dmm_counts *counts);

/* Writes the image to `image`, which has room for it. */
void dmm_image_write(const dmm_counts *counts, void *image);

/* The counts of an image, which must outlive them; their large arrays are those
 * in the image. They are freed by dmm_image_close(), not by dmm_counts_free().
 * Errors: DMM_ERROR_MEMORY; DMM_ERROR_ARGUMENT if `size` bytes at `image` are
 * no complete image made on a machine of this kind. */
dmm_status dmm_image_open(const void *image, size_t size, dmm_counts **counts);
void dmm_image_close(dmm_counts *counts);

#endif
