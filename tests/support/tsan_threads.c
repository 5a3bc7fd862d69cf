/* tsan_threads.c - lets ThreadSanitizer see the threads and locks of librdkafka.
 *
 * librdkafka uses C11 threads (thrd_create, mtx_lock ...), which the sanitizer
 * does not know: it neither sees who waits for whom nor survives the first
 * callback from such a thread. Here they are once more, on pthreads, which it
 * does know; a program that links this file uses these instead of libc's. The
 * types of the two are the same memory in glibc, which is checked below.
 *
 * Compiles to nothing without the sanitizer.
 */
#if defined(__SANITIZE_THREAD__)
#define TSAN_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN_THREADS 1
#endif
#endif

#ifdef TSAN_THREADS

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "mtx_t must hold a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "cnd_t must hold a pthread_cond_t");

struct beginning {
    thrd_start_t run;
    void *arg;
};

static void *begin(void *memory)
{
    const struct beginning b = *(struct beginning *)memory;
    free(memory);
    return (void *)(intptr_t)b.run(b.arg);
}

int thrd_create(thrd_t *ret_thread, thrd_start_t run, void *arg)
{
    struct beginning *b = malloc(sizeof *b);
    if (b == NULL)
        return thrd_nomem;
    *b = (struct beginning){ .run = run, .arg = arg };
    if (pthread_create(ret_thread, NULL, begin, b) == 0)
        return thrd_success;
    free(b);
    return thrd_error;
}

int thrd_join(thrd_t thread, int *ret_result)
{
    void *result = NULL;
    if (pthread_join(thread, &result) != 0)
        return thrd_error;
    if (ret_result != NULL)
        *ret_result = (int)(intptr_t)result;
    return thrd_success;
}

int thrd_detach(thrd_t thread)
{
    return pthread_detach(thread) == 0 ? thrd_success : thrd_error;
}

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t kind;
    (void)pthread_mutexattr_init(&kind);
    (void)pthread_mutexattr_settype(&kind, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE
                                                                       : PTHREAD_MUTEX_NORMAL);
    const int error = pthread_mutex_init((pthread_mutex_t *)mutex, &kind);
    (void)pthread_mutexattr_destroy(&kind);
    return error == 0 ? thrd_success : thrd_error;
}

int mtx_lock(mtx_t *mutex)
{
    return pthread_mutex_lock((pthread_mutex_t *)mutex) == 0 ? thrd_success : thrd_error;
}

int mtx_trylock(mtx_t *mutex)
{
    const int error = pthread_mutex_trylock((pthread_mutex_t *)mutex);
    if (error == EBUSY)
        return thrd_busy;
    return error == 0 ? thrd_success : thrd_error;
}

int mtx_unlock(mtx_t *mutex)
{
    return pthread_mutex_unlock((pthread_mutex_t *)mutex) == 0 ? thrd_success : thrd_error;
}

void mtx_destroy(mtx_t *mutex)
{
    (void)pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *condition)
{
    const int error = pthread_cond_init((pthread_cond_t *)condition, NULL);
    return error == 0 ? thrd_success : thrd_error;
}

int cnd_signal(cnd_t *condition)
{
    const int error = pthread_cond_signal((pthread_cond_t *)condition);
    return error == 0 ? thrd_success : thrd_error;
}

int cnd_broadcast(cnd_t *condition)
{
    const int error = pthread_cond_broadcast((pthread_cond_t *)condition);
    return error == 0 ? thrd_success : thrd_error;
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    const int error = pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex);
    return error == 0 ? thrd_success : thrd_error;
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
    const int error =
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until);
    if (error == ETIMEDOUT)
        return thrd_timedout;
    return error == 0 ? thrd_success : thrd_error;
}

void cnd_destroy(cnd_t *condition)
{
    (void)pthread_cond_destroy((pthread_cond_t *)condition);
}

#else

typedef int tsan_threads_not_needed;

#endif
