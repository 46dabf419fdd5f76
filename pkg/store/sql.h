/*
 * sql: connections to the database, prepared statements, and the one place where SQLite's errors
 * become Status.  Private to the store package.
 *
 * A connection belongs to one thread at a time.  A ":memory:" database has a single connection,
 * which its users share under a lock.
 */
#ifndef NUTSHELL_STORE_SQL_H
#define NUTSHELL_STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct status;

enum sql {
#define SQL(id, text) id,
#include "store/sql.tbl"
#undef SQL
	SQL_COUNT
};

struct conn {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *stmt[SQL_COUNT];
};

/* Open path (":memory:" too) and set the connection up; NULL: 500. */
struct conn *sql_open(const char *path, bool writer, struct status *st);
void conn_end(struct conn **c);
/* The statement, reset and with arguments unbound; NULL when SQLite fails to prepare it. */
sqlite3_stmt *conn_stmt(struct conn *c, enum sql id);
/* Run to the end and reset. */
bool conn_run(sqlite3_stmt *q);
bool conn_do(struct conn *c, enum sql id);
/* The one integer a query yields. */
bool conn_int(struct conn *c, enum sql id, int64_t *v);
/* Texts of several statements, without results. */
bool conn_script(struct conn *c, const char *text);
/* The connection's last error with what the user can do about it; the caller frees it. */
char *conn_error(struct conn *c);
/* Fill st (500) with conn_error(); false. */
bool conn_fail(struct conn *c, struct status *st);
/* The text of an SQL_... constant. */
const char *sql_text(enum sql id);

#endif
