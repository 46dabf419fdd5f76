/*
 * columns: from a kind's column array to the cells of one object.
 *
 * A column is a path or a function.  Paths cover most cells: "age:PATH" renders an age, a string column
 * shows its text or <none>, an integer column a number (0 when absent), a boolean column its
 * value.  The tables themselves live in columns_*.c, one file per area.
 * k8s: pkg/printers/internalversion/printers.go (always in its wide form: clients choose).
 */
#include "kind/columns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/jsonpath.h"
#include "obj/selector.h"

#include <stdarg.h>
#include <string.h>

#define AGE_PREFIX "age:"

const struct column columns_default[] = { COL_NAME, COL_AGE, COL_END };
const struct column columns_created[] = { COL_NAME, COL_CREATED, COL_END };

const struct column *kind_columns(const struct kind *k)
{
	return k->columns ? k->columns : columns_default;
}

/* ---- building cells ---- */

void cell_str(struct buf *out, const char *s)
{
	json_print_string(out, s, strlen(s));
}

void cell_strf(struct buf *out, const char *fmt, ...)
{
	BUF_AUTO struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	json_print_string(out, b.p ? b.p : "", b.len);
}

void cell_or(struct buf *out, const char *s, const char *empty)
{
	cell_str(out, s[0] ? s : empty);
}

void cell_int(struct buf *out, const struct json *tree, const char *path)
{
	buf_addf(out, "%lld", (long long)json_path_int(tree, path, 0));
}

bool cell_time(const char *text, int64_t *s)
{
	int64_t us;

	if (!text[0] || !time_parse(text, &us))
		return false;
	*s = us / 1000000;
	return true;
}

char *cell_span(struct arena *a, int64_t seconds)
{
	char age[AGE_LEN];

	age_format(seconds, age);
	return arena_strdup(a, age);
}

char *cell_since(struct arena *a, const char *text, int64_t now_s)
{
	int64_t then;

	if (!cell_time(text, &then))
		return arena_strdup(a, "<unknown>");
	return cell_span(a, now_s - then);
}

char *cell_join(struct arena *a, const struct json *list, const char *key)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(item, list) {
		if (b.len)
			buf_addc(&b, ',');
		buf_adds(&b, json_str(key ? json_get(item, key) : item));
	}
	return arena_dup(a, b.p ? b.p : "", b.len);
}

void cell_label_selector(struct buf *out, struct arena *a, const struct json *selector)
{
	struct selector *s;

	if (!selector || (!json_count(json_get(selector, "matchLabels")) &&
			  !json_count(json_get(selector, "matchExpressions")))) {
		cell_str(out, "<none>");
		return;
	}
	s = selector_from_label_selector(a, selector, NULL);
	cell_or(out, s ? selector_text(a, s) : "<error>", "<none>");
}

void cell_map(struct buf *out, struct arena *a, const struct json *map)
{
	if (json_count(map))
		cell_str(out, selector_text(a, selector_from_map(a, map)));
	else
		cell_str(out, "<none>");
}

void cell_containers(struct buf *out, struct arena *a, const struct json *pod_spec)
{
	cell_str(out, cell_join(a, json_get(pod_spec, "containers"), "name"));
}

void cell_images(struct buf *out, struct arena *a, const struct json *pod_spec)
{
	cell_str(out, cell_join(a, json_get(pod_spec, "containers"), "image"));
}

/* ---- rows ---- */

static void path_cell(struct buf *out, struct arena *a, const struct column *c,
		      const struct json *tree, int64_t now_s)
{
	const struct json *v;
	int64_t n;

	if (!strncmp(c->path, AGE_PREFIX, sizeof AGE_PREFIX - 1)) {
		const char *text = json_path_str(tree, c->path + sizeof AGE_PREFIX - 1);

		cell_str(out, cell_since(a, text, now_s));
		return;
	}
	v = json_path(tree, c->path);
	if (!strcmp(c->type, "integer"))
		buf_addf(out, "%lld", (long long)(json_int(v, &n) ? n : 0));
	else if (!strcmp(c->type, "boolean"))
		buf_adds(out, json_is_true(v) ? "true" : "false");
	else if (!strcmp(c->type, "date") && !v)
		buf_adds(out, "null");
	else if (json_is_string(v))
		cell_str(out, json_str(v));
	else if (json_is_number(v) || json_is_bool(v))
		cell_str(out, json_text(a, v));
	else
		cell_str(out, "<none>");
}

/* A custom resource's column: what is not of the column's type is null. */
static void query_cell(struct buf *out, struct arena *a, const struct column *c,
		       const struct json *tree, int64_t now_s)
{
	const struct json *v = jsonpath_first(c->query, tree);
	int64_t then;

	if (!strcmp(c->type, "string") && !json_is_null(v))
		cell_str(out, json_is_string(v) ? json_str(v) : json_text(a, v));
	else if (!strcmp(c->type, "date") && json_is_string(v))
		cell_str(out,
			 cell_time(json_str(v), &then) ? cell_span(a, now_s - then) : "<invalid>");
	else if (!strcmp(c->type, "integer") && json_is_number(v))
		buf_addf(out, "%lld", (long long)json_double(v));
	else if ((!strcmp(c->type, "number") && json_is_number(v)) ||
		 (!strcmp(c->type, "boolean") && json_is_bool(v)))
		json_print(out, v);
	else
		buf_adds(out, "null");
}

void kind_cells(struct buf *out, struct arena *a, const struct kind *k, const struct obj *o,
		int64_t now_s)
{
	const struct json *tree = obj_tree(a, o);
	const char *sep = "";

	buf_addc(out, '[');
	for (const struct column *c = kind_columns(k); c->name; c++) {
		buf_adds(out, sep);
		if (c->query)
			query_cell(out, a, c, tree, now_s);
		else if (c->cell)
			c->cell(out, a, o, tree, now_s);
		else
			path_cell(out, a, c, tree, now_s);
		sep = ",";
	}
	buf_addc(out, ']');
}
