/*
 * The life of the api: which kinds it knows by name, and the table of each kind.
 *
 * Tables are declared at start for all rows the registry has; a row registered later (a custom resource)
 * gets its table at the first touch.  Two versions of one resource share the table of their storage row,
 * and with it the header fields of that row.  Every call asks for its table, so that rows have a shortcut to
 * it which takes no lock.
 */
#include "api/core.h"
#include "api/dynamic.h"
#include "api/hook_call.h"
#include "api/custom.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"

#include <stdatomic.h>
#include <string.h>

static struct table *table_declare(struct api *api, const struct kind *stored, const char *name)
{
	struct obj_fields *fields = arena_zalloc(api->a, sizeof *fields);
	struct table *t;

	fields->paths = stored->fields;
	t = store_table(api->config.store, name, fields);
	map_set(api->tables, name, t);
	return t;
}

/* The slot of a row in the shortcut: its own, or the empty one where it belongs; NULL when all near are
 * taken.  A slot is filled once and never emptied, because rows live as long as the registry. */
static struct table_slot *slot_of(struct api *api, const struct kind *stored)
{
	size_t at = ((uintptr_t)stored >> 4) * 0x9e3779b97f4a7c15u >> 40;

	for (size_t i = 0; i < TABLE_PROBES; i++) {
		struct table_slot *s = &api->slots[(at + i) % TABLE_SLOTS];
		const struct kind *k = atomic_load_explicit(&s->kind, memory_order_acquire);

		if (!k || k == stored)
			return s;
	}
	return NULL;
}

static struct table *table_find(struct api *api, const struct kind *stored)
{
	struct table *t;
	struct table_slot *s;
	char name[256];

	kind_table(stored, name);
	rwlock_write(&api->lock);
	t = map_get(api->tables, name);
	if (!t)
		t = table_declare(api, stored, name);
	s = slot_of(api, stored);
	if (s && !atomic_load_explicit(&s->kind, memory_order_relaxed)) {
		s->table = t;
		atomic_store_explicit(&s->kind, stored, memory_order_release);
	}
	rwlock_drop(&api->lock);
	return t;
}

struct table *api_table(struct api *api, const struct kind *k)
{
	const struct kind *stored = kind_stored(k);
	struct table_slot *s = slot_of(api, stored);

	if (s && atomic_load_explicit(&s->kind, memory_order_acquire) == stored)
		return s->table;
	return table_find(api, stored);
}

static void tables_declare(struct api *api)
{
	const struct kind *k;
	size_t it = 0;

	while ((k = kinds_next(api->config.kinds, &it)))
		if (!k->virtual_only && k->verbs)
			api_table(api, k);
}

static const struct kind *known_kind(struct api *api, const char *api_version, const char *kind)
{
	const struct kind *k = kinds_by_api_version(api->config.kinds, api_version, kind);

	if (!k)
		bug("api: the registry has no %s %s", api_version, kind);
	return kind_stored(k);
}

static void known_resolve(struct api *api)
{
	static const char rbac[] = "rbac.authorization.k8s.io/v1";
	struct known *n = &api->known;

	n->namespace = known_kind(api, "v1", "Namespace");
	n->pod = known_kind(api, "v1", "Pod");
	n->service = known_kind(api, "v1", "Service");
	n->service_account = known_kind(api, "v1", "ServiceAccount");
	n->secret = known_kind(api, "v1", "Secret");
	n->config_map = known_kind(api, "v1", "ConfigMap");
	n->node = known_kind(api, "v1", "Node");
	n->event = known_kind(api, "v1", "Event");
	n->priority_class = known_kind(api, "scheduling.k8s.io/v1", "PriorityClass");
	n->disruption_budget = known_kind(api, "policy/v1", "PodDisruptionBudget");
	n->endpoint_slice = known_kind(api, "discovery.k8s.io/v1", "EndpointSlice");
	n->resource_quota = known_kind(api, "v1", "ResourceQuota");
	n->definition = known_kind(api, "apiextensions.k8s.io/v1", "CustomResourceDefinition");
	n->role = known_kind(api, rbac, "Role");
	n->role_binding = known_kind(api, rbac, "RoleBinding");
	n->cluster_role = known_kind(api, rbac, "ClusterRole");
	n->cluster_role_binding = known_kind(api, rbac, "ClusterRoleBinding");
}

static const char *text_or(struct arena *a, const char *s, const char *otherwise)
{
	return arena_strdup(a, s && *s ? s : otherwise);
}

static void config_take(struct api *api, const struct api_config *c)
{
	api->config = *c;
	api->config.service_cidr = text_or(api->a, c->service_cidr, "10.43.0.0/16");
	api->config.cluster_domain = text_or(api->a, c->cluster_domain, "cluster.local");
	api->config.issuer =
		text_or(api->a, c->issuer, "https://kubernetes.default.svc.cluster.local");
	api->config.ca_pem = text_or(api->a, c->ca_pem, "");
}

struct api *api_new(const struct api_config *c, struct status *st)
{
	struct arena *a = arena_new();
	struct api *api = arena_zalloc(a, sizeof *api);

	api->a = a;
	config_take(api, c);
	rwlock_init(&api->lock, "api tables", LOCK_API);
	api->tables = map_new();
	known_resolve(api);
	tables_declare(api);
	rbac_init(api);
	event_memory_init(api);
	api->hooks = hook_clients_new();
	dynamic_init(api);
	if (!service_ips_init(api, st) || !bootstrap_commit(api, st) || !customs_init(api, st))
		api_free(&api);
	return api;
}

void api_free(struct api **api)
{
	struct arena *a;

	if (!*api)
		return;
	customs_free(*api);
	event_memory_free(*api);
	hook_clients_free(&(*api)->hooks);
	dynamic_free(*api);
	service_ips_free(*api);
	rbac_free(*api);
	map_free(&(*api)->tables, NULL);
	rwlock_destroy(&(*api)->lock);
	a = (*api)->a;
	arena_free(&a);
	*api = NULL;
}

struct store *api_store(struct api *api)
{
	return api->config.store;
}

struct kinds *api_kinds(struct api *api)
{
	return api->config.kinds;
}

const struct api_config *api_settings(struct api *api)
{
	return &api->config;
}
