/* alert_life.h - one look at one alert: what the numbers say, and what becomes of it.
 *
 * A struct look is everything that an evaluation depends on beside the alert
 * itself; alerts.c takes it, alert_life.c judges by it.
 */
#pragma once

#include "kpi/alert.h"

struct alert_look {
    uint32_t cell;
    const struct kpi_row *row;
    const struct threshold *threshold;
    int32_t window;
    bool may_be_critical;
    bool corrected; /* late knowledge took a bad fact out of the window in this step */
    bool rule_changed;
    struct reading reading;
};

/* The severity with which an alert starts; NONE: it does not. */
enum severity alert_life_start(const struct alerts *as, const struct alert_look *k);

/* The rule is gone: what is open ends with reason RULE_CHANGED. */
void alert_life_end(struct alerts *as, struct alert *a, const struct alert_look *k);

/* Moves the alert to where the numbers put it, and tells the feed. */
void alert_life_step(struct alerts *as, struct alert *a, const struct alert_look *k);
