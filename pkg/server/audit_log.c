/*
 * The audit log's file.
 *
 * Lines are collected in one buffer of at most BUFFER_BYTES; a thread takes it, writes it and comes back for the
 * next.  A disk that is slow makes requests wait a little (WAIT_NS); a disk that is full or gone costs the
 * lines, never the cluster: they are counted, and the log says so once in a while.
 */
#include "server/audit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 8 << 20, COMPLAIN_S = 10 };
#define WAIT_NS INT64_C(50000000)

struct audit_log {
	char *path; /* NULL: standard output */
	int fd;
	struct lock lock;
	struct cond filled, emptied;
	struct buf lines;
	bool stopping, reopen;
	int64_t lost, complained_s;
	struct thread *thread;
};

static int open_path(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Under the lock. */
static void count_lost(struct audit_log *l, int64_t n, const char *why)
{
	int64_t now = clock_mono_ns() / 1000000000;

	l->lost += n;
	if (l->complained_s && now - l->complained_s < COMPLAIN_S)
		return;
	l->complained_s = now;
	log_error("audit", "%lld lines of the audit log are lost so far: %s", (long long)l->lost,
		  why);
}

static int64_t lines_in(const char *p, size_t n)
{
	int64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

static void write_all(struct audit_log *l, const struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(l->fd, b->p + done, b->len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			const char *why = strerror(errno);

			lock_take(&l->lock);
			count_lost(l, lines_in(b->p + done, b->len - done), why);
			lock_drop(&l->lock);
			return;
		}
	}
}

/* Only the thread touches fd. */
static void open_again(struct audit_log *l)
{
	int fd = l->path ? open_path(l->path) : -1;

	if (fd < 0) {
		if (l->path)
			log_error("audit", "%s cannot be opened again: %s", l->path, strerror(errno));
		return;
	}
	close(l->fd);
	l->fd = fd;
}

static void audit_main(void *arg)
{
	struct audit_log *l = arg;
	struct buf taken = BUF_INIT;
	bool over = false, reopen;

	while (!over) {
		lock_take(&l->lock);
		while (!l->lines.len && !l->stopping && !l->reopen)
			cond_wait(&l->filled, &l->lock);
		buf_clear(&taken);
		struct buf full = l->lines;
		l->lines = taken;
		taken = full;
		over = l->stopping && !taken.len;
		reopen = l->reopen;
		l->reopen = false;
		cond_broadcast(&l->emptied);
		lock_drop(&l->lock);
		/* what was logged before belongs to the file that was moved away */
		if (!reopen || taken.len)
			write_all(l, &taken);
		if (reopen)
			open_again(l);
	}
	buf_free(&taken);
}

struct audit_log *audit_log_open(const char *path, struct status *st)
{
	bool out = strcmp(path, "-") == 0;
	int fd = out ? STDOUT_FILENO : open_path(path);
	struct audit_log *l;

	if (fd < 0) {
		status_bad_request(st, "audit log %s: %s", path, strerror(errno));
		return NULL;
	}
	l = calloc(1, sizeof *l);
	BUG_ON(!l);
	l->fd = fd;
	l->path = out ? NULL : strdup(path);
	lock_init(&l->lock, "audit", LOCK_SERVER);
	cond_init(&l->filled);
	cond_init(&l->emptied);
	l->thread = thread_start("audit", audit_main, l);
	return l;
}

void audit_log_close(struct audit_log **lp)
{
	struct audit_log *l = *lp;

	if (!l)
		return;
	lock_take(&l->lock);
	l->stopping = true;
	cond_broadcast(&l->filled);
	lock_drop(&l->lock);
	thread_join(&l->thread);
	if (l->path)
		close(l->fd);
	cond_destroy(&l->filled);
	cond_destroy(&l->emptied);
	lock_destroy(&l->lock);
	buf_free(&l->lines);
	free(l->path);
	free(l);
	*lp = NULL;
}

void audit_log_add(struct audit_log *l, const char *line, size_t n)
{
	int64_t until = 0;

	lock_take(&l->lock);
	while (l->lines.len && l->lines.len + n + 1 > BUFFER_BYTES) {
		until = until ? until : clock_mono_ns() + WAIT_NS;
		if (!cond_wait_until(&l->emptied, &l->lock, until))
			break;
	}
	if (l->lines.len && l->lines.len + n + 1 > BUFFER_BYTES) {
		count_lost(l, 1, "the file cannot be written fast enough");
	} else {
		buf_add(&l->lines, line, n);
		buf_addc(&l->lines, '\n');
		cond_signal(&l->filled);
	}
	lock_drop(&l->lock);
}

void audit_log_reopen(struct audit_log *l)
{
	lock_take(&l->lock);
	l->reopen = true;
	cond_signal(&l->filled);
	lock_drop(&l->lock);
}

int64_t audit_log_lost(struct audit_log *l)
{
	int64_t n;

	lock_take(&l->lock);
	n = l->lost;
	lock_drop(&l->lock);
	return n;
}
