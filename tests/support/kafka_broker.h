/* kafka_broker.h - what only a real broker can do, for tests of what rests on it:
 * retention and transactions.
 *
 * SELLERWATCH_TEST_KAFKA=host:port names the broker; tests/integration/test_contracts.py
 * starts one and sets it. Each function aborts the test if the broker does not obey.
 */
#pragma once

#include "base/units.h"

/* NULL: there is none. */
const char *kafka_broker_address(void);

/* Makes a topic and waits until the broker knows it. */
void kafka_broker_topic(const char *name, int32_t partitions);

/* Deletes it and waits until the broker does not know it any more. */
void kafka_broker_delete_topic(const char *name);

/* As retention would: the partition begins at `offset` from now on. */
void kafka_broker_delete_before(const char *topic, int32_t partition, int64_t offset);

/* Appends one record in a transaction of its own: what is committed leaves a control record
 * behind it, an offset that nobody ever reads. */
void kafka_broker_transaction(const char *topic, int32_t partition, const char *value);
