/*
 * value_equal: equality and order (cel-go: common/types/compare.go and the Equal and Compare methods).
 *
 * Numbers compare by value across their types, without going through double where that would lose
 * digits.  Everything else is equal only within its type, except that a few Kubernetes values answer
 * `no such overload` to strangers.
 */
#include "cel/value_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"

#include <math.h>
#include <string.h>

static int order(bool less, bool more)
{
	return more - less;
}

static int compare_double_int(double d, int64_t i)
{
	if (d < -0x1p63)
		return -1;
	if (d > 0x1p63)
		return 1;
	return order(d<(double)i, d>(double) i);
}

static int compare_double_uint(double d, uint64_t u)
{
	if (d < 0)
		return -1;
	if (d > 0x1p64)
		return 1;
	return order(d<(double)u, d>(double) u);
}

static int compare_int_uint(int64_t i, uint64_t u)
{
	if (i < 0)
		return -1;
	return order((uint64_t)i<u, (uint64_t)i> u);
}

static bool is_number(struct cel_value v)
{
	return v.kind == CELV_INT || v.kind == CELV_UINT || v.kind == CELV_DOUBLE;
}

static int compare_numbers(struct cel_value x, struct cel_value y)
{
	if (x.kind == CELV_INT) {
		if (y.kind == CELV_INT)
			return order(x.i<y.i, x.i> y.i);
		return y.kind == CELV_UINT ? compare_int_uint(x.i, y.u) :
					     -compare_double_int(y.d, x.i);
	}
	if (x.kind == CELV_UINT) {
		if (y.kind == CELV_UINT)
			return order(x.u<y.u, x.u> y.u);
		return y.kind == CELV_INT ? -compare_int_uint(y.i, x.u) :
					    -compare_double_uint(y.d, x.u);
	}
	if (y.kind == CELV_DOUBLE)
		return order(x.d<y.d, x.d> y.d);
	return y.kind == CELV_INT ? compare_double_int(x.d, y.i) : compare_double_uint(x.d, y.u);
}

static bool is_nan(struct cel_value v)
{
	return v.kind == CELV_DOUBLE && isnan(v.d);
}

static int compare_text(struct cel_value x, struct cel_value y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = memcmp(x.s, y.s, n);

	return c ? order(c<0, c> 0) : order(x.n<y.n, x.n> y.n);
}

static int compare_times(struct cel_value x, struct cel_value y)
{
	return x.i != y.i ? order(x.i<y.i, x.i> y.i) : order(x.n<y.n, x.n> y.n);
}

bool cel_value_ordered(struct cel_value v)
{
	switch (v.kind) {
	case CELV_BOOL:
	case CELV_INT:
	case CELV_UINT:
	case CELV_DOUBLE:
	case CELV_STRING:
	case CELV_BYTES:
	case CELV_TIMESTAMP:
	case CELV_DURATION: return true;
	default: return false;
	}
}

struct cel_value cel_value_compare(struct cel_value x, struct cel_value y)
{
	if (is_number(x) && is_number(y)) {
		if (is_nan(x) || is_nan(y))
			return cel_fail("NaN values cannot be ordered");
		return cel_int(compare_numbers(x, y));
	}
	if (x.kind != y.kind)
		return cel_is_error(y) ? y : cel_no_overload();
	switch (x.kind) {
	case CELV_BOOL: return cel_int(x.b - y.b);
	case CELV_STRING:
	case CELV_BYTES: return cel_int(compare_text(x, y));
	case CELV_TIMESTAMP: return cel_int(compare_times(x, y));
	case CELV_DURATION: return cel_int(order(x.i<y.i, x.i> y.i));
	default: return cel_no_overload();
	}
}

static struct cel_value optional_equal(struct arena *a, struct cel_value x, struct cel_value y)
{
	if (y.kind != CELV_OPTIONAL || !x.some || !y.some)
		return cel_bool(y.kind == CELV_OPTIONAL && x.some == y.some);
	return cel_value_equal(a, *x.some, *y.some);
}

static struct cel_value opaque_equal(struct arena *a, struct cel_value x, struct cel_value y)
{
	const struct cel_opaque_class *class = x.opaque->class;

	if (y.kind != CELV_OPAQUE || y.opaque->class != class)
		return class->strict ? cel_no_overload() : cel_bool(false);
	return class->equal(a, x.opaque, y.opaque);
}

struct cel_value cel_value_equal(struct arena *a, struct cel_value x, struct cel_value y)
{
	if (x.kind == CELV_NULL || y.kind == CELV_NULL)
		return cel_bool(x.kind == y.kind);
	if (is_number(x) && is_number(y))
		return cel_bool(!is_nan(x) && !is_nan(y) && compare_numbers(x, y) == 0);
	switch (x.kind) {
	case CELV_STRING:
	case CELV_BYTES:
	case CELV_TYPE:
		return cel_bool(x.kind == y.kind && x.n == y.n && memcmp(x.s, y.s, x.n) == 0);
	case CELV_BOOL: return cel_bool(x.kind == y.kind && x.b == y.b);
	case CELV_DURATION: return cel_bool(x.kind == y.kind && x.i == y.i);
	case CELV_TIMESTAMP: return cel_bool(x.kind == y.kind && compare_times(x, y) == 0);
	case CELV_LIST: return cel_list_equal(a, x.list, y);
	case CELV_MAP:
	case CELV_OBJECT: return cel_map_equal(a, x.map, y);
	case CELV_OPTIONAL: return optional_equal(a, x, y);
	case CELV_OPAQUE: return opaque_equal(a, x, y);
	case CELV_PRESERVED:
		return cel_bool(y.kind == CELV_PRESERVED && json_equal(x.json, y.json));
	default: return cel_bool(false);
	}
}

/* ---- hashing ---- */

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t hash_double(double d)
{
	uint64_t bits;

	if (d == trunc(d) && d >= -0x1p63 && d < 0x1p63)
		return mix((uint64_t)(int64_t)d);
	if (d == trunc(d) && d >= 0 && d < 0x1p64)
		return mix((uint64_t)d);
	memcpy(&bits, &d, sizeof bits);
	return mix(bits);
}

uint64_t cel_value_hash(struct cel_value v)
{
	switch (v.kind) {
	case CELV_STRING:
	case CELV_BYTES:
	case CELV_TYPE: return fnv64a(v.s, v.n);
	case CELV_INT:
	case CELV_UINT:
	case CELV_DURATION: return mix(v.u);
	case CELV_TIMESTAMP: return mix(v.u ^ (uint64_t)v.n << 40);
	case CELV_DOUBLE: return hash_double(v.d);
	case CELV_BOOL: return mix(v.b + 1u);
	default: return v.kind; /* rare as a key: they all meet in one chain */
	}
}

void cel_index_init(struct arena *a, struct cel_index *x, size_t n)
{
	x->size = 16;
	while (x->size < 2 * n)
		x->size *= 2;
	x->slots = arena_zalloc(a, x->size * sizeof *x->slots);
}

void cel_index_add(struct cel_index *x, uint64_t hash, size_t position)
{
	size_t at = hash & (x->size - 1);

	while (x->slots[at])
		at = (at + 1) & (x->size - 1);
	x->slots[at] = (uint32_t)position + 1;
}

size_t cel_index_first(const struct cel_index *x, uint64_t hash)
{
	return hash & (x->size - 1);
}

bool cel_index_next(const struct cel_index *x, size_t *at, size_t *position)
{
	uint32_t slot = x->slots[*at];

	if (!slot)
		return false;
	*position = slot - 1;
	*at = (*at + 1) & (x->size - 1);
	return true;
}
