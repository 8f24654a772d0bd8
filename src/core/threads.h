/* Threads: how many, and how they share the work of a fit.
 *
 * A fit runs as one team of threads in one OpenMP parallel region: thread 0
 * goes through the fit and hands out tasks, the others wait for them. A *task*
 * is run by all threads of the team; inside, they share loops with
 * dmm_team_next() and meet at dmm_team_enter()/dmm_team_leave() or
 * dmm_team_barrier(). A team of one thread, all there is without OpenMP, runs
 * the same code in order.
 *
 * Waiting threads spin for a fraction of a millisecond and then sleep, unless
 * waking has been found to take long. OpenMP's own barriers do not do here:
 * libgomp's waiting threads spin for milliseconds, and when another process
 * takes a core, the thread they wait for is the one that does not get to run
 * (seen: 50 times slower than one thread). A task whose threads mostly wait is
 * done by thread 0 alone, as long as that is faster.
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

/* Has every thread of the team call task(worker, data), or thread 0 only, as a
 * team of one; for thread 0 between tasks. */
void dmm_team_do(dmm_team *team, dmm_task task, void *data);

/* Shares a loop: *i takes each of 0 .. n-1 once, in some thread. Between two
 * meetings of the team there is room for one loop. */
int dmm_team_next(const dmm_worker *worker, size_t n, size_t *i);

/* Handing over: a thread without work asks another one for a part of its own.
 * Between two meetings each of DMM_OFFERS works may be handed over once. The
 * thread that does it calls dmm_team_hand_over() wherever it could go on with
 * less: nonzero says that another thread has asked, and takes the rest on from
 * `at`. It calls dmm_team_keep() when it no longer will, at the end at least:
 * who asks waits for one or the other. dmm_team_ask() returns nonzero and *at,
 * or 0 when there is nothing to be had; it gives up after a fraction
 * of a millisecond, and then nobody else is answered. */
#define DMM_OFFERS 4
int dmm_team_hand_over(const dmm_worker *worker, size_t offer, size_t at);
void dmm_team_keep(const dmm_worker *worker, size_t offer);
int dmm_team_ask(const dmm_worker *worker, size_t offer, size_t *at);

/* All threads meet. Exactly one of them gets nonzero and does what has to be
 * done once, while the others wait until it calls dmm_team_leave():
 *     if (dmm_team_enter(worker)) {
 *         ...
 *         dmm_team_leave(worker);
 *     }
 */
int dmm_team_enter(const dmm_worker *worker);
void dmm_team_leave(const dmm_worker *worker);

/* All threads meet. */
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
