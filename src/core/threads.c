#ifdef _OPENMP
#include <omp.h>
#endif

#include "threads.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

static int forked = 0;

dmm_threads_info dmm_threads_query(void)
{
    dmm_threads_info info = {0, 1, 1, 1, forked};
#ifdef _OPENMP
    info.openmp = 1;
    info.processors = omp_get_num_procs();
    info.max_threads = omp_get_max_threads();
    info.thread_limit = omp_get_thread_limit();
#endif
    return info;
}

int dmm_threads_for(int requested, double work)
{
#ifdef _OPENMP
    if (forked || omp_in_parallel() || work < DMM_SERIAL_WORK)
        return 1;
    const int limit = omp_get_thread_limit();
    if (requested > limit)
        requested = limit;
    return requested > 1 ? requested : 1;
#else
    (void)requested;
    (void)work;
    return 1;
#endif
}

int dmm_thread_number(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

int dmm_thread_count(void)
{
#ifdef _OPENMP
    return omp_get_num_threads();
#else
    return 1;
#endif
}

#if !defined(_WIN32)
static void mark_forked(void)
{
    forked = 1;
}
#endif

void dmm_threads_watch_fork(void)
{
#if !defined(_WIN32)
    /* A failure leaves the default behaviour; there is nobody to tell. */
    (void)pthread_atfork(NULL, NULL, mark_forked);
#endif
}

/* The first part that begins at or behind `cost`. */
static size_t part_at(const double *cumulated, size_t n, double cost)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (cumulated[middle] >= cost)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void dmm_threads_share(const double *cumulated, size_t n, size_t *begin,
                       size_t *end)
{
    const int count = dmm_thread_count(), me = dmm_thread_number();
    const double all = cumulated[n];
    *begin = me == 0 ? 0 : part_at(cumulated, n, all * me / count);
    *end = me == count - 1 ? n : part_at(cumulated, n, all * (me + 1) / count);
}
