/* The kernels of kernels.h for one instruction set.
 *
 * A file of this folder defines, then includes this:
 *   DMM_VL        doubles in a vector: 1, 2, 4 or 8
 *   DMM_KERNELS   the name of the exported table
 *   DMM_NAME      the name by which people ask for it, a string
 * Everything else is static. The including file has already included the system
 * headers and switched the compiler to the instruction set: a header's inline
 * functions must not be compiled for it and then be shared with other files.
 */
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
