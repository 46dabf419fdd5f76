/*
 * Rolling a DaemonSet: which old pods go, or which nodes get a second one, so that no more than
 * maxUnavailable are missing or maxSurge are doubled.  Everything else (a node without a pod, one with too
 * many, failed pods) is the business of the ordinary pass, and here counts as unavailable.
 * k8s: pkg/controller/daemon/update.go.
 */
#include "control/daemon.h"

#include "base/arena.h"

/* The one old and the one new pod that live on a node; false when there are several of a sort. */
static bool pair(struct daemon *d, const struct station *s, const struct obj **old,
		 const struct obj **fresh)
{
	*old = *fresh = NULL;
	for (size_t i = 0; i < s->npods; i++) {
		const struct obj **mine = daemon_is_fresh(d, s->pods[i]) ? fresh : old;

		if (s->pods[i]->deleted_s)
			continue;
		if (*mine)
			return false;
		*mine = s->pods[i];
	}
	return true;
}

static bool concerns(const struct station *s)
{
	return s->npods || s->should_run;
}

/* Old pods that are not available cost nothing and go; of the others as many as may be missing. */
static void replace(struct daemon *d, struct daemon_plan *p)
{
	const struct obj **candidates =
		arena_alloc(d->t->call.a, (d->nstations + 1) * sizeof(*candidates));
	int64_t missing = 0;
	size_t n = 0;

	for (size_t i = 0; i < d->nstations; i++) {
		const struct obj *old, *fresh;

		if (!concerns(&d->stations[i]))
			continue;
		if (!pair(d, &d->stations[i], &old, &fresh) || !old == !fresh) {
			missing++;
		} else if (fresh) {
			missing += !daemon_available(d, fresh);
		} else if (!daemon_available(d, old)) {
			p->victims[p->nvictims++] = old;
			missing++;
		} else {
			candidates[n++] = old;
		}
	}
	for (size_t i = 0; i < n && missing < d->unavailable; i++, missing++)
		p->victims[p->nvictims++] = candidates[i];
}

struct surge {
	int64_t doubled, available;
	const char **nodes;        /* that could be doubled */
	const struct obj **strays; /* available where they should not run any more */
	size_t nnodes, nstrays;
};

/* An old pod without a successor. */
static void old_alone(struct daemon *d, const struct station *s, const struct obj *old,
		      struct daemon_plan *p, struct surge *g)
{
	if (!s->should_run && daemon_available(d, old))
		g->strays[g->nstrays++] = old;
	else if (!s->should_run)
		p->victims[p->nvictims++] = old;
	else if (daemon_available(d, old))
		g->nodes[g->nnodes++] = s->name;
	else
		p->nodes[p->nnodes++] = s->name;
}

static void survey_pair(struct daemon *d, const struct station *s, struct daemon_plan *p,
			struct surge *g)
{
	const struct obj *old, *fresh;

	if (!pair(d, s, &old, &fresh)) {
		g->doubled++;
		return;
	}
	if (old || fresh)
		g->available += daemon_available(d, old ? old : fresh);
	if (!old)
		return;
	if (!fresh)
		old_alone(d, s, old, p, g);
	else if (daemon_available(d, fresh))
		p->victims[p->nvictims++] = old;
	else
		g->doubled++;
}

static void double_up(struct daemon *d, struct daemon_plan *p)
{
	struct arena *a = d->t->call.a;
	struct surge g = { .nodes = arena_alloc(a, (d->nstations + 1) * sizeof(*g.nodes)),
			   .strays = arena_alloc(a, (d->nstations + 1) * sizeof(*g.strays)) };

	for (size_t i = 0; i < d->nstations; i++)
		if (d->stations[i].npods)
			survey_pair(d, &d->stations[i], p, &g);
	/* A stray goes only when enough others are available in its stead. */
	for (size_t i = 0; i < g.nstrays && g.available > d->wanted; i++, g.available--)
		p->victims[p->nvictims++] = g.strays[i];
	for (size_t i = 0; i < g.nnodes && g.doubled < d->surge; i++, g.doubled++)
		p->nodes[p->nnodes++] = g.nodes[i];
}

void daemon_roll(struct daemon *d, struct daemon_plan *p)
{
	if (d->surge)
		double_up(d, p);
	else
		replace(d, p);
}
