/*
 * status: constructors of the one error.
 *
 * Texts, codes and which of them carry "details" are the protocol (k8s:
 * apimachinery/pkg/api/errors/errors.go); clients compare reasons and some compare messages.
 * A constructor replaces whatever the status held, so that a retry may reuse it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* vasprintf */
#endif
#include "base/status.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *dup_or_null(const char *s)
{
	char *d = s ? strdup(s) : NULL;

	if (s && !d)
		bug("out of memory: status");
	return d;
}

static char *format_v(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *format_v(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		bug("out of memory: status");
	return s;
}

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = format_v(fmt, ap);
	va_end(ap);
	return s;
}

void status_clear(struct status *st)
{
	free(st->reason_own);
	free(st->message);
	free(st->name);
	free(st->group);
	free(st->kind);
	free(st->uid);
	free(st->list_continue);
	for (size_t i = 0; i < st->ncauses; i++) {
		free(st->causes[i].reason);
		free(st->causes[i].message);
		free(st->causes[i].field);
	}
	free(st->causes);
	*st = (struct status)STATUS_INIT;
}

void status_move(struct status *dst, struct status *src)
{
	struct status moved = *src;

	*src = (struct status)STATUS_INIT;
	if (!dst) {
		status_clear(&moved);
		return;
	}
	status_clear(dst);
	*dst = moved;
}

bool status_is(const struct status *st, const char *r)
{
	return st->reason && strcmp(st->reason, r) == 0;
}

void status_set_reason(struct status *st, const char *reason)
{
	if (!st)
		return;
	free(st->reason_own);
	st->reason_own = dup_or_null(reason);
	st->reason = st->reason_own ? st->reason_own : "";
}

void status_add_cause(struct status *st, const char *reason, const char *message, const char *field)
{
	struct cause *grown;

	if (!st)
		return;
	grown = realloc(st->causes, (st->ncauses + 1) * sizeof *grown);
	if (!grown)
		bug("out of memory: status");
	st->causes = grown;
	st->causes[st->ncauses++] = (struct cause){
		.reason = dup_or_null(reason),
		.message = dup_or_null(message),
		.field = dup_or_null(field),
	};
	st->details = true;
}

/* The core of every constructor; takes over message. */
static bool fill(struct status *st, int code, const char *reason, char *message)
{
	if (!st) {
		free(message);
		return false;
	}
	status_clear(st);
	st->code = code;
	st->reason = reason;
	st->message = message;
	return false;
}

/* details about a resource; name may be "" or NULL. */
static void set_subject(struct status *st, const struct subject *s, const char *kind, const char *name)
{
	if (!st)
		return;
	st->details = true;
	if (s && *s->group)
		st->group = dup_or_null(s->group);
	if (kind && *kind)
		st->kind = dup_or_null(kind);
	if (name && *name)
		st->name = dup_or_null(name);
}

/* `deployments.apps`, `pods`, `Deployment.apps`; the caller frees. */
static char *qualified(const struct subject *s, const char *what)
{
	return s && *s->group ? format("%s.%s", what, s->group) : format("%s", what);
}

static char *quoted(const char *name)
{
	struct arena *a = arena_new();
	char *s = dup_or_null(go_quote(a, name ? name : "", name ? strlen(name) : 0));

	arena_free(&a);
	return s;
}

/* `<before>R "name"<after>` about a resource; takes over after. */
static bool about(struct status *st, int code, const char *reason, const struct subject *s,
		  const char *before, const char *name, char *after)
{
	if (st) {
		char *r = qualified(s, s->resource), *q = quoted(name);

		fill(st, code, reason, format("%s%s %s%s", before, r, q, after));
		set_subject(st, s, s->resource, name);
		free(r);
		free(q);
	}
	free(after);
	return false;
}

bool status_bad_request(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 400, "BadRequest", format_v(fmt, ap));
	va_end(ap);
	return false;
}

bool status_unauthorized(struct status *st)
{
	return fill(st, 401, "Unauthorized", format("Unauthorized"));
}

bool status_forbidden(struct status *st, const struct subject *s, const char *name, const char *fmt,
		      ...)
{
	char *text, *r;
	va_list ap;

	va_start(ap, fmt);
	text = format_v(fmt, ap);
	va_end(ap);
	if (name && *name) {
		char *after = format(" is forbidden: %s", text);

		free(text);
		return about(st, 403, "Forbidden", s, "", name, after);
	}
	r = qualified(s, s->resource);
	fill(st, 403, "Forbidden", format("%s is forbidden: %s", r, text));
	set_subject(st, s, s->resource, NULL);
	free(r);
	free(text);
	return false;
}

bool status_forbidden_plain(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 403, "Forbidden", format_v(fmt, ap));
	va_end(ap);
	set_subject(st, NULL, NULL, NULL);
	return false;
}

bool status_not_found(struct status *st, const struct subject *s, const char *name)
{
	return about(st, 404, "NotFound", s, "", name, format(" not found"));
}

bool status_no_route(struct status *st)
{
	fill(st, 404, "NotFound", format("the server could not find the requested resource"));
	set_subject(st, NULL, NULL, NULL);
	return false;
}

bool status_method_not_allowed(struct status *st)
{
	fill(st, 405, "MethodNotAllowed",
	     format("the server does not allow this method on the requested resource"));
	set_subject(st, NULL, NULL, NULL);
	return false;
}

bool status_not_acceptable(struct status *st, const char *accepted)
{
	return fill(st, 406, "NotAcceptable",
		    format("only the following media types are accepted: %s", accepted));
}

bool status_already_exists(struct status *st, const struct subject *s, const char *name)
{
	return about(st, 409, "AlreadyExists", s, "", name, format(" already exists"));
}

bool status_conflict(struct status *st, const struct subject *s, const char *name, const char *fmt,
		     ...)
{
	char *text, *after;
	va_list ap;

	va_start(ap, fmt);
	text = format_v(fmt, ap);
	va_end(ap);
	after = format(": %s", text);
	free(text);
	return about(st, 409, "Conflict", s, "Operation cannot be fulfilled on ", name, after);
}

bool status_modified(struct status *st, const struct subject *s, const char *name)
{
	return status_conflict(st, s, name,
			       "the object has been modified; please apply your changes to the latest "
			       "version and try again");
}

bool status_expired(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 410, "Expired", format_v(fmt, ap));
	va_end(ap);
	return false;
}

bool status_too_large(struct status *st, size_t limit_bytes)
{
	return fill(st, 413, "RequestEntityTooLarge",
		    format("Request entity too large: limit is %zu", limit_bytes));
}

bool status_unsupported_media(struct status *st, const char *accepted)
{
	return fill(st, 415, "UnsupportedMediaType",
		    format("the body of the request was in an unknown format - accepted media types "
			   "include: %s",
			   accepted));
}

static void set_retry(struct status *st, int retry_after_s)
{
	if (!st)
		return;
	st->retry_after_s = retry_after_s;
	st->details = true;
}

bool status_too_many(struct status *st, int retry_after_s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 429, "TooManyRequests", format_v(fmt, ap));
	va_end(ap);
	set_retry(st, retry_after_s);
	return false;
}

bool status_internal(struct status *st, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_v(fmt, ap);
	va_end(ap);
	fill(st, 500, "InternalError", format("Internal error occurred: %s", text));
	status_add_cause(st, NULL, text, NULL);
	free(text);
	return false;
}

bool status_plain_error(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 500, "", format_v(fmt, ap));
	va_end(ap);
	return false;
}

bool status_unavailable(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, 503, "ServiceUnavailable", format_v(fmt, ap));
	va_end(ap);
	return false;
}

bool status_timeout(struct status *st, int retry_after_s, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_v(fmt, ap);
	va_end(ap);
	fill(st, 504, "Timeout", format("Timeout: %s", text));
	set_retry(st, retry_after_s);
	free(text);
	return false;
}

bool status_other(struct status *st, int code, const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(st, code, reason, format_v(fmt, ap));
	va_end(ap);
	return false;
}
