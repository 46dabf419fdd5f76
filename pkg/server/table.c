/*
 * Tables and partial objects.
 *
 * The metadata of a frozen object is a slice of its bytes: it is found by skipping over values, never by
 * parsing, and copied as it is.  Cells need the object's tree; the caller lends a scratch arena for it.
 * k8s: apiserver/pkg/endpoints/handlers/response.go
 */
#include "server/table.h"

#include "base/arena.h"
#include "base/log.h"
#include "obj/json.h"

#include <string.h>

bool table_include(const struct query *q, enum include *out, struct status *st)
{
	const char *v = query_str(q, "includeObject");

	*out = INCLUDE_METADATA;
	if (!*v || strcmp(v, "Metadata") == 0)
		return true;
	*out = strcmp(v, "Object") == 0 ? INCLUDE_OBJECT : INCLUDE_NONE;
	if (*out == INCLUDE_OBJECT || strcmp(v, "None") == 0)
		return true;
	return status_bad_request(st,
				  "Unable to convert to Table as requested: includeObject: Invalid "
				  "value: \"%s\": must be 'Metadata', 'Object', 'None', or empty",
				  v);
}

/* ---- slices of our own JSON, which is known to be well formed ---- */

static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *skip_value(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			p = skip_string(p) - 1;
		} else if (*p == '{' || *p == '[') {
			depth++;
			continue;
		} else if (*p == '}' || *p == ']') {
			depth--;
		} else {
			if (depth == 0 && *p == ',')
				return p;
			continue;
		}
		if (depth <= 0)
			return depth < 0 ? p : p + 1;
	}
	return end;
}

void partial_metadata(const struct obj *o, const char **out, size_t *n)
{
	static const char want[] = "\"metadata\"";
	const char *p = o->json + 1, *end = o->json + o->len;

	*out = "{}";
	*n = 2;
	while (p < end && *p == '"') {
		const char *name = p;
		const char *value = skip_string(p) + 1; /* behind the colon */
		const char *next = skip_value(value, end);

		if ((size_t)(value - name - 1) == sizeof want - 1 &&
		    memcmp(name, want, sizeof want - 1) == 0) {
			*out = value;
			*n = (size_t)(next - value);
			return;
		}
		p = next + 1;
	}
}

void partial_print(struct buf *b, const struct obj *o, bool beta)
{
	const char *p;
	size_t n;

	partial_metadata(o, &p, &n);
	buf_adds(b, beta ? "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/"
			   "v1beta1\",\"metadata\":" :
			   "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
			   "\"metadata\":");
	buf_add(b, p, n);
	buf_addc(b, '}');
}

static void column(struct buf *b, const struct column *c)
{
	const char *format = c->format ? c->format : "";
	const char *description = c->description ? c->description : "";

	buf_adds(b, "{\"name\":");
	json_print_string(b, c->name, strlen(c->name));
	buf_adds(b, ",\"type\":");
	json_print_string(b, c->type ? c->type : "string", strlen(c->type ? c->type : "string"));
	buf_adds(b, ",\"format\":");
	json_print_string(b, format, strlen(format));
	buf_adds(b, ",\"description\":");
	json_print_string(b, description, strlen(description));
	buf_addf(b, ",\"priority\":%d}", c->priority);
}

void table_open(struct buf *b, const struct kind *columns, bool beta, const char *meta)
{
	buf_addf(b, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/%s\",\"metadata\":{%s},",
		 beta ? "v1beta1" : "v1", meta);
	if (!columns) {
		buf_adds(b, "\"columnDefinitions\":null,\"rows\":[");
		return;
	}
	buf_adds(b, "\"columnDefinitions\":[");
	for (const struct column *c = kind_columns(columns); c->name; c++) {
		if (c != kind_columns(columns))
			buf_addc(b, ',');
		column(b, c);
	}
	buf_adds(b, "],\"rows\":[");
}

void table_row(struct buf *b, struct arena *scratch, const struct kind *k, const struct obj *o,
	       enum include include, bool beta, int64_t now_s)
{
	buf_adds(b, "{\"cells\":");
	kind_cells(b, scratch, k, o, now_s);
	buf_adds(b, ",\"object\":");
	if (include == INCLUDE_METADATA)
		partial_print(b, o, beta);
	else if (include == INCLUDE_OBJECT)
		buf_add(b, o->json, o->len);
	else
		buf_adds(b, "null");
	buf_addc(b, '}');
}

void table_close(struct buf *b)
{
	buf_adds(b, "]}");
}
