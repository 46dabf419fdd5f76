/*
 * Every function row against recorded answers: tests/golden/cel/functions.tsv holds, per line, an
 * expression, what a real API server's environment made of it (type and result, or an error and where it
 * arose), and the run-time cost.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "cel/cel.h"
#include "cel/value.h"
#include "obj/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLES                                                                                \
	"{\"i\":7,\"n\":-3,\"d\":2.5,\"s\":\"h\xc3\xa9llo w\xc3\xb6rld\",\"e\":\"\",\"b\":true," \
	"\"li\":[3,1,2],\"le\":[],\"ls\":[\"b\",\"a\",\"c\"],\"ms\":{\"a\":1,\"b\":2},"          \
	"\"mm\":{\"k\":[\"v\"],\"bx\":[]},"                                                      \
	"\"x\":{\"a\":1,\"f\":1.5,\"big\":12345678901234567890,\"nul\":null,\"mk\":\"k\","       \
	"\"l\":[1,2,3],\"m\":{\"k\":\"v\",\"n\":1},\"l2\":[{\"n\":1},{\"n\":2,\"q\":5}]}}"

static struct cel_type list_int, list_string, map_string_int, map_string_list;

static struct cel_var vars[] = {
	{ "i", &cel_type_int },    { "n", &cel_type_int },     { "d", &cel_type_double },
	{ "s", &cel_type_string }, { "e", &cel_type_string },  { "b", &cel_type_bool },
	{ "li", &list_int },       { "le", &list_int },        { "ls", &list_string },
	{ "ms", &map_string_int }, { "mm", &map_string_list }, { "x", &cel_type_dyn },
};
#define NVARS (sizeof vars / sizeof vars[0])

static void make_types(struct arena *a)
{
	list_int = *cel_type_list(a, &cel_type_int, -1);
	list_string = *cel_type_list(a, &cel_type_string, -1);
	map_string_int = *cel_type_map(a, &cel_type_string, &cel_type_int, -1);
	map_string_list = *cel_type_map(a, &cel_type_string, &list_string, -1);
}

/* The value as the recorder writes it. */
static struct json *record(struct arena *a, struct cel_value v);

static struct json *record_map(struct arena *a, struct cel_map *m)
{
	struct json *out = json_object(a);
	struct cel_value key, v;
	size_t it = 0;

	while (cel_map_next(m, &it, &key, &v))
		json_set(a, out, cel_value_text(a, key), record(a, v));
	return out;
}

static struct json *record(struct arena *a, struct cel_value v)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *why;
	struct json *out;

	switch (v.kind) {
	case CELV_UINT: return json_string(a, arena_printf(a, "%lluu", (unsigned long long)v.u));
	case CELV_TYPE: return json_string(a, arena_printf(a, "type %.*s", (int)v.n, v.s));
	case CELV_BYTES: return json_string(a, arena_printf(a, "b%s", go_quote(a, v.s, v.n)));
	case CELV_OPTIONAL:
		if (!v.some)
			return json_string(a, "optional.none");
		out = json_object(a);
		json_set(a, out, "optional", record(a, *v.some));
		return out;
	case CELV_LIST:
		out = json_array(a);
		for (size_t i = 0; i < cel_list_count(v.list); i++)
			json_append(out, record(a, cel_list_items(v.list)[i]));
		return out;
	case CELV_MAP: return record_map(a, v.map);
	default: out = cel_value_tree(a, v, &why); return out ? out : json_string(a, why);
	}
}

struct answer {
	char *expression, *what, *text, *cost;
};

static bool split(char *line, struct answer *out)
{
	char **fields[] = { &out->expression, &out->what, &out->text, &out->cost };

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 4; i++) {
		*fields[i] = line;
		if (i == 3)
			break;
		line = strchr(line, '\t');
		if (!line)
			return false;
		*line++ = '\0';
	}
	return true;
}

static bool complain(const struct answer *want, const char *got, uint64_t cost)
{
	fprintf(stderr, "%s\n  want %s %s %s\n  got  %s %llu\n", want->expression, want->what,
		want->text, want->cost, got, (unsigned long long)cost);
	return false;
}

static bool same(struct arena *a, const struct answer *want, const char *what, struct json *text,
		 uint64_t cost)
{
	struct json *expected = json_parse(a, want->text, strlen(want->text), NULL, NULL);
	const char *got = arena_printf(a, "%s %s", what, json_text(a, text));

	if (strcmp(what, want->what) != 0 || !json_equal(expected, text))
		return complain(want, got, cost);
	if (strcmp(want->cost, "-") != 0 && strtoull(want->cost, NULL, 10) != cost)
		return complain(want, got, cost);
	return true;
}

static bool check(struct arena *a, const struct cel_env *env, const struct cel_binding *bindings,
		  const struct answer *want)
{
	struct cel_run run = { .a = a, .bindings = bindings };
	struct cel_error err = { 0 };
	const struct cel_program *p;
	const struct cel_value *v;

	if (!cel_compile(a, env, want->expression, &p, &err))
		return same(a, want, strncmp(err.text, "ERROR:", 6) ? "program" : "compile",
			    json_string(a, err.text), 0);
	v = cel_evaluate(p, &run, &err);
	if (!v)
		return same(a, want, "error", json_string(a, err.text), run.cost);
	return same(a, want, cel_value_type(*v), record(a, *v), run.cost);
}

/* An answer that depends on the machine's time zones, when it has none. */
static bool needs_zones(const struct answer *want)
{
	static const char *const areas[] = { "'America/", "'Europe/", "'Asia/", "'Australia/" };

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0)
		return false;
	for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
		if (strstr(want->expression, areas[i]))
			return true;
	return false;
}

/* Lines of the recording at path; returns how many differ. */
static int replay(const char *path)
{
	struct arena *types = arena_new(), *a = arena_new();
	struct json *values = json_parse_own(types, VARIABLES, strlen(VARIABLES));
	struct cel_env env = { .vars = vars, .nvars = NVARS };
	struct cel_binding bindings[NVARS] = { 0 };
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	int bad = 0, lines = 0;

	make_types(types);
	for (size_t i = 0; i < NVARS; i++)
		bindings[i].json = json_get(values, vars[i].name);
	while (f && getline(&line, &size, f) > 0) {
		struct answer want;

		bad += !split(line, &want) ||
		       (!needs_zones(&want) && !check(a, &env, bindings, &want));
		arena_reset(a);
		lines++;
	}
	free(line);
	if (f)
		fclose(f);
	arena_free(&a);
	arena_free(&types);
	fprintf(stderr, "%s: %d of %d differ\n", path, bad, lines);
	return f && lines ? bad : -1;
}

UNIT_TEST(recorded_answers)
{
	const char *path = getenv("CEL_GOLDEN");

	CHECK(replay(path ? path : "tests/golden/cel/functions.tsv") == 0);
}

/* Combinations that nobody thought of. */
UNIT_TEST(recorded_random_answers)
{
	CHECK(replay("tests/golden/cel/random.tsv") == 0);
}
