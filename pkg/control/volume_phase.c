/* What both halves of the binder write: changes that a vanished object makes void, and phases. */
#include "control/volume_binder.h"

#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

void binder_open(struct binder *b, struct task *t)
{
	struct kinds *ks = api_kinds(t->call.api);

	*b = (struct binder){ .t = t,
			      .claims = kinds_by_resource(ks, "", "v1", "persistentvolumeclaims"),
			      .volumes = kinds_by_resource(ks, "", "v1", "persistentvolumes") };
}

bool binder_write(struct binder *b, const struct kind *k, const char *sub, const struct obj *o,
		  change_fn fn, void *arg, struct status *st)
{
	return task_change(b->t, k, sub, o->ns, o->name, fn, arg, st);
}

struct phase {
	const char *phase, *reason, *message; /* reason and message of a volume; NULL = none */
	const struct json *volume; /* the claim takes over its modes and size; NULL = none */
};

static void take(struct arena *a, struct json *s, const char *name, const struct json *v)
{
	if (v)
		json_set(a, s, name, json_copy(a, v));
	else
		json_del(s, name);
}

static bool set_phase(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct phase *p = arg;
	struct json *s = json_ensure_object(c->a, o, "status");
	const struct json *before = json_copy(c->a, s);
	bool bound = !strcmp(p->phase, "Bound");

	(void)st;
	json_set_str(c->a, s, "phase", p->phase);
	if (p->volume) {
		take(c->a, s, "accessModes", json_path(p->volume, "spec.accessModes"));
		/* A claim that is being resized keeps what it has until that is done. */
		if (!bound || !json_get(s, "capacity"))
			take(c->a, s, "capacity", json_path(p->volume, "spec.capacity"));
	} else if (json_get(o, "spec") && !strcmp(meta_ns(o), "")) {
		take(c->a, s, "reason", p->reason ? json_string(c->a, p->reason) : NULL);
		take(c->a, s, "message", p->message ? json_string(c->a, p->message) : NULL);
	} else {
		json_del(s, "accessModes");
		json_del(s, "capacity");
	}
	return !json_equal(before, s);
}

bool binder_volume_phase(struct binder *b, const struct obj *volume, const char *phase,
			 const char *reason, const char *message, struct status *st)
{
	struct phase p = { .phase = phase, .reason = reason, .message = message };

	return binder_write(b, b->volumes, "status", volume, set_phase, &p, st);
}

bool binder_claim_phase(struct binder *b, const struct obj *claim, const char *phase,
			const struct json *volume, struct status *st)
{
	struct phase p = { .phase = phase, .volume = volume };

	return binder_write(b, b->claims, "status", claim, set_phase, &p, st);
}
