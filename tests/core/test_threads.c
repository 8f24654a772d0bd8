/* Tests of core/threads.c. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#endif

#include "check.h"
#include "helpers.h"
#include "threads.h"

/* A test that hangs is ended by the system, and then counts as failed. */
#define DEADLINE 120

/* What the machine may keep from happening, by not letting threads run, happens
 * in one of so many attempts. */
#define ATTEMPTS 60

/* ---- Loops and meetings ------------------------------------------------- */

/* Threads only write to elements that they were given; thread 0 checks. */
typedef struct {
    size_t n;
    unsigned *taken;  /* n: how often an index was given out       */
    unsigned *second; /* n: the same in a second loop              */
    unsigned entered; /* written by the thread that entered        */
    unsigned seen[64]; /* by thread: `entered` after the meeting   */
    unsigned ran[64]; /* by thread: tasks run                      */
    int size;         /* threads of the last run, by thread 0      */
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
    /* A loop of length 0, and what was written before a barrier is there. */
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
    unsigned all_together = 0;
    for (size_t l = 0; l < LENGTH(lengths); l++) {
        shared s = {.n = lengths[l]};
        s.taken = NEED(s.n, unsigned);
        s.second = NEED(s.n, unsigned);
        const unsigned repeats = 30;
        unsigned together = 0; /* runs by all; the others are by thread 0 */
        for (unsigned repeat = 1; repeat <= repeats; repeat++) {
            dmm_team_do(team, loop_task, &s);
            CHECK(s.entered == repeat);
            CHECK(s.size == size || s.size == 1);
            together += s.size == size;
            CHECK(s.seen[0] == repeat && s.ran[0] == repeat);
            for (int t = 1; t < size; t++) {
                CHECK(s.ran[t] == together);
                CHECK(s.size == 1 || s.seen[t] == repeat);
            }
            CHECK(s.ran[size] == 0);
        }
        all_together += together;
        int all = 1;
        for (size_t i = 0; i < s.n; i++)
            all = all && s.taken[i] == repeats && s.second[i] == repeats;
        CHECK(all);
        free(s.taken);
        free(s.second);
    }
    CHECK(all_together > 0);
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

/* ---- Threads that do not get to run ------------------------------------- */

#ifndef _WIN32
enum { PACED_RUNS = 60 };

typedef struct {
    int alone;     /* runs by thread 0 only           */
    int late;      /* whether other threads come late */
    unsigned *sum; /* PACED_RUNS                      */
    int run;
} paced;

/* Adds 1 to 100, in shares. */
static void paced_task(const dmm_worker *worker, void *data)
{
    paced *p = data;
    size_t i;
    const struct timespec pause = {0, 3000000};
    if (worker->number > 0 && p->late)
        nanosleep(&pause, NULL);
    if (worker->number == 0)
        p->alone += worker->size == 1;
    while (dmm_team_next(worker, 1, &i))
        for (unsigned e = 1; e <= 100; e++)
            p->sum[p->run] += e;
    dmm_team_barrier(worker);
}

/* Where the others come late thread 0 does the work alone, but looks whether
 * they have come back. */
static void paced_work(dmm_team *team, void *data)
{
    unsigned sum[PACED_RUNS] = {0};
    paced p = {.late = 1, .sum = sum};
    (void)data;
    for (p.run = 0; p.run < PACED_RUNS; p.run++)
        dmm_team_do(team, paced_task, &p);
    for (int i = 0; i < PACED_RUNS; i++)
        CHECK(sum[i] == 5050);
    if (dmm_team_size(team) == 1)
        CHECK(p.alone == PACED_RUNS);
    else
        CHECK_SAY(p.alone > PACED_RUNS / 2 && p.alone < PACED_RUNS - 2,
                  "%d of %d runs", p.alone, PACED_RUNS);
}

/* As many as it takes until thread 0 would try one alone, and one more: each
 * is another chance for the machine to keep a thread from running. */
enum { IDLE_TASKS = 4 };

/* Threads sleep together. */
static void idle_task(const dmm_worker *worker, void *data)
{
    int *alone = data;
    const struct timespec part = {0, 3000000};
    nanosleep(&part, NULL);
    if (worker->number == 0)
        *alone += worker->size == 1;
    dmm_team_barrier(worker);
}

static void idle_work(dmm_team *team, void *data)
{
    const struct timespec own = {0, 6000000};
    for (int i = 0; i < IDLE_TASKS; i++) {
        dmm_team_do(team, idle_task, data);
        nanosleep(&own, NULL);
    }
    if (dmm_team_size(team) == 1)
        *(int *)data = 0;
}

/* Threads that wait because thread 0 has work of its own between the tasks are
 * not idle: the team does them all. The machine may keep a thread from running
 * for as long, but not every time. */
static void test_idle(void)
{
    int alone = 1;
    for (int attempt = 0; attempt < ATTEMPTS && alone > 0; attempt++) {
        alone = 0;
        dmm_team_run(3, idle_work, &alone);
    }
    CHECK_SAY(alone == 0, "%d runs by thread 0 alone", alone);
}
#endif

static void no_work(dmm_team *team, void *data)
{
    *(int *)data += dmm_team_size(team) > 0;
}

/* ---- Handing over -------------------------------------------------------- */

/* Works of some steps, which threads take one by one, and then ask for. Threads
 * only write to those that they have; thread 0 checks. */
enum { STEPS = 40 };

typedef struct {
    unsigned done[DMM_OFFERS][STEPS];
    unsigned taken[DMM_OFFERS]; /* how often a work was handed over        */
    unsigned again[DMM_OFFERS]; /* whether it could be a second time       */
    unsigned late[DMM_OFFERS];  /* whether only its last step was          */
    int slow;                   /* whether thread 0 takes its time         */
} handed;

static void do_step(handed *h, const dmm_worker *worker, size_t offer, size_t i)
{
    h->done[offer][i]++;
#ifndef _WIN32
    const struct timespec pause = {0, 50000};
    if (h->slow && worker->number == 0)
        nanosleep(&pause, NULL);
#else
    (void)worker;
#endif
}

static void hand_task(const dmm_worker *worker, void *data)
{
    handed *h = data;
    size_t o, at;
    while (dmm_team_next(worker, DMM_OFFERS, &o)) {
        size_t n = STEPS;
        for (size_t i = 0; i < n; i++) {
            if (i == STEPS - 1)
                dmm_team_keep(worker, o);
            if (dmm_team_hand_over(worker, o, i))
                n = i;
            else
                do_step(h, worker, o, i);
        }
        h->again[o] += dmm_team_hand_over(worker, o, 0) != 0;
    }
    for (o = 0; o < DMM_OFFERS; o++)
        if (dmm_team_ask(worker, o, &at)) {
            h->taken[o]++;
            h->late[o] += at >= STEPS - 1;
            for (; at < STEPS; at++)
                do_step(h, worker, o, at);
        }
    dmm_team_barrier(worker);
}

static void hand_work(dmm_team *team, void *data)
{
    unsigned *taken = data;
    const int slow = *taken > 0;
    *taken = 0;
    for (int run = 0; run < 20; run++) {
        handed h = {.slow = slow};
        dmm_team_do(team, hand_task, &h);
        unsigned wrong = 0;
        for (size_t o = 0; o < DMM_OFFERS; o++) {
            for (size_t i = 0; i < STEPS; i++)
                wrong += h.done[o][i] != 1;
            wrong += h.again[o] + h.late[o] + (h.taken[o] > 1);
            *taken += h.taken[o];
        }
        CHECK_SAY(wrong == 0, "%u of %d threads", wrong, dmm_team_size(team));
    }
}

/* Every step is done once, whoever does it; where thread 0 is slow and another
 * gets to run, works are handed over. */
static void test_handing_over(void)
{
    for (int threads = 1; threads <= 6; threads++) {
        unsigned taken = 0;
        dmm_team_run(threads, hand_work, &taken);
        CHECK(threads > 1 || taken == 0);
    }
    if (!gives_threads(2) || dmm_threads_query().processors < 2)
        return;
    unsigned taken = 0;
    for (int attempt = 0; attempt < ATTEMPTS && taken == 0; attempt++) {
        taken = 1;
        dmm_team_run(2, hand_work, &taken);
    }
    CHECK(taken > 0);
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
        /* No share is over its part of the cost by more than one part. */
        CHECK_AT_MOST(largest, cumulated[n] / (double)size + part + 1e-9);
    }
}

/* All parts, once, in order, and no thread has two more than another. */
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
/* A fit's threads would hang in a child of a process that has had a team: it
 * has to be serial there, and to end. */
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
    /* The parent goes on as before. */
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
    dmm_team_run(1, paced_work, NULL);
    dmm_team_run(2, paced_work, NULL);
    dmm_team_run(3, paced_work, NULL);
    test_idle();
#endif
    test_handing_over();
    test_splits();
    test_shares();
    test_threads_for();
#ifndef _WIN32
    test_fork();
#endif
    return check_report();
}
