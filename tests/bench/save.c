/* save.c - how many images a second can be saved in Redis?
 *
 * One shard, one save at a time, 64-byte images, on a private redis-server
 * behind a Unix socket, without append-only file. Each save also replaces one
 * part of PARTS, round robin, so the log is trimmed as in real life. Prints its
 * conditions and, per size of save, saves/s, images/s, the CPU time that Redis
 * and we spent for a million images, and how fast all that was saved is loaded.
 *
 *     bench_save [seconds per size, default 1.5]
 */
#include "base/name.h"
#include "redis/redis_store.h"
#include "support/redis_server.c" /* benches link the program only, not the tests' helpers */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { IMAGE_BYTES = 64, PARTS = 64, IMAGES_MAX = 10000, PATIENCE_MS = 5000 };

struct run {
    struct store_port port;
    struct save save;
    struct saved_part part;
    uint8_t *images;
    int64_t saves;
};

static double seconds_of(struct timespec t)
{
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double clock_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return seconds_of(t);
}

/* CPU seconds of another process: fields 14 and 15 of its stat file. */
static double cpu_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    unsigned long user = 0;
    unsigned long kernel = 0;
    const int found = fscanf(f,
                             "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
                             "%lu %lu",
                             &user, &kernel);
    fclose(f);
    return found == 2 ? (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static bool save_once(struct run *run)
{
    struct save *save = &run->save;
    save->header.version += 1;
    const uint64_t version = save->header.version;
    run->part.index = (int32_t)(version % PARTS);
    save->oldest_part_version = version < PARTS ? 0 : version - PARTS + 1;
    struct save_result result = { .status = STATUS_UNAVAILABLE };
    if (run->port.save(run->port.self, save, &result.why) == STATUS_PENDING)
        run->port.poll(run->port.self, PATIENCE_MS, &result, 1);
    if (result.status != STATUS_OK)
        fprintf(stderr, "save: %s: %s\n", status_name(result.status), result.why.text);
    run->saves += result.status == STATUS_OK;
    return result.status == STATUS_OK;
}

static enum status count_bytes(void *arg, struct span images)
{
    *(double *)arg += (double)images.size;
    return STATUS_OK;
}

/* Million images a second, of parts and log; 0 if it failed. */
static double load_rate(struct run *run)
{
    struct reason why = { 0 };
    struct shard_header header;
    double bytes = 0;
    const double begun = clock_s(CLOCK_MONOTONIC);
    enum status s = run->port.claim(run->port.self, run->save.shard, "bench", &header, &why);
    if (s == STATUS_OK)
        s = run->port.load(run->port.self, run->save.shard, &header, count_bytes, &bytes, &why);
    if (s != STATUS_OK)
        fprintf(stderr, "load: %s\n", why.text);
    const double seconds = clock_s(CLOCK_MONOTONIC) - begun;
    return s == STATUS_OK ? bytes / IMAGE_BYTES / seconds / 1e6 : 0;
}

static bool measure(struct run *run, int32_t shard, size_t images, double seconds, pid_t redis)
{
    struct reason why = { 0 };
    run->save = (struct save){ .shard = shard, .writer = "bench" };
    if (run->port.claim(run->port.self, shard, "bench", &run->save.header, &why) != STATUS_OK) {
        fprintf(stderr, "claim: %s\n", why.text);
        return false;
    }
    run->save.log = span_of(run->images, images * IMAGE_BYTES);
    run->part.bytes = run->save.log;
    run->save.parts = &run->part;
    run->save.part_count = 1;
    run->saves = 0;

    const double redis_cpu = cpu_of(redis);
    const double our_cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    const double begun = clock_s(CLOCK_MONOTONIC);
    double now = begun;
    while (now - begun < seconds) {
        if (!save_once(run))
            return false;
        now = clock_s(CLOCK_MONOTONIC);
    }
    const double million = (double)run->saves * (double)images / 1e6;
    const double redis_used = cpu_of(redis) - redis_cpu;
    const double we_used = clock_s(CLOCK_PROCESS_CPUTIME_ID) - our_cpu;
    const double loaded = load_rate(run);
    printf("%8zu %10.0f %12.0f %16.3f %14.3f %12.1f\n", images,
           (double)run->saves / (now - begun), million * 1e6 / (now - begun),
           redis_used / million, we_used / million, loaded);
    return loaded > 0;
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 1.5;
    struct redis_server server;
    if (!redis_server_start(&server, &(struct redis_server_options){ 0 })) {
        fprintf(stderr, "cannot start redis-server: is it installed?\n");
        return 1;
    }
    struct redis_options options = redis_link_default_options();
    options.unix_path = server.socket;
    struct redis_store *store = redis_store_open(&options, NULL);
    struct run run = { .port = redis_store_port(store) };
    run.images = calloc(IMAGES_MAX, IMAGE_BYTES);

    printf(
        "conditions: %ld processors, Unix socket, no append-only file, one save under way,\n"
        "%d-byte images, one of %d parts (as large as the log element) a save, %.1f s each\n",
        sysconf(_SC_NPROCESSORS_ONLN), IMAGE_BYTES, PARTS, seconds);
    printf("%8s %10s %12s %16s %14s %12s\n", "images", "saves/s", "images/s", "redis cpu s/1M",
           "our cpu s/1M", "load M/s");
    static const size_t sizes[] = { 100, 1000, IMAGES_MAX };
    bool good = run.images != NULL;
    for (int32_t i = 0; i < 3 && good; i++)
        good = measure(&run, i, sizes[i], seconds, server.pid);

    free(run.images);
    redis_store_close(store);
    redis_server_stop(&server);
    return good ? 0 : 1;
}
