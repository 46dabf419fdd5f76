/*
 * /metrics: Prometheus text.
 *
 * Names follow kube-apiserver where the meaning is the same, so that existing dashboards show something;
 * labels are kept to verb and code, so that memory is fixed and a hostile client cannot make series.
 */
#include "server/metrics.h"

#include "base/clock.h"
#include "server/limit.h"
#include "server/request.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const verb_names[METRIC_VERBS] = {
	"GET", "LIST", "WATCH", "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION", "other",
};
static const char *const attr_verbs[] = { "get",    "list",  "watch",  "create",
					  "update", "patch", "delete", "deletecollection" };
static const int codes[METRIC_CODES] = { 200, 201, 202, 301, 304, 400, 401, 403, 404, 405, 406,
					 409, 410, 413, 415, 422, 429, 500, 501, 503, 504 };
static const double bounds[METRIC_BUCKETS] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
					       0.05,   0.1,   0.25,   0.5,   1,    5 };

static size_t verb_index(const char *verb)
{
	for (size_t i = 0; i < sizeof attr_verbs / sizeof *attr_verbs; i++)
		if (strcmp(attr_verbs[i], verb) == 0)
			return i;
	return METRIC_VERBS - 1;
}

/* The exact code, or the last of its hundred's neighbours. */
static size_t code_index(int code)
{
	size_t best = 0;

	for (size_t i = 0; i < METRIC_CODES; i++)
		if (codes[i] <= code)
			best = i;
	return best;
}

void metrics_count(struct metrics *m, const char *verb, int code, int64_t ns)
{
	size_t v = verb_index(verb), b = 0;
	double s = (double)ns / 1e9;

	while (b < METRIC_BUCKETS && s > bounds[b])
		b++;
	atomic_fetch_add_explicit(&m->requests[v][code_index(code)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->buckets[v][b], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->sum_ns[v], ns, memory_order_relaxed);
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *b, const char *name, const char *type, const char *help, long long v)
{
	head(b, name, type, help);
	buf_addf(b, "%s %lld\n", name, v);
}

static void requests(struct buf *b, struct metrics *m)
{
	head(b, "apiserver_request_total", "counter", "Requests by verb and response code.");
	for (size_t v = 0; v < METRIC_VERBS; v++)
		for (size_t c = 0; c < METRIC_CODES; c++) {
			long long n = atomic_load_explicit(&m->requests[v][c], memory_order_relaxed);

			if (n)
				buf_addf(b, "apiserver_request_total{verb=\"%s\",code=\"%d\"} %lld\n",
					 verb_names[v], codes[c], n);
		}
}

static void latencies(struct buf *b, struct metrics *m)
{
	static const char name[] = "apiserver_request_duration_seconds";

	head(b, name, "histogram", "Time from the request's head to the reply being handed to net.");
	for (size_t v = 0; v < METRIC_VERBS; v++) {
		long long sum = 0, ns = atomic_load_explicit(&m->sum_ns[v], memory_order_relaxed);

		if (!ns)
			continue;
		for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
			char le[32] = "+Inf";

			sum += atomic_load_explicit(&m->buckets[v][i], memory_order_relaxed);
			if (i < METRIC_BUCKETS)
				snprintf(le, sizeof le, "%g", bounds[i]);
			buf_addf(b, "%s_bucket{verb=\"%s\",le=\"%s\"} %lld\n", name, verb_names[v],
				 le, sum);
		}
		buf_addf(b, "%s_sum{verb=\"%s\"} %.9f\n%s_count{verb=\"%s\"} %lld\n", name,
			 verb_names[v], (double)ns / 1e9, name, verb_names[v], sum);
	}
}

static void store_numbers(struct buf *b, struct api *api)
{
	struct store_stats s;

	store_stats(api_store(api), &s);
	number(b, "nutshell_store_db_bytes", "gauge", "Size of the database file.", s.db_bytes);
	number(b, "nutshell_store_wal_bytes", "gauge", "Size of the write-ahead log.", s.wal_bytes);
	number(b, "nutshell_store_objects", "gauge", "Live objects.", s.live_objects);
	number(b, "nutshell_store_object_bytes", "gauge", "Memory of live objects.", s.live_bytes);
	number(b, "nutshell_store_commits_total", "counter", "Group commits.", s.commits);
	number(b, "nutshell_store_writes_total", "counter", "Writes committed.", s.writes);
	number(b, "nutshell_store_revision", "counter", "Newest revision.",
	       store_rev(api_store(api)));
}

static void net_numbers(struct buf *b, struct server *s)
{
	struct httpd_stats n = { 0 };

	if (s->httpd)
		httpd_stats(s->httpd, &n);
	number(b, "nutshell_http_connections", "gauge", "Open connections.", n.connections);
	number(b, "nutshell_http_requests_total", "counter", "Requests served.", n.requests);
	number(b, "nutshell_http_streams", "gauge", "Open streams.", n.streams);
	number(b, "nutshell_http_handshake_failures_total", "counter", "Failed TLS handshakes.",
	       n.handshake_failures);
}

static void seats(struct buf *b, struct server *s)
{
	struct limit_stats x;

	limit_stats(s->limit, &x);
	number(b, "apiserver_flowcontrol_current_executing_requests", "gauge",
	       "Requests that hold a seat", x.running);
	number(b, "apiserver_flowcontrol_current_inqueue_requests", "gauge",
	       "Requests that wait for a seat", x.queued);
	number(b, "apiserver_flowcontrol_rejected_requests_total", "counter",
	       "Requests turned away with 429", x.rejected);
}

static void streams(struct buf *b, struct metrics *m)
{
	number(b, "nutshell_watches", "gauge", "Open watches.",
	       atomic_load_explicit(&m->watches, memory_order_relaxed));
	number(b, "nutshell_watch_events_total", "counter", "Events sent to watches.",
	       atomic_load_explicit(&m->watch_events, memory_order_relaxed));
	number(b, "nutshell_log_streams", "gauge", "Open log streams.",
	       atomic_load_explicit(&m->logs, memory_order_relaxed));
	number(b, "nutshell_duplex_streams", "gauge", "Open exec, attach and port-forward streams.",
	       atomic_load_explicit(&m->duplexes, memory_order_relaxed));
}

static long long resident_bytes(void)
{
	long long total, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return 0;
	if (fscanf(f, "%lld %lld", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static long long open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	long long n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n > 3 ? n - 3 : 0;
}

static void process(struct buf *b)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	head(b, "process_cpu_seconds_total", "counter", "User and system CPU time.");
	buf_addf(b, "process_cpu_seconds_total %.6f\n",
		 (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	number(b, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
	number(b, "process_open_fds", "gauge", "Open file descriptors.", open_descriptors());
}

bool metrics_run(struct req *r)
{
	struct buf b = BUF_INIT;
	struct metrics *m = &r->server->metrics;

	requests(&b, m);
	latencies(&b, m);
	seats(&b, r->server);
	streams(&b, m);
	store_numbers(&b, r->server->c.api);
	net_numbers(&b, r->server);
	process(&b);
	return reply_buf(r, "text/plain; version=0.0.4; charset=utf-8", &b);
}
