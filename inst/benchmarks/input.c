#include "input.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A new array of `count` elements read from the file, or NULL. */
static void *read_array(FILE *file, size_t count, size_t size)
{
    void *values = malloc(count * size + 1);
    if (values != NULL && fread(values, size, count, file) == count)
        return values;
    free(values);
    return NULL;
}

static int read_binary(FILE *file, dmm_matrix *m)
{
    int32_t size[2];
    if (fread(size, sizeof *size, 2, file) != 2 || size[1] < 1)
        return 1;
    const int sparse = size[0] < 0;
    m->rows = (size_t)(sparse ? -size[0] : size[0]);
    m->columns = (size_t)size[1];
    if (!sparse) {
        m->kind = DMM_MATRIX_DENSE_INT;
        m->integers = read_array(file, m->rows * m->columns, sizeof(int));
        return m->integers == NULL;
    }
    m->kind = DMM_MATRIX_CSC;
    m->column_start = read_array(file, m->columns + 1, sizeof(int));
    if (m->column_start == NULL)
        return 1;
    const size_t entries = (size_t)m->column_start[m->columns];
    m->row_index = read_array(file, entries, sizeof(int));
    m->doubles = read_array(file, entries, sizeof(double));
    return m->row_index == NULL || m->doubles == NULL;
}

/* Reads a line, without its newline, into *line, a buffer of *room bytes that
 * grows as needed. Returns the number of comma-separated fields, or 0 at an
 * empty line or the end of the file. */
static size_t read_line(FILE *file, char **line, size_t *room)
{
    size_t length = 0, fields = 1;
    for (int c = getc(file); c != EOF && c != '\n'; c = getc(file)) {
        if (length + 1 >= *room) {
            char *longer = realloc(*line, *room = 2 * *room + 64);
            if (longer == NULL)
                return 0;
            *line = longer;
        }
        fields += c == ',';
        (*line)[length++] = (char)c;
    }
    if (length == 0)
        return 0;
    (*line)[length] = '\0';
    return fields;
}

static int read_csv(FILE *file, dmm_matrix *m)
{
    char *line = NULL;
    size_t room = 0, fields;
    int *counts = NULL;
    m->kind = DMM_MATRIX_DENSE_INT;
    m->rows = read_line(file, &line, &room);
    m->rows -= m->rows > 0;
    while ((fields = read_line(file, &line, &room)) == m->rows + 1) {
        const size_t at = m->columns++ * m->rows;
        int *more = realloc(counts, m->columns * m->rows * sizeof *counts);
        if (more == NULL)
            break;
        counts = more;
        const char *field = line;
        for (size_t i = 0; i < m->rows; i++) {
            field = strchr(field, ',') + 1;
            counts[at + i] = (int)strtol(field, NULL, 10);
        }
    }
    m->integers = counts;
    free(line);
    return fields != 0 || counts == NULL;
}

int input_read(const char *path, dmm_matrix *matrix)
{
    memset(matrix, 0, sizeof *matrix);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 1;
    const size_t length = strlen(path);
    const int csv = length > 4 && strcmp(path + length - 4, ".csv") == 0;
    const int failed = csv ? read_csv(file, matrix) : read_binary(file, matrix);
    fclose(file);
    if (failed)
        input_free(matrix);
    return failed;
}

void input_free(dmm_matrix *matrix)
{
    free((void *)matrix->integers);
    free((void *)matrix->doubles);
    free((void *)matrix->row_index);
    free((void *)matrix->column_start);
    memset(matrix, 0, sizeof *matrix);
}
