/* start_up.c - one part of the start of the program, and what came out of it as one line.
 *
 *     memory_start_up schemas|alerts|registry|calendars
 *
 * start_up_test.py runs it once for each allocation that may fail: it may end with 0 and the
 * same line, with 2 and a reason, or by abort() with its last words.
 */
#include "app/domain_rules.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/name.h"
#include "codec/event_schema.h"
#include "codec/library_memory.h"
#include "codec/schema_program.h"
#include "http/registry_client.h"
#include "schemas_embedded.h"
#include "unit/codec/alert_support.h"

#include "codec/alert_codec.h"

#include <inttypes.h>
#include <stdlib.h>

/* More than our events need: what nests, repeats and refers to itself. */
static const char NESTED[] =
    "{\"type\":\"record\",\"name\":\"W\",\"fields\":["
    "{\"name\":\"tree\",\"type\":{\"type\":\"record\",\"name\":\"T\",\"fields\":["
    "{\"name\":\"kids\",\"type\":{\"type\":\"array\",\"items\":\"T\"}},"
    "{\"name\":\"note\",\"type\":[\"null\",\"string\",{\"type\":\"map\",\"values\":\"long\"}]}]"
    "}},"
    "%s";

static int refuse(const struct reason *why)
{
    fprintf(stderr, "memory_start_up: %s\n", why->text);
    return 2;
}

/* The steps of our own schema as a writer's, with a nested field before its own. */
static bool compile(enum topic topic, uint64_t *hash, struct reason *why)
{
    struct reader_schema *reader = event_schema_open(topic);
    struct schema_program *program = NULL;
    struct buffer text = { 0 };
    const char *own = strchr(event_schema_text(topic), '[');
    CHECK(own != NULL);
    buffer_printf(&text, NESTED, own + 1);
    const enum status s =
        schema_program_compile(buffer_span(&text), reader, NULL, &program, why);
    if (s == STATUS_OK) {
        for (uint32_t i = 0; i < program->step_count; i++) {
            const struct step *step = &program->steps[i];
            *hash = hash_mix(*hash, step->code);
            *hash = hash_mix(*hash, (uint64_t)step->offset << 32 | step->arg);
        }
        for (uint32_t i = 0; i < program->table_count; i++)
            *hash = hash_mix(*hash, (uint64_t)program->tables[i]);
    }
    schema_program_free(program);
    buffer_free(&text);
    reader_schema_close(reader);
    return s == STATUS_OK;
}

static int schemas(void)
{
    uint64_t hash = 0;
    struct reason why = { "" };
    for (int t = 0; t < TOPIC_COUNT; t++) {
        if (!compile((enum topic)t, &hash, &why))
            return refuse(&why);
    }
    printf("programs %" PRIx64 "\n", hash);
    return 0;
}

static int alerts(void)
{
    const struct alert_codec_options options = { .schema_id = 1,
                                                 .source = "/here",
                                                 .producer = "start_up" };
    struct alert_codec *codec = alert_codec_open(&options);
    const struct encoder_port encoder = alert_codec_port(codec);
    const struct alert_change change = sample_alert();
    struct outgoing record = { .shard = 1 };
    struct reason why = { "" };
    const enum status s = encoder.encode(encoder.self, &change, &record, &why);
    if (s == STATUS_OK)
        printf("alert %" PRIx64 "\n", hash_bytes(record.value));
    alert_codec_close(codec);
    return s == STATUS_OK ? 0 : refuse(&why);
}

/* Nobody answers on port 1. */
static int registry(void)
{
    const struct registry_client_options options = { .http = { .url = "http://127.0.0.1:1",
                                                               .timeout_ms = 1000 } };
    struct reason why = { "" };
    struct registry_client *client = registry_client_open(&options, &why);
    if (client == NULL)
        return refuse(&why);
    int32_t id = 0;
    const enum status s =
        registry_client_lookup(client, "s", span_of_text("\"int\""), &id, &why);
    registry_client_close(client);
    CHECK(s != STATUS_OK);
    if (s == STATUS_REFUSED)
        return refuse(&why);
    printf("registry %d\n", (int)s);
    return 0;
}

static int calendars(void)
{
    struct settings settings;
    struct domain_rules rules;
    struct reason why = { "" };
    uint64_t hash = 0;
    settings_defaults(&settings);
    if (!domain_rules_open(&settings, &rules, &why))
        return refuse(&why);
    for (int32_t i = 0; i < rules.calendars.count; i++) {
        const struct calendar *c = &rules.calendars.at[i];
        for (int32_t day = 0; day < c->days; day++)
            hash =
                hash_mix(hash_mix(hash, (uint64_t)c->starts[day]), (uint64_t)c->elapsed[day]);
    }
    printf("%d calendars %" PRIx64 "\n", rules.calendars.count, hash);
    domain_rules_close(&rules);
    settings_free(&settings);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } parts[] = {
        { "schemas", schemas },
        { "alerts", alerts },
        { "registry", registry },
        { "calendars", calendars },
    };
    library_memory_insist(); /* like main.c */
    for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, argv[1]) == 0)
            return parts[i].run();
    }
    fprintf(stderr, "memory_start_up: schemas, alerts, registry or calendars\n");
    return 1;
}
