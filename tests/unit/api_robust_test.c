/* Every kind through every verb with odd bodies, and many writers at once: nothing may crash or leak. */
#include "api_fixture.h"

#include "base/thread.h"

#include <stdio.h>

static const char *const odd[] = {
	"{}",
	"{\"metadata\":{\"name\":\"a\"}}",
	"{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":null},\"finalizers\":[],\"ownerReferences\":[{}]},"
	"\"spec\":{},\"status\":{}}",
	"{\"metadata\":{\"name\":\"a\"},\"spec\":{\"template\":{},\"selector\":{},\"containers\":[{}],\"ports\":[{}],"
	"\"rules\":[{}],\"volumes\":[{}]},\"rules\":[{}],\"subjects\":[{}],\"webhooks\":[{}],\"data\":{}}",
	"{\"metadata\":{\"name\":\"a\"},\"spec\":null,\"status\":null,\"data\":null,\"rules\":null}",
	"{\"metadata\":{\"generateName\":\"a-\",\"annotations\":{}},\"spec\":[1],\"rules\":7}",
	"{\"metadata\":[],\"spec\":\"x\"}",
	"{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"-1\",\"generation\":\"x\",\"deletionTimestamp\":5}}",
	"{\"metadata\":{\"name\":\"../a\",\"namespace\":\"b\"},\"spec\":{\"replicas\":-1}}",
};

static void verbs(struct fixture *f, const struct kind *k, const char *text)
{
	const char *ns = k->namespaced ? "default" : "";
	struct delete_options o = DELETE_OPTIONS_INIT;
	struct list_result r;

	api_create(&f->c, k, ns, fixture_json(f, text), &f->st);
	status_clear(&f->st);
	api_update(&f->c, k, NULL, ns, "a", fixture_json(f, text), NULL, &f->st);
	status_clear(&f->st);
	if (k->subs & SUB_STATUS)
		api_update(&f->c, k, "status", ns, "a", fixture_json(f, text), NULL, &f->st);
	status_clear(&f->st);
	if (k->subs & SUB_SCALE)
		api_scale_update(&f->c, k, ns, "a", fixture_json(f, text), PATCH_MERGE, true, false,
				 &f->st);
	status_clear(&f->st);
	for (int type = PATCH_JSON; type <= PATCH_APPLY; type++) {
		api_patch(&f->c, k, NULL, ns, "a", (enum patch_type)type, fixture_json(f, text),
			  false, NULL, &f->st);
		status_clear(&f->st);
	}
	if (!api_list(&f->c, k, ns, NULL, &r, &f->st))
		bug("list of %s: %s", k->subject.resource, f->st.message);
	o.grace_s = 0;
	o.propagation = PROPAGATE_BACKGROUND;
	api_delete(&f->c, k, ns, "a", &o, NULL, &f->st);
	status_clear(&f->st);
}

UNIT_TEST(every_kind_survives_odd_bodies)
{
	FIXTURE(f);
	const struct kind *k;
	size_t it = 0;

	while ((k = kinds_next(f.kinds, &it))) {
		for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
			if (k->virtual_only)
				api_review(&f.c, k, "default", fixture_json(&f, odd[i]), &f.st);
			else
				verbs(&f, k, odd[i]);
			status_clear(&f.st);
		}
		f.c.nwarnings = 0;
	}
	/* and the actions */
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		api_bind(&f.c, "default", "a", fixture_json(&f, odd[i]), &f.st);
		status_clear(&f.st);
		api_evict(&f.c, "default", "a", fixture_json(&f, odd[i]), &f.st);
		status_clear(&f.st);
		api_token_request(&f.c, "default", "a", fixture_json(&f, odd[i]), &f.st);
		status_clear(&f.st);
	}
}

UNIT_TEST(every_kind_keeps_its_minimum_unchanged)
{
	FIXTURE(f);
	const struct kind *k;
	size_t it = 0;

	/* what a server answers must be acceptable to it, and change nothing */
	while ((k = kinds_next(f.kinds, &it))) {
		const char *ns = k->namespaced ? "default" : "";
		const struct obj *o, *p;

		if (k->virtual_only || !(k->verbs & VERB_CREATE) || !(k->verbs & VERB_UPDATE))
			continue;
		o = api_create(&f.c, k, ns, fixture_json(&f, "{\"metadata\":{\"name\":\"v1.a\"}}"),
			       NULL);
		if (!o)
			continue;
		status_clear(&f.st);
		p = api_update(&f.c, k, NULL, ns, "v1.a", obj_tree(f.a, o), NULL, &f.st);
		if (!p)
			bug("%s: %s", k->subject.resource, f.st.message);
		if (p->rev != o->rev)
			bug("%s changes when put back:\n%s\n%s", k->subject.resource, o->json,
			    p->json);
	}
}

#define MAKERS 6
#define SERVICES 40

struct maker {
	struct fixture *f;
	int id;
	bool ok;
};

static void maker_run(void *arg)
{
	struct maker *m = arg;
	const struct kind *k = fixture_kind(m->f, "v1", "Service");
	struct arena *a = arena_new();

	m->ok = true;
	for (int i = 0; i < SERVICES; i++) {
		struct call c;
		char *text;

		call_init(&c, m->f->api, a, "maker");
		text = arena_printf(
			a,
			"{\"metadata\":{\"name\":\"s%d-%d\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}}",
			m->id, i);
		m->ok &= !!api_create(&c, k, "default", json_parse_own(a, text, strlen(text)), NULL);
		if (i % 3 == 0)
			m->ok &= !!api_delete(&c, k, "default", arena_printf(a, "s%d-%d", m->id, i),
					      NULL, NULL, NULL);
	}
	arena_free(&a);
}

UNIT_TEST(addresses_are_given_once)
{
	__attribute__((cleanup(fixture_close))) struct fixture f;
	struct thread *t[MAKERS];
	struct maker m[MAKERS];
	struct list_result r;
	bool ok = true;

	fixture_open_with(&f, (struct api_config){ .service_cidr = "10.9.0.0/24" });
	for (int i = 0; i < MAKERS; i++) {
		m[i] = (struct maker){ &f, i, false };
		t[i] = thread_start("maker", maker_run, &m[i]);
	}
	for (int i = 0; i < MAKERS; i++) {
		thread_join(&t[i]);
		ok &= m[i].ok;
	}
	CHECK(ok);
	CHECK(api_list(&f.c, fixture_kind(&f, "v1", "Service"), "", NULL, &r, &f.st));
	for (size_t i = 0; i < r.n; i++) {
		const struct json *x = obj_tree(f.a, r.items[i]);

		for (size_t j = 0; j < i; j++) {
			const struct json *y = obj_tree(f.a, r.items[j]);

			ok &= strcmp(json_path_str(x, "spec.clusterIP"),
				     json_path_str(y, "spec.clusterIP")) != 0;
			ok &= json_path_int(x, "spec.ports.0.nodePort", -1) !=
			      json_path_int(y, "spec.ports.0.nodePort", -2);
		}
	}
	CHECK(ok);
}
