/*
 * dir/nutshell.db, and dir/nutshell.lock, which is held (flock) as long as the store is open: two
 * processes on one database would each serve its own memory.
 *
 * A new database costs four flushes: the file once in WAL mode, the directory, and the WAL twice
 * with the schema (SQLite does these; the directory's covers the file's entry too).  Until the
 * file's first page is durable SQLite would discard the WAL, hence the explicit sync; everything
 * before it needs none.
 */
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 1853192300
#define FORMAT 1

static char *path_join(const char *dir, const char *name)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s/%s", dir, name);
	return buf_detach(&b);
}

/* Make the entry of dir in its parent durable, where the parent allows it. */
static void sync_parent(const char *dir)
{
	char *up = path_join(dir, "..");
	int fd = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		log_debug("store", "cannot flush %s: %s", up, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(up);
}

static bool make_one(const char *path, mode_t mode)
{
	if (mkdir(path, mode))
		return errno == EEXIST;
	sync_parent(path);
	return true;
}

static bool make_dir(const char *dir, struct status *st)
{
	char *path = strdup(dir);
	bool ok = true;

	if (!path)
		bug("out of memory");
	for (char *p = path + 1; *p && ok; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		ok = make_one(path, 0755);
		*p = '/';
	}
	ok = ok && make_one(path, 0700);
	free(path);
	return ok || status_internal(st, "cannot create data directory %s: %s", dir, strerror(errno));
}

static bool lock_held(int fd, const char *dir, struct status *st)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

	pid[n > 0 ? n : 0] = 0;
	pid[strcspn(pid, "\n")] = 0;
	return status_internal(st,
			       "data directory %s is in use by another nutshell process (pid %s); "
			       "stop it or choose another data directory",
			       dir, *pid ? pid : "unknown");
}

static bool take_lock(struct store *s, struct status *st)
{
	char *path = path_join(s->dir, "nutshell.lock");
	char pid[24];
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	bool ok = true;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		ok = status_internal(st, "cannot open %s: %s", path, strerror(errno));
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		ok = errno == EWOULDBLOCK ?
			     lock_held(s->lock_fd, s->dir, st) :
			     status_internal(st, "cannot lock %s: %s", path, strerror(errno));
	/* The pid only serves the message above: failing to note it is no failure. */
	else if (ftruncate(s->lock_fd, 0) || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		log_debug("store", "cannot write %s: %s", path, strerror(errno));
	free(path);
	return ok;
}

static bool sync_file(struct conn *c)
{
	sqlite3_file *f = NULL;

	return sqlite3_file_control(c->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK &&
	       f && f->pMethods->xSync(f, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

static bool create(struct store *s)
{
	struct conn *c = s->conn;

	if (!s->memory && (!conn_script(c, "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL") ||
			   !sync_file(c) || !conn_script(c, "PRAGMA synchronous = FULL")))
		return false;
	if (!conn_script(c, sql_text(SQL_BEGIN)))
		return false;
	if (!conn_script(c, sql_text(SQL_CREATE)) || !conn_script(c, sql_text(SQL_COMMIT))) {
		conn_script(c, sql_text(SQL_ROLLBACK));
		return false;
	}
	return true;
}

/* Make the schema in an empty database, refuse one that is not ours. */
static bool check_format(struct store *s, struct status *st)
{
	int64_t objects, application, format;
	struct conn *c = s->conn;

	if (!conn_int(c, SQL_OBJECTS, &objects) || !conn_int(c, SQL_APPLICATION, &application) ||
	    !conn_int(c, SQL_FORMAT, &format))
		return conn_fail(c, st);
	if (!objects)
		return create(s) || conn_fail(c, st);
	if (application != APPLICATION_ID)
		return status_internal(st,
				       "%s is a database of something else; move it away or "
				       "choose another data directory",
				       s->path);
	if (format > FORMAT)
		return status_internal(st,
				       "%s was written by a newer nutshell (format %d, this "
				       "one knows %d); use that version",
				       s->path, (int)format, FORMAT);
	return conn_script(c, "PRAGMA journal_mode = WAL") || conn_fail(c, st);
}

static void set_setting(struct store *s, const char *name, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		bug("out of memory");
	free(map_set(s->settings, name, copy));
}

static bool read_names(struct store *s)
{
	sqlite3_stmt *q;
	int rc = SQLITE_ERROR;

	q = conn_stmt(s->conn, SQL_TABLES);
	while (q && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(q, 0);

		map_set(s->ids, (const char *)sqlite3_column_text(q, 1), (void *)(intptr_t)id);
		s->last_id = id > s->last_id ? id : s->last_id;
	}
	if (q)
		sqlite3_reset(q);
	if (rc != SQLITE_DONE)
		return false;
	rc = SQLITE_ERROR;
	q = conn_stmt(s->conn, SQL_SETTINGS);
	while (q && (rc = sqlite3_step(q)) == SQLITE_ROW)
		set_setting(s, (const char *)sqlite3_column_text(q, 0),
			    (const char *)sqlite3_column_text(q, 1));
	if (q)
		sqlite3_reset(q);
	return rc == SQLITE_DONE;
}

/* The floor counts for the newest revision too: everything up to it may have been compacted away. */
static bool read_state(struct store *s)
{
	int64_t rev, floor;
	const char *text;

	if (!conn_int(s->conn, SQL_NEWEST, &rev) || !read_names(s))
		return false;
	text = map_get(s->settings, "store.floor");
	floor = text ? strtoll(text, NULL, 10) : 1;
	s->rev = rev > floor ? rev : floor;
	s->floor = floor;
	return true;
}

/* SQLite would create the file readable for everybody; it holds Secrets. */
static bool make_file(struct store *s, struct status *st)
{
	int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return status_internal(st, "cannot create %s: %s", s->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return true;
}

bool database_open(struct store *s, const char *dir, struct status *st)
{
	s->memory = !strcmp(dir, ":memory:");
	s->dir = strdup(dir);
	s->path = s->memory ? strdup(dir) : path_join(dir, "nutshell.db");
	s->lock_fd = -1;
	if (!s->dir || !s->path)
		bug("out of memory");
	if (!s->memory && (!make_dir(dir, st) || !take_lock(s, st) || !make_file(s, st)))
		return false;
	s->conn = sql_open(s->path, true, st);
	return s->conn && check_format(s, st) && (read_state(s) || conn_fail(s->conn, st));
}

void database_close(struct store *s)
{
	conn_end(&s->conn);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->path);
	free(s->dir);
}
