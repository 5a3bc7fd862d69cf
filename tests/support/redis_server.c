/* redis_server.c - see redis_server.h.
 *
 * The child asks the kernel to be ended with its parent, so a test that is
 * killed leaves no server behind.
 */
#include "support/redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 1000, TRY_MS = 5 };

static const char *const places[] = { "/usr/bin/redis-server", "/usr/local/bin/redis-server",
                                      "/bin/redis-server" };

static const char *program(void)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

bool redis_server_is_installed(void)
{
    return program() != NULL;
}

static void pause_ms(int ms)
{
    const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    nanosleep(&time, NULL);
}

/* A port that is free now; 0 if none can be had. */
static int free_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    int port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &size) == 0)
        port = ntohs(at.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static int connect_to(const struct redis_server *server)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%.*s", (int)sizeof at.sun_path - 1,
             server->socket);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* True once it answers a PING with anything but "loading". */
static bool answers(const struct redis_server *server)
{
    const int fd = connect_to(server);
    if (fd < 0)
        return false;
    char answer[64] = { 0 };
    const bool asked = write(fd, "PING\r\n", 6) == 6;
    const ssize_t size = asked ? read(fd, answer, sizeof answer - 1) : -1;
    close(fd);
    return size > 0 && strncmp(answer, "-LOADING", strlen("-LOADING")) != 0;
}

static bool wait_until_it_answers(struct redis_server *server)
{
    for (int i = 0; i < START_TRIES; i++) {
        if (answers(server))
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
            break;
        }
        pause_ms(TRY_MS);
    }
    fprintf(stderr, "redis-server does not answer, see %s/log\n", server->folder);
    return false;
}

/* The arguments of the first start, kept in a file for later ones. */
static void write_configuration(const struct redis_server *server,
                                const struct redis_server_options *options)
{
    char path[sizeof server->folder + 16];
    snprintf(path, sizeof path, "%s/redis.conf", server->folder);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return;
    fprintf(f, "port %d\nbind 127.0.0.1\nunixsocket %s\ndir %s\nlogfile %s/log\n", server->port,
            server->socket, server->folder, server->folder);
    fprintf(f, "save \"\"\nappendonly %s\nappendfsync always\n",
            options->appendonly ? "yes" : "no");
    for (int i = 0; i < REDIS_SERVER_EXTRA_MAX && options->extra[i] != NULL; i++)
        fprintf(f, "%s\n", options->extra[i]);
    fclose(f);
}

static bool launch(struct redis_server *server)
{
    char path[sizeof server->folder + 16];
    snprintf(path, sizeof path, "%s/redis.conf", server->folder);
    const char *redis = program();
    if (redis == NULL)
        return false;
    const pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        execl(redis, redis, path, (char *)NULL);
        _exit(1);
    }
    return server->pid > 0 && wait_until_it_answers(server);
}

bool redis_server_start(struct redis_server *server, const struct redis_server_options *options)
{
    signal(SIGPIPE, SIG_IGN);
    *server = (struct redis_server){ .appendonly = options->appendonly };
    snprintf(server->folder, sizeof server->folder, "/tmp/sellerwatch-redis-XXXXXX");
    if (mkdtemp(server->folder) == NULL)
        return false;
    snprintf(server->socket, sizeof server->socket, "%s/socket", server->folder);
    server->port = options->with_port ? free_port() : 0;
    write_configuration(server, options);
    return launch(server);
}

static void end(struct redis_server *server, bool hard)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, hard ? SIGKILL : SIGTERM);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

bool redis_server_restart(struct redis_server *server, bool hard)
{
    end(server, hard);
    return launch(server);
}

static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *where)
{
    (void)what;
    (void)kind;
    (void)where;
    return remove(path);
}

void redis_server_stop(struct redis_server *server)
{
    end(server, true);
    if (server->folder[0] != '\0')
        nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    server->folder[0] = '\0';
}
