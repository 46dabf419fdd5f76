/*
 * limit: how many requests may cost something at a time, in all and for one user.  Private to the package.
 *
 * Whatever is answered at once from memory needs no seat.  What goes to a worker, or makes a large answer, needs
 * one; it is held until the answer is with the client, so that seats bound memory too.  A user without a free
 * seat waits in a short queue of his own, users take turns; beyond that, 429.  system:masters and what
 * runs on without end are exempt, as in upstream's exempt level.
 */
#ifndef NUTSHELL_SERVER_LIMIT_H
#define NUTSHELL_SERVER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct http_req;
struct user;

enum {
	LIMIT_SEATS = 48, /* fewer than httpd's workers: the exempt always find some */
	LIMIT_USER_SEATS = 24,
	LIMIT_USER_QUEUE = 200,
	LIMIT_QUEUE = 1000,
	LIMIT_WAIT_S = 15,
};

struct limit;
struct seat;

struct limit *limit_new(void);
void limit_free(struct limit **l);

/* Ask for a place of a request that must go to a worker: *seat (NULL: none needed, or it had one) lives in the
 * arena and is given back at its end.  False: too many wait already. */
bool limit_book(struct limit *l, struct arena *a, const struct user *u, struct seat **seat);
/* Take a seat for what is done at once; false when none is free.  Does nothing when *seat is set. */
bool limit_try(struct limit *l, struct arena *a, const struct user *u, struct seat **seat);
/* The booked request is ready to be worked on: true when it must wait for a seat, and http_work() will be called
 * for it. */
bool limit_queue(struct limit *l, struct seat *seat, struct http_req *r);
/* It has waited for longer than anybody should. */
bool limit_late(const struct seat *seat);
/* From now on nobody waits. */
void limit_stop(struct limit *l);

struct limit_stats {
	int64_t running, queued, rejected;
};
void limit_stats(struct limit *l, struct limit_stats *out);

#endif
