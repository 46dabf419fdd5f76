/*
 * A definition compiled: names, versions, columns, scale paths, schemas, all in one arena that goes with the
 * last reference.
 */
#include "kind/crd.h"

#include "base/arena.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"
#include "obj/json.h"
#include "obj/jsonpath.h"

#include <stdatomic.h>
#include <string.h>

struct counted {
	struct crd crd; /* first */
	atomic_int refs;
	struct arena *a;
};

static struct counted *counted(const struct crd *d)
{
	union {
		const struct crd *in;
		struct counted *out;
	} u = { .in = d };

	return u.out;
}

const struct crd *crd_ref(const struct crd *d)
{
	atomic_fetch_add_explicit(&counted(d)->refs, 1, memory_order_relaxed);
	return d;
}

void crd_unref(const struct crd *d)
{
	struct arena *a;

	if (!d || atomic_fetch_sub_explicit(&counted(d)->refs, 1, memory_order_acq_rel) != 1)
		return;
	a = counted(d)->a;
	arena_free(&a);
}

static void drop(void *ptr)
{
	crd_unref(ptr);
}

const struct crd *crd_hold(struct arena *a, const struct crd *d)
{
	arena_defer(a, drop, counted(crd_ref(d)));
	return d;
}

size_t crd_size(const struct crd *d)
{
	return arena_used(counted(d)->a);
}

const struct crd_version *crd_version(const struct crd *d, const char *name)
{
	for (size_t i = 0; i < d->nversions; i++)
		if (!strcmp(d->versions[i].name, name))
			return &d->versions[i];
	return NULL;
}

/* ---- compiling ---- */

static const char *text(struct arena *a, const struct json *o, const char *name)
{
	return arena_strdup(a, json_str(json_get(o, name)));
}

static const char *const *strings(struct arena *a, const struct json *list)
{
	const char **out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);
	size_t n = 0;

	json_each(s, list)
		out[n++] = arena_strdup(a, json_str(s));
	return n ? out : NULL;
}

static void compile_columns(struct arena *a, struct crd_version *v, const struct json *list)
{
	struct crd_column *out;
	int64_t priority;
	size_t n = 0;

	if (!json_count(list))
		return;
	out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);
	json_each(c, list) {
		struct crd_column *o = &out[n++];

		*o = (struct crd_column){
			.name = text(a, c, "name"),
			.type = text(a, c, "type"),
			.format = text(a, c, "format"),
			.description = text(a, c, "description"),
			.path = text(a, c, "jsonPath"),
		};
		if (json_int(json_get(c, "priority"), &priority))
			o->priority = (int)priority;
		if (!*o->description)
			o->description = arena_printf(
				a, "Custom resource definition column (in JSONPath format): %s",
				o->path);
	}
	v->columns = out;
}

static const char *without_dot(struct arena *a, const char *path)
{
	return *path ? arena_strdup(a, path + (*path == '.')) : NULL;
}

static void compile_fields(struct arena *a, struct crd_version *v, const struct json *list)
{
	struct crd_field *out = arena_zalloc(a, (json_count(list) + 1) * sizeof *out);

	json_each(f, list) {
		const char *path = json_str(json_get(f, "jsonPath"));

		out[v->nfields].name = without_dot(a, path);
		out[v->nfields++].query = jsonpath_parse(a, path, NULL);
	}
	v->fields = out;
}

static void compile_scale(struct arena *a, struct crd_version *v, const struct json *scale)
{
	static const char *const names[] = { "specReplicasPath", "statusReplicasPath",
					     "labelSelectorPath" };
	const char **out;

	if (!scale)
		return;
	out = arena_zalloc(a, 4 * sizeof *out);
	for (size_t i = 0; i < 3; i++)
		out[i] = without_dot(a, json_str(json_get(scale, names[i])));
	v->scale_paths = out;
}

static const char *deprecation(struct arena *a, const struct crd *d, const struct json *v)
{
	const char *own = json_str(json_get(v, "deprecationWarning"));

	if (!json_is_true(json_get(v, "deprecated")))
		return NULL;
	if (*own)
		return arena_strdup(a, own);
	return arena_printf(a, "%s/%s %s is deprecated", d->group, json_str(json_get(v, "name")),
			    d->kind);
}

/* ---- rules ---- */

/* Filled by whoever is first; who comes second throws its own away. */
struct crd_rules {
	struct rule_set *_Atomic set;
};

static void rules_drop(void *ptr)
{
	struct crd_rules *r = ptr;
	struct rule_set *set = atomic_load(&r->set);

	rule_set_free(&set);
}

static struct crd_rules *rules_place(struct arena *a, const struct structural *s)
{
	struct crd_rules *r;

	if (!s || !(s->flags & STRUCTURAL_RULES))
		return NULL;
	r = arena_zalloc(a, sizeof *r);
	arena_defer(a, rules_drop, r);
	return r;
}

struct rule_set *crd_version_rules(const struct crd_version *v)
{
	struct rule_set *set, *mine = NULL;

	if (!v->rules)
		return NULL;
	set = atomic_load(&v->rules->set);
	if (set)
		return set;
	mine = rule_set_new(v->schema);
	rule_set_compile(mine);
	if (atomic_compare_exchange_strong(&v->rules->set, &set, mine))
		return mine;
	rule_set_free(&mine);
	return set;
}

static void compile_version(struct arena *a, const struct crd *d, struct crd_version *out,
			    const struct json *v)
{
	*out = (struct crd_version){
		.name = text(a, v, "name"),
		.served = json_is_true(json_get(v, "served")),
		.storage = json_is_true(json_get(v, "storage")),
		.status = json_path(v, "subresources.status"),
		.deprecated = deprecation(a, d, v),
		.schema = structural_compile(a, json_path(v, "schema.openAPIV3Schema")),
	};
	out->rules = rules_place(a, out->schema);
	out->api_version = arena_printf(a, "%s/%s", d->group, out->name);
	compile_scale(a, out, json_path(v, "subresources.scale"));
	compile_columns(a, out, json_get(v, "additionalPrinterColumns"));
	compile_fields(a, out, json_get(v, "selectableFields"));
}

static void compile_conversion(struct arena *a, struct crd *d, const struct json *c)
{
	const struct json *client = json_path(c, "webhook.clientConfig");

	d->webhook = !strcmp(json_path_str(c, "strategy"), "Webhook") && client;
	if (!d->webhook)
		return;
	d->client = json_copy(a, client);
	json_each(v, json_path(c, "webhook.conversionReviewVersions"))
		if (!d->review_version &&
		    (!strcmp(json_str(v), "v1") || !strcmp(json_str(v), "v1beta1")))
			d->review_version = arena_strdup(a, json_str(v));
}

static void compile_names(struct arena *a, struct crd *d, const struct json *o)
{
	const struct json *names = json_path(o, "status.acceptedNames");

	d->name = arena_strdup(a, json_path_str(o, "metadata.name"));
	d->uid = arena_strdup(a, json_path_str(o, "metadata.uid"));
	d->group = arena_strdup(a, json_path_str(o, "spec.group"));
	d->plural = text(a, names, "plural");
	d->singular = text(a, names, "singular");
	d->kind = text(a, names, "kind");
	d->list_kind = text(a, names, "listKind");
	d->shorts = strings(a, json_get(names, "shortNames"));
	d->categories = strings(a, json_get(names, "categories"));
	d->namespaced = !strcmp(json_path_str(o, "spec.scope"), "Namespaced");
	compile_conversion(a, d, json_path(o, "spec.conversion"));
	d->accepted = crd_is(o, "NamesAccepted");
	d->established = crd_is(o, "Established");
	d->terminating = crd_is(o, "Terminating");
}

const struct crd *crd_new(const struct json *o, int64_t since)
{
	struct arena *a = arena_new();
	struct counted *x = arena_zalloc(a, sizeof *x);
	const struct json *list = json_path(o, "spec.versions");
	struct crd_version *versions = arena_zalloc(a, (json_count(list) + 1) * sizeof *versions);

	x->a = a;
	atomic_init(&x->refs, 1);
	x->crd.since = since;
	compile_names(a, &x->crd, o);
	x->crd.versions = x->crd.storage = versions;
	json_each(v, list) {
		compile_version(a, &x->crd, &versions[x->crd.nversions], v);
		if (versions[x->crd.nversions].storage)
			x->crd.storage = &versions[x->crd.nversions];
		x->crd.nversions++;
	}
	return &x->crd;
}
