/*
 * root: this virtual cluster's own place in the host namespace.
 *
 * A Lease makes sure that one process writes for a cluster id: two copies of one data directory would fight.
 * A holder proves its life by renewing; whoever finds the lease held waits for one duration and takes it only
 * when nothing moved, without comparing clocks.  A former holder that is known to be dead (its process on this
 * machine, or the pod whose name we have now) need not be waited for.
 *
 * The owner object is a ConfigMap, itself owned by the StatefulSet that runs us: deleting the StatefulSet, or
 * the ConfigMap, makes the host's garbage collector remove all the rest.
 */
#include "host/kubernetes/kubernetes.h"

#include "host/kubernetes/mirror.h"
#include "host/kubernetes/remote.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASES "apis/coordination.k8s.io/v1"
#define DURATION_S 15
#define RETRY_MS 500

/* ---- who holds it ---- */

/* "machine/process-namespace/pid/random": enough to see that a holder on this machine is dead. */
static char *identity(void)
{
	char host[256] = "", *out;
	unsigned char r[6];
	struct stat ns = { 0 };
	struct arena *a = arena_new();

	gethostname(host, sizeof host - 1);
	stat("/proc/self/ns/pid", &ns);
	random_bytes(r, sizeof r);
	out = strdup(arena_printf(a, "%s/%llu/%d/%s", host, (unsigned long long)ns.st_ino,
				  (int)getpid(), hex_encode(a, r, sizeof r)));
	arena_free(&a);
	BUG_ON(!out);
	return out;
}

struct holder {
	char machine[256];
	unsigned long long ns;
	int pid;
};

static bool holder_parse(const char *text, struct holder *h)
{
	return sscanf(text, "%255[^/]/%llu/%d/", h->machine, &h->ns, &h->pid) == 3;
}

static bool dead(const char *holder, const char *own)
{
	struct holder him, me;

	if (!holder_parse(holder, &him) || !holder_parse(own, &me) || strcmp(him.machine, me.machine))
		return false;
	if (him.ns == me.ns)
		return him.pid == me.pid || (kill(him.pid, 0) && errno == ESRCH);
	/* A StatefulSet never runs two pods of one name. */
	return getenv("NUTSHELL_OWNER") != NULL;
}

/* ---- the lease ---- */

static struct json *lease_body(struct host *h, struct arena *a, const struct json *have)
{
	struct json *o =
		have ? json_copy(a, have) :
		       json_build(a, "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s}}",
				  "coordination.k8s.io/v1", "Lease", h->lease.name, h->ns);
	struct json *spec = json_ensure_object(a, o, "spec");
	char now[TIME_LEN];

	time_format_us(clock_now_us(), now);
	meta_set_label(a, o, LABEL_VC, h->cid_label);
	if (strcmp(json_path_str(spec, "holderIdentity"), h->lease.holder)) {
		json_set_str(a, spec, "acquireTime", now);
		json_set_int(a, spec, "leaseTransitions",
			     json_path_int(spec, "leaseTransitions", have ? 0 : -1) + 1);
	}
	json_set_str(a, spec, "holderIdentity", h->lease.holder);
	json_set_str(a, spec, "renewTime", now);
	json_set_int(a, spec, "leaseDurationSeconds", DURATION_S);
	return o;
}

/* NULL with st empty: there is none. */
static struct json *lease_read(struct host *h, struct arena *a, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *o = NULL;

	if (remote_get(h, a, remote_path(h, a, LEASES, "leases", h->lease.name, NULL), &o, &err))
		return o;
	if (err.code != 404)
		status_move(st, &err);
	return NULL;
}

static bool lease_write(struct host *h, struct arena *a, const struct json *have, struct status *st)
{
	struct json *body = lease_body(h, a, have);

	if (!have)
		return remote_create(h, a, remote_path(h, a, LEASES, "leases", NULL, NULL), body,
				     NULL, st);
	return remote_update(h, a, remote_path(h, a, LEASES, "leases", h->lease.name, NULL), body,
			     NULL, st);
}

static bool refused(struct host *h, const char *holder, struct status *st)
{
	return status_other(st, 409, "Conflict",
			    "another process (%s) already serves this virtual cluster in namespace "
			    "%s: its Lease %s is being renewed. Stop that one, or start with a data "
			    "directory of its own",
			    holder, h->ns, h->lease.name);
}

static bool expired(const struct json *lease, const char *seen, int64_t since_ns)
{
	int64_t last = json_path_int(lease, "spec.leaseDurationSeconds", DURATION_S);

	return !strcmp(json_path_str(lease, "spec.renewTime"), seen) &&
	       clock_mono_ns() - since_ns >= last * INT64_C(1000000000);
}

/* One look at the lease.  *again: look once more later. */
static bool lease_try(struct host *h, struct arena *a, char seen[64], int64_t *since_ns,
		      bool *again, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *o = lease_read(h, a, &err);
	const char *holder = json_path_str(o, "spec.holderIdentity");
	const char *renewed = json_path_str(o, "spec.renewTime");

	*again = false;
	if (!status_ok(&err)) {
		status_move(st, &err);
		return false;
	}
	if (o && *holder && !dead(holder, h->lease.holder) && !expired(o, seen, *since_ns)) {
		if (*seen && strcmp(renewed, seen))
			return refused(h, holder, st);
		if (!*seen) {
			snprintf(seen, 64, "%s", renewed);
			*since_ns = clock_mono_ns();
			log_info("host", "Lease %s is held by %s; waiting whether it still lives",
				 h->lease.name, holder);
		}
		*again = true;
		return true;
	}
	if (lease_write(h, a, o, &err))
		return true;
	if (err.code == 409) {
		*again = true;
		return true;
	}
	status_move(st, &err);
	return false;
}

static bool lease_take(struct host *h, struct status *st)
{
	struct arena *a = arena_new();
	int64_t since_ns = 0;
	char seen[64] = "";
	bool again = true, ok = true;

	h->lease.name = strdup(arena_printf(a, "vc-%s", h->cid));
	h->lease.holder = identity();
	BUG_ON(!h->lease.name);
	while (again && ok) {
		arena_reset(a);
		ok = lease_try(h, a, seen, &since_ns, &again, st);
		if (ok && again)
			usleep(RETRY_MS * 1000);
	}
	h->lease.held = ok;
	arena_free(&a);
	return ok;
}

bool root_renew(struct host *h)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct arena *a = arena_new();
	struct json *o = lease_read(h, a, &err);
	const char *holder = json_path_str(o, "spec.holderIdentity");
	bool mine = true;

	if (status_ok(&err)) {
		atomic_store(&h->heard_ns, clock_mono_ns());
		mine = !o || !*holder || !strcmp(holder, h->lease.holder);
		if (mine && !lease_write(h, a, o, &err))
			log_debug("host", "Lease %s: %s", h->lease.name, err.message);
	}
	h->lease.held = mine;
	arena_free(&a);
	return mine;
}

static void lease_give_back(struct host *h)
{
	struct arena *a = arena_new();
	struct json *o = lease_read(h, a, NULL);

	if (o && !strcmp(json_path_str(o, "spec.holderIdentity"), h->lease.holder)) {
		json_set_str(a, json_get(o, "spec"), "holderIdentity", "");
		remote_update(h, a, remote_path(h, a, LEASES, "leases", h->lease.name, NULL), o,
			      NULL, NULL);
	}
	arena_free(&a);
}

void root_release(struct host *h)
{
	if (h->lease.held)
		lease_give_back(h);
	free(h->lease.name);
	free(h->lease.holder);
}

/* ---- the owner of everything ---- */

/* The StatefulSet that runs us, as owner reference; NULL when there is none or we may not look. */
static struct json *own_owner(struct host *h, struct arena *a)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const char *name = getenv("NUTSHELL_OWNER");
	struct json *o;

	if (!name || !*name)
		return NULL;
	if (!remote_get(h, a, remote_path(h, a, "apis/apps/v1", "statefulsets", name, NULL), &o,
			&err)) {
		log_warn("host", "StatefulSet %s: %s; what is made here will not go with it", name,
			 err.message);
		return NULL;
	}
	return json_build(a, "[{apiVersion:%s,kind:%s,name:%s,uid:%s}]", "apps/v1", "StatefulSet",
			  name, meta_uid(o));
}

static bool own_root(struct host *h, const struct json *o)
{
	const char *vc = meta_label(o, LABEL_VC);

	return vc && !strcmp(vc, h->cid_label);
}

static bool root_make(struct host *h, struct arena *a, const char *name, struct json **out,
		      struct status *st)
{
	struct json *o = json_build(a,
				    "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s},"
				    "data:{name:%s,id:%s}}",
				    "v1", "ConfigMap", name, h->ns, h->config.cluster_name, h->cid);
	struct json *owner = own_owner(h, a);

	meta_set_label(a, o, LABEL_VC, h->cid_label);
	if (owner)
		json_set(a, json_get(o, "metadata"), "ownerReferences", owner);
	return remote_create(h, a, remote_path(h, a, "api/v1", "configmaps", NULL, NULL), o, out, st);
}

/* *taken: an object of this name is there and not ours. */
static bool root_find(struct host *h, struct arena *a, const char *name, bool *taken,
		      struct json **out, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const char *path = remote_path(h, a, "api/v1", "configmaps", name, NULL);

	*taken = false;
	if (!remote_get(h, a, path, out, &err)) {
		if (err.code == 404)
			return root_make(h, a, name, out, st);
		status_move(st, &err);
		return false;
	}
	*taken = !own_root(h, *out);
	return true;
}

/* "vc-NAME"; two virtual clusters of one name in a namespace are told apart by their ids. */
static bool root_ensure(struct host *h, struct status *st)
{
	struct arena *a = arena_new();
	const char *name = arena_printf(a, "vc-%s", h->config.cluster_name);
	struct json *o = NULL;
	bool taken, ok;

	ok = root_find(h, a, name, &taken, &o, st);
	if (ok && taken) {
		name = arena_printf(a, "%s-%.8s", name, h->cid);
		ok = root_find(h, a, name, &taken, &o, st);
		if (ok && taken)
			ok = status_other(st, 409, "Conflict",
					  "ConfigMap %s in namespace %s of the host is not ours",
					  name, h->ns);
	}
	if (ok) {
		h->root.name = strdup(name);
		h->root.uid = strdup(meta_uid(o));
		BUG_ON(!h->root.name || !h->root.uid);
	}
	arena_free(&a);
	return ok;
}

bool root_claim(struct host *h, struct status *st)
{
	return lease_take(h, st) && root_ensure(h, st);
}

/* ---- a new owner object ---- */

struct stale {
	struct host *h;
	struct arena *a;
	VEC(const char *) names;
};

static void find_stale(void *arg, const struct obj *o)
{
	struct stale *s = arg;

	for (uint32_t i = 0; i < o->nowners; i++)
		if (!strcmp(o->owners[i].kind, "ConfigMap") &&
		    !strcmp(o->owners[i].name, s->h->root.name) &&
		    strcmp(o->owners[i].uid, s->h->root.uid) != 0)
			vec_push(&s->names, arena_strdup(s->a, o->name));
}

static void adopt_all(struct host *h, struct mirror *m, const char *prefix, const char *resource)
{
	struct arena *a = arena_new();
	struct stale s = { .h = h, .a = a };
	struct json *patch;

	mirror_each(m, find_stale, &s);
	patch = json_build(a, "{metadata:{ownerReferences:[{apiVersion:%s,kind:%s,name:%s,uid:%s}]}}",
			   "v1", "ConfigMap", h->root.name, h->root.uid);
	for (size_t i = 0; i < s.names.n; i++) {
		STATUS_AUTO struct status err = STATUS_INIT;

		if (!remote_patch(h, a, remote_path(h, a, prefix, resource, s.names.p[i], NULL),
				  MERGE_PATCH, patch, NULL, &err))
			log_warn("host", "%s %s keeps its former owner: %s", resource, s.names.p[i],
				 err.message);
	}
	vec_free(&s.names);
	arena_free(&a);
}

void root_adopt(struct host *h)
{
	adopt_all(h, h->pods, "api/v1", "pods");
	adopt_all(h, h->services, "api/v1", "services");
	adopt_all(h, h->configmaps, "api/v1", "configmaps");
	adopt_all(h, h->secrets, "api/v1", "secrets");
	adopt_all(h, h->slices, "apis/discovery.k8s.io/v1", "endpointslices");
}

/* ---- how pods reach us ---- */

static bool service_address(struct host *h, struct arena *a, const char *name, struct status *st)
{
	struct json *o;

	if (!remote_get(h, a, remote_path(h, a, "api/v1", "services", name, NULL), &o, st))
		return false;
	if (!*json_path_str(o, "spec.clusterIP") ||
	    !strcmp(json_path_str(o, "spec.clusterIP"), "None"))
		return status_other(st, 500, "InternalError",
				    "Service %s in namespace %s of the host (NUTSHELL_SERVICE) has "
				    "no cluster address",
				    name, h->ns);
	h->api_ip = strdup(json_path_str(o, "spec.clusterIP"));
	h->api_port = (int)json_path_int(json_first(json_path(o, "spec.ports")), "port", 443);
	json_each(p, json_path(o, "spec.ports"))
		if (!strcmp(json_path_str(p, "name"), "https"))
			h->api_port = (int)json_path_int(p, "port", 443);
	return true;
}

bool root_address(struct host *h, struct status *st)
{
	const char *name = getenv("NUTSHELL_SERVICE");
	struct arena *a = arena_new();
	bool ok = true;

	h->api_port = h->config.api_port;
	if (name && *name)
		ok = service_address(h, a, name, st);
	arena_free(&a);
	return ok;
}
