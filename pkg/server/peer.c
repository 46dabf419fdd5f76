/*
 * Questions of this process to other servers whose APIs appear as ours: the aggregator's own checks, and what
 * controllers read there under the name of their ServiceAccount.
 */
#include "server/aggregate_priv.h"
#include "server/forward.h"
#include "server/request.h"

#include "base/arena.h"
#include "net/client.h"

enum { ANSWER_MAX = 4 << 20, ASK_S = 10 };

static bool take_body(void *arg, const char *p, size_t n)
{
	struct buf *b = arg;

	if (b->len + n > ANSWER_MAX)
		return false;
	buf_add(b, p, n);
	return true;
}

bool aggregate_ask(struct aggregate *g, struct arena *a, const struct forward *f, const char *path,
		   const char *const *who, int timeout_s, int *code, struct buf *body,
		   struct status *st)
{
	struct client_config config = {
		.url = f->origin, .address = f->address, .ca_pem = f->ca_pem, .insecure = f->insecure
	};
	struct client_req q = { .method = "GET",
				.path = path,
				.accept = "application/json",
				.timeout_s = timeout_s,
				.headers = who };
	struct client_stream s = { .data = take_body, .arg = body, .stop = &g->stopping };
	struct client *client = NULL;
	bool ok = aggregate_identity(g, a, &config.cert_pem, &config.key_pem, st) &&
		  (client = client_new(&config, st)) && client_stream(client, &q, &s, code, st);

	client_free(&client);
	return ok;
}

bool server_has_peer(struct server *s, const char *group, const char *version)
{
	struct aggregate *g = s->aggregate;
	bool has;

	lock_take(&g->lock);
	has = aggregate_find(g, group, version) != NULL;
	lock_drop(&g->lock);
	return has;
}

static bool unable(struct status *st)
{
	return status_other(st, 503, "ServiceUnavailable",
			    "the server is currently unable to handle the request");
}

/* What the other side says, as an error when it is none of 200. */
static struct json *judge(struct arena *a, int code, const struct buf *body, struct status *st)
{
	struct json *tree = body->len ? json_parse(a, body->p, body->len, NULL, NULL) : NULL;
	const char *message = json_path_str(tree, "message");

	if (code == 200 && tree)
		return tree;
	if (*message)
		status_other(st, code, "", "%s", message);
	else if (code == 404)
		status_no_route(st);
	else if (code == 503)
		unable(st);
	else
		status_other(st, code, "",
			     "an error on the server (%d) has prevented the request from succeeding",
			     code);
	return NULL;
}

struct json *server_ask_peer(struct server *s, struct arena *a, const char *account,
			     const char *group, const char *version, const char *path,
			     struct status *st)
{
	const char *who[] = {
		arena_printf(a, "X-Remote-User: system:serviceaccount:kube-system:%s", account),
		"X-Remote-Group: system:serviceaccounts",
		"X-Remote-Group: system:serviceaccounts:kube-system",
		"X-Remote-Group: system:authenticated",
		NULL,
	};
	struct aggregate *g = s->aggregate;
	BUF_AUTO struct buf body = BUF_INIT;
	const char *why;
	struct remote x;
	struct forward f;
	struct call c;
	int code = 0;

	if (!aggregate_copy(g, a, group, version, &x)) {
		status_no_route(st);
		return NULL;
	}
	call_init(&c, s->c.api, a, account);
	if (!x.available || !aggregate_target(&c, &x, &f, &why)) {
		unable(st);
		return NULL;
	}
	if (!aggregate_ask(g, a, &f, path, who, ASK_S, &code, &body, st))
		return NULL;
	return judge(a, code, &body, st);
}
