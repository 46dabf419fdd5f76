/*
 * wire: protobuf's wire format, and Kubernetes' scalar messages in it; what the proto files share.
 *
 * A reader keeps the first error (text in its arena) and fails from then on.
 */
#ifndef NUTSHELL_KIND_WIRE_H
#define NUTSHELL_KIND_WIRE_H

#include "kind/schema.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct wire_reader {
	struct arena *a;
	char *error;   /* NULL: all is well */
	size_t budget; /* values that may still be read */
	int depth;     /* of messages */
};

/* Bytes still to be read. */
struct wire {
	const uint8_t *p, *end;
};

struct wire_item {
	int number, type;
	uint64_t value;  /* of WIRE_VARINT, WIRE_64, WIRE_32 */
	struct wire sub; /* of WIRE_BYTES */
};

/* Record an error unless there is one; returns false. */
bool wire_fail(struct wire_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Read the next field; false at the end and after an error. */
bool wire_next(struct wire_reader *r, struct wire *w, struct wire_item *it);
/* Read one number of a packed list into it. */
bool wire_packed(struct wire_reader *r, struct wire *w, enum scalar kind, struct wire_item *it);
/* The JSON of one scalar: json_null for a zero time, NULL after an error. */
struct json *wire_scalar(struct wire_reader *r, enum scalar kind, const struct wire_item *it);

#endif
