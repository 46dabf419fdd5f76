/*
 * takeover: duplex connections (exec, attach, port-forward, proxied upgrades), one thread each.
 *
 * Threads that have finished are joined when the next connection comes, or at the end.  Stopping
 * breaks the connections, so that whoever blocks in conn_read() or conn_write() returns.  The end of a
 * connection lingers a little on its thread, for the sake of the last bytes.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/conn.h"
#include "net/httpd_priv.h"

#include <stdlib.h>

enum { LINGER_MS = 500 };

struct takeover {
	struct takeovers *all;
	struct conn *conn; /* NULL when done; changed under the lock */
	void (*fn)(struct conn *c, void *arg);
	void *arg;
	struct thread *thread;
	struct takeover *next;
};

struct takeovers {
	struct httpd *h;
	struct lock lock;
	struct takeover *list;
	bool stopping;
};

struct takeovers *takeovers_new(struct httpd *h)
{
	struct takeovers *t = calloc(1, sizeof(*t));

	BUG_ON(!t);
	t->h = h;
	lock_init(&t->lock, "takeovers", LOCK_NET);
	return t;
}

/* Let the peer read our last bytes: closing with its own unread would reset the connection and lose
 * them.  A peer that goes on talking is cut off. */
static void linger(struct conn *c)
{
	int64_t until = clock_mono_ns() + LINGER_MS * INT64_C(1000000), left;
	char discard[8192];

	conn_shutdown(c);
	do
		left = (until - clock_mono_ns()) / 1000000;
	while (left > 0 && conn_read(c, discard, sizeof(discard), (int)left) > 0);
}

static void takeover_main(void *arg)
{
	struct takeover *x = arg;
	struct conn *c = x->conn;

	x->fn(c, x->arg);
	linger(c);
	lock_take(&x->all->lock);
	x->conn = NULL;
	lock_drop(&x->all->lock);
	conn_close(&c);
	atomic_fetch_sub(&x->all->h->connections, 1);
}

/* Unlink what is done (or everything) for joining outside the lock. */
static struct takeover *unlink_done(struct takeovers *t, bool everything)
{
	struct takeover **at = &t->list, *done = NULL, *x;

	while ((x = *at)) {
		if (x->conn && !everything) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		x->next = done;
		done = x;
	}
	return done;
}

static void join_all(struct takeover *x)
{
	while (x) {
		struct takeover *next = x->next;

		thread_join(&x->thread);
		free(x);
		x = next;
	}
}

void takeover_begin(struct takeovers *t, struct conn *c, void (*fn)(struct conn *c, void *arg),
		    void *arg)
{
	struct takeover *x = calloc(1, sizeof(*x)), *done;

	BUG_ON(!x);
	*x = (struct takeover){ .all = t, .conn = c, .fn = fn, .arg = arg };
	lock_take(&t->lock);
	done = unlink_done(t, false);
	/* fn must run whatever happens: it owns arg */
	if (t->stopping)
		conn_abort(x->conn);
	x->thread = thread_start("http-duplex", takeover_main, x);
	x->next = t->list;
	t->list = x;
	lock_drop(&t->lock);
	join_all(done);
}

void takeovers_free(struct takeovers **tp)
{
	struct takeovers *t = *tp;
	struct takeover *all;

	if (!t)
		return;
	*tp = NULL;
	lock_take(&t->lock);
	t->stopping = true;
	for (struct takeover *x = t->list; x; x = x->next)
		if (x->conn)
			conn_abort(x->conn);
	/* takeover_main() still takes the lock; only the list is ours now */
	all = unlink_done(t, true);
	lock_drop(&t->lock);
	join_all(all);
	lock_destroy(&t->lock);
	free(t);
}
