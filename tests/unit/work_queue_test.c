/* The work queue: one entry per name, never two workers on one, due times, failures, many threads. */
#include "work/queue.h"

#include "base/clock.h"
#include "base/thread.h"
#include "tests/lib/unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES 20
#define ROUNDS 2000

UNIT_TEST(a_name_is_in_once)
{
	struct queue *q = queue_new("test");
	struct queue_item *x;

	queue_add(q, "n", "a", 0);
	queue_add(q, "n", "a", 0);
	queue_add(q, "n", "b", 0);
	CHECK(!queue_idle(q));
	x = queue_take(q);
	CHECK_STR(x->name, "a");
	queue_done(q, x, false, -1, false);
	x = queue_take(q);
	CHECK_STR(x->name, "b");
	queue_done(q, x, false, -1, false);
	CHECK(queue_idle(q));
	queue_free(&q);
	CHECK(!q);
}

UNIT_TEST(added_while_worked_on_comes_back)
{
	struct queue *q = queue_new("test");
	struct queue_item *x;

	queue_add(q, "", "a", 0);
	x = queue_take(q);
	queue_add(q, "", "a", 0);
	queue_add(q, "", "a", 0);
	queue_done(q, x, false, -1, false);
	CHECK(!queue_idle(q));
	x = queue_take(q);
	queue_done(q, x, false, -1, false);
	CHECK(queue_idle(q));
	queue_free(&q);
}

UNIT_TEST(the_earliest_due_time_counts)
{
	struct queue *q = queue_new("test");
	int64_t from = clock_mono_ns();
	struct queue_item *x;

	queue_add(q, "", "late", 60000);
	queue_add(q, "", "late", 40);
	queue_add(q, "", "late", 70000);
	queue_add(q, "", "soon", 10);
	x = queue_take(q);
	CHECK_STR(x->name, "soon");
	queue_done(q, x, false, -1, false);
	x = queue_take(q);
	CHECK_STR(x->name, "late");
	CHECK(clock_mono_ns() - from >= 40000000);
	queue_done(q, x, false, 60000, false);
	CHECK(queue_idle(q));
	queue_add(q, "", "late", 0);
	x = queue_take(q);
	CHECK_STR(x->name, "late");
	queue_done(q, x, false, -1, false);
	queue_free(&q);
}

UNIT_TEST(failures_are_counted_until_success)
{
	struct queue *q = queue_new("test");
	struct queue_item *x;

	queue_add(q, "", "a", 0);
	for (int i = 0; i < 5; i++) {
		x = queue_take(q);
		CHECK_INT(x->failures, i);
		queue_done(q, x, true, 0, false);
	}
	x = queue_take(q);
	queue_done(q, x, false, 0, false);
	x = queue_take(q);
	CHECK_INT(x->failures, 0);
	queue_done(q, x, false, -1, false);
	queue_free(&q);
}

struct crowd {
	struct queue *q;
	atomic_int busy[NAMES], clashes, done;
};

static void worker(void *arg)
{
	struct crowd *c = arg;
	struct queue_item *x;

	while ((x = queue_take(c->q))) {
		int i = atoi(x->name);

		if (atomic_fetch_add(&c->busy[i], 1))
			atomic_fetch_add(&c->clashes, 1);
		atomic_fetch_add(&c->done, 1);
		atomic_fetch_sub(&c->busy[i], 1);
		queue_done(c->q, x, false, i % 3 ? -1 : 1, i % 2);
	}
}

UNIT_TEST(many_workers_never_meet)
{
	struct crowd c = { .q = queue_new("test") };
	struct thread *t[4];
	char name[16];

	for (int i = 0; i < 4; i++)
		t[i] = thread_start("worker", worker, &c);
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof name, "%d", i % NAMES);
		queue_add(c.q, "ns", name, i % 7 == 0);
	}
	while (atomic_load(&c.done) < ROUNDS / 10)
		;
	queue_stop(c.q);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
	CHECK_INT(atomic_load(&c.clashes), 0);
	queue_free(&c.q);
}

/* A long piece of work must not keep what falls due meanwhile from the other workers. */
UNIT_TEST(a_busy_worker_does_not_hold_the_clock)
{
	struct queue *q = queue_new("test");
	struct crowd c = { .q = q };
	struct thread *t;
	struct queue_item *x;

	queue_add(q, "", "0", 0);
	queue_add(q, "", "1", 20);
	x = queue_take(q);
	t = thread_start("worker", worker, &c);
	while (!atomic_load(&c.done))
		;
	queue_stop(q);
	thread_join(&t);
	queue_done(q, x, false, -1, false);
	queue_free(&q);
}
