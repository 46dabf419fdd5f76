/*
 * Reading the log is rare (a watch that fell behind, a page of an old list), so connections are
 * opened when wanted and only a few are kept.  A ":memory:" database has but one connection:
 * there, taking it means holding it.
 */
#include "store/sql.h"
#include "store/store_priv.h"

struct conn *pool_take(struct store *s, struct status *st)
{
	struct conn *c = NULL;

	if (s->memory) {
		lock_take(&s->memory_lock);
		return s->conn;
	}
	lock_take(&s->pool.lock);
	for (int i = 0; i < POOL_IDLE && !c; i++) {
		c = s->pool.idle[i];
		s->pool.idle[i] = NULL;
	}
	lock_drop(&s->pool.lock);
	return c ? c : sql_open(s->path, false, st);
}

void pool_give(struct store *s, struct conn *c)
{
	if (s->memory) {
		lock_drop(&s->memory_lock);
		return;
	}
	lock_take(&s->pool.lock);
	for (int i = 0; i < POOL_IDLE && c; i++) {
		if (!s->pool.idle[i]) {
			s->pool.idle[i] = c;
			c = NULL;
		}
	}
	lock_drop(&s->pool.lock);
	conn_end(&c);
}

void pool_close(struct store *s)
{
	for (int i = 0; i < POOL_IDLE; i++)
		conn_end(&s->pool.idle[i]);
}
