#include "host/simulated/query.h"

#include "base/arena.h"
#include "base/codec.h"

#include <string.h>
#include <strings.h>

const char **query_all(struct arena *a, const char *query, const char *name, size_t *n)
{
	size_t len = strlen(name), max = 1;
	const char **out;

	for (const char *p = query; *p; p++)
		max += *p == '&';
	out = arena_zalloc(a, (max + 1) * sizeof(*out));
	*n = 0;
	while (*query) {
		size_t part = strcspn(query, "&");

		if (part > len && query[len] == '=' && !strncmp(query, name, len)) {
			char *v = url_decode(a, query + len + 1, part - len - 1, true);

			if (v)
				out[(*n)++] = v;
		}
		query += part + (query[part] == '&');
	}
	return out;
}

const char *query_first(struct arena *a, const char *query, const char *name)
{
	size_t n;
	const char **v = query_all(a, query, name, &n);

	return n ? v[0] : NULL;
}

bool query_true(struct arena *a, const char *query, const char *name)
{
	const char *v = query_first(a, query, name);

	/* As upstream converts it: Python says "True". */
	return v && strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0;
}
