/*
 * A request's steps.
 *
 * Every request runs the same array from top to bottom: route, authenticate, impersonate, authorize,
 * dispatch, decode, verb, encode.  A step returns false to stop with req->st filled, and finish always
 * follows: it is the only place that replies, sets headers, counts.
 *
 * The run begins on an event thread, where nothing may block.  A step that would have to (a write, a
 * token never seen before, compressing a large list) sets req->wait through req_wait() and is run again
 * on a worker thread; the steps before it are not repeated.
 */
#include "server/limit.h"
#include "server/request.h"

#include "base/arena.h"
#include "base/clock.h"

#include <string.h>

bool req_wait(struct req *r)
{
	r->wait = !r->may_block;
	return r->wait;
}

static bool too_many(struct req *r)
{
	return status_too_many(&r->st, 1, "Too many requests, please try again later.");
}

static bool step_route(struct req *r)
{
	query_parse(r->a, r->http->query, &r->query);
	return route_parse(r->a, r->http->method, r->http->path, &r->query, &r->route, &r->st);
}

static bool step_authenticate(struct req *r)
{
	if (!authn_user(r))
		return false;
	audit_begin(r);
	return true;
}

static bool step_impersonate(struct req *r)
{
	return impersonate(r);
}

/* Who is known only on a worker (a token never seen before) has not asked for a seat yet, and cannot wait. */
static bool step_authorize(struct req *r)
{
	if (r->may_block && !limit_try(r->server->limit, r->a, r->user, &r->seat))
		return too_many(r);
	return authz_check(r);
}

static bool step_dispatch(struct req *r)
{
	r->call = (struct call){
		.api = r->server->c.api,
		.a = r->a,
		.user = r->user,
		.manager = "unknown",
		.validation = VALIDATION_WARN,
	};
	return query_timeout(&r->query, &r->timeout_ns, &r->st) && dispatch(r);
}

static bool step_decode(struct req *r)
{
	if (r->op->blocks && req_wait(r))
		return false;
	if (!decode_request(r))
		return false;
	audit_body(r);
	return true;
}

/* A write that could not begin in time is not begun; one that has begun is finished, whatever it takes. */
static bool step_verb(struct req *r)
{
	static const char late[] =
		"{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete "
		"within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}\n";
	bool endless = r->op->raw || (r->op->verb && strcmp(r->op->verb, "watch") == 0);

	if (!endless && r->timeout_ns > 0 && clock_mono_ns() - r->start_ns > r->timeout_ns)
		return reply_text(r, 504, late);
	return r->op->run(r);
}

static bool step_encode(struct req *r)
{
	audit_answer(r);
	return encode_reply(r);
}

static bool (*const steps[])(struct req *r) = {
	step_route,    step_authenticate, step_impersonate, step_authorize,
	step_dispatch, step_decode,       step_verb,        step_encode,
};

static enum http_next run(struct req *r)
{
	while (r->at < sizeof steps / sizeof *steps && steps[r->at](r))
		r->at++;
	if (r->wait) {
		r->wait = false;
		if (limit_book(r->server->limit, r->a, r->user, &r->seat))
			return HTTP_WORK;
		too_many(r);
	}
	reply_finish(r);
	return HTTP_DONE;
}

static enum http_next on_fast(void *arg, struct http_req *http)
{
	struct req *r = arena_zalloc(http->a, sizeof *r);

	r->server = arg;
	r->http = http;
	r->a = http->a;
	r->start_ns = clock_mono_ns();
	http->user = r;
	return run(r);
}

static void on_work(void *arg, struct http_req *http)
{
	struct req *r = http->user;

	(void)arg;
	r->may_block = true;
	if (limit_late(r->seat)) {
		too_many(r);
		reply_finish(r);
		return;
	}
	run(r);
}

static bool on_hold(void *arg, struct http_req *http)
{
	struct server *s = arg;
	struct req *r = http->user;

	return r->seat && limit_queue(s->limit, r->seat, http);
}

static void on_too_large(void *arg, struct http_req *http, size_t limit)
{
	struct req *r = arena_zalloc(http->a, sizeof *r);

	r->server = arg;
	r->http = http;
	r->a = http->a;
	r->start_ns = clock_mono_ns();
	status_too_large(&r->st, limit);
	reply_finish(r);
}

const struct httpd_ops *server_ops(void)
{
	static const struct httpd_ops ops = {
		.fast = on_fast,
		.work = on_work,
		.hold = on_hold,
		.too_large = on_too_large,
	};
	return &ops;
}
