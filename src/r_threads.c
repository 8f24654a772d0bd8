/* What dmnthreads() reports. */
#include "core/simd/kernels.h"
#include "core/base/threads.h"
#include "entries.h"
#include "glue.h"

/* Returns a list with the limits on the number of threads and the name of the
 * vector instructions in use. */
SEXP R_dmm_threads(void)
{
    const dmm_threads_info info = dmm_threads_query();
    const char *names[] = {"openmp",       "processors", "max.threads",
                           "thread.limit", "forked",     "instruction.set", ""};
    SEXP list = PROTECT(glue_list(names));
    glue_set(list, 0, Rf_ScalarLogical(info.openmp));
    glue_set(list, 1, Rf_ScalarInteger(info.processors));
    glue_set(list, 2, Rf_ScalarInteger(info.max_threads));
    glue_set(list, 3, Rf_ScalarInteger(info.thread_limit));
    glue_set(list, 4, Rf_ScalarLogical(info.forked));
    glue_set(list, 5, Rf_mkString(dmm_kernels_active()->name));
    UNPROTECT(1);
    return list;
}
