/* decoder_schema_fuzz.c - any writer's schema, any bytes.
 *
 *      topic, 1 byte | size of the schema text, 2 bytes | schema text | record
 *
 * What has no Confluent framing before it is taken as the body of a record.
 * A text without a schema in it falls back to our own schema of the topic, so that
 * bytes alone get deep as well.
 */
#include "base/check.h"
#include "base/name.h"
#include "codec/event_codec.h"
#include "codec/event_schema.h"
#include "codec/framing.h"
#include "codec/program_run.h"
#include "fuzz/fuzz_avro.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct schema_program *compile(struct span text, enum topic topic,
                                      const struct reader_schema *reader)
{
    struct schema_program *program = NULL;
    struct reason why;
    if (schema_program_compile(text, reader, NULL, &program, &why) == STATUS_OK)
        return program;
    CHECK(why.text[0] != '\0');
    const struct span own = span_of_text(event_schema_text(topic));
    CHECK(schema_program_compile(own, reader, NULL, &program, &why) == STATUS_OK);
    return program;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const enum topic topic = (enum topic)(data[0] % TOPIC_COUNT);
    const size_t wanted = (size_t)data[1] << 8 | data[2];
    const size_t text_size = wanted < size - 3 ? wanted : size - 3;
    const struct span record = { data + 3 + text_size, size - 3 - text_size };
    struct framed framed;
    const struct span body =
        framing_split(record, &framed) == REJECT_NONE ? framed.body : record;
    struct reader_schema *reader = event_schema_open(topic);
    struct schema_program *program = compile(span_of(data + 3, text_size), topic, reader);
    struct event event;
    size_t used = 0;
    if (program_run(program, body, &event, &used) == STATUS_OK)
        CHECK(used <= body.size && event.topic == topic);
    (void)event_codec_decode(program, body, (struct span){ 0 }, &event);
    schema_program_free(program);
    reader_schema_close(reader);
    return 0;
}
