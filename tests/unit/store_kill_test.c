/*
 * kill -9 in the middle of commits, a few hundred times on one database.
 *
 * A child commits from several threads and reports every acknowledged revision through a pipe
 * until it is killed.  Then the database must be sound, each acknowledged revision must be in the
 * log with exactly what was reported, none may have been given out twice, and the live objects
 * must equal the log's replay.  Every other round also compacts all the time.
 */
#include "store_fixture.h"
#include "store/store_priv.h"
#include "unit.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200
#define THREADS 6
#define KEYS 20
#define MAX_ACKS 65536

struct ack {
	int64_t rev;
	int op;
	char name[16], value[20];
};

/* ---- the child ---- */

struct worker {
	struct store *s;
	struct table *t;
	int fd, id;
	unsigned seed;
};

static void report(const struct worker *w, const struct ack *a)
{
	if (write(w->fd, a, sizeof *a) != sizeof *a)
		_exit(3);
}

static void work(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		struct ack a = { .op = (int)(rand_r(&w->seed) % 3) };

		snprintf(a.name, sizeof a.name, "w%d-%d", w->id, (int)(rand_r(&w->seed) % KEYS));
		snprintf(a.value, sizeof a.value, "%08x", rand_r(&w->seed));
		a.rev = fixture_write(w->t, w->s, (enum store_op)a.op, "ns", a.name, a.value, 0);
		if (a.rev > 0)
			report(w, &a);
		else if (a.rev == -STORE_FAILED)
			_exit(4);
	}
}

static void child(const char *dir, int fd, int round)
{
	struct store *s = fixture_open(dir);
	struct table *t = store_table(s, "configmaps", NULL);
	struct worker w[THREADS];
	struct thread *thread[THREADS];

	if (round % 2)
		s->compaction.keep_revs = 100;
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ s, t, fd, i, (unsigned)(round * THREADS + i) };
		thread[i] = thread_start("worker", work, &w[i]);
	}
	for (int i = 0; i < THREADS; i++)
		thread_join(&thread[i]);
}

/* ---- the judge ---- */

/* Run the child for a random time; the acknowledgements it got out. */
static size_t run_child(const char *dir, int round, struct ack *acks)
{
	struct timespec nap = { .tv_nsec = (rand() % 25000) * 1000L };
	size_t n = 0;
	int fd[2], status;
	pid_t pid;

	if (pipe(fd))
		abort();
	pid = fork();
	if (!pid) {
		close(fd[0]);
		child(dir, fd[1], round);
		_exit(0);
	}
	close(fd[1]);
	/* Half of the children die wherever they are, perhaps opening; half in the midst of work. */
	if (round / 2 % 2)
		n += read(fd[0], acks, sizeof *acks) == sizeof *acks;
	nanosleep(&nap, NULL);
	/* A full pipe stops the child, so that it cannot outrun us. */
	kill(pid, SIGKILL);
	while (n < MAX_ACKS && read(fd[0], &acks[n], sizeof *acks) == sizeof *acks)
		n++;
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		bug("the child ended by itself: %d", WEXITSTATUS(status));
	return n;
}

static bool sound(const char *dir)
{
	char path[4200];
	sqlite3_stmt *q = NULL;
	sqlite3 *db;
	bool ok;

	sqlite3_initialize();
	snprintf(path, sizeof path, "%s/nutshell.db", dir);
	if (access(path, F_OK))
		return true; /* killed before it was made */
	sqlite3_open(path, &db);
	ok = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL) == SQLITE_OK &&
	     sqlite3_step(q) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(q, 0), "ok");
	sqlite3_finalize(q);
	sqlite3_close(db);
	return ok;
}

static int by_rev(const void *x, const void *y)
{
	const struct ack *a = x, *b = y;

	return (a->rev > b->rev) - (a->rev < b->rev);
}

static bool matches(struct arena *a, const struct event *e, const struct ack *ack)
{
	static const enum event_type types[] = { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

	return e->type == types[ack->op] && e->obj->rev == ack->rev &&
	       !strcmp(e->obj->name, ack->name) &&
	       (e->type == EVENT_DELETED || !strcmp(fixture_value(a, e->obj), ack->value));
}

/* Every acknowledgement behind `since` is an event of the log, and revisions are dense. */
static bool replay(struct table *t, int64_t since, const struct ack *ack, size_t n)
{
	struct cursor c = { t, since };
	struct arena *a = arena_new();
	struct event e[64];
	size_t got = 1, i = 0;
	int64_t rev = since;
	bool ok = true;

	while (ok && got) {
		ok = cursor_next(&c, e, 64, &got, NULL);
		for (size_t k = 0; k < got; k++) {
			ok = ok && e[k].rev == ++rev;
			if (i < n && ack[i].rev == e[k].rev)
				ok = ok && matches(a, &e[k], &ack[i++]);
			event_clear(&e[k]);
		}
		arena_reset(a);
	}
	arena_free(&a);
	return ok && i == n;
}

/* The live objects, loaded from the log, equal the state that undoing and listing gives. */
static bool live_state(struct store *s, struct table *t, const struct ack *ack, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct obj *o = store_get(t, "ns", ack[i].name);
		bool ok = o ? o->rev > ack[i].rev || (o->rev == ack[i].rev && ack[i].op != 2) : true;

		/* An object is gone only by a later deletion; the last acknowledged write of a
		 * worker may be followed by one that was not acknowledged. */
		if (!o && ack[i].op != 2)
			ok = table_rev(t) > ack[i].rev;
		obj_unref(o);
		if (!ok)
			return false;
	}
	return store_rev(s) >= (n ? ack[n - 1].rev : 1);
}

static bool judge(const char *dir, int64_t *last, struct ack *acks, size_t n)
{
	int64_t floor, before = *last;
	struct store *s;
	struct table *t;
	size_t skip = 0;
	bool ok = sound(dir);

	qsort(acks, n, sizeof *acks, by_rev);
	for (size_t i = 0; i < n; i++)
		ok = ok && acks[i].rev > (i ? acks[i - 1].rev : before);
	s = fixture_open(dir);
	t = store_table(s, "configmaps", NULL);
	floor = store_floor(s) > before ? store_floor(s) : before;
	while (skip < n && acks[skip].rev <= floor)
		skip++;
	ok = ok && replay(t, floor, acks + skip, n - skip) && live_state(s, t, acks, n);
	*last = store_rev(s);
	store_close(&s);
	return ok;
}

UNIT_TEST(kill_loses_nothing)
{
	struct ack *acks = malloc(MAX_ACKS * sizeof *acks);
	char *dir = fixture_dir();
	int64_t last = 1;
	size_t total = 0;
	bool ok = true;

	srand(1);
	for (int round = 0; ok && round < ROUNDS; round++) {
		size_t n = run_child(dir, round, acks);

		ok = judge(dir, &last, acks, n);
		if (!ok)
			fprintf(stderr, "# round %d, %zu acknowledged\n", round, n);
		total += n;
	}
	fprintf(stderr, "# %zu acknowledged revisions in %d rounds\n", total, ROUNDS);
	free(acks);
	fixture_remove(dir);
	CHECK(ok);
	CHECK(total > ROUNDS);
}
