#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"
#include "server/query.h"
#include "unit.h"

#include <string.h>

UNIT_TEST(query_decodes_as_go)
{
	struct arena *a = arena_new();
	struct query q;

	query_parse(a, "a=1&b=x%20y+z&c&a=2&bad=%zz&semi=1;2&=v&&d=%3D", &q);
	CHECK_STR(query_get(&q, "a"), "1");
	CHECK_STR(query_get(&q, "b"), "x y z");
	CHECK_STR(query_get(&q, "c"), "");
	CHECK_STR(query_get(&q, "d"), "=");
	CHECK(!query_get(&q, "bad"));
	CHECK(!query_get(&q, "semi"));
	CHECK(!query_get(&q, "none"));
	CHECK_STR(query_str(&q, "none"), "");
	arena_free(&a);
}

UNIT_TEST(query_flags)
{
	struct arena *a = arena_new();
	struct query q;

	query_parse(a, "a=1&b=0&c=FALSE&d&e=junk", &q);
	CHECK(query_flag(&q, "a"));
	CHECK(!query_flag(&q, "b"));
	CHECK(!query_flag(&q, "c"));
	CHECK(query_flag(&q, "d"));
	CHECK(query_flag(&q, "e"));
	CHECK(!query_flag(&q, "f"));
	arena_free(&a);
}

UNIT_TEST(query_integers)
{
	static const struct {
		const char *raw, *message;
		int64_t want;
	} rows[] = {
		{ "n=5", NULL, 5 },
		{ "n=-5", NULL, -5 },
		{ "n=9223372036854775807", NULL, INT64_MAX },
		{ "n=abc", "strconv.ParseInt: parsing \"abc\": invalid syntax", 0 },
		{ "n=", "strconv.ParseInt: parsing \"\": invalid syntax", 0 },
		{ "n=1x", "strconv.ParseInt: parsing \"1x\": invalid syntax", 0 },
		{ "n=%201", "strconv.ParseInt: parsing \" 1\": invalid syntax", 0 },
		{ "n=9223372036854775808",
		  "strconv.ParseInt: parsing \"9223372036854775808\": value out of range", 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *a = arena_new();
		STATUS_AUTO struct status st = STATUS_INIT;
		struct query q;
		int64_t v = 0;

		query_parse(a, rows[i].raw, &q);
		CHECK_INT(query_int(&q, "n", &v, &st), rows[i].message == NULL);
		CHECK_STR(st.message, rows[i].message);
		CHECK_INT(v, rows[i].want);
		arena_free(&a);
	}
}

static struct status *options(struct arena *a, const char *raw, enum options_kind kind,
			      struct call *c, struct status *st)
{
	struct query q;
	bool force;

	*c = (struct call){ .a = a };
	query_parse(a, raw, &q);
	query_write_options(&q, kind, "kubectl/v1.36 (linux)", c, &force, st);
	return st;
}

UNIT_TEST(query_write_options_are_validated)
{
	static const struct {
		const char *raw, *message;
		enum options_kind kind;
	} rows[] = {
		{ "dryRun=All&dryRun=All", NULL, OPTIONS_CREATE },
		{ "fieldValidation=Strict", NULL, OPTIONS_CREATE },
		{ "dryRun=Some",
		  "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: "
		  "[\"Some\"]: supported values: \"All\"",
		  OPTIONS_CREATE },
		{ "fieldValidation=strict",
		  "UpdateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: "
		  "\"strict\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
		  OPTIONS_UPDATE },
		{ "force=true",
		  "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified "
		  "for non-apply patch",
		  OPTIONS_PATCH },
		{ "force=true",
		  "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
		  "required for apply patch",
		  OPTIONS_APPLY },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *a = arena_new();
		STATUS_AUTO struct status st = STATUS_INIT;
		struct call c;

		CHECK_STR(options(a, rows[i].raw, rows[i].kind, &c, &st)->message, rows[i].message);
		CHECK_INT(st.code, rows[i].message ? 422 : 0);
		arena_free(&a);
	}
}

UNIT_TEST(query_manager_defaults_to_the_agent)
{
	struct arena *a = arena_new();
	struct call c;
	struct query q;

	options(a, "", OPTIONS_CREATE, &c, NULL);
	CHECK_STR(c.manager, "kubectl");
	options(a, "fieldManager=m", OPTIONS_CREATE, &c, NULL);
	CHECK_STR(c.manager, "m");
	query_parse(a, "", &q);
	CHECK(query_write_options(&q, OPTIONS_CREATE, NULL, &c, NULL, NULL));
	CHECK_STR(c.manager, "unknown");
	arena_free(&a);
}

UNIT_TEST(query_delete_options_as_parameters)
{
	struct arena *a = arena_new();
	STATUS_AUTO struct status st = STATUS_INIT;
	struct query q;

	query_parse(a, "gracePeriodSeconds=0&propagationPolicy=Foreground&dryRun=All&x=y", &q);
	CHECK_STR(json_text(a, query_delete_options(a, &q, &st)),
		  "{\"gracePeriodSeconds\":0,\"propagationPolicy\":\"Foreground\",\"dryRun\":[\"All\"]}");
	query_parse(a, "gracePeriodSeconds=soon", &q);
	CHECK(!query_delete_options(a, &q, &st));
	CHECK_INT(st.code, 400);
	arena_free(&a);
}
