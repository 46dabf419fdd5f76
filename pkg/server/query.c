/*
 * The parameters of a request.
 *
 * Decoding follows Go's net/url (a malformed pair is dropped, not refused) and apimachinery's
 * conversions (a flag is true unless it is absent, "0" or "false").  The options objects built from them
 * are validated as upstream validates CreateOptions, UpdateOptions and PatchOptions, so that a client's
 * typo in dryRun or fieldValidation is a 422 and never a write that was meant to be a rehearsal.
 * k8s: apimachinery/pkg/runtime/conversion.go, apimachinery/pkg/apis/meta/v1/validation
 */
#include "server/query.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long a request that is no watch may take. */
#define LONGEST_NS (60 * INT64_C(1000000000))

static void add_pair(struct arena *a, struct query *q, const char *s, size_t n)
{
	if (n == 0 || memchr(s, ';', n))
		return;
	const char *eq = memchr(s, '=', n);
	size_t name_len = eq ? (size_t)(eq - s) : n;
	const char *name = url_decode(a, s, name_len, true);
	const char *value = eq ? url_decode(a, eq + 1, n - name_len - 1, true) : "";

	if (!name || !value)
		return;
	q->pairs[q->n].name = name;
	q->pairs[q->n++].value = value;
}

void query_parse(struct arena *a, const char *raw, struct query *q)
{
	size_t max = 1;

	q->pairs = NULL;
	q->n = 0;
	if (!*raw)
		return;
	for (const char *p = raw; *p; p++)
		max += *p == '&';
	q->pairs = arena_alloc(a, max * sizeof *q->pairs);
	while (*raw) {
		size_t n = strcspn(raw, "&");

		add_pair(a, q, raw, n);
		raw += n + (raw[n] == '&');
	}
}

const char *query_get(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->pairs[i].name, name) == 0)
			return q->pairs[i].value;
	return NULL;
}

const char *query_str(const struct query *q, const char *name)
{
	const char *v = query_get(q, name);

	return v ? v : "";
}

bool query_flag(const struct query *q, const char *name)
{
	const char *v = query_get(q, name);

	return v && strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0;
}

bool query_int(const struct query *q, const char *name, int64_t *v, struct status *st)
{
	const char *s = query_get(q, name);
	const char *digits;
	char *end;

	if (!s)
		return true;
	digits = s + (*s == '-' || *s == '+');
	if (!*digits || digits[strspn(digits, "0123456789")])
		return status_bad_request(st, "strconv.ParseInt: parsing \"%s\": invalid syntax", s);
	errno = 0;
	long long n = strtoll(s, &end, 10);
	if (errno)
		return status_bad_request(st,
					  "strconv.ParseInt: parsing \"%s\": value out of range", s);
	*v = n;
	return true;
}

/* Go's unicode.IsPrint for what can occur: no control characters. */
static bool check_manager(struct field_errors *errs, const char *m)
{
	if (strlen(m) > 128)
		field_error(errs, FIELD_TOO_LONG, "fieldManager", NULL,
			    "may not be more than 128 bytes");
	for (size_t i = 0; m[i]; i++) {
		unsigned char c = (unsigned char)m[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		struct arena *a = arena_new();
		field_errorf(errs, FIELD_INVALID, "fieldManager", go_quote(a, m, strlen(m)),
			     "invalid character U+%04X (at position %zu)", c, i);
		arena_free(&a);
	}
	return true;
}

/* The characters before the first slash of the User-Agent, at most 128, control characters left out. */
static const char *default_manager(struct arena *a, const char *user_agent)
{
	size_t n = user_agent ? strcspn(user_agent, "/") : 0;
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)user_agent[i] >= 0x20 && user_agent[i] != 0x7f)
			out[len++] = user_agent[i];
	if (len > 128) {
		len = 128;
		while (len && ((unsigned char)out[len] & 0xc0) == 0x80)
			len--;
	}
	out[len] = '\0';
	return len ? out : "unknown";
}

static void check_dry_run(struct field_errors *errs, const char *const *values, size_t n)
{
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok = ok && strcmp(values[i], "All") == 0;
	if (ok)
		return;
	struct arena *a = arena_new();
	struct json *list = json_array(a);
	for (size_t i = 0; i < n; i++)
		json_append(list, json_string(a, values[i]));
	field_error(errs, FIELD_NOT_SUPPORTED, "dryRun", json_text(a, list),
		    "supported values: \"All\"");
	arena_free(&a);
}

static size_t all_values(struct arena *a, const struct query *q, const char *name, const char ***out)
{
	size_t n = 0;

	*out = arena_alloc(a, (q->n + 1) * sizeof **out);
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->pairs[i].name, name) == 0)
			(*out)[n++] = q->pairs[i].value;
	return n;
}

static void check_validation(struct field_errors *errs, const char *v, enum field_validation *out)
{
	*out = VALIDATION_WARN;
	if (strcmp(v, "Strict") == 0)
		*out = VALIDATION_STRICT;
	else if (strcmp(v, "Ignore") == 0)
		*out = VALIDATION_IGNORE;
	else if (*v && strcmp(v, "Warn") != 0)
		field_error_str(errs, FIELD_NOT_SUPPORTED, "fieldValidation", v,
				"supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"");
}

bool query_write_options(const struct query *q, enum options_kind kind, const char *user_agent,
			 struct call *c, bool *force, struct status *st)
{
	static const struct subject subjects[] = {
		[OPTIONS_CREATE] = { "meta.k8s.io", "", "CreateOptions" },
		[OPTIONS_UPDATE] = { "meta.k8s.io", "", "UpdateOptions" },
		[OPTIONS_PATCH] = { "meta.k8s.io", "", "PatchOptions" },
		[OPTIONS_APPLY] = { "meta.k8s.io", "", "PatchOptions" },
	};
	struct field_errors errs = FIELD_ERRORS_INIT;
	const char *manager = query_str(q, "fieldManager");
	const char **dry;
	size_t ndry = all_values(c->a, q, "dryRun", &dry);

	if (kind == OPTIONS_APPLY && !*manager)
		field_error(&errs, FIELD_REQUIRED, "fieldManager", NULL,
			    "is required for apply patch");
	if (kind == OPTIONS_PATCH && query_get(q, "force"))
		field_error(&errs, FIELD_FORBIDDEN, "force", NULL,
			    "may not be specified for non-apply patch");
	if (force)
		*force = kind == OPTIONS_APPLY && query_flag(q, "force");
	check_manager(&errs, manager);
	check_dry_run(&errs, dry, ndry);
	check_validation(&errs, query_str(q, "fieldValidation"), &c->validation);
	c->dry_run = ndry > 0;
	c->asked_manager = query_get(q, "fieldManager");
	c->asked_validation = query_get(q, "fieldValidation");
	c->manager = *manager ? manager : default_manager(c->a, user_agent);
	return status_invalid(st, &subjects[kind], "", &errs);
}

bool query_list_options(const struct query *q, struct list_options *o, struct status *st)
{
	int64_t timeout;

	o->label_selector = query_str(q, "labelSelector");
	o->field_selector = query_str(q, "fieldSelector");
	o->cont = query_str(q, "continue");
	o->resource_version = query_str(q, "resourceVersion");
	o->match = query_str(q, "resourceVersionMatch");
	return query_int(q, "limit", &o->limit, st) && query_int(q, "timeoutSeconds", &timeout, st);
}

bool query_timeout(const struct query *q, int64_t *ns, struct status *st)
{
	const char *s = query_str(q, "timeout");

	*ns = 0;
	if (!*s || duration_parse(s, ns)) {
		if (*ns <= 0 || *ns > LONGEST_NS)
			*ns = LONGEST_NS;
		return true;
	}
	return status_bad_request(st,
				  "invalid timeout specified in the request URL - time: invalid "
				  "duration \"%s\"",
				  s);
}

struct json *query_delete_options(struct arena *a, const struct query *q, struct status *st)
{
	struct json *o = json_object(a);
	int64_t grace = 0;

	if (!query_int(q, "gracePeriodSeconds", &grace, st))
		return NULL;
	if (query_get(q, "gracePeriodSeconds"))
		json_set_int(a, o, "gracePeriodSeconds", grace);
	if (query_get(q, "propagationPolicy"))
		json_set_str(a, o, "propagationPolicy", query_get(q, "propagationPolicy"));
	if (query_get(q, "orphanDependents"))
		json_set_bool(a, o, "orphanDependents", query_flag(q, "orphanDependents"));
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->pairs[i].name, "dryRun") == 0)
			json_append(json_ensure_array(a, o, "dryRun"),
				    json_string(a, q->pairs[i].value));
	return o;
}

bool query_dry_run(const char *const *values, size_t n, const char *options_kind, bool *dry,
		   struct status *st)
{
	const struct subject s = { "meta.k8s.io", "", options_kind };
	struct field_errors errs = FIELD_ERRORS_INIT;

	check_dry_run(&errs, values, n);
	*dry = n > 0;
	return status_invalid(st, &s, "", &errs);
}
