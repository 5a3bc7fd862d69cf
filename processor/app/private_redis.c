/* private_redis.c - see private_redis.h. */
#include "app/private_redis.h"

#include "app/clock.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, START_TRIES = 500, TRY_MS = 10, FILES_OPEN = 8 };

static const char program[] = "redis-server";

/* Where the shell would find it. */
static bool find_program(char ret_path[PATH_BYTES])
{
    const char *folders = getenv("PATH");
    while (folders != NULL && *folders != '\0') {
        const int size = (int)strcspn(folders, ":");
        (void)snprintf(ret_path, PATH_BYTES, "%.*s/%s", size, folders, program);
        if (size > 0 && access(ret_path, X_OK) == 0)
            return true;
        folders += size;
        folders += *folders == ':';
    }
    return false;
}

static bool make_folder(struct private_redis *redis, struct reason *why)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == '\0' || strlen(base) > PRIVATE_REDIS_PATH_BYTES / 2)
        base = "/tmp";
    (void)snprintf(redis->folder, sizeof redis->folder, "%s/sellerwatch-XXXXXX", base);
    if (mkdtemp(redis->folder) == NULL) {
        reason_set(why, "no temporary folder can be made in %s: %s", base, strerror(errno));
        redis->folder[0] = '\0';
        return false;
    }
    const int size = snprintf(redis->socket, sizeof redis->socket, "%s/redis", redis->folder);
    CHECK(size > 0 && (size_t)size < sizeof redis->socket);
    return true;
}

/* In the child. A group of its own, so that Ctrl-C reaches us and not the server. */
_Noreturn static void become_server(const struct private_redis *redis, const char *path,
                                    pid_t parent)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    const int nowhere = open("/dev/null", O_RDWR);
    (void)dup2(nowhere, STDIN_FILENO);
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)execl(path, program, "--port", "0", "--unixsocket", redis->socket, "--dir",
                redis->folder, "--save", "", "--appendonly", "no", "--daemonize", "no",
                (char *)NULL);
    _exit(1);
}

static bool listens(const struct private_redis *redis)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", redis->socket);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const bool good = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

static bool wait_for_server(struct private_redis *redis, struct reason *why)
{
    for (int i = 0; i < START_TRIES; i++) {
        if (listens(redis))
            return true;
        if (waitpid(redis->pid, NULL, WNOHANG) == redis->pid) {
            redis->pid = 0;
            reason_set(why, "redis-server ended at once; try it by hand: redis-server --port 0 "
                            "--unixsocket /tmp/redis-try");
            return false;
        }
        clock_sleep(TRY_MS);
    }
    reason_set(why, "redis-server does not listen after %d s", START_TRIES * TRY_MS / 1000);
    return false;
}

bool private_redis_open(struct private_redis *redis, struct reason *why)
{
    char path[PATH_BYTES];
    *redis = (struct private_redis){ 0 };
    if (!find_program(path)) {
        reason_set(why, "there is no redis-server in PATH; install it (Debian: apt-get install "
                        "redis-server)");
        return false;
    }
    if (!make_folder(redis, why))
        return false;
    const pid_t parent = getpid();
    redis->pid = fork();
    if (redis->pid == 0)
        become_server(redis, path, parent);
    if (redis->pid > 0 && wait_for_server(redis, why))
        return true;
    if (redis->pid < 0)
        reason_set(why, "no process can be started: %s", strerror(errno));
    private_redis_close(redis);
    return false;
}

static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *where)
{
    (void)what;
    (void)kind;
    (void)where;
    return remove(path);
}

void private_redis_close(struct private_redis *redis)
{
    if (redis->pid > 0) {
        (void)kill(redis->pid, SIGTERM);
        (void)waitpid(redis->pid, NULL, 0);
    }
    if (redis->folder[0] != '\0')
        (void)nftw(redis->folder, remove_one, FILES_OPEN, FTW_DEPTH | FTW_PHYS);
    *redis = (struct private_redis){ 0 };
}
