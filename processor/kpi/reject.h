/* reject.h - why a record went to the dead-letter topic. */
#pragma once

enum reject {
    REJECT_NONE,
#define REJECT(name, code, text) REJECT_##name,
#include "kpi/reject.def"
#undef REJECT
    REJECT_COUNT
};

/* The code that stands in the dead letter's header and in the metrics. */
const char *reject_code(enum reject reject);

/* One sentence for people: "its key and its id_seller differ". */
const char *reject_text(enum reject reject);
