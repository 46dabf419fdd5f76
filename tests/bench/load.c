/*
 * load: requests to a Kubernetes API server as fast as it answers, and what that gave.
 *
 *	load DIR URL CONNECTIONS create FROM N	POST ConfigMaps of 1 KiB, bench-FROM...
 *	load DIR URL CONNECTIONS get N COUNT	GET one of bench-0...bench-(N-1), COUNT times
 *	load DIR URL CONNECTIONS list LIMIT COUNT	GET the list, LIMIT items (0: all), COUNT times
 *
 * DIR holds ca.pem, cert.pem and key.pem. One thread per connection, each with its own keep-alive
 * connection and no pause between requests; the latency is that of one request as its sender sees it.
 * Prints one line: requests per second, p50 and p99 in ms, MB/s, failures.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_CONNECTIONS = 256, VALUE_BYTES = 900 };

enum verb { CREATE, GET, LIST };

struct plan {
	const char *dir, *url;
	enum verb verb;
	long a; /* where names start, how many there are, or the limit */
	long count;
	atomic_long next, failed, bytes;
	double *ms; /* by request */
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t swallow(char *p, size_t size, size_t n, void *arg)
{
	struct plan *plan = arg;

	(void)p;
	plan->bytes += (long)(size * n);
	return size * n;
}

static CURL *connection(struct plan *plan, struct curl_slist *headers)
{
	CURL *c = curl_easy_init();
	char path[4096];

	if (!c)
		abort();
	snprintf(path, sizeof path, "%s/ca.pem", plan->dir);
	curl_easy_setopt(c, CURLOPT_CAINFO, path);
	snprintf(path, sizeof path, "%s/cert.pem", plan->dir);
	curl_easy_setopt(c, CURLOPT_SSLCERT, path);
	snprintf(path, sizeof path, "%s/key.pem", plan->dir);
	curl_easy_setopt(c, CURLOPT_SSLKEY, path);
	/* What Go and OpenSSL clients ask for on machines with AES instructions; mbedTLS would put ChaCha20
	 * first, and the figures would be the cipher's. */
	curl_easy_setopt(c, CURLOPT_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256");
	curl_easy_setopt(c, CURLOPT_SSL_CIPHER_LIST, "ECDHE-ECDSA-AES128-GCM-SHA256");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, plan);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "nutshell-bench");
	return c;
}

static void prepare(const struct plan *plan, CURL *c, long i)
{
	static const char base[] = "api/v1/namespaces/bench/configmaps";
	char url[4096], value[VALUE_BYTES + 1], body[VALUE_BYTES + 256];

	snprintf(url, sizeof url, "%s/%s", plan->url, base);
	if (plan->verb == CREATE) {
		memset(value, 'x', VALUE_BYTES);
		value[VALUE_BYTES] = '\0';
		snprintf(body, sizeof body,
			 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"bench-%ld\"},"
			 "\"data\":{\"value\":\"%s\"}}",
			 plan->a + i, value);
		curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, body);
	} else if (plan->verb == GET) {
		snprintf(url, sizeof url, "%s/%s/bench-%ld", plan->url, base, i * 7919 % plan->a);
	} else if (plan->a > 0) {
		snprintf(url, sizeof url, "%s/%s?limit=%ld", plan->url, base, plan->a);
	}
	curl_easy_setopt(c, CURLOPT_URL, url);
}

static void *sender(void *arg)
{
	struct plan *plan = arg;
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *c;
	long i, code;
	double start;

	headers = curl_slist_append(headers, "Expect:");
	c = connection(plan, headers);
	while ((i = plan->next++) < plan->count) {
		prepare(plan, c, i);
		code = 0;
		start = now_ms();
		if (curl_easy_perform(c) == CURLE_OK)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
		plan->ms[i] = now_ms() - start;
		plan->failed += code < 200 || code > 299;
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void report(struct plan *plan, double ms)
{
	qsort(plan->ms, (size_t)plan->count, sizeof *plan->ms, by_size);
	printf("%.0f/s p50 %.2f ms p99 %.2f ms %.1f MB/s failed %ld\n",
	       (double)plan->count / ms * 1e3, plan->ms[plan->count / 2],
	       plan->ms[plan->count * 99 / 100], (double)plan->bytes / ms / 1e3, (long)plan->failed);
}

int main(int argc, char **argv)
{
	static struct plan plan;
	pthread_t threads[MAX_CONNECTIONS];
	long connections = argc == 7 ? atol(argv[3]) : 0;
	double start;

	if (connections < 1 || connections > MAX_CONNECTIONS) {
		fprintf(stderr, "usage: load DIR URL CONNECTIONS create|get|list A B\n");
		return 2;
	}
	plan.dir = argv[1];
	plan.url = argv[2];
	plan.verb = argv[4][0] == 'c' ? CREATE : argv[4][0] == 'g' ? GET : LIST;
	plan.a = atol(argv[5]);
	plan.count = atol(argv[6]);
	if (plan.count < 1 || (plan.verb == GET && plan.a < 1))
		return 2;
	plan.ms = calloc((size_t)plan.count, sizeof *plan.ms);
	if (!plan.ms)
		abort();
	curl_global_init(CURL_GLOBAL_ALL);
	start = now_ms();
	for (long i = 0; i < connections; i++)
		if (pthread_create(&threads[i], NULL, sender, &plan) != 0)
			abort();
	for (long i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	report(&plan, now_ms() - start);
	free(plan.ms);
	return plan.failed != 0;
}
