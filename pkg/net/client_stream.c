/*
 * client_stream: one response, handed on as it arrives.
 *
 * The multi interface with a short poll, so that the stop flag is seen although the server may be
 * silent for minutes.  The head callback runs when the final head is complete, before any data; an
 * interim 1xx head or a 401 that will be tried again with a fresh token does not count.
 */
#include "base/log.h"
#include "base/status.h"
#include "net/client_priv.h"

#include <string.h>

enum { STOP_POLL_MS = 200 };

struct streaming {
	const struct client_stream *s;
	CURL *curl;
	int code;
	bool may_retry; /* a 401 is not the answer yet */
	bool retry;
	bool ended; /* a callback has had enough */
};

static bool stopped(const struct client_stream *s)
{
	return s->stop && __atomic_load_n(s->stop, __ATOMIC_RELAXED);
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct streaming *x = arg;
	const char *type = NULL;
	long code = 0;

	if (size * n != 2 || memcmp(p, "\r\n", 2))
		return size * n;
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &code);
	if (code < 200)
		return size * n;
	if (code == 401 && x->may_retry) {
		x->retry = true;
		return 0;
	}
	x->code = (int)code;
	curl_easy_getinfo(x->curl, CURLINFO_CONTENT_TYPE, &type);
	if (x->s->head && !x->s->head(x->s->arg, x->code, type ? type : "")) {
		x->ended = true;
		return 0;
	}
	return size * n;
}

static size_t take_data(char *p, size_t size, size_t n, void *arg)
{
	struct streaming *x = arg;

	if (stopped(x->s) || !x->s->data(x->s->arg, p, size * n)) {
		x->ended = true;
		return 0;
	}
	return size * n;
}

/* Drive the transfer to its end; CURLE_ABORTED_BY_CALLBACK when stopped. */
static CURLcode drive(CURLM *multi, const struct client_stream *s)
{
	CURLMsg *msg;
	int running, left;

	for (;;) {
		if (stopped(s))
			return CURLE_ABORTED_BY_CALLBACK;
		curl_multi_perform(multi, &running);
		msg = curl_multi_info_read(multi, &left);
		if (msg && msg->msg == CURLMSG_DONE)
			return msg->data.result;
		curl_multi_poll(multi, NULL, 0, STOP_POLL_MS, NULL);
	}
}

static bool attempt(struct client *c, const struct client_req *q, struct streaming *x,
		    bool fresh_token, struct status *st)
{
	struct client_transfer t = { .curl = curl_easy_init() };
	CURLM *multi = curl_multi_init();
	bool ok = true;
	CURLcode r;

	BUG_ON(!t.curl || !multi);
	x->curl = t.curl;
	client_transfer_set(c, &t, q, fresh_token);
	curl_easy_setopt(t.curl, CURLOPT_TIMEOUT, (long)q->timeout_s); /* 0 = none */
	curl_easy_setopt(t.curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t.curl, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(t.curl, CURLOPT_WRITEFUNCTION, take_data);
	curl_easy_setopt(t.curl, CURLOPT_WRITEDATA, x);
	curl_multi_add_handle(multi, t.curl);
	r = drive(multi, x->s);
	if (r != CURLE_OK && !x->ended && !x->retry && !stopped(x->s))
		ok = client_failed(q, &t, r, st);
	curl_multi_remove_handle(multi, t.curl);
	curl_easy_cleanup(t.curl);
	curl_multi_cleanup(multi);
	client_transfer_free(&t);
	return ok;
}

bool client_stream(struct client *c, const struct client_req *q, const struct client_stream *s,
		   int *code, struct status *st)
{
	struct streaming x = { .s = s, .may_retry = c->token_file != NULL };
	bool ok;

	*code = 0;
	if (!client_wait_turn(c, s->stop))
		return true;
	ok = attempt(c, q, &x, false, st);
	if (x.retry) {
		x.may_retry = x.retry = false;
		ok = attempt(c, q, &x, true, st);
	}
	*code = x.code;
	return ok;
}
