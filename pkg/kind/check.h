/*
 * check: how validation hooks name a field, report it, and what texts are well-formed (private to
 * the package).
 *
 * A field path is a chain of struct at on the stack, rendered only when there is something to
 * report, so that valid objects cost no path building:
 *
 *	check_text(h, AT(AT_ITEM(AT(spec, "containers"), i), "name"), TEXT_DNS_LABEL, name);
 *
 * All texts are upstream's.  k8s: apimachinery/pkg/util/validation, pkg/api/validate/content.
 */
#ifndef NUTSHELL_KIND_CHECK_H
#define NUTSHELL_KIND_CHECK_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct hook;
struct json;

/* One step of a path: a member, an index ([3]) or a map key ([key]). */
struct at {
	const struct at *up;
	const char *name; /* member, or key when index is AT_IS_KEY */
	long index;
};

#define AT_IS_MEMBER (-1)
#define AT_IS_KEY (-2)
#define AT_ROOT(n) (&(const struct at){ NULL, n, AT_IS_MEMBER })
#define AT(up, n) (&(const struct at){ up, n, AT_IS_MEMBER })
#define AT_ITEM(up, i) (&(const struct at){ up, NULL, (long)(i) })
#define AT_KEY(up, k) (&(const struct at){ up, k, AT_IS_KEY })

/* "spec.containers[0].env[1].name", in the hook's arena. */
char *at_text(const struct hook *h, const struct at *at);

/* ---- reporting: each adds one field error; detail formats may be NULL ---- */
void err_required(struct hook *h, const struct at *at, const char *detail);
void err_forbidden(struct hook *h, const struct at *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The bad value as a string, as an integer, as a tree (string quoted, number bare, else JSON). */
void err_invalid(struct hook *h, const struct at *at, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void err_invalid_int(struct hook *h, const struct at *at, int64_t value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void err_invalid_json(struct hook *h, const struct at *at, const struct json *value,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void err_duplicate(struct hook *h, const struct at *at, const char *value);
void err_not_found(struct hook *h, const struct at *at, const char *value);
/* supported: NULL-terminated, in the order to be shown. */
void err_unsupported(struct hook *h, const struct at *at, const char *value,
		     const char *const *supported);
void err_too_long(struct hook *h, const struct at *at, size_t max_bytes);
void err_too_many(struct hook *h, const struct at *at, size_t n, size_t max);

/* ---- texts ---- */
enum text_format {
	TEXT_DNS_LABEL,
	TEXT_DNS_LABEL_1035,
	TEXT_DNS_SUBDOMAIN,
	TEXT_WILDCARD_SUBDOMAIN,
	TEXT_LABEL_KEY, /* a qualified name */
	TEXT_LABEL_VALUE,
	TEXT_PATH_SEGMENT,
	TEXT_PORT_NAME,
	TEXT_ENV_NAME,
	TEXT_CONFIG_KEY,
	TEXT_HTTP_HEADER,
	TEXT_C_IDENTIFIER,
};

/* What is wrong with s, as sentences; how many. */
enum { TEXT_FAULTS_MAX = 8 };
size_t text_faults(enum text_format f, const char *s, const char *out[TEXT_FAULTS_MAX]);
/* True when s has the format. */
bool text_ok(enum text_format f, const char *s);
/* As text_ok(), and one Invalid error for each thing that is wrong. */
bool check_text(struct hook *h, const struct at *at, enum text_format f, const char *s);

/* ---- values that many kinds share ---- */

/* A string member that must be one of a list: absent is Required when needed.  True when usable. */
bool check_enum(struct hook *h, const struct at *at, const char *value,
		const char *const *supported, bool needed);
bool check_nonnegative(struct hook *h, const struct at *at, const struct json *number);
/* A number that is not negative, or "NN%". (workload_check.c) */
void check_int_or_percent(struct hook *h, const struct at *at, const struct json *v);
/* "must be between 1 and 65535, inclusive" */
bool check_port(struct hook *h, const struct at *at, int64_t port);
/* A port number or port name. */
void check_port_ref(struct hook *h, const struct at *at, const struct json *port);
/* Labels or a matchLabels map. */
void check_labels(struct hook *h, const struct at *at, const struct json *labels);
void check_annotations(struct hook *h, const struct at *at, const struct json *annotations);
/* A metav1.LabelSelector. */
void check_label_selector(struct hook *h, const struct at *at, const struct json *selector);
/* Some step of the path is "..". */
bool has_dotdot(const char *path);
/* An absolute or relative path without "..". */
bool check_no_dotdot(struct hook *h, const struct at *at, const char *path);
/* `field is immutable` when now differs from old; NULL, {} and absent are equal. True if equal. */
bool check_immutable(struct hook *h, const struct at *at, const struct json *now,
		     const struct json *old);
/* One side of check_immutable(): equality that treats absent and empty alike at the top. */
bool same_value(const struct json *x, const struct json *y);
/* s is in the NULL-terminated list. */
bool one_of(const char *s, const char *const *list);

enum ip_family { IP_NONE, IP_V4, IP_V6 };
/* The family of a textual address; IP_NONE when it is none. */
enum ip_family ip_family(const char *s);
/* An address or CIDR of a field from before strict parsing.  True when valid. */
bool check_ip(struct hook *h, const struct at *at, const char *s);
bool check_cidr(struct hook *h, const struct at *at, const char *s);
/* Warn about IPv6 that is not in canonical form. */
void warn_ip(struct hook *h, const struct at *at, const char *s);
void warn_cidr(struct hook *h, const struct at *at, const char *s);
/* True when inner lies in outer; *strictly: and is smaller. */
bool cidr_contains(struct arena *a, const char *outer, const char *inner, bool *strictly);

#endif
