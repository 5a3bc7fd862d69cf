/* alert_identity.h - what an alert is called (design 4.1: key, episode, change).
 *
 * Nothing that can be edited (value, threshold, severity, rule) is part of a name, so
 * a restart, a replay or another owner gives the same names to the same things.
 */
#pragma once

#include "kpi/alert_change.h"

enum {
    ALERT_IDENTITY_KEY_BYTES = 3 * (3 * NAME_BYTES_MAX) + 64 + 4, /* every byte escaped */
    ALERT_IDENTITY_ID_BYTES = 37,
    ALERT_IDENTITY_CHANGE_BYTES = ALERT_IDENTITY_ID_BYTES + 11,
};

/* "seller|storefront|kpi|window", NUL-terminated. '|', '%' and control characters inside
 * a name are written as %XX, so that no two alerts share a key. */
void alert_identity_key(const struct alert_change *change,
                        char ret_key[ALERT_IDENTITY_KEY_BYTES]);

/* The episode: UUID v5 of the key and the time at which it started. */
void alert_identity_id(const struct alert_change *change, char ret_id[ALERT_IDENTITY_ID_BYTES]);

/* "<id>:000004": the one change, and the CloudEvents id. */
void alert_identity_change(const struct alert_change *change,
                           char ret_id[ALERT_IDENTITY_CHANGE_BYTES]);
