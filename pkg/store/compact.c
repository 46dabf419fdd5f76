/*
 * Compaction to a floor F leaves, for each key, the newest revision <= F unless that is a
 * deletion, and everything behind F.  So any state since F can be rebuilt and every event behind F
 * finds the state before it.  What goes is named by the log itself: each row behind the old floor
 * and up to the new one names the row it replaced.
 *
 * Revisions go when they are older than keep_ns or when more than keep_revs came after them.  The
 * floor is raised in memory before the transaction commits: a reader that saw rows missing sees
 * the floor that explains it.  Chunks ride in the transactions of ordinary commits, and run alone
 * only when nobody waits.
 */
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_NS (60 * (int64_t)1000000000)

static int64_t slot_ns(const struct compaction *k)
{
	return k->keep_ns / (AGE_SLOTS / 2);
}

void compact_note(struct store *s, int64_t rev, int64_t now_ns)
{
	struct compaction *k = &s->compaction;

	if (k->n && now_ns - k->slot[k->n - 1].begin_ns < slot_ns(k)) {
		k->slot[k->n - 1].rev = rev;
		return;
	}
	if (k->n == AGE_SLOTS) {
		memmove(k->slot, k->slot + 1, (AGE_SLOTS - 1) * sizeof *k->slot);
		k->n--;
	}
	k->slot[k->n++] = (struct age_slot){ now_ns, rev };
}

/* When all of the slot's revisions are old enough. */
static int64_t slot_due(const struct compaction *k, size_t i)
{
	return k->slot[i].begin_ns + slot_ns(k) + k->keep_ns;
}

int64_t compact_target(struct store *s, int64_t now_ns)
{
	struct compaction *k = &s->compaction;
	int64_t target = s->floor;

	if (now_ns < k->paused_until_ns)
		return target;
	for (size_t i = 0; i < k->n && slot_due(k, i) <= now_ns; i++)
		if (k->slot[i].rev > target)
			target = k->slot[i].rev;
	if (s->rev - k->keep_revs > target)
		target = s->rev - k->keep_revs;
	return target;
}

int64_t compact_due(struct store *s, int64_t now_ns)
{
	struct compaction *k = &s->compaction;
	int64_t due = 0;

	if (compact_target(s, now_ns) > s->floor)
		return now_ns;
	for (size_t i = 0; i < k->n && !due; i++)
		if (k->slot[i].rev > s->floor)
			due = slot_due(k, i);
	if (due && due < k->paused_until_ns)
		due = k->paused_until_ns;
	return due;
}

static bool drop(struct conn *c, enum sql what, int64_t from, int64_t to)
{
	sqlite3_stmt *q = conn_stmt(c, what);

	if (!q)
		return false;
	sqlite3_bind_int64(q, 1, from);
	sqlite3_bind_int64(q, 2, to);
	return conn_run(q);
}

static bool record_floor(struct conn *c, int64_t floor)
{
	sqlite3_stmt *q = conn_stmt(c, SQL_SET);
	char text[24];

	if (!q)
		return false;
	snprintf(text, sizeof text, "%lld", (long long)floor);
	sqlite3_bind_text(q, 1, "store.floor", -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 2, text, -1, SQLITE_TRANSIENT);
	return conn_run(q);
}

bool compact_chunk(struct store *s, int64_t target, int64_t max)
{
	int64_t from = s->floor, to = target - from > max ? from + max : target;

	if (to <= from)
		return true;
	if (drop(s->conn, SQL_DROP_OLD, from, to) && drop(s->conn, SQL_DROP_DELETED, from, to) &&
	    record_floor(s->conn, to)) {
		s->floor = to;
		return true;
	}
	s->compaction.paused_until_ns = clock_mono_ns() + PAUSE_NS;
	return false;
}
