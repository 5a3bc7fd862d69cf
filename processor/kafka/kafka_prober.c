/* kafka_prober.c - a thread that asks for ends.
 *
 * DESIGN
 * ------
 * Each round: note the clock, ask the leaders for the ends of all watched
 * partitions in one request a broker, store the answers with the noted time.
 * librdkafka gives no answer at all when one partition has none (its leader or its
 * topic is gone); then each is asked for itself, so that the others' time goes on
 * and the one is known by name.
 * The ends are high watermarks (the client reads uncommitted): a transaction
 * that is still open has appended records we cannot see yet, so its topic is
 * not read to its end.
 *
 * Offsets without a record. A transaction ends with a control record that takes
 * an offset and is never delivered, so a reader that has read everything stays
 * one short of the end, for ever:
 *
 *      offset     41     42     43        44
 *               [rec]  [rec]  [commit]     ^ end
 *                              ^ position
 *
 * When a position has not moved for STUCK_ROUNDS rounds although the end is
 * further, a second client (opened for the first such case) reads from there to
 * the end with the end-of-partition event on. What it finds, the offset of the
 * next record or the end, is where the position may be set. If that is the
 * position itself (the worker is busy, or the input held) it waits longer.
 */
#include "kafka/kafka_prober.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_rounds.h"
#include "kafka/kafka_tail.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    STUCK_ROUNDS = 2,
    RECHECK_ROUNDS = 8,
    PATIENCE_MS = 2000, /* for one question */
    EACH_MS = 500,      /* the same, about one partition */
    DEAF_AFTER = 3,     /* questions without an answer: nobody is there */
};

struct probe {
    struct log_end end;
    bool moved_back;  /* the end did, and nobody was told yet */
    int64_t position; /* as the worker said last; OFFSET_NONE: not yet */
    int64_t seen;     /* position at the last round */
    int32_t stuck;    /* rounds without a move, short of the end */
    int64_t gap_from; /* [gap_from, gap_to) holds no record */
    int64_t gap_to;
};

struct watched {
    bool on;
    uint64_t generation; /* of the watch: answers to older questions are dropped */
    struct probe probes[TOPIC_COUNT];
};

struct kafka_prober {
    struct kafka_prober_options options;
    struct kafka_rounds rounds;
    pthread_mutex_t lock; /* guards what follows, up to the line */
    enum status status;   /* of the last round: UNAVAILABLE if nobody answered */
    bool incomplete;      /* some input had no answer */
    struct reason why;    /* one of them */
    uint64_t generation;
    bool any_moved_back;
    struct watched *shards; /* [shard_count] */
    /* ---- of the thread alone ---- */
    struct kafka_tail *tail; /* NULL until a gap is suspected */
};

static void lock(struct kafka_prober *p)
{
    CHECK(pthread_mutex_lock(&p->lock) == 0);
}

static void unlock(struct kafka_prober *p)
{
    CHECK(pthread_mutex_unlock(&p->lock) == 0);
}

/* ---- asking for ends -------------------------------------------------------- */

static rd_kafka_topic_partition_list_t *questions(struct kafka_prober *p, uint64_t *ret_newest)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(p->options.shard_count * TOPIC_COUNT);
    lock(p);
    for (int32_t shard = 0; shard < p->options.shard_count; shard++)
        for (int topic = 0; p->shards[shard].on && topic < TOPIC_COUNT; topic++)
            (void)rd_kafka_topic_partition_list_add(list, p->options.topics[topic], shard);
    *ret_newest = p->generation;
    unlock(p);
    return list;
}

/* Returns whether it is one. */
static bool note_answer(struct kafka_prober *p, const rd_kafka_topic_partition_t *part,
                        uint64_t newest, wall_time asked)
{
    struct watched *w = &p->shards[part->partition];
    if (part->err != RD_KAFKA_RESP_ERR_NO_ERROR || part->offset < 0)
        return false;
    if (!w->on || w->generation > newest)
        return true;
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        if (strcmp(p->options.topics[topic], part->topic) != 0)
            continue;
        struct probe *probe = &w->probes[topic];
        probe->moved_back |= probe->end.known && part->offset < probe->end.end;
        p->any_moved_back |= probe->moved_back;
        probe->end = (struct log_end){ .known = true, .end = part->offset, .asked = asked };
    }
    return true;
}

static bool ask_end(struct kafka_prober *p, rd_kafka_topic_partition_t *part,
                    struct reason *why)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(one, part->topic, part->partition);
    const enum status s =
        kafka_client_edges(p->options.client, KAFKA_EDGE_END, one, EACH_MS, why);
    part->offset = one->elems[0].offset;
    part->err = one->elems[0].err;
    rd_kafka_topic_partition_list_destroy(one);
    return s == STATUS_OK;
}

/* *why, if any other has one: of the first partition without an answer. */
static enum status ask_each(struct kafka_prober *p, rd_kafka_topic_partition_list_t *list,
                            struct reason *why)
{
    struct reason first = { 0 };
    int answers = 0;
    int failures = 0;
    for (int i = 0; i < list->cnt && !kafka_rounds_stopping(&p->rounds); i++) {
        struct reason own = { 0 };
        if (answers == 0 && failures == DEAF_AFTER)
            break;
        if (ask_end(p, &list->elems[i], &own))
            answers++;
        else if (failures++ == 0)
            first = own;
    }
    if (answers > 0 && failures > 0)
        *why = first;
    return failures == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}

static void ask_ends(struct kafka_prober *p, rd_kafka_topic_partition_list_t *list,
                     uint64_t newest)
{
    struct reason why = { 0 };
    int answers = 0;
    const wall_time asked = p->options.now();
    enum status s =
        kafka_client_edges(p->options.client, KAFKA_EDGE_END, list, PATIENCE_MS, &why);
    if (s != STATUS_OK)
        s = ask_each(p, list, &why);
    if (s != STATUS_OK)
        log_write(LOG_WARN, "kafka_ends_unknown", "why=\"%s\"", why.text);
    lock(p);
    for (int i = 0; i < list->cnt; i++)
        answers += note_answer(p, &list->elems[i], newest, asked);
    p->status = answers > 0 ? STATUS_OK : STATUS_UNAVAILABLE;
    p->incomplete = s != STATUS_OK;
    p->why = why;
    unlock(p);
}

/* With nothing to ask for: is anybody there? */
static void ask_presence(struct kafka_prober *p)
{
    struct reason why = { 0 };
    int32_t count = 0;
    const enum status s = kafka_client_partitions(
        p->options.client, p->options.topics[TOPIC_ORDERS], PATIENCE_MS, &count, &why);
    lock(p);
    p->status = s == STATUS_OK ? STATUS_OK : STATUS_UNAVAILABLE;
    p->incomplete = s != STATUS_OK;
    p->why = why;
    unlock(p);
}

static void ask(struct kafka_prober *p)
{
    uint64_t newest = 0;
    rd_kafka_topic_partition_list_t *list = questions(p, &newest);
    if (list->cnt > 0)
        ask_ends(p, list, newest);
    else
        ask_presence(p);
    rd_kafka_topic_partition_list_destroy(list);
}

/* ---- offsets without records ------------------------------------------------ */

static bool is_stuck(struct probe *probe)
{
    const bool behind =
        probe->end.known && probe->position != OFFSET_NONE && probe->position < probe->end.end;
    const bool moved = probe->position != probe->seen;
    const bool explained =
        probe->position >= probe->gap_from && probe->gap_to >= probe->end.end;
    probe->seen = probe->position;
    if (!behind || moved || explained) {
        probe->stuck = 0;
        return false;
    }
    probe->stuck++;
    return probe->stuck >= STUCK_ROUNDS && (probe->stuck - STUCK_ROUNDS) % RECHECK_ROUNDS == 0;
}

static bool stop_at_first(void *arg, const rd_kafka_message_t *message)
{
    (void)arg;
    (void)message;
    return false;
}

static void check_gap(struct kafka_prober *p, int32_t shard, int topic, int64_t from)
{
    struct reason why = { 0 };
    const struct kafka_tail_range range = {
        .topic = p->options.topics[topic],
        .partition = shard,
        .from = from,
        .patience_ms = PATIENCE_MS,
        .each = stop_at_first,
    };
    int64_t to = from;
    if (p->tail == NULL)
        p->tail = kafka_tail_open(p->options.kafka, &why);
    if (p->tail == NULL || kafka_tail_read(p->tail, &range, &to, &why) != STATUS_OK) {
        log_write(LOG_WARN, "kafka_gap_unknown", "why=\"%s\"", why.text);
        return;
    }
    lock(p);
    struct probe *probe = &p->shards[shard].probes[topic];
    if (probe->position == from && to > from) {
        probe->gap_from = from;
        probe->gap_to = to;
    }
    unlock(p);
}

static void check_gaps(struct kafka_prober *p)
{
    for (int32_t shard = 0; shard < p->options.shard_count; shard++) {
        for (int topic = 0; topic < TOPIC_COUNT; topic++) {
            if (kafka_rounds_stopping(&p->rounds))
                return;
            lock(p);
            struct probe *probe = &p->shards[shard].probes[topic];
            const bool check = p->shards[shard].on && is_stuck(probe);
            const int64_t from = probe->position;
            unlock(p);
            if (check)
                check_gap(p, shard, topic, from);
        }
    }
}

/* ---- the thread --------------------------------------------------------------- */

static void turn(void *arg)
{
    struct kafka_prober *p = arg;
    ask(p);
    check_gaps(p);
}

struct kafka_prober *kafka_prober_open(const struct kafka_prober_options *options)
{
    struct kafka_prober *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->options = *options;
    p->shards = calloc((size_t)options->shard_count, sizeof *p->shards);
    CHECK(p->shards != NULL);
    CHECK(pthread_mutex_init(&p->lock, NULL) == 0);
    kafka_rounds_start(&p->rounds, options->interval_ms, turn, p);
    return p;
}

void kafka_prober_close(struct kafka_prober *p)
{
    if (p == NULL)
        return;
    kafka_rounds_stop(&p->rounds);
    kafka_tail_close(p->tail);
    CHECK(pthread_mutex_destroy(&p->lock) == 0);
    free(p->shards);
    free(p);
}

void kafka_prober_watch(struct kafka_prober *p, int32_t shard, bool watched)
{
    CHECK(shard >= 0 && shard < p->options.shard_count);
    lock(p);
    struct watched *w = &p->shards[shard];
    *w = (struct watched){ .on = watched, .generation = ++p->generation };
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        w->probes[topic].position = OFFSET_NONE;
        w->probes[topic].gap_from = OFFSET_NONE;
        w->probes[topic].gap_to = OFFSET_NONE;
    }
    unlock(p);
    if (watched)
        kafka_rounds_hurry(&p->rounds); /* a new shard does not wait for the next round */
}

struct log_end kafka_prober_end(struct kafka_prober *p, int32_t shard, enum topic topic)
{
    lock(p);
    const struct log_end end = p->shards[shard].probes[topic].end;
    unlock(p);
    return end;
}

static bool find_moved_back(struct kafka_prober *p, int32_t *ret_shard, enum topic *ret_topic)
{
    for (int32_t shard = 0; shard < p->options.shard_count; shard++) {
        for (int topic = 0; topic < TOPIC_COUNT; topic++) {
            struct probe *probe = &p->shards[shard].probes[topic];
            if (!probe->moved_back)
                continue;
            probe->moved_back = false;
            *ret_shard = shard;
            *ret_topic = (enum topic)topic;
            return true;
        }
    }
    return false;
}

bool kafka_prober_moved_back(struct kafka_prober *p, int32_t *ret_shard, enum topic *ret_topic)
{
    lock(p);
    if (p->any_moved_back)
        p->any_moved_back = find_moved_back(p, ret_shard, ret_topic);
    const bool found = p->any_moved_back;
    unlock(p);
    return found;
}

int64_t kafka_prober_position(struct kafka_prober *p, int32_t shard, enum topic topic,
                              int64_t position)
{
    lock(p);
    struct probe *probe = &p->shards[shard].probes[topic];
    probe->position = position;
    const bool inside = position >= probe->gap_from && position < probe->gap_to;
    const int64_t after = inside ? probe->gap_to : position;
    unlock(p);
    return after;
}

enum status kafka_prober_status(struct kafka_prober *p, struct reason *why)
{
    lock(p);
    const enum status s = p->status;
    if (s != STATUS_OK)
        *why = p->why;
    unlock(p);
    return s;
}

bool kafka_prober_incomplete(struct kafka_prober *p, struct reason *why)
{
    lock(p);
    const bool incomplete = p->incomplete;
    if (incomplete)
        *why = p->why;
    unlock(p);
    return incomplete;
}
