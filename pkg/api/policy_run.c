/*
 * policy_run: expressions of a policy or a match condition against one request.
 *
 * All evaluations of a row share a budget, which variables, computed when first asked for, draw on, too.
 * k8s: apiserver/pkg/admission/plugin/cel/{activation,composition}.go, webhook/matchconditions.
 */
#include "api/policy.h"

#include "api/access.h"
#include "api/identity.h"
#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static const char out_of_budget[] =
	"validation failed due to running out of cost budget, no further validation rules will be run";

/* ---- what is seen ---- */

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

static const struct user *service_account(struct arena *a, const struct cel_check *c)
{
	struct user *u = arena_zalloc(a, sizeof *u);
	const char **groups = arena_zalloc(a, 4 * sizeof *groups);

	groups[0] = "system:serviceaccounts";
	groups[1] = arena_printf(a, "system:serviceaccounts:%s", c->service_account_namespace);
	groups[2] = "system:authenticated";
	u->name = arena_printf(a, "system:serviceaccount:%s:%s", c->service_account_namespace,
			       c->service_account);
	u->uid = "";
	u->groups = groups;
	return u;
}

static void authorizer_check(const struct cel_authorizer *z, struct arena *a,
			     const struct cel_check *c, struct cel_decision *out)
{
	struct call *call = z->ctx;
	const struct user *u = c->service_account ? service_account(a, c) : call->user;
	struct attributes attr = {
		.verb = text_or_empty(c->verb),
		.group = text_or_empty(c->group),
		.version = text_or_empty(c->version),
		.resource = text_or_empty(c->resource),
		.subresource = text_or_empty(c->subresource),
		.name = text_or_empty(c->name),
		.ns = text_or_empty(c->namespace_),
		.path = c->path,
	};

	out->allowed = api_authorize(call->api, a, u, &attr, &out->reason);
	out->error = NULL;
}

static struct json *request_of(const struct policy_view *v)
{
	struct admission *ad = v->object.ad;
	struct arena *a = ad->c->a;
	struct json *options = admission_options(ad);

	return json_build(a,
			  "{kind:%j,resource:%j,subResource:%s,requestKind:%j,requestResource:%j,"
			  "requestSubResource:%s,name:%s,namespace:%s,operation:%s,userInfo:%j,"
			  "dryRun:%b,options:%j}",
			  admission_gvk(ad, v->object.k), admission_gvr(ad, v->object.k),
			  *ad->sub ? ad->sub : NULL, admission_gvk(ad, ad->k),
			  admission_gvr(ad, ad->k), *ad->sub ? ad->sub : NULL, admission_name(ad),
			  admit_namespace(ad), admission_operation(ad), identity_info(a, ad->c->user),
			  (int)ad->c->dry_run, options ? options : json_null(a));
}

void policy_view_open(struct policy_view *v, struct admission *ad, const struct kind *k)
{
	struct call *c = ad->c;
	const struct kind *namespaces = c->api->known.namespace;
	const struct obj *ns = NULL;

	*v = (struct policy_view){ 0 };
	hook_view_open(&v->object, ad, k);
	v->request = request_of(v);
	if (*ad->ns && kind_stored(ad->k) != namespaces)
		ns = store_get(api_table(c->api, namespaces), "", ad->ns);
	if (ns)
		v->ns = obj_tree(c->a, obj_give(c->a, ns));
	v->authorizer = (struct cel_authorizer){
		.check = authorizer_check,
		.ctx = c,
		.group = k->subject.group,
		.version = k->version,
		.resource = k->subject.resource,
		.subresource = ad->sub,
		.namespace_ = admit_namespace(ad),
		.name = admission_name(ad),
	};
}

/* ---- variables ---- */

static bool charge(struct policy_run *r, uint64_t cost)
{
	if (cost > INT64_MAX || (int64_t)cost > r->budget)
		r->out_of_budget = true;
	else
		r->budget -= (int64_t)cost;
	return !r->out_of_budget;
}

static bool variable_value(void *ctx, struct cel_run *outer, const char *name,
			   const struct cel_value **out, struct cel_error *err)
{
	struct policy_run *r = ctx;
	struct cel_run run = { .a = outer->a, .bindings = r->bindings, .limit = CEL_LIMIT_CALL };
	size_t i = r->env->nvariables;
	const struct policy_variable *v;

	while (i-- > 0 && strcmp(r->env->variables[i].name, name))
		;
	v = &r->env->variables[i]; /* the checker knows the name */
	if (!r->values[i] && v->program) {
		r->values[i] = cel_evaluate(v->program, &run, err);
		charge(r, run.cost);
		if (!r->values[i])
			err->text = arena_printf(run.a,
						 "composited variable \"%s\" fails to evaluate: %s",
						 name, err->text);
	} else if (!v->program) {
		*err = (struct cel_error){
			arena_printf(run.a, "composited variable \"%s\" fails to compile: %s", name,
				     v->error),
			CEL_ERROR_RUN
		};
	}
	*out = r->values[i];
	return *out;
}

/* ---- evaluation ---- */

static void bind(struct policy_run *r, enum policy_var v, struct cel_binding b)
{
	if (r->env->at[v] >= 0)
		r->bindings[r->env->at[v]] = b;
}

void policy_run_open(struct policy_run *r, struct policy_view *v, const struct policy_env *e,
		     int64_t budget)
{
	struct arena *a = v->object.ad->c->a;

	*r = (struct policy_run){ .view = v, .env = e, .budget = budget };
	r->values = arena_zalloc(a, (e->nvariables + 1) * sizeof(*r->values));
	bind(r, POLICY_OBJECT, (struct cel_binding){ .json = v->object.o });
	bind(r, POLICY_OLD_OBJECT, (struct cel_binding){ .json = v->object.old });
	bind(r, POLICY_REQUEST, (struct cel_binding){ .json = v->request });
	bind(r, POLICY_NAMESPACE, (struct cel_binding){ .json = v->ns });
	bind(r, POLICY_PARAMS, (struct cel_binding){ .json = v->params });
	bind(r, POLICY_VARIABLES, (struct cel_binding){ .field = variable_value, .ctx = r });
	bind(r, POLICY_AUTHORIZER, (struct cel_binding){ .authorizer = &v->authorizer });
	bind(r, POLICY_REQUEST_RESOURCE, (struct cel_binding){ .authorizer = &v->authorizer });
	r->run = (struct cel_run){ .a = a, .bindings = r->bindings, .limit = CEL_LIMIT_CALL };
}

const struct cel_value *policy_evaluate(struct policy_run *r, const struct policy_program *p,
					const char **error)
{
	struct arena *a = r->run.a;
	const struct cel_value *v;
	struct cel_error err = { 0 };

	*error = NULL;
	if (!p->program) {
		*error = arena_printf(a, "compilation error: %s", p->error);
		return NULL;
	}
	v = cel_evaluate(p->program, &r->run, &err);
	if (r->out_of_budget || !charge(r, r->run.cost)) {
		*error = out_of_budget;
		return NULL;
	}
	if (!v)
		*error = arena_printf(a, "expression '%s' resulted in error: %s", p->expression,
				      err.text);
	return v;
}

/* Several errors read as Go's aggregate of them. */
static const char *errors_text(struct arena *a, const char *all, const char *one, size_t n)
{
	if (!n)
		return one;
	return arena_printf(a, n == 1 ? "[%s, %s" : "%s, %s", all, one);
}

bool conditions_match(struct policy_view *v, const struct policy_env *e,
		      const struct policy_condition *list, size_t n, bool ignore_failure,
		      const char **error)
{
	struct arena *a = v->object.ad->c->a;
	struct policy_run r;
	const char *all = NULL;
	size_t failed = 0;

	*error = NULL;
	if (!n)
		return true;
	policy_run_open(&r, v, e, CEL_LIMIT_MATCH_CONDITIONS);
	for (size_t i = 0; i < n && !r.out_of_budget; i++) {
		const char *why;
		const struct cel_value *value = policy_evaluate(&r, &list[i].program, &why);

		if (!value)
			all = errors_text(a, all, why, failed++);
		else if (!cel_value_true(value))
			return false;
	}
	if (!failed)
		return true;
	if (!ignore_failure)
		*error = r.out_of_budget ? out_of_budget :
			 failed > 1      ? arena_printf(a, "%s]", all) :
					   all;
	return false;
}
