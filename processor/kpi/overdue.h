/* overdue.h - the gauges: units and tickets that are open past their deadline.
 *
 * Each cell has a list of its overdue units and one of its overdue tickets,
 * newest deadline first, linked through the entities themselves; the length is
 * the gauge. The total cell has the length only.
 */
#pragma once

#include "kpi/seller.h"

struct overdue_node {
    int64_t at; /* the deadline */
    uint32_t next;
    uint32_t previous;
    bool listed;
};

/* Where the nodes of one kind are. */
struct overdue_nodes {
    const struct pool *pool;
    size_t offset; /* of the overdue_node in the pooled object */
    enum overdue_kind kind;
    enum kpi gauge;
};

/* Puts `ref` on its cell's list. Idempotent. */
void overdue_add(const struct overdue_nodes *nodes, struct sellers *sellers, uint32_t cell,
                 uint32_t ref, int64_t deadline);

/* Takes it off again. Idempotent. */
void overdue_remove(const struct overdue_nodes *nodes, struct sellers *sellers, uint32_t cell,
                    uint32_t ref);

static inline struct overdue_node *overdue_node(const struct overdue_nodes *nodes, uint32_t ref)
{
    return (struct overdue_node *)((uint8_t *)pool_at(nodes->pool, ref) + nodes->offset);
}
