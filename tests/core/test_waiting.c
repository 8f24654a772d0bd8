/* Tests of how the threads of core/threads.c wait, and of what follows.
 *
 * This program has a threads.c of its own, whose clock and wakes it makes: a
 * look at the clock takes `tick`, and the next thread that slept wakes `delay`
 * late. Where the clock stands, no wait is long: nobody sleeps or is idle.
 */
#define _POSIX_C_SOURCE 200809L
#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#ifndef _WIN32
#include <unistd.h>
#endif

static int fake_clock(clockid_t id, struct timespec *now);
static int late_wait(pthread_cond_t *woken, pthread_mutex_t *mutex);
static int fake_processors(void);
static int fake_limit(void);
#define clock_gettime fake_clock
#define pthread_cond_wait late_wait
#define omp_get_num_procs fake_processors
#define omp_get_thread_limit fake_limit
#endif

#include "../../src/core/threads.c"

#ifdef _OPENMP
#undef clock_gettime
#undef pthread_cond_wait
#undef omp_get_num_procs
#undef omp_get_thread_limit
#endif

#include "check.h"
#include "helpers.h"

#ifdef _OPENMP
/* A test that hangs is ended by the system, and then counts as failed. */
#define DEADLINE 120

#define MILLISECONDS 1000000LL

static atomic_llong fake_now = 4000000000000000000LL; /* for most of time up */
static atomic_llong tick = 1000;
static atomic_llong delay;
static int processors = 64;
static int limit = 256;

static int fake_clock(clockid_t id, struct timespec *now)
{
    const long long t = atomic_fetch_add(&fake_now, atomic_load(&tick));
    (void)id;
    now->tv_sec = (time_t)(t / 1000000000);
    now->tv_nsec = (long)(t % 1000000000);
    return 0;
}

static int late_wait(pthread_cond_t *woken, pthread_mutex_t *mutex)
{
    const int status = pthread_cond_wait(woken, mutex);
    atomic_fetch_add(&fake_now, atomic_exchange(&delay, 0));
    return status;
}

static int fake_processors(void)
{
    return processors;
}

static int fake_limit(void)
{
    return limit;
}

static void nap(void)
{
    const struct timespec pause = {0, 100000};
    nanosleep(&pause, NULL);
}

/* Those who wait count themselves first, and hold the mutex until they sleep. */
static void until_asleep(dmm_team *team)
{
    while (atomic_load(&team->sleepers) < team->size - 1)
        nap();
    pthread_mutex_lock(&team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

/* All but this thread have arrived at the meeting. */
static void until_others_arrive(dmm_team *team)
{
    while (atomic_load(&team->arrived) < team->size - 1)
        nap();
}

static void nothing(const dmm_worker *worker, void *data)
{
    (void)worker;
    (void)data;
}

/* ---- Patience ------------------------------------------------------------ */

/* The patience after a wake that was late by so much. */
typedef struct {
    long long before, late, after;
} wake;

static void wake_work(dmm_team *team, void *data)
{
    wake *w = data;
    atomic_store(&tick, 1000);
    atomic_store(&patience, 0);
    until_asleep(team);
    atomic_store(&tick, 0);
    atomic_store(&patience, w->before);
    atomic_store(&delay, w->late);
    dmm_team_do(team, nothing, NULL);
    w->after = atomic_load(&patience);
}

static long long patience_after(int threads, long long before, long long late)
{
    wake w = {before * MILLISECONDS, late * MILLISECONDS, 0};
    dmm_team_run(threads, wake_work, &w);
    CHECK(w.after % MILLISECONDS == 0);
    return w.after / MILLISECONDS;
}

/* A late wake buys patience for each other thread, a wake in time does not. */
static void test_buying(void)
{
    CHECK(patience_after(2, 0, 10) == 0);
    CHECK(patience_after(2, 0, 11) == 11 * PATIENCE);
    CHECK(patience_after(2, 0, 50) == 50 * PATIENCE);
    CHECK(patience_after(2, 0, 1000000000) == 1000);
    CHECK(patience_after(3, 0, 20) == 20 * PATIENCE * 2);
    /* What has been bought is not taken back. */
    CHECK(patience_after(2, 900, 20) == 900);
    CHECK(patience_after(2, 100, 20) == 20 * PATIENCE);
    /* A team with too few processors keeps its own threads from waking. */
    processors = 1;
    CHECK(patience_after(2, 0, 50) == 0);
    processors = 64;
}

/* Threads that wait for a task spend the patience there is and then sleep. */
static void spend_work(dmm_team *team, void *data)
{
    (void)data;
    until_asleep(team);
    CHECK(atomic_load(&patience) <= 0);
}

/* They do so together: it is gone when others have spent it. */
static void lose_work(dmm_team *team, void *data)
{
    (void)data;
    for (int i = 0; i < 100; i++)
        nap();
    CHECK(atomic_load(&team->sleepers) == 0);
    atomic_store(&patience, 0);
    until_asleep(team);
}

/* They do not spin while thread 0 works alone. */
static void alone_work(dmm_team *team, void *data)
{
    (void)data;
    atomic_store(&team->alone, 1);
    until_asleep(team);
    CHECK(atomic_load(&patience) > 0);
    atomic_store(&team->alone, 0);
}

/* Nor where there are too few processors for them. */
static void crowded_work(dmm_team *team, void *data)
{
    (void)data;
    until_asleep(team);
    CHECK(atomic_load(&patience) == 1000 * MILLISECONDS);
}

static void test_spending(void)
{
    const long long long_time = 1000000000 * MILLISECONDS;
    atomic_store(&tick, 1000);
    for (int threads = 2; threads <= 4; threads++) {
        atomic_store(&patience, 20 * MILLISECONDS);
        dmm_team_run(threads, spend_work, NULL);
        atomic_store(&patience, long_time);
        dmm_team_run(threads, lose_work, NULL);
        atomic_store(&patience, long_time);
        dmm_team_run(threads, alone_work, NULL);
    }
    processors = 1;
    atomic_store(&patience, 1000 * MILLISECONDS);
    dmm_team_run(2, crowded_work, NULL);
    processors = 64;
}

/* ---- Pace ---------------------------------------------------------------- */

typedef struct {
    long long together, alone; /* a run's time                 */
    int idle;                  /* the others wait for thread 0 */
    int runs_alone;
    atomic_int passed;         /* runs together                */
    int runs[2];               /* of them, begun by a thread   */
    const dmm_team *team;
} job;

static void pass(long long time)
{
    atomic_fetch_add(&fake_now, time);
}

/* For teams of two. */
static void do_job(const dmm_worker *worker, void *data)
{
    job *j = data;
    if (worker->size == 1) {
        CHECK(atomic_load(&j->team->alone) == 1);
        j->runs_alone++;
        pass(j->alone);
        return;
    }
    const int run = ++j->runs[worker->number];
    if (worker->number == 0) {
        if (j->idle)
            until_others_arrive(worker->team);
        pass(j->together);
        atomic_store(&j->passed, run);
    } else if (!j->idle) {
        while (atomic_load(&j->passed) < run)
            nap();
    }
}

/* Two tasks have paces of their own. */
static void idle_job(const dmm_worker *worker, void *data)
{
    do_job(worker, data);
}

static void busy_job(const dmm_worker *worker, void *data)
{
    do_job(worker, data);
}

/* In turns with a task that leaves threads idle, one that does not is never
 * done alone. */
static void turns_work(dmm_team *team, void *data)
{
    job idle = {.together = 10 * MILLISECONDS, .alone = 5 * MILLISECONDS,
                .idle = 1, .team = team};
    job busy = idle;
    busy.idle = 0;
    (void)data;
    atomic_store(&tick, 0);
    for (int i = 0; i < 12; i++) {
        dmm_team_do(team, busy_job, &busy);
        dmm_team_do(team, idle_job, &idle);
        CHECK(atomic_load(&team->alone) == 0);
    }
    CHECK(idle.runs_alone == 12 - IDLE_RUNS);
    CHECK_SAY(busy.runs_alone == 0, "%d alone", busy.runs_alone);
}

/* Idle runs count when they are in a row. */
static void row_work(dmm_team *team, void *data)
{
    (void)data;
    job j = {.together = 10 * MILLISECONDS, .alone = 5 * MILLISECONDS,
             .team = team};
    atomic_store(&tick, 0);
    for (int i = 0; i < 4 * IDLE_RUNS; i++) {
        j.idle = i % IDLE_RUNS > 0;
        dmm_team_do(team, idle_job, &j);
    }
    CHECK(j.runs_alone == 0);
}

/* Runs alone are doubled while they are faster, up to a limit; a slower one is
 * not repeated soon. */
static void retry_work(dmm_team *team, void *data)
{
    (void)data;
    job j = {.together = 10 * MILLISECONDS, .alone = 5 * MILLISECONDS,
             .idle = 1, .team = team};
    atomic_store(&tick, 0);
    for (int i = 0; i < IDLE_RUNS + 1; i++)
        dmm_team_do(team, idle_job, &j);
    CHECK(j.runs_alone == 1);
    int retry = FIRST_RETRY;
    for (int round = 0; round < 7; round++) {
        j.runs_alone = 0;
        for (int i = 0; i < retry + 1; i++)
            dmm_team_do(team, idle_job, &j);
        CHECK_SAY(j.runs_alone == retry, "%d alone, expected %d", j.runs_alone,
                  retry);
        retry = 2 * retry < LAST_RETRY ? 2 * retry : LAST_RETRY;
    }
    /* The others are back. */
    j.runs_alone = 0;
    j.together = MILLISECONDS;
    for (int i = 0; i < retry + LAST_RETRY; i++)
        dmm_team_do(team, idle_job, &j);
    CHECK_SAY(j.runs_alone == retry, "%d alone", j.runs_alone);
}

/* A thread that goes on late does no work meanwhile: it is idle, even if nobody
 * waits for it. */
static void drowsy_task(const dmm_worker *worker, void *data)
{
    (void)data;
    if (worker->size == 1)
        return;
    if (worker->number == 0) {
        until_asleep(worker->team);
        atomic_store(&tick, 0);
        atomic_store(&delay, 50 * MILLISECONDS);
    }
    const long long begin = atomic_load(&fake_now);
    dmm_team_barrier(worker);
    while (worker->number == 0 &&
           atomic_load(&fake_now) < begin + 50 * MILLISECONDS)
        nap();
}

static void drowsy_work(dmm_team *team, void *data)
{
    (void)data;
    atomic_store(&tick, 1000);
    atomic_store(&patience, 0);
    dmm_team_do(team, drowsy_task, NULL);
    CHECK(find_pace(team, drowsy_task)->idle == 1);
}

/* Where threads wake late, a task is not judged by that when the team tries it
 * again. */
static void late_work(dmm_team *team, void *data)
{
    (void)data;
    job j = {.together = 2 * MILLISECONDS, .alone = 3 * MILLISECONDS,
             .team = team};
    atomic_store(&tick, 1000);
    pace *p = find_pace(team, idle_job);
    p->alone = 3 * MILLISECONDS;
    p->together = 10 * MILLISECONDS;
    p->retry = FIRST_RETRY;
    atomic_store(&patience, 0);
    until_asleep(team);
    atomic_store(&tick, 0);
    atomic_store(&delay, 50 * MILLISECONDS);
    dmm_team_do(team, idle_job, &j);
    CHECK(j.runs_alone == 0);
    CHECK(atomic_load(&delay) == 0);
    CHECK_SAY(p->retry == 0 && p->together == j.together, "together %lld",
              p->together);
}

/* ---- Handing over -------------------------------------------------------- */

enum { GIVE, KEEP, SAY_NOTHING };

typedef struct {
    int what;
    int got;
    size_t at;
} talk;

/* Thread 0 has the work, thread 1 asks for it. */
static void talk_task(const dmm_worker *worker, void *data)
{
    talk *t = data;
    atomic_size_t *state = &worker->team->offer[2];
    if (worker->number == 1)
        t->got = dmm_team_ask(worker, 2, &t->at);
    if (worker->number == 0 && t->what != SAY_NOTHING) {
        while (atomic_load(state) != ASKED)
            nap();
        if (t->what == KEEP)
            dmm_team_keep(worker, 2);
        CHECK(dmm_team_hand_over(worker, 2, 77) == (t->what == GIVE));
        CHECK(!dmm_team_hand_over(worker, 2, 78));
    }
    dmm_team_barrier(worker);
}

/* Again and again: a meeting opens all offers. */
static void talk_work(dmm_team *team, void *data)
{
    static const int order[] = {GIVE, GIVE, KEEP, GIVE, SAY_NOTHING, GIVE};
    (void)data;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        talk t = {order[i], -1, 0};
        /* Who asks gives up when nobody says anything, and else never. */
        atomic_store(&tick, order[i] == SAY_NOTHING ? 1000 : 0);
        dmm_team_do(team, talk_task, &t);
        CHECK(t.got == (order[i] == GIVE));
        CHECK(!t.got || t.at == 77);
    }
}

/* What is kept before anyone asks is not handed over. */
static void kept_task(const dmm_worker *worker, void *data)
{
    talk *t = data;
    dmm_team_barrier(worker);
    if (worker->number == 0) {
        dmm_team_keep(worker, 1);
        CHECK(atomic_load(&worker->team->offer[1]) == WITHDRAWN);
        t->got = dmm_team_ask(worker, 1, &t->at) ||
                 dmm_team_hand_over(worker, 1, 5);
    }
    dmm_team_barrier(worker);
}

static void kept_work(dmm_team *team, void *data)
{
    (void)data;
    atomic_store(&tick, 0);
    for (int i = 0; i < 3; i++) {
        talk t = {KEEP, -1, 0};
        dmm_team_do(team, kept_task, &t);
        CHECK(t.got == 0);
    }
}

int main(void)
{
#ifndef _WIN32
    alarm(DEADLINE);
#endif
    omp_set_dynamic(0);
    CHECK(dmm_threads_for(4, 1e12) == 4);
    limit = 2;
    CHECK(dmm_threads_for(4, 1e12) == 2);
    limit = 256;
    if (gives_threads(4)) {
        test_buying();
        test_spending();
        dmm_team_run(2, turns_work, NULL);
        dmm_team_run(2, row_work, NULL);
        dmm_team_run(2, retry_work, NULL);
        dmm_team_run(2, drowsy_work, NULL);
        dmm_team_run(2, late_work, NULL);
        dmm_team_run(2, talk_work, NULL);
        dmm_team_run(2, kept_work, NULL);
    }
    return check_report();
}
#else
int main(void)
{
    CHECK(dmm_threads_for(4, 1e12) == 1);
    return check_report();
}
#endif
