/*
 * hook_call: clientConfig to URL, URL to client, client to answer.
 *
 * Clients are kept by what they were made of (origin, address, CA), at most CLIENTS_MAX of them: the one
 * longest unused gives way, and is freed by its last user.  A service's endpoint is chosen anew for each
 * call, so that a client belongs to one address and its idle connections are as good as it is.
 */
#include "api/hook_call.h"

#include "api/core.h"
#include "api/service_route.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "net/client.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 64, RESPONSE_MAX = 16 << 20, TEXT_MAX = 2048, DEFAULT_TIMEOUT_S = 30 };

struct hook_client {
	char *key;
	struct client *client;
	unsigned users;
	uint64_t used; /* tick of the last use */
	bool kept;     /* in the table */
};

struct hook_clients {
	struct lock lock;
	struct hook_client *all[CLIENTS_MAX];
	size_t n;
	uint64_t tick;
};

struct hook_clients *hook_clients_new(void)
{
	struct hook_clients *h = calloc(1, sizeof *h);

	BUG_ON(!h);
	lock_init(&h->lock, "webhook clients", LOCK_API);
	return h;
}

static void hook_client_free(struct hook_client *x)
{
	client_free(&x->client);
	free(x->key);
	free(x);
}

void hook_clients_free(struct hook_clients **hp)
{
	struct hook_clients *h = *hp;

	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		hook_client_free(h->all[i]);
	lock_destroy(&h->lock);
	free(h);
	*hp = NULL;
}

/* Under the lock: the entry to give up for a new one. */
static size_t oldest(const struct hook_clients *h)
{
	size_t at = 0;

	for (size_t i = 1; i < h->n; i++)
		if (h->all[i]->used < h->all[at]->used)
			at = i;
	return at;
}

static struct hook_client *client_find(struct hook_clients *h, const char *key)
{
	struct hook_client *found = NULL;

	lock_take(&h->lock);
	for (size_t i = 0; i < h->n && !found; i++)
		if (!strcmp(h->all[i]->key, key))
			found = h->all[i];
	if (found) {
		found->users++;
		found->used = ++h->tick;
	}
	lock_drop(&h->lock);
	return found;
}

/* Two threads may each make a client of the same key: both work, one is used up first. */
static struct hook_client *client_keep(struct hook_clients *h, const char *key, struct client *client)
{
	struct hook_client *x = calloc(1, sizeof *x), *gone = NULL;

	BUG_ON(!x);
	*x = (struct hook_client){ .key = strdup(key), .client = client, .users = 1, .kept = true };
	lock_take(&h->lock);
	x->used = ++h->tick;
	if (h->n < CLIENTS_MAX) {
		h->all[h->n++] = x;
	} else {
		size_t at = oldest(h);

		gone = h->all[at];
		h->all[at] = x;
		gone->kept = false;
		if (gone->users)
			gone = NULL;
	}
	lock_drop(&h->lock);
	if (gone)
		hook_client_free(gone);
	return x;
}

static void client_release(struct hook_clients *h, struct hook_client *x)
{
	bool last;

	lock_take(&h->lock);
	last = !--x->users && !x->kept;
	lock_drop(&h->lock);
	if (last)
		hook_client_free(x);
}

/* ---- where to ---- */

struct target {
	const char *origin;  /* "https://host:port" */
	const char *path;    /* "/validate" */
	const char *address; /* where to connect; NULL = the origin's host */
};

/* Go's path.Join("/", p): one slash between elements, none at the end. */
static char *path_clean(struct arena *a, const char *p, size_t n)
{
	char *out = arena_alloc(a, n + 2);
	size_t len = 0;

	out[len++] = '/';
	for (size_t i = 0; i < n; i++)
		if (p[i] != '/' || out[len - 1] != '/')
			out[len++] = p[i];
	if (len > 1 && out[len - 1] == '/')
		len--;
	out[len] = '\0';
	return out;
}

static bool target_of_service(struct call *c, const struct json *service, struct target *t,
			      const char **why)
{
	const char *ns = json_path_str(service, "namespace"), *name = json_path_str(service, "name");
	const char *path = json_path_str(service, "path");
	int port = (int)json_path_int(service, "port", 443);
	struct service_route route;

	t->origin = arena_printf(c->a, "https://%s.%s.svc:%d", name, ns, port);
	t->path = path_clean(c->a, path, strlen(path));
	if (!service_route(c, ns, name, port, &route, why))
		return false;
	t->address = arena_printf(c->a, strchr(route.host, ':') ? "[%s]:%d" : "%s:%d", route.host,
				  route.port);
	return true;
}

static void target_of_url(struct call *c, const char *url, struct target *t)
{
	const char *host = strstr(url, "://");
	size_t n;

	host = host ? host + 3 : url;
	n = strcspn(host, "/?#");
	t->origin = arena_dup(c->a, url, (size_t)(host - url) + n);
	t->path = path_clean(c->a, host + n, strcspn(host + n, "?#"));
}

static struct hook_client *client_of(struct call *c, const struct target *t, const char *ca,
				     const char **why)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	struct client_config config = {
		.url = t->origin,
		.address = t->address,
		.user_agent = "kube-apiserver-admission",
	};
	char *key = arena_printf(c->a, "%s %s %s", t->origin, t->address ? t->address : "", ca);
	struct hook_client *x = client_find(c->api->hooks, key);
	struct client *made;
	size_t n;

	if (x)
		return x;
	if (*ca)
		config.ca_pem = base64_decode(c->a, ca, strlen(ca), &n);
	made = client_new(&config, &bad);
	if (made)
		return client_keep(c->api->hooks, key, made);
	*why = *ca ? "unable to load root certificates: unable to parse bytes as PEM block" :
		     arena_strdup(c->a, bad.message);
	return NULL;
}

/* ---- what came back ---- */

static const char *code_text(struct arena *a, int code, const char *said)
{
	static const struct {
		int code;
		const char *text;
	} texts[] = {
		{ 400, "the server rejected our request for an unknown reason" },
		{ 401, "the server has asked for the client to provide credentials" },
		{ 404, "the server could not find the requested resource" },
		{ 405, "the server does not allow this method on the requested resource" },
		{ 409, "the server reported a conflict" },
		{ 422, "the server rejected our request due to an error in our request" },
		{ 429,
		  "the server has received too many requests and has asked us to try again later" },
		{ 503, "the server is currently unable to handle the request" },
		{ 504,
		  "the server was unable to return a response in the time allotted, but may still be processing the request" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].code == code)
			return texts[i].text;
	if (code == 403 || code == 406 || code == 415)
		return said;
	if (code >= 500)
		return arena_printf(
			a, "an error on the server (%s) has prevented the request from succeeding",
			go_quote(a, said, strlen(said)));
	return arena_printf(
		a, "the server responded with the status code %d but did not return more information",
		code);
}

static bool is_failure_status(const struct json *o)
{
	return !strcmp(json_path_str(o, "kind"), "Status") &&
	       strcmp(json_path_str(o, "status"), "Success") != 0;
}

/* What an answer that is none says: a Status in its body speaks for itself. */
static const char *refusal(struct call *c, const struct client_resp *r)
{
	const char *said = "unknown";
	const struct json *o = json_parse(c->a, r->body.p ? r->body.p : "", r->body.len, NULL, NULL);
	size_t n = r->body.len < TEXT_MAX ? r->body.len : TEXT_MAX;

	if (is_failure_status(o) && *json_path_str(o, "message"))
		return json_path_str(o, "message");
	if (!*r->content_type || !strncmp(r->content_type, "text/", 5)) {
		while (n && strchr(" \t\r\n", r->body.p[n - 1]))
			n--;
		said = arena_dup(c->a, r->body.p ? r->body.p : "", n);
	}
	return code_text(c->a, r->code, said);
}

static struct json *answer(struct call *c, const struct client_resp *r, const char **why)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	struct json *o;

	if (r->code < 200 || r->code > 206) {
		*why = refusal(c, r);
		return NULL;
	}
	if (!r->body.len) {
		*why = arena_printf(c->a,
				    "0-length response with status code: %d and content type: %s",
				    r->code, *r->content_type ? r->content_type : "application/json");
		return NULL;
	}
	o = json_parse(c->a, r->body.p, r->body.len, NULL, &bad);
	if (!o)
		*why = arena_printf(c->a, "couldn't get version/kind; json parse error: %s",
				    bad.message);
	else if (!json_is_object(o))
		*why = "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
	else if (is_failure_status(o))
		*why = json_path_str(o, "message");
	else
		return o;
	return NULL;
}

static const char *unreached(struct arena *a, const struct target *t, const char *text)
{
	return arena_printf(a, "Post \"%s%s\": %s", t->origin, t->path, text);
}

static struct json *post(struct call *c, struct client *client, const struct target *t,
			 const struct json *review, int timeout_s, const char **why)
{
	BUF_AUTO struct buf body = BUF_INIT;
	struct client_req q = {
		.method = "POST",
		.path = t->path,
		.content_type = "application/json",
		.accept = "application/json, */*",
		.timeout_s = timeout_s ? timeout_s : DEFAULT_TIMEOUT_S,
		.max_response = RESPONSE_MAX,
	};
	struct client_resp r;
	struct json *o = NULL;

	json_print(&body, review);
	q.body = body.p;
	q.body_len = body.len;
	if (client_do(client, &q, &r, NULL))
		o = answer(c, &r, why);
	else
		*why = unreached(c->a, t, r.failure);
	client_resp_free(&r);
	return o;
}

static bool target_find(struct call *c, const struct json *config, int timeout_s, struct target *t,
			const char **why)
{
	const struct json *service = json_get(config, "service");
	const char *url = json_path_str(config, "url");
	bool found = true;

	if (!service && !*url) {
		*why = "webhook configuration must have either service or URL";
		return false;
	}
	if (service)
		found = target_of_service(c, service, t, why);
	else
		target_of_url(c, url, t);
	if (timeout_s)
		t->path = arena_printf(c->a, "%s?timeout=%ds", t->path, timeout_s);
	if (!found)
		*why = unreached(c->a, t, *why);
	return found;
}

struct json *hook_call(struct call *c, const struct json *client_config, const struct json *review,
		       int timeout_s, const char **why)
{
	struct hook_client *x;
	struct target t = { 0 };
	struct json *o;

	if (!target_find(c, client_config, timeout_s, &t, why))
		return NULL;
	x = client_of(c, &t, json_path_str(client_config, "caBundle"), why);
	if (!x)
		return NULL;
	o = post(c, x->client, &t, review, timeout_s, why);
	client_release(c->api->hooks, x);
	return o;
}
