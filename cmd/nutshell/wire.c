/*
 * Design: one struct holds every part; start makes them in order of their floors, stop unmakes them in
 * reverse, and both accept a half-built cluster, so that a failed start cleans up by stopping.
 */
#include "wire.h"

#include "endpoint.h"
#include "explain.h"
#include "files.h"
#include "identity.h"
#include "kubeconfig.h"
#include "logins.h"
#include "sans.h"

#include "api/api.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/version.h"
#include "control/control.h"
#include "host/host.h"
#include "net/httpd.h"
#include "net/jwt.h"
#include "net/pki.h"
#include "server/server.h"
#include "store/store.h"
#include "work/work.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BODY 3145728
#define STOP_GRACE_S 3
#define FRONT_VALID_S (365LL * 86400)
#define CONTROLLERS_MAX 64

struct wire {
	struct wire_config config;
	struct arena *a; /* texts that live as long as the cluster */
	const char *const *sans;
	struct identity identity;
	struct jwt_key *token_key;
	struct token_ops token_ops;
	struct logins logins;
	struct issuer *issuer;
	struct foreign_tokens foreign_tokens;
	struct peers peers;
	struct tls_identity *tls;
	struct store *store;
	struct kinds *kinds;
	struct api *api;
	const struct host_ops *host_ops;
	struct host *host;
	struct server *server;
	struct httpd *httpd;
	struct runtime *runtime;
	atomic_bool started; /* everything; read by probes from the first request on */
	const struct controller *controllers[CONTROLLERS_MAX];
	void *args[CONTROLLERS_MAX];
	const char *client_ca;  /* PEM of all authorities for client certificates */
	const char *kubeconfig; /* where it went, NULL = nowhere */
	const char *url;
};

/* ---- tokens: net's keys behind api's ops ---- */

static char *sign_token(void *arg, struct arena *a, const struct json *claims, struct status *st)
{
	return jwt_sign(a, arg, claims, st);
}

static struct json *verify_token(void *arg, struct arena *a, const char *token, struct status *st)
{
	return jwt_verify(a, arg, token, st);
}

static struct json *key_set(void *arg, struct arena *a)
{
	return jwt_key_set(a, arg);
}

/* ---- parts, in order ---- */

static bool in_memory(const struct wire *w)
{
	return !strcmp(w->config.data_dir, ":memory:");
}

/* Our own authority, and those that flags add. */
static bool start_logins(struct wire *w, struct status *st)
{
	struct logins *l = &w->logins;
	const char *ca = w->identity.ca_cert;

	if (!logins_load(l, w->config.logins, w->a, st))
		return false;
	if (l->client_ca)
		ca = arena_printf(w->a, "%s\n%s", ca, l->client_ca);
	w->client_ca = ca;
	w->tls = tls_identity_new_proxied(w->identity.server_cert, w->identity.server_key, ca,
					  l->proxy_ca, st);
	if (!w->tls || !l->issuer.url)
		return w->tls;
	w->issuer = issuer_new(&l->issuer, st);
	w->foreign_tokens = (struct foreign_tokens){ issuer_authenticate, w->issuer };
	return w->issuer;
}

static bool start_identity(struct wire *w, struct status *st)
{
	char first[46];
	const char *dir = NULL;

	if (!cidr_first(w->config.service_cidr, first))
		return status_bad_request(
			st, "--service-cidr %s: an IPv4 range such as 10.43.0.0/16 is expected",
			w->config.service_cidr);
	w->sans = sans_all(w->a, w->config.service_cidr, w->config.cluster_domain, w->config.sans);
	if (!in_memory(w))
		dir = arena_printf(w->a, "%s/pki", w->config.data_dir);
	if (!identity_load(&w->identity, dir, w->sans, st))
		return false;
	w->token_key = jwt_key_new(w->identity.token_key, st);
	if (!w->token_key)
		return false;
	w->token_ops = (struct token_ops){ sign_token, verify_token, w->token_key };
	return start_logins(w, st);
}

static bool start_store(struct wire *w, struct status *st)
{
	if (!in_memory(w) && !dir_make(w->config.data_dir, st))
		return false;
	w->store = store_open(w->config.data_dir, st);
	return w->store;
}

/* 128 random bits, made at first start: who we are on a host, whatever our name. */
static const char *cluster_id(struct wire *w, struct status *st)
{
	char *id = store_get_setting(w->store, w->a, "cluster-id");
	unsigned char raw[16];

	if (id)
		return id;
	random_bytes(raw, sizeof raw);
	id = base32_encode(w->a, raw, sizeof raw);
	return store_set_setting(w->store, "cluster-id", id, st) ? id : NULL;
}

static bool in_cluster(struct arena *a)
{
	const char *dir = getenv("NUTSHELL_ACCOUNT_DIR");

	return getenv("KUBERNETES_SERVICE_HOST") &&
	       !access(arena_printf(a, "%s/token",
				    dir ? dir : "/var/run/secrets/kubernetes.io/serviceaccount"),
		       R_OK);
}

static const struct host_ops *choose_host(struct arena *a, const struct wire_config *c,
					  struct status *st)
{
	bool given = c->host_kubeconfig || c->host_namespace;

	if (!strcmp(c->host, "auto"))
		return c->host_kubeconfig || in_cluster(a) ? &host_kubernetes : &host_simulated;
	if (!strcmp(c->host, "kubernetes"))
		return &host_kubernetes;
	if (!strcmp(c->host, "simulated")) {
		if (!given)
			return &host_simulated;
		status_bad_request(st, "--host simulated needs no --host-kubeconfig or "
				       "--host-namespace: leave them out, or use --host kubernetes");
		return NULL;
	}
	status_bad_request(st, "--host %s: this build knows auto, kubernetes and simulated", c->host);
	return NULL;
}

static int port_of(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	return colon ? atoi(colon + 1) : 0;
}

static bool start_host(struct wire *w, struct status *st)
{
	const char *id = cluster_id(w, st);
	struct host_config hc = {
		.cluster_name = w->config.name,
		.cluster_id = id,
		.cluster_domain = w->config.cluster_domain,
		.nodes = w->config.nodes,
		.kubeconfig = w->config.host_kubeconfig,
		.ns = w->config.host_namespace,
		.pod_cidr = w->config.pod_cidr,
		.api_port = port_of(w->config.listen),
		.ca_pem = w->identity.ca_cert,
	};

	if (!id)
		return false;
	w->host_ops = choose_host(w->a, &w->config, st);
	if (!w->host_ops)
		return false;
	w->host = w->host_ops->open(&hc, st);
	return w->host;
}

static bool start_api(struct wire *w, struct status *st)
{
	struct api_config ac = {
		.store = w->store,
		.service_cidr = w->config.service_cidr,
		.cluster_domain = w->config.cluster_domain,
		.issuer = arena_printf(w->a, "https://kubernetes.default.svc.%s",
				       w->config.cluster_domain),
		.ca_pem = w->identity.ca_cert,
		.ca_key_pem = w->identity.ca_key,
		.client_ca_pem = w->client_ca,
		.service_ips = w->host_ops->service_ips ? w->host_ops->service_ips(w->host) : NULL,
		.computed = w->host_ops->computed ? w->host_ops->computed(w->host) : NULL,
		.tokens = &w->token_ops,
		.foreign_tokens = w->issuer ? &w->foreign_tokens : NULL,
		.admit_service_accounts = !w->config.accountless,
	};

	w->kinds = kinds_new();
	explain_start();
	ac.kinds = w->kinds;
	w->api = api_new(&ac, st);
	return w->api && (!w->host_ops->prepare || w->host_ops->prepare(w->host, w->api, st));
}

/* The host may give us an address of its own: the certificate must carry it before anyone connects. */
static bool add_host_address(struct wire *w, struct status *st)
{
	const char *ip = w->host_ops->address ? w->host_ops->address(w->host) : NULL;
	const char **more;
	size_t n = 0;
	bool renewed;

	if (!ip)
		return true;
	while (w->sans[n])
		n++;
	more = arena_zalloc(w->a, (n + 2) * sizeof(*more));
	memcpy(more, w->sans, n * sizeof(*more));
	more[n] = arena_strdup(w->a, ip);
	w->sans = more;
	if (!identity_renew(&w->identity, w->sans, &renewed, st))
		return false;
	return !renewed ||
	       tls_identity_swap(w->tls, w->identity.server_cert, w->identity.server_key, st);
}

static bool ready(void *arg, const char **what)
{
	struct wire *w = arg;

	if (!atomic_load(&w->started)) {
		*what = "controllers";
		return false;
	}
	return !w->host_ops->ready || w->host_ops->ready(w->host, what);
}

/* Aggregated servers know us by this name under the cluster's authority. */
static bool front_identity(void *arg, char **cert, char **key, struct status *st)
{
	const struct cert_request q = { .cn = "front-proxy", .client = true, .valid_s = FRONT_VALID_S };
	const struct wire *w = arg;

	if (!pki_new_key(key, st))
		return false;
	if (pki_issue(&q, *key, w->identity.ca_cert, w->identity.ca_key, cert, st))
		return true;
	free(*key);
	return false;
}

static bool start_server(struct wire *w, struct status *st)
{
	struct server_config sc = {
		.api = w->api,
		.streams = w->host_ops->streams ? w->host_ops->streams(w->host) : NULL,
		.version = arena_printf(w->a, "%s+nutshell-%s", KUBERNETES_RELEASE, version_text()),
		.ready = ready,
		.ready_arg = w,
		.jwks = key_set,
		.jwks_arg = w->token_key,
		.front_identity = front_identity,
		.front_identity_arg = w,
		.pods_reachable = strcmp(w->host_ops->name, "simulated") != 0,
		.front_proxy = w->logins.proxy_ca ? &w->logins.proxy : NULL,
		.anonymous = true,
	};
	struct httpd_config hc = {
		.listen = w->config.listen, .tls = w->tls, .ops = server_ops(), .max_body = MAX_BODY
	};
	char own[46], *policy = NULL;

	own_address(own);
	sc.audit_log = w->config.audit_log;
	if (w->config.audit_policy && !(policy = file_read(w->config.audit_policy, st)))
		return status_bad_request(st, "audit policy %s cannot be read",
					  w->config.audit_policy);
	sc.audit_policy = policy;
	sc.server_address = arena_printf(w->a, "%s:%d", own, port_of(w->config.listen));
	w->server = server_new(&sc, st);
	free(policy);
	if (!w->server)
		return false;
	hc.arg = w->server;
	w->httpd = httpd_start(&hc, st);
	if (!w->httpd)
		return false;
	server_attach(w->server, w->httpd);
	return endpoint_publish(w->api, own, httpd_port(w->httpd), st);
}

static bool has_peer(void *arg, const char *group, const char *version)
{
	return server_has_peer(arg, group, version);
}

static struct json *ask_peer(void *arg, struct arena *a, const char *account, const char *group,
			     const char *version, const char *path, struct status *st)
{
	return server_ask_peer(arg, a, account, group, version, path, st);
}

static size_t add_controllers(struct wire *w, size_t n, const struct controller *const *list,
			      void *arg)
{
	for (; *list && n + 1 < CONTROLLERS_MAX; list++, n++) {
		w->controllers[n] = *list;
		w->args[n] = arg;
	}
	return n;
}

static bool start_controllers(struct wire *w, struct status *st)
{
	struct runtime_config rc = { .api = w->api,
				     .controllers = w->controllers,
				     .args = w->args,
				     .select = w->config.controllers };
	size_t n;

	w->peers = (struct peers){ has_peer, ask_peer, w->server };
	n = add_controllers(w, 0, control_all, &w->peers);
	if (!w->host_ops->schedules)
		n = add_controllers(w, n, control_local, NULL);
	add_controllers(w, n, w->host_ops->controllers, w->host);
	w->runtime = runtime_start(&rc, st);
	return w->runtime;
}

/* A server on all addresses is reached by this machine's own clients through loopback. */
static const char *client_host(struct arena *a, const char *listen)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon ? (size_t)(colon - listen) : 0;

	if (!n || !strncmp(listen, "0.0.0.0:", 8) || !strncmp(listen, "[::]:", 5))
		return "127.0.0.1";
	return arena_dup(a, listen, n);
}

/* Always beside the data, where `nutshell kubeconfig` looks, and where --kubeconfig-out says. */
static bool write_kubeconfig(struct wire *w, struct status *st)
{
	const char *out = w->config.kubeconfig_out;
	struct arena *a = arena_new();
	char *text, *kept = NULL;
	bool ok;

	w->url = arena_printf(w->a, "https://%s:%d", client_host(w->a, w->config.listen),
			      httpd_port(w->httpd));
	text = kubeconfig_text(a, w->config.name, w->url, w->identity.ca_cert,
			       w->identity.admin_cert, w->identity.admin_key);
	if (!in_memory(w))
		kept = arena_printf(w->a, "%s/kubeconfig.yaml", w->config.data_dir);
	w->kubeconfig = out ? out : kept;
	ok = (!kept || file_write(kept, text, 0600, st)) && (!out || file_write(out, text, 0600, st));
	arena_free(&a);
	return ok;
}

struct wire *wire_start(const struct wire_config *c, struct status *st)
{
	struct wire *w = calloc(1, sizeof *w);

	BUG_ON(!w);
	w->config = *c;
	w->a = arena_new();
	if (start_identity(w, st) && start_store(w, st) && start_host(w, st) && start_api(w, st) &&
	    add_host_address(w, st) && start_server(w, st) && start_controllers(w, st) &&
	    write_kubeconfig(w, st)) {
		atomic_store(&w->started, true);
		return w;
	}
	wire_stop(&w);
	return NULL;
}

void wire_stop(struct wire **wp)
{
	struct wire *w = *wp;

	if (!w)
		return;
	if (w->server)
		server_stop(w->server);
	if (w->httpd)
		httpd_stop(&w->httpd, STOP_GRACE_S);
	runtime_stop(&w->runtime);
	if (w->host)
		w->host_ops->close(&w->host);
	if (w->server)
		server_free(&w->server);
	if (w->api)
		api_free(&w->api);
	issuer_free(&w->issuer);
	if (w->kinds) {
		explain_stop();
		kinds_free(&w->kinds);
	}
	if (w->store)
		store_close(&w->store);
	if (w->tls)
		tls_identity_free(&w->tls);
	if (w->token_key)
		jwt_key_free(&w->token_key);
	identity_free(&w->identity);
	arena_free(&w->a);
	free(w);
	*wp = NULL;
}

void wire_reopen(struct wire *w)
{
	server_reopen(w->server);
}

void wire_maintain(struct wire *w)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	bool renewed;

	if (!identity_renew(&w->identity, w->sans, &renewed, &st) ||
	    (renewed &&
	     (!tls_identity_swap(w->tls, w->identity.server_cert, w->identity.server_key, &st) ||
	      !write_kubeconfig(w, &st))))
		log_error("server", "certificates could not be renewed: %s", st.message);
	else if (renewed)
		log_info("server", "certificates renewed");
}

const char *wire_kubeconfig(const struct wire *w)
{
	return w->kubeconfig;
}

const char *wire_url(const struct wire *w)
{
	return w->url;
}

const char *wire_host(const struct wire *w)
{
	return w->host_ops->name;
}
