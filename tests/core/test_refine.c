/* The order of a graph's vertices. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "helpers.h"
#include "refine.h"

typedef struct {
    size_t n;
    uint64_t *colour;
    uint32_t *count; /* n x n, symmetric: 0 for no edge */
} net;

static net net_new(size_t n)
{
    return (net){n, NEED(n, uint64_t), NEED(n * n, uint32_t)};
}

static void net_free(net *x)
{
    free(x->colour);
    free(x->count);
}

static void join(net *x, size_t v, size_t w, uint32_t count)
{
    x->count[v * x->n + w] = x->count[w * x->n + v] = count;
}

static void order(const net *x, uint32_t *place)
{
    size_t *first = NEED(x->n + 1, size_t), edges = 0;
    uint32_t *to = NEED(x->n * x->n, uint32_t);
    uint32_t *count = NEED(x->n * x->n, uint32_t);
    for (size_t v = 0; v < x->n; v++) {
        first[v] = edges;
        for (size_t w = 0; w < x->n; w++)
            if (x->count[v * x->n + w]) {
                to[edges] = (uint32_t)w;
                count[edges++] = x->count[v * x->n + w];
            }
    }
    first[x->n] = edges;
    const dmm_graph graph = {x->n, x->colour, first, to, count};
    CHECK(dmm_refine_order(&graph, place) == DMM_OK);
    free(first);
    free(to);
    free(count);
}

/* The graph with its vertices where `place` says. */
static net moved(const net *x, const uint32_t *place)
{
    net y = net_new(x->n);
    for (size_t v = 0; v < x->n; v++) {
        y.colour[place[v]] = x->colour[v];
        for (size_t w = 0; w < x->n; w++)
            y.count[place[v] * x->n + place[w]] = x->count[v * x->n + w];
    }
    return y;
}

static net in_order(const net *x)
{
    uint32_t *place = NEED(x->n, uint32_t);
    unsigned char *seen = NEED(x->n, unsigned char);
    order(x, place);
    for (size_t v = 0; v < x->n; v++) {
        CHECK(place[v] < x->n && !seen[place[v] % x->n]);
        seen[place[v] % x->n] = 1;
    }
    net y = moved(x, place);
    free(place);
    free(seen);
    return y;
}

static int same(const net *x, const net *y)
{
    return !memcmp(x->colour, y->colour, x->n * sizeof *x->colour) &&
           !memcmp(x->count, y->count, x->n * x->n * sizeof *x->count);
}

/* Any numbering of the vertices gives the same graph in order. */
static void check_order(const char *name, net *x)
{
    net expected = in_order(x);
    uint32_t *place = NEED(x->n, uint32_t);
    for (int round = 0; round < 20; round++) {
        for (size_t v = 0; v < x->n; v++)
            place[v] = (uint32_t)v;
        for (size_t v = x->n; v-- > 1;) {
            const size_t w = random_below(v + 1);
            const uint32_t swap = place[v];
            place[v] = place[w];
            place[w] = swap;
        }
        net y = moved(x, place);
        net z = in_order(&y);
        CHECK_SAY(same(&z, &expected), "%s, %zu vertices", name, x->n);
        net_free(&y);
        net_free(&z);
    }
    for (size_t v = 1; v < x->n; v++)
        CHECK(expected.colour[v - 1] <= expected.colour[v]);
    net_free(&expected);
    free(place);
}

int main(void)
{
    random_seed(5);
    net x = net_new(1);
    check_order("a vertex", &x);
    net_free(&x);
    x = net_new(9);
    x.colour[4] = 3;
    check_order("no edges", &x);
    for (size_t v = 0; v < 9; v++)
        join(&x, v, (v + 1) % 9, 2);
    check_order("a cycle with a mark", &x);
    x.colour[4] = 0;
    check_order("a cycle", &x);
    join(&x, 2, 5, 7);
    check_order("a cycle with a chord", &x);
    net_free(&x);
    for (int i = 0; i < 200; i++) {
        const size_t n = 2 + random_below(12);
        x = net_new(n);
        for (size_t v = 0; v < n; v++) {
            x.colour[v] = random_below(2);
            for (size_t w = 0; w < v; w++)
                join(&x, v, w, (uint32_t)random_below(2 + (size_t)i % 2));
        }
        check_order("a random graph", &x);
        net_free(&x);
    }
    /* Too large a one is refused before anything is read. */
    const dmm_graph large = {.n = UINT32_MAX};
    CHECK(dmm_refine_order(&large, NULL) == DMM_ERROR_TOO_LARGE);
    return check_report();
}
