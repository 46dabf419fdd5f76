/* How the pods of a StatefulSet are known: by the ordinal in the name and the revision in a label. */
#include "control/stateful.h"

#include <stdlib.h>
#include <string.h>

#define ORDINAL_DIGITS 10

int64_t stateful_ordinal(const struct obj *set, const char *pod_name)
{
	size_t n = strlen(set->name);
	const char *digits = pod_name + n + 1;
	int64_t v;

	if (strncmp(pod_name, set->name, n) || pod_name[n] != '-')
		return -1;
	if (!*digits || strspn(digits, "0123456789") != strlen(digits) ||
	    strlen(digits) > ORDINAL_DIGITS)
		return -1;
	v = strtoll(digits, NULL, 10);
	return v <= INT32_MAX ? v : -1;
}

bool stateful_in_range(const struct stateful *s, int64_t ordinal)
{
	return ordinal >= s->first && ordinal - s->first < s->want;
}

const char *stateful_revision(const struct obj *pod)
{
	const char *v = obj_label(pod, STATEFUL_REVISION);

	return v ? v : "";
}
