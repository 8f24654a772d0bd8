/* Tables of counts from files, for the programs in this folder.
 *
 * A file whose name ends with ".csv" has a line of sample names, then a line
 * for each taxon: its name and the counts. Others are binary, in the machine's
 * byte order and written by write_counts() in common.R:
 *   dense   int32 N, S; then N x S int32 counts in column-major order
 *   sparse  int32 -N, S; then the slots of a dgCMatrix, p and i as int32 and
 *           x as double
 */
#ifndef BENCHMARK_INPUT_H
#define BENCHMARK_INPUT_H

#include "../../src/core/dmm.h"

/* Zero when the file has been read; what `matrix` shows is then released by
 * input_free(). */
int input_read(const char *path, dmm_matrix *matrix);
void input_free(dmm_matrix *matrix);

#endif
