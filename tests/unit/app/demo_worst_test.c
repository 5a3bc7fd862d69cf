/* demo_worst_test.c - who stands worst, as a real Redis says it. */
#include "app/demo_worst.h"

#include "app/private_redis.h"
#include "base/buffer.h"

#include <hiredis/hiredis.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHARDS = 2, NO_SERVER = 77 };

static struct private_redis redis;
static redisContext *writer;
static struct redis_reader *reader;
static struct demo_worst *worst;
static struct screen screen;

static int set_up(void **state)
{
    (void)state;
    struct reason why = { "" };
    struct redis_options options = redis_link_default_options();
    if (!private_redis_open(&redis, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return -1;
    }
    writer = redisConnectUnix(redis.socket);
    options.unix_path = redis.socket;
    reader = redis_reader_open(&options, &why);
    worst = demo_worst_open(reader, SHARDS, "7d");
    screen = (struct screen){ 0 };
    return writer == NULL || writer->err != 0 || reader == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    demo_worst_close(worst);
    redis_reader_close(reader);
    redisFree(writer);
    private_redis_close(&redis);
    return 0;
}

/* One KPI of a seller, as the processor writes it. */
static void write_kpi(int shard, const char *seller, const char *field, const char *value,
                      int64_t score)
{
    freeReplyObject(
        redisCommand(writer, "HSET sw:{%d}:kpi:%s %s %s", shard, seller, field, value));
    freeReplyObject(redisCommand(writer, "ZADD sw:{%d}:rank:%s %lld %s", shard, field,
                                 (long long)score, seller));
}

static void assert_row(int32_t index, const char *seller, enum kpi kpi)
{
    assert_true(index < screen.worst_count);
    assert_true(span_equal(name_span(&screen.worst[index].seller), span_of_text(seller)));
    assert_int_equal(screen.worst[index].kpi, kpi);
}

/* dispatch_late: 4 % to 10 %, a step of 6 points; cancellation: 1 % to 3 %, 2 points. */
static void kpis_are_compared_in_steps_from_warning_to_critical(void **state)
{
    (void)state;
    write_kpi(0, "a|de", "dispatch_late:7d", "10 100 100000 40000 warning", 60000);
    write_kpi(1, "b|de", "cancellation:7d", "5 100 50000 10000 warning", 40000);
    demo_worst_read(worst, &screen);
    assert_int_equal(screen.worst_count, 2);
    assert_row(0, "b", KPI_CANCELLATION);
    assert_row(1, "a", KPI_DISPATCH_LATE);
    assert_int_equal(screen.worst[1].bad, 10);
    assert_int_equal(screen.worst[1].total, 100);
    assert_int_equal(screen.worst[1].value.amount, 100000);
    assert_int_equal(screen.worst[1].limit.amount, 40000);
}

static void a_seller_has_one_line_with_its_worst_kpi_and_totals_have_none(void **state)
{
    (void)state;
    write_kpi(0, "a|de", "dispatch_late:7d", "10 100 100000 40000 warning", 60000);
    write_kpi(0, "a|at", "dispatch_late:7d", "30 100 300000 40000 critical", 260000);
    write_kpi(0, "a|*", "dispatch_late:7d", "40 200 200000 40000 critical", 900000);
    demo_worst_read(worst, &screen);
    assert_int_equal(screen.worst_count, 1);
    assert_row(0, "a", KPI_DISPATCH_LATE);
    assert_true(span_equal(name_span(&screen.worst[0].storefront), span_of_text("at")));
}

static void an_alert_weighs_more_than_a_distance(void **state)
{
    (void)state;
    write_kpi(0, "a|de", "escalation:7d", "2 3 666667 100000 ok", 566667);
    write_kpi(0, "b|de", "dispatch_late:7d", "12 100 120000 40000 critical", 80000);
    demo_worst_read(worst, &screen);
    assert_row(0, "b", KPI_DISPATCH_LATE);
    assert_row(1, "a", KPI_ESCALATION);
}

static void without_redis_the_picture_stays_as_it_was(void **state)
{
    (void)state;
    write_kpi(0, "a|de", "dispatch_late:7d", "10 100 100000 40000 warning", 60000);
    demo_worst_read(worst, &screen);
    freeReplyObject(redisCommand(writer, "CLIENT KILL TYPE normal SKIPME yes"));
    demo_worst_read(worst, &screen);
    assert_int_equal(screen.worst_count, 1);
    assert_row(0, "a", KPI_DISPATCH_LATE);
}

static void a_field_of_another_shape_is_refused(void **state)
{
    (void)state;
    struct screen_seller row = { 0 };
    assert_true(demo_worst_parse(span_of_text("4 37 - 70000 pending"), &row));
    assert_false(row.value.known);
    assert_false(demo_worst_parse(span_of_text("4 37 108108"), &row));
    assert_false(demo_worst_parse(span_of_text("many 37 1 2 ok"), &row));
    assert_false(demo_worst_parse(span_of_text(""), &row));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the verbs do */
    struct private_redis trial;
    struct reason why = { "" };
    if (!private_redis_open(&trial, &why)) {
        fprintf(stderr, "skipped: %s\n", why.text);
        return NO_SERVER;
    }
    private_redis_close(&trial);
    const struct CMUnitTest tests[] = {
        TEST(kpis_are_compared_in_steps_from_warning_to_critical),
        TEST(a_seller_has_one_line_with_its_worst_kpi_and_totals_have_none),
        TEST(an_alert_weighs_more_than_a_distance),
        TEST(without_redis_the_picture_stays_as_it_was),
        cmocka_unit_test(a_field_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
