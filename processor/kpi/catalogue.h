/* catalogue.h - the table of KPIs: what is counted, and what is allowed by default. */
#pragma once

#include "base/units.h"

enum fact {
#define FACT(name, text, detail) FACT_##name,
#include "kpi/facts.def"
#undef FACT
    FACT_COUNT
};

enum kpi {
#define KPI(id, name, kind, side, bad, total, warn_op, warn, critical_op, critical, least,     \
            text)                                                                              \
    KPI_##id,
#include "kpi/catalogue.def"
#undef KPI
    KPI_COUNT
};

enum kpi_kind {
    KPI_RATIO,    /* limits in ppm */
    KPI_GAUGE,    /* limits are counts; no window */
    KPI_DURATION, /* p95 of the response duration; limits in ms */
};

enum kpi_side { SIDE_GOOD, SIDE_BAD };

/* A breach is `value OP limit`. */
enum comparison { OP_LT, OP_GT, OP_GE };

struct kpi_row {
    const char *name;
    enum kpi_kind kind;
    enum kpi_side side; /* which facts the value is made of */
    uint32_t bad;       /* bit set of enum fact */
    uint32_t total;     /* bit set of enum fact */
    enum comparison warn_op;
    int64_t warn;
    enum comparison critical_op;
    int64_t critical;
    int32_t min_denominator;
    const char *text; /* what it says, in words */
};

const struct kpi_row *catalogue_row(enum kpi kpi);

/* KPI_COUNT if there is none of that name. */
enum kpi catalogue_find(struct span name);

/* "<", ">", ">=" */
const char *comparison_sign(enum comparison op);

/* "ratio", "count", "seconds": the unit in which an alert shows the value. */
const char *catalogue_unit(enum kpi kpi);

/* "order units created" ... : what one count of that fact means. */
const char *fact_text(enum fact fact);

/* "sent late, or not at all" ... : the same of one unit or ticket; "" if it is not bad. */
const char *fact_detail(enum fact fact);
