#include "control/indexes.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* Append in order; what touches the last interval widens it. */
static void append(struct indexes *x, struct interval v)
{
	struct interval *last = x->n ? &x->all[x->n - 1] : NULL;

	if (!last || v.first > last->last + 1)
		x->all[x->n++] = v;
	else if (last->last < v.last)
		last->last = v.last;
}

static struct indexes room(struct arena *a, size_t n)
{
	return (struct indexes){ .all = arena_alloc(a, (n + 1) * sizeof(struct interval)) };
}

/* One "3" or "3-5"; false when it is none. */
static bool parse_one(const char *s, const char **end, struct interval *v)
{
	char *p;

	v->first = v->last = strtoll(s, &p, 10);
	if (p == s || v->first < 0)
		return false;
	if (*p == '-') {
		const char *q = p + 1;

		v->last = strtoll(q, &p, 10);
		if (p == q)
			return false;
	}
	*end = p;
	return (*p == ',' || !*p) && v->last >= v->first;
}

struct indexes indexes_parse(struct arena *a, const char *text, int64_t limit)
{
	struct indexes x = room(a, strlen(text));
	struct interval v;

	for (const char *s = text; *s;) {
		const char *end = s;

		if (parse_one(s, &end, &v)) {
			if (v.first >= limit)
				break;
			if (v.last >= limit)
				v.last = limit - 1;
			append(&x, v);
		}
		s = end + strcspn(end, ",");
		s += *s == ',';
	}
	return x;
}

char *indexes_text(struct arena *a, const struct indexes *x)
{
	struct buf b = BUF_INIT;
	char *s;

	for (size_t i = 0; i < x->n; i++) {
		const struct interval *v = &x->all[i];

		buf_addf(&b, "%s%lld", i ? "," : "", (long long)v->first);
		if (v->last > v->first)
			buf_addf(&b, "%c%lld", v->last == v->first + 1 ? ',' : '-',
				 (long long)v->last);
	}
	s = arena_printf(a, "%.*s", (int)b.len, b.p ? b.p : "");
	buf_free(&b);
	return s;
}

static int by_value(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

struct indexes indexes_of(struct arena *a, int64_t *v, size_t n)
{
	struct indexes x = room(a, n);

	qsort(v, n, sizeof *v, by_value);
	for (size_t i = 0; i < n; i++)
		append(&x, (struct interval){ v[i], v[i] });
	return x;
}

struct indexes indexes_union(struct arena *a, const struct indexes *x, const struct indexes *y)
{
	struct indexes out = room(a, x->n + y->n);
	size_t i = 0, j = 0;

	while (i < x->n || j < y->n) {
		bool left = j == y->n || (i < x->n && x->all[i].first < y->all[j].first);

		append(&out, left ? x->all[i++] : y->all[j++]);
	}
	return out;
}

int64_t indexes_total(const struct indexes *x)
{
	int64_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		n += x->all[i].last - x->all[i].first + 1;
	return n;
}

bool indexes_has(const struct indexes *x, int64_t v)
{
	size_t lo = 0, hi = x->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->all[mid].last >= v)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < x->n && x->all[lo].first <= v;
}

int64_t indexes_common(const struct indexes *x, const struct indexes *y)
{
	int64_t n = 0;

	for (size_t i = 0, j = 0; i < x->n && j < y->n;) {
		const struct interval *p = &x->all[i], *q = &y->all[j];
		int64_t first = p->first > q->first ? p->first : q->first;
		int64_t last = p->last < q->last ? p->last : q->last;

		if (last >= first)
			n += last - first + 1;
		if (p->last < q->last)
			i++;
		else
			j++;
	}
	return n;
}

size_t indexes_missing(const struct indexes *x, int64_t limit, size_t count, int64_t *out)
{
	int64_t v = 0;
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		for (; v < x->all[i].first && v < limit && n < count; v++)
			out[n++] = v;
		if (v <= x->all[i].last)
			v = x->all[i].last + 1;
	}
	for (; v < limit && n < count; v++)
		out[n++] = v;
	return n;
}
