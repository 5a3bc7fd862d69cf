/* replay_lines_test.c - files of JSON lines become one story, and bad lines are named. */
#include "app/replay_lines.h"

#include "base/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES_MAX = 3, PATH_BYTES = 128 };

static char folder[] = "/tmp/sellerwatch-replay-XXXXXX";
static char paths[FILES_MAX][PATH_BYTES];
static char *names[FILES_MAX];
static int file_count;
static struct event event;
static event_time told;
static struct reason why;

static int set_up(void **state)
{
    (void)state;
    file_count = 0;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < file_count; i++)
        unlink(paths[i]);
    return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
    snprintf(paths[file_count], PATH_BYTES, "%s/%s", folder, name);
    FILE *file = fopen(paths[file_count], "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    names[file_count] = paths[file_count];
    file_count += 1;
}

static struct replay_lines *open_files(void)
{
    struct replay_lines *lines = replay_lines_open(names, file_count, TOPIC_COUNT, &why);
    assert_non_null(lines);
    return lines;
}

#define DELIVERED(id, at)                                                                      \
    "{\"id_message\":\"" id "\",\"event_name\":\"delivered\",\"ts_event\":" at                 \
    ",\"id_seller\":\"4711\",\"storefront\":\"de\",\"id_order\":\"o\","                        \
    "\"id_order_unit\":\"u\"}\n"
#define ORDERED(id, at)                                                                        \
    "{\"id_message\":\"" id "\",\"event_name\":\"order_unit_new\",\"ts_event\":" at            \
    ",\"id_seller\":\"4711\",\"storefront\":\"de\",\"id_order\":\"o\","                        \
    "\"id_order_unit\":\"u\",\"ts_created\":" at ",\"ship_by\":5000000}\n"

static void assert_next(struct replay_lines *lines, const char *id, int64_t told_ms)
{
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_OK);
    assert_true(span_equal(event.id_message, span_of_text(id)));
    assert_int_equal(told.ms, told_ms);
}

static void the_earliest_event_of_all_files_comes_next(void **state)
{
    (void)state;
    write_file("orders.jsonl", ORDERED("a", "1000") ORDERED("c", "3000"));
    write_file("shipments.jsonl", DELIVERED("b", "2000") DELIVERED("d", "4000"));
    struct replay_lines *lines = open_files();
    assert_next(lines, "a", 1000);
    assert_next(lines, "b", 2000);
    assert_next(lines, "c", 3000);
    assert_next(lines, "d", 4000);
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MISSING);
    replay_lines_close(lines);
}

/* It arrived late when it was recorded; it must arrive late again. */
static void a_late_event_stays_where_it_stands_in_its_file(void **state)
{
    (void)state;
    write_file("orders.jsonl", ORDERED("a", "9000") ORDERED("late", "1000"));
    write_file("shipments.jsonl", DELIVERED("b", "5000") DELIVERED("c", "9500"));
    struct replay_lines *lines = open_files();
    assert_next(lines, "b", 5000);
    assert_next(lines, "a", 9000);
    assert_next(lines, "late", 9000);
    assert_int_equal(event.ts_event.ms, 1000);
    assert_next(lines, "c", 9500);
    replay_lines_close(lines);
}

static void a_bad_line_is_named_with_file_and_number_and_the_next_one_can_be_read(void **state)
{
    (void)state;
    write_file("shipments.jsonl",
               DELIVERED("a", "1000") "\n{\"id_message\":}\n" DELIVERED("b", "2000"));
    struct replay_lines *lines = open_files();
    assert_next(lines, "a", 1000);
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "shipments.jsonl:3: "));
    assert_next(lines, "b", 2000);
    replay_lines_close(lines);
}

static void an_event_that_cannot_be_true_is_a_bad_line(void **state)
{
    (void)state;
    write_file("events.jsonl", DELIVERED("a", "-1"));
    struct replay_lines *lines = open_files();
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "events.jsonl:1: ts_event must be UTC milliseconds"));
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MISSING);
    replay_lines_close(lines);
}

static void an_event_of_another_topic_than_its_file_is_a_bad_line(void **state)
{
    (void)state;
    write_file("orders.jsonl", DELIVERED("a", "1000"));
    struct replay_lines *lines = open_files();
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MALFORMED);
    replay_lines_close(lines);
}

static void all_times_of_an_event_are_shifted_together(void **state)
{
    (void)state;
    write_file("orders.jsonl", ORDERED("a", "1000"));
    struct replay_lines *lines = open_files();
    replay_lines_shift(lines, 500);
    assert_next(lines, "a", 1500);
    assert_int_equal(event.order.ts_created, 1500);
    assert_int_equal(event.order.ship_by.value, 5000500);
    assert_false(event.order.deliver_by.known);
    replay_lines_close(lines);
}

/* A time at the end of what a number can hold is a bad line, moved or not. */
static void a_time_that_cannot_be_shifted_is_a_bad_line(void **state)
{
    (void)state;
    write_file("orders.jsonl", ORDERED("a", "9223372036854775807") ORDERED("b", "1000"));
    struct replay_lines *lines = open_files();
    replay_lines_shift(lines, 500);
    assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MALFORMED);
    assert_non_null(strstr(why.text, "orders.jsonl:1: "));
    assert_next(lines, "b", 1500);
    replay_lines_close(lines);
}

static void a_file_that_is_not_there_is_said_by_name(void **state)
{
    (void)state;
    char missing[] = "/nonexistent/orders.jsonl";
    char *one[] = { missing };
    assert_null(replay_lines_open(one, 1, TOPIC_COUNT, &why));
    assert_string_equal(
        why.text, "/nonexistent/orders.jsonl cannot be opened: No such file or directory");
}

/* Its reading would fail only when everybody has waited for Kafka. */
static void a_folder_is_refused_at_once(void **state)
{
    (void)state;
    char *folders[] = { folder };
    assert_null(replay_lines_open(folders, 1, TOPIC_COUNT, &why));
    assert_non_null(strstr(why.text, "is a folder; name the files in it"));
}

/* As editors of other systems begin a file. */
static void a_byte_order_mark_is_no_part_of_the_first_line(void **state)
{
    (void)state;
    write_file("shipments.jsonl", "\xef\xbb\xbf" DELIVERED("a", "1000") DELIVERED("b", "2000"));
    struct replay_lines *lines = open_files();
    assert_next(lines, "a", 1000);
    assert_next(lines, "b", 2000);
    replay_lines_close(lines);
}

/* A terminal obeys what is printed to it: colours, titles, keys. */
static void control_bytes_of_a_bad_line_are_not_repeated(void **state)
{
    (void)state;
    write_file("shipments.jsonl", "{\"event_name\":\"\\u001b[2Jx\\u009b\"}\n"
                                  "{\"\\u007f\u00e9\":\033[1m}\n"
                                  "{\"\x9b\":1}\n");
    struct replay_lines *lines = open_files();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(replay_lines_next(lines, &event, &told, &why), STATUS_MALFORMED);
        for (const char *c = why.text; *c != '\0'; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f && (unsigned char)*c != 0x9b);
    }
    replay_lines_close(lines);
}

static void the_name_of_a_file_may_say_its_topic(void **state)
{
    (void)state;
    assert_int_equal(replay_lines_topic("/data/orders-2026-05.jsonl"), TOPIC_ORDERS);
    assert_int_equal(replay_lines_topic("messages.jsonl"), TOPIC_MESSAGES);
    assert_int_equal(replay_lines_topic("orders/may.jsonl"), TOPIC_COUNT);
    assert_int_equal(replay_lines_topic("-"), TOPIC_COUNT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_earliest_event_of_all_files_comes_next),
        TEST(a_late_event_stays_where_it_stands_in_its_file),
        TEST(a_bad_line_is_named_with_file_and_number_and_the_next_one_can_be_read),
        TEST(an_event_that_cannot_be_true_is_a_bad_line),
        TEST(an_event_of_another_topic_than_its_file_is_a_bad_line),
        TEST(all_times_of_an_event_are_shifted_together),
        TEST(a_time_that_cannot_be_shifted_is_a_bad_line),
        TEST(a_file_that_is_not_there_is_said_by_name),
        TEST(a_folder_is_refused_at_once),
        TEST(a_byte_order_mark_is_no_part_of_the_first_line),
        TEST(control_bytes_of_a_bad_line_are_not_repeated),
        TEST(the_name_of_a_file_may_say_its_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
