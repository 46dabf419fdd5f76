/*
 * A format is a row: its name without dashes, and either an expression or a function.  Expressions are compiled
 * once, when the first value with a format is checked.
 */
#include "kind/format.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/thread.h"
#include "kind/check.h"
#include "kind/structural.h"
#include "obj/regex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HEX4 "[0-9a-f]{4}-?"
#define UUID(third, fourth) "(?i)^[0-9a-f]{8}-?" HEX4 third "-?" fourth "-?[0-9a-f]{12}$"
#define BYTE "\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*"
#define SYMBOL "a-zA-Z0-9\\p{S}\\p{L}"

static bool is_any(const char *s)
{
	(void)s;
	return true;
}

/* Zeros that lead a decimal are tolerated. */
static enum ip_family sloppy_family(const char *whole)
{
	const char *s = whole;
	char text[64];
	size_t n = 0;

	for (; *s && n < sizeof text - 1; s++) {
		bool first = !n || text[n - 1] == '.';

		if (!(*s == '0' && first && isdigit((unsigned char)s[1])))
			text[n++] = *s;
	}
	text[n] = '\0';
	return *s ? IP_NONE : ip_family(strchr(whole, ':') ? whole : text);
}

static bool is_ipv4(const char *s)
{
	return sloppy_family(s) != IP_NONE && strchr(s, '.');
}

static bool is_ipv6(const char *s)
{
	return ip_family(s) != IP_NONE && strchr(s, ':');
}

static bool is_cidr(const char *s)
{
	const char *slash = strchr(s, '/');
	char ip[64], *end;
	enum ip_family f;
	long bits;

	if (!slash || (size_t)(slash - s) >= sizeof ip || !isdigit((unsigned char)slash[1]))
		return false;
	memcpy(ip, s, (size_t)(slash - s));
	ip[slash - s] = '\0';
	f = ip_family(ip);
	bits = strtol(slash + 1, &end, 10);
	return f != IP_NONE && !*end && bits <= (f == IP_V4 ? 32 : 128);
}

/* n groups of `digits` hexadecimal digits. */
static bool hex_groups(const char *s, char separator, size_t digits, size_t n)
{
	for (size_t g = 0; g < n; g++) {
		for (size_t i = 0; i < digits; i++)
			if (!isxdigit((unsigned char)*s++))
				return false;
		if (*s++ != (g + 1 < n ? separator : '\0'))
			return false;
	}
	return true;
}

static bool is_mac(const char *s)
{
	static const size_t bytes[] = { 6, 8, 20 };

	for (size_t i = 0; i < 3; i++)
		if (hex_groups(s, ':', 2, bytes[i]) || hex_groups(s, '-', 2, bytes[i]) ||
		    hex_groups(s, '.', 4, bytes[i] / 2))
			return true;
	return false;
}

/* net/url.ParseRequestURI takes it. */
static bool is_uri(const char *s)
{
	const char *colon = strchr(s, ':');

	if (!*s)
		return false;
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
		if (*p == '%' && (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])))
			return false;
	}
	if (*s == '/' || !strcmp(s, "*"))
		return true;
	if (!colon || !isalpha((unsigned char)*s))
		return false;
	for (const char *p = s; p < colon; p++)
		if (!isalnum((unsigned char)*p) && !strchr("+-.", *p))
			return false;
	if (!strncmp(colon, "://", 3)) {
		size_t host = strcspn(colon + 3, "/?#");

		for (size_t i = 0; i < host; i++)
			if (strchr(" \"<>\\^`{|}", colon[3 + i]))
				return false;
	}
	return true;
}

static bool is_atom(const char *s, size_t n)
{
	if (!n || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '.' && s[i + 1] == '.')
			return false;
		if (c < 0x80 && !isalnum(c) && !strchr(".!#$%&'*+-/=?^_`{|}~", c))
			return false;
	}
	return true;
}

/* An address, alone or behind a name and in angle brackets. */
static bool is_email(const char *s)
{
	size_t n = strlen(s);
	const char *open = strchr(s, '<'), *at;

	if (open && n && s[n - 1] == '>') {
		n -= (size_t)(open + 1 - s) + 1;
		s = open + 1;
	}
	at = memchr(s, '@', n);
	while (at && memchr(at + 1, '@', n - (size_t)(at + 1 - s)))
		at = memchr(at + 1, '@', n - (size_t)(at + 1 - s));
	if (!at || !is_atom(at + 1, n - (size_t)(at + 1 - s)))
		return false;
	if (*s == '"')
		return at - s > 1 && at[-1] == '"';
	return is_atom(s, (size_t)(at - s));
}

static bool is_date(const char *s)
{
	char text[32];
	int64_t us;

	if (strlen(s) != 10)
		return false;
	memcpy(text, s, 10);
	memcpy(text + 10, "T00:00:00Z", 11);
	return time_parse(text, &us);
}

static bool two(const char *s, int max)
{
	return isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]) &&
	       (s[0] - '0') * 10 + s[1] - '0' <= max;
}

/* As strfmt's: leap seconds are not, an offset may be anything. */
static bool is_datetime(const char *s)
{
	char date[11];
	const char *p = s + 11;

	if (strlen(s) < 12 || (s[10] | 32) != 't')
		return false;
	memcpy(date, s, 10);
	date[10] = '\0';
	if (!is_date(date) || !two(p, 23) || p[2] != ':' || !two(p + 3, 59) || p[5] != ':' ||
	    !two(p + 6, 59))
		return false;
	p += 8;
	if (*p && (*p | 32) != 'z' && isdigit((unsigned char)p[1]) && (*p == '.' || p[3] != ':'))
		for (p++; isdigit((unsigned char)*p);)
			p++;
	if ((*p | 32) == 'z')
		return !p[1];
	return (*p == '+' || *p == '-') && two(p + 1, 99) && p[3] == ':' && two(p + 4, 99) && !p[6];
}

static bool unit_known(const char *u, size_t n)
{
	static const struct {
		const char *name;
		bool prefix; /* the last variant may go on: "minutes" */
	} units[] = { { "ns", false },        { "nano", true },  { "us", false },
		      { "\xc2\xb5s", false }, { "micro", true }, { "ms", false },
		      { "milli", true },      { "s", false },    { "sec", true },
		      { "m", false },         { "min", true },   { "h", false },
		      { "hr", false },        { "hour", true },  { "d", false },
		      { "day", true },        { "w", false },    { "wk", false },
		      { "week", true } };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t len = strlen(units[i].name);

		if ((units[i].prefix ? n >= len : n == len) && !strncasecmp(u, units[i].name, len))
			return true;
	}
	return false;
}

/* Go's durations, or any text with at least one "5 minutes" in it. */
static bool is_duration(const char *s)
{
	bool found = false;
	int64_t ns;

	if (duration_parse(s, &ns))
		return true;
	while (*s) {
		size_t digits = strspn(s, "0123456789"), unit = 0;

		if (!digits) {
			s++;
			continue;
		}
		if (digits > 19)
			return false;
		s += digits;
		s += strspn(s, " \t\n\f\r");
		while (isalpha((unsigned char)s[unit]) || (unsigned char)s[unit] >= 0x80)
			unit++;
		found |= unit && unit_known(s, unit);
		s += unit;
	}
	return found;
}

static bool is_isbn10(const char *s)
{
	int sum = 0, n = 0;

	for (; *s; s++) {
		if (*s == '-' || *s == ' ')
			continue;
		if (n > 9 || !(isdigit((unsigned char)*s) || (n == 9 && *s == 'X')))
			return false;
		n++;
		sum += n * (*s == 'X' ? 10 : *s - '0');
	}
	return n == 10 && sum % 11 == 0;
}

static bool is_isbn13(const char *s)
{
	int sum = 0, n = 0;

	for (; *s; s++) {
		if (*s == '-' || *s == ' ')
			continue;
		if (n > 12 || !isdigit((unsigned char)*s))
			return false;
		sum += (n++ % 2 ? 3 : 1) * (*s - '0');
	}
	return n == 13 && sum % 10 == 0;
}

static bool is_isbn(const char *s)
{
	return is_isbn10(s) || is_isbn13(s);
}

/* The digits among whatever else make a number of a known issuer with a right check digit. */
static bool is_creditcard(const char *s)
{
	char digits[32];
	size_t n = 0;
	int sum = 0;

	for (; *s; s++)
		if (isdigit((unsigned char)*s) && n < sizeof digits - 1)
			digits[n++] = *s;
	digits[n] = '\0';
	if (n < 13 || n > 16 || !strchr("234561", digits[0]))
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] - '0';

		if (i % 2)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

static bool is_short_name(const char *s)
{
	return text_ok(TEXT_DNS_LABEL, s);
}

static bool is_long_name(const char *s)
{
	return text_ok(TEXT_DNS_SUBDOMAIN, s);
}

enum { FORMATS = 26 };

static const struct {
	const char *name, *pattern;
	bool (*holds)(const char *s);
} formats[FORMATS] = {
	{ "bsonobjectid", "^[0-9a-fA-F]{24}$", NULL },
	{ "uri", NULL, is_uri },
	{ "email", NULL, is_email },
	{ "hostname",
	  "^([" SYMBOL "]((-?[" SYMBOL "]{0,62})?)|([" SYMBOL "](([" SYMBOL "-]{0,61}[" SYMBOL
	  "])?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$",
	  NULL },
	{ "ipv4", NULL, is_ipv4 },
	{ "ipv6", NULL, is_ipv6 },
	{ "cidr", NULL, is_cidr },
	{ "mac", NULL, is_mac },
	{ "uuid", UUID("[0-9a-f]{4}", "[0-9a-f]{4}"), NULL },
	{ "uuid3", UUID("3[0-9a-f]{3}", "[0-9a-f]{4}"), NULL },
	{ "uuid4", UUID("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}"), NULL },
	{ "uuid5", UUID("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}"), NULL },
	{ "isbn", NULL, is_isbn },
	{ "isbn10", NULL, is_isbn10 },
	{ "isbn13", NULL, is_isbn13 },
	{ "creditcard", NULL, is_creditcard },
	{ "ssn", "^\\d{3}[- ]?\\d{2}[- ]?\\d{4}$", NULL },
	{ "hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", NULL },
	{ "rgbcolor", "^rgb\\(" BYTE "," BYTE "," BYTE "\\)$", NULL },
	{ "byte",
	  "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$", NULL },
	{ "password", NULL, is_any },
	{ "date", NULL, is_date },
	{ "duration", NULL, is_duration },
	{ "datetime", NULL, is_datetime },
	{ "k8sshortname", NULL, is_short_name },
	{ "k8slongname", NULL, is_long_name },
};

static struct regex *compiled[FORMATS];

static void compile(void)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].pattern)
			compiled[i] = regex_new(formats[i].pattern, NULL);
}

/* The row of a name, dashes in it meaning nothing; FORMATS when there is none. */
static size_t find(const char *format)
{
	char plain[32];
	size_t n = 0, i = 0;

	for (; *format && n < sizeof plain - 1; format++)
		if (*format != '-')
			plain[n++] = *format;
	plain[n] = '\0';
	while (i < FORMATS && strcmp(formats[i].name, plain))
		i++;
	return *format ? FORMATS : i;
}

bool format_known(const char *format)
{
	return find(format) < FORMATS;
}

bool format_holds(const char *format, const char *s)
{
	static struct once once = ONCE_INIT;
	size_t i = find(format);

	if (i == FORMATS)
		return true;
	if (formats[i].holds)
		return formats[i].holds(s);
	once_run(&once, compile);
	return !compiled[i] || regex_matches(compiled[i], s, strlen(s));
}

bool format_recognized(const char *type, const char *format)
{
	if (!*type || !strcmp(type, "string"))
		return format_known(format);
	if (!strcmp(type, "integer"))
		return !strcmp(format, "int32") || !strcmp(format, "int64");
	return !strcmp(type, "number") && (!strcmp(format, "float") || !strcmp(format, "double"));
}

const char *format_in_force(const struct structural *s)
{
	const char *type = s->flags & STRUCTURAL_INT_OR_STRING ? "" : structural_type_name(s->type);

	if (!s->checks || !s->checks->format || !format_recognized(type, s->checks->format))
		return NULL;
	return s->checks->format;
}
