/*
 * Instances against schemas: kube-openapi's validator, fault for fault.
 *
 * Which faults of an anyOf or oneOf are told depends on how many checks each alternative passed, so that every
 * check counts here exactly where upstream counts.  What is equal to the value it replaces is not judged
 * (ratcheting): its faults are dropped, its count stays.  Paths are chains on the stack, rendered for faults only.
 * k8s: kube-openapi/pkg/validation/validate, apiextensions-apiserver/pkg/apiserver/validation.
 */
#include "kind/structural_fault.h"

#include "base/arena.h"
#include "base/codec.h"
#include "kind/check.h"
#include "kind/format.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/regex.h"

#include <math.h>
#include <string.h>

/* ---- faults ---- */

static bool is_told(const struct faults *f, const struct fault *x)
{
	for (const struct fault *y = f->first; y; y = y->next)
		if (!strcmp(x->message, y->message))
			return true;
	return false;
}

static void fault_add(struct judge *j, struct faults *f, struct fault x)
{
	struct fault *made;

	if (is_told(f, &x))
		return;
	made = arena_alloc(j->a, sizeof *made);
	*made = x;
	made->next = NULL;
	*f->last = made;
	f->last = &made->next;
}

static void faults_init(struct faults *f)
{
	*f = (struct faults){ .first = NULL };
	f->last = &f->first;
}

static void faults_merge(struct judge *j, struct faults *into, const struct faults *f)
{
	for (const struct fault *x = f->first; x; x = x->next)
		fault_add(j, into, *x);
	into->passed += f->passed;
}

void fault_at(struct judge *j, struct faults *f, enum field_error_type type, const struct at *at,
	      const char *value, const char *message)
{
	fault_add(j, f,
		  (struct fault){ .type = type,
				  .path = at_text(j->h, at),
				  .value = value,
				  .detail = message,
				  .message = message });
}

void fault_plain(struct judge *j, struct faults *f, const char *message)
{
	fault_add(j, f,
		  (struct fault){ .type = FIELD_INVALID,
				  .value = "\"\"",
				  .detail = message,
				  .message = message });
}

static char *quoted(struct judge *j, const struct at *at)
{
	const char *path = at_text(j->h, at);

	return go_quote(j->a, path, strlen(path));
}

/* ---- types ---- */

static const char *kind_of(const struct json *v)
{
	int64_t n;

	switch (json_type(v)) {
	case JSON_OBJECT: return "object";
	case JSON_ARRAY: return "array";
	case JSON_STRING: return "string";
	case JSON_NUMBER: return json_int(v, &n) ? "integer" : "number";
	case JSON_NULL: return "null";
	default: return "boolean";
	}
}

static bool is_whole(const struct json *v)
{
	double d = json_double(v);

	return fabs(d) < 9007199254740992.0 && d == floor(d);
}

static bool type_fits(const struct structural *s, const struct json *v)
{
	const char *kind = kind_of(v);

	if (s->flags & STRUCTURAL_INT_OR_STRING)
		return !strcmp(kind, "integer") || !strcmp(kind, "string") ||
		       (!strcmp(kind, "number") && is_whole(v));
	if (!strcmp(kind, structural_type_name(s->type)))
		return true;
	if (s->type == TYPE_INTEGER)
		return !strcmp(kind, "number") && is_whole(v);
	return s->type == TYPE_NUMBER && !strcmp(kind, "integer");
}

static const char *type_names(const struct structural *s)
{
	return s->flags & STRUCTURAL_INT_OR_STRING ? "integer,string" : structural_type_name(s->type);
}

static void type_fault(struct judge *j, struct faults *f, const struct at *at, const char *want,
		       const char *have)
{
	fault_at(j, f, FIELD_TYPE_INVALID, at, go_quote(j->a, have, strlen(have)),
		 arena_printf(j->a, "%s in body must be of type %s: \"%s\"", at_text(j->h, at),
			      want, have));
}

static void judge_type(struct judge *j, const struct structural *s, const struct json *v,
		       const struct at *at, struct faults *f)
{
	const bool typed = s->type != TYPE_ANY || s->flags & STRUCTURAL_INT_OR_STRING;
	const char *format = format_in_force(s);

	if (!typed && !format)
		return;
	f->passed++;
	if (json_is_null(v)) {
		if (!typed || s->flags & STRUCTURAL_NULLABLE)
			f->passed++;
		else
			type_fault(j, f, at, type_names(s), "null");
		return;
	}
	/* a string or list with a format of strings is the format's business */
	if (format && (json_is_string(v) || json_is_array(v)) && s->type != TYPE_INTEGER &&
	    s->type != TYPE_NUMBER && !(s->flags & STRUCTURAL_INT_OR_STRING)) {
		f->passed++;
		return;
	}
	if (typed && type_fits(s, v)) {
		f->passed++;
	} else if (format && !json_is_string(v) && !json_is_array(v)) {
		type_fault(j, f, at, format,
			   !json_is_number(v)            ? "" :
			   strcmp(kind_of(v), "integer") ? "float64" :
							   "int64");
	} else {
		type_fault(j, f, at, type_names(s), kind_of(v));
	}
}

/* ---- scalars ---- */

static size_t runes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static bool has_limit(const struct structural_checks *k, enum structural_limit l)
{
	return k && k->limits[l] >= 0;
}

static void judge_string(struct judge *j, const struct structural_checks *k, const struct json *v,
			 const struct at *at, struct faults *f)
{
	const char *s = json_str(v), *path;
	const char *value = go_quote(j->a, s, strlen(s));
	int64_t n = (int64_t)runes(s);

	if (has_limit(k, LIMIT_MAX_LENGTH) && n > k->limits[LIMIT_MAX_LENGTH]) {
		path = at_text(j->h, at);
		fault_add(j, f,
			  (struct fault){
				  .type = FIELD_TOO_LONG,
				  .path = path,
				  .detail = arena_printf(j->a, "may not be more than %lld bytes",
							 (long long)k->limits[LIMIT_MAX_LENGTH]),
				  .message = arena_printf(j->a, "%s too long", path) });
	} else if (has_limit(k, LIMIT_MIN_LENGTH) && n < k->limits[LIMIT_MIN_LENGTH]) {
		fault_at(j, f, FIELD_INVALID, at, value,
			 arena_printf(j->a, "%s in body should be at least %lld chars long",
				      at_text(j->h, at), (long long)k->limits[LIMIT_MIN_LENGTH]));
	} else if (k && k->regex && !regex_matches(k->regex, s, strlen(s))) {
		fault_at(j, f, FIELD_INVALID, at, value,
			 arena_printf(j->a, "%s in body should match '%s'", at_text(j->h, at),
				      k->pattern));
	}
}

static void judge_format(struct judge *j, const struct structural *s, const struct json *v,
			 const struct at *at, struct faults *f)
{
	const char *format = format_in_force(s), *text = json_str(v);

	if (!format || !format_known(format))
		return;
	if (!format_holds(format, text))
		fault_at(j, f, FIELD_TYPE_INVALID, at, go_quote(j->a, text, strlen(text)),
			 arena_printf(j->a, "%s in body must be of type %s: %s", at_text(j->h, at),
				      format, go_quote(j->a, text, strlen(text))));
	f->passed++;
}

static bool enum_has(const struct json *enums, const struct json *v)
{
	json_each(e, enums)
		if (json_equal(e, v))
			return true;
	return false;
}

static void judge_enum(struct judge *j, const struct structural_checks *k, const struct json *v,
		       const struct at *at, struct faults *f)
{
	const char *list = "supported values: ";

	if (!k || !k->enums || (!json_is_null(v) && enum_has(k->enums, v)))
		return;
	json_each(e, k->enums) {
		const char *text = json_is_string(e) ? json_str(e) : json_text(j->a, e);

		list = arena_printf(j->a, "%s%s%s", list, e == json_first(k->enums) ? "" : ", ",
				    go_quote(j->a, text, strlen(text)));
	}
	fault_add(j, f,
		  (struct fault){
			  .type = FIELD_NOT_SUPPORTED,
			  .path = at_text(j->h, at),
			  .value = json_is_null(v) ? "\"null\"" : structural_show(j->a, v),
			  .detail = list,
			  .message = arena_printf(j->a, "%s enum %s", at_text(j->h, at), list) });
}

/* ---- alternatives ---- */

static void judge_any_of(struct judge *j, const struct structural_list *l, const struct json *v,
			 const struct json *old, const struct at *at, struct faults *f)
{
	struct faults best = { 0 }, now;
	bool have = false;

	for (size_t i = 0; i < l->n; i++) {
		structural_judge(j, l->items[i], v, old, at, &now);
		if (!now.first) {
			f->passed += now.passed;
			return;
		}
		if (!have || now.passed > best.passed)
			best = now;
		have = true;
	}
	fault_plain(j, f,
		    arena_printf(j->a, "%s must validate at least one schema (anyOf)", quoted(j, at)));
	faults_merge(j, f, &best);
}

static void judge_one_of(struct judge *j, const struct structural_list *l, const struct json *v,
			 const struct json *old, const struct at *at, struct faults *f)
{
	struct faults best = { 0 }, now;
	size_t valid = 0;
	long passed = 0;
	bool have = false;

	for (size_t i = 0; i < l->n; i++) {
		structural_judge(j, l->items[i], v, old, at, &now);
		if (!now.first) {
			passed = valid++ ? passed : now.passed;
			have = false;
		} else if (!valid && (!have || now.passed > best.passed)) {
			best = now;
			have = true;
		}
	}
	if (valid == 1) {
		f->passed += passed;
		return;
	}
	fault_plain(j, f,
		    arena_printf(j->a, "%s must validate one and only one schema (oneOf). %s",
				 quoted(j, at),
				 valid ? arena_printf(j->a, "Found %zu valid alternatives", valid) :
					 "Found none valid"));
	if (have)
		faults_merge(j, f, &best);
}

static void judge_all_of(struct judge *j, const struct structural_list *l, const struct json *v,
			 const struct json *old, const struct at *at, struct faults *f)
{
	size_t valid = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct faults now;

		structural_judge(j, l->items[i], v, old, at, &now);
		valid += !now.first;
		faults_merge(j, f, &now);
	}
	if (valid < l->n)
		fault_plain(j, f,
			    arena_printf(j->a, "%s must validate all the schemas (allOf)%s",
					 quoted(j, at), valid ? "" : ". None validated"));
}

static void judge_alternatives(struct judge *j, const struct structural_checks *k,
			       const struct json *v, const struct json *old, const struct at *at,
			       struct faults *f)
{
	f->passed++;
	if (!k)
		return;
	if (k->any_of.n)
		judge_any_of(j, &k->any_of, v, old, at, f);
	if (k->one_of.n)
		judge_one_of(j, &k->one_of, v, old, at, f);
	if (k->all_of.n)
		judge_all_of(j, &k->all_of, v, old, at, f);
	if (k->not ) {
		struct faults now;

		structural_judge(j, k->not, v, old, at, &now);
		if (!now.first)
			fault_plain(j, f,
				    arena_printf(j->a, "%s must not validate the schema (not)",
						 quoted(j, at)));
	}
}

/* ---- containers ---- */

/* A part of a value with the part it replaces. */
static void judge_part(struct judge *j, const struct structural *s, const struct json *v,
		       const struct json *old, const struct at *at, struct faults *f)
{
	struct faults now;

	structural_judge(j, s, v, old, at, &now);
	if (now.first && old && json_equal(v, old))
		f->passed += now.passed;
	else
		faults_merge(j, f, &now);
}

static void too_many(struct judge *j, struct faults *f, const struct at *at, int64_t n, int64_t max)
{
	const char *path = at_text(j->h, at);

	fault_add(j, f,
		  (struct fault){ .type = FIELD_TOO_MANY,
				  .path = path,
				  .value = arena_printf(j->a, "%lld", (long long)n),
				  .detail = arena_printf(j->a, "must have at most %lld item%s",
							 (long long)max, max == 1 ? "" : "s"),
				  .message = arena_printf(j->a, "%s too many %lld", path,
							  (long long)max) });
}

static void too_few(struct judge *j, struct faults *f, const struct at *at, int64_t n, int64_t min,
		    const char *what)
{
	fault_at(j, f, FIELD_INVALID, at, arena_printf(j->a, "%lld", (long long)n),
		 arena_printf(j->a, "%s in body should have at least %lld %s", at_text(j->h, at),
			      (long long)min, what));
}

static void judge_array(struct judge *j, const struct structural *s, const struct json *v,
			const struct json *old, const struct at *at, struct faults *f)
{
	const struct structural_checks *k = s->checks;
	int64_t n = (int64_t)json_count(v);
	size_t i = 0;

	f->passed++;
	if (s->items)
		json_each(item, v)
			judge_part(j, s->items, item, structural_counterpart(s, item, old),
				   AT_ITEM(at, i++), f);
	if (has_limit(k, LIMIT_MIN_ITEMS) && n < k->limits[LIMIT_MIN_ITEMS])
		too_few(j, f, at, n, k->limits[LIMIT_MIN_ITEMS], "items");
	if (has_limit(k, LIMIT_MAX_ITEMS) && n > k->limits[LIMIT_MAX_ITEMS])
		too_many(j, f, at, n, k->limits[LIMIT_MAX_ITEMS]);
}

static void judge_member(struct judge *j, const struct structural *s, const struct json *m,
			 const struct json *old, const struct at *at, struct faults *f)
{
	const char *name = json_name(m);
	const struct structural *sub = structural_property(s, name);
	const struct json *was = json_get(old, name);

	/* Both were converted to the same version: equality says nothing. */
	if (!at && (!strcmp(name, "kind") || !strcmp(name, "apiVersion")))
		was = NULL;
	if (sub)
		judge_part(j, sub, m, was, AT(at, name), f);
	else if (s->additional)
		judge_part(j, s->additional, m, was, AT(at, name), f);
	else if (s->flags & STRUCTURAL_CLOSED)
		fault_at(j, f, FIELD_INVALID, at, go_quote(j->a, name, strlen(name)),
			 arena_printf(j->a, "%s.%s in body is a forbidden property",
				      at_text(j->h, at), name));
}

static void judge_object(struct judge *j, const struct structural *s, const struct json *v,
			 const struct json *old, const struct at *at, struct faults *f)
{
	const struct structural_checks *k = s->checks;
	int64_t n = (int64_t)json_count(v);

	if (has_limit(k, LIMIT_MIN_PROPERTIES) && n < k->limits[LIMIT_MIN_PROPERTIES])
		too_few(j, f, at, n, k->limits[LIMIT_MIN_PROPERTIES], "properties");
	if (has_limit(k, LIMIT_MAX_PROPERTIES) && n > k->limits[LIMIT_MAX_PROPERTIES])
		too_many(j, f, at, n, k->limits[LIMIT_MAX_PROPERTIES]);
	json_each(m, v)
		judge_member(j, s, m, old, at, f);
	for (const char *const *r = k ? k->required : NULL; r && *r; r++) {
		const char *path;

		if (json_get(v, *r))
			continue;
		path = at_text(j->h, AT(at, *r));
		fault_add(j, f,
			  (struct fault){ .type = FIELD_REQUIRED,
					  .path = path,
					  .message = arena_printf(j->a, "%s is required", path) });
	}
}

/* ---- all of it ---- */

/* An applicable check counts whatever it says. */
static void judge_by_kind(struct judge *j, const struct structural *s, const struct json *v,
			  const struct json *old, const struct at *at, struct faults *f)
{
	switch (json_type(v)) {
	case JSON_STRING:
		judge_string(j, s->checks, v, at, f);
		f->passed++;
		judge_format(j, s, v, at, f);
		break;
	case JSON_NUMBER:
		structural_judge_number(j, s, v, at, f);
		f->passed++;
		break;
	case JSON_ARRAY:
		judge_array(j, s, v, old, at, f);
		f->passed++;
		break;
	default: break;
	}
	judge_enum(j, s->checks, v, at, f);
	f->passed++;
	if (json_is_object(v)) {
		judge_object(j, s, v, old, at, f);
		f->passed++;
	}
}

void structural_judge(struct judge *j, const struct structural *s, const struct json *v,
		      const struct json *old, const struct at *at, struct faults *f)
{
	faults_init(f);
	if (json_is_null(v)) {
		judge_type(j, s, v, at, f);
		judge_enum(j, s->checks, v, at, f);
		return;
	}
	judge_type(j, s, v, at, f);
	judge_alternatives(j, s->checks, v, old, at, f);
	f->passed++;
	judge_by_kind(j, s, v, old, at, f);
	f->passed++;
}

void structural_validate(struct hook *h, const struct structural *s, const struct json *v,
			 const struct json *old, const char *prefix)
{
	struct judge j = { .h = h, .a = h->a };
	struct faults f;

	structural_judge(&j, s, v, old, NULL, &f);
	if (old && json_equal(v, old))
		return;
	for (const struct fault *x = f.first; x; x = x->next) {
		const char *path = x->path ? x->path : "";

		if (*prefix && *path)
			path = arena_printf(h->a, "%s.%s", prefix, path);
		else if (!*path)
			path = *prefix ? prefix : "<nil>";
		field_error(h->errors, x->type, path, x->value, x->detail);
	}
}
