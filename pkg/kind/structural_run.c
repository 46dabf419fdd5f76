/*
 * Rules on objects.
 *
 * The walk follows value and schema together and carries what the value replaces, by name in objects and by key in
 * map-like lists.  What a rule without oldSelf says of something that did not change is a warning.
 * k8s: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
 */
#include "kind/structural_set.h"

#include "base/arena.h"
#include "base/codec.h"
#include "kind/check.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <ctype.h>
#include <string.h>

#define MESSAGE_MAX (5 * 1024)
#define OUT_OF_BUDGET \
	"validation failed due to running out of cost budget, no further validation rules will be run"

/* How a value relates to what was there before. */
struct past {
	const struct json *old;             /* for transition rules; NULL = none */
	bool correlated;                    /* is what ratcheting compares with */
	const struct json *near, *near_old; /* the nearest value above that is correlated */
};

struct run {
	struct hook *h;
	struct rule_set *rs;
	bool ratchet, over;
	int64_t *budget;
};

static void walk(struct run *r, const struct structural *s, const struct json *v, struct past past,
		 const struct at *at, bool root);

static const char *path_text(struct run *r, const struct at *at, const char *below)
{
	const char *path = at_text(r->h, at);

	if (*below)
		return arena_printf(r->h->a, "%s%s%s", path, *path ? "." : "", below);
	return *path ? path : "<nil>";
}

static void fault(struct run *r, const struct structural *s, const struct at *at, const char *text)
{
	const char *type = structural_type_name((enum structural_type)s->type);

	field_error_str(r->h->errors, FIELD_INVALID, path_text(r, at, ""), type, text);
}

static char *trim(struct arena *a, const char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]);)
		n--;
	return arena_dup(a, s, n);
}

static const char *rule_text(struct run *r, const struct structural_rule *rule)
{
	return trim(r->h->a, *rule->message ? rule->message : rule->rule);
}

static bool spend(struct run *r, uint64_t cost)
{
	if (cost > (uint64_t)*r->budget)
		return false;
	*r->budget -= (int64_t)cost;
	return true;
}

/* ---- what a rule that does not hold says ---- */

static bool unchanged(const struct run *r, const struct json *v, const struct past *past)
{
	if (!r->ratchet)
		return false;
	if (past->correlated)
		return past->old && json_equal(v, past->old);
	return past->near && past->near_old && json_equal(past->near, past->near_old);
}

static void tell(struct run *r, const struct rule_program *p, const struct structural *s,
		 const struct json *v, const struct past *past, const struct at *at,
		 const char *detail)
{
	static const struct {
		const char *reason, *text;
		enum field_error_type type;
	} reasons[] = {
		{ "FieldValueForbidden", "Forbidden", FIELD_FORBIDDEN },
		{ "FieldValueRequired", "Required value", FIELD_REQUIRED },
		{ "FieldValueDuplicate", "Duplicate value", FIELD_DUPLICATE },
		{ "", "Invalid value", FIELD_INVALID },
	};
	bool container = s->type == TYPE_OBJECT || s->type == TYPE_ARRAY;
	const char *value = container ? NULL : structural_show(r->h->a, v);
	const char *path = path_text(r, at, p->path);
	size_t i = 0;

	while (*reasons[i].reason && strcmp(reasons[i].reason, p->rule->reason))
		i++;
	if (reasons[i].type == FIELD_FORBIDDEN || reasons[i].type == FIELD_REQUIRED)
		value = NULL;
	if (reasons[i].type == FIELD_DUPLICATE)
		detail = NULL;
	if (p->uses_old || !unchanged(r, v, past))
		field_error(r->h->errors, reasons[i].type, path, value, detail);
	else
		hook_warn(r->h, "%s: %s%s%s%s%s", path, reasons[i].text, value ? ": " : "",
			  value ? value : "", detail ? ": " : "", detail ? detail : "");
}

/* The message expression's text, or NULL: it has none that could be used. */
static const char *evaluate_message(struct run *r, const struct rule_program *p, struct cel_run *run,
				    const struct structural *s, const struct at *at)
{
	const char *source = p->rule->message_expression;
	const struct cel_value *v;
	struct cel_error e;
	const char *text;

	v = cel_evaluate(p->message, run, &e);
	if (!spend(r, run->cost)) {
		fault(r, s, at,
		      "messageExpression evaluation failed due to running out of cost budget, no "
		      "further validation rules will be run");
		r->over = true;
		return NULL;
	}
	if (!v && e.type == CEL_ERROR_BUDGET) {
		fault(r, s, at,
		      arena_printf(r->h->a,
				   "no further validation rules will be run due to call cost exceeds "
				   "limit for messageExpression: %s",
				   go_quote(r->h->a, source, strlen(source))));
		r->over = true;
		return NULL;
	}
	text = v ? cel_value_string(v) : NULL;
	text = text ? trim(r->h->a, text) : NULL;
	return text && *text && strlen(text) <= MESSAGE_MAX && !strchr(text, '\n') ? text : NULL;
}

static void rule_failed(struct run *r, const struct rule_program *p, struct cel_run *run,
			const struct structural *s, const struct json *v, const struct past *past,
			const struct at *at)
{
	const char *detail = p->message ? evaluate_message(r, p, run, s, at) : NULL;

	if (r->over)
		return;
	if (!detail && *p->rule->message)
		detail = trim(r->h->a, p->rule->message);
	else if (!detail)
		detail = arena_printf(r->h->a, "failed rule: %s", rule_text(r, p->rule));
	tell(r, p, s, v, past, at, detail);
}

static void rule_broke(struct run *r, const struct rule_program *p, const struct cel_error *e,
		       const struct structural *s, const struct at *at)
{
	const char *rule = rule_text(r, p->rule), *text;

	if (!strncmp(e->text, "no such overload", 16))
		text = arena_printf(r->h->a,
				    "'%s': call arguments did not match a supported operator, function "
				    "or macro signature for rule: %s",
				    e->text, rule);
	else if (e->type == CEL_ERROR_BUDGET)
		text = arena_printf(r->h->a,
				    "'%s': no further validation rules will be run due to call cost "
				    "exceeds limit for rule: %s",
				    e->text, rule);
	else
		text = arena_printf(r->h->a, "%s evaluating rule: %s", e->text, rule);
	fault(r, s, at, text);
	r->over = e->type == CEL_ERROR_BUDGET;
}

/* ---- evaluation ---- */

static void rule_run(struct run *r, const struct rule_program *p, const struct structural *s,
		     const struct json *v, const struct past *past, const struct at *at)
{
	const struct cel_binding vars[2] = { { .json = v }, { .json = past->old } };
	struct cel_run run = { .a = r->h->a, .bindings = vars, .limit = CEL_LIMIT_CALL };
	const struct cel_value *holds;
	struct cel_error e = { 0 };

	if (!p->program) {
		fault(r, s, at, arena_printf(r->h->a, "rule compile error: %s", p->error));
		return;
	}
	if (p->uses_old && !past->old && !p->rule->optional_old_self)
		return;
	holds = cel_evaluate(p->program, &run, &e);
	if (!spend(r, run.cost)) {
		fault(r, s, at, OUT_OF_BUDGET);
		r->over = true;
	} else if (!holds) {
		rule_broke(r, p, &e, s, at);
	} else if (!cel_value_true(holds)) {
		rule_failed(r, p, &run, s, v, past, at);
	}
}

static void run_here(struct run *r, const struct structural *s, const struct json *v,
		     const struct past *past, const struct at *at, bool root)
{
	const struct rule_program *programs = rule_set_programs(r->rs, s, root);

	if (programs && *r->budget <= 0) {
		fault(r, s, at, OUT_OF_BUDGET);
		r->over = true;
	}
	for (size_t i = 0; programs && i < s->nrules && !r->over; i++)
		rule_run(r, &programs[i], s, v, past, at);
}

static struct past past_of(const struct past *up, const struct json *v, const struct json *was)
{
	if (!up->correlated)
		return (struct past){ was, false, up->near, up->near_old };
	return (struct past){ was, was, v, up->old };
}

static void walk_object(struct run *r, const struct structural *s, const struct json *v,
			const struct past *past, const struct at *at)
{
	json_each(m, v) {
		const char *name = json_name(m);
		const struct structural *sub = structural_property(s, name);
		struct past below = past_of(past, v, json_get(past->old, name));

		if (r->over)
			return;
		if (!at && (!strcmp(name, "apiVersion") || !strcmp(name, "kind")))
			below.correlated = false, below.near = NULL;
		if (sub)
			walk(r, sub, m, below, AT(at, name), false);
		else
			walk(r, s->additional, m, below, AT_KEY(at, name), false);
	}
}

static void walk(struct run *r, const struct structural *s, const struct json *v, struct past past,
		 const struct at *at, bool root)
{
	size_t i = 0;

	if (!s || !(s->flags & STRUCTURAL_RULES) || json_is_null(v) || r->over)
		return;
	if (json_is_null(past.old))
		past.old = NULL;
	run_here(r, s, v, &past, at, root);
	if (json_is_object(v))
		walk_object(r, s, v, &past, at);
	for (const struct json *item = json_is_array(v) ? json_first(v) : NULL; item && !r->over;
	     item = json_next(item))
		walk(r, s->items, item, past_of(&past, v, structural_counterpart(s, item, past.old)),
		     AT_ITEM(at, i++), false);
}

void rule_set_run(struct hook *h, struct rule_set *rs, const struct structural *s,
		  const struct json *v, const struct json *old, const struct at *at, bool ratchet,
		  int64_t *budget)
{
	struct run r = { .h = h, .rs = rs, .ratchet = ratchet, .budget = budget };

	walk(&r, s, v, (struct past){ old, ratchet, NULL, NULL }, at, s == rs->root);
}
