/* kafka_errors.h - what an error of Kafka means to us. */
#pragma once

#include "base/status.h"

#include <librdkafka/rdkafka.h>

/* OK for no error; UNAVAILABLE for everything that may pass by itself. */
enum status kafka_errors_status(rd_kafka_resp_err_t error);
