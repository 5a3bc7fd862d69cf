/* kafka_lease.c - see kafka_lease.h. */
#include "kafka/kafka_lease.h"

#include "base/check.h"
#include "base/log.h"
#include "kafka/kafka_rounds.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 1000 };

struct kafka_lease {
    struct kafka_client *client; /* the member's */
    const char *group;
    int32_t session_ms;
    bool asks; /* kafka_options.lease */
    struct kafka_rounds rounds;
    bool silent;          /* of the thread alone: no good answer since the last good one */
    pthread_mutex_t lock; /* guards what follows */
    uint64_t generation;  /* of the membership: answers of an earlier one are void */
    int64_t until_ms;     /* of kafka_client_clock_ms; 0: not known */
};

static void lock(struct kafka_lease *lease)
{
    CHECK(pthread_mutex_lock(&lease->lock) == 0);
}

static void unlock(struct kafka_lease *lease)
{
    CHECK(pthread_mutex_unlock(&lease->lock) == 0);
}

/* ---- asking ------------------------------------------------------------------ */

static bool has_member(const struct rd_kafka_group_list *groups, const char *member)
{
    for (int g = 0; g < groups->group_cnt; g++) {
        const struct rd_kafka_group_info *group = &groups->groups[g];
        for (int m = 0; m < group->member_cnt; m++)
            if (strcmp(group->members[m].member_id, member) == 0)
                return true;
    }
    return false;
}

static bool is_named(const struct kafka_lease *lease, const char *member,
                     rd_kafka_resp_err_t *ret_error)
{
    const struct rd_kafka_group_list *groups = NULL;
    *ret_error =
        rd_kafka_list_groups(lease->client->handle, lease->group, &groups, PATIENCE_MS);
    if (groups == NULL)
        return false;
    const bool named = has_member(groups, member); /* also if some brokers are silent */
    rd_kafka_group_list_destroy(groups);
    return named;
}

static void tell_silence(struct kafka_lease *lease, rd_kafka_resp_err_t error)
{
    if (!lease->silent)
        log_write(LOG_WARN, "kafka_lease_unknown", "group=%s why=\"%s\"", lease->group,
                  error == RD_KAFKA_RESP_ERR_NO_ERROR ? "the group does not name this member"
                                                      : rd_kafka_err2str(error));
    lease->silent = true;
}

static void ask(struct kafka_lease *lease, const char *member)
{
    rd_kafka_resp_err_t error;
    lock(lease);
    const uint64_t generation = lease->generation;
    unlock(lease);
    const int64_t asked_ms = kafka_client_clock_ms();
    if (!is_named(lease, member, &error)) {
        tell_silence(lease, error);
        return;
    }
    lease->silent = false;
    lock(lease);
    if (lease->generation == generation)
        lease->until_ms = asked_ms + (int64_t)lease->session_ms / 10 * 8;
    unlock(lease);
}

static void turn(void *arg)
{
    struct kafka_lease *lease = arg;
    char *member = rd_kafka_memberid(lease->client->handle);
    if (member != NULL && member[0] != '\0')
        ask(lease, member);
    if (member != NULL)
        rd_kafka_mem_free(lease->client->handle, member);
}

/* ---- the member's thread -------------------------------------------------------- */

struct kafka_lease *kafka_lease_open(struct kafka_client *client,
                                     const struct kafka_options *options)
{
    struct kafka_lease *lease = calloc(1, sizeof *lease);
    CHECK(lease != NULL);
    lease->client = client;
    lease->group = options->group;
    lease->asks = options->lease;
    lease->session_ms = (int32_t)kafka_client_number(client, "session.timeout.ms");
    CHECK(pthread_mutex_init(&lease->lock, NULL) == 0);
    if (lease->asks)
        kafka_rounds_start(&lease->rounds, lease->session_ms / 10 + 1, turn, lease);
    return lease;
}

void kafka_lease_close(struct kafka_lease *lease)
{
    if (lease == NULL)
        return;
    if (lease->asks)
        kafka_rounds_stop(&lease->rounds);
    CHECK(pthread_mutex_destroy(&lease->lock) == 0);
    free(lease);
}

void kafka_lease_begin(struct kafka_lease *lease)
{
    if (lease->asks)
        kafka_rounds_hurry(&lease->rounds);
}

void kafka_lease_end(struct kafka_lease *lease)
{
    lock(lease);
    lease->generation += 1;
    lease->until_ms = 0;
    unlock(lease);
}

int32_t kafka_lease_left_ms(struct kafka_lease *lease)
{
    lock(lease);
    const int64_t left = lease->until_ms - kafka_client_clock_ms();
    unlock(lease);
    if (!lease->asks)
        return lease->session_ms;
    return left > 0 ? (int32_t)left : 0;
}
