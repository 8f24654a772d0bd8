#include "matrix.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

/* R's NA_integer_; an integer table has no other missing value. */
#define MISSING_INTEGER (-2147483647 - 1)

static dmm_problem_kind integer_problem(int x)
{
    if (x == MISSING_INTEGER)
        return DMM_PROBLEM_MISSING;
    return x < 0 ? DMM_PROBLEM_NEGATIVE : DMM_PROBLEM_NONE;
}

static dmm_problem_kind double_problem(double x)
{
    if (isnan(x))
        return DMM_PROBLEM_MISSING;
    if (isinf(x))
        return DMM_PROBLEM_INFINITE;
    if (x < 0)
        return DMM_PROBLEM_NEGATIVE;
    if (x != floor(x))
        return DMM_PROBLEM_FRACTIONAL;
    return x > DMM_MAX_COUNT ? DMM_PROBLEM_LARGE : DMM_PROBLEM_NONE;
}

/* Whether all of n numbers are counts. Written without branches, so that the
 * usual table, which has no problem, is read at the memory's speed. */
static int integers_valid(const int *x, size_t n)
{
    int all = 0;
    for (size_t i = 0; i < n; i++)
        all |= x[i];
    return all >= 0;
}

static int doubles_valid(const double *x, size_t n)
{
    int bad = 0;
    for (size_t i = 0; i < n; i++) {
        /* What is out of range becomes a number that is not whole. */
        const double in_range =
            x[i] >= 0 && x[i] <= DMM_MAX_COUNT ? x[i] : 0.5;
        bad |= (double)(int)in_range != x[i];
    }
    return !bad;
}

/* Finds the first problem among entries [from, to) of one column. */
static int find_problem(const dmm_matrix *matrix, size_t column, size_t from,
                        size_t to, dmm_problem *problem)
{
    const int is_integer = matrix->kind == DMM_MATRIX_DENSE_INT;
    if (is_integer ? integers_valid(matrix->integers + from, to - from)
                   : doubles_valid(matrix->doubles + from, to - from))
        return 0;
    for (size_t e = from; e < to; e++) {
        const dmm_problem_kind kind =
            is_integer ? integer_problem(matrix->integers[e])
                       : double_problem(matrix->doubles[e]);
        if (kind == DMM_PROBLEM_NONE)
            continue;
        problem->kind = kind;
        problem->row = matrix->kind == DMM_MATRIX_CSC
                           ? (size_t)matrix->row_index[e]
                           : e - from;
        problem->column = column;
        problem->value = is_integer ? (double)matrix->integers[e]
                                    : matrix->doubles[e];
        return 1;
    }
    return 0;
}

/* Whether a CSC table's offsets and rows are what matrix.h says. */
static int csc_valid(const dmm_matrix *matrix)
{
    const int *start = matrix->column_start;
    if (start[0] != 0)
        return 0;
    for (size_t j = 0; j < matrix->columns; j++) {
        if (start[j + 1] < start[j])
            return 0;
        int before = -1;
        for (int e = start[j]; e < start[j + 1]; e++) {
            const int row = matrix->row_index[e];
            if (row <= before || (size_t)row >= matrix->rows)
                return 0;
            before = row;
        }
    }
    return 1;
}

/* Marks the rows that have a count. */
static void mark_rows(const dmm_matrix *matrix, size_t from, size_t to,
                      unsigned char *marked)
{
    switch (matrix->kind) {
    case DMM_MATRIX_DENSE_INT:
        for (size_t i = 0; i < to - from; i++)
            marked[i] |= matrix->integers[from + i] != 0;
        break;
    case DMM_MATRIX_DENSE_DOUBLE:
        for (size_t i = 0; i < to - from; i++)
            marked[i] |= matrix->doubles[from + i] != 0;
        break;
    case DMM_MATRIX_CSC:
        for (size_t e = from; e < to; e++)
            marked[matrix->row_index[e]] |= matrix->doubles[e] != 0;
        break;
    }
}

static void column_range(const dmm_matrix *matrix, size_t column, size_t *from,
                         size_t *to)
{
    if (matrix->kind == DMM_MATRIX_CSC) {
        *from = (size_t)matrix->column_start[column];
        *to = (size_t)matrix->column_start[column + 1];
    } else {
        *from = column * matrix->rows;
        *to = *from + matrix->rows;
    }
}

dmm_status dmm_matrix_check(const dmm_matrix *matrix, dmm_problem *problem)
{
    memset(problem, 0, sizeof *problem);
    if (matrix->kind == DMM_MATRIX_CSC && !csc_valid(matrix))
        return DMM_ERROR_ARGUMENT;
    unsigned char *marked = DMM_NEW(matrix->rows, unsigned char);
    if (marked == NULL)
        return DMM_ERROR_MEMORY;
    /* The first row without a mark: most often NULL after a few columns. */
    const unsigned char *empty = memchr(marked, 0, matrix->rows);
    for (size_t j = 0; j < matrix->columns; j++) {
        size_t from, to;
        column_range(matrix, j, &from, &to);
        if (find_problem(matrix, j, from, to, problem))
            goto done;
        if (empty == NULL)
            continue;
        mark_rows(matrix, from, to, marked);
        const size_t passed = (size_t)(empty - marked);
        empty = memchr(empty, 0, matrix->rows - passed);
    }
    if (empty != NULL) {
        problem->kind = DMM_PROBLEM_EMPTY_SAMPLE;
        problem->row = (size_t)(empty - marked);
    }
done:
    dmm_free(marked);
    return DMM_OK;
}

/* Entries [from, to) that are not 0. */
static size_t count_nonzeros(const dmm_matrix *matrix, size_t from, size_t to)
{
    size_t nonzeros = 0;
    if (matrix->kind == DMM_MATRIX_DENSE_INT)
        for (size_t e = from; e < to; e++)
            nonzeros += matrix->integers[e] != 0;
    else
        for (size_t e = from; e < to; e++)
            nonzeros += matrix->doubles[e] != 0;
    return nonzeros;
}

size_t dmm_matrix_nonzeros(const dmm_matrix *matrix, size_t enough)
{
    size_t nonzeros = 0;
    for (size_t j = 0; j < matrix->columns && nonzeros < enough; j++) {
        size_t from, to;
        column_range(matrix, j, &from, &to);
        nonzeros += count_nonzeros(matrix, from, to);
    }
    return nonzeros;
}

static size_t source_column(const dmm_matrix *matrix, size_t column)
{
    return matrix->column_source ? matrix->column_source[column] : column;
}

/* ---- The order of a view ---------------------------------------------- */

#define INSERTION_LENGTH 32
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

static size_t digit(uint64_t key, int shift)
{
    return DMM_KEY_ROW(key) >> shift & (DIGITS - 1);
}

static void insert_by_row(uint64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t key = keys[i];
        size_t j = i;
        for (; j > 0 && DMM_KEY_ROW(keys[j - 1]) > DMM_KEY_ROW(key); j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

/* Sorts keys of distinct rows by row, in place: by the digit at `shift`, every
 * key swapped to where its digit goes, then each digit's keys by the next. */
static void sort_by_row(uint64_t *keys, size_t n, int shift)
{
    if (n < INSERTION_LENGTH || shift < 0) {
        insert_by_row(keys, n);
        return;
    }
    size_t at[DIGITS] = {0}, end[DIGITS], sum = 0;
    for (size_t i = 0; i < n; i++)
        at[digit(keys[i], shift)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        const size_t count = at[d];
        at[d] = sum;
        sum += count;
        end[d] = sum;
    }
    for (size_t d = 0; d < DIGITS; d++)
        while (at[d] < end[d]) {
            const uint64_t key = keys[at[d]];
            const size_t to = digit(key, shift);
            keys[at[d]] = keys[at[to]];
            keys[at[to]++] = key;
        }
    for (size_t d = 0, begin = 0; d < DIGITS; begin = end[d++])
        sort_by_row(keys + begin, end[d] - begin, shift - DIGIT_BITS);
}

/* Moves the rows of n keys to their places. */
static void place_rows(const dmm_matrix *matrix, uint64_t *keys, size_t n)
{
    int shift = 0;
    while ((uint64_t)(matrix->rows - 1) >> shift >= DIGITS)
        shift += DIGIT_BITS;
    for (size_t e = 0; e < n; e++)
        keys[e] = DMM_KEY(DMM_KEY_COUNT(keys[e]),
                          matrix->row_place[DMM_KEY_ROW(keys[e])]);
    sort_by_row(keys, n, shift);
}

size_t dmm_matrix_column(const dmm_matrix *matrix, size_t column,
                         uint64_t *keys)
{
    size_t from, to, n = 0;
    column_range(matrix, source_column(matrix, column), &from, &to);
    switch (matrix->kind) {
    case DMM_MATRIX_DENSE_INT:
        for (size_t i = 0; i < to - from; i++) {
            const int x = matrix->integers[from + i];
            keys[n] = DMM_KEY((uint32_t)x, i);
            n += x != 0;
        }
        break;
    case DMM_MATRIX_DENSE_DOUBLE:
        for (size_t i = 0; i < to - from; i++) {
            const double x = matrix->doubles[from + i];
            keys[n] = DMM_KEY((uint32_t)x, i);
            n += x != 0;
        }
        break;
    case DMM_MATRIX_CSC:
        for (size_t e = from; e < to; e++) {
            const double x = matrix->doubles[e];
            keys[n] = DMM_KEY((uint32_t)x, (uint32_t)matrix->row_index[e]);
            n += x != 0;
        }
        break;
    }
    if (matrix->row_place)
        place_rows(matrix, keys, n);
    return n;
}
