#include "base/arena.h"
#include "base/status.h"
#include "server/route.h"
#include "unit.h"

#include <string.h>

struct fixture {
	struct arena *a;
	struct query q;
	struct route r;
	struct status st;
	bool ok;
};

static void route(struct fixture *f, const char *method, const char *path, const char *query)
{
	*f = (struct fixture){ .a = arena_new() };
	query_parse(f->a, query, &f->q);
	f->ok = route_parse(f->a, method, path, &f->q, &f->r, &f->st);
}

static void end(struct fixture *f)
{
	status_clear(&f->st);
	arena_free(&f->a);
}

/* "verb group/version ns resource/name/subresource", or "verb path" */
static const char *shown(struct fixture *f)
{
	const struct attributes *x = &f->r.attr;

	if (!f->ok)
		return arena_printf(f->a, "%d", f->st.code);
	if (x->path)
		return arena_printf(f->a, "%s %s", x->verb, x->path);
	return arena_printf(f->a, "%s %s/%s [%s] %s/%s/%s", x->verb, x->group, x->version, x->ns,
			    x->resource, x->name, x->subresource);
}

UNIT_TEST(route_attributes)
{
	static const struct {
		const char *method, *path, *query, *want;
	} rows[] = {
		{ "GET", "/", "", "get /" },
		{ "GET", "/healthz", "", "get /healthz" },
		{ "OPTIONS", "/version", "", "options /version" },
		{ "GET", "/api/v1", "", "get /api/v1" },
		{ "GET", "/apis/apps/v1", "", "get /apis/apps/v1" },
		{ "GET", "/apis/apps/v1/", "", "get /apis/apps/v1/" },
		{ "GET", "/api/v1/pods", "", "list /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch=1", "watch /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch", "watch /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch=false", "list /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch=False", "list /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch=0", "list /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "watch=junk", "watch /v1 [] pods//" },
		{ "HEAD", "/api/v1/namespaces/x/pods/p", "", "get /v1 [x] pods/p/" },
		{ "GET", "/api/v1/namespaces/x", "", "get /v1 [x] namespaces/x/" },
		{ "PUT", "/api/v1/namespaces/x/finalize", "", "update /v1 [x] namespaces/x/finalize" },
		{ "PATCH", "/api/v1/namespaces/x/status", "", "patch /v1 [x] namespaces/x/status" },
		{ "GET", "/api/v1/namespaces", "", "list /v1 [] namespaces//" },
		{ "GET", "/api/v1/namespaces/default/pods/", "", "list /v1 [default] pods//" },
		{ "POST", "/apis/apps/v1/namespaces/d/deployments", "",
		  "create apps/v1 [d] deployments//" },
		{ "DELETE", "/apis/apps/v1/namespaces/d/deployments", "",
		  "deletecollection apps/v1 [d] deployments//" },
		{ "DELETE", "/apis/apps/v1/namespaces/d/deployments/x", "",
		  "delete apps/v1 [d] deployments/x/" },
		{ "GET", "/api/v1/namespaces/d/pods/p/log", "", "get /v1 [d] pods/p/log" },
		{ "GET", "/api/v1/namespaces/d/services/s:80/proxy/a/b", "",
		  "get /v1 [d] services/s:80/proxy" },
		{ "GET", "/api/v1/watch/namespaces/d/pods/p", "", "watch /v1 [d] pods/p/" },
		{ "GET", "/api/v1/watch/pods", "", "watch /v1 [] pods//" },
		{ "GET", "/api/v1/watch", "", "400" },
		{ "GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dx", "list /v1 [] pods/x/" },
		{ "GET", "/api/v1/pods", "fieldSelector=metadata.name!=x", "list /v1 [] pods//" },
		{ "GET", "/api/v1/pods", "fieldSelector=metadata.name%3D..", "list /v1 [] pods//" },
		{ "BREW", "/api/v1/pods", "", " /v1 [] pods//" },
		{ "GET", "/api/v1/namespaces/d/pods/a%2Fb", "", "get /v1 [d] pods/a/b/" },
		{ "GET", "/api/v1/namespaces/d/pods/%zz", "", "400" },
		{ "GET", "/api/v1/namespaces/d/pods/%", "", "400" },
		{ "GET", "//api//v1///pods", "", "get /v1 [] /v1//" },
	};

	for (size_t i = 0; i + 1 < sizeof rows / sizeof *rows; i++) {
		struct fixture f;

		route(&f, rows[i].method, rows[i].path, rows[i].query);
		CHECK_STR(shown(&f), rows[i].want);
		end(&f);
	}
}

UNIT_TEST(route_encoded_slash_does_not_add_a_segment)
{
	struct fixture f;

	route(&f, "GET", "/api/v1/namespaces/d/pods/a%2Fstatus", "");
	CHECK(f.ok);
	CHECK_STR(f.r.attr.name, "a/status");
	CHECK_STR(f.r.attr.subresource, "");
	end(&f);
}

UNIT_TEST(route_survives_empty_segments)
{
	static const char *const paths[] = {
		"",
		"////",
		"/api//",
		"/api//v1///pods//x",
		"/apis///",
		"/apis//v1/namespaces//pods",
		"/api/v1/namespaces//",
		"/api/v1/namespaces///",
		"/api/v1/watch//",
	};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct fixture f;

		route(&f, "GET", paths[i], "watch=1&fieldSelector=%3D%3D");
		end(&f);
	}
}

UNIT_TEST(route_tail_follows_the_subresource)
{
	struct fixture f;

	route(&f, "GET", "/api/v1/nodes/n/proxy/a/b", "");
	CHECK_INT(f.r.nsegs - f.r.tail, 2);
	CHECK_STR(f.r.segs[f.r.tail], "a");
	end(&f);
	route(&f, "GET", "/api/v1/nodes/n/status", "");
	CHECK_INT(f.r.tail, f.r.nsegs);
	end(&f);
}
