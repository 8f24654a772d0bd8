/* Threads: how many, and how team functions share work.
 *
 * A *team function* is called by every thread of a parallel region, or by one
 * thread outside of any; its loops are orphaned OpenMP worksharing constructs
 * and it returns in all threads together. Team functions neither allocate nor
 * fail. Without OpenMP everything here describes one thread.
 */
#ifndef DMM_THREADS_H
#define DMM_THREADS_H

#include <stddef.h>

typedef struct {
    int openmp;       /* built with OpenMP                                  */
    int processors;   /* that this process may use, as OpenMP sees them     */
    int max_threads;  /* omp_get_max_threads(): OMP_NUM_THREADS at its start */
    int thread_limit; /* omp_get_thread_limit()                             */
    int forked;       /* in a child of fork(), where regions would hang     */
} dmm_threads_info;

dmm_threads_info dmm_threads_query(void);

/* Work, in entries times components, below which a region costs more than it
 * saves: a region and its barriers take some 5 microseconds, 4e5 units take
 * about 70. */
#define DMM_SERIAL_WORK 4e5

/* The threads to use for a job of that much work: at most `requested` and the
 * limit, 1 for a small job, in a forked child or inside a parallel region. */
int dmm_threads_for(int requested, double work);

/* The calling thread's number and the size of its team. */
int dmm_thread_number(void);
int dmm_thread_count(void);

/* Makes children of fork() serial: libgomp's threads do not survive fork(), and
 * a region entered in the child would wait for them for ever. Call once. */
void dmm_threads_watch_fork(void);

/* The consecutive parts [*begin, *end) of `n` that this thread of the team
 * works on when parts have costs: cumulated[i] is the cost of the parts before
 * part i, cumulated[n] of all. */
void dmm_threads_share(const double *cumulated, size_t n, size_t *begin,
                       size_t *end);

#endif
