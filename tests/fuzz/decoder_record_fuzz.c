/* decoder_record_fuzz.c - whole records off the wire: framing, our schemas, the checks;
 * and what is accepted is written again and must be the same event.
 *
 *      topic, 1 byte | record
 */
#include "base/check.h"
#include "base/name.h"
#include "codec/event_codec.h"
#include "codec/event_encode.h"
#include "codec/event_schema.h"
#include "codec/framing.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Blocks and over-long numbers can be written in several ways, so bytes may differ;
 * but writing twice gives the same bytes. */
static void write_again(const struct reader_schema *reader,
                        const struct schema_program *program, const struct event *event)
{
    struct buffer first = { 0 };
    struct buffer second = { 0 };
    struct event back;
    event_encode(reader, 1, event, &first);
    const struct span body = span_of(first.at + FRAMING_BYTES, first.size - FRAMING_BYTES);
    CHECK(event_codec_decode(program, body, event->id_seller, &back) == REJECT_NONE);
    event_encode(reader, 1, &back, &second);
    CHECK(span_equal(buffer_span(&first), buffer_span(&second)));
    buffer_free(&first);
    buffer_free(&second);
}

/* Compiled once, kept while the fuzzer lives. */
static const struct schema_program *program_of(enum topic topic)
{
    static struct schema_program *programs[TOPIC_COUNT];
    if (programs[topic] == NULL)
        CHECK(schema_program_compile(span_of_text(event_schema_text(topic)),
                                     event_schema_open(topic), NULL, &programs[topic],
                                     NULL) == STATUS_OK);
    return programs[topic];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framed framed;
    if (size < 1 || framing_split(span_of(data + 1, size - 1), &framed) != REJECT_NONE)
        return 0;
    const struct schema_program *program = program_of((enum topic)(data[0] % TOPIC_COUNT));
    struct event event;
    const enum reject reject =
        event_codec_decode(program, framed.body, (struct span){ 0 }, &event);
    CHECK(reject != REJECT_NONE); /* there is no key */
    if (reject == REJECT_KEY_MISMATCH)
        write_again(program->reader, program, &event);
    return 0;
}
