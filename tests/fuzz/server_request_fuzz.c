/*
 * The head of a request: line 1 path, line 2 query, line 3 Accept.  Whatever they are, they are routed or
 * refused with 400, and attributes are never NULL.  What follows, if it is JSON, must survive indenting.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "server/accept.h"
#include "server/encode.h"
#include "server/route.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

/* The next line as a string: as net hands them over, without NUL. */
static const char *line(struct arena *a, const char **p, const char *end)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	size_t n = (size_t)((nl ? nl : end) - *p);
	const char *s = arena_dup(a, *p, strnlen(*p, n));

	*p += n + (nl != NULL);
	return s;
}

static void check_route(struct arena *a, const char *path, const char *raw)
{
	static const char *const methods[] = { "GET", "DELETE", "POST", "X" };
	STATUS_AUTO struct status st = STATUS_INIT;
	struct list_options o = { 0 };
	struct call c = { .a = a };
	struct query q;
	struct route r;
	int64_t ns;
	bool force;

	query_parse(a, raw, &q);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		STATUS_AUTO struct status why = STATUS_INIT;

		if (!route_parse(a, methods[i], path, &q, &r, &why)) {
			BUG_ON(why.code != 400);
			continue;
		}
		const struct attributes *x = &r.attr;
		BUG_ON(!x->verb || !x->group || !x->version || !x->resource || !x->subresource ||
		       !x->name || !x->ns);
		BUG_ON(!x->path && (r.tail > r.nsegs || r.nsegs < 3));
		BUG_ON(r.named && !*x->name);
	}
	query_list_options(&q, &o, &st);
	status_clear(&st);
	query_timeout(&q, &ns, &st);
	status_clear(&st);
	query_write_options(&q, OPTIONS_APPLY, raw, &c, &force, &st);
	BUG_ON(!c.manager || strlen(c.manager) == 0);
	status_clear(&st);
	query_delete_options(a, &q, &st);
}

static void check_indent(struct arena *a, const char *p, size_t n)
{
	const struct json *j = json_parse(a, p, n, NULL, NULL), *again;
	BUF_AUTO struct buf flat = BUF_INIT, out = BUF_INIT;

	if (!j)
		return;
	json_print(&flat, j);
	indent_json(&out, flat.p, flat.len);
	again = json_parse(a, out.p, out.len, NULL, NULL);
	if (!again || !json_equal(j, again))
		bug("%s\nindented is\n%s", flat.p, out.p);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	const char *p = (const char *)data, *end = p + n;
	struct arena *a = arena_new();
	const char *path = line(a, &p, end), *query = line(a, &p, end), *accept = line(a, &p, end);
	struct accept x;

	check_route(a, path, query);
	accept_parse(accept, ACCEPT_YAML | ACCEPT_FORMS, &x);
	accept_wants(accept, "apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList");
	accept_encoding(accept, "gzip");
	check_indent(a, p, (size_t)(end - p));
	arena_free(&a);
	return 0;
}
