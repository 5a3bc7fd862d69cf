/* overdue.c - see overdue.h. */
#include "kpi/overdue.h"

#include "base/check.h"

static void changed(const struct overdue_nodes *nodes, struct sellers *sellers, uint32_t cell,
                    int32_t by)
{
    const uint32_t both[2] = { cell, sellers_total(sellers, cell) };
    for (int i = 0; i < 2; i++) {
        struct overdue_list *list = &sellers_cell(sellers, both[i])->overdue[nodes->kind];
        CHECK(by > 0 || list->count > 0);
        list->count = (uint32_t)((int64_t)list->count + by);
        sellers_mark(sellers, both[i], UINT32_C(1) << nodes->gauge);
    }
}

void overdue_add(const struct overdue_nodes *nodes, struct sellers *sellers, uint32_t cell,
                 uint32_t ref, int64_t deadline)
{
    struct overdue_node *node = overdue_node(nodes, ref);
    if (node->listed && node->at == deadline)
        return;
    overdue_remove(nodes, sellers, cell, ref);

    uint32_t before = 0;
    uint32_t after = sellers_cell(sellers, cell)->overdue[nodes->kind].first;
    while (after != 0 && overdue_node(nodes, after)->at > deadline) {
        before = after;
        after = overdue_node(nodes, after)->next;
    }
    *node = (struct overdue_node){
        .at = deadline, .next = after, .previous = before, .listed = true
    };
    if (after != 0)
        overdue_node(nodes, after)->previous = ref;
    if (before != 0)
        overdue_node(nodes, before)->next = ref;
    else
        sellers_cell(sellers, cell)->overdue[nodes->kind].first = ref;
    changed(nodes, sellers, cell, 1);
}

void overdue_remove(const struct overdue_nodes *nodes, struct sellers *sellers, uint32_t cell,
                    uint32_t ref)
{
    struct overdue_node *node = overdue_node(nodes, ref);
    if (!node->listed)
        return;
    if (node->next != 0)
        overdue_node(nodes, node->next)->previous = node->previous;
    if (node->previous != 0)
        overdue_node(nodes, node->previous)->next = node->next;
    else
        sellers_cell(sellers, cell)->overdue[nodes->kind].first = node->next;
    *node = (struct overdue_node){ 0 };
    changed(nodes, sellers, cell, -1);
}
