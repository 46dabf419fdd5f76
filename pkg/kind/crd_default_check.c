/*
 * Defaults are values of their schemas, and paths lead somewhere.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/{defaulting/validation,cel/validation}.go.
 */
#include "kind/crd_check.h"

#include "base/arena.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "cel/cel.h"
#include "kind/structural.h"
#include "kind/structural_rule.h"
#include "obj/json.h"

#include <string.h>

/* A default may come into an object that had none, and may stay. */
static void check_rules(struct hook *h, const struct at *at, const struct structural *s,
			struct rule_set *rules, int64_t *budget)
{
	size_t before = h->errors->n;
	int64_t again = *budget;

	if (!(s->flags & STRUCTURAL_RULES))
		return;
	rule_set_run(h, rules, s, s->dflt, s->dflt, at, false, budget);
	if (h->errors->n == before)
		rule_set_run(h, rules, s, s->dflt, NULL, at, false, &again);
	*budget = again < *budget ? again : *budget;
}

static void check_default(struct hook *h, const struct at *at, const struct structural *s,
			  struct rule_set *rules, int64_t *budget)
{
	const struct at *here = AT(at, "default");
	struct json *pruned = json_copy(h->a, s->dflt);
	struct field_errors found = FIELD_ERRORS_INIT;
	struct hook sub = *h;

	structural_prune(h->a, s, pruned, false, NULL);
	if (!json_equal(pruned, s->dflt))
		err_invalid_json(h, here, s->dflt, "must not have unknown fields");
	sub.errors = &found;
	structural_validate_embedded(&sub, s, s->dflt);
	if (!found.n)
		structural_validate(&sub, s, s->dflt, NULL, at_text(h, here));
	if (!found.n)
		check_rules(&sub, here, s, rules, budget);
	for (size_t i = 0; i < found.n; i++)
		field_error(h->errors, found.items[i].type, found.items[i].field,
			    found.items[i].value, found.items[i].detail);
	field_errors_clear(&found);
}

static void walk(struct hook *h, const struct at *at, const struct structural *s,
		 struct rule_set *rules, int64_t *budget)
{
	if (!s || !(s->flags & STRUCTURAL_DEFAULTS))
		return;
	if (s->dflt)
		check_default(h, at, s, rules, budget);
	walk(h, AT(at, "items"), s->items, rules, budget);
	for (size_t i = 0; i < s->nproperties; i++)
		walk(h, AT_KEY(AT(at, "properties"), s->properties[i].name),
		     s->properties[i].schema, rules, budget);
}

bool crd_check_defaults(struct hook *h, const struct at *at, const struct structural *s,
			struct rule_set *rules)
{
	size_t before = h->errors->n;
	int64_t budget = CEL_LIMIT_OBJECT;

	walk(h, at, s, rules, &budget);
	return h->errors->n == before;
}

/* ---- paths ---- */

/* The next token: a delimiter, a quoted text, or what is up to a delimiter; in the arena, NULL at the end. */
static const char *token(struct hook *h, const char **p)
{
	const char *s = *p;
	size_t n;

	if (!*s)
		return NULL;
	if (strchr(".[]", *s)) {
		n = 1;
	} else if (*s == '\'') {
		for (n = 1; s[n] && !(s[n] == '\'' && s[n - 1] != '\\'); n++)
			;
		n += s[n] == '\'';
	} else {
		n = strcspn(s, ".[]");
	}
	*p = s + n;
	return arena_dup(h->a, s, n);
}

static const char *step(struct hook *h, const char *name, const struct structural **s)
{
	(void)h;
	if (*s && (*s)->nproperties) {
		*s = structural_property(*s, name);
		return *s ? NULL : "does not refer to a valid field";
	}
	if (!*s || !(*s)->additional)
		return "does not refer to a valid field";
	*s = (*s)->additional;
	return NULL;
}

const char *crd_field_path(struct hook *h, const char *path, const struct structural *s,
			   bool brackets, const struct structural **found)
{
	const char *p = path, *t, *fault = NULL;

	while (!fault && (t = token(h, &p))) {
		size_t n;

		if (*t != '[' && *t != '.')
			return arena_printf(h->a, "expected [ or . but got: %s", t);
		if (*t == '[' && !brackets)
			return "array notation is not allowed";
		if (*t == '.') {
			t = token(h, &p);
			fault = t ? step(h, t, &s) : "unexpected end of JSON path";
			continue;
		}
		t = token(h, &p);
		n = t ? strlen(t) : 0;
		if (!t)
			return "unexpected end of JSON path";
		if (n < 2 || t[0] != '\'' || t[n - 1] != '\'')
			return arena_printf(h->a, "expected single quoted string but got %s", t);
		fault = step(h, arena_dup(h->a, t + 1, n - 2), &s);
		if (!fault && (!(t = token(h, &p)) || *t != ']'))
			fault = t ? arena_printf(h->a, "expected ] but got %s", t) :
				    "unexpected end of JSON path";
	}
	*found = s;
	return fault;
}

const char *crd_field_path_text(struct arena *a, const char *path)
{
	char *out = arena_strdup(a, path), *to = out;

	for (const char *p = path; *p;) {
		bool quoted = *p == '[';

		if (to > out)
			*to++ = '.';
		p += quoted ? 2 : 1;
		while (*p && !(quoted ? *p == '\'' : *p == '.' || *p == '[')) {
			if (*p == '\\' && p[1])
				p++;
			*to++ = *p++;
		}
		p += quoted && *p ? 2 : 0;
	}
	*to = '\0';
	return out;
}
