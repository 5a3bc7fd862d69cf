/* little_world.h - a whole pipeline over a fake Kafka, a fake Redis and a clock
 * that moves only when somebody waits.
 *
 * DESIGN
 * ------
 * One world holds what outlives a process: the input topics, the store, the
 * outgoing topics. Workers are processes; they come and die:
 *
 *      little_tell ──▶ fake_log ──▶ worker: pipeline ──▶ fake_store, fake_topics
 *                                      ▲ spies
 *
 * All that a pipeline does to the world goes through spies. They count effects,
 * so that a worker can die just before any of them, and they hold promises in
 * every test that uses this world:
 *
 *      a dead letter is in its topic before the offset behind it is saved
 *      an alert change is sent only after its save was acknowledged, in order, and once
 *      as long as the sink does not give it up
 *      a claim: only a later owner may repeat it
 *
 * An event's record is its number in the world's table; alert changes are the
 * program's own records. Time is told by the events alone, unless a test says
 * otherwise before the first worker opens.
 */
#pragma once

#include "app/domain_rules.h"
#include "codec/alert_codec.h"
#include "flow/pipeline.h"
#include "support/fake_log.h"
#include "support/fake_sink.h"
#include "support/fake_store.h"

#include <setjmp.h>

/* Monday 2026-06-01 12:00 UTC, on the edge of every pane. */
#define LITTLE_NOON INT64_C(1780315200000)

enum {
    LITTLE_SHARDS = 2,
    LITTLE_WORKERS = 256,
    LITTLE_NAME_BYTES = 24,
    LITTLE_TEXT_BYTES = 240,
    LITTLE_STEP_MS = 50,
};

enum little_fate { LITTLE_LIVES, LITTLE_DIED };

/* One record of the input. */
struct little_entry {
    struct event event;
    char text[LITTLE_TEXT_BYTES]; /* what the event's strings point to */
    size_t text_size;
    bool poison;     /* no decoder can read it */
    bool new_schema; /* PENDING while the registry is down */
    bool misplaced;
    bool refused; /* the domain is to refuse it whenever it is read */
    enum topic topic;
    int32_t shard;
    int64_t offset;
    int32_t decoded; /* how often it was handed out as an event */
};

struct little_world;

struct little_worker {
    struct little_world *world;
    struct fake_member *member;
    struct fake_client *client;
    struct fake_sink *sink;
    struct ports fakes; /* what the spies call */
    struct ports ports;
    struct metrics metrics;
    struct pipeline pipeline;
    struct reason why; /* of the last step that was not OK */
    enum status status;
    bool alive;
    char instance[LITTLE_NAME_BYTES];
    int64_t effects;    /* so far */
    int64_t die_at;     /* the effect before which it dies; -1: none */
    int start_failures; /* of the starts to come */
    int starts;
    jmp_buf death;
    /* Called before a save is sent; taken out before it is called. */
    void (*before_save)(struct little_worker *worker, void *arg);
    void *before_save_arg;
    uint64_t saving_next[LITTLE_SHARDS]; /* next_shard_sequence in the save under way */
    uint64_t saved_next[LITTLE_SHARDS];  /* the same, acknowledged */
    uint64_t sent[LITTLE_SHARDS];        /* the last alert change of this claim; 0: none */
    bool held[LITTLE_SHARDS][TOPIC_COUNT];
};

struct little_world {
    struct settings settings;
    struct domain_rules domain;
    struct rules *rules;
    struct fake_log *log;
    struct fake_store *store;
    struct fake_topics *topics;
    struct alert_codec *codec;
    struct little_entry **entries;
    int32_t entry_count;
    int32_t entry_capacity;
    int32_t batch_records;
    size_t memory_limit;
    int32_t settle_ms;       /* of all workers; 0: nothing is ever hidden */
    int64_t hidden_until_ms; /* topics that hide (fake_sink.h) show all then; 0: when told */
    int32_t sink_queue;      /* of the workers to come, like the next two */
    size_t log_least_bytes;  /* of saving.h */
    struct backoff_bounds retry;
    int64_t max_skew_ms;
    bool new_schema; /* of what is told from now on */
    bool registry_down;
    struct health *health; /* of the workers to come; NULL: none */
    size_t poison_bytes;   /* size of the records of poison that are told from now on */
    int32_t misplace_on;   /* shard that gets what is told from now on; -1: the right one */
    struct little_worker *workers[LITTLE_WORKERS]; /* owned */
    int32_t worker_count;
    uint64_t random;
    /* Hears of everything that happens, a line each; NULL: nobody. */
    void (*listen)(void *arg, const char *line);
    void *listen_arg;
};

void little_world_open(struct little_world *w);
void little_world_close(struct little_world *w);

/* cmocka's: *state is a fresh world. */
int little_world_setup(void **state);
int little_world_teardown(void **state);

/* The clock of all worlds. */
wall_time little_world_now(void);
void little_world_wait(int64_t ms);

/* Somebody sets the clock, maybe back. */
void little_world_set_clock(wall_time now);

/* Tells who listens. */
void little_world_note(const struct little_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Alerts of this KPI and window alone (window NULL: also of what was watched before),
 * from the first bad fact on, and over with the breach. */
void little_world_watch(struct little_world *w, enum kpi kpi, const char *window);

/* ---- input ---- */

int32_t little_world_shard(const struct little_world *w, const char *seller);

/* Appends the event to its topic; its promise is dispatch within a day and delivery
 * within four. Status changes are cancellations by the seller's fault. */
struct little_entry *little_world_tell(struct little_world *w, enum event_kind kind,
                                       const char *seller, const char *id, int64_t at);

/* Appends any event to its topic; its strings are copied. */
struct little_entry *little_world_tell_event(struct little_world *w, const struct event *event);

/* A unit ordered, and cancelled a second later by the seller's fault. */
void little_world_cancelled_unit(struct little_world *w, const char *seller, const char *id,
                                 int64_t at);

/* Bytes that nobody can read. */
struct little_entry *little_world_poison(struct little_world *w, enum topic topic,
                                         const char *seller);

/* ---- processes ---- */

/* Joins the group; it owns something after the next steps of all. */
struct little_worker *little_world_start(struct little_world *w);

enum little_fate little_world_step(struct little_worker *worker);

/* Steps of all that live. */
void little_world_run(struct little_world *w, int steps);

/* As kill -9; of what was sent and not acknowledged, `landed` records are in their
 * topics. The group knows at once. */
void little_world_kill(struct little_worker *worker, int32_t landed);

/* As SIGTERM. */
void little_world_stop(struct little_worker *worker);

/* Has the worker the shard at work? */
bool little_world_works(const struct little_worker *worker, int32_t shard);

/* ---- output ---- */

/* "3 37 81081 70000 warning", or "" where there is none. Lives until the next call. */
const char *little_world_view(struct little_world *w, const char *seller, const char *field);

/* All views of all shards as sorted lines, without the times of their writing; free it.
 * The states of totals depend on the way there and are left out. */
char *little_world_views(const struct little_world *w);

/* How many alert changes are in the topic; repeats by two owners count once. */
int32_t little_world_feed(const struct little_world *w);

/* Is what the topic says one legal history: no gap, nothing twice with another content? */
void little_world_check_feed(const struct little_world *w);

/* Are both of the same seller, storefront, KPI and window? */
bool little_world_same_alert(const struct alert_change *a, const struct alert_change *b);

/* The n-th alert change of a shard. */
struct alert_change little_world_change(const struct little_world *w, int32_t shard, int64_t n);

int32_t little_world_letters(const struct little_world *w);
/* Did an owner go on without the record, because its topic had lost it? */
bool little_world_is_lost(const struct little_world *w, const struct little_entry *entry);

bool little_world_has_letter(const struct little_world *w, const struct little_entry *entry);

/* 0 .. below - 1, from w->random. */
int64_t little_world_random(struct little_world *w, int64_t below);
