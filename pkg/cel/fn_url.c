/*
 * fn_url: URLs (k8s: apiserver/pkg/cel/library/urls.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/url.h"

#include "base/arena.h"

#include <string.h>

struct url {
	struct cel_opaque head;
	struct cel_url u;
};

static const struct cel_url *url_of(struct cel_value v)
{
	return &((const struct url *)v.opaque)->u;
}

static struct cel_value urls_equal(struct arena *a, const struct cel_opaque *x,
				   const struct cel_opaque *y)
{
	return cel_bool(strcmp(cel_url_text(a, url_of(cel_opaque(x))),
			       cel_url_text(a, url_of(cel_opaque(y)))) == 0);
}

static const char *url_text(struct arena *a, const struct cel_opaque *x)
{
	return cel_url_text(a, url_of(cel_opaque(x)));
}

static const struct cel_opaque_class url_class = {
	.name = "kubernetes.URL", .equal = urls_equal, .text = url_text, .strict = true
};

CEL_CALL(string_to_url)
{
	struct url *u = arena_zalloc(run->a, sizeof *u);
	const char *s = cel_value_str(run->a, args[0]);
	const char *error = cel_url_parse(run->a, s, true, &u->u);

	if (!error)
		error = cel_url_parse(run->a, s, false, &u->u);
	u->head.class = &url_class;
	*out = error ? cel_failf(run->a, "URL parse error during conversion from string: %s", error) :
		       cel_opaque(&u->head);
}

CEL_CALL(is_url)
{
	struct cel_url u;

	*out = cel_bool(!cel_url_parse(run->a, cel_value_str(run->a, args[0]), true, &u));
}

CEL_CALL(get_scheme)
{
	*out = cel_string(url_of(args[0])->scheme);
}

CEL_CALL(get_host)
{
	*out = cel_string(url_of(args[0])->host);
}

CEL_CALL(get_hostname)
{
	*out = cel_string(cel_url_hostname(run->a, url_of(args[0])));
}

CEL_CALL(get_port)
{
	*out = cel_string(cel_url_port(run->a, url_of(args[0])));
}

CEL_CALL(get_escaped_path)
{
	*out = cel_string(cel_url_escaped_path(run->a, url_of(args[0])));
}

/* One name=value of a query; malformed ones are dropped. */
static void add_parameter(struct cel_run *run, struct cel_value map, const char *s, size_t n)
{
	const char *equals = memchr(s, '=', n), *name, *text;
	size_t length = equals ? (size_t)(equals - s) : n;
	struct cel_value *item = arena_alloc(run->a, sizeof *item), list, old;

	if (!n || memchr(s, ';', n))
		return;
	name = cel_url_query_part(run->a, s, length);
	text = equals ? cel_url_query_part(run->a, equals + 1, n - length - 1) : "";
	if (!name || !text)
		return;
	*item = cel_string(text);
	list = cel_list_of(run->a, item, 1);
	if (cel_map_find(map.map, cel_string(name), &old))
		list = cel_list_add(run->a, old, list);
	cel_map_put(map, cel_string(name), list);
}

CEL_CALL(get_query)
{
	const char *s = url_of(args[0])->query;

	*out = cel_map_new(run->a, 0);
	while (*s) {
		size_t length = strcspn(s, "&");

		add_parameter(run, *out, s, length);
		s += length + (s[length] == '&');
	}
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "getEscapedPath",
	  .overload = "url_get_escaped_path",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_escaped_path },
	{ .name = "getHost",
	  .overload = "url_get_host",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_host },
	{ .name = "getHostname",
	  .overload = "url_get_hostname",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_hostname },
	{ .name = "getPort",
	  .overload = "url_get_port",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_port },
	{ .name = "getQuery",
	  .overload = "url_get_query",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_map_string_list_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_query },
	{ .name = "getScheme",
	  .overload = "url_get_scheme",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_url },
	  .estimate = cel_estimate_nominal,
	  .call = get_scheme },
	{ .name = "isURL",
	  .overload = "is_url_string",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .call = is_url },
	{ .name = "url",
	  .overload = "string_to_url",
	  .nargs = 1,
	  .result = &cel_type_url,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_arg,
	  .call = string_to_url,
	  .cost = cel_cost_traverse },
};

const struct cel_library cel_library_url = { .rows = rows, .n = sizeof rows / sizeof *rows };
