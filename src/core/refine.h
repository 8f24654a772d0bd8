/* An order of the vertices of a graph that depends on the graph alone.
 *
 * Vertices have colours, and edges counts. Vertices of equal colour that differ
 * in the counts of their edges to those of some colour get different colours,
 * until none do: the coarsest equitable partition, by Hopcroft's worklist, in
 * O(edges log vertices). What still ties is divided into connected parts, each
 * ordered on its own: one of the tied vertices gets a colour of its own, and
 * the others are refined again, until none tie (McKay 1981, Congressus
 * Numerantium 30:45). The vertex is searched for that leads to the order in
 * which the part has the least hash; one that leads to the same hash as another
 * is equivalent to it. Last, parts are ordered by their hashes.
 *
 * A search takes DMM_REFINE_STEPS at most, of which each part has its share. A
 * part that needs more is ordered by the first of tied vertices each time: its
 * order still is canonical where those are equivalent, but else depends on the
 * numbers of the vertices.
 */
#ifndef DMM_REFINE_H
#define DMM_REFINE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Visits of an edge or a vertex: some tenths of a second. */
#define DMM_REFINE_STEPS ((size_t)1 << 25)

typedef struct {
    size_t n; /* vertices, fewer than 2^32                      */
    const uint64_t *colour;
    const size_t *first; /* n + 1: the edges of a vertex are those from
                            first[v] to first[v + 1], each edge at both ends */
    const uint32_t *to;
    const uint32_t *count;
} dmm_graph;

/* The place of each vertex in the order, n: by colour before all else. */
dmm_status dmm_refine_order(const dmm_graph *graph, uint32_t *place);

#endif
