/*
 * Moving the WAL into the database is what makes a commit slow when it happens inside one.  So a
 * thread with its own connection does it, passively, every few MiB of WAL.  Under an unbroken
 * stream of commits there is always a frame it has not moved yet and the WAL could grow for ever;
 * so right behind a pass beyond a limit the writer moves the little that has come since, and the
 * next commit begins the WAL anew.  Nothing runs while nothing is written.
 */
#include "store/sql.h"
#include "store/store_priv.h"

#include "base/log.h"
#include "base/status.h"

#include <stdlib.h>

#define FRAMES_STEP 2048 /* 8 MiB */
#define FRAMES_LIMIT 4096

static void run_once(struct store *s, struct conn **c)
{
	struct status st = STATUS_INIT;
	int rc;

	if (!*c)
		*c = sql_open(s->path, false, &st);
	if (!*c) {
		log_warn("store", "checkpoint: %s", st.message);
		status_clear(&st);
		return;
	}
	rc = sqlite3_wal_checkpoint_v2((*c)->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
		conn_fail(*c, &st);
		log_warn("store", "checkpoint: %s", st.message);
		status_clear(&st);
	}
}

static void checkpoint_run(void *arg)
{
	struct store *s = arg;
	struct checkpoint *k = &s->checkpoint;
	struct conn *c = NULL;

	lock_take(&k->lock);
	while (!k->stopping) {
		if (!k->wanted) {
			cond_wait(&k->work, &k->lock);
			continue;
		}
		lock_drop(&k->lock);
		run_once(s, &c);
		lock_take(&k->lock);
		k->wanted = false;
		k->busy = false;
	}
	lock_drop(&k->lock);
	conn_end(&c);
}

/* SQLite calls this after each commit of the writer. */
static int count_frames(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct checkpoint *k = arg;

	(void)db;
	(void)name;
	k->frames = frames;
	return SQLITE_OK;
}

void checkpoint_consider(struct store *s)
{
	struct checkpoint *k = &s->checkpoint;

	if (k->busy)
		return;
	if (k->finish) {
		k->finish = false;
		sqlite3_wal_checkpoint_v2(s->conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
	if (k->frames < k->asked)
		k->asked = 0;
	if (k->frames - k->asked < FRAMES_STEP)
		return;
	k->asked = k->frames;
	k->finish = k->frames >= FRAMES_LIMIT;
	k->busy = true;
	lock_take(&k->lock);
	k->wanted = true;
	cond_signal(&k->work);
	lock_drop(&k->lock);
}

void checkpoint_start(struct store *s)
{
	if (s->memory)
		return;
	sqlite3_wal_hook(s->conn->db, count_frames, &s->checkpoint);
	s->checkpoint.thread = thread_start("checkpoint", checkpoint_run, s);
}

void checkpoint_stop(struct store *s)
{
	struct checkpoint *k = &s->checkpoint;

	if (!k->thread)
		return;
	lock_take(&k->lock);
	k->stopping = true;
	cond_signal(&k->work);
	lock_drop(&k->lock);
	thread_join(&k->thread);
}
