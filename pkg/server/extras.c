/* Keys are sorted, as Go prints maps; values keep the order in which they came. */
#include "server/extras.h"

#include "base/arena.h"
#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

const char *extras_key(struct arena *a, const char *encoded)
{
	char *low = arena_strdup(a, encoded), *key;

	for (char *p = low; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	key = url_decode(a, low, strlen(low), false);
	return key ? key : low;
}

static struct extra *entry(struct extras *x, const char *key)
{
	for (size_t i = 0; i < x->v.n; i++)
		if (!strcmp(x->v.p[i].key, key))
			return &x->v.p[i];
	vec_push(&x->v, ((struct extra){ key, NULL }));
	return &x->v.p[x->v.n - 1];
}

void extras_add(struct extras *x, const char *key, const char *value)
{
	struct extra *e = entry(x, key);
	const char **values;
	size_t n = 0;

	while (e->values && e->values[n])
		n++;
	values = arena_zalloc(x->a, (n + 2) * sizeof *values);
	for (size_t i = 0; i < n; i++)
		values[i] = e->values[i];
	values[n] = arena_strdup(x->a, value);
	e->values = values;
}

static int by_key(const void *x, const void *y)
{
	return strcmp(((const struct extra *)x)->key, ((const struct extra *)y)->key);
}

const struct extra *extras_take(struct extras *x, size_t *n)
{
	struct extra *out = arena_zalloc(x->a, (x->v.n + 1) * sizeof *out);

	if (x->v.n)
		memcpy(out, x->v.p, x->v.n * sizeof *out);
	if (x->v.n)
		qsort(out, x->v.n, sizeof *out, by_key);
	*n = x->v.n;
	vec_free(&x->v);
	return out;
}
