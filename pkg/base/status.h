/*
 * status: the one error of the house, the Kubernetes Status object.
 *
 * A fallible function takes struct status *st last, leaves it untouched on success
 * and fills it once, where the fault is found, through a constructor below.  Every
 * constructor returns false, so that `return status_not_found(st, r, n);` is one
 * line.  Messages are upstream's texts (k8s: apimachinery/pkg/api/errors).  A status
 * owns its strings: STATUS_INIT before use, status_clear() after.  Passing NULL is legal
 * and drops the error.
 */
#ifndef NUTSHELL_BASE_STATUS_H
#define NUTSHELL_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cause {
	char *reason, *message, *field; /* each may be NULL */
};

struct status {
	int code;           /* HTTP status; 0 = no error recorded */
	const char *reason; /* static string such as "NotFound"; "" when upstream has none */
	char *reason_own; /* holds reason when it is not static (what a webhook made up); else NULL */
	char *message;
	char *name, *group, *kind, *uid; /* details; NULL when absent */
	struct cause *causes;
	size_t ncauses;
	int retry_after_s;   /* 0 = none */
	bool details;        /* emit "details" even when empty */
	char *list_continue; /* metadata.continue of an Expired list; NULL else */
};

#define STATUS_INIT \
	{           \
		0   \
	}
#define STATUS_AUTO __attribute__((cleanup(status_clear)))

/* What a Status calls the subject: resource "deployments" of group "apps" (core: ""), kind
 * "Deployment".  struct kind embeds one, so that errors need no knowledge of kinds. */
struct subject {
	const char *group, *resource, *kind;
};

void status_clear(struct status *st);
/* Move src into dst (dst's old contents are released, src becomes empty). */
void status_move(struct status *dst, struct status *src);
static inline bool status_ok(const struct status *st)
{
	return st->code == 0;
}
/* The reason string equals r. */
bool status_is(const struct status *st, const char *r);

/* 400 BadRequest, the formatted message as it is. */
bool status_bad_request(struct status *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 401 Unauthorized. */
bool status_unauthorized(struct status *st);
/* 403 `R "name" is forbidden: <text>`; name may be "" (then no quoted name). */
bool status_forbidden(struct status *st, const struct subject *s, const char *name, const char *fmt,
		      ...) __attribute__((format(printf, 4, 5)));
/* 403 without subject, the formatted message as it is, with its prefix: `forbidden: User "u" cannot
 * get path "/x"` and the like. */
bool status_forbidden_plain(struct status *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 404 `R "name" not found`. */
bool status_not_found(struct status *st, const struct subject *s, const char *name);
/* 404 `the server could not find the requested resource`. */
bool status_no_route(struct status *st);
/* 405. */
bool status_method_not_allowed(struct status *st);
/* 406 `only the following media types are accepted: <accepted>`. */
bool status_not_acceptable(struct status *st, const char *accepted);
/* 409 AlreadyExists. */
bool status_already_exists(struct status *st, const struct subject *s, const char *name);
/* 409 Conflict `Operation cannot be fulfilled on R "name": <text>`. */
bool status_conflict(struct status *st, const struct subject *s, const char *name, const char *fmt,
		     ...) __attribute__((format(printf, 4, 5)));
/* The usual text: the object has been modified; please apply your changes ... */
bool status_modified(struct status *st, const struct subject *s, const char *name);
/* 410 Expired. */
bool status_expired(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 413. */
bool status_too_large(struct status *st, size_t limit_bytes);
/* 415; accepted: comma separated list of media types. */
bool status_unsupported_media(struct status *st, const char *accepted);
/* 429 TooManyRequests. */
bool status_too_many(struct status *st, int retry_after_s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 500 `Internal error occurred: <text>`, the text also as cause. */
bool status_internal(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 500 with the message as it is and no reason (upstream's plain errors). */
bool status_plain_error(struct status *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 503 ServiceUnavailable. */
bool status_unavailable(struct status *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 504 Timeout. */
bool status_timeout(struct status *st, int retry_after_s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Any other code with an explicit reason (a static string). */
bool status_other(struct status *st, int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Replace the reason by a copy of any text. */
void status_set_reason(struct status *st, const char *reason);
/* Append a cause; strings are copied, NULL allowed. */
void status_add_cause(struct status *st, const char *reason, const char *message, const char *field);

/*
 * Field errors of one validation pass (k8s: apimachinery/pkg/util/validation/field).
 * Collect with field_error(), end with status_invalid(), which yields 422 Invalid
 * `K "name" is invalid: e` or `[e1, e2]` with one cause each, or true when there are none.
 */
enum field_error_type {
	FIELD_REQUIRED,      /* Required value */
	FIELD_INVALID,       /* Invalid value: v */
	FIELD_TYPE_INVALID,  /* Invalid value: v, reason FieldValueTypeInvalid */
	FIELD_NOT_SUPPORTED, /* Unsupported value: v */
	FIELD_DUPLICATE,     /* Duplicate value: v */
	FIELD_NOT_FOUND,     /* Not found: v */
	FIELD_FORBIDDEN,     /* Forbidden: detail */
	FIELD_TOO_LONG,      /* Too long: detail */
	FIELD_TOO_MANY,      /* Too many: detail */
	FIELD_TOO_FEW,       /* Too few: detail */
	FIELD_INTERNAL,      /* Internal error: detail */
};

struct field_errors {
	struct field_error {
		enum field_error_type type;
		char *field, *value, *detail;
	} * items;
	size_t n;
};

#define FIELD_ERRORS_INIT \
	{                 \
		0         \
	}

/* Add one error; path such as "spec.containers[0].name"; value is the rendered bad value
 * (a Go-quoted string, a bare number, compact JSON) or NULL; detail may be NULL.  Copies. */
void field_error(struct field_errors *e, enum field_error_type type, const char *path,
		 const char *value, const char *detail);
/* As field_error() with the string value Go-quoted for you. */
void field_error_str(struct field_errors *e, enum field_error_type type, const char *path,
		     const char *value, const char *detail);
/* printf-formatted detail. */
void field_errorf(struct field_errors *e, enum field_error_type type, const char *path,
		  const char *value, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void field_errors_clear(struct field_errors *e);
/* True when e is empty.  Else fill st and return false.  Clears e either way. */
bool status_invalid(struct status *st, const struct subject *s, const char *name,
		    struct field_errors *e);

#endif
