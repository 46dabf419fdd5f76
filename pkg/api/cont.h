/*
 * cont: continue tokens of paged lists, base64url of {"v":"meta.k8s.io/v1","rv":N,"start":"ns/name\0"}.
 */
#ifndef NUTSHELL_API_CONT_H
#define NUTSHELL_API_CONT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct status;

struct cont {
	bool set;
	int64_t rev;           /* of the first page; -1 = go on with the latest state */
	const char *ns, *name; /* the last key that was returned; NULL, NULL = from the start */
};

char *cont_encode(struct arena *a, const struct cont *t);
/* 400 on anything that we did not make. */
bool cont_decode(struct arena *a, const char *text, struct cont *out, struct status *st);

#endif
