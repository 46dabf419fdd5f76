/*
 * stream: the loops that drive responses without end.
 *
 * A loop is one thread with one epoll set; a stream stays with its loop.  Other threads only put
 * streams and groups on the loop's wake lists, under its lock; all else is the loop thread's own.
 * Waking a group costs one list insertion per loop, whatever its size: the loop thread walks the
 * members.  While the loop is busy nobody writes to its eventfd, because it looks at the lists
 * again before it sleeps (signaled).
 *
 * pump() output is collected in the loop's one buffer, framed as a chunk there, and written at once.
 * Only what the socket refuses is copied into the stream; from then on the stream is not pumped until
 * all of it is with the kernel, and closed if that takes STALL_NS without any progress.
 *
 * A stream is on the run list at most once (queued).  One that ends while queued is freed when it is
 * taken off.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/httpd_priv.h"
#include "net/timers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 128, BUCKETS = 256, CHUNK_HEAD = 10, KEEP_BYTES = 1 << 20, READS = 16 };
#define STALL_NS (180 * INT64_C(1000000000))

struct group {
	const void *key;
	struct stream *members;
	struct group *next; /* in its bucket */
	struct group *next_woken;
	bool woken;
};

struct stream {
	struct stream_loop *loop;
	struct tls_session *tls;
	const struct stream_ops *ops;
	void *arg;
	struct buf out; /* refused by the socket, or the head */
	size_t out_off;
	int64_t deadline_ns; /* the owner's; 0 = none */
	int64_t stall_ns;    /* while out is not empty */
	struct timer timer;
	struct stream *next, *prev; /* all of the loop */
	struct stream *next_queued;
	struct stream *next_member, *prev_member;
	struct group *group;
	atomic_bool woken; /* wants a pump */
	bool queued;       /* on the wake or run list; under the lock */
	bool fresh, chunked, want_write, ending, dead;
};

struct stream_loop {
	struct httpd *h;
	int ep, wake_fd;
	struct thread *thread;
	struct lock lock;
	struct stream *woken, **woken_tail; /* under the lock, as are the groups */
	struct group *woken_groups;
	struct group *buckets[BUCKETS];
	bool signaled, stop;
	struct stream *all;
	struct timers timers;
	struct buf chunk;
};

/* ---- queue and groups ---- */

static void enqueue(struct stream_loop *l, struct stream *s)
{
	if (s->queued)
		return;
	s->queued = true;
	s->next_queued = NULL;
	*l->woken_tail = s;
	l->woken_tail = &s->next_queued;
}

/* Under the lock: true when the caller must call ring() after dropping it. */
static bool must_ring(struct stream_loop *l)
{
	bool ring = !l->signaled;

	l->signaled = true;
	return ring;
}

static void ring(struct stream_loop *l)
{
	uint64_t one = 1;

	if (write(l->wake_fd, &one, sizeof(one)) != sizeof(one))
		bug("eventfd: %s", strerror(errno));
}

void stream_wake(struct stream *s)
{
	struct stream_loop *l = s->loop;
	bool rings;

	if (atomic_exchange(&s->woken, true))
		return;
	lock_take(&l->lock);
	enqueue(l, s);
	rings = must_ring(l);
	lock_drop(&l->lock);
	if (rings)
		ring(l);
}

static struct group **group_slot(struct stream_loop *l, const void *key)
{
	uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
	struct group **at = &l->buckets[hash >> 56];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

void stream_loop_wake_group(struct stream_loop *l, const void *key)
{
	struct group *g;
	bool rings = false;

	lock_take(&l->lock);
	g = *group_slot(l, key);
	if (g && !g->woken) {
		g->woken = true;
		g->next_woken = l->woken_groups;
		l->woken_groups = g;
		rings = must_ring(l);
	}
	lock_drop(&l->lock);
	if (rings)
		ring(l);
}

void httpd_wake_group(struct httpd *h, const void *group)
{
	for (unsigned i = 0; i < h->nthreads; i++)
		stream_loop_wake_group(h->loops[i], group);
}

void stream_join(struct stream *s, const void *key)
{
	struct stream_loop *l = s->loop;
	struct group **at;

	lock_take(&l->lock);
	BUG_ON(s->group);
	at = group_slot(l, key);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		(*at)->key = key;
	}
	s->group = *at;
	s->next_member = s->group->members;
	s->prev_member = NULL;
	if (s->next_member)
		s->next_member->prev_member = s;
	s->group->members = s;
	lock_drop(&l->lock);
}

/* Under the lock. */
static void leave(struct stream_loop *l, struct stream *s)
{
	struct group *g = s->group, **at;

	if (!g)
		return;
	s->group = NULL;
	*(s->prev_member ? &s->prev_member->next_member : &g->members) = s->next_member;
	if (s->next_member)
		s->next_member->prev_member = s->prev_member;
	if (g->members || g->woken)
		return;
	at = group_slot(l, g->key);
	*at = g->next;
	free(g);
}

/* Under the lock: put the members of woken groups on the list. */
static void expand_groups(struct stream_loop *l)
{
	while (l->woken_groups) {
		struct group *g = l->woken_groups;

		l->woken_groups = g->next_woken;
		g->woken = false;
		for (struct stream *s = g->members; s; s = s->next_member) {
			atomic_store(&s->woken, true);
			enqueue(l, s);
		}
		if (!g->members) {
			*group_slot(l, g->key) = g->next;
			free(g);
		}
	}
}

/* ---- output ---- */

void stream_write(struct stream *s, const void *p, size_t n)
{
	buf_add(&s->loop->chunk, p, n);
}

size_t stream_pending(const struct stream *s)
{
	return s->loop->chunk.len - CHUNK_HEAD;
}

static void due_changed(struct stream *s)
{
	int64_t due = s->out.len ? s->stall_ns : s->deadline_ns;

	timers_set(&s->loop->timers, &s->timer, due ? due : INT64_MAX);
}

void stream_deadline(struct stream *s, int64_t mono_ns)
{
	s->deadline_ns = mono_ns;
}

static void watch_writable(struct stream *s, bool on)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = s };

	if (s->want_write == on)
		return;
	s->want_write = on;
	if (on)
		e.events |= EPOLLOUT;
	epoll_ctl(s->loop->ep, EPOLL_CTL_MOD, tls_fd(s->tls), &e);
}

static void finish(struct stream *s, bool clean)
{
	struct stream_loop *l = s->loop;
	int fd = tls_fd(s->tls);
	bool queued;

	s->ops->closed(s->arg);
	*(s->prev ? &s->prev->next : &l->all) = s->next;
	if (s->next)
		s->next->prev = s->prev;
	timers_drop(&l->timers, &s->timer);
	lock_take(&l->lock);
	leave(l, s);
	queued = s->queued;
	lock_drop(&l->lock);
	epoll_ctl(l->ep, EPOLL_CTL_DEL, fd, NULL);
	if (clean)
		tls_close_notify(s->tls);
	tls_session_unref(&s->tls);
	close(fd);
	buf_free(&s->out);
	atomic_fetch_sub(&l->h->streams, 1);
	atomic_fetch_sub(&l->h->connections, 1);
	s->dead = true;
	if (!queued)
		free(s);
}

/* Write what is left; false when the stream must not be pumped (blocked, or finished and gone). */
static bool flush(struct stream *s)
{
	while (s->out_off < s->out.len) {
		long r = tls_write(s->tls, s->out.p + s->out_off, s->out.len - s->out_off);

		if (r == TLS_WANT_WRITE) {
			watch_writable(s, true);
			due_changed(s);
			return false;
		}
		if (r < 0) {
			finish(s, false);
			return false;
		}
		s->out_off += (size_t)r;
		s->stall_ns = clock_mono_ns() + STALL_NS;
	}
	if (s->out.len) {
		buf_free(&s->out);
		s->out_off = 0;
		watch_writable(s, false);
	}
	if (s->ending) {
		finish(s, true);
		return false;
	}
	return true;
}

/* Send the loop's buffer from off on; what the socket refuses stays with the stream. */
static void send_chunk(struct stream *s, size_t off)
{
	const struct buf *b = &s->loop->chunk;
	long r = 0;

	if (!s->out.len && off < b->len) {
		r = tls_write(s->tls, b->p + off, b->len - off);
		if (r == TLS_FAILED || r == TLS_WANT_READ) {
			finish(s, false);
			return;
		}
	}
	if (r > 0)
		off += (size_t)r;
	if (off < b->len) {
		buf_add(&s->out, b->p + off, b->len - off);
		s->stall_ns = clock_mono_ns() + STALL_NS;
	}
	if (flush(s))
		due_changed(s);
}

/* Frame what pump() appended; returns where the bytes to send begin. */
static size_t frame_chunk(struct stream *s)
{
	struct buf *b = &s->loop->chunk;
	size_t n = b->len - CHUNK_HEAD, off = CHUNK_HEAD;
	char head[CHUNK_HEAD + 1];

	if (!s->chunked)
		return off;
	if (n) {
		int len = snprintf(head, sizeof(head), "%zx\r\n", n);

		off -= (size_t)len;
		memcpy(b->p + off, head, (size_t)len);
		buf_add(b, "\r\n", 2);
	}
	if (s->ending)
		buf_add(b, "0\r\n\r\n", 5);
	return off;
}

static void pump(struct stream *s)
{
	struct stream_loop *l = s->loop;

	/* the head goes out together with the first chunk */
	if (!s->fresh && !flush(s))
		return;
	s->fresh = false;
	buf_clear(&l->chunk);
	buf_add(&l->chunk, "0123456789", CHUNK_HEAD);
	atomic_store(&s->woken, false);
	s->ending = !s->ops->pump(s, s->arg);
	if (l->chunk.len - CHUNK_HEAD > UINT32_MAX >> 4)
		bug("a stream wrote %zu bytes in one go", l->chunk.len);
	send_chunk(s, frame_chunk(s));
	if (l->chunk.cap > KEEP_BYTES)
		buf_free(&l->chunk);
}

/* ---- the loop ---- */

static void start(struct stream *s)
{
	struct stream_loop *l = s->loop;
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = s };

	s->next = l->all;
	if (l->all)
		l->all->prev = s;
	l->all = s;
	epoll_ctl(l->ep, EPOLL_CTL_ADD, tls_fd(s->tls), &e);
}

static void stop_all(struct stream_loop *l)
{
	while (l->all) {
		struct stream *s = l->all;

		if (!s->out.len && s->chunked)
			tls_write(s->tls, "0\r\n\r\n", 5);
		finish(s, !s->out.len);
	}
}

static struct stream *take_queue(struct stream_loop *l)
{
	struct stream *q;

	lock_take(&l->lock);
	expand_groups(l);
	q = l->woken;
	l->woken = NULL;
	l->woken_tail = &l->woken;
	lock_drop(&l->lock);
	return q;
}

/* Take s off the run list: from now on it can be queued again. */
static void unqueue(struct stream_loop *l, struct stream *s)
{
	lock_take(&l->lock);
	s->queued = false;
	lock_drop(&l->lock);
}

static void run_queue(struct stream_loop *l)
{
	struct stream *s, *next;

	for (s = take_queue(l); s; s = next) {
		next = s->next_queued;
		if (s->dead) {
			free(s);
			continue;
		}
		unqueue(l, s);
		if (s->fresh)
			start(s);
		pump(s);
	}
}

/* The client has nothing to say on a stream; reading finds out that it is gone. */
static void readable(struct stream *s)
{
	char discard[4096];
	long r = 1;

	for (int i = 0; i < READS && r > 0; i++)
		r = tls_read(s->tls, discard, sizeof(discard));
	if (r == 0 || r == TLS_FAILED)
		finish(s, false);
}

static void socket_event(struct stream *s, uint32_t events)
{
	if (s->dead)
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		readable(s);
		return; /* s may be gone; epoll reports writability again */
	}
	if ((events & EPOLLOUT) && flush(s)) {
		due_changed(s);
		if (atomic_load(&s->woken))
			pump(s);
	}
}

static void run_timers(struct stream_loop *l)
{
	int64_t now = clock_mono_ns();
	struct timer *t;

	while ((t = timers_due(&l->timers, now))) {
		struct stream *s = (struct stream *)((char *)t - offsetof(struct stream, timer));

		if (s->out.len && s->stall_ns <= now) {
			log_debug("net", "stream: the client takes nothing, closing");
			finish(s, false);
		} else if (!s->out.len && s->deadline_ns && s->deadline_ns <= now) {
			s->deadline_ns = 0;
			pump(s);
		} else {
			due_changed(s);
		}
	}
}

/* How long to sleep; 0 when something has been queued meanwhile. */
static int patience(struct stream_loop *l, bool *stop)
{
	int64_t due = timers_next(&l->timers), left;
	bool busy;

	lock_take(&l->lock);
	busy = l->woken || l->woken_groups;
	l->signaled = busy;
	*stop = l->stop;
	lock_drop(&l->lock);
	if (busy)
		return 0;
	if (due == INT64_MAX)
		return -1;
	left = (due - clock_mono_ns()) / 1000000 + 1;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void silence(struct stream_loop *l)
{
	uint64_t count;
	ssize_t n = read(l->wake_fd, &count, sizeof(count));

	(void)n; /* nothing there is as good */
}

static void loop_main(void *arg)
{
	struct stream_loop *l = arg;
	struct epoll_event e[BATCH];
	bool stop = false;

	for (;;) {
		int ms = patience(l, &stop), n;

		if (stop)
			break;
		n = epoll_wait(l->ep, e, BATCH, ms);
		for (int i = 0; i < n; i++) {
			if (e[i].data.ptr)
				socket_event(e[i].data.ptr, e[i].events);
			else
				silence(l);
		}
		run_queue(l);
		run_timers(l);
	}
	run_queue(l);
	stop_all(l);
	run_queue(l);
}

struct stream_loop *stream_loop_start(struct httpd *h, unsigned index)
{
	struct stream_loop *l = calloc(1, sizeof(*l));
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	char name[16];

	BUG_ON(!l);
	l->h = h;
	l->woken_tail = &l->woken;
	lock_init(&l->lock, "streams", LOCK_NET);
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->ep < 0 || l->wake_fd < 0)
		bug("epoll: %s", strerror(errno));
	epoll_ctl(l->ep, EPOLL_CTL_ADD, l->wake_fd, &e);
	snprintf(name, sizeof(name), "http-stream-%u", index);
	l->thread = thread_start(name, loop_main, l);
	return l;
}

void stream_begin(struct stream_loop *l, struct tls_session *tls, struct buf *head, bool chunked,
		  const struct stream_ops *ops, void *arg)
{
	struct stream *s = calloc(1, sizeof(*s));
	bool rings;

	BUG_ON(!s);
	s->loop = l;
	s->tls = tls;
	s->ops = ops;
	s->arg = arg;
	s->chunked = chunked;
	s->fresh = true;
	s->out = *head;
	*head = (struct buf)BUF_INIT;
	s->stall_ns = clock_mono_ns() + STALL_NS;
	atomic_init(&s->woken, true);
	atomic_fetch_add(&l->h->streams, 1);
	lock_take(&l->lock);
	enqueue(l, s);
	rings = must_ring(l);
	lock_drop(&l->lock);
	if (rings)
		ring(l);
}

void stream_loop_stop(struct stream_loop **lp)
{
	struct stream_loop *l = *lp;

	if (!l)
		return;
	*lp = NULL;
	lock_take(&l->lock);
	l->stop = true;
	lock_drop(&l->lock);
	ring(l);
	thread_join(&l->thread);
	timers_free(&l->timers);
	buf_free(&l->chunk);
	lock_destroy(&l->lock);
	close(l->ep);
	close(l->wake_fd);
	free(l);
}
