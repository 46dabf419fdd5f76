/*
 * Audit events of a request.
 *
 * An event is printed once, as pieces around what differs between its stages: the stage, the answer's status, the
 * time.  So all stages of a request say the same.  Objects are kept as JSON texts when the level asks for them: the body after
 * decoding and before admission touches it, the answer before it becomes a Table, protobuf or gzip.
 * The user is the one that authenticated; who he acted for stands beside.
 */
#include "server/audit.h"

#include "server/request.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/status_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit_rest {
	struct audit_log *log;
	char *head, *middle, *objects, *tail;
};

const char *audit_id(struct req *r)
{
	const char *given = http_header(r->http, "Audit-ID");
	char fresh[37];

	if (r->audit.id)
		return r->audit.id;
	if (given && *given && strlen(given) <= 64) {
		r->audit.id = given;
	} else {
		uuid_new(fresh);
		r->audit.id = arena_strdup(r->a, fresh);
	}
	return r->audit.id;
}

static bool keeps(const struct req *r, enum audit_level level)
{
	return r->audit.chosen && r->audit.rule.level >= level;
}

/* ---- pieces ---- */

static void add_text(struct buf *b, const char *name, const char *v)
{
	if (!*v)
		return;
	buf_addf(b, "%s\"%s\":", b->len && b->p[b->len - 1] != '{' ? "," : "", name);
	json_print_string(b, v, strlen(v));
}

static void add_list(struct buf *b, const char *name, const char *const *v)
{
	buf_addf(b, "%s\"%s\":[", b->len && b->p[b->len - 1] != '{' ? "," : "", name);
	for (size_t i = 0; v && v[i]; i++) {
		if (i)
			buf_addc(b, ',');
		json_print_string(b, v[i], strlen(v[i]));
	}
	buf_addc(b, ']');
}

static void add_key(struct buf *b, const char *name)
{
	buf_addc(b, ',');
	json_print_string(b, name, strlen(name));
	buf_addc(b, ':');
}

static void add_user(struct buf *b, const char *name, const struct user *u)
{
	add_key(b, name);
	buf_addc(b, '{');
	if (u) {
		add_text(b, "username", u->name);
		add_text(b, "uid", u->uid ? u->uid : "");
		if (u->groups[0])
			add_list(b, "groups", u->groups);
	}
	if (u && u->nextra) {
		struct buf extra = BUF_INIT;

		buf_addc(&extra, '{');
		for (size_t i = 0; i < u->nextra; i++)
			add_list(&extra, u->extra[i].key, u->extra[i].values);
		add_key(b, "extra");
		buf_add(b, extra.p, extra.len);
		buf_addc(b, '}');
		buf_free(&extra);
	}
	buf_addc(b, '}');
}

/* X-Forwarded-For, X-Real-Ip and the connection's end, without repeating the last. */
static void add_sources(struct req *r, struct buf *b)
{
	const char *forwarded = http_header(r->http, "X-Forwarded-For");
	const char *real = http_header(r->http, "X-Real-Ip"), *remote = r->http->remote;
	const char *colon = remote ? strrchr(remote, ':') : NULL;
	const char *ips[34], *last = "";
	size_t n = 0;
	char *own;

	for (char *p = forwarded ? arena_strdup(r->a, forwarded) : NULL, *ip;
	     p && n < 30 && (ip = strsep(&p, ","));) {
		ip += strspn(ip, " ");
		ip[strcspn(ip, " ")] = '\0';
		if (*ip)
			last = ips[n++] = ip;
	}
	if (real && *real && strcmp(real, last) != 0)
		last = ips[n++] = real;
	if (colon) {
		own = arena_dup(r->a, remote + (*remote == '['),
				(size_t)(colon - remote) - 2 * (*remote == '['));
		if (strcmp(own, last) != 0)
			ips[n++] = own;
	}
	ips[n] = NULL;
	add_list(b, "sourceIPs", ips);
}

static void add_object_ref(struct req *r, struct buf *b)
{
	const struct attributes *attr = &r->route.attr;
	struct buf ref = BUF_INIT;

	if (attr->path || !attr->resource || !*attr->resource)
		return;
	buf_addc(&ref, '{');
	add_text(&ref, "resource", attr->resource);
	add_text(&ref, "namespace", attr->ns);
	add_text(&ref, "name", *attr->name ? attr->name : r->audit.name ? r->audit.name : "");
	add_text(&ref, "uid", r->audit.uid ? r->audit.uid : "");
	add_text(&ref, "apiGroup", attr->group);
	add_text(&ref, "apiVersion", attr->version);
	add_text(&ref, "resourceVersion", r->audit.revision ? r->audit.revision : "");
	add_text(&ref, "subresource", attr->subresource);
	add_key(b, "objectRef");
	buf_add(b, ref.p, ref.len);
	buf_addc(b, '}');
	buf_free(&ref);
}

/* The Status of an answer, without kind and apiVersion. */
static void add_status(struct req *r, struct buf *b, struct json *object)
{
	int code = r->st.code ? r->st.code : r->reply.code ? r->reply.code : 200;
	struct json *s = r->st.code ? status_tree(r->a, &r->st) : NULL;

	if (!s && strcmp(json_str(json_get(object, "kind")), "Status") == 0)
		s = json_copy(r->a, object);
	if (!s)
		s = json_build(r->a, "{metadata:{}}");
	json_del(s, "kind");
	json_del(s, "apiVersion");
	json_set_int(r->a, s, "code", code);
	add_key(b, "responseStatus");
	json_print(b, s);
}

static void add_annotations(struct req *r, struct buf *b)
{
	const char *decision = r->audit.denied ? "forbid" : "allow";

	buf_adds(b, ",\"annotations\":{");
	if (r->audit.authorized) {
		buf_addf(b, "\"authorization.k8s.io/decision\":\"%s\"", decision);
		add_key(b, "authorization.k8s.io/reason");
		json_print_string(b, r->audit.reason, strlen(r->audit.reason));
	}
	json_each(it, r->call.annotations)
		add_text(b, json_name(it), json_str(it));
	buf_addc(b, '}');
}

static void add_time(struct buf *b, const char *name, int64_t us)
{
	char text[TIME_LEN];

	time_format_us(us, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

/* ---- events ---- */

static void add_objects(struct req *r, struct buf *b)
{
	if (keeps(r, AUDIT_REQUEST) && r->audit.request) {
		add_key(b, "requestObject");
		buf_adds(b, r->audit.request);
	}
	if (keeps(r, AUDIT_REQUEST_RESPONSE) && r->audit.response) {
		add_key(b, "responseObject");
		buf_adds(b, r->audit.response);
	}
}

struct pieces {
	struct buf head, middle, status, objects, tail;
};

static void pieces_free(struct pieces *p)
{
	buf_free(&p->head);
	buf_free(&p->middle);
	buf_free(&p->status);
	buf_free(&p->objects);
	buf_free(&p->tail);
}

static void print_event(struct req *r, bool answered, struct pieces *p)
{
	struct buf *head = &p->head, *middle = &p->middle, *tail = &p->tail;
	const char *agent = http_header(r->http, "User-Agent");
	const struct user *u = r->audit.user ? r->audit.user : r->user;
	const struct http_req *h = r->http;
	struct json *object =
		r->audit.response && answered && r->reply.type == REPLY_TREE ? r->reply.tree : NULL;

	buf_addf(head, "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"%s\"",
		 audit_level_names[r->audit.rule.level]);
	add_text(head, "auditID", audit_id(r));
	add_text(middle, "requestURI",
		 arena_printf(r->a, "%s%s%s", h->path, *h->query ? "?" : "", h->query));
	add_text(middle, "verb", r->route.attr.verb ? r->route.attr.verb : "");
	add_user(middle, "user", u);
	if (r->user != u)
		add_user(middle, "impersonatedUser", r->user);
	add_sources(r, middle);
	add_text(middle, "userAgent", agent ? agent : "");
	add_object_ref(r, middle);
	if (answered)
		add_status(r, &p->status, object);
	add_objects(r, &p->objects);
	add_time(&p->objects, "requestReceivedTimestamp", r->audit.received_us);
	if (answered)
		add_annotations(r, tail);
	buf_addc(tail, '}');
}

static void log_pieces(struct audit_log *l, enum audit_stage stage, const char *head,
		       const char *middle, const char *status, const char *objects, const char *tail)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addf(&b, "%s,\"stage\":\"%s\",", head, audit_stage_names[stage]);
	buf_adds(&b, middle);
	buf_adds(&b, status);
	buf_adds(&b, objects);
	add_time(&b, "stageTimestamp", clock_now_us());
	buf_adds(&b, tail);
	audit_log_add(l, b.p, b.len);
}

static bool wanted(const struct req *r, enum audit_stage stage)
{
	return keeps(r, AUDIT_METADATA) && !(r->audit.rule.omit_stages & 1u << stage);
}

static void log_stage(struct req *r, enum audit_stage stage)
{
	struct pieces p = { 0 };

	if (!wanted(r, stage))
		return;
	print_event(r, stage != AUDIT_RECEIVED, &p);
	log_pieces(r->server->audit_log, stage, p.head.p, p.middle.p, p.status.p ? p.status.p : "",
		   p.objects.p, p.tail.p);
	pieces_free(&p);
}

static void choose(struct req *r)
{
	r->audit.rule = audit_policy_rule(r->server->audit_policy, r->user, &r->route.attr);
	r->audit.chosen = true;
	r->audit.user = r->user;
	r->audit.received_us = clock_now_us() - (clock_mono_ns() - r->start_ns) / 1000;
}

void audit_begin(struct req *r)
{
	if (!r->server->audit_log)
		return;
	choose(r);
	log_stage(r, AUDIT_RECEIVED);
}

static const char *keep(struct req *r, struct json *tree)
{
	if (r->audit.rule.omit_managed_fields) {
		json_del(json_get(tree, "metadata"), "managedFields");
		json_each(it, json_get(tree, "items"))
			json_del(json_get(it, "metadata"), "managedFields");
	}
	return json_text(r->a, tree);
}

void audit_body(struct req *r)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct http_req *h = r->http;
	struct json *body = r->body;

	if (!keeps(r, AUDIT_METADATA) || r->route.attr.path)
		return;
	/* options of a delete and bodies of actions are decoded later, by their handlers */
	if (!body && h->body_len && *h->body == '{')
		body = json_parse(r->a, h->body, h->body_len, NULL, &st);
	if (!body)
		return;
	if (json_is_object(body)) {
		const struct json *meta = json_get(body, "metadata");

		r->audit.name = arena_strdup(r->a, json_str(json_get(meta, "name")));
		r->audit.uid = arena_strdup(r->a, json_str(json_get(meta, "uid")));
		r->audit.revision = arena_strdup(r->a, json_str(json_get(meta, "resourceVersion")));
	}
	if (keeps(r, AUDIT_REQUEST))
		r->audit.request = r->audit.rule.omit_managed_fields ?
					   keep(r, json_copy(r->a, body)) :
					   json_text(r->a, body);
}

static struct json *list_tree(struct req *r)
{
	char version[128], kind[128], rev[32];
	const struct list_result *l = &r->reply.list;
	struct json *items = json_array(r->a);

	snprintf(rev, sizeof rev, "%lld", (long long)l->rev);
	for (size_t i = 0; i < l->n; i++)
		json_append(items, obj_tree(r->a, l->items[i]));
	return json_build(r->a, "{kind:%s,apiVersion:%s,metadata:{resourceVersion:%s},items:%j}",
			  kind_list_kind(r->kind, kind), kind_api_version(r->kind, version), rev,
			  items);
}

void audit_answer(struct req *r)
{
	if (!keeps(r, AUDIT_REQUEST_RESPONSE) || r->route.attr.path || !r->kind)
		return;
	switch (r->reply.type) {
	case REPLY_OBJ: r->audit.response = keep(r, obj_tree(r->a, r->reply.obj)); return;
	case REPLY_LIST: r->audit.response = keep(r, list_tree(r)); return;
	case REPLY_TREE: r->audit.response = keep(r, json_copy(r->a, r->reply.tree)); return;
	default: return;
	}
}

/* What has a beginning worth telling; the rest is told at its end, even when it goes to another thread. */
static bool is_long_running(const struct attributes *attr)
{
	static const char *const subs[] = { "attach", "exec", "log", "portforward", "proxy" };

	if (strcmp(attr->verb, "watch") == 0)
		return true;
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++)
		if (strcmp(attr->subresource, subs[i]) == 0)
			return true;
	return false;
}

void audit_end(struct req *r)
{
	enum reply_type t = r->reply.type;
	bool goes_on = !r->st.code && (t == REPLY_STREAM || t == REPLY_TAKEOVER);
	enum audit_stage stage = goes_on ? AUDIT_STARTED : AUDIT_COMPLETE;

	if (!r->server->audit_log)
		return;
	if (!r->audit.chosen)
		choose(r);
	if (r->st.code && keeps(r, AUDIT_REQUEST_RESPONSE) && !r->route.attr.path)
		r->audit.response = json_text(r->a, status_tree(r->a, &r->st));
	if (!goes_on || is_long_running(&r->route.attr))
		log_stage(r, stage);
}

/* ---- what goes on ---- */

struct audit_rest *audit_rest_new(struct req *r)
{
	struct pieces p = { 0 };
	struct audit_rest *rest;

	if (!wanted(r, AUDIT_COMPLETE))
		return NULL;
	rest = calloc(1, sizeof *rest);
	if (!rest)
		abort();
	print_event(r, true, &p);
	rest->log = r->server->audit_log;
	rest->head = buf_detach(&p.head);
	rest->middle = buf_detach(&p.middle);
	rest->objects = buf_detach(&p.objects);
	rest->tail = buf_detach(&p.tail);
	pieces_free(&p);
	return rest;
}

void audit_rest_end(struct audit_rest *rest, int code)
{
	char status[64];

	if (!rest)
		return;
	snprintf(status, sizeof status, ",\"responseStatus\":{\"metadata\":{},\"code\":%d}", code);
	log_pieces(rest->log, AUDIT_COMPLETE, rest->head, rest->middle, status, rest->objects,
		   rest->tail);
	free(rest->objects);
	free(rest->head);
	free(rest->middle);
	free(rest->tail);
	free(rest);
}
