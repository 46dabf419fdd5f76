/* What tests of kind's hooks share: an object through defaulting, preparing and validation. */
#ifndef NUTSHELL_TESTS_KIND_SETUP_H
#define NUTSHELL_TESTS_KIND_SETUP_H

#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct setup {
	struct arena *a;
	struct kinds *ks;
	struct status st;
	struct field_errors errors;
	struct hook h;
	struct json *last; /* what create() and update() worked on */
};

static void begin(struct setup *s)
{
	*s = (struct setup){ .a = arena_new(), .ks = kinds_new() };
	s->h = (struct hook){ .a = s->a, .now_s = 1700000000, .user = "u", .errors = &s->errors };
}

static void finish(struct setup *s)
{
	field_errors_clear(&s->errors);
	status_clear(&s->st);
	kinds_free(&s->ks);
	arena_free(&s->a);
}

/* A cleaned and defaulted tree; single quotes in text stand for double quotes. */
static struct json *object(struct setup *s, const char *text)
{
	char *t = arena_strdup(s->a, text);
	struct schema_warnings w = { 0 };
	struct json *o;

	status_clear(&s->st);
	for (char *p = t; *p; p++)
		if (*p == '\'')
			*p = '"';
	o = json_parse(s->a, t, strlen(t), NULL, &s->st);
	CHECK_STR(s->st.message, NULL);
	s->h.kind = kinds_by_api_version(s->ks, json_path_str(o, "apiVersion"),
					 json_path_str(o, "kind"));
	CHECK(s->h.kind != NULL);
	schema_clean(s->a, s->h.kind->type, s->h.kind->subject.kind, s->h.kind->version, o, NULL,
		     &w, &s->st);
	CHECK_STR(s->st.message, NULL);
	if (s->h.kind->defaults)
		s->h.kind->defaults(&s->h, o);
	return o;
}

static const char *verdict(struct setup *s, const struct json *o)
{
	status_clear(&s->st);
	if (status_invalid(&s->st, &s->h.kind->subject, meta_name(o), &s->errors))
		return NULL;
	return arena_strdup(s->a, s->st.message);
}

static inline const char *create(struct setup *s, const char *text)
{
	struct json *o = object(s, text);

	s->h.nwarnings = 0;
	s->last = o;
	json_set_str(s->a, meta_ensure(s->a, o), "uid", "u-1");
	kind_prepare_create(&s->h, o);
	kind_validate_meta(&s->h, o, NULL);
	if (s->h.kind->validate)
		s->h.kind->validate(&s->h, o);
	kind_warn(&s->h, o, NULL);
	return verdict(s, o);
}

static inline const char *update(struct setup *s, const char *before, const char *after)
{
	struct json *old = object(s, before), *o;

	kind_prepare_create(&s->h, old);
	s->last = o = object(s, after);
	s->h.nwarnings = 0;
	kind_prepare_update(&s->h, o, old);
	kind_validate_meta(&s->h, o, old);
	if (s->h.kind->validate)
		s->h.kind->validate(&s->h, o);
	if (s->h.kind->validate_update)
		s->h.kind->validate_update(&s->h, o, old);
	kind_warn(&s->h, o, old);
	return verdict(s, o);
}

/* The warnings of the last create() or update(), a line each. */
static inline const char *warnings(struct setup *s)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < s->h.nwarnings; i++)
		buf_addf(&b, "%s%s", i ? "\n" : "", s->h.warnings[i]);
	return arena_dup(s->a, b.p ? b.p : "", b.len);
}

#define POD(spec) \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'d'},'spec':{" spec "}}"
#define C "'containers':[{'name':'c','image':'i'}]"

#endif
