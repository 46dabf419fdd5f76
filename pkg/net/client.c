/*
 * client: configuration, credentials, rate limit, and whole requests with libcurl.
 *
 * libcurl's easy handles each keep their connections, so idle handles are pooled, the last used first:
 * as many connections exist as there were requests at the same time.  The rate limit is a token
 * bucket that may go negative: each request takes its permit at once and sleeps until it is covered,
 * which keeps arrival order without a queue.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "net/client_priv.h"
#include "net/crew.h"
#include "net/tls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TOKEN_CHECK_NS (10 * INT64_C(1000000000))
enum { TOKEN_MAX = 64 * 1024, BODY_MAX = 256 << 20, DEFAULT_TIMEOUT_S = 30 };

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

/* ---- configuration ---- */

static bool split_url(struct client *c, const char *url, struct status *st)
{
	const char *p, *end, *colon;

	c->https = !strncmp(url, "https://", 8);
	if (!c->https && strncmp(url, "http://", 7))
		return status_bad_request(st, "%s: neither https:// nor http://", url);
	p = url + (c->https ? 8 : 7);
	end = p + strcspn(p, "/");
	c->prefix = strdup(end);
	while (*c->prefix && c->prefix[strlen(c->prefix) - 1] == '/')
		c->prefix[strlen(c->prefix) - 1] = '\0';
	c->authority = strndup(p, (size_t)(end - p));
	colon = strrchr(c->authority, ':');
	if (colon && strchr(colon, ']'))
		colon = NULL; /* inside a bare [v6] */
	c->port = strdup(colon ? colon + 1 : c->https ? "443" : "80");
	c->host = colon ? strndup(c->authority, (size_t)(colon - c->authority)) :
			  strdup(c->authority);
	if (*c->host == '[') {
		memmove(c->host, c->host + 1, strlen(c->host));
		c->host[strcspn(c->host, "]")] = '\0';
	}
	return *c->host || status_bad_request(st, "%s: no host", url);
}

/* The URL stays as it is, only the connection goes elsewhere. */
static void set_address(struct client *c, const char *address)
{
	const char *colon = strrchr(address, ':');

	BUG_ON(!colon);
	free(c->host);
	free(c->port);
	c->port = strdup(colon + 1);
	c->host = strndup(address, (size_t)(colon - address));
	if (*c->host == '[') {
		memmove(c->host, c->host + 1, strlen(c->host));
		c->host[strcspn(c->host, "]")] = '\0';
	}
}

/* curl verifies the URL's name: to verify another one, name that and connect elsewhere. */
static void set_origin(struct client *c, const char *address)
{
	const char *scheme = c->https ? "https" : "http";
	bool v6;
	int n;

	if (address)
		set_address(c, address);
	v6 = strchr(c->host, ':');
	if (address) {
		n = asprintf(&c->connect_to, v6 ? "::[%s]:%s" : "::%s:%s", c->host, c->port);
		BUG_ON(n < 0);
		n = asprintf(&c->origin, "%s://%s%s", scheme, c->authority, c->prefix);
	} else if (c->server_name && c->https) {
		n = asprintf(&c->connect_to, v6 ? "::[%s]:%s" : "::%s:%s", c->host, c->port);
		BUG_ON(n < 0);
		n = asprintf(&c->origin, "%s://%s:%s%s", scheme, c->server_name, c->port, c->prefix);
	} else {
		n = asprintf(&c->origin, "%s://%s%s", scheme, c->authority, c->prefix);
	}
	BUG_ON(n < 0);
}

static void copy_config(struct client *c, const struct client_config *from)
{
	c->unix_socket = copy(from->unix_socket);
	c->ca_pem = copy(from->ca_pem);
	c->cert_pem = copy(from->cert_pem);
	c->key_pem = copy(from->key_pem);
	c->token = copy(from->token_file ? NULL : from->token);
	c->token_file = copy(from->token_file);
	c->server_name = copy(from->server_name);
	c->user_agent = copy(from->user_agent ? from->user_agent : "nutshell");
	c->insecure = from->insecure;
	c->qps = from->qps;
	c->burst = from->burst > 0 ? from->burst : 1;
	c->permits = c->burst;
	c->permits_ns = clock_mono_ns();
}

struct client *client_new(const struct client_config *config, struct status *st)
{
	struct client *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	lock_init(&c->lock, "client", LOCK_NET);
	copy_config(c, config);
	if (!split_url(c, config->url, st))
		goto fail;
	set_origin(c, config->address);
	if (c->https) {
		c->tls = tls_config_client(c->ca_pem, c->cert_pem, c->key_pem, c->insecure, st);
		if (!c->tls)
			goto fail;
	}
	return c;
fail:
	client_free(&c);
	return NULL;
}

void client_free(struct client **cp)
{
	struct client *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	for (unsigned i = 0; i < c->nidle; i++)
		curl_easy_cleanup(c->idle[i]);
	tls_config_unref(&c->tls);
	lock_destroy(&c->lock);
	free(c->origin);
	free(c->host);
	free(c->port);
	free(c->authority);
	free(c->prefix);
	free(c->unix_socket);
	free(c->ca_pem);
	free(c->cert_pem);
	free(c->key_pem);
	free(c->token_file);
	free(c->server_name);
	free(c->user_agent);
	free(c->connect_to);
	free(c->token);
	free(c);
}

/* ---- rate ---- */

static int64_t take_permit(struct client *c)
{
	int64_t now = clock_mono_ns(), wait = 0;

	lock_take(&c->lock);
	c->permits += (double)(now - c->permits_ns) / 1e9 * c->qps;
	if (c->permits > c->burst)
		c->permits = c->burst;
	c->permits_ns = now;
	c->permits -= 1;
	if (c->permits < 0)
		wait = (int64_t)(-c->permits / c->qps * 1e9);
	lock_drop(&c->lock);
	return wait;
}

bool client_wait_turn(struct client *c, const bool *stop)
{
	int64_t wait = c->qps > 0 ? take_permit(c) : 0;

	while (wait > 0) {
		int64_t slice = wait < 100000000 ? wait : 100000000;
		struct timespec t = { 0, (long)slice };

		if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
			return false;
		nanosleep(&t, NULL);
		wait -= slice;
	}
	return true;
}

/* ---- credentials ---- */

/* Under the lock.  A file that cannot be read leaves the old token: rotation replaces files. */
static void read_token(struct client *c)
{
	int fd = open(c->token_file, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	ssize_t n = -1;

	if (fd >= 0) {
		text = malloc(TOKEN_MAX + 1);
		BUG_ON(!text);
		n = read(fd, text, TOKEN_MAX);
		close(fd);
	}
	if (n <= 0) {
		log_warn("net", "cannot read the token in %s", c->token_file);
		free(text);
		return;
	}
	text[n] = '\0';
	text[strcspn(text, "\r\n \t")] = '\0';
	free(c->token);
	c->token = text;
}

static void refresh_token(struct client *c, bool force)
{
	int64_t now = clock_mono_ns(), mtime;
	struct stat s;

	if (!force && c->token && now - c->token_checked_ns < TOKEN_CHECK_NS)
		return;
	c->token_checked_ns = now;
	if (stat(c->token_file, &s))
		s = (struct stat){ 0 };
	mtime = s.st_mtim.tv_sec * INT64_C(1000000000) + s.st_mtim.tv_nsec;
	if (!force && c->token && mtime == c->token_mtime_ns && s.st_size == c->token_size)
		return;
	c->token_mtime_ns = mtime;
	c->token_size = s.st_size;
	read_token(c);
}

char *client_authorization(struct client *c, bool fresh)
{
	char *text = NULL;

	lock_take(&c->lock);
	if (c->token_file)
		refresh_token(c, fresh);
	if (c->token && asprintf(&text, "Bearer %s", c->token) < 0)
		bug("out of memory");
	lock_drop(&c->lock);
	return text;
}

/* ---- transfers ---- */

static void add_header(struct client_transfer *t, const char *name, const char *value)
{
	char *line;

	if (!value)
		return;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		bug("out of memory");
	t->headers = curl_slist_append(t->headers, line);
	free(line);
}

static void set_headers(struct client *c, struct client_transfer *t, const struct client_req *q,
			bool fresh_token)
{
	char *auth = client_authorization(c, fresh_token);

	add_header(t, "Authorization", auth);
	add_header(t, "Accept", q->accept ? q->accept : "*/*");
	add_header(t, "Content-Type", q->content_type);
	if (c->connect_to)
		add_header(t, "Host", c->authority);
	if (q->body && !q->content_type)
		t->headers = curl_slist_append(t->headers, "Content-Type:"); /* not curl's guess */
	/* no round trip for a body */
	t->headers = curl_slist_append(t->headers, "Expect:");
	for (const char *const *h = q->headers; h && *h; h++)
		t->headers = curl_slist_append(t->headers, *h);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	free(auth);
}

static void set_blob(CURL *curl, CURLoption option, char *pem, size_t extra)
{
	struct curl_blob b = { .data = pem, .flags = CURL_BLOB_NOCOPY };

	if (!pem)
		return;
	b.len = strlen(pem) + extra;
	curl_easy_setopt(curl, option, &b);
}

static void set_peer(struct client *c, struct client_transfer *t)
{
	CURL *curl = t->curl;

	if (c->connect_to) {
		t->connect_to = curl_slist_append(NULL, c->connect_to);
		curl_easy_setopt(curl, CURLOPT_CONNECT_TO, t->connect_to);
	}
	if (c->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, c->unix_socket);
	set_blob(curl, CURLOPT_CAINFO_BLOB, c->ca_pem, 0);
	set_blob(curl, CURLOPT_SSLCERT_BLOB, c->cert_pem, 0);
	set_blob(curl, CURLOPT_SSLKEY_BLOB, c->key_pem, 1); /* mbedTLS wants the NUL */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, c->insecure ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, c->insecure ? 0L : 2L);
}

void client_transfer_set(struct client *c, struct client_transfer *t, const struct client_req *q,
			 bool fresh_token)
{
	CURL *curl = t->curl;
	char *url;

	if (asprintf(&url, "%s%s", c->origin, q->path) < 0)
		bug("out of memory");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CLIENT_CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, c->user_agent);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, 15L);
	set_peer(c, t);
	if (q->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body);
	} else if (!strcmp(q->method, "HEAD")) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (!strcmp(q->method, "POST") || !strcmp(q->method, "PUT")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
	set_headers(c, t, q, fresh_token);
}

void client_transfer_free(struct client_transfer *t)
{
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->connect_to);
	t->headers = t->connect_to = NULL;
}

bool client_failed(const struct client_req *q, const struct client_transfer *t, CURLcode r,
		   struct status *st)
{
	return status_unavailable(st, "%s %.*s: %s", q->method, (int)strcspn(q->path, "?"), q->path,
				  *t->error ? t->error : curl_easy_strerror(r));
}

static CURL *take_handle(struct client *c)
{
	CURL *curl = NULL;

	lock_take(&c->lock);
	if (c->nidle)
		curl = c->idle[--c->nidle];
	lock_drop(&c->lock);
	if (!curl)
		curl = curl_easy_init();
	BUG_ON(!curl);
	return curl;
}

static void give_handle(struct client *c, CURL *curl)
{
	curl_easy_reset(curl); /* its connections stay */
	lock_take(&c->lock);
	if (c->nidle < CLIENT_IDLE_HANDLES) {
		c->idle[c->nidle++] = curl;
		curl = NULL;
	}
	lock_drop(&c->lock);
	if (curl)
		curl_easy_cleanup(curl);
}

struct taking {
	struct client_resp *r;
	size_t max;
};

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct taking *t = arg;
	struct client_resp *r = t->r;

	if (r->body.len + size * n > t->max)
		return 0;
	buf_add(&r->body, p, size * n);
	return size * n;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct client_resp *r = arg;
	char line[64];
	size_t len = size * n < sizeof(line) - 1 ? size * n : sizeof(line) - 1;

	memcpy(line, p, len);
	line[len] = '\0';
	if (!strncasecmp(line, "retry-after:", 12))
		r->retry_after_s = atoi(line + 12);
	return size * n;
}

static int look_up(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		   curl_off_t ulnow)
{
	(void)arg, (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
	return crew_is_cut();
}

static void set_transfer(struct client_transfer *t, const struct client_req *q, struct taking *taking)
{
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT,
			 (long)(q->timeout_s ? q->timeout_s : DEFAULT_TIMEOUT_S));
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, taking);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, taking->r);
	curl_easy_setopt(t->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(t->curl, CURLOPT_XFERINFOFUNCTION, look_up);
}

static bool attempt(struct client *c, const struct client_req *q, struct client_resp *r,
		    bool fresh_token, struct status *st)
{
	struct client_transfer t = { .curl = take_handle(c) };
	struct taking taking = { r, q->max_response ? q->max_response : BODY_MAX };
	const char *type = NULL;
	long code = 0;
	CURLcode res;

	client_transfer_set(c, &t, q, fresh_token);
	set_transfer(&t, q, &taking);
	crew_leave();
	res = curl_easy_perform(t.curl);
	crew_return();
	curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(t.curl, CURLINFO_CONTENT_TYPE, &type);
	r->code = (int)code;
	snprintf(r->content_type, sizeof(r->content_type), "%s", type ? type : "");
	if (res != CURLE_OK) {
		client_failure(c, &t, res, r->failure, sizeof(r->failure));
		client_failed(q, &t, res, st);
	}
	give_handle(c, t.curl);
	client_transfer_free(&t);
	return res == CURLE_OK;
}

bool client_do(struct client *c, const struct client_req *q, struct client_resp *r, struct status *st)
{
	*r = (struct client_resp){ 0 };
	client_wait_turn(c, NULL);
	if (attempt(c, q, r, false, st)) {
		if (r->code != 401 || !c->token_file)
			return true;
		client_resp_free(r);
		if (attempt(c, q, r, true, st))
			return true;
	}
	buf_free(&r->body);
	return false;
}

void client_resp_free(struct client_resp *r)
{
	buf_free(&r->body);
	*r = (struct client_resp){ 0 };
}
