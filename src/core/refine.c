#include "refine.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"

/* Cells looked at to find a large one. */
#define CELLS_SEEN 1024

#define UNTIED UINT32_MAX

/* A vertex next to the cell by which others are split. */
typedef struct {
    uint32_t cell;
    uint32_t vertex;
    uint64_t value; /* sum of the hashes of its counts there */
} neighbour;

/* What to sort by, and whose it is. */
typedef struct {
    uint64_t key;
    uint32_t index;
} entry;

/* Connected vertices that tie, by place. */
typedef struct {
    uint32_t begin, end;
    size_t steps; /* that may be taken to order them */
    uint64_t hash;
} part;

/* Vertices in order, cut into cells of those that tie. A cell is named by its
 * first place. */
typedef struct {
    const dmm_graph *graph;
    uint32_t *vertex; /* n: by place                         */
    uint32_t *place;  /* n: by vertex                        */
    uint32_t *cell;   /* n: by vertex                        */
    uint32_t *size;   /* n: by cell                          */
    uint32_t *queue;  /* n, a ring: cells to split others by */
    size_t head, length;
    unsigned char *queued; /* n: by cell                      */
    unsigned char *seen;   /* n: by vertex                    */
    uint64_t *value;       /* n: by vertex                    */
    neighbour *neighbours; /* n                               */
    entry *entries;        /* n                               */
    uint64_t trace;        /* hash of what was split, and how */
    size_t steps;
    uint32_t *level; /* n: by cell, how many vertices were individualised */
    uint32_t now;    /* the level of cells that are made                  */
    uint32_t *best;  /* 2 n: an order by place; room to move vertices     */
    uint64_t best_hash;
    int found;
    uint32_t *root; /* n: by vertex, its cell before any was individualised */
    uint32_t *part_of; /* n: by vertex; UNTIED, or the number of its part */
    part *parts;       /* n */
    size_t n_parts;
} partition;

static void trace(partition *p, uint64_t what)
{
    p->trace = dmm_hash(p->trace + dmm_hash(what));
}

/* ---- Cells ------------------------------------------------------------ */

static void put(partition *p, uint32_t vertex, uint32_t place)
{
    p->vertex[place] = vertex;
    p->place[vertex] = place;
}

static void swap_into(partition *p, uint32_t vertex, uint32_t place)
{
    const uint32_t other = p->vertex[place], from = p->place[vertex];
    put(p, other, from);
    put(p, vertex, place);
}

static void push(partition *p, uint32_t cell)
{
    if (p->queued[cell])
        return;
    p->queued[cell] = 1;
    p->queue[(p->head + p->length++) % p->graph->n] = cell;
}

static uint32_t pop(partition *p)
{
    const uint32_t cell = p->queue[p->head];
    p->head = (p->head + 1) % p->graph->n;
    p->length--;
    p->queued[cell] = 0;
    return cell;
}

/* Makes a cell of the vertices from one place on. */
static void cut(partition *p, uint32_t begin, uint32_t size)
{
    p->size[begin] = size;
    for (uint32_t i = begin; i < begin + size; i++)
        p->cell[p->vertex[i]] = begin;
}

static int compare_neighbours(const void *a, const void *b)
{
    const neighbour *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* The neighbours of a cell, by their cells and values. */
static size_t find_neighbours(partition *p, uint32_t cell)
{
    const dmm_graph *g = p->graph;
    size_t n = 0;
    for (uint32_t i = cell; i < cell + p->size[cell]; i++) {
        const uint32_t v = p->vertex[i];
        for (size_t e = g->first[v]; e < g->first[v + 1]; e++) {
            const uint32_t w = g->to[e];
            if (!p->seen[w])
                p->neighbours[n++].vertex = w;
            p->seen[w] = 1;
            p->value[w] += dmm_hash(g->count[e]);
        }
        p->steps += 1 + g->first[v + 1] - g->first[v];
    }
    for (size_t i = 0; i < n; i++) {
        neighbour *x = &p->neighbours[i];
        x->cell = p->cell[x->vertex];
        x->value = p->value[x->vertex];
        p->value[x->vertex] = 0;
        p->seen[x->vertex] = 0;
    }
    qsort(p->neighbours, n, sizeof *p->neighbours, compare_neighbours);
    return n;
}

/* Splits a cell by the values of n of its vertices; those of the others, which
 * stay in front, are 0. */
static void split(partition *p, const neighbour *x, uint32_t n)
{
    const uint32_t cell = x->cell, size = p->size[cell], rest = size - n;
    for (uint32_t i = n; i-- > 0;)
        swap_into(p, x[i].vertex, cell + rest + i);
    uint32_t largest = cell, largest_size = rest;
    trace(p, cell);
    if (rest > 0)
        p->size[cell] = rest;
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && x[end].value == x[i].value; end++)
            ;
        trace(p, x[i].value + end);
        if (end - i == size)
            return;
        cut(p, cell + rest + i, end - i);
        if (rest + i > 0)
            p->level[cell + rest + i] = p->now;
        if (end - i > largest_size) {
            largest = cell + rest + i;
            largest_size = end - i;
        }
    }
    /* What is split evenly by the old cell and by all but one of its parts is
     * so by the last: the largest need not be queued. */
    const int all = p->queued[cell];
    for (uint32_t i = cell; i < cell + size; i += p->size[i])
        if (all || i != largest)
            push(p, i);
}

static void refine(partition *p)
{
    while (p->length > 0) {
        const uint32_t cell = pop(p);
        const size_t n = find_neighbours(p, cell);
        trace(p, cell);
        for (size_t i = 0, end; i < n; i = end) {
            for (end = i;
                 end < n && p->neighbours[end].cell == p->neighbours[i].cell;
                 end++)
                ;
            split(p, p->neighbours + i, (uint32_t)(end - i));
        }
    }
}

/* Gives a tied vertex a cell of its own, behind the others, and refines. */
static void individualise(partition *p, uint32_t vertex, uint32_t level)
{
    const uint32_t cell = p->cell[vertex];
    const uint32_t last = cell + --p->size[cell];
    p->now = level;
    p->trace = 0;
    swap_into(p, vertex, last);
    cut(p, last, 1);
    p->level[last] = level;
    push(p, last);
    refine(p);
}

/* Joins the cells of a part that were made above a level. */
static void restore(partition *p, const part *x, uint32_t level)
{
    uint32_t cell = x->begin;
    for (uint32_t i = x->begin, size; i < x->end; i += size) {
        size = p->size[i];
        if (p->level[i] <= level) {
            cell = i;
            continue;
        }
        for (uint32_t j = i; j < i + size; j++)
            p->cell[p->vertex[j]] = cell;
        p->size[cell] += size;
    }
    p->steps += x->end - x->begin;
}

/* ---- Tied vertices ---------------------------------------------------- */

/* The first of the largest of the next cells of tied vertices, from a place
 * on; `end` where nothing ties. Large cells split the others most. */
static uint32_t tied_cell(const partition *p, uint32_t from, uint32_t end)
{
    while (from < end && p->size[from] == 1)
        from++;
    uint32_t best = from;
    for (int n = 0; from < end && n < CELLS_SEEN; from += p->size[from], n++)
        if (p->size[from] > p->size[best])
            best = from;
    return best;
}

/* Of all that is in an ordered part. */
static uint64_t hash_part(partition *p, const part *x)
{
    const dmm_graph *g = p->graph;
    uint64_t hash = 0;
    for (uint32_t i = x->begin; i < x->end; i++) {
        const uint32_t v = p->vertex[i];
        uint64_t sum = p->root[v];
        for (size_t e = g->first[v]; e < g->first[v + 1]; e++) {
            /* Neighbours outside are not tied, and their places come last. */
            const uint32_t to = p->place[g->to[e]];
            const int inside = to >= x->begin && to < x->end;
            sum += dmm_hash_entry(g->count[e], inside ? to - x->begin : to);
        }
        hash = dmm_hash(hash + dmm_hash(sum));
        p->steps += 1 + g->first[v + 1] - g->first[v];
    }
    return hash;
}

/* Individualises the first that tie until none do. */
static void dive(partition *p, const part *x, uint32_t level)
{
    uint32_t cell, from = x->begin;
    while ((cell = tied_cell(p, from, x->end)) < x->end) {
        individualise(p, p->vertex[cell], level);
        while (p->size[from] == 1 && from < cell)
            from++;
    }
}

/* The vertex of a cell with the least number above or, if `any`, of all. */
static int next_member(partition *p, uint32_t cell, int any, uint32_t *vertex)
{
    uint32_t next = UINT32_MAX;
    for (uint32_t i = cell; i < cell + p->size[cell]; i++)
        if ((any || p->vertex[i] > *vertex) && p->vertex[i] < next)
            next = p->vertex[i];
    p->steps += p->size[cell];
    *vertex = next;
    return next != UINT32_MAX;
}

static uint64_t least_trace(partition *p, const part *x, uint32_t cell,
                            uint32_t level)
{
    uint64_t least = UINT64_MAX;
    uint32_t v = 0;
    for (int any = 1; next_member(p, cell, any, &v); any = 0) {
        individualise(p, v, level + 1);
        if (p->trace < least)
            least = p->trace;
        restore(p, x, level);
        if (p->steps > x->steps)
            break;
    }
    return least;
}

/* An order without ties: keeps that of the least hash. */
static uint64_t keep_best(partition *p, const part *x)
{
    const uint64_t hash = hash_part(p, x);
    if (!p->found || hash < p->best_hash) {
        for (uint32_t i = x->begin; i < x->end; i++)
            p->best[i] = p->vertex[i];
        p->best_hash = hash;
        p->found = 1;
    }
    return hash;
}

/* The least hash of the orders to which individualising leads, of a part at a
 * level: of the vertices of a cell, those with the least trace. Two that lead
 * to the same hash are equivalent: one of them is enough. Each level takes
 * steps in proportion to the part, so that the depth is limited with them. */
static uint64_t search(partition *p, const part *x, uint32_t level)
{
    const uint32_t cell = tied_cell(p, x->begin, x->end);
    if (cell == x->end)
        return keep_best(p, x);
    const uint64_t least = least_trace(p, x, cell, level);
    uint64_t best = UINT64_MAX, first_hash = 0;
    uint32_t v = 0;
    int found = 0;
    for (int any = 1; next_member(p, cell, any, &v); any = 0) {
        if (p->steps > x->steps)
            break;
        individualise(p, v, level + 1);
        if (p->trace == least) {
            dive(p, x, level + 2);
            const uint64_t hash = hash_part(p, x);
            restore(p, x, level + 1);
            if (!found || (hash != first_hash && hash != best)) {
                const uint64_t under = search(p, x, level + 1);
                best = under < best ? under : best;
            }
            first_hash = found ? first_hash : hash;
            found = 1;
        }
        restore(p, x, level);
    }
    return best;
}

/* Orders the vertices of one part. */
static void order_part(partition *p, part *x)
{
    p->steps = 0;
    p->found = 0;
    (void)search(p, x, 0);
    if (p->steps > x->steps)
        dive(p, x, 1); /* the best of some would depend on the numbers */
    else
        for (uint32_t i = x->begin; i < x->end; i++)
            put(p, p->best[i], i);
    x->hash = hash_part(p, x);
}

/* ---- Parts ------------------------------------------------------------ */

/* Numbers a part that a tied vertex is in; returns its vertices. */
static uint32_t walk_part(partition *p, uint32_t vertex, uint32_t number)
{
    const dmm_graph *g = p->graph;
    uint32_t *stack = p->queue, n = 1, depth = 1;
    stack[0] = vertex;
    p->part_of[vertex] = number;
    while (depth > 0) {
        const uint32_t v = stack[--depth];
        for (size_t e = g->first[v]; e < g->first[v + 1]; e++) {
            const uint32_t w = g->to[e];
            if (p->size[p->root[w]] == 1 || p->part_of[w] != UNTIED)
                continue;
            p->part_of[w] = number;
            stack[depth++] = w;
            n++;
        }
    }
    return n;
}

static void find_parts(partition *p)
{
    const size_t n = p->graph->n;
    uint32_t begin = 0;
    memcpy(p->root, p->cell, n * sizeof *p->root);
    for (size_t v = 0; v < n; v++)
        p->part_of[v] = UNTIED;
    for (size_t v = 0; v < n; v++) {
        if (p->size[p->root[v]] == 1 || p->part_of[v] != UNTIED)
            continue;
        part *x = &p->parts[p->n_parts];
        x->begin = begin;
        begin += walk_part(p, (uint32_t)v, (uint32_t)p->n_parts++);
        x->end = begin;
    }
}

/* Gathers the parts, each in the order of its vertices so far, with those that
 * do not tie behind them. */
static void gather_parts(partition *p)
{
    const size_t n = p->graph->n;
    uint32_t *old = p->best, *next = p->best + n;
    uint32_t untied = p->n_parts > 0 ? p->parts[p->n_parts - 1].end : 0;
    memcpy(old, p->vertex, n * sizeof *old);
    for (size_t i = 0; i < p->n_parts; i++)
        next[i] = p->parts[i].begin;
    for (size_t i = 0; i < n; i++) {
        const uint32_t v = old[i], number = p->part_of[v];
        put(p, v, number == UNTIED ? untied++ : next[number]++);
    }
    for (uint32_t i = 0, end; i < n; i = end) {
        const uint32_t v = p->vertex[i];
        for (end = i + 1; end < n; end++) {
            const uint32_t w = p->vertex[end];
            if (p->root[w] != p->root[v] || p->part_of[w] != p->part_of[v])
                break;
        }
        cut(p, i, end - i);
    }
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void order_parts(partition *p)
{
    size_t tied = 0;
    for (size_t i = 0; i < p->n_parts; i++)
        tied += p->parts[i].end - p->parts[i].begin;
    for (size_t i = 0; i < p->n_parts; i++) {
        /* A share by size is the same whichever part comes first. */
        part *x = &p->parts[i];
        x->steps = DMM_REFINE_STEPS / tied * (x->end - x->begin);
        order_part(p, x);
        p->entries[i] = (entry){x->hash, (uint32_t)i};
    }
    qsort(p->entries, p->n_parts, sizeof *p->entries, compare_entries);
}

/* The order: by the first cells, then by parts, then inside a part. */
static void number_vertices(partition *p, uint32_t *place)
{
    const size_t n = p->graph->n;
    memset(p->size, 0, n * sizeof *p->size);
    memcpy(place, p->root, n * sizeof *place);
    for (size_t i = 0; i < p->n_parts; i++) {
        const part *x = &p->parts[p->entries[i].index];
        for (uint32_t j = x->begin; j < x->end; j++)
            place[p->vertex[j]] += p->size[p->root[p->vertex[j]]]++;
    }
}

/* ---- Partitions ------------------------------------------------------- */

static dmm_status partition_init(partition *p, const dmm_graph *graph)
{
    const size_t n = graph->n;
    p->graph = graph;
    p->vertex = DMM_NEW(n, uint32_t);
    p->place = DMM_NEW(n, uint32_t);
    p->cell = DMM_NEW(n, uint32_t);
    p->size = DMM_NEW(n, uint32_t);
    p->queue = DMM_NEW(n, uint32_t);
    p->queued = DMM_NEW(n, unsigned char);
    p->seen = DMM_NEW(n, unsigned char);
    p->value = DMM_NEW(n, uint64_t);
    p->neighbours = DMM_NEW(n, neighbour);
    p->entries = DMM_NEW(n, entry);
    p->level = DMM_NEW(n, uint32_t);
    p->best = DMM_NEW2(2, n, uint32_t);
    p->root = DMM_NEW(n, uint32_t);
    p->part_of = DMM_NEW(n, uint32_t);
    p->parts = DMM_NEW(n, part);
    return p->vertex && p->place && p->cell && p->size && p->queue &&
                   p->queued && p->seen && p->value && p->neighbours &&
                   p->entries && p->level && p->best && p->root && p->part_of &&
                   p->parts
               ? DMM_OK
               : DMM_ERROR_MEMORY;
}

static void partition_free(partition *p)
{
    dmm_free(p->vertex);
    dmm_free(p->place);
    dmm_free(p->cell);
    dmm_free(p->size);
    dmm_free(p->queue);
    dmm_free(p->queued);
    dmm_free(p->seen);
    dmm_free(p->value);
    dmm_free(p->neighbours);
    dmm_free(p->entries);
    dmm_free(p->level);
    dmm_free(p->best);
    dmm_free(p->root);
    dmm_free(p->part_of);
    dmm_free(p->parts);
}

/* Cells of vertices of one colour, all queued. */
static void cut_by_colour(partition *p)
{
    const uint32_t n = (uint32_t)p->graph->n;
    for (uint32_t v = 0; v < n; v++)
        p->entries[v] = (entry){p->graph->colour[v], v};
    qsort(p->entries, n, sizeof *p->entries, compare_entries);
    for (uint32_t i = 0; i < n; i++)
        put(p, p->entries[i].index, i);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && p->entries[end].key == p->entries[i].key;)
            end++;
        cut(p, i, end - i);
        push(p, i);
    }
}

dmm_status dmm_refine_order(const dmm_graph *graph, uint32_t *place)
{
    if (graph->n >= UNTIED)
        return DMM_ERROR_TOO_LARGE;
    partition p = {.graph = graph};
    const dmm_status status = partition_init(&p, graph);
    if (status == DMM_OK) {
        cut_by_colour(&p);
        refine(&p);
        find_parts(&p);
        gather_parts(&p);
        order_parts(&p);
        number_vertices(&p, place);
    }
    partition_free(&p);
    return status;
}
