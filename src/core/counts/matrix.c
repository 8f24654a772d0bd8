/* Checks a count table, and reads its columns in any order of samples and taxa:
 * see matrix.h.
 */
#include "counts/matrix.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "counts/columns.h"
#include "counts/packed.h"
#include "simd/kernels.h"

/* The cost of checking an entry, in the unit of DMM_SERIAL_WORK. */
#define CHECK_WORK 0.25

/* R's NA_integer_, the only missing value of an integer table. */
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

/* Finds the first problem among entries [from, to) of one column. */
static int find_problem(const dmm_matrix *matrix, size_t column, size_t from,
                        size_t to, dmm_problem *problem)
{
    const int is_integer = matrix->kind == DMM_MATRIX_DENSE_INT;
    const dmm_kernels *kernels = dmm_kernels_active();
    if (is_integer ? kernels->are_counts_int(to - from, matrix->integers + from)
                   : kernels->are_counts(to - from, matrix->doubles + from))
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

/* Whether the offsets of a CSC table begin with 0 and do not decrease. */
static int offsets_valid(const dmm_matrix *matrix)
{
    const int *start = matrix->column_start;
    int valid = start[0] == 0;
    for (size_t j = 0; j < matrix->columns && valid; j++)
        valid = start[j + 1] >= start[j];
    return valid;
}

/* Whether the rows of a CSC table's column ascend and exist. */
static int rows_valid(const dmm_matrix *matrix, size_t from, size_t to)
{
    int before = -1;
    for (size_t e = from; e < to; e++) {
        const int row = matrix->row_index[e];
        if (row <= before || (size_t)row >= matrix->rows)
            return 0;
        before = row;
    }
    return 1;
}

/* Marks the rows that have a nonzero entry in [from, to). */
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
    case DMM_MATRIX_PACKED:
        break; /* see check_packed() */
    case DMM_MATRIX_COLUMNS:
        break; /* not a user's table */
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

static size_t packed_nonzeros(const dmm_matrix *matrix)
{
    size_t nonzeros = 0;
    for (size_t b = 0; b < matrix->n_packed; b++)
        nonzeros += matrix->packed[b].n_nonzeros;
    return nonzeros;
}

/* What one thread has found in its columns. */
typedef struct {
    dmm_problem problem;   /* the first one                              */
    int invalid;           /* whether the rows of a CSC column are wrong */
    unsigned char *marked; /* by row: whether it has a count             */
} findings;

typedef struct {
    const dmm_matrix *matrix;
    int n_threads;
    findings *by_thread;
    dmm_problem *problem;
    dmm_status status;
} checking;

/* The counts of packed blocks were checked before they were packed. */
static void check_packed(const dmm_matrix *matrix, size_t begin, size_t end,
                         findings *f)
{
    for (size_t b = 0; b < matrix->n_packed; b++)
        for (size_t j = begin; j < end && !f->invalid; j++)
            f->invalid =
                !dmm_packed_check(&matrix->packed[b], j,
                                  f->marked + matrix->packed[b].first_row);
}

static void check_columns(const dmm_matrix *matrix, size_t begin, size_t end,
                          findings *f)
{
    /* The first row without a mark. It is usually NULL after a few columns, and
     * rows need not be marked any more. */
    const unsigned char *empty = memchr(f->marked, 0, matrix->rows);
    for (size_t j = begin; j < end; j++) {
        size_t from, to;
        column_range(matrix, j, &from, &to);
        if (matrix->kind == DMM_MATRIX_CSC && !rows_valid(matrix, from, to)) {
            f->invalid = 1;
            return;
        }
        if (f->problem.kind != DMM_PROBLEM_NONE ||
            find_problem(matrix, j, from, to, &f->problem) || empty == NULL)
            continue;
        mark_rows(matrix, from, to, f->marked);
        const size_t passed = (size_t)(empty - f->marked);
        empty = memchr(empty, 0, matrix->rows - passed);
    }
}

static void check_task(const dmm_worker *worker, void *data)
{
    const checking *c = data;
    size_t begin, end;
    findings *f = &c->by_thread[worker->number];
    dmm_team_split(worker, c->matrix->columns, &begin, &end);
    if (c->matrix->kind == DMM_MATRIX_PACKED)
        check_packed(c->matrix, begin, end, f);
    else
        check_columns(c->matrix, begin, end, f);
    dmm_team_barrier(worker);
}

/* The first row that no thread has marked, or the number of rows. */
static size_t first_empty(const checking *c)
{
    for (size_t i = 0; i < c->matrix->rows; i++) {
        int marked = 0;
        for (int t = 0; t < c->n_threads && !marked; t++)
            marked = c->by_thread[t].marked[i];
        if (!marked)
            return i;
    }
    return c->matrix->rows;
}

/* Combines the findings of all threads. A thread with a higher number has
 * checked columns further right, so the first problem found is the first of
 * the table. */
static dmm_status sum_up(const checking *c)
{
    dmm_problem *problem = c->problem;
    for (int t = 0; t < c->n_threads; t++)
        if (c->by_thread[t].invalid)
            return DMM_ERROR_ARGUMENT;
    for (int t = 0; t < c->n_threads && problem->kind == DMM_PROBLEM_NONE; t++)
        *problem = c->by_thread[t].problem;
    if (problem->kind != DMM_PROBLEM_NONE)
        return DMM_OK;
    const size_t empty = first_empty(c);
    if (empty < c->matrix->rows) {
        problem->kind = DMM_PROBLEM_EMPTY_SAMPLE;
        problem->row = empty;
    }
    return DMM_OK;
}

static void check_work(dmm_team *team, void *data)
{
    checking *c = data;
    c->n_threads = dmm_team_size(team);
    c->status = DMM_ERROR_MEMORY;
    c->by_thread = DMM_NEW((size_t)c->n_threads, findings);
    int complete = c->by_thread != NULL;
    for (int t = 0; complete && t < c->n_threads; t++) {
        c->by_thread[t].marked = DMM_NEW(c->matrix->rows, unsigned char);
        complete = c->by_thread[t].marked != NULL;
    }
    if (complete) {
        dmm_team_do(team, check_task, c);
        c->status = sum_up(c);
    }
    for (int t = 0; c->by_thread && t < c->n_threads; t++)
        dmm_free(c->by_thread[t].marked);
    dmm_free(c->by_thread);
}

dmm_status dmm_matrix_check(const dmm_matrix *matrix, int n_threads,
                            dmm_problem *problem)
{
    memset(problem, 0, sizeof *problem);
    if (matrix->kind == DMM_MATRIX_CSC && !offsets_valid(matrix))
        return DMM_ERROR_ARGUMENT;
    checking c = {.matrix = matrix, .problem = problem};
    size_t from, entries = 0;
    if (matrix->kind == DMM_MATRIX_PACKED)
        entries = packed_nonzeros(matrix);
    else if (matrix->columns > 0)
        column_range(matrix, matrix->columns - 1, &from, &entries);
    dmm_team_run(dmm_threads_for(n_threads, CHECK_WORK * (double)entries),
                 check_work, &c);
    return c.status;
}

/* The number of nonzero entries in [from, to). */
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
    if (matrix->kind == DMM_MATRIX_PACKED)
        return packed_nonzeros(matrix);
    for (size_t j = 0; j < matrix->columns && nonzeros < enough; j++) {
        size_t from, to;
        if (matrix->kind == DMM_MATRIX_COLUMNS) {
            nonzeros += dmm_columns_nonzeros(matrix->compressed,
                                             matrix->column_source[j]);
            continue;
        }
        column_range(matrix, j, &from, &to);
        nonzeros += count_nonzeros(matrix, from, to);
    }
    return nonzeros;
}

static size_t source_column(const dmm_matrix *matrix, size_t column)
{
    return matrix->column_source ? matrix->column_source[column] : column;
}

/* ---- Columns in the order of a view ----------------------------------- */

#define INSERTION_LENGTH 32
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

/* The digit of a key's row that begins at bit `shift`. */
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

/* Sorts keys of distinct rows by row, in place. This is an American flag sort,
 * the in-place radix sort from the most significant digit: it swaps every key
 * to the bucket of its digit at `shift`, and then sorts each bucket by the next
 * digit. */
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

/* Replaces the rows of n keys by their places in the view and leaves out those
 * without a place. Returns the number of the others. */
static size_t place_rows(const dmm_matrix *matrix, uint64_t *keys, size_t n)
{
    size_t placed = 0;
    for (size_t e = 0; e < n; e++) {
        const uint32_t place = matrix->row_place[DMM_KEY_ROW(keys[e])];
        keys[placed] = DMM_KEY(DMM_KEY_COUNT(keys[e]), place);
        placed += place != DMM_NO_PLACE;
    }
    return placed;
}

/* The shift of the first digit of rows. */
static int first_shift(const dmm_matrix *matrix)
{
    int shift = 0;
    while ((uint64_t)(matrix->rows - 1) >> shift >= DIGITS)
        shift += DIGIT_BITS;
    return shift;
}

size_t dmm_matrix_column(const dmm_matrix *matrix, size_t column,
                         uint64_t *keys)
{
    const size_t source = source_column(matrix, column);
    size_t from = 0, to = 0, n = 0;
    if (matrix->kind != DMM_MATRIX_PACKED &&
        matrix->kind != DMM_MATRIX_COLUMNS)
        column_range(matrix, source, &from, &to);
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
    case DMM_MATRIX_PACKED:
        for (size_t b = 0; b < matrix->n_packed; b++)
            n += dmm_packed_column(&matrix->packed[b], source, keys + n);
        break;
    case DMM_MATRIX_COLUMNS:
        n = dmm_columns_read(matrix->compressed, source, keys);
        break;
    }
    if (matrix->row_place)
        n = place_rows(matrix, keys, n);
    if (matrix->row_place || matrix->kind == DMM_MATRIX_COLUMNS)
        sort_by_row(keys, n, first_shift(matrix));
    return n;
}
