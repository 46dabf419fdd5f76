/*
 * field: field errors and the Invalid status they end in (declared in status.h).
 *
 * A collector keeps the parts of each error, because the message needs them joined and
 * the causes need them apart.  Equal errors appear once in the message but each as a
 * cause (k8s: apimachinery/pkg/util/validation/field/errors.go).
 */
#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct field_type {
	const char *reason, *text;
	bool value; /* the bad value is shown */
};

static const struct field_type types[] = {
	[FIELD_REQUIRED] = { "FieldValueRequired", "Required value", false },
	[FIELD_INVALID] = { "FieldValueInvalid", "Invalid value", true },
	[FIELD_TYPE_INVALID] = { "FieldValueTypeInvalid", "Invalid value", true },
	[FIELD_NOT_SUPPORTED] = { "FieldValueNotSupported", "Unsupported value", true },
	[FIELD_DUPLICATE] = { "FieldValueDuplicate", "Duplicate value", true },
	[FIELD_NOT_FOUND] = { "FieldValueNotFound", "Not found", true },
	[FIELD_FORBIDDEN] = { "FieldValueForbidden", "Forbidden", false },
	[FIELD_TOO_LONG] = { "FieldValueTooLong", "Too long", false },
	[FIELD_TOO_MANY] = { "FieldValueTooMany", "Too many", true },
	[FIELD_TOO_FEW] = { "FieldValueTooFew", "Too few", true },
	[FIELD_INTERNAL] = { "InternalError", "Internal error", false },
};

static char *copy(const char *s)
{
	char *d = s ? strdup(s) : NULL;

	if (s && !d)
		bug("out of memory: field error");
	return d;
}

void field_error(struct field_errors *e, enum field_error_type type, const char *path,
		 const char *value, const char *detail)
{
	struct field_error *grown = realloc(e->items, (e->n + 1) * sizeof *grown);

	if (!grown)
		bug("out of memory: field error");
	e->items = grown;
	e->items[e->n++] = (struct field_error){
		.type = type,
		.field = copy(path),
		.value = copy(value),
		.detail = copy(detail),
	};
}

void field_error_str(struct field_errors *e, enum field_error_type type, const char *path,
		     const char *value, const char *detail)
{
	struct arena *a = arena_new();

	field_error(e, type, path, go_quote(a, value, strlen(value)), detail);
	arena_free(&a);
}

void field_errorf(struct field_errors *e, enum field_error_type type, const char *path,
		  const char *value, const char *fmt, ...)
{
	struct arena *a = arena_new();
	va_list ap;

	va_start(ap, fmt);
	field_error(e, type, path, value, arena_vprintf(a, fmt, ap));
	va_end(ap);
	arena_free(&a);
}

void field_errors_clear(struct field_errors *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->items[i].field);
		free(e->items[i].value);
		free(e->items[i].detail);
	}
	free(e->items);
	*e = (struct field_errors)FIELD_ERRORS_INIT;
}

/* `Invalid value: "x": detail` */
static char *error_body(struct arena *a, const struct field_error *f)
{
	const struct field_type *t = &types[f->type];
	char *s = t->value && f->value ? arena_printf(a, "%s: %s", t->text, f->value) :
					 arena_strdup(a, t->text);

	return f->detail && *f->detail ? arena_printf(a, "%s: %s", s, f->detail) : s;
}

/* Whether texts[i] occurs before i. */
static bool seen_before(char *const *texts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(texts[k], texts[i]) == 0)
			return true;
	return false;
}

/* `e` or `[e1, e2]`, each error once. */
static char *join_errors(struct arena *a, char *const *texts, size_t n)
{
	size_t len = 3, unique = 0;
	char *out, *to;

	for (size_t i = 0; i < n; i++)
		len += strlen(texts[i]) + 2;
	out = to = arena_alloc(a, len);
	*to++ = '[';
	for (size_t i = 0; i < n; i++) {
		if (seen_before(texts, i))
			continue;
		if (unique++) {
			memcpy(to, ", ", 2);
			to += 2;
		}
		memcpy(to, texts[i], strlen(texts[i]));
		to += strlen(texts[i]);
	}
	if (unique > 1)
		*to++ = ']';
	*to = '\0';
	return unique > 1 ? out : out + 1;
}

static void fill_invalid(struct status *st, const struct subject *s, const char *name,
			 const struct field_errors *e, struct arena *a)
{
	char **texts = arena_alloc(a, e->n * sizeof *texts);
	char **bodies = arena_alloc(a, e->n * sizeof *bodies);
	const char *kind = s->kind;

	if (*s->group)
		kind = arena_printf(a, "%s.%s", s->kind, s->group);
	for (size_t i = 0; i < e->n; i++) {
		bodies[i] = error_body(a, &e->items[i]);
		texts[i] = arena_printf(a, "%s: %s",
					e->items[i].field ? e->items[i].field : "<nil>", bodies[i]);
	}
	status_other(st, 422, "Invalid", "%s %s is invalid: %s", kind,
		     go_quote(a, name, strlen(name)), join_errors(a, texts, e->n));
	for (size_t i = 0; i < e->n; i++)
		status_add_cause(st, types[e->items[i].type].reason, bodies[i], e->items[i].field);
	st->group = *s->group ? copy(s->group) : NULL;
	st->kind = *s->kind ? copy(s->kind) : NULL;
	st->name = *name ? copy(name) : NULL;
}

bool status_invalid(struct status *st, const struct subject *s, const char *name,
		    struct field_errors *e)
{
	static const struct subject nobody = { .group = "", .resource = "", .kind = "" };
	struct arena *a;

	if (!e->n)
		return true;
	if (st) {
		a = arena_new();
		fill_invalid(st, s ? s : &nobody, name ? name : "", e, a);
		arena_free(&a);
	}
	field_errors_clear(e);
	return false;
}
