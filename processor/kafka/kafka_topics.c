/* kafka_topics.c - see kafka_topics.h.
 *
 * Each call makes a client of its own and ends it: both run at start only, and a
 * client that is nobody's member and produces nothing has nothing to lose.
 */
#include "kafka/kafka_topics.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_errors.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES_BYTES = 384, ALL_TOPICS = TOPIC_COUNT + 2, AWAIT_PAUSE_MS = 50 };

static enum status open_client(const struct kafka_options *options, rd_kafka_t **ret_client,
                               struct reason *why)
{
    rd_kafka_conf_t *conf = kafka_conf_new(options, KAFKA_READER, why);
    if (conf == NULL)
        return STATUS_REFUSED;
    char text[REASON_BYTES];
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        reason_set(why, "cannot set up a Kafka client: %s", text);
        return STATUS_REFUSED;
    }
    *ret_client = client;
    return STATUS_OK;
}

/* ---- checking ------------------------------------------------------------------ */

struct answer {
    const char *topic;
    int32_t partitions; /* 0: not there */
};

static void fill_names(const struct kafka_topic_names *names, struct answer ret[ALL_TOPICS])
{
    for (int i = 0; i < TOPIC_COUNT; i++)
        ret[i] = (struct answer){ .topic = names->inputs[i] };
    ret[TOPIC_COUNT] = (struct answer){ .topic = names->alerts };
    ret[TOPIC_COUNT + 1] = (struct answer){ .topic = names->deadletter };
}

static enum status judge_error(const char *topic, rd_kafka_resp_err_t err, struct reason *why)
{
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return STATUS_OK;
    const enum status s = kafka_errors_status(err);
    reason_set(why, "Kafka does not say how topic %s stands: %s", topic, rd_kafka_err2str(err));
    return s;
}

/* Asking for all topics, not for ours by name, makes no broker create them. */
static enum status read_metadata(rd_kafka_t *client, const struct kafka_options *options,
                                 struct answer answers[ALL_TOPICS], struct reason *why)
{
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t err =
        rd_kafka_metadata(client, 1, NULL, &metadata, KAFKA_TOPICS_PATIENCE_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        reason_set(why, "no answer from Kafka at %s within %d ms: %s", options->brokers,
                   (int)KAFKA_TOPICS_PATIENCE_MS, rd_kafka_err2str(err));
        return STATUS_UNAVAILABLE;
    }
    enum status status = STATUS_OK;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &metadata->topics[i];
        for (int k = 0; k < ALL_TOPICS && status == STATUS_OK; k++) {
            if (strcmp(t->topic, answers[k].topic) != 0)
                continue;
            status = judge_error(t->topic, t->err, why);
            answers[k].partitions = t->partition_cnt;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return status;
}

static enum status judge_missing(const struct kafka_options *options,
                                 const struct answer answers[ALL_TOPICS], struct reason *why)
{
    char names[NAMES_BYTES] = "";
    size_t used = 0;
    int count = 0;
    for (int i = 0; i < ALL_TOPICS; i++) {
        if (answers[i].partitions > 0)
            continue;
        const int n = snprintf(names + used, sizeof names - used, "%s%s",
                               count == 0 ? "" : ", ", answers[i].topic);
        used += n < 0 ? 0 : (size_t)n;
        used = used < sizeof names ? used : sizeof names - 1;
        count += 1;
    }
    if (count == 0)
        return STATUS_OK;
    reason_set(why, "Kafka at %s has no %s %s: create %s, or correct kafka.topics",
               options->brokers, count == 1 ? "topic" : "topics", names,
               count == 1 ? "it" : "them");
    return STATUS_MISSING;
}

static enum status judge_counts(const struct answer answers[ALL_TOPICS], struct reason *why)
{
    for (int i = 1; i < TOPIC_COUNT; i++) {
        if (answers[i].partitions == answers[0].partitions)
            continue;
        reason_set(
            why, "topic %s has %d partitions, %s has %d: give all three inputs the same number",
            answers[0].topic, answers[0].partitions, answers[i].topic, answers[i].partitions);
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

enum status kafka_topics_check(const struct kafka_options *options,
                               const struct kafka_topic_names *names, int32_t *ret_shard_count,
                               struct reason *why)
{
    struct answer answers[ALL_TOPICS];
    rd_kafka_t *client = NULL;
    fill_names(names, answers);
    enum status s = open_client(options, &client, why);
    if (s != STATUS_OK)
        return s;
    s = read_metadata(client, options, answers, why);
    rd_kafka_destroy(client);
    if (s == STATUS_OK)
        s = judge_missing(options, answers, why);
    if (s == STATUS_OK)
        s = judge_counts(answers, why);
    if (s == STATUS_OK)
        *ret_shard_count = answers[0].partitions;
    return s;
}

/* ---- creating -------------------------------------------------------------------- */

static rd_kafka_NewTopic_t *new_topic(const struct kafka_topic *t, struct reason *why)
{
    char text[REASON_BYTES];
    CHECK(t->config_count <= KAFKA_TOPICS_CONFIG_MAX);
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(t->name, t->partitions, t->replication, text, sizeof text);
    if (made == NULL) {
        reason_set(why, "topic %s cannot be created: %s", t->name, text);
        return NULL;
    }
    for (int32_t i = 0; i < t->config_count; i++)
        rd_kafka_NewTopic_set_config(made, t->config[i].name, t->config[i].value);
    return made;
}

static enum status judge_result(const rd_kafka_topic_result_t *result, struct reason *why)
{
    const rd_kafka_resp_err_t err = rd_kafka_topic_result_error(result);
    const char *name = rd_kafka_topic_result_name(result);
    if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return STATUS_OK;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        log_write(LOG_INFO, "topic_created", "topic=%s", name);
        return STATUS_OK;
    }
    const char *text = rd_kafka_topic_result_error_string(result);
    reason_set(why, "topic %s cannot be created: %s", name,
               text != NULL ? text : rd_kafka_err2str(err));
    return kafka_errors_status(err);
}

static enum status judge_event(rd_kafka_event_t *event, const struct kafka_options *options,
                               struct reason *why)
{
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        reason_set(why, "Kafka at %s did not create the topics: %s", options->brokers,
                   event == NULL ? "no answer" : rd_kafka_event_error_string(event));
        return STATUS_UNAVAILABLE;
    }
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *created = rd_kafka_event_CreateTopics_result(event);
    CHECK(created != NULL);
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(created, &count);
    for (size_t i = 0; i < count; i++) {
        const enum status s = judge_result(results[i], why);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status create(rd_kafka_t *client, rd_kafka_NewTopic_t **topics, size_t count,
                          const struct kafka_options *options, struct reason *why)
{
    char text[REASON_BYTES];
    rd_kafka_AdminOptions_t *admin =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_set_request_timeout(admin, KAFKA_TOPICS_PATIENCE_MS, text,
                                              sizeof text);
    rd_kafka_AdminOptions_set_operation_timeout(admin, KAFKA_TOPICS_PATIENCE_MS, text,
                                                sizeof text);
    rd_kafka_CreateTopics(client, topics, count, admin, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * KAFKA_TOPICS_PATIENCE_MS);
    const enum status s = judge_event(event, options, why);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(admin);
    return s;
}

static bool is_visible(rd_kafka_t *client, rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata = NULL;
    if (rd_kafka_metadata(client, 0, topic, &metadata, KAFKA_TOPICS_PATIENCE_MS) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    bool visible = metadata->topic_cnt == 1 &&
                   metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                   metadata->topics[0].partition_cnt > 0;
    for (int i = 0; visible && i < metadata->topics[0].partition_cnt; i++)
        visible = metadata->topics[0].partitions[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_metadata_destroy(metadata);
    return visible;
}

/* The controller has answered; the brokers learn of the topic a moment later, and whoever
 * asks them before that hears that there is none. */
static enum status await_topic(rd_kafka_t *client, const char *name, struct reason *why)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    CHECK(topic != NULL); /* it was just created */
    const struct timespec pause = { .tv_nsec = AWAIT_PAUSE_MS * 1000000L };
    bool visible = is_visible(client, topic);
    for (int i = 0; !visible && i < KAFKA_TOPICS_PATIENCE_MS / AWAIT_PAUSE_MS; i++) {
        (void)nanosleep(&pause, NULL);
        visible = is_visible(client, topic);
    }
    rd_kafka_topic_destroy(topic);
    if (visible)
        return STATUS_OK;
    reason_set(why, "topic %s was created, but its partitions have no leaders yet", name);
    return STATUS_UNAVAILABLE;
}

enum status kafka_topics_create(const struct kafka_options *options,
                                const struct kafka_topic *topics, int32_t topic_count,
                                struct reason *why)
{
    CHECK(topic_count > 0);
    rd_kafka_t *client = NULL;
    rd_kafka_NewTopic_t **made = calloc((size_t)topic_count, sizeof(rd_kafka_NewTopic_t *));
    CHECK(made != NULL);
    size_t count = 0;
    enum status s = open_client(options, &client, why);
    while (s == STATUS_OK && count < (size_t)topic_count) {
        made[count] = new_topic(&topics[count], why);
        if (made[count] == NULL)
            s = STATUS_REFUSED;
        else
            count += 1;
    }
    if (s == STATUS_OK)
        s = create(client, made, count, options, why);
    for (int32_t i = 0; s == STATUS_OK && i < topic_count; i++)
        s = await_topic(client, topics[i].name, why);
    rd_kafka_NewTopic_destroy_array(made, count);
    free(made);
    if (client != NULL)
        rd_kafka_destroy(client);
    return s;
}
