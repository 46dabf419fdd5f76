/*
 * Watches: a cursor of the api poured into a stream.
 *
 * A watch owns no thread and no queue.  Its pump runs when the table it looks at was published to
 * (watches of one table are one waking group), when a bookmark is due or when its time is over; it
 * takes events from the cursor until there are none or about 64 KiB wait to be sent, and is called
 * again once those are with the kernel.  Objects are sent as the bytes they are.
 * k8s: apiserver/pkg/endpoints/handlers/{get,watch}.go, apiserver/pkg/storage/cacher/cache_watcher.go
 */
#include "server/encode.h"
#include "server/request.h"
#include "server/table.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "net/websocket.h"
#include "kind/custom.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS ((int64_t)1000000000)

enum {
	BATCH_BYTES = 64 * 1024,
	BOOKMARK_S = 60,
	BOOKMARK_LEAD_S = 2, /* a last one this long before the end */
	TIMEOUT_MIN_S = 1800,
};

struct watching {
	struct server *server;
	struct watch *watch;
	const struct kind *kind;
	struct table *table;
	uint64_t serial; /* of a custom kind's definition when the watch began */
	enum form form;
	enum include include;
	bool beta, proto, websocket, bookmarks, joined;
	bool columns_sent;                /* only the first Table tells its columns */
	int64_t deadline_ns, bookmark_ns; /* bookmark_ns 0 = no more */
	struct audit_rest *audit;
};

static const char *const type_names[] = {
	[WATCH_ADDED] = "ADDED",       [WATCH_MODIFIED] = "MODIFIED", [WATCH_DELETED] = "DELETED",
	[WATCH_BOOKMARK] = "BOOKMARK", [WATCH_ERROR] = "ERROR",
};

static void put(struct stream *s, const char *text)
{
	stream_write(s, text, strlen(text));
}

/* In front of n bytes of an event that becomes a message of its own. */
static void open_message(struct watching *w, struct stream *s, size_t n)
{
	unsigned char head[WEBSOCKET_HEAD_MAX];

	if (w->websocket)
		stream_write(s, head,
			     websocket_head(head, w->proto ? WEBSOCKET_BINARY : WEBSOCKET_TEXT, n));
}

static void send_json(struct watching *w, struct stream *s, enum watch_type type, const char *p,
		      size_t n)
{
	static const char open[] = "{\"type\":\"", middle[] = "\",\"object\":";

	open_message(w, s, sizeof open - 1 + strlen(type_names[type]) + sizeof middle - 1 + n + 2);
	put(s, open);
	put(s, type_names[type]);
	put(s, middle);
	stream_write(s, p, n);
	put(s, "}\n");
}

static void send_frame(struct watching *w, struct stream *s, enum watch_type type,
		       const struct schema_type *t, const char *json, size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (protobuf_event(&b, type_names[type], t, json, n)) {
		/* a message has a length of its own */
		size_t skip = w->websocket ? 4 : 0;

		open_message(w, s, b.len - skip);
		stream_write(s, b.p + skip, b.len - skip);
	} else {
		log_warn("server", "an object of type %s cannot be said in protobuf", t->name);
	}
}

static void send_protobuf(struct watching *w, struct stream *s, enum watch_type type,
			  const struct obj *o)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (w->form == FORM_OBJECT) {
		send_frame(w, s, type, w->kind->type, o->json, o->len);
		return;
	}
	partial_print(&b, o, w->beta);
	send_frame(w, s, type, protobuf_partial(), b.p, b.len);
}

static void send_object(struct watching *w, struct stream *s, enum watch_type type,
			const struct obj *o)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct arena *scratch;
	char meta[64];

	if (w->proto) {
		send_protobuf(w, s, type, o);
		return;
	}
	if (w->form == FORM_OBJECT) {
		send_json(w, s, type, o->json, o->len);
		return;
	}
	if (w->form == FORM_TABLE) {
		scratch = arena_new();
		snprintf(meta, sizeof meta, "\"resourceVersion\":\"%" PRId64 "\"", o->rev);
		table_open(&b, w->columns_sent ? NULL : w->kind, w->beta, meta);
		table_row(&b, scratch, w->kind, o, w->include, w->beta, clock_now_s());
		table_close(&b);
		w->columns_sent = true;
		arena_free(&scratch);
	} else {
		partial_print(&b, o, w->beta);
	}
	send_json(w, s, type, b.p, b.len);
}

/* An object that says nothing but how far the watch has come. */
static void send_bookmark(struct watching *w, struct stream *s, int64_t rev, bool initial_end)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const struct obj_fields fields = { w->kind->fields };
	char version[128];

	buf_addf(&b,
		 "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRId64
		 "\"%s}}",
		 w->kind->subject.kind, kind_api_version(w->kind, version), rev,
		 initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
	if (w->form == FORM_OBJECT && !w->proto) {
		send_json(w, s, WATCH_BOOKMARK, b.p, b.len);
		return;
	}
	const struct obj *o = obj_from_bytes(b.p, b.len, &fields);
	send_object(w, s, WATCH_BOOKMARK, o);
	obj_unref(o);
}

static void send_error(struct watching *w, struct stream *s, const struct status *st)
{
	BUF_AUTO struct buf b = BUF_INIT;

	status_print(&b, st);
	if (w->proto) {
		send_frame(w, s, WATCH_ERROR, protobuf_status_type(), b.p, b.len);
		return;
	}
	send_json(w, s, WATCH_ERROR, b.p, b.len);
}

enum drain { DRAINED, MORE, OVER };

static enum drain drain(struct watching *w, struct stream *s)
{
	while (stream_pending(s) < BATCH_BYTES) {
		STATUS_AUTO struct status st = STATUS_INIT;
		struct watch_event e;

		if (!watch_next(w->watch, &e, &st))
			return DRAINED;
		if (e.type == WATCH_ERROR) {
			send_error(w, s, &st);
			watch_event_clear(&e);
			return OVER;
		}
		if (e.type == WATCH_BOOKMARK)
			send_bookmark(w, s, e.rev, e.initial_end);
		else
			send_object(w, s, e.type, e.obj);
		watch_event_clear(&e);
		atomic_fetch_add_explicit(&w->server->metrics.watch_events, 1, memory_order_relaxed);
	}
	return MORE;
}

static void plan_bookmark(struct watching *w, int64_t now)
{
	int64_t last = w->deadline_ns - BOOKMARK_LEAD_S * SECOND_NS;
	int64_t next = now + BOOKMARK_S * SECOND_NS;

	if (next > last)
		next = last;
	w->bookmark_ns = w->bookmarks && next > now ? next : 0;
}

static bool pump(struct stream *s, void *arg)
{
	struct watching *w = arg;
	enum drain left;
	int64_t now;

	if (!w->joined) {
		/* Before the first look at the cursor, so that no publish is slept through. */
		stream_join(s, w->table);
		w->joined = true;
	}
	if (__atomic_load_n(&w->server->stopping, __ATOMIC_ACQUIRE))
		return false;
	left = drain(w, s);
	now = clock_mono_ns();
	if (left == OVER || now >= w->deadline_ns) {
		if (w->websocket)
			stream_write(s, "\x88\x02\x03\xe8", 4); /* close: 1000 */
		return false;
	}
	/* Under another definition the same objects may look different: clients begin anew. */
	if (left == DRAINED && w->kind->custom && custom_serial(w->kind->custom) != w->serial)
		return false;
	if (left == MORE) {
		stream_deadline(s, now);
		return true;
	}
	if (w->bookmark_ns && now >= w->bookmark_ns) {
		send_bookmark(w, s, watch_rev(w->watch), false);
		plan_bookmark(w, now);
	}
	stream_deadline(s, w->bookmark_ns ? w->bookmark_ns : w->deadline_ns);
	return true;
}

static void closed(void *arg)
{
	struct watching *w = arg;

	atomic_fetch_sub_explicit(&w->server->metrics.watches, 1, memory_order_relaxed);
	watch_close(&w->watch);
	audit_rest_end(w->audit, 200);
	free(w);
}

static const struct stream_ops watch_stream = { .pump = pump, .closed = closed };

/* The old form /watch/.../NAME is a selection by name. */
static const char *field_selector(struct req *r)
{
	const char *given = query_str(&r->query, "fieldSelector");

	if (!r->route.watch_prefix || !r->route.named)
		return given;
	return arena_printf(r->a, "metadata.name=%s%s%s", r->route.attr.name, *given ? "," : "",
			    given);
}

static int64_t random_timeout(void)
{
	uint32_t n;

	random_bytes(&n, sizeof n);
	return TIMEOUT_MIN_S + n % TIMEOUT_MIN_S;
}

/* The first clause that fits decides, even where it has no stream: YAML. */
static bool negotiate(struct req *r)
{
	const char *accept = http_header(r->http, "Accept");
	unsigned proto = kind_is_custom(r->kind) ? ACCEPT_PROTO_FORMS : ACCEPT_PROTO;

	if (accept_parse(accept, ACCEPT_FORMS | ACCEPT_YAML | proto, &r->accept) && !r->accept.yaml)
		return true;
	r->accept = (struct accept){ .form = FORM_OBJECT };
	return status_not_acceptable(&r->st, "application/json, application/yaml, " PROTOBUF);
}

bool watch_start(struct req *r)
{
	const struct watch_options o = {
		.label_selector = query_str(&r->query, "labelSelector"),
		.field_selector = field_selector(r),
		.resource_version = query_str(&r->query, "resourceVersion"),
		.match = query_str(&r->query, "resourceVersionMatch"),
		.bookmarks = query_flag(&r->query, "allowWatchBookmarks"),
		.initial_events = query_flag(&r->query, "sendInitialEvents"),
		.initial_events_set = query_get(&r->query, "sendInitialEvents") != NULL,
	};
	struct websocket_offer *offer = arena_alloc(r->a, sizeof *offer);
	enum include include = INCLUDE_METADATA;
	int64_t timeout = 0;

	if (websocket_offered(r->http, NULL, offer, NULL))
		r->reply.websocket = offer;
	if (!negotiate(r) || !query_int(&r->query, "timeoutSeconds", &timeout, &r->st))
		return false;
	if (r->accept.form == FORM_TABLE && !table_include(&r->query, &include, &r->st))
		return false;
	struct watch *watch = watch_open(r->server->c.api, r->kind, r->ns, &o, &r->st);
	if (!watch)
		return false;
	if (timeout <= 0 || timeout > INT32_MAX)
		timeout = random_timeout();
	struct watching *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	int64_t now = clock_mono_ns();
	*w = (struct watching){
		.server = r->server,
		.watch = watch,
		.kind = r->kind,
		.serial = r->kind->custom ? custom_serial(r->kind->custom) : 0,
		.table = api_table(r->server->c.api, r->kind),
		.form = r->accept.form,
		.include = include,
		.beta = r->accept.beta,
		.proto = r->accept.proto,
		.websocket = r->reply.websocket != NULL,
		.bookmarks = o.bookmarks,
		.deadline_ns = now + timeout * SECOND_NS,
		.audit = audit_rest_new(r),
	};
	plan_bookmark(w, now);
	atomic_fetch_add_explicit(&r->server->metrics.watches, 1, memory_order_relaxed);
	r->reply.type = REPLY_STREAM;
	r->reply.content_type = r->accept.proto ? PROTOBUF ";stream=watch" : "application/json";
	r->reply.stream = &watch_stream;
	r->reply.arg = w;
	return true;
}
