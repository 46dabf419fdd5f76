/*
 * openapi_gnostic: the v2 document in the protobuf that old kubectl and Argo CD ask for.
 *
 * The JSON document is parsed back and encoded by a table of messages: member name, field number,
 * kind of value.  OpenAPI's free-form objects are lists of named values there, its alternatives
 * wrappers of one field.  Members the tables do not know are extensions and travel as YAML, of which JSON is
 * a part.
 * Numbers: gnostic-models/openapiv2/OpenAPIv2.proto
 */
#include "kind/openapi.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "obj/json.h"

#include <stdint.h>
#include <string.h>

enum value {
	TEXT,
	TEXTS,
	FLAG,
	NUMBER,
	INTEGER,
	SCHEMA_OR_FLAG,
	MESSAGE,
	MESSAGES,
	ANY,
	ANYS,
	TYPE,
	PARAMETERS,
	SECURITY
};

struct message;

struct member {
	const char *name;
	int number;
	enum value value;
	const struct message *sub;
	int wrap; /* number of the alternative within a wrapper message; 0 = none */
};

struct message {
	const struct member *members;
	/* For objects with free names: {1: name, 2: value} in field `named`, value of type `of`. */
	int named, named_wrap;
	const struct message *of;
	int extension; /* field of vendor extensions */
};

static const struct message schema, properties, path_item, operation, reply;

static const struct member info_members[] = { { "title", 1, TEXT, NULL, 0 },
					      { "version", 2, TEXT, NULL, 0 },
					      { 0 } };
static const struct message info = { .members = info_members, .extension = 7 };

static const struct member schema_members[] = {
	{ "$ref", 1, TEXT, NULL, 0 },
	{ "format", 2, TEXT, NULL, 0 },
	{ "title", 3, TEXT, NULL, 0 },
	{ "description", 4, TEXT, NULL, 0 },
	{ "default", 5, ANY, NULL, 0 },
	{ "multipleOf", 6, NUMBER, NULL, 0 },
	{ "maximum", 7, NUMBER, NULL, 0 },
	{ "exclusiveMaximum", 8, FLAG, NULL, 0 },
	{ "minimum", 9, NUMBER, NULL, 0 },
	{ "exclusiveMinimum", 10, FLAG, NULL, 0 },
	{ "maxLength", 11, INTEGER, NULL, 0 },
	{ "minLength", 12, INTEGER, NULL, 0 },
	{ "pattern", 13, TEXT, NULL, 0 },
	{ "maxItems", 14, INTEGER, NULL, 0 },
	{ "minItems", 15, INTEGER, NULL, 0 },
	{ "maxProperties", 17, INTEGER, NULL, 0 },
	{ "minProperties", 18, INTEGER, NULL, 0 },
	{ "required", 19, TEXTS, NULL, 0 },
	{ "enum", 20, ANYS, NULL, 0 },
	{ "additionalProperties", 21, SCHEMA_OR_FLAG, &schema, 1 },
	{ "type", 22, TYPE, NULL, 0 },
	{ "items", 23, MESSAGE, &schema, 1 },
	{ "allOf", 24, MESSAGES, &schema, 0 },
	{ "properties", 25, MESSAGE, &properties, 0 },
	{ 0 },
};
static const struct message schema = { .members = schema_members, .extension = 31 };
static const struct message properties = { .named = 1, .of = &schema };

static const struct member query_members[] = {
	{ "in", 2, TEXT, NULL, 0 },           { "description", 3, TEXT, NULL, 0 },
	{ "name", 4, TEXT, NULL, 0 },         { "type", 6, TEXT, NULL, 0 },
	{ "uniqueItems", 20, FLAG, NULL, 0 }, { 0 },
};
static const struct message query = { .members = query_members, .extension = 23 };

static const struct member path_members[] = {
	{ "required", 1, FLAG, NULL, 0 },
	{ "in", 2, TEXT, NULL, 0 },
	{ "description", 3, TEXT, NULL, 0 },
	{ "name", 4, TEXT, NULL, 0 },
	{ "type", 5, TEXT, NULL, 0 },
	{ "uniqueItems", 19, FLAG, NULL, 0 },
	{ 0 },
};
static const struct message path = { .members = path_members, .extension = 22 };

static const struct member body_members[] = {
	{ "description", 1, TEXT, NULL, 0 },  { "name", 2, TEXT, NULL, 0 },
	{ "in", 3, TEXT, NULL, 0 },           { "required", 4, FLAG, NULL, 0 },
	{ "schema", 5, MESSAGE, &schema, 0 }, { 0 },
};
static const struct message body = { .members = body_members, .extension = 6 };

static const struct member reply_members[] = { { "description", 1, TEXT, NULL, 0 },
					       { "schema", 2, MESSAGE, &schema, 1 },
					       { 0 } };
static const struct message reply = { .members = reply_members, .extension = 5 };
static const struct message replies = { .named = 1, .named_wrap = 1, .of = &reply };

static const struct member operation_members[] = {
	{ "tags", 1, TEXTS, NULL, 0 },
	{ "description", 3, TEXT, NULL, 0 },
	{ "operationId", 5, TEXT, NULL, 0 },
	{ "produces", 6, TEXTS, NULL, 0 },
	{ "consumes", 7, TEXTS, NULL, 0 },
	{ "parameters", 8, PARAMETERS, NULL, 0 },
	{ "responses", 9, MESSAGE, &replies, 0 },
	{ "schemes", 10, TEXTS, NULL, 0 },
	{ 0 },
};
static const struct message operation = { .members = operation_members, .extension = 13 };

static const struct member path_item_members[] = {
	{ "get", 2, MESSAGE, &operation, 0 },
	{ "put", 3, MESSAGE, &operation, 0 },
	{ "post", 4, MESSAGE, &operation, 0 },
	{ "delete", 5, MESSAGE, &operation, 0 },
	{ "patch", 8, MESSAGE, &operation, 0 },
	{ "parameters", 9, PARAMETERS, NULL, 0 },
	{ 0 },
};
static const struct message path_item = { .members = path_item_members, .extension = 10 };
static const struct message paths = { .named = 2, .of = &path_item };

static const struct member key_members[] = {
	{ "type", 1, TEXT, NULL, 0 },
	{ "name", 2, TEXT, NULL, 0 },
	{ "in", 3, TEXT, NULL, 0 },
	{ "description", 4, TEXT, NULL, 0 },
	{ 0 },
};
static const struct message api_key = { .members = key_members, .extension = 5 };
static const struct message security = { .named = 1, .named_wrap = 2, .of = &api_key };

static const struct member document_members[] = {
	{ "swagger", 1, TEXT, NULL, 0 },
	{ "info", 2, MESSAGE, &info, 0 },
	{ "paths", 8, MESSAGE, &paths, 0 },
	{ "definitions", 9, MESSAGE, &properties, 0 },
	{ "security", 12, SECURITY, NULL, 0 },
	{ "securityDefinitions", 13, MESSAGE, &security, 0 },
	{ 0 },
};
static const struct message document = { .members = document_members, .extension = 16 };

/* ---- encoding ---- */

static void put_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static void put_bytes(struct buf *b, int number, const void *p, size_t n)
{
	put_varint(b, (uint64_t)number << 3 | 2);
	put_varint(b, n);
	buf_add(b, p, n);
}

static void put_text(struct buf *b, int number, const char *s)
{
	put_bytes(b, number, s, strlen(s));
}

static void put_double(struct buf *b, int number, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	put_varint(b, (uint64_t)number << 3 | 1);
	for (int i = 0; i < 8; i++)
		buf_addc(b, (char)(bits >> 8 * i));
}

static void put_any(struct buf *b, int number, const struct json *v)
{
	BUF_AUTO struct buf yaml = BUF_INIT, any = BUF_INIT;

	json_print(&yaml, v);
	buf_addc(&yaml, '\n');
	put_bytes(&any, 2, yaml.p, yaml.len);
	put_bytes(b, number, any.p, any.len);
}

static void encode(struct buf *b, const struct message *m, const struct json *o);

/* A sub-message, in its wrapper if it has one. */
static void put_message(struct buf *b, int number, int wrap, const struct message *m,
			const struct json *o)
{
	BUF_AUTO struct buf inner = BUF_INIT, outer = BUF_INIT;

	encode(&inner, m, o);
	if (wrap)
		put_bytes(&outer, wrap, inner.p ? inner.p : "", inner.len);
	else
		outer = inner, inner = (struct buf)BUF_INIT;
	put_bytes(b, number, outer.p ? outer.p : "", outer.len);
}

/* ParametersItem{1: Parameter{1: body, 2: NonBodyParameter{3: query, 4: path}}} */
static void put_parameter(struct buf *b, int number, const struct json *p)
{
	BUF_AUTO struct buf other = BUF_INIT, parameter = BUF_INIT, item = BUF_INIT;
	const char *in = json_str(json_get(p, "in"));

	if (strcmp(in, "body") == 0) {
		put_message(&parameter, 1, 0, &body, p);
	} else {
		bool is_path = strcmp(in, "path") == 0;

		put_message(&other, is_path ? 4 : 3, 0, is_path ? &path : &query, p);
		put_bytes(&parameter, 2, other.p, other.len);
	}
	put_bytes(&item, 1, parameter.p, parameter.len);
	put_bytes(b, number, item.p, item.len);
}

/* SecurityRequirement{1: NamedStringArray{1: name, 2: {}}} */
static void put_security(struct buf *b, int number, const struct json *requirement)
{
	BUF_AUTO struct buf named = BUF_INIT, all = BUF_INIT;

	json_each(v, requirement) {
		buf_clear(&named);
		put_text(&named, 1, json_name(v));
		put_bytes(&named, 2, "", 0);
		put_bytes(&all, 1, named.p, named.len);
	}
	put_bytes(b, number, all.p, all.len);
}

static void encode_list(struct buf *b, const struct member *f, const struct json *list)
{
	json_each(v, list) {
		if (f->value == TEXTS)
			put_text(b, f->number, json_str(v));
		else if (f->value == ANYS)
			put_any(b, f->number, v);
		else if (f->value == PARAMETERS)
			put_parameter(b, f->number, v);
		else if (f->value == SECURITY)
			put_security(b, f->number, v);
		else
			put_message(b, f->number, f->wrap, f->sub, v);
	}
}

static void encode_member(struct buf *b, const struct member *f, const struct json *v)
{
	BUF_AUTO struct buf type = BUF_INIT;

	switch (f->value) {
	case TEXT: put_text(b, f->number, json_str(v)); break;
	case FLAG:
		put_varint(b, (uint64_t)f->number << 3);
		put_varint(b, json_is_true(v));
		break;
	case NUMBER: put_double(b, f->number, json_double(v)); break;
	case INTEGER:
		put_varint(b, (uint64_t)f->number << 3);
		put_varint(b, (uint64_t)json_double(v));
		break;
	case SCHEMA_OR_FLAG:
		if (!json_is_bool(v)) {
			put_message(b, f->number, f->wrap, f->sub, v);
			break;
		}
		put_varint(&type, 2 << 3); /* AdditionalPropertiesItem.boolean */
		put_varint(&type, json_is_true(v));
		put_bytes(b, f->number, type.p, type.len);
		break;
	case MESSAGE: put_message(b, f->number, f->wrap, f->sub, v); break;
	case ANY: put_any(b, f->number, v); break;
	case TYPE:
		put_text(&type, 1, json_str(v));
		put_bytes(b, f->number, type.p, type.len);
		break;
	default: encode_list(b, f, v);
	}
}

static const struct member *find_member(const struct message *m, const char *name)
{
	for (const struct member *f = m->members; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void encode(struct buf *b, const struct message *m, const struct json *o)
{
	json_each(v, o) {
		BUF_AUTO struct buf named = BUF_INIT;
		const struct member *f;

		if (m->named) {
			put_text(&named, 1, json_name(v));
			put_message(&named, 2, m->named_wrap, m->of, v);
			put_bytes(b, m->named, named.p, named.len);
			continue;
		}
		f = find_member(m, json_name(v));
		if (f) {
			encode_member(b, f, v);
			continue;
		}
		/* a member that v2 has no place for, in a custom resource's schema */
		if (strncmp(json_name(v), "x-", 2) != 0)
			continue;
		put_text(&named, 1, json_name(v));
		put_any(&named, 2, v);
		put_bytes(b, m->extension, named.p, named.len);
	}
}

void openapi_v2_proto(struct buf *out, struct kinds *ks)
{
	BUF_AUTO struct buf text = BUF_INIT;
	struct arena *a = arena_new();

	openapi_v2_json(&text, ks);
	encode(out, &document, json_parse_own(a, text.p, text.len));
	arena_free(&a);
}
