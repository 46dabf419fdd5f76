/*
 * yaml: YAML to JSON trees, over libyaml's event parser.
 *
 * Events are turned into nodes by recursive descent.  An anchor's node is remembered and copied for
 * each alias, within a byte limit, because a few lines of nested aliases can name gigabytes.
 * Merge keys (<<) are honoured; explicit members win over merged ones.  Error texts are go-yaml's, whose
 * parser is a translation of libyaml.
 */
#include "obj/yaml.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/map.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/yaml_scalar.h"

#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 500
#define MAX_ALIASED (16u * 1024 * 1024)
#define MAX_DUPS 100
#define TAG "tag:yaml.org,2002:"

struct reader {
	struct arena *a;
	yaml_parser_t parser;
	struct map *anchors; /* finished nodes by name */
	struct map *open;    /* anchors of collections not finished yet */
	struct json_dups *dups;
	size_t aliased;
	int depth;
	struct status *st;
};

/* The way to the mapping at hand, for the paths of duplicates. */
struct place {
	const struct place *up;
	const char *name;
	size_t index;
};

static struct json *read_node(struct reader *r, const yaml_event_t *e, const struct place *at);

static struct json *problem(struct reader *r, size_t line, const char *text)
{
	if (line)
		status_bad_request(r->st, "yaml: line %zu: %s", line, text);
	else
		status_bad_request(r->st, "yaml: %s", text);
	return NULL;
}

/* The next event; the caller deletes it. */
static bool next_event(struct reader *r, yaml_event_t *e)
{
	const yaml_parser_t *p = &r->parser;
	size_t line;

	if (yaml_parser_parse(&r->parser, e))
		return true;
	line = p->context_mark.line ? p->context_mark.line : p->problem_mark.line;
	if (line && p->error == YAML_SCANNER_ERROR)
		line++;
	problem(r, line, p->problem ? p->problem : "unknown problem parsing YAML content");
	return false;
}

/* ---- scalars ---- */

static bool tag_is(const char *tag, const char *kind)
{
	return tag && strncmp(tag, TAG, strlen(TAG)) == 0 && strcmp(tag + strlen(TAG), kind) == 0;
}

static bool kind_fits(const struct json *j, const char *tag)
{
	if (tag_is(tag, "int") || tag_is(tag, "float"))
		return json_is_number(j);
	if (tag_is(tag, "bool"))
		return json_is_bool(j);
	return !tag_is(tag, "null") || json_is_null(j);
}

static struct json *read_binary(struct reader *r, const yaml_event_t *e)
{
	size_t n;
	const char *p =
		base64_decode(r->a, (const char *)e->data.scalar.value, e->data.scalar.length, &n);

	if (!p || !utf8_valid(p, n) || strlen(p) != n)
		return problem(r, e->start_mark.line + 1,
			       "!!binary value contains invalid base64 data");
	return json_stringn(r->a, p, n);
}

static struct json *read_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value,
		   *tag = (const char *)e->data.scalar.tag;
	struct json *j;

	if (strlen(text) != e->data.scalar.length)
		return problem(r, e->start_mark.line + 1, "control characters are not allowed");
	if (tag_is(tag, "binary"))
		return read_binary(r, e);
	if (tag_is(tag, "str") || (tag && strncmp(tag, TAG, strlen(TAG)) != 0) ||
	    (!tag && !e->data.scalar.plain_implicit))
		return json_string(r->a, text);
	j = yaml_scalar(r->a, text);
	if (!j)
		return problem(r, 0, "json: unsupported value: NaN and infinity have no JSON form");
	if (!kind_fits(j, tag))
		return problem(r, e->start_mark.line + 1,
			       arena_printf(r->a, "cannot decode `%s` as a !!%s", text,
					    tag + strlen(TAG)));
	return j;
}

/* ---- anchors ---- */

static void set_anchor(struct map *m, const yaml_char_t *name, struct json *j)
{
	if (name)
		map_set(m, (const char *)name, j);
}

static struct json *read_alias(struct reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct json *j = map_get(r->anchors, name);
	size_t before = arena_used(r->a);
	struct json *copy;

	if (map_get(r->open, name))
		return problem(r, 0, arena_printf(r->a, "anchor '%s' value contains itself", name));
	if (!j)
		return problem(r, 0, arena_printf(r->a, "unknown anchor '%s' referenced", name));
	copy = json_copy(r->a, j);
	r->aliased += arena_used(r->a) - before;
	if (r->aliased > MAX_ALIASED)
		return problem(r, 0, "document contains excessive aliasing");
	return copy;
}

/* ---- mappings ---- */

static char *place_path(struct arena *a, const struct place *at)
{
	char *up = at->up ? place_path(a, at->up) : NULL;

	if (!at->name)
		return arena_printf(a, "%s[%zu]", up ? up : "", at->index);
	return up ? arena_printf(a, "%s.%s", up, at->name) : arena_strdup(a, at->name);
}

static void note_dup(struct reader *r, const struct place *up, const char *name)
{
	const struct place at = { .up = up, .name = name };

	if (!r->dups || r->dups->n == MAX_DUPS)
		return;
	if (!r->dups->paths)
		r->dups->paths = arena_alloc(r->a, MAX_DUPS * sizeof *r->dups->paths);
	r->dups->paths[r->dups->n++] = place_path(r->a, &at);
}

/* A mapping being read. */
struct mapping {
	struct json *o;
	struct map *seen; /* members by name: keeps large mappings linear */
	struct json *merges[16];
	size_t nmerges;
};

static const char *key_text(struct reader *r, const struct json *key, size_t line)
{
	if (json_is_string(key))
		return json_str(key);
	if (json_is_number(key))
		return json_number_text(r->a, key);
	if (json_is_bool(key))
		return json_is_true(key) ? "true" : "false";
	problem(r, line, "unsupported map key: only strings, numbers and booleans can be keys");
	return NULL;
}

static void set_member(struct reader *r, struct mapping *m, const char *name, struct json *v,
		       const struct place *at)
{
	struct json *old = map_set(m->seen, name, v);

	if (old) {
		note_dup(r, at, name);
		json_detach(m->o, old);
	}
	json_add(r->a, m->o, name, v);
}

/* The value of <<: a mapping or a list of them. */
static bool add_merge(struct reader *r, struct mapping *m, struct json *v)
{
	bool fits = json_is_object(v) || json_is_array(v);

	if (json_is_array(v))
		json_each(c, v)
			fits = fits && json_is_object(c);
	if (!fits || m->nmerges == sizeof m->merges / sizeof m->merges[0]) {
		problem(r, 0, "map merge requires map or sequence of maps as the value");
		return false;
	}
	m->merges[m->nmerges++] = v;
	return true;
}

static void merge_from(struct reader *r, struct mapping *m, const struct json *from)
{
	json_each(c, from) {
		const char *name = json_name(c);
		struct json *copy;

		if (map_get(m->seen, name))
			continue;
		copy = json_copy(r->a, c);
		map_set(m->seen, name, copy);
		json_add(r->a, m->o, name, copy);
	}
}

static void apply_merges(struct reader *r, struct mapping *m)
{
	for (size_t i = 0; i < m->nmerges; i++) {
		if (json_is_object(m->merges[i]))
			merge_from(r, m, m->merges[i]);
		else
			json_each(c, m->merges[i])
				merge_from(r, m, c);
	}
}

static bool is_merge_key(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT && e->data.scalar.plain_implicit &&
	       strcmp((const char *)e->data.scalar.value, "<<") == 0;
}

/* The member whose key event is key. */
static bool read_member(struct reader *r, struct mapping *m, const yaml_event_t *key,
			const struct place *at)
{
	const struct json *k = read_node(r, key, at);
	const char *name = k ? key_text(r, k, key->start_mark.line + 1) : NULL;
	const struct place inner = { .up = at, .name = name };
	struct json *v;
	yaml_event_t e;

	if (!name || !next_event(r, &e))
		return false;
	v = read_node(r, &e, &inner);
	yaml_event_delete(&e);
	if (!v)
		return false;
	if (is_merge_key(key))
		return add_merge(r, m, v);
	set_member(r, m, name, v, at);
	return true;
}

static struct json *read_mapping(struct reader *r, const struct place *at)
{
	struct mapping m = { .o = json_object(r->a), .seen = map_new() };
	bool ok = true, end = false;
	yaml_event_t e;

	while (ok && !end) {
		ok = next_event(r, &e);
		if (!ok)
			break;
		end = e.type == YAML_MAPPING_END_EVENT;
		if (!end)
			ok = read_member(r, &m, &e, at);
		yaml_event_delete(&e);
	}
	if (ok)
		apply_merges(r, &m);
	map_free(&m.seen, NULL);
	return ok ? m.o : NULL;
}

static struct json *read_sequence(struct reader *r, const struct place *up)
{
	struct place at = { .up = up };
	struct json *list = json_array(r->a), *v;
	yaml_event_t e;
	bool end;

	for (;;) {
		if (!next_event(r, &e))
			return NULL;
		end = e.type == YAML_SEQUENCE_END_EVENT;
		v = end ? NULL : read_node(r, &e, &at);
		yaml_event_delete(&e);
		if (end)
			return list;
		if (!v)
			return NULL;
		json_append(list, v);
		at.index++;
	}
}

/* ---- nodes and documents ---- */

static struct json *read_collection(struct reader *r, const yaml_event_t *e, const struct place *at)
{
	bool mapping = e->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *anchor = mapping ? e->data.mapping_start.anchor :
					      e->data.sequence_start.anchor;
	static char mark;
	struct json *j;

	if (++r->depth > MAX_DEPTH)
		return problem(r, e->start_mark.line + 1, "exceeded max depth");
	if (anchor)
		map_set(r->open, (const char *)anchor, &mark);
	j = mapping ? read_mapping(r, at) : read_sequence(r, at);
	r->depth--;
	if (anchor)
		map_del(r->open, (const char *)anchor);
	set_anchor(r->anchors, anchor, j);
	return j;
}

static struct json *read_node(struct reader *r, const yaml_event_t *e, const struct place *at)
{
	struct json *j;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		j = read_scalar(r, e);
		set_anchor(r->anchors, e->data.scalar.anchor, j);
		return j;
	case YAML_ALIAS_EVENT: return read_alias(r, e);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT: return read_collection(r, e, at);
	default: return problem(r, e->start_mark.line + 1, "unexpected event");
	}
}

/* The next document, *end at the end of the stream.  NULL at the end and on error. */
static struct json *read_document(struct reader *r, bool *end)
{
	struct json *j = NULL;
	yaml_event_t e;
	bool more = true;

	*end = false;
	while (more) {
		if (!next_event(r, &e))
			return NULL;
		switch (e.type) {
		case YAML_STREAM_END_EVENT:
			*end = true;
			more = false;
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_START_EVENT: break;
		case YAML_DOCUMENT_END_EVENT: more = false; break;
		default: j = read_node(r, &e, NULL); more = j;
		}
		yaml_event_delete(&e);
	}
	return j;
}

static void reader_open(struct reader *r, const char *p, size_t n)
{
	if (!yaml_parser_initialize(&r->parser))
		bug("out of memory: YAML parser");
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)p, n);
	r->anchors = map_new();
	r->open = map_new();
}

static void reader_close(struct reader *r)
{
	yaml_parser_delete(&r->parser);
	map_free(&r->anchors, NULL);
	map_free(&r->open, NULL);
}

struct json *yaml_parse(struct arena *a, const char *p, size_t n, struct json_dups *dups,
			struct status *st)
{
	struct reader r = { .a = a, .dups = dups, .st = st };
	struct json *j;
	bool end;

	if (dups)
		*dups = (struct json_dups){ 0 };
	reader_open(&r, p, n);
	j = read_document(&r, &end);
	if (!j && end)
		j = json_null(a);
	reader_close(&r);
	return j;
}

struct json *yaml_parse_all(struct arena *a, const char *p, size_t n, struct status *st)
{
	struct reader r = { .a = a, .st = st };
	struct json *list = json_array(a), *j;
	bool end;

	reader_open(&r, p, n);
	while ((j = read_document(&r, &end)))
		if (!json_is_null(j))
			json_append(list, j);
	reader_close(&r);
	return end ? list : NULL;
}
