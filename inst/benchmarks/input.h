/* Reads tables of counts from files, for the programs in this folder.
 *
 * A file whose name ends in ".csv" has a first line with the names of the
 * samples, after a field that is ignored, and then a line for each taxon with
 * its name and its counts.
 * Any other file is binary, in the machine's byte order, as write_counts() in
 * common.R writes it:
 *   dense   int32 N, S; then N x S int32 counts in column-major order
 *   sparse  int32 -N, S; then the slots of a dgCMatrix, p and i as int32 and
 *           x as double
 * Files are trusted: the checks are for truncated ones only.
 */
#ifndef BENCHMARK_INPUT_H
#define BENCHMARK_INPUT_H

#include "../../src/core/dmm.h"

/* Reads a file into *matrix, which is to be released with input_free(). Returns
 * 0, or nonzero if the file cannot be read; then nothing is to be released. */
int input_read(const char *path, dmm_matrix *matrix);
void input_free(dmm_matrix *matrix);

#endif
