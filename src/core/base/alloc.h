/* Allocation of the core's arrays: checked for overflow, aligned for vectors,
 * and zeroed unless a caller asks otherwise.
 *
 * All large arrays of a fit are allocated here, none on the stack. The
 * functions return NULL if the product of the sizes overflows or memory runs
 * out. They are safe to call from any thread.
 */
#ifndef DMM_ALLOC_H
#define DMM_ALLOC_H

#include <stddef.h>

/* Alignment of every array in bytes: the size of a cache line and of the widest
 * vector. */
#define DMM_ALIGNMENT 64

/* A zeroed array of `count` elements of `size` bytes. At least one vector
 * (DMM_ALIGNMENT bytes) is left free past its end, so that a kernel may read
 * and write a whole vector there. Released by dmm_free(). */
void *dmm_calloc(size_t count, size_t size);

/* The same for `rows` x `columns` elements. */
void *dmm_calloc2(size_t rows, size_t columns, size_t size);

/* The same, but not initialised: for arrays that are written before they are
 * read, or of which only a part will be used. */
void *dmm_reserve2(size_t rows, size_t columns, size_t size);

/* Releases an array of this file's functions; NULL is allowed. */
void dmm_free(void *memory);

/* Stores a * b in *product and returns 0, or returns nonzero if the product
 * does not fit in size_t. */
int dmm_multiply_overflows(size_t a, size_t b, size_t *product);

#define DMM_NEW(count, type) ((type *)dmm_calloc((count), sizeof(type)))
#define DMM_NEW2(rows, columns, type) \
    ((type *)dmm_calloc2((rows), (columns), sizeof(type)))
#define DMM_RESERVE(count, type) DMM_RESERVE2((count), 1, type)
#define DMM_RESERVE2(rows, columns, type) \
    ((type *)dmm_reserve2((rows), (columns), sizeof(type)))

#endif
