/*
 * check_text: the formats of names, keys and labels, matched by hand-written scanners (they run for
 * every label of every write) and explained in upstream's words, regular expressions included.
 * k8s: apimachinery/pkg/api/validate/content, pkg/util/validation/validation.go.
 */
#include "kind/check.h"

#include "base/arena.h"
#include "kind/kind.h"

#include <string.h>

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define PORT_NAME_MAX 15

#define RE_LABEL "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define RE_SUBDOMAIN RE_LABEL "(\\." RE_LABEL ")*"
#define RE_KEY "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define REGEX(re) "regex used for validation is '" re "')"

#define SUBDOMAIN_RULE                                                                                   \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "            \
	"'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', " REGEX( \
		RE_SUBDOMAIN)
#define SUBDOMAIN_LONG "must be no more than 253 characters"
/* the prefix of a label key has its own wording of length */
#define PREFIX_LONG "prefix part must be no more than 253 bytes"
#define LABEL_RULE                                                                                      \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "        \
	"and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', " REGEX( \
		RE_LABEL)
#define KEY_RULE                                                                                 \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with " \
	"an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', " REGEX(RE_KEY)

/* What is wrong with a text. */
struct faults {
	const char *text[TEXT_FAULTS_MAX];
	size_t n;
};

static void fault(struct faults *f, const char *text)
{
	if (f->n < TEXT_FAULTS_MAX)
		f->text[f->n++] = text;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_low_alnum(char c)
{
	return is_lower(c) || is_digit(c);
}

/* n bytes that are an RFC 1123 label of any length. */
static bool is_label(const char *s, size_t n)
{
	if (!n || !is_low_alnum(s[0]) || !is_low_alnum(s[n - 1]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_low_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_subdomain(const char *s, size_t n)
{
	for (;;) {
		const char *dot = memchr(s, '.', n);
		size_t part = dot ? (size_t)(dot - s) : n;

		if (!is_label(s, part))
			return false;
		if (!dot)
			return true;
		s += part + 1;
		n -= part + 1;
	}
}

/* The name part of label keys, and label values that are not empty. */
static bool is_key(const char *s, size_t n)
{
	if (!n || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

static void dns_label(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 characters");
	if (!is_label(s, n))
		fault(f, is_subdomain(s, n) ? "must not contain dots" : LABEL_RULE);
}

static void dns_label_1035(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 characters");
	if (!is_label(s, n) || !is_lower(s[0]))
		fault(f, "a DNS-1035 label must consist of lower case alphanumeric characters or "
			 "'-', start with an alphabetic character, and end with an alphanumeric "
			 "character (e.g. 'my-name',  or 'abc-123', " REGEX(
				 "[a-z]([-a-z0-9]*[a-z0-9])?"));
}

static void dns_subdomain(struct faults *f, const char *s, size_t n)
{
	if (n > SUBDOMAIN_MAX)
		fault(f, SUBDOMAIN_LONG);
	if (!is_subdomain(s, n))
		fault(f, SUBDOMAIN_RULE);
}

static void wildcard_subdomain(struct faults *f, const char *s, size_t n)
{
	if (n > SUBDOMAIN_MAX)
		fault(f, SUBDOMAIN_LONG);
	if (n < 3 || strncmp(s, "*.", 2) || !is_subdomain(s + 2, n - 2))
		fault(f, "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid "
			 "DNS subdomain, which must consist of lower case alphanumeric "
			 "characters, '-' or '.' and end with an alphanumeric character (e.g. "
			 "'*.example.com', " REGEX("\\*\\." RE_SUBDOMAIN));
}

static void label_key(struct faults *f, const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	const char *name = slash ? slash + 1 : s;
	size_t len = n - (size_t)(name - s);

	if (memchr(name, '/', len)) {
		fault(f, "a valid label key " KEY_RULE
			 " with an optional DNS subdomain prefix and '/' (e.g. "
			 "'example.com/MyName')");
		return;
	}
	if (slash && slash == s)
		fault(f, "prefix part must be non-empty");
	else if (slash && slash - s > SUBDOMAIN_MAX)
		fault(f, PREFIX_LONG);
	if (slash && slash > s && !is_subdomain(s, (size_t)(slash - s)))
		fault(f, "prefix part " SUBDOMAIN_RULE);
	if (!len)
		fault(f, "name part must be non-empty");
	else if (len > LABEL_MAX)
		fault(f, "name part must be no more than 63 bytes");
	if (!is_key(name, len))
		fault(f, "name part " KEY_RULE);
}

static void label_value(struct faults *f, const char *s, size_t n)
{
	if (n > LABEL_MAX)
		fault(f, "must be no more than 63 bytes");
	if (n && !is_key(s, n))
		fault(f,
		      "a valid label must be an empty string or consist of alphanumeric "
		      "characters, '-', '_' or '.', and must start and end with an "
		      "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', " REGEX(
			      "(" RE_KEY ")?"));
}

static void path_segment(struct faults *f, const char *s, size_t n)
{
	if (!strcmp(s, "."))
		fault(f, "may not be '.'");
	else if (!strcmp(s, ".."))
		fault(f, "may not be '..'");
	if (memchr(s, '/', n))
		fault(f, "may not contain '/'");
	if (memchr(s, '%', n))
		fault(f, "may not contain '%'");
}

static void port_name(struct faults *f, const char *s, size_t n)
{
	bool letter = false, charset = n > 0;

	for (size_t i = 0; i < n; i++) {
		letter |= is_lower(s[i]);
		charset &= is_low_alnum(s[i]) || s[i] == '-';
	}
	if (n > PORT_NAME_MAX)
		fault(f, "must be no more than 15 characters");
	if (!charset)
		fault(f, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
	if (!letter)
		fault(f, "must contain at least one letter (a-z)");
	if (strstr(s, "--"))
		fault(f, "must not contain consecutive hyphens");
	if (n && (s[0] == '-' || s[n - 1] == '-'))
		fault(f, "must not begin or end with a hyphen");
}

static void env_name(struct faults *f, const char *s, size_t n)
{
	if (!n)
		fault(f, "environment variable name must be non-empty");
	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~' || s[i] == '=') {
			fault(f, "a valid environment variable name must consist only of printable "
				 "ASCII characters other than '='");
			return;
		}
	}
}

static void config_key(struct faults *f, const char *s, size_t n)
{
	bool ok = n > 0;

	for (size_t i = 0; i < n; i++)
		ok &= is_alnum(s[i]) || strchr("-_.", s[i]);
	if (n > SUBDOMAIN_MAX)
		fault(f, SUBDOMAIN_LONG);
	if (!ok)
		fault(f, "a valid config key must consist of alphanumeric characters, '-', '_' or "
			 "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " REGEX(
				 "[-._a-zA-Z0-9]+"));
	if (!strcmp(s, "."))
		fault(f, "must not be '.'");
	else if (!strcmp(s, ".."))
		fault(f, "must not be '..'");
	else if (!strncmp(s, "..", 2))
		fault(f, "must not start with '..'");
}

static void http_header(struct faults *f, const char *s, size_t n)
{
	bool ok = n > 0;

	for (size_t i = 0; i < n; i++)
		ok &= is_alnum(s[i]) || s[i] == '-';
	if (!ok)
		fault(f, "a valid HTTP header must consist of alphanumeric characters or '-' "
			 "(e.g. 'X-Header-Name', " REGEX("[-A-Za-z0-9]+"));
}

static void c_identifier(struct faults *f, const char *s, size_t n)
{
	bool ok = n > 0 && !is_digit(s[0]);

	for (size_t i = 0; i < n; i++)
		ok &= is_alnum(s[i]) || s[i] == '_';
	if (!ok)
		fault(f, "a valid C identifier must start with alphabetic character or '_', "
			 "followed by a string of alphanumeric characters or '_' (e.g. 'my_name',"
			 "  or 'MY_NAME',  or 'MyName', " REGEX("[A-Za-z_][A-Za-z0-9_]*"));
}

static void (*const formats[])(struct faults *f, const char *s, size_t n) = {
	[TEXT_DNS_LABEL] = dns_label,         [TEXT_DNS_LABEL_1035] = dns_label_1035,
	[TEXT_DNS_SUBDOMAIN] = dns_subdomain, [TEXT_WILDCARD_SUBDOMAIN] = wildcard_subdomain,
	[TEXT_LABEL_KEY] = label_key,         [TEXT_LABEL_VALUE] = label_value,
	[TEXT_PATH_SEGMENT] = path_segment,   [TEXT_PORT_NAME] = port_name,
	[TEXT_ENV_NAME] = env_name,           [TEXT_CONFIG_KEY] = config_key,
	[TEXT_HTTP_HEADER] = http_header,     [TEXT_C_IDENTIFIER] = c_identifier,
};

size_t text_faults(enum text_format format, const char *s, const char *out[TEXT_FAULTS_MAX])
{
	struct faults f = { .n = 0 };

	formats[format](&f, s, strlen(s));
	memcpy(out, f.text, sizeof f.text);
	return f.n;
}

bool text_ok(enum text_format format, const char *s)
{
	struct faults f = { .n = 0 };

	formats[format](&f, s, strlen(s));
	return !f.n;
}

bool check_text(struct hook *h, const struct at *at, enum text_format format, const char *s)
{
	struct faults f = { .n = 0 };

	formats[format](&f, s, strlen(s));
	for (size_t i = 0; i < f.n; i++)
		err_invalid(h, at, s, "%s", f.text[i]);
	return !f.n;
}
