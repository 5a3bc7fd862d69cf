/* catalogue.c - catalogue.def as a table. */
#include "kpi/catalogue.h"

#include "base/check.h"
#include "base/name.h"

#define F(fact) (UINT32_C(1) << FACT_##fact)

static const struct kpi_row rows[KPI_COUNT] = {
#define KPI(id, label, type, counted, bad_facts, total_facts, op_w, limit_w, op_c, limit_c,    \
            least, words)                                                                      \
    [KPI_##id] = { .name = (label),                                                            \
                   .kind = KPI_##type,                                                         \
                   .side = SIDE_##counted,                                                     \
                   .bad = (bad_facts),                                                         \
                   .total = (total_facts),                                                     \
                   .warn_op = OP_##op_w,                                                       \
                   .warn = (limit_w),                                                          \
                   .critical_op = OP_##op_c,                                                   \
                   .critical = (limit_c),                                                      \
                   .min_denominator = (least),                                                 \
                   .text = (words) },
#include "kpi/catalogue.def"
#undef KPI
};

static const char *const fact_texts[FACT_COUNT] = {
#define FACT(name, text, detail) [FACT_##name] = text,
#include "kpi/facts.def"
#undef FACT
};

static const char *const fact_details[FACT_COUNT] = {
#define FACT(name, text, detail) [FACT_##name] = detail,
#include "kpi/facts.def"
#undef FACT
};

const struct kpi_row *catalogue_row(enum kpi kpi)
{
    CHECK(kpi < KPI_COUNT);
    return &rows[kpi];
}

enum kpi catalogue_find(struct span name)
{
    for (unsigned k = 0; k < KPI_COUNT; k++) {
        if (span_equal(name, span_of_text(rows[k].name)))
            return (enum kpi)k;
    }
    return KPI_COUNT;
}

const char *comparison_sign(enum comparison op)
{
    static const char *const signs[] = { [OP_LT] = "<", [OP_GT] = ">", [OP_GE] = ">=" };
    CHECK(op <= OP_GE);
    return signs[op];
}

const char *catalogue_unit(enum kpi kpi)
{
    static const char *const units[] = {
        [KPI_RATIO] = "ratio", [KPI_GAUGE] = "count", [KPI_DURATION] = "seconds"
    };
    return units[catalogue_row(kpi)->kind];
}

const char *fact_text(enum fact fact)
{
    CHECK(fact < FACT_COUNT);
    return fact_texts[fact];
}

const char *fact_detail(enum fact fact)
{
    CHECK(fact < FACT_COUNT);
    return fact_details[fact];
}
