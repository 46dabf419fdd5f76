/*
 * The context of one task: who calls, with what strictness, and the warnings collected on the way.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"

#include <stdarg.h>
#include <string.h>

static const char *const system_groups[] = { "system:masters", "system:authenticated", NULL };

const struct user api_system_user = {
	.name = "system:apiserver",
	.uid = "",
	.groups = system_groups,
};

void call_init(struct call *c, struct api *api, struct arena *a, const char *name)
{
	*c = (struct call){
		.api = api,
		.a = a,
		.user = &api_system_user,
		.manager = name,
		.validation = VALIDATION_IGNORE,
	};
}

static void warning_push(struct call *c, char *text)
{
	/* doubled at each power of two; the arena forgets the old array */
	if (!(c->nwarnings & (c->nwarnings - 1))) {
		size_t cap = c->nwarnings ? c->nwarnings * 2 : 1;
		char **grown = arena_alloc(c->a, cap * sizeof *grown);

		if (c->nwarnings)
			memcpy(grown, c->warnings, c->nwarnings * sizeof *grown);
		c->warnings = grown;
	}
	c->warnings[c->nwarnings++] = text;
}

void call_warn(struct call *c, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(c->a, fmt, ap);
	va_end(ap);
	/* upstream tells each warning once per request */
	for (size_t i = 0; i < c->nwarnings; i++)
		if (!strcmp(c->warnings[i], text))
			return;
	warning_push(c, text);
}

void call_annotate(struct call *c, const char *key, const char *value)
{
	if (!c->annotations)
		c->annotations = json_object(c->a);
	if (!json_get(c->annotations, key))
		json_set_str(c->a, c->annotations, key, value);
}

void hook_open(struct hook *h, struct call *c, const struct kind *k)
{
	*h = (struct hook){
		.a = c->a,
		.kind = k,
		.now_s = clock_now_s(),
		.user = c->user->name,
		.errors = arena_zalloc(c->a, sizeof *h->errors),
	};
}

void hook_close(struct hook *h, struct call *c)
{
	for (size_t i = 0; i < h->nwarnings; i++)
		call_warn(c, "%s", h->warnings[i]);
	h->nwarnings = 0;
	field_errors_clear(h->errors);
}

bool hook_verdict(struct hook *h, struct call *c, const char *name, struct status *st)
{
	bool ok = status_invalid(st, &h->kind->subject, name, h->errors);

	hook_close(h, c);
	return ok;
}
