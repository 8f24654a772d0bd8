/* Aligned memory, from malloc() or calloc() with the original address stored in
 * front of the array. C11's aligned_alloc() is not used because it does not
 * exist on Windows.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int dmm_multiply_overflows(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return 1;
    *product = a * b;
    return 0;
}

/* `extra` has space for the block's address and for up to DMM_ALIGNMENT bytes
 * in front of the array, and for a vector past its end. */
static void *allocate(size_t rows, size_t columns, size_t size, int zeroed)
{
    const size_t extra = 2 * DMM_ALIGNMENT + sizeof(void *);
    size_t count, bytes;
    if (dmm_multiply_overflows(rows, columns, &count) ||
        dmm_multiply_overflows(count, size, &bytes) ||
        bytes > SIZE_MAX - extra)
        return NULL;
    bytes += extra;
    void *block = zeroed ? calloc(bytes, 1) : malloc(bytes);
    if (block == NULL)
        return NULL;
    uintptr_t address = (uintptr_t)block + sizeof(void *);
    address += DMM_ALIGNMENT - 1;
    address -= address % DMM_ALIGNMENT;
    void *memory = (void *)address;
    memcpy((char *)memory - sizeof(void *), &block, sizeof(void *));
    return memory;
}

void *dmm_calloc(size_t count, size_t size)
{
    return allocate(count, 1, size, 1);
}

void *dmm_calloc2(size_t rows, size_t columns, size_t size)
{
    return allocate(rows, columns, size, 1);
}

void *dmm_reserve2(size_t rows, size_t columns, size_t size)
{
    return allocate(rows, columns, size, 0);
}

void dmm_free(void *memory)
{
    if (memory == NULL)
        return;
    void *block;
    memcpy(&block, (char *)memory - sizeof(void *), sizeof(void *));
    free(block);
}
