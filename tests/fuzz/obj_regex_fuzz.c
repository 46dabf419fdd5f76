/* A pattern and a subject, separated by a line feed: errors and matches end in bounded time. */
#include "base/arena.h"
#include "base/log.h"
#include "obj/regex.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct arena *a = arena_new();
	char *pattern = arena_dup(a, p, n), *subject = strchr(pattern, '\n'), *err;
	struct regex *r;

	if (subject)
		*subject++ = '\0';
	r = regex_new(pattern, &err);
	BUG_ON(!r != !!err);
	if (r)
		regex_matches(r, subject ? subject : "", subject ? strlen(subject) : 0);
	regex_free_error(err);
	regex_free(&r);
	arena_free(&a);
	return 0;
}
