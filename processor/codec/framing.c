/* framing.c - see framing.h. */
#include "codec/framing.h"

static const uint8_t MAGIC = 0x00;

static uint32_t big_endian_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
           (uint32_t)at[3];
}

enum reject framing_split(struct span record, struct framed *ret_framed)
{
    if (record.size < FRAMING_BYTES)
        return REJECT_TOO_SHORT;
    if (record.at[0] != MAGIC)
        return REJECT_WRONG_MAGIC;

    *ret_framed = (struct framed){
        .schema_id = (int32_t)big_endian_32(record.at + 1),
        .body = { record.at + FRAMING_BYTES, record.size - FRAMING_BYTES },
    };
    return REJECT_NONE;
}

void framing_begin(struct buffer *b, int32_t schema_id)
{
    const uint32_t id = (uint32_t)schema_id;
    uint8_t *at = buffer_extend(b, FRAMING_BYTES);
    at[0] = MAGIC;
    at[1] = (uint8_t)(id >> 24);
    at[2] = (uint8_t)(id >> 16);
    at[3] = (uint8_t)(id >> 8);
    at[4] = (uint8_t)id;
}
