/* redis_header.c - see redis_header.h. */
#include "redis/redis_header.h"

#include "base/check.h"
#include "base/name.h"
#include "kpi/image.h"
#include "kpi/outbox.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A 64-bit number of struct shard_header and the field that keeps it. */
struct numeric_field {
    const char *name;
    size_t place;     /* in struct shard_header */
    bool brought;     /* by the save; else written by a script */
    int64_t low;      /* what may stand there, besides TIME_NEVER_YET in a time */
    int64_t high;     /* like low */
    int64_t fallback; /* before the first save */
};

#define PLACE(member) offsetof(struct shard_header, member)

/* Like an image's, a time is one that we may have written: another could overflow where
 * time is counted on. The same holds for the next sequence. */
#define A_COUNT 0, INT64_MAX, 0
#define A_TIME -IMAGE_TIME_FURTHEST, IMAGE_TIME_FURTHEST, TIME_NEVER_YET
#define AN_OFFSET OFFSET_NONE, INT64_MAX, OFFSET_NONE
#define A_SEQUENCE 1, (int64_t)OUTBOX_SEQUENCE_MAX, 1

static const struct numeric_field fields[] = {
    { "epoch", PLACE(epoch), false, A_COUNT },
    { "version", PLACE(version), false, A_COUNT },
    { "stream_time", PLACE(stream_time), true, A_TIME },
    { "watermark", PLACE(watermark), true, A_TIME },
    { "highest:orders", PLACE(highest[TOPIC_ORDERS]), true, A_TIME },
    { "highest:messages", PLACE(highest[TOPIC_MESSAGES]), true, A_TIME },
    { "highest:shipments", PLACE(highest[TOPIC_SHIPMENTS]), true, A_TIME },
    { "offset:orders", PLACE(offsets[TOPIC_ORDERS]), true, AN_OFFSET },
    { "offset:messages", PLACE(offsets[TOPIC_MESSAGES]), true, AN_OFFSET },
    { "offset:shipments", PLACE(offsets[TOPIC_SHIPMENTS]), true, AN_OFFSET },
    { "alerts_offset", PLACE(alerts_offset), true, AN_OFFSET },
    { "next_shard_sequence", PLACE(next_shard_sequence), true, A_SEQUENCE },
};

enum { NUMERIC_FIELDS = sizeof fields / sizeof fields[0] };

static const char ALERTS_LIVE[] = "alerts_live";
static const char LOG_FIRST[] = "log_first";
static const char PART[] = "part:";
static const char NEVER[] = "never";

_Static_assert(sizeof(int64_t) == sizeof(uint64_t), "fields are read and written as int64_t");

/* ---- writing --------------------------------------------------------------- */

static int64_t field_value(const struct shard_header *header, const struct numeric_field *f)
{
    int64_t value = 0;
    memcpy(&value, (const char *)header + f->place, sizeof value);
    return value;
}

static bool is_possible(const struct numeric_field *f, int64_t value)
{
    if (value == TIME_NEVER_YET)
        return f->fallback == TIME_NEVER_YET;
    return value >= f->low && value <= f->high;
}

void redis_header_write(struct redis_command *c, const struct shard_header *header)
{
    int32_t written = 0;
    for (size_t i = 0; i < NUMERIC_FIELDS; i++) {
        if (!fields[i].brought)
            continue;
        const int64_t value = field_value(header, &fields[i]);
        CHECK(fields[i].low < 0 || value >= 0);
        redis_command_text(c, fields[i].name);
        if (value == TIME_NEVER_YET)
            redis_command_text(c, NEVER);
        else
            redis_command_number(c, value);
        written += 1;
    }
    redis_command_text(c, ALERTS_LIVE);
    redis_command_text(c, header->alerts_live ? "1" : "0");
    CHECK(written + 1 == REDIS_HEADER_FIELDS);
}

/* ---- reading ---------------------------------------------------------------- */

void redis_header_free(struct redis_header *header)
{
    free(header->parts);
    *header = (struct redis_header){ 0 };
}

static bool parse_digits(const char *text, int64_t *ret_value)
{
    const bool negative = text[0] == '-';
    uint64_t value = 0;
    size_t i = negative ? 1 : 0;
    if (text[i] == '\0')
        return false;
    for (; text[i] != '\0'; i++) {
        const unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || value > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool parse_number(const char *text, int64_t *ret_value)
{
    if (strcmp(text, NEVER) != 0)
        return parse_digits(text, ret_value);
    *ret_value = TIME_NEVER_YET;
    return true;
}

/* The value of a field, as text that ends with a NUL; NULL if there is none. */
static const char *find_field(const redisReply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < (size_t)reply->elements; i += 2) {
        if (strcmp(reply->element[i]->str, name) == 0)
            return reply->element[i + 1]->str;
    }
    return NULL;
}

static bool parse_field(const redisReply *reply, const struct numeric_field *f,
                        struct shard_header *header)
{
    int64_t value = f->fallback;
    const char *text = find_field(reply, f->name);
    if (text == NULL && header->version > 0)
        return false;
    if (text != NULL && (!parse_number(text, &value) || !is_possible(f, value)))
        return false;
    memcpy((char *)header + f->place, &value, sizeof value);
    return true;
}

static bool parse_part(const char *name, const char *text, struct redis_part *ret_part)
{
    int64_t index = 0;
    int64_t version = 0;
    if (!parse_digits(name + strlen(PART), &index) || !parse_digits(text, &version))
        return false;
    if (index < 0 || index >= REDIS_PARTS_MAX || version <= 0)
        return false;
    *ret_part = (struct redis_part){ .index = (int32_t)index, .version = (uint64_t)version };
    return true;
}

/* NULL, or the name of the field that is wrong. */
static const char *parse_parts(const redisReply *reply, struct redis_header *header)
{
    header->parts = calloc((size_t)reply->elements / 2 + 1, sizeof *header->parts);
    CHECK(header->parts != NULL);
    for (size_t i = 0; i + 1 < (size_t)reply->elements; i += 2) {
        const char *name = reply->element[i]->str;
        if (strncmp(name, PART, strlen(PART)) != 0)
            continue;
        struct redis_part *part = &header->parts[header->part_count];
        if (!parse_part(name, reply->element[i + 1]->str, part))
            return name;
        if (part->version > header->fields.version || part->version + 1 < header->log_first)
            return name;
        header->part_count += 1;
    }
    return NULL;
}

static const char *parse_log_first(const redisReply *reply, struct redis_header *header)
{
    int64_t value = 1;
    const char *text = find_field(reply, LOG_FIRST);
    if (text == NULL && header->fields.version > 0)
        return LOG_FIRST;
    if (text != NULL && !parse_digits(text, &value))
        return LOG_FIRST;
    if (value < 1 || (uint64_t)value > header->fields.version + 1)
        return LOG_FIRST;
    header->log_first = (uint64_t)value;
    return NULL;
}

/* NULL, or the name of the field that is wrong. `version` is parsed second and
 * decides whether later fields may be missing. */
static const char *parse_fields(const redisReply *reply, struct redis_header *header)
{
    for (size_t i = 0; i < NUMERIC_FIELDS; i++) {
        if (!parse_field(reply, &fields[i], &header->fields))
            return fields[i].name;
    }
    const char *live = find_field(reply, ALERTS_LIVE);
    if (live == NULL && header->fields.version > 0)
        return ALERTS_LIVE;
    header->fields.alerts_live = live != NULL && strcmp(live, "1") == 0;

    const char *wrong = parse_log_first(reply, header);
    return wrong != NULL ? wrong : parse_parts(reply, header);
}

static bool is_flat_text(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0)
        return false;
    for (size_t i = 0; i < (size_t)reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING)
            return false;
    }
    return true;
}

enum status redis_header_parse(const redisReply *reply, struct span key,
                               struct redis_header *ret_header, struct reason *why)
{
    *ret_header = (struct redis_header){ 0 };
    const char *wrong = is_flat_text(reply) ? parse_fields(reply, ret_header) : "(all)";
    if (wrong == NULL)
        return STATUS_OK;
    reason_set(why, "key %.*s: field %s is missing or holds an impossible value", (int)key.size,
               (const char *)key.at, wrong);
    return STATUS_MALFORMED;
}
