/*
 * One thread fetches: first the discovery document, every ten seconds until it has one; then the keys, hourly
 * and when a token names one that is missing, yet at most once a second, whatever tokens are sent.  Checking
 * a signature is serialised by the lock because mbedTLS contexts compute in place; who was found good is
 * remembered elsewhere (tokens.c).
 */
#include "server/issuer.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/thread.h"
#include "net/client.h"
#include "net/jwk.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000LL
#define RETRY_NS (10 * SECOND_NS)
#define REFRESH_NS (3600 * SECOND_NS)
#define WAIT_NS (10 * SECOND_NS)
#define MAX_DOCUMENT (1 << 20)

static const char discovery_path[] = "/.well-known/openid-configuration";

struct issuer {
	struct issuer_config c;
	struct lock lock;
	struct cond changed;
	struct jwk_set *keys; /* NULL: not fetched yet */
	char *jwks_uri;       /* the thread's */
	uint64_t asked, done; /* numbers of fetches */
	int64_t last_ns;      /* of the last fetch */
	bool stopping;
	struct thread *thread;
};

/* ---- fetching ---- */

/* "https://host/path" as origin and path. */
static bool split_url(struct arena *a, const char *url, const char **origin, const char **path)
{
	const char *host = !strncmp(url, "https://", 8) ? url + 8 : NULL;
	size_t n;

	if (!host || !*host || *host == '/')
		return false;
	n = strcspn(host, "/");
	*origin = arena_dup(a, url, 8 + n);
	*path = host[n] ? host + n : "/";
	return true;
}

static struct json *fetch(struct issuer *i, struct arena *a, const char *url, struct status *st)
{
	const char *origin, *path;
	struct client_config cc = { .ca_pem = i->c.ca_pem, .user_agent = "nutshell" };
	struct client_req q = { .method = "GET",
				.accept = "application/json",
				.timeout_s = 10,
				.max_response = MAX_DOCUMENT };
	struct client_resp r = { 0 };
	struct json *doc = NULL;
	struct client *client;

	if (!split_url(a, url, &origin, &path)) {
		status_bad_request(st, "%s is no https URL", url);
		return NULL;
	}
	cc.url = origin;
	q.path = path;
	client = client_new(&cc, st);
	if (!client)
		return NULL;
	if (client_do(client, &q, &r, st)) {
		if (r.code == 200)
			doc = json_parse(a, r.body.p ? r.body.p : "", r.body.len, NULL, st);
		else
			status_internal(st, "%s answered %d", url, r.code);
	}
	client_resp_free(&r);
	client_free(&client);
	return doc;
}

static bool discover(struct issuer *i, struct arena *a, struct status *st)
{
	size_t n = strlen(i->c.url);
	const struct json *doc;
	const char *uri;

	while (n && i->c.url[n - 1] == '/')
		n--;
	doc = fetch(i, a, arena_printf(a, "%.*s%s", (int)n, i->c.url, discovery_path), st);
	if (!doc)
		return false;
	uri = json_path_str(doc, "jwks_uri");
	if (strcmp(json_path_str(doc, "issuer"), i->c.url) != 0)
		return status_internal(st, "issuer did not match, expected \"%s\" got \"%s\"",
				       i->c.url, json_path_str(doc, "issuer"));
	if (!*uri)
		return status_internal(st, "provider did not return JWKS URL");
	i->jwks_uri = strdup(uri);
	return true;
}

static void refresh(struct issuer *i)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct arena *a = arena_new();
	struct jwk_set *fresh = NULL, *old = NULL;
	const struct json *doc = NULL;

	if (i->jwks_uri || discover(i, a, &st))
		doc = fetch(i, a, i->jwks_uri, &st);
	if (doc)
		fresh = jwk_set_new(doc);
	else
		log_warn("oidc", "issuer %s: %s", i->c.url, st.message ? st.message : "no keys");
	lock_take(&i->lock);
	if (fresh) {
		old = i->keys;
		i->keys = fresh;
	}
	lock_drop(&i->lock);
	jwk_set_free(&old);
	arena_free(&a);
}

static void fetcher(void *arg)
{
	struct issuer *i = arg;

	lock_take(&i->lock);
	while (!i->stopping) {
		uint64_t asked = i->asked;

		lock_drop(&i->lock);
		refresh(i);
		lock_take(&i->lock);
		i->done = asked;
		i->last_ns = clock_mono_ns();
		cond_broadcast(&i->changed);
		while (!i->stopping && i->asked == i->done &&
		       cond_wait_until(&i->changed, &i->lock,
				       i->last_ns + (i->keys ? REFRESH_NS : RETRY_NS)))
			;
	}
	lock_drop(&i->lock);
}

/* ---- claims ---- */

static bool text_claim(const struct json *claims, const char *name, const char **out)
{
	const struct json *v = json_get(claims, name);

	*out = json_str(v);
	return json_is_string(v);
}

static bool username(const struct issuer *i, struct arena *a, const struct json *claims,
		     const char **out, const char **why)
{
	const char *claim = i->c.username_claim ? i->c.username_claim : "sub";
	const char *prefix = i->c.username_prefix, *text;
	bool email = !strcmp(claim, "email");

	if (!text_claim(claims, claim, &text)) {
		*why = arena_printf(a, "oidc: parse username claims \"%s\": claim not present",
				    claim);
		return false;
	}
	if (email && json_get(claims, "email_verified") &&
	    !json_is_true(json_get(claims, "email_verified"))) {
		*why = "oidc: email not verified";
		return false;
	}
	if (!prefix)
		prefix = email ? "" : arena_printf(a, "%s#", i->c.url);
	else if (!strcmp(prefix, "-"))
		prefix = "";
	*out = arena_printf(a, "%s%s", prefix, text);
	return true;
}

static const char *const *groups(const struct issuer *i, struct arena *a, const struct json *claims)
{
	const struct json *v = i->c.groups_claim ? json_get(claims, i->c.groups_claim) : NULL;
	const char *prefix = i->c.groups_prefix ? i->c.groups_prefix : "";
	const char **out = arena_zalloc(a, (json_count(v) + 3) * sizeof *out);
	size_t n = 0;

	if (json_is_string(v))
		out[n++] = arena_printf(a, "%s%s", prefix, json_str(v));
	if (json_is_array(v))
		json_each(g, v)
			if (json_is_string(g))
				out[n++] = arena_printf(a, "%s%s", prefix, json_str(g));
	out[n] = "system:authenticated";
	return out;
}

static bool required(const struct issuer *i, struct arena *a, const struct json *claims,
		     const char **why)
{
	for (const char *const *r = i->c.required_claims; r && *r; r++) {
		const char *eq = strchr(*r, '='), *have;
		const char *name = arena_dup(a, *r, (size_t)(eq - *r));

		if (!json_get(claims, name))
			*why = arena_printf(a, "oidc: required claim %s not present in ID token",
					    name);
		else if (!text_claim(claims, name, &have))
			*why = arena_printf(a, "oidc: parse claim %s: not a string", name);
		else if (strcmp(have, eq + 1) != 0)
			*why = arena_printf(
				a,
				"oidc: required claim %s value does not match. Got = %s, want = %s",
				name, have, eq + 1);
		else
			continue;
		return false;
	}
	return true;
}

static const struct user *user_of(const struct issuer *i, struct arena *a,
				  const struct json *claims, const char **why)
{
	struct user *u = arena_zalloc(a, sizeof *u);
	const char *jti;

	u->uid = "";
	if (!username(i, a, claims, &u->name, why) || !required(i, a, claims, why))
		return NULL;
	u->groups = groups(i, a, claims);
	if (text_claim(claims, "jti", &jti)) {
		struct extra *e = arena_zalloc(a, sizeof *e);
		const char **values = arena_zalloc(a, 2 * sizeof *values);

		values[0] = arena_printf(a, "JTI=%s", jti);
		*e = (struct extra){ "authentication.kubernetes.io/credential-id", values };
		u->extra = e;
		u->nextra = 1;
	}
	return u;
}

/* ---- tokens ---- */

static bool among(const struct json *list, const char *s)
{
	if (json_is_string(list))
		return !strcmp(json_str(list), s);
	json_each(v, list)
		if (!strcmp(json_str(v), s))
			return true;
	return false;
}

static const char *claims_problem(const struct issuer *i, struct arena *a, const struct json *claims)
{
	int64_t now = clock_now_s(), exp = (int64_t)json_double(json_get(claims, "exp"));
	const struct json *nbf = json_get(claims, "nbf");
	char text[TIME_LEN];

	time_format(exp, text);
	if (exp < now)
		return arena_printf(
			a, "oidc: verify token: oidc: token is expired (Token Expiry: %s)", text);
	/* five minutes of grace for clocks that differ, as upstream's library has it */
	if (json_is_number(nbf) && (int64_t)json_double(nbf) > now + 300)
		return "oidc: verify token: oidc: current time before the nbf (not before) time";
	if (!among(json_get(claims, "aud"), i->c.client_id))
		return arena_printf(a,
				    "oidc: verify token: oidc: expected audience in [\"%s\"] got %s",
				    i->c.client_id, json_text(a, json_get(claims, "aud")));
	return NULL;
}

static bool alg_allowed(const struct issuer *i, const char *alg)
{
	if (!i->c.algs || !*i->c.algs)
		return !strcmp(alg, "RS256");
	for (const char *const *s = i->c.algs; *s; s++)
		if (!strcmp(*s, alg))
			return true;
	return false;
}

/* Under the lock: have the keys fetched again unless that was just done; true when they were. */
static bool ask(struct issuer *i)
{
	int64_t deadline = clock_mono_ns() + WAIT_NS;
	uint64_t mine;

	if (i->done == i->asked && i->last_ns && clock_mono_ns() - i->last_ns < SECOND_NS)
		return false;
	mine = i->done == i->asked ? ++i->asked : i->asked;
	cond_broadcast(&i->changed);
	while (!i->stopping && i->done < mine)
		if (!cond_wait_until(&i->changed, &i->lock, deadline))
			return false;
	return true;
}

static bool signed_by(struct issuer *i, struct arena *a, const char *token,
		      const struct jwt_parts *p, const char **why)
{
	enum jwk_verdict v = JWK_NO_KEY;

	lock_take(&i->lock);
	if (i->keys)
		v = jwk_verify(a, i->keys, token, p);
	if (v == JWK_NO_KEY && ask(i) && i->keys)
		v = jwk_verify(a, i->keys, token, p);
	*why = i->keys ?
		       "oidc: verify token: failed to verify signature: failed to verify id token signature" :
		       "oidc: authenticator not initialized";
	lock_drop(&i->lock);
	return v == JWK_GOOD;
}

const struct user *issuer_authenticate(void *arg, struct arena *a, const char *token, const char **why)
{
	struct issuer *i = arg;
	struct jwt_parts p;

	if (!jwt_split(a, token, &p) || strcmp(json_path_str(p.claims, "iss"), i->c.url) != 0)
		return NULL;
	*why = claims_problem(i, a, p.claims);
	if (*why)
		return NULL;
	if (!alg_allowed(i, p.alg)) {
		*why = arena_printf(
			a,
			"oidc: verify token: oidc: malformed jwt: unexpected signature algorithm \"%s\"",
			p.alg);
		return NULL;
	}
	if (!signed_by(i, a, token, &p, why))
		return NULL;
	*why = NULL;
	return user_of(i, a, p.claims, why);
}

/* ---- life ---- */

static bool config_check(const struct issuer_config *c, struct status *st)
{
	static const char *const known[] = { "RS256", "RS384", "RS512", "ES256", "ES384",
					     "ES512", "PS256", "PS384", "PS512" };

	if (strncmp(c->url, "https://", 8) != 0 || !c->url[8])
		return status_bad_request(st, "--oidc-issuer-url: \"%s\": URL scheme must be https",
					  c->url);
	for (const char *const *s = c->algs; s && *s; s++) {
		size_t n = 0;

		while (n < sizeof known / sizeof *known && strcmp(known[n], *s) != 0)
			n++;
		if (n == sizeof known / sizeof *known)
			return status_bad_request(st, "oidc: unsupported signing alg: \"%s\"", *s);
	}
	for (const char *const *s = c->required_claims; s && *s; s++)
		if (!strchr(*s, '=') || **s == '=')
			return status_bad_request(
				st, "--oidc-required-claim: \"%s\" is not of the form key=value", *s);
	return true;
}

struct issuer *issuer_new(const struct issuer_config *c, struct status *st)
{
	struct issuer *i;

	if (!config_check(c, st))
		return NULL;
	i = calloc(1, sizeof *i);
	BUG_ON(!i);
	i->c = *c;
	lock_init(&i->lock, "issuer", LOCK_SERVER);
	cond_init(&i->changed);
	i->thread = thread_start("oidc", fetcher, i);
	return i;
}

void issuer_free(struct issuer **ip)
{
	struct issuer *i = *ip;

	*ip = NULL;
	if (!i)
		return;
	lock_take(&i->lock);
	i->stopping = true;
	cond_broadcast(&i->changed);
	lock_drop(&i->lock);
	thread_join(&i->thread);
	jwk_set_free(&i->keys);
	cond_destroy(&i->changed);
	lock_destroy(&i->lock);
	free(i->jwks_uri);
	free(i);
}
