/* redis_save.c - a save as one EVALSHA; the order of its keys and arguments is
 * described at the top of save.lua.
 *
 * Rank entries come seller by seller, and each seller has the same KPIs and
 * windows in the same order: so the rank an entry belongs to is nearly always
 * the one after the rank of the entry before it, and finding it costs one look.
 */
#include "redis/redis_save.h"

#include "base/check.h"
#include "base/name.h"
#include "redis/redis_command.h"
#include "redis/redis_header.h"
#include "redis/redis_keys.h"

#include <stdio.h>
#include <string.h>

enum {
    COMMAND_WORDS = 3, /* EVALSHA, sha, number of keys */
    FIXED_KEYS = 2,    /* shard, log */
    FIXED_ARGUMENTS = 12,
    FIELD_BYTES = 32,
};

/* Redis keeps scores as doubles, and Lua versions: whole numbers up to here. */
static const uint64_t EXACT_MAX = UINT64_C(1) << 53;

void redis_save_scratch_free(struct redis_save_scratch *scratch)
{
    buffer_free(&scratch->key);
    buffer_free(&scratch->rank_keys);
    buffer_free(&scratch->rank_numbers);
}

/* ---- which ranks ---------------------------------------------------------------- */

static int32_t rank_key_count(const struct redis_save_scratch *scratch)
{
    return (int32_t)(scratch->rank_keys.size / sizeof(struct span));
}

static struct span rank_key(const struct redis_save_scratch *scratch, int32_t number)
{
    struct span key;
    memcpy(&key, scratch->rank_keys.at + (size_t)number * sizeof key, sizeof key);
    return key;
}

/* The number of a rank, looked for from `guess` on; added if it is new. */
static int32_t number_rank(struct redis_save_scratch *scratch, struct span kpi_window,
                           int32_t guess)
{
    const int32_t count = rank_key_count(scratch);
    for (int32_t i = 0; i < count; i++) {
        const int32_t number = (guess + i) % count;
        if (span_equal(rank_key(scratch, number), kpi_window))
            return number;
    }
    buffer_add(&scratch->rank_keys, span_of(&kpi_window, sizeof kpi_window));
    return count;
}

static void number_ranks(struct redis_save_scratch *scratch, const struct save *save)
{
    buffer_clear(&scratch->rank_keys);
    buffer_clear(&scratch->rank_numbers);
    int32_t number = -1;
    for (int32_t i = 0; i < save->rank_count; i++) {
        number = number_rank(scratch, save->ranks[i].kpi_window, number + 1);
        buffer_add(&scratch->rank_numbers, span_of(&number, sizeof number));
    }
}

/* ---- the command ------------------------------------------------------------------ */

static int64_t count_arguments(const struct save *save, int32_t rank_keys)
{
    int64_t count = COMMAND_WORDS + FIXED_KEYS + FIXED_ARGUMENTS + 2 * REDIS_HEADER_FIELDS;
    count += (int64_t)3 * save->part_count; /* key, field, value */
    count += (int64_t)2 * save->view_count; /* key, count */
    for (int32_t i = 0; i < save->view_count; i++)
        count += save->views[i].gone ? 0 : save->views[i].field_count;
    return count + rank_keys + (int64_t)3 * save->rank_count;
}

static void add_key(struct redis_command *c, struct buffer *key)
{
    redis_command_bytes(c, buffer_span(key));
    buffer_clear(key);
}

static void add_keys(struct redis_command *c, const char *prefix, const struct save *save,
                     struct redis_save_scratch *scratch)
{
    struct buffer *key = &scratch->key;
    buffer_clear(key);
    redis_keys_shard(key, prefix, save->shard);
    add_key(c, key);
    redis_keys_log(key, prefix, save->shard);
    add_key(c, key);
    for (int32_t i = 0; i < save->part_count; i++) {
        redis_keys_part(key, prefix, save->shard, save->parts[i].index);
        add_key(c, key);
    }
    for (int32_t i = 0; i < save->view_count; i++) {
        redis_keys_view(key, prefix, save->shard, save->views[i].seller_storefront);
        add_key(c, key);
    }
    for (int32_t i = 0; i < rank_key_count(scratch); i++) {
        redis_keys_rank(key, prefix, save->shard, rank_key(scratch, i));
        add_key(c, key);
    }
}

static void add_fixed_arguments(struct redis_command *c, const struct save *save,
                                int32_t rank_keys)
{
    const struct shard_header *h = &save->header;
    redis_command_number(c, REDIS_LAYOUT);
    redis_command_number(c, (int64_t)h->epoch);
    redis_command_text(c, save->writer);
    redis_command_number(c, (int64_t)h->version);
    redis_command_number(c, (int64_t)h->version - 1);
    redis_command_number(c, (int64_t)save->oldest_part_version);
    redis_command_versioned(c, h->version, save->log);
    redis_command_number(c, save->part_count);
    redis_command_number(c, save->view_count);
    redis_command_number(c, rank_keys);
    redis_command_number(c, save->rank_count);
    redis_command_number(c, REDIS_HEADER_FIELDS);
}

static void add_parts(struct redis_command *c, const struct save *save)
{
    for (int32_t i = 0; i < save->part_count; i++) {
        const struct saved_part *part = &save->parts[i];
        CHECK(part->index >= 0 && part->index < REDIS_PARTS_MAX);
        char field[FIELD_BYTES];
        snprintf(field, sizeof field, "part:%d", part->index);
        redis_command_text(c, field);
        redis_command_versioned(c, save->header.version, part->bytes);
    }
}

static void add_view(struct redis_command *c, const struct saved_view *view)
{
    if (view->gone) {
        redis_command_number(c, -1);
        return;
    }
    CHECK(view->field_count >= 0 && view->field_count % 2 == 0);
    redis_command_number(c, view->field_count);
    for (int32_t i = 0; i < view->field_count; i++)
        redis_command_bytes(c, view->fields[i]);
}

static void add_ranks(struct redis_command *c, const struct save *save,
                      const struct redis_save_scratch *scratch)
{
    for (int32_t i = 0; i < save->rank_count; i++) {
        const struct saved_rank *rank = &save->ranks[i];
        int32_t number = 0;
        memcpy(&number, scratch->rank_numbers.at + (size_t)i * sizeof number, sizeof number);
        redis_command_number(c, number + 1); /* Lua counts from one */
        redis_command_bytes(c, rank->member);
        if (rank->gone)
            redis_command_text(c, "");
        else
            redis_command_number(c, rank->score);
    }
}

void redis_save_encode(struct buffer *out, const char *prefix, const char *sha,
                       const struct save *save, struct redis_save_scratch *scratch)
{
    CHECK(save->header.version > 0 && save->header.version < EXACT_MAX);
    CHECK(save->header.epoch > 0 && save->header.epoch < EXACT_MAX);
    CHECK(save->oldest_part_version <= save->header.version);

    number_ranks(scratch, save);
    const int32_t rank_keys = rank_key_count(scratch);
    struct redis_command c = redis_command_begin(out, count_arguments(save, rank_keys));
    redis_command_text(&c, "EVALSHA");
    redis_command_text(&c, sha);
    redis_command_number(&c, FIXED_KEYS + save->part_count + save->view_count + rank_keys);
    add_keys(&c, prefix, save, scratch);
    add_fixed_arguments(&c, save, rank_keys);
    redis_header_write(&c, &save->header);
    add_parts(&c, save);
    for (int32_t i = 0; i < save->view_count; i++)
        add_view(&c, &save->views[i]);
    add_ranks(&c, save, scratch);
    redis_command_end(&c);
}
