/*
 * codec: bytes to text and back.
 *
 * The base64 and base32 encoders shift bits through a word; the decoders accept what Go's
 * encoding/base64 accepts, because Secret data and tokens come from Go clients.
 */
#include "base/codec.h"

#include "base/arena.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_low[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_low[] = "0123456789abcdef";
/* No vowels and nothing that looks alike (k8s: apimachinery/pkg/util/rand). */
static const char safe[] = "bcdfghjklmnpqrstvwxz2456789";
#define SAFE_COUNT (sizeof safe - 1)

/* n bytes in groups of `bits` bits, most significant first; returns the end of the text. */
static char *encode_bits(char *to, const void *p, size_t n, unsigned bits, const char *alphabet)
{
	const unsigned char *in = p;
	unsigned have = 0, mask = (1u << bits) - 1;
	uint32_t word = 0;

	for (size_t i = 0; i < n; i++) {
		word = word << 8 | in[i];
		have += 8;
		while (have >= bits) {
			have -= bits;
			*to++ = alphabet[word >> have & mask];
		}
	}
	if (have)
		*to++ = alphabet[word << (bits - have) & mask];
	*to = '\0';
	return to;
}

char *base64_encode(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, (n + 2) / 3 * 4 + 1);
	char *end = encode_bits(s, p, n, 6, base64_std);

	while ((end - s) % 4)
		*end++ = '=';
	*end = '\0';
	return s;
}

char *base64url_encode(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, (n + 2) / 3 * 4 + 1);

	encode_bits(s, p, n, 6, base64_url);
	return s;
}

char *base32_encode(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, (n + 4) / 5 * 8 + 1);

	encode_bits(s, p, n, 5, base32_low);
	return s;
}

char *hex_encode(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, 2 * n + 1);

	encode_bits(s, p, n, 4, hex_low);
	return s;
}

static int base64_value(unsigned char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

/* Decode both alphabets; line breaks are skipped, padding is demanded or refused. */
static char *base64_any(struct arena *a, const char *s, size_t len, size_t *n, bool url)
{
	char *out = arena_alloc(a, len / 4 * 3 + 4), *to = out;
	uint32_t word = 0;
	size_t digits = 0, pads = 0;

	for (size_t i = 0; i < len; i++) {
		int v;

		if (s[i] == '\r' || s[i] == '\n')
			continue;
		if (s[i] == '=' && !url) {
			pads++;
			continue;
		}
		v = base64_value((unsigned char)s[i], url);
		if (v < 0 || pads)
			return NULL;
		word = word << 6 | (uint32_t)v;
		if (++digits % 4 == 0) {
			*to++ = (char)(word >> 16);
			*to++ = (char)(word >> 8);
			*to++ = (char)word;
		}
	}
	if (digits % 4 == 1 || (!url && pads != (4 - digits % 4) % 4))
		return NULL;
	if (digits % 4 >= 2)
		*to++ = (char)(word >> (digits % 4 == 2 ? 4 : 10));
	if (digits % 4 == 3)
		*to++ = (char)(word >> 2);
	*to = '\0';
	*n = (size_t)(to - out);
	return out;
}

char *base64_decode(struct arena *a, const char *s, size_t len, size_t *n)
{
	return base64_any(a, s, len, n, false);
}

char *base64url_decode(struct arena *a, const char *s, size_t len, size_t *n)
{
	return base64_any(a, s, len, n, true);
}

void random_bytes(void *p, size_t n)
{
	char *to = p;

	while (n) {
		ssize_t k = getrandom(to, n, 0);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			bug("getrandom: %s", strerror(errno));
		to += k;
		n -= (size_t)k;
	}
}

void uuid_new(char out[37])
{
	unsigned char r[16];
	char *p = out;

	random_bytes(r, sizeof r);
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex_low[r[i] >> 4];
		*p++ = hex_low[r[i] & 15];
	}
	*p = '\0';
}

void random_name(char *out, size_t n)
{
	/* Bytes from the largest multiple of the alphabet on are thrown away: no bias. */
	const unsigned limit = 256 / SAFE_COUNT * SAFE_COUNT;
	unsigned char r[32];
	size_t have = 0;

	while (have < n) {
		random_bytes(r, sizeof r);
		for (size_t i = 0; i < sizeof r && have < n; i++)
			if (r[i] < limit)
				out[have++] = safe[r[i] % SAFE_COUNT];
	}
	out[n] = '\0';
}

uint32_t fnv32a(const void *p, size_t n)
{
	const unsigned char *in = p;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ in[i]) * 16777619u;
	return h;
}

uint64_t fnv64a(const void *p, size_t n)
{
	const unsigned char *in = p;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ in[i]) * 1099511628211u;
	return h;
}

void safe_encode(uint32_t v, char out[16])
{
	snprintf(out, 16, "%u", v);
	for (; *out; out++)
		*out = safe[(unsigned char)*out % SAFE_COUNT];
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *url_decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_alloc(a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		int hi, lo;

		if (s[i] != '%') {
			*to++ = plus && s[i] == '+' ? ' ' : s[i];
			continue;
		}
		if (n - i < 3)
			return NULL;
		hi = hex_value(s[i + 1]);
		lo = hex_value(s[i + 2]);
		/* %00 would cut the result short. */
		if (hi < 0 || lo < 0 || hi + lo == 0)
			return NULL;
		*to++ = (char)(hi << 4 | lo);
		i += 2;
	}
	*to = '\0';
	return out;
}

static bool url_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

char *url_encode(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 3 * strlen(s) + 1), *to = out;

	for (; *s; s++) {
		if (url_unreserved(*s)) {
			*to++ = *s;
		} else {
			*to++ = '%';
			*to++ = "0123456789ABCDEF"[(unsigned char)*s >> 4];
			*to++ = "0123456789ABCDEF"[(unsigned char)*s & 15];
		}
	}
	*to = '\0';
	return out;
}

/* Length of the well-formed UTF-8 sequence at s (n > 0 bytes), 0 if there is none; the rune in *r. */
static size_t utf8_rune(const char *s, size_t n, uint32_t *r)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*s;
	size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

	if (len <= 1) {
		*r = c;
		return len;
	}
	if (len > n)
		return 0;
	*r = c & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xC0) != 0x80)
			return 0;
		*r = *r << 6 | ((unsigned char)s[i] & 0x3F);
	}
	if (*r < least[len] || *r > 0x10FFFF || (*r >= 0xD800 && *r <= 0xDFFF))
		return 0;
	return len;
}

size_t utf8_length(const char *s, size_t n)
{
	uint32_t r;

	return utf8_rune(s, n, &r);
}

bool utf8_valid(const char *s, size_t n)
{
	uint32_t r;

	for (size_t i = 0; i < n;) {
		size_t k = utf8_rune(s + i, n - i, &r);

		if (!k)
			return false;
		i += k;
	}
	return true;
}

/* Go's unicode.IsPrint for what matters: not controls, blanks but ' ', format characters, private
 * use.  Unassigned code points count as printable here: Go's tables are not worth their size. */
static bool printable(uint32_t r)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{ 0x00, 0x1F },     { 0x7F, 0xA0 },     { 0xAD, 0xAD },        { 0x61C, 0x61C },
		{ 0x1680, 0x1680 }, { 0x180E, 0x180E }, { 0x2000, 0x200F },    { 0x2028, 0x202F },
		{ 0x205F, 0x206F }, { 0x3000, 0x3000 }, { 0xD800, 0xF8FF },    { 0xFEFF, 0xFEFF },
		{ 0xFFF0, 0xFFFB }, { 0xFFFE, 0xFFFF }, { 0xE0000, 0x10FFFF },
	};

	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (r >= hidden[i].from && r <= hidden[i].to)
			return false;
	return true;
}

/* The escape of an unprintable rune; returns its length. */
static size_t quote_rune(char *to, uint32_t r)
{
	static const char named[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
	const char *at = r && r < 0x80 ? strchr(named, (int)r) : NULL;

	if (at) {
		to[0] = '\\';
		to[1] = letters[at - named];
		return 2;
	}
	if (r < ' ' || r == 0x7F)
		return (size_t)sprintf(to, "\\x%02x", (unsigned)r);
	if (r < 0x10000)
		return (size_t)sprintf(to, "\\u%04x", (unsigned)r);
	return (size_t)sprintf(to, "\\U%08x", (unsigned)r);
}

char *go_quote(struct arena *a, const char *s, size_t n)
{
	/* The longest escape per byte: six for a two-byte rune, four for a single byte. */
	char *out = arena_alloc(a, 4 * n + 3), *to = out;
	uint32_t r;

	*to++ = '"';
	for (size_t i = 0, k; i < n; i += k) {
		k = utf8_rune(s + i, n - i, &r);
		if (!k) {
			k = 1;
			to += sprintf(to, "\\x%02x", (unsigned)(unsigned char)s[i]);
		} else if (r == '"' || r == '\\') {
			*to++ = '\\';
			*to++ = (char)r;
		} else if (printable(r)) {
			memcpy(to, s + i, k);
			to += k;
		} else {
			to += quote_rune(to, r);
		}
	}
	*to++ = '"';
	*to = '\0';
	return out;
}
