/*
 * The server's life, and the waking of watches.
 *
 * One subscription to the store wakes all watches of the table that was published to; groups of
 * streams are named by the table's address.
 */
#include "server/server.h"

#include "server/aggregate.h"
#include "server/discovery.h"
#include "server/limit.h"
#include "server/openapi.h"
#include "server/request.h"
#include "server/tokens.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On the store's writer thread: must not block. */
static void on_publish(void *arg, struct table *t)
{
	struct server *s = arg;
	struct httpd *h = __atomic_load_n(&s->httpd, __ATOMIC_ACQUIRE);

	if (h)
		httpd_wake_group(h, t);
	aggregate_published(s->aggregate, t);
}

static bool open_audit(struct server *s, struct status *st)
{
	s->audit_arena = arena_new();
	if (s->c.audit_policy) {
		s->audit_policy = audit_policy_parse(s->audit_arena, s->c.audit_policy, st);
		if (!s->audit_policy)
			return false;
	}
	if (s->c.audit_log)
		s->audit_log = audit_log_open(s->c.audit_log, st);
	return s->audit_log || !s->c.audit_log;
}

void server_reopen(struct server *s)
{
	if (s->audit_log)
		audit_log_reopen(s->audit_log);
}

struct server *server_new(const struct server_config *c, struct status *st)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	if (!c->api) {
		free(s);
		status_internal(st, "a server needs an api");
		return NULL;
	}
	s->c = *c;
	s->kinds = api_kinds(c->api);
	s->tokens = tokens_new(c->api);
	s->limit = limit_new();
	s->discovery = discovery_new(s->kinds);
	s->openapi = openapi_new(s->kinds, c->version ? c->version : "");
	s->aggregate = aggregate_new(s);
	if (!open_audit(s, st)) {
		server_free(&s);
		return NULL;
	}
	s->wakeups = store_subscribe(api_store(c->api), NULL, on_publish, s);
	return s;
}

/* "10.0.0.1:0" says that the port was not known yet. */
static void complete_address(struct server *s, int port)
{
	const char *given = s->c.server_address;
	size_t n = given ? strlen(given) : 0;

	if (n < 2 || strcmp(given + n - 2, ":0") != 0)
		return;
	if (asprintf(&s->address, "%.*s%d", (int)n - 1, given, port) < 0)
		abort();
	s->c.server_address = s->address;
}

void server_attach(struct server *s, struct httpd *h)
{
	complete_address(s, httpd_port(h));
	__atomic_store_n(&s->httpd, h, __ATOMIC_RELEASE);
	aggregate_start(s->aggregate);
}

void server_stop(struct server *s)
{
	const struct kind *k;

	__atomic_store_n(&s->stopping, true, __ATOMIC_RELEASE);
	limit_stop(s->limit);
	aggregate_stop(s->aggregate);
	for (size_t it = 0; s->httpd && (k = kinds_next(s->kinds, &it));)
		if (k->verbs & VERB_WATCH)
			httpd_wake_group(s->httpd, api_table(s->c.api, k));
	/* No publish may touch the httpd once it is being stopped. */
	if (s->wakeups)
		store_unsubscribe(api_store(s->c.api), &s->wakeups);
}

void server_free(struct server **sp)
{
	struct server *s = *sp;

	if (!s)
		return;
	if (s->wakeups)
		store_unsubscribe(api_store(s->c.api), &s->wakeups);
	openapi_free(&s->openapi);
	discovery_free(&s->discovery);
	tokens_free(&s->tokens);
	limit_free(&s->limit);
	aggregate_free(&s->aggregate);
	audit_log_close(&s->audit_log);
	arena_free(&s->audit_arena);
	free(s->address);
	free(s);
	*sp = NULL;
}
