/* Packs count tables and reads them: see packed.h. */
#include "counts/packed.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define HEADER_LENGTH 3

/* ---- Packing ------------------------------------------------------------ */

/* Where the rows of the matrix go: row i to places[start[i]], ...,
 * places[start[i + 1] - 1]. */
typedef struct {
    size_t *start;
    uint32_t *places;
    uint64_t *source; /* space for the keys of a column of the matrix */
    uint64_t *keys;   /* ... of the selection                         */
} packer;

static void packer_free(packer *p)
{
    dmm_free(p->start);
    dmm_free(p->places);
    dmm_free(p->source);
    dmm_free(p->keys);
}

static dmm_status packer_init(packer *p, const dmm_matrix *m,
                              const dmm_selection *selection)
{
    p->start = DMM_NEW(m->rows + 2, size_t);
    p->places = DMM_NEW(selection->n_rows, uint32_t);
    p->source = DMM_NEW(m->rows + 1, uint64_t);
    p->keys = DMM_NEW(selection->n_rows, uint64_t);
    if (!p->start || !p->places || !p->source || !p->keys)
        return DMM_ERROR_MEMORY;
    size_t *next = p->start + 1; /* the next place of each row */
    for (size_t i = 0; i < selection->n_rows; i++)
        next[selection->row[i] + 1]++;
    for (size_t i = 0; i < m->rows; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < selection->n_rows; i++)
        p->places[next[selection->row[i]]++] = (uint32_t)i;
    return DMM_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const uint32_t x = DMM_KEY_ROW(*(const uint64_t *)a);
    const uint32_t y = DMM_KEY_ROW(*(const uint64_t *)b);
    return x < y ? -1 : x > y;
}

/* The keys of a column of the selection, by ascending row, in p->keys. */
static size_t select_column(packer *p, const dmm_matrix *m, size_t column)
{
    const size_t n = column == DMM_NO_COLUMN
                         ? 0
                         : dmm_matrix_column(m, column, p->source);
    size_t selected = 0;
    int ascending = 1;
    for (size_t e = 0; e < n; e++) {
        const size_t row = DMM_KEY_ROW(p->source[e]);
        for (size_t at = p->start[row]; at < p->start[row + 1]; at++) {
            const uint32_t place = p->places[at];
            if (selected > 0)
                ascending &= place > DMM_KEY_ROW(p->keys[selected - 1]);
            p->keys[selected++] = DMM_KEY(DMM_KEY_COUNT(p->source[e]), place);
        }
    }
    if (!ascending)
        qsort(p->keys, selected, sizeof *p->keys, compare_rows);
    return selected;
}

/* The bytes of a count that is as large as any of the keys'. */
static unsigned count_width(const uint64_t *keys, size_t n)
{
    uint32_t all = 0;
    for (size_t e = 0; e < n; e++)
        all |= DMM_KEY_COUNT(keys[e]);
    return all < 1u << 8 ? 1 : all < 1u << 16 ? 2 : 4;
}

static void write_count(unsigned char *to, uint32_t count, unsigned width)
{
    const uint16_t half = (uint16_t)count;
    if (width == 1)
        *to = (unsigned char)count;
    else if (width == 2)
        memcpy(to, &half, sizeof half);
    else
        memcpy(to, &count, sizeof count);
}

/* The bytes that a column takes, which are written unless `to` is NULL. */
static size_t write_column(const uint64_t *keys, size_t n, unsigned char *to)
{
    if (n == 0)
        return 0;
    const unsigned width = count_width(keys, n);
    if (to) {
        *to++ = (unsigned char)width;
        for (size_t e = 0; e < n; e++) {
            const uint16_t row = (uint16_t)DMM_KEY_ROW(keys[e]);
            memcpy(to + e * sizeof row, &row, sizeof row);
            write_count(to + n * sizeof row + e * width,
                        DMM_KEY_COUNT(keys[e]), width);
        }
    }
    return 1 + n * (sizeof(uint16_t) + width);
}

dmm_status dmm_pack(const dmm_matrix *matrix, const dmm_selection *selection,
                    size_t *size, unsigned char *bytes)
{
    packer p = {0};
    const size_t columns = selection->n_columns;
    uint64_t header[HEADER_LENGTH] = {selection->n_rows, columns, 0};
    unsigned char *start = bytes ? bytes + sizeof header : NULL;
    const size_t offset = sizeof header + (columns + 1) * sizeof(uint32_t);
    size_t length = 0;
    dmm_status status = DMM_ERROR_ARGUMENT;
    if (selection->n_rows <= DMM_MAX_PACKED_ROWS)
        status = packer_init(&p, matrix, selection);
    for (size_t j = 0; j <= columns && status == DMM_OK; j++) {
        const uint32_t at = (uint32_t)length;
        if (start)
            memcpy(start + j * sizeof at, &at, sizeof at);
        if (j == columns)
            break;
        const size_t n = select_column(&p, matrix, selection->column[j]);
        header[2] += n;
        length +=
            write_column(p.keys, n, bytes ? bytes + offset + length : NULL);
        if (length > UINT32_MAX)
            status = DMM_ERROR_ARGUMENT;
    }
    packer_free(&p);
    if (bytes)
        memcpy(bytes, header, sizeof header);
    *size = offset + length;
    return status;
}

/* ---- Reading ------------------------------------------------------------ */

dmm_status dmm_packed_view(const unsigned char *bytes, size_t size,
                           dmm_packed *view)
{
    uint64_t header[HEADER_LENGTH];
    memset(view, 0, sizeof *view);
    if (size < sizeof header)
        return DMM_ERROR_ARGUMENT;
    memcpy(header, bytes, sizeof header);
    const size_t left = (size - sizeof header) / sizeof *view->start;
    if (header[0] > DMM_MAX_PACKED_ROWS || header[1] >= left)
        return DMM_ERROR_ARGUMENT;
    view->rows = (size_t)header[0];
    view->columns = (size_t)header[1];
    view->n_nonzeros = (size_t)header[2];
    view->start = (const uint32_t *)(const void *)(bytes + sizeof header);
    view->data = (const unsigned char *)(view->start + view->columns + 1);
    const size_t data = size - (size_t)(view->data - bytes);
    int valid = view->start[0] == 0 && view->start[view->columns] == data;
    for (size_t j = 0; j < view->columns && valid; j++)
        valid = view->start[j + 1] >= view->start[j];
    return valid ? DMM_OK : DMM_ERROR_ARGUMENT;
}

/* The bytes of a column's counts. */
typedef struct {
    size_t n;
    unsigned width;
    const unsigned char *rows, *counts;
} packed_column;

static packed_column find_column(const dmm_packed *packed, size_t column)
{
    const unsigned char *from = packed->data + packed->start[column];
    const size_t length = packed->start[column + 1] - packed->start[column];
    packed_column c = {0};
    if (length > 0) {
        c.width = from[0];
        c.n = (length - 1) / (sizeof(uint16_t) + c.width);
        c.rows = from + 1;
        c.counts = c.rows + c.n * sizeof(uint16_t);
    }
    return c;
}

static uint16_t read_row(const packed_column *c, size_t e)
{
    uint16_t row;
    memcpy(&row, c->rows + e * sizeof row, sizeof row);
    return row;
}

static uint32_t read_count(const packed_column *c, size_t e)
{
    uint16_t half;
    uint32_t count;
    if (c->width == 1)
        return c->counts[e];
    if (c->width == 2) {
        memcpy(&half, c->counts + e * sizeof half, sizeof half);
        return half;
    }
    memcpy(&count, c->counts + e * sizeof count, sizeof count);
    return count;
}

int dmm_packed_check(const dmm_packed *packed, size_t column,
                     unsigned char *marked)
{
    const packed_column c = find_column(packed, column);
    const size_t length = packed->start[column + 1] - packed->start[column];
    if (length == 0)
        return 1;
    if ((c.width != 1 && c.width != 2 && c.width != 4) ||
        length != 1 + c.n * (sizeof(uint16_t) + c.width))
        return 0;
    for (size_t e = 0; e < c.n; e++) {
        const uint16_t row = read_row(&c, e);
        const uint32_t count = read_count(&c, e);
        if (row >= packed->rows || (e > 0 && row <= read_row(&c, e - 1)) ||
            count == 0 || count > DMM_MAX_COUNT)
            return 0;
        marked[row] = 1;
    }
    return 1;
}

size_t dmm_packed_column(const dmm_packed *packed, size_t column,
                         uint64_t *keys)
{
    const packed_column c = find_column(packed, column);
    for (size_t e = 0; e < c.n; e++)
        keys[e] = DMM_KEY(read_count(&c, e), packed->first_row +
                                                 read_row(&c, e));
    return c.n;
}
