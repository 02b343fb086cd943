/* A program's wall clock, moved by the seconds in the file LOOM_CLOCK_FILE (read once a second); other clocks stay. Loaded with
   LD_PRELOAD by tests/cluster.py. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

static long offset(void) {
    static __thread long known; static __thread long read_at = -1000;
    struct timespec now; syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    if (now.tv_sec != read_at) {
        read_at = now.tv_sec;
        const char *path = getenv("LOOM_CLOCK_FILE"); char text[32] = {0};
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (file >= 0) { if (read(file, text, 31) > 0) known = atol(text); close(file); }
    }
    return known;
}
int clock_gettime(clockid_t which, struct timespec *out) {
    int result = syscall(SYS_clock_gettime, which, out);
    if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) out->tv_sec += offset();
    return result;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec; out->tv_usec = now.tv_nsec / 1000; return 0;
}
time_t time(time_t *out) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec; return now.tv_sec;
}
