/* store_contract_test.c - do the store in memory and the store on Redis keep the
 * same promises? One suite, run on both; then what only Redis can do to us.
 *
 * Two owners (port 0 and port 1) share one store. What differs between the two
 * worlds - how a reply is lost, how memory gets full, how a view is looked at -
 * stands in the section "the two worlds"; the promises below do not know it.
 */
#include "base/name.h"
#include "flow/ports.h"
#include "redis/redis_store.h"
#include "support/fake_store.h"
#include "support/redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

enum { OWNERS = 2, SHARD = 3, OTHER_SHARD = 7, PATIENCE_MS = 5000, SKIPPED = 77 };

struct world {
    struct store_port port[OWNERS];
    struct fake_store *fake; /* NULL: this is the real one */
    struct fake_client *clients[OWNERS];
    struct redis_server server;
    struct redis_store *stores[OWNERS];
    redisContext *admin;
};

/* ---- the two worlds -------------------------------------------------------------- */

static redisReply *ask(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(w->admin, format, args);
    va_end(args);
    assert_non_null(reply);
    return reply;
}

/* For commands that must work and whose answer does not matter. */
#define TELL(w, ...)                                                                           \
    do {                                                                                       \
        redisReply *told = ask(w, __VA_ARGS__);                                                \
        assert_int_not_equal(told->type, REDIS_REPLY_ERROR);                                   \
        freeReplyObject(told);                                                                 \
    } while (0)

static struct redis_options options_of(const struct world *w)
{
    struct redis_options o = redis_link_default_options();
    o.unix_path = w->server.socket;
    o.backoff_first_ms = 1;
    o.backoff_last_ms = 20;
    return o;
}

/* The owner has a store with these options from now on. */
static void open_store(struct world *w, int owner, const struct redis_options *options)
{
    redis_store_close(w->stores[owner]);
    w->stores[owner] = redis_store_open(options, NULL);
    assert_non_null(w->stores[owner]);
    w->port[owner] = redis_store_port(w->stores[owner]);
}

static void open_stores(struct world *w)
{
    const struct redis_options options = options_of(w);
    w->admin = redisConnectUnix(w->server.socket);
    assert_non_null(w->admin);
    assert_int_equal(w->admin->err, 0);
    for (int i = 0; i < OWNERS; i++)
        open_store(w, i, &options);
}

static int set_up_fake(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->fake = fake_store_open();
    for (int i = 0; i < OWNERS; i++) {
        w->clients[i] = fake_store_connect(w->fake);
        w->port[i] = fake_store_port(w->clients[i]);
    }
    *state = w;
    return 0;
}

static int set_up_real_with(void **state, const struct redis_server_options *options)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *state = w;
    if (!redis_server_start(&w->server, options))
        return -1;
    open_stores(w);
    return 0;
}

static int set_up_real(void **state)
{
    return set_up_real_with(state, &(struct redis_server_options){ 0 });
}

static int set_up_appendonly(void **state)
{
    return set_up_real_with(state, &(struct redis_server_options){ .appendonly = true });
}

static int set_up_with_port(void **state)
{
    return set_up_real_with(state, &(struct redis_server_options){ .with_port = true });
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < OWNERS; i++)
        redis_store_close(w->stores[i]);
    if (w->admin != NULL)
        redisFree(w->admin);
    redis_server_stop(&w->server);
    fake_store_close(w->fake);
    free(w);
    return 0;
}

static long long stored_version(struct world *w, int32_t shard)
{
    if (w->fake != NULL) {
        struct shard_header h = { 0 };
        fake_store_header(w->fake, shard, &h);
        return (long long)h.version;
    }
    redisReply *r = ask(w, "HGET sw:{%d}:shard version", shard);
    const long long version = r->type == REDIS_REPLY_STRING ? atoll(r->str) : 0;
    freeReplyObject(r);
    return version;
}

static long long log_size(struct world *w, int32_t shard)
{
    if (w->fake != NULL)
        return fake_store_log_size(w->fake, shard);
    redisReply *r = ask(w, "LLEN sw:{%d}:log", shard);
    const long long size = r->integer;
    freeReplyObject(r);
    return size;
}

/* "" if there is none. */
static void view_field(struct world *w, const char *seller, const char *field, char *ret_text,
                       size_t size)
{
    ret_text[0] = '\0';
    if (w->fake != NULL) {
        struct span value;
        if (fake_store_view(w->fake, SHARD, span_of_text(seller), span_of_text(field), &value))
            snprintf(ret_text, size, "%.*s", (int)value.size, (const char *)value.at);
        return;
    }
    redisReply *r = ask(w, "HGET sw:{%d}:kpi:%s %s", SHARD, seller, field);
    if (r->type == REDIS_REPLY_STRING)
        snprintf(ret_text, size, "%s", r->str);
    freeReplyObject(r);
}

static void assert_view(struct world *w, const char *seller, const char *field,
                        const char *expected)
{
    char found[128];
    view_field(w, seller, field, found, sizeof found);
    assert_string_equal(found, expected);
}

/* The members of a rank, worst first, each followed by a blank. */
static void assert_worst(struct world *w, const char *kpi_window, const char *expected)
{
    char found[256] = { 0 };
    size_t used = 0;
    if (w->fake != NULL) {
        struct span members[8];
        const int32_t n =
            fake_store_worst(w->fake, SHARD, span_of_text(kpi_window), members, 8);
        for (int32_t i = 0; i < n; i++)
            used += (size_t)snprintf(found + used, sizeof found - used, "%.*s ",
                                     (int)members[i].size, (const char *)members[i].at);
    } else {
        redisReply *r = ask(w, "ZREVRANGE sw:{%d}:rank:%s 0 7", SHARD, kpi_window);
        for (size_t i = 0; i < (size_t)r->elements; i++)
            used +=
                (size_t)snprintf(found + used, sizeof found - used, "%s ", r->element[i]->str);
        freeReplyObject(r);
    }
    assert_string_equal(found, expected);
}

static void lose_newest_log_element(struct world *w)
{
    if (w->fake != NULL)
        assert_true(fake_store_lose_log_element(w->fake, SHARD));
    else
        TELL(w, "RPOP sw:{%d}:log", SHARD);
}

static void make_full(struct world *w, bool full)
{
    if (w->fake != NULL)
        fake_store_fail(w->fake, FAKE_FULL, 0, full ? INT32_MAX : 0);
    else
        TELL(w, "CONFIG SET maxmemory-policy noeviction maxmemory %d", full ? 1 : 0);
}

static void make_read_only(struct world *w, bool read_only)
{
    if (w->fake != NULL)
        fake_store_fail(w->fake, FAKE_READ_ONLY, 0, read_only ? INT32_MAX : 0);
    else
        TELL(w, "REPLICAOF %s %s", read_only ? "127.0.0.1" : "NO", read_only ? "1" : "ONE");
}

/* ---- saves ------------------------------------------------------------------------- */

static struct shard_header claim(struct world *w, int owner, int32_t shard, const char *writer)
{
    struct shard_header h;
    struct reason why = { 0 };
    const struct store_port *p = &w->port[owner];
    const enum status s = p->claim(p->self, shard, writer, &h, &why);
    if (s != STATUS_OK)
        fail_msg("claim: %s", why.text);
    return h;
}

static enum status try_to_claim(struct world *w, int owner, struct reason *ret_why)
{
    struct shard_header h;
    return w->port[owner].claim(w->port[owner].self, SHARD, "b", &h, ret_why);
}

/* The save that follows `before`, with this log. */
static struct save save_after(const struct shard_header *before, const char *writer,
                              const char *log)
{
    struct save save = { .shard = SHARD, .writer = writer, .header = *before };
    save.header.version += 1;
    save.log = span_of_text(log);
    return save;
}

static void begin(struct world *w, int owner, const struct save *save)
{
    struct reason why = { 0 };
    const struct store_port *p = &w->port[owner];
    const enum status s = p->save(p->self, save, &why);
    if (s != STATUS_PENDING)
        fail_msg("save: %s", why.text);
}

static struct save_result finish(struct world *w, int owner)
{
    struct save_result result = { 0 };
    const struct store_port *p = &w->port[owner];
    assert_int_equal(p->poll(p->self, PATIENCE_MS, &result, 1), 1);
    return result;
}

static enum status save_now(struct world *w, int owner, const struct save *save)
{
    begin(w, owner, save);
    const struct save_result result = finish(w, owner);
    assert_int_equal(result.shard, save->shard);
    assert_int_equal(result.version, save->header.version);
    return result.status;
}

/* As the flow does it: the very same save until something else than
 * UNAVAILABLE comes. */
static enum status save_until_answered(struct world *w, int owner, const struct save *save)
{
    const struct store_port *p = &w->port[owner];
    for (int i = 0; i < 500; i++) {
        struct reason why = { 0 };
        enum status s = p->save(p->self, save, &why);
        if (s == STATUS_PENDING)
            s = finish(w, owner).status;
        if (s != STATUS_UNAVAILABLE)
            return s;
        const struct timespec pause = { .tv_nsec = 5000000 };
        nanosleep(&pause, NULL);
    }
    return STATUS_UNAVAILABLE;
}

/* Saves, but the answer never arrives. */
static void save_and_lose_reply(struct world *w, int owner, const struct save *save)
{
    if (w->fake != NULL)
        fake_store_fail(w->fake, FAKE_LOST_REPLY, 0, 1);
    begin(w, owner, save);
    while (stored_version(w, save->shard) != (long long)save->header.version)
        continue;
    if (w->fake == NULL)
        redis_store_disconnect(w->stores[owner]);
    assert_int_equal(finish(w, owner).status, STATUS_UNAVAILABLE);
}

/* ---- loads -------------------------------------------------------------------------- */

struct loaded {
    char text[512]; /* what was handed over, each followed by a blank; cut */
    size_t used;
    struct world *claim_in; /* claim it for the other owner at the first call */
    enum status answer;
};

static enum status take_images(void *arg, struct span images)
{
    struct loaded *l = arg;
    if (l->claim_in != NULL)
        claim(l->claim_in, 1, SHARD, "other");
    l->claim_in = NULL;
    const size_t room = l->used < sizeof l->text ? sizeof l->text - l->used : 0;
    const int size = snprintf(room > 0 ? l->text + l->used : NULL, room, "%.*s ",
                              (int)images.size, (const char *)images.at);
    l->used += (size_t)size;
    return l->answer;
}

static enum status load_into(struct world *w, int owner, const struct shard_header *header,
                             struct loaded *ret_loaded, struct reason *why)
{
    const struct store_port *p = &w->port[owner];
    return p->load(p->self, SHARD, header, take_images, ret_loaded, why);
}

static void assert_loads(struct world *w, int owner, const char *expected)
{
    const struct shard_header h = claim(w, owner, SHARD, "loader");
    struct loaded l = { .answer = STATUS_OK };
    struct reason why = { 0 };
    const enum status s = load_into(w, owner, &h, &l, &why);
    if (s != STATUS_OK)
        print_error("load: %s\n", why.text);
    assert_int_equal(s, STATUS_OK);
    assert_string_equal(l.text, expected);
}

/* ---- promises of both ------------------------------------------------------------------ */

static void a_shard_never_saved_is_empty_and_each_claim_raises_its_epoch(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    assert_int_equal(h.epoch, 1);
    assert_int_equal(h.version, 0);
    assert_true(h.stream_time == TIME_NEVER_YET);
    assert_true(h.offsets[TOPIC_MESSAGES] == OFFSET_NONE);
    assert_true(h.alerts_offset == OFFSET_NONE);
    assert_false(h.alerts_live);
    assert_loads(w, 0, "");
    h = claim(w, 1, SHARD, "b");
    assert_int_equal(h.epoch, 3); /* the loader claimed, too */
    assert_int_equal(claim(w, 1, OTHER_SHARD, "b").epoch, 1);
}

static void a_claim_returns_the_header_that_was_saved(void **state)
{
    struct world *w = *state;
    const struct shard_header empty = claim(w, 0, SHARD, "a");
    struct save save = save_after(&empty, "a", "x");
    save.header.stream_time = INT64_C(1763975702123);
    save.header.watermark = -5;
    save.header.highest[TOPIC_ORDERS] = 17;
    save.header.highest[TOPIC_SHIPMENTS] = TIME_NEVER_YET;
    save.header.offsets[TOPIC_ORDERS] = INT64_MAX;
    save.header.offsets[TOPIC_MESSAGES] = 0;
    save.header.alerts_offset = 99;
    save.header.next_shard_sequence = 12345678901;
    save.header.alerts_live = true;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);

    struct shard_header expected = save.header;
    expected.epoch = 2;
    const struct shard_header found = claim(w, 1, SHARD, "b");
    assert_int_equal(found.epoch, expected.epoch);
    assert_int_equal(found.version, 1);
    assert_true(found.stream_time == expected.stream_time);
    assert_true(found.watermark == expected.watermark);
    assert_memory_equal(found.highest, expected.highest, sizeof found.highest);
    assert_memory_equal(found.offsets, expected.offsets, sizeof found.offsets);
    assert_true(found.alerts_offset == expected.alerts_offset);
    assert_true(found.next_shard_sequence == expected.next_shard_sequence);
    assert_true(found.alerts_live);
}

static void images_come_back_in_order_of_their_saves(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    static const char *const logs[] = { "one", "two", "", "four" };
    for (size_t i = 0; i < 4; i++) {
        const struct save save = save_after(&h, "a", logs[i]);
        assert_int_equal(save_now(w, 0, &save), STATUS_OK);
        h = save.header;
    }
    assert_loads(w, 1, "one two  four ");
}

static void a_save_of_an_older_epoch_is_fenced(void **state)
{
    struct world *w = *state;
    const struct shard_header old = claim(w, 0, SHARD, "old");
    const struct shard_header new = claim(w, 1, SHARD, "new");
    const struct save stale = save_after(&old, "old", "stale");
    assert_int_equal(save_now(w, 0, &stale), STATUS_FENCED);
    assert_int_equal(stored_version(w, SHARD), 0);

    const struct save good = save_after(&new, "new", "good");
    assert_int_equal(save_now(w, 1, &good), STATUS_OK);
    assert_int_equal(save_now(w, 0, &stale), STATUS_FENCED);
    assert_loads(w, 1, "good ");
}

static void a_save_that_does_not_follow_the_stored_version_is_fenced(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    h.version = 4;
    const struct save ahead = save_after(&h, "a", "ahead");
    assert_int_equal(save_now(w, 0, &ahead), STATUS_FENCED);
    assert_int_equal(log_size(w, SHARD), 0);
}

/* A failover lost one owner's claim, so two have the same epoch: the one whose
 * name is not stored must not write. */
static void a_save_of_the_same_epoch_by_another_writer_is_fenced(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    struct save foreign = save_after(&h, "b", "foreign");
    assert_int_equal(save_now(w, 1, &foreign), STATUS_FENCED);
    const struct save mine = save_after(&h, "a", "mine");
    assert_int_equal(save_now(w, 0, &mine), STATUS_OK);
    assert_int_equal(save_now(w, 1, &foreign), STATUS_FENCED);
    assert_loads(w, 0, "mine ");
}

/* An instance that claims twice under one name is fenced by its epoch alone. */
static void a_save_of_an_older_epoch_by_the_same_writer_is_fenced(void **state)
{
    struct world *w = *state;
    const struct shard_header old = claim(w, 0, SHARD, "a");
    const struct shard_header new = claim(w, 0, SHARD, "a");
    const struct save stale = save_after(&old, "a", "stale");
    assert_int_equal(save_now(w, 0, &stale), STATUS_FENCED);
    const struct save good = save_after(&new, "a", "good");
    assert_int_equal(save_now(w, 0, &good), STATUS_OK);
    assert_int_equal(save_now(w, 0, &stale), STATUS_FENCED);
}

static void a_save_of_a_shard_that_nobody_claimed_is_fenced(void **state)
{
    struct world *w = *state;
    const struct shard_header invented = { .epoch = 1 };
    const struct save save = save_after(&invented, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_FENCED);
}

static void a_save_whose_reply_was_lost_is_recognised_and_not_done_twice(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "once");
    save_and_lose_reply(w, 0, &save);
    assert_int_equal(save_until_answered(w, 0, &save), STATUS_OK);
    assert_int_equal(log_size(w, SHARD), 1);
    const struct save next = save_after(&save.header, "a", "next");
    assert_int_equal(save_now(w, 0, &next), STATUS_OK);
    assert_loads(w, 1, "once next ");
}

/* Neither a save nor a claim changes anything, both say why, and later the save goes on. */
static struct reason
check_refusal(struct world *w, void (*make)(struct world *w, bool so), enum status status,
              enum status (*go_on)(struct world *w, int owner, const struct save *save))
{
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    struct reason why = { 0 };
    make(w, true);
    begin(w, 0, &save);
    const struct save_result result = finish(w, 0);
    assert_int_equal(result.status, status);
    assert_string_not_equal(result.why.text, "");
    assert_int_equal(log_size(w, SHARD), 0);
    assert_int_equal(try_to_claim(w, 1, &why), status);
    assert_string_not_equal(why.text, "");
    make(w, false);
    assert_int_equal(go_on(w, 0, &save), STATUS_OK);
    assert_loads(w, 0, "x ");
    return result.why;
}

static void a_full_store_writes_nothing_and_goes_on_when_there_is_room(void **state)
{
    (void)check_refusal(*state, make_full, STATUS_FULL, save_now);
}

static void a_store_that_takes_no_writes_is_unavailable_until_it_does(void **state)
{
    const struct world *w = *state;
    const struct reason why =
        check_refusal(*state, make_read_only, STATUS_UNAVAILABLE, save_until_answered);
    assert_true(w->fake != NULL || strstr(why.text, "replica") != NULL);
}

/* Three parts, one a save: after a round the log need not keep what came
 * before the oldest part. */
static void parts_take_turns_and_the_log_is_trimmed_behind_them(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    char log[8];
    char part[8];
    for (int32_t n = 1; n <= 7; n++) {
        snprintf(log, sizeof log, "L%d", n);
        snprintf(part, sizeof part, "P%d", n);
        struct save save = save_after(&h, "a", log);
        const struct saved_part one = { .index = n % 3, .bytes = span_of_text(part) };
        save.parts = &one;
        save.part_count = 1;
        save.oldest_part_version = n < 3 ? 0 : (uint64_t)n - 2;
        assert_int_equal(save_now(w, 0, &save), STATUS_OK);
        h = save.header;
    }
    assert_int_equal(log_size(w, SHARD), 2);
    const struct shard_header again = claim(w, 1, SHARD, "b");
    struct loaded l = { .answer = STATUS_OK };
    assert_int_equal(load_into(w, 1, &again, &l, NULL), STATUS_OK);
    assert_non_null(strstr(l.text, "P5 "));
    assert_non_null(strstr(l.text, "P6 "));
    assert_non_null(strstr(l.text, "P7 "));
    assert_int_equal(strlen(l.text), strlen("P5 P6 P7 L6 L7 "));
    assert_string_equal(l.text + strlen("P5 P6 P7 "), "L6 L7 ");
}

static void a_part_as_new_as_its_save_leaves_no_log(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    struct save save = save_after(&h, "a", "gone");
    const struct saved_part all = { .index = 0, .bytes = span_of_text("all") };
    save.parts = &all;
    save.part_count = 1;
    save.oldest_part_version = 1;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_int_equal(log_size(w, SHARD), 0);
    const struct save next = save_after(&save.header, "a", "next");
    assert_int_equal(save_now(w, 0, &next), STATUS_OK);
    assert_loads(w, 1, "all next ");
}

static struct saved_rank rank_of(const char *kpi_window, const char *member, int64_t score)
{
    return (struct saved_rank){ .kpi_window = span_of_text(kpi_window),
                                .member = span_of_text(member),
                                .score = score };
}

static void views_and_ranks_are_written_and_deleted_with_the_save(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct span fields[] = { span_of_text("delivery_late:7d"), span_of_text("3 30 warn"),
                                   span_of_text("window_end"), span_of_text("17") };
    struct saved_view views[] = {
        { .seller_storefront = span_of_text("s1|de"), .fields = fields, .field_count = 4 },
        { .seller_storefront = span_of_text("s10|de"), .fields = fields, .field_count = 2 },
    };
    struct saved_rank ranks[] = { rank_of("dispatch_late:7d", "s1|de", -3),
                                  rank_of("delivery_late:7d", "s1|de", 5),
                                  rank_of("dispatch_late:7d", "s10|de", 8),
                                  rank_of("delivery_late:7d", "s10|de", 4) };
    struct save save = save_after(&h, "a", "x");
    save.views = views;
    save.view_count = 2;
    save.ranks = ranks;
    save.rank_count = 4;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_view(w, "s1|de", "delivery_late:7d", "3 30 warn");
    assert_view(w, "s1|de", "window_end", "17");
    assert_view(w, "s10|de", "window_end", "");
    assert_worst(w, "dispatch_late:7d", "s10|de s1|de ");
    assert_worst(w, "delivery_late:7d", "s1|de s10|de ");

    save = save_after(&save.header, "a", "y");
    views[0].gone = true;
    ranks[1].gone = true;
    ranks[2].score = -4;
    save.views = views;
    save.view_count = 1;
    save.ranks = ranks;
    save.rank_count = 4;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_view(w, "s1|de", "window_end", "");
    assert_view(w, "s10|de", "delivery_late:7d", "3 30 warn");
    assert_worst(w, "dispatch_late:7d", "s1|de s10|de ");
    assert_worst(w, "delivery_late:7d", "s10|de ");
}

static void a_view_that_is_written_again_has_only_its_new_fields(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct span fields[] = { span_of_text("delivery_late:7d"), span_of_text("3 30 warn"),
                                   span_of_text("window_end"), span_of_text("17") };
    struct saved_view view = { .seller_storefront = span_of_text("s1|de"),
                               .fields = fields,
                               .field_count = 4 };
    struct save save = save_after(&h, "a", "x");
    save.views = &view;
    save.view_count = 1;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    save = save_after(&save.header, "a", "y");
    view.fields = fields + 2;
    view.field_count = 2;
    save.views = &view;
    save.view_count = 1;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_view(w, "s1|de", "delivery_late:7d", "");
    assert_view(w, "s1|de", "window_end", "17");
}

static void a_fenced_save_shows_nothing_in_the_views(void **state)
{
    struct world *w = *state;
    const struct shard_header old = claim(w, 0, SHARD, "old");
    claim(w, 1, SHARD, "new");
    const struct span fields[] = { span_of_text("f"), span_of_text("v") };
    const struct saved_view view = { .seller_storefront = span_of_text("s|de"),
                                     .fields = fields,
                                     .field_count = 2 };
    struct save save = save_after(&old, "old", "x");
    save.views = &view;
    save.view_count = 1;
    assert_int_equal(save_now(w, 0, &save), STATUS_FENCED);
    assert_view(w, "s|de", "f", "");
}

static void two_shards_are_saved_together(void **state)
{
    struct world *w = *state;
    const struct shard_header a = claim(w, 0, SHARD, "a");
    const struct shard_header b = claim(w, 0, OTHER_SHARD, "a");
    const struct save first = save_after(&a, "a", "first");
    struct save second = save_after(&b, "a", "second");
    second.shard = OTHER_SHARD;
    begin(w, 0, &first);
    begin(w, 0, &second);
    const struct save_result one = finish(w, 0);
    const struct save_result two = finish(w, 0);
    assert_int_equal(one.status, STATUS_OK);
    assert_int_equal(two.status, STATUS_OK);
    assert_int_equal(one.shard + two.shard, SHARD + OTHER_SHARD);
    assert_int_equal(stored_version(w, SHARD), 1);
    assert_int_equal(stored_version(w, OTHER_SHARD), 1);
    struct save_result none;
    assert_int_equal(w->port[0].poll(w->port[0].self, 0, &none, 1), 0);
}

static void a_load_during_which_another_claims_is_fenced(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    h = claim(w, 0, SHARD, "a again");
    struct loaded l = { .answer = STATUS_OK, .claim_in = w };
    assert_int_equal(load_into(w, 0, &h, &l, NULL), STATUS_FENCED);
}

static void a_load_with_an_outdated_header_is_fenced(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    struct loaded l = { .answer = STATUS_OK };
    assert_int_equal(load_into(w, 0, &h, &l, NULL), STATUS_FENCED);
    assert_string_equal(l.text, "");
}

static void a_log_with_a_missing_element_is_malformed_and_fences_saves(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    lose_newest_log_element(w);
    const struct save next = save_after(&save.header, "a", "y");
    assert_int_equal(save_now(w, 0, &next), STATUS_FENCED);

    const struct shard_header again = claim(w, 0, SHARD, "b");
    struct loaded l = { .answer = STATUS_OK };
    struct reason why = { 0 };
    assert_int_equal(load_into(w, 0, &again, &l, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "log"));
}

static void images_that_cannot_be_read_make_the_load_malformed(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    const struct shard_header again = claim(w, 0, SHARD, "b");
    struct loaded l = { .answer = STATUS_MALFORMED };
    struct reason why = { 0 };
    assert_int_equal(load_into(w, 0, &again, &l, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "log"));
    assert_loads(w, 0, "x "); /* and the connection is as good as before */
}

static void a_claim_forgets_the_save_that_was_under_way(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    begin(w, 0, &save);
    const struct shard_header again = claim(w, 0, SHARD, "b");
    assert_int_equal(again.version, 1);
    struct save_result none;
    assert_int_equal(w->port[0].poll(w->port[0].self, 50, &none, 1), 0);
    const struct save next = save_after(&again, "b", "y");
    assert_int_equal(save_now(w, 0, &next), STATUS_OK);
}

/* Far more than a socket takes at once, in both directions. */
static void a_save_of_many_mebibytes_goes_out_and_comes_back(void **state)
{
    enum { LARGE_BYTES = 24 * 1024 * 1024 };
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct shard_header other = claim(w, 0, OTHER_SHARD, "a");
    char *large = malloc(LARGE_BYTES);
    assert_non_null(large);
    memset(large, 'x', LARGE_BYTES);
    struct save save = save_after(&h, "a", "");
    save.log = span_of(large, LARGE_BYTES);
    struct save small = save_after(&other, "a", "small");
    small.shard = OTHER_SHARD;
    begin(w, 0, &save);
    begin(w, 0, &small);
    memset(large, 'y', LARGE_BYTES); /* it was copied */
    assert_int_equal(finish(w, 0).status, STATUS_OK);
    assert_int_equal(finish(w, 0).status, STATUS_OK);

    const struct shard_header again = claim(w, 0, SHARD, "b");
    struct loaded l = { .answer = STATUS_OK };
    assert_int_equal(load_into(w, 0, &again, &l, NULL), STATUS_OK);
    assert_int_equal(l.used, LARGE_BYTES + 1);
    assert_int_equal(l.text[0], 'x');
    free(large);
}

/* As many views and ranks as one save may bring; unpack() in Lua fails far
 * below that. */
static void thousands_of_views_and_ranks_fit_into_one_save(void **state)
{
    enum { SELLERS = 500, PAIRS = 60, NAME = 24 };
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    char(*names)[NAME] = calloc(SELLERS + PAIRS, sizeof *names);
    struct span *fields = calloc(2 * PAIRS, sizeof *fields);
    struct saved_view *views = calloc(SELLERS, sizeof *views);
    struct saved_rank *ranks = calloc(SELLERS * PAIRS, sizeof *ranks);
    for (int i = 0; i < PAIRS; i++) {
        snprintf(names[SELLERS + i], NAME, "kpi%d:7d", i);
        fields[2 * i] = span_of_text(names[SELLERS + i]);
        fields[2 * i + 1] = span_of_text("1 2 3");
    }
    for (int i = 0; i < SELLERS; i++) {
        snprintf(names[i], NAME, "seller%03d|de", i);
        views[i] = (struct saved_view){ .seller_storefront = span_of_text(names[i]),
                                        .fields = fields,
                                        .field_count = 2 * PAIRS };
        for (int k = 0; k < PAIRS; k++)
            ranks[i * PAIRS + k] = rank_of(names[SELLERS + k], names[i], i == 77 ? 999 : i);
    }
    struct save save = save_after(&h, "a", "x");
    save.views = views;
    save.view_count = SELLERS;
    save.ranks = ranks;
    save.rank_count = SELLERS * PAIRS;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_view(w, "seller499|de", "kpi59:7d", "1 2 3");
    assert_worst(w, "kpi59:7d",
                 "seller077|de seller499|de seller498|de seller497|de seller496|de "
                 "seller495|de seller494|de seller493|de ");
    free(names);
    free(fields);
    free(views);
    free(ranks);
}

/* More members of one rank, coming and going, than unpack() in Lua can take. */
static void one_rank_of_ten_thousand_sellers_is_written_and_emptied(void **state)
{
    enum { SELLERS = 10000, NAME = 16 };
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    char(*names)[NAME] = calloc(SELLERS, sizeof *names);
    struct saved_rank *ranks = calloc(SELLERS, sizeof *ranks);
    for (int i = 0; i < SELLERS; i++) {
        snprintf(names[i], NAME, "%05d|de", i);
        ranks[i] = rank_of("cancellation:30d", names[i], i % 5000 == 1 ? 7 : -i);
    }
    struct save save = save_after(&h, "a", "x");
    save.ranks = ranks;
    save.rank_count = SELLERS;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_worst(w, "cancellation:30d",
                 "05001|de 00001|de 00000|de 00002|de 00003|de 00004|de 00005|de 00006|de ");

    save = save_after(&save.header, "a", "y");
    for (int i = 0; i < SELLERS; i++)
        ranks[i].gone = i != 42;
    save.ranks = ranks;
    save.rank_count = SELLERS;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_worst(w, "cancellation:30d", "00042|de ");
    free(names);
    free(ranks);
}

/* ---- what only the fake can do
 * --------------------------------------------------------------- */

static void a_lost_request_changes_nothing_and_may_be_repeated(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    fake_store_fail(w->fake, FAKE_LOST_REQUEST, 0, 1);
    assert_int_equal(save_now(w, 0, &save), STATUS_UNAVAILABLE);
    assert_int_equal(stored_version(w, SHARD), 0);
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
}

static void a_store_that_lost_its_last_saves_fences_the_next(void **state)
{
    struct world *w = *state;
    fake_store_keep(w->fake, 4);
    struct shard_header h = claim(w, 0, SHARD, "a");
    static const char *const logs[] = { "1", "2", "3" };
    for (size_t i = 0; i < 3; i++) {
        const struct save save = save_after(&h, "a", logs[i]);
        assert_int_equal(save_now(w, 0, &save), STATUS_OK);
        h = save.header;
    }
    assert_int_equal(fake_store_lose_saves(w->fake, SHARD, 2), 2);
    const struct save next = save_after(&h, "a", "4");
    assert_int_equal(save_now(w, 0, &next), STATUS_FENCED);
    assert_loads(w, 0, "1 ");
    assert_int_equal(fake_store_lose_saves(w->fake, SHARD, 9), 1);
    assert_loads(w, 0, "");
}

static void a_delayed_answer_comes_with_a_later_poll(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    fake_store_delay(w->fake, 2);
    begin(w, 0, &save);
    struct save_result result;
    assert_int_equal(w->port[0].poll(w->port[0].self, 0, &result, 1), 0);
    assert_int_equal(w->port[0].poll(w->port[0].self, 0, &result, 1), 0);
    assert_int_equal(w->port[0].poll(w->port[0].self, 0, &result, 1), 1);
}

/* ---- what only Redis does to us ----------------------------------------------------- */

static void a_script_that_redis_forgot_is_sent_again_unnoticed(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct shard_header other = claim(w, 0, OTHER_SHARD, "a");
    TELL(w, "SCRIPT FLUSH");
    const struct save save = save_after(&h, "a", "x");
    struct save second = save_after(&other, "a", "second");
    second.shard = OTHER_SHARD;
    begin(w, 0, &save);
    begin(w, 0, &second);
    assert_int_equal(finish(w, 0).status, STATUS_OK);
    assert_int_equal(finish(w, 0).status, STATUS_OK);
    assert_loads(w, 0, "x ");
}

static void what_was_acknowledged_survives_a_kill_of_redis(void **state)
{
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "kept");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_true(redis_server_restart(&w->server, true));
    const struct save next = save_after(&save.header, "a", "next");
    assert_int_equal(save_until_answered(w, 0, &next), STATUS_OK);
    assert_loads(w, 0, "kept next ");
}

static void a_redis_that_lost_everything_fences_the_next_save(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    assert_true(redis_server_restart(&w->server, true));
    const struct save next = save_after(&save.header, "a", "y");
    assert_int_equal(save_until_answered(w, 0, &next), STATUS_FENCED);
}

static void a_redis_that_hangs_is_unavailable_after_the_time_out(void **state)
{
    struct world *w = *state;
    struct redis_options o = options_of(w);
    o.timeout_ms = 100;
    open_store(w, 0, &o);
    const struct shard_header h = claim(w, 0, SHARD, "a");
    TELL(w, "CLIENT PAUSE 400 ALL");
    const struct save save = save_after(&h, "a", "x");
    begin(w, 0, &save);
    const struct save_result result = finish(w, 0);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_non_null(strstr(result.why.text, "100 ms"));
}

/* Of one that claimed as "a". */
static struct save save_with_rank(const struct shard_header *h, const struct saved_rank *rank)
{
    struct save save = save_after(h, "a", "x");
    save.ranks = rank;
    save.rank_count = 1;
    return save;
}

static void a_key_of_another_type_stops_the_save_before_it_writes(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    TELL(w, "SET sw:{%d}:rank:kpi:7d text", SHARD);
    const struct saved_rank rank = rank_of("kpi:7d", "s|de", 1);
    const struct save save = save_with_rank(&h, &rank);
    begin(w, 0, &save);
    const struct save_result result = finish(w, 0);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_non_null(strstr(result.why.text, "sw:{3}:rank:kpi:7d"));
    assert_int_equal(log_size(w, SHARD), 0);
    TELL(w, "DEL sw:{%d}:rank:kpi:7d", SHARD);
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
}

static void a_user_without_a_right_writes_nothing_at_all(void **state)
{
    struct world *w = *state;
    TELL(w, "ACL SETUSER half on >secret ~* +@all -zadd");
    struct redis_options o = options_of(w);
    o.user = "half";
    o.password = "secret";
    open_store(w, 0, &o);
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct saved_rank rank = rank_of("kpi:7d", "s|de", 1);
    const struct save save = save_with_rank(&h, &rank);
    begin(w, 0, &save);
    const struct save_result result = finish(w, 0);
    assert_int_equal(result.status, STATUS_UNAVAILABLE);
    assert_non_null(strstr(result.why.text, "ZADD"));
    assert_int_equal(log_size(w, SHARD), 0);
}

static void tcp_user_password_and_database_are_used(void **state)
{
    struct world *w = *state;
    TELL(w, "ACL SETUSER watcher on >secret ~* +@all");
    struct redis_options o = redis_link_default_options();
    o.port = w->server.port;
    o.user = "watcher";
    o.password = "secret";
    o.database = 5;
    open_store(w, 0, &o);
    struct reason why = { 0 };
    assert_int_equal(redis_store_connect(w->stores[0], &why), STATUS_OK);
    (void)claim(w, 0, SHARD, "a");
    TELL(w, "SELECT 5");
    redisReply *r = ask(w, "EXISTS sw:{%d}:shard", SHARD);
    assert_int_equal(r->integer, 1);
    freeReplyObject(r);
}

static void a_wrong_password_is_refused_with_a_sentence_without_it(void **state)
{
    struct world *w = *state;
    TELL(w, "ACL SETUSER watcher on >secret ~* +@all");
    struct redis_options o = options_of(w);
    o.user = "watcher";
    o.password = "guessed";
    open_store(w, 0, &o);
    struct reason why = { 0 };
    assert_int_equal(redis_store_connect(w->stores[0], &why), STATUS_REFUSED);
    assert_non_null(strstr(why.text, "password"));
    assert_null(strstr(why.text, "guessed"));
}

static void nobody_listening_is_unavailable_and_names_the_address(void **state)
{
    struct world *w = *state;
    struct redis_options o = options_of(w);
    o.unix_path = "/tmp/no-such-socket";
    open_store(w, 0, &o);
    struct reason why = { 0 };
    assert_int_equal(try_to_claim(w, 0, &why), STATUS_UNAVAILABLE);
    assert_non_null(strstr(why.text, "/tmp/no-such-socket"));
    const struct save save = { .shard = SHARD, .writer = "a", .header = { .version = 1 } };
    assert_int_equal(w->port[0].save(w->port[0].self, &save, &why), STATUS_UNAVAILABLE);
}

static void a_shard_of_another_layout_is_refused(void **state)
{
    struct world *w = *state;
    struct reason why = { 0 };
    for (int layout = 1; layout <= 3; layout += 2) { /* ours is 2 */
        TELL(w, "HSET sw:{%d}:shard layout %d", SHARD, layout);
        assert_int_equal(try_to_claim(w, 0, &why), STATUS_REFUSED);
        assert_non_null(strstr(why.text, "another version of the program"));
    }
}

static void a_header_with_an_impossible_value_is_malformed_and_named(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    const struct save save = save_after(&h, "a", "x");
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
    TELL(w, "HSET sw:{%d}:shard watermark yesterday", SHARD);
    struct reason why = { 0 };
    assert_int_equal(try_to_claim(w, 0, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "watermark"));
}

/* One that claimed as "a" writes log and twelve parts. */
static void save_with_parts(struct world *w, const struct shard_header *h,
                            uint64_t oldest_part_version)
{
    struct save save = save_after(h, "a", "x");
    struct saved_part parts[12];
    for (int32_t i = 0; i < 12; i++)
        parts[i] = (struct saved_part){ .index = i, .bytes = span_of_text("p") };
    save.parts = parts;
    save.part_count = 12;
    save.oldest_part_version = oldest_part_version;
    assert_int_equal(save_now(w, 0, &save), STATUS_OK);
}

static void assert_malformed(struct world *w, struct shard_header h, const char *named)
{
    struct loaded l = { .answer = STATUS_OK };
    struct reason why = { 0 };
    assert_int_equal(load_into(w, 0, &h, &l, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, named));
}

static void a_part_that_changed_or_is_gone_is_malformed_and_named(void **state)
{
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    save_with_parts(w, &h, 1);
    TELL(w, "SETRANGE sw:{%d}:part:2 16 q", SHARD); /* its last byte */
    assert_malformed(w, claim(w, 0, SHARD, "b"), "sw:{3}:part:2 is damaged");
    TELL(w, "DEL sw:{%d}:part:2", SHARD);
    assert_malformed(w, claim(w, 0, SHARD, "b"), "sw:{3}:part:2");
}

/* Redis' own words, "wrong kind of value", do not say which key has it. */
static void a_stored_key_of_another_type_is_malformed_and_named(void **state)
{
    static const char *const keys[] = { "sw:{3}:log", "sw:{3}:part:1", "sw:{3}:shard" };
    struct world *w = *state;
    const struct shard_header h = claim(w, 0, SHARD, "a");
    save_with_parts(w, &h, 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct shard_header again = claim(w, 0, SHARD, "b");
        TELL(w, "DEL %s", keys[i]);
        TELL(w, "SADD %s x", keys[i]);
        assert_malformed(w, again, keys[i]);
    }
}

static void a_database_is_described_once_and_not_for_other_topics(void **state)
{
    struct world *w = *state;
    struct redis_description d = { .partition_count = 12,
                                   .topic_names = { "orders", "messages", "shipments" } };
    struct reason why = { 0 };
    assert_int_equal(redis_store_describe(w->stores[0], &d, &why), STATUS_OK);
    assert_int_equal(redis_store_describe(w->stores[1], &d, &why), STATUS_OK);
    redisReply *r = ask(w, "HGET sw:meta partitions");
    assert_string_equal(r->str, "12");
    freeReplyObject(r);
    d.partition_count = 24;
    assert_int_equal(redis_store_describe(w->stores[1], &d, &why), STATUS_REFUSED);
    assert_non_null(strstr(why.text, "partitions=12"));
}

/* Who waits for answers and has nothing under way would turn as fast as it can. */
static void a_poll_waits_though_no_answer_is_to_come(void **state)
{
    const struct world *w = *state;
    struct save_result none;
    const int64_t before = redis_link_clock_ms();
    assert_int_equal(w->port[0].poll(w->port[0].self, 50, &none, 1), 0);
    assert_in_range(redis_link_clock_ms() - before, 50, 5000);
}

/* A log of more elements than one chunk, of which sizes differ. */
static void a_long_log_is_loaded_in_chunks_without_a_gap(void **state)
{
    enum { SAVES = 300 };
    struct world *w = *state;
    struct shard_header h = claim(w, 0, SHARD, "a");
    for (int i = 0; i < SAVES; i++) {
        const struct save save = save_after(&h, "a", "x");
        assert_int_equal(save_now(w, 0, &save), STATUS_OK);
        h = save.header;
    }
    const struct shard_header again = claim(w, 0, SHARD, "b");
    struct loaded l = { .answer = STATUS_OK };
    assert_int_equal(load_into(w, 0, &again, &l, NULL), STATUS_OK);
    assert_int_equal(l.used, 2 * SAVES);
}

/* ---- the suite --------------------------------------------------------------------- */

#define FAKE(f)                                                                                \
    {                                                                                          \
        "fake: " #f, f, set_up_fake, tear_down, NULL                                           \
    }
#define REAL_WITH(f, setup)                                                                    \
    {                                                                                          \
        "redis: " #f, f, setup, tear_down, NULL                                                \
    }
#define REAL(f) REAL_WITH(f, set_up_real)

static const struct CMUnitTest on_fake[] = {
#define PROMISE(f) FAKE(f),
#include "contract/store_promises.def"
#undef PROMISE
    FAKE(a_lost_request_changes_nothing_and_may_be_repeated),
    FAKE(a_store_that_lost_its_last_saves_fences_the_next),
    FAKE(a_delayed_answer_comes_with_a_later_poll),
};

static const struct CMUnitTest on_redis[] = {
#define PROMISE(f) REAL(f),
#include "contract/store_promises.def"
#undef PROMISE
    REAL(a_script_that_redis_forgot_is_sent_again_unnoticed),
    REAL_WITH(what_was_acknowledged_survives_a_kill_of_redis, set_up_appendonly),
    REAL(a_redis_that_lost_everything_fences_the_next_save),
    REAL(a_redis_that_hangs_is_unavailable_after_the_time_out),
    REAL(a_key_of_another_type_stops_the_save_before_it_writes),
    REAL(a_user_without_a_right_writes_nothing_at_all),
    REAL_WITH(tcp_user_password_and_database_are_used, set_up_with_port),
    REAL(a_wrong_password_is_refused_with_a_sentence_without_it),
    REAL(nobody_listening_is_unavailable_and_names_the_address),
    REAL(a_shard_of_another_layout_is_refused),
    REAL(a_header_with_an_impossible_value_is_malformed_and_named),
    REAL(a_part_that_changed_or_is_gone_is_malformed_and_named),
    REAL(a_stored_key_of_another_type_is_malformed_and_named),
    REAL(a_database_is_described_once_and_not_for_other_topics),
    REAL(a_long_log_is_loaded_in_chunks_without_a_gap),
    REAL(a_poll_waits_though_no_answer_is_to_come),
};

int main(void)
{
    const int failed = cmocka_run_group_tests_name("store_contract: fake", on_fake, NULL, NULL);
    if (redis_server_is_installed())
        return failed +
               cmocka_run_group_tests_name("store_contract: redis", on_redis, NULL, NULL);
    print_message("[  SKIPPED ] redis-server is not installed: only the fake was tested\n");
    return failed > 0 ? failed : SKIPPED;
}
