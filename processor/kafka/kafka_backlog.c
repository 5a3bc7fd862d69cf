/* kafka_backlog.c - see kafka_backlog.h. */
#include "kafka/kafka_backlog.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static void append(struct kafka_slots *list, struct kafka_slot *slot)
{
    slot->previous = list->last;
    slot->next = NULL;
    if (list->last == NULL)
        list->first = slot;
    else
        list->last->next = slot;
    list->last = slot;
}

static void put_first(struct kafka_slots *list, struct kafka_slot *slot)
{
    slot->previous = NULL;
    slot->next = list->first;
    if (list->first == NULL)
        list->last = slot;
    else
        list->first->previous = slot;
    list->first = slot;
}

static void unlink_slot(struct kafka_slots *list, struct kafka_slot *slot)
{
    if (slot->previous == NULL)
        list->first = slot->next;
    else
        slot->previous->next = slot->next;
    if (slot->next == NULL)
        list->last = slot->previous;
    else
        slot->next->previous = slot->previous;
}

void kafka_backlog_open(struct kafka_backlog *b, int32_t slot_count)
{
    CHECK(slot_count > 0);
    *b = (struct kafka_backlog){ .slot_count = slot_count };
    b->all = calloc((size_t)slot_count, sizeof *b->all);
    CHECK(b->all != NULL);
    for (int32_t i = 0; i < slot_count; i++)
        append(&b->free, &b->all[i]);
}

void kafka_backlog_close(struct kafka_backlog *b)
{
    for (int32_t i = 0; i < b->slot_count; i++)
        buffer_free(&b->all[i].bytes);
    free(b->all);
    *b = (struct kafka_backlog){ 0 };
}

bool kafka_backlog_full(const struct kafka_backlog *b)
{
    return b->free.first == NULL || b->pending_bytes >= KAFKA_BACKLOG_BYTES;
}

static void copy_record(struct kafka_slot *slot, const struct outgoing *record)
{
    buffer_clear(&slot->bytes);
    slot->has_key = record->key.at != NULL;
    slot->has_value = record->value.at != NULL;
    slot->key_size = record->key.size;
    slot->value_size = record->value.size;
    slot->header_count = record->header_count;
    buffer_add(&slot->bytes, record->key);
    buffer_add(&slot->bytes, record->value);
    for (int32_t i = 0; i < record->header_count; i++) {
        const struct outgoing_header *header = &record->headers[i];
        buffer_add_string(&slot->bytes, span_of(header->name, strlen(header->name)));
        buffer_add_string(&slot->bytes, header->value);
    }
    buffer_add_u8(&slot->bytes, 0); /* so that empty keys and values have an address */
}

struct kafka_slot *kafka_backlog_add(struct kafka_backlog *b, const struct outgoing *record)
{
    CHECK(!kafka_backlog_full(b));
    struct kafka_slot *slot = b->free.first;
    unlink_slot(&b->free, slot);
    b->kept_bytes -= slot->bytes.capacity;
    copy_record(slot, record);
    slot->handed = false;
    slot->delivery = (struct delivery){
        .kind = record->kind, .shard = record->shard, .cookie = record->cookie, .offset = -1
    };
    append(&b->pending, slot);
    b->pending_bytes += slot->bytes.size;
    if (b->unsent == NULL)
        b->unsent = slot;
    return slot;
}

void kafka_backlog_handed(struct kafka_backlog *b)
{
    CHECK(b->unsent != NULL && !b->unsent->handed);
    b->unsent->handed = true;
    b->unsent = b->unsent->next;
    b->handed_count += 1;
}

void kafka_backlog_failed(struct kafka_backlog *b, struct kafka_slot *slot)
{
    CHECK(slot->handed);
    slot->handed = false;
    b->handed_count -= 1;
}

static void leave_pending(struct kafka_backlog *b, struct kafka_slot *slot)
{
    CHECK(b->pending_bytes >= slot->bytes.size);
    unlink_slot(&b->pending, slot);
    b->pending_bytes -= slot->bytes.size;
}

void kafka_backlog_acknowledge(struct kafka_backlog *b, struct kafka_slot *slot, int64_t offset)
{
    CHECK(slot->handed);
    b->handed_count -= 1;
    leave_pending(b, slot);
    slot->delivery.delivered = true;
    slot->delivery.offset = offset;
    append(&b->done, slot);
}

static void release(struct kafka_backlog *b, struct kafka_slot *slot)
{
    if (b->kept_bytes + slot->bytes.capacity > KAFKA_BACKLOG_KEEP_BYTES) {
        buffer_free(&slot->bytes);
        append(&b->free, slot);
        return;
    }
    b->kept_bytes += slot->bytes.capacity;
    put_first(&b->free, slot);
}

void kafka_backlog_rewind(struct kafka_backlog *b)
{
    for (struct kafka_slot *slot = b->pending.first; slot != NULL; slot = slot->next)
        slot->handed = false;
    b->handed_count = 0;
    b->unsent = b->pending.first;
}

void kafka_backlog_give_up(struct kafka_backlog *b)
{
    CHECK(b->handed_count == 0);
    while (b->pending.first != NULL) {
        struct kafka_slot *slot = b->pending.first;
        leave_pending(b, slot);
        append(&b->done, slot);
    }
    b->unsent = NULL;
}

int32_t kafka_backlog_take(struct kafka_backlog *b, struct delivery *ret_deliveries,
                           int32_t max)
{
    int32_t count = 0;
    while (count < max && b->done.first != NULL) {
        struct kafka_slot *slot = b->done.first;
        ret_deliveries[count] = slot->delivery;
        count += 1;
        unlink_slot(&b->done, slot);
        release(b, slot);
    }
    return count;
}

struct span kafka_backlog_key(const struct kafka_slot *slot)
{
    if (!slot->has_key)
        return (struct span){ 0 };
    return span_of(slot->bytes.at, slot->key_size);
}

struct span kafka_backlog_value(const struct kafka_slot *slot)
{
    if (!slot->has_value)
        return (struct span){ 0 };
    return span_of(slot->bytes.at + slot->key_size, slot->value_size);
}

struct span kafka_backlog_headers(const struct kafka_slot *slot)
{
    const size_t before = slot->key_size + slot->value_size;
    CHECK(slot->bytes.size > before);
    return span_of(slot->bytes.at + before, slot->bytes.size - before - 1);
}
