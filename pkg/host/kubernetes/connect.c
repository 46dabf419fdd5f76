/*
 * How to reach the host: a kubeconfig (certificates, token, token file; inline or as files beside it), or the
 * account that every pod has.  exec and auth-provider users are refused with the way out, because a
 * long-running server must not depend on a login helper.
 */
#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/version.h"
#include "net/client.h"
#include "obj/json.h"
#include "obj/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"
#define QPS 50
#define BURST 100

static char *slurp(struct arena *a, const char *path, struct status *st)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char chunk[4096], *out;
	size_t n;

	if (!f) {
		status_bad_request(st, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof chunk, f)))
		buf_add(&b, chunk, n);
	fclose(f);
	out = arena_dup(a, b.len ? b.p : "", b.len);
	buf_free(&b);
	return out;
}

static const struct json *named(const struct json *list, const char *name)
{
	json_each(e, list)
		if (!strcmp(json_path_str(e, "name"), name))
			return e;
	return NULL;
}

struct source {
	struct arena *a;
	const char *path; /* of the kubeconfig: relative files are beside it */
	struct status *st;
	bool ok;
};

/* A file named in the kubeconfig. */
static const char *beside(struct source *s, const char *file)
{
	const char *slash = strrchr(s->path, '/');

	if (*file == '/' || !slash)
		return file;
	return arena_printf(s->a, "%.*s/%s", (int)(slash - s->path), s->path, file);
}

/* `<name>-data` in base64, or the file `<name>`; NULL when neither is given. */
static const char *material(struct source *s, const struct json *o, const char *name)
{
	const char *data = json_str(json_get(o, arena_printf(s->a, "%s-data", name)));
	const char *file = json_str(json_get(o, name));
	char *text = NULL;
	size_t n;

	if (*data) {
		text = base64_decode(s->a, data, strlen(data), &n);
		if (!text)
			s->ok = status_bad_request(s->st, "%s: %s-data is no base64", s->path, name);
	} else if (*file) {
		text = slurp(s->a, beside(s, file), s->st);
		s->ok = s->ok && text;
	}
	return text;
}

static bool refuse_helpers(struct source *s, const struct json *user)
{
	if (json_get(user, "exec") || json_get(user, "auth-provider"))
		return status_bad_request(
			s->st,
			"%s: the user logs in through a helper program, which a server cannot use; "
			"make a kubeconfig with a ServiceAccount token: "
			"kubectl create token ACCOUNT",
			s->path);
	return true;
}

static bool read_user(struct source *s, const struct json *user, struct client_config *cc)
{
	const char *token = json_path_str(user, "token"), *file = json_path_str(user, "tokenFile");

	if (!refuse_helpers(s, user))
		return false;
	cc->cert_pem = material(s, user, "client-certificate");
	cc->key_pem = material(s, user, "client-key");
	cc->token = *token ? token : NULL;
	cc->token_file = *file ? beside(s, file) : NULL;
	return s->ok;
}

static bool from_kubeconfig(struct host *h, struct arena *a, struct client_config *cc,
			    struct status *st)
{
	struct source s = { a, h->config.kubeconfig, st, true };
	char *text = slurp(a, s.path, st);
	struct json *o = text ? yaml_parse(a, text, strlen(text), NULL, st) : NULL;
	const struct json *context, *cluster, *user;
	const char *ns;

	if (!o)
		return false;
	context = named(json_get(o, "contexts"), json_path_str(o, "current-context"));
	cluster = json_get(named(json_get(o, "clusters"), json_path_str(context, "context.cluster")),
			   "cluster");
	user = json_get(named(json_get(o, "users"), json_path_str(context, "context.user")), "user");
	if (!*json_path_str(cluster, "server"))
		return status_bad_request(st,
					  "%s: its current context names no cluster with a "
					  "server",
					  s.path);
	cc->url = json_path_str(cluster, "server");
	cc->insecure = json_path_bool(cluster, "insecure-skip-tls-verify", false);
	if (*json_path_str(cluster, "tls-server-name"))
		cc->server_name = json_path_str(cluster, "tls-server-name");
	cc->ca_pem = material(&s, cluster, "certificate-authority");
	if (!s.ok || !read_user(&s, user, cc))
		return false;
	ns = h->config.ns ? h->config.ns : json_path_str(context, "context.namespace");
	if (!*ns)
		return status_bad_request(st, "which namespace of the host may be used? name it "
					      "with --host-namespace");
	h->ns = strdup(ns);
	return true;
}

static bool from_account(struct host *h, struct arena *a, struct client_config *cc, struct status *st)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	const char *dir = getenv("NUTSHELL_ACCOUNT_DIR");
	char *ns = NULL;

	if (!host)
		return status_bad_request(st, "there is no in-cluster account here; name the host "
					      "with --host-kubeconfig FILE");
	if (!dir)
		dir = ACCOUNT;
	cc->url = strchr(host, 58) ? arena_printf(a, "https://[%s]:%s", host, port ? port : "443") :
				     arena_printf(a, "https://%s:%s", host, port ? port : "443");
	cc->ca_pem = slurp(a, arena_printf(a, "%s/ca.crt", dir), st);
	cc->token_file = arena_printf(a, "%s/token", dir);
	if (!cc->ca_pem)
		return false;
	if (!h->config.ns) {
		ns = slurp(a, arena_printf(a, "%s/namespace", dir), st);
		if (!ns)
			return false;
	}
	h->ns = strdup(h->config.ns ? h->config.ns : ns);
	return true;
}

bool kube_connect(struct host *h, struct status *st)
{
	struct arena *a = arena_new();
	struct client_config cc = { .user_agent = arena_printf(a, "nutshell/%s", version_text()),
				    .qps = QPS,
				    .burst = BURST };
	bool ok = h->config.kubeconfig ? from_kubeconfig(h, a, &cc, st) : from_account(h, a, &cc, st);

	if (ok) {
		h->client = client_new(&cc, st);
		ok = h->client;
	}
	arena_free(&a);
	return ok;
}
