/*
 * request: one request on its way through the steps (steps.c), and what the rooms of this package
 * share.  Private to the package.
 *
 * A handler fills req->reply or req->st; it never replies itself.  A step that finds it must block while
 * req->may_block is false returns req_wait(): the same step is then run again on a worker thread.
 */
#ifndef NUTSHELL_SERVER_REQUEST_H
#define NUTSHELL_SERVER_REQUEST_H

#include "api/api.h"
#include "base/buf.h"
#include "net/httpd.h"
#include "obj/json.h"
#include "server/accept.h"
#include "server/audit.h"
#include "server/metrics.h"
#include "server/query.h"
#include "server/route.h"
#include "server/server.h"

struct req;
struct tokens;
struct discovery;
struct openapi;
struct limit;
struct seat;

struct server {
	struct server_config c;
	char *address; /* completed server_address, or NULL */
	struct kinds *kinds;
	struct httpd *httpd; /* NULL until server_attach() */
	struct subscription *wakeups;
	struct tokens *tokens;
	struct discovery *discovery;
	struct aggregate *aggregate;
	struct openapi *openapi;
	struct limit *limit;
	struct arena *audit_arena;
	struct json *audit_policy;   /* NULL: the default one */
	struct audit_log *audit_log; /* NULL: none is kept */
	struct metrics metrics;
	bool stopping;
};

enum body { BODY_NONE, BODY_OBJECT, BODY_PATCH };

/* One row of a dispatch table. */
struct operation {
	const char *verb; /* as in attributes */
	bool (*run)(struct req *r);
	enum body body;
	bool blocks; /* writes: only where blocking is allowed */
	bool raw;    /* answers in its own content type: no negotiation */
};

enum reply_type {
	REPLY_NONE,
	REPLY_OBJ,      /* obj, a frozen object of req->kind */
	REPLY_LIST,     /* list, of req->kind */
	REPLY_TREE,     /* tree, as it is */
	REPLY_BYTES,    /* bytes, len, content_type */
	REPLY_PARTS,    /* parts, nparts, content_type */
	REPLY_STREAM,   /* the connection goes to net's stream loop: stream, arg, content_type */
	REPLY_TAKEOVER, /* the connection goes to a thread of its own: takeover, arg */
};

struct reply {
	enum reply_type type;
	int code; /* 0 = 200 */
	const char *content_type;
	const struct obj *obj;
	struct list_result list;
	struct json *tree;
	const void *bytes;
	size_t len;
	const struct http_part *parts;
	size_t nparts;
	void (*release)(void *arg); /* NULL: bytes live in the request's arena or for ever */
	const struct stream_ops *stream;
	const struct websocket_offer *websocket; /* of a stream: frames instead of chunks; NULL: none */
	void (*takeover)(struct conn *c, void *arg);
	void *arg; /* of release, stream or takeover; must outlive the request for the latter two */
};

/* What the audit log will say; all of it is empty while there is none. */
struct trail {
	bool chosen, authorized, denied;
	struct audit_rule rule;
	const struct user *user; /* who authenticated, before impersonation */
	const char *id, *reason; /* why authorized */
	int64_t received_us;
	const char *name, *uid, *revision; /* from the body; NULL: not looked at */
	const char *request, *response;    /* JSON; NULL: none kept */
};

struct req {
	struct server *server;
	struct http_req *http;
	struct arena *a;
	struct status st;
	int64_t start_ns, timeout_ns; /* the latter 0: none */
	struct seat *seat;            /* NULL: none needed so far */
	size_t at;                    /* the step to run next */
	bool may_block;               /* on a worker thread */
	bool wait;                    /* run this step again on a worker */
	struct query query;
	struct route route;
	const struct user *user;
	const struct operation *op;
	const struct kind *kind; /* NULL for non-resource requests */
	const char *ns;          /* as the api wants it: "" for cluster scope */
	struct accept accept;
	struct json *body;
	enum patch_type patch;
	bool force;
	bool public_cache; /* the handler set Cache-Control itself */
	struct call call;
	struct reply reply;
	struct trail audit;
};

/* True where blocking is not allowed: the caller returns false at once and runs again. */
bool req_wait(struct req *r);

/* ---- the rooms, in the order of the steps ---- */
bool authn_user(struct req *r);
const struct user *proxied_user(struct req *r); /* proxied.c; NULL: no front proxy speaks */
bool impersonate(struct req *r);                /* impersonate.c */
/* One question about the caller; false: 403. */
bool authz_allow(struct req *r, const struct attributes *attr, struct status *st);
bool authz_check(struct req *r);
bool dispatch(struct req *r);                                 /* dispatch.c: kind and operation */
bool dispatch_has_group(struct kinds *ks, const char *group); /* some version of it is served */
bool decode_request(struct req *r);                           /* decode.c: options and body */
bool encode_reply(struct req *r); /* encode.c: obj, list and tree become bytes or parts */
void reply_finish(struct req *r); /* reply.c: the only place that replies */

/* ---- handlers ---- */
const struct operation *verbs_find(const struct req *r); /* verbs.c; NULL: 404 or 405 */
const struct operation *subs_find(const struct req *r, bool *exists); /* subs.c */
bool watch_start(struct req *r);                                      /* watch.c */
bool discovery_run(struct req *r);                                    /* discovery.c */
bool openapi_v2_run(struct req *r);                                   /* openapi.c */
bool openapi_v3_run(struct req *r);
bool health_run(struct req *r); /* health.c */
bool version_run(struct req *r);
bool index_run(struct req *r);
bool metrics_run(struct req *r); /* metrics.c */
bool oidc_run(struct req *r);    /* oidc.c */
bool jwks_run(struct req *r);
bool pod_log_run(struct req *r); /* pods.c */
bool pod_duplex_run(struct req *r);
bool proxy_run(struct req *r); /* proxy.c */

/* ---- helpers of the handlers ---- */
/* Reply with the buffer's bytes; takes its memory. */
bool reply_buf(struct req *r, const char *content_type, struct buf *b);
bool reply_text(struct req *r, int code, const char *text); /* text/plain; text lives in the arena */
bool reply_obj(struct req *r, int code, const struct obj *o);
bool reply_tree(struct req *r, int code, struct json *tree);
/* {"kind":"Status",...,"status":"Success","code":code} */
bool reply_success(struct req *r, int code);

/* Append the Status object of st. */
void status_print(struct buf *b, const struct status *st);
/* Decode the body as an object of the schema type by Content-Type; NULL with 400 or 415.  dups and
 * unknown fields are treated as the call's fieldValidation says only for the main kinds. */
struct json *decode_as(struct req *r, const struct schema_type *type, const char *api_version,
		       const char *kind);
/* Options of a DELETE from its body, or from the query when there is none. */
bool decode_delete_options(struct req *r, struct delete_options *o, bool *may_202);

#endif
