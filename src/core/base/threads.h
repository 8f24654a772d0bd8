/* How many threads a fit uses, and how they share its work.
 *
 * A fit runs in one OpenMP parallel region, whose threads form a *team*. Thread
 * 0, which is the calling thread, executes the fit and from time to time hands
 * out a *task*: a function that all threads of the team call. Between tasks the
 * other threads wait. Inside a task the threads share loops with
 * dmm_team_next() or dmm_team_split(), and wait for each other at
 * dmm_team_barrier(), or at dmm_team_enter() where one of them has something to
 * do alone. A team of one thread, which is the only kind without OpenMP, runs
 * the same code serially.
 *
 * A thread that waits at a barrier spins for a fraction of a millisecond, less
 * where spinning has been in vain, and then sleeps. libgomp's own barriers spin
 * for much longer. When another program has taken a core, a thread that spins
 * keeps the thread that it waits for from running, and the fit slows down many
 * times over. If there are more threads than processors, waiting threads do not
 * spin at all.
 *
 * Results do not depend on the number of threads: the data alone decide how
 * loops are divided into partial sums, and the partial sums are added up in a
 * fixed order.
 */
#ifndef DMM_THREADS_H
#define DMM_THREADS_H

#include <stddef.h>

typedef struct {
    int openmp;       /* whether the package was built with OpenMP          */
    int processors;   /* available to this process: omp_get_num_procs()     */
    int max_threads;  /* omp_get_max_threads(): OMP_NUM_THREADS, if set     */
    int thread_limit; /* omp_get_thread_limit()                             */
    int forked;       /* whether this is a child of fork(), where parallel
                         regions would hang                                 */
} dmm_threads_info;

dmm_threads_info dmm_threads_query(void);

/* Work of an EM iteration, in table entries times components, below which
 * sharing it among threads costs more than it saves (measured). */
#define DMM_SERIAL_WORK 4e5

/* The largest team, in threads. */
#define DMM_MAX_THREADS 256

/* The number of threads to use for a job whose iterations take `work` (in the
 * unit of DMM_SERIAL_WORK): `requested`, but no more than OpenMP's thread limit
 * and DMM_MAX_THREADS; 1 for a small job, in a forked child, or inside a
 * parallel region. */
int dmm_threads_for(int requested, double work);

/* Makes child processes run serially: libgomp's threads do not survive fork(),
 * and a parallel region in the child would wait for them for ever. Call this
 * once per process. */
void dmm_threads_watch_fork(void);

typedef struct dmm_team dmm_team;

/* A thread of a team, as it is passed to a task. */
typedef struct {
    dmm_team *team;
    int number; /* 0 .. size - 1 */
    int size;
} dmm_worker;

typedef void (*dmm_task)(const dmm_worker *worker, void *data);

/* The function that thread 0 executes. */
typedef void (*dmm_team_work)(dmm_team *team, void *data);

/* Starts a team and calls work(team, data) in the calling thread. OpenMP may
 * provide fewer threads than n_threads. */
void dmm_team_run(int n_threads, dmm_team_work work, void *data);

/* The number of threads in a team. */
int dmm_team_size(const dmm_team *team);

/* Makes every thread of the team call task(worker, data), and returns when all
 * of them have returned from it. Only thread 0 may call this, outside tasks. */
void dmm_team_do(dmm_team *team, dmm_task task, void *data);

/* Shares a loop over 0 .. n-1 between the threads, which take its iterations
 * one by one: stores the next one in *i and returns nonzero, or returns 0 when
 * none is left. The loop's counter is reset at every barrier, so that there can
 * be only one such loop between two barriers. */
int dmm_team_next(const dmm_worker *worker, size_t n, size_t *i);

/* A barrier with a serial section. When all threads have arrived, the call
 * returns nonzero in one of them, which does what has to be done once and then
 * calls dmm_team_leave(). In the other threads it returns 0 after that.
 *     if (dmm_team_enter(worker)) {
 *         ... done by one thread ...
 *         dmm_team_leave(worker);
 *     }
 */
int dmm_team_enter(const dmm_worker *worker);
void dmm_team_leave(const dmm_worker *worker);

/* A plain barrier. */
void dmm_team_barrier(const dmm_worker *worker);

/* Divides 0 .. n-1 evenly between the threads: this thread's range is [*begin,
 * *end). For loops whose iterations are too short to be taken one by one. */
void dmm_team_split(const dmm_worker *worker, size_t n, size_t *begin,
                    size_t *end);

/* Divides 0 .. n-1 into `count` ranges of about equal cost: range i is [*begin,
 * *end), which may be empty. cumulated[j] is the cost of the items before item
 * j, and cumulated[n] the cost of all. */
void dmm_share(size_t i, size_t count, const double *cumulated, size_t n,
               size_t *begin, size_t *end);

#endif
