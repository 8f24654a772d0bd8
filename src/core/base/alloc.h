/* Memory of the core: overflow-checked, mostly zeroed, aligned for vectors.
 *
 * All large arrays of a fit come from here, none from the stack. The functions
 * return NULL when the product of the sizes overflows or memory is short, and
 * are safe to call from any thread.
 */
#ifndef DMM_ALLOC_H
#define DMM_ALLOC_H

#include <stddef.h>

/* Alignment in bytes of every array: a cache line, and the widest vector. */
#define DMM_ALIGNMENT 64

/* Zeroed room for `count` elements of `size` bytes, with at least one vector
 * (DMM_ALIGNMENT bytes) to spare behind the last one, so that a kernel may
 * read and write a whole vector at the end. Released by dmm_free(). */
void *dmm_calloc(size_t count, size_t size);

/* The same for `rows` x `columns` elements. */
void *dmm_calloc2(size_t rows, size_t columns, size_t size);

/* The same, but for what is in it: room that is written before it is read, so
 * that zeros would only cost time, or of which only a part will be used. */
void *dmm_reserve2(size_t rows, size_t columns, size_t size);

/* NULL is allowed. */
void dmm_free(void *memory);

/* a * b into *product; nonzero when it does not fit. */
int dmm_multiply_overflows(size_t a, size_t b, size_t *product);

#define DMM_NEW(count, type) ((type *)dmm_calloc((count), sizeof(type)))
#define DMM_NEW2(rows, columns, type) \
    ((type *)dmm_calloc2((rows), (columns), sizeof(type)))
#define DMM_RESERVE(count, type) DMM_RESERVE2((count), 1, type)
#define DMM_RESERVE2(rows, columns, type) \
    ((type *)dmm_reserve2((rows), (columns), sizeof(type)))

#endif
