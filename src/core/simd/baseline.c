/* Kernels in vectors of two doubles, in instructions that every processor of
 * the architecture has. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels_list.h"

#ifdef DMM_BUILD_BASELINE
#define DMM_VL 2
#define DMM_KERNELS dmm_kernels_baseline
#define DMM_NAME "baseline"
#include "kernels_template.h"
#endif
