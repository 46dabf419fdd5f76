/*
 * ast: the checked expression, as parser and checker make it and the evaluator reads it.
 *
 * Macros are expanded to loops (comprehensions) exactly as cel-go expands them, because cost is
 * counted on the expansion.  After checking: identifiers are resolved to a variable, a local or a
 * type; calls carry the overloads that may match; qualified names have become identifiers.  Nodes
 * of a program are immutable and may be read by many threads.
 */
#ifndef NUTSHELL_CEL_AST_H
#define NUTSHELL_CEL_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_function;
struct cel_type;

enum cel_node {
	CEL_NODE_ERROR, /* only while parsing */
	CEL_NODE_LITERAL,
	CEL_NODE_IDENT,
	CEL_NODE_SELECT,
	CEL_NODE_CALL,
	CEL_NODE_LIST,
	CEL_NODE_MAP,
	CEL_NODE_OBJECT,
	CEL_NODE_LOOP,
};

/* What a call is: the first group is evaluated by the evaluator itself (short circuits, errors and
 * optionals), CEL_OP_CALL by the overload's implementation. */
enum cel_op {
	CEL_OP_CALL,
	CEL_OP_AND,                /* _&&_ */
	CEL_OP_OR,                 /* _||_ */
	CEL_OP_COND,               /* _?_:_ */
	CEL_OP_NOT_STRICTLY_FALSE, /* @not_strictly_false */
	CEL_OP_EQ,
	CEL_OP_NE,
	CEL_OP_INDEX,     /* _[_] */
	CEL_OP_OPT_INDEX, /* _[?_] */
	CEL_OP_OPT_SELECT /* _?._ : args[0] operand, args[1] a string literal; no overload row */
};

enum cel_ref {
	CEL_REF_NONE,
	CEL_REF_VAR,   /* environment's vars[index] */
	CEL_REF_LOCAL, /* slot `index` of the evaluation's frame, set by a loop */
	CEL_REF_TYPE,  /* the value is the type params[0] of the node's type */
};

struct cel_literal {
	uint8_t kind; /* enum cel_kind: BOOL INT UINT DOUBLE STRING BYTES NULL */
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		struct {
			const char *p; /* NUL behind, may contain NUL */
			size_t n;
		} s;
	};
};

/* An entry of a map (key) or of an object (field, key NULL). */
struct cel_entry {
	uint32_t id;
	int32_t pos;
	struct cel_expr *key;
	const char *field;
	struct cel_expr *value;
	bool optional;
};

struct cel_expr {
	uint8_t kind;                /* enum cel_node */
	uint32_t id;                 /* unique in the program, 1 .. program's nids - 1 */
	int32_t pos;                 /* offset in code points; -1: none */
	const struct cel_type *type; /* set by the checker */
	union {
		struct cel_literal literal;
		struct {
			const char *name;
			uint8_t ref; /* enum cel_ref */
			uint16_t index;
		} ident;
		struct {
			struct cel_expr *operand;
			const char *field;
			bool test; /* has() */
		} select;
		struct {
			const char *name;        /* "_+_", "size" */
			struct cel_expr *target; /* of a member call, else NULL */
			struct cel_expr **args;
			const struct cel_function *const *overloads; /* in declaration order */
			uint16_t nargs, noverloads;
			uint8_t op; /* enum cel_op */
		} call;
		struct {
			struct cel_expr **items;
			const bool *optional; /* per item; NULL: none is */
			uint32_t n;
		} list;
		struct {
			struct cel_entry *entries;
			uint32_t n;
			const char *name; /* of the object's type */
		} map;                    /* CEL_NODE_MAP and CEL_NODE_OBJECT */
		struct cel_loop *loop;
	};
};

/*
 * for (accu = init, each (iter[, iter2]) of range; cond; accu = step) ; result
 * One variable: element of a list or key of a map.  Two: index and element, or key and value.
 * range, init are evaluated outside of the loop's locals, result with accu only.
 */
struct cel_loop {
	const char *iter, *iter2, *accu; /* iter2 may be NULL */
	uint16_t iter_slot, iter2_slot, accu_slot;
	struct cel_expr *range, *init, *cond, *step, *result;
};

#endif
