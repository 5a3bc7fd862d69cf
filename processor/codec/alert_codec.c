/* alert_codec.c - see alert_codec.h.
 *
 * Encoding goes through an avro-c value that is kept and filled again: fields by
 * name, enums by symbol, so that the .avsc alone says in which order they stand.
 * Decoding (alert_decode.c) reads the bytes itself, with bounds. A test holds the two together.
 */
#include "codec/alert_codec.h"

#include "base/check.h"
#include "codec/alert_decode.h"
#include "codec/alert_identity.h"
#include "codec/alert_unit.h"
#include "codec/framing.h"
#include "codec/link_template.h"
#include "kpi/alert_change.h"
#include "schemas_embedded.h"

#include <avro.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_BYTES_MAX = 64 * 1024,
    HEADERS_MAX = 20,
    HEADER_BYTES = 512,
    TEXT_BYTES = 4096, /* more than a URL, the longest text, can have */
};

struct alert_codec {
    struct alert_codec_options options;
    struct link_template links[ALERT_PAIRS_MAX]; /* of options.links, in their order */
    struct buffer url;                           /* of one of them, filled */
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value; /* filled again for each change */
    avro_writer_t writer;
    char *body;          /* what the writer writes to */
    struct buffer bytes; /* the value of the last record, like the headers below */
    struct name key;
    struct outgoing_header headers[HEADERS_MAX];
    char header_values[HEADERS_MAX][HEADER_BYTES];
    int32_t header_count;
};

const char *alert_codec_schema_text(void)
{
    return embedded_alert_event_avsc;
}

static void parse_schema(struct alert_codec *c)
{
    const char *text = alert_codec_schema_text();
    CHECK(avro_schema_from_json_length(text, strlen(text), &c->schema) == 0);
    c->iface = avro_generic_class_from_schema(c->schema);
    CHECK(c->iface != NULL && avro_generic_value_new(c->iface, &c->value) == 0);
}

static void lock(const struct alert_codec *c)
{
    if (c->options.lock != NULL)
        pthread_mutex_lock(c->options.lock);
}

static void unlock(const struct alert_codec *c)
{
    if (c->options.lock != NULL)
        pthread_mutex_unlock(c->options.lock);
}

static void parse_links(struct alert_codec *c)
{
    struct link_mistake mistake;
    const struct alert_pairs *links = &c->options.links;
    CHECK(links->count >= 0 && links->count <= ALERT_PAIRS_MAX);
    for (int32_t i = 0; i < links->count; i++)
        CHECK(link_template_parse(links->at[i].value, &c->links[i], &mistake));
}

struct alert_codec *alert_codec_open(const struct alert_codec_options *options)
{
    struct alert_codec *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->options = *options;
    parse_links(c);
    lock(c);
    parse_schema(c);
    unlock(c);
    c->body = malloc(BODY_BYTES_MAX);
    CHECK(c->body != NULL);
    c->writer = avro_writer_memory(c->body, BODY_BYTES_MAX);
    CHECK(c->writer != NULL);
    return c;
}

void alert_codec_close(struct alert_codec *c)
{
    if (c == NULL)
        return;
    avro_writer_free(c->writer);
    free(c->body);
    lock(c);
    avro_value_decref(&c->value);
    avro_value_iface_decref(c->iface);
    avro_schema_decref(c->schema);
    unlock(c);
    buffer_free(&c->bytes);
    buffer_free(&c->url);
    free(c);
}

/* ---- fields ------------------------------------------------------------------- */

static avro_value_t field(avro_value_t *record, const char *name)
{
    avro_value_t value;
    CHECK(avro_value_get_by_name(record, name, &value, NULL) == 0);
    return value;
}

/* The not-null branch of a nullable field. */
static avro_value_t given(avro_value_t *record, const char *name)
{
    avro_value_t value = field(record, name);
    avro_value_t branch;
    CHECK(avro_value_set_branch(&value, 1, &branch) == 0);
    return branch;
}

static void set_string(avro_value_t value, struct span text)
{
    char terminated[TEXT_BYTES];
    CHECK(text.size < sizeof terminated);
    if (text.size > 0)
        memcpy(terminated, text.at, text.size);
    terminated[text.size] = '\0';
    CHECK(avro_value_set_string_len(&value, terminated, text.size + 1) == 0);
}

static void put_string(avro_value_t *record, const char *name, struct span text)
{
    set_string(field(record, name), text);
}

static void put_long(avro_value_t *record, const char *name, int64_t number)
{
    avro_value_t value = field(record, name);
    CHECK(avro_value_set_long(&value, number) == 0);
}

static void put_symbol(avro_value_t *record, const char *name, const char *symbol)
{
    avro_value_t value = field(record, name);
    const int index = avro_schema_enum_get_by_name(avro_value_get_schema(&value), symbol);
    CHECK(index >= 0 && avro_value_set_enum(&value, index) == 0);
}

static void put_given_long(avro_value_t *record, const char *name, int64_t number)
{
    avro_value_t value = given(record, name);
    CHECK(avro_value_set_long(&value, number) == 0);
}

/* NaN: left null. */
static void put_given_double(avro_value_t *record, const char *name, double number)
{
    if (isnan(number))
        return;
    avro_value_t value = given(record, name);
    CHECK(avro_value_set_double(&value, number) == 0);
}

static void put_given_time(avro_value_t *record, const char *name, event_time at)
{
    if (at.ms != TIME_NEVER_YET && at.ms != TIME_NEVER)
        put_given_long(record, name, at.ms);
}

/* Every nullable field null, every list and map empty. */
static void clear(struct alert_codec *c)
{
    CHECK(avro_value_reset(&c->value) == 0);
    size_t count;
    CHECK(avro_value_get_size(&c->value, &count) == 0);
    for (size_t i = 0; i < count; i++) {
        avro_value_t value;
        avro_value_t branch;
        CHECK(avro_value_get_by_index(&c->value, i, &value, NULL) == 0);
        if (avro_value_get_type(&value) == AVRO_UNION)
            CHECK(avro_value_set_branch(&value, 0, &branch) == 0);
        else if (avro_value_get_type(&value) == AVRO_STRING)
            set_string(value, (struct span){ 0 });
    }
}

/* ---- the record ----------------------------------------------------------------- */

static void put_names(avro_value_t *v, const struct alert_change *a)
{
    char key[ALERT_IDENTITY_KEY_BYTES];
    char id[ALERT_IDENTITY_ID_BYTES];
    alert_identity_key(a, key);
    alert_identity_id(a, id);
    put_string(v, "alert_key", span_of_text(key));
    put_string(v, "alert_id", span_of_text(id));
    put_long(v, "sequence", a->sequence);
    put_long(v, "shard_sequence", (int64_t)a->shard_sequence);
    put_string(v, "id_seller", name_span(&a->seller));
    put_string(v, "storefront", name_span(&a->storefront));
}

static void put_rule(avro_value_t *v, const struct alert_change *a)
{
    const char *kpi = catalogue_row(a->kpi)->name;
    char rule[TEXT_BYTES];
    snprintf(rule, sizeof rule, "%s:%.*s", kpi, (int)a->window.size, a->window.text);
    put_string(v, "kpi", span_of_text(kpi));
    put_string(v, "unit", span_of_text(catalogue_unit(a->kpi)));
    put_string(v, "window", name_span(&a->window));
    put_string(v, "rule_id", span_of_text(rule));
    put_string(v, "rule_version",
               span_of(a->rule_version, strnlen(a->rule_version, sizeof a->rule_version)));
    put_string(v, "comparator", span_of_text(comparison_sign(a->comparison)));
    put_string(v, "threshold_source",
               span_of(a->threshold_source, strnlen(a->threshold_source, SOURCE_BYTES)));
    put_given_double(v, "threshold", alert_unit_show(a->kpi, a->threshold));
    put_given_double(v, "clear_threshold",
                     alert_unit_show_milli(a->kpi, a->clear_threshold_milli));
}

static void put_state(avro_value_t *v, const struct alert_change *a)
{
    put_symbol(v, "event_type", alert_event_type_symbol(a->type));
    put_symbol(v, "reason", alert_reason_symbol(a->reason));
    put_symbol(v, "status", alert_status_symbol(a->status));
    put_symbol(v, "previous_status", alert_status_symbol(a->previous_status));
    put_symbol(v, "severity", severity_symbol(a->severity));
    put_symbol(v, "worst_severity", severity_symbol(a->worst_severity));
    avro_value_t flags = field(v, "flags");
    avro_value_t item;
    if ((a->flags & ALERT_FLAG_FLAPPING) != 0) {
        CHECK(avro_value_append(&flags, &item, NULL) == 0);
        set_string(item, span_of_text(ALERT_DECODE_FLAPPING));
    }
    if ((a->flags & ALERT_FLAG_THROTTLED) != 0) {
        CHECK(avro_value_append(&flags, &item, NULL) == 0);
        set_string(item, span_of_text(ALERT_DECODE_THROTTLED));
    }
}

static void put_numbers(avro_value_t *v, const struct alert_change *a)
{
    if (a->value.known)
        put_given_double(v, "value", alert_unit_show(a->kpi, a->value.amount));
    if (a->previous_value.known)
        put_given_double(v, "previous_value",
                         alert_unit_show(a->kpi, a->previous_value.amount));
    put_given_long(v, "numerator", a->numerator);
    put_given_long(v, "denominator", a->denominator);
    put_given_double(v, "ci_low", a->interval_low);
    put_given_double(v, "ci_high", a->interval_high);
    put_given_double(v, "breach_probability", a->breach_probability);
}

static void put_times(avro_value_t *v, const struct alert_change *a)
{
    put_long(v, "window_start", a->window_start.ms);
    put_long(v, "window_end", a->window_end.ms);
    put_long(v, "started_at", a->started.ms);
    put_given_time(v, "fired_at", a->fired);
    put_given_time(v, "resolved_at", a->resolved);
    put_long(v, "evaluated_at", a->evaluated.ms);
    put_long(v, "emitted_at", a->emitted.ms);
}

static void put_evidence(avro_value_t *v, const struct alert_change *a)
{
    CHECK(a->evidence_count >= 0 && a->evidence_count <= EVIDENCE_MAX);
    avro_value_t list = field(v, "evidence");
    for (int32_t i = 0; i < a->evidence_count; i++) {
        const struct evidence *e = &a->evidence[i];
        avro_value_t item;
        CHECK(avro_value_append(&list, &item, NULL) == 0);
        put_string(&item, "kind", span_of_text(alert_decode_evidence_kind(e->kind)));
        put_string(&item, "id", name_span(&e->id));
        put_long(&item, "event_time", e->at.ms);
        put_string(&item, "detail", span_of_text(evidence_detail(e->wrong)));
    }
    put_long(v, "evidence_total", a->evidence_total);
}

static void put_contributors(avro_value_t *v, const struct alert_change *a)
{
    CHECK(a->contributor_count >= 0 && a->contributor_count <= CONTRIBUTORS_MAX);
    avro_value_t list = field(v, "contributors");
    for (int32_t i = 0; i < a->contributor_count; i++) {
        const struct contributor *c = &a->contributors[i];
        avro_value_t item;
        avro_value_t excess;
        avro_value_t reference;
        avro_value_t null;
        CHECK(avro_value_append(&list, &item, NULL) == 0);
        put_string(&item, "dimension", span_of_text(ALERT_DECODE_STOREFRONT));
        put_string(&item, "member", name_span(&c->storefront));
        put_long(&item, "bad", c->bad);
        put_long(&item, "total", c->total);
        excess = field(&item, "excess_bad");
        CHECK(avro_value_set_double(&excess, alert_unit_excess(c)) == 0);
        reference = field(&item, "value_if_at_reference");
        CHECK(avro_value_set_branch(&reference, 0, &null) == 0);
        put_given_double(&item, "value_if_at_reference", alert_unit_like_the_others(a, c));
    }
}

static void put_entry(avro_value_t *map, const char *name, struct span text)
{
    avro_value_t value;
    CHECK(avro_value_add(map, name, &value, NULL, NULL) == 0);
    set_string(value, text);
}

static void put_links(struct alert_codec *c, const struct alert_change *a)
{
    avro_value_t map = field(&c->value, "links");
    for (int32_t i = 0; i < c->options.links.count; i++) {
        buffer_clear(&c->url);
        link_template_fill(&c->links[i], a, &c->url);
        put_entry(&map, c->options.links.at[i].name, buffer_span(&c->url));
    }
}

static void put_labels(struct alert_codec *c)
{
    const struct alert_pairs *labels = &c->options.labels;
    avro_value_t map = field(&c->value, "labels");
    CHECK(labels->count >= 0 && labels->count <= ALERT_PAIRS_MAX);
    for (int32_t i = 0; i < labels->count; i++)
        put_entry(&map, labels->at[i].name, span_of_text(labels->at[i].value));
}

static void write_value(struct alert_codec *c, const struct alert_change *change)
{
    avro_value_t *v = &c->value;
    clear(c);
    put_state(v, change);
    put_names(v, change);
    put_rule(v, change);
    put_numbers(v, change);
    put_times(v, change);
    put_evidence(v, change);
    put_contributors(v, change);
    put_links(c, change);
    put_labels(c);
    put_string(v, "producer", span_of_text(c->options.producer));

    avro_writer_reset(c->writer);
    CHECK(avro_value_write(c->writer, v) == 0); /* at most some 45 KB, by its bounds */
    buffer_clear(&c->bytes);
    framing_begin(&c->bytes, c->options.schema_id);
    buffer_add(&c->bytes, span_of(c->body, (size_t)avro_writer_tell(c->writer)));
}

/* ---- headers -------------------------------------------------------------------- */

static void add_header(struct alert_codec *c, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_header(struct alert_codec *c, const char *name, const char *format, ...)
{
    CHECK(c->header_count < HEADERS_MAX);
    char *value = c->header_values[c->header_count];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(value, HEADER_BYTES, format, args);
    va_end(args);
    CHECK(size >= 0);
    const size_t kept = (size_t)size < HEADER_BYTES ? (size_t)size : HEADER_BYTES - 1;
    c->headers[c->header_count++] = (struct outgoing_header){ name, span_of(value, kept) };
}

/* "firing" of "FIRING": how CloudEvents types are written. */
static void lower_case(const char *symbol, char *ret_text, size_t size)
{
    size_t i = 0;
    for (; symbol[i] != '\0' && i + 1 < size; i++)
        ret_text[i] = symbol[i] >= 'A' && symbol[i] <= 'Z' ? (char)(symbol[i] + 32) : symbol[i];
    ret_text[i] = '\0';
}

/* The numbers that OpenTelemetry gives to INFO, WARN and ERROR. */
static int severity_number(enum severity severity)
{
    static const int numbers[SEVERITY_COUNT] = { 9, 13, 17 };
    CHECK(severity < SEVERITY_COUNT);
    return numbers[severity];
}

static void add_cloud_event(struct alert_codec *c, const struct alert_change *a)
{
    char id[ALERT_IDENTITY_CHANGE_BYTES];
    char type[32];
    char at[ALERT_UNIT_TIME_BYTES];
    char recorded[ALERT_UNIT_TIME_BYTES];
    alert_identity_change(a, id);
    lower_case(alert_event_type_symbol(a->type), type, sizeof type);
    alert_unit_time(a->evaluated.ms, at);
    alert_unit_time(a->emitted.ms, recorded);

    add_header(c, "ce_specversion", "1.0");
    add_header(c, "ce_id", "%s", id);
    add_header(c, "ce_source", "%s", c->options.source);
    add_header(c, "ce_type", "sellerwatch.alert.%s.v1", type);
    add_header(c, "ce_subject", "seller/%.*s/kpi/%s/storefront/%.*s", (int)a->seller.size,
               a->seller.text, catalogue_row(a->kpi)->name, (int)a->storefront.size,
               a->storefront.text);
    add_header(c, "ce_time", "%s", at);
    add_header(c, "ce_recordedtime", "%s", recorded);
    if (c->options.data_schema != NULL)
        add_header(c, "ce_dataschema", "%s", c->options.data_schema);
    add_header(c, "ce_sequence", "%06" PRIu32, a->sequence);
    add_header(c, "ce_partitionkey", "%.*s", (int)a->seller.size, a->seller.text);
    add_header(c, "ce_severitytext", "%s", severity_symbol(a->severity));
    add_header(c, "ce_severitynumber", "%d", severity_number(a->severity));
    add_header(c, "content-type", "application/avro");
}

static enum status encode(void *self, const struct alert_change *change,
                          struct outgoing *ret_record, struct reason *why)
{
    struct alert_codec *c = self;
    (void)why;
    const int32_t shard = ret_record->shard;
    write_value(c, change);
    c->key = change->seller;
    c->header_count = 0;
    add_cloud_event(c, change);
    add_header(c, "shard", "%" PRId32, shard);
    add_header(c, "seq", "%" PRIu64, change->shard_sequence);

    *ret_record = (struct outgoing){
        .kind = OUTGOING_ALERT,
        .shard = shard,
        .key = name_span(&c->key),
        .value = buffer_span(&c->bytes),
        .headers = c->headers,
        .header_count = c->header_count,
        .cookie = change->shard_sequence,
    };
    return STATUS_OK;
}

/* ---- back ------------------------------------------------------------------------- */

enum status alert_codec_decode_body(struct span body, struct alert_change *ret_change)
{
    return alert_decode_body(body, ret_change) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status decode(void *self, struct span value, struct alert_change *ret_change)
{
    struct framed framed;
    (void)self;
    if (framing_split(value, &framed) != REJECT_NONE)
        return STATUS_MALFORMED;
    return alert_codec_decode_body(framed.body, ret_change);
}

struct encoder_port alert_codec_port(struct alert_codec *codec)
{
    return (struct encoder_port){ .self = codec, .encode = encode, .decode = decode };
}
