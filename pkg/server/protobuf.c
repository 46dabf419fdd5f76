/*
 * Answers in Kubernetes protobuf.
 *
 * Made of the same frozen bytes as JSON answers, by the facts (kind/schema.h); items of a list are encoded one
 * after the other into one buffer, which the reply sends as it is.  Whatever leaves as JSON, trees and
 * Status too, goes the same way: its apiVersion and kind name the type.
 * k8s: apimachinery/pkg/runtime/serializer/protobuf
 */
#include "server/encode.h"
#include "server/request.h"
#include "server/table.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

const struct schema_type *protobuf_partial(void)
{
	return schema_find("io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata");
}

const struct schema_type *protobuf_status_type(void)
{
	return schema_find("io.k8s.apimachinery.pkg.apis.meta.v1.Status");
}

static bool cannot(struct req *r, const char *what)
{
	return status_internal(&r->st, "%s cannot be encoded as protobuf", what);
}

static bool reply_body(struct req *r, const struct schema_type *t, const char *json, size_t n)
{
	struct buf b = BUF_INIT;

	if (!proto_encode_body(&b, t, json, n)) {
		buf_free(&b);
		return cannot(r, t->name);
	}
	return reply_buf(r, PROTOBUF, &b);
}

bool protobuf_obj(struct req *r)
{
	const struct obj *o = r->reply.obj;
	BUF_AUTO struct buf b = BUF_INIT;
	struct json *tree;

	if (r->accept.form == FORM_PARTIAL) {
		partial_print(&b, o, r->accept.beta);
		return reply_body(r, protobuf_partial(), b.p, b.len);
	}
	if (o->rev)
		return reply_body(r, r->kind->type, o->json, o->len);
	/* What a dry run would have created has no revision. */
	tree = obj_tree(r->a, o);
	json_del(json_get(tree, "metadata"), "resourceVersion");
	json_print(&b, tree);
	return reply_body(r, r->kind->type, b.p, b.len);
}

static bool type_is(const struct schema_type *t, const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	size_t n = slash ? (size_t)(slash - api_version) : 0;

	if (!t->kind || strcmp(t->kind, kind) != 0 ||
	    strcmp(t->version, slash ? slash + 1 : api_version) != 0)
		return false;
	if (strlen(t->group) == n && strncmp(t->group, api_version, n) == 0)
		return true;
	return !slash && strcmp(t->group, "meta.k8s.io") == 0;
}

bool protobuf_tree(struct req *r, const char *json, size_t n)
{
	const char *version = json_str(json_get(r->reply.tree, "apiVersion"));
	const char *kind = json_str(json_get(r->reply.tree, "kind"));
	const struct schema_type *t;

	for (size_t it = 0; (t = schema_next(&it));)
		if (type_is(t, version, kind))
			return reply_body(r, t, json, n);
	return cannot(r, kind);
}

void protobuf_status(struct buf *out, const char *json, size_t n)
{
	proto_encode_body(out, protobuf_status_type(), json, n);
}

/* ---- lists: {1: metadata, 2: items} ---- */

static bool add_item(struct req *r, struct buf *raw, struct buf *item, const struct obj *o)
{
	BUF_AUTO struct buf partial = BUF_INIT;
	bool ok;

	buf_clear(item);
	if (r->accept.form == FORM_PARTIAL_LIST) {
		partial_print(&partial, o, r->accept.beta);
		ok = proto_encode(item, protobuf_partial(), partial.p, partial.len);
	} else {
		ok = proto_encode(item, r->kind->type, o->json, o->len);
	}
	if (!ok)
		return cannot(r, o->name);
	proto_bytes(raw, 2, item->p, item->len);
	return true;
}

static bool add_items(struct req *r, struct buf *raw, const char *meta)
{
	const struct schema_type *t = schema_find("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta");
	BUF_AUTO struct buf item = BUF_INIT;
	char *text = arena_printf(r->a, "{%s}", meta);

	if (!t || !proto_encode(&item, t, text, strlen(text)))
		return cannot(r, "a list");
	proto_bytes(raw, 1, item.p, item.len);
	for (size_t i = 0; i < r->reply.list.n; i++)
		if (!add_item(r, raw, &item, r->reply.list.items[i]))
			return false;
	return true;
}

bool protobuf_list(struct req *r, const char *meta)
{
	bool partial = r->accept.form == FORM_PARTIAL_LIST;
	struct http_part *parts = arena_alloc(r->a, 3 * sizeof *parts);
	struct buf raw = BUF_INIT, head = BUF_INIT, tail = BUF_INIT;
	bool ok = add_items(r, &raw, meta);
	char version[128], kind[128];

	kind_api_version(r->kind, version);
	kind_list_kind(r->kind, kind);
	if (partial)
		strcpy(version, r->accept.beta ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1");
	proto_open(&head, version, partial ? "PartialObjectMetadataList" : kind, raw.len);
	proto_close(&tail);
	parts[0] = (struct http_part){ arena_dup(r->a, head.p, head.len), head.len };
	parts[1] = (struct http_part){ raw.p, raw.len };
	parts[2] = (struct http_part){ arena_dup(r->a, tail.p, tail.len), tail.len };
	buf_free(&head);
	buf_free(&tail);
	arena_defer(r->a, free, buf_detach(&raw));
	r->reply.type = REPLY_PARTS;
	r->reply.content_type = PROTOBUF;
	r->reply.parts = parts;
	r->reply.nparts = 3;
	return ok;
}

/* ---- watches ---- */

/* WatchEvent {1: type, 2: RawExtension {1: raw}} behind its length. */
bool protobuf_event(struct buf *out, const char *event, const struct schema_type *t,
		    const char *json, size_t n)
{
	BUF_AUTO struct buf body = BUF_INIT, raw = BUF_INIT;
	size_t at = out->len, len;

	if (!proto_encode_body(&body, t, json, n))
		return false;
	proto_bytes(&raw, 1, body.p, body.len);
	buf_add(out, "\0\0\0", 4);
	proto_bytes(out, 1, event, strlen(event));
	proto_bytes(out, 2, raw.p, raw.len);
	len = out->len - at - 4;
	for (size_t i = 0; i < 4; i++)
		out->p[at + i] = (char)(len >> 8 * (3 - i));
	return true;
}
