/*
 * value: what CEL computes with (cel-go: common/types; k8s: apiserver/pkg/cel/common).
 *
 * A value is 16 bytes, passed by copy; what it points to lives in an arena that outlives it (constants
 * in the program's, results in the run's).  Lists and maps over JSON are views: members become values
 * when somebody looks at them, as their declared type says.  Strings are UTF-8, not NUL-terminated,
 * and counted in code points by the language.
 *
 * Errors are values too (CELV_ERROR), as upstream: operators decide whether they matter.  CEL's
 * "unknown" does not exist here, because Kubernetes never evaluates partially.
 */
#ifndef NUTSHELL_CEL_VALUE_H
#define NUTSHELL_CEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct cel_list;
struct cel_map;
struct cel_opaque;
struct cel_type;
struct json;

enum cel_value_kind {
	CELV_NULL,
	CELV_BOOL,
	CELV_INT,
	CELV_UINT,
	CELV_DOUBLE,
	CELV_STRING,
	CELV_BYTES,
	CELV_TIMESTAMP,
	CELV_DURATION,
	CELV_LIST,
	CELV_MAP,
	CELV_OBJECT,    /* a map made by Type{...}, remembers the type's name */
	CELV_TYPE,      /* s: the type's name */
	CELV_OPTIONAL,  /* some: NULL is optional.none() */
	CELV_OPAQUE,    /* quantities, addresses, authorizers ... */
	CELV_PRESERVED, /* data without any declared type: only comparable */
	CELV_ERROR,     /* s: the text */
};

struct cel_value {
	uint8_t kind; /* enum cel_value_kind */
	int16_t zone; /* of a timestamp: minutes east of UTC, for its text only */
	uint32_t n;   /* bytes of a string, bytes, type or error; nanoseconds of a timestamp */
	union {
		bool b;
		int64_t i; /* int, nanoseconds of a duration, seconds of a timestamp */
		uint64_t u;
		double d;
		const char *s;
		const struct cel_value *some;
		struct cel_list *list;
		struct cel_map *map;
		const struct cel_opaque *opaque;
		const struct json *json;
	};
};

/* ---- making ---- */
#define CEL_NULL_VALUE ((struct cel_value){ .kind = CELV_NULL })
static inline struct cel_value cel_bool(bool b)
{
	return (struct cel_value){ .kind = CELV_BOOL, .u = b };
}
static inline struct cel_value cel_int(int64_t i)
{
	return (struct cel_value){ .kind = CELV_INT, .i = i };
}
static inline struct cel_value cel_uint(uint64_t u)
{
	return (struct cel_value){ .kind = CELV_UINT, .u = u };
}
static inline struct cel_value cel_double(double d)
{
	return (struct cel_value){ .kind = CELV_DOUBLE, .d = d };
}
static inline struct cel_value cel_duration(int64_t ns)
{
	return (struct cel_value){ .kind = CELV_DURATION, .i = ns };
}
static inline struct cel_value cel_timestamp(int64_t s, uint32_t ns)
{
	return (struct cel_value){ .kind = CELV_TIMESTAMP, .n = ns, .i = s };
}
/* n bytes that outlive the value: nothing is copied.  Longer than 4 GiB is a bug. */
struct cel_value cel_stringn(const char *s, size_t n);
struct cel_value cel_string(const char *s);
struct cel_value cel_bytes(const char *s, size_t n);
struct cel_value cel_type_value(const char *name);
struct cel_value cel_opaque(const struct cel_opaque *o);
struct cel_value cel_some(struct arena *a, struct cel_value v);
static inline struct cel_value cel_none(void)
{
	return (struct cel_value){ .kind = CELV_OPTIONAL, .some = NULL };
}
/* An error with upstream's text. */
struct cel_value cel_failf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct cel_value cel_fail(const char *text); /* static text */
struct cel_value cel_no_overload(void);      /* `no such overload` */
static inline bool cel_is_error(struct cel_value v)
{
	return v.kind == CELV_ERROR;
}
static inline bool cel_is_true(struct cel_value v)
{
	return v.kind == CELV_BOOL && v.b;
}

/* ---- asking ---- */
/* The run-time type's name: int, google.protobuf.Timestamp, list, kubernetes.Quantity ... */
const char *cel_value_type(struct cel_value v);
/* cel-go's Size(): code points, bytes, items, members; false for what has none. */
bool cel_value_size(struct cel_value v, int64_t *size);
/* Nothing there (optional.ofNonZeroValue). */
bool cel_value_is_zero(struct cel_value v);

/* cel-go's types.Equal(): across numeric types by value; a bool or, for some types, an error.
 * Like it, not symmetric where declared types are involved: x's rules decide. */
struct cel_value cel_value_equal(struct arena *a, struct cel_value x, struct cel_value y);
/* -1, 0, 1 as int, or an error: `no such overload`, `NaN values cannot be ordered`. */
struct cel_value cel_value_compare(struct cel_value x, struct cel_value y);
/* Whether values of this kind can be ordered at all. */
bool cel_value_ordered(struct cel_value v);

/* ---- text and JSON ---- */
/* Go's %v of the value, for error messages. */
void cel_value_print(struct buf *b, struct cel_value v);
const char *cel_value_text(struct arena *a, struct cel_value v);
/* A copy of the string with a NUL behind it. */
const char *cel_value_str(struct arena *a, struct cel_value v);
/* The value as JSON (proto3's mapping: bytes are base64, times are texts, doubles and ints numbers);
 * NULL and *why (static or in the arena) when it has none. */
struct json *cel_value_tree(struct arena *a, struct cel_value v, const char **why);

/* ---- JSON as values ---- */
/* The tree as its type says (k8s: UnstructuredToVal): objects show the members their type has, under
 * their escaped names; where type is dyn or NULL, everything shows and integers are int, other
 * numbers double.  Tree and type must outlive the value. */
struct cel_value cel_json(struct arena *a, const struct json *j, const struct cel_type *type);

/* ---- lists ---- */
/* n items taken over (they must live as long as the list). */
struct cel_value cel_list_of(struct arena *a, struct cel_value *items, size_t n);
size_t cel_list_count(const struct cel_list *l);
/* All items; made once, then the same array.  Borrowed. */
const struct cel_value *cel_list_items(struct cel_list *l);
/* x + y. */
struct cel_value cel_list_add(struct arena *a, struct cel_value x, struct cel_value y);
/* `in`: true, false, or the first error met. */
struct cel_value cel_list_contains(struct arena *a, struct cel_list *l, struct cel_value v);

/* ---- maps ---- */
struct cel_value cel_map_new(struct arena *a, size_t expected);
/* An object made by an expression Type{...}: a map that knows its type's name. */
struct cel_value cel_object_new(struct arena *a, const char *type, size_t expected);
/* Add a member to a map made by cel_map_new(); an equal key is replaced. */
void cel_map_put(struct cel_value map, struct cel_value key, struct cel_value v);
/* Members computed when asked for, once each; find() returns false when there is no such member.
 * The names are unknown, so it is empty to a loop. */
struct cel_value cel_map_lazy(struct arena *a,
			      bool (*find)(void *ctx, const char *name, struct cel_value *out),
			      void *ctx);
size_t cel_map_count(struct cel_map *m);
/* False when absent; *out may be an error (a key of the wrong type). */
bool cel_map_find(struct cel_map *m, struct cel_value key, struct cel_value *out);
/* The member called `name` of a map that has been made (not a view of JSON), or NULL. */
const struct cel_value *cel_map_member(const struct cel_map *m, const char *name);
/* A map copied from m with one more member, which is how CEL's maps grow; an error
 * `insert failed: key k already exists`.  Growing the newest copy costs O(1). */
struct cel_value cel_map_insert(struct arena *a, struct cel_value m, struct cel_value key,
				struct cel_value v);
/* Visit: size_t it = 0; while (cel_map_next(m, &it, &key, &value)).  value may be NULL. */
bool cel_map_next(struct cel_map *m, size_t *it, struct cel_value *key, struct cel_value *value);

/* ---- opaque values ---- */
struct cel_opaque_class {
	const char *name; /* run-time type */
	struct cel_value (*equal)(struct arena *a, const struct cel_opaque *x,
				  const struct cel_opaque *y);            /* same class */
	const char *(*text)(struct arena *a, const struct cel_opaque *x); /* NULL: none */
	int64_t (*size)(const struct cel_opaque *x);                      /* NULL: none */
	bool strict; /* comparing with another type is `no such overload` rather than false */
};
/* The head of every opaque value. */
struct cel_opaque {
	const struct cel_opaque_class *class;
};

#endif
