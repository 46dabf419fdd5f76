/*
 * The disk's part: a second process, foreign and newer databases, and every I/O call of SQLite
 * failing once.  The failing disk is a VFS that counts calls down over the real one.
 */
#include "store_fixture.h"
#include "unit.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- the failing disk ---- */

struct bad_file {
	sqlite3_file base;
	sqlite3_file *real;
};

/* Calls until the next failure (0: never), what fails, and whether it goes on failing. */
static struct {
	_Atomic int countdown;
	int code;
	bool lasting;
	sqlite3_vfs *real;
} disk;

static bool fails(void)
{
	int left = atomic_load(&disk.countdown);

	while (left > 0) {
		if (left == 1 && disk.lasting)
			return true;
		if (atomic_compare_exchange_weak(&disk.countdown, &left, left - 1))
			return left == 1;
	}
	return false;
}

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct bad_file *)f)->real;
}

static int bad_close(sqlite3_file *f)
{
	int rc = real(f)->pMethods->xClose(real(f));

	sqlite3_free(real(f));
	return rc;
}

static int bad_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int bad_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return fails() ? disk.code : real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int bad_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	return fails() ? disk.code : real(f)->pMethods->xTruncate(real(f), n);
}

static int bad_sync(sqlite3_file *f, int flags)
{
	return fails() ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}

static int bad_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return real(f)->pMethods->xFileSize(real(f), n);
}

static int bad_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int bad_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int bad_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int bad_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int bad_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int bad_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int bad_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int bad_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void bad_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int bad_unmap(sqlite3_file *f, int del)
{
	return real(f)->pMethods->xShmUnmap(real(f), del);
}

static const sqlite3_io_methods bad_methods = {
	.iVersion = 2,
	.xClose = bad_close,
	.xRead = bad_read,
	.xWrite = bad_write,
	.xTruncate = bad_truncate,
	.xSync = bad_sync,
	.xFileSize = bad_size,
	.xLock = bad_lock,
	.xUnlock = bad_unlock,
	.xCheckReservedLock = bad_reserved,
	.xFileControl = bad_control,
	.xSectorSize = bad_sector,
	.xDeviceCharacteristics = bad_traits,
	.xShmMap = bad_map,
	.xShmLock = bad_shm_lock,
	.xShmBarrier = bad_barrier,
	.xShmUnmap = bad_unmap,
};

static int bad_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct bad_file *b = (struct bad_file *)f;
	int rc;

	(void)v;
	b->base.pMethods = NULL;
	b->real = sqlite3_malloc(disk.real->szOsFile);
	memset(b->real, 0, (size_t)disk.real->szOsFile);
	rc = disk.real->xOpen(disk.real, name, b->real, flags, out);
	if (rc == SQLITE_OK)
		b->base.pMethods = &bad_methods;
	else
		sqlite3_free(b->real);
	return rc;
}

static void install_disk(void)
{
	static sqlite3_vfs bad;

	if (disk.real)
		return;
	sqlite3_initialize();
	disk.real = sqlite3_vfs_find(NULL);
	bad = *disk.real;
	bad.pNext = NULL;
	bad.zName = "bad";
	bad.szOsFile = sizeof(struct bad_file);
	bad.xOpen = bad_open;
	sqlite3_vfs_register(&bad, 1);
}

/* ---- what the store makes of it ---- */

static int64_t table_sum(struct table *t)
{
	struct store_list l;
	int64_t sum = 0;

	store_list(t, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		sum += l.items[i]->rev;
	store_list_free(&l);
	return sum;
}

/* Ten commits while the disk fails at the nth call; the model is what was acknowledged. */
static bool run_round(const char *dir, int nth, int *failures)
{
	struct store *s = fixture_open(dir);
	struct table *t = store_table(s, "configmaps", NULL), *u = store_table(s, "late", NULL);
	int64_t sum, rev, usum;
	char name[24];

	disk.countdown = nth;
	for (int i = 0; i < 10; i++) {
		int64_t before = store_rev(s), r;

		snprintf(name, sizeof name, "n%d", i);
		r = i % 3 == 2 ? fixture_delete(t, s, "a", "n1") :
		    i % 3 == 1 ? fixture_update(t, s, "a", "n0", name) :
				 fixture_create(i > 5 ? u : t, s, "a", name, "v");
		*failures += r == -STORE_FAILED;
		if (r > 0 ? r != before + 1 : store_rev(s) != before)
			return false;
	}
	disk.countdown = 0;
	if (fixture_create(t, s, "b", "again", "v") <= 0 || fixture_delete(t, s, "b", "again") <= 0)
		return false;
	sum = table_sum(t);
	usum = table_sum(u);
	rev = store_rev(s);
	store_close(&s);
	s = fixture_open(dir);
	t = store_table(s, "configmaps", NULL);
	u = store_table(s, "late", NULL);
	rev -= store_rev(s);
	sum -= table_sum(t);
	usum -= table_sum(u);
	store_close(&s);
	return !rev && !sum && !usum;
}

static void fail_everywhere(int code, bool lasting)
{
	int failures = 0;

	log_configure(LOG_LEVEL_ERROR + 1, false);
	install_disk();
	disk.code = code;
	disk.lasting = lasting;
	for (int nth = 1; nth < 90; nth++) {
		char *dir = fixture_dir();
		bool ok = run_round(dir, nth, &failures);

		if (!ok)
			fprintf(stderr, "# call %d, code %d\n", nth, code);
		fixture_remove(dir);
		CHECK(ok);
	}
	CHECK(failures > 20);
	log_configure(LOG_LEVEL_INFO, false);
}

UNIT_TEST(disk_full_once)
{
	fail_everywhere(SQLITE_FULL, false);
}

UNIT_TEST(disk_full_for_a_while)
{
	fail_everywhere(SQLITE_FULL, true);
}

UNIT_TEST(disk_error_once)
{
	fail_everywhere(SQLITE_IOERR_WRITE, false);
}

UNIT_TEST(failure_is_a_status)
{
	char *dir = fixture_dir();
	struct store *s;
	struct status st = STATUS_INIT;
	struct store_write w = { .obj = fixture_obj("a", "x", "1") };
	enum store_result r;
	bool told;

	install_disk();
	log_configure(LOG_LEVEL_ERROR + 1, false);
	s = fixture_open(dir);
	w.table = store_table(s, "t", NULL);
	disk.code = SQLITE_FULL;
	disk.lasting = true;
	disk.countdown = 1;
	r = store_commit(s, &w, 1, NULL, &st);
	disk.countdown = 0;
	log_configure(LOG_LEVEL_INFO, false);
	told = st.code == 500 && st.message && strstr(st.message, "disk is full");
	status_clear(&st);
	store_close(&s);
	fixture_remove(dir);
	CHECK_INT(r, STORE_FAILED);
	CHECK(!w.result && !w.obj);
	CHECK(told);
}

/* ---- opening ---- */

static bool refused(const char *dir, const char *because)
{
	struct status st = STATUS_INIT;
	struct store *s = store_open(dir, &st);
	bool ok = !s && st.code == 500 && strstr(st.message, because);

	if (!ok)
		fprintf(stderr, "# %s\n", st.message ? st.message : "opened");
	store_close(&s);
	status_clear(&st);
	return ok;
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[4200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void run_sql(const char *dir, const char *text)
{
	char path[4200];
	sqlite3 *db;

	sqlite3_initialize();
	snprintf(path, sizeof path, "%s/nutshell.db", dir);
	sqlite3_open(path, &db);
	sqlite3_exec(db, text, NULL, NULL, NULL);
	sqlite3_close(db);
}

UNIT_TEST(open_is_exclusive)
{
	char *dir = fixture_dir();
	struct store *s = fixture_open(dir);
	bool ok = refused(dir, "in use by another nutshell process");

	store_close(&s);
	s = fixture_open(dir);
	store_close(&s);
	fixture_remove(dir);
	CHECK(ok);
}

UNIT_TEST(open_refuses_what_is_not_ours)
{
	char *text = fixture_dir(), *other = fixture_dir(), *newer = fixture_dir();
	struct store *s = fixture_open(newer);
	bool a, b, c;

	store_close(&s);
	write_file(text, "nutshell.db", "This is a letter, not a database.  It is long enough.");
	run_sql(other, "CREATE TABLE t(x)");
	run_sql(newer, "PRAGMA user_version = 99");
	a = refused(text, "not a database");
	b = refused(other, "something else");
	c = refused(newer, "newer nutshell (format 99");
	fixture_remove(text);
	fixture_remove(other);
	fixture_remove(newer);
	CHECK(a);
	CHECK(b);
	CHECK(c);
	CHECK(refused("/proc/nowhere/x", "cannot create data directory"));
}
