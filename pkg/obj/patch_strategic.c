/*
 * patch_strategic: strategic merge patch (k8s: apimachinery/pkg/util/strategicpatch).
 *
 * A copy of the patch is consumed while it is merged: directives ($patch, $retainKeys,
 * $setElementOrder/x, $deleteFromPrimitiveList/x) are taken out before members are looked at, in
 * upstream's order.  Lists go through patch_list.  Where upstream's result depends on the random
 * order of Go's maps, this one takes the patch's order.
 */
#include "obj/patch.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/patch_list.h"

#include <string.h>

#define DIRECTIVE "$patch"
#define RETAIN_KEYS "$retainKeys"
#define ORDER_PREFIX "$setElementOrder"
#define DELETE_PREFIX "$deleteFromPrimitiveList"

struct merger {
	struct arena *a;
	const struct patch_schema *schema;
	struct status *st;
};

/* What is known of the object at hand: the schema of it, or of each of its values. */
struct context {
	const void *type;
	bool is_map;
};

static struct json *merge_object(struct merger *m, struct json *doc, struct json *patch,
				 struct context ctx);

static struct patch_field lookup(const struct merger *m, struct context ctx, const char *name)
{
	struct patch_field f = { 0 };

	if (ctx.is_map)
		f.type = ctx.type;
	else if (ctx.type && !m->schema->field(ctx.type, name, &f))
		f = (struct patch_field){ 0 };
	return f;
}

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The field a directive such as "$setElementOrder/ports" speaks of; 400 when it names none. */
static const char *directive_field(struct merger *m, const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	if (name[n] == '/')
		return name + n + 1;
	status_bad_request(m->st, "invalid patch format of %s",
			   strcmp(prefix, DELETE_PREFIX) == 0 ? "primitive list" :
								"setElementOrder list");
	return NULL;
}

/* ---- values that are new ---- */

static void discard_nulls(struct json *j)
{
	struct json *next;

	for (struct json *c = json_first(j); c; c = next) {
		next = json_next(c);
		if (json_is_object(j) && json_is_null(c))
			json_detach(j, c);
		else
			discard_nulls(c);
	}
}

/* Drop what carries a $patch directive, at any depth; false when j itself does. */
static bool remove_directives(struct json *j)
{
	struct json *next;

	if (json_get(j, DIRECTIVE))
		return false;
	for (struct json *c = json_first(j); c; c = next) {
		next = json_next(c);
		if (!remove_directives(c))
			json_detach(j, c);
	}
	return true;
}

/* Let doc's member be v, which is detached and new there. */
static void take_new(struct merger *m, struct json *doc, const char *name, struct json *v)
{
	discard_nulls(v);
	if (remove_directives(v))
		json_set(m->a, doc, name, v);
	else
		json_del(doc, name);
}

/* ---- lists ---- */

/* Delete the entries whose key equals that of a {"$patch":"delete"} item. */
static bool delete_matching(struct merger *m, struct node_list *doc, const char *key,
			    const struct json *item)
{
	const struct json *value = json_get(item, key);
	long at;

	if (!value)
		return list_no_merge_key(m->a, item, key, m->st);
	for (;;) {
		if (!list_find(doc, key, value, &at, m->st))
			return false;
		if (at < 0)
			return true;
		doc->n--;
		memmove(doc->p + at, doc->p + at + 1, (doc->n - (size_t)at) * sizeof *doc->p);
	}
}

/* Carry out the items of patch that are directives, and take them out of it. */
static bool list_directives(struct merger *m, struct node_list *doc, struct node_list *patch,
			    const char *key)
{
	bool replace = false;
	size_t kept = 0;

	for (size_t i = 0; i < patch->n; i++) {
		struct json *item = patch->p[i], *d = json_get(item, DIRECTIVE);

		if (!d) {
			patch->p[kept++] = item;
		} else if (strcmp(json_str(d), "delete") == 0) {
			if (!delete_matching(m, doc, key, item))
				return false;
		} else if (strcmp(json_str(d), "replace") == 0) {
			replace = true;
		} else if (strcmp(json_str(d), "merge") == 0) {
			return status_plain_error(
				m->st, "merging lists cannot yet be specified in the patch");
		} else {
			return status_plain_error(m->st, "unknown patch type: %s in map: %s",
						  list_go_text(m->a, d), list_go_text(m->a, item));
		}
	}
	patch->n = kept;
	if (replace) {
		doc->n = patch->n;
		memcpy(doc->p, patch->p, patch->n * sizeof *patch->p);
		patch->n = 0;
	}
	return true;
}

/* Merge each object of patch into the one of doc with its key, or append it; doc has room. */
static bool merge_items(struct merger *m, struct node_list *doc, const struct node_list *patch,
			const struct patch_field *f)
{
	struct context ctx = { .type = f->type };

	for (size_t i = 0; i < patch->n; i++) {
		struct json *item = patch->p[i], *key = json_get(item, f->merge_key);
		long at;

		if (!key)
			return list_no_merge_key(m->a, item, f->merge_key, m->st);
		if (!list_find(doc, f->merge_key, key, &at, m->st))
			return false;
		if (at < 0) {
			doc->p[doc->n++] = item;
			continue;
		}
		/* The order is told by patch's items, so they must survive their merge. */
		doc->p[at] = merge_object(m, doc->p[at], json_copy(m->a, item), ctx);
		if (!doc->p[at])
			return false;
	}
	return true;
}

static void unite_scalars(struct node_list *doc, const struct node_list *patch)
{
	struct node_list all = *doc;
	size_t kept = 0, k;

	memcpy(all.p + all.n, patch->p, patch->n * sizeof *all.p);
	all.n += patch->n;
	for (size_t i = 0; i < all.n; i++) {
		for (k = 0; k < kept && !list_scalar_equal(all.p[k], all.p[i]); k++)
			;
		if (k == kept)
			all.p[kept++] = all.p[i];
	}
	all.n = kept;
	*doc = all;
}

static struct node_list copy_list(struct merger *m, const struct node_list *l)
{
	struct node_list c = { .p = arena_alloc(m->a, l->n * sizeof *c.p), .n = l->n };

	if (l->n)
		memcpy(c.p, l->p, l->n * sizeof *c.p);
	return c;
}

/* Merge two lists; both are consumed.  NULL on error. */
static struct json *merge_lists(struct merger *m, struct json *doc, struct json *patch,
				const struct patch_field *f)
{
	struct node_list p = list_take(m->a, patch, 0), d = list_take(m->a, doc, p.n);
	struct node_list order, mine, theirs, all;
	const char *key = f->merge_key ? f->merge_key : "";
	bool objects;

	if (!p.n && !d.n)
		return doc;
	if (!list_types(m->a, &d, &p, &objects, m->st))
		return NULL;
	if (!objects) {
		order = copy_list(m, &d);
		key = "";
		unite_scalars(&d, &p);
	} else {
		if (!*key) {
			status_plain_error(m->st, "cannot merge lists without merge key for struct");
			return NULL;
		}
		if (!list_directives(m, &d, &p, key))
			return NULL;
		order = copy_list(m, &d);
		if (!merge_items(m, &d, &p, f))
			return NULL;
	}
	if (!list_partition(m->a, &d, &p, key, &mine, &theirs, m->st) ||
	    !list_order(m->a, &mine, &theirs, &p, &order, key, &all, m->st))
		return NULL;
	return list_array(m->a, &all);
}

/* What a list field becomes when the patch names it; both lists are consumed. */
static struct json *patch_list(struct merger *m, struct json *doc, struct json *patch,
			       const struct patch_field *f)
{
	return f->merge ? merge_lists(m, doc, patch, f) : patch;
}

/* $deleteFromPrimitiveList/x */
static bool delete_scalars(struct merger *m, struct json *doc, struct json *patch)
{
	struct node_list p = list_take(m->a, patch, 0), d = list_take(m->a, doc, 0);
	bool objects;

	if ((p.n || d.n) && !list_types(m->a, &d, &p, &objects, m->st))
		return false;
	for (size_t i = 0; i < d.n; i++) {
		bool found = false;

		for (size_t k = 0; k < p.n && !found; k++)
			found = list_scalar_equal(p.p[k], d.p[i]);
		if (!found)
			json_append(doc, d.p[i]);
	}
	return true;
}

/* ---- directives of an object ---- */

static bool listed(const struct json *list, const char *name)
{
	json_each(c, list)
		if (json_is_string(c) && strcmp(json_str(c), name) == 0)
			return true;
	return false;
}

static bool retain_keys(struct merger *m, struct json *doc, struct json *patch)
{
	struct json *keys = json_get(patch, RETAIN_KEYS), *next;

	if (!keys)
		return true;
	json_detach(patch, keys);
	if (!json_is_array(keys))
		return status_bad_request(m->st, "invalid patch format of retainKeys");
	json_each(c, patch)
		if (!json_is_null(c) && !has_prefix(json_name(c), DELETE_PREFIX) &&
		    !has_prefix(json_name(c), ORDER_PREFIX) && !listed(keys, json_name(c)))
			return status_bad_request(m->st, "invalid patch format of retainKeys");
	for (struct json *c = json_first(doc); c; c = next) {
		next = json_next(c);
		if (!listed(keys, json_name(c)))
			json_detach(doc, c);
	}
	return true;
}

/* Items of the patch's list must stand in the order list, in its order. */
static bool check_order(struct merger *m, const struct json *patch, const struct json *order,
			const char *key)
{
	const struct json *p = json_first(patch), *o = json_first(order);

	if (!p || !o)
		return true;
	while (p && o) {
		const struct json *x = *key ? json_get(p, key) : p, *y = *key ? json_get(o, key) : o;

		if (*key && !json_is_object(p))
			return list_bad_type("map[string]interface {}", p, m->st);
		if (json_get(p, DIRECTIVE)) {
			p = json_next(p);
			continue;
		}
		if (*key && !json_is_object(o))
			return list_bad_type("map[string]interface {}", o, m->st);
		if (!x || !y)
			return list_no_merge_key(m->a, x ? o : p, key, m->st);
		if (list_scalar_equal(x, y))
			p = json_next(p);
		o = json_next(o);
	}
	while (p && json_get(p, DIRECTIVE) && strcmp(json_path_str(p, DIRECTIVE), "delete") == 0)
		p = json_next(p);
	if (p)
		return status_plain_error(
			m->st, "The order in patch list:\n%s\n doesn't match %s list:\n%s\n",
			list_go_text(m->a, patch), ORDER_PREFIX, list_go_text(m->a, order));
	return true;
}

/* The list of a field after its patch (either may be NULL), detached from doc and patch. */
static struct json *ordered_base(struct merger *m, struct json *doc, struct json *patch,
				 const struct patch_field *f)
{
	if (!patch)
		return doc;
	if (doc)
		return patch_list(m, doc, patch, f);
	remove_directives(patch);
	return patch;
}

/* One $setElementOrder/field member, already taken out of the patch. */
static bool set_order(struct merger *m, struct json *doc, struct json *patch, struct json *order,
		      struct context ctx)
{
	const char *name = directive_field(m, json_name(order), ORDER_PREFIX), *key;
	struct json *mine, *theirs, *merged;
	struct node_list wanted, server, all, in, out;
	struct patch_field f;

	if (!json_is_array(order))
		return list_bad_type("[]interface {}", order, m->st);
	if (!name)
		return false;
	theirs = json_get(doc, name);
	mine = json_get(patch, name);
	if (theirs && !json_is_array(theirs))
		return list_bad_type("[]interface {}", theirs, m->st);
	if (mine && !json_is_array(mine))
		return list_bad_type("[]interface {}", mine, m->st);
	f = lookup(m, ctx, name);
	key = f.merge_key ? f.merge_key : "";
	if (mine && !check_order(m, mine, order, key))
		return false;
	if (!mine && !theirs)
		return true;
	/* The live order outlives the merge in a list of its own. */
	server = list_take(m->a, theirs ? json_copy(m->a, theirs) : NULL, 0);
	if (mine)
		json_detach(patch, mine);
	merged = ordered_base(m, theirs, mine, &f);
	if (!merged)
		return false;
	wanted = list_take(m->a, order, 0);
	all = list_take(m->a, merged, 0);
	if (!list_partition(m->a, &all, &wanted, key, &in, &out, m->st) ||
	    !list_order(m->a, &in, &out, &wanted, &server, key, &all, m->st))
		return false;
	json_set(m->a, doc, name, list_array(m->a, &all));
	return true;
}

static bool set_orders(struct merger *m, struct json *doc, struct json *patch, struct context ctx)
{
	struct json *c = json_first(patch);

	while (c) {
		if (!has_prefix(json_name(c), ORDER_PREFIX)) {
			c = json_next(c);
			continue;
		}
		json_detach(patch, c);
		if (!set_order(m, doc, patch, c, ctx))
			return false;
		c = json_first(patch);
	}
	return true;
}

/* {"$patch": ...} in an object. */
static struct json *object_directive(struct merger *m, struct json *patch, struct json *directive)
{
	if (strcmp(json_str(directive), "replace") == 0) {
		json_detach(patch, directive);
		return patch;
	}
	if (strcmp(json_str(directive), "delete") == 0)
		return json_object(m->a);
	status_plain_error(m->st, "unknown patch type: %s in map: %s",
			   list_go_text(m->a, directive), list_go_text(m->a, patch));
	return NULL;
}

/* ---- objects ---- */

/* Member p of the patch, detached, onto old in doc, both objects or both lists. */
static bool merge_member(struct merger *m, struct json *doc, struct json *old, struct json *p,
			 const char *name, struct context ctx)
{
	struct patch_field f = lookup(m, ctx, name);
	struct context inner = { .type = f.type, .is_map = f.is_map };
	struct json *merged = json_is_object(p) ? merge_object(m, old, p, inner) :
						  patch_list(m, old, p, &f);

	if (!merged)
		return false;
	if (merged != old)
		json_set(m->a, doc, name, merged);
	return true;
}

static bool patch_member(struct merger *m, struct json *doc, struct json *p, struct context ctx)
{
	const char *name = json_name(p);
	bool deletion = has_prefix(name, DELETE_PREFIX);
	struct json *old;

	if (deletion) {
		name = directive_field(m, name, DELETE_PREFIX);
		if (!name)
			return false;
	}
	if (json_is_null(p)) {
		json_del(doc, name);
		return true;
	}
	old = json_get(doc, name);
	if (deletion) {
		if (json_is_array(old) && json_is_array(p))
			return delete_scalars(m, old, p);
		return true;
	}
	if (old && json_type(old) == json_type(p) && (json_is_object(p) || json_is_array(p)))
		return merge_member(m, doc, old, p, name, ctx);
	take_new(m, doc, name, p);
	return true;
}

static struct json *merge_object(struct merger *m, struct json *doc, struct json *patch,
				 struct context ctx)
{
	struct json *directive = json_get(patch, DIRECTIVE), *p;

	if (directive)
		return object_directive(m, patch, directive);
	if (!retain_keys(m, doc, patch) || !set_orders(m, doc, patch, ctx))
		return NULL;
	while ((p = json_first(patch))) {
		json_detach(patch, p);
		if (!patch_member(m, doc, p, ctx))
			return NULL;
	}
	return doc;
}

struct json *patch_strategic(struct arena *a, struct json *doc, const struct json *patch,
			     const struct patch_schema *schema, const void *root_type,
			     struct status *st)
{
	struct merger m = { .a = a, .schema = schema, .st = st };
	struct context ctx = { .type = root_type };

	BUG_ON(!json_is_object(doc));
	if (!json_is_object(patch)) {
		status_bad_request(st,
				   "json: cannot unmarshal %s into Go value of type "
				   "map[string]interface {}",
				   json_is_array(patch)  ? "array" :
				   json_is_string(patch) ? "string" :
				   json_is_number(patch) ? "number" :
							   "bool");
		return NULL;
	}
	return merge_object(&m, doc, json_copy(a, patch), ctx);
}
