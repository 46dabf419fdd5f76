/*
 * The store's life, its tables, and the small questions.  Where the rest is: writer.c commits,
 * read.c lists and follows, index.c holds the live objects, ring.c the latest events, compact.c
 * forgets, checkpoint.c moves the WAL into the database.
 */
#include "store/store_priv.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEEP_NS (600 * (int64_t)1000000000)
#define KEEP_REVS 200000
#define KEEP_REVS_MEMORY 20000

static enum lock_rank rank(int step)
{
	return (enum lock_rank)(LOCK_STORE + step);
}

static void init_locks(struct store *s)
{
	lock_init(&s->tables_lock, "store.tables", rank(0));
	lock_init(&s->memory_lock, "store.memory", rank(1));
	rwlock_init(&s->view, "store.view", rank(2));
	lock_init(&s->queue.lock, "store.queue", rank(3));
	lock_init(&s->pool.lock, "store.pool", rank(3));
	lock_init(&s->subs.lock, "store.subs", rank(3));
	lock_init(&s->checkpoint.lock, "store.checkpoint", rank(3));
	cond_init(&s->queue.work);
	cond_init(&s->subs.done);
	cond_init(&s->checkpoint.work);
}

static void destroy_locks(struct store *s)
{
	cond_destroy(&s->checkpoint.work);
	cond_destroy(&s->subs.done);
	cond_destroy(&s->queue.work);
	lock_destroy(&s->checkpoint.lock);
	lock_destroy(&s->subs.lock);
	lock_destroy(&s->pool.lock);
	lock_destroy(&s->queue.lock);
	rwlock_destroy(&s->view);
	lock_destroy(&s->memory_lock);
	lock_destroy(&s->tables_lock);
}

static void store_free(struct store *s)
{
	database_close(s);
	map_free(&s->settings, free);
	map_free(&s->ids, NULL);
	destroy_locks(s);
	free(s);
}

struct store *store_open(const char *dir, struct status *st)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s)
		bug("out of memory");
	init_locks(s);
	s->settings = map_new();
	s->ids = map_new();
	if (!database_open(s, dir, st)) {
		store_free(s);
		return NULL;
	}
	s->compaction.keep_ns = KEEP_NS;
	s->compaction.keep_revs = s->memory ? KEEP_REVS_MEMORY : KEEP_REVS;
	checkpoint_start(s);
	writer_start(s);
	return s;
}

static void table_free(struct table *t)
{
	ring_clear(&t->ring);
	index_free(&t->index);
	for (size_t i = 0; t->fields.paths && t->fields.paths[i]; i++)
		free((void *)(uintptr_t)t->fields.paths[i]);
	free((void *)(uintptr_t)t->fields.paths);
	free(t->resource);
	free(t);
}

void store_close(struct store **sp)
{
	struct store *s = *sp;
	struct table *t;

	if (!s)
		return;
	writer_stop(s);
	checkpoint_stop(s);
	pool_close(s);
	while ((t = s->tables)) {
		s->tables = t->next;
		table_free(t);
	}
	store_free(s);
	*sp = NULL;
}

static const char *const *copy_paths(const char *const *paths)
{
	const char **copy;
	size_t n = 0;

	while (paths && paths[n])
		n++;
	if (!n)
		return NULL;
	copy = calloc(n + 1, sizeof *copy);
	for (size_t i = 0; copy && i < n; i++)
		if (!(copy[i] = strdup(paths[i])))
			bug("out of memory");
	if (!copy)
		bug("out of memory");
	return copy;
}

static bool same_fields(const struct obj_fields *x, const struct obj_fields *y)
{
	size_t i = 0;

	if (!x->paths || !y->paths)
		return (!x->paths || !x->paths[0]) && (!y->paths || !y->paths[0]);
	while (x->paths[i] && y->paths[i] && !strcmp(x->paths[i], y->paths[i]))
		i++;
	return !x->paths[i] && !y->paths[i];
}

static struct table *table_new(struct store *s, const char *resource, const struct obj_fields *fields)
{
	struct table *t = calloc(1, sizeof *t);

	if (!t || !(t->resource = strdup(resource)))
		bug("out of memory");
	t->store = s;
	t->fields.paths = copy_paths(fields ? fields->paths : NULL);
	t->index = index_new();
	return t;
}

/* An id is given in memory; the writer records it with the table's first object, so that declaring
 * resources costs no disk.  A database that cannot be read is no empty database: stop. */
static struct table *table_declare(struct store *s, const char *resource,
				   const struct obj_fields *fields)
{
	struct table *t = table_new(s, resource, fields);
	struct status st = STATUS_INIT;

	t->id = (int64_t)(intptr_t)map_get(s->ids, resource);
	t->recorded = t->id != 0;
	if (t->recorded && !table_load(t, &st))
		bug("store: cannot load %s: %s", resource, st.message);
	if (!t->recorded)
		t->id = ++s->last_id;
	if (!t->rev)
		t->rev = t->ring.base = 1;
	t->next = s->tables;
	s->tables = t;
	return t;
}

struct table *store_table(struct store *s, const char *resource, const struct obj_fields *fields)
{
	struct obj_fields none = { NULL };
	struct table *t;

	lock_take(&s->tables_lock);
	for (t = s->tables; t && strcmp(t->resource, resource); t = t->next)
		;
	if (!t)
		t = table_declare(s, resource, fields);
	else if (!same_fields(&t->fields, fields ? fields : &none))
		log_warn("store", "%s was declared with other fields; the first ones stay", resource);
	lock_drop(&s->tables_lock);
	return t;
}

const char *table_resource(const struct table *t)
{
	return t->resource;
}

size_t table_count(struct table *t)
{
	struct snap *snap;
	size_t n;

	rwlock_read(&t->store->view);
	snap = index_pin(t->index);
	rwlock_drop(&t->store->view);
	n = snap_count(snap);
	snap_unpin(snap);
	return n;
}

int64_t table_rev(struct table *t)
{
	return atomic_load_explicit(&t->rev, memory_order_acquire);
}

int64_t store_rev(struct store *s)
{
	return s->rev;
}

int64_t store_floor(struct store *s)
{
	return s->floor;
}

char *store_get_setting(struct store *s, struct arena *a, const char *name)
{
	const char *value;
	char *copy;

	rwlock_read(&s->view);
	value = map_get(s->settings, name);
	copy = value ? arena_strdup(a, value) : NULL;
	rwlock_drop(&s->view);
	return copy;
}

bool store_set_setting(struct store *s, const char *name, const char *value, struct status *st)
{
	return writer_set(s, name, value, st);
}

static int64_t file_bytes(const char *path, const char *suffix)
{
	struct stat sb;
	char *name = NULL;
	int64_t n = 0;
	size_t len = strlen(path) + strlen(suffix) + 1;

	name = malloc(len);
	if (!name)
		bug("out of memory");
	strcpy(stpcpy(name, path), suffix);
	if (!stat(name, &sb))
		n = sb.st_size;
	free(name);
	return n;
}

void store_stats(struct store *s, struct store_stats *out)
{
	memset(out, 0, sizeof *out);
	if (!s->memory) {
		out->db_bytes = file_bytes(s->path, "");
		out->wal_bytes = file_bytes(s->path, "-wal");
	}
	out->live_objects = s->live_objects;
	out->live_bytes = s->live_bytes;
	out->commits = s->commits;
	out->writes = s->writes;
}
