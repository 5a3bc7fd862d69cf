/* fuzz_avro.h - what avro-c leaks when it refuses a schema is not ours.
 *
 * avro-c 1.11 forgets parts of an enum or a record that it cannot finish. Only fuzzers, which
 * find such schemas by the thousand, need to look away; every other test under the sanitizer
 * still sees a schema or value that we forget.
 */
#pragma once

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libavro.so\n";
}
