/* ports.h - the world as the pipeline sees it.
 *
 * The domain and the flow know neither Kafka nor Redis nor the clock; they call
 * these functions. One adapter each implements them for real (kafka/, redis/),
 * one fake each for tests. A port's comment is its contract: the contract tests
 * run it against both.
 *
 * A worker owns one of each and shares it with nobody: all calls of a worker
 * come from its one thread.
 */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "base/status.h"
#include "kpi/event.h"
#include "kpi/reject.h"
#include "kpi/view.h"

/* ---- reading ------------------------------------------------------------ */

enum { OFFSET_NONE = -1 }; /* nothing stored: start where auto.offset.reset says */

/* One record as it was read; key and value are borrowed until the next read. */
struct record {
    int32_t shard; /* partition, the same for all three topics */
    enum topic topic;
    int64_t offset;
    wall_time timestamp; /* as the broker has it */
    struct span key;     /* at NULL: no key */
    struct span value;   /* at NULL: a tombstone */
};

enum duty_kind {
    DUTY_ASSIGNED, /* this shard is ours now: load it, then `start` it */
    DUTY_REVOKED,  /* it goes to somebody else: save or abandon, then `release` */
    DUTY_LOST,     /* it is gone already: drop the working copy */
};

struct duty {
    enum duty_kind kind;
    int32_t shard;
};

struct record_batch {
    struct record *records; /* owned by the source */
    int32_t record_count;
    const struct duty *duties; /* owned by the source; in order of happening */
    int32_t duty_count;
};

/* Proof that an input was read to its end: at wall time `asked`, the broker
 * said that the next record to be appended gets offset `end`. */
struct log_end {
    bool known;
    int64_t end;
    wall_time asked;
};

struct source_port {
    void *self;

    /* Waits at most `patience_ms` for the first record, then takes what is
     * there. OK also with nothing read. Records come only for started shards,
     * and for one partition in offset order. UNAVAILABLE: brokers down, why is
     * in *why; try again. DATA_LOSS: a stored offset is no longer in the topic
     * (both offsets in *why). REFUSED: topics or rights are wrong. */
    enum status (*read)(void *self, int patience_ms, struct record_batch *ret_batch,
                        struct reason *why);

    /* Delivers the shard's three inputs from these offsets on (OFFSET_NONE: from
     * where auto.offset.reset says). Also seeks a started shard; a held input stays held. */
    enum status (*start)(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT],
                         struct reason *why);

    /* After DUTY_REVOKED: we let go of all shards revoked with it. */
    void (*release)(void *self);

    /* Stops or resumes delivery of one input; already buffered records of a held
     * input are kept, not lost. Idempotent. */
    void (*hold)(void *self, int32_t shard, enum topic topic, bool held);

    /* The newest answer; known = false while the broker has not answered. */
    struct log_end (*log_end)(void *self, int32_t shard, enum topic topic);

    /* The next offset that will be read; for an input without any new record the
     * one at which reading began. OFFSET_NONE while that is not known. */
    int64_t (*position)(void *self, int32_t shard, enum topic topic);

    /* For lag tools only: tells the group how far we are. Never fails. */
    void (*note_progress)(void *self, int32_t shard, const int64_t offsets[TOPIC_COUNT]);

    /* For how many milliseconds from now nobody else can own the started shards, unless we
     * release them: the group has said lately that we belong to it, and it waits for a
     * silent member that long. 0: not known. */
    int32_t (*lease_ms)(void *self);

    /* Does a started input get no answer from its broker, whatever the others get? *why:
     * which topic and partition, and what is wrong. */
    bool (*troubled)(void *self, struct reason *why);
};

/* ---- publishing ----------------------------------------------------------- */

enum outgoing_kind { OUTGOING_ALERT, OUTGOING_DEAD_LETTER };

struct outgoing_header {
    const char *name;
    struct span value;
};

struct outgoing {
    enum outgoing_kind kind;
    int32_t shard; /* alerts: go to partition shard mod count; dead letters: by key */
    struct span key;
    struct span value;
    const struct outgoing_header *headers;
    int32_t header_count;
    uint64_t cookie; /* comes back with the delivery */
};

/* What became of a record. */
struct delivery {
    enum outgoing_kind kind;
    int32_t shard;
    uint64_t cookie;
    bool delivered; /* false, alerts only: given up, it may be in the topic or not */
    int64_t offset; /* of the record in its topic; -1 if not known */
};

struct sink_port {
    void *self;

    /* An alert that is not acknowledged after so many milliseconds is given up, so that
     * it cannot reach the topic when others own its shard (source_port.lease_ms). */
    int32_t give_up_ms;

    /* So long may a record that a broker has be hidden from readers, because a replica lags.
     * What was sent by somebody who is gone is looked for again after that. 0: never. */
    int32_t settle_ms;

    /* Takes over a copy and sends it, in order per shard. FULL: the queue is at its bound, or
     * alerts of before the last poll are under way and this one must not overtake them; poll
     * and try again. The sink retries by itself: a dead letter until it is delivered (then it
     * may stand twice), an alert until it is delivered or given up. */
    enum status (*send)(void *self, const struct outgoing *record, struct reason *why);

    /* What became of records, oldest first; returns how many were written (<= max). When
     * one alert is given up, all are that were sent and not acknowledged, at once. */
    int32_t (*poll)(void *self, struct delivery *ret_deliveries, int32_t max);

    /* Waits until what became of everything of that kind is known, or patience is over:
     * then UNAVAILABLE. */
    enum status (*flush)(void *self, enum outgoing_kind kind, int patience_ms);

    /* Gives up every alert that is not acknowledged, now: none is sent any more. */
    void (*give_up)(void *self);

    /* Is nothing acknowledged any more, or can nothing be sent? *why: which topic, and
     * what is wrong. Some seconds without an acknowledgement are no trouble yet. */
    bool (*troubled)(void *self, struct reason *why);
};

/* What stands in the alerts topic, for adoption after a crash (design 3.5). */
struct feed_record {
    int64_t offset;
    struct span key;
    struct span value;
    struct span header_shard; /* empty: not ours */
    struct span header_seq;
};

struct feed_port {
    void *self;

    /* Calls `each` for every record of the alerts partition of this shard from `from`
     * (OFFSET_NONE: from the beginning) to the end that the broker names now. *ret_end: the
     * offset after it. UNAVAILABLE: nothing is known, ask again. */
    enum status (*read_tail)(void *self, int32_t shard, int64_t from,
                             void (*each)(void *arg, const struct feed_record *record),
                             void *arg, int64_t *ret_end, struct reason *why);
};

/* ---- keeping ------------------------------------------------------------- */

enum { WRITER_BYTES = 40 };

/* What a shard's header says besides its entities. */
struct shard_header {
    uint64_t epoch;      /* of the newest owner */
    uint64_t version;    /* number of saves; 0: never saved */
    int64_t stream_time; /* UTC ms; TIME_NEVER_YET: none; like the next two */
    int64_t watermark;
    int64_t highest[TOPIC_COUNT]; /* highest ts_event read of each input */
    int64_t offsets[TOPIC_COUNT]; /* next offset to read; OFFSET_NONE: none */
    int64_t alerts_offset;        /* where the tail to read after a crash begins */
    uint64_t next_shard_sequence; /* of the next alert change */
    bool alerts_live;             /* alerts are no longer held back (design 2.9.16) */
};

struct saved_part {
    int32_t index;
    struct span bytes;
};

struct save {
    int32_t shard;
    const char *writer;         /* unique for this process and claim */
    struct shard_header header; /* header.version is the version being written */
    struct span log;            /* images that changed since version - 1; may be empty */
    const struct saved_part *parts;
    int32_t part_count;
    uint64_t oldest_part_version; /* log elements up to and including it are trimmed */
    const struct saved_view *views;
    int32_t view_count;
    const struct saved_rank *ranks;
    int32_t rank_count;
};

struct save_result {
    int32_t shard;
    uint64_t version;
    enum status status; /* OK, FENCED, UNAVAILABLE (not known whether it happened), FULL */
    struct reason why;
};

struct store_port {
    void *self;

    /* Raises the epoch by one, writes the writer and returns the header: from
     * now on every save of an older epoch is FENCED. version 0: nothing stored. */
    enum status (*claim)(void *self, int32_t shard, const char *writer,
                         struct shard_header *ret_header, struct reason *why);

    /* Hands over all parts, then all log elements after the oldest part in order
     * of version: applied in that order they give the state of header->version.
     * FENCED if the shard moved on meanwhile; MALFORMED names the key. */
    enum status (*load)(void *self, int32_t shard, const struct shard_header *header,
                        enum status (*each)(void *arg, struct span images), void *arg,
                        struct reason *why);

    /* Begins to replace version - 1 by version, all or nothing; everything the
     * save points to is copied before it returns. At most one save a shard is
     * under way; the answer comes from `poll`. PENDING, or UNAVAILABLE at once. */
    enum status (*save)(void *self, const struct save *save, struct reason *why);

    /* Answers that have come, waiting at most `patience_ms` for the first, also if none is
     * to come; returns how many (<= max). After UNAVAILABLE the caller sends the very same save
     * again; the fence recognises it. */
    int32_t (*poll)(void *self, int patience_ms, struct save_result *ret_results, int32_t max);

    /* The next call is tried at once, however short ago the last one failed: we must go, and
     * have little time left. */
    void (*hurry)(void *self);
};

/* ---- understanding ---------------------------------------------------------- */

/* Bytes to events; `decode` may fetch a schema (then PENDING: ask again later
 * with the same record, the others of that partition wait behind it). */
struct decoder_port {
    void *self;

    /* OK: *ret_event borrows from the record. MALFORMED: *ret_reject says why.
     * PENDING: the schema is being fetched. *ret_schema_id: -1 if unreadable. */
    enum status (*decode)(void *self, const struct record *record, struct event *ret_event,
                          enum reject *ret_reject, int32_t *ret_schema_id);

    /* Does a schema that was asked for not come? *why: which, and what is wrong. */
    bool (*troubled)(void *self, struct reason *why);
};

struct alert_change;
/* Alert changes to bytes and back (adoption reads them back). */
struct encoder_port {
    void *self;

    /* The Kafka value (wire format) and headers of a change, into buffers owned by
     * the encoder and valid until the next call. Reads ret_record->shard, which the caller
     * has set: it stands in the header `shard`. The cookie is the shard sequence. */
    enum status (*encode)(void *self, const struct alert_change *change,
                          struct outgoing *ret_record, struct reason *why);

    /* Reads a value from the alerts topic back; MALFORMED if it is none of ours. */
    enum status (*decode)(void *self, struct span value, struct alert_change *ret_change);
};

struct ports {
    struct source_port source;
    struct sink_port sink;
    struct feed_port feed;
    struct store_port store;
    struct decoder_port decoder;
    struct encoder_port encoder;
    wall_time (*now)(void);
};
