/*
 * registry: which rows are served, looked up by resource, by kind and by order.
 *
 * Three hash maps answer the lookups of every request ("group/version/resource",
 * "group/version/Kind", and "group//resource" for the preferred version); a vector keeps discovery
 * order: the core group, then the groups in the order that kube-apiserver lists them, then what was
 * added at run time, by group, version and resource.  A read lock is
 * held for the lookup only; rows outlive it because the built-in ones are constant and added ones
 * belong to whoever added them until the registry is freed.
 */
#include "kind/kind.h"

#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "kind/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 512

struct kinds {
	struct rwlock lock;
	VEC(const struct kind *) order;
	struct map *by_resource, *by_kind, *preferred;
	size_t sealed; /* so many built-in rows lead the order; 0 while they are put there */
	uint64_t serial;
};

static const struct {
	const struct kind *rows;
	const size_t *n;
} tables[] = {
	{ kinds_core, &kinds_core_n },
	{ kinds_apiregistration, &kinds_apiregistration_n },
	{ kinds_apps, &kinds_apps_n },
	{ kinds_events, &kinds_events_n },
	{ kinds_auth, &kinds_auth_n },
	{ kinds_autoscaling, &kinds_autoscaling_n },
	{ kinds_batch, &kinds_batch_n },
	{ kinds_certificates, &kinds_certificates_n },
	{ kinds_networking, &kinds_networking_n },
	{ kinds_policy, &kinds_policy_n },
	{ kinds_rbac, &kinds_rbac_n },
	{ kinds_storage, &kinds_storage_n },
	{ kinds_admission, &kinds_admission_n },
	{ kinds_apiextensions, &kinds_apiextensions_n },
	{ kinds_scheduling, &kinds_scheduling_n },
	{ kinds_coordination, &kinds_coordination_n },
	{ kinds_node, &kinds_node_n },
	{ kinds_discovery, &kinds_discovery_n },
	{ kinds_resource, &kinds_resource_n },
	{ kinds_flowcontrol, &kinds_flowcontrol_n },
};

/* "group/version/name"; "" when it cannot be the key of any row. */
static const char *key_of(char key[KEY_MAX], const char *group, const char *version, const char *name)
{
	int n = snprintf(key, KEY_MAX, "%s/%s/%s", group, version, name);

	if (n < 0 || n >= KEY_MAX)
		key[0] = '\0';
	return key;
}

/* The maps store void *, rows are constant; nobody writes through these pointers. */
static void *unconst(const struct kind *k)
{
	union {
		const struct kind *in;
		void *out;
	} u = { .in = k };

	return u.out;
}

/* ---- the order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then all others by name ---- */

/* 3 GA, 2 beta, 1 alpha, 0 none of them (k8s: apimachinery/pkg/version CompareKubeAwareVersionStrings). */
static int version_parse(const char *v, unsigned long *major, unsigned long *minor)
{
	char *end;
	int stage;

	*major = *minor = 0;
	if (v[0] != 'v' || v[1] < '1' || v[1] > '9')
		return 0;
	*major = strtoul(v + 1, &end, 10);
	if (!*end)
		return 3;
	stage = !strncmp(end, "beta", 4) ? 2 : !strncmp(end, "alpha", 5) ? 1 : 0;
	end += stage == 2 ? 4 : 5;
	if (!stage || *end < '1' || *end > '9')
		return 0;
	*minor = strtoul(end, &end, 10);
	return *end ? 0 : stage;
}

int kind_version_compare(const char *x, const char *y)
{
	unsigned long xmajor, xminor, ymajor, yminor;
	int xs = version_parse(x, &xmajor, &xminor), ys = version_parse(y, &ymajor, &yminor);

	if (xs != ys)
		return xs > ys ? -1 : 1;
	if (!xs)
		return strcmp(x, y);
	if (xmajor != ymajor)
		return xmajor > ymajor ? -1 : 1;
	return xminor == yminor ? 0 : xminor > yminor ? -1 : 1;
}

static int row_compare(const struct kind *x, const struct kind *y)
{
	int d = strcmp(x->subject.group, y->subject.group);

	if (!d)
		d = kind_version_compare(x->version, y->version);
	return d ? d : strcmp(x->subject.resource, y->subject.resource);
}

/* The most preferred version of a resource. */
static void prefer(struct kinds *ks, const struct subject *s)
{
	char key[KEY_MAX];

	map_del(ks->preferred, key_of(key, s->group, "", s->resource));
	for (size_t i = ks->order.n; i-- > 0;) {
		const struct kind *k = ks->order.p[i];

		if (!strcmp(k->subject.resource, s->resource) && !strcmp(k->subject.group, s->group))
			map_set(ks->preferred, key, unconst(k));
	}
}

/* Behind the built-in rows, which have an order of their own. */
static void order_insert(struct kinds *ks, const struct kind *k)
{
	size_t at = ks->order.n;

	vec_push(&ks->order, k);
	if (!ks->sealed)
		return;
	for (; at > ks->sealed && row_compare(ks->order.p[at - 1], k) > 0; at--)
		ks->order.p[at] = ks->order.p[at - 1];
	ks->order.p[at] = k;
}

static bool add_locked(struct kinds *ks, const struct kind *k)
{
	char res[KEY_MAX], kind[KEY_MAX], first[KEY_MAX];

	key_of(res, k->subject.group, k->version, k->subject.resource);
	key_of(kind, k->subject.group, k->version, k->subject.kind);
	if (!res[0] || !kind[0] || map_get(ks->by_resource, res) || map_get(ks->by_kind, kind))
		return false;
	map_set(ks->by_resource, res, unconst(k));
	map_set(ks->by_kind, kind, unconst(k));
	order_insert(ks, k);
	key_of(first, k->subject.group, "", k->subject.resource);
	if (ks->sealed)
		prefer(ks, &k->subject);
	else if (!map_get(ks->preferred, first))
		map_set(ks->preferred, first, unconst(k));
	ks->serial++;
	return true;
}

struct kinds *kinds_new(void)
{
	struct kinds *ks = calloc(1, sizeof *ks);

	if (!ks)
		bug("out of memory");
	rwlock_init(&ks->lock, "kinds", LOCK_KIND);
	ks->by_resource = map_new();
	ks->by_kind = map_new();
	ks->preferred = map_new();
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (size_t i = 0; i < *tables[t].n; i++)
			BUG_ON(!add_locked(ks, &tables[t].rows[i]));
	ks->sealed = ks->order.n;
	return ks;
}

void kinds_offer(struct kinds *ks, const char *group)
{
	for (size_t i = 0; i < kinds_metrics_n; i++)
		if (!strcmp(kinds_metrics[i].subject.group, group))
			kinds_add(ks, &kinds_metrics[i]);
}

void kinds_free(struct kinds **pks)
{
	struct kinds *ks = *pks;

	if (!ks)
		return;
	map_free(&ks->by_resource, NULL);
	map_free(&ks->by_kind, NULL);
	map_free(&ks->preferred, NULL);
	vec_free(&ks->order);
	rwlock_destroy(&ks->lock);
	free(ks);
	*pks = NULL;
}

bool kinds_add(struct kinds *ks, const struct kind *k)
{
	bool ok;

	rwlock_write(&ks->lock);
	ok = add_locked(ks, k);
	rwlock_drop(&ks->lock);
	return ok;
}

static void remove_locked(struct kinds *ks, const struct kind *k)
{
	char key[KEY_MAX];
	size_t to = ks->sealed;

	for (size_t i = ks->sealed; i < ks->order.n; i++)
		if (ks->order.p[i] != k)
			ks->order.p[to++] = ks->order.p[i];
	if (to == ks->order.n)
		return;
	ks->order.n = to;
	map_del(ks->by_resource, key_of(key, k->subject.group, k->version, k->subject.resource));
	map_del(ks->by_kind, key_of(key, k->subject.group, k->version, k->subject.kind));
	prefer(ks, &k->subject);
	ks->serial++;
}

void kinds_remove(struct kinds *ks, const struct kind *k)
{
	rwlock_write(&ks->lock);
	remove_locked(ks, k);
	rwlock_drop(&ks->lock);
}

size_t kinds_swap(struct kinds *ks, const struct kind *const *old, size_t nold,
		  const struct kind *const *now, size_t nnow)
{
	size_t served = 0;

	rwlock_write(&ks->lock);
	for (size_t i = 0; i < nold; i++)
		remove_locked(ks, old[i]);
	for (size_t i = 0; i < nnow; i++)
		served += add_locked(ks, now[i]);
	ks->serial++;
	rwlock_drop(&ks->lock);
	return served;
}

static const struct kind *find(struct kinds *ks, const struct map *m, const char *group,
			       const char *version, const char *name)
{
	char key[KEY_MAX];
	const struct kind *k;

	rwlock_read(&ks->lock);
	k = map_get(m, key_of(key, group, version, name));
	rwlock_drop(&ks->lock);
	return k;
}

const struct kind *kinds_by_resource(struct kinds *ks, const char *group, const char *version,
				     const char *resource)
{
	return find(ks, ks->by_resource, group, version, resource);
}

const struct kind *kinds_by_kind(struct kinds *ks, const char *group, const char *version,
				 const char *kind)
{
	return find(ks, ks->by_kind, group, version, kind);
}

const struct kind *kinds_by_api_version(struct kinds *ks, const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	char group[KEY_MAX];
	size_t n;

	if (!slash)
		return kinds_by_kind(ks, "", api_version, kind);
	n = (size_t)(slash - api_version);
	if (n >= sizeof group)
		return NULL;
	memcpy(group, api_version, n);
	group[n] = '\0';
	return kinds_by_kind(ks, group, slash + 1, kind);
}

const struct kind *kinds_preferred(struct kinds *ks, const char *group, const char *resource)
{
	return find(ks, ks->preferred, group, "", resource);
}

const struct kind *kinds_next(struct kinds *ks, size_t *it)
{
	const struct kind *k = NULL;

	rwlock_read(&ks->lock);
	if (*it < ks->order.n)
		k = ks->order.p[(*it)++];
	rwlock_drop(&ks->lock);
	return k;
}

bool kinds_has_group(struct kinds *ks, const char *group)
{
	bool found = false;

	rwlock_read(&ks->lock);
	for (size_t i = 0; i < ks->order.n && !found; i++)
		found = !strcmp(ks->order.p[i]->subject.group, group);
	rwlock_drop(&ks->lock);
	return found;
}

uint64_t kinds_serial(struct kinds *ks)
{
	uint64_t serial;

	rwlock_read(&ks->lock);
	serial = ks->serial;
	rwlock_drop(&ks->lock);
	return serial;
}
