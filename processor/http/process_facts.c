/* process_facts.c - see process_facts.h. Everything comes from /proc/self and two
 * system calls; a scrape every few seconds does not notice.
 */
#include "http/process_facts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 4096,
    US_PER_SECOND = 1000000,
    NS_PER_US = 1000,
    START_FIELD = 22, /* of /proc/self/stat, counted from 1 */
    NAME_FIELD = 2,
    DECIMAL = 10,
};

/* The first bytes of a small file as a string; empty if it cannot be read. */
static void file_read(const char *path, char ret_text[TEXT_BYTES])
{
    ret_text[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    const size_t size = fread(ret_text, 1, TEXT_BYTES - 1, file);
    ret_text[size] = '\0';
    fclose(file);
}

static void read_cpu(struct metrics *m)
{
    struct timespec spent;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0)
        metrics_set(m, METRIC_PROCESS_CPU,
                    (int64_t)spent.tv_sec * US_PER_SECOND + spent.tv_nsec / NS_PER_US);
}

static void read_resident(struct metrics *m)
{
    char text[TEXT_BYTES];
    file_read("/proc/self/statm", text);
    const char *resident = strchr(text, ' '); /* the second number: pages in RAM */
    if (resident != NULL)
        metrics_set(m, METRIC_PROCESS_RESIDENT,
                    strtoll(resident, NULL, DECIMAL) * sysconf(_SC_PAGESIZE));
}

static void read_files(struct metrics *m)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= (rlim_t)INT64_MAX)
        metrics_set(m, METRIC_PROCESS_MAX_FDS, (int64_t)limit.rlim_cur);

    DIR *open_files = opendir("/proc/self/fd");
    if (open_files == NULL)
        return;
    int64_t count = -1; /* the one we look with */
    for (const struct dirent *e = readdir(open_files); e != NULL; e = readdir(open_files))
        count += e->d_name[0] != '.';
    closedir(open_files);
    metrics_set(m, METRIC_PROCESS_FDS, count);
}

/* Ticks after boot at which we began; -1: unknown. The name in parentheses may
 * hold anything, so fields are counted from its end. */
static int64_t start_ticks(void)
{
    char text[TEXT_BYTES];
    file_read("/proc/self/stat", text);
    const char *at = strrchr(text, ')');
    for (int field = NAME_FIELD; at != NULL && field < START_FIELD; field++)
        at = strchr(at + 1, ' ');
    return at == NULL ? -1 : strtoll(at, NULL, DECIMAL);
}

/* UTC seconds at which the machine was started; -1: unknown. */
static int64_t boot_seconds(void)
{
    static const char label[] = "btime ";
    FILE *file = fopen("/proc/stat", "re");
    if (file == NULL)
        return -1;
    char line[TEXT_BYTES];
    int64_t seconds = -1;
    while (seconds < 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, label, sizeof label - 1) == 0)
            seconds = strtoll(line + sizeof label - 1, NULL, DECIMAL);
    }
    fclose(file);
    return seconds;
}

static void read_start(struct metrics *m)
{
    const int64_t ticks = start_ticks();
    const int64_t boot = boot_seconds();
    const int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
    if (ticks >= 0 && boot >= 0 && ticks_a_second > 0)
        metrics_set(m, METRIC_PROCESS_START,
                    boot * SECOND_MS + ticks * SECOND_MS / ticks_a_second);
}

void process_facts_read(struct metrics *ret_facts)
{
    metrics_set(ret_facts, METRIC_BUILD_INFO, 1);
    read_cpu(ret_facts);
    read_resident(ret_facts);
    read_files(ret_facts);
    read_start(ret_facts);
}
