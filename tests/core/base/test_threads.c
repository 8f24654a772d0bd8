/* Tests of base/threads.c: loops, barriers, shares, the number of threads, and
 * fork(). */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#endif

#include "base/threads.h"
#include "check.h"
#include "helpers.h"

/* Seconds after which the system ends the program, so that a test that hangs
 * counts as failed. */
#define DEADLINE 120

/* ---- Loops and barriers ------------------------------------------------- */

/* Data of loop_task(). Threads write only to elements that they were given, and
 * thread 0 checks them after the task. */
typedef struct {
    size_t n;
    unsigned *taken;  /* n: how often an index was given out       */
    unsigned *second; /* n: the same in a second loop              */
    unsigned entered; /* times that a thread entered               */
    unsigned seen[64]; /* by thread: `entered` after the barrier   */
    unsigned ran[64]; /* by thread: tasks run                      */
    int size;         /* threads of the last task, by thread 0     */
} shared;

static void loop_task(const dmm_worker *worker, void *data)
{
    shared *s = data;
    size_t i;
    s->ran[worker->number]++;
    if (worker->number == 0)
        s->size = worker->size;
    while (dmm_team_next(worker, s->n, &i))
        s->taken[i]++;
    if (dmm_team_enter(worker)) {
        s->entered++;
        dmm_team_leave(worker);
    }
    s->seen[worker->number] = s->entered;
    while (dmm_team_next(worker, s->n, &i))
        s->second[i]++;
    dmm_team_barrier(worker);
    /* A loop of length 0 has no iterations. */
    while (dmm_team_next(worker, 0, &i))
        s->entered += 1000;
    dmm_team_barrier(worker);
}

typedef struct {
    int threads;
    int called;
} request;

static void loop_work(dmm_team *team, void *data)
{
    request *r = data;
    const int size = dmm_team_size(team);
    r->called++;
    CHECK(size >= 1 && size <= r->threads);
    if (gives_threads(8))
        CHECK(size == r->threads);
    static const size_t lengths[] = {0, 1, 2, 7, 1000};
    for (size_t l = 0; l < LENGTH(lengths); l++) {
        shared s = {.n = lengths[l]};
        s.taken = NEED(s.n, unsigned);
        s.second = NEED(s.n, unsigned);
        const unsigned repeats = 30;
        for (unsigned repeat = 1; repeat <= repeats; repeat++) {
            dmm_team_do(team, loop_task, &s);
            CHECK(s.entered == repeat);
            CHECK(s.size == size);
            for (int t = 0; t < size; t++)
                CHECK(s.ran[t] == repeat && s.seen[t] == repeat);
            CHECK(s.ran[size] == 0);
        }
        int all = 1;
        for (size_t i = 0; i < s.n; i++)
            all = all && s.taken[i] == repeats && s.second[i] == repeats;
        CHECK(all);
        free(s.taken);
        free(s.second);
    }
}

/* ---- Many short tasks --------------------------------------------------- */

static void short_task(const dmm_worker *worker, void *data)
{
    unsigned long *count = data;
    if (dmm_team_enter(worker)) {
        (*count)++;
        dmm_team_leave(worker);
    }
}

static void many_work(dmm_team *team, void *data)
{
    unsigned long *count = data;
    for (int i = 0; i < 3000; i++)
        dmm_team_do(team, short_task, count);
}

/* ---- Threads that are late ---------------------------------------------- */

#ifndef _WIN32
enum { LATE_RUNS = 20, LATE_LOOP = 100 };

typedef struct {
    int late; /* the thread that comes late to every barrier */
    unsigned taken[LATE_LOOP];
    unsigned entered;
    unsigned seen[8]; /* by thread: the sum of `entered` after the barrier */
} late_run;

/* Sleeps for longer than threads spin at a barrier, so that those that wait
 * fall asleep and have to be woken. */
static void be_late(void)
{
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

static void late_task(const dmm_worker *worker, void *data)
{
    late_run *l = data;
    size_t i;
    if (worker->number == l->late)
        be_late();
    while (dmm_team_next(worker, LATE_LOOP, &i))
        l->taken[i]++;
    if (dmm_team_enter(worker)) {
        l->entered++;
        be_late();
        dmm_team_leave(worker);
    }
    l->seen[worker->number] += l->entered;
}

/* Each thread in turn is late, and thread 0 is late between tasks, too. */
static void late_work(dmm_team *team, void *data)
{
    (void)data;
    for (int late = 0; late < dmm_team_size(team); late++) {
        late_run l = {.late = late};
        for (int run = 0; run < LATE_RUNS; run++) {
            dmm_team_do(team, late_task, &l);
            be_late();
        }
        CHECK(l.entered == LATE_RUNS);
        for (int t = 0; t < dmm_team_size(team); t++)
            CHECK(l.seen[t] == LATE_RUNS * (LATE_RUNS + 1) / 2);
        for (int i = 0; i < LATE_LOOP; i++)
            CHECK(l.taken[i] == LATE_RUNS);
    }
}
#endif

static void no_work(dmm_team *team, void *data)
{
    *(int *)data += dmm_team_size(team) > 0;
}

/* ---- Shares ------------------------------------------------------------- */

static void share_sizes(const double *cumulated, size_t n)
{
    for (size_t size = 1; size <= 9; size++) {
        size_t before = 0;
        double largest = 0, part = 0;
        for (size_t i = 0; i < n; i++) {
            const double cost = cumulated[i + 1] - cumulated[i];
            part = cost > part ? cost : part;
        }
        for (size_t i = 0; i < size; i++) {
            size_t begin = 99, end = 99;
            dmm_share(i, size, cumulated, n, &begin, &end);
            CHECK(begin == before && begin <= end && end <= n);
            before = end;
            const double cost = cumulated[end] - cumulated[begin];
            largest = cost > largest ? cost : largest;
        }
        CHECK(before == n);
        /* No share exceeds an equal one by more than the cost of one
         * element. */
        CHECK_AT_MOST(largest, cumulated[n] / (double)size + part + 1e-9);
    }
}

/* The ranges cover 0 .. n-1 in order, and their lengths differ by at most
 * one. */
static void test_splits(void)
{
    for (size_t n = 0; n < 40; n++)
        for (int size = 1; size <= 9; size++) {
            size_t before = 0;
            for (int me = 0; me < size; me++) {
                const dmm_worker worker = {NULL, me, size};
                size_t begin = 99, end = 99;
                dmm_team_split(&worker, n, &begin, &end);
                CHECK(begin == before && begin <= end);
                CHECK(end - begin - n / (size_t)size <= 1);
                before = end;
            }
            CHECK(before == n);
        }
}

static void test_shares(void)
{
    double cumulated[101];
    for (int round = 0; round < 50; round++) {
        const size_t n = random_below(101);
        cumulated[0] = 0;
        for (size_t i = 0; i < n; i++) {
            const double cost = random_below(3) ? 10 * random_uniform() : 0;
            cumulated[i + 1] =
                cumulated[i] + (random_below(20) ? cost : 1000);
        }
        share_sizes(cumulated, n);
    }
    memset(cumulated, 0, sizeof cumulated);
    share_sizes(cumulated, 100);
}

/* ---- How many threads --------------------------------------------------- */

static void test_threads_for(void)
{
    const dmm_threads_info info = dmm_threads_query();
    CHECK(info.processors >= 1 && info.max_threads >= 1 &&
          info.thread_limit >= 1 && !info.forked);
    CHECK(dmm_threads_for(8, DMM_SERIAL_WORK / 2) == 1);
    CHECK(dmm_threads_for(1, 1e12) == 1);
    CHECK(dmm_threads_for(0, 1e12) == 1);
    CHECK(dmm_threads_for(-3, 1e12) == 1);
    const int most = info.thread_limit < 4 ? info.thread_limit : 4;
    CHECK(dmm_threads_for(4, DMM_SERIAL_WORK) == (info.openmp ? most : 1));
}

static void nested_work(dmm_team *team, void *data)
{
    (void)data;
    if (dmm_team_size(team) > 1)
        CHECK(dmm_threads_for(4, 1e12) == 1);
}

/* ---- Fork --------------------------------------------------------------- */

#ifndef _WIN32
/* In a child of a process that has had a team, a parallel region would hang.
 * There, work must be serial and must end. */
static void test_fork(void)
{
    unsigned long count = 0;
    dmm_threads_watch_fork();
    dmm_team_run(3, many_work, &count);
    fflush(stdout);
    fflush(stderr);
    const pid_t child = fork();
    if (child == 0) {
        alarm(DEADLINE / 2);
        count = 0;
        const dmm_threads_info info = dmm_threads_query();
        const int threads = dmm_threads_for(4, 1e12);
        dmm_team_run(threads, many_work, &count);
        _exit(threads == 1 && count == 3000 && (info.forked || !info.openmp)
                  ? 0
                  : 1);
    }
    CHECK(child > 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* The parent is not affected. */
    CHECK(!dmm_threads_query().forked);
    count = 0;
    dmm_team_run(3, many_work, &count);
    CHECK(count == 3000);
}
#endif

int main(void)
{
#ifndef _WIN32
    alarm(DEADLINE);
#endif
    random_seed(13);
    for (int threads = 1; threads <= 8; threads++) {
        request r = {threads, 0};
        dmm_team_run(threads, loop_work, &r);
        CHECK(r.called == 1);
        unsigned long count = 0;
        dmm_team_run(threads, many_work, &count);
        CHECK(count == 3000);
        int called = 0;
        for (int i = 0; i < 100; i++)
            dmm_team_run(threads, no_work, &called);
        CHECK(called == 100);
    }
    dmm_team_run(2, nested_work, NULL);
#ifndef _WIN32
    for (int threads = 1; threads <= 4; threads++)
        dmm_team_run(threads, late_work, NULL);
#endif
    test_splits();
    test_shares();
    test_threads_for();
#ifndef _WIN32
    test_fork();
#endif
    return check_report();
}
