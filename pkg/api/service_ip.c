/*
 * Service addresses and node ports, chosen from the live Services.
 *
 * What is taken follows the table of Services through a cursor: each question first reads what has been
 * written since the last one.  What has been chosen but not yet written is reserved, so that two creates at
 * once never get the same address; the reservation ends when the write shows up in the log, or with undo,
 * which gives back what this very call has reserved and nothing that another may hold.
 * There is nothing else to persist, repair or release.  Someone else may own the addresses (config ops).
 * Only IPv4 ranges; automatic choices avoid the lower block, which is left to explicit ones, as upstream.
 * k8s: pkg/registry/core/service/{storage/alloc.go,ipallocator,portallocator}.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_FIRST 30000
#define PORT_COUNT 2768
#define RANGE_MAX (1u << 20)
#define FETCH 32

enum { TAKEN = 1, RESERVED = 2 };

struct service_ips {
	struct lock lock;
	uint32_t base, size;
	uint8_t *ips; /* size marks */
	uint8_t ports[PORT_COUNT];
	struct cursor cursor;
};

static bool ip_parse(const char *text, uint32_t *ip)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*ip = ntohl(in.s_addr);
	return true;
}

static char *ip_text(struct arena *a, uint32_t ip)
{
	return arena_printf(a, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static bool range_parse(const char *cidr, uint32_t *base, uint32_t *size)
{
	char text[32];
	unsigned bits;
	int n = 0;

	if (sscanf(cidr, "%31[0-9.]/%u%n", text, &bits, &n) != 2 || cidr[n] || bits < 12 ||
	    bits > 30 || !ip_parse(text, base))
		return false;
	*size = 1u << (32 - bits);
	*base &= ~(*size - 1);
	return true;
}

bool service_ips_init(struct api *api, struct status *st)
{
	struct service_ips *s = arena_zalloc(api->a, sizeof *s);

	if (!range_parse(api->config.service_cidr, &s->base, &s->size) || s->size > RANGE_MAX)
		return status_internal(st, "service range \"%s\": want an IPv4 range from /12 to /30",
				       api->config.service_cidr);
	lock_init(&s->lock, "service addresses", LOCK_API);
	s->ips = arena_zalloc(api->a, s->size);
	s->cursor.table = api_table(api, api->known.service);
	s->cursor.rev = -1;
	api->ips = s;
	return true;
}

void service_ips_free(struct api *api)
{
	if (api->ips)
		lock_destroy(&api->ips->lock);
}

char *service_ips_first(struct api *api, struct arena *a)
{
	return ip_text(a, api->ips->base + 1);
}

/* ---- what is taken ---- */

static uint8_t *ip_mark(struct service_ips *s, const char *text)
{
	uint32_t ip;

	if (!ip_parse(text, &ip) || ip - s->base >= s->size)
		return NULL;
	return &s->ips[ip - s->base];
}

static uint8_t *port_mark(struct service_ips *s, int64_t port)
{
	if (port < PORT_FIRST || port >= PORT_FIRST + PORT_COUNT)
		return NULL;
	return &s->ports[port - PORT_FIRST];
}

static void mark_set(uint8_t *mark, uint8_t value)
{
	if (mark)
		*mark = value;
}

/* Mark all that a Service tree holds. */
static void tree_mark(struct service_ips *s, const struct json *svc, uint8_t value)
{
	const struct json *spec = json_get(svc, "spec");

	mark_set(ip_mark(s, json_path_str(spec, "clusterIP")), value);
	json_each(ip, json_get(spec, "clusterIPs"))
		mark_set(ip_mark(s, json_str(ip)), value);
	json_each(p, json_get(spec, "ports"))
		mark_set(port_mark(s, json_path_int(p, "nodePort", 0)), value);
	mark_set(port_mark(s, json_path_int(spec, "healthCheckNodePort", 0)), value);
}

static void object_mark(struct service_ips *s, struct arena *a, const struct obj *o, uint8_t value)
{
	tree_mark(s, obj_tree(a, o), value);
}

static void marks_rebuild(struct service_ips *s, struct arena *a)
{
	struct store_list l;

	for (uint32_t i = 0; i < s->size; i++)
		s->ips[i] &= (uint8_t)~TAKEN;
	for (size_t i = 0; i < PORT_COUNT; i++)
		s->ports[i] &= (uint8_t)~TAKEN;
	store_list(s->cursor.table, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		object_mark(s, a, l.items[i], TAKEN);
	s->cursor.rev = l.rev;
	store_list_free(&l);
}

static void event_mark(struct service_ips *s, struct arena *a, struct event *ev)
{
	const struct obj *before = ev->type == EVENT_DELETED ? ev->obj : ev->prev;

	if (before)
		object_mark(s, a, before, 0);
	if (ev->type != EVENT_DELETED)
		object_mark(s, a, ev->obj, TAKEN);
	event_clear(ev);
}

/* Read what was written since the last question. */
static void marks_follow(struct service_ips *s)
{
	struct arena *a = arena_new();
	struct event ev[FETCH];
	size_t n = 0;

	do {
		if (s->cursor.rev < 0 || !cursor_next(&s->cursor, ev, FETCH, &n, NULL)) {
			marks_rebuild(s, a);
			break;
		}
		for (size_t i = 0; i < n; i++)
			event_mark(s, a, &ev[i]);
		arena_reset(a);
	} while (n);
	arena_free(&a);
}

/* ---- choosing ---- */

struct choice {
	struct service_ips *s;
	struct call *c;
	struct arena *a;
	struct json *svc, *spec;
	const struct json *old; /* spec */
};

/* Hangs on the call until it ends: a call may write several Services. */
struct reservation {
	struct reservation *next;
	const struct json *svc; /* for whom; only compared */
	uint8_t *mark;          /* NULL: given back */
};

static bool refused(struct choice *c, const char *path, const char *value, const char *text,
		    struct status *st)
{
	static const struct subject service = { "", "services", "Service" };
	struct field_errors e = FIELD_ERRORS_INIT;

	field_error(&e, FIELD_INVALID, path, value, text);
	return status_invalid(st, &service, meta_name(c->svc), &e);
}

static void reserve(struct choice *c, uint8_t *mark)
{
	struct reservation *r;

	if (c->c->dry_run)
		return;
	r = arena_alloc(c->a, sizeof *r);
	*r = (struct reservation){ c->c->reservations, c->svc, mark };
	c->c->reservations = r;
	*mark |= RESERVED;
}

/* A free index in [from, to), starting at a random one; to when there is none. */
static uint32_t free_index(const uint8_t *marks, uint32_t from, uint32_t to)
{
	uint32_t n = to - from, start;

	if (from >= to)
		return to;
	random_bytes(&start, sizeof start);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = from + (uint32_t)(((uint64_t)start + i) % n);

		if (!marks[at])
			return at;
	}
	return to;
}

static bool ip_choose(struct choice *c, struct status *st)
{
	struct service_ips *s = c->s;
	uint32_t lower = s->size / 16, last = s->size - 1, at;
	char *text;

	lower = lower < 16 ? 16 : lower > 256 ? 256 : lower;
	lower = lower < last ? lower : last;
	at = free_index(s->ips, lower, last);
	if (at == last) {
		at = free_index(s->ips, 2, lower);
		if (at == lower)
			return status_internal(st, "failed to allocate a serviceIP: range is full");
	}
	reserve(c, &s->ips[at]);
	text = ip_text(c->a, s->base + at);
	json_set_str(c->a, c->spec, "clusterIP", text);
	json_set(c->a, c->spec, "clusterIPs", json_build(c->a, "[%s]", text));
	return true;
}

static bool ip_take(struct choice *c, const char *text, struct status *st)
{
	char *value = arena_printf(c->a, "[\"%s\"]", text);
	uint8_t *mark = ip_mark(c->s, text);
	uint32_t ip;

	if (!ip_parse(text, &ip))
		return true; /* validation says what it thinks of that */
	/* the range's first and last address are the network's */
	if (!mark || ip == c->s->base || ip == c->s->base + c->s->size - 1)
		return refused(
			c, "spec.clusterIPs", value,
			arena_printf(
				c->a,
				"failed to allocate IP %s: the provided IP (%s) is not in the valid range. The range of valid IPs is %s/%d",
				text, text, ip_text(c->a, c->s->base), __builtin_clz(c->s->size - 1)),
			st);
	if (*mark)
		return refused(
			c, "spec.clusterIPs", value,
			arena_printf(c->a,
				     "failed to allocate IP %s: provided IP is already allocated",
				     text),
			st);
	reserve(c, mark);
	return true;
}

/* What validation will say comes first: families that do not exist, twice, or not those of the addresses. */
static bool families_are_sound(const struct choice *c)
{
	const struct json *families = json_get(c->spec, "ipFamilies"), *first = json_first(families);
	const struct json *ip = json_first(json_get(c->spec, "clusterIPs"));
	const char *policy = json_path_str(c->spec, "ipFamilyPolicy");

	if (strcmp(policy, "SingleStack") != 0 && strcmp(policy, "PreferDualStack") != 0 &&
	    strcmp(policy, "RequireDualStack") != 0)
		return false;
	json_each(f, families) {
		bool four = !strcmp(json_str(f), "IPv4");

		if ((!four && strcmp(json_str(f), "IPv6") != 0) ||
		    (f != first && json_equal(f, first)))
			return false;
		if (ip && strcmp(json_str(ip), "None") != 0 && !strchr(json_str(ip), ':') != four)
			return false;
		ip = ip ? json_next(ip) : NULL;
	}
	return true;
}

/* The range has one family; who brings his own endpoints may name others. */
static bool families_fit(struct choice *c, const char *ip, struct status *st)
{
	static const struct subject service = { "", "services", "Service" };
	const struct json *families = json_get(c->spec, "ipFamilies");
	const char *policy = json_path_str(c->spec, "ipFamilyPolicy");
	struct field_errors e = FIELD_ERRORS_INIT;
	size_t i = 0;

	/* what is stored stays as it is */
	if (json_equal(json_get(c->spec, "ipFamilyPolicy"), json_get(c->old, "ipFamilyPolicy")) &&
	    json_equal(families, json_get(c->old, "ipFamilies")))
		return true;
	if (!families_are_sound(c))
		return true;
	if (!strcmp(policy, "SingleStack") && json_count(families) == 2 && !c->old)
		return refused(c, "spec.ipFamilyPolicy", "\"SingleStack\"",
			       "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP "
			       "families are specified",
			       st);
	if (!strcmp(ip, "None") && !json_count(json_get(c->spec, "selector")))
		return true;
	if (strchr(ip, ':'))
		return refused(c, "spec.clusterIPs[0]",
			       json_text(c->a, json_get(c->spec, "clusterIPs")),
			       "IPv6 is not configured on this cluster", st);
	if (!strcmp(policy, "RequireDualStack"))
		field_error(&e, FIELD_INVALID, "spec.ipFamilyPolicy", "\"RequireDualStack\"",
			    "this cluster is not configured for dual-stack services");
	json_each(f, families) {
		if (!strcmp(json_str(f), "IPv6"))
			field_error(&e, FIELD_INVALID, arena_printf(c->a, "spec.ipFamilies[%zu]", i),
				    "\"IPv6\"", "not configured on this cluster");
		i++;
	}
	return !e.n || status_invalid(st, &service, meta_name(c->svc), &e);
}

static bool ips_allocate(struct choice *c, struct status *st)
{
	const char *type = json_path_str(c->spec, "type"), *ip = json_path_str(c->spec, "clusterIP");

	if (!strcmp(type, "ExternalName"))
		return true;
	if (!families_fit(c, ip, st))
		return false;
	if (!strcmp(ip, "None"))
		return true;
	if (!*ip)
		return ip_choose(c, st);
	return !strcmp(ip, json_path_str(c->old, "clusterIP")) || ip_take(c, ip, st);
}

static bool old_has_port(const struct choice *c, int64_t port)
{
	json_each(p, json_get(c->old, "ports"))
		if (json_path_int(p, "nodePort", 0) == port)
			return true;
	return json_path_int(c->old, "healthCheckNodePort", 0) == port;
}

/* The node port of an earlier entry of this Service with the same port and another protocol. */
static int64_t port_of_twin(const struct choice *c, const struct json *port)
{
	json_each(p, json_get(c->spec, "ports")) {
		if (p == port)
			return 0;
		if (json_path_int(p, "port", 0) == json_path_int(port, "port", -1) &&
		    strcmp(json_path_str(p, "protocol"), json_path_str(port, "protocol")))
			return json_path_int(p, "nodePort", 0);
	}
	return 0;
}

/* Another entry before this one asks for the same node port. */
static bool port_repeats(const struct choice *c, const struct json *port, int64_t number)
{
	json_each(p, json_get(c->spec, "ports")) {
		if (p == port)
			return false;
		if (json_path_int(p, "nodePort", 0) == number)
			return true;
	}
	return false;
}

static int64_t port_free(struct choice *c)
{
	uint32_t at = free_index(c->s->ports, 0, PORT_COUNT);

	if (at == PORT_COUNT)
		return 0;
	reserve(c, &c->s->ports[at]);
	return PORT_FIRST + at;
}

static bool port_choose(struct choice *c, struct json *port, struct status *st)
{
	int64_t number = port_of_twin(c, port);

	if (!number)
		number = port_free(c);
	if (!number)
		return status_internal(st, "failed to allocate a nodePort: range is full");
	json_set_int(c->a, port, "nodePort", number);
	return true;
}

static bool port_take(struct choice *c, struct json *port, size_t i, int64_t number, struct status *st)
{
	uint8_t *mark = port_mark(c->s, number);
	char *path = arena_printf(c->a, "spec.ports[%zu].nodePort", i);
	char *value = arena_printf(c->a, "%lld", (long long)number);

	if (old_has_port(c, number) || port_repeats(c, port, number))
		return true;
	if (!mark)
		return refused(
			c, path, value,
			arena_printf(c->a,
				     "provided port is not in the valid range. The range of valid ports is %d-%d",
				     PORT_FIRST, PORT_FIRST + PORT_COUNT - 1),
			st);
	if (*mark)
		return refused(c, path, value, "provided port is already allocated", st);
	reserve(c, mark);
	return true;
}

static bool health_port_take(struct choice *c, int64_t number, struct status *st)
{
	uint8_t *mark = port_mark(c->s, number);

	if (!mark && c->c->dry_run)
		return true; /* nothing is allocated */
	if (mark && !*mark) {
		reserve(c, mark);
		return true;
	}
	if (mark)
		return status_internal(
			st,
			"failed to allocate requested HealthCheck NodePort %lld: provided port is already allocated",
			(long long)number);
	return status_internal(
		st,
		"failed to allocate requested HealthCheck NodePort %lld: provided port is not in the valid range. The range of valid ports is %d-%d",
		(long long)number, PORT_FIRST, PORT_FIRST + PORT_COUNT - 1);
}

static bool health_port_allocate(struct choice *c, struct status *st)
{
	int64_t number = json_path_int(c->spec, "healthCheckNodePort", 0);

	if (strcmp(json_path_str(c->spec, "type"), "LoadBalancer") ||
	    strcmp(json_path_str(c->spec, "externalTrafficPolicy"), "Local"))
		return true;
	if (number)
		return old_has_port(c, number) || health_port_take(c, number, st);
	number = port_free(c);
	if (!number)
		return status_internal(st, "failed to allocate a nodePort: range is full");
	json_set_int(c->a, c->spec, "healthCheckNodePort", number);
	return true;
}

static bool ports_allocate(struct choice *c, struct status *st)
{
	const char *type = json_path_str(c->spec, "type");
	bool balancer = !strcmp(type, "LoadBalancer");
	bool choose = !strcmp(type, "NodePort") ||
		      (balancer && json_path_bool(c->spec, "allocateLoadBalancerNodePorts", true));
	size_t i = 0;

	if (!choose && !balancer)
		return true;
	json_each(p, json_get(c->spec, "ports")) {
		int64_t number = json_path_int(p, "nodePort", 0);

		if (number ? !port_take(c, p, i, number, st) : choose && !port_choose(c, p, st))
			return false;
		i++;
	}
	return health_port_allocate(c, st);
}

/* ---- the door ---- */

static void unreserve(struct call *c, const struct json *svc)
{
	for (struct reservation *r = c->reservations; r; r = r->next) {
		if (r->svc != svc || !r->mark)
			continue;
		*r->mark &= (uint8_t)~RESERVED;
		r->mark = NULL;
	}
}

bool service_ips_begin(struct call *c, const struct kind *k, struct json *o, const struct json *old,
		       struct status *st)
{
	const struct service_ip_ops *ops = c->api->config.service_ips;
	struct choice ch = {
		.s = c->api->ips, .c = c, .a = c->a, .svc = o, .old = json_get(old, "spec")
	};
	bool ok;

	if (k != c->api->known.service)
		return true;
	if (ops)
		return ops->allocate(ops->arg, c->a, o, old, c->dry_run, st);
	ch.spec = json_ensure_object(c->a, o, "spec");
	lock_take(&ch.s->lock);
	marks_follow(ch.s);
	ok = ips_allocate(&ch, st) && ports_allocate(&ch, st);
	lock_drop(&ch.s->lock);
	if (!ok)
		service_ips_undo(c, k, o);
	return ok;
}

void service_ips_undo(struct call *c, const struct kind *k, const struct json *o)
{
	const struct service_ip_ops *ops = c->api->config.service_ips;

	if (k != c->api->known.service || c->dry_run)
		return;
	if (ops) {
		if (ops->rollback)
			ops->rollback(ops->arg, o);
		return;
	}
	lock_take(&c->api->ips->lock);
	unreserve(c, o);
	lock_drop(&c->api->ips->lock);
}
