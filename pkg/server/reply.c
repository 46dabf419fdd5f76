/*
 * The last step: the only place that replies.
 *
 * Headers every answer carries, warnings, the Status of an error, counting and the debug line are here.
 * Once a reply is handed to net the request and its arena may be gone at any moment, so
 * handing it over is the very last thing done.
 */
#include "server/encode.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "obj/status_json.h"
#include "obj/yaml.h"

#include <stdlib.h>
#include <string.h>

enum { WARNINGS_TOTAL = 4096, WARNING_CUT = 256 };

/* ---- building replies ---- */

bool reply_buf(struct req *r, const char *content_type, struct buf *b)
{
	r->reply.type = REPLY_BYTES;
	r->reply.content_type = content_type;
	r->reply.len = b->len;
	r->reply.arg = buf_detach(b);
	r->reply.bytes = r->reply.arg;
	r->reply.release = r->reply.len ? free : NULL;
	return true;
}

bool reply_text(struct req *r, int code, const char *text)
{
	r->reply.type = REPLY_BYTES;
	r->reply.code = code;
	r->reply.content_type = "text/plain; charset=utf-8";
	r->reply.bytes = text;
	r->reply.len = strlen(text);
	return true;
}

bool reply_obj(struct req *r, int code, const struct obj *o)
{
	if (!o)
		return false;
	r->reply.type = REPLY_OBJ;
	r->reply.code = code;
	r->reply.obj = o;
	return true;
}

bool reply_tree(struct req *r, int code, struct json *tree)
{
	if (!tree)
		return false;
	r->reply.type = REPLY_TREE;
	r->reply.code = code;
	r->reply.tree = tree;
	return true;
}

bool reply_success(struct req *r, int code)
{
	return reply_tree(r, code,
			  json_build(r->a, "{kind:%s,apiVersion:%s,metadata:{},status:%s,code:%d}",
				     "Status", "v1", "Success", code));
}

/* ---- Status ---- */

void status_print(struct buf *b, const struct status *st)
{
	struct arena *a = arena_new();

	json_print(b, status_tree(a, st));
	arena_free(&a);
}

static const char *media_type(const struct accept *a)
{
	return a->yaml ? "application/yaml" : a->proto ? PROTOBUF : "application/json";
}

static void send_status(struct req *r)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct buf out = BUF_INIT;
	int code = r->st.code;

	if (!accept_parse(http_header(r->http, "Accept"), ACCEPT_YAML | ACCEPT_PROTO, &r->accept))
		r->accept = (struct accept){ .form = FORM_OBJECT };
	status_print(&b, &r->st);
	if (r->st.retry_after_s > 0 && code != 409 && code != 422) {
		char *s = arena_printf(r->a, "%d", r->st.retry_after_s);
		http_add_header(r->http, "Retry-After", s);
	}
	if (r->accept.yaml)
		yaml_print(&out, json_parse_own(r->a, b.p, b.len));
	else if (r->accept.proto)
		protobuf_status(&out, b.p, b.len);
	else if (wants_pretty(r))
		indent_json(&out, b.p, b.len);
	else
		buf_add(&out, b.p, b.len);
	status_clear(&r->st);
	const char *body = arena_dup(r->a, out.p, out.len);
	size_t n = out.len;
	buf_free(&out);
	http_reply(r->http, code, media_type(&r->accept), body, n, NULL, NULL);
}

/* ---- headers ---- */

static const char *quoted_warning(struct req *r, const char *text, size_t cut)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_adds(&b, "299 - \"");
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (i >= cut && (c & 0xc0) != 0x80)
			break;
		if (c == '"' || c == '\\')
			buf_addc(&b, '\\');
		buf_addc(&b, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
	buf_addc(&b, '"');
	return arena_dup(r->a, b.p, b.len);
}

/* One header per distinct text; all are cut short once their sum is too large for clients. */
static void add_warnings(struct req *r)
{
	char **w = r->call.warnings;
	size_t n = r->call.nwarnings, total = 0;

	for (size_t i = 0; i < n; i++)
		total += strlen(w[i]);
	size_t cut = total > WARNINGS_TOTAL ? (size_t)WARNING_CUT : (size_t)-1;
	size_t sent = 0;
	for (size_t i = 0; i < n && sent < WARNINGS_TOTAL; i++) {
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(w[i], w[j]) == 0;
		if (seen)
			continue;
		http_add_header(r->http, "Warning", quoted_warning(r, w[i], cut));
		sent += strlen(w[i]) < cut ? strlen(w[i]) : cut;
	}
}

static void add_headers(struct req *r)
{
	http_add_header(r->http, "Audit-Id", audit_id(r));
	if (!r->public_cache)
		http_add_header(r->http, "Cache-Control", "no-cache, private");
	if (r->call.nwarnings)
		add_warnings(r);
}

/* ---- sending ---- */

static void account(struct req *r, int code)
{
	int64_t ns = clock_mono_ns() - r->start_ns;
	const char *verb = r->route.attr.verb ? r->route.attr.verb : "";

	metrics_count(&r->server->metrics, verb, code, ns);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("server", "%s %s%s%s %d %lldus user=%s", r->http->method, r->http->path,
			  *r->http->query ? "?" : "", r->http->query, code, (long long)ns / 1000,
			  r->user ? r->user->name : "-");
}

static void send_reply(struct req *r)
{
	struct reply *p = &r->reply;
	int code = p->code ? p->code : 200;

	switch (p->type) {
	case REPLY_STREAM:
		if (p->websocket)
			http_stream_websocket(r->http, p->websocket, p->stream, p->arg);
		else
			http_stream(r->http, p->content_type, p->stream, p->arg);
		return;
	case REPLY_TAKEOVER: http_takeover(r->http, p->takeover, p->arg); return;
	case REPLY_PARTS:
		http_reply_parts(r->http, code, p->content_type, p->parts, p->nparts, p->release,
				 p->arg);
		return;
	default:
		http_reply(r->http, code, p->content_type, p->bytes, p->len, p->release, p->arg);
		return;
	}
}

void reply_finish(struct req *r)
{
	enum reply_type t = r->reply.type;

	if (status_ok(&r->st) && (t < REPLY_BYTES))
		status_internal(&r->st, "the request ended without an answer");
	add_headers(r);
	audit_end(r);
	account(r, r->st.code ? r->st.code : r->reply.code ? r->reply.code : 200);
	if (r->st.code) {
		if (r->reply.release)
			r->reply.release(r->reply.arg);
		send_status(r);
		return;
	}
	send_reply(r);
}
