/* fake_log.h - source_port in memory: the same contract as Kafka, and faults on
 * demand.
 *
 * Single-threaded and deterministic: nothing happens but in a call, and the
 * clock is handed in. One fake_log is "Kafka": three input topics and a group.
 * Each worker joins it and has a port of its own. Waiting does not wait: a read
 * with nothing there returns at once.
 */
#pragma once

#include "flow/ports.h"

struct fake_log;
struct fake_member;

struct fake_log_options {
    int32_t shard_count;
    int32_t batch_records; /* most records of one read */
    bool from_end;         /* where no offset is stored; else from the beginning */
    bool skip_on_data_loss;
    wall_time (*now)(void *arg);
    void *arg;
};

struct fake_log *fake_log_open(const struct fake_log_options *options);
void fake_log_close(struct fake_log *log);

/* ---- records ---- */

struct fake_record {
    enum topic topic;
    int32_t shard;
    struct span key; /* at NULL: no key; like value it is copied */
    struct span value;
    wall_time timestamp;
};

/* Returns its offset. */
int64_t fake_log_append(struct fake_log *log, const struct fake_record *record);

/* Takes up `count` offsets that hold no record, as control records do. */
void fake_log_append_gap(struct fake_log *log, int32_t shard, enum topic topic, int64_t count);

/* Drops everything before offset `low`. */
void fake_log_truncate(struct fake_log *log, int32_t shard, enum topic topic, int64_t low);

/* The topic is deleted and made anew: its records are gone, its offsets begin at 0. */
void fake_log_remake(struct fake_log *log, enum topic topic);

int64_t fake_log_low(const struct fake_log *log, int32_t shard, enum topic topic);
int64_t fake_log_end(const struct fake_log *log, int32_t shard, enum topic topic);

/* ---- the group ---- */

/* A new member; freed with the log. Joining, leaving and dying make the group
 * rebalance by itself: members that own something get DUTY_REVOKED with their
 * next read, and when all have released, DUTY_ASSIGNED follows: shard p goes to
 * member p * members / shards, in the order of joining. */
struct fake_member *fake_log_join(struct fake_log *log);
struct source_port fake_log_source(struct fake_member *member);

/* As SIGTERM: the others take over at once. */
void fake_log_leave(struct fake_member *member);

/* As kill -9: its shards stay nobody's until the session ends (fake_log_expire). */
void fake_log_kill(struct fake_member *member);

/* The session of this member ends. One that lives gets DUTY_LOST for all its
 * shards and joins again; the others take over meanwhile. */
void fake_log_expire(struct fake_member *member);

/* Revokes and gives out everything anew. */
void fake_log_rebalance(struct fake_log *log);

/* Does the group say that this shard is the member's? */
bool fake_log_owns(const struct fake_member *member, int32_t shard);

/* ---- faults ---- */

/* The next `count` reads and starts of the member are UNAVAILABLE; -1: until set again. */
void fake_log_cut(struct fake_member *member, int32_t count);

/* The group does not say that the member belongs to it, or does again. */
void fake_log_deny_lease(struct fake_member *member, bool denied);

/* Records of an input from `offset` on are not delivered yet, though they are
 * there: the input lags. -1: no limit. */
void fake_log_limit(struct fake_log *log, int32_t shard, enum topic topic, int64_t offset);

/* What to do from now on where records are gone unread: go on without them, or stop. */
void fake_log_skip_losses(struct fake_log *log, bool skip);

/* The broker gives no new answers about ends; old ones stay, with their time. */
void fake_log_silence(struct fake_log *log, bool silent);

/* Ends are asked with every read, unless the last answer is younger than this. */
void fake_log_probe_interval(struct fake_log *log, int64_t interval_ms);

/* ---- what was told ---- */

/* The offset a member noted last; OFFSET_NONE: none. */
int64_t fake_log_noted(const struct fake_log *log, int32_t shard, enum topic topic);

/* Did an owner of the shard go on without this record, because it was gone? Nobody can read
 * it later, and no state that was loaded before holds it: it counts nowhere. */
bool fake_log_is_lost(const struct fake_log *log, int32_t shard, enum topic topic,
                      int64_t offset);
