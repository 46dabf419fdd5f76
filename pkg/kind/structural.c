/*
 * Compiling: bottom up, one node per JSON schema, then made unique.
 *
 * A finished node is described by a text of everything in it, children by their ids; the text finds an equal
 * node made before, and only a new one is copied into the graph.  The texts live only while compiling.  Depth is bounded by the JSON parser's.
 */
#include "kind/structural.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/regex.h"

#include <stdlib.h>
#include <string.h>

#define BELOW (STRUCTURAL_DEFAULTS | STRUCTURAL_RULES | STRUCTURAL_LISTS | STRUCTURAL_EMBEDS)

struct compiler {
	struct arena *a;    /* of one compilation: nodes before it is known whether they are new */
	struct arena *keep; /* of the graph */
	struct map *known;  /* description -> struct structural */
	struct map *texts;  /* strings of the graph, each once */
	uint32_t ids;
};

static const char *const type_names[] = {
	[TYPE_ANY] = "",
	[TYPE_OBJECT] = "object",
	[TYPE_ARRAY] = "array",
	[TYPE_STRING] = "string",
	[TYPE_INTEGER] = "integer",
	[TYPE_NUMBER] = "number",
	[TYPE_BOOLEAN] = "boolean",
};

const char *structural_type_name(enum structural_type t)
{
	return type_names[t];
}

static const struct structural *compile(struct compiler *c, const struct json *j);

static enum structural_type type_of(const struct json *j)
{
	const char *name = json_str(json_get(j, "type"));

	for (size_t i = 1; i < sizeof type_names / sizeof *type_names; i++)
		if (!strcmp(name, type_names[i]))
			return (enum structural_type)i;
	return TYPE_ANY;
}

static uint32_t flags_of(const struct json *j)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} booleans[] = {
		{ "nullable", STRUCTURAL_NULLABLE },
		{ "x-kubernetes-int-or-string", STRUCTURAL_INT_OR_STRING },
		{ "x-kubernetes-preserve-unknown-fields", STRUCTURAL_PRESERVE },
		{ "x-kubernetes-embedded-resource", STRUCTURAL_EMBEDDED | STRUCTURAL_EMBEDS },
		{ "exclusiveMaximum", STRUCTURAL_EXCLUSIVE_MAX },
		{ "exclusiveMinimum", STRUCTURAL_EXCLUSIVE_MIN },
	};
	const char *list = json_str(json_get(j, "x-kubernetes-list-type"));
	const char *map = json_str(json_get(j, "x-kubernetes-map-type"));
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
		if (json_is_true(json_get(j, booleans[i].name)))
			flags |= booleans[i].flag;
	flags |= !strcmp(list, "set")    ? STRUCTURAL_LIST_SET | STRUCTURAL_LISTS :
		 !strcmp(list, "map")    ? STRUCTURAL_LIST_MAP | STRUCTURAL_LISTS :
		 !strcmp(list, "atomic") ? STRUCTURAL_LIST_ATOMIC :
					   0;
	flags |= !strcmp(map, "atomic")   ? STRUCTURAL_MAP_ATOMIC :
		 !strcmp(map, "granular") ? STRUCTURAL_MAP_GRANULAR :
					    0;
	return flags;
}

/* A list of strings, NULL-terminated; NULL when empty. */
static const char *const *strings(struct compiler *c, const struct json *list)
{
	size_t n = json_count(list);
	const char **out;

	if (!n)
		return NULL;
	out = arena_zalloc(c->a, (n + 1) * sizeof *out);
	n = 0;
	json_each(s, list)
		out[n++] = json_str(s);
	return out;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct structural_property *)x)->name,
		      ((const struct structural_property *)y)->name);
}

static void compile_properties(struct compiler *c, struct structural *s, const struct json *props)
{
	size_t n = json_count(props);
	struct structural_property *out;

	if (!n || n > UINT16_MAX)
		return;
	out = arena_alloc(c->a, n * sizeof *out);
	n = 0;
	json_each(p, props) {
		out[n].name = json_name(p);
		out[n].schema = compile(c, p);
		s->flags |= out[n++].schema->flags & BELOW;
	}
	qsort(out, n, sizeof *out, by_name);
	s->properties = out;
	s->nproperties = (uint16_t)n;
}

static struct structural_list compile_list(struct compiler *c, const struct json *list)
{
	struct structural_list out = { .n = json_count(list) };
	const struct structural **items;

	if (!out.n)
		return out;
	items = arena_alloc(c->a, out.n * sizeof *items);
	out.n = 0;
	json_each(j, list)
		items[out.n++] = compile(c, j);
	out.items = items;
	return out;
}

static void regex_drop(void *ptr)
{
	struct regex *r = ptr;

	regex_free(&r);
}

static bool double_of(const struct json *j, const char *name, double *out)
{
	const struct json *v = json_get(j, name);

	if (!json_is_number(v))
		return false;
	*out = json_double(v);
	return true;
}

static void compile_texts(struct compiler *c, struct structural_checks *k, const struct json *j)
{
	const char *format = json_str(json_get(j, "format"));
	const char *pattern = json_str(json_get(j, "pattern"));
	const struct json *enums = json_get(j, "enum");

	k->format = *format ? format : NULL;
	k->pattern = *pattern ? pattern : NULL;
	k->enums = json_count(enums) ? enums : NULL;
	k->required = strings(c, json_get(j, "required"));
}

/* NULL when the schema demands nothing of the sort. */
static struct structural_checks *compile_checks(struct compiler *c, const struct json *j)
{
	static const char *const limits[LIMITS] = { "maxLength", "minLength",     "maxItems",
						    "minItems",  "maxProperties", "minProperties" };
	static const char *const names[] = {
		"maximum",   "minimum",  "multipleOf", "format",        "pattern",      "enum",
		"required",  "allOf",    "anyOf",      "oneOf",         "not",          "maxLength",
		"minLength", "maxItems", "minItems",   "maxProperties", "minProperties"
	};
	struct structural_checks *k;
	size_t i = 0;

	while (i < sizeof names / sizeof *names && !json_get(j, names[i]))
		i++;
	if (i == sizeof names / sizeof *names)
		return NULL;
	k = arena_zalloc(c->a, sizeof *k);
	for (i = 0; i < LIMITS; i++)
		if (!json_int(json_get(j, limits[i]), &k->limits[i]))
			k->limits[i] = -1;
	k->has_maximum = double_of(j, "maximum", &k->maximum);
	k->has_minimum = double_of(j, "minimum", &k->minimum);
	k->has_multiple_of = double_of(j, "multipleOf", &k->multiple_of);
	compile_texts(c, k, j);
	k->all_of = compile_list(c, json_get(j, "allOf"));
	k->any_of = compile_list(c, json_get(j, "anyOf"));
	k->one_of = compile_list(c, json_get(j, "oneOf"));
	if (json_is_object(json_get(j, "not")))
		k->not = compile(c, json_get(j, "not"));
	return k;
}

static const char *text_of(const struct json *j, const char *name)
{
	return json_str(json_get(j, name));
}

static void compile_rules(struct compiler *c, struct structural *s, const struct json *list)
{
	size_t n = json_count(list);
	struct structural_rule *out;

	if (!n || n > UINT16_MAX)
		return;
	out = arena_alloc(c->a, n * sizeof *out);
	n = 0;
	json_each(r, list)
		out[n++] = (struct structural_rule){
			.rule = text_of(r, "rule"),
			.message = text_of(r, "message"),
			.message_expression = text_of(r, "messageExpression"),
			.reason = text_of(r, "reason"),
			.field_path = text_of(r, "fieldPath"),
			.optional_old_self = json_is_true(json_get(r, "optionalOldSelf")),
			.optional_old_self_set = json_get(r, "optionalOldSelf"),
		};
	s->rules = out;
	s->nrules = (uint16_t)n;
	s->flags |= STRUCTURAL_RULES;
}

/* ---- uniqueness ---- */

static void tell_ids(struct buf *b, char tag, struct structural_list l)
{
	for (size_t i = 0; i < l.n; i++)
		buf_addf(b, "%c%u", tag, l.items[i]->id);
}

/* Strings by length, so that no content can be mistaken for structure. */
static void tell_text(struct buf *b, char tag, const char *s)
{
	if (s && *s)
		buf_addf(b, "%c%zu:%s", tag, strlen(s), s);
}

static void tell_json(struct buf *b, char tag, const struct json *j)
{
	if (!j)
		return;
	buf_addc(b, tag);
	json_print(b, j);
}

static void tell_checks(struct buf *b, const struct structural_checks *k)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (k->limits[i] >= 0)
			buf_addf(b, "l%zu=%lld", i, (long long)k->limits[i]);
	if (k->has_maximum)
		buf_addf(b, "M%a", k->maximum);
	if (k->has_minimum)
		buf_addf(b, "m%a", k->minimum);
	if (k->has_multiple_of)
		buf_addf(b, "*%a", k->multiple_of);
	tell_text(b, 'F', k->format);
	tell_text(b, 'P', k->pattern);
	tell_json(b, 'E', k->enums);
	for (const char *const *r = k->required; r && *r; r++)
		tell_text(b, 'R', *r);
	tell_ids(b, '&', k->all_of);
	tell_ids(b, '|', k->any_of);
	tell_ids(b, '^', k->one_of);
	if (k->not )
		buf_addf(b, "!%u", k->not ->id);
}

static void tell(struct buf *b, const struct structural *s)
{
	buf_addf(b, "%u/%x", s->type, s->flags);
	for (size_t i = 0; i < s->nproperties; i++) {
		tell_text(b, 'p', s->properties[i].name);
		buf_addf(b, "=%u", s->properties[i].schema->id);
	}
	if (s->items)
		buf_addf(b, "i%u", s->items->id);
	if (s->additional)
		buf_addf(b, "a%u", s->additional->id);
	for (const char *const *k = s->map_keys; k && *k; k++)
		tell_text(b, 'k', *k);
	tell_json(b, 'd', s->dflt);
	if (s->checks)
		tell_checks(b, s->checks);
	for (size_t i = 0; i < s->nrules; i++) {
		const struct structural_rule *r = &s->rules[i];

		buf_addf(b, "r%d%d", r->optional_old_self, r->optional_old_self_set);
		tell_text(b, 'a', r->rule);
		tell_text(b, 'b', r->message);
		tell_text(b, 'c', r->message_expression);
		tell_text(b, 'd', r->reason);
		tell_text(b, 'e', r->field_path);
	}
}

/* ---- a new node enters the graph ---- */

static const char *keep_text(struct compiler *c, const char *s)
{
	char *kept;

	if (!s || !*s)
		return s ? "" : NULL;
	kept = map_get(c->texts, s);
	if (!kept) {
		kept = arena_strdup(c->keep, s);
		map_set(c->texts, s, kept);
	}
	return kept;
}

static const char *const *keep_strings(struct compiler *c, const char *const *list)
{
	const char **out;
	size_t n = 0;

	if (!list)
		return NULL;
	while (list[n])
		n++;
	out = arena_zalloc(c->keep, (n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++)
		out[i] = keep_text(c, list[i]);
	return out;
}

static struct structural_list keep_list(struct compiler *c, struct structural_list l)
{
	const size_t bytes = l.n * sizeof *l.items;
	const struct structural **items;

	if (!l.n)
		return l;
	items = arena_alloc(c->keep, bytes);
	memcpy(items, l.items, bytes);
	return (struct structural_list){ items, l.n };
}

static const struct structural_checks *keep_checks(struct compiler *c,
						   const struct structural_checks *k)
{
	struct structural_checks *out;

	if (!k)
		return NULL;
	out = arena_alloc(c->keep, sizeof *out);
	*out = *k;
	out->format = keep_text(c, k->format);
	out->pattern = keep_text(c, k->pattern);
	out->enums = k->enums ? json_copy(c->keep, k->enums) : NULL;
	out->required = keep_strings(c, k->required);
	out->all_of = keep_list(c, k->all_of);
	out->any_of = keep_list(c, k->any_of);
	out->one_of = keep_list(c, k->one_of);
	out->regex = k->pattern ? regex_new(k->pattern, NULL) : NULL;
	if (out->regex)
		arena_defer(c->keep, regex_drop, out->regex);
	return out;
}

static const struct structural_property *keep_properties(struct compiler *c,
							 const struct structural *s)
{
	struct structural_property *out;

	if (!s->nproperties)
		return NULL;
	out = arena_alloc(c->keep, s->nproperties * sizeof *out);
	for (size_t i = 0; i < s->nproperties; i++)
		out[i] = (struct structural_property){ keep_text(c, s->properties[i].name),
						       s->properties[i].schema };
	return out;
}

static const struct structural_rule *keep_rules(struct compiler *c, const struct structural *s)
{
	struct structural_rule *out;

	if (!s->nrules)
		return NULL;
	out = arena_alloc(c->keep, s->nrules * sizeof *out);
	for (size_t i = 0; i < s->nrules; i++) {
		out[i] = s->rules[i];
		out[i].rule = keep_text(c, out[i].rule);
		out[i].message = keep_text(c, out[i].message);
		out[i].message_expression = keep_text(c, out[i].message_expression);
		out[i].reason = keep_text(c, out[i].reason);
		out[i].field_path = keep_text(c, out[i].field_path);
	}
	return out;
}

static const struct structural *unique(struct compiler *c, const struct structural *s)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct structural *kept;

	tell(&b, s);
	kept = map_get(c->known, b.p);
	if (kept)
		return kept;
	kept = arena_alloc(c->keep, sizeof *kept);
	*kept = *s;
	kept->properties = keep_properties(c, s);
	kept->map_keys = keep_strings(c, s->map_keys);
	kept->dflt = s->dflt ? json_copy(c->keep, s->dflt) : NULL;
	kept->checks = keep_checks(c, s->checks);
	kept->rules = keep_rules(c, s);
	kept->id = c->ids++;
	map_set(c->known, b.p, kept);
	return kept;
}

/* ---- nodes ---- */

static void compile_additional(struct compiler *c, struct structural *s, const struct json *j)
{
	if (json_is_object(j)) {
		s->additional = compile(c, j);
		s->flags |= s->additional->flags & BELOW;
	} else if (j) {
		s->flags |= json_is_true(j) ? STRUCTURAL_OPEN : STRUCTURAL_CLOSED;
	}
}

static const struct structural *compile(struct compiler *c, const struct json *j)
{
	struct structural s = { .type = (uint8_t)type_of(j), .flags = flags_of(j) };
	const struct json *dflt = json_get(j, "default");

	compile_properties(c, &s, json_get(j, "properties"));
	compile_additional(c, &s, json_get(j, "additionalProperties"));
	if (json_is_object(json_get(j, "items"))) {
		s.items = compile(c, json_get(j, "items"));
		s.flags |= s.items->flags & BELOW;
	}
	s.map_keys = strings(c, json_get(j, "x-kubernetes-list-map-keys"));
	if (!json_is_null(dflt)) {
		s.dflt = dflt;
		s.flags |= STRUCTURAL_DEFAULTS;
	}
	s.checks = compile_checks(c, j);
	compile_rules(c, &s, json_get(j, "x-kubernetes-validations"));
	return unique(c, &s);
}

const struct structural *structural_compile(struct arena *a, const struct json *schema)
{
	struct compiler c = { .keep = a };
	const struct structural *s;

	if (!json_is_object(schema))
		return NULL;
	c.a = arena_new();
	c.known = map_new();
	c.texts = map_new();
	s = compile(&c, schema);
	map_free(&c.known, NULL);
	map_free(&c.texts, NULL);
	arena_free(&c.a);
	return s;
}

const struct structural *structural_property(const struct structural *s, const char *name)
{
	const struct structural_property key = { .name = name };
	const struct structural_property *p;

	if (!s || !s->nproperties || !name)
		return NULL;
	p = bsearch(&key, s->properties, s->nproperties, sizeof key, by_name);
	return p ? p->schema : NULL;
}
