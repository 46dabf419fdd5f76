/*
 * put: replace an object (PUT), and api_change(), the same shape for callers inside the house.
 * k8s: apiserver/pkg/endpoints/handlers/update.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct put {
	struct json *body;
	int64_t rev; /* what the client read; 0: unconditional, so another round needs a pristine body */
};

static bool uid_check(struct update *u, const char *have, struct status *st)
{
	const char *want = meta_uid(u->o);

	if (!*want || !strcmp(want, have))
		return true;
	return status_conflict(st, &u->k->subject, u->name,
			       "Precondition failed: UID in precondition: %s, UID in object meta: %s",
			       want, have);
}

static bool put_produce(struct update *u, struct status *st)
{
	struct put *p = u->arg;

	u->o = p->rev ? p->body : json_copy(u->c->a, p->body);
	if (p->rev && u->attempt) /* the last round's freezing took it off */
		json_set_str(u->c->a, json_get(u->o, "metadata"), "resourceVersion",
			     arena_printf(u->c->a, "%lld", (long long)p->rev));
	return uid_check(u, u->cur->uid, st);
}

static bool name_check(const char *name, const struct json *body, struct status *st)
{
	const char *own = meta_name(body);

	if (!*own)
		return status_bad_request(st, "name must be provided");
	if (strcmp(own, name))
		return status_bad_request(
			st, "the name of the object (%s) does not match the name on the URL (%s)",
			own, name);
	return true;
}

/* PUT of what does not exist, for the kinds that allow it. */
static const struct obj *put_create(struct update *u, struct json *body, bool *created,
				    struct status *st)
{
	const struct obj *made;

	u->o = body;
	if (!uid_check(u, "", st) || !create_allowed(u->c, u->k, u->ns, u->name, st))
		return NULL;
	json_del(json_get(body, "metadata"), "resourceVersion");
	made = create_clean(u->c, u->k, u->ns, body, st);
	if (made && created)
		*created = true;
	return made;
}

static bool put_missing(struct update *u)
{
	const struct obj *cur = store_get(api_table(u->c->api, u->k), u->ns, u->name);

	obj_unref(cur);
	return !cur;
}

const struct obj *api_update(struct call *c, const struct kind *k, const char *sub, const char *ns,
			     const char *name, struct json *o, bool *created, struct status *st)
{
	struct put p = { .body = o };
	struct update u = { .c = c,
			    .k = k,
			    .sub = sub,
			    .ns = kind_ns(k, ns),
			    .name = name,
			    .produce = put_produce,
			    .arg = &p,
			    .must_carry_rv = true };

	if (created)
		*created = false;
	if (!body_clean(c, k, o, NULL, st) || !body_place(k, u.ns, o, st) || !name_check(name, o, st))
		return NULL;
	if (k->create_on_update && !sub && put_missing(&u))
		return put_create(&u, o, created, st);
	if (!revision_parse(meta_rv(o), &p.rev))
		p.rev = 0;
	return update_run(&u, st);
}

struct change {
	change_fn fn;
	void *arg;
};

static bool change_produce(struct update *u, struct status *st)
{
	struct change *ch = u->arg;

	u->o = json_copy(u->c->a, u->old);
	return ch->fn(u->c, u->o, ch->arg, st);
}

const struct obj *api_change(struct call *c, const struct kind *k, const char *sub, const char *ns,
			     const char *name, change_fn fn, void *arg, struct status *st)
{
	struct change ch = { fn, arg };
	struct update u = {
		.c = c, .k = k, .sub = sub, .ns = ns, .name = name, .produce = change_produce, .arg = &ch
	};

	return update_run(&u, st);
}
