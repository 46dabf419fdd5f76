/*
 * Who is behind a token that a Secret holds: a ServiceAccount's of the old kind, which lives as long as its
 * Secret has it word for word, or a bootstrap token of kube-system, `id.secret`.
 * k8s: pkg/serviceaccount/legacy.go, plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go.
 */
#include "api/core.h"
#include "api/identity.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define CLAIM "kubernetes.io/serviceaccount/"
#define LAST_USED "kubernetes.io/legacy-token-last-used"
#define INVALID_SINCE "kubernetes.io/legacy-token-invalid-since"
#define GROUP_PREFIX "system:bootstrappers:"
#define ID_LEN 6
#define SECRET_LEN 16
#define DAY_S 86400

/* A value of the Secret's data as text; "" when absent. */
static const char *secret_text(struct arena *a, const struct json *secret, const char *name)
{
	const char *coded = json_str(json_get(json_get(secret, "data"), name));
	size_t n;
	char *text = base64_decode(a, coded, strlen(coded), &n);

	return text && strlen(text) == n ? text : "";
}

/* As long as the shorter one takes, wherever they differ. */
static bool same_secret(const char *x, const char *y)
{
	size_t n = strlen(x);
	unsigned diff = n != strlen(y);

	for (size_t i = 0; i < n && y[i]; i++)
		diff |= (unsigned)(unsigned char)(x[i] ^ y[i]);
	return !diff;
}

static const struct obj *live(struct api *api, struct arena *a, const struct kind *k,
			      const char *ns, const char *name)
{
	const struct obj *o = store_get(api_table(api, k), ns, name);

	if (o)
		obj_give(a, o);
	return o && !o->deleted_s ? o : NULL;
}

/* ---- ServiceAccounts ---- */

bool identity_is_legacy(const struct json *claims)
{
	return !strcmp(json_path_str(claims, "iss"), "kubernetes/serviceaccount");
}

static bool mark_used(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)st;
	meta_set_label(c->a, o, LAST_USED, arg);
	return true;
}

/* Once a day, so that unused tokens can be found. */
static void track_use(struct api *api, struct arena *a, const struct obj *secret)
{
	const char *last = obj_label(secret, LAST_USED);
	char today[TIME_LEN], tomorrow[TIME_LEN];
	struct call c;

	time_format(clock_now_s(), today);
	time_format(clock_now_s() + DAY_S, tomorrow);
	today[10] = tomorrow[10] = '\0'; /* the date */
	if (last && (!strcmp(last, today) || !strcmp(last, tomorrow)))
		return;
	call_init(&c, api, a, "kube-apiserver");
	api_change(&c, api->known.secret, NULL, secret->ns, secret->name, mark_used, today, NULL);
}

static const char *legacy_problem(struct api *api, struct arena *a, const char *token,
				  const struct json *claims)
{
	const char *ns = json_str(json_get(claims, CLAIM "namespace"));
	const char *name = json_str(json_get(claims, CLAIM "service-account.name"));
	const char *uid = json_str(json_get(claims, CLAIM "service-account.uid"));
	const struct obj *secret =
		live(api, a, api->known.secret, ns, json_str(json_get(claims, CLAIM "secret.name")));
	const struct obj *sa = live(api, a, api->known.service_account, ns, name);

	if (strcmp(json_path_str(claims, "sub"),
		   arena_printf(a, "system:serviceaccount:%s:%s", ns, name)) != 0)
		return "sub claim is invalid";
	if (!secret)
		return "Token has been invalidated";
	if (!same_secret(token, secret_text(a, obj_tree(a, secret), "token")))
		return "Token does not match server's copy";
	if (!sa)
		return arena_printf(a, "ServiceAccount %s/%s has been deleted", ns, name);
	if (strcmp(sa->uid, uid) != 0)
		return arena_printf(a, "ServiceAccount UID (%s) does not match claim (%s)", sa->uid,
				    uid);
	track_use(api, a, secret);
	if (obj_label(secret, INVALID_SINCE))
		return arena_printf(
			a,
			"the token in secret %s/%s for service account %s/%s has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '%s' label from the secret to temporarily allow use of this token",
			ns, secret->name, ns, name, INVALID_SINCE);
	return NULL;
}

const struct user *identity_of_legacy(struct api *api, struct arena *a, const char *token,
				      const struct json *claims, const char **why)
{
	*why = legacy_problem(api, a, token, claims);
	if (*why)
		return NULL;
	return identity_account(a, json_str(json_get(claims, CLAIM "namespace")),
				json_str(json_get(claims, CLAIM "service-account.name")),
				json_str(json_get(claims, CLAIM "service-account.uid")));
}

/* ---- bootstrap tokens ---- */

static bool is_code(const char *s, size_t n)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

bool identity_is_bootstrap(const char *token)
{
	return is_code(token, ID_LEN) && token[ID_LEN] == '.' &&
	       is_code(token + ID_LEN + 1, SECRET_LEN) && strlen(token) == ID_LEN + 1 + SECRET_LEN;
}

bool bootstrap_expired(struct arena *a, const struct json *secret, int64_t now_s)
{
	const char *text = secret_text(a, secret, "expiration");
	int64_t at;

	return *text && (!time_parse(text, &at) || at / 1000000 <= now_s);
}

static bool is_group(const char *g, size_t n)
{
	size_t head = strlen(GROUP_PREFIX);

	if (n <= head || n > head + 256 || strncmp(g, GROUP_PREFIX, head) != 0)
		return false;
	for (size_t i = head; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789:-", g[i]))
			return false;
	return g[n - 1] != ':' && g[n - 1] != '-';
}

static size_t group_insert(const char **list, size_t n, const char *g)
{
	size_t i = n;

	for (size_t k = 0; k < n; k++)
		if (!strcmp(list[k], g))
			return n;
	for (; i > 0 && strcmp(list[i - 1], g) > 0; i--)
		list[i] = list[i - 1];
	list[i] = g;
	return n + 1;
}

/* Sorted, as upstream's set is; NULL when one is none of a bootstrap token's. */
static const char *const *bootstrap_groups(struct arena *a, const char *extra)
{
	const char **out = arena_zalloc(a, (strlen(extra) + 4) * sizeof *out);
	size_t n = group_insert(out, 0, "system:bootstrappers");

	while (*extra) {
		size_t len = strcspn(extra, ",");

		if (!is_group(extra, len))
			return NULL;
		n = group_insert(out, n, arena_dup(a, extra, len));
		extra += len + (extra[len] == ',');
	}
	out[n] = "system:authenticated";
	return out;
}

const struct user *identity_of_bootstrap(struct api *api, struct arena *a, const char *token)
{
	const char *id = arena_dup(a, token, ID_LEN);
	const struct obj *o = live(api, a, api->known.secret, "kube-system",
				   arena_printf(a, "bootstrap-token-%s", id));
	const struct json *secret = o ? obj_tree(a, o) : NULL;
	struct user *u = arena_zalloc(a, sizeof *u);

	if (!secret || strcmp(json_path_str(secret, "type"), "bootstrap.kubernetes.io/token") ||
	    !same_secret(token + ID_LEN + 1, secret_text(a, secret, "token-secret")) ||
	    strcmp(secret_text(a, secret, "token-id"), id) ||
	    bootstrap_expired(a, secret, clock_now_s()) ||
	    strcmp(secret_text(a, secret, "usage-bootstrap-authentication"), "true"))
		return NULL;
	u->name = arena_printf(a, "system:bootstrap:%s", id);
	u->uid = "";
	u->groups = bootstrap_groups(a, secret_text(a, secret, "auth-extra-groups"));
	return u->groups ? u : NULL;
}
