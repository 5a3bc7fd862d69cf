/* settings_schemas.h - whether the files of schemas.files are schemas that we can use. */
#pragma once

#include "app/settings_reading.h"

/* With schemas.source files: reads and compiles each of them, and complains at its line.
 * A file that only failed at its first record would cost a whole good topic. */
void settings_schemas_check(const struct settings_reading *r);
