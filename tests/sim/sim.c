/* sim.c - runs simulated lives.
 *
 * Each life runs in a process of its own, twice, and both runs must tell the same story
 * to the letter. A life that fails, crashes or never ends is named by its seed, which
 * replays it exactly; the others go on.
 */
#include "sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { JOBS_MOST = 64, PATIENCE_SECONDS = 60, FAILURES_SHOWN = 20 };

static const char usage[] =
    "Usage: sim SEED [COUNT] [--jobs N] [--trace | --exam] [--stop] [--faults]\n"
    "\n"
    "Simulates the lives SEED .. SEED + COUNT - 1 (COUNT: 1) of the program, each with its\n"
    "own faults, and judges them by an oracle. The last line says how many passed and failed.\n"
    "\n"
    "  --jobs N   so many at once (1 .. 64; default 1)\n"
    "  --trace    tells the life as a story, line by line, on standard output\n"
    "  --exam     tells what the oracle is asked and answers, as JSON lines\n"
    "  --stop     ends with the first that fails\n"
    "  --faults   says at the end what was injected, by kind, and what happened\n"
    "  --help     this text\n"
    "\n"
    "Exit code: 0 all passed, 1 some failed, 2 usage.\n";

struct request {
    uint64_t first;
    uint64_t count;
    int jobs;
    bool trace;
    bool exam;
    bool faults;
    bool stop;
};

/* A process at work, where it counts, and where it says what is wrong. */
struct job {
    pid_t child; /* 0: free */
    uint64_t seed;
    struct sim_tally *tally; /* shared memory */
    FILE *said;
};

/* ---- one life in a process of its own ---------------------------------------------- */

/* A second telling has the same hash, whatever the first one was for. */
static uint64_t tell_twice(const struct job *job, struct sim_reader reader)
{
    uint64_t first = 0;
    uint64_t second = 0;
    sim_live(job->seed, reader, &first, job->tally);
    sim_live(job->seed, (struct sim_reader){ .only_hash = true }, &second, job->tally);
    assert_int_equal(first, second);
    return first;
}

static void tells_one_story(void **state)
{
    (void)tell_twice(*state, (struct sim_reader){ 0 });
}

static void tells_its_story_aloud(void **state)
{
    const uint64_t hash = tell_twice(*state, (struct sim_reader){ .trace = stdout });
    printf("the hash of this story is %016" PRIx64 "\n", hash);
}

static void writes_its_exam(void **state)
{
    (void)tell_twice(*state, (struct sim_reader){ .exam = stdout });
}

static int run_one(struct job *job, void (*test)(void **))
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(test, job) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static pid_t begin(struct job *job)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child != 0)
        return child;
    (void)dup2(fileno(job->said), STDOUT_FILENO);
    (void)dup2(fileno(job->said), STDERR_FILENO);
    (void)alarm(PATIENCE_SECONDS);
    exit(run_one(job, tells_one_story));
}

/* ---- many -------------------------------------------------------------------------- */

struct campaign {
    struct job jobs[JOBS_MOST];
    struct sim_tally sum;
    uint64_t passed;
    uint64_t failed;
};

static void add_tally(struct sim_tally *sum, const struct sim_tally *more)
{
    for (int i = 0; i < SIM_FAULT_COUNT; i++)
        sum->faults[i] += more->faults[i];
    for (int i = 0; i < SIM_COUNT_COUNT; i++)
        sum->counts[i] += more->counts[i];
    for (int i = 0; i < PARTS / 64; i++)
        sum->phases[i] |= more->phases[i];
}

/* What cmocka says of a failure: the lines of its errors, not those of its progress. */
static void show_failure(const struct job *job, int status)
{
    char line[512];
    rewind(job->said);
    while (fgets(line, sizeof line, job->said) != NULL) {
        if (strstr(line, "ERROR") != NULL || strstr(line, "LINE") != NULL || line[0] != '[')
            fputs(line, stdout);
    }
    printf("seed %" PRIu64 " failed (%s %d); replay it with: sim %" PRIu64 " --trace\n",
           job->seed, WIFSIGNALED(status) ? "signal" : "exit code",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), job->seed);
}

static void judge(struct campaign *c, const struct job *job, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        c->passed += 1;
        add_tally(&c->sum, job->tally);
        return;
    }
    c->failed += 1;
    if (c->failed <= FAILURES_SHOWN)
        show_failure(job, status);
}

static void collect(struct campaign *c)
{
    int status = 0;
    const pid_t child = wait(&status);
    for (int i = 0; i < JOBS_MOST; i++) {
        struct job *job = &c->jobs[i];
        if (job->child != child || child <= 0)
            continue;
        judge(c, job, status);
        (void)fclose(job->said);
        job->child = 0;
    }
}

static struct job *free_job(struct campaign *c, int jobs)
{
    for (int i = 0; i < jobs; i++) {
        if (c->jobs[i].child == 0)
            return &c->jobs[i];
    }
    return NULL;
}

static bool anybody_works(const struct campaign *c)
{
    for (int i = 0; i < JOBS_MOST; i++) {
        if (c->jobs[i].child != 0)
            return true;
    }
    return false;
}

static bool open_campaign(struct campaign *c)
{
    struct sim_tally *tallies = mmap(NULL, JOBS_MOST * sizeof *tallies, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED)
        return false;
    for (int i = 0; i < JOBS_MOST; i++)
        c->jobs[i].tally = &tallies[i];
    return true;
}

static bool run(struct campaign *c, const struct request *r)
{
    for (uint64_t seed = r->first; seed < r->first + r->count; seed++) {
        if (r->stop && c->failed > 0)
            break;
        struct job *job;
        while ((job = free_job(c, r->jobs)) == NULL)
            collect(c);
        *job->tally = (struct sim_tally){ 0 };
        job->seed = seed;
        job->said = tmpfile();
        job->child = job->said == NULL ? -1 : begin(job);
        if (job->child < 0) {
            fprintf(stderr, "sim: cannot begin a life: %s\n", strerror(errno));
            return false;
        }
    }
    while (anybody_works(c))
        collect(c);
    return true;
}

/* ---- telling ----------------------------------------------------------------------- */

static void print_tally(const struct sim_tally *sum)
{
    static const char *const faults[SIM_FAULT_COUNT] = {
#define FAULT(name, weight, text) text,
#include "sim/faults.def"
#undef FAULT
    };
    static const char *const counts[SIM_COUNT_COUNT] = {
#define COUNT(name, text) text,
#include "sim/counts.def"
#undef COUNT
    };
    int phases = 0;
    for (int i = 0; i < SIM_FAULT_COUNT; i++)
        printf("%10" PRId64 "  %s\n", sum->faults[i], faults[i]);
    for (int i = 0; i < SIM_COUNT_COUNT; i++)
        printf("%10" PRId64 "  %s\n", sum->counts[i], counts[i]);
    for (int i = 0; i < PARTS; i++)
        phases += (sum->phases[i / 64] >> (i % 64) & 1) != 0;
    printf("%10d  of %d places in a round of parts at which a shard was loaded\n", phases,
           PARTS);
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool read_words(int argc, char **argv, struct request *r)
{
    uint64_t jobs = 1;
    static const struct option options[] = { { "jobs", required_argument, NULL, 'j' },
                                             { "trace", no_argument, NULL, 't' },
                                             { "faults", no_argument, NULL, 'f' },
                                             { "exam", no_argument, NULL, 'e' },
                                             { "stop", no_argument, NULL, 's' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            exit(0);
        }
        r->trace |= option == 't';
        r->exam |= option == 'e';
        r->faults |= option == 'f';
        r->stop |= option == 's';
        if (option == '?' || (option == 'j' && !read_number(optarg, &jobs)))
            return false;
    }
    r->jobs = (int)jobs;
    r->count = 1;
    if (optind >= argc || !read_number(argv[optind], &r->first) || r->first == 0)
        return false;
    if (optind + 1 < argc && !read_number(argv[optind + 1], &r->count))
        return false;
    return jobs >= 1 && jobs <= JOBS_MOST && optind + 2 >= argc;
}

int main(int argc, char **argv)
{
    struct request r = { 0 };
    static struct campaign c;
    if (!read_words(argc, argv, &r)) {
        fputs(usage, stderr);
        return 2;
    }
    if (r.trace || r.exam) {
        struct job aloud = { .seed = r.first, .tally = &c.sum };
        return run_one(&aloud, r.trace ? tells_its_story_aloud : writes_its_exam) == 0 ? 0 : 1;
    }
    if (!open_campaign(&c) || !run(&c, &r))
        return 2;
    if (r.faults)
        print_tally(&c.sum);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", c.passed, c.failed);
    return c.failed == 0 ? 0 : 1;
}
