/*
 * The fair limit: seats, and a queue per user.
 *
 * Users that have requests here are in a table and, while any of theirs waits, in a ring; a seat that becomes
 * free goes to the next in the ring who has not taken his share.  One lock, held for a few steps; requests are
 * handed to workers outside of it.  The stored FlowSchemas and PriorityLevelConfigurations are not looked at:
 * one level for all, whose parts are the users, protects as well and needs no tuning.
 * k8s: apiserver/pkg/server/filters/priority-and-fairness.go
 */
#include "server/limit.h"

#include "api/access.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/thread.h"
#include "net/httpd.h"

#include <stdlib.h>
#include <string.h>

struct guest {
	char *name;
	unsigned running, booked; /* booked: also those that wait */
	struct seat *first, **last;
	struct guest *next, *prev; /* in the ring; NULL: not in it */
};

enum state { SEAT_BOOKED, SEAT_QUEUED, SEAT_TAKEN };

struct seat {
	struct limit *limit;
	struct guest *guest;
	struct http_req *http;
	struct seat *next;
	enum state state;
	int64_t since_ns;
};

struct limit {
	struct lock lock;
	struct map *guests;
	struct guest *turn; /* whose turn it is in the ring; NULL: nobody waits */
	unsigned running, booked;
	bool stopping;
	int64_t rejected;
};

struct limit *limit_new(void)
{
	struct limit *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	lock_init(&l->lock, "limit", LOCK_SERVER);
	l->guests = map_new();
	return l;
}

void limit_free(struct limit **lp)
{
	struct limit *l = *lp;

	if (!l)
		return;
	map_free(&l->guests, NULL);
	lock_destroy(&l->lock);
	free(l);
	*lp = NULL;
}

static bool is_exempt(const struct user *u)
{
	for (size_t i = 0; u->groups[i]; i++)
		if (strcmp(u->groups[i], "system:masters") == 0)
			return true;
	return false;
}

static struct guest *guest_of(struct limit *l, const char *name)
{
	struct guest *g = map_get(l->guests, name);

	if (g)
		return g;
	g = calloc(1, sizeof *g);
	if (!g || !(g->name = strdup(name)))
		abort();
	g->last = &g->first;
	map_set(l->guests, name, g);
	return g;
}

static void forget_idle(struct limit *l, struct guest *g)
{
	if (g->running || g->booked)
		return;
	map_del(l->guests, g->name);
	free(g->name);
	free(g);
}

static bool has_room(const struct limit *l, const struct guest *g)
{
	return l->stopping || (l->running < LIMIT_SEATS && g->running < LIMIT_USER_SEATS);
}

/* ---- the ring ---- */

static void ring_add(struct limit *l, struct guest *g)
{
	if (g->next)
		return;
	if (!l->turn) {
		g->next = g->prev = g;
		l->turn = g;
		return;
	}
	g->next = l->turn;
	g->prev = l->turn->prev;
	g->prev->next = g->next->prev = g;
}

static void ring_remove(struct limit *l, struct guest *g)
{
	if (!g->next)
		return;
	if (l->turn == g)
		l->turn = g->next == g ? NULL : g->next;
	g->next->prev = g->prev;
	g->prev->next = g->next;
	g->next = g->prev = NULL;
}

static void take(struct limit *l, struct seat *s)
{
	if (s->state != SEAT_TAKEN) {
		s->guest->booked--;
		l->booked--;
	}
	s->state = SEAT_TAKEN;
	s->guest->running++;
	l->running++;
}

/* The next waiting request that may run now, or NULL. */
static struct seat *next_seat(struct limit *l)
{
	struct guest *g = l->turn, *from = g;

	if (!g)
		return NULL;
	do {
		if (has_room(l, g)) {
			struct seat *s = g->first;

			g->first = s->next;
			if (!g->first)
				g->last = &g->first;
			take(l, s);
			l->turn = g->next;
			if (!g->first)
				ring_remove(l, g);
			return s;
		}
		g = g->next;
	} while (g != from);
	return NULL;
}

/* Hand out what is free. */
static void serve(struct limit *l)
{
	for (;;) {
		lock_take(&l->lock);
		struct seat *s = next_seat(l);
		struct http_req *r = s ? s->http : NULL;
		lock_drop(&l->lock);
		if (!r)
			return;
		http_work(r);
	}
}

static void unqueue(struct limit *l, struct seat *s)
{
	struct seat **at = &s->guest->first;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	for (s->guest->last = &s->guest->first; *s->guest->last;)
		s->guest->last = &(*s->guest->last)->next;
	if (!s->guest->first)
		ring_remove(l, s->guest);
}

/* The request's arena ends. */
static void give_back(void *arg)
{
	struct seat *s = arg;
	struct limit *l = s->limit;
	bool waiting;

	lock_take(&l->lock);
	if (s->state == SEAT_QUEUED)
		unqueue(l, s);
	if (s->state == SEAT_TAKEN) {
		s->guest->running--;
		l->running--;
	} else {
		s->guest->booked--;
		l->booked--;
	}
	forget_idle(l, s->guest);
	waiting = l->turn != NULL;
	lock_drop(&l->lock);
	if (waiting)
		serve(l);
}

static struct seat *seat_new(struct limit *l, struct arena *a, struct guest *g)
{
	struct seat *s = arena_zalloc(a, sizeof *s);

	*s = (struct seat){ .limit = l, .guest = g, .since_ns = clock_mono_ns() };
	arena_defer(a, give_back, s);
	return s;
}

/* ---- requests ---- */

bool limit_book(struct limit *l, struct arena *a, const struct user *u, struct seat **seat)
{
	struct guest *g;
	bool ok;

	if (*seat || !u || is_exempt(u))
		return true;
	lock_take(&l->lock);
	g = guest_of(l, u->name);
	ok = g->booked < LIMIT_USER_QUEUE && l->booked < LIMIT_QUEUE;
	if (ok) {
		g->booked++;
		l->booked++;
		*seat = seat_new(l, a, g);
	} else {
		l->rejected++;
		forget_idle(l, g);
	}
	lock_drop(&l->lock);
	return ok;
}

bool limit_try(struct limit *l, struct arena *a, const struct user *u, struct seat **seat)
{
	struct guest *g;
	bool ok;

	if (*seat || !u || is_exempt(u))
		return true;
	lock_take(&l->lock);
	g = guest_of(l, u->name);
	ok = has_room(l, g) && !g->first;
	if (ok) {
		*seat = seat_new(l, a, g);
		(*seat)->state = SEAT_TAKEN;
		take(l, *seat);
	} else {
		forget_idle(l, g);
	}
	lock_drop(&l->lock);
	return ok;
}

bool limit_queue(struct limit *l, struct seat *s, struct http_req *r)
{
	bool waits;

	lock_take(&l->lock);
	if (s->state == SEAT_TAKEN) {
		waits = false;
	} else if (has_room(l, s->guest) && !s->guest->first) {
		take(l, s);
		waits = false;
	} else {
		s->state = SEAT_QUEUED;
		s->http = r;
		*s->guest->last = s;
		s->guest->last = &s->next;
		ring_add(l, s->guest);
		waits = true;
	}
	lock_drop(&l->lock);
	return waits;
}

bool limit_late(const struct seat *s)
{
	return s && clock_mono_ns() - s->since_ns > LIMIT_WAIT_S * INT64_C(1000000000);
}

void limit_stop(struct limit *l)
{
	lock_take(&l->lock);
	l->stopping = true;
	lock_drop(&l->lock);
	serve(l);
}

void limit_stats(struct limit *l, struct limit_stats *out)
{
	lock_take(&l->lock);
	*out = (struct limit_stats){ l->running, l->booked, l->rejected };
	lock_drop(&l->lock);
}
