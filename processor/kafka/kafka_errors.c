/* kafka_errors.c - see kafka_errors.def.
 *
 * Most errors of Kafka pass by themselves (a leader moves, a broker restarts);
 * the table lists the others. Too many in it would stop the program for
 * nothing, too few only make it wait and say why. Hence the default.
 */
#include "kafka/kafka_errors.h"

#include <stddef.h>

static const struct {
    rd_kafka_resp_err_t code;
    enum status status;
} errors[] = {
#define KAFKA_ERROR(code, status) { RD_KAFKA_RESP_ERR_##code, STATUS_##status },
#include "kafka/kafka_errors.def"
#undef KAFKA_ERROR
};

enum status kafka_errors_status(rd_kafka_resp_err_t error)
{
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == error)
            return errors[i].status;
    return STATUS_UNAVAILABLE;
}
