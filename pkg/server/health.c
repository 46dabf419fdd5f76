/*
 * Health, version and the list of paths.
 *
 * Three endpoints, one list of checks: /livez asks whether the process can serve at all, /readyz and
 * /healthz also what wire.c hands down as `ready`.  Details of a failure go to the log only, because
 * the endpoints answer anybody.
 * k8s: apiserver/pkg/server/healthz, apimachinery/pkg/version
 */
#include "server/encode.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL when well; else what is wrong, for the log. */
static const char *check_ping(struct server *s)
{
	(void)s;
	return NULL;
}

static const char *check_store(struct server *s)
{
	return store_rev(api_store(s->c.api)) > 0 ? NULL : "the store has no revision";
}

static const char *check_shutdown(struct server *s)
{
	return __atomic_load_n(&s->stopping, __ATOMIC_ACQUIRE) ? "the server is stopping" : NULL;
}

static const char *check_ready(struct server *s)
{
	const char *what = NULL;

	if (!s->c.ready || s->c.ready(s->c.ready_arg, &what))
		return NULL;
	return what ? what : "not ready yet";
}

static const struct check {
	const char *name;
	const char *(*fn)(struct server *s);
	bool live; /* part of /livez too */
} checks[] = {
	{ "ping", check_ping, true },
	{ "store", check_store, true },
	{ "startup", check_ready, false },
	{ "shutdown", check_shutdown, false },
};

static bool excluded(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->pairs[i].name, "exclude") == 0 && strcmp(q->pairs[i].value, name) == 0)
			return true;
	return false;
}

static bool is_check(const char *name, bool live_only)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if ((!live_only || checks[i].live) && strcmp(checks[i].name, name) == 0)
			return true;
	return false;
}

static void unknown_excludes(const struct query *q, bool live_only, struct buf *b)
{
	bool any = false;

	for (size_t i = 0; i < q->n; i++) {
		const struct query_pair *p = &q->pairs[i];

		if (strcmp(p->name, "exclude") != 0 || is_check(p->value, live_only))
			continue;
		buf_addf(b, "%s\"%s\"",
			 any ? "," : "warn: some health checks cannot be excluded: no matches for ",
			 p->value);
		any = true;
	}
	if (any)
		buf_addc(b, '\n');
}

/* One line per check; false when one failed. */
static bool run_checks(struct req *r, const char *name, bool live_only, struct buf *b)
{
	bool well = true;

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		const struct check *c = &checks[i];
		const char *why;

		if (live_only && !c->live)
			continue;
		if (excluded(&r->query, c->name)) {
			buf_addf(b, "[+]%s excluded: ok\n", c->name);
			continue;
		}
		why = c->fn(r->server);
		if (!why) {
			buf_addf(b, "[+]%s ok\n", c->name);
			continue;
		}
		buf_addf(b, "[-]%s failed: reason withheld\n", c->name);
		log_debug("server", "%s: check %s failed: %s", name, c->name, why);
		well = false;
	}
	unknown_excludes(&r->query, live_only, b);
	return well;
}

static bool one_check(struct req *r, const char *name, bool live_only)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		const struct check *c = &checks[i];
		const char *why;

		if (strcmp(c->name, name) != 0 || (live_only && !c->live))
			continue;
		why = c->fn(r->server);
		if (!why)
			return reply_text(r, 200, "ok");
		return reply_text(r, 500, arena_printf(r->a, "internal server error: %s\n", why));
	}
	return reply_text(r, 404, "404 page not found\n");
}

bool health_run(struct req *r)
{
	const struct route *p = &r->route;
	const char *name = p->segs[0];
	bool live_only = strcmp(name, "livez") == 0;
	BUF_AUTO struct buf b = BUF_INIT;

	http_add_header(r->http, "X-Content-Type-Options", "nosniff");
	if (p->nsegs == 2)
		return one_check(r, p->segs[1], live_only);
	if (p->nsegs > 2)
		return reply_text(r, 404, "404 page not found\n");
	if (!run_checks(r, name, live_only, &b)) {
		buf_addf(&b, "%s check failed\n", name);
		return reply_text(r, 500, arena_dup(r->a, b.p, b.len));
	}
	if (!query_get(&r->query, "verbose"))
		return reply_text(r, 200, "ok");
	buf_addf(&b, "%s check passed\n", name);
	return reply_text(r, 200, arena_dup(r->a, b.p, b.len));
}

/* The number behind the n-th dot of "v1.36.0+...", as text. */
static const char *version_part(struct arena *a, const char *version, int n)
{
	version += *version == 'v';
	while (n-- > 0) {
		version += strcspn(version, ".");
		version += *version == '.';
	}
	return arena_dup(a, version, strspn(version, "0123456789"));
}

bool version_run(struct req *r)
{
	const char *v = r->server->c.version ? r->server->c.version : "v1.36.0";
	const char *major = version_part(r->a, v, 0), *minor = version_part(r->a, v, 1);
	const char *oldest = arena_printf(r->a, "%d", atoi(minor) - 1); /* one version is bridged */
	BUF_AUTO struct buf b = BUF_INIT;
	struct buf out = BUF_INIT;

	json_print(&b, json_build(r->a,
				  "{major:%s,minor:%s,emulationMajor:%s,emulationMinor:%s,"
				  "minCompatibilityMajor:%s,minCompatibilityMinor:%s,gitVersion:%s,"
				  "gitCommit:%s,gitTreeState:%s,buildDate:%s,goVersion:%s,compiler:%s,"
				  "platform:%s}",
				  major, minor, major, minor, major, oldest, v, "", "clean",
				  "1970-01-01T00:00:00Z", "none", "cc",
#if defined(__x86_64__)
				  "linux/amd64"
#elif defined(__aarch64__)
				  "linux/arm64"
#else
				  "linux/unknown"
#endif
				  ));
	indent_json(&out, b.p, b.len);
	return reply_buf(r, "application/json", &out);
}

bool index_run(struct req *r)
{
	static const char *const fixed[] = {
		"/.well-known/openid-configuration",
		"/api",
		"/api/v1",
		"/apis",
		"/healthz",
		"/livez",
		"/metrics",
		"/openapi/v2",
		"/openapi/v3",
		"/openid/v1/jwks",
		"/readyz",
		"/version",
	};
	struct json *paths = json_array(r->a);
	const struct kind *k, *last = NULL;

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		json_append(paths, json_string(r->a, fixed[i]));
	for (size_t it = 0; (k = kinds_next(r->server->kinds, &it)); last = k) {
		const char *g = k->subject.group;
		bool new_group = !last || strcmp(last->subject.group, g) != 0;

		if (!*g || (!new_group && strcmp(last->version, k->version) == 0))
			continue;
		if (new_group)
			json_append(paths, json_string(r->a, arena_printf(r->a, "/apis/%s", g)));
		json_append(paths,
			    json_string(r->a, arena_printf(r->a, "/apis/%s/%s", g, k->version)));
	}
	return reply_tree(r, 200, json_build(r->a, "{paths:%j}", paths));
}
