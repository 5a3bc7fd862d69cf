/* settings_test.c - a configuration is right, or every mistake in it is told. */
#include "app/settings.h"
#include "app/settings_environment.h"
#include "app/settings_table.h"
#include "base/name.h"
#include "redis/redis_link.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const char sample[] = SOURCE_DIR "/config/sellerwatch.yaml";

struct outcome {
    bool good;
    struct settings settings;
    struct settings_problems problems;
};

static struct outcome parse_with(const char *text, char *const *environment)
{
    struct outcome o = { 0 };
    const struct settings_source source = { .path = "/nowhere/test.yaml",
                                            .text = span_of_text(text),
                                            .environment = environment };
    o.good = settings_parse(&source, &o.settings, &o.problems);
    return o;
}

static struct outcome parse(const char *text)
{
    return parse_with(text, NULL);
}

static void discard(struct outcome *o)
{
    settings_free(&o->settings);
    settings_problems_free(&o->problems);
}

static char *text_of(const struct settings_problems *problems)
{
    static char text[32768];
    struct buffer all = { 0 };
    settings_problems_text(problems, &all);
    (void)snprintf(text, sizeof text, "%.*s", (int)all.size,
                   all.at != NULL ? (const char *)all.at : "");
    buffer_free(&all);
    return text;
}

/* The text has exactly one mistake, and its line is `expected` (without the file). */
static void assert_mistake(const char *text, const char *expected)
{
    struct outcome o = parse(text);
    char line[1024];
    (void)snprintf(line, sizeof line, "/nowhere/test.yaml:%s\n", expected);
    assert_false(o.good);
    assert_string_equal(text_of(&o.problems), line);
    discard(&o);
}

static void assert_valid(const char *text)
{
    struct outcome o = parse(text);
    assert_string_equal(text_of(&o.problems), "");
    assert_true(o.good);
    discard(&o);
}

/* ---- defaults ---------------------------------------------------------------------- */

static void empty_file_gives_the_defaults(void **state)
{
    (void)state;
    struct outcome o = parse("");
    assert_true(o.good);
    assert_string_equal(o.settings.kafka_brokers, "127.0.0.1:9092");
    assert_int_equal(o.settings.commit_interval_ms, 200);
    assert_int_equal(o.settings.max_lateness_ms, 7 * DAY_MS);
    assert_int_equal(o.settings.response_sla_ms, 2880 * MINUTE_MS);
    assert_int_equal(o.settings.memory_limit_bytes, INT64_C(2) << 30);
    assert_int_equal(o.settings.time_source, TIME_FROM_WALL);
    assert_int_equal(o.settings.alerts_clear_margin_ppm, 100000);
    assert_int_equal(o.settings.cancel_seller_reasons.count, 8);
    assert_int_equal(o.settings.windows.count, 4);
    assert_int_equal(o.settings.given, 0);
    discard(&o);
}

static int64_t number_of(const struct settings *s, const struct settings_row *row)
{
    const char *field = (const char *)s + row->offset;
    int64_t number = 0;
    int32_t choice = 0;
    bool flag = false;
    if (row->type == SETTINGS_TYPE_flag) {
        memcpy(&flag, field, sizeof flag);
        return flag;
    }
    if (row->type == SETTINGS_TYPE_choice) {
        memcpy(&choice, field, sizeof choice);
        return choice;
    }
    memcpy(&number, field, sizeof number);
    return number;
}

static void assert_row_equal(const struct settings *a, const struct settings *b,
                             const struct settings_row *row)
{
    const char *const *left =
        (const char *const *)(const void *)((const char *)a + row->offset);
    const char *const *right =
        (const char *const *)(const void *)((const char *)b + row->offset);
    if (row->type == SETTINGS_TYPE_section || row->type == SETTINGS_TYPE_texts)
        return;
    if (row->type == SETTINGS_TYPE_text || row->type == SETTINGS_TYPE_secret)
        assert_string_equal(*left, *right);
    else
        assert_int_equal(number_of(a, row), number_of(b, row));
}

/* The sample says that it shows every setting at its default. */
static void sample_is_valid_and_shows_every_setting_at_its_default(void **state)
{
    (void)state;
    struct outcome o = { 0 };
    struct settings preset;
    settings_defaults(&preset);
    o.good = settings_load(sample, NULL, &o.settings, &o.problems);
    assert_string_equal(text_of(&o.problems), "");
    assert_true(o.good);

    int32_t rows = 0;
    for (; settings_table_row(rows) != NULL; rows++)
        assert_row_equal(&preset, &o.settings, settings_table_row(rows));
    assert_true(o.settings.given > rows);
    assert_string_equal(o.settings.rule_version, preset.rule_version);
    assert_int_equal(o.settings.topic_class_count, preset.topic_class_count);
    assert_int_equal(o.settings.cancel_seller_reasons.count,
                     preset.cancel_seller_reasons.count);
    settings_free(&preset);
    discard(&o);
}

static char *slurp(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    return text;
}

static void sample_names_every_setting(void **state)
{
    (void)state;
    const char *text = slurp(sample);
    for (int32_t i = 0; settings_table_row(i) != NULL; i++) {
        const char *dot = strrchr(settings_table_row(i)->path, '.');
        char key[128];
        (void)snprintf(key, sizeof key,
                       "%s:", dot != NULL ? dot + 1 : settings_table_row(i)->path);
        if (strstr(text, key) == NULL)
            fail_msg("config/sellerwatch.yaml does not show %s", settings_table_row(i)->path);
    }
}

static void reference_in_config_is_what_the_table_says(void **state)
{
    (void)state;
    struct buffer text = { 0 };
    settings_document(&text);
    buffer_add_u8(&text, 0);
    assert_string_equal(slurp(SOURCE_DIR "/config/SETTINGS.md"), (const char *)text.at);
    buffer_free(&text);
}

static void calendars_file_says_what_the_built_in_calendars_say(void **state)
{
    (void)state;
    struct settings built_in;
    struct outcome file = { 0 };
    settings_defaults(&built_in);
    assert_true(settings_load(sample, NULL, &file.settings, &file.problems));
    assert_int_equal(built_in.calendar_count, 10);
    assert_int_equal(file.settings.calendar_count, built_in.calendar_count);
    for (int32_t i = 0; i < built_in.calendar_count; i++) {
        const struct settings_calendar *a = &built_in.calendars[i];
        const struct settings_calendar *b = &file.settings.calendars[i];
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->timezone, b->timezone);
        assert_int_equal(a->weekdays, b->weekdays);
        assert_int_equal(a->holiday_count, b->holiday_count);
        if (a->holiday_count > 0)
            assert_memory_equal(a->holidays, b->holidays,
                                (size_t)a->holiday_count * sizeof *a->holidays);
    }
    settings_free(&built_in);
    discard(&file);
}

/* ---- mistakes ---------------------------------------------------------------------- */

static void unknown_setting_names_the_nearest_one(void **state)
{
    (void)state;
    assert_mistake("kafka:\n  brokes: a:1\n",
                   "2:3: there is no setting kafka.brokes; did you mean kafka.brokers?");
    assert_mistake("kafak:\n  group: x\n",
                   "1:1: there is no setting kafak; did you mean kafka?");
    assert_mistake("brokers: a:1\n",
                   "1:1: there is no setting brokers; did you mean kafka.brokers?");
    assert_mistake("zzzzzzzz: 1\n", "1:1: there is no setting zzzzzzzz");
}

static void number_out_of_range_says_the_range(void **state)
{
    (void)state;
    assert_mistake("batch:\n  records: 10001\n", "2:12: batch.records: 10001 is out of range; "
                                                 "write a number from 1 to 10000");
    assert_mistake("batch: {records: -1}", "1:18: batch.records: \"-1\" is not a whole number; "
                                           "write one from 1 to 10000");
    assert_mistake("batch: {records: 99999999999999999999}",
                   "1:18: batch.records: \"99999999999999999999\" is not a whole number; write "
                   "one from 1 to 10000");
    assert_valid("batch: {records: 10000}");
}

static void duration_without_its_unit_is_refused(void **state)
{
    (void)state;
    assert_mistake("max_delay: 60\n",
                   "1:12: max_delay: \"60\" is not a duration; write a number with ms, s, m, h "
                   "or d, such as 200ms, 10m or 7d");
    assert_mistake("max_delay: 8d\n", "1:12: max_delay: 8d is out of range; write 0s to 7d");
    assert_valid("max_delay: 1m30s\n");
    assert_valid("max_delay: 0\n");
}

static void choice_names_what_there_is_to_choose(void **state)
{
    (void)state;
    assert_mistake(
        "time: {source: event}",
        "1:16: time.source: \"event\" is not one of wall, events; did you mean events?");
}

static void key_given_twice_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("workers: 1\nlog:\n  level: info\nworkers: 2\n",
                   "4:1: workers is given twice, first in line 1; remove one of the two");
}

static void wrong_shape_says_the_right_one(void **state)
{
    (void)state;
    assert_mistake("workers: [1]\n", "1:10: workers must be a single value, not a list; write "
                                     "name: value");
    assert_mistake("kafka: x\n", "1:8: kafka must be a map, not a single value; write lines "
                                 "\"name: value\" below it, further to the right");
    assert_mistake("- a\n", "1:1: a configuration must be a map, not a list; write lines "
                            "\"name: value\" below it, further to the right");
    assert_mistake("kafka:\n  group:\n",
                   "2:3: kafka.group has no value; write one, \"\" for an "
                   "empty text, or remove the line");
}

static void all_mistakes_come_in_one_go_in_the_order_of_lines(void **state)
{
    (void)state;
    struct outcome o = parse("workers: x\nthresholds:\n  nothing: {}\nmax_delay: 5\n"
                             "default_calendar: xx\nredis: {address: nowhere}\n");
    assert_false(o.good);
    assert_int_equal(o.problems.count, 5);
    const int32_t lines[] = { 1, 3, 4, 5, 6 };
    for (int32_t i = 0; i < 5; i++)
        assert_int_equal(o.problems.at[i].line, lines[i]);
    discard(&o);
}

static void thousand_mistakes_are_counted_and_not_all_kept(void **state)
{
    (void)state;
    struct buffer text = { 0 };
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "unknown%d: 1\n", i);
    buffer_add_u8(&text, 0);
    struct outcome o = parse((const char *)text.at);
    assert_int_equal(o.problems.count, SETTINGS_PROBLEMS_MAX);
    assert_int_equal(o.problems.left_out, 1000 - SETTINGS_PROBLEMS_MAX);
    discard(&o);
    buffer_free(&text);
}

static void text_that_is_no_yaml_names_the_place(void **state)
{
    (void)state;
    struct outcome o = parse("kafka:\n  group: [a\n");
    assert_false(o.good);
    assert_non_null(strstr(text_of(&o.problems), "not readable as YAML"));
    discard(&o);
}

/* A few hundred bytes that would become gigabytes if aliases were followed. */
static void billion_laughs_are_not_laughed(void **state)
{
    (void)state;
    struct outcome o = parse("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n");
    assert_false(o.good);
    assert_non_null(strstr(text_of(&o.problems), "an alias (*) has no meaning here"));
    discard(&o);
}

static void deep_and_large_files_are_refused(void **state)
{
    (void)state;
    char deep[512] = "a: ";
    memset(deep + 3, '[', 400);
    struct outcome o = parse(deep);
    assert_false(o.good);
    assert_non_null(strstr(text_of(&o.problems), "levels deep"));
    discard(&o);

    char *large = calloc(1, (1 << 20) + 10);
    assert_non_null(large);
    memset(large, '#', (1 << 20) + 5);
    o = parse(large);
    assert_false(o.good);
    assert_non_null(strstr(text_of(&o.problems), "larger than 1048576 bytes"));
    discard(&o);
    free(large);
}

static void settings_that_contradict_each_other_are_told(void **state)
{
    (void)state;
    assert_mistake("commit: {interval: 2s, catching_up: 1s}",
                   "1:37: commit.catching_up is shorter than commit.interval; make it at least "
                   "as long");
    assert_mistake(
        "kafka: {topics: {orders: a, alerts: a}}",
        "1:37: kafka.topics.alerts and kafka.topics.orders are both \"a\"; give each "
        "its own topic");
    assert_mistake("schemas: {source: files}",
                   "1:19: schemas.source is files, but schemas.files names none; write ID: "
                   "FILE.avsc for each schema");
    assert_mistake("kafka: {properties: {group.id: x}}",
                   "1:32: kafka.properties: group.id cannot be set here; use kafka.group");
}

/* All of them, each at its line: librdkafka would tell one at a time, at start. */
static void kafka_properties_are_shown_to_librdkafka(void **state)
{
    (void)state;
    struct outcome o = parse("kafka:\n"
                             "  properties:\n"
                             "    nonsense.prop: 1\n"
                             "    security.protocol: SASL_SSL\n"
                             "    socket.timeout.ms: soon\n"
                             "    security.protokol: geheim\n");
    assert_false(o.good);
    assert_int_equal(o.problems.count, 3);
    assert_non_null(
        strstr(text_of(&o.problems), "test.yaml:3:20: kafka.properties: librdkafka "));
    assert_non_null(strstr(text_of(&o.problems), " has no property nonsense.prop; see "));
    assert_non_null(strstr(text_of(&o.problems),
                           "test.yaml:5:24: kafka.properties: the value of "
                           "socket.timeout.ms is not accepted: "));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:6:24: "));
    assert_null(strstr(text_of(&o.problems), "geheim"));
    discard(&o);

    char *const environment[] = { (char[]){ "SELLERWATCH_KAFKA_PROPERTIES_NONSENSE=1" }, NULL };
    o = parse_with("", environment);
    assert_false(o.good);
    assert_non_null(strstr(text_of(&o.problems), "environment: kafka.properties: librdkafka "));
    discard(&o);
}

static void each_broker_that_is_no_address_is_told(void **state)
{
    (void)state;
    assert_valid("kafka: {brokers: \"a:1, b.example:9092,SASL_SSL://c:9093,[::1]:9092\"}");
    struct outcome o = parse("kafka:\n"
                             "  brokers: \"foo,bar:99999, :9092,good:9092,\"\n");
    assert_false(o.good);
    assert_string_equal(
        text_of(&o.problems),
        "/nowhere/test.yaml:2:12: kafka.brokers: \"foo\" is not host:port; write such as "
        "127.0.0.1:9092\n"
        "/nowhere/test.yaml:2:12: kafka.brokers: \"bar:99999\" is not host:port; write such as "
        "127.0.0.1:9092\n"
        "/nowhere/test.yaml:2:12: kafka.brokers: \":9092\" is not host:port; write such as "
        "127.0.0.1:9092\n"
        "/nowhere/test.yaml:2:12: kafka.brokers: \"\" is not host:port; write such as "
        "127.0.0.1:9092\n");
    discard(&o);
}

static void topic_that_kafka_cannot_have_is_told(void **state)
{
    (void)state;
    assert_valid("kafka: {topics: {orders: shop.Orders_v2-eu}}");
    struct outcome o = parse("kafka:\n"
                             "  topics:\n"
                             "    orders: my orders\n"
                             "    messages: ..\n"
                             "    alerts: \"bestellungen\\u00e9\"\n"
                             "    deadletter: .\n");
    assert_false(o.good);
    assert_int_equal(o.problems.count, 4);
    assert_non_null(strstr(text_of(&o.problems),
                           "test.yaml:3:13: kafka.topics.orders: \"my orders\" is no name of a "
                           "topic; write 1 to 249 letters, digits, dots, underscores and "
                           "hyphens, but not . or ..\n"));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:4:15: kafka.topics.messages: "));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:5:13: kafka.topics.alerts: "));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:6:17: kafka.topics.deadletter: "));
    discard(&o);
}

static void http_address_is_an_address_of_a_machine(void **state)
{
    (void)state;
    assert_valid("http: {address: 0.0.0.0}");
    assert_valid("http: {address: \"::1\"}");
    assert_valid("http: {address: localhost}");
    assert_valid("http: {address: notanip, enabled: false}");
    assert_mistake("http: {address: notanip}",
                   "1:17: http.address: \"notanip\" is no IP address; write 127.0.0.1, or "
                   "0.0.0.0 for all addresses of this machine");
}

/* What is built without TLS cannot speak it, whatever the files. */
static void redis_over_tls_needs_a_program_that_has_it(void **state)
{
    (void)state;
    if (redis_link_has_tls())
        assert_valid("redis: {tls: true}");
    else
        assert_mistake("redis: {tls: true}",
                       "1:14: redis.tls: this program was built with a hiredis that has no "
                       "TLS; use a build with hiredis 1.0 or later, or a local tunnel");
}

static void certificate_that_cannot_be_read_is_told_where_it_is_named(void **state)
{
    (void)state;
    struct outcome o = parse("redis:\n"
                             "  tls: true\n"
                             "  tls_ca_file: /nowhere/ca.pem\n"
                             "  tls_certificate_file: /nowhere/own.pem\n"
                             "  tls_key_file: /nowhere/own.key\n"
                             "schemas: {registry: {ca_file: /nowhere/registry.pem}}\n");
    assert_false(o.good);
    assert_int_equal(o.problems.count, redis_link_has_tls() ? 4 : 5);
    assert_non_null(strstr(text_of(&o.problems),
                           "test.yaml:3:16: redis.tls_ca_file: /nowhere/ca.pem cannot be "
                           "read: No such file or directory\n"));
    assert_non_null(
        strstr(text_of(&o.problems), "test.yaml:4:25: redis.tls_certificate_file: "));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:5:17: redis.tls_key_file: "));
    assert_non_null(strstr(text_of(&o.problems), "test.yaml:6:31: schemas.registry.ca_file: "));
    discard(&o);

    assert_valid("schemas: {registry: {ca_file: " SOURCE_DIR "/README.md}}");
}

/* What one cannot see in an editor is named, and its place is where it is. */
static void text_that_is_no_yaml_is_told_with_what_cannot_be_seen(void **state)
{
    (void)state;
    static const char tab[] = "a tab before the first word; YAML wants blanks, write blanks";
    char expected[128];
    (void)snprintf(expected, sizeof expected, "2:1: %s", tab);
    assert_mistake("kafka:\n\tbrokers: a:1\n", expected);
    (void)snprintf(expected, sizeof expected, "3:3: %s", tab);
    assert_mistake("kafka:\n  brokers: a:1\n  \tgroup: x: y\n", expected);
    (void)snprintf(expected, sizeof expected, "2:2: %s", tab);
    assert_mistake("windows:\n-\t{name: a}\n", expected);
    assert_valid("workers:\t2\n");

    assert_valid("\xEF\xBB\xBFworkers: 2\n");
    assert_mistake("workers: 2\n# a\n\xEF\xBB\xBFlog: {level: info}\n",
                   "3:1: a byte order mark in the middle of the file, as where two files were "
                   "joined; remove it");
    assert_mistake("workers: 2\n# \xFF\n",
                   "2:3: not readable as YAML: invalid leading UTF-8 octet");
}

static void file_that_is_not_there_is_told_by_name(void **state)
{
    (void)state;
    struct outcome o = { 0 };
    assert_false(settings_load("/nowhere/at-all.yaml", NULL, &o.settings, &o.problems));
    assert_non_null(strstr(text_of(&o.problems), "/nowhere/at-all.yaml"));
    discard(&o);
}

/* ---- environment ------------------------------------------------------------------- */

static void environment_wins_over_the_file(void **state)
{
    (void)state;
    char *const environment[] = { (char[]){ "HOME=/root" },
                                  (char[]){ "SELLERWATCH_BATCH_RECORDS=7" },
                                  (char[]){ "SELLERWATCH_MAX_DELAY=5s" },
                                  (char[]){ "SELLERWATCH_CANCEL_SELLER_REASONS=A, B" },
                                  (char[]){ "SELLERWATCH_KAFKA_PROPERTIES_SASL_USERNAME=me" },
                                  (char[]){ "SELLERWATCH_TEST_ANYTHING=1" },
                                  NULL };
    struct outcome o = parse_with("batch: {records: 9}\n"
                                  "kafka: {properties: {sasl.username: you}}\n",
                                  environment);
    assert_string_equal(text_of(&o.problems), "");
    assert_int_equal(o.settings.batch_records, 7);
    assert_int_equal(o.settings.max_delay_ms, 5 * SECOND_MS);
    assert_int_equal(o.settings.cancel_seller_reasons.count, 2);
    assert_string_equal(o.settings.cancel_seller_reasons.at[1], "B");
    assert_int_equal(o.settings.kafka_properties.count, 1);
    assert_string_equal(o.settings.kafka_properties.at[0].name, "sasl.username");
    assert_string_equal(o.settings.kafka_properties.at[0].value, "me");
    discard(&o);
}

static void unknown_or_wrong_variable_is_a_mistake(void **state)
{
    (void)state;
    char *const environment[] = { (char[]){ "SELLERWATCH_BATCH_RECORD=7" },
                                  (char[]){ "SELLERWATCH_WORKERS=none" }, NULL };
    struct outcome o = parse_with("", environment);
    assert_string_equal(
        text_of(&o.problems),
        "environment: SELLERWATCH_BATCH_RECORD belongs to no setting; did you "
        "mean SELLERWATCH_BATCH_RECORDS?\n"
        "environment: SELLERWATCH_WORKERS: \"none\" is not a whole number; write "
        "one from 1 to 64\n");
    discard(&o);
}

static void no_two_settings_share_a_variable(void **state)
{
    (void)state;
    for (int32_t i = 0; settings_table_row(i) != NULL; i++) {
        char one[SETTINGS_PATH_BYTES];
        settings_environment_name(settings_table_row(i)->path, one);
        for (int32_t k = 0; k < i; k++) {
            char other[SETTINGS_PATH_BYTES];
            settings_environment_name(settings_table_row(k)->path, other);
            assert_string_not_equal(one, other);
        }
    }
}

/* ---- secrets ----------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void secret_comes_from_a_file_beside_the_configuration(void **state)
{
    (void)state;
    char folder[] = "/tmp/settings_test_XXXXXX";
    char secret[64];
    char config[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(secret, sizeof secret, "%s/pw", folder);
    (void)snprintf(config, sizeof config, "%s/c.yaml", folder);
    write_file(secret, "s3cret\r\n");
    write_file(config,
               "redis: {password_file: pw}\nkafka: {properties: {sasl.password_file: pw}}\n");

    struct outcome o = { 0 };
    assert_true(settings_load(config, NULL, &o.settings, &o.problems));
    assert_string_equal(o.settings.redis_password, "s3cret");
    assert_string_equal(o.settings.kafka_properties.at[0].name, "sasl.password");
    assert_string_equal(o.settings.kafka_properties.at[0].value, "s3cret");
    discard(&o);

    char variable[128];
    (void)snprintf(variable, sizeof variable, "SELLERWATCH_REDIS_PASSWORD_FILE=%s", secret);
    char *const environment[] = { variable, NULL };
    o = parse_with("", environment);
    assert_true(o.good);
    assert_string_equal(o.settings.redis_password, "s3cret");
    discard(&o);

    assert_int_equal(unlink(secret), 0);
    assert_int_equal(unlink(config), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void mistake_in_a_secret_does_not_show_it(void **state)
{
    (void)state;
    char *const environment[] = { (char[]){ "SELLERWATCH_REDIS_PASSWORD=geheim\001" }, NULL };
    struct outcome o = parse_with("redis: {password: \"geheim\\n\", password_file: x}\n"
                                  "kafka: {properties: {enable.idempotence: geheim}}\n",
                                  environment);
    assert_false(o.good);
    assert_int_equal(o.problems.count, 4);
    assert_null(strstr(text_of(&o.problems), "geheim"));
    discard(&o);
}

/* ---- the other parts --------------------------------------------------------------- */

static void setting_by_path_is_checked_like_the_file(void **state)
{
    (void)state;
    struct settings s;
    struct reason why = { "" };
    settings_defaults(&s);
    assert_true(settings_set(&s, "redis.socket", "/tmp/r.sock", &why));
    assert_string_equal(s.redis_socket, "/tmp/r.sock");
    assert_true(settings_set(&s, "time.source", "events", &why));
    assert_int_equal(s.time_source, TIME_FROM_EVENTS);
    assert_false(settings_set(&s, "http.port", "65536", &why));
    assert_false(settings_set(&s, "http.prt", "1", &why));
    assert_string_equal(why.text, "there is no setting http.prt; did you mean http.port?");
    assert_false(settings_set(&s, "windows", "1h", &why));
    settings_free(&s);
}

static void topic_belongs_to_its_class_and_others_to_none(void **state)
{
    (void)state;
    struct outcome o = parse("");
    assert_int_equal(settings_topic_class(&o.settings, span_of_text("invoice_problem")),
                     AVOIDABLE_CLASS_INVOICE);
    assert_int_equal(settings_topic_class(&o.settings, span_of_text("cs_nagative_rating")),
                     AVOIDABLE_CLASS_NONE);
    discard(&o);
    o = parse("avoidable: {topics: {fraud: defect}}");
    assert_int_equal(settings_topic_class(&o.settings, span_of_text("fraud")),
                     AVOIDABLE_CLASS_DEFECT);
    assert_int_equal(settings_topic_class(&o.settings, span_of_text("invoice_problem")),
                     AVOIDABLE_CLASS_NONE);
    discard(&o);
    assert_mistake(
        "avoidable: {topics: {fraud: delay}}",
        "1:29: \"delay\" is no class of avoidable enquiries; write delayed, "
        "not_received, incomplete, incorrect, defect or invoice; did you mean delayed?");
}

static void schema_files_are_found_beside_the_configuration(void **state)
{
    (void)state;
    struct outcome o = parse("schemas: {files: {7: a.avsc, 8: /x/b.avsc}}");
    assert_true(o.good);
    assert_int_equal(o.settings.schema_file_count, 2);
    assert_int_equal(o.settings.schema_files[0].id, 7);
    assert_string_equal(o.settings.schema_files[0].path, "/nowhere/a.avsc");
    assert_string_equal(o.settings.schema_files[1].path, "/x/b.avsc");
    discard(&o);
}

/* A file with `text` and our own schemas beside it, as schemas 1 to 5. */
static struct outcome parse_with_schema(const char *text)
{
    char path[] = "/tmp/settings_XXXXXX";
    char yaml[2048];
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(file);
    (void)snprintf(yaml, sizeof yaml,
                   "schemas:\n"
                   "  source: files\n"
                   "  files:\n"
                   "    1: %s/schemas/alert_event.avsc\n"
                   "    2: %s/schemas/order_event.avsc\n"
                   "    3: %s/schemas/message_event.avsc\n"
                   "    4: %s/schemas/shipment_event.avsc\n"
                   "    5: %s\n",
                   SOURCE_DIR, SOURCE_DIR, SOURCE_DIR, SOURCE_DIR, path);
    struct outcome o = parse(yaml);
    assert_int_equal(unlink(path), 0);
    return o;
}

/* Else the first record of that id, and with it the whole topic, would be dead letters. */
static void schema_file_that_cannot_be_used_is_told_at_its_line(void **state)
{
    (void)state;
    struct outcome o = parse_with_schema("{\"type\": \"record\"");
    assert_false(o.good);
    assert_int_equal(o.problems.count, 1);
    assert_non_null(
        strstr(text_of(&o.problems), "/nowhere/test.yaml:8:8: schemas.files: schema 5, /tmp/"));
    assert_non_null(strstr(text_of(&o.problems), ": it is no Avro schema: "));
    discard(&o);

    o = parse_with_schema("\"string\"");
    assert_false(o.good);
    assert_int_equal(o.problems.count, 1);
    assert_non_null(strstr(text_of(&o.problems), ": it fits no topic (orders: "));
    assert_non_null(strstr(text_of(&o.problems), "; shipments: "));
    discard(&o);

    assert_mistake(
        "schemas: {source: files, files: {7: gone.avsc}}",
        "1:37: schemas.files: schema 7, /nowhere/gone.avsc cannot be opened: No such "
        "file or directory");
}

static void instance_is_named_after_the_host_unless_told(void **state)
{
    (void)state;
    char host[256] = "";
    char expected[300];
    struct outcome o = parse("");
    struct buffer text = { 0 };
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    (void)snprintf(expected, sizeof expected, "sellerwatch-%s", host);
    settings_instance_id(&o.settings, &text);
    buffer_add_u8(&text, 0);
    assert_string_equal((const char *)text.at, expected);
    buffer_free(&text);
    discard(&o);
}

/* ---- links and labels of alerts ---------------------------------------------------- */

static void links_and_labels_are_kept_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct outcome o = parse("alerts:\n"
                             "  links:\n"
                             "    runbook: https://wiki.example/kpi/{kpi}\n"
                             "    dashboard: \"https://x/{id_seller}?s={storefront}\"\n"
                             "  labels: {team: apm, site: eu}\n");
    assert_string_equal(text_of(&o.problems), "");
    assert_int_equal(o.settings.alert_links.count, 2);
    assert_string_equal(o.settings.alert_links.at[0].name, "runbook");
    assert_string_equal(o.settings.alert_links.at[0].value, "https://wiki.example/kpi/{kpi}");
    assert_string_equal(o.settings.alert_links.at[1].name, "dashboard");
    assert_int_equal(o.settings.alert_labels.count, 2);
    assert_string_equal(o.settings.alert_labels.at[1].name, "site");
    assert_string_equal(o.settings.alert_labels.at[1].value, "eu");
    discard(&o);
}

static void mistake_in_a_link_says_what_would_be_right(void **state)
{
    (void)state;
    assert_mistake("alerts:\n  links:\n    a: https://x/{id_seler}",
                   "3:8: alerts.links: a has {id_seler}, which is no placeholder; there are "
                   "{id_seller}, {storefront}, {kpi}, {window} and {alert_id}; did you mean "
                   "{id_seller}?");
    assert_mistake("alerts:\n  links:\n    a: https://x/{account}",
                   "3:8: alerts.links: a has {account}, which is no placeholder; there are "
                   "{id_seller}, {storefront}, {kpi}, {window} and {alert_id}");
    assert_mistake("alerts:\n  links:\n    a: https://x/{kpi",
                   "3:8: alerts.links: a has a { that is not closed; write } behind the "
                   "placeholder's name");
    assert_mistake("alerts: {links: {a: wiki}}",
                   "1:21: alerts.links: a is no http or https URL; write such as "
                   "https://wiki.example/kpi/{kpi}");
    assert_mistake("alerts: {links: {\"\": \"https://x\"}}",
                   "1:18: alerts.links: \"\" is no name; write one of 1 to 64 bytes");
    assert_mistake("alerts: {links: {a: [b]}}",
                   "1:21: a must be a single value, not a list; write name: value");
    assert_mistake("alerts: {link: {a: \"https://x\"}}",
                   "1:10: there is no setting alerts.link; did you mean alerts.links?");
}

static void mistake_in_a_label_says_what_would_be_right(void **state)
{
    (void)state;
    char text[1100];
    (void)snprintf(text, sizeof text, "alerts: {labels: {a: %01001d}}", 1);
    assert_mistake(text, "1:22: alerts.labels: the value of a has 1001 bytes; write 1 to 1000");
    (void)snprintf(text, sizeof text, "alerts: {labels: {a: %01000d}}", 1);
    assert_valid(text);
    assert_mistake("alerts: {labels: {team: \"\"}}",
                   "1:25: alerts.labels: the value of team has 0 bytes; write 1 to 1000");
    assert_mistake("alerts: {labels: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, "
                   "j: 1, k: 1}}",
                   "1:79: alerts.labels: k is one too many; write at most 10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_file_gives_the_defaults),
        cmocka_unit_test(sample_is_valid_and_shows_every_setting_at_its_default),
        cmocka_unit_test(sample_names_every_setting),
        cmocka_unit_test(reference_in_config_is_what_the_table_says),
        cmocka_unit_test(calendars_file_says_what_the_built_in_calendars_say),
        cmocka_unit_test(unknown_setting_names_the_nearest_one),
        cmocka_unit_test(number_out_of_range_says_the_range),
        cmocka_unit_test(duration_without_its_unit_is_refused),
        cmocka_unit_test(choice_names_what_there_is_to_choose),
        cmocka_unit_test(key_given_twice_is_a_mistake),
        cmocka_unit_test(wrong_shape_says_the_right_one),
        cmocka_unit_test(all_mistakes_come_in_one_go_in_the_order_of_lines),
        cmocka_unit_test(thousand_mistakes_are_counted_and_not_all_kept),
        cmocka_unit_test(text_that_is_no_yaml_names_the_place),
        cmocka_unit_test(billion_laughs_are_not_laughed),
        cmocka_unit_test(deep_and_large_files_are_refused),
        cmocka_unit_test(settings_that_contradict_each_other_are_told),
        cmocka_unit_test(kafka_properties_are_shown_to_librdkafka),
        cmocka_unit_test(each_broker_that_is_no_address_is_told),
        cmocka_unit_test(topic_that_kafka_cannot_have_is_told),
        cmocka_unit_test(http_address_is_an_address_of_a_machine),
        cmocka_unit_test(redis_over_tls_needs_a_program_that_has_it),
        cmocka_unit_test(certificate_that_cannot_be_read_is_told_where_it_is_named),
        cmocka_unit_test(text_that_is_no_yaml_is_told_with_what_cannot_be_seen),
        cmocka_unit_test(file_that_is_not_there_is_told_by_name),
        cmocka_unit_test(environment_wins_over_the_file),
        cmocka_unit_test(unknown_or_wrong_variable_is_a_mistake),
        cmocka_unit_test(no_two_settings_share_a_variable),
        cmocka_unit_test(secret_comes_from_a_file_beside_the_configuration),
        cmocka_unit_test(mistake_in_a_secret_does_not_show_it),
        cmocka_unit_test(setting_by_path_is_checked_like_the_file),
        cmocka_unit_test(topic_belongs_to_its_class_and_others_to_none),
        cmocka_unit_test(schema_files_are_found_beside_the_configuration),
        cmocka_unit_test(schema_file_that_cannot_be_used_is_told_at_its_line),
        cmocka_unit_test(instance_is_named_after_the_host_unless_told),
        cmocka_unit_test(links_and_labels_are_kept_in_the_order_of_the_file),
        cmocka_unit_test(mistake_in_a_link_says_what_would_be_right),
        cmocka_unit_test(mistake_in_a_label_says_what_would_be_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
