/*
 * merge and remove: a configuration over a live value, and a value without some of its fields.
 *
 * Lists with keys keep the order of the live one where the configuration says nothing else; what both name
 * follows the configuration's order.
 */
#include "obj/typed_priv.h"

#include "base/arena.h"

static struct json *merge_node(const struct typed *t, struct type_ref ref, const struct json *x,
			       const struct json *y);

static struct json *merge_members(const struct typed *t, struct type_ref ref,
				  const struct type_atom *atom, const struct json *x,
				  const struct json *y)
{
	struct json *out = json_object(t->a);
	size_t n;
	struct pair *pairs = members_zip(t->a, x, y, &n);

	for (size_t i = 0; i < n; i++) {
		struct type_ref member;
		struct json *v;

		atom_member(t, ref, atom, pairs[i].name, &member);
		v = merge_node(t, member, pairs[i].x, pairs[i].y);
		if (v)
			json_add(t->a, out, pairs[i].name, v);
	}
	return json_first(out) ? out : NULL;
}

struct list_merge {
	const struct typed *t;
	const struct type_atom *atom;
	struct items live, config;
	const struct item **match; /* per live item: the configuration's, or NULL */
	bool *merged;              /* per configuration item */
	size_t next; /* the next of the configuration that is live, too; config.n: none */
	struct json *out;
};

static const struct json *live_value(const struct item *it, const struct json *null)
{
	return !it ? NULL : it->count > 1 ? null : it->v;
}

static void take_live(struct list_merge *m, size_t i)
{
	struct json *v = merge_node(m->t, m->atom->item, m->live.p[i].v, NULL);

	if (v)
		json_append(m->out, v);
}

static void take_config(struct list_merge *m, size_t i)
{
	const struct item *live = items_find(&m->live, &m->config.p[i].at);
	struct json *v = merge_node(m->t, m->atom->item, live_value(live, json_null(m->t->a)),
				    m->config.p[i].v);

	m->merged[i] = true;
	if (v)
		json_append(m->out, v);
}

static void shared_advance(struct list_merge *m)
{
	do
		m->next++;
	while (m->next < m->config.n && !items_find(&m->live, &m->config.p[m->next].at));
}

/* One round over a live item: true when it is done with. */
static bool merge_round(struct list_merge *m, size_t i, size_t j)
{
	const struct item *match = m->match[i];
	size_t at = match ? (size_t)(match - m->config.p) : 0;

	if (!match) {
		take_live(m, i);
		return true;
	}
	/* shared, but not the one whose turn it is; or already there with the configuration's */
	return (j < m->config.n && m->next < m->config.n && m->next != at) || m->merged[at];
}

static void merge_run(struct list_merge *m)
{
	size_t i = 0, j = 0;

	m->next = (size_t)-1;
	shared_advance(m);
	while (i < m->live.n || j < m->config.n) {
		if (i < m->live.n && j < m->config.n && m->match[i] == &m->config.p[j]) {
			take_config(m, j++);
			i++;
			shared_advance(m);
			continue;
		}
		if (i < m->live.n && merge_round(m, i, j)) {
			i++;
			continue;
		}
		if (j < m->config.n) {
			take_config(m, j);
			if (m->next == j)
				shared_advance(m);
			j++;
		}
	}
}

static struct json *merge_items(const struct typed *t, const struct type_atom *atom,
				const struct json *x, const struct json *y)
{
	struct list_merge m = { .t = t, .atom = atom, .out = json_array(t->a) };

	items_index(t, atom, x, &m.live);
	items_index(t, atom, y, &m.config);
	m.match = arena_alloc(t->a, (m.live.n + 1) * sizeof *m.match);
	m.merged = arena_zalloc(t->a, m.config.n + 1);
	for (size_t i = 0; i < m.live.n; i++)
		m.match[i] = items_find(&m.config, &m.live.p[i].at);
	merge_run(&m);
	return json_first(m.out) ? m.out : NULL;
}

static struct json *merge_node(const struct typed *t, struct type_ref ref, const struct json *x,
			       const struct json *y)
{
	struct type_atom atom;
	bool members, items;

	if (!x && !y)
		return NULL;
	atom_of(t, ref, y ? y : x, &atom);
	/* null takes whatever form the other has */
	if (y && x && json_is_null(y))
		atom_of(t, ref, NULL, &atom);
	members = (json_is_object(x) && json_first(x)) || (json_is_object(y) && json_first(y));
	items = (json_is_array(x) && json_first(x)) || (json_is_array(y) && json_first(y));
	if (atom.map == TYPED_MAP_GRANULAR && members)
		return merge_members(t, ref, &atom, x, y);
	if (!atom.map && !atom.scalar && atom_associative(&atom) && items)
		return merge_items(t, &atom, x, y);
	return json_copy(t->a, y ? y : x);
}

struct json *typed_merge(const struct typed *t, const struct json *live, const struct json *config)
{
	struct json *out = merge_node(t, t->root, live, config);

	return json_is_object(out) ? out : json_object(t->a);
}

/* ---- remove ---- */

static struct json *remove_node(const struct typed *t, struct type_ref ref, const struct json *v,
				const struct fieldset *s);

/* What a container is after things inside it went: never null. */
static struct json *remove_below(const struct typed *t, struct type_ref ref, const struct json *v,
				 const struct fieldset *s)
{
	struct json *left = remove_node(t, ref, v, s);

	if (left)
		return left;
	if (json_is_object(v))
		return json_object(t->a);
	return json_is_array(v) ? json_array(t->a) : json_null(t->a);
}

static struct json *remove_members(const struct typed *t, struct type_ref ref,
				   const struct type_atom *atom, const struct json *v,
				   const struct fieldset *s)
{
	struct json *out = json_object(t->a);
	bool matched = false;

	json_each(m, v) {
		struct path_element at = field_element(json_name(m));
		const struct field_node *node = fieldset_find(s, &at);
		struct type_ref member;

		if (node && node->member)
			continue;
		matched |= node != NULL;
		atom_member(t, ref, atom, at.name, &member);
		json_add(t->a, out, at.name,
			 node ? remove_below(t, member, m, node->kids) : json_copy(t->a, m));
	}
	return json_first(out) || matched ? out : NULL;
}

static struct json *remove_items(const struct typed *t, const struct type_atom *atom,
				 const struct json *v, const struct fieldset *s)
{
	struct json *out = json_array(t->a);
	bool matched = false;

	json_each(m, v) {
		const struct field_node *node = NULL;
		struct path_element at;

		if (!item_element(t, atom, m, &at))
			node = fieldset_find(s, &at);
		if (node && node->member)
			continue;
		matched |= node != NULL;
		json_append(out,
			    node ? remove_below(t, atom->item, m, node->kids) : json_copy(t->a, m));
	}
	return json_first(out) || matched ? out : NULL;
}

/* NULL: nothing is left. */
static struct json *remove_node(const struct typed *t, struct type_ref ref, const struct json *v,
				const struct fieldset *s)
{
	struct type_atom atom;

	atom_of(t, ref, v, &atom);
	if (atom.map)
		return json_is_object(v) && json_first(v) && atom.map == TYPED_MAP_GRANULAR ?
			       remove_members(t, ref, &atom, v, s) :
			       NULL;
	if (atom.scalar)
		return json_copy(t->a, v);
	return json_is_array(v) && json_first(v) && atom_associative(&atom) ?
		       remove_items(t, &atom, v, s) :
		       NULL;
}

struct json *typed_remove(const struct typed *t, const struct json *v, const struct fieldset *s)
{
	struct json *out = fieldset_empty(s) ? json_copy(t->a, v) : remove_node(t, t->root, v, s);

	return out ? out : json_object(t->a);
}
