/*
 * api_fixture: an api over a store in memory, and one-line writes of JSON texts.
 */
#ifndef NUTSHELL_TESTS_API_FIXTURE_H
#define NUTSHELL_TESTS_API_FIXTURE_H

#include "api/api.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"
#include "store/store.h"
#include "unit.h"

#include <string.h>

struct fixture {
	struct store *store;
	struct kinds *kinds;
	struct api *api;
	struct arena *a;
	struct call c;
	struct status st;
};

static inline void fixture_open_with(struct fixture *f, struct api_config config)
{
	memset(f, 0, sizeof *f);
	f->a = arena_new();
	f->store = store_open(":memory:", &f->st);
	if (!f->store)
		bug("store: %s", f->st.message);
	f->kinds = kinds_new();
	config.store = f->store;
	config.kinds = f->kinds;
	f->api = api_new(&config, &f->st);
	if (!f->api)
		bug("api: %s", f->st.message);
	call_init(&f->c, f->api, f->a, "test");
}

static inline void fixture_open(struct fixture *f)
{
	fixture_open_with(f, (struct api_config){ .service_cidr = "10.43.0.0/16", .ca_pem = "CA" });
}

static inline void fixture_close(struct fixture *f)
{
	status_clear(&f->st);
	arena_free(&f->a);
	api_free(&f->api);
	kinds_free(&f->kinds);
	store_close(&f->store);
}

#define FIXTURE(f)                                                \
	__attribute__((cleanup(fixture_close))) struct fixture f; \
	fixture_open(&f)

static inline const struct kind *fixture_kind(struct fixture *f, const char *gv, const char *kind)
{
	const struct kind *k = kinds_by_api_version(f->kinds, gv, kind);

	if (!k)
		bug("no kind %s %s", gv, kind);
	return k;
}

static inline struct json *fixture_json(struct fixture *f, const char *text)
{
	struct json *o = json_parse(f->a, text, strlen(text), NULL, &f->st);

	if (!o)
		bug("test JSON: %s: %s", f->st.message, text);
	return o;
}

/* The kind that a body names, core/v1 when apiVersion is absent. */
static inline const struct kind *fixture_kind_of(struct fixture *f, const struct json *o)
{
	const char *gv = json_str(json_get(o, "apiVersion"));

	return fixture_kind(f, *gv ? gv : "v1", json_str(json_get(o, "kind")));
}

static inline const struct obj *fixture_create(struct fixture *f, const char *ns, const char *text)
{
	struct json *o = fixture_json(f, text);

	status_clear(&f->st);
	return api_create(&f->c, fixture_kind_of(f, o), ns, o, &f->st);
}

static inline const struct obj *fixture_update(struct fixture *f, const char *sub, const char *ns,
					       const char *text)
{
	struct json *o = fixture_json(f, text);

	status_clear(&f->st);
	return api_update(&f->c, fixture_kind_of(f, o), sub, ns, meta_name(o), o, NULL, &f->st);
}

static inline const struct obj *fixture_patch(struct fixture *f, const struct kind *k,
					      const char *sub, const char *ns, const char *name,
					      enum patch_type type, const char *text)
{
	status_clear(&f->st);
	return api_patch(&f->c, k, sub, ns, name, type, fixture_json(f, text), false, NULL, &f->st);
}

static inline const struct obj *fixture_get(struct fixture *f, const struct kind *k, const char *ns,
					    const char *name)
{
	status_clear(&f->st);
	return api_get(&f->c, k, ns, name, &f->st);
}

/* The text at a path of an object. */
static inline const char *fixture_text(struct fixture *f, const struct obj *o, const char *path)
{
	return o ? json_path_str(obj_tree(f->a, o), path) : "(no object)";
}

#endif
