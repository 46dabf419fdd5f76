/*
 * May the caller be somebody else.
 *
 * The narrow ways are tried before the old one: each asks, under its own verbs, whether the caller may do this
 * very request as somebody else (`impersonate-on:MODE:VERB`) and be whom he names (`impersonate:MODE`).  The
 * old way asks for `impersonate` alone.  The first way that allows everything wins; when none does, the first
 * refusal is told.  k8s: apiserver/pkg/endpoints/filters/impersonation.
 */
#include "server/extras.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <string.h>
#include <strings.h>

#define NODE_PREFIX "system:node:"
#define ACCOUNT_PREFIX "system:serviceaccount:"

static const char authentication[] = "authentication.k8s.io";

/* Whom the headers ask for. */
struct wanted {
	struct arena *a;
	const char *name, *uid;
	const char *const *groups; /* NULL-terminated */
	const struct extra *extra;
	size_t nextra;
	struct extras gathering;
	bool extras_named;
};

static void on_header(void *arg, const char *name, const char *value)
{
	static const char prefix[] = "Impersonate-Extra-";
	struct wanted *w = arg;

	if (strncasecmp(name, prefix, sizeof prefix - 1) != 0)
		return;
	w->extras_named = true;
	extras_add(&w->gathering, extras_key(w->a, name + sizeof prefix - 1), value);
}

static void wanted_read(struct req *r, struct wanted *w)
{
	const char *name = http_header(r->http, "Impersonate-User");
	const char *uid = http_header(r->http, "Impersonate-Uid");

	*w = (struct wanted){ .a = r->a, .gathering.a = r->a };
	w->name = name ? name : "";
	w->uid = uid ? uid : "";
	w->groups = http_headers(r->http, "Impersonate-Group");
	http_headers_each(r->http, on_header, w);
	w->extra = extras_take(&w->gathering, &w->nextra);
}

/* ---- the refusal of a request that names no user, as Go prints its struct ---- */

static void print_list(struct arena *a, struct buf *b, const char *const *list)
{
	buf_adds(b, "[]string{");
	for (size_t i = 0; list[i]; i++)
		buf_addf(b, "%s%s", i ? ", " : "", go_quote(a, list[i], strlen(list[i])));
	buf_adds(b, "}");
}

static bool nameless(struct req *r, const struct wanted *w)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addf(&b, "&user.DefaultInfo{Name:\"\", UID:%s, Groups:",
		 go_quote(r->a, w->uid, strlen(w->uid)));
	if (*w->groups)
		print_list(r->a, &b, w->groups);
	else
		buf_adds(&b, "[]string(nil)");
	buf_adds(&b, ", Extra:map[string][]string");
	buf_adds(&b, w->nextra ? "{" : "(nil)");
	for (size_t i = 0; i < w->nextra; i++) {
		buf_addf(&b, "%s%s:", i ? ", " : "",
			 go_quote(r->a, w->extra[i].key, strlen(w->extra[i].key)));
		print_list(r->a, &b, w->extra[i].values);
	}
	buf_adds(&b, w->nextra ? "}}" : "}");
	return status_bad_request(&r->st, "requested %s without impersonating a user name", b.p);
}

/* ---- names with a meaning ---- */

static const char *node_of(const char *user)
{
	size_t n = strlen(NODE_PREFIX);

	return !strncmp(user, NODE_PREFIX, n) && user[n] ? user + n : NULL;
}

/* "system:serviceaccount:NS:NAME" split; false when it is not of that form. */
static bool split_account(struct arena *a, const char *user, const char **ns, const char **name)
{
	size_t n = strlen(ACCOUNT_PREFIX);
	const char *colon;

	if (strncmp(user, ACCOUNT_PREFIX, n) != 0)
		return false;
	user += n;
	colon = strchr(user, ':');
	if (!colon || colon == user || !colon[1] || strchr(colon + 1, ':'))
		return false;
	*ns = arena_dup(a, user, (size_t)(colon - user));
	*name = colon + 1;
	return true;
}

static bool is_account(const struct wanted *w)
{
	const char *ns, *name;

	return split_account(w->a, w->name, &ns, &name);
}

static bool name_alone(const struct wanted *w)
{
	return !*w->uid && !*w->groups && !w->nextra;
}

/* The caller is an account on the very node. */
static bool wants_own_node(const struct wanted *w, const struct user *caller)
{
	const char *node = node_of(w->name);

	if (!node || !name_alone(w) || strncmp(caller->name, ACCOUNT_PREFIX, strlen(ACCOUNT_PREFIX)))
		return false;
	for (size_t i = 0; i < caller->nextra; i++)
		if (!strcmp(caller->extra[i].key, "authentication.kubernetes.io/node-name"))
			return !strcmp(caller->extra[i].values[0], node) &&
			       !caller->extra[i].values[1];
	return false;
}

static bool wants_node(const struct wanted *w, const struct user *caller)
{
	(void)caller;
	return node_of(w->name) && name_alone(w);
}

static bool wants_account(const struct wanted *w, const struct user *caller)
{
	(void)caller;
	return is_account(w) && name_alone(w);
}

static bool wants_person(const struct wanted *w, const struct user *caller)
{
	(void)caller;
	return !node_of(w->name) && !is_account(w);
}

/* ---- the ways ---- */

struct way {
	const char *mode; /* NULL: the old one */
	bool (*applies)(const struct wanted *w, const struct user *caller);
	bool any_node; /* the node's name is settled by applies() */
};

static const struct way ways[] = {
	{ "associated-node", wants_own_node, true },
	{ "arbitrary-node", wants_node, false },
	{ "serviceaccount", wants_account, false },
	{ "user-info", wants_person, false },
	{ NULL, NULL, false },
};

#define WAYS (sizeof ways / sizeof *ways)

struct attempt {
	struct req *r;
	const struct way *way;
	const struct wanted *w;
	const char *verb;
	struct status *st;
};

/* One value somebody wants to be. */
static bool may_be(struct attempt *at, const char *group, const char *resource, const char *sub,
		   const char *ns, const char *name)
{
	const struct attributes attr = {
		.verb = at->verb,
		.group = group,
		.version = "v1",
		.resource = resource,
		.subresource = sub,
		.name = name,
		.ns = ns,
	};

	return authz_allow(at->r, &attr, at->st);
}

static bool may_be_named(struct attempt *at)
{
	const char *group = at->way->mode ? authentication : "", *ns, *name;
	const char *node = at->way->mode ? node_of(at->w->name) : NULL;

	if (node)
		return may_be(at, group, "nodes", "", "", at->way->any_node ? "*" : node);
	if (split_account(at->w->a, at->w->name, &ns, &name))
		return may_be(at, group, "serviceaccounts", "", ns, name);
	return may_be(at, group, "users", "", "", at->w->name);
}

static bool may_be_all(struct attempt *at)
{
	const struct wanted *w = at->w;

	if (!may_be_named(at) || (*w->uid && !may_be(at, authentication, "uids", "", "", w->uid)))
		return false;
	for (const char *const *g = w->groups; *g; g++)
		if (!may_be(at, at->way->mode ? authentication : "", "groups", "", "", *g))
			return false;
	for (size_t i = 0; i < w->nextra; i++)
		for (const char *const *v = w->extra[i].values; *v; v++)
			if (!may_be(at, authentication, "userextras", w->extra[i].key, "", *v))
				return false;
	return true;
}

static bool may_do(struct attempt *at)
{
	struct attributes attr = at->r->route.attr;

	attr.verb = arena_printf(at->r->a, "impersonate-on:%s:%s", at->way->mode, attr.verb);
	return authz_allow(at->r, &attr, at->st);
}

static bool attempt(struct req *r, const struct way *way, const struct wanted *w, struct status *st)
{
	struct attempt at = { r, way, w, "impersonate", st };

	if (!way->mode)
		return may_be_all(&at);
	if (!way->applies(w, r->user))
		return false;
	at.verb = arena_printf(r->a, "impersonate:%s", way->mode);
	return may_do(&at) && may_be_all(&at);
}

/* ---- the new user ---- */

static bool listed(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

static const char *const *groups_of(const struct wanted *w, const struct way *way)
{
	const char **out, *ns, *name;
	size_t n = 0;

	while (w->groups[n])
		n++;
	out = arena_zalloc(w->a, (n + 4) * sizeof *out);
	memcpy(out, w->groups, n * sizeof *out);
	if (way->mode && node_of(w->name)) {
		out[n++] = "system:nodes";
	} else if (!n && split_account(w->a, w->name, &ns, &name)) {
		out[n++] = "system:serviceaccounts";
		out[n++] = arena_printf(w->a, "system:serviceaccounts:%s", ns);
	}
	if (listed(out, "system:unauthenticated"))
		return out;
	if (!strcmp(w->name, "system:anonymous"))
		out[n] = "system:unauthenticated";
	else if (!listed(out, "system:authenticated"))
		out[n] = "system:authenticated";
	return out;
}

static void become(struct req *r, const struct wanted *w, const struct way *way)
{
	struct user *u = arena_zalloc(r->a, sizeof *u);

	u->name = arena_strdup(r->a, w->name);
	u->uid = arena_strdup(r->a, w->uid);
	u->groups = groups_of(w, way);
	u->extra = w->extra;
	u->nextra = w->nextra;
	r->user = u;
}

bool impersonate(struct req *r)
{
	struct wanted w;

	wanted_read(r, &w);
	if (!*w.name)
		return (!*w.uid && !*w.groups && !w.extras_named) || nameless(r, &w);
	for (size_t i = 0; i < WAYS; i++) {
		if (!attempt(r, &ways[i], &w, status_ok(&r->st) ? &r->st : NULL))
			continue;
		status_clear(&r->st);
		become(r, &w, &ways[i]);
		return true;
	}
	return false;
}
