#include "threads.h"

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
    /* A failure leaves the default behaviour; there is nobody to tell. */
    (void)pthread_atfork(NULL, NULL, mark_forked);
#endif
}

/* ---- Teams ------------------------------------------------------------ */

#ifdef _OPENMP
/* How long the runs of a task take, and whether thread 0 does them alone. */
typedef struct {
    dmm_task task;
    long long together, alone; /* nanoseconds of the last run of each kind  */
    int idle;                  /* runs in a row that have left threads idle */
    int alone_left;            /* runs alone before the next together       */
    int retry;                 /* how many there were before; 0: none       */
} pace;

#define MAX_PACES 16
#endif

struct dmm_team {
    int size;
    size_t serial_next; /* the loop's counter in a team of one thread */
#ifdef _OPENMP
    dmm_team *solo; /* a team of thread 0 only */
    dmm_task task;
    void *data;
    int finished; /* the team is to disband */
    int spins;               /* there is a processor for each thread    */
    atomic_int alone;        /* thread 0 does a task without the others */
    atomic_size_t next;      /* the loop's counter                     */
    atomic_size_t offer[DMM_OFFERS]; /* offer_state, or HANDED_OVER + at */
    atomic_int arrived;      /* threads at the current meeting         */
    atomic_uint meeting;     /* meetings that have ended               */
    atomic_int sleepers;     /* threads that wait for it asleep        */
    long long begun;         /* when the team began, in nanoseconds     */
    atomic_llong arrivals;   /* the sum of their times since, in a task */
    atomic_llong ended;      /* when the last one did, in nanoseconds   */
    atomic_llong idle;       /* nanoseconds, about, of long waits in
                                tasks, for the others to come to one,
                                and until a thread goes on after one    */
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    pace paces[MAX_PACES];
#endif
};

#ifdef _OPENMP
/* An offer is open until a thread asks for it or it is withdrawn, by who has
 * the work or, when the answer takes too long, by who has asked. */
typedef enum {
    OPEN,
    ASKED,
    WITHDRAWN,
    HANDED_OVER /* the last one: what is added to it says where */
} offer_state;
#endif

/* What a thread waits for: the others in a task, or the next task. */
typedef enum { WAIT_IN_TASK, WAIT_FOR_TASK } wait_kind;

int dmm_team_size(const dmm_team *team)
{
    return team->size;
}

#ifdef _OPENMP
/* Times are in nanoseconds. A wait is long when it is longer than the parts of
 * an iteration that one thread does alone. */
#define SHORT_WAIT 150000

/* In a long wait a thread sleeps, which leaves its core to other programs. It
 * wakes microseconds after the meeting's end, or some milliseconds where other
 * programs have its core; but where a host takes idle virtual processors away,
 * tens or hundreds of milliseconds. A wake more than SLOW_WAKE late buys the
 * threads of this process patience: they spin in long waits, each for PATIENCE
 * times as long, but MOST_PATIENCE in all, before one sleeps again. */
#define SLOW_WAKE 10000000
#define PATIENCE 8
#define MOST_PATIENCE 1000000000
#define FIRST_PATIENCE 20000000
#define PATIENT_WAIT 10000 /* between two looks at what is left of it */
#define LOOKS_AT_ONCE 32   /* between two looks at the clock          */
static atomic_llong patience = FIRST_PATIENCE;

/* Of a clock that nobody sets. */
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
    __asm__ volatile("isb" ::: "memory"); /* "yield" does not take any time */
#endif
}

static int has_ended(dmm_team *team, unsigned meeting)
{
    return atomic_load_explicit(&team->meeting, memory_order_acquire) !=
           meeting;
}

/* Looks for so long whether the meeting of that number has ended. */
static int spin(dmm_team *team, unsigned meeting, long long duration)
{
    const long long begin = nanoseconds();
    do {
        for (int i = 0; i < LOOKS_AT_ONCE; i++) {
            if (has_ended(team, meeting))
                return 1;
            pause_briefly();
        }
    } while (nanoseconds() - begin < duration);
    return has_ended(team, meeting);
}

/* Spins on as long as there is patience, and a core that thread 0 does not want
 * for itself. */
static int spin_patiently(dmm_team *team, unsigned meeting)
{
    while (atomic_load(&patience) > 0 && !atomic_load(&team->alone)) {
        const long long begin = nanoseconds();
        const int ended = spin(team, meeting, PATIENT_WAIT);
        atomic_fetch_sub(&patience, nanoseconds() - begin);
        if (ended)
            return 1;
    }
    return 0;
}

/* Buys patience for a wake that was so late. */
static void buy_patience(const dmm_team *team, long long late)
{
    const long long each = PATIENCE * (team->size - 1);
    const long long bought =
        late < MOST_PATIENCE / each ? each * late : MOST_PATIENCE;
    if (late > SLOW_WAKE && bought > atomic_load(&patience))
        atomic_store(&patience, bought);
}

static void sleep_until(dmm_team *team, unsigned meeting)
{
    int slept = 0;
    pthread_mutex_lock(&team->mutex);
    atomic_fetch_add(&team->sleepers, 1);
    while (atomic_load(&team->meeting) == meeting) {
        pthread_cond_wait(&team->woken, &team->mutex);
        slept = 1;
    }
    atomic_fetch_sub(&team->sleepers, 1);
    pthread_mutex_unlock(&team->mutex);
    /* Threads of too large a team keep each other from waking. */
    if (slept && team->spins)
        buy_patience(team, nanoseconds() - atomic_load(&team->ended));
}

/* Waits until the meeting of that number has ended. */
static void wait_for(dmm_team *team, unsigned meeting, wait_kind kind)
{
    if (team->spins && spin(team, meeting, SHORT_WAIT))
        return;
    if (!team->spins || !spin_patiently(team, meeting))
        sleep_until(team, meeting);
    if (kind == WAIT_IN_TASK)
        atomic_fetch_add(&team->idle,
                         nanoseconds() - atomic_load(&team->ended));
}

/* Adds the waits at a meeting in a task that ends now, but for as many short
 * ones. */
static void add_idle(dmm_team *team, long long now)
{
    const long long idle = team->size * (now - team->begun) -
                           atomic_load(&team->arrivals) -
                           (team->size - 1) * (long long)SHORT_WAIT;
    atomic_store(&team->arrivals, 0);
    if (idle > 0)
        atomic_fetch_add(&team->idle, idle);
}

/* The loop and the offers until the next meeting. */
static void begin_loop(dmm_team *team)
{
    atomic_store(&team->next, 0);
    for (size_t i = 0; i < DMM_OFFERS; i++)
        if (atomic_load_explicit(&team->offer[i], memory_order_relaxed) != OPEN)
            atomic_store(&team->offer[i], OPEN);
}
#endif

static int enter(const dmm_worker *worker, wait_kind kind)
{
    dmm_team *team = worker->team;
#ifdef _OPENMP
    if (team->size > 1) {
        const unsigned meeting = atomic_load(&team->meeting);
        const long long now = nanoseconds();
        if (kind == WAIT_IN_TASK)
            atomic_fetch_add(&team->arrivals, now - team->begun);
        if (atomic_fetch_add(&team->arrived, 1) + 1 == team->size) {
            atomic_store(&team->arrived, 0);
            if (kind == WAIT_IN_TASK)
                add_idle(team, now);
            begin_loop(team);
            return 1;
        }
        wait_for(team, meeting, kind);
        return 0;
    }
#endif
    (void)kind;
    team->serial_next = 0;
    return 1;
}

int dmm_team_enter(const dmm_worker *worker)
{
    return enter(worker, WAIT_IN_TASK);
}

void dmm_team_leave(const dmm_worker *worker)
{
#ifdef _OPENMP
    dmm_team *team = worker->team;
    if (team->size == 1)
        return;
    /* A thread counts itself as a sleeper before it looks at the meeting for
     * the last time, and this looks at the sleepers after ending the meeting:
     * one of the two sees the other. */
    atomic_store(&team->ended, nanoseconds());
    atomic_fetch_add(&team->meeting, 1);
    if (atomic_load(&team->sleepers) > 0) {
        pthread_mutex_lock(&team->mutex);
        pthread_cond_broadcast(&team->woken);
        pthread_mutex_unlock(&team->mutex);
    }
#else
    (void)worker;
#endif
}

static void meet(const dmm_worker *worker, wait_kind kind)
{
    if (enter(worker, kind))
        dmm_team_leave(worker);
}

void dmm_team_barrier(const dmm_worker *worker)
{
    meet(worker, WAIT_IN_TASK);
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

/* ---- Handing over ------------------------------------------------------- */

int dmm_team_hand_over(const dmm_worker *worker, size_t offer, size_t at)
{
#ifdef _OPENMP
    atomic_size_t *state = &worker->team->offer[offer];
    size_t asked = ASKED;
    if (worker->team->size > 1 &&
        atomic_load_explicit(state, memory_order_relaxed) == ASKED)
        return atomic_compare_exchange_strong(state, &asked, HANDED_OVER + at);
#else
    (void)worker;
    (void)offer;
    (void)at;
#endif
    return 0;
}

void dmm_team_keep(const dmm_worker *worker, size_t offer)
{
#ifdef _OPENMP
    atomic_size_t *state = &worker->team->offer[offer];
    size_t open = OPEN, asked = ASKED;
    if (worker->team->size > 1 &&
        !atomic_compare_exchange_strong(state, &open, WITHDRAWN))
        atomic_compare_exchange_strong(state, &asked, WITHDRAWN);
#else
    (void)worker;
    (void)offer;
#endif
}

int dmm_team_ask(const dmm_worker *worker, size_t offer, size_t *at)
{
#ifdef _OPENMP
    dmm_team *team = worker->team;
    atomic_size_t *state = &team->offer[offer];
    size_t open = OPEN, asked = ASKED;
    if (team->size == 1 ||
        !atomic_compare_exchange_strong(state, &open, ASKED))
        return 0;
    const long long begin = nanoseconds();
    while (team->spins && nanoseconds() - begin < SHORT_WAIT &&
           atomic_load_explicit(state, memory_order_relaxed) == ASKED)
        pause_briefly();
    atomic_compare_exchange_strong(state, &asked, WITHDRAWN);
    const size_t answer = atomic_load(state);
    if (answer >= HANDED_OVER) {
        *at = answer - HANDED_OVER;
        return 1;
    }
#else
    (void)worker;
    (void)offer;
    (void)at;
#endif
    return 0;
}

/* ---- Tasks -------------------------------------------------------------- */

/* With a team of one. */
static void do_alone(dmm_team *solo, dmm_task task, void *data)
{
    const dmm_worker worker = {solo, 0, 1};
    dmm_team_barrier(&worker); /* the task's loops begin at 0 */
    task(&worker, data);
}

#ifdef _OPENMP
/* A run of a task leaves threads idle whose long waits are this part of the
 * time of all. After so many in a row thread 0 tries to do the task alone.
 * While that is faster, the team tries again after so many runs, then twice as
 * many, ... While it is slower, threads idle for lack of work: thread 0 tries
 * again after LAST_RETRY runs. */
#define IDLE_PART 0.2
#define IDLE_RUNS 2
#define FIRST_RETRY 16
#define LAST_RETRY 256

/* The pace of a task, or NULL where there is no room for another. */
static pace *find_pace(dmm_team *team, dmm_task task)
{
    for (pace *p = team->paces; p < team->paces + MAX_PACES; p++) {
        if (p->task == NULL)
            p->task = task;
        if (p->task == task)
            return p;
    }
    return NULL;
}

static void do_together(dmm_team *team, dmm_task task, void *data)
{
    const dmm_worker worker = {team, 0, team->size};
    const long long begin = nanoseconds();
    team->task = task;
    team->data = data;
    meet(&worker, WAIT_FOR_TASK); /* the others wait here for the task */
    const long long idle = nanoseconds() - begin - SHORT_WAIT;
    if (idle > 0)
        atomic_fetch_add(&team->idle, idle);
    task(&worker, data);
    dmm_team_barrier(&worker);
}

/* Nothing: wakes the others. */
static void wake_task(const dmm_worker *worker, void *data)
{
    (void)worker;
    (void)data;
}

/* The idle runs after which thread 0 tries to do a task alone. */
static int idle_runs(const pace *p)
{
    return p->together < p->alone ? LAST_RETRY : IDLE_RUNS;
}

static void try_alone(dmm_team *team, pace *p, dmm_task task, void *data)
{
    const long long begin = nanoseconds();
    atomic_store(&team->alone, 1);
    do_alone(team->solo, task, data);
    atomic_store(&team->alone, 0);
    p->alone = nanoseconds() - begin;
    if (p->alone_left > 0)
        p->alone_left--;
    else if (p->alone < p->together)
        p->alone_left = p->retry = FIRST_RETRY;
    p->idle = 0;
}

static void try_together(dmm_team *team, pace *p, dmm_task task, void *data)
{
    if (p->retry > 0) /* how long they take to wake says nothing of the task */
        do_together(team, wake_task, NULL);
    const long long begin = nanoseconds(), before = atomic_load(&team->idle);
    do_together(team, task, data);
    p->together = nanoseconds() - begin;
    const double all = (double)p->together * team->size;
    const double idle = (double)(atomic_load(&team->idle) - before);
    p->idle = idle > IDLE_PART * all ? p->idle + 1 : 0;
    if (p->retry == 0)
        return;
    p->retry = p->together < p->alone ? 0
               : p->retry < LAST_RETRY ? 2 * p->retry
                                       : LAST_RETRY;
    p->alone_left = p->retry;
}

/* Where other programs take the cores, threads wait for those of their team
 * that do not get to run, and one is done sooner without the others. */
static void do_at_pace(dmm_team *team, pace *p, dmm_task task, void *data)
{
    if (p->alone_left > 0 || p->idle >= idle_runs(p))
        try_alone(team, p, task, data);
    else
        try_together(team, p, task, data);
}
#endif

void dmm_team_do(dmm_team *team, dmm_task task, void *data)
{
#ifdef _OPENMP
    if (team->size > 1) {
        pace *p = find_pace(team, task);
        if (p)
            do_at_pace(team, p, task, data);
        else
            do_together(team, task, data);
        return;
    }
#endif
    do_alone(team, task, data);
}

#ifdef _OPENMP
static void serve(const dmm_worker *worker)
{
    for (;;) {
        meet(worker, WAIT_FOR_TASK);
        if (worker->team->finished)
            return;
        worker->team->task(worker, worker->team->data);
        dmm_team_barrier(worker);
    }
}

static void run_in_region(dmm_team *team, int n_threads, dmm_team_work work,
                          void *data)
{
    team->begun = nanoseconds();
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->woken, NULL);
#pragma omp parallel num_threads(n_threads)
    {
        const int me = omp_get_thread_num();
        /* The runtime may give fewer threads than were asked for. */
#pragma omp single
        {
            team->size = omp_get_num_threads();
            team->spins = team->size <= omp_get_num_procs();
        }
        const dmm_worker worker = {team, me, team->size};
        if (me == 0) {
            work(team, data);
            team->finished = 1;
            meet(&worker, WAIT_FOR_TASK);
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
        dmm_team solo = {.size = 1};
        team.solo = &solo;
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

void dmm_share(size_t i, size_t count, const double *cumulated, size_t n,
               size_t *begin, size_t *end)
{
    const double all = cumulated[n], parts = (double)count;
    *begin = i == 0 ? 0 : part_at(cumulated, n, all * (double)i / parts);
    *end = i == count - 1
               ? n
               : part_at(cumulated, n, all * (double)(i + 1) / parts);
}
