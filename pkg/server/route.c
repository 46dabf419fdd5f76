/*
 * From method and path to attributes.
 *
 * Pure: no tables are asked whether the resource exists, because a caller without rights must get 403 for
 * what is there and for what is not alike.  Every segment is percent-decoded for itself, so that an
 * encoded slash can never change the shape of a path after it was authorized.
 */
#include "server/route.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/selector.h"

#include <string.h>

static bool bad_escape(const char *path, struct status *st)
{
	return status_bad_request(st, "parse \"%s\": invalid URL escape", path);
}

/* Split at slashes; slashes at both ends are harmless, empty segments inside are kept as "". */
static bool split(struct arena *a, const char *path, struct route *r, struct status *st)
{
	size_t max = 1, len;
	const char **segs;

	path += strspn(path, "/");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < len; i++)
		max += path[i] == '/';
	segs = arena_alloc(a, max * sizeof *segs);
	r->segs = segs;
	for (const char *p = path, *end = path + len; p < end;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = slash ? (size_t)(slash - p) : (size_t)(end - p);
		char *s = memchr(p, '%', n) ? url_decode(a, p, n, false) : arena_dup(a, p, n);

		if (!s)
			return bad_escape(path, st);
		segs[r->nsegs++] = s;
		p += n + 1;
	}
	return true;
}

static const char *resource_verb(const char *method)
{
	static const char *const verbs[][2] = {
		{ "GET", "get" },    { "HEAD", "get" },    { "POST", "create" },
		{ "PUT", "update" }, { "PATCH", "patch" }, { "DELETE", "delete" },
	};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i][0], method) == 0)
			return verbs[i][1];
	return "";
}

static const char *lower(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return out;
}

static bool non_resource(struct arena *a, const char *method, const char *path, struct route *r)
{
	size_t n = strlen(path);
	char *whole = strchr(path, '%') ? url_decode(a, path, n, false) : NULL;

	r->attr.verb = lower(a, method);
	r->attr.path = whole ? whole : arena_dup(a, path, n);
	return true;
}

/* The name that a field selector fixes: lets a rule with resourceNames allow list and watch. */
static const char *selected_name(struct arena *a, const struct query *q)
{
	const char *text = query_str(q, "fieldSelector");
	const struct field_selector *fs;

	if (!*text)
		return "";
	fs = field_selector_parse(a, text, NULL);
	for (size_t i = 0; fs && i < fs->n; i++) {
		const char *v = fs->terms[i].value;

		if (fs->terms[i].negate || strcmp(fs->terms[i].key, "metadata.name") != 0)
			continue;
		return strpbrk(v, "/%") || !strcmp(v, ".") || !strcmp(v, "..") ? "" : v;
	}
	return "";
}

static void collection_verb(struct arena *a, const struct query *q, struct route *r)
{
	if (strcmp(r->attr.verb, "delete") == 0)
		r->attr.verb = "deletecollection";
	if (strcmp(r->attr.verb, "get") == 0)
		r->attr.verb = query_flag(q, "watch") ? "watch" : "list";
	else if (strcmp(r->attr.verb, "watch") != 0)
		return;
	r->attr.name = selected_name(a, q);
}

/* segs[i] is the first one behind the version. */
static void resource_parts(struct arena *a, const struct query *q, struct route *r, size_t i)
{
	const char *const *s = r->segs;
	size_t n = r->nsegs;

	if (strcmp(s[i], "namespaces") == 0 && n - i > 1) {
		r->attr.ns = s[i + 1];
		if (n - i > 2 && strcmp(s[i + 2], "status") != 0 && strcmp(s[i + 2], "finalize") != 0)
			i += 2;
	}
	r->attr.resource = s[i];
	if (n - i > 1) {
		r->attr.name = s[i + 1];
		r->named = *s[i + 1] != '\0';
	}
	if (n - i > 2 && !r->watch_prefix)
		r->attr.subresource = s[i + 2];
	r->tail = n - i > 3 ? i + 3 : n;
	if (!r->named)
		collection_verb(a, q, r);
}

bool route_parse(struct arena *a, const char *method, const char *path, const struct query *q,
		 struct route *r, struct status *st)
{
	size_t i = 2;

	*r = (struct route){ .attr = { "", "", "", "", "", "", "", NULL } };
	if (!split(a, path, r, st))
		return false;
	r->core = r->nsegs > 0 && strcmp(r->segs[0], "api") == 0;
	if (r->nsegs < 3 || (!r->core && strcmp(r->segs[0], "apis") != 0) ||
	    (!r->core && r->nsegs < 4))
		return non_resource(a, method, path, r);
	if (!r->core)
		r->attr.group = r->segs[i++ - 1];
	r->attr.version = r->segs[i - 1];
	r->attr.verb = resource_verb(method);
	if (strcmp(r->segs[i], "watch") == 0 || strcmp(r->segs[i], "proxy") == 0) {
		if (i + 1 >= r->nsegs)
			return status_bad_request(
				st, "unable to determine kind and namespace from url, %s", path);
		r->watch_prefix = r->segs[i][0] == 'w';
		r->attr.verb = r->segs[i++];
	}
	resource_parts(a, q, r, i);
	return true;
}
