/* alert_codec_test.c - an alert change is one record, the same for everybody, and comes back.
 */
#include "alert_support.h"

#include "codec/alert_codec.h"
#include "kpi/threshold.h"
#include "codec/alert_identity.h"
#include "codec/framing.h"

#include <avro.h>
#include <stdlib.h>

enum { SCHEMA_ID = 99 };

static struct alert_codec *codec;
static struct encoder_port port;

static int set_up(void **state)
{
    (void)state;
    codec = alert_codec_open(&(struct alert_codec_options){ .schema_id = SCHEMA_ID,
                                                            .source = "/sellerwatch/test",
                                                            .producer = "sellerwatch 0.1.0" });
    port = alert_codec_port(codec);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    alert_codec_close(codec);
    return 0;
}

static struct outgoing encode(const struct alert_change *change)
{
    struct outgoing out = { .shard = 3 };
    struct reason why;
    assert_int_equal(port.encode(port.self, change, &out, &why), STATUS_OK);
    return out;
}

static void same_double(double a, double b)
{
    assert_true(isnan(a) ? isnan(b) : !(a < b) && !(a > b));
}

static void assert_same(const struct alert_change *a, const struct alert_change *b)
{
    assert_true(a->shard_sequence == b->shard_sequence);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->reason, b->reason);
    assert_true(span_equal(name_span(&a->seller), name_span(&b->seller)));
    assert_true(span_equal(name_span(&a->storefront), name_span(&b->storefront)));
    assert_int_equal(a->kpi, b->kpi);
    assert_true(span_equal(name_span(&a->window), name_span(&b->window)));
    assert_true(a->started.ms == b->started.ms);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->previous_status, b->previous_status);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->worst_severity, b->worst_severity);
    assert_int_equal(a->flags, b->flags);
    assert_true(a->window_start.ms == b->window_start.ms &&
                a->window_end.ms == b->window_end.ms);
    assert_int_equal(a->comparison, b->comparison);
    assert_int_equal(a->value.known, b->value.known);
    assert_int_equal(a->value.amount, b->value.amount);
    assert_int_equal(a->previous_value.known, b->previous_value.known);
    assert_int_equal(a->previous_value.amount, b->previous_value.amount);
    assert_true(a->threshold == b->threshold);
    assert_true(a->clear_threshold_milli == b->clear_threshold_milli);
    assert_string_equal(a->threshold_source, b->threshold_source);
    assert_string_equal(a->rule_version, b->rule_version);
    assert_true(a->numerator == b->numerator && a->denominator == b->denominator);
    same_double(a->interval_low, b->interval_low);
    same_double(a->interval_high, b->interval_high);
    same_double(a->breach_probability, b->breach_probability);
    assert_int_equal(a->evidence_count, b->evidence_count);
    for (int i = 0; i < a->evidence_count; i++) {
        assert_int_equal(a->evidence[i].kind, b->evidence[i].kind);
        assert_int_equal(a->evidence[i].wrong, b->evidence[i].wrong);
        assert_true(span_equal(name_span(&a->evidence[i].id), name_span(&b->evidence[i].id)));
        assert_true(a->evidence[i].at.ms == b->evidence[i].at.ms);
    }
    assert_true(a->evidence_total == b->evidence_total);
    assert_int_equal(a->contributor_count, b->contributor_count);
    for (int i = 0; i < a->contributor_count; i++) {
        const struct contributor *one = &a->contributors[i];
        const struct contributor *other = &b->contributors[i];
        assert_true(span_equal(name_span(&one->storefront), name_span(&other->storefront)));
        assert_true(one->bad == other->bad && one->total == other->total);
        assert_true(one->excess_millionths == other->excess_millionths);
    }
    assert_true(a->fired.ms == b->fired.ms && a->resolved.ms == b->resolved.ms);
    assert_true(a->evaluated.ms == b->evaluated.ms && a->emitted.ms == b->emitted.ms);
}

static void round_trip(const struct alert_change *change)
{
    const struct outgoing out = encode(change);
    struct alert_change back;
    assert_int_equal(port.decode(port.self, out.value, &back), STATUS_OK);
    assert_same(change, &back);
}

static void change_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    round_trip(&a);
}

static void every_symbol_comes_back(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    for (unsigned i = 0; i < ALERT_EVENT_TYPE_COUNT; i++) {
        a.type = (enum alert_event_type)i;
        round_trip(&a);
    }
    for (unsigned i = 0; i < ALERT_REASON_COUNT; i++) {
        a.reason = (enum alert_reason)i;
        round_trip(&a);
    }
    for (unsigned i = 0; i < ALERT_STATUS_COUNT; i++) {
        a.status = (enum alert_status)i;
        a.previous_status = (enum alert_status)(ALERT_STATUS_COUNT - 1 - i);
        round_trip(&a);
    }
    for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
        a.severity = (enum severity)i;
        a.worst_severity = (enum severity)(SEVERITY_COUNT - 1 - i);
        round_trip(&a);
    }
    for (unsigned i = OP_LT; i <= OP_GE; i++) {
        a.comparison = (enum comparison)i;
        round_trip(&a);
    }
    for (unsigned i = 0; i < 4; i++) {
        a.flags = i;
        round_trip(&a);
    }
}

/* Values are whole numbers inside and shown as doubles: none may be off by one. */
static void numbers_of_every_kpi_come_back_exactly(void **state)
{
    (void)state;
    static const int64_t amounts[] = {
        0, 1, 7, 333333, 999999, 1000000, 129600000, 2592000001
    };
    struct alert_change a = sample_alert();
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        a.kpi = (enum kpi)k;
        for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
            a.value.amount = amounts[i];
            a.previous_value.amount = amounts[i] / 2;
            a.threshold = amounts[i] / 3;
            a.clear_threshold_milli = amounts[i] * 333;
            round_trip(&a);
        }
    }
}

static void change_without_value_interval_and_evidence_comes_back(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.kpi = KPI_RESPONSE_OVERDUE;
    a.value = (struct kpi_value){ 0 };
    a.previous_value = (struct kpi_value){ 0 };
    a.interval_low = a.interval_high = a.breach_probability = NAN;
    a.evidence_count = 0;
    a.fired.ms = TIME_NEVER_YET;
    a.resolved.ms = 1767225655123;
    a.threshold_source[0] = '\0';
    a.rule_version[0] = '\0';
    round_trip(&a);
}

/* A storm counts alerts, and a rule may have been switched off: there is no limit. */
static void change_without_a_threshold_comes_back(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.threshold = THRESHOLD_OFF;
    a.clear_threshold_milli = THRESHOLD_OFF;
    round_trip(&a);
}

/* Longest names everywhere, most evidence: still one record. */
static void largest_change_fits(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    char text[NAME_BYTES_MAX];
    memset(text, '|', sizeof text);
    a.seller = a.storefront = a.window = name_of(span_of(text, sizeof text));
    memset(a.threshold_source, 's', sizeof a.threshold_source - 1);
    memset(a.rule_version, 'v', sizeof a.rule_version - 1);
    a.evidence_count = EVIDENCE_MAX;
    for (int i = 0; i < EVIDENCE_MAX; i++)
        a.evidence[i] = (struct evidence){ EVIDENCE_TICKET, FACT_REPEAT, a.seller, { i } };
    a.numerator = a.denominator = a.evidence_total = INT64_MAX;
    a.sequence = UINT32_MAX;
    round_trip(&a);
}

static const char *header(const struct outgoing *out, const char *name)
{
    static char text[600];
    for (int i = 0; i < out->header_count; i++) {
        if (strcmp(out->headers[i].name, name) == 0) {
            snprintf(text, sizeof text, "%.*s", (int)out->headers[i].value.size,
                     (const char *)out->headers[i].value.at);
            return text;
        }
    }
    return NULL;
}

static void headers_route_without_decoding(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    const struct outgoing out = encode(&a);
    char id[ALERT_IDENTITY_CHANGE_BYTES];
    alert_identity_change(&a, id);
    assert_string_equal(header(&out, "ce_specversion"), "1.0");
    assert_string_equal(header(&out, "ce_id"), id);
    assert_string_equal(header(&out, "ce_source"), "/sellerwatch/test");
    assert_string_equal(header(&out, "ce_type"), "sellerwatch.alert.firing.v1");
    assert_string_equal(header(&out, "ce_subject"),
                        "seller/4711/kpi/delivery_late/storefront/de");
    assert_string_equal(header(&out, "ce_time"), "2026-01-01T00:00:55.123Z");
    assert_string_equal(header(&out, "ce_recordedtime"), "2026-01-01T00:00:56.007Z");
    assert_string_equal(header(&out, "ce_sequence"), "000004");
    assert_string_equal(header(&out, "ce_partitionkey"), "4711");
    assert_string_equal(header(&out, "ce_severitytext"), "CRITICAL");
    assert_string_equal(header(&out, "ce_severitynumber"), "17");
    assert_string_equal(header(&out, "content-type"), "application/avro");
    assert_string_equal(header(&out, "shard"), "3");
    assert_string_equal(header(&out, "seq"), "4242");
    assert_null(header(&out, "ce_dataschema"));
}

static void record_is_keyed_by_seller_and_framed_with_the_schema_id(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    const struct outgoing out = encode(&a);
    struct framed framed;
    assert_int_equal(out.kind, OUTGOING_ALERT);
    assert_int_equal(out.shard, 3);
    assert_true(out.cookie == 4242);
    assert_true(span_equal(out.key, span_of_text("4711")));
    assert_int_equal(framing_split(out.value, &framed), REJECT_NONE);
    assert_int_equal(framed.schema_id, SCHEMA_ID);
}

/* Another owner, after another change: byte for byte the same. */
static void same_change_gives_the_same_bytes(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    const struct outgoing first = encode(&a);
    const size_t size = first.value.size;
    uint8_t *copy = malloc(size);
    memcpy(copy, first.value.at, size);
    struct alert_change other = a;
    other.evidence_count = 0;
    other.flags = 3;
    other.resolved.ms = 5;
    (void)encode(&other);
    const struct outgoing again = encode(&a);
    assert_int_equal(again.value.size, size);
    assert_memory_equal(again.value.at, copy, size);
    free(copy);
}

static void cut_and_longer_records_are_none_of_ours(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    const struct outgoing out = encode(&a);
    struct alert_change back;
    uint8_t *copy = malloc(out.value.size + 1);
    memcpy(copy, out.value.at, out.value.size);
    copy[out.value.size] = 0;
    for (size_t size = 0; size < out.value.size; size++) {
        uint8_t *cut = malloc(size == 0 ? 1 : size);
        memcpy(cut, copy, size);
        assert_int_equal(port.decode(port.self, span_of(cut, size), &back), STATUS_MALFORMED);
        free(cut);
    }
    assert_int_equal(port.decode(port.self, span_of(copy, out.value.size + 1), &back),
                     STATUS_MALFORMED);
    assert_int_equal(port.decode(port.self, (struct span){ 0 }, &back), STATUS_MALFORMED);
    free(copy);
}

/* A registry that forgot everything numbers the same schema anew. */
static void record_under_another_schema_id_is_still_ours(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    struct alert_codec *other = alert_codec_open(&(struct alert_codec_options){
        .schema_id = SCHEMA_ID + 1, .source = "/s", .producer = "p" });
    const struct outgoing out = encode(&a);
    const struct encoder_port reader = alert_codec_port(other);
    struct alert_change back;
    assert_int_equal(reader.decode(reader.self, out.value, &back), STATUS_OK);
    assert_same(&a, &back);
    alert_codec_close(other);
}

static void episode_is_named_by_what_it_watches_and_when_it_started(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    char key[ALERT_IDENTITY_KEY_BYTES];
    char id[ALERT_IDENTITY_ID_BYTES];
    char other[ALERT_IDENTITY_ID_BYTES];
    alert_identity_key(&a, key);
    assert_string_equal(key, "4711|de|delivery_late|7d");
    alert_identity_id(&a, id);
    assert_int_equal(id[14], '5'); /* version 5 */

    a.threshold = 1; /* edited rules and later changes do not rename it */
    a.severity = SEVERITY_WARNING;
    a.sequence = 9;
    a.rule_version[0] = 'x';
    alert_identity_id(&a, other);
    assert_string_equal(id, other);
    a.started.ms += 1;
    alert_identity_id(&a, other);
    assert_string_not_equal(id, other);
}

/* The published ids must never change: known values, computed once with Python's uuid5. */
static void episode_id_is_the_uuid_that_everybody_computes(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    char id[ALERT_IDENTITY_ID_BYTES];
    alert_identity_id(&a, id);
    assert_string_equal(id, "60862380-2bdc-5341-882d-96fad8a9fda1");
}

static void names_with_separators_do_not_share_a_key(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    struct alert_change b = sample_alert();
    a.seller = name_of(span_of_text("x|y"));
    a.storefront = name_of(span_of_text("z"));
    b.seller = name_of(span_of_text("x"));
    b.storefront = name_of(span_of_text("y|z"));
    char first[ALERT_IDENTITY_KEY_BYTES];
    char second[ALERT_IDENTITY_KEY_BYTES];
    alert_identity_key(&a, first);
    alert_identity_key(&b, second);
    assert_string_equal(first, "x%7Cy|z|delivery_late|7d");
    assert_string_not_equal(first, second);
}

/* ---- as others see it ------------------------------------------------------------- */

static avro_value_t read_by_avro(struct span record)
{
    const char *json = alert_codec_schema_text();
    avro_schema_t schema;
    avro_value_t value;
    assert_int_equal(avro_schema_from_json_length(json, strlen(json), &schema), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_generic_value_new(iface, &value);
    avro_reader_t reader = avro_reader_memory((const char *)record.at + FRAMING_BYTES,
                                              (int64_t)record.size - FRAMING_BYTES);
    assert_int_equal(avro_value_read(reader, &value), 0);
    avro_reader_free(reader);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    return value;
}

static void assert_entry(struct span record, const char *map, const char *name,
                         const char *expected)
{
    avro_value_t value = read_by_avro(record);
    avro_value_t entries;
    avro_value_t entry;
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(avro_value_get_by_name(&value, map, &entries, NULL), 0);
    assert_int_equal(avro_value_get_by_name(&entries, name, &entry, NULL), 0);
    assert_int_equal(avro_value_get_string(&entry, &text, &size), 0);
    assert_string_equal(text, expected);
    avro_value_decref(&value);
}

static void assert_size(struct span record, const char *map, size_t expected)
{
    avro_value_t value = read_by_avro(record);
    avro_value_t entries;
    size_t size = 0;
    assert_int_equal(avro_value_get_by_name(&value, map, &entries, NULL), 0);
    assert_int_equal(avro_value_get_size(&entries, &size), 0);
    assert_int_equal(size, expected);
    avro_value_decref(&value);
}

static void record_has_the_links_and_labels_of_the_installation(void **state)
{
    (void)state;
    struct alert_codec *other = alert_codec_open(&(struct alert_codec_options){
        .source = "/s",
        .producer = "p",
        .links = { { { "dashboard", "https://x/{id_seller}?s={storefront}" },
                     { "runbook", "https://wiki.example/{kpi}" } },
                   2 },
        .labels = { { { "team", "apm" } }, 1 } });
    const struct encoder_port writer = alert_codec_port(other);
    struct alert_change a = sample_alert();
    struct alert_change back;
    struct outgoing out = { .shard = 3 };
    struct reason why;
    assert_int_equal(writer.encode(writer.self, &a, &out, &why), STATUS_OK);
    assert_entry(out.value, "links", "dashboard", "https://x/4711?s=de");
    a.seller = name_of(span_of_text("a/b")); /* each change has its own */
    a.storefront = name_of(span_of_text("*"));
    assert_int_equal(writer.encode(writer.self, &a, &out, &why), STATUS_OK);
    assert_entry(out.value, "links", "dashboard", "https://x/a%2Fb?s=%2A");
    assert_entry(out.value, "links", "runbook", "https://wiki.example/delivery_late");
    assert_entry(out.value, "labels", "team", "apm");
    assert_int_equal(writer.decode(writer.self, out.value, &back), STATUS_OK);
    assert_same(&a, &back);
    alert_codec_close(other);
}

static void record_of_an_installation_without_any_has_none(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    const struct outgoing out = encode(&a);
    assert_size(out.value, "links", 0);
    assert_size(out.value, "labels", 0);
}

/* Ten links of the greatest length with eight times a seller's id of which each byte is
 * encoded as three, ten such labels, and all the evidence that a change can have. */
static void largest_links_and_labels_fit_into_a_record(void **state)
{
    (void)state;
    static const char *const names[ALERT_PAIRS_MAX] = { "0", "1", "2", "3", "4",
                                                        "5", "6", "7", "8", "9" };
    char link[ALERT_PAIR_VALUE_BYTES_MAX + 1] = "https://{id_seller}{id_seller}{id_seller}"
                                                "{id_seller}{id_seller}{id_seller}{id_seller}"
                                                "{id_seller}";
    char label[ALERT_PAIR_VALUE_BYTES_MAX + 1] = "";
    memset(link + strlen(link), 'x', ALERT_PAIR_VALUE_BYTES_MAX - strlen(link));
    memset(label, 'x', ALERT_PAIR_VALUE_BYTES_MAX);
    struct alert_codec_options options = { .source = "/s", .producer = "p" };
    for (int i = 0; i < ALERT_PAIRS_MAX; i++) {
        options.links.at[options.links.count++] = (struct alert_pair){ names[i], link };
        options.labels.at[options.labels.count++] = (struct alert_pair){ names[i], label };
    }
    struct alert_change a = sample_alert();
    a.seller.size = NAME_BYTES_MAX;
    memset(a.seller.text, '/', NAME_BYTES_MAX);
    for (a.evidence_count = 0; a.evidence_count < EVIDENCE_MAX; a.evidence_count++)
        a.evidence[a.evidence_count] = (struct evidence){ .kind = EVIDENCE_TICKET,
                                                          .wrong = WRONG_STILL_UNANSWERED,
                                                          .id = a.seller };
    struct alert_codec *other = alert_codec_open(&options);
    const struct encoder_port writer = alert_codec_port(other);
    struct outgoing out = { .shard = 3 };
    struct alert_change back;
    struct reason why;
    assert_int_equal(writer.encode(writer.self, &a, &out, &why), STATUS_OK);
    assert_int_equal(writer.decode(writer.self, out.value, &back), STATUS_OK);
    assert_same(&a, &back);
    alert_codec_close(other);
}

/* Somebody else's tool edits our record by avro-c and publishes it again. */
static enum status decode_edited(const struct alert_change *a,
                                 void (*edit)(avro_value_t *value, int64_t by), int64_t by)
{
    static char bytes[8192];
    avro_value_t value = read_by_avro(encode(a).value);
    edit(&value, by);
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    assert_int_equal(avro_value_write(writer, &value), 0);
    struct alert_change back;
    const enum status s =
        alert_codec_decode_body(span_of(bytes, (size_t)avro_writer_tell(writer)), &back);
    avro_writer_free(writer);
    avro_value_decref(&value);
    return s;
}

static void add_evidence(avro_value_t *value, int64_t count)
{
    avro_value_t list;
    avro_value_t item;
    avro_value_t field;
    avro_value_get_by_name(value, "evidence", &list, NULL);
    for (int64_t i = 0; i < count; i++) {
        avro_value_append(&list, &item, NULL);
        avro_value_get_by_name(&item, "id", &field, NULL);
        avro_value_set_string(&field, "more");
    }
}

static void set_shard_sequence(avro_value_t *value, int64_t number)
{
    avro_value_t field;
    avro_value_get_by_name(value, "shard_sequence", &field, NULL);
    avro_value_set_long(&field, number);
}

static void set_value_thousands(avro_value_t *value, int64_t exponent)
{
    avro_value_t field;
    avro_value_t branch;
    avro_value_get_by_name(value, "value", &field, NULL);
    avro_value_get_current_branch(&field, &branch);
    avro_value_set_double(&branch, pow(1000.0, (double)exponent));
}

static void record_beyond_our_bounds_is_none_of_ours(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    assert_int_equal(decode_edited(&a, add_evidence, EVIDENCE_MAX - 2), STATUS_OK);
    assert_int_equal(decode_edited(&a, add_evidence, EVIDENCE_MAX - 1), STATUS_MALFORMED);
    assert_int_equal(decode_edited(&a, set_shard_sequence, 0), STATUS_OK);
    assert_int_equal(decode_edited(&a, set_shard_sequence, -1), STATUS_MALFORMED);
    assert_int_equal(decode_edited(&a, set_shard_sequence, INT64_MAX), STATUS_MALFORMED);
    assert_int_equal(decode_edited(&a, set_value_thousands, 1), STATUS_OK);
    assert_int_equal(decode_edited(&a, set_value_thousands, 50), STATUS_MALFORMED);
    assert_int_equal(decode_edited(&a, set_value_thousands, 5000),
                     STATUS_MALFORMED); /* infinite */
}

/* avro-c reads it by name: the decoder's idea of the order is not the only witness. */
static void generic_reader_sees_the_fields_by_name(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    const struct outgoing out = encode(&a);
    avro_schema_t schema;
    const char *json = alert_codec_schema_text();
    assert_int_equal(avro_schema_from_json_length(json, strlen(json), &schema), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_value_t value;
    avro_value_t field;
    avro_value_t branch;
    const char *text = NULL;
    size_t size = 0;
    double number = 0;
    avro_generic_value_new(iface, &value);
    avro_reader_t reader = avro_reader_memory((const char *)out.value.at + FRAMING_BYTES,
                                              (int64_t)out.value.size - FRAMING_BYTES);
    assert_int_equal(avro_value_read(reader, &value), 0);
    avro_value_get_by_name(&value, "id_seller", &field, NULL);
    avro_value_get_string(&field, &text, &size);
    assert_string_equal(text, "4711");
    avro_value_get_by_name(&value, "producer", &field, NULL);
    avro_value_get_string(&field, &text, &size);
    assert_string_equal(text, "sellerwatch 0.1.0");
    avro_value_get_by_name(&value, "value", &field, NULL);
    avro_value_get_current_branch(&field, &branch);
    avro_value_get_double(&branch, &number);
    same_double(number, 0.124);
    avro_value_get_by_name(&value, "evidence", &field, NULL);
    avro_value_get_size(&field, &size);
    assert_int_equal(size, 2);
    avro_value_get_by_index(&field, 0, &branch, NULL);
    avro_value_get_by_name(&branch, "detail", &field, NULL);
    avro_value_get_string(&field, &text, &size);
    assert_string_equal(text, "attempted after its delivery window, or not at all");
    avro_value_get_by_name(&value, "contributors", &field, NULL);
    avro_value_get_by_index(&field, 0, &branch, NULL);
    avro_value_get_by_name(&branch, "member", &field, NULL);
    avro_value_get_string(&field, &text, &size);
    assert_string_equal(text, "de");
    avro_value_get_by_name(&branch, "excess_bad", &field, NULL);
    avro_value_get_double(&field, &number);
    same_double(number, 15.0);
    avro_value_get_by_name(&branch, "value_if_at_reference", &field, NULL);
    avro_value_get_current_branch(&field, &branch);
    avro_value_get_double(&branch, &number);
    same_double(number, 0.01); /* the others: 1 of 100 */
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(record_has_the_links_and_labels_of_the_installation),
        TEST(record_of_an_installation_without_any_has_none),
        TEST(largest_links_and_labels_fit_into_a_record),
        TEST(change_comes_back_as_it_was),
        TEST(every_symbol_comes_back),
        TEST(numbers_of_every_kpi_come_back_exactly),
        TEST(change_without_value_interval_and_evidence_comes_back),
        TEST(change_without_a_threshold_comes_back),
        TEST(largest_change_fits),
        TEST(headers_route_without_decoding),
        TEST(record_is_keyed_by_seller_and_framed_with_the_schema_id),
        TEST(same_change_gives_the_same_bytes),
        TEST(cut_and_longer_records_are_none_of_ours),
        TEST(record_under_another_schema_id_is_still_ours),
        TEST(episode_is_named_by_what_it_watches_and_when_it_started),
        TEST(episode_id_is_the_uuid_that_everybody_computes),
        TEST(names_with_separators_do_not_share_a_key),
        TEST(record_beyond_our_bounds_is_none_of_ours),
        TEST(generic_reader_sees_the_fields_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
