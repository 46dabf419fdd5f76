/* What a client hears when it asks for a past that has been compacted. */
#include "api_fixture.h"

#include "store/store_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
	char dir[64];
	struct fixture f;
	char *cont; /* of a page of the forgotten past */
	int64_t rev;
};

static void world_start(struct world *w)
{
	struct api_config c = { 0 };

	memset(&w->f, 0, sizeof w->f);
	w->f.a = arena_new();
	w->f.kinds = kinds_new();
	w->f.store = store_open(w->dir, &w->f.st);
	if (!w->f.store)
		bug("%s", w->f.st.message);
	c.store = w->f.store;
	c.kinds = w->f.kinds;
	w->f.api = api_new(&c, &w->f.st);
	if (!w->f.api)
		bug("%s", w->f.st.message);
	call_init(&w->f.c, w->f.api, w->f.a, "test");
}

static void world_write(struct world *w, const char *ns, int n)
{
	for (int i = 0; i < n; i++)
		if (!fixture_create(
			    &w->f, ns,
			    arena_printf(w->f.a,
					 "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m%d\"}}",
					 i)))
			bug("%s", w->f.st.message);
}

static void world_compact(struct world *w)
{
	struct store *s = w->f.store;

	s->compaction.keep_revs = 0;
	while (store_floor(s) < store_rev(s))
		store_set_setting(s, "barrier", "1", NULL);
	s->compaction.keep_revs = 1000;
}

/* A page, more writes, compaction, a restart: the ring is empty and the past is gone. */
static void world_open(struct world *w)
{
	struct list_result r;

	strcpy(w->dir, "/tmp/nutshell-expiry-XXXXXX");
	if (!mkdtemp(w->dir))
		bug("cannot make %s", w->dir);
	world_start(w);
	world_write(w, "default", 4);
	if (!api_list(&w->f.c, fixture_kind(&w->f, "v1", "ConfigMap"), "default",
		      &(struct list_options){ .limit = 2 }, &r, &w->f.st))
		bug("%s", w->f.st.message);
	w->cont = strdup(r.cont);
	w->rev = r.rev;
	world_write(w, "kube-public", 3);
	world_compact(w);
	fixture_close(&w->f);
	world_start(w);
}

static void world_close(struct world *w)
{
	char cmd[128];

	fixture_close(&w->f);
	free(w->cont);
	snprintf(cmd, sizeof cmd, "rm -rf %s", w->dir);
	if (system(cmd))
		bug("cannot remove %s", w->dir);
}

UNIT_TEST(expired_continue_offers_a_fresh_one)
{
	__attribute__((cleanup(world_close))) struct world w;
	struct list_options o = { .limit = 2 };
	struct list_result r;
	const struct kind *k;

	world_open(&w);
	k = fixture_kind(&w.f, "v1", "ConfigMap");
	o.cont = w.cont;
	CHECK(!api_list(&w.f.c, k, "default", &o, &r, &w.f.st));
	CHECK_INT(w.f.st.code, 410);
	CHECK_STR(w.f.st.reason, "Expired");
	CHECK(!strncmp(w.f.st.message, "The provided continue parameter is too old", 42));
	CHECK(w.f.st.list_continue);
	o.cont = arena_strdup(w.f.a, w.f.st.list_continue);
	CHECK(api_list(&w.f.c, k, "default", &o, &r, &w.f.st));
	CHECK_INT(r.n, 2);
	CHECK_STR(r.items[0]->name, "m2");
	CHECK(r.rev > w.rev);
}

UNIT_TEST(expired_exact_list)
{
	__attribute__((cleanup(world_close))) struct world w;
	struct list_options o = { .match = "Exact" };
	struct list_result r;

	world_open(&w);
	o.resource_version = arena_printf(w.f.a, "%lld", (long long)w.rev);
	CHECK(!api_list(&w.f.c, fixture_kind(&w.f, "v1", "ConfigMap"), "", &o, &r, &w.f.st));
	CHECK_INT(w.f.st.code, 410);
	CHECK_STR(w.f.st.message, "The resourceVersion for the provided list is too old.");
}

UNIT_TEST(expired_watch_is_told_in_band)
{
	__attribute__((cleanup(world_close))) struct world w;
	struct watch_options o = { .resource_version = "1" };
	struct watch_event e;
	struct watch *watch;

	world_open(&w);
	watch = watch_open(w.f.api, fixture_kind(&w.f, "v1", "ConfigMap"), "", &o, &w.f.st);
	CHECK(watch);
	CHECK(watch_next(watch, &e, &w.f.st));
	CHECK_INT(e.type, WATCH_ERROR);
	CHECK_INT(w.f.st.code, 410);
	CHECK_STR(w.f.st.reason, "Expired");
	CHECK_STR(w.f.st.message, arena_printf(w.f.a, "too old resource version: 1 (%lld)",
					       (long long)store_floor(w.f.store)));
	CHECK(!watch_next(watch, &e, &w.f.st));
	watch_close(&watch);
}
