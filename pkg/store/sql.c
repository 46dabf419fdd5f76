/*
 * Statements are prepared when first wanted and kept for the life of the connection.  SQLite is
 * built without shared caches and without automatic initialisation; connections carry no mutex.
 *
 * Checkpoints are the checkpointer's business (see checkpoint.c): wal_autocheckpoint is off here, because a
 * checkpoint inside a commit is what a slow commit is made of.
 */
#include "store/sql.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
#define SQL(id, text) [id] = text,
#include "store/sql.tbl"
#undef SQL
};

static const char setup_writer[] = "PRAGMA synchronous = FULL; PRAGMA cache_size = -1024;"
				   "PRAGMA journal_size_limit = 33554432; PRAGMA temp_store = MEMORY";
static const char setup_reader[] = "PRAGMA query_only = ON; PRAGMA cache_size = -256;"
				   "PRAGMA temp_store = MEMORY";

const char *sql_text(enum sql id)
{
	return texts[id];
}

static const char *advice(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return "; the disk is full: free some space, nothing that was acknowledged is lost";
	case SQLITE_IOERR: return "; the disk failed: see the kernel's log";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM: return "; the data directory must exist and be writable";
	case SQLITE_BUSY: return "; another process uses the database";
	case SQLITE_NOTADB: return "; move the file away or choose another data directory";
	case SQLITE_CORRUPT: return "; restore a snapshot";
	default: return "";
	}
}

char *conn_error(struct conn *c)
{
	int code = sqlite3_extended_errcode(c->db);
	struct buf b = BUF_INIT;

	buf_addf(&b, "database %s: %s (%d)%s", c->path, sqlite3_errmsg(c->db), code, advice(code));
	return buf_detach(&b);
}

bool conn_fail(struct conn *c, struct status *st)
{
	char *text = conn_error(c);

	status_internal(st, "%s", text);
	free(text);
	return false;
}

bool conn_script(struct conn *c, const char *text)
{
	return sqlite3_exec(c->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

struct conn *sql_open(const char *path, bool writer, struct status *st)
{
	struct conn *c = calloc(1, sizeof *c);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (!c || !(c->path = strdup(path)) || sqlite3_initialize() != SQLITE_OK)
		bug("out of memory");
	if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK)
		goto fail;
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	sqlite3_wal_autocheckpoint(c->db, 0);
	if (!conn_script(c, writer ? setup_writer : setup_reader))
		goto fail;
	return c;
fail:
	if (!c->db)
		bug("out of memory");
	conn_fail(c, st);
	conn_end(&c);
	return NULL;
}

void conn_end(struct conn **cp)
{
	struct conn *c = *cp;

	if (!c)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(c->stmt[i]);
	if (sqlite3_close(c->db) != SQLITE_OK)
		bug("store: a statement outlives its connection: %s", sqlite3_errmsg(c->db));
	free(c->path);
	free(c);
	*cp = NULL;
}

sqlite3_stmt *conn_stmt(struct conn *c, enum sql id)
{
	sqlite3_stmt *q = c->stmt[id];

	if (q) {
		sqlite3_reset(q);
		sqlite3_clear_bindings(q);
		return q;
	}
	if (sqlite3_prepare_v3(c->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		return NULL;
	c->stmt[id] = q;
	return q;
}

bool conn_run(sqlite3_stmt *q)
{
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		;
	sqlite3_reset(q);
	return rc == SQLITE_DONE;
}

bool conn_do(struct conn *c, enum sql id)
{
	sqlite3_stmt *q = conn_stmt(c, id);

	return q && conn_run(q);
}

bool conn_int(struct conn *c, enum sql id, int64_t *v)
{
	sqlite3_stmt *q = conn_stmt(c, id);
	bool ok = q && sqlite3_step(q) == SQLITE_ROW;

	if (ok)
		*v = sqlite3_column_int64(q, 0);
	if (q)
		sqlite3_reset(q);
	return ok;
}
