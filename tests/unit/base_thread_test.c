/* Threads, conditions with deadlines, run-once. */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

struct counter {
	struct lock mu;
	struct cond cv;
	int value;
};

static struct once only = ONCE_INIT;
static int runs;

static void run_once(void)
{
	runs++;
}

static void add_many(void *arg)
{
	struct counter *c = arg;

	once_run(&only, run_once);
	for (int i = 0; i < 1000; i++) {
		lock_take(&c->mu);
		c->value++;
		cond_broadcast(&c->cv);
		lock_drop(&c->mu);
	}
}

UNIT_TEST(thread_counts)
{
	struct thread *t[4];
	struct counter c = { .value = 0 };

	lock_init(&c.mu, "test", LOCK_WORK);
	cond_init(&c.cv);
	for (int i = 0; i < 4; i++)
		t[i] = thread_start("a name longer than fifteen", add_many, &c);
	lock_take(&c.mu);
	while (c.value < 4000)
		cond_wait(&c.cv, &c.mu);
	lock_drop(&c.mu);
	for (int i = 0; i < 4; i++) {
		thread_join(&t[i]);
		CHECK(!t[i]);
	}
	CHECK_INT(c.value, 4000);
	CHECK_INT(runs, 1);
	cond_destroy(&c.cv);
	lock_destroy(&c.mu);
}

UNIT_TEST(thread_deadline)
{
	int64_t start = clock_mono_ns();
	struct counter c;

	lock_init(&c.mu, "test", LOCK_WORK);
	cond_init(&c.cv);
	lock_take(&c.mu);
	CHECK(!cond_wait_until(&c.cv, &c.mu, start + 20000000));
	CHECK(clock_mono_ns() - start >= 20000000);
	CHECK(!cond_wait_until(&c.cv, &c.mu, -1));
	lock_drop(&c.mu);
	cond_destroy(&c.cv);
	lock_destroy(&c.mu);
}

UNIT_TEST(thread_rwlock)
{
	struct rwlock l, inner;

	rwlock_init(&l, "outer", LOCK_KIND);
	rwlock_init(&inner, "inner", LOCK_STORE);
	rwlock_read(&l);
	rwlock_write(&inner);
	rwlock_drop(&inner);
	rwlock_drop(&l);
	rwlock_write(&l);
	rwlock_drop(&l);
	rwlock_destroy(&l);
	rwlock_destroy(&inner);
}

UNIT_TEST(log_levels)
{
	log_configure(LOG_LEVEL_ERROR, true);
	CHECK(!log_enabled(LOG_LEVEL_WARN));
	CHECK(log_enabled(LOG_LEVEL_ERROR));
	log_info("test", "never seen");
	log_error("test", "a \"quoted\"\nline \x01 %0*d", 5000, 1);
	log_configure(LOG_LEVEL_INFO, false);
	log_info("test", "a\nline %0*d", 5000, 1);
}
