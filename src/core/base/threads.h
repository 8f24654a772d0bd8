/* Threads: how many, and how they share the work of a fit.
 *
 * A fit runs as one team of threads in one OpenMP parallel region: thread 0
 * goes through the fit and hands out tasks, the others wait for them. A *task*
 * is run by all threads of the team; inside, they share loops with
 * dmm_team_next() and wait for each other at dmm_team_barrier(), or at
 * dmm_team_enter() and dmm_team_leave(). A team of one thread, all there is
 * without OpenMP, runs the same code in order.
 *
 * A thread that waits at a barrier spins for a fraction of a millisecond and
 * then sleeps. libgomp's own barriers spin for longer: where another program
 * has taken a core, they keep the thread that they wait for from running, and
 * a fit can take 50 times as long. With more threads than processors the
 * barrier does not spin at all.
 *
 * Results do not depend on the team: loops are cut by the data, and sums are
 * taken in a fixed order in between.
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

/* Work, in entries times components, below which sharing an iteration costs
 * more than it saves. */
#define DMM_SERIAL_WORK 4e5

/* The most threads of a team: more would only cost their stacks. */
#define DMM_MAX_THREADS 256

/* The threads to use for a job of that much work: at most `requested` and the
 * limits, 1 for a small job, in a forked child or inside a parallel region. */
int dmm_threads_for(int requested, double work);

/* Makes children of fork() serial: libgomp's threads do not survive fork(), and
 * a region entered in the child would wait for them for ever. Call once. */
void dmm_threads_watch_fork(void);

typedef struct dmm_team dmm_team;

/* One thread of a team, as its tasks see it. */
typedef struct {
    dmm_team *team;
    int number; /* 0 .. size - 1 */
    int size;
} dmm_worker;

typedef void (*dmm_task)(const dmm_worker *worker, void *data);

/* What thread 0, the calling thread, does with a team. */
typedef void (*dmm_team_work)(dmm_team *team, void *data);

/* Calls work(team, data) with a team of that many threads. */
void dmm_team_run(int n_threads, dmm_team_work work, void *data);

/* The number of threads in a team. */
int dmm_team_size(const dmm_team *team);

/* Has every thread of the team call task(worker, data), and returns when all
 * have; for thread 0 between tasks. */
void dmm_team_do(dmm_team *team, dmm_task task, void *data);

/* Shares a loop: *i takes each of 0 .. n-1 once, in some thread. Between two
 * barriers there is room for one loop. */
int dmm_team_next(const dmm_worker *worker, size_t n, size_t *i);

/* A barrier at which exactly one thread gets nonzero, when all have come, and
 * does what has to be done once; the others wait until it leaves:
 *     if (dmm_team_enter(worker)) {
 *         ...
 *         dmm_team_leave(worker);
 *     }
 */
int dmm_team_enter(const dmm_worker *worker);
void dmm_team_leave(const dmm_worker *worker);

/* A barrier: all threads wait here for each other. */
void dmm_team_barrier(const dmm_worker *worker);

/* The consecutive parts [*begin, *end) of n that this thread works on: for
 * parts so short that taking one by one would cost more than it evens out. */
void dmm_team_split(const dmm_worker *worker, size_t n, size_t *begin,
                    size_t *end);

/* The consecutive parts [*begin, *end) of n that are the share `i` of `count`
 * about equal ones when parts have costs: cumulated[j] is the cost of the parts
 * before part j, cumulated[n] of all. */
void dmm_share(size_t i, size_t count, const double *cumulated, size_t n,
               size_t *begin, size_t *end);

#endif
