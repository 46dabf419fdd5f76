/*
 * shell: the few commands a simulated container understands, so that exec answers something sensible:
 * true, false, exit, echo, cat, env, hostname, sleep, date, and `sh -c` with such commands joined by ; or &&.
 */
#ifndef NUTSHELL_HOST_SIMULATED_SHELL_H
#define NUTSHELL_HOST_SIMULATED_SHELL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;

/* Where a command's streams go.  Blocking. */
struct shell_io {
	/* fd 1 or 2; false when nobody listens any more */
	bool (*write)(void *arg, int fd, const void *p, size_t n);
	/* Bytes of standard input; 0 = end. */
	long (*read)(void *arg, void *p, size_t n);
	/* Wait; false when the session ended meanwhile. */
	bool (*wait_ms)(void *arg, long long ms);
	void *arg;
};

/* Run argv in a container of the pod; its exit code, or -1 when there is no such program (then *missing is its
 * name). */
int shell_run(struct arena *a, const struct json *pod, const char *container, const char **argv,
	      size_t argc, const struct shell_io *io, const char **missing);

#endif
