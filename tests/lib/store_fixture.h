/*
 * store_fixture: what the store's tests and tools share: temporary directories, objects by name,
 * one-line commits.
 */
#ifndef NUTSHELL_TESTS_STORE_FIXTURE_H
#define NUTSHELL_TESTS_STORE_FIXTURE_H

#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/obj.h"
#include "store/store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A new empty directory below $TMPDIR or /tmp; heap. */
static inline char *fixture_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = malloc(4096);

	snprintf(path, 4096, "%s/nutshell-store-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path))
		bug("cannot make %s", path);
	return path;
}

static inline int fixture_remove_one(const char *path, const struct stat *sb, int flag,
				     struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* Remove the directory with everything in it and free the path. */
static inline void fixture_remove(char *dir)
{
	nftw(dir, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

static inline struct store *fixture_open(const char *dir)
{
	struct status st = STATUS_INIT;
	struct store *s = store_open(dir, &st);

	if (!s)
		bug("cannot open %s: %s", dir, st.message);
	return s;
}

/* A config map whose data.v is value. */
static inline struct obj *fixture_obj(const char *ns, const char *name, const char *value)
{
	struct arena *a = arena_new();
	struct json *tree = json_build(a,
				       "{apiVersion:\"v1\",kind:\"ConfigMap\",metadata:"
				       "{name:%s,namespace:%s},data:{v:%s}}",
				       name, ns, value);
	struct obj *o = obj_new(tree, NULL);

	arena_free(&a);
	return o;
}

/* data.v of o, in the arena. */
static inline const char *fixture_value(struct arena *a, const struct obj *o)
{
	return o ? json_path_str(obj_tree(a, o), "data.v") : NULL;
}

/* Commit one write; the revision it made, or minus the enum store_result. */
static inline int64_t fixture_write(struct table *t, struct store *s, enum store_op op,
				    const char *ns, const char *name, const char *value,
				    int64_t expect_rev)
{
	struct store_write w = {
		.table = t, .op = op, .ns = ns, .name = name, .expect_rev = expect_rev
	};
	struct status st = STATUS_INIT;
	enum store_result r;
	int64_t rev;

	if (op != STORE_DELETE)
		w.obj = fixture_obj(ns, name, value);
	r = store_commit(s, &w, 1, NULL, &st);
	rev = r == STORE_OK ? w.result->rev : -(int64_t)r;
	obj_unref(w.result);
	status_clear(&st);
	return rev;
}

#define fixture_create(t, s, ns, name, v) fixture_write(t, s, STORE_CREATE, ns, name, v, 0)
#define fixture_update(t, s, ns, name, v) fixture_write(t, s, STORE_UPDATE, ns, name, v, 0)
#define fixture_delete(t, s, ns, name) fixture_write(t, s, STORE_DELETE, ns, name, NULL, 0)

#endif
