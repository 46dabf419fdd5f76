/*
 * docs: binary search in the unpacked explain texts.
 *
 * Records end with NUL and texts contain none, so any offset leads back to the start of its record;
 * no index is needed beside the sorted bytes.
 */
#include "kind/docs.h"

#include <string.h>

/* Compare the wanted key with that of a record; the key of a record ends at its tab. */
static int key_cmp(const char *type, const char *field, const char *rec)
{
	size_t n = strlen(type);
	int d = strncmp(type, rec, n);

	if (d)
		return d;
	rec += n;
	if (!field)
		return '\t' - *rec;
	if (*rec != ' ')
		return ' ' - *rec;
	n = strlen(field);
	d = strncmp(field, rec + 1, n);
	return d ? d : '\t' - rec[1 + n];
}

const char *docs_find(const char *blob, size_t n, const char *type, const char *field)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t at = lo + (hi - lo) / 2;
		const char *rec;
		int d;

		while (at > lo && blob[at - 1])
			at--;
		rec = blob + at;
		d = key_cmp(type, field, rec);
		if (!d)
			return strchr(rec, '\t') + 1;
		if (d < 0)
			hi = at;
		else
			lo = at + strlen(rec) + 1;
	}
	return NULL;
}
