/*
 * metadata.managedFields: reading, identity, order, and the cap on entries of updates.
 *
 * An entry whose set did not change is written back as it was read.
 * k8s: managedfields/internal/{managedfields,capmanagers,buildmanagerinfo}.go.
 */
#include "api/managed.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "obj/fieldset.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

#define UPDATERS_MAX 10

/* ---- identity ---- */

static void id_member(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_addf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
	json_print_string(b, value, strlen(value));
}

struct manager managed_manager(struct arena *a, const char *name, const char *version,
			       const char *sub, bool apply)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addc(&b, '{');
	id_member(&b, "manager", name);
	id_member(&b, "operation", apply ? "Apply" : "Update");
	id_member(&b, "apiVersion", apply ? "" : version);
	id_member(&b, "subresource", sub);
	buf_addc(&b, '}');
	return (struct manager){ .id = arena_dup(a, b.p, b.len),
				 .name = name,
				 .version = version,
				 .sub = sub,
				 .apply = apply };
}

struct manager *managed_find(const struct managed *m, const char *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->p[i].id, id))
			return &m->p[i];
	return NULL;
}

static void managed_push(struct managed *m, const struct manager *x)
{
	if (m->n == m->cap) {
		struct manager *grown = arena_alloc(m->a, (m->cap * 2 + 4) * sizeof *grown);

		if (m->n)
			memcpy(grown, m->p, m->n * sizeof *grown);
		m->p = grown;
		m->cap = m->cap * 2 + 4;
	}
	m->p[m->n++] = *x;
}

void managed_add(struct managed *m, const struct manager *x)
{
	struct manager *old = managed_find(m, x->id);

	if (old)
		*old = *x;
	else
		managed_push(m, x);
}

void managed_remove(struct managed *m, struct manager *x)
{
	*x = m->p[--m->n];
}

void managed_set(struct manager *x, const struct fieldset *set)
{
	if (x->set != set)
		x->fields = NULL;
	x->set = set;
}

void managed_sweep(struct managed *m)
{
	for (size_t i = m->n; i-- > 0;)
		if (!m->p[i].unread && fieldset_empty(m->p[i].set))
			managed_remove(m, &m->p[i]);
}

/* ---- reading ---- */

void managed_read(const struct managed *m, struct manager *x)
{
	if (x->unread && !fieldset_parse(m->a, x->fields, &x->set))
		x->set = NULL;
	x->unread = false;
}

static const char *entry_parse(struct managed *m, const struct json *e, size_t i, bool read)
{
	const char *op = json_str(json_get(e, "operation"));
	const char *type = json_str(json_get(e, "fieldsType"));
	const char *version = json_str(json_get(e, "apiVersion"));
	const struct json *time = json_get(e, "time");
	struct manager x;

	if (strcmp(op, "Apply") && strcmp(op, "Update"))
		return "operation must be `Apply` or `Update`";
	if (!*version)
		return "apiVersion must not be empty";
	if (!*type)
		return arena_printf(m->a, "missing fieldsType in managed fields entry %zu", i);
	if (strcmp(type, "FieldsV1"))
		return arena_printf(m->a, "invalid fieldsType \"%s\" in managed fields entry %zu",
				    type, i);
	x = managed_manager(m->a, json_str(json_get(e, "manager")), version,
			    json_str(json_get(e, "subresource")), *op == 'A');
	x.fields = json_get(e, "fieldsV1");
	x.unread = !read;
	if (read && !fieldset_parse(m->a, x.fields, &x.set))
		return arena_printf(m->a, "error decoding versioned set from entry %zu", i);
	x.time = json_is_string(time) ? json_str(time) : NULL;
	managed_push(m, &x);
	return NULL;
}

static int by_id(const void *x, const void *y, void *arg)
{
	const struct manager *all = arg;
	size_t i = *(const size_t *)x, j = *(const size_t *)y;
	int d = strcmp(all[i].id, all[j].id);

	return d ? d : (i > j) - (i < j);
}

/* Of entries with one identity the last one counts; there may be thousands, when a client sends them. */
static void managed_unique(struct managed *m)
{
	size_t *order = arena_alloc(m->a, (m->n + 1) * sizeof *order), n = 0;
	struct manager *all = m->p;

	for (size_t i = 0; i < m->n; i++)
		order[i] = i;
	qsort_r(order, m->n, sizeof *order, by_id, all);
	m->p = arena_alloc(m->a, (m->n + 1) * sizeof *m->p);
	m->cap = m->n + 1;
	for (size_t i = 0; i < m->n; i++)
		if (i + 1 == m->n || strcmp(all[order[i]].id, all[order[i + 1]].id))
			m->p[n++] = all[order[i]];
	m->n = n;
}

static const char *list_parse(struct arena *a, const struct json *list, bool read, struct managed *out)
{
	const char *wrong = NULL;
	size_t i = 0;

	*out = (struct managed){ .a = a };
	json_each(e, list)
		if ((wrong = entry_parse(out, e, i++, read)))
			return wrong;
	if (out->n > 1)
		managed_unique(out);
	return NULL;
}

const char *managed_parse(struct arena *a, const struct json *list, struct managed *out)
{
	return list_parse(a, list, true, out);
}

const char *managed_skim(struct arena *a, const struct json *list, struct managed *out)
{
	return list_parse(a, list, false, out);
}

bool managed_is_reset(const struct json *list)
{
	const struct json *first = json_first(list);

	if (!json_is_array(list))
		return false;
	return !first || (!json_next(first) && !json_first(first));
}

/* ---- writing ---- */

static int64_t time_seconds(const char *text)
{
	int64_t us;

	return text && time_parse(text, &us) ? us / 1000000 : 0;
}

static int by_rank(const void *x, const void *y)
{
	const struct manager *p = x, *q = y;
	int64_t s = time_seconds(p->time), t = time_seconds(q->time);
	int d;

	if (p->apply != q->apply)
		return p->apply ? -1 : 1;
	if (s != t)
		return s < t ? -1 : 1;
	if ((d = strcmp(p->name, q->name)) || (d = strcmp(p->version, q->version)))
		return d;
	return strcmp(p->sub, q->sub);
}

static struct json *entry_tree(struct arena *a, const struct manager *x)
{
	struct json *e = json_object(a);

	if (*x->name)
		json_set_str(a, e, "manager", x->name);
	json_set_str(a, e, "operation", x->apply ? "Apply" : "Update");
	json_set_str(a, e, "apiVersion", x->version);
	if (x->time)
		json_set_str(a, e, "time", x->time);
	json_set_str(a, e, "fieldsType", "FieldsV1");
	json_set(a, e, "fieldsV1", x->fields ? json_alias(a, x->fields) : fieldset_tree(a, x->set));
	if (*x->sub)
		json_set_str(a, e, "subresource", x->sub);
	return e;
}

struct json *managed_tree(const struct managed *m)
{
	struct json *list;

	if (!m->n)
		return NULL;
	list = json_array(m->a);
	qsort(m->p, m->n, sizeof *m->p, by_rank);
	for (size_t i = 0; i < m->n; i++)
		json_append(list, entry_tree(m->a, &m->p[i]));
	return list;
}

bool managed_equal(const struct json *x, const struct json *y)
{
	const struct json *p = json_first(x), *q = json_first(y);

	for (; p && q; p = json_next(p), q = json_next(q)) {
		const struct json *v = json_first(p), *w = json_first(q);

		while (v || w) {
			if (v && !strcmp(json_name(v), "time"))
				v = json_next(v);
			if (w && !strcmp(json_name(w), "time"))
				w = json_next(w);
			if (!v != !w ||
			    (v && (strcmp(json_name(v), json_name(w)) || !json_equal(v, w))))
				return false;
			v = v ? json_next(v) : v;
			w = w ? json_next(w) : w;
		}
	}
	return !p && !q;
}

/* ---- the cap ---- */

static int by_age(const void *x, const void *y)
{
	const struct manager *p = *(const struct manager *const *)x;
	const struct manager *q = *(const struct manager *const *)y;
	int64_t s = time_seconds(p->time), t = time_seconds(q->time);

	if (s != t)
		return s < t ? -1 : 1;
	return strcmp(p->id, q->id);
}

/* The first of a version waits until a second one of that version comes to share a bucket with it. */
static bool bucket_take(struct managed *m, struct manager **first, struct manager *x)
{
	struct manager bucket = managed_manager(m->a, "ancient-changes", x->version, "", false);
	struct manager *have = managed_find(m, bucket.id);

	if (!*first) {
		*first = x;
		return false;
	}
	if (have == x)
		return false;
	if (!have) {
		bucket.set = (*first)->set;
		**first = bucket;
		have = *first;
	}
	managed_set(have, fieldset_union(m->a, x->set, have->set));
	have->time = x->time;
	x->set = NULL;
	return true;
}

void managed_cap(struct managed *m)
{
	struct manager **old = arena_alloc(m->a, (m->n + 1) * sizeof *old);
	size_t n = 0, left;

	for (size_t i = 0; i < m->n; i++)
		if (!m->p[i].apply)
			old[n++] = &m->p[i];
	if (n <= UPDATERS_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		managed_read(m, old[i]);
	qsort(old, n, sizeof *old, by_age);
	left = n;
	for (size_t i = 0; i < n && left > UPDATERS_MAX; i++) {
		struct manager *first = NULL;

		for (size_t j = 0; j < i && !first; j++)
			if (old[j]->set && !strcmp(old[j]->version, old[i]->version))
				first = old[j];
		if (old[i]->set && bucket_take(m, &first, old[i]))
			left--;
	}
	managed_sweep(m);
}
