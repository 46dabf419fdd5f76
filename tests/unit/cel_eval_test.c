/* Evaluations: budget, bindings of all kinds, authorization checks, results. */
#include "unit.h"

#include "base/arena.h"
#include "cel/cel.h"
#include "cel/value.h"
#include "obj/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct bench {
	struct arena *a;
	struct cel_var vars[4];
	struct cel_env env;
	struct cel_binding bindings[4];
	struct cel_run run;
	struct cel_error err;
};

static void set_up(struct bench *b)
{
	*b = (struct bench){ .a = arena_new() };
	b->env.vars = b->vars;
	b->env.flags = CEL_ENV_PATCH;
	b->run = (struct cel_run){ .a = b->a, .bindings = b->bindings };
}

static struct cel_binding *add(struct bench *b, const char *name, const struct cel_type *type)
{
	b->vars[b->env.nvars] = (struct cel_var){ name, type };
	return &b->bindings[b->env.nvars++];
}

static const struct cel_value *run(struct bench *b, const char *text)
{
	const struct cel_program *p;

	if (cel_compile(b->a, &b->env, text, &p, &b->err))
		return cel_evaluate(p, &b->run, &b->err);
	return NULL;
}

static struct json *tree(struct arena *a, const char *text)
{
	return json_parse_own(a, text, strlen(text));
}

UNIT_TEST(the_budget_ends_an_evaluation)
{
	struct bench b;

	set_up(&b);
	b.run.limit = 1000;
	CHECK(!run(&b, "lists.range(100).all(x, lists.range(100).all(y, x + y >= 0))"));
	CHECK_STR(b.err.text, "operation cancelled: actual cost limit exceeded");
	CHECK_INT(b.err.type, CEL_ERROR_BUDGET);
	CHECK(b.run.cost > 1000);
	/* || does not swallow it */
	CHECK(!run(&b, "lists.range(1000).all(x, x >= 0) || true"));
	CHECK_INT(b.err.type, CEL_ERROR_BUDGET);
	/* nor can memory be exhausted */
	b.run.limit = CEL_LIMIT_CALL;
	CHECK(!run(&b, "lists.range(9000000000000000000).size() > 0"));
	CHECK_INT(b.err.type, CEL_ERROR_BUDGET);
	arena_free(&b.a);
}

UNIT_TEST(unbound_variables_are_null_or_absent)
{
	struct bench b;

	set_up(&b);
	add(&b, "x", &cel_type_dyn);
	add(&b, "o", cel_type_optional(b.a, &cel_type_string));
	add(&b, "p", cel_type_optional(b.a, &cel_type_string))->json = tree(b.a, "\"v\"");
	CHECK(cel_value_true(run(&b, "x == null")));
	CHECK(cel_value_true(run(&b, "!o.hasValue() && p.value() == 'v'")));
	CHECK_STR(cel_value_string(run(&b, "o.or(p).orValue('z') + '!'")), "v!");
	CHECK(!cel_value_string(run(&b, "1")));
	arena_free(&b.a);
}

static bool lazy_field(void *ctx, struct cel_run *r, const char *name, const struct cel_value **out,
		       struct cel_error *err)
{
	struct cel_value *v = arena_alloc(r->a, sizeof *v);

	++*(int *)ctx;
	if (strcmp(name, "bad") == 0) {
		*err = (struct cel_error){ .text = arena_strdup(r->a, "it failed"),
					   .type = CEL_ERROR_RUN };
		return false;
	}
	*v = cel_int(5);
	*out = v;
	return true;
}

UNIT_TEST(fields_are_computed_once)
{
	struct bench b;
	struct cel_binding *v;
	int asked = 0;

	set_up(&b);
	v = add(&b, "variables", &cel_type_map_dyn);
	v->field = lazy_field;
	v->ctx = &asked;
	CHECK(cel_value_true(run(&b, "variables.x + variables.x == 10")));
	CHECK_INT(asked, 1);
	CHECK(!run(&b, "variables.bad == 1"));
	CHECK_STR(b.err.text, "it failed");
	CHECK(cel_value_true(run(&b, "variables.bad == 1 || true")));
	arena_free(&b.a);
}

static void decide(const struct cel_authorizer *z, struct arena *a, const struct cel_check *c,
		   struct cel_decision *out)
{
	(void)z;
	out->allowed = strcmp(c->verb, "get") == 0;
	out->reason = c->path ? c->path :
				arena_printf(a, "%s/%s/%s/%s/%s/%s as %s", c->group, c->version,
					     c->resource, c->subresource, c->namespace_, c->name,
					     c->service_account ? c->service_account : "user");
}

UNIT_TEST(authorizers_are_asked)
{
	struct cel_authorizer z = {
		.check = decide, .resource = "pods", .namespace_ = "ns", .name = "p"
	};
	struct bench b;

	set_up(&b);
	add(&b, "authorizer", &cel_type_authorizer)->authorizer = &z;
	add(&b, "authorizer.requestResource", &cel_type_resource_check)->authorizer = &z;
	CHECK(cel_value_true(run(&b, "authorizer.path('/healthz').check('get').allowed()")));
	CHECK_INT(b.run.cost, 350003);
	CHECK_STR(cel_value_string(run(
			  &b,
			  "authorizer.group('apps').resource('deployments')"
			  ".subresource('status').namespace('n').name('d').check('put').reason()")),
		  "apps/*/deployments/status/n/d as user");
	CHECK_STR(cel_value_string(run(&b, "authorizer.serviceAccount('n', 'sa').group('').resource('x')"
					   ".check('get').reason()")),
		  "/*/x///"
		  " as sa");
	CHECK_STR(cel_value_string(run(&b, "authorizer.requestResource.check('get').reason()")),
		  "/*/pods//ns/p as user");
	CHECK(!run(&b, "authorizer.path(' ').check('get').allowed()"));
	CHECK_STR(b.err.text, "path must not be empty");
	CHECK(!run(&b, "authorizer.serviceAccount('n', 'S').path('/').check('get').allowed()"));
	CHECK_STR(b.err.text, "Invalid service account name");
	CHECK(cel_value_true(run(&b, "authorizer.path('/').check('put').error() == '' && "
				     "!authorizer.path('/').check('put').errored()")));
	arena_free(&b.a);
}

UNIT_TEST(patches_are_values)
{
	const struct cel_value *v;
	struct bench b;

	set_up(&b);
	v = run(&b, "JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('x/y~z'), value: [1]}");
	CHECK(v != NULL);
	CHECK_STR(cel_value_string(cel_value_field(v, "op")), "add");
	CHECK_STR(json_text(b.a, cel_value_json(&b.run, v, &b.err)),
		  "{\"op\":\"add\",\"path\":\"/a/x~1y~0z\",\"value\":[1]}");
	CHECK(!cel_value_field(v, "from"));
	CHECK(cel_value_true(
		run(&b, "JSONPatch{op: 'add'}.path == '' && !has(JSONPatch{op: 'add'}.path)")));
	CHECK(cel_value_true(run(&b, "Object{spec: Object.spec{a: 1}}.metadata == null")));
	arena_free(&b.a);
}

UNIT_TEST(a_rule_takes_about_two_microseconds)
{
	static const char rule[] = "self.spec.replicas <= self.spec.maxReplicas && "
				   "self.spec.names.all(n, n.startsWith('a')) && "
				   "(!has(self.spec.mode) || self.spec.mode in ['On', 'Off'])";
	const struct cel_program *p = NULL;
	struct arena *a = arena_new();
	struct bench b;
	clock_t from;
	enum { RUNS = 20000 };

	set_up(&b);
	add(&b, "self", &cel_type_dyn)->json =
		tree(b.a, "{\"spec\":{\"replicas\":3,\"maxReplicas\":5,\"mode\":\"On\","
			  "\"names\":[\"aa\",\"ab\",\"ac\"]}}");
	CHECK(cel_compile(b.a, &b.env, rule, &p, &b.err));
	b.run.a = a;
	from = clock();
	for (int i = 0; i < RUNS; i++) {
		arena_reset(a);
		CHECK(cel_value_true(cel_evaluate(p, &b.run, &b.err)));
	}
	fprintf(stderr, "# %lld ns per rule\n",
		(long long)(clock() - from) * (1000000000 / CLOCKS_PER_SEC) / RUNS);
	arena_free(&a);
	arena_free(&b.a);
}
