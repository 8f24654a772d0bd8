/* Teams of threads: see threads.h.
 *
 * The barrier is a counter of arrivals. The last thread to arrive resets it,
 * and releases the others by increasing `passed`, the number of barriers passed
 * so far, for which they wait spinning or asleep. dmm_team_do() is two
 * barriers: the waiting threads leave the first one with a task, and end it at
 * the second.
 */
#include "base/threads.h"

#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#endif

#ifdef _OPENMP
static int forked = 0;
#endif

dmm_threads_info dmm_threads_query(void)
{
    dmm_threads_info info = {0, 1, 1, 1, 0};
#ifdef _OPENMP
    info.openmp = 1;
    info.processors = omp_get_num_procs();
    info.max_threads = omp_get_max_threads();
    info.thread_limit = omp_get_thread_limit();
    info.forked = forked;
#endif
    return info;
}

int dmm_threads_for(int requested, double work)
{
#ifdef _OPENMP
    if (forked || omp_in_parallel() || work < DMM_SERIAL_WORK)
        return 1;
    int limit = omp_get_thread_limit();
    if (limit > DMM_MAX_THREADS)
        limit = DMM_MAX_THREADS;
    if (requested > limit)
        requested = limit;
    return requested > 1 ? requested : 1;
#else
    (void)requested;
    (void)work;
    return 1;
#endif
}

#if defined(_OPENMP) && !defined(_WIN32)
static void mark_forked(void)
{
    forked = 1;
}
#endif

void dmm_threads_watch_fork(void)
{
#if defined(_OPENMP) && !defined(_WIN32)
    /* If this fails, children behave as they would without it. */
    (void)pthread_atfork(NULL, NULL, mark_forked);
#endif
}

/* ---- Teams ------------------------------------------------------------ */

struct dmm_team {
    int size;
    size_t serial_next; /* dmm_team_next()'s counter in a team of one thread */
#ifdef _OPENMP
    dmm_task task;
    void *data;
    int finished;          /* instead of a task: the threads are to return   */
    int spins;             /* whether to spin: a processor for each thread   */
    atomic_size_t next;    /* dmm_team_next()'s counter                      */
    atomic_int arrived;    /* threads that have arrived at the barrier       */
    atomic_uint passed;    /* barriers passed so far                         */
    atomic_int sleepers;   /* threads that sleep at the barrier              */
    atomic_int spin_time;  /* nanoseconds of spinning before a thread sleeps */
    pthread_mutex_t mutex;
    pthread_cond_t woken;
#endif
};

int dmm_team_size(const dmm_team *team)
{
    return team->size;
}

#ifdef _OPENMP
/* Limits of dmm_team.spin_time. A wait that ends while the thread spins doubles
 * it, and one that does not halves it: where another program has taken a core,
 * threads soon sleep almost at once, and leave their core to the thread that
 * they wait for (see inst/benchmarks/threads.md). */
#define LEAST_SPIN_TIME 5000
#define MOST_SPIN_TIME 320000
/* Tests of the barrier between two readings of the clock. */
#define LOOKS_AT_ONCE 32

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1000000000LL * (long long)now.tv_sec + (long long)now.tv_nsec;
}

static void pause_briefly(void)
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_ia32_pause();
#elif defined(__GNUC__) && defined(__aarch64__)
    /* Not "yield", which takes no time. */
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Spins until barrier number `barrier` is passed; returns 0 if that takes
 * longer than `time`. */
static int spin_for(dmm_team *team, unsigned barrier, int time)
{
    const long long begin = nanoseconds();
    do {
        for (int i = 0; i < LOOKS_AT_ONCE; i++) {
            if (atomic_load_explicit(&team->passed, memory_order_acquire) !=
                barrier)
                return 1;
            pause_briefly();
        }
    } while (nanoseconds() - begin < time);
    return 0;
}

/* The same for the team's time, which it adapts. */
static int spin(dmm_team *team, unsigned barrier)
{
    const int time = atomic_load(&team->spin_time);
    const int passed = spin_for(team, barrier, time);
    if (passed && time < MOST_SPIN_TIME)
        atomic_store(&team->spin_time, 2 * time);
    if (!passed && time > LEAST_SPIN_TIME)
        atomic_store(&team->spin_time, time / 2);
    return passed;
}

/* Sleeps until barrier number `barrier` is passed. */
static void sleep_at(dmm_team *team, unsigned barrier)
{
    pthread_mutex_lock(&team->mutex);
    atomic_fetch_add(&team->sleepers, 1);
    while (atomic_load(&team->passed) == barrier)
        pthread_cond_wait(&team->woken, &team->mutex);
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->mutex);
}
#endif

int dmm_team_enter(const dmm_worker *worker)
{
    dmm_team *team = worker->team;
#ifdef _OPENMP
    if (team->size > 1) {
        const unsigned barrier = atomic_load(&team->passed);
        if (atomic_fetch_add(&team->arrived, 1) + 1 == team->size) {
            atomic_store(&team->arrived, 0);
            atomic_store(&team->next, 0);
            return 1;
        }
        if (!team->spins || !spin(team, barrier))
            sleep_at(team, barrier);
        return 0;
    }
#endif
    team->serial_next = 0;
    return 1;
}

void dmm_team_leave(const dmm_worker *worker)
{
#ifdef _OPENMP
    dmm_team *team = worker->team;
    if (team->size == 1)
        return;
    /* No wake-up is lost: a thread adds itself to `sleepers` before it reads
     * `passed` for the last time, and this thread changes `passed` before it
     * reads `sleepers`, so at least one of the two sees the other's change. */
    atomic_fetch_add(&team->passed, 1);
    if (atomic_load(&team->sleepers) > 0) {
        pthread_mutex_lock(&team->mutex);
        pthread_cond_broadcast(&team->woken);
        pthread_mutex_unlock(&team->mutex);
    }
#else
    (void)worker;
#endif
}

void dmm_team_barrier(const dmm_worker *worker)
{
    if (dmm_team_enter(worker))
        dmm_team_leave(worker);
}

int dmm_team_next(const dmm_worker *worker, size_t n, size_t *i)
{
    dmm_team *team = worker->team;
#ifdef _OPENMP
    if (team->size > 1) {
        *i = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
        return *i < n;
    }
#endif
    *i = team->serial_next++;
    return *i < n;
}

void dmm_team_do(dmm_team *team, dmm_task task, void *data)
{
    const dmm_worker worker = {team, 0, team->size};
#ifdef _OPENMP
    team->task = task;
    team->data = data;
#endif
    dmm_team_barrier(&worker); /* the others wait for the task in serve() */
    task(&worker, data);
    dmm_team_barrier(&worker);
}

#ifdef _OPENMP
/* What threads 1 .. size - 1 do: run tasks until the team is finished. */
static void serve(const dmm_worker *worker)
{
    for (;;) {
        dmm_team_barrier(worker);
        if (worker->team->finished)
            return;
        worker->team->task(worker, worker->team->data);
        dmm_team_barrier(worker);
    }
}

static void run_in_region(dmm_team *team, int n_threads, dmm_team_work work,
                          void *data)
{
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->woken, NULL);
#pragma omp parallel num_threads(n_threads)
    {
        const int me = omp_get_thread_num();
        /* OpenMP may have provided fewer threads than n_threads. */
#pragma omp single
        {
            team->size = omp_get_num_threads();
            team->spins = team->size <= omp_get_num_procs();
            atomic_store(&team->spin_time, MOST_SPIN_TIME);
        }
        const dmm_worker worker = {team, me, team->size};
        if (me == 0) {
            work(team, data);
            team->finished = 1;
            dmm_team_barrier(&worker);
        } else {
            serve(&worker);
        }
    }
    pthread_cond_destroy(&team->woken);
    pthread_mutex_destroy(&team->mutex);
}
#endif

void dmm_team_run(int n_threads, dmm_team_work work, void *data)
{
    dmm_team team = {.size = 1};
#ifdef _OPENMP
    if (n_threads > 1) {
        run_in_region(&team, n_threads, work, data);
        return;
    }
#else
    (void)n_threads;
#endif
    work(&team, data);
}

void dmm_team_split(const dmm_worker *worker, size_t n, size_t *begin,
                    size_t *end)
{
    const size_t count = (size_t)worker->size, me = (size_t)worker->number;
    const size_t each = n / count, rest = n % count;
    *begin = me * each + (me < rest ? me : rest);
    *end = *begin + each + (me < rest);
}

/* The first item with a cumulated cost of at least `cost` before it. */
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

void dmm_share(size_t i, size_t count, const double *cumulated, size_t n,
               size_t *begin, size_t *end)
{
    const double all = cumulated[n], parts = (double)count;
    *begin = i == 0 ? 0 : part_at(cumulated, n, all * (double)i / parts);
    *end = i == count - 1
               ? n
               : part_at(cumulated, n, all * (double)(i + 1) / parts);
}
