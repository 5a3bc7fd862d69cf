/* avoidable.h - the six classes of enquiries a seller could have avoided.
 *
 * Which ticket topic belongs to which class is a setting; each class has a fact
 * (FACT_AVOIDABLE_...) and a KPI (avoidable_enquiries.CLASS) of its own, in the
 * same order.
 */
#pragma once

#include "kpi/catalogue.h"

enum avoidable_class {
    AVOIDABLE_CLASS_DELAYED,
    AVOIDABLE_CLASS_NOT_RECEIVED,
    AVOIDABLE_CLASS_INCOMPLETE,
    AVOIDABLE_CLASS_INCORRECT,
    AVOIDABLE_CLASS_DEFECT,
    AVOIDABLE_CLASS_INVOICE,
    AVOIDABLE_CLASS_NONE, /* not avoidable */
};

static inline enum fact avoidable_fact(enum avoidable_class kind)
{
    return (enum fact)(FACT_AVOIDABLE_DELAYED + (int)kind);
}
