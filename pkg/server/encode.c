/*
 * Results into bytes.
 *
 * The common case costs nothing: a frozen object is sent as the bytes it is, a list as a head, the
 * objects' own bytes and a tail, without a copy.  Items of built-in lists are sent without kind and
 * apiVersion, as upstream's typed lists: every object begins with the same prefix, so that is an offset.
 *
 * All else (Table, partial, indented, YAML, protobuf, gzip) is made of those bytes.  What is large and not free
 * moves to a worker thread first.
 */
#include "server/encode.h"

#include "base/arena.h"
#include "base/clock.h"
#include "net/gzip.h"
#include "obj/obj.h"
#include "obj/yaml.h"
#include "server/limit.h"
#include "server/request.h"
#include "server/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	GZIP_FROM = 128 * 1024, /* as upstream */
	WORK_FROM = 32 * 1024,  /* transforming more than this would hold up an event thread */
	SEAT_FROM = 200, /* items of a list that needs a seat: its answer takes memory until sent */
};

bool wants_pretty(const struct req *r)
{
	static const char *const agents[] = { "curl", "Wget", "Mozilla/5.0" };
	const char *agent;

	if (query_get(&r->query, "pretty"))
		return query_flag(&r->query, "pretty");
	agent = http_header(r->http, "User-Agent");
	for (size_t i = 0; agent && i < sizeof agents / sizeof *agents; i++)
		if (strncmp(agent, agents[i], strlen(agents[i])) == 0)
			return true;
	return false;
}

static void newline(struct buf *out, int depth)
{
	buf_addc(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_add(out, "  ", 2);
}

/* The end of the string that begins at p. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

void indent_json(struct buf *out, const char *p, size_t n)
{
	const char *end = p + n;
	int depth = 0;

	while (p < end) {
		const char *from = p;
		char c = *p++;

		if (c == '"') {
			p = string_end(from, end);
			buf_add(out, from, (size_t)(p - from));
		} else if ((c == '{' || c == '[') && p < end && (*p == '}' || *p == ']')) {
			buf_add(out, from, 2);
			p++;
		} else if (c == '{' || c == '[') {
			buf_addc(out, c);
			newline(out, ++depth);
		} else if (c == '}' || c == ']') {
			newline(out, --depth);
			buf_addc(out, c);
		} else if (c == ',') {
			buf_addc(out, c);
			newline(out, depth);
		} else if (c == ':') {
			buf_adds(out, ": ");
		} else if (c != '\n') {
			buf_addc(out, c);
		}
	}
	buf_addc(out, '\n');
}

/* ---- lists ---- */

/* The inside of a list's metadata. */
static const char *list_meta(struct req *r, const struct list_result *l)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (!l->rev) /* of what is not stored */
		return "";
	buf_addf(&b, "\"resourceVersion\":\"%" PRId64 "\"", l->rev);
	if (l->cont && *l->cont) {
		buf_adds(&b, ",\"continue\":");
		json_print_string(&b, l->cont, strlen(l->cont));
	}
	if (l->remaining >= 0 && l->cont && *l->cont)
		buf_addf(&b, ",\"remainingItemCount\":%" PRId64, l->remaining);
	return arena_dup(r->a, b.p, b.len);
}

static void set_parts(struct req *r, const struct http_part *parts, size_t n)
{
	r->reply.type = REPLY_PARTS;
	r->reply.content_type = "application/json";
	r->reply.parts = parts;
	r->reply.nparts = n;
}

static struct http_part part(const char *p, size_t n)
{
	return (struct http_part){ p, n };
}

/* The bytes by which every encoded object of the kind begins, up to and including the last comma. */
static const char *prefix_of(struct req *r)
{
	char version[128];

	return arena_printf(r->a, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",", r->kind->subject.kind,
			    kind_api_version(r->kind, version));
}

static void list_objects(struct req *r)
{
	const struct list_result *l = &r->reply.list;
	struct http_part *parts = arena_alloc(r->a, (2 * l->n + 2) * sizeof *parts);
	const char *prefix = kind_is_custom(r->kind) ? "" : prefix_of(r);
	size_t skip = strlen(prefix), n = 1;
	char version[128], list_kind[128];
	const char *head = arena_printf(
		r->a, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{%s},\"items\":[",
		kind_list_kind(r->kind, list_kind), kind_api_version(r->kind, version),
		list_meta(r, l));

	parts[0] = part(head, strlen(head));
	for (size_t i = 0; i < l->n; i++) {
		const struct obj *o = l->items[i];
		bool strip = skip && o->len > skip && memcmp(o->json, prefix, skip) == 0;

		if (strip)
			parts[n++] = i ? part(",{", 2) : part("{", 1);
		else if (i)
			parts[n++] = part(",", 1);
		parts[n++] = strip ? part(o->json + skip, o->len - skip) : part(o->json, o->len);
	}
	parts[n++] = part("]}\n", 3);
	set_parts(r, parts, n);
}

static void list_partials(struct req *r)
{
	const struct list_result *l = &r->reply.list;
	struct http_part *parts = arena_alloc(r->a, (2 * l->n + 2) * sizeof *parts);
	const char *v = r->accept.beta ? "v1beta1" : "v1";
	const char *open = arena_printf(r->a,
					"},{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":"
					"\"meta.k8s.io/%s\",\"metadata\":",
					v);
	const char *head = arena_printf(r->a,
					"{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":"
					"\"meta.k8s.io/%s\",\"metadata\":{%s},\"items\":[",
					v, list_meta(r, l));
	size_t n = 1, open_len = strlen(open);

	parts[0] = part(head, strlen(head));
	for (size_t i = 0; i < l->n; i++) {
		const char *p;
		size_t len;

		partial_metadata(l->items[i], &p, &len);
		parts[n++] = i ? part(open, open_len) : part(open + 2, open_len - 2);
		parts[n++] = part(p, len);
	}
	parts[n++] = l->n ? part("}]}\n", 4) : part("]}\n", 3);
	set_parts(r, parts, n);
}

static bool table(struct req *r, const struct obj *const *items, size_t n, const char *meta)
{
	struct buf b = BUF_INIT;
	enum include include;
	struct arena *scratch;
	int64_t now = clock_now_s();

	if (!table_include(&r->query, &include, &r->st))
		return false;
	scratch = arena_new();
	table_open(&b, r->kind, r->accept.beta, meta);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ',');
		table_row(&b, scratch, r->kind, items[i], include, r->accept.beta, now);
		arena_reset(scratch);
	}
	table_close(&b);
	buf_addc(&b, '\n');
	arena_free(&scratch);
	return reply_buf(r, "application/json", &b);
}

static bool encode_list(struct req *r)
{
	struct list_result *l = &r->reply.list;

	if (r->accept.form == FORM_TABLE)
		return table(r, l->items, l->n, list_meta(r, l));
	if (r->accept.form == FORM_PARTIAL)
		return status_other(&r->st, 406, "NotAcceptable",
				    "you requested PartialObjectMetadata, but the requested object "
				    "is a list (%sList)",
				    r->kind->subject.kind);
	if (r->accept.proto)
		return protobuf_list(r, list_meta(r, l));
	if (r->accept.form == FORM_PARTIAL_LIST)
		list_partials(r);
	else
		list_objects(r);
	return true;
}

/* What a dry run would have created has no revision, not an empty one. */
static bool unstored(struct req *r, const struct obj *o)
{
	struct json *tree = obj_tree(r->a, o);
	struct buf b = BUF_INIT;

	json_del(json_get(tree, "metadata"), "resourceVersion");
	json_print(&b, tree);
	return reply_buf(r, "application/json", &b);
}

static bool encode_obj(struct req *r)
{
	const struct obj *o = r->reply.obj;
	struct buf b = BUF_INIT;

	if (r->accept.proto && r->accept.form != FORM_PARTIAL_LIST)
		return protobuf_obj(r);
	switch (r->accept.form) {
	case FORM_TABLE:
		return table(r, &o, 1,
			     o->rev ? arena_printf(r->a, "\"resourceVersion\":\"%" PRId64 "\"",
						   o->rev) :
				      "");
	case FORM_PARTIAL_LIST:
		return status_other(&r->st, 406, "NotAcceptable",
				    "you requested PartialObjectMetadataList, but the requested "
				    "object is not a list (%s)",
				    r->kind->subject.kind);
	case FORM_PARTIAL:
		partial_print(&b, o, r->accept.beta);
		return reply_buf(r, "application/json", &b);
	default:
		if (!o->rev)
			return unstored(r, o);
		r->reply.type = REPLY_BYTES;
		r->reply.content_type = "application/json";
		r->reply.bytes = o->json;
		r->reply.len = o->len;
		return true;
	}
}

static bool encode_tree(struct req *r)
{
	struct buf b = BUF_INIT;
	bool ok;

	json_print(&b, r->reply.tree);
	if (!r->accept.proto)
		return reply_buf(r, "application/json", &b);
	ok = protobuf_tree(r, b.p, b.len);
	buf_free(&b);
	return ok;
}

/* ---- what is made of the bytes ---- */

static void flatten(const struct reply *p, struct buf *b)
{
	if (p->type == REPLY_BYTES)
		buf_add(b, p->bytes, p->len);
	for (size_t i = 0; p->type == REPLY_PARTS && i < p->nparts; i++)
		buf_add(b, p->parts[i].p, p->parts[i].n);
}

static size_t reply_size(const struct reply *p)
{
	size_t n = p->type == REPLY_BYTES ? p->len : 0;

	for (size_t i = 0; p->type == REPLY_PARTS && i < p->nparts; i++)
		n += p->parts[i].n;
	return n;
}

static void drop_bytes(struct reply *p)
{
	if (p->release)
		p->release(p->arg);
	p->release = NULL;
}

static bool reshape(struct req *r, bool yaml)
{
	BUF_AUTO struct buf flat = BUF_INIT;
	struct buf out = BUF_INIT;

	flatten(&r->reply, &flat);
	if (yaml)
		yaml_print(&out, json_parse_own(r->a, flat.p, flat.len));
	else
		indent_json(&out, flat.p, flat.len);
	drop_bytes(&r->reply);
	return reply_buf(r, yaml ? "application/yaml" : "application/json", &out);
}

static bool compress(struct req *r)
{
	BUF_AUTO struct buf flat = BUF_INIT;
	struct buf out = BUF_INIT;

	flatten(&r->reply, &flat);
	gzip_pack(&out, flat.p, flat.len, 1);
	drop_bytes(&r->reply);
	http_add_header(r->http, "Content-Encoding", "gzip");
	http_add_header(r->http, "Vary", "Accept-Encoding");
	return reply_buf(r, r->reply.content_type, &out);
}

/* Bytes to be looked at if the reply is not sent as it is. */
static size_t weight(const struct reply *p)
{
	size_t n = p->type == REPLY_OBJ ? p->obj->len : 0;

	for (size_t i = 0; p->type == REPLY_LIST && i < p->list.n; i++)
		n += p->list.items[i]->len;
	return n;
}

bool encode_reply(struct req *r)
{
	enum reply_type t = r->reply.type;
	bool pretty, gzip;

	if (t != REPLY_OBJ && t != REPLY_LIST && t != REPLY_TREE)
		return true;
	if (t == REPLY_LIST && r->reply.list.n > SEAT_FROM &&
	    !limit_try(r->server->limit, r->a, r->user, &r->seat) && req_wait(r))
		return false;
	pretty = !r->accept.yaml && !r->accept.proto && wants_pretty(r);
	gzip = accept_encoding(http_header(r->http, "Accept-Encoding"), "gzip");
	if (pretty || gzip || r->accept.yaml || r->accept.proto || r->accept.form != FORM_OBJECT) {
		size_t n = weight(&r->reply);
		bool cheap = r->accept.form == FORM_OBJECT && !pretty && !r->accept.yaml &&
			     !r->accept.proto;

		if (n > (cheap ? (size_t)GZIP_FROM : (size_t)WORK_FROM) && req_wait(r))
			return false;
	}
	if (t == REPLY_OBJ ? !encode_obj(r) : t == REPLY_LIST ? !encode_list(r) : !encode_tree(r))
		return false;
	if ((pretty || r->accept.yaml) && !reshape(r, r->accept.yaml))
		return false;
	return !gzip || reply_size(&r->reply) <= GZIP_FROM || compress(r);
}
