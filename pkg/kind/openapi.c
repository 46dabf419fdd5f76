/*
 * openapi: the frames of the documents.
 *
 * A document is written front to back: first the paths, which mention types, then the types,
 * which mention more, until none is left.  So a v3 document holds exactly what its group version needs.
 * v2 and v3 differ in few places (where a schema sits, how a reference carries siblings); the flag
 * oa.v2 is asked there.
 */
#include "kind/openapi.h"
#include "kind/openapi_priv.h"

#include "base/arena.h"
#include "base/map.h"
#include "obj/json.h"

#include <string.h>

void oa_key(struct oa *d, const char *key)
{
	char last = d->out->len ? d->out->p[d->out->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		buf_addc(d->out, ',');
	if (!key)
		return;
	json_print_string(d->out, key, strlen(key));
	buf_addc(d->out, ':');
}

void oa_open(struct oa *d, const char *key, char bracket)
{
	oa_key(d, key);
	buf_addc(d->out, bracket);
}

void oa_close(struct oa *d, char bracket)
{
	buf_addc(d->out, bracket);
}

void oa_text(struct oa *d, const char *key, const char *value)
{
	oa_key(d, key);
	json_print_string(d->out, value, strlen(value));
}

void oa_raw(struct oa *d, const char *key, const char *json)
{
	oa_key(d, key);
	buf_adds(d->out, json);
}

void oa_gvk(struct oa *d, const char *key, const char *group, const char *version, const char *kind)
{
	oa_open(d, key, '{');
	oa_text(d, "group", group);
	oa_text(d, "kind", kind);
	oa_text(d, "version", version);
	oa_close(d, '}');
}

static char *group_version_path(struct arena *a, const struct kind *k)
{
	const char *group = k->subject.group;

	return *group ? arena_printf(a, "apis/%s/%s", group, k->version) :
			arena_printf(a, "api/%s", k->version);
}

const char *const *openapi_v3_paths(struct arena *a, struct kinds *ks)
{
	const struct kind *k;
	const char **paths;
	size_t it = 0, n = 0, i;

	while (kinds_next(ks, &it))
		n++;
	paths = arena_alloc(a, (n + 1) * sizeof *paths);
	n = it = 0;
	while ((k = kinds_next(ks, &it))) {
		const char *path = group_version_path(a, k);

		for (i = 0; i < n && strcmp(paths[i], path) != 0; i++)
			;
		paths[i] = path;
		n += i == n;
	}
	paths[n] = NULL;
	return paths;
}

static void document_begin(struct oa *d, struct buf *out, struct kinds *ks, bool v2)
{
	*d = (struct oa){ .out = out, .a = arena_new(), .ks = ks, .v2 = v2, .seen = map_new() };
	oa_open(d, NULL, '{');
	oa_text(d, v2 ? "swagger" : "openapi", v2 ? "2.0" : "3.0.0");
	oa_raw(d, "info", "{\"title\":\"Kubernetes\",\"version\":\"v1.36.0\"}");
	oa_open(d, "paths", '{');
}

static void document_end(struct oa *d)
{
	static const char token[] =
		"{\"BearerToken\":{\"description\":\"Bearer Token authentication\","
		"\"in\":\"header\",\"name\":\"authorization\",\"type\":\"apiKey\"}}";

	oa_close(d, '}');
	if (!d->v2)
		oa_open(d, "components", '{');
	oa_open(d, d->v2 ? "definitions" : "schemas", '{');
	oa_schemas(d);
	oa_close(d, '}');
	oa_raw(d, d->v2 ? "securityDefinitions" : "securitySchemes", token);
	if (d->v2)
		oa_raw(d, "security", "[{\"BearerToken\":[]}]");
	else
		oa_close(d, '}');
	oa_close(d, '}');
	map_free(&d->seen, NULL);
	vec_free(&d->entries);
	arena_free(&d->a);
}

bool openapi_v3(struct buf *out, struct kinds *ks, const char *path)
{
	const struct kind *k;
	size_t it = 0, n = 0;
	struct oa d;

	document_begin(&d, out, ks, false);
	while ((k = kinds_next(ks, &it))) {
		if (strcmp(group_version_path(d.a, k), path) != 0)
			continue;
		oa_kind_paths(&d, k);
		n++;
	}
	document_end(&d);
	if (!n)
		buf_clear(out);
	return n > 0;
}

void openapi_v2_json(struct buf *out, struct kinds *ks)
{
	const struct kind *k;
	size_t it = 0;
	struct oa d;

	document_begin(&d, out, ks, true);
	while ((k = kinds_next(ks, &it)))
		oa_kind_paths(&d, k);
	document_end(&d);
}
