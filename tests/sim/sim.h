/* sim.h - thousands of simulated lives of the program, each drawn from one number.
 *
 * DESIGN
 * ------
 * A life is a little world (support/little_world.h: the real flow/ and kpi/ over a fake
 * Kafka, a fake Redis and a clock of its own) in which three things happen in turns:
 *
 *      tell      sellers, buyers and carriers do something      sim_story.c
 *      inject    something breaks                               sim_faults.c, faults.def
 *      step      every process makes a step, or dies in it      sim_life.c
 *                  └─ afterwards the beliefs are checked        sim_beliefs.c
 *                     and what is rare is counted               sim_watch.c, counts.def
 *
 * Then the world heals, everything is read, and the life is judged (sim_judge.c), a few
 * times and maybe under another configuration: the store must show what an oracle that
 * shares no code with kpi/ computes from the whole log (oracle.h), and the feed must be one
 * legal history that ends where the counts say.
 *
 * Everything is drawn from the seed and there is one thread, so a seed tells the same
 * story twice; the hash of its trace proves it.
 */
#pragma once

#include "sim/oracle.h"
#include "support/little_world.h"

#include <stdio.h>

enum {
    SIM_SELLERS = 4,
    SIM_UNITS = 24,   /* of a seller, at any time */
    SIM_TICKETS = 10, /* likewise */
    SIM_STEPS = 300,
    SIM_HEAL_STEPS = 150,
    SIM_MOMENTS = 4, /* judgements */
    SIM_MOMENT_STEPS = 50,
    SIM_CALM_STORM_LIMIT = 1000, /* more alerts than a life has */
    SIM_SETTLE_MS = 2000,        /* kafka.settle, where replicas may hang */
    SIM_WORKERS_MOST = 3,
    SIM_STOREFRONTS = 3,
    SIM_WORD_BYTES = 32,
};

/* A response that took longer is a bad one, in all windows. */
#define SIM_SLOW_RESPONSE_MS (36 * HOUR_MS)

/* Later than any deadline or event of a unit or ticket, earlier than the end of a long life. */
#define SIM_ABANDON_MS (20 * DAY_MS)

enum sim_fault {
#define FAULT(name, weight, text) SIM_FAULT_##name,
#include "sim/faults.def"
#undef FAULT
    SIM_FAULT_COUNT
};

enum sim_count {
#define COUNT(name, text) SIM_COUNT_##name,
#include "sim/counts.def"
#undef COUNT
    SIM_COUNT_COUNT
};

/* What one life has counted, for the campaign. */
struct sim_tally {
    int64_t faults[SIM_FAULT_COUNT];
    int64_t counts[SIM_COUNT_COUNT];
    uint64_t phases[PARTS / 64]; /* a bit for each newest part at which a shard was loaded */
};

/* An order unit or a ticket of which there may be more to tell. */
struct sim_subject {
    char id[LITTLE_NAME_BYTES];
    int64_t since; /* event time at which it was thought of; 0: never */
    int64_t ship_by;
    int64_t deliver_by;
    int64_t dispatch_due; /* in business time, by a handling time of a day */
    int64_t response_due; /* in business time */
    int32_t storefront;   /* number of the life's */
};

/* What somebody wants of a life; NULL: not that. */
struct sim_reader {
    FILE *trace;    /* its story */
    FILE *exam;     /* what the oracle is asked and answers, as JSON lines: sim_exam.c */
    bool only_hash; /* the life was judged before: neither beliefs nor judgement again */
};

/* What a process said of a shard when it was looked at last; sim_watch.c. */
struct sim_glimpse {
    uint64_t claim;
    uint64_t version; /* saved and acknowledged */
    int64_t stream_time;
    int64_t watermark;
};

struct sim {
    struct little_world world;
    uint64_t seed;
    int64_t begin;     /* event time, like the next one */
    int64_t at;        /* what happens now happens then */
    int64_t latest_ms; /* the clock at its highest, as of the last jump */
    int64_t pace_minutes;
    bool by_wall;   /* time.source: wall */
    int64_t for_ms; /* of all alerts, like the next two */
    int64_t keep_firing_ms;
    int32_t clear_margin_permille;
    int32_t min_facts; /* decided ones for a ratio to start an alert, like the next one */
    int32_t min_bad;
    struct oracle_storefront storefronts[SIM_STOREFRONTS];
    struct storefront_rule storefront_rules[SIM_STOREFRONTS]; /* the same for the program */
    struct sim_subject units[SIM_SELLERS][SIM_UNITS];
    struct sim_subject tickets[SIM_SELLERS][SIM_TICKETS];
    int32_t subjects;               /* thought of so far */
    int32_t asleep[LITTLE_WORKERS]; /* steps that a paused process still misses */
    struct sim_glimpse seen[LITTLE_WORKERS][LITTLE_SHARDS]; /* as of the last look */
    uint64_t trace_hash;
    struct sim_reader reader;
    struct sim_tally tally;
};

/* 0 .. below - 1, from the seed. */
int64_t sim_draw(struct sim *s, int64_t below);

/* True once in `times`. */
bool sim_once_in(struct sim *s, int64_t times);

/* One life, from the beginning to the judgement, inside a cmocka test: what is wrong
 * fails it. */
void sim_live(uint64_t seed, struct sim_reader reader, uint64_t *ret_hash,
              struct sim_tally *ret_tally);

/* ---- implementation shared by the sim_*.c files ------------------------------------- */

/* The five words of a view's value, "3 37 81081 70000 warning"; ones that read otherwise
 * fail the test. */
struct sim_value {
    char bad[SIM_WORD_BYTES];
    char total[SIM_WORD_BYTES];
    char amount[SIM_WORD_BYTES]; /* "-": there is none */
    char limit[SIM_WORD_BYTES];
    char state[SIM_WORD_BYTES];
};

struct sim_value sim_value_of(struct span bytes);

/* The bytes as a string, cut where there is no room for more. */
void sim_text_of(struct span bytes, char *ret_text, size_t size);

void sim_open_storefronts(struct sim *s);
const char *sim_calendar_name(const struct oracle_calendar *calendar);
void sim_tell(struct sim *s);
void sim_tell_moment(struct sim *s);
void sim_inject(struct sim *s);
void sim_heal(struct sim *s);
void sim_watch(struct sim *s);
void sim_check_beliefs(const struct little_worker *worker);
void sim_judge(const struct sim *s);
/* Is the record to be counted? Neither rubbish nor lost. */
bool sim_counts(const struct sim *s, const struct little_entry *e);

void sim_exam_ask(const struct sim *s, int32_t shard, const struct shard_header *header);
void sim_judge_alerts(const struct sim *s);
