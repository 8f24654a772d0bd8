/* Kernels in plain C11, one double at a time, for any processor. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels_list.h"

#define DMM_VL 1
#define DMM_KERNELS dmm_kernels_plain
#define DMM_NAME "plain"
#include "kernels_template.h"
