/* Registers the .Call entries when R loads the package, and makes the settings
 * that hold for the whole process. */
#include <R_ext/Rdynload.h>

#include "core/simd/kernels.h"
#include "core/base/threads.h"
#include "entries.h"

/* The cast goes through void (*)(void) because compilers do not warn about a
 * conversion from or to that type. */
#define ENTRY(name, arguments) \
    {#name, (DL_FUNC)(void (*)(void))name, arguments}

static const R_CallMethodDef entries[] = {
    ENTRY(R_dmm_count_problem, 2),
    ENTRY(R_dmm_table, 4),
    ENTRY(R_dmm_table_split, 4),
    ENTRY(R_dmm_table_gains, 8),
    ENTRY(R_dmm_table_fit, 14),
    ENTRY(R_dmm_part, 3),
    ENTRY(R_dmm_part_about, 1),
    ENTRY(R_dmm_part_sums, 4),
    ENTRY(R_dmm_part_posterior, 5),
    ENTRY(R_dmm_lots, 2),
    ENTRY(R_dmm_send_at_once, 1),
    ENTRY(R_dmm_table_free, 1),
    ENTRY(R_dmm_evaluate, 5),
    ENTRY(R_dmm_mstep, 6),
    ENTRY(R_dmm_pack, 3),
    ENTRY(R_dmm_unpack, 1),
    ENTRY(R_dmm_totals, 1),
    ENTRY(R_dmm_predict, 5),
    ENTRY(R_dmm_mixture_weights, 2),
    ENTRY(R_dmm_special, 2),
    ENTRY(R_dmm_threads, 0),
    ENTRY(R_dmm_flush, 1),
    {NULL, NULL, 0},
};

void R_init_dmmomp(DllInfo *dll)
{
    R_registerRoutines(dll, NULL, entries, NULL, NULL);
    R_useDynamicSymbols(dll, FALSE);
    R_forceSymbols(dll, TRUE);
    dmm_threads_watch_fork();
    dmm_kernels_active(); /* chooses the kernels before there are threads */
}
