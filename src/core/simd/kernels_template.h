/* The kernels of kernels.h for one instruction set, as a table of functions.
 *
 * Each of plain.c, baseline.c, avx2.c and avx512.c defines
 *   DMM_VL        doubles in a vector: 1, 2, 4 or 8
 *   DMM_KERNELS   the identifier of the table
 *   DMM_NAME      its name for users, a string
 * and then includes this file. Everything but the table is static. The system
 * headers must be included before the instruction set is switched on: otherwise
 * their inline functions would be compiled for it, and could then be shared
 * with files that must run on other processors.
 */

/* GCC's table of where each variable is would make up a quarter of the size of
 * an installed package. The code is the same without it. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-var-tracking")
#endif

#include "vec.h"
#include "special_template.h"
#include "difference_template.h"
#include "arrays_template.h"
#include "passes_template.h"

const dmm_kernels DMM_KERNELS = {
    .name = DMM_NAME,
    .width = DMM_VL,
    .exp_array = special_exp_array,
    .log_array = special_log_array,
    .dot = array_dot,
    .dot_counts = array_dot_counts,
    .add_scaled = array_add_scaled,
    .from_counts = array_from_counts,
    .are_counts = array_are_counts,
    .are_counts_int = array_are_counts_int,
    .lgamma_table = special_lgamma_table,
    .difference_sums = special_difference_sums,
    .gather = pass_gather,
    .scatter = pass_scatter,
    .gather_counts = pass_gather_counts,
    .scatter_counts = pass_scatter_counts,
    .scaled_distance = pass_scaled_distance,
    .softmax = pass_softmax,
};
