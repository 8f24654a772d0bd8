/* Tests of base/alloc.c: alignment, zeroes, and products that overflow. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "helpers.h"

static int is_zero(const unsigned char *memory, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (memory[i] != 0)
            return 0;
    }
    return 1;
}

/* Blocks are aligned and zeroed, with space for one vector past the last
 * element: without it, the address sanitizer would report the write. */
static void test_blocks(void)
{
    unsigned char *block[64];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < LENGTH(block); i++) {
            const size_t count = i * (1 + 37 * round);
            block[i] = need(dmm_calloc(count, 3));
            const size_t bytes = 3 * count + DMM_ALIGNMENT;
            CHECK((uintptr_t)block[i] % DMM_ALIGNMENT == 0);
            CHECK(is_zero(block[i], bytes));
            memset(block[i], 0xff, bytes);
        }
        for (size_t i = 0; i < LENGTH(block); i++)
            dmm_free(block[i]);
        for (size_t i = 0; i < LENGTH(block); i++) {
            block[i] = need(dmm_reserve2(i, 1 + 37 * round, 3));
            CHECK((uintptr_t)block[i] % DMM_ALIGNMENT == 0);
            memset(block[i], 0xff, 3 * i * (1 + 37 * round) + DMM_ALIGNMENT);
        }
        for (size_t i = 0; i < LENGTH(block); i++)
            dmm_free(block[i]);
    }
    dmm_free(NULL);
}

static void test_overflow(void)
{
    const size_t most = SIZE_MAX;
    CHECK(dmm_calloc(most, 1) == NULL);
    CHECK(dmm_calloc(most / 2 + 1, 2) == NULL);
    CHECK(dmm_calloc(most - DMM_ALIGNMENT, 1) == NULL);
    CHECK(dmm_calloc2(most / 4, 8, 1) == NULL);
    CHECK(dmm_reserve2(most / 4, 8, 1) == NULL);
    CHECK(dmm_reserve2(8, most / 8, 8) == NULL);
    CHECK(dmm_calloc2(most / 16, 8, 8) == NULL);
    CHECK(dmm_calloc2(8, most / 8, 8) == NULL);
    /* 2^32 x 2^32 elements wrap to 0 in 64 bits. */
    const size_t root = (size_t)1 << (4 * sizeof(size_t));
    CHECK(dmm_calloc2(root, root, 1) == NULL);
    CHECK(dmm_calloc2(root, root, 8) == NULL);
    CHECK(dmm_calloc(root, root) == NULL);

    double *empty = dmm_calloc2(0, most, 8);
    CHECK(empty != NULL);
    dmm_free(empty);
    empty = DMM_NEW2(5, 0, double);
    CHECK(empty != NULL);
    dmm_free(empty);
}

static void test_multiply(void)
{
    static const size_t factors[] = {0, 1, 2, 3, 255, 65536, SIZE_MAX / 3,
                                     SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < LENGTH(factors); i++) {
        for (size_t j = 0; j < LENGTH(factors); j++) {
            const size_t a = factors[i], b = factors[j];
            /* The definition: a b > SIZE_MAX. */
            const int overflows = a != 0 && b != 0 && b > SIZE_MAX / a;
            size_t product = 12345;
            CHECK(dmm_multiply_overflows(a, b, &product) == overflows);
            if (!overflows)
                CHECK(product == a * b);
        }
    }
}

int main(void)
{
    test_blocks();
    test_overflow();
    test_multiply();
    return check_report();
}
