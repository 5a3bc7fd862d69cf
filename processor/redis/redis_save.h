/* redis_save.h - a save as one EVALSHA of save.lua. */
#pragma once

#include "base/buffer.h"
#include "flow/ports.h"

/* Memory that is used again from save to save; zero it to begin. */
struct redis_save_scratch {
    struct buffer key;
    struct buffer rank_keys;    /* struct span: the different kpi_windows */
    struct buffer rank_numbers; /* int32_t: for each rank entry, which of them */
};

void redis_save_scratch_free(struct redis_save_scratch *scratch);

/* Appends the whole command: everything the save points to is in it. `sha` is
 * what SCRIPT LOAD answered for save.lua. */
void redis_save_encode(struct buffer *out, const char *prefix, const char *sha,
                       const struct save *save, struct redis_save_scratch *scratch);
