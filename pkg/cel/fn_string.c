/*
 * fn_string: the strings extension, version 2, and regular expressions.
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/string_format.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/regex.h"

#include <string.h>

/* ---- code points ---- */

/* The byte where code point i begins (its end if there are fewer), and how many were passed. */
static size_t byte_of(struct cel_value s, int64_t i, int64_t *passed)
{
	size_t at = 0;

	for (*passed = 0; *passed < i && at < s.n; ++*passed) {
		size_t w = utf8_length(s.s + at, s.n - at);

		at += w ? w : 1;
	}
	return at;
}

static int64_t rune_count(const char *s, size_t n)
{
	int64_t count = 0;

	cel_value_size(cel_stringn(s, n), &count);
	return count;
}

static struct cel_value out_of_range(struct cel_run *run, int64_t i)
{
	return cel_failf(run->a, "index out of range: %lld", (long long)i);
}

CEL_CALL(char_at)
{
	int64_t i = args[1].i, passed;
	size_t at, w;

	at = i < 0 ? 0 : byte_of(args[0], i, &passed);
	if (i < 0 || passed < i) {
		*out = out_of_range(run, i);
		return;
	}
	w = at < args[0].n ? utf8_length(args[0].s + at, args[0].n - at) : 0;
	*out = cel_stringn(args[0].s + at, w);
}

CEL_CALL(substring)
{
	struct cel_value s = args[0];
	long long from = args[1].i, to = n > 2 ? args[2].i : INT64_MAX;
	int64_t passed, rest;
	size_t begin, end = s.n;

	if (n > 2 && from > to) {
		*out = cel_failf(run->a, "invalid substring range. start: %lld, end: %lld", from, to);
		return;
	}
	begin = from < 0 ? 0 : byte_of(s, from, &passed);
	if (from < 0 || passed < from) {
		*out = out_of_range(run, from);
		return;
	}
	if (n > 2) {
		end = begin + byte_of(cel_stringn(s.s + begin, s.n - begin), to - from, &rest);
		if (rest < to - from) {
			*out = out_of_range(run, to);
			return;
		}
	}
	*out = cel_stringn(s.s + begin, end - begin);
}

/* ---- searching ---- */

CEL_CALL(index_of)
{
	struct cel_value s = args[0], part = args[1];
	int64_t offset = n > 2 ? args[2].i : 0, passed;
	const char *found;
	size_t at;

	*out = cel_int(part.n ? -1 : offset);
	if (!part.n)
		return;
	if (offset < 0) {
		*out = out_of_range(run, offset);
		return;
	}
	at = byte_of(s, offset, &passed);
	found = at < s.n ? memmem(s.s + at, s.n - at, part.s, part.n) : NULL;
	if (found)
		*out = cel_int(offset + rune_count(s.s + at, (size_t)(found - s.s) - at));
}

/* The last place at or before byte `at`. */
static const char *find_last(struct cel_value s, struct cel_value part, size_t at)
{
	if (part.n > s.n)
		return NULL;
	if (at > s.n - part.n)
		at = s.n - part.n;
	for (size_t i = at + 1; i-- > 0;)
		if (s.s[i] == part.s[0] && memcmp(s.s + i, part.s, part.n) == 0)
			return s.s + i;
	return NULL;
}

CEL_CALL(last_index_of)
{
	struct cel_value s = args[0], part = args[1];
	int64_t count = rune_count(s.s, s.n), offset = n > 2 ? args[2].i : count - 1, passed;
	const char *found;

	if (!part.n) {
		*out = cel_int(n > 2 ? offset : count);
		return;
	}
	*out = cel_int(-1);
	if (n == 2 && s.n < part.n)
		return;
	if (offset < 0) {
		*out = out_of_range(run, offset);
		return;
	}
	if (offset >= count)
		return;
	found = find_last(s, part, byte_of(s, offset, &passed));
	if (found)
		*out = cel_int(rune_count(s.s, (size_t)(found - s.s)));
}

/* ---- changing ---- */

static struct cel_value mapped(struct cel_run *run, struct cel_value s, char from, char to, int shift)
{
	char *p = arena_dup(run->a, s.s, s.n);

	for (uint32_t i = 0; i < s.n; i++)
		if (p[i] >= from && p[i] <= to)
			p[i] = (char)(p[i] + shift);
	return cel_stringn(p, s.n);
}

CEL_CALL(lower)
{
	*out = mapped(run, args[0], 'A', 'Z', 'a' - 'A');
}

CEL_CALL(upper)
{
	*out = mapped(run, args[0], 'a', 'z', 'A' - 'a');
}

/* The width of white space at s, as Unicode has it; 0 if it is none. */
static size_t space_at(const char *s, size_t n)
{
	static const char *const wide[] = { "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
					    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
					    "\xe2\x81\x9f", "\xe3\x80\x80" };

	if (n && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (n >= strlen(wide[i]) && memcmp(s, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	/* U+2000 to U+200A */
	return n >= 3 && memcmp(s, "\xe2\x80", 2) == 0 && (unsigned char)s[2] >= 0x80 &&
			       (unsigned char)s[2] <= 0x8a ?
		       3 :
		       0;
}

CEL_CALL(trim)
{
	const char *s = args[0].s;
	size_t count = args[0].n, w;

	for (; (w = space_at(s, count)); s += w)
		count -= w;
	for (bool more = true; more;) {
		more = false;
		for (w = 1; w <= 3 && w <= count && !more; w++)
			more = space_at(s + count - w, w) == w;
		count -= more ? w - 1 : 0;
	}
	*out = cel_stringn(s, count);
}

/* How often part occurs in s, at most limit times (if not negative); an empty part before every code
 * point and at the end. */
static int64_t occurrences(struct cel_value s, struct cel_value part, int64_t limit)
{
	const char *p = s.s, *end = s.s + s.n;
	int64_t count = 0;

	if (!part.n)
		count = rune_count(s.s, s.n) + 1;
	else
		while ((p = memmem(p, (size_t)(end - p), part.s, part.n))) {
			count++;
			p += part.n;
		}
	return limit >= 0 && limit < count ? limit : count;
}

static void put(char **to, const char *p, size_t n)
{
	memcpy(*to, p, n);
	*to += n;
}

static char *replace_into(char *to, struct cel_value s, struct cel_value old, struct cel_value new,
			  int64_t count)
{
	const char *p = s.s, *end = s.s + s.n, *next;

	for (int64_t i = 0; i < count; i++) {
		next = p;
		if (old.n)
			next = memmem(p, (size_t)(end - p), old.s, old.n);
		else if (i && p < end)
			next += utf8_length(p, (size_t)(end - p)) ?
					utf8_length(p, (size_t)(end - p)) :
					1;
		put(&to, p, (size_t)(next - p));
		put(&to, new.s, new.n);
		p = next + old.n;
	}
	put(&to, p, (size_t)(end - p));
	return to;
}

CEL_CALL(replace)
{
	struct cel_value s = args[0], old = args[1], new = args[2];
	int64_t count = occurrences(s, old, n > 3 ? args[3].i : -1);
	uint64_t size = s.n + (uint64_t)count * new.n;
	char *p, *end;

	if (!cel_run_allows(run, size)) {
		*out = cel_run_stopped();
		return;
	}
	p = arena_alloc(run->a, size + 1);
	end = replace_into(p, s, old, new, count);
	*out = cel_stringn(p, (size_t)(end - p));
}

CEL_CALL(split)
{
	struct cel_value s = args[0], sep = args[1], *items;
	int64_t limit = n > 2 ? args[2].i : -1, count;
	const char *p = s.s, *end = s.s + s.n, *next;
	size_t used = 0;

	/* Pieces: one more than separators; without a separator, code points. */
	count = sep.n ? occurrences(s, sep, -1) + 1 : rune_count(s.s, s.n);
	if (limit >= 0 && limit < count)
		count = limit;
	if (!cel_run_allows(run, (uint64_t)count * sizeof *items)) {
		*out = cel_run_stopped();
		return;
	}
	items = arena_alloc(run->a, (size_t)count * sizeof *items);
	while (count-- > 0) {
		if (!count)
			next = end;
		else if (sep.n)
			next = memmem(p, (size_t)(end - p), sep.s, sep.n);
		else
			next = p + (utf8_length(p, (size_t)(end - p)) ?
					    utf8_length(p, (size_t)(end - p)) :
					    1);
		items[used++] = cel_stringn(p, (size_t)(next - p));
		p = next + sep.n;
	}
	*out = cel_list_of(run->a, items, used);
}

CEL_CALL(join)
{
	struct cel_value sep = n > 1 ? args[1] : cel_stringn("", 0);
	const struct cel_value *items = cel_list_items(args[0].list);
	size_t count = cel_list_count(args[0].list);
	uint64_t size = count ? (uint64_t)sep.n * (count - 1) : 0;
	char *p, *to;

	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != CELV_STRING) {
			*out = cel_failf(run->a, "join: invalid input: %s",
					 cel_value_text(run->a, items[i]));
			return;
		}
		size += items[i].n;
	}
	if (!cel_run_allows(run, size)) {
		*out = cel_run_stopped();
		return;
	}
	to = p = arena_alloc(run->a, size + 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			put(&to, sep.s, sep.n);
		put(&to, items[i].s, items[i].n);
	}
	*out = cel_stringn(p, size);
}

CEL_CALL(quote)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", escaped[] = "abfnrtv\\\"";
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addc(&b, '"');
	for (uint32_t i = 0; i < args[0].n; i++) {
		char c = args[0].s[i];
		const char *at = c ? strchr(plain, c) : NULL;

		if (at)
			buf_addc(&b, '\\');
		buf_addc(&b, at ? escaped[at - plain] : c);
	}
	buf_addc(&b, '"');
	*out = cel_string_of(run->a, &b);
}

/* ---- patterns ---- */

static const struct regex *pattern_of(struct cel_run *run, struct cel_value v, struct cel_value *out)
{
	const char *why;
	const struct regex *r = cel_run_regex(run, v, &why);

	if (!r)
		*out = cel_failf(run->a, "Illegal regex: %s", why);
	return r;
}

CEL_CALL(find)
{
	const struct regex *r = pattern_of(run, args[1], out);
	size_t from, to;

	if (!r)
		return;
	*out = cel_stringn("", 0);
	if (regex_find(r, args[0].s, args[0].n, 0, &from, &to))
		*out = cel_stringn(args[0].s + from, to - from);
}

/* Go's FindAll: an empty match right behind the last one does not count. */
CEL_CALL(find_all)
{
	const struct regex *r = pattern_of(run, args[1], out);
	int64_t limit = n > 2 ? args[2].i : -1;
	struct cel_value s = args[0], all;
	size_t at = 0, from, to, last = SIZE_MAX;

	if (!r)
		return;
	all = cel_list_of(run->a, NULL, 0);
	while (at <= s.n && limit != 0 && regex_find(r, s.s, s.n, at, &from, &to)) {
		struct cel_value *item = arena_alloc(run->a, sizeof *item);

		if (to > from || from != last) {
			*item = cel_stringn(s.s + from, to - from);
			all = cel_list_add(run->a, all, cel_list_of(run->a, item, 1));
			limit--;
		}
		last = to;
		if (to > at)
			at = to;
		else
			at += at < s.n && utf8_length(s.s + at, s.n - at) ?
				      utf8_length(s.s + at, s.n - at) :
				      1;
	}
	*out = all;
}

CEL_CALL(format)
{
	*out = cel_format_string(run, args[0], args[1].list);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "charAt",
	  .overload = "string_char_at_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_int },
	  .call = char_at },
	{ .name = "find",
	  .overload = "string_find_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_find,
	  .call = find,
	  .cost = cel_cost_find },
	{ .name = "findAll",
	  .overload = "string_find_all_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_string,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_find,
	  .call = find_all,
	  .cost = cel_cost_find },
	{ .name = "findAll",
	  .overload = "string_find_all_string_int",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_list_string,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_find,
	  .call = find_all,
	  .cost = cel_cost_find },
	{ .name = "format",
	  .overload = "string_format",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_list_dyn },
	  .estimate = cel_estimate_format,
	  .call = format,
	  .cost = cel_cost_traverse_own },
	{ .name = "indexOf",
	  .overload = "string_index_of_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_elements,
	  .call = index_of,
	  .cost = cel_cost_elements },
	{ .name = "indexOf",
	  .overload = "string_index_of_string_int",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_int,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_elements,
	  .call = index_of,
	  .cost = cel_cost_elements },
	{ .name = "join",
	  .overload = "list_join",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_list_string },
	  .estimate = cel_estimate_join,
	  .call = join,
	  .cost = cel_cost_join },
	{ .name = "join",
	  .overload = "list_join_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_list_string, &cel_type_string },
	  .estimate = cel_estimate_join,
	  .call = join,
	  .cost = cel_cost_join },
	{ .name = "lastIndexOf",
	  .overload = "string_last_index_of_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_elements,
	  .call = last_index_of,
	  .cost = cel_cost_elements },
	{ .name = "lastIndexOf",
	  .overload = "string_last_index_of_string_int",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_int,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_elements,
	  .call = last_index_of,
	  .cost = cel_cost_elements },
	{ .name = "lowerAscii",
	  .overload = "string_lower_ascii",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_target,
	  .call = lower,
	  .cost = cel_cost_traverse },
	{ .name = "replace",
	  .overload = "string_replace_string_string",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_replace,
	  .call = replace,
	  .cost = cel_cost_traverse_two },
	{ .name = "replace",
	  .overload = "string_replace_string_string_int",
	  .member = true,
	  .nargs = 4,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_replace,
	  .call = replace,
	  .cost = cel_cost_traverse_two },
	{ .name = "split",
	  .overload = "string_split_string",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_list_string,
	  .args = { &cel_type_string, &cel_type_string },
	  .estimate = cel_estimate_split,
	  .call = split,
	  .cost = cel_cost_traverse_two },
	{ .name = "split",
	  .overload = "string_split_string_int",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_list_string,
	  .args = { &cel_type_string, &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_split,
	  .call = split,
	  .cost = cel_cost_traverse_two },
	{ .name = "strings.quote",
	  .overload = "strings_quote",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_quote,
	  .call = quote,
	  .cost = cel_cost_traverse_own },
	{ .name = "substring",
	  .overload = "string_substring_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_int },
	  .estimate = cel_estimate_traverse_target,
	  .call = substring,
	  .cost = cel_cost_traverse },
	{ .name = "substring",
	  .overload = "string_substring_int_int",
	  .member = true,
	  .nargs = 3,
	  .result = &cel_type_string,
	  .args = { &cel_type_string, &cel_type_int, &cel_type_int },
	  .estimate = cel_estimate_traverse_target,
	  .call = substring,
	  .cost = cel_cost_traverse },
	{ .name = "trim",
	  .overload = "string_trim",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_target,
	  .call = trim,
	  .cost = cel_cost_traverse },
	{ .name = "upperAscii",
	  .overload = "string_upper_ascii",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_target,
	  .call = upper,
	  .cost = cel_cost_traverse },
};

const struct cel_library cel_library_string = { .rows = rows, .n = sizeof rows / sizeof *rows };
