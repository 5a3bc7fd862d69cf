/* kafka_lease.c - see kafka_lease.h. */
#include "kafka/kafka_lease.h"

#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

void kafka_lease_open(struct kafka_lease *lease, struct kafka_client *client,
                      const struct kafka_options *options)
{
    *lease = (struct kafka_lease){ .client = client,
                                   .group = options->group,
                                   .asks = options->lease };
    lease->session_ms = (int32_t)kafka_client_number(client, "session.timeout.ms");
    lease->answers = rd_kafka_queue_new(client->handle);
}

static void forget_member(struct kafka_lease *lease)
{
    if (lease->member != NULL)
        rd_kafka_mem_free(lease->client->handle, lease->member);
    lease->member = NULL;
}

void kafka_lease_close(struct kafka_lease *lease)
{
    if (lease->answers == NULL)
        return;
    forget_member(lease);
    rd_kafka_queue_destroy(lease->answers);
    *lease = (struct kafka_lease){ 0 };
}

static bool has_member(const rd_kafka_ConsumerGroupDescription_t *group, const char *member)
{
    const size_t count = rd_kafka_ConsumerGroupDescription_member_count(group);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_MemberDescription_t *other =
            rd_kafka_ConsumerGroupDescription_member(group, i);
        if (strcmp(rd_kafka_MemberDescription_consumer_id(other), member) == 0)
            return true;
    }
    return false;
}

/* Borrowed from the answer; NULL: it describes nothing, *ret_error says why. */
static const rd_kafka_ConsumerGroupDescription_t *description(rd_kafka_event_t *answer,
                                                              rd_kafka_resp_err_t *ret_error)
{
    const rd_kafka_DescribeConsumerGroups_result_t *result =
        rd_kafka_event_DescribeConsumerGroups_result(answer);
    size_t count = 0;
    *ret_error = rd_kafka_event_error(answer);
    if (result == NULL || *ret_error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
    CHECK(count == 1); /* as many as were asked for */
    const rd_kafka_error_t *error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
    *ret_error = error == NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
    return error == NULL ? groups[0] : NULL;
}

static void note_silence(struct kafka_lease *lease, rd_kafka_resp_err_t error)
{
    if (!lease->silent)
        log_write(LOG_WARN, "kafka_lease_unknown",
                  "group=%s until=\"it is known again\" why=\"%s\"", lease->group,
                  error == RD_KAFKA_RESP_ERR_NO_ERROR ? "the group does not name this member"
                                                      : rd_kafka_err2str(error));
    lease->silent = true;
}

static void take_answer(struct kafka_lease *lease)
{
    rd_kafka_event_t *answer = rd_kafka_queue_poll(lease->answers, 0);
    if (answer == NULL)
        return;
    rd_kafka_resp_err_t error;
    const rd_kafka_ConsumerGroupDescription_t *group = description(answer, &error);
    lease->asking = false;
    if (lease->member == NULL) {
        rd_kafka_event_destroy(answer); /* void: the group gave us up since */
        return;
    }
    if (group != NULL && has_member(group, lease->member)) {
        lease->until_ms = lease->asked_ms + (int64_t)lease->session_ms / 10 * 8;
        lease->silent = false;
    } else {
        note_silence(lease, error);
    }
    rd_kafka_event_destroy(answer);
}

static void ask(struct kafka_lease *lease)
{
    char error[128];
    const char *groups[] = { lease->group };
    forget_member(lease);
    lease->asked_ms = kafka_client_clock_ms();
    lease->member = rd_kafka_memberid(lease->client->handle);
    if (lease->member == NULL || lease->member[0] == '\0')
        return;
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(
        lease->client->handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    CHECK(rd_kafka_AdminOptions_set_request_timeout(options, lease->session_ms / 5, error,
                                                    sizeof error) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_DescribeConsumerGroups(lease->client->handle, groups, 1, options, lease->answers);
    rd_kafka_AdminOptions_destroy(options);
    lease->asking = true;
}

void kafka_lease_turn(struct kafka_lease *lease)
{
    if (lease->asking)
        take_answer(lease);
    const bool due = kafka_client_clock_ms() - lease->asked_ms >= lease->session_ms / 10;
    if (lease->asks && !lease->asking && due)
        ask(lease);
}

void kafka_lease_end(struct kafka_lease *lease)
{
    lease->until_ms = 0;
    if (lease->answers == NULL)
        return;
    forget_member(lease);
    lease->asked_ms = 0; /* ask as soon as may be */
}

int32_t kafka_lease_left_ms(const struct kafka_lease *lease)
{
    if (!lease->asks)
        return lease->session_ms;
    const int64_t left = lease->until_ms - kafka_client_clock_ms();
    return left > 0 ? (int32_t)left : 0;
}
