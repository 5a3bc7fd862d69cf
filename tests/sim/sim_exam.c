/* sim_exam.c - what the oracle is asked, as JSON lines, so that another one can be asked the
 * same: tests/oracle/test_exam.py.
 *
 *      {"shard": 0, "stream_time": .., "watermark": .., "calendars": {"de": "de", ..}}
 *      {"id_message": ..}        an event by the names of the .avsc, one a line
 *      {"row": "4711|de cancellation:7d 1 20 50000"}         what this oracle answers
 */
#include "sim/sim.h"

#include "codec/event_json_write.h"
#include "codec/event_schema.h"

#include <inttypes.h>

static void write_question(const struct sim *s, int32_t shard,
                           const struct shard_header *header)
{
    fprintf(s->reader.exam,
            "{\"shard\": %d, \"stream_time\": %" PRId64 ", \"watermark\": %" PRId64
            ", \"abandon_after\": %" PRId64 ", \"calendars\": {",
            shard, header->stream_time, header->watermark, s->world.rules->abandon_after_ms);
    for (int i = 0; i < SIM_STOREFRONTS; i++)
        fprintf(s->reader.exam, "%s\"%s\": \"%s\"", i == 0 ? "" : ", ", s->storefronts[i].name,
                sim_calendar_name(s->storefronts[i].calendar));
    fprintf(s->reader.exam, "}}\n");
}

void sim_exam_ask(const struct sim *s, int32_t shard, const struct shard_header *header)
{
    struct reader_schema *schemas[TOPIC_COUNT];
    for (int i = 0; i < TOPIC_COUNT; i++)
        schemas[i] = event_schema_open((enum topic)i);
    write_question(s, shard, header);
    for (int32_t i = 0; i < s->world.entry_count; i++) {
        const struct little_entry *e = s->world.entries[i];
        struct buffer line = { 0 };
        if (e->shard != shard || !sim_counts(s, e))
            continue;
        event_json_write(schemas[e->topic], &e->event, &line);
        fwrite(line.at, 1, line.size, s->reader.exam);
        buffer_free(&line);
    }
    for (int i = 0; i < TOPIC_COUNT; i++)
        reader_schema_close(schemas[i]);
}
