/*
 * number: numbers as Go's strconv reads and writes them.
 *
 * The shortest digits of a double are found by trying precisions, which is slower than the known
 * algorithms and a tenth of their size; messages and string(double) are all that needs it.
 */
#include "cel/number.h"

#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The shortest digits that give d back, without a point, and where the point goes: 0.DIGITS * 10^point. */
static size_t shortest(double d, char digits[20], int *point)
{
	char text[40];
	size_t n = 0;
	char *e;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	e = strchr(text, 'e');
	for (char *p = text; p < e; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*point = (int)strtol(e + 1, NULL, 10) + 1;
	return n;
}

static bool print_special(struct buf *b, double d)
{
	if (isnan(d))
		buf_adds(b, "NaN");
	else if (isinf(d))
		buf_adds(b, d < 0 ? "-Inf" : "+Inf");
	else
		return false;
	return true;
}

static void print_plain(struct buf *b, const char *digits, size_t n, int point)
{
	int end = (int)n > point ? (int)n : point;

	if (point <= 0)
		buf_addc(b, '0');
	for (int i = point < 0 ? point : 0; i < end; i++) {
		if (i == (point < 0 ? point : 0) && point <= 0)
			buf_addc(b, '.');
		else if (i == point)
			buf_addc(b, '.');
		buf_addc(b, i >= 0 && i < (int)n ? digits[i] : '0');
	}
}

void cel_print_fixed(struct buf *b, double d)
{
	char digits[20];
	size_t n;
	int point;

	if (print_special(b, d))
		return;
	if (signbit(d))
		buf_addc(b, '-');
	if (d == 0) {
		buf_addc(b, '0');
		return;
	}
	n = shortest(fabs(d), digits, &point);
	print_plain(b, digits, n, point);
}

void cel_print_double(struct buf *b, double d)
{
	char digits[20];
	size_t n;
	int point, exponent;

	if (print_special(b, d))
		return;
	if (d == 0) {
		buf_adds(b, signbit(d) ? "-0" : "0");
		return;
	}
	n = shortest(fabs(d), digits, &point);
	exponent = point - 1;
	if (exponent >= -4 && exponent < 6) {
		cel_print_fixed(b, d);
		return;
	}
	if (d < 0)
		buf_addc(b, '-');
	buf_addc(b, digits[0]);
	if (n > 1)
		buf_addc(b, '.');
	buf_add(b, digits + 1, n - 1);
	buf_addf(b, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static bool take_uint(const char *s, size_t n, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v) || v > max)
			return false;
	}
	*out = v;
	return n > 0;
}

bool cel_parse_int(const char *s, size_t n, int64_t *out)
{
	bool negative = n && *s == '-';
	uint64_t v;

	if (n && (*s == '-' || *s == '+')) {
		s++;
		n--;
	}
	if (!take_uint(s, n, (uint64_t)INT64_MAX + negative, &v))
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool cel_parse_uint(const char *s, size_t n, uint64_t *out)
{
	return take_uint(s, n, UINT64_MAX, out);
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

/* Digits, a point, an exponent: what strtod() takes beyond that, Go's ParseFloat does, too, but for
 * blanks. */
static bool is_numeral(const char *s, size_t n)
{
	size_t i = n && (*s == '+' || *s == '-');

	if (is_word(s + i, n - i, "inf") || is_word(s + i, n - i, "infinity") || is_word(s, n, "nan"))
		return true;
	if (i == n || !(strchr("0123456789.", s[i]) && s[i]))
		return false;
	for (; i < n; i++)
		if (!s[i] || !strchr("0123456789abcdefABCDEFxXpP.+-_", s[i]))
			return false;
	return true;
}

/* Drop the underscores, each of which must stand between digits (or behind 0x). */
static bool drop_underscores(char *s)
{
	char *to = s;

	for (char *p = s; *p; p++) {
		if (*p != '_')
			*to++ = *p;
		else if (p == s || !isxdigit((unsigned char)p[1]) ||
			 !(isxdigit((unsigned char)p[-1]) || p[-1] == 'x' || p[-1] == 'X'))
			return false;
	}
	*to = '\0';
	return true;
}

bool cel_parse_double(const char *s, size_t n, double *out)
{
	char *text, *end;
	bool ok;

	if (n > 4096 || !is_numeral(s, n))
		return false;
	text = strndup(s, n);
	if (!text)
		return false;
	ok = drop_underscores(text);
	errno = 0;
	*out = strtod(text, &end);
	ok = ok && !*end && end != text && !(isinf(*out) && errno == ERANGE);
	/* A hexadecimal number needs its exponent in Go. */
	if (ok && strpbrk(text, "xX") && !strpbrk(text, "pP"))
		ok = false;
	free(text);
	return ok;
}

bool cel_parse_bool(const char *s, size_t n, bool *out)
{
	static const char *const words[] = { "1", "t", "T", "true",  "TRUE",  "True",
					     "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0) {
			*out = i < 6;
			return true;
		}
	return false;
}
